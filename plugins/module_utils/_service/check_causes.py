# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Why something is not protected, by what Commvault says: a table, which tells for each cause whether to retry, and who has to look."""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t

Given = t.Mapping[str, t.Any]

PRIORITIES = ("critical", "high", "moderate", "low")
UNREAD = "platform_unreadable"
"""The cause of what is not known; one ticket for the region, however many systems it is about."""
NO_END = "exception_without_end"
"""The cause of an exception that the specification does not end."""
DAY = 24 * 60
_CODE = re.compile(r"\[(\d{1,6}:\d{1,6})\]")
_SPAN = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


@dataclasses.dataclass(frozen=True)
class Retry:
    """How often a day, with so many minutes between, and when, in spans of minutes from midnight on the clocks of the region."""

    attempts: int = 0
    pause_minutes: int = 0
    windows: tuple[tuple[int, int], ...] = ((0, DAY),)

    def open_at(self, minute: int) -> bool:
        """Whether a backup may be started at a minute of the day. A span that ends before it begins goes over midnight."""
        return any(begin <= minute < end if begin < end else minute >= begin or minute < end for begin, end in self.windows)


@dataclasses.dataclass(frozen=True)
class Cause:
    """A line of the table. words: what it means, for the tenant. advice: what to do.

    The rest says of what it is the cause: each that is given has to hold, of codes, reasons and agent_ready one.
    """

    name: str
    words: str
    advice: str
    team: str
    priority: str
    retry: Retry
    states: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    reasons: tuple[str, ...] = ()
    agent_ready: bool | None = None

    def fits(self, system: Given) -> bool:
        """Whether it is the cause. system: state, status, kind, code, reason and agent_ready."""
        wanted = ((self.states, "state"), (self.statuses, "status"), (self.kinds, "kind"))
        if any(known and str(system[name] or "").casefold() not in known for known, name in wanted):
            return False
        if self.agent_ready is not None and system["agent_ready"] is self.agent_ready:
            return True
        signs = self.codes or self.reasons or self.agent_ready is not None
        return not signs or self._said(str(system["reason"]), str(system["code"]))

    def _said(self, reason: str, code: str) -> bool:
        text = reason.casefold()
        return bool(self.codes & {code, *_CODE.findall(reason)}) or any(words in text for words in self.reasons)


def table(shipped: t.Iterable[Given], own: t.Iterable[Given], teams: Given) -> list[Cause]:
    """The causes in the order in which they are tried.

    own: of the operator: what it says of a cause that is shipped goes before what is shipped, and a cause of its own is tried before those.
    teams: what teams are called here, by their names in the table. Raises ValueError, which names the cause, for what makes no sense.
    """
    ours = {str(row["cause"]): _present(row) for row in own}
    lines = {str(row["cause"]): _present(row) for row in shipped}
    known = {name: {**row, **ours.get(name, {})} for name, row in lines.items()}
    added = {name: {"advice": "", "priority": "moderate", **row} for name, row in ours.items() if name not in known}
    for name, row in added.items():
        lacking = [field for field in ("words", "team") if not row.get(field)]
        if lacking:
            raise ValueError(f"The cause {name} has no {' and no '.join(lacking)}. Say what it means and who looks into it.")
    return [_cause(row, teams) for row in (*added.values(), *known.values())]


def cause_of(system: Given, causes: t.Iterable[Cause]) -> Cause:
    """The first cause that fits. Raises ValueError where none does, since the last line of the table has to fit everything."""
    found = next((cause for cause in causes if cause.fits(system)), None)
    if found is None:
        raise ValueError(f"No cause fits the state {system['state']}. Let the last line of the table fit everything.")
    return found


def named(name: str, causes: t.Iterable[Cause]) -> Cause:
    """The cause of a name."""
    return next(cause for cause in causes if cause.name == name)


def _present(row: Given) -> dict[str, t.Any]:
    return {key: value for key, value in row.items() if value is not None}


def _cause(row: Given, teams: Given) -> Cause:
    name, team = str(row["cause"]), str(row.get("team") or "")
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name):
        raise ValueError(f"The cause {name[:80]!a} is no name of small letters, digits and underscores, of at most 40 characters.")
    if row.get("priority") not in PRIORITIES:
        raise ValueError(f"The cause {name} has the priority {row.get('priority')!r}, and not one of {', '.join(PRIORITIES)}.")
    return Cause(
        name,
        str(row.get("words") or ""),
        str(row.get("advice") or ""),
        str(teams.get(team) or team),
        str(row["priority"]),
        _retry(name, row.get("retry") or {}),
        _words(row, "states"),
        _words(row, "statuses"),
        _words(row, "kinds"),
        frozenset(str(code) for code in row.get("codes") or ()),
        tuple(sorted(_words(row, "reasons"))),
        row.get("agent_ready"),
    )


def _words(row: Given, field: str) -> frozenset[str]:
    words = frozenset(str(word).casefold().strip() for word in row.get(field) or ())
    if "" in words:
        raise ValueError(f"The cause {row['cause']} has an empty text in {field}, which everything would fit. Take it out.")
    return words


def _retry(name: str, given: Given) -> Retry:
    attempts, pause = int(given.get("attempts") or 0), int(given.get("pause_minutes") or 0)
    if attempts < 0 or pause < 0:
        raise ValueError(f"The retries of the cause {name} have a number below 0.")
    return Retry(attempts, pause, spans(given.get("windows") or ["00:00-24:00"], f"the cause {name}"))


def spans(texts: t.Iterable[object], whose: str) -> tuple[tuple[int, int], ...]:
    """Spans such as 20:00-06:00 in minutes. Raises ValueError for one that is none."""
    found = []
    for text in texts:
        match = _SPAN.fullmatch(str(text))
        numbers = [int(number) for number in match.groups()] if match else [0, 0, 0, 0]
        begin, end = numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]
        if begin == end or max(begin, end) > DAY:
            raise ValueError(f'The window of {whose}, {str(text)[:80]!a}, is no span such as "20:00-06:00".')
        found.append((begin, end))
    return tuple(found)


def day(text: object) -> str:
    """A day in ISO 8601. Raises ValueError for what is none."""
    try:
        return datetime.date.fromisoformat(str(text)).isoformat()
    except ValueError:
        raise ValueError(f"The day {str(text)[:80]!a} is no date such as 2026-11-24.") from None
