# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What a change of retention or of destinations would lose: the server does not tell, so it is worked out from the list of jobs.

It is told before the change is made, and refused unless an option allows it.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
import typing as t

from ..._core.errors import InputError, Refused
from ..wire.replies import listed, number
from .retention_rules import INFINITE, decreases

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Row = dict[str, t.Any]
Loss = dict[str, t.Any]
FULLS = {"full", "synthetic full", "synthetic_full"}
FOREVER = (2**31 - 1, 2**32 - 1)
"""retainUntil of a job that is kept for ever, besides any negative number: the ends of 32-bit time."""
PERIODS: dict[str, t.Callable[[dt.datetime], t.Any]] = {
    "hourly_fulls": lambda time: (time.date(), time.hour),
    "daily_fulls": lambda time: time.date(),
    "weekly_fulls": lambda time: time.isocalendar()[:2],
    "monthly_fulls": lambda time: (time.year, time.month),
    "quarterly_fulls": lambda time: (time.year, (time.month - 1) // 3),
    "half_yearly_fulls": lambda time: (time.year, time.month > 6),
    "yearly_fulls": lambda time: time.year,
}


def jobs(client: Commvault, destination_id: int) -> list[Row] | None:
    """All jobs on a destination that have not aged (OpenAPI GetJobsOnBackupDestination); None where the server has no such call."""
    until = int(dt.datetime.now(dt.UTC).timestamp()) + 10 * 365 * 86400
    params = {"view": "custom", "startTime": 1, "endTime": until, "agedData": 0}
    reply = client.get(f"/V4/Plan/BackupDestination/{destination_id}/Jobs", params, absent=(404,))
    return None if reply is None else [row for row in listed(reply.get("jobs")) if not row.get("isAged")]


def now(rows: t.Iterable[Row]) -> float:
    """The time, in epoch seconds: this host's, unless the server's newest job ended later still."""
    return max(dt.datetime.now(dt.UTC).timestamp(), *(ended(row) for row in rows), 0.0)


def forecast(rows: list[Row], days: int, extended: t.Iterable[Row], at: float) -> Loss:
    """The jobs that data aging would take at a moment under a base retention and extended rules, in the module's words.

    Pinned jobs stay, and so do those that a later job of their cycle needs. A server that keeps a number of cycles beside the days
    keeps more than this says. Result: jobs, bytes (of application data), media_bytes, job_ids.
    """
    until = {row["jobId"]: _until(row, days) for row in rows}
    for rule in extended:
        for row in _firsts(rows, rule["type"]):
            until[row["jobId"]] = max(until[row["jobId"]], _until(row, rule["retention_days"]))
    for row in rows:
        until[row["jobId"]] = max(until[row["jobId"]], retained_until(row) or 0.0)
    lost: list[Row] = []
    for cycle in _cycles(rows):
        last = max((place for place, row in enumerate(cycle) if until[row["jobId"]] > at), default=-1)
        lost += cycle[last + 1 :]
    return everything(lost)


def everything(rows: list[Row]) -> Loss:
    """The loss of all these jobs."""
    return {
        "jobs": len(rows),
        "bytes": sum(number(row, "sizeOfApplication") for row in rows),
        "media_bytes": sum(number(row, "dataWritten") for row in rows),
        "job_ids": sorted(int(row["jobId"]) for row in rows),
    }


def total(losses: t.Iterable[Loss | None]) -> Loss | None:
    """Several losses in one; where one of them is not known, the sum is not either."""
    found = list(losses)
    known = [loss for loss in found if loss is not None]
    if len(known) < len(found):
        return None
    result: Loss = {key: sum(loss[key] for loss in known) for key in ("jobs", "bytes", "media_bytes")}
    return {**result, "job_ids": sorted({job for loss in known for job in loss["job_ids"]})}


def aging_under(client: Commvault, destination: Row) -> Loss | None:
    """What a destination would lose under the retention of its record; None where the server does not tell."""
    rows = jobs(client, destination["id"])
    return None if rows is None else forecast(rows, destination["retention_days"], destination["extended_retention"], now(rows))


def in_words(loss: Loss | None) -> str:
    """For messages."""
    if loss is None:
        return "Commvault does not tell how many jobs would be lost"
    return f"{loss['jobs']} jobs with {loss['bytes']} bytes of backed up data would age out"


def refusal(plan: str, shorter: list[str], loss: Loss | None, aging_out: Loss | None, option: str) -> Refused:
    """The error for a retention that is shorter than before. shorter: what is, in words. option: the one that allows it."""
    return Refused(
        f'The plan "{plan}" would keep backups for a shorter time: {"; ".join(shorter)}. {in_words(loss)} at the next data aging, '
        f"and nothing brings them back. Set {option} if this is meant.",
        object=plan,
        decreases=shorter,
        aging_out=aging_out,
    )


def allow_shorter(client: Commvault, plan: str, pairs: list[tuple[Row, Row]], allowed: bool) -> None:
    """Refuse a shorter retention, with how many jobs and bytes it would cost; where it is allowed, warn of the same.

    pairs: each destination as it is and as it is to be.
    """
    shorter = [text for have, want in pairs for text in decreases(have, want)]
    if not shorter:
        return
    loss = total([aging_under(client, want) for have, want in pairs if decreases(have, want)])
    if not allowed:
        raise refusal(plan, shorter, loss, loss, "allow_retention_decrease")
    client.warn(f'The plan "{plan}" keeps backups for a shorter time: {"; ".join(shorter)}. {in_words(loss)}.')


def allow_removal(client: Commvault, plan: str, gone: list[Row], kept: list[Row], allowed: bool) -> None:
    """Refuse to remove destinations that others copy from, or that hold backups unless that is allowed; then warn of what goes."""
    for record in gone:
        users = [other["name"] for other in kept if (other.get("source"), other.get("region")) == (record["name"], record["region"])]
        if users:
            raise InputError(
                f'purge_destinations: "{record["name"]}" of the plan "{plan}" is the source of {", ".join(users)} and cannot go before it.'
            )
    if not gone:
        return
    held = [(record, _held(client, record["id"])) for record in gone]
    texts = "; ".join(f'"{record["name"]}": {_held_in_words(loss)}' for record, loss in held)
    if not allowed and any(loss is None or loss["jobs"] for _record, loss in held):
        raise Refused(
            f'The plan "{plan}" would lose destinations with what they hold: {texts}. Set allow_backup_loss if this is meant.',
            object=plan,
            losses=[{"destination": record["name"], "region": record["region"], **(loss or {})} for record, loss in held],
        )
    client.warn(f'The plan "{plan}" loses destinations: {texts}.')


def _held(client: Commvault, destination_id: int) -> Loss | None:
    rows = jobs(client, destination_id)
    return None if rows is None else everything(rows)


def _held_in_words(loss: Loss | None) -> str:
    if loss is None:
        return "Commvault does not tell how many jobs"
    return f"{loss['jobs']} jobs with {loss['bytes']} bytes of backed up data"


def retained_until(row: Row) -> float | None:
    """Until when a user retained a job, infinity for ever; None for a job that only the rules keep."""
    if str(row.get("strRetainedBy")) != "User":
        return None
    time = number(row, "retainUntil")
    return math.inf if time < 0 or time in FOREVER else float(time)


def ended(row: Row) -> float:
    return float(row.get("endTime") or row.get("startTime") or 0)


def _until(row: Row, days: int) -> float:
    return math.inf if days == INFINITE else ended(row) + days * 86400


def _full(row: Row) -> bool:
    return str(row.get("jobType")).casefold() in FULLS


def _owner(row: Row) -> tuple[int, int]:
    return number(row, "server", "id"), number(row, "subClient", "id")


def _firsts(rows: list[Row], kind: str) -> list[Row]:
    """The first full of each period of each subclient: what this collection tells the server to retain."""
    seen: dict[t.Any, Row] = {}
    for row in sorted(filter(_full, rows), key=ended):
        time = dt.datetime.fromtimestamp(ended(row), dt.UTC)
        seen.setdefault((_owner(row), PERIODS[kind](time) if kind in PERIODS else row["jobId"]), row)
    return list(seen.values())


def _cycles(rows: list[Row]) -> list[list[Row]]:
    """A full and what hangs on it, for each subclient."""
    cycles: list[list[Row]] = []
    ordered = sorted(rows, key=lambda row: (_owner(row), ended(row), int(row["jobId"])))
    for _key, group in itertools.groupby(ordered, key=_owner):
        cycles.append([])
        for row in group:
            if _full(row) and cycles[-1]:
                cycles.append([])
            cycles[-1].append(row)
    return cycles
