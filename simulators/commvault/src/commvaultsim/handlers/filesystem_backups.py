# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What starts file backups besides /Subclient/{id}/action/backup, how the file side is filled, and its control calls."""

from __future__ import annotations

import dataclasses
import typing as t

from commvaultsim import filesystem
from commvaultsim import model as m
from commvaultsim.control import action
from commvaultsim.filebackup import ended, refusal, start_backup
from commvaultsim.handlers.filesystem_browse import do_browse
from commvaultsim.handlers.filesystem_subclients import new_subclient
from commvaultsim.jobs import Job, task_reply
from commvaultsim.manifest import StoreError
from commvaultsim.registry import TASKS, loader
from commvaultsim.replies import generic
from commvaultsim.routing import Refusal, Reply, Request, route
from commvaultsim.simulator import Simulator

Json = dict[str, t.Any]
NO_SUBCLIENT = "Failed to get any subclient for given association. Check if it is valid"


@loader
def load(sim: Simulator, scenario: Json) -> None:
    """Make the drives' files and the `default` subclient of every file system backup set."""
    side = filesystem.side(sim)
    kinds = ("file_servers", "restore_hosts", "access_nodes")
    side.drives.fill([machine for kind in kinds for machine in scenario.get(kind) or []])
    for backupset in list(sim.backupsets.values()):
        if backupset.application_id in filesystem.APPLICATIONS and not filesystem.subclients_of(sim, backupset.id):
            row = new_subclient(sim, backupset, "default", is_default=True)
            sim.subclients[row.id] = row
    sim.job_hooks.append(ended)


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


@route("GET", "/Subclient/{id:int}/Browse")
def browse_subclient(sim: Simulator, request: Request) -> Reply | Json:
    """The simple browse: the same answer as POST /DoBrowse, with queries named 0 and 1."""
    subclient = sim.subclients.get(request.number("id"))
    if (
        subclient is None
        or not filesystem.is_file_system(subclient)
        or not sim.visible(request, sim.clients[subclient.client_id].company_id)
    ):
        return generic(4, NO_SUBCLIENT, 404)
    body = {
        "opType": 0,
        "mode": {"mode": 2},
        "paths": [{"path": request.q("path") or "\\"}],
        "entity": sim.entity(subclient),
        "options": {"showDeletedFiles": request.q("showDeletedFiles") or False},
        "queries": [{"type": 0, "queryId": "0", "dataParam": {"paging": {"pageSize": 1000}}}, {"type": 1, "queryId": "1"}],
    }
    return do_browse(sim, dataclasses.replace(request, body=body))


@action("POST", "corrupt")
def corrupt(sim: Simulator, _query: Json, body: t.Any) -> Json:
    """Damage the kept copies of a file: {"client", "path"}. Answers the jobs whose copy was damaged."""
    try:
        return {"jobs": filesystem.side(sim).store.corrupt(str(body["client"]), str(body["path"]))}
    except StoreError as error:
        raise ValueError(str(error)) from error


@action("GET", "manifest")
def manifest(sim: Simulator, query: Json, _body: t.Any) -> Json:
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


for _application in filesystem.APPLICATIONS:
    TASKS[(2, _application)] = backup_task
