# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The systems of a region's tenants that a restore test draws from, as the specifications have them and whatever was backed up so far.

What a specification excepts, with its reason, needs no backup and is not drawn.
"""

from __future__ import annotations

import typing as t

from .exceptions import of_group, reason_of_part
from .options import misspelt
from .protection import fields, required, uuid
from .tenants import given

Tenant = t.Mapping[str, t.Any]
System = dict[str, t.Any]


def specifications(variables: t.Mapping[str, Tenant], hosts: t.Iterable[str]) -> list[System]:
    """What the inventory says about tenants: host, name, alias, region, and their systems by kind; none of a kind is an empty dict.

    variables: of all hosts, by inventory name. A tenant whose service has ended has none.
    Raises ValueError for a variable that is misspelt, whose systems would be left out.
    """
    found = []
    for host in hosts:
        known = variables[host]
        unknown = misspelt(known)
        if unknown:
            raise ValueError(f"{host}: {' '.join(unknown)}")
        tenant = given(known, "baas_tenant")
        if tenant.get("state") == "ended":
            continue
        kinds = {key: given(known, f"baas_{key}") for key in ("vm_backup", "file_backup", "sql_backup")}
        found.append({"host": host, **{key: tenant[key] for key in ("name", "alias", "region")}, **kinds})
    return found


def reads(tenants: t.Iterable[Tenant]) -> list[System]:
    """What has to be read of the vCenter: for each tenant with VM groups its name, folder, and the facts that tell the members."""
    return [
        {
            "name": tenant["name"],
            "folder": tenant["vm_backup"]["vcenter_folder"],
            "fields": fields(tenant["vm_backup"]["groups"]),
        }
        for tenant in tenants
        if _has_vms(tenant)
    ]


def with_vms(tenants: t.Iterable[Tenant], results: t.Iterable[t.Mapping[str, t.Any]]) -> list[System]:
    """The tenants with VM groups, each with vms, its VMs.

    results: of a loop of M(calligo.baas.vcenter_vm_facts) over reads(), in its order.
    Raises ValueError if there are not as many results as such tenants.
    """
    return [
        {**tenant, "vms": (result.get("ansible_facts") or {}).get("vcenter_vms") or []}
        for tenant, result in zip(filter(_has_vms, tenants), results, strict=True)
    ]


def vm_systems(tenants: t.Iterable[Tenant]) -> list[System]:
    """The VMs of all VM groups, by identifier; one in two groups counts once.

    tenants: each with host (inventory name), name and alias, vm_backup (vcenter_folder, groups) and vms (facts).
    The identifier is vm/<alias>/<instance UUID>, which stays when a VM is renamed. Raises ValueError for a VM without one.
    """
    found: dict[str, System] = {}
    for tenant in tenants:
        specification = tenant.get("vm_backup") or {}
        for group in specification.get("groups") or []:
            for vm in required(tenant.get("vms") or [], group, specification["vcenter_folder"]):
                identifier = f"vm/{tenant['alias']}/{uuid(vm)}"
                found[identifier] = {
                    **_owner(tenant),
                    "id": identifier,
                    "kind": "vm",
                    "name": vm["name"],
                    "uuid": uuid(vm),
                    "vm_group": group["name"],
                }
    return [found[identifier] for identifier in sorted(found)]


def file_systems(tenants: t.Iterable[Tenant]) -> list[System]:
    """The subclients of all file servers, by identifier files/<alias>/<client>/<subclient>.

    tenants: each with host, name and alias, and file_backup (servers).
    """
    found: dict[str, System] = {}
    for tenant in tenants:
        for server in (tenant.get("file_backup") or {}).get("servers") or []:
            for subclient in server["subclients"]:
                if reason_of_part(subclient):
                    continue
                identifier = f"files/{tenant['alias']}/{server['client']}/{subclient['name']}"
                found[identifier] = {
                    **_owner(tenant),
                    "id": identifier,
                    "kind": "file",
                    "client": server["client"],
                    "subclient": subclient["name"],
                }
    return [found[identifier] for identifier in sorted(found)]


def sql_systems(tenants: t.Iterable[Tenant]) -> list[System]:
    """The instances of all SQL Servers, by identifier sql/<alias>/<client>/<instance>. Which databases are on one only the platform knows.

    tenants: each with host, name and alias, and sql_backup (servers).
    """
    found: dict[str, System] = {}
    for tenant in tenants:
        for server in (tenant.get("sql_backup") or {}).get("servers") or []:
            for instance in server["instances"]:
                if reason_of_part(instance):
                    continue
                identifier = f"sql/{tenant['alias']}/{server['client']}/{instance['name']}"
                found[identifier] = {
                    **_owner(tenant),
                    "id": identifier,
                    "kind": "database",
                    "client": server["client"],
                    "instance": instance["name"],
                }
    return [found[identifier] for identifier in sorted(found)]


def exceptions(tenants: t.Iterable[Tenant]) -> list[System]:
    """What the specifications except: tenant, kind, name and reason."""
    return [{"tenant": str(tenant["name"]), **row} for tenant in tenants for row in excepted(tenant)]


def excepted(specification: Tenant) -> list[System]:
    """What a specification (with vm_backup, file_backup, sql_backup) excepts: kind, name and reason."""
    found = [
        ("vm", exception["vm"], exception["reason"])
        for group in (specification.get("vm_backup") or {}).get("groups") or []
        for exception in of_group(group)
    ]
    found += [("file", f"{server['client']}, {one['name']}", reason_of_part(one)) for server, one in _parts(specification, "file")]
    for server, instance in _parts(specification, "sql"):
        shares = [{**instance, "name": "default"}, *(instance.get("subclients") or [])]
        names = [f"{server['client']}, {instance['name']}, {one['name']}" for one in shares]
        found += [("database", name, reason_of_part(one)) for name, one in zip(names, shares, strict=True)]
    return [{"kind": kind, "name": name, "reason": reason} for kind, name, reason in found if reason]


def _parts(specification: Tenant, kind: str) -> list[tuple[Tenant, Tenant]]:
    """The servers of a kind, each with each of its subclients or instances."""
    servers = (specification.get(f"{kind}_backup") or {}).get("servers") or []
    return [(server, one) for server in servers for one in server["instances" if kind == "sql" else "subclients"]]


def _has_vms(tenant: Tenant) -> bool:
    return bool((tenant.get("vm_backup") or {}).get("groups"))


def _owner(tenant: Tenant) -> System:
    return {"host": tenant["host"], "tenant": tenant["name"]}
