# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes docs/faults.md from what came of the cells of the matrices (.build/faults/cells.jsonl, written by make faults)."""

from __future__ import annotations

import collections
import json
import re
import typing as t

from console import ToolError, main_guard, say
from paths import BUILD, ROOT

CELLS = BUILD / "faults" / "cells.jsonl"
PAGE = ROOT / "docs" / "faults.md"
SECURITY = ROOT / "SECURITY.md"
LINE = re.compile(r"^\*\*(\d+ runs, .* wrong|There was none yet)\.\*\*$", re.MULTILINE)
"""The counts, on both pages; before the first full run there are none."""
SURVIVED, REFUSED, NONE = "survived", "refused", "taken for none"
FAULTS = ("reply", "not found", "job", "vcenter", "vcenter reply", "files")
"""The matrices whose cells are each a fault in the way of one task."""

HEAD = """# What was tried: interruptions and faults

Made by `make faults` from what came of its cells; do not edit it. `make test` runs a sample of them.

{counts}

- *survived*: after a kill, the next run ended the work, everything is as after a run that nobody interrupted, each backup was started once,
  nothing is left behind, and one more run changes nothing. After a bad reply, the module says what it says on a good day, and the server
  holds what it holds then.
- *refused*: one clear error that names the call or the server, the reason and the way out; what was done before it is told, nothing was
  started twice, and the same task on a good day ends as it should.
- *taken for none*: of the reply 404 in the server's own words alone, with which servers answer a list of which there is nothing.

## Interruptions

Each playbook, on the smallest platform that has a system of each kind. All of its processes are killed in each writing request to Commvault
or vCenter: once before it is carried out, and once after, before its answer arrives. Each kill is followed by two runs.

| Playbook | Kills | Survived | Wrong |
|---|---|---|---|
"""
REPLIES = """
## Bad replies of Commvault

Each call that a module sends, met by each of these. Rows are the replies; the calls are those of every module.

| Reply | Cells | Survived | Refused | Taken for none | Wrong |
|---|---|---|---|---|---|
"""
MODULES = """
| Module | Cells | Survived | Refused | Taken for none | Wrong |
|---|---|---|---|---|---|
"""
NOT_FOUND = """
## Not found

Each call, answered 404 by the server, and by something in between, which says nothing of what there is.

| Reply | Cells | Survived | Refused | Taken for none | Wrong |
|---|---|---|---|---|---|
"""
JOBS = """
## Jobs

Each job that a module starts or waits for, and those of a restore test, on a bad day of the job. It is never started again by itself.
*Survived* are backups with errors, of which there is a warning where the caller did not ask for a failure.

| Job | Cells | Survived | Refused | Wrong |
|---|---|---|---|---|
"""
VCENTER = """
## Refused calls of vCenter

| Module | Cells | Survived | Refused | Wrong |
|---|---|---|---|---|
"""
VCENTER_REPLIES = """
## Bad answers of vCenter

Each call that a module sends, met by each of these.

| Answer | Cells | Survived | Refused | Wrong |
|---|---|---|---|---|
"""
FILES = """
## Directories

Tickets, records of service requests and evidence, on the bad days of their directory.

| Directory | Cells | Survived | Refused | Wrong |
|---|---|---|---|---|
"""
TOGETHER = """
## At once

Runs beside each other: what there is in the end is what they leave one after the other. A cell is a run of one of many tenants, or two of
one tenant.

| Runs | Cells | Survived | Refused | Wrong |
|---|---|---|---|---|
"""
SOAK = """
## In a row

Converges of a tenant that is there, one after the other: memory, open files, sessions and temporary files stay as they are.

| Converges | Cells | Survived | Wrong |
|---|---|---|---|
"""


class Cell(t.NamedTuple):
    """One cell of a matrix, and what came of it."""

    matrix: str
    row: str
    column: str
    outcome: str


def table(cells: list[Cell], by: t.Callable[[Cell], str], outcomes: tuple[str, ...]) -> str:
    """Lines of a table: how often what came of the cells that have something in common."""
    groups: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for cell in cells:
        groups[by(cell)][cell.outcome] += 1
    lines = []
    for name, counts in groups.items():
        known = [counts[outcome] for outcome in outcomes]
        lines.append(f"| {name} | {counts.total()} | {' | '.join(map(str, known))} | {counts.total() - sum(known)} |")
    return "\n".join(lines) + "\n"


def by_matrix(cells: list[Cell]) -> dict[str, list[Cell]]:
    """The cells of each matrix."""
    of: dict[str, list[Cell]] = collections.defaultdict(list)
    for cell in cells:
        of[cell.matrix].append(cell)
    return of


def counted(cells: list[Cell]) -> str:
    """The line with all counts."""
    of, counts = by_matrix(cells), collections.Counter(cell.outcome for cell in cells)
    tried = [
        f"{2 * len(of['interruption']) + len(cells)} runs",
        f"{len(of['interruption'])} kills",
        f"{sum(len(of[matrix]) for matrix in FAULTS)} faults",
        f"{len(of['at once'])} at once",
        f"{len(of['soak'])} in a row",
    ]
    known = [f"{counts[outcome]} {outcome}" for outcome in (SURVIVED, REFUSED, NONE)]
    wrong = len(cells) - sum(counts[outcome] for outcome in (SURVIVED, REFUSED, NONE))
    return f"**{', '.join(tried)}: {', '.join(known)}, {wrong} wrong.**"


def render(cells: list[Cell]) -> str:
    """The whole page."""
    of = by_matrix(cells)
    kills, replies = of["interruption"], sorted(of["reply"], key=lambda cell: cell.row)
    head = HEAD.format(counts=counted(cells))
    both = (SURVIVED, REFUSED)
    return (
        head
        + table(kills, lambda cell: cell.row, (SURVIVED,))
        + REPLIES
        + table(replies, lambda cell: cell.column, (*both, NONE))
        + MODULES
        + table(replies, lambda cell: f"`{cell.row}`", (*both, NONE))
        + NOT_FOUND
        + table(of["not found"], lambda cell: cell.column, (*both, NONE))
        + JOBS
        + table(of["job"], lambda cell: cell.column, both)
        + VCENTER
        + table(of["vcenter"], lambda cell: f"`{cell.row}`", both)
        + VCENTER_REPLIES
        + table(of["vcenter reply"], lambda cell: cell.column, both)
        + FILES
        + table(of["files"], lambda cell: cell.column, both)
        + TOGETHER
        + table(of["at once"], lambda cell: cell.row, both)
        + SOAK
        + table(of["soak"], lambda cell: cell.row, (SURVIVED,))
    )


def main() -> int:
    """Write the page."""
    if not CELLS.is_file():
        raise ToolError(f"{CELLS} is missing: run make faults first.")
    cells = [Cell(**json.loads(line)) for line in CELLS.read_text(encoding="utf-8").splitlines()]
    PAGE.write_text(render(cells), encoding="utf-8")
    SECURITY.write_text(LINE.sub(lambda _match: counted(cells), SECURITY.read_text(encoding="utf-8"), count=1), encoding="utf-8")
    say(f"{PAGE.relative_to(ROOT)} written, and its counts in {SECURITY.relative_to(ROOT)}.")
    return 0


if __name__ == "__main__":
    main_guard(main)
