# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which VMs a content means: folders with sub-folders, rules and their conditions, filters, disk filters, both notations."""

from __future__ import annotations

import types

import pytest

from commvaultsim.vms.content import Resolver, compare, merge
from commvaultsim.vms.subclients import from_children, to_children
from commvaultsim.vms.vcenter import Inventory, Node


def node(number, kind, name, parent="", **props):
    return Node(types.SimpleNamespace(_moId=number), kind, name, parent, props)


def ref(number):
    return types.SimpleNamespace(_moId=number)


def vm(number, name, parent, host, power="poweredOn", store="ds-1"):
    return node(
        number,
        "VirtualMachine",
        name,
        parent,
        **{
            "config.instanceUuid": f"50AA-{number}",
            "runtime.powerState": power,
            "runtime.host": ref(host),
            "config.guestFullName": "Debian",
            "guest.hostName": name,
            "datastore": [ref(store)],
            "resourcePool": ref("rp-1"),
        },
    )


@pytest.fixture
def resolver():
    nodes = [
        node("root", "Folder", "Datacenters"),
        node("dc-1", "Datacenter", "Jersey", "root", vmFolder=ref("v")),
        node("v", "Folder", "vm", "dc-1"),
        node("f-1", "Folder", "Tenants", "v"),
        node("f-2", "Folder", "Boréal Îles", "f-1"),
        node("f-3", "Folder", "Hors norme", "f-2"),
        node("h", "Folder", "host", "dc-1"),
        node("c-1", "ClusterComputeResource", "CL1", "h"),
        node("c-2", "ClusterComputeResource", "CL2", "h"),
        node("host-1", "HostSystem", "esx1", "c-1"),
        node("host-2", "HostSystem", "esx2", "c-2"),
        node("rp-1", "ResourcePool", "Resources", "c-1"),
        node("ds-1", "Datastore", "fast", "dc-1"),
        node("ds-2", "Datastore", "slow", "dc-1"),
        vm("vm-1", "web-01", "f-2", "host-1"),
        vm("vm-2", "web-02", "f-2", "host-2", power="poweredOff"),
        vm("vm-3", "db-01", "f-3", "host-1", store="ds-2"),
        vm("vm-4", "other", "v", "host-2"),
    ]
    return Resolver(Inventory({n.id: n for n in nodes}))


def names(resolver, content, filters=None):
    return [found.name for found in resolver.resolve(content, filters)]


def item(kind, name="", guid=""):
    return {"virtualMachines": [{"type": kind, "name": name, "GUID": guid}]}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (item("VM", guid="50aa-vm-1"), ["web-01"]),
        (item("VM", "WEB-02"), ["web-02"]),
        (item("FOLDER", guid="f-2"), ["db-01", "web-01", "web-02"]),
        (item("FOLDER", "/Jersey/vm/Tenants/Boréal Îles/Hors norme"), ["db-01"]),
        (item("FOLDER", "Tenants/Boréal Îles"), ["db-01", "web-01", "web-02"]),
        (item("FOLDER", "hors norme"), ["db-01"]),
        (item("FOLDER", "Tenants/Hors norme"), []),
        (item("DATACENTER", "Jersey"), ["db-01", "other", "web-01", "web-02"]),
        (item("CLUSTER", guid="c-1"), ["db-01", "web-01"]),
        (item("SERVER", "esx2"), ["other", "web-02"]),
        (item("DATASTORE", "slow"), ["db-01"]),
        (item("ROOT"), ["db-01", "other", "web-01", "web-02"]),
        ({}, []),
    ],
)
def test_explicit_objects(resolver, content, expected):
    assert names(resolver, content) == expected


def rule(kind, condition, name):
    return {"type": kind, "condition": condition, "name": name, "value": name}


@pytest.mark.parametrize(
    ("match", "rules", "expected"),
    [
        ("ALL", [rule("VM_NAME", "STARTS_WITH", "web"), rule("VM_POWER_STATE", "EQUALS", "On")], ["web-01"]),
        ("ANY", [rule("VM_NAME", "ENDS_WITH", "-02"), rule("FOLDER", "EQUALS", "Hors norme")], ["db-01", "web-02"]),
        ("ALL", [rule("VM_NAME", "DOES_NOT_CONTAIN", "web"), rule("VM_NAME", "DOES_NOT_EQUAL", "other")], ["db-01"]),
        ("ALL", [rule("CLUSTER", "DOES_NOT_EQUAL", "CL1")], ["other", "web-02"]),
    ],
)
def test_rules(resolver, match, rules, expected):
    assert names(resolver, {"ruleGroups": [{"matchRule": match, "rules": rules}]}) == expected


def test_lists_and_groups_are_united_and_filters_take_away(resolver):
    content = {**item("VM", "other"), "ruleGroups": [{"matchRule": "ALL", "rules": [rule("VM_NAME", "CONTAINS", "-01")]}]}
    assert names(resolver, content, item("FOLDER", "Hors norme")) == ["other", "web-01"]


@pytest.mark.parametrize(
    ("condition", "text", "wanted", "expected"),
    [
        ("EQUALS", "Web-01", "web-01", True),
        ("EQUALS", "web-01", "web*", True),
        ("DOES_NOT_EQUAL", "web", "db", True),
        ("STARTS_WITH", "web", "eb", False),
        ("CONTAINS", "a[1]", "[1]", True),
    ],
)
def test_conditions(condition, text, wanted, expected):
    assert compare(condition, text, wanted) is expected


def test_writing_appends_without_doubles_or_replaces():
    old = item("VM", "a", "1")
    both = merge(old, {"overwrite": False, "virtualMachines": [{"type": "VM", "GUID": "1"}, {"type": "VM", "GUID": "2"}]})
    assert [row["GUID"] for row in both["virtualMachines"]] == ["1", "2"]
    assert merge(old, {"overwrite": True, "virtualMachines": []})["virtualMachines"] == []


def test_the_older_notation_goes_there_and_back():
    content = {
        "virtualMachines": [{"type": "VM", "name": "web01", "GUID": "503b"}, {"type": "FOLDER", "name": "prod", "GUID": "group-v1"}],
        "ruleGroups": [{"matchRule": "ANY", "rules": [rule("VM_NAME", "EQUALS", "web"), rule("TAG", "EQUALS", "Backup/Gold")]}],
    }
    children = to_children(content)
    assert [(row.get("type"), row.get("name")) for row in children] == [(9, "503b"), (5, "group-v1"), (None, None)]
    back = from_children(children)
    assert [row["GUID"] for row in back["virtualMachines"]] == ["503b", "group-v1"]
    assert back["ruleGroups"][0]["matchRule"] == "ANY"
