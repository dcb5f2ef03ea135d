# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every call that a module sends, met by every reply of a bad day (tests/support/bad_replies.py)."""

from __future__ import annotations

import json
import re
import time
import typing as t

import pytest
from pyVim.task import WaitForTask
from pyVmomi import vim

from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire import endpoints, transport
from ansible_collections.calligo.baas.tests.faults.conftest import Cells
from ansible_collections.calligo.baas.tests.support import bad_replies, tenant
from ansible_collections.calligo.baas.tests.support.collection import module_names
from ansible_collections.calligo.baas.tests.support.golden import Normaliser
from ansible_collections.calligo.baas.tests.support.modules import Modules, commvault_options, run_module
from ansible_collections.calligo.baas.tests.support.tasks import tasks_of
from ansible_collections.calligo.baas.tests.support.vcsim import content_of
from commvaultsim.sandbox import Sandbox

Json = dict[str, t.Any]
ASIDE = re.compile(r"POST /(Login|Logout|WhoAmI)")
#: Judged by the transport alone, whatever the call is: each module meets them once where it reads and once where it writes.
SLOW = ("endless", "drip")
#: Acts that start anew whenever they are asked: what a second run does says nothing about the first.
ACTS = ("commvault_backup", "commvault_restore")
ANSWERING = [name for name in module_names() if name.startswith("commvault_")]


class World:
    """A tenant that is there, to which the platform goes back before each cell; and what tasks do to it on a good day."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.modules = Modules(sandbox)
        tenant.onboard(self.modules)
        tenant.service_account(self.modules)
        tenant.sql_server(self.modules)
        self.settle()
        sandbox.control("POST", "/save", {"name": "tenant"})
        self.before = self.facts()
        self.good: dict[tuple[str, int], Good] = {}
        self.restored = False

    def settle(self) -> None:
        """Let all jobs come to their end."""
        self.sandbox.control("DELETE", "/faults")
        self.sandbox.control("POST", "/clock", {"advance": 600})

    def bring_back(self) -> None:
        self.sandbox.control("POST", "/load", {"name": "tenant"})
        if self.restored:  # in the vCenter, which is not brought back
            with content_of(self.modules.connection("vcenter_")) as content:
                view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
                for machine in [one for one in view.view if one.name.startswith("restored-")]:
                    WaitForTask(machine.Destroy_Task())
        self.restored = False

    def run(self, module: str, options: Json) -> Json:
        self.restored = self.restored or module == "commvault_restore"
        return run_module(module, {**commvault_options(self.sandbox), **options})

    def rows(self) -> list[Json]:
        rows: list[Json] = self.sandbox.control("GET", "/journal")["requests"]
        return [row for row in rows if not ASIDE.fullmatch(call_of(row))]

    def facts(self) -> str:
        """Everything that Commvault holds, without times."""
        self.settle()
        state = self.sandbox.control("GET", "/state")
        state["jobs"].sort(key=lambda job: (job["client_id"], job["subclient_id"], job["id"]))  # which is started first says nothing
        return json.dumps(self.normal(state), sort_keys=True)

    def normal(self, value: t.Any) -> t.Any:
        return timeless(Normaliser(self.sandbox.state_dir)(value))

    def starts(self) -> int:
        return sum(not job["parent_id"] for job in self.sandbox.control("GET", "/state")["jobs"])

    def on_a_good_day(self, module: str, number: int) -> Good:
        """What a task sends, says and leaves on a good day."""
        if (module, number) not in self.good:
            self.bring_back()
            result = self.run(module, tasks_of(self.modules, module)[number])
            rows = self.rows()
            calls = {call_of(row): bad_replies.WRITES if row["writes"] else bad_replies.READS for row in rows}
            self.good[module, number] = Good(bool(result.get("failed")), self.said(result), calls, self.facts(), self.starts())
        return self.good[module, number]

    def said(self, result: Json) -> str:
        kept = {name: value for name, value in result.items() if name not in ("invocation", "warnings", "diff")}
        return json.dumps(self.normal(kept), sort_keys=True)


class Good(t.NamedTuple):
    failed: bool
    said: str
    calls: dict[str, str]
    facts: str
    starts: int


def call_of(row: Json) -> str:
    return f"{row['method']} {endpoints.template(row['path'].partition('/api')[2])}"


MOMENT = re.compile(
    r".*(time|created|ended|started|submitted|updated|elapsed|last_tick|polls|guid|duration|percent).*|.*_at|.*age|start|end|.*Date|config",
    re.IGNORECASE,
)


def timeless(value: t.Any) -> t.Any:
    """Without what depends on the moment."""
    if isinstance(value, dict):
        return {name: timeless(one) for name, one in value.items() if not MOMENT.fullmatch(name)}
    return [timeless(one) for one in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[World]:
    with Sandbox(tmp_path_factory.mktemp("replies"), job_seconds=0.5) as sandbox:
        yield World(sandbox)


@pytest.fixture
def simulated_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who sleeps here moves the simulator's clock, so that jobs go on and nobody waits."""
    passed = [0.0]

    def sleep(seconds: float) -> None:
        passed[0] += seconds
        world.sandbox.control("POST", "/clock", {"advance": seconds})

    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(time, "monotonic", lambda real=time.monotonic: real() + passed[0])
    monkeypatch.setattr(transport, "LARGEST", 1 << 20)


class Cell(t.NamedTuple):
    module: str
    number: int
    call: str
    kind: str
    reply: str

    def __str__(self) -> str:
        return f"{self.module}[{self.number}] {self.call} met by {self.reply}"


def cells_of(world: World, module: str, numbers: t.Iterable[int]) -> list[Cell]:
    """Each call that reads in the first task that sends it, and each that writes in every task that does, of tasks by number."""
    found: list[Cell] = []
    read: set[str] = set()
    slow: set[tuple[str, str]] = set()
    for number in numbers:
        for call, kind in world.on_a_good_day(module, number).calls.items():
            if kind == bad_replies.READS and call in read:
                continue
            read.add(call)
            for reply in bad_replies.REPLIES:
                if reply in SLOW:
                    if (kind, reply) in slow:
                        continue
                    slow.add((kind, reply))
                found.append(Cell(module, number, call, kind, reply))
    return found


@pytest.mark.usefixtures("simulated_time")
@pytest.mark.parametrize("module", ANSWERING)
def test_a_bad_reply_is_survived_or_refused(world: World, cells: Cells, module: str) -> None:
    problems = []
    tasks = cells.chosen(range(len(tasks_of(world.modules, module))), sample=1)
    for cell in cells.chosen(cells_of(world, module, tasks)):
        outcome, problem = play(world, cell)
        cells.note("reply", module, cell.reply, "wrong" if problem else outcome)
        if problem:
            problems.append(f"{cell}: {problem}")
    assert not problems, "\n".join(problems)


def play(world: World, cell: Cell) -> tuple[str, str]:
    """What came of a cell, and what is wrong with that."""
    good, options = world.on_a_good_day(cell.module, cell.number), tasks_of(world.modules, cell.module)[cell.number]
    world.bring_back()
    method, _space, path = cell.call.partition(" ")
    pattern = "/api" + re.escape(path).replace(r"\{\}", "[^/]+") + r"(\([^/]*\))?$"
    params = bad_replies.REPLIES[cell.reply].params
    world.sandbox.control("POST", "/faults", {"name": "http", "method": method, "path": pattern, **params})
    slow = {"read_timeout": 1} if cell.reply == "drip" else {}
    try:
        result = world.run(cell.module, {**options, **slow})
    except Exception as error:  # noqa: BLE001 - a defect of its own, to be listed with the others
        return "broken", f"{type(error).__name__}: {error}"
    if cell.reply == "404" and not result.get("failed") and world.starts() <= good.starts:
        return bad_replies.NONE, ""
    failed = bool(result.get("failed"))
    outcome = bad_replies.REFUSED if failed else bad_replies.SURVIVED
    problem = refused(world, cell, good, result) if failed else survived(world, good, result)
    if not problem and outcome not in bad_replies.allowed(cell.module, cell.call, cell.kind, cell.reply):
        problem = f"{outcome}: {result.get('msg')}"
    if good.failed and problem.startswith(bad_replies.REFUSED):
        problem = ""  # whatever the reply, it ends so
    return outcome, problem


def survived(world: World, good: Good, result: Json) -> str:
    if world.starts() != good.starts:
        return f"{world.starts()} jobs instead of {good.starts}"
    if good.failed:
        return "success of what fails on a good day"
    facts = world.facts()
    if facts != good.facts:
        return f"success, and something else is there than on a good day: {difference(good.facts, facts)}"
    if world.said(result) != good.said and not tells(result):
        return f"success that says something else than on a good day, without a warning: {difference(good.said, world.said(result))}"
    return ""


def tells(result: Json) -> bool:
    """Whether a success says that something is missing: by a warning, or as a report that calls itself incomplete and says why."""
    reports = [value for value in result.values() if isinstance(value, dict)]
    return bool(result.get("warnings")) or any(one.get("complete") is False and one.get("problems") for one in reports)


def refused(world: World, cell: Cell, good: Good, result: Json) -> str:
    text = str(result.get("msg", ""))
    if "Traceback" in text or "exception" in result or "\n" in text.strip():
        return f"no clear error: {text[:500]}"
    if not re.search(r"[.!)] |[.!]$", text) or len(text) < 40:
        return f"an error without a way out: {text}"
    if not result.get("changed") and world.facts() != world.before:
        return f"something was changed, and it says changed: false: {text}"
    if world.starts() > good.starts:
        return f"{world.starts()} jobs instead of {good.starts}"
    return "" if cell.module in ACTS or good.failed else mended(world, cell, good)


def mended(world: World, cell: Cell, good: Good) -> str:
    """What is wrong after the same task on a good day that follows."""
    world.settle()
    again = world.run(cell.module, tasks_of(world.modules, cell.module)[cell.number])
    if again.get("failed"):
        return f"the same task fails on a good day after it: {again['msg']}"
    facts = world.facts()
    return "" if facts == good.facts else f"after the same task on a good day something else is there: {difference(good.facts, facts)}"


#: What jobs do on a bad day, and the fault of the simulator that makes them.
BAD_JOBS: dict[str, Json] = {
    "hangs": {"name": "job_waiting", "reason": "No stream is free", "for_seconds": 10**7},
    "is found no more": {"name": "job_invisible", "polls": 10**9},
    "fails": {"name": "job_fail", "reason": "No space is left"},
    "is in a state that nobody knows": {"name": "job_word", "word": "Pondering"},
    "ends in a word that nobody knows": {"name": "job_word", "word": "Completed w/ one or more miracles"},
}


@pytest.mark.usefixtures("simulated_time")
@pytest.mark.parametrize("module", ACTS)
def test_a_job_that_goes_wrong_is_no_success_and_not_started_again(world: World, cells: Cells, module: str) -> None:
    rows = [(number, name) for number, _task in enumerate(tasks_of(world.modules, module)) for name in BAD_JOBS]
    problems = []
    for number, name in cells.chosen(rows, sample=4):
        good = world.on_a_good_day(module, number)
        world.bring_back()
        if good.failed or good.starts == world.starts():
            continue
        outcome, problem = with_a_bad_job(world, module, number, name)
        cells.note("job", module, f"a job that {name}", "wrong" if problem else outcome)
        problems += [f"{module}[{number}] with a job that {name}: {problem}"] if problem else []
    assert not problems, "\n".join(problems)


def with_a_bad_job(world: World, module: str, number: int, name: str) -> tuple[str, str]:
    """What came of a task whose jobs go wrong, and what is wrong with that. Those that ran before are as they were."""
    good = world.on_a_good_day(module, number)
    world.bring_back()
    last = max(job["id"] for job in world.sandbox.control("GET", "/state")["jobs"])
    match = "^(" + "|".join(str(last + more) for more in range(1, 20)) + ")$"
    world.sandbox.control("POST", "/faults", {**BAD_JOBS[name], "match": match})
    result = world.run(module, {**tasks_of(world.modules, module)[number], "wait_timeout": 60})
    text, starts = str(result.get("msg")), world.starts()
    if starts > good.starts:
        return "started again", f"{starts} jobs instead of {good.starts}"
    if not result.get("failed"):
        # Of many jobs a list is read, which may know one that is not found by itself.
        return bad_replies.SURVIVED, "" if world.facts() == good.facts and "found" in name else json.dumps(result)[:400]
    if not result["changed"] or "\n" in text.strip() or "exception" in result or str(last + 1) not in json.dumps(result):
        return bad_replies.REFUSED, f"changed is {result['changed']}, and it says: {text}"
    return bad_replies.REFUSED, ""


def difference(wanted: str, found: str) -> str:
    """Where two texts begin to differ."""
    at = next((index for index, (one, other) in enumerate(zip(wanted, found, strict=False)) if one != other), min(len(wanted), len(found)))
    return f"...{wanted[max(0, at - 80) : at + 80]}... and not ...{found[max(0, at - 80) : at + 80]}..."
