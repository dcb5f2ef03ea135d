# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Onboarding, killed in each of its writing requests: the next run ends its work, and the one after it changes nothing."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.calligo.baas.tests.faults.conftest import Cells
from ansible_collections.calligo.baas.tests.faults.interrupting import interrupt, small_platform
from ansible_collections.calligo.baas.tests.support.interruptions import CASES, Platform


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Platform]:
    with small_platform(tmp_path_factory.mktemp("onboarding")) as world:
        yield world


def test_an_onboarding_that_is_killed_is_ended_by_the_next(platform: Platform, cells: Cells) -> None:
    clean = platform.clean(CASES["tenant_onboard"])
    assert clean.facts["evidence"]["accepted"]
    assert clean.facts["running"] == []
    assert len(clean.facts["backups"]) == 3, "of the VM, the files and the databases"
    assert min(clean.writes.values()) > 5
    interrupt(platform, cells, "tenant_onboard", clean)
