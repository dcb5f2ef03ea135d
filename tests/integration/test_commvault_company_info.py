# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support.modules import Modules
from ansible_collections.calligo.baas.tests.support.tenant import PLAN
from ansible_collections.calligo.baas.tests.support.walk import recorded

MODULE = "commvault_company_info"
NAMES = ["Info tenant é & ß", 'Info "B" 100 % + 1 / 2']


@pytest.fixture(scope="module", autouse=True)
def tenants(sandbox):
    modules = Modules(sandbox)
    more = {
        "contact": {"name": "Ada Admin", "email": "ada@infoa.example.com"},
        "operators": [{"user_group": "master", "role": "Tenant Operator"}],
        "tags": {"contract": "4711", "Größe": "L"},
    }
    modules("commvault_company", {"name": NAMES[0], "alias": "infoa", "email_suffix": "infoa.example.com", **more})
    modules("commvault_company", {"name": NAMES[1], "alias": "infob"})
    modules("commvault_plan", {"company": NAMES[0], **PLAN, "name": "info-plan"})


def test_the_list_alone_is_one_request(modules):
    result, requests = recorded(modules, MODULE, {"gather": []})
    assert [row["path"].rsplit("/", 1)[1] for row in requests] == ["Login", "company", "Logout"]
    found = {company["name"]: company for company in result["companies"]}
    assert found[NAMES[0]]["tags"] == {"contract": "4711", "Größe": "L"}
    assert found[NAMES[0]]["operators"] == [{"user_group": "master", "role": "Tenant Operator"}]
    assert (found[NAMES[0]]["entity_count"], found[NAMES[1]]["entity_count"]) == (1, 0)
    names = [company["name"] for company in result["companies"]]
    assert names == sorted(names, key=str.casefold)


def test_named_companies_come_in_the_order_of_their_names_with_what_is_asked_for(modules):
    result = modules(MODULE, {"names": [NAMES[1].upper(), NAMES[0]], "gather": ["settings", "entities"]})
    second, first = result["companies"]
    assert (first["alias"], first["status"], first["email_suffix"]) == ("infoa", "ACTIVE", "infoa.example.com")
    assert first["contacts"] == [{"user": "infoa\\ada", "name": "Ada Admin", "email": "ada@infoa.example.com"}]
    assert [entity["name"] for entity in first["entities"]] == ["info-plan"]
    assert (second["name"], second["entities"], second["contacts"]) == (NAMES[1], [], [])
    assert "virtualization" in first["supported_solutions"] and result["changed"] is False


def test_all_that_are_missing_are_named_at_once(modules):
    result = modules.failure(MODULE, {"names": ["nobody", NAMES[0], "nowhere"]})
    assert '"nobody", "nowhere"' in result["msg"] and result["error"]["names"] == ["nobody", "nowhere"]


def test_deleted_companies_are_told_on_demand(modules):
    modules("commvault_company", {"name": "Info gone", "alias": "infogone"})
    modules("commvault_company", {"name": "Info gone", "state": "absent"})
    assert "Info gone" not in [company["name"] for company in modules(MODULE, {"gather": []})["companies"]]
    (gone,) = modules(MODULE, {"names": ["info gone"], "include_deleted": True})["companies"]
    assert (gone["status"], gone["plans"]) == ("DELETED", [])
