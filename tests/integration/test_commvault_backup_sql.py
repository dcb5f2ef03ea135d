# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support.sql import INSTANCE, KOELN, SERVER, SUBCLIENT, sql_world

MODULE = "commvault_backup"
FULL = {"sql_subclients": [SUBCLIENT], "level": "full"}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with sql_world(tmp_path_factory.mktemp("backup-sql")) as world:
        yield world


@pytest.fixture
def world(running):
    yield running
    running.sandbox.control("DELETE", "/faults")


def test_a_first_backup_is_told_made_and_not_made_again(world):
    options = {**FULL, "start": "if_never_backed_up"}
    told, _asked, writes = world.requests(MODULE, options, check=True)
    assert told["started"] and told["jobs"] == [] and writes == []
    made = world.run(MODULE, options)
    (target,) = made["targets"]
    assert (target["kind"], target["instance"], target["action"]) == ("sql_subclient", INSTANCE, "started")
    assert (made["jobs"][0]["level"], made["jobs"][0]["outcome"], made["jobs"][0]["objects"]) == ("Full", "success", 7)
    for check in (True, False):
        again, _asked, writes = world.requests(MODULE, options, check=check)
        assert not again["changed"] and writes == [] and again["targets"][0]["action"] == "kept"


@pytest.mark.parametrize(("level", "shown"), [("full", "Full"), ("differential", "Differential"), ("transaction_log", "Transaction Log")])
def test_the_level_arrives(world, level, shown):
    world.backup()
    assert world.backup(level)["level"] == shown


def test_starting_costs_four_requests_the_company_and_the_logout(world):
    _result, asked, writes = world.requests(MODULE, {**FULL, "wait": False})
    assert len(asked) == 6 and len(writes) == 1
    assert world.run(MODULE, FULL)["attached"]


@pytest.mark.parametrize("level", ["incremental", "synthetic_full"])
def test_levels_that_sql_server_does_not_have(world, level):
    failed = world.failure(MODULE, {**FULL, "level": level})
    assert f"The level {level}" in failed["msg"] and "differential" in failed["msg"] and world.writes() == []


def test_options_that_do_not_fit(world):
    files = {"subclients": [{"client": "acme-fs01", "name": "data"}]}
    for options, text in (
        ({**FULL, **files, "level": "transaction_log"}, "files and VMs have no log"),
        ({**FULL, "level": "differential", "sql_options": {"copy_only": True}}, "copy_only is for full"),
        ({**FULL, "level": "transaction_log", "sql_options": {"log_backup_afterwards": True}}, "log_backup_afterwards"),
        ({**FULL, "sql_options": {"compression": True, "checksum": True}}, "exclude each other"),
        ({**files, "level": "full", "sql_options": {"checksum": True}}, "there are none"),
        ({"sql_subclients": [SUBCLIENT, {**SUBCLIENT, "name": "DEFAULT"}], "level": "full"}, "Given twice"),
        ({"sql_subclients": [{**SUBCLIENT, "name": "Nichts"}], "level": "full"}, "Nichts"),
        ({"sql_subclients": [{"client": "cafe-sql01", "instance": "CAFE-SQL01", "name": "default"}], "level": "full"}, "cafe-sql01"),
    ):
        assert text in world.failure(MODULE, options)["msg"]
        assert world.writes() == []


def test_a_copy_only_backup_is_no_base_of_differentials(world):
    world.backup()
    world.act("change", set=[{"id": 900, "name": "x"}])
    world.backup("full", sql_options={"copy_only": True, "checksum": True})
    assert world.backup("differential")["level"] == "Differential"


def test_a_log_backup_can_follow(world):
    job = world.backup("full", sql_options={"log_backup_afterwards": True})
    world.backup()
    levels = [row["level"] for row in world.run("commvault_job_info", {"client": SERVER, "types": ["backup"]})["jobs"]]
    assert job["level"] == "Full" and "Transaction Log" in levels


def test_a_log_backup_without_a_full_fails_with_the_reason(world):
    world.act("create", "Fresh", rows=1)
    made = {"client": SERVER, "instance": INSTANCE, "name": "fresh", "databases": ["Fresh"], "plan": "acme-gold"}
    world.run("commvault_sql_subclient", {"subclients": [made]})
    target = {"client": SERVER, "instance": INSTANCE, "name": "fresh"}
    failed = world.failure(MODULE, {"sql_subclients": [target], "level": "transaction_log"})
    assert failed["error"]["kind"] == "JobFailed" and "no current full backup" in failed["msg"]
    job = world.run(MODULE, {"sql_subclients": [target, SUBCLIENT], "level": "differential"})["jobs"][0]
    assert job["level"] == "Full", "a differential without a base is converted"


def test_a_database_that_fails_is_named(world):
    world.backup()
    world.act("set", KOELN, state="SUSPECT")
    result = world.run(MODULE, FULL)
    assert result["jobs"][0]["outcome"] == "partial" and KOELN in str(result["warnings"])
    assert KOELN in world.failure(MODULE, {**FULL, "fail_on_partial": True})["msg"]
    world.act("set", KOELN, state="ONLINE")


def test_a_subclient_that_never_succeeded_in_full_is_backed_up_again(world):
    world.act("set", KOELN, state="SUSPECT")
    made = {"client": SERVER, "instance": INSTANCE, "name": "partial", "databases": [KOELN, "Sales"], "plan": "acme-gold"}
    world.run("commvault_sql_subclient", {"subclients": [made]})
    options = {**FULL, "sql_subclients": [{key: made[key] for key in ("client", "instance", "name")}], "start": "if_never_backed_up"}
    options["fail_on_failure"] = False
    for _run in range(2):
        result = world.run(MODULE, options)
        assert result["started"] and [row["name"] for row in result["unprotected"]] == ["partial"]
    world.act("set", KOELN, state="ONLINE")
    assert world.run(MODULE, options)["unprotected"] == []
    assert world.run(MODULE, options)["changed"] is False
    world.run("commvault_sql_subclient", {"subclients": [{**options["sql_subclients"][0], "state": "absent"}]})


def test_a_start_whose_answer_is_lost_is_found_and_not_repeated(world):
    for options in ({}, {"sql_options": {"copy_only": True}}):
        world.sandbox.control(
            "POST", "/faults", {"name": "http", "method": "POST", "path": "backup|CreateTask", "reset": True, "after": True, "times": 1}
        )
        world.sandbox.control("DELETE", "/journal")
        result = world.run(MODULE, {**FULL, **options})
        assert result["started"] and result["jobs"][0]["outcome"] == "success" and len(world.writes()) == 1
