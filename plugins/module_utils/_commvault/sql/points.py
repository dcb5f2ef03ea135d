# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import math
import typing as t

from ..._core.errors import NotFound
from ..backups import jobs, points
from ..backups.points import Point
from ..servers import subclients as file_subclients
from . import lookup as sql
from . import subclients as sql_subclients

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

# Which backups lead to a state of a SQL Server database, as far as the job history tells: a full, a differential, logs.

Row = dict[str, t.Any]
FULL, DIFFERENTIAL, LOG = "full", "differential", "transaction log"


@dataclasses.dataclass(frozen=True)
class Moment:
    """The state that a restore is to reach: of a job's end, of an exact time, or the newest. until: epoch seconds, for the request."""

    until: int
    exact: bool
    chains: dict[str, list[Point]]
    """By database: the backups that lead there, oldest first."""

    @property
    def last(self) -> Point:
        """The newest backup that is used."""
        return max((chain[-1] for chain in self.chains.values()), key=lambda point: point.end)


def find(client: Commvault, instance: sql.Instance, names: t.Sequence[str], job_id: int | None, point_in_time: str | None) -> Moment:
    """The moment asked for, and the backups of each database that lead there. Raises NotFound where there are none."""
    homes = _homes(client, instance, names)
    history = points.of(client, {"clientId": instance.client_id}, lambda row: _is_of(row, instance))
    exact = jobs.seconds(point_in_time)
    read: list[Point] = []
    chosen: Point | None = None
    for point in history:
        read.append(point)
        if job_id is not None and point.record["id"] == job_id:
            chosen = point
        limit = _limit(job_id, exact, chosen)
        if limit is not None and all(_full(_of(read, homes[name]), limit) for name in names):
            break
    if job_id is not None and chosen is None:
        raise NotFound(
            f"Job {job_id} is no backup of {instance.label} that can be restored from: it does not exist, failed, or has aged out.",
            object=instance.label,
        )
    limit = _limit(job_id, exact, chosen) or math.inf
    chains = {name: _chain(_of(read, homes[name]), name, instance, limit, exact, chosen) for name in names}
    until = exact or (chosen.until if chosen else max(chain[-1].until for chain in chains.values()))
    return Moment(until, bool(exact), chains)


def _limit(job_id: int | None, exact: int, chosen: Point | None) -> float | None:
    """The end of the last backup that may be used; None while the job is still looked for."""
    if job_id is not None:
        return chosen.end if chosen else None
    return exact or math.inf


def _homes(client: Commvault, instance: sql.Instance, names: t.Sequence[str]) -> dict[str, set[int]]:
    """By database the subclients that list it now; all of the instance where none does, as with a database that was dropped."""
    rows = sql_subclients.within(sql_subclients.of_client(client, instance.client), instance.name)
    details = client.pool.read(lambda number: file_subclients.read(client, number), map(file_subclients.number, rows))
    numbers = [file_subclients.number(row) for row in rows]
    held = {number: {name.casefold() for name in sql_subclients.databases(details[number] or {})} for number in numbers}
    return {name: {number for number in numbers if name.casefold() in held[number]} for name in names}


def _is_of(entity: Row, instance: sql.Instance) -> bool:
    return entity.get("applicationId") == sql.SQL_SERVER and entity.get("instanceId") == instance.id


def _of(read: list[Point], homes: set[int]) -> list[Point]:
    return [point for point in read if not homes or point.record["subclient_id"] in homes]


def _level(point: Point) -> str:
    return str(point.record["level"] or "").casefold().replace("_", " ")


def _full(newest_first: list[Point], limit: float) -> Point | None:
    return next((point for point in newest_first if point.end <= limit and _level(point) == FULL), None)


def _chain(newest_first: list[Point], name: str, instance: sql.Instance, limit: float, exact: int, chosen: Point | None) -> list[Point]:
    label = f'the database "{name}" of {instance.label}'
    if chosen and chosen not in newest_first:
        raise NotFound(
            f"Job {chosen.record['id']} did not back up {label}, or that was in another subclient then. Give point_in_time instead.",
            object=name,
        )
    full = _full(newest_first, limit)
    if full is None:
        by = "" if math.isinf(limit) else f" that had ended by {jobs.iso(limit)}"
        raise NotFound(f"There is no full backup of {label}{by}. Back it up first, with calligo.baas.commvault_backup.", object=name)
    later = [point for point in reversed(newest_first) if full.end <= point.end and point is not full]
    within = [point for point in later if point.end <= limit]
    differentials = [point for point in within if _level(point) == DIFFERENTIAL]
    base = [full, *differentials[-1:]]
    logs = [point for point in later if _level(point) == LOG and point.end >= base[-1].end]
    chain = base + [point for point in logs if point.end <= limit]
    if exact and chain[-1].end < exact:
        # The log that was backed up after the moment holds what happened until then.
        after = [point for point in logs if point.end > exact]
        if not after:
            raise NotFound(
                f"No log backup of {label} reaches {jobs.iso(exact)}: the newest backup, of job {chain[-1].record['id']}, ended at "
                f"{chain[-1].record['end_time']}. Back the log up first (level transaction_log), or give an earlier point_in_time.",
                object=name,
            )
        chain.append(after[0])
    return chain
