# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The matrices: all of their cells with ``--all-cells`` (``make faults``), else a sample by a seed; and what came of each cell.

Each process appends what came of its cells to .build/faults/cells.jsonl; tools/faults_page.py makes docs/faults.md of it.
"""

from __future__ import annotations

import json
import os
import random
import typing as t

import pytest

from ansible_collections.calligo.baas.tests.support.playbooks import CHECKOUT

RESULTS = CHECKOUT / ".build" / "faults" / "cells.jsonl"
#: Another sample each time that this is changed, or set in the environment; the same until then, so that a failure can be repeated.
SEED = os.environ.get("BAAS_FAULTS_SEED", "calligo.baas")
SAMPLE = 2  # cells of a list

T = t.TypeVar("T")


class Cells:
    """Which cells of a list are run, and what came of them."""

    def __init__(self, everything: bool) -> None:
        self.everything = everything

    def chosen(self, cells: t.Sequence[T], sample: int = SAMPLE) -> list[T]:
        """All of them, or a sample."""
        if self.everything or len(cells) <= sample:
            return list(cells)
        return random.Random(f"{SEED} {cells[0]} {len(cells)}").sample(list(cells), sample)

    def note(self, matrix: str, row: str, column: str, outcome: str) -> None:
        """Keep what came of a cell."""
        if self.everything:
            RESULTS.parent.mkdir(parents=True, exist_ok=True)
            with RESULTS.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"matrix": matrix, "row": row, "column": column, "outcome": outcome}) + "\n")


@pytest.fixture(scope="session")
def cells(pytestconfig: pytest.Config) -> Cells:
    return Cells(pytestconfig.getoption("--all-cells"))
