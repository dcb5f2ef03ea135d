# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module says of two tenants, on histories that a seed decides, beside a second computation over the simulator's records."""

from __future__ import annotations

import datetime
import json
import time
import typing as t

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._service import protection_scope
from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.modules import Json, Modules, commvault_options, run_module
from ansible_collections.calligo.baas.tests.support.protection_reference import Reference
from commvaultsim.sandbox import Sandbox

ZONE = "Europe/Luxembourg"
OTHER = {"name": "Boréal Îles Ltd", "alias": "boreal", "contact": tenant.COMPANY["contact"], "servers": ["boreal-fs01"]}
SLA_DAYS = {"acme-gold": 3, "boreal-gold": 1}
DAILY = [{"backup_type": "incremental", "frequency": {"type": "daily", "every": 1}}]
VARIABLES: Json = {
    "acme": {
        "baas_tenant": {"name": "Acme Sàrl", "alias": "acme", "region": "luxembourg"},
        "baas_plans": [{"name": "acme-gold", "sla_days": 3, "schedules": DAILY}],
        "baas_vm_backup": {
            "vcenter_folder": "Tenants/Acme Sàrl",
            "groups": [
                {"name": "acme-vms", "plan": "acme-gold", "name_patterns": [{"condition": "starts_with", "value": "acme-web"}]},
                {"name": "acme-more", "plan": "acme-gold", "vms": ["acme-ghost"]},
            ],
        },
        "baas_file_backup": {
            "servers": [
                {
                    "client": "acme-fs01",
                    "access": {"kind": "local"},
                    "subclients": [
                        {"name": "data", "plan": "acme-gold", "content": ["D:\\Data"]},
                        {"name": "forgotten", "plan": "acme-gold", "content": ["D:\\Forgotten"]},
                    ],
                }
            ]
        },
        "baas_sql_backup": {
            "servers": [
                {
                    "client": "acme-sql01",
                    "instances": [
                        {
                            "name": "ACME-SQL01\\PROD",
                            "plan": "acme-gold",
                            "subclients": [{"name": "sales", "plan": "acme-gold", "databases": ["Sales"]}],
                        }
                    ],
                }
            ]
        },
    },
    "boreal": {
        "baas_tenant": {"name": OTHER["name"], "alias": "boreal", "region": "luxembourg"},
        "baas_plans": [{"name": "boreal-gold", "sla_days": 1, "schedules": DAILY}],
        "baas_file_backup": {
            "servers": [
                {
                    "client": "boreal-fs01",
                    "access": {"kind": "local"},
                    "subclients": [{"name": "data", "plan": "boreal-gold", "content": ["D:\\"]}],
                }
            ]
        },
    },
}


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Modules]:
    """Two tenants whose files are in subclients of the same name."""
    with Sandbox(tmp_path_factory.mktemp("protection"), job_seconds=0.2) as sandbox:
        modules = Modules(sandbox)
        tenant.onboard(modules)
        tenant.sql_server(modules)
        modules("commvault_company", OTHER)
        modules("commvault_plan", {"company": OTHER["name"], **tenant.PLAN, "name": "boreal-gold"})
        subclient = {"client": "boreal-fs01", "name": "data", "plan": "boreal-gold", "content": ["D:\\"]}
        modules("commvault_subclient", {"company": OTHER["name"], "subclients": [subclient]})
        fields = {"fields": ["instance_uuid", "kind", "folder"], "output_file": str(sandbox.state_dir / "vms.json")}
        modules("vcenter_vm_facts", fields)
        yield modules


@pytest.fixture(autouse=True)
def no_faults(modules: Modules) -> t.Iterator[None]:
    yield
    modules.sandbox.control("DELETE", "/faults")


def task(modules: Modules, end: int, **more: t.Any) -> Json:
    moment = datetime.datetime.fromtimestamp(end, datetime.UTC).isoformat()
    return {
        "tenants": protection_scope.scope(VARIABLES, ["acme", "boreal"]),
        "region": "luxembourg",
        "vms_file": str(modules.sandbox.state_dir / "vms.json"),
        "provider_folders": ["Restore tests"],
        "time_zone": ZONE,
        "end": moment,
        "output_file": str(modules.sandbox.state_dir / "protection.json"),
        **more,
    }


def read(modules: Modules, end: int, **more: t.Any) -> tuple[Json, Json]:
    """The result, and the document that it names."""
    result = modules("commvault_protection_info", task(modules, end, **more))
    with open(result["file"]["path"], encoding="utf-8") as stream:
        return result, json.load(stream)


def seconds(text: str | None) -> int:
    return int(datetime.datetime.fromisoformat(text).timestamp()) if text else 0


def histories(modules: Modules, seed: int) -> int:
    """Make a history; the moment at which it ends."""
    modules.sandbox.control("POST", "/history", {"seed": seed, "days": 13, "per_day": 1.5})
    return int(modules.sandbox.control("GET", "/clock")["now"])


def expected(reference: Reference, system: Json, days: int) -> Json:
    company = VARIABLES[system["tenant"]]["baas_tenant"]["name"]
    if system["kind"] == "vm":
        jobs = reference.jobs_of_vm(company, system["id"].rpartition("/")[2], system["group"])
    else:
        jobs = reference.jobs_of_subclient(company, system["client"], system["name"].rpartition(", ")[2])
    return reference.figures(jobs, system["kind"], SLA_DAYS[system["plan"]], days)


LETTERS = {"Completed": "s", "Failed": "f", "Failed to Start": "f", "Killed": "f"}
STATES = {"s": "protected", "f": "failed", "p": "partly"}


def letter_of(statuses: list[str]) -> str:
    """A cell of the map of days: the best, upper case if another one did worse."""
    found = {LETTERS.get(status, "p") for status in statuses}
    best = next((one for one in "spf" if one in found), "-")
    return best.upper() if len(found) > 1 else best


def state_of(system: Json, wanted: Json, end: int) -> str:
    if wanted["last_status"] is None:
        # What was backed up when the tenant was made has missed the time since.
        before = system["id"].startswith(("files/acme/", "sql/acme/")) and not system["id"].endswith("/default")
        return "missed" if before else "never_ran"
    state = STATES[LETTERS.get(wanted["last_status"], "p")]
    return "missed" if state == "protected" and wanted["last_good"] < end - 86400 else state


@pytest.mark.parametrize("seed", range(6))
def test_figures_are_those_of_a_second_computation(modules: Modules, seed: int) -> None:
    end = histories(modules, seed)
    result, document = read(modules, end, history_days=14)
    assert result["summary"]["complete"], result["summary"]["problems"]
    reference = Reference(modules.sandbox.control("GET", "/state"), ZONE, end)
    days = document["period"]["days"]
    assert {system["kind"] for system in document["systems"]} == {"vm", "file", "database"}
    slas: dict[tuple[str, str], list[str]] = {}
    for system in document["systems"]:
        client = slas.setdefault((system["tenant"], system["client"].casefold()), [])
        if "forgotten" in system["id"]:
            assert system["state"] == "not_in_group"
            client.append("missed")
            continue
        wanted = expected(reference, system, 14)
        client.append(wanted["sla"])
        told = {
            "last_good": seconds(system["last_good"]),
            "sla": system["sla"],
            "strikes": system["strikes"],
            "period": sorted(job["id"] for job in system["jobs"] if job["end"] and not job["synthetic"]),
        }
        assert told == {key: wanted[key] for key in told}, system["id"]
        assert system["days"] == "".join(letter_of(wanted["outcomes"].get(day, [])) for day in days), system["id"]
        assert system["state"] == state_of(system, wanted, end), system["id"]
    assert_totals(document, {key: reference.client_sla(parts) for key, parts in slas.items()})


def assert_totals(document: Json, wanted: dict[tuple[str, str], str]) -> None:
    """What clients and tenants come to."""
    assert {(row["tenant"], row["client"]): row["sla"] for row in document["clients"]} == wanted
    for row in document["tenants"]:
        own = [sla for (host, _client), sla in wanted.items() if host == row["host"]]
        assert (row["sla"]["met"], row["sla"]["missed"]) == (own.count("met"), own.count("missed"))
        assert row["sla"]["percent"] == int(1000 * own.count("met") / len(own)) / 10


def test_a_few_requests_do_for_all_tenants_and_nothing_is_written(modules: Modules) -> None:
    end = histories(modules, 1)
    modules.sandbox.control("DELETE", "/journal")
    read(modules, end, reason_lookups=0)
    requests = modules.sandbox.control("GET", "/journal")["requests"]
    calls = [f"{call['method']} {call['path'].rpartition('/api')[2]}" for call in requests]
    assert len(calls) < 12, calls
    assert [call for call in requests if call["writes"] or not call["modelled"]] == []


def test_the_same_again_is_the_same_file_and_check_mode_writes_none(modules: Modules) -> None:
    end = histories(modules, 2)
    read(modules, end)
    path = modules.sandbox.state_dir / "protection.json"
    before = path.read_bytes()
    assert modules("commvault_protection_info", task(modules, end))["changed"] is False
    path.unlink()
    checked = modules("commvault_protection_info", task(modules, end), check=True)
    assert checked["changed"] and checked["file"]["size"] == len(before) and not path.exists()


def test_what_failed_says_why_in_the_words_of_the_job(modules: Modules) -> None:
    end = histories(modules, 3)
    _result, document = read(modules, end)
    told = {system["state"]: system["reason"] for system in document["systems"] if system["state"] in ("failed", "partly")}
    assert told and all(told.values())


def test_names_and_vms_that_only_one_side_has(modules: Modules) -> None:
    end = histories(modules, 4)
    _result, document = read(modules, end)
    assert document["absent"] == [{"tenant": "acme", "name": "acme-ghost", "vm_group": "acme-more"}]
    unnamed = {vm["name"]: vm["tenant"] for vm in document["unnamed"]}
    assert unnamed and set(unnamed.values()) <= {"acme", None}
    assert not any(name.startswith("acme-web") for name in unnamed)
    # A VM that is gone from the vCenter is told, and no longer counted.
    (modules.sandbox.state_dir / "none.json").write_text("[]", encoding="utf-8")
    _result, document = read(modules, end, vms_file=str(modules.sandbox.state_dir / "none.json"))
    gone = [system for system in document["systems"] if system["kind"] == "vm"]
    assert gone and {(system["state"], system["sla"]) for system in gone} == {("vm_gone", "excluded")}


def test_a_job_counts_for_the_tenant_that_owns_it_alone(modules: Modules) -> None:
    """A server that forgets whose jobs and clients are."""
    end = histories(modules, 5)
    modules.sandbox.control("POST", "/faults", {"name": "owners_hidden"})
    _result, document = read(modules, end)
    assert not document["complete"] and all(not system["jobs"] for system in document["systems"])
    assert not any(system["state"] == "protected" for system in document["systems"])


def test_a_specification_that_names_anothers_server_learns_nothing_of_it(modules: Modules) -> None:
    end = histories(modules, 5)
    acme, boreal = protection_scope.scope(VARIABLES, ["acme", "boreal"])
    boreal = {**boreal, "parts": [{**boreal["parts"][0], "client": "acme-fs01"}]}
    _result, document = read(modules, end, tenants=[acme, boreal])
    (stolen,) = [system for system in document["systems"] if system["tenant"] == "boreal"]
    assert (stolen["state"], stolen["jobs"], stolen["last_good"], stolen["agent_ready"]) == ("not_in_group", [], None, None)


def test_without_vcenter_what_commvault_knows_is_told(modules: Modules) -> None:
    end = histories(modules, 0)
    _result, whole = read(modules, end)
    result, document = read(modules, end, vms_file=None, vms_error="vc-lux does not answer")
    assert not result["summary"]["complete"] and "vc-lux does not answer" in result["summary"]["problems"][0]
    strikes = {system["id"]: system["strikes"] for system in whole["systems"]}
    assert {system["id"]: system["strikes"] for system in document["systems"]}.items() <= strikes.items()
    assert any(system["kind"] == "vm" for system in document["systems"])


@pytest.mark.parametrize("path", ["/Jobs", "/V4/VirtualMachines", "/V4/Servers", "/Organization"])
def test_what_cannot_be_read_is_unknown_and_never_good(modules: Modules, path: str) -> None:
    end = histories(modules, 0)
    modules.sandbox.control(
        "POST", "/faults", {"name": "http", "path": f"{path}$", "status": 403, "body": {"errorMessage": "Out of order"}}
    )
    result, document = read(modules, end)
    assert not result["summary"]["complete"] and "Out of order" in " ".join(result["summary"]["problems"])
    kinds = {"/V4/VirtualMachines": {"vm"}, "/V4/Servers": {"file", "database"}}.get(path, {"vm", "file", "database"})
    for system in document["systems"]:
        assert (system["state"] == "unknown") == (system["kind"] in kinds), system["id"]
        assert (system["sla"] == "unknown") == (system["kind"] in kinds), system["id"]


def test_without_commvault_the_systems_are_told(modules: Modules) -> None:
    options = {**commvault_options(modules.sandbox), **task(modules, int(time.time())), "host": "https://127.0.0.1:9", "connect_timeout": 1}
    result = run_module("commvault_protection_info", options)
    assert not result.get("failed") and result["summary"]["states"] == {"unknown": result["summary"]["systems"]}
    assert result["summary"]["sla"]["percent"] is None and len(result["summary"]["problems"]) == 2
