# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy

import pytest

from ansible_collections.calligo.baas.tests.support.plan_replies import BAD_GATEWAY, DETAIL, NIGHTLY, SUMMARY, primary, run, script
from ansible_collections.calligo.baas.tests.support.scripted_http import ScriptedHttp


@pytest.fixture
def http(monkeypatch):
    return script(ScriptedHttp(monkeypatch))


def made(http, reply, *details):
    http.on("GET", "/V4/Plan/Summary", {"plans": []}, {"plans": [SUMMARY]})
    http.on("POST", "/V4/ServerPlan", reply)
    http.on("GET", "/V4/ServerPlan/71", *details)
    return run(http, primary(storage_pool="pool-1", region="luxembourg", retention_days=30), schedules=[NIGHTLY])


def test_a_creation_that_was_done_as_asked_needs_no_repair(http):
    result = made(http, {"plan": {"id": 71, "name": "gold"}}, DETAIL)
    assert result["changed"] and [call.method for call in http.writes] == ["POST"]
    assert http.writes[0].body == {
        "planName": "gold",
        "backupDestinations": [
            {
                "backupDestinationName": "Primary",
                "storagePool": {"id": 15},
                "storageType": "DISK",
                "backupStartTime": -1,
                "overrideRetentionSettings": True,
                "retentionRuleType": "RETENTION_PERIOD",
                "useExtendedRetentionRules": False,
                "retentionPeriodDays": 30,
                "region": {"id": 43},
            }
        ],
        "rpo": {
            "backupFrequency": {
                "schedules": [
                    {
                        "scheduleOperation": "ADD",
                        "backupType": "INCREMENTAL",
                        "forDatabasesOnly": False,
                        "schedulePattern": {"scheduleFrequencyType": "DAILY", "frequency": 1, "startTime": 75600},
                    }
                ]
            }
        },
    }


def test_an_rpo_that_the_creation_ignored_is_put_afterwards(http):
    http.on("PUT", "/V4/ServerPlan/71", {"errorCode": 0})
    result = made(http, {"plan": {"id": 71}}, {**DETAIL, "rpo": {}}, DETAIL)
    assert result["changed"] and [call.method for call in http.writes] == ["POST", "PUT"]
    assert http.writes[1].body["rpo"]["backupFrequency"]["schedules"][0]["scheduleOperation"] == "ADD"


def test_a_partial_creation_is_repaired_and_told(http):
    reply = {
        "plan": {"id": 71},
        "errors": [{"component": "storagePool", "errorCode": 587207454, "errorMessage": "destinations were not added"}],
    }
    http.on(
        "POST", "/V4/ServerPlan/71/BackupDestination", {"planBackupDestination": {"id": 511, "name": "Primary"}, "error": {"errorCode": 0}}
    )
    result = made(http, reply, {**DETAIL, "backupDestinations": []}, DETAIL)
    assert result["changed"] and "destinations were not added" in str(result["warnings"])
    assert [f"{call.method} {call.path}" for call in http.writes] == ["POST /V4/ServerPlan", "POST /V4/ServerPlan/71/BackupDestination"]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ({"plan": {"id": 0}, "errors": [{"errorCode": 5, "errorMessage": "no licence"}]}, "no licence"),
        ({"errorCode": 5, "errorMessage": "no permission"}, "no permission"),
        ({"plan": {}}, "no reason given"),
        ((404, {"errorCode": 404, "errorMessage": "no such pool"}), "no such pool"),
    ],
)
def test_a_plan_that_was_not_made_is_an_error(http, reply, said):
    result = made(http, reply, DETAIL)
    assert result["failed"] and said in result["msg"] and len(http.writes) == 1


def test_a_gateways_error_after_the_creation_is_looked_behind(http):
    result = made(http, BAD_GATEWAY, DETAIL)
    assert result["changed"] and result["plan"]["id"] == 71 and len(http.writes) == 1


def test_an_sla_that_the_server_never_tells_is_no_drift(http):
    silent = copy.deepcopy(DETAIL)
    del silent["rpo"]["SLA"]
    http.on("GET", "/V4/ServerPlan/71", silent)
    assert run(http, sla_days=2)["changed"] is False


def test_a_plan_in_use_is_refused_before_anything_is_sent(http):
    http.on("GET", "/V4/Plan/Summary", {"plans": {**SUMMARY, "associatedEntities": 12}})
    result = run(http, state="absent")
    assert "12" in result["msg"] and result["error"]["associated_entities"] == 12 and http.writes == []


@pytest.mark.parametrize(("after", "said"), [((404, {"errorCode": 404}), None), (DETAIL, "waits for approval")])
def test_a_deletion_is_looked_at(http, after, said):
    http.on("GET", "/V4/ServerPlan/71", DETAIL, after)
    http.on("DELETE", "/V4/ServerPlan/71", {"errorCode": 0})
    result = run(http, state="absent")
    assert (said in result["msg"]) if said else result["changed"]
