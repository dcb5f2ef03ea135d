# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox itself: what it leaves on the disk, who may reach it, and that it stops what it started and nothing else."""

from __future__ import annotations

import json
import ssl
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from commvaultsim.sandbox import Sandbox, SandboxError
from commvaultsim.sandbox.processes import Service, identity

PROGRAM = Path(sys.executable).with_name("commvaultsim")


def pids(sandbox):
    return [json.loads(file.read_text(encoding="utf-8"))["pid"] for file in (sandbox.state_dir / "pids").glob("*.pid")]


def command(folder, action):
    return subprocess.run([PROGRAM, action, "--dir", folder], capture_output=True, text=True, check=False, timeout=60)


def test_secrets_are_private_and_new_each_time(fresh_sandbox):
    first = fresh_sandbox.password("commvault"), fresh_sandbox.password("vcenter")
    for file in (*(fresh_sandbox.state_dir / "secrets").iterdir(), fresh_sandbox.state_dir / "tls" / "server.key"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    fresh_sandbox.start()
    assert not {fresh_sandbox.password("commvault"), fresh_sandbox.password("vcenter")} & set(first)


def test_secrets_stand_in_no_command_line_and_no_log(fresh_sandbox):
    shown = subprocess.run(["ps", "-A", "-o", "args="], capture_output=True, text=True, check=True).stdout
    shown += "".join(file.read_text(encoding="utf-8") for file in (fresh_sandbox.state_dir / "logs").iterdir())
    assert fresh_sandbox.password("commvault") not in shown and fresh_sandbox.password("vcenter") not in shown


def test_certificate_is_trusted_through_its_own_authority_only(sandbox):
    url = f"{sandbox.commvault_url}/_sim/health"
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(url, context=ssl.create_default_context())
    assert sandbox.control("GET", "/health")


def test_stop_ends_every_process(tmp_path):
    with Sandbox(tmp_path) as sandbox:
        running = pids(sandbox)
        assert len(running) == 1 + len(sandbox.endpoints["vcenters"])
        assert all(identity(pid) for pid in running)
    assert not any(identity(pid) for pid in running)
    assert not pids(sandbox)
    with pytest.raises(SandboxError, match="No sandbox is up"):
        sandbox.control("GET", "/health")


def test_a_failed_start_leaves_nothing_running(tmp_path):
    scenario = tmp_path / "scenario.yml"
    scenario.write_text("vcenters: [{name: vc-odd, datacenter: X, cluster: Y, hosts: [], datastores: 7}]\n", encoding="utf-8")
    sandbox = Sandbox(tmp_path / "state", scenario)
    with pytest.raises(SandboxError, match="log: "):
        sandbox.start()
    assert not pids(sandbox)


def test_a_directory_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "mine").write_text("keep", encoding="utf-8")
    with pytest.raises(SandboxError, match="neither empty nor"):
        Sandbox(tmp_path).start()
    assert (tmp_path / "secrets" / "mine").read_text(encoding="utf-8") == "keep"


def test_a_process_that_took_over_the_number_is_left_alone(tmp_path):
    with subprocess.Popen(["sleep", "60"]) as other:
        service = Service(tmp_path, "someone")
        service.pid_file.parent.mkdir()
        service.pid_file.write_text(json.dumps({"pid": other.pid, "identity": "an earlier start"}), encoding="utf-8")
        assert service.stop() is False
        assert other.poll() is None
        other.kill()


def test_command_line_up_again_status_down(tmp_path):
    folder = str(tmp_path / "box with spaces")
    assert command(folder, "status").returncode == 3
    first = command(folder, "up")
    assert first.returncode == 0, first.stderr
    assert command(folder, "up").stdout == first.stdout, "the second one finds it up and leaves it"
    assert command(folder, "status").stdout == first.stdout
    assert command(folder, "down").returncode == 0
    assert command(folder, "status").returncode == 3
