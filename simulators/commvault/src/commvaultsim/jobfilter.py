# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter of POST /Jobs: each rule that is given is one pass over what is left, so that a history of 100,000 jobs is quick to page."""

from __future__ import annotations

import typing as t

from commvaultsim import jobs as j
from commvaultsim.simulator import Simulator, to_int

Json = dict[str, t.Any]
TYPES = {"backup": j.BACKUP, "restore": j.RESTORE, "synthfull": j.SYNTHETIC}
ACTIVE, FINISHED = 1, 2
ENTITY = {
    "subclientId": "subclient_id",
    "clientId": "client_id",
    "backupsetId": "backupset_id",
    "instanceId": "instance_id",
    "applicationId": "application_id",
}


def kinds(names: t.Iterable[t.Any]) -> set[int]:
    """Operation types from numbers or names."""
    return {to_int(name) or TYPES.get(str(name).strip().lower(), -1) for name in names if str(name).strip()}


def select(sim: Simulator, jobs: t.Iterable[j.Job], rule: Json, category: int) -> list[j.Job]:
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
        rows = [job for job in rows if job.level in levels or str(j.LEVELS.get(job.level, "")) in levels]
    return _in_time(sim, rows, rule)


def _of_category(jobs: t.Iterable[j.Job], category: int) -> list[j.Job]:
    if category == ACTIVE:
        return [job for job in jobs if not job.final]
    return [job for job in jobs if job.final] if category == FINISHED else list(jobs)


def _in_time(sim: Simulator, rows: list[j.Job], rule: Json) -> list[j.Job]:
    seconds = to_int(rule.get("completedJobLookupTime"))
    if seconds:
        since = sim.clock.now() - seconds
        rows = [job for job in rows if job.ended >= since or not job.final]
    span = rule.get("startTimeRange") or {}
    first, last = to_int(span.get("fromTime")), to_int(span.get("toTime"))
    if first or last:
        rows = [job for job in rows if first <= (job.started or job.submitted) <= (last or float("inf"))]
    return rows if rule.get("showAgedJobs") else [job for job in rows if not job.aged]
