# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module at its edge: what it says, and the files that lie in the directory then."""

from __future__ import annotations

import collections
import datetime
import os
import subprocess
import sys

import pytest
import yaml

from ansible_collections.calligo.baas.plugins.module_utils._core import output
from ansible_collections.calligo.baas.tests.support.collection import ROOT
from ansible_collections.calligo.baas.tests.support.modules import run_module, ticket_options

MODULE = "itsm_ticket"
TROUBLE = {"tenant": "acme", "identity": "acme-fs01 agent_not_ready", "title": "acme-fs01 has no backup", "by": "noc"}
RESOLVED = {"tenant": "acme", "identity": TROUBLE["identity"], "state": "resolved", "by": "noc"}
HOSTILE = "{{ lookup('pipe','id') }} !!python/object:os.system &a *a <b>\x00\x1b[31m\u202egnp.exe\r\n--- \u2028- x: 'y\" # é"


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "tickets"


def run(directory, options, *, check=False, name=MODULE):
    result = run_module(name, {**ticket_options(directory), **options}, check=check)
    assert not result.get("failed"), result
    return result


def failure(directory, options, *, check=False, name=MODULE):
    given = {"provider": "file", "directory": str(directory), **options}
    result = run_module(name, {option: value for option, value in given.items() if value is not None}, check=check)
    assert result.get("failed"), result
    return result["msg"]


def records(directory):
    """The records of the directory by name; anything else there but the lock is an error."""
    return {path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in directory.iterdir() if path.name != ".lock"}


def only(directory):
    (record,) = records(directory).values()
    return record


def step(directory, options, changed):
    """Check mode tells what will be and writes nothing; a real run does it, and one more changes nothing."""
    before = records(directory) if directory.exists() else {}
    predicted = run(directory, options, check=True)
    assert (predicted["changed"], records(directory)) == (changed, before)
    result = run(directory, options)
    assert result["changed"] is changed
    assert (records(directory) != before) is changed
    after = records(directory)
    for check in (True, False):
        assert run(directory, options, check=check)["changed"] is False
    assert records(directory) == after
    return result


def ended_days_ago(directory, days):
    """Move the end of the only ticket into the past, as a person could who writes into its file."""
    (path,) = directory.glob("*.yml")
    record = yaml.safe_load(path.read_text(encoding="utf-8"))
    time = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days)
    for entry in record["history"]:
        entry["time"] = time.strftime("%Y-%m-%dT%H:%M:%SZ")
    path.write_text(yaml.safe_dump(record), encoding="utf-8")
    return path.stem


def test_walk(directory):
    made = step(directory, {**TROUBLE, "note": "We look into it."}, True)["ticket"]
    assert (made["state"], made["kind"], made["ended"], made["link"]) == ("new", "incident", None, str(directory / f"{made['number']}.yml"))
    changed = step(directory, {**TROUBLE, "priority": "high", "note": "Failed again.", "internal_note": "error 72:106"}, True)
    assert changed["diff"]["before"]["priority"] is None
    assert (changed["diff"]["after"]["priority"], changed["ticket"]["number"]) == ("high", made["number"])
    step(directory, {**TROUBLE, "state": "in_progress"}, True)
    # It is left to those who work on it; only what is new is said.
    assert step(directory, {**TROUBLE, "note": "We look into it."}, False)["ticket"]["state"] == "in_progress"
    ended = step(directory, {**RESOLVED, "note": "Backed up this morning."}, True)["ticket"]
    assert (ended["state"], ended["ended"]) == ("resolved", ended["history"][-1]["time"])
    step(directory, {**RESOLVED, "note": "Still healthy."}, False)
    assert step(directory, {**RESOLVED, "state": "closed"}, True)["ticket"]["state"] == "closed"
    step(directory, RESOLVED, False)
    notes = [(entry.get("changes", {}), entry.get("note"), entry.get("internal_note")) for entry in only(directory)["history"]]
    assert notes == [
        ({"state": "new"}, "We look into it.", None),
        ({"priority": "high"}, "Failed again.", "error 72:106"),
        ({"state": "in_progress"}, None, None),
        ({"state": "resolved"}, "Backed up this morning.", None),
        ({"state": "closed"}, None, None),
    ]


def test_what_comes_back_within_a_week_is_reopened_and_later_is_a_new_one_that_names_the_old(directory):
    run(directory, {**TROUBLE, "note": "Failed."})
    run(directory, RESOLVED)
    ended_days_ago(directory, 6.9)
    again = step(directory, {**TROUBLE, "note": "Failed."}, True)["ticket"]
    assert (again["state"], again["ended"], len(again["history"])) == ("new", None, 3)
    assert again["history"][-1]["note"] == "Failed."
    run(directory, RESOLVED)
    old = ended_days_ago(directory, 7.1)
    late = step(directory, TROUBLE, True)["ticket"]
    assert (late["follows"], late["state"], len(records(directory))) == (old, "new", 2)
    assert late["number"] != old
    listed = run(directory, {"states": ["new", "resolved"]}, name="itsm_ticket_info")["tickets"]
    assert [(row["number"], row["state"]) for row in listed] == [(old, "resolved"), (late["number"], "new")]
    assert run(directory, {"tenant": "globex"}, name="itsm_ticket_info")["tickets"] == []


def test_nothing_is_opened_to_be_closed(directory):
    assert step(directory, RESOLVED, False)["ticket"] is None
    assert not list(directory.iterdir())


def test_tenants_with_the_same_trouble_have_tickets_of_their_own(directory):
    for tenant in ("acme", "globex", ""):
        run(directory, {**TROUBLE, "tenant": tenant})
    assert sorted(record.get("tenant", "") for record in records(directory).values()) == ["", "acme", "globex"]


def test_a_ticket_keeps_its_kind(directory):
    run(directory, {**TROUBLE, "kind": "request"})
    assert "is of the kind request, not incident" in failure(directory, {**TROUBLE, "kind": "incident"})
    assert step(directory, {**TROUBLE, "priority": "low"}, True)["ticket"]["kind"] == "request"


def test_hostile_text_is_text_in_the_file_and_in_the_result(directory):
    said = {"description": HOSTILE, "note": HOSTILE, "internal_note": "*" * 30_000, "team": HOSTILE}
    ticket = step(directory, {**TROUBLE, **said, "title": HOSTILE}, True)["ticket"]
    record = only(directory)
    assert record["description"] == ticket["description"] == record["history"][0]["note"]
    assert "\n" not in ticket["title"] + ticket["team"] and "\n--- \n- x:" in ticket["description"]
    assert not {"\x00", "\x1b", "\u202e", "\r", "\u2028"} & set(ticket["description"])
    assert ticket["title"].startswith("{{ lookup('pipe','id') }} !!python/object:os.system &a *a <b>\ufffd")
    assert len(ticket["history"][0]["internal_note"]) == 20_000
    assert ticket["history"][0]["internal_note"].endswith("[… 30000 characters]")


@pytest.mark.parametrize("identity", ["../../etc/passwd", "a/b", ".", "~root", "-rf", "..\\x", "é" * 500, "con", "{{ 1 }}", "Ａ"])
def test_whatever_an_identity_says_its_file_lies_in_the_directory(directory, identity):
    run(directory, {**TROUBLE, "tenant": "../globex", "identity": identity})
    assert [path.name for path in directory.parent.iterdir()] == ["tickets"]
    assert only(directory)["identity"] == identity


@pytest.mark.parametrize("identity", ["a\x00b", "a\nb", " a", "a  b", "a\u202eb", "a" * 501])
def test_an_identity_that_could_be_taken_for_another_is_refused(directory, identity):
    directory.mkdir()
    for name in ("tenant", "identity"):
        assert f"{name} has to be a line of at most 500" in failure(directory, {**TROUBLE, name: identity})
    assert not list(directory.iterdir())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"due": "tomorrow"}, "due is a time in UTC such as 2026-12-24T16:00:00Z, and 'tomorrow' is not."),
        ({"identity": ""}, "The identity of the ticket is empty."),
        ({"title": " \n "}, "The title of the ticket about"),
        ({"reopen_days": -1}, "reopen_days is a number from 0 to 365, and -1 is not."),
        ({"title": None}, "state is present but all of the following are missing: title"),
        ({"directory": "tickets"}, 'The directory "tickets" is relative'),
        ({"directory": None}, "provider is file but all of the following are missing: directory"),
    ],
)
def test_what_makes_no_sense_is_refused(directory, options, message):
    directory.mkdir()
    assert message in failure(directory, {**TROUBLE, **options})
    assert not list(directory.iterdir())


BROKEN = {
    "nothing": lambda text: "",
    "half": lambda text: text[: len(text) // 2],
    "no text": lambda text: "\x00" * 100,
    "a tag": lambda text: text.replace("title: ", "title: !!python/name:os.system "),
    "an alias": lambda text: text.replace("state: new\n", "state: &a new\n", 1) + "- *a\n",
    "two documents": lambda text: f"{text}---\n{text}",
    "another ticket": lambda text: text.replace("acme-fs01 agent", "acme-fs02 agent"),
    "another number": lambda text: text.replace("-1\n", "-2\n", 1),
    "a state": lambda text: text.replace("state: new", "state: done", 1),
    "a key twice": lambda text: text.replace("state: new", "state: new\nstate: closed", 1),
    "a key": lambda text: f"{text}assigned_to: me\n",
    "no history": lambda text: text[: text.index("history:")],
    "a time": lambda text: text.replace("time: '20", "time: 'last 20"),
    "deep": lambda text: "[" * 1_000_000,
    "a bomb": lambda text: "a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_record_that_cannot_be_read_is_an_error_that_names_it_and_no_second_ticket(directory, broken):
    path = directory / f"{run(directory, TROUBLE)['ticket']['number']}.yml"
    text = broken(path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")
    for name, options in ((MODULE, TROUBLE), (MODULE, RESOLVED), ("itsm_ticket_info", {})):
        message = failure(directory, options, name=name)
        assert message.startswith(f"{path}, one of the tickets, cannot be read: ") and "object at 0x" not in message
    assert path.read_text(encoding="utf-8") == text
    assert sorted(os.listdir(directory)) == [".lock", path.name]


def test_a_record_that_is_a_link_or_no_file_is_no_ticket_and_is_left_alone(directory, tmp_path):
    path = directory / f"{run(directory, TROUBLE)['ticket']['number']}.yml"
    elsewhere = path.rename(tmp_path / "elsewhere")
    path.symlink_to(elsewhere)
    assert f"{path}, one of the tickets, cannot be read: " in failure(directory, TROUBLE)
    path.unlink()
    os.mkfifo(path)
    assert f"{path}, one of the tickets, cannot be read: it is no ordinary file" in failure(directory, TROUBLE)
    path.unlink()
    (directory / ".lock").unlink()
    (directory / ".lock").symlink_to(elsewhere)
    assert f"{directory}/.lock, where tickets are kept, cannot be locked" in failure(directory, TROUBLE)


def test_a_directory_that_is_not_there_or_a_link_is_an_error(directory, tmp_path):
    assert failure(directory, TROUBLE) == f"The directory of tickets {directory} is not there. Make it, or mount what holds it."
    predicted = run_module(MODULE, {"provider": "file", "directory": str(directory), **TROUBLE}, check=True)
    assert predicted["changed"] and "is not there" in str(predicted["warnings"])
    (tmp_path / "real").mkdir()
    directory.symlink_to(tmp_path / "real")
    assert "leads through a symbolic link" in failure(directory, TROUBLE)
    assert not list((tmp_path / "real").iterdir())


def program(text, directory, *arguments):
    """A Python program that has `act(options)`, which runs the module on the directory as Ansible's worker does."""
    start = f"""
import json, os, random, resource, signal, sys, time
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import Inline, run_inline
from ansible_collections.calligo.baas.plugins.modules import itsm_ticket
def act(options):
    return run_inline(itsm_ticket.main, Inline("itsm_ticket", {{**{ticket_options(directory)!r}, **options}}, False, False, print))
TROUBLE, RESOLVED = {TROUBLE!r}, {RESOLVED!r}
"""
    env = {**os.environ, "PYTHONPATH": str(ROOT / ".build" / "collections"), "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
    command = [sys.executable, "-c", start + text, *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_a_full_disk_leaves_what_was_there_and_doubles_nothing(directory):
    ticket = run(directory, {**TROUBLE, "note": "Failed."})["ticket"]
    before = records(directory)
    full = program(
        """
resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))  # as far as files can be told, a disk with room for 200 bytes more
print(json.dumps([act({**TROUBLE, "note": "Failed again."}), act({**TROUBLE, "identity": "other"})]))
""",
        directory,
    )
    for result in map(dict, yaml.safe_load(full.communicate(timeout=60)[0])):
        assert (result["failed"], result["changed"]) == (True, False)
        assert f"{directory}, where tickets are kept, cannot be written to: File too large." in result["msg"]
    assert records(directory) == before
    again = run(directory, {**TROUBLE, "note": "Failed again."})["ticket"]
    assert (again["number"], len(again["history"]), len(records(directory))) == (ticket["number"], 2, 1)


@pytest.mark.parametrize("check", [True, False])
def test_a_directory_that_may_only_be_read_is_read(directory, monkeypatch, check):
    run(directory, TROUBLE)
    monkeypatch.setattr(output.os, "access", lambda path, mode: False)
    for options in ({**TROUBLE, "note": "Failed again."}, RESOLVED, {**TROUBLE, "identity": "other"}):
        assert failure(directory, options, check=check).startswith(f"The directory {directory} cannot be written to by this user.")
    assert run(directory, TROUBLE, check=check)["changed"] is False
    assert len(run(directory, {}, check=check, name="itsm_ticket_info")["tickets"]) == 1


def test_runs_at_once_about_one_thing_make_one_ticket_and_lose_nothing(directory):
    workers, rounds = 3, 6
    text = """
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[2])):
    result = act({**TROUBLE, "note": f"{sys.argv[1]}-{number}"})
    assert result["changed"], result
    act({**TROUBLE, "identity": f"other {number}"})
    act(RESOLVED)
"""
    running = [program(text, directory, str(worker), str(rounds)) for worker in range(workers)]
    for process in running:
        assert process.stdout.readline() == "ready\n"
    for process in running:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [(process.communicate(timeout=120), process.returncode)[1] for process in running] == [0] * workers
    found = collections.Counter(record["identity"] for record in records(directory).values())
    assert found == {TROUBLE["identity"]: 1, **{f"other {number}": 1 for number in range(rounds)}}
    (ticket,) = (record for record in records(directory).values() if record["identity"] == TROUBLE["identity"])
    notes = [entry["note"] for entry in ticket["history"] if "note" in entry]
    assert sorted(notes) == sorted(f"{worker}-{number}" for worker in range(workers) for number in range(rounds))


def test_a_run_that_is_killed_anywhere_leaves_whole_records_and_what_it_said_it_did(directory):
    """A child writes without end and is killed at a moment of chance; what it had said is done is there, and the lock is free."""
    killer = program(
        """
chance = random.Random(11)
act({**TROUBLE, "identity": "warm"})
for round in range(25):
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        number = 0
        while True:
            wish = RESOLVED if number % 3 == 2 else {**TROUBLE, "note": f"{round}-{number}"}
            if not act({**wish, "identity": f"thing {number % 2}"}).get("failed"):
                os.write(writing, f"{round}-{number}\\n".encode())
            number += 1
    os.close(writing)
    with os.fdopen(reading) as said:
        for _done in range(chance.randint(1, 4)):
            sys.stdout.write(said.readline())
        time.sleep(chance.uniform(0, 0.03))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        sys.stdout.write(said.read())
""",
        directory,
    )
    said = killer.communicate(timeout=120)[0].split()
    assert killer.returncode == 0 and len(said) >= 25
    # One more run, after which nothing unfinished is left.
    run(directory, {**TROUBLE, "identity": "last"})
    listed = run(directory, {"states": ["new", "in_progress", "pending", "resolved", "closed"]}, name="itsm_ticket_info")["tickets"]
    assert sorted(row["identity"] for row in listed) == ["last", "thing 0", "thing 1", "warm"]
    assert len(records(directory)) == len(listed)
    notes = collections.Counter(entry["note"] for row in listed for entry in row["history"] if entry["note"])
    done = {mark for mark in said if int(mark.partition("-")[2]) % 3 != 2}
    assert done <= notes.keys() and set(notes.values()) == {1}


def test_what_a_person_writes_into_a_record_is_kept(directory):
    ticket = run(directory, TROUBLE)["ticket"]
    path = directory / f"{ticket['number']}.yml"
    by_hand = "- time: 2026-11-24T10:00:00Z\n  by: jane\n  changes: {state: pending}\n  note: Waiting for the vendor.\n"
    path.write_text(path.read_text(encoding="utf-8").replace("state: new\nk", "state: pending\nk") + by_hand, encoding="utf-8")
    found = run(directory, {**TROUBLE, "note": "Failed again."})["ticket"]
    assert (found["state"], [entry["by"] for entry in found["history"]]) == ("pending", ["noc", "jane", "noc"])


def test_the_time_is_that_of_another_clock(directory):
    opened = run(directory, {**TROUBLE, "time": "2030-01-01T06:00:00Z"})["ticket"]
    assert opened["opened"] == "2030-01-01T06:00:00Z"
    run(directory, {**RESOLVED, "time": "2030-01-02T06:00:00Z"})
    again = run(directory, {**TROUBLE, "time": "2030-01-09T06:00:00Z"})["ticket"]
    assert (again["number"], again["state"]) == (opened["number"], "new")
    run(directory, {**RESOLVED, "time": "2030-01-10T06:00:00Z"})
    later = run(directory, {**TROUBLE, "time": "2030-01-17T06:00:01Z"})["ticket"]
    assert later["follows"] == opened["number"]
    assert "time is a time in UTC" in failure(directory, {**TROUBLE, "time": "tomorrow"})


def test_tickets_are_listed_by_how_their_identity_begins(directory):
    for identity in ("check lux a", "check lux b", "check luxor a", "other"):
        run(directory, {**TROUBLE, "identity": identity})
    listed = run(directory, {"begins": "check lux "}, name="itsm_ticket_info")["tickets"]
    assert [one["identity"] for one in listed] == ["check lux a", "check lux b"]
