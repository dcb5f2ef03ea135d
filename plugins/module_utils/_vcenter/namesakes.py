# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from .._core.errors import InputError
from .collector import PLACE, Collector, moid
from .inventory import Inventory, find_folder, full_path, plain_name, read_inventory
from .session import connect
from .vm_selection import is_uuid

if t.TYPE_CHECKING:
    from .._core.runner import Context
    from .collector import Found
    from .session import VCenter

Row = dict[str, t.Any]
UUID = "config.instanceUuid"


def read(context: Context, name: str, folder: str, uuid: str | None = None, place: Row | None = None) -> Row:
    """The VMs of a name, or an instance UUID, in the whole vCenter, and a folder in full. Its own session, since jobs outlast one.

    context.params: the options of session.OPTIONS. folder: as find_folder() takes it; NotFound where there is none.
    place: names that a VM is to be made with: host, datastores and networks.
    Gives folder (from the root, with slashes), vms: name, moid, instance_uuid, folder (below the
    datacenter's vm folder), in_folder (whether it lies in that very folder), and networks: the managed object ids of those of place that
    its host reaches, by name. Raises InputError for a name of place that more than one has.
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
            "networks": _networks(vcenter, collector, place) if place else {},
        }


def _networks(vcenter: VCenter, collector: Collector, place: Row) -> dict[str, str]:
    """What the names of a place mean, where Commvault takes nothing but names: of datastores and networks, those that the host reaches."""
    vim = vcenter.vim
    hosts = collector.below(vcenter.content.rootFolder, vim.HostSystem, ("name",))
    found: dict[str, str] = {}
    for host in _only(collector, "host", [place["host"]], hosts).values():
        reached = collector.of([host.reference], vim.HostSystem, ("datastore", "network"))[0].properties
        _only(collector, "datastore", place["datastores"], collector.of(reached.get("datastore", []), vim.Datastore, ("name",)))
        networks = collector.of(reached.get("network", []), vim.Network, ("name",))
        found |= {name: network.moid for name, network in _only(collector, "network", place["networks"], networks).items()}
    return found


def _only(collector: Collector, kind: str, names: t.Iterable[str], found: list[Found]) -> dict[str, Found]:
    """The objects of these names, by name, without regard to case, as Commvault may take them; none for a name that nothing has."""
    only: dict[str, Found] = {}
    for name in names:
        matches = [item for item in found if plain_name(item.properties.get("name", "")).casefold() == name.casefold()]
        if len(matches) > 1:
            inventory = read_inventory(collector, [match.reference for match in matches])
            paths = ", ".join(sorted(f"{full_path(inventory, match.reference)} ({match.moid})" for match in matches))
            raise InputError(
                f'More than one {kind} is "{name}": {paths}. Commvault takes a name and nothing else: rename one, or choose another.',
                object=name,
            )
        only |= dict(zip([name], matches, strict=False))
    return only


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
