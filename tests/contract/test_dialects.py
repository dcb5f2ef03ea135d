# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the sources disagree, or a thing had to be guessed, the modules work with every variant: one walk for each turn of dialects."""

from __future__ import annotations

import time

import pytest

from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.dialects import OF_SQL, speaking, spoken, walk
from ansible_collections.calligo.baas.tests.support.modules import Modules
from ansible_collections.calligo.baas.tests.support.walk import recorded
from commvaultsim.sandbox import Sandbox

FILE = "D:\\Data\\Budget 2026.xlsx"
ABSENT = {"state": "absent"}


@pytest.fixture
def modules(request, tmp_path, monkeypatch):
    """A sandbox that speaks dialects from the beginning."""
    monkeypatch.setattr(time, "sleep", lambda seconds, sleep=time.sleep: sleep(min(seconds, 0.1)))
    with speaking(tmp_path / "sandbox", request.param) as running:
        yield running


@spoken(*OF_SQL)
def test_all_modules(modules):
    made(modules)
    governed(modules)
    protected(modules)
    switched(modules)
    told(modules)
    removed(modules)


def made(modules):
    """Create, again, change, again."""
    plan = tenant.inside(tenant.PLAN)
    longer = {**plan, "destinations": [{**plan["destinations"][0], "retention_days": 60}], "sla_days": 2}
    walk(modules, "commvault_company", tenant.COMPANY, {**tenant.COMPANY, "email_suffix": "acme.example.com"})
    walk(modules, "commvault_plan", plan, longer)
    modules("commvault_plan", tenant.inside(tenant.SPARE_PLAN))
    hypervisor = tenant.inside(tenant.hypervisor(modules))
    walk(modules, "commvault_hypervisor", hypervisor, {**hypervisor, "access_nodes": ["lux-an-01", "lux-an-02"]})
    group = tenant.inside(tenant.VM_GROUP)
    filters = {"name_patterns": [{"condition": "equals", "value": "acme-web-99"}]}
    disks = {"disk_filters": [{"type": "label", "value": "Hard disk 9", "vm": {"name": "acme-web-01"}}]}
    modules("commvault_credential", tenant.inside(tenant.GUEST_CREDENTIAL))
    aware = {"consistency": "application_aware", "guest_credential": tenant.GUEST_CREDENTIAL["name"]}
    changes = [{"filters": filters, "consistency": "crash"}, {**disks, **aware}, {"disk_filters": [], "backup_enabled": False}]
    walk(modules, "commvault_vm_group", group, *({**group, **change} for change in changes))
    modules("commvault_vm_group", {**group, "backup_enabled": True})
    lists = {"content": ["D:\\Data", "E:\\Shares"], "filters": ["*.tmp"], "exceptions": ["D:\\Data\\keep.tmp"]}
    changes = [
        tenant.SUBCLIENT,
        {**tenant.SUBCLIENT, **lists, "plan": tenant.SPARE_PLAN["name"]},
        {**tenant.SUBCLIENT, "filters": [], "backup_enabled": False},
    ]
    changes.append({**tenant.SUBCLIENT, "backup_enabled": True})
    walk(modules, "commvault_subclient", *(tenant.inside({"subclients": [wish]}) for wish in changes))


def governed(modules):
    """The tenant's service account, its region, its windows and its retention: create, again, change, again, absent, again."""
    region = {**tenant.REGION, "locations": [{**tenant.REGION["locations"][0], "city": "Esch"}]}
    peopled = {**region, "entities": [{"names": [tenant.SUBCLIENT["client"]], "purpose": "workload"}], "allow_move": True}
    assignment = {"assignments": [{**tenant.ROLE_ASSIGNMENT, **ABSENT}]}
    wishes = {
        "commvault_role": (tenant.ROLE, {**tenant.ROLE, "permissions": [*tenant.ROLE["permissions"], "View"]}),
        "commvault_user_group": (tenant.USER_GROUP, {**tenant.USER_GROUP, "description": "Scripts"}),
        "commvault_user": (tenant.USER, {**tenant.USER, "enabled": False}),
        "commvault_role_assignment": ({"assignments": [tenant.ROLE_ASSIGNMENT]}, assignment),
        "commvault_credential": (tenant.CREDENTIAL, {**tenant.CREDENTIAL, "account": "svc-baas@example.com"}),
        "commvault_region": (tenant.REGION, region, peopled),
        "commvault_blackout_window": (tenant.BLACKOUT_WINDOW, {**tenant.BLACKOUT_WINDOW, "operations": ["all"]}),
        "commvault_retention": ({"plan": tenant.SPARE_PLAN["name"], "destination": "Primary", "retention_days": 90},),
    }
    primary = {**tenant.PLAN["destinations"][0], "retention_days": "infinite"}
    short, long = {**primary, "name": "Short", "retention_days": 30}, {**primary, "name": "Long"}
    for destinations in ([primary], [primary, short, long], [primary, {**short, "retention_days": "infinite"}, long]):
        walk(modules, "commvault_plan", tenant.inside({"name": "acme-forever", "destinations": destinations}))
    for module, changes in wishes.items():
        walk(modules, module, *map(tenant.inside, changes))
    found = modules("commvault_infrastructure_info", {"storage_pools": ["lux-pool-01", "jer-pool-01"]})["infrastructure"]["storage_pools"]
    assert [pool["region"] for pool in found] == ["luxembourg", "jersey"]
    gone = {
        "commvault_user": {"name": tenant.USER["name"], "skip_transfer": True},
        "commvault_user_group": {"name": tenant.USER_GROUP["name"], "skip_transfer": True},
        **{f"commvault_{kind}": {"name": wish["name"]} for kind, wish in (("role", tenant.ROLE), ("credential", tenant.CREDENTIAL))},
        **{
            f"commvault_{kind}": {"name": wish["name"]}
            for kind, wish in (("region", tenant.REGION), ("blackout_window", tenant.BLACKOUT_WINDOW))
        },
    }
    for module, wish in gone.items():
        walk(modules, module, tenant.inside({**wish, **ABSENT}))


def protected(modules):
    """Back up, look, restore; what has a backup is left alone."""
    both = tenant.inside(tenant.backup_of_all())
    done = modules("commvault_backup", both)
    assert [job["outcome"] for job in done["jobs"]] == ["success", "success"]
    assert modules("commvault_backup", {**both, "start": "if_never_backed_up"})["changed"] is False
    (vm,) = next(job["virtual_machines"] for job in done["jobs"] if job.get("virtual_machines"))
    assert modules("commvault_backup", tenant.inside({"vm_uuids": [vm["uuid"]], "wait_timeout": 60}))["started"] is True
    assert modules("commvault_job_info", {"types": ["backup"]})["total"] >= 2
    of_files = {"client": tenant.SUBCLIENT["client"], "subclient": tenant.SUBCLIENT["name"]}
    entries = modules("commvault_browse_info", tenant.inside({**of_files, "path": "D:\\Data"}))["entries"]
    assert ("file", FILE) in [(entry["type"], entry["path"]) for entry in entries]
    found = modules("commvault_browse_info", tenant.inside({"vm_uuid": vm["uuid"]}))
    assert found["vm"]["disks"] and found["vm"]["nics"]
    files = {**of_files, "paths": [FILE], "destination_client": "lux-restore-01", "destination_path": "E:\\Walk"}
    modules("commvault_restore", tenant.inside({"files": files, "wait_timeout": 60}))
    modules("commvault_restore", tenant.inside(tenant.restore_of_vm(modules, "acme-web-01")))
    of_vm = {"name": "acme-web-01", "hypervisor": tenant.VM_GROUP["hypervisor"]}
    inside_it = {**of_vm, "paths": ["/srv/www"], "destination_client": "lux-restore-01", "destination_path": "E:\\Walk"}
    modules("commvault_restore", tenant.inside({"guest_files": inside_it, "wait_timeout": 60}))
    disk = {**of_vm, "disks": [found["vm"]["disks"][0]["name"]], "destination_path": "F:\\Walk"}
    modules("commvault_restore", tenant.inside({"vm_disk": disk, "wait_timeout": 60}))
    modules("commvault_restore", tenant.inside(tenant.restore_in_place(modules, "acme-web-01")))
    infrastructure = {"storage_pools": ["lux-pool-01"], "access_nodes": ["lux-an-01"], "servers": [tenant.SUBCLIENT["client"]]}
    assert modules("commvault_infrastructure_info", infrastructure)["changed"] is False


def switched(modules):
    """Off, again, on, again: each level at which activity can be switched, for good and until a time."""
    server, group = tenant.SUBCLIENT["client"], {"vm_group": tenant.VM_GROUP["name"], "hypervisor": tenant.VM_GROUP["hypervisor"]}
    until = {"client": server, "agent": "file_system", "backup": False, "enable_after": "2099-01-01T00:00:00Z"}
    levels = [
        {"client": server, "backup": False, "restore": False},
        {"client": server, "agent": "file_system", "restore": False},
        until,
        {"client": server, "subclient": tenant.SUBCLIENT["name"], "backup": False},
        {**group, "backup": False},
        {"plan": tenant.PLAN["name"], "backup": False},
    ]
    for level in levels:
        on = {key: True if value is False else value for key, value in level.items() if key != "enable_after"}
        walk(modules, "commvault_activity", *(tenant.inside({"activities": [wish]}) for wish in (level, on)))


def full(node):
    """A result without what is empty: a plan's lists of paths are told empty, or not at all where the server does not give them back."""
    if isinstance(node, dict):
        return {key: found for key, value in node.items() if (found := full(value)) not in (None, "", [])}
    return list(map(full, node)) if isinstance(node, list) else node


def told(modules):
    """What the modules that only read tell is the same in the dialect and without it."""
    group = {"hypervisor": tenant.VM_GROUP["hypervisor"], "vm_group": tenant.VM_GROUP["name"]}
    modules.sandbox.control("POST", "/faults", {"name": "job_fail", "match": tenant.SUBCLIENT["client"], "reason": "no disk", "times": 1})
    modules.failure("commvault_backup", tenant.inside({"subclients": tenant.backup_of_all()["subclients"]}))
    reads = {
        "commvault_alert_info": {"descriptions": True},
        "commvault_estate_info": {},
        "commvault_hypervisor_info": {},
        "commvault_job_info": {"figures": ["client"], "limit": 2},
        "commvault_plan_info": {"entities": True},
        "commvault_server_info": {"readiness": True},
        "commvault_storage_pool_info": {},
        "commvault_subclient_info": {"clients": [tenant.SUBCLIENT["client"]]},
        "commvault_vm_group_info": {},
        "commvault_vm_info": {**group, "recovery_points": True},
    }
    tasks = {module: tenant.inside(options) for module, options in reads.items()}
    tasks["commvault_company_info"] = {"names": [tenant.COMPANY["name"]], "gather": ["settings", "entities"]}
    spoken_so = {module: modules(module, options) for module, options in tasks.items()}
    modules.sandbox.control("DELETE", "/faults")
    for module, options in tasks.items():
        assert full(spoken_so[module]) == full(modules(module, options)), module
    modules.speak()


def removed(modules):
    """Absent, again; the hypervisor is retired with its backups, and then put back into use."""
    group = {key: tenant.VM_GROUP[key] for key in ("name", "hypervisor")}
    subclient = {key: tenant.SUBCLIENT[key] for key in ("client", "name")}
    gone = {
        "commvault_vm_group": {**group, **ABSENT},
        "commvault_subclient": {"subclients": [{**subclient, **ABSENT}]},
        "commvault_plan": {"name": tenant.PLAN["name"], **ABSENT},
        "commvault_hypervisor": {"name": tenant.VM_GROUP["hypervisor"], **ABSENT},
    }
    for module, wish in gone.items():
        walk(modules, module, tenant.inside(wish))
    back = tenant.inside({**tenant.hypervisor(modules), "reuse_retired": True})
    assert modules.failure("commvault_hypervisor", {**back, "reuse_retired": False}, check=True)["error"]["kind"] == "Refused"
    walk(modules, "commvault_hypervisor", back, {**back, **ABSENT, "force": True})
    walk(modules, "commvault_plan", tenant.inside({"name": tenant.SPARE_PLAN["name"], **ABSENT}))
    walk(modules, "commvault_company", {**tenant.COMPANY, "state": "deactivated"})
    other = {"name": "Café Müller & Söhne", "alias": "cafe", "contact": {"name": "Carl", "email": "carl@cafe.example.com"}}
    walk(modules, "commvault_company", other, {"name": other["name"], **ABSENT, "force": True})


@pytest.mark.dialect
def test_a_deletion_that_waits_for_approval_is_not_called_done(tmp_path):
    with Sandbox(tmp_path / "sandbox", job_seconds=0.1) as sandbox:
        modules = Modules(sandbox)
        tenant.onboard(modules)
        sandbox.control("POST", "/faults", {"name": "pending_approval"})
        group = {"name": tenant.VM_GROUP["name"], "hypervisor": tenant.VM_GROUP["hypervisor"], **ABSENT}
        failed = modules.failure("commvault_vm_group", tenant.inside(group))
        assert "waits for approval" in failed["msg"]
        plan = {"name": tenant.SPARE_PLAN["name"], **ABSENT}
        assert "approval" in modules.failure("commvault_plan", tenant.inside(plan))["msg"]
        sandbox.control("DELETE", "/faults")
        assert recorded(modules, "commvault_vm_group", tenant.inside(group))[0]["changed"] is True
