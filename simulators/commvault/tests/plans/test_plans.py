# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage pools and plans."""

from __future__ import annotations

import pytest

COPY = {
    "backupDestinationName": "Primary",
    "storagePool": {"name": "lux-pool-01"},
    "region": {"name": "luxembourg"},
    "retentionPeriodDays": 30,
}
DAILY = {
    "scheduleOperation": "ADD",
    "backupType": "INCREMENTAL",
    "schedulePattern": {"scheduleFrequencyType": "DAILY", "frequency": 1},
}


@pytest.fixture
def acme(api):
    return api.post("/V4/company", {"name": "Acme Sàrl", "alias": "acme", "email": "ada@acme.example", "contactName": "Ada"})["id"]


def as_company(number):
    return {"headers": {"operatorCompanyId": str(number)}}


def plan(api, name="gold", company=0, *copies, **more):
    body = {"planName": name, "backupDestinations": list(copies) or [COPY]} | more
    return api.post("/V4/ServerPlan", body, **as_company(company))


def test_pool_details_differ_between_disk_and_cloud(api, sim):
    disk, plain, cloud = (
        next(p.id for p in sim.pools.values() if p.name == name) for name in ("lux-pool-01", "lux-pool-plain", "jer-cloud-01")
    )
    assert api.get(f"/V4/Storage/Disk/{disk}")["encryption"]["encrypt"] is True
    assert api.get(f"/V4/Storage/Disk/{plain}")["encryption"] == {"encrypt": False}
    assert "associatedPlans" in api.get(f"/V4/Storage/Cloud/{cloud}")
    assert api.get(f"/V4/Storage/Cloud/{disk}")["errorCode"] == 404
    wrong = {"dataEncryption": {"encrypt": True, "cipher": "DES3", "keyLength": 256}}
    assert api.put(f"/V4/Storage/Disk/{plain}", wrong)["errorCode"]
    wrong["dataEncryption"]["keyLength"] = 192
    assert api.put(f"/V4/Storage/Disk/{plain}", wrong)["errorCode"] == 0


def test_the_pool_list_answers_xml_to_the_sdk(api):
    text = api.get("/StoragePool", headers={"Accept": "application/xml"})
    assert 'storagePoolName="lux-pool-01"' in text


@pytest.mark.parametrize("days", [0, -2, 10000])
def test_retention_below_one_day_is_refused_with_http_200(api, days):
    reply = plan(api, "gold", 0, COPY | {"retentionPeriodDays": days})
    assert api.last.status_code == 200
    assert "plan" not in reply
    assert reply["errors"][0]["errorCode"]


def test_infinite_retention_is_minus_one(api):
    number = plan(api, "gold", 0, COPY | {"retentionPeriodDays": -1})["plan"]["id"]
    assert api.get(f"/V4/ServerPlan/{number}")["backupDestinations"][0]["retentionPeriodDays"] == -1


def test_extended_rules_must_exceed_the_base(api):
    rules = {"firstExtendedRetentionRule": {"type": "MONTHLY_FULLS", "retentionPeriodDays": 30}}
    reply = plan(api, "gold", 0, COPY | {"useExtendedRetentionRules": True, "extendedRetentionRules": rules})
    assert "exceed" in reply["errors"][0]["errorMessage"]


def test_a_plan_follows_its_pool_unless_it_overrides(api, sim):
    pool = next(p for p in sim.pools.values() if p.name == "lux-pool-01")
    pool.retention_days = 90
    number = plan(api, "gold", 0, {"backupDestinationName": "Primary", "storagePool": {"id": pool.id}})["plan"]["id"]
    row = api.get(f"/V4/ServerPlan/{number}")["backupDestinations"][0]
    assert (row["overrideRetentionSettings"], row["retentionPeriodDays"]) == (False, 90)


def test_a_worm_pool_forces_its_retention_and_a_lock_only_goes_up(api, sim):
    pool = next(p for p in sim.pools.values() if p.name == "lux-pool-01")
    pool.worm, pool.retention_days = 1, 60
    made = plan(api)["plan"]["id"]
    copy = api.get(f"/V4/ServerPlan/{made}")["backupDestinations"][0]["planBackupDestination"]["id"]
    path = f"/V5/ServerPlan/{made}/BackupDestination/{copy}"
    assert "locked" in api.put(path, {"retentionRules": {"retentionPeriodDays": 10}})["errorMessage"]
    assert api.last.status_code == 200
    assert api.put(path, {"retentionRules": {"retentionPeriodDays": 40}})["error"]["errorCode"] == 0
    pool.worm = 4
    other = plan(api, "forced")["plan"]["id"]
    assert api.get(f"/V4/ServerPlan/{other}")["backupDestinations"][0]["retentionPeriodDays"] == 60


def test_schedules_are_added_changed_deleted_and_never_merged(api):
    number = plan(api, rpo={"backupFrequency": {"schedules": [DAILY, DAILY]}})["plan"]["id"]
    first, second = api.get(f"/V4/ServerPlan/{number}/RPO")["schedules"]
    assert first["scheduleId"] != second["scheduleId"]
    ids = {key: first[key] for key in ("scheduleId", "policyId")}
    hourly = ids | {"backupType": "INCREMENTAL", "schedulePattern": {"scheduleFrequencyType": "MINUTES", "frequency": 60}}
    gone = {key: second[key] for key in ("scheduleId", "policyId")} | {"scheduleOperation": "DELETE"}
    assert api.put(f"/V4/ServerPlan/{number}/RPO", {"backupFrequency": {"schedules": [hourly, gone]}})["errorCode"] == 0
    assert api.get("/V4/Plan/Summary")["plans"][0]["RPO"] == 60
    assert len(api.get(f"/V4/ServerPlan/{number}/RPO")["schedules"]) == 1


def test_destinations_succeed_in_part_and_412_guards_defaults_and_sources(api):
    number = plan(api)["plan"]["id"]
    body = {
        "destinations": [
            {"backupDestinationName": "Offsite", "storagePool": {"name": "jer-cloud-01"}, "retentionPeriodDays": 90},
            {"backupDestinationName": "Vault", "storagePool": {"name": "no-such-pool"}},
        ],
        "region": {"name": "luxembourg"},
    }
    reply = api.post(f"/V4/ServerPlan/{number}/BackupDestination", body)
    assert (reply["failedDestinations"], [row["name"] for row in reply["planBackupDestination"]]) == (["Vault"], ["Offsite"])
    primary, offsite = api.get(f"/V4/ServerPlan/{number}/BackupDestinations")["backupdestinations"]
    assert offsite["sourceCopy"]["name"] == "Primary"
    api.delete(f"/V4/ServerPlan/{number}/BackupDestination/{primary['planBackupDestination']['id']}")
    assert api.last.status_code == 412
    moved = api.put(
        f"/V4/ServerPlan/{number}/BackupDestination/{offsite['planBackupDestination']['id']}", {"storagePool": {"name": "lux-pool-01"}}
    )
    assert "can not be changed" in moved["errorMessage"]
    assert api.delete(f"/V4/ServerPlan/{number}/BackupDestination/{offsite['planBackupDestination']['id']}")["errorCode"] == 0


def test_plan_names_are_unique_in_a_company_and_partial_creation_is_told(api, acme):
    assert plan(api, "gold", acme)["plan"]["id"] != plan(api, "gold")["plan"]["id"]
    assert plan(api, "Gold", acme)["errors"]
    api.control("POST", "faults", {"name": "plan_partial", "times": 1})
    reply = plan(api, "silver")
    assert reply["plan"]["id"]
    assert reply["errors"][0]["errorCode"] == 587207454


def test_an_assigned_plan_is_seen_but_not_edited_by_the_company(api, acme):
    number = plan(api, "shared")["plan"]["id"]
    assert api.get(f"/V4/ServerPlan/{number}", **as_company(acme))["errorCode"] == 404
    api.put(f"/V4/company/{acme}", {"plans": [{"id": number}]})
    assert api.get(f"/V4/ServerPlan/{number}", **as_company(acme))["plan"]["name"] == "shared"
    api.put(f"/V4/ServerPlan/{number}", {"newName": "x"}, **as_company(acme))
    assert api.last.status_code == 403


def test_stale_lists_hide_what_is_new_until_hard_refresh(api):
    api.control("POST", "faults", {"name": "stale_lists"})
    plan(api)
    assert api.get("/V4/Plan/Summary")["plansCount"] == 0
    assert api.get("/V4/Plan/Summary?hardRefresh=true")["plansCount"] == 1


def test_the_older_plan_view_holds_what_the_sdk_indexes(api):
    number = plan(api)["plan"]["id"]
    detail = api.get(f"/V2/Plan/{number}?propertyLevel=30")["plan"]
    assert detail["storage"]["copy"][0]["retentionRules"]["retainBackupDataForDays"] == 30
    assert detail["operationWindow"]["ruleId"] == 0
    assert api.get(f"/V2/Plan/{number}/AssociatedEntities") == {"entities": []}
