# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cache-backed lists' query dialect: fq=column:op:value (repeatable), search, sort, start, limit."""

from __future__ import annotations

import typing as t

from commvaultsim.wire.routing import Request
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]
Columns = t.Mapping[str, t.Callable[[t.Any], t.Any]]


def _passes(value: t.Any, operator: str, wanted: str) -> bool:
    text, want = str("" if value is None else value).lower(), wanted.lower()
    tests: dict[str, t.Callable[[], bool]] = {
        "eq": lambda: text == want,
        "neq": lambda: text != want,
        "contains": lambda: want in text,
        "notcontain": lambda: want not in text,
        "in": lambda: text in [part for part in want.split(",") if part] or (want.startswith("null") and not text),
        "nin": lambda: text not in want.split(","),
        "gt": lambda: to_int(value) > to_int(wanted),
        "lt": lambda: to_int(value) < to_int(wanted),
        "gteq": lambda: to_int(value) >= to_int(wanted),
        "lteq": lambda: to_int(value) <= to_int(wanted),
    }
    return operator.lower() in tests and tests[operator.lower()]()


def _column(columns: Columns, name: str) -> t.Callable[[t.Any], t.Any] | None:
    lower = {key.lower(): getter for key, getter in columns.items()}
    return lower.get(name.lower()) or lower.get(name.lower().rsplit(".", 1)[-1])


def select(request: Request, rows: t.Sequence[t.Any], columns: Columns) -> tuple[list[t.Any], int]:
    """The rows that pass every fq and search, sorted and paged as asked, and how many passed before paging.

    A column that is not known is ignored, as the real server ignores unknown parameters.
    """
    for expression in [*request.qall("fq"), *request.qall("search")]:
        name, _colon, rest = expression.partition(":")
        operator, _colon, wanted = rest.partition(":")
        getters = [getter for getter in (_column(columns, part) for part in name.split(",")) if getter]
        if getters:
            rows = [row for row in rows if any(_passes(getter(row), operator, wanted) for getter in getters)]
    name, _colon, direction = (request.q("sort") or "").partition(":")
    getter = _column(columns, name) if name else None
    if getter:
        order = getter
        rows = sorted(rows, key=lambda row: str(order(row)).lower(), reverse=direction == "-1")
    total = len(rows)
    start = to_int(request.q("start"))
    limit = to_int(request.q("limit"))
    return list(rows[start : start + limit] if limit else rows[start:]), total
