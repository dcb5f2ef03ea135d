# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._commvault.vms import content as vm_content

WEB = {"name": "web01", "uuid": "503b1d0a-1111-2222-3333-444455556666"}
DB = {"name": "db01", "uuid": "503b1d0a-7777-8888-9999-444455556666"}
FOLDER = {"name": "/Luxembourg/vm/Tenants/Acme Sàrl", "id": "group-v123"}


def content(**kinds):
    return vm_content.normal(kinds)


def rule(kind="VM_NAME", condition="CONTAINS", text="web", guid=""):
    return {"type": kind, "condition": condition, "name": text, "value": text, "displayName": text, "GUID": guid}


def test_everything_there_and_back():
    given = content(
        vms=[WEB],
        folders=[FOLDER],
        datacenters=[{"name": "Luxembourg", "id": "datacenter-2"}],
        clusters=[{"name": "LUX-CL1", "id": "domain-c7"}],
        tags=[{"name": "Backup/Gold", "id": "urn:vmomi:InventoryServiceTag:1:GLOBAL"}],
        name_patterns=[{"condition": "starts_with", "value": "50 % off + \"quoted\" 'x' \\ é"}],
        match="all",
    )
    written = vm_content.to_api(given, overwrite=True)
    assert [(entry["type"], entry["GUID"]) for entry in written["virtualMachines"]] == [
        ("VM", WEB["uuid"]),
        ("FOLDER", "group-v123"),
        ("DATACENTER", "datacenter-2"),
        ("CLUSTER", "domain-c7"),
    ]
    assert written["ruleGroups"][0]["matchRule"] == "ALL"
    assert vm_content.from_api([written]) == given
    assert vm_content.from_api(written) == given, "an object is read like an array of one"


@pytest.mark.parametrize("nothing", [None, [], {}, [{"overwrite": False, "virtualMachines": [], "ruleGroups": []}]])
def test_nothing_is_read_as_empty(nothing):
    assert vm_content.is_empty(vm_content.from_api(nothing))


@pytest.mark.parametrize("overwrite", [True, False])
def test_overwrite_is_always_said(overwrite):
    assert vm_content.to_api(content(vms=[WEB]), overwrite)["overwrite"] is overwrite


def test_a_vm_is_known_by_its_uuid_alone():
    assert vm_content.same(content(vms=[WEB]), content(vms=[{"name": "renamed", "uuid": WEB["uuid"].upper()}]))
    assert not vm_content.same(content(vms=[WEB]), content(vms=[{"name": "web01", "uuid": DB["uuid"]}]))
    assert vm_content.same(content(vms=[{"uuid": WEB["uuid"]}]), content(vms=[WEB]))


def test_a_tag_without_id_is_known_by_its_name():
    named, full = {"name": "backup/gold"}, {"name": "Backup/Gold", "id": "urn:vmomi:1"}
    assert vm_content.same(content(tags=[named]), content(tags=[full]))
    assert vm_content.same(content(tags=[full]), content(tags=[named]))
    assert not vm_content.same(content(tags=[full]), content(tags=[{"name": "Backup/Gold", "id": "urn:vmomi:2"}]))


def test_order_does_not_matter_number_does():
    assert vm_content.same(content(vms=[WEB, DB]), content(vms=[DB, WEB]))
    assert not vm_content.same(content(vms=[WEB]), content(vms=[DB, WEB]))
    assert not vm_content.same(content(vms=[WEB, DB]), content(vms=[DB]))


def test_match_matters_from_two_rules_on():
    one, two = {"condition": "contains", "value": "web"}, {"condition": "ends_with", "value": "-prod"}
    assert vm_content.same(content(name_patterns=[one], match="all"), content(name_patterns=[one]))
    assert not vm_content.same(content(name_patterns=[one, two], match="all"), content(name_patterns=[one, two]))


def test_groups_in_which_any_rule_holds_are_one():
    groups = [
        {"matchRule": "ANY", "rules": [rule(), rule(text="db")]},
        {"matchRule": "ALL", "rules": [rule("TAG", "EQUALS", "Backup/Gold", "urn:vmomi:1")]},
        {"matchRule": "ANY", "rules": [rule("FOLDER", "EQUALS", FOLDER["name"], FOLDER["id"])]},
    ]
    record = vm_content.from_api([{"ruleGroups": groups}])
    assert record["match"] == "any" and record["other"] == []
    assert [item["value"] for item in record["name_patterns"]] == ["web", "db"]
    assert record["tags"] == [{"name": "Backup/Gold", "id": "urn:vmomi:1"}]
    assert record["folders"] == [FOLDER]


def test_what_the_options_cannot_say_is_kept_apart():
    power = rule("VM_POWER_STATE", "EQUALS", "On")
    together = {"matchRule": "ALL", "rules": [rule(), power]}
    record = vm_content.from_api([{"virtualMachines": [{"name": "esx1", "GUID": "host-9", "type": "SERVER"}], "ruleGroups": [together]}])
    assert not record["name_patterns"], "a rule that does not count on its own is not shown as one that does"
    assert record["other"] == [
        {"type": "SERVER", "name": "esx1", "id": "host-9"},
        {
            "match": "all",
            "rules": [
                {"type": "VM_NAME", "condition": "CONTAINS", "name": "web", "value": "web"},
                {"type": "VM_POWER_STATE", "condition": "EQUALS", "name": "On", "value": "On"},
            ],
        },
    ]
    assert not vm_content.same(content(), record)
    assert not vm_content.is_empty(record)


def test_two_groups_of_rules_that_must_all_hold_are_not_one():
    together = {"matchRule": "ALL", "rules": [rule(), rule(text="prod")]}
    assert len(vm_content.from_api([{"ruleGroups": [together, together]}])["other"]) == 2
    assert len(vm_content.from_api([{"ruleGroups": [together, {"matchRule": "ANY", "rules": [rule(text="db")]}]}])["other"]) == 1


def test_a_value_may_be_missing_when_read():
    record = vm_content.from_api(
        [{"ruleGroups": [{"matchRule": "ALL", "rules": [{"type": "VM_NAME", "condition": "STARTS_WITH", "name": "web"}]}]}]
    )
    assert record["name_patterns"] == [{"condition": "starts_with", "value": "web"}]


def test_plus_and_minus():
    current = content(vms=[WEB], folders=[FOLDER])
    assert vm_content.plus(current, content(vms=[WEB, DB]))["vms"] == [WEB, DB]
    assert vm_content.plus(current, content(vms=[WEB, DB]))["folders"] == [FOLDER]
    assert vm_content.minus(current, content(vms=[WEB, DB])) == content(folders=[FOLDER])


def test_without_keeps_all_else_as_it_was_read():
    kept = {"name": "db01", "GUID": DB["uuid"], "type": "VM", "existingCredential": {"credentialId": 8}}
    host = {"name": "esx1", "GUID": "host-9", "type": "SERVER"}
    together = {"matchRule": "ALL", "rules": [rule(), rule(text="prod")]}
    value = [
        {
            "overwrite": False,
            "virtualMachines": [{"name": "web01", "GUID": WEB["uuid"].upper(), "type": "VM"}, kept, host],
            "ruleGroups": [{"matchRule": "ANY", "rules": [rule(text="gone")]}, together],
        }
    ]
    given = content(vms=[WEB], name_patterns=[{"condition": "contains", "value": "gone"}, {"condition": "contains", "value": "prod"}])
    assert vm_content.without(value, given) == {"overwrite": True, "virtualMachines": [kept, host], "ruleGroups": [together]}
