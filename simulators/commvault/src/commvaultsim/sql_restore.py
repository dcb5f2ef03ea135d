# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SQL Server restore jobs: from a point in the backups to a database on an instance, with SQL Server's own refusals."""

from __future__ import annotations

import copy
import dataclasses as dc
import re
import typing as t

from commvaultsim import faults, sql_chain, sql_disk
from commvaultsim import sql_model as sql
from commvaultsim.jobs import Job, JobFailure, JobPending, Outcome, note
from commvaultsim.simulator import Simulator

Json = dict[str, t.Any]
SEPARATOR = "|#12!"
STATES = {"STATE_RECOVER": sql.ONLINE, "STATE_NORECOVER": sql.RESTORING, "STATE_STANDBY": sql.STANDBY}
PHYSICAL = re.compile(r"([A-Za-z]):\\(?:[^\\/:*?\"<>|]+\\)*[^\\/:*?\"<>|]+")


@dc.dataclass(frozen=True)
class Device:
    """One ``device`` string: where one file of a database goes to, and as which database."""

    source: str
    target: str
    logical: str
    physical: str
    source_physical: str


def device(text: t.Any) -> Device:
    """Five fields, a leading bar, ``|#12!`` between them.

    :raises ValueError: it is not that.
    """
    fields = str(text).split(SEPARATOR)
    if len(fields) != 5 or not fields[0].startswith("|") or not all(field.strip("|") for field in fields):
        raise ValueError(
            f"The device string [{text}] is not of the form |<source database>{SEPARATOR}<target database>{SEPARATOR}<logical file>"
            f"{SEPARATOR}<target path>{SEPARATOR}<source path>."
        )
    return Device(fields[0][1:], *fields[1:])


@dc.dataclass(frozen=True)
class Plan:
    """What a restore is to do. ``state`` is what the databases are left in."""

    source: sql.SqlInstance
    target: sql.SqlInstance
    names: tuple[str, ...]
    wish: sql_chain.Wish = dc.field(default_factory=sql_chain.Wish)
    devices: tuple[Device, ...] = ()
    overwrite: bool = False
    drop_connections: bool = False
    state: str = sql.ONLINE
    verify_only: bool = False
    recover_only: bool = False
    single_user: bool = False
    restricted: bool = False


def run(plan: Plan, sim: Simulator, job: Job) -> Outcome:
    """The effect: one database after the other; the job fails when none could be restored."""
    for instance in (plan.source, plan.target):
        sql_disk.sync(sim, instance)
    client = sim.clients[plan.target.client_id]
    if not client.ready:
        raise JobPending(client.ready_reason or f"The client [{client.name}] is not reachable: network connection could not be made.")
    done: list[Json] = []
    failed: list[Json] = []
    size = 0
    for name in plan.names:
        try:
            restored, amount = _restore(plan, sim, job, name)
        except ValueError as error:
            failed.append({"database": name, "reason": str(error)})
            note(sim, job, str(error), 6)
        else:
            done.append(restored)
            size += amount
    if not done:
        raise JobFailure(failed[0]["reason"])
    status = "Completed w/ one or more errors" if failed else "Completed"
    reason = f"{len(failed)} database(s) could not be restored. First: {failed[0]['reason']}" if failed else ""
    return Outcome(status, reason, len(done), size, size, len(failed), 0, {"restored": done, "failed_items": failed})


def _restore(plan: Plan, sim: Simulator, job: Job, name: str) -> tuple[Json, int]:
    if plan.recover_only:
        return _recover(plan, sim, name), 0
    point = sql_chain.find(sql.side(sim).backups_of(plan.source.id, name), name, plan.wish)
    size = sum(backup.size for backup in point.used)
    steps = [{"job": backup.job_id, "kind": backup.kind} for backup in point.used]
    if plan.verify_only:
        return {"database": point.last.name, "verified": True, "backups": steps}, size
    devices = [item for item in plan.devices if item.source.casefold() == name.casefold()]
    target = devices[0].target if devices else point.last.name
    files = _files(point, devices, name)
    existing = _check_target(plan, target)
    _check_files(sim, plan.target, files, existing)
    database = _place(sim, plan, point, target, files, existing)
    _injected(sim, job, plan, database)
    note(sim, job, f"Database [{database.name}] was restored to instance [{plan.target.name}] with {len(point.used)} backup(s).")
    return {"database": database.name, "instance": plan.target.name, "backups": steps}, size


def _recover(plan: Plan, sim: Simulator, name: str) -> Json:
    database = plan.target.database(name)
    if database is None or database.state not in (sql.RESTORING, sql.STANDBY):
        raise ValueError(f"Database [{name}] of instance [{plan.target.name}] is not in a restoring or standby state.")
    database.state = sql.ONLINE
    sql_disk.write(sim, plan.target, database)
    return {"database": database.name, "instance": plan.target.name, "backups": []}


def _files(point: sql_chain.Point, devices: list[Device], name: str) -> list[sql.DataFile]:
    """The files of the restored database: where they were, or where the device strings say, which must then name each of them."""
    files = point.last.files
    if not devices:
        return list(files)
    places = {item.logical.casefold(): item.physical for item in devices}
    missing = [item.logical for item in files if item.logical.casefold() not in places]
    if missing:
        raise ValueError(f"File [{missing[0]}] of database [{name}] is not listed in the device strings: every data and log file must be.")
    unknown = places.keys() - {item.logical.casefold() for item in files}
    if unknown:
        raise ValueError(f"Logical file [{min(unknown)}] is not part of database [{name}].")
    if len({item.target.casefold() for item in devices}) > 1:
        raise ValueError(f"The device strings of database [{name}] name more than one target database.")
    return [dc.replace(item, physical=places[item.logical.casefold()]) for item in files]


def _check_target(plan: Plan, target: str) -> sql.Database | None:
    existing = plan.target.database(target)
    if target.casefold() in ("master", "tempdb") and not plan.single_user:
        raise ValueError(f"Database [{target}] can only be restored while the instance runs in single-user mode.")
    if existing is None:
        return None
    if not plan.overwrite:
        raise ValueError(
            f"Database [{target}] already exists on instance [{plan.target.name}] and unconditional overwrite was not selected."
        )
    if existing.connections and not plan.drop_connections:
        raise ValueError(f"Exclusive access to database [{target}] could not be obtained because the database is in use.")
    return existing


def _check_files(sim: Simulator, target: sql.SqlInstance, files: list[sql.DataFile], existing: sql.Database | None) -> None:
    """Drives have to be there, and no file may belong to another database of the machine."""
    used = {
        item.physical.casefold(): database.name
        for instance in sql.side(sim).of_client(target.client_id)
        for database in sql_disk.sync(sim, instance).live()
        if database is not existing
        for item in database.files
    }
    for item in files:
        found = PHYSICAL.fullmatch(item.physical)
        if found is None or found.group(1).upper() not in target.drives:
            raise ValueError(
                f"Directory lookup for the file [{item.physical}] failed: the system cannot find the path specified on "
                f"[{sim.clients[target.client_id].name}]."
            )
        owner = used.get(item.physical.casefold())
        if owner is not None:
            raise ValueError(f"The file [{item.physical}] cannot be overwritten. It is being used by database [{owner}].")
        used[item.physical.casefold()] = item.logical


def _place(
    sim: Simulator, plan: Plan, point: sql_chain.Point, target: str, files: list[sql.DataFile], existing: sql.Database | None
) -> sql.Database:
    rows = copy.deepcopy(point.rows)
    database = existing or sql_disk.add(sim, plan.target, target, rows)
    # Restored, it has a history of its own: its next differential and log need a new full first.
    database.guid, database.lsn = sim.guid("database", sim.new_id()), point.last.last_lsn
    database.rows, database.files, database.log = rows, files, []
    database.full_lsn = database.log_lsn = None
    database.state, database.recovery_model = plan.state, point.last.recovery_model
    database.connections, database.restricted = 0, plan.restricted
    sql_disk.write(sim, plan.target, database)
    return database


def _injected(sim: Simulator, job: Job, plan: Plan, database: sql.Database) -> None:
    """The faults restore_fail and corrupt_restore; a restore that fails half-way leaves the database in the restoring state."""
    failing = sim.faults.take("restore_fail", lambda p: faults.matches(p.get("match"), *job.names(sim), database.name))
    if failing:
        database.state = sql.RESTORING
        sql_disk.write(sim, plan.target, database)
        raise ValueError(str(failing.params.get("reason", f"The restore of database [{database.name}] was interrupted.")))
    if database.rows and sim.faults.take("corrupt_restore", lambda p: faults.matches(p.get("path"), database.name)):
        key, meant = next(iter(database.rows)), sql_disk.checksum(database.rows)
        database.rows[key] = {**database.rows[key], "damaged": True}
        sql_disk.write(sim, plan.target, database, meant)
