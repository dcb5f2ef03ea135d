# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t
import urllib.parse

from ..._core.argspec import ArgumentSpec
from ..backups import jobs
from ..wire.lookup import same_uuid
from ..wire.replies import counted, listed, word
from . import groups as vm_groups

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Row = dict[str, t.Any]
PROTECTION = ("protected", "not_protected", "pending", "backed_up_with_error", "discovered")
SLA = ("met_sla", "missed_sla", "excluded_sla", "yet_to_be_protected", "might_miss_sla", "unknown")
PAGE = 1000

OPTIONS = ArgumentSpec(
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


def describe(client: Commvault, params: Row) -> Row:
    """The VMs that Commvault knows, with how they are protected. Counts are of all that meet the filters, whatever the limit."""
    found = [] if client.company_missing else [_record(row) for row in rows(client)]
    home = client.company_id
    met = [row for row in found if _meets(row, params) and (home is None or row["company_id"] in (None, home))]
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
    """All VMs (OpenAPI GetVirtualMachines), asked for in pages; a server that does not know the header sends everything at once."""
    seen: set[str] = set()
    number, total = 0, 1
    while len(seen) < total:
        reply = client.get("/V4/VirtualMachines", absent=(404,), headers={"PagingInfo": f"{number},{PAGE}"}) or {}
        new = [row for row in listed(reply.get("virtualMachines")) if str(row.get("UUID")) not in seen]
        if not new:
            return
        seen |= {str(row.get("UUID")) for row in new}
        yield from new
        number += 1
        total = int(reply.get("virtualMachinesCount") or 0)


def _record(row: Row) -> Row:
    last, sla, company = row.get("lastBackup") or {}, row.get("SLA") or {}, row.get("company") or {}
    return {
        "name": row.get("name"),
        "uuid": str(row.get("UUID") or ""),
        "hypervisor": (row.get("hypervisor") or {}).get("name"),
        "vm_group": (row.get("vmGroup") or {}).get("name") or None,
        "plan": (row.get("plan") or {}).get("name") or None,
        "company": company.get("name") if company.get("id") else None,
        "company_id": int(company["id"]) if "id" in company else None,
        "host": row.get("host") or None,
        "os": row.get("os") or None,
        "protection": word(row.get("status")),
        "sla": word(sla.get("status")),
        "sla_reason": word(sla.get("reason")),
        "last_backup": {
            "job": last.get("jobId") or None,
            "status": word(last.get("status")),
            "time": jobs.iso(last.get("time")),
            "last_success": jobs.iso(last.get("lastSuccessfulBackupTime")),
            "reason": last.get("failureReason") or "",
        },
        "size_bytes": row.get("vmSize"),
        "application_bytes": row.get("applicationSize"),
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
    """The oldest and the newest backup that can be restored from (OpenAPI getVirtualMachineDetails)."""
    detail = client.get(f"/V4/VirtualMachines/{urllib.parse.quote(uuid, safe='')}", absent=(404,)) or {}
    summary = (detail.get("vmDetails") or {}).get("summary") or {}
    return {"oldest": jobs.iso(summary.get("oldestRecoveryPoint")), "latest": jobs.iso(summary.get("latestRecoveryPoint"))}


def groups(client: Commvault, hypervisor: str | None, names: list[str] | None) -> tuple[list[Row], list[str]]:
    """VM groups in one request, and the names that do not exist."""
    found = [] if client.company_missing else [_group(row) for row in vm_groups.listing(client)]
    home = client.company_id
    kept = [
        row
        for row in found
        if (home is None or row["company_id"] in (None, home)) and hypervisor in (None, row["hypervisor"], row["hypervisor_display_name"])
    ]
    kept.sort(key=lambda row: (str(row["hypervisor"]).casefold(), row["name"].casefold()))
    wanted = None if names is None else {name.casefold() for name in names}
    shown = [row for row in kept if wanted is None or row["name"].casefold() in wanted]
    known = {row["name"].casefold() for row in shown}
    return shown, [name for name in names or () if name.casefold() not in known]


def _group(row: Row) -> Row:
    # Live servers were seen to tell the identity below vmGroup only.
    identity, last, company = row.get("vmGroup") or row, row.get("lastBackup") or {}, row.get("company") or {}
    home = row.get("hypervisor") or {}
    return {
        "id": int(identity.get("id") or 0),
        "name": str(identity.get("name") or row.get("name") or ""),
        "hypervisor": home.get("name"),
        "hypervisor_display_name": home.get("displayName") or home.get("name"),
        "plan": (row.get("plan") or {}).get("name") or None,
        "company": company.get("name") if company.get("id") else None,
        "company_id": int(company["id"]) if "id" in company else None,
        "default": bool(row.get("isDefaultVMGroup")),
        "protection": word(row.get("status")),
        "last_backup": {
            "job": last.get("jobId") or None,
            "status": word(last.get("status")),
            "time": jobs.iso(last.get("time")),
            "reason": last.get("failureReason") or "",
        },
        "tags": {str(tag.get("name")): tag.get("value") for tag in listed(row.get("tags"))},
    }
