# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import csv
import io
import json

import pytest

from ansible_collections.calligo.baas.tests.support.protected import GROUP, RESTORE_CLIENT, SUBCLIENT, protected
from ansible_collections.calligo.baas.tests.support.walk import recorded

MODULE = "commvault_job_info"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """One backup of VMs, two of files of which the second failed, one restore."""
    with protected(tmp_path_factory.mktemp("jobs")) as world:
        backups = world.run("commvault_backup", {"vm_groups": [GROUP], "subclients": [SUBCLIENT], "level": "full"})["jobs"]
        world.fault("job_fail", match=SUBCLIENT["name"], reason="The disk library is full", times=1)
        failed = world.failure("commvault_backup", {"subclients": [SUBCLIENT]})["error"]["jobs"]
        files = {
            "client": SUBCLIENT["client"],
            "paths": ["D:\\Data\\Köln"],
            "destination_client": RESTORE_CLIENT,
            "destination_path": "E:\\",
        }
        restore = world.run("commvault_restore", {"files": files})["restore"]["job"]
        vm_job, file_job = (job["id"] for job in backups)
        world.kept = {"vm": vm_job, "file": file_job, "failed": failed[0]["id"], "restore": restore["id"]}
        yield world


def ids(world, **options):
    return [job["id"] for job in world.run(MODULE, options)["jobs"]]


def test_jobs_by_number_come_in_the_order_asked_for(world):
    wanted = [world.kept["restore"], world.kept["vm"], world.kept["failed"]]
    result = world.run(MODULE, {"job_ids": wanted})
    assert [job["id"] for job in result["jobs"]] == wanted and result["total"] == 3 and result["changed"] is False
    assert [job["outcome"] for job in result["jobs"]] == ["success", "success", "failed"]


def test_vms_of_a_job(world):
    (job,) = world.run(MODULE, {"job_ids": [world.kept["vm"]], "vm_results": True})["jobs"]
    assert [(vm["name"], vm["outcome"]) for vm in job["virtual_machines"]] == [
        (name, "success") for name in ("acme-app-01", "acme-db-01", "acme-web-01")
    ]


def test_the_clock_and_the_turns_of_vms_are_told_if_asked_for(world):
    plain = world.run(MODULE, {"job_ids": [world.kept["vm"]], "vm_results": True})
    assert "clock" not in plain and "start_time" not in plain["jobs"][0]["virtual_machines"][0]
    world.sandbox.control("POST", "/clock", {"advance": 600})
    told = world.run(MODULE, {"job_ids": [world.kept["vm"]], "vm_results": True, "clock": True})
    assert 598 < told["clock"]["ahead_seconds"] < 602
    (job,) = told["jobs"]
    for vm in job["virtual_machines"]:
        assert job["start_time"] <= vm["start_time"] <= vm["end_time"] <= job["end_time"]


def test_filters(world):
    files = {"client": SUBCLIENT["client"]}
    assert ids(world, **files) == [world.kept["restore"], world.kept["failed"], world.kept["file"]]
    assert ids(world, **files, types=["backup"]) == [world.kept["failed"], world.kept["file"]]
    assert ids(world, **files, types=["restore"]) == [world.kept["restore"]]
    assert ids(world, **files, statuses=["Failed"]) == [world.kept["failed"]]
    assert ids(world, **files, category="active") == []
    assert ids(world, **files, category="finished", limit=1) == [world.kept["restore"]]
    # A restore names no subclient.
    assert ids(world, **files, subclient=SUBCLIENT["name"]) == [world.kept["failed"], world.kept["file"]]
    assert world.kept["vm"] in ids(world, vm_group=GROUP)


def test_the_total_counts_what_the_limit_cuts_off(world):
    assert world.run(MODULE, {"client": SUBCLIENT["client"], "limit": 2})["total"] == 3
    assert world.run(MODULE, {"client": SUBCLIENT["client"], "limit": 3})["total"] == 3


def test_check_mode_reads_too_and_nothing_ever_writes(world):
    for check in (True, False):
        result, _asked, writes = world.requests(MODULE, {"vm_group": GROUP, "vm_results": True}, check=check)
        assert result["jobs"] and writes == []


def test_what_does_not_exist_is_named(world):
    assert "srv-nix" in world.failure(MODULE, {"client": "srv-nix"})["msg"]
    assert "Nichts" in world.failure(MODULE, {"client": SUBCLIENT["client"], "subclient": "Nichts"})["msg"]
    assert "mutually exclusive" in world.failure(MODULE, {"client": "x", "job_ids": [1]})["msg"]
    assert "limit" in world.failure(MODULE, {"limit": 0})["msg"]


def test_a_job_that_cannot_be_seen_at_once_is_asked_for_again(world):
    world.fault("job_invisible", polls=2)
    try:
        started = world.run("commvault_backup", {"subclients": [SUBCLIENT], "wait": False})["targets"][0]["jobs"]
        assert ids(world, job_ids=started) == started
    finally:
        world.sandbox.control("DELETE", "/faults")


def test_figures_and_a_file(world, tmp_path):
    path = tmp_path / "jobs.csv"
    wish = {"figures": ["outcome", "reason", "client"], "output_file": str(path), "output_mode": "0640"}
    checked, _asked, writes = world.requests(MODULE, wish, check=True)
    assert checked["changed"] and not path.exists() and writes == []
    result = world.run(MODULE, wish)
    assert result["changed"] and "jobs" not in result and result["file"] == checked["file"]
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    assert len(rows) == result["total"] == result["file"]["count"] and path.stat().st_mode & 0o777 == 0o640
    kept = {int(row["id"]): row for row in rows}
    assert kept.keys() >= set(world.kept.values()) and "The disk library is full" in kept[world.kept["failed"]]["reason"]
    figures = result["figures"]
    assert figures["jobs_of_single_vms"] == 3 and figures["total"]["jobs"] == len(rows) - 3
    assert [row["jobs"] for row in figures["by_reason"]] == [1] and "The disk library is full" in figures["by_reason"][0]["reason"]
    assert figures["total"]["failed"] == 1 and {row["outcome"] for row in figures["by_outcome"]} == {"success", "failed"}
    assert world.run(MODULE, wish)["changed"] is False, "the same file again"


def test_figures_alone_and_without_the_reasons(world):
    result = world.run(MODULE, {"figures": ["reason"], "limit": 1, "reason_lookups": 0})
    assert len(result["jobs"]) == 1 and result["total"] > 4
    assert [row["reason"] for row in result["figures"]["by_reason"]] == [""]
    assert world.run(MODULE, {"figures": [], "limit": 0})["jobs"] == []


def test_a_long_history_is_paged_with_a_bounded_number_of_connections(world, tmp_path):
    world.sandbox.control("POST", "/seed", {"jobs": 3500, "days": 1})
    wish = {
        "figures": ["company"],
        "output_file": str(tmp_path / "all.jsonl"),
        "output_format": "jsonl",
        "reason_lookups": 20,
        "parallel": 4,
    }
    result, asked = recorded(world.modules, MODULE, wish)
    assert result["total"] >= 3500 and len((tmp_path / "all.jsonl").read_text(encoding="utf-8").splitlines()) == result["total"]
    assert sum(call["path"].endswith("/Jobs") for call in asked) == 4, "1000 at a time"
    assert len({call["connection"] for call in asked}) <= 4
    assert len(json.dumps(result)) < 5000
