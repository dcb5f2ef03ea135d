# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Times of day and the windows of a server plan, in the module's words and in the API's (OpenAPI UpdateServerPlanRPO)."""

from __future__ import annotations

import re
import typing as t

from ..._core.errors import InputError
from ..wire.replies import listed, number

Json = dict[str, t.Any]
Record = dict[str, t.Any]

DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WINDOW_OPTIONS: dict[str, t.Any] = {
    "days": {"type": "list", "elements": "str", "choices": DAYS, "required": True},
    "start": {"type": "str", "required": True},
    "end": {"type": "str", "required": True},
}


def windows(options: list[Json] | None, kind: str = "backup") -> list[Record] | None:
    """The windows of a task, checked, with days in the order of the week. kind: for the error. Raises InputError."""
    if options is None:
        return None
    result = []
    for option in options:
        start, end = seconds(option["start"], "start"), seconds(option["end"], "end")
        if end <= start:
            raise InputError(f"A {kind} window cannot end at {option['end']} when it starts at {option['start']}: split it at midnight.")
        result.append((option["days"], start, end))
    return _windows(result)


def read_windows(rows: t.Any) -> list[Record]:
    """rpo.backupWindow in the module's words: periods in which backups may run."""
    return _windows((listed(row.get("dayOfWeek")), number(row, "startTime"), number(row, "endTime")) for row in listed(rows))


def read_blackouts(rows: t.Any) -> list[Record]:
    """allDays of a blackout window likewise: periods in which they may not (OpenAPI V5 GetBlackoutWindow)."""
    return _windows((listed(row.get("days")), number(row, "time", "start"), number(row, "time", "end")) for row in listed(rows))


def windows_to_api(records: list[Record]) -> list[Json]:
    """Backup windows as the API takes them: seconds since midnight."""
    return [
        {
            "dayOfWeek": [day.upper() for day in record["days"]],
            "startTime": seconds(record["start"], "start"),
            "endTime": seconds(record["end"], "end"),
        }
        for record in records
    ]


def seconds(text: str, option: str) -> int:
    """Seconds since midnight from HH:MM. Raises InputError."""
    match = re.fullmatch(r"(\d{1,2}):(\d{2})", text)
    total = int(match[1]) * 3600 + int(match[2]) * 60 if match else -1
    if not match or int(match[2]) > 59 or not 0 <= total <= 86400:
        raise InputError(f'{option} is "{text}": give a time of day as "HH:MM", in quotes, because YAML reads 21:00 as a number.')
    return total


def clock(total: int) -> str:
    """HH:MM from seconds since midnight."""
    return f"{total // 3600:02d}:{total % 3600 // 60:02d}"


def in_order(days: t.Iterable[str]) -> list[str]:
    """Days once each, in the order of the week."""
    return sorted({day.lower() for day in days}, key=DAYS.index)


def _windows(found: t.Iterable[tuple[list[str], int, int]]) -> list[Record]:
    """Windows in the module's words and in one order. found: days, start and end in seconds since midnight."""
    records = [{"days": in_order(days), "start": clock(start), "end": clock(end)} for days, start, end in found]
    return sorted(records, key=lambda window: ([DAYS.index(day) for day in window["days"]], window["start"]))
