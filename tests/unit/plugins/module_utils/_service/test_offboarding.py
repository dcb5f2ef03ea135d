# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._service import offboarding

TENANT = {"name": "Acme Sàrl", "alias": "acme"}
NOTHING = {"jobs": 0, "bytes": 0, "media_bytes": 0, "kept_until": None}
KEPT = {"jobs": 3, "bytes": 4096, "media_bytes": 1024, "kept_until": "2027-02-22T03:21:40Z"}
SUBCLIENT = {
    "client": "acme-fs01",
    "name": "data",
    "backup_enabled": True,
    "default": False,
    "file_system": True,
    "sql_server": False,
    "instance": "DefaultInstanceName",
    "backupset": "defaultBackupSet",
}
ESTATE: dict[str, t.Any] = {
    "company": {"id": 1, "name": "Acme Sàrl", "alias": "acme", "status": "ACTIVE"},
    "servers": [
        {"name": "acme-fs01", "agents": ["File System"], "retired": False},
        {"name": "acme-fs00", "agents": ["File System"], "retired": True},
    ],
    "hypervisors": [{"name": "acme-vcenter", "retired": False}, {"name": "acme-old", "retired": True}],
    "vm_groups": [
        {"name": "acme-vms", "hypervisor": "acme-vcenter", "backup_enabled": True, "default": False},
        {"name": "default", "hypervisor": "acme-vcenter", "backup_enabled": False, "default": True},
    ],
    "subclients": [SUBCLIENT],
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


SEEN = {
    "recorded_at": "2026-11-24T12:00:00Z",
    "recorded_by": "ada",
    "tenant": TENANT,
    "stage": "stop_backups",
    "confirm": "",
    "before": ESTATE,
    "now": ESTATE,
    "earlier": {},
    "log": {"path": "/e/offboarding-log.jsonl", "text": ""},
    "changed": False,
}


def files(*records: t.Any) -> dict[str, str]:
    return {f"/e/offboarding-{number}.json": json.dumps({"kind": "offboarding", **record}) for number, record in enumerate(records)}


def log(*entries: t.Any) -> dict[str, str]:
    text = "".join(json.dumps({"kind": "offboarding_run", "recorded_by": "ada", **entry}) + "\n" for entry in entries)
    return {"path": "/e/offboarding-log.jsonl", "text": text}


def told(**seen: t.Any) -> dict[str, t.Any]:
    return offboarding.offboarding({**SEEN, **seen})


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
    earlier = files({"stage": "deactivate"}) if known else {}
    found = told(before=estate, now=estate, stage=stage, confirm=confirm, earlier=earlier)["problems"]
    assert len(found) == len(words)
    assert all(word in text for word, text in zip(words, found, strict=True))


def test_each_stage_says_what_it_takes_and_the_first_only_that_backups_stop() -> None:
    first, second, last = (" / ".join(told(stage=stage)["announcement"]) for stage in offboarding.STAGES)
    assert "Backups stop of acme-vms, acme-fs01/data" in first
    assert "3 backups with 4096 bytes, the last until 2027-02-22T03:21:40Z" in first
    assert "cannot log in" not in first and "acme\\ada" in second
    assert "Removed for good" not in second
    assert "Removed for good, VM groups: acme-vms" in last
    assert "Removed for good, plans: acme-spare, acme-used" in last
    assert "Left for as long as backups are kept on them: acme-gold, acme-silent, acme-old" in last


def test_what_is_on_is_switched_off_one_by_one_and_of_an_unknown_agent_the_server() -> None:
    place = {"backupset": "defaultBackupSet", "backup_enabled": True, "default": False}
    subclients = [
        {**place, "client": "acme-fs01", "name": "data", "instance": "DefaultInstanceName", "file_system": True, "sql_server": False},
        {**place, "client": "acme-sql01", "name": "default", "instance": "ACME-SQL01", "file_system": False, "sql_server": True},
        {**place, "client": "acme-ad01", "name": "default", "instance": "x", "file_system": False, "sql_server": False},
        {**place, "client": "acme-ad01", "name": "other", "instance": "x", "file_system": False, "sql_server": False},
        {**place, "client": "acme-old", "name": "data", "instance": "x", "file_system": True, "sql_server": False},
        {**place, "client": "acme-fs01", "name": "off", "file_system": True, "sql_server": False, "backup_enabled": False},
    ]
    servers = [*ESTATE["servers"], {"name": "acme-old", "agents": [], "retired": True}]
    assert told(before={**ESTATE, "servers": servers, "subclients": subclients})["activities"] == [
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
    text = " / ".join(told(before={**ESTATE, "backups": None, "kept": None}, stage="remove")["announcement"])
    assert "Commvault does not tell how many backups are kept" in text


def test_a_plan_goes_only_when_nothing_is_kept_on_it_and_that_is_known() -> None:
    assert told()["removals"]["plans"] == ["acme-spare"]
    freed = [{**plan, "associated_entities": 0} for plan in ESTATE["plans"]]
    assert told(now={**ESTATE, "plans": freed})["removals"]["plans"] == ["acme-spare", "acme-used"]


def test_what_is_removed_is_all_that_there_was_but_what_the_platform_made_or_what_is_retired() -> None:
    sql = {**SUBCLIENT, "client": "acme-sql01", "name": "sales", "instance": "ACME-SQL01", "file_system": False, "sql_server": True}
    other = {**SUBCLIENT, "client": "acme-ad01", "file_system": False}
    before = {**ESTATE, "subclients": [SUBCLIENT, {**SUBCLIENT, "name": "default", "default": True}, sql, other]}
    assert told(before=before, now=GONE)["removals"] == {
        "vm_groups": [{"name": "acme-vms", "hypervisor": "acme-vcenter"}],
        "subclients": [{"client": "acme-fs01", "backupset": "defaultBackupSet", "name": "data", "state": "absent"}],
        "sql_subclients": [{"client": "acme-sql01", "instance": "ACME-SQL01", "name": "sales", "state": "absent"}],
        "hypervisors": ["acme-vcenter"],
        "agents": [{"client": "acme-fs01", "state": "retired", "allow_removal": True}],
        "users": ["acme\\ada"],
        "plans": [],
    }


def test_what_is_left_says_why() -> None:
    lines = told()["record"]["remaining"]
    assert "acme-fs01: Commvault's software is still on it" in lines
    assert "acme-gold: a plan that protects 2 things" in lines
    assert "acme-old: a plan with 3 backups with 4096 bytes, the last until 2027-02-22T03:21:40Z" in lines
    assert told(now=GONE)["record"]["remaining"] == []


def test_the_record_holds_what_was_said_before_and_what_is_there_after() -> None:
    ending = told(now=GONE, stage="deactivate", changed=True)
    assert ending["record"] == {
        "kind": "offboarding",
        "recorded_at": "2026-11-24T12:00:00Z",
        "recorded_by": "ada",
        "tenant": TENANT,
        "stage": "deactivate",
        "announced": told(stage="deactivate")["announcement"],
        "before": ESTATE,
        "after": GONE,
        "remaining": [],
        "runs": [{"stage": "deactivate", **{key: SEEN[key] for key in ("recorded_at", "recorded_by")}, "ended_at": SEEN["recorded_at"]}],
    }
    assert ending["result"] == {"changed": True, "stage": "deactivate", "before": ESTATE, "after": GONE, "remaining": []}


@pytest.mark.parametrize(
    ("changed", "stages", "due"),
    [(True, ["stop_backups"], True), (False, ["stop_backups"], False), (False, ["deactivate"], True), (False, [], True)],
)
def test_a_stage_is_recorded_when_it_did_something_or_is_new(changed: bool, stages: list[str], due: bool) -> None:
    assert told(changed=changed, earlier=files(*({"stage": stage} for stage in stages)))["due"] is due


def test_a_record_after_an_interruption_has_what_there_was_before_the_first_run() -> None:
    left = {**ESTATE, "vm_groups": [], "users": []}
    begun = {"stage": "remove", "before": ESTATE, "recorded_at": "2026-11-24T11:00:00Z"}
    ending = told(stage="remove", confirm="acme", before=left, now=GONE, changed=True, log=log(begun))
    assert ending["begins"] and [entry["before"] for entry in ending["log"]] == [ESTATE, left]
    record = ending["record"]
    assert record["before"] == ESTATE and ending["result"]["before"] == left
    assert [(run["recorded_at"], run["ended_at"]) for run in record["runs"]] == [
        ("2026-11-24T11:00:00Z", None),
        ("2026-11-24T12:00:00Z", "2026-11-24T12:00:00Z"),
    ]


def test_what_another_company_of_the_name_had_is_not_said_to_be_this_ones() -> None:
    old = {**ESTATE, "company": {**ESTATE["company"], "id": 7}}
    entries = ({"stage": "remove", "before": old, "recorded_at": "2025-01-01T00:00:00Z"},)
    assert told(log=log(*entries))["record"]["before"] == ESTATE
    # Once it is gone, the last one is meant.
    begun = {"stage": "remove", "before": ESTATE, "recorded_at": "2026-11-24T11:00:00Z"}
    assert told(before=GONE, now=GONE, log=log(*entries, begun))["record"]["before"] == ESTATE


def test_a_run_that_has_nothing_to_do_or_is_the_same_again_is_not_written_into_the_log() -> None:
    begun = {"stage": "stop_backups", "before": ESTATE, "recorded_at": "2026-11-24T11:00:00Z"}
    stopped = {**ESTATE, "vm_groups": [], "subclients": []}
    assert told()["begins"] is True and told(log=log(begun))["begins"] is False
    assert told(before=stopped)["begins"] is False and told(before=GONE)["begins"] is False
    assert told(before=stopped, stage="deactivate", log=log(begun))["begins"] is True


def test_a_record_that_cannot_be_read_is_named() -> None:
    for text in ("{", "[]", '{"kind": "onboarding"}', '{"stage": 1}'):
        with pytest.raises(ValueError, match=r"/e/offboarding-x\.json is not a record of this role"):
            told(earlier={"/e/offboarding-x.json": text})
    with pytest.raises(ValueError, match=r"/e/offboarding-log\.jsonl, line 2 is not a record"):
        told(log={**log(), "text": '{"kind": "offboarding_run"}\n{"ki'})
