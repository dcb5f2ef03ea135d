# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time

import pytest

from ansible_collections.calligo.baas.tests.support.protected import RESTORE_CLIENT, SUBCLIENT, protected

MODULE = "commvault_restore"
SOURCE = {"client": SUBCLIENT["client"], "subclient": SUBCLIENT["name"]}
ELSEWHERE = {"destination_client": RESTORE_CLIENT, "destination_path": "E:\\Rücksicherung"}
KOELN = "D:\\Data\\Köln\\Übersicht.docx"
BUDGET = "D:\\Data\\Budget 2026.xlsx"
A_MOMENT = 2.1
"""Seconds between backups, whose times are whole seconds and whose points reach one second beyond their ends."""


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with protected(tmp_path_factory.mktemp("restore")) as world:
        world.run("commvault_backup", {"subclients": [SUBCLIENT], "level": "full"})
        yield world


@pytest.fixture
def world(running):
    yield running
    running.sandbox.control("DELETE", "/faults")


def restore_files(world, *paths, check=False, **more):
    return world.run(MODULE, {"files": {**SOURCE, "paths": list(paths), **more}}, check=check)


def test_files_go_to_another_client_byte_by_byte(world):
    result, _asked, writes = world.requests(MODULE, {"files": {**SOURCE, "paths": [KOELN, "D:\\Data\\Employés"], **ELSEWHERE}})
    assert result["changed"] and writes == ["POST /CreateTask"]
    file, folder = result["restore"]["paths"]
    assert (file["path"], file["type"]) == ("E:\\Rücksicherung\\Übersicht.docx", "file")
    assert (folder["path"], folder["type"]) == ("E:\\Rücksicherung\\Employés", "folder")
    assert file["backup_job"] == result["restore"]["backup_job"]["id"]
    for source, path in ((KOELN, file["path"]), ("D:\\Data\\Employés\\été 2026.csv", folder["path"] + "\\été 2026.csv")):
        assert world.drive(RESTORE_CLIENT, path).read_bytes() == world.drive("acme-fs01", source).read_bytes()


def test_files_in_check_mode(world):
    place = {"destination_client": RESTORE_CLIENT, "destination_path": "E:\\Probe"}
    result, asked, writes = world.requests(MODULE, {"files": {**SOURCE, "paths": [KOELN], **place}}, check=True)
    assert result["changed"] and result["restore"]["job"] is None and writes == [] and "POST /DoBrowse" in asked
    assert not world.drive(RESTORE_CLIENT, "E:\\Probe").exists()


def test_in_place_only_what_is_missing_comes_back_unless_more_is_asked_for(world):
    budget, overview = world.drive("acme-fs01", BUDGET), world.drive("acme-fs01", KOELN)
    kept, text = budget.read_bytes(), overview.read_text(encoding="utf-8")
    budget.write_bytes(b"changed since")
    overview.unlink()
    result = restore_files(world, BUDGET, KOELN, in_place=True)
    assert result["changed"] and overview.read_text(encoding="utf-8") == text and budget.read_bytes() == b"changed since"
    nothing = restore_files(world, BUDGET, in_place=True)
    assert nothing["changed"] is False and "overwrite is never" in str(nothing["warnings"])
    # The changed file is the newer one.
    assert restore_files(world, BUDGET, in_place=True, overwrite="older")["changed"] is False and budget.read_bytes() == b"changed since"
    assert restore_files(world, BUDGET, in_place=True, overwrite="always")["changed"] is True and budget.read_bytes() == kept


def test_the_state_of_a_point_is_restored_with_what_earlier_jobs_hold(world):
    first = world.run("commvault_backup", {"subclients": [SUBCLIENT], "level": "full"})["jobs"][0]
    time.sleep(A_MOMENT)
    path = world.drive("acme-fs01", "D:\\Data\\notes été.txt")
    path.write_text("one", encoding="utf-8")
    second = world.run("commvault_backup", {"subclients": [SUBCLIENT]})["jobs"][0]
    time.sleep(A_MOMENT)
    path.write_text("two, longer", encoding="utf-8")
    third = world.run("commvault_backup", {"subclients": [SUBCLIENT]})["jobs"][0]
    time.sleep(A_MOMENT)
    path.unlink()
    fourth = world.run("commvault_backup", {"subclients": [SUBCLIENT]})["jobs"][0]

    def told(**point):
        return restore_files(world, "D:\\Data\\notes été.txt", KOELN, check=True, in_place=True, **point)["restore"]

    at_second = told(job_id=second["id"])
    assert at_second["backup_job"]["id"] == second["id"]
    assert [row["backup_job"] for row in at_second["paths"]] == [second["id"], first["id"]]
    assert told(point_in_time=third["end_time"])["paths"][0]["backup_job"] == third["id"]
    failed = world.failure(MODULE, {"files": {**SOURCE, "paths": ["D:\\Data\\notes été.txt"], "in_place": True}})
    assert "does not hold: D:\\Data\\notes été.txt" in failed["msg"] and f"job {fourth['id']}" in failed["msg"]
    restore_files(world, "D:\\Data\\notes été.txt", job_id=second["id"], in_place=True)
    assert path.read_text(encoding="utf-8") == "one"


def test_names_that_look_like_patterns_are_names(world):
    odd = world.drive("acme-fs01", "D:\\Data\\photo #1 [100%].jpg")
    other = world.drive("acme-fs01", "D:\\Data\\photo #1 1.jpg")
    odd.write_bytes(b"odd")
    other.write_bytes(b"other")
    world.run("commvault_backup", {"subclients": [SUBCLIENT]})
    restore_files(world, "D:\\Data\\photo #1 [100%].jpg", destination_client=RESTORE_CLIENT, destination_path="E:\\Odd")
    folder = world.drive(RESTORE_CLIENT, "E:\\Odd")
    assert [path.name for path in folder.iterdir()] == ["photo #1 [100%].jpg"]


def test_a_path_that_is_not_kept_fails_before_anything_is_started(world):
    world.sandbox.control("DELETE", "/journal")
    failed = world.failure(MODULE, {"files": {**SOURCE, "paths": [KOELN, "D:\\Data\\Nix.docx"], **ELSEWHERE}})
    assert "D:\\Data\\Nix.docx" in failed["msg"] and KOELN not in failed["msg"].partition("does not hold")[2]
    assert world.writes() == []


def test_a_corrupted_restore_is_not_seen_by_the_job_and_so_must_be_compared(world):
    world.fault("corrupt_restore", path="Budget", times=1)
    place = {"destination_client": RESTORE_CLIENT, "destination_path": "E:\\Corrupt"}
    result = restore_files(world, BUDGET, **place)["restore"]
    assert result["job"]["outcome"] == "success"
    copy = world.drive(RESTORE_CLIENT, result["paths"][0]["path"]).read_bytes()
    assert len(copy) == result["paths"][0]["size"] and copy != world.drive("acme-fs01", BUDGET).read_bytes()


def test_a_restore_whose_answer_is_lost_is_found_and_not_repeated(world):
    world.fault("http", method="POST", path="CreateTask", reset=True, after=True, times=1)
    place = {"destination_client": RESTORE_CLIENT, "destination_path": "E:\\Lost"}
    world.sandbox.control("DELETE", "/journal")
    result = restore_files(world, KOELN, **place)
    assert result["restore"]["job"]["outcome"] == "success" and world.writes() == ["POST /CreateTask"]


def test_an_index_that_is_not_ready_is_asked_again(world):
    world.fault("empty_browse", times=1)
    assert restore_files(world, KOELN, check=True, **ELSEWHERE)["restore"]["paths"][0]["source"] == KOELN


# Tenants


def test_no_company_reaches_anothers_files(tmp_path):
    with protected(tmp_path) as world:
        for name, alias, server in (("Acme Sàrl", "acme", "acme-fs01"), ("Café Müller & Söhne", "cafe", "cafe-fs01")):
            contact = {"name": "Ops", "email": f"ops@{alias}.example.com"}
            world.run("commvault_company", {"name": name, "alias": alias, "contact": contact, "servers": [server]})
        world.run("commvault_backup", {"subclients": [SUBCLIENT], "level": "full"})
        files = {**SOURCE, "paths": [KOELN]}
        world.sandbox.control("DELETE", "/journal")
        to_other = {**files, "destination_client": "cafe-fs01", "destination_path": "D:\\Von Acme"}
        assert world.failure(MODULE, {"company": "Acme Sàrl", "files": to_other})["error"]["kind"] == "Refused"
        world.failure(MODULE, {"company": "Café Müller & Söhne", "files": {**files, "in_place": True}})
        assert world.failure(MODULE, {"files": to_other})["error"]["kind"] == "Refused"
        world.failure("commvault_backup", {"company": "Café Müller & Söhne", "subclients": [SUBCLIENT]})
        world.failure("commvault_browse_info", {"company": "Café Müller & Söhne", **SOURCE})
        assert world.writes() == []
        assert world.run(MODULE, {"company": "Acme Sàrl", "files": {**files, "in_place": True}})["restore"]["job"]["outcome"] == "success"
        # The provider's own client is not seen from inside, but may be restored to.
        assert world.run(MODULE, {"company": "Acme Sàrl", "files": {**files, **ELSEWHERE}})["restore"]["job"]["outcome"] == "success"
