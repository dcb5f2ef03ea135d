# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import itertools
import typing as t

from .._core.argspec import ArgumentSpec
from .._core.errors import InputError, NotFound, WaitTimeout
from .._core.wait import poll
from . import jobs, lookups, paging, sources, vm_groups

if t.TYPE_CHECKING:
    from .client import Commvault

Row = dict[str, t.Any]

UNSEEN_SECONDS = 15
"""How long a job id may be unknown before it is an error."""
CATEGORIES = {"all": 0, "active": 1, "finished": 2}
TYPES = {"backup": jobs.BACKUP, "restore": jobs.RESTORE, "synthetic_full": jobs.SYNTHETIC_FULL}

OPTIONS = ArgumentSpec(
    {
        "job_ids": {"type": "list", "elements": "int"},
        "client": {"type": "str"},
        "backupset": {"type": "str", "default": "defaultBackupSet"},
        "subclient": {"type": "str"},
        "vm_group": {
            "type": "dict",
            "options": {"name": {"type": "str", "required": True}, "hypervisor": {"type": "str", "required": True}},
        },
        "category": {"type": "str", "choices": list(CATEGORIES), "default": "all"},
        "statuses": {"type": "list", "elements": "str", "default": []},
        "types": {"type": "list", "elements": "str", "choices": list(TYPES), "default": []},
        "since_seconds": {"type": "int", "default": 86400},
        "limit": {"type": "int", "default": 100},
        "vm_results": {"type": "bool", "default": False},
    },
    {
        "mutually_exclusive": [("job_ids", "client"), ("job_ids", "vm_group"), ("client", "vm_group")],
        "required_by": {"subclient": ["client"]},
    },
)


def run(client: Commvault, params: Row) -> Row:
    """Jobs by id or by filter, newest first, and how many there are in all."""
    if params["job_ids"] is not None:
        found = _by_id(client, params["job_ids"])
        total = len(found)
    else:
        found, total = _by_filter(client, params)
    for record in found:
        if params["job_ids"] is not None and record["outcome"] == "failed":
            # Two more requests, so only where somebody asks for these very jobs.
            record["reason"] = jobs.failure_reason(client, record)
        if params["vm_results"]:
            record["virtual_machines"] = vm_groups.results(client, record["id"])
    return {"changed": False, "jobs": found, "total": total}


def _by_id(client: Commvault, ids: list[int]) -> list[Row]:
    """Job by job, in the order given. One that was started a moment ago may have to be asked for again."""
    records: dict[int, Row] = {}

    def look() -> list[int]:
        for job_id in ids:
            found = None if job_id in records else jobs.read(client, job_id)
            if found:
                records[job_id] = found
        return [job_id for job_id in ids if job_id not in records]

    try:
        poll(look, lambda unseen: not unseen, UNSEEN_SECONDS, client.clock)
    except WaitTimeout as error:
        unknown = ", ".join(map(str, error.last))
        raise NotFound(f"Commvault does not know job {unknown}, or this user cannot see it.", jobs=error.last) from None
    return [records[job_id] for job_id in dict.fromkeys(ids)]


def _by_filter(client: Commvault, params: Row) -> tuple[list[Row], int]:
    """The filter goes to the server, and what it may not know of it is checked here again."""
    if params["limit"] < 1:
        raise InputError("limit must be 1 or more.")
    entity = _entity(client, params)
    if entity is None:
        return [], 0
    types = [TYPES[name] for name in params["types"]]
    statuses = {status.casefold() for status in params["statuses"]}
    job_filter: Row = {
        "completedJobLookupTime": params["since_seconds"],
        "jobTypeList": types,
        "showAgedJobs": False,
        "hideAdminJobs": False,
        **({"statusList": params["statuses"]} if statuses else {}),
        **({"entity": entity} if entity else {}),
    }
    category = CATEGORIES[params["category"]]
    rows = paging.jobs(client, job_filter, category, page=min(params["limit"] + 1, 500))
    records = (jobs.to_record(row) for row in rows)
    found = list(
        itertools.islice((record for record in records if not statuses or record["status"].casefold() in statuses), params["limit"])
    )
    return found, _count(client, job_filter, category) if len(found) == params["limit"] else len(found)


def _count(client: Commvault, job_filter: Row, category: int) -> int:
    """How many jobs meet a filter, for one row of them."""
    config = {"sortField": "jobId", "sortDirection": 1, "offset": 0, "limit": 1}
    reply = client.query("/Jobs", {"scope": 1, "category": category, "pagingConfig": config, "jobFilter": job_filter})
    return int(reply.get("totalRecordsWithoutPaging") or 0)


def _entity(client: Commvault, params: Row) -> Row | None:
    """The entity filter: {} for none, None where check mode could not find what it names."""
    if params["vm_group"]:
        group = vm_groups.find(client, **params["vm_group"])
        return {"subclientId": group.group_id} if group else None
    if params["subclient"]:
        source = sources.files(client, params["client"], params["backupset"], params["subclient"])
        return {"subclientId": source.entity["subclientId"]} if source else None
    if params["client"]:
        server = lookups.find_server(client, params["client"])
        if server is None:
            client.missing("client", params["client"], "Correct the name.")
            return None
        sources.require_reach(client, "client", server.name, sources.Owner(server.company_id, server.company))
        return {"clientId": server.id}
    return {}
