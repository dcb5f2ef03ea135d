# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.calligo.baas.tests.support.walk import recorded

MODULE = "commvault_storage_pool_info"


def test_a_pool_and_who_keeps_how_long_on_it(modules):
    where = {"storage_pool": "jer-pool-02", "region": "jersey", "retention_days": 30}
    rules = [{"type": "yearly_fulls", "retention_days": "infinite"}]
    destinations = [
        {"name": "Primary", **where},
        {"name": "Second", "source": "Primary", "backups_to_copy": "monthly_fulls", "extended_retention": rules, **where},
    ]
    modules("commvault_plan", {"name": "pool reader", "destinations": destinations})
    result, requests = recorded(modules, MODULE, {"names": ["jer-pool-02", "lux-pool-plain", "none"]})
    pool, plain = result["storage_pools"]
    assert (pool["kind"], pool["region"], pool["status"], pool["company"], pool["locks"]) == ("disk", "jersey", "Online", None, [])
    assert pool["encryption"] == {"enabled": True, "cipher": "AES", "key_length": 256, "key_provider": "Built-in"}
    assert pool["capacity_bytes"] == 104857600 * 1024**2 == pool["free_bytes"] + pool["used_bytes"]
    copies = {row["destination"]: row for row in pool["copies"] if row["plan"] == "pool reader"}
    assert copies["Primary"]["retention_days"] == 30 and copies["Primary"]["backups_to_copy"] == "all"
    assert copies["Second"]["extended_retention"] == [{"type": "yearly_fulls", "retention_days": -1}]
    assert copies["Second"]["backups_to_copy"] == "monthly_fulls"
    assert plain["encryption"]["enabled"] is False and plain["encryption"]["cipher"] is None
    assert result["missing"] == ["none"] and not result["changed"]
    assert len(requests) == 2 + 2 + 2 * 3


def test_all_pools_with_their_locks(modules):
    modules.sandbox.control("POST", "/pool", {"name": "jer-pool-02", "worm": 1 | 8})
    found = {row["name"]: row for row in modules(MODULE, {})["storage_pools"]}
    modules.sandbox.control("POST", "/pool", {"name": "jer-pool-02", "worm": 0})
    assert found["jer-pool-02"]["locks"] == ["compliance", "bucket"] and {"lux-pool-01", "lux-pool-02"} <= found.keys()
