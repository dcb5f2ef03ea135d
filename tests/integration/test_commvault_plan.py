# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support.modules import Modules
from ansible_collections.calligo.baas.tests.support.walk import recorded, step, walk

MODULE = "commvault_plan"
COMPANY = "Plan tenant é & ß"
NIGHTLY = {"backup_type": "incremental", "frequency": {"type": "daily", "every": 1, "start_time": "21:00"}}
WEEKLY = {"backup_type": "full", "frequency": {"type": "weekly", "days": ["saturday"], "start_time": "19:00"}}
ODD_NAMES = ["gold & silver", "100 % / day", "a+b", "plan\\x", 'say "gold"', "Größe élevée", "x:y,z?w=1#2"]


@pytest.fixture(scope="module", autouse=True)
def tenant(sandbox):
    Modules(sandbox)("commvault_company", {"name": COMPANY, "alias": "plantenant"})


@pytest.fixture
def faults(modules):
    def add(name, **more):
        modules.sandbox.control("POST", "/faults", {"name": name, **more})

    return add


def primary(**more):
    return {"name": "Primary", "storage_pool": "lux-pool-01", "region": "luxembourg", "retention_days": 30, **more}


def secondary(**more):
    return {"name": "Secondary", "storage_pool": "lux-pool-02", "region": "luxembourg", "source": "Primary", "retention_days": 90, **more}


def plan(name, *destinations, **more):
    return {"company": COMPANY, "name": name, **({"destinations": list(destinations)} if destinations else {}), **more}


def written(requests):
    return [f"{row['method']} {row['path'].split('/api/')[1]}" for row in requests if row["writes"]]


YEARLY = {"type": "yearly_fulls", "retention_days": "infinite"}
MADE = {
    "destinations": [primary(), secondary(extended_retention=[YEARLY, {"type": "monthly_fulls", "retention_days": 365}])],
    "schedules": [NIGHTLY, WEEKLY],
    "sla_days": 1,
    "backup_window": [
        {"days": ["saturday", "sunday"], "start": "00:00", "end": "24:00"},
        {"days": ["monday"], "start": "18:00", "end": "23:59"},
    ],
}
VAULT = secondary(name="Vault", source="Secondary", backups_to_copy="monthly_fulls", retention_days="infinite")
CHANGED = {
    "destinations": [
        primary(retention_days=45),
        secondary(extended_retention=[YEARLY, {"type": "monthly_fulls", "retention_days": "infinite"}]),
        VAULT,
    ],
    "schedules": [
        {**NIGHTLY, "frequency": {"type": "daily", "start_time": "20:30"}},
        WEEKLY,
        {"backup_type": "transaction_log", "frequency": {"type": "automatic", "every": 60}},
        {"backup_type": "synthetic_full", "frequency": {"type": "automatic", "every": 30}},
        {"backup_type": "full", "frequency": {"type": "yearly", "day_of_month": 31, "month": "december"}},
    ],
    "sla_days": 2,
    "backup_window": [],
}


def test_walk(modules):
    results = walk(modules, MODULE, plan("walk", **MADE), plan("walk", **CHANGED), plan("walk", state="absent"))
    made, changed, predicted = (results[name]["plan"] for name in ("create", "change", "change check"))
    assert made["company"] == COMPANY and made["sla_days"] == 1 and made["associated_entities"] == 0
    assert [(row["name"], row["retention_days"], row["source"]) for row in made["destinations"]] == [
        ("Primary", 30, None),
        ("Secondary", 90, "Primary"),
    ]
    monthly, yearly = made["destinations"][1]["extended_retention"]
    assert monthly == {"type": "monthly_fulls", "retention_days": 365} and yearly == {"type": "yearly_fulls", "retention_days": -1}
    assert [window["days"] for window in made["backup_window"]] == [["monday"], ["saturday", "sunday"]]
    assert [row["retention_days"] for row in changed["destinations"]] == [45, 90, -1]
    assert changed["destinations"][2]["backups_to_copy"] == "monthly_fulls" and changed["backup_window"] == [] and changed["sla_days"] == 2
    assert changed["schedules"][0]["frequency"] == {
        "type": "daily",
        "every": 1,
        "start_time": "20:30",
        "timezone": "Client Time Zone",
    }
    assert len(changed["schedules"]) == 5 and changed["schedules"][2]["for_databases"]
    assert [row.get("id") for row in predicted["destinations"]] == [*(row["id"] for row in made["destinations"]), None]
    assert results["delete"]["plan"] is None


def test_a_change_takes_the_fewest_requests(modules):
    modules(MODULE, plan("few", primary(), secondary(), schedules=[NIGHTLY]))
    more = plan(
        "few",
        primary(retention_days=60),
        secondary(retention_days=120),
        {**secondary(name="Third")},
        {**secondary(name="Fourth")},
        schedules=[{**NIGHTLY, "frequency": {"type": "daily", "start_time": "22:00"}}, WEEKLY],
        sla_days=3,
    )
    result, requests = recorded(modules, MODULE, more)
    number = result["plan"]["id"]
    ids = [row["id"] for row in result["plan"]["destinations"]]
    assert written(requests) == [
        f"PUT V4/ServerPlan/{number}",
        f"POST V4/ServerPlan/{number}/BackupDestination",
        f"PUT V5/ServerPlan/{number}/BackupDestination/{ids[0]}",
        f"PUT V5/ServerPlan/{number}/BackupDestination/{ids[1]}",
    ]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_of_every_kind(modules, name):
    assert modules(MODULE, plan(name, primary()))["plan"]["name"] == name
    step(modules, MODULE, plan(name, primary()), check=False, changed=False)
    step(modules, MODULE, plan(name, state="absent"), check=False, changed=True)


def test_a_plan_of_the_same_name_elsewhere_is_left_alone(modules):
    provider = modules(MODULE, {"name": "twin", "destinations": [primary(retention_days=10)]})["plan"]
    tenants = modules(MODULE, plan("twin", primary(retention_days=20)))["plan"]
    assert provider["id"] != tenants["id"]
    modules(MODULE, plan("twin", state="absent"))
    step(modules, MODULE, {"name": "twin", "destinations": [primary(retention_days=10)]}, check=False, changed=False)


def test_what_is_not_named_stays(modules):
    modules(MODULE, plan("stays", primary(), secondary(), schedules=[NIGHTLY, WEEKLY]))
    only = {"name": "secondary", "retention_days": 91}
    result = step(
        modules,
        MODULE,
        plan("stays", only, schedules=[{**WEEKLY, "frequency": {"type": "weekly", "days": ["sunday"]}}]),
        check=False,
        changed=True,
    )
    assert [row["name"] for row in result["plan"]["destinations"]] == ["Primary", "Secondary"]
    assert [row["frequency"]["start_time"] for row in result["plan"]["schedules"]] == ["21:00", "19:00"]
    step(modules, MODULE, plan("stays"), check=False, changed=False)


def test_a_schedule_of_another_kind_takes_the_place_of_the_one_before(modules):
    modules(MODULE, plan("hourly", primary(), schedules=[NIGHTLY]))
    often = {"backup_type": "incremental", "frequency": {"type": "minutes", "every": 240}}
    result = step(modules, MODULE, plan("hourly", schedules=[often]), check=False, changed=True)
    assert [row["frequency"] for row in result["plan"]["schedules"]] == [{"type": "minutes", "every": 240}]
    step(modules, MODULE, plan("hourly", schedules=[often]), check=False, changed=False)


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("destination", "said"),
    [
        (primary(retention_days=29), '"Primary" from 30 days to 29 days'),
        (primary(extended_retention=[]), '"Primary", monthly_fulls from 365 days to 30 days'),
        (
            primary(extended_retention=[{"type": "monthly_fulls", "retention_days": 200}]),
            '"Primary", monthly_fulls from 365 days to 200 days',
        ),
    ],
)
def test_a_shorter_retention_is_refused_with_both_numbers_and_the_option(modules, check, destination, said):
    modules(MODULE, plan("shorter", primary(extended_retention=[{"type": "monthly_fulls", "retention_days": 365}])))
    result = modules.failure(MODULE, plan("shorter", destination), check=check)
    assert said in result["msg"] and "allow_retention_decrease" in result["msg"] and result["error"]["kind"] == "Refused"


def test_a_shorter_retention_is_done_when_it_is_meant(modules):
    modules(MODULE, plan("meant", primary(retention_days="infinite")))
    assert '"Primary" from infinite to 7 days' in modules.failure(MODULE, plan("meant", primary(retention_days=7)))["msg"]
    result = step(modules, MODULE, plan("meant", primary(retention_days=7), allow_retention_decrease=True), check=False, changed=True)
    assert result["plan"]["destinations"][0]["retention_days"] == 7
    step(modules, MODULE, plan("meant", primary(retention_days="infinite")), check=False, changed=True)


@pytest.mark.parametrize("check", [True, False])
def test_a_pool_that_stores_in_clear_is_refused_unless_that_is_meant(modules, check):
    clear = plan(f"clear {check}", primary(storage_pool="lux-pool-plain"))
    result = modules.failure(MODULE, clear, check=check)
    assert "lux-pool-plain" in result["msg"] and "does not encrypt" in result["msg"] and "require_encryption: false" in result["msg"]
    step(modules, MODULE, {**clear, "require_encryption": False}, check=False, changed=True)
    assert "does not encrypt" in modules.failure(MODULE, clear, check=check)["msg"]


@pytest.mark.parametrize("check", [True, False])
def test_a_destination_cannot_move_to_another_pool(modules, check):
    modules(MODULE, plan("moves", primary()))
    result = modules.failure(MODULE, plan("moves", primary(storage_pool="lux-pool-02")), check=check)
    assert "lux-pool-01" in result["msg"] and "lux-pool-02" in result["msg"] and "under another name" in result["msg"]


def test_what_does_not_exist_is_named_and_nothing_is_half_written(modules):
    for option, name in (("storage_pool", "no-pool"), ("region", "no-region")):
        result = modules.failure(MODULE, plan("half", primary(**{option: name})))
        assert f'"{name}" does not exist' in result["msg"] and result["error"]["kind"] == "NotFound"
    step(modules, MODULE, plan("half", state="absent"), check=False, changed=False)
    result = step(modules, MODULE, plan("half", primary(region="no-region")), check=True, changed=True)
    assert "no-region" in str(result["warnings"])


def test_a_plan_that_was_made_with_errors_is_repaired(modules, faults):
    faults("plan_partial", times=1)
    result, requests = recorded(modules, MODULE, plan("partial", primary(), secondary(), schedules=[NIGHTLY], sla_days=1))
    assert result["changed"] and "587207454" in str(result["warnings"])
    assert [row["name"] for row in result["plan"]["destinations"]] == ["Primary", "Secondary"]
    assert written(requests).count("POST V4/ServerPlan") == 1
    step(modules, MODULE, plan("partial", primary(), secondary(), schedules=[NIGHTLY], sla_days=1), check=False, changed=False)


def test_a_plan_that_was_not_made_says_why(modules, faults):
    faults("api_error", path="ServerPlan", code=3, message="no licence for plans", times=1)
    result = modules.failure(MODULE, plan("refused", primary()))
    assert "no licence for plans" in result["msg"] and "refused" in result["msg"]


def test_a_plan_in_use_is_not_deleted_and_the_number_is_told(modules):
    modules("commvault_company", {"name": COMPANY, "servers": ["cafe-fs01"]})
    modules(MODULE, plan("used", primary()))
    subclient = {"client": "cafe-fs01", "name": "used data", "plan": "used", "content": ["D:\\Rezepte"]}
    modules("commvault_subclient", {"company": COMPANY, "subclients": [subclient]})
    for check in (True, False):
        result = modules.failure(MODULE, plan("used", state="absent"), check=check)
        assert "entities that it protects: 1" in result["msg"] and "another plan first" in result["msg"]


def test_a_deletion_that_waits_for_approval_is_not_called_done(modules, faults):
    modules(MODULE, plan("pending", primary()))
    faults("pending_approval", times=1)
    assert "waits for approval" in modules.failure(MODULE, plan("pending", state="absent"))["msg"]


def test_lists_from_a_stale_cache_make_no_second_plan(modules, faults):
    faults("stale_lists")
    modules(MODULE, plan("stale", primary()))
    step(modules, MODULE, plan("stale", primary()), check=False, changed=False)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"destinations": [primary(retention_days="a month")]}, "give days from 1 to 9999, or infinite"),
        ({"destinations": [primary(retention_days=0)]}, "give days from 1 to 9999, or infinite"),
        ({"destinations": [primary(), primary()]}, "named twice"),
        ({"destinations": [primary(backups_to_copy="all_fulls")]}, "backups_to_copy but no source"),
        ({"destinations": [primary(), secondary(source="Nowhere")]}, 'the source "Nowhere"'),
        ({"destinations": [{"name": "Primary"}]}, "give storage_pool"),
        ({}, "give destinations"),
        ({"destinations": [primary(extended_retention=[{"type": "yearly_fulls", "retention_days": 30}])]}, "not longer than"),
        ({"schedules": [{"backup_type": "full", "frequency": {"type": "daily", "start_time": "1260"}}]}, "in quotes"),
        ({"schedules": [{"backup_type": "full", "frequency": {"type": "weekly"}}]}, "needs days"),
        ({"schedules": [{"backup_type": "full", "frequency": {"type": "minutes", "every": 0}}]}, "1 or more"),
        ({"schedules": [{"backup_type": "full", "frequency": {"type": "daily", "days": ["monday"]}}]}, "does not take days"),
        ({"backup_window": [{"days": ["monday"], "start": "22:00", "end": "06:00"}]}, "split it at midnight"),
    ],
)
def test_what_makes_no_sense_is_said_before_anything_is_written(modules, options, said):
    modules.sandbox.control("DELETE", "/journal")
    assert said in modules.failure(MODULE, plan("nonsense", **options))["msg"]
    assert written(modules.sandbox.control("GET", "/journal")["requests"]) == []


def test_in_check_mode_a_plan_of_a_company_that_is_still_missing_is_predicted(modules):
    options = {**plan("early", primary()), "company": "Not yet there"}
    result = step(modules, MODULE, options, check=True, changed=True)
    assert "Not yet there" in str(result["warnings"])
    assert 'The company "Not yet there" does not exist' in modules.failure(MODULE, options)["msg"]
