# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import typing as t
import urllib.parse

from ..._core.errors import InputError
from ..backups import jobs, recovery_points
from ..backups import reasons as job_reasons
from ..servers import lookup as server_lookup
from ..wire import paging
from ..wire.lookup import Found, Owner, Reach, choose, company_of, inside, needed, require_reach, same_name, same_uuid, to_found
from ..wire.replies import listed, number, part, text

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

# From a name to an id, and from there to what can be backed up, browsed and restored. Lists may come from a cache, filters may be ignored
# by an older server, and the same name may live in several companies: so every answer is compared again here, by name and by company.

Row = dict[str, t.Any]

# Hypervisors

RETIRED = {"RETIRE_IN_PROGRESS", "DECONFIGURED", "1", "2"}
"""Phases in which a hypervisor is as good as gone; some servers send the enum's number (OpenAPI ListHypervisors)."""
COMPUTER = 3
"""type of an access node that is one computer; 28 is a group, which cannot be named as the destination of a restore."""


def hypervisors(client: Commvault) -> list[Found]:
    """All hypervisors, retired ones too, in one request."""
    return [to_found(row, row, row.get("company")) for row in client.rows("/V4/Hypervisor", "Hypervisors")]


def retired(hypervisor: Found) -> bool:
    """Whether a row of hypervisors() is one that was retired, or is being retired."""
    return str(hypervisor.row.get("status")) in RETIRED


def find_hypervisor(client: Commvault, name: str, reach: Reach = "visible") -> Found | None:
    """The hypervisor of this name, or None; a retired one does not count. row: of Hypervisors[] (OpenAPI ListHypervisors)."""
    return choose_hypervisor(client, name, [row for row in hypervisors(client) if not retired(row)], reach)


def told(client: Commvault, rows: t.Sequence[Found]) -> list[Found]:
    """Rows of hypervisors() with their owners: where the list does not tell one, the detail does."""
    details = client.pool.read(lambda one: hypervisor_detail(client, one) or {}, [row.id for row in rows if row.company_id is None])
    return [row if row.company_id is not None else row.of(hypervisor_owner(details[row.id])) for row in rows]


def choose_hypervisor(client: Commvault, name: str, known: t.Iterable[Found], reach: Reach = "visible") -> Found | None:
    """The one of this name among rows of hypervisors(). Not every server tells in the list whose it is; the detail does."""
    return choose(client, "hypervisor", name, known, reach, lambda row: hypervisor_owner(hypervisor_detail(client, row.id) or {}))


def require_hypervisor(
    client: Commvault, name: str, way_out: str = "Create it with calligo.baas.commvault_hypervisor, or correct the name."
) -> Found | None:
    """Like find_hypervisor(). Missing: NotFound; in check mode a warning and None."""
    return needed(client, "hypervisor", name, find_hypervisor(client, name), way_out)


def hypervisor_detail(client: Commvault, hypervisor_id: int) -> Row | None:
    """OpenAPI GetHypervisorDetails."""
    return client.get(f"/V4/Hypervisor/{hypervisor_id}", absent=(404,))


def hypervisor_owner(detail: Row) -> Owner:
    """Whose a hypervisor is; the list does not always tell."""
    return Owner(*company_of(part(detail, "hypervisorCommonProperties", "company")))


def access_nodes_of(detail: Row) -> list[Row]:
    """The hypervisor's own access nodes, and groups of them."""
    return listed(part(detail, "accessNodeList").get("accessNode"))


@dataclasses.dataclass(frozen=True)
class VCenter:
    """A vCenter that is restored to, with the id and name of its hypervisor. access_nodes: those that are one computer."""

    id: int
    name: str
    instance_id: int
    instance: str
    host: str
    user: str
    access_nodes: tuple[str, ...]
    owner: Owner


def vcenter(client: Commvault, name: str | None, default_id: int) -> VCenter | None:
    """The hypervisor of this name, or of this id where no name is given. Missing: NotFound; in check mode a warning and None.

    Refused where it belongs to another company than the one acted in; one of the provider serves every company.
    """
    if name is None:
        detail = hypervisor_detail(client, default_id)
        if detail is None:
            client.missing("hypervisor", str(default_id), "The VM's own hypervisor is gone: name another in destination.hypervisor.")
            return None
        return _vcenter(client, detail, str(detail.get("name")))
    found = require_hypervisor(client, name)
    return _vcenter(client, client.require(f"/V4/Hypervisor/{found.id}"), found.name) if found else None


def _vcenter(client: Commvault, detail: Row, name: str) -> VCenter:
    """The login name is in the older view of the instance only."""
    owner = hypervisor_owner(detail)
    require_reach(client, "hypervisor", name, owner)
    instance_id = number(detail, "instance", "id")
    older = client.rows(f"/Instance/{instance_id}", "instanceProperties") if instance_id else []
    users = [text(row, "virtualServerInstance", "vmwareVendor", "virtualCenter", "userName") for row in older]
    return VCenter(
        id=int(detail["id"]),
        name=name,
        instance_id=instance_id,
        instance=text(detail, "instance", "name") or "VMware",
        host=text(detail, "accountDetails", "hostName") or "",
        user=(users[-1] if users else None) or "",
        access_nodes=tuple(str(node["name"]) for node in access_nodes_of(detail) if (number(node, "type") or COMPUTER) == COMPUTER),
        owner=owner,
    )


def access_node(client: Commvault, hypervisor: VCenter, name: str | None, option: str = "destination.access_node") -> str:
    """The access node to restore through: the one named, which must be one, or the first of the hypervisor's own.

    option: where a task names it.
    """
    if name:
        found = server_lookup.access_nodes(client, [name])
        return found[0].name if found else name
    if not hypervisor.access_nodes:
        raise InputError(
            f'The hypervisor "{hypervisor.name}" has no access node of its own: name one in {option}.',
            object=hypervisor.name,
        )
    return hypervisor.access_nodes[0]


# VM groups


@dataclasses.dataclass(frozen=True)
class VmGroupSource:
    """A VM group as something that is backed up. group_id: its id as a subclient."""

    group_id: int
    name: str
    hypervisor: str

    @property
    def label(self) -> str:
        return f'the VM group "{self.name}" of {self.hypervisor}'

    def recovery_points(self, client: Commvault) -> t.Iterator[recovery_points.RecoveryPoint]:
        """The backups of the whole group that hold anything, newest first. Jobs of single VMs and of no VM are left out."""
        for point in recovery_points.of(client, {"subclientId": self.group_id}, lambda row: row.get("subclientId") == self.group_id):
            if not point.record["parent"] and point.record["objects"] != 0 and not chosen_vms(client, point.record["id"]):
                yield point


def vm_groups(client: Commvault, params: Row | None = None) -> list[Found]:
    """The VM groups that can be seen, in one request (OpenAPI GetVMGroups); a list that is empty is answered with 404."""
    # Live servers were seen to tell the identity below vmGroup only.
    identities = [(row, row.get("vmGroup") or row) for row in client.rows("/V4/VMGroups", "vmGroups", params)]
    return [
        Found(int(identity["id"]), str(identity.get("name") or row.get("name") or ""), *company_of(row.get("company")), row)
        for row, identity in identities
        if identity.get("id")
    ]


def find_vm_group(client: Commvault, name: str, hypervisor: str, known: list[Found] | None = None) -> VmGroupSource | None:
    """The VM group of this name below a hypervisor. known: what vm_groups() gave, where it has been read already.

    Missing: NotFound; in check mode a warning and None. Refused where it is another company's.
    """
    if client.company_missing:
        return None
    below = [
        group
        for group in (vm_groups(client) if known is None else known)
        if any(same_name(hypervisor, part(group.row, "hypervisor").get(key)) for key in ("name", "displayName"))
    ]
    found = choose_vm_group(client, name, below)
    if found is None:
        for namesake in [group for group in below if same_name(name, group.name)]:
            require_reach(client, "VM group", namesake.name, namesake.owner, shared=False)
        way_out = "Create it with calligo.baas.commvault_vm_group, or correct name and hypervisor."
        client.missing("VM group", f"{hypervisor}/{name}", way_out)
        return None
    return VmGroupSource(found.id, found.name, hypervisor)


def choose_vm_group(client: Commvault, name: str, known: t.Iterable[Found]) -> Found | None:
    """The one of this name among rows of vm_groups(); inside a company its own alone, since what is in a group is data."""
    return choose(client, "VM group", name, known, "own" if inside(client) else "visible")


def chosen_vms(client: Commvault, job_id: int) -> set[str]:
    """UUIDs of the VMs that a job was limited to when it was requested; empty for a job of the whole group (GET /Job/{id}/TaskDetails)."""
    reply = client.get(f"/Job/{job_id}/TaskDetails", absent=(404,)) or {}
    options = [part(task, "options", "backupOpts", "vsaBackupOptions") for task in listed(part(reply, "taskInfo").get("subTasks"))]
    return {str(vm["vmGuid"]) for option in options for vm in listed(option.get("selectiveVMInfo")) if vm.get("vmGuid")}


def vm_results(client: Commvault, job_id: int, times: bool = False) -> list[Row]:
    """What became of each VM of a job: the state of the VM's own child job, and why it failed. times: also when it was its turn.

    Where the VM has no child job (indexing version 1, or not begun yet) status and outcome are None, or failed if there is a reason.
    """
    rows = job_reasons.vm_results(client, job_id)
    day = 86400
    children = jobs.read_many(client, {row["job_id"] for row in rows if row["job_id"] and row["job_id"] != job_id}, day)
    for row in rows:
        child = children.get(row["job_id"])
        turn = {key: jobs.iso(row.pop(key)) for key in ("start_time", "end_time")}
        if times:
            row.update(turn)
        row["status"] = child["status"] if child else None
        # A VM can be backed up in part, and then has a reason too.
        row["outcome"] = child["outcome"] if child else "failed" if row["reason"] else None
    return rows


def whole_vms(job: Row, told: list[Row]) -> frozenset[str]:
    """UUIDs, in lower case, of the VMs that an ended job backed up without an error. told: what vm_results() said of the job.

    Where a VM has no job of its own the parent counts, and an error of the parent is not about it if it is explained by other VMs.
    """
    explained = job["outcome"] == "success" or (job["outcome"] == "partial" and any(vm["reason"] for vm in told))
    return frozenset(
        str(vm["uuid"]).casefold()
        for vm in told
        if vm.get("outcome") == "success" or (vm.get("outcome") is None and not vm["reason"] and explained)
    )


# VMs are looked up in Commvault alone, since one that is gone from vCenter must still be restorable.

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

    def recovery_points(self, client: Commvault) -> t.Iterator[recovery_points.RecoveryPoint]:
        """The backups of this VM, newest first: its own child jobs, or, where there are none, its group's jobs that say they hold it."""
        from_children = recovery_points.of(client, {"clientId": self.client_id}, lambda row: row.get("clientId") == self.client_id)
        first = next(from_children, None) if self.client_id else None
        if first:
            yield first
            yield from from_children
            return
        if not self.group_id:
            return
        for point in recovery_points.of(client, {"subclientId": self.group_id}, lambda row: row.get("subclientId") == self.group_id):
            told = job_reasons.vm_results(client, point.record["id"])
            if any(same_uuid(vm["uuid"], self.uuid) and not vm["reason"] for vm in told):
                yield dataclasses.replace(point, whole=self.uuid.casefold() in whole_vms(point.record, told))


def vm(client: Commvault, wanted: Row) -> VmSource | None:
    """The VM that the options VM_OPTIONS name. Missing: as in vm_by_uuid()."""
    return vm_by_uuid(client, wanted["uuid"]) if wanted["uuid"] else vm_by_name(client, wanted["name"], wanted["hypervisor"])


def vm_by_uuid(client: Commvault, uuid: str) -> VmSource | None:
    """The VM with this instance UUID. Missing: NotFound; in check mode a warning and None. Refused where it is another company's."""
    if client.company_missing:
        return None
    found = known_vm(client, uuid)
    if found is None:
        _missing(client, uuid)
    return found


def known_vm(client: Commvault, uuid: str) -> VmSource | None:
    """The VM with this instance UUID; None if Commvault has not seen it. Refused where it is another company's."""
    known = client.rows("/VM", "vmStatusInfoList", {"guid": uuid, "propertyLevel": "AllProperties", "status": 0})
    row = next((row for row in known if same_uuid(row.get("strGUID"), uuid)), None)
    return _vm(client, row) if row else None


def vm_by_name(client: Commvault, name: str, hypervisor: str) -> VmSource | None:
    """The VM of this name below a hypervisor. Names can repeat: then an error lists the UUIDs. Missing: as in vm_by_uuid()."""
    home = None if client.company_missing else require_hypervisor(client, hypervisor)
    if home is None:
        return None
    query = {"PseudoClientId": home.id, "propertyLevel": "AllProperties", "status": 0}
    # The same VM can have a row for each group that holds it.
    by_uuid = {
        str(row.get("strGUID")).casefold(): row
        for row in paging.by_header(client, "/VM", "vmStatusInfoList", "totalRecords", "strGUID", query)
        if same_name(name, row.get("name")) and part(row, "pseudoClient").get("clientId") in (None, home.id)
    }
    if len(by_uuid) > 1:
        known = ", ".join(sorted(str(row.get("strGUID")) for row in by_uuid.values()))
        raise InputError(
            f'The hypervisor "{home.name}" has {len(by_uuid)} VMs named "{name}": {known}. Say which one by its uuid.', object=name
        )
    row = next(iter(by_uuid.values()), None)
    if row is None:
        _missing(client, name)
    return _vm(client, row) if row else None


def _missing(client: Commvault, wanted: str) -> None:
    client.missing("VM", wanted, "Commvault knows a VM from its first backup on. Correct the name, or back it up first.")


def _vm(client: Commvault, row: Row) -> VmSource:
    uuid = str(row["strGUID"])
    # Only the V4 view of a VM names its company.
    owner = Owner(*company_of(vm_summary(client, uuid).get("company")))
    found = VmSource(
        uuid=uuid,
        name=text(row, "name") or "",
        client_id=number(row, "client", "clientId"),
        group_id=number(row, "subclientId"),
        hypervisor_id=number(row, "pseudoClient", "clientId"),
        hypervisor=text(row, "pseudoClient", "clientName") or "",
        owner=owner,
    )
    require_reach(client, "VM", found.name, found.owner, shared=False)
    return found


def vm_summary(client: Commvault, uuid: str) -> Row:
    """What the V4 view tells of a VM (OpenAPI getVirtualMachineDetails); empty where the server does not know it."""
    return part(client.get(f"/V4/VirtualMachines/{urllib.parse.quote(uuid, safe='')}", absent=(404,)), "vmDetails", "summary")
