# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import typing as t

from ..._core.errors import ApiError, InputError
from ..wire import lookup
from ..wire.lookup import Found, Reach
from ..wire.replies import listed

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

# Users and user groups of a company carry its alias, as in acme\svc: a task may name them with it or without.

Row = dict[str, t.Any]
Mode = t.Literal["add", "exact", "remove"]
MODES = ("add", "exact", "remove")


def users(client: Commvault) -> list[Found]:
    """All users that can be seen, in one request (OpenAPI GetUsers)."""
    return _rows(client, "/V4/user", "users")


def user_groups(client: Commvault) -> list[Found]:
    """All user groups that can be seen, in one request (OpenAPI GetUserGroups)."""
    return _rows(client, "/V4/UserGroup", "userGroups")


def roles(client: Commvault) -> list[Found]:
    """All roles that can be seen, in one request (OpenAPI GetListOfRoles). Ids differ between installations."""
    return _rows(client, "/V4/Role", "roles")


def find_user(client: Commvault, name: str, known: t.Iterable[Found] | None = None, reach: Reach = "visible") -> Found | None:
    """The user of this name, the company's own first. Missing: NotFound; in check mode a warning and None."""
    found = choose(client, "user", name, users(client) if known is None else known, reach)
    return _needed(client, "user", name, found)


def find_user_group(client: Commvault, name: str, known: t.Iterable[Found] | None = None, reach: Reach = "visible") -> Found | None:
    """The user group of this name. Missing: as in find_user()."""
    found = choose(client, "user group", name, user_groups(client) if known is None else known, reach)
    return _needed(client, "user group", name, found)


def find_role(client: Commvault, name: str, known: t.Iterable[Found] | None = None) -> Found | None:
    """The role of this name, the company's own first. Missing: as in find_user()."""
    found = lookup.choose(client, "role", name, roles(client) if known is None else known)
    return _needed(client, "role", name, found)


def choose(client: Commvault, kind: str, name: str, known: t.Iterable[Found], reach: Reach) -> Found | None:
    """Like lookups.choose(), with the alias of the company acted in being there or not on either side."""
    home = client.company_id or 0
    rows = {row.id: row for row in known if same_name(name, row.name, within=bool(home) and row.company_id in (None, home))}
    # Told to lookups under the name that was asked for, so that it judges owners and ambiguity alone.
    found = lookup.choose(client, kind, name, [dataclasses.replace(row, name=name, row={}) for row in rows.values()], reach)
    return rows[found.id] if found else None


def same_name(wanted: str, name: str, within: bool = True) -> bool:
    """Whether two names of users or groups mean the same; within: both are of one company, so that the alias may lack in one."""
    want, have = wanted.casefold(), name.casefold()
    if want == have:
        return True
    if not within or ("\\" in want) == ("\\" in have):
        return False
    return want.partition("\\")[2] == have or have.partition("\\")[2] == want


def bare(client: Commvault, name: str) -> str:
    """The name without the alias of the company acted in, which the server puts there. Raises InputError for another one's alias."""
    if "\\" not in name or client.company_id is None:
        return name
    prefix, _separator, rest = name.partition("\\")
    info = client.require(f"/Organization/{client.company_id}").get("organizationInfo") or {}
    alias = str(((info.get("organization") or {}).get("shortName") or {}).get("domainName") or "")
    if alias and prefix.casefold() != alias.casefold():
        raise InputError(f'"{name}" has the prefix of another company: the one acted in is "{alias}". Leave the prefix out, or correct it.')
    return rest


def require_home(client: Commvault, kind: str, name: str, company: Row | None) -> None:
    """Raise where something that was made inside a company turns out to belong elsewhere."""
    owner = (company or {}).get("id")
    if client.company_id and owner is not None and int(owner) != client.company_id:
        raise ApiError(
            f'Commvault made the {kind} "{name}" in "{(company or {}).get("name")}" and not in the company acted in. '
            "Delete it there, and give the right of acting as an operator of the company to the user that runs this.",
            object=name,
        )


@dataclasses.dataclass
class Membership:
    """What has to be done to a list of users or groups. names: as it is afterwards; missing: named, but known to nobody (check mode)."""

    names: list[str]
    final: list[Found]
    added: list[Found]
    removed: list[Found]


def membership(current: list[Found], wanted: list[str], mode: str, find: t.Callable[[str], Found | None]) -> Membership:
    """Compare a list with the one asked for. find is asked only for what is not in the list yet; it may answer None in check mode."""
    named = {name: next((ref for ref in current if same_name(name, ref.name)), None) for name in wanted}
    here = {ref.id for ref in named.values() if ref}
    if mode == "remove":
        final = [ref for ref in current if ref.id not in here]
        return Membership(sorted(ref.name for ref in final), final, [], [ref for ref in current if ref.id in here])
    kept = [ref for ref in current if mode == "add" or ref.id in here]
    found = {name: find(name) for name, ref in named.items() if ref is None}
    added = list({ref.id: ref for ref in found.values() if ref}.values())
    final = [*kept, *(ref for ref in added if ref.id not in {old.id for old in kept})]
    names = [ref.name for ref in final] + [name for name, ref in found.items() if ref is None]
    return Membership(sorted(names), final, added, [ref for ref in current if ref not in kept])


def references(rows: t.Any) -> list[Found]:
    """Rows {id, name} of a reply."""
    return [Found(int(row["id"]), str(row.get("name") or ""), row=row) for row in listed(rows)]


def ids(found: t.Iterable[Found]) -> list[Row]:
    """As a request names them."""
    return [{"id": ref.id} for ref in found]


def _rows(client: Commvault, path: str, key: str) -> list[Found]:
    reply = client.get(path, absent=(404,)) or {}
    return [
        Found(int(row["id"]), str(row.get("name") or ""), *_company(row.get("company")), row)
        for row in listed(reply.get(key))
        if row.get("id") is not None
    ]


def _company(company: Row | None) -> tuple[int | None, str | None]:
    values = company or {}
    return (int(values["id"]), values.get("name")) if values.get("id") is not None else (None, None)


def _needed(client: Commvault, kind: str, name: str, found: Found | None) -> Found | None:
    if found is None:
        client.missing(kind, name, f"Create it with calligo.baas.commvault_{kind.replace(' ', '_')}, or correct the name.")
    return found
