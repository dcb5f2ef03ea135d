# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes to file system backup sets, which plans fit, plans given to many clients at once, and the CommCell's filters."""

from __future__ import annotations

import typing as t

from commvaultsim.files import content, filesystem
from commvaultsim.files.subclients import new_subclient, plan_entity
from commvaultsim.state import model as m
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire.replies import generic, nested, response_list
from commvaultsim.wire.routing import Refusal, Reply, Request, route
from commvaultsim.wire.values import flag, to_int

Json = dict[str, t.Any]


def _get(sim: Simulator, request: Request) -> m.Backupset:
    backupset = sim.backupsets.get(request.number("id"))
    client = sim.clients.get(backupset.client_id) if backupset else None
    if backupset is None or client is None or not sim.visible(request, client.company_id):
        raise Refusal(generic(404, f"Backup set [{request.params.get('id')}] not found.", 404))
    return backupset


def _plan(sim: Simulator, request: Request, reference: Json) -> m.Plan:
    plan = sim.plan_ref(request, reference)
    if plan is None:
        raise Refusal(response_list(2, f"Plan [{reference.get('planName') or reference.get('planId')}] does not exist."))
    return plan


def _give_plan(sim: Simulator, backupset: m.Backupset, plan_id: int) -> None:
    """The default subclients of a backup set follow its plan."""
    backupset.plan_id = plan_id
    for row in filesystem.subclients_of(sim, backupset.id):
        if row.is_default:
            row.plan_id = plan_id


@route("POST", "/Backupset")
def create(sim: Simulator, request: Request) -> Reply:
    """By names; a `default` subclient comes with it."""
    associations = (request.body.get("association") or {}).get("entity") or [{}]
    entity = associations[0] if isinstance(associations, list) else associations
    client = filesystem.visible_client(sim, request, entity)
    name = str(entity.get("backupsetName") or "").strip()
    application = next((agent for agent in client.agents if agent in filesystem.APPLICATIONS), 0)
    if not name or not application:
        return response_list(2, f"A backup set needs a name, and a File System agent on client [{client.name}].")
    if any(row.client_id == client.id and row.name.lower() == name.lower() for row in sim.backupsets.values()):
        return response_list(1, f"A backup set with the name [{name}] already exists.")
    reference = (request.body.get("backupSetInfo") or {}).get("planEntity") or {}
    plan_id = _plan(sim, request, reference).id if reference else 0
    row = m.Backupset(sim.new_id(), client.id, application, 1, name, is_default=False)
    row.guid = sim.guid("backupset", row.id)
    sim.backupsets[row.id] = row
    default = new_subclient(sim, row, "default", is_default=True)
    sim.subclients[default.id] = default
    _give_plan(sim, row, plan_id)
    return response_list(0, "", {"clientId": client.id, "backupsetId": row.id, "backupsetName": row.name, "_type_": 6})


@route("POST", "/Backupset/{id:int}")
def update(sim: Simulator, request: Request) -> Reply:
    """Name, default flag, plan."""
    row = _get(sim, request)
    properties = request.body.get("backupsetProperties") or {}
    common = properties.get("commonBackupSet") or {}
    reference = properties.get("planEntity") or {}
    if flag(properties.get("removePlanAssociation")):
        _give_plan(sim, row, 0)
    elif reference.get("planId") or reference.get("planName"):
        _give_plan(sim, row, _plan(sim, request, reference).id)
    row.name = str(common.get("newBackupSetName") or row.name)
    if flag(common.get("isDefaultBackupSet")):
        for other in sim.backupsets.values():
            if (other.client_id, other.application_id) == (row.client_id, row.application_id):
                other.is_default = other.id == row.id
    return response_list(0, "", {"backupsetId": row.id, "backupsetName": row.name, "_type_": 6})


@route("DELETE", "/Backupset/{id:int}")
def delete(sim: Simulator, request: Request) -> Reply:
    """With its subclients; the default one stays."""
    row = _get(sim, request)
    if row.is_default:
        return response_list(3, f"The default backup set [{row.name}] cannot be deleted.")
    for subclient in filesystem.subclients_of(sim, row.id):
        del sim.subclients[subclient.id]
    del sim.backupsets[row.id]
    return response_list(0, "", {"backupsetId": 0, "_type_": 6})


@route("GET", "/V2/Plan/Eligible")
def eligible_plans(sim: Simulator, request: Request) -> Json:
    """The plans that the caller may give to a client."""
    plans = [plan for plan in sim.plans.values() if sim.plan_visible(request, plan)]
    return {"plans": [{"plan": plan_entity(plan), "numAssocEntities": 0} for plan in plans]} if plans else {}


@route("PUT", "/Plan/{id:int}/Clients")
def give_plan_to_clients(sim: Simulator, request: Request) -> Reply | Json:
    """The plan goes to the file system subclients of the clients, only the default ones when ProcessDefaultSubClientsOnly is 1."""
    plan = sim.plans.get(request.number("id"))
    if plan is None or not sim.plan_visible(request, plan):
        return {"operationStatus": {"errorCode": 2, "errorMessage": f"Plan [{request.params['id']}] does not exist."}}
    tasks = {str(task.get("key")): str(task.get("value")) for task in request.body.get("additonalTasks") or []}
    clients = [filesystem.visible_client(sim, request, entity) for entity in request.body.get("clients") or []]
    for client in clients:
        for row in sim.subclients.values():
            chosen = row.is_default or tasks.get("ProcessDefaultSubClientsOnly") != "1"
            if chosen and row.client_id == client.id and filesystem.is_file_system(row):
                row.plan_id = plan.id
    return {"operationStatus": {"errorCode": 0, "errorMessage": ""}}


@route("GET", "/GlobalFilter")
def global_filters(sim: Simulator, _request: Request) -> Json:
    """The CommCell's exclusions by platform."""
    return {name: {"filters": list(listed)} for name, listed in filesystem.side(sim).global_filters.items()}


@route("POST", "/GlobalFilter")
def set_global_filters(sim: Simulator, request: Request) -> Reply:
    """opType 1 overwrites, 2 adds, 3 deletes; only the provider may."""
    if request.company_id:
        return nested(5, "You do not have permission to change global filters.")
    for name, listed in filesystem.side(sim).global_filters.items():
        given = request.body.get(name)
        if isinstance(given, dict):
            texts = [str(text) for text in given.get("filters") or []]
            how = to_int(given.get("opType"))
            listed[:] = texts if how == content.OVERWRITE else content.combine(listed, texts, how)
    return nested()
