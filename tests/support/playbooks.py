# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the shipped playbooks with ansible-playbook and the demo's inventory against a sandbox, as people do."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

from ansible_collections.calligo.baas.tests.support import vcsim

if t.TYPE_CHECKING:
    from commvaultsim.sandbox import Sandbox

CHECKOUT = Path(__file__).resolve().parents[2]
RECAP = re.compile(r"^(?P<host>\S+)\s+: (?P<counts>ok=\d+ .*)$", re.MULTILINE)
CALLBACKS = CHECKOUT / "tests" / "golden" / "callback_plugins"
TIMEOUT = 300.0  # seconds


@dataclasses.dataclass(frozen=True)
class Run:
    """The outcome of ansible-playbook."""

    status: int
    output: str

    def counts(self, name: str) -> dict[str, int]:
        """One count of the recap by host, for instance ``changed``."""
        pattern = re.compile(rf"\b{name}=(\d+)")
        found = {recap["host"]: pattern.search(recap["counts"]) for recap in RECAP.finditer(self.output)}
        return {host: int(count[1]) for host, count in found.items() if count}


def run_playbook(
    sandbox: Sandbox,
    playbook: str,
    *options: str,
    results: Path | None = None,
    home: Path = CHECKOUT,
    config: Path = CHECKOUT / "ansible.cfg",
) -> Run:
    """Run one of playbooks/, or another by its whole path, with the demo's inventory; its evidence goes to the sandbox's state directory.

    :param results: a file for the results of the modules of this collection, a line of JSON each.
    :param home: where the collection is.
    :param config: Ansible's configuration.
    """
    done = subprocess.run(**_process(sandbox, playbook, options, results, home, config), timeout=TIMEOUT, check=False)
    return Run(done.returncode, done.stdout)


def kill_playbook(sandbox: Sandbox, playbook: str, *options: str, when: t.Callable[[], bool]) -> None:
    """Run a playbook and kill all of its processes at once, with no chance to clean up, as soon as something is so."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(**{**_process(sandbox, playbook, options), "stdout": said})
        try:
            until = time.monotonic() + TIMEOUT
            while not when():
                if process.poll() is not None or time.monotonic() > until:
                    said.seek(0)
                    raise AssertionError(f"it ended before that was so\n{said.read().decode(errors='replace')[-3000:]}")
                time.sleep(0.02)
        finally:
            _kill_tree(process.pid)
            process.wait()


def _kill_tree(root: int) -> None:
    """Kill a process and all below it. Ansible's workers are in sessions of their own, which a signal to a group does not reach."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(root, signal.SIGSTOP)  # it forks no more
    shown = subprocess.run(["ps", "-Ao", "pid=,ppid="], stdout=subprocess.PIPE, check=True, text=True).stdout
    parents = [line.split() for line in shown.splitlines()]
    tree = [str(root)]
    for found in tree:
        tree += [pid for pid, parent in parents if parent == found]
    for pid in tree:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)


def _process(
    sandbox: Sandbox,
    playbook: str,
    options: t.Iterable[str],
    results: Path | None = None,
    home: Path = CHECKOUT,
    config: Path = CHECKOUT / "ansible.cfg",
) -> dict[str, t.Any]:
    """The arguments with which a run of ansible-playbook begins."""
    command = [
        str(Path(sys.executable).parent / "ansible-playbook"),
        "-i",
        "inventories/demo",
        str(Path("playbooks", f"{playbook}.yml")),
        *options,
    ]
    env = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "ANSIBLE_CONFIG": str(config),
        "ANSIBLE_HOME": str(sandbox.state_dir / "ansible-home"),
        "ANSIBLE_NOCOLOR": "1",
        "BAAS_SANDBOX_DIR": str(sandbox.state_dir),
        "BAAS_EVIDENCE_DIR": str(evidence_dir(sandbox)),
    }
    if results:
        env |= {"ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS), "ANSIBLE_CALLBACKS_ENABLED": "results", "BAAS_RESULTS": str(results)}
    return {"args": command, "cwd": home, "env": env, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}


def evidence_dir(sandbox: Sandbox) -> Path:
    """Where manifests, records and evidence of a run go."""
    return sandbox.state_dir / "evidence"


def refuse(sandbox: Sandbox, *calls: str) -> None:
    """Calls of the sandbox's first vCenter that are refused from now on; none of them: all are answered again."""
    vcenter_control(sandbox, "PUT", "calls", calls)


def tell(sandbox: Sandbox, objects: t.Mapping[str, t.Any] | None = None) -> None:
    """What the sandbox's first vCenter tells of objects, by name, from now on, instead of the truth; of all others it is that."""
    vcenter_control(sandbox, "PUT", "answers", objects or {})


def vcenter_control(sandbox: Sandbox, method: str, name: str, body: t.Any = None) -> t.Any:
    """Call one of the switches of the sandbox's first vCenter (simulators/vcenter/README.md)."""
    vcenter = {**sandbox.endpoints["vcenters"]["vc-lux"], "ca_path": sandbox.ca_path}
    return json.loads(vcsim.request(vcenter, method, name, None if body is None else json.dumps(body).encode()) or b"null")
