# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup destinations of a server plan: the flat V4 form and the structured V5 form. api-platform 8.7."""

from __future__ import annotations

import typing as t

from commvaultsim.plans import aging, policy
from commvaultsim.plans import rules as plan_rules
from commvaultsim.plans.plans import editable, find
from commvaultsim.state import model as m
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire.replies import generic, unknown_route
from commvaultsim.wire.routing import Refusal, Reply, Request, route
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]


def _copy(sim: Simulator, plan: m.Plan, request: Request) -> m.Destination:
    number = to_int(request.params["copy"])
    found = next((d for d in policy.destinations(sim, plan) if d.id == number), None)
    if found is None:
        raise Refusal(generic(404, f"Backup destination [{number}] not found in plan [{plan.name}].", status=404))
    return found


def _own(plan: m.Plan, copy: m.Destination) -> None:
    if copy not in plan.destinations:
        raise Refusal(generic(53, f"Backup destination [{copy.name}] is inherited from the base plan: change it there.", 400))


def _changed(sim: Simulator, copy: m.Destination) -> Json:
    """The E7 envelope; newer servers write names for error codes."""
    code = "NO_ERROR" if sim.faults.peek("error_code_names") else 0
    return {
        "planBackupDestination": [{"id": copy.id, "name": copy.name}],
        "failedDestinations": [],
        "error": {"errorCode": code, "errorMessage": ""},
    }


@route("GET", "/V4/ServerPlan/{id:int}/BackupDestinations")
def list_destinations(sim: Simulator, request: Request) -> Json:
    """The key has a lower-case d here."""
    plan = find(sim, request)
    return {
        "backupdestinations": [plan_rules.destination_row(sim, d) for d in policy.destinations(sim, plan)],
        "regionsConfigured": plan.regions_configured,
    }


@route("POST", "/V4/ServerPlan/{id:int}/BackupDestination")
def add_destinations(sim: Simulator, request: Request) -> Json:
    """Partial success is possible: failedDestinations names what was refused."""
    plan, made, failed, text = editable(sim, request), [], [], ""
    for item in request.body.get("destinations") or []:
        try:
            copy = plan_rules.add_destination(sim, request, plan, item, request.body.get("region"))
            made.append({"id": copy.id, "name": copy.name})
        except Refusal as refusal:
            failed.append(str(item.get("backupDestinationName")))
            text = refusal.reply.body["errorMessage"]
    return {"planBackupDestination": made, "failedDestinations": failed, "error": {"errorCode": 2 if failed else 0, "errorMessage": text}}


@route("PUT", "/V4/ServerPlan/{id:int}/BackupDestination/{copy:int}")
def put_destination(sim: Simulator, request: Request) -> Reply | Json:
    """Flat keys."""
    plan = editable(sim, request)
    copy = _copy(sim, plan, request)
    _own(plan, copy)
    plan_rules.update_destination(sim, plan, copy, request.body)
    return _changed(sim, copy)


@route("DELETE", "/V4/ServerPlan/{id:int}/BackupDestination/{copy:int}")
def delete_destination(sim: Simulator, request: Request) -> Reply:
    """412 for a default destination and for the source of another."""
    plan = editable(sim, request)
    copy = _copy(sim, plan, request)
    _own(plan, copy)
    if copy.default or copy.snap or any(d.source_id == copy.id for d in plan.destinations):
        why = "the default destination" if copy.default else "the snap primary" if copy.snap else "the source of another destination"
        return generic(49, f"Backup destination [{copy.name}] is {why} and can not be deleted.", 412)
    aging.age(sim, copy, aging.jobs_on(sim, copy))
    plan.destinations.remove(copy)
    return generic()


@route("GET", "/V5/ServerPlan/{id:int}/BackupDestination/{copy:int}")
def get_destination_v5(sim: Simulator, request: Request) -> Json:
    """The structured form."""
    plan = find(sim, request)
    copy = _copy(sim, plan, request)
    row = plan_rules.destination_row(sim, copy)
    retention = {
        key: row[key]
        for key in (
            "enableDataAging",
            "overrideRetentionSettings",
            "retentionRuleType",
            "retentionPeriodDays",
            "useExtendedRetentionRules",
            "extendedRetentionRules",
        )
        if key in row
    }
    general = {
        "storage": row["storagePool"],
        "storageType": row["storageType"],
        "isDefault": copy.default,
        "isActive": True,
        "isSnapCopy": copy.snap,
        "isMirrorCopy": False,
        "copyType": row["copyType"],
        "copyPrecedence": copy.precedence,
        "complianceLock": copy.compliance_lock,
    }
    if "sourceCopy" in row:
        general["source"] = row["sourceCopy"]
    return {
        "plan": {"id": plan.id, "name": plan.name},
        "planBackupDestination": row["planBackupDestination"],
        "configurable": copy in plan.destinations,
        "region": row.get("region", {}),
        "general": general,
        "retentionRules": retention,
        "mappings": [],
        "backupType": {
            "backupTypesToCopy": copy.backups_to_copy,
            "backupTypesCopiedFrom": copy.start_time,
            "fullBackupTypesToCopy": copy.full_types,
        },
    }


@route("PUT", "/V5/ServerPlan/{id:int}/BackupDestination/{copy:int}")
def put_destination_v5(sim: Simulator, request: Request) -> Reply | Json:
    """Translated to the flat keys; complianceLock can only be switched on. An older server does not have this call."""
    if sim.faults.peek("plan_v4_only"):
        return unknown_route(request.path)
    plan = editable(sim, request)
    copy, body = _copy(sim, plan, request), request.body
    _own(plan, copy)
    kinds, general = body.get("backupType") or {}, body.get("general") or {}
    if copy.compliance_lock and general.get("complianceLock") is False:
        return generic(31, f"The compliance lock of [{copy.name}] can not be removed.")
    flat: Json = {**(body.get("retentionRules") or {})}
    for key, name in (("backupTypesToCopy", "backupsToCopy"), ("backupTypesCopiedFrom", "backupStartTime"), ("fullBackupTypesToCopy",) * 2):
        if key in kinds:
            flat[name] = kinds[key]
    plan_rules.update_destination(sim, plan, copy, {**flat, "newName": body.get("newName")})
    copy.compliance_lock = bool(general.get("complianceLock", copy.compliance_lock))
    return _changed(sim, copy)
