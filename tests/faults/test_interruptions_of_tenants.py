# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks about tenants that are there, killed in each of their writing requests."""

from __future__ import annotations

import random
import typing as t

import pytest

from ansible_collections.calligo.baas.tests.faults.conftest import SEED, Cells
from ansible_collections.calligo.baas.tests.faults.interrupting import interrupt, small_platform
from ansible_collections.calligo.baas.tests.support.interruptions import CASES, Platform

#: These send none: what they read they write down.
READING = ("manifest",)
LATER = sorted(name for name, case in CASES.items() if case.start == "onboarded")
SAMPLED = random.Random(SEED).choice([name for name in LATER if name not in READING])


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Platform]:
    with small_platform(tmp_path_factory.mktemp("tenants")) as world:
        world.clean(CASES["tenant_onboard"])
        world.keep("onboarded")
        yield world


@pytest.mark.parametrize("name", LATER)
def test_a_run_that_is_killed_is_ended_by_the_next(platform: Platform, cells: Cells, name: str) -> None:
    if not cells.everything and name != SAMPLED:
        pytest.skip(f"the sample has {SAMPLED}; make faults has all of them")
    clean = platform.clean(CASES[name])
    assert clean.facts["running"] == []
    assert any(clean.writes.values()) is (name not in READING)
    interrupt(platform, cells, name, clean)
