# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from pyVmomi import vim

from ansible_collections.calligo.baas.plugins.module_utils._vcenter.devices import disks, network_cards, raw_device, removable_devices
from ansible_collections.calligo.baas.plugins.module_utils._vcenter.inventory import Entity, Inventory

DEVICE = vim.vm.device
DISK = DEVICE.VirtualDisk
CARD = DEVICE.VirtualEthernetCard
STORE = vim.Datastore("datastore-1")
INVENTORY = Inventory(
    {
        "datastore-1": Entity("Datastore", "ds%2f01", None),
        "network-1": Entity("Network", "Tenants", None),
        "dvportgroup-9": Entity("DistributedVirtualPortgroup", "Tenants 20", None),
    }
)


def disk(backing, **more):
    return DISK(key=2000, deviceInfo=vim.Description(label="Hard disk 1", summary=""), capacityInKB=1024, backing=backing, **more)


def card(kind, backing, **connectable):
    connection = DEVICE.VirtualDevice.ConnectInfo(**connectable) if connectable else None
    return kind(key=4000, macAddress="00:50:56:80:00:01", backing=backing, connectable=connection)


def test_a_disk_that_is_a_file():
    backing = DISK.FlatVer2BackingInfo(datastore=STORE, fileName="[ds] a/a.vmdk", diskMode="persistent", thinProvisioned=True)
    assert disks([disk(backing, capacityInBytes=1048577)], INVENTORY) == [
        {
            "label": "Hard disk 1",
            "key": 2000,
            "size_bytes": 1048577,
            "datastore": "ds/01",
            "datastore_moid": "datastore-1",
            "file": "[ds] a/a.vmdk",
            "mode": "persistent",
            "thin": True,
            "raw_device": None,
        }
    ]


def test_the_size_of_a_disk_is_told_in_kilobytes_by_old_servers():
    assert disks([disk(DISK.FlatVer2BackingInfo(diskMode="persistent"))], INVENTORY)[0]["size_bytes"] == 1048576


@pytest.mark.parametrize(
    ("backing", "expected"),
    [
        (DISK.RawDiskMappingVer1BackingInfo(diskMode="independent_persistent", compatibilityMode="physicalMode"), "physicalMode"),
        (DISK.RawDiskMappingVer1BackingInfo(diskMode="persistent", compatibilityMode="virtualMode"), "virtualMode"),
        (DISK.RawDiskVer2BackingInfo(), "physicalMode"),
        (DISK.SeSparseBackingInfo(diskMode="persistent"), None),
    ],
)
def test_raw_devices(backing, expected):
    assert raw_device(disk(backing)) == expected


@pytest.mark.parametrize(
    ("backing", "expected"),
    [
        (CARD.NetworkBackingInfo(deviceName="old name", network=vim.Network("network-1")), "Tenants"),
        (CARD.NetworkBackingInfo(deviceName="no longer there"), "no longer there"),
        (CARD.DistributedVirtualPortBackingInfo(port=vim.dvs.PortConnection(switchUuid="s", portgroupKey="dvportgroup-9")), "Tenants 20"),
        (CARD.DistributedVirtualPortBackingInfo(port=vim.dvs.PortConnection(switchUuid="s", portgroupKey="dvportgroup-8")), None),
        (CARD.OpaqueNetworkBackingInfo(opaqueNetworkId="segment-1", opaqueNetworkType="nsx.LogicalSwitch"), "segment-1"),
    ],
)
def test_the_network_of_a_card(backing, expected):
    networks = [vim.Network("network-1"), vim.dvs.DistributedVirtualPortgroup("dvportgroup-9")]
    (found,) = network_cards([card(DEVICE.VirtualVmxnet3, backing)], networks, INVENTORY)
    assert found["network"] == expected
    assert found["network_moid"] == {"Tenants": "network-1", "Tenants 20": "dvportgroup-9"}.get(expected)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(DEVICE.VirtualVmxnet3, "vmxnet3"), (DEVICE.VirtualE1000e, "e1000e"), (DEVICE.VirtualSriovEthernetCard, "sriovethernetcard")],
)
def test_the_kind_of_a_card(kind, expected):
    assert network_cards([card(kind, CARD.NetworkBackingInfo(deviceName="n"))], [], INVENTORY)[0]["type"] == expected


def test_whether_a_card_is_connected():
    backing = CARD.NetworkBackingInfo(deviceName="n")
    apart = card(DEVICE.VirtualVmxnet3, backing, connected=False, startConnected=True, allowGuestControl=True)
    unknown = card(DEVICE.VirtualVmxnet3, backing)
    found = network_cards([apart, unknown], [], INVENTORY)
    assert [(nic["connected"], nic["start_connected"]) for nic in found] == [(False, True), (None, None)]


def test_removable_devices_are_listed_apart():
    drive = DEVICE.VirtualCdrom(key=3000, deviceInfo=vim.Description(label="CD/DVD drive 1", summary=""))
    drive.connectable = DEVICE.VirtualDevice.ConnectInfo(connected=True, startConnected=True, allowGuestControl=True)
    others = [DEVICE.VirtualFloppy(key=8000), DEVICE.VirtualUSB(key=10000), DEVICE.VirtualUSBController(key=7000)]
    assert removable_devices([drive, disk(DISK.FlatVer2BackingInfo()), *others]) == [
        {"label": "CD/DVD drive 1", "kind": "cdrom", "connected": True},
        {"label": "device 8000", "kind": "floppy", "connected": None},
        {"label": "device 10000", "kind": "usb", "connected": None},
    ]
    assert [found["label"] for found in disks([drive, disk(DISK.FlatVer2BackingInfo()), *others], INVENTORY)] == ["Hard disk 1"]
