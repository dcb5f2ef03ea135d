# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import itertools
import typing as t

from ..._core.errors import InputError, Refused
from ..backups.points import select
from ..wire import lookup
from . import browse as vm_browse
from . import hypervisors
from .restore_request import Look, Placement, VmRestore

if t.TYPE_CHECKING:
    from ..wire.client import Commvault
    from .lookup import VmSource

# A VM is restored beside what is there: under a name of its own, where the task says.

Row = dict[str, t.Any]


def plan(client: Commvault, wanted: Row, source: VmSource, look: Look) -> VmRestore | None:
    """wanted: the option vm with its destination. None in check mode where the destination's hypervisor is not there yet."""
    place = wanted["destination"]
    hypervisor = hypervisors.destination(client, place["hypervisor"], source.hypervisor_id)
    if hypervisor is None:
        return None
    lookup.require_same_tenant(source.owner, hypervisor.owner, source.label, f'the hypervisor "{hypervisor.name}"')
    before = look(place["new_name"], place["folder"])
    _guard_name(place, before)
    point = select(source.points(client), source.label, wanted["job_id"], wanted["point_in_time"])
    configuration = vm_browse.vm_configuration(client, source, point)
    placement = Placement(
        new_name=place["new_name"],
        access_node=hypervisors.access_node(client, hypervisor, place["access_node"]),
        esx_host=place["esx_host"],
        folder=before["folder"],
        resource_pool=place["resource_pool"],
        datastore=place["datastore"],
        disks=_disks(configuration["disks"], place),
        nics=_nics(configuration["nics"], place),
        power_on=place["power_on"],
        overwrite=place["overwrite"],
    )
    return VmRestore(source, point, configuration, hypervisor, placement, before)


def _guard_name(place: Row, before: Row) -> None:
    """A name that is taken: never without overwrite, and with it only by a VM that lies where the new one is to lie."""
    taken = [vm for vm in before["vms"] if not (place["overwrite"] and vm["in_folder"])]
    if not taken:
        return
    where = ", ".join(f'{vm["moid"]} in "{vm["folder"]}"' for vm in taken)
    way_out = (
        "overwrite replaces a VM in the destination folder only. Choose another new_name."
        if place["overwrite"]
        else "Choose another new_name, or allow its replacement with overwrite."
    )
    raise Refused(f'vCenter has a VM named "{place["new_name"]}" already: {where}. {way_out}', object=place["new_name"])


def _disks(disks: list[Row], place: Row) -> list[Row]:
    """Each disk with the datastore it goes to and the file it becomes there."""
    chosen = {}
    for entry in place["datastores"]:
        named = vm_browse.disks_called(disks, entry["disk"])
        if len(named) != 1:
            held = f"of which the backup holds {len(named)}. It holds: {vm_browse.shown_disks(disks)}."
            raise InputError(f'datastores names the disk "{entry["disk"]}", {held}')
        chosen[named[0]["name"]] = entry["datastore"]
    placed: list[Row] = []
    for disk in disks:
        store = chosen.get(disk["name"], place["datastore"])
        taken = {other["file_name"].casefold() for other in placed if other["datastore"] == store}
        placed.append({"name": disk["name"], "file_name": _free(disk["file_name"], taken), "datastore": store})
    return placed


def _free(name: str, taken: set[str]) -> str:
    """A file name that is not taken: disks that lay on different datastores can have the same one, and may now meet on one."""
    stem, dot, extension = name.rpartition(".")
    tries = (f"{stem or name}-{number}{dot}{extension}" if dot else f"{name}-{number}" for number in itertools.count(2))
    return next(free for free in itertools.chain([name], tries) if free.casefold() not in taken)


def _nics(nics: list[Row], place: Row) -> list[Row]:
    """Each network card with the network it is put into: none may fall back to the original's by omission."""
    chosen = {entry["source"]: entry["destination"] for entry in place["networks"]}
    stray = sorted(set(chosen) - {nic["network"] for nic in nics})
    if stray:
        names = ", ".join(sorted({nic["network"] for nic in nics})) or "none"
        raise InputError(f"networks names networks that no card of the backup was in: {', '.join(stray)}. They were in: {names}.")
    open_cards = [f'{nic["label"]} ("{nic["network"]}")' for nic in nics if nic["network"] not in chosen and not place["network"]]
    if open_cards:
        raise InputError(f"Say which network these cards go to, with network or networks: {', '.join(open_cards)}.")
    return [{"label": nic["label"], "source": nic["network"], "network": chosen.get(nic["network"], place["network"])} for nic in nics]
