# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection's own files say, for tests about the collection as a whole."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import subprocess
import typing as t
from pathlib import Path
from unittest import mock

import yaml

from ansible_collections.calligo.baas.plugins.module_utils._core import runner

Json = dict[str, t.Any]
ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "ansible_collections.calligo.baas"
FRAGMENT_PREFIX = "calligo.baas."


class _Captured(Exception):
    """Carries the arguments with which a module would have made its AnsibleModule."""


def module_names() -> list[str]:
    """The short names of the collection's modules."""
    return sorted(file.stem for file in (ROOT / "plugins" / "modules").glob("*.py"))


def tracked_files() -> list[Path]:
    """The files that git knows or would take, relative to the checkout."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, check=True, capture_output=True).stdout.decode().split("\0")
    return sorted({Path(name) for name in names if name and (ROOT / name).is_file()})


@functools.cache
def fragment(reference: str) -> Json:
    """A doc fragment of this collection, by its full name, for instance ``calligo.baas.attributes.info``."""
    name, _dot, part = reference.removeprefix(FRAGMENT_PREFIX).partition(".")
    holder = importlib.import_module(f"{PACKAGE}.plugins.doc_fragments.{name}").ModuleDocFragment
    content: Json = yaml.safe_load(getattr(holder, (part or "documentation").upper()))
    return content


@dataclasses.dataclass(frozen=True)
class Module:
    """One module: its documentation with the fragments merged in, and how it makes its AnsibleModule."""

    name: str

    @functools.cached_property
    def _python(self) -> t.Any:
        return importlib.import_module(f"{PACKAGE}.plugins.modules.{self.name}")

    @property
    def own_documentation(self) -> Json:
        """DOCUMENTATION as it is written."""
        content: Json = yaml.safe_load(self._python.DOCUMENTATION)
        return content

    @property
    def documentation(self) -> Json:
        """DOCUMENTATION with options and attributes of this collection's fragments."""
        merged = self.own_documentation
        for reference in merged.get("extends_documentation_fragment") or []:
            for part in ("options", "attributes"):
                merged[part] = {**(fragment(reference).get(part) or {}), **(merged.get(part) or {})}
        return merged

    @property
    def examples(self) -> list[Json]:
        """The tasks in EXAMPLES."""
        tasks: list[Json] = yaml.safe_load(self._python.EXAMPLES) or []
        return tasks

    @property
    def returned(self) -> Json:
        """RETURN."""
        content: Json = yaml.safe_load(self._python.RETURN) or {}
        return content

    def arguments(self) -> Json:
        """The keyword arguments for AnsibleModule, ``argument_spec`` among them."""

        def capture(**arguments: t.Any) -> t.NoReturn:
            raise _Captured(arguments)

        with mock.patch.object(runner, "AnsibleModule", capture):
            try:
                self._python.main()
            except _Captured as captured:
                arguments: Json = captured.args[0]
                return arguments
        raise AssertionError(f"{self.name} does not go through _core.runner")


def options_below(spec: Json, above: str = "") -> t.Iterator[tuple[str, Json]]:
    """Every option of an argument spec with its path, suboptions included."""
    for name, option in spec.items():
        yield f"{above}{name}", option
        yield from options_below(option.get("options") or {}, f"{above}{name}.")
