# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import base64
import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.compare import Comparer, same_names
from ..._core.errors import ApiError, InputError, Refused
from ..._core.reconcile import Record, Resource
from ..wire.replies import listed
from ..wire.writes import create_once, require_gone
from . import accounts
from . import heirs as ownership

if t.TYPE_CHECKING:
    from ..wire.client import Commvault
    from ..wire.lookup import Found

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
).merge(ownership.OPTIONS)


class User(Resource):
    """A user: OpenAPI GetUsers, CreateUser, GetUserDetails, ModifyUser, DeleteUser; cvpysdk security/user.py."""

    comparers: t.Mapping[str, Comparer] = {
        "name": accounts.same_name,
        "email": lambda want, have: str(want).casefold() == str(have or "").casefold(),
        "user_groups": same_names,
    }
    secrets = frozenset({"user_password"})

    def __init__(self, client: Commvault, params: Json) -> None:
        self._client = client
        self._params = params
        self._exists = False
        self._groups: list[Found] = []
        self._change = accounts.Membership([], [], [], [])
        self._heir: Json = {}
        self._new_name = ""

    def find(self) -> Record | None:
        if self._client.company_missing:
            return None
        found = self._look_up()
        record = self._read(found.id) if found else None
        self._exists = record is not None
        return record

    def desired(self) -> Record:
        params = self._params
        record = {key: params[key] for key in ("name", "email", "full_name", "enabled")}
        if params["user_groups"] is not None:
            record["user_groups"] = self._wanted_groups()
        # Commvault tells no password, so that it can only be sent, not compared.
        if params["user_password"] is not None and (not self._exists or params["update_password"] != ON_CREATE):
            record["user_password"] = params["user_password"]
        return record

    def guard_create(self, desired: Record) -> None:
        if not desired.get("email"):
            raise InputError(f'The user "{desired["name"]}" does not exist yet: give email, which Commvault needs.', object=desired["name"])
        self._new_name = accounts.bare(self._client, desired["name"])

    def guard_update(self, current: Record, changed: Record) -> None:
        if changed.get("enabled") is False:
            self._guard_oneself(current, "disabled")
        if "user_password" in changed and not self._params["password"]:
            raise InputError(
                f'To change the password of "{current["name"]}" Commvault asks for the password of the user that changes it: '
                "give username and password, beside token where one is used.",
                object=current["name"],
            )

    def guard_delete(self, current: Record) -> None:
        self._guard_oneself(current, "deleted")
        self._heir = ownership.heir(self._client, self._params, "user", current["name"])

    def create(self, desired: Record) -> Record:
        password = desired.get("user_password")
        row: Json = {
            "name": self._new_name,
            "email": desired["email"],
            "fullName": desired.get("full_name"),
            "company": {"id": self._client.company_id} if self._client.company_id else None,
            "userGroups": accounts.ids(self._change.final) or None,
            "useSystemGeneratePassword": password is None,
            "password": None if password is None else _encoded(password),
            "inviteUser": False,
        }
        body = {"users": [{key: value for key, value in row.items() if value is not None}]}

        def look() -> int | None:
            found = self._look_up()
            return found.id if found else None

        number = create_once(lambda: _new_id(self._client.post("/V4/user", body)), look)
        if number <= 0:
            raise ApiError(f'Commvault answered the creation of the user "{desired["name"]}" without an id.', call="POST /V4/user")
        if desired.get("enabled") is False:
            self._client.put(f"/V4/user/{number}", {"enabled": False})
        return self._read(number) or {**desired, "id": number}

    def update(self, current: Record, changed: Record) -> Record:
        keys = {"email": "email", "full_name": "fullName", "enabled": "enabled"}
        body: Json = {api: changed[key] for key, api in keys.items() if key in changed}
        if "user_groups" in changed:
            body |= self._group_change()
        if "user_password" in changed:
            # The document calls it the old password of the user, the vendor's clients send the password of the caller: so does this.
            body |= {"newPassword": _encoded(changed["user_password"]), "validationPassword": _encoded(self._params["password"])}
        self._client.put(f"/V4/user/{current['id']}", body, repeat=True)
        return self._read(current["id"]) or {**current, **changed}

    def delete(self, current: Record) -> None:
        self._client.delete(f"/V4/user/{current['id']}", params=self._heir)
        require_gone("user", current["name"], self._look_up() is not None)

    # Mapping

    def _look_up(self) -> Found | None:
        return accounts.choose(self._client, "user", self._params["name"], accounts.users(self._client), "own")

    def _read(self, number: int) -> Record | None:
        detail = self._client.get(f"/V4/user/{number}", absent=(404,))
        if detail is None:
            return None
        accounts.require_home(self._client, "user", self._params["name"], detail.get("company"))
        # Those of a directory belong to it, and cannot be changed here.
        self._groups = accounts.references(
            [row for row in listed(detail.get("associatedUserGroups")) if not (row.get("provider") or {}).get("id")]
        )
        return {
            "id": number,
            "name": detail.get("name") or self._params["name"],
            "company": (detail.get("company") or {}).get("name"),
            "email": detail.get("email"),
            "full_name": detail.get("fullName") or "",
            "enabled": bool(detail.get("enabled", False)),
            "user_groups": sorted(group.name for group in self._groups),
        }

    def _wanted_groups(self) -> list[str]:
        known: list[Found] = []

        def find(name: str) -> Found | None:
            if not known:
                known.extend(accounts.user_groups(self._client))
            return accounts.find_user_group(self._client, name, known)

        mode = self._params["user_groups_mode"]
        current = self._groups if self._exists else []
        self._change = accounts.membership(current, self._params["user_groups"], mode, find)
        return self._change.names

    def _group_change(self) -> Json:
        """The operation is always said, since ADD is what is meant otherwise; an empty list may be taken for none."""
        change = self._change
        if self._params["user_groups_mode"] == "exact" and change.final:
            return {"userGroups": accounts.ids(change.final), "userGroupOperation": "OVERWRITE"}
        if change.added:
            return {"userGroups": accounts.ids(change.added), "userGroupOperation": "ADD"}
        return {"userGroups": accounts.ids(change.removed), "userGroupOperation": "DELETE"}

    def _guard_oneself(self, current: Record, fate: str) -> None:
        if self._params["username"] and accounts.same_name(self._params["username"], current["name"], within=False):
            raise Refused(
                f'"{current["name"]}" is the user that runs this task; it is not {fate}. Log in as another user.', object=current["name"]
            )


def _new_id(reply: Json) -> int:
    rows = listed(reply.get("users"))
    return int(rows[0].get("id") or 0) if rows else 0


def _encoded(password: str) -> str:
    """Base64, which hides nothing but is what the API wants."""
    return base64.b64encode(password.encode()).decode()
