# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.argspec import ArgumentSpec
from ..backups import jobs
from ..servers import agent_install
from ..servers import subclients as file_subclients
from ..servers.subclient_resource import common_record, is_default
from ..sql import lookup as sql_lookup
from ..wire import lookup
from ..wire.replies import listed, number, part

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Row = dict[str, t.Any]
TYPES = ("file_system", "sql_server")
NAMES = {application: name for name in TYPES for application in agent_install.AGENTS[name]}
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


def describe(client: Commvault, params: Row) -> Row:
    """The subclients of clients, and the clients that have none: a request for each client, and one for each subclient not told whole.

    Inside a company, Refused for a client of another one.
    """
    wanted = list(dict.fromkeys(params["clients"]))
    lists = {} if client.company_missing else _lists(client, wanted, params["types"])
    rows = [row for found in lists.values() for row in found if _meets(row, params)]
    partial = [file_subclients.number(row) for row in rows if not file_subclients.is_whole(row)]
    details = client.pool.read(lambda subclient: file_subclients.read(client, subclient), partial)
    whole = [(details[id_] if (id_ := file_subclients.number(row)) in details else None) or row for row in rows]
    return {"changed": False, "subclients": [_record(row) for row in whole], "missing": [name for name in wanted if not lists.get(name)]}


def _lists(client: Commvault, names: list[str], types: list[str]) -> dict[str, list[Row]]:
    """The subclients of each client."""
    applications = [application for name in types for application in agent_install.AGENTS[name]]
    answers = client.pool.read(lambda name: file_subclients.of_client(client, name, applications), names)
    lists = {name: answers[name] for name in names}
    for name, rows in lists.items():
        if rows:
            lookup.require_reach(client, "client", name, file_subclients.owner_of(client, name, rows), shared=False)
    return lists


def _meets(row: Row, params: Row) -> bool:
    entity = row["subClientEntity"]
    pairs = (("backupset", "backupsetName"), ("instance", "instanceName"))
    right = all(params[key] is None or lookup.same_name(params[key], entity.get(api)) for key, api in pairs)
    return right and (params["names"] is None or any(lookup.same_name(name, entity.get("subclientName")) for name in params["names"]))


def _record(row: Row) -> Row:
    entity, common = row["subClientEntity"], part(row, "commonProperties")
    type_ = NAMES[file_subclients.application(row)]
    record: Row = {
        "id": file_subclients.number(row),
        "client": entity.get("clientName"),
        "type": type_,
        "instance": entity.get("instanceName"),
        "backupset": entity.get("backupsetName"),
        "name": entity.get("subclientName"),
        "default": is_default(row),
        **common_record(row),
        "last_backup": {"time": jobs.iso(common.get("lastBackupTime")), "bytes": number(common, "lastBackupSize")},
        "first_backup": jobs.iso(common.get("firstBackupTime")),
        "total_bytes": number(common, "totalBackupSize"),
    }
    if type_ == "sql_server":
        return {**record, "databases": sql_lookup.databases_of(row)}
    entries = listed(row.get("content"))
    paths = {kind: [entry[key] for entry in entries if entry.get(key)] for kind, key in PATHS.items()}
    return {**record, **paths, "content_from_plan": not row.get("useLocalContent", True)}
