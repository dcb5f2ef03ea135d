# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire import session
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.client import Commvault
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.transport import Transport
from ansible_collections.calligo.baas.tests.support.modules import Modules
from ansible_collections.calligo.baas.tests.support.walk import recorded, step, walk

MODULE = "commvault_credential"
COMPANY = "Credential tenant é & ß"
ODD_NAMES = ["Café & Fils", 'O\'Neill "Ltd"', "50 % + 1 / 2", "back\\slash", "Łódź ß", "a:b,c?d=e#f"]


@pytest.fixture(scope="module", autouse=True)
def tenant(sandbox):
    Modules(sandbox)("commvault_company", {"name": COMPANY, "alias": "credtenant"})


@pytest.fixture
def sim_call(modules):
    """A call below our modules, for what none of them does."""

    def call(method, path, body, company):
        options = modules.connection("commvault_")
        client = Commvault(
            Transport(options["ca_path"], 10, 30),
            session.root_url(options["host"], "/commandcenter/api"),
            options["username"],
            options["password"],
            company=company,
        )
        try:
            return getattr(client, method.lower())(path, body)
        finally:
            client.close()

    return call


def credential(name, **more):
    given = {"account_type": "windows", "account": "ACME\\svc-é", "account_password": "s3cret-päss"}
    return {"company": COMPANY, "name": name, **given, **more}


def absent(name):
    return {"company": COMPANY, "name": name, "state": "absent"}


def test_walk(modules):
    made = credential("walk", description="Walks")
    changed = {**made, "description": "Runs", "account": "ACME\\other"}
    results = walk(modules, MODULE, made, changed, absent("walk"))
    assert results["create"]["credential"] == {
        "id": results["change"]["credential"]["id"],
        "name": "walk",
        "company": COMPANY,
        "account_type": "windows",
        "account": "ACME\\svc-é",
        "description": "Walks",
    }
    assert results["change"]["credential"]["account"] == "ACME\\other"
    assert results["delete"]["credential"] is None
    assert "s3cret" not in json.dumps(results)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_of_every_kind(modules, name):
    assert modules(MODULE, credential(name))["credential"]["name"] == name
    step(modules, MODULE, credential(name.upper()), check=False, changed=False)
    step(modules, MODULE, absent(name), check=False, changed=True)


@pytest.mark.parametrize("kind", ["windows", "linux", "storage_array"])
def test_every_type(modules, kind):
    assert modules(MODULE, credential(f"type-{kind}", account_type=kind))["credential"]["account_type"] == kind
    other = "linux" if kind == "windows" else "windows"
    for check in (True, False):
        result = modules.failure(MODULE, credential(f"type-{kind}", account_type=other), check=check)
        assert f"is of the type {kind}" in result["msg"]


def test_the_password_is_sent_at_creation_and_later_only_when_asked(modules):
    modules(MODULE, credential("secret"))
    step(modules, MODULE, credential("secret", account_password="another"), check=False, changed=False)
    _result, requests = recorded(modules, MODULE, credential("secret", account_password="another", update_password="always"))
    (sent,) = [row for row in requests if row["writes"]]
    assert list(sent["body"]) == ["newPassword"]


def test_another_account_comes_with_its_password(modules):
    modules(MODULE, credential("moving"))
    without = {"company": COMPANY, "name": "moving", "account": "ACME\\new"}
    for check in (True, False):
        assert "give account_password" in modules.failure(MODULE, without, check=check)["msg"]
    _result, requests = recorded(modules, MODULE, {**without, "account_password": "pw"})
    (sent,) = [row for row in requests if row["writes"]]
    assert sorted(sent["body"]) == ["newPassword", "userAccount"]


@pytest.mark.parametrize("missing", ["account_type", "account", "account_password"])
def test_what_a_new_one_needs_is_asked_for(modules, missing):
    options = credential("incomplete")
    options.pop(missing)
    assert f"does not exist yet: give {missing}" in modules.failure(MODULE, options, check=True)["msg"]


def test_one_that_a_hypervisor_logs_in_with_is_not_deleted(modules, sim_call):
    vcenter = modules.sandbox.endpoints["vcenters"]["vc-lux"]
    login = {"account": vcenter["username"], "account_password": modules.sandbox.password("vcenter")}
    number = modules(MODULE, credential("in-use", **login))["credential"]["id"]
    body = {
        "name": "uses-credential",
        "hypervisorType": "VMW",
        "vcenterHostName": f"{vcenter['hostname']}:{vcenter['port']}",
        "credentials": {"id": number},
        "accessNodes": [{"name": "lux-an-01"}],
        "skipCredentialValidation": False,
    }
    # The login works, so that what was sent as Base64 was kept as what it means.
    assert sim_call("POST", "/V4/Hypervisor", body, COMPANY)["response"]["errorCode"] == 0
    for check in (True, False):
        result = modules.failure(MODULE, absent("in-use"), check=check)
        assert 'the hypervisor "uses-credential"' in result["msg"] and result["error"]["used_by"]
    modules("commvault_hypervisor", {"company": COMPANY, "name": "uses-credential", "state": "absent", "force": True})
    step(modules, MODULE, absent("in-use"), check=False, changed=True)
