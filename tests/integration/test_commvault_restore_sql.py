# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime

import pytest

from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.sql import (
    INSTANCE,
    KOELN,
    RESTORE_INSTANCE,
    RESTORE_SERVER,
    SALES,
    SERVER,
    SIMPLE,
    WAREHOUSE,
    sql_world,
)

MODULE = "commvault_restore"
ELSEWHERE = {"destination_client": RESTORE_SERVER, "destination_instance": RESTORE_INSTANCE}
ON_E = {"data_path": "E:\\SQL", "log_path": "E:\\SQL\\Logs\\"}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with sql_world(tmp_path_factory.mktemp("restore-sql")) as world:
        yield world


@pytest.fixture
def world(running):
    """There is a full backup of everything as it is now."""
    running.act("set", SALES, connections=0)
    running.backup()
    yield running
    running.sandbox.control("DELETE", "/faults")


def wish(*databases, **options):
    rows = [database if isinstance(database, dict) else {"name": database} for database in databases]
    return {"sql": {"client": SERVER, "instance": INSTANCE, "databases": rows, **options}, "parallel": 1}


def iso(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat()


def test_a_database_is_restored_beside_itself(world):
    options = wish({"name": WAREHOUSE, "new_name": "Warehouse before"})
    told, _asked, writes = world.requests(MODULE, options, check=True)
    assert told["changed"] and told["restore"]["job"] is None and writes == []
    result, _asked, writes = world.requests(MODULE, options)
    assert [line.partition(" ")[2] for line in writes] == ["/CreateTask"]
    (row,) = result["restore"]["databases"]
    assert {**row, "id": None, "state": None, "recovery_model": None} == told["restore"]["databases"][0]
    live = world.live("Warehouse before")
    assert (row["name"], row["id"], row["state"], row["replaced"]) == ("Warehouse before", live["id"], "ONLINE", False)
    assert [file["path"] for file in row["files"]] == [file["physical"] for file in live["files"]] and len(row["files"]) == 3
    assert world.rows("Warehouse before") == world.rows(WAREHOUSE)
    world.act("drop", "Warehouse before")


def test_in_place_overwrites_only_when_told(world):
    before = world.rows(SALES)
    world.act("change", set=[{"id": 1, "name": "wrong"}])
    for check in (True, False):
        refused = world.failure(MODULE, wish(SALES), check=check)
        assert refused["error"]["kind"] == "Refused" and "overwrite" in refused["msg"] and world.writes() == []
    result = world.run(MODULE, wish(SALES, overwrite=True))["restore"]
    assert world.rows(SALES) == before and result["destination"]["in_place"] and result["databases"][0]["replaced"]


def test_a_dropped_database_comes_back(world):
    before = world.rows(KOELN)
    world.act("drop", KOELN)
    assert world.run(MODULE, wish(KOELN))["restore"]["databases"][0]["replaced"] is False
    assert world.rows(KOELN) == before


def test_connections_are_cut_only_when_told(world):
    world.act("set", SALES, connections=2)
    assert "in use" in world.failure(MODULE, wish(SALES, overwrite=True))["msg"]
    world.run(MODULE, wish(SALES, overwrite=True, drop_connections=True))
    assert world.live(SALES)["connections"] == 0


def test_a_point_in_time_is_exact(world):
    world.act("change", set=[{"id": 500, "name": "good"}])
    good = world.rows(SALES)
    moment = world.pass_on(60) - 30
    world.act("change", delete=[500], set=[{"id": 501, "name": "bad"}])
    options = wish({"name": SALES, "new_name": "Sales then"}, point_in_time=iso(moment))
    early = world.failure(MODULE, options)
    assert early["error"]["kind"] == "NotFound" and "transaction_log" in early["msg"] and world.writes() == []
    log = world.backup("transaction_log", fail_on_partial=False)
    result = world.run(MODULE, options)["restore"]
    assert world.rows("Sales then") == good != world.rows(SALES)
    assert result["databases"][0]["backup_jobs"][-1] == log["id"] and result["backup_job"]["id"] == log["id"]
    assert result["restored_to"].replace("Z", "+00:00") == iso(moment)
    world.act("drop", "Sales then")


def test_a_zone_in_the_point_in_time_counts(world):
    moment = world.pass_on(60) - 30
    world.act("change", set=[{"id": 700, "name": "late"}])
    world.backup("transaction_log")
    zone = datetime.timezone(datetime.timedelta(hours=2))
    shifted = datetime.datetime.fromtimestamp(moment, zone).isoformat()
    result = world.run(MODULE, wish({"name": SALES, "new_name": "Sales zone"}, point_in_time=shifted))["restore"]
    assert result["restored_to"].replace("Z", "+00:00") == iso(moment)
    assert world.rows("Sales zone") != world.rows(SALES)
    world.act("drop", "Sales zone")


def test_a_job_names_the_state(world):
    first = world.rows(SALES)
    (job_id,) = {row["last_full_job"] for row in world.run("commvault_sql_database_info", {"databases": [SALES]})["databases"]}
    world.act("change", set=[{"id": 800, "name": "later"}])
    later = world.backup("differential")
    result = world.run(MODULE, wish({"name": SALES, "new_name": "Sales job"}, job_id=job_id))["restore"]
    assert world.rows("Sales job") == first and result["databases"][0]["backup_jobs"] == [job_id]
    result = world.run(MODULE, wish({"name": SALES, "new_name": "Sales job"}, overwrite=True))["restore"]
    assert world.rows("Sales job") == world.rows(SALES) and result["databases"][0]["backup_jobs"] == [job_id, later["id"]]
    assert "Job 1 is no backup" in world.failure(MODULE, wish(SALES, job_id=1, overwrite=True))["msg"]
    world.act("drop", "Sales job")


def test_a_broken_chain_is_refused_in_the_servers_words(world):
    world.backup("transaction_log")
    world.act("change", set=[{"id": 600, "name": "lost"}])
    world.act("break_chain")
    world.backup("transaction_log")
    failed = world.failure(MODULE, wish({"name": SALES, "new_name": "Never"}))
    assert failed["error"]["kind"] == "JobFailed" and "log chain" in failed["msg"] and "is broken" in failed["msg"]
    assert world.live("Never") is None


def test_to_the_providers_instance_with_other_drives(world):
    database = {"name": KOELN, "new_name": 'Restore test / Köln\'s "100 %" + é', **ON_E}
    result = world.run(MODULE, wish(database, **ELSEWHERE))["restore"]
    live = world.live(database["new_name"], RESTORE_INSTANCE)
    assert result["databases"][0]["id"] == live["id"] and world.rows(database["new_name"], RESTORE_INSTANCE) == world.rows(KOELN)
    assert [file["physical"] for file in live["files"]] == [
        "E:\\SQL\\Restore test _ Köln's _100 %_ + é.mdf",
        "E:\\SQL\\Logs\\Restore test _ Köln's _100 %_ + é_log.ldf",
    ]
    refused = world.failure(MODULE, wish(database, **ELSEWHERE))
    assert refused["error"]["kind"] == "Refused" and world.writes() == []
    world.run(MODULE, wish(database, overwrite=True, **ELSEWHERE))


def test_files_by_logical_name(world):
    files = [{"logical": "sales", "path": "D:\\SQL\\Data\\Kopie Ä.mdf"}]
    result = world.run(MODULE, wish({"name": SALES, "new_name": "Kopie", "files": files}))["restore"]["databases"][0]
    assert [file["path"] for file in result["files"]] == ["D:\\SQL\\Data\\Kopie Ä.mdf", "L:\\SQL\\Log\\Kopie_log.ldf"]
    assert (
        "no logical file nothing"
        in world.failure(MODULE, wish({"name": SALES, "new_name": "K", "files": [{"logical": "Nothing", "path": "D:\\x.mdf"}]}))["msg"]
    )
    world.act("drop", "Kopie")


def test_files_of_another_database_are_not_aimed_at(world):
    files = [{"logical": "Sales", "path": "d:\\sql\\data\\WAREHOUSE.mdf"}]
    failed = world.failure(MODULE, wish({"name": SALES, "new_name": "Clash", "files": files}))
    assert '"Warehouse"' in failed["msg"] and world.writes() == []


def test_a_drive_that_is_not_there_fails_with_the_servers_reason(world):
    assert "Directory lookup" in world.failure(MODULE, wish({"name": SALES, "new_name": "x", "data_path": "Q:\\"}))["msg"]


def test_states(world):
    world.run(MODULE, wish(KOELN, overwrite=True, recovery_state="standby", undo_file="D:\\SQL\\undo.dat"))
    assert world.live(KOELN)["state"] == "STANDBY"
    result = world.run(MODULE, wish(KOELN, overwrite=True, recovery_state="norecovery"))["restore"]
    assert result["databases"][0]["state"] == "RESTORING"
    world.run(MODULE, wish(KOELN, overwrite=True))
    assert world.live(KOELN)["state"] == "ONLINE"


def test_several_databases_at_once(world):
    many = [{"name": name, "new_name": f"{name} 2"} for name in (SALES, KOELN, SIMPLE)]
    result = world.run(MODULE, wish(*many))["restore"]
    assert [row["name"] for row in result["databases"]] == [f"{name} 2" for name in (SALES, KOELN, SIMPLE)]
    for name in (SALES, KOELN, SIMPLE):
        assert world.rows(f"{name} 2") == world.rows(name)
        world.act("drop", f"{name} 2")


@pytest.mark.parametrize(
    ("database", "text"),
    [
        ({"name": SALES, "new_name": "a|#12!b"}, "new_name"),
        ({"name": SALES, "new_name": "a#12!b"}, "new_name"),
        ({"name": SALES, "new_name": "a\nb"}, "new_name"),
        ({"name": "a|b", "new_name": "c"}, "a|b"),
        ({"name": SALES, "data_path": "E:\\x|y"}, "data_path"),
        ({"name": SALES, "log_path": "SQL\\Log"}, "give the whole path"),
        ({"name": SALES, "files": [{"logical": "Sales", "path": "E:\\SQL\\"}]}, "give the whole path"),
        ({"name": SALES, "files": [{"logical": "x|#12!y", "path": "E:\\x.mdf"}]}, "logical file"),
        ({"name": "master"}, "single-user"),
        ({"name": SALES, "new_name": "MSDB"}, "single-user"),
    ],
)
def test_what_would_not_be_safe_is_refused(world, database, text):
    for check in (True, False):
        assert text in world.failure(MODULE, wish(database, overwrite=True), check=check)["msg"]
        assert world.writes() == []


def test_what_makes_no_sense_is_refused(world):
    assert "listed twice" in world.failure(MODULE, wish(SALES, {"name": "SALES", "new_name": "x"}, overwrite=True))["msg"]
    assert "restored twice" in world.failure(MODULE, wish({"name": SALES, "new_name": "x"}, {"name": KOELN, "new_name": "X"}))["msg"]
    assert "no full backup" in world.failure(MODULE, wish("Nichts"))["msg"]
    assert "There is no full backup" in world.failure(MODULE, wish({"name": SALES, "new_name": "x"}, point_in_time="2001-01-01"))["msg"]
    assert "is not a time" in world.failure(MODULE, wish(SALES, point_in_time="yesterday"))["msg"]
    assert "mutually exclusive" in world.failure(MODULE, wish(SALES, point_in_time="2026-01-01", job_id=1))["msg"]
    assert "undo_file" in world.failure(MODULE, wish(SALES, recovery_state="standby"))["msg"]
    assert world.writes() == []


def test_nothing_goes_to_another_tenant(world):
    world.modules("commvault_company", {"name": "Boréal Îles Ltd", "alias": "boreal", "servers": ["boreal-sql01"]})
    database = {"name": SALES, "new_name": "stolen"}
    to_boreal = wish(database, destination_client="boreal-sql01", destination_instance="BOREAL-SQL01")
    from_boreal = wish({"name": "Îles / marées"}, **ELSEWHERE)
    from_boreal["sql"] |= {"client": "boreal-sql01", "instance": "BOREAL-SQL01"}
    for options in (to_boreal, from_boreal):
        for run in (world.failure, lambda module, given: world.modules.failure(module, {**given, "company": None})):
            if run is not world.failure and options is from_boreal:
                continue
            world.sandbox.control("DELETE", "/journal")
            failed = run(MODULE, options)
            assert "boreal-sql01" in failed["msg"] and world.writes() == []


def test_an_older_sql_server_is_no_destination(world):
    world.modules("commvault_company", {"name": tenant.COMPANY["name"], "alias": "acme", "servers": ["acme-fs01", SERVER, "cafe-sql01"]})
    options = wish({"name": "Kasse", "new_name": "Kasse"}, destination_client=SERVER, destination_instance=INSTANCE)
    options["sql"] |= {"client": "cafe-sql01", "instance": "CAFE-SQL01"}
    plan = {"client": "cafe-sql01", "instance": "CAFE-SQL01", "plan": tenant.PLAN["name"]}
    world.run("commvault_sql_instance", {"instances": [plan]})
    target = {"client": "cafe-sql01", "instance": "CAFE-SQL01", "name": "default"}
    world.run("commvault_backup", {"sql_subclients": [target], "level": "full"})
    failed = world.failure(MODULE, options)
    assert "older SQL Server" in failed["msg"] and world.writes() == []
    world.modules("commvault_company", {"name": tenant.COMPANY["name"], "alias": "acme", "servers": ["acme-fs01", SERVER]})


def test_a_start_whose_answer_is_lost_is_found_and_not_repeated(world):
    world.sandbox.control(
        "POST", "/faults", {"name": "http", "method": "POST", "path": "/CreateTask", "reset": True, "after": True, "times": 1}
    )
    world.sandbox.control("DELETE", "/journal")
    result = world.run(MODULE, wish({"name": SALES, "new_name": "once"}))
    assert result["restore"]["job"]["outcome"] == "success" and world.writes() == ["POST /CreateTask"]
    world.act("drop", "once")


def test_a_restore_that_fails_half_way_says_why(world):
    world.sandbox.control("POST", "/faults", {"name": "restore_fail", "match": "half", "reason": "The tape is torn", "times": 1})
    assert "The tape is torn" in world.failure(MODULE, wish({"name": SALES, "new_name": "half"}))["msg"]
    world.act("drop", "half")
