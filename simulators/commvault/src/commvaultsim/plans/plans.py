# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Server plans, V4 and the older form: summary, create, detail, modify, RPO, run, delete.

api-platform 8; OpenAPI CreateServerPlan and neighbours; V2/Plan and Plan as cvpysdk plan.py reads them."""

from __future__ import annotations

import typing as t

from commvaultsim.jobs.lifecycle import task_reply
from commvaultsim.plans import copies, policy
from commvaultsim.plans import rules as plan_rules
from commvaultsim.plans.schedules import rpo_minutes, set_log_options, set_rpo
from commvaultsim.state import model as m
from commvaultsim.state.job import Job
from commvaultsim.state.registry import SUBCLIENTS
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire.filtering import select
from commvaultsim.wire.replies import generic, nested
from commvaultsim.wire.routing import Refusal, Reply, Request, route

Json = dict[str, t.Any]
COLUMNS: dict[str, t.Callable[[m.Plan], t.Any]] = {
    "name": lambda p: p.name,
    "planName": lambda p: p.name,
    "planId": lambda p: p.id,
    "plans.plan.planName": lambda p: p.name,
    "plans.subtype": lambda p: "Server",
    "planType": lambda p: "Server",
    "companyId": lambda p: p.company_id,
    "numCopies": lambda p: len(p.destinations),
    "rpoInMinutes": rpo_minutes,
}
PARTLY = 587207454
SERVER = 33554437
#: What may be overridden, by the older API's numbers: storage, schedules, content by operating system.
ENTITIES = {"storagePool": (1,), "RPO": (4,), "backupContent": (256, 512, 1024)}


def find(sim: Simulator, request: Request) -> m.Plan:
    """The plan of the path, or a 404 also when another company owns it."""
    plan = sim.plans.get(request.number("id"))
    if plan is None or not sim.plan_visible(request, plan):
        raise Refusal(generic(404, f"Plan [{request.params['id']}] not found.", status=404))
    return plan


def editable(sim: Simulator, request: Request) -> m.Plan:
    """The same for a change: a company may use an assigned plan of the provider, not edit it."""
    plan = find(sim, request)
    if request.company_id and plan.company_id != request.company_id:
        raise Refusal(generic(41, f"You do not have permission to edit plan [{plan.name}].", status=403))
    return plan


def visible_plans(sim: Simulator, request: Request) -> list[m.Plan]:
    """Plans that the caller may see and that its list shows."""
    return [p for p in sim.plans.values() if sim.plan_visible(request, p) and sim.listed(request, p.id)]


@route("GET", "/V4/Plan/Summary")
def list_summary(sim: Simulator, request: Request) -> Json:
    """associatedEntities is a count here; fq, sort, start, limit are honoured."""
    page, total = select(request, visible_plans(sim, request), COLUMNS)
    return {
        "plans": [
            {
                "plan": {"id": p.id, "name": p.name},
                "planType": "Server",
                "associatedEntities": len(plan_rules.subclients_of(sim, p)),
                "RPO": rpo_minutes(policy.source(sim, p, "rpo")),
                "numberOfCopies": len(policy.destinations(sim, p)),
                "status": "ENABLED" if p.enabled else "BACKUP_DISABLED",
                "missingEntities": [],
                "resourcePool": [],
                "tags": [],
                "company": sim.company_ref(p.company_id),
                "commcell": m.COMMSERVE,
                "derivable": p.allow_override,
                "parentPlan": {"id": p.parent_id, "name": sim.plans[p.parent_id].name if p.parent_id in sim.plans else ""},
            }
            for p in page
        ],
        "plansCount": total,
    }


@route("GET", "/V4/Plan/Summary/{id:int}")
def get_summary(sim: Simulator, request: Request) -> Json:
    """The plan under its type."""
    return {"serverPlan": plan_rules.detail(sim, find(sim, request))}


@route("GET", "/V4/PlanIds")
def plan_ids(sim: Simulator, request: Request) -> Json:
    """Ids and names."""
    return {"entities": [{"id": p.id, "name": p.name} for p in visible_plans(sim, request)]}


@route("POST", "/V4/ServerPlan", "/V4/Global/ServerPlan")
def create(sim: Simulator, request: Request) -> Reply | Json:
    """HTTP 200 also on failure (E5 or E1). The owner is the tenant in effect, not a member of the body."""
    body, name = request.body, str(request.body.get("planName") or "")
    if not name:
        return generic(42, "planName is required.", 400)
    base = sim.plan_ref(request, body.get("parentPlan")) if body.get("parentPlan") else None
    if body.get("parentPlan") and base is None:
        return generic(40, f"Base plan [{body['parentPlan']}] not found.", 404)
    if not body.get("backupDestinations") and base is None:
        return generic(43, "At least one backup destination is required.", 400)
    if any(p.name.lower() == name.lower() and p.company_id == request.company_id for p in sim.plans.values()):
        return Reply({"errors": [{"component": "plan", "errorCode": 44, "errorMessage": f"Plan [{name}] already exists."}]})
    plan = m.Plan(sim.new_id(), name, company_id=request.company_id, created=sim.clock.epoch())
    plan.guid = sim.guid("plan", plan.id)
    if sim.faults.peek("plan_rpo_ignored"):
        body = {key: value for key, value in body.items() if key not in ("rpo", "databaseOptions")}
    try:
        if base:
            policy.derive(plan, base, _given(body))
        for item in body.get("backupDestinations") or []:
            plan_rules.add_destination(sim, request, plan, item)
        set_rpo(sim, plan, body.get("rpo") or {})
    except Refusal as refusal:
        error = refusal.reply.body
        return Reply(
            {"errors": [{"component": "backupDestinations", "errorCode": error["errorCode"], "errorMessage": error["errorMessage"]}]}
        )
    _settings(plan, body)
    if sim.faults.peek("plan_snap_primary"):
        first = plan.destinations[0]
        plan.destinations.append(m.Destination(sim.new_id(), "Primary snap", first.pool_id, first.region_id, snap=True, retention_days=8))
    sim.plans[plan.id] = plan
    out: Json = {"plan": {"id": plan.id, "name": plan.name}}
    if sim.faults.take("plan_partial"):
        out["errors"] = [{"component": "storagePool", "errorCode": PARTLY, "errorMessage": "The plan was created with errors."}]
    return Reply(out, 201 if sim.faults.peek("created_201") else 200)


def _given(body: Json) -> list[str]:
    """The parts that a body defines itself."""
    rpo = body.get("rpo") or {}
    frequency = (rpo.get("backupFrequency") or {}).get("schedules")
    given = {
        "backupDestination": body.get("backupDestinations"),
        "rpo": frequency or rpo.get("backupWindow") or rpo.get("fullBackupWindow") or rpo.get("SLA"),
        "backupContent": body.get("backupContent"),
    }
    return [part for part, value in given.items() if value]


def _settings(plan: m.Plan, body: Json) -> None:
    for key, attribute in (
        ("backupContent", "content"),
        ("databaseOptions", "database_options"),
        ("snapshotOptions", "snapshot_options"),
        ("settings", "settings"),
        ("workload", "workload"),
        ("overrideRestrictions", "override_restrictions"),
    ):
        if key in body:
            getattr(plan, attribute).update(body[key] or {})
    plan.allow_override = bool(body.get("allowPlanOverride", plan.allow_override))
    set_log_options(plan, body.get("databaseOptions") or {})


@route("GET", "/V4/ServerPlan/{id:int}")
def get(sim: Simulator, request: Request) -> Json:
    """The company is not in the detail: the summary has it."""
    return plan_rules.detail(sim, find(sim, request))


@route("PUT", "/V4/ServerPlan/{id:int}")
def modify(sim: Simulator, request: Request) -> Reply:
    """Absent keys are kept; destinations are not changed by this call."""
    plan, body = editable(sim, request), request.body
    name = body.get("newName") or plan.name
    if any(p is not plan and p.name.lower() == name.lower() and p.company_id == plan.company_id for p in sim.plans.values()):
        return generic(44, f"Plan [{name}] already exists.", 400)
    if plan.allow_override and body.get("allowPlanOverride") is False:
        return generic(45, "allowPlanOverride can not be switched off.", 400)
    policy.override(sim, plan, body.get("overrideInheritSettings") or {})
    inherited = [part for part in _given(body) if policy.source(sim, plan, part) is not plan]
    if inherited:
        return generic(53, f"Plan [{plan.name}] takes from its base plan: {', '.join(inherited)}. Override it first.", 400)
    set_rpo(sim, plan, body.get("rpo") or {})
    plan.name = name
    _settings(plan, body)
    region = sim.by_ref(sim.regions, body.get("regionToConfigure"))
    if region and not plan.regions_configured:
        plan.regions_configured = True
        for copy in plan.destinations:
            copy.region_id = region.id
    return generic()


def remove(sim: Simulator, plan: m.Plan) -> None:
    """Refused while something is associated."""
    derived = [other.name for other in sim.plans.values() if other.parent_id == plan.id]
    if derived:
        raise Refusal(generic(54, f"Plan [{plan.name}] is the base of: {', '.join(derived)}. Delete those first.", 400))
    used = plan_rules.subclients_of(sim, plan)
    if used:
        names = ", ".join(sorted({f"{sim.clients[s.client_id].name}/{s.name}" for s in used}))
        raise Refusal(generic(46, f"Plan [{plan.name}] has associated entities: {names}. Dissociate them first.", 400))
    del sim.plans[plan.id]
    for company in sim.companies.values():
        company.plans = [number for number in company.plans if number != plan.id]


@route("DELETE", "/V4/ServerPlan/{id:int}")
def delete(sim: Simulator, request: Request) -> Reply:
    """E1."""
    remove(sim, editable(sim, request))
    return generic()


@route("GET", "/V4/ServerPlan/{id:int}/RPO")
def get_rpo(sim: Simulator, request: Request) -> Json:
    """Schedules only."""
    return {"schedules": find(sim, request).schedules, "operationType": "NONE"}


@route("PUT", "/V4/ServerPlan/{id:int}/RPO")
def put_rpo(sim: Simulator, request: Request) -> Reply:
    """Keys at top level."""
    plan = editable(sim, request)
    set_rpo(sim, plan, request.body)
    return generic()


@route("POST", "/V4/ServerPlan/{id:int}/RPO")
def post_rpo(sim: Simulator, request: Request) -> Reply:
    """First RPO of a plan without one; wrapped in rpo."""
    plan = editable(sim, request)
    if plan.schedules:
        return nested(47, f"Plan [{plan.name}] already has schedules.", 400)
    set_rpo(sim, plan, request.body.get("rpo") or {})
    return nested(rpo={"backupFrequency": {"schedules": plan.schedules}})


@route("POST", "/V4/ServerPlan/{id:int}/BackupContent")
def post_content(sim: Simulator, request: Request) -> Reply:
    """Lists are replaced as a whole."""
    plan = editable(sim, request)
    plan.content.update(request.body.get("backupContent") or {})
    return nested(backupContent=plan.content)


@route("PUT", "/V4/ServerPlan/{id:int}/Backup/{action}")
def switch(sim: Simulator, request: Request) -> Reply:
    """Enable or disable every schedule."""
    editable(sim, request).enabled = request.params["action"].lower() == "enable"
    return generic()


@route("POST", "/V4/ServerPlan/{id:int}/Backup/Run")
def run(sim: Simulator, request: Request) -> Reply | Json:
    """Starts a job for every associated entity, each time."""
    plan, level = editable(sim, request), (request.q("backupLevel") or "INCREMENTAL").upper()
    started = [
        SUBCLIENTS[s.application_id].backup(sim, request, s, level)
        for s in plan_rules.subclients_of(sim, plan)
        if s.application_id in SUBCLIENTS
    ]
    jobs = [job for job in started if isinstance(job, Job)]
    return task_reply(*jobs) if jobs else generic(48, f"Plan [{plan.name}] has no associated entities to back up.", 500)


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
            "numAssocEntities": len(plan_rules.subclients_of(sim, p)),
            "rpoInMinutes": rpo_minutes(p),
            "planStatusFlag": 0 if p.enabled else 1,
            "storageResourcePoolMaps": [],
        }
        for p in page
    ]
    return {"plans": rows, "filterQueryCount": total}


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
        {"rules": [], "regions": {"region": [{"regionId": d.region_id}]}, "copy": [copies.row(sim, owner, d)]}
        for d in owner.destinations
        if d.region_id
    ]
    detail: Json = {
        "summary": {
            "plan": _entity(sim, plan),
            "type": 2,
            "subtype": SERVER,
            "rpoInMinutes": rpo_minutes(plan),
            "slaInMinutes": rpo_minutes(plan),
            "description": "",
            "numCopies": len(plan.destinations),
            "numAssocEntities": len(plan_rules.subclients_of(sim, plan)),
            "planStatusFlag": 0 if plan.enabled else 1,
            "restrictions": 0,
        },
        "storage": {
            "storagePolicy": {"storagePolicyId": owner.id, "storagePolicyName": copies.policy_name(owner)},
            "copy": [copies.row(sim, owner, d) for d in owner.destinations],
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
    return {"entities": [sim.entity(s) for s in plan_rules.subclients_of(sim, find(sim, request))]}


@route("DELETE", "/V2/Plan/{id:int}")
def delete_plan(sim: Simulator, request: Request) -> Json:
    """The error hides in error[].status, with HTTP 200."""
    plan = editable(sim, request)
    try:
        remove(sim, plan)
    except Refusal as refusal:
        return {"error": [{"status": refusal.reply.body, "entity": _entity(sim, plan)}]}
    return {"error": [{"status": {"errorCode": 0, "errorMessage": ""}}], "errorCode": 0}
