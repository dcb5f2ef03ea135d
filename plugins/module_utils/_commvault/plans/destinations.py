# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Backup destinations of a server plan, in the module's words and in the API's.

Sources: OpenAPI CreateBackupDestination, ModifyBackupDestination, ModifyBackupDestinationDetails; cvpysdk plan.py.
"""

from __future__ import annotations

import typing as t

from ..._core.compare import covers
from ..._core.errors import InputError
from ..wire.replies import listed
from .retention_rules import (
    BACKUPS_TO_COPY,
    EXTENDED_OPTION,
    INFINITE,
    check_rules,
    days,
    extended,
    read_rules,
    retention_rules,
    rules_to_api,
)

Json = dict[str, t.Any]
Record = dict[str, t.Any]

COMPLIANCE_FLAG = 1
"""wormStoragePoolFlag: retention may grow and never shrink."""
WORM_FLAGS = 2 | 4 | 8
"""wormStoragePoolFlag: on such a pool the server makes every destination follow the pool's retention (cvpysdk storage_pool.py)."""

DESTINATION_OPTIONS: dict[str, t.Any] = {
    "name": {"type": "str", "required": True},
    "storage_pool": {"type": "str"},
    "region": {"type": "str"},
    "retention_days": {"type": "str"},
    "source": {"type": "str"},
    "backups_to_copy": {"type": "str", "choices": list(BACKUPS_TO_COPY)},
    "extended_retention": EXTENDED_OPTION,
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


def describe(row: Json) -> Record:
    """One row with what only a look at it wants: what it is, whose retention it has, and what forbids to change that."""
    pool = row.get("storagePool") or {}
    flag = int(pool.get("wormStoragePoolFlag") or 0)
    aging = row.get("enableDataAging")
    return {
        **_record(row),
        "default": bool(row.get("isDefault", False)),
        "snapshot": bool(row.get("isSnapCopy", False)),
        "follows_pool": not row.get("overrideRetentionSettings", False),
        "pool_retention_days": int(pool.get("retentionPeriodDays", INFINITE)),
        "data_aging": True if aging is None else bool(aging),
        "lock": "worm" if flag & WORM_FLAGS else "compliance" if flag & COMPLIANCE_FLAG or row.get("complianceLock") else None,
    }


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


def same_lists(want: list[Record], have: list[Record] | None) -> bool:
    """Destinations as merged and as read: each covered by its namesake, none left over, whatever the order."""
    found = have or []
    return len(want) == len(found) and all(any(same(record, other) and covers(record, other) for other in found) for record in want)


def same(want: Record, have: Record) -> bool:
    """A destination is told by its name and region; a task that leaves out the region means the only one of that name."""
    return _equal(want["name"], have["name"]) and (want.get("region") is None or _equal(want["region"], have.get("region")))


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
        **rules_to_api(record.get("extended_retention") or []),
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


def to_change_v4(body: Json) -> Json:
    """The same for servers that know only the flat V4 call (OpenAPI ModifyBackupDestination)."""
    flat = {key: value for key, value in body["retentionRules"].items() if key != "fullBackupTypesToBeRetained"}
    if "general" in body:
        flat["sourceCopy"] = body["general"]["source"]
    if "backupType" in body:
        flat["backupsToCopy"] = body["backupType"]["backupTypesToCopy"]
        flat["backupStartTime"] = body["backupType"]["backupTypesCopiedFrom"]
    return flat


def follows_worm_pool(row: Json) -> bool:
    """Whether the pool decides the retention of a destination, so that it cannot be changed here."""
    return bool(int((row.get("storagePool") or {}).get("wormStoragePoolFlag") or 0) & WORM_FLAGS)


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
        "extended_retention": read_rules(row) if row.get("useExtendedRetentionRules") else [],
    }


def _equal(one: t.Any, other: t.Any) -> bool:
    return isinstance(one, str) and isinstance(other, str) and one.casefold() == other.casefold()
