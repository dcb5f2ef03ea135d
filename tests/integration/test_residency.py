# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the data of two tenants is: what is elsewhere, another's or hidden is found, and each tenant's files hold nothing of the other."""

from __future__ import annotations

import csv
import json
import typing as t
from pathlib import Path

import jsonschema
import pytest

from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.collection import ROOT
from ansible_collections.calligo.baas.tests.support.modules import Json, Modules
from commvaultsim.sandbox import Sandbox

SCHEMA = ROOT / "roles" / "residency_report" / "files" / "residency_report.schema.json"
OTHER: Json = {"name": "Boréal Îles Ltd", "alias": "boreal", "contact": tenant.COMPANY["contact"], "servers": ["boreal-fs01"]}
NAMES = {"acme": ("acme", "Acme"), "boreal": ("boreal", "Bor")}


def part(host: str, kind: str = "file") -> Json:
    return {"kind": kind, "client": f"{host}-{'sql' if kind == 'database' else 'fs'}01", "name": "data", "plan": f"{host}-gold"}


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Modules]:
    """A tenant in each region."""
    with Sandbox(tmp_path_factory.mktemp("residency"), job_seconds=0.2) as sandbox:
        modules = Modules(sandbox)
        tenant.onboard(modules)
        tenant.sql_server(modules)
        modules("commvault_company", OTHER)
        destination = {**tenant.PLAN["destinations"][0], "storage_pool": "jer-pool-01", "region": "jersey"}
        modules("commvault_plan", {"company": OTHER["name"], **tenant.PLAN, "name": "boreal-gold", "destinations": [destination]})
        subclient = {"client": "boreal-fs01", "name": "data", "plan": "boreal-gold", "content": ["D:\\"]}
        modules("commvault_subclient", {"company": OTHER["name"], "subclients": [subclient]})
        yield modules


@pytest.fixture(autouse=True)
def no_faults(modules: Modules) -> t.Iterator[None]:
    yield
    modules.sandbox.control("DELETE", "/faults")


def task(modules: Modules, *hosts: str, **more: t.Any) -> Json:
    vcenter = modules.connection("vcenter_")
    tenants = {
        "acme": {"name": "Acme Sàrl", "region": "luxembourg", "vms": {"folder": "x"}, "parts": [part("acme"), part("acme", "database")]},
        "boreal": {"name": OTHER["name"], "region": "jersey", "vms": None, "parts": [part("boreal")]},
    }
    return {
        "tenants": [{"host": host, "alias": host, "plans": [{"name": f"{host}-gold"}], **tenants[host]} for host in hosts or tenants],
        "region": "luxembourg",
        "vcenter": {"name": "vc-lux", "region": "luxembourg", "address": f"{vcenter['hostname']}:{vcenter['port']}"},
        "restore_test": {
            "access_node": "lux-an-01",
            "file_client": "lux-restore-01",
            "sql_client": "lux-sql-restore-01",
            "datastore": "lux-ds-02",
        },
        **more,
    }


def found(modules: Modules, *hosts: str, **more: t.Any) -> tuple[Json, list[Json]]:
    """The result, and all things."""
    path = modules.sandbox.state_dir / "residency.json"
    result = modules("commvault_residency_info", task(modules, *hosts, output_file=str(path), **more))["residency"]
    return result, json.loads(path.read_text(encoding="utf-8"))["things"]


def test_everything_of_a_tenant_is_proven_to_be_in_its_region(modules: Modules) -> None:
    result, things = found(modules, "acme")
    assert result == {"proven": True, "complete": True, "problems": [], "wrong": [], "things": len(things)}
    told = {(row["kind"], row["name"], row["of"], row["region"], row["told_by"], row["owner"]) for row in things}
    here = "luxembourg"
    address = task(modules)["vcenter"]["address"]
    assert told == {
        ("copy", "Primary", "acme-gold", here, "plan", "own"),
        ("copy", "Primary", "acme-spare", here, "plan", "own"),
        ("storage_pool", "lux-pool-01", "acme-gold, Primary", here, "Commvault", "provider"),
        ("storage_pool", "lux-pool-01", "acme-spare, Primary", here, "Commvault", "provider"),
        ("vcenter", "acme-vcenter", address, here, "inventory", "own"),
        ("access_node", "lux-an-01", "acme-vcenter", here, "Commvault", "provider"),
        ("access_node", "lux-an-01", "acme-vms", here, "Commvault", "provider"),
        # The group that Commvault makes for each hypervisor.
        ("access_node", "lux-an-01", "default", here, "Commvault", "provider"),
        ("file_server", "acme-fs01", "", here, "Commvault", "own"),
        ("sql_server", "acme-sql01", "", here, "Commvault", "own"),
        ("restore_destination", "vc-lux", "lux-ds-02", here, "inventory", "provider"),
        ("restore_destination", "lux-an-01", "access node", here, "Commvault", "provider"),
        ("restore_destination", "lux-restore-01", "file client", here, "Commvault", "provider"),
        ("restore_destination", "lux-sql-restore-01", "sql client", here, "Commvault", "provider"),
    }


def test_what_is_elsewhere_is_named(modules: Modules) -> None:
    result, things = found(modules, "boreal")
    assert not result["proven"] and result["complete"]
    elsewhere = {(row["kind"], row["name"]) for row in things if row["verdict"] == "elsewhere"}
    # Its restores go to the region that is reported on.
    assert elsewhere == {("restore_destination", name) for name in ("vc-lux", "lux-an-01", "lux-restore-01", "lux-sql-restore-01")}
    assert "restore destination lux-restore-01 of file client: It is in luxembourg; the tenant's data must stay in jersey." in "".join(
        result["wrong"]
    )


def test_a_copy_that_crept_into_another_region_is_found(modules: Modules) -> None:
    far = {"name": "Far", "storage_pool": "jer-pool-02", "region": "jersey"}
    plan = tenant.inside({"name": "acme-far", "destinations": [*tenant.PLAN["destinations"], far]})
    modules("commvault_plan", plan)
    try:
        result, things = found(modules, "acme")
    finally:
        modules("commvault_plan", {**tenant.inside({"name": "acme-far", "state": "absent"})})
    wrong = {(row["kind"], row["name"], row["of"], row["verdict"]) for row in things if row["verdict"] != "in_region"}
    assert not result["proven"]
    assert wrong == {("copy", "Far", "acme-far", "elsewhere"), ("storage_pool", "jer-pool-02", "acme-far, Far", "elsewhere")}


def test_what_belongs_to_another_is_not_its_own_and_has_no_name_in_its_report(modules: Modules, tmp_path: Path) -> None:
    mine = task(modules, "acme", output_file=str(modules.sandbox.state_dir / "residency.json"))
    mine["tenants"][0]["parts"].append({"kind": "file", "client": "boreal-fs01"})
    result = modules("commvault_residency_info", mine)["residency"]
    assert not result["proven"]
    (sentence,) = result["wrong"]
    assert "boreal-fs01: It belongs to another company." in sentence and "It is in jersey" in sentence
    reports = write(mine["output_file"], tmp_path)
    assert "boreal-fs01" in text_of(reports[""]) and "(of another company)" in text_of(reports["acme"])
    assert not any(name in text_of(reports["acme"]) for name in NAMES["boreal"])


def test_a_region_that_is_hidden_is_a_failure_that_says_so(modules: Modules) -> None:
    modules.sandbox.control("POST", "/faults", {"name": "http", "path": "/V4/entity/region", "text": '{"regions": []}'})
    result, things = found(modules, "acme")
    assert not result["proven"]
    unknown = {(row["kind"], row["name"]) for row in things if row["verdict"] == "unknown"}
    assert {("storage_pool", "lux-pool-01"), ("access_node", "lux-an-01"), ("file_server", "acme-fs01")} <= unknown
    assert all(row["reason"] == "Nobody tells its region." for row in things if row["verdict"] == "unknown")


def test_a_vcenter_at_another_address_has_no_region_until_somebody_tells_it(modules: Modules) -> None:
    vcenter = {"name": "vc-lux", "region": "luxembourg", "address": "vc-lux.example.com"}
    result, things = found(modules, "acme", vcenter=vcenter)
    assert [(row["kind"], row["verdict"]) for row in things if row["verdict"] != "in_region"] == [("vcenter", "unknown")]
    assert not result["proven"]


def test_owners_that_are_hidden_prove_nothing(modules: Modules) -> None:
    modules.sandbox.control("POST", "/faults", {"name": "owners_hidden"})
    result, _things = found(modules, "acme")
    assert not result["proven"] and not result["complete"]
    assert any("Commvault does not tell whose" in problem for problem in result["problems"])


def test_a_server_or_plan_that_is_not_there_is_missing(modules: Modules) -> None:
    mine = task(modules, "acme")
    mine["tenants"][0]["parts"].append({"kind": "database", "client": "acme-none"})
    mine["tenants"][0]["plans"].append({"name": "acme-silver"})
    result = modules("commvault_residency_info", mine)["residency"]
    assert not result["proven"] and len(result["wrong"]) == 2
    assert all("Commvault does not have it, or does not show it." in sentence for sentence in result["wrong"])


@pytest.mark.parametrize("path", ["/StoragePool", "/V4/Hypervisor", "/V4/Servers", "/V4/Plan/Summary", "/V4/VMGroups", "/V4/ServerPlan"])
@pytest.mark.usefixtures("waiting_is_short")
def test_what_cannot_be_read_is_told_and_not_proven(modules: Modules, path: str) -> None:
    modules.sandbox.control("POST", "/faults", {"name": "http", "path": path, "status": 500})
    result, _things = found(modules, "acme")
    assert not result["proven"] and not result["complete"] and result["problems"]


def test_without_commvault_nothing_is_proven(modules: Modules, tmp_path: Path) -> None:
    nowhere = {"host": "https://127.0.0.1:9", "connect_timeout": 1.0, "output_file": str(tmp_path / "residency.json")}
    result = modules("commvault_residency_info", task(modules, **nowhere))["residency"]
    assert not result["proven"] and any("Commvault could not be read" in problem for problem in result["problems"])
    reports = write(nowhere["output_file"], tmp_path / "reports")
    assert not any(report["proven"] for report in reports.values())
    assert "127.0.0.1" in text_of(reports[""]) and "127.0.0.1" not in text_of(reports["acme"])


def write(document: t.Any, directory: Path, **more: t.Any) -> dict[str, Json]:
    """The reports by host, the provider's under an empty name."""
    options = {"document": str(document), "directory": str(directory), "made_at": "2026-11-24T06:00:00Z", **more}
    return {report["host"]: report for report in Modules.__call__(_alone, "residency_report_files", options)["reports"]}


class _Alone(Modules):
    """Modules that talk to nobody."""

    def __init__(self) -> None:
        """Without a sandbox."""

    def connection(self, module: str) -> Json:  # noqa: ARG002
        return {}


_alone = _Alone()


def text_of(report: Json) -> str:
    return "".join(file.read_text(encoding="utf-8") for file in sorted(Path(report["directory"]).iterdir()))


def test_the_reports_are_apart_and_as_their_schema_says(modules: Modules, tmp_path: Path) -> None:
    found(modules)
    document = modules.sandbox.state_dir / "residency.json"
    reports = write(document, tmp_path)
    assert list(reports) == ["", "acme", "boreal"] and [report["proven"] for report in reports.values()] == [False, True, False]
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    for host, report in reports.items():
        directory = Path(report["directory"])
        assert sorted(file.name for file in directory.iterdir()) == ["places.csv", "report.html", "report.json"]
        jsonschema.validate(json.loads((directory / "report.json").read_text(encoding="utf-8")), schema)
        rows = list(csv.reader((directory / "places.csv").read_text(encoding="utf-8").splitlines()))
        assert len({len(row) for row in rows}) == 1 and len(rows) > 5
        others = [name for other in NAMES if host not in ("", other) for name in NAMES[other]]
        assert not [name for name in others if name in text_of(report)]
    again = write(document, tmp_path)
    assert not any(report["changed"] for report in again.values())
    later = write(document, tmp_path, made_at="2026-11-24T07:00:00Z")
    assert all(report["changed"] for report in later.values())
