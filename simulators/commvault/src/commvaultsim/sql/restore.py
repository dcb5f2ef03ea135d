# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQL Server restores: POST /SQL/RestoreOptions, POST /CreateTask with operation type 1001, and the v2 restore of one database.

The job goes from a point in the backups to a database on an instance, with SQL Server's own refusals."""

from __future__ import annotations

import copy
import dataclasses as dc
import functools
import math
import ntpath
import re
import typing as t

from commvaultsim.jobs.lifecycle import note, start_job, task_reply
from commvaultsim.sql import chain, disk, views
from commvaultsim.sql import model as sql
from commvaultsim.state.job import RESTORE, Job, JobFailure, JobPending, Outcome
from commvaultsim.state.registry import TASKS
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire import faults, timezones
from commvaultsim.wire.replies import generic, nested
from commvaultsim.wire.routing import Refusal, Reply, Request, route
from commvaultsim.wire.values import flag, to_int

Json = dict[str, t.Any]
SEPARATOR = "|#12!"
STATES = {"STATE_RECOVER": sql.ONLINE, "STATE_NORECOVER": sql.RESTORING, "STATE_STANDBY": sql.STANDBY}
PHYSICAL = re.compile(r"([A-Za-z]):\\(?:[^\\/:*?\"<>|]+\\)*[^\\/:*?\"<>|]+")
REFUSED = 2
# Options that change what a restore does and that the simulator does not carry out: refused rather than passed over.
UNSUPPORTED = (
    "logShippingOnly",
    "ffgRestore",
    "partialRestore",
    "restoreToDisk",
    "attachToSQLServer",
    "stopBeforeMarkRestore",
    "stopMarkRestore",
)


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
    wish: chain.Wish = dc.field(default_factory=chain.Wish)
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
        disk.sync(sim, instance)
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
    point = chain.find(sql.side(sim).backups_of(plan.source.id, name), name, plan.wish)
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
    disk.write(sim, plan.target, database)
    return {"database": database.name, "instance": plan.target.name, "backups": []}


def _files(point: chain.Point, devices: list[Device], name: str) -> list[sql.DataFile]:
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
        for database in disk.sync(sim, instance).live()
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
    sim: Simulator, plan: Plan, point: chain.Point, target: str, files: list[sql.DataFile], existing: sql.Database | None
) -> sql.Database:
    rows = copy.deepcopy(point.rows)
    database = existing or disk.add(sim, plan.target, target, rows)
    # Restored, it has a history of its own: its next differential and log need a new full first.
    database.guid, database.lsn = sim.guid("database", sim.new_id()), point.last.last_lsn
    database.rows, database.files, database.log = rows, files, []
    database.full_lsn = database.log_lsn = None
    database.state, database.recovery_model = plan.state, point.last.recovery_model
    database.connections, database.restricted = 0, plan.restricted
    disk.write(sim, plan.target, database)
    return database


def _injected(sim: Simulator, job: Job, plan: Plan, database: sql.Database) -> None:
    """The faults restore_fail and corrupt_restore; a restore that fails half-way leaves the database in the restoring state."""
    failing = sim.faults.take("restore_fail", lambda p: faults.matches(p.get("match"), *job.names(sim), database.name))
    if failing:
        database.state = sql.RESTORING
        disk.write(sim, plan.target, database)
        raise ValueError(str(failing.params.get("reason", f"The restore of database [{database.name}] was interrupted.")))
    if database.rows and sim.faults.take("corrupt_restore", lambda p: faults.matches(p.get("path"), database.name)):
        key, meant = next(iter(database.rows)), disk.checksum(database.rows)
        database.rows[key] = {**database.rows[key], "damaged": True}
        disk.write(sim, plan.target, database, meant)


def refuse(text: str) -> Refusal:
    """A refusal in the shape of CreateTask: HTTP 200 with a code."""
    return Refusal(generic(REFUSED, text))


@route("POST", "/SQL/RestoreOptions", writes=False)
def restore_options(sim: Simulator, request: Request) -> Reply | Json:
    """Where databases may be restored to, and the files that they had; reads only. An older SQL Server is no destination."""
    source = views.find(sim, request, to_int(request.body.get("sourceInstanceId")))
    if source is None:
        return nested(REFUSED, f"Instance [{request.body.get('sourceInstanceId')}] does not exist.")
    until = to_int(request.body.get("pointInTime")) or math.inf
    devices: list[Json] = []
    for chosen in request.body.get("selectedDatabases") or []:
        name = str(chosen.get("databaseName") or "")
        rows = [row for row in sql.side(sim).backups_of(source.id, name) if int(row.time) <= until]
        if not any(row.kind == sql.FULL for row in rows):
            return nested(REFUSED, f"Database [{name}] of instance [{source.name}] has no full backup to restore from.")
        devices += [
            {"databaseName": rows[-1].name, "logicalFileName": f.logical, "fileName": f.physical, "fileMaxSize": f.size}
            for f in rows[-1].files
        ]
    fitting = [row for row in views.instances(sim, request, shared=True) if sql.version_of(row.version) >= sql.version_of(source.version)]
    keys = ("clientId", "clientName", "instanceId", "instanceName", "applicationId")
    entities = [{key: views.entity(sim, row)[key] for key in keys} for row in fitting]
    return {
        "sqlDestinationInstances": [{"genericEntity": entity, "serverType": "DataBase Engine"} for entity in entities],
        "sqlDbdeviceItem": devices,
    }


def restore_task(sim: Simulator, request: Request, info: Json) -> Reply | Json:
    """Read the request into a plan, refuse what can't be, and start the job."""
    tasks = info.get("subTasks") or [{}]
    task = tasks[0] if isinstance(tasks, list) else tasks
    options = (task.get("options") or {}).get("restoreOptions") or {}
    wish = options.get("sqlServerRstOption")
    if not isinstance(wish, dict):
        raise refuse("sqlServerRstOption is required for a restore of SQL Server databases.")
    associations = info.get("associations") or [{}]
    entity = associations[0] if isinstance(associations, list) else associations
    source = views.by_entity(sim, request, entity)
    if source is None:
        raise refuse(f"SQL Server instance [{entity.get('instanceName') or entity.get('instanceId') or ''}] does not exist.")
    target = _target(sim, request, source, options.get("destination") or {})
    return task_reply(_start(sim, request, _plan(source, target, wish, options)))


def _target(sim: Simulator, request: Request, source: sql.SqlInstance, destination: Json) -> sql.SqlInstance:
    named = destination.get("destinationInstance") or {}
    if not (named.get("instanceId") or named.get("instanceName")):
        target: sql.SqlInstance | None = source
    else:
        target = views.by_entity(sim, request, named, shared=True)
    if target is None:
        raise refuse(f"Destination instance [{named.get('instanceName') or named.get('instanceId')}] does not exist.")
    if sql.version_of(target.version) < sql.version_of(source.version):
        raise refuse(f"Destination instance [{target.name}] runs an older version of SQL Server than [{source.name}].")
    for instance in (source, target):
        client = sim.clients[instance.client_id]
        if not client.enable_restore or not instance.enable_restore or 2 in client.props.get("agents_off", {}).get(sql.SQL_SERVER, ()):
            raise refuse(f"Restore activity is disabled for instance [{instance.name}] of client [{client.name}].")
    return target


def _plan(source: sql.SqlInstance, target: sql.SqlInstance, wish: Json, options: Json) -> Plan:
    asked = [name for name in UNSUPPORTED if flag(wish.get(name))]
    kind = str(wish.get("sqlRestoreType") or "DATABASE_RESTORE")
    state = STATES.get(str(wish.get("sqlRecoverType") or "STATE_RECOVER"))
    if asked or kind not in ("DATABASE_RESTORE", "RECOVER_ONLY") or state is None:
        raise refuse(f"[{asked[0] if asked else kind if state else wish.get('sqlRecoverType')}] is not supported by this simulator.")
    if state == sql.STANDBY and not ((options.get("fileOption") or {}).get("mapFiles") or {}).get("renameFilesSuffix"):
        raise refuse("A restore to the standby state needs the path of an undo file in fileOption.mapFiles.renameFilesSuffix.")
    raw = wish.get("database") or wish.get("restoreSource") or []
    names = tuple(str(name) for name in ([raw] if isinstance(raw, str) else raw))
    if not names:
        raise refuse("No database was given for the restore.")
    try:
        devices = tuple(device(text) for text in wish.get("device") or [])
        moment = _moment(wish, options.get("browseOption") or {})
    except ValueError as error:
        raise refuse(str(error)) from error
    strangers = [item.source for item in devices if item.source.casefold() not in {name.casefold() for name in names}]
    if strangers:
        raise refuse(f"The device strings name database [{strangers[0]}], which is not in the list of databases to restore.")
    return Plan(
        source,
        target,
        names,
        moment,
        devices,
        overwrite=flag(wish.get("overWrite")),
        drop_connections=flag(wish.get("dropConnectionsToDatabase")),
        state=state,
        verify_only=flag(wish.get("sqlVerifyOnly")),
        recover_only=kind == "RECOVER_ONLY",
        single_user=flag(wish.get("stopStartSSA")),
        restricted=flag(wish.get("dbOnly")),
    )


def _epoch(value: t.Any, zone: str) -> int:
    """Epoch seconds out of a number or a local time as text."""
    text = str(value or "").strip()
    return int(text) if text.isdigit() else timezones.epoch(text, zone) if text else 0


def _moment(wish: Json, browse: Json) -> chain.Wish:
    """pointInTime counts when pointOfTimeRst is set; the time range alone means the newest backup taken by then."""
    zone = str((browse.get("timeZone") or {}).get("TimeZoneName") or "")
    span = browse.get("timeRange") or {}
    limit = _epoch(span.get("toTimeValue") or span.get("toTime"), zone)
    if not flag(wish.get("pointOfTimeRst")):
        return chain.Wish(limit or None)
    point = wish.get("pointInTime") or {}
    moment = _epoch(point.get("time") or point.get("timeValue"), zone)
    if not moment:
        raise ValueError("pointOfTimeRst needs pointInTime.time.")
    if limit and limit != moment:
        raise ValueError("pointInTime and the end of browseOption.timeRange are not the same moment.")
    return chain.Wish(moment, exact=True)


def _start(sim: Simulator, request: Request, plan: Plan) -> Job:
    client = sim.clients[plan.source.client_id]
    # The record of a restore names no subclient.
    return start_job(
        sim,
        op_type=RESTORE,
        operation="Restore",
        effect=functools.partial(run, plan),
        client_id=client.id,
        application_id=sql.SQL_SERVER,
        instance_id=plan.source.id,
        destination_client_id=plan.target.client_id,
        company_id=client.company_id,
        user=request.user or "admin",
        user_id=request.user_id or 1,
        task=request.body,
        result={"names": [*plan.names, *(item.target for item in plan.devices)]},
    )


@route("POST", "/v2/sql/instances/{id:int}/databases/{db:int}/restore")
def restore_one(sim: Simulator, request: Request) -> Reply | Json:
    """The simpler restore: overwriteFiles, pointInTimeValue, destinationEntity, destinationDatabaseName, dataFilePath, logFilePath."""
    source, body = views.need(sim, request, request.number("id")), request.body
    database = next((row for row in source.databases if row.id == request.number("db")), None)
    if database is None:
        return generic(404, f"Database [{request.params['db']}] not found.", status=404)
    target = _target(sim, request, source, {"destinationInstance": body.get("destinationEntity") or {}})
    moment = body.get("pointInTimeValue")
    wish: Json = {"database": [database.name], "overWrite": body.get("overwriteFiles"), "dropConnectionsToDatabase": True}
    if moment:
        wish |= {"pointOfTimeRst": True, "pointInTime": {"time": moment}}
    wish["device"] = _devices(sim, source, database.name, body)
    return task_reply(_start(sim, request, _plan(source, target, wish, {})))


def _devices(sim: Simulator, source: sql.SqlInstance, name: str, body: Json) -> list[str]:
    """Device strings for a new name and new directories; none when neither is given."""
    target = str(body.get("destinationDatabaseName") or name)
    places = {"DATA": body.get("dataFilePath"), "LOG": body.get("logFilePath")}
    rows = sql.side(sim).backups_of(source.id, name)
    if (target == name and not any(places.values())) or not rows:
        return []
    texts = []
    for file in rows[-1].files:
        directory, base = ntpath.split(file.physical)
        if target != name:
            base = target + base[len(name) :] if base.casefold().startswith(name.casefold()) else f"{target}_{base}"
        physical = ntpath.join(str(places.get(file.kind) or directory), base)
        texts.append("|" + SEPARATOR.join((name, target, file.logical, physical, file.physical)))
    return texts


TASKS[(1001, sql.SQL_SERVER)] = restore_task
