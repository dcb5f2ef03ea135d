# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every call that a module sends, answered 404 by the server, and by what is none.

Only the API's own words say that there is none. A page, a gateway's JSON or an empty body say nothing of what there is: one clear error,
also where something is to be absent. What is taken for none makes nothing a second time, and changes nothing that it should not.
"""

from __future__ import annotations

import json
import re
import typing as t

import pytest

from ansible_collections.calligo.baas.tests.faults import test_replies
from ansible_collections.calligo.baas.tests.faults.conftest import Cells
from ansible_collections.calligo.baas.tests.faults.test_replies import ACTS, ANSWERING, Good, World
from ansible_collections.calligo.baas.tests.support import bad_replies
from ansible_collections.calligo.baas.tests.support.tasks import tasks_of

Json = dict[str, t.Any]
world, simulated_time = test_replies.world, test_replies.simulated_time  # fixtures

OWN = ("404 of the server", "404 {}")
#: Older servers do the same by another call, which is sent then; the simulator's has no job, and leaves a client ready.
OLDER = (("commvault_agent", "PUT /V4/Client/{}/Retire"),)
ANSWERS: dict[str, Json] = {
    OWN[0]: {"body": {"errorCode": 5, "errorMessage": "no such thing, says the server"}},
    "404 HTML": {"html": bad_replies.PAGE.format("404 Not Found")},
    "404 of a gateway": {"body": {"message": "no Route matched with those values"}},
    "404 {}": {"body": {}},
    "404 with nothing": {"text": ""},
}


@pytest.mark.usefixtures("simulated_time")
@pytest.mark.parametrize("module", ANSWERING)
def test_only_the_server_says_that_there_is_none(world: World, cells: Cells, module: str) -> None:
    if module not in cells.chosen(ANSWERING, sample=2):
        pytest.skip("make faults has it")
    problems, read = [], set()
    rows = []
    for number in cells.chosen(range(len(tasks_of(world.modules, module))), sample=1):
        for call, kind in world.on_a_good_day(module, number).calls.items():
            if kind != bad_replies.READS or call not in read:
                read.add(call)
                rows += [(number, call, kind, answer) for answer in ANSWERS]
    for number, call, kind, answer in cells.chosen(rows, sample=3):
        outcome, problem = play(world, module, number, call, answer)
        if outcome == bad_replies.NONE and (answer not in OWN or (kind == bad_replies.WRITES and not call.startswith("DELETE"))):
            problem = problem or "taken for none, which only the server may say of what is read or deleted"
        cells.note("not found", module, answer, "wrong" if problem else outcome)
        problems += [f"{module}[{number}] {call} met by {answer}: {problem}"] if problem else []
    assert not problems, "\n".join(problems)


def play(world: World, module: str, number: int, call: str, answer: str) -> tuple[str, str]:
    """What came of a cell, and what is wrong with that."""
    good, options = world.on_a_good_day(module, number), tasks_of(world.modules, module)[number]
    world.bring_back()
    method, _space, path = call.partition(" ")
    pattern = "/api" + re.escape(path).replace(r"\{\}", "[^/]+") + r"(\([^/]*\))?$"
    world.sandbox.control("POST", "/faults", {"name": "http", "method": method, "path": pattern, "status": 404, **ANSWERS[answer]})
    result = world.run(module, options)
    text = str(result.get("msg", ""))
    if not result.get("failed"):
        # As on a good day: an older call did it, or a warning or the result itself says what could not be told.
        told = "HTTP 404" in json.dumps(result) and world.facts() == good.facts
        survived = (module, call) in OLDER or told or (not good.failed and not test_replies.survived(world, good, result))
        return (bad_replies.SURVIVED, "") if survived else (bad_replies.NONE, wrong_with_none(world, good))
    if "Traceback" in text or "exception" in result or "\n" in text.strip() or len(text) < 40:
        return bad_replies.REFUSED, f"no clear error: {text[:400]}"
    if not result.get("changed") and world.facts() != world.before:
        return bad_replies.REFUSED, f"something was changed, and it says changed: false: {text}"
    if world.starts() > good.starts:
        return bad_replies.REFUSED, f"{world.starts()} jobs instead of {good.starts}"
    return bad_replies.REFUSED, "" if module in ACTS or good.failed else mended(world, module, number, good)


def wrong_with_none(world: World, good: Good) -> str:
    """What is wrong after a success of which a part was taken for none: it did its work, or left all as it was."""
    if world.starts() > good.starts:
        return f"{world.starts()} jobs instead of {good.starts}"
    facts = world.facts()
    return "" if facts in (good.facts, world.before) else f"something else is there: {test_replies.difference(good.facts, facts)}"


def mended(world: World, module: str, number: int, good: Good) -> str:
    """What is wrong after the same task on a good day that follows."""
    world.settle()
    again = world.run(module, tasks_of(world.modules, module)[number])
    if again.get("failed"):
        return f"the same task fails on a good day after it: {again['msg']}"
    facts = world.facts()
    return "" if facts == good.facts else f"after the same task on a good day: {test_replies.difference(good.facts, facts)}"
