# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The smallest platform that has a system of each kind: one tenant with one VM, one subclient of files and one database."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import yaml

from commvaultsim.sandbox import DEFAULT_SCENARIO

Json = dict[str, t.Any]
TENANT, ALIAS, REGION = "Acme Sàrl", "acme", "luxembourg"
FOLDER, RESTORES = "Tenants/Acme Sàrl", "Restore tests"
VM, CLIENT, SQL_CLIENT = "acme-web-01", "acme-fs01", "acme-sql01"
SERVERS = (CLIENT, SQL_CLIENT, "lux-restore-01", "lux-sql-restore-01", "lux-an-01", "lux-an-02")
PLAN = "acme-gold"

#: What the inventory of the demo says otherwise.
SPECIFICATION: Json = {
    "baas_plans": [
        {
            "name": PLAN,
            "destinations": [{"name": "Primary", "storage_pool": "lux-pool-01", "region": REGION, "retention_days": 30}],
            "schedules": [{"backup_type": "incremental", "frequency": {"type": "daily", "every": 1, "start_time": "21:00"}}],
        }
    ],
    "baas_vm_backup": {"vcenter_folder": FOLDER, "groups": [{"name": "acme-vms", "plan": PLAN, "folders": [""]}]},
    "baas_file_backup": {
        "servers": [
            {
                "client": CLIENT,
                "access": {"kind": "local", "drives": {"D": f"{{{{ sandbox_dir }}}}/drives/{CLIENT}/D"}},
                "subclients": [{"name": "data", "plan": PLAN, "content": ["D:\\Data\\Köln"]}],
            }
        ]
    },
    "baas_sql_backup": {"servers": [{"client": SQL_CLIENT, "instances": [{"name": "ACME-SQL01\\PROD", "plan": PLAN}]}]},
    "restore_test_tenants": [ALIAS],
    "baas_poll_seconds": 1,
}
OPTIONS = ("-e", json.dumps(SPECIFICATION))


def scenario(folder: Path) -> Path:
    """The demo's scenario with nothing but this in it."""
    content = yaml.safe_load(DEFAULT_SCENARIO.read_text(encoding="utf-8"))
    (vcenter,) = (one for one in content["vcenters"] if one["name"] == "vc-lux")
    vcenter["vms"] = [one for one in vcenter["vms"] if one["name"] == VM]
    content["vcenters"], content["install_hosts"] = [vcenter], []
    for kind in ("access_nodes", "file_servers", "sql_servers"):
        content[kind] = [one for one in content[kind] if one["name"] in SERVERS]
    for server in content["sql_servers"]:
        found = [one for one in server["instances"] if one.get("discovered", True)]
        server["instances"] = [{**one, "databases": one.get("databases", [])[:1]} for one in found]
    file = folder / "small.yml"
    file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return file
