# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import time
import typing as t

from .errors import BaasError, WaitTimeout

T = t.TypeVar("T")


class Clock(t.Protocol):
    """Where time comes from, so that tests can move it. The standard time module is one."""

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float, /) -> None: ...


OUTAGE = 600.0
"""Seconds for which a server may be away while somebody waits: as long as the restart of a web server takes."""


def poll(
    read: t.Callable[[], T],
    done: t.Callable[[T], bool],
    timeout: float,
    clock: Clock = time,
    first: float = 1.0,
    longest: float = 30.0,
    passing: t.Callable[[BaasError], bool] = lambda error: False,
    outage: float = OUTAGE,
) -> T:
    """Read until done or until the deadline. It only reads: nothing is killed, restarted or changed by waiting.

    timeout, first, longest: seconds. The pause grows by half each time, from first up to longest.
    passing: which errors of a reading may go away by themselves; they are survived for up to outage seconds in a row.
    Raises WaitTimeout with the last reading in its attribute "last"; the error of a reading that is not survived, or if there was none yet.
    """
    began = good = clock.monotonic()
    pause, last, broken = first, None, None
    while True:
        try:
            last, broken = read(), None
            good = clock.monotonic()
            if done(last):
                return last
        except BaasError as error:
            broken = error
            if not passing(error) or clock.monotonic() - good > outage:
                break
        left = began + timeout - clock.monotonic()
        if left <= 0:
            break
        clock.sleep(min(pause, left))
        pause = min(pause * 1.5, longest)
    if broken and (last is None or not passing(broken)):
        raise broken
    unread = f" For the last {clock.monotonic() - good:.0f} of them there was no answer: {broken}" if broken else ""
    raise WaitTimeout(f"Not done after {clock.monotonic() - began:.0f} seconds.{unread}", last=last)
