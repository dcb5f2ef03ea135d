# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of how figures grow: lines over logarithmic axes as plain SVG, without a plotting library."""

from __future__ import annotations

import dataclasses
import math
from xml.sax.saxutils import escape

Point = tuple[float, float]

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 60, 50
LETTER = 6.4  # about the width of a letter of the legend
# Told apart by colour-blind readers, too (Okabe and Ito).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")


@dataclasses.dataclass(frozen=True)
class Line:
    """One line of a picture: what it shows, and its points by rising x. below: whether their values are written below them."""

    label: str
    points: list[Point]
    below: bool = False


def picture(title: str, x_label: str, y_label: str, lines: list[Line]) -> str:
    """The SVG of some lines, all values of which are above zero."""
    points = [point for line in lines for point in line.points]
    across = _Axis(min(x for x, _y in points), max(x for x, _y in points), LEFT, WIDTH - RIGHT, exact=True)
    up = _Axis(min(y for _x, y in points), max(y for _x, y in points), HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-family="sans-serif" font-size="13">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="20" font-size="15" font-weight="bold">{escape(title)}</text>',
        *_grid(across, up, sorted({x for x, _y in points})),
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">{escape(x_label)}</text>',
        f'<text transform="translate(18 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">{escape(y_label)}</text>',
    ]
    legend = float(LEFT)
    for number, line in enumerate(lines):
        parts += _drawn(line, COLOURS[number % len(COLOURS)], legend, across, up)
        legend += 45 + LETTER * len(line.label)
    return "\n".join([*parts, "</svg>", ""])


class _Axis:
    """A logarithmic scale from values to places in the picture."""

    def __init__(self, low: float, high: float, start: float, end: float, exact: bool = False) -> None:
        margin = 0.06 if exact else 0.0
        self.low = math.log10(low) - margin if exact else math.floor(math.log10(low))
        self.high = math.log10(high) + margin if exact else math.ceil(math.log10(high) + 1e-9)
        self._start, self._end = start, end

    def at(self, value: float) -> float:
        share = (math.log10(value) - self.low) / ((self.high - self.low) or 1)
        return round(self._start + share * (self._end - self._start), 1)

    def powers(self) -> list[float]:
        return [10.0**power for power in range(math.ceil(self.low), math.floor(self.high) + 1)]


def _grid(across: _Axis, up: _Axis, sizes: list[float]) -> list[str]:
    parts = []
    for value in up.powers():
        y = up.at(value)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" stroke="#dddddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{value:,g}</text>')
    for size in sizes:
        x = across.at(size)
        parts.append(f'<line x1="{x}" x2="{x}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#eeeeee"/>')
        parts.append(f'<text x="{x}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{size:,.0f}</text>')
    return parts


def _drawn(line: Line, colour: str, legend: float, across: _Axis, up: _Axis) -> list[str]:
    places = [(across.at(x), up.at(y)) for x, y in line.points]
    return [
        f'<polyline fill="none" stroke="{colour}" stroke-width="2.5" points="{" ".join(f"{x},{y}" for x, y in places)}"/>',
        *(f'<circle cx="{x}" cy="{y}" r="4" fill="{colour}"/>' for x, y in places),
        *(
            f'<text x="{x}" y="{y + (17 if line.below else -9):g}" text-anchor="middle" font-size="11" fill="{colour}">{value:.3g}</text>'
            for (x, y), (_x, value) in zip(places, line.points, strict=True)
        ),
        f'<rect x="{legend:g}" y="32" width="14" height="4" fill="{colour}"/>',
        f'<text x="{legend + 20:g}" y="39" font-size="12">{escape(line.label)}</text>',
    ]
