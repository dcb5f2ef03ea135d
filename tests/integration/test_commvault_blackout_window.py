# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt

import pytest

from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.modules import Modules
from ansible_collections.calligo.baas.tests.support.walk import step, walk

MODULE = "commvault_blackout_window"
COMPANY = "Window tenant é & ß"
HOURS = [{"days": ["monday", "friday"], "start": "08:00", "end": "18:00"}, {"days": ["sunday"], "start": "00:00", "end": "24:00"}]
ODD_NAMES = ['say "closed"', "100 % / day", "a+b", "w\\x", "Größe élevée", "x:y,z?w=1#2"]


@pytest.fixture(scope="module", autouse=True)
def company(sandbox):
    Modules(sandbox)("commvault_company", {"name": COMPANY, "alias": "windowtenant"})


def window(name, **more):
    return {"company": COMPANY, "name": name, "periods": HOURS, **more}


def test_walk(modules):
    made = {"operations": ["full", "synthetic_full"], "between_dates": {"start": "2026-12-24", "end": "2027-01-02"}}
    changed = {"operations": ["all"], "weeks": ["first", "last"], "between_dates": {}, "do_not_submit_job": True, "periods": HOURS[:1]}
    results = walk(
        modules, MODULE, window("walk", **made), window("walk", **changed), {"company": COMPANY, "name": "walk", "state": "absent"}
    )
    first, second = results["create"]["blackout_window"], results["change"]["blackout_window"]
    assert first["company"] == COMPANY and first["weeks"] == ["every"] and first["between_dates"] == made["between_dates"]
    assert first["periods"] == [HOURS[0], HOURS[1]] and first["do_not_submit_job"] is False
    assert second["between_dates"] == {"start": "", "end": ""} and second["weeks"] == ["first", "last"] and second["id"] == first["id"]


def test_only_what_is_given_is_compared(modules):
    modules(MODULE, window("some", operations=["full"], do_not_submit_job=True))
    step(modules, MODULE, {"company": COMPANY, "name": "SOME"}, check=False, changed=False)
    step(modules, MODULE, {"company": COMPANY, "name": "some", "periods": list(reversed(HOURS))}, check=False, changed=False)
    result = step(modules, MODULE, {"company": COMPANY, "name": "some", "operations": ["transaction_log"]}, check=False, changed=True)
    assert result["blackout_window"]["do_not_submit_job"] is True and len(result["blackout_window"]["periods"]) == 2


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_of_every_kind(modules, name):
    assert modules(MODULE, window(name))["blackout_window"]["name"] == name
    step(modules, MODULE, window(name), check=False, changed=False)
    step(modules, MODULE, {"company": COMPANY, "name": name, "state": "absent"}, check=False, changed=True)


def test_a_window_of_the_same_name_elsewhere_is_left_alone(modules):
    mine = modules(MODULE, window("twin"))["blackout_window"]
    others = modules(MODULE, {"name": "twin", "periods": HOURS[:1], "between_dates": {"start": "2030-01-01"}})["blackout_window"]
    assert mine["id"] != others["id"]
    modules(MODULE, {"company": COMPANY, "name": "twin", "state": "absent"})
    step(modules, MODULE, {"name": "twin", "periods": HOURS[:1]}, check=False, changed=False)
    modules(MODULE, {"name": "twin", "state": "absent"})


def test_two_of_one_name_are_not_guessed_between(modules):
    modules(MODULE, window("double"))
    modules(MODULE, window("double 2"))
    modules.sandbox.control("POST", "/blackout", {"name": "double 2", "new_name": "double"})
    failed = modules.failure(MODULE, window("double"))
    assert "exists 2 times" in failed["msg"] and failed["error"]["kind"] == "InputError"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"periods": [{"days": ["monday"], "start": "22:00", "end": "06:00"}]}, "split it at midnight"),
        ({"periods": [{"days": ["monday"], "start": "1320", "end": "23:00"}]}, "in quotes"),
        ({"periods": None}, "give periods"),
        ({"between_dates": {"start": "soon"}}, 'between_dates.start is "soon"'),
        ({"between_dates": {"start": "2027-01-02", "end": "2027-01-01"}}, "the end is before the start"),
    ],
)
def test_what_makes_no_sense_is_said(modules, options, said):
    assert said in modules.failure(MODULE, window("nonsense", **options))["msg"]


def test_a_deletion_that_waits_for_approval_is_not_called_done(modules):
    modules(MODULE, window("pending"))
    modules.sandbox.control("POST", "/faults", {"name": "pending_approval", "times": 1})
    assert "waits for approval" in modules.failure(MODULE, {"company": COMPANY, "name": "pending", "state": "absent"})["msg"]


def test_a_backup_waits_for_the_end_of_the_window(fresh_sandbox):
    modules = Modules(fresh_sandbox)
    modules("commvault_company", tenant.COMPANY)
    modules("commvault_plan", tenant.inside(tenant.PLAN))
    modules("commvault_subclient", tenant.inside({"subclients": [tenant.SUBCLIENT]}))
    today = dt.datetime.now(dt.UTC)
    days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    closed = {"name": "now", "operations": ["full"], "periods": [{"days": [days[today.weekday()]], "start": "00:00", "end": "24:00"}]}
    modules(MODULE, tenant.inside(closed))
    subclient = {"client": "acme-fs01", "name": "data"}
    started = modules("commvault_backup", tenant.inside({"subclients": [subclient], "level": "full", "wait": False}))
    number = started["jobs"][0]["id"]
    fresh_sandbox.control("POST", "/clock", {"advance": 5})
    waiting = modules("commvault_job_info", tenant.inside({"job_ids": [number]}))["jobs"][0]
    assert waiting["status"] == "Queued"
    modules(MODULE, tenant.inside({"name": "now", "state": "absent"}))
    fresh_sandbox.control("POST", "/clock", {"advance": 5})
    assert modules("commvault_job_info", tenant.inside({"job_ids": [number]}))["jobs"][0]["status"] == "Completed"
