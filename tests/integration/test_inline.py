# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules in Ansible's worker process: the same results, checks and warnings as where a module is sent to its host."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from ansible_collections.calligo.baas.tests.support.modules import commvault_options, vcenter_options

CHECKOUT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
Json = dict[str, t.Any]


@pytest.fixture
def play(tmp_path, sandbox):
    """Runs tasks on a host that is this machine, and gives the result of each by its register."""
    options = {**commvault_options(sandbox), "evidence": str(tmp_path / "evidence")}

    def run(*tasks: Json, variables: Json | None = None, options_of_play: Json | None = None, arguments: tuple[str, ...] = ()) -> Json:
        names = [task["register"] for task in tasks]
        show: Json = {"name": "Show", "ansible.builtin.copy": {"dest": str(tmp_path / "out.json"), "content": "{{ results | to_json }}"}}
        show |= {"vars": {"results": {name: "{{ " + name + " }}" for name in names}}, "check_mode": False}
        defaults = {"group/calligo.baas.commvault": {name: "{{ " + name + " }}" for name in ("host", "username", "password", "ca_path")}}
        head: Json = {"hosts": "all", "gather_facts": False, "module_defaults": defaults, **(options_of_play or {})}
        (tmp_path / "play.yml").write_text(json.dumps([{**head, "tasks": [*tasks, show]}]), encoding="utf-8")
        known = {
            "ansible_connection": "local",
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            **options,
            **(variables or {}),
        }
        (tmp_path / "hosts.yml").write_text(json.dumps({"all": {"hosts": {"here": known}}}), encoding="utf-8")
        command = [str(BIN / "ansible-playbook"), "-i", str(tmp_path / "hosts.yml"), str(tmp_path / "play.yml"), "-vvv", *arguments]
        env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        env |= {"ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"), "ANSIBLE_HOME": str(tmp_path / "home"), "ANSIBLE_NOCOLOR": "1"}
        env["ANSIBLE_ASYNC_DIR"] = str(tmp_path / "async")
        done = subprocess.run(command, cwd=CHECKOUT, env=env, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        output = done.stdout + done.stderr
        # Ansible says what it sends, if it is asked to say so much.
        sent = any(f"AnsiballZ_{product}_" in output for product in ("commvault", "vcenter", "evidence"))
        return {**json.loads((tmp_path / "out.json").read_text(encoding="utf-8")), "output": output, "sent": sent}

    return run


def task(module: str, options: Json, **more: t.Any) -> Json:
    return {"name": "Run the module", f"calligo.baas.{module}": options, "register": "result", "failed_when": False, **more}


def both(play: t.Callable[..., Json], module: str, options: Json, **more: t.Any) -> tuple[Json, Json]:
    """The result of the same task in the worker and, because it has an environment, sent to its host."""
    inline = play(task(module, options, **more))
    sent = play(task(module, options, **more, environment={"SOME": "thing"}))
    assert not inline["sent"] and sent["sent"]
    results = [{name: value for name, value in run["result"].items() if "exception" not in name} for run in (inline, sent)]
    return results[0], results[1]


def test_a_read_is_the_same(play):
    inline, sent = both(play, "commvault_infrastructure_info", {"storage_pools": ["lux-pool-01"], "servers": ["lux-restore-01", "none"]})
    assert inline == sent and inline["infrastructure"]["storage_pools"][0]["exists"] and inline["changed"] is False


def test_what_is_wrong_with_the_options_is_said(play):
    wrong = ({"servers": ["x"], "storage_pool": "x"}, {"servers": {"a": 1}}, {"company": "x", "company_id": 3}, {"parallel": 99})
    tasks = [task("commvault_infrastructure_info", options, register=f"result{number}") for number, options in enumerate(wrong)]
    inline, sent = play(*tasks), play(*({**one, "environment": {"SOME": "thing"}} for one in tasks))
    assert not inline["sent"] and sent["sent"]
    for one in tasks:
        assert inline[one["register"]]["msg"] == sent[one["register"]]["msg"]


def test_errors_are_the_same_and_hold_no_secret(play, sandbox):
    options = {"vm_groups": [{"name": "none", "hypervisor": "none"}]}
    inline, sent = both(play, "commvault_backup", options)
    assert inline == sent and inline["error"]["kind"] == "NotFound"
    refused, _sent = both(play, "commvault_backup", {**options, "password": "wrong Ü"})
    assert "refused the login" in refused["msg"] and "wrong Ü" not in json.dumps(refused, ensure_ascii=False)


def test_check_mode_the_diff_and_warnings(play):
    options = {"subclients": [{"client": "none-there", "name": "x", "content": ["D:\\"]}]}
    inline = play(task("commvault_subclient", options), arguments=("--check", "--diff"))
    assert inline["result"]["changed"] and inline["result"]["diff"][0]["after"]["name"] == "x"
    assert any("none-there" in str(text) for text in inline["result"]["warnings"]) and "none-there" in inline["output"]
    assert "diff" not in play(task("commvault_subclient", options), arguments=("--check",))["result"]


def test_secrets_from_a_vault_and_facts(play, tmp_path, sandbox):
    (tmp_path / "vault").write_text("open sesame", encoding="utf-8")
    command = [str(BIN / "ansible-vault"), "encrypt_string", "--vault-password-file", str(tmp_path / "vault"), sandbox.password("vcenter")]
    env = {**os.environ, "ANSIBLE_HOME": str(tmp_path / "home")}
    secret = subprocess.run(command, capture_output=True, text=True, check=True, env=env).stdout
    (tmp_path / "secret.yml").write_text(f"vcenter_secret: {secret}", encoding="utf-8")
    options = {**vcenter_options(sandbox, "vc-lux"), "folder": "Tenants/Acme Sàrl", "password": "{{ vcenter_secret }}"}
    arguments = ("-e", f"@{tmp_path / 'secret.yml'}", "--vault-password-file", str(tmp_path / "vault"))
    facts = {"name": "Look at the facts", "ansible.builtin.debug": {"var": "vcenter_vms"}, "register": "seen"}
    found = play(task("vcenter_vm_facts", options), facts, arguments=arguments)
    assert not found["sent"] and found["result"]["ansible_facts"]["vcenter_vms"] == found["seen"]["vcenter_vms"]


def test_where_it_would_not_be_the_same_the_module_is_sent(play, tmp_path):
    other = tmp_path / "python"
    other.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    other.chmod(0o755)
    options = {"servers": ["lux-restore-01"]}
    for more in ({"environment": {"A": "b"}}, {"async": 60, "poll": 1}, {"vars": {"ansible_python_interpreter": str(other)}}):
        found = play(task("commvault_infrastructure_info", options, **more))
        assert found["sent"], more
        # Ansible's wrapper for tasks in the background takes the interpreter's path apart at spaces.
        if "async" not in more or " " not in sys.executable:
            assert found["result"]["infrastructure"]["servers"][0]["exists"], more


def test_records_are_written_once(play, tmp_path):
    record = {"tenant": "Société Ü", "jobs": [1, 2]}
    wanted = {
        "directory": "{{ evidence }}/manifests/x",
        "files": [{"name": "a.json", "content": record}, {"name": "b.json", "content": {}}],
    }
    checked = play(task("evidence_files", wanted), arguments=("--check",))["result"]
    assert checked["changed"] and not (tmp_path / "evidence").exists()
    first, again = (play(task("evidence_files", wanted))["result"] for _run in range(2))
    assert first["changed"] and not again["changed"] and [file["changed"] for file in again["files"]] == [False, False]
    path = tmp_path / "evidence" / "manifests" / "x" / "a.json"
    assert json.loads(path.read_text(encoding="utf-8")) == record and path.stat().st_mode & 0o777 == 0o640
    names = {"above": "../a.json", "up": "..", "empty": "", "below": "a/b"}
    wrong = {key: {"directory": "{{ evidence }}", "files": [{"name": name, "content": {}}]} for key, name in names.items()}
    refused = play(*(task("evidence_files", options, register=key) for key, options in wrong.items()))
    assert all("no name" in refused[key]["msg"] for key in wrong)


def test_a_seal_names_what_no_seal_before_it_names(play, tmp_path):
    options = {"directory": "{{ evidence }}", "files": [{"name": "a.json", "content": {}}], "seal": "1.sha256"}
    later = {**options, "files": [{"name": "b.html", "text": "b"}], "seal": "2.sha256"}
    steps = {
        "first": options,
        "again": options,
        "later": later,
        "nothing": {**options, "seal": "3.sha256"},
        "wrong": {**options, "seal": "3.txt"},
    }
    found = play(*(task("evidence_files", wanted, register=key) for key, wanted in steps.items()))
    assert [found[key]["changed"] for key in ("first", "again", "later")] == [True, False, True]
    assert "no name of a seal" in found["wrong"]["msg"]
    files = {path.name: path.read_bytes() for path in (tmp_path / "evidence").iterdir()}
    sums = {name: [line.split("  ") for line in files[name].decode().splitlines()] for name in files if name.endswith(".sha256")}
    named = {seal: [name for _sum, name in lines] for seal, lines in sums.items()}
    assert named == {"1.sha256": ["a.json"], "2.sha256": ["1.sha256", "b.html"], "3.sha256": ["2.sha256"]}
    assert all(hashlib.sha256(files[name]).hexdigest() == known for lines in sums.values() for known, name in lines)


def test_evidence_goes_through_no_symbolic_link_and_holds_text_alone(play, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "target").write_text("a neighbour's", encoding="utf-8")
    (tmp_path / "evidence" / "page.html").symlink_to(tmp_path / "target")
    files = [{"name": "page.html", "text": "<p>a\u0000b\u001b</p>"}, {"name": "log.jsonl", "lines": [{"a": 1}, {"b": "\u0000"}]}]
    through = {"directory": "{{ evidence }}/link/deeper", "files": files}
    found = play(
        task("evidence_files", through, register="refused"),
        task("evidence_files", {"directory": "{{ evidence }}", "files": files}, register="written"),
    )
    assert "leads through a symbolic link" in found["refused"]["msg"] and list((tmp_path / "elsewhere").iterdir()) == []
    assert found["written"]["changed"] and (tmp_path / "target").read_text(encoding="utf-8") == "a neighbour's"
    assert (tmp_path / "evidence" / "page.html").read_text(encoding="utf-8") == "<p>a\ufffdb\ufffd</p>"
    lines = (tmp_path / "evidence" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [{"a": 1}, {"b": "\u0000"}]
