# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.engine import Item, Record, Resource, Seen
from ..._core.errors import InputError
from ..wire.replies import listed, number, part
from .lookup import COMMCELL, ENTITIES, NameLists

if t.TYPE_CHECKING:
    from ..wire.client import Commvault
    from ..wire.lookup import Found

Row = dict[str, t.Any]
ADD, DELETE = 2, 3
"""associationsOperationType. 1 would overwrite, and take everybody else's roles away; it is what the server does when none is given."""

_ASSIGNMENT = {
    "user": {"type": "str"},
    "user_group": {"type": "str"},
    "role": {"type": "str", "required": True},
    "entity_type": {"type": "str", "choices": list(ENTITIES), "default": "company"},
    "entity": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
OPTIONS = ArgumentSpec(
    {
        "assignments": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": _ASSIGNMENT,
            "mutually_exclusive": [("user", "user_group")],
            "required_one_of": [("user", "user_group")],
        }
    }
)


def bind(client: Commvault, params: Record) -> list[Item]:
    """The assignments of one call. Raises InputError for a list that makes no sense, before anything is asked of the server."""
    names, associations = NameLists(client), Associations(client)
    items: dict[str, Item] = {}
    for element in params["assignments"]:
        if (element["entity_type"] == COMMCELL) is bool(element["entity"]):
            raise InputError("Each assignment names an entity, except with entity_type=commcell, of which there is one.")
        label = _label(element)
        if label.casefold() in items:
            raise InputError(f"The assignment of the {label} is listed twice: join the two.", object=label)
        items[label.casefold()] = Item(label, RoleAssignment(client, names, associations, element), element["state"])
    return list(items.values())


class Associations:
    """Who has which role on which entity, each entity being read once a call."""

    def __init__(self, client: Commvault) -> None:
        self._client = client
        self._rows: dict[tuple[int, int], list[Row]] = {}

    def on(self, kind: int, entity_id: int) -> list[Row]:
        """GET Security/{entityType}/{entityId} (cvpysdk organization.py get_security_associations)."""
        if (kind, entity_id) not in self._rows:
            holders = self._client.rows(f"/Security/{kind}/{entity_id}", "securityAssociations")
            groups = [part(holder, "securityAssociations").get("associations") for holder in holders]
            self._rows[kind, entity_id] = [row for group in groups for row in listed(group)]
        return self._rows[kind, entity_id]


@dataclasses.dataclass(frozen=True)
class _Parties:
    """Whom an assignment is about. who: the user or user group."""

    who: Found
    role: Found
    entity: Found


class RoleAssignment(Resource):
    """One role of one user or user group on one entity, which is there or not: POST Security (cvpysdk security_association.py)."""

    def __init__(self, client: Commvault, names: NameLists, associations: Associations, params: Record) -> None:
        self._client = client
        self._names = names
        self._associations = associations
        self._params = params
        self._kind = "user" if params["user"] else "user_group"
        self._entity = ENTITIES[params["entity_type"]]

    def observe(self) -> Seen:
        """raw: the parties, where all of them are there. Who does not exist has no role to lose."""
        params, needed = self._params, self._params["state"] == "present"
        if self._client.company_missing:
            return Seen()
        entity = self._names.find(params["entity_type"], params["entity"], needed)
        who = self._names.find(self._kind, params[self._kind], needed)
        role = self._names.find("role", params["role"], needed)
        if not entity or not who or not role:
            return Seen()
        parties = _Parties(who, role, entity)
        rows = self._associations.on(self._entity.security, entity.id)
        return Seen(self._record() if any(self._is_this(row, parties) for row in rows) else None, parties)

    def desired(self, _seen: Seen) -> Record:
        return self._record()

    def create(self, seen: Seen, desired: Record, _means: None) -> Record:
        self._send(ADD, seen.raw)
        return desired

    def delete(self, seen: Seen, _means: None) -> None:
        self._send(DELETE, seen.raw)

    def _record(self) -> Record:
        keys = ("user", "user_group", "role", "entity_type", "entity")
        return {key: self._params[key] for key in keys if self._params[key] is not None}

    def _is_this(self, row: Row, parties: _Parties) -> bool:
        if number(row, "properties", "role", "roleId") != parties.role.id:
            return False
        key = "userId" if self._kind == "user" else "userGroupId"
        return any(number(who, key) == parties.who.id for who in listed(row.get("userOrGroup")))

    def _send(self, operation: int, parties: _Parties) -> None:
        who, role = parties.who, parties.role
        prefix, code = ("user", 13) if self._kind == "user" else ("userGroup", 15)
        association = {
            "userOrGroup": [{f"{prefix}Id": who.id, f"{prefix}Name": who.name, "_type_": code}],
            "properties": {"role": {"roleId": role.id, "roleName": role.name, "_type_": 120}},
        }
        body = {
            "entityAssociated": {"entity": [{self._entity.key: parties.entity.id, "_type_": self._entity.security}]},
            "securityAssociations": {"associationsOperationType": operation, "associations": [association]},
        }
        self._client.post("/Security", body)


def _label(element: Row) -> str:
    where = ENTITIES[element["entity_type"]].label
    return f'role "{element["role"]}" of "{element["user"] or element["user_group"]}" on the {where} "{element["entity"] or where}"'
