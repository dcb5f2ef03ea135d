# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.errors import Refused
from ..plans import lookup as plan_lookup
from ..servers import lookup as server_lookup
from ..vms import lookup as vm_lookup
from ..wire import lookup
from ..wire.replies import listed
from . import accounts

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Json = dict[str, t.Any]


class Belongings:
    """Plans that a company may use and servers that it owns: names become ids before the first write, in check mode too."""

    def __init__(self, client: Commvault, company: str) -> None:
        self._client = client
        self._company = company
        self.plan_ids: dict[str, int] = {}
        self.new_servers: list[int] = []

    def plans(self, names: list[str], wanted: list[str], owner: int | None, exact: bool) -> list[str]:
        """The plans that the company has, and the wanted ones, the provider's or its own; with exact the wanted ones alone."""
        new = _new(names, wanted)
        kept = [name for name in names if not exact or name.casefold() in {want.casefold() for want in wanted}]
        self.plan_ids = {name: number for name, number in self.plan_ids.items() if name in kept}
        if not new:
            return kept
        known = [plan for plan in plan_lookup.plans(self._client) if plan.company_id in (None, 0, owner)]
        found = [self._need(known, "plan", name, "Create it with calligo.baas.commvault_plan, or correct the name.") for name in new]
        self.plan_ids.update({plan.name: plan.id for plan in found if plan})
        return sorted({*kept, *(plan.name if plan else name for plan, name in zip(found, new, strict=True))})

    def servers(self, names: list[str], wanted: list[str], owner: int | None) -> list[str]:
        """The servers that the company has, and the wanted ones."""
        new = _new(names, wanted)
        if not new:
            return list(names)
        known = server_lookup.servers(self._client)
        found = [self._need(known, "client", name, "Install Commvault's software on it, or correct the name.") for name in new]
        self.new_servers = [server.id for server in found if server and self._movable(server, owner)]
        return sorted({*names, *(server.name if server else name for server, name in zip(found, new, strict=True))})

    def count(self, number: int) -> dict[str, int]:
        """How much belongs to the company, by kind."""
        groups = [row.get("company") or {} for row in listed((self._client.get("/V4/VMGroups", absent=(404,)) or {}).get("vmGroups"))]
        lists = {
            "servers": server_lookup.servers(self._client),
            "hypervisors": vm_lookup.hypervisors(self._client),
            "plans": plan_lookup.plans(self._client),
            "users": accounts.users(self._client),
        }
        counts = {what: sum(row.company_id == number for row in rows) for what, rows in lists.items()}
        return {**counts, "VM groups": sum(group.get("id") == number for group in groups)}

    def _need(self, known: list[lookup.Found], kind: str, name: str, way_out: str) -> lookup.Found | None:
        found = lookup.choose(self._client, kind, name, known)
        if found is None:
            self._client.missing(kind, name, way_out)
        return found

    def _movable(self, server: lookup.Found, owner: int | None) -> bool:
        """Only the provider's clients may be given to a company: taking one from a tenant would hand over that tenant's data."""
        if server.company_id and server.company_id == owner:
            return False
        if server.company_id != 0:
            whose = (
                f'belongs to the company "{server.company or server.company_id}"'
                if server.company_id
                else "has an owner that Commvault hides"
            )
            raise Refused(
                f'The client "{server.name}" {whose}; "{self._company}" cannot have it. '
                "Take it out of that company in Commvault first, or correct servers.",
                object=server.name,
            )
        return True


def _new(have: list[str], want: list[str]) -> list[str]:
    known = {name.casefold() for name in have}
    return [name for name in want if name.casefold() not in known]
