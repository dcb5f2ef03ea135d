# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What guides show in YAML is run: each specification by a check run of the onboarding, each play by one of its own.

What README.md shows is run for real, too, by the onboarding's tests. That what is shown in shell exists is seen in test_documents.py.
"""

from __future__ import annotations

import json
import typing as t

import pytest
import yaml

from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.collection import ROOT, tracked_files
from ansible_collections.calligo.baas.tests.support.documents import blocks
from ansible_collections.calligo.baas.tests.support.modules import Modules
from ansible_collections.calligo.baas.tests.support.playbooks import Run, run_playbook
from commvaultsim.sandbox import Sandbox

GUIDES = [file for file in tracked_files() if file.suffix == ".md" and file.parts[0] in ("README.md", "CONTRIBUTING.md", "docs", "roles")]
SHOWN = {
    f"{file} {number}": yaml.safe_load(text)
    for file in GUIDES
    for number, text in enumerate((text for language, text in blocks(ROOT / file) if language == "yaml"), 1)
}
NOT_RUN = {"roles/vm_backup/README.md 1": "a part of a VM group, and of a VM that the sandbox does not have"}
"""With the reason."""
VARIABLES = {place: shown for place, shown in SHOWN.items() if isinstance(shown, dict) and place not in NOT_RUN}
SPECIFICATIONS = {place: shown for place, shown in VARIABLES.items() if any(name.startswith("baas_") for name in shown)}
PLAYS = {place: shown for place, shown in SHOWN.items() if isinstance(shown, list)}
PLANS = ("acme-gold", "acme-files", "acme-hourly", "acme-sales")
"""What guides that show no plans refer to."""
LOG = {"backup_type": "transaction_log", "frequency": {"type": "automatic"}}


def plan(name: str) -> dict[str, t.Any]:
    return {**tenant.PLAN, "name": name}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Sandbox]:
    """The tenant of the guides, with what they take for granted, and a host for each of their specifications."""
    with Sandbox(tmp_path_factory.mktemp("guides"), job_seconds=0.5) as sandbox:
        modules = Modules(sandbox)
        modules("commvault_company", {**tenant.COMPANY, "servers": ["acme-fs01", "acme-sql01"]})
        modules("commvault_credential", tenant.inside({**tenant.CREDENTIAL, "name": "acme-sql-login"}))
        for name in PLANS:
            modules("commvault_plan", tenant.inside(plan(name)))
        acme = {"name": "Acme Sàrl", "alias": "acme", "region": "luxembourg", "contact": tenant.COMPANY["contact"]}
        base = {"baas_tenant": acme, "baas_plans": [plan(name) for name in PLANS]}
        hosts = {f"guide{number}": {**base, **shown} for number, shown in enumerate(SPECIFICATIONS.values())}
        groups = {"guides": {"hosts": hosts}, **{name: {"children": {"guides": {}}} for name in ("tenants", "region_luxembourg")}}
        (sandbox.state_dir / "guides.json").write_text(json.dumps({"all": {"children": groups}}), encoding="utf-8")
        yield sandbox


def check(platform: Sandbox, playbook: str, limit: str) -> Run:
    """A check run of a playbook, for hosts of guides. Their Windows hosts are not here, so that nothing is looked for on them.

    They are one tenant six times over, so that of the check of the inventory only what it says of plans stands in the way.
    """
    options = {"file_backup_check_content": False, "tenant_specification_variables": ["baas_plans"]}
    inventory = ("-i", str(platform.state_dir / "guides.json"), "--limit", limit)
    return run_playbook(platform, playbook, *inventory, "--check", "-e", json.dumps(options))


def test_each_specification_runs(platform: Sandbox) -> None:
    run = check(platform, "tenant_onboard", "guides")
    assert run.status == 0, run.output
    assert len(run.counts("changed")) == len(SPECIFICATIONS)
    assert min(run.counts("changed").values()) > 0


def test_what_is_no_specification_is_options_of_the_role_that_shows_it() -> None:
    for place in VARIABLES.keys() - SPECIFICATIONS.keys():
        specs = yaml.safe_load((ROOT / place.split()[0]).with_name("meta").joinpath("argument_specs.yml").read_text(encoding="utf-8"))
        assert VARIABLES[place].keys() <= specs["argument_specs"]["main"]["options"].keys(), place


def test_each_play_runs(platform: Sandbox) -> None:
    """With the specification that its guide shows."""
    assert list(PLAYS) == ["roles/vm_backup/README.md 2"]
    (platform.state_dir / "play.yml").write_text(json.dumps(PLAYS["roles/vm_backup/README.md 2"]), encoding="utf-8")
    host = f"guide{list(SPECIFICATIONS).index('roles/vm_backup/README.md 3')}"
    run = check(platform, str(platform.state_dir / "play"), host)
    assert run.status == 0, run.output
    assert run.counts("changed")[host] > 0


def test_what_is_not_run_is_little() -> None:
    assert NOT_RUN.keys() <= SHOWN.keys() and len(NOT_RUN) <= 1
    assert len(SPECIFICATIONS) >= 4
