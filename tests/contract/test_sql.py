# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor's own SDK, unmodified, works on SQL Servers: instances, subclients, backups of each level, browse, every kind of restore."""

from __future__ import annotations

import pytest
from cvpysdk.constants import SQLDefines
from cvpysdk.deployment.install import Install
from cvpysdk.exception import SDKException

from ansible_collections.calligo.baas.tests.contract import sdk
from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.modules import Modules
from commvaultsim.sandbox import Sandbox

SERVER, INSTANCE, RESTORE = "acme-sql01", "ACME-SQL01\\PROD", "LUX-SQL-RESTORE-01"
SALES, KOELN = "Sales", "Übersicht Köln 2026"
PLAN = tenant.PLAN["name"]


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    """A sandbox of this file's own with one tenant that owns a SQL Server."""
    with Sandbox(tmp_path_factory.mktemp("contract-sql"), job_seconds=1) as sandbox:
        modules = Modules(sandbox)
        modules("commvault_company", {**tenant.COMPANY, "servers": [SERVER]})
        modules("commvault_plan", tenant.inside(tenant.PLAN))
        yield sandbox


@pytest.fixture(scope="module")
def commcell(platform):
    session = sdk.login(platform)
    yield session
    session.logout()


@pytest.fixture(autouse=True)
def nothing_unmodelled(platform, monkeypatch):
    """The SDK asked for nothing that the simulator does not know; it need not wait as long for jobs as for real ones."""
    sdk.impatient(monkeypatch)
    platform.control("DELETE", "/journal")
    yield
    assert not sdk.unmodelled(platform)


@pytest.fixture(scope="module")
def instance(commcell):
    return commcell.clients.get(SERVER).agents.get("SQL Server").instances.get(INSTANCE)


@pytest.fixture(scope="module")
def subclient(instance, commcell):
    """A subclient for two of the databases, made by the SDK."""
    made = instance.subclients.add("sales", None, "DATABASE", "by the SDK")
    made.content = [SALES, KOELN]
    made.plan = PLAN
    return made


@pytest.fixture
def backed_up(subclient):
    """A full backup is there."""
    finished(subclient.backup("Full"))


def finished(job):
    """Wait as the SDK does; answers the status."""
    job.wait_for_completion()
    return job.status


def live(platform, database=SALES, name=INSTANCE):
    """A database as it is now; None when there is none."""
    rows = platform.control("GET", "/sql")["instances"]
    found = next(row for row in rows if row["instance"] == name)
    return next((row for row in found["databases"] if row["name"] == database), None)


def act(platform, action, database=SALES, **more):
    return platform.control("POST", "/sql", {"client": SERVER, "instance": INSTANCE, "database": database, "action": action, **more})


def test_instance_is_read(instance):
    assert instance.name == INSTANCE
    assert instance.mssql_instance_prop["vDITimeOut"] == 300
    assert SALES in [name for row in instance.database_list for name in row]
    assert instance.database_details(SALES)["insName"] == INSTANCE


def test_instance_is_changed(instance):
    instance.vdi_timeout(600)
    instance.vss_option(value=False)
    instance.refresh()
    assert (instance.mssql_instance_prop["vDITimeOut"], instance.mssql_instance_prop["useVss"]) == (600, False)
    with pytest.raises(SDKException, match="no-such-credential"):
        instance.impersonation(True, "no-such-credential")


def test_default_subclient_covers_the_rest(instance, subclient):
    default = instance.subclients.get("default")
    assert "Warehouse" in default.content and not {SALES, KOELN} & set(default.content)
    assert instance.subclients.default_subclient == "default"


def test_subclient_is_made_and_changed(instance, subclient):
    subclient.refresh()
    assert (sorted(subclient.content), subclient.plan) == ([SALES, KOELN], PLAN)
    subclient.update_content(["Warehouse"], 2)
    subclient.refresh()
    assert sorted(subclient.content) == [SALES, "Warehouse", KOELN]
    subclient.update_content(["Warehouse"], 3)
    subclient.content = [SALES, KOELN]
    subclient.blocklevel_backup_option = True
    subclient.refresh()
    assert subclient.blocklevel_backup_option and sorted(subclient.content) == [SALES, KOELN]
    subclient.blocklevel_backup_option = False


@pytest.mark.parametrize("level", ["Full", "Transaction_Log", "Differential"])
def test_backups(subclient, backed_up, level):
    job = subclient.backup(level)
    assert finished(job) == "Completed"
    assert job.backup_level == level.replace("_", " ")


def test_backup_with_options(subclient):
    assert finished(subclient.backup("Full", ["copy_only", "checksum"])) == "Completed"


def test_incremental_is_not_a_level_of_sql_server(subclient):
    with pytest.raises(SDKException):
        subclient.backup("Incremental")


def test_browse(instance, backed_up):
    databases, _details = instance.browse()
    assert {SALES, KOELN} <= set(databases)
    assert SALES not in instance.browse_in_time(to_date=1)[0]


def test_restore_in_place(platform, instance, backed_up):
    before = live(platform)["hash"]
    act(platform, "change", set=[{"id": 1, "name": "wrong"}])
    assert finished(instance.restore([SALES], overwrite=False)) == "Failed"
    assert live(platform)["hash"] != before
    assert finished(instance.restore([SALES], overwrite=True)) == "Completed"
    assert live(platform)["hash"] == before


def test_restore_to_a_moment(platform, instance, subclient, backed_up):
    act(platform, "change", set=[{"id": 500, "name": "good"}])
    before = live(platform)["hash"]
    platform.control("POST", "/clock", {"advance": 60})
    moment = int(platform.control("GET", "/clock")["now"]) - 30
    act(platform, "change", delete=[500], set=[{"id": 501, "name": "bad"}])
    assert finished(subclient.backup("Transaction_Log")) == "Completed"
    assert finished(instance.restore([SALES], point_in_time=moment)) == "Completed"
    assert live(platform)["hash"] == before


def test_restore_to_another_server_renamed_and_moved(platform, instance, commcell, backed_up):
    devices = [
        f"|{SALES}|#12!Restore test|#12!{row['logicalFileName']}|#12!E:\\SQL\\{row['logicalFileName']}.bin|#12!{row['fileName']}"
        for row in instance._get_sql_restore_options([SALES])["sqlDbdeviceItem"]
    ]
    job = instance.restore([SALES], overwrite=False, restore_path=devices, destination_instance=RESTORE)
    assert finished(job) == "Completed"
    copy = live(platform, "Restore test", RESTORE)
    assert copy["hash"] == live(platform)["hash"] and {row["physical"][0] for row in copy["files"]} == {"E"}
    target = commcell.clients.get("lux-sql-restore-01").agents.get("SQL Server").instances.get(RESTORE)
    assert "Restore test" in [name for row in target.database_list for name in row]


def test_restore_states(platform, instance, backed_up):
    job = instance.restore([KOELN], sql_recover_type=SQLDefines.STATE_STANDBY, undo_path="D:\\SQL\\undo.dat")
    assert finished(job) == "Completed" and live(platform, KOELN)["state"] == "STANDBY"
    assert finished(instance.restore([KOELN], sql_restore_type=SQLDefines.RECOVER_ONLY)) == "Completed"
    assert live(platform, KOELN)["state"] == "ONLINE"


def test_broken_chain(platform, instance, subclient, backed_up):
    finished(subclient.backup("Transaction_Log"))
    act(platform, "change", set=[{"id": 600, "name": "lost"}])
    act(platform, "break_chain")
    finished(subclient.backup("Transaction_Log"))
    job = instance.restore([SALES])
    assert finished(job) == "Failed" and "chain" in job.delay_reason


def test_push_install_and_retire(platform, commcell):
    job = Install(commcell).install_software(["acme-fs02"], windows_features=[702], username="ACME\\svc", password="c2VjcmV0")
    assert finished(job) == "Completed"
    commcell.clients.refresh()
    client = commcell.clients.get("acme-fs02")
    assert client.is_ready and "file system" in client.agents.all_agents
    client.retire()
    commcell.clients.refresh()
    assert not commcell.clients.has_client("acme-fs02")


def test_subclient_is_deleted(instance, subclient):
    instance.subclients.delete("sales")
    default = instance.subclients.get("default")
    assert {SALES, KOELN} <= set(default.content)
