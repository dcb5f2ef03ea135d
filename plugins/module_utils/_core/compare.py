# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

Comparer = t.Callable[[t.Any, t.Any], bool]


def covers(want: t.Any, have: t.Any) -> bool:
    """Whether everything asked for is there already: dicts by the wanted keys only, lists in order, scalars equal."""
    if isinstance(want, dict):
        return isinstance(have, dict) and all(covers(value, have.get(key)) for key, value in want.items() if value is not None)
    if isinstance(want, list):
        return isinstance(have, list) and len(want) == len(have) and all(covers(w, h) for w, h in zip(want, have, strict=True))
    return bool(want == have)


def same_members(want: t.Iterable[t.Any], have: t.Iterable[t.Any] | None) -> bool:
    """Two lists hold the same members, whatever their order."""
    return _counted(want) == _counted(have or [])


def same_names(want: t.Iterable[str], have: t.Iterable[str] | None) -> bool:
    """Two lists hold the same names without regard to case or order: Commvault does not distinguish names by case."""
    return {name.casefold() for name in want} == {name.casefold() for name in have or []}


def keyed(key: str) -> Comparer:
    """Lists of dicts that are told apart by one key: each wanted element is covered by its namesake, none is left over."""

    def compare(want: t.Any, have: t.Any) -> bool:
        by_key = {item.get(key): item for item in have or []}
        return len(by_key) == len(want) and all(covers(item, by_key.get(item[key])) for item in want)

    return compare


def changes(desired: dict[str, t.Any], current: dict[str, t.Any], comparers: t.Mapping[str, Comparer]) -> dict[str, t.Any]:
    """The part of the desired record that the current one does not satisfy yet. None means: the task does not say."""
    return {key: value for key, value in desired.items() if value is not None and not comparers.get(key, covers)(value, current.get(key))}


def _counted(members: t.Iterable[t.Any]) -> list[str]:
    return sorted(repr(_sorted(member)) for member in members)


def _sorted(member: t.Any) -> t.Any:
    return sorted(member.items()) if isinstance(member, dict) else member
