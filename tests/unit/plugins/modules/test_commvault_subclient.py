# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.calligo.baas.tests.support.scripted_http import ScriptedHttp
from ansible_collections.calligo.baas.tests.support.subclient_replies import detail, row

MODULE = "commvault_subclient"
OK = {"response": [{"errorCode": 0}]}
THERE = ["C:", "D:", "E:", "Data", "data", "Neu", "New", "a+b", "Übersicht"]
"""What each folder of the client holds."""
PLANS = {"plans": [{"plan": {"id": 7, "name": "Gold"}}, {"plan": {"id": 8, "name": "Silver"}}]}


@pytest.fixture
def http(monkeypatch):
    scripted = ScriptedHttp(monkeypatch)
    # A virtual server's subclient of the same name, and a system one, are none of ours.
    rows = [row(20, "data", application=106), row(21, "catch-all", default=True), row(22, "data"), row(23, "IndexBackup")]
    scripted.on("GET", "/Subclient", {"subClientProperties": rows})
    scripted.on("GET", "/Subclient/21", detail(21, "catch-all", [{"path": "\\"}], default=True))
    scripted.on(
        "GET", "/Subclient/22", detail(22, "data", [{"path": "D:\\Data"}, {"excludePath": "**\\Winsxs"}, {"includePath": "D:\\keep"}])
    )
    scripted.on("GET", "/Client/5/browsefs", {"nodes": [{"name": name} for name in THERE]})
    scripted.on("GET", "/V4/Plan/Summary", PLANS)
    scripted.on("POST", "/Subclient/21", OK)
    scripted.on("POST", "/Subclient/22", OK)
    return scripted


def run(http, *subclients, **more):
    return http.run(MODULE, {"subclients": [{"client": "srv01", **one} for one in subclients]}, **more)


def written(http):
    return [(call.path, call.body["subClientProperties"]) for call in http.writes]


def test_one_body_with_the_differences_only(http):
    wanted = {"name": "data", "content": ["E:\\Neu\\"], "filters": [], "exceptions": ["D:\\keep"], "plan": "Silver", "vss": "off"}
    result = run(http, wanted)
    assert result["changed"] is True
    assert written(http) == [
        (
            "/Subclient/22",
            {
                "fsContentOperationType": 1,
                "fsExcludeFilterOperationType": 4,
                "content": [{"path": "E:\\Neu\\"}],
                "planEntity": {"planId": 8, "planName": "Silver"},
                "fsSubClientProp": {"useVSS": False},
            },
        )
    ]
    assert result["subclients"][0]["content"] == ["E:\\Neu\\"] and result["subclients"][0]["exceptions"] == ["D:\\keep"]
    # Apart from login and logout: the list, the detail, the folder above what is new, the plans, the change.
    assert len(http.calls) == 7


def test_emptying_a_list_sends_no_entries(http):
    run(http, {"name": "data", "filters": [], "exceptions": []})
    assert written(http) == [("/Subclient/22", {"fsExcludeFilterOperationType": 4, "fsIncludeFilterOperationType": 4})]


def test_paths_are_written_as_they_are_given(http):
    odd = ["D:\\50 % & 'y'\\a+b", "D:\\Köln\\Übersicht\\", "d:\\KÖLN\\übersicht"]
    run(http, {"name": "data", "content": odd})
    assert written(http)[0][1]["content"] == [{"path": odd[0]}, {"path": odd[1]}]


def test_a_creation_whose_answer_was_lost_is_looked_for(http):
    http.on("POST", "/Subclient", (502, "<html><title>Bad Gateway</title></html>"))
    before = {"subClientProperties": [row(21, "catch-all", default=True)]}
    http.on("GET", "/Subclient", before, {"subClientProperties": [row(21, "catch-all", default=True), row(30, "new")]})
    http.on("GET", "/Subclient/30", detail(30, "new", [{"path": "D:\\New"}], plan=None))
    result = run(http, {"name": "new", "content": ["D:\\New"]})
    assert result["subclients"][0]["id"] == 30
    assert len(http.writes) == 1


def test_content_taken_from_the_plan_is_made_its_own_when_filters_change(http):
    http.on("GET", "/Subclient/22", detail(22, "data", [{"path": "C:\\"}, {"excludePath": "*.log"}], useLocalContent=False))
    run(http, {"name": "data", "filters": ["*.tmp"]})
    assert written(http)[0][1] == {
        "useLocalContent": True,
        "fsContentOperationType": 1,
        "fsExcludeFilterOperationType": 1,
        "fsIncludeFilterOperationType": 4,
        "content": [{"path": "C:\\"}, {"excludePath": "*.tmp"}],
    }


def test_one_bare_object_instead_of_a_list(http):
    http.on("GET", "/Subclient", {"subClientProperties": row(22, "data")})
    body = detail(22, "data", {"path": "D:\\Data"})
    http.on("GET", "/Subclient/22", {"subClientProperties": body["subClientProperties"][0]})
    assert run(http, {"name": "data", "content": ["D:\\Data"]})["changed"] is False


def test_unknown_client_is_named_before_anything_is_written(http):
    http.on("GET", "/Subclient", {"subClientProperties": [row(22, "data")]}, {"subClientProperties": []})
    http.on("GET", "/Client/byName(clientName='nosuch')", {"clientProperties": []})
    options = [{"client": "srv01", "name": "data", "content": ["E:\\"]}, {"client": "nosuch", "name": "data", "content": ["E:\\"]}]
    result = http.run(MODULE, {"subclients": options})
    assert result["failed"] and 'client "nosuch" does not exist' in result["msg"]
    assert result["error"]["object"] == "nosuch"
    assert http.writes == []


def test_unknown_client_in_check_mode_is_a_warning_once(http):
    http.on("GET", "/Subclient", {"subClientProperties": []})
    http.on("GET", "/Client/byName(clientName='srv01')", {"clientProperties": []})
    result = run(http, {"name": "a", "content": ["E:\\"]}, {"name": "b", "content": ["E:\\"]}, check=True)
    assert result["changed"] is True and http.writes == []
    assert sum("srv01" in str(warning) for warning in result["warnings"]) == 1


def test_unknown_client_has_nothing_to_delete(http):
    http.on("GET", "/Subclient", {"subClientProperties": []})
    result = run(http, {"name": "a", "state": "absent"})
    assert result["changed"] is False and "nothing to delete" in str(result["warnings"])


def test_client_without_file_system_agent(http):
    http.on("GET", "/Subclient", {"subClientProperties": [row(20, "vms", application=106)]})
    http.on(
        "GET",
        "/Client/byName(clientName='srv01')",
        {"clientProperties": [{"client": {"clientEntity": {"clientId": 5, "clientName": "srv01"}}}]},
    )
    result = run(http, {"name": "data", "content": ["E:\\"]})
    assert result["failed"] and "file system agent" in result["msg"]


def test_unknown_plan_or_backup_set_leaves_nothing_half_written(http):
    result = run(http, {"name": "data", "content": ["E:\\"]}, {"name": "default", "plan": "Nosuch"})
    assert result["failed"] and 'plan "Nosuch"' in result["msg"] and "catch" not in result["msg"]
    assert "srv01 / defaultBackupSet / default" in result["msg"]
    assert http.writes == []
    result = run(http, {"name": "data", "content": ["E:\\"]}, {"name": "data", "backupset": "appdata", "content": ["E:\\"]})
    assert result["failed"] and '"appdata" does not exist' in result["msg"]
    assert http.writes == []


def test_client_of_another_company_is_refused(http):
    info: dict[str, t.Any] = {"entityInfo": {"companyId": 42, "companyName": "Boréal"}}
    http.on("GET", "/Subclient", {"subClientProperties": [row(22, "data", **info)]})
    result = http.run(MODULE, {"company_id": 41, "subclients": [{"client": "srv01", "name": "data", "content": ["E:\\"]}]})
    assert result["failed"] and "Boréal" in result["msg"] and result["error"]["kind"] == "Refused"
    assert http.writes == []
    assert all(call.headers["operatorCompanyId"] == "41" for call in http.calls if call.path == "/Subclient")


def test_default_is_found_by_its_flag_and_not_deleted(http):
    result = run(http, {"name": "default", "state": "absent"})
    assert result["failed"] and result["error"]["kind"] == "Refused" and "default" in result["msg"]
    assert http.writes == []


def test_delete_looks_whether_it_happened(http):
    http.on("DELETE", "/Subclient/22", OK)
    http.on("GET", "/Subclient/22", detail(22, "data", []), (404, {"errorCode": 4, "errorMessage": "Failed to get any subclient"}))
    result = run(http, {"name": "data", "state": "absent"})
    assert result["changed"] is True
    http.on("DELETE", "/Subclient/22", (202, {"errorCode": 0, "errorMessage": "pending administrator authorization"}))
    http.on("GET", "/Subclient/22", detail(22, "data", []))
    result = run(http, {"name": "data", "state": "absent"})
    assert result["failed"] and "approv" in result["msg"]


@pytest.mark.parametrize(
    ("subclients", "text"),
    [
        ([{"name": "data"}, {"name": "Data", "backupset": "DEFAULTbackupset"}], "listed twice"),
        ([{"name": "data", "content": []}], "cannot be empty"),
        ([{"name": "data", "content": ["D:\\"], "filters": [" "]}], "empty path in filters"),
    ],
)
def test_lists_that_make_no_sense_are_refused_before_login(http, subclients, text):
    result = run(http, *subclients)
    assert result["failed"] and text in result["msg"] and result["error"]["kind"] == "InputError"
    assert http.calls == []


def test_default_under_two_names_is_refused(http):
    result = run(http, {"name": "default", "content": ["C:\\"]}, {"name": "catch-all", "content": ["D:\\"]})
    assert result["failed"] and "are the same subclient" in result["msg"]
    assert http.writes == []


def test_new_subclient_needs_content(http):
    result = run(http, {"name": "new", "plan": "Gold"})
    assert result["failed"] and "give its content" in result["msg"]


def test_linux_has_case_and_no_vss(http):
    http.on("GET", "/Subclient", {"subClientProperties": [row(22, "data", application=29)]})
    http.on("GET", "/Subclient/22", detail(22, "data", [{"path": "/srv/Data"}], entity_more={"application": 29}))
    assert run(http, {"name": "data", "content": ["/srv/Data/"]})["changed"] is False
    assert run(http, {"name": "data", "content": ["/srv/data"]}, check=True)["changed"] is True
    result = run(http, {"name": "data", "vss": "all_files"})
    assert result["failed"] and "Linux" in result["msg"]


def test_errors_of_the_server_name_the_subclient(http):
    http.on("POST", "/Subclient/22", {"response": [{"errorCode": 1, "errorString": "Plan is not eligible."}]})
    result = run(http, {"name": "data", "plan": "Silver"})
    assert result["failed"] and "srv01 / defaultBackupSet / data" in result["msg"] and "Plan is not eligible." in result["msg"]
    assert "correct horse" not in str(result)


def test_off_without_quotes_is_a_boolean_in_yaml_and_still_off(http):
    run(http, {"name": "data", "vss": False})
    assert written(http) == [("/Subclient/22", {"fsSubClientProp": {"useVSS": False}})]
