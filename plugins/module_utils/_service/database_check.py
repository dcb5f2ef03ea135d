# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What makes a restored SQL Server database a good one.

Nobody tells what was in a database at the moment of its backup, the API as little as the source, which goes on changing. So a restored
one is held against the description of its backup, and SQL Server itself looks for damage in what is in it (DBCC CHECKDB).
"""

from __future__ import annotations

import hashlib
import json
import ntpath
import typing as t

from .restore_check import Check, check

Row = t.Mapping[str, t.Any]
NO_ERRORS = "no errors"


def checks(expected: Row, actual: Row | None, folder: str) -> list[Check]:
    """Compare a restored database with its backup.

    expected: recovery_model and files (logical) of the source, as M(calligo.baas.commvault_sql_database_info) tells them.
    actual: state, recovery_model, files (logical, path) and errors (of DBCC CHECKDB) on the restore instance; None if it is not there.
    folder: where its files had to go.
    """
    if actual is None:
        return [check("Database", "restored", "not there")]
    wanted = sorted(str(file["logical"]) for file in expected.get("files") or [])
    files = sorted(actual.get("files") or [], key=lambda file: str(file["logical"]))
    return [
        check("State", "online", str(actual.get("state")).lower()),
        check("Recovery model", str(expected.get("recovery_model")).lower(), str(actual.get("recovery_model")).lower()),
        check("Files", ", ".join(wanted), ", ".join(str(file["logical"]) for file in files)),
        *(check(f"{file['logical']}: folder", _folder(folder), _folder(ntpath.dirname(str(file["path"])))) for file in files),
        check("DBCC CHECKDB", NO_ERRORS, "; ".join(map(str, actual.get("errors") or [])) or NO_ERRORS),
    ]


def stand_in(text: str) -> dict[str, t.Any]:
    """A database of the sandbox, whose file holds the rows and the checksum of what was written, in the form of checks().

    Rows that do not have that checksum are what DBCC CHECKDB finds in damaged pages. A text that is no such file is an error, too.
    """
    try:
        content = json.loads(text)
        rows = list(content["rows"])
    except (ValueError, KeyError, TypeError) as error:
        return {
            "state": "suspect",
            "recovery_model": "unknown",
            "files": [],
            "tables": [],
            "errors": [f"the database cannot be read: {error}"],
        }
    written = json.dumps(rows, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    damaged = hashlib.sha256(written.encode()).hexdigest() != content.get("checksum")
    return {
        "state": str(content.get("state") or "ONLINE").lower(),
        "recovery_model": str(content.get("recovery_model")).lower(),
        "files": [{"logical": file["logical"], "path": file["physical"]} for file in content.get("files") or []],
        "tables": [{"name": "rows", "rows": len(rows)}],
        "errors": ["the checksum of the rows is not the one that was written"] if damaged else [],
    }


def _folder(path: str) -> str:
    return path.rstrip("\\").casefold()
