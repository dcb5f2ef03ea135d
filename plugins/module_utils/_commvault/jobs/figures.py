# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What a long job history comes to: counts and sums, and its rows as lines of a file. Each job is looked at once and then forgotten."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import typing as t

from ..._core.table import cell

Row = dict[str, t.Any]

GROUPS = ("company", "client", "type", "level", "status", "outcome", "reason")
OUTCOMES = ("success", "partial", "failed", "standing", "active")
SUMS = ("application_bytes", "media_bytes", "objects", "failed_objects")
COLUMNS = (
    "id",
    "parent",
    "company",
    "client",
    "subclient",
    "operation",
    "type",
    "level",
    "status",
    "outcome",
    "reason",
    "start_time",
    "end_time",
    *SUMS,
)
FORMATS = ("csv", "jsonl")
SHOWN = 100
"""The most groups of one kind in a result; what is smaller is told together."""
KEPT = 10_000
"""The most groups of one kind that are told apart while counting: reasons may have a number or a name of their own in each text."""


@dataclasses.dataclass(slots=True)
class Tally:
    """Jobs counted by outcome, and their sizes added up."""

    jobs: int = 0
    outcomes: dict[str, int] = dataclasses.field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    sums: dict[str, int] = dataclasses.field(default_factory=lambda: dict.fromkeys(SUMS, 0))

    def add(self, record: Row) -> None:
        self.jobs += 1
        self.outcomes[record["outcome"]] += 1
        for name in SUMS:
            self.sums[name] += int(record[name] or 0)

    def join(self, other: Tally) -> None:
        self.jobs += other.jobs
        for name in OUTCOMES:
            self.outcomes[name] += other.outcomes[name]
        for name in SUMS:
            self.sums[name] += other.sums[name]

    def to_record(self) -> Row:
        return {"jobs": self.jobs, **self.outcomes, **self.sums}


class Figures:
    """Totals, and totals by each of some groups.

    A job that belongs to another (one VM of a VM group's) is counted apart and not added up: its parent has its sizes already.
    by: some of GROUPS. Reasons are counted of what did not succeed only.
    """

    def __init__(self, by: t.Iterable[str]) -> None:
        self._total = Tally()
        self._children = 0
        self._groups: dict[str, dict[str, Tally]] = {name: {} for name in GROUPS if name in set(by)}
        self._rest: dict[str, Tally] = {}

    def add(self, record: Row) -> None:
        if record["parent"]:
            self._children += 1
            return
        self._total.add(record)
        for name, groups in self._groups.items():
            if name == "reason" and record["outcome"] in ("success", "active"):
                continue
            label = str(record[name] or "")
            if name == "reason":
                # The same reason, though the server's text has the number of the job in it.
                label = label.replace(str(record["id"]), "#")
            if label in groups or len(groups) < KEPT:
                groups.setdefault(label, Tally()).add(record)
            else:
                self._rest.setdefault(name, Tally()).add(record)

    def to_record(self) -> Row:
        return {
            "total": self._total.to_record(),
            "jobs_of_single_vms": self._children,
            **{f"by_{name}": self._by(name) for name in self._groups},
        }

    def _by(self, name: str) -> list[Row]:
        """The groups of one kind, those with most jobs first."""
        ranked = sorted(self._groups[name].items(), key=lambda item: (-item[1].jobs, item[0]))
        rest = self._rest.get(name, Tally())
        for _label, tally in ranked[SHOWN:]:
            rest.join(tally)
        rows = [{name: label, **tally.to_record()} for label, tally in ranked[:SHOWN]]
        return [*rows, {name: None, **rest.to_record()}] if rest.jobs else rows


def lines(records: t.Iterable[Row], form: str) -> t.Iterator[str]:
    """The rows of a file in one of FORMATS; with the names of the columns first in CSV."""
    if form == "jsonl":
        for record in records:
            yield json.dumps({name: record[name] for name in COLUMNS}, ensure_ascii=False) + "\n"
        return
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for record in records:
        writer.writerow([cell(record[name]) for name in COLUMNS])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()
