# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from .collector import Collector, moid
from .inventory import Inventory, find_folder, plain_name, read_inventory
from .session import connect

if t.TYPE_CHECKING:
    from .._core.runner import Context

Row = dict[str, t.Any]


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
            for machine in collector.below(
                vcenter.content.rootFolder, vcenter.vim.VirtualMachine, ("name", "parent", "config.instanceUuid")
            )
            if plain_name(machine.properties.get("name", "")) == name or _has(machine, uuid)
        ]
        parents = [machine.properties["parent"] for machine in machines if machine.properties.get("parent")]
        inventory = read_inventory(collector, [reference, *parents])
        return {
            "folder": _full_path(inventory, reference),
            "vms": [_row(inventory, machine, moid(reference)) for machine in machines],
        }


def _has(machine: t.Any, uuid: str | None) -> bool:
    return uuid is not None and str(machine.properties.get("config.instanceUuid")).casefold() == uuid.casefold()


def _full_path(inventory: Inventory, reference: t.Any) -> str:
    """The last of the chain is the root folder, which no path names."""
    return "/" + "/".join(plain_name(entity.name) for entity in reversed(inventory.above(reference)[:-1]))


def _row(inventory: Inventory, machine: t.Any, folder: str) -> Row:
    parent = machine.properties.get("parent")
    return {
        "name": plain_name(machine.properties["name"]),
        "moid": machine.moid,
        "instance_uuid": machine.properties.get("config.instanceUuid"),
        "folder": inventory.folder_path(parent),
        "in_folder": parent is not None and moid(parent) == folder,
    }
