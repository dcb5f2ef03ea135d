# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

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


def same_paths(want: t.Iterable[str], have: t.Iterable[str] | None, windows: bool = True) -> bool:
    """Whether two lists name the same paths, whatever their order and spelling."""
    return {normal(path, windows) for path in want} == {normal(path, windows) for path in have or []}


def unique(paths: t.Iterable[str], windows: bool = True) -> list[str]:
    """The paths in their order and spelling, each only the first time."""
    first: dict[str, str] = {}
    for path in paths:
        first.setdefault(normal(path, windows), path)
    return list(first.values())
