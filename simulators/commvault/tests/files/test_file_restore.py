# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restores write real bytes, where and when they were asked to."""

from __future__ import annotations

import hashlib
import typing as t

import pytest

if t.TYPE_CHECKING:
    from .conftest import Files

Json = dict[str, t.Any]
ELSEWHERE = {"inPlace": False, "destPath": ["E:\\Restore"], "destClient": {"clientName": "lux-restore-01"}}


def test_restore_out_of_place_writes_the_same_bytes(files: Files) -> None:
    files.backup(files.create())
    source = files.drive("acme-fs01", "D/Data/Budget 2026.xlsx")
    digest, mtime = hashlib.sha256(source.read_bytes()).hexdigest(), source.stat().st_mtime
    source.unlink()
    reply = files.restore(["D:\\Data\\Budget 2026.xlsx", "\\D:\\Data\\Köln\\", "D:\\Data\\photo [100%].jpg"], ELSEWHERE)
    job = files.finish(reply["jobIds"][0])
    assert (job["status"], job["totalNumOfFiles"], job["subclient"]["subclientId"]) == ("Completed", 3, 0)
    assert job["destinationClient"]["clientName"] == "lux-restore-01"
    restored = files.drive("lux-restore-01", "E/Restore")
    assert hashlib.sha256((restored / "Budget 2026.xlsx").read_bytes()).hexdigest() == digest
    assert (restored / "Budget 2026.xlsx").stat().st_mtime == mtime
    assert (restored / "Köln/Übersicht.docx").read_text(encoding="utf-8") == "Grüße" and (restored / "photo [100%].jpg").exists()


@pytest.mark.parametrize(
    ("level", "place"),
    [(0, "Übersicht.docx"), (1, "Köln/Übersicht.docx"), (2, "Data/Köln/Übersicht.docx"), (9, "D/Data/Köln/Übersicht.docx")],
)
def test_preserve_level_rebuilds_that_many_directories(files: Files, level: int, place: str) -> None:
    files.backup(files.create())
    files.finish(files.restore(["D:\\Data\\Köln"], ELSEWHERE, commonOptions={"preserveLevel": level})["jobIds"][0])
    assert files.drive("lux-restore-01", f"E/Restore/{place}").exists()


def test_restore_in_place_and_overwriting(files: Files) -> None:
    files.backup(files.create())
    live = files.drive("acme-fs01", "D/Data/Budget 2026.xlsx")
    kept, source, here = live.read_bytes(), ["D:\\Data\\Budget 2026.xlsx"], {"inPlace": True, "destClient": {"clientName": "acme-fs01"}}
    for options in ({}, {"doNotOverwriteFileOnDisk": True, "unconditionalOverwrite": True}):
        live.write_text("newer")
        job = files.finish(files.restore(source, here, commonOptions=options)["jobIds"][0])
        assert (job["status"], live.read_text()) == ("Completed", "newer")
    files.finish(files.restore(source, here, commonOptions={"unconditionalOverwrite": True})["jobIds"][0])
    assert live.read_bytes() == kept


def test_restore_at_a_time_in_a_zone_by_job_and_by_version(files: Files) -> None:
    number, live = files.create(), files.drive("acme-fs01", "D/Data/Budget 2026.xlsx")
    source, restored = ["D:\\Data\\Budget 2026.xlsx"], files.drive("lux-restore-01", "E/Restore/Budget 2026.xlsx")
    first = files.backup(number)  # at 08:00 UTC of 2026-06-01, which is 10:00 in Luxembourg
    files.api.advance(600)
    live.write_text("v2")
    second = files.backup(number, "Incremental")
    always = {"unconditionalOverwrite": True}
    zone = {"TimeZoneName": "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"}
    span = {"timeRange": {"toTimeValue": "2026-06-01 10:05:00"}, "timeZone": zone}
    files.finish(files.restore(source, ELSEWHERE, browseOption=span, commonOptions=always)["jobIds"][0])
    assert restored.stat().st_size == 3142
    files.finish(files.restore(source, ELSEWHERE, commonOptions=always)["jobIds"][0])
    assert restored.read_text() == "v2"
    files.finish(files.restore([*source, "|\\|#15!vErSiOnS|#15!\\1"], ELSEWHERE, commonOptions=always)["jobIds"][0])
    assert restored.stat().st_size == 3142
    files.finish(files.restore(source, ELSEWHERE, browseOption={"browseJobId": second["jobId"]}, commonOptions=always)["jobIds"][0])
    assert restored.read_text() == "v2"
    job = files.finish(files.restore([f"2:{first['jobId']}"], ELSEWHERE, 1005, jobIds=[first["jobId"]], commonOptions=always)["jobIds"][0])
    assert job["totalNumOfFiles"] == 5 and files.drive("lux-restore-01", "E/Restore/D/Data/Temp/a.tmp").exists()


@pytest.mark.parametrize(
    ("sources", "destination", "options", "words"),
    [
        (["D:\\Data"], {"inPlace": True, "destPath": ["E:\\x"]}, {}, "destPath must not"),
        (["D:\\Data"], {"inPlace": False, "destClient": {"clientName": "lux-restore-01"}}, {}, "destPath is required"),
        (
            ["D:\\Data"],
            {"inPlace": False, "destPath": ["E:\\x"], "destClient": {"clientName": "nobody"}},
            {},
            "Destination client [nobody]",
        ),
        ([], ELSEWHERE, {}, "No source items"),
        (["D:\\Data"], ELSEWHERE, {"browseOption": {"timeRange": {"toTimeValue": "yesterday"}}}, "YYYY-MM-DD"),
        (
            ["D:\\Data"],
            ELSEWHERE,
            {"browseOption": {"timeRange": {"toTimeValue": "2026-06-01 10:00:00"}, "timeZone": {"TimeZoneName": "Mars"}}},
            "Mars",
        ),
        (["D:\\Data"], ELSEWHERE, {"browseOption": {"browseJobId": 4711}}, "4711"),
    ],
)
def test_restores_that_are_refused(files: Files, sources: list[str], destination: Json, options: Json, words: str) -> None:
    files.backup(files.create())
    reply = files.restore(sources, destination, **options)
    assert reply["errorCode"] != 0 and words in reply["errorMessage"] and "jobIds" not in reply


def test_restores_that_fail_or_are_partial(files: Files) -> None:
    files.backup(files.create())
    nothing = files.finish(files.restore(["D:\\Gone"], ELSEWHERE)["jobIds"][0])
    assert nothing["status"] == "Failed" and "not found" in files.sim.jobs[nothing["jobId"]].reason
    partial = files.finish(files.restore(["D:\\Gone", "D:\\Data\\Köln"], ELSEWHERE)["jobIds"][0])
    assert (partial["status"], partial["totalFailedFiles"]) == ("Completed w/ one or more errors", 1)
    no_drive = {**ELSEWHERE, "destPath": ["Q:\\x"]}
    job = files.finish(files.restore(["D:\\Data\\Köln"], no_drive)["jobIds"][0])
    assert job["status"] == "Failed" and "no drive Q:" in files.sim.jobs[job["jobId"]].reason
    escape = {**ELSEWHERE, "destPath": ["E:\\..\\..\\..\\x"]}
    assert files.finish(files.restore(["D:\\Data\\Köln"], escape)["jobIds"][0])["status"] == "Failed"
    dry = files.finish(files.restore(["E:\\e.txt", "D:\\Data\\Temp"], ELSEWHERE, commonOptions={"validateOnly": True})["jobIds"][0])
    assert dry["totalNumOfFiles"] == 2 and not files.drive("lux-restore-01", "E/Restore/Temp").exists()


def test_corruption_shows_in_what_is_restored(files: Files) -> None:
    files.backup(files.create())
    digest = hashlib.sha256(files.drive("acme-fs01", "D/Data/Budget 2026.xlsx").read_bytes()).hexdigest()
    manifest = files.api.control("GET", f"manifest?job={max(files.sim.jobs)}")
    assert {row["path"]: row["sha256"] for row in manifest["files"]}["D:\\Data\\Budget 2026.xlsx"] == digest
    assert files.api.control("POST", "corrupt", {"client": "acme-fs01", "path": "D:\\Data\\Budget 2026.xlsx"})["jobs"]
    files.api.control("POST", "faults", {"name": "corrupt_restore", "path": "Übersicht"})
    files.finish(files.restore(["D:\\Data\\Budget 2026.xlsx", "D:\\Data\\Köln"], ELSEWHERE)["jobIds"][0])
    restored = files.drive("lux-restore-01", "E/Restore/Budget 2026.xlsx")
    assert restored.stat().st_size == 3142 and hashlib.sha256(restored.read_bytes()).hexdigest() != digest
    other = files.drive("lux-restore-01", "E/Restore/Köln/Übersicht.docx").read_bytes()
    assert len(other) == 7 and other != "Grüße".encode()
    assert "error" in files.api.control("POST", "corrupt", {"client": "acme-fs01", "path": "D:\\nothing"})


def test_a_restore_that_breaks_off_and_the_compact_call(files: Files) -> None:
    number = files.create()
    files.backup(number)
    files.api.control("POST", "faults", {"name": "restore_fail", "match": "Temp", "reason": "the network went away", "times": 1})
    job = files.finish(files.restore(["D:\\Data\\Temp"], ELSEWHERE)["jobIds"][0])
    assert job["status"] == "Failed" and files.sim.jobs[job["jobId"]].reason == "the network went away"
    assert [item.name for item in files.drive("lux-restore-01", "E/Restore/Temp").iterdir()] == ["a.tmp"]
    live = files.drive("acme-fs01", "D/Data/Köln/Übersicht.docx")
    live.unlink()
    origin = {"clientId": files.ids["clientId"], "appTypeId": 33, "backupSetId": files.ids["backupsetId"], "subclientId": number}
    header = {"destination": {"clientId": files.ids["clientId"], "inPlace": True}, "filePaths": ["\\D:\\Data\\Köln"], "srcContent": origin}
    reply = files.api.post("/retrieveToClient", {"mode": 2, "serviceType": 1, "header": header})
    assert isinstance(reply["jobId"], int)
    files.finish(str(reply["jobId"]))
    assert live.read_text(encoding="utf-8") == "Grüße"
