# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The monthly report as one page that needs nothing else."""

from __future__ import annotations

import typing as t

from .markup import Html, tag
from .page import Chart, badge, document, figure, name, section, size, table, tiles, verdict

Given = t.Mapping[str, t.Any]

COLOURS = {"met": "good", "passed": "good", "missed": "bad", "failed": "bad"}
GIB = 1 << 30


def page(report: Given, lines: Chart) -> str:
    """The whole page. lines: what draws a chart, see _core/charts.py."""
    whose = report["audience"]["name"] or f"region {report['region']}"
    sections = [
        _missing(report),
        _tenants(report),
        _trend(report, lines),
        _growth(report, lines),
        _requests(report),
        _tests(report),
        _changes(report),
    ]
    header = [_verdict(report), _tiles(report)]
    return document(f"Backups in {report['month']}: {whose}", header, sections, report["made_at"], ("tenants", "To the figures"))


def _percent(sla: Given | None) -> str:
    return "not known" if sla is None or sla["percent"] is None else f"{sla['percent']:g} %"


def _verdict(report: Given) -> Html:
    sla = report["trend"][-1]["sla"]
    if not report["complete"] or report["days_missing"]:
        return verdict(f"SLA: {_percent(sla)} of what is known; not every day is.", "warn")
    good = sla is not None and sla["percent"] == 100
    return verdict(f"SLA: {_percent(sla)}.", "good" if good else "warn")


def _tiles(report: Given) -> Html:
    now, made = report["trend"][-1], report["requests"] or []
    tested = [test for test in report["restore_tests"] if test["period"] == report["month"]]
    outcomes = now["outcomes"] or {}
    return tiles(
        [
            (_percent(now["sla"]), f"SLA over {now['days']} daily reports"),
            (str(sum(outcomes.values())), f"backups, {outcomes.get('failed', 0)} failed, {outcomes.get('partial', 0)} with errors"),
            (str(len(tested)), f"restore tests, {sum(test['result'] == 'passed' for test in tested)} passed"),
            (str(sum(row["in_month"] for row in made)), f"requests, {sum(row['promise'] == 'missed' for row in made)} late"),
        ]
    )


def _missing(report: Given) -> Html | None:
    told = list(report["problems"])
    if report["days_missing"]:
        told.append(f"There is no daily report of {', '.join(report['days_missing'])}.")
    if report["days_incomplete"]:
        told.append(f"Not everything could be read on {', '.join(report['days_incomplete'])}.")
    if report["months_missing"]:
        told.append(f"Nothing is known of {', '.join(report['months_missing'])}: these months are left out of the trend.")
    return section("unknown", "What is not known", tag("ul", [tag("li", one) for one in told])) if told else None


def _tenants(report: Given) -> Html:
    rows = [
        tag(
            "tr",
            tag("th", name(row["name"]), scope="row"),
            tag("td", _percent(row["sla"]), class_="n"),
            tag("td", row["days"], class_="n"),
            tag("td", row["systems"], class_="n"),
            *(tag("td", (row["outcomes"] or {}).get(key), class_="n") for key in ("success", "partial", "failed")),
            tag("td", size(row["size_bytes"]) or "not known", class_="n", data_sort=row["size_bytes"] or 0),
        )
        for row in report["tenants"]
    ]
    columns = ["Tenant", "SLA", "Days reported", "Systems", "Whole", "With errors", "Failed", "Size"]
    return section("tenants", "The month", table("tenants", "By name", columns, rows))


def _trend(report: Given, lines: Chart) -> Html:
    months = [row["month"] for row in report["trend"]]
    shares = [row["sla"]["percent"] if row["sla"] else None for row in report["trend"]]
    drawn = (
        figure("SLA by month, in percent", lines("sla", months, {"SLA": shares}, ["good"]))
        if any(one is not None for one in shares)
        else None
    )
    rows = [
        tag(
            "tr",
            tag("th", row["month"], scope="row"),
            tag("td", _percent(row["sla"]), class_="n"),
            tag("td", row["days"] or "none", class_="n"),
            tag("td", "" if row["systems"] is None else row["systems"], class_="n"),
            tag("td", size(row["size_bytes"]) or "not known", class_="n", data_sort=row["size_bytes"] or 0),
        )
        for row in report["trend"]
    ]
    columns = ["Month", "SLA", "Days reported", "Systems", "Size"]
    return section("trend", "Twelve months", drawn, table("trend", "The oldest first", columns, rows))


def _growth(report: Given, lines: Chart) -> Html:
    ahead = report["growth"]["forecast"]
    known = [None if row["size_bytes"] is None else round(row["size_bytes"] / GIB, 3) for row in report["trend"]]
    if not ahead:
        return section(
            "growth", "Growth", tag("p", "Too few months are known for a forecast."), tag("p", report["growth"]["method"], class_="soft")
        )
    months = [row["month"] for row in (*report["trend"], *ahead)]
    series = {
        "last full backups": [*known, *(None for _row in ahead)],
        "forecast": [*(None for _row in known), *(round(row["size_bytes"] / GIB, 3) for row in ahead)],
    }
    drawn = figure("GiB in the last full backups", lines("growth", months, series, ["plain", "other"]))
    said = "; ".join(f"{row['month']}: {size(row['size_bytes']) or '0 B'}" for row in ahead)
    return section("growth", "Growth", drawn, tag("p", f"Forecast: {said}."), tag("p", report["growth"]["method"], class_="soft"))


def _requests(report: Given) -> Html:
    if report["requests"] is None:
        return section("requests", "Service requests", tag("p", "No record of service requests was given."))
    rows = [
        tag(
            "tr",
            tag("th", name(row["request"]), scope="row"),
            tag("td", name(row["tenant"])),
            tag("td", row["service"].replace("_", " ")),
            tag("td", row["received"], class_="t"),
            tag("td", row["due"], class_="t"),
            tag("td", row["ended"] or "open", class_="t"),
            tag("td", badge(row["promise"], COLOURS.get(row["promise"], "warn"))),
            tag("td", name(row["approval"])),
        )
        for row in report["requests"]
    ]
    used = [
        tag(
            "tr",
            tag("td", name(row["tenant"])),
            tag("th", ", ".join(row["services"]).replace("_", " "), scope="row"),
            tag("td", row["period"]),
            tag("td", row["used"], class_="n"),
            tag("td", "as required" if row["included"] is None else row["included"], class_="n"),
            tag("td", row["over"], class_="n"),
        )
        for row in report["entitlements"]
    ]
    columns = ["Request", "Tenant", "Service", "Received (UTC)", "Due (UTC)", "Ended (UTC)", "Promise", "Approval"]
    counted = ["Tenant", "Services", "In", "Used", "Included", "Over"]
    return section(
        "requests",
        "Service requests",
        table("requests", "The oldest first", columns, rows) if rows else tag("p", "None."),
        table("entitlements", "Used of what is included", counted, used) if used else None,
    )


def _tests(report: Given) -> Html:
    if not report["restore_tests"]:
        return section("restore-tests", "Restore tests", tag("p", "No restore test of these months is on record."))
    rows = [
        tag(
            "tr",
            tag("th", test["period"], scope="row"),
            tag("td", badge(test["result"], COLOURS.get(test["result"], "warn"))),
            tag("td", test["ended_at"], class_="t"),
            tag("td", [tag("span", name(one["name"] or one["id"]), f" ({one['kind']}, {one['result']}) ") for one in test["samples"]]),
        )
        for test in report["restore_tests"]
    ]
    columns = ["Period", "Result", "Ended (UTC)", "What was drawn"]
    return section("restore-tests", "Restore tests", table("restore-tests", "Of twelve months, the newest first", columns, rows))


def _changes(report: Given) -> Html:
    if not report["changes"]:
        return section("changes", "Changes of the specification", tag("p", "None is seen in the daily reports."))
    rows = [
        tag(
            "tr",
            tag("td", row["day"], class_="t"),
            tag("td", name(row["tenant"])),
            tag("td", row["what"]),
            tag("td", row["kind"]),
            tag("th", name(row["name"]), scope="row"),
            tag("td", name(row["plan"])),
        )
        for row in report["changes"]
    ]
    columns = ["Day", "Tenant", "What", "Kind", "System", "Plan"]
    return section("changes", "Changes of the specification", table("changes", "As daily reports that are whole show them", columns, rows))
