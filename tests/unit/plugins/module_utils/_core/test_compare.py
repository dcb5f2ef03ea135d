# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._core.compare import changes, covers, keyed, same_members, same_names


@pytest.mark.parametrize(
    ("want", "have", "expected"),
    [
        (1, 1, True),
        (1, 2, False),
        (0, False, True),
        (None, 5, False),
        ("a", None, False),
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": 1, "b": 2}, {"a": 1}, False),
        ({"a": None}, {"a": 7}, True),
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}, True),
        ({"a": 1}, None, False),
        ([1, 2], [1, 2], True),
        ([1, 2], [2, 1], False),
        ([1], [1, 2], False),
        ([], [], True),
        ([], None, False),
        ([{"a": 1}], [{"a": 1, "id": 9}], True),
    ],
)
def test_covers(want, have, expected):
    assert covers(want, have) is expected


@pytest.mark.parametrize(
    ("want", "have", "expected"),
    [
        (["a", "b"], ["b", "a"], True),
        (["a", "a"], ["a"], False),
        ([], None, True),
        ([{"a": 1, "b": 2}], [{"b": 2, "a": 1}], True),
        ([{"a": 1}], [{"a": 2}], False),
        ([1], ["1"], False),
    ],
)
def test_same_members(want, have, expected):
    assert same_members(want, have) is expected


@pytest.mark.parametrize(
    ("want", "have", "expected"),
    [
        (["Lux-AN-01", "b"], ["B", "lux-an-01"], True),
        (["a"], ["a", "b"], False),
        ([], None, True),
        (["Köln"], ["KÖLN"], True),
        (["ß"], ["SS"], True),
    ],
)
def test_same_names(want, have, expected):
    assert same_names(want, have) is expected


@pytest.mark.parametrize(
    ("want", "have", "expected"),
    [
        ([{"name": "a", "days": 1}], [{"name": "a", "days": 1, "id": 4}], True),
        ([{"name": "b"}, {"name": "a"}], [{"name": "a"}, {"name": "b"}], True),
        ([{"name": "a", "days": 1}], [{"name": "a", "days": 2}], False),
        ([{"name": "a"}], [{"name": "a"}, {"name": "b"}], False),
        ([{"name": "a"}], None, False),
        ([], [], True),
    ],
)
def test_keyed(want, have, expected):
    assert keyed("name")(want, have) is expected


def test_changes_are_the_keys_that_are_not_satisfied_and_were_spoken_of():
    desired = {"name": "Gold", "days": 30, "plans": ["b", "a"], "note": None, "new": 1}
    current = {"name": "gold", "days": 14, "plans": ["a", "b"], "note": "x", "other": 2}
    comparers = {"plans": same_members, "name": lambda want, have: want.lower() == have.lower()}
    assert changes(desired, current, comparers) == {"days": 30, "new": 1}
