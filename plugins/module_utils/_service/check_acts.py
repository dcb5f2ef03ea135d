# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What a day's record asks for: backups to start, jobs to wait for, tickets to write, and what it comes to. Pure."""

from __future__ import annotations

import typing as t

from .check_causes import UNREAD, Cause, named
from .check_day import ENDS, OPEN, Now, alias_of, to_start
from .check_problems import REGION, Given, Looked, Row


def retries(record: Given, now: Now) -> list[Row]:
    """The backups that are to be started, each with the options of M(calligo.baas.commvault_backup)."""
    looked = now.looked
    companies = {row["host"]: row["name"] for row in looked.document["tenants"]}
    found = []
    for row in record["problems"]:
        system = looked.systems.get(row["system"])
        if system and to_start(row, now):
            named_ = {"identity": row["identity"], "name": row["name"], "company": companies[row["tenant"]]}
            found.append({**named_, **_targets(system), "level": _level(system)})
    return found


def _targets(system: Given) -> Row:
    none: Row = {"vm_uuids": [], "subclients": [], "sql_subclients": []}
    part = str(system["name"]).rpartition(", ")[2]
    if system["kind"] == "vm":
        return {**none, "vm_uuids": [str(system["id"]).rpartition("/")[2]]}
    if system["kind"] == "file":
        return {**none, "subclients": [{"client": system["client"], "name": part}]}
    return {**none, "sql_subclients": [{"client": system["client"], "instance": system["group"], "name": part}]}


def _level(system: Given) -> str:
    """The level of the backup that did not succeed. SQL Server knows no incremental one, and starts with a full one."""
    last = str(system["last_level"] or "").casefold()
    if system["kind"] != "database":
        return "incremental"
    if "log" in last:
        return "transaction_log"
    return "differential" if "diff" in last else "full"


def to_wait_for(record: Given, looked: Looked) -> list[int]:
    """The jobs whose end decides about problems: those of attempts, and what runs of the systems anyway."""
    found: set[int] = set()
    for row in record["problems"]:
        system = looked.systems.get(row["system"])
        if row["end"] in ("resolved", "accepted") or system is None:
            continue
        found |= {job for one in row["attempts"] if not one["outcome"] for job in one["jobs"]}
        if row["end"] == OPEN:
            found |= {int(job["id"]) for job in system["jobs"] if job["outcome"] == "active"}
    return sorted(found)


def tickets(record: Given, now: Now, reopen_days: int) -> list[Row]:
    """What is to become of tickets, as options of M(calligo.baas.itsm_ticket); of one ticket once, whatever it is about."""
    waits = set(to_wait_for(record, now.looked)) if now.may_retry else set()
    desk = {one["identity"]: one for one in now.desk or ()}
    wanted: dict[str, list[Row]] = {}
    over: dict[str, Row] = {}
    for row in record["problems"]:
        waiting = now.may_retry and (to_start(row, now) or _runs(row, now.looked, waits))
        if waiting or not now.looked.in_scope(alias_of(row, now)):
            continue
        if row["end"] in (OPEN, "escalated"):
            wanted.setdefault(row["ticket_identity"], []).append(row)
        elif row["ticket_identity"] in desk or _is_open(row["ticket"]):
            over[row["ticket_identity"]] = row
    common = {"time": now.time, "reopen_days": reopen_days}
    found = [{**_opened(rows, record, now.looked, desk.get(name)), **common} for name, rows in wanted.items()]
    found += [{**_closed(row, record["day"]), **common} for name, row in over.items() if name not in wanted]
    return sorted(found, key=lambda one: str(one["identity"]))


def _is_open(ticket: Given | None) -> bool:
    return bool(ticket and ticket["number"] and (ticket["error"] or ticket["state"] not in ("resolved", "closed")))


def _runs(row: Given, looked: Looked, waits: t.Collection[int]) -> bool:
    jobs = {job for one in row["attempts"] if not one["outcome"] for job in one["jobs"]}
    system = looked.systems.get(row["system"])
    if system:
        jobs |= {int(job["id"]) for job in system["jobs"] if job["outcome"] == "active"}
    return row["end"] == OPEN and bool(jobs & set(waits))


def _opened(rows: t.Sequence[Row], record: Given, looked: Looked, held: Given | None) -> Row:
    row = next((one for one in rows if one["kind"] == REGION), rows[0])
    cause = named(row["cause"], looked.causes) if row["cause"] in {one.name for one in looked.causes} else None
    title = f"{row['name']}: {cause.words}" if cause else row["name"]
    fields: Row = {"title": title, "team": row["team"] or None, "priority": row["priority"], "description": _description(row, cause)}
    if held:
        # What people have changed in a ticket that is open stays.
        fields = {"title": str(held["title"]), "team": None, "priority": None, "description": None}
    named_ = {"identity": row["ticket_identity"], "tenant": row["ticket_tenant"], "state": "present"}
    note, internal = f"{record['day']}: It is not known to be well again.", ""
    if cause and row["identity"] in looked.problems:
        note, internal = _note(row, record["day"], cause.words), _internal(row, rows, record["day"], looked)
    return {**named_, **fields, "note": note, "internal_note": internal}


def _description(row: Given, cause: Cause | None) -> str:
    lines = [cause.words if cause else "", cause.advice if cause else "", f"System: {row['system']}"]
    return "\n".join(f"{line}." if number == 0 and line else line for number, line in enumerate(lines) if line)


def _note(row: Given, day: str, words: str) -> str:
    """What is said of a day to the tenant, in our own words: those of the platform may name what is not the tenant's."""
    lines = [f"{day}: {words}."]
    if row["kind"] != REGION:
        lines.append(f"Last good backup: {row['last_good'] or 'none is known'}.")
    lines += [f"Failed {row['strikes']} times in a row."] if row["strikes"] > 1 else []
    lines += [_attempt_words(one) for one in row["attempts"]]
    return " ".join([*lines, *_changes(row)])


def _internal(row: Given, rows: t.Sequence[Given], day: str, looked: Looked) -> str:
    """The same for the provider, in the words of the platform, unless they name another tenant: the ticket is this one's."""

    def said(reason: str) -> str:
        foreign = row["tenant"] and looked.names_another(reason, str(row["tenant"]))
        return "The reason names another tenant: look at the job, or at the record of the check." if foreign else reason

    lines = [f"{day}: job {row['job']} is {row['status']}."] if row["job"] else []
    lines += [f"{day}: {said(row['reason'])}"] if row["reason"] else []
    lines += [f"Code {row['code']}."] if row["code"] else []
    lines += [f"Retry {one['number']}: {said(one['reason'])}" for one in row["attempts"] if one["reason"]]
    if row["cause"] == UNREAD:
        lines.append(f"{day}: {sum(one['kind'] != REGION for one in rows)} systems are not known to be protected.")
    return "\n".join(lines)


def _attempt_words(attempt: Given) -> str:
    job = f"job {attempt['jobs'][-1]}" if attempt["jobs"] else "no job"
    ends = {"success": "succeeded", "partial": "had errors", "failed": "failed", None: "has not ended yet"}
    return f"Retry {attempt['number']}, {job}, {ends[attempt['outcome']]}."


def _changes(row: Given) -> list[str]:
    before = row["before"]
    if not before:
        return []
    told = [f"{name} is {row[name]} and was {before[name]}" for name in ("state", "strikes") if row[name] != before[name]]
    told += ["the reason is another one"] if row["reason"] != before["reason"] else []
    return [f"Since the last day: {', '.join(told)}." if told else "Nothing has changed since the last day."]


CLOSED = {
    "retry": "A retry succeeded.",
    "itself": "It is well again.",
    "removal": "The specification names it no more.",
    "specification": "The specification accepts it until {until}: {reason}",
}


def _closed(row: Given, day: str) -> Row:
    accepted = row["accepted"] or {"until": "", "reason": ""}
    why = CLOSED[str(row["by"])].replace("{until}", str(accepted["until"])).replace("{reason}", str(accepted["reason"]))
    named_ = {"identity": row["ticket_identity"], "tenant": row["ticket_tenant"], "state": "resolved"}
    return {**named_, **dict.fromkeys(("title", "team", "priority", "description")), "note": f"{day}: {why}", "internal_note": ""}


def told(record: Given, now: Now, reopen_days: int) -> Row:
    """A record as a result tells it: what it comes to, and what it asks for."""
    wanted = {"retries": retries(record, now), "jobs": to_wait_for(record, now.looked), "tickets": tickets(record, now, reopen_days)}
    return {**summary(record), **wanted}


def summary(record: Given) -> Row:
    """How many problems there are of each end, those that have none, and a line for each."""
    problems = record["problems"]
    open_ = [_line(row) for row in problems if row["end"] == OPEN or (row["ticket"] and row["ticket"]["error"])]
    return {
        "day": record["day"],
        "complete": record["complete"],
        "unread": record["unread"],
        "problems": len(problems),
        **{end: sum(row["end"] == end for row in problems) for end in (*ENDS, OPEN)},
        "retried": sum(len(row["attempts"]) for row in problems),
        "unsettled": open_,
        "lines": [_line(row) for row in problems],
    }


def _line(row: Given) -> str:
    ticket = row["ticket"] or {"number": None, "error": None}
    parts = [f"{row['tenant'] or row['ticket_tenant'] or 'provider'}: {row['name']}: {row['state']} ({row['cause']}): {row['end']}"]
    parts += [f"by {row['by']}"] if row["end"] == "resolved" else []
    parts += [f"until {row['accepted']['until']}"] if row["end"] == "accepted" and row["accepted"] else []
    parts += [f"ticket {ticket['number']}"] if ticket["number"] else []
    parts += [_attempt_words(one).rstrip(".") for one in row["attempts"]]
    parts += [str(ticket["error"])] if ticket["error"] else []
    return ", ".join(parts)


def of_loop(results: t.Iterable[Given], answer: str) -> list[tuple[Given, Given, str | None]]:
    """What a loop of tasks came to: for each its item, the result, and the error of one that has not given its answer."""
    done = [one for one in results if not one.get("skipped")]
    return [(one[one["ansible_loop_var"]], one, None if _answered(one, answer) else str(one.get("msg") or "It failed.")) for one in done]


def _answered(result_: Given, answer: str) -> bool:
    return answer in result_ and not result_.get("failed") and not result_.get("error")


def started(results: t.Iterable[Given]) -> list[Row]:
    """What became of backups, from results of M(calligo.baas.commvault_backup): identity, jobs, action and error."""
    found = []
    for item, answer, error in of_loop(results, "started"):
        targets = answer.get("targets") or []
        jobs = [int(job) for target in targets for job in target["jobs"]]
        found.append({"identity": item["identity"], "jobs": jobs, "action": targets[0]["action"] if targets else None, "error": error})
    return found


def kept(results: t.Iterable[Given]) -> list[Row]:
    """What became of tickets, from results of M(calligo.baas.itsm_ticket): identity, number, state and error."""
    found = []
    for item, answer, error in of_loop(results, "ticket"):
        ticket = answer.get("ticket") or {}
        found.append({"identity": item["identity"], "number": ticket.get("number"), "state": ticket.get("state"), "error": error})
    return found
