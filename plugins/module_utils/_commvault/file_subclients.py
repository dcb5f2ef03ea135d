# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from .paging import listed

if t.TYPE_CHECKING:
    from .client import Commvault

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
