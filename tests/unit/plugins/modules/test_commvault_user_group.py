# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support.scripted_http import ScriptedHttp

MODULE = "commvault_user_group"
HOME = {"id": 42, "name": "Acme"}
ROW = {"id": 61, "name": "acme\\automation", "company": HOME}
# The id is a string in the detail.
DETAIL = {
    "id": "61",
    "name": "acme\\automation",
    "company": HOME,
    "enabled": True,
    "description": "Scripts",
    "users": {"id": 121, "name": "acme\\svc"},
    "restrictedConsoleTypes": [{"consoleType": "API"}, {"consoleType": "BRANDNEW"}],
}
USERS = {"users": [{"id": 121, "name": "acme\\svc", "company": HOME}, {"id": 120, "name": "acme\\ada", "company": HOME}]}


@pytest.fixture
def http(monkeypatch):
    scripted = ScriptedHttp(monkeypatch)
    scripted.on("GET", "/V4/UserGroup", {"userGroups": ROW})
    scripted.on("GET", "/V4/UserGroup/61", DETAIL)
    scripted.on("GET", "/V4/user", USERS)
    scripted.on("PUT", "/V4/UserGroup/61", {"errorCode": 0})
    return scripted


def run(http, check=False, **options):
    return http.run(MODULE, {"name": "automation", "company_id": 42, **options}, check=check)


def test_a_group_that_is_right_costs_two_reads(http):
    result = run(http, description="Scripts", members=["svc"], members_mode="exact", enabled=True)
    assert not result["changed"] and result["user_group"]["restricted_consoles"] == ["api", "brandnew"]
    assert http.asked() == ["POST /Login", "GET /V4/UserGroup", "GET /V4/UserGroup/61", "POST /Logout"]


def test_everything_but_members_that_go_is_one_call(http):
    run(http, description="New", members=["ada"], restricted_consoles=["mobile"], enabled=False)
    (call,) = http.writes
    assert call.body == {
        "newDescription": "New",
        "enabled": False,
        "restrictConsoleTypes": {"consoleType": ["MOBILE"]},
        "consoleTypeOperationType": "OVERWRITE",
        "users": [{"id": 120}],
        "userOperationType": "ADD",
    }


def test_members_that_come_and_go_take_two_calls_since_the_api_overwrites_none(http):
    run(http, members=["ada"], members_mode="exact")
    assert [call.body for call in http.writes] == [
        {"users": [{"id": 120}], "userOperationType": "ADD"},
        {"users": [{"id": 121}], "userOperationType": "DELETE"},
    ]


def test_creation_leaves_the_alias_to_the_server_and_then_adds_members(http):
    http.on("GET", "/V4/UserGroup", {"userGroups": []})
    http.on("POST", "/V4/UserGroup", {"id": 61, "name": "acme\\automation"})
    run(http, description="Scripts", members=["svc"])
    assert http.writes[0].body == {"name": "automation", "description": "Scripts"}
    assert http.writes[0].headers["operatorCompanyId"] == "42"
    # The group is read as it is before its members are told: the new one has none.
    assert http.writes[1].body == {"users": [{"id": 121}], "userOperationType": "ADD"}


def test_a_group_that_the_server_made_elsewhere_is_an_error(http):
    http.on("GET", "/V4/UserGroup", {"userGroups": []})
    http.on("POST", "/V4/UserGroup", {"id": 61})
    http.on("GET", "/V4/UserGroup/61", {**DETAIL, "company": {"id": 0, "name": "Commcell"}})
    assert 'made the user group "automation" in "Commcell"' in run(http)["msg"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [({"errorCode": 3, "errorMessage": "name is taken"}, "name is taken"), ({}, "without an id"), ((500, {"Message": "boom"}), "boom")],
)
def test_a_creation_that_failed_is_never_called_done(http, answer, said):
    http.on("GET", "/V4/UserGroup", {"userGroups": []})
    http.on("POST", "/V4/UserGroup", answer)
    result = run(http)
    assert result["failed"] and said in result["msg"]


def test_a_refusal_inside_a_200_is_an_error(http):
    http.on("PUT", "/V4/UserGroup/61", {"errorCode": 5, "errorMessage": "not yours"})
    assert "not yours" in run(http, enabled=False)["msg"]


def test_two_groups_of_one_name_are_not_guessed_between(http):
    http.on("GET", "/V4/UserGroup", {"userGroups": [ROW, {**ROW, "id": 63, "name": "automation"}]})
    assert "exists 2 times" in run(http)["msg"]
