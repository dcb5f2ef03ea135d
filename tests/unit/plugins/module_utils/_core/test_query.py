# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option query: what a module with it returns, and what it says of an expression that is wrong, or wrong for this result."""

from __future__ import annotations

import contextlib
import sys
import typing as t

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._core import output
from ansible_collections.calligo.baas.plugins.module_utils._core.argspec import ArgumentSpec
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import Inline, run, run_inline

ROWS: list[dict[str, t.Any]] = [{"name": "a", "size": 1}, {"name": "b", "size": None}]


class Reader:
    """A module that returns rows; it knows whether it was ever connected."""

    def __init__(self, rows: t.Any = None, queried: str = "rows") -> None:
        self.rows, self.queried, self.connected = ROWS if rows is None else rows, queried, False

    @contextlib.contextmanager
    def connect(self, _context: t.Any) -> t.Iterator[None]:
        self.connected = True
        yield

    def act(self, _session: t.Any, _context: t.Any) -> dict[str, t.Any]:
        rows = [dict(row) for row in self.rows]
        return {"changed": False, "total": len(rows), "rows": rows, "ansible_facts": {"rows": rows, "problems": []}}

    def __call__(self, **options: t.Any) -> dict[str, t.Any]:
        def main() -> None:
            run(ArgumentSpec({"limit": {"type": "int"}}).merge(output.OPTIONS), self.connect, self.act, queried=self.queried)

        return run_inline(main, Inline("reader", options, False, False, print))


@pytest.mark.parametrize(
    ("expression", "outcome"),
    [
        ("[].name", ["a", "b"]),
        ("length(@)", 2),
        ("[?size].{who: name}", [{"who": "a"}]),
        ("[?name=='c'] | [0]", None),
        ("sort_by(@, &name)[-1].name", "b"),
        ("not_null(a, b, [1].name)", "b"),
    ],
)
def test_the_outcome_takes_the_place_of_the_rows_and_nothing_else_changes(expression, outcome):
    result = Reader()(query=expression)
    assert (result["rows"], result["total"], result["changed"]) == (outcome, 2, False)


def test_facts_are_asked_where_they_are():
    facts = Reader(queried="ansible_facts.rows")(query="[].name")["ansible_facts"]
    assert facts == {"rows": ["a", "b"], "problems": []}


def test_without_it_the_result_is_whole():
    assert Reader()()["rows"] == ROWS


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("", "it is empty"),
        ("[?name=='a'", "at character 12: it ends before it is complete"),
        ("[].name size", "at character 9: 'size' is not expected there"),
        ("[?name = 'a']", "at character 8: '=' is not expected there"),
        ("[].$name", "at character 4: '$' is not expected there"),
        ("{a:1}", "at character 4: '1' is not expected there"),
        ("[].upper(name)", "at character 4: there is no function upper()"),
        ("length()", "at character 1: length() takes 1 arguments, and was given 0"),
        ("merge()", "merge() takes 1 or more arguments, and was given 0"),
        ("&name", "& makes an argument of a function, and no value"),
        ("{a: &name}", "& makes an argument of a function, and no value"),
        ("[" * 2000 + "0" + "]" * 2000, "nested too deeply"),
        ("a" + "|a" * 3000, "nested too deeply"),
    ],
)
def test_what_is_no_expression_is_refused_before_anything_is_sent(expression, words):
    reader = Reader()
    result = reader(query=expression)
    assert result["failed"] and result["error"]["kind"] == "InputError"
    assert repr(expression) in result["msg"] and words in result["msg"]
    assert not reader.connected


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("sum([].name)", "sum() takes array-number, and was given str at character 1"),
        ("[].abs(name)", "abs() takes number, and was given string at character 4"),
        ("sort_by(@, &size)", "sort_by() takes number, and was given null at character 1"),
        ("[0].abs(size) < [0].abs(name)", "abs() takes number, and was given string."),
        ("[::0]", "slice step cannot be zero"),
    ],
)
def test_what_does_not_fit_the_result_says_so_and_shows_none_of_it(expression, words):
    result = Reader(rows=[{"name": "a" * 99, "size": 1}, {"name": "b", "size": None}])(query=expression)
    assert result["failed"] and result["error"]["kind"] == "InputError"
    assert repr(expression) in result["msg"] and words in result["msg"]
    assert "aaa" not in result["msg"]


def test_rows_in_a_file_cannot_be_asked():
    result = Reader()(query="[].name", output_file="rows.json")
    assert result["msg"] == "parameters are mutually exclusive: query|output_file"


def test_only_who_asks_needs_jmespath(monkeypatch):
    monkeypatch.setitem(sys.modules, "jmespath", None)
    reader = Reader()
    assert reader()["rows"] == ROWS
    reader.connected = False
    result = reader(query="[].name")
    assert "Failed to import the required Python library (jmespath)" in result["msg"] and result["exception"]
    assert not reader.connected
