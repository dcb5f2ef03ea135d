# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt

import pytest

from ansible_collections.calligo.baas.tests.support.protected import GROUP, HYPERVISOR, RESTORE_CLIENT, SUBCLIENT, protected
from ansible_collections.calligo.baas.tests.support.walk import recorded, step

MODULE = "commvault_activity"
SERVER = SUBCLIENT["client"]
SQL = {"client": "acme-sql01", "agent": "sql_server"}
FILES = {"client": SERVER, "subclient": SUBCLIENT["name"]}
VMS = {"vm_group": GROUP["name"], "hypervisor": HYPERVISOR}
HOUR = 3600
ELEMENTS = {
    "server": {"client": SERVER, "backup": False, "restore": False, "data_aging": False},
    "hypervisor": {"client": HYPERVISOR, "backup": False, "restore": False},
    "agent": {"client": SERVER, "agent": "file_system", "backup": False, "restore": False},
    "SQL Server agent": {**SQL, "backup": False},
    "instance": {**SQL, "instance": "ACME-SQL01\\PROD", "backup": False, "restore": False},
    "subclient": {**FILES, "backup": False},
    "SQL subclient": {**SQL, "instance": "ACME-SQL01\\PROD", "subclient": "default", "backup": False},
    "VM group": {**VMS, "backup": False},
    "plan": {"plan": "Gold", "backup": False},
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with protected(tmp_path_factory.mktemp("activity")) as world:
        yield world


def only(*elements):
    return {"activities": list(elements)}


def opposite(element):
    return {key: True if value is False else value for key, value in element.items()}


@pytest.fixture(autouse=True)
def all_on(world):
    yield
    world.run(MODULE, only(*map(opposite, ELEMENTS.values())))


def later(world, seconds=HOUR):
    now = world.sandbox.control("GET", "/clock")["now"]
    return dt.datetime.fromtimestamp(int(now) + seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("element", ELEMENTS.values(), ids=ELEMENTS)
def test_every_level_is_switched_off_and_on_each_once(world, element):
    for options in (only(element), only(opposite(element))):
        for check, changed in ((True, True), (False, True), (True, False), (False, False)):
            result = step(world.modules, MODULE, options, check=check, changed=changed)
            (shown,) = result["activities"]
            assert {key: shown[key] for key in element} == options["activities"][0]
            assert len(result["diff"]) == changed


def test_many_cost_one_list_for_each_client_and_are_read_before_the_first_is_switched(world):
    elements = [ELEMENTS[name] for name in ("server", "agent", "subclient", "VM group", "plan")]
    elements.append({**FILES, "subclient": "default", "backup": False})
    _result, requests = recorded(world.modules, MODULE, only(*elements))
    lines = [row["method"] for row in requests][1:-1]
    # Client, agents, subclients, VM groups and one of them, plans; then three, two, one, one, one and one to switch.
    assert lines == ["GET"] * 6 + ["PUT"] * 9
    _result, requests = recorded(world.modules, MODULE, only(*elements))
    assert [row["method"] for row in requests][1:-1] == ["GET"] * 6


def test_a_name_that_does_not_exist_leaves_all_as_it_is(world):
    world.sandbox.control("DELETE", "/journal")
    failure = world.failure(MODULE, only(ELEMENTS["server"], {"client": SERVER, "subclient": "nothing", "backup": False}))
    assert "nothing" in failure["msg"] and world.writes() == []
    for missing in (
        {"client": "none"},
        {**SQL, "client": SERVER},
        {**SQL, "instance": "X\\Y"},
        {"plan": "none"},
        {**VMS, "vm_group": "none"},
    ):
        assert "does not exist" in world.failure(MODULE, only({**missing, "backup": False}))["msg"]


def status(world, job_id):
    return world.run("commvault_job_info", {"job_ids": [job_id]})["jobs"][0]["status"]


def test_a_backup_of_an_agent_waits_until_it_is_on_again(world):
    world.run(MODULE, only(ELEMENTS["agent"]))
    (job,) = world.run("commvault_backup", {"subclients": [SUBCLIENT], "level": "full", "wait": False})["jobs"]
    for _reading in range(3):
        assert status(world, job["id"]) == "Queued"
    world.run(MODULE, only(opposite(ELEMENTS["agent"])))
    assert world.run("commvault_job", {"job_ids": [job["id"]]})["jobs"][0]["outcome"] == "success"


@pytest.mark.parametrize("name", ["server", "subclient"])
def test_a_backup_of_what_is_off_is_refused(world, name):
    world.run(MODULE, only(ELEMENTS[name]))
    assert "disabled" in world.failure("commvault_backup", {"subclients": [SUBCLIENT], "level": "full"})["msg"]


@pytest.mark.parametrize("name", ["server", "agent"])
def test_nothing_is_restored_where_that_is_off(world, name):
    world.run("commvault_backup", {"subclients": [SUBCLIENT], "level": "full"})
    world.run(MODULE, only(ELEMENTS[name]))
    files = {**FILES, "paths": ["D:\\Data\\Köln"], "destination_client": RESTORE_CLIENT, "destination_path": "E:\\"}
    assert "disabled" in world.failure("commvault_restore", {"files": files})["msg"]


def test_only_what_is_given_is_switched(world):
    world.run(MODULE, only({"client": SERVER, "data_aging": False}))
    shown = world.run(MODULE, only({"client": SERVER, "backup": True}))["activities"][0]
    assert (shown["data_aging"], shown["backup"], shown["restore"]) == (False, True, True)


@pytest.mark.parametrize("name", ["server", "agent", "instance", "subclient", "VM group"])
def test_what_is_off_until_a_time_comes_on_by_itself(world, name):
    options = only({**ELEMENTS[name], "enable_after": later(world)})
    for check, changed in ((True, True), (False, True), (True, False), (False, False)):
        (shown,) = step(world.modules, MODULE, options, check=check, changed=changed)["activities"]
        assert shown["backup_enabled_after"] == options["activities"][0]["enable_after"]
    # Another time is a change, no time is not.
    assert step(world.modules, MODULE, only({**ELEMENTS[name], "enable_after": later(world, 2 * HOUR)}), check=False, changed=True)
    assert step(world.modules, MODULE, only(ELEMENTS[name]), check=False, changed=False)
    world.sandbox.control("POST", "/clock", {"advance": 2 * HOUR + 1})
    assert step(world.modules, MODULE, only(opposite(ELEMENTS[name])), check=False, changed=False)


def test_what_makes_no_sense_is_refused_before_anything_is_asked(world):
    wrong = [
        ({**FILES, "restore": False}, "only backup"),
        ({"plan": "Gold", "data_aging": True}, "only backup"),
        ({"client": SERVER, "backup": False, "enable_after": "2020-01-01T00:00:00Z"}, "has passed"),
        ({"client": SERVER, "backup": False, "enable_after": "soon"}, "is not a time"),
        ({"client": SERVER, "backup": True, "enable_after": later(world)}, "switched off"),
        ({"plan": "Gold", "backup": False, "enable_after": later(world)}, "plan"),
        ({"client": SERVER, "instance": "X", "backup": False}, "give agent too"),
    ]
    for element, words in wrong:
        assert words in world.failure(MODULE, only(element))["msg"]
    assert "twice" in world.failure(MODULE, only(ELEMENTS["server"], {**ELEMENTS["server"], "client": SERVER.upper()}))["msg"]
    assert "one of the following" in world.failure(MODULE, only({"client": SERVER}))["msg"]


def test_a_company_switches_its_own_alone(world):
    world.run("commvault_company", {"name": "Other & Söhne", "alias": "other"})
    inside = {"company": "Other & Söhne"}
    for element in (ELEMENTS["server"], {"client": "lux-an-01", "backup": False}, ELEMENTS["plan"], ELEMENTS["VM group"]):
        world.sandbox.control("DELETE", "/journal")
        failure = world.failure(MODULE, {**inside, **only(element)})
        assert "does not exist" in failure["msg"] and world.writes() == []
