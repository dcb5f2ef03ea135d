# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watching and controlling jobs: /Job, /Jobs, /JobDetails, events, actions, and how a job is shown. api-virtualization-jobs 7."""

from __future__ import annotations

import typing as t

from commvaultsim.jobs.lifecycle import control
from commvaultsim.state import model as m
from commvaultsim.state.job import BACKUP, LEVEL_NAMES, LEVELS, RESTORE, SYNTHETIC, Job
from commvaultsim.state.simulator import Simulator, app_name
from commvaultsim.wire.faults import Fault, matches
from commvaultsim.wire.replies import generic
from commvaultsim.wire.routing import Reply, Request, route
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]
TYPES = {"backup": BACKUP, "restore": RESTORE, "synthfull": SYNTHETIC}
ACTIVE, FINISHED = 1, 2
ENTITY = {
    "subclientId": "subclient_id",
    "clientId": "client_id",
    "backupsetId": "backupset_id",
    "instanceId": "instance_id",
    "applicationId": "application_id",
}
YEAR = 31536000


def summary(sim: Simulator, job: Job) -> Json:
    """The jobSummary object (7.3)."""
    client, target = sim.clients.get(job.client_id), sim.clients.get(job.destination_client_id or job.client_id)
    subclient, backupset = sim.subclients.get(job.subclient_id), sim.backupsets.get(job.backupset_id)
    plan = sim.plans.get(subclient.plan_id) if subclient else None
    level = LEVEL_NAMES.get(job.level, "")
    entity = {
        "clientId": job.client_id,
        "clientName": client.name if client else "",
        "displayName": client.display_name if client else "",
        "instanceId": job.instance_id,
        "instanceName": sim.instance_name(job.instance_id, job.application_id),
        "backupsetId": job.backupset_id,
        "backupsetName": backupset.name if backupset else "",
        "subclientId": job.subclient_id,
        "subclientName": subclient.name if subclient else job.result.get("subclient_name", ""),
        "applicationId": job.application_id,
        "appName": app_name(job.application_id, in_list=True),
    }
    destination = {"clientId": target.id if target else 0, "clientName": target.name if target else ""}
    end = int(job.ended)
    active = not job.final
    other = sim.faults.peek("job_word", lambda p: matches(p.get("match"), *job.names(sim)))
    status = str(other.params["word"]) if other else job.status
    return {
        "jobId": job.id,
        "status": status,
        "localizedStatus": status,
        "statusColor": "working" if active else "black",
        "jobType": {RESTORE: "Restore", BACKUP: "Backup", SYNTHETIC: "Synthetic Full"}.get(job.op_type, job.operation),
        "opType": job.op_type,
        "localizedOperationName": job.operation,
        "backupLevel": LEVELS.get(job.level, 0),
        "backupLevelName": level,
        "localizedBackupLevelName": level,
        "percentComplete": job.percent,
        "currentPhase": 4 if job.phase else 0,
        "currentPhaseName": job.phase,
        "pendingReason": job.reason if active else "",
        "pendingReasonErrorCode": "19:1131" if active and job.reason else "",
        "sizeOfApplication": job.size,
        "sizeOfMediaOnDisk": job.media_size,
        "percentSavings": round(100 - 100 * job.media_size / job.size, 1) if job.size else 0.0,
        "totalNumOfFiles": job.files,
        "totalFailedFiles": job.failed_files,
        "totalFailedFolders": job.failed_folders,
        "jobStartTime": int(job.started or job.submitted),
        "jobEndTime": end,
        "lastUpdateTime": end or int(job.updated),
        "jobElapsedTime": int((job.ended or sim.clock.now()) - (job.started or job.submitted)),
        "attemptStartTime": int(job.started),
        "averageThroughput": 350.0 if job.size else 0.0,
        "currentThroughput": 350.0 if active and job.size else 0.0,
        "appTypeName": app_name(job.application_id, in_list=True),
        "backupSetName": entity["backupsetName"],
        "subclientName": entity["subclientName"],
        "destClientName": destination["clientName"],
        "destinationClient": destination,
        "subclient": entity,
        "storagePolicy": {"storagePolicyName": plan.name if plan else ""},
        "userName": {"userId": job.user_id, "userName": job.user},
        "company": sim.company_ref(job.company_id),
        "commcellId": 2,
        "isVisible": job.visible,
        "isAged": job.aged,
        "isPreemptable": False,
        "errorType": 0,
        "alertColorLevel": 0,
        "jobAttributes": 0,
        "jobSubmitErrorCode": 0,
        "vsaParentJobID": job.parent_id,
        "clientGroups": [],
    }


def vm_status(vm: m.JobVm, job: Job) -> Json:
    return {
        "GUID": vm.guid,
        "vmName": vm.name,
        "jobID": vm.job_id,
        "Status": vm.status,
        "FailureReason": vm.reason,
        "Size": vm.size,
        "UsedSpace": vm.used,
        "GuestSpace": vm.used,
        "BackupStartTime": vm.start,
        "BackupEndTime": vm.end,
        "BackupType": LEVELS.get(job.level, 0),
        "backupLevel": LEVELS.get(job.level, 0),
        "TransportMode": "nbdssl",
        "CBTStatus": "Used",
        "Agent": vm.agent,
        "Host": vm.host,
        "totalFiles": 0,
        "AverageThroughput": 350.0,
        "CurrentThroughput": 0,
        "clientId": vm.client_id,
        "OperatingSystem": vm.os,
        "ToolsVersion": "",
        "restoredSize": vm.size if job.is_restore else 0,
        "destinationVMName": vm.destination_name,
        "destinationVMGuid": vm.destination_guid,
        "syncStatus": 0,
    }


def kinds(names: t.Iterable[t.Any]) -> set[int]:
    """Operation types from numbers or names."""
    return {to_int(name) or TYPES.get(str(name).strip().lower(), -1) for name in names if str(name).strip()}


def select(sim: Simulator, jobs: t.Iterable[Job], rule: Json, category: int) -> list[Job]:
    """The jobs that meet every rule of a jobFilter. category: 0 all, 1 active, 2 finished."""
    rows = _of_category(jobs, category)
    for key, field in ENTITY.items():
        wanted = to_int((rule.get("entity") or {}).get(key))
        if wanted:
            rows = [job for job in rows if getattr(job, field) == wanted]
    clients = {to_int(row.get("clientId")) for row in rule.get("clientList") or []}
    if clients:
        rows = [job for job in rows if job.client_id in clients or job.destination_client_id in clients]
    types = kinds(rule.get("jobTypeList") or [])
    if types:
        rows = [job for job in rows if job.op_type in types]
    if rule.get("statusList"):
        statuses = set(rule["statusList"])
        rows = [job for job in rows if job.status in statuses]
    levels = {str(level).upper() for level in rule.get("backupLevel") or []}
    if levels:
        rows = [job for job in rows if job.level in levels or str(LEVELS.get(job.level, "")) in levels]
    return _in_time(sim, rows, rule)


def _of_category(jobs: t.Iterable[Job], category: int) -> list[Job]:
    if category == ACTIVE:
        return [job for job in jobs if not job.final]
    return [job for job in jobs if job.final] if category == FINISHED else list(jobs)


def _in_time(sim: Simulator, rows: list[Job], rule: Json) -> list[Job]:
    seconds = to_int(rule.get("completedJobLookupTime"))
    if seconds:
        since = sim.clock.now() - seconds
        rows = [job for job in rows if job.ended >= since or not job.final]
    span = rule.get("startTimeRange") or {}
    first, last = to_int(span.get("fromTime")), to_int(span.get("toTime"))
    if first or last:
        rows = [job for job in rows if first <= (job.started or job.submitted) <= (last or float("inf"))]
    return rows if rule.get("showAgedJobs") else [job for job in rows if not job.aged]


def _visible(sim: Simulator, request: Request) -> list[Job]:
    return [job for job in sim.jobs.values() if sim.visible(request, job.company_id) and not _gone(sim, job)]


def _gone(sim: Simulator, job: Job) -> Fault | None:
    """The fault by which a job is known no more."""
    return sim.faults.peek("job_gone", lambda p: bool(job.started or p.get("unseen")) and matches(p.get("match"), *job.names(sim)))


def _page(sim: Simulator, rows: list[Job], offset: int, limit: int) -> Json:
    page = rows[offset : offset + limit] if limit else rows[offset:]
    out: Json = {"totalRecordsWithoutPaging": len(rows)}
    if page:
        out["jobs"] = [{"jobSummary": summary(sim, job)} for job in page]
    return out


def _recent(sim: Simulator, job: Job, seconds: int) -> bool:
    return not job.final or not seconds or job.ended >= sim.clock.now() - seconds


@route("GET", "/Job")
def list_jobs(sim: Simulator, request: Request) -> Json:
    """Backup jobs only unless jobFilter says otherwise (empty: all); limit 100 by default, read from query or header."""
    raw = request.q("jobFilter")
    asked = {BACKUP, SYNTHETIC} if raw is None else kinds(raw.split(","))
    category = (request.q("jobCategory") or "All").lower()
    seconds = to_int(request.q("completedJobLookupTime"), YEAR)
    wanted = [to_int(request.q(name)) for name in ("clientId", "subclientId", "backupsetId")]
    rows = []
    for job in _visible(sim, request):
        same = all(w in (0, h) for w, h in zip(wanted, (job.client_id, job.subclient_id, job.backupset_id), strict=True))
        right = category == "all" or job.final == (category == "finished")
        if same and right and (not asked or job.op_type in asked) and _recent(sim, job, seconds):
            rows.append(job)
    rows.sort(key=lambda job: job.id, reverse=True)
    number = {name: to_int(request.q(name) or request.headers.get(name), default) for name, default in (("limit", 100), ("offset", 0))}
    return _page(sim, rows, number["offset"], number["limit"])


@route("POST", "/Jobs", writes=False)
def post_jobs(sim: Simulator, request: Request) -> Json:
    """category 0 all, 1 active, 2 finished; sortDirection 1 is descending (with the dialect jobs_ascending 0 is); limit 20 by default."""
    body = request.body
    rule, paging, category = body.get("jobFilter") or {}, body.get("pagingConfig") or {}, to_int(body.get("category"))
    jobs = sim.jobs.live() if category == ACTIVE else sim.jobs.values()
    if request.company_id:
        jobs = [job for job in jobs if sim.visible(request, job.company_id)]
    seen = [job for job in jobs if not _gone(sim, job)] if sim.faults.peek("job_gone") else jobs
    rows = select(sim, seen, rule, category)
    # By id they are in order as they are.
    if "time" in str(paging.get("sortField") or "jobId").lower():
        rows.sort(key=lambda job: (job.started or job.submitted, job.id))
    descending = 0 if sim.faults.peek("jobs_ascending") else 1
    if to_int(paging.get("sortDirection"), 1) == descending:
        rows.reverse()
    return _page(sim, rows, to_int(paging.get("offset")), to_int(paging.get("limit"), 20))


def _find(sim: Simulator, request: Request, number: int) -> Job | None:
    job = sim.jobs.get(number)
    return job if job and sim.visible(request, job.company_id) and not _gone(sim, job) else None


@route("GET", "/Job/{id:int}")
def get_job(sim: Simulator, request: Request) -> Json | Reply:
    """An unknown job, and with the job_invisible fault a very new one, answers a total of 0."""
    job = _find(sim, request, request.number("id"))
    if job is None:
        known = sim.jobs.get(request.number("id"))
        gone = _gone(sim, known) if known else None
        if gone and gone.params.get("status"):
            return generic(2, f"Job [{request.params['id']}] not found.", status=404)
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
