# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._service import manifest, manifest_files

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
TARGETS = [
    {"client": "FS01", "name": "data", "jobs": [7]},
    {"client": "fs01", "name": "rest", "jobs": [8]},
    {"client": "fs02", "name": "all", "jobs": [9]},
    {"client": "fs03", "name": "all", "jobs": [10]},
]


def found(path, **more):
    return {"path": path, "size": 3, "mtime": 1764000000.5, "checksum": "AB", **more}


def test_places_are_told_once_and_by_host():
    assert manifest_files.places(TARGETS, SERVERS, "here") == {
        "local": ["/srv/fs01/D", "/srv/fs01/D/Data", "/srv/fs01/E/Köln"],
        "windows": [{"host": "fs02-win", "paths": ["D:\\"]}, {"host": "here", "paths": ["D:\\Daten"]}],
    }
    assert manifest_files.places([], SERVERS, "here") == {"local": [], "windows": []}


def test_each_manifest_holds_the_files_of_its_subclient():
    read = {"tenant": "Acme", "recorded_at": "2026-11-24T03:00:00Z", "host": "here"}
    read["local"] = [
        found(path) for path in ("/srv/fs01/D/Data/a.txt", "/srv/fs01/D/Database/b.txt", "/srv/fs01/E/Köln/c.txt", "/srv/fs010/D/x")
    ]
    read["windows"] = [
        {"item": {"host": "fs02-win"}, "files": [found("D:\\x.txt"), found("D:\\Ordner", isdir=True)]},
        {"item": {"host": "here"}, "files": [found("d:\\DATEN\\y.txt"), found("D:\\Daten2\\z.txt")]},
    ]
    files = manifest_files.of_files(TARGETS, SERVERS, read)
    assert [file["name"] for file in files] == [
        "files-FS01-data-job-7.json",
        "files-fs01-rest-job-8.json",
        "files-fs02-all-job-9.json",
        "files-fs03-all-job-10.json",
    ]
    paths = [[entry["path"] for entry in file["content"]["entries"]] for file in files]
    assert paths == [
        ["D:\\Data\\a.txt"],
        ["D:\\Data\\a.txt", "D:\\Database\\b.txt", "E:\\Köln\\c.txt"],
        ["D:\\x.txt"],
        ["d:\\DATEN\\y.txt"],
    ]
    assert {name: files[0]["content"][name] for name in ("kind", "tenant", "client", "subclient", "backup_job", "recorded_at")} == {
        "kind": "files",
        "tenant": "Acme",
        "client": "FS01",
        "subclient": "data",
        "backup_job": 7,
        "recorded_at": "2026-11-24T03:00:00Z",
    }


def test_the_vms_of_each_group():
    vms = [{"name": name, "folder": folder} for name, folder in (("web", "T/Acme"), ("db", "T/Acme/Sub"), ("other", "T/Else"))]
    groups = [{"name": "all", "folders": [""]}, {"name": "Ünit", "vms": ["db"]}]
    about = {"tenant": "Acme", "hypervisor": "acme-vcenter", "recorded_at": "2026-11-24T03:00:00Z"}
    files = manifest_files.of_vms([{"name": "all", "jobs": [5]}, {"name": "ünit", "jobs": [6]}], groups, vms, "T/Acme", about)
    assert [[vm["name"] for vm in file["content"]["vms"]] for file in files] == [["web", "db"], ["db"]]
    assert files[0]["name"] == "vms-all-job-5.json" and files[0]["content"] | about == files[0]["content"]
    assert files[1]["name"].startswith("vms-unit-") and files[1]["content"]["backup_job"] == 6


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
def test_what_is_below_a_place(path, place, inside):
    assert bool(manifest.below([{"path": path}], [place])) is inside
