# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup destinations as the older API sees them: copies of storage policies. api-filesystem 6.1; cvpysdk policies/storage_policies.py."""

from __future__ import annotations

import typing as t

from commvaultsim.plans import rules as plan_rules
from commvaultsim.state import model as m
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]
#: Bit values of extended rules (and of the rules of selective copies) and what the plans call them.
RULES = {
    2: "ALL_FULLS",
    4: "WEEKLY_FULLS",
    8: "MONTHLY_FULLS",
    16: "QUARTERLY_FULLS",
    32: "HALF_YEARLY_FULLS",
    64: "YEARLY_FULLS",
    262144: "HOURLY_FULLS",
    524288: "DAILY_FULLS",
}
BITS = {name: bit for bit, name in RULES.items()}
PLACES = dict(zip(("extendedRetentionRuleOne", "extendedRetentionRuleTwo", "extendedRetentionRuleThree"), plan_rules.RULES, strict=True))


def policy_name(plan: m.Plan) -> str:
    """Each server plan has a storage policy of its name; its id here is the plan's."""
    return plan.name


def _rule(rule: Json) -> Json:
    days = plan_rules.INFINITE if rule.get("isInfiniteRetention") else to_int(rule.get("retentionPeriodDays"))
    return {"isEnabled": 1, "rule": BITS.get(str(rule.get("type")), 2), "endDays": days, "graceDays": 0}


def retention(sim: Simulator, copy: m.Destination) -> Json:
    """retentionRules: days in effect, cycles, flags, and the extended rules that are on."""
    pool = sim.pools[copy.pool_id]
    rules: Json = {
        "retainBackupDataForDays": copy.retention_days if copy.override else pool.retention_days,
        "retainBackupDataForCycles": copy.cycles,
        "retainArchiverDataForDays": -1,
        "jobs": 0,
        "retentionFlags": {"enableDataAging": int(copy.data_aging), "jobBasedRetention": 0, "enableManagedDiskSpace": 0},
    }
    if copy.use_extended:
        rules |= {old: _rule(copy.extended[new]) for old, new in PLACES.items() if copy.extended.get(new)}
    return rules


def row(sim: Simulator, plan: m.Plan, copy: m.Destination) -> Json:
    """A copy with every key that the SDK indexes without asking."""
    pool = sim.pools[copy.pool_id]
    return {
        "StoragePolicyCopy": {
            "copyId": copy.id,
            "copyName": copy.name,
            "storagePolicyId": plan.id,
            "storagePolicyName": policy_name(plan),
        },
        "isDefault": int(copy.default),
        "isSnapCopy": int(copy.snap),
        "active": 1,
        "copyType": 1 if copy.backups_to_copy == "All_JOBS" else 2,
        "copyPrecedence": copy.precedence,
        "useGlobalPolicy": {"storagePolicyId": pool.id, "storagePolicyName": pool.name},
        "library": {"libraryId": pool.copy_id, "libraryName": pool.name},
        "drivePool": {},
        "mediaAgent": {"mediaAgentName": pool.media_agent},
        "retentionRules": retention(sim, copy),
        "copyFlags": {"wormCopy": int(copy.compliance_lock or bool(pool.worm & 1))},
        "extendedFlags": {"overRideGACPRetention": int(copy.override), "useGlobalStoragePolicy": 1},
        "dedupeFlags": {"enableDeduplication": int(pool.deduplication)},
        "dataEncryption": {"encryptData": int(pool.encrypted)},
        "StoragePolicyFlags": {},
        "dataPathConfiguration": {},
    }


def pool_row(pool: m.StoragePool) -> Json:
    """The only copy of a pool's global policy."""
    return {
        "StoragePolicyCopy": {
            "copyId": pool.copy_id,
            "copyName": "Primary",
            "storagePolicyId": pool.id,
            "storagePolicyName": pool.name,
        },
        "isDefault": 1,
        "isSnapCopy": 0,
        "active": 1,
        "copyType": 1,
        "copyPrecedence": 1,
        "library": {"libraryId": pool.copy_id, "libraryName": pool.name},
        "retentionRules": {
            "retainBackupDataForDays": pool.retention_days,
            "retainBackupDataForCycles": -1,
            "retainArchiverDataForDays": -1,
            "jobs": 0,
            "retentionFlags": {"enableDataAging": 1, "jobBasedRetention": 0},
        },
        "copyFlags": {"wormCopy": pool.worm & 1},
        "extendedFlags": {"globalStoragePolicy": 1},
    }


def flat(copy: m.Destination, info: Json) -> Json:
    """What a change of a copy means in the plans' flat keys; what the change does not name is left out."""
    item: Json = {}
    rules, flags = info.get("retentionRules") or {}, info.get("extendedFlags") or {}
    if "overRideGACPRetention" in flags:
        item["overrideRetentionSettings"] = bool(flags["overRideGACPRetention"])
    if "retainBackupDataForDays" in rules and item.get("overrideRetentionSettings", copy.override):
        item["retentionPeriodDays"] = to_int(rules["retainBackupDataForDays"])
    if "enableDataAging" in (rules.get("retentionFlags") or {}):
        item["enableDataAging"] = bool(rules["retentionFlags"]["enableDataAging"])
    named = {old: rules[old] for old in PLACES if old in rules}
    if named:
        extended = dict(copy.extended)
        for old, rule in named.items():
            extended.pop(PLACES[old], None)
            if to_int(rule.get("isEnabled")):
                extended[PLACES[old]] = _from_older(rule)
        item |= {"useExtendedRetentionRules": bool(extended), "extendedRetentionRules": extended}
    return item


def _from_older(rule: Json) -> Json:
    days, kind = to_int(rule.get("endDays")), RULES.get(to_int(rule.get("rule")), "ALL_FULLS")
    return {
        "type": kind,
        "isInfiniteRetention": days == plan_rules.INFINITE,
        **({} if days == plan_rules.INFINITE else {"retentionPeriodDays": days}),
    }
