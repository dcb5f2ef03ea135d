# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import typing as t
from types import MappingProxyType

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._service import restore_leftovers

Json = dict[str, t.Any]
LONGEST = 10800
RUN: Json = {
    "id": "0badcafe",
    "region": "luxembourg",
    "period": "2026-11",
    "started_at": "2026-11-24T12:00:00Z",
    "target": {"file_path": "E:\\Restore", "file_access": {"kind": "local"}, "sql_access": {"kind": "local", "databases": "/sql"}},
}
PLAN: Json = {"run": RUN, "place": {"path": "E:\\Restore\\rt-2026-11-0badcafe", "local": "/e/Restore/rt-2026-11-0badcafe"}}
WINDOWS: Json = {**PLAN, "run": {**RUN, "target": {**RUN["target"], "file_access": {"kind": "windows"}, "sql_access": {"kind": "windows"}}}}
ELSEWHERE = {"host": "another", "space": "", "process": 7, "began": "1"}
NAME = "rt-2026-11-web-deadbeef"
RESTORED: Json = {"restore": {}}
LATE = "What it restores may still appear, since the restore was not seen to end."


def job(number: int = 7, outcome: str = "success", start: str = "2026-11-24T01:00:00Z", **mark: t.Any) -> Json:
    its = {**restore_leftovers.mark({**RUN, "id": "deadbeef"}), "owner": ELSEWHERE, "kind": "vm", "name": NAME, **mark}
    return {"id": number, "outcome": outcome, "start_time": start, "description": f"calligo.baas restore 1-2-3: {json.dumps(its)}"}


def left(*jobs: Json, plan: t.Mapping[str, t.Any] = MappingProxyType(PLAN), own: dict[str, str] | None = None) -> Json:
    return restore_leftovers.leftovers(dict(plan), {"jobs": list(jobs), "total": len(jobs)}, LONGEST, own)


PLACES = [
    (PLAN, "vm", {"way": "vm"}),
    (PLAN, "file", {"way": "local", "path": f"/e/Restore/{NAME}"}),
    (PLAN, "database", {"way": "local", "path": f"/sql/{NAME}.json"}),
    (WINDOWS, "file", {"way": "windows", "path": f"E:\\Restore\\{NAME}"}),
    (WINDOWS, "database", {"way": "sql"}),
]


@pytest.mark.parametrize(("plan", "kind", "place"), PLACES)
def test_what_a_run_that_has_ended_made_is_told_with_the_way_to_it(plan: Json, kind: str, place: Json) -> None:
    found = left(job(outcome="active", kind=kind), plan=plan)
    assert found["made"] == [{"run": "deadbeef", "kind": kind, "name": NAME, "job": 7, "started": True, **place}]
    assert (found["jobs"], found["alone"], found["unknown"]) == ([7], [], "")
    assert left(job(kind=kind))["jobs"] == []


def test_a_run_finds_its_own_by_the_mark_and_what_has_none_by_its_name() -> None:
    own = {"vm": "rt-2026-11-web-0badcafe", "file": "rt-2026-11-0badcafe", "database": "rt-2026-11-none-0badcafe"}
    drawn = {**PLAN, "vm": {"name": "web"}, "file": {"client": "fs01"}, "database": None}
    found = left(job(), job(8, "active", id="0badcafe", name=own["vm"]), plan=drawn, own=own)
    assert found["jobs"] == [8] and found["alone"] == []
    assert [(one["kind"], one["job"], one["started"]) for one in found["made"]] == [("vm", 8, True), ("file", None, False)]
    # Of jobs that were not listed nobody knows whether they were started.
    unknown = restore_leftovers.leftovers(drawn, {"failed": True, "msg": "refused"}, LONGEST, own)
    assert (unknown["unknown"], unknown["jobs"], [one["started"] for one in unknown["made"]]) == ("refused", [], [True, True])


@pytest.mark.parametrize(
    "mark",
    [
        {"region": "jersey"},
        {"id": "0badcafe", "name": "rt-2026-11-web-0badcafe"},
        {"calligo.baas": "something else"},
        {"name": "web"},
        {"name": "rt-2026-11-web-12345678"},
        {"name": "rt-2026-11-../../web-deadbeef"},
        {"name": "rt-2026-10-web-deadbeef"},
        {"kind": "client"},
        {"id": 7},
        {"owner": None},
    ],
)
def test_what_is_of_others_or_no_mark_of_a_restore_test_is_never_touched(mark: Json) -> None:
    found = left(job(outcome="active", **mark), {"id": 9, "outcome": "active", "description": None})
    assert found == {"jobs": [], "made": [], "alone": [], "unknown": ""}


def test_a_run_that_may_go_on_is_left_alone() -> None:
    alone = [{"run": "deadbeef", "host": "another"}]
    assert left(job(outcome="active", start="2026-11-24T11:00:00Z")) == {"jobs": [], "made": [], "alone": alone, "unknown": ""}
    assert left({**job(), "start_time": None})["alone"] == alone
    here = restore_leftovers.owner()
    assert left(job(owner=here))["made"] == [] and left(job(owner=here))["alone"]
    # The number of a process is given again.
    assert left(job(owner={**here, "began": "1"}))["made"]
    assert left(job(start="2026-11-24T11:59:00Z", owner={**here, "process": 2**22 + 1}))["made"]


@pytest.mark.parametrize(
    ("listed", "why"),
    [
        ({"jobs": [job()], "total": 5}, "only 1 of 5 restore jobs were read"),
        ({"failed": True, "msg": "Commvault is down"}, "Commvault is down"),
        ({}, "the restore jobs were not listed"),
    ],
)
def test_jobs_that_were_not_read_are_no_proof_of_anything(listed: Json, why: str) -> None:
    found = restore_leftovers.leftovers(PLAN, listed, LONGEST)
    assert why in found["unknown"] and found["made"] == []
    record, (reason,) = restore_leftovers.earlier({"left": found, "looks": [], "errors": []})
    assert record == {"found": [], "ended_jobs": [], "left_alone": []}
    assert reason.startswith("What earlier restore tests left could not be looked for or removed: List the restores") and why in reason


# --- What was seen


def vms(*names: str, absent: t.Sequence[str] = (), **more: t.Any) -> Json:
    found = [{"name": name, "moid": f"vm-{number}"} for number, name in enumerate(names)]
    return {"ansible_facts": {"vcenter_vms": found, "vcenter_vms_not_found": [*absent], **more}}


def look(way: str, seen: Json, removed: Json | None = None, ended: Json | None = None) -> Json:
    return {"at": "2026-11-24T12:30:00Z", "ended": ended or {}, "seen": {way: seen}, "removed": {way: removed or {}}}


def cleaned(plan: Json, kind: str, *looks: Json) -> Json:
    return {"left": left(job(kind=kind), plan=plan), "looks": list(looks), "errors": []}


def files(*paths: str, **more: t.Any) -> Json:
    return {"files": [{"path": path} for path in paths], **more}


def databases(*names: str) -> Json:
    return {"result": {"names": [*names, "rt-by-hand"]}}


OTHERS = "rt-2026-11-0badcafe"
SEEN = [
    (PLAN, "vm", vms(NAME, "web", "rt-by-hand"), vms("web", absent=[NAME]), vms("web")),
    (PLAN, "file", files(f"/e/Restore/{NAME}"), files(f"/e/{NAME}"), files(skipped_paths={"/e/Restore": "denied"})),
    (PLAN, "database", files(f"/sql/{NAME}.json"), files(), {"msg": "no"}),
    (WINDOWS, "file", files(f"E:\\restore\\{NAME}"), files(f"E:\\Restore\\{OTHERS}"), files(warnings=["denied"])),
    (WINDOWS, "database", databases(NAME), databases(), {"unreachable": True, "msg": "timed out"}),
]


@pytest.mark.parametrize(("plan", "kind", "there", "absent", "_silent"), SEEN)
def test_what_was_left_is_found_and_gone_once_it_is_seen_gone(plan: Json, kind: str, there: Json, absent: Json, _silent: Json) -> None:
    (way,) = {one["way"] for one in left(job(kind=kind), plan=plan)["made"]}
    for last, gone in ((absent, True), (there, False)):
        record, reasons = restore_leftovers.earlier(cleaned(plan, kind, look(way, there), look(way, last)))
        assert record["found"] == [{"run": "deadbeef", "kind": kind, "name": NAME, "job": 7, "gone": gone}]
        assert reasons == ([] if gone else [f"What the restore test deadbeef left is not proven gone: {NAME}"])
    assert restore_leftovers.earlier(cleaned(plan, kind, look(way, absent), look(way, absent)))[0]["found"] == []


@pytest.mark.parametrize(("plan", "kind", "there", "_absent", "silent"), SEEN)
def test_what_a_look_does_not_tell_of_is_not_gone(plan: Json, kind: str, there: Json, _absent: Json, silent: Json) -> None:
    (way,) = {one["way"] for one in left(job(kind=kind), plan=plan)["made"]}
    failed = {"failed": True, "msg": "refused", **there}
    for last in ([look(way, silent)], [look(way, {"skipped": True})], [look(way, failed)], []):
        cleanup = cleaned(plan, kind, look(way, there), *last)
        (found,), (reason, _not_gone) = restore_leftovers.earlier(cleanup)[0]["found"], restore_leftovers.earlier(cleanup)[1]
        assert found["gone"] is False and f"{restore_leftovers.STEPS[way][0]}: " in reason
        assert not restore_leftovers.of_run(cleanup, kind, RESTORED)["gone"]


@pytest.mark.parametrize("step", [{"failed": True, "msg": "refused"}, {"unreachable": True, "msg": "refused"}])
def test_a_removal_that_failed_is_a_reason_against_what_it_was_to_remove_and_nothing_else(step: Json) -> None:
    other = {**step, "ansible_loop_var": "one", "one": {"name": OTHERS}}
    other["warnings"] = ["deprecated"]
    mine = {**other, "one": {"name": NAME}}
    gone = vms(absent=[NAME])
    for items, problems in (
        ([other], []),
        ([{**mine, "failed": False, "unreachable": False}], []),
        ([other, mine], [f"{restore_leftovers.STEPS['vm'][1]}: refused"]),
    ):
        found = restore_leftovers.of_run(cleaned(PLAN, "vm", look("vm", vms(NAME)), look("vm", gone, {"results": items})), "vm", RESTORED)
        assert (found["gone"], found["problems"], found["found"]) == (not problems, problems, ["vm-0"])


def test_what_may_still_appear_is_never_gone() -> None:
    gone, going_on = look("vm", vms(absent=[NAME])), left(job(outcome="active"))
    found = restore_leftovers.of_run({"left": going_on, "looks": [gone, gone], "errors": []}, "vm", {})
    assert (found["gone"], found["problems"], found["jobs"]) == (True, [], [7])

    refused = {"left": going_on, "looks": [look("vm", vms(NAME), ended={"failed": True, "msg": "refused"}), gone], "errors": []}
    found = restore_leftovers.of_run(refused, "vm", {})
    assert (found["gone"], found["problems"]) == (False, [f"{LATE} End what is still restored: refused"])
    record, reasons = restore_leftovers.earlier(refused)
    assert [one["gone"] for one in record["found"]] == [False] and len(reasons) == 2

    # What the restore itself says that it did not see end, and Commvault shows no mark of.
    for step in ({"failed": True, "jobs": [{"id": 9, "outcome": "active"}]}, {"failed": True, "jobs": [9]}):
        found = restore_leftovers.of_run({"left": going_on, "looks": [gone, gone], "errors": []}, "vm", step)
        assert (found["gone"], found["problems"]) == (False, [f"{LATE} The job 9 shows no mark"])
    step = {"failed": True, "jobs": [{"id": 9, "outcome": "failed"}, {"id": 7, "outcome": "active"}]}
    assert restore_leftovers.of_run({"left": going_on, "looks": [gone, gone], "errors": []}, "vm", step)["gone"]

    # A restore that was seen to end needs no list.
    unlisted = {"left": {**going_on, "unknown": "refused"}, "looks": [gone, gone], "errors": []}
    assert [restore_leftovers.of_run(unlisted, "vm", step)["gone"] for step in (RESTORED, {})] == [True, False]


def test_a_directory_that_is_not_there_holds_nothing_that_no_restore_was_started_for() -> None:
    skipped = {"files": [], "skipped_paths": {"/e/Restore": "'/e/Restore' is not a directory"}}
    cleanup = {
        "left": left(plan={**PLAN, "file": {"client": "fs01"}}, own={"file": OTHERS}),
        "looks": [look("local", skipped), look("local", skipped)],
        "errors": [],
    }
    assert restore_leftovers.of_run(cleanup, "file", {})["gone"]
    assert not restore_leftovers.of_run(cleanup, "file", RESTORED)["gone"]
