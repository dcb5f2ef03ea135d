# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import typing as t

from ..._core.errors import UnexpectedReply
from ..servers import lookup as server_lookup
from ..servers import subclients as file_subclients
from ..servers.subclient_resource import is_default
from ..servers.subclients import FileSource
from ..wire.lookup import Found, Owner, company_of, require_own, require_reach, same_name
from ..wire.replies import listed, number, part, text

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

# SQL Server instances, their databases and their subclients, as Commvault lists them.

Row = dict[str, t.Any]
SQL_SERVER = file_subclients.SQL_SERVER
"""The application id of the SQL Server agent."""
AGENT = "SQL Server"
INSTANCE = "instanceName"
"""The key of the level above a subclient."""
BACKUPSET = "defaultBackupSet"
"""Every instance has one backup set, which is called like that."""
SYSTEM_DATABASES = ("master", "model", "msdb", "tempdb")
NO_SUBCLIENT = "Correct client, instance and name, or create it with calligo.baas.commvault_sql_subclient."
WITH_SETTINGS = 20
"""The propertyLevel from which on an instance tells how it is set up (cvpysdk sqlinstance.py)."""


@dataclasses.dataclass(frozen=True)
class Instance:
    """A SQL Server instance that Commvault knows."""

    id: int
    name: str
    client_id: int
    client: str
    owner: Owner

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
    return " / ".join(filter(None, (client, instance, name)))


def find_instance(client: Commvault, server: str, name: str, inside: bool = True) -> Instance | None:
    """The instance of these names. Missing: NotFound; in check mode a warning and None. Refused where it is another company's.

    inside: False to look past the company acted in, for what the provider owns.
    """
    if client.company_missing:
        return None
    home = server_lookup.find_server(client, server, inside=inside)
    if home is None:
        client.missing("client", server, "Install Commvault's SQL Server agent on it, or correct the name.")
        return None
    if inside and require_own(client, "client", home) is None:
        return None
    require_reach(client, "client", home.name, home.owner)
    rows = instances_of(client, home.name, inside)
    row = named(rows, name)
    if row is None:
        known = ", ".join(sorted(str(row["instance"]["instanceName"]) for row in rows))
        way_out = f"The client has {known or 'none'}. Correct the name, or create it with calligo.baas.commvault_sql_instance."
        client.missing("SQL Server instance", label(home.name, name), way_out)
        return None
    entity = row["instance"]
    return Instance(int(entity["instanceId"]), str(entity["instanceName"]), int(entity["clientId"]), str(entity["clientName"]), home.owner)


def instances_of(client: Commvault, server: str, inside: bool = True) -> list[Row]:
    """A client's SQL Server instances in one request, with their settings where the server lists them; see is_whole().

    Source: GET /Instance, the vendor's Postman collection; cvpysdk instance.py.
    """
    query = {"clientName": server, "applicationId": SQL_SERVER, "propertyLevel": WITH_SETTINGS}
    reply = client.get("/Instance", query, absent=(404,), inside=inside)
    if reply == {} and any(same_name(server, row["client"]) for row in listed_instances(client, inside, witness=True)):
        # Older calls say {} where there is nothing, and so does what stands in between.
        raise UnexpectedReply(
            f'Commvault lists no instance of "{server}" in one place and some in another: its answer is not believed. Try again, or look '
            "for a proxy in between.",
            object=server,
        )
    rows = listed((reply or {}).get("instanceProperties"))
    # A server that does not know a parameter sends the instances of other agents or clients, too.
    return [row for row in rows if not row.get("isDeleted") and _is_of(row["instance"], server)]


def listed_instances(client: Commvault, inside: bool = True, witness: bool = False) -> list[Row]:
    """Id, name, client, client_id and company_id (None where untold) of every instance that is seen (OpenAPI GetInstances).

    An older server has no such list, but one of its own (cvpysdk services.py). Raises UnexpectedReply where that is {}, which alone says
    nothing. witness: it is not alone, and means none.
    """
    reply = client.get("/V4/Instances", absent=(404,), inside=inside)
    found: list[Row]
    if reply is None:
        older = client.get("/sql/instances", absent=(404,), inside=inside)
        if older == {} and not witness:
            raise UnexpectedReply("Commvault answered GET /sql/instances with {}, which does not tell whether there are instances.")
        rows = rows_below(older, "SqlInstance")
        keys = {"id": "insId", "name": "insName", "client": "cName", "client_id": "cId"}
        found = [{key: row.get(api) for key, api in keys.items()} for row in rows]
    else:
        found = [
            {**row, "client": text(row, "client", "name") or row.get("server"), "client_id": number(row, "client", "id")}
            for row in listed(reply.get("instances"))
            if row.get("databaseEngine") in (None, "SQL_SERVER")
        ]
    return [
        {
            "id": int(row["id"]),
            "name": str(row["name"]),
            "client": str(row["client"]),
            "client_id": int(row["client_id"] or 0),
            "company_id": company_of(row.get("company"))[0],
        }
        for row in found
    ]


def named(rows: list[Row], name: str) -> Row | None:
    """Of a client's instances the one of this name."""
    return next((row for row in rows if same_name(name, row["instance"].get("instanceName"))), None)


def is_whole(row: Row) -> bool:
    """Whether a row of a list has the settings that the detail would have."""
    return "vDITimeOut" in part(row, "mssqlInstance")


def read_instance(client: Commvault, instance_id: int, client_id: int) -> Row | None:
    """An instance as it is now, with its settings; None where there is none."""
    query = {"association/entity/clientId": client_id, "association/entity/applicationId": SQL_SERVER, "propertyLevel": WITH_SETTINGS}
    return next(iter(client.rows(f"/Instance/{instance_id}", "instanceProperties", query)), None)


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
    found = [
        Database(
            number(row, "databaseId"),
            str(row["databaseName"]),
            row.get("databaseState"),
            row.get("recoveryModel"),
            tuple(str(file["fileName"]) for file in listed(row["files"])) if "files" in row else None,
        )
        for row in listed(reply.get("databaseConfiguration"))
        if row.get("databaseName")
    ]
    if not found:
        rows = rows_of_databases(client, instance.id, system=True, inside=inside)
        found = [Database(number(row, "dbId"), str(row["dbName"])) for row in rows]
    return {database.name.casefold(): database for database in found}


def _is_of(entity: Row, server: str) -> bool:
    return number(entity, "applicationId") == SQL_SERVER and any(
        same_name(server, entity.get(key)) for key in ("clientName", "displayName")
    )


# Subclients, also as targets of a backup


@dataclasses.dataclass(frozen=True)
class SqlSource(FileSource):
    """A SQL Server subclient. Its history is told by its id, as that of a file system subclient."""

    @property
    def label(self) -> str:
        return label(self.entity["clientName"], self.entity["instanceName"], self.entity["subclientName"])


def subclients_of(client: Commvault, name: str, instance: str) -> list[Row]:
    """The subclients of an instance, in one request. Their content is in the detail alone."""
    return within(file_subclients.of_client(client, name, (SQL_SERVER,)), instance)


def within(rows: list[Row], instance: str) -> list[Row]:
    """Of a client's subclients those of one instance."""
    return [row for row in rows if same_name(instance, row["subClientEntity"].get(INSTANCE))]


def databases_of(row: Row) -> list[str]:
    """The names of the databases that a subclient's detail lists. The default one lists what it covers at this moment."""
    names = [text(entry, "mssqlDbContent", "databaseName") for entry in listed(row.get("content"))]
    return [name for name in names if name]


def covers_the_rest(row: Row) -> bool:
    """Whether a subclient covers the databases that no other one lists: the default one does, unless that was switched off."""
    return is_default(row) and not part(row, "mssqlSubClientProp").get("disableAutoDiscovery")


def find_sources(client: Commvault, wanted: t.Sequence[tuple[str, str, str]]) -> list[SqlSource | None]:
    """The subclients given by client, instance and name, in one request for each client, side by side.

    Missing: NotFound; in check mode a warning and None. Refused where one is another company's.
    """
    if client.company_missing:
        return [None for _names in wanted]
    names = [server for server, _instance, _subclient in wanted]
    lists = client.pool.read(lambda server: file_subclients.of_client(client, server, (SQL_SERVER,)), names)
    return [_source(client, lists[names[0]], *names) for names in wanted]


def _source(client: Commvault, rows: list[Row], server: str, instance: str, subclient: str) -> SqlSource | None:
    owner = file_subclients.owner_of(client, server, rows)
    if require_own(client, "client", Found(0, server).of(owner)) is None:
        return None
    row = file_subclients.named(within(rows, instance), subclient)
    if row is None:
        client.missing("SQL Server subclient", label(server, instance, subclient), NO_SUBCLIENT)
        return None
    kept = ("clientId", "clientName", "instanceId", INSTANCE, "backupsetId", "backupsetName", "subclientId", "subclientName")
    entity = {key: row["subClientEntity"].get(key) for key in kept}
    return SqlSource({**entity, "applicationId": SQL_SERVER, "appName": AGENT}, owner)
