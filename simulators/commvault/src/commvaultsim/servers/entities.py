# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The levels below a client: agents, instances, backup sets; names to ids. api-filesystem 0.7, 1.7-1.9."""

from __future__ import annotations

import typing as t

from commvaultsim.servers import activity
from commvaultsim.servers.clients import seen
from commvaultsim.state import model as m
from commvaultsim.state.registry import INSTANCES
from commvaultsim.state.simulator import Simulator, app_name
from commvaultsim.wire.replies import generic
from commvaultsim.wire.routing import Refusal, Reply, Request, route
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]
UNKNOWN = -32000


def _scope(sim: Simulator, request: Request) -> m.Client | None:
    client = sim.clients.get(to_int(request.q("clientId") or request.q("association/entity/clientId")))
    client = client or sim.client_by_name(request.q("clientName"))
    return client if client and seen(sim, request, client) else None


def _agents_named(text: str) -> list[int]:
    """Application ids of an agent name; either spelling of 33."""
    name = text.lower()
    known = (m.FILE_SYSTEM_WINDOWS, m.FILE_SYSTEM_LINUX, m.VIRTUAL_SERVER, m.SQL_SERVER)
    return [a for a in known if name in (app_name(a).lower(), app_name(a, in_list=True).lower())]


def _agent(sim: Simulator, client: m.Client, application: int) -> Json:
    off = client.props.get("agents_off", {}).get(application, ())
    states = {1: client.enable_backup and 1 not in off, 2: client.enable_restore and 2 not in off}
    return {
        "idaEntity": {
            "appName": app_name(application),
            "applicationId": application,
            "clientId": client.id,
            "clientName": client.name,
            "commCellId": 2,
            "_type_": 4,
        },
        "idaActivityControl": {"activityControlOptions": activity.options(sim, activity.Level("agent", client.id, application), states)},
        "AgentProperties": {"installDate": 1486138489, "agentVersion": "11(BUILD80)", "isMarkedDeleted": False},
    }


@route("GET", "/Agent")
def list_agents(sim: Simulator, request: Request) -> Json:
    """The agents of one client; app 33 is called File System here. cvpysdk knows an access node by its Virtual Server agent."""
    client = _scope(sim, request)
    if client is None:
        return {}
    wanted = to_int(request.q("applicationId"))
    rows = [_agent(sim, client, application) for application in client.agents if wanted in (0, application)]
    return {"agentProperties": rows} if rows else {}


def _instance(sim: Simulator, client: m.Client, number: int, name: str, application: int, guid: str) -> Json:
    row: Json = {
        "isDeleted": False,
        "instance": {
            "clientId": client.id,
            "clientName": client.name,
            "displayName": client.display_name or client.name,
            "instanceName": name,
            "appName": app_name(application),
            "instanceId": number,
            "applicationId": application,
            "instanceGUID": guid,
            "_type_": 5,
        },
        "instanceActivityControl": {
            "activityControlOptions": [{"activityType": 1, "enableActivityType": client.enable_backup, "enableAfterADelay": False}]
        },
        "commonInstanceProperties": {"description": ""},
        "planEntity": {},
    }
    if application == m.VIRTUAL_SERVER and client.kind == "hypervisor":
        nodes = [sim.clients[n] for n in client.props.get("access_nodes", []) if n in sim.clients]
        row["virtualServerInstance"] = {
            "vsInstanceType": 101,
            "hostName": client.props.get("vcenter_host", ""),
            "isInstanceConfigured": True,
            "associatedClients": {
                "memberServers": [{"client": {"clientId": c.id, "clientName": c.name, "displayName": c.name, "_type_": 3}} for c in nodes]
            },
            "vmwareVendor": {
                "vcenterHostName": client.props.get("vcenter_host", ""),
                "virtualCenter": {"domainName": client.props.get("vcenter_host", ""), "userName": client.props.get("username", "")},
            },
        }
    return row


def _instances(sim: Simulator, request: Request, client: m.Client) -> list[Json]:
    rows = [
        _instance(sim, client, 1, "DefaultInstanceName", a, client.guid)
        for a in client.agents
        if a in (m.FILE_SYSTEM_WINDOWS, m.FILE_SYSTEM_LINUX)
    ]
    for found in sim.instances.values():
        if found.client_id == client.id:
            more = INSTANCES.get(found.application_id)
            row = _instance(sim, client, found.id, found.name, found.application_id, found.guid)
            rows.append(row | more(sim, request, found) if more else row)
    return rows


@route("GET", "/Instance")
def list_instances(sim: Simulator, request: Request) -> Json:
    """By clientId or clientName; nothing found is {}."""
    client, wanted = _scope(sim, request), to_int(request.q("applicationId"))
    rows = [row for row in (_instances(sim, request, client) if client else []) if wanted in (0, row["instance"]["applicationId"])]
    return {"instanceProperties": rows} if rows else {}


@route("GET", "/Instance/{id:int}")
def get_instance(sim: Simulator, request: Request) -> Reply | Json:
    """Instance 1 exists on every client, so the client has to be named for it."""
    number = request.number("id")
    client = _scope(sim, request)
    row = sim.instances.get(number)
    owner = sim.clients.get(row.client_id) if row else None
    client = client or (owner if owner and seen(sim, request, owner) else None)
    found = [r for r in (_instances(sim, request, client) if client else []) if r["instance"]["instanceId"] == number]
    if not found:
        return generic(404, f"Instance [{number}] not found.", status=404)
    return {"instanceProperties": found}


def backupset_row(sim: Simulator, backupset: m.Backupset, in_list: bool = True) -> Json:
    """The properties object of a backup set."""
    client = sim.clients[backupset.client_id]
    plan = sim.plans.get(backupset.plan_id)
    entity = {
        "clientId": client.id,
        "clientName": client.name,
        "displayName": client.display_name or client.name,
        "applicationId": backupset.application_id,
        "appName": app_name(backupset.application_id, in_list),
        "instanceId": backupset.instance_id,
        "instanceName": sim.instance_name(backupset.instance_id, backupset.application_id),
        "backupsetId": backupset.id,
        "backupsetName": backupset.name,
        "backupsetGUID": backupset.guid,
        "_type_": 6,
    }
    return {
        "backupSetEntity": entity,
        "planEntity": {"planId": plan.id, "planName": plan.name, "_type_": 158} if plan else {},
        "commonBackupSet": {
            "isDefaultBackupSet": backupset.is_default,
            "onDemandBackupset": False,
            "userDescription": "",
            "isHidden": False,
            "isDeleted": False,
        },
        "fsBackupSet": {"isIndexingV2": True},
        "vsBackupSet": {},
        "indexSettings": {},
    }


@route("GET", "/Backupset")
def list_backupsets(sim: Simulator, request: Request) -> Json:
    """By client, application and instance."""
    client = _scope(sim, request)
    application, instance = to_int(request.q("applicationId")), to_int(request.q("instanceId"))
    rows = [
        backupset_row(sim, b)
        for b in sim.backupsets.values()
        if client and b.client_id == client.id and application in (0, b.application_id) and instance in (0, b.instance_id)
    ]
    return {"backupsetProperties": rows} if rows else {}


@route("GET", "/Backupset/{id:int}")
def get_backupset(sim: Simulator, request: Request) -> Json:
    """One backup set."""
    backupset = sim.need(sim.backupsets, request.number("id"), "Backup set")
    if not seen(sim, request, sim.clients[backupset.client_id]):
        raise Refusal(generic(404, f"Backup set [{backupset.id}] not found.", status=404))
    return {"backupsetProperties": [backupset_row(sim, backupset, in_list=False)]}


def _instance_id(sim: Simulator, client: m.Client, application: int, name: str | None) -> int:
    """The instance of that name, or the agent's first; -32000 when there is none of that name."""
    if application in (m.FILE_SYSTEM_WINDOWS, m.FILE_SYSTEM_LINUX):
        return 1
    rows = [i for i in sim.instances.values() if i.client_id == client.id and i.application_id == application]
    if name and application == m.SQL_SERVER:
        rows = [i for i in rows if i.name.lower() == name.lower()]
    return rows[0].id if rows else UNKNOWN


@route("GET", "/GetId")
def get_id(sim: Simulator, request: Request) -> Json:
    """Names to ids in one call; an unknown level answers -32000 with HTTP 200 and ends the chain."""
    client = sim.client_by_name(request.q("clientname"), request.company_id)
    if client is None or not seen(sim, request, client):
        return {"clientId": UNKNOWN}
    out: Json = {"clientId": client.id, "clientName": client.name}
    if request.q("agent"):
        found = [a for a in _agents_named(str(request.q("agent"))) if a in client.agents]
        if not found:
            return {**out, "applicationId": UNKNOWN}
        instance = _instance_id(sim, client, found[0], request.q("instanceName"))
        if instance <= 0:
            return {**out, "applicationId": found[0], "appName": app_name(found[0]), "instanceId": UNKNOWN}
        out |= {
            "applicationId": found[0],
            "appName": app_name(found[0]),
            "instanceId": instance,
            "instanceName": sim.instance_name(instance, found[0]),
        }
    if request.q("backupset"):
        backupset = sim.backupset_of({**out, "backupsetName": request.q("backupset")})
        if backupset is None:
            return {**out, "backupsetId": UNKNOWN}
        out |= {"backupsetId": backupset.id, "backupsetName": backupset.name}
    if request.q("subclient"):
        subclient = sim.subclient_of({**out, "subclientName": request.q("subclient")})
        if subclient is None:
            return {**out, "subclientId": UNKNOWN}
        out |= {"subclientId": subclient.id, "subclientName": subclient.name}
    return out
