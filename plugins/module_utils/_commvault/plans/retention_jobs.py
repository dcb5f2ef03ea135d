# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Single jobs on a backup destination that are kept until a time of their own (OpenAPI RunJobOperationOnPlanBackupDestination)."""

from __future__ import annotations

import datetime as dt
import math
import typing as t

from ..._core.errors import InputError, NotFound
from . import retention_forecast as forecast

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Json = dict[str, t.Any]
Record = dict[str, t.Any]
COMMCELL = 2
"""The id of an installation as it sees itself (cvpysdk storage_policies.py sends the same number)."""
RULES, FOREVER = "rules", "infinite"


class Pins:
    """Jobs and until when the task wants them kept: a time, for ever, or as the rules say."""

    def __init__(self, client: Commvault, job_ids: list[int], until: str | None) -> None:
        self._client = client
        self._ids = list(dict.fromkeys(job_ids))
        self._until = _checked(until) if until is not None else None
        self._rows: dict[int, Json] = {}

    def read(self, destinations: list[int]) -> list[Record]:
        """The jobs as they are kept now. Raises NotFound for one that the destination does not hold."""
        if not self._ids:
            return []
        if len(destinations) > 1:
            raise InputError("job_ids: the plan has a destination of this name in several regions; give region.")
        rows = forecast.jobs(self._client, destinations[0])
        self._rows = {int(row["jobId"]): row for row in rows or []}
        for number in self._ids:
            if number not in self._rows:
                raise NotFound(
                    f"The destination holds no job {number}, or the job has aged, or this user cannot see it.", object=str(number)
                )
        return [{"id": number, "retain_until": _spoken(forecast.pinned_until(self._rows[number]))} for number in self._ids]

    def wanted(self) -> list[Record]:
        return [{"id": number, "retain_until": self._until} for number in self._ids]

    def loss(self, wanted: list[Record] | None, read: t.Callable[[int], list[Json] | None], destination: Record) -> forecast.Loss | None:
        """What ages out because a job is kept for a shorter time than a user has wanted before."""
        released = {record["id"]: _moment(record["retain_until"]) for record in wanted or [] if self._shortens(record)}
        if not released:
            return forecast.everything([])
        rows = read(destination["id"]) or []
        at = forecast.now(rows)
        before = forecast.forecast(rows, destination["retention_days"], destination["extended_retention"], at)
        freed = [
            {**row, "strRetainedBy": "User" if released[row["jobId"]] else "", "retainUntil": _wire(released[row["jobId"]])}
            if row["jobId"] in released
            else row
            for row in rows
        ]
        after = forecast.forecast(freed, destination["retention_days"], destination["extended_retention"], at)
        new = set(after["job_ids"]) - set(before["job_ids"])
        return forecast.everything([row for row in rows if row["jobId"] in new])

    def decreases(self, wanted: list[Record] | None, loss: forecast.Loss) -> list[str]:
        """In words, the jobs that would be kept for a shorter time than a user wanted."""
        return [
            f"job {record['id']} from {_spoken(forecast.pinned_until(self._rows[record['id']]))} to {record['retain_until']}"
            for record in wanted or []
            if self._shortens(record) and (record["retain_until"] != RULES or loss["jobs"] != 0)
        ]

    def write(self, plan_id: int, destination_id: int, wanted: list[Record]) -> None:
        """One request for all jobs that get the same time."""
        changed = [record["id"] for record in wanted if _spoken(forecast.pinned_until(self._rows[record["id"]])) != record["retain_until"]]
        body: Json = {
            "storagePolicyId": self._storage_policy(plan_id),
            "copyId": destination_id,
            "jobIds": changed,
            "commcellId": COMMCELL,
        }
        if self._until == RULES:
            body["opType"] = "DO_NOT_RETAIN"
        else:
            body |= {"opType": "RETAIN", "retainUntilTime": _wire(_moment(self._until or FOREVER))}
        self._client.post("/V4/Plan/BackupDestination/JobOperations", body)

    def _storage_policy(self, plan_id: int) -> int:
        """The storage policy behind a plan, which V4 does not show (cvpysdk plan.py storage_policy)."""
        plan = self._client.require(f"/V2/Plan/{plan_id}", {"propertyLevel": 30}).get("plan") or {}
        return int(plan["storage"]["storagePolicy"]["storagePolicyId"])

    def _shortens(self, record: Record) -> bool:
        have = forecast.pinned_until(self._rows[record["id"]])
        return have is not None and (_moment(record["retain_until"]) or 0.0) < have


def _checked(text: str) -> str:
    """A time in the one form that results have too. Raises InputError."""
    if text.strip().casefold() in (RULES, FOREVER):
        return text.strip().casefold()
    try:
        moment = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        raise InputError(
            f'retain_until is "{text}": give a date such as "2027-12-31", a time such as "2027-12-31T18:00:00Z", infinite, or rules.'
        ) from None
    if len(text.strip()) == len("2027-12-31"):
        moment = moment.replace(hour=23, minute=59, second=59)
    return _spoken((moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp())


def _moment(text: str) -> float | None:
    """Epoch seconds; infinity for ever; None for what the rules say."""
    if text == RULES:
        return None
    return math.inf if text == FOREVER else dt.datetime.fromisoformat(text).timestamp()


def _spoken(moment: float | None) -> str:
    if moment is None:
        return RULES
    return FOREVER if math.isinf(moment) else dt.datetime.fromtimestamp(moment, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _wire(moment: float | None) -> int:
    return forecast.INFINITE if moment is None or math.isinf(moment) else int(moment)
