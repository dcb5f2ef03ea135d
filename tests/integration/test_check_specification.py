# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The specifications of an inventory are checked without a platform: everything that is wrong, with file and line, and no secret."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import typing as t
from pathlib import Path

import pytest

from ansible_collections.calligo.baas.tests.support.playbooks import CHECKOUT

PASSWORD = "hunter2-in-the-vault"
PLAYBOOKS = CHECKOUT / "playbooks"


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    """A copy of the demo's inventory."""
    return Path(shutil.copytree(CHECKOUT / "inventories" / "demo", tmp_path / "inventory"))


def edit(file: Path, old: str, new: str) -> int:
    """Replace a text that is in a file once; gives the line on which it stands."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def check(inventory: Path, *options: str, playbook: Path = PLAYBOOKS / "check_specification.yml") -> subprocess.CompletedProcess[str]:
    """Run the playbook, with no platform anywhere."""
    command = [str(CHECKOUT / ".build/venv/bin/ansible-playbook"), "-i", str(inventory), str(playbook), *options]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"), "BAAS_SANDBOX_DIR": str(inventory / "nowhere")}
    return subprocess.run(command, env=environment, cwd=CHECKOUT, capture_output=True, text=True, timeout=120, check=False)


def test_the_inventories_pass(inventory: Path) -> None:
    for place in (inventory, CHECKOUT / "inventories" / "production"):
        run = check(place)
        assert run.returncode == 0, run.stdout


def test_everything_is_found_at_once_where_it_stands(inventory: Path) -> None:
    acme, cafe, boreal = (inventory / "host_vars" / name for name in ("acme", "cafe_mueller", "boreal"))
    edits = [
        (acme / "vm_backup.yml", "acme-gold", "acme-gldo", "The plan acme-gldo of acme-vms is not among"),
        (acme / "plans.yml", "retention_days: 60", "retention_days: 6o", "baas_plans[1].destinations[0].retention_days is not days"),
        (acme / "plans.yml", "every: 240", 'every: "{{ nope }}"', "baas_plans[1].schedules[0].frequency.every: 'nope' is undefined"),
        (cafe / "tenant.yml", "alias: cafe-mueller", "alias: boreal", "The alias boreal is that of the tenant boreal, too."),
    ]
    lines = [f"{file}:{edit(file, old, new)} {said}" for file, old, new, said in edits]
    lines.append(f"{boreal}/tenant.yml:4 The alias boreal is that of the tenant cafe_mueller, too.")
    lines.append(f"{boreal}/tenant.yml:2 boreal has no baas_plans.")
    (boreal / "plans.yml").unlink()
    for options in ((), ("--check",)):
        run = check(inventory, *options)
        assert run.returncode != 0
        for line in lines:
            assert line in run.stdout
    assert check(inventory, "--limit", "luxembourg").returncode == 0
    assert "boreal has no" not in check(inventory, "--limit", "acme").stdout


def test_an_onboarding_begins_with_it(inventory: Path) -> None:
    """Before anything is asked: there is nothing that could be."""
    edit(inventory / "host_vars" / "acme" / "vm_backup.yml", "acme-gold", "acme-gldo")
    (inventory / "host_vars" / "boreal" / "plans.yml").unlink()
    run = check(inventory, "--limit", "acme:boreal", playbook=PLAYBOOKS / "tenant_onboard.yml")
    assert "The plan acme-gldo of acme-vms is not among the tenant's plans. Did you mean acme-gold?" in run.stdout
    assert "boreal has no baas_plans." in run.stdout
    assert "is undefined" not in run.stdout and "endpoints.json" not in run.stdout


def test_what_is_given_to_the_run_is_checked(inventory: Path) -> None:
    text = json.dumps({"baas_tenant": json.dumps({"name": "A", "alias": "acme", "region": "luxembourg", "contact": {"name": "B"}})})
    run = check(inventory, "--limit", "acme", "-e", text)
    assert "baas_tenant.contact has no email." in run.stdout


@pytest.fixture
def vault(inventory: Path) -> t.Callable[[str], str]:
    """Encrypts a text as a value of YAML."""
    (inventory / "password").write_text("x", encoding="utf-8")

    def encrypt(text: str) -> str:
        command = [
            str(CHECKOUT / ".build/venv/bin/ansible-vault"),
            "encrypt_string",
            "--vault-password-file",
            str(inventory / "password"),
            text,
        ]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout

    return encrypt


@pytest.mark.parametrize("with_password", [False, True])
def test_what_is_encrypted_is_in_no_finding(inventory: Path, vault: t.Callable[[str], str], with_password: bool) -> None:
    acme = inventory / "host_vars" / "acme"
    (acme / "secret.yml").write_text(f"hidden: {vault(PASSWORD)}\n", encoding="utf-8")
    edit(acme / "vm_backup.yml", "plan: acme-gold", 'plan: "x-{{ hidden }}"')
    edit(acme / "tenant.yml", "alias: acme", 'alias: "{{ hidden }}"')
    wrong = f"- account_password: {{a: {PASSWORD}}}\n          authentication: {PASSWORD}\n          name: X"
    edit(acme / "sql_backup.yml", "- name: ACME-SQL01\\PROD", wrong)
    options = ("--vault-password-file", str(inventory / "password")) if with_password else ()
    run = check(inventory, "--limit", "acme", "-vvv", *options)
    assert run.returncode != 0
    assert "baas_sql_backup.servers[0].instances[0].authentication is not one of inherited" in run.stdout
    assert PASSWORD not in run.stdout + run.stderr
    assert ("is not among the tenant's plans" in run.stdout) is with_password
