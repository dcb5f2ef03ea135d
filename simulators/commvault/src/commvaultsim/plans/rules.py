# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of server plans: destinations, retention, and how a plan is read back. api-platform 8. Schedules are in schedules.py."""

from __future__ import annotations

import typing as t

from commvaultsim.plans import policy
from commvaultsim.plans.schedules import log_options, refuse, rpo_minutes, set_rpo
from commvaultsim.state import model as m
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire.routing import Request
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]
__all__ = ["add_destination", "destination_row", "detail", "rpo_minutes", "set_rpo", "subclients_of", "update_destination"]
INFINITE = -1
RULES = ("firstExtendedRetentionRule", "secondExtendedRetentionRule", "thirdExtendedRetentionRule")
FORCED_BY_POOL = 2 | 4 | 8


# --- destinations ------------------------------------------------------------------------------------------------


def check_retention(copy: m.Destination, pool: m.StoragePool, days: int, previous: int | None = None, lock_status: int = 200) -> int:
    """The retention that is kept: refused below 1 except -1; a WORM pool forces its own; locked copies never go down."""
    if days != INFINITE and days < 1:
        raise refuse(30, f"Retention of [{days}] days is not valid for [{copy.name}]: 1 to 9999, or -1 for infinite.")
    if days > 9999:
        raise refuse(30, f"Retention of [{days}] days is not valid for [{copy.name}]: 1 to 9999, or -1 for infinite.")
    if pool.worm & FORCED_BY_POOL:
        return pool.retention_days
    if previous is not None and (copy.compliance_lock or pool.worm & 1) and days != INFINITE and (previous == INFINITE or days < previous):
        raise refuse(31, f"Retention of [{copy.name}] is locked and can not be lowered from {previous} to {days} days.", lock_status)
    return days


def check_extended(copy: m.Destination, rules: Json) -> None:
    """Each extended rule must exceed the base retention."""
    for name in RULES:
        rule = rules.get(name)
        if (
            rule
            and not rule.get("isInfiniteRetention")
            and (copy.retention_days == INFINITE or to_int(rule.get("retentionPeriodDays")) <= copy.retention_days)
        ):
            raise refuse(32, f"{name} of [{copy.name}] must exceed the base retention of {copy.retention_days} days.")


def add_destination(sim: Simulator, request: Request, plan: m.Plan, item: Json, region_ref: Json | None = None) -> m.Destination:
    """A new destination; the first of a region is its default. Unknown keys are ignored. Raises Refusal."""
    name = str(item.get("backupDestinationName") or "")
    if not name:
        raise refuse(33, "backupDestinationName is required.")
    pool = sim.by_ref(sim.pools, item.get("storagePool"))
    if pool is None or not sim.visible(request, pool.company_id, shared=True):
        ref = item.get("storagePool") or {}
        raise refuse(34, f"Storage pool [{ref.get('name') or ref.get('id')}] not found.")
    ref = item.get("region") or region_ref
    region = sim.by_ref(sim.regions, ref)
    if ref and region is None:
        raise refuse(35, f"Region [{ref.get('name') or ref.get('id')}] not found.")
    if region_ref and not item.get("region") and sim.faults.peek("plan_region_inside"):
        region = None
    region_id = region.id if region else 0
    siblings = [d for d in plan.destinations if d.region_id == region_id]
    if any(d.name.lower() == name.lower() for d in siblings):
        raise refuse(36, f"Plan [{plan.name}] already has a backup destination [{name}] in that region.")
    copy = m.Destination(
        sim.new_id(),
        name,
        pool.id,
        region_id,
        default=not siblings,
        precedence=len(plan.destinations) + 1,
        storage_type="CLOUD" if pool.kind == "cloud" else "DISK",
    )
    source = item.get("sourceCopy")
    if siblings:
        found = next(
            (d for d in siblings if source and (d.id == to_int(source.get("id")) or d.name.lower() == str(source.get("name")).lower())),
            None,
        )
        if source and found is None:
            raise refuse(37, f"Source copy [{source.get('name') or source.get('id')}] not found.")
        copy.source_id = (found or siblings[0]).id
    _set_destination(copy, pool, item)
    plan.destinations.append(copy)
    plan.regions_configured = plan.regions_configured or bool(region_id)
    return copy


def _set_destination(copy: m.Destination, pool: m.StoragePool, item: Json, previous: int | None = None, lock_status: int = 200) -> None:
    copy.override = bool(item.get("overrideRetentionSettings", copy.override if previous is not None else "retentionPeriodDays" in item))
    days = to_int(item.get("retentionPeriodDays"), copy.retention_days)
    if pool.worm & FORCED_BY_POOL:
        copy.override = False
    copy.retention_days = check_retention(copy, pool, days, previous if copy.override else None, lock_status)
    copy.rule_type = item.get("retentionRuleType", copy.rule_type)
    copy.backups_to_copy = item.get("backupsToCopy", copy.backups_to_copy)
    copy.full_types = item.get("fullBackupTypesToCopy", copy.full_types)
    copy.start_time = to_int(item.get("backupStartTime"), copy.start_time)
    copy.data_aging = bool(item.get("enableDataAging", copy.data_aging))
    copy.use_extended = bool(item.get("useExtendedRetentionRules", copy.use_extended))
    if "extendedRetentionRules" in item:
        copy.extended = item["extendedRetentionRules"] or {}
    if copy.use_extended:
        check_extended(copy, copy.extended)


def update_destination(sim: Simulator, plan: m.Plan, copy: m.Destination, item: Json) -> None:
    """Change a destination from the flat V4 keys; its pool and its region can not be changed. Raises Refusal and changes nothing then."""
    pool = sim.pools[copy.pool_id]
    wanted = item.get("storagePool")
    if wanted and sim.by_ref(sim.pools, wanted) is not pool:
        raise refuse(38, f"The storage pool of backup destination [{copy.name}] can not be changed.")
    name = item.get("newName") or copy.name
    if any(d is not copy and d.region_id == copy.region_id and d.name.lower() == name.lower() for d in plan.destinations):
        raise refuse(36, f"Plan [{plan.name}] already has a backup destination [{name}] in that region.")
    draft = m.Destination(**vars(copy))
    in_effect = copy.retention_days if copy.override else pool.retention_days
    _set_destination(draft, pool, item, in_effect, 400 if sim.faults.peek("retention_lock_status") else 200)
    vars(copy).update(vars(draft))
    copy.name = name


def destination_row(sim: Simulator, copy: m.Destination) -> Json:
    """A destination as the detail of a plan shows it. Retention is the pool's while overrideRetentionSettings is false."""
    pool = sim.pools[copy.pool_id]
    region, source_name = sim.regions.get(copy.region_id), ""
    row: Json = {
        "planBackupDestination": {"id": copy.id, "name": copy.name},
        "isDefault": copy.default,
        "isSnapCopy": copy.snap,
        "isMirrorCopy": False,
        "copyType": "SYNCHRONOUS" if copy.backups_to_copy == "All_JOBS" else "SELECTIVE",
        "copyPrecedence": copy.precedence,
        "storageType": copy.storage_type,
        "storagePool": {
            "id": pool.id,
            "name": pool.name,
            "type": "DEDUPLICATION" if pool.deduplication else "NON_DEDUPLICATION",
            "retentionPeriodDays": pool.retention_days,
            "wormStoragePoolFlag": pool.worm,
        },
        "backupsToCopy": copy.backups_to_copy,
        "backupStartTime": copy.start_time,
        "enableDataAging": copy.data_aging,
        "overrideRetentionSettings": copy.override,
        "retentionRuleType": copy.rule_type,
        "retentionPeriodDays": copy.retention_days if copy.override else pool.retention_days,
        "useExtendedRetentionRules": copy.use_extended,
    }
    if copy.use_extended:
        row["extendedRetentionRules"] = copy.extended
    if copy.snap:
        row["copyTypeName"] = "SNAPSHOT_PRIMARY"
    if copy.compliance_lock:
        row["complianceLock"] = True
    if row["retentionPeriodDays"] == INFINITE and sim.faults.peek("plan_infinite_absent"):
        del row["retentionPeriodDays"]
    if copy.backups_to_copy != "All_JOBS":
        row["fullBackupTypesToCopy"] = copy.full_types
    if copy.source_id:
        source_name = next((d.name for p in sim.plans.values() for d in p.destinations if d.id == copy.source_id), "")
        row["sourceCopy"] = {"id": copy.source_id, "name": source_name}
    if region:
        row["region"] = {"id": region.id, "name": region.name, "displayName": region.name}
    return row


# --- whole plans -------------------------------------------------------------------------------------------------


def subclients_of(sim: Simulator, plan: m.Plan) -> list[m.Subclient]:
    """What the plan protects."""
    return [s for s in sim.subclients.values() if s.plan_id == plan.id]


def detail(sim: Simulator, plan: m.Plan) -> Json:
    """GET V4/ServerPlan/{id} (8.5). associatedEntities is a list here and a count in the summary."""
    count = len(subclients_of(sim, plan))
    base = policy.source(sim, plan, "rpo")
    out: Json = {
        "plan": {"id": plan.id, "name": plan.name},
        "backupContent": {
            **{
                f"{os}{kind}": []
                for os in ("windows", "unix", "mac")
                for kind in ("IncludedPaths", "ExcludedPaths", "FilterToExcludePaths")
            },
            "backupSystemState": True,
            "useVSSForSystemState": True,
            "backupSystemStateOnlyWithFullBackup": False,
            **policy.source(sim, plan, "backupContent").content,
        },
        "rpo": {
            "backupFrequency": {"schedules": _schedules(sim, base)},
            "backupWindow": base.backup_window,
            "fullBackupWindow": base.full_backup_window,
            "SLA": {
                "useSystemDefaultSLA": True,
                "inheritedSLAPeriod": 7,
                "inheritedFrom": "COMMCELL",
                "SLAPeriod": 7,
                "excludeFromSLA": False,
                **base.sla,
            },
        },
        "regionsConfigured": policy.source(sim, plan, "backupDestination").regions_configured,
        "backupDestinations": [destination_row(sim, d) for d in policy.destinations(sim, plan)],
        "snapshotOptions": {"enableBackupCopy": True, "backupCopyRPOMins": 240, **_readable(plan.snapshot_options)},
        "settings": {
            "fileSearch": {"enabled": False, "status": "NOT_APPLICABLE", "errors": []},
            "enableAdvancedView": False,
            **plan.settings,
        },
        "associatedEntities": [{"id": 3, "name": "Servers", "count": count}] if count else [],
        "allowPlanOverride": plan.allow_override,
        "permissions": [{"id": 31, "name": "Edit plan"}],
        "additionalProperties": {
            "RPO": rpo_minutes(base),
            "status": "ENABLED" if plan.enabled else "BACKUP_DISABLED",
            "addons": {"database": True, "fileSystem": True, "snap": False, "indexCopy": False},
        },
        "workload": {"workloadTypes": [], "workloadGroupTypes": [], "solutions": [], **plan.workload},
    }
    if plan.override_restrictions:
        out["overrideRestrictions"] = plan.override_restrictions
    if log_options(base):
        out["databaseOptions"] = log_options(base)
    out |= policy.inherit_settings(sim, plan)
    return _unread(out) if sim.faults.peek("plan_options_unread") else out


def _readable(options: Json) -> Json:
    """Snapshot options less the retention of snapshots, which belongs to their copy and is only written here."""
    return {key: value for key, value in options.items() if not key.startswith(("retention", "snapRecovery"))}


def _schedules(sim: Simulator, plan: m.Plan) -> list[Json]:
    if not sim.faults.peek("plan_task_operation"):
        return plan.schedules
    newer = {"taskOperationType": "NONE"}
    return [{key: value for key, value in row.items() if key != "scheduleOperation"} | newer for row in plan.schedules]


def _unread(out: Json) -> Json:
    """The dialect of servers that do not give back all that was written (api-platform 8.5)."""
    kept = {key: value for key, value in out["backupContent"].items() if "Paths" not in key}
    sla = {key: value for key, value in out["rpo"]["SLA"].items() if key != "excludeFromSLA"}
    return {key: value for key, value in out.items() if key != "databaseOptions"} | {
        "backupContent": kept,
        "rpo": {**out["rpo"], "SLA": sla},
    }
