# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""File system subclients through the older /Subclient calls."""

from __future__ import annotations

import typing as t

import pytest

if t.TYPE_CHECKING:
    from .conftest import Files

Json = dict[str, t.Any]


def test_the_default_subclient_is_a_catch_all_that_stays(files: Files) -> None:
    detail = files.detail(files.ids["subclientId"])
    assert detail["content"] == [{"path": "\\"}] and detail["commonProperties"]["isDefaultSubclient"] is True
    assert files.api.delete(f"/Subclient/{files.ids['subclientId']}")["response"][0]["errorCode"] != 0
    assert files.detail(files.ids["subclientId"])["subClientEntity"]["appName"] == "File System"
    listed = files.api.get(f"/Subclient?clientId={files.ids['clientId']}&propertyLevel=20")["subClientProperties"]
    assert listed[0]["subClientEntity"]["appName"] == "Windows File System" and "content" not in listed[0]


def test_create_read_and_delete(files: Files) -> None:
    number = files.create("data", {"path": "D:\\Data"}, {"excludePath": "**\\*.tmp"}, {"includePath": "D:\\Data\\Temp\\keep.tmp"})
    detail = files.detail(number)
    assert detail["content"] == [{"path": "D:\\Data"}, {"excludePath": "**\\*.tmp"}, {"includePath": "D:\\Data\\Temp\\keep.tmp"}]
    assert detail["planEntity"]["planName"] == "gold" and detail["useLocalContent"] is True
    assert files.api.get("/GetId?clientname=acme-fs01&agent=File System&backupset=defaultBackupSet&subclient=data")["subclientId"] == number
    assert files.api.delete(f"/Subclient/{number}")["response"][0]["errorCode"] == 0
    assert files.api.get(f"/Subclient/{number}")["errorCode"] == 4 and files.api.last is not None and files.api.last.status_code == 404


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"subClientEntity": {"clientName": "acme-fs01", "subclientName": "DATA"}}, "already exists"),
        ({"subClientEntity": {"clientName": "acme-fs01", "subclientName": "x"}, "planEntity": {"planName": "none"}}, "Plan [none]"),
        ({"subClientEntity": {"clientName": "acme-fs01", "backupsetName": "none", "subclientName": "x"}}, "Backup set [none]"),
        ({"subClientEntity": {"clientName": "none", "subclientName": "x"}}, "Client [none]"),
        ({"subClientEntity": {"clientName": "acme-fs01"}}, "needs a name"),
        ({"subClientEntity": {"clientName": "acme-fs01", "subclientName": "x"}, "content": [{"path": ""}]}, "Invalid content"),
        ({"subClientEntity": {"clientName": "acme-fs01", "subclientName": "x"}, "content": [], "planEntity": {}}, "cannot be empty"),
    ],
)
def test_creations_that_are_refused(files: Files, change: Json, words: str) -> None:
    files.create("data")
    properties = {"content": [{"path": "D:\\"}], "planEntity": {"planName": "gold"}, **change}
    properties["subClientEntity"] = {"appName": "File System", **properties["subClientEntity"]}
    reply = files.api.post("/Subclient", {"subClientProperties": properties})["response"]
    assert reply["errorCode"] != 0 and words in reply["errorString"]
    assert len(files.sim.subclients) == 5


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"fsContentOperationType": 1, "content": [{"path": "E:\\"}]}, "E:\\|*.tmp *.bak|keep.tmp"),
        ({"fsContentOperationType": "ADD", "content": [{"path": "E:\\"}]}, "D:\\Data E:\\|*.tmp *.bak|keep.tmp"),
        ({"fsContentOperationType": "2", "content": [{"path": "d:\\data\\"}]}, "D:\\Data|*.tmp *.bak|keep.tmp"),
        ({"fsExcludeFilterOperationType": "DELETE", "content": [{"excludePath": "*.TMP"}]}, "D:\\Data|*.bak|keep.tmp"),
        ({"fsExcludeFilterOperationType": 3}, "D:\\Data|*.tmp *.bak|keep.tmp"),
        ({"fsExcludeFilterOperationType": "OVERWRITE", "content": [{"path": "D:\\Data"}]}, "D:\\Data|*.tmp *.bak|keep.tmp"),
        ({"fsExcludeFilterOperationType": 4, "fsIncludeFilterOperationType": "CLEAR"}, "D:\\Data||"),
        ({"content": [{"path": "E:\\"}, {"excludePath": "x"}]}, "D:\\Data|*.tmp *.bak|keep.tmp"),
        ({"contentOperationType": 1, "content": [{"path": "E:\\"}]}, "D:\\Data|*.tmp *.bak|keep.tmp"),
    ],
)
def test_operation_types_act_on_their_own_kind(files: Files, change: Json, expected: str) -> None:
    number = files.create("data", {"path": "D:\\Data"}, {"excludePath": "*.tmp"}, {"excludePath": "*.bak"}, {"includePath": "keep.tmp"})
    assert files.update(number, **change)["errorCode"] == 0
    found = files.content(number)
    kinds = [" ".join(entry[kind] for entry in found if kind in entry) for kind in ("path", "excludePath", "includePath")]
    assert "|".join(kinds) == expected


def test_content_is_never_emptied_and_a_refused_update_changes_nothing(files: Files) -> None:
    number = files.create()
    for change in (
        {"fsContentOperationType": 4},
        {"fsContentOperationType": 3, "content": [{"path": "D:\\Data"}]},
        {"fsContentOperationType": 9},
    ):
        assert files.update(number, commonProperties={"description": "no"}, **change)["errorCode"] != 0
    assert files.content(number) == [{"path": "D:\\Data"}] and files.detail(number)["commonProperties"]["description"] == ""


def test_partial_updates_merge(files: Files) -> None:
    number = files.create()
    files.update(
        number, fsSubClientProp={"useVSS": True, "vssOptions": 1}, commonProperties={"description": "nightly", "isDefaultSubclient": True}
    )
    detail = files.detail(number)
    assert detail["fsSubClientProp"]["vssOptions"] == 1 and detail["fsSubClientProp"]["scanOption"] == 2
    assert detail["commonProperties"]["description"] == "nightly" and detail["commonProperties"]["isDefaultSubclient"] is False
    reply = files.api.post(f"/Subclient/{number}", {"newName": "data2", "subClientProperties": {}})["response"][0]
    assert reply["errorCode"] == 0 and files.detail(number)["subClientEntity"]["subclientName"] == "data2"
    assert files.api.post(f"/Subclient/{number}", {"newName": "default", "subClientProperties": {}})["response"][0]["errorCode"] != 0


def test_content_from_the_plan_and_back(files: Files) -> None:
    number = files.create()
    files.update(number, planEntity={"planName": "gold"}, useContentFromPlan=True)
    assert files.content(number) == [{"path": "E:\\"}, {"excludePath": "*.bak"}] and files.detail(number)["useLocalContent"] is False
    # The vendor's SDK posts what it read back with every other change: that must not cut the subclient off from its plan.
    files.update(number, content=files.content(number), fsContentOperationType="OVERWRITE", commonProperties={"description": "d"})
    assert files.detail(number)["useLocalContent"] is False
    files.update(number, useLocalContent=True, content=[{"path": "D:\\Data"}], fsContentOperationType=1, fsExcludeFilterOperationType=4)
    assert files.content(number) == [{"path": "D:\\Data"}]
    files.update(number, useLocalContent=False)
    files.update(number, removePlanAssociation=True)
    assert files.detail(number)["planEntity"] == {} and files.content(number) == [{"path": "E:\\"}, {"excludePath": "*.bak"}]
    files.update(number, planEntity={"planName": "gold"})
    assert files.content(number) == [{"path": "E:\\"}, {"excludePath": "*.bak"}] and files.detail(number)["useLocalContent"] is True
