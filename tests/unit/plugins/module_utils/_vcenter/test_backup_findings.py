# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from pyVmomi import vim

from ansible_collections.calligo.baas.plugins.module_utils._vcenter.backup_findings import count_snapshots, findings

DEVICE = vim.vm.device
DISK = DEVICE.VirtualDisk
HEALTHY = {
    "runtime.connectionState": "connected",
    "runtime.powerState": "poweredOn",
    "guest.toolsStatus": "toolsOk",
    "guest.toolsRunningStatus": "guestToolsRunning",
    "config.changeTrackingEnabled": True,
}


def disk(backing):
    return DISK(key=2000, deviceInfo=vim.Description(label="Hard disk 1", summary=""), capacityInKB=1024, backing=backing)


def tree(*children):
    return vim.vm.SnapshotTree(childSnapshotList=list(children))


def test_nothing_to_say_of_a_healthy_vm():
    healthy = {"config.hardware.device": [disk(DISK.FlatVer2BackingInfo(diskMode="persistent"))], "config.template": False}
    assert findings(HEALTHY | healthy) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"runtime.connectionState": "inaccessible"}, "The VM is inaccessible in vCenter"),
        ({"guest.toolsStatus": "toolsNotInstalled", "guest.toolsRunningStatus": "guestToolsNotRunning"}, "VMware Tools are not installed"),
        ({"guest.toolsStatus": "toolsNotRunning", "guest.toolsRunningStatus": "guestToolsNotRunning"}, "VMware Tools do not run"),
        ({"config.changeTrackingEnabled": False}, "Changed block tracking is off"),
        ({"config.changeTrackingEnabled": None}, "Changed block tracking is not known to be on"),
        ({"config.keyId": vim.encryption.CryptoKeyId(keyId="k")}, "The VM is encrypted"),
        ({"runtime.consolidationNeeded": True}, "The disks need consolidation"),
        ({"config.template": True}, "The VM is a template"),
        ({"runtime.question": vim.vm.QuestionInfo(id="1", text="Moved\nor copied?")}, 'The VM waits for an answer in vCenter ("Moved or'),
        ({"snapshot": vim.vm.SnapshotInfo(rootSnapshotList=[tree()])}, "1 snapshot is present"),
        ({"snapshot": vim.vm.SnapshotInfo(rootSnapshotList=[tree(tree(), tree())])}, "3 snapshots are present"),
    ],
)
def test_one_finding_for_each_state(change, words):
    (finding,) = findings(HEALTHY | change)
    assert finding.startswith(words)


@pytest.mark.parametrize(
    ("device", "words"),
    [
        (disk(DISK.FlatVer2BackingInfo(diskMode="independent_nonpersistent")), "Hard disk 1 is independent (independent_nonpersistent)"),
        (disk(DISK.RawDiskMappingVer1BackingInfo(compatibilityMode="physicalMode")), "Hard disk 1 is a raw device in physical mode"),
        (
            disk(DISK.RawDiskMappingVer1BackingInfo(compatibilityMode="virtualMode", diskMode="persistent")),
            "Hard disk 1 is a raw device in virtual mode",
        ),
        (
            disk(DISK.RawDiskMappingVer1BackingInfo(compatibilityMode="virtualMode", diskMode="independent_persistent")),
            "Hard disk 1 is independent",
        ),
        (disk(DISK.FlatVer2BackingInfo(diskMode="persistent", sharing="sharingMultiWriter")), "Hard disk 1 is shared for several writers"),
        (DEVICE.VirtualPCIPassthrough(key=13000), "device 13000 is a device of the host passed through"),
        (
            DEVICE.VirtualPCIPassthrough(key=13000, backing=DEVICE.VirtualPCIPassthrough.VmiopBackingInfo(vgpu="grid")),
            "device 13000 is a shared graphics device (vGPU)",
        ),
        (DEVICE.VirtualNVDIMM(key=14000), "device 14000 is persistent memory of the host"),
        (
            disk(DISK.FlatVer2BackingInfo(diskMode="persistent", parent=DISK.FlatVer2BackingInfo())),
            "Hard disk 1 is that of a linked clone",
        ),
        (DEVICE.ParaVirtualSCSIController(key=1000, busNumber=0, sharedBus="physicalSharing"), "device 1000 shares its bus"),
    ],
)
def test_one_finding_for_each_device(device, words):
    (finding,) = findings(HEALTHY | {"config.hardware.device": [device]})
    assert finding.startswith(words)


def test_the_gravest_comes_first():
    states = {"runtime.connectionState": "disconnected", "config.changeTrackingEnabled": False, "guest.toolsStatus": "toolsNotInstalled"}
    assert [finding.split()[0] for finding in findings(HEALTHY | states)] == ["The", "VMware", "Changed"]


def test_a_full_chain_of_snapshots():
    chain = None
    for _number in range(32):
        chain = tree(*([chain] if chain else []))
    first, second = findings(HEALTHY | {"snapshot": vim.vm.SnapshotInfo(rootSnapshotList=[chain])})
    assert first.startswith("32 snapshots lie on top of each other")
    assert second.startswith("32 snapshots are present")


def test_tools_need_not_run_while_a_vm_is_off():
    off = {"runtime.powerState": "poweredOff", "guest.toolsStatus": "toolsNotRunning", "guest.toolsRunningStatus": "guestToolsNotRunning"}
    assert findings(HEALTHY | off) == []


def test_no_snapshot():
    assert count_snapshots(None) == 0
