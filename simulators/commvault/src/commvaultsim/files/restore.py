# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restores of files: POST /CreateTask with operation type 1001 (restore) and 1005 (restore by job), POST /retrieveToClient.

What was asked for becomes a plan, and the job's effect writes real bytes to the destination's drives."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from commvaultsim.files import browse, filesystem
from commvaultsim.files.browse import Item, NothingKept, View
from commvaultsim.files.drives import Drives
from commvaultsim.files.store import Entry
from commvaultsim.files.wildcards import join, split
from commvaultsim.jobs.lifecycle import note, start_job, task_reply
from commvaultsim.state import model as m
from commvaultsim.state.job import RESTORE, Job, JobFailure, JobPending, Outcome
from commvaultsim.state.registry import TASKS
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire import faults, timezones
from commvaultsim.wire.replies import generic
from commvaultsim.wire.routing import Refusal, Reply, Request, route
from commvaultsim.wire.values import flag, to_int

Json = dict[str, t.Any]
ALWAYS, IF_NEWER, NEVER = "always", "if newer", "never"
VERSION = re.compile(r"\|[\\/]\|#15!vErSiOnS\|#15![\\/](\d+)")
JOB_ITEM = re.compile(r"\d+:(\d+)$")
REFUSED = 2


@dataclasses.dataclass(frozen=True)
class Plan:
    """A restore as it was asked for. ``version`` 0 is the view's own; ``destination_path`` is empty in place."""

    view: View
    sources: tuple[str, ...]
    client_id: int
    destination_path: str = ""
    overwrite: str = IF_NEWER
    preserve_level: int = 1
    version: int = 0
    whole_job: bool = False
    data: bool = True
    validate_only: bool = False

    def items(self, sim: Simulator) -> dict[str, Item]:
        """What can be restored. Raises JobFailure if there is no backup at all."""
        try:
            return browse.collect(sim, self.view)
        except NothingKept:
            raise JobFailure("No backup was found in the given time range or job. There is nothing to restore.") from None

    def place(self, sim: Simulator) -> tuple[Drives, str]:
        """The drives to write to, and whose of them. Raises JobPending if the client cannot be reached."""
        client = sim.clients[self.client_id]
        if not client.ready:
            raise JobPending(client.ready_reason or f"The destination client [{client.name}] is not reachable.")
        return filesystem.side(sim).drives, client.name


@dataclasses.dataclass
class Tally:
    """What became of the files of a restore."""

    written: list[str] = dataclasses.field(default_factory=list)
    size: int = 0
    skipped: list[str] = dataclasses.field(default_factory=list)
    failed: list[tuple[str, str]] = dataclasses.field(default_factory=list)


def target(plan: Plan, source: str, path: str) -> str:
    """Where an item goes. ``preserve_level`` levels of the source item are rebuilt below the destination.

    With 1, ``D:\\Data\\Köln`` becomes ``<destination>\\Köln``; with 0 its contents lie directly in the destination; a drive
    becomes a directory of its letter.
    """
    if not plan.destination_path:
        return join(split(path))
    root, levels = split(source) if not browse.WILD.search(source) else split(path), split(path)
    kept = max(plan.preserve_level, 1 if len(levels) == len(root) else 0)
    start = max(len(root) - kept, 0)
    relative = [level.rstrip(":") if index == 0 else level for index, level in enumerate(levels)][start:]
    return join([*split(plan.destination_path), *relative])


def chosen(sim: Simulator, plan: Plan, tally: Tally) -> t.Iterator[tuple[Item, str]]:
    """Every item to restore with its place; a source of which nothing is kept is counted as failed."""
    items = plan.items(sim)
    taken: set[str] = set()
    for source in plan.sources if not plan.whole_job else ("\\",):
        found = browse.pick(items, source)
        if plan.version:
            found = [item for item in browse.versions(sim, plan.view, source) if item.version == plan.version]
        if not found:
            tally.failed.append((source, "The item was not found in the index of the backup."))
        for item in sorted(found, key=lambda item: item.entry.path):
            place = target(plan, source, item.entry.path)
            if place not in taken:
                taken.add(place)
                yield item, place


def effect(plan: Plan) -> t.Callable[[Simulator, Job], Outcome]:
    """The effect of a restore job."""

    def run(sim: Simulator, job: Job) -> Outcome:
        drives, owner = plan.place(sim)
        tally = Tally()
        for item, place in list(chosen(sim, plan, tally)):
            if tally.written and (fault := sim.faults.take("restore_fail", lambda p: faults.matches(p.get("match"), *job.names(sim)))):
                raise JobFailure(str(fault.params.get("reason", "The restore failed on request of the simulator.")))
            _restore(sim, plan, drives, owner, item.entry, place, tally)
        return outcome(sim, job, tally)

    return run


def _restore(sim: Simulator, plan: Plan, drives: Drives, owner: str, entry: Entry, place: str, tally: Tally) -> None:
    try:
        if entry.is_dir:
            if plan.data and not plan.validate_only and len(split(place)) > 1:
                drives.make_directory(owner, place)
            return
        there = drives.locate(owner, place)
        if there.exists() and (plan.overwrite == NEVER or (plan.overwrite == IF_NEWER and there.stat().st_mtime_ns >= entry.mtime_ns)):
            tally.skipped.append(place)
            return
        if plan.data and not plan.validate_only:
            drives.write(owner, place, _blocks(sim, entry), entry.mtime_ns)
        tally.written.append(place)
        tally.size += entry.size
    except OSError as error:
        tally.failed.append((place, error.strerror or str(error)))


def _blocks(sim: Simulator, entry: Entry) -> t.Iterator[bytes]:
    fault = sim.faults.take("corrupt_restore", lambda p: faults.matches(p.get("path"), entry.path))
    for block in filesystem.side(sim).store.blocks(entry):
        yield bytes(byte ^ 0xFF for byte in block[:64]) + block[64:] if fault else block


def outcome(sim: Simulator, job: Job, tally: Tally) -> Outcome:
    """How the job ends: failed if nothing was restored though something was to be."""
    for path, reason in tally.failed:
        note(sim, job, f"{path}: {reason}", 6)
    for path in tally.skipped:
        note(sim, job, f"{path}: skipped, the file on the destination is not older.", 0)
    reason = f"{len(tally.failed)} item(s) could not be restored. First: {tally.failed[0][0]}: {tally.failed[0][1]}" if tally.failed else ""
    if tally.failed and not tally.written and not tally.skipped:
        raise JobFailure(reason)
    result: Json = {
        "restored": tally.written,
        "skipped": tally.skipped,
        "failed": [{"path": path, "reason": text} for path, text in tally.failed],
    }
    status = "Completed w/ one or more errors" if tally.failed else "Completed"
    return Outcome(status, reason, len(tally.written), tally.size, tally.size, len(tally.failed), 0, result)


def refuse(text: str) -> Refusal:
    """A refusal in the shape of CreateTask: HTTP 200 with a code."""
    return Refusal(generic(REFUSED, text))


def restore_task(sim: Simulator, request: Request, info: Json) -> Reply | Json:
    """Read the request into a plan, refuse what can't be, and start the job."""
    tasks = info.get("subTasks") or [{}]
    task = tasks[0] if isinstance(tasks, list) else tasks
    options = (task.get("options") or {}).get("restoreOptions") or {}
    by_job = to_int((task.get("subTask") or {}).get("operationType")) == 1005
    client, backupset, subclient_id = _source(sim, request, filesystem.first_association(info), options)
    destination, path = _destination(sim, request, client, options.get("destination") or {})
    sources, version, jobs = _items(options, by_job)
    since, until = _time_range(options.get("browseOption") or {})
    job_id = jobs[0] if jobs else to_int((options.get("browseOption") or {}).get("browseJobId"))
    if job_id and job_id not in filesystem.side(sim).store.manifests:
        raise refuse(f"Job [{job_id}] is not a backup job of client [{client.name}] or its data has aged.")
    common = options.get("commonOptions") or {}
    kept = flag((options.get("browseOption") or {}).get("noImage"))
    plan = Plan(
        View(backupset.id, 0 if job_id else subclient_id, since, until, job_id, kept),
        sources,
        destination.id,
        path,
        overwrite(common),
        to_int(common.get("preserveLevel"), 1),
        version,
        by_job and not sources,
        to_int(options.get("restoreACLsType"), 3) != 1,
        flag(common.get("validateOnly")),
    )
    return task_reply(_start(sim, request, client, backupset, plan))


def _start(sim: Simulator, request: Request, client: m.Client, backupset: m.Backupset, plan: Plan) -> Job:
    # The record of a restore names no subclient, only the backup set it came from.
    return start_job(
        sim,
        op_type=RESTORE,
        operation="Restore",
        effect=effect(plan),
        client_id=client.id,
        application_id=backupset.application_id,
        instance_id=1,
        backupset_id=backupset.id,
        subclient_id=0,
        destination_client_id=plan.client_id,
        company_id=client.company_id,
        user=request.user or "admin",
        user_id=request.user_id or 1,
        task=request.body,
        result={"names": list(plan.sources)},
    )


def _source(sim: Simulator, request: Request, entity: Json, options: Json) -> tuple[m.Client, m.Backupset, int]:
    if not entity:
        entity = (options.get("browseOption") or {}).get("backupset") or {}
    client = filesystem.visible_client(sim, request, entity)
    backupset = sim.backupset_of({**entity, "clientId": client.id})
    subclient = sim.subclient_of({**entity, "clientId": client.id})
    if backupset is None or backupset.client_id != client.id or backupset.application_id not in filesystem.APPLICATIONS:
        raise refuse(f"Client [{client.name}] has no such file system backup set.")
    if subclient and subclient.client_id != client.id:
        raise refuse(f"Subclient [{subclient.name}] does not belong to client [{client.name}].")
    if (entity.get("subclientName") or to_int(entity.get("subclientId"))) and subclient is None:
        raise refuse(f"Subclient [{entity.get('subclientName') or entity.get('subclientId')}] does not exist.")
    if not client.enable_restore or any(2 in off for off in _agents_off(client)):
        raise refuse(f"Restore activity is disabled for client [{client.name}].")
    return client, backupset, subclient.id if subclient else 0


def _agents_off(client: m.Client) -> list[t.Collection[int]]:
    return [client.props.get("agents_off", {}).get(agent, ()) for agent in filesystem.APPLICATIONS if agent in client.agents]


def _destination(sim: Simulator, request: Request, source: m.Client, destination: Json) -> tuple[m.Client, str]:
    named = destination.get("destClient") or {}
    paths = [str(path) for path in destination.get("destPath") or [] if path]
    if flag(destination.get("inPlace")):
        if paths:
            raise refuse("destPath must not be given for a restore in place.")
        return source, ""
    if not paths:
        raise refuse("destPath is required for a restore out of place.")
    client = sim.client_of(named) if named else source
    if client is None or not may_restore_to(sim, request, client):
        raise refuse(f"Destination client [{named.get('clientName') or named.get('clientId')}] does not exist.")
    if not set(client.agents) & set(filesystem.APPLICATIONS):
        raise refuse(f"The File System agent is not installed on destination client [{client.name}].")
    if not client.enable_restore or any(2 in off for off in _agents_off(client)):
        raise refuse(f"Restore activity is disabled for client [{client.name}].")
    return client, paths[0]


def may_restore_to(sim: Simulator, request: Request, client: m.Client) -> bool:
    """One's own clients; for the provider's staff acting inside a company also the provider's, such as a restore-test host."""
    user = sim.users.get(request.user_id)
    staff = user is not None and user.company_id == 0
    return sim.visible(request, client.company_id, shared=staff)


def _items(options: Json, by_job: bool) -> tuple[tuple[str, ...], int, list[int]]:
    """Source items, the version asked for and the jobs to restore from."""
    raw = (options.get("fileOption") or {}).get("sourceItem") or []
    sources: list[str] = []
    version, jobs = 0, [to_int(job) for job in options.get("jobIds") or []] if by_job else []
    for text in [raw] if isinstance(raw, str) else raw:
        found, job = VERSION.fullmatch(str(text)), JOB_ITEM.fullmatch(str(text)) if by_job else None
        if found:
            version = int(found.group(1))
        elif job:
            jobs = jobs or [int(job.group(1))]
        else:
            sources.append(str(text))
    if by_job and not jobs:
        raise refuse("jobIds is required for a restore by job.")
    if not sources and not by_job:
        raise refuse("No source items were given for the restore.")
    return tuple(sources), version, jobs


def _time_range(browse_option: Json) -> tuple[int, int]:
    """Epoch seconds of a restore's time range, which carries local times as text (browse carries epochs)."""
    span, zone = browse_option.get("timeRange") or {}, str((browse_option.get("timeZone") or {}).get("TimeZoneName") or "")
    moments = []
    for name in ("fromTime", "toTime"):
        text = span.get(f"{name}Value")
        try:
            moments.append(timezones.epoch(str(text), zone) if text else to_int(span.get(name)))
        except ValueError as error:
            raise refuse(str(error)) from error
    return moments[0], moments[1]


def overwrite(common: Json) -> str:
    """What becomes of files that are there already."""
    if flag(common.get("doNotOverwriteFileOnDisk")):
        return NEVER
    return ALWAYS if flag(common.get("unconditionalOverwrite")) else IF_NEWER


@route("POST", "/retrieveToClient")
def retrieve_to_client(sim: Simulator, request: Request) -> Reply | Json:
    """The compact restore: latest backup, no options; answers one integer id."""
    header = request.body.get("header") or {}
    origin = header.get("srcContent") or {}
    entity = {"clientId": origin.get("clientId"), "backupsetId": origin.get("backupSetId"), "subclientId": origin.get("subclientId")}
    client, backupset, subclient_id = _source(sim, request, entity, {})
    given = header.get("destination") or {}
    path = given.get("destPath") or given.get("inPlacePath") or ""
    place = {"inPlace": given.get("inPlace"), "destClient": given, "destPath": [path] if isinstance(path, str) and path else path}
    destination, path = _destination(sim, request, client, place)
    sources = tuple(str(item) for item in header.get("filePaths") or [])
    if not sources:
        raise refuse("filePaths is required.")
    view = View(backupset.id, subclient_id)
    return {"jobId": _start(sim, request, client, backupset, Plan(view, sources, destination.id, path, ALWAYS)).id}


for _application in filesystem.APPLICATIONS:
    TASKS[(1001, _application)] = restore_task
    TASKS[(1005, _application)] = restore_task
