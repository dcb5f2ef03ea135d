# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support.scripted_http import ScriptedHttp

MODULE = "commvault_company_info"
ROW = {"id": 42, "name": "Acme", "alias": "acme", "status": "ACTIVE", "associatedEntitiesCount": 3}
GONE = {**ROW, "id": 41, "status": "DELETED"}


@pytest.fixture
def http(monkeypatch):
    scripted = ScriptedHttp(monkeypatch)
    scripted.on("GET", "/V4/company", {"companies": [ROW]})
    scripted.on("GET", "/V4/company/42", {"general": {}})
    return scripted


@pytest.mark.parametrize("answer", [(404, {}), {"companyCount": 0}, {"companies": []}])
def test_no_company_at_all_is_no_error(http, answer):
    http.on("GET", "/V4/company", answer)
    assert http.run(MODULE, {})["companies"] == []


@pytest.mark.parametrize("tags", [{"name": "env", "value": "prod"}, [{"name": "env", "value": "prod"}]], ids=["object", "list"])
def test_tags_come_as_one_object_or_a_list(http, tags):
    operators = {"user": {"id": 3, "name": "ops"}, "role": {"id": 5, "name": "View"}}
    http.on("GET", "/V4/company", {"companies": {**ROW, "tags": tags, "operators": operators}})
    (found,) = http.run(MODULE, {"gather": []})["companies"]
    assert (found["tags"], found["operators"]) == ({"env": "prod"}, [{"user": "ops", "role": "View"}])


def test_of_a_deleted_company_and_its_successor_the_one_that_lives_is_told(http):
    http.on("GET", "/V4/company", {"companies": [GONE, ROW]})
    result = http.run(MODULE, {"names": ["Acme"], "include_deleted": True})
    assert [company["id"] for company in result["companies"]] == [42]
    assert next(call for call in http.calls if call.path == "/V4/company").params == {"includeDeletedCompanies": "true"}


def test_a_refused_list_is_an_error(http):
    http.on("GET", "/V4/company", (403, {"errorCode": 5, "errorMessage": "no"}))
    assert "lacks a permission" in http.run(MODULE, {})["msg"]
