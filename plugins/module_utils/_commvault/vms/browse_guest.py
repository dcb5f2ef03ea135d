# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import re
import typing as t

from ..backups import browse
from ..backups.browse import FIND, ONE_LEVEL, Entry, to_entry
from ..backups.points import Point
from .browse import browse_vm
from .lookup import VmSource

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

# Reading what a VM backup holds of the files inside the VM. Commvault calls them \\<UUID>\\C:\\Data and \\<UUID>\\etc\\hosts; here they are
# called as in the guest.

DRIVE = re.compile(r"^([A-Za-z]):?(?=\\|$)")


def list_files(client: Commvault, source: VmSource, point: Point, path: str, recursive: bool = False) -> t.Iterator[Entry]:
    """What a folder inside the VM held at a backup point, one level or all levels below it.

    path: as in the guest, "C:\\Data" or "/etc"; "\\" or "/" is the top. Beside what to_entry() gives, an entry has item: what a
    restore has to call it.
    """
    separator = separator_of([path])
    levels = [source.uuid, *browse.tidy(path, separator).replace("/", "\\").strip("\\").split("\\"), *(["**", "*"] if recursive else [])]
    where = "\\" + "\\".join(level for level in levels if level)
    for row in browse_vm(client, point, where, FIND if recursive else ONE_LEVEL, guest=True):
        item = str(row.get("path") or "")
        yield {**to_entry({**row, "path": _in_guest(item, separator)}, separator), "item": item}


def find_paths(client: Commvault, source: VmSource, point: Point, paths: list[str]) -> list[Entry]:
    """The entries of these very paths, in their order. Raises NotFound naming all that the backup does not hold."""
    separator = separator_of(paths)
    wanted = [browse.tidy(path, separator) for path in paths]
    return browse.pick(lambda folder: list_files(client, source, point, folder), wanted, separator, source.label, point)


def separator_of(paths: list[str]) -> str:
    """What paths in one guest are written with. "/" alone is the top of either kind."""
    return "/" if all(path.startswith("/") for path in paths) else "\\"


def _in_guest(item: str, separator: str) -> str:
    """The path in the guest. Some servers leave the drive's colon out."""
    path = item.strip("\\").partition("\\")[2]
    if separator == "/":
        return "/" + path.replace("\\", "/")
    return DRIVE.sub(r"\1:", path)
