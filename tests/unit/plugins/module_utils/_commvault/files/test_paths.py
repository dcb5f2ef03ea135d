# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._commvault.files.paths import malformed, normal, same_paths, unique


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (r"D:\Data", r"d:\data"),
        (r"D:\Data", "D:\\Data\\"),
        (r"D:\Data", "D:/Data/"),
        (r"D:\Data", r"D:\Data\**"),
        ("D:\\", "D:"),
        ("D:\\", r"d:\**"),
        ("**\\Winsxs\\", r"**\winsxs"),
        (r"D:\Köln\Übersicht.docx", r"d:\KÖLN\ÜBERSICHT.DOCX"),
        (r"\\server\share", "\\\\SERVER\\Share\\"),
        (r"**\100% done + more\*.tmp", r"**\100% DONE + more\*.TMP"),
    ],
)
def test_spellings_of_one_windows_path(one, other):
    assert normal(one) == normal(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (r"D:\Data", r"D:\Data2"),
        (r"D:\Data", r"D:\Data\*"),
        ("\\", "D:\\"),
        ("\\", "**"),
        (r"\\server\share", r"\server\share"),
        (r"D:\Straße", r"D:\Strasse"),
        (r"D:\Data", r"D:\Data "),
        (r"**\SoftwareDistribution*", r"**\SoftwareDistribution"),
    ],
)
def test_different_windows_paths(one, other):
    assert normal(one) != normal(other)


def test_whole_machine_stays_what_it_is():
    assert normal("\\") == "\\"
    assert normal("/", windows=False) == "/"


def test_linux_paths_distinguish_case_and_keep_backslashes():
    assert normal("/srv/Data/", windows=False) == normal("/srv/Data", windows=False)
    assert normal("/srv/Data/**", windows=False) == normal("/srv/Data", windows=False)
    assert normal("/srv/Data", windows=False) != normal("/srv/data", windows=False)
    assert normal(r"/srv/a\b", windows=False) == r"/srv/a\b"


def test_order_and_repetition_do_not_matter():
    assert same_paths([r"D:\b", r"D:\a", "d:\\A\\"], [r"D:\a", r"d:\B"])
    assert not same_paths([r"D:\a"], [r"D:\a", r"D:\b"])
    assert not same_paths([r"D:\a"], None)
    assert same_paths([], None)


def test_unique_keeps_order_and_the_first_spelling():
    assert unique(["D:\\Data\\", r"E:\x", r"d:\data", r"D:\y"]) == ["D:\\Data\\", r"E:\x", r"D:\y"]
    assert unique(["/a", "/A", "/a/"], windows=False) == ["/a", "/A"]


@pytest.mark.parametrize(
    "path", ["\\", "D:", "D:\\", "d:\\Data\\", r"E:\Shares\*\Büro 100 %", r"\\server\share", r"\\server\share\x", r"\%Documents%"]
)
def test_what_windows_has(path):
    assert malformed(path) is None


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("/srv/data", "/"),
        ("D:/Data", "/"),
        ("D:\\\\Data", "twice"),
        (r"D:\Data\\x", "twice"),
        (r"Data\x", "drive"),
        (r"\Data", "drive"),
        (" D:\\", "drive"),
        ("DD:\\x", "drive"),
        ("\\\\server", "drive"),
        (r"D:\a|b", "character"),
        ("D:\\a\nb", "character"),
    ],
)
def test_what_windows_cannot_have(path, wrong):
    assert wrong in (malformed(path) or "")


def test_what_linux_has():
    assert malformed("/srv/ein\\Name", windows=False) is None
    assert "begin" in (malformed("srv", windows=False) or "")
