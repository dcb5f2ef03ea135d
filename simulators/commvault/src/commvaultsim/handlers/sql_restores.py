# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""POST /SQL/RestoreOptions, POST /CreateTask with operation type 1001 for SQL Server, and the v2 restore of one database."""

from __future__ import annotations

import functools
import math
import ntpath
import typing as t

from commvaultsim import sql_chain, sql_restore, sql_views, timezones
from commvaultsim import sql_model as sql
from commvaultsim.jobs import RESTORE, Job, start_job, task_reply
from commvaultsim.registry import TASKS
from commvaultsim.replies import generic, nested
from commvaultsim.routing import Refusal, Reply, Request, route
from commvaultsim.simulator import Simulator, to_int
from commvaultsim.sql_content import flag

Json = dict[str, t.Any]
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


def refuse(text: str) -> Refusal:
    """A refusal in the shape of CreateTask: HTTP 200 with a code."""
    return Refusal(generic(REFUSED, text))


@route("POST", "/SQL/RestoreOptions", writes=False)
def restore_options(sim: Simulator, request: Request) -> Reply | Json:
    """Where databases may be restored to, and the files that they had; reads only. An older SQL Server is no destination."""
    source = sql_views.find(sim, request, to_int(request.body.get("sourceInstanceId")))
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
    fitting = [
        row for row in sql_views.instances(sim, request, shared=True) if sql.version_of(row.version) >= sql.version_of(source.version)
    ]
    keys = ("clientId", "clientName", "instanceId", "instanceName", "applicationId")
    entities = [{key: sql_views.entity(sim, row)[key] for key in keys} for row in fitting]
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
    source = sql_views.by_entity(sim, request, entity)
    if source is None:
        raise refuse(f"SQL Server instance [{entity.get('instanceName') or entity.get('instanceId') or ''}] does not exist.")
    target = _target(sim, request, source, options.get("destination") or {})
    return task_reply(_start(sim, request, _plan(source, target, wish, options)))


def _target(sim: Simulator, request: Request, source: sql.SqlInstance, destination: Json) -> sql.SqlInstance:
    named = destination.get("destinationInstance") or {}
    if not (named.get("instanceId") or named.get("instanceName")):
        target: sql.SqlInstance | None = source
    else:
        target = sql_views.by_entity(sim, request, named, shared=True)
    if target is None:
        raise refuse(f"Destination instance [{named.get('instanceName') or named.get('instanceId')}] does not exist.")
    if sql.version_of(target.version) < sql.version_of(source.version):
        raise refuse(f"Destination instance [{target.name}] runs an older version of SQL Server than [{source.name}].")
    for instance in (source, target):
        client = sim.clients[instance.client_id]
        if not client.enable_restore or not instance.enable_restore or 2 in client.props.get("agents_off", {}).get(sql.SQL_SERVER, ()):
            raise refuse(f"Restore activity is disabled for instance [{instance.name}] of client [{client.name}].")
    return target


def _plan(source: sql.SqlInstance, target: sql.SqlInstance, wish: Json, options: Json) -> sql_restore.Plan:
    asked = [name for name in UNSUPPORTED if flag(wish.get(name))]
    kind = str(wish.get("sqlRestoreType") or "DATABASE_RESTORE")
    state = sql_restore.STATES.get(str(wish.get("sqlRecoverType") or "STATE_RECOVER"))
    if asked or kind not in ("DATABASE_RESTORE", "RECOVER_ONLY") or state is None:
        raise refuse(f"[{asked[0] if asked else kind if state else wish.get('sqlRecoverType')}] is not supported by this simulator.")
    if state == sql.STANDBY and not ((options.get("fileOption") or {}).get("mapFiles") or {}).get("renameFilesSuffix"):
        raise refuse("A restore to the standby state needs the path of an undo file in fileOption.mapFiles.renameFilesSuffix.")
    raw = wish.get("database") or wish.get("restoreSource") or []
    names = tuple(str(name) for name in ([raw] if isinstance(raw, str) else raw))
    if not names:
        raise refuse("No database was given for the restore.")
    try:
        devices = tuple(sql_restore.device(text) for text in wish.get("device") or [])
        moment = _moment(wish, options.get("browseOption") or {})
    except ValueError as error:
        raise refuse(str(error)) from error
    strangers = [item.source for item in devices if item.source.casefold() not in {name.casefold() for name in names}]
    if strangers:
        raise refuse(f"The device strings name database [{strangers[0]}], which is not in the list of databases to restore.")
    return sql_restore.Plan(
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


def _moment(wish: Json, browse: Json) -> sql_chain.Wish:
    """pointInTime counts when pointOfTimeRst is set; the time range alone means the newest backup taken by then."""
    zone = str((browse.get("timeZone") or {}).get("TimeZoneName") or "")
    span = browse.get("timeRange") or {}
    limit = _epoch(span.get("toTimeValue") or span.get("toTime"), zone)
    if not flag(wish.get("pointOfTimeRst")):
        return sql_chain.Wish(limit or None)
    point = wish.get("pointInTime") or {}
    moment = _epoch(point.get("time") or point.get("timeValue"), zone)
    if not moment:
        raise ValueError("pointOfTimeRst needs pointInTime.time.")
    if limit and limit != moment:
        raise ValueError("pointInTime and the end of browseOption.timeRange are not the same moment.")
    return sql_chain.Wish(moment, exact=True)


def _start(sim: Simulator, request: Request, plan: sql_restore.Plan) -> Job:
    client = sim.clients[plan.source.client_id]
    # The record of a restore names no subclient.
    return start_job(
        sim,
        op_type=RESTORE,
        operation="Restore",
        effect=functools.partial(sql_restore.run, plan),
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
    source, body = sql_views.need(sim, request, request.number("id")), request.body
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
        texts.append("|" + sql_restore.SEPARATOR.join((name, target, file.logical, physical, file.physical)))
    return texts


TASKS[(1001, sql.SQL_SERVER)] = restore_task
