# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a disk filter does: the disk is neither in the backup nor in a VM restored from it, and every other disk is."""

from __future__ import annotations

import pytest
from pyVmomi import vim

from ansible_collections.calligo.baas.tests.support.protected import GROUP, RESTORE_FOLDER, RESTORE_NETWORK, protected
from ansible_collections.calligo.baas.tests.support.walk import step

MODULE = "commvault_vm_group"
DB, APP = "acme-db-01", "acme-app-01"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with protected(tmp_path_factory.mktemp("disks")) as running:
        running.kept = running.vms()
        yield running


def disks(vm):
    return sorted((disk["label"], disk["size_bytes"]) for disk in vm["disks"])


def without(world, name, *labels):
    """The disks of a VM that a backup must hold."""
    return [disk for disk in disks(world.kept[name]) if disk[0] not in labels]


def backed_up(world, *rules):
    """The disks in a full backup taken with these rules, by VM; their sizes, since an index does not name labels."""
    wish = {**GROUP, "disk_filters": list(rules)}
    world.run(MODULE, wish)
    step(world.modules, MODULE, wish, check=False, changed=False)
    world.run("commvault_backup", {"vm_groups": [GROUP], "level": "full"})
    found = {name: world.run("commvault_browse_info", {"vm_uuid": world.kept[name]["instance_uuid"]})["vm"]["disks"] for name in (DB, APP)}
    return {name: sorted(disk["size_bytes"] for disk in rows) for name, rows in found.items()}


def sizes(rows):
    return sorted(size for _label, size in rows)


def test_a_filtered_disk_is_neither_in_the_backup_nor_in_the_restored_vm(world):
    assert len(without(world, DB)) == 3 and len(without(world, APP)) == 2
    assert backed_up(world) == {name: sizes(without(world, name)) for name in (DB, APP)}
    second = {"type": "label", "value": "Hard disk 2", "vm": {"name": DB, "uuid": world.kept[DB]["instance_uuid"]}}
    kept = backed_up(world, second)
    assert kept == {DB: sizes(without(world, DB, "Hard disk 2")), APP: sizes(without(world, APP))}, "the other VM is not touched"
    place = {
        "new_name": "restored",
        "esx_host": "lux-esx-02.example.com",
        "folder": RESTORE_FOLDER,
        "datastore": "lux-ds-02",
        "network": RESTORE_NETWORK,
        "vcenter": world.vcenter,
    }
    world.run("commvault_restore", {"vm": {"uuid": world.kept[DB]["instance_uuid"], "destination": place}})
    restored = world.vms(RESTORE_FOLDER)["restored"]
    assert sizes(disks(restored)) == sizes(without(world, DB, "Hard disk 2")) and len(restored["disks"]) == 2
    assert disks(world.vms()[DB]) == without(world, DB), "the live VM keeps all its disks"


def paths(world, name):
    """The whole path of each disk of a VM, by label, as vCenter has it."""
    with world.content() as content:
        view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
        vm = next(vm for vm in view.view if vm.name == name)
        found = [device for device in vm.config.hardware.device if isinstance(device, vim.vm.device.VirtualDisk)]
        return {device.deviceInfo.label: device.backing.fileName for device in found}


def test_every_type_of_rule_means_what_it_says(world):
    path = paths(world, DB)["Hard disk 3"]
    folder, _slash, file = path.partition("] ")[2].rpartition("/")
    for rule in ({"type": "path", "value": path}, {"type": "pattern", "value": f"[lux-ds-0?]/**/{folder}/**/{file[:-5]}*"}):
        assert backed_up(world, rule)[DB] == sizes(without(world, DB, "Hard disk 3")), rule
    on_first = {name: sorted(d["size_bytes"] for d in world.kept[name]["disks"] if d["datastore"] == "lux-ds-01") for name in (DB, APP)}
    assert backed_up(world, {"type": "datastore", "condition": "ends_with", "value": "-02"}) == on_first
    only = {"type": "label", "condition": "does_not_equal", "value": "Hard disk 1"}
    assert backed_up(world, only)[DB] == [dict(disks(world.kept[DB]))["Hard disk 1"]]
    assert backed_up(world, {"type": "device_node", "value": "SCSI (0:0)"})[DB] == sizes(without(world, DB, "Hard disk 1"))


def test_a_filtered_disk_is_no_error_of_the_backup(world):
    world.run(MODULE, {**GROUP, "disk_filters": [{"type": "label", "value": "Hard disk 2"}]})
    (job,) = world.run("commvault_backup", {"vm_groups": [GROUP], "level": "full"})["jobs"]
    assert job["outcome"] == "success" and {vm["outcome"] for vm in job["virtual_machines"]} == {"success"}
