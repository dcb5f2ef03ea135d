# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.compare import Comparer, same_names
from ..._core.engine import Record, Seen
from ..._core.errors import InputError, Refused
from ..wire.lookup import Found, same_name
from ..wire.replies import listed, number
from ..wire.writes import create_numbered, encoded
from . import accounts
from .lookup import same_account

Json = dict[str, t.Any]
ON_CREATE = "on_create"

OPTIONS = ArgumentSpec(
    {
        "name": {"type": "str", "required": True},
        "email": {"type": "str"},
        "full_name": {"type": "str"},
        # "password" is the connection's.
        "user_password": {"type": "str", "no_log": True},
        # It says when a password is sent, and holds none.
        "update_password": {"type": "str", "choices": [ON_CREATE, "always"], "default": ON_CREATE, "no_log": False},
        "user_groups": {"type": "list", "elements": "str"},
        "user_groups_mode": {"type": "str", "choices": list(accounts.MODES), "default": "add"},
        "enabled": {"type": "bool"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    },
    {"required_if": [("update_password", "always", ["user_password"])]},
).merge(accounts.OPTIONS)


class User(accounts.Account):
    """A user: OpenAPI GetUsers, CreateUser, GetUserDetails, ModifyUser, DeleteUser; cvpysdk security/user.py."""

    kind, path, members = "user", "/V4/user", "user_groups"
    comparers: t.Mapping[str, Comparer] = {"name": same_account, "email": same_name, "user_groups": same_names}
    secrets = frozenset({"user_password"})

    def desired(self, seen: Seen) -> Record:
        params = self._params
        record = {key: params[key] for key in ("name", "email", "full_name", "enabled")}
        if params["user_groups"] is not None:
            record["user_groups"] = seen.raw.names
        # Commvault tells no password, so that it can only be sent, not compared.
        if seen.record is None or params["update_password"] != ON_CREATE:
            record["user_password"] = params["user_password"]
        return record

    def prepare_create(self, seen: Seen, desired: Record) -> str:
        if not desired.get("email"):
            raise InputError(f'The user "{desired["name"]}" does not exist yet: give email, which Commvault needs.', object=desired["name"])
        return super().prepare_create(seen, desired)

    def prepare_update(self, seen: Seen, changed: Record) -> None:
        name = seen.known["name"]
        if changed.get("enabled") is False:
            self._refuse_oneself(name, "disabled")
        if "user_password" in changed and not self._params["password"]:
            raise InputError(
                f'To change the password of "{name}" Commvault asks for the password of the user that changes it: '
                "give username and password, beside token where one is used.",
                object=name,
            )

    def prepare_delete(self, seen: Seen) -> Json:
        self._refuse_oneself(seen.known["name"], "deleted")
        return super().prepare_delete(seen)

    def create(self, seen: Seen, desired: Record, means: str) -> Record:
        password = desired.get("user_password")
        row: Json = {
            "name": means,
            "email": desired["email"],
            "fullName": desired.get("full_name"),
            "company": {"id": self._client.company_id} if self._client.company_id else None,
            "userGroups": accounts.ids(seen.raw.final) or None,
            "useSystemGeneratePassword": password is None,
            "password": None if password is None else encoded(password),
            "inviteUser": False,
        }
        body = {"users": [{key: value for key, value in row.items() if value is not None}]}
        made = create_numbered(self._client, f'user "{desired["name"]}"', self.path, body, self._look_up, _made)
        if desired.get("enabled") is False:
            self._client.put(f"{self.path}/{made}", {"enabled": False})
        return self._after(made, {**desired, "id": made})

    def update(self, seen: Seen, changed: Record, _means: None) -> Record:
        current = seen.known
        keys = {"email": "email", "full_name": "fullName", "enabled": "enabled"}
        body: Json = {api: changed[key] for key, api in keys.items() if key in changed}
        if "user_groups" in changed:
            body |= self._group_change(seen.raw)
        if "user_password" in changed:
            # The document calls it the old password of the user, the vendor's clients send the password of the caller: so does this.
            body |= {"newPassword": encoded(changed["user_password"]), "validationPassword": encoded(self._params["password"])}
        self._client.put(f"{self.path}/{current['id']}", body)
        return self._after(current["id"], {**current, **changed})

    def _record(self, detail: Json) -> Record:
        return {**super()._record(detail), "email": detail.get("email"), "full_name": detail.get("fullName") or ""}

    def _members_in(self, detail: Json) -> list[Found]:
        """Its groups, but those of a directory, which belong to it and cannot be changed here."""
        return accounts.references([row for row in listed(detail.get("associatedUserGroups")) if not number(row, "provider", "id")])

    def _group_change(self, change: accounts.Membership) -> Json:
        """The operation is always said, since ADD is what is meant otherwise; an empty list may be taken for none."""
        if self._params["user_groups_mode"] == "exact" and change.final:
            return {"userGroups": accounts.ids(change.final), "userGroupOperation": "OVERWRITE"}
        if change.added:
            return {"userGroups": accounts.ids(change.added), "userGroupOperation": "ADD"}
        return {"userGroups": accounts.ids(change.removed), "userGroupOperation": "DELETE"}

    def _refuse_oneself(self, name: str, fate: str) -> None:
        if self._params["username"] and same_account(self._params["username"], name, within=False):
            raise Refused(f'"{name}" is the user that runs this task; it is not {fate}. Log in as another user.', object=name)


def _made(reply: Json) -> int:
    """The id in the reply to a creation."""
    rows = listed(reply.get("users"))
    return number(rows[0], "id") if rows else 0
