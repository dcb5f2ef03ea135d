# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every job that a module starts or waits for, on every bad day that a job can have.

Never success; the job's number is in the result; one error that names the job, how it was seen last, and the way out; no second start.
"""

from __future__ import annotations

import json
import re
import time
import typing as t

import pytest

from ansible_collections.calligo.baas.tests.faults import test_replies
from ansible_collections.calligo.baas.tests.faults.conftest import Cells
from ansible_collections.calligo.baas.tests.faults.test_replies import World
from ansible_collections.calligo.baas.tests.support import bad_replies, tenant
from ansible_collections.calligo.baas.tests.support.tasks import tasks_of

Json = dict[str, t.Any]
world, simulated_time = test_replies.world, test_replies.simulated_time  # fixtures

ERRORS = "Completed w/ one or more errors"


class BadDay(t.NamedTuple):
    """A fault of the simulator, and what the error has to say of the job."""

    fault: Json
    said: str


GONE = r"does not know job \d+"
BAD_DAYS: dict[str, BadDay] = {
    "hangs": BadDay({"name": "job_waiting", "reason": "No stream is free", "for_seconds": 10**7}, r"Last seen: .*is Waiting \(No s"),
    "is never seen": BadDay({"name": "job_gone", "unseen": True}, GONE),
    "vanishes from the list": BadDay({"name": "job_gone"}, rf"{GONE}.*; when it was seen last, job \d+ .* was \w+"),
    "vanishes with 404": BadDay({"name": "job_gone", "status": 404}, rf"{GONE}.*; when it was seen last, job \d+ .* was \w+"),
    "fails": BadDay({"name": "job_fail", "reason": "No space is left"}, r"is Failed: .*No space is left"),
    "ends partly": BadDay({"name": "job_end", "status": ERRORS, "reason": "2 items are locked"}, rf"is {ERRORS}"),
    "is killed": BadDay({"name": "job_act", "action": "kill"}, r"is Killed: .*killed by a user"),
    "is suspended": BadDay({"name": "job_act", "action": "pause"}, r"is Suspended: .*somebody resumes it"),
    "is in an unknown state": BadDay({"name": "job_word", "word": "Pondering"}, r"Last seen: .*is Pondering"),
    "ends in an unknown word": BadDay({"name": "job_word", "word": "Completed w/ some miracles"}, r"Last seen: .*is Completed w/ some mir"),
}
#: These take a backup with errors for one: the caller says whether that is a failure, and is warned otherwise.
LENIENT = ("commvault_backup", "commvault_job")
WAITING = ("commvault_backup", "commvault_restore", "commvault_agent")
#: What tells whoever reads it where to go on.
WAY_OUT = re.compile(r"[Ll]ook at|wait longer|somebody resumes it|start one again")


def upset(world: World, day: str) -> int:
    """Bring a bad day over every job that is started from now on; the number of the next one."""
    following: int = max(job["id"] for job in world.sandbox.control("GET", "/state")["jobs"]) + 1
    match = "^(" + "|".join(str(following + more) for more in range(20)) + ")$"
    world.sandbox.control("POST", "/faults", {**BAD_DAYS[day].fault, "match": match})
    return following


def wrong_with(result: Json, number: int, day: str, lenient: bool) -> str:
    """What is wrong with the result of a module whose job has had a bad day."""
    if day == "ends partly" and lenient:
        warned = json.dumps(result.get("warnings"))
        return (
            ""
            if f"job {number} " in warned and ERRORS in warned and not result.get("failed")
            else f"no warning: {json.dumps(result)[:400]}"
        )
    text = str(result.get("msg", ""))
    if not result.get("failed"):
        return f"success: {json.dumps(result)[:400]}"
    if "exception" in result or "Traceback" in text or "\n" in text.strip():
        return f"no clear error: {text[:400]}"
    if not re.search(BAD_DAYS[day].said, text) or str(number) not in text or not WAY_OUT.search(text):
        return f"it does not say which job, how it was seen last, or the way out: {text}"
    told = json.dumps({name: value for name, value in result.items() if name not in ("msg", "error")})
    return "" if str(number) in told else f"job {number} is not in the result: {told[:400]}"


@pytest.mark.usefixtures("simulated_time")
@pytest.mark.parametrize("module", WAITING)
def test_a_module_that_started_it(world: World, cells: Cells, module: str) -> None:
    rows = [(number, day) for number, _task in enumerate(tasks_of(world.modules, module)) for day in BAD_DAYS]
    problems = []
    for number, day in cells.chosen(rows):
        good = world.on_a_good_day(module, number)
        world.bring_back()
        if good.failed or good.starts == world.starts():
            continue  # it starts none
        first = upset(world, day)
        result = world.run(module, {**tasks_of(world.modules, module)[number], "wait_timeout": 300})
        problem = wrong_with(result, first, day, module in LENIENT)
        if not problem and not result["changed"]:
            problem = "it says changed: false"
        if not problem and world.starts() != good.starts:
            problem = f"{world.starts()} jobs instead of {good.starts}"
        outcome = bad_replies.REFUSED if result.get("failed") else bad_replies.SURVIVED
        cells.note("job", module, f"a job that {day}", "wrong" if problem else outcome)
        problems += [f"{module}[{number}], a job that {day}: {problem}"] if problem else []
    assert not problems, "\n".join(problems)


@pytest.mark.usefixtures("simulated_time")
def test_a_module_that_waits_for_a_job_of_others(world: World, cells: Cells) -> None:
    problems = []
    for day in cells.chosen(list(BAD_DAYS)):
        number = started(world, day)
        before = world.starts()
        result = world.run("commvault_job", {"job_ids": [number], "wait_timeout": 300})
        if day == "is never seen":  # and so no job
            problem = "" if result.get("failed") and f'job "{number}" does not exist' in result["msg"] else json.dumps(result)[:400]
        else:
            problem = wrong_with(result, number, day, lenient=True)
        problem = problem or ("" if world.starts() == before else "it started something")
        outcome = bad_replies.REFUSED if result.get("failed") else bad_replies.SURVIVED
        cells.note("job", "commvault_job", f"a job that {day}", "wrong" if problem else outcome)
        problems += [f"a job that {day}: {problem}"] if problem else []
    assert not problems, "\n".join(problems)


def started(world: World, day: str) -> int:
    """A backup that nobody has waited for yet."""
    world.bring_back()
    number = upset(world, day)
    world.run("commvault_backup", tenant.inside({"subclients": [{"client": "acme-fs01", "name": "data"}], "wait": False}))
    return number


#: What a job does that is told to come to a state: after a moment it is known no more, or it stays as it is.
DISOBEDIENT = {
    "killed, vanishes": ({"name": "job_gone"}, "known no more"),
    "killed, stays": ({"name": "job_word", "word": "Running"}, "Running"),
    "suspended, vanishes": ({"name": "job_gone"}, "known no more"),
    "suspended, stays": ({"name": "job_word", "word": "Running"}, "Running"),
    "resumed, stays": ({"name": "job_word", "word": "Suspended"}, "Suspended"),
}


@pytest.mark.usefixtures("simulated_time")
@pytest.mark.parametrize("case", DISOBEDIENT)
def test_a_job_that_does_not_obey(world: World, cells: Cells, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    fault, seen = DISOBEDIENT[case]
    state = case.partition(",")[0]
    number = started(world, "is suspended" if state == "resumed" else "hangs")
    for _look in range(2):  # it begins to run, and is suspended a moment after that
        world.sandbox.control("POST", "/clock", {"advance": 0.3})
        world.run("commvault_job_info", {"job_ids": [number]})
    sleep = time.sleep

    def disobey(seconds: float) -> None:
        world.sandbox.control("POST", "/faults", {**fault, "match": f"^{number}$"})
        monkeypatch.setattr(time, "sleep", sleep)
        sleep(seconds)

    if seen == "known no more":
        monkeypatch.setattr(time, "sleep", disobey)
    else:
        world.sandbox.control("POST", "/faults", {**fault, "match": f"^{number}$"})
    result = world.run("commvault_job", {"job_ids": [number], "state": state, "wait_timeout": 120})
    text = str(result.get("msg", ""))
    assert result.get("failed") and result["changed"] and "exception" not in result, result
    assert f"Told to be {state}: job {number} is {seen}" in text and "look at it in Commvault" in text
    cells.note("job", "commvault_job", f"told to be {case}", bad_replies.REFUSED)
