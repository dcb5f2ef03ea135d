# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy

import pytest

from ansible_collections.calligo.baas.tests.support.plan_replies import DETAIL, detail, script
from ansible_collections.calligo.baas.tests.support.scripted_http import ScriptedHttp

MODULE = "commvault_retention"
PUT = "/V5/ServerPlan/71/BackupDestination/511"
JOBS = "/V4/Plan/BackupDestination/511/Jobs"
OPERATIONS = "/V4/Plan/BackupDestination/JobOperations"
JOB = {"jobId": 4711, "jobType": "Full", "endTime": 1700000000, "server": {"id": 1}, "subClient": {"id": 5}, "sizeOfApplication": 99}


@pytest.fixture
def http(monkeypatch):
    scripted = script(ScriptedHttp(monkeypatch))
    scripted.on("PUT", PUT, {"planBackupDestination": {"id": 511}, "failedDestinations": [], "error": {"errorCode": 0}})
    scripted.on("GET", JOBS, {"jobs": JOB})
    scripted.on("GET", "/V2/Plan/71", {"plan": {"storage": {"storagePolicy": {"storagePolicyId": 48}}}})
    scripted.on("POST", OPERATIONS, {"error": {"errorCode": 0}})
    return scripted


def run(http, check=False, **options):
    return http.run(MODULE, {"plan": "gold", **options}, check=check)


def test_the_rules_are_sent_whole_and_snapshots_are_left_alone(http):
    http.on("GET", "/V4/ServerPlan/71", DETAIL, detail(retentionPeriodDays=60, enableDataAging=True))
    result = run(http, retention_days=60, data_aging=True, allow_decrease=True)
    assert result["changed"] and [row["name"] for row in result["retention"]["destinations"]] == ["Primary"]
    (call,) = http.writes
    rules = call.body["retentionRules"]
    assert (rules["enableDataAging"], rules["overrideRetentionSettings"], rules["retentionPeriodDays"]) == (True, True, 60)
    assert rules["extendedRetentionRules"]["firstExtendedRetentionRule"]["type"] == "MONTHLY_FULLS"
    assert rules["fullBackupTypesToBeRetained"] == "FIRST"


def test_to_follow_the_pool_is_not_to_say_days(http):
    http.on("GET", "/V4/ServerPlan/71", DETAIL, detail(overrideRetentionSettings=False))
    result = run(http, follow_pool=True, allow_decrease=True)
    assert "retentionPeriodDays" not in http.writes[0].body["retentionRules"]
    assert http.writes[0].body["retentionRules"]["overrideRetentionSettings"] is False
    assert result["retention"]["destinations"][0]["retention_days"] == 14 and result["aging_out"]["job_ids"] == [4711]


def test_what_it_costs_is_asked_only_where_it_costs(http):
    http.on("GET", "/V4/ServerPlan/71", DETAIL, detail(retentionPeriodDays=60))
    run(http, retention_days=60)
    assert f"GET {JOBS}" not in http.asked()
    http.on("GET", "/V4/ServerPlan/71", DETAIL)
    result = run(http, retention_days=7, check=True, allow_decrease=True)
    assert f"GET {JOBS}" in http.asked() and http.writes == []
    assert result["aging_out"] == {"jobs": 1, "bytes": 99, "media_bytes": 0, "job_ids": [4711]}


def test_a_lock_of_a_newer_server_is_seen(http):
    http.on("GET", "/V4/ServerPlan/71", detail(complianceLock=True))
    assert "compliance lock" in run(http, retention_days=7, allow_decrease=True)["msg"] and http.writes == []


def test_a_change_that_did_not_take_effect_is_not_called_done(http):
    assert "not all took effect" in run(http, retention_days=60)["msg"]


def test_a_job_is_retained_at_the_storage_policy_behind_the_plan(http):
    http.on("GET", JOBS, {"jobs": [JOB]}, {"jobs": [{**JOB, "strRetainedBy": "User", "retainUntil": 2051222400}]})
    result = run(http, destination="Primary", job_ids=[4711], retain_until="2035-01-01T01:00:00+01:00")
    assert result["changed"] and result["retention"]["jobs"] == [{"id": 4711, "retain_until": "2035-01-01T00:00:00Z"}]
    assert [call.body for call in http.writes] == [
        {
            "storagePolicyId": 48,
            "copyId": 511,
            "jobIds": [4711],
            "commcellId": 2,
            "opType": "RETAIN",
            "retainUntilTime": 2051222400,
        }
    ]


@pytest.mark.parametrize("kept", [-1, 2147483647])
def test_for_ever_has_two_spellings(http, kept):
    http.on("GET", JOBS, {"jobs": [{**JOB, "strRetainedBy": "User", "retainUntil": kept}]})
    assert run(http, destination="Primary", job_ids=[4711], retain_until="infinite")["changed"] is False
    http.on("GET", JOBS, {"jobs": [JOB]}, {"jobs": [{**JOB, "strRetainedBy": "User", "retainUntil": kept}]})
    run(http, destination="Primary", job_ids=[4711], retain_until="infinite")
    assert http.writes[0].body["retainUntilTime"] == -1


def test_a_job_of_a_name_in_two_regions_needs_the_region(http):
    twice = copy.deepcopy(DETAIL)
    second = {"planBackupDestination": {"id": 513, "name": "Primary"}, "region": {"id": 44, "name": "jersey"}}
    twice["backupDestinations"].append({**twice["backupDestinations"][0], **second})
    http.on("GET", "/V4/ServerPlan/71", twice)
    assert "give region" in run(http, destination="Primary", job_ids=[4711], retain_until="infinite")["msg"]
