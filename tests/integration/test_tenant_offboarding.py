# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of a tenant's service, stage by stage; the tests build on each other, and another tenant looks on.

Whatever is refused, or is a check run, sends no request that writes. What a stage said and wrote is compared with its golden copy.
"""

from __future__ import annotations

import hashlib
import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.calligo.baas.tests.support.aging import advance, age
from ansible_collections.calligo.baas.tests.support.golden import Golden, read_results
from ansible_collections.calligo.baas.tests.support.modules import Modules, vcenter_options
from ansible_collections.calligo.baas.tests.support.playbooks import Run, evidence_dir, run_playbook
from commvaultsim.sandbox import Sandbox

LEAVING, STAYING = "Boréal Îles Ltd", "Acme Sàrl"
REMOVE = ("-e", "tenant_offboarding_stage=remove")
CONFIRMED = (*REMOVE, "-e", "tenant_offboarding_confirm=boreal")
FILES = {"client": "boreal-fs01", "subclient": "îles", "path": "D:\\", "recursive": True}


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Modules]:
    """A platform with two tenants."""
    with Sandbox(tmp_path_factory.mktemp("offboarding"), job_seconds=0.5) as sandbox:
        onboarded = run_playbook(sandbox, "tenant_onboard", "--limit", "acme,boreal", "-e", "tenant_onboarding_acceptance=false")
        assert onboarded.status == 0, onboarded.output
        yield Modules(sandbox)


def estate(modules: Modules, company: str = LEAVING) -> dict[str, t.Any]:
    found: dict[str, t.Any] = modules("commvault_estate_info", {"company": company})["estate"]
    return found


def results(modules: Modules) -> Path:
    """What modules said in the last run."""
    return modules.sandbox.state_dir / "results.jsonl"


def offboard(modules: Modules, *options: str) -> tuple[Run, list[str]]:
    """Run the playbook for one tenant; the run, and the writing requests that it sent."""
    modules.sandbox.control("DELETE", "/journal")
    results(modules).unlink(missing_ok=True)
    run = run_playbook(modules.sandbox, "tenant_offboard", "--limit", "boreal", *options, results=results(modules))
    requests = modules.sandbox.control("GET", "/journal")["requests"]
    assert [request["path"] for request in requests if not request["modelled"]] == []
    return run, [f"{request['method']} {request['path']}" for request in requests if request["writes"]]


def twice(modules: Modules, golden: Golden, copy: str, *options: str) -> Run:
    """A run that has to succeed and to say what its golden copy says, and a second one that has to change nothing."""
    run, _writes = offboard(modules, *options)
    assert run.status == 0, run.output
    content = {"results": read_results(results(modules), "boreal"), "record": records(modules)[-1]}
    golden(f"offboarding-{copy}", content, modules.sandbox.state_dir)
    again, writes = offboard(modules, *options)
    assert again.status == 0, again.output
    assert (again.counts("changed"), writes) == ({"boreal": 0}, [])
    return run


def records(modules: Modules) -> list[dict[str, t.Any]]:
    files = sorted((evidence_dir(modules.sandbox) / "offboarding").rglob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    for file in files:
        page = file.with_suffix(".html").read_text(encoding="utf-8")
        assert hashlib.sha256(file.read_bytes()).hexdigest() in page
        assert "<script" not in page
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]


def test_a_check_run_says_what_would_be_lost_and_writes_nothing(modules: Modules) -> None:
    kept = estate(modules)["kept"]
    run, writes = offboard(modules, *CONFIRMED, "--check")
    assert run.status == 0, run.output
    assert writes == []
    assert run.counts("changed")["boreal"] > 0
    for said in ("boreal-vms", "boreal-fs01/îles", f"{kept['jobs']} backups with {kept['bytes']} bytes", kept["kept_until"]):
        assert said in run.output
    assert records(modules) == []


def test_the_default_stops_backups_and_leaves_them_to_be_restored(modules: Modules, golden: Golden) -> None:
    before = estate(modules)
    twice(modules, golden, "stop-backups")
    after = estate(modules)
    assert not [row["name"] for row in after["vm_groups"] + after["subclients"] if row["backup_enabled"]]
    assert after["company"]["status"] == "ACTIVE"
    assert (after["kept"], after["plans"]) == (before["kept"], before["plans"])
    assert modules("commvault_browse_info", {"company": LEAVING, **FILES})["total"] > 0
    assert [record["stage"] for record in records(modules)] == ["stop_backups"]


def onboard(modules: Modules, state: str | None, *options: str) -> tuple[Run, list[str]]:
    """Run the onboarding's playbook for the tenant, with a state in its specification; the run, and the writing requests that it sent."""
    region = {"name": LEAVING, "alias": "boreal", "region": "jersey", "contact": {"name": "É", "email": "e@boreal.example"}}
    given = ("-e", json.dumps({"baas_tenant": {**region, "state": state}})) if state else ()
    modules.sandbox.control("DELETE", "/journal")
    run = run_playbook(modules.sandbox, "tenant_onboard", "--limit", "boreal", "-e", "tenant_onboarding_acceptance=false", *given, *options)
    return run, [request["path"] for request in modules.sandbox.control("GET", "/journal")["requests"] if request["writes"]]


def test_a_converge_does_not_take_a_tenant_on_again_by_the_way(modules: Modules) -> None:
    before = estate(modules)
    run, writes = onboard(modules, None)
    assert run.status != 0
    assert "switched off in Commvault, but the specification wants them" in run.output and "boreal-vms" in run.output
    ending, more = onboard(modules, "ending")
    assert ending.status == 0, ending.output
    assert "nothing is backed up, and nothing was changed" in " ".join(ending.output.split())
    assert (writes, more, estate(modules)) == ([], [], before)
    # With the state it is taken on again: a check run says so.
    active, _none = onboard(modules, "active", "--check")
    assert active.status == 0, active.output
    assert active.counts("changed")["boreal"] > 0


def test_a_service_that_goes_on_is_not_called_ended(modules: Modules) -> None:
    run, writes = onboard(modules, "ended")
    assert run.status != 0
    assert "logins of the company" in run.output
    assert writes == []
    active = {"name": LEAVING, "alias": "boreal", "state": "active"}
    refused, writes = offboard(modules, "-e", json.dumps({"baas_tenant": active}))
    assert refused.status != 0
    assert "Set baas_tenant.state to ending" in refused.output
    assert writes == []


def test_a_company_with_another_alias_is_not_touched(modules: Modules) -> None:
    wrong = json.dumps({"tenant_offboarding_tenant": {"name": STAYING, "alias": "boreal"}})
    run, writes = offboard(modules, *CONFIRMED, "-e", wrong)
    assert run.status != 0
    assert "has the alias acme, but the specification says boreal" in run.output
    assert writes == []


@pytest.mark.parametrize("options", [REMOVE, (*REMOVE, "-e", "tenant_offboarding_confirm=acme")])
def test_nothing_is_removed_without_the_alias(modules: Modules, options: tuple[str, ...]) -> None:
    run, writes = offboard(modules, *options)
    assert run.status != 0
    assert "say so with tenant_offboarding_confirm: boreal" in run.output
    assert "Removed for good, VM groups: boreal-vms" in run.output
    assert writes == []


def test_what_is_wrong_at_the_end_of_a_removal_is_said_before_its_beginning(modules: Modules) -> None:
    for check in ((), ("--check",)):
        run, writes = offboard(modules, *CONFIRMED, "-e", "tenant_offboarding_heir=Nobody", *check)
        assert run.status != 0
        assert "Nobody" in run.output
        assert writes == []
    assert not list((evidence_dir(modules.sandbox) / "offboarding").rglob("*boreal*/*log*")), "nothing was begun"


def test_nothing_is_begun_whose_record_could_not_be_kept(modules: Modules) -> None:
    run, _writes = offboard(modules, "-e", f"baas_evidence_dir={modules.sandbox.ca_path}/evidence")
    assert run.status != 0
    assert "is no directory. Correct the path." in run.output
    assert modules.sandbox.control("GET", "/journal")["requests"] == [], "it is said before anything is asked"


def test_a_company_that_nobody_knows_is_refused(modules: Modules) -> None:
    wrong = json.dumps({"tenant_offboarding_tenant": {"name": "Nobody", "alias": "boreal"}})
    run, writes = offboard(modules, "-e", wrong)
    assert run.status != 0
    assert "There is no company Nobody" in run.output
    assert writes == []


def test_deactivated_means_no_logins_and_restores_still(modules: Modules, golden: Golden) -> None:
    twice(modules, golden, "deactivate", "-e", "tenant_offboarding_stage=deactivate")
    assert estate(modules)["company"]["status"] == "DEACTIVATED"
    assert modules("commvault_browse_info", {"company": LEAVING, **FILES})["total"] > 0
    run, writes = onboard(modules, None)
    assert run.status != 0
    assert "switched off in Commvault" in run.output or "is deactivated in Commvault" in run.output
    assert writes == []


def test_removed_is_what_the_tenant_had_and_nothing_of_another(modules: Modules, golden: Golden) -> None:
    other, kept = estate(modules, STAYING), estate(modules)["kept"]
    twice(modules, golden, "remove", *CONFIRMED)
    assert estate(modules, STAYING) == other
    left = estate(modules)
    assert [row["name"] for row in left["vm_groups"] + left["subclients"] if not row["default"]] == []
    assert {row["retired"] for row in left["hypervisors"] + left["servers"]} == {True}
    assert (left["users"], left["kept"]) == ([], kept)
    record = records(modules)[-1]
    assert record["stage"] == "remove"
    assert "boreal-fs01: retired, and there for its backups" in record["remaining"]
    assert f"{LEAVING}: the company, deactivated" in record["remaining"]


def mark(modules: Modules) -> str | None:
    """Whose the tenant's folder is marked as."""
    options = {**vcenter_options(modules.sandbox, "vc-jer"), "folder": f"Tenants/{LEAVING}"}
    return t.cast("str | None", modules("vcenter_folder_info", options)["folders"][0]["tenant"])


def test_the_company_goes_with_the_last_backup(modules: Modules, golden: Golden) -> None:
    other = estate(modules, STAYING)
    assert mark(modules) == "boreal", "the company is still there"
    advance(modules, 130)
    age(modules)
    twice(modules, golden, "last-backup", *CONFIRMED)
    assert estate(modules)["company"] is None
    assert [row["name"] for row in estate(modules, STAYING)["plans"]] == [row["name"] for row in other["plans"]]
    assert records(modules)[-1]["remaining"] == []
    assert mark(modules) is None, "nobody else could have the folder"
    # Not a new tenant: the records know it.
    run, writes = onboard(modules, None, "-e", json.dumps({"baas_file_backup": {}, "baas_sql_backup": {}}))
    assert run.status != 0
    assert "was removed, as its records say" in " ".join(run.output.split())
    assert writes == []


def test_what_an_interrupted_run_took_away_is_in_the_record_of_the_next(modules: Modules) -> None:
    before, known = estate(modules, STAYING), len(records(modules))
    options = ("--limit", "acme", *REMOVE, "-e", "tenant_offboarding_confirm=acme")
    modules.sandbox.control(
        "POST", "/faults", {"name": "http", "method": "DELETE", "path": "Hypervisor/|Retire", "status": 403, "times": 1}
    )
    broken = run_playbook(modules.sandbox, "tenant_offboard", *options)
    modules.sandbox.control("DELETE", "/faults")
    assert broken.status != 0 and len(records(modules)) == known
    run = run_playbook(modules.sandbox, "tenant_offboard", *options)
    assert run.status == 0, run.output
    record = records(modules)[-1]
    assert record["before"] == before, "what the first run took away is lost"
    assert [bool(one["ended_at"]) for one in record["runs"]] == [False, True]
