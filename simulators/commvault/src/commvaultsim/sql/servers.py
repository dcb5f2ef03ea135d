# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the SQL side is filled, at the start or by a push install, and its control calls: GET and POST /_sim/sql."""

from __future__ import annotations

import dataclasses as dc
import typing as t

from commvaultsim.servers.clients import make_client
from commvaultsim.sql import backup, disk
from commvaultsim.sql import model as sql
from commvaultsim.sql.subclients import new_subclient
from commvaultsim.state import model as m
from commvaultsim.state.registry import AGENTS, KEPT, Agent, Kept, loader
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire.control import action

Json = dict[str, t.Any]


@loader
def load(sim: Simulator, scenario: Json) -> None:
    """Make the servers of ``sql_servers`` with their instances and databases."""
    for row in scenario.get("sql_servers") or []:
        add_sql_server(sim, make_client(sim, row), row)
    sim.job_hooks.append(backup.ended)


def _instances(sim: Simulator, wanted: Json) -> list[sql.SqlInstance]:
    """The instances of a client, or the one that is named; of every client when none is."""
    client, name = str(wanted.get("client") or "").lower(), str(wanted.get("instance") or "").lower()
    rows = [
        disk.sync(sim, row)
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
        "path": str(disk.path_of(sim, instance, database.name)),
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
        database = add_database(sim, instance, {**body, "name": name})
        return _shown(sim, instance, database)
    if body["action"] == "corrupt_backup":
        return _corrupt(sim, instance, name, body)
    found = instance.database(name)
    if found is None:
        raise ValueError(f"no database [{name}] on instance [{instance.name}]")
    if body["action"] == "drop":
        found.dropped = True
        disk.path_of(sim, instance, found.name).unlink()
        return {}
    ACTIONS[body["action"]](sim, found, body)
    disk.write(sim, instance, found)
    return _shown(sim, instance, found)


def _rows(sim: Simulator, database: sql.Database, body: Json) -> None:
    if "rows" in body:
        disk.change(sim, database, disk.table(body["rows"]))
        return
    gone = {str(key) for key in body.get("delete") or []}
    rows = {key: row for key, row in database.rows.items() if key not in gone}
    disk.change(sim, database, rows | disk.table(body.get("set") or []))


def _break(_sim: Simulator, database: sql.Database, body: Json) -> None:
    if body.get("how", "log_backup") == "recovery_model":
        disk.set_recovery_model(database, "SIMPLE")
        disk.set_recovery_model(database, "FULL")
    elif database.log_lsn is None:
        raise ValueError("there is no log chain to break")
    else:
        # The other backup holds at least one record that is missing here.
        database.lsn += 1
        database.log_lsn = database.lsn
        database.log.clear()


def _set(_sim: Simulator, database: sql.Database, body: Json) -> None:
    if "recovery_model" in body:
        disk.set_recovery_model(database, str(body["recovery_model"]))
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


def add_sql_server(sim: Simulator, client: m.Client, row: Json) -> list[m.Subclient]:
    """Install the SQL Server agent: it finds the instances of the machine; answers their default subclients."""
    if sql.SQL_SERVER in client.agents:
        return []
    client.agents.append(sql.SQL_SERVER)
    known = {instance.name for instance in sql.side(sim).of_client(client.id)}
    for given in row.get("instances") or []:
        if given["name"] not in known:
            sql.side(sim).instances.append(_instance(sim, client, row, given))
    hidden = {given["name"] for given in row.get("instances") or [] if not given.get("discovered", True)}
    return [register(sim, found) for found in sql.side(sim).of_client(client.id) if found.name not in hidden and not found.id]


def _instance(sim: Simulator, client: m.Client, row: Json, given: Json) -> sql.SqlInstance:
    instance = sql.SqlInstance(client.id, str(given["name"]), str(given.get("version") or row.get("version") or "16.0.4105.2"))
    instance.data_path = str(given.get("data_path", instance.data_path))
    instance.log_path = str(given.get("log_path", instance.log_path))
    drives = row.get("sql_drives") or ["C", instance.data_path[0], instance.log_path[0]]
    instance.drives = sorted({str(letter)[0].upper() for letter in drives})
    for stale in disk.directory(sim, instance).glob(f"*{disk.SUFFIX}"):  # of an earlier run in the same directory
        stale.unlink()
    for name in sql.SYSTEM_DATABASES:
        stem = f"C:\\Program Files\\Microsoft SQL Server\\{disk.quoted(instance.name)}\\{name}"
        files = [sql.DataFile(name, f"{stem}.mdf", "DATA", 8 << 20), sql.DataFile(f"{name}log", f"{stem}log.ldf", "LOG", 2 << 20)]
        model = "FULL" if name == "model" else "SIMPLE"
        disk.add(sim, instance, name, _made_rows(f"{instance.name}/{name}", 2), files=files, recovery_model=model)
    for database in given.get("databases") or []:
        add_database(sim, instance, database)
    return instance


def add_database(sim: Simulator, instance: sql.SqlInstance, given: Json) -> sql.Database:
    """A database as a scenario or a control call describes it: name, rows (a number or a list), recovery_model, files."""
    name = str(given["name"])
    rows = given.get("rows", 5)
    files = [
        sql.DataFile(str(f["logical"]), str(f["path"]), str(f.get("type", "data")).upper(), int(float(f.get("size_mb", 64)) * (1 << 20)))
        for f in given.get("files") or []
    ]
    found = _made_rows(f"{instance.name}/{name}", rows) if isinstance(rows, int) else disk.table(rows)
    model = str(given.get("recovery_model", "full")).upper()
    return disk.add(sim, instance, name, found, files=files, recovery_model=model)


def _made_rows(seed: str, count: int) -> sql.Rows:
    """Rows that are the same in every run."""
    return {str(n): {"id": n, "name": f"Row {n} of {seed}", "amount": (n * 7919 + len(seed)) % 1000} for n in range(1, count + 1)}


def register(sim: Simulator, instance: sql.SqlInstance) -> m.Subclient:
    """Let Commvault know an instance: ids, a backup set and the default subclient that covers all its databases."""
    client = sim.clients[instance.client_id]
    row = m.Instance(sim.new_id(), client.id, sql.SQL_SERVER, instance.name)
    row.guid = sim.guid("instance", row.id)
    sim.instances[row.id] = row
    instance.id, instance.props = row.id, {"useVss": True, "vDITimeOut": 300, "overrideHigherLevelSettings": _authentication()}
    instance.plan_id, instance.description, instance.enable_backup, instance.enable_restore = 0, "", True, True
    backupset = m.Backupset(sim.new_id(), client.id, sql.SQL_SERVER, row.id)
    backupset.guid = sim.guid("backupset", backupset.id)
    sim.backupsets[backupset.id] = backupset
    subclient = new_subclient(sim, backupset, "default")
    subclient.is_default = True
    sim.subclients[subclient.id] = subclient
    return subclient


def _authentication() -> Json:
    return {"overrideGlobalAuthentication": False, "useLocalSystemAccount": True}


def _unknown(sim: Simulator, client: m.Client) -> None:
    """The instances stay on the machine, but Commvault does not know them any more."""
    for instance in sql.side(sim).of_client(client.id):
        instance.id = 0


def _drop(sim: Simulator, jobs: set[int]) -> None:
    side = sql.side(sim)
    side.backups = [row for row in side.backups if row.job_id not in jobs]


def _kept_clients(sim: Simulator) -> set[int]:
    return {sim.instances[row.instance_id].client_id for row in sql.side(sim).backups if row.instance_id in sim.instances}


AGENTS[sql.SQL_SERVER] = Agent(add_sql_server, _unknown)
KEPT.append(Kept(_drop, _kept_clients))
