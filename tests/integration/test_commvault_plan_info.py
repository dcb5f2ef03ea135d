# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support.modules import Modules
from ansible_collections.calligo.baas.tests.support.walk import recorded, step

MODULE = "commvault_plan_info"
COMPANY = "Reading tenant / é"
NAME = 'read "50 %" a+b\\c'


@pytest.fixture(scope="module", autouse=True)
def tenant(sandbox):
    modules = Modules(sandbox)
    modules("commvault_company", {"name": COMPANY, "alias": "readingtenant"})
    modules("commvault_plan", {"company": COMPANY, **plan()})


def plan(**more):
    return {
        "name": NAME,
        "destinations": [{"name": "Primary", "storage_pool": "lux-pool-01", "region": "luxembourg"}],
        "schedules": [{"backup_type": "incremental", "frequency": {"type": "minutes", "every": 240}}],
        "content": {"windows_included": ["\\"], "unix_excluded": ["/tmp"]},
        "full_backup_window": [{"days": ["sunday"], "start": "00:00", "end": "24:00"}],
        "sla_days": 2,
        **more,
    }


def test_a_plan_is_read_in_three_requests(modules):
    result, requests = recorded(modules, MODULE, {"company": COMPANY, "names": [NAME]})
    (found,) = result["plans"]
    assert (found["name"], found["company"], found["status"], found["rpo_minutes"], found["sla_days"]) == (NAME, COMPANY, "enabled", 240, 2)
    assert found["destinations"][0]["follows_pool"] and found["destinations"][0]["retention_days"] == -1
    assert found["destinations"][0]["default"] and not found["destinations"][0]["snapshot"] and found["destinations"][0]["lock"] is None
    assert found["content"]["unix_excluded"] == ["/tmp"] and found["full_backup_window"][0]["days"] == ["sunday"]
    assert found["schedules"][0]["frequency"]["every"] == 240 and found["base_plan"] is None and found["associated_entities"] == 0
    # With the company's own look-up, login and logout.
    assert len(requests) <= 3 + 2 and not [row for row in requests if row["writes"] and "Log" not in row["path"]]


def test_all_plans_that_are_seen(modules):
    names = [row["name"] for row in modules(MODULE, {"company": COMPANY})["plans"]]
    assert NAME in names and NAME in [row["name"] for row in modules(MODULE, {})["plans"]]


def test_a_name_that_does_not_exist_is_a_result(modules):
    result = step(modules, MODULE, {"company": COMPANY, "names": [NAME, "none"]}, check=True, changed=False)
    assert result["missing"] == ["none"] and len(result["plans"]) == 1


def test_what_the_plan_protects(fresh_sandbox):
    modules = Modules(fresh_sandbox)
    modules("commvault_company", {"name": COMPANY, "alias": "readingtenant", "servers": ["acme-fs01"]})
    modules("commvault_plan", {"company": COMPANY, **plan()})
    subclient = {"client": "acme-fs01", "name": "data", "plan": NAME, "content": ["D:\\Data"]}
    modules("commvault_subclient", {"company": COMPANY, "subclients": [subclient]})
    (found,) = modules(MODULE, {"company": COMPANY, "names": [NAME], "entities": True})["plans"]
    assert found["associated_entities"] == 1
    assert (found["entities"][0]["client"], found["entities"][0]["subclient"]) == ("acme-fs01", "data")
