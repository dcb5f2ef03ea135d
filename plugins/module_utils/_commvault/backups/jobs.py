# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import datetime
import time
import typing as t
import uuid

from ..._core.errors import ApiError, BaasError, ConnectionFailed, InputError, JobFailed, WaitTimeout
from ..wire import paging
from ..wire.errors import outcome_unknown, passing
from ..wire.replies import listed, number, part, text
from . import reasons as job_reasons

if t.TYPE_CHECKING:
    from ..._core.wait import Clock
    from ..wire.client import Commvault

Record = dict[str, t.Any]

SUCCESS = {"completed"}
PARTIAL = {"completed w/ one or more errors", "completed w/ one or more warnings", "committed"}
FAILURE = {"failed", "failed to start", "killed", "abnormal terminated", "no run"}
STANDING = {"suspended", "suspend"}
"""States that never end by themselves: somebody has to resume the job."""
ENDED = ("success", "partial", "failed")
"""The outcomes of jobs that go on no more."""
BACKUP, RESTORE, SYNTHETIC_FULL = 4, 5, 14
APPEAR_PAUSES = (0.5, 2.0, 4.0, 8.0)
"""Seconds between the looks for a job whose start was not confirmed."""
UNSEEN_SECONDS = 60
"""How long a job may be invisible, as one is that was just started (cvpysdk job.py retries for the same reason, far longer)."""
PROGRESS_SECONDS = 60.0
PROGRESS_JOBS = 5
"""How often the screen tells how far jobs are that are waited for, and how many of them it names."""
WAY_OUT = "No other job was started in its place: see to the reason, then start one again."


def outcome(status: str) -> str:
    """success, partial, failed, standing or active: what a status string means (job states of the vendor's reference, cvpysdk job.py)."""
    name = status.strip().casefold()
    for meaning, names in (("success", SUCCESS), ("partial", PARTIAL), ("failed", FAILURE), ("standing", STANDING)):
        if name in names:
            return meaning
    return "active"


def iso(seconds: t.Any) -> str | None:
    """ISO 8601 in UTC from epoch seconds; None where the server says 0, which means never."""
    value = int(seconds or 0)
    return datetime.datetime.fromtimestamp(value, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if value > 0 else None


def seconds(text: str | None) -> int:
    """Epoch seconds from ISO 8601; without a zone the time is UTC. 0 for nothing. Raises InputError for anything else."""
    if not text:
        return 0
    try:
        moment = datetime.datetime.fromisoformat(text.strip())
    except ValueError:
        raise InputError(f'"{text}" is not a time. Write it in ISO 8601, in UTC, as in 2026-11-24T03:00:00Z.') from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp())


def to_record(summary: Record) -> Record:
    """A jobSummary in the words of the modules. Sizes in bytes, times in UTC, end_time None while the job runs."""
    subclient, company, status = part(summary, "subclient"), part(summary, "company"), str(summary.get("status", ""))
    ended = number(summary, "jobEndTime") or (number(summary, "lastUpdateTime") if outcome(status) in ENDED else 0)
    return {
        "id": int(summary["jobId"]),
        "status": status,
        "outcome": outcome(status),
        "operation": text(summary, "localizedOperationName") or summary.get("jobType"),
        "type": summary.get("jobType"),
        "level": text(summary, "backupLevelName"),
        "percent": summary.get("percentComplete"),
        "reason": text(summary, "pendingReason") or "",
        "client": text(subclient, "clientName") or text(summary, "destClientName"),
        "client_id": subclient.get("clientId"),
        "subclient": text(subclient, "subclientName") or text(summary, "subclientName"),
        "subclient_id": subclient.get("subclientId"),
        "start_time": iso(summary.get("jobStartTime")),
        "end_time": iso(ended),
        "application_bytes": summary.get("sizeOfApplication"),
        "media_bytes": summary.get("sizeOfMediaOnDisk"),
        "objects": summary.get("totalNumOfFiles"),
        "failed_objects": number(summary, "totalFailedFiles") + number(summary, "totalFailedFolders"),
        "parent": number(summary, "vsaParentJobID") or None,
        "company": text(company, "companyName") or company.get("name"),
    }


def read(client: Commvault, job_id: int) -> Record | None:
    """One job, or None where the server does not know it (it answers 200 with a total of 0)."""
    reply = client.get(f"/Job/{job_id}", absent=(404,)) or {}
    rows = listed(reply.get("jobs"))
    return to_record(rows[0]["jobSummary"]) if rows else None


def read_many(client: Commvault, ids: t.Collection[int], since: float) -> dict[int, Record]:
    """Many jobs in one request; those that it leaves out are read one by one, side by side. since: seconds ago that the oldest began."""
    if len(ids) == 1:
        (only,) = ids
        found = read(client, only)
        return {only: found} if found else {}
    if not ids:
        return {}
    rows = paging.jobs(client, {"completedJobLookupTime": int(since) + 3600, "jobTypeList": [], "showAgedJobs": False}, category=0)
    wanted = set(ids)
    records: dict[int, Record] = {}
    for row in rows:
        if row["jobId"] in wanted:
            records[row["jobId"]] = to_record(row)
        if len(records) == len(wanted):
            break
    left = client.pool.read(lambda job_id: read(client, job_id), sorted(wanted - records.keys()))
    return records | {job_id: found for job_id in wanted - records.keys() if (found := left[job_id])}


def describe(client: Commvault, job_id: int) -> str | None:
    """What a job's request says of it for people (GET /Job/{id}/TaskDetails); None where the server does not show that."""
    reply = client.get(f"/Job/{job_id}/TaskDetails", absent=(404,)) or {}
    for task in listed(part(reply, "taskInfo").get("subTasks")):
        told = part(task, "options", "commonOpts").get("jobDescription")
        if told is not None:
            return str(told)
    return None


def current(client: Commvault, ids: t.Collection[int]) -> list[Record]:
    """The jobs as they are now, in the order of ids. One that was just started and cannot be seen yet has no status."""
    records = read_many(client, ids, 0)
    return [records.get(job_id) or to_record({"jobId": job_id}) for job_id in ids]


def wait(client: Commvault, ids: t.Collection[int], timeout: float, first: float = 1.0) -> list[Record]:
    """Wait until all jobs have ended, by reading only, and give their records in the order of ids.

    timeout: seconds. Nothing is killed or restarted: a job that is still pending at the end goes on without us. How far it is comes to the
    screen once in PROGRESS_SECONDS.
    Raises WaitTimeout (with the states and the server's reasons), and JobFailed where a job stands suspended, was never seen or is gone.
    """
    began = said = client.clock.monotonic()
    known: dict[int, Record] = {}
    last = dict.fromkeys(ids, began)

    def look() -> dict[int, Record]:
        nonlocal said
        now = client.clock.monotonic()
        seen = read_many(client, ids, now - began)
        known.update(seen)
        last.update(dict.fromkeys(seen, now))
        _check(seen, known, {job_id: now - moment for job_id, moment in last.items()})
        if now - said >= PROGRESS_SECONDS:
            client.say(_progress(seen, ids))
            said = now
        return seen

    def ended(records: dict[int, Record]) -> bool:
        return len(records) == len(ids) and all(record["outcome"] not in ("active", "standing") for record in records.values())

    try:
        records = client.poll(look, ended, timeout, first)
    except WaitTimeout as error:
        left = [record for record in known.values() if record["outcome"] not in ENDED]
        job_reasons.add_delays(client, left)
        seen = [_state_and_reason(record) for record in left] + [f"job {job_id} not at all" for job_id in ids if job_id not in known]
        raise WaitTimeout(
            f"{error} Last seen: {'; '.join(seen)}. The job was left alone; look at it in Commvault, or wait longer with wait_timeout.",
            last=error.last,
            jobs=list(known.values()),
        ) from None
    return [records[job_id] for job_id in ids]


def _progress(records: dict[int, Record], ids: t.Collection[int]) -> str:
    """How far jobs are, in a line."""
    running = [records[job_id] for job_id in ids if job_id in records and records[job_id]["outcome"] == "active"]
    shown = [
        f"{job['id']} ({job['client']}/{job['subclient']}, {job['status']}, {job['percent'] or 0} %)" for job in running[:PROGRESS_JOBS]
    ]
    more = [f"and {len(running) - PROGRESS_JOBS} more"] if len(running) > PROGRESS_JOBS else []
    ended = sum(record["outcome"] in ENDED for record in records.values())
    return f"{ended} of {len(ids)} jobs ended; running: {', '.join([*shown, *more]) or 'not seen yet'}"


def _check(records: dict[int, Record], known: dict[int, Record], unseen: dict[int, float]) -> None:
    """Raise JobFailed for jobs that will never end by themselves, or that the server has not told of for a minute.

    known: as they were seen last. unseen: for how many seconds each was not.
    """
    lost = [job_id for job_id, seconds_ago in unseen.items() if seconds_ago > UNSEEN_SECONDS]
    if lost:
        told = _states([known[job_id] for job_id in lost if job_id in known], "was")
        last = f"; when it was seen last, {told}" if told else ""
        raise JobFailed(
            f"Commvault does not know job {_ids(lost)} that it said it had started{last}. What became of it is not known, and nothing was "
            "started in its place. Look at the job history before you try again.",
            jobs=[known.get(job_id, job_id) for job_id in lost],
        )
    standing = [record for record in records.values() if record["outcome"] == "standing"]
    if standing:
        raise JobFailed(
            f"{_states(standing)}: it goes on only when somebody resumes it in Commvault.", jobs=[record["id"] for record in standing]
        )


def require_success(client: Commvault, records: list[Record], fail_on_partial: bool) -> None:
    """Raise JobFailed for jobs that failed; a partial success is a warning, or a failure where the caller wants that."""
    bad = [record for record in records if record["outcome"] == "failed" or (fail_on_partial and record["outcome"] == "partial")]
    if bad:
        reasons = [f"{_states([record])}{_because(job_reasons.failure(client, record))}" for record in bad]
        raise JobFailed(f"{' '.join(reasons)} {WAY_OUT}", jobs=bad)
    for record in records:
        if record["outcome"] == "partial":
            client.warn(f"{_states([record])}{_because(job_reasons.failure(client, record))}")


def recent(
    client: Commvault, entity: Record, types: t.Sequence[int], category: int = 0, since: int = 3600, limit: int | None = None
) -> list[Record]:
    """Jobs of an entity, newest first. category: 0 all, 1 active, 2 finished. since: seconds back for finished ones."""
    job_filter = {"completedJobLookupTime": since, "jobTypeList": list(types), "showAgedJobs": False, "hideAdminJobs": False}
    if entity:
        job_filter["entity"] = entity
    return [to_record(row) for row in paging.jobs(client, job_filter, category, limit=limit)]


def start(
    send: t.Callable[[], Record], look: t.Callable[[], t.Iterable[int]], clock: Clock = time, known: t.Iterable[int] | None = None
) -> list[int]:
    """Start jobs once. send: the POST. look: ids of the jobs of that kind that exist; known: the same, if just read.

    If the connection breaks after the POST has left, it is not repeated: the new jobs are looked for, for some seconds.
    Raises ConnectionFailed (or the gateway's ApiError) where that leaves it open whether a job was started.
    """
    before = set(look() if known is None else known)
    try:
        reply = send()
    except (ConnectionFailed, ApiError) as error:
        if not outcome_unknown(error):
            raise
        new = _appeared(look, before, clock)
        if not new:
            doubt = "It is not known whether the job was started: none is to be seen."
            error.args = (f"{error} {doubt} Look at Commvault's job list before you try again.",)
            raise
        return new
    ids = [int(job_id) for job_id in listed(reply.get("jobIds"))]
    if not ids and reply.get("taskId"):
        # A request that the server queues has a task at once and a job a moment later.
        ids = _appeared(look, before, clock)
    if not ids:
        raise ApiError("Commvault accepted the request but named no job. Look at its job list before you try again.")
    return ids


def start_task(
    client: Commvault, body: Record, look: t.Callable[[], set[int]], known: set[int] | None = None, description: str = ""
) -> list[int]:
    """Like start(), with POST /CreateTask. A tag in the description of the task tells its job from others that begin at the same time.

    body: with taskInfo. look, known: see start(). description: for people, behind the tag. Where the server does not show a job's
    description, the doubt counts for it.
    """
    tag = f"calligo.baas {uuid.uuid4()}"
    text = f"{tag}: {description}" if description else tag
    info = body["taskInfo"]
    tagged = [
        {**one, "options": {**one["options"], "commonOpts": {**part(one, "options", "commonOpts"), "jobDescription": text}}}
        for one in info["subTasks"]
    ]
    before = look() if known is None else known

    def ours(job_id: int) -> bool:
        told = describe(client, job_id)
        return told is None or told.startswith(tag)

    def appeared() -> set[int]:
        return before | {job_id for job_id in look() - before if ours(job_id)}

    return start(lambda: client.post("/CreateTask", {"taskInfo": {**info, "subTasks": tagged}}), appeared, client.clock, before)


def _appeared(look: t.Callable[[], t.Iterable[int]], before: set[int], clock: Clock) -> list[int]:
    """Jobs that were not there before. A job can be seen only some seconds after its request."""
    for pause in APPEAR_PAUSES:
        clock.sleep(pause)
        try:
            new = sorted(job_id for job_id in look() if job_id not in before)
        except BaasError as error:
            if not passing(error):
                raise
            continue
        if new:
            return new
    return []


def _states(records: t.Iterable[Record], verb: str = "is") -> str:
    return ", ".join(
        f"job {record['id']} ({record['client'] or '?'} {record['subclient'] or ''}) {verb} {record['status']}".replace(" )", ")")
        for record in records
    )


def _state_and_reason(record: Record) -> str:
    return _states([record]) + (f" ({record['reason']})" if record["reason"] else "")


def _because(reason: str) -> str:
    return f": {reason.rstrip('.')}." if reason else ", and the server tells no reason: look at the job there."


def _ids(ids: t.Iterable[int]) -> str:
    return ", ".join(map(str, ids))
