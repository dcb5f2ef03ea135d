# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.errors import ApiError

Row = dict[str, t.Any]

# Reading the parts of a reply. A part that is missing is empty; one of the wrong type is an error, never taken for nothing.


def part(row: Row | None, *keys: str) -> Row:
    """The object below these keys, one level each; empty where one of them is missing or null. Raises ApiError where it is no object."""
    found: t.Any = row
    for key in keys:
        found = (found or {}).get(key)
        if found is not None and not isinstance(found, dict):
            raise ApiError(f"Commvault answered with {type(found).__name__} instead of an object in {'.'.join(keys)}: {str(found)[:80]!r}.")
    return found or {}


def _value(row: Row | None, keys: tuple[str, ...]) -> t.Any:
    """What is below these keys. Most have one, and histories a hundred thousand rows with a dozen each."""
    return (part(row, *keys[:-1]) if len(keys) > 1 else row or {}).get(keys[-1])


def text(row: Row | None, *keys: str) -> str | None:
    """The text below these keys; None where it is missing, null or empty."""
    value = _value(row, keys)
    return None if value in (None, "") else str(value)


def number(row: Row | None, *keys: str) -> int:
    """The whole number below these keys, 0 where it is missing or null. Raises ApiError where it is no number."""
    value = _value(row, keys) or 0
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ApiError(f"Commvault answered with no number in {'.'.join(keys)}: {str(value)[:80]!r}.") from None


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
