# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls that serve every application, handed on by its id: /Subclient, its backup, /DoBrowse and /CreateTask; see state/registry.py."""

from __future__ import annotations

import typing as t

from commvaultsim.jobs.lifecycle import task_reply
from commvaultsim.state import model as m
from commvaultsim.state.job import Job
from commvaultsim.state.registry import BROWSERS, SUBCLIENTS, TASKS
from commvaultsim.state.simulator import Simulator, app_name
from commvaultsim.wire.replies import generic, response_object
from commvaultsim.wire.routing import Refusal, Reply, Request, route
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]
LEVELS = {"1": "FULL", "2": "INCREMENTAL", "3": "DIFFERENTIAL", "4": "SYNTHETIC_FULL", "64": "SYNTHETIC_FULL"}


def level_of(text: t.Any) -> str:
    """FULL, INCREMENTAL, DIFFERENTIAL or SYNTHETIC_FULL out of a name in any case, or a number; incremental by default."""
    name = str(text or "INCREMENTAL").upper().replace(" ", "_")
    name = LEVELS.get(name, name)
    return "SYNTHETIC_FULL" if name in ("SYNTHETICFULL", "SYNTHETIC") else name


def plan_entity(sim: Simulator, subclient: m.Subclient) -> Json:
    """The planEntity of a subclient, {} when it has none."""
    plan = sim.plans.get(subclient.plan_id)
    return {"planId": plan.id, "planName": plan.name, "planType": 2, "planSubtype": 33554437, "_type_": 158} if plan else {}


def application_of(sim: Simulator, entity: Json) -> int:
    """The application id that an entity object means: given, by agent name, by subclient, or the client's only agent."""
    given = to_int(entity.get("applicationId")) or to_int(entity.get("apptypeId"))
    if given:
        return given
    name = str(entity.get("appName") or "").lower()
    if name in ("virtual server", "sql server"):
        return m.VIRTUAL_SERVER if name == "virtual server" else m.SQL_SERVER
    subclient = sim.subclient_of(entity)
    if subclient:
        return subclient.application_id
    client = sim.client_of(entity)
    if client and name:
        files = [a for a in client.agents if a not in (m.VIRTUAL_SERVER, m.SQL_SERVER)]
        return next((a for a in files if name in (app_name(a).lower(), app_name(a, True).lower(), "file system")), 0)
    return client.agents[0] if client and client.agents else 0


def _get(sim: Simulator, request: Request) -> m.Subclient:
    found = (
        sim.subclients.get(request.number("id"))
        if "id" in request.params
        else sim.subclient_of(
            {
                "clientName": request.params.get("client"),
                "appName": request.params.get("app"),
                "backupsetName": request.params.get("backupset"),
                "subclientName": request.params.get("subclient"),
            }
        )
    )
    if found is None or not sim.visible(request, found.company_id):
        raise Refusal(generic(4, "Failed to get any subclient for given association. Check if it is valid", status=404))
    return found


@route("GET", "/Subclient")
def list_subclients(sim: Simulator, request: Request) -> Json:
    """By client, application, instance, backup set; nothing found is {}.

    With propertyLevel=AllProperties the rows are as in the detail (the vendor's PowerShell SDK reads fsSubClientProp from them).
    """
    whole = (request.q("propertyLevel") or "").lower() == "allproperties"
    client = sim.clients.get(to_int(request.q("clientId"))) or sim.client_by_name(request.q("clientName"))
    wanted = [to_int(request.q(name)) for name in ("applicationId", "instanceId", "backupsetId")]
    rows = []
    for row in [row for row in sim.subclients.values() if client and row.client_id == client.id]:
        same = all(want in (0, have) for want, have in zip(wanted, (row.application_id, row.instance_id, row.backupset_id), strict=True))
        if same and sim.visible(request, row.company_id):
            entity = {**sim.entity(row), "appName": app_name(row.application_id, in_list=True)}
            kind = SUBCLIENTS.get(row.application_id)
            shown: Json = (kind.detail(sim, row) if whole else kind.row(sim, row)) if kind else {}
            rows.append({"planEntity": plan_entity(sim, row), **shown, "subClientEntity": entity})
    return {"subClientProperties": rows, "filterQueryCount": len(rows)} if rows else {}


@route("GET", "/Subclient/{id:int}")
def get_subclient(sim: Simulator, request: Request) -> Json:
    """A list of one, though the update takes an object."""
    row = _get(sim, request)
    return {
        "subClientProperties": [
            {"subClientEntity": sim.entity(row), "planEntity": plan_entity(sim, row), **SUBCLIENTS[row.application_id].detail(sim, row)}
        ]
    }


@route("POST", "/Subclient")
def create_subclient(sim: Simulator, request: Request) -> Reply | Json:
    """By names; the client decides the tenant."""
    entity = (request.body.get("subClientProperties") or {}).get("subClientEntity") or {}
    client = sim.client_of(entity)
    if client is None or not sim.visible(request, client.company_id):
        return response_object(2, f"Client [{entity.get('clientName') or entity.get('clientId')}] not found.")
    kind = SUBCLIENTS.get(application_of(sim, entity))
    return (
        kind.create(sim, request) if kind else response_object(3, f"Agent [{entity.get('appName')}] is not installed on [{client.name}].")
    )


BY_NAME = "/Subclient/byName(clientName='{client}',appName='{app}',backupsetName='{backupset}',subclientName='{subclient}')"


@route("POST", "/Subclient/{id:int}", BY_NAME)
def update_subclient(sim: Simulator, request: Request) -> Reply | Json:
    """Partial bodies are honoured."""
    row = _get(sim, request)
    return SUBCLIENTS[row.application_id].update(sim, request, row)


@route("DELETE", "/Subclient/{id:int}")
def delete_subclient(sim: Simulator, request: Request) -> Reply | Json:
    """What may be deleted is the application's decision."""
    row = _get(sim, request)
    return SUBCLIENTS[row.application_id].delete(sim, request, row)


@route("POST", "/Subclient/{id:int}/action/backup")
def backup_subclient(sim: Simulator, request: Request) -> Reply | Json:
    """?backupLevel= in any case; not idempotent."""
    row = _get(sim, request)
    started = SUBCLIENTS[row.application_id].backup(sim, request, row, level_of(request.q("backupLevel")))
    return task_reply(started) if isinstance(started, Job) else started


@route("POST", "/DoBrowse", writes=False)
def browse(sim: Simulator, request: Request) -> Reply | Json:
    """Read only. A bare {} means that the index is busy: ask again."""
    if sim.faults.take("empty_browse"):
        return {}
    browser = BROWSERS.get(application_of(sim, request.body.get("entity") or {}))
    if browser is None:
        return {"browseResponses": [{"respType": 3, "messages": [{"errorMessage": "The entity to browse is not known."}]}]}
    reply = browser(sim, request)
    return _collapsed(reply) if sim.faults.peek("single_element_objects") else reply


def _collapsed(reply: t.Any) -> t.Any:
    """The dialect of answers converted from XML: a list of one becomes its element."""
    if isinstance(reply, Reply):
        return Reply(_collapsed(reply.body), reply.status, reply.content_type, reply.headers)
    if isinstance(reply, dict):
        return {key: _collapsed(value) for key, value in reply.items()}
    if isinstance(reply, list):
        return _collapsed(reply[0]) if len(reply) == 1 else [_collapsed(item) for item in reply]
    return reply


@route("POST", "/CreateTask")
def create_task(sim: Simulator, request: Request) -> Reply | Json:
    """Backups (operationType 2), restores (1001) and restores by job (1005) of every application; other combinations are refused."""
    task = request.body.get("taskInfo") or {}
    associations = task.get("associations") or []
    steps = task.get("subTasks") or [{}]
    operation = steps[0].get("subTask", {}).get("operationType")
    number = {"RESTORE": 1001, "BACKUP": 2}.get(str(operation).upper(), to_int(operation))
    first: Json = associations[0] if associations else {}
    application = application_of(sim, first)
    handler = TASKS.get((number, application)) or TASKS.get((number, 0))
    if handler is None:
        return generic(2, f"Operation [{operation}] is not supported for application [{application}].")
    client = sim.client_of(first)
    if client and not sim.visible(request, client.company_id):
        return generic(3, f"You do not have permission on client [{client.name}].")
    return handler(sim, request, task)


@route("GET", "/Schedules", "/Replications/Monitors/continuous")
def none_scheduled(_sim: Simulator, request: Request) -> Json:
    """Plans keep the schedules; clients that list them here find none."""
    return {"taskDetail": []} if "schedules" in request.path.lower() else {"summary": {"totalPairs": 0}, "siteInfo": []}


def default_common_properties() -> Json:
    """``commonProperties`` beyond what the row itself holds."""
    return {
        "onDemandSubClient": False,
        "enableBackupAfterDelay": False,
        "numberOfBackupStreams": 0,
        "allowMultipleDataReaders": True,
        "readBuffersize": 0,
        "encryptionFlag": 2,
        "excludeFromSLA": False,
        "jobStartTime": -1,
        "nextBackupTime": 0,
        "snapCopyInfo": {"isSnapBackupEnabled": False},
        "prepostProcess": {"preScanCommand": "", "postScanCommand": "", "preBackupCommand": "", "postBackupCommand": ""},
        "storageDevice": {"softwareCompression": 4, "networkAgents": 2, "deDuplicationOptions": {"enableDeduplication": True}},
    }
