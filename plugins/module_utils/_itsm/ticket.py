# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The ticket of a task, and the tickets that are listed."""

from __future__ import annotations

import dataclasses
import datetime
import os
import pwd
import typing as t

from .._core.argspec import ArgumentSpec
from .._core.engine import Outcome, Record, Step, Work
from .._core.errors import InputError
from .tickets import (
    FIELDS,
    KINDS,
    LONGEST,
    OPEN,
    OVER,
    PRIORITIES,
    Asked,
    Desk,
    Ticket,
    due_time,
    exact,
    given_time,
    one_line,
    plain_text,
    settled,
    told,
)

if t.TYPE_CHECKING:
    from .._core.runner import Context

LONGEST_REOPEN = 365
UNFINISHED = ("present", *OPEN[1:])
OPTIONS = ArgumentSpec(
    {
        "tenant": {"type": "str", "default": ""},
        "identity": {"type": "str", "required": True},
        "state": {"type": "str", "choices": [*UNFINISHED, *OVER], "default": "present"},
        "kind": {"type": "str", "choices": list(KINDS)},
        "title": {"type": "str"},
        "description": {"type": "str"},
        "priority": {"type": "str", "choices": list(PRIORITIES)},
        "team": {"type": "str"},
        "due": {"type": "str"},
        "note": {"type": "str", "default": ""},
        "internal_note": {"type": "str", "default": ""},
        "by": {"type": "str"},
        "time": {"type": "str"},
        "reopen_days": {"type": "int", "default": 7},
    },
    {"required_if": [("state", state, ["title"]) for state in UNFINISHED]},
)


def asked(params: Record) -> Asked:
    """What the options ask for, with texts made plain. Raises InputError for what tells tickets apart and is not plain already."""
    days = params["reopen_days"]
    if not 0 <= days <= LONGEST_REOPEN:
        raise InputError(f"reopen_days is a number from 0 to {LONGEST_REOPEN}, and {days} is not.")
    means: dict[str, t.Callable[[str], str]] = {
        "title": lambda text: one_line(text, LONGEST["title"]),
        "team": lambda text: one_line(text, LONGEST["team"]),
        "description": plain_text,
        "due": due_time,
    }
    said = {name: means.get(name, str)(params[name]) for name in FIELDS if params[name] is not None}
    if not params["identity"]:
        raise InputError("The identity of the ticket is empty. Say what it is about, in the same words each time.")
    if said.get("title") == "":
        raise InputError(f'The title of the ticket about "{params["identity"]}" is empty. Say in a line what has happened.')
    return Asked(
        exact("tenant", params["tenant"]),
        exact("identity", params["identity"]),
        params["state"],
        one_line(params["by"] or _user(), LONGEST["by"]),
        said,
        plain_text(params["note"]),
        plain_text(params["internal_note"]),
        datetime.timedelta(days=days),
    )


def _user() -> str:
    """Who runs this, by the system and not by a variable; in a container there may be no name for it."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid {os.geteuid()}"


@dataclasses.dataclass(frozen=True)
class TicketStep:
    """What has to be written of one ticket. now: when. wanted: seen, itself, for nothing."""

    desk: Desk
    asked: Asked
    now: datetime.datetime
    seen: Ticket | None
    wanted: Ticket | None
    label: str = ""

    @property
    def open(self) -> bool:
        return self.wanted is not self.seen

    def predict(self) -> Outcome:
        return self._outcome(self.seen, self.wanted)

    def take(self) -> Outcome:
        """Where nothing is to be done, nothing is locked for it either."""
        if not self.open:
            return self.predict()
        return self._outcome(*self.desk.change(self.asked.tenant, self.asked.identity, lambda seen: settled(seen, self.asked, self.now)))

    def _outcome(self, before: Ticket | None, after: Ticket | None) -> Outcome:
        return Outcome(self.label, after is not before, shown(self.desk, before), shown(self.desk, after))


def shown(desk: Desk, ticket: Ticket | None) -> Record | None:
    """A ticket as a result tells it; one that a check run would open has no number, and is nowhere yet."""
    return None if ticket is None else {**told(ticket), "link": desk.link(ticket) if ticket.number else None}


class TicketWork(Work):
    """The ticket that a task asks for."""

    def __init__(self, desk: Desk, context: Context) -> None:
        self._desk = desk
        self._asked = asked(context.params)
        told = context.params["time"]
        self._now = given_time("time", told) if told else datetime.datetime.now(datetime.UTC)

    def steps(self) -> t.Sequence[Step]:
        seen = self._desk.find(self._asked.tenant, self._asked.identity)
        step = TicketStep(self._desk, self._asked, self._now, seen, settled(seen, self._asked, self._now))
        if step.open:
            self._desk.require_writable()
        return [step]

    def result(self, outcomes: list[Outcome]) -> Record:
        if not outcomes:
            return {"changed": False}
        return {"changed": outcomes[0].changed, "ticket": outcomes[0].after, "diff": outcomes[0].diff()}


INFO_OPTIONS = ArgumentSpec(
    {
        "tenant": {"type": "str"},
        "begins": {"type": "str", "default": ""},
        "states": {"type": "list", "elements": "str", "choices": [*OPEN, *OVER], "default": list(OPEN)},
    }
)


def read_tickets(desk: Desk, context: Context) -> Record:
    """The result of itsm_ticket_info."""
    tenant, begins, states = (context.params[name] for name in ("tenant", "begins", "states"))
    known = (ticket for ticket in desk.every() if tenant in (None, ticket.tenant) and ticket.identity.startswith(begins))
    found = [ticket for ticket in known if ticket.state in states]
    return {"changed": False, "tickets": [shown(desk, ticket) for ticket in found]}
