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
from . import lookup as sql
from . import subclients as sql_subclients

if t.TYPE_CHECKING:
    from ..._core.reconcile import Record
    from ..wire.client import Commvault
    from ..wire.pool import Answers

Row = dict[str, t.Any]


def label(element: Record) -> str:
    """What errors and diffs call a SQL Server subclient."""
    return sql.label(element["client"], element["instance"], element["name"])


class Holder(t.NamedTuple):
    """A subclient that lists a database."""

    id: int
    name: str


class Shelf:
    """What the SQL Server subclients of one call share, each read once: the lists of the clients' subclients, details, databases, plans.

    The lists of all clients are read side by side, and so are the details of all subclients that the call is about.
    """

    def __init__(self, client: Commvault, elements: list[Record]) -> None:
        self._client = client
        self._elements = elements
        self._lists: Answers[str, list[Row]] | None = None
        self._details: dict[int, Row | None] = {}
        self._details_read = False
        self._owned: set[str] = set()
        self._explained: set[tuple[str, str, bool]] = set()
        self._databases: dict[tuple[str, str], dict[str, str] | None] = {}
        self._plans: dict[str, lookup.Found | None] = {}
        self._claimed: dict[int, str] = {}

    def of_instance(self, name: str, instance: str, needed: bool) -> list[Row]:
        """The subclients of an instance. needed: a missing client or instance is an error."""
        rows = [] if self._client.company_missing else self._listed()[name.casefold()]
        if rows and name.casefold() not in self._owned:
            self._own(name, rows[0])
            self._owned.add(name.casefold())
        found = sql_subclients.within(rows, instance)
        key = (name.casefold(), instance.casefold(), needed)
        if not found and key not in self._explained:
            self._explained.add(key)
            self._explain(name, instance, needed)
        return found

    def detail(self, row: Row) -> Row | None:
        """A row of of_instance() with its content; None where it is gone meanwhile."""
        if not self._details_read:
            self._details_read = True
            self._read_details([found for found in map(self._row, self._elements) if found])
        self._read_details([row])
        return self._details[file_subclients.number(row)]

    def spelled(self, entity: Row) -> Row:
        """Names of a client and an instance as the server spells them."""
        rows = sql_subclients.within(self._listed()[entity["clientName"].casefold()], entity["instanceName"])
        known = rows[0]["subClientEntity"] if rows else {}
        return {**entity, **{key: known[key] for key in ("clientName", "instanceName") if known.get(key)}}

    def databases(self, name: str, instance: str) -> dict[str, str] | None:
        """The databases that Commvault has discovered on an instance, system ones too, by name in lower case; None: no such instance."""
        key = (name.casefold(), instance.casefold())
        if key not in self._databases:
            rows = self.of_instance(name, instance, needed=True)
            number = int(rows[0]["subClientEntity"]["instanceId"]) if rows else 0
            found = sql.rows_of_databases(self._client, number, system=True) if number else []
            self._databases[key] = {str(row["dbName"]).casefold(): str(row["dbName"]) for row in found} if number else None
        return self._databases[key]

    def holder(self, element: Record, database: str) -> Holder | None:
        """The other subclient that lists a database and, as far as this call says, is to keep it. The default one just covers the rest."""
        rows = self.of_instance(element["client"], element["instance"], needed=True)
        self._read_details(rows)
        for row in rows:
            name = str(row["subClientEntity"]["subclientName"])
            number = file_subclients.number(row)
            detail = self._details[number]
            if detail is None or name.casefold() == element["name"].casefold() or sql_subclients.covers_the_rest(detail):
                continue
            listed = {found.casefold() for found in sql_subclients.databases(detail)}
            if database.casefold() in listed and not self._gives_up({**element, "name": name}, database):
                return Holder(number, name)
        return None

    def plan(self, name: str) -> lookup.Found | None:
        if name not in self._plans:
            self._plans[name] = plan_lookup.plan(self._client, name)
        return self._plans[name]

    def claim(self, subclient_id: int, name: str) -> None:
        """The default subclient may be called "default" and by its own name: twice in one call it would be set to two things."""
        other = self._claimed.setdefault(subclient_id, name)
        if other != name:
            raise InputError(f"{other} and {name} are the same subclient (id {subclient_id}): join the two.", object=name)

    def _gives_up(self, other: Record, database: str) -> bool:
        """Whether this call takes a database from the subclient that has it."""
        for element in self._elements:
            if label(element).casefold() == label(other).casefold():
                kept = element["databases"]
                return element["state"] == "absent" or (kept is not None and database.casefold() not in {name.casefold() for name in kept})
        return False

    def _listed(self) -> Answers[str, list[Row]]:
        if self._lists is None:
            names = {element["client"].casefold(): element["client"] for element in self._elements}
            self._lists = self._client.pool.read(lambda key: sql_subclients.of_client(self._client, names[key]), names)
        return self._lists

    def _row(self, element: Record) -> Row | None:
        try:
            rows = self._listed()[element["client"].casefold()]
        except BaasError:
            # Raised where this client's own turn comes.
            return None
        return file_subclients.named(sql_subclients.within(rows, element["instance"]), element["name"])

    def _read_details(self, rows: list[Row]) -> None:
        missing = [number for number in map(file_subclients.number, rows) if number not in self._details]
        answers = self._client.pool.read(lambda number: file_subclients.read(self._client, number), missing)
        self._details |= {number: answers[number] for number in missing}

    def _own(self, name: str, row: Row) -> None:
        whose = sql_subclients.owner(row)
        entity = row["subClientEntity"]
        found = lookup.Found(int(entity["clientId"]), name, whose.company_id, whose.company)
        lookup.require_own(self._client, "client", found)

    def _explain(self, name: str, instance: str, needed: bool) -> None:
        """No subclients, although each instance has one: say whether it is the client or the instance that is missing."""
        if not needed:
            text = f'The client "{name}" has no SQL Server instance "{instance}" that this user can see: there is nothing to delete.'
            self._client.warn(text)
        elif self._client.company_missing or server_lookup.server(self._client, name):
            way_out = "Create it with calligo.baas.commvault_sql_instance, or correct the name."
            self._client.missing("SQL Server instance", sql.label(name, instance), way_out)
