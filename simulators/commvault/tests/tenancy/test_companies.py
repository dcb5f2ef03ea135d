# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Companies and regions, and what one tenant sees of another."""

from __future__ import annotations

import pytest

COPY = {
    "backupDestinationName": "Primary",
    "storagePool": {"name": "lux-pool-01"},
    "region": {"name": "luxembourg"},
    "retentionPeriodDays": 30,
}


@pytest.fixture
def acme(api):
    return api.post("/V4/company", {"name": "Acme Sàrl", "alias": "acme", "email": "ada@acme.example", "contactName": "Ada"})["id"]


def as_company(number):
    return {"headers": {"operatorCompanyId": str(number)}}


def plan(api, name="gold", company=0, *copies, **more):
    body = {"planName": name, "backupDestinations": list(copies) or [COPY]} | more
    return api.post("/V4/ServerPlan", body, **as_company(company))


def test_a_company_brings_its_groups_and_its_administrator(api, acme):
    detail = api.get(f"/V4/company/{acme}")
    assert detail["contacts"][0]["name"] == "acme\\ada"
    assert {"name", "status"}.isdisjoint(detail)
    groups = api.get("/UserGroup", params={"parentProvider/providerId": acme})["userGroups"]
    assert [row["userGroupEntity"]["userGroupName"] for row in groups] == [
        "acme\\Tenant Admin",
        "acme\\Tenant User",
        "acme\\Tenant Operator",
    ]


def test_names_and_aliases_are_unique_without_case(api, acme):
    assert api.post("/V4/company", {"name": "ACME SÀRL", "alias": "other"})["errorCode"]
    assert api.last.status_code == 400
    assert api.post("/V4/company", {"name": "Other", "alias": "Acme"})["errorCode"]


def test_an_email_needs_a_contact_name(api):
    assert api.post("/V4/company", {"name": "X", "alias": "x", "email": "a@x.example"})["errorCode"]


def test_the_older_list_filters_by_name(api, acme):
    api.post("/V4/company", {"name": "Boréal Îles Ltd", "alias": "boreal"})
    found = api.get("/Organization", params={"fq": "providers.connectName:eq:Acme Sàrl"})
    assert (found["filterQueryCount"], found["providers"][0]["shortName"]["id"]) == (1, acme)


def test_a_company_must_be_deactivated_and_empty_before_it_is_deleted(api, sim, acme):
    client = sim.client_by_name("acme-fs01")
    api.put(f"/company/{acme}/company-association", {"entities": [{"clientId": client.id, "_type_": 3}]})
    assert api.delete(f"/V4/company/{acme}")["errorCode"]
    assert api.last.status_code == 500
    api.put(f"/V4/company/{acme}", {"status": {"deactivate": True}})
    assert "acme-fs01" in api.delete(f"/V4/company/{acme}")["errorMessage"]
    api.put("/company/0/company-association", {"entities": [{"clientId": client.id, "_type_": 3}]})
    assert api.delete(f"/V4/company/{acme}")["errorCode"] == 0
    assert api.get("/V4/company")["companyCount"] == 0
    assert api.get("/V4/company?includeDeletedCompanies=true")["companies"][0]["status"] == "DELETED"


def test_options_count_only_on_a_deactivated_company(api, acme):
    assert api.put(f"/V4/company/{acme}", {"status": {"options": {"disableLogin": True}}})["errorCode"]
    assert api.put(f"/V4/company/{acme}", {"status": {"deactivate": True, "options": {"disableLogin": True}}})["errorCode"] == 0


def test_a_tenants_user_sees_its_own_company_only(api, acme):
    other = api.post("/V4/company", {"name": "Boréal", "alias": "boreal"})["id"]
    mine = plan(api, "mine", acme)["plan"]["id"]
    plan(api, "mine", other)
    password = "cGFzc3dvcmQ="
    api.post("/V4/user", {"users": [{"name": "svc", "email": "svc@acme.example", "company": {"id": acme}, "password": password}]})
    assert api.login("acme\\svc", "password")["ownerOrganization"]["providerId"] == acme
    assert [row["plan"]["id"] for row in api.get("/V4/Plan/Summary", **as_company(other))["plans"]] == [mine]
    assert [row["id"] for row in api.get("/V4/company")["companies"]] == [acme]
    assert api.get(f"/V4/company/{other}")["errorCode"] == 404


def test_a_client_is_seen_by_a_company_once_it_is_associated(api, sim, acme):
    path = "/Client/byName(clientName='acme-fs01')"
    assert api.get(path, **as_company(acme))["errorCode"] == 404
    api.put(f"/company/{acme}/company-association", {"entities": [{"clientName": "acme-fs01", "_type_": 3}]})
    entity = api.get(path, **as_company(acme))["clientProperties"][0]["client"]["clientEntity"]
    assert entity["entityInfo"]["companyName"] == "Acme Sàrl"
    other = api.post("/V4/company", {"name": "Boréal", "alias": "boreal"})["id"]
    assert (
        "another company" in api.put(f"/company/{other}/company-association", {"entities": [{"clientName": "acme-fs01"}]})["errorMessage"]
    )


def test_an_unknown_company_in_the_header_is_refused(api):
    api.get("/V4/Plan/Summary", **as_company(4711))
    assert api.last.status_code == 403


def test_regions_conflict_and_leaking_codes(api, sim):
    place = {"country": "Germany", "latitude": 50.1, "longitude": 8.7}
    assert api.post("/V4/Regions", {"name": "frankfurt", "locations": [place]})["id"]
    api.post("/V4/Regions", {"name": "Frankfurt", "locations": [place]})
    assert api.last.status_code == 409
    assert api.put("/V4/entity/CLIENT/2/region", {"region": {"id": 99999}})["errorCode"] == 547
    assert api.put("/V4/entity/TOASTER/2/region", {"region": {"id": 1}})["errorCode"] == 50000
    pools = ",".join(str(pool.id) for pool in sim.pools.values())
    found = api.get(f"/V4/entity/region?entityType=STORAGE_POOL&entities={pools}&regionType=BACKUP")
    assert [row["name"] for row in found["regions"]] == ["luxembourg", "luxembourg", "jersey"]
