# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The records of earlier runs, as they are read back from their files."""

from __future__ import annotations

import json
import typing as t

Record = dict[str, t.Any]


def parsed(files: t.Mapping[str, str], kind: str) -> list[Record]:
    """The records in files, by their paths, oldest first by recorded_at. Raises ValueError, with the path, for one that is none."""
    found = [_record(path, text, kind) for path, text in files.items()]
    return sorted(found, key=lambda record: str(record.get("recorded_at") or ""))


def lines(path: str, text: str, kind: str) -> list[Record]:
    """The entries of a log, each a line, in their order. Raises ValueError, with the path and the line, for one that is none."""
    return [_record(f"{path}, line {number}", line, kind) for number, line in enumerate(text.splitlines(), 1) if line.strip()]


def _record(place: str, text: str, kind: str) -> Record:
    try:
        record = json.loads(text)
        if record["kind"] == kind:
            return dict(record)
        problem = f"its kind is {record['kind']!r} and not {kind!r}"
    except (ValueError, KeyError, TypeError) as error:
        problem = f"{type(error).__name__}: {error}"
    raise ValueError(
        f"{place} is not a record of this role ({problem}). Restore the file from the backup of the evidence, or move it away."
    )
