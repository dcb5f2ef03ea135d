# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support.scripted_http import ScriptedHttp

MODULE = "commvault_company"
ROW = {"connectName": "Acme Sàrl", "shortName": {"id": 42, "domainName": "acme"}, "status": 0, "enabled": True}
DETAIL = {"id": 42, "general": {"newAlias": "acme", "emailSuffix": "acme.example.com"}, "plans": [{"id": 7, "name": "gold"}]}
BAD_GATEWAY = (502, "<html><title>502 Bad Gateway</title></html>")


@pytest.fixture
def http(monkeypatch):
    scripted = ScriptedHttp(monkeypatch)
    scripted.on("GET", "/Organization", {"providers": [ROW]})
    scripted.on("GET", "/V4/company/42", DETAIL)
    scripted.on(
        "GET", "/V4/Company/42/associations", {"associatedEntities": [{"id": 5, "name": "srv01"}, {"id": 6, "name": "acme\\Tenant Admin"}]}
    )
    return scripted


def run(http, **options):
    return http.run(MODULE, {"name": "Acme Sàrl", **options})


def test_a_company_that_is_right_costs_two_reads(http):
    result = run(http, alias="ACME", email_suffix="acme.example.com", plans=["GOLD"])
    assert not result["changed"]
    assert http.asked() == ["POST /Login", "GET /Organization", "GET /V4/company/42", "POST /Logout"]
    assert http.calls[1].params == {"fq": "providers.connectName:eq:Acme Sàrl", "hardRefresh": "true"}


def test_a_filter_that_the_server_ignores_is_applied_again(http):
    http.on(
        "GET", "/Organization", {"providers": [{**ROW, "connectName": "Acme Sàrl & Co", "shortName": {"id": 43, "domainName": "co"}}, ROW]}
    )
    assert run(http)["company"]["id"] == 42


def test_two_companies_that_differ_in_case_alone_are_not_guessed_between(http):
    other = {**ROW, "connectName": "ACME SÀRL", "shortName": {"id": 43, "domainName": "acme2"}}
    http.on("GET", "/Organization", {"providers": [{**ROW, "connectName": "acme sàrl"}, other]})
    assert "exists 2 times" in run(http)["msg"]
    http.on("GET", "/Organization", {"providers": [ROW, other]})
    assert run(http)["company"]["id"] == 42


def test_creation_sends_what_was_given_and_no_welcome_mail(http):
    http.on("GET", "/Organization", {"providers": []}, {"providers": []}, {"providers": [ROW]})
    http.on("POST", "/V4/company", {"id": 42, "name": "Acme Sàrl"})
    result = run(http, alias="acme", contact={"name": "Ada", "email": "ada@acme.example.com"})
    assert result["changed"]
    assert http.writes[0].body == {
        "name": "Acme Sàrl",
        "alias": "acme",
        "contactName": "Ada",
        "email": "ada@acme.example.com",
        "sendWelcomeEmail": False,
    }


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"errorCode": 3, "errorMessage": "name is taken"}, "name is taken"),
        ({"error": {"errorCode": 3, "errorMessage": "alias is taken"}}, "alias is taken"),
        ({}, "without an id"),
        ({"id": 0}, "without an id"),
        ((400, {"errorMessage": "bad alias", "errorCode": 2}), "bad alias"),
    ],
)
def test_a_creation_that_failed_is_never_called_done(http, answer, said):
    http.on("GET", "/Organization", {"providers": []})
    http.on("POST", "/V4/company", answer)
    result = run(http, alias="acme")
    assert result["failed"] and said in result["msg"]


def test_a_gateways_error_after_the_creation_is_looked_behind(http):
    http.on("GET", "/Organization", {"providers": []}, {"providers": []}, {"providers": [ROW]})
    http.on("POST", "/V4/company", BAD_GATEWAY)
    result = run(http, alias="acme")
    assert result["changed"] and result["company"]["id"] == 42 and len(http.writes) == 1
    http.on("GET", "/Organization", {"providers": []})
    assert "502 Bad Gateway" in run(http, alias="acme")["msg"]


def test_without_an_alias_a_new_one_is_not_made(http):
    http.on("GET", "/Organization", {"providers": []})
    assert "give alias" in run(http)["msg"] and http.writes == []


def test_plans_are_sent_as_the_whole_list(http):
    own, foreign = (
        {"plan": {"id": 8, "name": "silver"}, "company": {"id": 42}},
        {"plan": {"id": 9, "name": "bronze"}, "company": {"id": 99}},
    )
    http.on("GET", "/V4/Plan/Summary", {"plans": [own, foreign]})
    http.on("PUT", "/V4/company/42", {"errorCode": 0})
    result = run(http, plans=["silver"])
    assert result["changed"] and result["diff"]["after"]["plans"] == ["gold"]  # as the server has it afterwards
    assert http.writes[0].body == {"plans": [{"id": 7}, {"id": 8}]}
    assert 'plan "bronze" does not exist' in run(http, plans=["bronze"])["msg"]


def test_a_server_whose_owner_is_not_told_is_not_taken(http):
    http.on("GET", "/V4/Servers", {"servers": [{"id": 9, "name": "srv02"}]})
    assert "has an owner that Commvault hides" in run(http, servers=["srv02"])["msg"]
    assert http.writes == []


def test_a_server_of_the_company_under_its_display_name_is_no_change(http):
    http.on(
        "GET",
        "/V4/Servers",
        {"servers": [{"id": 5, "name": "srv01", "displayName": "File server", "company": {"id": 42, "name": "Acme Sàrl"}}]},
    )
    assert run(http, servers=["file SERVER"])["changed"] is False


def test_servers_go_in_one_call(http):
    rows = [{"id": number, "name": f"srv0{number}", "company": {"id": 0, "name": "Commcell"}} for number in (2, 3)]
    http.on("GET", "/V4/Servers", {"servers": rows})
    http.on("PUT", "/company/42/company-association", {"errorCode": 0})
    run(http, servers=["srv01", "SRV02", "srv03"])
    assert [call.body for call in http.writes] == [{"entities": [{"clientId": 2, "_type_": 3}, {"clientId": 3, "_type_": 3}]}]


def test_an_association_that_fails_inside_a_200_is_an_error(http):
    http.on("GET", "/V4/Servers", {"servers": [{"id": 2, "name": "srv02", "company": {"id": 0}}]})
    http.on("PUT", "/company/42/company-association", {"errorCode": 12, "errorMessage": "not allowed"})
    assert "not allowed" in run(http, servers=["srv02"])["msg"]


def test_deletion_deactivates_first_and_looks_afterwards(http):
    http.on("GET", "/V4/Company/42/associations", {"associatedEntities": {"id": 6, "name": "acme\\Tenant Admin"}})
    http.on("GET", "/Organization", {"providers": [ROW]}, {"providers": []})
    http.on("POST", "/Organization/42/action/deactivate", {"response": {"errorCode": 0}})
    http.on("DELETE", "/V4/company/42", {"errorCode": 0})
    assert run(http, state="absent")["changed"]
    assert [call.method for call in http.writes] == ["POST", "DELETE"]
    assert set(http.writes[0].body["deactivateOptions"].values()) == {True}


def test_a_refused_deactivation_stops_there_with_the_servers_words(http):
    http.on("GET", "/V4/Company/42/associations", {"associatedEntities": []})
    http.on("POST", "/Organization/42/action/deactivate", {"response": {"errorCode": 7}, "error": {"errorMessage": "operators are active"}})
    assert "operators are active" in run(http, state="absent")["msg"]
    assert [call.method for call in http.writes] == ["POST"]


def test_a_company_that_owns_something_is_not_touched(http):
    http.on(
        "GET", "/V4/Servers", {"servers": [{"id": 5, "name": "srv01", "company": {"id": 42}}, {"id": 6, "name": "x", "company": {"id": 9}}]}
    )
    http.on("GET", "/V4/Hypervisor", {"Hypervisors": []})
    http.on("GET", "/V4/Plan/Summary", (404, {"plans": []}))
    http.on("GET", "/V4/user", {"users": {"id": 7, "name": "acme\\ada", "company": {"id": 42}}})
    http.on("GET", "/V4/VMGroups", {"vmGroups": [{"id": 1, "company": {"id": 42}}, {"id": 2, "company": {"id": 9}}]})
    result = run(http, state="absent")
    assert "still owns 1: srv01" in result["msg"] and result["error"]["owned"] == ["srv01"] and http.writes == []
    assert "would go: 1 servers, 1 users, 1 VM groups" in result["msg"]


@pytest.mark.parametrize(
    ("fields", "status"), [({}, "ACTIVE"), ({"status": 1, "enabled": False}, "DEACTIVATED"), ({"status": "DEACTIVATED"}, "DEACTIVATED")]
)
def test_the_status_is_told(http, fields, status):
    http.on("GET", "/Organization", {"providers": {**ROW, **fields}})
    assert run(http)["company"]["status"] == status


def operators(*rows):
    return {**DETAIL, "tenantOperators": list(rows)}


def test_operators_are_sent_whole_and_by_id(http):
    old = {"user": {"id": 3, "name": "ops"}, "role": {"id": 5, "name": "Tenant Operator"}}
    http.on("GET", "/V4/company/42", operators(old))
    http.on("GET", "/V4/Role", {"roles": [{"id": 3, "name": "View", "company": {"id": 0}}]})
    http.on("GET", "/V4/UserGroup", {"userGroups": {"id": 9, "name": "second-line", "company": {"id": 0}}})
    http.on("PUT", "/V4/company/42", {"errorCode": 0})
    run(http, operators=[{"user_group": "Second-Line", "role": "view"}])
    kept = {"user": {"id": 3}, "role": {"id": 5}}
    assert http.writes[0].body == {"tenantOperators": [kept, {"userGroup": {"id": 9}, "role": {"id": 3}}]}
    result = run(http, operators=[{"user": "OPS", "role": "tenant operator"}])
    assert not result["changed"] and http.asked() == ["POST /Login", "GET /Organization", "GET /V4/company/42", "POST /Logout"]


def test_tags_are_sent_whole(http):
    http.on("GET", "/Tags/PROVIDER_ENTITY/42", {"tags": {"tag": {"name": "env", "value": "prod"}}})
    http.on("PUT", "/Tags", {"error": {"errorCode": 0}})
    run(http, tags={"tier": 1})
    rows = [{"name": "env", "value": "prod"}, {"name": "tier", "value": "1"}]
    assert http.writes[0].body == {"entityTag": [{"entityId": 42, "entityType": 61, "tag": rows}]}
    http.on("PUT", "/Tags", {"error": {"errorCode": 7, "errorMessage": "no right on tags"}})
    assert "no right on tags" in run(http, tags={"tier": 1})["msg"]


def test_a_refused_deactivation_is_an_error(http):
    http.on("GET", "/Organization/42", {"organizationInfo": {"organization": {"deactivateOptions": {"disableBackup": False}}}})
    http.on("POST", "/Organization/42/action/deactivate", {"response": {"errorCode": 7, "errorString": "operators are active"}})
    result = run(http, state="deactivated", disable=["backup"])
    assert "operators are active" in result["msg"]
    assert http.writes[0].body == {"deactivateOptions": {"disableBackup": True, "disableLogin": False, "disableRestore": False}}
