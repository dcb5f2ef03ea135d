# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.errors import InputError
from ..wire.replies import listed
from . import accounts

if t.TYPE_CHECKING:
    from ..wire.client import Commvault
    from ..wire.lookup import Found

Json = dict[str, t.Any]
COMPANY_ENTITY = 61
OVERWRITE = 1


class People:
    """A company's contacts, who are its own users, and its operators, who are the provider's and act in it with a role."""

    def __init__(self, client: Commvault) -> None:
        self._client = client
        self._contacts: list[Found] = []
        self._operators: list[Json] = []
        self._lists: dict[str, list[Found]] = {}

    def read(self, detail: Json) -> Json:
        """Both, in the module's words, out of the detail of a company (OpenAPI GetCompanyDetails; ids of contacts are strings)."""
        self._contacts = accounts.references(detail.get("contacts"))
        self._operators = listed(detail.get("tenantOperators"))
        return {"contacts": sorted(ref.name for ref in self._contacts), "operators": [_words(row) for row in self._operators]}

    def contacts(self, wanted: list[str], number: int, exact: bool) -> list[str]:
        """The contacts as they are to be. They are looked for among the company's users only."""
        if exact and not wanted:
            raise InputError("A company cannot be left without a contact: name one in contacts, or take contacts out of exact.")

        def find(name: str) -> Found | None:
            users = [user for user in self._all("user") if user.company_id == number]
            found = next((user for user in users if accounts.same_name(name, user.name)), None)
            if found is None:
                self._client.missing("user of this company", name, "Create it with calligo.baas.commvault_user, or correct the name.")
            return found

        change = accounts.membership(self._contacts, wanted, "exact" if exact else "add", find)
        self._contacts = change.final
        return change.names

    def operators(self, wanted: list[Json], exact: bool) -> list[Json]:
        """The operators as they are to be, in the order of before and the new ones behind."""
        named = [{key: row[key] for key in ("user", "user_group", "role") if row[key] is not None} for row in wanted]
        kept = [row for row in self._operators if not exact or any(_is(want, row) for want in named)]
        new = [want for want in named if not any(_is(want, row) for row in self._operators)]
        found = [(want, self._resolved(want)) for want in new]
        self._operators = [*kept, *(row for _want, row in found if row)]
        return [*map(_words, kept), *(_words(row) if row else want for want, row in found)]

    def operators_body(self) -> list[Json]:
        """For PUT V4/company, whose list replaces what is there, so that it is sent whole."""
        keys = ("user", "userGroup", "role")
        return [{key: {"id": int(row[key]["id"])} for key in keys if row.get(key)} for row in self._operators]

    def contacts_body(self, number: int, name: str) -> Json:
        """For PUT Organization, since V4 writes no contacts (cvpysdk organization.py, contacts and _prepare_operators_payload)."""
        contacts = [{"user": {"userId": ref.id, "userName": ref.name}} for ref in self._contacts]
        return {
            "organizationInfo": {
                "organization": {"shortName": {"id": number, "domainName": name}},
                "organizationProperties": {"primaryContactsOperationType": OVERWRITE, "primaryContacts": contacts},
            }
        }

    def _resolved(self, want: Json) -> Json | None:
        role = accounts.find_role(self._client, want["role"], self._all("role"))
        if "user" in want:
            who, key = accounts.find_user(self._client, want["user"], self._all("user")), "user"
        else:
            who, key = accounts.find_user_group(self._client, want["user_group"], self._all("user_group")), "userGroup"
        if not role or not who:
            return None
        return {key: {"id": who.id, "name": who.name}, "role": {"id": role.id, "name": role.name}}

    def _all(self, kind: str) -> list[Found]:
        read = {"user": accounts.users, "user_group": accounts.user_groups, "role": accounts.roles}
        if kind not in self._lists:
            self._lists[kind] = read[kind](self._client)
        return self._lists[kind]


def read_tags(client: Commvault, number: int) -> dict[str, str]:
    """GET Tags/PROVIDER_ENTITY/{id} (cvpysdk organization.py)."""
    reply = client.get(f"/Tags/PROVIDER_ENTITY/{number}", absent=(404,)) or {}
    return tag_values(tag for entity in listed(reply.get("tags")) for tag in listed(entity.get("tag")))


def tag_values(rows: t.Iterable[Json]) -> dict[str, str]:
    """Names and values of tags."""
    return {str(row["name"]): str(row.get("value") or "") for row in rows if row.get("name")}


def write_tags(client: Commvault, number: int, tags: dict[str, str]) -> None:
    """PUT Tags replaces all tags of an entity, so that they are sent whole."""
    rows = [{"name": name, "value": value} for name, value in tags.items()]
    client.put("/Tags", {"entityTag": [{"entityId": number, "entityType": COMPANY_ENTITY, "tag": rows}]})


def _words(row: Json) -> Json:
    who = {"user": row["user"].get("name")} if row.get("user") else {"user_group": (row.get("userGroup") or {}).get("name")}
    return {**who, "role": (row.get("role") or {}).get("name")}


def _is(want: Json, row: Json) -> bool:
    have = _words(row)
    return want.keys() == have.keys() and all(accounts.same_name(want[key], str(have[key] or ""), within=False) for key in want)
