# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.sql import INSTANCE, KOELN, SALES, SERVER, SIMPLE, WAREHOUSE, sql_world

MODULE = "commvault_sql_database_info"
REPORTS = "ACME-SQL01\\REPORTS"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with sql_world(tmp_path_factory.mktemp("sql-info")) as running:
        running.run("commvault_sql_instance", {"instances": [{"client": SERVER, "instance": REPORTS}]})
        yield running


def by_name(result):
    return {row["name"]: row for row in result["databases"]}


def test_before_and_after_a_backup(world):
    before = by_name(world.run(MODULE, {}))
    assert list(before) == [SALES, SIMPLE, WAREHOUSE, KOELN, "Reports"]
    row = before[SALES]
    assert (row["last_backup"], row["restorable"], row["restorable_until"], row["last_full_job"]) == (None, False, None, None)
    assert (row["company"], row["plan"], row["recovery_model"]) == (tenant.COMPANY["name"], tenant.PLAN["name"], "full")
    assert (before["Reports"]["plan"], before["Reports"]["sla"], before[SIMPLE]["recovery_model"]) == (None, "excluded", "simple")
    job = world.backup()
    after = by_name(world.run(MODULE, {"files": True}))
    row = after[SALES]
    assert (row["sla"], row["last_full_job"], row["restorable"]) == ("met", job["id"], True)
    assert row["restorable_until"] == row["last_backup"] and row["last_backup"] is not None
    assert [file["logical"] for file in after[WAREHOUSE]["files"]] == ["Warehouse", "Warehouse_archive", "Warehouse_log"]
    assert after["Reports"]["files"] is None


def test_what_was_dropped_can_still_be_seen(world):
    world.backup()
    world.act("drop", KOELN)
    row = by_name(world.run(MODULE, {"files": True}))[KOELN]
    assert (row["exists"], row["restorable"], row["id"]) == (False, True, None) and row["files"]
    world.run("commvault_restore", {"sql": {"client": SERVER, "instance": INSTANCE, "databases": [{"name": KOELN}]}})
    assert by_name(world.run(MODULE, {}))[KOELN]["exists"]


def test_selections(world):
    assert [row["name"] for row in world.run(MODULE, {"client": SERVER, "instance": REPORTS})["databases"]] == ["Reports"]
    assert [row["name"] for row in world.run(MODULE, {"databases": [SALES.upper(), "none"]})["databases"]] == [SALES]
    assert world.run(MODULE, {"client": SERVER})["total"] == 5
    system = by_name(world.run(MODULE, {"client": SERVER, "instance": INSTANCE, "system_databases": True}))
    assert {"master", "model", "msdb"} < set(system)
    assert "does not exist" in world.failure(MODULE, {"client": "no-such-server"})["msg"]
    assert INSTANCE in world.failure(MODULE, {"client": SERVER, "instance": "x"})["msg"]


def test_requests_do_not_grow_with_the_databases(world):
    _result, asked, writes = world.requests(MODULE, {})
    # Login, company, three lists, one read for each of two instances, logout.
    assert len(asked) == 2 + 3 + 2 + 1 and writes == []


def test_other_tenants_are_not_seen(world):
    world.modules("commvault_company", {"name": "Café Müller & Söhne", "alias": "cafe", "servers": ["cafe-sql01"]})
    result = world.modules(MODULE, {"company": "Café Müller & Söhne"})
    assert [row["name"] for row in result["databases"]] == ["Kasse", "Löhne & Gehälter"]
    assert "cafe-sql01" in world.failure(MODULE, {"client": "cafe-sql01"})["msg"]
    everything = world.modules(MODULE, {})
    assert {"Kasse", SALES} < {row["name"] for row in everything["databases"]}
