# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What starts SQL backups besides /Subclient/{id}/action/backup: CreateTask, and the v2 calls per database and instance."""

from __future__ import annotations

import dataclasses as dc
import typing as t

from commvaultsim import model as m
from commvaultsim import sql_backup, sql_content, sql_views
from commvaultsim import sql_model as sql
from commvaultsim.jobs import Job, task_reply
from commvaultsim.registry import TASKS
from commvaultsim.replies import generic
from commvaultsim.routing import Refusal, Reply, Request, route
from commvaultsim.simulator import Simulator, to_int

Json = dict[str, t.Any]
NO_SUBCLIENT = "Failed to get any subclient for given association. Check if it is valid"


def _subclients(sim: Simulator, request: Request, entity: Json) -> list[m.Subclient]:
    """The subclients that an association names: one, or all of an instance."""
    named = {**entity, "applicationId": sql.SQL_SERVER}
    if entity.get("subclientId") or entity.get("subclientName"):
        found = sim.subclient_of(named)
        rows = [found] if found else []
    else:
        instance = sql_views.by_entity(sim, request, entity)
        rows = sql.subclients_of(sim, instance.id) if instance else []
    rows = [row for row in rows if row.application_id == sql.SQL_SERVER and sim.visible(request, row.company_id)]
    if not rows:
        raise Refusal(generic(4, NO_SUBCLIENT, 404))
    return rows


def _start(sim: Simulator, request: Request, wanted: list[tuple[m.Subclient, sql_backup.Options]], level: t.Any) -> Reply | Json:
    """One job a subclient; of many, those that can't run are passed by, unless that leaves nothing."""
    jobs: list[Job] = []
    refused: Reply | None = None
    for row, options in wanted:
        if len(wanted) > 1 and sql_backup.refusal(sim, row):
            continue
        started = sql_backup.start_backup(sim, request, row, level, options)
        if isinstance(started, Reply):
            refused = refused or started
        else:
            jobs.append(started)
    return task_reply(*jobs) if jobs else refused or generic(2, "There is no subclient that could be backed up.")


def backup_task(sim: Simulator, request: Request, info: Json) -> Reply | Json:
    """POST /CreateTask, operation type 2."""
    tasks = info.get("subTasks") or [{}]
    task = tasks[0] if isinstance(tasks, list) else tasks
    wish = (task.get("options") or {}).get("backupOpts") or {}
    level = sql_backup.level_of(wish.get("backupLevel"))
    try:
        options = sql_backup.options_of(wish.get("dataOpt") or {}, level) if level else sql_backup.Options()
    except ValueError as error:
        return generic(sql_backup.REFUSED, str(error))
    associations = info.get("associations") or []
    chosen: list[m.Subclient] = []
    for entity in associations if isinstance(associations, list) else [associations]:
        chosen += [row for row in _subclients(sim, request, entity) if row not in chosen]
    return _start(sim, request, [(row, options) for row in chosen], wish.get("backupLevel"))


def _of_databases(sim: Simulator, request: Request, instance: sql.SqlInstance, names: list[str], copy_only: bool = False) -> Reply | Json:
    """A job for each subclient that some of the databases belong to, for just these databases."""
    by_subclient: dict[int, list[str]] = {}
    for name in names:
        owner = sql_content.subclient_of(sim, instance, name)
        if owner is None:
            return generic(2, f"Database [{name}] belongs to no subclient.")
        by_subclient.setdefault(owner.id, []).append(name)
    wanted = [(sim.subclients[key], sql_backup.Options(tuple(found), copy_only=copy_only)) for key, found in by_subclient.items()]
    return _start(sim, request, wanted, request.body.get("backupType"))


def _name(instance: sql.SqlInstance, number: int, name: str = "") -> str:
    found = next((row for row in instance.live() if row.id == number), None) or instance.database(name)
    if found is None:
        raise Refusal(generic(2, f"Database [{name or number}] does not exist on instance [{instance.name}].", 404))
    return found.name


@route("POST", "/v2/sql/instance/{id:int}/databases/{db:int}/backup")
def one_database(sim: Simulator, request: Request) -> Reply | Json:
    """{"backupType": 1 full, 3 differential, 6 log}."""
    instance = sql_views.need(sim, request, request.number("id"))
    return _of_databases(sim, request, instance, [_name(instance, request.number("db"))])


@route("POST", "/v2/sql/instance/{id:int}/backup")
def some_databases(sim: Simulator, request: Request) -> Reply | Json:
    """{"backupType", "database": [ids], "copyOnly"}."""
    instance = sql_views.need(sim, request, request.number("id"))
    names = [_name(instance, to_int(number)) for number in request.body.get("database") or []]
    copy_only = sql_content.flag(request.body.get("copyOnly"))
    if copy_only and sql_backup.level_of(request.body.get("backupType")) != sql.FULL:
        return generic(sql_backup.REFUSED, "copyOnly can only be used with a full backup.")
    return _of_databases(sim, request, instance, names or [row.name for row in instance.live()], copy_only)


@route("POST", "/v2/sql/instances/{id:int}/backup")
def whole_instance(sim: Simulator, request: Request) -> Reply | Json:
    """Every subclient of an instance, or the one of ?subClientId=."""
    instance = sql_views.need(sim, request, request.number("id"))
    wanted = to_int(request.q("subClientId"))
    rows = [row for row in sql.subclients_of(sim, instance.id) if wanted in (0, row.id)]
    return _start(sim, request, [(row, sql_backup.Options()) for row in rows], request.body.get("backupType"))


@route("POST", "/v2/sql/backup")
def many(sim: Simulator, request: Request) -> Reply | Json:
    """{"backupType", "instances": [{"sourceInstance": {"instanceId"}, "selectedDatabases": [{"databaseName", "databaseId"}]}]}."""
    jobs: list[str] = []
    reply: Reply | Json = generic(2, "No instance was given.")
    for row in request.body.get("instances") or []:
        instance = sql_views.need(sim, request, to_int((row.get("sourceInstance") or {}).get("instanceId")))
        chosen = row.get("selectedDatabases") or []
        names = [_name(instance, to_int(item.get("databaseId")), str(item.get("databaseName") or "")) for item in chosen]
        body = {"backupType": request.body.get("backupType")}
        reply = _of_databases(sim, dc.replace(request, body=body), instance, names or [found.name for found in instance.live()])
        if isinstance(reply, Reply):
            return reply
        jobs += reply["jobIds"]
        reply["jobIds"] = jobs
    return reply


TASKS[(2, sql.SQL_SERVER)] = backup_task
