# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which disks the disk filters of a VM group leave out, and those filters in the notation of the older calls.

OpenAPI vmDiskFilterProp; cvpysdk vssubclient.py, filter_types; for the patterns the vendor's page "Wildcards for VMware Content Rules":
``[name]`` at the beginning is a datastore, ``**`` any number of folders, ``*``, ``?``, ``[a-m]`` and ``[!a-m]`` are as ever, and case
does not matter.
"""

from __future__ import annotations

import re
import typing as t

from commvaultsim.files import wildcards
from commvaultsim.vms.content import CONDITIONS, compare, from_wildcard, merge, to_wildcard
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]
Test = t.Callable[[str, Json, str], bool]
#: Types of the older calls. A name or pattern of a disk has one number, in V4 two words.
NUMBERS = {
    "DISK_DATASTORE": 1,
    "DISK_PATTERN": 2,
    "DISK_PATH": 2,
    "DISK_VIRTUAL_DEVICE_NODE": 3,
    "CONTAINER_PATTERN": 4,
    "DISK_LABEL": 5,
    "DISK_TYPE": 6,
    "DISK_TAG": 9,
}
NAMES = {number: name for name, number in NUMBERS.items() if name != "DISK_PATH"}
#: Kinds that V4 knows. The last three mean nothing on VMware: they are kept, and fit no disk.
KINDS = (*NUMBERS, "DISK_ADDRESS")


def empty() -> Json:
    """Disk filters that leave nothing out."""
    return {"rules": []}


def problem(filters: Json) -> str:
    """Why filters of V4 are refused, or nothing."""
    for rule in filters.get("rules") or []:
        if rule.get("filterType") not in KINDS:
            return f"The disk filter type [{rule.get('filterType')}] is not known."
        if rule.get("condition") not in (None, *CONDITIONS):
            return f"The condition [{rule['condition']}] of a disk filter is not known."
        if not _text(rule):
            return f"A disk filter of the type [{rule['filterType']}] has no name."
    return ""


def left_out(disk: Json, config: Json, rules: list[Json]) -> str:
    """Why a disk of a VM is left out by the group's disk filters, or nothing."""
    for rule in rules:
        guid, name = str(rule.get("vmGuid") or "").lower(), str(rule.get("vmName") or "").lower()
        if guid not in ("", str(config["instance_uuid"]).lower()) or (not guid and name not in ("", str(config["name"]).lower())):
            continue
        test = TESTS.get(str(rule.get("filterType")))
        if test and test(str(rule.get("condition") or "EQUALS"), disk, _text(rule)):
            return f"disk filter {rule['filterType']} {_text(rule)}"
    return ""


def _text(rule: Json) -> str:
    return str(rule.get("name") or rule.get("value") or "")


def _named(key: str) -> Test:
    return lambda condition, disk, wanted: compare(condition, str(disk[key]), wanted)


def _node(_condition: str, disk: Json, wanted: str) -> bool:
    """SCSI (0:1), in which a space more or less makes no difference."""
    return str(disk["node"]).lower().replace(" ", "") == wanted.lower().replace(" ", "")


def _path(_condition: str, disk: Json, wanted: str) -> bool:
    """The whole path as vCenter shows it, with the datastore in brackets."""
    return str(disk["file_name"]).lower() == wanted.lower()


def _pattern(_condition: str, disk: Json, wanted: str) -> bool:
    """A datastore in brackets, if any; then a pattern of the path on the datastore if it has a slash, else of the file's name."""
    inside = re.fullmatch(r"\[[^\]]*\]\s*(.*)", str(disk["file_name"]))
    store = re.fullmatch(r"\[([^\]]*)\]\s*(.*)", wanted)
    if store and not compare("EQUALS", str(disk["datastore"]), store[1]):
        return False
    rest = (store[2] if store else wanted) or "*"
    path = "/" + (inside[1] if inside else str(disk["file"]))
    return wildcards.compile_pattern(rest.lower(), windows=False).matches(path.lower())


TESTS: dict[str, Test] = {
    "DISK_DATASTORE": _named("datastore"),
    "DISK_LABEL": _named("label"),
    "DISK_TYPE": _named("mode"),
    "DISK_VIRTUAL_DEVICE_NODE": _node,
    "DISK_PATH": _path,
    "DISK_PATTERN": _pattern,
}

# The older notation: no condition, but wildcards in the text


def to_older(filters: Json) -> Json:
    """vmDiskFilter of GET /Subclient/{id}, with every key that cvpysdk indexes without asking."""
    return {"filters": [_older(rule) for rule in filters.get("rules") or []]}


def _older(rule: Json) -> Json:
    condition, kind = str(rule.get("condition") or "EQUALS"), str(rule["filterType"])
    return {
        "filter": to_wildcard(condition, _text(rule)),
        "filterType": NUMBERS.get(kind, 2),
        "equalsOrNotEquals": not condition.startswith("DOES_NOT"),
        "vmGuid": rule.get("vmGuid") or "",
        "vmName": rule.get("vmName") or "",
        "value": rule.get("value") or "",
    }


def from_older(value: Json | None) -> Json:
    """The other way. Numbers may be text; what has no word in V4 makes a rule that problem() refuses."""
    return {"rules": [_newer(row) for row in (value or {}).get("filters") or []]}


def _newer(row: Json) -> Json:
    text = str(row.get("filter") or "")
    kind = NAMES.get(to_int(row.get("filterType")), str(row.get("filterType")))
    condition = "EQUALS"
    if kind in ("DISK_DATASTORE", "DISK_LABEL", "DISK_TYPE"):
        condition, text = from_wildcard(text, bool(row.get("equalsOrNotEquals", True)))
    elif kind == "DISK_PATTERN" and re.match(r"\[[^\]]*\][^*?\[]+$", text):
        kind = "DISK_PATH"
    value = row.get("value") if kind == "DISK_TAG" else text
    shown = {"vmGuid": str(row.get("vmGuid") or ""), "vmName": str(row.get("vmName") or "")}
    return {"filterType": kind, "name": text, "value": str(value or ""), "condition": condition, **shown}


def written(current: Json, value: Json | None, operation: int) -> Json:
    """What the older update makes of the filters. operation: 1 overwrite, 2 add, 3 delete, 4 clear; 0 leaves them."""
    given = from_older(value)
    if operation == 3:
        gone = [{**rule, "value": ""} for rule in given["rules"]]
        return {"rules": [rule for rule in current.get("rules") or [] if {**rule, "value": ""} not in gone]}
    if operation == 4:
        return empty()
    return merge(current, {**given, "overwrite": operation == 1}) if operation else current
