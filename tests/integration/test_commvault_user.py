# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.calligo.baas.tests.support.modules import Modules, run_module
from ansible_collections.calligo.baas.tests.support.walk import recorded, step, walk

MODULE = "commvault_user"
COMPANY = "User tenant é & ß"
ODD_NAMES = ["o'neill", 'the "boss"', "100 % + 1 / 2", "Łódź ß é", "a:b,c?d=e#f", "two words"]


@pytest.fixture(scope="module", autouse=True)
def tenant(sandbox):
    modules = Modules(sandbox)
    modules("commvault_company", {"name": COMPANY, "alias": "usertenant"})
    modules("commvault_user_group", {"company": COMPANY, "name": "automation"})
    modules("commvault_user_group", {"company": COMPANY, "name": "readers"})


def user(name, **more):
    return {"company": COMPANY, "name": name, "email": f"{len(name)}{abs(hash(name))}@usertenant.example.com", **more}


def absent(name, **more):
    return {"company": COMPANY, "name": name, "state": "absent", "skip_transfer": True, **more}


def can_log_in(modules, name, password):
    options = {**modules.connection("commvault_"), "username": name, "password": password, "names": [COMPANY]}
    return not run_module("commvault_company_info", options).get("failed")


def test_walk(modules):
    made = user("walker", full_name="Willy Walker", user_password="first pass é", user_groups=["automation"])
    changed = {**made, "full_name": "Walter Walker", "email": "walter@usertenant.example.com", "user_groups": ["readers"], "enabled": False}
    results = walk(modules, MODULE, made, changed, absent("walker"))
    assert results["create"]["user"] == {
        "id": results["change"]["user"]["id"],
        "name": "usertenant\\walker",
        "company": COMPANY,
        "email": made["email"],
        "full_name": "Willy Walker",
        "enabled": True,
        "user_groups": ["usertenant\\automation"],
    }
    assert results["change"]["user"]["user_groups"] == ["usertenant\\automation", "usertenant\\readers"]
    assert results["change check"]["diff"]["after"]["enabled"] is False
    assert results["delete"]["user"] is None
    assert "first pass" not in json.dumps(results, ensure_ascii=False)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_of_every_kind(modules, name):
    options = {**user(name), "email": f"odd{ODD_NAMES.index(name)}@usertenant.example.com"}
    assert modules(MODULE, options)["user"]["name"] == f"usertenant\\{name}"
    step(modules, MODULE, {**options, "name": f"USERTENANT\\{name}"}, check=False, changed=False)
    step(modules, MODULE, absent(name), check=False, changed=True)


def test_an_alias_of_another_company_is_refused(modules):
    modules.sandbox.control("DELETE", "/journal")
    result = modules.failure(MODULE, user("elsewhere\\somebody"))
    assert "prefix of another company" in result["msg"] and '"usertenant"' in result["msg"]
    assert not [row for row in modules.sandbox.control("GET", "/journal")["requests"] if row["writes"]]


@pytest.mark.parametrize(
    ("mode", "groups"),
    [("add", ["automation", "readers"]), ("exact", ["readers"]), ("remove", ["automation"])],
)
def test_groups_are_added_set_or_removed(modules, mode, groups):
    modules(MODULE, user("grouped", user_groups=["automation"]))
    result = modules(MODULE, user("grouped", user_groups=["readers"], user_groups_mode=mode))
    assert result["user"]["user_groups"] == [f"usertenant\\{name}" for name in groups]
    step(modules, MODULE, user("grouped", user_groups=["readers"], user_groups_mode=mode), check=False, changed=False)
    modules(MODULE, absent("grouped"))


def test_the_last_group_can_be_taken_away(modules):
    modules(MODULE, user("lonely", user_groups=["automation"]))
    result = modules(MODULE, user("lonely", user_groups=[], user_groups_mode="exact"))
    assert result["changed"] and result["user"]["user_groups"] == []


def test_an_unknown_group_stops_before_anything_is_written(modules):
    modules.sandbox.control("DELETE", "/journal")
    assert 'The user group "nobody-knows" does not exist' in modules.failure(MODULE, user("early", user_groups=["nobody-knows"]))["msg"]
    assert not [row for row in modules.sandbox.control("GET", "/journal")["requests"] if row["writes"]]


def test_the_password_is_sent_at_creation_and_later_only_when_asked(modules):
    modules(MODULE, user("secret", user_password="one"))
    assert can_log_in(modules, "usertenant\\secret", "one")
    step(modules, MODULE, user("secret", user_password="two"), check=False, changed=False)
    assert can_log_in(modules, "usertenant\\secret", "one")
    for check in (True, False, False):
        result = step(modules, MODULE, user("secret", user_password="two", update_password="always"), check=check, changed=True)
        assert '"two"' not in json.dumps(result)
    assert can_log_in(modules, "usertenant\\secret", "two") and not can_log_in(modules, "usertenant\\secret", "one")


def test_a_disabled_user_cannot_log_in(modules):
    modules(MODULE, user("asleep", user_password="pw", enabled=False))
    assert not can_log_in(modules, "usertenant\\asleep", "pw")
    modules(MODULE, user("asleep", enabled=True))
    assert can_log_in(modules, "usertenant\\asleep", "pw")


def test_a_user_of_the_provider_is_another_one_than_the_companys_of_the_same_name(modules):
    modules(MODULE, user("twin"))
    own = {"name": "twin", "email": "twin@provider.example.com"}
    assert modules(MODULE, own)["user"]["name"] == "twin"
    modules(MODULE, absent("twin"))
    step(modules, MODULE, own, check=False, changed=False)
    modules(MODULE, {"name": "twin", "state": "absent", "skip_transfer": True})


def test_a_deletion_names_an_heir_or_says_that_there_is_none(modules):
    modules(MODULE, user("leaver"))
    for check in (True, False):
        text = modules.failure(MODULE, {"company": COMPANY, "name": "leaver", "state": "absent"}, check=check)["msg"]
        assert "would have no owner any more" in text and "skip_transfer" in text
    assert "give one" in modules.failure(MODULE, absent("leaver", transfer_to_user="ada"))["msg"]
    heir = {"company": COMPANY, "name": "leaver", "state": "absent", "transfer_to_user_group": "Tenant Admin"}
    _result, requests = recorded(modules, MODULE, heir)
    (sent,) = [row for row in requests if row["writes"]]
    assert list(sent["query"]) == ["transfertoUserGroup"]


def test_nobody_deletes_or_disables_oneself(modules):
    name = modules.connection("commvault_")["username"]
    assert "runs this task" in modules.failure(MODULE, {"name": name, "state": "absent", "skip_transfer": True})["msg"]
    assert "not disabled" in modules.failure(MODULE, {"name": name, "enabled": False})["msg"]


def test_a_deletion_that_waits_for_approval_is_not_called_done(modules):
    modules(MODULE, user("pending"))
    modules.sandbox.control("POST", "/faults", {"name": "pending_approval"})
    assert "waits for approval" in modules.failure(MODULE, absent("pending"))["msg"]


def test_a_new_user_needs_an_address(modules):
    assert "give email" in modules.failure(MODULE, {"company": COMPANY, "name": "nobody"}, check=True)["msg"]
