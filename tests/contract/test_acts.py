# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups, browses and restores and the vendor's SDK, both ways: each side knows, waits for and restores from what the other started."""

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.contract import sdk
from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.modules import Modules
from ansible_collections.calligo.baas.tests.support.walk import recorded
from commvaultsim.sandbox import Sandbox

SERVER, SUBCLIENT = tenant.SUBCLIENT["client"], tenant.SUBCLIENT["name"]
HYPERVISOR, GROUP = tenant.VM_GROUP["hypervisor"], tenant.VM_GROUP["name"]
FILE = "D:\\Data\\Budget 2026.xlsx"
TARGETS = {
    "file_subclient": {"subclients": [{"client": SERVER, "name": SUBCLIENT}]},
    "vm_group": {"vm_groups": [{"name": GROUP, "hypervisor": HYPERVISOR}]},
}
LEVELS = {"full": "Full", "incremental": "Incremental", "differential": "Differential", "synthetic_full": "Synthetic Full"}


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    """A sandbox of this file's own with one tenant and one full backup of what it has."""
    with Sandbox(tmp_path_factory.mktemp("acts"), job_seconds=1) as sandbox:
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
    assert not sdk.unmodelled(modules.sandbox)


@pytest.fixture(scope="module")
def file_subclient(commcell):
    return sdk.file_subclients(commcell, SERVER).get(SUBCLIENT)


@pytest.fixture(scope="module")
def vm_group(commcell):
    return sdk.vm_groups(commcell, HYPERVISOR).get(GROUP)


def kind_and_operation(direction):
    """Each kind of target with its own line in the table."""
    rows = (("file_subclient", "backup of files"), ("vm_group", "backup of VMs"))
    return [
        pytest.param(kind, id=kind, marks=pytest.mark.contract(operation=operation, module="commvault_backup", direction=direction))
        for kind, operation in rows
    ]


def shown(modules, job_id):
    """A job as our modules see it."""
    (job,) = modules("commvault_job_info", {"job_ids": [job_id]})["jobs"]
    return job


# Backups


@pytest.mark.parametrize("kind", kind_and_operation("reads"))
@pytest.mark.parametrize("level", LEVELS)
def test_a_backup_of_ours_is_read(modules, commcell, kind, level):
    if (kind, level) == ("vm_group", "differential"):
        pytest.skip("VMs have no differential backups")
    (started,) = modules("commvault_backup", tenant.inside({**TARGETS[kind], "level": level, "wait_timeout": 60}))["jobs"]
    job = commcell.job_controller.get(started["id"])
    assert (job.job_type, job.status, job.is_finished) == (started["type"], "Completed", True)
    assert job.backup_level.casefold().replace(" ", "") == LEVELS[level].casefold().replace(" ", "")


@pytest.mark.parametrize("kind", kind_and_operation("writes"))
@pytest.mark.parametrize("level", ["Full", "Incremental", "Synthetic_full"])
def test_a_backup_of_the_sdk_is_known(request, modules, kind, level):
    job = request.getfixturevalue(kind).backup(level)
    assert job.wait_for_completion()
    seen = shown(modules, int(job.job_id))
    assert (seen["outcome"], seen["level"].casefold().replace(" ", "_")) == ("success", level.casefold())
    result = modules("commvault_backup", tenant.inside({**TARGETS[kind], "start": "if_never_backed_up"}))
    assert result["changed"] is False and result["targets"][0]["action"] == "kept"
    assert result["targets"][0]["jobs"] == [int(job.job_id)]


# Waiting


@pytest.mark.contract(operation="job wait", module="commvault_backup", direction="reads")
def test_the_sdk_waits_for_a_job_of_ours(modules, commcell):
    (started,) = modules("commvault_backup", tenant.inside({**TARGETS["file_subclient"], "level": "full", "wait": False}))["jobs"]
    job = commcell.job_controller.get(started["id"])
    assert job.wait_for_completion()
    assert job.status == "Completed"


@pytest.mark.contract(operation="job wait", module="commvault_backup", direction="writes")
def test_we_wait_for_a_job_of_the_sdk(modules, file_subclient):
    job = file_subclient.backup("Full")
    result, requests = recorded(modules, "commvault_backup", tenant.inside({**TARGETS["file_subclient"], "wait_timeout": 60}))
    assert (result["changed"], result["attached"], result["jobs"][0]["id"]) == (False, True, int(job.job_id))
    assert result["jobs"][0]["outcome"] == "success"
    assert not [row["path"] for row in requests if row["writes"]]


@pytest.mark.contract(operation="job history", module="commvault_job_info", direction="writes")
def test_jobs_of_the_sdk_are_listed(modules, file_subclient):
    job = file_subclient.backup("Incremental")
    assert job.wait_for_completion()
    listed = modules("commvault_job_info", {"client": SERVER, "types": ["backup"]})["jobs"]
    assert int(job.job_id) in [row["id"] for row in listed]


# Browsing


@pytest.mark.contract(operation="browse", module="commvault_browse_info", direction="reads")
def test_a_backup_of_ours_is_browsed(modules, file_subclient):
    modules("commvault_backup", tenant.inside({**TARGETS["file_subclient"], "level": "full", "wait_timeout": 60}))
    paths, entries = file_subclient.browse(path="D:\\Data")
    assert {"D:\\Data\\Köln", FILE} <= set(paths)
    ours = modules("commvault_browse_info", tenant.inside({"client": SERVER, "subclient": SUBCLIENT, "path": "D:\\Data"}))["entries"]
    assert sorted(entry["path"] for entry in ours) == sorted(paths)
    assert next(entry["size"] for entry in ours if entry["path"] == FILE) == entries[FILE]["size"]


@pytest.mark.contract(operation="browse", module="commvault_browse_info", direction="writes")
def test_a_backup_of_the_sdk_is_browsed(modules, file_subclient):
    job = file_subclient.backup("Full")
    assert job.wait_for_completion()
    options = {"client": SERVER, "subclient": SUBCLIENT, "path": "D:\\Data", "job_id": int(job.job_id)}
    found = modules("commvault_browse_info", tenant.inside(options))
    assert found["changed"] is False and FILE in [entry["path"] for entry in found["entries"]]


# Restores


def drive(modules, client, path):
    """The real file behind a path on a client."""
    letter, _colon, rest = path.partition(":")
    return modules.sandbox.state_dir / "drives" / client / letter / rest.strip("\\").replace("\\", "/")


@pytest.mark.contract(operation="file restore", module="commvault_restore", direction="reads")
def test_a_file_restore_of_ours_is_read(modules, commcell):
    files = {
        "client": SERVER,
        "subclient": SUBCLIENT,
        "paths": [FILE],
        "destination_client": "lux-restore-01",
        "destination_path": "E:\\Ours",
    }
    restored = modules("commvault_restore", tenant.inside({"files": files, "wait_timeout": 60}))["restore"]
    job = commcell.job_controller.get(restored["job"]["id"])
    assert (job.job_type, job.status) == ("Restore", "Completed")
    assert job.summary["destinationClient"]["clientName"] == "lux-restore-01"


@pytest.mark.contract(operation="file restore", module="commvault_restore", direction="writes")
def test_a_file_restore_of_the_sdk_is_known(modules, commcell, file_subclient):
    # The client itself, for by its name alone the SDK asks for a client without an id.
    job = file_subclient.restore_out_of_place(commcell.clients.get("lux-restore-01"), "E:\\Theirs", [FILE])
    assert job.wait_for_completion()
    seen = shown(modules, int(job.job_id))
    assert (seen["operation"], seen["outcome"]) == ("Restore", "success")
    assert drive(modules, "lux-restore-01", "E:\\Theirs\\Budget 2026.xlsx").read_bytes() == drive(modules, SERVER, FILE).read_bytes()


@pytest.mark.contract(operation="VM restore out of place", module="commvault_restore", direction="reads")
def test_a_vm_restore_of_ours_is_read(modules, commcell):
    restored = modules("commvault_restore", tenant.inside(tenant.restore_of_vm(modules, "acme-web-01")))["restore"]
    job = commcell.job_controller.get(restored["job"]["id"])
    assert (job.job_type, job.status) == ("Restore", "Completed")
    assert [vm["vmName"] for vm in job.get_vm_list()] == ["acme-web-01"]


@pytest.mark.contract(operation="VM restore out of place", module="commvault_restore", direction="writes")
def test_a_vm_restore_of_the_sdk_is_known(modules, vm_group):
    vm_group.refresh()
    destination = {"esx_host": "lux-esx-02.example.com", "datastore": "lux-ds-02", "vcenter_client": HYPERVISOR}
    job = vm_group.full_vm_restore_out_of_place(
        "acme-web-01", restored_vm_name="sdk-web-01", **destination, overwrite=False, power_on=False
    )
    assert job.wait_for_completion()
    assert shown(modules, int(job.job_id))["outcome"] == "success"
    (vm,) = modules("vcenter_vm_facts", {"names": ["sdk-web-01"], "properties": ["hardware"]})["ansible_facts"]["vcenter_vms"]
    assert [disk["datastore"] for disk in vm["disks"]] == ["lux-ds-02"] * len(vm["disks"])
