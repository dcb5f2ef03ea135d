# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A vCenter that does not tell everything: the roles stop, and do not take a part of the VMs for all of them.

One tenant's VMs are chosen by tag, another's by folder. The runs build on each other.
"""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.calligo.baas.tests.support.modules import Modules
from ansible_collections.calligo.baas.tests.support.playbooks import Run, evidence_dir, refuse, run_playbook, tell
from commvaultsim.sandbox import Sandbox

BY_TAG, BY_FOLDER = "cafe_mueller", "acme"
TAGS = "POST tag-association list-attached-tags-on-objects"
UNREAD = "could not be read in full"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("partial"), job_seconds=1) as running:
        yield running


@pytest.fixture(scope="module")
def half_told(platform: Sandbox) -> Run:
    """Both tenants, onboarded while the vCenter cannot tell tags."""
    refuse(platform, TAGS)
    return run_playbook(platform, "tenant_onboard", "--limit", f"{BY_TAG},{BY_FOLDER}", "-e", "tenant_onboarding_acceptance=false")


@pytest.fixture(scope="module")
def onboarded(platform: Sandbox, half_told: Run) -> Run:
    """The same, when it can."""
    refuse(platform)
    return run_playbook(platform, "tenant_onboard", "--limit", BY_TAG, "-e", "tenant_onboarding_acceptance=false")


def groups(platform: Sandbox) -> set[str]:
    found = Modules(platform)("commvault_vm_group_info", {})["vm_groups"]
    return {group["name"] for group in found if not group["default"]}


def restores(platform: Sandbox) -> int:
    return int(Modules(platform)("commvault_job_info", {"types": ["restore"]})["total"])


def test_no_vm_group_is_made_of_a_part_of_the_vms(platform: Sandbox, half_told: Run) -> None:
    assert half_told.status != 0 and half_told.counts("failed") == {BY_TAG: 1, BY_FOLDER: 0}
    assert UNREAD in half_told.output and "Tags could not be read" in half_told.output
    # The other tenant's VMs are not chosen by tag, and so it is not concerned.
    assert groups(platform) == {"acme-vms"}


def test_what_was_told_in_full_is_protected(platform: Sandbox, onboarded: Run) -> None:
    assert onboarded.status == 0, onboarded.output
    assert groups(platform) == {"acme-vms", "cafe-silver"}


@pytest.mark.usefixtures("onboarded")
def test_nothing_is_drawn_from_a_part_of_the_vms(platform: Sandbox) -> None:
    before = restores(platform)
    refuse(platform, TAGS)
    run = run_playbook(platform, "restore_test", "--limit", "luxembourg")
    assert run.status != 0 and "Nothing was restored" in run.output
    assert "Café Müller & Söhne: Tags could not be read" in run.output
    assert restores(platform) == before and not (evidence_dir(platform) / "restore_tests").exists()
    refuse(platform)


@pytest.mark.usefixtures("onboarded")
def test_a_vm_that_cannot_be_read_stays_protected_and_is_reported(platform: Sandbox) -> None:
    group = {"name": "cafe-silver", "hypervisor": "cafe-mueller-vcenter", "company": "Café Müller & Söhne"}
    before = Modules(platform)("commvault_vm_group", group, check=True)["vm_group"]
    assert "cafe küche 01" in {vm["name"] for vm in before["content"]["vms"]}
    done = restores(platform)
    tell(platform, {"cafe küche 01": {"state": "inaccessible"}})
    converged = run_playbook(platform, "tenant_onboard", "--limit", BY_TAG, "-e", "tenant_onboarding_acceptance=false")
    tested = run_playbook(platform, "restore_test", "--limit", "luxembourg")
    tell(platform)
    assert converged.status != 0 and UNREAD in converged.output and "cafe küche 01 (inaccessible)" in converged.output
    assert Modules(platform)("commvault_vm_group", group)["vm_group"] == before
    assert tested.status != 0 and "Nothing was restored" in tested.output and "cafe küche 01 (inaccessible)" in tested.output
    assert restores(platform) == done
