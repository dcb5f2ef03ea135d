# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.compare import Comparer
from ..._core.errors import ApiError, InputError, Refused
from ..._core.reconcile import Record, Resource
from ..plans.lookup import regions_by_entity as regions
from ..wire import lookup
from ..wire.replies import listed
from ..wire.writes import create_once, require_gone
from .entities import COMMCELL, KINDS, Directory

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Json = dict[str, t.Any]
NEAR = 1e-6

_LOCATION = {
    "city": {"type": "str"},
    "state": {"type": "str"},
    "country": {"type": "str", "required": True},
    "latitude": {"type": "float", "required": True},
    "longitude": {"type": "float", "required": True},
}
_ENTITIES = {
    "type": {"type": "str", "choices": [kind for kind in KINDS if kind != COMMCELL], "default": "client"},
    "names": {"type": "list", "elements": "str", "required": True},
    "purpose": {"type": "str", "choices": ["backup", "workload"], "default": "backup"},
}
OPTIONS = ArgumentSpec(
    {
        "name": {"type": "str", "required": True},
        "locations": {"type": "list", "elements": "dict", "options": _LOCATION},
        "entities": {"type": "list", "elements": "dict", "options": _ENTITIES},
        "allow_move": {"type": "bool", "default": False},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }
)


def _same_locations(want: t.Any, have: t.Any) -> bool:
    """The same places in any order; the server adds a continent and a zone."""
    left = list(have or [])
    for place in want:
        found = next((other for other in left if _same_place(place, other)), None)
        if found is None:
            return False
        left.remove(found)
    return not left


def _same_place(want: Json, have: Json) -> bool:
    for key, value in want.items():
        other = have.get(key)
        if isinstance(value, float):
            if other is None or abs(float(other) - value) > NEAR:
                return False
        elif value.casefold() != str(other or "").casefold():
            return False
    return True


@dataclasses.dataclass
class _Entity:
    """Something that the task names. id: 0 where it is missing in check mode; region_id: where it is, 0 for nowhere."""

    row: Json
    id: int
    region_id: int


class Region(Resource):
    """A region and what is in it: OpenAPI GetRegions, CreateRegion, GetRegionDetails, UpdateRegion, DeleteRegion, getRegionForEntities,
    setRegionForEntity; cvpysdk regions.py.
    """

    def __init__(self, client: Commvault, params: Json) -> None:
        self._client = client
        self._params = params
        self._directory = Directory(client)
        self._entities: list[_Entity] = []
        self._id = 0
        self._owner: int | None = None
        self._used: dict[str, int] = {}
        self.comparers: t.Mapping[str, Comparer] = {
            "name": lambda want, have: want.casefold() == have.casefold(),
            "locations": _same_locations,
            # By id, since companies may have regions of the same name.
            "entities": lambda want, have: all(map(self._is_here, self._entities)),
        }

    def find(self) -> Record | None:
        if self._client.company_missing:
            return None
        if self._params["state"] == "present":
            self._entities = self._read_entities()
        found = self._look_up()
        self._owner = found.company_id if found else None
        self._id = found.id if found else 0
        return self._read(found) if found else None

    def desired(self) -> Record:
        params = self._params
        record: Record = {"name": params["name"]}
        if params["locations"] is not None:
            record["locations"] = [{key: value for key, value in place.items() if value is not None} for place in params["locations"]]
        if params["entities"] is not None:
            record["entities"] = [{**entity.row, "region": params["name"]} for entity in self._entities]
        return record

    def guard_create(self, desired: Record) -> None:
        if not desired.get("locations"):
            raise InputError(
                f'The region "{desired["name"]}" does not exist yet: give its locations, or correct the name.', object=desired["name"]
            )
        self._guard_moves()

    def guard_update(self, current: Record, changed: Record) -> None:
        if "locations" in changed:
            self._guard_owner(current)
            if not changed["locations"]:
                raise InputError(f'The region "{current["name"]}" needs at least one location.', object=current["name"])
        self._guard_moves()

    def guard_delete(self, current: Record) -> None:
        self._guard_owner(current)
        if any(self._used.values()):
            counts = ", ".join(f"{count} {what}" for what, count in self._used.items() if count)
            raise Refused(
                f'The region "{current["name"]}" is in use by {counts}, whose data would have no place any more. '
                "Move them to another region first.",
                object=current["name"],
                used_by=self._used,
            )

    def create(self, desired: Record) -> Record:
        body = {"name": desired["name"], "type": "USER_CREATED", "locations": desired["locations"]}

        def look() -> int | None:
            found = self._look_up()
            return found.id if found else None

        number = create_once(lambda: int(self._client.post("/V4/Regions", body).get("id") or 0), look)
        if number <= 0:
            raise ApiError(f'Commvault answered the creation of the region "{desired["name"]}" without an id.', call="POST /V4/Regions")
        return self._assign(number, desired["name"])

    def update(self, current: Record, changed: Record) -> Record:
        if "locations" in changed:
            # The operation is always said: ADD is what is meant otherwise.
            body = {"locationsOperationType": "OVERWRITE", "locations": changed["locations"]}
            self._client.put(f"/V4/Regions/{current['id']}", body)
        return self._assign(current["id"], current["name"])

    def delete(self, current: Record) -> None:
        self._client.delete(f"/V4/Regions/{current['id']}")
        require_gone("region", current["name"], self._look_up() is not None)

    # Mapping

    def _look_up(self) -> lookup.Found | None:
        reply = self._client.get("/V4/Regions", absent=(404,)) or {}
        known = [
            lookup.Found(int(row["id"]), str(row["name"]), *_company(row.get("company")), row)
            for row in listed(reply.get("regions"))
            if row.get("id") is not None
        ]
        return lookup.choose(self._client, "region", self._params["name"], known)

    def _read(self, found: lookup.Found) -> Record:
        detail = self._client.require(f"/V4/Regions/{found.id}")
        counts = {"servers": ("associatedServers", "serversCount"), "plans": ("associatedRegionBasedPlans", "plansCount")}
        self._used = {what: int((detail.get(key) or {}).get(count) or 0) for what, (key, count) in counts.items()}
        keys = ("city", "state", "country", "latitude", "longitude")
        record: Record = {
            "id": found.id,
            "name": detail.get("name") or found.name,
            "company": found.company,
            "locations": [{key: row[key] for key in keys if row.get(key) not in (None, "")} for row in listed(detail.get("locations"))],
            "servers": self._used["servers"],
            "plans": self._used["plans"],
        }
        if self._params["entities"] is not None:
            record["entities"] = [entity.row for entity in self._entities]
        return record

    def _read_entities(self) -> list[_Entity]:
        """Where each entity is, in one request for each type and purpose."""
        entities = []
        for group in self._params["entities"] or []:
            found = [(name, self._directory.find(group["type"], name)) for name in group["names"]]
            numbers = [entity.id for _name, entity in found if entity]
            homes = regions(self._client, KINDS[group["type"]].region, numbers, group["purpose"].upper())
            for name, entity in found:
                number = entity.id if entity else 0
                region_id, region = homes.get(number, (0, None))
                row = {"type": group["type"], "name": entity.name if entity else name, "purpose": group["purpose"], "region": region}
                entities.append(_Entity(row, number, region_id))
        return entities

    def _assign(self, number: int, name: str) -> Record:
        self._id = number
        for entity in self._entities:
            if entity.id and not self._is_here(entity):
                body = {"entityRegionType": entity.row["purpose"].upper(), "region": {"id": number}}
                self._client.put(f"/V4/entity/{KINDS[entity.row['type']].region}/{entity.id}/region", body)
                entity.row, entity.region_id = {**entity.row, "region": name}, number
        return self._read(lookup.Found(number, name, self._owner, self._client.company))

    def _is_here(self, entity: _Entity) -> bool:
        return bool(self._id) and entity.region_id == self._id

    # Guards

    def _guard_moves(self) -> None:
        moved = [entity.row for entity in self._entities if entity.region_id and not self._is_here(entity)]
        if moved and not self._params["allow_move"]:
            raise Refused(
                f'These would move to the region "{self._params["name"]}", and their data with them: '
                + ", ".join(f'{KINDS[row["type"]].label} "{row["name"]}" from "{row["region"]}" ({row["purpose"]})' for row in moved)
                + ". Give allow_move if the data may leave.",
                object=self._params["name"],
            )

    def _guard_owner(self, current: Record) -> None:
        if self._client.company_id and self._owner == 0:
            raise Refused(
                f'The region "{current["name"]}" is the provider\'s, and other companies use it. '
                "Choose another name, or act without company.",
                object=current["name"],
            )


def _company(company: Json | None) -> tuple[int | None, str | None]:
    values = company or {}
    return (int(values["id"]), values.get("name")) if values.get("id") is not None else (None, None)
