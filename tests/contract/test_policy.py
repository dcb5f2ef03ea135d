# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Policy and the vendor's SDK, both ways: plans, their copies' retention and schedules, jobs on a copy, data aging."""

from __future__ import annotations

import pytest
from cvpysdk.policies.storage_policies import StoragePolicyCopy

from ansible_collections.calligo.baas.tests.contract import sdk
from ansible_collections.calligo.baas.tests.support.modules import Modules
from ansible_collections.calligo.baas.tests.support.walk import unchanged
from commvaultsim.sandbox import Sandbox

REGION = "luxembourg"
PRIMARY = {"name": "Primary", "storage_pool": "lux-pool-01", "region": REGION, "retention_days": 30}
SECOND = {"name": "Second", "storage_pool": "lux-pool-02", "region": REGION, "source": "Primary", "retention_days": 90}
YEARLY = {"type": "yearly_fulls", "retention_days": "infinite"}
MONTHLY = {"type": "monthly_fulls", "retention_days": 365}
NIGHTLY = {"backup_type": "incremental", "frequency": {"type": "daily", "every": 1, "start_time": "21:00"}}
LOGS = {"backup_type": "transaction_log", "frequency": {"type": "automatic", "every": 240}}


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    """A sandbox of this file's own; the subclient that it protects has one backup."""
    with Sandbox(tmp_path_factory.mktemp("policy"), job_seconds=0.5) as sandbox:
        running = Modules(sandbox)
        running("commvault_company", {"name": "Policy tenant", "alias": "policy"})
        yield running


@pytest.fixture
def commcell(modules):
    """A session of the SDK as the provider; it keeps what it has read, so each test has its own."""
    session = sdk.login(modules.sandbox)
    modules.sandbox.control("DELETE", "/journal")
    yield session
    assert not sdk.unmodelled(modules.sandbox)
    session.logout()


def made(modules, name, *destinations, **more):
    return modules("commvault_plan", {"name": name, "destinations": list(destinations) or [PRIMARY], **more})["plan"]


def copy_of(commcell, plan, name):
    return StoragePolicyCopy(commcell, commcell.storage_policies.get(plan), name)


@pytest.mark.contract(operation="create a plan", module="commvault_plan", direction="reads")
def test_the_sdk_reads_a_plan(modules, commcell):
    content = {"windows_included": ["\\"], "unix_excluded": ["/tmp"], "system_state": False}
    window = [{"days": ["saturday"], "start": "00:00", "end": "24:00"}]
    made(modules, "plan read", PRIMARY, SECOND, schedules=[NIGHTLY, LOGS], content=content, full_backup_window=window, sla_days=2)
    plan = commcell.plans.get("plan read")
    found = plan.get_plan_properties()
    assert plan.get_schedule_properties({"backupType": "INCREMENTAL"})["schedulePattern"]["startTime"] == 75600
    assert plan.get_schedule_properties({"backupType": "TRANSACTIONLOG"})["schedulePattern"]["maxBackupIntervalInMins"] == 240
    assert found["backupContent"]["unixExcludedPaths"] == ["/tmp"] and found["backupContent"]["backupSystemState"] is False
    assert found["rpo"]["fullBackupWindow"] == [{"dayOfWeek": ["SATURDAY"], "startTime": 0, "endTime": 86400}]
    assert list(plan.storage_copies) == ["Primary", "Second"] and plan.storage_copies["Primary"]["isDefault"]
    assert plan.storage_copies["Second"]["retainBackupDataForDays"] == 90


@pytest.mark.contract(operation="create a plan", module="commvault_plan", direction="writes")
def test_a_plan_of_the_sdk_is_no_change(modules, commcell):
    copies = [
        {"backupDestinationName": "Primary", "storage_name": "lux-pool-01", "retentionPeriodDays": 30, "region_name": REGION},
        {"backupDestinationName": "Second", "storage_name": "lux-pool-02", "retentionPeriodDays": 90, "region_name": REGION},
    ]
    window = [{"dayOfWeek": ["SATURDAY"], "startTime": 0, "endTime": 86340}]
    commcell.plans.create_server_plan("plan written", copies, full_backup_window=window)
    same = [{"days": ["saturday"], "start": "00:00", "end": "23:59"}]
    options = {"schedules": [NIGHTLY, LOGS], "full_backup_window": same, "snapshot_options": {"backup_copy_rpo_minutes": 240}}
    unchanged(modules, "commvault_plan", {"name": "plan written", "destinations": [PRIMARY, SECOND], **options})


@pytest.mark.contract(operation="change the schedules of a plan", module="commvault_plan", direction="reads")
def test_the_sdk_reads_every_kind_of_schedule(modules, commcell):
    kinds = ["full", "incremental", "differential", "synthetic_full", "transaction_log"]
    made(modules, "schedules read")
    schedules = [{"backup_type": kind, "frequency": {"type": "weekly", "days": ["sunday"], "start_time": "02:00"}} for kind in kinds]
    modules("commvault_plan", {"name": "schedules read", "schedules": schedules})
    plan = commcell.plans.get("schedules read")
    for kind in ("FULL", "INCREMENTAL", "DIFFERENTIAL", "SYNTHETICFULL", "TRANSACTIONLOG"):
        pattern = plan.get_schedule_properties({"backupType": kind})["schedulePattern"]
        assert (pattern["scheduleFrequencyType"], pattern["weeklyDays"], pattern["startTime"]) == ("WEEKLY", ["SUNDAY"], 7200)


@pytest.mark.contract(operation="change the schedules of a plan", module="commvault_plan", direction="writes")
def test_schedules_of_the_sdk_are_no_change(modules, commcell):
    made(modules, "schedules written", schedules=[NIGHTLY])
    plan = commcell.plans.get("schedules written")
    weekly = {"scheduleFrequencyType": "WEEKLY", "frequency": 1, "weeklyDays": ["SUNDAY"], "startTime": 7200}
    plan.add_schedule({"backupType": "FULL", "forDatabasesOnly": False, "schedulePattern": weekly})
    plan.add_schedule({"backupType": "SYNTHETICFULL"})
    plan.add_schedule({"backupType": "TRANSACTIONLOG"})
    plan.edit_schedule({"schedulePattern": {"startTime": 72000}}, {"backupType": "INCREMENTAL"})
    schedules = [
        {**NIGHTLY, "frequency": {"type": "daily", "start_time": "20:00"}},
        {"backup_type": "full", "frequency": {"type": "weekly", "days": ["sunday"], "start_time": "02:00"}},
        {"backup_type": "synthetic_full", "frequency": {"type": "automatic", "every": 90}},
        LOGS,
    ]
    wish = {"name": "schedules written", "schedules": schedules, "purge_schedules": True, "database_options": {"commit_hours": 8}}
    unchanged(modules, "commvault_plan", wish)
    plan.delete_schedule({"backupType": "SYNTHETICFULL"})
    unchanged(modules, "commvault_plan", {**wish, "schedules": [row for row in schedules if row["backup_type"] != "synthetic_full"]})


@pytest.mark.contract(operation="change the content of a plan", module="commvault_plan", direction="writes")
def test_content_of_the_sdk_is_no_change(modules, commcell):
    made(modules, "content written")
    plan = commcell.plans.get("content written")
    plan.update_backup_content({"Windows": {"Content": ["%D:\\Data%x"], "Exclude": ["%D:\\Data\\tmp%x"], "Backup System State": False}})
    content = {"windows_included": ["D:\\Data"], "windows_excluded": ["d:\\data\\TMP"], "unix_included": [], "system_state": False}
    unchanged(modules, "commvault_plan", {"name": "content written", "content": content})


@pytest.mark.contract(operation="change the content of a plan", module="commvault_plan", direction="reads")
def test_the_sdk_reads_changed_content(modules, commcell):
    made(modules, "content read")
    modules("commvault_plan", {"name": "content read", "content": {"windows_included": ["E:\\Größe + %"], "system_state": True}})
    found = commcell.plans.get("content read").get_plan_properties()["backupContent"]
    assert found["windowsIncludedPaths"] == ["E:\\Größe + %"] and found["backupSystemState"]


@pytest.mark.contract(operation="set the override rules of a plan", module="commvault_plan", direction="reads")
def test_the_sdk_reads_override_rules_and_the_base(modules, commcell):
    rules = {"destinations": "not_allowed", "rpo": "must"}
    made(modules, "base read", allow_override=True, override_restrictions=rules)
    modules("commvault_plan", {"name": "derived read", "base_plan": "base read", "schedules": [NIGHTLY]})
    assert commcell.plans.get("base read").override_entities == {"enforcedEntities": [1], "privateEntities": [4]}
    assert commcell.plans.get("derived read").parent_plan.plan_name == "base read"


@pytest.mark.contract(operation="set the override rules of a plan", module="commvault_plan", direction="writes")
def test_override_rules_of_the_sdk_are_no_change(modules, commcell):
    made(modules, "base written")
    commcell.plans.get("base written").override_entities = {"enforcedEntities": [1], "privateEntities": [4]}
    rules = {"destinations": "not_allowed", "rpo": "must", "content": "optional"}
    unchanged(modules, "commvault_plan", {"name": "base written", "allow_override": True, "override_restrictions": rules})


@pytest.mark.contract(operation="add a destination to a plan", module="commvault_plan", direction="writes")
def test_a_copy_of_the_sdk_is_no_change(modules, commcell):
    made(modules, "copy written")
    rules = {"firstExtendedRetentionRule": {"isInfiniteRetention": True, "type": "YEARLY_FULLS"}}
    commcell.plans.get("copy written").add_copy("Second", "lux-pool-02", 90, rules, REGION)
    wish = {"name": "copy written", "destinations": [PRIMARY, {**SECOND, "extended_retention": [YEARLY]}]}
    unchanged(modules, "commvault_plan", {**wish, "purge_destinations": True})
    commcell.plans.get("copy written").delete_copy("Second", REGION)
    unchanged(modules, "commvault_plan", {**wish, "destinations": [PRIMARY], "purge_destinations": True})


@pytest.mark.contract(operation="add a destination to a plan", module="commvault_plan", direction="reads")
def test_the_sdk_reads_an_added_destination(modules, commcell):
    made(modules, "copy read")
    modules("commvault_plan", {"name": "copy read", "destinations": [PRIMARY, {**SECOND, "extended_retention": [MONTHLY]}]})
    plan = commcell.plans.get("copy read")
    details = plan.get_storage_copy_details("Second", REGION)
    assert details["retentionPeriodDays"] == 90 and details["sourceCopy"]["name"] == "Primary"
    assert plan.storage_copies["Second"]["extendedRetention"] == (1, True, 8, 365, 0)
    assert plan.storage_policy.get_primary_copy().copy_name == "primary"


@pytest.mark.contract(operation="set the retention of a destination", module="commvault_retention", direction="reads")
def test_the_sdk_reads_the_retention_of_a_copy(modules, commcell):
    made(modules, "retention read", PRIMARY, SECOND)
    modules(
        "commvault_retention",
        {"plan": "retention read", "destination": "Second", "retention_days": 120, "extended_retention": [MONTHLY, YEARLY]},
    )
    modules("commvault_retention", {"plan": "retention read", "destination": "Primary", "retention_days": "infinite", "data_aging": False})
    second = copy_of(commcell, "retention read", "Second")
    assert second.copy_retention["days"] == 120 and second.override_pool_retention and second.enable_data_aging
    monthly, yearly, none = second.extended_retention_rules
    assert (monthly["rule"], monthly["endDays"], yearly["rule"], yearly["endDays"], none) == (
        "EXTENDED_MONTH",
        365,
        "EXTENDED_YEAR",
        -1,
        False,
    )
    primary = copy_of(commcell, "retention read", "Primary")
    assert primary.copy_retention["days"] == -1 and not primary.enable_data_aging
    modules("commvault_retention", {"plan": "retention read", "destination": "Second", "follow_pool": True, "extended_retention": []})
    assert not copy_of(commcell, "retention read", "Second").override_pool_retention


@pytest.mark.contract(operation="set the retention of a destination", module="commvault_retention", direction="writes")
def test_retention_of_the_sdk_through_the_plan_is_no_change(modules, commcell):
    made(modules, "retention written", PRIMARY, SECOND)
    plan = commcell.plans.get("retention written")
    rule = {"firstExtendedRetentionRule": {"isInfiniteRetention": False, "type": "MONTHLY_FULLS", "retentionPeriodDays": 365}}
    plan.edit_copy("Second", new_retention_days=60, new_extended_retention=rule, current_region_name=REGION)
    plan.enable_data_aging(plan.get_storage_copy_id("Second", REGION), False)
    wish = {
        "plan": "retention written",
        "destination": "Second",
        "retention_days": 60,
        "extended_retention": [MONTHLY],
        "data_aging": False,
    }
    found = unchanged(modules, "commvault_retention", wish)["retention"]["destinations"][0]
    assert found["follows_pool"] is False
    wanted = {**SECOND, "retention_days": 60, "extended_retention": [MONTHLY]}
    unchanged(modules, "commvault_plan", {"name": "retention written", "destinations": [PRIMARY, wanted]})


@pytest.mark.contract(operation="set the retention of a storage policy copy", module="commvault_retention", direction="writes")
def test_retention_of_the_sdk_through_the_storage_policy_is_no_change(modules, commcell):
    made(modules, "copy retention")
    copy = copy_of(commcell, "copy retention", "Primary")
    copy.copy_retention = (45, 2, 0)
    copy.extended_retention_rules = [1, True, 64, 3650, 0]
    yearly = [{"type": "yearly_fulls", "retention_days": 3650}]
    wish = {"plan": "copy retention", "destination": "Primary", "retention_days": 45, "extended_retention": yearly}
    unchanged(modules, "commvault_retention", wish)
    copy.extended_retention_rules = [1, False, 64, 3650, 0]
    copy.copy_retention = (45, 2, 0, 0, True)
    endless = {"plan": "copy retention", "destination": "Primary", "retention_days": "infinite", "extended_retention": []}
    unchanged(modules, "commvault_retention", endless)
    copy.override_pool_retention = False
    unchanged(modules, "commvault_retention", {"plan": "copy retention", "destination": "Primary", "follow_pool": True})


@pytest.mark.contract(operation="set the retention of a storage policy copy", module="commvault_retention", direction="reads")
def test_the_sdk_reads_a_compliance_lock_of_its_own(modules, commcell):
    made(modules, "locked")
    copy = copy_of(commcell, "locked", "Primary")
    copy.enable_compliance_lock()
    failed = modules.failure("commvault_retention", {"plan": "locked", "retention_days": 7, "allow_decrease": True})
    assert "compliance lock" in failed["msg"]
    modules("commvault_retention", {"plan": "locked", "retention_days": 60})
    copy = copy_of(commcell, "locked", "Primary")
    assert copy.copy_retention["days"] == 60 and copy.is_compliance_lock_enabled


@pytest.mark.contract(operation="lock a storage pool", module="commvault_storage_pool_info", direction="writes")
def test_a_lock_of_the_sdk_is_seen(modules, commcell):
    commcell.storage_pools.get("jer-pool-02").enable_compliance_lock()
    (pool,) = modules("commvault_storage_pool_info", {"names": ["jer-pool-02"]})["storage_pools"]
    assert pool["locks"] == ["compliance"]


@pytest.mark.contract(operation="read plans", module="commvault_plan_info", direction="writes")
def test_what_the_sdk_made_is_read(modules, commcell):
    commcell.plans.create_server_plan("plan seen", {"storage_name": "lux-pool-01", "region_name": REGION})
    (found,) = modules("commvault_plan_info", {"names": ["plan seen"]})["plans"]
    assert (found["rpo_minutes"], found["destinations"][0]["retention_days"], len(found["schedules"])) == (240, 30, 2)
    assert "plan seen" in commcell.plans.filter_plans("server")


# The SDK has no call for blackout windows: only operation windows of clients, which this collection does not manage. The vendor's
# document judges what is sent, and the simulator what is read.
@pytest.mark.parametrize("state", ["present", "absent"])
def test_blackout_windows_are_as_the_vendors_document_has_them(modules, state):
    periods = [{"days": ["monday"], "start": "08:00", "end": "18:00"}]
    dates = {"start": "2026-12-24", "end": "2027-01-02"}
    more = {"operations": ["full", "transaction_log"], "weeks": ["first"], "between_dates": dates, "do_not_submit_job": True}
    options = {"name": "closed", **({"periods": periods, **more} if state == "present" else {"state": state})}
    assert modules("commvault_blackout_window", options)["changed"]
    unchanged(modules, "commvault_blackout_window", options)
    if state == "present":
        assert modules("commvault_blackout_window", {"name": "closed", "operations": ["all"]})["changed"]
