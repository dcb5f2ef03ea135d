# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support.scripted_http import ScriptedHttp

MODULE = "commvault_region"
PLACE = {"city": "Frankfurt", "country": "Germany", "latitude": 50.11, "longitude": 8.68}
# The server adds a continent and a zone, and leaves out what is empty.
DETAIL = {"id": 43, "name": "eu", "locations": [{**PLACE, "continent": "Europe", "zone": {"id": 1}, "state": ""}]}


@pytest.fixture
def http(monkeypatch):
    scripted = ScriptedHttp(monkeypatch)
    scripted.on("GET", "/V4/Regions", {"regions": {"id": 43, "name": "eu"}})
    scripted.on("GET", "/V4/Regions/43", DETAIL)
    scripted.on("GET", "/V4/Servers", {"servers": [{"id": 5, "name": "srv01"}, {"id": 6, "name": "srv02"}]})
    scripted.on("GET", "/V4/entity/region", {"regions": [{"id": 43, "name": "eu", "entityId": 5}], "error": {"errorCode": 0}})
    return scripted


def run(http, check=False, **options):
    return http.run(MODULE, {"name": "eu", **options}, check=check)


def test_a_region_that_is_right_costs_two_reads(http):
    assert not run(http, locations=[PLACE])["changed"]
    assert http.asked() == ["POST /Login", "GET /V4/Regions", "GET /V4/Regions/43", "POST /Logout"]


def test_many_servers_are_read_at_once_and_only_the_others_written(http):
    http.on("PUT", "/V4/entity/CLIENT/6/region", {"errorCode": 0})
    result = run(http, entities=[{"names": ["srv01", "SRV02"]}])
    assert result["changed"] and [row["region"] for row in result["region"]["entities"]] == ["eu", "eu"]
    assert next(call for call in http.calls if call.path == "/V4/entity/region").params == {
        "entityType": "CLIENT",
        "entities": "5,6",
        "regionType": "BACKUP",
    }
    assert [call.body for call in http.writes] == [{"entityRegionType": "BACKUP", "region": {"id": 43}}]


def test_the_older_names_of_id_and_name_are_understood(http):
    http.on("GET", "/V4/entity/region", {"regions": {"regionId": 43, "regionName": "eu", "entityId": 5}})
    assert not run(http, entities=[{"names": ["srv01"]}])["changed"]


def test_a_region_of_the_same_name_and_another_id_is_another_one(http):
    http.on("GET", "/V4/entity/region", {"regions": [{"id": 99, "name": "eu", "entityId": 5}]})
    assert "would move" in run(http, entities=[{"names": ["srv01"]}])["msg"] and http.writes == []


def test_more_ids_than_fit_into_an_address_are_read_in_parts(http):
    rows = [{"id": number, "name": f"srv{number}"} for number in range(1, 451)]
    http.on("GET", "/V4/Servers", {"servers": rows})
    http.on("GET", "/V4/entity/region", {"regions": [{"id": 43, "name": "eu", "entityId": number} for number in range(1, 451)]})
    assert not run(http, entities=[{"names": [row["name"] for row in rows]}])["changed"]
    assert http.asked().count("GET /V4/entity/region") == 3


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((400, {"errorCode": 50000, "errorMessage": "wrong entity type"}), "wrong entity type"),
        ((500, {"errorCode": 547, "errorMessage": "FOREIGN KEY"}), "FOREIGN KEY"),
        ({"errorCode": 2, "errorMessage": "failed"}, "failed"),
    ],
)
def test_an_assignment_that_failed_is_never_called_done(http, answer, said):
    http.on("PUT", "/V4/entity/CLIENT/6/region", answer)
    assert said in run(http, entities=[{"names": ["srv02"]}])["msg"]


def test_the_operation_on_locations_is_always_said(http):
    http.on("PUT", "/V4/Regions/43", {"errorCode": 0})
    run(http, locations=[{**PLACE, "latitude": 50.2}])
    assert http.writes[0].body["locationsOperationType"] == "OVERWRITE"


@pytest.mark.parametrize("answer", [(409, {"errorCode": 3, "errorMessage": "exists"}), {"errorCode": 3, "errorMessage": "exists"}])
def test_a_creation_that_failed_is_never_called_done(http, answer):
    http.on("GET", "/V4/Regions", {"regions": []})
    http.on("POST", "/V4/Regions", answer)
    assert "exists" in run(http, locations=[PLACE])["msg"]


def test_a_region_in_use_is_not_deleted(http):
    used = {"associatedServers": {"serversCount": 4}, "associatedRegionBasedPlans": {"plansCount": 1}}
    http.on("GET", "/V4/Regions/43", {**DETAIL, **used})
    result = run(http, state="absent")
    assert "4 servers, 1 plans" in result["msg"] and result["error"]["used_by"] == {"servers": 4, "plans": 1} and http.writes == []
