# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From backups to a state of a database: which full, differential and logs lead there, and what the rows are then."""

from __future__ import annotations

import dataclasses as dc
import datetime as dt
import math

from commvaultsim.sql import model as sql


class NoSuchPoint(ValueError):
    """The backups don't lead there; the text is fit for a job's reason."""


@dc.dataclass(frozen=True)
class Wish:
    """The moment that a restore is to reach.

    Without ``until`` it is the newest backup; with it, the newest one taken by then; ``exact`` replays the log to that very moment.
    """

    until: float | None = None
    exact: bool = False


@dc.dataclass
class Point:
    """A state that can be restored: its rows, and the backups that lead there in order."""

    rows: sql.Rows
    used: list[sql.Backup]

    @property
    def last(self) -> sql.Backup:
        """The backup that decides on files and recovery model."""
        return self.used[-1]


def when(moment: float) -> str:
    """A time for a message."""
    return dt.datetime.fromtimestamp(moment, dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def find(backups: list[sql.Backup], name: str, wish: Wish) -> Point:
    """The state of the database that a wish means.

    :param backups: the finished backups of this database, oldest first.
    :raises NoSuchPoint: nothing leads there.
    """
    limit = math.inf if wish.until is None else wish.until
    start = _start(backups, name, limit)
    rows = dict(start[0].rows)
    if len(start) == 2:
        rows = {key: row for key, row in rows.items() if key not in start[1].deleted} | start[1].rows
    logs = _logs(backups, start[-1], limit, wish.exact)
    point = Point(rows, start)
    for log in logs:
        _apply(point, log, name, limit)
    _verify(point, name)
    if wish.exact:
        _check_reach(point, name, limit)
    return point


def _start(backups: list[sql.Backup], name: str, limit: float) -> list[sql.Backup]:
    # Times are shown in whole seconds, so a moment copied from a list has to include the backup that it belongs to.
    fulls = [row for row in backups if row.kind == sql.FULL and int(row.time) <= limit]
    if not fulls:
        known = "It was never backed up." if not backups else f"Its oldest backup is of {when(backups[0].time)}."
        moment = "" if math.isinf(limit) else f" at or before {when(limit)}"
        raise NoSuchPoint(f"There is no full backup of database [{name}]{moment}. {known}")
    return _with_differential(backups, fulls, limit) or [fulls[-1]]


def _with_differential(backups: list[sql.Backup], fulls: list[sql.Backup], limit: float) -> list[sql.Backup]:
    """The newest differential and the full that it rests on; nothing when there is a newer full. A copy-only full carries none."""
    for row in reversed(backups):
        if row.kind == sql.DIFFERENTIAL and fulls[-1].time <= row.time and int(row.time) <= limit:
            bases = [full for full in fulls if not full.copy_only and full.guid == row.guid and full.last_lsn == row.base_lsn]
            return [bases[-1], row] if bases else []
    return []


def _logs(backups: list[sql.Backup], start: sql.Backup, limit: float, exact: bool) -> list[sql.Backup]:
    logs = [row for row in backups if row.kind == sql.LOG and row.guid == start.guid and row.time >= start.time]
    if not exact:
        return [row for row in logs if int(row.time) <= limit]
    if int(start.time) >= limit:
        return []
    needed = []
    for log in logs:
        needed.append(log)
        if log.time >= limit:
            break
    return needed


def _apply(point: Point, log: sql.Backup, name: str, limit: float) -> None:
    reached = point.last.last_lsn
    if log.last_lsn < reached:
        return
    if log.first_lsn > reached:
        raise NoSuchPoint(
            f"The log chain of database [{name}] is broken: the log backup of job {log.job_id} begins at LSN {log.first_lsn}, but job "
            f"{point.last.job_id} ends at LSN {reached}. Restore to a moment before {when(point.last.time)}, or take a full backup."
        )
    for change in log.changes:
        if change.lsn > reached and change.time <= limit:
            if change.row is None:
                point.rows.pop(change.key, None)
            else:
                point.rows[change.key] = change.row
    point.used.append(log)


def _verify(point: Point, name: str) -> None:
    for backup in point.used:
        if not backup.intact:
            raise NoSuchPoint(f"The backup of database [{name}] by job {backup.job_id} is damaged: its checksum does not match.")


def _check_reach(point: Point, name: str, limit: float) -> None:
    last = point.last
    if max(last.time, last.end) >= limit:
        return
    if last.recovery_model == "SIMPLE":
        raise NoSuchPoint(
            f"Database [{name}] was in the simple recovery model: it can only be restored to the time of a backup, "
            f"such as {when(last.time)}."
        )
    raise NoSuchPoint(
        f"No log backup of database [{name}] reaches {when(limit)}: the newest backup that leads there, of job {last.job_id}, "
        f"ends at {when(last.time)}."
    )
