# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every contract test is subject to, and where its outcome is kept.

A test of an operation carries the marker contract(operation=..., module=..., direction=...), direction being "reads" (the SDK reads what
our module wrote) or "writes" (our module finds nothing to change in what the SDK wrote). Whatever our modules say and hear meanwhile is
judged by the vendor's OpenAPI document, if BAAS_OPENAPI names it. After a whole run the outcomes are in .build/contract/results.json.
"""

from __future__ import annotations

import collections
import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.calligo.baas.tests.contract import openapi, operations
from ansible_collections.calligo.baas.tests.contract.wire import Wire

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / ".build" / "contract" / "results.json"
DIRECTIONS = ("reads", "writes")

Json = dict[str, t.Any]
_wire = Wire()
_rows: dict[str, Json] = {}
_calls: dict[str, set[str]] = collections.defaultdict(set)
_used: set[openapi.Deviation] = set()
_sent: set[str] = set()
_figures: dict[str, int] = {}


def _mark(item: pytest.Item) -> Json | None:
    mark = item.get_closest_marker("contract")
    if mark is None:
        return None
    if set(mark.kwargs) != {"operation", "module", "direction"} or mark.kwargs["direction"] not in DIRECTIONS:
        raise pytest.UsageError(f"{item.nodeid}: contract(operation=..., module=..., direction='reads' or 'writes'), not {mark.kwargs}")
    return dict(mark.kwargs)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A marker that says nothing useful is an error before anything runs; what looks back on the whole run comes last."""
    for item in items:
        if item.path.is_relative_to(ROOT / "tests" / "contract"):
            _mark(item)
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


@pytest.fixture(scope="session", autouse=True)
def _listening() -> t.Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        _wire.watch(patch)
        yield


@pytest.fixture(autouse=True)
def judged(request: pytest.FixtureRequest, _listening: None) -> t.Iterator[None]:
    """After the test: what our modules sent is in the extract of operations, and the document allows it and the answers to it.

    What fixtures of a module or session said counts for the first test that uses them. With the marker dialect only requests are judged.
    """
    yield
    exchanges = [exchange for exchange in _wire.take() if exchange.versioned]
    mark = _mark(request.node)
    strangers = sorted(set(filter(None, map(operations.strange, exchanges))))
    assert not strangers, f"not in tests/contract/operations.yml: {strangers}"
    names = {found.name for exchange in exchanges if (found := operations.find(exchange.method, exchange.path))}
    _sent.update(names)
    if mark:
        _calls[mark["operation"]] |= names
    document = openapi.document()
    if document is None:
        return
    sides = ("request",) if request.node.get_closest_marker("dialect") else ("request", "reply")
    deviations = {one for exchange in exchanges for one in document.judge(exchange) if one.side in sides}
    _used.update(deviations)
    unknown = sorted(deviations - openapi.accepted().keys())
    assert not unknown, "the vendor's document disagrees:\n" + "\n".join(map(str, unknown))


@pytest.fixture
def figure() -> t.Callable[[str, int], None]:
    """Notes how many requests an act took, for the table."""
    return _figures.__setitem__


@pytest.fixture
def whole_run(request: pytest.FixtureRequest) -> tuple[set[str], set[openapi.Deviation]]:
    """The V4 and V5 operations that were sent and the deviations that were met in all contract tests; skips where not all of them ran."""
    if not _is_whole(request.session):
        pytest.skip("looks back on all contract tests, and not all of them ran")
    return _sent, _used


def _is_whole(session: pytest.Session) -> bool:
    here = ROOT / "tests" / "contract"
    collected = {item.path for item in session.items if item.path.is_relative_to(here)}
    narrowed = session.config.option.keyword or session.config.option.markexpr or any("::" in argument for argument in session.config.args)
    return not narrowed and not session.config.option.lf and collected == set(here.glob("test_*.py"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> t.Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep the worst outcome of a test's three phases."""
    report = yield
    mark = _mark(item) if item.path.is_relative_to(ROOT / "tests" / "contract") else None
    if mark:
        row = _rows.setdefault(item.nodeid, {**mark, "test": item.nodeid, "outcome": "passed"})
        if not report.passed:
            row["outcome"] = "skipped" if report.skipped and row["outcome"] == "passed" else "failed"
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the outcomes of a whole run; part of one would make a table with holes."""
    if not hasattr(session, "items") or not _is_whole(session):
        return
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "judged": openapi.document() is not None,
        "tests": sorted(_rows.values(), key=lambda row: row["test"]),
        "requests": dict(sorted(_figures.items())),
        "calls": {operation: sorted(names) for operation, names in sorted(_calls.items())},
    }
    RESULTS.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
