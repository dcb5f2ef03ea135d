# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._service import file_protection, manifest, names

DRIVES = {"D": "/srv/fs01/D", "e:": "/srv/fs01/E/"}


def test_content_is_read_in_the_directories_that_stand_for_the_drives() -> None:
    content = ["D:\\", "d:\\Data\\Köln\\", "E:\\Shares\\*\\Public", "E:\\Shares"]
    assert manifest.roots(content, DRIVES) == ["/srv/fs01/D", "/srv/fs01/D/Data/Köln", "/srv/fs01/E/Shares"]


def test_content_on_the_windows_host_stays_as_it_is() -> None:
    assert manifest.roots(["D:\\Data", "D:\\Data"], {}) == ["D:\\Data"]


@pytest.mark.parametrize("path", ["\\", "Data", "F:\\Data", "\\\\nas\\share"])
def test_content_that_cannot_be_read_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="drive"):
        manifest.roots([path], DRIVES)


def test_entries_have_windows_paths_sizes_times_and_hashes() -> None:
    files = [
        {"path": "/srv/fs01/D/Data/été 2026.csv", "size": 7, "mtime": 1795494000.75, "checksum": "AB"},
        {"path": "/srv/fs01/Dx/no.txt", "size": 1, "mtime": 0, "checksum": ""},
    ]
    first, other = manifest.entries(files, DRIVES)
    assert other == {"path": "D:\\Data\\été 2026.csv", "size": 7, "modification_time": "2026-11-24T04:20:00Z", "sha256": "ab"}
    assert first["path"] == "/srv/fs01/Dx/no.txt"


def test_entries_of_a_windows_host() -> None:
    files = [
        {"path": "D:\\Data", "isdir": True},
        {"path": "D:\\Data\\a.txt", "size": 1, "lastwritetime": 1795494000.9, "checksum": "cd", "isdir": False},
    ]
    assert manifest.entries(files, {}) == [
        {"path": "D:\\Data\\a.txt", "size": 1, "modification_time": "2026-11-24T04:20:00Z", "sha256": "cd"}
    ]


def test_an_entry_must_match_the_version_in_the_backup() -> None:
    entry = {"path": "D:\\a.txt", "size": 1, "modification_time": "2026-11-01T00:00:00Z", "sha256": "ab"}
    old = {"recorded_at": "2026-11-01T01:00:00Z", "entries": [{**entry, "sha256": "old"}]}
    new = {"recorded_at": "2026-11-02T01:00:00Z", "entries": [entry]}
    version = {"path": "d:\\A.TXT", "size": 1, "modification_time": "2026-11-01T00:00:00Z"}
    assert manifest.entry_for([new, old], version) == entry
    assert manifest.entry_for([new], {**version, "size": 2}) is None
    assert manifest.entry_for([new], {**version, "modification_time": "2026-11-03T00:00:00Z"}) is None
    assert manifest.entry_for([], version) is None


def vms(job: int, recorded_at: str, cpus: int) -> dict[str, t.Any]:
    return {"backup_job": job, "recorded_at": recorded_at, "vms": [{"instance_uuid": "AA", "cpus": cpus}]}


def test_the_manifest_of_the_backup_comes_before_an_earlier_one() -> None:
    known = [vms(1, "2026-11-01T00:00:00Z", 1), vms(2, "2026-11-02T00:00:00Z", 2), vms(3, "2026-11-03T00:00:00Z", 3)]
    of_job = manifest.vm_record(known, "aa", [9, 2], "2026-11-02T01:00:00Z")
    earlier = manifest.vm_record(known, "aa", [9], "2026-11-02T01:00:00Z")
    assert of_job is not None and earlier is not None
    assert (of_job["cpus"], of_job["backup_job"], earlier["cpus"]) == (2, 2, 2)
    assert "proof" not in of_job and earlier["proof"]["state"] == "unproven" and "job 2" in earlier["proof"]["reason"]
    assert manifest.vm_record(known, "aa", [9], "2026-10-01T00:00:00Z") is None
    assert manifest.vm_record(known, "bb", [1], "2026-11-09T00:00:00Z") is None


def test_windows_paths_are_joined() -> None:
    assert manifest.windows_path("E:\\RestoreTest\\", "rt-1", "a") == "E:\\RestoreTest\\rt-1\\a"


def test_file_names_are_ordinary_and_never_fall_together() -> None:
    hostile = ["../../etc/passwd", "a/b", "a b", "a:b", "", "..", ".hidden", "日本", "x" * 300, "con\n", "Café", "Cafe"]
    made = [names.safe_file_name(text) for text in hostile]
    assert len(set(made)) == len(made)
    for name in made:
        assert name and "/" not in name and not name.startswith(".") and len(name) <= 90 and name.isascii() and " " not in name
    assert names.safe_file_name("acme-fs01") == "acme-fs01"


def test_subclients_have_the_defaults_and_the_removable_drives() -> None:
    servers = [
        {
            "client": "fs01",
            "removable_drives": ["f"],
            "access": {"kind": "local", "drives": {"D": "/d"}},
            "subclients": [{"name": "data", "plan": "gold", "content": ["D:\\"], "exclude": ["**\\*.tmp", "**\\Pagefile.sys"]}],
        }
    ]
    (made,) = file_protection.subclients(servers, ["**\\Pagefile.sys"])
    assert made == {
        "client": "fs01",
        "name": "data",
        "plan": "gold",
        "content": ["D:\\"],
        "filters": ["**\\Pagefile.sys", "F:\\", "**\\*.tmp"],
        "vss": "locked_files",
    }
    assert file_protection.specified(servers, "FS01", "Data")["access"]["kind"] == "local"
    with pytest.raises(ValueError, match="no subclient 'x' on 'fs01'"):
        file_protection.specified(servers, "fs01", "x")
