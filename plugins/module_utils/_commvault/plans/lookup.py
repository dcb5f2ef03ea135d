# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..wire.lookup import Found, Owner, Reach, choose, company_of, needed, to_found
from ..wire.replies import number

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Row = dict[str, t.Any]
POOL_KINDS = {1: "Disk", 2: "Cloud", 3: "HyperScale"}
"""storageType of GET /StoragePool, as the path of the V4 detail spells it (cvpysdk storage_pool.py)."""


def plan(client: Commvault, name: str, way_out: str = "Create it with calligo.baas.commvault_plan, or correct the name.") -> Found | None:
    """The server plan of this name, the company's own before the provider's. Missing: NotFound; in check mode a warning and None."""
    return needed(client, "plan", name, find_plan(client, name), way_out)


def find_plan(client: Commvault, name: str, reach: Reach = "visible") -> Found | None:
    """Like plan(), but None where there is none. row: a row of plans[] with associatedEntities, a number (OpenAPI GetPlanSummary)."""
    return choose(client, "plan", name, plans(client), reach)


def plans(client: Commvault) -> list[Found]:
    """All server plans that can be seen, in one request, past the server's cache (cvpysdk plan.py, service PLAN_SUMMARY)."""
    rows = client.rows("/V4/Plan/Summary", "plans", {"fq": "plans.subtype:in:Server", "hardRefresh": "true"})
    return [to_found(row["plan"], row, row.get("company")) for row in rows]


def storage_pool(client: Commvault, name: str, known: t.Iterable[Found] | None = None) -> Found | None:
    """The storage pool of this name. row: of storagePoolList[]. Missing: as in plan(). See also pool_encrypted().

    known: what storage_pools() gave, where it has been read already.
    """
    found = choose(client, "storage pool", name, storage_pools(client) if known is None else known)
    return needed(client, "storage pool", name, found, "Create it in Commvault, let the company see it, or correct the name.")


def storage_pools(client: Commvault) -> list[Found]:
    """All storage pools of every type, in one request (GET /StoragePool; cvpysdk storage_pool.py)."""
    return [
        Found(int(entity["storagePoolId"]), str(entity["storagePoolName"]), *company_of(entity.get("entityInfo")), row)
        for row in client.rows("/StoragePool", "storagePoolList")
        for entity in [row["storagePoolEntity"]]
    ]


def pool_kind(pool: Found) -> str | None:
    """Disk, Cloud or HyperScale; None for one that V4 has no detail of."""
    return POOL_KINDS.get(number(pool.row, "storageType"))


def pool_detail(client: Commvault, pool: Found) -> Row | None:
    """What V4 tells of a pool (OpenAPI GetDiskStorageDetails and siblings); None where it does not."""
    kind = pool_kind(pool)
    return client.get(f"/V4/Storage/{kind}/{pool.id}", absent=(404,)) if kind else None


def pool_encrypted(client: Commvault, pool: Found) -> bool | None:
    """Whether what the pool stores is encrypted; None where the API does not tell."""
    encryption = (pool_detail(client, pool) or {}).get("encryption")
    # A flag that is false may be left out of a reply, the object around it is not.
    return None if encryption is None else bool(encryption.get("encrypt", False))


def region(client: Commvault, name: str) -> Found | None:
    """The region of this name. Missing: as in plan()."""
    # A region is a place and holds nothing: one that nobody tells the owner of (OpenAPI GetRegions does not) is used as the provider's.
    known = [row if row.company_id is not None else row.of(Owner(0)) for row in regions(client)]
    return needed(client, "region", name, choose(client, "region", name, known), "Create it in Commvault, or correct the name.")


def regions(client: Commvault) -> list[Found]:
    """All regions that can be seen, in one request (OpenAPI GetRegions)."""
    return [to_found(row, row, row.get("company")) for row in client.rows("/V4/Regions", "regions") if row.get("id") is not None]


AT_ONCE = 200
"""Ids in one bulk read, so that the address stays short."""


def regions_by_entity(client: Commvault, kind: str, numbers: t.Sequence[int], purpose: str = "BACKUP") -> dict[int, tuple[int, str]]:
    """Id and name of the region of each entity, by the entity's id, a request for so many; those without a region are left out.

    kind: entityType of the region calls. purpose: BACKUP, where its backups go, or WORKLOAD, where it lives. Servers write the region into
    the row, as id and name or as regionId and regionName, or as an object of its own (OpenAPI getRegionForEntities; cvpysdk regions.py).
    """
    found: dict[int, tuple[int, str]] = {}
    for start in range(0, len(numbers), AT_ONCE):
        some = ",".join(map(str, numbers[start : start + AT_ONCE]))
        for row in client.rows("/V4/entity/region", "regions", {"entityType": kind, "entities": some, "regionType": purpose}):
            place = row["region"] if isinstance(row.get("region"), dict) else row
            region_id, name = place.get("id") or place.get("regionId"), place.get("name") or place.get("regionName")
            if region_id and row.get("entityId"):
                found[int(row["entityId"])] = (int(region_id), str(name or region_id))
    return found


def regions_of(client: Commvault, entity_type: str, owners: t.Iterable[Found]) -> dict[int, str]:
    """Names of the regions where the backups of entities go, by entity id; an entity without a region is left out."""
    found = regions_by_entity(client, entity_type, sorted({one.id for one in owners}))
    return {entity: name for entity, (_region, name) in found.items()}
