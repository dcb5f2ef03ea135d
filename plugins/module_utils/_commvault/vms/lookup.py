# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import typing as t
import urllib.parse

from ..._core.errors import InputError
from ..backups import points
from ..backups import reasons as job_reasons
from ..wire import paging, replies
from ..wire.lookup import Found, Owner, Reach, choose, needed, require_reach, same_uuid, to_found
from ..wire.replies import listed

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

# From a name to an id. Lists may come from a cache, filters may be ignored by an older server, and the same name may
# live in several companies: so every answer is compared again here, by name and by company.

Row = dict[str, t.Any]

RETIRED = {"RETIRE_IN_PROGRESS", "DECONFIGURED", "1", "2"}
"""Phases in which a hypervisor is as good as gone; some servers send the enum's number (OpenAPI ListHypervisors)."""


def require_hypervisor(
    client: Commvault, name: str, way_out: str = "Create it with calligo.baas.commvault_hypervisor, or correct the name."
) -> Found | None:
    """The hypervisor of this name; a retired one does not count. Missing: as in plan()."""
    return needed(client, "hypervisor", name, find_hypervisor(client, name), way_out)


def find_hypervisor(client: Commvault, name: str, reach: Reach = "visible") -> Found | None:
    """Like require_hypervisor(), but None where there is none. row: of Hypervisors[] (OpenAPI ListHypervisors)."""
    return choose(client, "hypervisor", name, [row for row in hypervisors(client) if not retired(row)], reach)


def hypervisors(client: Commvault) -> list[Found]:
    """All hypervisors, retired ones too, in one request."""
    reply = client.get("/V4/Hypervisor", absent=(404,)) or {}
    return [to_found(row, row, row.get("company")) for row in listed(reply.get("Hypervisors"))]


def retired(hypervisor: Found) -> bool:
    """Whether a row of hypervisors() is one that was retired, or is being retired."""
    return str(hypervisor.row.get("status")) in RETIRED


# What is backed up, and so can be backed up again, browsed and restored from: files by subclient, VMs by UUID.
# A VM is looked up in Commvault alone, since one that is gone from vCenter must still be restorable.


VIRTUAL_SERVER = 106
VM_OPTIONS: Row = {
    "uuid": {"type": "str"},
    "name": {"type": "str"},
    "hypervisor": {"type": "str"},
    "job_id": {"type": "int"},
    "point_in_time": {"type": "str"},
}
"""A VM and a backup of it, as the suboptions of a restore."""
VM_RULES: dict[str, list[tuple[str, ...]]] = {
    "mutually_exclusive": [("job_id", "point_in_time"), ("uuid", "name")],
    "required_one_of": [("uuid", "name")],
    "required_together": [("name", "hypervisor")],
}


@dataclasses.dataclass(frozen=True)
class VmSource:
    """A virtual machine as Commvault knows it. client_id: of the VM's own client, 0 where it has none (indexing version 1)."""

    uuid: str
    name: str
    client_id: int
    group_id: int
    hypervisor_id: int
    hypervisor: str
    owner: Owner = dataclasses.field(default_factory=Owner)

    @property
    def label(self) -> str:
        return f'the VM "{self.name}" ({self.uuid})'

    def to_record(self) -> Row:
        return {"name": self.name, "uuid": self.uuid, "hypervisor": self.hypervisor}

    def points(self, client: Commvault) -> t.Iterator[points.Point]:
        """The backups of this VM, newest first: its own child jobs, or, where there are none, its group's jobs that say they hold it."""
        from_children = points.of(client, {"clientId": self.client_id}, lambda row: row.get("clientId") == self.client_id)
        first = next(from_children, None) if self.client_id else None
        if first:
            yield first
            yield from from_children
            return
        for point in (
            points.of(client, {"subclientId": self.group_id}, lambda row: row.get("subclientId") == self.group_id) if self.group_id else ()
        ):
            mine = [vm for vm in job_reasons.vm_results(client, point.record["id"]) if same_uuid(vm["uuid"], self.uuid)]
            if mine and not mine[0]["reason"]:
                yield point


def vm(client: Commvault, wanted: Row) -> VmSource | None:
    """The VM that the options VM_OPTIONS name. Missing: as in vm_by_uuid()."""
    return vm_by_uuid(client, wanted["uuid"]) if wanted["uuid"] else vm_by_name(client, wanted["name"], wanted["hypervisor"])


def vm_by_uuid(client: Commvault, uuid: str) -> VmSource | None:
    """The VM with this instance UUID. Missing: NotFound; in check mode a warning and None. Refused where it is another company's."""
    if client.company_missing:
        return None
    reply = client.get("/VM", {"guid": uuid, "propertyLevel": "AllProperties", "status": 0}, absent=(404,)) or {}
    rows = [row for row in replies.listed(reply.get("vmStatusInfoList")) if same_uuid(row.get("strGUID"), uuid)]
    return _vm(client, rows[0] if rows else None, uuid)


def vm_by_name(client: Commvault, name: str, hypervisor: str) -> VmSource | None:
    """The VM of this name below a hypervisor. Names can repeat: then an error lists the UUIDs. Missing: as in vm_by_uuid()."""
    home = None if client.company_missing else require_hypervisor(client, hypervisor)
    if home is None:
        return None
    query = {"PseudoClientId": home.id, "propertyLevel": "AllProperties", "status": 0}
    named = [
        row
        for row in paging.by_header(client, "/VM", "vmStatusInfoList", query)
        if str(row.get("name", "")).casefold() == name.casefold() and (row.get("pseudoClient") or {}).get("clientId") in (None, home.id)
    ]
    # The same VM can have a row for each group that holds it.
    by_uuid = {str(row.get("strGUID")).casefold(): row for row in named}
    if len(by_uuid) > 1:
        known = ", ".join(sorted(str(row.get("strGUID")) for row in by_uuid.values()))
        raise InputError(
            f'The hypervisor "{home.name}" has {len(by_uuid)} VMs named "{name}": {known}. Say which one by its uuid.', object=name
        )
    return _vm(client, next(iter(by_uuid.values()), None), name)


def _vm(client: Commvault, row: Row | None, wanted: str) -> VmSource | None:
    if row is None:
        client.missing("VM", wanted, "Commvault knows a VM from its first backup on. Correct the name, or back it up first.")
        return None
    home = row.get("pseudoClient") or {}
    found = VmSource(
        uuid=str(row["strGUID"]),
        name=str(row.get("name") or ""),
        client_id=int((row.get("client") or {}).get("clientId") or 0),
        group_id=int(row.get("subclientId") or 0),
        hypervisor_id=int(home.get("clientId") or 0),
        hypervisor=str(home.get("clientName") or ""),
        owner=_vm_owner(client, str(row["strGUID"])),
    )
    require_reach(client, "VM", found.name, found.owner)
    return found


def _vm_owner(client: Commvault, uuid: str) -> Owner:
    """Only the V4 view of a VM names its company (OpenAPI getVirtualMachineDetails)."""
    reply = client.get(f"/V4/VirtualMachines/{urllib.parse.quote(uuid, safe='')}", absent=(404,)) or {}
    company = ((reply.get("vmDetails") or {}).get("summary") or {}).get("company") or {}
    return Owner(int(company["id"]) if "id" in company else None, company.get("name"))
