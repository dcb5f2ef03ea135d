# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Agents: push install, uninstall, retire, delete, activity."""

from __future__ import annotations

import typing as t

import pytest

if t.TYPE_CHECKING:
    from .conftest import Json, Sql

INSIDE_ACME = {"headers": {"operatorCompanyId": "50"}}
FILES, SQL_SERVER, SECRET = 702, 353, "c2VjcmV0"


def admin(sql: Sql, operation: int, options: Json, **request: t.Any) -> Json:
    step = {"subTask": {"subTaskType": 1, "operationType": operation}, "options": {"adminOpts": options}}
    task = {"associations": [{"commCellId": 2}], "task": {"taskType": 1, "initiatedFrom": 1}, "subTasks": [step]}
    return t.cast("Json", sql.api.post("/CreateTask", {"taskInfo": task}, **request))


def install(sql: Sql, *hosts: str, packages: tuple[int, ...] = (FILES,), user: str = "ACME\\svc", plan: int = 60) -> Json:
    components = [{"osType": "Windows", "ComponentId": number} for number in packages]
    option = {
        "clientDetails": [{"clientEntity": {"clientId": 0, "clientName": host}} for host in hosts],
        "clientAuthForJob": {"userName": user, "password": SECRET},
        "installerOption": {"clientComposition": [{"components": {"componentInfo": components}}]},
    }
    return admin(
        sql, 4026, {"clientInstallOption": option, "updateOption": {"rebootClient": False, "plan": {"planId": plan}}}, **INSIDE_ACME
    )


def uninstall(sql: Sql, client: str, *packages: int) -> Json:
    components = [{"ComponentId": number} for number in packages]
    installer = {"Operationtype": 8 if packages else 7, "clientComposition": [{"components": {"componentInfo": components}}]}
    option = {"clientDetails": [{"clientEntity": {"clientName": client}}], "installerOption": installer}
    step = {"subTask": {"subTaskType": 1, "operationType": 4027}, "options": {"adminOpts": {"clientInstallOption": option}}}
    return t.cast("Json", sql.api.post("/CreateTask", {"taskInfo": {"associations": [{"clientName": client}], "subTasks": [step]}}))


def server(sql: Sql, name: str) -> Json:
    rows = sql.api.get("/V4/Servers?showOnlyInfrastructureMachines=0")["servers"]
    return next((row for row in rows if row["name"] == name), {})


def test_a_push_install_makes_the_client_and_its_agents(sql: Sql) -> None:
    assert sql.done(install(sql, "acme-fs02.example.com"))["status"] == "Completed"
    row = server(sql, "acme-fs02")
    assert ([agent["id"] for agent in row["agents"]], row["company"]["id"]) == ([33], 50)
    ids = sql.api.get("/GetId?clientname=acme-fs02&agent=File System&backupset=defaultBackupSet&subclient=default")
    job = sql.done(sql.api.post(f"/Subclient/{ids['subclientId']}/action/backup?backupLevel=Full"))
    assert (job["status"], job["totalNumOfFiles"]) == ("Completed", 1)


def test_an_agent_is_added_and_finds_its_instances(sql: Sql) -> None:
    job = sql.done(install(sql, "acme-sql02", packages=(FILES, SQL_SERVER)))
    assert (job["status"], job["jobType"]) == ("Completed", "Install Software")
    rows = {row["instance"]["name"]: row for row in sql.api.get("/V4/Databases", **INSIDE_ACME)["databases"]}
    assert (rows["ACME-SQL02"]["name"], rows["ACME-SQL02"]["plan"]["name"]) == ("CRM", "gold")
    # Two agents on one client: names still lead to the right subclient.
    ids = [
        sql.api.get(f"/GetId?clientname=acme-sql02&agent={agent}&backupset=defaultBackupSet&subclient=default")
        for agent in ("File System", "SQL Server")
    ]
    found = [sql.api.get(f"/Subclient/{row['subclientId']}")["subClientProperties"][0]["subClientEntity"] for row in ids]
    assert [row["applicationId"] for row in found] == [33, 81]


@pytest.mark.parametrize(("agent", "expected"), [("File System", 33), ("SQL Server", 81)])
def test_names_of_a_client_with_two_agents(sql: Sql, agent: str, expected: int) -> None:
    sql.done(install(sql, "acme-sql02", packages=(SQL_SERVER, FILES)))
    entity = {"clientName": "acme-sql02", "appName": agent, "backupsetName": "defaultBackupSet", "subclientName": "default"}
    step = {"subTask": {"subTaskType": 2, "operationType": 2}, "options": {"backupOpts": {"backupLevel": "Full"}}}
    job = sql.done(sql.api.post("/CreateTask", {"taskInfo": {"associations": [entity], "subTasks": [step]}}))
    assert (job["status"], job["subclient"]["applicationId"]) == ("Completed", expected)


@pytest.mark.parametrize(
    ("host", "user", "reason"),
    [("nowhere", "ACME\\svc", "name resolution"), ("gone-01", "ACME\\svc", "not reachable"), ("acme-sql02", "ACME\\me", "denied")],
)
def test_installs_that_fail(sql: Sql, host: str, user: str, reason: str) -> None:
    job = sql.done(install(sql, host, user=user))
    assert job["status"] == "Failed" and reason in sql.reason(job) and not server(sql, host)


def test_some_hosts_fail_and_secrets_stay_secret(sql: Sql) -> None:
    job = sql.done(install(sql, "acme-fs02", "gone-01"))
    assert job["status"] == "Completed w/ one or more errors" and "gone-01" in sql.reason(job)
    assert SECRET not in str(sql.api.control("GET", "journal"))
    assert install(sql, "acme-fs02", packages=())["errorCode"] != 0
    assert install(sql, "acme-fs02", plan=99)["errorCode"] != 0


def test_another_companys_name_is_taken(sql: Sql) -> None:
    job = sql.done(install(sql, "boreal-sql01"))
    assert job["status"] == "Failed" and "exists already" in sql.reason(job)


def test_one_agent_is_taken_off_and_put_back(sql: Sql) -> None:
    sql.done(install(sql, "acme-sql02", packages=(FILES, SQL_SERVER)))
    assert sql.done(uninstall(sql, "acme-sql02", SQL_SERVER))["status"] == "Completed"
    assert [agent["id"] for agent in server(sql, "acme-sql02")["agents"]] == [33]
    sql.done(install(sql, "acme-sql02", packages=(SQL_SERVER,)))
    assert [agent["id"] for agent in server(sql, "acme-sql02")["agents"]] == [33, 81]
    assert sql.api.get(f"/Instance?clientId={server(sql, 'acme-sql02')['id']}&applicationId=81")["instanceProperties"]


def test_retire_keeps_a_client_with_data_as_deconfigured(sql: Sql) -> None:
    sql.backup()
    number = sql.ids["clientId"]
    reply = sql.api.put(f"/V4/Client/{number}/Retire", {"retireClient": True, "packages": []})
    assert reply["error"]["errorCode"] == 0
    assert sql.done({"jobIds": [str(reply["jobId"])]})["status"] == "Completed"
    assert server(sql, "acme-sql01")["configured"] is False
    assert sql.api.get(f"/Client/{number}/CheckReadiness")["summary"][0]["status"] != "Ready."
    assert "disabled" in sql.api.post(f"/Subclient/{sql.ids['subclientId']}/action/backup?backupLevel=Full")["errorMessage"]
    assert "jobId" not in sql.api.put(f"/V4/Client/{number}/Retire", {"retireClient": True})


def test_retire_deletes_a_client_without_data(sql: Sql) -> None:
    reply = sql.api.put(f"/V4/Client/{sql.ids['clientId']}/Retire", {"retireClient": True, "packages": []})
    sql.api.advance(20)
    assert reply["jobId"] and not server(sql, "acme-sql01")
    assert sql.api.get("/V4/Databases", **INSIDE_ACME)["databases"] == []


def test_uninstalled_and_installed_again(sql: Sql) -> None:
    sql.done(install(sql, "acme-fs02"))
    sql.done(uninstall(sql, "acme-fs02"))
    assert server(sql, "acme-fs02")["configured"] is False
    sql.done(install(sql, "acme-fs02"))
    assert server(sql, "acme-fs02")["configured"] is True and server(sql, "acme-fs02")["networkReadiness"] == "ONLINE"


def test_a_companys_own_clients_only(sql: Sql) -> None:
    boreal = sql.api.get("/GetId?clientname=boreal-sql01")["clientId"]
    for method, path in (("PUT", f"/V4/Client/{boreal}/Retire"), ("DELETE", f"/V4/Server/{boreal}/Agent/81")):
        assert sql.api.call(method, path, {"retireClient": True}, **INSIDE_ACME)["errorCode"] == 404
    assert server(sql, "boreal-sql01")["configured"] is True


def test_activity_of_one_agent(sql: Sql) -> None:
    path = f"/V4/Server/{sql.ids['clientId']}/Agent/81"
    sql.api.put(f"{path}/Backup/Action/Disable")
    row = sql.api.get(f"/Agent?clientId={sql.ids['clientId']}")["agentProperties"][0]
    on = {o["activityType"]: o["enableActivityType"] for o in row["idaActivityControl"]["activityControlOptions"]}
    assert on == {1: False, 2: True}
    assert sql.backup()["status"] == "Queued"
    option = {"activityType": 1, "enableActivityType": True, "enableAfterADelay": False}
    wish = {"agentProperties": {"idaActivityControl": {"activityControlOptions": [option]}}}
    reply = sql.api.post("/Agent", {"association": {"entity": [{"clientName": "acme-sql01", "appName": "SQL Server"}]}, **wish})
    assert reply["response"][0]["errorCode"] == 0
    sql.api.advance(20)
    assert {job.status for job in sql.sim.jobs.values()} == {"Completed"}
    assert sql.api.delete(path)["errorCode"] == 0
    assert sql.api.get(f"/Agent?clientId={sql.ids['clientId']}") == {}
