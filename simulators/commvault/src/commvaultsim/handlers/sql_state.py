# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the SQL side is filled, and its control calls: GET and POST /_sim/sql."""

from __future__ import annotations

import dataclasses as dc
import typing as t

from commvaultsim import hosts, sql_backup, sql_disk
from commvaultsim import sql_model as sql
from commvaultsim.control import action
from commvaultsim.registry import loader
from commvaultsim.simulator import Simulator

Json = dict[str, t.Any]


@loader
def load(sim: Simulator, scenario: Json) -> None:
    """Make the servers of ``sql_servers`` with their instances and databases."""
    for row in scenario.get("sql_servers") or []:
        hosts.add_sql_server(sim, hosts.make_client(sim, row), row)
    sim.job_hooks.append(sql_backup.ended)


def _instances(sim: Simulator, wanted: Json) -> list[sql.SqlInstance]:
    """The instances of a client, or the one that is named; of every client when none is."""
    client, name = str(wanted.get("client") or "").lower(), str(wanted.get("instance") or "").lower()
    rows = [
        sql_disk.sync(sim, row)
        for row in sql.side(sim).instances
        if client in ("", sim.clients[row.client_id].name.lower()) and name in ("", row.name.lower())
    ]
    if not rows:
        raise ValueError(f"no SQL Server instance [{name}] on client [{client}]")
    return rows


@action("GET", "sql")
def show(sim: Simulator, query: Json, _body: t.Any) -> Json:
    """?client=&instance=&database=: what the databases hold now, with the hash of their rows, files, state and log."""
    wanted = str(query.get("database") or "").casefold()
    return {
        "instances": [
            {
                "client": sim.clients[row.client_id].name,
                "instance": row.name,
                "instance_id": row.id,
                "version": row.version,
                "drives": row.drives,
                "databases": [_shown(sim, row, database) for database in row.live() if wanted in ("", database.name.casefold())],
            }
            for row in _instances(sim, query)
        ]
    }


def _shown(sim: Simulator, instance: sql.SqlInstance, database: sql.Database) -> Json:
    return {
        "name": database.name,
        "id": database.id,
        "state": database.state,
        "recovery_model": database.recovery_model,
        "system": database.system,
        "connections": database.connections,
        "restricted": database.restricted,
        "rows": list(database.rows.values()),
        "hash": sql.digest(database.rows),
        "files": [dc.asdict(item) for item in database.files],
        "lsn": database.lsn,
        "log_records": len(database.log),
        "path": str(sql_disk.path_of(sim, instance, database.name)),
        "backups": [
            {"job": row.job_id, "kind": row.kind, "time": row.time, "first_lsn": row.first_lsn, "last_lsn": row.last_lsn}
            for row in sql.side(sim).backups_of(instance.id, database.name)
        ],
    }


@action("POST", "sql")
def change(sim: Simulator, _query: Json, body: t.Any) -> Json:
    """{"client", "instance" (if there are several), "database", "action", ...}; answers the database, or {} when it is gone.

    Actions: ``change`` {"set": [rows], "delete": [ids]} or {"rows": [all rows]}; ``create`` {"rows", "recovery_model", "files"};
    ``drop``; ``break_chain`` {"how": "log_backup" (someone backs the log up elsewhere) or "recovery_model" (simple and back)};
    ``set`` {"recovery_model", "state", "connections"}; ``corrupt_backup`` {"job", "silent"}.
    """
    instance, name = _instances(sim, body)[0], str(body["database"])
    if body["action"] == "create":
        if instance.database(name):
            raise ValueError(f"database [{name}] exists")
        database = hosts.add_database(sim, instance, {**body, "name": name})
        return _shown(sim, instance, database)
    if body["action"] == "corrupt_backup":
        return _corrupt(sim, instance, name, body)
    found = instance.database(name)
    if found is None:
        raise ValueError(f"no database [{name}] on instance [{instance.name}]")
    if body["action"] == "drop":
        found.dropped = True
        sql_disk.path_of(sim, instance, found.name).unlink()
        return {}
    ACTIONS[body["action"]](sim, found, body)
    sql_disk.write(sim, instance, found)
    return _shown(sim, instance, found)


def _rows(sim: Simulator, database: sql.Database, body: Json) -> None:
    if "rows" in body:
        sql_disk.change(sim, database, sql_disk.table(body["rows"]))
        return
    gone = {str(key) for key in body.get("delete") or []}
    rows = {key: row for key, row in database.rows.items() if key not in gone}
    sql_disk.change(sim, database, rows | sql_disk.table(body.get("set") or []))


def _break(_sim: Simulator, database: sql.Database, body: Json) -> None:
    if body.get("how", "log_backup") == "recovery_model":
        sql_disk.set_recovery_model(database, "SIMPLE")
        sql_disk.set_recovery_model(database, "FULL")
    elif database.log_lsn is None:
        raise ValueError("there is no log chain to break")
    else:
        # The other backup holds at least one record that is missing here.
        database.lsn += 1
        database.log_lsn = database.lsn
        database.log.clear()


def _set(_sim: Simulator, database: sql.Database, body: Json) -> None:
    if "recovery_model" in body:
        sql_disk.set_recovery_model(database, str(body["recovery_model"]))
    database.state = str(body.get("state", database.state)).upper()
    database.connections = int(body.get("connections", database.connections))


ACTIONS: dict[str, t.Callable[[Simulator, sql.Database, Json], None]] = {"change": _rows, "break_chain": _break, "set": _set}


def _corrupt(sim: Simulator, instance: sql.SqlInstance, name: str, body: Json) -> Json:
    """Damage what a job kept; ``silent`` lets the checksum match, so that only the restored rows tell."""
    rows = [row for row in sql.side(sim).backups_of(instance.id, name) if int(body.get("job") or row.job_id) == row.job_id]
    if not rows:
        raise ValueError(f"no such backup of database [{name}]")
    rows[-1].rows["damaged"] = {"id": "damaged"}
    if body.get("silent"):
        rows[-1].seal()
    return {"job": rows[-1].job_id, "kind": rows[-1].kind}
