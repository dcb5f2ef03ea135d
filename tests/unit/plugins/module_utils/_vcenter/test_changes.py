# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from pyVmomi import vim

from ansible_collections.calligo.baas.plugins.module_utils._vcenter.changes import COMPARED, touches

EVERYTHING = list(COMPARED)


def reconfigured(spec=None, **changes):
    told = vim.event.ChangesInfoEventArgument(**changes) if changes else None
    return vim.event.VmReconfiguredEvent(configSpec=spec or vim.vm.ConfigSpec(), configChanges=told)


def device(device, operation="edit"):
    return vim.vm.ConfigSpec(deviceChange=[vim.vm.device.VirtualDeviceSpec(operation=operation, device=device)])


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (vim.vm.ConfigSpec(numCPUs=4), ["cpus"]),
        (vim.vm.ConfigSpec(memoryMB=4096, numCPUs=4), ["cpus", "memory_mb"]),
        (device(vim.vm.device.VirtualDisk(capacityInKB=1)), ["disks"]),
        (device(vim.vm.device.VirtualVmxnet3(), "remove"), ["nics"]),
        (device(vim.vm.device.VirtualCdrom()), []),
        (vim.vm.ConfigSpec(changeTrackingEnabled=True), []),  # what a first backup asks for
        (vim.vm.ConfigSpec(extraConfig=[vim.option.OptionValue(key="ctkEnabled", value="TRUE")]), []),
        (vim.vm.ConfigSpec(firmware="efi"), ["settings"]),
        (vim.vm.ConfigSpec(annotation=""), ["settings"]),
        (device(vim.vm.device.VirtualNVMEController()), ["settings"]),
        (vim.vm.ConfigSpec(), EVERYTHING),
    ],
)
def test_what_was_asked_for_tells_what_may_have_changed(spec, expected):
    assert touches(reconfigured(spec)) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"modified": "config.hardware.numCPU: 1 -> 2; config.hardware.memoryMB: 1024 -> 2048;"}, ["cpus", "memory_mb"]),
        ({"modified": "config.hardware.device(2000).capacityInKB: 16777216 -> 20971520;"}, ["disks"]),
        ({"modified": 'config.hardware.device(2000).backing.diskMode: "persistent" -> "independent_persistent";'}, ["disks"]),
        (
            {"added": 'config.hardware.device(2001): (key = 2001, deviceInfo = (label = "Hard disk 2", summary = "16,777,216 KB"));'},
            ["disks"],
        ),
        ({"deleted": 'config.hardware.device(4000): (key = 4000, deviceInfo = (label = "Network adapter 1"));'}, ["nics"]),
        # A snapshot, and a cable that is pulled.
        ({"modified": 'config.hardware.device(2000).backing.fileName: "[ds] a/a.vmdk" -> "[ds] a/a-000001.vmdk";'}, []),
        ({"added": "config.hardware.device(2000).backing.parent: (diskMode = persistent);"}, []),
        ({"modified": "config.hardware.device(4000).connectable.connected: true -> false;"}, []),
        ({"modified": "config.hardware.device(1000).device: () -> (2001);"}, []),
        ({"modified": 'config.annotation: "" -> "x";', "added": "", "deleted": ""}, ["settings"]),
        ({"modified": 'config.firmware: "bios" -> "efi"; config.bootOptions.efiSecureBootEnabled: false -> true;'}, ["settings"]),
        ({"added": "config.hardware.device(1001): (key = 1001);"}, ["settings"]),
        ({"modified": "config.files.logDirectory: 1 -> 2;"}, []),
    ],
)
def test_what_the_server_found_changed_counts_more(changes, expected):
    assert touches(reconfigured(vim.vm.ConfigSpec(annotation="x"), **changes)) == expected
    assert touches(reconfigured(vim.vm.ConfigSpec(memoryMB=2), **changes)) == expected


def test_an_empty_change_that_the_server_confirms_is_none():
    assert touches(reconfigured(modified="", added="", deleted="")) == []


@pytest.mark.parametrize(
    "event",
    [
        vim.event.VmCreatedEvent(),
        vim.event.VmRegisteredEvent(),
        vim.event.VmUpgradeCompleteEvent(),
        vim.event.EventEx(eventTypeId="com.vmware.vc.vm.VmStateRevertedToSnapshot"),
        vim.event.TaskEvent(info=vim.TaskInfo(descriptionId="VirtualMachine.revertToCurrentSnapshot")),
    ],
)
def test_after_some_events_everything_may_be_different(event):
    assert touches(event) == EVERYTHING


def test_other_tasks_change_nothing():
    assert touches(vim.event.TaskEvent(info=vim.TaskInfo(descriptionId="VirtualMachine.createSnapshot"))) == []
