# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook backup_check on two tenants: what it starts, which tickets there are then, and what its record says.

The runs build on each other: a check run, one that retries and escalates, one more that changes nothing, and some for which something is
missing.
"""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import jsonschema
import pytest
import yaml

from ansible_collections.calligo.baas.plugins.module_utils._service import check_problems
from ansible_collections.calligo.baas.tests.integration.test_commvault_protection_info import OTHER, VARIABLES
from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.collection import ROOT
from ansible_collections.calligo.baas.tests.support.modules import Json, Modules, run_module
from ansible_collections.calligo.baas.tests.support.playbooks import Run, evidence_dir, run_playbook
from commvaultsim.sandbox import Sandbox

SCHEMA = json.loads((ROOT / "roles/backup_check/files/backup_check.schema.json").read_text(encoding="utf-8"))
NETWORK, DENIED = "The network connection to the client was lost.", "Access to D:\\Secret of boreal's neighbour acme was denied."
HELPED, NOT_HELPED, NOT_TRIED = "files/acme/acme-fs01/data", "files/boreal/boreal-fs01/data", "files/acme/acme-fs01/archive"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Sandbox]:
    """Two tenants: a backup that fails once, one that fails twice, one that nobody may read, and a VM that there is not."""
    with Sandbox(tmp_path_factory.mktemp("check"), job_seconds=0.5) as sandbox:
        modules = Modules(sandbox)
        tenant.onboard(modules)
        modules("commvault_company", OTHER)
        modules("commvault_plan", {"company": OTHER["name"], **tenant.PLAN, "name": "boreal-gold"})
        for company, client, name, plan, content in (
            (OTHER["name"], "boreal-fs01", "data", "boreal-gold", "D:\\"),
            (tenant.COMPANY["name"], "acme-fs01", "archive", "acme-gold", "D:\\Data\\Köln"),
        ):
            subclient = {"client": client, "name": name, "plan": plan, "content": [content]}
            modules("commvault_subclient", {"company": company, "subclients": [subclient]})
        for client, name, reason, times in (
            ("boreal-fs01", "data", NETWORK, 2),
            ("acme-fs01", "archive", DENIED, 1),
            ("acme-fs01", "data", NETWORK, 1),
        ):
            sandbox.control("POST", "/faults", {"name": "job_fail", "match": client, "reason": reason, "times": times})
            backup = {"subclients": [{"client": client, "name": name}], "fail_on_failure": False}
            modules("commvault_backup", {**backup, "company": OTHER["name"] if client.startswith("boreal") else tenant.COMPANY["name"]})
        write_inventory(sandbox.state_dir / "inventory")
        yield sandbox


def write_inventory(folder: Path) -> None:
    """The specifications of the two, in place of those of the demo."""
    parts = [{"name": name, "plan": "acme-gold", "content": [f"D:\\{name}"]} for name in ("data", "archive")]
    vms = {"vcenter_folder": "Tenants/Acme Sàrl", "groups": [{"name": "acme-more", "plan": "acme-gold", "vms": ["acme-ghost"]}]}
    acme = {**VARIABLES["acme"], "baas_vm_backup": vms, "baas_sql_backup": {}}
    acme["baas_file_backup"] = {"servers": [{"client": "acme-fs01", "access": {"kind": "local"}, "subclients": parts}]}
    empty: Json = {"baas_vm_backup": {}, "baas_sql_backup": {}}
    (folder / "host_vars").mkdir(parents=True)
    (folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": {"acme": {}, "boreal": {}}}}), encoding="utf-8")
    for host, variables in (("acme", acme), ("boreal", {**VARIABLES["boreal"], **empty})):
        (folder / "host_vars" / f"{host}.yml").write_text(yaml.safe_dump(variables, allow_unicode=True), encoding="utf-8")


def check(platform: Sandbox, *options: str) -> tuple[Run, list[Json]]:
    """A run, with its options as text, and the requests that wrote."""
    platform.control("DELETE", "/journal")
    given = [
        "-e",
        "backup_check_tenants=acme,boreal",
        "-e",
        "backup_check_most_retries=5",
        "-e",
        "backup_check_provider_folders=Tenants,Restore tests",
    ]
    run = run_playbook(platform, "backup_check", "--limit", "luxembourg", "-i", str(platform.state_dir / "inventory"), *given, *options)
    return run, [row for row in platform.control("GET", "/journal")["requests"] if row["writes"]]


@pytest.fixture(scope="module")
def predicted(platform: Sandbox) -> tuple[Run, list[Json], list[str]]:
    """A check run, and which files there were after it."""
    run, writes = check(platform, "--check", "--diff")
    return run, writes, [str(file) for folder in (evidence_dir(platform), tickets(platform)) for file in folder.rglob("*")]


@pytest.fixture(scope="module")
def done(platform: Sandbox, predicted: object) -> tuple[Run, list[Json]]:
    """The run."""
    return check(platform)


def tickets(platform: Sandbox) -> Path:
    return platform.state_dir / "tickets"


def texts(folder: Path) -> dict[str, str]:
    return {str(file): file.read_text(encoding="utf-8") for file in sorted(folder.rglob("*")) if file.is_file()}


def record(platform: Sandbox) -> Json:
    (file,) = (evidence_dir(platform) / "backup_checks" / "luxembourg").glob("*.json")
    found: Json = json.loads(file.read_text(encoding="utf-8"))
    jsonschema.validate(found, SCHEMA)
    return found


def test_a_check_run_says_what_would_be_and_writes_nothing(predicted: tuple[Run, list[Json], list[str]]) -> None:
    run, writes, files = predicted
    assert run.status == 0, run.output
    assert (writes, files) == ([], [])
    for name in ("acme-fs01, data", "boreal-fs01, data"):
        assert f"Would be started again: {name}" in run.output
    assert "Would be started again: acme-fs01, archive" not in run.output
    assert "acme-fs01, archive: Commvault was refused access" in run.output, "the ticket that would be opened"


def test_what_may_be_is_retried_and_what_is_left_has_a_ticket(platform: Sandbox, done: tuple[Run, list[Json]]) -> None:
    run, writes = done
    assert run.status == 0, run.output
    assert len([row for row in writes if row["path"].endswith("/action/backup")]) == len(writes) == 2
    found = {row["system"]: row for row in record(platform)["problems"]}
    assert {system: (row["cause"], row["end"]) for system, row in found.items()} == {
        HELPED: ("network", "resolved"),
        NOT_HELPED: ("network", "escalated"),
        NOT_TRIED: ("access_denied", "escalated"),
        "absent/acme/acme-more/acme-ghost": ("vm_gone", "escalated"),
    }
    assert [len(found[system]["attempts"]) for system in (HELPED, NOT_HELPED, NOT_TRIED)] == [1, 1, 0]
    assert all(row["found_at"] and row["acted_at"] for row in found.values())
    open_ = Modules(platform)("itsm_ticket_info", {"begins": check_problems.begins("luxembourg")})["tickets"]
    assert {(one["tenant"], one["team"]) for one in open_} == {("boreal", "network"), ("acme", "windows"), ("acme", "virtualization")}
    assert {one["number"] for one in open_} == {row["ticket"]["number"] for row in found.values() if row["ticket"]}


def test_a_tenant_reads_nothing_of_another_in_its_tickets(platform: Sandbox, done: tuple[Run, list[Json]]) -> None:
    for mine, other in (("boreal", "acme"), ("acme", "boreal")):
        found = Modules(platform)("itsm_ticket_info", {"tenant": mine})["tickets"]
        assert found and other not in json.dumps(found).casefold()


def test_a_second_run_changes_nothing(platform: Sandbox, done: tuple[Run, list[Json]]) -> None:
    before = texts(evidence_dir(platform)), texts(tickets(platform))
    run, writes = check(platform)
    assert run.status == 0, run.output
    assert (run.counts("changed"), writes) == ({"luxembourg": 0}, [])
    assert (texts(evidence_dir(platform)), texts(tickets(platform))) == before


def test_without_a_place_for_tickets_what_is_known_is_recorded_and_the_run_fails(platform: Sandbox, done: tuple[Run, list[Json]]) -> None:
    kept = texts(tickets(platform))
    away = tickets(platform).rename(platform.state_dir / "away")
    elsewhere = platform.state_dir / "elsewhere"
    run, writes = check(platform, "-e", f"backup_check_evidence_dir={elsewhere}", "-e", "backup_check_retry=false")
    away.rename(tickets(platform))
    assert run.status != 0 and "Without an end, or not recorded in its ticket: boreal: boreal-fs01, data" in run.output
    assert writes == [], "no retry is as good as none in words, too"
    (file,) = elsewhere.rglob("*.json")
    assert {row["end"] for row in json.loads(file.read_text(encoding="utf-8"))["problems"]} == {"open", "resolved"}
    assert texts(tickets(platform)) == kept


def test_what_cannot_be_read_is_escalated_and_the_run_fails(platform: Sandbox, done: tuple[Run, list[Json]]) -> None:
    nowhere = {"hostname": "127.0.0.1", "port": 9, "username": "nobody", "password": "none", "connect_timeout": 1}
    run, writes = check(platform, "-e", json.dumps({"backup_check_vcenter": nowhere}))
    assert run.status != 0 and "Not read: The vCenter could not be read" in run.output
    assert writes == []
    (region,) = (row for row in record(platform)["problems"] if row["kind"] == "region")
    assert region["end"] == "escalated" and not record(platform)["complete"]


def test_the_module_refuses_what_makes_no_sense(platform: Sandbox, done: tuple[Run, list[Json]], tmp_path: Path) -> None:
    document = tmp_path / "document.json"
    document.write_text("[]", encoding="utf-8")
    causes = [{"cause": "other", "words": "x", "team": "y", "priority": "low"}]
    task = {"directory": str(tmp_path), "document": str(document), "causes": causes}
    assert "is not of the format calligo.baas/protection/1" in run_module("backup_check_record", task)["msg"]
