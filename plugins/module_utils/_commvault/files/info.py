# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.argspec import ArgumentSpec
from ..backups import jobs
from ..servers import agent_install
from ..servers import lookup as server_lookup
from ..servers import subclients as file_subclients
from ..sql import subclients as sql_subclients
from ..wire import lookup
from ..wire.replies import flag, listed

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Row = dict[str, t.Any]
TYPES = ("file_system", "sql_server")
NAMES = {number: name for name in TYPES for number in agent_install.AGENTS[name]}
PATHS = {"content": "path", "filters": "excludePath", "exceptions": "includePath"}

OPTIONS = ArgumentSpec(
    {
        "clients": {"type": "list", "elements": "str", "required": True},
        "types": {"type": "list", "elements": "str", "choices": list(TYPES), "default": list(TYPES)},
        "backupset": {"type": "str"},
        "instance": {"type": "str"},
        "names": {"type": "list", "elements": "str"},
    }
)


def describe(client: Commvault, params: Row) -> tuple[list[Row], list[str]]:
    """The subclients of clients, and the clients that have none: a request for each client, and one for each subclient not told whole.

    Inside a company, Refused for a client of another one.
    """
    wanted = list(dict.fromkeys(params["clients"]))
    if client.company_missing:
        return [], wanted
    numbers = [number for name in params["types"] for number in agent_install.AGENTS[name]]
    lists = client.pool.read(lambda name: file_subclients.of_client(client, name, numbers), wanted)
    rows = [row for name in wanted for row in lists[name]]
    for name in wanted:
        _require_reach(client, name, lists[name])
    rows = [row for row in rows if _meets(row, params)]
    partial = [file_subclients.number(row) for row in rows if not _is_whole(row)]
    details = client.pool.read(lambda number: file_subclients.read(client, number), partial)
    found = [(details[file_subclients.number(row)] or row) if file_subclients.number(row) in details else row for row in rows]
    return [_record(row) for row in found], [name for name in wanted if not lists[name]]


def _require_reach(client: Commvault, name: str, rows: list[Row]) -> None:
    owner = sql_subclients.owner(rows[0]) if rows else lookup.Owner()
    if rows and owner.company_id is None and (client.company is not None or client.company_id is not None):
        # Not every server says in a list whose it is.
        server = server_lookup.find_server(client, name)
        owner = lookup.Owner(server.company_id, server.company) if server else owner
    lookup.require_reach(client, "client", name, owner)


def _meets(row: Row, params: Row) -> bool:
    entity = row["subClientEntity"]
    pairs = (("backupset", "backupsetName"), ("instance", "instanceName"))
    right = all(params[key] is None or str(entity.get(api)).casefold() == params[key].casefold() for key, api in pairs)
    names = None if params["names"] is None else {name.casefold() for name in params["names"]}
    return right and (names is None or str(entity.get("subclientName")).casefold() in names)


def _is_whole(row: Row) -> bool:
    return file_subclients.is_whole(row) and file_subclients.application(row) not in agent_install.AGENTS["sql_server"]


def _record(row: Row) -> Row:
    entity, common = row["subClientEntity"], row.get("commonProperties") or {}
    type_ = NAMES[file_subclients.application(row)]
    entries = listed(row.get("content"))
    record: Row = {
        "id": file_subclients.number(row),
        "client": entity.get("clientName"),
        "type": type_,
        "instance": entity.get("instanceName"),
        "backupset": entity.get("backupsetName"),
        "name": entity.get("subclientName"),
        "default": bool(common.get("isDefaultSubclient")),
        "plan": (row.get("planEntity") or {}).get("planName") or None,
        "description": common.get("description") or "",
        "backup_enabled": flag(row.get("commonProperties"), "enableBackup"),
        "last_backup": {"time": jobs.iso(common.get("lastBackupTime")), "bytes": int(common.get("lastBackupSize") or 0)},
        "first_backup": jobs.iso(common.get("firstBackupTime")),
        "total_bytes": int(common.get("totalBackupSize") or 0),
    }
    if type_ == "sql_server":
        return {**record, "databases": sql_subclients.databases(row)}
    paths = {kind: [entry[key] for entry in entries if entry.get(key)] for kind, key in PATHS.items()}
    return {**record, **paths, "content_from_plan": not row.get("useLocalContent", True)}
