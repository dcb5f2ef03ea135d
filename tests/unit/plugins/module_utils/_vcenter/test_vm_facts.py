# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest
from pyVmomi import vim

from ansible_collections.calligo.baas.plugins.module_utils._vcenter.collector import Found
from ansible_collections.calligo.baas.plugins.module_utils._vcenter.inventory import Entity, Inventory
from ansible_collections.calligo.baas.plugins.module_utils._vcenter.vm_facts import PROPERTIES, paths, references, vm_facts

EMPTY = Inventory({})


def found(missing=None, **properties):
    return Found(vim.VirtualMachine("vm-1"), {path.replace("__", "."): value for path, value in properties.items()}, missing or {})


def test_paths_are_asked_once_and_always_hold_the_summary():
    assert paths([]) == set(PROPERTIES["summary"])
    assert paths(["hardware", "backup"]) == {*PROPERTIES["summary"], *PROPERTIES["hardware"], *PROPERTIES["backup"]}


def test_what_is_not_set_is_none():
    facts = vm_facts(found(name="a%2fb"), EMPTY, ["hardware", "guest", "backup"])
    assert (facts["name"], facts["moid"], facts["host"], facts["folder"], facts["tools_status"]) == ("a/b", "vm-1", None, None, None)
    assert (facts["disks"], facts["nics"], facts["removable"], facts["guest"]["ip_addresses"]) == ([], [], [], [])
    assert (facts["template"], facts["guest"]["tools_running"], facts["backup"]["snapshots"]) == (False, False, 0)


def test_what_was_withheld_is_named():
    facts = vm_facts(found({"guest.toolsStatus": "NoPermission", "config.uuid": "NoPermission"}), EMPTY, [])
    assert facts["unreadable"] == ["config.uuid", "guest.toolsStatus"]


def test_facts_are_plain_json_with_places_by_name():
    inventory = Inventory(
        {
            "host-1": Entity("HostSystem", "esx-1", "domain-c1"),
            "domain-c1": Entity("ClusterComputeResource", "CL1", "group-h1"),
            "group-h1": Entity("Folder", "host", "datacenter-1"),
            "datacenter-1": Entity("Datacenter", "Jersey", None),
            "group-v1": Entity("Folder", "vm", "datacenter-1"),
        }
    )
    vm = found(
        name="web",
        parent=vim.Folder("group-v1"),
        runtime__host=vim.HostSystem("host-1"),
        runtime__powerState=vim.VirtualMachine.PowerState.poweredOn,
        config__hardware__numCPU=2,
        config__hardware__memoryMB=4096,
    )
    facts = json.loads(json.dumps(vm_facts(vm, inventory, [])))
    assert {key: facts[key] for key in ("folder", "host", "cluster", "datacenter", "power_state", "cpus", "memory_mb")} == {
        "folder": "",
        "host": "esx-1",
        "cluster": "CL1",
        "datacenter": "Jersey",
        "power_state": "poweredOn",
        "cpus": 2,
        "memory_mb": 4096,
    }
    assert vm_facts(vm, inventory, [])["power_state"].__class__ is str  # not pyVmomi's own kind of string


@pytest.mark.parametrize("sets", [["summary"], ["hardware"], ["guest"], ["backup"]])
def test_only_the_sets_that_were_asked_for_are_in_the_facts(sets):
    keys = set(vm_facts(found(), EMPTY, sets)) - set(vm_facts(found(), EMPTY, []))
    assert keys == {"summary": set(), "hardware": {"disks", "nics", "removable"}, "guest": {"guest"}, "backup": {"backup"}}[sets[0]]


def test_references_of_everything_that_is_named():
    device = vim.vm.device
    disk = device.VirtualDisk(key=1, capacityInKB=1, backing=device.VirtualDisk.FlatVer2BackingInfo(datastore=vim.Datastore("datastore-1")))
    backing = device.VirtualEthernetCard.NetworkBackingInfo(deviceName="n", network=vim.Network("network-1"))
    vm = found(
        parent=vim.Folder("group-v1"),
        runtime__host=vim.HostSystem("host-1"),
        network=[vim.Network("network-2")],
        config__hardware__device=[disk, device.VirtualVmxnet3(key=2, backing=backing), device.VirtualKeyboard(key=3)],
    )
    assert sorted(reference._GetMoId() for reference in references(vm)) == ["datastore-1", "group-v1", "host-1", "network-1", "network-2"]
    assert references(found()) == []
