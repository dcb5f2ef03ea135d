# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks for every module, about the tenant of tests/support/tenant.py."""

from __future__ import annotations

import functools
import json

from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.modules import Json, Modules

ABSENT: Json = {"state": "absent"}
VM: Json = {"name": "acme-web-01", "hypervisor": "acme-vcenter"}
GUEST_FILES: Json = {**VM, "paths": ["/srv/www"], "destination_path": "E:\\From a VM"}
SQL: Json = {"client": "acme-sql01", "instance": "ACME-SQL01\\PROD"}
FILES: Json = {"client": "acme-fs01", "subclient": "data", "paths": ["D:\\Data\\Budget 2026.xlsx"]}
REQUEST: Json = {
    "tenant": "acme",
    "request": "RITM0010042",
    "service": "add_system",
    "time": "2025-11-21T16:30:00Z",
    "calendar": {
        "zone": "Europe/Luxembourg",
        "hours": {"monday": ["08:00-18:00"], "friday": ["08:00-18:00"]},
        "holidays": {"country": "LU"},
    },
}
SPECIFICATION = "baas_plans:\n  - name: acme-gold\n    destinations: [{name: Primary, storage_pool: lux-pool-01, retention_days: 30}]\n"
# Of the provider's own, not of a tenant: its options do not name the company that it is about.
OUTSIDE = (
    *("commvault_company", "commvault_company_info", "commvault_infrastructure_info", "commvault_job_info", "commvault_protection_info"),
    "commvault_residency_info",
)


@functools.cache  # it asks the vCenter
def tasks(modules: Modules) -> dict[str, list[Json]]:
    """For every module what tasks would give it: to make, to change, to remove, to start, to read."""
    hypervisor = tenant.hypervisor(modules)
    longer = {**tenant.PLAN, "destinations": [{**tenant.PLAN["destinations"][0], "retention_days": 60}]}
    subclients = [tenant.SUBCLIENT, {**tenant.SUBCLIENT, "content": ["E:\\Shares"]}, {**tenant.SUBCLIENT, **ABSENT}]
    return {
        "backup_check_record": [backup_check(modules), {**backup_check(modules), "may_retry": True}],
        "commvault_activity": [
            {"activities": [{"client": "acme-fs01", "backup": False, "restore": False, "data_aging": False}]},
            {"activities": [{"client": "acme-fs01", "subclient": "data", "backup": False}, {"plan": "acme-gold", "backup": False}]},
            {"activities": [{"vm_group": "acme-vms", "hypervisor": "acme-vcenter", "backup": True}]},
        ],
        "commvault_agent": [
            {"agents": [{"client": "acme-fs02", "types": ["file_system"], "host_username": "install", "host_password": "correct horse"}]},
            {"agents": [{"client": "acme-fs01", "types": ["file_system"], "allow_removal": True, **ABSENT}]},
            {"agents": [{"client": "acme-fs01", "allow_removal": True, "state": "retired"}]},
        ],
        "commvault_alert_info": [{}, {"read": False, "severities": ["critical"], "descriptions": True}],
        "commvault_backup": [
            tenant.backup_of_all(),
            {**tenant.backup_of_all(), "start": "if_never_backed_up"},
            tenant.backup_of_sql(),
            {**tenant.backup_of_sql(), "level": "transaction_log"},
        ],
        "commvault_blackout_window": [
            tenant.BLACKOUT_WINDOW,
            {**tenant.BLACKOUT_WINDOW, "operations": ["all"]},
            {"name": tenant.BLACKOUT_WINDOW["name"], **ABSENT},
        ],
        "commvault_browse_info": [
            {"client": "acme-fs01", "subclient": "data", "path": "D:\\Data", "recursive": True},
            {"vm_uuid": tenant.uuid_of(modules, "acme-web-01"), "guest_files": True, "path": "/srv"},
        ],
        "commvault_company": [
            tenant.COMPANY,
            {**tenant.COMPANY, "email_suffix": "acme.example.com"},
            {**tenant.COMPANY, "operators": [{"user_group": "master", "role": "Tenant Operator"}], "tags": {"contract": "4711"}},
            {"name": "Acme Sàrl", "alias": "acme", "state": "deactivated"},
            {"name": "Acme Sàrl", **ABSENT, "force": True},
        ],
        "commvault_company_info": [{}, {"gather": ["settings", "entities"]}],
        "commvault_credential": [
            tenant.CREDENTIAL,
            {**tenant.CREDENTIAL, "account": "svc-baas@example.com"},
            {"name": tenant.CREDENTIAL["name"], **ABSENT},
        ],
        "commvault_estate_info": [{}],
        "commvault_hypervisor": [hypervisor, {**hypervisor, "access_nodes": ["lux-an-02"]}, {"name": "acme-vcenter", **ABSENT}],
        "commvault_hypervisor_info": [{}, {"names": ["acme-vcenter", "none"], "retired": True}],
        "commvault_infrastructure_info": [{"storage_pools": ["lux-pool-01"], "access_nodes": ["lux-an-01"], "servers": ["acme-fs01"]}],
        # Of a job that nobody knows, check mode believes that an earlier task would start it.
        "commvault_job": [{"job_ids": [1001, 999999], "state": state} for state in ("waited", "suspended", "resumed", "killed")],
        "commvault_job_info": [{}, {"types": ["backup"]}],
        "commvault_plan": [tenant.PLAN, longer, {"name": "acme-spare", **ABSENT}],
        "commvault_plan_info": [{}, {"names": ["acme-gold", "none"], "entities": True}],
        "commvault_protection_info": [{**protection(), "time_zone": "Europe/Luxembourg"}],
        "commvault_residency_info": [residency()],
        "commvault_region": [
            tenant.REGION,
            {**tenant.REGION, "entities": [{"names": ["acme-fs01"], "purpose": "workload"}], "allow_move": True},
            {"name": tenant.REGION["name"], **ABSENT},
        ],
        "commvault_restore": [
            tenant.restore_of_vm(modules, "acme-web-01"),
            tenant.restore_in_place(modules, "acme-web-01"),
            {"vm_disk": {**VM, "disks": ["scsi0-0-acme-web-01.vmdk"], "destination_path": "F:\\Staging"}},
            {"guest_files": {**GUEST_FILES, "destination_client": "lux-restore-01"}},
            {"guest_files": {**GUEST_FILES, "destination_vm": {"username": "Administrator", "password": "correct horse"}}},
            {"files": {**FILES, "in_place": True}},
            {"sql": {**SQL, "databases": [{"name": "Sales", "new_name": "Sales test"}]}},
            {"sql": {**SQL, "databases": [{"name": "Sales"}], "overwrite": True}},
            {"files": {**FILES, "destination_client": "lux-restore-01", "destination_path": "E:\\RestoreTest"}},
        ],
        "commvault_retention": [
            {"plan": "acme-gold", "destination": "Primary", "retention_days": 60},
            {"plan": "acme-gold", "retention_days": 1, "data_aging": False, "allow_decrease": True},
        ],
        "commvault_role": [tenant.ROLE, {**tenant.ROLE, "permissions": ["View"]}, {"name": tenant.ROLE["name"], **ABSENT}],
        "commvault_role_assignment": [
            {"assignments": [tenant.ROLE_ASSIGNMENT]},
            {"assignments": [{**tenant.ROLE_ASSIGNMENT, **ABSENT}]},
        ],
        "commvault_sql_database_info": [{}, {"client": "acme-sql01", "files": True}],
        "commvault_sql_instance": [
            {"instances": [tenant.SQL_INSTANCE]},
            {"instances": [{**tenant.SQL_INSTANCE, "vdi_timeout": 600, "backup_enabled": False}]},
            {"instances": [{**tenant.SQL_INSTANCE, "instance": "ACME-SQL01\\REPORTS"}]},
            {"instances": [{**tenant.SQL_INSTANCE, **ABSENT, "force": True}]},
        ],
        "commvault_sql_subclient": [
            {"subclients": [tenant.SQL_SUBCLIENT]},
            {"subclients": [{**tenant.SQL_SUBCLIENT, "databases": ["Warehouse"]}]},
            {"subclients": [{**tenant.SQL_SUBCLIENT, **ABSENT}]},
        ],
        "commvault_server_info": [{}, {"names": ["acme-fs01", "none"], "shared": True, "readiness": True}],
        "commvault_storage_pool_info": [{}, {"names": ["lux-pool-01", "none"]}],
        "commvault_subclient": [{"subclients": [subclient]} for subclient in subclients],
        "commvault_subclient_info": [{"clients": ["acme-fs01", "none"]}],
        "commvault_user": [
            tenant.USER,
            {**tenant.USER, "enabled": False},
            {"name": tenant.USER["name"], **ABSENT, "skip_transfer": True},
        ],
        "commvault_user_group": [
            tenant.USER_GROUP,
            {**tenant.USER_GROUP, "description": "Scripts"},
            {"name": tenant.USER_GROUP["name"], **ABSENT, "skip_transfer": True},
        ],
        "commvault_vm_group": [
            tenant.VM_GROUP,
            {**tenant.VM_GROUP, "content": {"name_patterns": [{"condition": "starts_with", "value": "acme-db"}]}},
            {**tenant.VM_GROUP, "new_name": "acme-machines", "disk_filters": [{"type": "datastore", "value": "scratch"}]},
            {**tenant.VM_GROUP, "consistency": "application_aware", "guest_credential": "acme-login"},
            {"name": "acme-vms", "hypervisor": "acme-vcenter", **ABSENT},
        ],
        "commvault_vm_group_info": [{}, {"names": ["acme-vms", "none"], "hypervisor": "acme-vcenter"}],
        "commvault_vm_info": [{}, {"hypervisor": "acme-vcenter", "vm_group": "acme-vms", "recovery_points": True}],
        "daily_report_files": [daily_report(modules)],
        "evidence_files": [{"directory": str(modules.sandbox.state_dir / "records"), "files": [{"name": "a.json", "content": {"a": 1}}]}],
        "itsm_ticket": [
            {
                "tenant": "acme",
                "identity": "acme-fs01 agent_not_ready",
                "title": "acme-fs01 has no backup",
                "by": "noc",
                "note": "We look.",
            },
            {"tenant": "acme", "identity": "acme-fs01 agent_not_ready", "state": "resolved"},
        ],
        "itsm_ticket_info": [{}, {"tenant": "acme", "states": ["closed"]}],
        "monthly_report_files": [monthly_report(modules)],
        "report_mail": [report_mail(modules)],
        "residency_report_files": [residency_report(modules)],
        "service_request_journal": [{"directory": str(modules.sandbox.state_dir), "tenant": "acme", "request": {"number": "RITM0010042"}}],
        "service_request_record": [{**REQUEST, "directory": str(modules.sandbox.state_dir)}],
        "specification_edit": [specification_edit(modules)],
        "vcenter_folder_info": [{"folder": "Tenants/Acme Sàrl"}],
        "vcenter_folder_mark": [
            {"folder": "Tenants/Acme Sàrl", "tenant": "acme"},
            {"folder": "Tenants/Acme Sàrl", "tenant": "acme", **ABSENT},
        ],
        "vcenter_vm_facts": [{"folder": "Tenants/Acme Sàrl"}, {"tags": ["Backup/Gold"], "properties": ["hardware", "backup", "tags"]}],
    }


def protection() -> Json:
    """Options of a look at the tenant's protection, whose files alone are named."""
    part = {"kind": "file", "client": "acme-fs01", "instance": "", "name": "data", "plan": "acme-gold", "exception": "", "enabled": True}
    plan = {"name": "acme-gold", "sla_days": 1, "rpo_seconds": 86400}
    return {
        "tenants": [{"host": "acme", "name": "Acme Sàrl", "alias": "acme", "region": "luxembourg", "plans": [plan], "parts": [part]}],
        "region": "luxembourg",
        # Long after what the test backs up.
        "end": "2037-01-01T06:00:00Z",
    }


def residency() -> Json:
    """Options of a look at where the tenant's data is."""
    vcenter = {"name": "vc-lux", "region": "luxembourg", "address": "vc-lux.example.com"}
    target = {"access_node": "lux-an-01", "file_client": "lux-restore-01", "datastore": "lux-ds-02"}
    return {"tenants": protection()["tenants"], "region": "luxembourg", "vcenter": vcenter, "restore_test": target}


def residency_report(modules: Modules) -> Json:
    """Options of the reports of a region without a tenant."""
    lists: Json = {key: [] for key in ("problems", "tenants", "things")}
    document = {"format": "calligo.baas/residency/1", "region": "luxembourg", "complete": True, "proven": False, **lists}
    path = modules.sandbox.state_dir / "residency.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return {"document": str(path), "directory": str(modules.sandbox.state_dir / "residency"), "made_at": "2026-11-24T06:00:00Z"}


def monthly_report(modules: Modules) -> Json:
    """Options of the reports of a month with one daily report, of a tenant without systems."""
    sla = {"met": 0, "missed": 0, "excluded": 0, "unknown": 0, "percent": None}
    tenant_row = {"host": "acme", "name": "Acme Sàrl", "alias": "acme", "sla": sla, "outcomes": [], "traffic": []}
    report: Json = {"format": "calligo.baas/daily_report/1", "region": "luxembourg", "audience": {"kind": "provider", "name": ""}}
    path = modules.sandbox.state_dir / "daily" / "2026-11-24" / "report.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**report, "complete": True, "tenants": [tenant_row], "systems": []}), encoding="utf-8")
    place = {"daily_reports": str(modules.sandbox.state_dir / "daily"), "directory": str(modules.sandbox.state_dir / "monthly")}
    return {**place, "region": "luxembourg", "month": "2026-11", "time_zone": "UTC", "made_at": "2026-12-01T06:00:00Z"}


def report_mail(modules: Modules) -> Json:
    """Options of a mail, to a server that is not there."""
    directory = modules.sandbox.state_dir / "mails"
    directory.mkdir(exist_ok=True)
    server = {"host": "127.0.0.1", "port": 9, "username": "baas", "password": "correct horse"}
    report = {"host": "", "name": "", "directory": str(directory.parent / "reports" / "provider" / "luxembourg" / "2026-11-24")}
    return {**server, "sender": "baas@example.com", "reports": [report], "to": ["noc@example.com"], "directory": str(directory)}


def daily_report(modules: Modules) -> Json:
    """Options of the reports of a region without a tenant."""
    period = {"from": "2026-11-23T06:00:00Z", "to": "2026-11-24T06:00:00Z", "hours": 24.0, "time_zone": "UTC", "days": ["2026-11-24"]}
    lists: Json = {key: [] for key in ("problems", "tenants", "systems", "clients", "unnamed", "absent")}
    document = {"format": "calligo.baas/protection/1", "region": "luxembourg", "period": period, "complete": True, **lists}
    path = modules.sandbox.state_dir / "document.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return {"document": str(path), "directory": str(modules.sandbox.state_dir / "reports"), "made_at": "2026-11-24T06:00:00Z"}


def backup_check(modules: Modules) -> Json:
    """Options of the record of a day of a region without a tenant."""
    causes = [{"cause": "other", "words": "The last backup did not succeed", "team": "backup", "priority": "moderate"}]
    return {"document": daily_report(modules)["document"], "directory": str(modules.sandbox.state_dir), "causes": causes}


def specification_edit(modules: Modules) -> Json:
    """Options of a change of a specification, whose file is made."""
    file = modules.sandbox.state_dir / "host_vars" / "acme.yml"
    if not file.is_file():
        file.parent.mkdir(exist_ok=True)
        file.write_text(SPECIFICATION, encoding="utf-8")
    retention = {"plan": "acme-gold", "destination": "Primary", "retention_days": "60"}
    commit = {"commit_message": "RITM1: retention", "author_name": "Service desk", "author_email": "servicedesk@example.com"}
    return {"path": str(file.with_suffix("")), "retention": retention, "unversioned": True, **commit}


def tasks_of(modules: Modules, name: str) -> list[Json]:
    """The tasks of one module, inside the tenant's company where it acts in one."""
    inside = name.startswith("commvault_") and name not in OUTSIDE
    return [tenant.inside(task) if inside else task for task in tasks(modules)[name]]
