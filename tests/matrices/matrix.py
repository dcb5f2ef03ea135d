# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the matrices share: all cells or a sample of them, and the counts of a full run."""

from __future__ import annotations

import collections
import json
import os
import random
import typing as t
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
RESULTS = CHECKOUT / "build" / "matrices"
FULL = os.environ.get("BAAS_MATRICES") == "full"
"""Whether all cells are run (make matrices), and not the sample that is in make test."""
SEED = 2026
T = t.TypeVar("T")


def cells(every: t.Sequence[T], sample: int) -> list[T]:
    """All cells, or always the same few of them, in their order."""
    if FULL or len(every) <= sample:
        return list(every)
    chosen = set(random.Random(SEED).sample(range(len(every)), sample))
    return [cell for number, cell in enumerate(every) if number in chosen]


class Counts:
    """How often what came of cells. The counts of a full run are kept for the page that is made from them."""

    def __init__(self, matrix: str) -> None:
        self._matrix = matrix
        self._counted: collections.Counter[tuple[str, str]] = collections.Counter()

    def add(self, group: str, outcome: str, number: int = 1) -> None:
        """Count cells of a group (a module, an error) with what came of them."""
        self._counted[group, outcome] += number

    def keep(self) -> None:
        """Write the counts of a full run."""
        if not FULL:
            return
        RESULTS.mkdir(parents=True, exist_ok=True)
        groups: dict[str, dict[str, int]] = {}
        for (group, outcome), number in sorted(self._counted.items()):
            groups.setdefault(group, {})[outcome] = number
        (RESULTS / f"{self._matrix}.json").write_text(json.dumps(groups, indent=2) + "\n", encoding="utf-8")
