# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support.modules import run_module
from ansible_collections.calligo.baas.tests.support.vcsim import Vcsim

MODULE = "vcenter_folder_info"
TENANT = "Tenants/Boréal Îles Ltd"


@pytest.fixture(scope="module")
def vcsim(tmp_path_factory):
    with Vcsim(tmp_path_factory.mktemp("vcsim"), "vc-jer") as running:
        yield running


def test_a_folder_and_those_below_it(vcsim):
    folders = run_module(MODULE, {**vcsim.options, "folder": TENANT})["folders"]
    assert [folder["path"] for folder in folders] == [TENANT, f"{TENANT}/Hors norme"]
    assert len({folder["moid"] for folder in folders}) == 2


@pytest.mark.parametrize("folder", [f"{TENANT}/Hors norme", f"/Jersey/vm/{TENANT}/Hors norme"])
def test_a_folder_by_any_path_has_the_same_id(vcsim, folder):
    (found,) = run_module(MODULE, {**vcsim.options, "folder": folder})["folders"]
    assert found["path"] == f"{TENANT}/Hors norme"
    assert found in run_module(MODULE, {**vcsim.options, "folder": TENANT})["folders"]


def test_a_folder_that_is_not_there(vcsim):
    result = run_module(MODULE, {**vcsim.options, "folder": "Tenants/Nobody"})
    assert result["failed"]
    assert 'No VM folder "Tenants/Nobody"' in result["msg"]


def test_it_changes_nothing(vcsim):
    assert run_module(MODULE, {**vcsim.options, "folder": TENANT}, check=True)["changed"] is False
