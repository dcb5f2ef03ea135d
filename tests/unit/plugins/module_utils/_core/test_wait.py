# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._core.errors import WaitTimeout
from ansible_collections.calligo.baas.plugins.module_utils._core.wait import poll
from ansible_collections.calligo.baas.tests.support.scripted_client import FakeClock


def counted(clock):
    readings = []

    def read():
        readings.append(clock.now)
        return len(readings)

    return read, readings


def test_what_is_done_already_is_not_waited_for():
    clock = FakeClock()
    assert poll(lambda: "done", lambda _reading: True, timeout=0, clock=clock) == "done"
    assert clock.sleeps == []


def test_pauses_grow_by_half_up_to_the_longest():
    clock = FakeClock()
    read, _readings = counted(clock)
    assert poll(read, lambda number: number == 7, timeout=100, clock=clock, first=2.0, longest=6.0) == 7
    assert clock.sleeps == [2.0, 3.0, 4.5, 6.0, 6.0, 6.0]


def test_the_deadline_is_kept_with_a_last_look_at_its_end():
    clock = FakeClock()
    read, readings = counted(clock)
    with pytest.raises(WaitTimeout) as error:
        poll(read, lambda _number: False, timeout=10, clock=clock, first=4.0)
    assert readings == [0.0, 4.0, 10.0]
    assert error.value.last == 3 and "10 seconds" in str(error.value)
