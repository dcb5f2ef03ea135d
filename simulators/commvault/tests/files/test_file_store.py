# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import json
import os
import typing as t
from pathlib import Path

import pytest

from commvaultsim.files.drives import DriveError, Drives, pseudo_random
from commvaultsim.files.store import Owner, Store, StoreError, key
from commvaultsim.files.wildcards import select

OWNER = Owner(5, "fs01", 9, 22)
SERVERS = [
    {
        "name": "fs01",
        "drives": {
            "D": {
                "files": [
                    {"path": "Data/Budget 2026.xlsx", "size": 3142},
                    {"path": "Data/Köln/Übersicht.docx", "text": "Grüße"},
                    {"path": "Data/empty.txt", "size": 0},
                    {"path": "Data/kept/"},
                    {"path": "pagefile.sys", "size": 64},
                ]
            },
            "e": {"files": []},
        },
    }
]


@pytest.fixture(name="drives")
def drives_fixture(tmp_path: Path) -> Drives:
    drives = Drives(tmp_path / "drives")
    drives.fill(SERVERS)
    return drives


@pytest.fixture(name="store")
def store_fixture(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def scan(drives: Drives, *filters: str) -> list[t.Any]:
    selection = select(["\\"], filters)
    return [item for item in drives.scan("fs01", selection.enters) if selection.picks(item.path, item.is_dir)]


def paths(entries: t.Mapping[str, t.Any]) -> list[str]:
    return sorted(entry.path for entry in entries.values() if not entry.is_dir)


def test_drives_are_made_the_same_every_time(drives: Drives, tmp_path: Path) -> None:
    again = Drives(tmp_path / "again")
    again.fill(SERVERS)
    first = [(item.path, item.size, item.mtime_ns) for item in drives.scan("fs01") if not item.is_dir]
    assert first == [(item.path, item.size, item.mtime_ns) for item in again.scan("fs01") if not item.is_dir]
    assert [row[0] for row in first] == [
        "D:\\Data\\Budget 2026.xlsx",
        "D:\\Data\\Köln\\Übersicht.docx",
        "D:\\Data\\empty.txt",
        "D:\\pagefile.sys",
    ]
    assert (drives.root / "fs01/D/Data/Köln/Übersicht.docx").read_text(encoding="utf-8") == "Grüße"
    assert drives.letters("fs01") == ["D:", "E:"]
    assert (drives.root / "fs01/D/Data/kept").is_dir()


def test_filling_again_leaves_changed_files(drives: Drives) -> None:
    (drives.root / "fs01/D/Data/empty.txt").write_text("mine")
    drives.fill(SERVERS)
    assert (drives.root / "fs01/D/Data/empty.txt").read_text() == "mine"


def test_pseudo_random_content_has_its_size() -> None:
    assert sum(map(len, pseudo_random("x", (1 << 20) + 17))) == (1 << 20) + 17
    assert b"".join(pseudo_random("x", 10)) != b"".join(pseudo_random("y", 10))


@pytest.mark.parametrize(
    "path", ["D:\\..\\..\\etc\\passwd", "D:\\a\\.\\b", "\\\\nas\\share\\x", "Data\\x", "", "D:\\a\0b", "D:\\a:b", "D:\\a*"]
)
def test_paths_off_the_drive_are_refused(drives: Drives, path: str) -> None:
    with pytest.raises(DriveError):
        drives.locate("fs01", path)


@pytest.mark.parametrize("client", ["..", "a/b", ""])
def test_client_names_stay_in_the_directory(drives: Drives, client: str) -> None:
    with pytest.raises(DriveError):
        drives.locate(client, "D:\\x")


def test_a_link_is_neither_followed_nor_written_through(drives: Drives, store: Store, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("secret")
    os.symlink(outside, drives.root / "fs01/D/link")
    with pytest.raises(DriveError):
        drives.write("fs01", "D:\\link\\secret.txt", [b"x"], 0)
    manifest = store.backup(1, OWNER, "Full", 100, scan(drives))
    assert manifest.failed == [("D:\\link", "Reparse points are not followed.")]
    assert "D:\\link\\secret.txt" not in paths(store.image(22))


def test_names_are_found_without_regard_to_case(drives: Drives) -> None:
    assert drives.locate("fs01", "d:\\DATA\\köln\\übersicht.DOCX").name == "Übersicht.docx"
    drives.write("fs01", "d:\\data\\NEW.txt", [b"ab", b"c"], 5 * 10**9)
    made = drives.root / "fs01/D/Data/NEW.txt"
    assert made.read_bytes() == b"abc" and made.stat().st_mtime == 5


def test_writing_needs_a_drive_and_a_file_name(drives: Drives) -> None:
    for path in ("Z:\\x.txt", "D:\\", "D:\\Data"):
        with pytest.raises(DriveError):
            drives.write("fs01", path, [b"x"], 0)


def test_a_failed_write_leaves_nothing(drives: Drives) -> None:
    def broken() -> t.Iterator[bytes]:
        yield b"half"
        raise OSError("gone")

    with pytest.raises(OSError):
        drives.write("fs01", "E:\\x.txt", broken(), 0)
    assert not list((drives.root / "fs01/E").iterdir())


def test_full_incremental_and_views(drives: Drives, store: Store) -> None:
    full = store.backup(1, OWNER, "Full", 100, scan(drives, "**\\Pagefile.sys"))
    assert paths(full.entries) == ["D:\\Data\\Budget 2026.xlsx", "D:\\Data\\Köln\\Übersicht.docx", "D:\\Data\\empty.txt"]
    drives.write("fs01", "D:\\Data\\new.txt", [b"new"], 1)
    drives.write("fs01", "D:\\Data\\Budget 2026.xlsx", [b"v2"], 2 * 10**9)
    (drives.root / "fs01/D/Data/empty.txt").unlink()
    incremental = store.backup(2, OWNER, "Incremental", 200, scan(drives, "**\\Pagefile.sys"))
    assert paths(incremental.entries) == ["D:\\Data\\Budget 2026.xlsx", "D:\\Data\\new.txt"]
    assert incremental.deleted == ["D:\\Data\\empty.txt"]
    assert paths(store.image(22)) == ["D:\\Data\\Budget 2026.xlsx", "D:\\Data\\Köln\\Übersicht.docx", "D:\\Data\\new.txt"]
    assert paths(store.image(22, until=150)) == paths(full.entries)
    assert paths(store.image(22, at_job=1)) == paths(full.entries)
    assert paths(store.deleted(22)) == ["D:\\Data\\empty.txt"]
    assert store.deleted(22, until=150) == {}
    assert [entry.size for entry in store.versions(22, "d:\\data\\budget 2026.xlsx")] == [3142, 2]
    entry = store.image(22)[key("D:\\Data\\Köln\\Übersicht.docx")]
    assert (entry.backup_job, b"".join(store.blocks(entry)).decode()) == (1, "Grüße")
    assert entry.sha256 == hashlib.sha256("Grüße".encode()).hexdigest()


def test_a_deleted_file_that_comes_back_is_not_deleted(drives: Drives, store: Store) -> None:
    location = drives.root / "fs01/D/Data/empty.txt"
    store.backup(1, OWNER, "Full", 100, scan(drives))
    location.unlink()
    store.backup(2, OWNER, "Full", 200, scan(drives))
    assert paths(store.deleted(22)) == ["D:\\Data\\empty.txt"]
    location.write_text("back")
    store.backup(3, OWNER, "Incremental", 300, scan(drives))
    assert store.deleted(22) == {} and "D:\\Data\\empty.txt" in paths(store.image(22))


def test_the_first_incremental_is_a_full(drives: Drives, store: Store) -> None:
    assert store.backup(1, OWNER, "Incremental", 100, scan(drives)).kind == "Full"


def test_a_differential_holds_all_since_the_full(drives: Drives, store: Store) -> None:
    store.backup(1, OWNER, "Full", 100, scan(drives))
    drives.write("fs01", "D:\\one.txt", [b"1"], 1)
    store.backup(2, OWNER, "Incremental", 200, scan(drives))
    drives.write("fs01", "D:\\two.txt", [b"2"], 2)
    assert paths(store.backup(3, OWNER, "Differential", 300, scan(drives)).entries) == ["D:\\one.txt", "D:\\two.txt"]


def test_a_synthetic_full_reads_the_store_only(drives: Drives, store: Store) -> None:
    store.backup(1, OWNER, "Full", 100, scan(drives))
    with pytest.raises(StoreError, match="nothing to consolidate"):
        store.consolidate(9, OWNER, 150)
    drives.write("fs01", "D:\\one.txt", [b"1"], 1)
    store.backup(2, OWNER, "Incremental", 200, scan(drives))
    expected = paths(store.image(22))
    for item in drives.root.rglob("*.*"):
        item.unlink()
    synthetic = store.consolidate(3, OWNER, 300)
    assert paths(synthetic.entries) == expected and store.chain(22) == [synthetic]
    assert len(store.versions(22, "D:\\one.txt")) == 1


def test_unreadable_and_vanished_files_fail_and_keep_their_version(drives: Drives, store: Store) -> None:
    store.backup(1, OWNER, "Full", 100, scan(drives))
    drives.write("fs01", "D:\\Data\\Budget 2026.xlsx", [b"v2"], 2 * 10**9)
    found = scan(drives)
    (drives.root / "fs01/D/Data/Budget 2026.xlsx").unlink()
    manifest = store.backup(2, OWNER, "Incremental", 200, found)
    assert manifest.failed == [("D:\\Data\\Budget 2026.xlsx", "No such file or directory")]
    assert store.image(22)[key("D:\\Data\\Budget 2026.xlsx")].size == 3142
    assert not manifest.deleted


def test_corruption_keeps_size_and_other_owners(drives: Drives, store: Store) -> None:
    drives.write("fs01", "D:\\Data\\copy.xlsx", [(drives.root / "fs01/D/Data/Budget 2026.xlsx").read_bytes()], 1)
    store.backup(1, OWNER, "Full", 100, scan(drives))
    assert store.corrupt("FS01", "d:\\data\\budget 2026.xlsx") == [1]
    assert store.corrupt("fs01", "D:\\Data\\Budget 2026.xlsx") == [1]
    damaged, sound = (store.image(22)[key(f"D:\\Data\\{name}.xlsx")] for name in ("Budget 2026", "copy"))
    content = b"".join(store.blocks(damaged))
    assert len(content) == damaged.size and hashlib.sha256(content).hexdigest() != damaged.sha256 == sound.sha256
    assert hashlib.sha256(b"".join(store.blocks(sound))).hexdigest() == sound.sha256
    for path in ("D:\\none.txt", "D:\\Data\\empty.txt"):
        with pytest.raises(StoreError):
            store.corrupt("fs01", path)


def test_ageing_drops_what_nothing_needs(drives: Drives, store: Store) -> None:
    store.backup(1, OWNER, "Full", 100, scan(drives))
    drives.write("fs01", "D:\\Data\\Budget 2026.xlsx", [b"v2"], 2 * 10**9)
    store.backup(2, OWNER, "Full", 200, scan(drives))
    blobs = len(list(store.blobs.glob("*/*")))
    store.drop([1])
    assert len(list(store.blobs.glob("*/*"))) == blobs - 1
    assert store.image(22, until=150) == {} and paths(store.image(22))


def test_manifests_are_written_for_people(drives: Drives, store: Store) -> None:
    store.backup(1, OWNER, "Full", 100, scan(drives))
    written = json.loads((store.manifest_directory / "1.json").read_text(encoding="utf-8"))
    assert written["owner"]["client"] == "fs01"
    entry = written["entries"]["d:\\data\\köln\\übersicht.docx"]
    assert (entry["path"], entry["sha256"]) == ("D:\\Data\\Köln\\Übersicht.docx", hashlib.sha256("Grüße".encode()).hexdigest())
