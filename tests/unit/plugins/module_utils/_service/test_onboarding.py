# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

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
    "vms": {"changed": False, "vms": ["acme-web-01"]},
    "files": {"changed": False, "subclients": [{"name": "data"}]},
    "databases": {},
    "earlier": [],
}


def told(acceptance: t.Any = None, **seen: t.Any) -> dict[str, t.Any]:
    return onboarding.onboarding({**SEEN, **seen}, acceptance)


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
        },
        "acceptance": acceptance,
        "accepted_before": ["2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"],
    }
    assert ending["record"]["result"] == ending["result"]


def test_a_record_is_due_when_something_was_done_or_there_is_none() -> None:
    assert told()["due"] is True
    assert told(earlier=[earlier(None)])["due"] is False
    assert told(earlier("failed", "vm")["acceptance"], earlier=[earlier(None)])["due"] is True
