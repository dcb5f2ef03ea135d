# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._commvault.backups import jobs
from ansible_collections.calligo.baas.plugins.module_utils._core.errors import (
    ApiError,
    ConnectionFailed,
    InputError,
    JobFailed,
    UnexpectedReply,
    WaitTimeout,
)
from ansible_collections.calligo.baas.tests.support.scripted_client import scripted_client

START = 1780000000
BROKEN = ConnectionFailed("the connection broke", sent=True, call="POST /Subclient/40/action/backup")
NEVER_LEFT = ConnectionFailed("no connection", sent=False)
READING = ("GET /Job/", "GET /Events", "POST /Jobs", "POST /JobDetails", "POST /Login")
"""All that waiting may send. What ends or changes a job lies below /Job/{id}/action and /Jobs/MultiJobOperation."""


def summary(job_id=600, status="Running", **more):
    return {
        "jobId": job_id,
        "status": status,
        "jobStartTime": START,
        "subclient": {"clientId": 5, "clientName": "srv01", "subclientId": 40, "subclientName": "data"},
        **more,
    }


def listing(*summaries):
    return {"totalRecordsWithoutPaging": len(summaries), "jobs": [{"jobSummary": row} for row in summaries]} if summaries else {}


def lines(wire):
    return [sent.line for sent in wire.sent if sent.line != "POST /Login"]


# Words


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        ("Completed", "success"),
        ("completed", "success"),
        ("Completed w/ one or more errors", "partial"),
        ("Completed w/ one or more warnings", "partial"),
        ("Committed", "partial"),
        ("Failed", "failed"),
        ("Failed to Start", "failed"),
        ("Killed", "failed"),
        ("Abnormal Terminated", "failed"),
        ("No Run", "failed"),
        ("Suspended", "standing"),
        ("Suspend", "standing"),
        ("Running", "active"),
        ("Running (cannot be verified)", "active"),
        ("Waiting", "active"),
        ("Pending", "active"),
        ("Queued", "active"),
        ("Interrupted", "active"),
        ("Kill Pending", "active"),
        ("Suspend Pending", "active"),
        ("Interrupt Pending", "active"),
        ("Cleanup", "active"),
    ],
)
def test_every_state_has_one_meaning(status, meaning):
    assert jobs.outcome(status) == meaning


def test_a_record_falls_back_to_the_last_update_where_an_ended_job_shows_no_end():
    assert jobs.to_record(summary(status="Completed", jobEndTime=0, lastUpdateTime=START + 60))["end_time"] == "2026-05-28T20:27:40Z"
    assert jobs.to_record(summary(status="Running", jobEndTime=0, lastUpdateTime=START + 60))["end_time"] is None


@pytest.mark.parametrize(
    "text", ["2026-05-28T20:26:40Z", "2026-05-28T20:26:40", "2026-05-28 22:26:40+02:00", " 2026-05-28T20:26:40+00:00 "]
)
def test_times_are_utc_unless_they_name_a_zone(text):
    assert jobs.seconds(text) == START
    assert jobs.iso(jobs.seconds(text)) == "2026-05-28T20:26:40Z"


def test_what_is_no_time_is_an_error_that_shows_how_to_write_one():
    with pytest.raises(InputError, match=r"yesterday.*ISO 8601.*2026-11-24T03:00:00Z"):
        jobs.seconds("yesterday")
    assert jobs.seconds(None) == 0 and jobs.iso(0) is None and jobs.iso("0") is None


# Waiting


def test_waiting_reads_with_growing_pauses_until_the_job_has_ended():
    answers = [listing(summary(status=status)) for status in ("Queued", "Waiting", "Running", "Running", "Completed")]
    client, wire, clock = scripted_client(*answers)
    (record,) = jobs.wait(client, [600], timeout=3600)
    assert record["outcome"] == "success"
    assert lines(wire) == ["GET /Job/600"] * 5
    assert clock.sleeps == [1.0, 1.5, 2.25, 3.375]


@pytest.mark.parametrize("status", ["Pending", "Waiting", "Queued"])
def test_a_job_that_stands_still_is_left_alone_at_the_deadline(status):
    """The vendor's SDK kills a job that pends for half an hour; this one only stops to look."""
    answers = [listing(summary(status=status, pendingReason="The media agent does not answer"))] * 500
    client, wire, clock = scripted_client(*answers)
    with pytest.raises(WaitTimeout) as error:
        jobs.wait(client, [600], timeout=7200)
    assert clock.now == 7200
    text = str(error.value)
    assert f"job 600 (srv01 data) is {status} (The media agent does not answer)" in text
    assert "left alone" in text and "wait_timeout" in text
    assert error.value.details["jobs"][0]["status"] == status
    assert all(line == "GET /Job/600" for line in lines(wire))
    assert max(clock.sleeps) == 30.0


def test_a_suspended_job_ends_the_wait_at_once_without_a_touch():
    client, wire, clock = scripted_client(listing(summary(status="Suspended")))
    with pytest.raises(JobFailed, match=r"job 600 .* is Suspended: .*somebody resumes it"):
        jobs.wait(client, [600], timeout=7200)
    assert lines(wire) == ["GET /Job/600"] and clock.sleeps == []


def test_a_job_that_is_not_seen_yet_is_waited_for():
    client, _wire, _clock = scripted_client({"totalRecordsWithoutPaging": 0}, {}, listing(summary(status="Completed")))
    assert jobs.wait(client, [600], timeout=7200)[0]["status"] == "Completed"


def test_a_job_that_is_never_seen_is_given_up_after_a_minute():
    client, _wire, clock = scripted_client(*[{"totalRecordsWithoutPaging": 0}] * 50)
    with pytest.raises(JobFailed, match="does not know job 600"):
        jobs.wait(client, [600], timeout=7200)
    assert 60 < clock.now < 120


@pytest.mark.parametrize("gone", [{"totalRecordsWithoutPaging": 0}, (404, {"errorCode": 2, "errorMessage": "no such job"})])
def test_of_a_job_that_vanishes_it_is_told_how_it_was_seen_last(gone):
    client, _wire, clock = scripted_client(listing(summary(status="Running")), *[gone] * 50)
    with pytest.raises(
        JobFailed, match=r"does not know job 600 .*; when it was seen last, job 600 \(srv01 data\) was Running\. .*history"
    ) as error:
        jobs.wait(client, [600], timeout=7200)
    assert 60 < clock.now < 120 and error.value.details["jobs"][0]["status"] == "Running"


def test_of_many_jobs_one_that_was_not_seen_is_named_at_the_deadline():
    client, _wire, _clock = scripted_client(*[listing(summary(600)), {"totalRecordsWithoutPaging": 0}] * 20)
    with pytest.raises(WaitTimeout, match=r"Last seen: job 600 \(srv01 data\) is Running; job 601 not at all\."):
        jobs.wait(client, [600, 601], timeout=10)


def test_many_jobs_are_read_in_one_request():
    running = listing(summary(600, "Completed"), summary(601, "Running"))
    ended = listing(summary(601, "Failed"), summary(600, "Completed"))
    client, wire, _clock = scripted_client(running, ended)
    records = jobs.wait(client, [600, 601], timeout=7200)
    assert [(record["id"], record["outcome"]) for record in records] == [(600, "success"), (601, "failed")]
    assert lines(wire) == ["POST /Jobs"] * 2


def test_a_job_that_the_list_leaves_out_is_read_by_itself():
    client, wire, _clock = scripted_client(listing(summary(600, "Completed")), listing(summary(601, "Completed")))
    assert [record["id"] for record in jobs.wait(client, [600, 601], timeout=60)] == [600, 601]
    assert lines(wire) == ["POST /Jobs", "GET /Job/601"]


def test_a_server_that_is_away_for_a_while_does_not_end_the_wait():
    away = [NEVER_LEFT] * 4
    client, _wire, clock = scripted_client(listing(summary()), *away * 5, listing(summary(status="Completed")))
    assert jobs.wait(client, [600], timeout=7200)[0]["outcome"] == "success"
    assert clock.now > 10


def test_a_server_that_stays_away_ends_the_wait_with_the_reason():
    """A restart of ten minutes is survived. After that the last known state is told, and nobody says that the job had ended."""
    client, _wire, clock = scripted_client(listing(summary()), *[NEVER_LEFT] * 400)
    with pytest.raises(WaitTimeout, match=r"no answer: no connection Last seen: job 600 .* is Running") as error:
        jobs.wait(client, [600], timeout=72000)
    assert 600 < clock.now < 700 and error.value.details["jobs"][0]["id"] == 600


def test_the_screen_tells_once_a_minute_how_far_many_jobs_are():
    said = []
    running = [summary(number, percentComplete=number % 100) for number in range(600, 608)]
    client, _wire, _clock = scripted_client(*[listing(*running[:0:-1], summary(600, "Completed"))] * 60, say=said.append)
    with pytest.raises(WaitTimeout):
        jobs.wait(client, range(600, 608), timeout=150)
    named = ", ".join(f"{number} (srv01/data, Running, {number % 100} %)" for number in range(601, 606))
    assert said == [f"1 of 8 jobs ended; running: {named}, and 2 more"] * 2
    quick, _wire, _clock = scripted_client(listing(summary(600)), listing(summary(600, "Completed")), say=said.append)
    jobs.wait(quick, [600], timeout=150)
    assert len(said) == 2


@pytest.mark.parametrize(
    "trouble", [(500, {"errorCode": 1, "errorMessage": "busy"}), (502, "<html></html>"), (200, "<html>Maintenance</html>"), (429, {})]
)
def test_a_web_server_that_restarts_does_not_end_the_wait(trouble):
    client, _wire, clock = scripted_client(listing(summary()), *[trouble] * 20, listing(summary(status="Completed")))
    assert [record["outcome"] for record in jobs.wait(client, [600], timeout=7200)] == ["success"]
    assert clock.now > 20


def test_a_certificate_that_is_not_trusted_ends_the_wait_at_once():
    client, wire, _clock = scripted_client(ConnectionFailed("certificate", final=True))
    with pytest.raises(ConnectionFailed, match="certificate"):
        jobs.wait(client, [600], timeout=7200)
    assert len(lines(wire)) == 1


def test_nothing_that_waiting_and_judging_send_can_change_a_job():
    answers = [
        listing(summary(status="Pending")),
        listing(summary(status="Failed")),
        {"job": {"jobDetail": {"clientStatusInfo": {"vmStatus": []}}}},
        {"commservEvents": []},
    ]
    client, wire, _clock = scripted_client(*answers)
    with pytest.raises(JobFailed):
        jobs.require_success(client, jobs.wait(client, [600], timeout=60), fail_on_partial=False)
    assert all(sent.line.startswith(READING) and "/action/" not in sent.line for sent in wire.sent)


# Judging


def test_a_failure_names_the_job_and_the_servers_words():
    events = {"commservEvents": [{"severity": 0, "description": "Job started."}, {"severity": 6, "description": "No space left."}]}
    client, _wire, _clock = scripted_client({"job": {"jobDetail": {}}}, events)
    with pytest.raises(
        JobFailed, match=r"^job 600 \(srv01 data\) is Failed: No space left\. No other job was started .* start one again\.$"
    ) as error:
        jobs.require_success(client, [jobs.to_record(summary(status="Failed"))], fail_on_partial=False)
    assert "Job started" not in str(error.value)
    assert error.value.details["jobs"][0]["id"] == 600


def test_the_reason_of_a_single_vm_is_told():
    status = {"vmName": "web01", "GUID": "503b", "jobID": "601", "FailureReason": "Snapshot failed"}
    client, _wire, _clock = scripted_client({"job": {"jobDetail": {"clientStatusInfo": {"vmStatus": status}}}})
    with pytest.raises(JobFailed, match="web01: Snapshot failed"):
        jobs.require_success(client, [jobs.to_record(summary(status="Failed"))], fail_on_partial=False)


def test_a_partial_success_is_a_warning_or_a_failure_as_asked_for():
    partial = jobs.to_record(summary(status="Completed w/ one or more errors", pendingReason="2 files are locked"))
    warned = []
    client, _wire, _clock = scripted_client(warn=warned.append)
    jobs.require_success(client, [partial], fail_on_partial=False)
    assert warned == ["job 600 (srv01 data) is Completed w/ one or more errors: 2 files are locked."]
    with pytest.raises(JobFailed, match="2 files are locked"):
        jobs.require_success(client, [partial], fail_on_partial=True)


# Starting


def starter(*answers, seen=((), ())):
    """A client whose POST gets the answers, and a way to look for jobs that shows one entry of seen after the other."""
    client, wire, clock = scripted_client(*answers)
    looks = iter(seen)
    last = []

    def look():
        last[:] = [next(looks, last[0] if last else ())]
        return last[0]

    def run():
        return jobs.start(lambda: client.post("/Subclient/40/action/backup", {}), look, client.clock)

    return run, wire, clock


def test_ids_are_strings_in_the_reply_and_numbers_from_then_on():
    run, _wire, _clock = starter({"taskId": 9, "jobIds": ["600", "601"]})
    assert run() == [600, 601]


def test_a_task_without_a_job_is_followed_until_its_job_appears():
    run, _wire, clock = starter({"taskId": 9}, seen=((1, 2), (1, 2), (1, 2, 3)))
    assert run() == [3]
    assert clock.sleeps == [0.5, 2.0]


def test_a_reply_that_names_nothing_is_an_error():
    run, _wire, _clock = starter({})
    with pytest.raises(UnexpectedReply, match="It is not known whether the job was started"):
        run()


@pytest.mark.parametrize("trouble", [BROKEN, (504, "<html><title>Gateway Timeout</title></html>"), (502, "<html></html>")])
def test_after_a_broken_connection_the_job_is_looked_for_and_not_started_again(trouble):
    run, wire, _clock = starter(trouble, seen=((1,), (1,), (1, 7)))
    assert run() == [7]
    assert lines(wire) == ["POST /Subclient/40/action/backup"]


@pytest.mark.parametrize(("trouble", "kind"), [(BROKEN, ConnectionFailed), ((504, "<html></html>"), ApiError)])
def test_where_no_job_appears_the_doubt_is_told(trouble, kind):
    run, wire, clock = starter(trouble, seen=((1,),))
    with pytest.raises(kind, match="not known whether the job was started") as error:
        run()
    assert lines(wire) == ["POST /Subclient/40/action/backup"]
    assert clock.now == sum(jobs.APPEAR_PAUSES)
    assert error.value.details["call"] == "POST /Subclient/40/action/backup"


def test_looking_survives_a_connection_that_is_still_broken():
    client, _wire, _clock = scripted_client(BROKEN)
    looks = iter([set(), ConnectionFailed("still down"), {7}])

    def look():
        found = next(looks)
        if isinstance(found, Exception):
            raise found
        return found

    assert jobs.start(lambda: client.post("/x", {}), look, client.clock) == [7]


def test_a_request_that_never_left_and_one_that_was_refused_leave_no_doubt():
    run, _wire, _clock = starter(*[NEVER_LEFT] * 4)
    with pytest.raises(ConnectionFailed) as error:
        run()
    assert "not known" not in str(error.value)
    run, wire, _clock = starter({"errorCode": 2, "errorMessage": "Another backup is running"})
    with pytest.raises(ApiError, match="Another backup is running") as refusal:
        run()
    assert "not known" not in str(refusal.value)
    assert len(lines(wire)) == 1
