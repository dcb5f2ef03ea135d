# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How SQL instances and databases are shown, and who may see them."""

from __future__ import annotations

import typing as t

from commvaultsim.sql import disk
from commvaultsim.sql import model as sql
from commvaultsim.state import model as m
from commvaultsim.state.job import Job
from commvaultsim.state.simulator import Simulator, app_name
from commvaultsim.wire.faults import Fault
from commvaultsim.wire.replies import generic
from commvaultsim.wire.routing import Refusal, Request
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]
DAY = 86400


def visible(sim: Simulator, request: Request, instance: sql.SqlInstance, shared: bool = False) -> bool:
    """Whether the caller sees an instance: one's own; with ``shared`` also the provider's, for the provider's staff inside a company."""
    client = sim.clients.get(instance.client_id)
    if client is None or client.deleted or instance.id not in sim.instances:
        return False
    user = sim.users.get(request.user_id)
    return sim.visible(request, client.company_id, shared=shared and user is not None and user.company_id == 0)


def instances(sim: Simulator, request: Request, shared: bool = False) -> list[sql.SqlInstance]:
    """The instances that the caller sees, their databases as they are now."""
    return [disk.sync(sim, row) for row in sql.side(sim).instances if visible(sim, request, row, shared)]


def find(sim: Simulator, request: Request, number: int) -> sql.SqlInstance | None:
    """The instance of that id if the caller sees it."""
    row = sql.side(sim).instance(number)
    return disk.sync(sim, row) if row and visible(sim, request, row) else None


def need(sim: Simulator, request: Request, number: int) -> sql.SqlInstance:
    """The same, or a 404."""
    row = find(sim, request, number)
    if row is None:
        raise Refusal(generic(404, f"Instance [{number}] not found.", status=404))
    return row


def by_entity(sim: Simulator, request: Request, entity: Json, shared: bool = False) -> sql.SqlInstance | None:
    """The instance that an entity object names, by instanceId or by client and instance name."""
    number, name = to_int(entity.get("instanceId")), str(entity.get("instanceName") or "").lower()
    client = sim.client_of(entity)
    for row in instances(sim, request, shared):
        if row.id == number if number else name == row.name.lower() and (client is None or client.id == row.client_id):
            return row
    return None


def entity(sim: Simulator, instance: sql.SqlInstance) -> Json:
    """The flat entity object of an instance."""
    client = sim.clients[instance.client_id]
    return {
        "clientId": client.id,
        "clientName": client.name,
        "displayName": client.display_name or client.name,
        "instanceId": instance.id,
        "instanceName": instance.name,
        "applicationId": sql.SQL_SERVER,
        "appName": app_name(sql.SQL_SERVER),
        "instanceGUID": sim.instances[instance.id].guid,
        "_type_": 5,
        "entityInfo": sim.entity_info(client.company_id),
    }


def plan_of(sim: Simulator, instance: sql.SqlInstance, subclient: m.Subclient | None = None) -> m.Plan | None:
    """The plan of a subclient, else of the instance, else of its first subclient that has one."""
    numbers = [subclient.plan_id if subclient else 0, instance.plan_id]
    if subclient is None:
        numbers += [row.plan_id for row in sql.subclients_of(sim, instance.id)]
    return next((sim.plans[number] for number in numbers if number in sim.plans), None)


def last_job(sim: Simulator, instance: sql.SqlInstance) -> Job | None:
    """The newest backup job of an instance."""
    rows = [job for job in sim.jobs.values() if job.instance_id == instance.id and not job.is_restore]
    return max(rows, key=lambda job: job.id, default=None)


def not_ready(sim: Simulator, instance: sql.SqlInstance) -> str:
    """Why an instance can't be reached; empty when it can."""
    client = sim.clients[instance.client_id]
    if login_refused(sim, instance):
        return "Login failed for the user of the instance."
    return "" if client.ready else client.ready_reason or f"Client [{client.name}] is not reachable."


def login_refused(sim: Simulator, instance: sql.SqlInstance) -> Fault | None:
    """The fault by which the login of an instance is not right any more."""
    return sim.faults.peek("sql_login_refused", lambda params: params.get("instance") == instance.name)


def sla(sim: Simulator, protected: bool, newest: float) -> str:
    """MET, MISSED, EXCLUDED (no plan), or YET when nothing was backed up."""
    if not protected:
        return "EXCLUDED"
    if not newest:
        return "YET"
    return "MET" if sim.clock.now() - newest <= DAY else "MISSED"


def newest_backup(sim: Simulator, instance: sql.SqlInstance, name: str = "") -> sql.Backup | None:
    """The last finished backup of an instance, or of one of its databases."""
    rows = sql.side(sim).backups_of(instance.id, name)
    return rows[-1] if rows else None


def database_row(sim: Simulator, instance: sql.SqlInstance, database: sql.Database, subclient: m.Subclient | None) -> Json:
    """An element of SqlDatabase."""
    client, plan = sim.clients[instance.client_id], plan_of(sim, instance, subclient)
    rows = sql.side(sim).backups_of(instance.id, database.name)
    fulls = [row for row in rows if row.kind == sql.FULL]
    return {
        "dbId": database.id,
        "dbName": database.name,
        "insId": instance.id,
        "insName": instance.name,
        "cId": client.id,
        "cName": client.name,
        "bkpTime": int(rows[-1].time) if rows else 0,
        "bkpSize": rows[-1].size if rows else 0,
        "fBkpJob": fulls[-1].job_id if fulls else 0,
        "planId": plan.id if plan else 0,
        "planName": plan.name if plan else "",
        "subclientId": subclient.id if subclient else 0,
        "subclientName": subclient.name if subclient else "",
        "recoveryModel": database.recovery_model,
        "status": database.state,
        "isSystemDB": database.system,
    }


def file_rows(database: sql.Database) -> list[Json]:
    """The files of a database as RestoreOptions and DatabaseConfiguration name them."""
    return [
        {"databaseName": database.name, "logicalFileName": f.logical, "fileName": f.physical, "fileMaxSize": f.size, "fileType": f.kind}
        for f in database.files
    ]
