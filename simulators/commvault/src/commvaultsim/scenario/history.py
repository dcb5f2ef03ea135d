# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""POST /_sim/history: backups that everything with a plan had in the last days, as a seed decides, in place of the jobs that there were.

{"seed": 7, "days": 40, "per_day": 1.0}: on each day each subclient and VM group has so many backups on the average. They end in every way
that there is: whole, with errors or warnings, failed, killed, of a VM group before or after its VMs were known; some are synthetic fulls,
and the last of some is still running. Of a VM group every VM that was ever backed up has a job of its own. What the jobs kept that were
there before cannot be restored any more.
"""

from __future__ import annotations

import random
import typing as t

from commvaultsim.jobs import lifecycle
from commvaultsim.state import model as m
from commvaultsim.state.job import BACKUP, SYNTHETIC, V4_STATUS, Job, JobTable
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire.control import action

Json = dict[str, t.Any]
DAY = 86400
PARTIAL = "Completed w/ one or more errors"
ENDINGS = ("Completed",) * 14 + (PARTIAL,) * 3 + ("Completed w/ one or more warnings",) + ("Failed",) * 4 + ("Killed", "Failed to Start")
REASONS = {
    PARTIAL: "Access to a folder of the content was denied.",
    "Completed w/ one or more warnings": "A file was changed while it was read.",
    "Failed": "The network connection to the client was lost.",
    "Failed to Start": "The client's services did not answer within 10 minutes.",
    "Killed": "The job was killed by a user.",
}
HOURS = 4
"""The longest that a backup takes."""


@action("POST", "history")
def history(sim: Simulator, _query: Json, body: t.Any) -> Json:
    """Make the jobs and tell how many there are now."""
    chance = random.Random(int(body.get("seed", 0)))  # noqa: S311 - the same seed makes the same history
    days, pace = int(body.get("days", 40)), float(body.get("per_day", 1.0))
    sim.jobs = JobTable()
    planned = [row for row in sim.subclients.values() if row.plan_id and sim.clients.get(row.client_id)]
    now = sim.clock.now()
    starts = []
    for row in planned:
        # Some are backed up rarely or never.
        share = chance.choice((0.0, 0.05, 0.5, 1.0, 1.0, 1.0))
        starts += [(now - chance.uniform(0, days * DAY), row) for _number in range(round(days * pace * share))]
    for start, row in sorted(starts, key=lambda one: one[0]):
        if row.application_id == m.VIRTUAL_SERVER:
            _group_job(sim, chance, row, start)
        else:
            _job(sim, chance, row, start, chance.choice(ENDINGS), _level(chance))
    for client in sim.clients.values():
        if client.kind == "vm":
            _note_last(sim, client)
    return {"jobs": len(sim.jobs)}


def _level(chance: random.Random) -> str:
    return chance.choice(("FULL", "INCREMENTAL", "INCREMENTAL", "INCREMENTAL", "DIFFERENTIAL", "SYNTHETIC_FULL"))


def _job(sim: Simulator, chance: random.Random, row: m.Subclient, start: float, status: str, level: str, parent: Job | None = None) -> Job:
    ended = parent.ended if parent else start + chance.uniform(60, HOURS * 3600)
    running = ended > sim.clock.now()
    good = status.startswith("Completed")
    size = chance.randrange(1, 1000) * 1048576 if good else 0
    job = Job(
        sim.new_job_id(),
        SYNTHETIC if level == "SYNTHETIC_FULL" else BACKUP,
        "Backup" if row.application_id != m.VIRTUAL_SERVER or parent else "VM Admin Job(Backup)",
        None,
        level,
        client_id=row.client_id,
        application_id=row.application_id,
        instance_id=row.instance_id,
        backupset_id=row.backupset_id,
        subclient_id=row.id,
        company_id=row.company_id,
        parent_id=parent.id if parent else 0,
        # Suspended, since it would end by itself, and not as it was drawn.
        status="Suspended" if running else status,
        percent=40 if running else 100,
        submitted=start,
        started=start,
        ended=0.0 if running else ended,
        updated=min(ended, sim.clock.now()),
        files=0 if not good else chance.randrange(5000),
        size=size,
        media_size=size // 3,
        failed_files=chance.randrange(1, 9) if status == PARTIAL else 0,
    )
    if not running and status != "Completed":
        job.reason = REASONS[status]
        lifecycle.note(sim, job, job.reason, 6)
    sim.jobs[job.id] = job
    return job


def _group_job(sim: Simulator, chance: random.Random, group: m.Subclient, start: float) -> None:
    """The job of a VM group with one for each VM, or none where it failed before it knew them."""
    level, clients = _level(chance), [row for row in sim.clients.values() if row.kind == "vm" and row.props.get("group_id") == group.id]
    if not clients or chance.random() < 0.1:
        _job(sim, chance, group, start, chance.choice(("Failed", "Killed", "Failed to Start")), level)
        return
    endings = [chance.choice(ENDINGS) for _client in clients]
    failed = [ending for ending in endings if not ending.startswith("Completed")]
    status = "Failed" if len(failed) == len(endings) else "Completed" if set(endings) == {"Completed"} else PARTIAL
    parent = _job(sim, chance, group, start, status, level)
    for client, ending in zip(clients, endings, strict=True):
        child = _job(sim, chance, sim.subclients[client.props["subclient_id"]], start, ending, level, parent)
        vm = m.JobVm(client.props["guid"], client.props["vm_name"], child.id, reason=child.reason, client_id=client.id)
        parent.vms.append(vm)
        child.vms.append(vm)


def _note_last(sim: Simulator, client: m.Client) -> None:
    """What lists of VMs say of a VM's newest backup."""
    own = [job for job in sim.jobs.values() if job.client_id == client.id and job.parent_id and job.final]
    good = [job for job in own if job.status.startswith("Completed")]
    if not own:
        client.props |= {"last_status": "NEVER_BACKED_UP", "last_reason": "", "last_job": 0, "last_parent_job": 0, "last_time": 0}
        return
    last = own[-1]
    client.props |= {
        "last_status": V4_STATUS[last.status],
        "last_reason": last.reason,
        "last_job": last.id,
        "last_parent_job": last.parent_id,
        "last_time": int(good[-1].ended) if good else 0,
    }
