# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.compare import Comparer, same_names
from ..._core.engine import Record, Resource, Seen
from ..._core.errors import ApiError, InputError
from ..wire.lookup import Found, choose, same_name
from ..wire.replies import listed, text
from ..wire.writes import create_numbered, require_gone
from .lookup import roles

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

    comparers: t.Mapping[str, Comparer] = {"name": same_name, "permissions": same_names, "categories": same_names}

    def __init__(self, client: Commvault, params: Json) -> None:
        self._client = client
        self._params = params

    def observe(self) -> Seen:
        found = None if self._client.company_missing else self._look_up()
        return Seen(self._read(found.id) if found else None)

    def desired(self, _seen: Seen) -> Record:
        return {key: self._params[key] for key in ("name", "permissions", "categories", "enabled", "visible_to_all")}

    def prepare_create(self, _seen: Seen, desired: Record) -> None:
        _refuse_empty(desired)

    def prepare_update(self, seen: Seen, changed: Record) -> None:
        _refuse_empty({**seen.known, **changed})

    def create(self, _seen: Seen, desired: Record, _means: None) -> Record:
        body = {"name": desired["name"], **_body(desired, {})}
        number = create_numbered(self._client, f'role "{desired["name"]}"', "/V4/Role", body, self._look_up)
        return self._verified(number, desired)

    def update(self, seen: Seen, changed: Record, _means: None) -> Record:
        self._client.put(f"/V4/Role/{seen.known['id']}", _body(changed, seen.known))
        return self._verified(seen.known["id"], {**seen.known, **changed})

    def delete(self, seen: Seen, _means: None) -> None:
        self._client.delete(f"/V4/Role/{seen.known['id']}")
        require_gone("role", seen.known["name"], self._look_up() is not None)

    def _look_up(self) -> Found | None:
        return choose(self._client, "role", self._params["name"], roles(self._client), "own")

    def _read(self, number: int) -> Record | None:
        detail = self._client.get(f"/V4/Role/{number}", absent=(404,))
        if detail is None:
            return None
        rows = listed(detail.get("permissions"))
        single = [row for row in rows if _is_single(row)]
        return {
            "id": number,
            "name": detail.get("name") or self._params["name"],
            "permissions": sorted(str(text(row, "permission", "name")) for row in single),
            "categories": sorted(str(text(row, "category", "name")) for row in rows if row not in single),
            # Written as a switch, read as a word.
            "enabled": str(detail.get("status", "ENABLED")).upper() == "ENABLED",
            "visible_to_all": bool(detail.get("visibleToAll", False)),
        }

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


def _refuse_empty(record: Record) -> None:
    if not record.get("permissions") and not record.get("categories"):
        raise InputError(f'The role "{record["name"]}" needs permissions or categories: a role that allows nothing is refused.')


def _body(record: Record, current: Record) -> Json:
    body: Json = {api: record[key] for key, api in (("enabled", "enabled"), ("visible_to_all", "visibleToAll")) if key in record}
    if {"permissions", "categories"} & record.keys():
        # Both kinds stand in one list, which replaces what is there.
        whole = {**current, **record}
        body["permissionList"] = [{"permission": {"name": name}} for name in whole.get("permissions", [])]
        body["permissionList"] += [{"category": {"name": name}} for name in whole.get("categories", [])]
    return body


def _is_single(row: Json) -> bool:
    """A permission, as opposed to a whole category; older servers tell no type (cvpysdk role.py reads it)."""
    kind = row.get("type")
    return kind == "PERMISSION_ENTITY" if kind else bool(text(row, "permission", "name"))
