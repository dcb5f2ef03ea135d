# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire import paging, replies
from ansible_collections.calligo.baas.plugins.module_utils._core.errors import ApiError
from ansible_collections.calligo.baas.tests.support.scripted_client import scripted_client


def rows(*numbers):
    return [{"id": number} for number in numbers]


def summaries(*numbers, total=0, **more):
    return {"totalRecordsWithoutPaging": total, "jobs": [{"jobSummary": {"jobId": number, **more}} for number in numbers]}


def browsed(*paths):
    return {"browseResponses": [{"browseResult": {"dataResultSet": [{"path": path} for path in paths]}}]}


@pytest.mark.parametrize(("value", "expected"), [(None, []), ([], []), ([1], [1]), ({"a": 1}, [{"a": 1}]), ("x", ["x"])])
def test_a_list_is_a_list_however_it_was_sent(value, expected):
    assert replies.listed(value) == expected


def test_a_list_that_is_not_found_is_empty():
    client, _wire, _clock = scripted_client((404, {"errorCode": 404, "errorMessage": "none"}))
    assert client.rows("/Client", "rows") == []


def machines(*numbers, **more):
    return {"vmStatusInfoList": [{"strGUID": str(number)} for number in numbers], **more}


def read_machines(*replies):
    client, wire, _clock = scripted_client(*replies)
    found = paging.by_header(client, "/VM", "vmStatusInfoList", "totalRecords", "strGUID", page=2)
    return [row["strGUID"] for row in found], [sent.headers["PagingInfo"] for sent in wire.sent[1:]]


def test_by_header_pages_in_a_header():
    assert read_machines(machines(1, 2, totalRecords=3), machines(3, totalRecords=3)) == (["1", "2", "3"], ["0,2", "1,2"])


def test_what_has_several_rows_is_given_once_and_counts_with_each():
    """A VM has a row for each group that holds it: the total is reached although fewer VMs are."""
    assert read_machines(machines(1, 2, totalRecords=3), machines(1, totalRecords=3)) == (["1", "2"], ["0,2", "1,2"])


@pytest.mark.parametrize("last", [machines(), machines(1, 2), (404, {"errorCode": 404})])
def test_without_a_total_it_is_read_until_nothing_new_comes(last):
    """A server that cuts its list without a word, or knows no pages and sends all of it each time."""
    assert read_machines(machines(1, 2), machines(3), last) == (["1", "2", "3"], ["0,2", "1,2", "2,2"])


def test_jobs_without_a_total_are_read_until_a_page_is_short():
    pages = [summaries(9, 8), summaries(7, 6), summaries(5)]
    for page in pages:
        page.pop("totalRecordsWithoutPaging")
    client, _wire, _clock = scripted_client(*pages)
    assert [row["jobId"] for row in paging.jobs(client, {}, page=2)] == [9, 8, 7, 6, 5]


def test_jobs_are_given_once_although_new_ones_shift_the_pages():
    client, wire, _clock = scripted_client(summaries(9, 8, total=4), summaries(8, 7, total=5), summaries(6, total=5))
    found = paging.jobs(client, {"jobTypeList": []}, category=2, page=2)
    assert [row["jobId"] for row in found] == [9, 8, 7, 6]
    assert [sent.body["pagingConfig"]["offset"] for sent in wire.sent[1:]] == [0, 2, 4]
    assert wire.sent[1].body["category"] == 2


def test_jobs_are_newest_first_also_where_the_direction_is_the_other_way_round():
    client, wire, _clock = scripted_client(summaries(1, 2, total=3), summaries(3, 2, total=3), summaries(1, total=3))
    assert [row["jobId"] for row in paging.jobs(client, {}, page=2)] == [3, 2, 1]
    asked = [sent.body["pagingConfig"] for sent in wire.sent[1:]]
    assert [(paging["sortDirection"], paging["offset"]) for paging in asked] == [(1, 0), (0, 0), (0, 2)]


def test_jobs_that_are_always_oldest_first_are_an_error_and_no_guess():
    client, _wire, _clock = scripted_client(summaries(1, 2, total=3), summaries(1, 2, total=3))
    with pytest.raises(ApiError, match="oldest first, whichever"):
        next(paging.jobs(client, {}, page=2))


def test_jobs_stop_at_the_limit_and_leave_out_hidden_ones():
    reply = summaries(9, 8, 7, total=3)
    reply["jobs"][0]["jobSummary"]["isVisible"] = False
    client, wire, _clock = scripted_client(reply)
    assert [row["jobId"] for row in paging.jobs(client, {}, limit=1)] == [8]
    assert len(wire.sent) == 2


def test_no_jobs_is_an_empty_reply():
    client, _wire, _clock = scripted_client({"totalRecordsWithoutPaging": 0})
    assert list(paging.jobs(client, {})) == []


def test_browse_pages_and_keeps_the_request():
    client, wire, _clock = scripted_client(browsed("a", "b"), browsed("c"))
    assert [row["path"] for row in paging.browse(client, {"opType": 0}, page=2)] == ["a", "b", "c"]
    assert [sent.body["queries"][0]["dataParam"]["paging"]["skipNode"] for sent in wire.sent[1:]] == [0, 2]
    assert all(sent.body["opType"] == 0 for sent in wire.sent[1:])


def test_browse_stops_at_the_limit():
    client, wire, _clock = scripted_client(browsed("a", "b"))
    assert len(list(itertools.islice(paging.browse(client, {}, limit=1, page=2), 5))) == 1
    assert len(wire.sent) == 2


def test_an_index_that_is_not_ready_is_asked_again_with_growing_pauses():
    client, _wire, clock = scripted_client({}, {}, browsed("a"))
    assert len(list(paging.browse(client, {}))) == 1
    assert clock.sleeps == [1.0, 2.0]


def test_an_index_that_never_gets_ready_is_an_error():
    client, _wire, _clock = scripted_client({}, {})
    with pytest.raises(ApiError, match="the index of this backup is not ready"):
        list(paging.browse(client, {}, index_tries=2))


def test_an_empty_folder_is_no_error():
    client, _wire, _clock = scripted_client({"browseResponses": [{"browseResult": {}}]})
    assert list(paging.browse(client, {})) == []


def test_a_failed_browse_has_the_servers_words():
    client, _wire, _clock = scripted_client(
        {"browseResponses": [{"messages": [{"errorCode": 1, "errorMessage": "no backup in the range"}]}]}
    )
    with pytest.raises(ApiError, match="no backup in the range"):
        list(paging.browse(client, {}))
