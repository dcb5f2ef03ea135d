# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for the repository's files."""

from __future__ import annotations

import ast
import os
import re

import pytest
import yaml

from ansible_collections.calligo.baas.tests.support.collection import ROOT, tracked_files

FILES = tracked_files()
PYTHON = [file for file in FILES if file.suffix == ".py"]
MAX_FUNCTION_LINES = 40
# Longer for a reason that is written here.
LONGER_FUNCTIONS: dict[str, str] = {}

MACHINE_PATH = re.compile(rf"{re.escape(str(ROOT))}|(?<![\w.])/(home/\w+|Users/\w+|work)/[\w.]|\.pyenv")
# A machine's configuration says where packages come from; a name in a file would overrule it.
REGISTRY_HOST = re.compile(
    r"\b(pypi\.org|pythonhosted\.org|galaxy\.ansible\.com|proxy\.golang\.org|sum\.golang\.org|registry\.npmjs\.org|docker\.io|quay\.io)\b"
)
SECRET = re.compile(r"BEGIN [A-Z ]*PRIVATE KEY|\bQSDK [0-9a-f]{16,}")
HEADER = ["# Copyright (c) Calligo", "GNU General Public License v3.0+", "SPDX-License-Identifier: GPL-3.0-or-later"]


# Everything else is text.
IMAGES = {".png", ".jpg", ".gif", ".ico"}


def texts():
    for file in FILES:
        if file.suffix in IMAGES:
            continue
        try:
            yield file, (ROOT / file).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            pytest.fail(f"{file} is not UTF-8 text")


@pytest.mark.parametrize("pattern", [MACHINE_PATH, REGISTRY_HOST, SECRET], ids=["machine path", "registry host", "secret"])
def test_no_file_holds(pattern):
    found = [f"{file}: {match.group()}" for file, text in texts() for match in pattern.finditer(text) if file.name != "test_files.py"]
    assert not found


def test_python_files_carry_the_licence():
    bare = [
        str(file)
        for file in PYTHON
        if (text := (ROOT / file).read_text(encoding="utf-8")) and not all(part in text[:400] for part in HEADER)
    ]
    assert not bare


def test_functions_are_short():
    long = {name: lines for file in PYTHON for name, lines in function_lines(ROOT / file) if lines > MAX_FUNCTION_LINES}
    assert long.keys() == LONGER_FUNCTIONS.keys(), long


def function_lines(path):
    """Every function of a file with its length; its docstring does not count, and a dict or list written out counts as one line.

    Such a literal is data, a reply of the API for instance, and easier to read in one piece.
    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = lines_below(node.body[0]) + 1 if ast.get_docstring(node) is not None else 0
            data = sum(lines_below(literal) for literal in outermost_literals(node))
            yield f"{path.relative_to(ROOT)}::{node.name}", lines_below(node) + 1 - docstring - data


def lines_below(node):
    """How many lines a piece of code has after its first."""
    return node.end_lineno - node.lineno


def outermost_literals(node):
    """The dicts and lists that are written out in a piece of code and not part of another one."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Dict | ast.List):
            yield child
        else:
            yield from outermost_literals(child)


def test_what_is_made_is_neither_tracked_nor_released():
    ignored = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["build_ignore"]
    assert {".*", "tests", "simulators", "tools"} <= set(ignored)
    assert not [file for file in FILES if file.parts[0] in (".build", ".sandbox")]


def test_no_sanity_finding_is_ignored():
    assert not [file for file in FILES if file.parent.parts[:2] == ("tests", "sanity") and file.name.startswith("ignore-")]


def test_scripts_that_are_run_are_executable():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
