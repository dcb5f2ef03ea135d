# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import json

import pytest

from ansible_collections.calligo.baas.tests.support.scripted_http import ScriptedHttp

MODULE = "commvault_credential"
ROW = {"id": 7, "name": "vc-login", "accountType": "WINDOWSACCOUNT"}
# Some servers send the password back.
DETAIL = {"accountType": "WINDOWSACCOUNT", "name": "vc-login", "userAccount": "svc", "password": "bGVha2Vk", "description": "vCenter"}
NEW = {"account_type": "windows", "account": "svc", "account_password": "hüsh"}


@pytest.fixture
def http(monkeypatch):
    scripted = ScriptedHttp(monkeypatch)
    scripted.on("GET", "/V4/Credential", {"credentialManager": ROW})
    scripted.on("GET", "/V5/Credential/7", DETAIL)
    scripted.on("PUT", "/V5/Credential/7", {})
    return scripted


def run(http, check=False, **options):
    return http.run(MODULE, {"name": "vc-login", **options}, check=check)


def test_a_credential_that_is_right_costs_two_reads_and_shows_no_password(http):
    result = run(http, account="svc", account_password="other", description="vCenter")
    assert not result["changed"] and "bGVha2Vk" not in json.dumps(result)
    assert http.asked() == ["POST /Login", "GET /V4/Credential", "GET /V5/Credential/7", "POST /Logout"]


def test_creation_sends_the_password_in_base64(http):
    http.on("GET", "/V4/Credential", (404, {"credentialManager": []}))
    http.on("POST", "/V4/Credential", {"id": 7, "name": "vc-login"})
    result = run(http, **NEW)
    password = base64.b64encode("hüsh".encode()).decode()
    assert http.writes[0].body == {"accountType": "WINDOWSACCOUNT", "name": "vc-login", "userAccount": "svc", "password": password}
    assert result["changed"] and password not in json.dumps(result) and "hüsh" not in json.dumps(result, ensure_ascii=False)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"errorCode": 3, "errorMessage": "exists"}, "exists"),
        ({"error": {"errorCode": 3, "errorMessage": "exists"}}, "exists"),
        ({}, "without an id"),
        ((400, {"errorMessage": "bad account", "errorCode": 2}), "bad account"),
    ],
)
def test_a_creation_that_failed_is_never_called_done(http, answer, said):
    http.on("GET", "/V4/Credential", {"credentialManager": []})
    http.on("POST", "/V4/Credential", answer)
    result = run(http, **NEW)
    assert said in result["msg"] and "hüsh" not in json.dumps(result["msg"], ensure_ascii=False)


@pytest.mark.parametrize(
    "detail",
    [
        {"credentials": {"credentialId": 7}},
        {"accountDetails": {"credentials": {"id": 7, "name": "vc-login"}}},
        {"settings": {"guestCredentials": {"savedCredentials": {"id": 7}}}},
    ],
    ids=["top", "account", "guest"],
)
def test_one_in_use_is_not_deleted_wherever_that_is_told(http, detail):
    http.on("GET", "/V4/Hypervisor", {"Hypervisors": [{"id": 3, "name": "vc"}]})
    http.on("GET", "/V4/Hypervisor/3", {"id": 3, **detail})
    http.on("GET", "/V4/VMGroups", (404, {"vmGroups": []}))
    assert 'in use by the hypervisor "vc"' in run(http, state="absent")["msg"] and http.writes == []


def test_one_that_a_vm_group_logs_in_to_guests_with_is_not_deleted(http):
    http.on("GET", "/V4/Hypervisor", (404, {"Hypervisors": []}))
    rows = [{"vmGroup": {"id": 40, "name": "web"}}, {"id": 41, "name": "db"}, {"id": 42, "name": "gone"}]
    http.on("GET", "/V4/VMGroups", {"vmGroups": rows})
    http.on("GET", "/V4/VmGroup/40", {"id": 40, "settings": {"guestCredentials": {"savedCredentials": {"id": 8}}}})
    http.on("GET", "/V4/VmGroup/41", {"id": 41, "settings": {"guestCredentials": {"savedCredentials": {"id": 7}}}})
    http.on("GET", "/V4/VmGroup/42", (404, {}))
    assert 'in use by the VM group "db", which' in run(http, state="absent")["msg"] and http.writes == []


def test_what_the_server_knows_of_its_use_is_told(http):
    http.on("GET", "/V4/Hypervisor", (404, {"Hypervisors": []}))
    http.on("GET", "/V4/VMGroups", (404, {"vmGroups": []}))
    http.on("DELETE", "/V5/Credential/7", (500, {"errorCode": 6, "errorMessage": "used by instance SQL01"}))
    assert "used by instance SQL01" in run(http, state="absent")["msg"]
    http.on("DELETE", "/V5/Credential/7", {"errorCode": 0})
    assert "waits for approval" in run(http, state="absent")["msg"]
