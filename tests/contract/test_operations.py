# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running the service and the SDK, both ways: jobs are controlled, activity switched, agents installed and retired, state is read."""

from __future__ import annotations

import pytest
from cvpysdk.deployment.install import Install

from ansible_collections.calligo.baas.tests.contract import sdk
from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.modules import Modules
from commvaultsim.sandbox import Sandbox

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
    while not modules("commvault_job_info", {"job_ids": [job["id"]]})["jobs"][0]["reason"]:
        pass
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


# Activity


def off(**element):
    return tenant.inside({"activities": [{"client": SERVER, **element}]})


@pytest.fixture
def all_on(modules):
    yield
    modules("commvault_activity", off(backup=True, restore=True, data_aging=True))
    modules("commvault_activity", off(agent="file_system", backup=True, restore=True))
    modules("commvault_activity", off(subclient=SUBCLIENT, backup=True))


@pytest.mark.contract(operation="activity on or off", module="commvault_activity", direction="reads")
@pytest.mark.usefixtures("all_on")
def test_what_we_switched_off_is_off(modules, commcell):
    modules("commvault_activity", off(backup=False, restore=False, data_aging=False))
    client = commcell.clients.get(SERVER)
    assert (client.is_backup_enabled, client.is_restore_enabled, client.is_data_aging_enabled) == (False, False, False)
    modules("commvault_activity", off(backup=True, restore=True, data_aging=True))
    client.refresh()
    assert (client.is_backup_enabled, client.is_restore_enabled, client.is_data_aging_enabled) == (True, True, True)
    modules("commvault_activity", off(agent="file_system", backup=False))
    agent = client.agents.get("File System")
    assert (agent.is_backup_enabled, agent.is_restore_enabled) == (False, True)
    modules("commvault_activity", off(subclient=SUBCLIENT, backup=False))
    assert sdk.file_subclients(commcell, SERVER).get(SUBCLIENT).is_backup_enabled is False


@pytest.mark.contract(operation="activity on or off", module="commvault_activity", direction="writes")
@pytest.mark.usefixtures("all_on")
def test_what_the_sdk_switched_off_needs_no_second_time(modules, commcell):
    client = commcell.clients.get(SERVER)
    client.disable_backup()
    client.disable_restore()
    client.disable_data_aging()
    client.agents.get("File System").disable_backup()
    sdk.file_subclients(commcell, SERVER).get(SUBCLIENT).disable_backup()
    for element in (
        {"backup": False, "restore": False, "data_aging": False},
        {"agent": "file_system", "backup": False},
        {"subclient": SUBCLIENT, "backup": False},
    ):
        assert modules("commvault_activity", off(**element))["changed"] is False
    client.enable_backup()
    assert modules("commvault_activity", off(backup=True))["changed"] is False


@pytest.mark.contract(operation="activity off until a time", module="commvault_activity", direction="writes")
@pytest.mark.usefixtures("all_on")
def test_what_the_sdk_switched_off_until_a_time(modules, commcell):
    commcell.clients.get(SERVER).enable_backup_at_time("2038-01-01 12:00:00", timezone="UTC")
    result = modules("commvault_activity", off(backup=False, enable_after="2038-01-01T12:00:00Z"))
    assert (result["changed"], result["activities"][0]["backup_enabled_after"]) == (False, "2038-01-01T12:00:00Z")


# Agents

NEW = {"client": "acme-fs02", "types": ["file_system"]}
ACCOUNT = {"host_username": "ACME\\svc-install", "host_password": "correct horse"}
RETIRED = {"client": NEW["client"], "state": "retired", "allow_removal": True}


def has_client(commcell):
    commcell.clients.refresh()
    return commcell.clients.has_client(NEW["client"])


@pytest.mark.contract(operation="push install of an agent", module="commvault_agent", direction="reads")
def test_an_agent_of_ours_is_read(modules, commcell):
    modules("commvault_agent", tenant.inside({"agents": [{**NEW, **ACCOUNT}]}))
    assert has_client(commcell)
    client = commcell.clients.get(NEW["client"])
    assert client.is_ready and "file system" in client.agents.all_agents


@pytest.mark.contract(operation="retire a client", module="commvault_agent", direction="reads")
def test_a_client_that_we_retired_is_gone(modules, commcell):
    modules("commvault_agent", tenant.inside({"agents": [RETIRED]}))
    assert not has_client(commcell)


@pytest.mark.contract(operation="push install of an agent", module="commvault_agent", direction="writes")
def test_an_agent_of_the_sdk_is_not_installed_again(modules, commcell):
    job = Install(commcell).install_software([NEW["client"]], windows_features=[702], username="ACME\\svc-install", password="c2VjcmV0")
    assert job.wait_for_completion()
    result = modules("commvault_agent", {"agents": [{**NEW, **ACCOUNT}]})
    assert (result["changed"], result["agents"][0]["ready"]) == (False, True)


@pytest.mark.contract(operation="retire a client", module="commvault_agent", direction="writes")
def test_a_client_that_the_sdk_retired_is_not_retired_again(modules, commcell):
    commcell.clients.refresh()
    commcell.clients.get(NEW["client"]).retire()
    assert modules("commvault_agent", {"agents": [RETIRED]})["changed"] is False


# How things stand

HYPERVISOR, GROUP = tenant.VM_GROUP["hypervisor"], tenant.VM_GROUP["name"]


@pytest.mark.contract(operation="read VMs and VM groups", module="commvault_vm_info", direction="writes")
def test_a_backup_of_the_sdk_is_the_last_one(modules, commcell):
    job = sdk.vm_groups(commcell, HYPERVISOR).get(GROUP).backup("Full")
    assert job.wait_for_completion()
    vms = modules("commvault_vm_info", tenant.inside({"hypervisor": HYPERVISOR, "vm_group": GROUP}))["vms"]
    assert vms and {vm["last_backup"]["status"] for vm in vms} == {"completed"} and {vm["protection"] for vm in vms} == {"protected"}
    (group,) = modules("commvault_vm_group_info", tenant.inside({"names": [GROUP]}))["vm_groups"]
    assert group["last_backup"]["job"] == int(job.job_id)


@pytest.mark.contract(operation="read servers", module="commvault_server_info", direction="writes")
def test_a_server_that_the_sdk_renamed(modules, commcell):
    commcell.clients.get(SERVER).display_name = "Files / é"
    (server,) = modules("commvault_server_info", tenant.inside({"names": [SERVER]}))["servers"]
    assert (server["name"], server["display_name"]) == (SERVER, "Files / é")


@pytest.mark.contract(operation="read hypervisors", module="commvault_hypervisor_info", direction="writes")
def test_a_hypervisor_that_the_sdk_switched_off(modules, commcell):
    client = commcell.clients.get(HYPERVISOR)
    for act, on in ((client.disable_backup, False), (client.enable_backup, True)):
        act()
        (found,) = modules("commvault_hypervisor_info", tenant.inside({"names": [HYPERVISOR]}))["hypervisors"]
        assert found["backup_enabled"] is on and found["vms"]["total"] >= 1


@pytest.mark.contract(operation="read subclients", module="commvault_subclient_info", direction="writes")
def test_a_subclient_that_the_sdk_changed(modules, commcell):
    subclient = sdk.file_subclients(commcell, SERVER).get(SUBCLIENT)
    subclient.filter_content = ["D:\\Data\\Temp"]
    subclient.description = "by the SDK"
    found = modules("commvault_subclient_info", tenant.inside({"clients": [SERVER], "names": [SUBCLIENT]}))["subclients"]
    assert [(row["filters"], row["description"]) for row in found] == [(["D:\\Data\\Temp"], "by the SDK")]


@pytest.mark.contract(operation="alerts", module="commvault_alert_info", direction="writes")
def test_an_alert_about_a_job_of_the_sdk_is_the_one_that_the_sdk_shows(modules, commcell):
    modules.sandbox.control("POST", "/faults", {"name": "job_fail", "match": SERVER, "reason": "The disk is full / é", "times": 1})
    job = sdk.file_subclients(commcell, SERVER).get(SUBCLIENT).backup("Full")
    assert not job.wait_for_completion()
    result = modules("commvault_alert_info", tenant.inside({"descriptions": True}))
    ours = next(alert for alert in result["alerts"] if alert["job"] == int(job.job_id))
    feeds = commcell.alerts.console_alerts()
    theirs = next(feed for feed in feeds["feedsList"] if feed["jobId"] == int(job.job_id))
    assert (ours["id"], ours["name"], ours["type"]) == (theirs["liveFeedId"], theirs["alertName"], theirs["alertType"])
    assert ours["criterion"] == theirs["alertcriteria"] and commcell.alerts.has_alert(ours["name"])
    assert (result["counts"]["total"], result["counts"]["unread"]) == (feeds["totalNoOfAlerts"], feeds["numberOfNewAlert"])
    # The SDK shows the mail as it is.
    assert "The disk is full / é" in ours["description"]
    assert "<td>The disk is full / é</td>" in commcell.alerts.console_alert(ours["id"])["description"]
