# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import itertools
import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.errors import InputError
from ..backups.recovery_points import RecoveryPoint, select
from ..files import browse as file_browse
from ..servers import subclients as file_subclients
from ..vms import browse as vm_browse
from ..vms import lookup as vm_lookup

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Row = dict[str, t.Any]

OPTIONS = ArgumentSpec(
    {
        "client": {"type": "str"},
        "backupset": {"type": "str", "default": "defaultBackupSet"},
        "subclient": {"type": "str"},
        "path": {"type": "str", "default": "\\"},
        "recursive": {"type": "bool", "default": False},
        "include_deleted": {"type": "bool", "default": False},
        "vm_uuid": {"type": "str"},
        "guest_files": {"type": "bool", "default": False},
        "job_id": {"type": "int"},
        "point_in_time": {"type": "str"},
        "limit": {"type": "int", "default": 1000},
    },
    {
        "mutually_exclusive": [("client", "vm_uuid"), ("job_id", "point_in_time")],
        "required_one_of": [("client", "vm_uuid")],
    },
)


def describe(client: Commvault, params: Row) -> Row:
    """What a backup holds: files and folders of a path, or the disks and network cards of a VM."""
    if params["limit"] < 1:
        raise InputError("limit must be 1 or more.")
    if params["guest_files"] and not params["vm_uuid"]:
        raise InputError("guest_files is for a VM: give vm_uuid.")
    if params["guest_files"] and params["include_deleted"]:
        raise InputError("A VM's backup does not tell which files were deleted before it: leave out include_deleted.")
    return _of_vm(client, params) if params["vm_uuid"] else _of_files(client, params)


def _of_files(client: Commvault, params: Row) -> Row:
    source = file_subclients.find_source(client, params["client"], params["backupset"], params["subclient"])
    if source is None:
        return _nothing()
    point = select(source.recovery_points(client), source.label, params["job_id"], params["point_in_time"])
    found = file_browse.list_files(client, source, point, params["path"], params["recursive"], params["include_deleted"])
    return _listed(found, params["limit"], point)


def _listed(found: t.Iterator[Row], limit: int, point: RecoveryPoint) -> Row:
    """One more than asked for tells whether there is more."""
    entries = list(itertools.islice(found, limit + 1))
    return {
        "changed": False,
        "entries": entries[:limit],
        "total": min(len(entries), limit),
        "truncated": len(entries) > limit,
        "backup_job": point.to_record(),
    }


def _of_vm(client: Commvault, params: Row) -> Row:
    source = vm_lookup.vm_by_uuid(client, params["vm_uuid"])
    if source is None:
        return _nothing()
    point = select(source.recovery_points(client), source.label, params["job_id"], params["point_in_time"])
    if params["guest_files"]:
        inside = vm_browse.list_files(client, source, point, params["path"], params["recursive"])
        return _listed(({key: value for key, value in entry.items() if key != "item"} for entry in inside), params["limit"], point)
    machine = vm_browse.vm_configuration(client, source, point)
    entries = [
        {
            "path": f"\\{source.uuid}\\{disk['name']}",
            "name": disk["file_name"],
            "type": "disk",
            "size": disk["size_bytes"],
            "modification_time": None,
            "backup_job": point.record["id"],
            "backup_time": point.record["end_time"],
            "deleted": False,
        }
        for disk in machine["disks"]
    ]
    shown = entries[: params["limit"]]
    return {
        "changed": False,
        "entries": shown,
        "total": len(shown),
        "truncated": len(entries) > len(shown),
        "vm": machine,
        "backup_job": point.to_record(),
    }


def _nothing() -> Row:
    return {"changed": False, "entries": [], "total": 0, "truncated": False, "backup_job": None}
