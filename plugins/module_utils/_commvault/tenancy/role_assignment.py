# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.errors import InputError
from ..._core.reconcile import Record, Resource
from ..wire.replies import listed
from . import accounts
from .entities import COMMCELL, KINDS, Directory

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
    "entity_type": {"type": "str", "choices": list(KINDS), "default": "company"},
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


def bind(client: Commvault, params: Record) -> list[tuple[str, str, Resource]]:
    """The resources of one call. Raises InputError for a list that makes no sense, before anything is asked of the server."""
    shelf = Shelf(client)
    seen: dict[str, str] = {}
    bound: list[tuple[str, str, Resource]] = []
    for element in params["assignments"]:
        if (element["entity_type"] == COMMCELL) is bool(element["entity"]):
            raise InputError("Each assignment names an entity, except with entity_type=commcell, of which there is one.")
        label = _label(element)
        if label.casefold() in seen:
            raise InputError(f"The assignment of the {label} is listed twice: join the two.", object=label)
        seen[label.casefold()] = element["state"]
        bound.append((label, element["state"], RoleAssignment(client, shelf, element)))
    return bound


class Shelf:
    """What one call has read: users, groups and roles once, and the associations of each entity once."""

    def __init__(self, client: Commvault) -> None:
        self._client = client
        self._lists: dict[str, list[Found]] = {}
        self._associations: dict[tuple[int, int], list[Row]] = {}
        self.directory = Directory(client)

    def who(self, kind: str, name: str, needed: bool) -> Found | None:
        """The user or user group."""
        read = {"user": accounts.users, "user_group": accounts.user_groups}
        find = {"user": accounts.find_user, "user_group": accounts.find_user_group}
        known = self._list(kind, read[kind])
        found = accounts.choose(self._client, kind.replace("_", " "), name, known, "visible")
        return found or (find[kind](self._client, name, known) if needed else None)

    def role(self, name: str, needed: bool) -> Found | None:
        """The role."""
        known = self._list("role", accounts.roles)
        same = [role for role in known if role.name.casefold() == name.casefold()]
        return accounts.find_role(self._client, name, known) if same or needed else None

    def associations(self, kind: int, number: int) -> list[Row]:
        """Who has which role on an entity (GET Security/{entityType}/{entityId}; cvpysdk organization.py get_security_associations)."""
        if (kind, number) not in self._associations:
            reply = self._client.get(f"/Security/{kind}/{number}", absent=(404,)) or {}
            groups = [(row.get("securityAssociations") or {}).get("associations") for row in listed(reply.get("securityAssociations"))]
            self._associations[kind, number] = [row for group in groups for row in listed(group)]
        return self._associations[kind, number]

    def _list(self, kind: str, read: t.Callable[[Commvault], list[Found]]) -> list[Found]:
        if kind not in self._lists:
            self._lists[kind] = read(self._client)
        return self._lists[kind]


class RoleAssignment(Resource):
    """One role of one user or user group on one entity, which is there or not: POST Security (cvpysdk security_association.py)."""

    def __init__(self, client: Commvault, shelf: Shelf, params: Record) -> None:
        self._client = client
        self._shelf = shelf
        self._params = params
        self._who: Found | None = None
        self._role: Found | None = None
        self._entity: Found | None = None

    def find(self) -> Record | None:
        params, needed = self._params, self._params["state"] == "present"
        kind = "user" if params["user"] else "user_group"
        if self._client.company_missing:
            return None
        self._entity = self._shelf.directory.find(params["entity_type"], params["entity"], needed)
        self._who = self._shelf.who(kind, params[kind], needed)
        self._role = self._shelf.role(params["role"], needed)
        if not self._entity or not self._who or not self._role:
            return None
        rows = self._shelf.associations(KINDS[params["entity_type"]].security, self._entity.id)
        return self._record() if any(self._is_this(row) for row in rows) else None

    def desired(self) -> Record:
        return self._record()

    def create(self, desired: Record) -> Record:
        self._send(ADD)
        return desired

    def delete(self, _current: Record) -> None:
        self._send(DELETE)

    # Mapping

    def _record(self) -> Record:
        keys = ("user", "user_group", "role", "entity_type", "entity")
        return {key: self._params[key] for key in keys if self._params[key] is not None}

    def _is_this(self, row: Row) -> bool:
        role = (row.get("properties") or {}).get("role") or {}
        if self._role is None or int(role.get("roleId") or 0) != self._role.id:
            return False
        key = "userId" if self._params["user"] else "userGroupId"
        return any(self._who is not None and int(who.get(key) or 0) == self._who.id for who in listed(row.get("userOrGroup")))

    def _send(self, operation: int) -> None:
        if self._entity is None or self._who is None or self._role is None:
            raise InputError(f"The {_label(self._params)} cannot be changed: something that it names is missing.")
        kind = KINDS[self._params["entity_type"]]
        prefix, number = ("user", 13) if self._params["user"] else ("userGroup", 15)
        association = {
            "userOrGroup": [{f"{prefix}Id": self._who.id, f"{prefix}Name": self._who.name, "_type_": number}],
            "properties": {"role": {"roleId": self._role.id, "roleName": self._role.name, "_type_": 120}},
        }
        body = {
            "entityAssociated": {"entity": [{kind.key: self._entity.id, "_type_": kind.security}]},
            "securityAssociations": {"associationsOperationType": operation, "associations": [association]},
        }
        self._client.post("/Security", body)


def _label(element: Row) -> str:
    where = KINDS[element["entity_type"]].label
    return f'role "{element["role"]}" of "{element["user"] or element["user_group"]}" on the {where} "{element["entity"] or where}"'
