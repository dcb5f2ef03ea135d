# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How jobs move: phases on the clock, queueing, holds, kill and suspend, failures, what the API shows of it."""

from __future__ import annotations

import pytest

from commvaultsim.jobs.lifecycle import start_job
from commvaultsim.state.job import BACKUP, RESTORE, JobFailure, JobPending, Outcome


@pytest.fixture
def start(sim):
    def begin(effect=None, **fields):
        client = sim.client_by_name("acme-fs01")
        return start_job(
            sim,
            op_type=fields.pop("op_type", BACKUP),
            operation="Backup",
            effect=effect,
            level="FULL",
            client_id=client.id,
            application_id=33,
            **fields,
        )

    return begin


def status(api, job):
    return api.get(f"/Job/{job.id}")["jobs"][0]["jobSummary"]["status"]


def test_a_job_passes_through_its_phases_and_works_once(api, start):
    worked = []

    def effect(_sim, job):
        worked.append(job.id)
        return Outcome(files=3, size=1000, media_size=250)

    job = start(effect)
    seen = [status(api, job)]
    for _step in range(10):
        api.advance(1.0)
        row = api.get(f"/Job/{job.id}")["jobs"][0]["jobSummary"]
        seen.append(f"{row['status']} {row['currentPhaseName']}".strip())
    assert list(dict.fromkeys(seen)) == ["Queued", "Waiting", "Running Scan", "Running Backup", "Running Archive Index", "Completed"]
    assert worked == [job.id]
    assert (row["totalNumOfFiles"], row["percentSavings"], row["percentComplete"]) == (3, 75.0, 100)
    assert row["jobEndTime"] - row["jobStartTime"] > 0


def test_one_big_step_ends_a_job(api, start):
    job = start()
    api.advance(1500)
    assert status(api, job) == "Completed"


def test_an_effect_that_fails_fails_the_job_with_its_words(api, start):
    def effect(_sim, _job):
        raise JobFailure("the disk is full")

    job = start(effect)
    api.advance(60)
    assert status(api, job) == "Failed"
    details = api.post("/JobDetails", {"jobId": job.id})["job"]["jobDetail"]
    assert details["progressInfo"]["reasonForJobDelay"] == "the disk is full"
    assert "the disk is full" in api.get(f"/Events?jobId={job.id}")["commservEvents"][-1]["description"]


def test_an_effect_can_ask_for_another_try(api, start):
    tries = []

    def effect(_sim, _job):
        tries.append(1)
        if len(tries) < 3:
            raise JobPending("media agent offline")
        return Outcome()

    job = start(effect)
    api.advance(4)
    row = api.get(f"/Job/{job.id}")["jobs"][0]["jobSummary"]
    assert (row["status"], row["pendingReason"]) == ("Pending", "media agent offline")
    for _step in range(3):
        api.advance(11)
    assert (status(api, job), len(tries)) == ("Completed", 3)


def test_a_second_backup_of_a_subclient_waits_in_the_queue(api, sim, start):
    subclient = next(iter(sim.subclients), 4711)
    first, second = start(subclient_id=subclient), start(subclient_id=subclient)
    api.advance(5)
    assert (status(api, first), status(api, second)) == ("Running", "Queued")
    api.advance(10)
    api.advance(10)
    assert (status(api, first), status(api, second)) == ("Completed", "Completed")


def test_disabled_activity_queues_until_enabled(api, sim, start):
    client = sim.client_by_name("acme-fs01")
    api.put(f"/V4/Entity/3/{client.id}/ActivityControl/1/Action/Disable")
    job = start()
    api.advance(1500)
    assert status(api, job) == "Queued"
    api.put(f"/V4/Entity/3/{client.id}/ActivityControl/1/Action/Enable")
    api.advance(11)
    assert status(api, job) == "Completed"


def test_suspend_resume_and_kill_take_a_moment(api, start):
    job = start()
    api.advance(5)
    assert api.post(f"/Job/{job.id}/action/pause")["errorCode"] == 0
    assert status(api, job) == "Suspend Pending"
    api.advance(100)
    assert status(api, job) == "Suspended"
    api.advance(100)
    assert status(api, job) == "Suspended"
    api.post(f"/Job/{job.id}/action/resume")
    api.advance(1)
    assert status(api, job) == "Running"
    api.post(f"/Job/{job.id}/action/kill")
    assert status(api, job) == "Kill Pending"
    api.advance(2)
    assert status(api, job) == "Killed"
    assert api.post(f"/Job/{job.id}/action/kill")["errors"][0]["errList"][0]["errorCode"]
    assert api.last.status_code == 200


@pytest.mark.parametrize(("fault", "shown"), [("job_pending", "Pending"), ("job_waiting", "Waiting")])
def test_faults_hold_a_job_for_a_while_or_until_they_are_taken_back(api, start, fault, shown):
    api.control("POST", "faults", {"name": fault, "reason": "no stream", "for_seconds": 50, "times": 1})
    job = start()
    api.advance(10)
    row = api.get(f"/Job/{job.id}")["jobs"][0]["jobSummary"]
    assert (row["status"], row["pendingReason"]) == (shown, "no stream")
    api.advance(60)
    api.advance(11)
    assert status(api, job) == "Completed"
    api.control("POST", "faults", {"name": fault})
    other = start()
    api.advance(1500)
    assert status(api, other) == shown
    api.control("DELETE", "faults")
    api.advance(1)
    api.advance(11)
    assert status(api, other) == "Completed"


def test_a_job_can_be_made_to_fail_before_it_works(api, start):
    worked = []
    api.control("POST", "faults", {"name": "job_fail", "match": "acme-fs01", "reason": "on purpose", "times": 1})
    job = start(lambda _sim, job: worked.append(job.id) or Outcome())
    api.advance(60)
    assert (status(api, job), worked) == ("Failed", [])


def test_a_new_job_can_be_invisible_for_some_polls(api, start):
    api.control("POST", "faults", {"name": "job_invisible", "polls": 2})
    job = start()
    assert api.get(f"/Job/{job.id}") == {"totalRecordsWithoutPaging": 0}
    assert api.get(f"/Job/{job.id}") == {"totalRecordsWithoutPaging": 0}
    assert status(api, job) == "Queued"


def test_lists_filter_by_type_category_time_and_page(api, start):
    backup, restore = start(), start(op_type=RESTORE)
    api.advance(60)
    running = start()
    assert [row["jobSummary"]["jobId"] for row in api.get("/Job")["jobs"]] == [running.id, backup.id]
    assert len(api.get("/Job?jobFilter=")["jobs"]) == 3
    finished = api.post("/Jobs", {"category": 2, "jobFilter": {"jobTypeList": ["Restore"]}})
    assert [row["jobSummary"]["jobId"] for row in finished["jobs"]] == [restore.id]
    assert api.post("/Jobs", {"category": 1})["jobs"][0]["jobSummary"]["jobId"] == running.id
    page = api.post("/Jobs", {"category": 0, "pagingConfig": {"sortField": "jobId", "sortDirection": 0, "offset": 1, "limit": 1}})
    assert (page["totalRecordsWithoutPaging"], page["jobs"][0]["jobSummary"]["jobId"]) == (3, restore.id)
    api.advance(1500)
    assert api.post("/Jobs", {"category": 2, "jobFilter": {"completedJobLookupTime": 1000, "jobTypeList": [5]}}) == {
        "totalRecordsWithoutPaging": 0
    }


def test_an_unknown_job_is_an_empty_answer_here_and_an_error_there(api):
    assert api.get("/Job/99999") == {"totalRecordsWithoutPaging": 0}
    assert api.post("/JobDetails", {"jobId": 99999})["error"]["errList"][0]["errorCode"]
