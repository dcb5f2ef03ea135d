# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support.modules import Modules
from ansible_collections.calligo.baas.tests.support.walk import recorded, step, walk

MODULE = "commvault_user_group"
COMPANY = "Group tenant é & ß"
ODD_NAMES = ["O'Neill & Co", 'the "few"', "100 % + 1 / 2", "Łódź ß é", "a:b,c?d=e#f"]


@pytest.fixture(scope="module", autouse=True)
def tenant(sandbox):
    modules = Modules(sandbox)
    modules("commvault_company", {"name": COMPANY, "alias": "grouptenant"})
    for name in ("ann", "ben", "cid"):
        modules("commvault_user", {"company": COMPANY, "name": name, "email": f"{name}@grouptenant.example.com"})


def group(name, **more):
    return {"company": COMPANY, "name": name, **more}


def absent(name):
    return group(name, state="absent", skip_transfer=True)


def test_walk(modules):
    made = group("walkers", description="Those who walk", members=["ann"], restricted_consoles=["command_center", "mobile"])
    changed = {**made, "description": "Those who ran", "members": ["ben"], "restricted_consoles": ["mobile"], "enabled": False}
    results = walk(modules, MODULE, made, changed, absent("walkers"))
    assert results["create"]["user_group"] == {
        "id": results["change"]["user_group"]["id"],
        "name": "grouptenant\\walkers",
        "company": COMPANY,
        "description": "Those who walk",
        "enabled": True,
        "members": ["grouptenant\\ann"],
        "restricted_consoles": ["command_center", "mobile"],
    }
    after = results["change"]["user_group"]
    assert (after["members"], after["restricted_consoles"]) == (["grouptenant\\ann", "grouptenant\\ben"], ["mobile"])
    assert results["delete"]["user_group"] is None


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_of_every_kind(modules, name):
    assert modules(MODULE, group(name))["user_group"]["name"] == f"grouptenant\\{name}"
    step(modules, MODULE, group(f"GroupTenant\\{name}"), check=False, changed=False)
    step(modules, MODULE, absent(name), check=False, changed=True)


def test_a_server_that_keeps_names_without_the_alias_is_understood(modules):
    modules.sandbox.control("POST", "/faults", {"name": "user_group_names_bare"})
    assert modules(MODULE, group("bare"))["user_group"]["name"] == "bare"
    step(modules, MODULE, group("bare"), check=False, changed=False)
    step(modules, MODULE, group("grouptenant\\bare"), check=False, changed=False)
    step(modules, MODULE, absent("grouptenant\\bare"), check=False, changed=True)


@pytest.mark.parametrize(
    ("mode", "members", "writes"),
    [("add", ["ann", "ben", "cid"], 1), ("exact", ["ben", "cid"], 2), ("remove", ["ann"], 1)],
)
def test_members_are_added_set_or_removed(modules, mode, members, writes):
    modules(MODULE, group("club", members=["ann", "ben"], members_mode="exact"))
    wanted = group("club", members=["BEN", "grouptenant\\cid"], members_mode=mode)
    result, requests = recorded(modules, MODULE, wanted)
    assert result["user_group"]["members"] == [f"grouptenant\\{name}" for name in members]
    operations = [row["body"]["userOperationType"] for row in requests if row["writes"]]
    assert len(operations) == writes and "OVERWRITE" not in operations
    step(modules, MODULE, wanted, check=False, changed=False)


def test_the_last_console_and_the_last_member_can_be_taken_away(modules):
    modules(MODULE, group("empty", members=["ann"], restricted_consoles=["api"]))
    result = modules(MODULE, group("empty", members=[], members_mode="exact", restricted_consoles=[]))
    assert (result["user_group"]["members"], result["user_group"]["restricted_consoles"]) == ([], [])
    modules(MODULE, absent("empty"))


def test_an_unknown_member_is_told_and_in_check_mode_predicted(modules):
    assert 'The user "nobody" does not exist' in modules.failure(MODULE, group("early", members=["nobody"]))["msg"]
    result = step(modules, MODULE, group("early", members=["nobody"]), check=True, changed=True)
    assert result["user_group"]["members"] == ["nobody"] and "nobody" in str(result["warnings"])


def test_the_groups_that_came_with_the_company_are_known_and_kept(modules):
    step(modules, MODULE, group("Tenant Admin"), check=False, changed=False)
    assert "system group" in modules.failure(MODULE, absent("Tenant Admin"))["msg"]


def test_a_deletion_names_an_heir_or_says_that_there_is_none(modules):
    modules(MODULE, group("ending"))
    assert "skip_transfer" in modules.failure(MODULE, group("ending", state="absent"))["msg"]
    _result, requests = recorded(modules, MODULE, group("ending", state="absent", transfer_to_user="ann"))
    assert [list(row["query"]) for row in requests if row["writes"]] == [["transferToUser"]]
