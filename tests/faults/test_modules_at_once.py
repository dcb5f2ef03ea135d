# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that act at once, each in a process of its own: on many tenants, on one, and on files that they share.

What there is in the end is what the same calls leave one after the other. Who is refused is told why, and does it in the next run.
"""

from __future__ import annotations

import difflib
import hashlib
import itertools
import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.calligo.baas.tests.faults.conftest import Cells
from ansible_collections.calligo.baas.tests.support import bad_replies, many_tenants
from ansible_collections.calligo.baas.tests.support.at_once import Call, run_at_once
from ansible_collections.calligo.baas.tests.support.interruptions import JOB_SECONDS, Platform
from ansible_collections.calligo.baas.tests.support.modules import run_module
from ansible_collections.calligo.baas.tests.support.tasks import REQUEST
from commvaultsim.sandbox import Sandbox

Json = dict[str, t.Any]
MANY, FEW = 20, 2


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Platform]:
    folder = tmp_path_factory.mktemp("many")
    with Sandbox(folder / "sandbox", many_tenants.scenario(folder, MANY), job_seconds=JOB_SECONDS) as sandbox:
        yield Platform(sandbox)


def wrong_with(result: Json) -> str:
    """What is wrong with a failed result, if anything."""
    text = str(result.get("msg", ""))
    if not result.get("failed"):
        return ""
    return text if "exception" in result or "Traceback" in text or "\n" in text.strip() or len(text) < 40 else ""


def differences(wanted: Json, found: Json) -> list[str]:
    """Where what there is differs from what there should be."""
    before, after = (json.dumps(one, indent=1, sort_keys=True).splitlines() for one in (wanted, found))
    return list(difflib.unified_diff(before, after, "one after the other", "at once", lineterm="", n=3))[:40]


def test_tenants_of_their_own(many: Platform, cells: Cells) -> None:
    aliases = many_tenants.names(MANY if cells.everything else FEW)
    tasks = {alias: many_tenants.converge(many.sandbox, alias) for alias in aliases}
    many.bring_back("empty")
    results = run_at_once(list(tasks.values()))
    assert [result for row in results for result in row if result.get("failed")] == []
    found = many.facts()
    again = [run_module(name, options) for calls in tasks.values() for name, options in calls]
    assert [result for result in again if result["changed"]] == []
    if cells.everything:
        many.bring_back("empty")
        for name, options in itertools.chain(*tasks.values()):
            run_module(name, options)
        wrong = differences(many.facts(), found)
        assert not wrong, "\n".join(wrong)
    for alias in aliases:
        cells.note("at once", f"{len(aliases)} converges by modules", alias, bad_replies.SURVIVED)


@pytest.mark.parametrize("attempt", range(4))
def test_one_tenant(many: Platform, cells: Cells, attempt: int) -> None:
    if attempt and not cells.everything:
        pytest.skip("make faults has it")
    (alias,) = many_tenants.names(1)
    calls = many_tenants.converge(many.sandbox, alias)
    many.bring_back("empty")
    for name, options in calls:
        run_module(name, options)
    wanted = many.facts()
    once = wanted.pop("backups")
    many.bring_back("empty")
    rows = run_at_once([calls] * 2)
    assert [mishap for row in rows for result in row if (mishap := wrong_with(result))] == []
    later = [run_module(name, options) for name, options in calls]
    assert [result for result in later if result.get("failed")] == []
    last = [run_module(name, options) for name, options in calls]
    assert [result for result in last if result["changed"]] == []
    found = many.facts()
    backups = found.pop("backups")
    wrong = differences(wanted, found)
    assert not wrong, "\n".join(wrong)
    # Both may have seen that there is no backup before either started one: the server lets the second one follow the first.
    assert set(once) <= set(backups) and len(backups) <= 2 * len(once)
    refused = any(result.get("failed") for row in rows for result in row)
    cells.note("at once", "2 converges of one tenant by modules", alias, bad_replies.REFUSED if refused else bad_replies.SURVIVED)


WRITERS, ROUNDS = 4, 5


def test_service_requests(tmp_path: Path, cells: Cells) -> None:
    """Of two requests where one is included, each received by two runs, one is recorded, once; the other one is refused."""
    calls: list[list[Call]] = [
        [
            (
                "service_request_record",
                {**REQUEST, "directory": str(tmp_path), "tenant": f"tenant{number}", "request": f"R{number}-{writer % 2}"},
            )
            for number in range(ROUNDS)
        ]
        for writer in range(WRITERS)
    ]
    results = run_at_once(calls)
    assert [wrong for row in results for result in row if (wrong := wrong_with(result))] == []
    for number in range(ROUNDS):
        refused = [writer for writer in range(WRITERS) if results[writer][number].get("failed")]
        assert len({writer % 2 for writer in refused}) == 1 and len(refused) == WRITERS // 2
        assert all("over what is included" in results[writer][number]["msg"] for writer in refused), results
        assert sum(bool(row[number].get("changed")) for row in results) == 1
    assert len([file for file in tmp_path.rglob("*") if file.is_file() and not file.name.startswith(".")]) == ROUNDS
    cells.note("at once", f"{WRITERS} runs that record service requests", "files", bad_replies.SURVIVED)


def test_tickets(tmp_path: Path, cells: Cells) -> None:
    ticket = {"provider": "file", "directory": str(tmp_path), "tenant": "acme", "title": "no backup", "by": "noc"}
    calls: list[list[Call]] = [
        [("itsm_ticket", {**ticket, "identity": f"server{number}", "note": f"{writer} {number}"}) for number in range(ROUNDS)]
        for writer in range(WRITERS)
    ]
    results = run_at_once(calls)
    assert [result for row in results for result in row if result.get("failed")] == []
    known = run_module("itsm_ticket_info", {"provider": "file", "directory": str(tmp_path)})["tickets"]
    assert sorted(one["identity"] for one in known) == [f"server{number}" for number in range(ROUNDS)]
    notes = {entry["note"] for one in known for entry in one["history"] if "note" in entry}
    assert notes == {f"{writer} {number}" for writer in range(WRITERS) for number in range(ROUNDS)}
    cells.note("at once", f"{WRITERS} runs that write tickets", "files", bad_replies.SURVIVED)


def test_evidence(tmp_path: Path, cells: Cells) -> None:
    """Each file is named by one seal, and the seals follow each other: none is lost, and no two follow the same one."""
    folder = tmp_path / "evidence"

    def record(name: str) -> Call:
        content = {"name": name, "filling": "x" * 200_000}
        return "evidence_files", {
            "directory": str(folder),
            "files": [{"name": f"{name}.json", "content": content}],
            "seal": f"{name}.sha256",
        }

    calls = [[record(f"run-{writer}-{number}") for number in range(ROUNDS)] for writer in range(WRITERS)]
    results = run_at_once(calls)
    assert [result for row in results for result in row if result.get("failed")] == []
    files = {file.name: file.read_bytes() for file in folder.iterdir() if not file.name.startswith(".")}
    seals = {name: dict(line.split("  ")[::-1] for line in text.decode().splitlines()) for name, text in files.items() if ".sha" in name}
    named = [name for seal in seals.values() for name in seal]
    (last,) = files.keys() - set(named)
    assert last in seals and len(named) == len(set(named)) == len(files) - 1
    assert all(hashlib.sha256(files[name]).hexdigest() == known for seal in seals.values() for name, known in seal.items())
    assert sum(name.endswith(".json") for name in named) == WRITERS * ROUNDS
    cells.note("at once", f"{WRITERS} runs that write evidence", "files", bad_replies.SURVIVED)
