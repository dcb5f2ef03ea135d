# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.sql import INSTANCE, KOELN, SALES, SERVER, SIMPLE, WAREHOUSE, sql_world
from ansible_collections.calligo.baas.tests.support.walk import step, walk

MODULE = "commvault_sql_subclient"
PLAN, SPARE = tenant.PLAN["name"], tenant.SPARE_PLAN["name"]
ODD_NAMES = ["two  spaces", "a/b\\c", 'it\'s "quoted"', "100 % + 50%20", "Écréhous & Köln ß", "name?fq=x&y=z#1", "(byName='x')"]


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with sql_world(tmp_path_factory.mktemp("sql-subclient")) as world:
        world.run("commvault_plan", tenant.SPARE_PLAN)
        yield world


@pytest.fixture
def world(running):
    """No subclient but the default one."""
    yield running
    running.sandbox.control("DELETE", "/faults")
    running.run(MODULE, many(*({"name": name, "state": "absent"} for name in ("sales", "other", *ODD_NAMES))))


def many(*elements):
    return {"parallel": 1, "subclients": [{"client": SERVER, "instance": INSTANCE, **element} for element in elements]}


def one(name="sales", **options):
    return many({"name": name, **options})


def contents(world):
    """By subclient what it covers."""
    shown = world.run(MODULE, many({"name": "sales"}, {"name": "other"}, {"name": "default"}))["subclients"]
    return {row["name"]: set(row["databases"]) for row in shown}


def test_the_twelve_steps(world):
    present = tenant.inside(one(databases=[SALES, KOELN], plan=PLAN, description="Köln"))
    changed = tenant.inside(one(databases=[WAREHOUSE, SALES], plan=SPARE, description="", backup_enabled=False))
    results = walk(world.modules, MODULE, present, changed, tenant.inside(one(state="absent")))
    made = results["create"]["subclients"][0]
    assert (sorted(made["databases"]), made["plan"], made["covers_rest"]) == ([SALES, KOELN], PLAN, False)
    again = results["change again"]["subclients"][0]
    assert (sorted(again["databases"]), again["plan"], again["backup_enabled"]) == ([SALES, WAREHOUSE], SPARE, False)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names(world, name):
    made = step(world.modules, MODULE, tenant.inside(one(name, databases=[SALES], description=name)), check=False, changed=True)
    assert (made["subclients"][0]["name"], made["subclients"][0]["description"]) == (name, name)
    step(world.modules, MODULE, tenant.inside(one(name, databases=[SALES.upper()])), check=False, changed=False)


def test_the_default_subclient_covers_the_rest(world):
    world.run(MODULE, many({"name": "sales", "databases": [SALES]}, {"name": "other", "databases": [KOELN]}))
    assert contents(world)["default"] >= {WAREHOUSE, SIMPLE} and not {SALES, KOELN} & contents(world)["default"]
    for databases in ([WAREHOUSE], [SALES, WAREHOUSE]):
        assert "leave databases out" in world.failure(MODULE, one("default", databases=databases))["msg"]
    refused = world.failure(MODULE, one("default", state="absent"))
    assert refused["error"]["kind"] == "Refused" and "cannot be deleted" in refused["msg"] and world.writes() == []
    world.run(MODULE, one("other", state="absent"))
    shown = world.run(MODULE, one("default"))["subclients"][0]
    assert shown["covers_rest"] and KOELN in shown["databases"]


def test_a_subclient_cannot_be_emptied(world):
    world.run(MODULE, one(databases=[SALES]))
    assert "cannot be without databases" in world.failure(MODULE, one(databases=[]))["msg"]
    assert "give its databases" in world.failure(MODULE, one("other"))["msg"]
    assert world.writes() == []


def test_a_database_is_not_taken_from_another_subclient_unasked(world):
    world.run(MODULE, one(databases=[SALES, KOELN]))
    wish = {"name": "other", "databases": [SALES]}
    for check in (True, False):
        refused = world.failure(MODULE, many(wish), check=check)
        assert refused["error"]["kind"] == "Refused" and '"sales"' in refused["msg"] and "allow_move" in refused["msg"]
        assert world.writes() == []
    world.run(MODULE, many({**wish, "allow_move": True}))
    assert world.run(MODULE, one())["subclients"][0]["databases"] == [KOELN]


def test_databases_change_places_within_one_call(world):
    world.run(MODULE, many({"name": "sales", "databases": [SALES]}, {"name": "other", "databases": [KOELN]}))
    swapped = many({"name": "sales", "databases": [KOELN]}, {"name": "other", "databases": [SALES]})
    assert world.run(MODULE, swapped)["changed"]
    shown = contents(world)
    assert (shown["sales"], shown["other"]) == ({KOELN}, {SALES})
    assert not world.run(MODULE, swapped)["changed"]


def test_requests_are_few(world):
    world.run(MODULE, many({"name": "sales", "databases": [SALES]}, {"name": "other", "databases": [KOELN]}))
    wish = many({"name": "sales", "databases": [SALES]}, {"name": "other", "databases": [KOELN]}, {"name": "default"})
    _result, asked, writes = world.requests(MODULE, wish)
    # The company, one list, a read for each, and login and logout around them.
    assert len(asked) == 3 + 4 and writes == []


def test_nothing_is_half_written(world):
    first = {"name": "sales", "databases": [SALES]}
    for second, text in (
        ({"client": "no-such-server", "name": "x", "databases": ["a"]}, 'client "no-such-server" does not exist'),
        ({"client": "cafe-sql01", "instance": "CAFE-SQL01", "name": "x", "databases": ["Kasse"]}, "cafe-sql01"),
        ({"instance": "ACME-SQL01\\NONE", "name": "x", "databases": ["a"]}, "SQL Server instance"),
        ({"name": "other", "databases": ["No such database"]}, "no database called No such database"),
        ({"name": "other", "databases": [KOELN], "plan": "no plan"}, 'plan "no plan" does not exist'),
        ({"name": "other", "databases": [SALES.lower()]}, "can be in one only"),
        ({"name": "other", "databases": [" "]}, "without a name"),
        ({"name": "SALES", "databases": [KOELN]}, "listed twice"),
    ):
        assert text in world.failure(MODULE, many(first, second))["msg"]
        assert world.writes() == []


def test_what_is_missing_is_a_warning_in_check_mode(world):
    wish = many(
        {"client": "no-such-server", "name": "x", "databases": ["a"]}, {"name": "other", "databases": ["Not yet"], "plan": "no plan"}
    )
    result, _asked, writes = world.requests(MODULE, wish, check=True)
    assert result["changed"] and writes == []
    for name in ("no-such-server", "Not yet", "no plan"):
        assert any(name in str(warning) for warning in result["warnings"]), name


def test_a_deletion_that_waits_for_approval_is_not_called_done(world):
    world.run(MODULE, one(databases=[SALES]))
    world.sandbox.control("POST", "/faults", {"name": "pending_approval", "times": 1})
    assert "approval" in world.failure(MODULE, one(state="absent"))["msg"]


def test_a_creation_whose_answer_is_lost_is_found_and_not_repeated(world):
    world.sandbox.control(
        "POST", "/faults", {"name": "http", "method": "POST", "path": "/Subclient", "reset": True, "after": True, "times": 1}
    )
    world.sandbox.control("DELETE", "/journal")
    result = world.run(MODULE, one(databases=[SALES]))
    assert result["subclients"][0]["databases"] == [SALES] and world.writes() == ["POST /Subclient"]
