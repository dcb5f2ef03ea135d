# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers as such: readiness, the V4 lists, what may be changed on a client. OpenAPI GetServers, GetFileServers; cvpysdk client.py."""

from __future__ import annotations

import typing as t

from commvaultsim import activity, filesystem
from commvaultsim import model as m
from commvaultsim.handlers.clients import find, seen
from commvaultsim.jobs import Job
from commvaultsim.replies import generic, response_list
from commvaultsim.routing import Reply, Request, route
from commvaultsim.simulator import Simulator, app_name

Json = dict[str, t.Any]
DAY = 86400
JOB_STATUS = {
    "Completed": "COMPLETED",
    "Completed w/ one or more errors": "COMPLETED_WITH_ERRORS",
    "Completed w/ one or more warnings": "COMPLETED_WITH_WARNINGS",
    "Failed": "FAILED",
    "Failed to Start": "FAILED_TO_START",
    "Killed": "KILLED",
    "Suspended": "SUSPENDED",
    "Committed": "COMMITTED",
}


@route("GET", "/Client/{id:int}/CheckReadiness")
def check_readiness(sim: Simulator, request: Request) -> Json:
    """``Ready.`` with its dot is what clients compare with; otherwise the reason says what is wrong."""
    client = find(sim, request)
    status = "Ready." if client.ready else "Not Ready."
    reason = "" if client.ready else client.ready_reason or f"Network connection to client [{client.name}] could not be made."
    summary = {"status": status, "reason": reason, "entity": {"clientId": client.id, "clientName": client.name, "_type_": 3}}
    return {"summary": [summary], "detail": f"<CheckReadiness status='{status}'/>", "errorCode": 0}


def _system(client: m.Client) -> str:
    return "Windows Server 2022" if client.os == "windows" else "Linux"


@route("GET", "/V4/Servers")
def servers(sim: Simulator, request: Request) -> Json:
    """Infrastructure only, unless showOnlyInfrastructureMachines=0 is sent; that is the default of the real one."""
    infrastructure_only = (request.q("showOnlyInfrastructureMachines") or "1").lower() not in ("0", "false")
    rows = []
    for client in sim.clients.values():
        infrastructure = client.access_node or client.media_agent or client.kind == "commserve"
        wanted = client.kind in ("server", "commserve") and (infrastructure or not infrastructure_only)
        if not wanted or not seen(sim, request, client) or not sim.listed(request, client.id):
            continue
        rows.append(
            {
                "id": client.id,
                "name": client.name,
                "displayName": client.display_name or client.name,
                "hostName": client.host_name,
                "agents": [{"id": agent, "name": app_name(agent, in_list=True)} for agent in client.agents],
                "configured": not client.props.get("retired"),
                "version": "11.44.1",
                "OS": _system(client),
                "updateState": "UP_TO_DATE",
                "isInfrastructure": infrastructure,
                "isMARoleSet": client.media_agent,
                "isMAPackageInstalled": client.media_agent,
                "networkReadiness": "ONLINE" if client.ready else "OFFLINE",
                "company": sim.company_ref(client.company_id),
                "tags": [],
                "commcell": {"name": m.COMMSERVE},
                "clientRoles": [],
            }
        )
    return {"totalServers": len(rows), "servers": rows}


def _last_backup(sim: Simulator, client: m.Client) -> tuple[Json, Job | None]:
    jobs = [
        job
        for job in sim.jobs.values()
        if job.client_id == client.id and not job.is_restore and job.application_id in filesystem.APPLICATIONS
    ]
    if not jobs:
        return {"jobId": 0, "status": "NEVER_BACKED_UP", "time": 0, "failureReason": ""}, None
    last = max(jobs, key=lambda job: job.id)
    status = JOB_STATUS.get(last.status, "STARTED")
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


@route("POST", "/Client/{id:int}")
def update_client(sim: Simulator, request: Request) -> Reply:
    """Description, display name and activity; partial bodies are fine."""
    client = find(sim, request)
    if not sim.visible(request, client.company_id):
        return response_list(5, f"You do not have permission to change client [{client.name}].")
    properties = request.body.get("clientProperties") or {}
    given = properties.get("client") or {}
    client.description = str(given.get("clientDescription", client.description))
    client.display_name = str(given.get("displayName") or client.display_name)
    options = ((properties.get("clientProps") or {}).get("clientActivityControl") or {}).get("activityControlOptions") or []
    activity.written(sim, activity.Level("server", client.id), options)
    return response_list(0, "", {"clientId": client.id, "clientName": client.name, "_type_": 3})


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
