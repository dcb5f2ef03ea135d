# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._commvault.vms import disk_filters
from ansible_collections.calligo.baas.plugins.module_utils._core.errors import InputError

UUID = "503b1d0a-1111-2222-3333-444455556666"
WEB = {"name": "web01", "uuid": UUID}


def rule(kind="label", value="Hard disk 2", condition="equals", vm=None):
    return {"type": kind, "condition": condition, "value": value, "vm": vm}


def row(api="DISK_LABEL", text="Hard disk 2", **more):
    return {"filterType": api, "name": text, **more}


def test_everything_there_and_back():
    given = [rule(kind, f"50 % + \"quoted\" 'x' \\ é {kind}") for kind in disk_filters.TYPES]
    given += [rule("datastore", "ds", condition) for condition in disk_filters.CONDITIONS if condition != "equals"]
    given += [rule(vm=WEB), rule(vm={"name": "web01", "uuid": None}), rule(vm={"name": None, "uuid": UUID})]
    written = disk_filters.to_api(disk_filters.normal(given))
    assert written["overwrite"] is True and {"DISK_PATH", "DISK_PATTERN"} < {one["filterType"] for one in written["rules"]}
    assert disk_filters.from_api([written]) == given
    assert disk_filters.from_api(written) == given, "an object is read like an array of one"
    assert written["rules"][-3] == row(value="Hard disk 2", condition="EQUALS", vmName="web01", vmGuid=UUID)


@pytest.mark.parametrize("nothing", [None, [], {}, [{"overwrite": False}], [{"rules": None}]])
def test_nothing_is_read_as_no_rules(nothing):
    assert disk_filters.from_api(nothing) == []


@pytest.mark.parametrize("shown", [{"value": "Hard disk 2"}, {"name": "", "value": "Hard disk 2"}, {"name": "Hard disk 2", "value": ""}])
def test_the_text_is_found_wherever_the_server_puts_it(shown):
    assert disk_filters.from_api([{"rules": [{"filterType": "DISK_LABEL", **shown}]}]) == [rule()]


@pytest.mark.parametrize(
    "foreign",
    [
        row("DISK_TAG", "backup", value="no", condition="EQUALS"),
        row("DISK_FROM_TOMORROW", "x"),
        row(condition="SOUNDS_LIKE"),
        row("DISK_PATTERN", "x", condition="CONTAINS"),
        {"filterType": "DISK_LABEL"},
        {"name": "x"},
    ],
)
def test_what_the_options_cannot_say_is_seen_and_is_a_difference(foreign):
    (read,) = disk_filters.from_api([{"rules": [{**foreign, "vmName": "", "vmGuid": None}]}])
    assert read == {"type": "other", "rule": foreign}
    assert not disk_filters.same([], [read]) and not disk_filters.same([rule()], [rule(), read])
    assert disk_filters.same([read], [read])


def test_order_and_repetition_mean_nothing():
    one, two = rule(), rule("datastore", "scratch")
    assert disk_filters.same([one, two], [two, one]) and disk_filters.same([one], [one, one])
    assert disk_filters.normal([one, dict(one)]) == [one]
    assert not disk_filters.same([one], [one, two]) and not disk_filters.same([one, two], [one])
    assert disk_filters.same([], None) and not disk_filters.same([one], None)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (WEB, {"name": "renamed", "uuid": UUID.upper()}, True),
        (WEB, {"name": "web01", "uuid": "503b1d0a-9999"}, False),
        (WEB, {"name": "WEB01", "uuid": None}, True),
        ({"name": None, "uuid": UUID}, {"name": "web01", "uuid": None}, False),
        (WEB, None, False),
    ],
)
def test_a_vm_is_known_by_its_uuid_before_its_name(one, other, same):
    assert disk_filters.same([rule(vm=one)], [rule(vm=other)]) is same
    assert disk_filters.same([rule(vm=other)], [rule(vm=one)]) is same


@pytest.mark.parametrize(("key", "value"), [("type", "path"), ("condition", "contains"), ("value", "hard disk 2")])
def test_each_part_of_a_rule_counts(key, value):
    assert not disk_filters.same([rule()], [{**rule(), key: value}])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (rule("pattern", "*.vmdk", "contains"), 'disk filter 2 (pattern "*.vmdk") cannot have the condition contains'),
        (rule("device_node", "SCSI (0:1)", "starts_with"), "only datastore and label can"),
        (rule(value="  "), "disk filter 2 (label) has no value"),
    ],
)
def test_a_rule_that_means_nothing_is_refused(wrong, said):
    with pytest.raises(InputError) as caught:
        disk_filters.normal([rule(), wrong])
    assert said in str(caught.value)
