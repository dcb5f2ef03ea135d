# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Schedules of a server plan, in the module's words and in the API's (OpenAPI CreateServerPlan, UpdateServerPlanRPO)."""

from __future__ import annotations

import typing as t

from ..._core.compare import covers
from ..._core.errors import InputError
from ..wire.replies import listed, part, text, word
from .windows import DAYS, clock, in_order, seconds

Json = dict[str, t.Any]
Record = dict[str, t.Any]

BACKUP_TYPES = {
    "full": "FULL",
    "incremental": "INCREMENTAL",
    "differential": "DIFFERENTIAL",
    "synthetic_full": "SYNTHETICFULL",
    "transaction_log": "TRANSACTIONLOG",
}
FREQUENCIES = ["minutes", "daily", "weekly", "monthly", "yearly", "automatic"]
MONTHS = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
]  # fmt: skip
WEEKS = ["first", "second", "third", "fourth", "last"]
RELATIVE_DAYS = ["day", "weekday", "weekend_days"]
AT = {"every", "start_time", "repeat_minutes", "repeat_until", "timezone"}
ON = {"day_of_month", "week_of_month", "day_of_week"}
TAKES = {
    "minutes": {"every", "timezone"},
    "daily": AT,
    "weekly": AT | {"days"},
    "monthly": AT | ON,
    "yearly": (AT - {"every"}) | ON | {"month"},
    "automatic": {"every"},
}
"""What can be said about each kind of frequency."""

PARTS: dict[str, tuple[str, t.Callable[[t.Any], t.Any], t.Callable[[t.Any], t.Any]]] = {
    "start_time": ("startTime", lambda time: clock(int(time)), lambda time: seconds(time, "start_time")),
    "days": ("weeklyDays", lambda days: in_order(listed(days)) or None, lambda days: [day.upper() for day in days]),
    "day_of_month": ("dayOfMonth", int, int),
    "month": ("monthOfYear", word, str.upper),
    "week_of_month": ("weekOfMonth", word, str.upper),
    "day_of_week": ("dayOfWeek", word, str.upper),
    "repeat_minutes": ("repeatIntervalInMinutes", int, int),
    "repeat_until": ("repeatUntilTime", lambda time: clock(int(time)), lambda time: seconds(time, "repeat_until")),
    "timezone": ("timezone", lambda zone: zone.get("name"), lambda name: {"name": name}),
}
"""The parts of a frequency: their keys in the API's pattern, how they are read, and how they are written. For every see _every_key()."""

SCHEDULE_OPTIONS: dict[str, t.Any] = {
    "backup_type": {"type": "str", "required": True, "choices": list(BACKUP_TYPES)},
    "for_databases": {"type": "bool"},
    "frequency": {
        "type": "dict",
        "required": True,
        "options": {
            "type": {"type": "str", "required": True, "choices": FREQUENCIES},
            "every": {"type": "int"},
            "start_time": {"type": "str"},
            "days": {"type": "list", "elements": "str", "choices": DAYS},
            "day_of_month": {"type": "int"},
            "month": {"type": "str", "choices": MONTHS},
            "week_of_month": {"type": "str", "choices": WEEKS},
            "day_of_week": {"type": "str", "choices": [*DAYS, *RELATIVE_DAYS]},
            "repeat_minutes": {"type": "int"},
            "repeat_until": {"type": "str"},
            "timezone": {"type": "str"},
        },
    },
}


def wanted(options: list[Json] | None) -> list[Record] | None:
    """The schedules of a task, checked and without what is not said. Raises InputError."""
    return None if options is None else [_wanted(option) for option in options]


def read(rows: t.Any) -> list[Record]:
    """The schedules of rpo.backupFrequency, in the module's words; parts that a kind of frequency does not take are left out."""
    return [_record(row) for row in listed(rows)]


def merge(found: list[Record], wished: list[Record]) -> list[Record]:
    """The schedules that there will be: each wanted one in the place of the one that it means, or added; others stay.

    The server's ids are not known to a task, so a schedule is told by its backup type, for_databases and kind of frequency; where none
    has that kind of frequency, by the first two.
    """
    result = [dict(schedule) for schedule in found]
    places = _places(found, wished)
    for number, schedule in enumerate(wished):
        if number not in places:
            result.append(schedule)
            continue
        have = result[places[number]]
        kept = _compatible(have["frequency"], schedule["frequency"]) if _same_kind(schedule, have) else {}
        result[places[number]] = {**have, "frequency": {**kept, **schedule["frequency"]}}
    return result


def surplus(found: list[Record], wished: list[Record]) -> list[Record]:
    """The found schedules that no wanted one means."""
    taken = set(_places(found, wished).values())
    return [schedule for place, schedule in enumerate(found) if place not in taken]


def to_delete(row: Json) -> Json:
    """A schedule that goes, with what the API demands of every item (cvpysdk plan.py delete_schedule)."""
    return {**row, "scheduleOperation": "DELETE"}


def _compatible(have: Record, want: Record) -> Record:
    """A schedule is on a day of the month, or on a day of a week in it: the wanted way replaces the other."""
    gone = {"day_of_month"} if "week_of_month" in want else {"week_of_month", "day_of_week"} if "day_of_month" in want else set()
    return {key: value for key, value in have.items() if key not in gone}


def to_add(schedule: Record) -> Json:
    """A new schedule as the API takes it. The operation is always named: its default would be MODIFY."""
    return {
        "scheduleOperation": "ADD",
        "backupType": BACKUP_TYPES[schedule["backup_type"]],
        "forDatabasesOnly": schedule["for_databases"],
        "schedulePattern": _pattern(schedule, {}),
    }


def to_modify(schedule: Record, row: Json) -> Json:
    """A changed schedule: the row as it was read, with the changes merged in, sent whole (cvpysdk plan.py edit_schedule)."""
    pattern = part(row, "schedulePattern")
    same_kind = str(pattern.get("scheduleFrequencyType", "")).casefold() == schedule["frequency"]["type"]
    return {**row, "scheduleOperation": "MODIFY", "schedulePattern": _pattern(schedule, pattern if same_kind else {})}


def _wanted(option: Json) -> Record:
    frequency = {key: value for key, value in option["frequency"].items() if value is not None}
    kind = frequency["type"]
    surplus = frequency.keys() - TAKES[kind] - {"type"}
    if surplus:
        raise InputError(f"schedules: a frequency of type {kind} does not take {', '.join(sorted(surplus))}.")
    if kind == "weekly" and not frequency.get("days"):
        raise InputError("schedules: a frequency of type weekly needs days.")
    if "every" in frequency and frequency["every"] < 1:
        raise InputError(f"schedules: every is {frequency['every']}, and must be 1 or more.")
    for option_name in ("start_time", "repeat_until"):
        if option_name in frequency:
            frequency[option_name] = clock(seconds(frequency[option_name], option_name))
    _check_combination(frequency)
    if "days" in frequency:
        frequency["days"] = in_order(frequency["days"])
    databases = option["for_databases"]
    if databases is None:
        # Only databases have logs.
        databases = option["backup_type"] == "transaction_log"
    return {"backup_type": option["backup_type"], "for_databases": databases, "frequency": frequency}


def _check_combination(frequency: Record) -> None:
    """What only makes sense together, or not together."""
    if ("week_of_month" in frequency) is not ("day_of_week" in frequency):
        raise InputError("schedules: week_of_month and day_of_week go together, such as first and sunday.")
    if "day_of_month" in frequency and "week_of_month" in frequency:
        raise InputError("schedules: give either day_of_month, or week_of_month with day_of_week.")
    if "repeat_until" in frequency and "repeat_minutes" not in frequency:
        raise InputError("schedules: repeat_until needs repeat_minutes.")


def _record(row: Json) -> Record:
    pattern = part(row, "schedulePattern")
    kind = str(pattern.get("scheduleFrequencyType", "")).lower()
    names = {value: key for key, value in BACKUP_TYPES.items()}
    backup_type = names.get(str(row.get("backupType")), str(row.get("backupType")).lower())
    said = {name: as_read(pattern[key]) for name, (key, as_read, _written) in PARTS.items() if pattern.get(key) is not None}
    said["every"] = pattern.get(_every_key(kind, backup_type))
    frequency = {key: value for key, value in said.items() if value is not None and key in TAKES.get(kind, set())}
    return {
        "id": row.get("scheduleId"),
        "backup_type": backup_type,
        "for_databases": bool(row.get("forDatabasesOnly", False)),
        "frequency": {"type": kind, **frequency},
    }


def _pattern(schedule: Record, base: Json) -> Json:
    """A frequency as the API takes it. base: what was read of the one that it replaces."""
    frequency = schedule["frequency"]
    kind, every = frequency["type"], frequency.get("every")
    said = {key: written(frequency[name]) for name, (key, _read, written) in PARTS.items() if name in frequency}
    if frequency.get("timezone") == text(base, "timezone", "name"):
        # What was read carries its id, which would win over a new name.
        said.pop("timezone", None)
    if every is not None or kind in ("daily", "weekly", "monthly"):
        said[_every_key(kind, schedule["backup_type"])] = every or 1
    # A day of the month and a day of a week in it exclude each other, so that what there was of the other goes.
    gone = {"dayOfMonth"} if "weekOfMonth" in said else {"weekOfMonth", "dayOfWeek"} if "dayOfMonth" in said else set()
    return {**{key: value for key, value in base.items() if key not in gone}, "scheduleFrequencyType": kind.upper(), **said}


def _every_key(kind: str, backup_type: str) -> str:
    """Where the API keeps the interval: automatic schedules have a key of their own, and synthetic fulls another."""
    if kind != "automatic":
        return "frequency"
    return "daysBetweenSyntheticFulls" if backup_type == "synthetic_full" else "maxBackupIntervalInMins"


def _places(found: list[Record], wished: list[Record]) -> dict[int, int]:
    """Which found schedule each wanted one means. Perfect matches are taken before close ones, so that a second run changes nothing."""
    places: dict[int, int] = {}
    for fits in (_fulfils, _same_kind, _akin):
        for number, schedule in enumerate(wished):
            if number in places:
                continue
            index = next((index for index, have in enumerate(found) if index not in places.values() and fits(schedule, have)), None)
            if index is not None:
                places[number] = index
    return places


def _akin(want: Record, have: Record) -> bool:
    return bool(want["backup_type"] == have["backup_type"] and want["for_databases"] == have["for_databases"])


def _same_kind(want: Record, have: Record) -> bool:
    return _akin(want, have) and bool(want["frequency"]["type"] == have["frequency"]["type"])


def _fulfils(want: Record, have: Record) -> bool:
    return _akin(want, have) and covers(want["frequency"], have["frequency"])
