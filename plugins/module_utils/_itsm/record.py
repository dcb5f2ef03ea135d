# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""A ticket as a text that people can read: YAML of which nothing is used but mappings, lists and texts.

It imports yaml only where there are tickets in files.
"""

from __future__ import annotations

import dataclasses
import traceback
import typing as t

from .._core.errors import MissingLibrary
from .tickets import FIELDS, KINDS, OPEN, OVER, PRIORITIES, Entry, Ticket, parsed_time

HEAD = "# A ticket of the backup service. Times are UTC; the history is only added to.\n"
DEEPEST = 5
"""How deep a ticket is nested: a text among what an entry of its history changes."""
_ALLOWED = {"kind": KINDS, "state": (*OPEN, *OVER), "priority": ("", *PRIORITIES)}
_TEXTS = {field.name for field in dataclasses.fields(Ticket)} - {"history"}
_REQUIRED = {"number", "identity", "kind", "title", "state", "history"}
_ENTRY_TEXTS = {field.name for field in dataclasses.fields(Entry)} - {"changes"}


def written(ticket: Ticket) -> str:
    """The text of a ticket; what it does not have is left out."""
    yaml = _yaml()

    class Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
        """Texts of several lines are shown as such, and nothing stands for something else."""

        def ignore_aliases(self, _data: object) -> bool:
            return True

    def text(dumper: t.Any, value: str) -> t.Any:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    Dumper.add_representer(str, text)
    first = ("number", "tenant", "identity", "state", *FIELDS, "follows")
    record = {name: getattr(ticket, name) for name in first} | {"history": [_present(vars(entry)) for entry in ticket.history]}
    return HEAD + str(yaml.dump(_present(record), Dumper=Dumper, allow_unicode=True, sort_keys=False, width=120))


def read(text: str) -> Ticket:
    """The ticket in a text. Raises ValueError, which says why, for anything that is not exactly one."""
    yaml = _yaml()
    events = yaml.parse(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))
    try:
        start = [type(next(events)).__name__ for _event in ("stream", "document")]
        _require(start == ["StreamStartEvent", "DocumentStartEvent"], "it is empty")
        record = _value(events, next(events), 1)
        end = [type(event).__name__ for event in events]
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error
    _require(end == ["DocumentEndEvent", "StreamEndEvent"], "more follows after its end")
    return _ticket(record)


def _value(events: t.Iterator[t.Any], event: t.Any, depth: int) -> t.Any:
    """What begins with an event of YAML: a text, a list or a mapping; nothing that stands for something else."""
    kind = type(event).__name__
    if kind == "AliasEvent" or event.anchor or event.tag or depth > DEEPEST:
        raise ValueError("it holds an alias, an anchor or a tag, or is nested deeper than a ticket")
    if kind == "ScalarEvent":
        return event.value
    inside = []
    while not type(event := next(events)).__name__.endswith("EndEvent"):
        inside.append(_value(events, event, depth + 1))
    if kind == "SequenceStartEvent":
        return inside
    names, values = inside[::2], inside[1::2]
    _require(
        all(isinstance(name, str) for name in names) and len(set(names)) == len(names),
        "a mapping holds a key twice, or one that is no text",
    )
    return dict(zip(names, values, strict=True))


def _ticket(record: t.Any) -> Ticket:
    _require(isinstance(record, dict), "it is no mapping")
    _require(record.keys() <= _TEXTS | {"history"}, f"it holds {sorted(record.keys() - _TEXTS - {'history'})}, which no ticket has")
    _require(record.keys() >= _REQUIRED, f"it lacks {sorted(_REQUIRED - record.keys())}")
    texts = {"tenant": "", **{name: record[name] for name in _TEXTS & record.keys()}}
    _require_texts(texts)
    _require(isinstance(record["history"], list) and bool(record["history"]), "it has no history")
    return Ticket(**texts, history=tuple(_entry(entry) for entry in record["history"]))


def _entry(record: t.Any) -> Entry:
    known = _ENTRY_TEXTS | {"changes"}
    _require(isinstance(record, dict) and {"time", "by"} <= record.keys() <= known, "an entry of its history is none")
    changes = record.get("changes", {})
    _require(isinstance(changes, dict) and changes.keys() <= {*FIELDS, "state"}, "an entry of its history changes what no ticket has")
    texts = {name: record[name] for name in _ENTRY_TEXTS & record.keys()}
    _require_texts(changes)
    _require_texts(texts)
    parsed_time(texts["time"])
    return Entry(**texts, changes=changes)


def _require_texts(values: dict[str, t.Any]) -> None:
    for name, value in values.items():
        _require(isinstance(value, str), f"{name} is no text")
        _require(value in _ALLOWED.get(name, (value,)), f"{name} is {value!r}")
    if values.get("due"):
        parsed_time(values["due"])


def _require(right: bool, problem: str) -> None:
    if not right:
        raise ValueError(problem)


def _present(values: dict[str, t.Any]) -> dict[str, t.Any]:
    return {name: value for name, value in values.items() if value}


def _yaml() -> t.Any:
    try:
        import yaml  # noqa: PLC0415 - needed only where tickets are files
    except ImportError:
        raise MissingLibrary("PyYAML", traceback.format_exc()) from None
    return yaml
