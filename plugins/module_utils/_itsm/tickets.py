# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What a ticket is and what becomes of it, without a word of where tickets are kept. Pure."""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t

from .._core.errors import InputError, Refused

KINDS = ("incident", "request")
PRIORITIES = ("critical", "high", "moderate", "low")
OPEN = ("new", "in_progress", "pending")
OVER = ("resolved", "closed")
"""The states of ITIL's life of a ticket: resolved is healthy again, closed is what nobody comes back to."""
FIELDS = ("kind", "title", "description", "priority", "team", "due")
"""What is said of a ticket and may be said anew, but for its kind."""
NOTES = ("note", "internal_note")
LONGEST = {"title": 160, "team": 100, "by": 100}
LONGEST_TEXT = 20_000
LONGEST_IDENTITY = 500
TIME = "%Y-%m-%dT%H:%M:%SZ"

# What no text has, and marks that let a text be read in another order than it is written in.
_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]")
_LINE_END = re.compile(r"\r\n?|[\u2028\u2029]")


@dataclasses.dataclass(frozen=True)
class Entry:
    """One line of a ticket's history. time: UTC. changes: fields and state as they are from then on. note: for the tenant to read."""

    time: str
    by: str
    changes: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    note: str = ""
    internal_note: str = ""


@dataclasses.dataclass(frozen=True)
class Ticket:
    """A ticket. number: what people call it, given by the provider; "" before that. due: UTC. follows: the number of an older one.

    tenant and identity together say what it is about, and never change; tenant is "" for the provider's own. Texts may be "".
    history: at least the entry of the opening; nothing is ever taken from it.
    """

    tenant: str
    identity: str
    history: tuple[Entry, ...]
    number: str = ""
    kind: str = KINDS[0]
    title: str = ""
    state: str = OPEN[0]
    description: str = ""
    priority: str = ""
    team: str = ""
    due: str = ""
    follows: str = ""

    @property
    def over(self) -> bool:
        return self.state in OVER

    @property
    def ended(self) -> Entry | None:
        """The entry with which it was over the last time; where a person wrote its state by hand, the last one there is."""
        ends = [entry for entry in self.history if entry.changes.get("state") in OVER]
        return ends[-1] if ends else (self.history[-1] if self.over else None)

    def says(self, name: str, text: str) -> bool:
        """Whether it holds a note since it was last opened. name: one of NOTES."""
        ended = self.ended
        recent = self.history[self.history.index(ended) + 1 :] if ended else self.history
        return any(getattr(entry, name) == text for entry in recent)


@dataclasses.dataclass(frozen=True)
class Asked:
    """What a run wants of the ticket about something.

    state: one of OPEN or OVER, or "present" for a ticket that is open in whatever state. fields: those of FIELDS that it speaks of.
    reopen_within: for how long after its end a ticket is the same trouble come back; after that it is a new one.
    """

    tenant: str
    identity: str
    state: str
    by: str
    fields: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    note: str = ""
    internal_note: str = ""
    reopen_within: datetime.timedelta = datetime.timedelta(days=7)


Decide = t.Callable[["Ticket | None"], "Ticket | None"]
"""From the newest ticket about something to what it has to be: itself for nothing, one without a number for a new one. Pure."""


class Desk(t.Protocol):
    """Where tickets are kept. A provider promises:

    - None, or no row, is what it has seen, never what it could not read: then it raises and names the ticket, the reason, the way out.
    - There is one ticket at most that is open for a tenant and identity, however many runs there are at once and wherever one is killed.
    - A change is made as a whole or not at all, to the ticket that was decided about: what others change meanwhile is not lost.
    - What it returns after a write was read again, and holds what was wanted but for number and times, which are the provider's to give;
      anything else is an error. Texts come back as they were put.
    """

    def find(self, tenant: str, identity: str) -> Ticket | None:
        """The newest ticket about something."""

    def every(self) -> t.Iterator[Ticket]:
        """All tickets, in the order of their numbers."""

    def require_writable(self) -> None:
        """Raise where a ticket could not be written. Only reads."""

    def change(self, tenant: str, identity: str, decide: Decide) -> tuple[Ticket | None, Ticket | None]:
        """Find, decide and write, if something is to be written, while nobody else does; the ticket as it was found and as it is now."""

    def link(self, ticket: Ticket) -> str:
        """Where a person finds it."""


def settled(seen: Ticket | None, asked: Asked, now: datetime.datetime) -> Ticket | None:
    """The ticket as it has to be; the one that was seen, itself, where nothing has to be written.

    A note that a ticket holds since it was last opened is not said again, so that a run that was killed and starts anew doubles nothing.
    What is over stays as it is when it is asked to be over, notes included. Raises Refused for a ticket of another kind.
    """
    if asked.state in OVER:
        return _ended(seen, asked, now) if seen else None
    if seen is None or _long_over(seen, asked, now):
        return _opened(asked, now, seen)
    kind = asked.fields.get("kind", seen.kind)
    if kind != seen.kind:
        raise Refused(f'The ticket {seen.number} about "{seen.identity}" is of the kind {seen.kind}, not {kind}. Close it first.')
    wanted = {**asked.fields, "state": _open_state(seen, asked)}
    changes = {name: value for name, value in wanted.items() if value != getattr(seen, name)}
    notes = {name: text for name in NOTES if (text := getattr(asked, name)) and not seen.says(name, text)}
    return _continued(seen, asked, now, changes, notes) if changes or notes else seen


def _ended(seen: Ticket, asked: Asked, now: datetime.datetime) -> Ticket:
    if seen.over and (seen.state, asked.state) != OVER:
        return seen
    return _continued(seen, asked, now, {"state": asked.state}, {name: getattr(asked, name) for name in NOTES})


def _open_state(seen: Ticket, asked: Asked) -> str:
    if asked.state != "present":
        return asked.state
    return OPEN[0] if seen.over else seen.state


def _long_over(seen: Ticket, asked: Asked, now: datetime.datetime) -> bool:
    ended = seen.ended
    return bool(seen.over and ended and now - parsed_time(ended.time) > asked.reopen_within)


def _opened(asked: Asked, now: datetime.datetime, before: Ticket | None) -> Ticket:
    state = OPEN[0] if asked.state == "present" else asked.state
    entry = Entry(now.strftime(TIME), asked.by, {"state": state}, asked.note, asked.internal_note)
    follows = before.number if before else ""
    return Ticket(asked.tenant, asked.identity, (entry,), state=state, follows=follows, **asked.fields)


def _continued(seen: Ticket, asked: Asked, now: datetime.datetime, changes: dict[str, str], notes: dict[str, str]) -> Ticket:
    entry = Entry(now.strftime(TIME), asked.by, changes, **notes)
    return dataclasses.replace(seen, **changes, history=(*seen.history, entry))


def parsed_time(text: str) -> datetime.datetime:
    """A time as tickets hold it. Raises ValueError for anything else."""
    return datetime.datetime.strptime(text, TIME).replace(tzinfo=datetime.UTC)


def plain_text(text: str, longest: int = LONGEST_TEXT) -> str:
    """A text that may come from anywhere, for people to read: what is no text becomes U+FFFD, and one that is cut says how long it was."""
    clean = _NO_TEXT.sub("\ufffd", _LINE_END.sub("\n", text)).strip()
    if len(clean) <= longest:
        return clean
    note = f" [… {len(clean)} characters]"
    return clean[: longest - len(note)].rstrip() + note


def one_line(text: str, longest: int) -> str:
    """As plain_text(), in one line."""
    return plain_text(" ".join(_NO_TEXT.sub("\ufffd", text).split()), longest)


def exact(name: str, text: str) -> str:
    """A text that tells tickets apart, as it is. Raises InputError for one that could be mistaken for another."""
    if one_line(text, LONGEST_IDENTITY) != text:
        raise InputError(
            f"{name} has to be a line of at most {LONGEST_IDENTITY} characters without control characters and needless blanks, "
            f"and {text[:80]!a} is not."
        )
    return text


def given_time(name: str, text: str) -> datetime.datetime:
    """The time in an option. Raises InputError for one that is not in UTC and whole seconds."""
    try:
        return parsed_time(text)
    except ValueError:
        raise InputError(f"{name} is a time in UTC such as 2026-12-24T16:00:00Z, and {text[:80]!a} is not.") from None


def due_time(text: str) -> str:
    """A time at which something is due. Raises InputError for one that is not in UTC and whole seconds."""
    return given_time("due", text).strftime(TIME)


def told(ticket: Ticket) -> dict[str, t.Any]:
    """A ticket as a result tells it. What it does not have is null."""
    fields = {field.name: getattr(ticket, field.name) or None for field in dataclasses.fields(ticket) if field.name != "history"}
    ended = ticket.ended if ticket.over else None
    history = [{**dataclasses.asdict(entry), "changes": dict(entry.changes)} for entry in ticket.history]
    return {**fields, "opened": ticket.history[0].time, "ended": ended.time if ended else None, "history": history}
