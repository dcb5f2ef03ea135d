# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQL instances: the lists, each with words of its own for the same facts, what GET /Instance says, create, update, delete, activity.

OpenAPI GetInstances; cvpysdk sqlinstance.py and PowerShell SDK."""

from __future__ import annotations

import base64
import typing as t

from commvaultsim.servers import activity
from commvaultsim.sql import model as sql
from commvaultsim.sql import servers, views
from commvaultsim.state import model as m
from commvaultsim.state.job import V4_STATUS
from commvaultsim.state.registry import INSTANCES
from commvaultsim.state.simulator import Simulator, is_sql
from commvaultsim.wire.replies import generic, response_list, response_object
from commvaultsim.wire.routing import Reply, Request, route
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]
INVALID, DUPLICATE = 2, 1
V4_SLA = {"MET": "MET_SLA", "MISSED": "MISSED_SLA", "EXCLUDED": "EXCLUDED_SLA", "YET": "YET_TO_BE_PROTECTED"}
SLA_TEXT = {"MET": ("Met SLA", 1), "MISSED": ("Missed SLA", 2), "EXCLUDED": ("Excluded from SLA", 3), "YET": ("Missed SLA", 2)}


def instance_properties(sim: Simulator, request: Request, row: m.Instance) -> Json:
    """What a SQL instance adds to its row; how it is set up is only told at propertyLevel 20 and above."""
    instance = sql.side(sim).instance(row.id)
    if instance is None:
        return {}
    plan = sim.plans.get(instance.plan_id)
    states = {1: instance.enable_backup, 2: instance.enable_restore}
    found: Json = {
        "instanceActivityControl": {"activityControlOptions": activity.options(sim, activity.Level("instance", row.id), states)},
        "commonInstanceProperties": {"description": instance.description},
        "planEntity": {"planId": plan.id, "planName": plan.name, "_type_": 158} if plan else {},
        "mssqlInstance": {},
    }
    if to_int(request.q("propertyLevel")) >= 20:
        policy = {"storagePolicyName": plan.name} if plan else {}
        device = {"commandLineStoragePolicy": policy, "logBackupStoragePolicy": policy}
        found["mssqlInstance"] = {"MSSQLStorageDevice": device, "serverType": "DataBase Engine", **instance.props}
        found["version"] = instance.version
    return found


INSTANCES[sql.SQL_SERVER] = instance_properties
activity.ROWS["instance"] = activity.Rows(lambda sim, number: sql.side(sim).instance(number), views.need)


@route(
    "GET",
    "/Instance/byName(clientName='{client}',appName='{app}'),instanceName='{instance}')",
    "/Instance/byName(clientName='{client}',appName='{app}',instanceName='{instance}')",
)
def by_name(sim: Simulator, request: Request) -> Reply | Json:
    """The detail by names; the parenthesis in the middle is how the vendor writes it."""
    names = {"clientName": request.params["client"], "instanceName": request.params["instance"]}
    instance = views.by_entity(sim, request, names) if is_sql({"appName": request.params["app"]}) else None
    if instance is None:
        return generic(404, f"Instance [{request.params['instance']}] not found.", status=404)
    return {"instanceProperties": [_detail(sim, request, instance)]}


def _detail(sim: Simulator, request: Request, instance: sql.SqlInstance) -> Json:
    row = {"isDeleted": False, "instance": views.entity(sim, instance)}
    return row | instance_properties(sim, request, sim.instances[instance.id])


@route("POST", "/Instance")
def create(sim: Simulator, request: Request) -> Reply | Json:
    """Register an instance that the agent did not find by itself; it has to be on the server."""
    wish = _wish(request)
    entity = wish.get("instance") or {}
    client, name = sim.client_of(entity), str(entity.get("instanceName") or "").strip()
    if client is None or not sim.visible(request, client.company_id):
        return response_object(INVALID, f"Client [{entity.get('clientName') or entity.get('clientId')}] not found.")
    if not is_sql(entity) or sql.SQL_SERVER not in client.agents:
        return response_object(INVALID, f"The agent [{entity.get('appName') or ''}] is not installed on client [{client.name}].")
    found = sql.side(sim).of_client(client.id, name or "-")
    if not found:
        return response_object(INVALID, f"SQL Server instance [{name}] was not found on client [{client.name}].")
    if found[0].id:
        return response_object(DUPLICATE, f"Instance [{name}] already exists on client [{client.name}].")
    servers.register(sim, found[0])
    try:
        _change(sim, request, found[0], wish)
    except ValueError as error:
        _forget(sim, found[0])
        return response_object(INVALID, str(error))
    return response_object(0, "", views.entity(sim, found[0]))


@route("POST", "/Instance/{id:int}")
def update(sim: Simulator, request: Request) -> Reply | Json:
    """Partial bodies are honoured; all of it or nothing is taken."""
    instance = views.find(sim, request, request.number("id"))
    if instance is None:
        return response_list(INVALID, f"Instance [{request.number('id')}] not found.")
    try:
        _change(sim, request, instance, _wish(request))
    except ValueError as error:
        return response_list(INVALID, str(error))
    refused = views.login_refused(sim, instance)
    login = ((_wish(request).get("mssqlInstance") or {}).get("overrideHigherLevelSettings") or {}).get("userAccount") or {}
    if refused and base64.b64decode(login.get("password") or "").decode() == refused.params.get("password"):
        sim.faults.clear("sql_login_refused")
    return response_list(0, "", views.entity(sim, instance))


@route("DELETE", "/Instance/{id:int}")
def delete(sim: Simulator, request: Request) -> Reply:
    """Its subclients go with it; what was backed up stays until it ages. It can be created again."""
    instance = views.find(sim, request, request.number("id"))
    if instance is None:
        return response_list(INVALID, f"Instance [{request.number('id')}] not found.")
    if any(job.instance_id == instance.id and not job.final for job in sim.jobs.values()):
        return response_list(INVALID, f"Instance [{instance.name}] has active jobs.")
    _forget(sim, instance)
    return response_list()


def _forget(sim: Simulator, instance: sql.SqlInstance) -> None:
    for table in (sim.subclients, sim.backupsets):
        rows = t.cast("dict[int, t.Any]", table)
        for number in [key for key, row in rows.items() if row.instance_id == instance.id and row.application_id == sql.SQL_SERVER]:
            del rows[number]
    del sim.instances[instance.id]
    instance.id = 0


def _wish(request: Request) -> Json:
    found = request.body.get("instanceProperties") if isinstance(request.body, dict) else None
    found = found[0] if isinstance(found, list) and found else found
    return t.cast(Json, found) if isinstance(found, dict) else {}


def _change(sim: Simulator, request: Request, instance: sql.SqlInstance, wish: Json) -> None:
    plan, reference = None, wish.get("planEntity") or {}
    if reference.get("planId") or reference.get("planName"):
        plan = sim.plan_ref(request, reference)
        if plan is None:
            raise ValueError(f"Plan [{reference.get('planName') or reference.get('planId')}] does not exist.")
    given = dict(wish.get("mssqlInstance") or {})
    _check_credential(sim, request, given)
    if plan:
        # Subclients that have no plan of their own follow their instance.
        for row in sql.subclients_of(sim, instance.id):
            row.plan_id = plan.id if row.plan_id in (0, instance.plan_id) else row.plan_id
        instance.plan_id = plan.id
    _merge(instance.props, {key: value for key, value in given.items() if key not in ("MSSQLStorageDevice", "serverType")})
    instance.description = str((wish.get("commonInstanceProperties") or {}).get("description", instance.description) or "")
    options = (wish.get("instanceActivityControl") or {}).get("activityControlOptions") or []
    activity.written(sim, activity.Level("instance", instance.id), options)


def _check_credential(sim: Simulator, request: Request, given: Json) -> None:
    """A credential has to exist; only its name and id are kept. Of a user account only the name is."""
    account = (given.get("overrideHigherLevelSettings") or {}).get("userAccount")
    if account:
        given["overrideHigherLevelSettings"] = {
            **given["overrideHigherLevelSettings"],
            "userAccount": {"userName": account.get("userName")},
        }
    reference = given.get("MSSQLCredentialinfo") or {}
    if not reference.get("credentialName") and not reference.get("credentialId"):
        return
    wanted = str(reference.get("credentialName") or "").lower()
    for number, row in sim.credentials.items():
        owner = to_int(row.get("company_id") or row.get("companyId"))
        name = str(row.get("name") or row.get("credentialName") or "")
        named = number == to_int(reference.get("credentialId")) or (wanted and wanted == name.lower())
        if named and sim.visible(request, owner, shared=True):
            given["MSSQLCredentialinfo"] = {"credentialId": number, "credentialName": name}
            return
    raise ValueError(f"Credential [{reference.get('credentialName') or reference.get('credentialId')}] does not exist.")


def _merge(target: Json, changes: Json) -> None:
    for name, value in changes.items():
        if isinstance(value, dict) and isinstance(target.get(name), dict):
            _merge(target[name], value)
        else:
            target[name] = value


def paged(request: Request, rows: list[Json], default_sort: str) -> list[Json]:
    """paging=1&start=&max=&sortBy=&sortDir= as the /sql lists take them; without paging everything."""
    key = next((k for k in (rows[0] if rows else {}) if k.lower() == (request.q("sortBy") or default_sort).lower()), default_sort)
    descending = (request.q("sortDir") or "0").lower() in ("1", "desc", "descending")
    rows = sorted(rows, key=lambda row: str(row[key]).casefold() if isinstance(row[key], str) else row[key], reverse=descending)
    if (request.q("paging") or "0") not in ("1", "true"):
        return rows
    start = request.number("start")
    return rows[start : start + (request.number("max") or 100)]


@route("GET", "/sql/instances")
def list_sql(sim: Simulator, request: Request) -> Json:
    """?clientName=&instanceName= and pages; key names beyond the ids and names are not documented."""
    rows = []
    for row in views.instances(sim, request):
        client, newest, plan = sim.clients[row.client_id], views.newest_backup(sim, row), views.plan_of(sim, row)
        texts = ((request.q("clientName"), client.name), (request.q("instanceName"), row.name))
        if any(wanted and wanted.lower() != have.lower() for wanted, have in texts):
            continue
        found: Json = {"insId": row.id, "insName": row.name, "cId": client.id, "cName": client.name, "numDbs": len(row.live(system=False))}
        found |= {"status": "Not Ready" if views.not_ready(sim, row) else "Ready", "version": row.version}
        found |= {"lastBkpTime": int(newest.time) if newest else 0, "planName": plan.name if plan else ""}
        if request.q("sla"):
            found["sla"] = SLA_TEXT[views.sla(sim, plan is not None, newest.time if newest else 0)][0]
        rows.append(found)
    return {"SqlInstance": paged(request, rows, "insName")} if rows else {}


@route("GET", "/databases/instances")
def list_all_engines(sim: Simulator, request: Request) -> Json:
    """Instances of every database agent; only SQL Server is simulated."""
    return {
        "dbInstance": [_engine_row(sim, row) for row in views.instances(sim, request)],
        "error": {"errorCode": 0, "errorMessage": ""},
    }


def _engine_row(sim: Simulator, row: sql.SqlInstance) -> Json:
    newest, plan, job = views.newest_backup(sim, row), views.plan_of(sim, row), views.last_job(sim, row)
    text, number = SLA_TEXT[views.sla(sim, plan is not None, newest.time if newest else 0)]
    reason = views.not_ready(sim, row)
    last: Json = {"jobID": 0, "status": 0, "startTime": {"time": 0}, "endTime": {"time": 0}, "failureReasonMessageEnglish": ""}
    if job:
        last = {
            "jobID": job.id,
            "status": 1 if job.status.startswith("Completed") else 2 if job.final else 0,
            "startTime": {"time": int(job.started)},
            "endTime": {"time": int(job.ended)},
            "failureReasonMessageEnglish": job.reason,
        }
    return {
        "instance": views.entity(sim, row),
        "sla": text,
        "slaStatus": number,
        "slaCategoryDescription": "",
        "status": "Not Ready" if reason else "Ready",
        "notReadyReason": reason,
        "noDBs": len(row.live(system=False)),
        "version": row.version,
        "applicationSize": _size(row),
        "backupSize": newest.size if newest else 0,
        "backupTime": int(newest.time) if newest else 0,
        "plan": {"planId": plan.id, "planName": plan.name} if plan else {},
        "lastBackupJobInfo": last,
    }


def _size(row: sql.SqlInstance) -> int:
    return sum(item.size for database in row.live(system=False) for item in database.files)


@route("GET", "/V4/Instances")
def list_v4(sim: Simulator, request: Request) -> Json:
    """One call for all instances with plan, readiness, last backup and SLA."""
    rows = []
    for row in views.instances(sim, request):
        client, plan, job = sim.clients[row.client_id], views.plan_of(sim, row), views.last_job(sim, row)
        newest, reason = views.newest_backup(sim, row), views.not_ready(sim, row)
        last: Json = {"jobId": 0, "status": "NEVER_BACKED_UP", "time": 0, "failureReason": ""}
        if job:
            status = V4_STATUS.get(job.status, "STARTED")
            last = {"jobId": job.id, "status": status, "time": int(job.ended or job.started or job.submitted), "failureReason": job.reason}
        rows.append(
            {
                "id": row.id,
                "name": row.name,
                "server": client.name,
                "client": {"id": client.id, "name": client.name},
                "vendor": "NOT_APPLICABLE",
                "databaseEngine": "SQL_SERVER",
                "status": "NOT_READY" if reason else "READY",
                "notReadyReason": reason,
                "lastBackup": last,
                "applicationSize": _size(row),
                "plan": {"id": plan.id, "name": plan.name} if plan else {},
                "SLA": {"status": V4_SLA[views.sla(sim, plan is not None, newest.time if newest else 0)], "reasonList": []},
                "company": sim.company_ref(client.company_id),
                "commcell": {"name": m.COMMSERVE},
            }
        )
    return {"instances": rows}
