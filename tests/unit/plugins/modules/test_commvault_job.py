# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""States between the states, which last too short a time in the simulator to be met for sure."""

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support.scripted_http import ScriptedHttp

MODULE = "commvault_job"
ENDED = {"errors": [{"errList": [{"errorCode": 587211, "errLogMessage": "Job [7] is not active. It is [Completed]."}]}]}


@pytest.fixture
def http(monkeypatch):
    return ScriptedHttp(monkeypatch)


def job(status, **more):
    return {"totalRecordsWithoutPaging": 1, "jobs": [{"jobSummary": {"jobId": 7, "status": status, **more}}]}


def run(http, state, *answers, reply=None, check=False):
    http.on("GET", "/Job/7", *answers)
    for action in ("kill", "pause", "resume"):
        http.on("POST", f"/Job/7/action/{action}", reply or {"errorCode": 0})
    return http.run(MODULE, {"job_ids": [7], "state": state}, check=check)


@pytest.mark.parametrize("state", ["suspended", "killed"])
def test_the_part_of_one_vm_is_refused_in_check_mode_too(http, state):
    for check in (True, False):
        result = run(http, state, job("Running", vsaParentJobID=6), check=check)
        assert result["failed"] and "give 6" in result["msg"] and http.writes == []
    assert not run(http, state, job("Completed", vsaParentJobID=6)).get("failed")


@pytest.mark.parametrize(
    ("state", "on_its_way", "there"), [("suspended", "Suspend Pending", "Suspended"), ("killed", "Kill Pending", "Killed")]
)
def test_what_is_on_its_way_is_waited_for_and_not_asked_for_again(http, state, on_its_way, there):
    result = run(http, state, job(on_its_way), job(there))
    assert (result["changed"], result["jobs"][0]["status"], http.writes) == (False, there, [])


def test_a_job_that_is_being_suspended_is_resumed_after_that(http):
    result = run(http, "resumed", job("Suspend Pending"), job("Suspended"), job("Running"))
    assert result["changed"] and [call.path for call in http.writes] == ["/Job/7/action/resume"]


def test_a_job_that_ends_meanwhile_is_not_changed(http):
    result = run(http, "killed", job("Running"), job("Completed"), reply=ENDED)
    assert (result["changed"], result["jobs"][0]["changed"], result["diff"]) == (False, False, [])
    assert "ended as Completed" in str(result["warnings"])


def test_a_refusal_of_a_job_that_goes_on_is_an_error(http):
    denied = {"errors": [{"errList": [{"errorCode": 5, "errLogMessage": "You have no permission to kill it."}]}]}
    assert "no permission" in run(http, "killed", job("Running"), reply=denied)["msg"]
