# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.errors import InputError
from ..backups.recovery_points import RecoveryPoint, select
from ..backups.restore import Planned
from ..servers.restore_items import Destination, common_options, was_anything_restored
from . import browse as vm_browse
from . import lookup as vm_lookup
from .lookup import VmSource
from .restore import VMWARE, common_request, task, virtual_server, volumes

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Row = dict[str, t.Any]

DISKS = 3
"""volumeLevelRestoreType: disks as files."""
OPTIONS = ArgumentSpec(
    {
        "vm_disk": {
            "type": "dict",
            "options": {
                **vm_lookup.VM_OPTIONS,
                "disks": {"type": "list", "elements": "str", "required": True},
                "access_node": {"type": "str"},
                "destination_path": {"type": "str", "required": True},
                "overwrite": {"type": "bool", "default": False},
            },
            **vm_lookup.VM_RULES,
        }
    }
)


def plan(client: Commvault, wanted: Row) -> Planned:
    """Disks of a VM, restored as files to a folder of an access node. wanted: the option vm_disk."""
    source = vm_lookup.vm(client, wanted)
    hypervisor = vm_lookup.vcenter(client, None, source.hypervisor_id) if source else None
    if source is None or hypervisor is None:
        return Planned({"backup_job": None, "disks": []})
    point = select(source.recovery_points(client), source.label, wanted["job_id"], wanted["point_in_time"])
    disks = _chosen(vm_browse.vm_configuration(client, source, point)["disks"], wanted["disks"], f"{source.label} {point.ending}")
    overwrite = "always" if wanted["overwrite"] else "never"
    node = vm_lookup.access_node(client, hypervisor, wanted["access_node"], "vm_disk.access_node")
    destination = Destination(node, wanted["destination_path"], overwrite, True)
    record = {
        "backup_job": point.to_record(),
        "source": source.to_record(),
        "destination": {"client": destination.client, "folder": destination.folder},
        "disks": disks,
    }
    files = [{"type": "file"} for _disk in disks]
    return Planned(
        record,
        task(source, point, request(source, point, disks, destination)),
        lambda job: (was_anything_restored(client, job, files, overwrite), {}),
    )


def _chosen(disks: list[Row], names: list[str], label: str) -> list[Row]:
    """The disks of these names, as the index or the datastore calls them. An error lists what there is."""
    chosen: list[Row] = []
    for name in names:
        found = vm_browse.disks_called(disks, name)
        if len(found) != 1:
            held = f"of which the backup of {label} holds {len(found)}. It holds: {vm_browse.shown_disks(disks)}."
            raise InputError(f'disks names "{name}", {held}', object=name)
        chosen += [disk for disk in found if disk not in chosen]
    return chosen


def request(source: VmSource, point: RecoveryPoint, disks: list[Row], destination: Destination) -> Row:
    """restoreOptions of a restore of disks (cvpysdk subclients/virtualserver/vmware.py disk_restore)."""
    return {
        **common_request(point),
        "commonOptions": common_options(destination),
        "destination": {
            "isLegalHold": False,
            "inPlace": False,
            "destPath": [destination.folder],
            # By name only: an id of the access node breaks restores of VMs.
            "destClient": {"clientName": destination.client},
        },
        "fileOption": {"sourceItem": [f"\\{source.uuid}\\{disk['name']}" for disk in disks], "browseFilters": []},
        "virtualServerRstOption": {
            **virtual_server(disks=True),
            "diskLevelVMRestoreOption": {"passUnconditionalOverride": destination.overwrite == "always", "powerOnVmAfterRestore": False},
        },
        "volumeRstOption": volumes(VMWARE, DISKS),
    }
