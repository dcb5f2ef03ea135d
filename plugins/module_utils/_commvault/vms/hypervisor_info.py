# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.argspec import ArgumentSpec
from ..wire.lookup import named, own
from ..wire.replies import flag, listed, word
from . import lookup as vm_lookup

if t.TYPE_CHECKING:
    from ..wire.client import Commvault
    from ..wire.lookup import Found

Row = dict[str, t.Any]
OPTIONS = ArgumentSpec({"names": {"type": "list", "elements": "str"}, "retired": {"type": "bool", "default": False}})


def hypervisors(client: Commvault, params: Row) -> tuple[list[Row], list[str]]:
    """Hypervisors in one request, and one more for each that tells the rest (OpenAPI GetHypervisorDetails)."""
    known = [row for row in vm_lookup.hypervisors(client) if params["retired"] or not vm_lookup.retired(row)]
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
        "retired": vm_lookup.retired(found),
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
