# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many objects in one task: how many requests that costs, and over how many connections. Counted by the simulator."""

from __future__ import annotations

import collections

import pytest

from ansible_collections.calligo.baas.tests.support.modules import Modules
from ansible_collections.calligo.baas.tests.support.walk import recorded
from commvaultsim.sandbox import Sandbox

SERVERS, EACH = 12, 5
NAMES = [(f"seed-fs{server + 1:04}", f"data-{number + 1:02}") for server in range(SERVERS) for number in range(EACH)]


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    with Sandbox(tmp_path_factory.mktemp("bulk"), job_seconds=0.3) as sandbox:
        sandbox.control("POST", "/seed", {"servers": SERVERS, "subclients": EACH})
        yield Modules(sandbox)


def counted(modules, name, options, **more):
    """The result, the calls by route, and the number of connections."""
    result, asked = recorded(modules, name, options, **more)
    routes = collections.Counter(f"{row['method']} {row['route']}" for row in asked)
    return result, routes, len({row["connection"] for row in asked})


def wish():
    return [{"client": client, "name": name, "content": [f"D:\\{name}"], "filters": ["**\\Pagefile.sys"]} for client, name in NAMES]


@pytest.mark.parametrize("parallel", [1, 4])
def test_unchanged_subclients_cost_a_request_for_each_server(modules, parallel):
    result, routes, connections = counted(modules, "commvault_subclient", {"subclients": wish(), "parallel": parallel})
    assert not result["changed"] and len(result["subclients"]) == len(NAMES)
    assert routes == {"POST /Login": 1, "GET /Subclient": SERVERS, "POST /Logout": 1}
    assert connections == parallel


def test_where_lists_are_brief_each_subclient_is_read_once(modules):
    modules.sandbox.control("POST", "/faults", {"name": "subclient_list_brief"})
    try:
        result, routes, connections = counted(modules, "commvault_subclient", {"subclients": wish(), "parallel": 6})
    finally:
        modules.sandbox.control("DELETE", "/faults")
    assert not result["changed"] and routes["GET /Subclient/{id:int}"] == len(NAMES) and routes["GET /Subclient"] == SERVERS
    assert connections == 6


def test_a_change_among_many_is_the_only_write_and_on_one_connection(modules):
    changed = wish()
    for number in (7, 3, 40):
        changed[number]["description"] = "changed"
    result, asked = recorded(modules, "commvault_subclient", {"subclients": changed})
    writes = [row for row in asked if row["writes"]]
    assert [one["changed"] for one in result["subclients"]].count(True) == len(writes) == 3
    assert len({row["connection"] for row in writes}) == 1
    ids = [one["id"] for one in result["subclients"] if one["changed"]]
    assert [int(row["path"].rsplit("/", 1)[1]) for row in writes] == ids, "in the order of the task"


def test_a_delay_of_the_server_is_waited_for_side_by_side(modules):
    """Eight requests with a delay must not take eight delays: in the client they overlap, in the simulator nothing holds the others up."""
    modules.sandbox.control("POST", "/faults", {"name": "http", "path": "/Subclient", "delay": 0.2})
    try:
        _result, asked = recorded(modules, "commvault_subclient", {"subclients": wish(), "parallel": 12})
    finally:
        modules.sandbox.control("DELETE", "/faults")
    times = [row["time"] for row in asked if row["route"] == "/Subclient"]
    assert len(times) == SERVERS and max(times) - min(times) < 0.2 * SERVERS / 2


def test_whether_any_was_ever_backed_up_takes_two_requests_for_all(modules):
    targets = {"subclients": [{"client": client, "name": name} for client, name in NAMES], "start": "if_never_backed_up", "level": "full"}
    result, routes, _connections = counted(modules, "commvault_backup", {**targets, "wait": False}, check=True)
    assert [target["action"] for target in result["targets"]] == ["started"] * len(NAMES)
    assert routes == {"POST /Login": 1, "GET /Subclient": SERVERS, "POST /Jobs": 2, "POST /Logout": 1}
    modules.sandbox.control("POST", "/seed", {"jobs": 400, "days": 3})
    result, routes, _connections = counted(modules, "commvault_backup", {**targets, "wait": False})
    assert {target["action"] for target in result["targets"]} == {"kept"} and not result["changed"]
    assert [job["outcome"] in ("success", "partial") for job in result["jobs"]] == [True] * len(NAMES)
    assert routes == {"POST /Login": 1, "GET /Subclient": SERVERS, "POST /Jobs": 2, "POST /Logout": 1}


def test_a_server_that_is_not_there_is_named_among_many(modules):
    wanted = [*wish()[:4], {"client": "no-such-server", "name": "x", "content": ["D:\\"]}, *wish()[4:]]
    failed = modules.failure("commvault_subclient", {"subclients": wanted})
    assert "no-such-server" in failed["msg"] and failed["error"]["kind"] == "NotFound"
    targets = [{"client": client, "name": name} for client, name in [*NAMES[:3], ("no-such-server", "x")]]
    assert "no-such-server" in modules.failure("commvault_backup", {"subclients": targets})["msg"]


def test_readiness_is_asked_side_by_side(modules):
    servers = sorted({client for client, _name in NAMES})
    result, routes, connections = counted(modules, "commvault_infrastructure_info", {"servers": servers, "parallel": 5})
    assert [server["ready"] for server in result["infrastructure"]["servers"]] == [True] * SERVERS
    assert routes["GET /Client/{id:int}/CheckReadiness"] == SERVERS and connections == 5
