# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import typing as t

from ..servers import lookup as server_lookup
from ..servers import subclients as file_subclients
from ..servers.subclients import FileSource
from ..wire.lookup import Owner, require_reach
from ..wire.replies import listed
from . import lookup as sql

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

# The subclients of SQL Server instances, and as targets of a backup.

Row = dict[str, t.Any]
WAY_OUT = "Correct client, instance and name, or create it with calligo.baas.commvault_sql_subclient."


@dataclasses.dataclass(frozen=True)
class SqlSource(FileSource):
    """A SQL Server subclient. Its history is told by its id, as that of a file system subclient."""

    @property
    def label(self) -> str:
        return sql.label(self.entity["clientName"], self.entity["instanceName"], self.entity["subclientName"])


def of_client(client: Commvault, name: str) -> list[Row]:
    """The subclients of a client's SQL Server instances, in one request. Their content is in read() alone."""
    return file_subclients.of_client(client, name, (sql.SQL_SERVER,))


def within(rows: list[Row], instance: str) -> list[Row]:
    """Of a client's subclients those of one instance."""
    return [row for row in rows if str(row["subClientEntity"].get("instanceName")).casefold() == instance.casefold()]


def owner(row: Row) -> Owner:
    """Whose the client of a subclient is, as far as the list tells."""
    info = row["subClientEntity"].get("entityInfo") or {}
    return Owner(int(info["companyId"]) if "companyId" in info else None, info.get("companyName"))


def databases(row: Row) -> list[str]:
    """The names of the databases that a subclient's detail lists. The default one lists what it covers at this moment."""
    entries = listed(row.get("content"))
    return [str(entry["mssqlDbContent"]["databaseName"]) for entry in entries if (entry.get("mssqlDbContent") or {}).get("databaseName")]


def covers_the_rest(row: Row) -> bool:
    """Whether a subclient covers the databases that no other one lists: the default one does, unless that was switched off."""
    is_default = bool((row.get("commonProperties") or {}).get("isDefaultSubclient"))
    return is_default and not (row.get("mssqlSubClientProp") or {}).get("disableAutoDiscovery")


def many(client: Commvault, wanted: t.Sequence[tuple[str, str, str]]) -> list[SqlSource | None]:
    """The subclients given by client, instance and name, in one request for each client, side by side.

    Missing: NotFound; in check mode a warning and None. Refused where one is another company's.
    """
    if client.company_missing:
        return [None for _names in wanted]
    lists = client.pool.read(lambda name: of_client(client, name), [names[0] for names in wanted])
    return [_one(client, lists[names[0]], *names) for names in wanted]


def _one(client: Commvault, rows: list[Row], name: str, instance: str, subclient: str) -> SqlSource | None:
    whose = owner(rows[0]) if rows else Owner()
    if whose.company_id is None and (client.company is not None or client.company_id is not None):
        # Not every server says in a list whose it is. The client itself says so, and whether there is one at all.
        server = server_lookup.find_server(client, name)
        whose = Owner(server.company_id, server.company) if server else Owner()
    require_reach(client, "client", name, whose)
    row = file_subclients.named(within(rows, instance), subclient)
    if row is None:
        client.missing("SQL Server subclient", sql.label(name, instance, subclient), WAY_OUT)
        return None
    kept = ("clientId", "clientName", "instanceId", "instanceName", "backupsetId", "backupsetName", "subclientId", "subclientName")
    entity = {key: row["subClientEntity"].get(key) for key in kept}
    return SqlSource({**entity, "applicationId": sql.SQL_SERVER, "appName": sql.AGENT}, whose)
