# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The systems that a report is about: what specifications name, with the plan's promises, and what becomes of them in a vCenter."""

from __future__ import annotations

import dataclasses
import typing as t

from . import protection
from .exceptions import last_day
from .population import specifications

Row = dict[str, t.Any]
Given = t.Mapping[str, t.Any]

MINUTE, DAY = 60, 86400
SLA_DAYS = 30
"""The days of Commvault's SLA where a plan does not say otherwise (CommCell default)."""
UNITS = {"minutes": MINUTE, "daily": DAY, "weekly": 7 * DAY, "monthly": 31 * DAY, "yearly": 366 * DAY}
TENANT: t.Mapping[str, t.Any] = {
    **{name: {"type": "str", "required": True} for name in ("host", "name", "alias", "region")},
    **{name: {"type": "list", "elements": "dict", "required": True} for name in ("plans", "parts")},
    "vms": {"type": "dict"},
}
"""The options of a module for a tenant that scope() gives."""


@dataclasses.dataclass(frozen=True)
class System:
    """One thing that must have backups.

    id: vm/<alias>/<instance UUID>, files/<alias>/<client>/<subclient> or sql/<alias>/<client>/<instance>/<subclient>. tenant: inventory
    host. client: the machine, by which SLA counts. group: the VM group, instance or backup set's place. rpo_seconds: None where no
    schedule tells. exception: why the specification wants no backup; empty for none. exception_until: the last day on which that counts,
    empty where it does not say. enabled: False where it switches backups off.
    """

    id: str
    tenant: str
    kind: str
    name: str
    client: str
    group: str = ""
    uuid: str = ""
    plan: str = ""
    rpo_seconds: int | None = None
    sla_days: int = SLA_DAYS
    exception: str = ""
    exception_until: str = ""
    enabled: bool = True
    in_vcenter: bool | None = None


def scope(variables: t.Mapping[str, Given], hosts: t.Iterable[str]) -> list[Row]:
    """What specifications name, tenant by tenant, without a secret: host, name, alias, region, plans, vms and parts.

    variables: of all hosts, by inventory name. vms: folder and groups as the specification has them, and the fields of
    M(calligo.baas.vcenter_vm_facts) that tell their members; None for no VMs. parts: subclients of
    file servers and SQL Servers. Raises ValueError for a variable that is misspelt, whose systems would be left out.
    """
    names = list(hosts)
    found = []
    for tenant in specifications(variables, names):
        vms = tenant["vm_backup"]
        found.append(
            {
                **{key: tenant[key] for key in ("host", "name", "alias", "region")},
                "plans": [_plan(plan) for plan in variables[tenant["host"]].get("baas_plans") or []],
                "vms": _vms(vms) if vms.get("groups") else None,
                "parts": [*_file_parts(tenant["file_backup"]), *_sql_parts(tenant["sql_backup"])],
            }
        )
    return found


def _vms(specification: Given) -> Row:
    groups = [_group(group) for group in specification["groups"]]
    return {"folder": specification["vcenter_folder"], "groups": groups, "fields": protection.fields(groups)}


def _group(group: Given) -> Row:
    exceptions = [{**one, "valid_until": last_day(one.get("valid_until"), str(one["vm"]))} for one in group.get("backup_exceptions") or []]
    return {**group, "backup_exceptions": exceptions}


def _plan(plan: Given) -> Row:
    return {
        "name": str(plan["name"]),
        "sla_days": int(plan.get("sla_days") or SLA_DAYS),
        "rpo_seconds": _rpo(plan.get("schedules") or []),
    }


def _rpo(schedules: t.Iterable[Given]) -> int | None:
    """The shortest time between two backups that the schedules start, in seconds; None where they don't tell."""
    spans = [_span(schedule.get("frequency") or {}) for schedule in schedules]
    return min((span for span in spans if span), default=None)


def _span(frequency: Given) -> int:
    unit = UNITS.get(str(frequency.get("type")), 0)
    days = len(set(frequency.get("days") or [])) if frequency.get("type") == "weekly" else 0
    # On some days of the week: the longest wait between two of them is what can be promised.
    return _longest_wait(frequency) if days > 1 else unit * int(frequency.get("every") or 1)


WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _longest_wait(frequency: Given) -> int:
    days = sorted({WEEK.index(str(day).casefold()) for day in frequency["days"]})
    waits = [later - earlier for earlier, later in zip(days, [*days[1:], days[0] + 7], strict=True)]
    return (max(waits) + 7 * (int(frequency.get("every") or 1) - 1)) * DAY


def _file_parts(specification: Given) -> list[Row]:
    return [
        {
            "kind": "file",
            "client": str(server["client"]),
            "instance": "",
            **_part(subclient),
        }
        for server in specification.get("servers") or []
        for subclient in server["subclients"]
    ]


def _sql_parts(specification: Given) -> list[Row]:
    return [
        {"kind": "database", "client": str(server["client"]), "instance": str(instance["name"]), **_part({**instance, **share})}
        for server in specification.get("servers") or []
        for instance in server["instances"]
        for share in (*(instance.get("subclients") or []), {"name": "default"})
    ]


def _part(given: Given) -> Row:
    return {
        "name": str(given["name"]),
        "plan": str(given["plan"]),
        "exception": str(given.get("backup_exception") or ""),
        "exception_until": last_day(given.get("backup_exception_until"), str(given["name"])),
        "enabled": given.get("backup_enabled") is not False,
    }


@dataclasses.dataclass
class Seen:
    """What a vCenter has of what specifications name.

    systems: of all tenants, by identifier. unnamed: VMs that no specification names: tenant (None for one in no tenant's folder), name,
    folder, uuid. absent: what specifications name and the vCenter does not have. problems: what could not be told, in sentences.
    """

    systems: dict[str, System] = dataclasses.field(default_factory=dict)
    unnamed: list[Row] = dataclasses.field(default_factory=list)
    absent: list[Row] = dataclasses.field(default_factory=list)
    problems: list[str] = dataclasses.field(default_factory=list)


def compare(tenants: t.Sequence[Given], vms: t.Sequence[Given] | None, outside: t.Sequence[str] = ()) -> Seen:
    """The systems of tenants, and how the vCenter differs from the specifications.

    tenants: of scope(). vms: all VMs of the data center, with what protection.fields() names; None where the vCenter could not be read, so
    that no VM is among the systems. outside: folders of the provider, whose VMs nobody needs to name.
    """
    seen = Seen()
    named: set[str] = set()
    for tenant in tenants:
        for part in tenant["parts"]:
            system = _of_part(tenant, part)
            seen.systems[system.id] = system
        if vms is not None and tenant["vms"]:
            named |= _add_vms(seen, tenant, vms)
    if vms is not None:
        folders = [(tenant["vms"]["folder"], str(tenant["host"])) for tenant in tenants if tenant["vms"]]
        _add_unnamed(seen, vms, named, folders, outside)
    return seen


def _promises(tenant: Given, plan: str) -> Row:
    found: Given = next((row for row in tenant["plans"] if row["name"] == plan), {})
    return {
        "plan": plan,
        "rpo_seconds": found.get("rpo_seconds"),
        "sla_days": found.get("sla_days") or SLA_DAYS,
    }


def _of_part(tenant: Given, part: Given) -> System:
    place = [part["client"], part["instance"], part["name"]] if part["kind"] == "database" else [part["client"], part["name"]]
    return System(
        id="/".join(["sql" if part["kind"] == "database" else "files", tenant["alias"], *place]),
        tenant=str(tenant["host"]),
        kind=part["kind"],
        name=", ".join(place),
        client=part["client"],
        group=part["instance"],
        exception=part["exception"],
        exception_until=part.get("exception_until") or "",
        enabled=part["enabled"],
        **_promises(tenant, part["plan"]),
    )


def _add_vms(seen: Seen, tenant: Given, vms: t.Sequence[Given]) -> set[str]:
    """Add a tenant's VMs; the identifiers of all that its groups name, excluded ones included."""
    root, named = tenant["vms"]["folder"], set()
    for group in tenant["vms"]["groups"]:
        try:
            members = protection.members(vms, group, root)
            everything = protection.members(vms, {**group, "exclude": {}}, root)
        except ValueError as error:
            seen.problems.append(f"{tenant['host']}: which VMs are in the group {group['name']} cannot be told: {error}")
            continue
        named |= {_key(vm) for vm in everything}
        exceptions = {str(one["vm"]).casefold(): one for one in group.get("backup_exceptions") or []}
        for vm in members:
            _add_vm(seen, tenant, group, vm, exceptions)
        _add_absent(seen, tenant, group, everything)
    return named


def _add_vm(seen: Seen, tenant: Given, group: Given, vm: Given, exceptions: t.Mapping[str, Given]) -> None:
    if not vm.get("instance_uuid"):
        seen.problems.append(f"{tenant['host']}: vCenter does not tell the instance UUID of the VM {vm.get('name')!r}.")
        return
    system = of_vm(tenant, group, str(vm["instance_uuid"]), str(vm["name"]), exceptions.get(str(vm["name"]).casefold()))
    seen.systems.setdefault(system.id, system)


def of_vm(tenant: Given, group: Given, uuid: str, name: str, exception: Given | None = None, in_vcenter: bool | None = True) -> System:
    """A VM of a tenant's group. exception: of the group's backup_exceptions."""
    excepted = exception or {}
    return System(
        id=f"vm/{tenant['alias']}/{uuid}",
        tenant=str(tenant["host"]),
        kind="vm",
        name=name,
        client=name,
        group=str(group["name"]),
        uuid=uuid,
        exception=str(excepted.get("reason") or ""),
        exception_until=str(excepted.get("valid_until") or ""),
        enabled=group.get("backup_enabled") is not False,
        in_vcenter=in_vcenter,
        **_promises(tenant, str(group["plan"])),
    )


def _add_absent(seen: Seen, tenant: Given, group: Given, found: t.Iterable[Given]) -> None:
    there = {str(vm["name"]).casefold() for vm in found}
    wanted = [*(str(name) for name in group.get("vms") or []), *(str(one["vm"]) for one in group.get("backup_exceptions") or [])]
    for name in dict.fromkeys(wanted):
        if name.casefold() not in there:
            seen.absent.append({"tenant": str(tenant["host"]), "name": name, "vm_group": str(group["name"])})


def _add_unnamed(
    seen: Seen, vms: t.Iterable[Given], named: set[str], folders: t.Sequence[tuple[str, str]], outside: t.Sequence[str]
) -> None:
    for vm in vms:
        if _key(vm) in named or vm.get("kind") in ("agent", "secondary", "template"):
            continue
        place = str(vm.get("folder") or "")
        if any(_below(place, folder) for folder in outside):
            continue
        owner = next((host for folder, host in folders if _below(place, folder)), None)
        seen.unnamed.append({"tenant": owner, "name": str(vm.get("name")), "folder": place, "uuid": vm.get("instance_uuid")})


def _key(vm: Given) -> str:
    return str(vm.get("instance_uuid") or vm.get("moid") or vm.get("name")).casefold()


def _below(place: str, folder: str) -> bool:
    return f"{place.strip('/')}/".startswith(f"{folder.strip('/')}/")


def add_known(
    seen: Seen, tenants: t.Iterable[Given], companies: t.Mapping[str, int | None], known: t.Iterable[Given], vms: t.Sequence[Given] | None
) -> None:
    """Add what the backup platform knows of VMs: those that are gone from the vCenter, or where that was not read, those of the groups.

    companies: ids by tenant. known: VMs with uuid, name, company_id and group. vms: see compare().
    """
    owners = {companies[tenant["host"]]: tenant for tenant in tenants if companies.get(tenant["host"])}
    there = {str(vm.get("instance_uuid")).casefold() for vm in vms or ()}
    for vm in known:
        tenant = owners.get(vm["company_id"])
        if tenant is None or not tenant["vms"] or vm["uuid"].casefold() in there:
            continue
        named = [group for group in tenant["vms"]["groups"] if str(group["name"]).casefold() == vm["group"].casefold()]
        if vms is None and not named:
            continue
        group = named[0] if named else {"name": vm["group"], "plan": ""}
        system = of_vm(tenant, group, vm["uuid"], vm["name"], in_vcenter=None if vms is None else False)
        seen.systems.setdefault(system.id, system)
