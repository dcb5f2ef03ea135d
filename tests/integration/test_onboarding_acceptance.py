# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The acceptance restores of an onboarding: a tenant is accepted when one of each kind could be restored as it was, and then for good.

The runs build on each other: one whose restored VM lacks a disk, the next, and one more.
"""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.calligo.baas.tests.support.documents import blocks
from ansible_collections.calligo.baas.tests.support.modules import Modules
from ansible_collections.calligo.baas.tests.support.playbooks import CHECKOUT, Run, evidence_dir, run_playbook
from commvaultsim.sandbox import Sandbox

TENANT = "boreal"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("acceptance"), job_seconds=0.5) as running:
        yield running


def onboard(platform: Sandbox, *options: str) -> Run:
    return run_playbook(platform, "tenant_onboard", "--limit", TENANT, *options)


def records(platform: Sandbox) -> list[dict[str, t.Any]]:
    files = sorted((evidence_dir(platform) / "onboarding").rglob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]


def restores(platform: Sandbox) -> int:
    total: int = Modules(platform)("commvault_job_info", {"types": ["restore"], "since_seconds": 86400})["total"]
    return total


def test_a_region_without_a_place_for_restores_is_refused_first(platform: Sandbox) -> None:
    region = {
        "name": "jersey",
        "time_zone": "Europe/Jersey",
        "access_nodes": ["jer-an-01"],
        "vcenter": {"name": "vc-jer", "region": "jersey"},
    }
    region["vcenter"]["datacenter"] = "Jersey"  # type: ignore[index]
    run = onboard(platform, "-e", json.dumps({"tenant_onboarding_region": region}))
    assert run.status != 0
    assert "has no restore_test" in run.output
    assert "nothing was changed" in run.output
    # As surveys and runners give options: all of them text.
    texts = {
        "tenant_onboarding_region": json.dumps(region),
        "tenant_onboarding_acceptance": "false",
        "tenant_onboarding_first_backup": "yes",
    }
    texts |= {"vm_backup_native_rules": "no", "file_backup_check_readiness": "true", "sql_backup_wait_timeout": "60"}
    accepted = onboard(platform, "--check", *(part for name, text in texts.items() for part in ("-e", json.dumps({name: text}))))
    assert accepted.status == 0, accepted.output


# What a specification may have wrong at its end, found by different modules and rules, and what is said about it.
GROUP = {"name": "boreal-vms", "plan": "boreal-gold"}
SHARE = {"client": "boreal-fs01", "access": {"kind": "local", "drives": {"D": "/tmp"}}}
WRONG: dict[str, tuple[dict[str, t.Any], str]] = {
    "plan": (
        {"baas_file_backup": {"servers": [{**SHARE, "subclients": [{"name": "x", "plan": "boreal-glod", "content": ["D:\\"]}]}]}},
        "The plan boreal-glod of x is not among the tenant's plans. Did you mean boreal-gold?",
    ),
    "vm": (
        {"baas_vm_backup": {"vcenter_folder": "Tenants/Boréal Îles Ltd", "groups": [{**GROUP, "vms": ["nobody"]}]}},
        "are named 'nobody'",
    ),
    "sub-folder": (
        {"baas_vm_backup": {"vcenter_folder": "Tenants/Boréal Îles Ltd", "groups": [{**GROUP, "folders": ["None"]}]}},
        "the vCenter has no folder",
    ),
    "database": (
        {
            "baas_sql_backup": {
                "servers": [
                    {
                        "client": "boreal-sql01",
                        "instances": [
                            {
                                "name": "BOREAL-SQL01",
                                "plan": "boreal-gold",
                                "subclients": [{"name": "x", "plan": "boreal-gold", "databases": ["Nowhere"]}],
                            }
                        ],
                    }
                ]
            }
        },
        "Nowhere",
    ),
    "content": (
        {"baas_file_backup": {"servers": [{**SHARE, "subclients": [{"name": "x", "plan": "boreal-gold", "content": ["D:\\Dta"]}]}]}},
        'The content D:\\Dta of the subclient "boreal-fs01 / defaultBackupSet / x" is not there',
    ),
    "content by access": (
        {"baas_file_backup": {"servers": [{**SHARE, "subclients": [{"name": "x", "plan": "boreal-gold", "content": ["D:\\Legal"]}]}]}},
        "This would be backed up, but is not there: boreal-fs01/x, D:\\Legal.",
    ),
    "evidence": ({"baas_evidence_dir": "evidence"}, 'The directory "evidence" is relative'),
    "variable": ({"baas_file_backups": {}}, "baas_file_backups is no variable of this collection. Did you mean baas_file_backup?"),
    "option": ({"tenant_onboarding_acceptence": False}, "Did you mean tenant_onboarding_acceptance?"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_anywhere_is_said_before_the_first_write(platform: Sandbox, wrong: str) -> None:
    variables, said = WRONG[wrong]
    platform.control("DELETE", "/journal")
    run = onboard(platform, "-e", json.dumps(variables))
    assert run.status != 0
    assert said in run.output
    assert [request["path"] for request in platform.control("GET", "/journal")["requests"] if request["writes"]] == []


def test_a_check_run_fails_where_a_real_one_does(platform: Sandbox) -> None:
    variables, said = WRONG["plan"]
    run = onboard(platform, "--check", "-e", json.dumps(variables))
    assert run.status != 0
    assert said in run.output


def test_a_vm_whose_first_backup_failed_keeps_the_tenant_from_being_accepted_in_every_run(platform: Sandbox) -> None:
    reason = "The snapshot could not be taken"
    platform.control("POST", "/faults", {"name": "vm_fail", "vm": "boreal-web-01", "reason": reason, "times": 2})
    runs = [onboard(platform) for _run in range(2)]
    platform.control("DELETE", "/faults")
    assert [run.status for run in runs] == [2, 2] and records(platform) == []
    assert all(f"boreal-web-01 (boreal-vcenter): {reason}" in run.output for run in runs)


def test_a_restore_that_lacks_a_disk_is_not_accepted(platform: Sandbox) -> None:
    for name in ("boreal-web-01", "boreal-erp-01"):
        platform.control("POST", "/faults", {"name": "restore_drop_disk", "vm": name, "times": 1})
    run = onboard(platform)
    platform.control("DELETE", "/faults")
    assert run.status != 0
    assert "is configured and backed up, but not accepted" in run.output
    assert "Disk count: expected" in run.output
    (record,) = records(platform)
    assert record["acceptance"]["result"] == "failed"
    assert {system["backup"] for system in record["systems"]} == {"yes"}
    assert {sample["kind"]: bool(sample["failures"]) for sample in record["acceptance"]["samples"]} == {
        "vm": True,
        "file": False,
        "database": False,
    }


def test_the_next_run_tries_again_and_proves_and_removes_one_of_each(platform: Sandbox) -> None:
    run = onboard(platform)
    assert run.status == 0, run.output
    record = records(platform)[-1]
    assert record["acceptance"]["result"] == "passed"
    for sample in record["acceptance"]["samples"]:
        assert sample["tenant"] == "Boréal Îles Ltd"
        assert sample["test"]["checks"] and sample["test"]["cleanup"]["gone"]
    left = Modules(platform, "vc-jer")("vcenter_vm_facts", {"folder": "Restore tests"})["ansible_facts"]["vcenter_vms"]
    assert left == []


def test_what_was_accepted_is_not_restored_again(platform: Sandbox) -> None:
    before, known = restores(platform), len(records(platform))
    run = onboard(platform)
    assert run.status == 0, run.output
    assert run.counts("changed") == {TENANT: 0}
    assert (restores(platform), len(records(platform))) == (before, known)


def test_a_check_run_lists_what_the_specification_no_longer_names(platform: Sandbox) -> None:
    run = onboard(platform, "--check", "--diff", "-e", json.dumps({"baas_file_backup": {}}))
    assert run.status == 0, run.output
    assert run.counts("changed") == {TENANT: 0}
    for line in ("Server boreal-fs01", "Subclient boreal-fs01/defaultBackupSet/îles"):
        assert line in run.output


def test_the_example_of_the_readme_runs(platform: Sandbox, tmp_path: Path) -> None:
    (example,) = (text for language, text in blocks(CHECKOUT / "README.md") if language == "yaml")
    (tmp_path / "acme.yml").write_text(example, encoding="utf-8")
    # Its server is a Windows host that is not here: nothing is looked for on it, and nothing backed up.
    more = {"baas_sql_backup": {}, "file_backup_check_content": False, "tenant_onboarding_first_backup": False}
    options = ("-i", "acme-fs01.acme.example,", "--limit", "acme", "-e", f"@{tmp_path / 'acme.yml'}", "-e", json.dumps(more))
    seen, done, again = (run_playbook(platform, "tenant_onboard", *options, *mode) for mode in (("--check", "--diff"), (), ()))
    for run in (seen, done, again):
        assert run.status == 0, run.output
    assert [run.counts("changed")["acme"] > 0 for run in (seen, done, again)] == [True, True, False]
