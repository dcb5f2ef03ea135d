# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import re
import typing as t

from ..._core.errors import NotFound
from ..wire.replies import number, part, text
from . import jobs
from .recovery_points import RecoveryPoint

# Reading what a backup holds, with POST /DoBrowse (cvpysdk backupset.py, subclients/vssubclient.py).

Entry = dict[str, t.Any]
Row = dict[str, t.Any]

ONE_LEVEL, FIND = 0, 1
FILES, VIRTUAL_SERVER = 2, 4


def pick(listing: t.Callable[[str], t.Iterator[Entry]], wanted: list[str], separator: str, label: str, point: RecoveryPoint) -> list[Entry]:
    """The entries of tidy paths, in their order. listing: what a folder held. Raises NotFound naming all that the backup does not hold.

    Each parent folder is read once; no call of the API asks for one path alone without its versions.
    """
    folders: dict[str, set[str]] = {}
    spelled: dict[str, str] = {}
    for path in wanted:
        folder = _parent(path, separator)
        folders.setdefault(_key(separator, folder), set()).add(_key(separator, path))
        spelled.setdefault(_key(separator, folder), folder)
    found: dict[str, Entry] = {}
    for folder, missing in folders.items():
        for entry in listing(spelled[folder]):
            key = _key(separator, entry["path"])
            if key in missing:
                missing.discard(key)
                found[key] = entry
            if not missing:
                break
    absent = [path for path in wanted if _key(separator, path) not in found]
    if absent:
        raise NotFound(
            f"The backup of {label} {point.ending} does not hold: {', '.join(absent)}. "
            "Look at what it holds with calligo.baas.commvault_browse_info, or choose another job_id or point_in_time.",
            object=label,
            paths=absent,
        )
    return [found[_key(separator, path)] for path in wanted]


def to_entry(row: Row, separator: str) -> Entry:
    """A browse row in the words of the modules. The row's "name" is a token of the index and is never used."""
    flags, data = part(row, "flags"), part(row, "advancedData")
    path = tidy(text(row, "path") or "", separator)
    return {
        "path": path,
        "name": text(row, "displayName") or path.rpartition(separator)[2] or path,
        "type": "file" if is_set(flags.get("file")) else "folder",
        "size": number(row, "size"),
        "modification_time": jobs.iso(row.get("modificationTime")),
        "backup_job": number(data, "backupJobId") or None,
        "backup_time": jobs.iso(data.get("backupTime")),
        "deleted": is_set(flags.get("deleted")),
    }


def tidy(path: str, separator: str) -> str:
    """One spelling for a path: no closing separator, and no leading one before a drive (Commvault gives both "\\C:\\x" and "C:\\x")."""
    tidied = path.replace("/", "\\") if separator == "\\" else path
    tidied = re.sub(r"^\\+(?=[A-Za-z]:)", "", tidied).rstrip(separator)
    return tidied or separator


def _parent(path: str, separator: str) -> str:
    folder, _separator, _name = path.rpartition(separator)
    return folder or separator


def _key(separator: str, path: str) -> str:
    """Windows does not distinguish names by case."""
    return path.casefold() if separator == "\\" else path


def is_set(flag: t.Any) -> bool:
    """Flags are true, 1, "1" or missing."""
    return str(flag).casefold() in ("true", "1")
