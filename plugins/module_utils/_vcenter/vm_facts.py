# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import typing as t

from . import backup_findings
from .devices import disks, network_cards, removable_devices
from .inventory import Inventory, plain_name
from .vm_fields import DEVICES

if t.TYPE_CHECKING:
    from .collector import Found, Reference
    from .tags import Tag

Facts = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Known:
    """What was read beside the VMs themselves; None for what could not be read.

    tags, changes: by managed object id of the VM. attributes: the names of custom attributes by their key.
    """

    inventory: Inventory
    tags: dict[str, list[Tag]] | None = None
    attributes: dict[int, str] | None = None
    changes: dict[str, Facts] | None = None


def references(vm: Found, fields: t.Collection[str]) -> list[Reference]:
    """The other objects that the facts of a VM name: its host, its folder, its networks and the datastores of its disks."""
    properties = vm.properties
    named = [properties.get("runtime.host"), properties.get("parent")]
    if "nics" in fields or "disks" in fields:
        named += properties.get("network", [])
        for device in properties.get(DEVICES, []):
            backing = getattr(device, "backing", None)
            named += [getattr(backing, "datastore", None), getattr(backing, "network", None)]
    return [reference for reference in named if reference is not None]


def vm_facts(vm: Found, known: Known, fields: t.Iterable[str]) -> Facts:
    """The facts of one VM. A value that is not set, or that the user may not read, is None; the latter is named in "unreadable"."""
    facts = {field: FACTS[field](vm, known) for field in fields}
    facts["unreadable"] = sorted(vm.missing)
    return facts


def _name(vm: Found, _known: Known) -> str:
    return plain_name(vm.properties.get("name", ""))


def _value(path: str) -> t.Callable[[Found, Known], t.Any]:
    return lambda vm, _known: vm.properties.get(path)


def _text(path: str) -> t.Callable[[Found, Known], str | None]:
    """Enumerations of pyVmomi are strings of a class of their own, which JSON of other tools may not know."""
    return lambda vm, _known: _plain(vm.properties.get(path))


def _plain(value: t.Any) -> str | None:
    return None if value is None else str(value)


def _datacenter(vm: Found, known: Known) -> str | None:
    return known.inventory.datacenter(vm.properties.get("runtime.host")) or known.inventory.datacenter(vm.properties.get("parent"))


def _nics(vm: Found, known: Known) -> list[Facts]:
    return network_cards(vm.properties.get(DEVICES, []), vm.properties.get("network", []), known.inventory)


def _guest(vm: Found, _known: Known) -> Facts:
    get = vm.properties.get
    addresses = [address for card in get("guest.net", []) for address in card.ipAddress or []]
    return {
        "hostname": get("guest.hostName"),
        "ip_address": get("guest.ipAddress"),
        "ip_addresses": addresses,
        "full_name": get("guest.guestFullName"),
        "state": get("guest.guestState"),
        "tools_running": get("guest.toolsRunningStatus") == "guestToolsRunning",
        "heartbeat": _plain(get("guestHeartbeatStatus")),
    }


def _backup(vm: Found, _known: Known) -> Facts:
    return {
        "change_tracking": bool(vm.properties.get("config.changeTrackingEnabled")),
        "snapshots": backup_findings.count_snapshots(vm.properties.get("snapshot")),
        "findings": backup_findings.findings(vm.properties),
    }


def _attributes(vm: Found, known: Known) -> dict[str, str] | None:
    if known.attributes is None:
        return None
    values = vm.properties.get("customValue", [])
    return {known.attributes[entry.key]: entry.value for entry in values if entry.key in known.attributes}


FACTS: dict[str, t.Callable[[Found, Known], t.Any]] = {
    "name": _name,
    "moid": lambda vm, _known: vm.moid,
    "instance_uuid": _value("config.instanceUuid"),
    "bios_uuid": _value("config.uuid"),
    "power_state": _text("runtime.powerState"),
    "connection_state": _text("runtime.connectionState"),
    "template": lambda vm, _known: bool(vm.properties.get("config.template")),
    "folder": lambda vm, known: known.inventory.folder_path(vm.properties.get("parent")),
    "host": lambda vm, known: known.inventory.name(vm.properties.get("runtime.host")),
    "cluster": lambda vm, known: known.inventory.cluster(vm.properties.get("runtime.host")),
    "datacenter": _datacenter,
    "cpus": _value("config.hardware.numCPU"),
    "memory_mb": _value("config.hardware.memoryMB"),
    "guest_id": _value("config.guestId"),
    "tools_status": _text("guest.toolsStatus"),
    "disks": lambda vm, known: disks(vm.properties.get(DEVICES, []), known.inventory),
    "nics": _nics,
    "removable": lambda vm, _known: removable_devices(vm.properties.get(DEVICES, [])),
    "guest": _guest,
    "backup": _backup,
    "tags": lambda vm, known: None if known.tags is None else known.tags.get(vm.moid, []),
    "custom_attributes": _attributes,
    "changes": lambda vm, known: (known.changes or {}).get(vm.moid),
}
"""How each fact of vm_fields.FIELDS is made."""
