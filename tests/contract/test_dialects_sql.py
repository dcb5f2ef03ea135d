# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same for SQL Server: instances, subclients, databases, backups and restores, one walk for each turn of dialects."""

from __future__ import annotations

import time

import pytest

from ansible_collections.calligo.baas.tests.support import sql, tenant
from ansible_collections.calligo.baas.tests.support.dialects import OF_POLICY, OF_VMS_AND_FILES, speaking, spoken, walk

REPORTS = "ACME-SQL01\\REPORTS"
ABSENT = {"state": "absent"}


@pytest.fixture
def modules(request, tmp_path, monkeypatch):
    """A sandbox that speaks dialects from the beginning."""
    monkeypatch.setattr(time, "sleep", lambda seconds, sleep=time.sleep: sleep(min(seconds, 0.1)))
    with speaking(tmp_path / "sandbox", request.param) as running:
        yield running


@spoken(*OF_POLICY, *OF_VMS_AND_FILES)
def test_sql_modules(modules):
    modules("commvault_company", sql.COMPANY)
    modules("commvault_plan", tenant.inside(tenant.PLAN))
    modules("commvault_plan", tenant.inside(tenant.SPARE_PLAN))
    modules("commvault_credential", tenant.inside(tenant.CREDENTIAL))
    sql_made(modules)
    sql_backed_up(modules)
    sql_restored(modules)
    for name in ("sales", "archive"):
        gone = {**sql.SUBCLIENT, "name": name, **ABSENT}
        walk(modules, "commvault_sql_subclient", tenant.inside({"subclients": [gone]}))
    for name in (REPORTS, sql.INSTANCE):
        gone = {"client": sql.SERVER, "instance": name, "force": True, **ABSENT}
        walk(modules, "commvault_sql_instance", tenant.inside({"instances": [gone]}))


def sql_made(modules):
    """Instances and subclients: create, again, change, again. A database moves from one subclient to another."""
    instance, spare = tenant.SQL_INSTANCE, {"plan": tenant.SPARE_PLAN["name"]}
    changes = [
        {**instance, "instance": REPORTS, **spare},
        instance,
        {**instance, "vdi_timeout": 600, "use_vss": False, "description": "Sales & stock"},
        {**instance, "authentication": "credential", "credential": tenant.CREDENTIAL["name"]},
        {**instance, "authentication": "local_system", "backup_enabled": False, "restore_enabled": False},
        {**instance, "backup_enabled": True, "restore_enabled": True},
    ]
    walk(modules, "commvault_sql_instance", *(tenant.inside({"instances": [wish]}) for wish in changes))
    both = {**tenant.SQL_SUBCLIENT, "databases": [sql.SALES, sql.KOELN]}
    moved = {**tenant.SQL_SUBCLIENT, "name": "archive", "databases": [sql.KOELN], "allow_move": True, **spare}
    changes = [tenant.inside({"subclients": [wish]}) for wish in (tenant.SQL_SUBCLIENT, {**both, **spare}, moved)]
    walk(modules, "commvault_sql_subclient", *changes)
    # In one subclient alone, whatever the server does by itself.
    left = modules("commvault_sql_subclient", tenant.inside({"subclients": [{**sql.SUBCLIENT, "name": "sales"}]}))
    assert left["subclients"][0]["databases"] == [sql.SALES]
    off = {**tenant.SQL_SUBCLIENT, "backup_enabled": False}
    changes = [tenant.inside({"subclients": [wish]}) for wish in (off, {**off, "backup_enabled": True, "plan": tenant.PLAN["name"]})]
    walk(modules, "commvault_sql_subclient", *changes)


def sql_backed_up(modules):
    """Each level, and with options; what has a backup is left alone; the databases and what can be restored of them are read."""
    full = tenant.inside(tenant.backup_of_sql())
    assert modules("commvault_backup", {**full, "start": "if_never_backed_up"})["started"] is True
    assert modules("commvault_backup", {**full, "start": "if_never_backed_up"})["changed"] is False
    for more in ({"sql_options": {"checksum": True}}, {"level": "differential"}, {"level": "transaction_log"}):
        modules.sandbox.control("POST", "/clock", {"advance": 10})
        (job,) = modules("commvault_backup", {**full, **more})["jobs"]
        assert job["outcome"] == "success"
    for names in ({}, {"client": sql.SERVER}, {"client": sql.SERVER, "instance": sql.INSTANCE, "files": True}):
        found = {row["name"]: row for row in modules("commvault_sql_database_info", tenant.inside(names))["databases"]}
        sales = found[sql.SALES]
        sla = "unknown" if "sql_v4_absent" in modules.dialects else "met"
        assert (sales["restorable"], sales["plan"], sales["sla"]) == (True, tenant.PLAN["name"], sla)
        assert not found[sql.WAREHOUSE]["restorable"] and "master" not in found
    assert [file["path"] for file in sales["files"]]


def sql_restored(modules):
    """Beside itself, over itself, and to a moment; never over what is there without being asked."""
    source = {"client": sql.SERVER, "instance": sql.INSTANCE}
    beside = {**source, "databases": [{"name": sql.SALES, "new_name": "Sales copy"}]}
    restored = modules("commvault_restore", tenant.inside({"sql": beside, "wait_timeout": 60}))["restore"]
    assert restored["databases"][0]["name"] == "Sales copy" and restored["job"]["outcome"] == "success"
    assert "exists on" in modules.failure("commvault_restore", tenant.inside({"sql": beside}))["msg"]
    over = {**source, "databases": [{"name": sql.SALES}], "overwrite": True, "point_in_time": restored["restored_to"]}
    restored = modules("commvault_restore", tenant.inside({"sql": over, "wait_timeout": 60}))["restore"]
    assert restored["databases"][0]["replaced"] is True and len(restored["databases"][0]["backup_jobs"]) > 1
