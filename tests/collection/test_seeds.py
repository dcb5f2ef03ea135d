# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The seeds (tests/seeds/seeds.yml): each still applies, every finding has one, and the tests that must notice them are there."""

from __future__ import annotations

import string

import pytest

from ansible_collections.calligo.baas.tests.support.collection import ROOT

FINDINGS = [*map(str, range(1, 16)), *string.ascii_uppercase[:18]]


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import seeds

    return seeds


def test_every_seed_can_be_planted(tool):
    """Where the code was changed, the seed is put where the code is now."""
    problems = [f"{seed.finding}, {seed.defect}: {problem}" for seed in tool.read_seeds() if (problem := seed.problem(ROOT))]
    assert problems == []


def test_every_finding_has_a_seed(tool):
    assert sorted({seed.finding for seed in tool.read_seeds()}) == sorted(FINDINGS)


def test_each_seed_changes_something_and_names_tests_that_are_there(tool):
    seeds = tool.read_seeds()
    assert all(seed.old != seed.new and seed.tests for seed in seeds)
    named = {test for seed in seeds for test in seed.tests}
    missing = [
        test for test in named if f"def {test.partition('::')[2]}(" not in (ROOT / test.partition("::")[0]).read_text(encoding="utf-8")
    ]
    assert missing == []


def test_no_two_seeds_say_the_same(tool):
    said = [seed.defect for seed in tool.read_seeds()]
    assert len(said) == len(set(said))
