# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of playbooks at once: of many tenants, each its own; and two of one tenant, which come one after the other or are refused clearly.

What there is in the end is what the same runs leave one after the other: no object twice, each backup started once, all evidence whole.
All of it is in make faults, since each run takes seconds of processor time. The sample of make test are the modules that a converge calls,
at once, in test_modules_at_once.py.
"""

from __future__ import annotations

import concurrent.futures
import re
import typing as t

import pytest

from ansible_collections.calligo.baas.tests.faults.conftest import Cells
from ansible_collections.calligo.baas.tests.faults.interrupting import small_platform
from ansible_collections.calligo.baas.tests.support import bad_replies, many_tenants, playbooks, small_world
from ansible_collections.calligo.baas.tests.support.interruptions import CASES, JOB_SECONDS, SEED, Case, Platform
from ansible_collections.calligo.baas.tests.support.playbooks import Run, run_playbook
from commvaultsim.sandbox import Sandbox

Json = dict[str, t.Any]
MANY = 20
SLOW = 1800.0  # seconds that a run may take where twenty share two cores


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playbooks, "TIMEOUT", SLOW)


def at_once(sandbox: Sandbox, runs: t.Sequence[tuple[str, ...]]) -> list[Run]:
    """Run playbooks beside each other. runs: of each the playbook and its options."""
    with concurrent.futures.ThreadPoolExecutor(len(runs)) as pool:
        return list(pool.map(lambda run: run_playbook(sandbox, *run), runs))


def test_many_tenants_at_once(tmp_path_factory: pytest.TempPathFactory, cells: Cells) -> None:
    if not cells.everything:
        pytest.skip("make faults has it")
    folder, aliases = tmp_path_factory.mktemp("many"), many_tenants.names(MANY)
    options = ("-i", str(many_tenants.inventory(folder, MANY)), *SEED, "-e", "tenant_onboarding_acceptance=false")
    together = (*options, "--limit", ",".join(aliases), "--forks", "1")
    with Sandbox(folder / "sandbox", many_tenants.scenario(folder, MANY), job_seconds=JOB_SECONDS) as sandbox:
        platform = Platform(sandbox)
        runs = at_once(sandbox, [("tenant_onboard", *options, "--limit", alias) for alias in aliases])
        assert [run.output for run in runs if run.status] == []
        found = platform.facts()
        assert found["running"] == [] and len(found["backups"]) == 2 * MANY
        again = run_playbook(sandbox, "tenant_onboard", *together)
        assert again.status == 0 and not any(again.counts("changed").values()), again.output
        platform.bring_back("empty")
        serial = run_playbook(sandbox, "tenant_onboard", *together)
        assert serial.status == 0, serial.output
        wrong = platform.differences(found)
        assert not wrong, "\n".join(wrong)
    for alias in aliases:
        cells.note("at once", f"{MANY} converges, each of a tenant of its own", alias, bad_replies.SURVIVED)


#: Two runs of one tenant. Where both ask for the same, the end is that of one run; else that of one after the other, in either order.
PAIRS: dict[str, tuple[Case, Case]] = {
    **{f"{name}, twice": (CASES[name],) * 2 for name in ("tenant_onboard", "restore_test", "file_manifest", "tenant_offboard, removed")},
    "an onboarding and a restore test": (CASES["tenant_onboard"], CASES["restore_test"]),
    "an onboarding and an offboarding": (CASES["tenant_onboard"], CASES["tenant_offboard, backups stopped"]),
}
#: What no refusal says, but a mishap does.
MISHAP = re.compile(r"Traceback|Unexpected failure|MODULE FAILURE|has no attribute|object of type")


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Platform]:
    with small_platform(tmp_path_factory.mktemp("pairs")) as world:
        world.clean(CASES["tenant_onboard"])
        world.keep("onboarded")
        yield world


@pytest.mark.parametrize("name", PAIRS)
def test_two_runs_of_one_tenant_at_once(request: pytest.FixtureRequest, cells: Cells, name: str) -> None:
    if not cells.everything:
        pytest.skip("make faults has it")
    platform: Platform = request.getfixturevalue("platform")
    first, second = PAIRS[name]
    wanted = [platform.clean(first).facts] if first is second else [after(platform, order) for order in (PAIRS[name], PAIRS[name][::-1])]
    begin(platform, PAIRS[name])
    runs = at_once(platform.sandbox, [(case.playbook, *small_world.OPTIONS, *SEED, *case.options) for case in PAIRS[name]])
    assert [run.output for run in runs if MISHAP.search(run.output)] == []
    refused = [case for case, run in zip(PAIRS[name], runs, strict=True) if run.status]
    for case in refused:  # it has left nothing that is in the way of the next
        later, _writes = platform.run(case.playbook, *case.options)
        assert later.status == 0, later.output
    backups = [facts.pop("backups") for facts in wanted]
    found = platform.facts()
    made = found.pop("backups")
    wrong = [platform.differences({**facts, "backups": made}) for facts in wanted]
    assert found in wanted, "\n".join([*wrong[0], *(run.output[-1500:] for run in runs)])
    # Both may have seen that there is no backup before either started one: the server lets the second one follow the first.
    assert any(set(once) <= set(made) and len(made) <= 2 * len(once) for once in backups), made
    cells.note("at once", name, "one tenant", bad_replies.REFUSED if refused else bad_replies.SURVIVED)


def begin(platform: Platform, cases: tuple[Case, Case]) -> None:
    """Bring back the state from which two runs start."""
    platform.bring_back(cases[0].start if cases[0] is cases[1] else "onboarded")
    cases[0].prepare(platform)


def after(platform: Platform, cases: tuple[Case, Case]) -> Json:
    """What there is after two runs, one after the other."""
    begin(platform, cases)
    for case in cases:
        run, _writes = platform.run(case.playbook, *case.options)
        assert run.status == 0, run.output
    return platform.facts()
