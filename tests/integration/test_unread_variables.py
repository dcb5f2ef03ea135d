# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every role that a tenant's playbook begins with refuses variables that nobody reads: a misspelt block would be left out."""

from __future__ import annotations

import json

from ansible_collections.calligo.baas.tests.support.playbooks import run_playbook
from commvaultsim.sandbox import Sandbox

ROLES = ("tenant_onboarding", "tenant_offboarding", "vm_backup", "file_backup", "sql_backup", "manifest")
SPECIFICATION = {"sql_backup_servers": [{"client": "boreal-sql01", "instances": [{"name": "BOREAL-SQL01", "plan": "boreal-gold"}]}]}


def attempt(role: str) -> dict[str, object]:
    """A task that runs a role, and says why it failed."""
    return {
        "name": role,
        "block": [{"name": "Run the role", "ansible.builtin.include_role": {"name": f"calligo.baas.{role}"}}],
        "rescue": [
            {"name": "Say why not", "ansible.builtin.debug": {"msg": f"{role}: {{{{ ansible_failed_result.msg | replace('\\n', ' ') }}}}"}}
        ],
    }


def test_a_variable_that_nobody_reads_is_refused_before_the_first_write(sandbox: Sandbox) -> None:
    play = {"name": "Roles", "hosts": "boreal", "gather_facts": False, "tasks": [attempt(role) for role in ROLES]}
    (sandbox.state_dir / "roles.yml").write_text(json.dumps([play]), encoding="utf-8")
    unread = {"baas_file_backups": {}, **{f"{role}_optoin": 1 for role in ROLES}}
    sandbox.control("DELETE", "/journal")
    run = run_playbook(sandbox, str(sandbox.state_dir / "roles"), "-e", json.dumps({**SPECIFICATION, **unread}))
    assert run.status == 0, run.output
    texts = " ".join(run.output.split()).split("TASK [Say why not]")[1:]
    said = {role: text.partition(" TASK [")[0] for role, text in zip(ROLES, texts, strict=True)}
    for role, text in said.items():
        assert f"{role}: " in text
        assert "baas_file_backups is no variable of this collection. Did you mean baas_file_backup?" in text
        assert f"{role}_optoin is no variable of this collection." in text
    assert "vm_backup_optoin is no variable" in said["tenant_onboarding"]
    assert [row["path"] for row in sandbox.control("GET", "/journal")["requests"] if row["writes"]] == []
