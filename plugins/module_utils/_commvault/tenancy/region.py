# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.compare import Comparer
from ..._core.engine import Record, Resource, Seen
from ..._core.errors import InputError, Refused
from ..plans.lookup import regions, regions_by_entity
from ..wire.lookup import Found, choose, same_name
from ..wire.replies import listed, number
from ..wire.writes import create_numbered, require_gone
from .lookup import COMMCELL, ENTITIES, NameLists

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
    "type": {"type": "str", "choices": [kind for kind in ENTITIES if kind != COMMCELL], "default": "client"},
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
    return all(
        key in have and abs(float(have[key]) - value) <= NEAR if isinstance(value, float) else same_name(value, have.get(key, ""))
        for key, value in want.items()
    )


@dataclasses.dataclass(frozen=True)
class _Member:
    """Something that the task names. id: 0 where it is missing in check mode; region_id: where it is, 0 for nowhere."""

    row: Json
    id: int
    region_id: int


@dataclasses.dataclass(frozen=True)
class _Raw:
    """What is read beside a region's record: the company that owns it, and what the task names."""

    owner: int | None = None
    members: tuple[_Member, ...] = ()


class Region(Resource):
    """A region and what is in it: OpenAPI GetRegions, CreateRegion, GetRegionDetails, UpdateRegion, DeleteRegion, getRegionForEntities,
    setRegionForEntity; cvpysdk regions.py.
    """

    comparers: t.Mapping[str, Comparer] = {"name": same_name, "locations": _same_locations}

    def __init__(self, client: Commvault, params: Json) -> None:
        self._client = client
        self._params = params
        self._names = NameLists(client)

    def observe(self) -> Seen:
        if self._client.company_missing:
            return Seen(None, _Raw())
        members = self._read_members() if self._params["state"] == "present" else ()
        found = self._look_up()
        if found is None:
            return Seen(None, _Raw(None, members))
        rows = [member.row for member in members]
        return Seen(self._read(found.id, found.name, found.company, rows), _Raw(found.company_id, members))

    def desired(self, seen: Seen) -> Record:
        params = self._params
        record: Record = {"name": params["name"]}
        if params["locations"] is not None:
            record["locations"] = [{key: value for key, value in place.items() if value is not None} for place in params["locations"]]
        if params["entities"] is not None:
            record["entities"] = [{**member.row, "region": params["name"]} for member in seen.raw.members]
        return record

    def differences(self, desired: Record, seen: Seen) -> Record:
        """Where things are is compared by id, since companies may have regions of the same name."""
        changed = super().differences({key: value for key, value in desired.items() if key != "entities"}, seen)
        elsewhere = [member for member in seen.raw.members if member.region_id != seen.known["id"]]
        return {**changed, "entities": desired["entities"]} if elsewhere else changed

    def prepare_create(self, seen: Seen, desired: Record) -> None:
        if not desired.get("locations"):
            raise InputError(
                f'The region "{desired["name"]}" does not exist yet: give its locations, or correct the name.', object=desired["name"]
            )
        self._refuse_moves(seen)

    def prepare_update(self, seen: Seen, changed: Record) -> None:
        if "locations" in changed:
            self._refuse_foreign(seen)
            if not changed["locations"]:
                raise InputError(f'The region "{seen.known["name"]}" needs at least one location.', object=seen.known["name"])
        self._refuse_moves(seen)

    def prepare_delete(self, seen: Seen) -> None:
        self._refuse_foreign(seen)
        used = {what: seen.known[what] for what in ("servers", "plans")}
        if any(used.values()):
            counts = ", ".join(f"{count} {what}" for what, count in used.items() if count)
            raise Refused(
                f'The region "{seen.known["name"]}" is in use by {counts}, whose data would have no place any more. '
                "Move them to another region first.",
                object=seen.known["name"],
                used_by=used,
            )

    def create(self, seen: Seen, desired: Record, _means: None) -> Record:
        body = {"name": desired["name"], "type": "USER_CREATED", "locations": desired["locations"]}
        made = create_numbered(self._client, f'region "{desired["name"]}"', "/V4/Regions", body, self._look_up)
        return self._assign(seen, made, desired["name"])

    def update(self, seen: Seen, changed: Record, _means: None) -> Record:
        current = seen.known
        if "locations" in changed:
            # The operation is always said: ADD is what is meant otherwise.
            body = {"locationsOperationType": "OVERWRITE", "locations": changed["locations"]}
            self._client.put(f"/V4/Regions/{current['id']}", body)
        return self._assign(seen, current["id"], current["name"])

    def delete(self, seen: Seen, _means: None) -> None:
        self._client.delete(f"/V4/Regions/{seen.known['id']}")
        require_gone("region", seen.known["name"], self._look_up() is not None)

    def _look_up(self) -> Found | None:
        return choose(self._client, "region", self._params["name"], regions(self._client))

    def _read(self, region_id: int, name: str, company: str | None, entities: list[Json]) -> Record:
        detail = self._client.require(f"/V4/Regions/{region_id}")
        keys = ("city", "state", "country", "latitude", "longitude")
        record: Record = {
            "id": region_id,
            "name": detail.get("name") or name,
            "company": company,
            "locations": [{key: row[key] for key in keys if row.get(key) not in (None, "")} for row in listed(detail.get("locations"))],
            "servers": number(detail, "associatedServers", "serversCount"),
            "plans": number(detail, "associatedRegionBasedPlans", "plansCount"),
        }
        if self._params["entities"] is not None:
            record["entities"] = entities
        return record

    def _read_members(self) -> tuple[_Member, ...]:
        """Where each entity is, in one request for each type and purpose."""
        members = []
        for group in self._params["entities"] or []:
            found = [(name, self._names.find(group["type"], name)) for name in group["names"]]
            numbers = [entity.id for _name, entity in found if entity]
            homes = regions_by_entity(self._client, ENTITIES[group["type"]].region, numbers, group["purpose"].upper())
            for name, entity in found:
                region_id, region = homes.get(entity.id, (0, None)) if entity else (0, None)
                row = {"type": group["type"], "name": entity.name if entity else name, "purpose": group["purpose"], "region": region}
                members.append(_Member(row, entity.id if entity else 0, region_id))
        return tuple(members)

    def _assign(self, seen: Seen, region_id: int, name: str) -> Record:
        """Put what is elsewhere into the region, one request each."""
        elsewhere = [member for member in seen.raw.members if member.region_id != region_id]
        for member in elsewhere:
            body = {"entityRegionType": member.row["purpose"].upper(), "region": {"id": region_id}}
            self._client.put(f"/V4/entity/{ENTITIES[member.row['type']].region}/{member.id}/region", body)
        rows = [{**member.row, **({"region": name} if member in elsewhere else {})} for member in seen.raw.members]
        return self._read(region_id, name, self._client.company, rows)

    def _refuse_moves(self, seen: Seen) -> None:
        moved = [member.row for member in seen.raw.members if member.region_id not in (0, seen.known.get("id"))]
        if moved and not self._params["allow_move"]:
            raise Refused(
                f'These would move to the region "{self._params["name"]}", and their data with them: '
                + ", ".join(f'{ENTITIES[row["type"]].label} "{row["name"]}" from "{row["region"]}" ({row["purpose"]})' for row in moved)
                + ". Give allow_move if the data may leave.",
                object=self._params["name"],
            )

    def _refuse_foreign(self, seen: Seen) -> None:
        if self._client.company_id and seen.raw.owner == 0:
            raise Refused(
                f'The region "{seen.known["name"]}" is the provider\'s, and other companies use it. '
                "Choose another name, or act without company.",
                object=seen.known["name"],
            )
