# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support.scripted_http import ScriptedHttp

MODULE = "commvault_role_assignment"
HOME = {"id": 42, "name": "Acme"}
GROUP = {"user_group": "automation", "role": "Operator", "entity": "Acme"}


def associations(*rows):
    return {"securityAssociations": [{"securityAssociations": {"associations": list(rows)}}]}


def held(group, role):
    return {"userOrGroup": [{"userGroupId": group, "_type_": 15}], "properties": {"role": {"roleId": role}}}


@pytest.fixture
def http(monkeypatch):
    scripted = ScriptedHttp(monkeypatch)
    scripted.on("GET", "/Organization", {"providers": [{"connectName": "Acme", "shortName": {"id": 42, "domainName": "acme"}}]})
    scripted.on("GET", "/V4/UserGroup", {"userGroups": [{"id": 61, "name": "acme\\automation", "company": HOME}]})
    scripted.on("GET", "/V4/user", {"users": [{"id": 61, "name": "acme\\svc", "company": HOME}]})
    scripted.on("GET", "/V4/Role", {"roles": [{"id": 5, "name": "Operator", "company": {"id": 0}}]})
    scripted.on("GET", "/Security/61/42", associations(held(60, 5)))
    scripted.on("POST", "/Security", {"response": [{"errorCode": 0}]})
    return scripted


def run(http, *rows, check=False):
    return http.run(MODULE, {"company_id": 42, "assignments": list(rows or [GROUP])}, check=check)


def test_what_is_sent_names_ids_and_says_add(http):
    assert run(http)["changed"]
    assert http.writes[0].body == {
        "entityAssociated": {"entity": [{"providerId": 42, "_type_": 61}]},
        "securityAssociations": {
            "associationsOperationType": 2,
            "associations": [
                {
                    "userOrGroup": [{"userGroupId": 61, "userGroupName": "acme\\automation", "_type_": 15}],
                    "properties": {"role": {"roleId": 5, "roleName": "Operator", "_type_": 120}},
                }
            ],
        },
    }


def test_a_user_and_a_group_of_the_same_id_are_not_the_same(http):
    http.on("GET", "/Security/61/42", associations({"userOrGroup": [{"userId": 61}], "properties": {"role": {"roleId": 5}}}))
    assert run(http)["changed"]
    assert not run(http, {"user": "svc", "role": "Operator", "entity": "Acme"})["changed"]


@pytest.mark.parametrize(
    "reply",
    [
        {"securityAssociations": {"securityAssociations": {"associations": held(61, 5)}}},
        {"securityAssociations": [{}, {"securityAssociations": {"associations": [held(61, 5)]}}]},
    ],
    ids=["single objects", "empty element"],
)
def test_other_shapes_of_the_reply_are_understood(http, reply):
    http.on("GET", "/Security/61/42", reply)
    assert not run(http)["changed"]


@pytest.mark.parametrize("reply", [(404, {}), {"securityAssociations": []}])
def test_nothing_is_no_role(http, reply):
    http.on("GET", "/Security/61/42", reply)
    assert run(http)["changed"]


@pytest.mark.parametrize(
    "answer",
    [
        {"response": [{"errorCode": 5, "errorString": "not allowed"}]},
        {"errorCode": 5, "errorMessage": "not allowed"},
        (403, {"errorCode": 5, "errorMessage": "not allowed"}),
    ],
)
def test_a_refusal_names_the_assignment(http, answer):
    http.on("POST", "/Security", answer)
    text = run(http)["msg"]
    assert "not allowed" in text and 'role "Operator" of "automation" on the company "Acme"' in text


def test_permissions_without_a_role_are_passed_over(http):
    http.on(
        "GET",
        "/Security/61/42",
        associations({"userOrGroup": [{"userGroupId": 61}], "properties": {"categoryPermission": {}}}, held(61, 5)),
    )
    assert not run(http)["changed"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"role": "x", "entity": "Acme"}, "one of the following is required"),
        ({**GROUP, "user": "svc"}, "mutually exclusive"),
        ({**GROUP, "entity_type": "commcell"}, "names an entity"),
    ],
)
def test_what_makes_no_sense_is_refused_before_login(http, row, said):
    assert said in run(http, row)["msg"] and http.calls == []
