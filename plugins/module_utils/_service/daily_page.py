# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The daily report as one page that needs nothing else, and as the body of an e-mail."""

from __future__ import annotations

import datetime
import typing as t
import zoneinfo

from .daily_report import WORDS, age
from .markup import Child, Html, join, readable, tag, text

Row = dict[str, t.Any]
Given = t.Mapping[str, t.Any]
Chart = t.Callable[[str, t.Sequence[str], t.Mapping[str, t.Sequence[float | None]], t.Sequence[str]], str]

BAD = ("failed", "never_ran", "not_in_group", "disabled")
SIGNS = {"s": "✓", "p": "!", "f": "✗", "-": "·"}
MAILED = 50
"""Lines of a table in an e-mail; the page has them all."""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
STYLE = """
:root { color-scheme: light dark; --back: #fff; --fore: #1c2733; --soft: #55636f; --line: #d7dee5; --head: #f1f4f7;
  --good: #17663a; --bad: #a61b13; --warn: #7a4f00; --good-back: #dff1e6; --bad-back: #fbe3e1; --warn-back: #fdf0d3; --link: #0b5394; }
@media (prefers-color-scheme: dark) { :root { --back: #14191f; --fore: #e6ebf0; --soft: #a9b5c0; --line: #38434e; --head: #1f262e;
  --good: #7fd6a1; --bad: #ff9d96; --warn: #f2c46d; --good-back: #173626; --bad-back: #47201d; --warn-back: #40310f; --link: #8fc1f2; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--fore); font: 15px/1.5 system-ui, "Segoe UI", Roboto, sans-serif; }
main, header, footer { max-width: 1180px; margin: 0 auto; padding: 0 1.2rem; }
h1 { margin: 1.4rem 0 .2rem; font-size: 1.6rem; } h2 { margin: 2rem 0 .5rem; font-size: 1.2rem; }
p { margin: .3rem 0; } .soft { color: var(--soft); } a { color: var(--link); }
.skip { position: absolute; left: -999rem; } .skip:focus { left: 1rem; top: .5rem; background: var(--back); padding: .3rem .6rem; }
.verdict { font-size: 1.1rem; font-weight: 600; padding: .7rem 1rem; margin: .8rem 0; border-left: 6px solid; }
.tiles { display: flex; flex-wrap: wrap; gap: .7rem; padding: 0; list-style: none; }
.tiles li { border: 1px solid var(--line); border-radius: .4rem; padding: .5rem .9rem; min-width: 8rem; }
.tiles b { display: block; font-size: 1.5rem; line-height: 1.2; }
.scroll { overflow-x: auto; } .scroll:focus-visible { outline: 2px solid var(--link); }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; color: var(--soft); padding: .2rem 0; }
th, td { text-align: left; vertical-align: top; padding: .35rem .55rem; border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
table.sortable { min-width: 46rem; } td { max-width: 28rem; }
.sortable tbody th { min-width: 12rem; } thead th { background: var(--head); white-space: nowrap; }
td.n, th.n { text-align: right; white-space: nowrap; } td.t { white-space: nowrap; }
th button { all: unset; cursor: pointer; font-weight: 600; } th button:focus-visible { outline: 2px solid var(--link); }
th[aria-sort=ascending] button::after { content: " ▲"; } th[aria-sort=descending] button::after { content: " ▼"; }
.good { color: var(--good); background: var(--good-back); border-color: var(--good); }
.bad { color: var(--bad); background: var(--bad-back); border-color: var(--bad); }
.warn { color: var(--warn); background: var(--warn-back); border-color: var(--warn); }
.badge { padding: .05rem .5rem; border-radius: .7rem; font-weight: 600; white-space: nowrap; }
.heat th, .heat td { padding: .1rem .2rem; text-align: center; min-width: 1.3rem; }
.heat tbody th { text-align: left; white-space: nowrap; }
.heat td.s { background: var(--good-back); color: var(--good); } .heat td.p { background: var(--warn-back); color: var(--warn); }
.heat td.f { background: var(--bad-back); color: var(--bad); } .heat td.m { text-decoration: underline; }
.filter { margin: .4rem 0; } .filter input { font: inherit; padding: .25rem .5rem; width: 18rem; max-width: 100%;
  color: inherit; background: var(--back); border: 1px solid var(--soft); border-radius: .3rem; }
figure { margin: .8rem 0; } figure svg { width: 100%; height: auto; } figcaption { font-weight: 600; }
[hidden] { display: none; }
@media (max-width: 40rem) { th, td { padding: .3rem .35rem; font-size: .9rem; } }
@page { size: A4 landscape; margin: 12mm; }
@media print { body { font-size: 10px; } thead th { white-space: normal; } .filter, .skip { display: none; }
  main, header, footer { max-width: none; padding: 0; }
  .scroll { overflow: visible; } tr, figure { break-inside: avoid; }
  thead { display: table-header-group; } * { print-color-adjust: exact; } }
"""
SCRIPT = """
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  table.tHead.querySelectorAll("th").forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      table.querySelectorAll("th[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = (row) => row.cells[column].dataset.sort ?? row.cells[column].textContent;
      const order = new Intl.Collator(undefined, { numeric: true }).compare;
      [...body.rows].sort((a, b) => (up ? 1 : -1) * order(key(a), key(b))).forEach((row) => body.append(row));
    });
  });
}
for (const field of document.querySelectorAll(".filter input")) {
  field.parentElement.parentElement.hidden = false;
  const rows = document.getElementById(field.dataset.table).tBodies[0].rows;
  const told = field.parentElement.parentElement.querySelector("output");
  field.addEventListener("input", () => {
    let shown = 0;
    for (const row of rows) shown += !(row.hidden = !row.textContent.toLowerCase().includes(field.value.toLowerCase()));
    told.textContent = `${shown} of ${rows.length}`;
  });
}
"""


def page(report: Given, stacked_bars: Chart, lines: Chart, bars_across: Chart) -> str:
    """The whole page. stacked_bars, lines, bars_across: what draws charts, see _core/charts.py."""
    title = f"Backups: {_title(report)}"
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("title", title),
        tag("style", Html(STYLE)),
    ]
    show = _Times(report)
    sections = [
        _problems(report),
        _todo(report, show),
        _jobs(report, show),
        _systems(report, show),
        _heat(report),
        _charts(report, stacked_bars, lines, bars_across),
        _tests(report),
    ]
    body = [
        tag("a", "To what has to be done", href="#todo", class_="skip"),
        tag("header", tag("h1", title), _lead(report, show), _verdict(report), _tiles(report)),
        tag("main", sections),
        tag("footer", tag("p", f"Made at {report['made_at']} (UTC) by calligo.baas.", class_="soft")),
        tag("script", Html(SCRIPT)),
    ]
    return f"<!DOCTYPE html>\n{tag('html', tag('head', head), tag('body', body), lang='en')}\n"


class _Times:
    """Times as people in the region read them."""

    def __init__(self, report: Given) -> None:
        self._zone = zoneinfo.ZoneInfo(report["period"]["time_zone"])

    def __call__(self, moment: str | None) -> str:
        if not moment:
            return "never"
        return datetime.datetime.fromisoformat(moment).astimezone(self._zone).strftime("%Y-%m-%d %H:%M")


def _title(report: Given) -> str:
    whose = report["audience"]["name"] or f"region {report['region']}"
    return f"{whose}, {report['period']['days'][-1]}"


def _lead(report: Given, show: _Times) -> Html:
    period = report["period"]
    span = f"{show(period['from'])} to {show(period['to'])}, {period['time_zone']} ({period['hours']:g} hours)"
    return tag("p", span, class_="soft")


def _verdict(report: Given) -> Html:
    count = len(report["todo"])
    if not report["complete"]:
        return tag("p", f"Not everything could be read. What is known has {count} things to do.", class_="verdict warn")
    if count:
        return tag("p", f"{count} {'thing has' if count == 1 else 'things have'} to be done today.", class_="verdict bad")
    return tag("p", "Nothing has to be done: every system is protected.", class_="verdict good")


def _tiles(report: Given) -> Html:
    sums: dict[str, int] = {}
    for row in report["clients"]:
        sums[row["sla"]] = sums.get(row["sla"], 0) + 1
    met, missed = sums.get("met", 0), sums.get("missed", 0)
    share = f"{1000 * met // (met + missed) / 10:g} %" if met + missed else "not known"
    protected = sum(system["state"] == "protected" for system in report["systems"])
    jobs = [job["outcome"] for system in report["systems"] for job in system["jobs"]]
    tiles = [
        (f"{protected} of {len(report['systems'])}", "systems protected"),
        (share, f"SLA: {met} met, {missed} missed, {sums.get('excluded', 0)} excluded, {sums.get('unknown', 0)} not known"),
        (str(len(jobs)), f"backups: {jobs.count('success')} whole, {jobs.count('partial')} with errors, {jobs.count('failed')} failed"),
    ]
    return tag("ul", [tag("li", tag("b", value), label) for value, label in tiles], class_="tiles")


def _section(key: str, title: str, *children: Child) -> Html:
    return tag("section", tag("h2", title, id=f"{key}-title"), children, id=key, aria_labelledby=f"{key}-title")


def _name(value: str | None) -> Html:
    """A name that others chose, which may be written in any direction."""
    return tag("bdi", value or "")


def _table(key: str, caption: str, columns: t.Sequence[str], rows: t.Sequence[Html], search: bool = False) -> Html:
    head = tag("thead", tag("tr", [tag("th", column, scope="col") for column in columns]))
    table = tag("table", tag("caption", caption), head, tag("tbody", rows), class_="sortable", id=f"{key}-table")
    field = tag("label", "Show only lines with ", tag("input", type="search", data_table=f"{key}-table"))
    found = tag("output", aria_live="polite")
    return join(
        [
            tag("p", field, " ", found, class_="filter", hidden=True) if search else None,
            tag("div", table, class_="scroll", tabindex="0", role="region", aria_label=caption),
        ]
    )


def _badge(state: str) -> Html:
    kind = "good" if state in ("protected", "met", "passed", "success") else "bad" if state in (*BAD, "missed") else "warn"
    return tag("span", state.replace("_", " "), class_=f"badge {kind}")


def _problems(report: Given) -> Html | None:
    if report["complete"]:
        return None
    return _section("unknown", "What could not be read", tag("ul", [tag("li", row["text"]) for row in report["problems"]]))


def _todo(report: Given, show: _Times) -> Html:
    check = report["check"]
    told = tag("p", "Backup check: ", ", ".join(f"{count} {end}" for end, count in check.items()), ".") if check else ""
    if not report["todo"]:
        return _section("todo", "To do today", told, tag("p", "Nothing."))
    columns = ["What", "System", "Tenant", "Reason", "Last good backup", "Strikes", *(["Seen to"] if check else [])]
    rows = [
        tag(
            "tr",
            tag("td", _badge(row["state"]), " ", row["what"]),
            tag("td", _name(row["name"])),
            tag("td", _name(row["tenant"])),
            tag("td", _name(row["reason"])),
            tag("td", show(row["last_good"]) if row["system"] else "", class_="t"),
            tag("td", _strikes(row["strikes"]), class_="n", data_sort=row["strikes"]),
            tag("td", _name(row["handled"])) if check else "",
        )
        for row in report["todo"]
    ]
    return _section("todo", "To do today", told, _table("todo", "The most urgent first", columns, rows, search=True))


def _strikes(count: int) -> Html:
    return tag("span", "●" * min(count, 3), f" {count}" if count > 3 else "", class_="bad", title=f"{count} strikes") if count else text("")


def _jobs(report: Given, show: _Times) -> Html:
    names = {row["host"]: row["name"] for row in report["tenants"]}
    found = [(system, job) for system in report["systems"] for job in system["jobs"] if job["outcome"] != "success"]
    found.sort(key=lambda one: (one[1]["start"] or "", one[1]["id"]), reverse=True)
    if not found:
        return _section("jobs", "Backups that did not succeed", tag("p", "None in this period."))
    rows = [
        tag(
            "tr",
            tag("td", job["id"], class_="n"),
            tag("td", _name(system["name"])),
            tag("td", _name(names.get(system["tenant"]))),
            tag("td", job["level"]),
            tag("td", job["status"]),
            tag("td", show(job["start"]), class_="t"),
            tag("td", age(system["age_seconds"]), class_="n", data_sort=system["age_seconds"] or 0),
            tag("td", _name(job["reason"])),
        )
        for system, job in found
    ]
    columns = ["Job", "System", "Tenant", "Level", "Status", "Began", "Last good", "In the job's own words"]
    return _section("jobs", "Backups that did not succeed", _table("jobs", "Of this period, the latest first", columns, rows, search=True))


def _systems(report: Given, show: _Times) -> Html:
    names = {row["host"]: row["name"] for row in report["tenants"]}
    rows = [
        tag(
            "tr",
            tag("th", _name(system["name"]), scope="row"),
            tag("td", _name(names.get(system["tenant"]))),
            tag("td", system["kind"]),
            tag("td", tag("span", _badge(system["state"]), title=WORDS[system["state"]])),
            tag("td", show(system["last_good"]), class_="t"),
            tag("td", age(system["age_seconds"]), class_="n", data_sort=system["age_seconds"] or 0),
            tag("td", age(system["rpo_seconds"]) if system["rpo_seconds"] else "", class_="n", data_sort=system["rpo_seconds"] or 0),
            tag("td", _badge(system["sla"]), f" in {system['sla_days']} d", class_="t"),
            tag("td", _strikes(system["strikes"]), class_="n", data_sort=system["strikes"]),
            tag("td", _size(system["full_bytes"]), class_="n", data_sort=system["full_bytes"] or 0),
            tag("td", _name(system["exception"] or system["plan"])),
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
    return _section("systems", "All systems", _table("systems", "What the specifications name", columns, rows, search=True))


def _size(count: int | None) -> str:
    if not count:
        return ""
    power = min(4, (count.bit_length() - 1) // 10)
    return f"{count / 1024**power:.1f} {('B', 'KiB', 'MiB', 'GiB', 'TiB')[power]}"


def _heat(report: Given) -> Html:
    days = report["period"]["days"]
    head = tag("tr", tag("th", "System", scope="col"), [tag("th", day[8:], scope="col", title=day) for day in days])
    rows = [
        tag("tr", tag("th", _name(system["name"]), scope="row"), [_cell(letter) for letter in system["days"]])
        for system in report["systems"]
    ]
    caption = "The best backup of each day: ✓ whole, ! with errors, ✗ failed, · none; underlined where another one did worse"
    table = tag("table", tag("caption", caption), tag("thead", head), tag("tbody", rows), class_="heat")
    return _section("days", "Day by day", tag("div", table, class_="scroll", tabindex="0", role="region", aria_label="Day by day"))


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
    drawn = [tag("figure", tag("figcaption", title), Html(svg), role="group", aria_label=title) for title, svg in figures]
    return _section("charts", "The last days", *drawn)


OUTCOMES = ("success", "partial", "failed")


def _tests(report: Given) -> Html:
    tests = report["restore_tests"]
    if not tests:
        return _section("restore-tests", "Restore tests", tag("p", "No restore test is on record."))
    rows = [
        tag(
            "tr",
            tag("th", test["period"], scope="row"),
            tag("td", _badge(test["result"])),
            tag("td", test["ended_at"], class_="t"),
            tag("td", [join([_name(one["name"] or one["id"]), f" ({one['kind']}, {one['result']}) "]) for one in test["samples"]]),
        )
        for test in tests
    ]
    columns = ["Period", "Result", "Ended (UTC)", "What was drawn"]
    return _section("restore-tests", "Restore tests", _table("restore-tests", "The newest first", columns, rows))


def mail(report: Given) -> str:
    """The body of an e-mail: tables alone, without a script or a style sheet, which mail programs leave out."""
    show = _Times(report)
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
