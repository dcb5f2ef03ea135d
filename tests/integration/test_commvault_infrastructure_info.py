# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

MODULE = "commvault_infrastructure_info"


def look(modules, **names):
    return modules(MODULE, names)["infrastructure"]


def by_name(rows):
    return {row["name"]: row for row in rows}


def test_storage_pools_tell_encryption_and_region(modules):
    pools = by_name(look(modules, storage_pools=["lux-pool-01", "lux-pool-plain", "jer-pool-01", "no-such-pool"])["storage_pools"])
    assert [pools[name]["encrypted"] for name in ("lux-pool-01", "lux-pool-plain", "jer-pool-01")] == [True, False, True]
    assert [pools[name]["region"] for name in ("lux-pool-01", "jer-pool-01")] == ["luxembourg", "jersey"]
    assert pools["no-such-pool"]["exists"] is False


def test_access_nodes_tell_their_region(modules):
    nodes = by_name(look(modules, access_nodes=["jer-an-01", "acme-fs01"])["access_nodes"])
    assert (nodes["jer-an-01"]["exists"], nodes["jer-an-01"]["region"]) == (True, "jersey")
    assert nodes["acme-fs01"]["exists"] is False, "a file server is no access node"


def test_servers_tell_whether_they_answer(modules):
    servers = by_name(look(modules, servers=["lux-restore-01", "lux-fs-offline", "no-such-server"])["servers"])
    assert [servers[name]["exists"] for name in ("lux-restore-01", "lux-fs-offline", "no-such-server")] == [True, True, False]
    assert [servers[name]["ready"] for name in ("lux-restore-01", "lux-fs-offline")] == [True, False]


def test_a_server_that_nobody_tells_the_owner_of_is_not_taken_for_the_providers(modules):
    modules.sandbox.control("POST", "/faults", {"name": "owners_hidden"})
    assert 'whose the client "lux-restore-01" is' in modules.failure(MODULE, {"servers": ["lux-restore-01"]})["msg"]


def test_names_keep_their_order_and_nothing_is_written(modules):
    modules.sandbox.control("DELETE", "/journal")
    names = ["lux-pool-02", "no-such-pool", "lux-pool-01"]
    assert [row["name"] for row in look(modules, storage_pools=names)["storage_pools"]] == names
    assert not [call for call in modules.sandbox.control("GET", "/journal")["requests"] if call["writes"]]
