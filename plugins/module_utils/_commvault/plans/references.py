# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The storage pools and regions that a plan's destinations name, each list read once."""

from __future__ import annotations

import typing as t

from ..._core.errors import InputError, Refused
from . import destinations as plan_destinations
from . import lookup as plan_lookup

if t.TYPE_CHECKING:
    from ..wire.client import Commvault
    from ..wire.lookup import Found

Json = dict[str, t.Any]
Record = dict[str, t.Any]

STORAGE_TYPES = {1: "DISK", 2: "CLOUD", 3: "HYPERSCALE", 4: "TAPE"}
"""storageType of GET /StoragePool, as plans spell it (cvpysdk storage_pool.py)."""


class References:
    """Names to ids. In check mode a pool or region that an earlier task may yet make is None, after a warning."""

    def __init__(self, client: Commvault) -> None:
        self._client = client
        self._known_pools: list[Found] | None = None
        self._pools: dict[str, Found | None] = {}
        self._regions: dict[str, Found | None] = {}

    def resolve(self, destinations: list[Record]) -> None:
        """Look up what the new ones among the destinations need, before the first write. Raises InputError and NotFound."""
        for record in destinations:
            if "id" in record:
                continue
            if not record.get("storage_pool"):
                raise InputError(f'destinations: "{record["name"]}" does not exist yet: give storage_pool.')
            self._pool(record["storage_pool"])
            if record.get("region"):
                self._region(record["region"])
            if record.get("source") and not any(record["source"].casefold() == other["name"].casefold() for other in destinations):
                raise InputError(f'destinations: the source "{record["source"]}" of "{record["name"]}" is not a destination of the plan.')

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

    def new_destination(self, record: Record) -> Json:
        """A new destination as the API takes it, for a new plan or one that is there."""
        pool = self._pool(record["storage_pool"])
        found = {"id": pool.id, "storageType": STORAGE_TYPES.get(int(pool.row.get("storageType") or 0), "ALL")} if pool else {}
        region = self.region_id(record["region"]) if record.get("region") else None
        return plan_destinations.to_create(record, found, region)

    def region_id(self, name: str) -> int | None:
        region = self._region(name)
        return region.id if region else None

    def _pool(self, name: str) -> Found | None:
        if name not in self._pools:
            if self._known_pools is None:
                self._known_pools = plan_lookup.storage_pools(self._client)
            self._pools[name] = plan_lookup.storage_pool(self._client, name, self._known_pools)
        return self._pools[name]

    def _region(self, name: str) -> Found | None:
        if name not in self._regions:
            self._regions[name] = plan_lookup.region(self._client, name)
        return self._regions[name]
