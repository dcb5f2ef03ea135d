# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import typing as t
import urllib.parse

from .._core.errors import InputError, Refused
from . import file_subclients, job_reasons, lookups, paging, points

if t.TYPE_CHECKING:
    from .client import Commvault

# What is backed up, and so can be backed up again, browsed and restored from: files by subclient, VMs by UUID.
# A VM is looked up in Commvault alone, since one that is gone from vCenter must still be restorable.

Row = dict[str, t.Any]

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
class Owner:
    """Whose a thing is. company_id: 0 the provider, None where the server does not tell."""

    company_id: int | None = None
    company: str | None = None


@dataclasses.dataclass(frozen=True)
class FileSource:
    """A file system subclient, or a whole backup set where subclient_id is 0. entity: the API's ids and names."""

    entity: Row
    owner: Owner

    @property
    def label(self) -> str:
        return "/".join(str(self.entity[key]) for key in ("clientName", "backupsetName", "subclientName") if self.entity.get(key))

    def points(self, client: Commvault) -> t.Iterator[points.Point]:
        """The backups of this subclient, newest first; of any subclient of the backup set where none is named."""
        wanted = self.entity["subclientId"]
        entity = {"subclientId": wanted} if wanted else {"clientId": self.entity["clientId"]}
        return points.of(client, entity, lambda row: wanted == row.get("subclientId") or (not wanted and self._is_in_set(row)))

    def _is_in_set(self, row: Row) -> bool:
        return all(row.get(key) == self.entity[key] for key in ("backupsetId", "applicationId"))


@dataclasses.dataclass(frozen=True)
class VmSource:
    """A virtual machine as Commvault knows it. client_id: of the VM's own client, 0 where it has none (indexing version 1)."""

    uuid: str
    name: str
    client_id: int
    group_id: int
    hypervisor_id: int
    hypervisor: str
    owner: Owner = Owner()

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


def files(client: Commvault, name: str, backupset: str, subclient: str | None, owner: bool = False) -> FileSource | None:
    """The subclient of these names, or the backup set. owner: the company must be known (inside a company it always is).

    Missing: NotFound; in check mode a warning and None. Refused where it is another company's.
    """
    if client.company_missing:
        return None
    server = None
    if owner or client.company is not None or client.company_id is not None:
        server = lookups.find_server(client, name)
        if server is None:
            client.missing("client", name, "Install Commvault's software on it, or correct the name.")
            return None
        require_reach(client, "client", server.name, Owner(server.company_id, server.company))
    entity = _ids(client, name, backupset, subclient)
    if entity is None:
        kind, label = ("subclient", f"{name}/{backupset}/{subclient}") if subclient else ("backup set", f"{name}/{backupset}")
        client.missing(kind, label, "Correct client, backupset and subclient, or create it with calligo.baas.commvault_subclient.")
        return None
    return FileSource(entity, Owner(server.company_id, server.company) if server else Owner())


def many_files(client: Commvault, wanted: t.Sequence[tuple[str, str, str]]) -> list[FileSource | None]:
    """Like files() for many subclients, each given by client, backup set and name: a request or two for each client, side by side."""
    if len(wanted) == 1 or client.company_missing:
        return [files(client, *names) for names in wanted]
    clients = [name for name, _backupset, _subclient in wanted]
    lists = client.pool.read(lambda name: file_subclients.of_client(client, name), clients)
    inside = client.company is not None or client.company_id is not None
    # Not every server says in a list whose it is. The client itself says so, and whether there is one at all.
    unsure = [name for name in dict.fromkeys(clients) if inside and not (lists[name] and _owner(lists[name][0]).company_id is not None)]
    servers = client.pool.read(lambda name: lookups.find_server(client, name), unsure)
    unknown = {name for name in unsure if servers[name] is None}
    for name in unknown:
        client.missing("client", name, "Install Commvault's software on it, or correct the name.")
    found = {name: servers[name] if name in servers else None for name in clients}  # noqa: SIM401 - answers are no mapping
    return [None if names[0] in unknown else _listed_files(client, names, lists[names[0]], found[names[0]]) for names in wanted]


def _listed_files(client: Commvault, names: tuple[str, str, str], rows: list[Row], server: lookups.Found | None) -> FileSource | None:
    """One of many_files(), from the list of its client."""
    name, backupset, subclient = names
    owner = Owner(server.company_id, server.company) if server else _owner(rows[0]) if rows else Owner()
    require_reach(client, "client", name, owner)
    row = file_subclients.named(file_subclients.within(rows, backupset), subclient)
    if row is None:
        way_out = "Correct client, backupset and subclient, or create it with calligo.baas.commvault_subclient."
        client.missing("subclient", f"{name}/{backupset}/{subclient}", way_out)
        return None
    entity = row["subClientEntity"]
    spelled = {
        "appName": file_subclients.APPLICATIONS[file_subclients.application(row)],
        "instanceName": entity.get("instanceName") or "DefaultInstanceName",
    }
    kept = ("clientId", "clientName", "applicationId", "instanceId", "backupsetId", "backupsetName", "subclientId", "subclientName")
    return FileSource({**{key: entity.get(key) for key in kept}, **spelled}, owner)


def _owner(row: Row) -> Owner:
    info = row["subClientEntity"].get("entityInfo") or {}
    return Owner(int(info["companyId"]) if "companyId" in info else None, info.get("companyName"))


def _ids(client: Commvault, name: str, backupset: str, subclient: str | None) -> Row | None:
    """All ids of the chain in one request (GET /GetId), which answers an unknown name with a negative id or none at all."""
    for application_id, agent in file_subclients.APPLICATIONS.items():
        query = {"clientname": name, "agent": agent, "instanceName": "DefaultInstanceName", "backupset": backupset}
        reply = client.get("/GetId", {**query, **({"subclient": subclient} if subclient else {})}, absent=(404,)) or {}
        levels = ["clientId", "backupsetId", *(["subclientId"] if subclient else [])]
        if all(int(reply.get(level) or 0) > 0 for level in levels):
            return {
                "clientId": int(reply["clientId"]),
                "clientName": reply.get("clientName") or name,
                "applicationId": application_id,
                "appName": agent,
                "instanceId": int(reply.get("instanceId") or 1),
                "instanceName": reply.get("instanceName") or "DefaultInstanceName",
                "backupsetId": int(reply["backupsetId"]),
                "backupsetName": reply.get("backupsetName") or backupset,
                "subclientId": int(reply["subclientId"]) if subclient else 0,
                **({"subclientName": reply.get("subclientName") or subclient} if subclient else {}),
            }
    return None


def vm(client: Commvault, wanted: Row) -> VmSource | None:
    """The VM that the options VM_OPTIONS name. Missing: as in vm_by_uuid()."""
    return vm_by_uuid(client, wanted["uuid"]) if wanted["uuid"] else vm_by_name(client, wanted["name"], wanted["hypervisor"])


def vm_by_uuid(client: Commvault, uuid: str) -> VmSource | None:
    """The VM with this instance UUID. Missing: NotFound; in check mode a warning and None. Refused where it is another company's."""
    if client.company_missing:
        return None
    reply = client.get("/VM", {"guid": uuid, "propertyLevel": "AllProperties", "status": 0}, absent=(404,)) or {}
    rows = [row for row in paging.listed(reply.get("vmStatusInfoList")) if same_uuid(row.get("strGUID"), uuid)]
    return _vm(client, rows[0] if rows else None, uuid)


def vm_by_name(client: Commvault, name: str, hypervisor: str) -> VmSource | None:
    """The VM of this name below a hypervisor. Names can repeat: then an error lists the UUIDs. Missing: as in vm_by_uuid()."""
    home = None if client.company_missing else lookups.hypervisor(client, hypervisor)
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


def require_reach(client: Commvault, kind: str, name: str, owner: Owner) -> None:
    """Refuse what belongs to a company other than the one acted in. What the provider owns may be used by each."""
    if (client.company is None and client.company_id is None) or owner.company_id in (None, 0, client.company_id):
        return
    raise Refused(
        f'The {kind} "{name}" belongs to the company "{owner.company or owner.company_id}", not to the one acted in. Nothing was done.',
        object=name,
    )


def require_same_tenant(source: Owner, destination: Owner, what: str, where: str) -> None:
    """Refuse to move one company's data to another, whoever asks: the provider can do so only by its own hardware."""
    if source.company_id and destination.company_id and source.company_id != destination.company_id:
        raise Refused(
            f'{what} belongs to the company "{source.company or source.company_id}", '
            f'{where} to "{destination.company or destination.company_id}". '
            "One company's data is not restored to another's. Restore to a client or hypervisor of the same company, or of the provider.",
            object=where,
        )


def same_uuid(one: t.Any, other: t.Any) -> bool:
    return str(one or "").casefold() == str(other or "-").casefold()
