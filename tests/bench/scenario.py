# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Worlds of many tenants: the scenario that the simulators are filled with, and the inventory that the playbooks read.

Everything is the same in every run. JSON is YAML too, and quicker to read.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "inventories" / "demo"
REGION = "luxembourg"
VCENTER = "vc-lux"
HOSTS = 8

Json = dict[str, t.Any]
# The provider's own, where the demo's region has the acceptance restores go.
RESTORE_CLIENT: Json = {"name": "lux-restore-01", "os": "windows", "region": REGION, "ready": True, "drives": {"E": {"files": []}}}
SQL_RESTORE_CLIENT: Json = {
    "name": "lux-sql-restore-01",
    "os": "windows",
    "region": REGION,
    "ready": True,
    "version": "16.0.4105.2",
    "instances": [{"name": "LUX-SQL-RESTORE-01", "data_path": "E:\\SQL", "log_path": "E:\\SQL"}],
}


@dataclasses.dataclass(frozen=True)
class World:
    """How many tenants there are, and what each of them has.

    servers: file servers, each with so many subclients. files: files below the content of each subclient.
    sql: SQL Servers with one instance of four databases each.
    """

    tenants: int
    vms: int
    servers: int
    subclients: int
    files: int = 2
    sql: int = 0

    @property
    def systems(self) -> int:
        """Systems of all tenants together."""
        return self.tenants * (self.vms + self.servers + self.sql)

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write scenario and inventory into a folder; returns their paths."""
        inventory = folder / "inventory"
        shutil.rmtree(inventory, ignore_errors=True)
        for part in ("group_vars/all", f"group_vars/region_{REGION}", "host_vars"):
            (inventory / part).mkdir(parents=True)
        shutil.copy(DEMO / "group_vars" / "all" / "connections.yml", inventory / "group_vars" / "all")
        shutil.copy(DEMO / "group_vars" / f"region_{REGION}" / "region.yml", inventory / "group_vars" / f"region_{REGION}")
        names = [alias(number) for number in range(self.tenants)]
        _save(inventory / "hosts.yml", _hosts(names))
        for number, name in enumerate(names):
            _save(inventory / "host_vars" / f"{name}.yml", self._variables(number))
        scenario = folder / "scenario.yml"
        _save(scenario, self._scenario())
        return scenario, inventory

    def _scenario(self) -> Json:
        tenants = range(self.tenants)
        return {
            "regions": [{"name": REGION, "city": "Luxembourg", "country": "Luxembourg", "latitude": 49.61, "longitude": 6.13}],
            "storage_pools": [_pool(number) for number in (1, 2)],
            "access_nodes": [{"name": f"lux-an-{number:02}", "region": REGION} for number in (1, 2)],
            "file_servers": [RESTORE_CLIENT, *(self._server(tenant, number) for tenant in tenants for number in range(self.servers))],
            "sql_servers": [SQL_RESTORE_CLIENT, *(_sql_server(tenant, number) for tenant in tenants for number in range(self.sql))],
            "vcenters": [
                {
                    "name": VCENTER,
                    "region": REGION,
                    "datacenter": "Luxembourg",
                    "cluster": "LUX-CL1",
                    "hosts": [_esx(number) for number in range(HOSTS)],
                    "datastores": ["lux-ds-01", "lux-ds-02"],
                    "networks": ["VM Network", "LUX-Tenants", "LUX-Restore-Isolated"],
                    "folders": [*(_folder(tenant) for tenant in tenants), "Restore tests"],
                    "vms": [self._vm(tenant, number) for tenant in tenants for number in range(self.vms)],
                }
            ],
        }

    def _server(self, tenant: int, number: int) -> Json:
        names = range(self.subclients)
        files = [{"path": f"Data {name + 1}/File {file + 1}.txt", "size": 1000 + file} for name in names for file in range(self.files)]
        return {"name": server(tenant, number), "os": "windows", "region": REGION, "ready": True, "drives": {"D": {"files": files}}}

    def _vm(self, tenant: int, number: int) -> Json:
        name = f"{alias(tenant)}-vm-{number + 1:03}"
        return {
            "name": name,
            "folder": _folder(tenant),
            "host": _esx(number % HOSTS),
            "cpus": 2,
            "memory_mb": 4096,
            "guest_id": "ubuntu64Guest",
            "guest_hostname": name,
            "tools": "running",
            "power": "on",
            "disks": [{"size_gb": 40, "datastore": f"lux-ds-0{number % 2 + 1}", "mode": "persistent"}],
            "nics": [{"network": "LUX-Tenants"}],
        }

    def _variables(self, tenant: int) -> Json:
        name = alias(tenant)
        found: Json = {
            "baas_tenant": {
                "name": company(tenant),
                "alias": name,
                "region": REGION,
                "contact": {"name": "Léa Weber", "email": f"lea.weber@{name}.example"},
                "email_suffix": f"{name}.example",
            },
            "baas_plans": [_plan(f"{name}-gold", 30, "21:00"), _plan(f"{name}-files", 60, "22:00")],
        }
        if self.vms:
            group = {"name": f"{name}-vms", "plan": f"{name}-gold", "folders": [""], "consistency": "filesystem_and_application"}
            found["baas_vm_backup"] = {"vcenter_folder": _folder(tenant), "groups": [group]}
        if self.sql:
            found["baas_sql_backup"] = {"servers": [_protected_instance(tenant, number) for number in range(self.sql)]}
        if self.servers:
            found["baas_file_backup"] = {"servers": [self._protected(tenant, number) for number in range(self.servers)]}
        return found

    def _protected(self, tenant: int, number: int) -> Json:
        name, plan = server(tenant, number), f"{alias(tenant)}-files"
        return {
            "client": name,
            "access": {"kind": "local", "drives": {"D": "{{ sandbox_dir }}/drives/" + name + "/D"}},
            "subclients": [
                {"name": f"data-{part + 1:02}", "plan": plan, "content": [f"D:\\Data {part + 1}"], "description": "Departments"}
                for part in range(self.subclients)
            ],
        }


def alias(tenant: int) -> str:
    """The inventory name of a tenant, and the beginning of the names of what it has."""
    return f"t{tenant + 1:04}"


def company(tenant: int) -> str:
    """The name of a tenant's company."""
    return f"Société {tenant + 1:04} Sàrl"


def server(tenant: int, number: int) -> str:
    """The name of one of a tenant's file servers."""
    return f"{alias(tenant)}-fs{number + 1:03}"


def _sql_name(tenant: int, number: int) -> str:
    return f"{alias(tenant)}-sql{number + 1:03}"


def _sql_server(tenant: int, number: int) -> Json:
    name = _sql_name(tenant, number)
    databases = [{"name": f"Database {index + 1}", "recovery_model": "full", "rows": 10} for index in range(4)]
    instances = [{"name": name.upper(), "databases": databases}]
    return {"name": name, "os": "windows", "region": REGION, "ready": True, "version": "16.0.4105.2", "instances": instances}


def _protected_instance(tenant: int, number: int) -> Json:
    name = _sql_name(tenant, number)
    return {"client": name, "instances": [{"name": name.upper(), "plan": f"{alias(tenant)}-gold"}]}


def _folder(tenant: int) -> str:
    return f"Tenants/{company(tenant)}"


def _esx(number: int) -> str:
    return f"lux-esx-{number + 1:02}.example.com"


def _pool(number: int) -> Json:
    return {"name": f"lux-pool-{number:02}", "type": "disk", "region": REGION, "encrypted": True, "media_agent": f"lux-ma-{number:02}"}


def _plan(name: str, days: int, start: str) -> Json:
    return {
        "name": name,
        "destinations": [{"name": "Primary", "storage_pool": "lux-pool-01", "region": REGION, "retention_days": days}],
        "schedules": [{"backup_type": "incremental", "frequency": {"type": "daily", "every": 1, "start_time": start}}],
        "sla_days": 1,
    }


def _hosts(names: list[str]) -> Json:
    tenants: Json = dict.fromkeys(names)
    return {
        "all": {
            "vars": {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"},
            "children": {
                "regions": {"hosts": {REGION: None}},
                "tenants": {"hosts": tenants},
                f"region_{REGION}": {"hosts": {REGION: None, **tenants}},
            },
        }
    }


def _save(path: Path, content: Json) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
