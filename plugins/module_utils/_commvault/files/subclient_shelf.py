# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.errors import BaasError, InputError
from ..plans import lookup as plan_lookup
from ..servers import lookup as server_lookup
from ..servers import subclients as file_subclients
from ..wire import lookup

if t.TYPE_CHECKING:
    from ..._core.reconcile import Record
    from ..wire.client import Commvault
    from ..wire.pool import Answers

Row = dict[str, t.Any]


def label(element: Record) -> str:
    """What errors and diffs call a subclient, whose name alone says little."""
    return f"{element['client']} / {element['backupset']} / {element['name']}"


class Shelf:
    """What the subclients of one call share, each read once: the lists of the clients' subclients, their details, and plans by name.

    The lists of all clients are read side by side, and so are the details of all subclients that are on them.
    """

    def __init__(self, client: Commvault, elements: list[Record]) -> None:
        self._client = client
        self._elements = elements
        self._lists: Answers[str, list[Row]] | None = None
        self._details: Answers[int, Row | None] | None = None
        self._rows: dict[str, list[Row]] = {}
        self._plans: dict[str, lookup.Found | None] = {}
        self._claimed: dict[int, str] = {}
        self._explained: set[tuple[str, bool]] = set()

    def entities(self, name: str, needed: bool, fresh: bool = False) -> list[Row]:
        """The subclients of a client. needed: a missing client is an error. fresh: read again."""
        key = name.casefold()
        if fresh or key not in self._rows:
            self._rows[key] = file_subclients.of_client(self._client, name) if fresh else self._listed()[key]
            if self._rows[key]:
                self._own(name, self._rows[key][0]["subClientEntity"])
        if not self._rows[key] and (key, needed) not in self._explained:
            self._explained.add((key, needed))
            self._explain(name, needed)
        return self._rows[key]

    def detail(self, row: Row) -> Row | None:
        """A row of entities() with its content, which not every server lists; None where it is gone meanwhile."""
        if file_subclients.is_whole(row):
            return row
        if self._details is None:
            lists = self._listed()
            rows = [found for found in (self._row(lists, element) for element in self._elements) if found]
            missing = [file_subclients.number(found) for found in rows if not file_subclients.is_whole(found)]
            self._details = self._client.pool.read(self.read, missing)
        number = file_subclients.number(row)
        return self._details[number] if number in self._details else self.read(number)

    def read(self, number: int) -> Row | None:
        """A subclient as it is now."""
        return file_subclients.read(self._client, number)

    def _listed(self) -> Answers[str, list[Row]]:
        if self._lists is None:
            names = {element["client"].casefold(): element["client"] for element in self._elements}
            self._lists = self._client.pool.read(lambda key: file_subclients.of_client(self._client, names[key]), names)
        return self._lists

    @staticmethod
    def _row(lists: Answers[str, list[Row]], element: Record) -> Row | None:
        try:
            rows = lists[element["client"].casefold()]
        except BaasError:
            # Raised where this client's own turn comes.
            return None
        return file_subclients.named(file_subclients.within(rows, element["backupset"]), element["name"])

    def plan(self, name: str) -> lookup.Found | None:
        if name not in self._plans:
            self._plans[name] = plan_lookup.plan(self._client, name)
        return self._plans[name]

    def claim(self, subclient_id: int, name: str) -> None:
        """The default subclient may be called "default" and by its own name: twice in one call it would be set to two things."""
        other = self._claimed.setdefault(subclient_id, name)
        if other != name:
            raise InputError(f"{other} and {name} are the same subclient (id {subclient_id}): join the two.", object=name)

    def _own(self, name: str, entity: Row) -> None:
        owner = entity.get("entityInfo") or {}
        company = int(owner["companyId"]) if "companyId" in owner else None
        lookup.require_own(self._client, "client", lookup.Found(int(entity["clientId"]), name, company, owner.get("companyName")))

    def _explain(self, name: str, needed: bool) -> None:
        """No subclients: say whether it is the client or its agent that is missing."""
        if not needed:
            self._client.warn(f'The client "{name}" has no file system subclient that this user can see: there is nothing to delete.')
        elif server_lookup.server(self._client, name):
            self._client.missing("file system agent of the client", name, "Install the File System package on it.")
