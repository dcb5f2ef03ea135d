# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant made with the modules themselves: company, plan, hypervisor, VM group and subclient, each with one backup."""

from __future__ import annotations

import typing as t

from ansible_collections.calligo.baas.tests.support.modules import Json, Modules

COMPANY: Json = {
    "name": "Acme Sàrl",
    "alias": "acme",
    "contact": {"name": "Ada Admin", "email": "ada@acme.example.com"},
    "servers": ["acme-fs01"],
}
PLAN: Json = {
    "name": "acme-gold",
    "destinations": [{"name": "Primary", "storage_pool": "lux-pool-01", "region": "luxembourg", "retention_days": 30}],
    "schedules": [{"backup_type": "incremental", "frequency": {"type": "daily", "start_time": "21:00"}}],
}
# Protects nothing, so it may be removed.
SPARE_PLAN: Json = {**PLAN, "name": "acme-spare"}
BLACKOUT_WINDOW: Json = {
    "name": "Office hours / é",
    "operations": ["full"],
    "periods": [{"days": ["monday", "friday"], "start": "08:00", "end": "18:00"}],
}
VM_GROUP: Json = {
    "name": "acme-vms",
    "hypervisor": "acme-vcenter",
    "plan": "acme-gold",
    "content": {"name_patterns": [{"condition": "starts_with", "value": "acme-web"}]},
}
# The tenant's service account: a user in a group that has a role on the company.
ROLE: Json = {"name": "Acme automation", "categories": ["Client", "Subclient"], "permissions": ["Use Plan"]}
USER_GROUP: Json = {"name": "automation", "description": "Accounts that scripts log in with"}
USER: Json = {
    "name": "svc_backup",
    "email": "svc-backup@acme.example.com",
    "user_password": "correct horse battery",
    "user_groups": ["automation"],
}
ROLE_ASSIGNMENT: Json = {"user_group": "automation", "role": "Acme automation", "entity": "Acme Sàrl"}
CREDENTIAL: Json = {
    "name": "acme-login",
    "account_type": "windows",
    "account": "svc-baas@vsphere.local",
    "account_password": "battery staple",
}
# What Commvault logs in to the tenant's guests with.
GUEST_CREDENTIAL: Json = {**CREDENTIAL, "name": "acme-guests", "account": "ACME\\svc-backup"}
REGION: Json = {"name": "acme-region", "locations": [{"country": "Luxembourg", "latitude": 49.5, "longitude": 6.1}]}
SQL_INSTANCE: Json = {"client": "acme-sql01", "instance": "ACME-SQL01\\PROD", "plan": "acme-gold"}
SQL_SUBCLIENT: Json = {"client": "acme-sql01", "instance": "ACME-SQL01\\PROD", "name": "sales", "plan": "acme-gold", "databases": ["Sales"]}
SUBCLIENT: Json = {"client": "acme-fs01", "name": "data", "plan": "acme-gold", "content": ["D:\\Data"]}


def inside(options: Json) -> Json:
    """The options of a task that acts inside the tenant's company."""
    return {"company": COMPANY["name"], **options}


def hypervisor(modules: Modules) -> Json:
    """Options of the tenant's hypervisor: the first vCenter of the sandbox."""
    vcenter = modules.connection("vcenter_")
    return {
        "name": "acme-vcenter",
        "vcenter_host": f"{vcenter['hostname']}:{vcenter['port']}",
        "vcenter_username": vcenter["username"],
        "vcenter_password": vcenter["password"],
        "access_nodes": ["lux-an-01"],
    }


def onboard(modules: Modules) -> None:
    """Make the tenant, and take a first backup of its VMs and files."""
    modules("commvault_company", COMPANY)
    modules("commvault_plan", inside(PLAN))
    modules("commvault_plan", inside(SPARE_PLAN))
    modules("commvault_hypervisor", inside(hypervisor(modules)))
    modules("commvault_vm_group", inside(VM_GROUP))
    modules("commvault_subclient", inside({"subclients": [SUBCLIENT]}))
    modules("commvault_backup", inside(backup_of_all()))


def service_account(modules: Modules) -> None:
    """Make the account with which the tenant's own automation works, and one of each of the other things around it."""
    modules("commvault_role", inside(ROLE))
    modules("commvault_user_group", inside(USER_GROUP))
    modules("commvault_user", inside(USER))
    modules("commvault_role_assignment", inside({"assignments": [ROLE_ASSIGNMENT]}))
    modules("commvault_credential", inside(CREDENTIAL))
    modules("commvault_region", inside(REGION))


def sql_server(modules: Modules) -> None:
    """Give the tenant its SQL Server, and protect it."""
    modules("commvault_company", {**COMPANY, "servers": [*COMPANY["servers"], SQL_INSTANCE["client"]]})
    modules("commvault_sql_instance", inside({"instances": [SQL_INSTANCE]}))
    modules("commvault_sql_subclient", inside({"subclients": [SQL_SUBCLIENT]}))
    modules("commvault_backup", inside(backup_of_sql()))


def backup_of_sql() -> Json:
    """Options of a backup of the tenant's databases, waited for."""
    subclient = {name: SQL_SUBCLIENT[name] for name in ("client", "instance", "name")}
    return {"sql_subclients": [subclient], "level": "full", "wait_timeout": 60}


def backup_of_all() -> Json:
    """Options of a backup of everything that the tenant has, waited for."""
    group = {name: VM_GROUP[name] for name in ("name", "hypervisor")}
    subclient = {name: SUBCLIENT[name] for name in ("client", "name")}
    return {"vm_groups": [group], "subclients": [subclient], "level": "full", "wait_timeout": 60}


def restore_of_vm(modules: Modules, name: str) -> Json:
    """Options of a restore of one VM beside itself, in the isolated network."""
    destination: dict[str, t.Any] = {
        "new_name": f"restored-{name}",
        "esx_host": "lux-esx-02.example.com",
        "datastore": "lux-ds-02",
        "folder": "Restore tests",
        "network": "LUX-Restore-Isolated",
        "vcenter": modules.connection("vcenter_"),
    }
    return {"vm": {"name": name, "hypervisor": "acme-vcenter", "destination": destination}, "wait_timeout": 60}


def restore_in_place(modules: Modules, name: str) -> Json:
    """Options of a restore of one VM over itself."""
    place = {"overwrite": True, "vcenter": modules.connection("vcenter_")}
    return {"vm": {"name": name, "hypervisor": "acme-vcenter", "in_place": place}, "wait_timeout": 60}


def uuid_of(modules: Modules, name: str) -> str:
    """The instance UUID of a VM."""
    (vm,) = modules("vcenter_vm_facts", {"names": [name]})["ansible_facts"]["vcenter_vms"]
    return str(vm["instance_uuid"])
