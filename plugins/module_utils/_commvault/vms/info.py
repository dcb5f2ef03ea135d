# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import ipaddress
import typing as t
import urllib.parse

from ..._core.argspec import ArgumentSpec
from ..backups import jobs
from ..wire import paging
from ..wire.lookup import company_of, is_own, named, own, same_uuid
from ..wire.replies import counted, flag, listed, number, part, text, word
from . import content as vm_content
from . import lookup as vm_lookup

if t.TYPE_CHECKING:
    from ..wire.client import Commvault
    from ..wire.lookup import Found

Row = dict[str, t.Any]
PROTECTION = ("protected", "not_protected", "pending", "backed_up_with_error", "discovered")
SLA = ("met_sla", "missed_sla", "excluded_sla", "yet_to_be_protected", "might_miss_sla", "unknown")
PAGE = 1000
HTTPS = 443  # the port of a vCenter that is given without one
UUID = 36
"""Characters of a UUID, which means the same VM in every vCenter."""

VM_OPTIONS = ArgumentSpec(
    {
        "uuids": {"type": "list", "elements": "str"},
        "names": {"type": "list", "elements": "str"},
        "hypervisor": {"type": "str"},
        "vm_group": {"type": "str"},
        "protection": {"type": "list", "elements": "str", "choices": list(PROTECTION)},
        "sla": {"type": "list", "elements": "str", "choices": list(SLA)},
        "recovery_points": {"type": "bool", "default": False},
        "limit": {"type": "int"},
    },
    {"required_by": {"vm_group": ["hypervisor"]}},
)
VM_GROUP_OPTIONS = ArgumentSpec(
    {
        "hypervisor": {"type": "str"},
        "names": {"type": "list", "elements": "str"},
        "covering": {"type": "list", "elements": "str"},
        "vcenter": {"type": "str"},
    },
    {"required_by": {"vcenter": ["covering"]}},
)
HYPERVISOR_OPTIONS = ArgumentSpec({"names": {"type": "list", "elements": "str"}, "retired": {"type": "bool", "default": False}})
COUNTS = {
    "total": "vmTotalCount",
    "protected": "vmProtectedCount",
    "not_protected": "vmNotProtectedCount",
    "pending": "vmPendingCount",
    "never_backed_up": "vmNeverBackedUpCount",
    "backed_up_with_error": "vmBackedUpWithErrorCount",
}
"""How many VMs a hypervisor has, in all and by state, in the words of the modules and of vmBackupInfo."""


def vms(client: Commvault, params: Row) -> Row:
    """The VMs that Commvault knows, with how they are protected. Counts are of all that meet the filters, whatever the limit."""
    found = [] if client.company_missing else [_vm(row) for row in rows(client)]
    met = [row for row in found if _meets(row, params) and is_own(client, "VM", row["name"], row["company_id"])]
    met.sort(key=lambda row: (str(row["name"]).casefold(), row["uuid"]))
    shown = met if params["limit"] is None else met[: params["limit"]]
    if params["recovery_points"]:
        points = client.pool.read(lambda uuid: _recovery_points(client, uuid), [row["uuid"] for row in shown])
        for row in shown:
            row["recovery_points"] = points[row["uuid"]]
    here = {row["uuid"].casefold() for row in met}
    return {
        "changed": False,
        "vms": shown,
        "counts": {"total": len(met), "by_protection": counted(met, "protection"), "by_sla": counted(met, "sla")},
        "missing": [uuid for uuid in params["uuids"] or () if uuid.casefold() not in here],
    }


def rows(client: Commvault) -> t.Iterator[Row]:
    """All VMs (OpenAPI GetVirtualMachines), asked for in pages."""
    return paging.by_header(client, "/V4/VirtualMachines", "virtualMachines", "virtualMachinesCount", "UUID", page=PAGE)


def _vm(row: Row) -> Row:
    record = _common(row)
    return {
        **record,
        "name": row.get("name"),
        "uuid": text(row, "UUID") or "",
        "hypervisor": text(row, "hypervisor", "name"),
        "vm_group": text(row, "vmGroup", "name"),
        "host": text(row, "host"),
        "os": text(row, "os"),
        "sla": word(part(row, "SLA").get("status")),
        "sla_reason": word(part(row, "SLA").get("reason")),
        "last_backup": {**record["last_backup"], "last_success": jobs.iso(number(row, "lastBackup", "lastSuccessfulBackupTime"))},
        "size_bytes": row.get("vmSize"),
        "application_bytes": row.get("applicationSize"),
    }


def _common(row: Row) -> Row:
    """What the lists of VMs and of VM groups tell alike."""
    company_id, company = company_of(row.get("company"))
    return {
        "plan": text(row, "plan", "name"),
        "company": company if company_id else None,
        "company_id": company_id,
        "protection": word(row.get("status")),
        "last_backup": {
            "job": number(row, "lastBackup", "jobId") or None,
            "status": word(part(row, "lastBackup").get("status")),
            "time": jobs.iso(number(row, "lastBackup", "time")),
            "reason": text(row, "lastBackup", "failureReason") or "",
        },
        "tags": {str(tag.get("name")): tag.get("value") for tag in listed(row.get("tags"))},
    }


def _meets(row: Row, params: Row) -> bool:
    def among(key: str, value: t.Any) -> bool:
        return params[key] is None or str(value).casefold() in {str(one).casefold() for one in params[key]}

    def same(key: str) -> bool:
        return params[key] is None or str(row[key]).casefold() == params[key].casefold()

    return (
        (params["uuids"] is None or any(same_uuid(row["uuid"], uuid) for uuid in params["uuids"]))
        and among("names", row["name"])
        and same("hypervisor")
        and same("vm_group")
        and among("protection", row["protection"])
        and among("sla", row["sla"])
    )


def _recovery_points(client: Commvault, uuid: str) -> Row:
    """The oldest and the newest backup that can be restored from."""
    summary = vm_lookup.vm_summary(client, uuid)
    return {"oldest": jobs.iso(summary.get("oldestRecoveryPoint")), "latest": jobs.iso(summary.get("latestRecoveryPoint"))}


def vm_groups(client: Commvault, params: Row) -> Row:
    """VM groups in one request, and one more for each whose content is asked for. One that does not exist is a result and not an error."""
    names, there = params["names"], _own_groups(client, params["hypervisor"])
    wanted = None if names is None else {name.casefold() for name in names}
    shown = [row for row in there if wanted is None or row["name"].casefold() in wanted]
    known = {row["name"].casefold() for row in shown}
    missing = [name for name in names or () if name.casefold() not in known]
    if params["covering"] is not None:
        shown = _covering(client, shown, {one.casefold() for one in params["covering"]}, params["vcenter"])
    shown.sort(key=lambda row: (str(row["hypervisor"]).casefold(), row["name"].casefold()))
    return {"changed": False, "vm_groups": shown, "missing": missing}


def _own_groups(client: Commvault, hypervisor: str | None) -> list[Row]:
    """Those that count inside the company acted in, of one hypervisor or of all."""
    found = [] if client.company_missing else [_vm_group(group) for group in vm_lookup.vm_groups(client)]
    near = [row for row in found if hypervisor in (None, row["hypervisor"], row["hypervisor_display_name"])]
    return [row for row in near if is_own(client, "VM group", row["name"], row["company_id"])]


def _covering(client: Commvault, rows: list[Row], ids: set[str], vcenter: str | None) -> list[Row]:
    """Those whose content names one of these ids.

    vcenter: its address; then those that only name objects of a vCenter that is known to be another one are left out. The id of a folder
    means something in one vCenter alone, the UUID of a VM in all.
    """
    contents = client.pool.read(lambda group: _content(client, group), [row["id"] for row in rows])
    met = {row["id"]: ids & contents[row["id"]] for row in rows}
    found = [row for row in rows if met[row["id"]]]
    if vcenter is None:
        return found
    hosts = _hosts(client, {row["hypervisor"] for row in found})
    return [row for row in found if may_be_one(hosts.get(row["hypervisor"]), vcenter) or any(len(one) == UUID for one in met[row["id"]])]


def _hosts(client: Commvault, names: set[str]) -> dict[str, str | None]:
    """The addresses of hypervisors; None where it is not told, or where two have one name."""
    known = [one for one in vm_lookup.hypervisors(client) if one.name in names]
    details = client.pool.read(lambda one: vm_lookup.hypervisor_detail(client, one), [one.id for one in known])
    hosts = {name: [text(details[one.id], "accountDetails", "hostName") for one in known if one.name == name] for name in names}
    return {name: told[0] if len(told) == 1 else None for name, told in hosts.items()}


def may_be_one(address: str | None, other: str) -> bool:
    """Whether two addresses, HOST or HOST:PORT, may be those of one server. A name may be short for a full one, and a number be that of any
    name; an address that is not known may be any.
    """
    try:
        one, two = urllib.parse.urlsplit(f"//{address or ''}"), urllib.parse.urlsplit(f"//{other}")
        if address and (one.port or HTTPS) != (two.port or HTTPS):
            return False
    except ValueError:  # an IPv6 address without brackets, or no address at all
        return True
    if not one.hostname or not two.hostname or one.hostname == two.hostname:
        return True
    numbers = [_is_number(one.hostname), _is_number(two.hostname)]
    if any(numbers):
        return not all(numbers)
    return f"{one.hostname}.".startswith(f"{two.hostname}.") or f"{two.hostname}.".startswith(f"{one.hostname}.")


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _content(client: Commvault, group_id: int) -> set[str]:
    """The ids of what a group names: VMs by instance UUID, folders and what is above them by managed object id; in lower case."""
    detail = client.get(f"/V4/VmGroup/{group_id}", absent=(404,)) or {}
    content = vm_content.from_api(detail.get("content"))
    named = [item.get("uuid") or item.get("id") for kind in vm_content.OBJECTS for item in content[kind]]
    return {str(one).casefold() for one in named if one}


def _vm_group(group: Found) -> Row:
    row = group.row
    return {
        **_common(row),
        "id": group.id,
        "name": group.name,
        "hypervisor": text(row, "hypervisor", "name"),
        "hypervisor_display_name": text(row, "hypervisor", "displayName") or text(row, "hypervisor", "name"),
        "default": bool(row.get("isDefaultVMGroup")),
    }


def hypervisors(client: Commvault, params: Row) -> Row:
    """Hypervisors in one request, and one more for each that tells the rest."""
    known = [row for row in vm_lookup.hypervisors(client) if params["retired"] or not vm_lookup.retired(row)]
    found, missing = named(client, "hypervisor", own(client, "hypervisor", vm_lookup.told(client, known), shared=True), params["names"])
    details = client.pool.read(lambda hypervisor_id: vm_lookup.hypervisor_detail(client, hypervisor_id) or {}, [row.id for row in found])
    return {"changed": False, "hypervisors": [_hypervisor(row, details[row.id]) for row in found], "missing": missing}


def _hypervisor(found: Found, detail: Row) -> Row:
    owner, control = vm_lookup.hypervisor_owner(detail), detail.get("activityControl")
    return {
        "id": found.id,
        "name": found.name,
        "vcenter_host": text(detail, "accountDetails", "hostName") or found.row.get("hostName"),
        "company": owner.company if owner.company_id else None,
        "region": text(detail, "settings", "regionInfo", "name"),
        "vendor": word(text(detail, "general", "vendor") or found.row.get("HypervisorType")),
        "version": text(detail, "general", "version") or found.row.get("version"),
        "retired": vm_lookup.retired(found),
        "access_nodes": [str(node.get("name")) for node in vm_lookup.access_nodes_of(detail)],
        "vm_groups": [str(group.get("name")) for group in listed(detail.get("vmGroups"))],
        "backup_enabled": flag(control, "enableBackup"),
        "restore_enabled": flag(control, "enableRestore"),
        "vms": {state: number(detail, "general", "vmBackupInfo", key) for state, key in COUNTS.items()},
    }
