# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import re
import typing as t

from ..._core.argspec import ArgumentSpec
from ..backups import jobs
from ..servers import lookup as server_lookup
from ..wire import lookup
from ..wire.replies import listed, number, part, text, word
from . import lookup as sql

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Row = dict[str, t.Any]
Key = tuple[int, str]
"""Instance id and the name of a database in lower case."""

OPTIONS = ArgumentSpec(
    {
        "client": {"type": "str"},
        "instance": {"type": "str"},
        "databases": {"type": "list", "elements": "str"},
        "system_databases": {"type": "bool", "default": False},
        "files": {"type": "bool", "default": False},
    },
    {"required_by": {"instance": ("client",)}},
)
SLA = ("met", "missed", "excluded")


def describe(client: Commvault, params: Row) -> Row:
    """The databases of an instance, a client, or everything that is seen, each with its protection and what can be restored of it."""
    instances = _instances(client, params)
    rows = _of_instances(client, instances, params) if instances else []
    return {"changed": False, "databases": rows, "total": len(rows)}


def _of_instances(client: Commvault, instances: dict[int, Row], params: Row) -> list[Row]:
    only = next(iter(instances)) if len(instances) == 1 else None
    listing = sql.rows_of_databases(client, only, params["system_databases"])
    discovered = {(int(row["insId"]), str(row["dbName"]).casefold()): row for row in listing}
    protection = _protection(client)
    restorable = _restorable(client, instances)
    rows = [
        _record(instances[key[0]], discovered.get(key), protection.get(key, {}), restorable.get(key))
        for key in {*discovered, *restorable}
        if key[0] in instances and _is_asked_for(key[1], params)
    ]
    rows.sort(key=lambda row: (row["client"], row["instance"], row["name"].casefold()))
    if params["files"]:
        _add_files(client, rows)
    return rows


def _is_asked_for(name: str, params: Row) -> bool:
    """Whether a database is to be told. name: in lower case."""
    if not params["system_databases"] and name in sql.SYSTEM_DATABASES:
        return False
    return not params["databases"] or any(lookup.same_name(wanted, name) for wanted in params["databases"])


def _instances(client: Commvault, params: Row) -> dict[int, Row]:
    """The instances asked for, by id, as OpenAPI GetInstances lists them; one alone from the older list, which knows it at once."""
    if client.company_missing:
        return {}
    if params["instance"] is not None:
        found = sql.find_instance(client, params["client"], params["instance"])
        return {found.id: {"id": found.id, "name": found.name, "client": found.client, "client_id": found.client_id}} if found else {}
    found_rows = {row["id"]: row for row in sql.listed_instances(client)}
    if params["client"] is None:
        return {row["id"]: row for row in _own(client, list(found_rows.values()))}
    home = server_lookup.find_server(client, params["client"])
    if home is None:
        client.missing("client", params["client"], "Correct the name.")
        return {}
    lookup.require_own(client, "client", home)
    return {instance: row for instance, row in found_rows.items() if row["client_id"] == home.id}


def _own(client: Commvault, rows: list[Row]) -> list[Row]:
    """Those of the company acted in. Where the list does not tell whose an instance is, that of the servers does."""
    owners = {row["client_id"]: row["company_id"] for row in rows}
    if lookup.inside(client) and None in owners.values():
        owners = {server.id: server.company_id for server in server_lookup.servers(client)}
    return [row for row in rows if lookup.is_own(client, "client", row["client"], owners.get(row["client_id"]))]


def _protection(client: Commvault) -> dict[Key, Row]:
    """Plan, recovery model and SLA of every user database in one request (OpenAPI GetDatabases)."""
    rows = client.rows("/V4/Databases", "databases")
    return {(int(row["instance"]["id"]), str(row["name"]).casefold()): row for row in rows}


def _restorable(client: Commvault, instances: dict[int, Row]) -> dict[Key, str]:
    """The names of the databases that backups can be restored of, dropped ones too (GET …/Browse; cvpysdk sqlinstance.py browse)."""

    def read(instance: int) -> list[Row]:
        path = f"/Client/{instances[instance]['client_id']}/SQL/Instance/{instance}/Browse"
        return sql.rows_below(client.get(path, absent=(404,)), "SqlDatabase")

    answers = client.pool.read(read, instances)
    names = [(instance, str(row["databaseName"])) for instance in instances for row in answers[instance]]
    return {(instance, name.casefold()): name for instance, name in names}


def _record(instance: Row, row: Row | None, protection: Row, restorable: str | None) -> Row:
    """row: of /sql/databases; None for a database that is gone, of which backups are left."""
    found = row or {}
    last = jobs.iso(protection.get("lastBackupTime") or found.get("bkpTime"))
    # MET here, MET_SLA of instances, Met SLA in reports.
    sla = re.split("[_ ]", str(protection.get("SLAStatus") or "").casefold())[0]
    return {
        "name": str(found.get("dbName") or restorable),
        "id": number(found, "dbId") or None,
        "client": instance["client"],
        "instance": instance["name"],
        "instance_id": instance["id"],
        "exists": row is not None,
        "recovery_model": word(protection.get("recoveryModel") or found.get("recoveryModel")),
        "plan": text(protection, "plan", "name") or text(found, "planName"),
        "company": part(protection, "company").get("name"),
        "sla": sla if sla in SLA else "unknown",
        "last_backup": last,
        "last_backup_bytes": number(protection, "lastBackupSize") if protection else None,
        "last_full_job": number(found, "fBkpJob") or None,
        "restorable": restorable is not None,
        "restorable_until": last if restorable is not None else None,
        "files": None,
    }


def _add_files(client: Commvault, rows: list[Row]) -> None:
    """The files of each database that can be restored, as its last backup has them (POST /SQL/RestoreOptions; cvpysdk)."""
    names: dict[int, list[str]] = {}
    for row in rows:
        if row["restorable"]:
            names.setdefault(row["instance_id"], []).append(row["name"])

    def read(instance: int) -> list[Row]:
        chosen = [{"databaseName": name} for name in names[instance]]
        reply = client.query("/SQL/RestoreOptions", {"restoreDbType": 0, "sourceInstanceId": instance, "selectedDatabases": chosen})
        return listed(reply.get("sqlDbdeviceItem"))

    answers = client.pool.read(read, names)
    for row in rows:
        if row["restorable"]:
            row["files"] = [
                {"logical": file["logicalFileName"], "path": file["fileName"], "size": number(file, "fileMaxSize")}
                for file in answers[row["instance_id"]]
                if str(file["databaseName"]).casefold() == row["name"].casefold()
            ]
