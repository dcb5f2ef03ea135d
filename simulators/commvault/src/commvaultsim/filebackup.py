# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""File system backup jobs: refusals at the start, the scan of the drives, what becomes of the manifest at the end."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from commvaultsim import faults, filesystem
from commvaultsim import model as m
from commvaultsim.drives import DriveError, Found
from commvaultsim.jobs import (
    BACKUP,
    SYNTHETIC,
    Job,
    JobFailure,
    JobPending,
    Outcome,
    note,
    start_job,
)
from commvaultsim.manifest import Manifest, StoreError
from commvaultsim.replies import generic
from commvaultsim.routing import Reply, Request
from commvaultsim.simulator import Simulator
from commvaultsim.wildcards import Selection

Json = dict[str, t.Any]
KINDS = {"FULL": "Full", "INCREMENTAL": "Incremental", "DIFFERENTIAL": "Differential", "SYNTHETIC_FULL": "Synthetic Full"}
# CreateTask's numbers; job records and filters have others for the same idea.
TASK_LEVELS = {1: "FULL", 2: "INCREMENTAL", 3: "DIFFERENTIAL", 4: "SYNTHETIC_FULL"}
REFUSED = 2
COMPRESSED = 0.4  # share of the data that reaches the media

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
    snapshot = filesystem.flag(subclient.props.get("fsSubClientProp", {}).get("useVSS"))
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
