# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is one tenant's becomes no other tenant's by a word in a specification: each is refused before anything is written."""

from __future__ import annotations

import json
import os
import typing as t
from pathlib import Path

import pytest

from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.modules import Modules
from ansible_collections.calligo.baas.tests.support.playbooks import CHECKOUT, evidence_dir, run_playbook
from commvaultsim.sandbox import Sandbox

CAFE = {"name": "Café Müller & Söhne", "alias": "cafe-mueller", "region": "luxembourg"}
CONTACT = {"name": "Jürgen Müller", "email": "juergen@cafe-mueller.example"}


def vms_in(folder: str) -> dict[str, t.Any]:
    return {"vcenter_folder": folder, "groups": [{"name": "cafe-silver", "plan": "cafe-standard", "folders": [""]}]}


def files_of(server: str) -> dict[str, t.Any]:
    access = {"kind": "local", "drives": {"D": "/nowhere"}}
    return {"servers": [{"client": server, "access": access, "subclients": [{"name": "x", "plan": "cafe-standard", "content": ["D:\\"]}]}]}


def databases_of(server: str) -> dict[str, t.Any]:
    return {"servers": [{"client": server, "instances": [{"name": "X", "plan": "cafe-standard"}]}]}


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Modules]:
    """A platform with one tenant, whose VMs are backed up, and with the company of another."""
    with Sandbox(tmp_path_factory.mktemp("identity"), job_seconds=0.5) as sandbox:
        modules = Modules(sandbox)
        tenant.onboard(modules)
        modules("commvault_company", {"name": CAFE["name"], "alias": CAFE["alias"], "contact": CONTACT})
        yield modules


def refused(modules: Modules, playbook: str, *options: str) -> str:
    """The output of a run that has to fail for the café, and to write nothing."""
    modules.sandbox.control("DELETE", "/journal")
    run = run_playbook(modules.sandbox, playbook, "--limit", "cafe_mueller", *options)
    assert run.status != 0, run.output
    writes = [f"{row['method']} {row['path']}" for row in modules.sandbox.control("GET", "/journal")["requests"] if row["writes"]]
    assert writes == [], run.output
    assert run.counts("changed") == {"cafe_mueller": 0}
    return run.output


def test_onboarding_takes_nothing_of_another(modules: Modules) -> None:
    """Folders and servers of another tenant and of the provider, and another's alias, all told at once."""
    mine = {
        "tenant": {**CAFE, "alias": "acme", "contact": CONTACT},
        "vm_backup": vms_in("Tenants"),
        "file_backup": files_of("lux-restore-01"),
        "sql_backup": databases_of("ACME-sql01"),
    }
    said = refused(modules, "tenant_onboard", "-e", json.dumps({f"tenant_onboarding_{key}": value for key, value in mine.items()}))
    assert "The alias acme is that of the tenant acme, too." in said
    assert "In the folder Tenants lies that of the tenant acme." in said
    assert "The server lux-restore-01 belongs to the provider in luxembourg" in said
    assert "The server ACME-sql01 belongs to the tenant acme" in said


def test_roles_that_protect_one_kind_take_nothing_of_another(modules: Modules, tmp_path: Path) -> None:
    tasks = [
        {
            "block": [{"ansible.builtin.include_role": {"name": f"calligo.baas.{role}"}}],
            "rescue": [{"ansible.builtin.debug": {"msg": f"stopped {role}"}}],
        }
        for role in ("vm_backup", "file_backup", "sql_backup")
    ]
    play = {"hosts": "tenants", "gather_facts": False, "tasks": [*tasks, {"ansible.builtin.fail": {"msg": "the end"}}]}
    (tmp_path / "roles.yml").write_text(json.dumps([play]), encoding="utf-8")
    mine = {
        "vm_backup_folder": "Tenants/Acme Sàrl",
        "vm_backup_groups": vms_in("")["groups"],
        "file_backup_servers": files_of("acme-fs01")["servers"],
        "sql_backup_servers": databases_of("acme-sql01")["servers"],
    }
    said = refused(modules, os.path.relpath(tmp_path / "roles", CHECKOUT / "playbooks"), "-e", json.dumps(mine))
    assert "The folder Tenants/Acme Sàrl belongs to the tenant acme." in said
    for server in ("acme-fs01", "acme-sql01"):
        assert f"The server {server} belongs to the tenant acme" in said
    for role in ("vm_backup", "file_backup", "sql_backup"):
        assert f"stopped {role}" in said


FREE = "Tenants/Café Müller & Söhne"


def test_a_folder_that_is_marked_or_backed_up_as_anothers_is_refused(modules: Modules) -> None:
    """The inventory says nothing against it: the mark on the folder does, and so does the group of a company that no inventory knows."""
    mark = {"folder": FREE, "tenant": "elsewhere"}
    modules("vcenter_folder_mark", mark)
    assert f'"{FREE}" is marked as that of elsewhere' in refused(modules, "tenant_onboard")
    modules("vcenter_folder_mark", {**mark, "state": "absent"})
    (folder,) = modules("vcenter_folder_info", {"folder": FREE})["folders"]
    modules("commvault_company", {"name": "Elsewhere Ltd", "alias": "elsewhere"})
    inside = {"company": "Elsewhere Ltd"}
    modules("commvault_plan", {**inside, **tenant.PLAN, "name": "elsewhere"})
    modules("commvault_hypervisor", {**inside, **tenant.hypervisor(modules), "name": "elsewhere-vcenter"})
    group = {**inside, "name": "reaching", "hypervisor": "elsewhere-vcenter", "plan": "elsewhere"}
    modules("commvault_vm_group", {**group, "content": {"folders": [{"name": FREE, "id": folder["moid"]}]}})
    assert "is backed up by the VM group reaching of another company" in refused(modules, "tenant_onboard")
    # The same id in another vCenter is another folder; in the same one by another address it is that very folder.
    asked = {"covering": [folder["moid"]]}
    here = tenant.hypervisor(modules)["vcenter_host"]
    for vcenter, expected in ((here, ["reaching"]), (here.replace("127.0.0.1", "localhost"), ["reaching"]), ("other.example.com", [])):
        found = modules("commvault_vm_group_info", {**asked, "vcenter": vcenter})["vm_groups"]
        assert [row["name"] for row in found] == expected
    modules("commvault_vm_group", {**group, "state": "absent"})


def test_a_restore_test_restores_no_neighbours_backup_as_this_tenants(modules: Modules) -> None:
    mine: dict[str, t.Any] = {"host": "cafe_mueller", **CAFE, "vm_backup": vms_in("Tenants/Acme Sàrl"), "file_backup": {}, "sql_backup": {}}
    mine["vm_backup"]["groups"][0] |= {"folders": [], "name_patterns": [{"condition": "equals", "value": "acme-web-01"}]}
    unrecorded = {"manifest_vm_folder": "", "manifest_file_servers": []}
    options = json.dumps({"restore_test_specifications": [mine], **unrecorded})
    modules.sandbox.control("POST", "/faults", {"name": "company_ignored"})  # or the server itself would hide the neighbour's VM
    run = run_playbook(modules.sandbox, "restore_test", "--limit", "luxembourg", "-e", options)
    modules.sandbox.control("DELETE", "/faults")
    assert run.status != 0
    (file,) = (evidence_dir(modules.sandbox) / "restore_tests").rglob("*.json")
    record = json.loads(file.read_text(encoding="utf-8"))
    assert record["result"] == "failed"
    assert 'The VM "acme-web-01" belongs to the company "Acme Sàrl", not to the company acted in.' in run.output
    assert modules("commvault_job_info", {"types": ["restore"]})["jobs"] == []
