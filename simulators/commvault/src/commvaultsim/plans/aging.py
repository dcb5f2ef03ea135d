# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data aging: which backup jobs a destination still keeps, what happens to those that it does not, and retention job by job.

A job lies on the destinations that its plan had when it ended. One that has aged on all of them can't be browsed or restored any more.
api-platform 8.8; OpenAPI GetJobsOnBackupDestination, RunJobOperationOnPlanBackupDestination; cvpysdk commcell.py run_data_aging.
"""

from __future__ import annotations

import datetime as dt
import itertools
import typing as t

from commvaultsim.jobs import lifecycle as j
from commvaultsim.plans import policy
from commvaultsim.servers import activity
from commvaultsim.state import model as m
from commvaultsim.state.job import BACKUP, LEVEL_NAMES, LEVELS, SYNTHETIC, Job, Outcome
from commvaultsim.state.registry import KEPT, TASKS, loader
from commvaultsim.state.simulator import Simulator, app_name
from commvaultsim.wire.replies import generic
from commvaultsim.wire.routing import Refusal, Reply, Request, route
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]
INFINITE = -1
FOREVER = float("inf")
DAY = 86400
FULLS = ("FULL", "SYNTHETIC_FULL")
PERIODS: dict[str, t.Callable[[dt.datetime], t.Any]] = {
    "HOURLY_FULLS": lambda time: (time.date(), time.hour),
    "DAILY_FULLS": lambda time: time.date(),
    "WEEKLY_FULLS": lambda time: time.isocalendar()[:2],
    "MONTHLY_FULLS": lambda time: (time.year, time.month),
    "QUARTERLY_FULLS": lambda time: (time.year, (time.month - 1) // 3),
    "HALF_YEARLY_FULLS": lambda time: (time.year, time.month > 6),
    "YEARLY_FULLS": lambda time: time.year,
}
DATA_AGING = 10
SPANS = {"last24hours": 1, "lastweek": 7, "lastmonth": 30, "last3months": 90}
EVERY_LEVEL = 8


@loader
def watch(sim: Simulator, _scenario: Json) -> None:
    """Note at each backup's end where it lies."""
    sim.job_hooks.append(_locate)


def _locate(sim: Simulator, job: Job) -> None:
    subclient = sim.subclients.get(job.subclient_id)
    plan = sim.plans.get(subclient.plan_id) if subclient else None
    if plan is None or job.parent_id or job.op_type not in (BACKUP, SYNTHETIC) or not job.status.startswith("Completed"):
        return
    copies = [copy for copy in policy.destinations(sim, plan) if not copy.snap]
    region = sim.region_of("CLIENT", job.client_id)
    copies = [copy for copy in copies if copy.region_id == region] or copies
    policy.side(sim).located[job.id] = [copy.id for copy in copies if copy.backups_to_copy == "All_JOBS" or job.level in FULLS]


def find(sim: Simulator, number: int) -> tuple[m.Plan, m.Destination] | None:
    """A destination by its id, with the plan that owns it."""
    return next(((plan, copy) for plan in sim.plans.values() for copy in plan.destinations if copy.id == number), None)


def jobs_on(sim: Simulator, copy: m.Destination) -> list[Job]:
    """All jobs that were written to a destination, aged ones too, oldest first."""
    return [sim.jobs[number] for number, copies in policy.side(sim).located.items() if copy.id in copies and number in sim.jobs]


def is_aged(sim: Simulator, copy: m.Destination, job: Job) -> bool:
    return (copy.id, job.id) in policy.side(sim).aged


def days_of(sim: Simulator, copy: m.Destination) -> int:
    """The base retention in effect."""
    return copy.retention_days if copy.override else sim.pools[copy.pool_id].retention_days


def expiry(sim: Simulator, copy: m.Destination) -> dict[int, tuple[float, str]]:
    """Until when each job is kept, and by what (strRetainedBy), without regard to what depends on it."""
    days, pins = days_of(sim, copy), policy.side(sim).pins
    rows = [job for job in jobs_on(sim, copy) if not is_aged(sim, copy, job)]
    kept = {job.id: (_until(job, days), "Basic Retention") for job in rows}
    if copy.use_extended:
        for rule in copy.extended.values():
            length = INFINITE if rule.get("isInfiniteRetention") else to_int(rule.get("retentionPeriodDays"))
            for job in _firsts(rows, str(rule.get("type"))):
                kept[job.id] = max(kept[job.id], (_until(job, length), "Extended Retention"))
    for job in rows:
        pin = pins.get((copy.id, job.id))
        if pin is not None:
            kept[job.id] = max(kept[job.id], (FOREVER if pin == INFINITE else float(pin), "User"))
    return kept


def _until(job: Job, days: int) -> float:
    return FOREVER if days == INFINITE else job.ended + days * DAY


def _firsts(rows: list[Job], kind: str) -> list[Job]:
    """The first full of each period, of each subclient."""
    period = PERIODS.get(kind, _each)
    seen: dict[t.Any, Job] = {}
    for job in rows:
        if job.level in FULLS:
            seen.setdefault((job.subclient_id, period(dt.datetime.fromtimestamp(job.ended, dt.UTC))), job)
    return list(seen.values())


def due(sim: Simulator, copy: m.Destination) -> list[Job]:
    """The jobs that data aging would mark now: past their time, and needed by no later job of their cycle that is kept.

    With the dialect retention_cycles the last cycles of a subclient stay, however old.
    """
    if not copy.data_aging:
        return []
    now, until = sim.clock.now(), expiry(sim, copy)
    cycles_kept = copy.cycles if sim.faults.peek("retention_cycles") else 0
    kept = activity.board(sim).not_aging
    rows = sorted(
        (sim.jobs[number] for number in until if sim.jobs[number].client_id not in kept),
        key=lambda job: (job.subclient_id, job.ended, job.id),
    )
    found = []
    for _subclient, group in itertools.groupby(rows, key=lambda job: job.subclient_id):
        cycles = _cycles(list(group))
        for number, cycle in enumerate(cycles):
            last_kept = max((place for place, job in enumerate(cycle) if until[job.id][0] > now), default=-1)
            if number < len(cycles) - cycles_kept:
                found += cycle[last_kept + 1 :]
    return found


def _each(time: dt.datetime) -> t.Any:
    return time


def _cycles(rows: list[Job]) -> list[list[Job]]:
    cycles: list[list[Job]] = []
    for job in rows:
        if job.level in FULLS or not cycles:
            cycles.append([])
        cycles[-1].append(job)
    return cycles


def age(sim: Simulator, copy: m.Destination, rows: list[Job]) -> None:
    """Mark jobs as aged on a destination; what has aged everywhere is gone."""
    side = policy.side(sim)
    side.aged |= {(copy.id, job.id) for job in rows}
    gone = [job for job in rows if all((number, job.id) in side.aged for number in side.located[job.id])]
    numbers = {job.id for job in gone} | {child.id for job in gone for child in j.children(sim, job)}
    for number in numbers:
        sim.jobs[number].aged = True
    if numbers:
        for kept in KEPT:
            kept.drop(sim, numbers)
        _forget_retired(sim)


def _forget_retired(sim: Simulator) -> None:
    """A retired client is there for its backups alone, and goes with the last of them; the VMs of a hypervisor go with it."""
    alive = set().union(*(kept.clients(sim) for kept in KEPT))
    gone = {client.id for client in sim.clients.values() if client.props.get("retired") and client.id not in alive}
    for client in sim.clients.values():
        if client.id in gone or client.props.get("hypervisor_id") in gone:
            for table in (sim.subclients, sim.backupsets, sim.instances):
                rows = t.cast("dict[int, t.Any]", table)
                for number in [key for key, row in rows.items() if row.client_id == client.id]:
                    del rows[number]
            client.deleted = True


def run(sim: Simulator, copies: t.Iterable[m.Destination]) -> int:
    """Data aging over some destinations; how many jobs it marked."""
    count = 0
    for copy in copies:
        rows = due(sim, copy)
        age(sim, copy, rows)
        count += len(rows)
    return count


def _copy(sim: Simulator, request: Request, number: int) -> tuple[m.Plan, m.Destination]:
    found = find(sim, number)
    if found is None or not sim.plan_visible(request, found[0]):
        raise Refusal(generic(404, f"Backup destination [{number}] not found.", status=404))
    return found


def _row(sim: Simulator, copy: m.Destination, job: Job, kept: tuple[float, str] | None) -> Json:
    client, subclient = sim.clients.get(job.client_id), sim.subclients.get(job.subclient_id)
    until, reason = kept or (0.0, "No Data Available")
    return {
        "jobId": job.id,
        "status": job.status,
        "server": {"id": job.client_id, "name": client.name if client else ""},
        "agentType": {"id": job.application_id, "name": app_name(job.application_id)},
        "subClient": {"id": job.subclient_id, "name": subclient.name if subclient else ""},
        "jobType": LEVEL_NAMES.get(job.level, job.level),
        "startTime": int(job.started or job.submitted),
        "endTime": int(job.ended),
        "sizeOfApplication": job.size,
        "dataWritten": job.media_size,
        "retainUntil": -1 if until == FOREVER else int(until),
        "strRetainedBy": reason,
        "isAged": is_aged(sim, copy, job),
        "isSoftAged": False,
        "username": job.user,
    }


def _asked(sim: Simulator, request: Request, copy: m.Destination, job: Job) -> bool:
    span = SPANS.get((request.q("view") or "last24Hours").lower())
    now, started = sim.clock.now(), job.started or job.submitted
    since = now - span * DAY if span else to_int(request.q("startTime"))
    until = now if span else to_int(request.q("endTime")) or now
    level, aged = to_int(request.q("backupLvl"), EVERY_LEVEL), to_int(request.q("agedData"))
    clients = [to_int(number) for number in (request.q("clients") or "").split(",") if number]
    return all(
        (
            since <= started <= until + 1,
            level in (EVERY_LEVEL, LEVELS.get(job.level)),
            aged == 2 or is_aged(sim, copy, job) == (aged == 1),
            not clients or job.client_id in clients,
        )
    )


@route("GET", "/V4/Plan/BackupDestination/{id:int}/Jobs")
def list_jobs(sim: Simulator, request: Request) -> Json:
    """Of the last day unless view says otherwise; aged jobs only when asked for."""
    _plan, copy = _copy(sim, request, request.number("id"))
    kept = expiry(sim, copy)
    rows = [job for job in jobs_on(sim, copy) if sim.visible(request, job.company_id) and _asked(sim, request, copy, job)]
    return {"jobs": [_row(sim, copy, job, kept.get(job.id)) for job in rows]}


@route("POST", "/V4/Plan/BackupDestination/JobOperations")
def operate(sim: Simulator, request: Request) -> Reply | Json:
    """RETAIN until a time or for ever, DO_NOT_RETAIN, DELETE; the storage policy is checked against the destination."""
    body = request.body
    plan, copy = _copy(sim, request, to_int(body.get("copyId")))
    if to_int(body.get("storagePolicyId")) != plan.id or to_int(body.get("commcellId")) != 2:
        return generic(404, f"Storage policy [{body.get('storagePolicyId')}] not found for copy [{copy.id}].", status=404)
    present = {job.id: job for job in jobs_on(sim, copy) if not is_aged(sim, copy, job)}
    numbers = [to_int(number) for number in body.get("jobIds") or []]
    unknown = [number for number in numbers if number not in present]
    if unknown:
        return generic(404, f"Jobs {unknown} are not on copy [{copy.name}] or have aged.", status=404)
    pins, operation = policy.side(sim).pins, str(body.get("opType"))
    for number in numbers:
        if operation == "RETAIN":
            pins[copy.id, number] = to_int(body.get("retainUntilTime"), INFINITE)
        elif operation == "DO_NOT_RETAIN":
            pins.pop((copy.id, number), None)
    if operation == "DELETE":
        if copy.compliance_lock or sim.pools[copy.pool_id].worm:
            return generic(31, f"Jobs on [{copy.name}] are locked and can not be deleted.")
        age(sim, copy, [present[number] for number in numbers])
    kept = expiry(sim, copy)
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

    def effect(sim: Simulator, job: Job) -> Outcome:
        copies = [copy for plan in sim.plans.values() for copy in plan.destinations if not named or _names(named, plan, copy)]
        marked = run(sim, copies)
        j.note(sim, job, f"Data aging marked {marked} jobs.")
        return Outcome()

    return j.task_reply(
        j.start_job(sim, op_type=DATA_AGING, operation="Data Aging", effect=effect, user=request.user, user_id=request.user_id, client_id=2)
    )


def _names(named: list[Json], plan: m.Plan, copy: m.Destination) -> bool:
    return any(
        str(row["storagePolicyName"]).lower() == plan.name.lower() and str(row.get("copyName") or copy.name).lower() == copy.name.lower()
        for row in named
    )


TASKS[(4018, 0)] = start
