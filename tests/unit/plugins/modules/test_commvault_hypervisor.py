# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.calligo.baas.tests.support.scripted_http import ScriptedHttp

MODULE = "commvault_hypervisor"
ROW = {"id": 10, "name": "vc01", "displayName": "vc01", "hostName": "vcenter.example.com", "HypervisorType": "VMW", "status": "UNKNOWN"}
NODES = [{"id": 11, "name": "proxy1", "displayName": "Proxy one", "type": 3}, {"id": 30, "name": "proxies", "type": 28}]
SECRET = "s3cret of the vcenter"
NEW = {"vcenter_host": "vcenter.example.com", "vcenter_username": "svc", "vcenter_password": SECRET, "access_nodes": ["proxy1"]}
BAD_GATEWAY = (502, "<html><title>502 Bad Gateway</title></html>")


def detail(nodes=tuple(NODES[:1]), host="vcenter.example.com", **common):
    company = {"id": 0, "name": "Commcell"}
    return {
        "id": 10,
        "name": "vc01",
        "general": {"vendor": "VMW"},
        "accountDetails": {"hostName": host},
        "accessNodeList": {"accessNode": nodes},
        "hypervisorCommonProperties": {"company": company, "isDeconfigured": False, "retirePhase": "UNKNOWN", **common},
    }


@pytest.fixture
def http(monkeypatch):
    scripted = ScriptedHttp(monkeypatch)
    scripted.on("GET", "/V4/Hypervisor", {"HypervisorCount": 1, "Hypervisors": [ROW]})
    scripted.on("GET", "/V4/Hypervisor/10", detail())
    scripted.on("GET", "/V4/AccessNodes", {"accesNodes": NODES})
    return scripted


def run(http, check=False, **options):
    result = http.run(MODULE, {"name": "vc01", **options}, check=check)
    assert SECRET not in json.dumps(result)
    return result


@pytest.mark.parametrize("nodes", [["proxy1"], ["PROXY1"], ["proxy ONE"]])
@pytest.mark.parametrize("shape", ["list", "object"])
def test_what_is_right_is_read_in_two_calls_in_every_dialect(http, nodes, shape):
    row = {**ROW, "HypervisorType": 1, "status": 0} if shape == "object" else ROW
    http.on("GET", "/V4/Hypervisor", {"Hypervisors": row if shape == "object" else [row]})
    http.on("GET", "/V4/Hypervisor/10", detail(NODES[0] if shape == "object" else NODES[:1]))
    assert run(http, **{**NEW, "access_nodes": nodes, "vcenter_host": "VCENTER.example.com"})["changed"] is False
    assert http.asked() == ["POST /Login", "GET /V4/Hypervisor", "GET /V4/Hypervisor/10", "POST /Logout"]


@pytest.mark.parametrize("key", ["accesNodes", "accessNodes"])
def test_creation_makes_commvault_try_the_credentials(http, key):
    http.on("GET", "/V4/Hypervisor", {"Hypervisors": []})
    http.on("GET", "/V4/AccessNodes", {key: NODES})
    http.on("POST", "/V4/Hypervisor", {"response": {"hypervisorId": 10, "errorCode": 0}})
    result = run(http, **{**NEW, "access_nodes": ["proxy1", "proxies"]})
    assert result["changed"] and result["hypervisor"]["id"] == 10
    assert http.writes[0].body == {
        "name": "vc01",
        "hypervisorType": "VMW",
        "skipCredentialValidation": False,
        "vcenterHostName": "vcenter.example.com",
        "userName": "svc",
        "password": SECRET,
        "accessNodes": [{"id": 11, "name": "proxy1", "type": 3}, {"id": 30, "name": "proxies", "type": 28}],
    }


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ({"response": {"errorCode": 1116, "errorMessage": "login to the vCenter failed"}}, "login to the vCenter failed"),
        ({"errorCode": 2, "errorMessage": "client already exists"}, "client already exists"),
        ({"response": {}}, "without an id"),
        ((500, {"errorCode": 1, "errorMessage": "internal"}), "internal"),
    ],
)
def test_a_creation_that_failed_is_never_called_done(http, reply, said):
    http.on("GET", "/V4/Hypervisor", {"Hypervisors": []})
    http.on("POST", "/V4/Hypervisor", reply)
    result = run(http, **NEW)
    assert result["failed"] and said in result["msg"]


def test_a_gateways_error_after_the_creation_is_looked_behind(http):
    http.on("GET", "/V4/Hypervisor", {"Hypervisors": []}, {"Hypervisors": [ROW]})
    http.on("POST", "/V4/Hypervisor", BAD_GATEWAY)
    assert run(http, **NEW)["hypervisor"]["id"] == 10 and len(http.writes) == 1


def test_access_nodes_are_replaced_as_a_set(http):
    http.on("GET", "/V4/Hypervisor/10", detail(), detail(NODES[1:]))
    http.on("PUT", "/V4/Hypervisor/10", {})
    result = run(http, access_nodes=["proxies"])
    assert result["changed"] and result["hypervisor"]["access_nodes"] == ["proxies"]
    assert http.writes[0].body == {
        "hypervisorType": "VMW",
        "skipCredentialValidation": False,
        "accessNodes": [{"id": 30, "name": "proxies", "type": 28}],
    }
    assert "needs at least one access node" in run(http, access_nodes=[])["msg"]


def test_the_password_is_sent_again_when_asked_and_never_shown(http):
    http.on("PUT", "/V4/Hypervisor/10", {"response": {"errorCode": 0}})
    for check in (True, False):
        assert run(http, **NEW, update_password="always", check=check)["changed"]
        assert len(http.writes) == (0 if check else 1)
    assert http.writes[0].body == {"hypervisorType": "VMW", "skipCredentialValidation": False, "userName": "svc", "password": SECRET}


def test_a_refused_update_has_the_servers_words(http):
    http.on("PUT", "/V4/Hypervisor/10", {"response": {"errorCode": 5, "errorString": "vCenter says no"}})
    assert "vCenter says no" in run(http, **NEW, update_password="always")["msg"]


def test_a_login_that_commvault_takes_and_cannot_use_is_no_success(http):
    """The update says that it was done; only the vCenter tells that it was not."""
    http.on(
        "POST", "/V4/VmGroup/Preview", {"errorCode": 7, "errorMessage": "Cannot complete login due to an incorrect user name or password."}
    )
    http.on("PUT", "/V4/Hypervisor/10", {"response": {"errorCode": 0}})
    result = run(http, **NEW, update_password="if_refused")
    assert result["failed"] and result["changed"]
    assert "took the login" in result["msg"] and "still cannot read the vCenter" in result["msg"] and "incorrect user name" in result["msg"]


@pytest.mark.parametrize("check", [True, False])
def test_one_of_another_company_is_left_alone(http, check):
    http.on("GET", "/V4/Hypervisor/10", detail(company={"id": 42, "name": "Acme"}))
    for options in (NEW, {"state": "absent"}):
        result = run(http, check=check, **options)
        assert "belongs to Acme" in result["msg"] and http.writes == []


def test_one_of_another_kind_is_left_alone(http):
    http.on("GET", "/V4/Hypervisor/10", {**detail(), "general": {"vendor": "NUTANIX"}})
    assert "NUTANIX" in run(http, **NEW)["msg"]


@pytest.mark.parametrize("status", ["DECONFIGURED", "RETIRE_IN_PROGRESS", 1, 2])
def test_a_retired_one_counts_as_absent(http, status):
    http.on("GET", "/V4/Hypervisor", {"Hypervisors": [{**ROW, "status": status}]})
    assert run(http, state="absent")["changed"] is False


def test_one_that_only_its_detail_calls_retired_counts_as_absent(http):
    http.on("GET", "/V4/Hypervisor/10", detail(isDeconfigured=True))
    assert run(http, state="absent")["changed"] is False


@pytest.mark.parametrize("check", [False, True])
def test_a_retired_namesake_is_put_back_into_use_only_if_asked_for(http, check):
    http.on("GET", "/V4/Hypervisor", {"Hypervisors": [{**ROW, "status": "DECONFIGURED"}]})
    result = run(http, check=check, **NEW)
    assert result["failed"] and "reuse_retired: true" in result["msg"] and result["error"]["kind"] == "Refused"
    assert http.writes == []


def test_a_retired_namesake_is_put_back_into_use(http):
    http.on("GET", "/V4/Hypervisor", {"Hypervisors": [{**ROW, "status": "DECONFIGURED"}]})
    http.on("POST", "/V4/Hypervisor/10/Reconfigure", {"errorCode": 0})
    http.on("PUT", "/V4/Hypervisor/10", {"errorCode": 0})
    result = run(http, **NEW, reuse_retired=True)
    assert result["changed"] and result["hypervisor"]["id"] == 10
    assert [f"{call.method} {call.path}" for call in http.writes] == ["POST /V4/Hypervisor/10/Reconfigure", "PUT /V4/Hypervisor/10"]
    assert http.writes[1].body["password"] == SECRET


@pytest.mark.parametrize(
    ("options", "call", "body"),
    [
        ({}, "DELETE /Client/10/Retire", {"client": {"clientId": 10, "clientName": "vc01"}}),
        ({"force": True}, "DELETE /V4/Hypervisor/10", None),
    ],
)
def test_absent_retires_and_force_deletes(http, options, call, body):
    method, path = call.split()
    http.on("GET", "/V4/Hypervisor", {"Hypervisors": [ROW]}, {"Hypervisors": [{**ROW, "status": "RETIRE_IN_PROGRESS"}]})
    http.on(method, path, {"response": {"errorCode": 0}, "jobId": 77})
    assert run(http, state="absent", **options)["changed"]
    assert [(f"{sent.method} {sent.path}", sent.body) for sent in http.writes] == [(call, body)]


def test_a_refused_retirement_has_the_servers_words(http):
    http.on("DELETE", "/Client/10/Retire", {"response": {"errorCode": 4, "errorString": "jobs are running"}})
    assert "jobs are running" in run(http, state="absent")["msg"]
