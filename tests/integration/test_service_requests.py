# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests for another retention, as a shell and AWX launch them: the file, git's history, the platform and the ticket agree."""

from __future__ import annotations

import concurrent.futures
import json
import subprocess

import pytest
import yaml

from ansible_collections.calligo.baas.tests.support import small_world
from ansible_collections.calligo.baas.tests.support.modules import run_module
from ansible_collections.calligo.baas.tests.support.playbooks import evidence_dir, kill_playbook, run_playbook
from commvaultsim.sandbox import Sandbox

PLAYBOOK = "service_requests/change_retention"
OFFICE = {day: ["08:00-18:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}


def test_the_journal_keeps_two_runs_apart(tmp_path):
    given = {"directory": str(tmp_path), "tenant": "acme", "request": {"number": "RITM1", "plan": "acme-gold"}}
    predicted = run_module("service_request_journal", given, check=True)
    assert predicted["changed"] and list(tmp_path.iterdir()) == []
    assert run_module("service_request_journal", given)["journal"] == {"open": given["request"]} == predicted["journal"]
    assert not run_module("service_request_journal", given)["changed"]
    other = run_module("service_request_journal", {**given, "request": {"number": "RITM2"}})
    assert other["failed"] and "RITM1 was begun" in other["msg"]
    log = tmp_path / "acme.journal"
    log.write_text(log.read_text(encoding="utf-8").replace('"holder": "', '"holder": "elsewhere/'), encoding="utf-8")
    assert "by another run" in run_module("service_request_journal", given)["msg"]
    assert run_module("service_request_journal", {**given, "take_over": "RITM1"})["changed"]
    assert run_module("service_request_journal", {**given, "state": "ended"})["journal"] == {"open": None}


def git(directory, *arguments):
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    return subprocess.run(["git", "-C", str(directory), *identity, *arguments], capture_output=True, text=True, check=True).stdout.strip()


class World:
    """The small world, onboarded, with its specification in a checkout."""

    def __init__(self, sandbox, folder):
        self.sandbox = sandbox
        self.top = folder / "inventory"
        self.file = self.top / "host_vars" / "acme" / "specification.yml"
        self.requests, self.tickets = folder / "requests", folder / "tickets"
        for directory in (self.file.parent, self.requests, self.tickets):
            directory.mkdir(parents=True)
        text = yaml.safe_dump(small_world.SPECIFICATION, allow_unicode=True, sort_keys=False)
        self.file.write_text(f"# as signed\n{text}", encoding="utf-8")
        git(self.top, "init", "--quiet", "--initial-branch=main")
        git(self.top, "add", ".")
        git(self.top, "commit", "--quiet", "--message", "begin")
        extra = {
            "baas_requests_dir": str(self.requests),
            "baas_itsm": {"provider": "file", "directory": str(self.tickets)},
            "baas_calendar": {"zone": "Europe/Luxembourg", "hours": OFFICE},
            "baas_specification": {"path": str(self.file.parent), "author_name": "Desk", "author_email": "desk@example.com"},
        }
        self.options = ("--limit", "acme", "-e", f"@{self.file}", "-e", json.dumps(extra))

    def converge(self):
        return run_playbook(self.sandbox, "tenant_onboard", *self.options, "-e", "tenant_onboarding_acceptance=false")

    def request(self, number, days, *options, **more):
        return run_playbook(self.sandbox, PLAYBOOK, *self.options, *self.asked(number, days, **more), *options)

    @staticmethod
    def asked(number, days, **more):
        inputs = {"number": number, "plan": small_world.PLAN, "retention_days": str(days), "approval": "CHG1", **more}
        return ("-e", json.dumps({f"service_request_{name}": value for name, value in inputs.items()}))

    @property
    def seen(self):
        """What the file, git, the platform, the records and the tickets say."""
        state = self.sandbox.control("GET", "/state")
        (plan,) = (one for one in state["plans"] if one["name"] == small_world.PLAN)
        tickets = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(self.tickets.glob("*.yml"))]
        return {
            "file": yaml.safe_load(self.file.read_text(encoding="utf-8"))["baas_plans"][0]["destinations"][0]["retention_days"],
            "platform": [one["retention_days"] for one in plan["destinations"] if one["name"] == "Primary"],
            "history": git(self.top, "log", "--format=%s").splitlines()[:-1],
            "dirty": git(self.top, "status", "--porcelain"),
            "records": {
                path.stem: json.loads(path.read_text(encoding="utf-8").splitlines()[-1])["state"] for path in self.requests.glob("*.jsonl")
            },
            "journal": [json.loads(line)["state"] for path in self.requests.glob("*.journal") for line in path.read_text().splitlines()][
                -1:
            ],
            "tickets": {one["identity"]: one["state"] for one in tickets},
        }


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    folder = tmp_path_factory.mktemp("requests")
    with Sandbox(folder / "sandbox", small_world.scenario(folder), job_seconds=0.2) as running:
        evidence_dir(running).mkdir(exist_ok=True)
        world = World(running, folder / "first")
        run = world.converge()
        assert run.status == 0, run.output
        running.control("POST", "/save", {"name": "onboarded"})
        yield running


@pytest.fixture
def world(sandbox, tmp_path):
    sandbox.control("POST", "/load", {"name": "onboarded"})
    return World(sandbox, tmp_path)


def writes(sandbox):
    return sum(row["writes"] for row in sandbox.control("GET", "/journal")["requests"])


def test_longer_is_done_at_once_and_a_converge_changes_nothing(world):
    before = world.seen
    world.sandbox.control("DELETE", "/journal")
    preview = world.request("RITM1", 60, "--check")
    assert preview.status == 0 and f"Keep backups of {small_world.PLAN} for 60 days" in preview.output, preview.output
    assert world.seen == before and writes(world.sandbox) == 0
    run = world.request("RITM1", 60)
    assert run.status == 0, run.output
    done = world.seen
    assert done == {
        "file": 60,
        "platform": [60],
        "history": [f"RITM1: Keep backups of {small_world.PLAN} for 60 days"],
        "dirty": "",
        "records": {"RITM1": "done"},
        "journal": ["ended"],
        "tickets": {"RITM1": "resolved"},
    }
    assert world.file.read_text(encoding="utf-8").startswith("# as signed\n")
    again = world.request("RITM1", 60)
    assert (again.status, again.counts("changed"), world.seen) == (0, {"acme": 0}, done), again.output
    converged = world.converge()
    assert (converged.status, converged.counts("changed")) == (0, {"acme": 0}), converged.output


def test_shorter_waits_for_the_number_that_it_loses(world):
    before = world.seen
    run = world.request("RITM2", 7)
    assert run.status and "RITM2 is waiting: Backups would be kept for a shorter time" in run.output, run.output
    waiting = world.seen
    assert waiting == {**before, "records": {"RITM2": "received"}, "tickets": {"RITM2": "pending"}}
    assert world.request("RITM2", 7, confirm="999").status and world.seen["platform"] == [30]
    run = world.request("RITM2", 7, confirm="0")
    assert run.status == 0, run.output
    assert world.seen["platform"] == [7] and world.seen["file"] == 7 and world.seen["tickets"] == {"RITM2": "resolved"}


TEMPLATE = "{{ lookup('pipe','touch TOUCHED') }}"


@pytest.mark.parametrize(("name", "value"), [("number", TEMPLATE), ("plan", "boreal-gold")])
def test_what_is_hostile_is_refused_before_anything_is_read_or_written(world, name, value):
    """All forms of it are in tests/unit/plugins/module_utils/_service/test_service_request.py."""
    touched = world.file.parent / "touched"
    before = world.seen
    world.sandbox.control("DELETE", "/journal")
    given = {"plan": small_world.PLAN, "copy": "", name: value.replace("TOUCHED", str(touched))}
    run = world.request(given.pop("number", "RITM3"), 60, **given)
    assert run.status and not touched.exists() and "Traceback" not in run.output
    assert world.sandbox.control("GET", "/journal")["requests"] == []
    assert world.seen == before


def test_without_a_checkout_the_change_is_left_as_a_patch_and_not_said_to_be_done(world):
    (world.top / ".git").rename(world.top / "away")
    run = world.request("RITM6", 60)
    (world.top / "away").rename(world.top / ".git")
    assert run.status and "RITM6 is waiting: The specification cannot be changed here" in run.output, run.output
    assert "retention_days: 60" in (world.requests / "RITM6.patch").read_text(encoding="utf-8")
    assert (world.seen["file"], world.seen["platform"], world.seen["tickets"]) == (30, [30], {"RITM6": "pending"})


def test_two_at_once_and_none_is_lost(world):
    numbers = {"RITM7": 60, "RITM8": 90}
    with concurrent.futures.ThreadPoolExecutor() as pool:
        runs = dict(zip(numbers, pool.map(lambda one: world.request(*one), numbers.items()), strict=True))
    done = {number for number, run in runs.items() if run.status == 0}
    refused = "".join(run.output for number, run in runs.items() if number not in done)
    assert done and (len(done) == 2 or "by another run" in refused), refused
    seen = world.seen
    assert {line.split(":")[0] for line in seen["history"]} == done
    assert seen["platform"] == [seen["file"]] and seen["dirty"] == "" and seen["journal"] == ["ended"]
    assert {number for number, state in seen["records"].items() if state == "done"} == done


def test_a_request_that_is_killed_is_ended_by_the_next_of_the_tenant(world):
    world.sandbox.control("DELETE", "/journal")
    world.sandbox.control("POST", "/faults", {"name": "hold", "number": 1, "after": True})

    def held():
        return any(fault["name"] == "hold" and fault["times"] == 0 for fault in world.sandbox.control("GET", "/faults")["faults"])

    try:
        kill_playbook(world.sandbox, PLAYBOOK, *world.options, *world.asked("RITM4", 60), when=held)
    finally:
        world.sandbox.control("DELETE", "/faults")
    assert world.seen["journal"] == ["begun"] and world.seen["records"] == {"RITM4": "received"}
    run = world.request("RITM5", 90)
    assert run.status == 0, run.output
    assert "The request RITM4 was begun and not ended." in run.output
    title = f"Keep backups of {small_world.PLAN} for"
    assert world.seen == {
        "file": 90,
        "platform": [90],
        "history": [f"RITM5: {title} 90 days", f"RITM4: {title} 60 days"],
        "dirty": "",
        "records": {"RITM4": "done", "RITM5": "done"},
        "journal": ["ended"],
        "tickets": {"RITM4": "resolved", "RITM5": "resolved"},
    }
    converged = world.converge()
    assert (converged.status, converged.counts("changed")) == (0, {"acme": 0}), converged.output
