# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes docs/faults.md from what came of the cells of the matrices (.build/faults/cells.jsonl, written by make faults)."""

from __future__ import annotations

import collections
import json
import typing as t

from console import ToolError, main_guard, say
from paths import BUILD, ROOT

CELLS = BUILD / "faults" / "cells.jsonl"
PAGE = ROOT / "docs" / "faults.md"
SURVIVED, REFUSED, NONE = "survived", "refused", "taken for none"

HEAD = """# What was tried: interruptions and faults

Made by `make faults` from what came of its cells; do not edit it. `make test` runs a sample of them.

**{runs} runs, {kills} kills, {faults} faults: {survived} survived, {refused} refused, {none} taken for none, {wrong} wrong.**

- *survived*: after a kill, the next run ended the work, everything is as after a run that nobody interrupted, each backup was started once,
  nothing is left behind, and one more run changes nothing. After a bad reply, the module says what it says on a good day, and the server
  holds what it holds then.
- *refused*: one clear error that names the call or the server, the reason and the way out; what was done before it is told, nothing was
  started twice, and the same task on a good day ends as it should.
- *taken for none*: of the reply 404 alone, with which servers answer a list of which there is nothing.

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
JOBS = """
## Jobs

Each backup and restore that is waited for, with a job that goes wrong. It is never started again by itself.

| Job | Cells | Survived | Refused | Wrong |
|---|---|---|---|---|
"""
VCENTER = """
## Refused calls of vCenter

| Module | Cells | Survived | Refused | Wrong |
|---|---|---|---|---|
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


def render(cells: list[Cell]) -> str:
    """The whole page."""
    kills = [cell for cell in cells if cell.matrix == "interruption"]
    replies = sorted((cell for cell in cells if cell.matrix == "reply"), key=lambda cell: cell.row)
    jobs = [cell for cell in cells if cell.matrix == "job"]
    refusals = [cell for cell in cells if cell.matrix == "vcenter"]
    counts = collections.Counter(cell.outcome for cell in cells)
    head = HEAD.format(
        runs=2 * len(kills) + len(cells),
        kills=len(kills),
        faults=len(cells) - len(kills),
        survived=counts[SURVIVED],
        refused=counts[REFUSED],
        none=counts[NONE],
        wrong=len(cells) - counts[SURVIVED] - counts[REFUSED] - counts[NONE],
    )
    both = (SURVIVED, REFUSED)
    return (
        head
        + table(kills, lambda cell: cell.row, (SURVIVED,))
        + REPLIES
        + table(replies, lambda cell: cell.column, (*both, NONE))
        + MODULES
        + table(replies, lambda cell: f"`{cell.row}`", (*both, NONE))
        + JOBS
        + table(jobs, lambda cell: cell.column, both)
        + VCENTER
        + table(refusals, lambda cell: f"`{cell.row}`", both)
    )


def main() -> int:
    """Write the page."""
    if not CELLS.is_file():
        raise ToolError(f"{CELLS} is missing: run make faults first.")
    cells = [Cell(**json.loads(line)) for line in CELLS.read_text(encoding="utf-8").splitlines()]
    PAGE.write_text(render(cells), encoding="utf-8")
    say(f"{PAGE.relative_to(ROOT)} written.")
    return 0


if __name__ == "__main__":
    main_guard(main)
