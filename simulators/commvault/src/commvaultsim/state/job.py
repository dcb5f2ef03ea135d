# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a job is: its row, what its effect answers, the states that end it, and the table of all jobs."""

from __future__ import annotations

import dataclasses as dc
import typing as t

from commvaultsim.state.model import JobVm
from commvaultsim.wire.faults import Fault

if t.TYPE_CHECKING:
    from commvaultsim.state.simulator import Simulator

Json = dict[str, t.Any]

FINAL = frozenset(
    {
        "Completed",
        "Completed w/ one or more errors",
        "Completed w/ one or more warnings",
        "Committed",
        "Failed",
        "Failed to Start",
        "Killed",
    }
)
BACKUP, RESTORE, SYNTHETIC, INSTALL, UNINSTALL = 4, 5, 14, 35, 68
LEVELS = {"FULL": 1, "INCREMENTAL": 2, "DIFFERENTIAL": 4, "TRANSACTION_LOG": 6, "SYNTHETIC_FULL": 64}
LEVEL_NAMES = {
    "FULL": "Full",
    "INCREMENTAL": "Incremental",
    "DIFFERENTIAL": "Differential",
    "TRANSACTION_LOG": "Transaction Log",
    "SYNTHETIC_FULL": "Synthetic Full",
}
#: How V4 calls write the states that end a job.
V4_STATUS = {
    "Completed": "COMPLETED",
    "Completed w/ one or more errors": "COMPLETED_WITH_ERRORS",
    "Completed w/ one or more warnings": "COMPLETED_WITH_WARNINGS",
    "Failed": "FAILED",
    "Failed to Start": "FAILED_TO_START",
    "Killed": "KILLED",
    "Suspended": "SUSPENDED",
    "Committed": "COMMITTED",
}
ATTEMPTS = 3


class JobFailure(Exception):
    """Raised by an effect: the job ends as Failed with this text."""


class JobPending(Exception):
    """Raised by an effect: the job goes to Pending with this text and the effect is tried again later."""


@dc.dataclass
class Outcome:
    """What an effect did. Sizes are bytes; ``result`` is kept in ``job.result`` for the detail views."""

    status: str = "Completed"
    reason: str = ""
    files: int = 0
    size: int = 0
    media_size: int = 0
    failed_files: int = 0
    failed_folders: int = 0
    result: Json = dc.field(default_factory=dict)


Effect = t.Callable[["Simulator", "Job"], Outcome]


@dc.dataclass
class Job:
    """One job. ``op_type`` is 4 backup, 5 restore, 14 synthetic full, 35 install, 68 uninstall; times are epoch seconds, 0 = not yet."""

    id: int
    op_type: int
    operation: str
    effect: Effect | None = None
    level: str = ""
    client_id: int = 0
    application_id: int = 0
    instance_id: int = 0
    backupset_id: int = 0
    subclient_id: int = 0
    destination_client_id: int = 0
    company_id: int = 0
    parent_id: int = 0
    task_id: int = 0
    user: str = "admin"
    user_id: int = 1
    status: str = "Queued"
    phase: str = ""
    percent: int = 0
    reason: str = ""
    delay_reason: str = ""
    submitted: float = 0.0
    started: float = 0.0
    ended: float = 0.0
    updated: float = 0.0
    elapsed: float = 0.0
    attempts: int = 0
    polls: int = 0
    visible: bool = True
    aged: bool = False
    files: int = 0
    size: int = 0
    media_size: int = 0
    failed_files: int = 0
    failed_folders: int = 0
    vms: list[JobVm] = dc.field(default_factory=list)
    events: list[Json] = dc.field(default_factory=list)
    task: Json = dc.field(default_factory=dict)
    result: Json = dc.field(default_factory=dict)
    wish: str = ""
    wish_at: float = 0.0
    outcome: Outcome | None = None
    hold: Fault | None = None
    hold_until: float = 0.0
    retry_at: float = 0.0
    last_tick: float = 0.0

    @property
    def final(self) -> bool:
        """Whether the job has ended."""
        return self.status in FINAL

    @property
    def is_restore(self) -> bool:
        """Whether the job restores."""
        return self.op_type == RESTORE

    def names(self, sim: Simulator) -> tuple[str, ...]:
        """The texts that a fault's ``match`` is tried on: operation, client, subclient, VMs."""
        client = sim.clients.get(self.client_id)
        subclient = sim.subclients.get(self.subclient_id)
        found = [self.operation, str(self.id), client.name if client else "", subclient.name if subclient else ""]
        return tuple(found + [vm.name for vm in self.vms] + [str(name) for name in self.result.get("names", [])])


def phases(job: Job) -> list[tuple[float, str, str, int]]:
    """(share of the job's duration, status, phase, percent) in order; the third from last starts the work."""
    first, work = ("Discovery", "Backup") if job.application_id == 106 else ("Scan", "Backup")
    if job.is_restore:
        first, work = "Restore preparation", "Restore"
    elif job.op_type not in (BACKUP, SYNTHETIC):
        first, work = "Preparation", job.operation
    return [
        (0.0, "Queued", "", 0),
        (0.05, "Waiting", "", 0),
        (0.15, "Running", first, 5),
        (0.35, "Running", work, 20),
        (0.9, "Running", "Index" if job.is_restore else "Archive Index", 95),
        (1.0, "", "", 100),
    ]


class JobTable(dict[int, Job]):
    """Jobs by id, in the order of their ids. A job's parent never changes, and a job that has ended stays ended."""

    def __init__(self) -> None:
        super().__init__()
        self._live: dict[int, Job] = {}
        self._children: dict[int, list[Job]] = {}

    def __setitem__(self, number: int, job: Job) -> None:
        super().__setitem__(number, job)
        if not job.final:
            self._live[number] = job
        if job.parent_id:
            self._children.setdefault(job.parent_id, []).append(job)

    def live(self) -> list[Job]:
        """The jobs that have not ended, oldest first."""
        for number in [number for number, job in self._live.items() if job.final]:
            del self._live[number]
        return list(self._live.values())

    def children(self, number: int) -> list[Job]:
        """The child jobs of a job, oldest first."""
        return list(self._children.get(number, ()))
