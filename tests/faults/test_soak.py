# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A thousand converges in a row: memory, open files, sessions and temporary files stay as they are.

A converge here is the calls of modules that onboarding makes for a tenant that is there, and a read of the VMs, all in this process in the
way of a task on the control node (run_inline). In a play each task has a worker of its own, and what it holds ends with it: that
one process keeps nothing is the stricter form. Some converges by ansible-playbook follow, for the temporary files of Ansible itself.
"""

from __future__ import annotations

import importlib
import json
import os
import statistics
import tempfile
import typing as t
from pathlib import Path

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._core.runner import Inline, run_inline
from ansible_collections.calligo.baas.tests.faults.conftest import Cells
from ansible_collections.calligo.baas.tests.support import bad_replies, many_tenants
from ansible_collections.calligo.baas.tests.support.interruptions import JOB_SECONDS, SEED
from ansible_collections.calligo.baas.tests.support.modules import PACKAGE, vcenter_options
from ansible_collections.calligo.baas.tests.support.playbooks import run_playbook, vcenter_control
from commvaultsim.sandbox import Sandbox

Json = dict[str, t.Any]
CONVERGES, SOME = 1000, 3
PLAYBOOKS = 5
LOOKS = 40
GROWTH = 3 << 20
"""Bytes by which a process may differ over the second half, for what its allocator holds at a moment: 6 KiB a converge."""


class Seen(t.NamedTuple):
    """What processes hold at a moment."""

    memory: dict[str, int]
    files: dict[str, int]
    sessions: dict[str, int]
    temporary: set[str]


def look(sandbox: Sandbox, places: t.Iterable[Path]) -> Seen:
    pids = {file.stem: json.loads(file.read_text(encoding="utf-8"))["pid"] for file in (sandbox.state_dir / "pids").glob("*.pid")}
    pids["modules"] = os.getpid()
    sandbox.control("DELETE", "/journal")  # the simulator's memory of requests, which is there for tests
    calls = vcenter_control(sandbox, "GET", "calls")
    sessions = {
        "commvault": sandbox.control("GET", "/health")["sessions"],
        "vcenter": calls.get("Login", 0) - calls.get("Logout", 0),
        "vcenter tags": calls.get("POST session", 0) - calls.get("DELETE session", 0),
    }
    return Seen(
        {name: resident(pid) for name, pid in pids.items()},
        {name: len(os.listdir(f"/proc/{pid}/fd")) for name, pid in pids.items()},
        sessions,
        {str(file) for place in places for file in place.rglob("*")},
    )


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def growth(values: t.Sequence[int]) -> float:
    """By how much the line through the second half of some values rises from its beginning to its end."""
    half = values[len(values) // 2 :]
    return statistics.linear_regression(range(len(half)), half).slope * (len(half) - 1)


def test_converges_in_a_row(tmp_path: Path, cells: Cells, monkeypatch: pytest.MonkeyPatch) -> None:
    place, (alias,) = tmp_path / "tmp", many_tenants.names(1)
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))  # of the simulators, too
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    with Sandbox(tmp_path / "sandbox", many_tenants.scenario(tmp_path, 1), job_seconds=JOB_SECONDS) as sandbox:
        calls = many_tenants.converge(sandbox, alias)
        calls.append(("vcenter_vm_facts", {**vcenter_options(sandbox, "vc-lux"), "folder": f"Tenants/{alias}", "properties": ["tags"]}))
        assert converge(calls)
        converge(calls)
        count = CONVERGES if cells.everything else SOME
        every = max(1, count // LOOKS)
        seen = [look(sandbox, [place])]
        for number in range(1, count + 1):
            assert not converge(calls), "it changes nothing"
            if number % every == 0:
                seen.append(look(sandbox, [place]))
        if cells.everything:
            _playbooks(sandbox, tmp_path, alias)
            seen.append(look(sandbox, [place]))
    first, last = seen[0], seen[-1]
    assert last.sessions == first.sessions
    assert last.temporary == first.temporary
    assert {name: number - first.files[name] for name, number in last.files.items() if number > first.files[name] + 2} == {}
    if cells.everything:
        grown = {name: growth([one.memory[name] for one in seen]) for name in first.memory}
        assert {name: size for name, size in grown.items() if size > GROWTH} == {}, [one.memory for one in seen]
        for _number in range(count):
            cells.note("soak", "converges in a row by modules", alias, bad_replies.SURVIVED)
        for _number in range(PLAYBOOKS):
            cells.note("soak", "converges in a row by ansible-playbook", alias, bad_replies.SURVIVED)


def converge(calls: list[tuple[str, Json]]) -> bool:
    """Call the modules one after the other; whether any of them changed something."""
    changed = False
    for name, options in calls:
        main = importlib.import_module(f"{PACKAGE}.{name}").main
        result = run_inline(main, Inline(f"calligo.baas.{name}", options, False, True, lambda text: None))
        assert not result.get("failed"), result
        changed = changed or result["changed"]
    return changed


def _playbooks(sandbox: Sandbox, folder: Path, alias: str) -> None:
    """Converges as people run them, which leave nothing in Ansible's temporary directory, and no session."""
    inventory = ("-i", str(many_tenants.inventory(folder, 1)), *SEED, "--limit", alias, "-e", "tenant_onboarding_acceptance=false")
    for _number in range(PLAYBOOKS):
        run = run_playbook(sandbox, "tenant_onboard", *inventory)
        assert run.status == 0, run.output
    assert list((sandbox.state_dir / "ansible-home" / "tmp").iterdir()) == []
