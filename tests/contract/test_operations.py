# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running the service and the vendor's SDK, both ways: jobs are controlled, activity switched, agents installed and retired, state is read."""

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.contract import sdk
from ansible_collections.calligo.baas.tests.simulators.sandbox import Sandbox
from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.modules import Modules

SERVER, SUBCLIENT = tenant.SUBCLIENT["client"], tenant.SUBCLIENT["name"]


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    """A sandbox of this file's own with one tenant and one full backup of what it has."""
    with Sandbox(tmp_path_factory.mktemp("operations"), job_seconds=1) as sandbox:
        running = Modules(sandbox)
        tenant.onboard(running)
        yield running


@pytest.fixture(scope="module")
def commcell(modules):
    session = sdk.login(modules.sandbox)
    yield session
    session.logout()


@pytest.fixture(autouse=True)
def nothing_unmodelled(modules, monkeypatch):
    sdk.impatient(monkeypatch)
    modules.sandbox.control("DELETE", "/journal")
    yield
    modules.sandbox.control("DELETE", "/faults")
    assert not sdk.unmodelled(modules.sandbox)


# Jobs


@pytest.fixture
def held(modules):
    """A backup that waits for its library until the faults are gone."""
    modules.sandbox.control("POST", "/faults", {"name": "job_waiting", "match": SUBCLIENT, "times": 1})
    options = {"subclients": [{"client": SERVER, "name": SUBCLIENT}], "wait": False}
    (job,) = modules("commvault_backup", tenant.inside(options))["jobs"]
    yield job["id"]
    modules("commvault_job", {"job_ids": [job["id"]], "state": "killed"})


@pytest.mark.contract(operation="job suspend, resume, kill", module="commvault_job", direction="reads")
def test_what_we_did_to_a_job_is_read(modules, commcell, held):
    job = commcell.job_controller.get(held)
    modules("commvault_job", {"job_ids": [held], "state": "suspended"})
    assert job.status == "Suspended"
    modules("commvault_job", {"job_ids": [held], "state": "killed"})
    assert job.status == "Killed" and job.is_finished


@pytest.mark.contract(operation="job suspend, resume, kill", module="commvault_job", direction="writes")
def test_what_the_sdk_did_to_a_job_needs_no_second_time(modules, commcell, held):
    job = commcell.job_controller.get(held)
    for act, state, status in ((job.pause, "suspended", "Suspended"), (job.kill, "killed", "Killed")):
        act(wait_for_job_to_pause=True) if state == "suspended" else act(wait_for_job_to_kill=True)
        result = modules("commvault_job", {"job_ids": [held], "state": state})
        assert (result["changed"], result["jobs"][0]["status"]) == (False, status)


@pytest.mark.contract(operation="job suspend, resume, kill", module="commvault_job", direction="writes")
def test_a_job_that_the_sdk_resumed_goes_on(modules, commcell, held):
    modules("commvault_job", {"job_ids": [held], "state": "suspended"})
    commcell.job_controller.get(held).resume()
    assert modules("commvault_job", {"job_ids": [held], "state": "resumed"})["changed"] is False
    assert modules("commvault_job", {"job_ids": [held]})["jobs"][0]["outcome"] == "success"
