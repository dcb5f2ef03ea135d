# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""commvault_restore: a VM is put back to where it was, over what is there of it now, and over nothing else."""

from __future__ import annotations

import pytest
from pyVmomi import vim

from ansible_collections.calligo.baas.tests.support.protected import FOLDER, GROUP, HYPERVISOR, protected

MODULE = "commvault_restore"
VM = "acme-db-01"


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with protected(tmp_path_factory.mktemp("place")) as world:
        world.run("commvault_backup", {"vm_groups": [GROUP], "level": "full"})
        world.kept = {name: vm["instance_uuid"] for name, vm in world.vms().items()}
        yield world


@pytest.fixture
def world(running):
    running.sandbox.control("DELETE", "/journal")
    return running


def in_place(world, name=VM, **more):
    """Options of a restore in place; no company has this sandbox's VMs."""
    return {"vm": {"name": name, "hypervisor": HYPERVISOR, "in_place": {"vcenter": world.vcenter, **more}}, "wait_timeout": 60}


def shape(vm):
    return {
        "memory_mb": vm["memory_mb"],
        "host": vm["host"],
        "disks": [(disk["size_bytes"], disk["datastore"]) for disk in vm["disks"]],
        "nics": [(nic["label"], nic["network"]) for nic in vm["nics"]],
    }


def test_a_vm_that_is_there_is_replaced_only_if_asked_for(world):
    before = world.vms()[VM]
    world.change_vm(VM, lambda vm: vm.ReconfigVM_Task(vim.vm.ConfigSpec(memoryMB=2048)))
    failed = world.failure(MODULE, in_place(world))
    assert failed["error"]["kind"] == "Refused" and "in_place.overwrite=true" in failed["msg"] and before["moid"] in failed["msg"]
    assert world.writes() == []
    result = world.run(MODULE, in_place(world, overwrite=True))
    after = world.vms()[VM]
    assert shape(after) == shape(before)
    # The identity that backups know it by stays, so that its history goes on.
    assert after["instance_uuid"] == before["instance_uuid"] == result["restore"]["vm"]["instance_uuid"]
    assert result["restore"]["vm"]["moid"] == after["moid"] != before["moid"] and after["power_state"] == "poweredOff"
    assert result["restore"]["destination"]["in_place"] is True


def test_a_vm_that_is_gone_comes_back_without_overwrite(world):
    before = world.vms()["acme-web-01"]
    world.destroy("acme-web-01")
    world.run(MODULE, in_place(world, "acme-web-01", power_on=True))
    after = world.vms()["acme-web-01"]
    assert shape(after) == shape(before) and after["power_state"] == "poweredOn"


def test_another_vm_of_its_name_in_its_place_is_never_touched(world):
    uuid = world.kept["acme-app-01"]
    world.destroy("acme-app-01")
    world.change_vm("acme-web-01", lambda vm: vm.Rename_Task("acme-app-01"))
    stranger = world.vms()["acme-app-01"]
    failed = world.failure(MODULE, {"vm": {"uuid": uuid, "in_place": {"vcenter": world.vcenter, "overwrite": True}}})
    assert failed["error"]["kind"] == "Refused" and stranger["moid"] in failed["msg"]
    assert world.writes() == [] and world.vms()["acme-app-01"]["instance_uuid"] == stranger["instance_uuid"]
    world.change_vm("acme-app-01", lambda vm: vm.Rename_Task("acme-web-01"))


def test_check_mode_says_what_would_be_replaced_and_sends_nothing_that_writes(world):
    result, _asked, writes = world.requests(MODULE, in_place(world, overwrite=True), check=True)
    place = result["restore"]["destination"]
    assert result["changed"] and writes == [] and place["folder"].endswith(FOLDER)
    assert {disk["datastore"] for disk in place["disks"]} == {"lux-ds-01", "lux-ds-02"}
    assert result["restore"]["vm"] == {"name": VM, "folder": place["folder"], "moid": None, "instance_uuid": None}


def test_one_of_the_two_ways_is_needed(world):
    assert "one of the following is required" in world.failure(MODULE, {"vm": {"uuid": world.kept[VM]}})["msg"]
