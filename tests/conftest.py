# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for all tests: a sandbox of real servers on loopback, and modules run against it."""

from __future__ import annotations

import time
import typing as t

import pytest

from ansible_collections.calligo.baas.tests.support.golden import Golden
from ansible_collections.calligo.baas.tests.support.modules import Modules
from commvaultsim.sandbox import Sandbox

# Long enough to be seen in the working phase, short enough for many tests.
JOB_SECONDS = 1.0


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--renew-golden", action="store_true", help="write tests/golden/*.json anew instead of comparing (make golden)")
    parser.addoption("--all-cells", action="store_true", help="all cells of the matrices in tests/faults instead of a sample (make faults)")


@pytest.fixture(scope="session")
def golden(pytestconfig: pytest.Config) -> Golden:
    """Compares what a run said with its golden copy."""
    return Golden(renew=pytestconfig.getoption("--renew-golden"))


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Sandbox]:
    """A sandbox that all tests share: a test makes objects of its own and leaves those of the scenario as they are."""
    with Sandbox(tmp_path_factory.mktemp("sandbox"), job_seconds=JOB_SECONDS) as running:
        yield running


@pytest.fixture
def fresh_sandbox(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Sandbox]:
    """A sandbox for one test alone, with nothing but the scenario in it."""
    with Sandbox(tmp_path_factory.mktemp("sandbox"), job_seconds=JOB_SECONDS) as running:
        yield running


@pytest.fixture
def waiting_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time passes at once where this process waits for something: for tests in which nothing comes that is waited for."""
    passed = [0.0]
    monkeypatch.setattr(time, "sleep", lambda seconds: passed.append(passed[-1] + seconds))
    monkeypatch.setattr(time, "monotonic", lambda real=time.monotonic: real() + passed[-1])


@pytest.fixture
def modules(sandbox: Sandbox) -> t.Iterator[Modules]:
    """Runs modules against the shared sandbox; faults that a test sets are gone after it."""
    yield Modules(sandbox)
    sandbox.control("DELETE", "/faults")
