# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A restore test whose restores have a bad day: it fails, its evidence names each job, and the next one ends what it left.

All of it is in make faults; of make test, tests/integration/test_playbooks.py has a restore that hangs, and one that fails.
"""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.calligo.baas.tests.faults.conftest import Cells
from ansible_collections.calligo.baas.tests.faults.interrupting import small_platform
from ansible_collections.calligo.baas.tests.faults.test_jobs_on_a_bad_day import BAD_DAYS
from ansible_collections.calligo.baas.tests.support import bad_replies
from ansible_collections.calligo.baas.tests.support.interruptions import CASES, Clean, Platform
from ansible_collections.calligo.baas.tests.support.playbooks import evidence_dir

Json = dict[str, t.Any]
CASE = CASES["restore_test"]
#: The others differ in what the module says, which test_jobs_on_a_bad_day.py has.
DAYS = ("hangs", "vanishes from the list", "ends partly", "is killed", "is suspended", "ends in an unknown word")
SHORT = ("-e", "restore_test_restore_timeout=4", "-e", "restore_test_cleanup_timeout=10")


@pytest.fixture(scope="module")
def tested(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[tuple[Platform, Clean]]:
    """An onboarded tenant, and a restore test on a good day."""
    with small_platform(tmp_path_factory.mktemp("restores")) as platform:
        platform.clean(CASES["tenant_onboard"])
        platform.keep("onboarded")
        yield platform, platform.clean(CASE)


@pytest.mark.parametrize("day", DAYS)
def test_its_evidence_says_what_became_of_each_job(request: pytest.FixtureRequest, cells: Cells, day: str) -> None:
    if not cells.everything:
        pytest.skip("make faults has it")
    platform, clean = request.getfixturevalue("tested")
    platform.bring_back("onboarded")
    before = _restores(platform)
    platform.sandbox.control("POST", "/faults", {**BAD_DAYS[day].fault, "match": "Restore"})
    run, _writes = platform.run(CASE.playbook, *CASE.options, *SHORT)
    platform.sandbox.control("DELETE", "/faults")
    made = [number for number in _restores(platform) if number not in before]
    (file,) = evidence_dir(platform.sandbox).rglob("restore_tests/**/*.json")
    record = json.loads(file.read_text(encoding="utf-8"))
    assert run.status != 0 and record["result"] != "passed", run.output
    assert "Traceback" not in run.output
    assert len(made) == clean.restores, "each is started once"
    for sample, number in zip(record["samples"], made, strict=True):
        assert str(number) in sample["test"]["error"], sample
    again, _writes = platform.run(CASE.playbook, *CASE.options)
    assert again.status == 0, again.output
    assert platform.facts()["vcenter"] == clean.facts["vcenter"] and platform.facts()["running"] == []
    cells.note("job", "restore_test", f"a job that {day}", bad_replies.REFUSED)


def _restores(platform: Platform) -> list[int]:
    return sorted(job["id"] for job in platform.sandbox.control("GET", "/state")["jobs"] if job["operation"].startswith("Restore"))
