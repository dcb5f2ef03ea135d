# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import typing as t

from ..._core.argspec import ArgumentSpec
from ..backups.recovery_points import RecoveryPoint, select
from ..backups.restore import Planned
from ..servers.restore_items import OVERWRITE, Destination, common_options, find_client, places, was_anything_restored
from ..wire import lookup
from . import browse as vm_browse
from . import lookup as vm_lookup
from .lookup import VmSource
from .restore import common_request, task, virtual_server, volumes

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Row = dict[str, t.Any]

OPTIONS = ArgumentSpec(
    {
        "guest_files": {
            "type": "dict",
            "options": {
                **vm_lookup.VM_OPTIONS,
                "paths": {"type": "list", "elements": "str", "required": True},
                "destination_client": {"type": "str"},
                "destination_vm": {
                    "type": "dict",
                    "options": {
                        "uuid": {"type": "str"},
                        "username": {"type": "str", "required": True},
                        "password": {"type": "str", "required": True, "no_log": True},
                        "access_node": {"type": "str"},
                    },
                },
                "destination_path": {"type": "str", "required": True},
                "overwrite": OVERWRITE,
                "restore_acls": {"type": "bool", "default": True},
            },
            **vm_lookup.VM_RULES,
            "mutually_exclusive": [*vm_lookup.VM_RULES["mutually_exclusive"], ("destination_client", "destination_vm")],
            "required_one_of": [*vm_lookup.VM_RULES["required_one_of"], ("destination_client", "destination_vm")],
        }
    }
)


@dataclasses.dataclass(frozen=True)
class Guest:
    """A running VM that files are written into through VMware Tools. access_node: does it. vcenter_host: as Commvault knows the vCenter."""

    vm: VmSource
    vcenter_host: str
    username: str
    password: str = dataclasses.field(repr=False)


def plan(client: Commvault, wanted: Row) -> Planned:
    """Files from inside a VM, restored to a client or into a VM. wanted: the option guest_files."""
    source = vm_lookup.vm(client, wanted)
    found = _destination(client, wanted, source) if source else None
    if source is None or found is None:
        return Planned({"backup_job": None, "paths": []})
    destination, guest = found
    point = select(source.recovery_points(client), source.label, wanted["job_id"], wanted["point_in_time"])
    entries = vm_browse.find_paths(client, source, point, wanted["paths"])
    targets = places(entries, destination, vm_browse.separator_of(wanted["paths"]))
    record = {
        "backup_job": point.to_record(),
        "source": source.to_record(),
        "destination": {
            "client": destination.client,
            "folder": destination.folder,
            "vm": {"name": guest.vm.name, "uuid": guest.vm.uuid} if guest else None,
        },
        "paths": [_shown(entry, target) for entry, target in zip(entries, targets, strict=True)],
    }
    return Planned(
        record,
        task(source, point, request(point, entries, destination, guest)),
        lambda job: (was_anything_restored(client, job, entries, destination.overwrite), {}),
    )


def _shown(entry: Row, target: str) -> Row:
    return {"source": entry["path"], **{key: value for key, value in entry.items() if key not in ("deleted", "item")}, "path": target}


def _destination(client: Commvault, wanted: Row, source: VmSource) -> tuple[Destination, Guest | None] | None:
    """A client of the VM's company or the provider's, or a VM of the company. None in check mode if there is none yet."""
    into = wanted["destination_vm"]
    kept = (wanted["destination_path"], wanted["overwrite"], wanted["restore_acls"])
    if into is None:
        name = find_client(client, wanted["destination_client"], source.owner, source.label)
        return (Destination(name, *kept), None) if name else None
    vm = vm_lookup.vm_by_uuid(client, into["uuid"]) if into["uuid"] else source
    hypervisor = vm_lookup.vcenter(client, None, vm.hypervisor_id) if vm else None
    if vm is None or hypervisor is None:
        return None
    lookup.require_same_tenant(client, source.owner, vm.owner, source.label, vm.label)
    node = vm_lookup.access_node(client, hypervisor, into["access_node"], "guest_files.destination_vm.access_node")
    return Destination(node, *kept), Guest(vm, hypervisor.host, into["username"], into["password"])


def request(point: RecoveryPoint, entries: list[Row], destination: Destination, guest: Guest | None) -> Row:
    """restoreOptions of a restore of guest files (cvpysdk subclients/vssubclient.py guest_file_restore)."""
    server = virtual_server(files=True)
    if guest:
        server["fileLevelVMRestoreOption"] = {
            "serverName": guest.vcenter_host,
            "vmGuid": guest.vm.uuid,
            "vmName": guest.vm.name,
            "guestUserPassword": {"userName": guest.username, "password": guest.password},
        }
    return {
        **common_request(point),
        "restoreACLsType": 3 if destination.acls else 2,
        "commonOptions": {**common_options(destination), "stripLevelType": "PRESERVE_LEVEL"},
        "destination": {
            "isLegalHold": False,
            "inPlace": False,
            "destPath": [destination.folder],
            "destClient": {"clientName": destination.client},
        },
        # As the browse called them: whether the drive has a colon differs between servers.
        "fileOption": {"sourceItem": [entry["item"] for entry in entries], "browseFilters": []},
        "virtualServerRstOption": server,
        "volumeRstOption": volumes(0, 0),
    }
