# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import typing as t

from ..servers import lookup as server_lookup
from ..wire.lookup import Owner, require_reach
from ..wire.replies import listed

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

# SQL Server instances and their databases as Commvault lists them.

Row = dict[str, t.Any]
SQL_SERVER = 81
"""The application id of the SQL Server agent."""
AGENT = "SQL Server"
BACKUPSET = "defaultBackupSet"
"""Every instance has one backup set, which is called like that."""
SYSTEM_DATABASES = ("master", "model", "msdb", "tempdb")
WITH_SETTINGS = 20
"""The propertyLevel from which on an instance tells how it is set up (cvpysdk sqlinstance.py)."""


@dataclasses.dataclass(frozen=True)
class Instance:
    """A SQL Server instance that Commvault knows. row: of instanceProperties[]."""

    id: int
    name: str
    client_id: int
    client: str
    owner: Owner
    row: Row = dataclasses.field(default_factory=dict, compare=False)

    @property
    def label(self) -> str:
        return label(self.client, self.name)

    @property
    def entity(self) -> Row:
        """The API's ids and names, as tasks take them."""
        return {
            "clientId": self.client_id,
            "clientName": self.client,
            "applicationId": SQL_SERVER,
            "appName": AGENT,
            "instanceId": self.id,
            "instanceName": self.name,
        }


@dataclasses.dataclass(frozen=True)
class Database:
    """A database as it is on its instance. state, recovery_model and files are None where the server does not tell them."""

    id: int
    name: str
    state: str | None = None
    recovery_model: str | None = None
    files: tuple[str, ...] | None = None


def label(client: str, instance: str, name: str | None = None) -> str:
    """What errors and diffs call an instance, or a thing on it."""
    return " / ".join(part for part in (client, instance, name) if part)


def find(client: Commvault, server: str, name: str, inside: bool = True) -> Instance | None:
    """The instance of these names. Missing: NotFound; in check mode a warning and None. Refused where it is another company's.

    inside: False to look past the company acted in, for what the provider owns.
    """
    if client.company_missing:
        return None
    home = server_lookup.find_server(client, server, inside=inside)
    if home is None:
        client.missing("client", server, "Install Commvault's SQL Server agent on it, or correct the name.")
        return None
    owner = Owner(home.company_id, home.company)
    require_reach(client, "client", home.name, owner)
    rows = of_client(client, home.name, inside)
    row = named(rows, name)
    if row is None:
        known = ", ".join(sorted(str(row["instance"]["instanceName"]) for row in rows))
        way_out = f"The client has {known or 'none'}. Correct the name, or create it with calligo.baas.commvault_sql_instance."
        client.missing("SQL Server instance", label(home.name, name), way_out)
        return None
    return to_instance(row, owner)


def of_client(client: Commvault, server: str, inside: bool = True) -> list[Row]:
    """A client's SQL Server instances in one request, with their settings where the server lists them; see is_whole().

    Source: GET /Instance, the vendor's Postman collection; cvpysdk instance.py.
    """
    query = {"clientName": server, "applicationId": SQL_SERVER, "propertyLevel": WITH_SETTINGS}
    reply = client.get("/Instance", query, absent=(404,), inside=inside) or {}
    # A server that does not know a parameter sends the instances of other agents or clients, too.
    return [row for row in listed(reply.get("instanceProperties")) if not row.get("isDeleted") and _is_of(row["instance"], server)]


def named(rows: list[Row], name: str) -> Row | None:
    """Of a client's instances the one of this name."""
    return next((row for row in rows if str(row["instance"].get("instanceName")).casefold() == name.casefold()), None)


def is_whole(row: Row) -> bool:
    """Whether a row of a list has the settings that the detail would have."""
    return "vDITimeOut" in (row.get("mssqlInstance") or {})


def read(client: Commvault, number: int, client_id: int) -> Row | None:
    """An instance as it is now, with its settings; None where there is none."""
    query = {"association/entity/clientId": client_id, "association/entity/applicationId": SQL_SERVER, "propertyLevel": WITH_SETTINGS}
    reply = client.get(f"/Instance/{number}", query, absent=(404,)) or {}
    return next(iter(listed(reply.get("instanceProperties"))), None)


def to_instance(row: Row, owner: Owner) -> Instance:
    """From a row of instanceProperties[]."""
    entity = row["instance"]
    return Instance(int(entity["instanceId"]), str(entity["instanceName"]), int(entity["clientId"]), str(entity["clientName"]), owner, row)


def rows_of_databases(client: Commvault, instance_id: int | None = None, system: bool = False, inside: bool = True) -> list[Row]:
    """The databases that Commvault has discovered, of one instance or of all (GET /sql/databases; cvpysdk sqlinstance.py)."""
    query = {**({"instance": instance_id} if instance_id else {}), **({"showSysDB": 1} if system else {})}
    return rows_below(client.get("/sql/databases", query, absent=(404,), inside=inside), "SqlDatabase")


def rows_below(reply: Row | None, key: str) -> list[Row]:
    """A list of the /sql calls. key: as one of them spells it; others begin it with a small letter."""
    found = reply or {}
    return listed(found.get(key) or found.get(key[0].lower() + key[1:]))


def live_databases(client: Commvault, instance: Instance, inside: bool = True) -> dict[str, Database]:
    """The databases that an instance has now, by name in lower case, system ones too.

    Where the server does not answer with the configuration in the form known, what it has discovered is all there is to tell.
    """
    path = f"/Client/{instance.client_id}/Sql/Instance/{instance.id}/DatabaseConfiguration"
    reply = client.get(path, absent=(400, 404, 500), inside=inside) or {}
    rows = [row for row in listed(reply.get("databaseConfiguration")) if row.get("databaseName")]
    if not rows:
        found = rows_of_databases(client, instance.id, system=True, inside=inside)
        return {str(row["dbName"]).casefold(): Database(int(row.get("dbId") or 0), str(row["dbName"])) for row in found}
    return {
        str(row["databaseName"]).casefold(): Database(
            int(row.get("databaseId") or 0),
            str(row["databaseName"]),
            row.get("databaseState"),
            row.get("recoveryModel"),
            tuple(str(file["fileName"]) for file in listed(row["files"])) if "files" in row else None,
        )
        for row in rows
    }


def _is_of(entity: Row, server: str) -> bool:
    names = {str(entity.get(key)).casefold() for key in ("clientName", "displayName")}
    return int(entity.get("applicationId") or 0) == SQL_SERVER and server.casefold() in names
