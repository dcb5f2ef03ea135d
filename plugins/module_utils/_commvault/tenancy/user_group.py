# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.compare import Comparer, same_names
from ..._core.engine import Record, Seen
from ..wire.lookup import Found
from ..wire.replies import listed
from ..wire.writes import create_numbered
from . import accounts
from .lookup import same_account

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
).merge(accounts.OPTIONS)


class UserGroup(accounts.Account):
    """A user group: OpenAPI GetUserGroups, CreateUserGroup, GetUserGroupDetails, ModifyUserGroup, DeleteUserGroup."""

    kind, path, members = "user_group", "/V4/UserGroup", "members"

    comparers: t.Mapping[str, Comparer] = {"name": same_account, "members": same_names, "restricted_consoles": same_names}

    def desired(self, seen: Seen) -> Record:
        record = {key: self._params[key] for key in ("name", "description", "enabled", "restricted_consoles")}
        return record if self._params["members"] is None else {**record, "members": seen.raw.names}

    def create(self, seen: Seen, desired: Record, means: str) -> Record:
        """The body names no company: the group belongs to the one acted in. Members and the like can be given by an update only."""
        body = {"name": means, **{key: desired[key] for key in ("description",) if key in desired}}
        made = create_numbered(self._client, f'user group "{desired["name"]}"', self.path, body, self._look_up)
        later = ("members", "restricted_consoles", "enabled")
        self._write(made, {key: desired[key] for key in later if desired.get(key) not in (None, [])}, seen)
        return self._after(made, {**desired, "id": made})

    def update(self, seen: Seen, changed: Record, _means: None) -> Record:
        current = seen.known
        self._write(current["id"], changed, seen)
        return self._after(current["id"], {**current, **changed})

    def _record(self, detail: Json) -> Record:
        words = {api: word for word, api in CONSOLES.items()}
        consoles = [str(row.get("consoleType")) for row in listed(detail.get("restrictedConsoleTypes"))]
        return {
            **super()._record(detail),
            "description": detail.get("description") or "",
            "restricted_consoles": sorted(words.get(console, console.lower()) for console in consoles),
        }

    def _members_in(self, detail: Json) -> list[Found]:
        return accounts.references(detail.get("users"))

    def _write(self, group_id: int, changed: Record, seen: Seen) -> None:
        """One call; a second one where members come and others go, since the API knows no overwriting of members."""
        body: Json = {api: changed[key] for key, api in (("description", "newDescription"), ("enabled", "enabled")) if key in changed}
        if "restricted_consoles" in changed:
            body |= _consoles(changed["restricted_consoles"], seen.known.get("restricted_consoles", []))
        members = {"ADD": seen.raw.added, "DELETE": seen.raw.removed} if "members" in changed else {}
        bodies = [{"users": accounts.ids(rows), "userOperationType": operation} for operation, rows in members.items() if rows] or [{}]
        bodies[0] = {**body, **bodies[0]}
        for sent in filter(None, bodies):
            self._client.put(f"{self.path}/{group_id}", sent)


def _consoles(wanted: list[str], current: list[str]) -> Json:
    """The restricted consoles as a request takes them. An empty list may be taken for none, so that what is there is deleted."""
    known = [CONSOLES[word] for word in wanted or current if word in CONSOLES]
    return {"restrictConsoleTypes": {"consoleType": known}, "consoleTypeOperationType": "OVERWRITE" if wanted else "DELETE"}
