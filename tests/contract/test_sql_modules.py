# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQL Server and the vendor's SDK, both ways: each side finds what the other wrote, backed up or restored as it was meant."""

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.contract import sdk
from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.sql import INSTANCE, KOELN, SALES, SERVER, SUBCLIENT, WAREHOUSE, sql_world
from ansible_collections.calligo.baas.tests.support.walk import step

PLAN, SPARE = tenant.PLAN["name"], tenant.SPARE_PLAN["name"]
ODD = 'Köln\'s "100 %" + é'


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A sandbox of this file's own with one tenant that owns a SQL Server, and a second plan and a credential."""
    with sql_world(tmp_path_factory.mktemp("contract-sql-modules")) as running:
        running.run("commvault_plan", tenant.SPARE_PLAN)
        running.run("commvault_credential", tenant.CREDENTIAL)
        yield running


@pytest.fixture(scope="module")
def commcell(world):
    session = sdk.login(world.sandbox)
    yield session
    session.logout()


@pytest.fixture(autouse=True)
def nothing_unmodelled(world, monkeypatch):
    sdk.impatient(monkeypatch)
    world.sandbox.control("DELETE", "/journal")
    yield
    assert not sdk.unmodelled(world.sandbox)


@pytest.fixture
def instance(commcell):
    """The instance as the SDK sees it now."""
    commcell.refresh()
    return commcell.clients.get(SERVER).agents.get("SQL Server").instances.get(INSTANCE)


def on_instance(**options):
    return {"instances": [{"client": SERVER, "instance": INSTANCE, **options}]}


def on_subclient(name, **options):
    return {"parallel": 1, "subclients": [{"client": SERVER, "instance": INSTANCE, "name": name, **options}]}


def unchanged(world, module, options):
    """The module has nothing to change, and sends nothing that writes."""
    return step(world.modules, module, tenant.inside(options), check=False, changed=False)


def finished(job):
    assert job.wait_for_completion()
    return job


# Instances


@pytest.mark.contract(operation="SQL instance", module="commvault_sql_instance", direction="reads")
def test_a_changed_instance_is_read(world, commcell, instance):
    world.run("commvault_sql_instance", on_instance(vdi_timeout=720, use_vss=False, authentication="credential", credential="acme-login"))
    instance.refresh()
    shown = instance.mssql_instance_prop
    assert (shown["vDITimeOut"], shown["useVss"], shown["MSSQLCredentialinfo"]["credentialName"]) == (720, False, "acme-login")
    world.run("commvault_sql_instance", {"instances": [{"client": SERVER, "instance": "ACME-SQL01\\REPORTS", "plan": SPARE}]})
    commcell.refresh()
    assert commcell.clients.get(SERVER).agents.get("SQL Server").instances.has_instance("ACME-SQL01\\REPORTS")


@pytest.mark.contract(operation="SQL instance", module="commvault_sql_instance", direction="writes")
def test_an_instance_that_the_sdk_changed_is_no_change(world, instance):
    instance.vdi_timeout(480)
    instance.vss_option(value=True)
    instance.impersonation(True, "acme-login")
    unchanged(
        world, "commvault_sql_instance", on_instance(vdi_timeout=480, use_vss=True, authentication="credential", credential="acme-login")
    )
    instance.impersonation(True)
    unchanged(world, "commvault_sql_instance", on_instance(authentication="local_system"))


# Subclients


@pytest.mark.contract(operation="SQL subclient", module="commvault_sql_subclient", direction="reads")
def test_a_subclient_of_ours_is_read(world, instance):
    world.run("commvault_sql_subclient", on_subclient(ODD, databases=[SALES], plan=PLAN, description=ODD))
    world.run("commvault_sql_subclient", on_subclient(ODD, databases=[SALES, KOELN], plan=SPARE))
    instance.subclients.refresh()
    shown = instance.subclients.get(ODD)
    assert (sorted(shown.content), shown.plan, shown.description) == ([SALES, KOELN], SPARE, ODD)
    assert WAREHOUSE in instance.subclients.get("default").content
    world.run("commvault_sql_subclient", on_subclient(ODD, state="absent"))
    instance.subclients.refresh()
    assert not instance.subclients.has_subclient(ODD)


@pytest.mark.contract(operation="SQL subclient", module="commvault_sql_subclient", direction="writes")
def test_a_subclient_of_the_sdk_is_no_change(world, instance):
    made = instance.subclients.add("theirs", None, "DATABASE", ODD)
    made.content = [WAREHOUSE, KOELN]
    made.plan = PLAN
    unchanged(world, "commvault_sql_subclient", on_subclient("theirs", databases=[KOELN, WAREHOUSE], plan=PLAN, description=ODD))
    made.update_content([KOELN], 3)
    unchanged(world, "commvault_sql_subclient", on_subclient("theirs", databases=[WAREHOUSE]))
    instance.subclients.delete("theirs")
    unchanged(world, "commvault_sql_subclient", on_subclient("theirs", state="absent"))


# Backups


@pytest.mark.parametrize("level", ["full", "differential", "transaction_log"])
@pytest.mark.contract(operation="SQL backup", module="commvault_backup", direction="reads")
def test_a_backup_of_ours_is_read(world, commcell, level):
    world.backup()
    job = commcell.job_controller.get(world.backup(level)["id"])
    assert (job.status, job.backup_level) == ("Completed", level.replace("_", " ").title())


@pytest.mark.contract(operation="SQL backup", module="commvault_backup", direction="writes")
def test_a_backup_of_the_sdk_is_a_first_backup(world, instance):
    job = finished(instance.subclients.get("default").backup("Full"))
    wish = {"sql_subclients": [SUBCLIENT], "level": "full", "start": "if_never_backed_up"}
    assert unchanged(world, "commvault_backup", wish)["jobs"][0]["id"] == int(job.job_id)


# Restores


@pytest.mark.contract(operation="SQL restore", module="commvault_restore", direction="reads")
def test_a_restore_of_ours_is_read(world, commcell, instance):
    world.backup()
    wish = {"client": SERVER, "instance": INSTANCE, "databases": [{"name": SALES, "new_name": ODD}]}
    restored = world.run("commvault_restore", {"sql": wish})["restore"]
    job = commcell.job_controller.get(restored["job"]["id"])
    assert (job.job_type, job.status) == ("Restore", "Completed")
    instance.refresh()
    assert ODD in [name for row in instance.database_list for name in row]
    world.act("drop", ODD)


@pytest.mark.contract(operation="SQL restore", module="commvault_restore", direction="writes")
def test_a_restore_of_the_sdk_is_known(world, instance):
    world.backup()
    devices = [
        f"|{SALES}|#12!Theirs|#12!{row['logicalFileName']}|#12!D:\\SQL\\Theirs {row['logicalFileName']}|#12!{row['fileName']}"
        for row in instance._get_sql_restore_options([SALES])["sqlDbdeviceItem"]
    ]
    job = finished(instance.restore([SALES], overwrite=False, restore_path=devices))
    (seen,) = world.run("commvault_job_info", {"job_ids": [int(job.job_id)]})["jobs"]
    assert (seen["operation"], seen["outcome"]) == ("Restore", "success")
    wish = {"client": SERVER, "instance": INSTANCE, "databases": [{"name": SALES, "new_name": "Theirs"}]}
    assert "exists on" in world.failure("commvault_restore", {"sql": wish})["msg"] and world.writes() == []
    world.act("drop", "Theirs")


@pytest.mark.contract(operation="SQL databases", module="commvault_sql_database_info", direction="reads")
def test_both_list_the_same_databases(world, instance):
    ours = world.run("commvault_sql_database_info", {"client": SERVER, "instance": INSTANCE})["databases"]
    instance.refresh()
    assert sorted(row["name"] for row in ours) == sorted(name for row in instance.database_list for name in row)


@pytest.mark.contract(operation="SQL databases", module="commvault_sql_database_info", direction="writes")
def test_what_the_sdk_backed_up_can_be_restored(world, instance):
    finished(instance.subclients.get("default").backup("Full"))
    found = world.run("commvault_sql_database_info", {"client": SERVER, "instance": INSTANCE})
    restorable, _details = instance.browse()
    assert found["changed"] is False
    assert {row["name"] for row in found["databases"] if row["restorable"]} <= set(restorable)
