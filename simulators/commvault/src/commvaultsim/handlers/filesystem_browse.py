# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""POST /DoBrowse for file systems (mode 2) and GET /Subclient/{id}/Browse: one object a query, then a terminator."""

from __future__ import annotations

import fnmatch
import typing as t

from commvaultsim import browse, faults, filesystem
from commvaultsim.browse import Item, NothingKept, View
from commvaultsim.registry import BROWSERS
from commvaultsim.routing import Request
from commvaultsim.simulator import Simulator, to_int
from commvaultsim.wildcards import join, split

Json = dict[str, t.Any]
BROWSE, FIND, VERSIONS = 0, 1, 2
DEFAULT_PAGE = 15  # what the server gives when nothing is asked for: a page of the user interface
NAME_CODES = ("0", "filename", "name")
FIELDS: dict[str, t.Callable[[Item], t.Any]] = {
    "38": lambda item: not item.entry.is_dir,
    "filename": lambda item: _name(item).casefold(),
    "filesize": lambda item: item.entry.size,
    "size": lambda item: item.entry.size,
    "modifiedtime": lambda item: item.entry.mtime_ns,
    "backuptime": lambda item: item.entry.backup_time,
}
COMPARE: dict[str, t.Callable[[int, int], bool]] = {
    "GT": lambda size, limit: size > limit,
    "GTE": lambda size, limit: size >= limit,
    "LT": lambda size, limit: size < limit,
    "LTE": lambda size, limit: size <= limit,
    "EQ": lambda size, limit: size == limit,
}

faults.KNOWN["browse_message"] = "DoBrowse of files answers HTTP 200 with an error message {message}"


class BrowseError(Exception):
    """Answered as a message inside an HTTP 200."""


def do_browse(sim: Simulator, request: Request) -> Json:
    """The whole answer of a browse of files."""
    body = request.body if isinstance(request.body, dict) else {}
    session = {"sessionId": f"{sim.clock.epoch()}-{to_int((body.get('entity') or {}).get('clientId'))}"}
    fault = sim.faults.take("browse_message")
    try:
        if fault:
            raise BrowseError(str(fault.params.get("message", "The index cache is not reachable.")))
        rows = _rows(sim, request, body)
    except BrowseError as error:
        return {"browseResponses": [{"respType": 3, "messages": [{"errorCode": 1, "errorMessage": str(error)}], "session": session}]}
    responses: list[Json] = []
    queries = body.get("queries") or [{"type": 0, "queryId": "dataQuery"}]
    for query in queries if isinstance(queries, list) else [queries]:
        result = _answer(sim, [item for item in rows if _passes(item, query)], query)
        if result is not None:
            responses.append({"respType": 0, "workerId": "31", "session": session, "browseResult": result})
    return {"browseResponses": [*responses, {"respType": 5, "session": session}]}


def _rows(sim: Simulator, request: Request, body: Json) -> list[Item]:
    view, operation = _view(sim, request, body), to_int(body.get("opType"))
    paths = body.get("paths") or [{"path": "\\"}]
    texts = [str(item.get("path") or "\\") for item in (paths if isinstance(paths, list) else [paths])]
    if operation == VERSIONS:
        return [item for text in texts for item in browse.versions(sim, view, text)]
    if operation not in (BROWSE, FIND):
        raise BrowseError(f"The operation type [{operation}] is not supported.")
    try:
        items = browse.collect(sim, view)
    except NothingKept:
        raise BrowseError("No backup was found in the given time range or job. There is nothing to browse.") from None
    found: dict[str, Item] = {}
    for text in texts:
        for item in browse.search(items, text) if operation == FIND else browse.children(items, text):
            found[item.entry.path] = item
    return list(found.values())


def _view(sim: Simulator, request: Request, body: Json) -> View:
    entity = body.get("entity") or {}
    client = sim.client_of(entity)
    if client is None or not sim.visible(request, client.company_id):
        raise BrowseError("The client in the browse request does not exist.")
    backupset = sim.backupset_of({**entity, "clientId": client.id})
    subclient_id = to_int(entity.get("subclientId"))
    subclient = sim.subclients.get(subclient_id)
    if backupset is None or backupset.client_id != client.id or (subclient and subclient.client_id != client.id):
        raise BrowseError("The backup set or subclient in the browse request does not belong to the client.")
    span, advanced = body.get("timeRange") or {}, (body.get("advOptions") or {}).get("advConfig") or {}
    job = advanced.get("browseAdvancedConfigBrowseByJob") or {}
    deleted = filesystem.flag((body.get("options") or {}).get("showDeletedFiles"))
    return View(backupset.id, subclient_id, to_int(span.get("fromTime")), to_int(span.get("toTime")), to_int(job.get("jobId")), deleted)


def _name(item: Item) -> str:
    levels = split(item.entry.path)
    return levels[-1] if levels else "\\"


def _passes(item: Item, query: Json) -> bool:
    """Whether an item meets a query's whereClause (FileName with wildcards, FileSize with an operator)."""
    for clause in query.get("whereClause") or []:
        criteria = clause.get("criteria") or {}
        field, values = str(criteria.get("field")), [str(value) for value in criteria.get("values") or []]
        if field.lower() in NAME_CODES:
            if not any(fnmatch.fnmatchcase(_name(item).lower(), value.lower()) for value in values):
                return False
        elif field.lower() in ("filesize", "size"):
            compare = COMPARE.get(str(criteria.get("dataOperator", "EQ")).upper(), COMPARE["EQ"])
            if item.entry.is_dir or not all(compare(item.entry.size, to_int(value)) for value in values):
                return False
        elif field == "38" and ("file" in values) == item.entry.is_dir:
            return False
    return True


def _answer(sim: Simulator, rows: list[Item], query: Json) -> Json | None:
    """One query's result; nothing at all where a data query finds nothing, as the real server does."""
    name = str(query.get("queryId") or "dataQuery")
    if to_int(query.get("type")) == 1:
        return {"queryId": name, "aggrResultSet": [{"result": len(rows), "count": len(rows), "groupbyValue": ""}]}
    if not rows:
        return None
    parameters = query.get("dataParam") or {}
    ordered = _sorted(rows, parameters.get("sortParam") or {})
    paging = parameters.get("paging") or {}
    first = max(to_int(paging.get("skipNode")), to_int(paging.get("firstNode")))
    size = to_int(paging.get("pageSize")) or DEFAULT_PAGE
    return {"queryId": name, "totalItems": len(rows), "dataResultSet": [_row(sim, item) for item in ordered[first : first + size]]}


def _sorted(rows: list[Item], sort: Json) -> list[Item]:
    ordered = sorted(rows, key=lambda item: (_name(item).casefold(), item.entry.path, item.version))
    fields = [str(field).lower() for field in sort.get("sortBy") or ["0"]]
    descending = sort.get("ascending") is False
    for field in reversed(fields):
        getter = FIELDS.get("filename" if field in NAME_CODES else field)
        if getter:
            # Directories stay first whatever the direction, as in the user interface.
            ordered.sort(key=getter, reverse=descending and field != "38")
    return ordered


def _row(sim: Simulator, item: Item) -> Json:
    entry, identity = item.entry, sim.guid("item", item.subclient_id, item.entry.path.lower())
    flags: Json = {"file": True, "isPseudo": False, "isFake": False, "snap": False}
    if entry.is_dir:
        flags = {"directory": True} | ({"mountPoint": True} if len(split(entry.path)) == 1 else {})
    if entry.deleted_at:
        flags["deleted"] = True
    return {
        "path": join(split(entry.path)),
        "displayName": _name(item),
        "name": f"{int(identity[:6], 16)}\x12{_name(item)}",
        "size": entry.size,
        "modificationTime": entry.mtime,
        "version": item.version,
        "flags": flags,
        "advancedData": {
            "backupJobId": entry.backup_job,
            "backupTime": entry.backup_time,
            "referenceTime": entry.backup_time,
            "archiveFileId": entry.backup_job,
            "archiveGroupId": 1,
            "offset": 0,
            "objectGuid": identity.lower().replace("-", ""),
            # The vendor's key says application; the value is the subclient.
            "subclient": {"applicationId": item.subclient_id, "_type_": 7},
            "advConfig": {"browseAdvancedConfigResp": {"commcellNumber": 2}},
            "browseMetaData": {"indexing": {"fileChangeTime": entry.mtime, "backupTime": entry.backup_time}},
        },
    }


for _application in filesystem.APPLICATIONS:
    BROWSERS[_application] = do_browse
