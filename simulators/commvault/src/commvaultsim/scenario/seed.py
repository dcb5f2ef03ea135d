# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""POST /_sim/seed: fills the simulator with many companies, file servers, subclients and ended jobs, for measuring.

{"companies": 100, "servers": 10, "subclients": 3, "jobs": 100000, "days": 30}: servers of each company (of the provider without
companies), subclients of each server, jobs over all subclients that there are. Names and contents are the same in every run.
"""

from __future__ import annotations

import itertools
import typing as t

from commvaultsim.files.subclients import new_subclient
from commvaultsim.jobs import lifecycle as j
from commvaultsim.state import model as m
from commvaultsim.state.job import BACKUP, Job
from commvaultsim.state.simulator import Simulator
from commvaultsim.tenancy import companies
from commvaultsim.wire.control import action

Json = dict[str, t.Any]
DAY = 86400
REASONS = (
    "The disk library has no space left.",
    "The network connection to the client was lost.",
    "The client's services did not answer within 10 minutes.",
    "Access to a folder of the content was denied.",
)
ENDINGS = ("Completed",) * 93 + ("Completed w/ one or more errors",) * 3 + ("Failed",) * 3 + ("Killed",)
"""How a hundred jobs end; the order is mixed by a step that has no divisor in common with it."""
STEP = 37


@action("POST", "seed")
def seed(sim: Simulator, _query: Json, body: t.Any) -> Json:
    """Make the rows and tell how many of each there are now."""
    made = [_company(sim, number + 1) for number in range(int(body.get("companies", 0)))]
    owners: list[m.Company | None] = [*made] or [None]
    for company, number in itertools.product(owners, range(int(body.get("servers", 0)))):
        _server(sim, company, number + 1, int(body.get("subclients", 0)))
    _jobs(sim, int(body.get("jobs", 0)), float(body.get("days", 30)))
    return {name: len(getattr(sim, name)) for name in ("companies", "clients", "subclients", "jobs")}


def _company(sim: Simulator, number: int) -> m.Company:
    alias = f"t{number:04}"
    return companies.create(sim, f"Tenant {number:04}", alias, f"{alias}.example", [])


def _server(sim: Simulator, company: m.Company | None, number: int, subclients: int) -> None:
    name = f"{company.alias if company else 'seed'}-fs{number:04}"
    owner = company.id if company else 0
    client = m.Client(sim.new_id(), name, "server", name, f"{name}.example.com", agents=[m.FILE_SYSTEM_WINDOWS], company_id=owner)
    client.guid = sim.guid("client", client.id)
    sim.clients[client.id] = client
    backupset = m.Backupset(sim.new_id(), client.id, m.FILE_SYSTEM_WINDOWS, 1, guid=sim.guid("backupset", client.id))
    sim.backupsets[backupset.id] = backupset
    for title in ["default", *(f"data-{index + 1:02}" for index in range(subclients))]:
        row = new_subclient(sim, backupset, title, is_default=title == "default")
        row.content = row.content or [{"path": f"D:\\{title}"}, {"excludePath": "**\\Pagefile.sys"}]
        sim.subclients[row.id] = row


def _jobs(sim: Simulator, count: int, days: float) -> None:
    """Ended backups, evenly over the days before now, in turn over the file subclients."""
    rows = [row for row in sim.subclients.values() if row.application_id == m.FILE_SYSTEM_WINDOWS]
    if count and not rows:
        raise ValueError("there are no file subclients that jobs could be of: give servers and subclients too")
    first, pace = sim.clock.now() - days * DAY, days * DAY / max(1, count)
    for number in range(count):
        _job(sim, rows[number % len(rows)], number, first + number * pace)


def _job(sim: Simulator, row: m.Subclient, number: int, start: float) -> None:
    status = ENDINGS[number * STEP % len(ENDINGS)]
    good = status.startswith("Completed")
    level = "FULL" if number // 7 % 7 == 0 else "INCREMENTAL"
    size = (number * 7919 % 1000 + 1) * 1048576 if good else 0
    job = Job(
        sim.new_job_id(),
        BACKUP,
        "Backup",
        None,
        level,
        client_id=row.client_id,
        application_id=row.application_id,
        backupset_id=row.backupset_id,
        subclient_id=row.id,
        company_id=row.company_id,
        status=status,
        percent=100 if good else 35,
        submitted=start,
        started=start,
        ended=min(sim.clock.now(), start + 60 + number % 600),
        updated=start + 60,
        files=number % 5000 if good else 0,
        size=size,
        media_size=size // 3,
        failed_files=number % 7 + 1 if "errors" in status else 0,
    )
    if not good or job.failed_files:
        job.reason = "The job was killed by a user." if status == "Killed" else REASONS[number * STEP // len(ENDINGS) % len(REASONS)]
        j.note(sim, job, job.reason, 6)
    sim.jobs[job.id] = job
