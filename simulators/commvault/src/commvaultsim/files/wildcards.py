# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commvault's wildcards for the content, filters and exceptions of a file system subclient.

Pure functions over path strings. Facts from the vendor's pages "Wildcards for Windows File System Subclients" and
"Wildcards for Global Filters":

========================  =============================================================================
``D:\\Data``               that file, or that directory and everything below
``D:\\Data\\``              the same, but a directory only
``C:\\Test\\*``             the files directly in C:\\Test; its subdirectories are left alone
``C:\\Test\\**``            C:\\Test and everything below
``C:\\**\\Logs\\**``         every directory named Logs at any level, and everything below
``**\\Pagefile.sys``       that file (or directory) anywhere
``*.bak``                 files with that extension anywhere; never directories
``access?`` ``[a-m]x``    one character, one character of a class (``[!a-m]`` negates)
``\\``                     the whole machine (``/`` on Unix)
========================  =============================================================================

Windows paths are compared without regard to case and may be written with a leading separator (``\\C:\\x``).
"""

from __future__ import annotations

import dataclasses
import functools
import re
import typing as t

WILD = re.compile(r"[*?\[]")
DRIVE = re.compile(r"[A-Za-z]:$")


def split(path: str, windows: bool = True) -> list[str]:
    """Split a path into its levels: ``\\D:\\Data\\x`` -> ``['D:', 'Data', 'x']``; ``\\`` -> ``[]``."""
    if windows:
        path = path.replace("/", "\\")
    return [level for level in path.split("\\" if windows else "/") if level]


def join(levels: t.Iterable[str], windows: bool = True) -> str:
    """The path as Commvault shows it: ``D:\\Data\\x``; the machine itself is ``\\`` (``/`` on Unix)."""
    levels = list(levels)
    if windows:
        return "\\".join(levels) if levels else "\\"
    return "/" + "/".join(levels)


def normalise(path: str, windows: bool = True) -> str:
    """One spelling for comparison: no leading or trailing separator, lower case on Windows."""
    text = join(split(path, windows), windows)
    return text.lower() if windows else text


def is_absolute(pattern: str, windows: bool = True) -> bool:
    """Whether a pattern names a place (drive, UNC path or root) rather than a name found anywhere."""
    levels = split(pattern, windows)
    if not windows or pattern.startswith("\\\\"):
        return pattern.startswith(("/", "\\\\"))
    return not levels or bool(DRIVE.match(levels[0]))


def _character_class(level: str, start: int) -> tuple[str, int] | None:
    """The regular expression of ``[...]`` at ``start`` and the index after it; None where the bracket only stands for itself."""
    end = level.find("]", start + 2)
    if end < 0:
        return None
    inner = level[start + 1 : end]
    negated = inner.startswith("!")
    body = re.sub(r"([\\\[\]^&~|])", r"\\\1", inner[1:] if negated else inner)
    try:
        re.compile(f"[{body}]")
    except re.error:
        return None
    charset = f"[^\\\\/{body}]" if negated else f"[{body}]"
    # Brackets are legal in Windows names and can't be escaped, so an entry also names the file that is spelled like it.
    return f"(?:{charset}|{re.escape(level[start : end + 1])})", end + 1


def _level(level: str, anything: str) -> str:
    """The regular expression of one path level."""
    out, index = [], 0
    while index < len(level):
        char = level[index]
        found = _character_class(level, index) if char == "[" else None
        if found:
            out.append(found[0])
            index = found[1]
            continue
        out.append({"*": f"{anything}*", "?": anything}.get(char, re.escape(char)))
        index += 1
    return "".join(out)


@dataclasses.dataclass(frozen=True)
class Pattern:
    """One compiled content, filter or exception entry.

    ``text`` is the entry verbatim; ``root`` are its leading levels without a wildcard, in comparison spelling.
    """

    text: str
    root: tuple[str, ...]
    floating: bool
    regex: re.Pattern[str]
    files_only: bool
    directories_only: bool
    windows: bool

    @property
    def literal(self) -> bool:
        """Whether the entry names one place, so that its absence is worth a message."""
        return not self.floating and not WILD.search(self.text)

    def matches(self, path: str, is_dir: bool = False) -> bool:
        """Whether a file or directory is named by this entry, itself or through a directory above it."""
        found = self.regex.match(join(split(path, self.windows), self.windows))
        if not found:
            return False
        if found.group("below"):
            return not self.files_only
        return not is_dir if self.files_only else is_dir or not self.directories_only

    def may_hold(self, directory: str) -> bool:
        """Whether something below a directory could match; False lets a scan pass it by."""
        if self.floating:
            return True
        levels = tuple(split(normalise(directory, self.windows), self.windows))
        shared = min(len(levels), len(self.root))
        return levels[:shared] == self.root[:shared]


@functools.lru_cache(maxsize=4096)
def compile_pattern(text: str, windows: bool = True) -> Pattern:
    """Compile one entry. An entry without a separator is looked for at every level (vendor's page, ``*.docx``, ``access?``)."""
    separator = re.escape("\\") if windows else "/"
    anything = r"[^\\]" if windows else "[^/]"
    levels = split(text, windows)
    trailing = text.endswith(("\\", "/") if windows else "/")
    anchored = is_absolute(text, windows)
    root: list[str] = []
    for level in levels if anchored else []:
        if WILD.search(level):
            break
        root.append(level.lower() if windows else level)
    last = levels[-1] if levels else ""
    whole = bool(levels) and last == "**"
    if whole:
        levels = levels[:-1]
    files_only = bool(levels) and not trailing and not whole and (last == "*" or ("." in last and bool(WILD.search(last))))
    expression = _expression(levels, separator, anything, anchored, text, windows)
    below = f"(?P<below>{separator}.+)?" if levels else f"(?P<below>{'' if windows else '/'}.*)"
    regex = re.compile(f"^{expression}{below}$", re.IGNORECASE | re.DOTALL if windows else re.DOTALL)
    return Pattern(text, tuple(root), not anchored, regex, files_only, trailing and bool(levels), windows)


def _expression(levels: list[str], separator: str, anything: str, anchored: bool, text: str, windows: bool) -> str:
    """The regular expression of the levels, without what may follow below them."""
    body = "".join(f"(?:{anything}+{separator})*" if level == "**" else _level(level, anything) + separator for level in levels)
    if levels and levels[-1] != "**":
        body = body[: -len(separator)]
    if anchored:
        return ("" if windows else "/" if levels else "") + body
    if windows and text.startswith("\\") and levels and levels[0] != "**":
        return f"{anything}+{separator}{body}"  # below the root of any drive
    lead = "" if windows else "/"
    return f"{lead}(?:{anything}+{separator})*{body}" if levels else lead


def compile_all(texts: t.Iterable[str], windows: bool = True) -> tuple[Pattern, ...]:
    """Compile a list of entries in order."""
    return tuple(compile_pattern(text, windows) for text in texts)


@dataclasses.dataclass(frozen=True)
class Selection:
    """What a subclient protects: content, less filters, unless an exception brings it back.

    ``taken`` is the content of sibling subclients; the default subclient is a catch-all and leaves it to them.
    """

    content: tuple[Pattern, ...]
    filters: tuple[Pattern, ...] = ()
    exceptions: tuple[Pattern, ...] = ()
    taken: tuple[Pattern, ...] = ()

    def picks(self, path: str, is_dir: bool = False) -> bool:
        """Whether a file or directory belongs to the backup."""
        if not any(pattern.matches(path, is_dir) for pattern in self.content):
            return False
        if any(pattern.matches(path, is_dir) for pattern in self.taken):
            return False
        if not any(pattern.matches(path, is_dir) for pattern in self.filters):
            return True
        return any(pattern.matches(path, is_dir) for pattern in self.exceptions)

    def enters(self, directory: str) -> bool:
        """Whether a scan has to look below a directory."""
        if not any(pattern.may_hold(directory) for pattern in self.content):
            return False
        if any(not pattern.files_only and pattern.matches(directory, True) for pattern in self.filters):
            return any(pattern.may_hold(directory) for pattern in self.exceptions)
        return True


def select(
    content: t.Iterable[str],
    filters: t.Iterable[str] = (),
    exceptions: t.Iterable[str] = (),
    taken: t.Iterable[str] = (),
    windows: bool = True,
) -> Selection:
    """Compile a subclient's four lists."""
    return Selection(
        compile_all(content, windows), compile_all(filters, windows), compile_all(exceptions, windows), compile_all(taken, windows)
    )
