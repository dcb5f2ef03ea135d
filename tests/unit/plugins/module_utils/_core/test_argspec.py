# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._core.argspec import ArgumentSpec


def test_merging_keeps_options_and_every_rule():
    one = ArgumentSpec({"a": {"type": "str"}}, {"required_together": [("a", "b")], "required_by": {"a": ["c"]}})
    other = ArgumentSpec(
        {"b": {"type": "int"}}, {"required_together": [("x", "y")], "required_by": {"b": ["c"]}, "required_if": [("a", 1, ["b"])]}
    )
    assert one.merge(other).to_kwargs() == {
        "argument_spec": {"a": {"type": "str"}, "b": {"type": "int"}},
        "required_together": [("a", "b"), ("x", "y")],
        "required_by": {"a": ["c"], "b": ["c"]},
        "required_if": [("a", 1, ["b"])],
    }


def test_merging_changes_neither_part():
    one = ArgumentSpec({"a": {}}, {"mutually_exclusive": [("a", "b")]})
    one.merge(ArgumentSpec({"b": {}}, {"mutually_exclusive": [("b", "c")]}))
    assert one == ArgumentSpec({"a": {}}, {"mutually_exclusive": [("a", "b")]})


def test_an_option_that_is_defined_twice_is_an_error_of_the_programmer():
    with pytest.raises(ValueError, match="host, name"):
        ArgumentSpec({"host": {}, "name": {}}).merge(ArgumentSpec({"name": {}, "host": {}}))
