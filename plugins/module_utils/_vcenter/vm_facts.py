# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from . import backup_findings
from .devices import disks, network_cards, removable_devices
from .inventory import plain_name

if t.TYPE_CHECKING:
    from .collector import Found, Reference
    from .inventory import Inventory

Facts = dict[str, t.Any]

# Paths of VirtualMachine in the vSphere API, single ones throughout: a whole "config" or "summary" is many times the size.
PROPERTIES: dict[str, tuple[str, ...]] = {
    "summary": (
        "name",
        "parent",
        "config.instanceUuid",
        "config.uuid",
        "config.guestId",
        "config.hardware.numCPU",
        "config.hardware.memoryMB",
        "config.template",
        "runtime.host",
        "runtime.powerState",
        "runtime.connectionState",
        "guest.toolsStatus",
    ),
    "hardware": ("config.hardware.device", "network"),
    "guest": (
        "guest.hostName",
        "guest.ipAddress",
        "guest.guestFullName",
        "guest.guestState",
        "guest.toolsRunningStatus",
        "guest.net",
        "guestHeartbeatStatus",
    ),
    "backup": (
        "config.hardware.device",
        "config.changeTrackingEnabled",
        "runtime.consolidationNeeded",
        "guest.toolsRunningStatus",
        "snapshot",
    ),
}
"""What each property set reads. The set "summary" is always read."""


def paths(sets: t.Iterable[str]) -> set[str]:
    """All properties to ask the server for."""
    return {path for name in {"summary", *sets} for path in PROPERTIES[name]}


def references(vm: Found) -> list[Reference]:
    """The other objects that the facts of a VM name: its host, its folder, its networks and the datastores of its disks."""
    properties = vm.properties
    named = [properties.get("runtime.host"), properties.get("parent"), *properties.get("network", [])]
    for device in properties.get("config.hardware.device", []):
        backing = getattr(device, "backing", None)
        named += [getattr(backing, "datastore", None), getattr(backing, "network", None)]
    return [reference for reference in named if reference is not None]


def vm_facts(vm: Found, inventory: Inventory, sets: t.Collection[str]) -> Facts:
    """The facts of one VM. A value that is not set, or that the user may not read, is None; the latter is named in "unreadable"."""
    facts = _summary(vm, inventory)
    if "hardware" in sets:
        facts |= _hardware(vm.properties, inventory)
    if "guest" in sets:
        facts["guest"] = _guest(vm.properties)
    if "backup" in sets:
        facts["backup"] = _backup(vm.properties)
    facts["unreadable"] = sorted(vm.missing)
    return facts


def _summary(vm: Found, inventory: Inventory) -> Facts:
    get = vm.properties.get
    host = get("runtime.host")
    return {
        "name": plain_name(get("name", "")),
        "moid": vm.moid,
        "instance_uuid": get("config.instanceUuid"),
        "bios_uuid": get("config.uuid"),
        "power_state": _text(get("runtime.powerState")),
        "connection_state": _text(get("runtime.connectionState")),
        "template": bool(get("config.template")),
        "folder": inventory.folder_path(get("parent")),
        "host": inventory.name(host),
        "cluster": inventory.cluster(host),
        "datacenter": inventory.datacenter(host) or inventory.datacenter(get("parent")),
        "cpus": get("config.hardware.numCPU"),
        "memory_mb": get("config.hardware.memoryMB"),
        "guest_id": get("config.guestId"),
        "tools_status": _text(get("guest.toolsStatus")),
    }


def _hardware(properties: dict[str, t.Any], inventory: Inventory) -> Facts:
    devices = properties.get("config.hardware.device", [])
    return {
        "disks": disks(devices, inventory),
        "nics": network_cards(devices, properties.get("network", []), inventory),
        "removable": removable_devices(devices),
    }


def _guest(properties: dict[str, t.Any]) -> Facts:
    get = properties.get
    addresses = [address for card in get("guest.net", []) for address in card.ipAddress or []]
    return {
        "hostname": get("guest.hostName"),
        "ip_address": get("guest.ipAddress"),
        "ip_addresses": addresses,
        "full_name": get("guest.guestFullName"),
        "state": get("guest.guestState"),
        "tools_running": get("guest.toolsRunningStatus") == "guestToolsRunning",
        "heartbeat": _text(get("guestHeartbeatStatus")),
    }


def _backup(properties: dict[str, t.Any]) -> Facts:
    return {
        "change_tracking": bool(properties.get("config.changeTrackingEnabled")),
        "snapshots": backup_findings.count_snapshots(properties.get("snapshot")),
        "findings": backup_findings.findings(properties),
    }


def _text(value: t.Any) -> str | None:
    """Enumerations of pyVmomi are strings of a class of their own, which JSON of other tools may not know."""
    return None if value is None else str(value)
