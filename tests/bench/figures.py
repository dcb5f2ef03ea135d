# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures that a benchmark measures: what bench.json holds and what the table shows."""

from __future__ import annotations

import dataclasses
import statistics
import typing as t

Json = dict[str, t.Any]
Relation = t.Literal["<=", ">="]


@dataclasses.dataclass(frozen=True)
class Timing:
    """Several runs of the same thing: their median, and the quickest and the slowest of them."""

    median: float
    low: float
    high: float
    runs: int

    @classmethod
    def of(cls, values: t.Sequence[float]) -> Timing:
        return cls(statistics.median(values), min(values), max(values), len(values))


@dataclasses.dataclass(frozen=True)
class Figure:
    """One measured figure.

    value, unit: ours. A unit of "x" means "times", "s" seconds, "MB" 2^20 bytes.
    size: how many things it is about (VMs, subclients, tenants, jobs).
    peer, peer_value: who does the same, and what it takes in seconds (or in the unit of the figure).
    ratio: how many times better we are than the peer; for an overhead, how many times the floor we take.
    floor: what the same reads take without anything around them, in seconds.
    must: the bound that the project has set itself for the value.
    runs, low, high: of how many runs the value is the median, and between which values they lay.
    note: what a reader must know to judge the figure, such as a peer that was measured once.
    plot: the picture that the figure belongs to; its size is the x, its value the y, a peer's value another line's.
    """

    name: str
    value: float
    unit: str
    size: int
    peer: str | None = None
    peer_value: float | None = None
    ratio: float | None = None
    floor: float | None = None
    must: tuple[Relation, float] | None = None
    runs: int = 1
    low: float | None = None
    high: float | None = None
    note: str = ""
    plot: str | None = None

    @property
    def reached(self) -> bool | None:
        """Whether the bound is kept; None for a figure without one."""
        if self.must is None:
            return None
        relation, bound = self.must
        return self.value <= bound if relation == "<=" else self.value >= bound

    def to_json(self) -> Json:
        """As bench.json holds it: numbers with four significant digits."""
        result = dataclasses.asdict(self)
        for name, value in result.items():
            if isinstance(value, float):
                result[name] = float(f"{value:.4g}")
        result["must"] = None if self.must is None else f"{self.must[0]} {self.must[1]:g}"
        return result

    @classmethod
    def from_json(cls, saved: Json) -> Figure:
        """From an entry of bench.json; keys that it does not know are left out."""
        known = {field.name for field in dataclasses.fields(cls)}
        values = {name: value for name, value in saved.items() if name in known}
        if values.get("must"):
            relation, bound = values["must"].split()
            values["must"] = (relation, float(bound))
        return cls(**values)


HEADINGS = ("figure", "size", "ours", "peer", "peer's", "ratio", "floor", "must be", "runs", "")


def row(figure: Figure) -> tuple[str, ...]:
    """The cells of a figure's line in the table."""
    peer_unit = figure.unit if figure.unit != "x" else "s"
    verdict = {None: "", True: "ok", False: "MISSED"}[figure.reached]
    return (
        figure.name,
        f"{figure.size:,}",
        amount(figure.value, figure.unit),
        figure.peer or "",
        amount(figure.peer_value, peer_unit),
        amount(figure.ratio, "x"),
        amount(figure.floor, peer_unit),
        "" if figure.must is None else f"{figure.must[0]} {amount(figure.must[1], figure.unit)}",
        str(figure.runs),
        verdict,
    )


def amount(value: float | None, unit: str) -> str:
    """A number as people read it, with its unit: ``0.43 s``, ``22.4 x``; empty for none."""
    if value is None:
        return ""
    digits = 0 if value >= 100 or value == int(value) else 1 if value >= 10 else 2
    return f"{value:,.{digits}f} {unit}"


def table(figures: t.Iterable[Figure]) -> list[str]:
    """The figures as lines of text in columns."""
    rows = [HEADINGS, *(row(figure) for figure in figures)]
    widths = [max(len(line[column]) for line in rows) for column in range(len(HEADINGS))]
    rows.insert(1, tuple("-" * width for width in widths))
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in rows]
