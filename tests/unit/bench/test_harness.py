# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ansible_collections.calligo.baas.tests.bench import registry
from ansible_collections.calligo.baas.tests.bench.harness import Bench, BenchError
from ansible_collections.calligo.baas.tests.support.collection import ROOT


@pytest.fixture
def bench(tmp_path):
    env = {**os.environ, "PYTHONPATH": str(ROOT / ".build" / "collections")}
    return Bench(tmp_path, Path(sys.executable), env, quick=False, say=print)


def test_a_command_is_measured(bench):
    measured = bench.command([sys.executable, "-c", "import sys; block = bytearray(50 << 20); print(sys.stdin.read())"], stdin="given")
    assert measured.output.strip() == "given"
    # In megabytes: what the process of the tests takes itself counts too, until the command takes its place.
    assert measured.seconds > 0 and measured.cpu_seconds > 0 and 50 < measured.peak_mb < 1000


def test_a_command_that_fails_says_so(bench):
    with pytest.raises(BenchError, match=r"status 3 after .*\n.*too bad"):
        bench.command([sys.executable, "-c", "print('too bad'); raise SystemExit(3)"])


def test_a_command_that_takes_too_long_is_ended(bench):
    with pytest.raises(BenchError, match="status -9"):
        bench.command([sys.executable, "-c", "import time; time.sleep(60)"], limit=0.3)


def test_things_that_are_compared_take_turns(bench):
    done = []
    timings = bench.compare(
        {
            "often": (lambda: done.append("o") or len(done), 6),
            "seldom": (lambda: done.append("s") or len(done), 3),
            "once": (lambda: done.append("1") or len(done), 1),
        }
    )
    assert "".join(done) == "os1" + "o" + "os" + "o" + "os" + "o"
    assert {name: timing.runs for name, timing in timings.items()} == {"often": 6, "seldom": 3, "once": 1}


def test_quick_means_small_and_few(tmp_path):
    quick = Bench(tmp_path, Path(sys.executable), {}, quick=True, say=print)
    assert (quick.size(1000, 50), quick.median(lambda: 1.0, 7).runs) == (50, 2)


def test_a_module_runs_in_a_process_of_its_own(bench):
    options = {"hostname": "127.0.0.1", "port": 1, "username": "u", "password": "p"}
    with pytest.raises(BenchError, match=r"vcenter_vm_facts|cannot be reached"):
        bench.module("vcenter_vm_facts", options)


def test_benchmarks_are_found_and_chosen_by_name_or_figure():
    every = registry.benchmarks()
    assert {"vcenter", "vcenter_latency", "vcenter_growth"} <= every.keys()
    assert registry.chosen([]) == list(every.values())
    assert [entry.name for entry in registry.chosen(["vcenter_latency_speedup", "vcenter"])] == ["vcenter_latency", "vcenter"]
    with pytest.raises(KeyError):
        registry.chosen(["vcenter_1"])


def test_no_figure_is_measured_twice():
    figures = [figure for entry in registry.benchmarks().values() for figure in entry.figures]
    assert len(figures) == len(set(figures))
