# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import typing as t

from ..._core.errors import InputError, Refused, UnexpectedReply

if t.TYPE_CHECKING:
    from .client import Commvault

# From a name to an id. Lists may come from a cache, filters may be ignored by an older server, and the same name may
# live in several companies: so every answer is compared again here, by name and by company. Inside a company what has an
# owner that nobody tells is refused: that the server listed it proves nothing. The option accept_unknown_owners says otherwise.

Row = dict[str, t.Any]
Reach = t.Literal["own", "visible"]
"""own: only what belongs to the company acted in (without one: to the provider).
visible: that first, then what the provider shares; without a company, then anything that this user sees."""


@dataclasses.dataclass(frozen=True)
class Owner:
    """Whose a thing is. company_id: 0 the provider, None where the server does not tell."""

    company_id: int | None = None
    company: str | None = None


@dataclasses.dataclass(frozen=True)
class Found:
    """What a look-up found. company_id: 0 is the provider, None where the server does not tell. row: as the server sent it."""

    id: int
    name: str
    company_id: int | None = None
    company: str | None = None
    row: Row = dataclasses.field(default_factory=dict, compare=False)

    @property
    def owner(self) -> Owner:
        return Owner(self.company_id, self.company)

    def of(self, owner: Owner) -> Found:
        """The same, with its owner."""
        return dataclasses.replace(self, company_id=owner.company_id, company=owner.company)


def inside(client: Commvault) -> bool:
    """Whether a company is acted in, also one that is still missing in check mode."""
    return client.company is not None or client.company_id is not None


def require_own(client: Commvault, kind: str, found: Found) -> Found | None:
    """Found, if it belongs to the company acted in; Refused if to another. In check mode None, where an earlier task may yet give it."""
    if not inside(client) or (found.company_id == client.company_id and found.company_id is not None):
        return found
    if found.company_id is None:
        return found if trusted(client, kind, found.name) else None
    if found.company_id:
        raise Refused(
            f'The {kind} "{found.name}" belongs to the company "{found.company or found.company_id}", not to the one acted in. '
            "Take it out of that company first, or correct the name.",
            object=found.name,
        )
    way_out = "It belongs to the provider: give it to the company with the option servers of calligo.baas.commvault_company."
    return needed(client, f"{kind} of this company", found.name, None, way_out)


def trusted(client: Commvault, kind: str, name: str) -> bool:
    """True where the task takes what has an unknown owner for its company's; otherwise Refused."""
    if client.accept_unknown_owners:
        return True
    raise Refused(
        f'Commvault does not tell whose the {kind} "{name}" is, so that it is not touched inside a company. '
        "Let this user see the companies of what is listed, or, if this server never tells them, set accept_unknown_owners.",
        object=name,
    )


def choose(
    client: Commvault,
    kind: str,
    name: str,
    known: t.Iterable[Found],
    reach: Reach = "visible",
    owner: t.Callable[[Found], Owner] | None = None,
) -> Found | None:
    """The one of this name, or None. A name in the exact case wins; a name that stays ambiguous is an InputError, never a guess.

    owner: asks whose a row is, where the list does not tell. Refused for one of which nobody tells, unless the company has another.
    """
    exact = _named(name, known)
    if owner is not None and inside(client):
        exact = [found if found.company_id is not None else found.of(owner(found)) for found in exact]
    nearest = next(filter(None, _tiers(client, exact, reach)), [])
    if len(nearest) > 1:
        owners = ", ".join(f"id {found.id} ({found.company or 'the provider'})" for found in nearest)
        raise InputError(f'The {kind} name "{name}" exists {len(nearest)} times: {owners}. Rename one, or give company.', object=name)
    if nearest and nearest[0].company_id is None and inside(client):
        trusted(client, kind, name)
    return nearest[0] if nearest else None


def _named(name: str, known: t.Iterable[Found]) -> list[Found]:
    """Those of this name or display name; of several only those in the exact case, if there are any."""
    named = [found for found in known if same_name(name, found.name) or same_name(name, found.row.get("displayName"))]
    return [found for found in named if found.name == name] or named


def _tiers(client: Commvault, found: list[Found], reach: Reach) -> list[list[Found]]:
    """Rows by how near they are to the company acted in; those of which nobody knows the owner might be its own."""
    shared = [row for row in found if row.company_id == 0]
    unknown = [row for row in found if row.company_id is None]
    if client.company_missing:
        # In check mode a company that does not exist yet owns nothing, but would see what the provider shares.
        return [] if reach == "own" else [unknown, shared]
    home = client.company_id
    if not home:
        return [shared + unknown] if reach == "own" else [shared + unknown, found]
    own = [row for row in found if row.company_id == home]
    return [own, unknown] if reach == "own" else [own, unknown, shared]


def require_once(kind: str, labels: t.Iterable[str]) -> None:
    """Raise InputError for a label that is given twice, whatever its case."""
    seen: set[str] = set()
    for label in labels:
        if label.casefold() in seen:
            raise InputError(f'The {kind} "{label}" is listed twice: join the two.', object=label)
        seen.add(label.casefold())


def needed(client: Commvault, kind: str, name: str, found: Found | None, way_out: str) -> Found | None:
    if found is None:
        client.missing(kind, name, way_out)
    return found


def to_found(entity: Row, row: Row, company: Row | None) -> Found:
    name = entity.get("name") or row.get("displayName")
    if not isinstance(name, str):
        raise UnexpectedReply(f"Commvault lists an object without a name: {str(row)[:80]!r}.")
    return Found(int(entity["id"]), name, *company_of(company), row)


def company_of(company: Row | None) -> tuple[int | None, str | None]:
    """Id and name of a company, which the V4 calls and the older ones spell differently."""
    values = company or {}
    number = values.get("id", values.get("companyId"))
    return (None, None) if number is None else (int(number), values.get("name") or values.get("companyName"))


def same_name(wanted: str, name: t.Any) -> bool:
    return isinstance(name, str) and name.casefold() == wanted.casefold()


def known_names(lead: str, known: list[Found]) -> str:
    return f"{lead} {', '.join(sorted(found.name for found in known))}." if known else "None is known."


def require_reach(client: Commvault, kind: str, name: str, owner: Owner, shared: bool = True) -> None:
    """Refuse what does not belong to the company acted in. shared: what the provider owns may be used by each."""
    if not inside(client) or (owner.company_id is None and trusted(client, kind, name)):
        return
    if owner.company_id == client.company_id or (shared and owner.company_id == 0):
        return
    whose = f'the company "{owner.company or owner.company_id}"' if owner.company_id else "the provider"
    raise Refused(f'The {kind} "{name}" belongs to {whose}, not to the company acted in. Nothing was done.', object=name)


def require_same_tenant(client: Commvault, source: Owner, destination: Owner, what: str, where: str) -> None:
    """Refuse to move one company's data to another, whoever asks: the provider can do so only by its own hardware.

    Refused too where the two may be of different companies, because Commvault does not tell whose they are.
    """
    advice = "One company's data is not restored to another's. Restore to a client or hypervisor of the same company, or of the provider."
    untold = where if destination.company_id is None else what if source.company_id is None else None
    if destination.company_id == 0 or (untold and client.accept_unknown_owners):
        return
    if untold:
        raise Refused(f"Commvault does not tell whose {untold} is. {advice} If it never tells, set accept_unknown_owners.", object=where)
    if source.company_id and source.company_id != destination.company_id:
        raise Refused(
            f'{what} belongs to the company "{source.company or source.company_id}", '
            f'{where} to "{destination.company or destination.company_id}". {advice}',
            object=where,
        )


def commcell(client: Commvault) -> Found:
    """The CommCell itself, of which there is one (GET /CommServ; cvpysdk commcell.py)."""
    row = client.require("/CommServ").get("commcell") or {}
    return Found(int(row.get("commCellId") or 2), str(row.get("commCellName") or "CommCell"), row=row)


def same_uuid(one: t.Any, other: t.Any) -> bool:
    return str(one or "").casefold() == str(other or "-").casefold()


def own(client: Commvault, kind: str, found: t.Iterable[Found], shared: bool = False) -> list[Found]:
    """Inside a company, what belongs to it, and if wanted what the provider shares; otherwise everything. In the order of names.

    Refused where the server does not tell the owner of a row: a list without it would say that there is none.
    """
    if client.company_missing:
        return []
    kept = [row for row in found if is_own(client, kind, row.name, row.company_id) or (shared and row.company_id == 0)]
    return sorted(kept, key=lambda row: (row.name.casefold(), row.id))


def owned_by(client: Commvault, kind: str, found: t.Iterable[Found], company_id: int) -> list[Found]:
    """What belongs to a company, whoever asks. Refused where nobody tells whose a thing is: it may be the company's, and overlooked."""
    return [row for row in found if row.company_id == company_id or (row.company_id is None and not trusted(client, kind, row.name))]


def is_own(client: Commvault, kind: str, name: str, company_id: int | None) -> bool:
    """Whether a row of a list counts inside the company acted in; outside each does. Refused where nobody tells whose it is."""
    home = client.company_id
    return home is None or company_id == home or (company_id is None and trusted(client, kind, name))


def named(client: Commvault, kind: str, found: list[Found], names: list[str] | None) -> tuple[list[Found], list[str]]:
    """Those of these names, in that order, and the names that do not exist; all of them where no names are given."""
    if names is None:
        return found, []
    chosen = {name: choose(client, kind, name, found) for name in dict.fromkeys(names)}
    return [row for row in chosen.values() if row], [name for name, row in chosen.items() if row is None]
