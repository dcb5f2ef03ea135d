# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option query: every module that reads applies it to the return value whose documentation says so."""

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.collection import Module, module_names
from ansible_collections.calligo.baas.tests.support.modules import Modules
from ansible_collections.calligo.baas.tests.support.tasks import protection, residency
from commvaultsim.sandbox import Sandbox

FOLDER = {"folder": "Tenants/Acme Sàrl"}
READERS = {
    "commvault_alert_info": {},
    "commvault_browse_info": tenant.inside({"client": "acme-fs01", "subclient": "data", "path": "D:\\Data"}),
    "commvault_company_info": {},
    "commvault_estate_info": tenant.inside({}),
    "commvault_hypervisor_info": tenant.inside({}),
    "commvault_infrastructure_info": {"storage_pools": ["lux-pool-01"]},
    "commvault_job_info": {},
    "commvault_plan_info": tenant.inside({}),
    "commvault_protection_info": {**protection(), "time_zone": "Europe/Luxembourg"},
    "commvault_residency_info": residency(),
    "commvault_server_info": tenant.inside({}),
    "commvault_sql_database_info": {},
    "commvault_storage_pool_info": {},
    "commvault_subclient_info": tenant.inside({"clients": ["acme-fs01"]}),
    "commvault_vm_group_info": tenant.inside({}),
    "commvault_vm_info": tenant.inside({}),
    "itsm_ticket_info": {},
    "vcenter_folder_info": FOLDER,
    "vcenter_vm_facts": FOLDER,
}


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    with Sandbox(tmp_path_factory.mktemp("query"), job_seconds=0.2) as sandbox:
        running = Modules(sandbox)
        tenant.onboard(running)
        yield running


def values(name, result):
    """The return values of a module; of one that returns facts, the facts."""
    told = result["ansible_facts"] if name.endswith("_facts") else result
    return {key: told[key] for key in told if key not in ("changed", "invocation")}


def test_every_module_that_reads_is_here():
    assert READERS.keys() == {name for name in module_names() if name.endswith(("_info", "_facts"))}


@pytest.mark.parametrize("name", READERS)
def test_the_return_value_that_says_so_is_asked_and_the_others_stay(modules, name):
    whole = values(name, modules(name, READERS[name]))
    documented = Module(name).returned
    described = documented["ansible_facts"]["contains"] if name.endswith("_facts") else documented
    (asked,) = (key for key, value in described.items() if "O(query) is applied to it." in value["description"])
    found = values(name, modules(name, {**READERS[name], "query": "{kind: type(@), all: length(@)}"}))
    assert found.pop(asked) == {"kind": "array" if isinstance(whole[asked], list) else "object", "all": len(whole[asked])}
    del whole[asked]
    assert found == whole


def test_what_it_is_for(modules):
    jobs = modules("commvault_job_info", {"query": "[?outcome=='success'].type | sort(@)"})["jobs"]
    assert jobs and set(jobs) <= {"Backup", "Restore"}
    facts = modules("vcenter_vm_facts", {**FOLDER, "properties": ["hardware"], "query": "sum([].disks[].size_bytes)"})["ansible_facts"]
    assert facts["vcenter_vms"] > 2**30


def test_a_bad_expression_reaches_no_server(modules):
    modules.sandbox.control("DELETE", "/journal")
    result = modules.failure("commvault_job_info", {"query": "[?outcome=='success'"})
    assert "at character 21: it ends before it is complete" in result["msg"]
    assert modules.sandbox.control("GET", "/journal")["requests"] == []
