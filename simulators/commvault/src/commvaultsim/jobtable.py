# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of jobs, made for a long history: what has not ended, and whose child a job is, is known without a look at every job."""

from __future__ import annotations

from commvaultsim.job import Job


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
