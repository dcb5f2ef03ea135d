# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan's schedule starts, when a test says that its time has come."""

from __future__ import annotations

import typing as t

from commvaultsim.files import filesystem
from commvaultsim.files.backup import start_backup
from commvaultsim.plans.schedules import BACKUP_TYPES
from commvaultsim.state import model as m
from commvaultsim.state.job import Job
from commvaultsim.state.simulator import Simulator
from commvaultsim.vms import backup as vm_backup
from commvaultsim.wire.control import action
from commvaultsim.wire.routing import Request

Json = dict[str, t.Any]
LEVELS = {"SYNTHETICFULL": "SYNTHETIC_FULL"}


@action("POST", "schedule")
def run_schedule(sim: Simulator, _query: Json, body: t.Any) -> Json:
    """Start the backups of VM groups and files that a plan's schedule of a type starts: {"plan": name, "backup_type": "INCREMENTAL"}."""
    kind = str(body.get("backup_type", "INCREMENTAL")).upper()
    plan = _plan(sim, str(body["plan"]), kind)
    request = Request("POST", "/_sim/schedule", user="System", body={})
    level = LEVELS.get(kind, kind)
    groups = [row for row in vm_backup.groups(sim) if row.plan_id == plan.id]
    files = [row for row in sim.subclients.values() if row.plan_id == plan.id and filesystem.is_file_system(row)]
    started = [vm_backup.begin(sim, request, row, level) for row in groups] + [start_backup(sim, request, row, level) for row in files]
    return {"jobs": [job.id for job in started if isinstance(job, Job)]}


def _plan(sim: Simulator, name: str, kind: str) -> m.Plan:
    if kind not in BACKUP_TYPES:
        raise ValueError(f"backup_type is one of {', '.join(BACKUP_TYPES)}")
    plan = next((row for row in sim.plans.values() if row.name == name), None)
    if plan is None or not any(schedule["backupType"] == kind for schedule in plan.schedules):
        raise ValueError(f"no plan {name} with a schedule of type {kind}")
    return plan
