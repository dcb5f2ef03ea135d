# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""All that belongs to a company, and the backups of it that are still kept: what the end of a service is about."""

from __future__ import annotations

import typing as t

from ..._core.errors import InputError
from ..backups.jobs import iso
from ..plans import data_loss
from ..plans import lookup as plan_lookup
from ..servers import lookup as server_lookup
from ..servers import subclients as file_subclients
from ..sql import lookup as sql
from ..vms import lookup as vm_lookup
from ..wire.lookup import owned_by
from ..wire.replies import flag, listed, number, part, text
from .company import owned_entities
from .lookup import users

if t.TYPE_CHECKING:
    from ..wire.client import Commvault
    from ..wire.lookup import Found

Json = dict[str, t.Any]
Record = dict[str, t.Any]
EVERY_AGENT = range(1, 1 << 16)
KINDS = ("servers", "hypervisors", "vm_groups", "subclients", "plans", "users", "backups", "owned")


def read(client: Commvault) -> Record:
    """The result of the module; see _estate()."""
    return {"changed": False, "estate": _estate(client)}


def _estate(client: Commvault) -> Record:
    """Everything of the company acted in. Only reads; rows whose owner the server does not tell, or tells to be another, are left out.

    A request for each kind of thing, one more for each VM group, server and plan, and one for each destination of a plan (the last:
    OpenAPI GetJobsOnBackupDestination). A company that does not exist has nothing.
    """
    company = _company(client)
    if company is None:
        return {"company": None, **{kind: [] for kind in KINDS}, "kept": _sum([])}
    owner = company["id"]
    servers = owned_by(client, "client", server_lookup.servers(client), owner)
    plans = owned_by(client, "plan", plan_lookup.plans(client), owner)
    backups = _backups(client, plans)
    return {
        "company": company,
        "servers": [_server(row) for row in servers],
        "hypervisors": _hypervisors(client, owner),
        "vm_groups": _vm_groups(client, owner),
        "subclients": _subclients(client, [row.name for row in servers]),
        "plans": [_plan(row, backups) for row in plans],
        "users": sorted(user.name for user in owned_by(client, "user", users(client), owner)),
        "backups": None if backups is None else _by_system(backups),
        "kept": None if backups is None else _sum(backups),
        "owned": _owned(client, company),
    }


def _company(client: Commvault) -> Record | None:
    """The company acted in, found without acting in it, since it may be gone (OpenAPI GetCompanies)."""
    name, company_id = client.company, None if client.company else client.company_id
    if not name and not company_id:
        raise InputError("Whose? Give company, or company_id.")
    for row in client.rows("/V4/company", "companies", inside=False):
        same = str(row.get("name")).casefold() == name.casefold() if name else row.get("id") == company_id
        if same and row.get("status") != "DELETED":
            return {"id": int(row["id"]), "name": row["name"], "alias": row.get("alias"), "status": row.get("status")}
    return None


def _owned(client: Commvault, company: Record) -> list[str]:
    """What stands in the way of the company's deletion, by name. Its own groups do not."""
    names = {str(entity.get("name")) for entity in owned_entities(client, company["id"])}
    return sorted(name for name in names if not name.startswith(f"{company['alias']}\\"))


def _server(found: Found) -> Record:
    agents = [str(agent.get("name")) for agent in listed(found.row.get("agents"))]
    return {"id": found.id, "name": found.name, "agents": agents, "retired": found.row.get("configured") is False}


def _hypervisors(client: Commvault, owner: int) -> list[Record]:
    """Where the list does not tell whose a hypervisor is, its detail does. A hypervisor that was overlooked would outlive its company."""
    rows = vm_lookup.hypervisors(client)
    mine = owned_by(client, "hypervisor", vm_lookup.told(client, rows), owner)
    return [{"id": row.id, "name": row.name, "retired": vm_lookup.retired(row)} for row in mine]


def _vm_groups(client: Commvault, owner: int) -> list[Record]:
    """Whether backups of a group may run is in its detail only (OpenAPI GetVMGroups, GetVMGroup)."""
    groups = owned_by(client, "VM group", vm_lookup.vm_groups(client), owner)
    details = client.pool.read(lambda number: client.get(f"/V4/VmGroup/{number}", absent=(404,)), [group.id for group in groups])
    return [
        {
            "id": group.id,
            "name": group.name,
            "hypervisor": text(group.row, "hypervisor", "name"),
            "plan": text(group.row, "plan", "name"),
            "backup_enabled": flag((details[group.id] or {}).get("activityControl"), "enableBackup"),
            "default": bool(group.row.get("isDefaultVMGroup")),
        }
        for group in groups
    ]


def _subclients(client: Commvault, servers: list[str]) -> list[Record]:
    """Some servers list identities only: what is left out is in the detail. What only seems switched off would go on being backed up."""
    lists = client.pool.read(lambda name: file_subclients.of_client(client, name, EVERY_AGENT), servers)
    rows = {file_subclients.number(row): row for name in servers for row in lists[name]}
    brief = [key for key, row in rows.items() if "enableBackup" not in part(row, "commonProperties")]
    details = client.pool.read(lambda key: file_subclients.read(client, key), brief)
    return [_subclient(rows[key] if key not in brief else details[key] or rows[key]) for key in rows]


def _subclient(row: Json) -> Record:
    entity, application = row["subClientEntity"], file_subclients.application(row)
    return {
        "id": file_subclients.number(row),
        "client": entity.get("clientName"),
        # Lists and details call the same agent by different names.
        "agent": file_subclients.APPLICATIONS.get(application) or entity.get("appName"),
        "file_system": application in file_subclients.APPLICATIONS,
        "sql_server": application == sql.SQL_SERVER,
        "instance": entity.get("instanceName"),
        "backupset": entity.get("backupsetName"),
        "name": entity.get("subclientName"),
        "plan": text(row, "planEntity", "planName"),
        "backup_enabled": flag(row.get("commonProperties"), "enableBackup"),
        "default": bool(part(row, "commonProperties").get("isDefaultSubclient")),
    }


def _plan(found: Found, backups: list[Json] | None) -> Record:
    return {
        "id": found.id,
        "name": found.name,
        "associated_entities": number(found.row, "associatedEntities"),
        "kept": None if backups is None else _sum([row for row in backups if row["plan"] == found.name]),
    }


def _backups(client: Commvault, plans: list[Found]) -> list[Json] | None:
    """The jobs on all destinations of the plans, each with its plan; None where the server cannot list them."""
    details = client.pool.read(lambda plan: client.require(f"/V4/ServerPlan/{plan}"), [plan.id for plan in plans])
    copies = {
        int(row["planBackupDestination"]["id"]): plan.name for plan in plans for row in listed(details[plan.id].get("backupDestinations"))
    }
    jobs = client.pool.read(lambda copy: data_loss.jobs(client, copy), copies)
    lists = [(jobs[copy], plan) for copy, plan in copies.items()]
    if any(rows is None for rows, _plan in lists):
        return None
    return [{**row, "plan": plan} for rows, plan in lists for row in rows or []]


def _by_system(rows: list[Json]) -> list[Record]:
    """One record for each thing that was backed up. A job on two destinations is one job, and kept until the later of the two lets go."""
    systems: dict[tuple[str, str], list[Json]] = {}
    for row in rows:
        key = (text(row, "server", "name") or "", text(row, "subClient", "name") or "")
        systems.setdefault(key, []).append(row)
    return [{"client": client, "subclient": subclient, **_sum(found)} for (client, subclient), found in sorted(systems.items())]


def _sum(rows: list[Json]) -> Record:
    jobs = {row["jobId"]: row for row in rows}
    total = data_loss.everything(list(jobs.values()))
    ends = [number(row, "retainUntil") for row in rows]
    for_ever = any(end < 0 or end in data_loss.FOREVER for end in ends)
    return {
        "jobs": total["jobs"],
        "bytes": total["bytes"],
        "media_bytes": total["media_bytes"],
        "kept_until": "infinite" if for_ever else iso(max(ends, default=0)),
    }
