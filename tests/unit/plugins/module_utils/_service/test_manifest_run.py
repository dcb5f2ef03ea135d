# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._service import manifest_run

SERVERS = [{"client": "fs01", "access": {"kind": "local", "drives": {"D": "/d"}}, "subclients": [{"name": "data", "content": ["D:\\"]}]}]
TARGETS = [{"client": "fs01", "name": "data"}]
OLD, NOON, LATE = 1795478400, 1795521600, 1795532400  # 2026-11-24, at 0:00, 12:00 and 15:00 in UTC
ENTRY = {"path": "D:\\a.txt", "size": 1, "modification_time": "2026-11-24T00:00:00Z", "sha256": "aa"}


def read(*files: tuple[str, int, str]) -> dict[str, t.Any]:
    """What find saw: names, times and hashes."""
    found = [{"path": f"/d/{name}", "size": 1, "mtime": mtime, "checksum": sha} for name, mtime, sha in files]
    return {"tenant": "Acme", "recorded_at": "2026-11-24T16:00:00Z", "host": "acme", "local": found, "windows": []}


def manifest(*entries: dict[str, t.Any], job: int = 7) -> dict[str, t.Any]:
    return {"kind": "files", "client": "FS01", "subclient": "Data", "backup_job": job, "entries": list(entries)}


def backups(*jobs: tuple[int, str, str]) -> list[dict[str, t.Any]]:
    rows = [{"id": number, "start_time": start, "outcome": outcome} for number, start, outcome in jobs]
    return [{"item": TARGETS[0], "jobs": rows}]


@pytest.mark.parametrize(
    ("files", "jobs", "action", "job"),
    [
        ([("a.txt", OLD, "aa")], [(7, "2026-11-24T01:00:00Z", "success")], "none", []),
        ([("a.txt", NOON, "bb")], [(7, "2026-11-24T01:00:00Z", "success"), (8, "2026-11-24T13:00:00Z", "partial")], "record", [8]),
        ([("a.txt", LATE, "bb")], [(7, "2026-11-24T01:00:00Z", "success"), (8, "2026-11-24T13:00:00Z", "success")], "backup", []),
        ([("a.txt", NOON, "bb")], [(7, "2026-11-24T01:00:00Z", "success"), (8, "2026-11-24T13:00:00Z", "failed")], "backup", []),
        ([("a.txt", OLD, "aa"), ("b.txt", NOON, "cc")], [], "backup", []),
    ],
)
def test_what_a_subclient_needs(files: t.Any, jobs: t.Any, action: str, job: list[int]) -> None:
    (found,) = manifest_run.actions(TARGETS, SERVERS, read(*files), [manifest(ENTRY)], backups(*jobs))
    assert (found["action"], found["jobs"], found["unknown"]) == (action, job, 0 if action == "none" else 1)


def test_a_manifest_of_another_subclient_does_not_count() -> None:
    other = {**manifest(ENTRY), "subclient": "other"}
    (found,) = manifest_run.actions(TARGETS, SERVERS, read(("a.txt", OLD, "aa")), [other], backups())
    assert found["action"] == "backup"


def test_a_manifest_that_is_there_keeps_what_is_in_it() -> None:
    target = {**TARGETS[0], "jobs": [7]}
    gone = {**ENTRY, "path": "D:\\gone.txt"}
    (file,) = manifest_run.files(
        [target], SERVERS, read(("b.txt", OLD, "bb")), [manifest(ENTRY, gone), manifest({**ENTRY, "path": "x"}, job=6)]
    )
    assert file["name"] == "files-fs01-data-job-7.json"
    assert [entry["path"] for entry in file["content"]["entries"]] == ["D:\\a.txt", "D:\\b.txt", "D:\\gone.txt"]
