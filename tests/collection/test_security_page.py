# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SECURITY.md: every promise of the README stands in it, and the tests that it names are there."""

from __future__ import annotations

import re

from ansible_collections.calligo.baas.tests.support.playbooks import CHECKOUT

PAGE = (CHECKOUT / "SECURITY.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| ") and "::" in line]


def test_the_tests_that_it_names_are_there():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)
    assert len(named) > 20
    missing = [f"{file}::{name}" for file, name in named if f"def {name}(" not in (CHECKOUT / file).read_text(encoding="utf-8")]
    assert missing == []
    assert all(re.search(r"`tests/", test) for _promise, test in ROWS)


def test_every_promise_of_the_readme_has_its_test():
    """What is left of the README's promises when those of the page are taken out, is no promise."""
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    promises = " ".join(re.findall(r"^- \*\*\w+\.\*\* ((?:.+\n)(?:  .+\n)*)", readme, re.MULTILINE)).replace("\n", " ")
    text = re.sub(r"\s+", " ", promises)
    for promise, _test in ROWS:
        text = text.replace(promise, "")
    left = set(re.findall(r"\w{4,}", text))
    assert left <= {
        "unless",
        "option",
        "says",
        "without",
        "error",
        "would",
        "lost",
        "what",
        "measured",
        "docs",
        "performance",
        "beside",
        "peers",
        "make",
        "bench",
    }, left
