# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Whether a variable of the inventory is what an argument specification wants, down to its last part, and where each part stands."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible.module_utils.common.validation import check_type_dict

from . import options

Path = tuple[t.Any, ...]
Wanted = options.Specification
Place = tuple[t.Any, t.Any]

CLOCK = (r"([01]?\d|2[0-3]):[0-5]\d|24:00", 'a time of day as "HH:MM", in quotes, because YAML reads 21:00 as a number')
FORMATS: t.Mapping[str, tuple[str, str]] = {
    "retention_days": (r"[1-9]\d{0,3}|[Ii]nfinite|-1", "days from 1 to 9999, or infinite"),
    "start_time": CLOCK,
    "start": CLOCK,
    "end": CLOCK,
    "email": (r"[^@\s]+@[^@\s]+", "an electronic mail address"),
}
"""What texts of some options look like."""
KINDS = {
    "bool": "true or false",
    "dict": "a dictionary",
    "float": "a number",
    "int": "a whole number",
    "list": "a list",
    "path": "a path",
    "str": "a text",
}
HIDDEN = "(secret)"
"""What stands for a secret, which is never read."""


@dataclasses.dataclass(frozen=True)
class Given:
    """A value as it was given: plain, a dictionary or list of others, or None; and where it stands, None where that is not known.

    sealed: it is encrypted, and was not read. wrong: why it has no value, in words that hold nothing of it.
    """

    value: t.Any
    file: str | None = None
    line: int | None = None
    sealed: bool = False
    wrong: str = ""


def missing() -> Given:
    """What was not given."""
    return Given(None)


@dataclasses.dataclass(frozen=True)
class Finding:
    """Something wrong with a specification: with which variable of which host, what, what to do about it, and where it stands."""

    tenant: str
    variable: str
    what: str
    way_out: str
    file: str | None = None
    line: int | None = None


@dataclasses.dataclass(frozen=True)
class Block:
    """A variable as far as it is right, what is wrong with it, where its parts stand, and those of which nothing can be said."""

    variable: str
    plain: t.Any
    findings: tuple[Finding, ...]
    places: t.Mapping[Path, Place]
    blind: frozenset[Path]

    def place(self, path: Path) -> Place:
        """Where a part stands, or the nearest around it."""
        return next((self.places[path[:end]] for end in range(len(path), -1, -1) if path[:end] in self.places), (None, None))

    def is_untold(self, path: Path) -> bool:
        """Whether nothing can be said of a part: it is encrypted, or wrong already."""
        return any(path[:end] in self.blind for end in range(len(path) + 1))

    def any_untold(self, path: Path) -> bool:
        """Whether nothing can be said of a part, or of anything in it."""
        return self.is_untold(path) or any(blind[: len(path)] == path for blind in self.blind)

    def is_empty(self) -> bool:
        """Whether it was given, with nothing in it."""
        return not self.plain and not self.blind and not self.findings


def spelt(variable: str, path: Path) -> str:
    """A part of a variable as it is written in templates."""
    return variable + "".join(f"[{name}]" if isinstance(name, int) else f".{name}" for name in path)


def block(given: Given, wanted: Wanted, variable: str) -> Block:
    """Read a variable."""
    reader = _Reader(variable)
    plain = reader.read(given, wanted, ())
    return Block(variable, plain, tuple(reader.findings), reader.places, frozenset(reader.blind))


class _Reader:
    """Reads one variable, and keeps what it has seen of it."""

    def __init__(self, variable: str) -> None:
        self._variable = variable
        self.findings: list[Finding] = []
        self.places: dict[Path, Place] = {}
        self.blind: set[Path] = set()

    def read(self, given: Given, wanted: Wanted, path: Path) -> t.Any:
        """The plain value as far as it is right; None for what is not."""
        self.places[path] = (given.file, given.line)
        if given.sealed or given.wrong:
            self.blind.add(path)
            if given.wrong:
                self._found(path, f"{self._label(path)}: {given.wrong}.", "Correct the expression, or what it reads.")
            return None
        if given.value is None or wanted.get("no_log"):
            return given.value
        kind = wanted.get("type", "str")
        try:
            if kind == "list":
                return self._list(given, wanted, path)
            return self._dict(given, wanted, path) if kind == "dict" else self._scalar(given, wanted, path)
        except (TypeError, ValueError):
            self._wrong(path, KINDS[kind])
            return None

    def _list(self, given: Given, wanted: Wanted, path: Path) -> list[t.Any]:
        if isinstance(given.value, dict):
            raise TypeError
        parts = (
            given.value if isinstance(given.value, list) else [dataclasses.replace(given, value=one) for one in options.listed(given.value)]
        )
        element = {**wanted, "type": wanted.get("elements", "str"), "required": True}
        return [self._element(part, element, (*path, number)) for number, part in enumerate(parts)]

    def _element(self, given: Given, wanted: Wanted, path: Path) -> t.Any:
        if given.value is None and not given.sealed and not given.wrong:
            self.places[path] = (given.file, given.line)
            self._wrong(path, KINDS[wanted["type"]])
            return None
        return self.read(given, wanted, path)

    def _dict(self, given: Given, wanted: Wanted, path: Path) -> dict[str, t.Any]:
        parts = given.value
        if not isinstance(parts, dict):
            if isinstance(parts, str) and not parts.strip():
                parts = {}
            parts = {key: wrapped(part, given) for key, part in check_type_dict(parts).items()}
        known = wanted.get("options") or {}
        if known:
            self._keys(parts, known, path)
        taken = {key: part for key, part in parts.items() if not known or key in known}
        return {str(key): self.read(part, known.get(key, {"type": "raw"}), (*path, key)) for key, part in taken.items()}

    def _keys(self, parts: t.Mapping[str, Given], known: t.Mapping[str, t.Any], path: Path) -> None:
        """Those that are there and mean nothing, and those that have to be there and are not."""
        for key in sorted(parts.keys() - known.keys(), key=str):
            self.places[(*path, key)] = (parts[key].file, parts[key].line)
            advice = options.advice(str(key), known, f"It has {', '.join(known)}.")
            self._found((*path, key), f"{key} is no option of {self._label(path)}.", advice)
        for key, option in known.items():
            if option.get("required") and (key not in parts or _is_nothing(parts[key])):
                self._found(path, f"{self._label(path)} has no {key}.", "Add it.")
                self.blind.add((*path, key))

    def _scalar(self, given: Given, wanted: Wanted, path: Path) -> t.Any:
        if wanted.get("type") == "raw":
            return plain(given)
        if isinstance(given.value, (dict, list)):
            raise TypeError
        value = options.converted(given.value, wanted)
        choices = wanted.get("choices")
        if choices and value not in choices:
            self._wrong(path, f"one of {', '.join(map(str, choices))}")
            return None
        pattern, words = FORMATS.get(str(path[-1]) if path else "", ("", ""))
        if pattern and not re.fullmatch(pattern, str(value).strip()):
            self._wrong(path, words)
            return None
        return value

    def _wrong(self, path: Path, words: str) -> None:
        self.blind.add(path)
        self._found(path, f"{self._label(path)} is not {words}.", "Correct it.")

    def _label(self, path: Path) -> str:
        return spelt(self._variable, path)

    def _found(self, path: Path, what: str, way_out: str) -> None:
        self.findings.append(Finding("", self._label(path), what, way_out, *self.places[path]))


def _is_nothing(given: Given) -> bool:
    return given.value is None and not given.sealed and not given.wrong


def wrapped(value: t.Any, place: Given) -> Given:
    """A plain value as one that was given, all of it in one place."""
    if isinstance(value, dict):
        value = {key: wrapped(part, place) for key, part in value.items()}
    elif isinstance(value, list):
        value = [wrapped(part, place) for part in value]
    return Given(value, place.file, place.line)


def plain(given: Given) -> t.Any:
    """The value without its places."""
    if isinstance(given.value, dict):
        return {key: plain(part) for key, part in given.value.items()}
    return [plain(part) for part in given.value] if isinstance(given.value, list) else given.value
