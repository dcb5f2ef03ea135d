# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""commvault_restore: disks of a VM as files, and files from inside a VM; and commvault_browse_info of what is inside one."""

from __future__ import annotations

import shutil
import time

import pytest

from ansible_collections.calligo.baas.tests.support.protected import GROUP, HYPERVISOR, RESTORE_CLIENT, protected

MODULE = "commvault_restore"
WINDOWS, LINUX = "acme-db-01", "acme-web-01"
EXPORT = "D:\\Exports\\Übersicht Köln.csv"
PAGE = "/srv/www/index.html"
A_MOMENT = 2.1
"""Seconds between backups, whose times are whole seconds and whose points reach one second beyond their ends."""


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with protected(tmp_path_factory.mktemp("parts")) as world:
        world.run("commvault_backup", {"vm_groups": [GROUP], "level": "full"})
        world.kept = {name: vm["instance_uuid"] for name, vm in world.vms().items()}
        yield world


@pytest.fixture
def world(running):
    yield running
    running.sandbox.control("DELETE", "/faults")
    for client, letter in ((RESTORE_CLIENT, "E"), ("lux-an-01", "F"), ("lux-an-02", "F")):
        for left in running.drive(client, f"{letter}:\\").iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()


def guest(world, name, path):
    """The real file behind a path inside a VM."""
    place = path.replace(":", "", 1).replace("\\", "/") if ":" in path else f"R{path}"
    return world.sandbox.state_dir / "guests" / world.kept[name] / place


def of_vm(name, **more):
    return {"name": name, "hypervisor": HYPERVISOR, **more}


def refused(world, words, options):
    """A task that has to fail with some words, and without a request that writes."""
    world.sandbox.control("DELETE", "/journal")
    failed = world.failure(MODULE, options)
    assert words in failed["msg"] and world.writes() == []
    return failed


# Disks


def test_one_disk_becomes_a_file_on_the_access_node(world):
    options = {"vm_disk": of_vm(WINDOWS, disks=["acme-db-01_1.vmdk"], destination_path="F:\\Staging")}
    kept = world.run("commvault_browse_info", {"vm_uuid": world.kept[WINDOWS]})["vm"]["disks"]
    second = kept[1]
    options["vm_disk"]["disks"] = [second["name"]]
    result = world.run(MODULE, options)
    shown = result["restore"]
    assert result["changed"] and shown["job"]["outcome"] == "success" and shown["disks"] == [second]
    assert shown["destination"] == {"client": "lux-an-01", "folder": "F:\\Staging"}
    written = world.drive("lux-an-01", "F:\\Staging")
    assert [path.name for path in written.iterdir()] == [second["name"]]
    assert f"RW {second['size_bytes'] // 512} VMFS" in (written / second["name"]).read_text(encoding="utf-8")
    # It is there, and without overwrite it stays: nothing was restored, and that is said.
    again = world.run(MODULE, options)
    assert again["changed"] is False and "restored no file" in str(again["warnings"])
    over = world.run(MODULE, {"vm_disk": {**options["vm_disk"], "overwrite": True}})
    assert over["changed"] is True


def test_disks_go_to_the_access_node_that_is_named(world):
    disks = [disk["name"] for disk in world.run("commvault_browse_info", {"vm_uuid": world.kept[WINDOWS]})["vm"]["disks"]]
    options = {"vm_disk": of_vm(WINDOWS, disks=disks, access_node="lux-an-02", destination_path="F:\\All")}
    world.run(MODULE, options)
    assert sorted(path.name for path in world.drive("lux-an-02", "F:\\All").iterdir()) == sorted(disks)


def test_what_is_wrong_with_a_disk_is_told_before_anything_starts(world):
    place = {"destination_path": "F:\\Staging"}
    failed = refused(world, "of which the backup of the VM", {"vm_disk": of_vm(WINDOWS, disks=["scsi9"], **place)})
    assert "scsi0-0-acme-db-01.vmdk" in failed["msg"]
    refused(world, "holds 2", {"vm_disk": of_vm(WINDOWS, disks=["acme-db-01.vmdk"], **place)})
    refused(world, "lux-an-99", {"vm_disk": of_vm(LINUX, disks=["acme-web-01.vmdk"], access_node="lux-an-99", **place)})


def test_a_drive_that_is_not_there_fails_the_job(world):
    failed = world.failure(MODULE, {"vm_disk": of_vm(LINUX, disks=["acme-web-01.vmdk"], destination_path="Q:\\Staging")})
    assert "no drive Q:" in failed["msg"] and failed["error"]["kind"] == "JobFailed"
    assert failed["restore"]["job"]["outcome"] == "failed" and failed["restore"]["disks"]


# Browsing inside a VM


def test_the_inside_of_a_vm_is_browsed(world):
    def listed(name, path, **more):
        found = world.run("commvault_browse_info", {"vm_uuid": world.kept[name], "guest_files": True, "path": path, **more})
        return {entry["path"]: entry for entry in found["entries"]}

    assert list(listed(WINDOWS, "\\")) == ["C:", "D:"]
    assert list(listed(LINUX, "/")) == ["/etc", "/srv"]
    below = listed(WINDOWS, "D:\\Exports")
    assert list(below) == ["D:\\Exports\\2026", EXPORT]
    assert (below[EXPORT]["type"], below[EXPORT]["size"]) == ("file", guest(world, WINDOWS, EXPORT).stat().st_size)
    assert {PAGE, "/srv/www/images/été.jpg"} <= set(listed(LINUX, "/srv", recursive=True))
    assert "give vm_uuid" in world.failure("commvault_browse_info", {"client": "acme-fs01", "guest_files": True})["msg"]


# Guest files


def test_files_from_inside_a_vm_go_to_a_client(world):
    options = {
        "guest_files": of_vm(WINDOWS, paths=[EXPORT, "C:\\Program Files"], destination_client=RESTORE_CLIENT, destination_path="E:\\T")
    }
    shown = world.run(MODULE, options)["restore"]
    assert [row["path"] for row in shown["paths"]] == ["E:\\T\\Übersicht Köln.csv", "E:\\T\\Program Files"]
    assert shown["destination"] == {"client": RESTORE_CLIENT, "folder": "E:\\T", "vm": None}
    restored = world.drive(RESTORE_CLIENT, "E:\\T\\Übersicht Köln.csv")
    assert restored.read_bytes() == guest(world, WINDOWS, EXPORT).read_bytes()
    assert world.drive(RESTORE_CLIENT, "E:\\T\\Program Files\\Billing\\billing.ini").exists()
    again = world.run(MODULE, options)
    assert again["changed"] is False and "were there already" in str(again["warnings"])


def test_a_file_goes_back_into_the_vm_that_lost_it(world):
    original = guest(world, LINUX, PAGE).read_bytes()
    guest(world, LINUX, PAGE).write_bytes(b"defaced")
    into = {"username": "Administrator", "password": world.vcenter["password"]}
    options = {"guest_files": of_vm(LINUX, paths=[PAGE], destination_vm=into, destination_path="/srv/www", overwrite="always")}
    result = world.run(MODULE, options)
    assert result["restore"]["destination"]["vm"] == {"name": LINUX, "uuid": world.kept[LINUX]}
    assert guest(world, LINUX, PAGE).read_bytes() == original
    assert world.vcenter["password"] not in str(result)


def test_files_go_into_another_vm(world):
    into = {"uuid": world.kept[WINDOWS], "username": "Administrator", "password": world.vcenter["password"]}
    world.run(MODULE, {"guest_files": of_vm(LINUX, paths=["/srv/www"], destination_vm=into, destination_path="C:\\From web")})
    assert guest(world, WINDOWS, "C:\\From web\\www\\images\\été.jpg").stat().st_size == 2048


def test_a_guest_that_refuses_the_user_fails_the_job_and_the_password_is_not_told(world):
    into = {"username": "Administrator", "password": "wrong horse"}
    failed = world.failure(MODULE, {"guest_files": of_vm(LINUX, paths=[PAGE], destination_vm=into, destination_path="/srv")})
    assert "Failed to authenticate with the guest operating system" in failed["msg"] and "wrong horse" not in str(failed)


def test_what_is_wrong_with_guest_files_is_told_before_anything_starts(world):
    place = {"destination_client": RESTORE_CLIENT, "destination_path": "E:\\T"}
    failed = refused(
        world, "does not hold: /srv/none, /etc/none", {"guest_files": of_vm(LINUX, paths=["/srv/none", PAGE, "/etc/none"], **place)}
    )
    assert failed["error"]["paths"] == ["/srv/none", "/etc/none"]
    refused(world, "lux-nowhere", {"guest_files": of_vm(LINUX, paths=[PAGE], **{**place, "destination_client": "lux-nowhere"})})
    both = [PAGE, "/srv/www/../www/index.html"]
    refused(world, "does not hold", {"guest_files": of_vm(LINUX, paths=both, **place)})


def test_check_mode_looks_everything_up_and_sends_nothing_that_writes(world):
    place = {"destination_client": RESTORE_CLIENT, "destination_path": "E:\\T"}
    for options in (
        {"guest_files": of_vm(LINUX, paths=[PAGE], **place)},
        {"vm_disk": of_vm(LINUX, disks=["acme-web-01.vmdk"], destination_path="F:\\T")},
    ):
        result, asked, writes = world.requests(MODULE, options, check=True)
        assert result["changed"] and writes == [] and "POST /DoBrowse" in asked and result["restore"]["job"] is None
    assert not world.drive(RESTORE_CLIENT, "E:\\T").exists()


def test_a_moment_finds_the_files_of_its_day(world):
    uuid, page = world.kept[LINUX], guest(world, LINUX, "/srv/www/news.html")
    page.write_bytes(b"old")
    first = world.run("commvault_backup", {"vm_uuids": [uuid]})["jobs"][0]
    time.sleep(A_MOMENT)
    page.write_bytes(b"new!")
    world.run("commvault_backup", {"vm_uuids": [uuid]})
    (vm,) = first["virtual_machines"]
    place = {"destination_client": RESTORE_CLIENT, "overwrite": "always"}
    for wanted, content in (({"job_id": vm["job_id"]}, b"old"), ({"point_in_time": first["end_time"]}, b"old"), ({}, b"new!")):
        options = {"uuid": uuid, "paths": ["/srv/www/news.html"], **place, "destination_path": "E:\\News", **wanted}
        world.run(MODULE, {"guest_files": options})
        assert world.drive(RESTORE_CLIENT, "E:\\News\\news.html").read_bytes() == content
    page.unlink()
    synthetic = world.run("commvault_backup", {"vm_groups": [GROUP], "level": "synthetic_full"})["jobs"][0]
    assert synthetic["outcome"] == "success"
    world.run(MODULE, {"guest_files": {"uuid": uuid, "paths": ["/srv/www/news.html"], **place, "destination_path": "E:\\Synthetic"}})


def test_a_restored_vm_holds_the_files_that_were_kept(world):
    where = {
        "new_name": "restored",
        "esx_host": "lux-esx-02.example.com",
        "folder": "Restore tests",
        "datastore": "lux-ds-02",
        "network": "LUX-Restore-Isolated",
        "vcenter": world.vcenter,
    }
    restored = world.run(MODULE, {"vm": of_vm(WINDOWS, destination=where)})["restore"]["vm"]
    inside = world.sandbox.state_dir / "guests" / restored["instance_uuid"]
    assert (inside / "D" / "Exports" / "Übersicht Köln.csv").read_bytes() == guest(world, WINDOWS, EXPORT).read_bytes()
    world.destroy("restored")


def test_a_server_that_leaves_the_drives_colon_out_is_understood(world):
    world.fault("guest_paths_without_colon")
    asked = {"vm_uuid": world.kept[WINDOWS], "guest_files": True}
    assert [entry["path"] for entry in world.run("commvault_browse_info", {**asked, "path": "\\"})["entries"]] == ["C:", "D:"]
    options = of_vm(WINDOWS, paths=[EXPORT], destination_client=RESTORE_CLIENT, destination_path="E:\\Colon")
    assert world.run(MODULE, {"guest_files": options})["restore"]["paths"][0]["source"] == EXPORT
    assert world.drive(RESTORE_CLIENT, "E:\\Colon\\Übersicht Köln.csv").exists()
