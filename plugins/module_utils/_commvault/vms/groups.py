# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import typing as t

from ..backups import jobs, points
from ..backups import reasons as job_reasons
from ..wire import lookup
from ..wire.replies import listed

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Row = dict[str, t.Any]
DAY = 86400


@dataclasses.dataclass(frozen=True)
class VmGroupSource:
    """A VM group as something that is backed up. group_id: its id as a subclient."""

    group_id: int
    name: str
    hypervisor: str

    @property
    def label(self) -> str:
        return f'the VM group "{self.name}" of {self.hypervisor}'

    def points(self, client: Commvault) -> t.Iterator[points.Point]:
        """The backups of the whole group that hold anything, newest first. Jobs of single VMs and of no VM are left out."""
        for point in points.of(client, {"subclientId": self.group_id}, lambda row: row.get("subclientId") == self.group_id):
            if not point.record["parent"] and point.record["objects"] != 0 and not chosen_vms(client, point.record["id"]):
                yield point


def listing(client: Commvault) -> list[Row]:
    """All VM groups that can be seen, in one request (OpenAPI GetVMGroups)."""
    return listed((client.get("/V4/VMGroups", absent=(404,)) or {}).get("vmGroups"))


def find(client: Commvault, name: str, hypervisor: str, known: list[Row] | None = None) -> VmGroupSource | None:
    """The VM group of this name below a hypervisor. known: what listing() gave, where it has been read already.

    Missing: NotFound; in check mode a warning and None. Refused where it is another company's.
    """
    if client.company_missing:
        return None
    below = []
    for row in listing(client) if known is None else known:
        # Live servers were seen to tell the identity below vmGroup only.
        identity = row.get("vmGroup") or row
        home = row.get("hypervisor") or {}
        if identity.get("id") and hypervisor.casefold() in (str(home.get("name")).casefold(), str(home.get("displayName")).casefold()):
            company = row.get("company") or {}
            label = str(identity.get("name") or row.get("name") or "")
            below.append(lookup.Found(int(identity["id"]), label, company.get("id"), company.get("name"), row))
    found = lookup.choose(client, "VM group", name, below)
    if found is None:
        for namesake in [group for group in below if group.name.casefold() == name.casefold()]:
            lookup.require_reach(client, "VM group", namesake.name, lookup.Owner(namesake.company_id, namesake.company))
        client.missing(
            "VM group", f"{hypervisor}/{name}", "Create it with calligo.baas.commvault_vm_group, or correct name and hypervisor."
        )
        return None
    return VmGroupSource(found.id, found.name, hypervisor)


def chosen_vms(client: Commvault, job_id: int) -> set[str]:
    """UUIDs of the VMs that a job was limited to when it was requested; empty for a job of the whole group (GET /Job/{id}/TaskDetails)."""
    reply = client.get(f"/Job/{job_id}/TaskDetails", absent=(404,)) or {}
    chosen: set[str] = set()
    for task in listed((reply.get("taskInfo") or {}).get("subTasks")):
        options = ((task.get("options") or {}).get("backupOpts") or {}).get("vsaBackupOptions") or {}
        chosen |= {str(vm.get("vmGuid")) for vm in listed(options.get("selectiveVMInfo")) if vm.get("vmGuid")}
    return chosen


def results(client: Commvault, job_id: int, times: bool = False) -> list[Row]:
    """What became of each VM of a job: the state of the VM's own child job, and why it failed. times: also when it was its turn.

    Where the VM has no child job (indexing version 1, or not begun yet) status and outcome are None, or failed if there is a reason.
    """
    rows = job_reasons.vm_results(client, job_id)
    children = jobs.read_many(client, {row["job_id"] for row in rows if row["job_id"] and row["job_id"] != job_id}, DAY)
    for row in rows:
        child = children.get(row["job_id"])
        turn = {key: jobs.iso(row.pop(key)) for key in ("start_time", "end_time")}
        if times:
            row.update(turn)
        row["status"] = child["status"] if child else None
        # A VM can be backed up in part, and then has a reason too.
        row["outcome"] = child["outcome"] if child else "failed" if row["reason"] else None
    return rows
