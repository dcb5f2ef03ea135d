# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support.scripted_http import ScriptedHttp

MODULE = "commvault_backup"
GROUP = {"name": "web", "hypervisor": "vc01"}
FILES = {"client": "srv01", "name": "data"}
UUID = "503b1d0a-1111-2222-3333-444455556666"
READS = {"/Login", "/Logout", "/Jobs", "/JobDetails"}


def job(number, status="Completed", subclient=40, client=10, op="Backup", **more):
    entity = {"clientId": client, "clientName": f"client{client}", "subclientId": subclient, "subclientName": f"sc{subclient}"}
    times = {"jobStartTime": 1780000000, "jobEndTime": 0 if status in ("Running", "Pending", "Suspended") else 1780000600}
    row = {"jobId": number, "status": status, "jobType": op, "totalNumOfFiles": 2, "backupLevelName": "Full", "vsaParentJobID": 0}
    return {"jobSummary": {**row, **times, "subclient": entity, **more}}


def listing(*rows):
    return {"totalRecordsWithoutPaging": len(rows), "jobs": list(rows)} if rows else {"totalRecordsWithoutPaging": 0}


def details(*vms):
    return {"job": {"jobDetail": {"clientStatusInfo": {"vmStatus": list(vms)}}}}


def vm(name="web01", uuid=UUID, job_id=601, reason=""):
    return {"vmName": name, "GUID": uuid, "jobID": job_id, "FailureReason": reason, "Status": 1}


def task(*uuids):
    options = {"backupOpts": {"vsaBackupOptions": {"selectiveVMInfo": [{"vmGuid": uuid} for uuid in uuids]}}} if uuids else {}
    return {"taskInfo": {"subTasks": [{"options": options}]}}


@pytest.fixture
def http(monkeypatch):
    scripted = ScriptedHttp(monkeypatch)
    groups = [
        {"vmGroup": {"id": 39, "name": "web"}, "hypervisor": {"id": 9, "name": "vc00"}},
        {"vmGroup": {"id": 40, "name": "Web"}, "hypervisor": {"id": 10, "name": "vc01"}, "company": {"id": 0, "name": "Commcell"}},
    ]
    scripted.on("GET", "/V4/VMGroups", {"vmGroups": groups})
    ids = {"clientId": 5, "clientName": "srv01", "instanceId": 1, "backupsetId": 9, "backupsetName": "defaultBackupSet", "subclientId": 22}
    scripted.on("GET", "/GetId", {**ids, "subclientName": "data"})
    scripted.on("POST", "/Jobs", listing())
    scripted.on("POST", "/V4/VmGroup/40/backup", {"taskId": 9, "jobIds": ["600"]})
    scripted.on("POST", "/Subclient/22/action/backup", {"taskId": 9, "jobIds": ["700"]})
    scripted.on("GET", "/Job/600", listing(job(600)))
    scripted.on("GET", "/Job/601", listing(job(601, client=12, subclient=123)))
    scripted.on("GET", "/Job/700", listing(job(700, subclient=22, client=5)))
    scripted.on("POST", "/JobDetails", details(vm()))
    scripted.on("GET", "/Events", {"commservEvents": []})
    return scripted


def writes(http):
    return [call for call in http.calls if call.method != "GET" and call.path not in READS]


def test_in_check_mode_a_target_that_an_earlier_task_would_make_is_a_warning(http):
    http.on("GET", "/V4/VMGroups", (404, {"errorCode": 404, "errorMessage": "requested details not found"}))
    result = http.run(MODULE, {"vm_groups": [GROUP]}, check=True)
    assert result["changed"] and result["targets"][0]["subclient_id"] is None
    assert "vc01/web" in str(result["warnings"])
    failed = http.run(MODULE, {"vm_groups": [GROUP]})
    assert failed["failed"] and "commvault_vm_group" in failed["msg"]


@pytest.mark.parametrize("status", ["Running", "Pending", "Waiting", "Queued"])
def test_a_backup_that_runs_is_attached_to(http, status):
    http.on("POST", "/Jobs", listing(job(650, status)))
    http.on("GET", "/Job/650/TaskDetails", task())
    http.on("GET", "/Job/650", listing(job(650)))
    result = http.run(MODULE, {"vm_groups": [GROUP]})
    assert (result["changed"], result["started"], result["attached"]) == (False, False, True)
    assert [record["id"] for record in result["jobs"]] == [650] and writes(http) == []


def test_a_job_of_one_vm_is_not_taken_for_one_of_its_group(http):
    http.on("POST", "/Jobs", listing(job(650, "Running")))
    http.on("GET", "/Job/650/TaskDetails", task(UUID))
    assert http.run(MODULE, {"vm_groups": [GROUP], "wait": False})["started"] is True


def test_a_suspended_backup_is_neither_doubled_nor_waited_for(http):
    http.on("POST", "/Jobs", listing(job(750, "Suspended", subclient=22, client=5)))
    http.on("GET", "/Job/750", listing(job(750, "Suspended", subclient=22, client=5)))
    result = http.run(MODULE, {"subclients": [FILES]})
    assert result["failed"] and "somebody resumes it" in result["msg"] and writes(http) == []


def test_a_first_backup_is_made_once(http):
    options = {"subclients": [FILES], "level": "full", "start": "if_never_backed_up"}
    failed = job(690, "Failed", subclient=22, client=5)
    other = job(691, "Completed", subclient=23, client=5)
    http.on("POST", "/Jobs", listing(failed), listing(other, failed))
    assert http.run(MODULE, options)["started"] is True
    http.on("POST", "/Jobs", listing(), listing(job(700, subclient=22, client=5)))
    result = http.run(MODULE, options)
    assert (result["changed"], result["started"]) == (False, False)
    assert result["targets"][0]["action"] == "kept" and [record["id"] for record in result["jobs"]] == [700]
    assert writes(http) == []


def test_a_group_whose_jobs_held_nothing_has_never_been_backed_up(http):
    http.on("GET", "/Job/610/TaskDetails", task(UUID))
    http.on("POST", "/Jobs", listing(), listing(job(611, totalNumOfFiles=0), job(610)))
    assert http.run(MODULE, {"vm_groups": [GROUP], "start": "if_never_backed_up"})["started"] is True


@pytest.mark.parametrize("vms", [[], [vm(job_id=0, reason="The vCenter does not answer")]])
def test_a_job_that_protected_nothing_is_a_failure_whatever_it_says(http, vms):
    http.on("POST", "/JobDetails", details(*vms))
    http.on("GET", "/Job/600", listing(job(600, totalNumOfFiles=0)))
    result = http.run(MODULE, {"vm_groups": [GROUP]})
    assert result["failed"] and "says Completed but protected nothing" in result["msg"]
    assert all(row["reason"] in result["msg"] for row in [{"reason": entry["FailureReason"]} for entry in vms])


@pytest.mark.parametrize("told", [True, False])
def test_after_a_lost_answer_a_new_job_of_something_else_is_not_taken(http, told):
    """Another call has started a backup of one VM of the group at the same time. told: the server says so."""
    http.on("POST", "/V4/VmGroup/40/backup", (504, "<html></html>"))
    http.on("POST", "/Jobs", listing(), listing(job(700), job(600)))
    http.on("GET", "/Job/700/TaskDetails", task(UUID))
    http.on("GET", "/Job/600/TaskDetails", task())
    if not told:
        http.on("POST", "/Jobs", listing(), listing(job(700)))
    result = http.run(MODULE, {"vm_groups": [GROUP], "wait": False})
    if told:
        assert [target["jobs"] for target in result["targets"]] == [[600]]
    else:
        assert result["failed"] and "It is not known whether the job was started" in result["msg"]


def test_one_vm_that_failed_is_a_warning_or_a_failure(http):
    http.on("GET", "/Job/600", listing(job(600, "Completed w/ one or more errors")))
    http.on("POST", "/JobDetails", details(vm(), vm("db01", "503b-2", 602, "Snapshot failed")))
    both = listing(job(602, "Failed", client=13), job(601, client=12))
    http.on("POST", "/Jobs", listing(), both)
    result = http.run(MODULE, {"vm_groups": [GROUP]})
    assert [(row["name"], row["outcome"]) for row in result["jobs"][0]["virtual_machines"]] == [("web01", "success"), ("db01", "failed")]
    assert "db01: Snapshot failed" in str(result["warnings"])
    http.on("POST", "/Jobs", listing(), both)
    failed = http.run(MODULE, {"vm_groups": [GROUP], "fail_on_partial": True})
    assert failed["failed"] and "db01: Snapshot failed" in failed["msg"] and failed["error"]["kind"] == "JobFailed"


def test_one_vm_is_backed_up_alone(http):
    row = {
        "name": "web01",
        "strGUID": UUID,
        "client": {"clientId": 12},
        "subclientId": 40,
        "pseudoClient": {"clientId": 10, "clientName": "vc01"},
    }
    http.on("GET", "/VM", {"vmStatusInfoList": row})
    http.on("GET", f"/V4/VirtualMachines/{UUID}", (404, {}))
    http.on("POST", f"/V4/VirtualMachines/{UUID}/backup", {"jobIds": ["600"]})
    result = http.run(MODULE, {"vm_uuids": [UUID.upper()], "level": "incremental"})
    assert writes(http)[0].params == {"backupLevel": "INCREMENTAL"}
    assert (result["targets"][0]["name"], result["targets"][0]["uuid"]) == ("web01", UUID)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "nothing to back up"),
        ({"vm_groups": [GROUP, {"name": "WEB", "hypervisor": "vc01"}]}, "Given twice"),
        ({"subclients": [FILES, FILES]}, "Given twice"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_started(http, options, words):
    result = http.run(MODULE, options)
    assert result["failed"] and words in result["msg"] and writes(http) == []


def test_another_companys_group_is_refused(http):
    row = {"vmGroup": {"id": 40, "name": "web"}, "hypervisor": {"id": 10, "name": "vc01"}, "company": {"id": 143, "name": "Boréal"}}
    http.on("GET", "/V4/VMGroups", {"vmGroups": [row]})
    result = http.run(MODULE, {"vm_groups": [GROUP], "company_id": 142})
    assert result["failed"] and result["error"]["kind"] == "Refused" and "Boréal" in result["msg"] and writes(http) == []


def test_another_companys_files_are_refused(http):
    entity = {"clientId": 5, "clientName": "srv01", "entityInfo": {"companyId": 143, "companyName": "Boréal"}}
    http.on("GET", "/Client/byName(clientName='srv01')", {"clientProperties": [{"client": {"clientEntity": entity}}]})
    result = http.run(MODULE, {"subclients": [FILES], "company_id": 142})
    assert result["failed"] and result["error"]["kind"] == "Refused" and writes(http) == []
