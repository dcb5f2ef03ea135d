# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Backup destinations of a server plan, in the module's words and in the API's.

Sources: OpenAPI CreateBackupDestination, ModifyBackupDestination, ModifyBackupDestinationDetails; cvpysdk plan.py.
"""

from __future__ import annotations

import math
import typing as t

from ..._core.errors import InputError
from ..paging import listed

Json = dict[str, t.Any]
Record = dict[str, t.Any]

INFINITE = -1
BACKUPS_TO_COPY = {
    "all": "All_JOBS",
    "all_fulls": "ALL_FULLS",
    "hourly_fulls": "HOURLY_FULLS",
    "daily_fulls": "DAILY_FULLS",
    "weekly_fulls": "WEEKLY_FULLS",
    "monthly_fulls": "MONTHLY_FULLS",
    "quarterly_fulls": "QUARTERLY_FULLS",
    "half_yearly_fulls": "HALF_YEARLY_FULLS",
    "yearly_fulls": "YEARLY_FULLS",
}
"""The API's spelling: the first one really is mixed."""
RULE_TYPES = [name for name in BACKUPS_TO_COPY if name != "all"]
RULE_PLACES = ("firstExtendedRetentionRule", "secondExtendedRetentionRule", "thirdExtendedRetentionRule")
WORM_FLAGS = 2 | 4 | 8
"""wormStoragePoolFlag: on such a pool the server makes every destination follow the pool's retention (cvpysdk storage_pool.py)."""

DESTINATION_OPTIONS: dict[str, t.Any] = {
    "name": {"type": "str", "required": True},
    "storage_pool": {"type": "str"},
    "region": {"type": "str"},
    "retention_days": {"type": "str"},
    "source": {"type": "str"},
    "backups_to_copy": {"type": "str", "choices": list(BACKUPS_TO_COPY)},
    "extended_retention": {
        "type": "list",
        "elements": "dict",
        "options": {
            "type": {"type": "str", "required": True, "choices": RULE_TYPES},
            "retention_days": {"type": "str", "required": True},
        },
    },
}


def wanted(options: list[Json] | None) -> list[Record] | None:
    """The destinations of a task, checked and without what is not said. Raises InputError."""
    if options is None:
        return None
    result = [_wanted(option) for option in options]
    for number, record in enumerate(result):
        if any(same(record, other) for other in result[:number]):
            raise InputError(f'destinations: "{record["name"]}" is named twice for the same region.')
    return result


def read(rows: t.Any) -> list[Record]:
    """backupDestinations of a plan in the module's words. retention_days is the one in effect, whether the copy's own or the pool's."""
    return [_record(row) for row in listed(rows)]


def merge(found: list[Record], wished: list[Record]) -> list[Record]:
    """The destinations that there will be: known ones with what the task says about them, others untouched, new ones added."""
    result = [dict(record) for record in found]
    for record in wished:
        places = [number for number, have in enumerate(found) if same(record, have)]
        if len(places) > 1:
            raise InputError(f'destinations: the plan has "{record["name"]}" in {len(places)} regions; give region.')
        if not places:
            if any(_equal(record["name"], have["name"]) and have["region"] is None for have in found):
                raise InputError(f'destinations: "{record["name"]}" exists without a region, and cannot be given one. Leave out region.')
            result.append(record)
            continue
        have = found[places[0]]
        # Names are compared without case: what is there keeps its spelling.
        kept = {key: have[key] for key, value in record.items() if isinstance(value, str) and _equal(value, have.get(key))}
        result[places[0]] = {**have, **record, **kept}
    return result


def same(want: Record, have: Record) -> bool:
    """A destination is told by its name and region; a task that leaves out the region means the only one of that name."""
    return _equal(want["name"], have["name"]) and ("region" not in want or _equal(want["region"], have.get("region")))


def to_create(record: Record, pool: Json, region_id: int | None) -> Json:
    """A new destination. pool: id and storageType. Whether it keeps its own retention or the pool's is always said: the default differs."""
    own = record.get("retention_days")
    body: Json = {
        "backupDestinationName": record["name"],
        "storagePool": {"id": pool["id"]},
        "storageType": pool["storageType"],
        "backupStartTime": -1,
        "overrideRetentionSettings": own is not None,
        "retentionRuleType": "RETENTION_PERIOD",
        **_rules(record.get("extended_retention") or []),
    }
    if own is not None:
        body["retentionPeriodDays"] = own
    if region_id is not None:
        body["region"] = {"id": region_id}
    if record.get("source"):
        body["sourceCopy"] = {"name": record["source"]}
        body["backupsToCopy"] = BACKUPS_TO_COPY[record.get("backups_to_copy") or "all"]
    return body


def to_change(record: Record, have: Record, row: Json, source_id: int | None) -> Json:
    """A changed destination for the V5 call, which wants each part whole. have, row: as it is, in our words and as read."""
    # A copy that follows its pool goes on doing so unless its days are to be others.
    own = bool(row.get("overrideRetentionSettings", False)) or record["retention_days"] != have["retention_days"]
    body: Json = {"retentionRules": retention_rules(row, record["retention_days"] if own else None, record["extended_retention"])}
    if source_id is not None:
        body["general"] = {"source": {"id": source_id}}
    if record["backups_to_copy"] != have["backups_to_copy"]:
        body["backupType"] = {
            "backupTypesToCopy": BACKUPS_TO_COPY[record["backups_to_copy"]],
            "backupTypesCopiedFrom": row.get("backupStartTime", -1),
            "fullBackupTypesToCopy": row.get("fullBackupTypesToCopy") or "LAST",
        }
    return body


def retention_rules(row: Json, own: int | None, rules: list[Record], aging: bool | None = None) -> Json:
    """The retentionRules of the V5 call, whole. own: the days, None to follow the pool. aging: None to leave data aging as it is in the row."""
    kept = row.get("enableDataAging")
    return {
        "enableDataAging": aging if aging is not None else True if kept is None else kept,
        "overrideRetentionSettings": own is not None,
        "retentionRuleType": row.get("retentionRuleType") or "RETENTION_PERIOD",
        **({} if own is None else {"retentionPeriodDays": own}),
        **_rules(rules),
        # The server demands it at every edit (cvpysdk plan.py edit_copy).
        "fullBackupTypesToBeRetained": "FIRST",
    }


def to_change_v4(body: Json) -> Json:
    """The same for servers that know only the flat V4 call (OpenAPI ModifyBackupDestination)."""
    flat = {key: value for key, value in body["retentionRules"].items() if key != "fullBackupTypesToBeRetained"}
    if "general" in body:
        flat["sourceCopy"] = body["general"]["source"]
    if "backupType" in body:
        flat["backupsToCopy"] = body["backupType"]["backupTypesToCopy"]
        flat["backupStartTime"] = body["backupType"]["backupTypesCopiedFrom"]
    return flat


def decreases(have: Record, want: Record) -> list[str]:
    """What would be kept for a shorter time than now, in words for a message: '"Primary" from 30 to 7 days'."""
    found = []
    if length(want["retention_days"]) < length(have["retention_days"]):
        found.append(f'"{have["name"]}" from {spoken(have["retention_days"])} to {spoken(want["retention_days"])}')
    rules: dict[str, int] = {rule["type"]: rule["retention_days"] for rule in want["extended_retention"]}
    for rule in have["extended_retention"]:
        left = rules[rule["type"]] if rule["type"] in rules else int(want["retention_days"])
        if length(left) < length(rule["retention_days"]):
            found.append(f'"{have["name"]}", {rule["type"]} from {spoken(rule["retention_days"])} to {spoken(left)}')
    return found


def follows_worm_pool(row: Json) -> bool:
    """Whether the pool decides the retention of a destination, so that it cannot be changed here."""
    return bool(int((row.get("storagePool") or {}).get("wormStoragePoolFlag") or 0) & WORM_FLAGS)


def spoken(number: int) -> str:
    """Days in words."""
    return "infinite" if number == INFINITE else f"{number} days"


def _wanted(option: Json) -> Record:
    name = option["name"]
    record: Record = {"name": name}
    for key in ("storage_pool", "region", "source", "backups_to_copy"):
        if option[key] is not None:
            record[key] = option[key]
    if record.get("backups_to_copy") and not record.get("source"):
        raise InputError(f'destinations: "{name}" has backups_to_copy but no source; the primary destination takes every backup.')
    if option["retention_days"] is not None:
        record["retention_days"] = days(option["retention_days"], f'destinations: "{name}"')
    if option["extended_retention"] is not None:
        record["extended_retention"] = extended(option["extended_retention"], f'destinations: "{name}"')
    check_rules(record)
    return record


def extended(options: list[Json], label: str) -> list[Record]:
    """Extended rules of a task, checked and in their order. label: whose they are, for the error. Raises InputError."""
    rules = [{"type": rule["type"], "retention_days": days(rule["retention_days"], label)} for rule in options]
    if len(rules) > len(RULE_PLACES) or len({rule["type"] for rule in rules}) < len(rules):
        raise InputError(f"{label} may have {len(RULE_PLACES)} rules of extended_retention, each of another type.")
    return _in_order(rules)


def check_rules(record: Record) -> None:
    """Each extended rule must be longer than the base. Raises InputError."""
    base = record.get("retention_days")
    for rule in record.get("extended_retention", []):
        if base is not None and length(rule["retention_days"]) <= length(base):
            raise InputError(
                f'destinations: "{record["name"]}" keeps {rule["type"]} for {spoken(rule["retention_days"])}, which is not longer than its '
                f"retention_days, {spoken(base)}."
            )


def _record(row: Json) -> Record:
    override = row.get("overrideRetentionSettings", False)
    kept = (
        row.get("retentionPeriodDays")
        if override
        else (row.get("storagePool") or {}).get("retentionPeriodDays", row.get("retentionPeriodDays"))
    )
    spelled = {value.casefold(): key for key, value in BACKUPS_TO_COPY.items()}
    copied = str(row.get("backupsToCopy") or "All_JOBS").casefold()
    return {
        "id": int((row.get("planBackupDestination") or {}).get("id") or 0),
        "name": (row.get("planBackupDestination") or {}).get("name"),
        "region": (row.get("region") or {}).get("name"),
        "storage_pool": (row.get("storagePool") or {}).get("name"),
        "retention_days": INFINITE if kept is None else int(kept),
        "source": (row.get("sourceCopy") or {}).get("name"),
        "backups_to_copy": spelled.get(copied, copied),
        "extended_retention": _read_rules(row) if row.get("useExtendedRetentionRules") else [],
    }


def _read_rules(row: Json) -> list[Record]:
    rules = row.get("extendedRetentionRules") or {}
    given = [rules[place] for place in RULE_PLACES if (rules.get(place) or {}).get("type")]
    return _in_order(
        [
            {
                "type": str(rule["type"]).lower(),
                "retention_days": INFINITE if rule.get("isInfiniteRetention") else int(rule.get("retentionPeriodDays") or 0),
            }
            for rule in given
        ]
    )


def _rules(rules: list[Record]) -> Json:
    """Extended retention is sent whole, with the switch that makes the server look at it."""
    if not rules:
        return {"useExtendedRetentionRules": False}
    return {
        "useExtendedRetentionRules": True,
        "extendedRetentionRules": {place: _rule(rule) for place, rule in zip(RULE_PLACES, rules, strict=False)},
    }


def _rule(rule: Record) -> Json:
    """Infinite is a flag here, and -1 in the base retention."""
    if rule["retention_days"] == INFINITE:
        return {"type": BACKUPS_TO_COPY[rule["type"]], "isInfiniteRetention": True}
    return {"type": BACKUPS_TO_COPY[rule["type"]], "isInfiniteRetention": False, "retentionPeriodDays": rule["retention_days"]}


def _in_order(rules: list[Record]) -> list[Record]:
    known = list(BACKUPS_TO_COPY)
    return sorted(rules, key=lambda rule: known.index(rule["type"]) if rule["type"] in known else len(known))


def days(text: str, label: str) -> int:
    """Days from an option; -1 is infinite. Raises InputError."""
    if text.strip().casefold() in ("infinite", "-1"):
        return INFINITE
    if not text.strip().isdigit() or not 1 <= int(text) <= 9999:
        raise InputError(f'{label} has a retention of "{text}": give days from 1 to 9999, or infinite.')
    return int(text)


def length(number: int) -> float:
    """Days for comparing: -1 is longer than anything."""
    return math.inf if number == INFINITE else number


def _equal(one: t.Any, other: t.Any) -> bool:
    return isinstance(one, str) and isinstance(other, str) and one.casefold() == other.casefold()
