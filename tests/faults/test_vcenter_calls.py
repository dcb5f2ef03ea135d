# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every call that a module sends to a vCenter, refused there."""

from __future__ import annotations

import json

import pytest

from ansible_collections.calligo.baas.tests.faults.conftest import Cells
from ansible_collections.calligo.baas.tests.support import bad_replies
from ansible_collections.calligo.baas.tests.support.collection import module_names
from ansible_collections.calligo.baas.tests.support.modules import Modules, run_module
from ansible_collections.calligo.baas.tests.support.playbooks import refuse, vcenter_control
from ansible_collections.calligo.baas.tests.support.tasks import tasks_of
from ansible_collections.calligo.baas.tests.support.vcsim import content_of
from commvaultsim.sandbox import Sandbox

ASKING = [name for name in module_names() if name.startswith("vcenter_")]
MARK = "vcenter_folder_mark"


def unmark(modules: Modules, module: str, number: int) -> None:
    """Make the vCenter as a task finds it on a good day, if the module writes: no mark for the first one, and a mark for the next."""
    if module == MARK:
        with content_of(modules.connection(module)) as content:
            for field in content.customFieldsManager.field:
                content.customFieldsManager.RemoveCustomFieldDef(field.key)
        if number:
            modules(module, tasks_of(modules, module)[0])


@pytest.mark.parametrize("module", ASKING)
def test_a_call_that_is_refused_is_said_so(sandbox: Sandbox, modules: Modules, cells: Cells, module: str) -> None:
    problems: list[str] = []
    for number, options in enumerate(tasks_of(modules, module)):
        arguments = {**modules.connection(module), **options}
        unmark(modules, module, number)
        vcenter_control(sandbox, "DELETE", "calls")
        good = run_module(module, arguments)
        assert not good.get("failed"), good
        for call in cells.chosen(sorted(vcenter_control(sandbox, "GET", "calls"))):
            unmark(modules, module, number)
            refuse(sandbox, call)
            try:
                result = run_module(module, arguments)
            finally:
                refuse(sandbox)
            text = str(result.get("msg", ""))
            outcome = bad_replies.REFUSED if result.get("failed") else bad_replies.SURVIVED
            known = len(problems)
            if result.get("failed") and ("Traceback" in text or "exception" in result or "\n" in text.strip() or len(text) < 40):
                problems.append(f"{module}[{number}] {call}: no clear error: {text}")
            if not result.get("failed") and result != good and not result.get("warnings"):
                problems.append(f"{module}[{number}] {call}: success that says something else: {json.dumps(result)[:300]}")
            cells.note("vcenter", module, "refused call", outcome if len(problems) == known else "wrong")
    assert not problems, "\n".join(problems)
