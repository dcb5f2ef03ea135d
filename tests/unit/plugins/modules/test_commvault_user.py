# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import json

import pytest

from ansible_collections.calligo.baas.tests.support.scripted_http import CONNECTION, ScriptedHttp

MODULE = "commvault_user"
HOME = {"id": 42, "name": "Acme"}
ROW = {"id": 121, "name": "acme\\svc", "email": "svc@acme.example.com", "company": HOME, "enabled": True}
DETAIL = {**ROW, "fullName": "Service", "associatedUserGroups": [{"id": 61, "name": "acme\\automation"}]}
GROUPS = {"userGroups": [{"id": 61, "name": "acme\\automation", "company": HOME}, {"id": 62, "name": "acme\\readers", "company": HOME}]}
BAD_GATEWAY = (502, "<html><title>502 Bad Gateway</title></html>")


@pytest.fixture
def http(monkeypatch):
    scripted = ScriptedHttp(monkeypatch)
    scripted.on("GET", "/V4/user", {"users": [ROW]})
    scripted.on("GET", "/V4/user/121", DETAIL)
    scripted.on("GET", "/V4/UserGroup", GROUPS)
    scripted.on("PUT", "/V4/user/121", {"errorCode": 0})
    return scripted


def run(http, check=False, **options):
    return http.run(MODULE, {"name": "svc", "company_id": 42, **options}, check=check)


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def test_a_user_that_is_right_costs_two_reads(http):
    result = run(http, email="SVC@acme.example.com", full_name="Service", enabled=True, user_groups=["automation"])
    assert not result["changed"] and http.asked() == ["POST /Login", "GET /V4/user", "GET /V4/user/121", "POST /Logout"]


@pytest.mark.parametrize("name", ["svc", "SVC", "acme\\svc", "ACME\\Svc"])
def test_the_alias_may_be_there_or_not(http, name):
    assert run(http, name=name)["user"]["id"] == 121
    http.on("GET", "/V4/user", {"users": {**ROW, "name": "svc"}})
    assert run(http, name=name)["user"]["id"] == 121


def test_the_same_name_in_another_company_is_somebody_else(http):
    http.on(
        "GET", "/V4/user", {"users": [{**ROW, "name": "boreal\\svc", "company": {"id": 43}}, {**ROW, "name": "svc", "company": {"id": 0}}]}
    )
    assert "give email" in run(http)["msg"]


@pytest.mark.parametrize(
    ("mode", "groups", "sent"),
    [
        ("add", ["readers"], {"userGroups": [{"id": 62}], "userGroupOperation": "ADD"}),
        ("exact", ["acme\\readers"], {"userGroups": [{"id": 62}], "userGroupOperation": "OVERWRITE"}),
        ("exact", [], {"userGroups": [{"id": 61}], "userGroupOperation": "DELETE"}),
        ("remove", ["AUTOMATION"], {"userGroups": [{"id": 61}], "userGroupOperation": "DELETE"}),
    ],
)
def test_the_operation_on_groups_is_always_said(http, mode, groups, sent):
    assert run(http, user_groups=groups, user_groups_mode=mode)["changed"]
    assert [call.body for call in http.writes] == [sent]


def test_groups_of_a_directory_are_neither_shown_nor_taken_away(http):
    directory = {"id": 9, "name": "Domain Admins", "provider": {"id": 5, "name": "AD"}}
    http.on("GET", "/V4/user/121", {**DETAIL, "associatedUserGroups": [*DETAIL["associatedUserGroups"], directory]})
    assert run(http, user_groups=["automation"], user_groups_mode="exact")["changed"] is False


def test_creation_sends_what_was_given_and_no_invitation(http):
    http.on("GET", "/V4/user", {"users": []})
    http.on("POST", "/V4/user", {"users": [{"id": 121}]})
    result = run(http, email="svc@acme.example.com", user_password="pä", user_groups=["automation"])
    (row,) = http.writes[0].body["users"]
    assert row == {
        "name": "svc",
        "email": "svc@acme.example.com",
        "company": {"id": 42},
        "userGroups": [{"id": 61}],
        "useSystemGeneratePassword": False,
        "password": encoded("pä"),
        "inviteUser": False,
    }
    assert result["changed"] and "pä" not in json.dumps(result, ensure_ascii=False)


def test_a_new_user_that_is_to_be_disabled_takes_a_second_call(http):
    http.on("GET", "/V4/user", {"users": []})
    http.on("POST", "/V4/user", {"users": [{"id": 121}]})
    run(http, email="svc@acme.example.com", enabled=False)
    assert http.writes[0].body["users"][0]["useSystemGeneratePassword"] is True
    assert http.writes[1].body == {"enabled": False}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"errorCode": 3, "errorMessage": "name is taken"}, "name is taken"),
        ({"users": []}, "without an id"),
        ({}, "without an id"),
        ((400, {"errorMessage": "bad address", "errorCode": 2}), "bad address"),
        ((403, {"errorMessage": "no right", "errorCode": 5}), "lacks a permission"),
    ],
)
def test_a_creation_that_failed_is_never_called_done(http, answer, said):
    http.on("GET", "/V4/user", {"users": []})
    http.on("POST", "/V4/user", answer)
    result = run(http, email="svc@acme.example.com", user_password="hush")
    assert result["failed"] and said in result["msg"] and "hush" not in result["msg"] and encoded("hush") not in json.dumps(result)


def test_a_gateways_error_after_the_creation_is_looked_behind(http):
    http.on("GET", "/V4/user", {"users": []}, {"users": [ROW]})
    http.on("POST", "/V4/user", BAD_GATEWAY)
    assert run(http, email="svc@acme.example.com")["user"]["id"] == 121 and len(http.writes) == 1


def test_a_user_that_the_server_made_elsewhere_is_an_error(http):
    http.on("GET", "/V4/user", {"users": []})
    http.on("POST", "/V4/user", {"users": [{"id": 121}]})
    http.on("GET", "/V4/user/121", {**DETAIL, "company": {"id": 0, "name": "Commcell"}})
    assert 'made the user "svc" in "Commcell"' in run(http, email="svc@acme.example.com")["msg"]


def test_the_callers_password_confirms_a_new_one(http):
    run(http, user_password="new", update_password="always")
    assert http.writes[0].body == {"newPassword": encoded("new"), "validationPassword": encoded(CONNECTION["password"])}


def test_a_token_alone_cannot_confirm_a_new_password(http):
    for check in (True, False):
        options = {"token": "ready", "username": None, "password": None}
        assert "give username and password" in run(http, check, user_password="new", update_password="always", **options)["msg"]
    assert http.writes == []


def test_always_needs_a_password(http):
    assert "user_password" in run(http, update_password="always")["msg"]


def test_an_alias_is_checked_before_the_server_would_make_something_of_it(http):
    http.on("GET", "/V4/user", (404, {"users": []}))
    http.on("GET", "/Organization/42", {"organizationInfo": {"organization": {"shortName": {"domainName": "acme"}}}})
    http.on("POST", "/V4/user", {"users": [{"id": 121}]})
    assert "prefix of another company" in run(http, name="boreal\\svc", email="x@example.com")["msg"]
    run(http, name="ACME\\svc", email="x@example.com")
    assert http.writes[0].body["users"][0]["name"] == "svc"


@pytest.mark.parametrize(
    ("options", "params"),
    [
        ({"skip_transfer": True}, {"skipOwnerShipTransfer": "true"}),
        ({"transfer_to_user": "ada"}, {"transferToUser": 120}),
        ({"transfer_to_user_group": "readers"}, {"transfertoUserGroup": 62}),
    ],
)
def test_the_heir_is_named_by_id(http, options, params):
    ada = {"id": 120, "name": "acme\\ada", "company": HOME}
    http.on("GET", "/V4/user", *[{"users": [ROW, ada]}] * (2 if "transfer_to_user" in options else 1), {"users": [ada]})
    http.on("DELETE", "/V4/user/121", {"errorCode": 0})
    assert run(http, state="absent", **options)["changed"]
    assert http.writes[0].params == params


def test_an_unknown_heir_stops_the_deletion(http):
    assert 'The user "nobody" does not exist' in run(http, state="absent", transfer_to_user="nobody")["msg"]
    assert http.writes == []


def test_a_deletion_that_is_only_queued_is_not_called_done(http):
    http.on("DELETE", "/V4/user/121", (202, {"errorCode": 0}))
    assert "waits for approval" in run(http, state="absent", skip_transfer=True)["msg"]
