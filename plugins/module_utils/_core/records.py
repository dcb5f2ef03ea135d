# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Records that runs share: a directory with a file for each, which one run at a time changes, and none can leave half written."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import re
import stat
import time
import typing as t

from .engine import Outcome, Record, Step, Work
from .errors import InputError, UnexpectedReply
from .output import locked, require_directory, require_plain, write_file
from .wait import Clock

if t.TYPE_CHECKING:
    from .permit import Permit

MODE = "0640"

T = t.TypeVar("T")


class Run(t.Protocol):
    """What this file needs to know of a run."""

    @property
    def missing(self) -> t.Callable[[str, str, str], None]: ...

    @property
    def permit(self) -> Permit: ...


class RecordFiles:
    """The records of a directory whose names fit a pattern; other files there are nobody's.

    kind: what they are, in plural. An error of the file system becomes an InputError that names the path.
    """

    def __init__(self, directory: str, kind: str, pattern: str, run: Run, clock: Clock = time) -> None:
        """Raises InputError for a path that is relative or a link. A directory that is not there is missing, and not made.

        Where it is only not mounted, everything would be recorded a second time.
        """
        require_plain(directory)
        if not os.path.isdir(directory):
            run.missing(f"The directory of {kind} {directory} is not there.", "Make it, or mount what holds it.", directory)
        self._directory = directory
        self._kind = kind
        self._pattern = re.compile(pattern)
        # As write_file() has one before it is put in its place.
        self._unfinished = re.compile(rf"\.(?:{pattern})\.[a-z0-9_]{{8}}")
        self._permit = run.permit
        self._clock = clock

    def path(self, name: str) -> str:
        return os.path.join(self._directory, name)

    def names(self) -> list[str]:
        """The names of all records, in order. A directory that is not there yet has none."""
        with self._named(self._directory, "read"):
            try:
                return sorted(name for name in os.listdir(self._directory) if self._pattern.fullmatch(name))
            except FileNotFoundError:
                return []

    def read(self, name: str, parse: t.Callable[[str], T]) -> T:
        """What is in a record. parse: raises ValueError for a text that is none. Raises UnexpectedReply, which names the file."""
        path = self.path(name)
        try:
            return parse(_content(path))
        except (OSError, ValueError) as error:
            problem = error.strerror if isinstance(error, OSError) else str(error)
            way_out = "Correct the file or restore it; without it nobody knows what was done."
            raise UnexpectedReply(f"{path}, one of the {self._kind}, cannot be read: {problem}. {way_out}", object=path) from error

    def require_writable(self) -> None:
        """Raise where a record could not be written. Only reads."""
        require_directory(self._directory)

    @contextlib.contextmanager
    def locked(self) -> t.Iterator[None]:
        """Be the only one who writes here."""
        self.require_writable()
        self._permit.ask(f"Writing one of the {self._kind} into {self._directory}")
        with locked(self._directory, self._kind, self._clock):
            self._remove_unfinished()
            yield

    def write(self, name: str, text: str, parse: t.Callable[[str], T]) -> T:
        """Write a record, as a whole or not at all; only while locked. Returns what was read again, which is what was written."""
        written = parse(text)
        with self._named(self._directory, "written to"):
            try:
                write_file(self.path(name), [text], MODE)
            except InputError as error:
                # As the error of the system that it is, since what cannot be written here is no option of that name.
                raise (error.__cause__ or error) from None
            self._permit.use()
            _sync(self._directory)
        if self.read(name, parse) != written:
            raise UnexpectedReply(f"{self.path(name)} does not hold what was written. Look at the file system, then run this again.")
        return written

    def _remove_unfinished(self) -> None:
        """Remove what a run that was killed left of a file. Whoever holds the lock is the only one who writes."""
        with self._named(self._directory, "cleared"):
            for name in os.listdir(self._directory):
                if self._unfinished.fullmatch(name):
                    os.unlink(self.path(name))

    @contextlib.contextmanager
    def _named(self, path: str, act: str) -> t.Iterator[None]:
        try:
            yield
        except OSError as error:
            problem = f"{path}, where {self._kind} are kept, cannot be {act}: {error.strerror}"
            raise InputError(f"{problem}. Put that right, then run this again.", object=path) from error


@dataclasses.dataclass(frozen=True)
class RecordStep(t.Generic[T]):
    """What has to be written of one record. wanted: seen, itself, for nothing."""

    work: RecordWork[T]
    seen: T | None
    wanted: T
    label: str = ""

    @property
    def open(self) -> bool:
        return self.wanted is not self.seen

    def predict(self) -> Outcome:
        before = None if self.seen is None else self.work.tell(self.seen)
        return Outcome(self.label, self.open, before, self.work.tell(self.wanted))

    def take(self) -> Outcome:
        """Where nothing is to be done, nothing is locked for it either."""
        return self.work.written() if self.open else self.predict()


@dataclasses.dataclass(frozen=True)
class RecordWork(Work, t.Generic[T]):
    """One record, which is as decide() says when it is given the record, if there is one, and all records: itself for nothing.

    parse: from the name and the text of a file. tell: as a result tells it, by the name in returned.
    """

    files: RecordFiles
    name: str
    parse: t.Callable[[str, str], T]
    text: t.Callable[[T], str]
    decide: t.Callable[[T | None, t.Iterable[T]], T]
    tell: t.Callable[[T], Record]
    returned: str

    def _read(self, name: str) -> T:
        return self.files.read(name, functools.partial(self.parse, name))

    def _step(self) -> RecordStep[T]:
        names = self.files.names()
        seen = self._read(self.name) if self.name in names else None
        return RecordStep(self, seen, self.decide(seen, map(self._read, names)))

    def written(self) -> Outcome:
        """Look again while nobody else writes, and write what is to be written then."""
        with self.files.locked():
            step = self._step()
            if step.open:
                self.files.write(self.name, self.text(step.wanted), functools.partial(self.parse, self.name))
            return step.predict()

    def steps(self) -> t.Sequence[Step]:
        step = self._step()
        if step.open:
            self.files.require_writable()
        return [step]

    def result(self, outcomes: list[Outcome]) -> Record:
        if not outcomes:
            return {"changed": False}
        return {"changed": outcomes[0].changed, self.returned: outcomes[0].after, "diff": outcomes[0].diff()}


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
