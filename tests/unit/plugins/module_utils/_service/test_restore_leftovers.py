# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._service import restore_leftovers

Json = dict[str, t.Any]
RUN: Json = {"id": "0badcafe", "region": "luxembourg", "period": "2026-11", "started_at": "2026-11-24T12:00:00Z", "longest": 7200}
ELSEWHERE = {"host": "another", "space": "", "process": 7, "began": "1"}
NAME = "rt-2026-11-web-deadbeef"
VM = {"name": NAME, "moid": "vm-7", "power_state": "poweredOn"}
SEEN: Json = {
    "vms": {"ansible_facts": {"vcenter_vms": [VM, {**VM, "name": "web", "moid": "vm-1"}, {**VM, "name": "rt-by-hand", "moid": "vm-2"}]}},
    "local": {"files": [{"path": f"/e/{NAME}"}, {"path": f"/sql/{NAME}.json"}, {"path": "/e/rt-by-hand"}]},
}


def job(number: int = 7, outcome: str = "success", start: str = "2026-11-24T01:00:00Z", **mark: t.Any) -> Json:
    its = {**restore_leftovers.mark({**RUN, "id": "deadbeef"}), "owner": ELSEWHERE, "kind": "vm", "name": NAME, **mark}
    return {"id": number, "outcome": outcome, "start_time": start, "description": f"calligo.baas restore 1-2-3: {json.dumps(its)}"}


def left(*jobs: Json, seen: Json | None = None) -> Json:
    return restore_leftovers.leftovers(RUN, {"jobs": list(jobs), "total": len(jobs)}, seen)


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        ("vm", {"moid": "vm-7", "power_state": "poweredOn"}),
        ("file", {"path": f"/e/{NAME}", "way": "local"}),
        ("database", {"path": f"/sql/{NAME}.json", "way": "local"}),
    ],
)
def test_what_a_run_that_has_ended_made_is_found_where_it_is(kind: str, place: Json) -> None:
    found = left(job(outcome="active", kind=kind), seen=SEEN)
    assert found["found"] == [{"run": "deadbeef", "kind": kind, "name": NAME, "job": 7, **place}]
    assert (found["jobs"], found["marked"], found["alone"]) == ([7], True, [])
    assert left(job(kind=kind))["found"] == [] and left(job(kind=kind))["jobs"] == []


def test_what_windows_hosts_tell_counts_too() -> None:
    seen = {"windows": {"files": [{"path": f"E:\\Restore\\{NAME}"}]}, "databases": {"result": {"names": [NAME, "rt-by-hand"]}}}
    found = left(job(kind="file"), job(8, kind="database"), seen=seen)["found"]
    assert [(one["job"], one["way"]) for one in found] == [(7, "windows"), (8, "sql")]


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
    vms = {"ansible_facts": {"vcenter_vms": [{**VM, "name": str(mark.get("name", NAME))}]}}
    found = left(job(**mark), {"id": 9, "outcome": "active", "description": None}, seen={"vms": vms})
    assert found == {"jobs": [], "marked": False, "found": [], "alone": []}


def test_a_run_that_may_go_on_is_left_alone() -> None:
    alone = [{"run": "deadbeef", "host": "another"}]
    assert left(job(start="2026-11-24T11:00:00Z"), seen=SEEN) == {"jobs": [], "marked": False, "found": [], "alone": alone}
    assert left({**job(), "start_time": None}, seen=SEEN)["alone"] == alone
    here = restore_leftovers.owner()
    assert left(job(owner=here), seen=SEEN)["found"] == [] and left(job(owner=here))["alone"]
    # The number of a process is given again.
    assert left(job(owner={**here, "began": "1"}), seen=SEEN)["found"]
    assert left(job(start="2026-11-24T11:59:00Z", owner={**here, "process": 2**22 + 1}), seen=SEEN)["found"]


def test_jobs_that_were_not_read_are_no_proof_of_anything() -> None:
    with pytest.raises(ValueError, match="only 1 of 5 restore jobs were read"):
        restore_leftovers.leftovers(RUN, {"jobs": [job()], "total": 5})
