# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Service requests: what may be asked for, what it would cost, what is still missing before it is done, and what it came to.

The journal tells which request of a tenant has begun to change things and has not ended. Each tenant has one, which is only added to.
"""

from __future__ import annotations

import datetime
import json
import re
import typing as t

from . import records
from .requests import TIME, moment
from .specification_edit import require_plain, same

Row = t.Mapping[str, t.Any]
Log = list[dict[str, t.Any]]
KIND = "service_request_journal"
PREFIX = "service_request_"
NUMBER = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
INPUTS: t.Mapping[str, t.Mapping[str, str]] = {
    "change_retention": {
        "number": NUMBER,
        "plan": r".+",
        "copy": r".*",
        "retention_days": r"[1-9][0-9]{0,3}|infinite",
        "confirm": r"[0-9]*",
        "approval": r".*",
    },
}
"""What each service takes, and how that looks. All of it is text."""
FINAL = ("Refused", "InputError", "NotFound")
"""Errors that asking again does not help with."""


def problems(service: str, given: Row, hosts: t.Sequence[str]) -> list[str]:
    """Why a request is refused before anything of it is used, each in a sentence. given: variables as they came, and no template run.

    hosts: the tenants of the play.
    """
    found = [] if len(hosts) == 1 else [f"A request is for one tenant, and the play has {len(hosts)}. Say which with --limit."]
    for name, form in INPUTS[service].items():
        value = given.get(PREFIX + name, "")
        try:
            if not isinstance(value, (str, int)) or isinstance(value, bool):
                raise ValueError("it is no text")  # noqa: TRY004
            require_plain(str(value))
            if not re.fullmatch(form, str(value)):
                raise ValueError(f"{str(value)[:60]!a} does not look like one")
        except ValueError as error:
            found.append(f"{PREFIX}{name} is refused, and nothing was done: {error}".rstrip(".") + ".")
    return found


def asked(service: str, given: Row) -> dict[str, str]:
    """What is asked for, as text."""
    return {"service": service, **{name: str(given.get(PREFIX + name, "")) for name in INPUTS[service]}}


def copies(plans: t.Iterable[Row], wanted: Row) -> list[str]:
    """The copies of the tenant's own plan that a request is about. Raises ValueError where the specification has no such plan or copy."""
    plan = next((row for row in plans if same(row["name"], wanted["plan"])), None)
    if plan is None:
        raise ValueError(f"The tenant's specification has no plan {wanted['plan']!a}. It has: {_names(plans)}.")
    chosen = [str(row["name"]) for row in plan["destinations"] if not wanted["copy"] or same(row["name"], wanted["copy"])]
    if not chosen:
        raise ValueError(f"The plan {plan['name']} has no copy {wanted['copy']!a}. It has: {_names(plan['destinations'])}.")
    return chosen


def _names(rows: t.Iterable[Row]) -> str:
    return ", ".join(str(row["name"]) for row in rows)


def cost(wanted: Row, plans: t.Iterable[Row], previews: t.Iterable[Row], begun: bool) -> dict[str, t.Any]:
    """What a change of retention takes away, and what is missing before it may be made.

    previews: what commvault_retention told of each copy in check mode, in the order of copies(). begun: whether it was confirmed before.
    """
    lost = [{"copy": name, **row["aging_out"]} for name, row in zip(copies(plans, wanted), previews, strict=True)]
    unknown = any(row["jobs"] is None for row in lost)
    jobs = sum(row["jobs"] or 0 for row in lost)
    shorter = unknown or jobs > 0 or begun or _is_shorter(wanted, plans)
    told = "; ".join(f"{row['copy']}: {row['jobs']} jobs, {row['bytes']} bytes" for row in lost)
    missing = ""
    if unknown:
        missing = "Commvault does not tell which backups would age out, so that nobody can confirm it. Nothing was changed."
    elif shorter and not begun and wanted["confirm"] != str(jobs):
        missing = (
            f"Backups would be kept for a shorter time, and at the next data aging {jobs} jobs would be lost ({told}). "
            f"If that is meant, confirm it with {PREFIX}confirm={jobs}."
        )
    return {"lost": lost, "jobs": jobs, "shorter": shorter, "missing": missing, "told": told}


def _is_shorter(wanted: Row, plans: t.Iterable[Row]) -> bool:
    plan = next(row for row in plans if same(row["name"], wanted["plan"]))
    chosen = copies(plans, wanted)
    kept = [row.get("retention_days") for row in plan["destinations"] if str(row["name"]) in chosen]
    return any(_length(days) > _length(wanted["retention_days"]) for days in kept if days is not None)


def _length(days: t.Any) -> float:
    return float("inf") if str(days) in ("infinite", "-1") else float(days)


def title(wanted: Row) -> str:
    """A request in a line."""
    of = f"{wanted['plan']}, {wanted['copy']}" if wanted["copy"] else f"{wanted['plan']}"
    kept = "for ever" if wanted["retention_days"] == "infinite" else f"for {wanted['retention_days']} days"
    return f"Keep backups of {of} {kept}"


def failure(error: Row, waiting: bool) -> dict[str, str]:
    """What an error makes of a request. error: a failed result. waiting: whether only something from the tenant is missing."""
    text = str(error.get("msg") or "It failed.")
    if waiting:
        return {"status": "waiting", "ticket": "pending", "note": text, "internal": "", "text": text}
    final = (error.get("error") or {}).get("kind") in FINAL
    note = "Your request cannot be done as it is." if final else "Your request could not be finished yet. We look into it."
    return {"status": "refused" if final else "failed", "ticket": "pending", "note": note, "internal": text, "text": text}


# The journal


def parsed(path: str, text: str) -> Log:
    """A journal. Raises ValueError for anything else."""
    log = records.lines(path, text, KIND)
    if any(entry.get("state") not in ("begun", "ended") or not {"request", "asked", "time", "holder"} <= entry.keys() for entry in log):
        raise ValueError(f"{path} holds something else than which requests have begun and ended.")
    for entry in log:
        moment(entry["time"])
    return log


def written(log: Log) -> str:
    """The text of a journal."""
    return "".join(json.dumps(entry, sort_keys=True) + "\n" for entry in log)


def unfinished(log: Log) -> dict[str, t.Any] | None:
    """The last entry of a request that has begun and not ended."""
    return log[-1] if log and log[-1]["state"] == "begun" else None


def journalled(log: Log | None, state: str, asking: Row, holder: str, alive: t.Callable[[str], bool | None], now: datetime.datetime) -> Log:
    """The journal as it has to be. holder: the run that writes. alive: whether a run goes on; None where nobody can know.

    Raises ValueError where another request, or another run of this one, is in between.
    """
    last = unfinished(log or [])
    number = asking["number"]
    entry = {
        "kind": KIND,
        "state": state,
        "request": number,
        "asked": dict(asking),
        "time": now.strftime(TIME),
        "holder": holder,
    }
    if last is None:
        return [*(log or []), entry] if state == "begun" else log or []
    if last["holder"] != holder and alive(last["holder"]) is not False:
        raise ValueError(
            f"The request {last['request']} has been carried out since {last['time']} by another run, {last['holder']}. "
            f"Ask again when it has ended."
        )
    if last["request"] != number:
        raise ValueError(f"The request {last['request']} was begun at {last['time']} and has not ended. Run it again first, which ends it.")
    return (log or []) if state == "begun" and last["holder"] == holder else [*(log or []), entry]
