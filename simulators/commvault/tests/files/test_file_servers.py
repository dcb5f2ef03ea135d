# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers, backup sets, backup tasks, and one company beside another."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from .conftest import Files

ELSEWHERE = {"inPlace": False, "destPath": ["E:\\Restore"], "destClient": {"clientName": "lux-restore-01"}}


def test_one_company_neither_sees_nor_touches_another(files: Files) -> None:
    number = files.create()
    files.backup(number)
    files.api.session.headers["operatorCompanyId"] = "51"
    assert files.api.get("/GetId?clientname=acme-fs01")["clientId"] == -32000
    assert files.api.get(f"/Subclient?clientId={files.ids['clientId']}") == {}
    for method, path in (
        ("GET", ""),
        ("POST", ""),
        ("DELETE", ""),
        ("POST", "/action/backup?backupLevel=Full"),
        ("GET", "/Browse?path=D:"),
    ):
        files.api.call(method, f"/Subclient/{number}{path}", {} if method == "POST" else None)
        assert files.api.last is not None and files.api.last.status_code == 404, (method, path)
    assert "messages" in files.browse("D:\\", number)["browseResponses"][0]
    assert "jobIds" not in files.restore(["D:\\Data"], ELSEWHERE)
    for path in (f"/V4/Subclient/{number}/Backup/Action/Disable", f"/V4/Server/{files.ids['clientId']}/Backup/Action/Disable"):
        assert files.api.put(path)["errorCode"] != 0
    for path in (
        f"/Backupset/{files.ids['backupsetId']}",
        f"/Client/{files.ids['clientId']}",
        f"/Client/{files.ids['clientId']}/CheckReadiness",
    ):
        assert files.api.get(path)["errorCode"] != 0
    assert [row["name"] for row in files.api.get("/V4/FileServers")["fileServers"]] == ["boreal-fs01"]
    files.api.session.headers["operatorCompanyId"] = "50"
    theirs = {"inPlace": False, "destPath": ["D:\\x"], "destClient": {"clientName": "boreal-fs01"}}
    assert "does not exist" in files.restore(["D:\\Data"], theirs)["errorMessage"]
    assert files.finish(files.restore(["D:\\Data\\Köln"], ELSEWHERE)["jobIds"][0])["status"] == "Completed"


def test_servers_readiness_and_lists(files: Files) -> None:
    number = files.create()
    files.backup(number)
    ready = files.api.get(f"/Client/{files.ids['clientId']}/CheckReadiness?network=True")
    assert ready["summary"][0]["status"] == "Ready."
    offline = files.api.get("/GetId?clientname=offline-fs01")["clientId"]
    assert "offline-fs01" in files.api.get(f"/Client/{offline}/CheckReadiness")["summary"][0]["reason"]
    servers = {row["name"]: row for row in files.api.get("/V4/FileServers")["fileServers"]}
    acme = servers["acme-fs01"]
    assert (acme["lastBackup"]["status"], acme["plan"], acme["SLA"]["status"]) == ("COMPLETED", {"id": 60, "name": "gold"}, "MET_SLA")
    assert servers["boreal-fs01"]["lastBackup"]["status"] == "NEVER_BACKED_UP" and servers["offline-fs01"]["status"] == "OFFLINE"
    assert "acme-fs01" not in [row["name"] for row in files.api.get("/V4/Servers")["servers"]]
    assert "acme-fs01" in [row["name"] for row in files.api.get("/V4/Servers?showOnlyInfrastructureMachines=0")["servers"]]


def test_backup_tasks_backupsets_and_filters(files: Files) -> None:
    number = files.create()
    entity = {"clientName": "acme-fs01", "appName": "File System", "backupsetName": "defaultBackupSet"}
    step = {"subTask": {"subTaskType": 2, "operationType": 2}, "options": {"backupOpts": {"backupLevel": 1}}}
    task = {"associations": [{**entity, "subclientName": "data"}], "task": {"taskType": 1}, "subTasks": [step]}
    reply = files.api.post("/CreateTask", {"taskInfo": task})
    assert files.finish(reply["jobIds"][0])["subclient"]["subclientId"] == number
    files.update(files.ids["subclientId"], planEntity={"planName": "gold"})
    files.api.post("/GlobalFilter", {"windowsGlobalFilters": {"opType": 1, "filters": ["**\\pagefile.sys"]}})
    jobs = files.api.post(f"/Backupset/{files.ids['backupsetId']}/action/backup?backupLevel=Full")["jobIds"]
    assert len(jobs) == 2 and all(isinstance(job, str) for job in jobs)
    files.finish(jobs[1])
    assert "D:\\pagefile.sys" not in files.names("D:\\", files.ids["subclientId"])
    made = files.api.post("/Backupset", {"association": {"entity": [{**entity, "backupsetName": "apps"}]}, "backupSetInfo": {}})[
        "response"
    ][0]
    assert made["errorCode"] == 0
    default = files.api.get("/GetId?clientname=acme-fs01&agent=File System&backupset=apps&subclient=default")
    assert default["backupsetId"] == made["entity"]["backupsetId"] and default["subclientId"] > 0
    assert files.api.delete(f"/Backupset/{made['entity']['backupsetId']}")["response"][0]["errorCode"] == 0
    assert files.api.delete(f"/Backupset/{files.ids['backupsetId']}")["response"][0]["errorCode"] != 0


def test_live_directories_and_changes_of_a_client(files: Files) -> None:
    number = files.ids["clientId"]
    assert [node["path"] for node in files.api.get(f"/Client/{number}/browsefs?path=%5C")["nodes"]] == ["D:", "E:"]
    assert [node["name"] for node in files.api.get(f"/Client/{number}/browsefs?path=D:%5C&foldersOnly=true")["nodes"]] == ["Data", "Other"]
    assert files.api.get(f"/Client/{number}/browsefs?path=D:%5CNowhere")["errorCode"] != 0
    control = {"clientActivityControl": {"activityControlOptions": [{"activityType": 1, "enableActivityType": False}]}}
    body = {"clientProperties": {"client": {"clientDescription": "files"}, "clientProps": control}}
    assert files.api.post(f"/Client/{number}", body)["response"][0]["errorCode"] == 0
    detail = files.api.get(f"/Client/{number}")["clientProperties"][0]
    assert detail["client"]["clientDescription"] == "files" and detail["clientProps"]["activityControl"]["EnableDataManagement"] is False
    assert "disabled" in files.api.post(f"/Subclient/{files.create()}/action/backup?backupLevel=Full")["errorMessage"]


def test_plans_for_many_clients(files: Files) -> None:
    query = f"clientId={files.ids['clientId']}&appId=33&backupsetId={files.ids['backupsetId']}"
    assert [row["plan"]["planName"] for row in files.api.get(f"/V2/Plan/Eligible?{query}")["plans"]] == ["gold"]
    only_default = [{"key": "ProcessDefaultSubClientsOnly", "value": "1"}]
    reply = files.api.put(
        "/Plan/60/Clients", {"plan": {"planId": 60}, "clients": [{"clientId": files.ids["clientId"]}], "additonalTasks": only_default}
    )
    assert reply["operationStatus"]["errorCode"] == 0
    assert files.detail(files.ids["subclientId"])["planEntity"]["planName"] == "gold"
    assert files.api.put("/Plan/61/Clients", {"clients": []})["operationStatus"]["errorCode"] != 0
