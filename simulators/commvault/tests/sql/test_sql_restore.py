# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQL restores: in place, elsewhere, renamed, to a moment; broken chains, damaged backups and SQL Server's refusals."""

from __future__ import annotations

import typing as t

import pytest

from .conftest import KOELN, SALES, SIMPLE, device

if t.TYPE_CHECKING:
    from .conftest import Json, Sql

RESTORE = "LUX-SQL-RESTORE-01"
MOVED = [
    device(SALES, "Sales_Test", SALES, "E:\\SQL\\Sales_Test.mdf"),
    device(SALES, "Sales_Test", f"{SALES}_log", "E:\\SQL\\Sales_Test.ldf"),
]


def at(moment: float) -> Json:
    """The options of a restore to a moment."""
    return {"pointOfTimeRst": True, "pointInTime": {"time": int(moment)}}


def test_in_place_needs_leave_to_overwrite(sql: Sql) -> None:
    before = sql.live()["hash"]
    sql.backup()
    sql.change(id=1, name="wrong")
    refused = sql.restore(SALES)
    assert refused["status"] == "Failed" and "unconditional overwrite was not selected" in sql.reason(refused)
    assert sql.live()["hash"] != before
    assert sql.restore(SALES, overWrite=True)["status"] == "Completed"
    assert sql.live()["hash"] == before
    # Its history is a new one: a log needs a new full first.
    assert "no current full backup" in sql.reason(sql.backup("Transaction_Log"))


def test_a_dropped_database_comes_back(sql: Sql) -> None:
    before = sql.live(KOELN)["hash"]
    sql.backup()
    sql.act("drop", KOELN)
    assert KOELN not in sql.content()
    names = sql.api.get(f"/Client/{sql.ids['clientId']}/SQL/Instance/{sql.instance}/Browse")["sqlDatabase"]
    assert KOELN in [row["databaseName"] for row in names]
    assert sql.restore(KOELN)["status"] == "Completed"
    assert sql.live(KOELN)["hash"] == before and KOELN in sql.content()


def test_connections_have_to_be_dropped(sql: Sql) -> None:
    sql.backup()
    sql.act("set", connections=2)
    assert "in use" in sql.reason(sql.restore(SALES, overWrite=True))
    assert sql.restore(SALES, overWrite=True, dropConnectionsToDatabase=True)["status"] == "Completed"


def test_every_moment_between_log_backups(sql: Sql) -> None:
    sql.backup("Full")
    moments = [(sql.sim.clock.now(), sql.live()["hash"])]
    for number in range(4, 10):
        moment = sql.change(id=number, name=f"row {number}")
        moments.append((moment, sql.live()["hash"]))
        if number == 5:
            sql.backup("Differential")
        if number in (6, 9):
            sql.backup("Transaction_Log")
    sql.act("change", delete=[1])
    for moment, expected in moments[1:]:
        span = {"timeRange": {"toTimeValue": str(int(moment))}}
        assert sql.restore(SALES, overWrite=True, browse=span, **at(moment))["status"] == "Completed"
        assert sql.live()["hash"] == expected
        # The restore made the database's history a new one, but the backups of the old one still lead to each moment.


def test_a_moment_that_no_log_reaches(sql: Sql) -> None:
    early = sql.sim.clock.now()
    sql.backup("Full")
    late = sql.change(id=4)
    assert "No log backup" in sql.reason(sql.restore(SALES, overWrite=True, **at(late)))
    assert "no full backup" in sql.reason(sql.restore(SALES, overWrite=True, **at(early - 100)))
    assert "simple recovery model" in sql.reason(sql.restore(SIMPLE, overWrite=True, **at(late)))
    assert sql.restore(SIMPLE, overWrite=True, browse={"timeRange": {"toTime": int(late)}})["status"] == "Completed"


def test_the_time_range_alone_means_the_newest_backup_by_then(sql: Sql) -> None:
    first = sql.backup("Full")
    before = sql.live()["hash"]
    sql.change(id=4)
    sql.backup("Full")
    assert sql.restore(SALES, overWrite=True, browse={"timeRange": {"toTimeValue": str(first["jobEndTime"])}})["status"] == "Completed"
    assert sql.live()["hash"] == before


@pytest.mark.parametrize("zone", ["(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "(UTC) Coordinated Universal Time"])
def test_times_as_text_are_local_to_their_zone(sql: Sql, zone: str) -> None:
    sql.sim.clock.advance(86400)
    sql.api.login()
    sql.backup("Full")  # 2026-06-02 08:00 UTC
    hour = "10" if "Berlin" in zone else "08"
    browse = {"timeZone": {"TimeZoneName": zone}, "timeRange": {"toTimeValue": f"2026-06-02 {hour}:00:30"}}
    assert sql.restore(SALES, overWrite=True, browse=browse)["status"] == "Completed"
    browse["timeRange"] = {"toTimeValue": "2026-06-02 07:00:30"}
    assert sql.restore(SALES, overWrite=True, browse=browse)["status"] == "Failed"


@pytest.mark.parametrize("how", ["log_backup", "recovery_model"])
def test_a_broken_chain_is_refused_and_healed_by_a_full(sql: Sql, how: str) -> None:
    number = sql.create("sales", SALES)["response"]["entity"]["subclientId"]
    sql.backup("Full", number)
    sql.change(id=4)
    good = sql.backup("Transaction_Log", number)
    reached = sql.live()["hash"]
    sql.change(id=5)
    sql.act("break_chain", how=how)
    moment = sql.change(id=6)
    job = sql.backup("Transaction_Log", number)
    if how == "recovery_model":
        assert job["status"] == "Failed" and "no current full backup" in sql.reason(job)
    else:
        for options in (at(moment), {}):
            broken = sql.restore(SALES, overWrite=True, **options)
            assert broken["status"] == "Failed" and "chain of database [Sales] is broken" in sql.reason(broken)
    sql.backup("Full", number)
    sql.change(id=7)
    sql.backup("Transaction_Log", number)
    healed = sql.live()["hash"]
    assert sql.restore(SALES, overWrite=True)["status"] == "Completed" and sql.live()["hash"] == healed
    before = {"timeRange": {"toTimeValue": str(good["jobEndTime"])}}
    assert sql.restore(SALES, overWrite=True, browse=before)["status"] == "Completed" and sql.live()["hash"] == reached


def test_changes_made_in_the_file_are_in_the_log(sql: Sql) -> None:
    sql.backup("Full")
    sql.edit(SALES, lambda content: content["rows"].append({"id": 77, "name": "by hand"}))
    sql.backup("Transaction_Log")
    expected = sql.live()["hash"]
    sql.edit(SALES, lambda content: content.update(rows=[]))
    assert sql.restore(SALES, overWrite=True)["status"] == "Completed"
    assert sql.live()["hash"] == expected and 77 in [row["id"] for row in sql.live()["rows"]]


def test_to_another_instance_under_another_name_with_files_moved(sql: Sql) -> None:
    sql.backup()
    number = sql.ids["clientId"]
    options = sql.api.post("/SQL/RestoreOptions", {"sourceInstanceId": sql.instance, "selectedDatabases": [{"databaseName": SALES}]})
    assert {row["genericEntity"]["instanceName"] for row in options["sqlDestinationInstances"]} >= {RESTORE}
    assert "OLD-SQL01" not in {row["genericEntity"]["instanceName"] for row in options["sqlDestinationInstances"]}
    assert [row["logicalFileName"] for row in options["sqlDbdeviceItem"]] == [SALES, "Sales_log"]
    job = sql.restore(SALES, destination=sql.target(), device=MOVED)
    assert (job["status"], job["destClientName"]) == ("Completed", "lux-sql-restore-01")
    assert sql.live("Sales_Test", RESTORE)["hash"] == sql.live()["hash"]
    target = sql.target()["destinationInstance"]["instanceId"]
    assert [row["dbName"] for row in sql.api.get(f"/sql/databases?instance={target}")["SqlDatabase"]] == ["Sales_Test"]
    client = sql.api.get("/GetId?clientname=lux-sql-restore-01")["clientId"]
    rows = sql.api.get(f"/Client/{client}/Sql/Instance/{target}/DatabaseConfiguration")["databaseConfiguration"]
    moved = next(row for row in rows if row["databaseName"] == "Sales_Test")
    assert [file["fileName"] for file in moved["files"]] == ["E:\\SQL\\Sales_Test.mdf", "E:\\SQL\\Sales_Test.ldf"]
    assert number != client


@pytest.mark.parametrize(
    ("devices", "reason"),
    [
        ([], "cannot find the path"),
        (MOVED[:1], "is not listed"),
        ([*MOVED, device(SALES, "Sales_Test", "Third", "E:\\SQL\\x.ndf")], "is not part of"),
        ([MOVED[0], device(SALES, "Other", "Sales_log", "E:\\SQL\\x.ldf")], "more than one target"),
        ([MOVED[0], device(SALES, "Sales_Test", "Sales_log", "E:\\SQL\\Sales_Test.mdf")], "cannot be overwritten"),
        ([MOVED[0], device(SALES, "Sales_Test", "Sales_log", "E:Sales.ldf")], "cannot find the path"),
    ],
)
def test_files_that_have_no_place(sql: Sql, devices: list[str], reason: str) -> None:
    sql.backup()
    job = sql.restore(SALES, destination=sql.target(), device=devices)
    assert job["status"] == "Failed" and reason in sql.reason(job)
    assert not sql.live("Sales_Test", RESTORE)


def test_a_renamed_copy_may_not_take_the_files_of_the_original(sql: Sql) -> None:
    sql.backup()
    same = [device(SALES, "Sales 2", f["logical"], f["physical"]) for f in sql.live()["files"]]
    assert "being used by database [Sales]" in sql.reason(sql.restore(SALES, device=same))
    own = [device(SALES, "Sales 2", f["logical"], f["physical"].replace("Sales", "Sales 2")) for f in sql.live()["files"]]
    assert sql.restore(SALES, device=own)["status"] == "Completed"
    assert sql.live("Sales 2")["hash"] == sql.live()["hash"]


@pytest.mark.parametrize(
    "options",
    [
        {"device": ["|Sales|#12!Sales_Test|#12!Sales|#12!E:\\x.mdf"]},
        {"device": [device("Other", "Sales_Test", SALES, "E:\\x.mdf")]},
        {"sqlRecoverType": "STATE_STANDBY"},
        {"sqlRestoreType": "STEP_RESTORE"},
        {"logShippingOnly": True},
        {"pointOfTimeRst": True},
        {"pointOfTimeRst": True, "pointInTime": {"time": 5}, "browse": {"timeRange": {"toTime": 6}}},
    ],
)
def test_requests_that_are_refused_at_once(sql: Sql, options: Json) -> None:
    sql.backup()
    jobs = len(sql.sim.jobs)
    assert sql.task(SALES, **options)["errorCode"] != 0 and len(sql.sim.jobs) == jobs


def test_no_recovery_standby_and_bringing_online(sql: Sql) -> None:
    sql.backup()
    sql.restore(SALES, overWrite=True, sqlRecoverType="STATE_NORECOVER")
    assert sql.live()["state"] == "RESTORING"
    assert sql.restore(SALES, sqlRestoreType="RECOVER_ONLY")["status"] == "Completed" and sql.live()["state"] == "ONLINE"
    undo = {"mapFiles": {"renameFilesSuffix": "D:\\undo.dat"}}
    sql.restore(KOELN, overWrite=True, sqlRecoverType="STATE_STANDBY", fileOption=undo)
    assert sql.live(KOELN)["state"] == "STANDBY"


def test_verify_only_writes_nothing_and_finds_damage(sql: Sql) -> None:
    sql.backup()
    expected = sql.change(id=4) and sql.live()["hash"]
    assert sql.restore(SALES, sqlVerifyOnly=True)["status"] == "Completed" and sql.live()["hash"] == expected
    sql.act("corrupt_backup")
    assert "damaged" in sql.reason(sql.restore(SALES, sqlVerifyOnly=True))
    assert "damaged" in sql.reason(sql.restore(SALES, overWrite=True))


def test_faults_of_restores(sql: Sql) -> None:
    sql.backup()
    expected = sql.live()["hash"]
    sql.api.control("POST", "faults", {"name": "corrupt_restore", "path": "Sales", "times": 1})
    assert sql.restore(SALES, overWrite=True)["status"] == "Completed" and sql.live()["hash"] != expected
    sql.api.control("POST", "faults", {"name": "restore_fail", "match": "Sales", "reason": "disk full", "times": 1})
    assert "disk full" in sql.reason(sql.restore(SALES, overWrite=True)) and sql.live()["state"] == "RESTORING"


def test_several_databases_in_one_job(sql: Sql) -> None:
    sql.backup()
    sql.act("drop", KOELN)
    job = sql.restore(KOELN, SALES)
    assert (job["status"], job["totalFailedFiles"]) == ("Completed w/ one or more errors", 1)
    assert sql.live(KOELN)["state"] == "ONLINE" and "master" in sql.reason(sql.restore("master", overWrite=True))


def test_the_simple_restore_of_one_database(sql: Sql) -> None:
    sql.backup()
    row = sql.api.get("/sql/databases", params={"instance": sql.instance, "databaseName": SALES})["SqlDatabase"][0]
    target = sql.target()["destinationInstance"]["instanceId"]
    body = {"destinationEntity": {"instanceId": target}, "destinationDatabaseName": "Copy", "dataFilePath": "E:\\D", "logFilePath": "E:\\L"}
    assert sql.done(sql.api.post(f"/v2/sql/instances/{sql.instance}/databases/{row['dbId']}/restore", body))["status"] == "Completed"
    assert [f["physical"] for f in sql.live("Copy", RESTORE)["files"]] == ["E:\\D\\Copy.mdf", "E:\\L\\Copy_log.ldf"]


def test_only_the_providers_staff_reaches_the_providers_instance_from_inside_a_company(sql: Sql) -> None:
    sql.backup()
    sql.api.session.headers["operatorCompanyId"] = "50"
    target = {"destinationInstance": {"instanceName": RESTORE}}
    assert sql.restore(SALES, destination=target, device=MOVED)["status"] == "Completed"
    assert sql.task(SALES, destination={"destinationInstance": {"instanceName": "BOREAL-SQL01"}})["errorCode"] != 0
    sql.sim.users[1].company_id = 50
    assert sql.task(SALES, destination=target, device=MOVED)["errorCode"] != 0


def test_restores_can_be_disabled(sql: Sql) -> None:
    sql.backup()
    sql.api.put(f"/V4/Instance/{sql.instance}/Restore/Action/Disable")
    assert "disabled" in sql.task(SALES, overWrite=True)["errorMessage"]


def test_a_differential_bridges_a_gap_in_the_logs(sql: Sql) -> None:
    sql.backup("Full")
    sql.act("break_chain")
    sql.change(id=4)
    sql.backup("Transaction_Log")
    assert "broken" in sql.reason(sql.restore(SALES, sqlVerifyOnly=True))
    sql.backup("Differential")
    moment = sql.change(id=5)
    expected = sql.live()["hash"]
    sql.backup("Transaction_Log")
    assert sql.restore(SALES, overWrite=True, **at(moment))["status"] == "Completed" and sql.live()["hash"] == expected
