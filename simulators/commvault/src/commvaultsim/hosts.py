# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes servers from a scenario's description: what the loaders and a push install have in common."""

from __future__ import annotations

import typing as t

from commvaultsim import filesystem, sql_disk
from commvaultsim import model as m
from commvaultsim import sql_model as sql
from commvaultsim.handlers.filesystem_subclients import (
    default_common_properties,
    new_subclient,
)
from commvaultsim.simulator import Simulator

Json = dict[str, t.Any]


def names_of(row: Json) -> tuple[str, str]:
    """The name and the host name of a machine in a scenario, in lower case."""
    name = str(row["name"])
    return name.lower(), str(row.get("host_name") or f"{name}.example.com").lower()


def make_client(sim: Simulator, row: Json) -> m.Client:
    """The client of that name, made with no agent if there is none."""
    name = str(row["name"])
    existing = sim.client_by_name(name)
    if existing:
        return existing
    region = next((found for found in sim.regions.values() if found.name == row.get("region")), None)
    client = m.Client(
        sim.new_id(), name, "server", name, str(row.get("host_name", f"{name}.example.com")), os=str(row.get("os", "windows"))
    )
    client.guid, client.region_id = sim.guid("client", client.id), region.id if region else 0
    client.ready, client.ready_reason = bool(row.get("ready", True)), str(row.get("ready_reason", ""))
    client.props = {"scenario": row}
    sim.clients[client.id] = client
    if region:
        sim.entity_regions[("CLIENT", client.id)] = {"BACKUP": region.id, "WORKLOAD": region.id}
    return client


def add_file_system(sim: Simulator, client: m.Client, row: Json) -> list[m.Subclient]:
    """Install the File System agent: its drives, a backup set and the `default` subclient; answers that subclient."""
    application = m.FILE_SYSTEM_WINDOWS if client.os.lower() == "windows" else m.FILE_SYSTEM_LINUX
    if application in client.agents:
        return []
    client.agents.append(application)
    filesystem.side(sim).drives.fill([{"name": client.name, "drives": row.get("drives") if isinstance(row.get("drives"), dict) else {}}])
    if any(row.client_id == client.id and row.application_id == application for row in sim.backupsets.values()):
        return []  # left behind by an earlier agent
    backupset = m.Backupset(sim.new_id(), client.id, application, 1)
    backupset.guid = sim.guid("backupset", backupset.id)
    sim.backupsets[backupset.id] = backupset
    subclient = new_subclient(sim, backupset, "default", is_default=True)
    sim.subclients[subclient.id] = subclient
    return [subclient]


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


def add_agent(sim: Simulator, client: m.Client, application: int, row: Json) -> list[m.Subclient]:
    """Install an agent on a client; answers the default subclients that it came with."""
    if application == sql.SQL_SERVER:
        return add_sql_server(sim, client, row)
    if application in filesystem.APPLICATIONS:
        return add_file_system(sim, client, row)
    client.access_node = True
    client.agents += [application] if application not in client.agents else []
    return []


def _instance(sim: Simulator, client: m.Client, row: Json, given: Json) -> sql.SqlInstance:
    instance = sql.SqlInstance(client.id, str(given["name"]), str(given.get("version") or row.get("version") or "16.0.4105.2"))
    instance.data_path = str(given.get("data_path", instance.data_path))
    instance.log_path = str(given.get("log_path", instance.log_path))
    drives = row.get("sql_drives") or ["C", instance.data_path[0], instance.log_path[0]]
    instance.drives = sorted({str(letter)[0].upper() for letter in drives})
    for stale in sql_disk.directory(sim, instance).glob(f"*{sql_disk.SUFFIX}"):  # of an earlier run in the same directory
        stale.unlink()
    for name in sql.SYSTEM_DATABASES:
        stem = f"C:\\Program Files\\Microsoft SQL Server\\{sql_disk.quoted(instance.name)}\\{name}"
        files = [sql.DataFile(name, f"{stem}.mdf", "DATA", 8 << 20), sql.DataFile(f"{name}log", f"{stem}log.ldf", "LOG", 2 << 20)]
        model = "FULL" if name == "model" else "SIMPLE"
        sql_disk.add(sim, instance, name, _rows(f"{instance.name}/{name}", 2), files=files, recovery_model=model)
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
    found = _rows(f"{instance.name}/{name}", rows) if isinstance(rows, int) else sql_disk.table(rows)
    model = str(given.get("recovery_model", "full")).upper()
    return sql_disk.add(sim, instance, name, found, files=files, recovery_model=model)


def _rows(seed: str, count: int) -> sql.Rows:
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
    subclient = sql_subclient(sim, backupset, "default")
    subclient.is_default = True
    sim.subclients[subclient.id] = subclient
    return subclient


def _authentication() -> Json:
    return {"overrideGlobalAuthentication": False, "useLocalSystemAccount": True}


def sql_subclient(sim: Simulator, backupset: m.Backupset, name: str) -> m.Subclient:
    """A SQL subclient with the agent's defaults; the caller files it."""
    client = sim.clients[backupset.client_id]
    row = m.Subclient(sim.new_id(), name, client.id, sql.SQL_SERVER, backupset.instance_id, backupset.id, company_id=client.company_id)
    row.guid, row.created = sim.guid("subclient", row.id), sim.clock.epoch()
    instance = sql.side(sim).instance(backupset.instance_id)
    row.plan_id = instance.plan_id if instance else 0
    row.props = {
        "commonProperties": default_common_properties(),
        "mssqlSubClientProp": {
            "sqlSubclientType": 1,
            "disableAutoDiscovery": False,
            "useBlockLevelBackupWithOptimizedRecovery": False,
            "blockLevelBackup": 0,
            "disableLogConsistencyCheck": False,
            "numberOfBackupStreams": 2,
            "numberOfTransactionLogStreams": 1,
        },
    }
    return row


def remove_agent(sim: Simulator, client: m.Client, application: int) -> None:
    """Take an agent off a client with all that hangs on it; what was backed up stays until it ages."""
    client.agents = [agent for agent in client.agents if agent != application]
    for table in (sim.subclients, sim.backupsets, sim.instances):
        rows = t.cast("dict[int, t.Any]", table)
        for number in [key for key, row in rows.items() if row.client_id == client.id and row.application_id == application]:
            del rows[number]
    if application == sql.SQL_SERVER:
        for instance in sql.side(sim).of_client(client.id):
            instance.id = 0
