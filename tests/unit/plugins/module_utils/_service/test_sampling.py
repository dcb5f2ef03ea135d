# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._service import sampling

POPULATION = [f"vm/tenant-{number % 3}/{number:04}" for number in range(200)]


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_seed_is_what_the_rule_says() -> None:
    population = sha('["a","b"]')
    assert sampling.population_hash(["b", "a", "a"]) == population
    assert sampling.seed_of("luxembourg", "2026-11", ["a", "b"], "salt") == sha(f"luxembourg|2026-11|{population}|salt")


def test_a_beacon_is_part_of_the_seed_and_of_the_name_of_the_rule() -> None:
    known = sha('["a"]')
    assert sampling.seed_of("lux", "2026-11", ["a"], "salt", "drand 7 ab") == sha(f"lux|2026-11|{known}|salt|drand 7 ab")
    assert (sampling.selector(""), sampling.selector("x")) == ("sha256-rank/1", "sha256-rank/2")


def test_a_draw_can_be_repeated_with_nothing_but_sha256() -> None:
    drawn = sampling.draw("seed", POPULATION, 5)
    assert drawn == sorted(POPULATION, key=lambda member: sha(f"seed|{member}"))[:5]


def test_the_order_of_the_population_does_not_matter() -> None:
    assert sampling.draw("seed", POPULATION, 3) == sampling.draw("seed", reversed(POPULATION), 3)


def test_another_seed_is_another_draw_and_every_member_can_be_drawn() -> None:
    drawn = {sampling.draw(str(seed), POPULATION[:10])[0] for seed in range(400)}
    assert drawn == set(POPULATION[:10])


def test_a_member_that_joins_does_not_reorder_the_others() -> None:
    before = sampling.rank("seed", POPULATION)
    after = sampling.rank("seed", [*POPULATION, "vm/new/1"])
    assert [member for member in after if member != "vm/new/1"] == before


def test_names_in_any_script_are_members() -> None:
    assert sampling.population_hash(["Café Müller & Söhne", "Île"]) == sha('["Café Müller & Söhne","Île"]')


def test_a_draw_of_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="count is 0"):
        sampling.draw("seed", POPULATION, 0)
