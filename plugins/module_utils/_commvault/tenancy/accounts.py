# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What users and user groups have in common: a home, members of the other kind, and things that somebody must own after them."""

from __future__ import annotations

import dataclasses
import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.engine import Record, Resource, Seen
from ..._core.errors import ApiError, InputError, Refused
from ..wire.lookup import Found
from ..wire.replies import listed, number, part, text
from ..wire.writes import require_gone
from .lookup import NameLists, choose_account, same_account

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Row = dict[str, t.Any]
MODES = ("add", "exact", "remove")
OPTIONS = ArgumentSpec(
    {
        "transfer_to_user": {"type": "str"},
        "transfer_to_user_group": {"type": "str"},
        "skip_transfer": {"type": "bool", "default": False},
    },
    {"mutually_exclusive": [("transfer_to_user", "transfer_to_user_group")]},
)


@dataclasses.dataclass(frozen=True)
class Membership:
    """What has to be done to a list of users or groups. names: as it is afterwards, with those that nobody knows yet (check mode)."""

    names: list[str]
    final: list[Found]
    added: list[Found]
    removed: list[Found]


def membership(current: list[Found], wanted: list[str], mode: str, find: t.Callable[[str], Found | None]) -> Membership:
    """Compare a list with the one asked for. find is asked only for what is not in the list yet; it may answer None in check mode.

    mode: add to the list, make it exactly what is wanted, or remove that.
    """
    members = {name: _member(name, current) for name in wanted}
    meant = [ref for ref in current if ref in members.values()]
    if mode == "remove":
        return _membership(current, _without(current, meant), [])
    found = {name: find(name) for name, ref in members.items() if ref is None}
    kept = current if mode == "add" else meant
    final = {ref.id: ref for ref in [*kept, *filter(None, found.values())]} | {ref.id: ref for ref in kept}
    return _membership(current, list(final.values()), [name for name, ref in found.items() if ref is None])


def _member(name: str, current: list[Found]) -> Found | None:
    return next((ref for ref in current if same_account(name, ref.name)), None)


def _membership(current: list[Found], final: list[Found], unknown: list[str]) -> Membership:
    return Membership(sorted([ref.name for ref in final] + unknown), final, _without(final, current), _without(current, final))


def _without(some: list[Found], others: list[Found]) -> list[Found]:
    left_out = {ref.id for ref in others}
    return [ref for ref in some if ref.id not in left_out]


def references(rows: t.Any) -> list[Found]:
    """Rows {id, name} of a reply."""
    return [Found(int(row["id"]), str(row.get("name") or ""), row=row) for row in listed(rows)]


def ids(found: t.Iterable[Found]) -> list[Row]:
    """As a request names them."""
    return [{"id": ref.id} for ref in found]


class Account(Resource):
    """A user or a user group. Its subclass says how it is read and written; Seen.raw is the Membership that the task asks for."""

    kind: str
    """As in the options of other modules: user or user_group."""

    path: str
    """Of the list; that of one account has its id behind."""

    members: str
    """The option, and the key of the record, that holds the accounts of the other kind."""

    def __init__(self, client: Commvault, params: Row) -> None:
        self._client = client
        self._params = params
        self._names = NameLists(client)
        self._label = self.kind.replace("_", " ")

    def observe(self) -> Seen:
        found = None if self._client.company_missing else self._look_up()
        detail = self._detail(found.id) if found else None
        record = self._record(detail) if detail else None
        return Seen(record, self._asked_for(detail or {}) if self._params["state"] == "present" else None)

    def _asked_for(self, detail: Row) -> Membership:
        other = "user_group" if self.kind == "user" else "user"
        wanted, mode = self._params[self.members] or [], self._params[f"{self.members}_mode"]
        return membership(self._members_in(detail), wanted, mode, lambda name: self._names.find(other, name))

    def prepare_create(self, _seen: Seen, desired: Record) -> str:
        """The name to create it under."""
        return self._bare_name(desired["name"])

    def prepare_delete(self, seen: Seen) -> Row:
        """The query of the deletion: who inherits (OpenAPI DeleteUser, DeleteUserGroup, the odd spelling being theirs).

        Raises Refused where the task names nobody and does not say that nobody is wanted; InputError where it says both.
        """
        user, group, skip = (self._params[key] for key in ("transfer_to_user", "transfer_to_user_group", "skip_transfer"))
        if skip and (user or group):
            raise InputError(
                "skip_transfer says that nobody inherits, and transfer_to_user or transfer_to_user_group names an heir: give one."
            )
        if user or group:
            owner = self._names.find("user", user) if user else self._names.find("user_group", group)
            return {"transferToUser" if user else "transfertoUserGroup": owner.id} if owner else {}
        if not skip:
            raise Refused(
                f'What the {self._label} "{seen.known["name"]}" owns (plans, credentials, alerts, reports) would have no owner any more. '
                "Name an heir with transfer_to_user or transfer_to_user_group, or give skip_transfer.",
                object=seen.known["name"],
            )
        return {"skipOwnerShipTransfer": "true"}

    def delete(self, seen: Seen, means: Row) -> None:
        self._client.delete(f"{self.path}/{seen.known['id']}", params=means)
        require_gone(self._label, seen.known["name"], self._look_up() is not None)

    def _members_in(self, detail: Row) -> list[Found]:
        """The accounts of the other kind in a reply."""
        raise NotImplementedError

    def _record(self, detail: Row) -> Record:
        """A reply in the module's words."""
        return {
            "id": number(detail, "id"),
            "name": detail.get("name") or self._params["name"],
            "company": text(detail, "company", "name"),
            self.members: sorted(ref.name for ref in self._members_in(detail)),
            "enabled": bool(detail.get("enabled", False)),
        }

    def _look_up(self) -> Found | None:
        """Read anew each time: it is what tells whether an account has come or gone."""
        known = NameLists(self._client).all(self.kind)
        return choose_account(self._client, self._label, self._params["name"], known, "own")

    def _detail(self, account_id: int) -> Row | None:
        """One account. Raises where one that was made inside a company turns out to belong elsewhere."""
        detail = self._client.get(f"{self.path}/{account_id}", absent=(404,))
        if detail is None:
            return None
        owner = part(detail, "company")
        if self._client.company_id and owner.get("id") not in (None, self._client.company_id):
            raise ApiError(
                f'Commvault made the {self._label} "{self._params["name"]}" in "{owner.get("name")}" and not in the company acted in. '
                "Delete it there, and give the right of acting as an operator of the company to the user that runs this.",
                object=self._params["name"],
            )
        return {**detail, "id": account_id}

    def _after(self, account_id: int, otherwise: Record) -> Record:
        """The record after a write. otherwise: if the account is gone again."""
        detail = self._detail(account_id)
        return self._record(detail) if detail else otherwise

    def _bare_name(self, name: str) -> str:
        """Without the alias of the company acted in, which the server puts there. Raises InputError for another one's alias."""
        if "\\" not in name or self._client.company_id is None:
            return name
        prefix, _separator, rest = name.partition("\\")
        home = part(self._client.require(f"/Organization/{self._client.company_id}"), "organizationInfo", "organization", "shortName")
        alias = str(home.get("domainName") or "")
        if alias and prefix.casefold() != alias.casefold():
            raise InputError(
                f'"{name}" has the prefix of another company: the one acted in is "{alias}". Leave the prefix out, or correct it.'
            )
        return rest
