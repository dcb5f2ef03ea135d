# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans in the older form, V2/Plan and Plan, as cvpysdk reads them. api-platform 8.10, 8.11; cvpysdk plan.py."""

from __future__ import annotations

import typing as t

from commvaultsim import model as m
from commvaultsim import plans, policy, storage_policies
from commvaultsim.filtering import select
from commvaultsim.handlers.plans import COLUMNS, editable, find, remove, visible_plans
from commvaultsim.routing import Refusal, Request, route
from commvaultsim.simulator import Simulator

Json = dict[str, t.Any]
SERVER = 33554437


def _entity(sim: Simulator, plan: m.Plan) -> Json:
    return {"planId": plan.id, "planName": plan.name, "planGUID": plan.guid, "_type_": 158, "entityInfo": sim.entity_info(plan.company_id)}


@route("GET", "/V2/Plan", "/Plan")
def list_plans(sim: Simulator, request: Request) -> Json:
    """fq, sort, start and limit are honoured."""
    page, total = select(request, visible_plans(sim, request), {**COLUMNS, "plans.subtype": lambda p: SERVER})
    rows: list[Json] = [
        {
            "plan": _entity(sim, p),
            "type": 2,
            "subtype": SERVER,
            "numCopies": len(p.destinations),
            "description": "",
            "numAssocEntities": len(plans.subclients_of(sim, p)),
            "rpoInMinutes": plans.rpo_minutes(p),
            "planStatusFlag": 0 if p.enabled else 1,
            "storageResourcePoolMaps": [],
        }
        for p in page
    ]
    return {"plans": rows, "filterQueryCount": total}


#: What may be overridden, by the older API's numbers: storage, schedules, content by operating system.
ENTITIES = {"storagePool": (1,), "RPO": (4,), "backupContent": (256, 512, 1024)}


def _inheritance(plan: m.Plan) -> Json:
    by_rule = {
        rule: [number for name, numbers in ENTITIES.items() if plan.override_restrictions.get(name) == rule for number in numbers]
        for rule in (policy.NOT_ALLOWED, policy.MUST)
    }
    lists = {"enforcedEntities": by_rule[policy.NOT_ALLOWED], "privateEntities": by_rule[policy.MUST]}
    return {"isSealed": not plan.allow_override, **lists}


@route("PUT", "/V2/Plan/{id:int}")
def put_plan(sim: Simulator, request: Request) -> Json:
    """Override rules only; the SDK sets the rest through V4."""
    plan, wish = editable(sim, request), request.body.get("inheritance") or {}
    plan.allow_override = plan.allow_override or wish.get("isSealed") is False
    for key, rule in (("enforcedEntities", policy.NOT_ALLOWED), ("privateEntities", policy.MUST)):
        for name, numbers in ENTITIES.items():
            if set(numbers) & set(wish.get(key) or []):
                plan.override_restrictions[name] = rule
    return {"errors": [{"status": {"errorCode": 0, "errorMessage": ""}, "entity": _entity(sim, plan)}]}


@route("GET", "/V2/Plan/{id:int}")
def get_plan(sim: Simulator, request: Request) -> Json:
    """Every key that cvpysdk indexes without asking is there."""
    plan = find(sim, request)
    owner = policy.source(sim, plan, "backupDestination")
    schedule: Json = {"taskId": plan.policies.get("filesystem", 0), "taskName": f"{plan.name} schedule policy"}
    rules = [
        {"rules": [], "regions": {"region": [{"regionId": d.region_id}]}, "copy": [storage_policies.row(sim, owner, d)]}
        for d in owner.destinations
        if d.region_id
    ]
    detail: Json = {
        "summary": {
            "plan": _entity(sim, plan),
            "type": 2,
            "subtype": SERVER,
            "rpoInMinutes": plans.rpo_minutes(plan),
            "slaInMinutes": plans.rpo_minutes(plan),
            "description": "",
            "numCopies": len(plan.destinations),
            "numAssocEntities": len(plans.subclients_of(sim, plan)),
            "planStatusFlag": 0 if plan.enabled else 1,
            "restrictions": 0,
        },
        "storage": {
            "storagePolicy": {"storagePolicyId": owner.id, "storagePolicyName": storage_policies.policy_name(owner)},
            "copy": [storage_policies.row(sim, owner, d) for d in owner.destinations],
        },
        "schedule": {"policy": schedule, "task": schedule},
        "database": {"scheduleLog": {}, "rpoInMinutes": 240},
        "operationWindow": {"ruleId": 0, "operations": []},
        "fullOperationWindow": {"ruleId": 0, "operations": []},
        "inheritance": _inheritance(plan),
        "securityAssociations": {"associations": []},
        "policies": {"subclientPolicies": []},
        "options": {"supportedWorkloads": {"solutions": []}},
        "autoCreatedEntities": {},
        "features": {"flag": 0},
    }
    if plan.parent_id:
        detail["summary"]["parent"] = {"planId": plan.parent_id, "planName": sim.plans[plan.parent_id].name}
    if rules:
        detail["storageRules"] = {"rules": rules}
    return {"plan": detail, "errors": []}


@route("GET", "/V2/Plan/{id:int}/AssociatedEntities")
def associated(sim: Simulator, request: Request) -> Json:
    """The subclients of the plan."""
    return {"entities": [sim.entity(s) for s in plans.subclients_of(sim, find(sim, request))]}


@route("DELETE", "/V2/Plan/{id:int}")
def delete_plan(sim: Simulator, request: Request) -> Json:
    """The error hides in error[].status, with HTTP 200."""
    plan = editable(sim, request)
    try:
        remove(sim, plan)
    except Refusal as refusal:
        return {"error": [{"status": refusal.reply.body, "entity": _entity(sim, plan)}]}
    return {"error": [{"status": {"errorCode": 0, "errorMessage": ""}}], "errorCode": 0}
