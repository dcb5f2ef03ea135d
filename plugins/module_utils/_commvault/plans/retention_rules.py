# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Retention of a backup destination: days, extended rules, and what is shorter than what (OpenAPI ModifyBackupDestinationDetails)."""

from __future__ import annotations

import math
import typing as t

from ..._core.errors import InputError
from ..wire.replies import number, part

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
EXTENDED_OPTION: dict[str, t.Any] = {
    "type": "list",
    "elements": "dict",
    "options": {
        "type": {"type": "str", "required": True, "choices": RULE_TYPES},
        "retention_days": {"type": "str", "required": True},
    },
}
RULE_PLACES = ("firstExtendedRetentionRule", "secondExtendedRetentionRule", "thirdExtendedRetentionRule")


def retention_rules(row: Json, own: int | None, rules: list[Record], aging: bool | None = None) -> Json:
    """The retentionRules of the V5 call, whole. own: the days, None to follow the pool. aging: None to leave it as it is."""
    kept = row.get("enableDataAging")
    return {
        "enableDataAging": aging if aging is not None else True if kept is None else kept,
        "overrideRetentionSettings": own is not None,
        "retentionRuleType": row.get("retentionRuleType") or "RETENTION_PERIOD",
        **({} if own is None else {"retentionPeriodDays": own}),
        **rules_to_api(rules),
        # The server demands it at every edit (cvpysdk plan.py edit_copy).
        "fullBackupTypesToBeRetained": "FIRST",
    }


def decreases(have: Record, want: Record) -> list[str]:
    """What would be kept for a shorter time than now, in words for a message: '"Primary" from 30 to 7 days'."""
    found = []
    if length(want["retention_days"]) < length(have["retention_days"]):
        found.append(f'"{have["name"]}" from {in_words(have["retention_days"])} to {in_words(want["retention_days"])}')
    rules: dict[str, int] = {rule["type"]: rule["retention_days"] for rule in want["extended_retention"]}
    for rule in have["extended_retention"]:
        left = rules[rule["type"]] if rule["type"] in rules else int(want["retention_days"])
        if length(left) < length(rule["retention_days"]):
            found.append(f'"{have["name"]}", {rule["type"]} from {in_words(rule["retention_days"])} to {in_words(left)}')
    return found


def in_words(kept: int) -> str:
    """Days in words."""
    return "infinite" if kept == INFINITE else f"{kept} days"


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
                f'The destination "{record["name"]}" would keep {rule["type"]} for {in_words(rule["retention_days"])}, '
                f"which is not longer than its retention_days, {in_words(base)}."
            )


def read_rules(row: Json) -> list[Record]:
    """The extended rules of a destination or copy; none where they are switched off."""
    if not row.get("useExtendedRetentionRules"):
        return []
    given = [rule for place in RULE_PLACES for rule in [part(row, "extendedRetentionRules", place)] if rule.get("type")]
    return _in_order(
        [
            {
                "type": str(rule["type"]).lower(),
                "retention_days": INFINITE if rule.get("isInfiniteRetention") else number(rule, "retentionPeriodDays"),
            }
            for rule in given
        ]
    )


def read_backups_to_copy(row: Json) -> str:
    """Which backups a destination takes, in our words; one that we have none for stays as it is."""
    copied = str(row.get("backupsToCopy") or BACKUPS_TO_COPY["all"]).casefold()
    return {value.casefold(): key for key, value in BACKUPS_TO_COPY.items()}.get(copied, copied)


def rules_to_api(rules: list[Record]) -> Json:
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


def length(kept: int) -> float:
    """Days for comparing: -1 is longer than anything."""
    return math.inf if kept == INFINITE else kept
