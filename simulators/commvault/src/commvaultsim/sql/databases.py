# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQL databases: lists, detail, backup history, what can be restored, configuration. cvpysdk sqlinstance.py; OpenAPI GetDatabases.

Where no public source shows the keys of an answer (history, configuration, unconfigured databases), they are this simulator's own.
"""

from __future__ import annotations

import math
import typing as t

from commvaultsim.sql import content, views
from commvaultsim.sql import model as sql
from commvaultsim.sql.instances import paged
from commvaultsim.state import model as m
from commvaultsim.state.job import LEVEL_NAMES
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire.replies import generic
from commvaultsim.wire.routing import Refusal, Reply, Request, route
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]


def _row(sim: Simulator, instance: sql.SqlInstance, database: sql.Database) -> Json:
    return views.database_row(sim, instance, database, content.subclient_of(sim, instance, database.name))


@route("GET", "/sql/databases")
def databases(sim: Simulator, request: Request) -> Json:
    """?instance=&databaseName=&showSysDB=1 and pages. System databases are hidden unless asked for."""
    number, name = request.number("instance"), (request.q("databaseName") or "").casefold()
    system = (request.q("showSysDB") or "0").lower() in ("1", "true")
    rows = [
        _row(sim, instance, database)
        for instance in views.instances(sim, request)
        if number in (0, instance.id)
        for database in instance.live(system)
        if name in ("", database.name.casefold())
    ]
    return {"SqlDatabase": paged(request, rows, "dbName")} if rows else {}


@route("GET", "/sql/instance/{id:int}")
def instance_detail(sim: Simulator, request: Request) -> Json:
    """One instance with its databases."""
    instance = views.need(sim, request, request.number("id"))
    client = sim.clients[instance.client_id]
    row = {"insId": instance.id, "insName": instance.name, "cId": client.id, "cName": client.name, "version": instance.version}
    return {"SqlInstance": [row | {"numDbs": len(instance.live(system=False)), "status": "Ready" if client.ready else "Not Ready"}]}


def _database(sim: Simulator, request: Request) -> tuple[sql.SqlInstance, sql.Database]:
    """The database of the path, also one that was dropped."""
    instance = views.need(sim, request, request.number("id"))
    found = next((row for row in instance.databases if row.id == request.number("db")), None)
    if found is None:
        raise Refusal(generic(404, f"Database [{request.params['db']}] not found.", status=404))
    return instance, found


@route("GET", "/sql/instance/{id:int}/database/{db:int}")
def database_detail(sim: Simulator, request: Request) -> Json:
    """One database."""
    instance, database = _database(sim, request)
    return {"SqlDatabase": [_row(sim, instance, database) | {"isDeleted": database.dropped}]}


def _history(sim: Simulator, rows: list[sql.Backup]) -> Json:
    found = [
        {
            "jobId": row.job_id,
            "databaseId": row.database_id,
            "databaseName": row.name,
            "backupLevel": LEVEL_NAMES[row.kind],
            "backupTime": int(row.time),
            "startTime": int(sim.jobs[row.job_id].started),
            "endTime": int(row.end),
            "size": row.size,
            "copyOnly": row.copy_only,
            "subclientId": row.subclient_id,
        }
        for row in reversed(rows)
    ]
    return {"SqlBackupHistory": found} if found else {}


@route("GET", "/sql/instance/{id:int}/history/backup")
def instance_history(sim: Simulator, request: Request) -> Json:
    """What was kept of every database of an instance, newest first."""
    return _history(sim, sql.side(sim).backups_of(views.need(sim, request, request.number("id")).id))


@route("GET", "/sql/instance/{id:int}/database/{db:int}/history/backup")
def database_history(sim: Simulator, request: Request) -> Json:
    """What was kept of one database, newest first."""
    instance, database = _database(sim, request)
    return _history(sim, sql.side(sim).backups_of(instance.id, database.name))


def _of_client(sim: Simulator, request: Request) -> sql.SqlInstance:
    instance = views.need(sim, request, request.number("id"))
    if instance.client_id != request.number("client"):
        raise Refusal(generic(404, f"Instance [{instance.id}] is not on client [{request.params['client']}].", status=404))
    return instance


@route("GET", "/Client/{client:int}/SQL/Instance/{id:int}/Browse")
def browse(sim: Simulator, request: Request) -> Json:
    """The databases that can be restored from backups of ?fromTime= to ?toTime=; a full backup by toTime is needed for that."""
    instance = _of_client(sim, request)
    since, until = request.number("fromTime"), request.number("toTime") or math.inf
    newest: dict[str, sql.Backup] = {}
    restorable: set[str] = set()
    for row in sql.side(sim).backups_of(instance.id):
        if int(row.time) <= until:
            newest[row.name.casefold()] = row
            if row.kind == sql.FULL:
                restorable.add(row.name.casefold())
    rows = [row for key, row in sorted(newest.items()) if key in restorable and row.time >= since]
    return {"sqlDatabase": [{"databaseName": row.name, "createdTime": row.created, "version": row.version} for row in rows]}


@route("GET", "/Client/{client:int}/Sql/Instance/{id:int}/DatabaseConfiguration")
def configuration(sim: Simulator, request: Request) -> Json:
    """The databases as they are now: state, recovery model and every file with its path."""
    instance = _of_client(sim, request)
    rows = [
        {
            "databaseId": database.id,
            "databaseName": database.name,
            "databaseState": database.state,
            "recoveryModel": database.recovery_model,
            "createdTime": database.created,
            "restrictedUser": database.restricted,
            "files": views.file_rows(database),
        }
        for database in instance.live()
    ]
    return {"databaseConfiguration": rows}


@route("GET", "/Client/{client:int}/Sql/Instance/{id:int}/unconfiguredDatabases")
def unconfigured(sim: Simulator, request: Request) -> Json:
    """The databases that belong to no subclient."""
    instance = _of_client(sim, request)
    rows = [row for row in instance.live() if content.subclient_of(sim, instance, row.name) is None]
    return {"databaseList": [{"databaseName": row.name, "databaseId": row.id} for row in rows]} if rows else {}


@route("GET", "/Client/{client:int}/Sql/Instance/{id:int}/GetFirstBackupJob")
def first_backup(sim: Simulator, request: Request) -> Json:
    """How far back restores can go."""
    rows = sql.side(sim).backups_of(_of_client(sim, request).id)
    return {"jobId": rows[0].job_id, "backupTime": int(rows[0].time)} if rows else {}


@route("GET", "/V4/Databases")
def databases_v4(sim: Simulator, request: Request) -> Reply | Json:
    """Every user database with plan, recovery model and SLA; it has no id of the database. The SLA words differ from other lists."""
    rows = []
    for instance in views.instances(sim, request):
        client = sim.clients[instance.client_id]
        for database in instance.live(system=False):
            plan = views.plan_of(sim, instance, content.subclient_of(sim, instance, database.name))
            newest = views.newest_backup(sim, instance, database.name)
            sla = views.sla(sim, plan is not None, newest.time if newest else 0)
            rows.append(
                {
                    "applicationId": sql.SQL_SERVER,
                    "name": database.name,
                    "instance": {"id": instance.id, "name": instance.name},
                    "server": {"id": client.id, "name": client.name},
                    "vendor": "NOT_APPLICABLE",
                    "databaseEngine": "SQL_SERVER",
                    "recoveryModel": database.recovery_model,
                    "SLAStatus": "MISSED" if sla == "YET" else sla,
                    "lastBackupSize": newest.size if newest else 0,
                    "lastBackupTime": int(newest.time) if newest else 0,
                    "plan": {"id": plan.id, "name": plan.name} if plan else {},
                    "company": sim.company_ref(client.company_id),
                    "commcell": {"name": m.COMMSERVE},
                }
            )
    return {"databases": rows}


@route("GET", "/V4/InstantClones")
def clones(_sim: Simulator, _request: Request) -> Json:
    """Clones are not simulated, so there are none."""
    return {"instantClones": []}


@route("GET", "/sql/clones")
def recovery_points(_sim: Simulator, _request: Request) -> Json:
    """The same in the SDK's words."""
    return {}


@route("GET", "/v2/sql/availabilityGroups/client/{client:int}/instance/{id:int}")
def availability_groups(sim: Simulator, request: Request) -> Json:
    """No instance of the sandbox is in an availability group."""
    views.need(sim, request, to_int(request.params["id"]))
    return {}
