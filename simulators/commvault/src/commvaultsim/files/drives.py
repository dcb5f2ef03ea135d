# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directories that stand for the drives of file servers: ``D:\\Data\\x`` of acme-fs01 is ``<root>/acme-fs01/D/Data/x``.

Windows names are looked up without regard to case, as Windows does; a new file keeps the spelling it was given. Nothing here
leaves the client's directory: ``..``, separators inside a level and symbolic links are refused.
"""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import os
import shutil
import stat
import tempfile
import typing as t
from pathlib import Path

from commvaultsim.files.wildcards import DRIVE, join, split

CHUNK = 1 << 20
# Made files are dated within 2025, so that two runs of a scenario make the same disks.
FIRST_MODIFICATION = 1735689600
MODIFICATION_SPREAD = 300 * 86400
FORBIDDEN = frozenset('<>:"|?*/\\\0')
PARTIAL = ".restoring-"


class DriveError(OSError):
    """A path that can't be used on a client's drive; the text is fit for a job's reason."""

    def __init__(self, message: str) -> None:
        super().__init__(errno.EINVAL, message)
        self.message = message

    def __str__(self) -> str:
        return self.message


@dataclasses.dataclass(frozen=True)
class Found:
    """A file or directory met by a scan. ``path`` is the Windows path; times are nanoseconds since 1970."""

    path: str
    location: Path
    is_dir: bool
    is_link: bool = False
    size: int = 0
    mtime_ns: int = 0


def check_level(level: str) -> str:
    """Refuse a level that Windows would not take or that would leave the directory."""
    if not level or level in (".", "..") or FORBIDDEN.intersection(level) or any(ord(char) < 32 for char in level):
        raise DriveError(f"The name {level!r} is not valid in a path.")
    return level


def pseudo_random(name: str, size: int) -> t.Iterator[bytes]:
    """``size`` bytes that depend on ``name`` only, in blocks."""
    counter, left = 0, size
    while left > 0:
        block = hashlib.shake_256(f"{name}\n{counter}".encode()).digest(min(left, CHUNK))
        yield block
        counter, left = counter + 1, left - len(block)


class Drives:
    """The drives of all clients below one directory."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    def client_directory(self, client: str) -> Path:
        """The directory of a client."""
        return self.root / check_level(client)

    def clear(self, client: str) -> None:
        """Take all drives of a client away."""
        shutil.rmtree(self.client_directory(client), ignore_errors=True)

    def letters(self, client: str) -> list[str]:
        """The drives of a client, as ``D:``, sorted."""
        try:
            names = os.listdir(self.client_directory(client))
        except FileNotFoundError:
            return []
        return sorted(f"{name.upper()}:" for name in names if len(name) == 1 and name.isalpha())

    def locate(self, client: str, path: str) -> Path:
        """Map a Windows path to a location without touching it; the last levels need not exist.

        :raises DriveError: the path has no drive, leaves the drive or runs through a symbolic link.
        """
        levels = split(path)
        if not levels or not DRIVE.match(levels[0]) or path.startswith("\\\\"):
            raise DriveError(f"{path} is not a path on a local drive.")
        here = self.client_directory(client) / levels[0][0].upper()
        for level in levels[1:]:
            here = _child(here, check_level(level))
            if here.is_symlink():
                raise DriveError(f"{path} runs through a reparse point.")
        return here

    def scan(self, client: str, enters: t.Callable[[str], bool] = lambda path: True) -> t.Iterator[Found]:
        """Every file and directory of a client in the order of their names; ``enters`` says which directories to look into.

        Symbolic links are reported and never followed. What vanishes meanwhile is passed by.
        """
        for letter in self.letters(client):
            yield from self._scan(self.client_directory(client) / letter[0], [letter], enters)

    def _scan(self, location: Path, levels: list[str], enters: t.Callable[[str], bool]) -> t.Iterator[Found]:
        path = join(levels)
        if not enters(path):
            return
        try:
            with os.scandir(location) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError:
            return
        for entry in entries:
            if entry.name.startswith(PARTIAL):
                continue
            below = [*levels, entry.name]
            try:
                info = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            is_dir = stat.S_ISDIR(info.st_mode)
            regular = stat.S_ISREG(info.st_mode)
            yield Found(join(below), Path(entry.path), is_dir, not is_dir and not regular, info.st_size if regular else 0, info.st_mtime_ns)
            if is_dir:
                yield from self._scan(Path(entry.path), below, enters)

    def write(self, client: str, path: str, blocks: t.Iterable[bytes], mtime_ns: int) -> int:
        """Write a file whole and date it; directories above are made. Returns the number of bytes.

        A reader sees the old file or the new one, never a part: it is written beside and moved into place.
        """
        if len(split(path)) < 2:
            raise DriveError(f"{path} names no file.")
        target = self._existing_drive(client, path)
        if target.is_dir():
            raise DriveError(f"{path} is a directory.")
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=PARTIAL, dir=target.parent)
        size = 0
        try:
            with os.fdopen(handle, "wb") as stream:
                for block in blocks:
                    size += stream.write(block)
            os.chmod(name, 0o644)
            os.utime(name, ns=(mtime_ns, mtime_ns))
            os.replace(name, target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return size

    def make_directory(self, client: str, path: str) -> None:
        """Make a directory and those above it, on a drive that is there."""
        self._existing_drive(client, path).mkdir(parents=True, exist_ok=True)

    def _existing_drive(self, client: str, path: str) -> Path:
        location, letter = self.locate(client, path), split(path)[0].upper()
        if letter not in self.letters(client):
            raise DriveError(f"The client {client} has no drive {letter}.")
        return location

    def fill(self, servers: t.Iterable[dict[str, t.Any]]) -> None:
        """Make the drives of a scenario's file servers. Files that are there already are left as they are."""
        for server in servers:
            for letter, drive in (server.get("drives") or {}).items():
                (self.client_directory(server["name"]) / check_level(str(letter).rstrip(":\\").upper())).mkdir(parents=True, exist_ok=True)
                for item in (drive or {}).get("files") or []:
                    self._fill_one(server["name"], f"{str(letter)[0]}:\\{item['path']}", item)

    def _fill_one(self, client: str, path: str, item: dict[str, t.Any]) -> None:
        if path.endswith(("\\", "/")):
            return self.make_directory(client, path)
        if self.locate(client, path).exists():
            return None
        name = f"{client}\n{join(split(path))}"
        if "text" in item:
            blocks: t.Iterable[bytes] = [str(item["text"]).encode()]
        else:
            blocks = pseudo_random(name, int(item.get("size", 0)))
        offset = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % MODIFICATION_SPREAD
        mtime = int(item.get("mtime", FIRST_MODIFICATION + offset))
        self.write(client, path, blocks, mtime * 10**9)
        return None


def _child(directory: Path, level: str) -> Path:
    """A child of a directory, with the spelling that is on disk where there is one."""
    exact = directory / level
    if os.path.lexists(exact):
        return exact
    wanted = level.casefold()
    try:
        names = sorted(os.listdir(directory))
    except OSError:
        return exact
    return next((directory / name for name in names if name.casefold() == wanted), exact)
