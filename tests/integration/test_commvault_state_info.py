# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules that tell how things stand: VMs, VM groups, servers, hypervisors, subclients and alerts of two tenants."""

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.modules import Modules
from ansible_collections.calligo.baas.tests.support.walk import recorded
from commvaultsim.sandbox import Sandbox

VM, GROUP, SERVER = "commvault_vm_info", "commvault_vm_group_info", "commvault_server_info"
HYPERVISOR, SUBCLIENT, ALERT = "commvault_hypervisor_info", "commvault_subclient_info", "commvault_alert_info"
OTHER = {"company": "Café Müller & Söhne"}
REASON = "The library <b>lux</b> & all its drives are full"
FILTERS = ["**\\*.tmp", "D:\\Data\\Köln"]


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    """Two tenants; one of the first one's VMs failed, and a backup of files of each failed."""
    with Sandbox(tmp_path_factory.mktemp("state"), job_seconds=0.5) as sandbox:
        running = Modules(sandbox)
        tenant.onboard(running)
        running("commvault_company", {"name": OTHER["company"], "alias": "cafe", "servers": ["cafe-fs01"]})
        running("commvault_plan", {**OTHER, **tenant.PLAN, "name": "cafe-plan"})
        subclient = {"client": "cafe-fs01", "name": "data", "plan": "cafe-plan", "content": ["D:\\Rezepte"]}
        running("commvault_subclient", {**OTHER, "subclients": [subclient]})
        more = {**tenant.SUBCLIENT, "filters": FILTERS, "exceptions": ["D:\\Data\\Köln\\keep"], "description": "Files / é"}
        running("commvault_subclient", tenant.inside({"subclients": [more]}))
        for options in (
            tenant.inside({"subclients": [{"client": "acme-fs01", "name": "data"}]}),
            {**OTHER, "subclients": [{"client": "cafe-fs01", "name": "data"}]},
        ):
            sandbox.control(
                "POST", "/faults", {"name": "job_fail", "match": options["subclients"][0]["client"], "reason": REASON, "times": 1}
            )
            running.failure("commvault_backup", options)
        sandbox.control("POST", "/faults", {"name": "vm_fail", "vm": "acme-web-01", "reason": "Snapshot quiesce failed", "times": 1})
        group = {name: tenant.VM_GROUP[name] for name in ("name", "hypervisor")}
        running.failure("commvault_backup", tenant.inside({"vm_groups": [group], "level": "full"}))
        yield running


def lines(requests):
    paths = [f"{row['method']} {row['path'].partition('/api')[2]}" for row in requests]
    return [path for path in paths if not path.endswith(("/Login", "/Logout", "/Organization"))]


# VMs


def test_vms_with_their_protection_cost_one_request(modules):
    result, requests = recorded(modules, VM, tenant.inside({}))
    assert lines(requests) == ["GET /V4/VirtualMachines"] and result["changed"] is False
    (vm,) = result["vms"]
    assert (vm["name"], vm["hypervisor"], vm["vm_group"], vm["plan"]) == ("acme-web-01", "acme-vcenter", "acme-vms", "acme-gold")
    assert (vm["company"], vm["protection"], vm["sla"]) == ("Acme Sàrl", "not_protected", "missed_sla")
    assert vm["last_backup"]["status"] == "failed" and "Snapshot quiesce failed" in vm["last_backup"]["reason"]
    assert result["counts"] == {"total": 1, "by_protection": {"not_protected": 1}, "by_sla": {"missed_sla": 1}}


def test_vms_are_filtered_and_those_that_are_not_known_are_told(modules):
    (vm,) = modules(VM, {"recovery_points": True})["vms"]
    assert vm["recovery_points"]["oldest"] == vm["recovery_points"]["latest"]
    for filters, count in (
        ({"uuids": [vm["uuid"].upper()]}, 1),
        ({"names": ["ACME-web-01"]}, 1),
        ({"hypervisor": "acme-vcenter", "vm_group": "acme-vms"}, 1),
        ({"hypervisor": "none"}, 0),
        ({"protection": ["protected"]}, 0),
        ({"sla": ["missed_sla"]}, 1),
    ):
        result = modules(VM, filters)
        assert (len(result["vms"]), result["counts"]["total"], result["missing"]) == (count, count, [])
    assert modules(VM, {"uuids": ["none"]})["missing"] == ["none"]
    result = modules(VM, {"limit": 0})
    assert result["vms"] == [] and result["counts"]["total"] == 1


def test_vm_groups_cost_one_request(modules):
    result, requests = recorded(modules, GROUP, tenant.inside({"names": ["ACME-vms", "none"], "hypervisor": "acme-vcenter"}))
    assert lines(requests) == ["GET /V4/VMGroups"] and result["missing"] == ["none"]
    (group,) = result["vm_groups"]
    assert (group["name"], group["plan"], group["company"], group["default"]) == ("acme-vms", "acme-gold", "Acme Sàrl", False)
    assert group["last_backup"]["job"] and group["last_backup"]["time"]


# Servers and hypervisors


def test_servers_with_agents_and_regions_cost_two_requests(modules):
    result, requests = recorded(modules, SERVER, tenant.inside({}))
    assert lines(requests) == ["GET /V4/Servers", "GET /V4/entity/region"]
    (server,) = result["servers"]
    assert (server["name"], server["company"], server["region"]) == ("acme-fs01", "Acme Sàrl", "luxembourg")
    assert (server["agents"], server["types"], server["connection"]) == (["Windows File System"], ["file_system"], "online")
    assert server["configured"] and server["version"] and "ready" not in server


def test_servers_are_filtered_and_asked_themselves_on_demand(modules):
    shared = modules(SERVER, tenant.inside({"shared": True}))["servers"]
    assert {"acme-fs01", "lux-an-01"} <= {row["name"] for row in shared} and "cafe-fs01" not in {row["name"] for row in shared}
    assert all("sql_server" in row["types"] for row in modules(SERVER, {"types": ["sql_server"]})["servers"])
    result = modules(SERVER, {"names": ["cafe-fs01", "none", "acme-fs01"], "readiness": True})
    assert [row["name"] for row in result["servers"]] == ["cafe-fs01", "acme-fs01"] and result["missing"] == ["none"]
    assert [(row["ready"], row["reason"]) for row in result["servers"]] == [(True, ""), (True, "")]
    down = [row for row in modules(SERVER, {"readiness": True})["servers"] if not row["ready"]]
    assert all(row["reason"] and row["connection"] == "offline" for row in down)


def test_hypervisors_with_their_access_nodes_and_counts(modules):
    result, requests = recorded(modules, HYPERVISOR, tenant.inside({"names": ["acme-VCENTER", "none"]}))
    assert len(lines(requests)) == 2 and result["missing"] == ["none"]
    (found,) = result["hypervisors"]
    assert (found["name"], found["access_nodes"], found["company"]) == ("acme-vcenter", ["lux-an-01"], "Acme Sàrl")
    assert found["vcenter_host"].startswith("127.0.0.1") and found["vms"]["total"] == 1 and found["backup_enabled"] is True
    assert modules(HYPERVISOR, OTHER)["hypervisors"] == []


# Subclients


def test_subclients_with_their_content_cost_a_request_for_each_client(modules):
    result, requests = recorded(modules, SUBCLIENT, tenant.inside({"clients": ["acme-fs01", "none"], "types": ["file_system"]}))
    assert lines(requests)[:2] == ["GET /Subclient", "GET /Subclient"] and result["missing"] == ["none"]
    found = {row["name"]: row for row in result["subclients"]}
    data = found["data"]
    assert found["default"]["default"] is True and found["default"]["plan"] is None
    assert (data["content"], data["filters"], data["exceptions"]) == (["D:\\Data"], FILTERS, ["D:\\Data\\Köln\\keep"])
    assert (data["plan"], data["description"], data["backup_enabled"]) == ("acme-gold", "Files / é", True)
    assert data["last_backup"]["time"] and data["last_backup"]["bytes"] > 0 and data["content_from_plan"] is False


def test_subclients_of_sql_server_tell_their_databases(modules):
    result = modules(SUBCLIENT, {"clients": ["acme-sql01"], "types": ["sql_server"], "names": ["default"]})
    assert {row["type"] for row in result["subclients"]} == {"sql_server"} and result["missing"] == []
    assert any("Sales" in row["databases"] for row in result["subclients"])
    (only,) = modules(SUBCLIENT, {"clients": ["acme-sql01"], "instance": "ACME-SQL01\\PROD", "backupset": "defaultBackupSet"})["subclients"]
    assert only["instance"] == "ACME-SQL01\\PROD"


def test_another_company_s_subclients_are_not_shown(modules):
    assert modules(SUBCLIENT, {**OTHER, "clients": ["acme-fs01"]})["missing"] == ["acme-fs01"]


# Alerts


def test_alerts_of_a_company_without_html(modules):
    result, requests = recorded(modules, ALERT, {**OTHER, "descriptions": True})
    assert len(lines(requests)) == 2
    (alert,) = result["alerts"]
    assert (alert["severity"], alert["client"], alert["company"], alert["read"]) == ("critical", "cafe-fs01", OTHER["company"], False)
    assert (alert["name"], alert["type"]) == ("Backup failed", "Job Management - Data Protection") and alert["job"]
    assert "full" in alert["description"] and "<td>" not in alert["description"] and "color" not in alert["description"]
    assert REASON in alert["description"]


def test_alerts_are_filtered_and_newest_first(modules):
    everything = modules(ALERT, {})["alerts"]
    assert {row["company"] for row in everything} == {"Acme Sàrl", OTHER["company"]}
    assert [row["time"] for row in everything] == sorted((row["time"] for row in everything), reverse=True)
    assert {row["client"] for row in modules(ALERT, {"clients": ["ACME-fs01"]})["alerts"]} == {"acme-fs01"}
    assert modules(ALERT, {"severities": ["information"]})["alerts"] == [] and modules(ALERT, {"read": True})["alerts"] == []
    assert modules(ALERT, {"since": "2099-01-01T00:00:00Z"})["alerts"] == []
    result = modules(ALERT, {"limit": 1})
    assert len(result["alerts"]) == 1 and result["counts"]["total"] == len(everything) == result["counts"]["unread"]


@pytest.mark.parametrize("module", [VM, GROUP, SERVER, HYPERVISOR, ALERT])
def test_nothing_is_ever_written(modules, module):
    for check in (True, False):
        _result, requests = recorded(modules, module, {}, check=check)
        assert not [row for row in requests if row["writes"]]
