# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Tickets as files: a directory with a YAML record for each, for a site without a ticket system, and for tests."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import os
import re
import stat
import time
import typing as t

from .._core.errors import BaasError, InputError, UnexpectedReply, WaitTimeout
from .._core.output import require_directory, write_file
from .._core.wait import Clock, poll
from . import record
from .tickets import Decide, Ticket

if t.TYPE_CHECKING:
    from .._core.permit import Permit

MODE = "0640"
LOCK = ".lock"
LOCK_TIMEOUT = 60.0
"""Seconds for which a run waits for others. Each holds the lock for one ticket; the system takes it from one that is killed."""
_RECORD = re.compile(r"(?P<stem>[a-z0-9-]*[0-9a-f]{16})-(?P<count>[1-9][0-9]{0,5})\.yml")
_UNFINISHED = re.compile(rf"\.{_RECORD.pattern}\.[a-z0-9_]{{8}}")
"""A file as write_file() has it before it is put in its place."""
_SLUG = 40


class TicketFiles:
    """A Desk (see there) in one directory. clock: for waiting for the lock."""

    def __init__(self, directory: str, permit: Permit, clock: Clock = time) -> None:
        self._directory = directory
        self._permit = permit
        self._clock = clock

    def find(self, tenant: str, identity: str) -> Ticket | None:
        numbers = self._numbers(_stem(tenant, identity))
        return self._read(numbers[-1]) if numbers else None

    def every(self) -> t.Iterator[Ticket]:
        return map(self._read, self._numbers())

    def require_writable(self) -> None:
        require_directory(self._directory)

    def link(self, ticket: Ticket) -> str:
        return self._path(ticket.number)

    def change(self, tenant: str, identity: str, decide: Decide) -> tuple[Ticket | None, Ticket | None]:
        self.require_writable()
        self._permit.ask(f"Writing a ticket into {self._directory}")
        with self._locked():
            seen = self.find(tenant, identity)
            wanted = decide(seen)
            if wanted is None or wanted is seen:
                return seen, seen
            return seen, self._kept(wanted if wanted.number else dataclasses.replace(wanted, number=self._next(tenant, identity)))

    def _kept(self, ticket: Ticket) -> Ticket:
        self._remove_unfinished()
        self._write(ticket)
        written = self._read(ticket.number)
        if written != ticket:
            raise UnexpectedReply(f"{self.link(ticket)} does not hold what was written. Look at the file system, then run this again.")
        return written

    def _write(self, ticket: Ticket) -> None:
        text = record.written(ticket)
        if record.read(text) != ticket:
            raise BaasError(f"The ticket {ticket.number} would not be read as it is written, so it was not. Please report it.")
        with _named(self._directory, "written to"):
            try:
                write_file(self._path(ticket.number), [text], MODE)
            except InputError as error:
                # As the error of the system that it is, since what cannot be written here is no option of that name.
                raise (error.__cause__ or error) from None
            self._permit.use()
            _sync(self._directory)

    def _numbers(self, stem: str | None = None) -> list[str]:
        """The numbers of all tickets, or of those about one thing, oldest first. A directory that is not there yet has none."""
        with _named(self._directory, "read"):
            try:
                names = os.listdir(self._directory)
            except FileNotFoundError:
                return []
        found = [match for name in names if (match := _RECORD.fullmatch(name)) and stem in (None, match["stem"])]
        return [match[0].removesuffix(".yml") for match in sorted(found, key=lambda match: (match["stem"], int(match["count"])))]

    def _next(self, tenant: str, identity: str) -> str:
        stem = _stem(tenant, identity)
        last = self._numbers(stem)[-1:]
        return f"{stem}-{int(last[0].rpartition('-')[2]) + 1 if last else 1}"

    def _path(self, number: str) -> str:
        return os.path.join(self._directory, f"{number}.yml")

    def _read(self, number: str) -> Ticket:
        path = self._path(number)
        try:
            ticket = record.read(_content(path))
            if (ticket.number, _stem(ticket.tenant, ticket.identity)) != (number, number.rpartition("-")[0]):
                raise ValueError("it is about something else than its name says")
        except (OSError, ValueError) as error:
            problem = error.strerror if isinstance(error, OSError) else str(error)
            raise UnexpectedReply(
                f"The ticket {path} cannot be read: {problem}. Correct the file or restore it; without it nobody knows what was done.",
                object=path,
            ) from error
        return ticket

    def _remove_unfinished(self) -> None:
        """Remove what a run that was killed left of a file. Whoever holds the lock is the only one who writes."""
        with _named(self._directory, "cleared"):
            for name in os.listdir(self._directory):
                if _UNFINISHED.fullmatch(name):
                    os.unlink(os.path.join(self._directory, name))

    @contextlib.contextmanager
    def _locked(self) -> t.Iterator[None]:
        """Be the only one who writes here. The lock file stays: its being there says nothing."""
        path = os.path.join(self._directory, LOCK)
        with _named(path, "locked"):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)
        try:
            with _named(path, "locked"):
                poll(lambda: _lock(descriptor), bool, LOCK_TIMEOUT, self._clock, first=0.02, longest=0.5)
            yield
        except WaitTimeout:
            waited = f"{LOCK_TIMEOUT:.0f} seconds"
            raise WaitTimeout(f"{path} was held by another run for {waited}. See what that one waits for, then run this again.") from None
        finally:
            os.close(descriptor)


def _stem(tenant: str, identity: str) -> str:
    """How the names of files about one thing begin: for people to see, and for its hash to tell apart."""
    digest = hashlib.sha256(f"{tenant}\0{identity}".encode()).hexdigest()[:16]
    slug = re.sub(r"[^a-z0-9]+", "-", f"{tenant} {identity}".lower()).strip("-")[:_SLUG].strip("-")
    return f"{slug}-{digest}" if slug else digest


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _content(path: str) -> str:
    """The text of an ordinary file, and of nothing that a link or a pipe stands for."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise ValueError("it is no ordinary file")
        return stream.read().decode()


def _sync(directory: str) -> None:
    """Have the name of a file that was just put there survive a loss of power."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _named(path: str, act: str) -> t.Iterator[None]:
    try:
        yield
    except OSError as error:
        problem = f"{path}, where tickets are kept, cannot be {act}: {error.strerror}"
        raise InputError(f"{problem}. Put that right, then run this again.", object=path) from error
