# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The files that a monthly report is made from. One that cannot be read is told, and what depends on it is not known."""

from __future__ import annotations

import datetime
import typing as t
import zoneinfo
from pathlib import Path

from . import daily_report, monthly_figures, requests
from .monthly_report import Source

Given = t.Mapping[str, t.Any]
Row = dict[str, t.Any]


def read(given: Given, records: str) -> Source:
    """See the options of M(calligo.baas.monthly_report_files). records: the directory of those of other months.

    Raises ValueError for what is no month, time zone or moment, and for a month without any daily report.
    """
    month, region = given["month"], given["region"]
    if not monthly_figures.MONTH.fullmatch(month):
        raise ValueError(f'"{month[:80]}" is no month such as 2026-11.')
    until = _until(month, given["made_at"], given["time_zone"])
    now, problems = monthly_figures.read(given["daily_reports"], region, month)
    if not now["tenants"]:
        told = " ".join(problems) or "There is none there."
        raise ValueError(
            f"No daily report of {month} in {given['daily_reports']} tells of a tenant. {told} Correct the path, or the month."
        )
    months: dict[str, Row | None] = {}
    for number in range(monthly_figures.BACK - 1, 0, -1):
        earlier = monthly_figures.before(month, number)
        months[earlier], more = _earlier(given, records, earlier)
        problems += more
    tests, more = daily_report.evidence(given["restore_tests"]) if given["restore_tests"] else ([], [])
    logs, worse = _logs(given["requests"]) if given["requests"] else (None, [])
    return Source(region, month, given["time_zone"], until, {**months, month: now}, tests, logs, [*problems, *more, *worse])


def _earlier(given: Given, records: str, month: str) -> tuple[Row | None, list[str]]:
    """The record of a month: the one that was kept, or one from its daily reports."""
    kept, problems = monthly_figures.kept(records, given["region"], month)
    if kept is not None:
        return kept, problems
    made, more = monthly_figures.read(given["daily_reports"], given["region"], month)
    return made if made["tenants"] else None, [*problems, *more]


def _until(month: str, made_at: str, zone: str) -> datetime.datetime:
    """The end of a month on the region's clocks, or now if it is not over."""
    try:
        known = zoneinfo.ZoneInfo(zone)
        now = datetime.datetime.fromisoformat(made_at)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f'"{zone[:80]}" is no time zone, or "{made_at[:80]}" no time in ISO 8601.') from None
    after = datetime.date.fromisoformat(f"{monthly_figures.before(month, -1)}-01")
    end = datetime.datetime.combine(after, datetime.time(), known) - datetime.timedelta(seconds=1)
    return min(end, now.astimezone(known))


def _logs(directory: str) -> tuple[list[requests.Log] | None, list[str]]:
    """The logs of all service requests, and a sentence for each that could not be read. No directory may be one that is not mounted."""
    if not Path(directory).is_dir():
        return None, [f"The directory of service requests {directory} is not there."]
    logs, problems = [], []
    for path in sorted(Path(directory).glob("[!.]*.jsonl")):
        try:
            logs.append(requests.parsed(str(path), path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            problems.append(f"The service request {path} could not be read: {error}")
    return logs, problems
