# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._service import onboarding

PLAN, COMPANY = {"name": "acme-gold"}, {"name": "Acme Sàrl"}
SEEN: dict[str, t.Any] = {
    "recorded_at": "2026-11-24T12:00:00Z",
    "recorded_by": "ada",
    "tenant": {"name": "Acme Sàrl", "alias": "acme"},
    "region": "luxembourg",
    "specification": {"plans": [PLAN], "vm_backup": {}, "file_backup": {}, "sql_backup": {}},
    "preflight": {"storage_pools": []},
    "company": {"changed": False, "company": COMPANY},
    "plans": {"changed": False, "results": [{"changed": False, "plan": PLAN}]},
    "vms": {"changed": False, "vms": ["acme-web-01"], "unprotected": []},
    "files": {"changed": False, "subclients": [{"client": "acme-fs01", "name": "data"}], "unprotected": []},
    "databases": {},
    "earlier": {},
}


def told(acceptance: t.Any = None, earlier: t.Sequence[t.Any] = (), **seen: t.Any) -> dict[str, t.Any]:
    texts = {f"/e/onboarding-{number}.json": json.dumps(record) for number, record in enumerate(earlier)}
    return onboarding.onboarding({**SEEN, **seen, "earlier": texts}, acceptance)


def earlier(result: str | None, *kinds: str, at: str = "2026-11-01T00:00:00Z") -> dict[str, t.Any]:
    restores = {"result": result, "ended_at": at, "samples": [{"kind": kind} for kind in kinds]}
    return {"kind": "onboarding", "acceptance": restores if result else None}


@pytest.mark.parametrize(
    ("seen", "unproven"),
    [
        ({}, ["vm", "file"]),
        ({"databases": {"changed": False, "instances": [{"instance": "SQL01"}]}}, ["vm", "file", "database"]),
        ({"vms": {"changed": False, "vms": []}}, ["file"]),
        ({"earlier": [earlier("passed", "vm")]}, ["file"]),
        ({"earlier": [earlier("failed", "vm", "file")]}, ["vm", "file"]),
        ({"earlier": [earlier("passed", "vm"), earlier(None), {"kind": "onboarding"}, earlier("passed", "file")]}, []),
    ],
)
def test_a_kind_is_unproven_until_a_restore_of_it_has_passed(seen: dict[str, t.Any], unproven: list[str]) -> None:
    assert told(**seen)["unproven"] == unproven


@pytest.mark.parametrize("part", ["company", "plans", "vms", "files", "databases"])
def test_whatever_changed_something_changed_the_result(part: str) -> None:
    assert told()["result"]["changed"] is False
    ending = told(**{part: {**SEEN[part], "changed": True}}, earlier=[earlier(None)])
    assert (ending["result"]["changed"], ending["due"]) == (True, True)


def test_the_record_holds_what_was_asked_what_was_done_and_what_was_proven() -> None:
    acceptance = earlier("failed", "vm")["acceptance"]
    before = [earlier("passed", "file", at="2026-11-02T00:00:00Z"), earlier("failed", "vm"), earlier("passed", "file")]
    ending = told(acceptance, earlier=before)
    given = ("recorded_at", "recorded_by", "tenant", "region", "preflight", "specification")
    assert ending["record"] == {
        "kind": "onboarding",
        **{key: SEEN[key] for key in given},
        "result": {
            "changed": False,
            "company": COMPANY,
            "plans": [PLAN],
            **{key: SEEN[key] for key in ("vms", "files", "databases")},
            "unspecified": None,
        },
        "systems": [
            {"kind": "vm", "name": "acme-web-01", "backup": "yes", "reason": ""},
            {"kind": "file", "name": "acme-fs01, data", "backup": "yes", "reason": ""},
        ],
        "acceptance": acceptance,
        "accepted_before": ["2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"],
    }
    assert ending["record"]["result"] == ending["result"]


def test_each_system_is_said_to_have_a_backup_only_if_somebody_saw_one() -> None:
    exception = {"vm": "acme-old-01", "reason": "A raw device, which the tenant copies itself"}
    specification = {**SEEN["specification"], "vm_backup": {"groups": [{"backup_exceptions": [exception]}]}}
    vms = {"changed": False, "vms": ["acme-db-01", "acme-web-01"]}
    bad = {"kind": "vm", "name": "acme-db-01", "reason": "The snapshot could not be taken"}

    def backups(unprotected: t.Any) -> dict[str, str]:
        record = told(specification=specification, vms={**vms, "unprotected": unprotected})["record"]
        return {row["name"]: row["backup"] for row in record["systems"] if row["kind"] == "vm"}

    assert backups([bad]) == {"acme-old-01": "excepted", "acme-db-01": "no", "acme-web-01": "yes"}
    assert backups(None) == {"acme-old-01": "excepted", "acme-db-01": "not looked at", "acme-web-01": "not looked at"}


def test_a_record_is_due_when_something_was_done_or_there_is_none() -> None:
    assert told()["due"] is True
    assert told(earlier=[earlier(None)])["due"] is False
    assert told(earlier("failed", "vm")["acceptance"], earlier=[earlier(None)])["due"] is True


SPECIFICATION: dict[str, t.Any] = {
    "company": "Acme Sàrl",
    "plans": [PLAN],
    "hypervisor": "acme-vcenter",
    "vm_groups": [{"name": "acme-vms"}],
    "file_servers": [
        {
            "client": "fs01",
            "access": {"kind": "local", "drives": {"D": "/d"}},
            "subclients": [{"name": "data", "content": ["D:\\x", "Q:\\y", "\\"]}],
        }
    ],
    "sql_servers": [{"client": "sql01", "instances": [{"name": "SQL01", "plan": "acme-gold"}]}],
}
ROW = {"default": False, "retired": False, "sql_server": False}


def test_what_is_planned_has_the_names_that_errors_call_it() -> None:
    planned = onboarding.planned(SPECIFICATION)
    assert planned["names"] == [
        *("Acme Sàrl", "acme-vcenter", "fs01", "sql01", "acme-gold", "acme-vcenter/acme-vms", "fs01/defaultBackupSet/data"),
        *("sql01 / SQL01", "sql01 / SQL01 / default"),
    ]
    assert [(place["path"], place["root"], place["host"]) for place in planned["places"]] == [("D:\\x", "/d/x", ""), ("Q:\\y", "", "")]
    assert onboarding.planned({}) == {"names": [], "places": []}


def test_what_the_specification_does_not_name_is_listed() -> None:
    estate = {
        "servers": [{**ROW, "name": "FS01"}, {**ROW, "name": "fs02"}, {**ROW, "name": "old", "retired": True}],
        "hypervisors": [{**ROW, "name": "acme-vcenter"}],
        "vm_groups": [
            {**ROW, "hypervisor": "acme-vcenter", "name": name, "default": name == "default"} for name in ("default", "acme-vms", "left")
        ],
        "subclients": [
            {**ROW, "client": "fs01", "backupset": "defaultBackupSet", "name": name, "default": name == "default"}
            for name in ("default", "data", "more")
        ]
        + [{**ROW, "client": "sql01", "instance": "SQL01", "backupset": "", "name": "sales", "sql_server": True}],
        "plans": [PLAN, {"name": "acme-old"}],
    }
    names = onboarding.planned(SPECIFICATION)["names"]
    unknown = told(estate=estate, planned=names)
    assert unknown["drift"] == [
        f"{label}: what is kept of it is unknown"
        for label in (
            *("Server fs02", "VM group acme-vcenter/left", "Subclient fs01/defaultBackupSet/more"),
            *("Subclient of databases sql01 / SQL01 / sales", "Plan acme-old"),
        )
    ]
    kept = {"jobs": 2, "bytes": 10, "media_bytes": 4, "kept_until": "2027-01-01T00:00:00Z"}
    backups = [{"client": "fs01", "subclient": "more", **kept}, {"client": "fs02", "subclient": "x", **kept}]
    rows = told(estate={**estate, "backups": backups}, planned=names)["result"]["unspecified"]
    assert [(row["name"], row["jobs"], row["bytes"], row["kept_until"]) for row in rows] == [
        ("fs02", 2, 10, "2027-01-01T00:00:00Z"),
        ("acme-vcenter/left", 0, 0, None),
        ("fs01/defaultBackupSet/more", 2, 10, "2027-01-01T00:00:00Z"),
        ("sql01 / SQL01 / sales", 0, 0, None),
        ("acme-old", None, None, None),
    ]
    assert told()["drift"] is None
