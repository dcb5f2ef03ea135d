# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support.protected import GROUP, SUBCLIENT, protected
from ansible_collections.calligo.baas.tests.support.walk import step

MODULE = "commvault_job"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with protected(tmp_path_factory.mktemp("job")) as world:
        yield world


@pytest.fixture(autouse=True)
def no_faults(world):
    yield
    world.sandbox.control("DELETE", "/faults")


@pytest.fixture
def running(world):
    """A backup of files that waits for its library until the fault is gone."""
    world.fault("job_waiting", match=SUBCLIENT["name"], reason="The disk library is busy", times=1)
    (job,) = world.run("commvault_backup", {"subclients": [SUBCLIENT], "wait": False})["jobs"]
    while "busy" not in world.run("commvault_job_info", {"job_ids": [job["id"]]})["jobs"][0]["reason"]:
        pass
    yield job["id"]
    world.sandbox.control("DELETE", "/faults")
    world.run(MODULE, {"job_ids": [job["id"]], "state": "killed"})


def status(world, *ids):
    return [job["status"] for job in world.run("commvault_job_info", {"job_ids": list(ids)})["jobs"]]


def test_a_job_is_suspended_and_resumed_each_once(world, running):
    suspended = {"job_ids": [running], "state": "suspended"}
    predicted = step(world.modules, MODULE, suspended, check=True, changed=True)
    assert status(world, running) == ["Waiting"] and predicted["jobs"][0]["status"] == "Suspended"
    result = step(world.modules, MODULE, suspended, check=False, changed=True)
    assert result["jobs"][0]["status"] == "Suspended"
    assert result["diff"][0]["before"] == {"status": "Waiting"} and result["diff"][0]["after"] == {"status": "Suspended"}
    for check in (True, False):
        step(world.modules, MODULE, suspended, check=check, changed=False)
    resumed = {"job_ids": [running], "state": "resumed"}
    step(world.modules, MODULE, resumed, check=True, changed=True)
    assert status(world, running) == ["Suspended"]
    assert step(world.modules, MODULE, resumed, check=False, changed=True)["jobs"][0]["outcome"] in ("active", "success")
    for check in (True, False):
        step(world.modules, MODULE, resumed, check=check, changed=False)
    assert world.run(MODULE, {"job_ids": [running]})["jobs"][0]["outcome"] == "success"


def test_a_job_is_killed_only_when_that_is_asked_for(world, running):
    failure = world.failure(MODULE, {"job_ids": [running], "wait_timeout": 1})
    assert failure["error"]["kind"] == "WaitTimeout" and "The disk library is busy" in failure["msg"]
    assert status(world, running) == ["Waiting"]
    options = {"job_ids": [running], "state": "killed"}
    step(world.modules, MODULE, options, check=True, changed=True)
    assert status(world, running) == ["Waiting"]
    assert step(world.modules, MODULE, options, check=False, changed=True)["jobs"][0]["status"] == "Killed"
    for check in (True, False):
        step(world.modules, MODULE, options, check=check, changed=False)


def test_jobs_are_waited_for_together_by_reading_alone(world):
    jobs = world.run("commvault_backup", {"vm_groups": [GROUP], "subclients": [SUBCLIENT], "level": "full", "wait": False})["jobs"]
    ids = [job["id"] for job in reversed(jobs)]
    result, asked, writes = world.requests(MODULE, {"job_ids": ids})
    assert [job["id"] for job in result["jobs"]] == ids and result["changed"] is False
    assert {job["outcome"] for job in result["jobs"]} == {"success"} and writes == []
    assert {line for line in asked if "Log" not in line} == {"POST /Jobs"}


@pytest.mark.parametrize("state", ["suspended", "resumed", "killed", "waited"])
def test_a_job_that_has_ended_stays_as_it_is(world, state):
    (job,) = world.run("commvault_backup", {"subclients": [SUBCLIENT]})["jobs"]
    result, _asked, writes = world.requests(MODULE, {"job_ids": [job["id"]], "state": state})
    assert (result["changed"], result["jobs"][0]["status"], writes) == (False, "Completed", [])


def test_a_failed_job_fails_the_wait_unless_it_is_only_to_be_known(world):
    world.fault("job_fail", match=SUBCLIENT["name"], reason="The library is full", times=1)
    (job,) = world.run("commvault_backup", {"subclients": [SUBCLIENT], "wait": False})["jobs"]
    failure = world.failure(MODULE, {"job_ids": [job["id"]]})
    assert "The library is full" in failure["msg"] and failure["error"]["jobs"][0]["id"] == job["id"]
    result = world.run(MODULE, {"job_ids": [job["id"]], "fail_on_failure": False})
    assert result["jobs"][0]["outcome"] == "failed"


def test_waiting_for_a_suspended_job_ends_at_once(world, running):
    world.run(MODULE, {"job_ids": [running], "state": "suspended"})
    assert "resumes" in world.failure(MODULE, {"job_ids": [running]})["msg"]


# Short after the job runs, so that its end takes the time that it takes.
def test_unknown_jobs_touch_none_of_the_others(world, running, waiting_is_short):
    options = {"job_ids": [running, 999999], "state": "killed"}
    assert "999999" in world.failure(MODULE, options)["msg"]
    assert status(world, running) == ["Waiting"]
    result = world.run(MODULE, options, check=True)
    assert result["changed"] is True and "999999" in str(result["warnings"])


def test_no_ids_mean_no_jobs(world):
    for state in ("waited", "killed"):
        assert world.run(MODULE, {"job_ids": [], "state": state})["jobs"] == []
    assert "job_ids" in world.failure(MODULE, {"state": "killed"})["msg"]
