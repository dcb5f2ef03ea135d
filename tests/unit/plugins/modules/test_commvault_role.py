# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support.scripted_http import ScriptedHttp

MODULE = "commvault_role"
ROWS = {"roles": [{"id": 14, "name": "Automation", "status": "ENABLED", "company": {"id": 0}}]}
PLAN, ALERT = (
    {"permission": {"id": 151, "name": "Use Plan"}, "category": {"id": 5, "name": "Plan"}},
    {"category": {"id": 117, "name": "Alert"}},
)


@pytest.fixture
def http(monkeypatch):
    scripted = ScriptedHttp(monkeypatch)
    scripted.on("GET", "/V4/Role", ROWS)
    scripted.on("GET", "/V4/Role/14", {"id": 14, "name": "Automation", "status": "DISABLED", "permissions": [PLAN, ALERT]})
    return scripted


def run(http, **options):
    return http.run(MODULE, {"name": "automation", **options})


def test_permissions_and_categories_are_told_apart_without_a_type(http):
    result = run(http, permissions=["use plan"], categories=["alert"], enabled=False)
    assert not result["changed"] and (result["role"]["permissions"], result["role"]["categories"]) == (["Use Plan"], ["Alert"])


def test_a_type_wins_over_what_is_beside_it(http):
    row = {**PLAN, "type": "CATEGORY_ENTITY"}
    http.on("GET", "/V4/Role/14", {"id": 14, "name": "Automation", "permissions": row})
    assert run(http)["role"]["categories"] == ["Plan"]


def test_both_kinds_are_sent_in_one_list(http):
    http.on("PUT", "/V4/Role/14", {"errorCode": 0})
    http.on("GET", "/V4/Role/14", {"id": 14, "permissions": [PLAN]}, {"id": 14, "permissions": [PLAN, ALERT]})
    assert run(http, categories=["Alert"])["changed"]
    assert http.writes[0].body == {"permissionList": [{"permission": {"name": "Use Plan"}}, {"category": {"name": "Alert"}}]}


def test_a_switch_is_sent_without_the_list(http):
    http.on("PUT", "/V4/Role/14", {"errorCode": 0})
    run(http, enabled=True, visible_to_all=True)
    assert http.writes[0].body == {"enabled": True, "visibleToAll": True}


@pytest.mark.parametrize("answer", [{"errorCode": 4, "errorMessage": "no such permission"}, (400, {"errorMessage": "no such permission"})])
def test_a_creation_that_failed_is_never_called_done(http, answer):
    http.on("GET", "/V4/Role", (404, {"roles": []}))
    http.on("POST", "/V4/Role", answer)
    assert "no such permission" in run(http, permissions=["x"])["msg"]


def test_a_deletion_that_is_only_queued_is_not_called_done(http):
    http.on("DELETE", "/V4/Role/14", {"errorCode": 0})
    assert "waits for approval" in run(http, state="absent")["msg"]
