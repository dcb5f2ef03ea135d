# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a plan says beside destinations and schedules, purging, and the dialects of servers."""

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support.modules import Modules
from ansible_collections.calligo.baas.tests.support.walk import recorded, step, walk

MODULE = "commvault_plan"
COMPANY = "Settings tenant é & ß"
NIGHTLY = {"backup_type": "incremental", "frequency": {"type": "daily", "every": 1, "start_time": "21:00"}}
LOGS = {"backup_type": "transaction_log", "frequency": {"type": "automatic", "every": 240}}
CONTENT = {
    "windows_included": ["\\"],
    "windows_excluded": ["C:\\Temp", 'D:\\100 % "odd"\\Größe + x'],
    "unix_included": ["/"],
    "unix_excluded": ["/tmp"],
    "system_state": True,
}
DIALECTS = [
    "created_201",
    "error_code_names",
    "plan_infinite_absent",
    "plan_options_unread",
    "plan_partial",
    "plan_region_inside",
    "plan_rpo_ignored",
    "plan_snap_primary",
    "plan_task_operation",
    "plan_v4_only",
]


@pytest.fixture(scope="module", autouse=True)
def tenant(sandbox):
    Modules(sandbox)("commvault_company", {"name": COMPANY, "alias": "settingstenant"})


@pytest.fixture
def faults(modules):
    def add(name, **more):
        modules.sandbox.control("POST", "/faults", {"name": name, **more})

    return add


def primary(**more):
    return {"name": "Primary", "storage_pool": "lux-pool-01", "region": "luxembourg", "retention_days": 30, **more}


def second(name="Second", **more):
    return {"name": name, "storage_pool": "lux-pool-02", "region": "luxembourg", "source": "Primary", "retention_days": 90, **more}


def plan(name, *destinations, **more):
    return {"company": COMPANY, "name": name, **({"destinations": list(destinations)} if destinations else {}), **more}


MADE = {
    "content": CONTENT,
    "full_backup_window": [{"days": ["saturday", "sunday"], "start": "00:00", "end": "24:00"}],
    "backup_window": [{"days": ["monday"], "start": "18:00", "end": "23:59"}],
    "snapshot_options": {"enable_backup_copy": False, "backup_copy_rpo_minutes": 480},
    "database_options": {"log_rpo_minutes": 60, "use_disk_cache": True, "commit_hours": 4},
    "schedules": [NIGHTLY, {"backup_type": "transaction_log", "frequency": {"type": "automatic"}}],
    "override_restrictions": {"destinations": "not_allowed", "content": "must"},
    "sla_days": 2,
}
CHANGED = {
    "content": {"windows_excluded": [], "system_state_only_with_full": True},
    "full_backup_window": [],
    "snapshot_options": {"enable_backup_copy": True},
    "database_options": {"commit_hours": 8},
    "override_restrictions": {"content": "optional"},
}


def test_walk(modules):
    made, changed = plan("settings", primary(), **MADE), plan("settings", **CHANGED)
    results = walk(modules, MODULE, made, changed, plan("settings", state="absent"))
    first, then = results["create"]["plan"], results["change"]["plan"]
    assert set(first["content"]["windows_excluded"]) == set(CONTENT["windows_excluded"]) and first["content"]["system_state"]
    assert first["database_options"] == MADE["database_options"] and first["snapshot_options"] == MADE["snapshot_options"]
    assert first["override_restrictions"] == {"destinations": "not_allowed", "rpo": "optional", "content": "must"}
    assert then["content"]["windows_excluded"] == [] and then["content"]["unix_excluded"] == ["/tmp"]
    assert then["content"]["system_state_only_with_full"] and then["full_backup_window"] == [] and then["backup_window"]
    assert then["database_options"] == {**MADE["database_options"], "commit_hours": 8}


def test_paths_are_compared_as_their_system_does(modules):
    modules(MODULE, plan("paths", primary(), content={"windows_included": ["C:\\A", "D:\\B"], "unix_included": ["/a"]}))
    same = {"windows_included": ["d:\\b", "c:\\a"], "unix_included": ["/a"]}
    step(modules, MODULE, plan("paths", content=same), check=False, changed=False)
    step(modules, MODULE, plan("paths", content={"unix_included": ["/A"]}), check=False, changed=True)


FREQUENCIES = [
    {"type": "minutes", "every": 30},
    {"type": "daily", "every": 2, "start_time": "22:30", "repeat_minutes": 120, "repeat_until": "23:59"},
    {"type": "weekly", "days": ["monday", "friday"], "start_time": "01:00", "timezone": "Etc/UTC"},
    {"type": "monthly", "day_of_month": 15},
    {"type": "monthly", "week_of_month": "first", "day_of_week": "sunday"},
    {"type": "yearly", "month": "june", "week_of_month": "last", "day_of_week": "weekday"},
    {"type": "automatic", "every": 60},
]


@pytest.mark.parametrize("kind", ["full", "incremental", "differential", "synthetic_full", "transaction_log"])
def test_every_rpo_of_every_kind_can_be_said_and_is_kept(modules, kind):
    for frequency in FREQUENCIES:
        wish = plan(f"rpo {kind}", primary(), schedules=[{"backup_type": kind, "frequency": frequency}])
        step(modules, MODULE, wish, check=False, changed=True)
        found = step(modules, MODULE, wish, check=False, changed=False)["plan"]["schedules"]
        assert len(found) == 1 and {key: found[0]["frequency"][key] for key in frequency} == frequency


def test_a_day_in_a_week_takes_the_place_of_a_day_of_the_month(modules):
    schedule = {"backup_type": "full", "frequency": {"type": "monthly", "day_of_month": 3, "start_time": "20:00"}}
    modules(MODULE, plan("relative", primary(), schedules=[schedule]))
    relative = {**schedule, "frequency": {"type": "monthly", "week_of_month": "last", "day_of_week": "saturday"}}
    found = step(modules, MODULE, plan("relative", schedules=[relative]), check=False, changed=True)["plan"]["schedules"][0]["frequency"]
    assert "day_of_month" not in found and found["day_of_week"] == "saturday" and found["start_time"] == "20:00"
    step(modules, MODULE, plan("relative", schedules=[schedule]), check=False, changed=True)
    step(modules, MODULE, plan("relative", schedules=[schedule]), check=False, changed=False)


def test_schedules_that_are_not_named_go_when_asked(modules):
    modules(MODULE, plan("purged schedules", primary(), schedules=[NIGHTLY, LOGS]))
    wish = plan("purged schedules", schedules=[NIGHTLY], purge_schedules=True)
    predicted = step(modules, MODULE, wish, check=True, changed=True)
    done = step(modules, MODULE, wish, check=False, changed=True)
    assert predicted["plan"]["schedules"] == done["plan"]["schedules"] and len(done["plan"]["schedules"]) == 1
    step(modules, MODULE, wish, check=False, changed=False)


def test_destinations_that_are_not_named_go_when_asked_last_copies_first(modules):
    third = second("Third", source="Second")
    modules(MODULE, plan("purged", primary(), second(), third))
    wish = plan("purged", primary(), purge_destinations=True)
    predicted = step(modules, MODULE, wish, check=True, changed=True)
    assert '"Second": 0 jobs' in str(predicted["warnings"])
    done, requests = recorded(modules, MODULE, wish)
    assert (
        [row["name"] for row in done["plan"]["destinations"]] == ["Primary"] == [row["name"] for row in predicted["plan"]["destinations"]]
    )
    assert [row["method"] for row in requests if row["writes"]] == ["DELETE", "DELETE"]
    step(modules, MODULE, wish, check=False, changed=False)


def test_neither_the_default_nor_the_snap_primary_is_ever_purged(modules, faults):
    faults("plan_snap_primary")
    modules(MODULE, plan("purge all", primary(), second()))
    result = step(modules, MODULE, plan("purge all", second(), purge_destinations=True), check=False, changed=False)
    assert [row["name"] for row in result["plan"]["destinations"]] == ["Primary", "Second", "Primary snap"]


def test_a_source_is_not_purged_from_under_its_copy(modules):
    modules(MODULE, plan("sources", primary(), second(), second("Third", source="Second")))
    failed = modules.failure(MODULE, plan("sources", second("Third", source="Second"), purge_destinations=True))
    assert '"Second"' in failed["msg"] and "source of Third" in failed["msg"]


def test_a_destination_with_backups_is_purged_only_when_that_is_meant(fresh_sandbox):
    modules = Modules(fresh_sandbox)
    modules("commvault_company", {"name": COMPANY, "alias": "settingstenant", "servers": ["acme-fs01"]})
    modules(MODULE, plan("loses", primary(), second()))
    subclient = {"client": "acme-fs01", "name": "data", "plan": "loses", "content": ["D:\\Data"]}
    modules("commvault_subclient", {"company": COMPANY, "subclients": [subclient]})
    wanted = {"subclients": [{"client": "acme-fs01", "name": "data"}], "level": "full"}
    job = modules("commvault_backup", {"company": COMPANY, **wanted})["jobs"][0]["id"]
    wish = plan("loses", primary(), purge_destinations=True)
    for check in (True, False):
        failed = modules.failure(MODULE, wish, check=check)
        (loss,) = failed["error"]["losses"]
        assert loss["destination"] == "Second" and loss["job_ids"] == [job] and loss["bytes"] > 0
        assert "allow_backup_loss" in failed["msg"] and f"1 jobs with {loss['bytes']} bytes" in failed["msg"]
        done = step(modules, MODULE, {**wish, "allow_backup_loss": True}, check=check, changed=True)
        assert f"1 jobs with {loss['bytes']} bytes" in str(done["warnings"])


BASE = {"allow_override": True, "override_restrictions": {"destinations": "not_allowed"}, "content": CONTENT, "schedules": [NIGHTLY]}


def test_a_derived_plan_says_only_what_it_does_otherwise(modules):
    base = modules(MODULE, plan("base / a+b\\é", primary(), **BASE))["plan"]
    wish = plan("derived", base_plan="base / a+b\\é", schedules=[{**NIGHTLY, "frequency": {"type": "minutes", "every": 60}}])
    made = step(modules, MODULE, wish, check=False, changed=True)["plan"]
    assert made["destinations"] == base["destinations"] and made["base_plan"] == base["name"]
    assert made["inherited"] == ["content", "destinations"] and made["content"] == base["content"]
    step(modules, MODULE, wish, check=True, changed=False)
    step(modules, MODULE, wish, check=False, changed=False)
    own = plan("derived", content={"unix_excluded": ["/var/tmp"]})
    changed = step(modules, MODULE, own, check=False, changed=True)["plan"]
    assert changed["inherited"] == ["destinations"] and changed["content"]["unix_excluded"] == ["/var/tmp"]
    assert changed["content"]["windows_included"] == ["\\"]
    step(modules, MODULE, own, check=False, changed=False)
    back = plan("derived", base_plan="base / a+b\\é", inherit=["content", "rpo"])
    after = step(modules, MODULE, back, check=False, changed=True)["plan"]
    assert after["inherited"] == ["content", "destinations", "rpo"] and after["content"] == base["content"]
    step(modules, MODULE, back, check=False, changed=False)
    assert "Delete those first" in modules.failure(MODULE, plan("base / a+b\\é", state="absent"))["msg"]


def test_what_a_base_forbids_is_refused(modules):
    modules(MODULE, plan("strict", primary(), **BASE))
    modules(MODULE, plan("sealed", primary()))
    modules(MODULE, plan("child", base_plan="strict"))
    for wish, said in (
        (plan("child 2", base_plan="sealed"), "Set its allow_override first"),
        (plan("child 2", primary(), base_plan="strict"), "not allowed by the base plan"),
        (plan("child", primary(retention_days=60)), "takes its destinations from the base plan"),
        (plan("sealed", base_plan="strict"), "is not derived from another"),
        (plan("child", base_plan="sealed"), 'is derived from "strict"'),
        (plan("child 2", base_plan="none"), 'The plan "none" does not exist'),
        (plan("child", base_plan="strict", inherit=["content"], content=CONTENT), "cannot be the base plan's and given here"),
    ):
        assert said in modules.failure(MODULE, wish)["msg"]


@pytest.mark.parametrize("check", [True, False])
def test_what_cannot_be_taken_back_is_confirmed_or_refused(modules, check):
    modules(MODULE, plan(f"one way {check}", primary()))
    wish = plan(f"one way {check}", allow_override=True)
    assert "confirm_allow_override" in modules.failure(MODULE, wish, check=check)["msg"]
    modules(MODULE, {**wish, "confirm_allow_override": True})
    step(modules, MODULE, wish, check=False, changed=False)
    assert "cannot take that back" in modules.failure(MODULE, {**wish, "allow_override": False}, check=check)["msg"]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_gives_the_same(modules, faults, dialect):
    faults(dialect, **({"times": 1} if dialect == "plan_partial" else {}))
    name = f"dialect {dialect}"
    made = plan(name, primary(), second(), **MADE)
    result = step(modules, MODULE, made, check=False, changed=True)["plan"]
    assert [row["backup_type"] for row in result["schedules"]] == ["incremental", "transaction_log"]
    step(modules, MODULE, made, check=True, changed=False)
    step(modules, MODULE, made, check=False, changed=False)
    changed = plan(
        name,
        primary(retention_days="infinite"),
        second(retention_days=120, extended_retention=[{"type": "yearly_fulls", "retention_days": "infinite"}]),
        second("Third", retention_days=None),
        schedules=[{**NIGHTLY, "frequency": {"type": "daily", "start_time": "22:00"}}, LOGS],
        **{key: value for key, value in CHANGED.items() if key != "content"},
    )
    after = step(modules, MODULE, changed, check=False, changed=True)["plan"]
    kept = [(row["name"], row["region"], row["retention_days"]) for row in after["destinations"] if row["name"] != "Primary snap"]
    assert kept == [("Primary", "luxembourg", -1), ("Second", "luxembourg", 120), ("Third", "luxembourg", -1)]
    step(modules, MODULE, changed, check=False, changed=False)
    modules(MODULE, plan(name, state="absent"))


def test_what_a_server_does_not_tell_is_said_not_to_be_compared(modules, faults):
    modules(MODULE, plan("untold", primary(), content=CONTENT))
    faults("plan_options_unread")
    result = step(modules, MODULE, plan("untold", content={"unix_included": ["/srv"]}), check=False, changed=False)
    assert "content.unix_included" in str(result["warnings"])
