# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The span of a report: the last day as people in a region count it, and the calendar days before it."""

from __future__ import annotations

import bisect
import dataclasses
import datetime
import zoneinfo


@dataclasses.dataclass(frozen=True)
class Period:
    """From one moment to the same time of the next day in a zone, which is 23 or 25 hours where the clocks are changed.

    start, end: epoch seconds. days: the calendar days of the history, oldest first; the last is the one on which the period ends.
    """

    zone: str
    start: int
    end: int
    days: tuple[str, ...]
    midnights: tuple[int, ...]

    @property
    def history_start(self) -> int:
        """When the first day of the history began."""
        return self.midnights[0]

    def day_of(self, seconds: int) -> int | None:
        """The index of the calendar day of a moment; None for one before the history or after the end."""
        found = bisect.bisect_right(self.midnights, seconds) - 1
        return found if found >= 0 and seconds <= self.end else None

    def before(self, days: int) -> int:
        """The moment so many days before the end, at the same time of day."""
        return _days_before(datetime.datetime.fromtimestamp(self.end, zoneinfo.ZoneInfo(self.zone)), days)


def last_day(zone: str, end: int, history_days: int) -> Period:
    """The day that ends at a moment (epoch seconds), and a history of so many calendar days, at least one.

    Raises ValueError for a zone that is none.
    """
    try:
        known = zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f'"{zone}" is no time zone of the IANA database, such as Europe/Luxembourg.') from None
    moment = datetime.datetime.fromtimestamp(end, known)
    first = moment.date() - datetime.timedelta(days=history_days - 1)
    dates = [first + datetime.timedelta(days=number) for number in range(history_days)]
    midnights = [int(datetime.datetime.combine(date, datetime.time(), known).timestamp()) for date in dates]
    return Period(zone, _days_before(moment, 1), end, tuple(date.isoformat() for date in dates), tuple(midnights))


def _days_before(moment: datetime.datetime, days: int) -> int:
    # Of a time that there is twice the first is meant, and one that there is not is an hour later: what zoneinfo does with fold=0.
    return int((moment.replace(fold=0) - datetime.timedelta(days=days)).timestamp()) if days else int(moment.timestamp())
