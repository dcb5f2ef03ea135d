# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""File backups: what is selected, cycles, refusals, failures."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from .conftest import Files


def test_backup_honours_content_filters_exceptions_and_siblings(files: Files) -> None:
    number = files.create("data", {"path": "D:\\Data"}, {"excludePath": "*.tmp"}, {"includePath": "D:\\Data\\Temp\\keep.tmp"})
    files.update(
        files.ids["subclientId"],
        planEntity={"planName": "gold"},
        fsExcludeFilterOperationType=2,
        content=[{"excludePath": "**\\Pagefile.sys"}],
    )
    job = files.backup(number)
    assert (job["status"], job["backupLevelName"], job["totalNumOfFiles"], job["sizeOfApplication"]) == (
        "Completed",
        "Full",
        4,
        3142 + 7 + 4 + 33,
    )
    assert files.names("D:\\Data", number) == [
        "D:\\Data\\Köln",
        "D:\\Data\\Temp",
        "D:\\Data\\Budget 2026.xlsx",
        "D:\\Data\\photo [100%].jpg",
    ]
    assert files.names("D:\\Data\\Temp", number) == ["D:\\Data\\Temp\\keep.tmp"]
    files.backup(files.ids["subclientId"])
    assert files.names("\\", files.ids["subclientId"]) == ["D:", "E:"]
    assert files.names("D:\\", files.ids["subclientId"]) == ["D:\\Other"]
    assert files.names("D:\\") == ["D:\\Data", "D:\\Other"]


def test_refusals_to_start_a_backup(files: Files) -> None:
    bare = files.api.post(f"/Subclient/{files.ids['subclientId']}/action/backup?backupLevel=Full")
    assert bare["errorCode"] != 0 and "No plan" in bare["errorMessage"]
    number = files.create()
    synthetic = files.api.post(f"/Subclient/{number}/action/backup?backupLevel=Synthetic_Full")
    assert "nothing to consolidate" in synthetic["errorMessage"] and files.api.last is not None and files.api.last.status_code == 500
    files.update(number, commonProperties={"enableBackup": False})
    assert "disabled" in files.api.post(f"/Subclient/{number}/action/backup?backupLevel=Full")["errorMessage"]
    assert files.api.post("/Subclient/99999/action/backup")["errorCode"] == 4
    assert not files.sim.jobs


def test_cycles_changed_and_deleted_files_over_time(files: Files) -> None:
    number = files.create("data", {"path": "D:\\Data"}, {"excludePath": "*.tmp"})
    first = files.backup(number, "Incremental")
    assert first["backupLevelName"] == "Full"
    files.drive("acme-fs01", "D/Data/photo [100%].jpg").unlink()
    files.drive("acme-fs01", "D/Data/new.txt").write_text("new")
    second = files.backup(number, "Incremental")
    assert (second["backupLevelName"], second["totalNumOfFiles"]) == ("Incremental", 1)
    past = {"timeRange": {"fromTime": 0, "toTime": first["jobEndTime"]}}
    assert "D:\\Data\\photo [100%].jpg" in files.names("D:\\Data", number, **past) and "D:\\Data\\new.txt" not in files.names(
        "D:\\Data", **past
    )
    assert "D:\\Data\\photo [100%].jpg" not in files.names("D:\\Data", number)
    rows = files.browse("D:\\Data", number, options={"showDeletedFiles": True})["browseResponses"][0]["browseResult"]["dataResultSet"]
    assert {row["path"]: row["flags"].get("deleted", False) for row in rows if row["flags"].get("file")} == {
        "D:\\Data\\Budget 2026.xlsx": False,
        "D:\\Data\\new.txt": False,
        "D:\\Data\\photo [100%].jpg": True,
    }
    by_job = {"advOptions": {"advConfig": {"browseAdvancedConfigBrowseByJob": {"commcellId": 2, "jobId": second["jobId"]}}}}
    assert files.names("D:\\Data", **by_job) == ["D:\\Data\\new.txt"]
    assert files.backup(number, "Synthetic_Full")["status"] == "Completed"
    assert "D:\\Data\\new.txt" in files.names("D:\\Data")


def test_what_a_running_or_killed_job_kept_is_not_seen(files: Files) -> None:
    number = files.create()
    job = files.api.post(f"/Subclient/{number}/action/backup?backupLevel=Full")["jobIds"][0]
    files.api.advance(5)
    assert "messages" in files.browse("D:\\", number)["browseResponses"][0]
    files.api.post(f"/Job/{job}/action/kill")
    assert files.finish(job)["status"] == "Killed"
    assert "messages" in files.browse("D:\\", number)["browseResponses"][0] and not files.sim.store.store.manifests


def test_files_and_content_that_fail(files: Files) -> None:
    number = files.create("data", {"path": "D:\\Data"}, {"path": "Z:\\"}, {"path": "E:\\"})
    files.api.control("POST", "faults", {"name": "file_unreadable", "client": "acme-fs01", "path": "Budget"})
    job = files.backup(number)
    assert (job["status"], job["totalFailedFiles"]) == ("Completed w/ one or more errors", 1)
    items = files.sim.jobs[job["jobId"]].result["failed_items"]
    assert [item["path"] for item in items] == ["D:\\Data\\Budget 2026.xlsx", "Z:\\"]


def test_an_unreachable_client_makes_the_job_pending_then_failed(files: Files) -> None:
    client = files.sim.client_by_name("acme-fs01")
    assert client is not None
    number, client.ready = files.create(), False
    job = files.api.post(f"/Subclient/{number}/action/backup?backupLevel=Full")["jobIds"][0]
    files.api.advance(5)
    summary = files.api.get(f"/Job/{job}")["jobs"][0]["jobSummary"]
    assert summary["status"] == "Pending" and "acme-fs01" in summary["pendingReason"]
    for _turn in range(3):
        summary = files.finish(job)
    assert summary["status"] == "Failed"


def test_a_locked_file_needs_the_snapshot(files: Files) -> None:
    number = files.create()
    files.api.control("POST", "faults", {"name": "file_locked", "client": "acme-fs01", "path": "Budget"})
    files.update(number, fsSubClientProp={"useVSS": False})
    assert files.backup(number)["status"] == "Completed w/ one or more errors"
    files.update(number, fsSubClientProp={"useVSS": True, "vssOptions": 2})
    assert files.backup(number)["status"] == "Completed"
