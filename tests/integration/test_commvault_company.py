# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support.walk import recorded, step, walk

MODULE = "commvault_company"
ODD_NAMES = ["Café & Fils", 'O\'Neill "Ltd"', "50 % + 1 / 2", "back\\slash", "Łódź ß Écréhous", "a:b,c?d=e#f"]


def company(name, alias, **more):
    return {"name": name, "alias": alias, **more}


def plan(modules, name, **more):
    destination = {"name": "Primary", "storage_pool": "lux-pool-01", "retention_days": 30}
    return modules("commvault_plan", {"name": name, "destinations": [destination], **more})["plan"]


def test_walk(modules):
    made = company("Walk & Söhne", "walk", contact={"name": "Ada Admin", "email": "ada@walk.example.com"}, email_suffix="walk.example.com")
    changed = {**made, "alias": "walker", "email_suffix": "walker.example.com"}
    results = walk(modules, MODULE, made, changed, {"name": "Walk & Söhne", "state": "absent"})
    assert results["create"]["company"] == {
        "id": results["change"]["company"]["id"],
        "name": "Walk & Söhne",
        "alias": "walk",
        "status": "ACTIVE",
        "email_suffix": "walk.example.com",
        "contact": {"name": "Ada Admin", "email": "ada@walk.example.com"},
        "plans": [],
    }
    assert results["create check"]["company"]["alias"] == "walk" and "id" not in results["create check"]["company"]
    assert results["change check"]["diff"]["after"]["alias"] == results["change"]["diff"]["after"]["alias"] == "walker"
    assert results["change check"]["diff"]["before"]["email_suffix"] == "walk.example.com"
    assert results["delete"]["company"] is None


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_of_every_kind(modules, name):
    alias = f"odd{ODD_NAMES.index(name)}"
    assert modules(MODULE, company(name, alias))["company"]["name"] == name
    assert step(modules, MODULE, company(name, alias), check=False, changed=False)
    modules(MODULE, {"name": name, "state": "absent"})


def test_names_are_compared_without_case_and_never_made_twice(modules):
    modules(MODULE, company("Case Ltd", "case"))
    step(modules, MODULE, company("CASE LTD", "CASE"), check=False, changed=False)
    modules(MODULE, {"name": "case ltd", "state": "absent"})


def test_plans_are_added_and_never_taken_away(modules):
    plan(modules, "shared-gold")
    plan(modules, "shared-silver")
    modules(MODULE, company("Plans Ltd", "plans", plans=["shared-gold"]))
    own = plan(modules, "plans-own", company="Plans Ltd")
    result = step(modules, MODULE, {"name": "Plans Ltd", "plans": ["Shared-Silver", "plans-own"]}, check=False, changed=True)
    assert result["company"]["plans"] == ["plans-own", "shared-gold", "shared-silver"]
    step(modules, MODULE, {"name": "Plans Ltd", "plans": []}, check=False, changed=False)
    step(modules, MODULE, {"name": "Plans Ltd"}, check=False, changed=False)
    assert own["company"] == "Plans Ltd"


def test_a_plan_of_another_company_is_not_to_be_had(modules):
    modules(MODULE, company("Owner Ltd", "owner"))
    plan(modules, "owner-secret", company="Owner Ltd")
    result = modules.failure(MODULE, company("Taker Ltd", "taker", plans=["owner-secret"]))
    assert 'The plan "owner-secret" does not exist' in result["msg"]
    assert modules(MODULE, {"name": "Taker Ltd", "state": "absent"}, check=True)["changed"] is False


def test_servers_of_the_provider_are_given_in_one_call_and_those_of_others_are_refused(modules):
    server, other = "boreal-fs01", "cafe-fs01"
    modules(MODULE, company("Server Ltd", "server"))
    result, requests = recorded(modules, MODULE, {"name": "Server Ltd", "servers": [server.upper()]})
    assert result["changed"] and result["company"]["servers"] == [server]
    assert [row["path"].rsplit("/", 1)[1] for row in requests if row["writes"]] == ["company-association"]
    step(modules, MODULE, {"name": "Server Ltd", "servers": [server]}, check=False, changed=False)
    for check in (True, False):
        result = modules.failure(MODULE, company("Thief Ltd", "thief", servers=[other, server]), check=check)
        assert server in result["msg"] and "Server Ltd" in result["msg"] and result["error"]["kind"] == "Refused"
    assert modules(MODULE, {"name": "Thief Ltd", "state": "absent"})["changed"] is False
    result = modules.failure(MODULE, {"name": "Server Ltd", "state": "absent"})
    assert "still owns 1: boreal-fs01" in result["msg"] and "force" in result["msg"]
    result = modules.failure(MODULE, {"name": "Server Ltd", "state": "absent", "force": True})
    assert "was deactivated, but not deleted" in result["msg"] and "boreal-fs01" in result["msg"]
    assert modules(MODULE, {"name": "Server Ltd"})["company"]["status"] == "DEACTIVATED"


def test_another_contact_is_told_and_not_pretended(modules):
    contact = {"name": "Ada Admin", "email": "ada@contact.example.com"}
    modules(MODULE, company("Contact Ltd", "contact", contact=contact))
    result = step(
        modules,
        MODULE,
        company("Contact Ltd", "contact", contact={**contact, "email": "bob@contact.example.com"}),
        check=False,
        changed=False,
    )
    assert result["company"]["contact"] == contact
    assert "ada@contact.example.com" in str(result["warnings"]) and "Command Center" in str(result["warnings"])


def test_a_deletion_that_waits_for_approval_is_not_called_done(modules):
    modules(MODULE, company("Pending Ltd", "pending"))
    modules.sandbox.control("POST", "/faults", {"name": "pending_approval"})
    result = modules.failure(MODULE, {"name": "Pending Ltd", "state": "absent"})
    assert "waits for approval" in result["msg"]


def test_a_creation_whose_connection_breaks_is_looked_for_and_not_repeated(modules):
    modules.sandbox.control("POST", "/faults", {"name": "http", "method": "POST", "path": "/V4/company$", "reset": True, "times": 1})
    modules.sandbox.control("DELETE", "/journal")
    result = modules.failure(MODULE, company("Lost Ltd", "lost"))
    asked = [f"{row['method']} {row['path'].rsplit('/', 1)[1]}" for row in modules.sandbox.control("GET", "/journal")["requests"]]
    assert "the connection broke" in result["msg"]
    assert asked == ["POST Login", "GET Organization", "POST company", "GET Organization", "POST Logout"]
