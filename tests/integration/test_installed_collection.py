# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as it is released: what its tarball carries, and the demo's playbooks from where it was installed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.calligo.baas.tests.support.collection import ROOT
from ansible_collections.calligo.baas.tests.support.playbooks import Run, evidence_dir, run_playbook
from commvaultsim.sandbox import Sandbox

# All that is in it, at the top: what is not named here is of the checkout.
CARRIED = {
    *("CHANGELOG.md", "CONTRIBUTING.md", "COPYING", "FILES.json", "MANIFEST.json", "README.md", "SECURITY.md", "requirements.txt"),
    *("changelogs", "docs", "inventories", "meta", "playbooks", "plugins", "roles"),
}
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)[^)]*\)")
# The quickest of the demo: its VMs, files and databases, and the region that they are in.
TENANT, REGION = "boreal", "jersey"


def galaxy(*arguments: str, **settings: str) -> None:
    """Run ansible-galaxy collection."""
    command = [str(Path(sys.executable).parent / "ansible-galaxy"), "collection", *arguments]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **settings}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The release, built from this checkout."""
    folder = tmp_path_factory.mktemp("release")
    galaxy("build", "--output-path", str(folder), ANSIBLE_HOME=str(folder / "home"))
    (built,) = folder.glob("*.tar.gz")
    return built


@pytest.fixture(scope="module")
def installed(tarball: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the release was installed, beside the collections that it depends on; the checkout's configuration is not there."""
    site = tmp_path_factory.mktemp("site")
    (site / "ansible_collections").mkdir()
    for namespace in (ROOT / ".build" / "collections" / "ansible_collections").iterdir():
        if namespace.name != "calligo":
            (site / "ansible_collections" / namespace.name).symlink_to(namespace)
    (site / "ansible.cfg").write_text(f"[defaults]\ncollections_path = {site}\n", encoding="utf-8")
    settings = {"ANSIBLE_CONFIG": str(site / "ansible.cfg"), "ANSIBLE_HOME": str(site / "home")}
    galaxy("install", "--offline", "--collections-path", str(site), str(tarball), **settings)
    return site


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("installed"), job_seconds=0.5) as running:
        yield running


def test_the_tarball_carries_the_collection_and_nothing_else(tarball: Path) -> None:
    with tarfile.open(tarball) as archive:
        names = [Path(name) for name in archive.getnames()]
    assert {name.parts[0] for name in names} == CARRIED
    assert not [
        name for name in names if name.suffix in (".pyc", ".log") or any(part.startswith((".", "__pycache__")) for part in name.parts)
    ]


def test_links_of_its_documents_lead_to_what_it_carries(installed: Path) -> None:
    home = installed / "ansible_collections" / "calligo" / "baas"
    links = [(page, link) for page in home.rglob("*.md") for link in LINK.findall(page.read_text(encoding="utf-8"))]
    assert links
    assert not [f"{page.relative_to(home)}: {link}" for page, link in links if not (page.parent / link).exists()]


def test_the_demo_runs_from_where_it_was_installed(installed: Path, platform: Sandbox) -> None:
    # The restore test, right after, restores one of each kind too.
    onboarding = run(installed, platform, "tenant_onboard", "--limit", TENANT, "-e", "tenant_onboarding_acceptance=false")
    assert onboarding.status == 0, onboarding.output
    assert onboarding.counts("changed")[TENANT]
    test = run(installed, platform, "restore_test", "--limit", REGION, "-vv")
    assert test.status == 0, test.output
    assert str(installed / "ansible_collections/calligo/baas/roles") in test.output
    assert str(ROOT / "roles") not in test.output
    (file,) = (evidence_dir(platform) / "restore_tests").rglob("*.json")
    record = json.loads(file.read_text(encoding="utf-8"))
    assert record["result"] == "passed"
    assert {sample["kind"] for sample in record["samples"]} == {"vm", "file", "database"}
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    assert record["code"]["version"] == version


def run(installed: Path, platform: Sandbox, playbook: str, *options: str) -> Run:
    """Run a playbook of the installed collection with its demo inventory."""
    home = installed / "ansible_collections" / "calligo" / "baas"
    return run_playbook(platform, playbook, *options, home=home, config=installed / "ansible.cfg")
