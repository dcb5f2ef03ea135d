# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import typing as t

from ..backups import points
from ..wire import lookup
from ..wire.lookup import Owner, require_reach
from ..wire.replies import listed
from . import lookup as server_lookup

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

# The subclients of file system agents as the server lists them, and how one is picked out of a list.

Row = dict[str, t.Any]
WINDOWS, LINUX = 33, 29
"""Application ids. The names are no use in lists: 33 is "File System" here and "Windows File System" there."""
APPLICATIONS = {WINDOWS: "File System", LINUX: "Linux File System"}
"""How requests name the agents (cvpysdk services.py)."""


def of_client(client: Commvault, name: str, applications: t.Container[int] = tuple(APPLICATIONS)) -> list[Row]:
    """The subclients of a client's file system agents, in one request (GET /Subclient; cvpysdk subclient.py _get_subclients).

    applications: of other agents than those.

    They come with all properties (propertyLevel as the vendor's PowerShell SDK sends it), where the server knows that; see is_whole().
    """
    reply = client.get("/Subclient", {"clientName": name, "propertyLevel": "AllProperties"}, absent=(404,)) or {}
    # A server that does not know the parameter sends the subclients of all clients.
    rows = [row for row in listed(reply.get("subClientProperties")) if _is_of(row["subClientEntity"], name.casefold())]
    return [row for row in rows if application(row) in applications]


def read(client: Commvault, number: int) -> Row | None:
    """One subclient as it is now (GET /Subclient/{id}); None where there is none."""
    reply = client.get(f"/Subclient/{number}", absent=(404,)) or {}
    return next(iter(listed(reply.get("subClientProperties"))), None)


def is_whole(row: Row) -> bool:
    """Whether a row of a list says all that the detail would. Some servers list identities only, or leave empty content out."""
    return all(key in row for key in ("content", "fsSubClientProp", "commonProperties", "useLocalContent"))


def within(rows: list[Row], backupset: str) -> list[Row]:
    """Of a client's subclients those of one backup set."""
    return [row for row in rows if _same(row["subClientEntity"].get("backupsetName"), backupset)]


def named(rows: list[Row], name: str) -> Row | None:
    """Of a backup set's subclients the one of this name. default means the default one, whatever it is called now."""
    if _same("default", name):
        for row in rows:
            if (row.get("commonProperties") or {}).get("isDefaultSubclient"):
                return row
    return next((row for row in rows if _same(row["subClientEntity"].get("subclientName"), name)), None)


def application(row: Row) -> int:
    """The application id of a row."""
    return int(row["subClientEntity"].get("applicationId") or 0)


def number(row: Row) -> int:
    """The id of a row."""
    return int(row["subClientEntity"]["subclientId"])


def _is_of(entity: Row, key: str) -> bool:
    return key in (str(entity.get("clientName")).casefold(), str(entity.get("displayName")).casefold())


def _same(name: t.Any, other: str) -> bool:
    return str(name).casefold() == other.casefold()


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

    def points(self, client: Commvault) -> t.Iterator[points.Point]:
        """The backups of this subclient, newest first; of any subclient of the backup set where none is named."""
        wanted = self.entity["subclientId"]
        entity = {"subclientId": wanted} if wanted else {"clientId": self.entity["clientId"]}
        return points.of(client, entity, lambda row: wanted == row.get("subclientId") or (not wanted and self._is_in_set(row)))

    def _is_in_set(self, row: Row) -> bool:
        return all(row.get(key) == self.entity[key] for key in ("backupsetId", "applicationId"))


def find_source(client: Commvault, name: str, backupset: str, subclient: str | None, owner: bool = False) -> FileSource | None:
    """The subclient of these names, or the backup set. owner: the company must be known (inside a company it always is).

    Missing: NotFound; in check mode a warning and None. Refused where it is another company's.
    """
    if client.company_missing:
        return None
    server = None
    if owner or client.company is not None or client.company_id is not None:
        server = server_lookup.find_server(client, name)
        if server is None:
            client.missing("client", name, "Install Commvault's software on it, or correct the name.")
            return None
        require_reach(client, "client", server.name, Owner(server.company_id, server.company))
    entity = _ids(client, name, backupset, subclient)
    if entity is None:
        kind, label = ("subclient", f"{name}/{backupset}/{subclient}") if subclient else ("backup set", f"{name}/{backupset}")
        client.missing(kind, label, "Correct client, backupset and subclient, or create it with calligo.baas.commvault_subclient.")
        return None
    return FileSource(entity, Owner(server.company_id, server.company) if server else Owner())


def find_sources(client: Commvault, wanted: t.Sequence[tuple[str, str, str]]) -> list[FileSource | None]:
    """Like find_source() for many subclients, each given by client, backup set and name: a request or two for each client, side by side."""
    if len(wanted) == 1 or client.company_missing:
        return [find_source(client, *names) for names in wanted]
    clients = [name for name, _backupset, _subclient in wanted]
    lists = client.pool.read(lambda name: of_client(client, name), clients)
    inside = client.company is not None or client.company_id is not None
    # Not every server says in a list whose it is. The client itself says so, and whether there is one at all.
    unsure = [name for name in dict.fromkeys(clients) if inside and not (lists[name] and _owner(lists[name][0]).company_id is not None)]
    servers = client.pool.read(lambda name: server_lookup.find_server(client, name), unsure)
    unknown = {name for name in unsure if servers[name] is None}
    for name in unknown:
        client.missing("client", name, "Install Commvault's software on it, or correct the name.")
    found = {name: servers[name] if name in servers else None for name in clients}  # noqa: SIM401 - answers are no mapping
    return [None if names[0] in unknown else _listed_files(client, names, lists[names[0]], found[names[0]]) for names in wanted]


def _listed_files(client: Commvault, names: tuple[str, str, str], rows: list[Row], server: lookup.Found | None) -> FileSource | None:
    """One of find_sources(), from the list of its client."""
    name, backupset, subclient = names
    owner = Owner(server.company_id, server.company) if server else _owner(rows[0]) if rows else Owner()
    require_reach(client, "client", name, owner)
    row = named(within(rows, backupset), subclient)
    if row is None:
        way_out = "Correct client, backupset and subclient, or create it with calligo.baas.commvault_subclient."
        client.missing("subclient", f"{name}/{backupset}/{subclient}", way_out)
        return None
    entity = row["subClientEntity"]
    spelled = {
        "appName": APPLICATIONS[application(row)],
        "instanceName": entity.get("instanceName") or "DefaultInstanceName",
    }
    kept = ("clientId", "clientName", "applicationId", "instanceId", "backupsetId", "backupsetName", "subclientId", "subclientName")
    return FileSource({**{key: entity.get(key) for key in kept}, **spelled}, owner)


def _owner(row: Row) -> Owner:
    info = row["subClientEntity"].get("entityInfo") or {}
    return Owner(int(info["companyId"]) if "companyId" in info else None, info.get("companyName"))


def _ids(client: Commvault, name: str, backupset: str, subclient: str | None) -> Row | None:
    """All ids of the chain in one request (GET /GetId), which answers an unknown name with a negative id or none at all."""
    for application_id, agent in APPLICATIONS.items():
        query = {"clientname": name, "agent": agent, "instanceName": "DefaultInstanceName", "backupset": backupset}
        reply = client.get("/GetId", {**query, **({"subclient": subclient} if subclient else {})}, absent=(404,)) or {}
        levels = ["clientId", "backupsetId", *(["subclientId"] if subclient else [])]
        if all(int(reply.get(level) or 0) > 0 for level in levels):
            return {
                "clientId": int(reply["clientId"]),
                "clientName": reply.get("clientName") or name,
                "applicationId": application_id,
                "appName": agent,
                "instanceId": int(reply.get("instanceId") or 1),
                "instanceName": reply.get("instanceName") or "DefaultInstanceName",
                "backupsetId": int(reply["backupsetId"]),
                "backupsetName": reply.get("backupsetName") or backupset,
                "subclientId": int(reply["subclientId"]) if subclient else 0,
                **({"subclientName": reply.get("subclientName") or subclient} if subclient else {}),
            }
    return None
