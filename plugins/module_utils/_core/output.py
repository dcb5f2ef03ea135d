# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import json
import os
import stat
import tempfile
import time
import typing as t

from .argspec import ArgumentSpec
from .errors import InputError, WaitTimeout
from .wait import Clock, poll

MODES = {"0600": 0o600, "0640": 0o640}
CHUNK = 1 << 20
LOCK = ".lock"
LOCK_TIMEOUT = 60.0
"""Seconds for which a run waits for others. Each holds a lock for one file; the system takes it from one that is killed."""
ROOM = 64 << 20
"""Bytes that must be free where files are kept: more than what one run writes."""

OPTIONS = ArgumentSpec(
    {
        "output_file": {"type": "path"},
        "output_mode": {"type": "str", "choices": list(MODES), "default": "0600"},
    },
)
"""Options of a module whose rows may be too many for a result. The doc fragment calligo.baas.output_file describes the same ones."""


@dataclasses.dataclass(frozen=True)
class Written:
    """A file as it is now, or would be outside check mode. size: bytes. changed: whether its content or mode is another than before."""

    path: str
    size: int
    changed: bool


def write_file(path: str, parts: t.Iterable[str], mode: str, make_directory: bool = False) -> Written:
    """Write text to a file in one step: a reader sees the old file or the new one, and a run that fails leaves the old one.

    parts: written as they come, so that what they are made from need not fit into memory. mode: one of MODES.
    make_directory: make the file's directory first where it is missing, for the owner and group alone.
    A file that is the same already is left alone. Raises InputError for a path that cannot be written.
    """
    wanted = MODES[mode]
    with _named(path):
        if make_directory:
            os.makedirs(os.path.dirname(path), mode=0o750, exist_ok=True)
        before = _fingerprint(path, wanted)
        with _replacing(path, wanted) as (stream, keep):
            size, after = _hash(_through(stream, parts))
            if before != after:
                keep()
        return Written(path, size, before != after)


def replace_text(path: str, text: str) -> None:
    """Replace a file in one step, every character as it is; its mode stays, and a new one has that of shared records. Raises OSError."""
    mode = stat.S_IMODE(os.stat(path).st_mode) if os.path.lexists(path) else MODES["0640"]
    with _replacing(path, mode) as (stream, keep):
        stream.write(text.encode())
        keep()


def require_directory(path: str) -> None:
    """Refuse a directory that files could not be written to: before a run starts anything whose outcome has to be kept. Only reads.

    Files are replaced in one step within their directory, so that it need not be on the same file system as any other.
    Raises InputError for a path that is relative, no directory, through a symbolic link, cannot be made or written to, or has no room.
    """
    require_plain(path)
    there = path
    while not os.path.lexists(there):
        there = os.path.dirname(there)
    if not os.path.isdir(there):
        raise InputError(f"The directory {path} cannot be: {there} is no directory. Correct the path.", object=path)
    if not os.access(there, os.W_OK | os.X_OK):
        what = "be written to" if there == path else f"be made in {there}"
        raise InputError(f"The directory {path} cannot {what} by this user. Give the user the right to, or correct the path.", object=path)
    state = os.statvfs(there)
    if state.f_bavail * state.f_frsize < ROOM or (state.f_files and not state.f_favail):
        raise InputError(f"There is no room for files in {path}: less than {ROOM >> 20} MiB, or no inode, is free. Make room.", object=path)


def require_plain(path: str) -> None:
    """Refuse a path of a directory that is not the one place that it says: relative, or through a symbolic link. Raises InputError."""
    if not os.path.isabs(path):
        raise InputError(f'The directory "{path}" is relative, to a place that no one can know: give its whole path.', object=path)
    real = os.path.realpath(path)
    if real != os.path.abspath(path):
        raise InputError(
            f"The directory {path} leads through a symbolic link, by which files would go where somebody else may have said. Give {real}.",
            object=path,
        )


def read_json(path: str, form: str | None = None) -> t.Any:
    """What a file of this collection holds. form: its key "format" must say so. Raises InputError for a file that is none."""
    try:
        with open(path, encoding="utf-8") as stream:
            found = json.load(stream)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}.", object=path) from None
    if form is not None and (not isinstance(found, dict) or found.get("format") != form):
        raise InputError(f"{path} is not of the format {form}.", object=path)
    return found


def compare_file(path: str, parts: t.Iterable[str], mode: str, make_directory: bool = False) -> Written:  # noqa: ARG001 - as write_file()
    """What write_file() would do, without writing."""
    with _named(path):
        before = _fingerprint(path, MODES[mode])
        size, after = _hash(map(_bytes, parts))
        return Written(path, size, before != after)


@contextlib.contextmanager
def locked(directory: str, kind: str = "files", clock: Clock = time) -> t.Iterator[None]:
    """Be the only one of those who ask for it in a directory while a block runs. The lock file stays: its being there says nothing.

    kind: what is in the directory, in plural.
    Raises InputError where there can be no such file, WaitTimeout where others did not end within LOCK_TIMEOUT.
    """
    path = os.path.join(directory, LOCK)
    try:
        # A file, since no directory of a network file system can be locked.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)
    except OSError as error:
        raise _unlockable(path, kind, error) from error
    try:
        try:
            poll(lambda: _lock(descriptor), bool, LOCK_TIMEOUT, clock, first=0.02, longest=0.5)
        except OSError as error:
            raise _unlockable(path, kind, error) from error
        except WaitTimeout:
            waited = f"{LOCK_TIMEOUT:.0f} seconds"
            raise WaitTimeout(f"{path} was held by another run for {waited}. See what that one waits for, then run this again.") from None
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _unlockable(path: str, kind: str, error: OSError) -> InputError:
    return InputError(
        f"{path}, where {kind} are kept, cannot be locked: {error.strerror}. Put that right, then run this again.", object=path
    )


@contextlib.contextmanager
def _named(path: str) -> t.Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"output_file: {path} cannot be written: {error.strerror}.") from error


def _fingerprint(path: str, mode: int) -> str | None:
    """The hash of a file's content; None if there is no file, one with another mode, or a symbolic link, which is replaced."""
    try:
        if os.path.islink(path):
            return None
        with open(path, "rb") as stream:
            if stat.S_IMODE(os.fstat(stream.fileno()).st_mode) != mode:
                return None
            return _hash(iter(lambda: stream.read(CHUNK), b""))[1]
    except FileNotFoundError:
        return None


def _hash(chunks: t.Iterable[bytes]) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
    return size, digest.hexdigest()


def _bytes(part: str) -> bytes:
    """What is no text in any encoding, half of a surrogate pair in a name, is written as an escape, which is one in JSON, too."""
    return part.encode("utf-8", "backslashreplace")


def _through(stream: t.BinaryIO, parts: t.Iterable[str]) -> t.Iterator[bytes]:
    for part in parts:
        chunk = _bytes(part)
        stream.write(chunk)
        yield chunk


@contextlib.contextmanager
def _replacing(path: str, mode: int) -> t.Iterator[tuple[t.BinaryIO, t.Callable[[], None]]]:
    """A new file beside the one at a path, and what puts it there; it is removed if that is not called."""
    descriptor, name = tempfile.mkstemp(dir=os.path.dirname(path) or ".", prefix=f".{os.path.basename(path)}.")
    kept = False

    def keep() -> None:
        nonlocal kept
        stream.flush()
        os.fchmod(stream.fileno(), mode)
        os.fsync(stream.fileno())
        os.replace(name, path)
        kept = True

    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream, keep
    finally:
        if not kept:
            os.unlink(name)
