# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import typing as t

from ..._core.errors import InputError
from ..plans import lookup as plan_lookup
from ..servers import lookup as server_lookup
from ..wire import lookup
from ..wire.lookup import Found
from ..wire.replies import listed

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

# Things that a region or a role can be given to, each under the names that the different calls have for its kind.

Row = dict[str, t.Any]
COMMCELL = "commcell"


@dataclasses.dataclass(frozen=True)
class Kind:
    """label: for people. region: entityType of the region calls. security and key: entity type and key of the id in the security calls."""

    label: str
    region: str
    security: int
    key: str


KINDS = {
    "client": Kind("client", "CLIENT", 3, "clientId"),
    "company": Kind("company", "COMPANY", 61, "providerId"),
    "plan": Kind("plan", "PLAN", 158, "planId"),
    # A pool and the storage policy behind it share their id; cvpysdk security_association.py writes the latter.
    "storage_pool": Kind("storage pool", "STORAGE_POOL", 17, "storagePolicyId"),
    COMMCELL: Kind("CommCell", "COMMCELL", 1, "commCellId"),
}
_WAY_OUT = {
    "client": "Install Commvault's software on it, or correct the name.",
    "company": "Create it with calligo.baas.commvault_company, or correct the name.",
    "plan": "Create it with calligo.baas.commvault_plan, or correct the name.",
    "storage_pool": "Create it in Commvault, let the company see it, or correct the name.",
}


class Directory:
    """From names to ids, each list being read once a call, and only if something in it is asked for."""

    def __init__(self, client: Commvault) -> None:
        self._client = client
        self._lists: dict[str, list[Found]] = {}

    def find(self, kind: str, name: str | None, needed: bool = True) -> Found | None:
        """The entity, or None: where it is not needed, or in check mode, with a warning. Otherwise raises NotFound.

        name: ignored for the CommCell, of which there is one.
        """
        if kind == COMMCELL:
            return lookup.commcell(self._client)
        if not name:
            raise InputError(f"The name of the {KINDS[kind].label} is missing.")
        found = lookup.choose(self._client, KINDS[kind].label, name, self._all(kind))
        if found is None and needed:
            self._client.missing(KINDS[kind].label, name, _WAY_OUT[kind])
        return found

    def _all(self, kind: str) -> list[Found]:
        if kind not in self._lists:
            read: dict[str, t.Callable[[Commvault], list[Found]]] = {
                "client": server_lookup.servers,
                "company": companies,
                "plan": plan_lookup.plans,
                "storage_pool": plan_lookup.storage_pools,
            }
            self._lists[kind] = read[kind](self._client)
        return self._lists[kind]


def companies(client: Commvault) -> list[Found]:
    """All companies that can be seen, past the server's cache (cvpysdk organization.py). Their owner is not asked for here."""
    reply = client.get("/Organization", {"hardRefresh": "true"}, absent=(404,)) or {}
    return [Found(int(row["shortName"]["id"]), str(row["connectName"]), row=row) for row in listed(reply.get("providers"))]
