# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML and templates hold short expressions. Rules that take more are Python, in module_utils/_service, behind few filters."""

from __future__ import annotations

import typing as t

import jinja2
import pytest
import yaml

from ansible_collections.calligo.baas.plugins.filter.service import RULES
from ansible_collections.calligo.baas.tests.support.collection import ROOT, tracked_files

MAX_LENGTH = 200
MAX_FILTERS = 15
MAX_TASKS = 50
MAX_FACTS = 8
"""Of the role restore_test, which had grown into a program of 96 tasks and 32 set_fact: what is more than that is a rule, and Python."""
WITH_JINJA = [
    file
    for file in tracked_files()
    if file.parts[0] in ("roles", "playbooks", "inventories", "molecule") and file.suffix in (".yml", ".yaml", ".j2")
]
CONDITIONS = {"when", "that", "until", "failed_when", "changed_when"}
"""Keywords of a task whose values are expressions without braces."""
ENVIRONMENT = jinja2.Environment(autoescape=True)


def expressions(text: str) -> t.Iterator[str]:
    """Every expression and statement of a template, on one line."""
    parts: list[str] | None = None
    for _line, kind, value in ENVIRONMENT.lex(text):
        if kind in ("variable_begin", "block_begin"):
            parts = []
        elif kind in ("variable_end", "block_end"):
            yield " ".join("".join(parts or ()).split())
            parts = None
        elif parts is not None:
            parts.append(value)


def in_yaml(node: t.Any, bare: bool = False) -> t.Iterator[str]:
    """Every expression in a YAML document. bare: whether texts are conditions."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from in_yaml(value, bare=key in CONDITIONS)
    elif isinstance(node, list):
        for value in node:
            yield from in_yaml(value, bare)
    elif isinstance(node, str):
        yield from [" ".join(node.split())] if bare and "{{" not in node else expressions(node)


def lengths(text: str, suffix: str) -> list[int]:
    """The lengths of the expressions in a file."""
    found = expressions(text) if suffix == ".j2" else (part for document in yaml.safe_load_all(text) for part in in_yaml(document))
    return [len(expression) for expression in found]


def test_expressions_are_short():
    assert WITH_JINJA
    longest = {str(file): max(lengths((ROOT / file).read_text(encoding="utf-8"), file.suffix), default=0) for file in WITH_JINJA}
    long = {file: length for file, length in longest.items() if length > MAX_LENGTH}
    assert not long


@pytest.mark.parametrize(
    ("text", "suffix", "found"),
    [
        ("a: b {{ c }} d\ne: ['{{ f | g(\"}}\") }}']\n", ".yml", [len("c"), len('f | g("}}")')]),
        ("a: >-\n  {{ b\n     + c }}\n", ".yml", [len("b + c")]),
        ("when: a\nthat: [b and c, d]\nname: e\n", ".yml", [1, len("b and c"), 1]),
        ("{# {{ none }} #}{% if a %}{{ b }}{% endif %}", ".j2", [len("if a"), 1, len("endif")]),
    ],
)
def test_what_counts_as_an_expression(text, suffix, found):
    assert lengths(text, suffix) == found


def test_filters_are_few():
    assert len(RULES) <= MAX_FILTERS


def tasks(found: t.Iterable[t.Any]) -> t.Iterator[dict[str, t.Any]]:
    """All tasks of a list, blocks and those in them among them."""
    for task in found:
        yield task
        for part in ("block", "rescue", "always"):
            yield from tasks(task.get(part) or ())


def test_the_restore_test_is_a_list_of_acts_and_no_program():
    files = [file for file in WITH_JINJA if file.parts[:3] == ("roles", "restore_test", "tasks")]
    found = [task for file in files for task in tasks(yaml.safe_load((ROOT / file).read_text(encoding="utf-8")))]
    facts = [task for task in found if "ansible.builtin.set_fact" in task]
    assert 0 < len(found) <= MAX_TASKS
    assert 0 < len(facts) <= MAX_FACTS
