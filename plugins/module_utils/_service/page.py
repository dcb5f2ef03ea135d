# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What the pages of all reports share: one file that needs nothing else, in the reader's light or dark mode."""

from __future__ import annotations

import datetime
import typing as t
import zoneinfo

from .markup import Child, Html, join, tag

Chart = t.Callable[[str, t.Sequence[str], t.Mapping[str, t.Sequence[float | None]], t.Sequence[str]], str]

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


def document(title: str, header: t.Sequence[Child], sections: t.Sequence[Child], made_at: str, first: tuple[str, str]) -> str:
    """A whole page. first: where who reads with a keyboard may go at once, the id and what to say."""
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("title", title),
        tag("style", Html(STYLE)),
    ]
    body = [
        tag("a", first[1], href=f"#{first[0]}", class_="skip"),
        tag("header", tag("h1", title), header),
        tag("main", sections),
        tag("footer", tag("p", f"Made at {made_at} (UTC) by calligo.baas.", class_="soft")),
        tag("script", Html(SCRIPT)),
    ]
    return f"<!DOCTYPE html>\n{tag('html', tag('head', head), tag('body', body), lang='en')}\n"


class Times:
    """Times as people in the region read them."""

    def __init__(self, zone: str) -> None:
        self._zone = zoneinfo.ZoneInfo(zone)

    def __call__(self, moment: str | None) -> str:
        if not moment:
            return "never"
        return datetime.datetime.fromisoformat(moment).astimezone(self._zone).strftime("%Y-%m-%d %H:%M")


def section(key: str, title: str, *children: Child) -> Html:
    """A part of a page under a heading. key: its id."""
    return tag("section", tag("h2", title, id=f"{key}-title"), children, id=key, aria_labelledby=f"{key}-title")


def name(value: str | None) -> Html:
    """A name that others chose, which may be written in any direction."""
    return tag("bdi", value or "")


def table(key: str, caption: str, columns: t.Sequence[str], rows: t.Sequence[Html], search: bool = False) -> Html:
    """Rows that a script sorts. caption: what they are and in which order. search: whether a field above them chooses some by a word."""
    head = tag("thead", tag("tr", [tag("th", column, scope="col") for column in columns]))
    lines = tag("table", tag("caption", caption), head, tag("tbody", rows), class_="sortable", id=f"{key}-table")
    field = tag("label", "Show only lines with ", tag("input", type="search", data_table=f"{key}-table"))
    found = tag("output", aria_live="polite")
    return join(
        [
            tag("p", field, " ", found, class_="filter", hidden=True) if search else None,
            tag("div", lines, class_="scroll", tabindex="0", role="region", aria_label=caption),
        ]
    )


def verdict(text: str, kind: str) -> Html:
    """The sentence that says it all. kind: good, warn or bad."""
    return tag("p", text, class_=f"verdict {kind}")


def tiles(shown: t.Iterable[tuple[str, str]]) -> Html:
    """Figures that are read first, each with what it is."""
    return tag("ul", [tag("li", tag("b", value), label) for value, label in shown], class_="tiles")


def badge(text: str, kind: str) -> Html:
    """A word in a colour. kind: good, warn or bad."""
    return tag("span", text.replace("_", " "), class_=f"badge {kind}")


def figure(title: str, drawn: str) -> Html:
    """A chart with its title. drawn: of _core/charts.py."""
    return tag("figure", tag("figcaption", title), Html(drawn), role="group", aria_label=title)


def size(count: int | None) -> str:
    """Bytes in words; nothing for none."""
    if not count:
        return ""
    power = min(4, (count.bit_length() - 1) // 10)
    return f"{count / 1024**power:.1f} {('B', 'KiB', 'MiB', 'GiB', 'TiB')[power]}"
