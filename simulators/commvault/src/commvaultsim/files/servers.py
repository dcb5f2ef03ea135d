# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""File servers: what is made of them at the start or by a push install, the V4 list, their directories as they are now.

OpenAPI GetFileServers.
"""

from __future__ import annotations

import typing as t

from commvaultsim.files import filesystem
from commvaultsim.files.backup import ended
from commvaultsim.files.subclients import new_subclient
from commvaultsim.servers.clients import find, seen
from commvaultsim.state import model as m
from commvaultsim.state.job import V4_STATUS, Job
from commvaultsim.state.registry import AGENTS, Agent, loader
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire.replies import generic
from commvaultsim.wire.routing import Reply, Request, route

Json = dict[str, t.Any]
DAY = 86400


def _last_backup(sim: Simulator, client: m.Client) -> tuple[Json, Job | None]:
    jobs = [
        job
        for job in sim.jobs.values()
        if job.client_id == client.id and not job.is_restore and job.application_id in filesystem.APPLICATIONS
    ]
    if not jobs:
        return {"jobId": 0, "status": "NEVER_BACKED_UP", "time": 0, "failureReason": ""}, None
    last = max(jobs, key=lambda job: job.id)
    status = V4_STATUS.get(last.status, "STARTED")
    return {
        "jobId": last.id,
        "status": status,
        "time": int(last.ended or last.started or last.submitted),
        "failureReason": last.reason,
    }, last


@route("GET", "/V4/FileServers")
def file_servers(sim: Simulator, request: Request) -> Json:
    """One call for who is protected, by what plan, and how the last backup went."""
    rows = []
    for client in sim.clients.values():
        if not set(client.agents) & set(filesystem.APPLICATIONS) or not seen(sim, request, client) or not sim.listed(request, client.id):
            continue
        last, _job = _last_backup(sim, client)
        own = [row for row in sim.subclients.values() if row.client_id == client.id and filesystem.is_file_system(row)]
        plan = next((sim.plans[row.plan_id] for row in own if row.plan_id in sim.plans), None)
        size = sum(entry.size for row in own for entry in filesystem.side(sim).store.image(row.id).values())
        rows.append(
            {
                "id": client.id,
                "name": client.name,
                "displayName": client.display_name or client.name,
                "GUID": client.guid,
                "configured": not client.props.get("retired"),
                "type": "Windows" if client.os == "windows" else "Unix",
                "commcellName": m.COMMSERVE,
                "lastBackup": last,
                "applicationSize": size,
                "plan": {"id": plan.id, "name": plan.name} if plan else {},
                "SLA": {"status": _sla(sim, last, bool(plan)), "reasonList": []},
                "status": "ONLINE" if client.ready else "OFFLINE",
                "company": sim.company_ref(client.company_id),
                "tags": [],
            }
        )
    return {"fileServerCount": len(rows), "fileServers": rows}


def _sla(sim: Simulator, last: Json, has_plan: bool) -> str:
    if not has_plan:
        return "EXCLUDED_SLA"
    if not last["jobId"]:
        return "YET_TO_BE_PROTECTED"
    good = str(last["status"]).startswith("COMPLETED")
    return "MET_SLA" if good and sim.clock.epoch() - last["time"] <= DAY else "MISSED_SLA"


@route("GET", "/Client/{id:int}/browsefs")
def browse_live(sim: Simulator, request: Request) -> Reply | Json:
    """The directories of a client as they are now: a way to check content paths before they are configured."""
    client = find(sim, request)
    if not client.ready:
        return generic(2, f"Client [{client.name}] is not reachable.", 500)
    drives, path = filesystem.side(sim).drives, (request.q("path") or "\\").rstrip("\\")
    folders_only = (request.q("foldersOnly") or "").lower() == "true"
    if not path:
        return {"nodes": [{"name": letter, "path": letter, "isFolder": True} for letter in drives.letters(client.name)]}
    try:
        here = drives.locate(client.name, path)
        names = sorted(entry.name for entry in here.iterdir() if entry.is_dir() or not folders_only)
    except OSError as error:
        return generic(2, f"{path}: {error.strerror or error}", 404)
    return {"nodes": [{"name": name, "path": f"{path}\\{name}", "isFolder": (here / name).is_dir()} for name in names]}


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


def add_file_system(sim: Simulator, client: m.Client, row: Json) -> list[m.Subclient]:
    """Install the File System agent: its drives, a backup set and the `default` subclient; answers that subclient."""
    application = m.FILE_SYSTEM_WINDOWS if client.os.lower() == "windows" else m.FILE_SYSTEM_LINUX
    if application in client.agents:
        return []
    client.agents.append(application)
    filesystem.side(sim).drives.fill([{"name": client.name, "drives": row.get("drives") if isinstance(row.get("drives"), dict) else {}}])
    if any(row.client_id == client.id and row.application_id == application for row in sim.backupsets.values()):
        return []  # left behind by an earlier agent
    backupset = m.Backupset(sim.new_id(), client.id, application, 1)
    backupset.guid = sim.guid("backupset", backupset.id)
    sim.backupsets[backupset.id] = backupset
    subclient = new_subclient(sim, backupset, "default", is_default=True)
    sim.subclients[subclient.id] = subclient
    return [subclient]


for _application in filesystem.APPLICATIONS:
    AGENTS[_application] = Agent(add_file_system)
