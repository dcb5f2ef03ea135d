# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of the contract tests: no hole without a reason, no reason without a hole, and a stale page is seen."""

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support.collection import ROOT

ROW = {"operation": "browse", "module": "commvault_browse_info", "test": "a", "outcome": "passed"}
REASON = {"browse": {"writes": "the SDK has no call for it"}}


@pytest.fixture
def table(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import contract_table

    return contract_table


def results(table, *outcomes, judged=True, calls=("GET /V4/Servers",)):
    tests = [{**ROW, "direction": direction, "outcome": outcome} for direction, outcome in outcomes]
    return {"judged": judged, "tests": tests, "calls": {"browse": list(calls)}, "requests": dict.fromkeys(table.BUDGETS, 3)}


def line(page):
    return next(row for row in page.splitlines() if row.startswith("| browse"))


def test_a_line_tells_both_directions_and_the_document(table):
    page = table.render(results(table, ("reads", "passed"), ("writes", "passed"), ("writes", "failed")), {})
    assert line(page) == "| browse | `commvault_browse_info` | yes | no | no |"
    page = table.render(results(table, ("reads", "passed"), ("writes", "skipped")), REASON)
    assert line(page) == "| browse | `commvault_browse_info` | yes | the SDK has no call for it | yes, 1 operation |"
    assert line(table.render(results(table, ("reads", "passed"), calls=()), REASON)).endswith("| no V4 or V5 call is behind it |")


@pytest.mark.parametrize(
    ("outcomes", "reasons", "said"),
    [
        ([("reads", "passed")], {}, "writes has no test"),
        ([("reads", "passed"), ("writes", "skipped")], {}, "writes has no test"),
        ([("reads", "passed"), ("writes", "passed")], REASON, "has an outcome"),
        ([("reads", "passed"), ("writes", "passed")], {"sweep": {"reads": "none"}}, "sweep"),
    ],
)
def test_holes_and_reasons_belong_together(table, outcomes, reasons, said):
    from console import ToolError

    with pytest.raises(ToolError, match=said):
        table.render(results(table, *outcomes), reasons)


@pytest.mark.parametrize(("unsent", "unmet"), [(["GET /V4/Widgets"], []), ([], ["GET /V4/Widgets reply at id: type"])])
def test_what_no_test_sends_or_meets_is_named(table, unsent, unmet):
    from console import ToolError

    table.check_whole({"unsent": [], "unmet": []})
    with pytest.raises(ToolError, match="GET /V4/Widgets"):
        table.check_whole({"unsent": unsent, "unmet": unmet})


def test_a_stale_page_is_seen_also_where_the_document_was_not_at_hand(table):
    outcomes = ("reads", "passed"), ("writes", "passed")
    kept = table.render(results(table, *outcomes), {})
    unjudged = table.render(results(table, *outcomes, judged=False), {})
    assert kept != unjudged and not table.stale(unjudged, kept, judged=False)
    assert table.stale(unjudged, kept.replace("| yes | yes |", "| yes | no |"), judged=False)
    assert table.stale(unjudged, kept, judged=True)
