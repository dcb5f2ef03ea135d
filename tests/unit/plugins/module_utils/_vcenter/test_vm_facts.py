# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest
from pyVmomi import vim

from ansible_collections.calligo.baas.plugins.module_utils._vcenter.collector import Found
from ansible_collections.calligo.baas.plugins.module_utils._vcenter.inventory import Entity, Inventory
from ansible_collections.calligo.baas.plugins.module_utils._vcenter.vm_facts import FACTS, Known, references, vm_facts
from ansible_collections.calligo.baas.plugins.module_utils._vcenter.vm_fields import DEVICES, FIELDS, SETS, chosen, paths

EMPTY = Known(Inventory({}))
SUMMARY = SETS["summary"]


def found(missing=None, **properties):
    return Found(vim.VirtualMachine("vm-1"), {path.replace("__", "."): value for path, value in properties.items()}, missing or {})


def test_every_fact_can_be_made():
    assert list(FACTS) == list(FIELDS)
    assert {field for fields in SETS.values() for field in fields} == set(FIELDS)


def test_the_summary_asks_for_no_devices():
    asked = paths(chosen(None, None))
    assert DEVICES not in asked and "network" not in asked and "customValue" not in asked


@pytest.mark.parametrize(
    ("sets", "fields", "expected"),
    [
        (None, None, SUMMARY),
        ([], [], SUMMARY),
        (["guest"], None, (*SUMMARY, "guest")),
        (["hardware"], ["backup", "cpus"], (*SUMMARY, "disks", "nics", "removable", "settings", "backup")),
        (None, ["tags", "cpus"], ("name", "moid", "cpus", "tags")),
    ],
)
def test_which_facts_are_chosen(sets, fields, expected):
    assert chosen(sets, fields) == expected


def test_what_is_not_set_is_none_and_a_list_only_where_the_server_said_so():
    facts = vm_facts(found(name="a%2fb"), EMPTY, FIELDS)
    assert (facts["name"], facts["moid"], facts["host"], facts["folder"], facts["tools_status"]) == ("a/b", "vm-1", None, None, None)
    assert (facts["disks"], facts["nics"], facts["removable"], facts["guest"]["ip_addresses"]) == ([], [], [], [])
    assert (facts["template"], facts["guest"]["tools_running"], facts["backup"]["change_tracking"]) == (None, None, None)
    unknown = vm_facts(found(dict.fromkeys([DEVICES, "config.template", "guest.net", "customValue"], "NoPermission")), EMPTY, FIELDS)
    nothing = ("disks", "nics", "removable", "settings", "kind", "template", "custom_attributes")
    assert {unknown[field] for field in nothing} == {None} and unknown["guest"]["ip_addresses"] is None
    assert unknown["backup"]["snapshots"] is None and DEVICES in unknown["backup"]["findings"][0]
    assert (facts["tags"], facts["custom_attributes"], facts["changes"]) == (None, None, None)


def test_tags_and_custom_attributes_that_could_be_read():
    tag = {"name": "Gold", "category": "Backup", "id": "t"}
    values = [vim.CustomFieldsManager.StringValue(key=key, value="v") for key in (1, 9)]
    known = Known(Inventory({}), tags={"vm-1": [tag]}, attributes={1: "cost centre", 2: "owner"})
    facts = vm_facts(found(customValue=values), known, ["tags", "custom_attributes"])
    assert (facts["tags"], facts["custom_attributes"]) == ([tag], {"cost centre": "v"})
    assert vm_facts(found(), Known(Inventory({}), {}, {}), ["tags", "custom_attributes"]) == {
        "tags": [],
        "custom_attributes": {},
        "unreadable": [],
    }


def test_what_was_withheld_is_named():
    facts = vm_facts(found({"guest.toolsStatus": "NoPermission", "config.uuid": "NoPermission"}), EMPTY, SUMMARY)
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
    facts = json.loads(json.dumps(vm_facts(vm, Known(inventory), SUMMARY)))
    assert {key: facts[key] for key in ("folder", "host", "cluster", "datacenter", "power_state", "cpus", "memory_mb")} == {
        "folder": "",
        "host": "esx-1",
        "cluster": "CL1",
        "datacenter": "Jersey",
        "power_state": "poweredOn",
        "cpus": 2,
        "memory_mb": 4096,
    }
    assert vm_facts(vm, Known(inventory), SUMMARY)["power_state"].__class__ is str  # not pyVmomi's own kind of string


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
    assert sorted(reference._GetMoId() for reference in references(vm, ["disks", "nics"])) == [
        "datastore-1",
        "group-v1",
        "host-1",
        "network-1",
        "network-2",
    ]
    assert sorted(reference._GetMoId() for reference in references(vm, ["backup", "host"])) == ["group-v1", "host-1"]
    assert references(found(), FIELDS) == []
