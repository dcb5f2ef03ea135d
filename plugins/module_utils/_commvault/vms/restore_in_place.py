# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.errors import InputError, Refused
from ..backups.points import select
from ..wire.lookup import same_uuid
from . import browse as vm_browse
from . import hypervisors
from .restore_request import Look, Placement, VmRestore

if t.TYPE_CHECKING:
    from ..wire.client import Commvault
    from .lookup import VmSource

# A VM is put back to where its backup says that it was. What is there of it now goes.

Row = dict[str, t.Any]
ELSEWHERE = "Restore it elsewhere with destination."


def plan(client: Commvault, wanted: Row, source: VmSource, look: Look) -> VmRestore | None:
    """wanted: the option vm with its in_place. None in check mode where the VM's hypervisor is not there yet."""
    place = wanted["in_place"]
    hypervisor = hypervisors.destination(client, None, source.hypervisor_id)
    if hypervisor is None:
        return None
    point = select(source.points(client), source.label, wanted["job_id"], wanted["point_in_time"])
    kept = vm_browse.vm_configuration(client, source, point)
    untold = [word for word in ("esx_host", "datastore", "folder") if not kept[word]]
    if untold:
        raise InputError(f"The backup of {source.label} {point.ending} does not tell where the VM was: {', '.join(untold)}. {ELSEWHERE}")
    before = look(source.name, kept["folder"], source.uuid)
    _guard(source, before, place["overwrite"], point.ending)
    placement = Placement(
        new_name=source.name,
        access_node=hypervisors.access_node(client, hypervisor, place["access_node"], "in_place.access_node"),
        esx_host=kept["esx_host"],
        folder=kept["folder"],
        resource_pool=kept["resource_pool"] or "/",
        datastore=kept["datastore"],
        disks=[{**disk, "datastore": disk["datastore"] or kept["datastore"]} for disk in kept["disks"]],
        nics=[{"label": nic["label"], "source": nic["network"], "network": nic["network"]} for nic in kept["nics"]],
        power_on=place["power_on"],
        overwrite=place["overwrite"],
        in_place=True,
    )
    return VmRestore(source, point, kept, hypervisor, placement, before)


def _guard(source: VmSource, before: Row, overwrite: bool, ending: str) -> None:
    """The VM itself goes only if that is asked for; another VM of its name in its place, never."""
    strangers = [vm for vm in before["vms"] if vm["in_folder"] and not same_uuid(vm["instance_uuid"], source.uuid)]
    if strangers:
        raise Refused(
            f'Where {source.label} was, in "{before["folder"]}", there is another VM of its name now: {strangers[0]["moid"]} '
            f"({strangers[0]['instance_uuid']}). Rename it or move it away. {ELSEWHERE}",
            object=source.name,
        )
    there = [vm for vm in before["vms"] if same_uuid(vm["instance_uuid"], source.uuid)]
    if there and not overwrite:
        raise Refused(
            f'{source.label} is there: {there[0]["moid"]} in "{there[0]["folder"]}". A restore in place deletes it, and what it holds '
            f"since the backup {ending} is lost. Say in_place.overwrite=true. {ELSEWHERE}",
            object=source.name,
        )
