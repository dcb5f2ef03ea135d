# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..backups import jobs, recovery_points
from ..wire import paging

if t.TYPE_CHECKING:
    from ..wire.client import Commvault
    from .subclients import FileSource

# What the job history says about many file system subclients, in as few requests as it can be asked in: one POST /Jobs
# for all their clients instead of one for each subclient.

ROWS_READ = 2000
"""Rows of history that are read for all together. Whose backup is not among them is asked for singly."""
PAGE = 500
RECENT = 3600


def recent(client: Commvault, sources: t.Sequence[FileSource]) -> dict[int, list[jobs.Record]]:
    """Backup jobs of the last hour, and those that still run, by subclient id, newest first."""
    found: dict[int, list[jobs.Record]] = {_id(source): [] for source in sources}
    for row in paging.jobs(client, _filter(sources, RECENT), category=0, page=PAGE) if found else ():
        record = jobs.to_record(row)
        if record["subclient_id"] in found:
            found[record["subclient_id"]].append(record)
    return found


def last(client: Commvault, sources: t.Sequence[FileSource]) -> dict[int, recovery_points.RecoveryPoint]:
    """The last whole backup, by subclient id; where none is whole, the last that something can be restored from, if there is one."""
    left = {_id(source): source for source in sources}
    found: dict[int, recovery_points.RecoveryPoint] = {}
    rows = 0
    for row in paging.jobs(client, _filter(sources, recovery_points.LOOK_BACK), category=2, limit=ROWS_READ, page=PAGE) if left else ():
        rows += 1
        point = recovery_points.to_recovery_point(row)
        number = point.record["subclient_id"] if point else None
        if point and number in left:
            found.setdefault(number, point)
            if point.whole:
                del left[number]
                found[number] = point
            if not left:
                break
    if rows >= ROWS_READ:
        single = client.pool.read(lambda number: recovery_points.best(left[number].recovery_points(client)), left)
        found |= {number: point for number in left if (point := single[number])}
    return found


def _filter(sources: t.Sequence[FileSource], since: int) -> dict[str, t.Any]:
    """Jobs of the sources. Older servers ignore parts of a filter, so that each row is looked at again."""
    common = {"completedJobLookupTime": since, "jobTypeList": list(recovery_points.BACKUPS), "showAgedJobs": False}
    if len(sources) == 1:
        return {**common, "entity": {"subclientId": _id(sources[0])}}
    return {**common, "clientList": [{"clientId": number} for number in sorted({int(source.entity["clientId"]) for source in sources})]}


def _id(source: FileSource) -> int:
    return int(source.entity["subclientId"])
