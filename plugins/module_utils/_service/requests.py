# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Service requests: what of them a tenant is entitled to, until when each is due, and whether that was met.

A request is a log of its own to which entries are only added: that it was received, and how it ended. One that failed has not ended: it is
still to be done. Requests are counted by the week (ISO 8601) or the month in which they were received, on the clocks of the region.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import typing as t

from . import records
from .calendar import Calendar, due

KIND = "service_request"
ENDS = ("done", "refused")
TIME = "%Y-%m-%dT%H:%M:%SZ"
CATALOGUE: tuple[dict[str, t.Any], ...] = (
    {"services": ["add_system", "remove_system"], "hours": 24, "included": 1, "per": "week"},
    {"services": ["change_retention"], "hours": 24, "included": 1, "per": "month"},
    {"services": ["restore"], "hours": 8},
)
"""What the service description promises: within how many business hours, and how many of these are included; no number: as required."""

Log = list[dict[str, t.Any]]


@dataclasses.dataclass(frozen=True)
class Asked:
    """A request, and what is to be recorded of it. state: "received" or one of ENDS. approval: what allows it over what is included."""

    tenant: str
    request: str
    service: str
    state: str
    time: datetime.datetime
    approval: str = ""


def parsed(path: str, text: str) -> Log:
    """The log of a request. Raises ValueError for anything else."""
    log = records.lines(path, text, KIND)
    if (
        not log
        or [entry.get("state") for entry in log[:1]] != ["received"]
        or not {"tenant", "request", "service", "due", "time"} <= log[0].keys()
    ):
        raise ValueError(f"{path} does not begin with the receipt of a request.")
    if any(entry.get("state") not in ENDS or "time" not in entry for entry in log[1:]):
        raise ValueError(f"{path} holds something else than how a request ended.")
    for entry in log:
        for name in {"time", "due"} & entry.keys():
            moment(entry[name])
    return log


def written(log: Log) -> str:
    """The text of a log."""
    return "".join(json.dumps(entry, sort_keys=True) + "\n" for entry in log)


def recorded(asked: Asked, log: Log | None, others: t.Iterable[Log], within: Calendar, catalogue: t.Sequence[t.Mapping[str, t.Any]]) -> Log:
    """The log of a request as it has to be: the one that there is, itself, where nothing has to be added.

    log: None for a request that is new. others: those of all requests, this one among them or not. Raises ValueError where the request is
    another one than was received, was never received or has ended otherwise, is of no known service, or is over what is included.
    """
    if log is None:
        if asked.state != "received":
            raise ValueError(f"The request {asked.request} was never received, so that it cannot be {asked.state}.")
        return [_receipt(asked, others, within, catalogue)]
    first, last = log[0], log[-1]
    different = [name for name in ("tenant", "request", "service") if getattr(asked, name) != first[name]]
    if different:
        known = ", ".join(f"{name} {first[name]}" for name in different)
        raise ValueError(f"The request {asked.request} was received as one with {known}. Give the number of the other one.")
    if asked.state in ("received", last["state"]):
        return log
    if last["state"] in ENDS:
        raise ValueError(f"The request {asked.request} has been {last['state']} since {last['time']}, and cannot be {asked.state}.")
    return [*log, {"kind": KIND, "state": asked.state, "time": asked.time.strftime(TIME)}]


def _receipt(asked: Asked, others: t.Iterable[Log], within: Calendar, catalogue: t.Sequence[t.Mapping[str, t.Any]]) -> dict[str, t.Any]:
    terms = next((terms for terms in catalogue if asked.service in terms["services"]), None)
    if terms is None:
        raise ValueError(f"There is no service {asked.service[:80]!a} in the catalogue.")
    receipt = {
        "kind": KIND,
        "state": "received",
        "tenant": asked.tenant,
        "request": asked.request,
        "service": asked.service,
        "time": asked.time.strftime(TIME),
        "due": due(within, asked.time, terms["hours"]).strftime(TIME),
        "approval": asked.approval or None,
    }
    included = terms.get("included")
    if included is None:
        return receipt
    spell = period(asked.time, terms["per"], within)
    used = len([log for log in others if _counts(log, asked, terms) and period(moment(log[0]["time"]), terms["per"], within) == spell])
    if used >= included and not asked.approval:
        raise ValueError(
            f"The request {asked.request} of {asked.tenant} is over what is included: {included} a {terms['per']} of "
            f"{' and '.join(terms['services'])}, and {used} in {spell}. It needs the reference of an approval."
        )
    return {**receipt, "included": included, "period": spell, "used": used + 1}


def _counts(log: Log, asked: Asked, terms: t.Mapping[str, t.Any]) -> bool:
    return log[0]["tenant"] == asked.tenant and log[0]["service"] in terms["services"] and log[-1]["state"] != "refused"


def period(time: datetime.datetime, per: str, within: Calendar) -> str:
    """The week, such as 2026-W53, or the month, such as 2026-12, that a moment lies in on a region's clocks."""
    day = time.astimezone(within.zone).date()
    year, week, _weekday = day.isocalendar()
    if per not in ("week", "month"):
        raise ValueError(f"The catalogue includes requests per week or per month, and not per {str(per)[:80]!a}.")
    return f"{year}-W{week:02}" if per == "week" else f"{day:%Y-%m}"


def judged(log: Log, now: datetime.datetime) -> str:
    """What became of the promise: met, missed, or refused, or open while there is still time."""
    last = log[-1]
    if last["state"] == "refused":
        return "refused"
    done = moment(last["time"]) if last["state"] == "done" else None
    if (done or now) > moment(log[0]["due"]):
        return "missed"
    return "met" if done else "open"


def moment(text: str) -> datetime.datetime:
    """A time as the records hold it. Raises ValueError for anything else."""
    try:
        return datetime.datetime.strptime(str(text), TIME).replace(tzinfo=datetime.UTC)
    except ValueError:
        raise ValueError(f"{str(text)[:80]!a} is no time in UTC such as 2026-11-24T09:30:00Z.") from None


def told(log: Log, now: datetime.datetime) -> dict[str, t.Any]:
    """A request as a result tells it."""
    first, last = log[0], log[-1]
    kept = {name: first.get(name) for name in ("tenant", "request", "service", "due", "approval", "included", "period", "used")}
    ended = last["time"] if last["state"] in ENDS else None
    return {**kept, "received": first["time"], "ended": ended, "state": last["state"], "promise": judged(log, now)}
