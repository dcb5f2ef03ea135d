# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire import session
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import Context
from ansible_collections.calligo.baas.tests.support.modules import Modules
from ansible_collections.calligo.baas.tests.support.walk import recorded, step, walk

MODULE = "commvault_hypervisor"
COMPANY = "Hypervisor tenant é & ß"
ODD_NAMES = ["vcenter & co", "100 % / vc", "a+b", "vc\\x", 'it\'s "vc"', "Größe élevée", "x:y,z?w=1#2"]


@pytest.fixture(scope="module", autouse=True)
def tenant(sandbox):
    Modules(sandbox)("commvault_company", {"name": COMPANY, "alias": "hvtenant"})


@pytest.fixture
def hypervisor(modules):
    vcenter = modules.sandbox.endpoints["vcenters"]["vc-lux"]

    def options(name, **more):
        return {
            "company": COMPANY,
            "name": name,
            "vcenter_host": f"{vcenter['hostname']}:{vcenter['port']}",
            "vcenter_username": vcenter["username"],
            "vcenter_password": modules.sandbox.password("vcenter"),
            "access_nodes": ["lux-an-01"],
            **more,
        }

    return options


def test_walk(modules, hypervisor):
    absent = {"company": COMPANY, "name": "walk-vcenter", "state": "absent"}
    changed = hypervisor("walk-vcenter", access_nodes=["LUX-AN-02", "jer-an-01"])
    results = walk(modules, MODULE, hypervisor("walk-vcenter"), changed, absent)
    assert results["create"]["hypervisor"] == {
        "id": results["change"]["hypervisor"]["id"],
        "name": "walk-vcenter",
        "company": COMPANY,
        "vcenter_host": hypervisor("x")["vcenter_host"],
        "access_nodes": ["lux-an-01"],
    }
    assert sorted(results["change"]["hypervisor"]["access_nodes"]) == ["jer-an-01", "lux-an-02"]
    assert results["delete"]["hypervisor"] is None
    assert modules.sandbox.password("vcenter") not in json.dumps(results)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_of_every_kind(modules, hypervisor, name):
    assert modules(MODULE, hypervisor(name))["hypervisor"]["name"] == name
    step(modules, MODULE, hypervisor(name), check=False, changed=False)
    step(modules, MODULE, {"company": COMPANY, "name": name, "state": "absent"}, check=False, changed=True)


def test_commvault_is_told_to_try_the_credentials_and_a_wrong_one_makes_nothing(modules, hypervisor):
    result = modules.failure(MODULE, hypervisor("wrong", vcenter_password="wr0ng-pass"))
    assert "wr0ng-pass" not in result["msg"] and "Commvault at POST /V4/Hypervisor" in result["msg"]
    step(modules, MODULE, {"company": COMPANY, "name": "wrong", "state": "absent"}, check=False, changed=False)
    _result, requests = recorded(modules, MODULE, hypervisor("right"))
    (sent,) = [row for row in requests if row["writes"]]
    assert sent["body"]["skipCredentialValidation"] is False and sent["company_id"] > 0


@pytest.mark.parametrize("check", [True, False])
def test_a_missing_access_node_is_one_clear_error_before_anything_is_written(modules, hypervisor, check):
    modules.sandbox.control("DELETE", "/journal")
    options = hypervisor("nodes", access_nodes=["lux-an-01", "no-such-node"])
    if check:
        # An earlier task of the run might have made it.
        assert "no-such-node" in str(step(modules, MODULE, options, check=True, changed=True)["warnings"])
    else:
        text = modules.failure(MODULE, options)["msg"]
        assert 'The access node "no-such-node" does not exist' in text and "lux-an-01" in text and "correct the name" in text
    assert not [row for row in modules.sandbox.control("GET", "/journal")["requests"] if row["writes"]]


def test_the_password_is_sent_at_creation_and_later_only_when_asked(modules, hypervisor):
    modules(MODULE, hypervisor("secret-vcenter"))
    step(modules, MODULE, hypervisor("secret-vcenter", vcenter_password="another"), check=False, changed=False)
    always = hypervisor("secret-vcenter", update_password="always")
    for check in (True, False, False):
        result = step(modules, MODULE, always, check=check, changed=True)
        assert modules.sandbox.password("vcenter") not in json.dumps(result)
    assert "wr0ng" not in modules.failure(MODULE, {**always, "vcenter_password": "wr0ng"})["msg"]


def test_a_password_that_was_changed_in_the_vcenter_reaches_commvault_once(modules, hypervisor):
    made = modules(MODULE, hypervisor("rotated"))["hypervisor"]
    converged = hypervisor("rotated", update_password="if_refused")
    step(modules, MODULE, converged, check=False, changed=False)
    _forget_password(modules, made["id"])
    for check in (True, False):
        result = step(modules, MODULE, converged, check=check, changed=True)
        assert modules.sandbox.password("vcenter") not in json.dumps(result)
    step(modules, MODULE, converged, check=False, changed=False)


def test_a_login_that_is_refused_and_cannot_be_mended_is_no_success(modules, hypervisor):
    made = modules(MODULE, hypervisor("refused"))["hypervisor"]
    _forget_password(modules, made["id"])
    text = modules.failure(MODULE, hypervisor("refused", update_password="if_refused", vcenter_password="wr0ng too"))["msg"]
    assert "incorrect user name or password" in text and "wr0ng" not in text


def _forget_password(modules, number):
    """As if it had been changed in the vCenter: Commvault has one that is not right any more. No module does that."""
    options = ArgumentSpecValidator(**session.OPTIONS.to_kwargs()).validate(modules.connection(MODULE)).validated_parameters
    user = modules.sandbox.endpoints["vcenters"]["vc-lux"]["username"]
    with session.connect(Context.of(options, check_mode=False, warn=print)) as client:
        client.put(f"/V4/Hypervisor/{number}/Credentials", {"userName": user, "password": "of yesterday"})


def test_a_move_to_another_vcenter_needs_the_credentials(modules, hypervisor):
    modules(MODULE, hypervisor("moving"))
    elsewhere = modules.sandbox.endpoints["vcenters"]["vc-jer"]
    target = {"company": COMPANY, "name": "moving", "vcenter_host": f"{elsewhere['hostname']}:{elsewhere['port']}"}
    for check in (True, False):
        text = modules.failure(MODULE, target, check=check)["msg"]
        assert target["vcenter_host"] in text and "give vcenter_username and vcenter_password" in text
    full = hypervisor("moving", vcenter_host=target["vcenter_host"], vcenter_username=elsewhere["username"])
    result = step(modules, MODULE, full, check=False, changed=True)
    assert result["hypervisor"]["vcenter_host"] == target["vcenter_host"]


@pytest.mark.parametrize("missing", ["vcenter_host", "access_nodes"])
def test_what_a_new_one_needs_is_asked_for(modules, hypervisor, missing):
    options = hypervisor("incomplete")
    options.pop(missing)
    assert f"does not exist yet: give {missing}" in modules.failure(MODULE, options, check=True)["msg"]


def test_force_deletes_instead_of_retiring(modules, hypervisor):
    modules(MODULE, hypervisor("forced"))
    _result, requests = recorded(modules, MODULE, {"company": COMPANY, "name": "forced", "state": "absent", "force": True})
    assert [f"{row['method']} {row['path'].split('/api/')[1].split('/')[0]}" for row in requests if row["writes"]] == ["DELETE V4"]


def test_numbers_for_names_are_understood(modules, hypervisor):
    modules(MODULE, hypervisor("numbers"))
    modules.sandbox.control("POST", "/faults", {"name": "hypervisor_type_number"})
    step(modules, MODULE, hypervisor("numbers"), check=False, changed=False)
    step(modules, MODULE, {"company": COMPANY, "name": "numbers", "state": "absent"}, check=False, changed=True)


def test_a_retirement_that_waits_for_approval_is_not_called_done(modules, hypervisor):
    modules(MODULE, hypervisor("pending"))
    modules.sandbox.control("POST", "/faults", {"name": "pending_approval", "times": 1})
    assert "waits for approval" in modules.failure(MODULE, {"company": COMPANY, "name": "pending", "state": "absent"})["msg"]


def test_in_check_mode_a_hypervisor_of_a_company_that_is_still_missing_is_predicted(modules, hypervisor):
    result = step(modules, MODULE, {**hypervisor("early"), "company": "Not yet there"}, check=True, changed=True)
    assert "Not yet there" in str(result["warnings"])
