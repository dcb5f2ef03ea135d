# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In check mode no module sends a request that writes: neither to an empty platform nor to one where there is a tenant."""

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.collection import module_names
from ansible_collections.calligo.baas.tests.support.modules import Modules
from ansible_collections.calligo.baas.tests.support.tasks import tasks, tasks_of
from commvaultsim.sandbox import Sandbox


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    with Sandbox(tmp_path_factory.mktemp("empty"), job_seconds=0.5) as sandbox:
        yield Modules(sandbox)


@pytest.fixture(scope="module")
def onboarded(tmp_path_factory):
    with Sandbox(tmp_path_factory.mktemp("onboarded"), job_seconds=0.5) as sandbox:
        modules = Modules(sandbox)
        tenant.onboard(modules)
        tenant.service_account(modules)
        tenant.sql_server(modules)
        yield modules


def run_in_check_mode(modules, name):
    """Run all tasks of a module in check mode with a diff; return the requests that they sent and whether one would change something."""
    modules.sandbox.control("DELETE", "/journal")
    changes = [modules(name, task, check=True)["changed"] for task in tasks_of(modules, name)]
    return modules.sandbox.control("GET", "/journal")["requests"], any(changes)


@pytest.mark.parametrize("platform", ["empty", "onboarded"])
@pytest.mark.parametrize("name", module_names())
def test_check_mode_only_reads(request, name, platform):
    requests, changes = run_in_check_mode(request.getfixturevalue(platform), name)
    assert not [f"{sent['method']} {sent['path']}" for sent in requests if sent["writes"]]
    assert not [f"{sent['method']} {sent['path']}" for sent in requests if not sent["modelled"]]
    assert changes is not (name.endswith(("_info", "_facts")))


def test_every_module_is_tried(empty):
    assert sorted(tasks(empty)) == module_names()
