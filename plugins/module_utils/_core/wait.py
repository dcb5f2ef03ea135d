# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import time
import typing as t

from .errors import WaitTimeout

T = t.TypeVar("T")


class Clock(t.Protocol):
    """Where time comes from, so that tests can move it. The standard time module is one."""

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float, /) -> None: ...


def poll(
    read: t.Callable[[], T],
    done: t.Callable[[T], bool],
    timeout: float,
    clock: Clock = time,
    first: float = 1.0,
    longest: float = 30.0,
) -> T:
    """Read until done or until the deadline. It only reads: nothing is killed, restarted or changed by waiting.

    timeout, first, longest: seconds. The pause grows by half each time, from first up to longest.
    Raises WaitTimeout with the last reading in its attribute "last".
    """
    deadline = clock.monotonic() + timeout
    pause = first
    while True:
        reading = read()
        if done(reading):
            return reading
        left = deadline - clock.monotonic()
        if left <= 0:
            raise WaitTimeout(f"Not done after {timeout:g} seconds.", last=reading)
        clock.sleep(min(pause, left))
        pause = min(pause * 1.5, longest)
