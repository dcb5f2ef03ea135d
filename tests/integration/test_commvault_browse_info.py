# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time

import pytest

from ansible_collections.calligo.baas.tests.support.protected import GROUP, SUBCLIENT, protected

MODULE = "commvault_browse_info"
SOURCE = {"client": SUBCLIENT["client"], "subclient": SUBCLIENT["name"]}
GIB = 1 << 30


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """Two backups; between them a file came, one changed and one went."""
    with protected(tmp_path_factory.mktemp("browse")) as world:
        first = world.run("commvault_backup", {"vm_groups": [GROUP], "subclients": [SUBCLIENT], "level": "full"})
        time.sleep(2.1)
        world.drive("acme-fs01", "D:\\Data\\Neu & schön.txt").write_text("neu", encoding="utf-8")
        world.drive("acme-fs01", "D:\\Data\\Projects\\Lift north\\notes.txt").write_text("Crane cancelled.", encoding="utf-8")
        world.drive("acme-fs01", "D:\\Data\\Employés\\été 2026.csv").unlink()
        second = world.run("commvault_backup", {"subclients": [SUBCLIENT]})
        world.kept = {"first": first["jobs"][1], "second": second["jobs"][0]}
        yield world


@pytest.fixture
def world(running):
    yield running
    running.sandbox.control("DELETE", "/faults")


def browse(world, **options):
    return world.run(MODULE, {**SOURCE, **options})


def by_path(result):
    return {entry["path"]: entry for entry in result["entries"]}


def test_from_the_drives_down(world):
    top = browse(world)
    assert [(entry["path"], entry["type"]) for entry in top["entries"]] == [("D:", "folder")]
    data = by_path(browse(world, path="D:\\Data"))
    assert data["D:\\Data\\Köln"]["type"] == "folder" and data["D:\\Data\\Budget 2026.xlsx"]["size"] == 31420
    assert data["D:\\Data\\Neu & schön.txt"] == {
        "path": "D:\\Data\\Neu & schön.txt",
        "name": "Neu & schön.txt",
        "type": "file",
        "size": 3,
        "modification_time": data["D:\\Data\\Neu & schön.txt"]["modification_time"],
        "backup_job": world.kept["second"]["id"],
        "backup_time": data["D:\\Data\\Neu & schön.txt"]["backup_time"],
        "deleted": False,
    }


def test_no_token_of_the_index_is_shown(world):
    assert "\x12" not in str(browse(world, path="D:\\Data", recursive=True))


def test_each_entry_names_the_job_that_holds_it(world):
    found = by_path(browse(world, path="D:\\Data", recursive=True))
    assert found["D:\\Data\\Projects\\Lift north\\notes.txt"]["backup_job"] == world.kept["second"]["id"]
    assert found["D:\\Data\\Köln\\Übersicht.docx"]["backup_job"] == world.kept["first"]["id"]


def test_deleted_files_are_shown_if_asked_for(world):
    gone = "D:\\Data\\Employés\\été 2026.csv"
    assert gone not in by_path(browse(world, path="D:\\Data", recursive=True))
    assert by_path(browse(world, path="D:\\Data", recursive=True, include_deleted=True))[gone]["deleted"] is True


@pytest.mark.parametrize("by", ["job_id", "point_in_time"])
def test_an_earlier_point_shows_its_own_state(world, by):
    point = {"job_id": world.kept["first"]["id"]} if by == "job_id" else {"point_in_time": world.kept["first"]["end_time"]}
    result = browse(world, path="d:/data", recursive=True, **point)
    found = by_path(result)
    assert result["backup_job"]["id"] == world.kept["first"]["id"]
    assert "D:\\Data\\Employés\\été 2026.csv" in found and "D:\\Data\\Neu & schön.txt" not in found
    assert found["D:\\Data\\Projects\\Lift north\\notes.txt"]["backup_job"] == world.kept["first"]["id"]


def test_the_whole_backup_set_can_be_browsed(world):
    result = world.run(MODULE, {"client": SUBCLIENT["client"], "path": "D:\\Data"})
    assert "D:\\Data\\Köln" in by_path(result)


def test_a_limit_says_that_there_is_more(world):
    cut = browse(world, path="D:\\Data", recursive=True, limit=3)
    assert (len(cut["entries"]), cut["total"], cut["truncated"]) == (3, 3, True)
    whole = browse(world, path="D:\\Data", recursive=True)
    assert whole["truncated"] is False and whole["total"] == len(whole["entries"]) > 10


def test_an_empty_folder_is_empty_and_no_error(world):
    assert browse(world, path="D:\\Data\\Nothing here")["entries"] == []


def test_an_index_that_is_not_ready_is_asked_again_and_a_failed_browse_is_an_error(world):
    world.fault("empty_browse", times=1)
    assert browse(world)["entries"]
    world.fault("browse_message", message="The index cache is full", times=1)
    assert "The index cache is full" in world.failure(MODULE, SOURCE)["msg"]


def test_single_elements_that_collapse_to_objects_are_understood(world):
    world.fault("single_element_objects")
    assert [entry["path"] for entry in browse(world)["entries"]] == ["D:"]
    uuid = world.vms()["acme-web-01"]["instance_uuid"]
    assert len(world.run(MODULE, {"vm_uuid": uuid})["vm"]["disks"]) == 1


def test_a_vm_as_it_was_backed_up(world):
    live = world.vms()["acme-db-01"]
    result = world.run(MODULE, {"vm_uuid": live["instance_uuid"].upper()})
    vm = result["vm"]
    assert (vm["name"], vm["esx_host"], vm["datacenter"]) == ("acme-db-01", "lux-esx-02.example.com", "Luxembourg")
    assert [(disk["size_bytes"] // GIB, disk["datastore"]) for disk in vm["disks"]] == [
        (80, "lux-ds-01"),
        (200, "lux-ds-02"),
        (50, "lux-ds-02"),
    ]
    assert vm["nics"] == [
        {"label": "Network adapter 1", "network": "LUX-Tenants"},
        {"label": "Network adapter 2", "network": "VM Network"},
    ]
    assert [(entry["type"], entry["size"]) for entry in result["entries"]] == [("disk", disk["size_bytes"]) for disk in vm["disks"]]
    assert result["backup_job"]["client"] == "acme-db-01"


def test_browsing_only_reads_in_check_mode_too(world):
    for check in (True, False):
        result, _asked, writes = world.requests(MODULE, {**SOURCE, "path": "D:\\Data"}, check=check)
        assert result["entries"] and writes == [] and result["changed"] is False


def test_what_does_not_exist_is_named(world):
    assert "Nichts" in world.failure(MODULE, {**SOURCE, "subclient": "Nichts"})["msg"]
    assert "no backup" in world.failure(MODULE, {**SOURCE, "job_id": 1})["msg"]
    assert "no backup" in world.failure(MODULE, {**SOURCE, "point_in_time": "2020-01-01T00:00:00Z"})["msg"]
    assert "Back it up first" in world.failure(MODULE, {"client": SUBCLIENT["client"], "subclient": "default"})["msg"]
