# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module says on a platform with a tenant is what its golden copy says.

All modules in check mode, then those that no playbook calls for real. Those that playbooks call, and evidence, are compared where the
playbooks run: tests/integration/test_playbooks.py and test_tenant_offboarding.py. `make golden` renews all copies.
"""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.collection import module_names
from ansible_collections.calligo.baas.tests.support.golden import Golden
from ansible_collections.calligo.baas.tests.support.modules import Modules, run_module
from ansible_collections.calligo.baas.tests.support.tasks import tasks_of
from commvaultsim.sandbox import Sandbox

# In this order, for they build on each other: what a user group has is removed before it.
FOR_REAL = (
    "commvault_activity",
    "commvault_blackout_window",
    "commvault_credential",
    "commvault_region",
    "commvault_role_assignment",
    "commvault_role",
    "commvault_user",
    "commvault_user_group",
    "commvault_retention",
)


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Modules]:
    with Sandbox(tmp_path_factory.mktemp("golden"), job_seconds=0.2) as sandbox:
        modules = Modules(sandbox)
        tenant.onboard(modules)
        tenant.service_account(modules)
        tenant.sql_server(modules)
        yield modules


def test_modules_say_what_their_golden_copies_say(modules: Modules, golden: Golden) -> None:
    def said(name: str, *, check: bool) -> list[dict[str, t.Any]]:
        """Failures too."""
        return [run_module(name, {**modules.connection(name), **task}, check=check) for task in tasks_of(modules, name)]

    content = {"check mode": {name: said(name, check=True) for name in module_names()}}
    content["for real"] = {name: said(name, check=False) for name in FOR_REAL}
    golden("modules", content, modules.sandbox.state_dir)
