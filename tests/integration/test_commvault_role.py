# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support.walk import step, walk

MODULE = "commvault_role"
ODD_NAMES = ["Café & Fils", 'O\'Neill "Ltd"', "50 % + 1 / 2", "back\\slash", "Łódź ß", "a:b,c?d=e#f"]


def role(name, **more):
    return {"name": name, "categories": ["Client"], **more}


def absent(name):
    return {"name": name, "state": "absent"}


def test_walk(modules):
    made = role("Walk automation", permissions=["Use Plan", "view"], visible_to_all=True)
    changed = {**made, "categories": ["Subclient", "Alert"], "permissions": ["Use Plan"], "enabled": False}
    results = walk(modules, MODULE, made, changed, absent("Walk automation"))
    assert results["create"]["role"] == {
        "id": results["change"]["role"]["id"],
        "name": "Walk automation",
        "permissions": ["Use Plan", "View"],
        "categories": ["Client"],
        "enabled": True,
        "visible_to_all": True,
    }
    after = results["change"]["role"]
    assert (after["permissions"], after["categories"], after["enabled"]) == (["Use Plan"], ["Alert", "Subclient"], False)
    assert results["delete"]["role"] is None


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_of_every_kind(modules, name):
    assert modules(MODULE, role(name))["role"]["name"] == name
    step(modules, MODULE, role(name.upper()), check=False, changed=False)
    step(modules, MODULE, absent(name), check=False, changed=True)


def test_what_the_task_does_not_name_stays(modules):
    modules(MODULE, role("Partly", permissions=["View"]))
    result = modules(MODULE, {"name": "Partly", "categories": ["Client", "Alert"]})
    assert result["role"]["permissions"] == ["View"]
    modules(MODULE, absent("Partly"))


def test_a_server_that_only_adds_permissions_is_found_out(modules):
    modules(MODULE, role("Growing"))
    modules.sandbox.control("POST", "/faults", {"name": "role_permissions_add"})
    result = modules.failure(MODULE, {"name": "Growing", "categories": ["Alert"]})
    assert "kept categories not asked for: client" in result["msg"]


def test_an_unknown_permission_is_told_in_the_servers_words(modules):
    result = modules.failure(MODULE, {"name": "Odd", "permissions": ["Fly"]})
    assert "[Fly] not found" in result["msg"]


def test_a_role_that_allows_nothing_is_refused(modules):
    for check in (True, False):
        assert "needs permissions or categories" in modules.failure(MODULE, {"name": "Nothing"}, check=check)["msg"]


def test_the_roles_that_every_installation_has_stay(modules):
    assert "system role" in modules.failure(MODULE, absent("Tenant Admin"))["msg"]
