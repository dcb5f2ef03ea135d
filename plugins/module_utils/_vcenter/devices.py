# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from .collector import moid

if t.TYPE_CHECKING:
    from .inventory import Inventory

Device = t.Any
"""A virtual device of pyVmomi. Its class says what it is, and is told by name: this file needs no pyVmomi."""

REMOVABLE = {"VirtualCdrom": "cdrom", "VirtualFloppy": "floppy", "VirtualUSB": "usb"}


def kinds(value: t.Any) -> set[str]:
    """Names, without their package, of the class of a pyVmomi object and of all classes it derives from."""
    return {kind.__name__.rsplit(".", 1)[-1] for kind in type(value).__mro__}


def label(device: Device) -> str:
    """The name that vCenter shows, such as "Hard disk 1"."""
    info = getattr(device, "deviceInfo", None)
    return str(info.label) if info is not None else f"device {device.key}"


def is_disk(device: Device) -> bool:
    return "VirtualDisk" in kinds(device)


CONTROLLERS = {"VirtualSCSIController", "VirtualSATAController", "VirtualNVMEController"}


def controllers(devices: t.Iterable[Device]) -> list[str]:
    """The kinds of the controllers that disks may be attached to, in the order of their buses; those that every VM has are left out."""
    found = [device for device in devices if CONTROLLERS & kinds(device)]
    return [
        type(device).__name__.rsplit(".", 1)[-1].removeprefix("Virtual").removesuffix("Controller").lower()
        for device in sorted(found, key=lambda device: device.key)
    ]


def has_tpm(devices: t.Iterable[Device]) -> bool:
    return any("VirtualTPM" in kinds(device) for device in devices)


def disks(devices: t.Iterable[Device], inventory: Inventory) -> list[dict[str, t.Any]]:
    """Virtual disks, in the order of their labels' numbers as vCenter lists them. size_bytes: bytes."""
    return [_disk(device, inventory) for device in devices if is_disk(device)]


def _disk(device: Device, inventory: Inventory) -> dict[str, t.Any]:
    backing = device.backing
    capacity = getattr(device, "capacityInBytes", None)
    mode = getattr(backing, "diskMode", None)
    datastore = getattr(backing, "datastore", None)
    return {
        "label": label(device),
        "key": device.key,
        # Servers before 5.5 know kilobytes only.
        "size_bytes": capacity if capacity is not None else device.capacityInKB * 1024,
        "datastore": inventory.name(datastore),
        "datastore_moid": None if datastore is None else moid(datastore),
        "file": getattr(backing, "fileName", None),
        "mode": str(mode) if mode is not None else None,
        "thin": getattr(backing, "thinProvisioned", None),
        "raw_device": raw_device(device),
    }


def raw_device(device: Device) -> str | None:
    """How a disk that is a raw device is attached: physicalMode or virtualMode; None for a disk that is a file."""
    if not any("RawDisk" in kind or "RawDiskMapping" in kind for kind in kinds(device.backing)):
        return None
    return str(getattr(device.backing, "compatibilityMode", None) or "physicalMode")


def network_cards(devices: t.Iterable[Device], networks: t.Iterable[t.Any], inventory: Inventory) -> list[dict[str, t.Any]]:
    """Network cards. networks: references to the networks of the VM, where port groups of distributed switches are found."""
    port_groups = {moid(network): network for network in networks}
    cards = [device for device in devices if "VirtualEthernetCard" in kinds(device)]
    return [_card(card, port_groups, inventory) for card in cards]


def _card(device: Device, port_groups: dict[str, t.Any], inventory: Inventory) -> dict[str, t.Any]:
    connectable = getattr(device, "connectable", None)
    backing = device.backing
    network = _network(backing, port_groups)
    return {
        "label": label(device),
        "key": device.key,
        "mac": device.macAddress,
        "network": inventory.name(network) or getattr(backing, "deviceName", None) or getattr(backing, "opaqueNetworkId", None),
        "network_moid": None if network is None else moid(network),
        "connected": None if connectable is None else bool(connectable.connected),
        "start_connected": None if connectable is None else bool(connectable.startConnected),
        "type": type(device).__name__.rsplit(".", 1)[-1].removeprefix("Virtual").lower(),
    }


def _network(backing: t.Any, port_groups: dict[str, t.Any]) -> t.Any:
    reference = getattr(backing, "network", None)
    port = getattr(backing, "port", None)
    if reference is None and port is not None:
        return port_groups.get(port.portgroupKey)  # the key of a port group is its managed object id
    return reference


def removable_devices(devices: t.Iterable[Device]) -> list[dict[str, t.Any]]:
    """CD and floppy drives and USB devices: what lies in them is never part of a VM's backup."""
    found = []
    for device in devices:
        kind = next((REMOVABLE[name] for name in kinds(device) if name in REMOVABLE), None)
        if kind is not None:
            connectable = getattr(device, "connectable", None)
            found.append({"label": label(device), "kind": kind, "connected": None if connectable is None else bool(connectable.connected)})
    return found
