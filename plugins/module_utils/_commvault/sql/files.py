# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import re
import typing as t

from ..._core.errors import InputError

# Which file of a database goes where, and the device strings that say so in a restore. Nothing here asks a server.

Row = dict[str, t.Any]
SEPARATOR = "|#12!"
LOG_ENDING = ".ldf"
"""The only sign of a log file: the API gives no kind (POST /SQL/RestoreOptions)."""
FORBIDDEN_IN_FILE_NAMES = re.compile(r'[\\/:*?"<>|\x00-\x1f]')
ABSOLUTE = re.compile(r"[A-Za-z]:\\|\\\\[^\\]+\\[^\\]+|/")


@dataclasses.dataclass(frozen=True)
class File:
    """A file of a database as it was backed up. size: the most bytes that it took, as the server says."""

    logical: str
    path: str
    size: int = 0


def require_plain(text: str, what: str) -> str:
    """The text, if it cannot be taken for more than one field of a device string."""
    if not text.strip():
        raise InputError(f"{what} is empty.")
    if "|" in text or "#12!" in text or any(ord(letter) < 32 or ord(letter) == 127 for letter in text):
        raise InputError(f'{what} is "{text}": Commvault cannot take the signs | and #12! and control characters there.', object=text)
    return text


def require_path(path: str, what: str, folder: bool) -> str:
    """The path, if it is whole: with a drive, a share or from the root, and a file name at its end where that is asked for."""
    require_plain(path, what)
    if not ABSOLUTE.match(path) or (not folder and path.endswith(("\\", "/"))):
        example = "E:\\SQL" if folder else "E:\\SQL\\Sales.mdf"
        raise InputError(f'{what} is "{path}": give the whole path, as in {example}.', object=path)
    return path


def places(wanted: Row, files: list[File]) -> list[str]:
    """Where each file of a database goes. wanted: name, new_name, files, data_path, log_path. Raises InputError for a file it has not."""
    chosen = {item["logical"].casefold(): item["path"] for item in wanted["files"]}
    unknown = sorted(chosen.keys() - {file.logical.casefold() for file in files})
    if unknown:
        known = ", ".join(file.logical for file in files)
        text = f'The database "{wanted["name"]}" has no logical file {", ".join(unknown)}. It has {known}.'
        raise InputError(text, object=wanted["name"])
    return [chosen.get(file.logical.casefold()) or _place(wanted, file) for file in files]


def devices(source: str, target: str, files: list[File], paths: list[str]) -> list[str]:
    """The device strings of one database, one for each of its files (cvpysdk sqlinstance.py; VDI_RESTORE_FORMAT of the vendor)."""
    require_plain(source, "The name of the database")
    strings = []
    for file, path in zip(files, paths, strict=True):
        fields = (source, target, file.logical, path, file.path)
        for field, what in zip(fields, ("database", "new name", "logical file", "new path", "path"), strict=True):
            require_plain(field, f'A {what} of the database "{source}"')
        strings.append("|" + SEPARATOR.join(fields))
    return strings


def _place(wanted: Row, file: File) -> str:
    separator = "/" if file.path.startswith("/") else "\\"
    folder, _separator, base = file.path.rpartition(separator)
    if wanted["new_name"]:
        base = _renamed(base, wanted["name"], wanted["new_name"])
    moved = wanted["log_path"] if file.path.casefold().endswith(LOG_ENDING) else wanted["data_path"]
    if moved:
        separator = "/" if moved.startswith("/") else "\\"
        folder = moved.rstrip(separator)
    return f"{folder}{separator}{base}"


def _renamed(base: str, name: str, new_name: str) -> str:
    """A file's name for a renamed database: the new name instead of the old one, or before it, so that it stays unlike the original's."""
    fresh = FORBIDDEN_IN_FILE_NAMES.sub("_", new_name).rstrip(". ")
    old = FORBIDDEN_IN_FILE_NAMES.sub("_", name)
    if base.casefold().startswith(old.casefold()):
        return fresh + base[len(old) :]
    return f"{fresh}_{base}"
