# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restores of VMs in place and of parts of VMs, and the vendor's SDK, both ways."""

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.contract import sdk
from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.modules import Modules
from commvaultsim.sandbox import Sandbox

HYPERVISOR, GROUP, VM = tenant.VM_GROUP["hypervisor"], "acme-named", "acme-web-01"
DISK = "scsi0-0-acme-web-01.vmdk"
PAGE = "/srv/www/index.html"
OF_VM = {"name": VM, "hypervisor": HYPERVISOR}


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    """A sandbox of this file's own with one tenant and one full backup of what it has."""
    with Sandbox(tmp_path_factory.mktemp("vm_restores"), job_seconds=1) as sandbox:
        running = Modules(sandbox)
        tenant.onboard(running)
        # The SDK tells VMs and disks by name only in a group that names its VMs.
        content = {"vms": [{"name": VM, "uuid": tenant.uuid_of(running, VM)}]}
        running("commvault_vm_group", tenant.inside({**tenant.VM_GROUP, "name": GROUP, "content": content}))
        wanted = {"vm_groups": [{"name": GROUP, "hypervisor": HYPERVISOR}], "level": "full", "wait_timeout": 60}
        running("commvault_backup", tenant.inside(wanted))
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
    assert not sdk.unmodelled(modules.sandbox)


@pytest.fixture
def vm_group(commcell):
    group = sdk.vm_groups(commcell, HYPERVISOR).get(GROUP)
    group.refresh()
    return group


def restore(modules, options):
    return modules("commvault_restore", tenant.inside({**options, "wait_timeout": 60}))["restore"]


def outcome(modules, job):
    """How a job of the SDK ended, as our modules see it."""
    assert job.wait_for_completion()
    (seen,) = modules("commvault_job_info", {"job_ids": [int(job.job_id)]})["jobs"]
    return seen["operation"], seen["outcome"]


def drive(modules, client, path):
    """The real file behind a path on a client."""
    return modules.sandbox.state_dir / "drives" / client / path.replace(":", "", 1).replace("\\", "/")


def vm_named(modules, name):
    (vm,) = modules("vcenter_vm_facts", {"names": [name], "properties": ["hardware"]})["ansible_facts"]["vcenter_vms"]
    return vm


@pytest.mark.contract(operation="VM restore in place", module="commvault_restore", direction="reads")
def test_a_restore_in_place_of_ours_is_read(modules, commcell):
    job = commcell.job_controller.get(restore(modules, tenant.restore_in_place(modules, VM))["job"]["id"])
    assert (job.job_type, job.status) == ("Restore", "Completed")
    assert [vm["vmName"] for vm in job.get_vm_list()] == [VM]


@pytest.mark.contract(operation="VM restore in place", module="commvault_restore", direction="writes")
def test_a_restore_in_place_of_the_sdk_is_known(modules, vm_group):
    before = vm_named(modules, VM)
    assert outcome(modules, vm_group.full_vm_restore_in_place(vm_to_restore=VM)) == ("Restore", "success")
    after = vm_named(modules, VM)
    assert after["moid"] != before["moid"]
    assert (after["instance_uuid"], after["disks"][0]["datastore"]) == (before["instance_uuid"], before["disks"][0]["datastore"])


@pytest.mark.contract(operation="VM disk restore", module="commvault_restore", direction="reads")
def test_a_disk_restore_of_ours_is_read(modules, commcell):
    done = restore(modules, {"vm_disk": {**OF_VM, "disks": [DISK], "destination_path": "F:\\Ours"}})
    job = commcell.job_controller.get(done["job"]["id"])
    assert (job.job_type, job.status) == ("Restore", "Completed")
    assert job.summary["destinationClient"]["clientName"] == "lux-an-01"


@pytest.mark.contract(operation="VM disk restore", module="commvault_restore", direction="writes")
def test_a_disk_restore_of_the_sdk_is_known(modules, vm_group):
    ours = drive(modules, "lux-an-01", f"F:\\Ours\\{DISK}")
    restore(modules, {"vm_disk": {**OF_VM, "disks": [DISK], "destination_path": "F:\\Ours", "overwrite": True}})
    job = vm_group.disk_restore(VM, "F:\\Theirs", proxy_client="lux-an-01")
    assert outcome(modules, job) == ("Restore", "success")
    assert drive(modules, "lux-an-01", f"F:\\Theirs\\{DISK}").read_bytes() == ours.read_bytes()


@pytest.mark.contract(operation="browse inside a VM", module="commvault_browse_info", direction="reads")
def test_what_is_inside_a_vm_is_the_same_to_both(modules, vm_group):
    paths, entries = vm_group.guest_files_browse(f"\\{VM}\\srv\\www")
    asked = {"vm_uuid": tenant.uuid_of(modules, VM), "guest_files": True, "path": "/srv/www"}
    ours = {entry["path"]: entry["size"] for entry in modules("commvault_browse_info", tenant.inside(asked))["entries"]}
    assert {path.removeprefix(f"\\{VM}").replace("\\", "/"): entries[path]["size"] for path in paths} == ours
    assert PAGE in ours


@pytest.mark.contract(operation="browse inside a VM", module="commvault_browse_info", direction="writes")
def test_a_backup_of_the_sdk_is_browsed_inside(modules, vm_group):
    job = vm_group.backup("Full")
    assert job.wait_for_completion()
    asked = {"vm_uuid": tenant.uuid_of(modules, VM), "guest_files": True, "path": "/srv/www", "job_id": int(job.job_id)}
    found = modules("commvault_browse_info", tenant.inside(asked))
    assert PAGE in [entry["path"] for entry in found["entries"]] and found["backup_job"]["parent"] == int(job.job_id)


@pytest.mark.contract(operation="guest file restore", module="commvault_restore", direction="reads")
def test_a_guest_file_restore_of_ours_is_read(modules, commcell):
    place = {"destination_client": "lux-restore-01", "destination_path": "E:\\Ours"}
    done = restore(modules, {"guest_files": {**OF_VM, "paths": [PAGE], **place}})
    job = commcell.job_controller.get(done["job"]["id"])
    assert (job.job_type, job.status) == ("Restore", "Completed")
    assert job.summary["destinationClient"]["clientName"] == "lux-restore-01"


@pytest.mark.contract(operation="guest file restore", module="commvault_restore", direction="writes")
def test_a_guest_file_restore_of_the_sdk_is_known(modules, vm_group):
    place = {"destination_client": "lux-restore-01", "destination_path": "E:\\Theirs"}
    job = vm_group.guest_file_restore(vm_name=VM, folder_to_restore=PAGE, **place, verify_path=False)
    assert outcome(modules, job) == ("Restore", "success")
    assert drive(modules, "lux-restore-01", "E:\\Theirs\\index.html").read_text(encoding="utf-8") == "<h1>Acme</h1>\n"


@pytest.mark.contract(operation="guest file restore into a VM", module="commvault_restore", direction="reads")
def test_a_guest_file_restore_into_a_vm_of_ours_is_read(modules, commcell):
    login = {"username": "Administrator", "password": modules.connection("vcenter_")["password"]}
    done = restore(modules, {"guest_files": {**OF_VM, "paths": [PAGE], "destination_vm": login, "destination_path": "/tmp/ours"}})
    job = commcell.job_controller.get(done["job"]["id"])
    assert (job.job_type, job.status) == ("Restore", "Completed")


@pytest.mark.contract(operation="guest file restore into a VM", module="commvault_restore", direction="writes")
def test_a_guest_file_restore_into_a_vm_of_the_sdk_is_known(modules, vm_group):
    vm, vcenter = vm_named(modules, VM), modules.connection("vcenter_")
    into = {"vserver": vcenter["hostname"], "vm_guid": vm["instance_uuid"], "vm_name": VM, "vm_user": "Administrator"}
    login = {**into, "vm_pass": vcenter["password"]}
    job = vm_group.guest_file_restore(
        vm_name=VM,
        folder_to_restore=PAGE,
        destination_client="lux-an-01",
        destination_path="/tmp/theirs",
        agentless=login,
        verify_path=False,
    )
    assert outcome(modules, job) == ("Restore", "success")
    inside = modules.sandbox.state_dir / "guests" / vm["instance_uuid"] / "R"
    assert (inside / "tmp/theirs/index.html").read_bytes() == (inside / "srv/www/index.html").read_bytes()
