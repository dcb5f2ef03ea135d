# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What replies have to hold is declared for the calls that are made, and for no others."""

from __future__ import annotations

import ast
import typing as t

from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire import endpoints
from ansible_collections.calligo.baas.tests.support.collection import ROOT

CODE = ROOT / "plugins" / "module_utils" / "_commvault"
READING = {"get", "require", "rows", "by_header"}
#: Paths that are put together elsewhere than where they are read: fields of classes, and what a caller hands on.
BUILT = {"/V4/user", "/V4/UserGroup", "/V4/Role", "/V4/user/{}", "/V4/UserGroup/{}", "/Agent"}


def paths(node: ast.AST) -> t.Iterator[str]:
    """The path that an expression stands for, with {} for what varies."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)


def strings() -> set[str]:
    """Every path in the code, as a template."""
    found = set()
    for file in CODE.rglob("*.py"):
        if file.name != "endpoints.py":
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                found |= {endpoints.template(path) for path in paths(node) if path.startswith("/")}
    return found


def read() -> set[str]:
    """The paths that are written where they are read."""
    found = set()
    for file in CODE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in READING:
                found |= {endpoints.template(path) for argument in node.args[:2] for path in paths(argument) if path.startswith("/")}
    return found


def test_what_is_read_is_declared():
    asked = read()
    assert len(asked) > 35
    for path in sorted(asked):
        endpoints.promise("GET", path.replace("{}", "7"))


def test_what_is_declared_is_asked_for():
    declared = {call.split(" ", 1)[1] for call in endpoints._PROMISES}
    assert declared - strings() - BUILT == set()
