# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.aging import advance, age
from ansible_collections.calligo.baas.tests.support.modules import Modules
from ansible_collections.calligo.baas.tests.support.walk import recorded
from commvaultsim.sandbox import Sandbox

MODULE = "commvault_estate_info"


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    """A sandbox of this file's own, because it moves the clock; two tenants, of which one has backups."""
    with Sandbox(tmp_path_factory.mktemp("estate"), job_seconds=0.2) as sandbox:
        modules = Modules(sandbox)
        tenant.onboard(modules)
        modules("commvault_company", {"name": "Boréal / Îles", "alias": "boreal", "servers": ["boreal-fs01"]})
        yield modules


def estate(modules, company=tenant.COMPANY["name"]):
    return modules(MODULE, {"company": company})["estate"]


def names(rows):
    return sorted(row["name"] for row in rows)


def test_all_that_a_tenant_has_and_nothing_of_anybody_else(modules):
    result, requests = recorded(modules, MODULE, {"company": "acme SÀRL", "parallel": 1})
    found = result["estate"]
    assert not [row for row in requests if row["writes"] or not row["modelled"]]
    assert (found["company"]["alias"], found["company"]["status"]) == ("acme", "ACTIVE")
    assert (names(found["servers"]), names(found["hypervisors"])) == (["acme-fs01"], ["acme-vcenter"])
    assert names(found["vm_groups"]) == ["acme-vms", "default"]
    assert {(row["client"], row["name"], row["default"]) for row in found["subclients"]} == {
        ("acme-fs01", "default", True),
        ("acme-fs01", "data", False),
    }
    assert names(found["plans"]) == ["acme-gold", "acme-spare"]
    assert found["users"] == ["acme\\ada"]
    assert "acme-web-01" in found["owned"] and not [name for name in found["owned"] if "\\" in name]
    assert names(estate(modules, "Boréal / Îles")["servers"]) == ["boreal-fs01"]


def test_what_is_kept_adds_up(modules):
    found = estate(modules)
    assert {(row["client"], row["subclient"], row["jobs"]) for row in found["backups"]} == {
        ("acme-fs01", "data", 1),
        ("acme-vcenter", "acme-vms", 1),
    }
    for key in ("jobs", "bytes", "media_bytes"):
        assert found["kept"][key] == sum(row[key] for row in found["backups"]) > 0
    assert found["kept"]["kept_until"] == max(row["kept_until"] for row in found["backups"])
    kept = {plan["name"]: plan["kept"] for plan in found["plans"]}
    assert kept["acme-gold"]["jobs"] == 2
    assert kept["acme-spare"] == {"jobs": 0, "bytes": 0, "media_bytes": 0, "kept_until": None}


def test_a_server_that_lists_no_jobs_is_not_taken_for_an_empty_one(modules):
    body = {"errorCode": 404, "errorMessage": "No such route."}
    fault = {"name": "http", "method": "GET", "path": ".*/BackupDestination/.*/Jobs", "status": 404, "body": body}
    modules.sandbox.control("POST", "/faults", {**fault, "times": 9})
    found = estate(modules)
    modules.sandbox.control("DELETE", "/faults")
    assert (found["backups"], found["kept"]) == (None, None)
    assert {plan["kept"] for plan in found["plans"]} == {None}


def test_a_retired_hypervisor_is_gone_with_its_last_backup(modules):
    inside = tenant.inside
    modules("commvault_vm_group", inside({"name": "acme-vms", "hypervisor": "acme-vcenter", "state": "absent"}))
    modules("commvault_hypervisor", inside({"name": "acme-vcenter", "state": "absent"}))
    (hypervisor,) = estate(modules)["hypervisors"]
    assert hypervisor["retired"]
    advance(modules, 31)
    age(modules)
    found = estate(modules)
    assert (found["hypervisors"], found["backups"]) == ([], [])
    assert not [name for name in found["owned"] if name.startswith("acme-web")]


def test_a_company_that_is_not_there_has_nothing(modules):
    found = estate(modules, "Nobody & Söhne")
    assert found["company"] is None
    assert not any(found[kind] for kind in ("servers", "hypervisors", "vm_groups", "subclients", "plans", "users", "backups", "owned"))
