# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._commvault.plans import lookup as plan_lookup
from ansible_collections.calligo.baas.plugins.module_utils._commvault.servers import lookup as server_lookup
from ansible_collections.calligo.baas.plugins.module_utils._commvault.vms import lookup as vm_lookup
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire import lookup
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.lookup import Found
from ansible_collections.calligo.baas.plugins.module_utils._core.errors import InputError, NotFound, Refused
from ansible_collections.calligo.baas.tests.support.scripted_client import scripted_client

PROVIDER, ACME, OTHER = {"id": 0, "name": "Commcell"}, {"id": 42, "name": "Acme"}, {"id": 99, "name": "Other"}


def number(found):
    return found.id if found else None


def plan_row(plan_id, name, company=None):
    return {"plan": {"id": plan_id, "name": name}, **({"company": company} if company else {})}


def server_reply(name="srv01", display="srv01", company=0):
    entity = {
        "clientId": 5,
        "clientName": name,
        "displayName": display,
        "entityInfo": {"companyId": company, "companyName": f"company {company}"},
    }
    return {"clientProperties": [{"client": {"clientEntity": entity}}]}


@pytest.mark.parametrize(
    ("acting", "reach", "rows", "expected"),
    [
        # Inside a company: its own, then what the provider shares, never another tenant's.
        (42, "visible", [plan_row(1, "gold", PROVIDER), plan_row(2, "gold", ACME), plan_row(3, "gold", OTHER)], 2),
        (42, "visible", [plan_row(1, "gold", PROVIDER), plan_row(3, "gold", OTHER)], 1),
        (42, "visible", [plan_row(3, "gold", OTHER)], None),
        (42, "own", [plan_row(1, "gold", PROVIDER)], None),
        (42, "own", [plan_row(1, "gold", PROVIDER), plan_row(2, "GOLD", ACME)], None),
        (42, "own", [plan_row(2, "GOLD", ACME)], 2),
        # One of which nobody tells the owner does not matter beside the company's own.
        (42, "visible", [plan_row(4, "gold"), plan_row(2, "gold", ACME)], 2),
        # As the provider: its own, then whatever there is.
        (None, "visible", [plan_row(1, "gold", PROVIDER), plan_row(2, "gold", ACME)], 1),
        (None, "visible", [plan_row(2, "gold", ACME)], 2),
        (None, "own", [plan_row(2, "gold", ACME)], None),
        # The exact case wins; a filter that the server ignored is applied again.
        (None, "own", [plan_row(1, "GOLD", PROVIDER), plan_row(2, "gold", PROVIDER), plan_row(3, "gold plus", PROVIDER)], 2),
    ],
)
def test_a_name_is_resolved_by_company(acting, reach, rows, expected):
    client, wire, _clock = scripted_client({"plans": rows}, company_id=acting)
    found = plan_lookup.find_plan(client, "gold", reach)
    assert number(found) == expected
    assert wire.sent[1].params == {"fq": "plans.subtype:in:Server", "hardRefresh": "true"}


@pytest.mark.parametrize("reach", ["own", "visible"])
@pytest.mark.parametrize("rows", [[plan_row(4, "gold")], [plan_row(4, "gold"), plan_row(1, "gold", PROVIDER)]])
def test_inside_a_company_an_owner_that_nobody_tells_is_refused_unless_the_task_says_otherwise(rows, reach):
    client, _wire, _clock = scripted_client({"plans": rows}, company_id=42)
    with pytest.raises(Refused, match=r'does not tell whose the plan "gold" is.*accept_unknown_owners'):
        plan_lookup.find_plan(client, "gold", reach)
    client, _wire, _clock = scripted_client({"plans": rows}, company_id=42, accept_unknown_owners=True)
    assert number(plan_lookup.find_plan(client, "gold", reach)) == 4


@pytest.mark.parametrize(
    ("acting", "rows"),
    [
        (42, [plan_row(1, "gold", ACME), plan_row(2, "gold", ACME)]),
        (42, [plan_row(1, "Gold", PROVIDER), plan_row(2, "GOLD", PROVIDER)]),
        (None, [plan_row(1, "gold", ACME), plan_row(2, "gold", OTHER)]),
    ],
)
def test_a_name_that_stays_ambiguous_is_an_error_with_the_candidates(acting, rows):
    client, _wire, _clock = scripted_client({"plans": rows}, company_id=acting)
    with pytest.raises(InputError, match=r"exists 2 times: id 1 .*, id 2 "):
        plan_lookup.plan(client, "gold")


@pytest.mark.parametrize(
    ("look", "kind"),
    [
        (lambda client: plan_lookup.plan(client, "nope"), "plan"),
        (lambda client: plan_lookup.storage_pool(client, "nope"), "storage pool"),
        (lambda client: plan_lookup.region(client, "nope"), "region"),
        (lambda client: server_lookup.server(client, "nope"), "client"),
        (lambda client: vm_lookup.require_hypervisor(client, "nope"), "hypervisor"),
        (lambda client: server_lookup.access_nodes(client, ["nope"]), "access node"),
    ],
)
@pytest.mark.parametrize("told", [True, False])
def test_what_is_missing_is_an_error_and_in_check_mode_a_warning(look, kind, told):
    lists = ("plans", "storagePoolList", "regions", "clientProperties", "Hypervisors", "accesNodes")
    answer: t.Any = {key: [] for key in lists} if told else (404, {"errorCode": 404, "errorMessage": "none"})
    client, _wire, _clock = scripted_client(answer)
    with pytest.raises(NotFound, match=f'The {kind} "nope" does not exist.*correct the name'):
        look(client)
    warned: list[str] = []
    client, _wire, _clock = scripted_client(answer, check_mode=True, warn=warned.append)
    assert look(client) is None
    assert len(warned) == 1 and kind in warned[0]


def test_a_missing_company_in_check_mode_owns_nothing_but_would_see_the_providers():
    rows = {"plans": [plan_row(1, "gold", PROVIDER), plan_row(2, "silver", OTHER)]}
    cases: list[tuple[str, lookup.Reach, int | None]] = [("gold", "visible", 1), ("gold", "own", None), ("silver", "visible", None)]
    for name, reach, expected in cases:
        client, _wire, _clock = scripted_client({"providers": []}, rows, company="New", check_mode=True)
        found = plan_lookup.find_plan(client, name, reach)
        assert number(found) == expected


def test_pools_of_every_type_come_in_one_list():
    entity = {"storagePoolId": 15, "storagePoolName": "Pool 1", "entityInfo": {"companyId": 0, "companyName": "Commcell"}}
    client, wire, _clock = scripted_client({"storagePoolList": {"storagePoolEntity": entity, "storageType": 2}}, company_id=42)
    pool = plan_lookup.storage_pool(client, "pool 1")
    assert pool == Found(15, "Pool 1", 0, "Commcell") and pool.row["storageType"] == 2
    assert [sent.line for sent in wire.sent] == ["POST /Login", "GET /StoragePool"]


@pytest.mark.parametrize(
    ("storage_type", "path", "detail", "expected"),
    [
        (1, "GET /V4/Storage/Disk/15", {"encryption": {"encrypt": True}}, True),
        (2, "GET /V4/Storage/Cloud/15", {"encryption": {"encrypt": False}}, False),
        (3, "GET /V4/Storage/HyperScale/15", {"encryption": {}}, False),
        (1, "GET /V4/Storage/Disk/15", {"id": 15}, None),
        (1, "GET /V4/Storage/Disk/15", (404, {"errorCode": 404}), None),
    ],
)
def test_encryption_is_read_from_the_detail_of_its_type(storage_type, path, detail, expected):
    client, wire, _clock = scripted_client(detail)
    assert plan_lookup.pool_encrypted(client, Found(15, "pool", row={"storageType": storage_type})) is expected
    assert wire.sent[1].line == path


def test_tape_is_asked_nothing():
    client, wire, _clock = scripted_client()
    assert plan_lookup.pool_encrypted(client, Found(15, "pool", row={"storageType": 4})) is None
    assert wire.sent == []


@pytest.mark.parametrize("name", ["srv01", "SRV01", "File server"])
def test_a_client_is_found_by_name_or_display_name_in_one_call(name):
    client, wire, _clock = scripted_client(server_reply(display="File server"))
    assert number(server_lookup.server(client, name)) == 5
    assert len(wire.sent) == 2


def test_an_odd_client_name_is_encoded():
    client, wire, _clock = scripted_client(server_reply(name="50%/é", display=""))
    assert number(server_lookup.server(client, "50%/é")) == 5
    assert wire.sent[1].line == "GET /Client/byName(clientName='50%25%2F%C3%A9')"


def test_a_client_of_another_name_is_not_taken():
    client, _wire, _clock = scripted_client(server_reply(name="srv011", display="srv011"))
    with pytest.raises(NotFound):
        server_lookup.server(client, "srv01")


def test_a_client_of_another_company_is_refused_and_of_the_provider_is_missing():
    client, _wire, _clock = scripted_client(server_reply(company=42), server_reply(company=99), server_reply(company=0), company_id=42)
    assert number(server_lookup.server(client, "srv01")) == 5
    with pytest.raises(Refused, match='belongs to the company "company 99"'):
        server_lookup.server(client, "srv01")
    with pytest.raises(NotFound, match=r"option servers of calligo\.baas\.commvault_company"):
        server_lookup.server(client, "srv01")


def test_servers_are_asked_for_with_all_and_not_infrastructure_alone():
    client, wire, _clock = scripted_client({"servers": [{"id": 5, "name": "srv01", "company": ACME}]})
    assert server_lookup.servers(client) == [Found(5, "srv01", 42, "Acme")]
    assert wire.sent[1].params == {"showOnlyInfrastructureMachines": 0}


@pytest.mark.parametrize("key", ["accesNodes", "accessNodes"])
def test_access_nodes_are_found_in_either_spelling_and_in_one_call(key):
    rows = [{"id": 11, "name": "proxy1", "displayName": "Proxy one", "type": 3}, {"id": 30, "name": "group", "type": 28}]
    client, wire, _clock = scripted_client({key: rows})
    assert [node.id for node in server_lookup.access_nodes(client, ["GROUP", "proxy ONE"]) or []] == [30, 11]
    assert wire.sent[1].params == {"vendor": "VMW"} and len(wire.sent) == 2


def test_a_missing_access_node_is_told_with_those_there_are():
    client, _wire, _clock = scripted_client({"accesNodes": [{"id": 11, "name": "proxy2"}, {"id": 12, "name": "proxy1"}]})
    with pytest.raises(NotFound, match="Known are proxy1, proxy2"):
        server_lookup.access_nodes(client, ["proxy2", "nope"])


@pytest.mark.parametrize("status", ["DECONFIGURED", "RETIRE_IN_PROGRESS", 1, 2])
def test_a_retired_hypervisor_does_not_count(status):
    rows = [{"id": 10, "name": "vc01", "status": status}, {"id": 12, "name": "vc01", "status": "UNKNOWN"}]
    client, _wire, _clock = scripted_client({"Hypervisors": rows}, {"Hypervisors": rows[:1]})
    assert number(vm_lookup.find_hypervisor(client, "VC01")) == 12
    assert vm_lookup.find_hypervisor(client, "VC01") is None


UNKNOWN, OURS, THEIRS, PROVIDERS = lookup.Owner(), lookup.Owner(42, "Acme"), lookup.Owner(99, "Other"), lookup.Owner(0)


@pytest.mark.parametrize(
    ("source", "destination", "refusal"),
    [
        (OURS, OURS, None),
        (OURS, PROVIDERS, None),
        (UNKNOWN, PROVIDERS, None),
        (PROVIDERS, OURS, None),
        (OURS, THEIRS, "belongs to the company"),
        (OURS, UNKNOWN, "does not tell whose there is"),
        (UNKNOWN, THEIRS, "does not tell whose what is"),
        (UNKNOWN, UNKNOWN, "does not tell whose there is"),
    ],
)
def test_whoever_asks_data_goes_to_its_own_company_or_the_provider(source, destination, refusal):
    client, _wire, _clock = scripted_client()
    if refusal is None:
        lookup.require_same_tenant(client, source, destination, "what", "there")
        return
    with pytest.raises(Refused, match=refusal):
        lookup.require_same_tenant(client, source, destination, "what", "there")


def test_what_a_company_has_is_not_told_without_what_may_be_its_own():
    rows = [Found(1, "a", 42), Found(2, "b", 99), Found(3, "c")]
    client, _wire, _clock = scripted_client(company_id=42)
    for told in (lookup.own, lambda *given: lookup.owned_by(*given, 42)):
        assert [row.id for row in told(client, "client", rows[:2])] == [1]
        with pytest.raises(Refused, match='whose the client "c" is'):
            told(client, "client", rows)
