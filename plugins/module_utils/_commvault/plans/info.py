# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Plans and storage pools to look at: what is kept where, for how long, and who decides that."""

from __future__ import annotations

import typing as t

from ..._core.argspec import ArgumentSpec
from ..wire.lookup import named, own
from ..wire.replies import listed, number, part, text
from . import destinations, lookup, settings
from .plan import read_rpo
from .retention_rules import INFINITE, read_backups_to_copy, read_rules

if t.TYPE_CHECKING:
    from ..wire.client import Commvault
    from ..wire.lookup import Found

Json = dict[str, t.Any]
Record = dict[str, t.Any]
_NAMES = {"type": "list", "elements": "str"}
PLAN_OPTIONS = ArgumentSpec({"names": _NAMES, "entities": {"type": "bool", "default": False}})
POOL_OPTIONS = ArgumentSpec({"names": _NAMES})
MEGABYTE = 1024 * 1024
LOCKS = {"compliance": 1, "worm": 2, "object": 4, "bucket": 8}
"""wormStorageFlag, a bit mask (cvpysdk storage_pool.py)."""


def read_plans(client: Commvault, options: Json) -> Json:
    """Plans by name, or all that can be seen; and the names that do not exist."""
    found, missing = named(client, "plan", own(client, "plan", lookup.plans(client), shared=True), options["names"])
    return {"changed": False, "plans": [_plan(client, plan, options["entities"]) for plan in found], "missing": missing}


def _plan(client: Commvault, found: Found, entities: bool) -> Record:
    detail = client.require(f"/V4/ServerPlan/{found.id}")
    additional = part(detail, "additionalProperties")
    record = {
        "id": found.id,
        "name": found.name,
        "company": found.company,
        "status": str(found.row.get("status") or additional.get("status") or "").lower(),
        "rpo_minutes": additional.get("RPO", found.row.get("RPO")),
        "destinations": [destinations.describe(row) for row in listed(detail.get("backupDestinations"))],
        **read_rpo(detail),
        **settings.read(detail),
        "associated_entities": number(found.row, "associatedEntities"),
    }
    if entities:
        record["entities"] = _entities(client, found.id)
    return record


def _entities(client: Commvault, plan_id: int) -> list[Record]:
    """What the plan protects, by name (cvpysdk plan.py, service ASSOCIATED_ENTITIES)."""
    return [
        {
            "client": row.get("clientName"),
            "backupset": row.get("backupsetName"),
            "subclient": row.get("subclientName"),
            "subclient_id": row.get("subclientId"),
        }
        for row in client.rows(f"/V2/Plan/{plan_id}/AssociatedEntities", "entities")
    ]


def read_pools(client: Commvault, options: Json) -> Json:
    """Storage pools by name, or all; and the names that do not exist. Three requests a pool."""
    found, missing = named(client, "storage pool", own(client, "storage pool", lookup.storage_pools(client), shared=True), options["names"])
    regions = lookup.regions_of(client, "STORAGE_POOL", found)
    return {"changed": False, "storage_pools": [_pool(client, pool, regions.get(pool.id)) for pool in found], "missing": missing}


def _pool(client: Commvault, found: Found, region: str | None) -> Record:
    row = found.row
    detail = lookup.pool_detail(client, found) or {}
    locks = number(client.get(f"/StoragePool/{found.id}", absent=(404,)), "storagePoolDetails", "copyInfo", "wormStorageFlag")
    return {
        "id": found.id,
        "name": found.name,
        "company": found.company if found.company_id else None,
        "kind": (lookup.pool_kind(found) or "tape").lower(),
        "status": row.get("status"),
        "region": region,
        "encryption": _encryption(detail.get("encryption")),
        "capacity_bytes": _bytes(row.get("totalCapacity")),
        "free_bytes": _bytes(row.get("totalFreeSpace")),
        "used_bytes": _bytes(row.get("sizeOnDisk")),
        "locks": [name for name, bit in LOCKS.items() if locks & bit],
        "copies": _copies(client, found.id),
    }


def _copies(client: Commvault, pool_id: int) -> list[Record]:
    """Which plans keep how long on a pool, in one request (OpenAPI GetStorageAssociatedCopies)."""
    return [
        {
            "plan": text(row, "plan", "name"),
            "destination": text(row, "copy", "name"),
            "destination_id": part(row, "copy").get("id"),
            "retention_days": int(row.get("retentionPeriodDays", INFINITE)),
            "extended_retention": read_rules(row),
            "backups_to_copy": read_backups_to_copy(row),
            "snapshot": bool(row.get("isSnapCopy", False)),
        }
        for row in client.rows(f"/V4/Storage/{pool_id}/associatedCopies", "copies")
    ]


def _encryption(encryption: Json | None) -> Record | None:
    """None where the API does not tell."""
    if encryption is None:
        return None
    on = bool(encryption.get("encrypt", False))
    return {
        "enabled": on,
        "cipher": encryption.get("cipher") if on else None,
        "key_length": encryption.get("keyLength") if on else None,
        "key_provider": text(encryption, "keyProvider", "name") if on else None,
    }


def _bytes(megabytes: t.Any) -> int | None:
    """The API counts in megabytes."""
    return None if megabytes is None else int(megabytes) * MEGABYTE
