# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.errors import ApiError, UnexpectedReply
from .replies import listed, number

if t.TYPE_CHECKING:
    from .client import Commvault

Row = dict[str, t.Any]

# The API pages in several ways (by request header, by body, by browse query), and most lists not at all: those Commvault.rows() reads.


def by_header(
    client: Commvault, path: str, key: str, total: str, identity: str, params: Row | None = None, page: int = 500
) -> t.Iterator[Row]:
    """Lists that take "PagingInfo: page,size" as a request header. A server that does not know it sends everything at once.

    total: the key of the number of all rows, which some servers leave out: then it is read until nothing new comes. identity: the key
    that tells objects apart. One may have several rows, and is given once; all of them count towards the total.
    """
    seen: set[str] = set()
    pages = read = 0
    while True:
        reply = client.get(path, params, absent=(404,), headers={"PagingInfo": f"{pages},{page}"}) or {}
        rows = listed(reply.get(key))
        new = {str(row[identity]): row for row in rows if str(row[identity]) not in seen}
        yield from new.values()
        seen |= new.keys()
        pages += 1
        told = number(reply, total)
        read += len(rows)
        if 0 < told <= read:
            return
        if not new:
            if told:
                raise UnexpectedReply(f"Commvault at GET {path} gives {len(seen)} of {told} rows and then no more.", call=f"GET {path}")
            return


def jobs(
    client: Commvault, job_filter: Row, category: int = 0, limit: int | None = None, page: int = 500, ahead: int = 0
) -> t.Iterator[Row]:
    """Rows of POST /Jobs, newest first (cvpysdk job.py _get_jobs_request_json).

    category: 0 all, 1 active, 2 finished. limit: the most rows to give. ahead: how many pages to read before they are asked for.
    Jobs that start while paging shift the rows, so each id is given once. Rows that are not visible are left out.
    """
    seen: set[int] = set()
    for reply in _job_pages(client, job_filter, category, page, ahead):
        for row in [row["jobSummary"] for row in listed(reply.get("jobs"))]:
            if limit is not None and len(seen) >= limit:
                return
            if row["jobId"] not in seen and row.get("isVisible", True):
                seen.add(row["jobId"])
                yield row
        if limit is not None and len(seen) >= limit:
            return


def _job_pages(client: Commvault, job_filter: Row, category: int, page: int, ahead: int) -> t.Iterator[Row]:
    direction = 1

    def read(offset: int) -> Row:
        paging = {"sortField": "jobId", "sortDirection": direction, "offset": offset, "limit": page}
        return client.query("/Jobs", {"scope": 1, "category": category, "pagingConfig": paging, "jobFilter": job_filter})

    # Which direction 1 is, no source says: in what was seen the newest job comes first.
    first = read(0)
    if _oldest_first(first):
        direction = 0
        first = read(0)
        if _oldest_first(first):
            raise ApiError(
                "Commvault lists jobs oldest first, whichever direction is asked for: what is the latest cannot be told.", call="POST /Jobs"
            )
    if not first.get("jobs"):
        return
    yield first
    offset, total = page, _total(first, page, page)
    while offset < total:
        # There may be more pages by the time that these have been read.
        offsets = range(offset, total, page) if ahead else range(offset, offset + 1)
        for reply in client.pool.stream(read, offsets, ahead) if len(offsets) > 1 else map(read, offsets):
            if not reply.get("jobs"):
                return
            yield reply
            offset += page
            total = _total(reply, offset, page)


def _total(reply: Row, read: int, page: int) -> int:
    """How many jobs there are. Where the server does not say, one more than was read, as long as full pages come."""
    told = reply.get("totalRecordsWithoutPaging")
    return number(reply, "totalRecordsWithoutPaging") if told is not None else read + (len(listed(reply.get("jobs"))) == page)


def _oldest_first(reply: Row) -> bool:
    numbers = [int(row["jobSummary"]["jobId"]) for row in listed(reply.get("jobs"))]
    return bool(numbers) and numbers[0] < numbers[-1]


def browse(client: Commvault, request: Row, limit: int | None = None, page: int = 1000, index_tries: int = 6) -> t.Iterator[Row]:
    """Rows of POST /DoBrowse (cvpysdk backupset.py _do_browse), paged by skipNode.

    An empty reply means that the index is not ready: it is asked for again, index_tries times with growing pauses.
    An empty folder is no error: its reply has no data object. Raises ApiError with the server's words on a failed browse.
    """
    given = 0
    offset = 0
    while True:
        query = {
            "type": 0,
            "queryId": "dataQuery",
            "dataParam": {
                "sortParam": {"ascending": True, "sortBy": [38, 0]},
                "paging": {"firstNode": offset, "skipNode": offset, "pageSize": page},
            },
        }
        rows = _browse_page(client, {**request, "queries": [query]}, index_tries)
        for row in rows:
            yield row
            given += 1
            if limit is not None and given >= limit:
                return
        offset += page
        if len(rows) < page:
            return


def _browse_page(client: Commvault, request: Row, tries: int) -> list[Row]:
    pause = 1.0
    for _attempt in range(tries):
        responses = listed(client.query("/DoBrowse", request).get("browseResponses"))
        if responses:
            return _browse_rows(responses)
        client.clock.sleep(pause)
        pause *= 2
    raise ApiError(
        f"Commvault answered {tries} times without a browse result: the index of this backup is not ready. Try again later.",
        call="POST /DoBrowse",
    )


def _browse_rows(responses: list[Row]) -> list[Row]:
    messages = [message for reply in responses for message in listed(reply.get("messages"))]
    texts = [str(message["errorMessage"]) for message in messages if message.get("errorMessage")]
    results = [reply["browseResult"] for reply in responses if reply.get("browseResult")]
    if texts and not results:
        raise ApiError(f"Commvault could not browse the backup: {'; '.join(texts)}", call="POST /DoBrowse", server_message=texts[0])
    return [row for result in results for row in listed(result.get("dataResultSet"))]
