# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports go one way: module -> _core and product packages; a product package -> _core; _core and _service -> nothing."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from ansible_collections.calligo.baas.tests.support.collection import PACKAGE, ROOT

PLUGINS = ROOT / "plugins"
UTILS = PLUGINS / "module_utils"
FILES = sorted(PLUGINS.rglob("*.py"))
PRODUCTS = {"_commvault", "_vcenter", "_itsm"}
# What each part of plugins/ may import from the collection, itself aside.
MAY_IMPORT = {
    "_core": set(),
    "_service": set(),
    **{product: {"_core"} for product in PRODUCTS},
    "modules": {"_core", "_service", *PRODUCTS},
    "filter": {"_core", "_service"},
    "lookup": {"_service", "plugin_utils"},
    "action": {"_service", "filter", "plugin_utils"},  # links to a file of plugin_utils
    "plugin_utils": {"_core", "_service", "filter", "plugin_utils"},
    "doc_fragments": set(),
}
# The rooms of _commvault: each may use those before it.
ROOMS = ("wire", "backups", "plans", "servers", "vms", "sql", "files", "jobs", "tenancy")


def part_of(path: Path) -> str:
    """The part of plugins/ that a path belongs to: a package of module_utils, or a plugin type."""
    names = path.relative_to(PLUGINS).parts
    return names[1] if names[0] == "module_utils" else names[0]


def imported(file: Path) -> set[str]:
    """Everything that a file imports, anywhere in it: relative imports as dotted names of this collection."""
    here = f"{PACKAGE}.plugins.{'.'.join(file.relative_to(PLUGINS).with_suffix('').parts)}"
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(filter(None, [here.rsplit(".", node.level)[0] if node.level else "", node.module]))
            found |= {f"{base}.{alias.name}" for alias in node.names}
    return found


def imported_files(file: Path) -> set[Path]:
    """The files of this collection that a file imports, also for type hints alone."""
    prefix = f"{PACKAGE}."
    names = [name.removeprefix(prefix).split(".") for name in imported(file) if name.startswith(prefix)]
    paths = [ROOT.joinpath(*parts).with_suffix(".py") for name in names for parts in (name, name[:-1])]
    return {path for path in paths if path.is_file()}


def importers(*libraries: str) -> list[str]:
    """The files that import one of the named libraries."""
    return [str(file.relative_to(ROOT)) for file in FILES if any(name.split(".")[0] in libraries for name in imported(file))]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PLUGINS)))
def test_imports_point_down(file):
    own = part_of(file)
    # For a module another module is not "itself": each stands alone.
    allowed = MAY_IMPORT[own] | ({own} if own.startswith("_") else set())
    prefix = f"{PACKAGE}.plugins."
    targets = {
        name: name.removeprefix(prefix).removeprefix("module_utils.").split(".")[0] for name in imported(file) if name.startswith(prefix)
    }
    wrong = sorted(name for name, target in targets.items() if target not in allowed)
    assert not wrong, f"{own} may import only {sorted(allowed)} from the collection"


def test_rooms_use_only_those_before_them():
    home = UTILS / "_commvault"
    wrong = [
        f"{file.relative_to(home)} uses {target.relative_to(home)}"
        for file in home.rglob("*.py")
        for target in imported_files(file)
        if home in target.parents and ROOMS.index(target.relative_to(home).parts[0]) > ROOMS.index(file.relative_to(home).parts[0])
    ]
    assert not wrong
    assert sorted(ROOMS) == sorted(path.name for path in home.iterdir() if path.name != "__pycache__")


def test_no_file_imports_itself_by_way_of_others():
    uses = {file: imported_files(file) for file in FILES}
    # Files that use nothing more of what is left are taken away, until only those in a circle are left.
    while free := [file for file, targets in uses.items() if not targets & uses.keys()]:
        for file in free:
            del uses[file]
    assert not [str(file.relative_to(ROOT)) for file in uses]


def test_requests_is_imported_in_one_file():
    assert importers("requests", "urllib3") == ["plugins/module_utils/_commvault/wire/transport.py"]


def test_pyvmomi_is_imported_in_one_file():
    assert importers("pyVmomi", "pyVim", "vmware") == ["plugins/module_utils/_vcenter/session.py"]


def test_jmespath_is_imported_in_one_file():
    assert importers("jmespath") == ["plugins/module_utils/_core/query.py"]


def test_yaml_is_imported_where_files_of_yaml_are_kept():
    assert importers("yaml") == ["plugins/module_utils/_itsm/record.py", "plugins/module_utils/_service/yaml_edit.py"]


def test_holidays_is_imported_in_one_file():
    assert importers("holidays") == ["plugins/module_utils/_service/public_holidays.py"]


def test_pygal_is_imported_in_one_file():
    assert importers("pygal") == ["plugins/module_utils/_core/charts.py"]


def test_only_the_runner_makes_and_ends_a_module():
    names = ("AnsibleModule", "exit_json", "fail_json")
    users = [str(file.relative_to(ROOT)) for file in FILES if any(name in code_names(file) for name in names)]
    assert users == ["plugins/module_utils/_core/runner.py"]


def test_check_mode_is_decided_in_the_runner_alone():
    named = [str(file.relative_to(ROOT)) for file in sorted(UTILS.rglob("*.py")) if "check_mode" in file.read_text(encoding="utf-8")]
    assert named == ["plugins/module_utils/_core/runner.py"]


def code_names(file: Path) -> set[str]:
    """The names and attributes that the code of a file uses; its text and comments don't count."""
    nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    return {node.id for node in nodes if isinstance(node, ast.Name)} | {node.attr for node in nodes if isinstance(node, ast.Attribute)}


def test_no_module_catches():
    for file in sorted((PLUGINS / "modules").glob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        assert not [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Try)], f"{file.name}: errors are the runner's business"


def test_every_part_is_known():
    assert {part_of(file) for file in FILES} <= MAY_IMPORT.keys()
