# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from commvaultsim.files.wildcards import (
    compile_pattern,
    is_absolute,
    join,
    normalise,
    select,
    split,
)

FILE, DIRECTORY = False, True


@pytest.mark.parametrize(
    ("pattern", "path", "is_dir", "expected"),
    [
        # a place, and everything below it
        ("D:\\Data", "D:\\Data", DIRECTORY, True),
        ("D:\\Data", "D:\\Data\\x\\y.txt", FILE, True),
        ("D:\\Data", "D:\\Database\\y.txt", FILE, False),
        ("d:\\dATA", "D:\\Data\\x.txt", FILE, True),
        ("\\D:\\Data", "D:\\Data\\x.txt", FILE, True),
        ("D:/Data", "D:\\Data\\x.txt", FILE, True),
        ("D:\\Data", "\\D:\\Data\\x.txt", FILE, True),
        ("D:\\Köln", "D:\\KÖLN\\Übersicht.docx", FILE, True),
        # drive roots and the machine
        ("D:", "D:\\x.txt", FILE, True),
        ("D:\\", "D:\\a\\x.txt", FILE, True),
        ("D:\\", "E:\\a\\x.txt", FILE, False),
        ("\\", "E:\\a\\x.txt", FILE, True),
        ("\\\\nas\\share", "E:\\nas\\share\\x.txt", FILE, False),
        # a trailing backslash is a directory
        ("D:\\Data\\", "D:\\Data", FILE, False),
        ("D:\\Data\\", "D:\\Data", DIRECTORY, True),
        ("D:\\Data\\", "D:\\Data\\x.txt", FILE, True),
        # one star stays within its level; alone at the end it names the files of that directory
        ("C:\\Test\\*", "C:\\Test\\a.txt", FILE, True),
        ("C:\\Test\\*", "C:\\Test\\sub", DIRECTORY, False),
        ("C:\\Test\\*", "C:\\Test\\sub\\a.txt", FILE, False),
        ("C:\\*.log", "C:\\a.log", FILE, True),
        ("C:\\*.log", "C:\\Test\\a.log", FILE, False),
        ("C:\\Test*", "C:\\Testing\\deep\\a.txt", FILE, True),
        ("C:\\Users\\*\\Temp", "C:\\Users\\ann\\Temp\\x", FILE, True),
        ("C:\\Users\\*\\Temp", "C:\\Users\\ann\\more\\Temp\\x", FILE, False),
        # two stars are any number of levels
        ("C:\\Data\\**", "C:\\Data", DIRECTORY, True),
        ("C:\\Data\\**", "C:\\Data\\a\\b\\c.txt", FILE, True),
        ("C:\\Data\\**", "C:\\Data2\\a", FILE, False),
        ("C:\\**\\Logs\\**", "C:\\Logs\\a.log", FILE, True),
        ("C:\\**\\Logs\\**", "C:\\a\\b\\logs\\c\\d.log", FILE, True),
        ("C:\\**\\Logs\\**", "C:\\a\\Logs.txt", FILE, False),
        ("C:\\**\\Logs\\**", "D:\\Logs\\a.log", FILE, False),
        ("C:\\**", "C:\\a\\b", FILE, True),
        ("C:\\**\\*", "C:\\a\\b\\c", FILE, True),
        ("G:\\Users\\**\\xp\\*.log", "G:\\Users\\xp\\a.log", FILE, True),
        ("G:\\Users\\**\\xp\\*.log", "G:\\Users\\a\\b\\xp\\a.log", FILE, True),
        ("G:\\Users\\**\\xp\\*.log", "G:\\Users\\a\\xp\\sub\\a.log", FILE, False),
        ("**", "D:\\a\\b", FILE, True),
        # the service's own exclusions
        ("**\\Winsxs\\", "C:\\Windows\\WinSxS", DIRECTORY, True),
        ("**\\Winsxs\\", "C:\\Windows\\WinSxS\\amd64\\x.dll", FILE, True),
        ("**\\Winsxs\\", "C:\\Winsxs\\x.dll", FILE, True),
        ("**\\Winsxs\\", "C:\\Windows\\Winsxs", FILE, False),
        ("**\\Winsxs\\", "C:\\Windows\\Winsxs.old\\x.dll", FILE, False),
        ("**\\Pagefile.sys", "C:\\pagefile.sys", FILE, True),
        ("**\\Pagefile.sys", "D:\\deep\\down\\Pagefile.sys", FILE, True),
        ("**\\Pagefile.sys", "C:\\my-pagefile.sys", FILE, False),
        ("**\\Pagefile.sys", "C:\\pagefile.sys.bak", FILE, False),
        ("**\\SoftwareDistribution*", "C:\\Windows\\SoftwareDistribution\\Download\\x.cab", FILE, True),
        ("**\\SoftwareDistribution*", "C:\\Windows\\SoftwareDistribution.old\\x.cab", FILE, True),
        ("**\\SoftwareDistribution*", "C:\\SoftwareDistribution.log", FILE, True),
        ("**\\SoftwareDistribution*", "C:\\Windows\\MySoftwareDistribution\\x.cab", FILE, False),
        # names without a place
        ("*.bak", "D:\\a\\b.BAK", FILE, True),
        ("*.bak", "D:\\old.bak", DIRECTORY, False),
        ("*.bak", "D:\\old.bak\\x.txt", FILE, False),
        ("**\\*.tmp", "D:\\a\\~x.tmp", FILE, True),
        ("access?", "D:\\a\\access1", FILE, True),
        ("access?", "D:\\access5\\x.txt", FILE, True),
        ("access?", "D:\\access12", FILE, False),
        ("Temp\\cache", "D:\\a\\Temp\\cache\\x", FILE, True),
        ("\\Windows\\Temp", "C:\\Windows\\Temp\\x", FILE, True),
        ("\\Windows\\Temp", "C:\\a\\Windows\\Temp\\x", FILE, False),
        # classes
        ("D:\\[a-m]*.txt", "D:\\budget.txt", FILE, True),
        ("D:\\[a-m]*.txt", "D:\\zebra.txt", FILE, False),
        ("D:\\[!x]1", "D:\\a1", FILE, True),
        ("D:\\[!x]1", "D:\\x1", FILE, False),
        ("D:\\a[!x]b", "D:\\a\\b", FILE, False),
        ("D:\\a[1", "D:\\a[1\\x", FILE, True),
        ("D:\\a[z-a]", "D:\\a[z-a]", FILE, True),
        ("D:\\[]", "D:\\[]", FILE, True),
        ("D:\\photo [100%].jpg", "D:\\photo [100%].jpg", FILE, True),
        ("D:\\a+(b).txt", "D:\\a+(b).txt", FILE, True),
    ],
)
def test_windows_patterns(pattern: str, path: str, is_dir: bool, expected: bool) -> None:
    assert compile_pattern(pattern).matches(path, is_dir) is expected


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("/", "/etc/passwd", True),
        ("/etc", "/etc/passwd", True),
        ("/etc", "/ETC/passwd", False),
        ("/etc/**", "/etc/a/b", True),
        ("/Test/*.doc", "/Test/a.doc", True),
        ("/Test/*.doc", "/Test/b/a.doc", False),
        ("*.so", "/usr/lib/alsvc.so", True),
        ("/**/move.cpp", "/root/newapp/move.cpp", True),
        ("/tmp/", "/tmp/x", True),
    ],
)
def test_unix_patterns(pattern: str, path: str, expected: bool) -> None:
    assert compile_pattern(pattern, windows=False).matches(path) is expected


def test_an_exception_brings_back_what_a_filter_took() -> None:
    selection = select(["D:\\Data"], ["D:\\Data\\Temp", "*.tmp"], ["D:\\Data\\Temp\\keep", "D:\\Data\\wanted.tmp"])
    picked = {
        "D:\\Data\\a.txt": True,
        "D:\\Data\\Temp\\a.txt": False,
        "D:\\Data\\Temp\\keep\\a.txt": True,
        "D:\\Data\\b.tmp": False,
        "D:\\Data\\wanted.tmp": True,
        "D:\\Other\\wanted.tmp": False,
    }
    assert {path: selection.picks(path) for path in picked} == picked


def test_a_scan_passes_by_what_cannot_hold_anything() -> None:
    selection = select(["D:\\Data\\Projects"], ["**\\Winsxs\\", "D:\\Data\\Projects\\old"], ["D:\\Data\\Projects\\old\\kept"])
    entered = {
        "D:": True,
        "D:\\Data": True,
        "D:\\Music": False,
        "E:": False,
        "D:\\Data\\Projects\\x": True,
        "D:\\Data\\Projects\\winsxs": False,
        "D:\\Data\\Projects\\old": True,
        "D:\\Data\\Projects\\old\\other": False,
        "D:\\Data\\Projects\\old\\kept": True,
    }
    assert {path: selection.enters(path) for path in entered} == entered


def test_files_of_a_filtered_directory_only_leave_its_subdirectories() -> None:
    selection = select(["C:\\"], ["C:\\Finance\\Test\\*"])
    assert not selection.picks("C:\\Finance\\Test\\a.txt")
    assert selection.enters("C:\\Finance\\Test")
    assert selection.picks("C:\\Finance\\Test\\sub\\a.txt")


def test_the_catch_all_leaves_siblings_their_content() -> None:
    selection = select(["\\"], taken=["D:\\Data", "E:\\"])
    assert selection.picks("C:\\a.txt")
    assert not selection.picks("D:\\Data\\a.txt")
    assert not selection.picks("E:\\a.txt")


def test_literal_entries_are_told_from_patterns() -> None:
    assert compile_pattern("D:\\Data").literal
    assert not compile_pattern("D:\\Data\\*").literal
    assert not compile_pattern("**\\Pagefile.sys").literal
    assert not compile_pattern("Thumbs.db").literal
    assert is_absolute("\\") and is_absolute("D:") and is_absolute("\\\\nas\\share") and not is_absolute("*.bak")


def test_paths() -> None:
    assert split("\\D:\\Data\\\\x\\") == ["D:", "Data", "x"]
    assert join([]) == "\\" and join(["D:", "x"]) == "D:\\x" and join(["etc"], windows=False) == "/etc"
    assert normalise("\\D:\\Data\\") == normalise("d:/data") == "d:\\data"
    assert normalise("/Etc/", windows=False) == "/Etc"
