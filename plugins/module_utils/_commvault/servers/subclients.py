# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import typing as t

from ..._core.errors import UnexpectedReply
from ..backups import recovery_points
from ..wire.lookup import Found, Owner, company_of, inside, require_own, same_name
from ..wire.replies import listed, part
from ..wire.replies import number as numeric
from . import lookup as server_lookup

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

# The subclients of file system agents as the server lists them, and how one is picked out of a list.

Row = dict[str, t.Any]
WINDOWS, LINUX, SQL_SERVER = 33, 29, 81
"""Application ids. The names are no use in lists: 33 is "File System" here and "Windows File System" there."""
APPLICATIONS = {WINDOWS: "File System", LINUX: "Linux File System"}
"""How requests name the agents (cvpysdk services.py)."""
NO_CLIENT = "Install Commvault's software on it, or correct the name."
NO_SUBCLIENT = "Correct client, backupset and subclient, or create it with calligo.baas.commvault_subclient."


def of_client(client: Commvault, name: str, applications: t.Container[int] = tuple(APPLICATIONS)) -> list[Row]:
    """The subclients of a client's file system agents, in one request (GET /Subclient; cvpysdk subclient.py _get_subclients).

    applications: of other agents than those. They come with all properties (propertyLevel as the vendor's PowerShell SDK sends it), where
    the server knows that; see is_whole().
    """
    reply = client.get("/Subclient", {"clientName": name, "propertyLevel": "AllProperties"}, absent=(404,))
    if reply == {}:
        _require_none(client, name)
    # A server that does not know the parameter sends the subclients of all clients.
    return [
        row
        for row in listed((reply or {}).get("subClientProperties"))
        if any(same_name(name, row["subClientEntity"].get(key)) for key in ("clientName", "displayName"))
        and application(row) in applications
    ]


def _require_none(client: Commvault, name: str) -> None:
    """Older calls say {} where there is nothing, and so does what stands in between. An agent always has a subclient: is there one?"""
    machine = next(
        (one for one in server_lookup.servers(client) if same_name(name, one.name) or same_name(name, one.row.get("displayName"))), None
    )
    if machine and {numeric(agent, "id") for agent in listed(machine.row.get("agents"))} & {WINDOWS, LINUX, SQL_SERVER}:
        raise UnexpectedReply(
            f'Commvault lists no subclient of "{name}", which has an agent and so has one: its answer is not believed. Try again, or look '
            "for a proxy in between.",
            object=name,
        )


def read(client: Commvault, number: int) -> Row | None:
    """One subclient as it is now (GET /Subclient/{id}); None where there is none."""
    return next(iter(client.rows(f"/Subclient/{number}", "subClientProperties")), None)


def is_whole(row: Row) -> bool:
    """Whether a row of a list says all that the detail would. Some servers list identities only, or leave empty content out.

    What is in a subclient of databases, the detail alone tells.
    """
    return application(row) in APPLICATIONS and all(
        key in row for key in ("content", "fsSubClientProp", "commonProperties", "useLocalContent")
    )


def within(rows: list[Row], backupset: str) -> list[Row]:
    """Of a client's subclients those of one backup set."""
    return [row for row in rows if same_name(backupset, row["subClientEntity"].get("backupsetName"))]


def named(rows: list[Row], name: str) -> Row | None:
    """Of a backup set's subclients the one of this name. default means the default one, whatever it is called now."""
    default = [row for row in rows if same_name(name, "default") and part(row, "commonProperties").get("isDefaultSubclient")]
    called = [row for row in rows if same_name(name, row["subClientEntity"].get("subclientName"))]
    return next(iter([*default, *called]), None)


def application(row: Row) -> int:
    """The application id of a row."""
    return int(row["subClientEntity"].get("applicationId") or 0)


def number(row: Row) -> int:
    """The id of a row."""
    return int(row["subClientEntity"]["subclientId"])


# What is backed up, and so can be backed up again, browsed and restored from: find_source by subclient, VMs by UUID.
# A VM is looked up in Commvault alone, since one that is gone from vCenter must still be restorable.


@dataclasses.dataclass(frozen=True)
class FileSource:
    """A file system subclient, or a whole backup set where subclient_id is 0. entity: the API's ids and names."""

    entity: Row
    owner: Owner

    @property
    def label(self) -> str:
        return "/".join(str(self.entity[key]) for key in ("clientName", "backupsetName", "subclientName") if self.entity.get(key))

    def recovery_points(self, client: Commvault) -> t.Iterator[recovery_points.RecoveryPoint]:
        """The backups of this subclient, newest first; of any subclient of the backup set where none is named."""
        wanted = self.entity["subclientId"]
        entity = {"subclientId": wanted} if wanted else {"clientId": self.entity["clientId"]}
        return recovery_points.of(client, entity, lambda row: wanted == row.get("subclientId") or (not wanted and self._is_in_set(row)))

    def _is_in_set(self, row: Row) -> bool:
        return all(row.get(key) == self.entity[key] for key in ("backupsetId", "applicationId"))


def find_source(client: Commvault, name: str, backupset: str, subclient: str | None, owner: bool = False) -> FileSource | None:
    """The subclient of these names, or the backup set. owner: the company must be known (inside a company it always is).

    Missing: NotFound; in check mode a warning and None. Refused where it is another company's.
    """
    if client.company_missing:
        return None
    server = None
    if owner or inside(client):
        server = server_lookup.server(client, name, NO_CLIENT)
        if server is None:
            return None
    entity = _ids(client, name, backupset, subclient)
    if entity is None:
        kind, label = ("subclient", f"{name}/{backupset}/{subclient}") if subclient else ("backup set", f"{name}/{backupset}")
        client.missing(kind, label, NO_SUBCLIENT)
        return None
    return FileSource(entity, server.owner if server else Owner())


def find_sources(client: Commvault, wanted: t.Sequence[tuple[str, str, str]]) -> list[FileSource | None]:
    """Like find_source() for many subclients, each given by client, backup set and name: a request or two for each client, side by side."""
    if len(wanted) == 1 or client.company_missing:
        return [find_source(client, *names) for names in wanted]
    clients = [name for name, _backupset, _subclient in wanted]
    lists = client.pool.read(lambda name: of_client(client, name), clients)
    owners = _owners(client, {name: lists[name] for name in clients})
    return [_listed_source(client, names, lists[names[0]], owners[names[0]]) for names in wanted]


def _owners(client: Commvault, lists: dict[str, list[Row]]) -> dict[str, Owner | None]:
    """Whose each client is, from the lists of their subclients; None for one that does not exist."""
    owners: dict[str, Owner | None] = {name: _owner(rows[0]) if rows else Owner() for name, rows in lists.items()}
    # Not every server says in a list whose it is. The client itself says so, and whether there is one at all.
    unsure = [name for name, owner in owners.items() if owner and owner.company_id is None and inside(client)]
    servers = client.pool.read(lambda name: server_lookup.find_server(client, name), unsure)
    for name in unsure:
        found = servers[name]
        owners[name] = found.owner if found else None
        if found is None:
            client.missing("client", name, NO_CLIENT)
    return owners


def _listed_source(client: Commvault, names: tuple[str, str, str], rows: list[Row], owner: Owner | None) -> FileSource | None:
    """One of find_sources(), from the list of its client."""
    if owner is None:
        return None
    name, backupset, subclient = names
    if require_own(client, "client", Found(0, name).of(owner)) is None:
        return None
    row = named(within(rows, backupset), subclient)
    if row is None:
        client.missing("subclient", f"{name}/{backupset}/{subclient}", NO_SUBCLIENT)
        return None
    entity = row["subClientEntity"]
    spelled = {
        "appName": APPLICATIONS[application(row)],
        "instanceName": entity.get("instanceName") or "DefaultInstanceName",
    }
    kept = ("clientId", "clientName", "applicationId", "instanceId", "backupsetId", "backupsetName", "subclientId", "subclientName")
    return FileSource({**{key: entity.get(key) for key in kept}, **spelled}, owner)


def owner_of(client: Commvault, name: str, rows: list[Row]) -> Owner:
    """Whose a client is: from the list of its subclients, and where the server does not say it there, from the client itself."""
    owner = _owner(rows[0]) if rows else Owner()
    if owner.company_id is None and inside(client):
        server = server_lookup.find_server(client, name)
        return server.owner if server else owner
    return owner


def _owner(row: Row) -> Owner:
    return Owner(*company_of(row["subClientEntity"].get("entityInfo")))


def _ids(client: Commvault, name: str, backupset: str, subclient: str | None) -> Row | None:
    """All ids of the chain in one request (GET /GetId), which answers an unknown name with a negative id or none at all."""
    levels = ["clientId", "backupsetId", *(["subclientId"] if subclient else [])]
    for application_id, agent in APPLICATIONS.items():
        query = {"clientname": name, "agent": agent, "instanceName": "DefaultInstanceName", "backupset": backupset}
        reply = client.get("/GetId", {**query, **({"subclient": subclient} if subclient else {})}, absent=(404,)) or {}
        ids = {level: numeric(reply, level) for level in levels}
        if min(ids.values()) > 0:
            return {
                "subclientId": 0,
                **ids,
                "clientName": reply.get("clientName") or name,
                "applicationId": application_id,
                "appName": agent,
                "instanceId": numeric(reply, "instanceId") or 1,
                "instanceName": reply.get("instanceName") or "DefaultInstanceName",
                "backupsetName": reply.get("backupsetName") or backupset,
                **({"subclientName": reply.get("subclientName") or subclient} if subclient else {}),
            }
    return None
