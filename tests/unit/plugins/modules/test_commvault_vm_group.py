# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support.vm_group_replies import (
    AWARE,
    DB,
    DB_ENTRY,
    DISK,
    GUESTS,
    LABEL,
    WEB,
    WEB_ENTRY,
    answering,
    detail,
    empty,
    run,
)


@pytest.fixture
def http(monkeypatch):
    return answering(monkeypatch)


def test_create_then_set_what_creation_does_not_take(http):
    empty(http)
    http.on("POST", "/V4/VMGroup", {"subclientId": 40, "errorCode": 0})
    pattern = {"condition": "ends_with", "value": "-test"}
    rule = {"type": "VM_NAME", "condition": "ENDS_WITH", "name": "-test", "value": "-test", "displayName": "-test", "GUID": ""}
    filters = {"overwrite": True, "virtualMachines": [], "ruleGroups": [{"matchRule": "ANY", "rules": [rule]}]}
    made = detail(content=[WEB_ENTRY], filters=filters, disks=[DISK], **AWARE, **GUESTS)
    http.on("GET", "/V4/VmGroup/40", detail(content=[WEB_ENTRY]), made)
    options = {"plan": "Gold", "content": {"vms": [WEB]}, "filters": {"name_patterns": [pattern]}, "disk_filters": [LABEL]}
    result = run(http, **options, consistency="application_aware", guest_credential="GUESTS")
    assert result["changed"] is True and result["vm_group"]["filters"]["name_patterns"] == [pattern]
    assert [(call.method, call.path, call.body) for call in http.writes] == [
        (
            "POST",
            "/V4/VMGroup",
            {
                "name": "web",
                "Hypervisor": {"id": 10, "name": "vc01"},
                "content": {"overwrite": True, "virtualMachines": [WEB_ENTRY], "ruleGroups": []},
                "plan": {"id": 7, "name": "Gold"},
            },
        ),
        (
            "PUT",
            "/V4/VmGroup/40",
            {"filters": filters, "diskFilters": {"overwrite": True, "rules": [DISK]}, "settings": {**AWARE, **GUESTS}},
        ),
    ]
    assert result["diff"]["before"] == {}


def test_creation_needs_no_second_call_where_the_defaults_are_wanted(http):
    empty(http)
    http.on("POST", "/V4/VMGroup", {"subclientId": 40, "errorCode": 0})
    run(http, plan="Gold", content={"vms": [WEB, DB]}, filters={}, backup_enabled=True)
    assert [call.method for call in http.writes] == ["POST"]


def test_a_group_that_was_made_is_told_even_when_the_rest_fails(http):
    empty(http)
    http.on("POST", "/V4/VMGroup", {"subclientId": 40, "errorCode": 0})
    http.on("PUT", "/V4/VmGroup/40", (500, {"errorCode": 587, "errorMessage": "Guest credentials are missing."}))
    result = run(http, content={"vms": [WEB, DB]}, consistency="application_aware", guest_credential="guests")
    assert result["failed"] and "was created (id 40)" in result["msg"] and "Guest credentials are missing." in result["msg"]
    assert result["error"]["created_id"] == 40 and result["error"]["server_code"] == "587"


def test_a_creation_whose_answer_was_lost_is_looked_for(http):
    row = {"vmGroup": {"id": 40, "name": "web"}, "hypervisor": {"id": 10}}
    http.on("GET", "/V4/VMGroups", (404, {"vmGroups": []}), {"vmGroups": [row]})
    http.on("POST", "/V4/VMGroup", (502, "<html><title>Bad Gateway</title></html>"))
    result = run(http, content={"vms": [WEB, DB]})
    assert result["changed"] is True and result["vm_group"]["id"] == 40
    assert len(http.writes) == 1


def test_a_refused_creation_is_an_error(http):
    empty(http)
    http.on("POST", "/V4/VMGroup", {"errorCode": 3, "errorMessage": "The name is taken."})
    result = run(http, content={"vms": [WEB]})
    assert result["failed"] and "The name is taken." in result["msg"]
    http.on("POST", "/V4/VMGroup", {})
    result = run(http, content={"vms": [WEB]})
    assert result["failed"] and "without an id" in result["msg"]


def test_exact_content_overwrites(http):
    http.on("GET", "/V4/VmGroup/40", detail(), detail(content=[WEB_ENTRY]))
    result = run(http, content={"vms": [WEB]})
    assert http.writes[0].body == {"content": {"overwrite": True, "virtualMachines": [WEB_ENTRY], "ruleGroups": []}}
    assert result["vm_group"]["content"]["vms"] == [WEB] and "warnings" not in result


def test_adding_one_vm_sends_that_one(http):
    http.on("GET", "/V4/VmGroup/40", detail(content=[DB_ENTRY]), detail())
    result = run(http, content_mode="add", content={"vms": [WEB, DB]})
    assert http.writes[0].body == {"content": {"overwrite": False, "virtualMachines": [WEB_ENTRY], "ruleGroups": []}}
    assert result["diff"]["before"]["content"]["vms"] == [DB] and result["diff"]["after"]["content"]["vms"] == [WEB, DB]
    assert run(http, content_mode="add", content={"vms": [WEB]})["changed"] is False


def test_removing_one_vm_writes_the_rest_as_it_was(http):
    power = {"type": "VM_POWER_STATE", "condition": "EQUALS", "name": "On", "value": "1"}
    group = {"matchRule": "ANY", "rules": [power]}
    http.on("GET", "/V4/VmGroup/40", detail(groups=[group]), detail(content=[DB_ENTRY], groups=[group]))
    result = run(http, content_mode="remove", content={"vms": [WEB]})
    assert http.writes[0].body == {"content": {"overwrite": True, "virtualMachines": [DB_ENTRY], "ruleGroups": [group]}}
    assert result["vm_group"]["content"]["vms"] == [DB]
    assert result["vm_group"]["content"]["other"] == [{"type": "VM_POWER_STATE", "condition": "EQUALS", "name": "On", "value": "1"}]
    assert run(http, content_mode="remove", content={"vms": [WEB]})["changed"] is False


@pytest.mark.parametrize(
    "options",
    [
        {"content": {}},
        {"content": {"vms": [], "match": "all"}},
        {"content_mode": "remove", "content": {"vms": [WEB, DB]}},
    ],
)
def test_wiping_the_content_needs_leave(http, options):
    result = run(http, **options, check=True)
    assert result["failed"] and result["error"]["kind"] == "Refused" and "allow_empty" in result["msg"]
    http.on("GET", "/V4/VmGroup/40", detail(), detail(content=[]))
    result = run(http, **options, allow_empty=True)
    assert result["changed"] is True
    assert http.writes[0].body == {
        "content": {"overwrite": True, "virtualMachines": [], "ruleGroups": []},
        "settings": {"allowEmptySubclient": True},
    }


def test_a_new_group_without_content_needs_leave_too(http):
    empty(http)
    result = run(http, plan="Gold")
    assert result["failed"] and "allow_empty" in result["msg"] and http.writes == []


def test_rules_that_must_all_hold_are_not_taken_apart(http):
    rules = [{"type": "VM_NAME", "condition": "CONTAINS", "name": text} for text in ("web", "prod")]
    http.on("GET", "/V4/VmGroup/40", detail(groups=[{"matchRule": "ALL", "rules": rules}]))
    pattern = {"name_patterns": [{"value": "web"}]}
    for mode in ("add", "remove"):
        result = run(http, content_mode=mode, content=pattern)
        assert result["failed"] and "content_mode=exact" in result["msg"] and http.writes == []
    assert run(http, content_mode="remove", content={"vms": [WEB]}, check=True)["changed"] is True
    result = run(http, content_mode="add", content={**pattern, "match": "all"})
    assert result["failed"] and "match=all" in result["msg"]


def test_consistency_sends_both_settings_and_sees_contradictions(http):
    http.on(
        "GET", "/V4/VmGroup/40", detail(vmBackupType="CRASH_CONSISTENT", isApplicationAware=True), detail(vmBackupType="CRASH_CONSISTENT")
    )
    result = run(http, consistency="crash")
    assert result["diff"]["before"]["consistency"] == "inconsistent"
    assert http.writes[0].body == {"settings": {"vmBackupType": "CRASH_CONSISTENT", "isApplicationAware": False}}
    http.on("GET", "/V4/VmGroup/40", detail(vmBackupType="INHERITED"))
    assert run(http, consistency="crash", check=True)["diff"]["before"]["consistency"] == "inherited"


def test_plan_and_activity_change_and_restore_stays_as_it_was(http):
    run(http, plan="Silver", backup_enabled=False)
    assert http.writes[0].body == {
        "plan": {"id": 8, "name": "Silver"},
        "activityControl": {"enableBackup": False, "enableRestore": False},
    }


def test_a_change_that_is_not_shown_is_warned_about(http):
    result = run(http, plan="Silver")
    assert result["changed"] is True and "does not show it yet: plan" in str(result["warnings"])


def test_delete_looks_whether_it_happened(http):
    http.on("DELETE", "/V4/VmGroup/40", {"errorCode": 0})
    http.on("GET", "/V4/VmGroup/40", detail(), (404, {"errorCode": 404, "errorMessage": "not found"}))
    result = run(http, state="absent")
    assert result["changed"] is True and result["vm_group"] is None
    http.on("DELETE", "/V4/VmGroup/40", (202, {"errorCode": 0, "errorMessage": "The request is pending administrator authorization."}))
    http.on("GET", "/V4/VmGroup/40", detail())
    result = run(http, state="absent")
    assert result["failed"] and "approv" in result["msg"]
    http.on("GET", "/V4/VmGroup/40", detail(), (404, {}))
    result = run(http, state="absent")
    assert result["changed"] is True and "can still be denied" in str(result["warnings"])


def test_default_group_is_not_deleted(http):
    http.on("GET", "/V4/VmGroup/40", detail(default=True))
    result = run(http, state="absent", check=True)
    assert result["failed"] and result["error"]["kind"] == "Refused"
