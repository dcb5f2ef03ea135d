# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy

import pytest

from ansible_collections.calligo.baas.tests.support.plan_replies import BAD_GATEWAY, DETAIL, NIGHTLY, SUMMARY, detail, primary, run, script
from ansible_collections.calligo.baas.tests.support.scripted_http import ScriptedHttp


@pytest.fixture
def http(monkeypatch):
    return script(ScriptedHttp(monkeypatch))


def test_what_the_server_filled_in_is_no_difference(http):
    result = run(
        http, primary(region="Luxembourg", storage_pool="POOL-1", retention_days=30), schedules=[NIGHTLY], sla_days=7, backup_window=[]
    )
    assert result["changed"] is False and http.writes == []
    assert http.asked() == [
        "POST /Login",
        "GET /V4/Plan/Summary",
        "GET /V4/ServerPlan/71",
        "GET /StoragePool",
        "GET /V4/Storage/Disk/15",
        "POST /Logout",
    ]


def test_two_plans_of_one_name_are_not_guessed_between(http):
    http.on("GET", "/V4/Plan/Summary", {"plans": [SUMMARY, {**SUMMARY, "plan": {"id": 73, "name": "gold"}}]})
    result = run(http)
    assert "exists 2 times" in result["msg"] and "71" in result["msg"] and "73" in result["msg"]


def test_a_changed_destination_is_sent_whole_and_keeps_what_was_not_named(http):
    http.on("GET", "/V4/ServerPlan/71", DETAIL, detail(retentionPeriodDays=60))
    http.on("PUT", "/V5/ServerPlan/71/BackupDestination/511", {"planBackupDestination": {"id": 511}, "error": {"errorCode": 0}})
    result = run(http, primary(retention_days=60))
    assert result["changed"] and result["plan"]["destinations"][0]["retention_days"] == 60
    assert [call.body for call in http.writes] == [
        {
            "retentionRules": {
                "enableDataAging": False,
                "overrideRetentionSettings": True,
                "retentionRuleType": "RETENTION_PERIOD",
                "retentionPeriodDays": 60,
                "useExtendedRetentionRules": True,
                "extendedRetentionRules": {
                    "firstExtendedRetentionRule": {"type": "MONTHLY_FULLS", "isInfiniteRetention": False, "retentionPeriodDays": 365}
                },
                "fullBackupTypesToBeRetained": "FIRST",
            }
        }
    ]


def test_an_older_server_gets_the_flat_form(http):
    http.on("GET", "/V4/ServerPlan/71", DETAIL, detail(retentionPeriodDays=-1, useExtendedRetentionRules=False))
    http.on("PUT", "/V5/ServerPlan/71/BackupDestination/511", (404, {"Message": "No HTTP resource was found that matches the request URI"}))
    http.on("PUT", "/V4/ServerPlan/71/BackupDestination/511", {"errorCode": 0})
    result = run(http, primary(retention_days="infinite", extended_retention=[]))
    assert result["changed"] and result["plan"]["destinations"][0]["retention_days"] == -1
    assert http.writes[1].body == {
        "enableDataAging": False,
        "overrideRetentionSettings": True,
        "retentionRuleType": "RETENTION_PERIOD",
        "retentionPeriodDays": -1,
        "useExtendedRetentionRules": False,
    }


def test_retention_that_follows_the_pool_is_compared_as_it_is_in_effect(http):
    http.on("GET", "/V4/ServerPlan/71", detail(overrideRetentionSettings=False, retentionPeriodDays=30))
    assert run(http, primary(retention_days=14))["changed"] is False
    assert '"Primary" from 14 days to 7 days' in run(http, primary(retention_days=7))["msg"]


def test_a_worm_pool_decides_alone(http):
    http.on(
        "GET", "/V4/ServerPlan/71", detail(storagePool={"id": 15, "name": "pool-1", "retentionPeriodDays": 30, "wormStoragePoolFlag": 9})
    )
    result = run(http, primary(retention_days=60))
    assert "WORM" in result["msg"] and "retention_days" in result["msg"] and http.writes == []


def test_a_change_that_did_not_take_effect_is_not_called_done(http):
    http.on("PUT", "/V5/ServerPlan/71/BackupDestination/511", {"error": {"errorCode": 0}})
    result = run(http, primary(retention_days=60))
    assert result["failed"] and "not all took effect: destinations" in result["msg"]


def test_one_put_carries_every_change_of_the_plan(http):
    after = copy.deepcopy(DETAIL)
    after["rpo"]["backupFrequency"]["schedules"][0]["schedulePattern"].update(startTime=72000)
    full = {
        "scheduleId": 902,
        "policyId": 300,
        "backupType": "FULL",
        "schedulePattern": {"scheduleFrequencyType": "MONTHLY", "frequency": 1, "dayOfMonth": 1},
    }
    after["rpo"]["backupFrequency"]["schedules"].append(full)
    after["rpo"].update(SLA={"SLAPeriod": 2}, backupWindow={"dayOfWeek": ["SUNDAY"], "startTime": 0, "endTime": 86400})
    http.on("GET", "/V4/ServerPlan/71", DETAIL, after)
    http.on("PUT", "/V4/ServerPlan/71", {"errorCode": 0})
    schedules = [
        {**NIGHTLY, "frequency": {"type": "daily", "start_time": "20:00"}},
        {"backup_type": "full", "frequency": {"type": "monthly", "day_of_month": 1}},
    ]
    assert run(http, schedules=schedules, sla_days=2, backup_window=[{"days": ["sunday"], "start": "0:00", "end": "24:00"}])["changed"]
    (call,) = http.writes
    rpo = call.body["rpo"]
    assert rpo["SLA"] == {"useSystemDefaultSLA": False, "SLAPeriod": 2}
    assert rpo["backupWindow"] == [{"dayOfWeek": ["SUNDAY"], "startTime": 0, "endTime": 86400}]
    before = DETAIL["rpo"]["backupFrequency"]["schedules"][0]
    assert rpo["backupFrequency"]["schedules"] == [
        {**before, "scheduleOperation": "MODIFY", "schedulePattern": {**before["schedulePattern"], "startTime": 72000}},
        {
            "scheduleOperation": "ADD",
            "backupType": "FULL",
            "forDatabasesOnly": False,
            "schedulePattern": {"scheduleFrequencyType": "MONTHLY", "frequency": 1, "dayOfMonth": 1},
        },
    ]


def test_adding_a_schedule_is_never_sent_twice(http):
    http.on("PUT", "/V4/ServerPlan/71", BAD_GATEWAY)
    result = run(http, schedules=[{"backup_type": "full", "frequency": {"type": "monthly", "day_of_month": 1}}])
    assert "502 Bad Gateway" in result["msg"] and len(http.writes) == 1


def test_destinations_that_failed_are_named(http):
    http.on(
        "POST",
        "/V4/ServerPlan/71/BackupDestination",
        {"planBackupDestination": [{"id": 513, "name": "A"}], "failedDestinations": ["B"], "error": {}},
    )
    new = [{"name": name, "storage_pool": "pool-s3", "source": "Primary", "region": "luxembourg"} for name in ("A", "B")]
    assert "not done for: B" in run(http, *new)["msg"]
    body = http.writes[0].body
    assert body["region"] == {"id": 43} and [row["backupDestinationName"] for row in body["destinations"]] == ["A", "B"]
    assert body["destinations"][0] == {
        "backupDestinationName": "A",
        "storagePool": {"id": 22},
        "storageType": "CLOUD",
        "backupStartTime": -1,
        "overrideRetentionSettings": False,
        "retentionRuleType": "RETENTION_PERIOD",
        "useExtendedRetentionRules": False,
        "sourceCopy": {"name": "Primary"},
        "backupsToCopy": "All_JOBS",
        "region": {"id": 43},
    }


def test_new_destinations_of_two_regions_take_a_call_each(http):
    http.on("POST", "/V4/ServerPlan/71/BackupDestination", {"error": {"errorCode": 0}})
    run(http, *[{"name": "Second", "storage_pool": "pool-1", "retention_days": 5, "region": region} for region in ("luxembourg", "jersey")])
    assert [call.body["region"]["id"] for call in http.writes] == [43, 44]


def test_a_name_that_is_in_two_regions_needs_the_region(http):
    twice = copy.deepcopy(DETAIL)
    twice["backupDestinations"].append({**twice["backupDestinations"][0], "region": {"id": 44, "name": "jersey"}})
    http.on("GET", "/V4/ServerPlan/71", twice)
    assert "in 2 regions; give region" in run(http, primary(retention_days=90))["msg"]


def test_a_destination_without_a_region_cannot_get_one(http):
    http.on("GET", "/V4/ServerPlan/71", detail(region={}))
    assert "cannot be given one" in run(http, primary(region="luxembourg", storage_pool="pool-1"))["msg"]


@pytest.mark.parametrize(
    ("encryption", "said"),
    [({"encryption": {}}, "does not encrypt"), ({"encryption": {"encrypt": False}}, "does not encrypt"), ({}, "does not tell")],
)
@pytest.mark.parametrize("check", [True, False])
def test_a_pool_that_is_not_proven_to_encrypt_is_refused(http, encryption, said, check):
    http.on("GET", "/V4/Storage/Disk/15", {"id": 15, **encryption})
    result = run(http, primary(), check=check)
    assert said in result["msg"] and "pool-1" in result["msg"] and http.writes == []
    assert run(http, primary(), require_encryption=False, check=check)["changed"] is False


def test_a_tape_pool_does_not_tell(http):
    assert "does not tell" in run(http, {"name": "Tape", "storage_pool": "tape"})["msg"]
