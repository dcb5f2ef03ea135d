# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No function of the plugins needs a second thought: cyclomatic complexity by radon, which counts comprehensions too."""

from __future__ import annotations

import typing as t

from radon.complexity import cc_visit

from console import main_guard, say
from paths import ROOT

MOST = 15


def functions(blocks: t.Iterable[t.Any]) -> t.Iterator[t.Any]:
    """The functions and methods among what radon found, those inside others too."""
    for block in blocks:
        if not hasattr(block, "methods"):
            yield block
        for inner in ("methods", "inner_classes", "closures"):
            yield from functions(getattr(block, inner, ()))


def main() -> int:
    """Name every function above the measure."""
    found = set()
    for file in sorted((ROOT / "plugins").rglob("*.py")):
        for block in functions(cc_visit(file.read_text(encoding="utf-8"))):
            if block.complexity > MOST:
                found.add(f"{file.relative_to(ROOT)}:{block.lineno} {block.name} has {block.complexity}, at most {MOST}")
    for line in sorted(found):
        say(line)
    return 1 if found else 0


if __name__ == "__main__":
    main_guard(main)
