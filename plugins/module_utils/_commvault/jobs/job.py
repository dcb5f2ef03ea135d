# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Waiting for jobs, and suspending, resuming and killing them: always the ones that are named, never all that meet a filter."""

from __future__ import annotations

import dataclasses
import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.engine import Outcome, Record, Resource, ResourceStep, Seen, Step, Work, plan
from ..._core.errors import ApiError, NotFound, Refused, WaitTimeout
from ..backups import jobs
from ..wire.writes import create_once

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

UNSEEN_SECONDS = 15
"""How long a job id may be unknown before it is an error: one that was started a moment ago cannot be seen at once."""
ACTIONS = {"suspended": "pause", "resumed": "resume", "killed": "kill"}
"""The last part of POST /Job/{id}/action/… (cvpysdk job.py)."""
SHOWN = {"suspended": "Suspended", "resumed": "Waiting", "killed": "Killed"}
"""What a job is called once the server has done as it was told; a job that goes on may be at any phase."""
TIMEOUTS = {"waited": 7200, "suspended": 600, "resumed": 600, "killed": 600}

OPTIONS = ArgumentSpec(
    {
        "job_ids": {"type": "list", "elements": "int", "required": True},
        "state": {"type": "str", "choices": ["waited", *ACTIONS], "default": "waited"},
        "wait_timeout": {"type": "int"},
        "fail_on_failure": {"type": "bool", "default": True},
        "fail_on_partial": {"type": "bool", "default": False},
    },
)


class ControlledJob(Resource):
    """One job, to be brought to a state. Only update() writes, and it does not wait: the jobs of a call are waited for together.

    record: the job as it was read, with those of the same call; None in check mode where there is none.
    """

    def __init__(self, client: Commvault, job_id: int, state: str, record: Record | None) -> None:
        self._client = client
        self._job_id = job_id
        self._state = state
        self._record = record

    def observe(self) -> Seen:
        return Seen(dict(self._record) if self._record else None)

    def desired(self, _seen: Seen) -> Record:
        return {"status": SHOWN[self._state]}

    def differences(self, desired: Record, seen: Seen) -> Record:
        return {} if obeyed(self._state, seen.known, asked=True) else desired

    def prepare_update(self, seen: Seen, _changed: Record) -> None:
        parent = seen.known["parent"]
        if parent and self._state != "resumed":
            raise Refused(
                f"Job {self._job_id} is the part of job {parent} for one VM: it is {self._state} with all of it. "
                f"If that is meant, give {parent}.",
                object=self._job_id,
            )

    def update(self, seen: Seen, changed: Record, _means: None) -> Record:
        if self._state == "resumed" and pausing(seen.known):
            # The server refuses to resume a job that is not suspended yet.
            wait_for_state(self._client, [self._job_id], "suspended", TIMEOUTS["suspended"])
        try:
            create_once(lambda: self._client.post(f"/Job/{self._job_id}/action/{ACTIONS[self._state]}", {}), self._changed)
        except ApiError:
            # It may have ended by itself since it was read, which is no error.
            if not (self._now()["outcome"] in jobs.ENDED or self._changed()):
                raise
        return {**seen.known, **changed}

    def _now(self) -> Record:
        return jobs.current(self._client, [self._job_id])[0]

    def _changed(self) -> Record | None:
        now = self._now()
        return now if obeyed(self._state, now, asked=True) else None


class JobControl(Work):
    """Jobs that are brought to a state, or waited for. All are read before the first is touched, and waited for together."""

    def __init__(self, client: Commvault, params: Record) -> None:
        self._client = client
        self._params = params
        self._ids: list[int] = list(dict.fromkeys(params["job_ids"]))
        self._state: str = params["state"]
        self._timeout = params["wait_timeout"] or TIMEOUTS[params["state"]]

    def steps(self) -> t.Sequence[Step]:
        known = _read(self._client, self._ids)
        wanted = {job_id: ControlledJob(self._client, job_id, self._state, known.get(job_id)) for job_id in self._ids}
        if self._state != "waited":
            return [plan(job, label=f"job {job_id}") for job_id, job in wanted.items()]
        # What is waited for is left as it is, and one that ended badly is named by the error.
        return [
            ResourceStep("", job, "keep", Seen(known.get(job_id) or jobs.to_record({"jobId": job_id}))) for job_id, job in wanted.items()
        ]

    def settle(self, outcomes: list[Outcome]) -> list[Outcome]:
        return self._waited(outcomes) if self._state == "waited" else self._settled(outcomes)

    def result(self, outcomes: list[Outcome]) -> Record:
        done = list(zip(self._ids, outcomes, strict=False))
        result: Record = {
            "changed": any(outcome.changed for outcome in outcomes),
            "jobs": [{"id": job_id, **(outcome.after or {}), "changed": outcome.changed} for job_id, outcome in done],
        }
        if self._state != "waited":
            result["diff"] = [_diff(outcome) for outcome in outcomes if outcome.changed]
        return result

    def _waited(self, outcomes: list[Outcome]) -> list[Outcome]:
        """The jobs after their end."""
        records = {job_id: outcome.after or {} for job_id, outcome in zip(self._ids, outcomes, strict=True)}
        running = [job_id for job_id, record in records.items() if record["outcome"] not in jobs.ENDED]
        records |= {record["id"]: record for record in jobs.wait(self._client, running, self._timeout)} if running else {}
        outcomes[:] = [dataclasses.replace(outcome, after=records[job_id]) for job_id, outcome in zip(self._ids, outcomes, strict=True)]
        if self._params["fail_on_failure"]:
            jobs.require_success(self._client, list(records.values()), self._params["fail_on_partial"])
        return outcomes

    def _settled(self, outcomes: list[Outcome]) -> list[Outcome]:
        """What became of the jobs. One that ended by itself before the request reached it was not changed."""
        records = wait_for_state(self._client, self._ids, self._state, self._timeout) if self._ids else []
        result = []
        for outcome, record in zip(outcomes, records, strict=True):
            missed = self._state != "resumed" and record["outcome"] in jobs.ENDED and record["status"].casefold() != "killed"
            if outcome.changed and missed:
                self._client.warn(f"Job {record['id']} ended as {record['status']} before it could be {self._state}.")
            result.append(dataclasses.replace(outcome, changed=outcome.changed and not missed, after=record))
        return result


def bind(client: Commvault, params: Record) -> Work:
    """What the task asks for."""
    return JobControl(client, params)


def obeyed(state: str, record: Record, asked: bool = False) -> bool:
    """Whether a job needs nothing more to be in a state; one that has ended never does. asked: or is on its way there."""
    if record["outcome"] in jobs.ENDED:
        return True
    if not record["status"]:
        return False  # it cannot be seen
    if state == "killed":
        return asked and str(record["status"]).casefold() == "kill pending"
    if state == "suspended":
        return record["outcome"] == "standing" or (asked and pausing(record))
    return record["outcome"] == "active" and not pausing(record)


def pausing(record: Record) -> bool:
    """Whether a job was told to stand still and does not do so yet."""
    return str(record["status"]).casefold() == "suspend pending"


def wait_for_state(client: Commvault, ids: list[int], state: str, timeout: float) -> list[Record]:
    """Wait until the jobs are really in a state, by reading only. The server does what it is told some time after it says so."""

    def done(records: list[Record]) -> bool:
        return all(obeyed(state, record) for record in records)

    try:
        return client.poll(lambda: jobs.current(client, ids), done, timeout)
    except WaitTimeout as error:
        still = [record for record in error.last if not obeyed(state, record)]
        left = ", ".join(f"job {record['id']} is {record['status'] or 'known no more'}" for record in still)
        raise WaitTimeout(
            f"Told to be {state}: {left}. {error} The request stands; look at it in Commvault, or wait longer with wait_timeout.",
            last=error.last,
            jobs=error.last,
        ) from None


def _read(client: Commvault, ids: list[int]) -> dict[int, Record]:
    """The jobs by number. One that stays unknown is an error; in check mode a warning."""
    records: dict[int, Record] = {}

    def unseen() -> list[int]:
        records.update(jobs.read_many(client, [job_id for job_id in ids if job_id not in records], 0))
        return [job_id for job_id in ids if job_id not in records]

    def require(left: list[int]) -> None:
        for job_id in left:
            client.missing("job", str(job_id), "Correct the number. Commvault forgets a job when its data has aged out.")

    try:
        require(unseen())
    except NotFound:
        # This is no check run, so that a job may have been started a moment ago.
        client.clock.sleep(1.0)
        try:
            client.poll(unseen, lambda left: not left, UNSEEN_SECONDS)
        except WaitTimeout as error:
            require(error.last)
    return records


def _diff(outcome: Outcome) -> Record:
    before, after = ({"status": (side or {}).get("status")} for side in (outcome.before, outcome.after))
    return {**outcome.labelled_diff(), "before": before, "after": after}
