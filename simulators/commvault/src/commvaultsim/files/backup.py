# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""File system backup jobs: refusals at the start, the scan of the drives, what becomes of the manifest at the end, what starts them
besides /Subclient/{id}/action/backup, and the control calls on what was kept."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from commvaultsim.files import filesystem
from commvaultsim.files.drives import DriveError, Found
from commvaultsim.files.store import Manifest, StoreError
from commvaultsim.files.wildcards import Selection
from commvaultsim.jobs.lifecycle import note, start_job, task_reply
from commvaultsim.state import model as m
from commvaultsim.state.job import BACKUP, SYNTHETIC, Job, JobFailure, JobPending, Outcome
from commvaultsim.state.registry import KEPT, TASKS, Kept
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire import faults
from commvaultsim.wire.control import action
from commvaultsim.wire.replies import generic
from commvaultsim.wire.routing import Refusal, Reply, Request, route
from commvaultsim.wire.values import flag

Json = dict[str, t.Any]
KINDS = {"FULL": "Full", "INCREMENTAL": "Incremental", "DIFFERENTIAL": "Differential", "SYNTHETIC_FULL": "Synthetic Full"}
# CreateTask's numbers; job records and filters have others for the same idea.
TASK_LEVELS = {1: "FULL", 2: "INCREMENTAL", 3: "DIFFERENTIAL", 4: "SYNTHETIC_FULL"}
REFUSED = 2
COMPRESSED = 0.4  # share of the data that reaches the media
NO_SUBCLIENT = "Failed to get any subclient for given association. Check if it is valid"

faults.KNOWN["file_unreadable"] = "a file can't be read during a backup {client, path: regular expression}"
faults.KNOWN["file_locked"] = "a file is open elsewhere: a backup reads it only with useVSS {client, path: regular expression}"


def level_of(value: t.Any) -> str | None:
    """A backup level as jobs have it, from what a request says: "Full", "synthetic_full", 1, "1"; None when it is none."""
    text = str(value if value not in (None, "") else "INCREMENTAL").upper().replace(" ", "_").replace("SYNTHETICFULL", "SYNTHETIC_FULL")
    if text.isdigit():
        return TASK_LEVELS.get(int(text))
    return text if text in KINDS else None


def refusal(sim: Simulator, subclient: m.Subclient, level: str) -> Reply | None:
    """Why a backup can't be started, or None."""
    client = sim.clients[subclient.client_id]
    if not client.enable_backup or not subclient.enable_backup:
        what = f"client [{client.name}]" if not client.enable_backup else f"subclient [{subclient.name}]"
        return generic(REFUSED, f"Backup activity is disabled for {what}.")
    policy = subclient.props.get("commonProperties", {}).get("storageDevice", {}).get("dataBackupStoragePolicy")
    if not subclient.plan_id and not policy:
        return generic(REFUSED, f"No plan or storage policy is associated with subclient [{subclient.name}] of client [{client.name}].")
    if level == "SYNTHETIC_FULL" and not filesystem.side(sim).store.can_consolidate(subclient.id):
        return generic(REFUSED, "Error 0x10c: There is nothing to consolidate: no incremental backup has run since the last full.", 500)
    return None


def start_backup(sim: Simulator, request: Request, subclient: m.Subclient, level: t.Any) -> Job | Reply:
    """Queue a backup job of a subclient, or say why not."""
    known = level_of(level)
    if known is None:
        return generic(REFUSED, f"Invalid backup level [{level}].")
    refused = refusal(sim, subclient, known)
    if refused:
        return refused
    synthetic = known == "SYNTHETIC_FULL"
    return start_job(
        sim,
        op_type=SYNTHETIC if synthetic else BACKUP,
        operation="Synthetic Full" if synthetic else "Backup",
        effect=run,
        level=known,
        client_id=subclient.client_id,
        application_id=subclient.application_id,
        instance_id=1,
        backupset_id=subclient.backupset_id,
        subclient_id=subclient.id,
        destination_client_id=subclient.client_id,
        company_id=sim.clients[subclient.client_id].company_id,
        user=request.user or "admin",
        user_id=request.user_id or 1,
        task=request.body if isinstance(request.body, dict) else {},
    )


def run(sim: Simulator, job: Job) -> Outcome:
    """The effect: read the drives at this moment and keep what the subclient selects."""
    subclient, side = sim.subclients.get(job.subclient_id), filesystem.side(sim)
    if subclient is None:
        raise JobFailure("The subclient was deleted before the job ran.")
    owner, now = filesystem.owner_of(sim, subclient), sim.clock.epoch()
    if job.level == "SYNTHETIC_FULL":
        try:
            return _outcome(side.store.consolidate(job.id, owner, now, complete=False), [])
        except StoreError as error:
            raise JobFailure(str(error)) from error
    _check_ready(sim.clients[job.client_id])
    selection = filesystem.selection_of(sim, subclient)
    manifest = side.store.backup(job.id, owner, KINDS[job.level], now, list(_scan(sim, subclient, selection)), complete=False)
    job.level = manifest.kind.upper().replace(" ", "_")  # a first incremental is run as a full
    missing = _missing(sim, owner.client, selection)
    for path, reason in [*manifest.failed, *missing]:
        note(sim, job, f"{path}: {reason}", 3)
    return _outcome(manifest, missing)


def _check_ready(client: m.Client) -> None:
    if not client.ready:
        raise JobPending(client.ready_reason or f"The client [{client.name}] is not reachable: network connection could not be made.")


def _scan(sim: Simulator, subclient: m.Subclient, selection: Selection) -> t.Iterator[Found]:
    client = sim.clients[subclient.client_id].name
    snapshot = flag(subclient.props.get("fsSubClientProp", {}).get("useVSS"))
    names = ("file_unreadable",) if snapshot else ("file_unreadable", "file_locked")
    for item in filesystem.side(sim).drives.scan(client, selection.enters):
        if not selection.picks(item.path, item.is_dir):
            continue
        test = functools.partial(_hits, client=client, path=item.path)
        fault = None if item.is_dir else next((found for name in names if (found := sim.faults.take(name, test))), None)
        # A path below the file itself can't be opened, so the ordinary way of failing is taken.
        yield dataclasses.replace(item, location=item.location / "unreadable") if fault else item


def _hits(params: Json, client: str, path: str) -> bool:
    return str(params.get("client", client)).lower() == client.lower() and faults.matches(params.get("path"), path)


def _missing(sim: Simulator, client: str, selection: Selection) -> list[tuple[str, str]]:
    """Listed places that are not there; a drive that is absent is only worth a message when it was listed."""
    drives, missing = filesystem.side(sim).drives, []
    for pattern in selection.content:
        if not pattern.literal or not pattern.root:
            continue
        try:
            there = drives.locate(client, pattern.text).exists()
        except DriveError:
            there = False
        if not there:
            missing.append((pattern.text, "Content not found."))
    return missing


def _outcome(manifest: Manifest, missing: list[tuple[str, str]]) -> Outcome:
    failed = [*manifest.failed, *missing]
    reason = ""
    if failed:
        reason = f"{len(failed)} item(s) could not be backed up. First: {failed[0][0]}: {failed[0][1]}"
    return Outcome(
        "Completed w/ one or more errors" if failed else "Completed",
        reason,
        len(manifest.files),
        manifest.size,
        int(manifest.size * COMPRESSED),
        len(manifest.failed),
        len(missing),
        {"failed_items": [{"path": path, "reason": text} for path, text in failed]},
    )


def ended(sim: Simulator, job: Job) -> None:
    """The job hook: show what a job kept when it ended well, forget it when it did not."""
    if job.is_restore or job.application_id not in filesystem.APPLICATIONS:
        return
    store = filesystem.side(sim).store
    manifest = store.manifests.get(job.id)
    if manifest and job.status.startswith(("Completed", "Committed")):
        store.complete(job.id)
        rows = {entry.path: {"size": entry.size, "mtime": entry.mtime, "sha256": entry.sha256} for entry in manifest.files}
        backup = m.FileBackup(job.id, job.client_id, job.backupset_id, job.subclient_id, manifest.time, job.level, rows, manifest.deleted)
        sim.file_backups.append(backup)
    elif manifest:
        store.drop([job.id])


def visible_subclients(sim: Simulator, request: Request, entity: Json) -> list[m.Subclient]:
    """The subclients that an association names: one, or all of a backup set. Refused when the caller may not see them."""
    client = filesystem.visible_client(sim, request, entity)
    named = {**entity, "clientId": client.id}
    if entity.get("subclientId") or entity.get("subclientName"):
        found = sim.subclient_of(named)
        chosen = [found] if found else []
    else:
        backupset = sim.backupset_of(named)
        chosen = filesystem.subclients_of(sim, backupset.id) if backupset else []
    chosen = [row for row in chosen if row.client_id == client.id and filesystem.is_file_system(row)]
    if not chosen:
        raise Refusal(generic(4, NO_SUBCLIENT, 404))
    return chosen


def start_all(sim: Simulator, request: Request, chosen: list[m.Subclient], level: t.Any) -> Reply | Json:
    """One job a subclient. Of a whole backup set those that can't run are passed by, unless that leaves nothing."""
    jobs: list[Job] = []
    refused: Reply | None = None
    for row in chosen:
        if len(chosen) > 1 and refusal(sim, row, "FULL"):
            continue
        started = start_backup(sim, request, row, level)
        if isinstance(started, Reply):
            refused = refused or started
        else:
            jobs.append(started)
    if jobs:
        return task_reply(*jobs)
    return refused or generic(2, "There is no subclient that could be backed up.")


def backup_task(sim: Simulator, request: Request, info: Json) -> Reply | Json:
    """POST /CreateTask, operation type 2."""
    tasks = info.get("subTasks") or [{}]
    task = tasks[0] if isinstance(tasks, list) else tasks
    level = ((task.get("options") or {}).get("backupOpts") or {}).get("backupLevel")
    associations = info.get("associations") or []
    chosen: list[m.Subclient] = []
    for entity in associations if isinstance(associations, list) else [associations]:
        chosen += [row for row in visible_subclients(sim, request, entity) if row not in chosen]
    return start_all(sim, request, chosen, level)


@route("POST", "/Backupset/{id:int}/action/backup")
def backup_backupset(sim: Simulator, request: Request) -> Reply | Json:
    """Back up every subclient of a backup set."""
    backupset = sim.backupsets.get(request.number("id"))
    if backupset is None:
        raise Refusal(generic(4, NO_SUBCLIENT, 404))
    chosen = visible_subclients(sim, request, {"clientId": backupset.client_id, "backupsetId": backupset.id})
    return start_all(sim, request, chosen, request.q("backupLevel") or "")


@action("POST", "corrupt")
def corrupt(sim: Simulator, _query: Json, body: t.Any) -> Json:
    """Damage the kept copies of a file: {"client", "path"}. Answers the jobs whose copy was damaged."""
    try:
        return {"jobs": filesystem.side(sim).store.corrupt(str(body["client"]), str(body["path"]))}
    except StoreError as error:
        raise ValueError(str(error)) from error


@action("GET", "manifest")
def show_manifest(sim: Simulator, query: Json, _body: t.Any) -> Json:
    """What a job kept: ?job=ID. Every file with size, modification time and SHA-256."""
    found = filesystem.side(sim).store.manifests.get(int(query["job"]))
    if found is None:
        raise ValueError(f"no file backup job {query['job']}")
    listed = [{"path": e.path, "size": e.size, "mtime": e.mtime, "sha256": e.sha256, "backup_job": e.backup_job} for e in found.files]
    return {
        "job": found.job_id,
        "client": found.owner.client,
        "level": found.kind,
        "time": found.time,
        "files": listed,
        "deleted": found.deleted,
        "failed": [{"path": path, "reason": reason} for path, reason in found.failed],
    }


def _drop(sim: Simulator, jobs: set[int]) -> None:
    filesystem.side(sim).store.drop(sorted(jobs))
    sim.file_backups = [row for row in sim.file_backups if row.job_id not in jobs]


KEPT.append(Kept(_drop, lambda sim: {row.client_id for row in sim.file_backups}))
for _application in filesystem.APPLICATIONS:
    TASKS[(2, _application)] = backup_task
