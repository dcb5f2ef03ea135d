# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support.modules import Modules
from ansible_collections.calligo.baas.tests.support.walk import recorded, step, walk

MODULE = "commvault_region"
COMPANY = "Region tenant é & ß"
ODD_NAMES = ["Café & Fils", 'O\'Neill "Ltd"', "50 % + 1 / 2", "back\\slash", "Łódź ß", "a:b,c?d=e#f"]
CITY = {"city": "Esch-sur-Alzette", "country": "Luxembourg", "latitude": 49.4958, "longitude": 5.9806}
OTHER = {"city": "Vianden", "state": "Diekirch", "country": "Luxembourg", "latitude": 49.9347, "longitude": 6.2089}


@pytest.fixture(scope="module", autouse=True)
def tenant(sandbox):
    Modules(sandbox)("commvault_company", {"name": COMPANY, "alias": "regtenant"})


def region(name, **more):
    return {"name": name, "locations": [CITY], **more}


def absent(name):
    return {"name": name, "state": "absent"}


def test_walk(modules):
    results = walk(modules, MODULE, region("walk"), region("walk", locations=[OTHER, CITY]), absent("walk"))
    assert results["create"]["region"] == {
        "id": results["change"]["region"]["id"],
        "name": "walk",
        "company": None,
        "locations": [CITY],
        "servers": 0,
        "plans": 0,
    }
    assert results["change"]["region"]["locations"] == [OTHER, CITY]
    assert results["delete"]["region"] is None


def test_locations_are_compared_without_order_and_replaced_as_a_whole(modules):
    modules(MODULE, region("places", locations=[CITY, OTHER]))
    step(modules, MODULE, region("PLACES", locations=[OTHER, CITY]), check=False, changed=False)
    assert modules(MODULE, region("places", locations=[OTHER]))["region"]["locations"] == [OTHER]
    assert "at least one location" in modules.failure(MODULE, region("places", locations=[]))["msg"]
    modules(MODULE, absent("places"))


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_of_every_kind(modules, name):
    assert modules(MODULE, region(name))["region"]["name"] == name
    step(modules, MODULE, region(name), check=False, changed=False)
    step(modules, MODULE, absent(name), check=False, changed=True)


def test_entities_are_put_into_the_region_and_read_in_bulk(modules):
    servers = ["lux-restore-01", "jer-restore-01"]
    modules(MODULE, region("herd", entities=[{"names": servers, "purpose": "workload"}], allow_move=True))
    options = {"name": "herd", "entities": [{"names": servers, "purpose": "workload"}, {"type": "company", "names": [COMPANY]}]}
    result, requests = recorded(modules, MODULE, options)
    assert [(row["name"], row["purpose"], row["region"]) for row in result["region"]["entities"]] == [
        ("lux-restore-01", "workload", "herd"),
        ("jer-restore-01", "workload", "herd"),
        (COMPANY, "backup", "herd"),
    ]
    assert len([row for row in requests if row["writes"]]) == 1
    _result, requests = recorded(modules, MODULE, options)
    assert [row["path"].rsplit("/", 1)[1] for row in requests].count("region") == 2


def test_what_is_elsewhere_is_moved_only_when_that_is_said(modules):
    modules(MODULE, region("far"))
    options = {"name": "far", "entities": [{"names": ["boreal-fs01"]}, {"type": "storage_pool", "names": ["lux-pool-plain"]}]}
    for check in (True, False):
        text = modules.failure(MODULE, options, check=check)["msg"]
        assert 'client "boreal-fs01" from "jersey" (backup)' in text and 'storage pool "lux-pool-plain" from "luxembourg"' in text
    moved = modules(MODULE, {**options, "allow_move": True})["region"]["entities"]
    assert [row["region"] for row in moved] == ["far", "far"]
    assert "in use by 1 servers" in modules.failure(MODULE, absent("far"))["msg"]
    back = {"name": "jersey", "entities": [{"names": ["BOREAL-fs01"]}], "allow_move": True}
    assert modules(MODULE, back)["region"]["entities"][0]["region"] == "jersey"
    modules(MODULE, {"name": "luxembourg", "entities": [{"type": "storage_pool", "names": ["lux-pool-plain"]}], "allow_move": True})
    step(modules, MODULE, absent("far"), check=False, changed=True)


def test_an_unknown_entity_is_told_and_in_check_mode_predicted(modules):
    options = region("early", entities=[{"names": ["no-such-server"]}])
    assert 'The client "no-such-server" does not exist' in modules.failure(MODULE, options)["msg"]
    result = step(modules, MODULE, options, check=True, changed=True)
    assert "no-such-server" in str(result["warnings"])


def test_a_new_region_needs_a_place(modules):
    assert "give its locations" in modules.failure(MODULE, {"name": "nowhere"}, check=True)["msg"]


def test_a_region_of_the_provider_is_used_and_not_changed_by_a_company(modules):
    inside = {"company": COMPANY, "name": "luxembourg"}
    step(modules, MODULE, inside, check=False, changed=False)
    for options in ({**inside, "locations": [CITY]}, {**inside, "state": "absent"}):
        assert "is the provider's" in modules.failure(MODULE, options, check=True)["msg"]


def test_a_company_may_have_a_region_under_a_name_of_the_provider(modules):
    modules(MODULE, {**region("regtenant-own"), "company": COMPANY})
    outside = modules(MODULE, region("regtenant-own"))
    assert outside["changed"] is False or outside["region"]["id"]
    modules(MODULE, {"company": COMPANY, **absent("regtenant-own")})
