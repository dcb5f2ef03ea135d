# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs on a copy and the vendor's SDK, both ways: those that are retained, and those that data aging takes."""

from __future__ import annotations

import pytest
from cvpysdk.policies.storage_policies import StoragePolicyCopy

from ansible_collections.calligo.baas.tests.contract import sdk
from ansible_collections.calligo.baas.tests.support.modules import Modules
from ansible_collections.calligo.baas.tests.support.walk import unchanged
from commvaultsim.sandbox import Sandbox

DAY = 86400
PRIMARY = {"name": "Primary", "storage_pool": "lux-pool-01", "region": "luxembourg", "retention_days": 30}


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    """A sandbox of this file's own; the subclient that it protects has one backup."""
    with Sandbox(tmp_path_factory.mktemp("policy_jobs"), job_seconds=0.5) as sandbox:
        running = Modules(sandbox)
        running("commvault_company", {"name": "Policy tenant", "alias": "policy"})
        yield running


@pytest.fixture
def commcell(modules):
    """A session of the SDK as the provider; it keeps what it has read, so each test has its own."""
    session = sdk.login(modules.sandbox)
    modules.sandbox.control("DELETE", "/journal")
    yield session
    assert not sdk.unmodelled(modules.sandbox)
    session.logout()


def copy_of(commcell, plan, name):
    return StoragePolicyCopy(commcell, commcell.storage_policies.get(plan), name)


@pytest.fixture(scope="module")
def backed_up(modules):
    """A subclient with two backups on a plan of its own; the numbers of the jobs."""
    modules("commvault_plan", {"name": "with jobs", "destinations": [PRIMARY]})
    modules("commvault_subclient", {"subclients": [{"client": "acme-fs01", "name": "data", "plan": "with jobs", "content": ["D:\\Data"]}]})
    wish = {"subclients": [{"client": "acme-fs01", "name": "data"}], "level": "full"}
    return [modules("commvault_backup", wish)["jobs"][0]["id"] for _number in range(2)]


@pytest.mark.contract(operation="retain a job", module="commvault_retention", direction="reads")
def test_the_sdk_reads_a_retained_job(modules, commcell, backed_up):
    pin = {"plan": "with jobs", "destination": "Primary", "job_ids": backed_up[:1], "retain_until": "2035-01-01T00:00:00Z"}
    modules("commvault_retention", pin)
    rows = {row["jobId"]: row for row in copy_of(commcell, "with jobs", "Primary").get_jobs_on_copy_v2(view="All")}
    assert (rows[backed_up[0]]["strRetainedBy"], rows[backed_up[0]]["retainUntil"]) == ("User", 2051222400)
    assert rows[backed_up[1]]["strRetainedBy"] == "Basic Retention" and sorted(rows) == backed_up


@pytest.mark.contract(operation="retain a job", module="commvault_retention", direction="writes")
def test_a_job_that_the_sdk_retains_is_no_change(modules, commcell, backed_up):
    copy_of(commcell, "with jobs", "Primary").retain_jobs_on_copy(backed_up[1], 2051222400)
    pin = {"plan": "with jobs", "destination": "Primary", "job_ids": backed_up[1:], "retain_until": "2035-01-01T00:00:00Z"}
    unchanged(modules, "commvault_retention", pin)


@pytest.mark.contract(operation="run data aging", module="commvault_retention", direction="writes")
def test_data_aging_of_the_sdk_takes_what_was_said(modules, commcell, backed_up, monkeypatch):
    sdk.impatient(monkeypatch)
    release = {"plan": "with jobs", "destination": "Primary", "job_ids": backed_up, "retain_until": "rules", "allow_decrease": True}
    modules("commvault_retention", release)
    modules.sandbox.control("POST", "/clock", {"advance": 20 * DAY})
    modules("commvault_backup", {"subclients": [{"client": "acme-fs01", "name": "data"}], "level": "full"})
    shorter = {"plan": "with jobs", "retention_days": 10, "allow_decrease": True}
    said = modules("commvault_retention", shorter)["aging_out"]
    session = sdk.login(modules.sandbox)
    job = session.run_data_aging(copy_name="Primary", storage_policy_name="with jobs", is_granular=True)
    assert job.wait_for_completion()
    aged = StoragePolicyCopy(session, session.storage_policies.get("with jobs"), "Primary").get_jobs_on_copy_v2(view="All", aged_data=1)
    assert sorted(row["jobId"] for row in aged) == said["job_ids"] == backed_up and all(row["isAged"] for row in aged)
    session.logout()
