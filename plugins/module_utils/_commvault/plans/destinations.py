# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Backup destinations of a server plan: what a task wants, what the API tells, and how they are written.

Sources: OpenAPI CreateBackupDestination, ModifyBackupDestination, ModifyBackupDestinationDetails; cvpysdk plan.py.
"""

from __future__ import annotations

import typing as t

from ..._core.compare import covers
from ..._core.errors import ApiError, InputError, Refused
from ..wire.lookup import same_name
from ..wire.replies import listed, number, part, text
from . import lookup as plan_lookup
from .retention_rules import (
    BACKUPS_TO_COPY,
    EXTENDED_OPTION,
    INFINITE,
    check_rules,
    days,
    extended,
    read_backups_to_copy,
    read_rules,
    retention_rules,
    rules_to_api,
)

if t.TYPE_CHECKING:
    from ..wire.client import Commvault
    from ..wire.lookup import Found

Json = dict[str, t.Any]
Record = dict[str, t.Any]

COMPLIANCE_FLAG = 1
"""wormStoragePoolFlag: retention may grow and never shrink."""
WORM_FLAGS = 2 | 4 | 8
"""wormStoragePoolFlag: on such a pool the server makes every destination follow the pool's retention (cvpysdk storage_pool.py)."""

STORAGE_TYPES = {1: "DISK", 2: "CLOUD", 3: "HYPERSCALE", 4: "TAPE"}
"""storageType of GET /StoragePool, as plans spell it (cvpysdk storage_pool.py)."""

DESTINATION_OPTIONS: dict[str, t.Any] = {
    "name": {"type": "str", "required": True},
    "storage_pool": {"type": "str"},
    "region": {"type": "str"},
    "retention_days": {"type": "str"},
    "source": {"type": "str"},
    "backups_to_copy": {"type": "str", "choices": list(BACKUPS_TO_COPY)},
    "extended_retention": EXTENDED_OPTION,
}


# What a task wants, and what there will be


def wanted(options: list[Json] | None) -> list[Record] | None:
    """The destinations of a task, checked and without what is not said. Raises InputError."""
    if options is None:
        return None
    result = [_wanted(option) for option in options]
    for place, record in enumerate(result):
        if any(same(record, other) for other in result[:place]):
            raise InputError(f'destinations: "{record["name"]}" is named twice for the same region.')
    return result


def _wanted(option: Json) -> Record:
    name = option["name"]
    said = ("storage_pool", "region", "source", "backups_to_copy")
    record: Record = {"name": name, **{key: option[key] for key in said if option[key] is not None}}
    if record.get("backups_to_copy") and not record.get("source"):
        raise InputError(f'destinations: "{name}" has backups_to_copy but no source; the primary destination takes every backup.')
    if option["retention_days"] is not None:
        record["retention_days"] = days(option["retention_days"], f'destinations: "{name}"')
    if option["extended_retention"] is not None:
        record["extended_retention"] = extended(option["extended_retention"], f'destinations: "{name}"')
    check_rules(record)
    return record


def merge(found: list[Record], wished: list[Record]) -> list[Record]:
    """The destinations that there will be: known ones with what the task says about them, others untouched, new ones added."""
    result = [dict(record) for record in found]
    for record in wished:
        places = [place for place, have in enumerate(found) if same(record, have)]
        if len(places) > 1:
            raise InputError(f'destinations: the plan has "{record["name"]}" in {len(places)} regions; give region.')
        if places:
            result[places[0]] = _merged(found[places[0]], record)
            continue
        if any(same_name(record["name"], have["name"]) and have["region"] is None for have in found):
            raise InputError(f'destinations: "{record["name"]}" exists without a region, and cannot be given one. Leave out region.')
        result.append(record)
    return result


def _merged(have: Record, want: Record) -> Record:
    """Names are compared without case: what is there keeps its spelling."""
    kept = {key: have[key] for key, value in want.items() if isinstance(value, str) and same_name(value, have.get(key))}
    return {**have, **want, **kept}


def same_lists(want: list[Record], have: list[Record] | None) -> bool:
    """Destinations as merged and as read: each covered by its namesake, none left over, whatever the order."""
    found = have or []
    return len(want) == len(found) and all(any(same(record, other) and covers(record, other) for other in found) for record in want)


def same(want: Record, have: Record) -> bool:
    """A destination is told by its name and region; a task that leaves out the region means the only one of that name."""
    return same_name(want["name"], have["name"]) and (want.get("region") is None or same_name(want["region"], have.get("region")))


# What the API tells


def read(rows: t.Any) -> list[Record]:
    """backupDestinations of a plan in the module's words. retention_days is the one in effect, whether the copy's own or the pool's."""
    return [_record(row) for row in listed(rows)]


def rows_by_id(detail: Json) -> dict[int, Json]:
    """The destinations in the detail of a plan, as the server sent them."""
    return {number(row, "planBackupDestination", "id"): row for row in listed(detail.get("backupDestinations"))}


def _record(row: Json) -> Record:
    days_of_pool = part(row, "storagePool").get("retentionPeriodDays")
    follows = not row.get("overrideRetentionSettings") and days_of_pool is not None
    kept = days_of_pool if follows else row.get("retentionPeriodDays")
    return {
        "id": number(row, "planBackupDestination", "id"),
        "name": text(row, "planBackupDestination", "name"),
        "region": text(row, "region", "name"),
        "storage_pool": text(row, "storagePool", "name"),
        "retention_days": INFINITE if kept is None else int(kept),
        "source": text(row, "sourceCopy", "name"),
        "backups_to_copy": read_backups_to_copy(row),
        "extended_retention": read_rules(row),
    }


def describe(row: Json) -> Record:
    """One row with what only a look at it wants: what it is, whose retention it has, and what forbids to change that."""
    compliance = number(row, "storagePool", "wormStoragePoolFlag") & COMPLIANCE_FLAG or row.get("complianceLock")
    aging = row.get("enableDataAging")
    return {
        **_record(row),
        "default": bool(row.get("isDefault", False)),
        "snapshot": bool(row.get("isSnapCopy", False)),
        "follows_pool": not row.get("overrideRetentionSettings", False),
        "pool_retention_days": int(part(row, "storagePool").get("retentionPeriodDays", INFINITE)),
        "data_aging": True if aging is None else bool(aging),
        "lock": "worm" if follows_worm_pool(row) else "compliance" if compliance else None,
    }


def follows_worm_pool(row: Json) -> bool:
    """Whether the pool decides the retention of a destination, so that it cannot be changed here."""
    return bool(number(row, "storagePool", "wormStoragePoolFlag") & WORM_FLAGS)


# Writing: one POST a region for new ones, one PUT for each changed one, one DELETE for each that goes


class PoolsAndRegions:
    """The storage pools and regions that destinations name, each looked up once.

    In check mode one that an earlier task may yet make is None, after a warning.
    """

    def __init__(self, client: Commvault) -> None:
        self._client = client
        self._known_pools: list[Found] | None = None
        self._pools: dict[str, Found | None] = {}
        self._regions: dict[str, Found | None] = {}

    def require_encrypted(self, plan: str, destinations: list[Record]) -> None:
        """Refuse storage pools that keep data in clear, whether the destination is new or already there."""
        for name in dict.fromkeys(record["storage_pool"] for record in destinations if record.get("storage_pool")):
            pool = self._pool(name)
            encrypted = plan_lookup.pool_encrypted(self._client, pool) if pool else True
            if not encrypted:
                state = "does not encrypt what it stores" if encrypted is False else "does not tell whether it encrypts what it stores"
                raise Refused(
                    f'The storage pool "{name}" of the plan "{plan}" {state}. Switch its encryption on in Commvault or take another pool; '
                    "require_encryption: false allows it all the same.",
                    object=name,
                )

    def require_for_new(self, destinations: list[Record]) -> None:
        """Look up what the new ones among the destinations need, before the first write. Raises InputError and NotFound."""
        for record in destinations:
            if "id" in record:
                continue
            if not record.get("storage_pool"):
                raise InputError(f'destinations: "{record["name"]}" does not exist yet: give storage_pool.')
            self._pool(record["storage_pool"])
            self.region_id(record)
            if record.get("source") and not any(same_name(record["source"], other["name"]) for other in destinations):
                raise InputError(f'destinations: the source "{record["source"]}" of "{record["name"]}" is not a destination of the plan.')

    def to_create(self, record: Record) -> Json:
        """A new destination as the API takes it, for a new plan or one that is there.

        Whether it keeps its own retention or the pool's is always said: the default differs.
        """
        pool = self._pool(record["storage_pool"])
        own, region = record.get("retention_days"), self.region_id(record)
        body: Json = {
            "backupDestinationName": record["name"],
            "storagePool": {"id": pool.id if pool else None},
            "storageType": STORAGE_TYPES.get(number(pool.row, "storageType") if pool else 0, "ALL"),
            "backupStartTime": -1,
            "overrideRetentionSettings": own is not None,
            "retentionRuleType": "RETENTION_PERIOD",
            **rules_to_api(record.get("extended_retention") or []),
        }
        if own is not None:
            body["retentionPeriodDays"] = own
        if region is not None:
            body["region"] = {"id": region}
        if record.get("source"):
            body["sourceCopy"] = {"name": record["source"]}
            body["backupsToCopy"] = BACKUPS_TO_COPY[record.get("backups_to_copy") or "all"]
        return body

    def region_id(self, record: Record) -> int | None:
        """The id of a destination's region; None where it has none."""
        name = record.get("region")
        if not name:
            return None
        if name not in self._regions:
            self._regions[name] = plan_lookup.region(self._client, name)
        region = self._regions[name]
        return region.id if region else None

    def _pool(self, name: str) -> Found | None:
        if name not in self._pools:
            if self._known_pools is None:
                self._known_pools = plan_lookup.storage_pools(self._client)
            self._pools[name] = plan_lookup.storage_pool(self._client, name, self._known_pools)
        return self._pools[name]


def write(client: Commvault, places: PoolsAndRegions, current: Record, wanted: list[Record], rows: dict[int, Json]) -> None:
    """Bring a plan's destinations from the current record to the wanted list. rows: as they were read, by id."""
    path = f"/V4/ServerPlan/{current['id']}/BackupDestination"
    have = {record["id"]: record for record in current["destinations"]}
    ids = {_place(record): record["id"] for record in current["destinations"]}
    ids |= _add(client, places, path, [record for record in wanted if "id" not in record])
    for record in wanted:
        if "id" in record and record != have[record["id"]]:
            moved = record["source"] != have[record["id"]]["source"]
            source = ids[_place({**record, "name": record["source"]})] if moved else None
            change(client, current["id"], record["id"], _to_change(record, have[record["id"]], rows[record["id"]], source))
    kept = {record.get("id") for record in wanted}
    for record in _last_copies_first([record for record in have.values() if record["id"] not in kept]):
        client.delete(f"{path}/{record['id']}")


def change(client: Commvault, plan_id: int, destination_id: int, body: Json) -> None:
    """Change one destination with the V5 body; an older server gets the flat call."""
    try:
        client.put(f"/V5/ServerPlan/{plan_id}/BackupDestination/{destination_id}", body)
    except ApiError as error:
        if error.details.get("status") != 404:
            raise
        client.put(f"/V4/ServerPlan/{plan_id}/BackupDestination/{destination_id}", _to_change_v4(body))


def _add(client: Commvault, places: PoolsAndRegions, path: str, records: list[Record]) -> dict[tuple[str, str], int]:
    made = {}
    for region in dict.fromkeys(record.get("region") for record in records):
        new = [record for record in records if record.get("region") == region]
        # Sources disagree on whether the region stands in the destination or beside it (OpenAPI has both), so that it stands in both.
        body: Json = {"destinations": [places.to_create(record) for record in new]}
        if region:
            body["region"] = {"id": places.region_id(new[0])}
        reply = client.post(path, body)
        made.update({_place({**row, "region": region}): int(row["id"]) for row in listed(reply.get("planBackupDestination"))})
    return made


def _to_change(record: Record, have: Record, row: Json, source_id: int | None) -> Json:
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


def _to_change_v4(body: Json) -> Json:
    """The same for servers that know only the flat V4 call (OpenAPI ModifyBackupDestination)."""
    flat = {key: value for key, value in body["retentionRules"].items() if key != "fullBackupTypesToBeRetained"}
    if "general" in body:
        flat["sourceCopy"] = body["general"]["source"]
    if "backupType" in body:
        flat["backupsToCopy"] = body["backupType"]["backupTypesToCopy"]
        flat["backupStartTime"] = body["backupType"]["backupTypesCopiedFrom"]
    return flat


def _last_copies_first(gone: list[Record]) -> list[Record]:
    """A destination goes before the one that it copies from."""
    ordered: list[Record] = []
    left = list(gone)
    while left:
        sources = {(record["source"], record["region"]) for record in left}
        free = [record for record in left if (record["name"], record["region"]) not in sources] or left
        ordered += free
        left = [record for record in left if record not in free]
    return ordered


def _place(record: Json) -> tuple[str, str]:
    return record["name"].casefold(), (record["region"] or "").casefold()
