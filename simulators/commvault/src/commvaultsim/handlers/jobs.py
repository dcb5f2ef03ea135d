# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watching and controlling jobs: /Job, /Jobs, /JobDetails, events, actions. api-virtualization-jobs 7."""

from __future__ import annotations

import typing as t

from commvaultsim import jobfilter
from commvaultsim import jobs as j
from commvaultsim.job_control import control
from commvaultsim.jobviews import summary, vm_status
from commvaultsim.replies import generic
from commvaultsim.routing import Reply, Request, route
from commvaultsim.simulator import Simulator, to_int

Json = dict[str, t.Any]
YEAR = 31536000


def _visible(sim: Simulator, request: Request) -> list[j.Job]:
    return [job for job in sim.jobs.values() if sim.visible(request, job.company_id)]


def _page(sim: Simulator, rows: list[j.Job], offset: int, limit: int) -> Json:
    page = rows[offset : offset + limit] if limit else rows[offset:]
    out: Json = {"totalRecordsWithoutPaging": len(rows)}
    if page:
        out["jobs"] = [{"jobSummary": summary(sim, job)} for job in page]
    return out


def _recent(sim: Simulator, job: j.Job, seconds: int) -> bool:
    return not job.final or not seconds or job.ended >= sim.clock.now() - seconds


@route("GET", "/Job")
def list_jobs(sim: Simulator, request: Request) -> Json:
    """Backup jobs only unless jobFilter says otherwise (empty: all); limit 100 by default, read from query or header."""
    raw = request.q("jobFilter")
    kinds = {j.BACKUP, j.SYNTHETIC} if raw is None else jobfilter.kinds(raw.split(","))
    category = (request.q("jobCategory") or "All").lower()
    seconds = to_int(request.q("completedJobLookupTime"), YEAR)
    wanted = [to_int(request.q(name)) for name in ("clientId", "subclientId", "backupsetId")]
    rows = []
    for job in _visible(sim, request):
        same = all(w in (0, h) for w, h in zip(wanted, (job.client_id, job.subclient_id, job.backupset_id), strict=True))
        right = category == "all" or job.final == (category == "finished")
        if same and right and (not kinds or job.op_type in kinds) and _recent(sim, job, seconds):
            rows.append(job)
    rows.sort(key=lambda job: job.id, reverse=True)
    number = {name: to_int(request.q(name) or request.headers.get(name), default) for name, default in (("limit", 100), ("offset", 0))}
    return _page(sim, rows, number["offset"], number["limit"])


@route("POST", "/Jobs", writes=False)
def post_jobs(sim: Simulator, request: Request) -> Json:
    """category 0 all, 1 active, 2 finished; sortDirection 1 is descending (with the dialect jobs_ascending 0 is); limit 20 by default."""
    body = request.body
    rule, paging, category = body.get("jobFilter") or {}, body.get("pagingConfig") or {}, to_int(body.get("category"))
    jobs = sim.jobs.live() if category == jobfilter.ACTIVE else sim.jobs.values()
    seen = jobs if request.company_id == 0 else [job for job in jobs if sim.visible(request, job.company_id)]
    rows = jobfilter.select(sim, seen, rule, category)
    # By id they are in order as they are.
    if "time" in str(paging.get("sortField") or "jobId").lower():
        rows.sort(key=lambda job: (job.started or job.submitted, job.id))
    descending = 0 if sim.faults.peek("jobs_ascending") else 1
    if to_int(paging.get("sortDirection"), 1) == descending:
        rows.reverse()
    return _page(sim, rows, to_int(paging.get("offset")), to_int(paging.get("limit"), 20))


def _find(sim: Simulator, request: Request, number: int) -> j.Job | None:
    job = sim.jobs.get(number)
    return job if job and sim.visible(request, job.company_id) else None


@route("GET", "/Job/{id:int}")
def get_job(sim: Simulator, request: Request) -> Json:
    """An unknown job, and with the job_invisible fault a very new one, answers a total of 0."""
    job = _find(sim, request, request.number("id"))
    if job is None:
        return {"totalRecordsWithoutPaging": 0}
    fault = sim.faults.peek("job_invisible")
    job.polls += 1
    if fault and job.polls <= to_int(fault.params.get("polls"), 1):
        return {"totalRecordsWithoutPaging": 0}
    return _page(sim, [job], 0, 0)


@route("POST", "/JobDetails", writes=False)
def details(sim: Simulator, request: Request) -> Json:
    """Sizes are texts here, as the real one writes them; VM status belongs to the child job, its number is not to be decoded."""
    number = to_int(request.body.get("jobId"))
    job = _find(sim, request, number)
    if job is None:
        return {"error": {"errList": [{"errorCode": 2, "errLogMessage": f"Job [{number}] not found."}]}}
    row = summary(sim, job)
    detail: Json = {
        "generalInfo": {
            "subclient": row["subclient"],
            "destinationClient": row["destinationClient"],
            "operationType": job.operation,
            "backupType": row["backupLevelName"],
            "jobStartedBy": job.user,
            "jobStartedFrom": "Interactive",
            "startTime": str(row["jobStartTime"]),
            "jobDescription": job.result.get("description", ""),
        },
        "detailInfo": {
            "sizeOfApplication": str(job.size),
            "throughPut": "350.00 GB/hr",
            "startTime": row["jobStartTime"],
            "endTime": row["jobEndTime"],
            "numOfObjects": job.files,
            "failures": f"{job.failed_folders} Folders, {job.failed_files} Files",
        },
        "progressInfo": {
            "state": job.status,
            "reasonForJobDelay": job.reason or job.delay_reason,
            "percentComplete": job.percent,
            "numOfFilesTransferred": job.files,
            "currentPhase": job.phase,
        },
        "attemptsInfo": [
            {"attemptNumber": max(1, job.attempts), "status": job.status, "startTime": row["jobStartTime"], "endTime": row["jobEndTime"]}
        ],
        "clientStatusInfo": {"vmStatus": [vm_status(vm, job) for vm in job.vms]},
    }
    detail |= job.result.get("detail", {})
    return {"job": {"jobDetail": detail}}


@route("POST", "/Job/{id:int}/action/{action}")
def act(sim: Simulator, request: Request) -> Json | Reply:
    """kill, pause, resume answer {} when accepted (asynchronous), and an errors list with HTTP 200 when not."""
    job, action = _find(sim, request, request.number("id")), request.params["action"].lower()
    if job is None or action not in ("kill", "pause", "resume"):
        return generic(2, f"Job [{request.params['id']}] or action [{action}] is not known.", status=404)
    error = control(sim, job, action)
    return {"errors": [{"errList": [{"errorCode": 587211, "errLogMessage": error}]}]} if error else {"errorCode": 0, "errorMessage": ""}


@route("POST", "/Jobs/MultiJobOperation")
def act_many(sim: Simulator, request: Request) -> Json:
    """The same for a list of jobs."""
    wish = request.body.get("jobOpReq") or {}
    action = {"JOB_KILL": "kill", "JOB_SUSPEND": "pause", "JOB_RESUME": "resume"}.get(str(wish.get("operationType")), "pause")
    errors = []
    for row in wish.get("jobs") or []:
        job = _find(sim, request, to_int(row.get("jobId")))
        error = control(sim, job, action) if job else f"Job [{row.get('jobId')}] not found."
        if error:
            errors.append({"errList": [{"errorCode": 587211, "errLogMessage": error}]})
    return {"errors": errors} if errors else {"errorCode": 0, "errorMessage": ""}


@route("GET", "/Events")
def events(sim: Simulator, request: Request) -> Json:
    """Events of one job (?jobId=) or of all."""
    number = to_int(request.q("jobId"))
    rows = []
    one = _find(sim, request, number)
    for job in ([one] if one else []) if number else _visible(sim, request):
        if job.events:
            client = sim.clients.get(job.client_id)
            rows += [
                {
                    "id": e["id"],
                    "jobId": job.id,
                    "severity": e["severity"],
                    "eventCode": "318767630",
                    "eventCodeString": "19:1487",
                    "subsystem": "JobManager",
                    "description": e["description"],
                    "timeSource": e["time"],
                    "acknowledge": 0,
                    "clientEntity": {"clientId": job.client_id, "clientName": client.name if client else ""},
                }
                for e in job.events
            ]
    return {"commservEvents": rows} if rows else {}


@route("GET", "/Job/{id:int}/TaskDetails")
def task_details(sim: Simulator, request: Request) -> Reply | Json:
    """The task as it was created."""
    job = _find(sim, request, request.number("id"))
    if job is None:
        return generic(2, f"Job [{request.params['id']}] not found.", status=404)
    return {
        "taskInfo": job.task.get("taskInfo")
        or {
            "task": {"taskId": job.task_id, "taskType": 1, "ownerName": job.user},
            "associations": [summary(sim, job)["subclient"]],
            "subTasks": [],
        }
    }


@route("GET", "/Job/{id:int}/AdvancedDetails")
def advanced(sim: Simulator, request: Request) -> Json:
    """Retention and the like; only the frame is modelled."""
    job = _find(sim, request, request.number("id"))
    return {"retentionInfo": {}, "bkpInfo": {}, "jobId": job.id} if job else {}
