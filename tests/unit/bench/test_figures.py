# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.calligo.baas.tests.bench.figures import Figure, Timing, amount, table

SPEEDUP = Figure(
    "vcenter_1000_speedup", 58.561, "x", 1000, "a peer", 80.834, 58.561, 0.4574, must=(">=", 20), runs=3, note="peer measured once"
)


def test_an_entry_has_what_readers_look_for():
    entry = json.loads(json.dumps(SPEEDUP.to_json()))
    assert {name: entry[name] for name in ("name", "value", "unit", "size", "peer", "peer_value", "ratio", "floor")} == {
        "name": "vcenter_1000_speedup",
        "value": 58.56,
        "unit": "x",
        "size": 1000,
        "peer": "a peer",
        "peer_value": 80.83,
        "ratio": 58.56,
        "floor": 0.4574,
    }
    assert entry["must"] == ">= 20"


def test_an_entry_is_read_back():
    entry = {**SPEEDUP.to_json(), "at": "2026-11-24T05:00:00+00:00", "load": 0.4}
    assert Figure.from_json(entry).to_json() == SPEEDUP.to_json()
    bare = Figure("a", 1.0, "s", 1)
    assert Figure.from_json(bare.to_json()) == bare


@pytest.mark.parametrize(
    ("must", "reached"), [(None, None), (("<=", 2), True), (("<=", 1.9), False), ((">=", 2), True), ((">=", 2.1), False)]
)
def test_whether_a_bound_is_kept(must, reached):
    assert Figure("a", 2.0, "s", 1, must=must).reached is reached


def test_the_median_of_several_runs():
    assert Timing.of([3.0, 1.0, 2.0]) == Timing(2.0, 1.0, 3.0, 3)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(None, "s", ""), (0.4574, "s", "0.46 s"), (58.561, "x", "58.6 x"), (2000.4, "MB", "2,000 MB"), (20, "x", "20 x")],
)
def test_amounts(value, unit, text):
    assert amount(value, unit) == text


def test_the_table_has_a_line_for_each_figure():
    heading, _rule, first, second = table([SPEEDUP, Figure("plain", 1.5, "s", 10, must=("<=", 1))])
    assert heading.split()[0] == "figure"
    assert "80.8 s" in first and ">= 20 x" in first and first.endswith("ok")
    assert second.endswith("MISSED")
