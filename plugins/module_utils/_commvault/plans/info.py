# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Plans and storage pools to look at: what is kept where, for how long, and who decides that."""

from __future__ import annotations

import typing as t

from ..wire import lookup
from ..wire.replies import listed
from . import destinations as plan_destinations
from . import lookup as plan_lookup
from . import retention_rules as plan_retention
from . import schedules as plan_schedules
from . import settings as plan_settings
from . import windows as plan_windows

if t.TYPE_CHECKING:
    from ..wire.client import Commvault
    from ..wire.lookup import Found

Json = dict[str, t.Any]
Record = dict[str, t.Any]
MEGABYTE = 1024 * 1024
LOCKS = {"compliance": 1, "worm": 2, "object": 4, "bucket": 8}
"""wormStorageFlag, a bit mask (cvpysdk storage_pool.py)."""


def plans(client: Commvault, names: list[str] | None, entities: bool) -> tuple[list[Record], list[str]]:
    """Plans by name, or all that can be seen; and the names that do not exist."""
    found, missing = _chosen(client, "plan", names, plan_lookup.plans(client))
    return [_plan(client, plan, entities) for plan in found], missing


def pools(client: Commvault, names: list[str] | None) -> tuple[list[Record], list[str]]:
    """Storage pools by name, or all; and the names that do not exist. Three requests a pool."""
    found, missing = _chosen(client, "storage pool", names, plan_lookup.storage_pools(client))
    regions = plan_lookup.regions_of(client, "STORAGE_POOL", found)
    return [_pool(client, pool, regions.get(pool.id)) for pool in found], missing


def _chosen(client: Commvault, kind: str, names: list[str] | None, known: list[Found]) -> tuple[list[Found], list[str]]:
    if names is None:
        return known, []
    chosen = {name: lookup.choose(client, kind, name, known) for name in names}
    return [found for found in chosen.values() if found], [name for name, found in chosen.items() if not found]


def _plan(client: Commvault, found: Found, entities: bool) -> Record:
    detail = client.require(f"/V4/ServerPlan/{found.id}")
    rpo = detail.get("rpo") or {}
    sla = rpo.get("SLA") or {}
    record = {
        "id": found.id,
        "name": found.name,
        "company": found.company,
        "status": str(found.row.get("status") or (detail.get("additionalProperties") or {}).get("status") or "").lower(),
        "rpo_minutes": (detail.get("additionalProperties") or {}).get("RPO", found.row.get("RPO")),
        "sla_days": sla.get("SLAPeriod"),
        "destinations": [plan_destinations.describe(row) for row in listed(detail.get("backupDestinations"))],
        "schedules": plan_schedules.read((rpo.get("backupFrequency") or {}).get("schedules")),
        "backup_window": plan_windows.read_windows(rpo.get("backupWindow")),
        "full_backup_window": plan_windows.read_windows(rpo.get("fullBackupWindow")),
        **plan_settings.read(detail),
        "associated_entities": int(found.row.get("associatedEntities") or 0),
    }
    if entities:
        record["entities"] = _entities(client, found.id)
    return record


def _entities(client: Commvault, plan_id: int) -> list[Record]:
    """What the plan protects, by name (cvpysdk plan.py, service ASSOCIATED_ENTITIES)."""
    reply = client.get(f"/V2/Plan/{plan_id}/AssociatedEntities", absent=(404,)) or {}
    return [
        {
            "client": row.get("clientName"),
            "backupset": row.get("backupsetName"),
            "subclient": row.get("subclientName"),
            "subclient_id": row.get("subclientId"),
        }
        for row in listed(reply.get("entities"))
    ]


def _pool(client: Commvault, found: Found, region: str | None) -> Record:
    row = found.row
    kind = plan_lookup.POOL_KINDS.get(int(row.get("storageType") or 0))
    detail = (client.get(f"/V4/Storage/{kind}/{found.id}", absent=(404,)) or {}) if kind else {}
    older = (client.get(f"/StoragePool/{found.id}", absent=(404,)) or {}).get("storagePoolDetails") or {}
    flag = int((older.get("copyInfo") or {}).get("wormStorageFlag") or 0)
    return {
        "id": found.id,
        "name": found.name,
        "company": found.company if found.company_id else None,
        "kind": (kind or "tape").lower(),
        "status": row.get("status"),
        "region": region,
        "encryption": _encryption(detail.get("encryption")),
        "capacity_bytes": _bytes(row.get("totalCapacity")),
        "free_bytes": _bytes(row.get("totalFreeSpace")),
        "used_bytes": _bytes(row.get("sizeOnDisk")),
        "locks": [name for name, bit in LOCKS.items() if flag & bit],
        "copies": _copies(client, found.id),
    }


def _copies(client: Commvault, pool_id: int) -> list[Record]:
    """Which plans keep how long on a pool, in one request (OpenAPI GetStorageAssociatedCopies)."""
    reply = client.get(f"/V4/Storage/{pool_id}/associatedCopies", absent=(404,)) or {}
    spelled = {value.casefold(): key for key, value in plan_retention.BACKUPS_TO_COPY.items()}
    return [
        {
            "plan": (row.get("plan") or {}).get("name"),
            "destination": (row.get("copy") or {}).get("name"),
            "destination_id": (row.get("copy") or {}).get("id"),
            "retention_days": int(row.get("retentionPeriodDays", plan_retention.INFINITE)),
            "extended_retention": plan_retention.read_rules(row) if row.get("useExtendedRetentionRules") else [],
            "backups_to_copy": spelled.get(str(row.get("backupsToCopy") or "All_JOBS").casefold()),
            "snapshot": bool(row.get("isSnapCopy", False)),
        }
        for row in listed(reply.get("copies"))
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
        "key_provider": (encryption.get("keyProvider") or {}).get("name") if on else None,
    }


def _bytes(megabytes: t.Any) -> int | None:
    """The API counts in megabytes."""
    return None if megabytes is None else int(megabytes) * MEGABYTE
