# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import itertools
import typing as t

from .._core.argspec import ArgumentSpec
from .._core.errors import InputError, JobFailed, Refused
from . import browse, hypervisors, restore, sources
from .hypervisors import Hypervisor
from .points import Point, select
from .vm_request import Placement, association, request

if t.TYPE_CHECKING:
    from .client import Commvault
    from .sources import VmSource

Row = dict[str, t.Any]
Look = t.Callable[[str, str], Row]
"""What vCenter holds: given a VM's name and a folder, the folder's full path and the VMs of that name (_vcenter namesakes.read)."""


def options(vcenter: Row) -> ArgumentSpec:
    """The option vm. vcenter: the options that say how to reach the destination's vCenter."""
    destination = {
        "new_name": {"type": "str", "required": True},
        "hypervisor": {"type": "str"},
        "access_node": {"type": "str"},
        "esx_host": {"type": "str", "required": True},
        "folder": {"type": "str", "required": True},
        "resource_pool": {"type": "str", "default": "/"},
        "datastore": {"type": "str", "required": True},
        "datastores": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {"disk": {"type": "str", "required": True}, "datastore": {"type": "str", "required": True}},
        },
        "network": {"type": "str"},
        "networks": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {"source": {"type": "str", "required": True}, "destination": {"type": "str", "required": True}},
        },
        "power_on": {"type": "bool", "default": False},
        "overwrite": {"type": "bool", "default": False},
        "vcenter": {"type": "dict", "required": True, "options": vcenter},
    }
    machine = {
        "uuid": {"type": "str"},
        "name": {"type": "str"},
        "hypervisor": {"type": "str"},
        "job_id": {"type": "int"},
        "point_in_time": {"type": "str"},
        "destination": {"type": "dict", "required": True, "options": destination},
    }
    rules = {
        "mutually_exclusive": [("job_id", "point_in_time"), ("uuid", "name")],
        "required_one_of": [("uuid", "name")],
        "required_together": [("name", "hypervisor")],
    }
    return ArgumentSpec({"vm": {"type": "dict", "options": machine, **rules}})


@dataclasses.dataclass(frozen=True)
class Planned:
    """A restore that has been looked up and found possible."""

    source: VmSource
    point: Point
    configuration: Row
    hypervisor: Hypervisor
    placement: Placement
    before: Row

    def to_record(self) -> Row:
        place = self.placement
        return {
            "backup_job": self.point.to_record(),
            "source": {"name": self.source.name, "uuid": self.source.uuid, "hypervisor": self.source.hypervisor},
            "configuration": self.configuration,
            "destination": {
                "hypervisor": self.hypervisor.name,
                "access_node": place.access_node,
                "esx_host": place.esx_host,
                "folder": place.folder,
                "disks": place.disks,
                "nics": place.nics,
                "power_on": place.power_on,
                "overwrite": place.overwrite,
            },
        }


def run(client: Commvault, params: Row, look: Look) -> Row:
    """Restore a VM under a new name, or in check mode say what would be restored. All is checked before the job is started."""
    wanted = params["vm"]
    place = wanted["destination"]
    planned = _plan(client, wanted, look)
    unknown = {"name": place["new_name"], "moid": None, "instance_uuid": None, "folder": place["folder"]}
    if planned is None:
        return {"changed": True, "restore": {"job": None, "backup_job": None, "vm": unknown}}
    if client.check_mode:
        return {"changed": True, "restore": {"job": None, "vm": unknown, **planned.to_record()}}
    tag = restore.new_tag()
    body = restore.frame(
        association(planned.point),
        request(planned.source, planned.point, planned.configuration, planned.hypervisor, planned.placement),
        tag,
    )
    job_id = restore.submit(client, body, tag, {int(planned.point.entity.get("clientId") or 0), planned.source.hypervisor_id})
    job = restore.finish(client, job_id, params)
    vm = _restored(look(place["new_name"], place["folder"]), planned, job) if params["wait"] else unknown
    return {"changed": True, "restore": {"job": job, "vm": vm, **planned.to_record()}}


def _plan(client: Commvault, wanted: Row, look: Look) -> Planned | None:
    place = wanted["destination"]
    source = (
        sources.vm_by_uuid(client, wanted["uuid"]) if wanted["uuid"] else sources.vm_by_name(client, wanted["name"], wanted["hypervisor"])
    )
    if source is None:
        return None
    hypervisor = hypervisors.destination(client, place["hypervisor"], source.hypervisor_id)
    if hypervisor is None:
        return None
    sources.require_same_tenant(source.owner, hypervisor.owner, source.label, f'the hypervisor "{hypervisor.name}"')
    before = look(place["new_name"], place["folder"])
    _guard_name(place, before)
    point = select(source.points(client), source.label, wanted["job_id"], wanted["point_in_time"])
    configuration = browse.vm_configuration(client, source, point)
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
    return Planned(source, point, configuration, hypervisor, placement, before)


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
        called = entry["disk"].casefold()
        named = [disk for disk in disks if called == disk["name"].casefold()] or [
            disk for disk in disks if called == disk["file_name"].casefold()
        ]
        if len(named) != 1:
            names = ", ".join(f"{disk['name']} ({disk['file_name']})" for disk in disks)
            raise InputError(f'datastores names the disk "{entry["disk"]}", of which the backup holds {len(named)}. It holds: {names}.')
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


def _restored(after: Row, planned: Planned, job: Row) -> Row:
    """The VM that came into being: of the new name, in the destination folder, and not there before the job."""
    old = {vm["moid"] for vm in planned.before["vms"]}
    fresh = [vm for vm in after["vms"] if vm["in_folder"] and vm["moid"] not in old]
    name, folder = planned.placement.new_name, planned.placement.folder
    if len(fresh) != 1:
        found = ", ".join(f'{vm["moid"]} in "{vm["folder"]}"' for vm in after["vms"]) or "none"
        raise JobFailed(
            f'The restore job {job["id"]} says {job["status"]}, but vCenter shows {len(fresh)} new VMs named "{name}" in "{folder}". '
            f"Of this name are: {found}.",
            jobs=[job],
            object=name,
        )
    return {key: fresh[0][key] for key in ("name", "moid", "instance_uuid", "folder")}
