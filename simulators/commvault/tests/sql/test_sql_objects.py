# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQL instances, databases and subclients: how they are found, who sees them, what subclients cover."""

from __future__ import annotations

import typing as t

from .conftest import CHAIN, KOELN, PROD, SALES, SIMPLE, content

if t.TYPE_CHECKING:
    from .conftest import Sql

INSIDE_ACME = {"headers": {"operatorCompanyId": "50"}}
SYSTEM = ["master", "model", "msdb"]


def test_names_become_ids_in_one_request(sql: Sql) -> None:
    assert (sql.ids["applicationId"], sql.ids["instanceName"], sql.ids["subclientName"]) == (81, PROD, "default")
    assert sql.api.get("/GetId", params={**CHAIN, "instanceName": "ACME-SQL01\\REPORTS"})["instanceId"] == -32000
    assert sql.api.get("/GetId", params={**CHAIN, "subclient": "none", "backupset": "defaultBackupSet"})["subclientId"] == -32000
    row = sql.api.get(f"/Instance/byName(clientName='acme-sql01',appName='SQL Server'),instanceName='{PROD.replace(chr(92), '%5C')}')")
    assert row["instanceProperties"][0]["instance"]["instanceId"] == sql.instance


def test_agent_instance_and_properties(sql: Sql) -> None:
    client = sql.ids["clientId"]
    assert [row["idaEntity"]["appName"] for row in sql.api.get(f"/Agent?clientId={client}")["agentProperties"]] == ["SQL Server"]
    assert [row["instance"]["instanceName"] for row in sql.api.get(f"/Instance?clientId={client}")["instanceProperties"]] == [PROD]
    path = f"/Instance/{sql.instance}"
    assert sql.api.get(path)["instanceProperties"][0]["mssqlInstance"] == {}
    account = {"userName": "ACME\\svc_sql", "password": "c2VjcmV0"}
    settings = {"overrideGlobalAuthentication": True, "useLocalSystemAccount": False, "userAccount": account}
    wish = {"mssqlInstance": {"vDITimeOut": 600, "overrideHigherLevelSettings": settings}, "planEntity": {"planName": "gold"}}
    assert sql.api.post(path, {"instanceProperties": wish})["response"][0]["errorCode"] == 0
    row = sql.api.get(f"{path}?propertyLevel=20")["instanceProperties"][0]
    assert (row["mssqlInstance"]["vDITimeOut"], row["mssqlInstance"]["useVss"], row["planEntity"]["planName"]) == (600, True, "gold")
    assert row["mssqlInstance"]["overrideHigherLevelSettings"]["userAccount"] == {"userName": "ACME\\svc_sql"}
    unknown = sql.api.post(path, {"instanceProperties": {"mssqlInstance": {"MSSQLCredentialinfo": {"credentialName": "none"}}}})
    assert "none" in unknown["response"][0]["errorString"]


def test_an_instance_is_created_by_hand_and_deleted(sql: Sql) -> None:
    entity = {"clientName": "acme-sql01", "instanceName": "ACME-SQL01\\REPORTS", "appName": "SQL Server", "applicationId": 81}
    wish = {"instanceProperties": {"instance": entity, "planEntity": {"planName": "gold"}}}
    number = sql.api.post("/Instance", wish)["response"]["entity"]["instanceId"]
    assert sql.api.post("/Instance", wish)["response"]["errorCode"] != 0
    rows = sql.api.get(f"/sql/databases?instance={number}")["SqlDatabase"]
    assert [(row["dbName"], row["planName"]) for row in rows] == [("Reports", "gold")]
    assert sql.api.delete(f"/Instance/{number}")["response"][0]["errorCode"] == 0
    assert sql.api.get(f"/sql/databases?instance={number}") == {}
    entity["instanceName"] = "ACME-SQL01\\NONE"
    assert "not found" in sql.api.post("/Instance", wish)["response"]["errorString"]


def test_lists_of_instances_each_in_their_own_words(sql: Sql) -> None:
    small = sql.api.get("/sql/instances", params={"clientName": "acme-sql01", "sla": 1})["SqlInstance"]
    assert [(row["insId"], row["numDbs"], row["status"], row["sla"]) for row in small] == [(sql.instance, 3, "Ready", "Missed SLA")]
    sql.backup()
    row = next(row for row in sql.api.get("/V4/Instances")["instances"] if row["name"] == PROD)
    assert (row["status"], row["lastBackup"]["status"], row["SLA"]["status"], row["plan"]["name"]) == (
        "READY",
        "COMPLETED",
        "MET_SLA",
        "gold",
    )
    engines = sql.api.get("/databases/instances")["dbInstance"]
    assert {row["instance"]["instanceName"]: row["sla"] for row in engines}[PROD] == "Met SLA"
    page = sql.api.get("/sql/instances?paging=1&start=1&max=2")["SqlInstance"]
    assert [row["insName"] for row in page] == ["BOREAL-SQL01", "LUX-SQL-RESTORE-01"]


def test_system_databases_are_hidden_unless_asked_for(sql: Sql) -> None:
    path = f"/sql/databases?instance={sql.instance}"
    assert [row["dbName"] for row in sql.api.get(path)["SqlDatabase"]] == [SALES, SIMPLE, KOELN]
    assert len(sql.api.get(f"{path}&showSysDB=1")["SqlDatabase"]) == 6
    assert sql.api.get("/sql/databases", params={"databaseName": KOELN})["SqlDatabase"][0]["insId"] == sql.instance
    rows = [row for row in sql.api.get("/V4/Databases")["databases"] if row["server"]["name"] == "acme-sql01"]
    assert {row["name"]: row["recoveryModel"] for row in rows} == {SALES: "FULL", KOELN: "FULL", SIMPLE: "SIMPLE"}


def test_a_company_sees_its_own_instances_only(sql: Sql) -> None:
    assert {row["name"] for row in sql.api.get("/V4/Instances", **INSIDE_ACME)["instances"]} == {PROD}
    assert {row["server"]["name"] for row in sql.api.get("/V4/Databases", **INSIDE_ACME)["databases"]} == {"acme-sql01"}
    boreal = next(row for row in sql.api.get("/V4/Instances")["instances"] if row["name"] == "BOREAL-SQL01")
    for path in (f"/Instance/{boreal['id']}", f"/sql/instance/{boreal['id']}", f"/sql/instance/{boreal['id']}/history/backup"):
        assert sql.api.get(path, **INSIDE_ACME)["errorCode"] == 404
    assert sql.api.get(f"/sql/databases?instance={boreal['id']}", **INSIDE_ACME) == {}
    refused = sql.api.post(f"/Instance/{boreal['id']}", {"instanceProperties": {}}, **INSIDE_ACME)
    assert refused["response"][0]["errorCode"] != 0
    options = sql.api.post("/SQL/RestoreOptions", {"sourceInstanceId": boreal["id"], "selectedDatabases": []}, **INSIDE_ACME)
    assert options["error"]["errorCode"] != 0


def test_the_default_subclient_covers_what_no_other_lists(sql: Sql) -> None:
    assert sql.content() == sorted([*SYSTEM, SALES, SIMPLE, KOELN], key=str.casefold)
    number = sql.create("sales", SALES.upper())["response"]["entity"]["subclientId"]
    assert sql.content(number) == [SALES]
    sql.act("create", "New one", rows=1)
    assert sql.content() == sorted([*SYSTEM, SIMPLE, KOELN, "New one"], key=str.casefold)
    second = sql.create("all", KOELN, SALES)["response"]["entity"]["subclientId"]
    assert (sql.content(number), sql.content(second)) == ([], [KOELN, SALES])
    assert sql.api.delete(f"/Subclient/{second}")["response"][0]["errorCode"] == 0
    assert KOELN in sql.content()
    assert sql.api.delete(f"/Subclient/{sql.ids['subclientId']}")["response"][0]["errorCode"] != 0


def test_content_operations(sql: Sql) -> None:
    number = sql.create("data", SALES)["response"]["entity"]["subclientId"]
    sql.update(number, content=content(KOELN))
    assert sql.content(number) == [SALES]
    for operation, given, expected in ((2, [KOELN], [SALES, KOELN]), ("DELETE", [SALES], [KOELN]), (1, [SIMPLE, SALES], [SIMPLE, SALES])):
        assert sql.update(number, contentOperationType=operation, content=content(*given))["errorCode"] == 0
        assert sql.content(number) == expected
    assert "Nowhere" in sql.update(number, contentOperationType=1, content=content("Nowhere"))["errorString"]
    assert sql.create("data", SALES)["response"]["errorCode"] != 0
    assert "Plan" in sql.update(number, planEntity={"planName": "none"})["errorString"]


def test_discovery_can_be_switched_off(sql: Sql) -> None:
    default = sql.ids["subclientId"]
    before = sql.content()
    sql.update(default, mssqlSubClientProp={"disableAutoDiscovery": True})
    sql.act("create", "New one", rows=1)
    assert sql.content() == before
    lost = sql.api.get(f"/Client/{sql.ids['clientId']}/Sql/Instance/{sql.instance}/unconfiguredDatabases")
    assert [row["databaseName"] for row in lost["databaseList"]] == ["New one"]
    sql.update(default, mssqlSubClientProp={"disableAutoDiscovery": False})
    assert "New one" in sql.content()
