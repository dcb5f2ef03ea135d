# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VM restores: what comes into being in a real vCenter simulator."""

from __future__ import annotations

import time

import pytest
from pyVmomi import vim

from commvaultsim.vms import config as vmconfig
from commvaultsim.vms.vcenter import connect

ISOLATED = "JER-Restore-Isolated"
FOLDER = "Restore tests"


@pytest.fixture
def vcenter(world):
    with connect(world.sim, world.address, world.username, world.password) as session:
        yield session


@pytest.fixture
def live(vcenter):
    """What vCenter holds under a name, as configurations; VMs that a test made are removed after it."""
    made = set()

    def look(name):
        inventory = vcenter.inventory()
        nodes = [node for node in inventory.of_kind("VirtualMachine") if node.name == name]
        if name.startswith("s1-"):
            made.add(name)
        return vmconfig.read(vcenter, inventory, nodes)

    yield look
    for node in vcenter.inventory().of_kind("VirtualMachine"):
        if node.name in made:
            if node.props["runtime.powerState"] == "poweredOn":
                vcenter.wait(node.ref.PowerOffVM_Task(), "power off")
            vcenter.wait(node.ref.Destroy_Task(), "destroy")


def restore(world, guid, name, **more):
    place = {
        "esxHost": "jer-esx-02.example.com",
        "dataStore": "jer-ds-02",
        "vmfolder": FOLDER,
        "newName": name,
        "nics": [{"destinationNetwork": ISOLATED}],
    }
    body = {"destinationInfo": [{"vmware": place | more.pop("place", {})}], "destinationClient": {"clientName": "boreal-vc"}} | more
    return world.run(world.api.post(f"/v2/vsa/vm/{guid}/recover", body))


def test_a_restore_makes_a_new_vm_from_what_was_kept(world, live):
    source = live("boreal-erp-01")[0]
    row = world.backed_up("boreal-erp-01")["boreal-erp-01"]
    job = restore(world, row["GUID"], "s1-erp", powerOnVmAfterRestore=True)
    assert (job["status"], job["jobType"]) == ("Completed", "Restore")
    restored = live("s1-erp")[0]
    assert [restored[key] for key in ("cpus", "memory_mb", "guest_id")] == [source[key] for key in ("cpus", "memory_mb", "guest_id")]
    assert [disk["size_bytes"] for disk in restored["disks"]] == [disk["size_bytes"] for disk in source["disks"]]
    assert {disk["datastore"] for disk in restored["disks"]} == {"jer-ds-02"}
    assert [(nic["label"], nic["type"], nic["network"]) for nic in restored["nics"]] == [
        ("Network adapter 1", "vmxnet3", ISOLATED),
        ("Network adapter 2", "vmxnet3", ISOLATED),
    ]
    assert (restored["folder"], restored["power_state"]) == ("/Jersey/vm/Restore tests", "poweredOn")
    assert restored["instance_uuid"] != source["instance_uuid"]
    told = world.results(job["jobId"])[0]
    assert (told["destinationVMName"], told["destinationVMGuid"]) == ("s1-erp", restored["instance_uuid"])


def test_the_kept_configuration_counts_not_the_live_one_which_may_be_gone(world, live, vcenter):
    guid = world.backed_up("boreal-web-01")["boreal-web-01"]["GUID"]
    restore(world, guid, "s1-first")
    first = live("s1-first")[0]
    ref = next(node.ref for node in vcenter.inventory().of_kind("VirtualMachine") if node.name == "s1-first")
    world.backup(world.add_group("copies", "s1-first"))
    vcenter.wait(ref.ReconfigVM_Task(vim.vm.ConfigSpec(memoryMB=512, numCPUs=8)), "reconfigure")
    vcenter.wait(ref.Destroy_Task(), "destroy")
    assert live("s1-first") == []
    restore(world, first["instance_uuid"], "s1-second")
    second = live("s1-second")[0]
    assert (second["memory_mb"], second["cpus"]) == (first["memory_mb"], first["cpus"]) == (4096, 2)


def test_a_collision_fails_the_job_and_overwrite_replaces(world, live):
    guid = world.backed_up("boreal-web-01")["boreal-web-01"]["GUID"]
    assert restore(world, guid, "s1-twice")["status"] == "Completed"
    before = live("s1-twice")[0]["moid"]
    job = restore(world, guid, "s1-twice")
    assert job["status"] == "Failed"
    assert "already exists" in world.results(job["jobId"])[0]["FailureReason"]
    assert live("s1-twice")[0]["moid"] == before
    assert restore(world, guid, "s1-twice", passUnconditionalOverride=True)["status"] == "Completed"
    assert [vm["moid"] for vm in live("s1-twice")] != [before]


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ({"esxHost": "no-host"}, "ESX host [no-host]"),
        ({"dataStore": "no-store"}, "Datastore [no-store]"),
        ({"vmfolder": "No/Folder"}, "VM folder [No/Folder]"),
        ({"nics": [{"destinationNetwork": "no-net"}]}, "Network [no-net]"),
    ],
)
def test_a_destination_that_does_not_fit_fails_the_job_and_makes_nothing(world, live, place, words):
    guid = world.backed_up("boreal-web-01")["boreal-web-01"]["GUID"]
    job = restore(world, guid, "s1-never", place=place)
    assert job["status"] == "Failed"
    assert words in world.results(job["jobId"])[0]["FailureReason"]
    assert live("s1-never") == []


def test_a_disk_can_be_dropped_by_a_fault(world, live):
    guid = world.backed_up("boreal-erp-01")["boreal-erp-01"]["GUID"]
    world.api.control("POST", "faults", {"name": "restore_drop_disk", "vm": "boreal-erp-01", "times": 1})
    restore(world, guid, "s1-short")
    assert len(live("s1-short")[0]["disks"]) == 1


def test_in_place_replaces_the_vm_and_keeps_its_identity(world, live):
    web = world.backed_up("boreal-web-01")["boreal-web-01"]["GUID"]
    restore(world, web, "s1-home")
    before = live("s1-home")[0]
    world.backup(world.add_group("home", "s1-home"))
    reply = world.api.post(f"/v2/vsa/vm/{before['instance_uuid']}/recover", {"inPlaceRestore": True, "passUnconditionalOverride": True})
    assert world.run(reply)["status"] == "Completed"
    after = live("s1-home")
    assert len(after) == 1
    assert after[0]["moid"] != before["moid"]
    same = ("instance_uuid", "folder", "host", "cpus")
    assert [after[0][key] for key in same] == [before[key] for key in same]
    assert after[0]["nics"][0]["mac"] == before["nics"][0]["mac"]


def create_task(world, guid, point, **row):
    wanted = {
        "guid": guid,
        "name": "boreal-erp-01",
        "newName": "s1-task",
        "esxHost": "jer-esx-01.example.com",
        "Datastore": "jer-ds-01",
        "FolderPath": f"/Jersey/vm/{FOLDER}",
    } | row
    level = {"passUnconditionalOverride": False, "powerOnVmAfterRestore": False, "advancedRestoreOptions": [wanted]}
    return {
        "taskInfo": {
            "associations": [
                {"clientName": "boreal-vc", "appName": "Virtual Server", "instanceName": "VMware", "backupsetName": "defaultBackupSet"}
            ],
            "task": {"taskType": 1},
            "subTasks": [
                {
                    "subTask": {"subTaskType": 3, "operationType": 1001},
                    "options": {
                        "commonOpts": {"jobDescription": "a tag"},
                        "restoreOptions": {
                            "browseOption": {
                                "timeRange": {"toTimeValue": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(point))} if point else {}
                            },
                            "destination": {"inPlace": False, "destPath": [""], "destClient": {"clientName": "lux-an-01"}},
                            "fileOption": {"sourceItem": [f"\\{guid}"]},
                            "volumeRstOption": {"volumeLevelRestoreType": 1},
                            "virtualServerRstOption": {"diskLevelVMRestoreOption": level, "vCenterInstance": {"clientName": "boreal-vc"}},
                        },
                    },
                }
            ],
        }
    }


def test_create_task_maps_each_disk_and_each_card(world, live):
    guid = world.backed_up("boreal-erp-01")["boreal-erp-01"]["GUID"]
    names = [disk["name"] for disk in world.api.get(f"/v2/vsa/vm/{guid}/disks")["disks"]]
    disks = [{"name": names[0], "Datastore": "jer-ds-02"}, {"name": names[1], "Datastore": "jer-ds-01"}]
    nics = [
        {"name": "Network adapter 1", "sourceNetwork": "JER-Tenants", "destinationNetwork": ISOLATED},
        {"name": "Network adapter 2", "sourceNetwork": "VM Network", "destinationNetwork": "VM Network", "networkName": ISOLATED},
    ]
    reply = world.api.post("/CreateTask", create_task(world, guid, 0, disks=disks, nics=nics))
    job = world.run(reply)
    assert job["status"] == "Completed"
    vm = live("s1-task")[0]
    assert [disk["datastore"] for disk in vm["disks"]] == ["jer-ds-02", "jer-ds-01"]
    assert [nic["network"] for nic in vm["nics"]] == [ISOLATED, ISOLATED]
    kept = world.api.get(f"/Job/{job['jobId']}/TaskDetails")["taskInfo"]["subTasks"][0]["options"]
    assert kept["commonOpts"]["jobDescription"] == "a tag"


def test_a_point_in_time_must_be_later_than_the_end_of_the_backup(world):
    group = world.add_group("one", "boreal-erp-01")
    job = world.backup(group)
    guid = world.results(job["jobId"])[0]["GUID"]
    assert "No data found" in world.api.post("/CreateTask", create_task(world, guid, job["jobEndTime"]))["errorMessage"]
    assert world.api.last.status_code == 200
    assert world.api.post("/CreateTask", create_task(world, guid, 0) | {"x": 1})["jobIds"]
