# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support.scripted_http import ScriptedHttp

MODULE = "commvault_restore"
READS = {"/Login", "/Logout", "/Jobs", "/JobDetails", "/DoBrowse"}
ID = {"clientId": 5, "clientName": "srv01", "instanceId": 1, "backupsetId": 9, "backupsetName": "defaultBackupSet", "subclientId": 22}
OUT = {"destination_client": "srv02", "destination_path": "E:\\Restore\\"}
END = 1780000600


def client_row(number, name, company=0):
    entity = {"clientId": number, "clientName": name, "entityInfo": {"companyId": company, "companyName": f"Company {company}"}}
    return {"clientProperties": [{"client": {"clientEntity": entity}}]}


def job(number, end=END, status="Completed", op="Backup", entity=None, **more):
    source = entity or {**ID, "applicationId": 33, "subclientName": "data"}
    row = {"jobId": number, "status": status, "jobType": op, "totalNumOfFiles": 2, "vsaParentJobID": 0, "jobStartTime": END - 600}
    return {"jobSummary": {**row, "jobEndTime": end, "subclient": source, **more}}


def listing(*rows):
    return {"totalRecordsWithoutPaging": len(rows), "jobs": list(rows)} if rows else {"totalRecordsWithoutPaging": 0}


def entry(path, folder=False, job_id=306, **flags):
    return {
        "path": path,
        "displayName": path.rpartition("\\")[2],
        "name": f"27\x12{path.rpartition(chr(92))[2]}",
        "size": 0 if folder else 31420,
        "modificationTime": "1494235377",
        "flags": {**({"directory": True} if folder else {"file": "1"}), **flags},
        "advancedData": {"backupJobId": job_id, "backupTime": str(END - 100)},
    }


def browsed(*rows):
    data = [{"respType": 0, "browseResult": {"queryId": "dataQuery", "dataResultSet": list(rows)}}] if rows else []
    return {"browseResponses": [*data, {"respType": 5}]}


@pytest.fixture
def http(monkeypatch):
    scripted = ScriptedHttp(monkeypatch)
    scripted.on("GET", "/Client/byName(clientName='srv01')", client_row(5, "srv01", 142))
    scripted.on("GET", "/Client/byName(clientName='srv02')", client_row(6, "srv02"))
    scripted.on("GET", "/GetId", {**ID, "subclientName": "data"})
    scripted.on("POST", "/Jobs", listing(job(306)), listing())
    scripted.on("POST", "/DoBrowse", browsed(entry("\\D:\\Data\\Köln", folder=True), entry("D:\\Data\\photo [100%].jpg")))
    scripted.on("POST", "/CreateTask", {"taskId": 10, "jobIds": ["700"]})
    restored = job(700, status="Completed", op="Restore", entity={**ID, "subclientId": 0})
    scripted.on("GET", "/Job/700", listing(restored))
    scripted.on("GET", "/Events", {"commservEvents": []})
    return scripted


def files(http, check=False, **more):
    wanted = {"client": "srv01", "subclient": "data", "paths": ["D:\\Data\\Köln\\", "d:/data/Photo [100%].jpg"], **more}
    return http.run(MODULE, {"files": wanted}, check=check)


def writes(http):
    return [call for call in http.calls if call.method != "GET" and call.path not in READS]


def options_of(http):
    (sent,) = writes(http)
    assert sent.path == "/CreateTask"
    return sent.body["taskInfo"]["subTasks"][0]["options"]["restoreOptions"], sent.body["taskInfo"]


def test_files_go_to_another_client(http):
    result = files(http, **OUT)
    wish, task = options_of(http)
    assert task["associations"] == [
        {**ID, "applicationId": 33, "appName": "File System", "instanceName": "DefaultInstanceName", "subclientName": "data"}
    ]
    assert task["subTasks"][0]["subTask"] == {"subTaskType": 3, "operationType": 1001}
    # As the backup spells them, and not as patterns.
    assert wish["fileOption"]["sourceItem"] == ["D:\\Data\\Köln", "D:\\Data\\photo [100%].jpg"]
    assert wish["commonOptions"]["detectRegularExpression"] is False and wish["commonOptions"]["wildCard"] is False
    assert wish["destination"]["inPlace"] is False and wish["destination"]["destPath"] == ["E:\\Restore\\"]
    assert wish["destination"]["destClient"] == {"clientName": "srv02"}
    # One second after the end of the backup, as text, in UTC.
    assert wish["browseOption"]["timeRange"] == {"toTimeValue": "2026-05-28 20:36:41"}
    assert wish["browseOption"]["timeZone"] == {"TimeZoneName": "(UTC) Coordinated Universal Time"}
    assert [(row["source"], row["path"], row["type"]) for row in result["restore"]["paths"]] == [
        ("D:\\Data\\Köln", "E:\\Restore\\Köln", "folder"),
        ("D:\\Data\\photo [100%].jpg", "E:\\Restore\\photo [100%].jpg", "file"),
    ]
    assert result["restore"]["backup_job"]["id"] == 306 and result["restore"]["backup_job"]["end_time"] == "2026-05-28T20:36:40Z"
    assert result["restore"]["job"]["id"] == 700 and result["changed"]
    assert "\x12" not in str(result)


def test_a_browse_takes_epoch_seconds_where_the_restore_takes_text(http):
    files(http, **OUT)
    (browse,) = [call.body for call in http.calls if call.path == "/DoBrowse"]
    assert browse["timeRange"] == {"fromTime": 0, "toTime": END + 1}
    assert browse["paths"] == [{"path": "D:\\Data"}] and browse["mode"] == {"mode": 2} and browse["entity"]["subclientId"] == 22


@pytest.mark.parametrize(
    ("overwrite", "flags"),
    [("never", (False, False, True)), ("older", (False, True, False)), ("always", (True, False, False))],
)
def test_in_place_the_way_to_overwrite_is_the_tasks_choice(http, overwrite, flags):
    result = files(http, in_place=True, overwrite=overwrite, restore_acls=False)
    wish, _task = options_of(http)
    common = wish["commonOptions"]
    assert (common["unconditionalOverwrite"], common["overwriteFiles"], common["doNotOverwriteFileOnDisk"]) == flags
    assert wish["destination"]["inPlace"] is True and "destPath" not in wish["destination"]
    assert common["restoreACLs"] is False and wish["restoreACLsType"] == 2
    assert result["restore"]["paths"][0]["path"] == "D:\\Data\\Köln"


def test_without_a_choice_nothing_is_overwritten(http):
    files(http, in_place=True)
    assert options_of(http)[0]["commonOptions"]["doNotOverwriteFileOnDisk"] is True


@pytest.mark.parametrize("check", [True, False])
def test_a_path_that_the_backup_does_not_hold_fails_before_anything_is_started(http, check):
    result = files(http, check=check, paths=["D:\\Data\\Köln", "D:\\Data\\missing.txt", "D:\\Data\\gone"], **OUT)
    assert result["failed"] and "D:\\Data\\missing.txt, D:\\Data\\gone" in result["msg"] and "commvault_browse_info" in result["msg"]
    assert result["error"]["paths"] == ["D:\\Data\\missing.txt", "D:\\Data\\gone"] and writes(http) == []


def test_a_deleted_file_is_not_in_the_backup_after_its_deletion(http):
    http.on("POST", "/DoBrowse", browsed(entry("D:\\Data\\old.txt", deleted=True)))
    assert files(http, paths=["D:\\Data\\old.txt"], **OUT)["failed"]


def test_an_empty_folder_has_no_data_object(http):
    http.on("POST", "/DoBrowse", browsed())
    assert "does not hold" in files(http, **OUT)["msg"]


def test_paths_that_would_meet_are_refused(http):
    rows = browsed(entry("D:\\A\\x.txt")), browsed(entry("D:\\B\\X.TXT"))
    http.on("POST", "/DoBrowse", *rows)
    result = files(http, paths=["D:\\A\\x.txt", "D:\\B\\x.txt"], **OUT)
    assert result["failed"] and "one by one" in result["msg"] and writes(http) == []


POINTS = [
    job(310, END + 7200),
    job(309, END + 3600, status="Failed"),
    job(308, END + 1800, status="Completed w/ one or more errors"),
    job(306),
]


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ({}, 310),
        ({"job_id": 306}, 306),
        ({"point_in_time": "2026-05-28T21:36:41Z"}, 308),
        ({"point_in_time": "2026-05-28T22:06:40+01:00"}, 308),
        ({"point_in_time": "2026-05-28T20:36:40"}, 306),
    ],
)
def test_the_point_is_a_backup_that_had_ended_by_then(http, point, expected):
    http.on("POST", "/Jobs", listing(*POINTS), listing())
    assert files(http, check=True, **OUT, **point)["restore"]["backup_job"]["id"] == expected


@pytest.mark.parametrize(
    ("point", "words"),
    [
        ({"job_id": 309}, "Job 309 is no backup"),
        ({"job_id": 1}, "does not exist, failed, or has aged out"),
        ({"point_in_time": "2026-05-28T20:00:00Z"}, "no backup of srv01/defaultBackupSet/data that had ended by 2026-05-28T20:00:00Z"),
        ({"point_in_time": "last week"}, "ISO 8601"),
        ({"point_in_time": "2026-05-28T20:00:00Z", "job_id": 306}, "mutually exclusive"),
    ],
)
def test_a_point_that_is_not_there_is_told(http, point, words):
    http.on("POST", "/Jobs", listing(*POINTS), listing())
    result = files(http, **OUT, **point)
    assert result["failed"] and words in result["msg"] and writes(http) == []


def test_a_restore_that_wrote_nothing_is_no_success_if_it_had_to_write(http):
    empty = job(700, op="Restore", totalNumOfFiles=0)
    http.on("GET", "/Job/700", listing(empty))
    kept = files(http, in_place=True)
    assert kept["changed"] is False and "overwrite is never" in str(kept["warnings"])
    http.on("POST", "/Jobs", listing(job(306)), listing())
    result = files(http, in_place=True, overwrite="always")
    assert result["failed"] and "restored no file" in result["msg"]


def test_a_failed_restore_gives_the_servers_reason(http):
    http.on("GET", "/Job/700", listing(job(700, status="Failed", op="Restore", pendingReason="The destination is full")))
    result = files(http, **OUT)
    assert result["failed"] and "The destination is full" in result["msg"] and result["error"]["jobs"][0]["id"] == 700


def test_a_refusal_in_a_reply_200_is_an_error(http):
    http.on("POST", "/CreateTask", {"errorCode": 2, "errorMessage": "Restore activity is disabled"})
    result = files(http, **OUT)
    assert result["failed"] and "Restore activity is disabled" in result["msg"] and len(writes(http)) == 1


# Tenants


def test_inside_a_company_the_providers_client_may_be_restored_to(http):
    http.on("POST", "/Jobs", listing(job(306)), listing())
    result = http.run(MODULE, {"company_id": 142, "files": {"client": "srv01", "subclient": "data", "paths": ["D:\\Data\\Köln"], **OUT}})
    assert result["changed"] and all(call.headers.get("operatorCompanyId") == "142" for call in writes(http))


@pytest.mark.parametrize("name", ["srv01", "srv02"])
def test_inside_a_company_another_ones_client_is_refused(http, name):
    http.on("GET", f"/Client/byName(clientName='{name}')", client_row(7, name, 143))
    result = http.run(MODULE, {"company_id": 142, "files": {"client": "srv01", "subclient": "data", "paths": ["D:\\Data\\Köln"], **OUT}})
    assert result["failed"] and result["error"]["kind"] == "Refused" and "Company 143" in result["msg"] and writes(http) == []


def test_the_provider_does_not_restore_one_companys_data_to_another(http):
    http.on("GET", "/Client/byName(clientName='srv02')", client_row(6, "srv02", 143))
    result = files(http, **OUT)
    assert result["failed"] and result["error"]["kind"] == "Refused" and writes(http) == []


def test_where_to_is_said_once(http):
    assert "destination_path" in files(http)["msg"]
    assert "leave out destination_client" in files(http, in_place=True, destination_client="srv02")["msg"]
    assert writes(http) == []
