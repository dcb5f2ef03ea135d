# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..wire.lookup import Found, Reach, choose, company_of, needed, to_found
from ..wire.replies import listed

if t.TYPE_CHECKING:
    from ..wire.client import Commvault
    from ..wire.lookup import Found

# From a name to an id. Lists may come from a cache, filters may be ignored by an older server, and the same name may
# live in several companies: so every answer is compared again here, by name and by company.

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
    reply = client.get("/V4/Plan/Summary", {"fq": "plans.subtype:in:Server", "hardRefresh": "true"}, absent=(404,)) or {}
    return [to_found(row["plan"], row, row.get("company")) for row in listed(reply.get("plans"))]


def storage_pool(client: Commvault, name: str, known: t.Iterable[Found] | None = None) -> Found | None:
    """The storage pool of this name. row: of storagePoolList[]. Missing: as in plan(). See also pool_encrypted().

    known: what storage_pools() gave, where it has been read already.
    """
    found = choose(client, "storage pool", name, storage_pools(client) if known is None else known)
    return needed(client, "storage pool", name, found, "Create it in Commvault, let the company see it, or correct the name.")


def storage_pools(client: Commvault) -> list[Found]:
    """All storage pools of every type, in one request (GET /StoragePool; cvpysdk storage_pool.py)."""
    reply = client.get("/StoragePool", absent=(404,)) or {}
    return [
        Found(int(entity["storagePoolId"]), str(entity["storagePoolName"]), *company_of(entity.get("entityInfo")), row)
        for row in listed(reply.get("storagePoolList"))
        for entity in [row["storagePoolEntity"]]
    ]


def pool_encrypted(client: Commvault, pool: Found) -> bool | None:
    """Whether what the pool stores is encrypted; None where the API does not tell (OpenAPI GetDiskStorageDetails and siblings)."""
    kind = POOL_KINDS.get(int(pool.row.get("storageType") or 0))
    detail = client.get(f"/V4/Storage/{kind}/{pool.id}", absent=(404,)) if kind else None
    encryption = (detail or {}).get("encryption")
    # A flag that is false may be left out of a reply, the object around it is not.
    return None if encryption is None else bool(encryption.get("encrypt", False))


def region(client: Commvault, name: str) -> Found | None:
    """The region of this name (OpenAPI GetRegions). Missing: as in plan()."""
    reply = client.get("/V4/Regions", absent=(404,)) or {}
    known = [to_found(row, row, row.get("company")) for row in listed(reply.get("regions"))]
    return needed(client, "region", name, choose(client, "region", name, known), "Create it in Commvault, or correct the name.")


# Things that a region or a role can be given to, each under the names that the different calls have for its kind.

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
        reply = client.get("/V4/entity/region", {"entityType": kind, "entities": some, "regionType": purpose}, absent=(404,)) or {}
        for row in listed(reply.get("regions")):
            region = row["region"] if isinstance(row.get("region"), dict) else row
            number, name = region.get("id") or region.get("regionId"), region.get("name") or region.get("regionName")
            if number and row.get("entityId"):
                found[int(row["entityId"])] = (int(number), str(name or number))
    return found


"""What must be there before anything is configured: storage pools, access nodes and servers, with where they are."""


Record = dict[str, t.Any]


def regions_of(client: Commvault, entity_type: str, owners: t.Iterable[Found]) -> dict[int, str]:
    """Names of the regions where the backups of entities go, by entity id; an entity without a region is left out."""
    found = regions_by_entity(client, entity_type, sorted({one.id for one in owners}))
    return {number: name for number, (_region, name) in found.items()}
