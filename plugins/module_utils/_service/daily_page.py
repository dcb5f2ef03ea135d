# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The daily report as one page that needs nothing else, and as the body of an e-mail."""

from __future__ import annotations

import typing as t

from .daily_report import WORDS, age
from .markup import Child, Html, join, readable, tag, text
from .page import Chart, Times, badge, document, figure, name, section, size, table, tiles, verdict

Row = dict[str, t.Any]
Given = t.Mapping[str, t.Any]

BAD = ("failed", "never_ran", "not_in_group", "disabled")
SIGNS = {"s": "✓", "p": "!", "f": "✗", "-": "·"}
MAILED = 50
"""Lines of a table in an e-mail; the page has them all."""


def page(report: Given, stacked_bars: Chart, lines: Chart, bars_across: Chart) -> str:
    """The whole page. stacked_bars, lines, bars_across: what draws charts, see _core/charts.py."""
    title = f"Backups: {_title(report)}"
    show = Times(report["period"]["time_zone"])
    sections = [
        _problems(report),
        _todo(report, show),
        _jobs(report, show),
        _systems(report, show),
        _heat(report),
        _charts(report, stacked_bars, lines, bars_across),
        _tests(report),
    ]
    header = [_lead(report, show), _verdict(report), _tiles(report)]
    return document(title, header, sections, report["made_at"], ("todo", "To what has to be done"))


def _title(report: Given) -> str:
    whose = report["audience"]["name"] or f"region {report['region']}"
    return f"{whose}, {report['period']['days'][-1]}"


def _lead(report: Given, show: Times) -> Html:
    period = report["period"]
    span = f"{show(period['from'])} to {show(period['to'])}, {period['time_zone']} ({period['hours']:g} hours)"
    return tag("p", span, class_="soft")


def _verdict(report: Given) -> Html:
    count = len(report["todo"])
    if not report["complete"]:
        return verdict(f"Not everything could be read. What is known has {count} things to do.", "warn")
    if count:
        return verdict(f"{count} {'thing has' if count == 1 else 'things have'} to be done today.", "bad")
    return verdict("Nothing has to be done: every system is protected.", "good")


def _tiles(report: Given) -> Html:
    sums: dict[str, int] = {}
    for row in report["clients"]:
        sums[row["sla"]] = sums.get(row["sla"], 0) + 1
    met, missed = sums.get("met", 0), sums.get("missed", 0)
    share = f"{1000 * met // (met + missed) / 10:g} %" if met + missed else "not known"
    protected = sum(system["state"] == "protected" for system in report["systems"])
    jobs = [job["outcome"] for system in report["systems"] for job in system["jobs"]]
    shown = [
        (f"{protected} of {len(report['systems'])}", "systems protected"),
        (share, f"SLA: {met} met, {missed} missed, {sums.get('excluded', 0)} excluded, {sums.get('unknown', 0)} not known"),
        (str(len(jobs)), f"backups: {jobs.count('success')} whole, {jobs.count('partial')} with errors, {jobs.count('failed')} failed"),
    ]
    return tiles(shown)


def _badge(state: str) -> Html:
    kind = "good" if state in ("protected", "met", "passed", "success") else "bad" if state in (*BAD, "missed") else "warn"
    return badge(state, kind)


def _problems(report: Given) -> Html | None:
    if report["complete"]:
        return None
    return section("unknown", "What could not be read", tag("ul", [tag("li", row["text"]) for row in report["problems"]]))


def _todo(report: Given, show: Times) -> Html:
    check = report["check"]
    told = tag("p", "Backup check: ", ", ".join(f"{count} {end}" for end, count in check.items()), ".") if check else ""
    if not report["todo"]:
        return section("todo", "To do today", told, tag("p", "Nothing."))
    columns = ["What", "System", "Tenant", "Reason", "Last good backup", "Strikes", *(["Seen to"] if check else [])]
    rows = [
        tag(
            "tr",
            tag("td", _badge(row["state"]), " ", row["what"]),
            tag("td", name(row["name"])),
            tag("td", name(row["tenant"])),
            tag("td", name(row["reason"])),
            tag("td", show(row["last_good"]) if row["system"] else "", class_="t"),
            tag("td", _strikes(row["strikes"]), class_="n", data_sort=row["strikes"]),
            tag("td", name(row["handled"])) if check else "",
        )
        for row in report["todo"]
    ]
    return section("todo", "To do today", told, table("todo", "The most urgent first", columns, rows, search=True))


def _strikes(count: int) -> Html:
    return tag("span", "●" * min(count, 3), f" {count}" if count > 3 else "", class_="bad", title=f"{count} strikes") if count else text("")


def _jobs(report: Given, show: Times) -> Html:
    names = {row["host"]: row["name"] for row in report["tenants"]}
    found = [(system, job) for system in report["systems"] for job in system["jobs"] if job["outcome"] != "success"]
    found.sort(key=lambda one: (one[1]["start"] or "", one[1]["id"]), reverse=True)
    if not found:
        return section("jobs", "Backups that did not succeed", tag("p", "None in this period."))
    rows = [
        tag(
            "tr",
            tag("td", job["id"], class_="n"),
            tag("td", name(system["name"])),
            tag("td", name(names.get(system["tenant"]))),
            tag("td", job["level"]),
            tag("td", job["status"]),
            tag("td", show(job["start"]), class_="t"),
            tag("td", age(system["age_seconds"]), class_="n", data_sort=system["age_seconds"] or 0),
            tag("td", name(job["reason"])),
        )
        for system, job in found
    ]
    columns = ["Job", "System", "Tenant", "Level", "Status", "Began", "Last good", "In the job's own words"]
    return section("jobs", "Backups that did not succeed", table("jobs", "Of this period, the latest first", columns, rows, search=True))


def _systems(report: Given, show: Times) -> Html:
    names = {row["host"]: row["name"] for row in report["tenants"]}
    rows = [
        tag(
            "tr",
            tag("th", name(system["name"]), scope="row"),
            tag("td", name(names.get(system["tenant"]))),
            tag("td", system["kind"]),
            tag("td", tag("span", _badge(system["state"]), title=WORDS[system["state"]])),
            tag("td", show(system["last_good"]), class_="t"),
            tag("td", age(system["age_seconds"]), class_="n", data_sort=system["age_seconds"] or 0),
            tag("td", age(system["rpo_seconds"]) if system["rpo_seconds"] else "", class_="n", data_sort=system["rpo_seconds"] or 0),
            tag("td", _badge(system["sla"]), f" in {system['sla_days']} d", class_="t"),
            tag("td", _strikes(system["strikes"]), class_="n", data_sort=system["strikes"]),
            tag("td", size(system["full_bytes"]), class_="n", data_sort=system["full_bytes"] or 0),
            tag("td", name(system["exception"] or system["plan"])),
        )
        for system in report["systems"]
    ]
    columns = [
        "System",
        "Tenant",
        "Kind",
        "State",
        "Last good backup",
        "Age",
        "RPO",
        "SLA",
        "Strikes",
        "Size",
        "Plan or exception",
    ]
    return section("systems", "All systems", table("systems", "What the specifications name", columns, rows, search=True))


def _heat(report: Given) -> Html:
    days = report["period"]["days"]
    head = tag("tr", tag("th", "System", scope="col"), [tag("th", day[8:], scope="col", title=day) for day in days])
    rows = [
        tag("tr", tag("th", name(system["name"]), scope="row"), [_cell(letter) for letter in system["days"]])
        for system in report["systems"]
    ]
    caption = "The best backup of each day: ✓ whole, ! with errors, ✗ failed, · none; underlined where another one did worse"
    drawn = tag("table", tag("caption", caption), tag("thead", head), tag("tbody", rows), class_="heat")
    return section("days", "Day by day", tag("div", drawn, class_="scroll", tabindex="0", role="region", aria_label="Day by day"))


_CELLS = {
    letter: tag("td", SIGNS[letter.lower()], class_=f"{letter.lower()} m" if letter.isupper() else letter if letter != "-" else None)
    for letter in "spfSP-"
}
"""The cells of the heat map, of which there are tens of thousands."""


def _cell(letter: str) -> Html:
    return _CELLS[letter]


def _charts(report: Given, stacked_bars: Chart, lines: Chart, bars_across: Chart) -> Html:
    days = [day[5:] for day in report["period"]["days"]]
    sums = {outcome: [sum(row["outcomes"][day][outcome] for row in report["tenants"]) for day in range(len(days))] for outcome in OUTCOMES}
    read, written = (
        [round(sum(row["traffic"][day][key] for row in report["tenants"]) / 1024**3, 3) for day in range(len(days))]
        for key in ("application_bytes", "media_bytes")
    )
    outcomes = dict(zip(("whole", "with errors", "failed"), sums.values(), strict=True))
    figures = [
        ("Outcomes of backups by day", stacked_bars("outcomes", days, outcomes, ["good", "partial", "bad"])),
        ("Growth: GiB backed up and GiB stored by day", lines("growth", days, {"read": read, "stored": written}, ["plain", "other"])),
    ]
    shares = [(readable(row["name"]), row["sla"]["percent"]) for row in report["tenants"] if row["sla"]["percent"] is not None]
    if shares and report["audience"]["kind"] == "provider":
        names, values = [name for name, _share in shares], [share for _name, share in shares]
        figures.append(("SLA by tenant, in percent", bars_across("sla", names, {"SLA": values}, ["plain"])))
    return section("charts", "The last days", *(figure(title, drawn) for title, drawn in figures))


OUTCOMES = ("success", "partial", "failed")


def _tests(report: Given) -> Html:
    tests = report["restore_tests"]
    if not tests:
        return section("restore-tests", "Restore tests", tag("p", "No restore test is on record."))
    rows = [
        tag(
            "tr",
            tag("th", test["period"], scope="row"),
            tag("td", _badge(test["result"])),
            tag("td", test["ended_at"], class_="t"),
            tag("td", [join([name(one["name"] or one["id"]), f" ({one['kind']}, {one['result']}) "]) for one in test["samples"]]),
        )
        for test in tests
    ]
    columns = ["Period", "Result", "Ended (UTC)", "What was drawn"]
    return section("restore-tests", "Restore tests", table("restore-tests", "The newest first", columns, rows))


def mail(report: Given) -> str:
    """The body of an e-mail: tables alone, without a script or a style sheet, which mail programs leave out."""
    show = Times(report["period"]["time_zone"])
    cell = "padding:4px 8px;border-bottom:1px solid #d7dee5;text-align:left;vertical-align:top"
    table = {"cellspacing": "0", "cellpadding": "0", "border": "0", "width": "100%", "role": "presentation"}

    def line(*cells: Child) -> Html:
        return tag("tr", [tag("td", one, style=cell) for one in cells])

    todo = report["todo"]
    lines = [line(row["what"], row["name"], row["tenant"], row["reason"], show(row["last_good"])) for row in todo[:MAILED]]
    more = [line(f"and {len(todo) - MAILED} more: see the page that is attached")] if len(todo) > MAILED else []
    head = [tag("th", title, style=cell, scope="col") for title in ("What", "System", "Tenant", "Reason", "Last good backup")]
    done = tag("table", tag("tr", head), lines, more, cellspacing="0", cellpadding="0", border="0", width="100%")
    parts = [line(tag("b", f"Backups: {_title(report)}")), line(_lead(report, show)), line(tag("b", _said(_verdict(report))))]
    parts += [line(row["text"]) for row in report["problems"]]
    if todo:
        parts.append(line(done))
    body = tag("body", tag("table", parts, **table), style="font-family:sans-serif;font-size:14px")
    return f"<!DOCTYPE html>\n{tag('html', tag('head', tag('meta', charset='utf-8'), tag('title', _title(report))), body, lang='en')}\n"


def _said(verdict: Html) -> Html:
    return Html(verdict[verdict.index(">") + 1 : verdict.rindex("<")])
