# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""A day's record of a region's backup check: every problem, what was tried, and how it ended. Pure.

A problem ends as resolved (well again), escalated (a ticket holds how it is), or accepted (an exception in the specification, with an
end). Until one of these is known to be so it is open, and no day is done with one that is open.

An attempt is written down before its backup is started: a run that is killed in between leaves one that no job is known of, which the next
run takes over, unless the platform shows a newer job of the system, or the run that wrote it may go on. So there are never more attempts
than the table allows.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import typing as t
import zoneinfo

from .check_causes import PRIORITIES, UNREAD, named
from .check_problems import ENDED, REGION, Given, Looked, Row, begins, identity

FORMAT = "calligo.baas/backup_check/1"
TIME = "%Y-%m-%dT%H:%M:%SZ"
ENDS = ("resolved", "escalated", "accepted")
LEFT = datetime.timedelta(minutes=10)
"""After which a retry is left that a run on another host has written down and not started."""
OPEN = "open"
_KEPT = ("identity", "ticket_identity", "ticket_tenant", "tenant", "system", "kind", "name", "state", "cause", "team", "priority")
_FACTS = ("status", "job", "code", "reason", "strikes", "last_good", "accepted")


@dataclasses.dataclass(frozen=True)
class Now:
    """What a run knows. desk: tickets that are open, None where they could not be listed.

    may_retry: whether backups may be started now, at most most of them. started, written: what became of retries and tickets, as results.
    me: which run this is. lives: whether another one, by what was its me, goes on; None where nobody can tell.
    """

    looked: Looked
    desk: t.Sequence[Given] | None = None
    may_retry: bool = False
    most: int = 0
    started: t.Sequence[Given] = ()
    written: t.Sequence[Given] = ()
    me: Given = dataclasses.field(default_factory=dict)
    lives: t.Callable[[Given], t.Optional[bool]] = lambda run: False  # noqa: UP045 - pylint takes no | outside of annotations

    @property
    def time(self) -> str:
        """By the clock of the platform, which is that of its jobs."""
        return str(self.looked.document["period"]["to"])


def parsed(name: str, text: str) -> Row:
    """The record of the day that a file is called by. Raises ValueError for anything else."""
    found, day = json.loads(text), name.removesuffix(".json")
    if not isinstance(found, dict) or (found.get("format"), found.get("day")) != (FORMAT, day):
        raise ValueError(f"it is not of the format {FORMAT} and the day {day}")
    return found


def written(record: Given) -> str:
    """The text of a record."""
    return json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def settled(now: Now, day: str, before: Row | None, earlier: Given | None) -> Row:
    """The record as it is now; the one that there was, itself, where nothing has changed.

    before: that of the day, None for none yet. earlier: that of the last day before.
    """
    known = {row["identity"]: row for row in (before or {"problems": []})["problems"]}
    carried = {row["identity"]: _carried(row) for row in (earlier or {"problems": []})["problems"] if row["end"] in ("escalated", OPEN)}
    rows = {**carried, **known}
    for row in _adopted(now, rows):
        rows[row["identity"]] = row
    for row in _fresh(now.looked, rows, known):
        rows[row["identity"]] = row
    told = [_told(_followed(row, now), now) for row in _without_renamed(rows, now.looked)]
    problems = sorted(_claimed(told, now, day), key=lambda row: str(row["identity"]))
    record = {
        "format": FORMAT,
        "region": now.looked.region,
        "day": day,
        "time_zone": now.looked.document["period"]["time_zone"],
        "complete": now.looked.complete,
        "unread": [str(problem["text"]) for problem in now.looked.document["problems"]],
        "problems": problems,
    }
    if before and record == {key: value for key, value in before.items() if key != "recorded_at"}:
        return before
    return {**record, "recorded_at": now.time}


def _carried(row: Given) -> Row:
    """A problem of an earlier day, that today has not ended yet."""
    return {**row, "end": OPEN, "attempts": [], "before": {key: row[key] for key in ("state", "strikes", "reason")}}


def _adopted(now: Now, rows: Given) -> t.Iterator[Row]:
    """Problems that only their tickets tell of, since the record of them was lost."""
    held = {row["ticket_identity"] for row in rows.values()}
    fresh = {row["ticket_identity"] for row in now.looked.problems.values()}
    for ticket in now.desk or ():
        name, alias = str(ticket["identity"]), str(ticket["tenant"] or "")
        if name in held or name in fresh or not now.looked.in_scope(alias):
            continue
        cause, system = _of_identity(now.looked, name)
        facts = {**dict.fromkeys(_FACTS), "reason": "", "code": "", "strikes": 0}
        kind = REGION if cause == UNREAD else ""
        place = {"tenant": None, "system": system, "kind": kind, "name": str(ticket["title"]), "state": "unknown", "cause": cause}
        base = {"identity": name, "ticket_identity": name, "ticket_tenant": alias, "team": "", "priority": PRIORITIES[-1]}
        yield _new({**base, **place, **facts}, str(ticket["opened"]))


def _of_identity(looked: Looked, name: str) -> tuple[str, str]:
    """The cause and the system of a ticket. A system that the document does not know is called as the ticket calls it."""
    cause, _blank, told = name.removeprefix(begins(looked.region)).partition(" ")
    known = (system for system in looked.systems if identity(looked.region, cause, system) == name)
    return cause, next(known, told)


def _new(fresh: Given, found_at: str) -> Row:
    """A problem that nobody knew of."""
    kept = {key: fresh[key] for key in (*_KEPT, *_FACTS)}
    times = {"found_at": found_at, "acted_at": None, "solved_at": None}
    return {**kept, **times, "end": OPEN, "by": None, "attempts": [], "ticket": None, "before": None}


def _fresh(looked: Looked, rows: Given, today: Given) -> t.Iterator[Row]:
    """What the document tells now, with what is kept of it."""
    seen_today = {row["system"] for row in today.values()}
    found_at = str(looked.document["period"]["to"])
    for name, fresh in looked.problems.items():
        known = rows.get(name)
        if fresh["solved_at"] and (known or fresh["system"] in seen_today):
            continue
        row = known or _new(fresh, found_at)
        facts = {key: fresh[key] for key in (*_KEPT, *_FACTS)}
        ended: Row = {}
        if fresh["solved_at"]:
            ended = {"end": "resolved", "by": "itself", "solved_at": fresh["solved_at"]}
        elif row["end"] == "resolved" or (row["end"] == "accepted" and not fresh["accepted"]):
            ended = {"end": OPEN, "by": None, "solved_at": None}
        yield {**row, **facts, **ended}


def _without_renamed(rows: t.Mapping[str, Row], looked: Looked) -> t.Iterator[Row]:
    """All problems, but for those of which Commvault says another cause now and of which there is no ticket.

    What is known of such a one goes to the other: one system has one problem, unless tickets are about more.
    """
    gone: dict[str, list[Row]] = {}
    for row in rows.values():
        if row["identity"] not in looked.problems and row["end"] == OPEN and not row["ticket"] and row["system"] in looked.troubled:
            gone.setdefault(row["system"], []).append(row)
    dropped = {row["identity"] for found in gone.values() for row in found}
    for name, row in rows.items():
        if name in looked.problems and row["system"] in gone:
            yield _heir(row, gone[row["system"]])
        elif name not in dropped:
            yield row


def _heir(row: Row, others: t.Sequence[Row]) -> Row:
    """A problem with what is known of others that were the same trouble."""
    attempts = [*(attempt for one in others for attempt in one["attempts"]), *row["attempts"]]
    acted_at = min((one["acted_at"] for one in (row, *others) if one["acted_at"]), default=None)
    return {**row, "attempts": attempts, "found_at": min(one["found_at"] for one in (row, *others)), "acted_at": acted_at}


# Attempts


def _followed(row: Row, now: Now) -> Row:
    """A problem with what became of its attempts."""
    started = {str(one["identity"]): one for one in now.started}
    attempts = [_attempt(one, row, now, started.get(row["identity"])) if not one["outcome"] else one for one in row["attempts"]]
    return {**row, "attempts": attempts}


def _attempt(attempt: Given, row: Given, now: Now, result: Given | None) -> Row:
    """One that had not ended. Jobs of the system that began since are taken for its own: whoever started them, they are the retry."""
    answer = result or {"jobs": [], "error": None, "action": None}
    told = {**attempt, "jobs": sorted({*attempt["jobs"], *answer["jobs"]})}
    told["state"] = answer["action"] or attempt["state"]
    system = now.looked.systems.get(row["system"]) or {"jobs": []}
    jobs = [job for job in system["jobs"] if not job["synthetic"] and _is_of(job, told)]
    ended = _last_ended(jobs)
    if jobs:
        seen = ended or jobs[0]
        told |= {"state": told["state"].replace("claimed", "started"), "jobs": sorted({*told["jobs"], seen["id"]})}
    if ended:
        return {**told, "outcome": ended["outcome"], "ended_at": ended["end"], "reason": ended["reason"]}
    if answer["error"] and not told["jobs"]:
        return {**told, "state": "refused", "outcome": "failed", "ended_at": now.time, "reason": str(answer["error"])}
    return {**told, "run": now.me} if now.may_retry and _is_left(told, now) else told


def _last_ended(jobs: t.Iterable[Given]) -> Given | None:
    return max((job for job in jobs if job["outcome"] in ENDED), key=lambda job: str(job["end"]), default=None)


def _is_left(attempt: Given, now: Now) -> bool:
    """Whether the run that wrote an attempt down will not start it any more."""
    known = now.lives(attempt["run"]) if attempt["run"] != now.me else True
    return not known if known is not None else _moment(now.time) - _moment(str(attempt["at"])) > LEFT


def _is_of(job: Given, attempt: Given) -> bool:
    """Whether a job is an attempt's. Numbers of jobs only rise, which no clock is needed for."""
    return job["id"] in attempt["jobs"] or int(job["id"]) > int(attempt["after"])


def _newest(row: Given, now: Now) -> int:
    """The highest number of a job of the system that is known."""
    system = now.looked.systems[row["system"]]
    return max([0, int(system["last_job"] or 0), *(int(job["id"]) for job in system["jobs"])])


def _claimed(rows: t.Sequence[Row], now: Now, day: str) -> t.Iterator[Row]:
    """All problems, those that are to be retried now with an attempt more, the most urgent first where not all may be."""
    chosen: set[str] = set()
    if now.may_retry:
        spent: dict[str, list[Given]] = {}
        for row in rows:
            spent.setdefault(row["system"], []).extend(row["attempts"])
        allowed = [row for row in rows if _may_retry(row, spent[row["system"]], now, day)]
        allowed.sort(key=lambda row: (PRIORITIES.index(row["priority"]), -row["strikes"], row["identity"]))
        # What an earlier run has written down already is among them, and comes first.
        taken_over = sum(bool(to_start(row, now)) for row in rows)
        chosen = {row["identity"] for row in allowed[: max(0, now.most - taken_over)]}
    for row in rows:
        if row["identity"] in chosen:
            attempt = {"number": len(row["attempts"]) + 1, "at": now.time, "after": _newest(row, now), "state": "claimed", "run": now.me}
            claim = {**attempt, "jobs": [], "outcome": None, "ended_at": None, "reason": ""}
            yield {**row, "end": OPEN, "acted_at": row["acted_at"] or now.time, "attempts": [*row["attempts"], claim]}
        else:
            yield row


def _may_retry(row: Given, attempts: t.Sequence[Given], now: Now, day: str) -> bool:
    system = now.looked.systems.get(row["system"])
    if system is None or row["end"] not in (OPEN, "escalated") or row["identity"] not in now.looked.problems:
        return False
    retry = named(row["cause"], now.looked.causes).retry
    if system["running"] or any(not one["outcome"] for one in attempts) or len(attempts) >= retry.attempts:
        return False
    moment = _moment(now.time)
    last = max((str(one["ended_at"] or one["at"]) for one in attempts), default="")
    if last and moment - _moment(last) < datetime.timedelta(minutes=retry.pause_minutes):
        return False
    local = moment.astimezone(zoneinfo.ZoneInfo(now.looked.document["period"]["time_zone"]))
    return local.date().isoformat() == day and retry.open_at(local.hour * 60 + local.minute)


def _moment(text: str) -> datetime.datetime:
    return datetime.datetime.strptime(text, TIME).replace(tzinfo=datetime.UTC)


def to_start(row: Given, now: Now) -> bool:
    """Whether this run has to start the backup of a problem's last attempt."""
    last = row["attempts"][-1] if row["attempts"] else None
    claimed = last and not last["outcome"] and last["state"] == "claimed" and not last["jobs"]
    return bool(claimed and row["end"] == OPEN and last and last["run"] == now.me)


# Ends


def _told(row: Row, now: Now) -> Row:
    """A problem with what is known of its end and its ticket."""
    row = _with_ticket(row, now)
    if not now.looked.in_scope(alias_of(row, now)):
        # Nobody has looked at it today.
        return row
    if row["accepted"]:
        return {**row, "end": "accepted", "by": "specification", "solved_at": row["solved_at"] or now.time}
    if row["end"] != "resolved" and now.looked.well(row):
        return {**row, "end": "resolved", "by": _solver(row, now), "solved_at": _solved_at(row, now)}
    return row


def alias_of(row: Given, now: Now) -> str:
    """The short name of the tenant that a problem is of; empty for the provider's own."""
    return now.looked.aliases.get(str(row["tenant"]), str(row["ticket_tenant"])) if row["tenant"] else str(row["ticket_tenant"])


def _solver(row: Given, now: Now) -> str:
    if row["system"] not in now.looked.systems and row["kind"] != REGION:
        return "removal"
    return "retry" if any(one["outcome"] == "success" for one in row["attempts"]) else "itself"


def _solved_at(row: Given, now: Now) -> str:
    """When it was well again: the end of the good backup, if that was after the problem was found."""
    good = (now.looked.systems.get(row["system"]) or {"last_good": None})["last_good"]
    return str(good) if good and str(good) > str(row["found_at"]) else now.time


def _with_ticket(row: Row, now: Now) -> Row:
    result = next((one for one in now.written if one["identity"] == row["ticket_identity"]), None)
    if result is None:
        held = next((one for one in now.desk or () if one["identity"] == row["ticket_identity"]), None)
        return {**row, "ticket": _ticket(held)} if held and not row["ticket"] else row
    if result["error"]:
        known = {**(row["ticket"] or {"number": None, "state": None}), "error": str(result["error"])}
        return {**row, "ticket": known, "end": OPEN if row["end"] == "escalated" else row["end"]}
    ticket = {**_ticket(result), "error": None}
    if row["end"] in (OPEN, "escalated") and ticket["state"] not in ("resolved", "closed", None):
        return {**row, "ticket": ticket, "end": "escalated", "by": "ticket", "acted_at": row["acted_at"] or now.time}
    return {**row, "ticket": ticket}


def _ticket(found: Given) -> Row:
    return {"number": found["number"], "state": found["state"], "error": None}
