# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support.modules import Modules
from ansible_collections.calligo.baas.tests.support.tenant import PLAN
from ansible_collections.calligo.baas.tests.support.walk import recorded, step

MODULE = "commvault_role_assignment"
COMPANY = "Assignment tenant é & ß"
ODD_NAMES = ["o'neill", 'the "few"', "100 % + 1 / 2", "Łódź ß é"]


@pytest.fixture(scope="module", autouse=True)
def tenant(sandbox):
    modules = Modules(sandbox)
    modules("commvault_company", {"name": COMPANY, "alias": "asgtenant"})
    modules("commvault_user_group", {"company": COMPANY, "name": "automation"})
    modules("commvault_user", {"company": COMPANY, "name": "ann", "email": "ann@asgtenant.example.com"})
    modules("commvault_plan", {"company": COMPANY, **PLAN, "name": "asg-plan"})


def assignments(*rows, **more):
    return {"company": COMPANY, "assignments": [{**row, **more} for row in rows]}


GROUP_ON_COMPANY = {"user_group": "automation", "role": "Tenant Operator", "entity": COMPANY}
USER_ON_PLAN = {"user": "ann", "role": "view", "entity_type": "plan", "entity": "asg-plan"}
GROUP_ON_CLIENT = {"user_group": "asgtenant\\automation", "role": "View", "entity_type": "client", "entity": "lux-restore-01"}


def grants(modules, name):
    state = modules.sandbox.control("GET", "/state")
    return next(row["security"] for row in state["companies"] if row["name"] == name and row["status"] != "DELETED")


@pytest.mark.parametrize("row", [GROUP_ON_COMPANY, USER_ON_PLAN, GROUP_ON_CLIENT], ids=lambda row: row.get("entity_type", "company"))
def test_walk(modules, row):
    for state in ("present", "absent"):
        options = assignments(row, state=state)
        if row is GROUP_ON_CLIENT:
            # The provider's, so that no company may give roles on it.
            del options["company"]
        for check, changed in ((True, True), (False, True), (True, False), (False, False)):
            result = step(modules, MODULE, options, check=check, changed=changed)
            assert [entry["changed"] for entry in result["assignments"]] == [changed]
        assert result["assignments"][0].get("role") == (row["role"] if state == "present" else None)


def test_others_keep_their_roles(modules):
    before = grants(modules, COMPANY)
    modules(MODULE, assignments(GROUP_ON_COMPANY))
    assert grants(modules, COMPANY)[: len(before)] == before and len(grants(modules, COMPANY)) == len(before) + 1
    _result, requests = recorded(modules, MODULE, assignments(GROUP_ON_COMPANY, state="absent"))
    (sent,) = [row for row in requests if row["writes"]]
    assert sent["body"]["securityAssociations"]["associationsOperationType"] == 3
    assert grants(modules, COMPANY) == before


def test_many_in_one_call_read_each_list_and_each_entity_once(modules):
    rows = [
        {"user": "ann", "role": "View", "entity_type": "plan", "entity": "asg-plan"},
        {"user_group": "automation", "role": "View", "entity_type": "plan", "entity": "asg-plan"},
        {"user": "ann", "role": "Tenant User", "entity": COMPANY},
    ]
    modules(MODULE, assignments(*rows))
    result, requests = recorded(modules, MODULE, assignments(*rows))
    assert result["changed"] is False
    # Login and logout, the company acted in; users, groups, roles, plans, companies; one read for each of the two entities.
    assert len(requests) == 10
    modules(MODULE, assignments(*rows, state="absent"))


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_of_every_kind(modules, name):
    modules("commvault_user_group", {"company": COMPANY, "name": name})
    modules("commvault_role", {"company": COMPANY, "name": name, "permissions": ["View"]})
    row = {"user_group": name, "role": name, "entity": COMPANY}
    step(modules, MODULE, assignments(row), check=False, changed=True)
    step(modules, MODULE, assignments(row), check=False, changed=False)
    step(modules, MODULE, assignments(row, state="absent"), check=False, changed=True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"user_group": "nobody"}, 'The user group "nobody" does not exist'),
        ({"role": "no such role"}, 'The role "no such role" does not exist'),
        ({"entity": "no such company"}, 'The company "no such company" does not exist'),
        ({"entity": None}, "names an entity"),
        ({"entity_type": "commcell"}, "names an entity"),
    ],
)
def test_what_is_missing_is_named_before_anything_is_written(modules, change, said):
    modules.sandbox.control("DELETE", "/journal")
    assert said in modules.failure(MODULE, assignments(USER_ON_PLAN, {**GROUP_ON_COMPANY, **change}))["msg"]
    assert not [row for row in modules.sandbox.control("GET", "/journal")["requests"] if row["writes"]]


def test_somebody_who_does_not_exist_has_no_role_to_lose(modules):
    rows = [{**GROUP_ON_COMPANY, "user_group": "gone"}, {**GROUP_ON_COMPANY, "role": "gone"}, {**GROUP_ON_COMPANY, "entity": "gone"}]
    step(modules, MODULE, assignments(*rows, state="absent"), check=False, changed=False)


def test_the_same_assignment_twice_is_a_mistake(modules):
    assert "listed twice" in modules.failure(MODULE, assignments(GROUP_ON_COMPANY, {**GROUP_ON_COMPANY, "state": "absent"}))["msg"]


def test_a_role_on_the_whole_installation_is_given_outside_a_company(modules):
    modules("commvault_user", {"name": "asg-viewer", "email": "viewer@provider.example.com"})
    row = {"user": "asg-viewer", "role": "View", "entity_type": "commcell"}
    step(modules, MODULE, {"assignments": [row]}, check=False, changed=True)
    step(modules, MODULE, {"assignments": [row]}, check=False, changed=False)
    step(modules, MODULE, {"assignments": [{**row, "state": "absent"}]}, check=False, changed=True)


def test_one_association_that_comes_as_an_object_is_understood(modules):
    modules(MODULE, assignments(USER_ON_PLAN))
    modules.sandbox.control("POST", "/faults", {"name": "single_element_objects"})
    step(modules, MODULE, assignments(USER_ON_PLAN), check=False, changed=False)
    step(modules, MODULE, assignments(USER_ON_PLAN, state="absent"), check=False, changed=True)


def test_a_call_that_fails_at_one_of_many_tells_how_far_it_came(modules):
    foreign = {**GROUP_ON_CLIENT, "entity": "lux-an-01"}
    rows = [GROUP_ON_COMPANY, USER_ON_PLAN, foreign, {"user": "ann", "role": "Tenant User", "entity": COMPANY}]
    labels = [
        f'role "Tenant Operator" of "automation" on the company "{COMPANY}"',
        'role "view" of "ann" on the plan "asg-plan"',
        'role "View" of "asgtenant\\automation" on the client "lux-an-01"',
        f'role "Tenant User" of "ann" on the company "{COMPANY}"',
    ]
    before = grants(modules, COMPANY)
    # The third is on an access node, which a company sees, but on which the server lets it give no roles.
    result = modules.failure(MODULE, assignments(*rows))
    assert result["progress"] == {"done": labels[:2], "failed": [labels[2]], "not_tried": labels[3:]}
    assert result["changed"] is True and [row["changed"] for row in result["assignments"]] == [True, True]
    assert labels[2] in result["msg"] and result["error"]["object"] == labels[2]
    assert len(grants(modules, COMPANY)) == len(before) + 1, "the second is on a plan, the fourth was not tried"
    modules(MODULE, assignments(*rows[:2], rows[3], state="absent"))
