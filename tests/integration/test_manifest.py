# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of VMs, whoever made the backup and whatever happened in between: good backups are proven, damaged ones still fail.

The tests build on each other: an onboarding that is killed between the start of the backups and their records, a VM that is added and one
that is resized, backups that the plan's schedule makes, and what is changed after them.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
import typing as t

import pytest
from pyVim.task import WaitForTask
from pyVmomi import vim

from ansible_collections.calligo.baas.plugins.module_utils._service import sampling
from ansible_collections.calligo.baas.tests.support.modules import Modules, vcenter_options
from ansible_collections.calligo.baas.tests.support.playbooks import Run, evidence_dir, kill_playbook, run_playbook
from ansible_collections.calligo.baas.tests.support.vcsim import content_of
from commvaultsim.sandbox import Sandbox

Json = dict[str, t.Any]
TENANT = "acme"
FOLDER = "Luxembourg/vm/Tenants/Acme Sàrl"
RESIZED, ADDED, LATE = "acme-web-01", "acme-new-01", "acme-app-01"
MARGIN = 2  # seconds; what the demo's inventory says


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Modules]:
    with Sandbox(tmp_path_factory.mktemp("manifest"), job_seconds=0.5) as sandbox:
        yield Modules(sandbox)


@contextlib.contextmanager
def vcenter(modules: Modules) -> t.Iterator[t.Any]:
    """A session of pyVmomi's own, to change VMs as their owners do."""
    with content_of(vcenter_options(modules.sandbox, "vc-lux")) as content:
        yield content


def resize(modules: Modules, name: str, memory_mb: int) -> None:
    with vcenter(modules) as content:
        machine = content.searchIndex.FindByInventoryPath(f"{FOLDER}/{name}")
        WaitForTask(machine.ReconfigVM_Task(vim.vm.ConfigSpec(memoryMB=memory_mb)))


def add(modules: Modules, name: str) -> None:
    with vcenter(modules) as content:
        like = content.searchIndex.FindByInventoryPath(f"{FOLDER}/{LATE}")
        place = vim.vm.CloneSpec(location=vim.vm.RelocateSpec(), powerOn=True, template=False)
        WaitForTask(like.CloneVM_Task(folder=like.parent, name=name, spec=place))


def scheduled(modules: Modules) -> Json:
    """The plan's schedule makes a backup of the VMs, some seconds after whatever was done before; its job, once it has ended."""
    time.sleep(MARGIN + 1.5)  # as much as the clocks might differ, and the second that a job's time leaves out
    (job, *_files) = modules.sandbox.control("POST", "/schedule", {"plan": "acme-gold", "backup_type": "INCREMENTAL"})["jobs"]
    for _look in range(60):
        (row,) = modules("commvault_job_info", {"job_ids": [job]})["jobs"]
        if row["outcome"] != "active":
            assert row["outcome"] == "success"
            time.sleep(MARGIN + 1.5)
            return dict(row)
        time.sleep(0.5)
    raise AssertionError("the backup did not end")


def manifest(modules: Modules, *options: str) -> Run:
    return run_playbook(modules.sandbox, "manifest", "--limit", TENANT, *options)


def recorded(modules: Modules) -> dict[int, dict[str, Json]]:
    """The VMs in each record, by job and name."""
    found = [json.loads(file.read_text(encoding="utf-8")) for file in (evidence_dir(modules.sandbox) / "manifests").rglob("vms-*.json")]
    return {row["backup_job"]: {vm["name"]: vm for vm in row["vms"]} for row in found}


def restore(modules: Modules, name: str) -> tuple[Run, Json]:
    """A restore test that draws a VM, and its sample."""
    vms = modules("vcenter_vm_facts", {"folder": "Tenants/Acme Sàrl"})["ansible_facts"]["vcenter_vms"]
    ids = {f"vm/acme/{vm['instance_uuid']}": vm["name"] for vm in vms}
    seed = next(seed for seed in (f"{number:064x}" for number in range(9999)) if ids[sampling.draw(seed, ids)[0]] == name)
    options = ("-e", json.dumps({"restore_test_tenants": [TENANT], "restore_test_seed": seed}))
    run = run_playbook(modules.sandbox, "restore_test", "--limit", "luxembourg", *options)
    file = max((evidence_dir(modules.sandbox) / "restore_tests").rglob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    (sample,) = [one for one in json.loads(file.read_text(encoding="utf-8"))["samples"] if one["kind"] == "vm"]
    assert sample["name"] == name
    return run, sample


def test_a_run_that_was_killed_before_the_records_is_completed_by_the_next(modules: Modules) -> None:
    asked = r"POST .*/V4/VmGroup/\d+/backup$"
    kill_playbook(modules.sandbox, "tenant_onboard", "--limit", TENANT, when=lambda: requests(modules, asked) > 0)
    assert requests(modules, asked) == 1 and recorded(modules) == {}

    run = run_playbook(modules.sandbox, "tenant_onboard", "--limit", TENANT)
    assert run.status == 0, run.output
    assert requests(modules, asked) == 1, "the backup is not started again"
    (vms,) = recorded(modules).values()
    assert {vm["proof"]["state"] for vm in vms.values()} == {"proven"}
    (onboarding,) = (evidence_dir(modules.sandbox) / "onboarding").rglob("*.json")
    assert json.loads(onboarding.read_text(encoding="utf-8"))["acceptance"]["result"] == "passed"


def requests(modules: Modules, call: str) -> int:
    rows = modules.sandbox.control("GET", "/journal")["requests"]
    return sum(bool(re.search(call, f"{row['method']} {row['path']}")) for row in rows)


def test_an_added_vm_is_proven_by_the_backup_that_a_schedule_made(modules: Modules) -> None:
    add(modules, ADDED)
    resize(modules, RESIZED, 6144)
    job = scheduled(modules)
    run, sample = restore(modules, ADDED)
    assert run.status == 0, run.output
    assert sample["test"]["backup_job"]["parent"] == job["id"] == sample["test"]["expected"]["backup_job"]
    assert sample["test"]["expected"]["proof"]["state"] == "proven"


def test_a_resized_vm_is_proven_as_it_was_backed_up_and_a_damaged_restore_of_it_fails(modules: Modules) -> None:
    assert [vms[RESIZED]["memory_mb"] for _job, vms in sorted(recorded(modules).items())] == [4096, 6144]
    run, sample = restore(modules, RESIZED)
    assert run.status == 0, run.output
    assert sample["test"]["expected"]["memory_mb"] == 6144
    modules.sandbox.control("POST", "/faults", {"name": "restore_drop_disk", "vm": RESIZED, "times": 1})
    run, sample = restore(modules, RESIZED)
    assert run.status != 0 and "Disk count: expected 1, found 0" in sample["failures"]


def test_in_check_mode_nothing_is_written_and_a_second_run_changes_nothing(modules: Modules) -> None:
    scheduled(modules)
    before = recorded(modules)
    assert manifest(modules, "--check").counts("changed") == {TENANT: 1}
    assert recorded(modules) == before
    assert manifest(modules).counts("changed") == {TENANT: 1}
    assert len(recorded(modules)) == len(before) + 1
    assert manifest(modules).counts("changed") == {TENANT: 0}


def test_what_was_changed_after_the_backup_is_told_from_an_earlier_reading_or_not_at_all(modules: Modules) -> None:
    late = "acme-new-02"
    add(modules, late)
    job = scheduled(modules)
    resize(modules, RESIZED, 8192)
    resize(modules, late, 8192 + 1024)
    run = manifest(modules)
    assert run.status == 0, run.output
    vms = recorded(modules)[job["id"]]
    assert (vms[RESIZED]["memory_mb"], vms[RESIZED]["proof"]["state"]) == (6144, "proven")
    assert "read at" in vms[RESIZED]["proof"]["how"]
    assert vms[late]["proof"]["state"] == "unproven"
    assert "after the backup, may have changed memory_mb" in vms[late]["proof"]["reason"]
    assert f"{late}: job {job['id']} is unproven" in run.output
    assert manifest(modules).counts("changed") == {TENANT: 0}


def test_a_record_that_cannot_be_read_is_named(modules: Modules) -> None:
    file = next((evidence_dir(modules.sandbox) / "manifests").rglob("vms-*.json"))
    text = file.read_text(encoding="utf-8")
    file.write_text(text[:100], encoding="utf-8")
    run = manifest(modules)
    assert run.status != 0 and f"{file.name} is not a manifest" in run.output and "Restore the file" in run.output
    file.write_text(text, encoding="utf-8")
