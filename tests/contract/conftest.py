# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every contract test is subject to, and where its outcome is kept.

A test of an operation carries the marker contract(operation=..., module=..., direction=...), direction being "reads" (the SDK reads what
our module wrote) or "writes" (our module finds nothing to change in what the SDK wrote). Whatever our modules say and hear meanwhile is
judged by the vendor's OpenAPI document, if BAAS_OPENAPI names it. After a whole run the outcomes are in .build/contract/results.json:
tools/contract_table.py makes docs/contract.md from them, and refuses them when an operation was not sent or an accepted deviation not met.

Tests may be spread over processes (pytest-xdist): each hands over what it saw at its end.
"""

from __future__ import annotations

import collections
import dataclasses as dc
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
WITHOUT = f"WITHOUT THE OPENAPI DOCUMENT: the contract tests were not judged by it, for {openapi.VARIABLE} does not name it."


@dc.dataclass
class Seen:
    """What a process saw: outcomes by test, calls by operation, deviations met, operations sent, counts of requests."""

    whole: bool = False
    rows: dict[str, Json] = dc.field(default_factory=dict)
    calls: dict[str, set[str]] = dc.field(default_factory=lambda: collections.defaultdict(set))
    met: set[openapi.Deviation] = dc.field(default_factory=set)
    sent: set[str] = dc.field(default_factory=set)
    figures: dict[str, int] = dc.field(default_factory=dict)

    def packed(self) -> Json:
        """It in types that go from process to process."""
        calls = {operation: sorted(names) for operation, names in self.calls.items()}
        met = [dc.asdict(one) for one in self.met]
        return {"whole": self.whole, "rows": self.rows, "calls": calls, "met": met, "sent": sorted(self.sent), "figures": self.figures}

    def add(self, other: Json) -> None:
        """Take in what another process packed."""
        self.whole = self.whole or other["whole"]
        self.rows |= other["rows"]
        for operation, names in other["calls"].items():
            self.calls[operation] |= set(names)
        self.met |= {openapi.Deviation(**one) for one in other["met"]}
        self.sent |= set(other["sent"])
        self.figures |= other["figures"]


_wire = Wire()
_seen = Seen()


def _mark(item: pytest.Item) -> Json | None:
    mark = item.get_closest_marker("contract")
    if mark is None:
        return None
    if set(mark.kwargs) != {"operation", "module", "direction"} or mark.kwargs["direction"] not in DIRECTIONS:
        raise pytest.UsageError(f"{item.nodeid}: contract(operation=..., module=..., direction='reads' or 'writes'), not {mark.kwargs}")
    return dict(mark.kwargs)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A marker that says nothing useful is an error before anything runs."""
    for item in items:
        if item.path.is_relative_to(ROOT / "tests" / "contract"):
            _mark(item)


@pytest.fixture(scope="module", autouse=True)
def _listening() -> t.Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        _wire.watch(patch)
        yield


@pytest.fixture(autouse=True)
def judged(request: pytest.FixtureRequest, _listening: None) -> t.Iterator[None]:
    """After the test: what our modules sent is in the extract of operations, and the document allows it and the answers to it.

    What fixtures of a module said counts for the first test that uses them. With the marker dialect only requests are judged.
    """
    yield
    exchanges = [exchange for exchange in _wire.take() if exchange.versioned]
    mark = _mark(request.node)
    strangers = sorted(set(filter(None, map(operations.strange, exchanges))))
    assert not strangers, f"not in tests/contract/operations.yml: {strangers}"
    names = {found.name for exchange in exchanges if (found := operations.find(exchange.method, exchange.path))}
    _seen.sent |= names
    if mark:
        _seen.calls[mark["operation"]] |= names
    document = openapi.document()
    if document is None:
        return
    sides = ("request",) if request.node.get_closest_marker("dialect") else ("request", "reply")
    deviations = {one for exchange in exchanges for one in document.judge(exchange) if one.side in sides}
    _seen.met |= deviations
    unknown = sorted(deviations - openapi.accepted().keys())
    assert not unknown, "the vendor's document disagrees:\n" + "\n".join(map(str, unknown))


@pytest.fixture
def figure() -> t.Callable[[str, int], None]:
    """Notes how many requests an act took, for the table."""
    return _seen.figures.__setitem__


def _is_whole(session: pytest.Session) -> bool:
    here = ROOT / "tests" / "contract"
    collected = {item.path for item in session.items if item.path.is_relative_to(here)}
    option = session.config.option
    narrowed = option.keyword or option.markexpr or any("::" in argument for argument in session.config.args)
    return not narrowed and not option.lf and not option.collectonly and collected == set(here.glob("test_*.py"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> t.Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep the worst outcome of a test's three phases."""
    report = yield
    mark = _mark(item) if item.path.is_relative_to(ROOT / "tests" / "contract") else None
    if mark:
        row = _seen.rows.setdefault(item.nodeid, {**mark, "test": item.nodeid, "outcome": "passed"})
        if not report.passed:
            row["outcome"] = "skipped" if report.skipped and row["outcome"] == "passed" else "failed"
    return report


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: t.Any) -> None:
    """A process of pytest-xdist has ended: take in what it saw."""
    if packed := getattr(node, "workeroutput", {}).get("contract"):
        _seen.add(packed)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the outcomes of a whole run; part of one would make a table with holes. What only spreads the tests has none of its own."""
    _seen.whole = _seen.whole or _is_whole(session)
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["contract"] = _seen.packed()
    elif _seen.whole:
        _write()


def _write() -> None:
    document = openapi.document()
    unmet = openapi.accepted().keys() - _seen.met if document else set()
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "judged": document is not None,
        "tests": sorted(_seen.rows.values(), key=lambda row: row["test"]),
        "requests": dict(sorted(_seen.figures.items())),
        "calls": {operation: sorted(names) for operation, names in sorted(_seen.calls.items())},
        "unsent": sorted({one.name for one in operations.every()} - _seen.sent),
        "unmet": sorted(f"{one.call} {one.side} at {one.where or 'its top'}: {one.rule}" for one in unmet),
    }
    RESULTS.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> t.Generator[None, None, None]:
    """Say below everything else when the vendor's document was not among the judges."""
    yield
    reports = (report for kind in terminalreporter.stats.values() for report in kind)
    if openapi.document() is None and any(str(getattr(report, "nodeid", "")).startswith("tests/contract/") for report in reports):
        terminalreporter.write_line(WITHOUT, yellow=True, bold=True)
