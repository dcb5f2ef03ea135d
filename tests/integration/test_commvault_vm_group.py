# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses as dc
import typing as t

import pytest
import yaml

from ansible_collections.calligo.baas.plugins.module_utils._commvault.vms import content as vm_content
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.session import OPTIONS, connect
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import Context
from ansible_collections.calligo.baas.tests.support.modules import Modules
from ansible_collections.calligo.baas.tests.support.playbooks import tell
from ansible_collections.calligo.baas.tests.support.walk import recorded, step, walk
from commvaultsim.sandbox import DEFAULT_SCENARIO

MODULE = "commvault_vm_group"
HYPERVISOR = "groups 'Übersicht' 50% + vCenter"
FOLDER = "Tenants/Acme Sàrl"
GOLD, SILVER = "Gold for VM groups", 'Silver "été" 1/2 % + \\'
GUESTS, OTHER_GUESTS = "Gäste & Söhne", "other guests"
ODD_NAMES = ["two  spaces", "a/b\\c", 'it\'s "quoted"', "100 % + 50%20", "Écréhous & Köln ß", "name?fq=x&y=z#1"]
PATTERN = {"condition": "ends_with", "value": "-test 50 % + \\ é"}


@dc.dataclass
class Place:
    """What the tests back up: the VMs of one folder, and the folder."""

    vms: list[dict[str, str]]
    folder: dict[str, str]


def hypervisor(modules, name, **more):
    vcenter = modules.sandbox.endpoints["vcenters"]["vc-lux"]
    options = {
        "vcenter_host": f"{vcenter['hostname']}:{vcenter['port']}",
        "vcenter_username": vcenter["username"],
        "vcenter_password": modules.sandbox.password("vcenter"),
        "access_nodes": ["lux-an-01"],
    }
    modules("commvault_hypervisor", {"name": name, **options, **more})


@pytest.fixture(scope="module")
def place(sandbox):
    modules = Modules(sandbox)
    hypervisor(modules, HYPERVISOR)
    for name in (GOLD, SILVER):
        destination = {"name": "Primary", "storage_pool": "lux-pool-01", "retention_days": "30"}
        modules("commvault_plan", {"name": name, "destinations": [destination]})
    for name in (GUESTS, OTHER_GUESTS):
        login = {"account_type": "windows", "account": "ACME\\svc-backup", "account_password": "s3cret"}
        modules("commvault_credential", {"name": name, **login})
    facts = modules("vcenter_vm_facts", {"folder": FOLDER})["ansible_facts"]["vcenter_vms"]
    folder = modules("vcenter_folder_info", {"folder": FOLDER})["folders"][0]
    vms = [{"name": vm["name"], "uuid": vm["instance_uuid"]} for vm in facts]
    return Place(vms, {"name": f"/Luxembourg/vm/{FOLDER}", "id": folder["moid"]})


def group(name="acme-vms", **options):
    return {"name": name, "hypervisor": HYPERVISOR, **options}


def vms_of(result):
    return sorted(vm["name"] for vm in result["vm_group"]["content"]["vms"])


def test_the_twelve_steps(modules, place):
    swap = {"type": "pattern", "value": "[lux-ds-0?]/**/*_swap (é).vmdk"}
    second = {"type": "label", "condition": "ends_with", "value": "disk 2", "vm": place.vms[0]}
    present = group(plan=GOLD, content={"folders": [place.folder]}, filters={"name_patterns": [PATTERN]}, consistency="crash")
    present["disk_filters"] = [swap, second]
    tag = {"name": "Backup/Gold"}
    content = {"vms": place.vms[:1], "tags": [tag], "name_patterns": [{"value": "web"}], "match": "all"}
    changed = group(plan=SILVER, content=content, filters={}, consistency="application_aware", backup_enabled=False)
    changed |= {"guest_credential": GUESTS, "disk_filters": [second]}
    results = walk(modules, MODULE, present, changed, group(state="absent"))
    made = results["create"]["vm_group"]
    assert made["content"]["folders"] == [place.folder] and made["filters"]["name_patterns"] == [PATTERN]
    assert (made["plan"], made["consistency"], made["backup_enabled"]) == (GOLD, "crash", True)
    assert made["disk_filters"] == [{"condition": "equals", "vm": None, **swap}, second] and made["guest_credential"] is None
    predicted = results["create check"]["vm_group"]
    assert predicted == {key: made[key] for key in predicted}, "what check mode says is what happens"
    after = results["change again"]["vm_group"]
    assert after == results["change"]["vm_group"]
    assert after["id"] == made["id"] and after["content"]["folders"] == [] and after["content"]["match"] == "all"
    assert after["content"]["vms"] == place.vms[:1] and [item["name"] for item in after["content"]["tags"]] == ["Backup/Gold"]
    assert (after["plan"], after["consistency"], after["backup_enabled"]) == (SILVER, "application_aware", False)
    assert (after["disk_filters"], after["guest_credential"]) == ([second], GUESTS)
    assert results["change"]["diff"]["before"]["content"]["folders"] == [place.folder]
    assert results["delete"]["vm_group"] is None and "warnings" not in results["change"]


def test_one_vm_more_and_one_less(modules, place):
    first, second = place.vms[:2]
    modules(MODULE, group(content={"vms": [first], "folders": [place.folder]}))
    more = group(content_mode="add", content={"vms": [first, second]})
    step(modules, MODULE, more, check=True, changed=True)
    made = step(modules, MODULE, more, check=False, changed=True)
    assert vms_of(made) == sorted([first["name"], second["name"]]) and made["vm_group"]["content"]["folders"] == [place.folder]
    step(modules, MODULE, more, check=False, changed=False)
    less = group(content_mode="remove", content={"vms": [first]})
    step(modules, MODULE, less, check=True, changed=True)
    made = step(modules, MODULE, less, check=False, changed=True)
    assert vms_of(made) == [second["name"]] and made["vm_group"]["content"]["folders"] == [place.folder]
    step(modules, MODULE, less, check=False, changed=False)
    modules(MODULE, group(state="absent"))


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names(modules, place, name):
    wanted = group(name, plan=SILVER, content={"vms": place.vms[:1], "name_patterns": [{"condition": "starts_with", "value": name}]})
    made = step(modules, MODULE, wanted, check=False, changed=True)["vm_group"]
    assert made["name"] == name and made["content"]["name_patterns"][0]["value"] == name
    step(modules, MODULE, wanted, check=False, changed=False)
    step(modules, MODULE, group(name, state="absent"), check=False, changed=True)


def test_requests_are_few(modules, place):
    wanted = group("few", plan=GOLD, content={"vms": place.vms})
    modules(MODULE, wanted)
    _result, requests = recorded(modules, MODULE, wanted)
    assert [row["route"] for row in requests] == ["/Login", "/V4/Hypervisor", "/V4/VMGroups", "/V4/VmGroup/{id:int}", "/Logout"]
    modules(MODULE, group("few", state="absent"))


def test_nothing_is_half_written(modules, place):
    content = {"vms": place.vms[:1]}
    refused: list[tuple[dict[str, t.Any], str]] = [
        ({**group(content=content), "hypervisor": "no such hypervisor"}, 'hypervisor "no such hypervisor" does not exist'),
        (group(content=content, plan="no such plan"), 'plan "no such plan" does not exist'),
        (group(plan=GOLD), "allow_empty"),
        (group(content=content, consistency="application_aware"), "Give guest_credential"),
        (group(content=content, consistency="application_aware", guest_credential="none"), 'credential "none" does not exist'),
        (group(content=content, consistency="crash", guest_credential=GUESTS), "its consistency is crash"),
        (group(content=content, disk_filters=[{"type": "path", "condition": "contains", "value": "x"}]), "disk filter 1 (path"),
    ]
    for options, text in refused:
        modules.sandbox.control("DELETE", "/journal")
        assert text in modules.failure(MODULE, options)["msg"]
        assert not [row for row in modules.sandbox.control("GET", "/journal")["requests"] if row["writes"]]


def test_what_is_missing_is_a_warning_in_check_mode(modules, place):
    missing = {"company": "No such company", "hypervisor": "no such hypervisor", "plan": "no such plan"}
    result = step(modules, MODULE, {**group(content={"vms": place.vms[:1]}), **missing}, check=True, changed=True)
    for name in missing.values():
        assert any(name in str(warning) for warning in result["warnings"]), name


def test_content_is_not_wiped_by_accident(modules, place):
    modules(MODULE, group("wipe", content={"vms": place.vms[:1]}))
    ways: list[dict[str, t.Any]] = [{"content": {}}, {"content_mode": "remove", "content": {"vms": place.vms}}]
    for options in ways:
        assert modules.failure(MODULE, group("wipe", **options))["error"]["kind"] == "Refused"
    made = step(modules, MODULE, group("wipe", content={}, allow_empty=True), check=False, changed=True)
    assert vms_of(made) == []
    modules(MODULE, group("wipe", state="absent"))


def test_a_guest_credential_is_changed_kept_and_guarded(modules, place):
    wanted = group("guests", content={"vms": place.vms[:1]}, consistency="application_aware", guest_credential=GUESTS)
    modules(MODULE, wanted)
    step(modules, MODULE, {**wanted, "guest_credential": GUESTS.upper()}, check=False, changed=False)
    other = group("guests", guest_credential=OTHER_GUESTS)
    step(modules, MODULE, other, check=True, changed=True)
    made = step(modules, MODULE, other, check=False, changed=True)
    assert made["vm_group"]["guest_credential"] == OTHER_GUESTS and "warnings" not in made
    step(modules, MODULE, group("guests", consistency="crash"), check=False, changed=True)
    made = step(modules, MODULE, group("guests", consistency="application_aware"), check=False, changed=True)
    assert made["vm_group"]["guest_credential"] == OTHER_GUESTS, "it was there already"
    used = modules.failure("commvault_credential", {"name": OTHER_GUESTS, "state": "absent"})
    assert 'in use by the VM group "guests"' in used["msg"]
    modules(MODULE, group("guests", state="absent"))
    step(modules, "commvault_credential", {"name": OTHER_GUESTS, "state": "absent"}, check=False, changed=True)


def test_a_group_is_renamed_once(modules, place):
    made = modules(MODULE, group("before", content={"vms": place.vms[:1]}))["vm_group"]
    modules(MODULE, group("taken", content={"vms": place.vms[:1]}))
    assert "cannot be called" in modules.failure(MODULE, group("before", new_name="TAKEN"))["msg"]
    wanted = group("before", new_name="after é")
    step(modules, MODULE, wanted, check=True, changed=True)
    after = step(modules, MODULE, wanted, check=False, changed=True)["vm_group"]
    assert (after["id"], after["name"], after["content"]) == (made["id"], "after é", made["content"])
    step(modules, MODULE, wanted, check=False, changed=False)
    for name in ("after é", "taken"):
        modules(MODULE, group(name, state="absent"))


def test_the_dialect_of_live_servers(modules, place):
    modules(MODULE, group("dialect", content={"vms": place.vms[:1]}))
    modules.sandbox.control("POST", "/faults", {"name": "vmgroup_identity_nested"})
    step(modules, MODULE, group("DIALECT", content={"vms": place.vms[:1]}), check=False, changed=False)
    modules(MODULE, group("dialect", state="absent"))


def test_a_deletion_that_waits_for_approval_is_not_called_done(modules, place):
    modules(MODULE, group("approve", content={"vms": place.vms[:1]}))
    modules.sandbox.control("POST", "/faults", {"name": "pending_approval", "times": 1})
    assert "approval" in modules.failure(MODULE, group("approve", state="absent"))["msg"]
    step(modules, MODULE, group("approve", state="absent"), check=False, changed=True)


def test_a_group_that_was_made_is_told_even_when_the_rest_fails(modules, place):
    modules.sandbox.control("POST", "/faults", {"name": "api_error", "path": "/V4/VmGroup/", "message": "Not now.", "times": 1})
    wanted = group("half", content={"vms": place.vms[:1]}, consistency="crash")
    failed = modules.failure(MODULE, wanted)
    assert "was created" in failed["msg"] and "Not now." in failed["msg"] and failed["error"]["created_id"]
    made = step(modules, MODULE, wanted, check=False, changed=True)["vm_group"]
    assert made["id"] == failed["error"]["created_id"] and made["consistency"] == "crash"
    modules(MODULE, group("half", state="absent"))


def test_inside_a_company(modules, place):
    company = {"company": "Groups & Söhne"}
    modules("commvault_company", {"name": company["company"], "alias": "groups"})
    hypervisor(modules, "groups-vcenter", **company)
    wanted = {"name": "inside", "hypervisor": "groups-vcenter", "content": {"folders": [place.folder]}, **company}
    step(modules, MODULE, wanted, check=False, changed=True)
    step(modules, MODULE, wanted, check=False, changed=False)
    step(modules, MODULE, {**wanted, "state": "absent"}, check=False, changed=True)


def matched(modules, content, filters=None):
    """The VMs that Commvault finds in vCenter for what the module would write."""
    given = {name: option.get("default") for name, option in OPTIONS.options.items()} | modules.connection(MODULE)
    with connect(Context.of(given, check_mode=False, warn=print)) as client:
        rows = client.require("/V4/Hypervisor")["Hypervisors"]
        number = next(row["id"] for row in rows if row["name"] == HYPERVISOR)
        body = {
            key: vm_content.to_api(vm_content.normal(value or {}), overwrite=True)
            for key, value in (("content", content), ("filters", filters))
        }
        return sorted(vm["name"] for vm in client.post("/V4/VmGroup/Preview", body, {"hypervisorId": number})["vmList"])


def test_every_kind_of_content_means_what_it_says(modules, place):
    scenario = yaml.safe_load(DEFAULT_SCENARIO.read_text(encoding="utf-8"))
    tags = {vm["name"]: vm.get("tags", []) for vm in next(one for one in scenario["vcenters"] if one["name"] == "vc-lux")["vms"]}
    acme = sorted(vm["name"] for vm in place.vms)
    assert matched(modules, {"vms": place.vms[:1]}) == [place.vms[0]["name"]]
    assert matched(modules, {"folders": [place.folder]}) == acme
    assert matched(modules, {"folders": [place.folder]}, {"vms": place.vms[:1]}) == sorted(set(acme) - {place.vms[0]["name"]})
    pattern = {"condition": "starts_with", "value": "cafe-"}
    cafe = sorted(name for name in tags if name.startswith("cafe-"))
    assert matched(modules, {"name_patterns": [pattern]}) == cafe != []
    silver = sorted(name for name in tags if "Backup/Silver" in tags[name])
    assert matched(modules, {"tags": [{"name": "Backup/Silver"}]}) == silver != []
    both = {"tags": [{"name": "Backup/Silver"}], "name_patterns": [pattern]}
    assert matched(modules, {**both, "match": "all"}) == sorted({*silver} & {*cafe}) != []
    assert matched(modules, both) == sorted({*silver} | {*cafe})


GHOST = {"name": "acme-ghost-01", "uuid": "503b1d0a-0000-4000-8000-444455556666"}


@pytest.fixture
def watched(modules, place):
    """A group of two VMs and one that vCenter does not have (any more), and how it is asked what became of them."""
    modules(MODULE, group("watched", content={"vms": [*place.vms[:2], GHOST]}))
    yield {**modules.connection("vcenter_"), "folder": FOLDER}
    tell(modules.sandbox)
    modules(MODULE, group("watched", state="absent"))


def leaving(result):
    return {vm["name"]: vm["reason"] for vm in result["vm_group"].get("leaving", [])}


def test_a_vm_leaves_only_when_it_is_proven_gone_moved_or_excluded(modules, place, watched):
    first, second = place.vms[:2]
    exact = group("watched", content={"vms": [first]}, vcenter=watched)
    tell(modules.sandbox, {"cafe küche 01": {"state": "inaccessible"}, second["name"]: {"unset": ["parent"]}})
    result = modules(MODULE, exact)
    assert not result["changed"] and vms_of(result) == sorted(vm["name"] for vm in (first, second, GHOST))
    told = [warning["event"]["msg"] for warning in result["warnings"]]
    assert len(told) == 2 and "cafe küche 01" in str(told) and "stays in the VM group" in told[0]

    tell(modules.sandbox, {"cafe küche 01": {"state": "inaccessible"}})
    predicted = modules(MODULE, exact, check=True)
    assert leaving(predicted) == {second["name"]: "excluded"}
    assert vms_of(predicted) == sorted(vm["name"] for vm in (first, GHOST))
    tell(modules.sandbox)
    elsewhere = {**exact, "vcenter": {**watched, "folder": "Tenants/Other"}}
    assert leaving(modules(MODULE, elsewhere, check=True)) == {second["name"]: "moved", GHOST["name"]: "gone"}
    result = modules(MODULE, exact)
    assert leaving(result) == {second["name"]: "excluded", GHOST["name"]: "gone"}
    assert {vm["name"]: vm["reason"] for vm in result["diff"]["after"]["leaving"]} == leaving(result)
    assert vms_of(result) == [first["name"]]
    again = modules(MODULE, exact)
    assert not again["changed"] and "leaving" not in again["vm_group"]


def test_what_is_no_uuid_is_no_vm(modules, place, watched, monkeypatch):
    """As earlier versions wrote of a VM that could not be read."""
    first, second = place.vms[:2]
    lost = {"name": second["name"], "uuid": "None"}
    assert "it is not known" in modules.failure(MODULE, group("watched", content={"vms": [first, lost]}))["msg"]
    monkeypatch.setattr(vm_content, "guard", lambda _given: None)
    modules(MODULE, group("watched", content={"vms": [first, lost]}))
    tell(modules.sandbox, {"cafe küche 01": {"state": "inaccessible"}})
    result = modules(MODULE, group("watched", content={"vms": [first, second]}, vcenter=watched))
    assert leaving(result) == {second["name"]: "gone"}
    assert sorted(vm["uuid"] for vm in result["vm_group"]["content"]["vms"]) == sorted(vm["uuid"] for vm in (first, second))
