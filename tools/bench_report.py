# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make bench-report``: the table and the pictures of docs/performance.md, made from the measured figures in build/bench.json.

The page's words are written by hand; what stands between its markers is replaced.
"""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

from ansible_collections.calligo.baas.tests.bench.figures import HEADINGS, Figure, row
from bench_plots import Line, picture
from console import ToolError, say
from paths import ROOT
from playbook_runs import shown

PAGE = ROOT / "docs" / "performance.md"
IMAGES = ROOT / "docs" / "images"
OURS = "calligo.baas"
# What each picture shows: title and what its x counts. A plot that is not named here gets its own name.
TITLES = {
    "vcenter": ("Listing the VMs of a vCenter, whole playbook run", "VMs"),
    "subclients": ("File subclients that need no change", "subclients"),
    "jobs": ("Figures and a file from the job history", "jobs"),
    "fleet": ("Tenants that need no change", "tenants"),
}


def lines_of(figures: list[Figure]) -> list[Line]:
    """Ours first, then each peer's, then the floor, as far as they were measured."""
    lines: dict[str, list[tuple[float, float]]] = {OURS: []}
    for figure in sorted(figures, key=lambda figure: figure.size):
        lines[OURS].append((figure.size, figure.value))
        if figure.peer and figure.peer_value:
            lines.setdefault(figure.peer, []).append((figure.size, figure.peer_value))
        if figure.floor:
            lines.setdefault("floor", []).append((figure.size, figure.floor))
    return [Line(label, points, below=label == "floor") for label, points in lines.items()]


def draw(figures: list[Figure]) -> list[str]:
    """Write the pictures; returns the lines of the page that show them."""
    names = sorted({figure.plot for figure in figures if figure.plot})
    shown_here = []
    for name in names:
        chosen = [figure for figure in figures if figure.plot == name]
        title, counted = TITLES.get(name, (name.replace("_", " "), "size"))
        file = IMAGES / f"bench-{name.replace('_', '-')}.svg"
        file.write_text(picture(title, counted, "seconds" if chosen[0].unit == "s" else chosen[0].unit, lines_of(chosen)), encoding="utf-8")
        said = say_growth(chosen, counted)
        shown_here += ["", f"![{title}: {said}](images/{file.name})"]
        say(f"Written: {shown(file)}")
    return shown_here


def say_growth(figures: list[Figure], counted: str) -> str:
    """The picture in words."""
    return "; ".join(
        f"{figure.size:,} {counted} {figure.value:.3g} {figure.unit}"
        + (f" ({figure.peer} {figure.peer_value:.3g} {figure.unit})" if figure.peer and figure.peer_value else "")
        for figure in sorted(figures, key=lambda figure: figure.size)
    )


def markdown_table(figures: list[Figure]) -> list[str]:
    """The figures as a table, with the notes below it."""
    rows = [HEADINGS, tuple("---" for _heading in HEADINGS), *(row(figure) for figure in figures)]
    notes = [f"- `{figure.name}`: {figure.note}." for figure in figures if figure.note]
    return [*("| " + " | ".join(cells) + " |" for cells in rows), *([""] if notes else []), *notes]


def machine_line(facts: dict[str, t.Any], loads: list[float]) -> str:
    """Where and with what the figures were measured."""
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    machine = f"{facts['processor']}, {facts['cores']} cores, {facts['memory_gb']} GB, {facts['system']}"
    return f"Measured on: {machine}; {versions}. Load average while measuring: {min(loads):g} to {max(loads):g}."


def replaced(page: str, marker: str, lines: list[str]) -> str:
    """The page with what stands between two markers replaced."""
    body = "\n".join(lines).strip("\n")
    pattern = rf"(<!-- {marker} -->\n).*?(<!-- /{marker} -->)"
    changed, count = re.subn(pattern, lambda match: f"{match.group(1)}{body}\n{match.group(2)}", page, flags=re.DOTALL)
    if not count:
        raise ToolError(f"{shown(PAGE)} has no markers {marker}.")
    return changed


def render(results: Path) -> None:
    """Write the page and its pictures.

    :param results: the directory with bench.json and bench-machine.json.
    """
    if not (results / "bench.json").exists():
        raise ToolError("There are no figures yet: run make bench.")
    saved = json.loads((results / "bench.json").read_text(encoding="utf-8"))
    figures = [Figure.from_json(entry) for entry in saved]
    facts = json.loads((results / "bench-machine.json").read_text(encoding="utf-8"))
    page = PAGE.read_text(encoding="utf-8")
    page = replaced(page, "figures", [machine_line(facts, [entry["load"] for entry in saved]), "", *markdown_table(figures)])
    page = replaced(page, "plots", draw(figures))
    PAGE.write_text(page, encoding="utf-8")
    say(f"Written: {shown(PAGE)}")
