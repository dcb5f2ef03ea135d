# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support.modules import run_module
from ansible_collections.calligo.baas.tests.support.vcsim import Vcsim

MODULE = "vcenter_folder_mark"
TENANT = "Tenants/Boréal Îles Ltd"
BELOW = f"{TENANT}/Hors norme"
ABSENT = {"state": "absent"}


@pytest.fixture(scope="module")
def vcsim(tmp_path_factory):
    with Vcsim(tmp_path_factory.mktemp("vcsim"), "vc-jer") as running:
        yield running


def step(vcsim, folder, tenant, changed, *, check=False, **more):
    """Run it; whether it wrote is told by the calls that reached the vCenter."""
    vcsim.calls()
    result = run_module(MODULE, {**vcsim.options, "folder": folder, "tenant": tenant, **more}, check=check)
    assert not result.get("failed"), result
    assert (result["changed"], "SetField" in vcsim.calls()) == (changed, changed and not check)
    return result


def refusal(vcsim, folder, tenant, **more):
    vcsim.calls()
    results = [run_module(MODULE, {**vcsim.options, "folder": folder, "tenant": tenant, **more}, check=check) for check in (True, False)]
    assert all(result["failed"] for result in results)
    assert not {"SetField", "AddCustomFieldDef"} & vcsim.calls().keys()
    return results[1]["msg"]


def test_walk(vcsim):
    made = step(vcsim, TENANT, "boreal", True, check=True)["mark"]
    assert (made["folder"], made["tenant"]) == (TENANT, "boreal") and made["above"]
    step(vcsim, TENANT, "boreal", True)
    found = step(vcsim, f"/Jersey/vm/{TENANT}", "boreal", False)
    assert found["mark"] == made
    folders = run_module("vcenter_folder_info", {**vcsim.options, "folder": "Tenants"})["folders"]
    assert {row["path"]: row["tenant"] for row in folders} == {"Tenants": None, TENANT: "boreal", BELOW: None}
    step(vcsim, TENANT, "boreal", True, check=True, **ABSENT)
    assert step(vcsim, TENANT, "boreal", True, **ABSENT)["mark"] is None
    step(vcsim, TENANT, "boreal", False, **ABSENT)


def test_what_is_marked_for_one_tenant_is_no_others_nor_what_lies_above_or_below(vcsim):
    step(vcsim, TENANT, "boreal", True)
    for folder in (TENANT, BELOW, "Tenants"):
        assert f'"{TENANT}" is marked as that of boreal' in refusal(vcsim, folder, "cafe")
    assert "not of cafe: its mark was left" in refusal(vcsim, TENANT, "cafe", **ABSENT)
    step(vcsim, BELOW, "boreal", True)
    for folder in (BELOW, TENANT):
        step(vcsim, folder, "boreal", True, **ABSENT)


def test_a_folder_that_is_not_there(vcsim):
    assert 'No VM folder "Tenants/Nobody"' in refusal(vcsim, "Tenants/Nobody", "cafe")
