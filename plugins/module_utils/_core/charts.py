# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Charts for pages, as SVG that needs no script, no font and no network. The only file that imports pygal.

Labels are texts that a page may hold (_service/markup.py: readable).
"""

from __future__ import annotations

import sys
import traceback
import typing as t
from xml.etree import ElementTree

from .errors import MissingLibrary

Series = t.Mapping[str, t.Sequence[float | None]]

COLOURS = {"good": "#1f7a46", "partial": "#c07a00", "bad": "#b3261e", "plain": "#2f6f9f", "other": "#7a5ea8"}
"""Told apart also in grey: their lightness differs."""
FEW: t.Mapping[str, t.Any] = {"y_labels_major_count": 5, "show_minor_y_labels": False}
"""Lines across a chart, not more than are read."""
ElementTree.register_namespace("", "http://www.w3.org/2000/svg")
SVG = "http://www.w3.org/2000/svg"


def stacked_bars(name: str, labels: t.Sequence[str], series: Series, colours: t.Sequence[str]) -> str:
    """Bars with one part for each series. name: for the ids in the SVG, different for each chart of a page. colours: of COLOURS."""
    return _drawn(_library().StackedBar, name, labels, series, colours, height=280, **FEW)


def lines(name: str, labels: t.Sequence[str], series: Series, colours: t.Sequence[str]) -> str:
    """A line for each series."""
    return _drawn(_library().Line, name, labels, series, colours, height=240, show_dots=False, **FEW)


def bars_across(name: str, labels: t.Sequence[str], series: Series, colours: t.Sequence[str]) -> str:
    """Horizontal bars from 0 to 100, one for each label."""
    height = 90 + 28 * len(labels)
    return _drawn(_library().HorizontalBar, name, labels, series, colours, height=height, range=(0, 100), show_legend=False)


def _drawn(kind: t.Any, name: str, labels: t.Sequence[str], series: Series, colours: t.Sequence[str], **more: t.Any) -> str:
    # Text takes the colour of the page, which may be light or dark.
    style = _library().style.Style(
        background="transparent",
        plot_background="transparent",
        foreground="currentColor",
        foreground_strong="currentColor",
        foreground_subtle="currentColor",
        colors=tuple(COLOURS[colour] for colour in colours),
        font_family="system-ui, sans-serif",
        label_font_size=12,
        major_label_font_size=12,
        legend_font_size=13,
        transition="0s",
    )
    chart = kind(
        style=style,
        js=[],
        width=960,
        disable_xml_declaration=True,
        legend_at_bottom=True,
        legend_at_bottom_columns=3,
        x_label_rotation=50,
        **more,
    )
    # It would be random, and the same report another file each time.
    chart.uuid = name
    chart.x_labels = list(labels)
    for title, values in series.items():
        chart.add(title, list(values))
    return _plain(str(chart.render(is_unicode=True)))


def _plain(drawn: str) -> str:
    """A drawing without its script, its comments, which hold the date, and the ids that all drawings share."""
    root = ElementTree.fromstring(drawn)  # noqa: S314 - pygal made it
    for parent in list(root.iter()):
        for child in [child for child in parent if child.tag == f"{{{SVG}}}script"]:
            parent.remove(child)
        if parent is not root:
            parent.attrib.pop("id", None)
    return ElementTree.tostring(root, encoding="unicode")


def _library() -> t.Any:
    """The library. Raises MissingLibrary where it is not installed."""
    try:
        import pygal  # noqa: PLC0415 - only reports need it
        import pygal.style  # noqa: PLC0415
    except ImportError:
        raise MissingLibrary("pygal", traceback.format_exc()) from None
    # It looks for plug-ins of its own by a way that Python warns of, at each later import of something that is not there.
    sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]
    return pygal
