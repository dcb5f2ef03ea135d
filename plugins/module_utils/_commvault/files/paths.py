# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import fnmatch
import re
import typing as t

# Paths and wildcards of file system subclients. The server may send them back in another spelling than they were written
# in: so they are compared in a normal form, as sets, and written exactly as the user spelled them.


def normal(path: str, windows: bool = True) -> str:
    r"""The form in which two spellings of one path or wildcard are equal. Only for comparing; never sent.

    Windows: without regard to case, / is \, C: is C:\. Both systems: one separator at the end does not matter
    (**\Winsxs\ is **\Winsxs), and neither does \** there, which means "and everything below", as does the bare name.
    The root alone (\ or /) stays what it is. Source: the vendor's pages on wildcards and filters, whose normalising on
    the server is not documented.
    """
    # lower(), not casefold(): to Windows "Straße" and "Strasse" are two folders.
    text = path.replace("/", "\\").lower() if windows else path
    separator = "\\" if windows else "/"
    below = f"{separator}**"
    if text.endswith(below) and text != below:
        text = text.removesuffix(below)
    return text.removesuffix(separator) or text


def malformed(path: str, windows: bool = True) -> str | None:
    r"""What is wrong with a path to back up, as the end of a sentence; None if nothing is.

    Commvault takes any text, and backs up nothing where no file has such a path. Windows: \ (the whole machine), a drive letter with what
    is below it, a share (\\server\share), or one of Commvault's names for folders of users (%Documents%). Linux: from the root.
    Wildcards are allowed in what is below. Sources: the vendor's pages on subclient content; Microsoft's on naming files and paths.
    """
    if not windows:
        return None if path.startswith("/") else 'does not begin with "/", as paths on Linux do'
    if path == "\\" or _MONIKER.match(path):
        return None
    if "/" in path:
        return 'has "/" in it, but paths on Windows have "\\"'
    start = _DRIVE.match(path) or _SHARE.match(path)
    if not start:
        return "begins neither with a drive, as in D:\\Data, nor with a share"
    if "\\\\" in path[2:]:
        return 'has "\\" twice in a row'
    return "has a character in it that no path on Windows can have" if _FORBIDDEN.search(path, start.end()) else None


def levels(path: str, windows: bool = True) -> list[str] | None:
    r"""The names on the way from the top of a machine to what a path backs up, the last of which may be a wildcard.

    What follows a wildcard is left out, and so is **, which may stand for nothing. The whole machine has none. None for a path to back up
    that is on no drive of the machine, or wherever users have theirs.
    """
    separator = "\\" if windows else "/"
    if windows and path != separator and not _DRIVE.match(path):
        return None
    parts = [part for part in path.split(separator) if part]
    wild = next((number for number, part in enumerate(parts) if _WILDCARD.search(part)), len(parts))
    return parts[:wild] if "**" in "".join(parts[wild : wild + 1]) else parts[: wild + 1]


def folder(levels: list[str], windows: bool = True) -> str:
    r"""The path of a folder by the names on the way to it: \ or / for none, D:\ for a drive."""
    if not windows:
        return "/" + "/".join(levels)
    return "\\".join(levels) + ("\\" if len(levels) < 2 else "")


def matches(name: str, level: str, windows: bool = True) -> bool:
    """Whether something in a folder is what one level of a path means."""
    have, want = (one.strip("\\").lower() if windows else one for one in (name, level))
    return have == want or fnmatch.fnmatchcase(have, want)


_WILDCARD = re.compile(r"[*?\[]")
_DRIVE = re.compile(r"[A-Za-z]:(\\|$)")
_SHARE = re.compile(r"\\\\[^\\]+\\[^\\]+(\\|$)")
_MONIKER = re.compile(r"\\?%[^%]+%")
_FORBIDDEN = re.compile(r'[<>:"|\x00-\x1f]')


def same_paths(want: t.Iterable[str], have: t.Iterable[str] | None, windows: bool = True) -> bool:
    """Whether two lists name the same paths, whatever their order and spelling."""
    return {normal(path, windows) for path in want} == {normal(path, windows) for path in have or []}


def unique(paths: t.Iterable[str], windows: bool = True) -> list[str]:
    """The paths in their order and spelling, each only the first time."""
    first: dict[str, str] = {}
    for path in paths:
        first.setdefault(normal(path, windows), path)
    return list(first.values())
