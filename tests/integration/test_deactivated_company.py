# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a company that is deactivated may not do any more: its backups and restores are refused, or queued, and the tasks say why."""

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.modules import Modules
from commvaultsim.sandbox import Sandbox

NAME = tenant.COMPANY["name"]
SERVER = tenant.SUBCLIENT["client"]
FILES = {"client": SERVER, "subclient": tenant.SUBCLIENT["name"], "paths": ["D:\\Data\\Budget 2026.xlsx"]}
DATABASE = {"client": "acme-sql01", "instance": "ACME-SQL01\\PROD", "databases": [{"name": "Sales", "new_name": "Sales copy"}]}
BACKUPS = {
    "VMs": {key: tenant.backup_of_all()[key] for key in ("vm_groups", "level")},
    "files": {key: tenant.backup_of_all()[key] for key in ("subclients", "level")},
    "databases": tenant.backup_of_sql(),
}
RESTORES = {
    "VM": lambda modules: tenant.restore_of_vm(modules, "acme-web-01"),
    "files": lambda _modules: {"files": {**FILES, "destination_client": "lux-restore-01", "destination_path": "E:\\Out"}},
    "database": lambda _modules: {"sql": DATABASE},
}


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    """A tenant with a backup of each kind of thing."""
    with Sandbox(tmp_path_factory.mktemp("deactivated"), job_seconds=0.5) as sandbox:
        running = Modules(sandbox)
        tenant.onboard(running)
        tenant.sql_server(running)
        yield running


@pytest.fixture(autouse=True)
def active_again(modules):
    yield
    modules.sandbox.control("DELETE", "/faults")
    modules("commvault_company", {"name": NAME, "state": "active"})


def deactivate(modules, *activities):
    modules("commvault_company", {"name": NAME, "state": "deactivated", "disable": list(activities)})
    modules.sandbox.control("DELETE", "/journal")


def jobs(modules):
    return modules("commvault_job_info", tenant.inside({"limit": 1000}))["total"]


@pytest.mark.parametrize("what", BACKUPS)
def test_its_backups_are_refused(modules, what):
    deactivate(modules, "backup")
    before = jobs(modules)
    failed = modules.failure("commvault_backup", tenant.inside(BACKUPS[what]))
    assert f"Backup activity is disabled for company [{NAME}]" in failed["msg"] and jobs(modules) == before


@pytest.mark.parametrize("what", RESTORES)
def test_its_restores_are_refused_also_to_a_server_of_the_provider(modules, what):
    deactivate(modules, "restore")
    before = jobs(modules)
    failed = modules.failure("commvault_restore", tenant.inside(RESTORES[what](modules)))
    assert f"Restore activity is disabled for company [{NAME}]" in failed["msg"] and jobs(modules) == before


def test_only_what_is_disabled_is_refused(modules):
    deactivate(modules, "backup")
    assert modules("commvault_restore", tenant.inside(RESTORES["files"](modules)))["restore"]["job"]["outcome"] == "success"
    deactivate(modules, "restore", "login")
    assert modules("commvault_backup", tenant.inside(BACKUPS["files"]))["jobs"][0]["outcome"] == "success"


@pytest.mark.parametrize(
    ("module", "options"),
    [("commvault_backup", lambda _modules: {**BACKUPS["files"], "wait_timeout": 2})]
    + [("commvault_restore", lambda modules, what=what: {**RESTORES[what](modules), "wait_timeout": 2}) for what in ("files", "database")],
    ids=["backup", "restore of files", "restore of a database"],
)
def test_where_its_jobs_are_queued_the_task_says_what_they_wait_for(modules, module, options):
    modules.sandbox.control("POST", "/faults", {"name": "barred_jobs_queue"})
    deactivate(modules, "backup", "restore")
    failed = modules.failure(module, tenant.inside(options(modules)))
    assert failed["error"]["kind"] == "WaitTimeout" and "is Queued" in failed["msg"]
    assert f"activity is disabled for company [{NAME}]" in failed["msg"] and "The job was left alone" in failed["msg"]
    (job,) = failed["error"]["jobs"]
    modules("commvault_company", {"name": NAME, "state": "active"})
    (ended,) = modules("commvault_job", tenant.inside({"job_ids": [job["id"]]}))["jobs"]
    assert ended["outcome"] == "success"


def test_others_are_not_concerned(modules):
    other = {"name": "Café Müller & Söhne", "alias": "cafe", "contact": {"name": "Carl", "email": "carl@cafe.example.com"}}
    inside = {"company": other["name"]}
    modules("commvault_company", {**other, "servers": ["cafe-fs01"]})
    modules("commvault_plan", {**tenant.PLAN, **inside, "name": "cafe-plan"})
    subclient = {"client": "cafe-fs01", "name": "data", "plan": "cafe-plan", "content": ["D:\\Rezepte"]}
    modules("commvault_subclient", {**inside, "subclients": [subclient]})
    deactivate(modules, "backup", "restore", "login")
    wish = {**inside, "subclients": [{"client": "cafe-fs01", "name": "data"}], "level": "full"}
    assert modules("commvault_backup", wish)["jobs"][0]["outcome"] in ("success", "partial")
