# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from commvaultsim.vms import disk_filters
from commvaultsim.vms.disk_filters import from_older, left_out, problem, to_older, written

DISK = {
    "datastore": "Scratch",
    "label": "Hard disk 2",
    "file_name": "[Scratch] vms/a/a_1.vmdk",
    "file": "a_1.vmdk",
    "node": "SCSI (0:1)",
    "mode": "persistent",
}
CONFIG = {"instance_uuid": "503B", "name": "a"}


def rule(kind, text, condition="EQUALS", **more):
    return {"filterType": f"DISK_{kind}", "name": text, "condition": condition, **more}


@pytest.mark.parametrize(
    ("kind", "text", "condition"),
    [
        ("DATASTORE", "scratch", "EQUALS"),
        ("DATASTORE", "scr", "STARTS_WITH"),
        ("DATASTORE", "prod", "DOES_NOT_CONTAIN"),
        ("LABEL", "Hard disk 2", "EQUALS"),
        ("LABEL", "disk 2", "ENDS_WITH"),
        ("LABEL", "disk", "CONTAINS"),
        ("LABEL", "Hard disk 1", "DOES_NOT_EQUAL"),
        ("PATH", "[scratch] vms/a/A_1.vmdk", "EQUALS"),
        ("PATTERN", "a_1.vmdk", "EQUALS"),
        ("PATTERN", "*_1.vmdk", "EQUALS"),
        ("PATTERN", "a_[0-3].vmdk", "EQUALS"),
        ("PATTERN", "[Scratch]", "EQUALS"),
        ("PATTERN", "[Scr*] *_1.vmdk", "EQUALS"),
        ("PATTERN", "/**/A/**/*.vmdk", "EQUALS"),
        ("PATTERN", "[scratch]/vms/**/*.vmdk", "EQUALS"),
        ("VIRTUAL_DEVICE_NODE", "SCSI(0:1)", "EQUALS"),
        ("TYPE", "persistent", "EQUALS"),
    ],
)
def test_a_disk_that_fits_is_left_out(kind, text, condition):
    assert left_out(DISK, CONFIG, [rule("LABEL", "none"), rule(kind, text, condition)])
    assert left_out(DISK, CONFIG, [rule(kind, "", condition, value=text)]), "the text may be in value"


@pytest.mark.parametrize(
    ("kind", "text", "condition"),
    [
        ("DATASTORE", "scratch2", "EQUALS"),
        ("DATASTORE", "Scratch", "DOES_NOT_EQUAL"),
        ("LABEL", "Hard disk", "EQUALS"),
        ("PATH", "a_1.vmdk", "EQUALS"),
        ("PATTERN", "[prod]*_1.vmdk", "EQUALS"),
        ("PATTERN", "_1.vmdk", "EQUALS"),
        ("PATTERN", "/vms/*.vmdk", "EQUALS"),
        ("VIRTUAL_DEVICE_NODE", "SCSI (0:11)", "EQUALS"),
        ("ADDRESS", "SCSI (0:1)", "EQUALS"),
        ("TAG", "backup", "EQUALS"),
    ],
)
def test_any_other_disk_is_not(kind, text, condition):
    assert not left_out(DISK, CONFIG, [rule(kind, text, condition)])


@pytest.mark.parametrize(
    ("vm", "fits"),
    [({}, True), ({"vmGuid": "503b"}, True), ({"vmName": "A"}, True), ({"vmGuid": "2"}, False), ({"vmGuid": "2", "vmName": "a"}, False)],
)
def test_a_rule_can_be_for_one_vm(vm, fits):
    assert bool(left_out(DISK, CONFIG, [rule("DATASTORE", "scratch", **vm)])) is fits


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"filterType": "DISK_FROM_TOMORROW", "name": "x"}, "[DISK_FROM_TOMORROW] is not known"),
        ({"filterType": "NONE", "name": "x"}, "[NONE] is not known"),
        ({"filterType": "DISK_LABEL", "name": "x", "condition": "LIKE"}, "[LIKE]"),
        ({"filterType": "DISK_LABEL"}, "has no name"),
    ],
)
def test_what_the_server_does_not_know_is_refused(wrong, said):
    assert said in problem({"rules": [rule("LABEL", "x"), wrong]})
    assert not problem({"rules": [{"filterType": kind, "name": "x"} for kind in disk_filters.KINDS]})


def test_the_older_notation_goes_there_and_back():
    rules = [
        rule("DATASTORE", "scr", "STARTS_WITH", value="scr"),
        rule("LABEL", "disk 2", "DOES_NOT_CONTAIN", value="disk 2", vmGuid="503b", vmName="a"),
        rule("PATTERN", "*_1.vmdk", value="*_1.vmdk"),
        rule("PATH", "[Scratch] vms/a/a_1.vmdk", value="[Scratch] vms/a/a_1.vmdk"),
        rule("VIRTUAL_DEVICE_NODE", "SCSI (0:1)", value="SCSI (0:1)"),
    ]
    older = to_older({"rules": rules})
    assert [(row["filter"], row["filterType"]) for row in older["filters"]][:3] == [("scr*", 1), ("*disk 2*", 5), ("*_1.vmdk", 2)]
    assert from_older(older)["rules"] == [{"vmGuid": "", "vmName": "", **one} for one in rules]


def test_the_older_update_overwrites_adds_deletes_and_clears():
    kept = {"rules": [rule("LABEL", "Hard disk 1", value="Hard disk 1", vmGuid="", vmName="")]}
    more = {"filters": [{"filter": "scratch", "filterType": "1", "vmGuid": None}]}

    def texts(operation, value):
        return [one["name"] for one in written(kept, value, operation)["rules"]]

    assert [texts(number, more) for number in (0, 1, 2, 4)] == [["Hard disk 1"], ["scratch"], ["Hard disk 1", "scratch"], []]
    assert texts(3, {"filters": [{"filter": "Hard disk 1", "filterType": 5}]}) == [] and texts(1, None) == []
    assert problem(written(kept, {"filters": [{"filter": "x", "filterType": 10}]}, 1))
