# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that runs with one tenant's account neither reads nor changes what another tenant has, whatever it is told to do."""

from __future__ import annotations

import json

import pytest

from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.collection import module_names
from ansible_collections.calligo.baas.tests.support.modules import Modules, run_module
from ansible_collections.calligo.baas.tests.support.tasks import OUTSIDE, tasks
from commvaultsim.sandbox import Sandbox

VICTIM = tenant.COMPANY["name"]
INTRUDER = "Intruder Ltd"
ACCOUNT = {"username": "intruder\\svc", "password": "crow bar"}
MODULES = [name for name in module_names() if name.startswith("commvault_")]
# What only the victim has, and no task names.
SECRETS = ("acme\\", "ada@acme", "Ada Admin", "Übersicht", "acme-db-01")


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    """Two tenants, each with a service account."""
    with Sandbox(tmp_path_factory.mktemp("isolation"), job_seconds=0.5) as sandbox:
        modules = Modules(sandbox)
        tenant.onboard(modules)
        tenant.service_account(modules)
        modules("commvault_company", {"name": INTRUDER, "alias": "intruder", "servers": ["cafe-fs01"]})
        account = {"email": "svc@intruder.example.com", "user_password": ACCOUNT["password"], "user_groups": ["Tenant Admin"]}
        modules("commvault_user", {"company": INTRUDER, "name": "svc", **account})
        yield modules


def of_victim(platform):
    """Everything in the simulator that belongs to the victim, except how often somebody looked at it."""
    state = platform.sandbox.control("GET", "/state")
    number = next(row["id"] for row in state["companies"] if row["name"] == VICTIM)
    clients = {row["id"] for row in state["clients"] if row["company_id"] == number}
    owned = {"companies": [row for row in state["companies"] if row["id"] == number]}
    for table, rows in state.items():
        mine = [row for row in rows if isinstance(row, dict) and (row.get("company_id") == number or row.get("client_id") in clients)]
        owned.setdefault(table, mine)
    owned["entity_regions"] = [row for row in state["entity_regions"] if row["type"] == "CLIENT" and row["id"] in clients]
    return owned


def attempts(platform, name, **more):
    """The tasks that would work for the victim, run with the intruder's account: their results, without what they were told."""
    results = []
    for options in tasks(platform)[name]:
        result = run_module(name, {**platform.connection(name), **options, **ACCOUNT, **more})
        result.pop("invocation", None)
        results.append(result)
    return results


@pytest.mark.usefixtures("waiting_is_short")
@pytest.mark.parametrize("name", MODULES)
def test_another_company_cannot_be_acted_in(platform, name):
    before = of_victim(platform)
    for result in attempts(platform, name, company=VICTIM):
        if name == "commvault_estate_info":
            # For it a company that is not seen is a result and not an error: offboarding ends there.
            assert result["estate"]["company"] is None and not any(
                result["estate"][kind] for kind in ("servers", "hypervisors", "vm_groups")
            )
            continue
        if name == "commvault_protection_info":
            # It tells what could be read of many tenants, and that the rest is unknown.
            assert result["summary"]["complete"] is False and result["summary"]["states"] == {"unknown": 1}
            assert any(f'The company "{VICTIM}" does not exist, or this user cannot see it' in one for one in result["summary"]["problems"])
            continue
        if name == "commvault_residency_info":
            assert result["residency"]["complete"] is False and result["residency"]["proven"] is False
            assert any(
                f'The company "{VICTIM}" does not exist, or this user cannot see it' in one for one in result["residency"]["problems"]
            )
            continue
        assert result.get("failed") and f'The company "{VICTIM}" does not exist, or this user cannot see it' in result["msg"]
    assert of_victim(platform) == before


@pytest.mark.usefixtures("waiting_is_short")
@pytest.mark.parametrize("name", MODULES)
def test_the_header_of_another_company_gives_nothing(platform, name):
    before = of_victim(platform)
    for result in attempts(platform, name, company_id=before["companies"][0]["id"]):
        _nothing_told(result)
    assert of_victim(platform) == before


@pytest.mark.usefixtures("waiting_is_short")
@pytest.mark.parametrize("company", [INTRUDER, None], ids=["own company", "no company"])
@pytest.mark.parametrize("name", MODULES)
def test_names_of_anothers_things_give_nothing(platform, name, company):
    before = of_victim(platform)
    for result in attempts(platform, name, **({"company": company} if company else {})):
        _nothing_told(result)
    assert of_victim(platform) == before


@pytest.mark.usefixtures("waiting_is_short")
@pytest.mark.parametrize("faults", [("company_ignored",), ("company_ignored", "owners_hidden")], ids=["of others", "of nobody"])
@pytest.mark.parametrize("name", sorted(set(MODULES) - set(OUTSIDE)))
def test_a_company_reaches_nothing_of_another_by_what_the_server_forgets_to_filter(platform, name, faults):
    before = of_victim(platform)
    for fault in faults:
        platform.sandbox.control("POST", "/faults", {"name": fault})
    try:
        for options in tasks(platform)[name]:
            result = run_module(name, {**platform.connection(name), **options, "company": INTRUDER})
            result.pop("invocation", None)
            _nothing_told(result)
    finally:
        platform.sandbox.control("DELETE", "/faults")
    assert of_victim(platform) == before


def _nothing_told(result):
    told = json.dumps({key: value for key, value in result.items() if key not in ("msg", "exception")}, ensure_ascii=False)
    assert not [secret for secret in SECRETS if secret in told]


def test_the_victims_account_sees_and_changes_its_own(platform):
    account = {"username": "acme\\svc_backup", "password": tenant.USER["user_password"], "company": VICTIM}
    options = {**platform.connection("commvault_"), **account}
    found = run_module("commvault_company_info", options)["companies"]
    assert [company["name"] for company in found] == [VICTIM]
    changed = run_module("commvault_subclient", {**options, "subclients": [{**tenant.SUBCLIENT, "description": "by the tenant"}]})
    assert changed["changed"] and not changed.get("failed")
    jobs = run_module("commvault_job_info", options)
    assert jobs["total"] and all(job["company"] in (None, VICTIM) for job in jobs["jobs"] if "company" in job)


def test_an_account_without_a_role_that_manages_only_reads(platform):
    account = {"email": "reader@acme.example.com", "user_password": "pw", "user_groups": ["Tenant User"]}
    platform("commvault_user", tenant.inside({"name": "reader", **account}))
    options = {**platform.connection("commvault_"), "username": "acme\\reader", "password": "pw", "company": VICTIM}
    assert not run_module("commvault_job_info", options).get("failed")
    before = of_victim(platform)
    result = run_module("commvault_subclient", {**options, "subclients": [{**tenant.SUBCLIENT, "description": "by a reader"}]})
    assert result["failed"] and "lacks a permission" in result["msg"]
    assert of_victim(platform) == before
