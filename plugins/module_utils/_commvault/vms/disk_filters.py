# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.errors import InputError
from ..wire.replies import listed
from .content import CONDITIONS

# Which disks of its VMs a VM group leaves out, in the words of the modules and in those of the API (OpenAPI schema
# vmDiskFilterProp), both ways. A disk is left out if one of the rules fits it, so that their order says nothing.
#
# As with the content, it is one object when written and an array when read. What another tool put there and the options
# cannot say is read as a rule of the type "other", so that it is seen, and never taken for nothing.

Record = dict[str, t.Any]
Row = dict[str, t.Any]

TYPES = {
    "datastore": "DISK_DATASTORE",
    "path": "DISK_PATH",
    "pattern": "DISK_PATTERN",
    "device_node": "DISK_VIRTUAL_DEVICE_NODE",
    "label": "DISK_LABEL",
    "disk_type": "DISK_TYPE",
}
"""Rules that mean something on VMware; addresses, containers and tags of disks are other hypervisors'."""
COMPARED = ("datastore", "label")
"""What is a plain name, and can be compared in several ways. A pattern has wildcards, the others name one thing."""
OPTIONS: dict[str, t.Any] = {
    "type": {"type": "str", "required": True, "choices": list(TYPES)},
    "condition": {"type": "str", "choices": CONDITIONS, "default": "equals"},
    "value": {"type": "str", "required": True},
    "vm": {"type": "dict", "options": {"uuid": {"type": "str"}, "name": {"type": "str"}}, "required_one_of": [("uuid", "name")]},
}
"""The options of one rule."""
_WORDS = {api: word for word, api in TYPES.items()}


def normal(given: list[Record]) -> list[Record]:
    """What a task gives, as from_api() would give it back. InputError for a rule that could not mean what it says."""
    records: list[Record] = []
    for number, rule in enumerate(given, 1):
        kind, condition = rule["type"], rule.get("condition") or "equals"
        if not rule["value"].strip():
            raise InputError(f"The disk filter {number} ({kind}) has no value: say which disks it leaves out, or remove it.")
        if condition != "equals" and kind not in COMPARED:
            raise InputError(
                f'The disk filter {number} ({kind} "{rule["value"]}") cannot have the condition {condition}, which only '
                f"{' and '.join(COMPARED)} can. Leave the condition out, or use a pattern, whose wildcards say how it is compared."
            )
        record = {"type": kind, "condition": condition, "value": rule["value"], "vm": _vm(rule.get("vm") or {})}
        if record not in records:
            records.append(record)
    return records


def from_api(value: t.Any) -> list[Record]:
    """diskFilters of GET V4/VmGroup (an array there, one object from some servers, or nothing) in the modules' words."""
    return [_read(rule) for part in listed(value) for rule in listed(part.get("rules"))]


def to_api(records: list[Record]) -> Row:
    """The object to write. It replaces what is there, which is always said, since the sources disagree on the default of overwrite."""
    return {"overwrite": True, "rules": [_rule(record) for record in records]}


def same(one: list[Record], other: list[Record] | None) -> bool:
    """Whether two lists leave the same disks out: every rule of each is in the other."""
    have = other or []
    return all(any(_alike(a, b) for b in have) for a in one) and all(any(_alike(a, b) for b in one) for a in have)


def _rule(record: Record) -> Row:
    """A rule with its text in both places where the sources look for it."""
    vm = record["vm"] or {}
    return {
        "filterType": TYPES[record["type"]],
        "condition": record["condition"].upper(),
        "name": record["value"],
        "value": record["value"],
        "vmName": vm.get("name") or "",
        "vmGuid": vm.get("uuid") or "",
    }


def _read(rule: Row) -> Record:
    kind = _WORDS.get(str(rule.get("filterType")).upper())
    condition = str(rule.get("condition") or "EQUALS").lower()
    text = rule.get("name") or rule.get("value")
    if kind is None or not text or condition not in (CONDITIONS if kind in COMPARED else ["equals"]):
        return {"type": "other", "rule": {key: value for key, value in rule.items() if value not in (None, "")}}
    return {"type": kind, "condition": condition, "value": text, "vm": _vm({"uuid": rule.get("vmGuid"), "name": rule.get("vmName")})}


def _vm(given: Record) -> Record | None:
    """The VM that a rule is limited to; None for all VMs."""
    vm = {"name": given.get("name") or None, "uuid": given.get("uuid") or None}
    return vm if any(vm.values()) else None


def _alike(one: Record, other: Record) -> bool:
    if "other" in (one["type"], other["type"]):
        return one == other
    return all(one[key] == other[key] for key in ("type", "condition", "value")) and _same_vm(one["vm"], other["vm"])


def _same_vm(one: Record | None, other: Record | None) -> bool:
    """By UUID where both sides have one, since the name of a VM need not be unique; otherwise by name."""
    if one is None or other is None:
        return one is other
    key = "uuid" if one["uuid"] and other["uuid"] else "name"
    return bool(one[key]) and str(one[key]).casefold() == str(other[key]).casefold()
