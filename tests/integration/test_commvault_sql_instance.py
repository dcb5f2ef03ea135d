# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.modules import Modules
from ansible_collections.calligo.baas.tests.support.sql import COMPANY, INSTANCE, SERVER
from ansible_collections.calligo.baas.tests.support.walk import recorded, step, walk
from commvaultsim.sandbox import Sandbox

MODULE = "commvault_sql_instance"
HIDDEN = "ACME-SQL01\\REPORTS"
PLAN, SPARE = tenant.PLAN["name"], tenant.SPARE_PLAN["name"]
SECRET = 'correct horse & "staple"'


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    with Sandbox(tmp_path_factory.mktemp("sql-instance"), job_seconds=0.5) as sandbox:
        running = Modules(sandbox)
        running("commvault_company", {**COMPANY, "servers": [SERVER]})
        for options in (tenant.PLAN, tenant.SPARE_PLAN):
            running("commvault_plan", tenant.inside(options))
        running("commvault_credential", tenant.inside(tenant.CREDENTIAL))
        yield running


def one(instance=INSTANCE, **options):
    return tenant.inside({"instances": [{"client": SERVER, "instance": instance, **options}]})


def test_the_twelve_steps(modules):
    present = one(HIDDEN, plan=PLAN, authentication="account", account="ACME\\svc-sql", account_password=SECRET, vdi_timeout=600)
    changed = one(
        HIDDEN, plan=SPARE, authentication="credential", credential="acme-login", use_vss=False, description="Köln", vdi_timeout=60
    )
    changed["instances"][0] |= {"backup_enabled": False, "restore_enabled": False}
    results = walk(modules, MODULE, present, changed, one(HIDDEN, state="absent", force=True))
    made = results["create"]["instances"][0]
    assert (made["plan"], made["authentication"], made["account"], made["vdi_timeout"]) == (PLAN, "account", "ACME\\svc-sql", 600)
    again = results["change again"]["instances"][0]
    assert (again["authentication"], again["account"], again["credential"]) == ("credential", None, "acme-login")
    assert (again["backup_enabled"], again["restore_enabled"], again["use_vss"]) == (False, False, False)
    for result in results.values():
        assert SECRET not in str(result)


def test_a_password_that_was_changed_on_the_server_reaches_commvault_once(modules):
    login = {"authentication": "account", "account": "ACME\\svc-sql", "account_password": SECRET, "update_password": "if_refused"}
    modules(MODULE, one(HIDDEN, **login))
    step(modules, MODULE, one(HIDDEN, **login), check=False, changed=False)
    fault = {"name": "sql_login_refused", "instance": HIDDEN, "password": "a new " + SECRET}
    modules.sandbox.control("POST", "/faults", fault)
    told = modules.failure(MODULE, one(HIDDEN, **login))["msg"]
    assert "still cannot use it: Login failed" in told and SECRET not in told
    assert "Login failed" in modules.failure(MODULE, one(HIDDEN, update_password="if_refused"), check=True)["msg"]
    renewed = one(HIDDEN, **{**login, "account_password": fault["password"]})
    step(modules, MODULE, renewed, check=True, changed=True)
    assert SECRET not in str(step(modules, MODULE, renewed, check=False, changed=True))
    step(modules, MODULE, renewed, check=False, changed=False)
    step(modules, MODULE, one(HIDDEN, state="absent", force=True), check=False, changed=True)


def test_an_instance_that_is_disabled_from_its_first_moment(modules):
    made = step(modules, MODULE, one(HIDDEN, backup_enabled=False), check=False, changed=True)
    assert made["instances"][0]["backup_enabled"] is False
    step(modules, MODULE, one(HIDDEN, backup_enabled=False), check=False, changed=False)
    # It has neither plan nor backups, so that nothing is lost.
    step(modules, MODULE, one(HIDDEN, state="absent"), check=False, changed=True)


@pytest.mark.parametrize(("kind", "given"), [("local_system", {}), ("inherited", {}), ("credential", {"credential": "ACME-login"})])
def test_ways_to_log_in(modules, kind, given):
    step(modules, MODULE, one(authentication="account", account="ACME\\x", account_password=SECRET), check=False, changed=True)
    shown = step(modules, MODULE, one(authentication=kind, **given), check=False, changed=True)["instances"][0]
    assert (shown["authentication"], shown["account"]) == (kind, None)
    step(modules, MODULE, one(authentication=kind, **given), check=False, changed=False)


def test_a_password_is_sent_when_it_has_to_be(modules):
    login = {"authentication": "account", "account": "ACME\\y", "account_password": SECRET}
    step(modules, MODULE, one(**login), check=False, changed=True)
    step(modules, MODULE, one(**login), check=False, changed=False)
    step(modules, MODULE, one(**login, update_password="always"), check=False, changed=True)
    refused = modules.failure(MODULE, one(authentication="account", account="ACME\\other"))
    assert "give account_password" in refused["msg"]


def test_deleting_what_is_protected_says_what_would_be_lost(modules):
    modules(MODULE, one(plan=PLAN))
    made = {"client": SERVER, "instance": INSTANCE, "name": "sales", "databases": ["Sales"]}
    modules("commvault_sql_subclient", tenant.inside({"subclients": [made]}))
    for check in (True, False):
        modules.sandbox.control("DELETE", "/journal")
        refused = modules.failure(MODULE, one(state="absent"), check=check)
        assert refused["error"]["kind"] == "Refused" and refused["error"]["subclients"] == ["sales"]
        assert "4 databases" in refused["msg"] and "Übersicht Köln 2026" in refused["msg"] and "give force" in refused["msg"]
        assert not [row for row in modules.sandbox.control("GET", "/journal")["requests"] if row["writes"]]
    modules("commvault_sql_subclient", tenant.inside({"subclients": [{**made, "state": "absent"}]}))


def test_requests_are_few(modules):
    modules(MODULE, one(plan=PLAN))
    _result, requests = recorded(modules, MODULE, one(plan=PLAN, use_vss=True))
    calls = [row["method"] + " " + row["path"].split("/api")[1].partition("(")[0] for row in requests]
    assert calls == ["POST /Login", "GET /Organization", "GET /Client/byName", "GET /Instance", "POST /Logout"]


def test_nothing_is_half_written(modules):
    first = {"client": SERVER, "instance": INSTANCE, "description": "half"}
    for second, text in (
        ({"client": "no-such-server", "instance": "X"}, 'client "no-such-server" does not exist'),
        ({"client": SERVER, "instance": HIDDEN, "plan": "no plan"}, 'plan "no plan" does not exist'),
        ({"client": SERVER, "instance": HIDDEN, "authentication": "credential", "credential": "none"}, 'credential "none" does not exist'),
        ({"client": SERVER, "instance": INSTANCE.lower()}, "listed twice"),
        ({"client": SERVER, "instance": HIDDEN, "authentication": "inherited", "account": "x"}, "needs authentication=account"),
        ({"client": SERVER, "instance": HIDDEN, "authentication": "account", "account": "x"}, "give account_password"),
        ({"client": "cafe-sql01", "instance": "CAFE-SQL01"}, "cafe-sql01"),
    ):
        modules.sandbox.control("DELETE", "/journal")
        assert text in modules.failure(MODULE, tenant.inside({"instances": [first, second]}))["msg"]
        assert not [row for row in modules.sandbox.control("GET", "/journal")["requests"] if row["writes"]]


def test_an_instance_that_is_not_on_the_server(modules):
    assert "was not found on client" in modules.failure(MODULE, one("ACME-SQL01\\NONE"))["msg"]


def test_what_is_missing_is_a_warning_in_check_mode(modules):
    wanted = {"client": "no-such-server", "instance": "X", "plan": "no such plan"}
    result = step(modules, MODULE, {"company": "No such company", "instances": [wanted]}, check=True, changed=True)
    for name in ("No such company", "no such plan"):
        assert any(name in str(warning) for warning in result["warnings"]), name
