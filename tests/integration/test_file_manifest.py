# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The regular manifest run: after it, whatever was backed up can be compared. The tests build on each other."""

from __future__ import annotations

import json
import os
import typing as t

import pytest

from ansible_collections.calligo.baas.tests.support.modules import Modules
from ansible_collections.calligo.baas.tests.support.playbooks import Run, evidence_dir, run_playbook
from commvaultsim.sandbox import Sandbox

COMPANY = "Boréal Îles Ltd"
SUBCLIENT = {"client": "boreal-fs01", "name": "îles"}


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Modules]:
    with Sandbox(tmp_path_factory.mktemp("manifests"), job_seconds=0.5) as sandbox:
        run = run_playbook(sandbox, "tenant_onboard", "--limit", "boreal", "-e", "tenant_onboarding_acceptance=false")
        assert run.status == 0, run.output
        yield Modules(sandbox)


def manifest_run(modules: Modules, *options: str) -> Run:
    run = run_playbook(modules.sandbox, "file_manifest", "--limit", "boreal", *options)
    assert run.status == 0, run.output
    return run


def change(modules: Modules, text: str) -> None:
    """A file changes after all backups so far, by the clock of the simulator."""
    file = modules.sandbox.state_dir / "drives" / "boreal-fs01" / "D" / "Legal" / "Minutes 2026-11.docx"
    file.write_text(text, encoding="utf-8")
    now = int(modules.sandbox.control("GET", "/clock")["now"])
    os.utime(file, (now + 5, now + 5))
    modules.sandbox.control("POST", "/clock", {"advance": 20})


def backups(modules: Modules) -> list[dict[str, t.Any]]:
    options = {"company": COMPANY, "client": SUBCLIENT["client"], "subclient": SUBCLIENT["name"], "types": ["backup"]}
    jobs: list[dict[str, t.Any]] = modules("commvault_job_info", options)["jobs"]
    return jobs


def recorded(modules: Modules) -> dict[int, list[str]]:
    """The paths in each manifest, by its backup job."""
    found = [json.loads(file.read_text(encoding="utf-8")) for file in (evidence_dir(modules.sandbox) / "manifests").rglob("files-*.json")]
    return {row["backup_job"]: [entry["path"] for entry in row["entries"]] for row in found}


def test_where_all_is_known_nothing_is_done(modules: Modules) -> None:
    assert manifest_run(modules).counts("changed") == {"boreal": 0}
    assert len(backups(modules)) == len(recorded(modules)) == 1


def test_in_check_mode_a_change_is_told_and_nothing_written(modules: Modules) -> None:
    change(modules, "first")
    modules.sandbox.control("DELETE", "/journal")
    run = manifest_run(modules, "--check")
    assert run.counts("changed")["boreal"] > 0
    assert not [row for row in modules.sandbox.control("GET", "/journal")["requests"] if row["writes"]]
    assert len(recorded(modules)) == 1


def test_a_change_is_backed_up_with_a_manifest(modules: Modules) -> None:
    manifest_run(modules)
    newest = backups(modules)[0]
    assert (newest["level"], newest["outcome"]) == ("Incremental", "success")
    assert "D:\\Legal\\Minutes 2026-11.docx" in recorded(modules)[newest["id"]]
    assert manifest_run(modules).counts("changed") == {"boreal": 0}


def test_what_a_schedule_backed_up_is_recorded_without_a_backup(modules: Modules) -> None:
    change(modules, "second, longer")
    modules("commvault_backup", {"company": COMPANY, "subclients": [SUBCLIENT], "level": "incremental", "wait_timeout": 60})
    jobs = backups(modules)
    manifest_run(modules)
    assert backups(modules) == jobs
    assert jobs[0]["id"] in recorded(modules)
    assert manifest_run(modules).counts("changed") == {"boreal": 0}


def test_a_backup_with_errors_is_no_good_end_and_is_made_again(modules: Modules) -> None:
    change(modules, "third, longer still")
    modules.sandbox.control("POST", "/faults", {"name": "file_unreadable", "path": "Minutes 2026-11"})
    failed = run_playbook(modules.sandbox, "file_manifest", "--limit", "boreal")
    modules.sandbox.control("DELETE", "/faults")
    assert failed.status != 0
    assert backups(modules)[0]["outcome"] == "partial"
    assert "Not every backup of changed files has succeeded" in failed.output and "boreal-fs01, îles: job" in failed.output
    run = manifest_run(modules)
    assert (backups(modules)[0]["outcome"], run.counts("changed")["boreal"] > 0) == ("success", True)
    assert manifest_run(modules).counts("changed") == {"boreal": 0}
