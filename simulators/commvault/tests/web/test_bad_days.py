# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of clients need of a bad day: requests that stop in the middle, strange answers, and a platform that is brought back."""

from __future__ import annotations

import threading
import time

import pytest
import requests

from commvaultsim.jobs import lifecycle
from commvaultsim.state.job import BACKUP


def names(api):
    return [row["name"] for row in api.control("GET", "state")["companies"]]


def held(api):
    for _look in range(200):
        if any(fault["name"] == "hold" and fault["times"] == 0 for fault in api.control("GET", "faults")["faults"]):
            return
        time.sleep(0.02)
    raise AssertionError("nothing is held")


@pytest.mark.parametrize("after", [False, True])
def test_the_second_writing_request_stops_before_it_is_carried_out_or_after(api, after):
    api.control("POST", "faults", {"name": "hold", "number": 2, "after": after})
    api.post("/V4/company", {"name": "first", "alias": "first"})
    ends = []

    def write():
        try:
            api.post("/V4/company", {"name": "second", "alias": "second"})
        except requests.exceptions.ConnectionError as error:
            ends.append(error)

    client = threading.Thread(target=write)
    client.start()
    held(api)
    assert "first" in names(api)
    assert ("second" in names(api)) is after
    api.control("DELETE", "faults")
    client.join(10)
    assert len(ends) == 1
    assert ("second" in names(api)) is after
    api.post("/V4/company", {"name": "third", "alias": "third"})
    assert "third" in names(api)


def test_a_request_can_be_carried_out_and_answered_by_something_else(api):
    api.control("POST", "faults", {"name": "http", "method": "POST", "status": 502, "html": "502 Bad Gateway", "after": True, "times": 1})
    assert "<title>" in api.post("/V4/company", {"name": "made", "alias": "made"})
    assert "made" in names(api)


def test_an_answer_has_any_text_and_headers(api):
    api.control(
        "POST", "faults", {"name": "http", "status": 307, "text": '{"cut', "headers": {"Location": "http://127.0.0.1:9/"}, "times": 1}
    )
    assert api.get("/V4/company", allow_redirects=False) == '{"cut'
    assert (api.last.status_code, api.last.headers["location"]) == (307, "http://127.0.0.1:9/")


@pytest.mark.parametrize("kind", ["endless", "drip"])
def test_an_answer_has_no_end(api, kind):
    api.control("POST", "faults", {"name": "http", "path": "/V4/company", "stream": kind, "times": 1})
    with requests.get(f"{api.url}{api.base}/V4/company", stream=True, timeout=10) as answer:
        parts = answer.iter_content(1)
        assert b"".join(next(parts) for _byte in range(12)).startswith(b'{"rows": ["')
    assert api.get("/V4/company")["companyCount"] == 0


def test_a_platform_is_brought_back_with_its_time(api):
    api.post("/V4/company", {"name": "kept", "alias": "kept"})
    before = api.control("GET", "clock")["now"]
    api.control("POST", "save", {"name": "mine"})
    state = api.control("GET", "state")
    api.post("/V4/company", {"name": "later", "alias": "later"})
    api.advance(60)
    api.control("POST", "load", {"name": "mine"})
    assert api.control("GET", "state") == state
    assert api.control("GET", "clock")["now"] == before
    assert "kept" in names(api)


def test_a_platform_with_jobs_that_run_is_not_kept(sim, api):
    job = lifecycle.start_job(sim, op_type=BACKUP, operation="Backup", effect=None)
    assert str(job.id) in api.control("POST", "save", {"name": "mine"})["error"]


def test_a_job_can_be_shown_in_a_state_that_nobody_knows(sim, api):
    job = lifecycle.start_job(sim, op_type=BACKUP, operation="Backup", effect=None)
    api.control("POST", "faults", {"name": "job_word", "match": "backup", "word": "Pondering"})
    assert api.get(f"/Job/{job.id}")["jobs"][0]["jobSummary"]["status"] == "Pondering"
