# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor's own SDK, unmodified, reads what our modules made and starts backups: the judge of the simulator, and of what we send."""

from __future__ import annotations

import time

import pytest
from cvpysdk.commcell import Commcell
from cvpysdk.exception import SDKException

from ansible_collections.calligo.baas.tests.simulators.sandbox import Sandbox
from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.modules import Modules

COMPANY = tenant.COMPANY["name"]
# The SDK keeps names in lower case.
PLAN, GROUP, HYPERVISOR = tenant.PLAN["name"], tenant.VM_GROUP["name"], tenant.VM_GROUP["hypervisor"]
SERVER, SUBCLIENT = tenant.SUBCLIENT["client"], tenant.SUBCLIENT["name"]


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    """A sandbox of this file's own with one tenant, made by the modules."""
    with Sandbox(tmp_path_factory.mktemp("contract"), job_seconds=1) as sandbox:
        tenant.onboard(Modules(sandbox))
        yield sandbox


def login(sandbox, password):
    endpoint = sandbox.endpoints["commvault"]
    address = endpoint["url"].removeprefix("https://")
    return Commcell(address, endpoint["username"], password, certificate_path=str(sandbox.ca_path))


@pytest.fixture(scope="module")
def commcell(platform):
    session = login(platform, platform.password("commvault"))
    yield session
    session.logout()


@pytest.fixture(autouse=True)
def nothing_unmodelled(platform):
    """The SDK asked for nothing that the simulator does not know."""
    platform.control("DELETE", "/journal")
    yield
    unknown = [f"{call['method']} {call['path']}" for call in platform.control("GET", "/journal")["requests"] if not call["modelled"]]
    assert not unknown


@pytest.fixture(scope="module")
def file_subclient(commcell):
    return commcell.clients.get(SERVER).agents.get("File System").backupsets.get("defaultBackupSet").subclients.get(SUBCLIENT)


@pytest.fixture(scope="module")
def vm_group(commcell):
    instance = commcell.clients.get(HYPERVISOR).agents.get("Virtual Server").instances.get("VMware")
    return instance.backupsets.get("defaultBackupSet").subclients.get(GROUP)


def test_wrong_password_is_refused(platform):
    with pytest.raises(SDKException):
        login(platform, "wrong")


def test_company(commcell):
    assert COMPANY.lower() in commcell.organizations.all_organizations
    company = commcell.organizations.get(COMPANY)
    assert company.organization_name.lower() == COMPANY.lower()
    assert company.domain_name == tenant.COMPANY["alias"]


def test_plans(commcell):
    assert PLAN in commcell.plans.all_plans
    assert commcell.plans.get(PLAN).plan_name == PLAN


def test_hypervisor(commcell, platform):
    client = commcell.clients.get(HYPERVISOR)
    instance = client.agents.get("Virtual Server").instances.get("VMware")
    vcenter = platform.endpoints["vcenters"]["vc-lux"]
    assert f"{vcenter['hostname']}:{vcenter['port']}" in instance.server_host_name
    assert instance.co_ordinator.lower() == "lux-an-01"


def test_vm_group(vm_group):
    assert vm_group.plan == PLAN
    rules = [rule for group in vm_group.content for rule in group["content"]]
    assert [(rule["type"], rule["display_name"]) for rule in rules] == [("VMName", "acme-web*")]


def test_file_subclient(file_subclient):
    assert file_subclient.content == tenant.SUBCLIENT["content"]
    assert file_subclient.plan == PLAN


def test_job_history(commcell):
    jobs = commcell.job_controller.finished_jobs(client_name=SERVER, lookup_time=24)
    assert [(job["operation"], job["status"]) for job in jobs.values()] == [("Backup", "Completed")]
    job = commcell.job_controller.get(next(iter(jobs)))
    assert (job.is_finished, job.backup_level, job.subclient_name) == (True, "Full", SUBCLIENT)


@pytest.mark.parametrize("name", ["file_subclient", "vm_group"])
def test_backup_is_started_and_waited_for(request, name, monkeypatch):
    # The SDK looks at the job every 30 seconds; a job of the sandbox takes one.
    monkeypatch.setattr("cvpysdk.job.time.sleep", lambda _seconds, sleep=time.sleep: sleep(0.2))
    job = request.getfixturevalue(name).backup("Incremental")
    assert job.wait_for_completion()
    assert job.status == "Completed"


def test_files_are_browsed(file_subclient):
    paths, _entries = file_subclient.browse(path="D:\\Data")
    assert "D:\\Data\\Köln" in paths
