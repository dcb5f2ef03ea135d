# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.errors import InputError
from .. import lookups
from ..paging import listed

if t.TYPE_CHECKING:
    from ..._core.reconcile import Record
    from ..client import Commvault

Row = dict[str, t.Any]
WINDOWS, LINUX = 33, 29
"""Application ids. The names are no use: 33 is "File System" here and "Windows File System" there."""
APPLICATIONS = {WINDOWS: "File System", LINUX: "Linux File System"}


def label(element: Record) -> str:
    """What errors and diffs call a subclient, whose name alone says little."""
    return f"{element['client']} / {element['backupset']} / {element['name']}"


def application(row: Row) -> int:
    return int(row["subClientEntity"].get("applicationId") or 0)


class Shelf:
    """What the subclients of one call share, each read once: the list of a client's subclients, and plans by name."""

    def __init__(self, client: Commvault) -> None:
        self._client = client
        self._rows: dict[str, list[Row]] = {}
        self._plans: dict[str, lookups.Found | None] = {}
        self._claimed: dict[int, str] = {}
        self._explained: set[tuple[str, bool]] = set()

    def entities(self, name: str, needed: bool, fresh: bool = False) -> list[Row]:
        """Rows of GET /Subclient (cvpysdk subclient.py _get_subclients) of a client's file system agents.

        needed: a missing client is an error. fresh: read again.
        """
        key = name.casefold()
        if fresh or key not in self._rows:
            reply = self._client.get("/Subclient", {"clientName": name, "propertyLevel": 20}, absent=(404,)) or {}
            # A server that does not know the parameter sends the subclients of all clients.
            rows = [row for row in listed(reply.get("subClientProperties")) if _names(row["subClientEntity"], key)]
            self._rows[key] = [row for row in rows if application(row) in APPLICATIONS]
            if self._rows[key]:
                self._own(name, self._rows[key][0]["subClientEntity"])
        if not self._rows[key] and (key, needed) not in self._explained:
            self._explained.add((key, needed))
            self._explain(name, needed)
        return self._rows[key]

    def plan(self, name: str) -> lookups.Found | None:
        if name not in self._plans:
            self._plans[name] = lookups.plan(self._client, name)
        return self._plans[name]

    def claim(self, subclient_id: int, name: str) -> None:
        """The default subclient may be called "default" and by its own name: twice in one call it would be set to two things."""
        other = self._claimed.setdefault(subclient_id, name)
        if other != name:
            raise InputError(f"{other} and {name} are the same subclient (id {subclient_id}): join the two.", object=name)

    def _own(self, name: str, entity: Row) -> None:
        owner = entity.get("entityInfo") or {}
        company = int(owner["companyId"]) if "companyId" in owner else None
        lookups.require_own(self._client, "client", lookups.Found(int(entity["clientId"]), name, company, owner.get("companyName")))

    def _explain(self, name: str, needed: bool) -> None:
        """No subclients: say whether it is the client or its agent that is missing."""
        if not needed:
            self._client.warn(f'The client "{name}" has no file system subclient that this user can see: there is nothing to delete.')
        elif lookups.server(self._client, name):
            self._client.missing("file system agent of the client", name, "Install the File System package on it.")


def _names(entity: Row, key: str) -> bool:
    return key in (str(entity.get("clientName")).casefold(), str(entity.get("displayName")).casefold())
