# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data aging: which backup jobs a destination still keeps, and what happens to those that it does not. api-platform 8.8.

A job lies on the destinations that its plan had when it ended. One that has aged on all of them can't be browsed or restored any more.
"""

from __future__ import annotations

import datetime as dt
import itertools
import typing as t

from commvaultsim import activity, filesystem, policy, sql_model
from commvaultsim import jobs as j
from commvaultsim import model as m
from commvaultsim.registry import loader
from commvaultsim.simulator import Simulator, to_int

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


@loader
def watch(sim: Simulator, _scenario: Json) -> None:
    """Note at each backup's end where it lies."""
    sim.job_hooks.append(_locate)


def _locate(sim: Simulator, job: j.Job) -> None:
    subclient = sim.subclients.get(job.subclient_id)
    plan = sim.plans.get(subclient.plan_id) if subclient else None
    if plan is None or job.parent_id or job.op_type not in (j.BACKUP, j.SYNTHETIC) or not job.status.startswith("Completed"):
        return
    copies = [copy for copy in policy.destinations(sim, plan) if not copy.snap]
    region = sim.region_of("CLIENT", job.client_id)
    copies = [copy for copy in copies if copy.region_id == region] or copies
    policy.side(sim).located[job.id] = [copy.id for copy in copies if copy.backups_to_copy == "All_JOBS" or job.level in FULLS]


def find(sim: Simulator, number: int) -> tuple[m.Plan, m.Destination] | None:
    """A destination by its id, with the plan that owns it."""
    return next(((plan, copy) for plan in sim.plans.values() for copy in plan.destinations if copy.id == number), None)


def jobs_on(sim: Simulator, copy: m.Destination) -> list[j.Job]:
    """All jobs that were written to a destination, aged ones too, oldest first."""
    return [sim.jobs[number] for number, copies in policy.side(sim).located.items() if copy.id in copies and number in sim.jobs]


def is_aged(sim: Simulator, copy: m.Destination, job: j.Job) -> bool:
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


def _until(job: j.Job, days: int) -> float:
    return FOREVER if days == INFINITE else job.ended + days * DAY


def _firsts(rows: list[j.Job], kind: str) -> list[j.Job]:
    """The first full of each period, of each subclient."""
    period = PERIODS.get(kind, _each)
    seen: dict[t.Any, j.Job] = {}
    for job in rows:
        if job.level in FULLS:
            seen.setdefault((job.subclient_id, period(dt.datetime.fromtimestamp(job.ended, dt.UTC))), job)
    return list(seen.values())


def due(sim: Simulator, copy: m.Destination) -> list[j.Job]:
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


def _cycles(rows: list[j.Job]) -> list[list[j.Job]]:
    cycles: list[list[j.Job]] = []
    for job in rows:
        if job.level in FULLS or not cycles:
            cycles.append([])
        cycles[-1].append(job)
    return cycles


def age(sim: Simulator, copy: m.Destination, rows: list[j.Job]) -> None:
    """Mark jobs as aged on a destination; what has aged everywhere is gone."""
    side = policy.side(sim)
    side.aged |= {(copy.id, job.id) for job in rows}
    gone = [job for job in rows if all((number, job.id) in side.aged for number in side.located[job.id])]
    numbers = {job.id for job in gone} | {child.id for job in gone for child in j.children(sim, job)}
    for number in numbers:
        sim.jobs[number].aged = True
    if numbers:
        filesystem.side(sim).store.drop(sorted(numbers))
        sim.file_backups = [row for row in sim.file_backups if row.job_id not in numbers]
        sim.vm_backups = [row for row in sim.vm_backups if not {row.job_id, row.parent_job_id} & numbers]
        databases = sql_model.side(sim)
        databases.backups = [row for row in databases.backups if row.job_id not in numbers]
        _forget_retired(sim)


def _forget_retired(sim: Simulator) -> None:
    """A retired client is there for its backups alone, and goes with the last of them; the VMs of a hypervisor go with it."""
    alive = {row.hypervisor_id for row in sim.vm_backups} | {row.client_id for row in sim.file_backups}
    alive |= {sim.instances[row.instance_id].client_id for row in sql_model.side(sim).backups if row.instance_id in sim.instances}
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
