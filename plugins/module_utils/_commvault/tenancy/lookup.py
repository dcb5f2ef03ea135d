# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""From the names of companies, users, user groups and roles to their ids, and from those of all that roles and regions are given to."""

from __future__ import annotations

import dataclasses
import typing as t

from ..._core.errors import InputError
from ..plans import lookup as plan_lookup
from ..servers import lookup as server_lookup
from ..wire import lookup
from ..wire.lookup import Found, Reach

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Row = dict[str, t.Any]
COMMCELL = "commcell"


def users(client: Commvault) -> list[Found]:
    """All users that can be seen, in one request (OpenAPI GetUsers)."""
    return _listing(client, "/V4/user", "users")


def user_groups(client: Commvault) -> list[Found]:
    """All user groups that can be seen, in one request (OpenAPI GetUserGroups)."""
    return _listing(client, "/V4/UserGroup", "userGroups")


def roles(client: Commvault) -> list[Found]:
    """All roles that can be seen, in one request (OpenAPI GetListOfRoles). Ids differ between installations."""
    return _listing(client, "/V4/Role", "roles")


def companies(client: Commvault) -> list[Found]:
    """All companies that can be seen, past the server's cache (cvpysdk organization.py)."""
    return to_companies(client.rows("/Organization", "providers", {"hardRefresh": "true"}))


def to_companies(rows: t.Iterable[Row]) -> list[Found]:
    """Rows of GET /Organization. Inside a company, that company is the one to be named: each is its own."""
    ids = ((int(row["shortName"]["id"]), row) for row in rows)
    return [Found(number, str(row["connectName"]), number, str(row["connectName"]), row) for number, row in ids]


def _listing(client: Commvault, path: str, key: str) -> list[Found]:
    return [lookup.to_found(row, row, row.get("company")) for row in client.rows(path, key) if row.get("id") is not None]


# Users and user groups of a company carry its alias, as in acme\svc: a task may name them with it or without.


def choose_account(client: Commvault, kind: str, name: str, known: t.Iterable[Found], reach: Reach = "visible") -> Found | None:
    """Like lookup.choose(), with the alias of the company acted in being there or not on either side."""
    home = client.company_id or 0
    rows = {row.id: row for row in known if same_account(name, row.name, within=bool(home) and row.company_id in (None, home))}
    # Told to choose() under the name that was asked for, so that it judges owners and ambiguity alone.
    found = lookup.choose(client, kind, name, [dataclasses.replace(row, name=name, row={}) for row in rows.values()], reach)
    return rows[found.id] if found else None


def same_account(wanted: str, name: str, within: bool = True) -> bool:
    """Whether two names of users or groups mean the same; within: both are of one company, so that the alias may lack in one."""
    want, have = wanted.casefold(), name.casefold()
    if want == have:
        return True
    if not within or ("\\" in want) == ("\\" in have):
        return False
    return want.partition("\\")[2] == have or have.partition("\\")[2] == want


@dataclasses.dataclass(frozen=True)
class Entity:
    """What a role or a region can be given to, under the names that the different calls have for its kind.

    label: for people. region: entityType of the region calls. security and key: entity type and key of the id in the security calls.
    """

    label: str
    region: str
    security: int
    key: str


ENTITIES = {
    "client": Entity("client", "CLIENT", 3, "clientId"),
    "company": Entity("company", "COMPANY", 61, "providerId"),
    "plan": Entity("plan", "PLAN", 158, "planId"),
    # A pool and the storage policy behind it share their id; cvpysdk security_association.py writes the latter.
    "storage_pool": Entity("storage pool", "STORAGE_POOL", 17, "storagePolicyId"),
    COMMCELL: Entity("CommCell", "COMMCELL", 1, "commCellId"),
}
_LISTS: dict[str, t.Callable[[Commvault], list[Found]]] = {
    "client": server_lookup.servers,
    "company": companies,
    "plan": plan_lookup.plans,
    "role": roles,
    "storage_pool": plan_lookup.storage_pools,
    "user": users,
    "user_group": user_groups,
}
_MADE_ELSEWHERE = {
    "client": "Install Commvault's software on it, or correct the name.",
    "storage_pool": "Create it in Commvault, let the company see it, or correct the name.",
}


class NameLists:
    """The lists in which one call looks names up: each is read once, and only if something in it is asked for."""

    def __init__(self, client: Commvault) -> None:
        self._client = client
        self._lists: dict[str, list[Found]] = {}

    def all(self, kind: str) -> list[Found]:
        """Everything of a kind that can be seen: user, user_group, role, or an entity."""
        if kind not in self._lists:
            self._lists[kind] = _LISTS[kind](self._client)
        return self._lists[kind]

    def find(self, kind: str, name: str | None, needed: bool = True, known: list[Found] | None = None) -> Found | None:
        """The one of this name, the company's own first. Where it is missing NotFound, in check mode a warning and None.

        name: ignored for the CommCell, of which there is one. needed: False for None without a word. known: a part of the list.
        """
        if kind == COMMCELL:
            return lookup.commcell(self._client)
        label = kind.replace("_", " ")
        if not name:
            raise InputError(f"The name of the {label} is missing.")
        choose = choose_account if kind in ("user", "user_group") else lookup.choose
        found = choose(self._client, label, name, self.all(kind) if known is None else known)
        if found is None and needed:
            self.missing(kind, name, label)
        return found

    def missing(self, kind: str, name: str, label: str) -> None:
        """Say that something is not there, and where it comes from: NotFound, but in check mode a warning."""
        self._client.missing(label, name, _MADE_ELSEWHERE.get(kind, f"Create it with calligo.baas.commvault_{kind}, or correct the name."))
