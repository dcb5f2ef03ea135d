# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""POST /CreateTask with operation type 1001 (restore) and 1005 (restore by job) for files, and POST /retrieveToClient."""

from __future__ import annotations

import re
import typing as t

from commvaultsim import filerestore, filesystem, timezones
from commvaultsim import model as m
from commvaultsim.browse import View
from commvaultsim.jobs import RESTORE, Job, start_job, task_reply
from commvaultsim.registry import TASKS
from commvaultsim.replies import generic
from commvaultsim.routing import Refusal, Reply, Request, route
from commvaultsim.simulator import Simulator, to_int

Json = dict[str, t.Any]
VERSION = re.compile(r"\|[\\/]\|#15!vErSiOnS\|#15![\\/](\d+)")
JOB_ITEM = re.compile(r"\d+:(\d+)$")
REFUSED = 2


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
    kept = filesystem.flag((options.get("browseOption") or {}).get("noImage"))
    plan = filerestore.Plan(
        View(backupset.id, 0 if job_id else subclient_id, since, until, job_id, kept),
        sources,
        destination.id,
        path,
        overwrite(common),
        to_int(common.get("preserveLevel"), 1),
        version,
        by_job and not sources,
        to_int(options.get("restoreACLsType"), 3) != 1,
        filesystem.flag(common.get("validateOnly")),
    )
    return task_reply(_start(sim, request, client, backupset, plan))


def _start(sim: Simulator, request: Request, client: m.Client, backupset: m.Backupset, plan: filerestore.Plan) -> Job:
    # The record of a restore names no subclient, only the backup set it came from.
    return start_job(
        sim,
        op_type=RESTORE,
        operation="Restore",
        effect=filerestore.effect(plan),
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
    if filesystem.flag(destination.get("inPlace")):
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
    if filesystem.flag(common.get("doNotOverwriteFileOnDisk")):
        return filerestore.NEVER
    return filerestore.ALWAYS if filesystem.flag(common.get("unconditionalOverwrite")) else filerestore.IF_NEWER


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
    return {"jobId": _start(sim, request, client, backupset, filerestore.Plan(view, sources, destination.id, path, filerestore.ALWAYS)).id}


for _application in filesystem.APPLICATIONS:
    TASKS[(1001, _application)] = restore_task
    TASKS[(1005, _application)] = restore_task
