# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""When a service desk is open, and until when something is due that is promised within so many business hours.

An hour counts while the desk is open: at each moment whose time on the clocks of its region lies in the opening hours of that day. So 24
business hours at a desk that is open for 8 hours a day are three days of work, not one; an hour that the clocks show twice in autumn counts
twice where it is an opening hour, one that they leave out in spring not at all; outside of opening hours no time passes.
Due is the first moment at which the promised hours have passed; those that end as the desk closes are due then, not when it opens next.
"""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import re
import typing as t
import zoneinfo

from .public_holidays import public_holidays

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LONGEST_BREAK = 366
"""Days for which a desk may be closed in a row; one that is closed for longer is a mistake in its calendar."""
DAY = datetime.timedelta(days=1)
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")

Minutes = tuple[int, int]
Moments = tuple[datetime.datetime, datetime.datetime]


@dataclasses.dataclass(frozen=True)
class Calendar:
    """A desk's opening hours, each a day's list of spans in minutes from midnight, on the clocks of its zone.

    week: from Monday to Sunday. holidays: public holidays, on which it is closed. days: what a date has instead of all that.
    """

    zone: zoneinfo.ZoneInfo
    week: tuple[tuple[Minutes, ...], ...]
    holidays: t.Container[datetime.date] = frozenset()
    days: t.Mapping[datetime.date, tuple[Minutes, ...]] = dataclasses.field(default_factory=dict)

    def spans(self, day: datetime.date) -> tuple[Minutes, ...]:
        """The opening hours of a day."""
        if day in self.days:
            return self.days[day]
        return () if day in self.holidays else self.week[day.weekday()]


def calendar(data: t.Mapping[str, t.Any]) -> Calendar:
    """The calendar that an inventory describes. Raises ValueError, which names the part that makes no sense.

    data: zone, the IANA name of a time zone; hours, by weekday a list of spans such as "08:00-12:30", a day that is left out being closed;
    holidays, if any, with a country and if need be its subdivision; days, by date what it has instead of all that, be it a holiday or a
    weekend: a list of spans, empty for closed.
    """
    _known("", data, {"zone", "hours"}, {"days", "holidays"})
    _known("'s hours", data["hours"], set(), set(WEEKDAYS))
    _known("'s holidays", data.get("holidays") or {"country": None}, {"country"}, {"subdivision"})
    week = tuple(_spans(name, data["hours"].get(name) or ()) for name in WEEKDAYS)
    days = {_date(name): _spans(str(name), spans or ()) for name, spans in (data.get("days") or {}).items()}
    public = public_holidays(**data["holidays"]) if data.get("holidays") else frozenset[datetime.date]()
    return Calendar(_zone(str(data["zone"])), week, public, days)


def due(within: Calendar, start: datetime.datetime, hours: float) -> datetime.datetime:
    """The first moment at which so many business hours have passed since the start, in UTC. start: with a zone, whichever.

    Raises ValueError for a start without a zone, hours that are not more than 0, and a calendar that never opens.
    """
    if start.tzinfo is None or hours <= 0:
        raise ValueError("What is due needs a start with a time zone and more than 0 hours.")
    left = datetime.timedelta(hours=hours)
    now = start.astimezone(datetime.UTC)
    day = now.astimezone(within.zone).date() - DAY
    last = day
    while True:
        for opens, closes in _open(within, day):
            begins = max(opens, now)
            if closes - begins >= left:
                return begins + left
            if closes > begins:
                left -= closes - begins
                last = day
        day += DAY
        if day - last > LONGEST_BREAK * DAY:
            raise ValueError(f"The business calendar is closed for {LONGEST_BREAK} days after {last}. Correct its hours.")


def _open(within: Calendar, day: datetime.date) -> t.Iterator[Moments]:
    """From when to when a desk is open on a day of its clocks, in UTC and in order.

    The clocks are read with the offset of the day before and with that of the day after; each counts on its side of the change, if any.
    """
    midnight = datetime.datetime.combine(day, datetime.time(), datetime.UTC)
    first, last = midnight - DAY, midnight + 2 * DAY
    before, after = _offset(within, first), _offset(within, last)
    change = _change(within, first, last) if before != after else last
    sides = [(before, first, change), (after, change, last)]
    for offset, begin, end in sides:
        for opens, closes in within.spans(day):
            span = [midnight + datetime.timedelta(minutes=minutes) - offset for minutes in (opens, closes)]
            if max(span[0], begin) < min(span[1], end):
                yield max(span[0], begin), min(span[1], end)


def _offset(within: Calendar, moment: datetime.datetime) -> datetime.timedelta:
    return moment.astimezone(within.zone).utcoffset() or datetime.timedelta()


def _change(within: Calendar, first: datetime.datetime, last: datetime.datetime) -> datetime.datetime:
    """The first second with the later offset, between two moments with different ones."""
    before = _offset(within, first)
    low, high = int(first.timestamp()), int(last.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(within, datetime.datetime.fromtimestamp(middle, datetime.UTC)) == before:
            low = middle
        else:
            high = middle
    return datetime.datetime.fromtimestamp(high, datetime.UTC)


def _known(part: str, data: t.Mapping[str, t.Any], required: set[str], optional: set[str]) -> None:
    """Refuse a part of a calendar that lacks what is required, or has what nobody reads."""
    for problem, names in (("does not know", data.keys() - required - optional), ("lacks", required - data.keys())):
        if names:
            raise ValueError(f"The business calendar{part} {problem} {', '.join(sorted(map(str, names)))}.")


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"The business calendar's zone {str(name)[:80]!a} is no IANA time zone that this machine knows.") from None


def _date(name: object) -> datetime.date:
    try:
        return datetime.date.fromisoformat(str(name))
    except ValueError:
        raise ValueError(f"The business calendar's day {str(name)[:80]!a} is no date such as 2026-12-24.") from None


def _spans(day: str, texts: t.Iterable[str]) -> tuple[Minutes, ...]:
    """The spans of a day in order. Raises ValueError for one that is none, ends before it begins, or overlaps another."""
    found = []
    for text in texts:
        match = _SPAN.fullmatch(str(text))
        numbers = [int(number) for number in match.groups()] if match else [0, 0, 0, 0]
        opens, closes = numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]
        if not opens < closes <= 24 * 60:
            raise ValueError(f'The business calendar\'s hours of {day}, {str(text)[:80]!a}, are no span such as "08:00-12:30".')
        found.append((opens, closes))
    ordered = sorted(found)
    if any(later[0] < earlier[1] for earlier, later in itertools.pairwise(ordered)):
        raise ValueError(f"The business calendar's hours of {day} overlap.")
    return tuple(ordered)
