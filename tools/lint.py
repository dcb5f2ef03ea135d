# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make lint``: ansible-test sanity, and beside it the other linters one after the other; all run even if one finds something."""

from __future__ import annotations

import argparse
import contextlib
import re
import time
import typing as t

import sanity
from console import duration, main_guard, run_beside, run_shown, say
from paths import BIN, LOGS, ROOT, child_env
from playbook_runs import shown

PACKAGE = "ansible_collections.calligo.baas"
COMMANDS = {
    "ruff": ["ruff", "check", "--no-cache", "."],
    "format": ["ruff", "format", "--no-cache", "--check", "."],
    "mypy": ["mypy", "-p", f"{PACKAGE}.plugins", "-p", f"{PACKAGE}.tests"],
    "mypy-simulator": ["mypy", "--config-file", "simulators/commvault/pyproject.toml", "--cache-dir", ".build/cache/mypy-simulator"],
    "mypy-tools": ["mypy", "tools"],
    "complexity": ["python", "tools/complexity.py"],
    "yamllint": ["yamllint", "--strict", "."],
    "ansible-lint": ["ansible-lint", "--strict", "--nocolor"],
}
SANITY = "sanity"


def run_command(name: str) -> int:
    """Run one of the linters that are commands of their own."""
    program, *arguments = COMMANDS[name]
    return run_shown([BIN / program, *arguments], LOGS / f"lint-{name}.log", env=child_env(), cwd=ROOT)


def run_steps(names: t.Sequence[str], sanity_arguments: list[str]) -> dict[str, tuple[bool, float]]:
    """Run the named linters; return for each whether it was content, and its time in seconds."""
    results = {}
    with contextlib.ExitStack() as stack:
        beside, began = None, time.monotonic()
        if SANITY in names:
            say(f"==> {SANITY}, beside the others")
            command, env, place = sanity.prepared(sanity_arguments)
            beside = stack.enter_context(run_beside(command, sanity.LOG, env=env, cwd=place))
        for name in (name for name in names if name != SANITY):
            say(f"==> {name}")
            started = time.monotonic()
            status = run_command(name)
            results[name] = ended(status, started)
        if beside:
            say(f"==> {SANITY}, the rest of it")
            status = beside.wait()
            say("\n".join(line for line in sanity.LOG.read_text(encoding="utf-8").splitlines() if re.match(sanity.SHOWN, line)))
            results[SANITY] = ended(status, began)
    return results


def ended(status: int, started: float) -> tuple[bool, float]:
    """Say how a linter ended; return whether it was content, and its time in seconds."""
    seconds = time.monotonic() - started
    say(f"    {'ok' if status == 0 else 'FAILED'} in {duration(seconds)}")
    return status == 0, seconds


def main() -> int:
    """Run all linters, or those named with --only."""
    every = [*COMMANDS, SANITY]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=every, default=every, metavar="LINTER", help=f"some of: {', '.join(every)}")
    parser.add_argument("--test", action="append", default=[], help="with sanity: only this of its tests")
    options = parser.parse_args()
    results = run_steps(options.only, [part for test in options.test for part in ("--test", test)])
    say("\nLint:")
    for name, (content, seconds) in results.items():
        log = LOGS / ("sanity.log" if name == SANITY else f"lint-{name}.log")
        say(f"  {'ok    ' if content else 'FAILED'}  {name:<14} {duration(seconds):>10}  {shown(log)}")
    return 0 if all(content for content, _seconds in results.values()) else 1


if __name__ == "__main__":
    main_guard(main)
