# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A platform and an inventory of many tenants that are alike: each has one VM, and one server with one subclient of files."""

from __future__ import annotations

import typing as t
from pathlib import Path

import yaml

from ansible_collections.calligo.baas.tests.support import small_world
from ansible_collections.calligo.baas.tests.support.modules import commvault_options, vcenter_options

if t.TYPE_CHECKING:
    from commvaultsim.sandbox import Sandbox

Json = dict[str, t.Any]


def names(count: int) -> list[str]:
    """The tenants' aliases, which are their hosts."""
    return [f"many{number:02}" for number in range(1, count + 1)]


def scenario(folder: Path, count: int) -> Path:
    """The small world, and the systems of the tenants beside it."""
    file = small_world.scenario(folder)
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    (vcenter,), (server,) = content["vcenters"], [one for one in content["file_servers"] if one["name"] == small_world.CLIENT]
    for alias in names(count):
        vcenter["folders"].append(f"Tenants/{alias}")
        vcenter["vms"].append({**vcenter["vms"][0], "name": f"{alias}-vm", "guest_hostname": f"{alias}-vm", "folder": f"Tenants/{alias}"})
        content["file_servers"].append({**server, "name": f"{alias}-fs", "host_name": f"{alias}-fs.example.com"})
    file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return file


def inventory(folder: Path, count: int) -> Path:
    """An inventory to be given beside the demo's."""
    hosts = {alias: _variables(alias) for alias in names(count)}
    content = {"all": {"children": {"tenants": {"hosts": hosts}, "region_luxembourg": {"hosts": dict.fromkeys(hosts)}}}}
    file = folder / "many.yml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    return file


def _variables(alias: str) -> Json:
    server = {
        "client": f"{alias}-fs",
        "access": {"kind": "local", "drives": {"D": f"{{{{ sandbox_dir }}}}/drives/{alias}-fs/D"}},
        "subclients": [{"name": "data", "plan": f"{alias}-gold", "content": ["D:\\Data\\Köln"]}],
    }
    return {
        "baas_tenant": {
            "name": alias,
            "alias": alias,
            "region": small_world.REGION,
            "contact": {"name": "Léa Weber", "email": f"lea@{alias}.example"},
        },
        "baas_plans": [{**small_world.SPECIFICATION["baas_plans"][0], "name": f"{alias}-gold"}],
        "baas_vm_backup": {
            "vcenter_folder": f"Tenants/{alias}",
            "groups": [{"name": f"{alias}-vms", "plan": f"{alias}-gold", "folders": [""]}],
        },
        "baas_file_backup": {"servers": [server]},
        "baas_sql_backup": {"servers": []},
        "baas_poll_seconds": 1,
    }


def converge(sandbox: Sandbox, alias: str) -> list[tuple[str, Json]]:
    """What a converge of a tenant calls, from its company to its first backups."""
    vcenter, server = vcenter_options(sandbox, "vc-lux"), commvault_options(sandbox)
    plan = {
        "name": f"{alias}-gold",
        "destinations": [{"name": "Primary", "storage_pool": "lux-pool-01", "region": "luxembourg", "retention_days": 30}],
        "schedules": [{"backup_type": "incremental", "frequency": {"type": "daily", "start_time": "21:00"}}],
    }
    hypervisor = {
        "name": f"{alias}-vcenter",
        "vcenter_host": f"{vcenter['hostname']}:{vcenter['port']}",
        "vcenter_username": vcenter["username"],
        "vcenter_password": vcenter["password"],
        "access_nodes": ["lux-an-01"],
    }
    content = {"name_patterns": [{"condition": "starts_with", "value": f"{alias}-vm"}]}
    group = {"name": f"{alias}-vms", "hypervisor": f"{alias}-vcenter"}
    files = {"client": f"{alias}-fs", "name": "data"}
    contact = {"name": "Léa Weber", "email": f"lea@{alias}.example"}
    mark = ("vcenter_folder_mark", {**vcenter, "folder": f"Tenants/{alias}", "tenant": alias})
    calls: list[tuple[str, Json]] = [
        ("commvault_company", {"name": alias, "alias": alias, "contact": contact, "servers": [f"{alias}-fs"]}),
        ("commvault_plan", {"company": alias, **plan}),
        ("commvault_hypervisor", {"company": alias, **hypervisor}),
        ("commvault_vm_group", {"company": alias, **group, "plan": f"{alias}-gold", "content": content}),
        ("commvault_subclient", {"company": alias, "subclients": [{**files, "plan": f"{alias}-gold", "content": ["D:\\Data"]}]}),
        ("commvault_backup", {"company": alias, "vm_groups": [group], "subclients": [files], "start": "if_never_backed_up"}),
    ]
    return [mark, *((name, {**server, **options}) for name, options in calls)]
