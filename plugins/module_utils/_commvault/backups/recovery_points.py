# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import typing as t

from ..._core.errors import InputError, NotFound
from ..wire import paging
from ..wire.replies import part
from . import jobs

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Row = dict[str, t.Any]

LOOK_BACK = 10 * 366 * 86400
"""Seconds of job history to search. Jobs whose data has aged out are not listed, so that a long look costs little."""
BACKUPS = (jobs.BACKUP, jobs.SYNTHETIC_FULL)


@dataclasses.dataclass(frozen=True)
class RecoveryPoint:
    """A backup job that something can be restored from. end: epoch seconds. entity: what the job protected, the API's ids and names.

    whole: whether the job ended without an error about what is restored from it.
    """

    record: jobs.Record
    end: int
    entity: Row
    whole: bool

    @property
    def until(self) -> int:
        """The end of the time range that shows this backup as the latest: later than the job's end, or Commvault finds nothing in it."""
        return self.end + 1

    @property
    def ending(self) -> str:
        """The point in words, to go on with after the name of what was backed up."""
        return f"that ended at {self.record['end_time']} (job {self.record['id']})"

    def to_record(self) -> Row:
        shown = ("parent", "level", "start_time", "end_time", "client", "subclient")
        return {"id": self.record["id"], **{key: self.record[key] for key in shown}}


def of(client: Commvault, entity: Row, keep: t.Callable[[Row], bool] = lambda entity: True) -> t.Iterator[RecoveryPoint]:
    """Backups of an entity that ended well enough to restore from, newest first, read page by page as they are asked for.

    keep: judges the subclient entity of a job; older servers ignore parts of the filter.
    """
    job_filter = {"completedJobLookupTime": LOOK_BACK, "jobTypeList": list(BACKUPS), "entity": entity, "showAgedJobs": False}
    for row in paging.jobs(client, job_filter, category=2, page=100):
        found = to_recovery_point(row)
        if found and keep(found.entity):
            yield found


def to_recovery_point(summary: Row) -> RecoveryPoint | None:
    """The point that a job made; None for a job that failed or has not ended."""
    record = jobs.to_record(summary)
    end = jobs.seconds(record["end_time"])
    if record["outcome"] not in ("success", "partial") or not end:
        return None
    return RecoveryPoint(record, end, dict(part(summary, "subclient")), record["outcome"] == "success")


def best(found: t.Iterable[RecoveryPoint]) -> RecoveryPoint | None:
    """The newest point that is whole; where none is, the newest. found: newest first."""
    newest = None
    for point in found:
        if point.whole:
            return point
        newest = newest or point
    return newest


def select(found: t.Iterable[RecoveryPoint], label: str, job_id: int | None = None, point_in_time: str | None = None) -> RecoveryPoint:
    """The point asked for: of one job (its own id or its parent's), the last that ended by a time, or simply the last.

    point_in_time: ISO 8601. found: newest first. Raises NotFound where there is none.
    """
    if job_id is not None and point_in_time is not None:
        raise InputError("Give job_id or point_in_time, not both.")
    limit = jobs.seconds(point_in_time)
    for point in found:
        if job_id is not None:
            if job_id in (point.record["id"], point.record["parent"]):
                return point
        elif not limit or point.end <= limit:
            return point
    if job_id is not None:
        raise NotFound(
            f"Job {job_id} is no backup of {label} that can be restored from: it does not exist, failed, or has aged out.", object=label
        )
    if limit:
        raise NotFound(f"There is no backup of {label} that had ended by {jobs.iso(limit)}.", object=label)
    raise NotFound(f"There is no backup of {label} to restore from. Back it up first, with calligo.baas.commvault_backup.", object=label)
