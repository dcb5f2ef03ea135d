# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support.modules import run_module
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
    changed = {**made, "alias": "walker", "allow_alias_change": True, "email_suffix": "walker.example.com"}
    results = walk(modules, MODULE, made, changed, {"name": "Walk & Söhne", "state": "absent"})
    assert results["create"]["company"] == {
        "id": results["change"]["company"]["id"],
        "name": "Walk & Söhne",
        "alias": "walk",
        "status": "ACTIVE",
        "email_suffix": "walk.example.com",
        "contact": {"name": "Ada Admin", "email": "ada@walk.example.com"},
        "contacts": ["walk\\ada"],
        "operators": [],
        "supported_solutions": ["databases", "file_server", "virtualization"],
        "plans": [],
    }
    assert results["create check"]["company"]["alias"] == "walk" and "id" not in results["create check"]["company"]
    assert results["change check"]["diff"]["after"]["alias"] == results["change"]["diff"]["after"]["alias"] == "walker"
    assert results["change check"]["diff"]["before"]["email_suffix"] == "walk.example.com"
    assert results["delete"]["company"] is None


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("state", ["present", "deactivated", "absent"])
def test_a_company_is_meant_by_its_name_and_its_alias(modules, check, state):
    modules(MODULE, company("One Ltd", "one"))
    before = modules.sandbox.control("GET", "/state")["companies"]
    failed = modules.failure(MODULE, company("One Ltd", "two", state=state, email_suffix="two.example.com"), check=check)
    assert 'has the alias "one", not "two"' in failed["msg"]
    failed = modules.failure(MODULE, company("Another Ltd", "ONE"), check=check)
    assert 'The alias "ONE" belongs to the company "One Ltd"' in failed["msg"]
    assert modules.sandbox.control("GET", "/state")["companies"] == before


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
    assert "would go: 1 servers" in result["msg"] and result["error"]["lost"]["servers"] == 1
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
    assert "ada@contact.example.com" in str(result["warnings"]) and "Say with contacts" in str(result["warnings"])


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
    # Whose the name is, and whose the alias; and whether the company is there after all.
    assert asked == ["POST Login", *["GET Organization"] * 2, "POST company", "GET Organization", "POST Logout"]


OPERATOR = {"user_group": "master", "role": "Tenant Operator"}


def test_the_new_lists_walk_too(modules):
    made = company("Lists é & ß", "lists", operators=[OPERATOR], tags={"contract": "4711", "Größe": "L"}, supported_solutions=["databases"])
    changed = {**made, "operators": [{"user": "admin", "role": "View"}], "tags": {"contract": "0815"}, "supported_solutions": ["laptop"]}
    results = walk(modules, MODULE, made, changed, {"name": "Lists é & ß", "state": "absent"})
    assert results["create"]["company"]["operators"] == [OPERATOR]
    after = results["change"]["company"]
    assert after["operators"] == [OPERATOR, {"user": "admin", "role": "View"}]
    assert after["tags"] == {"contract": "0815", "Größe": "L"}
    assert after["supported_solutions"] == ["databases", "laptop"]


def test_what_is_exact_loses_what_the_task_does_not_name_and_nothing_else(modules):
    plan(modules, "exact-gold")
    plan(modules, "exact-silver")
    operators = [OPERATOR, {"user": "admin", "role": "View"}]
    lists = {"operators": operators, "tags": {"a": "1", "b": "2"}, "plans": ["exact-gold", "exact-silver"]}
    modules(MODULE, company("Exact Ltd", "exact", **lists))
    smaller = {"name": "Exact Ltd", "operators": operators[:1], "tags": {"b": "2"}, "plans": ["exact-silver"]}
    step(modules, MODULE, smaller, check=False, changed=False)
    result = step(modules, MODULE, {**smaller, "exact": ["operators", "plans"]}, check=False, changed=True)
    assert (result["company"]["operators"], result["company"]["plans"]) == (operators[:1], ["exact-silver"])
    assert result["company"]["tags"] == {"a": "1", "b": "2"}
    result = step(modules, MODULE, {**smaller, "exact": ["tags"]}, check=False, changed=True)
    assert result["company"]["tags"] == {"b": "2"}
    step(modules, MODULE, {**smaller, "exact": ["operators", "plans", "tags"]}, check=False, changed=False)
    result = modules(MODULE, {"name": "Exact Ltd", "operators": [], "exact": ["operators"]})
    assert result["company"]["operators"] == []


def test_contacts_are_users_of_the_company(modules):
    first = {"name": "Ada Admin", "email": "ada@people.example.com"}
    assert "does not exist yet" in modules.failure(MODULE, company("People Ltd", "people", contacts=["bob"]), check=True)["msg"]
    modules(MODULE, company("People Ltd", "people", contact=first))
    assert (
        'The user of this company "admin" does not exist' in modules.failure(MODULE, {"name": "People Ltd", "contacts": ["admin"]})["msg"]
    )
    modules("commvault_user", {"company": "People Ltd", "name": "bob", "email": "bob@people.example.com"})
    result = step(modules, MODULE, {"name": "People Ltd", "contacts": ["bob"]}, check=False, changed=True)
    assert result["company"]["contacts"] == ["people\\ada", "people\\bob"]
    result = step(modules, MODULE, {"name": "People Ltd", "contacts": ["people\\BOB"], "exact": ["contacts"]}, check=False, changed=True)
    assert result["company"]["contacts"] == ["people\\bob"]
    assert "without a contact" in modules.failure(MODULE, {"name": "People Ltd", "contacts": [], "exact": ["contacts"]})["msg"]


def test_an_unknown_operator_stops_before_anything_is_written(modules):
    for row, text in (({**OPERATOR, "user_group": "no-such"}, 'user group "no-such"'), ({**OPERATOR, "role": "no-such"}, 'role "no-such"')):
        assert text in modules.failure(MODULE, company("Early Ltd", "early", operators=[row]))["msg"]
    assert modules(MODULE, {"name": "Early Ltd", "state": "absent"}, check=True)["changed"] is False


def test_a_company_is_deactivated_in_part_and_activated_again(modules):
    contact = {"name": "Ada", "email": "ada@sleep.example.com"}
    modules(MODULE, company("Sleep Ltd", "sleep", contact=contact))
    account = {
        "company": "Sleep Ltd",
        "name": "svc",
        "email": "svc@sleep.example.com",
        "user_password": "pw",
        "user_groups": ["Tenant Admin"],
    }
    modules("commvault_user", account)
    own = {**modules.connection("commvault_"), "username": "sleep\\svc", "password": "pw", "names": ["Sleep Ltd"]}
    for options, disabled in (
        ({"state": "deactivated", "disable": ["backup"]}, ["backup"]),
        ({"state": "deactivated"}, ["backup", "login", "restore"]),
        ({"state": "active"}, []),
    ):
        asleep = {"name": "Sleep Ltd", **options}
        step(modules, MODULE, asleep, check=True, changed=True)
        result = step(modules, MODULE, asleep, check=False, changed=True)
        step(modules, MODULE, asleep, check=False, changed=False)
        assert result["company"]["disabled"] == disabled
        # Making sure that it is there does not wake it up.
        step(modules, MODULE, {"name": "Sleep Ltd"}, check=False, changed=False)
        assert bool(run_module("commvault_company_info", own).get("failed")) is ("login" in disabled)


def test_a_company_can_be_made_asleep(modules):
    result = modules(MODULE, company("Early bird", "bird", state="deactivated", disable=["login"]))
    assert (result["company"]["status"], result["company"]["disabled"]) == ("DEACTIVATED", ["login"])
