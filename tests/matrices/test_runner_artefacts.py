# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-runner keeps of a run (as AWX and the like do) holds no secret, whatever failed: output, events, facts, status, command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.calligo.baas.tests.matrices import test_secrets
from ansible_collections.calligo.baas.tests.matrices.matrix import CHECKOUT, Counts, cells
from ansible_collections.calligo.baas.tests.matrices.test_secrets import CANARY, KINDS, Echo, leaks

Json = dict[str, t.Any]
echo = test_secrets.echo  # a fixture
CHOSEN = cells(list(KINDS), 2)
#: What the run was given, where its secrets are. All else in the directory was written by the run.
GIVEN = "env"


@pytest.fixture(scope="module")
def counts() -> t.Iterator[Counts]:
    counted = Counts("runner")
    yield counted
    counted.keep()


def test_no_artefact_holds_a_secret(echo: str, counts: Counts, tmp_path: Path) -> None:
    secret = CANARY.format(place="runner")
    Echo.secrets = (secret,)
    tasks = [task for kind in CHOSEN for task in _tasks(echo, list(KINDS).index(kind), kind)]
    keep = {"name": "Keep", "ansible.builtin.set_fact": {"told": "{{ told }}", "cacheable": True}}
    last = {**_tasks(echo, list(KINDS).index("403"), "the last one, which ends the run")[0], "ignore_errors": False}
    _write(tmp_path, [{"hosts": "localhost", "gather_facts": False, "tasks": [*tasks, keep, last]}], {"canary": secret})
    command = [sys.executable, "-m", "ansible_runner", "run", str(tmp_path), "-p", "play.yml", "-i", "run", "-vvvvv"]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    done = subprocess.run(command, cwd=CHECKOUT, env=env, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode != 0 and "the last one, which ends the run" in done.stdout, done.stdout + done.stderr
    written = {
        str(file.relative_to(tmp_path)): file.read_text(encoding="utf-8", errors="replace")
        for file in tmp_path.rglob("*")
        if file.is_file() and file.relative_to(tmp_path).parts[0] != GIVEN
    }
    events = [json.loads(text) for name, text in written.items() if "job_events" in name and name.endswith(".json")]
    failed = [one for one in events if one["event"] == "runner_on_failed"]
    assert len(failed) == len(tasks) + 1, "each error is among the artefacts"
    assert any("fact_cache" in name and "told" in text for name, text in written.items())
    assert any(name.endswith("stdout") for name in written)
    found = {name: leaks(text, [secret]) for name, text in {**written, "output": done.stdout, "errors": done.stderr}.items()}
    assert {name: forms for name, forms in found.items() if forms} == {}
    for kind in CHOSEN:
        counts.add(kind, "no secret", 2)


def _tasks(echo: str, number: int, kind: str) -> list[Json]:
    """Two tasks that fail in a way: one is asked in Ansible's process, and one is sent and has a secret of its own."""
    account = {"host": echo, "allow_http": True, "username": "u", "password": "{{ canary }}", "read_timeout": 5}
    asked = {"calligo.baas.commvault_company_info": {**account, "api_base_path": f"/{number}/login"}}
    login = {"name": "c", "account_type": "windows", "account": "u", "account_password": "{{ canary }}"}
    sent = {"calligo.baas.commvault_credential": {**account, **login, "api_base_path": f"/{number}/after"}, "environment": {"SENT": "1"}}
    # What is repeated takes long.
    rest = {"ignore_errors": True, "timeout": 2 if kind.startswith(("502", "200")) else 0, "register": "told"}
    return [{"name": f"{kind}, {way}", **task, **rest} for way, task in (("in the process", asked), ("sent", sent))]


def _write(folder: Path, play: list[Json], variables: Json) -> None:
    """The private data directory that a run begins with."""
    settings = {"fact_cache_type": "jsonfile", "suppress_ansible_output": False}
    content: dict[str, t.Any] = {
        "project/play.yml": play,
        "inventory/hosts": {
            "all": {"hosts": {"localhost": {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}}}
        },
        "env/extravars": variables,
        "env/settings": settings,
        "env/envvars": {"ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"), "ANSIBLE_HOME": str(folder / "home"), "TMPDIR": str(folder)},
    }
    for name, text in content.items():
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(yaml.safe_dump(text), encoding="utf-8")
