# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.errors import JobFailed
from ..backups.restore import Planned
from ..wire.lookup import same_uuid
from . import lookup as vm_lookup
from . import restore_in_place as vm_in_place
from . import restore_out_of_place as vm_out_of_place
from .restore_request import Look, VmRestore, request, task

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Row = dict[str, t.Any]


def options(vcenter: Row) -> ArgumentSpec:
    """The option vm. vcenter: the options that say how to reach the vCenter that is restored to."""
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
    in_place = {
        "overwrite": {"type": "bool", "default": False},
        "power_on": {"type": "bool", "default": False},
        "access_node": {"type": "str"},
        "vcenter": {"type": "dict", "required": True, "options": vcenter},
    }
    machine = {
        **vm_lookup.VM_OPTIONS,
        "destination": {"type": "dict", "options": destination},
        "in_place": {"type": "dict", "options": in_place},
    }
    ways = [("destination", "in_place")]
    rules = {**vm_lookup.VM_RULES, **{key: [*vm_lookup.VM_RULES[key], *ways] for key in ("mutually_exclusive", "required_one_of")}}
    return ArgumentSpec({"vm": {"type": "dict", "options": machine, **rules}})


def plan(client: Commvault, wanted: Row, look: Look) -> Planned:
    """A VM, restored under a new name or in place. wanted: the option vm."""
    source = vm_lookup.vm(client, wanted)
    way = vm_in_place if wanted["in_place"] else vm_out_of_place
    found = way.plan(client, wanted, source, look) if source else None
    unknown = {**_named(wanted, found), "moid": None, "instance_uuid": None}
    if found is None:
        return Planned({"backup_job": None, "vm": unknown})
    body = request(found.source, found.point, found.configuration, found.hypervisor, found.placement)
    record = {"vm": unknown, **found.to_record()}
    return Planned(record, task(found.source, found.point, body), lambda job: (True, {"vm": _restored(look, found, job)}))


def _named(wanted: Row, planned: VmRestore | None) -> Row:
    """What the new VM will be called, and where, as far as that is known before it is there."""
    if wanted["destination"]:
        return {"name": wanted["destination"]["new_name"], "folder": wanted["destination"]["folder"]}
    return {"name": planned.placement.new_name, "folder": planned.placement.folder} if planned else {"name": wanted["name"], "folder": None}


def _restored(look: Look, planned: VmRestore, job: Row) -> Row:
    """The VM that came into being: of the new name, in its folder, and not there before the job. In place its identity may stay."""
    name, folder, uuid = planned.placement.new_name, planned.placement.folder, planned.source.uuid
    after = look(name, folder, uuid) if planned.placement.in_place else look(name, folder)
    old = {vm["moid"] for vm in planned.before["vms"]}
    fresh = [vm for vm in after["vms"] if vm["in_folder"] and vm["moid"] not in old]
    if planned.placement.in_place:
        fresh = [vm for vm in after["vms"] if same_uuid(vm["instance_uuid"], uuid)] or fresh
    if len(fresh) != 1:
        found = ", ".join(f'{vm["moid"]} in "{vm["folder"]}"' for vm in after["vms"]) or "none"
        raise JobFailed(
            f'The restore job {job["id"]} says {job["status"]}, but vCenter shows {len(fresh)} new VMs named "{name}" in "{folder}". '
            f"Of this name are: {found}.",
            jobs=[job],
            object=name,
        )
    return {key: fresh[0][key] for key in ("name", "moid", "instance_uuid", "folder")}
