# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make test``: the Python tests (pytest) and beside them the roles (molecule); each runs to its end even if the other one fails."""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import time
from pathlib import Path

from console import duration, main_guard, run_beside, run_shown, say, show_end
from contract_table import RESULTS as CONTRACT_RESULTS
from faults_page import CELLS
from paths import BIN, LOGS, PYTHON, ROOT, child_env
from playbook_runs import shown

# Groups with long files first, so that the short ones fill what is left of the processes' time at the end.
PYTEST_GROUPS = {
    **{name: f"tests/{name}" for name in ("integration", "contract", "golden", "faults", "matrices", "collection", "unit")},
    "simulators": "simulators/commvault/tests",
}
GROUPS = (*PYTEST_GROUPS, "molecule")
PYTEST_LOG = LOGS / "pytest.log"
MOLECULE_LOG = LOGS / "molecule.log"
# Three processes, each with whole files: the tests of one share servers. They are spread in the order in which they are collected. A third
# of a process's time it waits for jobs of the simulators, which two processes on two cores would leave unused.
PROCESSES = ["-n", "3", "--dist", "loadfile", "--no-loadscope-reorder"]


def run_pytest(groups: list[str], arguments: list[str]) -> int:
    """Run groups of Python tests in one pytest."""
    if "contract" in groups:
        CONTRACT_RESULTS.unlink(missing_ok=True)  # a run that does not get as far leaves none, instead of an earlier one's
    if groups == ["faults"]:
        CELLS.unlink(missing_ok=True)
        arguments = ["--all-cells", *arguments]
    command: list[str | Path] = [BIN / "pytest", *PROCESSES, *(PYTEST_GROUPS[group] for group in groups), *arguments]
    return run_shown(command, PYTEST_LOG, env=child_env(), cwd=ROOT)


def run_molecule() -> contextlib.AbstractContextManager[subprocess.Popen[str]]:
    """Run every molecule scenario beside a block."""
    # By itself molecule looks below extensions/ in a collection.
    env = child_env(MOLECULE_GLOB="molecule/*/molecule.yml", ANSIBLE_NOCOLOR="1", NO_COLOR="1")
    return run_beside([BIN / "molecule", "test", "--all"], MOLECULE_LOG, env=env, cwd=ROOT)


def contract_table(groups: list[str], arguments: list[str]) -> int:
    """docs/contract.md from the outcomes of the contract tests: written where only these were asked for, otherwise compared."""
    if "contract" not in groups or arguments:
        return 0
    check = [] if groups == ["contract"] else ["--check"]
    return run_shown([PYTHON, ROOT / "tools" / "contract_table.py", *check], LOGS / "contract-table.log", env=child_env(), cwd=ROOT)


def faults_page(groups: list[str], arguments: list[str]) -> int:
    """docs/faults.md from what came of all cells, where they were run."""
    if groups != ["faults"] or arguments:
        return 0
    return run_shown([PYTHON, ROOT / "tools" / "faults_page.py"], LOGS / "faults-page.log", env=child_env(), cwd=ROOT)


def closing_lines() -> list[str]:
    """What pytest says at its end: the failed tests, which judge was not there, and the line with the counts."""
    lines = PYTEST_LOG.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith(("FAILED ", "ERROR ", "WITHOUT "))] + lines[-1:]


def main() -> int:
    """Run all groups of tests, or those named with --only; further arguments go to pytest."""
    parser = argparse.ArgumentParser(description=__doc__, epilog="Further arguments are passed on to pytest.")
    parser.add_argument("--only", action="append", choices=GROUPS, help="run this group (may be given again)")
    options, rest = parser.parse_known_args()
    chosen = options.only or list(GROUPS)
    started = time.monotonic()
    statuses = {}
    with contextlib.ExitStack() as stack:
        molecule = None
        if "molecule" in chosen:
            say(f"==> molecule, its output in {shown(MOLECULE_LOG)}")
            molecule = stack.enter_context(run_molecule())
        if groups := [group for group in PYTEST_GROUPS if group in chosen]:
            say(f"==> pytest: {', '.join(groups)}")
            statuses["pytest"] = run_pytest(groups, rest)
            statuses["table"] = contract_table(groups, rest) if statuses["pytest"] == 0 else 0
            statuses["page"] = faults_page(groups, rest)
        if molecule:
            statuses["molecule"] = molecule.wait()
    if statuses.get("molecule"):
        show_end(MOLECULE_LOG)
    say(f"\nTests, in {duration(time.monotonic() - started)}:")
    for name, log in (
        ("pytest", PYTEST_LOG),
        ("table", LOGS / "contract-table.log"),
        ("page", LOGS / "faults-page.log"),
        ("molecule", MOLECULE_LOG),
    ):
        if name in statuses:
            say(f"  {'ok    ' if statuses[name] == 0 else 'FAILED'}  {name:<9} {shown(log)}")
    if "pytest" in statuses:
        say("\n".join(closing_lines()))
    return 1 if any(statuses.values()) else 0


if __name__ == "__main__":
    main_guard(main)
