# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Waiting for jobs, and suspending, resuming and killing them: always the ones that are named, never all that meet a filter."""

from __future__ import annotations

import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.errors import ApiError, NotFound, Refused, WaitTimeout
from ..._core.reconcile import Outcome, Record, Resource, plan
from ..._core.wait import poll
from ..backups import jobs
from ..wire import writes as effects

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

UNSEEN_SECONDS = 15
"""How long a job id may be unknown before it is an error: one that was started a moment ago cannot be seen at once."""
ACTIONS = {"suspended": "pause", "resumed": "resume", "killed": "kill"}
"""The last part of POST /Job/{id}/action/… (cvpysdk job.py)."""
SHOWN = {"suspended": "Suspended", "resumed": "Waiting", "killed": "Killed"}
"""What a job is called once the server has done as it was told; a job that goes on may be at any phase."""
TIMEOUTS = {"waited": 7200, "suspended": 600, "resumed": 600, "killed": 600}
ENDED = ("success", "partial", "failed")

OPTIONS = ArgumentSpec(
    {
        "job_ids": {"type": "list", "elements": "int", "required": True},
        "state": {"type": "str", "choices": ["waited", *ACTIONS], "default": "waited"},
        "wait_timeout": {"type": "int"},
        "fail_on_failure": {"type": "bool", "default": True},
        "fail_on_partial": {"type": "bool", "default": False},
    },
)


class Controlled(Resource):
    """One job, to be brought to a state. Only update() writes, and it does not wait: the jobs of a call are waited for together."""

    def __init__(self, client: Commvault, job_id: int, record: Record | None, state: str) -> None:
        self._client = client
        self._job_id = job_id
        self._record = record
        self._state = state
        self.comparers = {"status": self._obeyed}

    def find(self) -> Record | None:
        return dict(self._record) if self._record else None

    def desired(self) -> Record:
        return {"status": SHOWN[self._state]}

    def guard_update(self, current: Record, changed: Record) -> None:  # noqa: ARG002
        if current["parent"] and self._state != "resumed":
            raise Refused(
                f"Job {self._job_id} is the part of job {current['parent']} for one VM: it is {self._state} with all of it. "
                f"If that is meant, give {current['parent']}.",
                object=self._job_id,
            )

    def update(self, current: Record, changed: Record) -> Record:
        if self._state == "resumed" and pausing(current):
            # The server refuses to resume a job that is not suspended yet.
            settle(self._client, [self._job_id], "suspended", TIMEOUTS["suspended"])
        try:
            effects.create_once(lambda: self._client.post(f"/Job/{self._job_id}/action/{ACTIONS[self._state]}", {}), self._changed)
        except ApiError:
            # It may have ended by itself since it was read, which is no error.
            if not (self._now()["outcome"] in ENDED or self._changed()):
                raise
        return {**current, **changed}

    def create(self, desired: Record) -> Record:  # noqa: ARG002 - a job is only ever found
        raise NotFound(f"Commvault does not know job {self._job_id}.")

    def _obeyed(self, _want: str, have: str) -> bool:
        return obeyed(self._state, {"status": have, "outcome": jobs.outcome(have)}, asked=True)

    def _now(self) -> Record:
        return jobs.current(self._client, [self._job_id])[0]

    def _changed(self) -> Record | None:
        now = self._now()
        return now if obeyed(self._state, now, asked=True) else None


def run(client: Commvault, params: Record) -> Record:
    """Wait for the jobs of a task, or bring them to a state. All are read before the first is touched."""
    ids: list[int] = list(dict.fromkeys(params["job_ids"]))
    state, timeout = params["state"], params["wait_timeout"] or TIMEOUTS[params["state"]]
    known = _read(client, ids)
    if state == "waited":
        return {"changed": False, "jobs": _waited(client, ids, known, params, timeout)}
    steps = {job_id: plan(Controlled(client, job_id, known.get(job_id), state), "present") for job_id in ids}
    outcomes = {job_id: step.predict() if client.check_mode else step.take() for job_id, step in steps.items()}
    if not client.check_mode:
        outcomes = _settled(client, outcomes, state, timeout)
    return {
        "changed": any(outcome.changed for outcome in outcomes.values()),
        "jobs": [{"id": job_id, **(outcome.after or {}), "changed": outcome.changed} for job_id, outcome in outcomes.items()],
        "diff": [_diff(job_id, outcome) for job_id, outcome in outcomes.items() if outcome.changed],
    }


def obeyed(state: str, record: Record, asked: bool = False) -> bool:
    """Whether a job needs nothing more to be in a state; one that has ended never does. asked: or is on its way there."""
    if record["outcome"] in ENDED:
        return True
    if state == "killed":
        return asked and str(record["status"]).casefold() == "kill pending"
    if state == "suspended":
        return record["outcome"] == "standing" or (asked and pausing(record))
    return record["outcome"] == "active" and not pausing(record)


def pausing(record: Record) -> bool:
    """Whether a job was told to stand still and does not do so yet."""
    return str(record["status"]).casefold() == "suspend pending"


def settle(client: Commvault, ids: list[int], state: str, timeout: float) -> list[Record]:
    """Wait until the jobs are really in a state, by reading only. The server does what it is told some time after it says so."""

    def done(records: list[Record]) -> bool:
        return all(obeyed(state, record) for record in records)

    try:
        return poll(lambda: jobs.current(client, ids), done, timeout, client.clock)
    except WaitTimeout as error:
        left = ", ".join(f"job {record['id']} is {record['status']}" for record in error.last if not obeyed(state, record))
        raise WaitTimeout(
            f"Told to be {state}, but not so after {timeout:g} seconds: {left}. The request stands; look at it in Commvault, "
            "or wait longer with wait_timeout.",
            last=error.last,
            jobs=error.last,
        ) from None


def _settled(client: Commvault, outcomes: dict[int, Outcome], state: str, timeout: float) -> dict[int, Outcome]:
    """What became of the jobs. One that ended by itself before the request reached it was not changed."""
    after = dict(zip(outcomes, settle(client, list(outcomes), state, timeout) if outcomes else [], strict=True))
    result = {}
    for job_id, outcome in outcomes.items():
        missed = outcome.changed and after[job_id]["outcome"] in ENDED and after[job_id]["status"].casefold() != "killed"
        if missed and state != "resumed":
            client.warn(f"Job {job_id} ended as {after[job_id]['status']} before it could be {state}.")
        result[job_id] = Outcome(outcome.changed and (not missed or state == "resumed"), outcome.before, after[job_id])
    return result


def _waited(client: Commvault, ids: list[int], known: dict[int, Record], params: Record, timeout: float) -> list[Record]:
    """The records of the jobs after their end; in check mode as they are now, since an earlier task started nothing."""
    running = [job_id for job_id in ids if job_id in known and known[job_id]["outcome"] not in ENDED]
    if running and not client.check_mode:
        known |= {record["id"]: record for record in jobs.wait(client, running, timeout)}
    records = [known.get(job_id) or jobs.to_record({"jobId": job_id}) for job_id in ids]
    if params["fail_on_failure"] and not client.check_mode:
        jobs.require_success(client, records, params["fail_on_partial"])
    return [{**record, "changed": False} for record in records]


def _read(client: Commvault, ids: list[int]) -> dict[int, Record]:
    """The jobs by number. One that stays unknown is an error; in check mode a warning."""
    records: dict[int, Record] = {}

    def look() -> list[int]:
        left = [job_id for job_id in ids if job_id not in records]
        records.update(jobs.read_many(client, left, 0))
        return [job_id for job_id in left if job_id not in records]

    try:
        poll(look, lambda unseen: not unseen, 0 if client.check_mode else UNSEEN_SECONDS, client.clock)
    except WaitTimeout as error:
        for job_id in error.last:
            client.missing("job", str(job_id), "Correct the number. Commvault forgets a job when its data has aged out.")
    return records


def _diff(job_id: int, outcome: Outcome) -> Record:
    label = f"job {job_id}"
    before, after = ({"status": (side or {}).get("status")} for side in (outcome.before, outcome.after))
    return {"before": before, "after": after, "before_header": label, "after_header": label}
