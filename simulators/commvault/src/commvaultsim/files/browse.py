# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The views of file backups: what a backup set or subclient held, as a tree that can be browsed, searched and restored from.

POST /DoBrowse (mode 2) and GET /Subclient/{id}/Browse: one object a query, then a terminator."""

from __future__ import annotations

import dataclasses
import fnmatch
import re
import typing as t

from commvaultsim.files import filesystem
from commvaultsim.files.backup import NO_SUBCLIENT
from commvaultsim.files.store import Entry, key
from commvaultsim.files.wildcards import compile_pattern, join, split
from commvaultsim.state.registry import BROWSERS
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire import faults
from commvaultsim.wire.replies import generic
from commvaultsim.wire.routing import Reply, Request, route
from commvaultsim.wire.values import flag, to_int

EVERYTHING_BELOW = re.compile(r"(?:^|\\)\*\*(?:\\\*)?$")
WILD = re.compile(r"[*?\[]")
BROWSE, FIND, VERSIONS = 0, 1, 2
DEFAULT_PAGE = 15  # what the server gives when nothing is asked for: a page of the user interface
NAME_CODES = ("0", "filename", "name")
COMPARE: dict[str, t.Callable[[int, int], bool]] = {
    "GT": lambda size, limit: size > limit,
    "GTE": lambda size, limit: size >= limit,
    "LT": lambda size, limit: size < limit,
    "LTE": lambda size, limit: size <= limit,
    "EQ": lambda size, limit: size == limit,
}


@dataclasses.dataclass(frozen=True)
class View:
    """What is looked at. Times are epoch seconds, 0 = open; ``job_id`` limits the view to what one job wrote."""

    backupset_id: int
    subclient_id: int = 0
    since: int = 0
    until: int = 0
    job_id: int = 0
    deleted: bool = False


@dataclasses.dataclass(frozen=True)
class Item:
    """An entry with the subclient that kept it."""

    entry: Entry
    subclient_id: int
    version: int = 1


class NothingKept(Exception):
    """No backup falls into the view."""


def subclient_ids(sim: Simulator, view: View) -> list[int]:
    """The subclients of a view. Those that were deleted keep their backups until these age."""
    kept = {job.owner.subclient_id for job in filesystem.side(sim).store.manifests.values() if job.owner.backupset_id == view.backupset_id}
    return sorted(kept & {view.subclient_id} if view.subclient_id else kept)


def collect(sim: Simulator, view: View) -> dict[str, Item]:
    """All items of a view by their filed spelling; where two subclients hold a path, the later backup is shown.

    :raises NothingKept: there is no backup in the view, which is not the same as an empty directory.
    """
    store, found, any_backup = filesystem.side(sim).store, t.cast("dict[str, Item]", {}), False
    for subclient_id in subclient_ids(sim, view):
        if view.job_id:
            manifest = next((job for job in store.jobs_of(subclient_id) if job.job_id == view.job_id), None)
            any_backup = any_backup or manifest is not None
            image = dict(manifest.entries) if manifest else {}
        else:
            any_backup = any_backup or bool(store.chain(subclient_id, view.until))
            image = store.image(subclient_id, view.until)
            if view.deleted:
                image = store.deleted(subclient_id, view.since, view.until) | image
        for name, entry in image.items():
            if view.since and entry.backup_time < view.since and not entry.deleted_at:
                continue
            if name not in found or entry.backup_time >= found[name].entry.backup_time:
                found[name] = Item(entry, subclient_id)
    if not any_backup:
        raise NothingKept
    return found


def _directory(path: str, below: list[Item]) -> Item:
    """A directory that no job wrote as such (the content began below it), shown with the figures of what it holds."""
    latest = max(below, key=lambda item: (item.entry.backup_time, item.entry.backup_job, item.entry.path))
    entry = Entry(path, 0, latest.entry.mtime_ns, "", "", True, latest.entry.backup_job, latest.entry.backup_time)
    gone = all(item.entry.deleted_at for item in below)
    return Item(dataclasses.replace(entry, deleted_at=latest.entry.deleted_at if gone else 0), latest.subclient_id)


def children(items: dict[str, Item], path: str) -> list[Item]:
    """One level below a path (``\\`` = the drives), directories that are only implied included."""
    base = [level.lower() for level in split(path)]
    own: dict[str, Item] = {}
    below: dict[str, list[Item]] = {}
    for item in items.values():
        levels = split(item.entry.path)
        if len(levels) <= len(base) or [level.lower() for level in levels[: len(base)]] != base:
            continue
        child = join(levels[: len(base) + 1])
        if len(levels) == len(base) + 1:
            own[key(child)] = item
        else:
            below.setdefault(key(child), []).append(item)
    for name, group in below.items():
        if name not in own:
            levels = split(group[0].entry.path)
            own[name] = _directory(join(levels[: len(base) + 1]), group)
    return list(own.values())


def with_directories(items: dict[str, Item]) -> dict[str, Item]:
    """The items and every directory above them, drives included."""
    complete = dict(items)
    below: dict[str, list[Item]] = {}
    for item in items.values():
        levels = split(item.entry.path)
        for depth in range(1, len(levels)):
            below.setdefault(key(join(levels[:depth])), []).append(item)
    for name, group in below.items():
        if name not in complete:
            complete[name] = _directory(join(split(group[0].entry.path)[: len(split(name))]), group)
    return complete


def search(items: dict[str, Item], path: str) -> list[Item]:
    """Everything below a path, or what a pattern such as ``D:\\**\\*.xlsx`` names (opType 1)."""
    complete = with_directories(items)
    text = path.replace("/", "\\")
    base = EVERYTHING_BELOW.sub("", text) if EVERYTHING_BELOW.search(text) else text
    if key(base) in complete or not WILD.search(base):
        prefix = [level.lower() for level in split(base)]
        inside = [item for item in complete.values() if _below(item, prefix)]
        return inside or [item for item in complete.values() if key(item.entry.path) == key(base)]
    pattern = compile_pattern(text.lstrip("\\") if not text.startswith("\\\\") else text)
    return [item for item in complete.values() if pattern.matches(item.entry.path, item.entry.is_dir)]


def _below(item: Item, prefix: list[str]) -> bool:
    levels = [level.lower() for level in split(item.entry.path)]
    return len(levels) > len(prefix) and levels[: len(prefix)] == prefix


def pick(items: dict[str, Item], source: str) -> list[Item]:
    """What a restore takes for one source item: the file, the directory and all below it, or what a pattern names.

    A name that exists is taken literally even if it holds wildcard characters.
    """
    prefix = [level.lower() for level in split(source)]
    exact = [item for item in items.values() if key(item.entry.path) == key(source) or _below(item, prefix)]
    if exact or not WILD.search(source):
        return exact
    pattern = compile_pattern(source.replace("/", "\\").lstrip("\\"))
    return [item for item in items.values() if pattern.matches(item.entry.path, item.entry.is_dir)]


def versions(sim: Simulator, view: View, path: str) -> list[Item]:
    """All kept versions of a file, numbered from the oldest (opType 2)."""
    found: list[Item] = []
    for subclient_id in subclient_ids(sim, view):
        found += [Item(entry, subclient_id) for entry in filesystem.side(sim).store.versions(subclient_id, path, view.until)]
    found.sort(key=lambda item: (item.entry.backup_time, item.entry.backup_job))
    return [dataclasses.replace(item, version=number) for number, item in enumerate(found, 1)]


Json = dict[str, t.Any]
FIELDS: dict[str, t.Callable[[Item], t.Any]] = {
    "38": lambda item: not item.entry.is_dir,
    "filename": lambda item: _name(item).casefold(),
    "filesize": lambda item: item.entry.size,
    "size": lambda item: item.entry.size,
    "modifiedtime": lambda item: item.entry.mtime_ns,
    "backuptime": lambda item: item.entry.backup_time,
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
        return [item for text in texts for item in versions(sim, view, text)]
    if operation not in (BROWSE, FIND):
        raise BrowseError(f"The operation type [{operation}] is not supported.")
    try:
        items = collect(sim, view)
    except NothingKept:
        raise BrowseError("No backup was found in the given time range or job. There is nothing to browse.") from None
    found: dict[str, Item] = {}
    for text in texts:
        for item in search(items, text) if operation == FIND else children(items, text):
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
    deleted = flag((body.get("options") or {}).get("showDeletedFiles"))
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


@route("GET", "/Subclient/{id:int}/Browse")
def browse_subclient(sim: Simulator, request: Request) -> Reply | Json:
    """The simple browse: the same answer as POST /DoBrowse, with queries named 0 and 1."""
    subclient = sim.subclients.get(request.number("id"))
    if (
        subclient is None
        or not filesystem.is_file_system(subclient)
        or not sim.visible(request, sim.clients[subclient.client_id].company_id)
    ):
        return generic(4, NO_SUBCLIENT, 404)
    body = {
        "opType": 0,
        "mode": {"mode": 2},
        "paths": [{"path": request.q("path") or "\\"}],
        "entity": sim.entity(subclient),
        "options": {"showDeletedFiles": request.q("showDeletedFiles") or False},
        "queries": [{"type": 0, "queryId": "0", "dataParam": {"paging": {"pageSize": 1000}}}, {"type": 1, "queryId": "1"}],
    }
    return do_browse(sim, dataclasses.replace(request, body=body))
