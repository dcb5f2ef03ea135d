# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._service import manifest, manifest_files, manifests

Row = dict[str, t.Any]
LOCAL = {"kind": "local", "drives": {"D": "/srv/fs01/D", "E": "/srv/fs01/E"}}
SERVERS = [
    {
        "client": "fs01",
        "access": LOCAL,
        "subclients": [{"name": "data", "content": ["D:\\Data"]}, {"name": "rest", "content": ["D:\\", "E:\\Köln\\*.txt"]}],
    },
    {"client": "fs02", "access": {"kind": "windows", "host": "fs02-win"}, "subclients": [{"name": "all", "content": ["D:\\"]}]},
    {"client": "fs03", "access": {"kind": "windows"}, "subclients": [{"name": "all", "content": ["D:\\Daten"]}]},
]
ABOUT = {"tenant": "Acme", "recorded_at": "2026-11-24T16:00:00Z", "host": "here"}
OLD, NOON, LATE = 1795478400, 1795521600, 1795532400  # 2026-11-24, at 0:00, 12:00 and 15:00 in UTC
ENTRY = {"path": "D:\\Data\\a.txt", "size": 3, "modification_time": "2026-11-24T00:00:00Z", "sha256": "aa"}


def found(path: str, mtime: float = OLD, checksum: str = "AA", **more: t.Any) -> Row:
    return {"path": path, "size": 3, "mtime": mtime, "checksum": checksum, **more}


def read(*files: Row, **more: t.Any) -> Row:
    return {"local": {"files": list(files), **more}, "windows": []}


def record(*entries: Row, job: int = 7, subclient: str = "Data") -> Row:
    return {"kind": "files", "client": "FS01", "subclient": subclient, "backup_job": job, "recorded_at": "x", "entries": list(entries)}


def history(*jobs: tuple[int, str, str], client: str = "fs01", name: str = "data") -> Row:
    rows = [{"id": number, "start_time": f"2026-11-24T{start}Z", "outcome": outcome} for number, start, outcome in jobs]
    return {"item": {"client": client, "name": name}, "jobs": rows}


def work(*histories: Row, known: t.Sequence[Row] = (), changed: bool = False) -> Row:
    return manifest_files.work(histories, SERVERS, known, changed, "here")


AT_ONE = history((8, "13:00:00", "success"), (7, "01:00:00", "success"))


@pytest.mark.parametrize(
    ("jobs", "known", "due"),
    [
        (AT_ONE, [], True),
        (AT_ONE, [record(job=7)], True),
        (AT_ONE, [record(job=8)], False),
        (AT_ONE, [record(job=8, subclient="rest")], True),
        (history((9, "14:00:00", "failed"), (8, "13:00:00", "partial")), [record(job=8)], False),
        (history((9, "14:00:00", "active"), (8, "13:00:00", "success")), [record(job=8)], False),
        (history((9, "14:00:00", "failed")), [], False),
    ],
)
def test_the_newest_backup_that_ended_well_needs_a_record(jobs: Row, known: list[Row], due: bool) -> None:
    needed = work(jobs, known=known)
    assert needed["targets"][0]["due"] is due
    assert bool(needed["local"]) is due


def test_places_are_told_once_and_by_host() -> None:
    histories = [history((8, "13:00:00", "success"), client=client, name=name) for client, name in (("FS01", "data"), ("fs01", "rest"))]
    histories += [history((9, "13:00:00", "success"), client=client, name="all") for client in ("fs02", "fs03")]
    needed = work(*histories)
    assert needed["local"] == ["/srv/fs01/D", "/srv/fs01/D/Data", "/srv/fs01/E/Köln"]
    assert needed["windows"] == [{"host": "fs02-win", "paths": ["D:\\"]}, {"host": "here", "paths": ["D:\\Daten"]}]
    assert work(AT_ONE, known=[record(job=8)], changed=True)["local"] == ["/srv/fs01/D/Data"]


def test_each_record_holds_the_files_of_its_subclient() -> None:
    histories = [history((8, "13:00:00", "success"), client=client, name=name) for client, name in (("FS01", "data"), ("fs01", "rest"))]
    histories += [history((9, "13:00:00", "success"), client=client, name="all") for client in ("fs02", "fs03")]
    paths = ("/srv/fs01/D/Data/a.txt", "/srv/fs01/D/Database/b.txt", "/srv/fs01/E/Köln/c.txt", "/srv/fs010/D/x")
    files = read(*map(found, paths))
    files["windows"] = [
        {"item": {"host": "fs02-win"}, "files": [found("D:\\x.txt"), found("D:\\Ordner", isdir=True)]},
        {"item": {"host": "here"}, "files": [found("d:\\DATEN\\y.txt"), found("D:\\Daten2\\z.txt")]},
    ]
    made = manifest_files.records(work(*histories)["targets"], SERVERS, files, ABOUT, [])
    assert {file["name"]: [entry["path"] for entry in file["content"]["entries"]] for file in made} == {
        "files-FS01-data-job-8.json": ["D:\\Data\\a.txt"],
        "files-fs01-rest-job-8.json": ["D:\\Data\\a.txt", "D:\\Database\\b.txt", "E:\\Köln\\c.txt"],
        "files-fs02-all-job-9.json": ["D:\\x.txt"],
        "files-fs03-all-job-9.json": ["d:\\DATEN\\y.txt"],
    }
    assert {key: value for key, value in made[0]["content"].items() if key != "entries"} == {
        "kind": "files",
        "tenant": "Acme",
        "client": "FS01",
        "subclient": "data",
        "backup_job": 8,
        "recorded_at": "2026-11-24T16:00:00Z",
    }


def test_a_record_has_what_is_older_than_the_backup_and_in_no_record_yet() -> None:
    files = read(found("/srv/fs01/D/Data/a.txt"), found("/srv/fs01/D/Data/b.txt", NOON), found("/srv/fs01/D/Data/c.txt", LATE))
    known = [record(ENTRY, job=7)]
    targets = work(AT_ONE, known=known, changed=True)["targets"]
    (made,) = manifest_files.records(targets, SERVERS, files, ABOUT, known)
    assert [entry["path"] for entry in made["content"]["entries"]] == ["D:\\Data\\b.txt"]
    # What is newer than the backup needs one, and its record has everything that no record had.
    assert manifest_files.changed(targets, SERVERS, files, ABOUT, known) == [{"client": "fs01", "name": "data"}]
    started = [{"client": "fs01", "name": "data", "action": "started", "jobs": [11]}]
    (made,) = manifest_files.records(started, SERVERS, files, ABOUT, [*known, made["content"]])
    assert (made["name"], [entry["path"] for entry in made["content"]["entries"]]) == ("files-fs01-data-job-11.json", ["D:\\Data\\c.txt"])


def test_a_backup_that_holds_nothing_new_has_an_empty_record() -> None:
    known = [record(ENTRY, job=7)]
    (made,) = manifest_files.records(work(AT_ONE, known=known)["targets"], SERVERS, read(found("/srv/fs01/D/Data/a.txt")), ABOUT, known)
    assert made["content"]["entries"] == []


def test_a_record_that_is_there_keeps_what_is_in_it() -> None:
    known = [record(ENTRY, job=8), record({**ENTRY, "path": "x"}, job=6)]
    files = read(found("/srv/fs01/D/Data/b.txt", NOON))
    (made,) = manifest_files.records(work(AT_ONE, known=known, changed=True)["targets"], SERVERS, files, ABOUT, known)
    assert [entry["path"] for entry in made["content"]["entries"]] == ["D:\\Data\\a.txt", "D:\\Data\\b.txt"]
    assert manifest_files.records(work(AT_ONE, known=known)["targets"], SERVERS, read(), ABOUT, known) == []


def test_what_is_being_backed_up_is_left_to_that_backup() -> None:
    running = work(history((9, "14:00:00", "active"), (8, "13:00:00", "success")), known=[record(job=8)], changed=True)["targets"]
    assert manifest_files.changed(running, SERVERS, read(found("/srv/fs01/D/Data/c.txt", LATE)), ABOUT, []) == []
    assert "has not ended" in manifest_files.open_points(running, SERVERS, read())[0]["reason"]
    never = work(history(), changed=True)["targets"]
    assert manifest_files.changed(never, SERVERS, read(found("/srv/fs01/D/Data/c.txt")), ABOUT, []) == [{"client": "fs01", "name": "data"}]
    assert "no backup yet" in manifest_files.open_points(never, SERVERS, read())[0]["reason"]


def test_a_backup_with_errors_holds_nobody_knows_what() -> None:
    known = [record({**ENTRY, "path": "D:\\Data\\c.txt", "modification_time": "2026-11-24T12:00:00Z"}, job=8)]
    changed = read(found("/srv/fs01/D/Data/c.txt", NOON))
    failing = history((8, "13:00:00", "partial"), (7, "01:00:00", "success"))
    targets = work(failing, known=known, changed=True)["targets"]
    assert manifest_files.changed(targets, SERVERS, changed, ABOUT, known) == [{"client": "fs01", "name": "data"}]
    assert "job 8, had errors" in manifest_files.open_points(targets, SERVERS, changed)[0]["reason"]
    # The next one without errors ends that, whatever is in which record.
    ended = work(history((9, "14:00:00", "success"), (8, "13:00:00", "partial")), known=known, changed=True)["targets"]
    assert manifest_files.changed(ended, SERVERS, changed, ABOUT, known) == manifest_files.open_points(ended, SERVERS, changed) == []
    # And so does the specification, which says why there are errors.
    excused = [{**SERVERS[0], "subclients": [{"name": "DATA", "content": ["D:\\Data"], "backup_exception": "Its database is dumped"}]}]
    targets = manifest_files.work([failing], excused, known, True, "here")["targets"]
    assert manifest_files.changed(targets, excused, changed, ABOUT, known) == manifest_files.open_points(targets, excused, changed) == []


def test_a_directory_that_could_not_be_read_is_not_an_empty_one() -> None:
    gone = read(skipped_paths={"/srv/fs01/D/Data": "'/srv/fs01/D/Data' is not a directory"})
    targets = work(AT_ONE)["targets"]
    assert manifest_files.records(targets, SERVERS, gone, ABOUT, []) == []
    (left,) = manifest_files.open_points(targets, SERVERS, gone)
    assert left["name"] == "fs01, data" and "could not be read: /srv/fs01/D/Data (" in left["reason"]


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"kind": "vms", "backup_job": 1}', '{"kind": "files", "backup_job": "x", "entries": []}']
)
def test_a_file_that_is_no_manifest_is_named(text: str) -> None:
    specification = {"margin": 60, "servers": [], "changed": False, "host": "here"}
    with pytest.raises(ValueError, match=r"/e/vms-a-job-1\.json is not a manifest .* Restore the file"):
        manifests.manifest(specification, {"/e/vms-a-job-1.json": text}, {"jobs": {}, "histories": []})


def test_records_of_before_there_was_proof_count() -> None:
    old = json.dumps({"kind": "vms", "backup_job": 8, "recorded_at": "2026-11-24T10:00:00Z", "vms": []})
    jobs = {"jobs": [{"id": 8, "subclient": "a", "outcome": "success", "parent": None, "start_time": "2026-11-24T10:00:01Z"}]}
    specification = {"margin": 60, "servers": [], "changed": False, "host": "here"}
    needed = manifests.manifest(specification, {"/e/vms-a-job-8.json": old}, {"jobs": jobs, "histories": []})
    assert needed["work"]["vms"]["jobs"] == [] and needed["files"] == []


@pytest.mark.parametrize(
    ("path", "place", "inside"),
    [
        ("D:\\Data\\a", "D:\\Data", True),
        ("D:\\Data", "D:\\data\\", True),
        ("D:\\Data2\\a", "D:\\Data", False),
        ("d:\\a", "D:\\", True),
        ("/srv/D/a", "/srv/D", True),
        ("/srv/D2/a", "/srv/D", False),
        ("/srv/d/a", "/srv/D", False),
    ],
)
def test_what_is_below_a_place(path: str, place: str, inside: bool) -> None:
    assert bool(manifest.below([{"path": path}], [place])) is inside
