# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import itertools
import typing as t

from ..._core import output
from ..._core.argspec import ArgumentSpec
from ..._core.errors import InputError, NotFound, UnexpectedReply, WaitTimeout
from ..backups import jobs
from ..backups import reasons as job_reasons
from ..servers import lookup as server_lookup
from ..servers import subclients as file_subclients
from ..vms import lookup as vm_lookup
from ..wire import lookup, paging
from ..wire.replies import number
from . import figures as job_figures

if t.TYPE_CHECKING:
    from ..._core.runner import Context
    from ..wire.client import Commvault

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
        "descriptions": {"type": "bool", "default": False},
        "clock": {"type": "bool", "default": False},
        "figures": {"type": "list", "elements": "str", "choices": list(job_figures.GROUPS)},
        "reason_lookups": {"type": "int", "default": 100},
        "output_format": {"type": "str", "choices": list(job_figures.FORMATS), "default": "csv"},
    },
    {
        "mutually_exclusive": [("job_ids", "client"), ("job_ids", "vm_group"), ("client", "vm_group")],
        "required_by": {"subclient": ["client"]},
    },
).merge(output.OPTIONS)
PAGE = 1000
"""Jobs in a request that reads all of them; the most that clients of the vendor were seen to ask for."""
AHEAD = 2


def describe(client: Commvault, context: Context) -> Row:
    """Jobs by id or by filter, newest first, and how many there are in all; or, of a long history, its figures and a file."""
    params = context.params
    whole = params["output_file"] is not None or params["figures"] is not None
    if params["limit"] < (0 if whole else 1):
        raise InputError(f"limit must be {0 if whole else 1} or more.")
    records: t.Iterable[Row] = []
    job_filter: Row | None = None
    if params["job_ids"] is not None:
        records = _by_id(client, params["job_ids"])
    else:
        job_filter = _filter(client, params)
        if job_filter is not None:
            records = _by_filter(client, params, job_filter, whole)
    if whole:
        return _report(client, context, records)
    limit = len(params["job_ids"]) if params["job_ids"] is not None else params["limit"]
    found = list(itertools.islice(records, limit))
    total = _count(client, job_filter, CATEGORIES[params["category"]]) if job_filter and len(found) == limit else len(found)
    clock = {"clock": {"ahead_seconds": client.ahead}} if params["clock"] else {}
    return {"changed": False, "jobs": _with_more(client, params, found), "total": total, **clock}


def _with_more(client: Commvault, params: Row, found: list[Row]) -> list[Row]:
    told = client.pool.read(lambda job_id: jobs.describe(client, job_id), [row["id"] for row in found] if params["descriptions"] else [])
    for record in found if params["descriptions"] else ():
        record["description"] = told[record["id"]]
    for record in found if params["vm_results"] else ():
        record["virtual_machines"] = vm_lookup.vm_results(client, record["id"], times=params["clock"])
    return found


def _report(client: Commvault, context: Context, records: t.Iterable[Row]) -> Row:
    """Go once through all jobs, without keeping them."""
    params = context.params
    figures = job_figures.Figures(params["figures"] or ())
    shown: list[Row] = []
    count = 0

    def passing() -> t.Iterator[Row]:
        nonlocal count
        for record in _explained(client, _owned(client, records), params["reason_lookups"]):
            figures.add(record)
            count += 1
            if len(shown) < params["limit"] and params["output_file"] is None:
                shown.append(record)
            yield record

    if params["output_file"] is None:
        for _record in passing():
            pass
        return {"changed": False, "jobs": _with_more(client, params, shown), "total": count, "figures": figures.to_record()}
    lines = job_figures.lines(passing(), params["output_format"])
    written = context.write_file(params["output_file"], lines, params["output_mode"])
    file = {"path": written.path, "format": params["output_format"], "size": written.size, "count": count}
    return {"changed": written.changed, "total": count, "file": file, "figures": figures.to_record()}


def _owned(client: Commvault, records: t.Iterable[Row]) -> t.Iterator[Row]:
    """Jobs with their company. Where a server does not name it in the job, it is that of the client."""
    companies: dict[int, str | None] | None = None
    for record in records:
        if record["company"] is None:
            if client.company is not None:
                record["company"] = client.company
            else:
                if companies is None:
                    companies = {server.id: server.company for server in server_lookup.servers(client)}
                record["company"] = companies.get(record["client_id"])
        yield record


def _explained(client: Commvault, records: t.Iterable[Row], most: int) -> t.Iterator[Row]:
    """Jobs with the reasons of those that did not succeed. Lists leave them out, so that they are asked for, of at most so many."""

    def reason(job: tuple[int, str]) -> str:
        return job_reasons.failure(client, {"id": job[0], "reason": ""})

    left = most
    for some in _chunks(records, PAGE):
        silent = [record for record in some if record["outcome"] in ("partial", "failed") and not record["reason"] and not record["parent"]]
        asked = {(record["id"], record["outcome"]): record for record in silent[:left]}
        left -= len(asked)
        answers = client.pool.read(reason, asked)
        for key, record in asked.items():
            record["reason"] = answers[key]
        yield from some


def _chunks(records: t.Iterable[Row], size: int) -> t.Iterator[list[Row]]:
    source = iter(records)
    while some := list(itertools.islice(source, size)):
        yield some


def _by_id(client: Commvault, ids: list[int]) -> list[Row]:
    """Job by job, side by side, in the order given. One that was started a moment ago may have to be asked for again."""
    records: dict[int, Row] = {}

    def look() -> list[int]:
        left = [job_id for job_id in ids if job_id not in records]
        answers = client.pool.read(lambda job_id: jobs.read(client, job_id), left)
        records.update({job_id: found for job_id in left if (found := answers[job_id])})
        return [job_id for job_id in ids if job_id not in records]

    try:
        client.poll(look, lambda unseen: not unseen, UNSEEN_SECONDS)
    except WaitTimeout as error:
        unknown = ", ".join(map(str, error.last))
        raise NotFound(f"Commvault does not know job {unknown}, or this user cannot see it.", jobs=error.last) from None
    return [records[job_id] for job_id in dict.fromkeys(ids)]


def _filter(client: Commvault, params: Row) -> Row | None:
    """The jobFilter of a task; None where check mode could not find what it names."""
    entity = _entity(client, params)
    if entity is None:
        return None
    return {
        "completedJobLookupTime": params["since_seconds"],
        "jobTypeList": [TYPES[name] for name in params["types"]],
        "showAgedJobs": False,
        "hideAdminJobs": False,
        **({"statusList": params["statuses"]} if params["statuses"] else {}),
        **({"entity": entity} if entity else {}),
    }


def _by_filter(client: Commvault, params: Row, job_filter: Row, whole: bool) -> t.Iterator[Row]:
    """The filter goes to the server, and what it may not know of it is checked here again. whole: all pages will be needed."""
    statuses = {status.casefold() for status in params["statuses"]}
    page, ahead = (PAGE, AHEAD) if whole else (min(params["limit"] + 1, 500), 0)
    rows = paging.jobs(client, job_filter, CATEGORIES[params["category"]], page=page, ahead=ahead)
    records = (jobs.to_record(row) for row in rows)
    return (record for record in records if not statuses or record["status"].casefold() in statuses)


def _count(client: Commvault, job_filter: Row, category: int) -> int:
    """How many jobs meet a filter, for one row of them."""
    config = {"sortField": "jobId", "sortDirection": 1, "offset": 0, "limit": 1}
    reply = client.query("/Jobs", {"scope": 1, "category": category, "pagingConfig": config, "jobFilter": job_filter})
    if reply.get("totalRecordsWithoutPaging") is None:
        raise UnexpectedReply("Commvault lists jobs without telling how many there are.", call="POST /Jobs")
    return number(reply, "totalRecordsWithoutPaging")


def _entity(client: Commvault, params: Row) -> Row | None:
    """The entity filter: {} for none, None where check mode could not find what it names."""
    if params["vm_group"]:
        group = vm_lookup.find_vm_group(client, **params["vm_group"])
        return {"subclientId": group.group_id} if group else None
    if params["subclient"]:
        source = file_subclients.find_source(client, params["client"], params["backupset"], params["subclient"])
        return {"subclientId": source.entity["subclientId"]} if source else None
    if params["client"]:
        server = server_lookup.find_server(client, params["client"])
        if server is None:
            client.missing("client", params["client"], "Correct the name.")
            return None
        lookup.require_reach(client, "client", server.name, server.owner)
        return {"clientId": server.id}
    return {}
