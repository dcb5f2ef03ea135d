# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What the platform says of the protection of many tenants, as plain rows: a list of each kind of thing, the jobs page by page.

Each list is one request, or one for a thousand rows, however many tenants there are. What cannot be read is None, and a problem is told.
"""

from __future__ import annotations

import math
import time
import typing as t
import zoneinfo

from ..._core import output
from ..._core.errors import BaasError, InputError
from ..backups import jobs
from ..backups import reasons as job_reasons
from ..servers import agent_install
from ..servers import lookup as server_lookup
from ..servers import subclients as subclients_of
from ..sql import lookup as sql_lookup
from ..vms import info as vm_info
from ..vms import lookup as vm_lookup
from ..wire import paging
from ..wire.lookup import company_of
from ..wire.replies import flag, number, part, text, word
from .lookup import companies as all_companies
from .reading import Reading

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Row = dict[str, t.Any]

PAGE = 1000
AHEAD = 2
MARGIN = 3600
"""Seconds beyond the time that is asked for: a job is chosen by its end, which the server may round."""
BACKUPS = (jobs.BACKUP, jobs.SYNTHETIC_FULL)
APPLICATIONS = [application for name in ("file_system", "sql_server") for application in agent_install.AGENTS[name]]


def companies_of(client: Commvault, names: t.Mapping[str, str]) -> dict[str, int | None]:
    """The ids of companies; None for one that is not there. names: of the companies, by any key."""
    known = {found.name.casefold(): found.id for found in all_companies(client)}
    return {key: known.get(name.casefold()) for key, name in names.items()}


def _clients(client: Commvault) -> dict[int, tuple[str, int | None, bool | None, bool]]:
    """Name, company id, whether it answers and whether it is configured, of each client, by id."""
    ready = {"online": True, "offline": False}
    return {
        found.id: (
            found.name,
            found.company_id,
            ready.get(word(found.row.get("networkReadiness")) or ""),
            bool(found.row.get("configured", True)),
        )
        for found in server_lookup.servers(client)
    }


def _groups(client: Commvault) -> dict[int, tuple[int | None, str]]:
    """Company id and name of each VM group, by the number of its subclient."""
    return {group.id: (group.company_id, group.name) for group in vm_lookup.vm_groups(client)}


def _vms(client: Commvault) -> list[Row]:
    """The VMs: uuid, name, client_id (of their own jobs), company_id, group, sla, last_success (epoch seconds).

    Only the older list tells the VM's own client, only the newer one its company (api GET /VM, OpenAPI GetVirtualMachines).
    """
    older = {"propertyLevel": "AllProperties", "status": 0}
    known = paging.by_header(client, "/VM", "vmStatusInfoList", "totalRecords", "strGUID", older, page=PAGE)
    own = {str(row["strGUID"]).casefold(): number(row, "client", "clientId") for row in known}
    return [
        {
            "uuid": text(row, "UUID") or "",
            "name": text(row, "name") or "",
            "client_id": own.get(str(row.get("UUID")).casefold(), 0),
            "company_id": company_of(row.get("company"))[0],
            "group": text(row, "vmGroup", "name") or "",
            "sla": word(part(row, "SLA").get("status")) or "",
            "last_success": number(row, "lastBackup", "lastSuccessfulBackupTime"),
        }
        for row in vm_info.rows(client)
    ]


def _history(client: Commvault, since_seconds: int) -> t.Iterator[Row]:
    """Backup jobs that ended since then, or have not ended, newest first, as plain values; read page by page and not kept."""
    job_filter = {"completedJobLookupTime": since_seconds, "jobTypeList": list(BACKUPS), "showAgedJobs": False, "hideAdminJobs": False}
    for summary in paging.jobs(client, job_filter, category=0, page=PAGE, ahead=AHEAD):
        # Older servers ignore parts of a filter.
        if number(summary, "opType") in (0, *BACKUPS):
            yield _job(summary)


def _job(summary: Row) -> Row:
    entity, status = part(summary, "subclient"), str(summary.get("status", ""))
    outcome = jobs.outcome(status)
    level = text(summary, "backupLevelName") or ""
    return {
        "id": int(summary["jobId"]),
        "parent": number(summary, "vsaParentJobID"),
        "synthetic": number(summary, "opType") == jobs.SYNTHETIC_FULL or "synth" in level.casefold(),
        "level": level,
        "status": status,
        "outcome": outcome,
        "start": number(summary, "jobStartTime"),
        "end": number(summary, "jobEndTime") or (number(summary, "lastUpdateTime") if outcome in jobs.ENDED else 0),
        "client_id": number(entity, "clientId"),
        "client": text(entity, "clientName") or text(summary, "destClientName") or "",
        "application": number(entity, "applicationId"),
        "instance": text(entity, "instanceName") or "",
        "subclient": text(entity, "subclientName") or text(summary, "subclientName") or "",
        "subclient_id": number(entity, "subclientId"),
        "company_id": company_of(summary.get("company"))[0],
        "application_bytes": number(summary, "sizeOfApplication"),
        "media_bytes": number(summary, "sizeOfMediaOnDisk"),
        "objects": number(summary, "totalNumOfFiles"),
        "failed_objects": number(summary, "totalFailedFiles") + number(summary, "totalFailedFolders"),
        "reason": text(summary, "pendingReason") or "",
        "code": text(summary, "pendingReasonErrorCode") or "",
    }


def _reasons(client: Commvault, ids: t.Iterable[int]) -> dict[int, str]:
    """Why jobs did not succeed, in the server's words, which lists leave out; empty where it does not tell."""

    def reason(job_id: int) -> str:
        try:
            return job_reasons.failure(client, {"id": job_id, "reason": ""})
        except BaasError:
            # The job may have aged out meanwhile; a report is not to fail for that.
            return ""

    asked = list(ids)
    answers = client.pool.read(reason, asked)
    return {job_id: answers[job_id] for job_id in asked}


def _vm_results(client: Commvault, ids: t.Iterable[int]) -> dict[int, list[Row]]:
    """What jobs whose VMs have no job of their own came to: uuid and reason of each VM."""
    asked = list(ids)
    answers = client.pool.read(lambda job_id: job_reasons.vm_results(client, job_id), asked)
    return {job_id: answers[job_id] for job_id in asked}


def _parts(client: Commvault, names: t.Iterable[str]) -> dict[str, list[Row] | None]:
    """The subclients of clients, by the client's name: see _part(). None where they cannot be read."""

    def read(name: str) -> list[Row] | None:
        try:
            return [_part(row) for row in subclients_of.of_client(client, name, APPLICATIONS)]
        except BaasError:
            return None

    asked = list(names)
    answers = client.pool.read(read, asked)
    return {name: answers[name] for name in asked}


def _part(row: Row) -> Row:
    entity, common = row["subClientEntity"], part(row, "commonProperties")
    return {
        "database": subclients_of.application(row) == sql_lookup.SQL_SERVER,
        "instance": str(entity.get("instanceName") or ""),
        "name": str(entity.get("subclientName")),
        "enabled": bool(common["enableBackup"]) if "enableBackup" in common else None,
        "excluded": bool(common.get("excludeFromSLA")),
        "last_backup": number(common, "lastBackupTime") if "lastBackupTime" in common else None,
    }


def _groups_enabled(client: Commvault, ids: t.Iterable[int]) -> dict[int, bool | None]:
    """Whether backups of VM groups are on, which only their detail tells; None where it cannot be read."""

    def read(group_id: int) -> bool | None:
        try:
            detail = client.get(f"/V4/VmGroup/{group_id}", absent=(404,))
        except BaasError:
            return None
        return flag(detail.get("activityControl"), "enableBackup") if detail else None

    asked = list(ids)
    answers = client.pool.read(read, asked)
    return {group_id: answers[group_id] for group_id in asked}


Clients = dict[int, tuple[str, t.Optional[int], t.Optional[bool], bool]]  # noqa: UP045 - pylint takes no | outside of annotations


class Source(Reading):
    """The platform as figures need it. most: the most things of a kind that are asked for one by one."""

    def __init__(self, client: Commvault, most: int) -> None:
        super().__init__(client)
        self.most = most
        self.accept_unknown = client.accept_unknown_owners

    def now(self) -> int:
        """What time it is by the server's clock, in epoch seconds, and no earlier; by this machine's where the server does not tell."""
        self.ask("Commvault's time", lambda: self._client.get("/CommServ"))
        return math.ceil(time.time() + (self._client.ahead or 0)) + 1

    def companies(self, names: t.Mapping[str, str]) -> dict[str, int | None] | None:
        """See companies_of()."""
        return self.ask("Commvault's list of companies", lambda: companies_of(self._client, names))

    def clients(self) -> Clients | None:
        """See _clients()."""
        return self.ask("Commvault's list of servers", lambda: _clients(self._client))

    def groups(self) -> dict[int, tuple[int | None, str]] | None:
        """See _groups()."""
        return self.ask("Commvault's list of VM groups", lambda: _groups(self._client))

    def vms(self) -> list[Row] | None:
        """See _vms()."""
        return self.ask("Commvault's list of VMs", lambda: _vms(self._client))

    def history(self, since: int) -> t.Iterator[Row]:
        """Backup jobs since then, in epoch seconds, by the server's clock; see _history(). What cannot be read ends it, with a problem."""
        if self._gone:
            self.problems.append("Commvault's jobs were not read.")
            return
        try:
            yield from _history(self._client, max(0, int(time.time() + (self._client.ahead or 0)) - since) + MARGIN)
        except BaasError as error:
            self._fail("Commvault's jobs", error)

    def reasons(self, ids: t.Iterable[int]) -> dict[int, str]:
        """See _reasons()."""
        return self.ask("Why jobs failed", lambda: _reasons(self._client, ids)) or {}

    def vm_results(self, ids: t.Iterable[int]) -> dict[int, list[Row]]:
        """See _vm_results()."""
        return self.ask("What became of each VM", lambda: _vm_results(self._client, ids)) or {}

    def parts(self, names: t.Iterable[str]) -> dict[str, list[Row] | None]:
        """See _parts()."""
        return self.ask("Subclients", lambda: _parts(self._client, names)) or {}

    def groups_enabled(self, ids: t.Iterable[int]) -> dict[int, bool | None]:
        """See _groups_enabled()."""
        return self.ask("VM groups", lambda: _groups_enabled(self._client, ids)) or {}


def options(params: Row) -> list[Row] | None:
    """The VMs of vms_file, None without one. Raises InputError for a file that holds none, and for a time zone that is none."""
    try:
        zoneinfo.ZoneInfo(params["time_zone"])
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        zone = params["time_zone"]
        raise InputError(
            f'time_zone: "{zone}" is no time zone that this machine knows, such as Europe/Luxembourg. Correct it, or install tzdata.'
        ) from None
    if params["history_days"] < 1:
        raise InputError("history_days must be 1 or more.")
    path = params["vms_file"]
    if path is None:
        return None
    found = output.read_json(path)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise InputError(f"{path} is no list of VMs, as calligo.baas.vcenter_vm_facts writes it.")
    return found
