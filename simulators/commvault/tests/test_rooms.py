# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports between the rooms go one way."""

from __future__ import annotations

import ast
import functools
from pathlib import Path

import commvaultsim

HOME = Path(commvaultsim.__file__).parent
FILES = sorted(HOME.rglob("*.py"))
# Each may use those before it. The sandbox starts processes: it knows the others by their command line alone.
ROOMS = ("wire", "state", "jobs", "servers", "tenancy", "plans", "files", "sql", "vms", "scenario", "web")
# What lies below the state gets it handed over: it may name its type, in hints.
HINTED = "state/simulator.py"


@functools.cache
def imports(file: Path) -> tuple[set[Path], set[Path]]:
    """The files of the package that a file imports when it runs, and those for type hints alone."""
    nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    blocks = [node for node in nodes if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)]
    hinting = {child for block in blocks for child in ast.walk(block)}
    run: set[Path] = set()
    hinted: set[Path] = set()
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == HOME.name:
            base = HOME.joinpath(*str(node.module).split(".")[1:])
            for path in (base, *(base / alias.name for alias in node.names)):
                found = {candidate for candidate in (path.with_suffix(".py"), path / "__init__.py") if candidate.is_file()}
                (hinted if node in hinting else run).update(found - {HOME / "__init__.py"})
    return run, hinted


def room(file: Path) -> str:
    return file.relative_to(HOME).parts[0]


def named(file: Path) -> str:
    return file.relative_to(HOME).as_posix()


def test_rooms_use_only_those_before_them():
    rooms = [file for file in FILES if room(file) in ROOMS]
    wrong = [
        f"{named(file)} uses {named(target)}"
        for file in rooms
        for target in imports(file)[0]
        if room(target) not in ROOMS[: ROOMS.index(room(file)) + 1]
    ]
    assert not wrong


def test_hints_name_the_state_alone():
    assert {named(target) for file in FILES for target in imports(file)[1]} == {HINTED}


def test_the_sandbox_uses_nothing_else():
    wrong = [named(target) for file in FILES for target in imports(file)[0] if room(file) == "sandbox" != room(target)]
    assert not wrong


def test_every_folder_is_a_room():
    assert sorted((*ROOMS, "sandbox")) == sorted(path.name for path in HOME.iterdir() if path.is_dir() and path.name != "__pycache__")


def test_no_file_imports_itself_by_way_of_others():
    left = {file: imports(file)[0] for file in FILES}
    # Files that use nothing more of what is left are taken away, until only those in a circle are left.
    while free := [file for file, targets in left.items() if not targets & left.keys()]:
        for file in free:
            del left[file]
    assert not [named(file) for file in left]
