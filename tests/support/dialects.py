# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialects of the simulator, to be spoken for the length of one test: those of different subjects together."""

from __future__ import annotations

import collections
import contextlib
import itertools
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
VARIANTS: dict[str, Json] = {"job_invisible": {"polls": 3}, **{name: {} for name in DIALECTS}}
#: Heard in every reply, or nearly so: those that change other parts of it are spoken together.
EVERYWHERE = (
    ("absent_keys", "error_codes_text"),
    ("booleans_numbers", "writes_201"),
    ("empty_list_404", "errors_wrapped"),
    ("error_codes_named", "lists_of_one"),
    ("put_empty", "response_shapes"),
)
#: Dialects of plans and of the people around them, which the modules for SQL Server do not hear.
OF_POLICY = ("created_", "error_code_names", "plan_", "retention_", "role_", "user_group_", "region_")
#: Dialects of calls that no module for SQL Server makes.
OF_VMS_AND_FILES = ("access_nodes_", "browse_", "guest_", "hypervisor_", "put_shows_", "single_element_", "subclient_list_", "vmgroup_")
OF_SQL = ("sql_",)


def turns(*but: str) -> list[tuple[str, ...]]:
    """What is spoken together: nothing, and then a pair of :data:`EVERYWHERE` with at most one of each subject of the others.

    The first word of a dialect's name is its subject, so that no call hears two of one turn.

    :param but: beginnings of the names of dialects that are not spoken.
    """
    by_subject: dict[str, list[str]] = collections.defaultdict(list)
    for name in VARIANTS:
        if name not in itertools.chain(*EVERYWHERE) and not name.startswith(but):
            by_subject[name.partition("_")[0]].append(name)
    together = itertools.zip_longest(*by_subject.values())
    subjects = [tuple(name for name in names if name) for names in together]
    return [(), *(pair + names for pair, names in itertools.zip_longest(EVERYWHERE, subjects, fillvalue=()))]


def spoken(*but: str) -> pytest.MarkDecorator:
    """Run a test, whose fixture ``modules`` takes the names, in each turn."""
    params = [pytest.param(names, marks=[pytest.mark.dialect] if names else [], id="+".join(names) or "none") for names in turns(*but)]
    return pytest.mark.parametrize("modules", params, indirect=True)


class Speaking(Modules):
    """Modules in a sandbox that speaks dialects from the beginning."""

    def __init__(self, sandbox: Sandbox, dialects: tuple[str, ...]) -> None:
        super().__init__(sandbox)
        self.dialects = dialects
        self.speak()

    def connection(self, module: str) -> Json:
        """Of regions alone no call but the list, which this dialect leaves it out of, tells whose they are."""
        untold = module == "commvault_region" and "owners_untold" in self.dialects
        return {**super().connection(module), **({"accept_unknown_owners": True} if untold else {})}

    def speak(self) -> None:
        """Begin to speak the dialects, again where a test has cleared all faults."""
        for dialect in self.dialects:
            self.sandbox.control("POST", "/faults", {"name": dialect, **VARIANTS[dialect]})


@contextlib.contextmanager
def speaking(folder: Path, dialects: tuple[str, ...]) -> t.Iterator[Speaking]:
    """A sandbox of its own for dialects that are spoken together."""
    with Sandbox(folder, job_seconds=0.1) as sandbox:
        yield Speaking(sandbox, dialects)


def walk(modules: Modules, module: str, *wishes: Json) -> None:
    """Each wish is a change, and asked for again it is none."""
    for wish in wishes:
        step(modules, module, wish, check=False, changed=True)
        step(modules, module, wish, check=False, changed=False)
