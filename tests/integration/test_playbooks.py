# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped playbooks, from an empty platform to restores that are proven, and to those that must fail.

The runs build on each other, each made once: check mode on the empty platform, a restore test there, onboarding, onboarding
again, a restore test that passes, and those of damaged backups. What they said and wrote is compared with its golden copy.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import typing as t
from pathlib import Path

import pytest
import trustme
from pyVim.task import WaitForTask

from ansible_collections.calligo.baas.plugins.filter.service import FilterModule
from ansible_collections.calligo.baas.plugins.module_utils._service import restore_leftovers
from ansible_collections.calligo.baas.tests.support.golden import Golden, read_files, read_results
from ansible_collections.calligo.baas.tests.support.mail_server import PASSWORD, Inbox, serving
from ansible_collections.calligo.baas.tests.support.modules import Modules, vcenter_options
from ansible_collections.calligo.baas.tests.support.playbooks import Run, evidence_dir, kill_playbook, refuse, run_playbook
from ansible_collections.calligo.baas.tests.support.vcsim import content_of
from commvaultsim.sandbox import Sandbox

SERVICE = FilterModule().filters()
TENANTS = {"acme", "cafe_mueller", "boreal"}
REGION = "luxembourg"
# What the month draws can be an empty file, which cannot be damaged; this draws another one, and every month the same.
SEED = ("-e", f"restore_test_seed={'d' * 64}", "-e", "restore_test_period=2026-01")


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Sandbox]:
    """A sandbox for the runs of this file."""
    with Sandbox(tmp_path_factory.mktemp("playbooks"), job_seconds=1) as running:
        yield running


def results(platform: Sandbox, run: str) -> Path:
    """Where a run leaves what modules said."""
    return platform.state_dir / f"results-{run}.jsonl"


@pytest.fixture(scope="module")
def checked(platform: Sandbox) -> tuple[Run, list[dict[str, t.Any]]]:
    """A check run on the empty platform, and the requests that it sent."""
    platform.control("DELETE", "/journal")
    run = run_playbook(platform, "tenant_onboard", "--check", "--diff")
    return run, platform.control("GET", "/journal")["requests"]


@pytest.fixture(scope="module")
def unprotected(platform: Sandbox, checked: object) -> Run:
    """A restore test before anything was backed up."""
    return run_playbook(platform, "restore_test", "--limit", REGION)


@pytest.fixture(scope="module")
def onboarded(platform: Sandbox, unprotected: Run) -> Run:
    """All tenants, onboarded, with everything said that Ansible can say."""
    return run_playbook(platform, "tenant_onboard", *SEED, "-vvvv", results=results(platform, "onboarded"))


@pytest.fixture(scope="module")
def onboarded_again(platform: Sandbox, onboarded: Run) -> Run:
    """The second run."""
    assert onboarded.status == 0, onboarded.output
    return run_playbook(platform, "tenant_onboard", results=results(platform, "onboarded_again"))


@pytest.fixture(scope="module")
def proven(platform: Sandbox, onboarded_again: Run) -> Run:
    """A restore test of one region, with everything said that Ansible can say."""
    return run_playbook(platform, "restore_test", "--limit", REGION, *SEED, "-vvvv", results=results(platform, "proven"))


MAIL: dict[str, t.Any] = {
    "daily_report_mail_host": "127.0.0.1",
    "daily_report_mail_username": "baas-reports",
    # As an operator would: what is on the command line is for all to read.
    "daily_report_mail_password": "{{ lookup('ansible.builtin.file', sandbox_dir ~ '/mail-password') }}",
    "daily_report_mail_ca_path": "{{ sandbox_dir }}/mail-ca.pem",
    "daily_report_mail_sender": "baas@example.com",
    "daily_report_mail_to": "noc@example.com",
    "daily_report_mail_tenants": {"acme": ["lea@acme.example"], "boreal": ["etienne@boreal.example"]},
}


@pytest.fixture(scope="module")
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture(scope="module")
def reported(platform: Sandbox, proven: Run, inbox: Inbox) -> tuple[Run, list[dict[str, t.Any]]]:
    """The daily reports of both regions, and the requests that they took."""
    platform.control("DELETE", "/journal")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(platform.state_dir / "mail-ca.pem"))
    (platform.state_dir / "mail-password").write_text(PASSWORD, encoding="utf-8")
    with serving(inbox, authority.issue_cert("127.0.0.1")) as port:
        run = run_playbook(platform, "daily_report", "-vvvv", "-e", json.dumps({**MAIL, "daily_report_mail_port": port}))
    return run, platform.control("GET", "/journal")["requests"]


def latest(platform: Sandbox) -> tuple[Path, dict[str, t.Any]]:
    """The newest evidence of a restore test."""
    file = max((evidence_dir(platform) / "restore_tests").rglob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    record: dict[str, t.Any] = json.loads(file.read_text(encoding="utf-8"))
    return file, record


def left_behind(platform: Sandbox) -> list[str]:
    """What restore tests have left in the vCenters and on the restore clients."""
    places = [platform.state_dir / "drives" / client for client in ("lux-restore-01", "jer-restore-01")]
    places += [platform.state_dir / "sql" / client for client in ("lux-sql-restore-01", "jer-sql-restore-01")]
    files = [str(path) for place in places for path in place.rglob("*")]
    options = {"folder": "Restore tests"}
    vms = [vm["name"] for vm in Modules(platform)("vcenter_vm_facts", options)["ansible_facts"]["vcenter_vms"]]
    return [file for file in files if "rt-" in file] + vms


def test_check_mode_on_an_empty_platform_shows_everything_and_writes_nothing(
    platform: Sandbox, checked: tuple[Run, list[dict[str, t.Any]]]
) -> None:
    run, requests = checked
    assert run.status == 0, run.output
    assert set(run.counts("changed")) == TENANTS
    assert all(run.counts("changed").values())
    for name in ("Acme Sàrl", "acme-gold", "cafe-silver", "boreal-vcenter", "îles"):
        assert name in run.output
    assert "A real run fails here" not in run.output
    assert requests
    assert [request for request in requests if request["writes"]] == []
    assert [request for request in requests if not request["modelled"]] == []


def test_no_backup_is_a_failed_restore_test(platform: Sandbox, unprotected: Run) -> None:
    assert unprotected.status != 0
    _file, record = latest(platform)
    assert record["result"] == "failed"
    assert {sample["kind"] for sample in record["samples"] if sample["failures"]} == {"vm", "file", "database"}
    assert left_behind(platform) == []
    # Whoever doubts the draw can make it again from the record alone.
    population, draw = record["population"], record["draw"]
    drawn = SERVICE["draw"](population["systems"], region=REGION, period=record["period"], salt=draw["salt"])
    assert (drawn["population_hash"], drawn["seed"], draw["seed_given"]) == (population["hash"], draw["seed"], False)
    for kind, sample in zip(("vm/", "files/", "sql/"), record["samples"], strict=True):
        systems = [system for system in population["systems"] if system.startswith(kind)]
        assert SERVICE["draw"](systems, seed=drawn["seed"])["sample"] == [sample["id"]]


def test_onboarding_takes_every_tenant_to_first_backups(platform: Sandbox, onboarded: Run) -> None:
    assert onboarded.status == 0, onboarded.output
    jobs = Modules(platform)("commvault_job_info", {"types": ["backup"]})["jobs"]
    assert {job["outcome"] for job in jobs} == {"success"}
    records = list((evidence_dir(platform) / "onboarding").rglob("*.json"))
    assert len(records) == len({path.parent for path in records}) == len(TENANTS)
    for path in records:
        acceptance = json.loads(path.read_text(encoding="utf-8"))["acceptance"]
        assert acceptance["result"] == "passed", path
        assert {sample["kind"] for sample in acceptance["samples"]} == {"vm", "file", "database"}
    assert left_behind(platform) == []


def test_onboarding_again_changes_nothing(platform: Sandbox, onboarded_again: Run) -> None:
    assert onboarded_again.status == 0, onboarded_again.output
    assert onboarded_again.counts("changed") == dict.fromkeys(TENANTS, 0)


@pytest.mark.parametrize("host", sorted(TENANTS))
def test_onboarding_says_and_writes_what_its_golden_copy_says(platform: Sandbox, onboarded_again: Run, golden: Golden, host: str) -> None:
    records = read_files(evidence_dir(platform) / "onboarding").values()
    (record,) = (record for record in records if record["tenant"]["alias"] == host.replace("_", "-"))
    manifests = read_files(evidence_dir(platform) / "manifests")
    content = {
        "first": read_results(results(platform, "onboarded"), host),
        "again": read_results(results(platform, "onboarded_again"), host),
        "record": record,
        "manifests": {name: manifest for name, manifest in manifests.items() if manifest["tenant"] == record["tenant"]["name"]},
    }
    golden(f"onboarding-{host}", content, platform.state_dir)


def test_a_restore_test_proves_one_of_each_kind(platform: Sandbox, proven: Run, golden: Golden) -> None:
    assert proven.status == 0, proven.output
    file, record = latest(platform)
    golden("restore-test", {"results": read_results(results(platform, "proven"), REGION), "record": record}, platform.state_dir)
    assert record["result"] == "passed"
    assert {sample["kind"] for sample in record["samples"]} == {"vm", "file", "database"}
    assert left_behind(platform) == []
    page = file.with_suffix(".html").read_text(encoding="utf-8")
    assert hashlib.sha256(file.read_bytes()).hexdigest() in page
    for sample in record["samples"]:
        assert sample["test"]["checks"]
        assert sample["test"]["cleanup"]["gone"]
    assert "<script" not in page
    assert "Müller &amp; Söhne" in page
    assert "Müller & Söhne" not in page


def test_the_daily_report_is_one_for_the_provider_and_one_for_each_tenant(
    platform: Sandbox, reported: tuple[Run, list[dict[str, t.Any]]], inbox: Inbox
) -> None:
    run, requests = reported
    assert run.status == 0, run.output
    assert [call for call in requests if call["writes"] or not call["modelled"]] == []
    folder = evidence_dir(platform) / "daily_reports"
    reports = {path.relative_to(folder).parts[:2]: json.loads(path.read_text(encoding="utf-8")) for path in folder.rglob("report.json")}
    assert set(reports) == {
        *(("tenants", alias) for alias in ("acme", "boreal", "cafe-mueller")),
        *(("provider", region) for region in (REGION, "jersey")),
    }
    assert sorted(to for to, _mail in inbox.mails) == [
        ["etienne@boreal.example"],
        ["lea@acme.example"],
        ["noc@example.com"],
        ["noc@example.com"],
    ]
    assert PASSWORD not in run.output
    here = reports[("provider", REGION)]
    assert here["complete"] and {system["state"] for system in here["systems"]} == {"protected"} and here["todo"] == []
    assert {system["kind"] for system in here["systems"]} == {"vm", "file", "database"}
    assert {test["result"] for test in here["restore_tests"]} >= {"passed", "failed"}
    names = {"acme": ("acme", "Acme"), "boreal": ("boreal", "Bor"), "cafe-mueller": ("cafe", "Caf", "ller")}
    for alias in names:
        for file in (folder / "tenants" / alias).rglob("*.*"):
            text = file.read_text(encoding="utf-8")
            assert not [name for other in names if other != alias for name in names[other] if name in text], file


def test_it_is_proven_where_the_data_of_each_region_is(platform: Sandbox, proven: Run) -> None:
    platform.control("DELETE", "/journal")
    run = run_playbook(platform, "residency_report")
    assert run.status == 0, run.output
    assert [call for call in platform.control("GET", "/journal")["requests"] if call["writes"] or not call["modelled"]] == []
    folder = evidence_dir(platform) / "residency_reports"
    reports = [json.loads(path.read_text(encoding="utf-8")) for path in folder.rglob("report.json")]
    assert len(reports) == 5 and all(report["proven"] and report["things"] for report in reports)
    kinds = {row["kind"] for report in reports for row in report["things"]}
    assert kinds == {"copy", "storage_pool", "vcenter", "access_node", "file_server", "sql_server", "restore_destination"}


def test_the_month_is_reported_from_what_the_days_have_left(platform: Sandbox, reported: tuple[Run, list[dict[str, t.Any]]]) -> None:
    folder = evidence_dir(platform)
    month = max(path.name for path in (folder / "daily_reports" / "provider" / REGION).glob("????-??-??"))[:7]
    run = run_playbook(platform, "monthly_report", "-e", f"monthly_report_month={month}")
    assert run.status == 0, run.output
    files = list((folder / "monthly_reports").rglob("report.json"))
    reports = {path.parts[-3]: json.loads(path.read_text(encoding="utf-8")) for path in files}
    assert set(reports) == {"acme", "boreal", "cafe-mueller", REGION, "jersey"}
    assert all(report["complete"] and report["trend"][-1]["sla"]["percent"] == 100 for report in reports.values())
    assert {test["result"] for test in reports[REGION]["restore_tests"]} >= {"passed", "failed"}
    assert "Boréal" not in (folder / "monthly_reports" / "tenants" / "acme" / month / "report.html").read_text(encoding="utf-8")


def test_without_the_vcenter_the_daily_report_says_what_is_missing_and_the_run_fails(
    platform: Sandbox, reported: tuple[Run, list[dict[str, t.Any]]]
) -> None:
    nowhere = {"hostname": "127.0.0.1", "port": 9, "username": "nobody", "password": "none", "connect_timeout": 1}
    place = platform.state_dir / "without-vcenter"
    run = run_playbook(
        platform,
        "daily_report",
        "--limit",
        REGION,
        "-e",
        json.dumps({**MAIL, "daily_report_mail_port": 9, "daily_report_vcenter": nowhere, "daily_report_directory": str(place)}),
    )
    assert "Not every report was sent by mail" in run.output and "127.0.0.1:9 could not be used" in run.output
    assert run.status != 0 and "The vCenter could not be read" in run.output
    (file,) = (place / "provider").rglob("report.json")
    record = json.loads(file.read_text(encoding="utf-8"))
    assert not record["complete"] and "The vCenter could not be read" in record["problems"][0]["text"]
    assert {system["kind"] for system in record["systems"]} == {"vm", "file", "database"}
    assert "Not everything could be read" in file.with_suffix(".html").read_text(encoding="utf-8")


def test_what_a_killed_run_has_left_is_found_and_removed_by_the_next(platform: Sandbox, proven: Run) -> None:
    _file, before = latest(platform)
    kill_playbook(platform, "restore_test", "--limit", REGION, *SEED, when=lambda: bool(left_behind(platform)))
    (left,) = left_behind(platform)

    # Not everything that is called so is a restore test's: neither another region's, nor a person's.
    modules, (file,) = Modules(platform), (sample for sample in before["samples"] if sample["kind"] == "file")
    here = {"calligo.baas": "restore test", "period": "2026-01", "kind": "file", "owner": {"host": "gone", "process": 1}}
    strangers = [{**here, "region": "jersey", "id": "0badcafe"}, {}]
    dead = {**here, "region": REGION, "id": "deadbeef", "owner": {**restore_leftovers.owner(), "process": 2**22 + 1}}
    for mark in [dead, *strangers]:
        name = f"rt-2026-01-{mark.get('id', '12345678')}"
        options = {key: file[key] for key in ("client", "subclient")}
        place = {"in_place": False, "destination_client": "lux-restore-01", "destination_path": f"E:\\RestoreTest\\{name}"}
        modules(
            "commvault_restore",
            {
                "company": file["tenant"],
                "files": {**options, "paths": [file["test"]["path"]], **place},
                "description": json.dumps({**mark, "name": name}),
            },
        )

    run = run_playbook(platform, "restore_test", "--limit", REGION, *SEED)

    assert run.status == 0, run.output
    page, record = latest(platform)
    found = {one["name"]: one["gone"] for one in record["leftovers"]["found"]}
    assert found == {left: True, "rt-2026-01-deadbeef": True}
    assert left in page.with_suffix(".html").read_text(encoding="utf-8")
    names = {Path(path).name for path in left_behind(platform) if Path(path).is_dir()}
    assert names == {"rt-2026-01-0badcafe", "rt-2026-01-12345678"}
    for name in names:
        shutil.rmtree(platform.state_dir / "drives" / "lux-restore-01" / "E" / "RestoreTest" / name)


def test_damaged_backups_fail_with_the_difference_named_and_nothing_left_behind(platform: Sandbox, proven: Run) -> None:
    _file, before = latest(platform)
    vm, file = (next(sample for sample in before["samples"] if sample["kind"] == kind) for kind in ("vm", "file"))
    disks = sum(check["check"].startswith("Hard disk") for check in vm["test"]["checks"])
    platform.control("POST", "/faults", {"name": "restore_drop_disk", "vm": vm["name"], "times": 1})
    platform.control("POST", "/faults", {"name": "restore_drop_settings", "vm": vm["name"], "settings": ["secure_boot", "cpu"], "times": 1})
    platform.control("POST", "/corrupt", {"client": file["client"], "path": file["test"]["path"]})
    platform.control("POST", "/faults", {"name": "corrupt_restore", "path": "^rt-", "times": 1})

    run = run_playbook(platform, "restore_test", "--limit", REGION, *SEED)

    assert run.status != 0
    _file, record = latest(platform)
    assert [sample["id"] for sample in record["samples"]] == [sample["id"] for sample in before["samples"]]
    assert f"Disk count: expected {disks}, found {disks - 1}" in run.output
    assert "Secure boot: expected on, found off" in run.output
    assert "CPU resources: expected limit 4000, reservation 500, shares high, found limit none, reservation 0" in run.output
    assert f"SHA-256: expected {file['test']['expected']['sha256']}, found " in run.output
    assert "DBCC CHECKDB: expected no errors, found the checksum of the rows is not the one that was written" in run.output
    assert record["result"] == "failed"
    assert left_behind(platform) == []


def test_what_no_manifest_proves_is_unproven_and_no_failure(platform: Sandbox, proven: Run) -> None:
    elsewhere = platform.state_dir / "other-evidence"
    for file in (evidence_dir(platform) / "manifests").rglob("vms-*.json"):
        known = json.loads(file.read_text(encoding="utf-8"))
        for vm in known["vms"]:
            vm.update(cpus=99, proof={"state": "unproven", "reason": "the VM was reconfigured during the backup."})
        copy = elsewhere / file.relative_to(evidence_dir(platform))
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(json.dumps(known), encoding="utf-8")

    # What is there to record is left alone, or the records would be better than they are meant to be here.
    unrecorded = {"restore_test_evidence_dir": str(elsewhere), "manifest_vm_folder": "", "manifest_file_servers": []}
    run = run_playbook(platform, "restore_test", "--limit", REGION, "-e", json.dumps(unrecorded))

    assert run.status != 0
    assert "could not prove everything, which says nothing against the backups" in run.output
    (file,) = (elsewhere / "restore_tests").rglob("*.json")
    record = json.loads(file.read_text(encoding="utf-8"))
    assert (record["result"], record["failures"]) == ("unproven", [])
    why = "\n".join(record["unproven"])
    assert "the VM was reconfigured during the backup." in why and "Unlike that record: CPU count: expected 99, found " in why
    assert "No manifest has an entry for" in why
    assert [sample["kind"] for sample in record["samples"] if "unproven" in sample] == ["vm", "file"]
    assert "not proven</td>" in file.with_suffix(".html").read_text(encoding="utf-8")
    assert left_behind(platform) == []


def test_a_restore_that_takes_too_long_is_ended_and_not_called_gone_before(platform: Sandbox, proven: Run) -> None:
    platform.control(
        "POST", "/faults", {"name": "job_waiting", "match": "^rt-", "reason": "No stream is free", "for_seconds": 600, "times": 1}
    )
    run = run_playbook(platform, "restore_test", "--limit", REGION, *SEED, "-e", "restore_test_restore_timeout=4")
    platform.control("DELETE", "/faults")
    going_on = Modules(platform)("commvault_job_info", {"types": ["restore"], "category": "active"})["jobs"]
    assert going_on == [], "what it restores would appear after the evidence says that it is gone"
    assert run.status != 0
    _file, record = latest(platform)
    (vm,) = (sample["test"] for sample in record["samples"] if sample["kind"] == "vm")
    (ended,) = vm["cleanup"]["ended_jobs"]
    assert "Not done after 4 seconds" in vm["error"] and vm["cleanup"]["gone"]
    assert Modules(platform)("commvault_job_info", {"job_ids": [ended]})["jobs"][0]["status"] == "Killed"
    assert left_behind(platform) == []


def test_what_could_not_be_removed_is_in_the_evidence(platform: Sandbox, proven: Run) -> None:
    refuse(platform, "PowerOnVM_Task", "Destroy_Task")
    run = run_playbook(platform, "restore_test", "--limit", REGION)
    refuse(platform)
    assert run.status != 0
    _file, record = latest(platform)
    vm, *others = record["samples"]
    assert [sample["failures"] for sample in others] == [[], []]
    assert vm["test"]["error"].startswith("Start the VM: ")
    assert vm["test"]["cleanup_error"].startswith("Remove the VM from the vCenter and its files from the datastore: ")
    assert vm["test"]["cleanup"]["gone"] is False
    assert left_behind(platform) == [vm["test"]["cleanup"]["name"]]


def test_a_vm_of_a_restore_tests_name_is_not_removed_from_where_no_restore_goes(platform: Sandbox) -> None:
    (name,) = left_behind(platform)
    with content_of(vcenter_options(platform, "vc-lux")) as content:
        find = content.searchIndex.FindByInventoryPath
        WaitForTask(find("Luxembourg/vm").MoveIntoFolder_Task([find(f"Luxembourg/vm/Restore tests/{name}")]))
        run = run_playbook(platform, "restore_test", "--limit", REGION, *SEED)
        moved = find(f"Luxembourg/vm/{name}")
        assert moved is not None
        WaitForTask(moved.Destroy_Task())
    assert run.status != 0
    _file, record = latest(platform)
    assert {one["name"]: one["gone"] for one in record["leftovers"]["found"]} == {name: False}


def test_evidence_is_verified_from_its_files_alone(platform: Sandbox, unprotected: Run) -> None:
    file, _record = latest(platform)
    verified = run_playbook(platform, "verify_evidence", "--limit", REGION)
    assert verified.status == 0, verified.output
    assert "restore tests, each as it was written" in verified.output
    whole = file.read_bytes()
    file.write_bytes(whole.replace(b'"result": "failed"', b'"result": "passed"'))
    forged = run_playbook(platform, "verify_evidence", "--limit", REGION)
    file.write_bytes(whole)
    assert forged.status != 0
    assert f"{file.name} is not what it was when {file.stem}.sha256 was written." in forged.output


def test_no_secret_is_said_at_the_highest_verbosity_or_written(
    platform: Sandbox, onboarded: Run, proven: Run, reported: tuple[Run, list[dict[str, t.Any]]]
) -> None:
    written = [file.read_text(encoding="utf-8") for file in evidence_dir(platform).rglob("*") if file.is_file()]
    assert "<127.0.0.1>" in onboarded.output or "task path:" in onboarded.output
    for text in (onboarded.output, proven.output, reported[0].output, *written):
        for product in ("commvault", "vcenter"):
            password = platform.password(product)
            assert password not in text
            assert base64.b64encode(password.encode()).decode() not in text
        assert not re.search(r"\bQSDK \w+", text)
