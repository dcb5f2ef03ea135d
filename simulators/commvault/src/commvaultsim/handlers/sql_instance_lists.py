# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lists of SQL instances, each with words of its own for the same facts. OpenAPI GetInstances; cvpysdk and PowerShell SDK."""

from __future__ import annotations

import typing as t

from commvaultsim import model as m
from commvaultsim import sql_model as sql
from commvaultsim import sql_views
from commvaultsim.routing import Request, route
from commvaultsim.simulator import Simulator

Json = dict[str, t.Any]
V4_SLA = {"MET": "MET_SLA", "MISSED": "MISSED_SLA", "EXCLUDED": "EXCLUDED_SLA", "YET": "YET_TO_BE_PROTECTED"}
SLA_TEXT = {"MET": ("Met SLA", 1), "MISSED": ("Missed SLA", 2), "EXCLUDED": ("Excluded from SLA", 3), "YET": ("Missed SLA", 2)}


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
    for row in sql_views.instances(sim, request):
        client, newest, plan = sim.clients[row.client_id], sql_views.newest_backup(sim, row), sql_views.plan_of(sim, row)
        texts = ((request.q("clientName"), client.name), (request.q("instanceName"), row.name))
        if any(wanted and wanted.lower() != have.lower() for wanted, have in texts):
            continue
        found: Json = {"insId": row.id, "insName": row.name, "cId": client.id, "cName": client.name, "numDbs": len(row.live(system=False))}
        found |= {"status": "Not Ready" if sql_views.not_ready(sim, row) else "Ready", "version": row.version}
        found |= {"lastBkpTime": int(newest.time) if newest else 0, "planName": plan.name if plan else ""}
        if request.q("sla"):
            found["sla"] = SLA_TEXT[sql_views.sla(sim, plan is not None, newest.time if newest else 0)][0]
        rows.append(found)
    return {"SqlInstance": paged(request, rows, "insName")} if rows else {}


@route("GET", "/databases/instances")
def list_all_engines(sim: Simulator, request: Request) -> Json:
    """Instances of every database agent; only SQL Server is simulated."""
    return {
        "dbInstance": [_engine_row(sim, row) for row in sql_views.instances(sim, request)],
        "error": {"errorCode": 0, "errorMessage": ""},
    }


def _engine_row(sim: Simulator, row: sql.SqlInstance) -> Json:
    newest, plan, job = sql_views.newest_backup(sim, row), sql_views.plan_of(sim, row), sql_views.last_job(sim, row)
    text, number = SLA_TEXT[sql_views.sla(sim, plan is not None, newest.time if newest else 0)]
    reason = sql_views.not_ready(sim, row)
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
        "instance": sql_views.entity(sim, row),
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
    for row in sql_views.instances(sim, request):
        client, plan, job = sim.clients[row.client_id], sql_views.plan_of(sim, row), sql_views.last_job(sim, row)
        newest, reason = sql_views.newest_backup(sim, row), sql_views.not_ready(sim, row)
        last: Json = {"jobId": 0, "status": "NEVER_BACKED_UP", "time": 0, "failureReason": ""}
        if job:
            status = sql_views.JOB_STATUS.get(job.status, "STARTED")
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
                "SLA": {"status": V4_SLA[sql_views.sla(sim, plan is not None, newest.time if newest else 0)], "reasonList": []},
                "company": sim.company_ref(client.company_id),
                "commcell": {"name": m.COMMSERVE},
            }
        )
    return {"instances": rows}
