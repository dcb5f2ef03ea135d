# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What the evidence of a restore test says about one restored thing: every reason why the test did not pass."""

from __future__ import annotations

import datetime
import typing as t

from .restore_check import failures

Test = t.Mapping[str, t.Any]


def sample_failures(test: Test, kind: str) -> list[str]:
    """One sentence for each reason; none for a test that passed. A step that is missing from the test is a reason too.

    test: error, checks, cleanup and cleanup_error; of a VM also isolation (before_power_on, after_boot) and boot.
    kind: vm, file or database.
    """
    found = [str(test["error"])] if test.get("error") else []
    found += failures(test.get("checks") or [])
    if kind == "vm":
        found += _isolation(test) + _boot(test)
    if not test.get("checks") and not test.get("error"):
        found.append("Nothing was compared")
    if test.get("cleanup_error"):
        found.append(str(test["cleanup_error"]))
    if not (test.get("cleanup") or {}).get("gone"):
        found.append(f"What was restored is not proven gone: {(test.get('cleanup') or {}).get('name', 'unknown')}")
    return found


def sample_reasons(samples: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    """The failures of all samples, each with what was tested and whose it is, for people.

    samples: each with kind, name or client, tenant, test and failures.
    """
    return [f"{_subject(sample)} ({sample['tenant']}): {failure}" for sample in samples for failure in sample["failures"]]


def seconds_between(start: str | None, end: str | None) -> int | None:
    """Whole seconds between two times in ISO 8601; None if one is missing."""
    if not start or not end:
        return None
    first, last = (datetime.datetime.fromisoformat(text) for text in (start, end))
    return int((last - first).total_seconds())


def _subject(sample: t.Mapping[str, t.Any]) -> str:
    if sample["kind"] == "vm":
        return f"VM {sample['name']}"
    if sample["kind"] == "database":
        return f"Database {sample['test'].get('database') or 'of ' + sample['instance']}"
    return f"File {sample['test'].get('path') or 'of ' + sample['client']}"


def _isolation(test: Test) -> list[str]:
    isolation = test.get("isolation") or {}
    steps = [
        (when, isolation[key]) for key, when in (("before_power_on", "Before power-on"), ("after_boot", "After boot")) if key in isolation
    ]
    return [f"{when}: {text}" for when, step in steps for text in failures(step.get("checks") or [])]


def _boot(test: Test) -> list[str]:
    boot = test.get("boot")
    if boot is None:
        return [] if test.get("error") else ["The VM was not started"]
    return (
        []
        if boot.get("tools_running")
        else [f"VMware Tools did not run {boot.get('seconds')} seconds after power-on ({boot.get('power_state')})"]
    )
