# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialects of the simulator, each to be spoken for the length of one test."""

from __future__ import annotations

import contextlib
import typing as t
from pathlib import Path

import pytest

from ansible_collections.calligo.baas.tests.support.modules import Json, Modules
from ansible_collections.calligo.baas.tests.support.walk import step
from commvaultsim.sandbox import Sandbox
from commvaultsim.wire import dialects, faults
from commvaultsim.wire.routing import load_handlers

load_handlers()  # some of them name dialects of their own
DIALECTS = sorted(dialects.DIALECTS.keys() | {name for name, text in faults.KNOWN.items() if text.startswith("dialect: ")})
#: Not called a dialect, but servers do this too: a new job cannot be seen yet.
VARIANTS: dict[str, Json] = {"none": {}, "job_invisible": {"polls": 3}, **{name: {} for name in DIALECTS}}
#: Dialects of plans and of the people around them, which backups and restores cannot hear.
OF_POLICY = ("plan_", "retention_", "role_", "user_group_", "region_")
#: Dialects of calls that no module for SQL Server makes.
OF_VMS_AND_FILES = ("access_nodes_", "browse_", "hypervisor_", "put_shows_", "single_element_", "subclient_list_", "vmgroup_")
OF_SQL = ("sql_",)


def spoken(*but: str) -> pytest.MarkDecorator:
    """Run a test, whose fixture ``modules`` takes the name, in each dialect but those that begin like that."""
    names = [name for name in VARIANTS if not name.startswith(but)]
    params = [pytest.param(name, marks=[] if name == "none" else pytest.mark.dialect) for name in names]
    return pytest.mark.parametrize("modules", params, indirect=True)


class Speaking(Modules):
    """Modules in a sandbox that speaks one dialect from the beginning."""

    def __init__(self, sandbox: Sandbox, dialect: str) -> None:
        super().__init__(sandbox)
        self.dialect = dialect
        self.speak()

    def speak(self) -> None:
        """Begin to speak the dialect, again where a test has cleared all faults."""
        if self.dialect != "none":
            self.sandbox.control("POST", "/faults", {"name": self.dialect, **VARIANTS[self.dialect]})


@contextlib.contextmanager
def speaking(folder: Path, dialect: str) -> t.Iterator[Speaking]:
    """A sandbox of its own for one dialect."""
    with Sandbox(folder, job_seconds=0.1) as sandbox:
        yield Speaking(sandbox, dialect)


def walk(modules: Modules, module: str, *wishes: Json) -> None:
    """Each wish is a change, and asked for again it is none."""
    for wish in wishes:
        step(modules, module, wish, check=False, changed=True)
        step(modules, module, wish, check=False, changed=False)
