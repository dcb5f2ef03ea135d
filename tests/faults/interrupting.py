# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What both files of interruptions do: the first, onboarding, is long enough for a process of its own."""

from __future__ import annotations

import contextlib
import typing as t
from pathlib import Path

from ansible_collections.calligo.baas.tests.faults.conftest import Cells
from ansible_collections.calligo.baas.tests.support import small_world
from ansible_collections.calligo.baas.tests.support.interruptions import CASES, JOB_SECONDS, Clean, Platform
from commvaultsim.sandbox import Sandbox


@contextlib.contextmanager
def small_platform(folder: Path) -> t.Iterator[Platform]:
    """The small world, on which nothing has run yet."""
    with Sandbox(folder / "sandbox", small_world.scenario(folder), job_seconds=JOB_SECONDS) as sandbox:
        yield Platform(sandbox)


def interrupt(platform: Platform, cells: Cells, name: str, clean: Clean) -> None:
    """Play the cells of a case; fail with everything that is wrong in any of them."""
    found = []
    for where in cells.chosen(clean.cells(), sample=1):
        problems = platform.problems(CASES[name], clean, where)
        cells.note("interruption", name, str(where), "wrong" if problems else "survived")
        found += [f"{name}, killed at {where}:\n" + "\n".join(problems)] if problems else []
    assert not found, "\n\n".join(found)
