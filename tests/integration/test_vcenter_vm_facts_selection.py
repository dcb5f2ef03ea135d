# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How vcenter_vm_facts chooses: VMs on the server, facts one by one, rows into a file; and how many calls each of these takes."""

from __future__ import annotations

import json
import stat

import pytest
import yaml
from pyVim.task import WaitForTask
from pyVmomi import vim

from ansible_collections.calligo.baas.plugins.module_utils._vcenter.collector import PAGE, Collector
from ansible_collections.calligo.baas.tests.support.modules import run_module
from ansible_collections.calligo.baas.tests.support.vcsim import Vcsim, content_of
from commvaultsim.sandbox import DEFAULT_SCENARIO

SCENARIO = yaml.safe_load(DEFAULT_SCENARIO.read_text(encoding="utf-8"))
LUXEMBOURG = next(vcenter for vcenter in SCENARIO["vcenters"] if vcenter["name"] == "vc-lux")
MADE = PAGE + 100
GOLD = sorted(vm["name"] for vm in LUXEMBOURG["vms"] if "Backup/Gold" in vm.get("tags", []))
TENANT = next(vm["folder"] for vm in LUXEMBOURG["vms"] if vm["name"] == GOLD[0])
SESSION = {"RetrieveServiceContent": 1, "Login": 1, "Logout": 1}
VIEW = {"CreateContainerView": 1, "DestroyView": 1}
REST = {"POST session": 1, "DELETE session": 1}
PAGES = -(-(MADE + len(LUXEMBOURG["vms"])) // PAGE) - 1


@pytest.fixture(scope="module")
def vcsim(tmp_path_factory):
    with Vcsim(tmp_path_factory.mktemp("vcsim"), "vc-lux", "-generate", str(MADE)) as running:
        yield running


@pytest.fixture
def content(vcsim):
    """A session of pyVmomi's own, to change what the module reads."""
    with content_of(vcsim.options) as content:
        yield content


def gather(vcsim, check=False, **options):
    result = run_module("vcenter_vm_facts", {**vcsim.options, **options}, check=check)
    assert not result.get("failed"), result
    return result


def vms(vcsim, **options):
    return gather(vcsim, **options)["ansible_facts"]["vcenter_vms"]


def names(vcsim, **options):
    return [vm["name"] for vm in vms(vcsim, **options)]


def calls(vcsim, **options):
    """The calls that a run makes, and the number of VMs that it finds."""
    vcsim.calls()
    found = vms(vcsim, **options)
    return vcsim.calls(), len(found)


def machine(content, name):
    index = content.searchIndex
    return index.FindByInventoryPath(f"{LUXEMBOURG['datacenter']}/vm/{TENANT}/{name}")


def test_round_trips_do_not_grow_with_vms(vcsim):
    more = {"ContinueRetrievePropertiesEx": PAGES}
    everything = ["summary", "hardware", "guest", "backup"]
    assert calls(vcsim) == ({**SESSION, **VIEW, **more, "RetrievePropertiesEx": 2}, MADE + len(LUXEMBOURG["vms"]))
    counted, found = calls(vcsim, properties=everything)
    assert (counted, found) == ({**SESSION, **VIEW, **more, "RetrievePropertiesEx": 2}, MADE + len(LUXEMBOURG["vms"]))


def test_devices_are_asked_only_of_the_vms_that_were_selected(vcsim):
    counted, found = calls(vcsim, properties=["hardware"], name_pattern="gen-vm-0000?")
    # The names of all in pages, then one query for the facts of ten and one for the names of their places.
    assert (counted, found) == ({**SESSION, **VIEW, "ContinueRetrievePropertiesEx": PAGES, "RetrievePropertiesEx": 3}, 10)


def test_the_server_looks_up_a_few_uuids(vcsim):
    uuids = [vm["instance_uuid"] for vm in vms(vcsim, folder=TENANT)][:2]
    assert calls(vcsim, instance_uuids=uuids) == ({**SESSION, "FindAllByUuid": 2, "RetrievePropertiesEx": 2}, 2)
    assert calls(vcsim, instance_uuids=uuids, fields=["power_state"]) == ({**SESSION, "FindAllByUuid": 2, "RetrievePropertiesEx": 1}, 2)
    assert calls(vcsim, instance_uuids=["no uuid at all"]) == (SESSION, 0)
    many = [vm["instance_uuid"] for vm in vms(vcsim, name_pattern="gen-vm-0000?")]
    counted, found = calls(vcsim, instance_uuids=many)
    assert (counted.get("FindAllByUuid", 0), found) == (0, 10)


def test_the_server_selects_by_cluster(vcsim):
    counted, found = calls(vcsim, cluster=LUXEMBOURG["cluster"], fields=["name"])
    expected = {**SESSION, **VIEW, "RetrievePropertiesEx": 2, "ContinueRetrievePropertiesEx": PAGES}
    assert (counted, found) == (expected, MADE + len(LUXEMBOURG["vms"]))
    assert names(vcsim, cluster=LUXEMBOURG["cluster"], folder=TENANT) == names(vcsim, folder=TENANT)


def test_the_server_selects_by_tag(vcsim):
    counted, found = calls(vcsim, tags=["Backup/Gold"], fields=["name"])
    tagging = {"GET category": 2, "POST tag list-tags-for-category": 1, "POST tag-association list-attached-objects-on-tags": 1}
    assert (counted, found) == ({**SESSION, **REST, **tagging, "GET tag": 2, "RetrievePropertiesEx": 1}, len(GOLD))
    assert names(vcsim, tags=["Backup/Gold"]) == GOLD
    assert set(names(vcsim, tags=["Backup/Gold"], folder=TENANT)) == set(GOLD) & set(names(vcsim, folder=TENANT))
    assert set(names(vcsim, tags=["Backup/Gold", "Backup/Silver"])) > set(GOLD)


def test_a_tag_that_does_not_exist_is_an_error(vcsim):
    for tag, known in (("Backup/Platinum", "Backup/Gold, Backup/Silver"), ("Restore/Gold", "categories Backup"), ("Gold", "Backup")):
        message = run_module("vcenter_vm_facts", {**vcsim.options, "tags": [tag]})["msg"]
        assert f'No tag "{tag}"' in message and known in message


def test_tags_of_all_vms_are_read_in_one_call(vcsim):
    vcsim.calls()
    found = {vm["name"]: vm["tags"] for vm in vms(vcsim, fields=["tags"])}
    counted = vcsim.calls()
    rest = {name: count for name, count in counted.items() if " " in name}
    assert rest == {**REST, "POST tag-association list-attached-tags-on-objects": 1, "GET tag": 2, "GET category": 1}
    for spec in LUXEMBOURG["vms"]:
        assert [f"{tag['category']}/{tag['name']}" for tag in found[spec["name"]]] == spec.get("tags", [])
    assert found["gen-vm-00001"] == []


def test_nobody_logs_in_for_tags_that_are_not_asked_for(vcsim):
    counted, _found = calls(vcsim, properties=["summary", "guest"])
    assert not [name for name in counted if " " in name]


def test_custom_attributes(vcsim, content):
    manager = content.customFieldsManager
    field = manager.AddCustomFieldDef(name="cost centre", moType=vim.VirtualMachine)
    manager.SetField(entity=machine(content, GOLD[0]), key=field.key, value="4711")
    found = {vm["name"]: vm["custom_attributes"] for vm in vms(vcsim, properties=["custom_attributes"], folder=TENANT)}
    assert {name: values for name, values in found.items() if values} == {GOLD[0]: {"cost centre": "4711"}}


def test_single_fields(vcsim):
    (vm,) = vms(vcsim, names=[GOLD[0]], fields=["cpus", "backup"])
    assert list(vm) == ["name", "moid", "cpus", "backup", "unreadable"]
    (vm,) = vms(vcsim, names=[GOLD[0]], fields=["disks"], properties=["summary"])
    assert vm["disks"][0]["datastore"] and vm["folder"] and "nics" not in vm


def test_rows_into_a_file(vcsim, tmp_path):
    path = tmp_path / "vms.json"
    options = {"folder": TENANT, "properties": ["backup"], "output_file": str(path)}
    predicted = gather(vcsim, check=True, **options)
    assert predicted["changed"] and not list(tmp_path.iterdir())
    result = gather(vcsim, **options)
    facts = result["ansible_facts"]
    assert facts == predicted["ansible_facts"] and result["changed"]
    assert json.loads(path.read_text(encoding="utf-8")) == vms(vcsim, folder=TENANT, properties=["backup"])
    summary = facts["vcenter_vms_file"]
    assert (summary["path"], summary["size"], summary["power_states"]) == (str(path), path.stat().st_size, {"poweredOn": summary["count"]})
    assert "vcenter_vms" not in facts
    assert [entry.name for entry in tmp_path.iterdir()] == ["vms.json"] and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert gather(vcsim, **options)["changed"] is False
    assert gather(vcsim, **options, output_mode="0640")["changed"] is True
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_file_that_cannot_be_written(vcsim, tmp_path):
    path = tmp_path / "missing" / "vms.json"
    message = run_module("vcenter_vm_facts", {**vcsim.options, "folder": TENANT, "output_file": str(path)})["msg"]
    assert message == f"output_file: {path} cannot be written: No such file or directory."


def test_a_vm_that_is_removed_meanwhile_is_reported(vcsim, content, monkeypatch):
    folder = content.searchIndex.FindByInventoryPath(f"{LUXEMBOURG['datacenter']}/vm/{TENANT}")
    config = vim.vm.ConfigSpec(name="short-lived", numCPUs=1, memoryMB=128, guestId="ubuntu64Guest")
    config.files = vim.vm.FileInfo(vmPathName=f"[{LUXEMBOURG['datastores'][0]}]")
    pool = content.rootFolder.childEntity[0].hostFolder.childEntity[0].resourcePool
    task = folder.CreateVM_Task(config=config, pool=pool)
    WaitForTask(task)
    made = task.info.result
    read = Collector.of

    def removed_first(self, *arguments):
        WaitForTask(made.Destroy())
        return read(self, *arguments)

    monkeypatch.setattr(Collector, "of", removed_first)
    result = gather(vcsim, folder=TENANT, names=["short-lived", GOLD[0]])
    facts = result["ansible_facts"]
    assert [vm["name"] for vm in facts["vcenter_vms"]] == [GOLD[0]]
    assert facts["vcenter_vms_problems"] == [f"Removed from vCenter while it was read, and left out: {made._GetMoId()}."]
    assert facts["vcenter_vms_not_found"] == ["short-lived"]
    assert [warning["event"]["msg"] for warning in result["warnings"]] == facts["vcenter_vms_problems"]


def test_tags_that_cannot_be_read_are_reported(vcsim, monkeypatch):
    monkeypatch.setattr("ansible_collections.calligo.baas.plugins.module_utils._vcenter.tags.ASSOCIATION", "cis/tagging/nowhere")
    facts = gather(vcsim, names=[GOLD[0]], properties=["tags"])["ansible_facts"]
    assert facts["vcenter_vms"][0]["tags"] is None
    assert [problem.startswith("Tags could not be read. vCenter") for problem in facts["vcenter_vms_problems"]] == [True]


def test_the_fast_way_of_reading_pages_gives_the_same_facts(vcsim, monkeypatch):
    fast = gather(vcsim)["ansible_facts"]
    monkeypatch.setattr("ansible_collections.calligo.baas.plugins.module_utils._vcenter.plain_pages.PAGED", ())
    assert gather(vcsim)["ansible_facts"] == fast
