# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.errors import InputError
from ..wire.replies import listed

# What a VM group holds, in the words of the modules and in those of the API (OpenAPI schema vmContent), both ways.
#
# API: objects picked one by one (virtualMachines, which may also be folders, clusters and so on) united with groups of
# rules; within a group ANY rule or ALL of them must hold. It is one object when written and an array when read.
# Modules: one list for each kind of object, and one group of rules, which are tags and patterns of VM names.
# What another tool put there and the options cannot say is kept in "other", so that it is seen, and never lost by
# adding or removing something else.

Record = dict[str, t.Any]
Row = dict[str, t.Any]

OBJECTS = {"vms": "VM", "folders": "FOLDER", "datacenters": "DATACENTER", "clusters": "CLUSTER"}
RULES = ("tags", "name_patterns")
CONDITIONS = ["contains", "does_not_contain", "does_not_equal", "ends_with", "equals", "starts_with"]
_KINDS = {api: kind for kind, api in OBJECTS.items()} | {"TAG": "tags"}


def _some(options: dict[str, t.Any]) -> dict[str, t.Any]:
    return {"type": "list", "elements": "dict", "default": [], "options": options}


_NEEDED = {"type": "str", "required": True}
OPTIONS: dict[str, t.Any] = {
    "vms": _some({"uuid": _NEEDED, "name": {"type": "str"}}),
    "folders": _some({"id": _NEEDED, "name": {**_NEEDED, "aliases": ["path"]}}),
    "datacenters": _some({"id": _NEEDED, "name": _NEEDED}),
    "clusters": _some({"id": _NEEDED, "name": _NEEDED}),
    "tags": _some({"name": _NEEDED, "id": {"type": "str"}}),
    "name_patterns": _some({"condition": {"type": "str", "choices": CONDITIONS, "default": "contains"}, "value": _NEEDED}),
    "match": {"type": "str", "choices": ["any", "all"], "default": "any"},
}
"""The sub-options of content and of filters."""


def guard(given: Record) -> None:
    """Raises InputError for an object whose id is nothing written as a text, as templates make of what vCenter did not tell."""
    for kind in OBJECTS:
        for item in given.get(kind) or []:
            if _id(item).strip().casefold() in ("", "none", "null"):
                raise InputError(
                    f'The {"uuid" if kind == "vms" else "id"} of "{item.get("name")}" in {kind} is "{_id(item)}": it is not known. '
                    "Look up what vCenter says of it, and leave it out as long as that is nothing."
                )


def normal(given: Record) -> Record:
    """What a task gives, as from_api() would give it back: every kind is there, nothing is left open."""
    record = _empty()
    for item in given.get("vms") or []:
        record["vms"].append({"name": item.get("name") or item["uuid"], "uuid": item["uuid"]})
    for kind in ("folders", "datacenters", "clusters", "tags"):
        record[kind] = [{"name": item["name"], "id": item.get("id")} for item in given.get(kind) or []]
    record["name_patterns"] = [{"condition": item["condition"], "value": item["value"]} for item in given.get("name_patterns") or []]
    record["match"] = given.get("match") or "any"
    return record


def from_api(value: t.Any) -> Record:
    """content or filters of GET V4/VmGroup (an array there, one object from some servers, or nothing) in the modules' words."""
    record = _empty()
    together: list[list[Row]] = []
    for part in listed(value):
        for entry in listed(part.get("virtualMachines")):
            _place(record, entry)
        for group in listed(part.get("ruleGroups")):
            rules = listed(group.get("rules"))
            if _all_must_hold(group):
                together.append(rules)
            else:
                for rule in rules:
                    _place(record, rule)
    if len(together) == 1 and not any(record[kind] for kind in RULES) and all(_kind(rule) in RULES for rule in together[0]):
        for rule in together[0]:
            _place(record, rule)
        record["match"] = "all"
    else:
        record["other"].extend({"match": "all", "rules": [_described(rule) for rule in rules]} for rules in together)
    return record


def to_api(record: Record, overwrite: bool) -> Row:
    """The object to write. overwrite False appends; it is always sent, since the sources disagree on its default."""
    rules = [
        *(_rule("TAG", "EQUALS", tag["name"], _id(tag)) for tag in record["tags"]),
        *(_rule("VM_NAME", item["condition"].upper(), item["value"], "") for item in record["name_patterns"]),
    ]
    objects = [(api, item) for kind, api in OBJECTS.items() for item in record[kind]]
    return {
        "overwrite": overwrite,
        "virtualMachines": [{"name": item["name"], "GUID": _id(item), "type": api} for api, item in objects],
        "ruleGroups": [{"matchRule": record["match"].upper(), "rules": rules}] if rules else [],
    }


def is_empty(record: Record) -> bool:
    return not any(record[kind] for kind in (*OBJECTS, *RULES, "other"))


def has_rules(record: Record) -> bool:
    return any(record[kind] for kind in RULES)


def same(one: Record, other: Record | None) -> bool:
    """Whether two records mean the same content. With one rule it does not matter whether any or all rules must hold."""
    if other is None or one["other"] != other["other"]:
        return False
    if one["match"] != other["match"] and sum(len(one[kind]) for kind in RULES) > 1:
        return False
    return not any(minus(one, other)[kind] or minus(other, one)[kind] for kind in (*OBJECTS, *RULES))


def plus(content: Record, more: Record) -> Record:
    """content, and what of more is not in it yet."""
    lacking = minus(more, content)
    return {**content, **{kind: content[kind] + lacking[kind] for kind in (*OBJECTS, *RULES)}}


def minus(content: Record, less: Record) -> Record:
    """content without what is in less."""
    known = {kind: _Known(less[kind]) for kind in (*OBJECTS, *RULES)}
    return {**content, **{kind: [item for item in content[kind] if item not in names] for kind, names in known.items()}}


def without(value: t.Any, given: Record) -> Row:
    """The object to write so that what was read loses what is in given, and keeps all else as it was read.

    The API cannot take one VM out of a group: it must be told the whole rest, with overwrite.
    """
    known = {kind: _Known(given[kind]) for kind in (*OBJECTS, *RULES)}

    def stays(entry: Row) -> bool:
        kind = _kind(entry)
        return kind is None or _item(kind, entry) not in known[kind]

    def cut(group: Row) -> Row:
        return group if _all_must_hold(group) else {**group, "rules": [rule for rule in listed(group.get("rules")) if stays(rule)]}

    parts = listed(value)
    groups = [cut(group) for part in parts for group in listed(part.get("ruleGroups"))]
    return {
        "overwrite": True,
        "virtualMachines": [entry for part in parts for entry in listed(part.get("virtualMachines")) if stays(entry)],
        "ruleGroups": [group for group in groups if group["rules"]],
    }


class _Known:
    """Membership in one kind of content: by id where both sides have one, otherwise by name; patterns by all they say."""

    def __init__(self, items: list[Record]) -> None:
        self._items = items
        self._ids = {_id(item).casefold() for item in items if _id(item)}
        self._names = {str(item["name"]).casefold(): bool(_id(item)) for item in items if "name" in item}

    def __contains__(self, item: Record) -> bool:
        if "condition" in item:
            return item in self._items
        if _id(item) and _id(item).casefold() in self._ids:
            return True
        named = str(item["name"]).casefold()
        return named in self._names and not (_id(item) and self._names[named])


def _empty() -> Record:
    return {**{kind: [] for kind in (*OBJECTS, *RULES)}, "match": "any", "other": []}


def _id(item: Record) -> str:
    return item.get("uuid") or item.get("id") or ""


def _all_must_hold(group: Row) -> bool:
    return str(group.get("matchRule")).upper() == "ALL" and len(listed(group.get("rules"))) > 1


def _kind(entry: Row) -> str | None:
    """The list of the record that an entry belongs to; None where the options cannot say it."""
    if entry.get("type") == "VM_NAME":
        return "name_patterns" if _condition(entry) in CONDITIONS else None
    return _KINDS.get(str(entry.get("type"))) if _condition(entry) == "equals" else None


def _condition(entry: Row) -> str:
    return str(entry.get("condition") or "EQUALS").lower()


def _item(kind: str, entry: Row) -> Record:
    name = entry.get("name") or entry.get("displayName") or entry.get("value") or ""
    if kind == "name_patterns":
        return {"condition": _condition(entry), "value": entry.get("value") or name}
    return {"name": name, "uuid" if kind == "vms" else "id": entry.get("GUID") or None}


def _rule(api: str, condition: str, text: str, guid: str) -> Row:
    """A rule with its text in every place where one of the sources looks for it."""
    return {"type": api, "condition": condition, "name": text, "value": text, "displayName": text, "GUID": guid}


def _place(record: Record, entry: Row) -> None:
    kind = _kind(entry)
    if kind:
        record[kind].append(_item(kind, entry))
    else:
        record["other"].append(_described(entry))


def _described(entry: Row) -> Record:
    words = {"type": "type", "condition": "condition", "name": "name", "value": "value", "id": "GUID"}
    return {word: entry[key] for word, key in words.items() if entry.get(key)}
