# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from .collector import PLACE

DEVICES = "config.hardware.device"

# Each fact of a VM, by its name in the result, and the properties of VirtualMachine in the vSphere API that it is made from: single
# ones throughout, because a whole "config" or "summary" is many times the size.
FIELDS: dict[str, tuple[str, ...]] = {
    "name": ("name",),
    "moid": (),
    "instance_uuid": ("config.instanceUuid",),
    "bios_uuid": ("config.uuid",),
    "power_state": ("runtime.powerState",),
    "connection_state": ("runtime.connectionState",),
    "template": ("config.template",),
    "kind": ("config.template", "config.managedBy.extensionKey", "config.ftInfo.role"),
    "folder": PLACE,
    "host": ("runtime.host",),
    "cluster": ("runtime.host",),
    "datacenter": ("runtime.host", *PLACE),
    "cpus": ("config.hardware.numCPU",),
    "memory_mb": ("config.hardware.memoryMB",),
    "guest_id": ("config.guestId",),
    "tools_status": ("guest.toolsStatus",),
    "disks": (DEVICES,),
    "nics": (DEVICES, "network"),
    "removable": (DEVICES,),
    "settings": (
        DEVICES,
        "config.annotation",
        "config.bootOptions.efiSecureBootEnabled",
        "config.cpuAllocation",
        "config.firmware",
        "config.memoryAllocation",
        "config.version",
    ),
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
        DEVICES,
        "config.changeTrackingEnabled",
        "config.keyId",
        "config.template",
        "guest.toolsRunningStatus",
        "guest.toolsStatus",
        "runtime.connectionState",
        "runtime.consolidationNeeded",
        "runtime.powerState",
        "runtime.question",
        "snapshot",
    ),
    # Not a property of the VM in the vSphere API: vCenter's REST API tells it.
    "tags": (),
    "custom_attributes": ("customValue",),
    "changes": ("config.changeVersion", "config.modified"),
}

SETS: dict[str, tuple[str, ...]] = {
    "summary": tuple(list(FIELDS)[: list(FIELDS).index("disks")]),
    "hardware": ("disks", "nics", "removable", "settings"),
    "guest": ("guest",),
    "backup": ("backup",),
    "tags": ("tags",),
    "custom_attributes": ("custom_attributes",),
    "changes": ("changes",),
}
"""The sets that facts are chosen by."""

ALWAYS = ("name", "moid")
PLACED = frozenset({"folder", "host", "cluster", "datacenter", "disks", "nics"})
"""Facts that name other objects of the inventory."""


def chosen(sets: t.Collection[str] | None, fields: t.Collection[str] | None) -> tuple[str, ...]:
    """The facts to give, in their order: the summary when nothing is chosen or sets are, only a name and an id beside single fields."""
    names = {*ALWAYS, *(fields or ())}
    if sets or not fields:
        names.update(SETS["summary"], *(SETS[name] for name in sets or ()))
    return tuple(field for field in FIELDS if field in names)


def paths(fields: t.Iterable[str]) -> set[str]:
    """All properties to ask the server for."""
    return {path for field in fields for path in FIELDS[field]}
