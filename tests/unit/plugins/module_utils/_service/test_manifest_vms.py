# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What proves that a VM was as it is recorded when it was backed up, and what does not. Times of one day, as HH:MM:SS in UTC."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._service import manifest_vms

Row = dict[str, t.Any]
ABOUT = {"tenant": "Acme", "hypervisor": "acme-vcenter", "recorded_at": "2026-11-24T16:00:00Z"}
MARGIN = 60


def at(time: str) -> str:
    return f"2026-11-24T{time}Z"


def job(number: int, begin: str, end: str, **more: t.Any) -> Row:
    row = {"id": number, "subclient": "acme vms", "outcome": "success", "parent": None, "type": "Backup", "level": "Incremental"}
    vms = [{"name": "web", "uuid": "AA", "outcome": "success", "start_time": None, "end_time": None}]
    return {**row, "start_time": at(begin), "end_time": at(end), "virtual_machines": vms, **more}


def listed(*jobs: Row, ahead: float | None = 0.0, **more: t.Any) -> Row:
    return {"jobs": sorted(jobs, key=lambda row: -row["id"]), "clock": {"ahead_seconds": ahead}, "total": len(jobs), **more}


def event(time: str, *touches: str) -> Row:
    return {"time": at(time), "user": "X\\lea", "event": "VmReconfiguredEvent", "touches": list(touches or ["memory_mb"])}


def vm(cpus: int = 2, modified: str = "15:00:00", events: t.Sequence[Row] = (), since: str | None = "00:00:00", **more: t.Any) -> Row:
    changes = {"version": "v", "modified": at(modified), "since": since and at(since), "events": list(events), "problem": None}
    return {"name": "web", "instance_uuid": "aa", "moid": "vm-1", "cpus": cpus, "unreadable": [], "changes": changes, **more}


def seen(*vms: Row, ahead: float = 0.0, problems: t.Sequence[str] = ()) -> Row:
    clock = {"time": at("16:00:00"), "ahead_seconds": ahead}
    return {"ansible_facts": {"vcenter_vms": list(vms), "vcenter_vms_problems": list(problems), "vcenter_clock": clock}}


def known(number: int, recorded: str, cpus: int, **more: t.Any) -> dict[int, Row]:
    row = {"name": "web", "instance_uuid": "AA", "moid": "vm-1", "cpus": cpus, **more}
    return {number: {"kind": "vms", "vm_group": "acme vms", "backup_job": number, "recorded_at": at(recorded), "vms": [row]}}


def recorded(jobs: Row, vms: Row, records: dict[int, Row] | None = None) -> list[Row]:
    return [file["content"] for file in manifest_vms.records({"listed": jobs, "due": jobs, "vms": vms}, ABOUT, records or {}, MARGIN)]


def proof(jobs: Row, vms: Row, records: dict[int, Row] | None = None) -> tuple[str, str, int | None]:
    """State, how or why, and the CPUs of the one VM in the newest record."""
    (found,) = recorded(jobs, vms, records)[-1]["vms"]
    return found["proof"]["state"], found["proof"].get("how") or found["proof"]["reason"], found.get("cpus")


BACKUP = listed(job(8, "10:00:00", "10:30:00"))


@pytest.mark.parametrize(
    ("now", "state", "words"),
    [
        (vm(modified="09:58:59", since=None), "proven", "last modified at 2026-11-24T09:58:59Z, before the backup"),
        (vm(events=[event("09:30:00")]), "proven", "vCenter's events since 2026-11-24T09:59:00Z: no change"),
        (vm(events=[event("09:59:30")]), "unproven", "while it was backed up, or just before or after, may have changed memory_mb"),
        (vm(events=[event("10:30:50", "disks", "nics")]), "unproven", "or just before or after, may have changed disks, nics"),
        (vm(events=[event("10:32:00")]), "unproven", "VmReconfiguredEvent by X\\lea at 2026-11-24T10:32:00Z, after the backup"),
        (vm(since=None), "unproven", "vCenter shows no event that tells what was changed"),
        (vm(since="09:59:30"), "unproven", "go back to 2026-11-24T09:59:30Z only, and are needed from 2026-11-24T09:59:00Z on"),
        (vm(unreadable=["config.hardware.device"]), "unproven", "withholds the VM's configuration"),
        (vm(instance_uuid="bb", name="db"), "unproven", "does not show the VM in the tenant's folder any more"),
        (vm(instance_uuid=None), "unproven", "it is not accessible"),
    ],
)
def test_what_vcenter_proves(now: Row, state: str, words: str) -> None:
    found = proof(BACKUP, seen(now))
    assert found[0] == state and words in found[1]


def test_events_that_may_not_be_read_prove_nothing() -> None:
    now = vm(since=None)
    now["changes"]["problem"] = "NoPermission"
    assert proof(BACKUP, seen(now))[:2] == ("unproven", "vCenter's events of the VM cannot be read (NoPermission)")


def test_the_turn_of_the_vm_counts_and_not_the_whole_job() -> None:
    long = job(8, "10:00:00", "14:00:00")
    long["virtual_machines"][0] |= {"start_time": at("12:00:00"), "end_time": at("12:05:00")}
    assert proof(listed(long), seen(vm(events=[event("11:00:00")])))[0] == "proven"
    assert proof(listed(long), seen(vm(events=[event("13:00:00")])))[0] == "unproven"


@pytest.mark.parametrize(
    ("commvault", "vcenter", "modified", "state"),
    [
        (0, 0, "09:50:00", "proven"),
        (3600, 0, "09:50:00", "unproven"),  # it was nine o'clock in vCenter when the job says that it began at ten
        (3600, 3600, "09:50:00", "proven"),
        (0, 3600, "10:50:00", "proven"),
        (None, 0, "09:50:00", "unproven"),
    ],
)
def test_times_are_compared_on_one_clock(commvault: float | None, vcenter: float, modified: str, state: str) -> None:
    jobs = listed(job(8, "10:00:00", "10:30:00"), ahead=commvault)
    assert proof(jobs, seen(vm(modified=modified, since=None), ahead=vcenter))[0] == state


@pytest.mark.parametrize(
    ("changes", "records", "expected"),
    [
        (["12:00:00"], known(7, "09:00:00", 1), ("proven", 1)),  # changed after the backup; read before it
        (["12:00:00"], known(9, "11:00:00", 1), ("proven", 1)),  # the same, read in between
        (["09:30:00", "12:00:00"], known(7, "09:00:00", 1), ("unproven", 2)),  # changed on both sides
        (["12:00:00"], known(9, "13:00:00", 1), ("unproven", 2)),
        (["12:00:00"], known(7, "09:00:00", 1, moid="vm-9"), ("unproven", 2)),  # another VM with the same UUID, since restored in place
        (["12:00:00"], known(7, "13:00:00", 1, read_at=at("09:00:00")), ("proven", 1)),  # when it was read, not when it was recorded
    ],
)
def test_an_earlier_reading_covers_a_backup_if_nothing_was_changed_in_between(
    changes: list[str], records: dict[int, Row], expected: tuple[str, int]
) -> None:
    state, _how, cpus = proof(BACKUP, seen(vm(events=[event(time) for time in changes])), records)
    assert (state, cpus) == expected


def test_where_vcenter_tells_a_part_that_is_the_reason() -> None:
    found = proof(BACKUP, seen(problems=["vCenter stopped after 2 VMs."]), known(7, "09:00:00", 1))
    assert found == ("unproven", "vCenter told only a part of the VMs: vCenter stopped after 2 VMs.", 1)


def test_a_vm_that_failed_is_left_out_and_one_that_was_backed_up_in_part_is_not() -> None:
    vms = [{"name": name, "uuid": name, "outcome": outcome} for name, outcome in (("a", "failed"), ("b", "partial"), ("c", None))]
    (record,) = recorded(listed(job(8, "10:00:00", "10:30:00", outcome="partial", virtual_machines=vms)), seen())
    assert [row["name"] for row in record["vms"]] == ["b", "c"]
    assert record["vm_group"] == "acme vms" and record["backup_job"] == 8


def test_a_synthetic_full_holds_what_the_backup_before_it_held() -> None:
    synthetic = job(9, "12:00:00", "12:30:00", type="Synthetic Full")
    both = listed(job(8, "10:00:00", "10:30:00"), synthetic)
    now = seen(vm(cpus=4, events=[event("11:00:00")]))
    records = known(7, "09:00:00", 1)
    state, how, cpus = proof(both, now, records)
    assert (state, cpus) == ("proven", 1) and how.startswith("a synthetic full of the backup of job 8: read at 2026-11-24T09:00:00Z")
    # Of the backups that are not listed, nobody knows which was the last before it.
    assert proof(listed(synthetic), now, records)[0] == "unproven"
    assert "of which VmReconfiguredEvent" in proof(both, now)[1]


def test_a_backup_needs_one_record() -> None:
    jobs = listed(
        job(7, "08:00:00", "08:30:00"),
        job(8, "10:00:00", "10:30:00", outcome="partial"),
        job(9, "11:00:00", "11:30:00", outcome="failed"),
        job(10, "12:00:00", "12:30:00", parent=8),
        job(11, "13:00:00", "13:30:00", outcome="active"),
        ahead=10,
    )
    records = known(7, "08:40:00", 1)
    assert manifest_vms.work(jobs, records, MARGIN) == {"jobs": [8], "since": at("08:38:59")}
    assert manifest_vms.work(jobs, {}, MARGIN) == {"jobs": [8, 7], "since": at("07:58:49")}
    assert manifest_vms.work(jobs, {7: {**records[7], "vm_group": "other"}}, MARGIN)["since"] == at("09:58:49")
    assert manifest_vms.work(jobs, {**records, **known(8, "10:40:00", 1)}, MARGIN) == {"jobs": [], "since": None}
    assert manifest_vms.open_points(jobs, records) == [{"name": "acme vms", "reason": "job 11 has not ended; it is recorded when it has"}]


def test_an_unproven_record_is_judged_again_until_a_newer_one_has_the_vm() -> None:
    unproven = {"proof": {"state": "unproven", "reason": "why"}}
    jobs = listed(job(7, "08:00:00", "08:30:00"), job(8, "10:00:00", "10:30:00"))
    records = {**known(7, "08:40:00", 1, **unproven), **known(8, "10:40:00", 1, **unproven)}
    assert manifest_vms.work(jobs, records, MARGIN)["jobs"] == [8]
    assert manifest_vms.open_points({**jobs, "total": 5}, records) == [
        {"name": "web", "reason": "job 8 is unproven: why"},
        {"name": "VMs", "reason": "3 older jobs were not looked at"},
    ]
    # What is still unproven is not written again, or each run would change something; what is proven now is.
    assert recorded(BACKUP, seen(vm(since=None)), records) == []
    (record,) = recorded(BACKUP, seen(vm()), records)
    assert record["vms"][0]["proof"]["state"] == "proven" and record["backup_job"] == 8


def test_what_is_proven_stays_as_it_is() -> None:
    assert recorded(BACKUP, seen(vm(cpus=9)), known(8, "10:40:00", 1)) == []
