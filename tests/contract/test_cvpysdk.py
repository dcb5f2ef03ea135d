# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor's own SDK, unmodified, reads what our modules made and starts backups: the judge of the simulator, and of what we send."""

from __future__ import annotations

import pytest
from cvpysdk.exception import SDKException

from ansible_collections.calligo.baas.tests.contract import sdk
from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.modules import Modules
from commvaultsim.sandbox import Sandbox

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


@pytest.fixture(scope="module")
def commcell(platform):
    session = sdk.login(platform)
    yield session
    session.logout()


@pytest.fixture(autouse=True)
def nothing_unmodelled(platform):
    """The SDK asked for nothing that the simulator does not know."""
    platform.control("DELETE", "/journal")
    yield
    assert not sdk.unmodelled(platform)


@pytest.fixture(scope="module")
def file_subclient(commcell):
    return sdk.file_subclients(commcell, SERVER).get(SUBCLIENT)


@pytest.fixture(scope="module")
def vm_group(commcell):
    return sdk.vm_groups(commcell, HYPERVISOR).get(GROUP)


def test_wrong_password_is_refused(platform):
    with pytest.raises(SDKException):
        sdk.login(platform, "wrong")


@pytest.mark.contract(operation="company", module="commvault_company", direction="reads")
def test_company(commcell):
    assert COMPANY.lower() in commcell.organizations.all_organizations
    company = commcell.organizations.get(COMPANY)
    assert company.organization_name.lower() == COMPANY.lower()
    assert company.domain_name == tenant.COMPANY["alias"]


@pytest.mark.contract(operation="create a plan", module="commvault_plan", direction="reads")
def test_plans(commcell):
    assert PLAN in commcell.plans.all_plans
    assert commcell.plans.get(PLAN).plan_name == PLAN


@pytest.mark.contract(operation="hypervisor", module="commvault_hypervisor", direction="reads")
def test_hypervisor(commcell, platform):
    client = commcell.clients.get(HYPERVISOR)
    instance = client.agents.get("Virtual Server").instances.get("VMware")
    vcenter = platform.endpoints["vcenters"]["vc-lux"]
    assert f"{vcenter['hostname']}:{vcenter['port']}" in instance.server_host_name
    assert instance.co_ordinator.lower() == "lux-an-01"


@pytest.mark.contract(operation="VM group content", module="commvault_vm_group", direction="reads")
def test_vm_group(vm_group):
    assert vm_group.plan == PLAN
    rules = [rule for group in vm_group.content for rule in group["content"]]
    assert [(rule["type"], rule["display_name"]) for rule in rules] == [("VMName", "acme-web*")]


@pytest.mark.contract(operation="file subclient content and filters", module="commvault_subclient", direction="reads")
def test_file_subclient(file_subclient):
    assert file_subclient.content == tenant.SUBCLIENT["content"]
    assert file_subclient.plan == PLAN


@pytest.mark.contract(operation="job history", module="commvault_job_info", direction="reads")
def test_job_history(commcell):
    jobs = commcell.job_controller.finished_jobs(client_name=SERVER, lookup_time=24)
    assert [(job["operation"], job["status"]) for job in jobs.values()] == [("Backup", "Completed")]
    job = commcell.job_controller.get(next(iter(jobs)))
    assert (job.is_finished, job.backup_level, job.subclient_name) == (True, "Full", SUBCLIENT)
