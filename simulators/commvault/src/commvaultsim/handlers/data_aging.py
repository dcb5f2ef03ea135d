# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs on a backup destination, retention job by job, and data aging on demand.

OpenAPI GetJobsOnBackupDestination, RunJobOperationOnPlanBackupDestination; cvpysdk commcell.py run_data_aging.
"""

from __future__ import annotations

import typing as t

from commvaultsim import aging, policy
from commvaultsim import jobs as j
from commvaultsim import model as m
from commvaultsim.registry import TASKS
from commvaultsim.replies import generic
from commvaultsim.routing import Refusal, Reply, Request, route
from commvaultsim.simulator import Simulator, app_name, to_int

Json = dict[str, t.Any]
DATA_AGING = 10
SPANS = {"last24hours": 1, "lastweek": 7, "lastmonth": 30, "last3months": 90}
EVERY_LEVEL = 8


def _copy(sim: Simulator, request: Request, number: int) -> tuple[m.Plan, m.Destination]:
    found = aging.find(sim, number)
    if found is None or not sim.plan_visible(request, found[0]):
        raise Refusal(generic(404, f"Backup destination [{number}] not found.", status=404))
    return found


def _row(sim: Simulator, copy: m.Destination, job: j.Job, kept: tuple[float, str] | None) -> Json:
    client, subclient = sim.clients.get(job.client_id), sim.subclients.get(job.subclient_id)
    until, reason = kept or (0.0, "No Data Available")
    return {
        "jobId": job.id,
        "status": job.status,
        "server": {"id": job.client_id, "name": client.name if client else ""},
        "agentType": {"id": job.application_id, "name": app_name(job.application_id)},
        "subClient": {"id": job.subclient_id, "name": subclient.name if subclient else ""},
        "jobType": j.LEVEL_NAMES.get(job.level, job.level),
        "startTime": int(job.started or job.submitted),
        "endTime": int(job.ended),
        "sizeOfApplication": job.size,
        "dataWritten": job.media_size,
        "retainUntil": -1 if until == aging.FOREVER else int(until),
        "strRetainedBy": reason,
        "isAged": aging.is_aged(sim, copy, job),
        "isSoftAged": False,
        "username": job.user,
    }


def _asked(sim: Simulator, request: Request, copy: m.Destination, job: j.Job) -> bool:
    span = SPANS.get((request.q("view") or "last24Hours").lower())
    now, started = sim.clock.now(), job.started or job.submitted
    since = now - span * aging.DAY if span else to_int(request.q("startTime"))
    until = now if span else to_int(request.q("endTime")) or now
    level, aged = to_int(request.q("backupLvl"), EVERY_LEVEL), to_int(request.q("agedData"))
    clients = [to_int(number) for number in (request.q("clients") or "").split(",") if number]
    return all(
        (
            since <= started <= until + 1,
            level in (EVERY_LEVEL, j.LEVELS.get(job.level)),
            aged == 2 or aging.is_aged(sim, copy, job) == (aged == 1),
            not clients or job.client_id in clients,
        )
    )


@route("GET", "/V4/Plan/BackupDestination/{id:int}/Jobs")
def list_jobs(sim: Simulator, request: Request) -> Json:
    """Of the last day unless view says otherwise; aged jobs only when asked for."""
    _plan, copy = _copy(sim, request, request.number("id"))
    kept = aging.expiry(sim, copy)
    rows = [job for job in aging.jobs_on(sim, copy) if sim.visible(request, job.company_id) and _asked(sim, request, copy, job)]
    return {"jobs": [_row(sim, copy, job, kept.get(job.id)) for job in rows]}


@route("POST", "/V4/Plan/BackupDestination/JobOperations")
def operate(sim: Simulator, request: Request) -> Reply | Json:
    """RETAIN until a time or for ever, DO_NOT_RETAIN, DELETE; the storage policy is checked against the destination."""
    body = request.body
    plan, copy = _copy(sim, request, to_int(body.get("copyId")))
    if to_int(body.get("storagePolicyId")) != plan.id or to_int(body.get("commcellId")) != 2:
        return generic(404, f"Storage policy [{body.get('storagePolicyId')}] not found for copy [{copy.id}].", status=404)
    present = {job.id: job for job in aging.jobs_on(sim, copy) if not aging.is_aged(sim, copy, job)}
    numbers = [to_int(number) for number in body.get("jobIds") or []]
    unknown = [number for number in numbers if number not in present]
    if unknown:
        return generic(404, f"Jobs {unknown} are not on copy [{copy.name}] or have aged.", status=404)
    pins, operation = policy.side(sim).pins, str(body.get("opType"))
    for number in numbers:
        if operation == "RETAIN":
            pins[copy.id, number] = to_int(body.get("retainUntilTime"), aging.INFINITE)
        elif operation == "DO_NOT_RETAIN":
            pins.pop((copy.id, number), None)
    if operation == "DELETE":
        if copy.compliance_lock or sim.pools[copy.pool_id].worm:
            return generic(31, f"Jobs on [{copy.name}] are locked and can not be deleted.")
        aging.age(sim, copy, [present[number] for number in numbers])
    kept = aging.expiry(sim, copy)
    return {
        "dependentJobsExist": False,
        "archiverJobsExist": False,
        "jobInfo": [_row(sim, copy, present[number], kept.get(number)) for number in numbers],
        "error": {"errorCode": 0, "errorMessage": ""},
    }


def start(sim: Simulator, request: Request, info: Json) -> Reply | Json:
    """CreateTask 4018: over everything, or over the copies that are named."""
    task = (info.get("subTasks") or [{}])[0]
    option = ((task.get("options") or {}).get("adminOpts") or {}).get("dataAgingOption") or {}
    named = [row for row in option.get("archiveGroupCopy") or [] if row.get("storagePolicyName")]

    def effect(sim: Simulator, job: j.Job) -> j.Outcome:
        copies = [copy for plan in sim.plans.values() for copy in plan.destinations if not named or _names(named, plan, copy)]
        marked = aging.run(sim, copies)
        j.note(sim, job, f"Data aging marked {marked} jobs.")
        return j.Outcome()

    return j.task_reply(
        j.start_job(sim, op_type=DATA_AGING, operation="Data Aging", effect=effect, user=request.user, user_id=request.user_id, client_id=2)
    )


def _names(named: list[Json], plan: m.Plan, copy: m.Destination) -> bool:
    return any(
        str(row["storagePolicyName"]).lower() == plan.name.lower() and str(row.get("copyName") or copy.name).lower() == copy.name.lower()
        for row in named
    )


TASKS[(4018, 0)] = start
