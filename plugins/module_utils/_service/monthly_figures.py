# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What a month of daily reports comes to, tenant by tenant. Each is looked at once, the oldest first, and then forgotten."""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
import typing as t
from pathlib import Path

from .daily_report import FORMAT as DAILY
from .protection_figures import OUTCOMES, SLA, percent

Row = dict[str, t.Any]
Given = t.Mapping[str, t.Any]

FORMAT = "calligo.baas/month/1"
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
BACK = 12
"""Months of a trend, the one that is reported on the last."""
AHEAD = 3
KNOWN = 3
"""Months that must be known for a forecast."""


def before(month: str, count: int) -> str:
    """The month so many before one; after it for a negative number."""
    number = int(month[:4]) * 12 + int(month[5:]) - 1 - count
    return f"{number // 12:04}-{number % 12 + 1:02}"


def days(month: str, until: datetime.date) -> list[str]:
    """The days of a month, up to and with one."""
    first, after = datetime.date.fromisoformat(f"{month}-01"), datetime.date.fromisoformat(f"{before(month, -1)}-01")
    last = min(after - datetime.timedelta(days=1), until)
    return [(first + datetime.timedelta(days=number)).isoformat() for number in range((last - first).days + 1)]


@dataclasses.dataclass
class _Tenant:
    """Sums of one tenant. by_day: counts of outcomes and bytes, as the latest report that knows the day has them."""

    row: Row = dataclasses.field(default_factory=dict)
    reported: list[str] = dataclasses.field(default_factory=list)
    sla: dict[str, int] = dataclasses.field(default_factory=lambda: dict.fromkeys(SLA, 0))
    by_day: dict[str, Row] = dataclasses.field(default_factory=dict)
    systems: dict[str, Row] = dataclasses.field(default_factory=dict)
    seen: dict[str, Row] | None = None
    changes: list[Row] = dataclasses.field(default_factory=list)


class Month:
    """The figures of a month, from its daily reports in order."""

    def __init__(self, month: str) -> None:
        self.month = month
        self.incomplete: list[str] = []
        self._tenants: dict[str, _Tenant] = {}

    def add(self, day: str, report: Given) -> None:
        """A provider's daily report. What was not whole compares no specification: what could not be read would look removed."""
        if not report["complete"]:
            self.incomplete.append(day)
        for row in report["tenants"]:
            known = self._tenants.setdefault(row["host"], _Tenant())
            known.row = {key: row[key] for key in ("host", "name", "alias")}
            known.reported.append(day)
            for name in SLA:
                known.sla[name] += row["sla"][name]
            self._add_days(known, row)
            known.systems = {one["id"]: one for one in report["systems"] if one["tenant"] == row["host"]}
            if report["complete"]:
                self._compare(known, day)

    def _add_days(self, known: _Tenant, row: Given) -> None:
        for outcomes, traffic in zip(row["outcomes"], row["traffic"], strict=True):
            if outcomes["day"].startswith(self.month):
                known.by_day[outcomes["day"]] = {**outcomes, **traffic}

    def _compare(self, known: _Tenant, day: str) -> None:
        now = {key: {"kind": one["kind"], "name": one["name"], "plan": one["plan"]} for key, one in known.systems.items()}
        for key in sorted({*now, *(known.seen or now)}):
            old, new = (known.seen if known.seen is not None else now).get(key), now.get(key)
            if old is None and new is not None:
                known.changes.append({"day": day, "what": "added", **new})
            elif new is None and old is not None:
                known.changes.append({"day": day, "what": "removed", **old})
            elif old is not None and new is not None and old["plan"] != new["plan"]:
                known.changes.append({"day": day, "what": "other plan", **new})
        known.seen = now

    def record(self, region: str) -> Row:
        """What is kept of the month."""
        tenants = sorted(self._tenants.values(), key=lambda one: str(one.row["host"]))
        return {
            "format": FORMAT,
            "region": region,
            "month": self.month,
            "incomplete": self.incomplete,
            "tenants": [_figures(known) for known in tenants],
        }


def _figures(known: _Tenant) -> Row:
    sizes = [one["full_bytes"] for one in known.systems.values()]
    sums = {name: sum(day[name] for day in known.by_day.values()) for name in (*OUTCOMES, "application_bytes", "media_bytes")}
    return {
        **known.row,
        "days": known.reported,
        "sla": {**known.sla, "percent": percent(known.sla["met"], known.sla["missed"])},
        "systems": len(known.systems),
        # Without a size of some what is left would look smaller than it is.
        "size_bytes": sum(size or 0 for size in sizes),
        "sizes_unknown": sum(size is None for size in sizes),
        "outcomes": {name: sums[name] for name in OUTCOMES},
        "application_bytes": sums["application_bytes"],
        "media_bytes": sums["media_bytes"],
        "changes": known.changes,
    }


def read(directory: str, region: str, month: str) -> tuple[Row, list[str]]:
    """The record of a month from the daily reports in a directory, and a sentence for each that could not be read."""
    found, problems = Month(month), []
    for path in sorted(Path(directory).glob(f"{month}-[0-3][0-9]/report.json")):
        try:
            report = json.loads(path.read_text(encoding="utf-8"))
            if report["format"] != DAILY or report["region"] != region or report["audience"]["kind"] != "provider":
                raise ValueError(f"it is no daily report of {region} for the provider")
            found.add(path.parent.name, report)
        except (OSError, ValueError, KeyError, TypeError) as error:
            problems.append(f"The daily report {path} could not be read: {error}")
    return found.record(region), problems


def kept(directory: str, region: str, month: str) -> tuple[Row | None, list[str]]:
    """The record that was kept of a month; None where there is none, with a sentence where it could not be read."""
    path = Path(directory) / f"{month}.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["format"] != FORMAT or record["month"] != month or record["region"] != region:
            raise ValueError(f"it is no record of {month} in {region}")
        return dict(record), []
    except FileNotFoundError:
        return None, []
    except (OSError, ValueError, KeyError, TypeError) as error:
        return None, [f"The record {path} could not be read: {error}"]


def forecast(values: t.Sequence[int | None]) -> list[int] | None:
    """The next months of a series, on the straight line that fits the known ones best (least squares); None for too few of them."""
    points = [(place, value) for place, value in enumerate(values) if value is not None]
    if len(points) < KNOWN:
        return None
    mean_x, mean_y = sum(x for x, _y in points) / len(points), sum(y for _x, y in points) / len(points)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _y in points)
    return [max(0, round(mean_y + slope * (len(values) - 1 + step - mean_x))) for step in range(1, AHEAD + 1)]
