# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    pass

Row = dict[str, t.Any]


def flag(holder: Row | None, key: str) -> bool:
    """A flag that is on unless the server says otherwise. A false one may be left out of a reply, the object around it is not."""
    return holder is None or bool(holder.get(key))


def listed(value: t.Any) -> list[t.Any]:
    """A list, whether the server sent a list, one bare object (lists of one collapse where the answer came from XML), or nothing."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def word(value: t.Any) -> str | None:
    """A word of the API, such as MET_SLA, as the modules write it. None for nothing."""
    return str(value).lower() if value not in (None, "") else None


def counted(rows: t.Iterable[Row], key: str) -> dict[str, int]:
    """How many rows there are of each value of a key."""
    result: dict[str, int] = {}
    for row in rows:
        name = str(row[key] or "unknown")
        result[name] = result.get(name, 0) + 1
    return dict(sorted(result.items()))
