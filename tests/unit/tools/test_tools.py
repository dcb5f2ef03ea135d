# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pure parts of tools/."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ansible_collections.calligo.baas.tests.support.collection import ROOT


@pytest.fixture(autouse=True)
def tools_on_path(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))


def test_recap_is_read_from_the_end_of_a_run():
    from playbook_runs import Recap

    recap = Recap.read(
        "PLAY RECAP ****\n"
        "acme                       : ok=40   changed=8    unreachable=0    failed=0    skipped=1\n"
        "cafe_mueller               : ok=39   changed=0    unreachable=0    failed=0    skipped=2\n"
    )
    assert (list(recap.hosts), recap.total("changed"), recap.total("skipped")) == (["acme", "cafe_mueller"], 8, 3)


def test_printed_line_can_be_copied():
    from playbook_runs import PlaybookRun

    run = PlaybookRun("tenant_onboard", ("--limit", "acme"), ROOT / ".build" / "box with spaces")
    playbook = ".build/venv/bin/ansible-playbook -i inventories/demo playbooks/tenant_onboard.yml"
    assert run.line == f"BAAS_SANDBOX_DIR='.build/box with spaces' {playbook} --limit acme"
    assert PlaybookRun("restore_test").line == ".build/venv/bin/ansible-playbook -i inventories/demo playbooks/restore_test.yml"


def test_durations_read_well():
    from console import duration

    assert [duration(seconds) for seconds in (0.04, 59.94, 60, 125.6)] == ["0.0 s", "59.9 s", "1 min 00 s", "2 min 06 s"]


def test_failed_command_names_its_log_and_shows_its_end(tmp_path):
    from console import CommandError, run_logged

    with pytest.raises(CommandError, match=r"status 3(.|\n)*no such thing(.|\n)*log: .*one\.log"):
        run_logged([sys.executable, "-c", "print('no such thing'); raise SystemExit(3)"], tmp_path / "one.log")


def test_pip_of_the_installed_ansible_test_is_found():
    from pip_bootstrap import wanted_versions

    versions = wanted_versions()
    assert versions and all(version[0].isdigit() for version in versions)


def test_descendants_are_listed():
    from console import descendants

    script = "import subprocess, sys; child = subprocess.Popen(['sleep', '30']); print(child.pid, flush=True); child.wait()"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        child = int(parent.stdout.readline())
        below = descendants(parent.pid)
        subprocess.run(["kill", str(child)], check=True)
    assert below == [child]
