# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients in the older API: lists of every kind, detail, delete, retire. api-filesystem 1.1, 1.2; cvpysdk client.py."""

from __future__ import annotations

import typing as t

from commvaultsim import activity
from commvaultsim import model as m
from commvaultsim.filtering import select
from commvaultsim.replies import generic, response_list, response_object
from commvaultsim.routing import Refusal, Reply, Request, route
from commvaultsim.simulator import Simulator, app_name

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
