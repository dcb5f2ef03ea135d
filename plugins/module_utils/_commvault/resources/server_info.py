# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.argspec import ArgumentSpec
from .. import agent_install, lookups
from ..paging import flag, listed
from ..selection import named, own, word
from . import infrastructure

if t.TYPE_CHECKING:
    from ..client import Commvault
    from ..lookups import Found

Row = dict[str, t.Any]
OPTIONS = ArgumentSpec(
    {
        "names": {"type": "list", "elements": "str"},
        "types": {"type": "list", "elements": "str", "choices": list(agent_install.AGENTS)},
        "shared": {"type": "bool", "default": False},
        "readiness": {"type": "bool", "default": False},
    }
)
HYPERVISOR_OPTIONS = ArgumentSpec({"names": {"type": "list", "elements": "str"}, "retired": {"type": "bool", "default": False}})


def servers(client: Commvault, params: Row) -> tuple[list[Row], list[str]]:
    """Servers with their agents in one request, their regions in another, and where wanted one for each that asks the server itself."""
    found, missing = named(client, "client", own(client, lookups.servers(client), params["shared"]), params["names"])
    wanted = set(params["types"] or ())
    found = [row for row in found if not wanted or wanted & set(agent_install.installed(row.row))]
    regions = infrastructure.regions_of(client, "CLIENT", found)
    records = [_server(row, regions.get(row.id)) for row in found]
    if params["readiness"]:
        # One that is down takes minutes to give up on: all are asked at once.
        answers = client.pool.read(lambda number: infrastructure.readiness(client, number), [row.id for row in found])
        for record in records:
            status, reason = answers[record["id"]]
            record["ready"] = status == infrastructure.READY
            record["reason"] = "" if record["ready"] else reason or status
    return records, missing


def _server(found: Found, region: str | None) -> Row:
    row = found.row
    return {
        "id": found.id,
        "name": found.name,
        "display_name": row.get("displayName") or found.name,
        "host": row.get("hostName"),
        "company": found.company if found.company_id else None,
        "region": region,
        "agents": [str(agent.get("name")) for agent in listed(row.get("agents"))],
        "types": agent_install.installed(row),
        "os": row.get("OS"),
        "version": row.get("version"),
        "update_state": word(row.get("updateState")),
        "connection": word(row.get("networkReadiness")),
        "configured": bool(row.get("configured", True)),
        "infrastructure": bool(row.get("isInfrastructure")),
        "media_agent": bool(row.get("isMARoleSet")),
        "tags": {str(tag.get("name")): tag.get("value") for tag in listed(row.get("tags"))},
    }


def hypervisors(client: Commvault, params: Row) -> tuple[list[Row], list[str]]:
    """Hypervisors in one request, and one more for each that tells the rest (OpenAPI GetHypervisorDetails)."""
    known = [row for row in lookups.hypervisors(client) if params["retired"] or not lookups.retired(row)]
    found, missing = named(client, "hypervisor", own(client, known, shared=True), params["names"])
    details = client.pool.read(lambda number: client.get(f"/V4/Hypervisor/{number}", absent=(404,)) or {}, [row.id for row in found])
    return [_hypervisor(row, details[row.id]) for row in found], missing


def _hypervisor(found: Found, detail: Row) -> Row:
    general = detail.get("general") or {}
    counts = general.get("vmBackupInfo") or {}
    company = (detail.get("hypervisorCommonProperties") or {}).get("company") or {}
    return {
        "id": found.id,
        "name": found.name,
        "vcenter_host": (detail.get("accountDetails") or {}).get("hostName") or found.row.get("hostName"),
        "company": company.get("name") if company.get("id") else None,
        "region": ((detail.get("settings") or {}).get("regionInfo") or {}).get("name") or None,
        "vendor": word(general.get("vendor") or found.row.get("HypervisorType")),
        "version": general.get("version") or found.row.get("version"),
        "retired": lookups.retired(found),
        "access_nodes": [str(node.get("name")) for node in listed((detail.get("accessNodeList") or {}).get("accessNode"))],
        "vm_groups": [str(group.get("name")) for group in listed(detail.get("vmGroups"))],
        "backup_enabled": flag(detail.get("activityControl"), "enableBackup"),
        "restore_enabled": flag(detail.get("activityControl"), "enableRestore"),
        "vms": {
            "total": int(counts.get("vmTotalCount") or 0),
            "protected": int(counts.get("vmProtectedCount") or 0),
            "not_protected": int(counts.get("vmNotProtectedCount") or 0),
            "pending": int(counts.get("vmPendingCount") or 0),
            "never_backed_up": int(counts.get("vmNeverBackedUpCount") or 0),
            "backed_up_with_error": int(counts.get("vmBackedUpWithErrorCount") or 0),
        },
    }
