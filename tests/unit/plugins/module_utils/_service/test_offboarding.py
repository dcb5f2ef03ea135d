# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._service import offboarding

TENANT = {"name": "Acme Sàrl", "alias": "acme"}
NOTHING = {"jobs": 0, "bytes": 0, "media_bytes": 0, "kept_until": None}
KEPT = {"jobs": 3, "bytes": 4096, "media_bytes": 1024, "kept_until": "2027-02-22T03:21:40Z"}
ESTATE: dict[str, t.Any] = {
    "company": {"id": 1, "name": "Acme Sàrl", "alias": "acme", "status": "ACTIVE"},
    "servers": [{"name": "acme-fs01", "agents": ["File System"], "retired": False}],
    "hypervisors": [{"name": "acme-vcenter", "retired": False}],
    "vm_groups": [
        {"name": "acme-vms", "hypervisor": "acme-vcenter", "backup_enabled": True, "default": False},
        {"name": "default", "hypervisor": "acme-vcenter", "backup_enabled": False, "default": True},
    ],
    "subclients": [{"client": "acme-fs01", "name": "data", "backup_enabled": True, "default": False}],
    "plans": [
        {"name": "acme-gold", "associated_entities": 2, "kept": KEPT},
        {"name": "acme-spare", "associated_entities": 0, "kept": NOTHING},
        {"name": "acme-silent", "associated_entities": 0, "kept": None},
        {"name": "acme-old", "associated_entities": 0, "kept": KEPT},
        {"name": "acme-used", "associated_entities": 1, "kept": NOTHING},
    ],
    "users": ["acme\\ada"],
    "backups": [{"client": "acme-vcenter", "subclient": "acme-vms", **KEPT}],
    "kept": KEPT,
    "owned": [],
}
GONE: dict[str, t.Any] = {**{key: [] for key in ESTATE}, "company": None, "kept": NOTHING}


@pytest.mark.parametrize(
    ("estate", "stage", "confirm", "known", "words"),
    [
        (ESTATE, "stop_backups", "", False, []),
        (ESTATE, "remove", "acme", False, []),
        (ESTATE, "remove", "", False, ["tenant_offboarding_confirm: acme (it is not set)"]),
        (ESTATE, "remove", "boreal", False, ["(it is 'boreal')"]),
        ({**ESTATE, "company": {**ESTATE["company"], "alias": "boreal"}}, "stop_backups", "", False, ["has the alias boreal"]),
        (GONE, "stop_backups", "", False, ["There is no company Acme Sàrl"]),
        (GONE, "remove", "acme", True, []),
    ],
)
def test_what_forbids_it(estate: t.Any, stage: str, confirm: str, known: bool, words: list[str]) -> None:
    found = offboarding.problems(TENANT, estate, stage, confirm, known)
    assert len(found) == len(words)
    assert all(word in text for word, text in zip(words, found, strict=True))


def test_each_stage_says_what_it_takes_and_the_first_only_that_backups_stop() -> None:
    first, second, last = (" / ".join(offboarding.announcement(ESTATE, stage)) for stage in offboarding.STAGES)
    assert "Backups stop of acme-vms, acme-fs01/data" in first
    assert "3 backups with 4096 bytes, the last until 2027-02-22T03:21:40Z" in first
    assert "cannot log in" not in first and "acme\\ada" in second
    assert "Removed for good" not in second
    assert "Removed for good, VM groups: acme-vms" in last
    assert "Removed for good, plans: acme-spare, acme-used" in last
    assert "Left for as long as backups are kept on them: acme-gold, acme-silent, acme-old" in last


def test_what_is_on_is_switched_off_one_by_one_and_of_an_unknown_agent_the_server() -> None:
    place = {"backupset": "defaultBackupSet", "backup_enabled": True}
    subclients = [
        {**place, "client": "acme-fs01", "name": "data", "instance": "DefaultInstanceName", "file_system": True, "sql_server": False},
        {**place, "client": "acme-sql01", "name": "default", "instance": "ACME-SQL01", "file_system": False, "sql_server": True},
        {**place, "client": "acme-ad01", "name": "default", "instance": "x", "file_system": False, "sql_server": False},
        {**place, "client": "acme-ad01", "name": "other", "instance": "x", "file_system": False, "sql_server": False},
        {**place, "client": "acme-old", "name": "data", "instance": "x", "file_system": True, "sql_server": False},
        {**place, "client": "acme-fs01", "name": "off", "file_system": True, "sql_server": False, "backup_enabled": False},
    ]
    servers = [*ESTATE["servers"], {"name": "acme-old", "agents": [], "retired": True}]
    assert offboarding.activities({**ESTATE, "servers": servers, "subclients": subclients}) == [
        {"vm_group": "acme-vms", "hypervisor": "acme-vcenter", "backup": False},
        {"client": "acme-fs01", "agent": "file_system", "backupset": "defaultBackupSet", "subclient": "data", "backup": False},
        {
            "client": "acme-sql01",
            "agent": "sql_server",
            "instance": "ACME-SQL01",
            "backupset": "defaultBackupSet",
            "subclient": "default",
            "backup": False,
        },
        {"client": "acme-ad01", "backup": False},
    ]


def test_nothing_is_said_of_backups_that_commvault_does_not_list() -> None:
    text = " / ".join(offboarding.announcement({**ESTATE, "backups": None, "kept": None}, "remove"))
    assert "Commvault does not tell how many backups are kept" in text


def test_a_plan_goes_only_when_nothing_is_kept_on_it_and_that_is_known() -> None:
    assert offboarding.removable_plans(ESTATE) == ["acme-spare"]


def test_what_is_left_says_why() -> None:
    lines = offboarding.remaining(ESTATE)
    assert "acme-fs01: Commvault's software is still on it" in lines
    assert "acme-gold: a plan that protects 2 things" in lines
    assert "acme-old: a plan with 3 backups with 4096 bytes, the last until 2027-02-22T03:21:40Z" in lines
    assert offboarding.remaining(GONE) == []
