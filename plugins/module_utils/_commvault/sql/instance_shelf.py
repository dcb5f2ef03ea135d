# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.errors import Refused
from ..plans import lookup as plan_lookup
from ..servers import lookup as server_lookup
from ..wire import lookup
from ..wire.replies import listed
from . import lookup as sql
from . import subclients as sql_subclients

if t.TYPE_CHECKING:
    from ..._core.reconcile import Record
    from ..wire.client import Commvault
    from ..wire.pool import Answers

Row = dict[str, t.Any]


def label(element: Record) -> str:
    """What errors and diffs call an instance."""
    return sql.label(element["client"], element["instance"])


class Shelf:
    """What the SQL Server instances of one call share, each read once: the clients, the lists of their instances, plans, credentials.

    What there is to read of all clients is read side by side.
    """

    def __init__(self, client: Commvault, elements: list[Record]) -> None:
        self._client = client
        self._names = {element["client"].casefold(): element["client"] for element in elements}
        self._lists: Answers[str, list[Row]] | None = None
        self._servers: Answers[str, lookup.Found | None] | None = None
        self._owned: dict[str, lookup.Found | None] = {}
        self._plans: dict[str, lookup.Found | None] = {}
        self._credentials: list[lookup.Found] | None = None

    def row(self, element: Record, fresh: bool = False) -> Row | None:
        """An instance with its settings, or None. fresh: read again. Raises NotFound where its client is missing and needed."""
        if self._client.company_missing:
            return None
        home = self._home(element["client"], element["state"] == "present")
        if home is None:
            return None
        rows = sql.of_client(self._client, home.name) if fresh else self._listed()[element["client"].casefold()]
        found = sql.named(rows, element["instance"])
        if found is None or sql.is_whole(found):
            return found
        return sql.read(self._client, int(found["instance"]["instanceId"]), home.id) or found

    def client_id(self, name: str) -> int:
        """The id of a client that row() has seen."""
        home = self._owned.get(name.casefold())
        return home.id if home else 0

    def plan(self, name: str) -> lookup.Found | None:
        if name not in self._plans:
            self._plans[name] = plan_lookup.plan(self._client, name)
        return self._plans[name]

    def credential(self, name: str) -> lookup.Found | None:
        """The saved credential of this name, the company's own before the provider's (OpenAPI GetCredentials). Missing: as a plan."""
        if self._credentials is None:
            reply = self._client.get("/V4/Credential", absent=(404,)) or {}
            self._credentials = [
                lookup.Found(int(row["id"]), str(row["name"]), int(owner["id"]) if "id" in owner else None, owner.get("name"), row)
                for row in listed(reply.get("credentialManager"))
                for owner in [row.get("company") or {}]
            ]
        found = lookup.choose(self._client, "credential", name, self._credentials)
        if found is None:
            self._client.missing("credential", name, "Create it with calligo.baas.commvault_credential, or correct the name.")
        return found

    def require_nothing_lost(self, element: Record, current: Record) -> None:
        """Refuse, without force, to delete an instance that is protected, and say what would be lost."""
        if element["force"]:
            return
        rows = sql.rows_of_databases(self._client, current["id"])
        backed_up = sorted(str(row["dbName"]) for row in rows if int(row.get("bkpTime") or 0))
        subclients = sql_subclients.within(sql_subclients.of_client(self._client, current["client"]), current["instance"])
        own = sorted(
            str(row["subClientEntity"]["subclientName"])
            for row in subclients
            if not (row.get("commonProperties") or {}).get("isDefaultSubclient")
        )
        if not (own or backed_up or current["plan"]):
            return
        names = sorted(str(row["dbName"]) for row in rows)
        parts = [f"its {len(names)} databases ({', '.join(names)}) would not be backed up any more"] if names else []
        parts += [f"its subclients {', '.join(own)} would be deleted"] if own else []
        parts += [f"the backups of {', '.join(backed_up)} could not be found by this instance any more"] if backed_up else []
        raise Refused(
            f'The SQL Server instance "{label(element)}" is not deleted: {"; ".join(parts) or "its plan would be taken off"}. '
            "To pause it, set backup_enabled to false. To delete it all the same, give force.",
            object=label(element),
            databases=names,
            subclients=own,
            backed_up=backed_up,
        )

    def _home(self, name: str, needed: bool) -> lookup.Found | None:
        """The client, which must be the company's own."""
        key = name.casefold()
        if self._servers is None:
            names = self._names
            self._servers = self._client.pool.read(lambda one: server_lookup.find_server(self._client, names[one]), names)
        if key not in self._owned:
            found = self._servers[key]
            self._owned[key] = lookup.require_own(self._client, "client", found) if found else None
            if found is None and needed:
                self._client.missing("client", name, "Install Commvault's SQL Server agent on it, or correct the name.")
            elif found is None:
                self._client.warn(f'The client "{name}" does not exist, or this user cannot see it: there is nothing to delete.')
        return self._owned[key]

    def _listed(self) -> Answers[str, list[Row]]:
        if self._lists is None:
            names = self._names
            self._lists = self._client.pool.read(lambda key: sql.of_client(self._client, names[key]), names)
        return self._lists
