# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients, in the older API and in V4: lists of every kind, access nodes, detail, readiness, update, delete, retire.

api-filesystem 1.1, 1.2; api-virtualization-jobs 1.7; OpenAPI GetServers; cvpysdk client.py."""

from __future__ import annotations

import typing as t

from commvaultsim.servers import activity
from commvaultsim.state import model as m
from commvaultsim.state.simulator import Simulator, app_name
from commvaultsim.wire.filtering import select
from commvaultsim.wire.replies import generic, response_list, response_object
from commvaultsim.wire.routing import Refusal, Reply, Request, route

Json = dict[str, t.Any]
COLUMNS: dict[str, t.Callable[[m.Client], t.Any]] = {
    "displayName": lambda c: c.display_name or c.name,
    "clientName": lambda c: c.name,
    "name": lambda c: c.name,
    "hostName": lambda c: c.host_name,
    "isServerClient": lambda c: str(c.kind == "server").lower(),
    "clientId": lambda c: c.id,
}


def client_entity(sim: Simulator, client: m.Client) -> Json:
    """The clientEntity object."""
    return {
        "clientId": client.id,
        "clientName": client.name,
        "displayName": client.display_name or client.name,
        "hostName": client.host_name,
        "clientGUID": client.guid,
        "type": 0,
        "_type_": 3,
        "entityInfo": sim.entity_info(client.company_id),
    }


def seen(sim: Simulator, request: Request, client: m.Client) -> bool:
    """Infrastructure (access nodes, media agents, the CommServe) is shared with companies; servers are not until they are associated."""
    shared = client.access_node or client.media_agent or client.kind == "commserve"
    return not client.deleted and sim.visible(request, client.company_id, shared)


def find(sim: Simulator, request: Request) -> m.Client:
    """The client of the path, by id or by name, or a 404."""
    client = sim.clients.get(request.number("id")) if "id" in request.params else sim.client_by_name(request.params.get("name"))
    if client is None or not seen(sim, request, client):
        raise Refusal(generic(404, f"Client [{request.params.get('id') or request.params.get('name')}] not found.", status=404))
    return client


@route("GET", "/Client")
def list_clients(sim: Simulator, request: Request) -> Json:
    """Servers and hypervisors; hiddenclients=true adds VM clients; PseudoClientType=VSPseudo lists hypervisors in another shape."""
    pseudo = (request.q("PseudoClientType") or "").lower()
    if pseudo:
        rows = [c for c in sim.clients.values() if c.kind == "hypervisor" and seen(sim, request, c)] if pseudo == "vspseudo" else []
        found = [{"client": client_entity(sim, c), "VSInstanceType": 101, "status": 0} for c in rows]
        return {"VSPseudoClientsList": found} if found else {}
    hidden = (request.q("hiddenclients") or "").lower() == "true"
    kinds = ("server", "commserve", "hypervisor", "vm") if hidden else ("server", "commserve", "hypervisor")
    rows = [c for c in sim.clients.values() if c.kind in kinds and seen(sim, request, c) and sim.listed(request, c.id)]
    page, total = select(request, rows, COLUMNS)
    if not page:
        return {}
    return {
        "clientProperties": [
            {
                "clientProps": {"enableAccessControl": True, "IsDeletedClient": bool(c.props.get("retired"))},
                "client": {
                    "evmgrcPort": 8402,
                    "cvdPort": 8400,
                    "clientEntity": client_entity(sim, c),
                    "companyName": sim.company_ref(c.company_id)["name"],
                },
            }
            for c in page
        ],
        "filterQueryCount": total,
    }


def _idas(client: m.Client) -> list[Json]:
    return [
        {"idaEntity": {"appName": app_name(a, in_list=True), "applicationId": a, "clientId": client.id, "clientName": client.name}}
        for a in client.agents
    ]


def _activity(sim: Simulator, client: m.Client) -> Json:
    states = {1: client.enable_backup, 2: client.enable_restore, 16: client.id not in activity.board(sim).not_aging}
    return {"activityControlOptions": activity.options(sim, activity.Level("server", client.id), states)}


def _detail(sim: Simulator, client: m.Client) -> Json:
    windows = client.os == "windows"
    system = {
        "Type": "Windows" if windows else "Unix",
        "SubType": "Server",
        "OsDisplayInfo": {
            "ProcessorType": "WinX64" if windows else "Linux-x86_64",
            "OSName": "Windows Server 2022" if windows else "Linux",
        },
    }
    root = "C:\\Program Files\\Commvault\\ContentStore" if windows else "/opt/commvault"
    status: Json = {}
    if client.kind == "vm":
        status = {
            "strGUID": client.props.get("guid", ""),
            "name": client.props.get("vm_name", client.name),
            "vmBackupJob": client.props.get("last_parent_job", 0),
        }
    return {
        "client": {
            "clientEntity": client_entity(sim, client),
            "clientDescription": client.description,
            "displayName": client.display_name or client.name,
            "osInfo": system,
            "versionInfo": {"version": "ServicePack:44.1", "GalaxyRelease": {"ReleaseString": "11.0", "_type_": 58}, "UpdateStatus": 1},
            "TimeZone": {"TimeZoneName": "(UTC) Coordinated Universal Time", "TimeZoneID": 31},
            "cvdPort": 8400,
            "evmgrcPort": 8401,
            "installDirectory": root,
            "jobResulsDir": {"path": f"{root}/iDataAgent/JobResults"},
            "idaList": _idas(client),
            "clientGUID": client.guid,
        },
        "clientProps": {
            "IsDeletedClient": client.deleted or bool(client.props.get("retired")),
            "isMA": client.media_agent,
            "IsCommServer": client.kind == "commserve",
            "EnableSnapBackups": False,
            "activityControl": {
                "EnableDataRecovery": client.enable_restore,
                "EnableDataManagement": client.enable_backup,
                "EnableOnlineContentIndex": False,
            },
            "clientActivityControl": _activity(sim, client),
            "securityAssociations": {"associations": []},
            "clientSecurity": {"enableDataSecurity": False, "clientOwners": []},
            "companyName": sim.company_ref(client.company_id)["name"],
            "company": sim.entity_info(client.company_id),
            "isVirtualServerInstance": client.kind == "hypervisor",
        },
        "pseudoClientInfo": {"clientType": {"hypervisor": 12}.get(client.kind, 0)},
        "clientGroups": [],
        "vmStatusInfo": status,
    }


@route("GET", "/Client/{id:int}", "/Client/byName(clientName='{name}')")
def get_client(sim: Simulator, request: Request) -> Json:
    """Every key that cvpysdk indexes without asking is there."""
    return {"clientProperties": [_detail(sim, find(sim, request))]}


def remove(sim: Simulator, client: m.Client) -> None:
    """Take a client with all that hangs on it out of the tables; backed-up data stays, as it ages by retention."""
    for table in (sim.subclients, sim.backupsets, sim.instances):
        rows = t.cast("dict[int, t.Any]", table)
        for number in [key for key, row in rows.items() if row.client_id == client.id]:
            del rows[number]
    client.deleted = True


@route("DELETE", "/Client/{id:int}")
def delete_client(sim: Simulator, request: Request) -> Reply:
    """Without forceDelete=1 a client that still has backups is refused, by a 200 with a code."""
    client = find(sim, request)
    if not sim.visible(request, client.company_id):  # shared infrastructure is seen by companies, not theirs
        return generic(5, f"You do not have permission on client [{client.name}].", 403)
    force = (request.q("forceDelete") or "0").lower() in ("1", "true")
    kept = any(b.hypervisor_id == client.id for b in sim.vm_backups) or any(b.client_id == client.id for b in sim.file_backups)
    if not force and kept:
        return response_list(2, f"Client [{client.name}] has backed up data. Retire it, or delete it with forceDelete=1.")
    remove(sim, client)
    return response_list()


@route("DELETE", "/Client/{id:int}/Retire")
def retire_client(sim: Simulator, request: Request) -> Reply:
    """With data the client stays listed as DECONFIGURED and its subclients stop; without data it is deleted."""
    client = find(sim, request)
    if not sim.visible(request, client.company_id):  # shared infrastructure is seen by companies, not theirs
        return generic(5, f"You do not have permission on client [{client.name}].", 403)
    given = (request.body.get("client") or {}).get("clientName")
    if given and given.lower() not in (client.name.lower(), client.display_name.lower()):
        return response_object(3, f"Client name [{given}] does not belong to client [{client.id}].")
    if any(b.hypervisor_id == client.id for b in sim.vm_backups) or any(b.client_id == client.id for b in sim.file_backups):
        client.props["retired"] = True
        client.enable_backup = False
    else:
        remove(sim, client)
    return response_object()


@route("GET", "/V4/AccessNodes")
def list_accessnodes_of(sim: Simulator, request: Request) -> Json:
    """The key has one s less than it should."""
    rows = [c for c in sim.clients.values() if c.access_node and seen(sim, request, c)]
    return {
        "accesNodes": [
            {
                "id": c.id,
                "name": c.name,
                "displayName": c.display_name,
                "hostName": c.host_name,
                "GUID": c.guid,
                "type": 3,
                "company": sim.company_ref(c.company_id),
            }
            for c in rows
        ]
    }


@route("GET", "/VSAClientAndClientGroupList")
def access_nodes_v2(sim: Simulator, request: Request) -> Json:
    """Access nodes, older shape."""
    rows = [c for c in sim.clients.values() if c.access_node and seen(sim, request, c)]
    entries = [
        {"clientId": c.id, "clientName": c.name, "displayName": c.display_name or c.name, "hostName": c.host_name, "_type_": 3}
        for c in rows
    ]
    return {"clients": entries, "clientGroups": []}


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


def names_of(row: Json) -> tuple[str, str]:
    """The name and the host name of a machine in a scenario, in lower case."""
    name = str(row["name"])
    return name.lower(), str(row.get("host_name") or f"{name}.example.com").lower()


def make_client(sim: Simulator, row: Json) -> m.Client:
    """The client of that name, made with no agent if there is none."""
    name = str(row["name"])
    existing = sim.client_by_name(name)
    if existing:
        return existing
    region = next((found for found in sim.regions.values() if found.name == row.get("region")), None)
    client = m.Client(
        sim.new_id(), name, "server", name, str(row.get("host_name", f"{name}.example.com")), os=str(row.get("os", "windows"))
    )
    client.guid, client.region_id = sim.guid("client", client.id), region.id if region else 0
    client.ready, client.ready_reason = bool(row.get("ready", True)), str(row.get("ready_reason", ""))
    client.props = {"scenario": row}
    sim.clients[client.id] = client
    if region:
        sim.entity_regions[("CLIENT", client.id)] = {"BACKUP": region.id, "WORKLOAD": region.id}
    return client
