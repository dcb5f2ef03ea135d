# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import typing as t

from . import backup_findings
from .devices import controllers, disks, has_tpm, is_disk, network_cards, removable_devices
from .inventory import Inventory, plain_name
from .vm_fields import DEVICES, FIELDS, PLACED

if t.TYPE_CHECKING:
    from .collector import Found, Reference
    from .tags import Tag

Facts = dict[str, t.Any]

AGENT_MANAGER = "com.vmware.vim.eam"
SETTINGS = frozenset(FIELDS["settings"])
UNREAD = frozenset({DEVICES, "snapshot"})
"""What it takes to tell the snapshots of a VM: without a configuration, that there is none means nothing."""


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
    """The other objects that the facts of a VM name: its host, its folder or vApp, its networks and the datastores of its disks."""
    return [reference for _path, reference in _references(vm, fields)]


def _references(vm: Found, fields: t.Collection[str]) -> t.Iterator[tuple[str, Reference]]:
    """Each with the path of the property that has it."""
    named = [("runtime.host", vm.properties.get("runtime.host")), ("parent", vm.place)]
    if "nics" in fields:
        named += [("network", network) for network in vm.properties.get("network", [])]
    for device in vm.properties.get(DEVICES, []):
        backing = getattr(device, "backing", None)
        if "disks" in fields and is_disk(device):
            named.append((f"{DEVICES}.backing.datastore", getattr(backing, "datastore", None)))
        if "nics" in fields:
            named.append((f"{DEVICES}.backing.network", getattr(backing, "network", None)))
    return ((path, reference) for path, reference in named if reference is not None)


def vm_facts(vm: Found, known: Known, fields: t.Collection[str]) -> Facts:
    """The facts of one VM. A value that is not set, or that is not known, is None; what is not known is named in "unreadable"."""
    facts = {field: FACTS[field](vm, known) for field in fields}
    unreadable = {path for path in vm.missing if path not in ("parent", "parentVApp") or vm.place is None}
    if PLACED.intersection(fields):
        unreadable |= {f"{path}.name" for path, reference in _references(vm, fields) if known.inventory.name(reference) is None}
    if "folder" in facts and facts["folder"] is None and vm.place is not None:
        unreadable.add("parent.name")
    facts["unreadable"] = sorted(unreadable)
    return facts


def _name(vm: Found, _known: Known) -> str | None:
    name = vm.properties.get("name")
    return None if name is None else plain_name(name)


def _listed(path: str, made: t.Callable[[list[t.Any], Found, Known], list[t.Any]]) -> t.Callable[[Found, Known], list[t.Any] | None]:
    """A list that is made from a property; None where that is not known, which is not the same as an empty one."""
    return lambda vm, known: None if path in vm.missing else made(vm.properties.get(path, []), vm, known)


def _value(path: str) -> t.Callable[[Found, Known], t.Any]:
    return lambda vm, _known: vm.properties.get(path)


def _text(path: str) -> t.Callable[[Found, Known], str | None]:
    """Enumerations of pyVmomi are strings of a class of their own, which JSON of other tools may not know."""
    return lambda vm, _known: _plain(vm.properties.get(path))


def _plain(value: t.Any) -> str | None:
    return None if value is None else str(value)


def _truth(vm: Found, path: str) -> bool | None:
    value = vm.properties.get(path)
    return None if value is None else bool(value)


def _kind(vm: Found, _known: Known) -> str | None:
    """What a VM is for: agents of vSphere itself (vCLS and others of its agent manager) are made and removed by it, and a secondary of
    fault tolerance (FaultToleranceConfigInfo.role above 1) is a copy of a VM that runs.
    """
    if vm.missing.keys() & {"config.template", "config.managedBy.extensionKey", "config.ftInfo.role"}:
        return None
    get = vm.properties.get
    if get("config.managedBy.extensionKey") == AGENT_MANAGER:
        return "agent"
    if (get("config.ftInfo.role") or 0) > 1:
        return "secondary"
    return "template" if get("config.template") else "vm"


def _settings(vm: Found, _known: Known) -> Facts | None:
    """What is restored with a VM beside its size, disks and cards; None where its configuration is not known."""
    if vm.missing.keys() & SETTINGS:
        return None
    get = vm.properties.get
    devices = get(DEVICES, [])
    return {
        "firmware": get("config.firmware"),
        "secure_boot": bool(get("config.bootOptions.efiSecureBootEnabled")),
        "hardware_version": get("config.version"),
        "controllers": controllers(devices),
        "tpm": has_tpm(devices),
        "annotation": get("config.annotation") or "",
        "cpu": _allocation(get("config.cpuAllocation")),
        "memory": _allocation(get("config.memoryAllocation")),
    }


def _allocation(allocation: t.Any) -> Facts | None:
    """Reservation and limit (MHz or MB; None for no limit), and shares: a level, or a number where it is custom."""
    if allocation is None:
        return None
    shares = allocation.shares
    level = None if shares is None else str(shares.level)
    return {
        "reservation": allocation.reservation or 0,
        "limit": None if allocation.limit in (None, -1) else allocation.limit,
        "shares": shares.shares if level == "custom" else level,
    }


def _datacenter(vm: Found, known: Known) -> str | None:
    return known.inventory.datacenter(vm.properties.get("runtime.host")) or known.inventory.datacenter(vm.place)


def _guest(vm: Found, _known: Known) -> Facts:
    get = vm.properties.get
    addresses = [address for card in get("guest.net", []) for address in card.ipAddress or []]
    running = get("guest.toolsRunningStatus")
    return {
        "hostname": get("guest.hostName"),
        "ip_address": get("guest.ipAddress"),
        "ip_addresses": None if "guest.net" in vm.missing else addresses,
        "full_name": get("guest.guestFullName"),
        "state": get("guest.guestState"),
        "tools_running": None if running is None else running == "guestToolsRunning",
        "heartbeat": _plain(get("guestHeartbeatStatus")),
    }


def _backup(vm: Found, _known: Known) -> Facts:
    return {
        "change_tracking": _truth(vm, "config.changeTrackingEnabled"),
        "snapshots": None if vm.missing.keys() & UNREAD else backup_findings.count_snapshots(vm.properties.get("snapshot")),
        "findings": backup_findings.findings(vm.properties, vm.missing),
    }


def _attributes(vm: Found, known: Known) -> dict[str, str] | None:
    if known.attributes is None or "customValue" in vm.missing:
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
    "template": lambda vm, _known: _truth(vm, "config.template"),
    "kind": _kind,
    "folder": lambda vm, known: known.inventory.folder_path(vm.place),
    "host": lambda vm, known: known.inventory.name(vm.properties.get("runtime.host")),
    "cluster": lambda vm, known: known.inventory.cluster(vm.properties.get("runtime.host")),
    "datacenter": _datacenter,
    "cpus": _value("config.hardware.numCPU"),
    "memory_mb": _value("config.hardware.memoryMB"),
    "guest_id": _value("config.guestId"),
    "tools_status": _text("guest.toolsStatus"),
    "disks": _listed(DEVICES, lambda devices, _vm, known: disks(devices, known.inventory)),
    "nics": _listed(DEVICES, lambda devices, vm, known: network_cards(devices, vm.properties.get("network", []), known.inventory)),
    "removable": _listed(DEVICES, lambda devices, _vm, _known: removable_devices(devices)),
    "settings": _settings,
    "guest": _guest,
    "backup": _backup,
    "tags": lambda vm, known: None if known.tags is None else known.tags.get(vm.moid, []),
    "custom_attributes": _attributes,
    "changes": lambda vm, known: (known.changes or {}).get(vm.moid),
}
"""How each fact of vm_fields.FIELDS is made."""
