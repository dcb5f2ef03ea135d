# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make matrices``: all cells of tests/matrices, and the page docs/matrices.md with their counts."""

from __future__ import annotations

import json
import shutil
import sys
import typing as t
from pathlib import Path

from console import main_guard, run_shown, say
from paths import BIN, LOGS, ROOT, child_env

RESULTS = ROOT / "build" / "matrices"
PAGE = ROOT / "docs" / "matrices.md"
TITLES = {
    "tenants-modules": ("Options of modules that are given what is another tenant's", "Module"),
    "tenants-roles": ("Options of roles that are given what is another tenant's", "Role"),
    "secrets": ("Secrets, through every error", "Error"),
    "runner": ("Secrets, in what ansible-runner keeps of a run", "Error"),
    "hostile": ("Hostile options and replies", "What was tried"),
}
HEAD = """# Matrices

What `tests/matrices` tries, cell by cell, and what came of it. `make test` runs a sample, always the same one; `make matrices` runs all
cells and makes this page. A cell fails the run where a writing request was sent, where something of another tenant's or a secret came out,
or where an error is none of the collection's own.
"""


def page(counts: t.Mapping[str, t.Mapping[str, t.Mapping[str, int]]]) -> str:
    """The page, from the counts of each matrix: by group, what came of its cells and how often."""
    parts = [HEAD]
    for name, (title, column) in TITLES.items():
        groups = counts.get(name)
        if groups is None:
            parts.append(f"## {title}\n\nNot run.\n")
            continue
        outcomes = sorted({outcome for group in groups.values() for outcome in group})
        total = sum(sum(group.values()) for group in groups.values())
        rows = [f"| {group} | " + " | ".join(str(found.get(outcome, 0)) for outcome in outcomes) + " |" for group, found in groups.items()]
        head = [
            f"## {title}\n",
            f"{total} runs, none failed.\n",
            f"| {column} | {' | '.join(outcomes)} |",
            "|---" * (len(outcomes) + 1) + "|",
        ]
        parts.append("\n".join([*head, *rows, ""]))
    return "\n".join(parts)


def main() -> int:
    """Run all cells; the page is made where none failed."""
    shutil.rmtree(RESULTS, ignore_errors=True)
    command: list[str | Path] = [BIN / "pytest", "-n", "2", "--dist", "loadfile", "tests/matrices", *sys.argv[1:]]
    status = run_shown(command, LOGS / "matrices.log", env=child_env(BAAS_MATRICES="full"), cwd=ROOT)
    if status == 0:
        counts = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in RESULTS.glob("*.json")}
        PAGE.write_text(page(counts), encoding="utf-8")
        say(f"{PAGE.relative_to(ROOT)} is made from the counts in {RESULTS.relative_to(ROOT)}.")
    return status


if __name__ == "__main__":
    main_guard(main)
