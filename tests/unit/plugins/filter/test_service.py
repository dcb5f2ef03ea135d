# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.calligo.baas.plugins.filter.service import RULES, FilterModule

FOLDER = Path(__file__).resolve().parents[4] / "plugins" / "filter"


def test_a_refusal_names_the_filter() -> None:
    with pytest.raises(AnsibleFilterError, match=r"calligo\.baas\.draw: count is 0"):
        FilterModule().filters()["draw"](["a"], count=0)


def test_a_draw_tells_all_that_it_takes_to_repeat_it() -> None:
    draw = FilterModule().filters()["draw"]
    drawn = draw(["b", "a", "a"], region="luxembourg", period="2026-11", salt="s")
    assert drawn["population_size"] == 2
    assert draw(["a", "b"], seed=drawn["seed"])["sample"] == drawn["sample"]


@pytest.mark.parametrize("name", sorted(RULES))
def test_every_filter_is_documented(name: str) -> None:
    documented = yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8"))
    assert documented["DOCUMENTATION"]["name"] == name
    assert f"calligo.baas.{name}" in documented["EXAMPLES"]
    assert documented["RETURN"]["_value"]["description"]


def test_nothing_else_is_documented() -> None:
    assert {file.stem for file in FOLDER.glob("*.yml")} == set(RULES)
