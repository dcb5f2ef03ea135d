# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Many reads at a time: a bounded number of threads, each on a keep-alive connection of its own.

Only reads belong here. What is read is kept and judged by the thread that asked, in its own order, so that errors, warnings and
results are the same whatever the number of threads.
"""

from __future__ import annotations

import collections
import concurrent.futures
import typing as t

from ..._core.errors import InputError

X = t.TypeVar("X", bound=t.Hashable)
Y = t.TypeVar("Y")

PARALLEL = 8
"""Reads at a time unless a task says otherwise. With more of them a server gains little, and everybody else's requests wait longer."""
MOST = 64


class Pool:
    """Reads with at most so many at a time. parallel: 1 means one after the other, in this thread."""

    def __init__(self, parallel: int = PARALLEL) -> None:
        if not 1 <= parallel <= MOST:
            raise InputError(f"parallel is {parallel}: give a number from 1 to {MOST}.")
        self._parallel = parallel

    def read(self, read: t.Callable[[X], Y], keys: t.Iterable[X]) -> Answers[X, Y]:
        """Read for each key once, and wait for all. An error is kept, and raised when its key is asked for.

        read: called with a key in one of several threads; it may only send requests, and must not warn.
        """
        wanted = list(dict.fromkeys(keys))
        workers = min(self._parallel, len(wanted))
        if workers <= 1:
            return Answers({key: _attempt(read, key) for key in wanted})
        with concurrent.futures.ThreadPoolExecutor(workers) as executor:
            return Answers(dict(zip(wanted, executor.map(lambda key: _attempt(read, key), wanted), strict=True)))

    def stream(self, read: t.Callable[[X], Y], keys: t.Iterable[X], ahead: int) -> t.Iterator[Y]:
        """Read for each key, in order, at most ahead of them before they are asked for; an error is raised where its key's turn comes."""
        depth = max(1, min(self._parallel, ahead))
        waiting: collections.deque[concurrent.futures.Future[Y]] = collections.deque()
        with concurrent.futures.ThreadPoolExecutor(depth) as executor:
            try:
                for key in keys:
                    waiting.append(executor.submit(read, key))
                    if len(waiting) >= depth + 1:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()


class Answers(t.Generic[X, Y]):
    """What a pool read. Indexing gives the answer for a key, or raises the error that reading it met."""

    def __init__(self, results: dict[X, Y | Exception]) -> None:
        self._results = results

    def __contains__(self, key: object) -> bool:
        return key in self._results

    def __getitem__(self, key: X) -> Y:
        result = self._results[key]
        if isinstance(result, Exception):
            raise result
        return result


def _attempt(read: t.Callable[[X], Y], key: X) -> Y | Exception:
    try:
        return read(key)
    except Exception as error:  # noqa: BLE001 - raised again by whoever asks for the answer
        return error
