# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Data aging, jobs on destinations, blackout windows, derived plans, and the storage policies behind plans."""

from __future__ import annotations

import datetime as dt

import pytest

DAY = 86400
PRIMARY = {
    "backupDestinationName": "Primary",
    "storagePool": {"name": "lux-pool-01"},
    "region": {"name": "luxembourg"},
    "overrideRetentionSettings": True,
    "retentionPeriodDays": 30,
}
SECOND = {**PRIMARY, "backupDestinationName": "Second", "sourceCopy": {"name": "Primary"}, "retentionPeriodDays": 60}


@pytest.fixture
def acme(api, sim, tmp_path):
    """A plan with two destinations and a file subclient on it: its number, the copies, and a function that backs up."""
    drive = sim.drives / "acme-fs01" / "D" / "Data"
    drive.mkdir(parents=True)
    (drive / "a.txt").write_text("first", encoding="utf-8")
    plan = api.post("/V4/ServerPlan", {"planName": "gold", "backupDestinations": [PRIMARY, SECOND]})["plan"]["id"]
    entity = {"clientName": "acme-fs01", "appName": "File System", "backupsetName": "defaultBackupSet", "subclientName": "data"}
    properties = {"subClientEntity": entity, "content": [{"path": "D:\\Data"}], "planEntity": {"planId": plan}, "fsContentOperationType": 1}
    made = api.post("/Subclient", {"subClientProperties": properties})
    subclient = made["response"]["entity"]["subclientId"]

    def backup(level="Full"):
        number = int(api.post(f"/Subclient/{subclient}/action/backup?backupLevel={level}")["jobIds"][0])
        api.advance(11)
        assert api.get(f"/Job/{number}")["jobs"][0]["jobSummary"]["status"] == "Completed"
        return number

    copies = [row["planBackupDestination"]["id"] for row in api.get(f"/V4/ServerPlan/{plan}")["backupDestinations"]]
    return plan, copies, backup


def jobs_on(api, copy, **query):
    reply = api.get(f"/V4/Plan/BackupDestination/{copy}/Jobs", params={"view": "custom", "startTime": 1, **query})
    return {row["jobId"]: row for row in reply["jobs"]}


def later(api, days):
    """Time passes; the session does not outlive it."""
    api.advance(days * DAY)
    api.login()


def age(api, **option):
    sub_task = {"subTask": {"subTaskType": 1, "operationType": 4018}, "options": {"adminOpts": {"dataAgingOption": option}}}
    job = api.post("/CreateTask", {"taskInfo": {"associations": [], "subTasks": [sub_task]}})["jobIds"][0]
    api.advance(11)
    assert api.get(f"/Job/{job}?jobFilter=")["jobs"][0]["jobSummary"]["jobType"] == "Data Aging"


def test_a_job_lies_on_every_destination_and_ages_on_each_by_its_own_days(api, sim, acme):
    _plan, (first, second), backup = acme
    old = backup()
    row = jobs_on(api, first)[old]
    assert row["retainUntil"] == row["endTime"] + 30 * DAY and row["strRetainedBy"] == "Basic Retention" and not row["isAged"]
    assert (
        jobs_on(api, first, agedData=1) == {} and jobs_on(api, first, backupLvl=2) == {} and list(jobs_on(api, first, backupLvl=1)) == [old]
    )
    later(api, 31)
    age(api)
    assert jobs_on(api, first) == {} and jobs_on(api, first, agedData=1)[old]["isAged"] and old in jobs_on(api, second)
    assert sim.jobs[old].aged is False and sim.file_backups
    later(api, 30)
    age(api)
    assert sim.jobs[old].aged and not sim.file_backups and not sim.store.store.manifests
    body = {"category": 0, "jobFilter": {"completedJobLookupTime": 999 * DAY}, "pagingConfig": {"limit": 50}}
    listed = [row["jobSummary"]["jobId"] for row in api.post("/Jobs", body).get("jobs", [])]
    assert old not in listed
    body["jobFilter"]["showAgedJobs"] = True
    assert [row["jobSummary"]["isAged"] for row in api.post("/Jobs", body)["jobs"] if row["jobSummary"]["jobId"] == old] == [True]


def test_only_the_named_copy_is_aged(api, acme):
    _plan, (first, second), backup = acme
    job = backup()
    later(api, 90)
    age(api, archiveGroupCopy=[{"storagePolicyName": "Gold", "copyName": "second"}])
    assert job in jobs_on(api, first) and job not in jobs_on(api, second)


def test_a_full_stays_while_a_later_job_needs_it(api, acme):
    _plan, (first, _second), backup = acme
    full = backup()
    later(api, 20)
    last = backup("Incremental")
    later(api, 15)
    age(api)
    assert sorted(jobs_on(api, first)) == [full, last]
    later(api, 16)
    age(api)
    assert jobs_on(api, first) == {}


def operate(api, plan, copy, operation, *jobs, **more):
    body = {"storagePolicyId": plan, "copyId": copy, "opType": operation, "jobIds": list(jobs), "commcellId": 2, **more}
    return api.post("/V4/Plan/BackupDestination/JobOperations", body)


def test_a_retained_job_outlives_its_days_until_it_is_let_go(api, acme):
    plan, (first, second), backup = acme
    job = backup()
    assert operate(api, plan, first, "RETAIN", job, retainUntilTime=-1)["jobInfo"][0]["strRetainedBy"] == "User"
    later(api, 100)
    age(api)
    assert job in jobs_on(api, first) and job not in jobs_on(api, second)
    assert operate(api, plan, second, "RETAIN", job)["errorCode"] == 404 and api.last.status_code == 404
    assert operate(api, 1, first, "RETAIN", job)["errorCode"] == 404
    operate(api, plan, first, "DO_NOT_RETAIN", job)
    age(api)
    assert jobs_on(api, first) == {}


def test_a_deleted_job_is_gone_unless_it_is_locked(api, sim, acme):
    plan, (first, second), backup = acme
    job = backup()
    sim.pools[sim.plans[plan].destinations[0].pool_id].worm = 1
    assert operate(api, plan, first, "DELETE", job)["errorCode"]
    sim.pools[sim.plans[plan].destinations[0].pool_id].worm = 0
    for copy in (first, second):
        operate(api, plan, copy, "DELETE", job)
    assert sim.jobs[job].aged


def test_aging_that_is_suspended_takes_nothing(api, acme):
    plan, (first, _second), backup = acme
    job = backup()
    api.put(f"/V5/ServerPlan/{plan}/BackupDestination/{first}", {"retentionRules": {"enableDataAging": False}})
    later(api, 400)
    age(api)
    assert list(jobs_on(api, first)) == [job]


def test_a_deleted_destination_takes_its_jobs_along(api, sim, acme):
    plan, (_first, second), backup = acme
    job = backup()
    assert api.delete(f"/V4/ServerPlan/{plan}/BackupDestination/{second}")["errorCode"] == 0
    assert sim.jobs[job].aged is False and api.get(f"/V4/Plan/BackupDestination/{second}/Jobs")["errorCode"] == 404


# --- blackout windows --------------------------------------------------------------------------------------------


def test_a_window_of_the_older_kind_is_the_same_window(api):
    days = ["SATURDAY", "SUNDAY"]
    made = api.post(
        "/V4/BlackoutWindow", {"name": "weekend", "days": days, "time": [{"start": 0, "end": 3600}, {"start": 7200, "end": 86400}]}
    )
    newer = api.get(f"/V5/BlackoutWindow/{made['id']}")
    assert [row["time"]["start"] for row in newer["allDays"]] == [0, 7200] and newer["allDays"][0]["days"] == days
    assert newer["backupOperations"] == ["ALL_OPERATIONS"] and newer["weeks"] == ["EVERY"]
    older = api.get(f"/V4/BlackoutWindow/{made['id']}")
    assert older["days"] == days and len(older["time"]) == 2
    (row,) = api.get("/V5/BlackoutWindow")["blackoutWindows"]
    assert "backupOperations" not in row and row["company"]["id"] == 0
    assert api.delete(f"/V5/BlackoutWindow/{made['id']}") and api.last.status_code == 404
    assert api.delete(f"/V4/BlackoutWindow/{made['id']}")["errorCode"] == 0


@pytest.mark.parametrize(
    "body", [{}, {"name": "x", "allDays": [{"days": ["MONDAY"], "time": {"start": 5, "end": 5}}]}, {"name": "x", "weeks": ["FIFTH"]}]
)
def test_a_window_that_makes_no_sense_is_refused(api, body):
    assert api.post("/V5/BlackoutWindow", body)["errorCode"] and api.last.status_code == 400


def test_windows_belong_to_companies(api):
    acme = api.post("/V4/company", {"name": "Acme", "alias": "acme"})["id"]
    api.post("/V5/BlackoutWindow", {"name": "theirs", "company": {"id": acme}})
    api.post("/V5/BlackoutWindow", {"name": "ours"})

    def names(**query):
        return [row["name"] for row in api.get("/V5/BlackoutWindow", params=query)["blackoutWindows"]]

    assert names() == ["theirs", "ours"] and names(companyId=acme) == ["theirs"] and names(showOnlyCommcellLevel="true") == ["ours"]


def test_jobs_of_a_level_wait_in_its_window(api, sim, acme):
    _plan, _copies, backup = acme
    backup()
    now = dt.datetime.fromtimestamp(sim.clock.now(), dt.UTC)
    day = now.strftime("%A").upper()
    second = now.hour * 3600 + now.minute * 60
    period = {"days": [day], "time": {"start": second, "end": min(second + 7200, 86400)}}
    made = api.post("/V5/BlackoutWindow", {"name": "w", "backupOperations": ["FULL"], "allDays": [period]})
    backup("Incremental")
    subclient = next(row.id for row in sim.subclients.values() if row.name == "data")
    job = int(api.post(f"/Subclient/{subclient}/action/backup?backupLevel=Full")["jobIds"][0])
    api.advance(20)
    summary = api.get(f"/Job/{job}")["jobs"][0]["jobSummary"]
    assert summary["status"] == "Queued"
    reason = api.post("/JobDetails", {"jobId": job})["job"]["jobDetail"]["progressInfo"]["reasonForJobDelay"]
    assert "[w]" in reason
    api.put(f"/V5/BlackoutWindow/{made['id']}", {"weeks": ["LAST"], "betweenDates": {"start": 1, "end": 2}})
    api.advance(20)
    assert api.get(f"/Job/{job}")["jobs"][0]["jobSummary"]["status"] == "Completed"


# --- derived plans -----------------------------------------------------------------------------------------------


def test_a_derived_plan_shows_what_its_base_says(api):
    base = {"planName": "base", "backupDestinations": [PRIMARY], "allowPlanOverride": True, "overrideRestrictions": {"RPO": "MUST"}}
    number = api.post("/V4/ServerPlan", base)["plan"]["id"]
    assert (
        "must be overridden" in api.post("/V4/ServerPlan", {"planName": "bare", "parentPlan": {"id": number}})["errors"][0]["errorMessage"]
    )
    window = [{"dayOfWeek": ["SUNDAY"], "startTime": 0, "endTime": 3600}]
    body = {"planName": "derived", "parentPlan": {"name": "base"}, "rpo": {"backupWindow": window}}
    derived = api.post("/V4/ServerPlan", body)["plan"]["id"]
    found = api.get(f"/V4/ServerPlan/{derived}")
    assert found["backupDestinations"][0]["storagePool"]["name"] == "lux-pool-01" and found["rpo"]["backupWindow"] == window
    assert found["inheritSettings"]["RPO"] == {"overrideBase": "MUST", "overridden": True}
    assert found["inheritSettings"]["storagePool"] == {"overrideBase": "OPTIONAL", "overridden": False}
    copy = found["backupDestinations"][0]["planBackupDestination"]["id"]
    assert api.get(f"/V5/ServerPlan/{derived}/BackupDestination/{copy}")["configurable"] is False
    assert api.put(f"/V5/ServerPlan/{derived}/BackupDestination/{copy}", {"retentionRules": {"retentionPeriodDays": 9}})["errorCode"]
    assert api.put(f"/V4/ServerPlan/{derived}", {"backupContent": {"unixIncludedPaths": ["/"]}})["errorCode"] == 53
    own = {"backupContent": {"unixIncludedPaths": ["/"]}, "overrideInheritSettings": {"backupContent": True}}
    assert api.put(f"/V4/ServerPlan/{derived}", own)["errorCode"] == 0
    assert api.put(f"/V4/ServerPlan/{derived}", {"overrideInheritSettings": {"rpo": False}})["errorCode"] == 52
    assert "base of: derived" in api.delete(f"/V4/ServerPlan/{number}")["errorMessage"]
    rows = {row["plan"]["name"]: row for row in api.get("/V4/Plan/Summary")["plans"]}
    assert (
        rows["derived"]["parentPlan"] == {"id": number, "name": "base"} and rows["base"]["derivable"] and not rows["derived"]["derivable"]
    )


def test_nothing_is_derived_from_a_plan_that_does_not_allow_it(api):
    number = api.post("/V4/ServerPlan", {"planName": "sealed", "backupDestinations": [PRIMARY]})["plan"]["id"]
    reply = api.post("/V4/ServerPlan", {"planName": "derived", "parentPlan": {"id": number}})
    assert "does not allow" in reply["errors"][0]["errorMessage"]


# --- storage policies --------------------------------------------------------------------------------------------


def test_the_retention_of_a_copy_is_the_same_in_both_apis(api, acme):
    plan, (first, _second), _backup = acme
    path = f"/V2/StoragePolicy/{plan}/Copy/{first}"
    rules = {"retainBackupDataForDays": 45, "retainBackupDataForCycles": 2, "retentionFlags": {"enableDataAging": 0}}
    rules["extendedRetentionRuleOne"] = {"isEnabled": 1, "rule": 8, "endDays": 365, "graceDays": 0}
    reply = api.put(path, {"storagePolicyCopyInfo": {"retentionRules": rules, "extendedFlags": {"overRideGACPRetention": 1}}})
    assert reply["response"][0]["errorCode"] == 0
    row = api.get(f"/V4/ServerPlan/{plan}")["backupDestinations"][0]
    assert (row["retentionPeriodDays"], row["enableDataAging"], row["useExtendedRetentionRules"]) == (45, False, True)
    assert row["extendedRetentionRules"]["firstExtendedRetentionRule"]["type"] == "MONTHLY_FULLS"
    assert api.get(path)["copy"]["retentionRules"]["retainBackupDataForCycles"] == 2
    shorter = {"retentionRules": {"retainBackupDataForDays": 5}, "copyFlags": {"wormCopy": 1}}
    api.put(path, {"storagePolicyCopyInfo": {"copyFlags": {"wormCopy": 1}}})
    assert "locked" in api.put(path, {"storagePolicyCopyInfo": shorter})["response"][0]["errorString"]


def test_policies_are_listed_with_those_of_the_pools(api, sim, acme):
    names = [row["storagePolicyName"] for row in api.get("/StoragePolicy?getAll=TRUE")["policies"]]
    assert names[0] == "gold" and "lux-pool-01" in names
    pool = next(row for row in sim.pools.values() if row.name == "lux-pool-01")
    found = api.get(f"/StoragePolicy/{pool.id}")
    assert found["copy"][0]["StoragePolicyCopy"]["copyId"] == pool.copy_id
    api.put(f"/V2/StoragePolicy/{pool.id}/Copy/{pool.copy_id}", {"storagePolicyCopyInfo": {"copyFlags": {"wormCopy": 1}}})
    assert pool.worm == 1


def test_the_data_of_a_client_whose_aging_is_off_stays(api, sim, acme):
    _plan, (first, _second), backup = acme
    old = backup()
    client = api.get("/Client/byName(clientName='acme-fs01')")["clientProperties"][0]["client"]["clientEntity"]["clientId"]
    later(api, 61)
    api.put(f"/V4/Server/{client}/DataAging/Action/Disable", {})
    age(api)
    assert not jobs_on(api, first)[old]["isAged"] and sim.file_backups
    api.put(f"/V4/Server/{client}/DataAging/Action/Enable", {})
    age(api)
    assert sim.jobs[old].aged and not sim.file_backups
