# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from .collector import PLACE, Collector, moid
from .inventory import Inventory, find_folder, full_path, plain_name, read_inventory
from .session import connect
from .vm_selection import is_uuid

if t.TYPE_CHECKING:
    from .._core.runner import Context
    from .collector import Found

Row = dict[str, t.Any]
UUID = "config.instanceUuid"


def read(context: Context, name: str, folder: str, uuid: str | None = None) -> Row:
    """The VMs of a name, or an instance UUID, in the whole vCenter, and a folder in full. Its own session, since jobs outlast one.

    context.params: the options of session.OPTIONS. folder: as find_folder() takes it; NotFound where there is none.
    Gives folder (from the root, with slashes) and vms: name, moid, instance_uuid, folder (below the
    datacenter's vm folder), in_folder (whether it lies in that very folder).
    """
    with connect(context) as vcenter:
        collector = Collector(vcenter)
        reference = find_folder(vcenter, collector, folder)
        machines = [
            machine
            for machine in collector.below(vcenter.content.rootFolder, vcenter.vim.VirtualMachine, ("name", *PLACE, UUID))
            if plain_name(machine.properties.get("name", "")) == name or _has(machine, uuid)
        ]
        inventory = read_inventory(collector, [reference, *(machine.place for machine in machines if machine.place)])
        return {
            "folder": full_path(inventory, reference),
            "vms": [_row(inventory, machine, moid(reference)) for machine in machines],
        }


def whereabouts(context: Context, vms: t.Iterable[Row]) -> list[Row]:
    """What became of VMs (name, uuid) in the whole vCenter, one by one. Its own session.

    Gives each with fate: "gone" (no VM has its UUID, and the UUIDs of all VMs are known), "seen", with the folder that it lies in now,
    or "unknown", with why. What is no UUID is that of no VM.
    """
    with connect(context) as vcenter:
        collector = Collector(vcenter)
        found = collector.below(vcenter.content.rootFolder, vcenter.vim.VirtualMachine, ("name", *PLACE, UUID))
        inventory = read_inventory(collector, (machine.place for machine in found if machine.place))
    unread = sorted(plain_name(machine.properties.get("name", machine.moid)) for machine in found if UUID not in machine.properties)
    by_uuid = {str(machine.properties.get(UUID)).casefold(): machine for machine in found if UUID in machine.properties}
    return [{**vm, **_fate(vm, by_uuid, inventory, unread)} for vm in vms]


def _fate(vm: Row, by_uuid: dict[str, Found], inventory: Inventory, unread: list[str]) -> Row:
    machine = by_uuid.get(str(vm["uuid"]).casefold())
    if machine is not None:
        folder = inventory.folder_path(machine.place)
        return {"fate": "unknown", "why": "its folder is not known"} if folder is None else {"fate": "seen", "folder": folder}
    if unread and is_uuid(str(vm["uuid"])):
        return {"fate": "unknown", "why": f"vCenter cannot tell whether it is one of these, which it cannot read now: {', '.join(unread)}"}
    return {"fate": "gone"}


def _has(machine: t.Any, uuid: str | None) -> bool:
    return uuid is not None and str(machine.properties.get(UUID)).casefold() == uuid.casefold()


def _row(inventory: Inventory, machine: t.Any, folder: str) -> Row:
    return {
        "name": plain_name(machine.properties.get("name", "")),
        "moid": machine.moid,
        "instance_uuid": machine.properties.get(UUID),
        "folder": inventory.folder_path(machine.place),
        "in_folder": machine.place is not None and moid(machine.place) == folder,
    }
