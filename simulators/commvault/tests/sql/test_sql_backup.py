# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQL backups: levels, recovery models, the log chain, what refuses a start and what fails a job."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from .conftest import KOELN, PROD, SALES, SIMPLE

if t.TYPE_CHECKING:
    from .conftest import Sql


def kinds(sql: Sql, database: str = SALES) -> list[str]:
    return [row["kind"] for row in sql.live(database)["backups"]]


def task(sql: Sql, level: str, subclient: str = "default", **options: bool) -> t.Any:
    entity = {"clientName": "acme-sql01", "appName": "SQL Server", "instanceName": PROD, "backupsetName": "defaultBackupSet"}
    step = {"subTask": {"subTaskType": 2, "operationType": 2}, "options": {"backupOpts": {"backupLevel": level, "dataOpt": options}}}
    return sql.api.post("/CreateTask", {"taskInfo": {"associations": [{**entity, "subclientName": subclient}], "subTasks": [step]}})


def test_full_differential_and_log(sql: Sql) -> None:
    full = sql.backup("Full")
    assert (full["status"], full["backupLevelName"], full["totalNumOfFiles"]) == ("Completed", "Full", 6)
    sql.change(id=4, name="four")
    assert sql.backup("Transaction_Log")["backupLevelName"] == "Transaction Log"
    small = sql.backup("Differential")
    assert small["status"] == "Completed" and small["sizeOfApplication"] < full["sizeOfApplication"]
    rows = sql.live()["backups"]
    assert [row["kind"] for row in rows] == ["FULL", "TRANSACTION_LOG", "DIFFERENTIAL"]
    assert rows[1]["first_lsn"] == rows[0]["last_lsn"] < rows[1]["last_lsn"]
    # master knows only full backups, and a database in the simple model has no log to back up.
    assert kinds(sql, "master") == ["FULL", "FULL"] and kinds(sql, SIMPLE) == ["FULL", "DIFFERENTIAL"]
    row = sql.api.get("/sql/databases", params={"instance": sql.instance, "databaseName": SALES})["SqlDatabase"][0]
    assert row["fBkpJob"] == full["jobId"] and row["bkpTime"] > 0
    history = sql.api.get(f"/sql/instance/{sql.instance}/database/{row['dbId']}/history/backup")["SqlBackupHistory"]
    assert [item["backupLevel"] for item in history] == ["Differential", "Transaction Log", "Full"]


@pytest.mark.parametrize("level", ["Incremental", "Synthetic_Full", "Nonsense", ""])
def test_levels_that_sql_server_does_not_have(sql: Sql, level: str) -> None:
    reply = sql.api.post(f"/Subclient/{sql.ids['subclientId']}/action/backup?backupLevel={level}")
    assert reply["errorCode"] != 0 and "not valid" in reply["errorMessage"] and not sql.sim.jobs


def test_a_log_backup_needs_a_full_backup_and_the_full_recovery_model(sql: Sql) -> None:
    job = sql.backup("Transaction_Log")
    assert job["status"] == "Failed" and "no current full backup" in sql.reason(job)
    number = sql.create("simple", SIMPLE)["response"]["entity"]["subclientId"]
    sql.backup("Full", number)
    job = sql.backup("Transaction_Log", number)
    assert job["status"] == "Failed" and "recovery model is SIMPLE" in sql.reason(job)


def test_a_differential_without_a_base_becomes_a_full(sql: Sql) -> None:
    number = sql.create("sales", SALES)["response"]["entity"]["subclientId"]
    assert sql.backup("Differential", number)["backupLevelName"] == "Full"
    assert sql.backup("Differential", number)["backupLevelName"] == "Differential"


def test_copy_only_leaves_the_chain_as_it_is(sql: Sql) -> None:
    sql.done(task(sql, "Full", copyOnly=True))
    assert "no current full backup" in sql.reason(sql.backup("Transaction_Log"))
    sql.backup("Full")
    sql.change(id=4)
    sql.done(task(sql, "Full", copyOnly=True))
    sql.change(id=5)
    sql.backup("Differential")
    assert sql.restore(SALES, overWrite=True)["status"] == "Completed"
    assert {row["id"] for row in sql.live()["rows"]} >= {4, 5}


def test_tail_log_and_log_after_the_full(sql: Sql) -> None:
    sql.create("sales", SALES)
    sql.done(task(sql, "Full", "sales", startLogBackupAfterSuccessfullBackup=True))
    sql.api.advance(20)
    assert kinds(sql) == ["FULL", "TRANSACTION_LOG"]
    assert sql.done(task(sql, "Transaction_Log", "sales", tailLogBackup=True))["status"] == "Completed"
    assert sql.live()["state"] == "RESTORING"
    assert "its state is RESTORING" in sql.reason(sql.done(task(sql, "Full", "sales")))


@pytest.mark.parametrize(
    ("level", "options"),
    [
        ("Full", {"tailLogBackup": True}),
        ("Differential", {"copyOnly": True}),
        ("Transaction_Log", {"startLogBackupAfterSuccessfullBackup": True}),
        ("Full", {"checksum": True, "useSqlCompression": True}),
    ],
)
def test_options_that_exclude_each_other(sql: Sql, level: str, options: t.Any) -> None:
    assert task(sql, level, **options)["errorCode"] != 0 and not sql.sim.jobs


def test_a_damaged_database_fails_alone(sql: Sql) -> None:
    pathlib.Path(sql.live(KOELN)["path"]).write_text("no longer a database", encoding="utf-8")
    job = sql.backup("Full")
    assert (job["status"], job["totalFailedFiles"]) == ("Completed w/ one or more errors", 1)
    assert KOELN in sql.reason(job) and "SUSPECT" in sql.reason(job)


def test_refusals_to_start(sql: Sql) -> None:
    bare = sql.create("bare", planEntity={})["response"]["entity"]["subclientId"]
    path = f"/Subclient/{bare}/action/backup?backupLevel=Full"
    assert "No plan" in sql.api.post(path)["errorMessage"]
    sql.update(bare, planEntity={"planName": "gold"})
    assert "no database" in sql.api.post(path)["errorMessage"]
    sql.api.put(f"/V4/Instance/{sql.instance}/Backup/Action/Disable")
    assert "disabled" in sql.api.post(path)["errorMessage"]


def test_a_killed_backup_leaves_nothing_behind(sql: Sql) -> None:
    job = sql.api.post(f"/Subclient/{sql.ids['subclientId']}/action/backup?backupLevel=Full")["jobIds"][0]
    sql.api.advance(5)
    sql.api.post(f"/Job/{job}/action/kill")
    sql.api.advance(5)
    assert kinds(sql) == [] and "no current full backup" in sql.reason(sql.backup("Transaction_Log"))


def test_backups_of_single_databases(sql: Sql) -> None:
    rows = {row["dbName"]: row["dbId"] for row in sql.api.get(f"/sql/databases?instance={sql.instance}")["SqlDatabase"]}
    sql.done(sql.api.post(f"/v2/sql/instance/{sql.instance}/databases/{rows[SALES]}/backup", {"backupType": 1}))
    assert (kinds(sql), kinds(sql, KOELN)) == (["FULL"], [])
    chosen = [{"databaseName": KOELN, "databaseId": rows[KOELN]}]
    body = {"backupType": 1, "instances": [{"sourceInstance": {"instanceId": sql.instance}, "selectedDatabases": chosen}]}
    sql.done(sql.api.post("/v2/sql/backup", body))
    assert (kinds(sql), kinds(sql, KOELN)) == (["FULL"], ["FULL"])
    sql.done(sql.api.post(f"/v2/sql/instances/{sql.instance}/backup", {"backupType": 3}))
    assert kinds(sql) == ["FULL", "DIFFERENTIAL"]


def test_a_plans_incremental_is_a_differential(sql: Sql) -> None:
    boreal = next(row.id for row in sql.sim.subclients.values() if row.company_id == 51)
    sql.sim.subclients[boreal].plan_id = 0
    assert sql.done(sql.api.post("/V4/ServerPlan/60/Backup/Run?backupLevel=INCREMENTAL"))["backupLevelName"] == "Full"
    assert sql.done(sql.api.post("/V4/ServerPlan/60/Backup/Run?backupLevel=INCREMENTAL"))["status"] == "Completed"
    assert kinds(sql) == ["FULL", "DIFFERENTIAL"]
