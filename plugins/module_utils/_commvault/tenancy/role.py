# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.compare import Comparer, same_names
from ..._core.errors import ApiError, InputError
from ..._core.reconcile import Record, Resource
from ..wire import lookup
from ..wire.replies import listed
from ..wire.writes import create_once, require_gone
from . import accounts

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Json = dict[str, t.Any]
NAMES = {"type": "list", "elements": "str"}

OPTIONS = ArgumentSpec(
    {
        "name": {"type": "str", "required": True},
        "permissions": NAMES,
        "categories": NAMES,
        "enabled": {"type": "bool"},
        "visible_to_all": {"type": "bool"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }
)


class Role(Resource):
    """A role: OpenAPI GetListOfRoles, CreateNewRole, GetRoleDetails, ModifyRole, DeleteRoles; cvpysdk security/role.py."""

    comparers: t.Mapping[str, Comparer] = {
        "name": lambda want, have: want.casefold() == have.casefold(),
        "permissions": same_names,
        "categories": same_names,
    }

    def __init__(self, client: Commvault, params: Json) -> None:
        self._client = client
        self._params = params

    def find(self) -> Record | None:
        if self._client.company_missing:
            return None
        found = self._look_up()
        return self._read(found.id) if found else None

    def desired(self) -> Record:
        return {key: self._params[key] for key in ("name", "permissions", "categories", "enabled", "visible_to_all")}

    def guard_create(self, desired: Record) -> None:
        self._guard_empty(desired)

    def guard_update(self, current: Record, changed: Record) -> None:
        self._guard_empty({**current, **changed})

    def create(self, desired: Record) -> Record:
        body = {"name": desired["name"], **self._body(desired, {})}

        def look() -> int | None:
            found = self._look_up()
            return found.id if found else None

        number = create_once(lambda: int(self._client.post("/V4/Role", body).get("id") or 0), look)
        if number <= 0:
            raise ApiError(f'Commvault answered the creation of the role "{desired["name"]}" without an id.', call="POST /V4/Role")
        return self._verified(number, desired)

    def update(self, current: Record, changed: Record) -> Record:
        self._client.put(f"/V4/Role/{current['id']}", self._body(changed, current))
        return self._verified(current["id"], {**current, **changed})

    def delete(self, current: Record) -> None:
        self._client.delete(f"/V4/Role/{current['id']}")
        require_gone("role", current["name"], self._look_up() is not None)

    # Mapping

    def _look_up(self) -> lookup.Found | None:
        return lookup.choose(self._client, "role", self._params["name"], accounts.roles(self._client), "own")

    def _read(self, number: int) -> Record | None:
        detail = self._client.get(f"/V4/Role/{number}", absent=(404,))
        if detail is None:
            return None
        rows = listed(detail.get("permissions"))
        single = [row for row in rows if _is_single(row)]
        return {
            "id": number,
            "name": detail.get("name") or self._params["name"],
            "permissions": sorted(str(row["permission"].get("name")) for row in single),
            "categories": sorted(str((row.get("category") or {}).get("name")) for row in rows if row not in single),
            # Written as a switch, read as a word.
            "enabled": str(detail.get("status", "ENABLED")).upper() == "ENABLED",
            "visible_to_all": bool(detail.get("visibleToAll", False)),
        }

    def _body(self, record: Record, current: Record) -> Json:
        keys = {"enabled": "enabled", "visible_to_all": "visibleToAll"}
        body: Json = {api: record[key] for key, api in keys.items() if record.get(key) is not None}
        if {"permissions", "categories"} & record.keys():
            # Both kinds stand in one list, which replaces what is there.
            whole = {**current, **record}
            body["permissionList"] = [{"permission": {"name": name}} for name in whole.get("permissions") or []]
            body["permissionList"] += [{"category": {"name": name}} for name in whole.get("categories") or []]
        return body

    def _verified(self, number: int, wanted: Record) -> Record:
        """What a list of permissions does, replace or add, is told nowhere: so it is read, and never taken for granted."""
        record = self._read(number) or {}
        for key in ("permissions", "categories"):
            left = {name.casefold() for name in record.get(key, [])} - {name.casefold() for name in wanted.get(key) or []}
            if key in wanted and left:
                raise ApiError(
                    f'The role "{wanted["name"]}" was changed, but Commvault kept {key} not asked for: {", ".join(sorted(left))}. '
                    "Take them out in the Command Center, or make a new role.",
                    object=wanted["name"],
                )
        return record

    def _guard_empty(self, record: Record) -> None:
        if not record.get("permissions") and not record.get("categories"):
            raise InputError(f'The role "{record["name"]}" needs permissions or categories: a role that allows nothing is refused.')


def _is_single(row: Json) -> bool:
    """A permission, as opposed to a whole category; older servers tell no type (cvpysdk role.py reads it)."""
    kind = row.get("type")
    return kind == "PERMISSION_ENTITY" if kind else bool((row.get("permission") or {}).get("name"))
