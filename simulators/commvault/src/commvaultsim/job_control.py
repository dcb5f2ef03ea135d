# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Killing, suspending and resuming jobs: the request is kept here and carried out a moment later by the tick."""

from __future__ import annotations

import typing as t

from commvaultsim.job import Job

if t.TYPE_CHECKING:
    from commvaultsim.simulator import Simulator


def control(sim: Simulator, job: Job, action: str) -> str:
    """Kill, pause or resume; answers an error text, or nothing when it was accepted."""
    if job.parent_id and job.parent_id in sim.jobs:
        job = sim.jobs[job.parent_id]
    if job.final:
        return f"Job [{job.id}] is not active. It is [{job.status}]."
    now = sim.clock.now()
    if action == "resume":
        if job.status != "Suspended" and job.hold is None and job.status != "Pending":
            return f"Job [{job.id}] is not suspended. It is [{job.status}]."
        job.status, job.hold, job.reason, job.retry_at, job.last_tick = "Waiting", None, "", 0.0, now
        return ""
    if action == "pause" and job.status == "Suspended":
        return f"Job [{job.id}] is already suspended."
    job.wish, job.wish_at, job.updated = action, now, now
    job.status = "Kill Pending" if action == "kill" else "Suspend Pending"
    return ""
