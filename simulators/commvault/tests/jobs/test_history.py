# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A long history: how it is seeded, filtered and paged, and that jobs which have ended cost nothing any more."""

from __future__ import annotations

import threading
import time

import pytest

from commvaultsim.jobs.lifecycle import add_child, start_job
from commvaultsim.state.job import BACKUP

SEED = {"companies": 3, "servers": 2, "subclients": 2, "jobs": 500, "days": 10}


@pytest.fixture
def seeded(api):
    assert api.control("POST", "seed", SEED)["jobs"] == 500
    return api


def page(api, offset=0, limit=100, category=0, direction=1, **rule):
    paging = {"sortField": rule.pop("sort", "jobId"), "sortDirection": direction, "offset": offset, "limit": limit}
    reply = api.post("/Jobs", {"scope": 1, "category": category, "pagingConfig": paging, "jobFilter": rule})
    return [row["jobSummary"] for row in reply.get("jobs", [])], reply["totalRecordsWithoutPaging"]


def test_pages_are_in_order_and_without_gaps(seeded):
    found = [row["jobId"] for offset in range(0, 500, 70) for row in page(seeded, offset, 70)[0]]
    assert len(found) == 500 and found == sorted(set(found), reverse=True)
    assert [row["jobId"] for row in page(seeded, 0, 3, direction=0)[0]] == found[:-4:-1]
    assert page(seeded, 0, 3, sort="jobStartTime")[0] == page(seeded, 0, 3)[0]


def test_the_rules_of_a_filter_join(seeded, sim):
    everything = page(seeded, limit=0)[0]
    failed, total = page(seeded, limit=0, statusList=["Failed"])
    assert total == len(failed) == sum(row["status"] == "Failed" for row in everything) > 0
    clients = sorted({row["subclient"]["clientId"] for row in everything})[:2]
    rows, _total = page(seeded, limit=0, clientList=[{"clientId": number} for number in clients], backupLevel=["FULL"])
    assert rows and {row["subclient"]["clientId"] for row in rows} == set(clients) and {row["backupLevelName"] for row in rows} == {"Full"}
    assert page(seeded, jobTypeList=["Restore"])[1] == 0 and page(seeded, jobTypeList=[4])[1] == 500
    recent, count = page(seeded, limit=0, completedJobLookupTime=86400)
    assert count == len(recent) and 0 < count < 80
    now = sim.clock.now()
    days = page(seeded, limit=0, startTimeRange={"fromTime": int(now) - 3 * 86400, "toTime": int(now) - 2 * 86400})[0]
    assert days and all(2 * 86400 <= now - row["jobStartTime"] <= 3 * 86400 + 1 for row in days)
    assert page(seeded, category=1)[1] == 0 and page(seeded, category=2)[1] == 500


def test_a_company_sees_its_own_history(seeded):
    company = next(iter(seeded.get("/V4/Company")["companies"]))["id"]
    seeded.session.headers["operatorCompanyId"] = str(company)
    rows, total = page(seeded, limit=0)
    assert {row["company"]["id"] for row in rows} == {company} and total == len(rows) < 300


def test_failed_jobs_have_their_reason_in_the_events(seeded):
    failed = page(seeded, statusList=["Failed"], limit=1)[0][0]
    assert (
        failed["pendingReason"] == ""
        and "." in seeded.get("/Events", params={"jobId": failed["jobId"]})["commservEvents"][0]["description"]
    )


def test_what_has_ended_is_not_looked_at_again(seeded, sim):
    assert sim.jobs.live() == []
    job = start_job(sim, op_type=BACKUP, operation="Backup", effect=None, level="FULL", client_id=2)
    child = add_child(sim, job, client_id=2)
    assert [one.id for one in sim.jobs.live()] == [job.id, child.id] and sim.jobs.children(job.id) == [child]
    seeded.advance(60)
    assert sim.jobs.live() == [] and job.final and child.final and sim.jobs[job.id] is job


def test_jobs_need_something_to_be_of(sim, api):
    for subclient in list(sim.subclients):
        del sim.subclients[subclient]
    assert "subclients" in api.control("POST", "seed", {"jobs": 1})["error"]


def test_a_delay_holds_nobody_else_up(api):
    """Ten requests that are each delayed, from ten connections at the same time."""
    api.control("POST", "faults", {"name": "http", "path": "/Client", "delay": 0.3})
    tokens, times = dict(api.session.headers), []

    def ask():
        began = time.monotonic()
        with api.session.__class__() as session:
            session.get(f"{api.url}{api.base}/Client", headers=tokens, timeout=30)
        times.append(time.monotonic() - began)

    threads = [threading.Thread(target=ask) for _number in range(10)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(times) == 10 and min(times) >= 0.3 and time.monotonic() - began < 1.5
