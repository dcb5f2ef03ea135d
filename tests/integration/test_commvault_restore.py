# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time

import pytest
from pyVmomi import vim

from ansible_collections.calligo.baas.plugins.module_utils._service import restore_check
from ansible_collections.calligo.baas.tests.support.protected import (
    FOLDER,
    GROUP,
    HYPERVISOR,
    RESTORE_FOLDER,
    RESTORE_NETWORK,
    protected,
)
from ansible_collections.calligo.baas.tests.support.vcsim import tell

MODULE = "commvault_restore"
GIB = 1 << 30
A_MOMENT = 2.1
"""Seconds between backups, whose times are whole seconds and whose points reach one second beyond their ends."""


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with protected(tmp_path_factory.mktemp("restore")) as world:
        world.run("commvault_backup", {"vm_groups": [GROUP], "level": "full"})
        world.kept = {name: vm["instance_uuid"] for name, vm in world.vms().items()}
        yield world


@pytest.fixture
def world(running):
    yield running
    running.sandbox.control("DELETE", "/faults")


@pytest.fixture
def destination(world):
    """Where VMs are restored to; what was restored there is removed again."""
    place = {
        "new_name": "restored",
        "esx_host": "lux-esx-02.example.com",
        "folder": RESTORE_FOLDER,
        "datastore": "lux-ds-02",
        "network": RESTORE_NETWORK,
        "vcenter": world.vcenter,
    }
    yield place
    for name in world.vms(RESTORE_FOLDER):
        world.destroy(name)


def restore_vm(world, destination, name="acme-db-01", check=False, **more):
    options = {"vm": {"uuid": world.kept[name], **more, "destination": destination}}
    return world.run(MODULE, options, check=check)["restore"]


def shape(vm):
    """What a restored VM has to have of the one that was backed up."""
    return {
        "cpus": vm["cpus"],
        "memory_mb": vm["memory_mb"],
        "disks": sorted(disk["size_bytes"] for disk in vm["disks"]),
        "cards": sorted(nic["label"] for nic in vm["nics"]),
    }


def test_a_vm_is_restored_as_a_new_one_where_the_task_says(world, destination):
    live = world.vms()["acme-db-01"]
    result = restore_vm(world, destination)
    vm = world.everything()[result["vm"]["moid"]]
    assert (vm["name"], vm["instance_uuid"]) == ("restored", result["vm"]["instance_uuid"])
    assert vm["instance_uuid"] != live["instance_uuid"] and vm["power_state"] == "poweredOff"
    restored = world.vms(RESTORE_FOLDER)["restored"]
    assert restored["host"] == "lux-esx-02.example.com" and shape(restored) == shape(live)
    assert {disk["datastore"] for disk in restored["disks"]} == {"lux-ds-02"}
    # No card may come up in a network of the original, also not the second one.
    assert {nic["network"] for nic in restored["nics"]} == {RESTORE_NETWORK} and len(restored["nics"]) == 2
    assert [disk["size_bytes"] for disk in result["configuration"]["disks"]] == [80 * GIB, 200 * GIB, 50 * GIB]
    assert [nic["network"] for nic in result["configuration"]["nics"]] == ["LUX-Tenants", "VM Network"]
    assert result["backup_job"]["client"] == "acme-db-01" and result["job"]["outcome"] == "success"
    # Two disks of this VM have the same file name, on different datastores, and now meet on one.
    assert len({disk["file_name"] for disk in result["destination"]["disks"]}) == 3


def test_the_backup_is_restored_and_not_the_live_vm(world, destination):
    before = world.vms()["acme-app-01"]
    world.change_vm("acme-app-01", lambda vm: vm.ReconfigVM_Task(vim.vm.ConfigSpec(memoryMB=12288)))
    assert world.vms()["acme-app-01"]["memory_mb"] == 12288
    restore_vm(world, destination, "acme-app-01")
    assert shape(world.vms(RESTORE_FOLDER)["restored"]) == shape(before)


def test_a_point_in_time_finds_the_configuration_of_its_day(world, destination):
    uuid = world.kept["acme-web-01"]
    first = world.run("commvault_browse_info", {"vm_uuid": uuid})["backup_job"]
    time.sleep(A_MOMENT)
    world.change_vm("acme-web-01", lambda vm: vm.ReconfigVM_Task(vim.vm.ConfigSpec(memoryMB=6144)))
    second = world.run("commvault_backup", {"vm_uuids": [uuid]})["jobs"][0]
    child = second["virtual_machines"][0]["job_id"]
    assert restore_vm(world, destination, "acme-web-01", check=True)["backup_job"]["id"] == child
    assert restore_vm(world, destination, "acme-web-01", check=True, job_id=second["id"])["backup_job"]["id"] == child
    result = restore_vm(world, destination, "acme-web-01", point_in_time=first["end_time"])
    assert result["backup_job"]["id"] == first["id"]
    assert world.vms(RESTORE_FOLDER)["restored"]["memory_mb"] == 4096


def test_a_vm_that_is_gone_is_restored_by_its_name(tmp_path):
    with protected(tmp_path) as world:
        world.run("commvault_backup", {"vm_groups": [GROUP], "level": "full"})
        kept = world.vms()["acme-web-01"]
        world.destroy("acme-web-01")
        assert "acme-web-01" not in world.vms()
        place = {
            "new_name": "acme-web-01",
            "esx_host": "lux-esx-01.example.com",
            "folder": f"/Luxembourg/vm/{FOLDER}",
            "datastore": "lux-ds-01",
        }
        networks = [{"source": "LUX-Tenants", "destination": RESTORE_NETWORK}]
        where = {**place, "networks": networks, "power_on": True, "vcenter": world.vcenter}
        result = world.run(MODULE, {"vm": {"name": "ACME-web-01", "hypervisor": HYPERVISOR, "destination": where}})["restore"]
        back = world.vms()["acme-web-01"]
        assert back["moid"] == result["vm"]["moid"] and back["power_state"] == "poweredOn" and shape(back) == shape(kept)


def test_check_mode_looks_everything_up_and_sends_nothing_that_writes(world, destination):
    options = {"vm": {"uuid": world.kept["acme-db-01"], "destination": destination}}
    result, asked, writes = world.requests(MODULE, options, check=True)
    assert result["changed"] and writes == [] and "POST /DoBrowse" in asked
    shown = result["restore"]
    assert shown["job"] is None and shown["vm"] == {"name": "restored", "moid": None, "instance_uuid": None, "folder": RESTORE_FOLDER}
    assert len(shown["destination"]["nics"]) == 2 and world.vms(RESTORE_FOLDER) == {}


def test_disks_and_cards_can_go_to_different_places(world, destination):
    disks = restore_vm(world, destination, check=True)["configuration"]["disks"]
    where = {key: value for key, value in destination.items() if key != "network"}
    where |= {
        "datastores": [{"disk": disks[1]["name"], "datastore": "lux-ds-01"}],
        "networks": [{"source": "LUX-Tenants", "destination": RESTORE_NETWORK}, {"source": "VM Network", "destination": "LUX-Tenants"}],
    }
    restore_vm(world, where)
    restored = world.vms(RESTORE_FOLDER)["restored"]
    assert sorted((disk["size_bytes"] // GIB, disk["datastore"]) for disk in restored["disks"]) == [
        (50, "lux-ds-02"),
        (80, "lux-ds-02"),
        (200, "lux-ds-01"),
    ]
    assert sorted(nic["network"] for nic in restored["nics"]) == [RESTORE_NETWORK, "LUX-Tenants"]


def test_what_is_wrong_with_the_destination_is_told_before_anything_starts(world, destination):
    def refused(words, name="acme-db-01", **more):
        where = {key: value for key, value in {**destination, **more}.items() if value is not None}
        world.sandbox.control("DELETE", "/journal")
        failed = world.failure(MODULE, {"vm": {"uuid": world.kept[name], "destination": where}})
        assert words in failed["msg"] and world.writes() == []
        return failed

    refused("No VM folder", folder="Restore tets")
    refused("Say which network these cards go to", network=None)
    refused("Network adapter 2", network=None, networks=[{"source": "LUX-Tenants", "destination": RESTORE_NETWORK}])
    refused("no card of the backup was in: Nowhere", networks=[{"source": "Nowhere", "destination": RESTORE_NETWORK}])
    refused("the backup holds 0", datastores=[{"disk": "scsi9", "datastore": "lux-ds-01"}])
    refused("the backup holds 2", datastores=[{"disk": "acme-db-01.vmdk", "datastore": "lux-ds-01"}])
    refused("lux-an-99", access_node="lux-an-99")
    refused("vc-nowhere", hypervisor="vc-nowhere")
    # A name that is taken, with and without the wish to replace what has it.
    assert refused("Choose another new_name", new_name="acme-web-01")["error"]["kind"] == "Refused"
    assert refused("in the destination folder only", new_name="acme-web-01", overwrite=True)["error"]["kind"] == "Refused"
    wrong = {**world.vcenter, "password": "wrong horse"}
    assert "wrong horse" not in str(refused("refused the user", vcenter=wrong))


@pytest.mark.parametrize(
    ("renamed", "name", "kind"),
    [
        ("LUX-Tenants", RESTORE_NETWORK, "network"),
        ("lux-ds-01", "lux-ds-02", "datastore"),
        ("lux-esx-01.example.com", "lux-esx-02.example.com", "host"),
    ],
)
def test_a_name_that_several_have_is_refused_with_their_paths(world, destination, renamed, name, kind):
    tell(world.vcenter, **{renamed: {"set": {"name": name}}})
    try:
        world.sandbox.control("DELETE", "/journal")
        options = {"vm": {"uuid": world.kept["acme-web-01"], "destination": destination}}
        failed = world.failure(MODULE, options)
    finally:
        tell(world.vcenter)
    assert f'More than one {kind} is "{name}"' in failed["msg"] and world.writes() == []
    assert failed["msg"].count(f"/{name} (") == 2 and failed["error"]["object"] == name


def test_a_card_is_told_with_what_identifies_its_network(world, destination):
    shown = restore_vm(world, destination, "acme-web-01")["destination"]["nics"]
    restored = world.vms(RESTORE_FOLDER)["restored"]
    assert {nic["network_moid"] for nic in shown} == {nic["network_moid"] for nic in restored["nics"]}
    with world.content() as content:
        (network,) = [one for one in content.rootFolder.childEntity[0].network if one.name == RESTORE_NETWORK]
        stores = {one.name: one._moId for one in content.rootFolder.childEntity[0].datastore}
    assert {nic["network_moid"] for nic in shown} == {network._moId}
    assert {disk["datastore_moid"] for disk in restored["disks"]} == {stores["lux-ds-02"]}


def test_a_namesake_in_the_destination_is_replaced_only_if_asked_for(world, destination):
    old = restore_vm(world, destination, "acme-web-01")["vm"]
    new = restore_vm(world, {**destination, "overwrite": True}, "acme-web-01")["vm"]
    assert new["moid"] != old["moid"] and list(world.vms(RESTORE_FOLDER)) == ["restored"]


def test_a_disk_that_did_not_come_back_shows_against_what_was_kept(world, destination):
    world.fault("restore_drop_disk", vm="acme-db-01", times=1)
    result = restore_vm(world, destination)
    restored = world.vms(RESTORE_FOLDER)["restored"]
    assert len(result["configuration"]["disks"]) == 3 and len(restored["disks"]) == 2


def test_the_settings_of_a_vm_are_restored_and_one_that_is_not_is_a_difference(world, destination):
    def differences():
        return restore_check.failures(restore_check.vm_checks(live, world.vms(RESTORE_FOLDER)["restored"], RESTORE_NETWORK))

    live = world.vms()["acme-db-01"]
    about = {key: live["settings"][key] for key in ("firmware", "secure_boot", "tpm", "hardware_version")}
    assert about == {"firmware": "efi", "secure_boot": True, "tpm": True, "hardware_version": "vmx-19"}
    assert live["settings"]["cpu"] == {"reservation": 500, "limit": 4000, "shares": "high"}
    assert live["settings"]["memory"] == {"reservation": 1024, "limit": None, "shares": "normal"}
    restore_vm(world, destination)
    assert differences() == []
    world.fault("restore_drop_settings", vm="acme-db-01", settings=["secure_boot", "tpm", "cpu", "memory", "annotation"], times=1)
    restore_vm(world, {**destination, "overwrite": True})
    assert differences() == [
        "Secure boot: expected on, found off",
        "Virtual TPM: expected on, found off",
        "Notes: expected Owner: Ada, found ",
        "CPU resources: expected limit 4000, reservation 500, shares high, found limit none, reservation 0, shares normal",
        "Memory resources: expected limit none, reservation 1024, shares normal, found limit none, reservation 0, shares normal",
    ]


def test_a_failed_restore_gives_the_servers_reason(world, destination):
    options = {"vm": {"uuid": world.kept["acme-web-01"], "destination": {**destination, "esx_host": "nowhere.example.com"}}}
    failed = world.failure(MODULE, options)
    assert "ESX host [nowhere.example.com] was not found" in failed["msg"] and failed["error"]["kind"] == "JobFailed"
    assert failed["changed"] and failed["restore"]["job"]["outcome"] == "failed" and failed["restore"]["vm"]["moid"] is None


def test_a_restore_that_is_not_waited_for_gives_the_job(world, destination):
    options = {"vm": {"uuid": world.kept["acme-web-01"], "destination": destination}, "wait": False}
    result = world.run(MODULE, options)["restore"]
    assert result["vm"]["moid"] is None and result["job"]["id"]
    deadline = time.monotonic() + 30
    while world.run("commvault_job_info", {"job_ids": [result["job"]["id"]]})["jobs"][0]["outcome"] == "active":
        assert time.monotonic() < deadline
        time.sleep(0.3)
    assert list(world.vms(RESTORE_FOLDER)) == ["restored"]


def test_unknown_vms_are_named(world, destination):
    missing = "503b1d0a-0000-0000-0000-000000000000"
    assert missing in world.failure(MODULE, {"vm": {"uuid": missing, "destination": destination}})["msg"]
    options = {"vm": {"name": "acme-nix-01", "hypervisor": HYPERVISOR, "destination": destination}}
    assert "acme-nix-01" in world.failure(MODULE, options)["msg"]
    told = world.run(MODULE, options, check=True)
    assert told["changed"] and "acme-nix-01" in str(told["warnings"])
