# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts a pip bootstrap of our own where ``ansible-test --venv`` keeps the one it downloads.

ansible-test fills its virtual environments with a script from a server of its own; a machine that reaches only a Python package
index cannot have it. It takes the script from its cache when there is one. Ours does the same from what Python brings along.
"""

from __future__ import annotations

import ast
from importlib import util
from pathlib import Path

from console import ToolError

SCRIPT = '''\
"""Puts pip {version} into the environment that runs this: the pip that Python brings along installs the wanted one."""
import ensurepip
import os
import subprocess
import sys

# The caller sets GET_PIP for this script; pip run with it would come back here. Copied first: ensurepip hides pip's configuration.
settings = {{name: value for name, value in os.environ.items() if name not in ("GET_PIP", "PIP_REQUIRE_VIRTUALENV")}}
ensurepip.bootstrap(default_pip=True)
options = ["--quiet", "--disable-pip-version-check", "--no-input"]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", *options, "pip=={version}"], env=settings))
'''


def wanted_versions() -> set[str]:
    """The pip releases that the installed ansible-test bootstraps, read from its source."""
    package = util.find_spec("ansible_test")
    if package is None or not package.submodule_search_locations:
        raise ToolError("ansible-test is not installed beside ansible-core.")
    source = Path(package.submodule_search_locations[0]) / "_internal" / "python_requirements.py"
    versions = set()
    for function in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(function, ast.FunctionDef) and function.name == "get_venv_packages":
            pins = [node for node in ast.walk(function) if isinstance(node, ast.keyword) and node.arg == "pip"]
            versions |= {str(pin.value.value) for pin in pins if isinstance(pin.value, ast.Constant)}
    if not versions:
        raise ToolError(f"No pip version found in {source}: ansible-test has changed, look for get_venv_packages.")
    return versions


def install(home: Path) -> None:
    """Write the bootstrap scripts into the ansible-test cache below a home directory."""
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in wanted_versions():
        (cache / f"get_pip_{version.replace('.', '_')}.py").write_text(SCRIPT.format(version=version), encoding="utf-8")
