# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The monthly report as data, of the provider or of one tenant: SLA, trend, restore tests, requests, growth, changes."""

from __future__ import annotations

import datetime
import typing as t
import zoneinfo

from . import monthly_figures, requests
from .daily_report import restore_tests
from .protection_figures import OUTCOMES, SLA, percent

Row = dict[str, t.Any]
Given = t.Mapping[str, t.Any]

FORMAT = "calligo.baas/monthly_report/1"
METHOD = f"A straight line through the known months (least squares), if {monthly_figures.KNOWN} or more are known."
PARTLY_READ = "Some of what the report is made from could not be read. The provider looks into it."
CSV_COLUMNS = ("tenant", "month", "days", "sla_percent", "met", "missed", *OUTCOMES, "systems", "size_bytes", "media_bytes")


class Source(t.NamedTuple):
    """What a report is made from.

    months: the records by month, None for one that is not known. tests: evidence of restore tests. logs: of service requests. zone: of the
    region. until: the moment up to which it is looked at. problems: what could not be read.
    """

    region: str
    month: str
    zone: str
    until: datetime.datetime
    months: t.Mapping[str, Row | None]
    tests: t.Sequence[Row]
    logs: t.Sequence[requests.Log] | None
    problems: t.Sequence[str]

    @property
    def tenants(self) -> list[Row]:
        """The tenants of the month, by name: host, name, alias."""
        rows = (self.months[self.month] or {"tenants": []})["tenants"]
        return sorted(({key: row[key] for key in ("host", "name", "alias")} for row in rows), key=lambda row: str(row["name"]).casefold())


def report(source: Source, tenant: Given | None, made_at: str) -> Row:
    """The report of all tenants for the provider, or made of what is one tenant's alone."""
    tenants = [row for row in source.tenants if tenant is None or row["host"] == tenant["host"]]
    months = {month: _own(record, tenant) for month, record in source.months.items()}
    now = months[source.month] or {"tenants": [], "incomplete": []}
    trend = [_sums(month, record) for month, record in months.items()]
    asked = _requests(source, tenants)
    return {
        "format": FORMAT,
        "region": source.region,
        "month": source.month,
        "made_at": made_at,
        "audience": {"kind": "provider", "name": ""} if tenant is None else {"kind": "tenant", "name": tenant["name"]},
        **_unknown(source, tenant, now, trend),
        "tenants": [
            {"name": row["name"], "host": row["host"], "alias": row["alias"], **_sums(source.month, _own(now, row))} for row in tenants
        ],
        "trend": trend,
        "growth": _growth(trend),
        "changes": [{"tenant": row["name"], **change} for row in now["tenants"] for change in row["changes"]],
        "restore_tests": _tests(source, tenant),
        "requests": asked,
        "entitlements": _entitlements(asked or []),
    }


def _unknown(source: Source, tenant: Given | None, now: Given, trend: t.Sequence[Given]) -> Row:
    """What the report does not know. A tenant is not told the names of the provider's files."""
    told = list(source.problems) if tenant is None else [PARTLY_READ] if source.problems else []
    reported = {day for row in now["tenants"] for day in row["days"]}
    return {
        "complete": not told,
        "problems": told,
        "days_missing": [day for day in monthly_figures.days(source.month, source.until.date()) if day not in reported],
        "days_incomplete": list(now["incomplete"]),
        "months_missing": [row["month"] for row in trend if row["sla"] is None],
    }


def _tests(source: Source, tenant: Given | None) -> list[Row]:
    return [test for test in restore_tests(source.tests, tenant["host"] if tenant else None) if test["period"] in source.months]


def _own(record: Row | None, tenant: Given | None) -> Row | None:
    """A record with one tenant's rows alone; None for a month in which it had none."""
    if record is None or tenant is None:
        return record
    rows = [row for row in record["tenants"] if row["host"] == tenant["host"]]
    return {**record, "tenants": rows} if rows else None


def _sums(month: str, record: Row | None) -> Row:
    """What the rows of a record come to; None for what is not known."""
    rows = (record or {"tenants": []})["tenants"]
    if not rows or not any(row["days"] for row in rows):
        return {"month": month, "days": 0, "sla": None, "outcomes": None, "systems": None, "size_bytes": None, "media_bytes": None}
    sla = _added(rows, "sla", SLA)
    return {
        "month": month,
        "days": len({day for row in rows for day in row["days"]}),
        "sla": {**sla, "percent": percent(sla["met"], sla["missed"])},
        "outcomes": _added(rows, "outcomes", OUTCOMES),
        "systems": sum(row["systems"] for row in rows),
        "size_bytes": None if any(row["sizes_unknown"] for row in rows) else sum(row["size_bytes"] for row in rows),
        "media_bytes": sum(row["media_bytes"] for row in rows),
    }


def _added(rows: t.Sequence[Given], key: str, names: t.Iterable[str]) -> dict[str, int]:
    """Counts of rows, added up by name."""
    return {name: sum(row[key][name] for row in rows) for name in names}


def _growth(trend: t.Sequence[Given]) -> Row:
    ahead = monthly_figures.forecast([row["size_bytes"] for row in trend])
    months = [monthly_figures.before(trend[-1]["month"], -number) for number in range(1, monthly_figures.AHEAD + 1)]
    return {"method": METHOD, "forecast": [{"month": month, "size_bytes": size} for month, size in zip(months, ahead or (), strict=False)]}


def _requests(source: Source, tenants: t.Sequence[Given]) -> list[Row] | None:
    """The requests that were received in the month on the region's clocks, or were open in it; None where nobody keeps any."""
    if source.logs is None:
        return None
    zone, aliases = zoneinfo.ZoneInfo(source.zone), {row["alias"]: row["name"] for row in tenants}
    found = []
    for log in source.logs:
        received = requests.moment(log[0]["time"])
        ended = requests.moment(log[-1]["time"]) if log[-1]["state"] in requests.ENDS else None
        first, last = (f"{one.astimezone(zone):%Y-%m}" for one in (received, min(ended or source.until, source.until)))
        if log[0]["tenant"] in aliases and received <= source.until and first <= source.month <= last:
            told = requests.told(log, source.until)
            found.append({**told, "tenant": aliases[log[0]["tenant"]], "in_month": first == source.month})
    return sorted(found, key=lambda row: (row["received"], row["request"]))


def _entitlements(rows: t.Sequence[Given]) -> list[Row]:
    """Of each tenant and span what was used of what is included; requests without a limit are counted by the month."""
    found: dict[tuple[str, str, str], Row] = {}
    for row in (one for one in rows if one["in_month"] and one["state"] != "refused"):
        span = row["period"] or row["received"][:7]
        key = (row["tenant"], row["service"] if row["included"] is None else "included", span)
        known = found.setdefault(
            key, {"tenant": row["tenant"], "services": [], "period": span, "used": 0, "included": row["included"], "over": 0}
        )
        known["services"] = sorted({*known["services"], row["service"]})
        known["used"] += 1
        known["over"] = max(0, known["used"] - known["included"]) if known["included"] is not None else 0
    return [found[key] for key in sorted(found)]


def csv_rows(source: Source, tenants: t.Sequence[Given]) -> list[list[t.Any]]:
    """Each tenant and month as a row, the names of the columns first; empty cells for what is not known."""
    rows: list[list[t.Any]] = [list(CSV_COLUMNS)]
    for tenant in tenants:
        for month, record in source.months.items():
            one = _sums(month, _own(record, tenant))
            sla, outcomes = one["sla"] or {}, one["outcomes"] or {}
            figures = [sla.get("percent"), sla.get("met"), sla.get("missed"), *(outcomes.get(name) for name in OUTCOMES)]
            rows.append([tenant["name"], month, one["days"], *figures, one["systems"], one["size_bytes"], one["media_bytes"]])
    return rows
