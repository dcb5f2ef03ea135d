# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request may hold, what it costs, and what the journal allows."""

from __future__ import annotations

import datetime
import typing as t

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._service import service_request

GIVEN = {"service_request_number": "RITM1", "service_request_plan": "acme-gold", "service_request_retention_days": "60"}
ANCHORS = "&a [*a, *a]"
PLANS = [
    {
        "name": "acme-gold",
        "destinations": [{"name": "Primary", "retention_days": 30}, {"name": "Secondary", "retention_days": "infinite"}],
    }
]
NOW = datetime.datetime(2026, 11, 24, 9, tzinfo=datetime.UTC)


def problems(hosts: t.Sequence[str] = ("acme",), **given: t.Any) -> list[str]:
    return service_request.problems(
        "change_retention", {**GIVEN, **{f"service_request_{name}": value for name, value in given.items()}}, hosts
    )


def test_an_ordinary_request_is_taken_as_text() -> None:
    assert problems() == [] and problems(retention_days=60) == [] and problems(copy="Primary", confirm="12", approval="mail of 1 May") == []
    assert service_request.asked("change_retention", {**GIVEN, "service_request_retention_days": 60}) == {
        "service": "change_retention",
        "number": "RITM1",
        "plan": "acme-gold",
        "copy": "",
        "retention_days": "60",
        "confirm": "",
        "approval": "",
    }


HOSTILE = ["{{ lookup('pipe','id') }}", "a{# b #}", "a\0b", "a\u202eb", "x" * 10_000, "a\nb", {"a": 1}, ["a"], True, None]


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("name", list(service_request.INPUTS["change_retention"]))
def test_what_is_hostile_is_refused_in_one_sentence(name: str, value: t.Any) -> None:
    (said,) = problems(**{name: value})
    assert said.startswith(f"service_request_{name} is refused, and nothing was done: ")
    assert said.isascii() and said.isprintable() and len(said) < 300


@pytest.mark.parametrize(
    ("name", "value"),
    [("number", "../globex"), ("number", ""), ("number", "acme; rm -rf /"), ("number", ANCHORS), ("plan", "")]
    + [("retention_days", text) for text in ("0", "-1", "1e3", "10000", "", "acme; rm -rf /", ANCHORS)],
)
def test_what_does_not_look_like_one_is_refused(name: str, value: str) -> None:
    (said,) = problems(**{name: value})
    assert "does not look like one" in said


def test_a_request_is_for_one_tenant() -> None:
    assert problems(hosts=["acme", "globex"]) == ["A request is for one tenant, and the play has 2. Say which with --limit."]


@pytest.mark.parametrize("plan", ["boreal-gold", "acme; rm -rf /", "../globex", ANCHORS])
def test_a_plan_is_one_of_the_tenants_own(plan: str) -> None:
    with pytest.raises(ValueError, match=r"The tenant's specification has no plan .* It has: acme-gold\."):
        service_request.copies(PLANS, {"plan": plan, "copy": ""})


def test_the_copies_of_a_plan() -> None:
    assert service_request.copies(PLANS, {"plan": "ACME-gold", "copy": ""}) == ["Primary", "Secondary"]
    assert service_request.copies(PLANS, {"plan": "acme-gold", "copy": "secondary"}) == ["Secondary"]
    with pytest.raises(ValueError, match="has no copy 'x'"):
        service_request.copies(PLANS, {"plan": "acme-gold", "copy": "x"})


def cost(days: str, *jobs: int | None, begun: bool = False, **asked: str) -> dict[str, t.Any]:
    wanted = {"plan": "acme-gold", "copy": "Primary", "retention_days": days, "confirm": "", **asked}
    previews = [{"aging_out": {"jobs": number, "bytes": None if number is None else 10 * number}} for number in jobs]
    return service_request.cost(wanted, PLANS, previews, begun)


def test_longer_costs_nothing() -> None:
    told = cost("60", 0)
    assert (told["shorter"], told["missing"]) == (False, "")


@pytest.mark.parametrize("confirm", ["", "11", "012", "yes"])
def test_shorter_needs_the_number_of_jobs(confirm: str) -> None:
    told = cost("7", 12, confirm=confirm)
    assert told["shorter"] and "12 jobs would be lost (Primary: 12 jobs, 120 bytes)" in told["missing"]
    assert "service_request_confirm=12" in told["missing"]


def test_what_is_confirmed_goes_on_and_stays_confirmed() -> None:
    assert cost("7", 12, confirm="12")["missing"] == ""
    assert cost("7", 0)["missing"], "no job would be lost, but it is shorter"
    again = cost("7", 0, begun=True, confirm="12")
    assert (again["missing"], again["shorter"]) == ("", True)


def test_of_several_copies_all_jobs_count() -> None:
    told = cost("7", 2, 3, copy="", confirm="5")
    assert told["missing"] == "" and [row["copy"] for row in told["lost"]] == ["Primary", "Secondary"]


@pytest.mark.parametrize("begun", [False, True])
def test_what_nobody_knows_nobody_can_confirm(begun: bool) -> None:
    assert "does not tell" in cost("7", None, confirm="0", begun=begun)["missing"]


def journal(log: t.Any, number: str, holder: str = "host:1:1", state: str = "begun", alive: bool | None = False) -> list[dict[str, t.Any]]:
    return service_request.journalled(log, state, {"number": number}, holder, lambda _one: alive, NOW)


def test_the_journal_tells_what_has_not_ended() -> None:
    log = journal(None, "RITM1")
    found = service_request.unfinished(service_request.parsed("x", service_request.written(log)))
    assert found is not None and found["asked"] == {"number": "RITM1"}
    assert journal(log, "RITM1") is log
    ended = journal(log, "RITM1", state="ended")
    assert service_request.unfinished(ended) is None and journal(ended, "RITM1", state="ended") is ended
    assert [row["state"] for row in journal(ended, "RITM2")] == ["begun", "ended", "begun"]


def test_a_run_that_is_over_is_gone_on_with_by_the_same_request_alone() -> None:
    log = journal(None, "RITM1")
    assert [row["holder"] for row in journal(log, "RITM1", holder="host:2:2")] == ["host:1:1", "host:2:2"]
    with pytest.raises(ValueError, match="RITM1 was begun at 2026-11-24T09:00:00Z and has not ended"):
        journal(log, "RITM2", holder="host:2:2")


@pytest.mark.parametrize("alive", [True, None])
@pytest.mark.parametrize("number", ["RITM1", "RITM2"])
def test_a_run_that_may_go_on_is_left_alone(alive: bool | None, number: str) -> None:
    with pytest.raises(ValueError, match="by another run"):
        journal(journal(None, "RITM1"), number, holder="host:2:2", alive=alive)


@pytest.mark.parametrize("text", ["{", "[]", '{"kind": "service_request"}', '{"kind": "service_request_journal", "state": "begun"}'])
def test_what_is_no_journal_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=r"acme\.journal"):
        service_request.parsed("acme.journal", text)
