# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an update changes the content list of a file system subclient. Pure functions.

One list holds three kinds, told apart by their key: ``path`` (content), ``excludePath`` (filter) and ``includePath`` (exception).
Each kind has an operation of its own; what is left out is NONE (dossier "servers, file system", section 2.3).
"""

from __future__ import annotations

import typing as t

from commvaultsim.files.wildcards import normalise

Json = dict[str, t.Any]
NONE, OVERWRITE, ADD, DELETE, CLEAR = range(5)
OPERATIONS = {"NONE": NONE, "OVERWRITE": OVERWRITE, "ADD": ADD, "DELETE": DELETE, "CLEAR": CLEAR}
KEYS = {"path": "fsContentOperationType", "excludePath": "fsExcludeFilterOperationType", "includePath": "fsIncludeFilterOperationType"}


class ContentError(ValueError):
    """A change that the server refuses; the text is the answer's."""


def operation(value: t.Any) -> int:
    """An operation type as an int, however it was written: 1, "1", "OVERWRITE", absent."""
    if value is None or value == "":
        return NONE
    if str(value).upper() in OPERATIONS:
        return OPERATIONS[str(value).upper()]
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = -1
    if number not in range(5):
        raise ContentError(f"Invalid operation type [{value}].")
    return number


def entries(raw: t.Any) -> list[Json]:
    """The content array of a request, reduced to what is known. A single element may come as an object."""
    found: list[Json] = []
    for item in raw if isinstance(raw, list) else [raw] if raw else []:
        for kind in KEYS:
            text = item.get(kind) if isinstance(item, dict) else None
            if text is not None:
                if not isinstance(text, str) or not text.strip():
                    raise ContentError(f"Invalid content entry [{item}].")
                found.append({kind: text})
    return found


def combine(current: list[str], given: list[str], how: int, windows: bool = True) -> list[str]:
    """One kind after its operation. OVERWRITE with nothing given leaves the list; CLEAR is what empties it."""
    if how == CLEAR:
        return []
    if how == NONE or not given:
        return list(current)
    listed = {normalise(text, windows) for text in given}
    if how == DELETE:
        return [text for text in current if normalise(text, windows) not in listed]
    result: dict[str, str] = {}
    for text in (current if how == ADD else []) + given:
        result.setdefault(normalise(text, windows), text)
    return list(result.values())


def change(current: list[Json], properties: Json, windows: bool = True) -> list[Json]:
    """The content list after an update body.

    :raises ContentError: an operation is unknown, or no content would be left.
    """
    given = entries(properties.get("content"))
    result: list[Json] = []
    for kind, name in KEYS.items():
        before = [entry[kind] for entry in current if kind in entry]
        wanted = [entry[kind] for entry in given if kind in entry]
        result += [{kind: text} for text in combine(before, wanted, operation(properties.get(name)), windows)]
    if not any("path" in entry for entry in result):
        raise ContentError("The subclient content cannot be empty.")
    return result


def same(one: list[Json], other: list[Json], windows: bool = True) -> bool:
    """Whether two content lists mean the same."""

    def spelled(listed: list[Json]) -> set[tuple[str, str]]:
        return {(kind, normalise(text, windows)) for entry in listed for kind, text in entry.items()}

    return spelled(one) == spelled(other)
