# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DoBrowse of files: shapes, paging, search, versions, errors."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from .conftest import Files

Json = dict[str, t.Any]


def test_browse_shapes(files: Files) -> None:
    number = files.create()
    files.backup(number)
    reply = files.browse("D:\\Data\\Köln", number)["browseResponses"]
    assert [response["respType"] for response in reply] == [0, 0, 5]
    row = reply[0]["browseResult"]["dataResultSet"][0]
    assert (row["path"], row["displayName"], row["size"], row["flags"]["file"]) == (
        "D:\\Data\\Köln\\Übersicht.docx",
        "Übersicht.docx",
        7,
        True,
    )
    assert row["advancedData"]["subclient"]["applicationId"] == number and row["name"].endswith("\x12Übersicht.docx")
    assert reply[1]["browseResult"]["aggrResultSet"][0]["result"] == 1
    empty = files.browse("D:\\Nowhere", number)["browseResponses"]
    assert [response.get("browseResult", {}).get("queryId") for response in empty] == ["countQuery", None]
    assert empty[0]["browseResult"]["aggrResultSet"][0]["result"] == 0
    pages = [files.names("D:\\Data", number, page_size=3, skip=skip) for skip in (0, 3, 6)]
    assert [len(page) for page in pages] == [3, 1, 0] and pages[0] + pages[1] == files.names("D:\\Data", number)
    root = files.browse("\\", number)["browseResponses"][0]["browseResult"]["dataResultSet"][0]
    assert root["path"] == "D:" and root["flags"] == {"directory": True, "mountPoint": True}
    simple = files.api.get(f"/Subclient/{number}/Browse?path=%5CD:%5CData")["browseResponses"]
    assert simple[0]["browseResult"]["queryId"] == "0" and len(simple[0]["browseResult"]["dataResultSet"]) == 4


def test_find_and_versions(files: Files) -> None:
    number = files.create()
    files.backup(number)
    where = [{"connector": 0, "criteria": {"field": "FileName", "values": ["*.xlsx"]}}]
    assert files.names("\\**\\*", number, 1, where=where) == ["D:\\Data\\Budget 2026.xlsx"]
    assert files.names("D:\\Data\\**\\*.tmp", number, 1) == ["D:\\Data\\Temp\\a.tmp", "D:\\Data\\Temp\\keep.tmp"]
    large = [{"connector": 0, "criteria": {"field": "FileSize", "dataOperator": "GT", "values": ["100"]}}]
    assert files.names("\\", number, 1, where=large) == ["D:\\Data\\Budget 2026.xlsx"]
    assert len(files.names("\\", number, 1)) == 9  # five files, and D:, Data, Köln, Temp
    files.drive("acme-fs01", "D/Data/Budget 2026.xlsx").write_text("v2")
    files.backup(number, "Incremental")
    rows = files.browse("D:\\Data\\Budget 2026.xlsx", number, 2)["browseResponses"][0]["browseResult"]["dataResultSet"]
    assert [(row["version"], row["size"]) for row in rows] == [(1, 3142), (2, 2)]


def test_browse_faults_and_unknown_entities(files: Files) -> None:
    number = files.create()
    assert "No backup was found" in files.browse("D:\\", number)["browseResponses"][0]["messages"][0]["errorMessage"]
    files.backup(number)
    files.api.control("POST", "faults", {"name": "empty_browse", "times": 1})
    assert files.browse("D:\\", number) == {}
    files.api.control("POST", "faults", {"name": "browse_message", "times": 1, "message": "index is away"})
    reply = files.browse("D:\\", number)["browseResponses"][0]
    assert reply["messages"][0]["errorMessage"] == "index is away" and "browseResult" not in reply
    missing: Json = {"advOptions": {"advConfig": {"browseAdvancedConfigBrowseByJob": {"jobId": 77}}}}
    assert "messages" in files.browse("D:\\", number, **missing)["browseResponses"][0]
