# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every converge lists what the tenant has beside its specification, with what is kept of it, and takes none of it away."""

from __future__ import annotations

import json

from ansible_collections.calligo.baas.tests.support.playbooks import run_playbook
from commvaultsim.sandbox import Sandbox

BARE = ("--limit", "boreal", "-e", "tenant_onboarding_first_backup=false")


def test_every_converge_lists_what_the_specification_does_not_name(fresh_sandbox: Sandbox) -> None:
    first = run_playbook(fresh_sandbox, "tenant_onboard", *BARE)
    assert first.status == 0, first.output
    assert "The tenant has nothing beside what the specification names." in first.output
    fresh_sandbox.control("DELETE", "/journal")
    run = run_playbook(fresh_sandbox, "tenant_onboard", *BARE, "-e", json.dumps({"baas_file_backup": {}}))
    assert run.status == 0, run.output
    assert run.counts("changed") == {"boreal": 0}
    said = " ".join(run.output.split())
    assert "Subclient boreal-fs01/defaultBackupSet/îles: 0 jobs kept, 0 bytes, 0 of them on media" in said
    assert "Server boreal-fs01: 0 jobs kept" in said
    assert [row["path"] for row in fresh_sandbox.control("GET", "/journal")["requests"] if row["writes"]] == []
