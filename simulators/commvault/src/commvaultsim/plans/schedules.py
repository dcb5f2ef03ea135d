# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schedules, windows and SLA of server plans. api-platform 8.3 and 8.6."""

from __future__ import annotations

import typing as t

from commvaultsim.state import model as m
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire.replies import generic
from commvaultsim.wire.routing import Refusal
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]
BACKUP_TYPES = ("FULL", "INCREMENTAL", "DIFFERENTIAL", "SYNTHETICFULL", "TRANSACTIONLOG")
FREQUENCIES = ("MINUTES", "DAILY", "WEEKLY", "MONTHLY", "YEARLY", "AUTOMATIC")
TITLES = {
    "FULL": "Full backup schedule",
    "INCREMENTAL": "Incremental backup schedule",
    "DIFFERENTIAL": "Differential backup schedule",
    "SYNTHETICFULL": "Synthetic full schedule",
    "TRANSACTIONLOG": "Log backup schedule",
}


def refuse(code: int, message: str, status: int = 400) -> Refusal:
    """A refusal in the flat V4 envelope."""
    return Refusal(generic(code, message, status))


def apply_schedules(sim: Simulator, plan: m.Plan, items: list[Json]) -> None:
    """Carry out ADD, MODIFY and DELETE items in their order; ADD never looks for duplicates, MODIFY is the default."""
    for item in items:
        operation = str(item.get("scheduleOperation") or item.get("taskOperationType") or "MODIFY").upper()
        if operation == "ADD":
            plan.schedules.append(_new_schedule(sim, plan, item))
            continue
        found = next(
            (
                s
                for s in plan.schedules
                if s["scheduleId"] == to_int(item.get("scheduleId")) and to_int(item.get("policyId"), s["policyId"]) == s["policyId"]
            ),
            None,
        )
        if found is None:
            raise refuse(
                20, f"Schedule [{item.get('scheduleId')}] of policy [{item.get('policyId')}] not found in plan [{plan.name}].", 500
            )
        if operation == "DELETE":
            plan.schedules.remove(found)
        else:
            _check_schedule({**found, **item})
            found.update({key: value for key, value in item.items() if key not in ("scheduleOperation", "scheduleId", "policyId")})


def _check_schedule(item: Json) -> None:
    pattern = item.get("schedulePattern") or {}
    if item.get("backupType") not in BACKUP_TYPES:
        raise refuse(21, f"backupType [{item.get('backupType')}] is not one of {', '.join(BACKUP_TYPES)}.")
    if pattern.get("scheduleFrequencyType") not in FREQUENCIES:
        raise refuse(22, f"scheduleFrequencyType [{pattern.get('scheduleFrequencyType')}] is not one of {', '.join(FREQUENCIES)}.")
    if pattern.get("frequency") is not None and to_int(pattern["frequency"]) < 1:
        raise refuse(23, "frequency must be at least 1.")


def _new_schedule(sim: Simulator, plan: m.Plan, item: Json) -> Json:
    _check_schedule(item)
    databases = bool(item.get("forDatabasesOnly"))
    policy = plan.policies.setdefault("database" if databases else "filesystem", 0) or sim.new_id()
    plan.policies["database" if databases else "filesystem"] = policy
    pattern = dict(item["schedulePattern"])
    if pattern["scheduleFrequencyType"] != "AUTOMATIC":
        pattern.setdefault("startTime", 75600)
        pattern.setdefault("frequency", 1)
    elif item["backupType"] == "TRANSACTIONLOG":
        pattern.setdefault("maxBackupIntervalInMins", 240)
    pattern = {
        "startDate": sim.clock.epoch(),
        "endDate": 0,
        "noOfTimes": 0,
        "timezone": {"id": 1001, "name": "Client Time Zone"},
        **pattern,
    }
    return {
        "scheduleId": sim.new_id(),
        "policyId": policy,
        "scheduleName": item.get("scheduleName") or TITLES[item["backupType"]],
        "scheduleOperation": "MODIFY",
        "backupType": item["backupType"],
        "forDatabasesOnly": databases,
        "schedulePattern": pattern,
        "scheduleOption": dict(item.get("scheduleOption") or {}),
    }


def interval_minutes(schedule: Json) -> int:
    """How often a schedule runs, in minutes."""
    pattern = schedule["schedulePattern"]
    kind, frequency = pattern["scheduleFrequencyType"], to_int(pattern.get("frequency"), 1)
    if pattern.get("repeatIntervalInMinutes"):
        return to_int(pattern["repeatIntervalInMinutes"])
    if kind == "AUTOMATIC":
        return to_int(pattern.get("maxBackupIntervalInMins")) or to_int(pattern.get("daysBetweenSyntheticFulls"), 1) * 1440
    return {"MINUTES": 1, "DAILY": 1440, "WEEKLY": 10080, "MONTHLY": 43200, "YEARLY": 525600}[kind] * frequency


def rpo_minutes(plan: m.Plan) -> int:
    """The RPO of a plan: its shortest interval; 0 when it has no schedule."""
    return min((interval_minutes(s) for s in plan.schedules), default=0)


def set_rpo(sim: Simulator, plan: m.Plan, rpo: Json) -> None:
    """Schedules, windows and SLA of one request."""
    apply_schedules(sim, plan, (rpo.get("backupFrequency") or {}).get("schedules") or [])
    if "backupWindow" in rpo:
        plan.backup_window = rpo["backupWindow"] or []
    if "fullBackupWindow" in rpo:
        plan.full_backup_window = rpo["fullBackupWindow"] or []
    if "SLA" in rpo:
        plan.sla.update(rpo["SLA"] or {})


def _log_schedules(plan: m.Plan) -> list[Json]:
    return [row for row in plan.schedules if row["backupType"] == "TRANSACTIONLOG" and row["forDatabasesOnly"]]


def set_log_options(plan: m.Plan, options: Json) -> None:
    """databaseOptions of a plan are the options of its log schedule, seen from another side."""
    for row in _log_schedules(plan):
        if "logBackupRPOMins" in options:
            row["schedulePattern"]["maxBackupIntervalInMins"] = options["logBackupRPOMins"]
        row["scheduleOption"] |= {key: options[key] for key in ("useDiskCacheForLogBackups", "commitFrequencyInHours") if key in options}


def log_options(plan: m.Plan) -> Json:
    """databaseOptions as the detail shows them."""
    out = dict(plan.database_options)
    for row in _log_schedules(plan)[:1]:
        minutes = row["schedulePattern"].get("maxBackupIntervalInMins")
        out |= {"logBackupRPOMins": minutes} if minutes else {}
        out |= {
            key: row["scheduleOption"][key]
            for key in ("useDiskCacheForLogBackups", "commitFrequencyInHours")
            if key in row["scheduleOption"]
        }
    return out
