# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.compare import Comparer, same_names
from ..._core.errors import ApiError
from ..._core.reconcile import Record, Resource
from ..wire.replies import listed
from ..wire.writes import create_once, require_gone
from . import accounts
from . import heirs as ownership

if t.TYPE_CHECKING:
    from ..wire.client import Commvault
    from ..wire.lookup import Found

Json = dict[str, t.Any]
CONSOLES = {
    "command_center": "COMMANDCENTER",
    "web_console": "WEBCONSOLE",
    "commcell_console": "COMMCELLCONSOLE",
    "api": "API",
    "mobile": "MOBILE",
}

OPTIONS = ArgumentSpec(
    {
        "name": {"type": "str", "required": True},
        "description": {"type": "str"},
        "members": {"type": "list", "elements": "str"},
        "members_mode": {"type": "str", "choices": list(accounts.MODES), "default": "add"},
        "restricted_consoles": {"type": "list", "elements": "str", "choices": list(CONSOLES)},
        "enabled": {"type": "bool"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }
).merge(ownership.OPTIONS)


class UserGroup(Resource):
    """A user group: OpenAPI GetUserGroups, CreateUserGroup, GetUserGroupDetails, ModifyUserGroup, DeleteUserGroup."""

    comparers: t.Mapping[str, Comparer] = {"name": accounts.same_name, "members": same_names, "restricted_consoles": same_names}

    def __init__(self, client: Commvault, params: Json) -> None:
        self._client = client
        self._params = params
        self._members: list[Found] = []
        self._change = accounts.Membership([], [], [], [])
        self._heir: Json = {}
        self._new_name = ""

    def find(self) -> Record | None:
        if self._client.company_missing:
            return None
        found = self._look_up()
        return self._read(found.id) if found else None

    def desired(self) -> Record:
        params = self._params
        record = {key: params[key] for key in ("name", "description", "enabled", "restricted_consoles")}
        if params["members"] is not None:
            record["members"] = self._wanted_members()
        return record

    def guard_create(self, desired: Record) -> None:
        self._new_name = accounts.bare(self._client, desired["name"])

    def guard_delete(self, current: Record) -> None:
        self._heir = ownership.heir(self._client, self._params, "user group", current["name"])

    def create(self, desired: Record) -> Record:
        """The body names no company: the group belongs to the one acted in. Members and the like can be given by an update only."""
        body = {"name": self._new_name, "description": desired.get("description")}

        def look() -> int | None:
            found = self._look_up()
            return found.id if found else None

        sent = {key: value for key, value in body.items() if value is not None}
        number = create_once(lambda: int(self._client.post("/V4/UserGroup", sent).get("id") or 0), look)
        if number <= 0:
            raise ApiError(
                f'Commvault answered the creation of the user group "{desired["name"]}" without an id.', call="POST /V4/UserGroup"
            )
        self._write(
            number, {key: desired[key] for key in ("members", "restricted_consoles", "enabled") if desired.get(key) not in (None, [])}, []
        )
        return self._read(number) or {**desired, "id": number}

    def update(self, current: Record, changed: Record) -> Record:
        self._write(current["id"], changed, current["restricted_consoles"])
        return self._read(current["id"]) or {**current, **changed}

    def delete(self, current: Record) -> None:
        self._client.delete(f"/V4/UserGroup/{current['id']}", params=self._heir)
        require_gone("user group", current["name"], self._look_up() is not None)

    # Mapping

    def _look_up(self) -> Found | None:
        return accounts.choose(self._client, "user group", self._params["name"], accounts.user_groups(self._client), "own")

    def _read(self, number: int) -> Record | None:
        detail = self._client.get(f"/V4/UserGroup/{number}", absent=(404,))
        if detail is None:
            return None
        accounts.require_home(self._client, "user group", self._params["name"], detail.get("company"))
        self._members = accounts.references(detail.get("users"))
        words = {api: word for word, api in CONSOLES.items()}
        consoles = [str(row.get("consoleType")) for row in listed(detail.get("restrictedConsoleTypes"))]
        return {
            "id": number,
            "name": detail.get("name") or self._params["name"],
            "company": (detail.get("company") or {}).get("name"),
            "description": detail.get("description") or "",
            "enabled": bool(detail.get("enabled", False)),
            "members": sorted(member.name for member in self._members),
            "restricted_consoles": sorted(words.get(console, console.lower()) for console in consoles),
        }

    def _wanted_members(self) -> list[str]:
        known: list[Found] = []

        def find(name: str) -> Found | None:
            if not known:
                known.extend(accounts.users(self._client))
            return accounts.find_user(self._client, name, known)

        self._change = accounts.membership(self._members, self._params["members"], self._params["members_mode"], find)
        return self._change.names

    def _write(self, number: int, changed: Record, consoles: list[str]) -> None:
        """One call; a second one where members come and others go, since the API knows no overwriting of members."""
        body: Json = {api: changed[key] for key, api in (("description", "newDescription"), ("enabled", "enabled")) if key in changed}
        if "restricted_consoles" in changed:
            wanted = changed["restricted_consoles"]
            # An empty list may be taken for none.
            body["restrictConsoleTypes"] = {"consoleType": [CONSOLES[word] for word in wanted or consoles if word in CONSOLES]}
            body["consoleTypeOperationType"] = "OVERWRITE" if wanted else "DELETE"
        members = [("ADD", self._change.added), ("DELETE", self._change.removed)] if "members" in changed else []
        steps = [{"users": accounts.ids(rows), "userOperationType": operation} for operation, rows in members if rows]
        for index, step in enumerate(steps or [{}]):
            sent = {**(body if index == 0 else {}), **step}
            if sent:
                self._client.put(f"/V4/UserGroup/{number}", sent)
