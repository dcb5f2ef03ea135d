# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module at its edge: what it says, and the records that lie in the directory then."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from ansible_collections.calligo.baas.tests.support.collection import ROOT
from ansible_collections.calligo.baas.tests.support.modules import run_module

MODULE = "service_request_record"
OFFICE = {day: ["08:00-18:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}
CALENDAR = {"zone": "Europe/Luxembourg", "hours": OFFICE, "holidays": {"country": "LU"}}
ADD = {"tenant": "acme", "request": "RITM1", "service": "add_system", "time": "2026-11-24T09:00:00Z", "calendar": CALENDAR}


def run(directory, options, *, check=False):
    result = run_module(MODULE, {"directory": str(directory), **ADD, **options}, check=check)
    assert not result.get("failed"), result
    return result


def failure(directory, options):
    before = logs(directory)
    results = [run_module(MODULE, {"directory": str(directory), **ADD, **options}, check=check) for check in (True, False)]
    assert [result.get("failed") for result in results] == [True, True] and results[0]["msg"] == results[1]["msg"]
    assert logs(directory) == before
    return results[1]["msg"]


def logs(directory):
    return {path.stem: path.read_text(encoding="utf-8").splitlines() for path in directory.glob("*.jsonl")}


def step(directory, options, changed=True):
    """Check mode tells what will be and writes nothing; a real run does it, and one more changes nothing and adds to nothing."""
    before = logs(directory)
    predicted = run(directory, options, check=True)
    assert (predicted["changed"], logs(directory)) == (changed, before)
    result = run(directory, options)
    assert (result["changed"], result["request"]) == (changed, predicted["request"])
    after = logs(directory)
    assert all(after[name][: len(lines)] == lines for name, lines in before.items())
    again = run(directory, {**options, "time": "2026-12-24T12:00:00Z"})
    assert (again["changed"], logs(directory)) == (False, after)
    return result["request"]


def test_a_request_is_received_once_and_ends_once(tmp_path):
    received = step(tmp_path, {})
    assert {name: received[name] for name in ("state", "due", "period", "used", "included", "approval")} == {
        "state": "received",
        "due": "2026-11-26T13:00:00Z",
        "period": "2026-W48",
        "used": 1,
        "included": 1,
        "approval": None,
    }
    done = step(tmp_path, {"state": "done", "time": "2026-11-26T13:00:00Z"})
    assert (done["promise"], done["ended"], done["received"]) == ("met", "2026-11-26T13:00:00Z", "2026-11-24T09:00:00Z")
    assert [json.loads(line)["state"] for line in logs(tmp_path)["RITM1"]] == ["received", "done"]
    assert failure(tmp_path, {"state": "refused"}).endswith("has been done since 2026-11-26T13:00:00Z, and cannot be refused.")
    assert "was received as one with tenant acme" in failure(tmp_path, {"tenant": "globex"})
    assert "was received as one with service add_system" in failure(tmp_path, {"service": "restore"})
    assert "was never received, so that it cannot be done" in failure(tmp_path, {"request": "RITM2", "state": "done"})


def test_late_is_missed(tmp_path):
    step(tmp_path, {"service": "restore"})
    assert run(tmp_path, {"service": "restore"})["request"]["due"] == "2026-11-24T17:00:00Z"
    assert step(tmp_path, {"service": "restore", "state": "done", "time": "2026-11-24T17:00:01Z"})["promise"] == "missed"


def test_what_is_included_is_counted_by_week_and_month_and_tenant(tmp_path):
    step(tmp_path, {})
    for service in ("add_system", "remove_system"):
        message = failure(tmp_path, {"request": "RITM2", "service": service, "time": "2026-11-29T22:59:59Z"})
        assert message == (
            "The request RITM2 of acme is over what is included: 1 a week of add_system and remove_system, and 1 in 2026-W48. "
            "It needs the reference of an approval."
        )
    # On Luxembourg's clocks Monday has begun, in the week with the new month's first days.
    assert step(tmp_path, {"request": "RITM2", "time": "2026-11-29T23:00:00Z"})["period"] == "2026-W49"
    assert step(tmp_path, {"request": "RITM3", "tenant": "globex"})["used"] == 1
    over = step(tmp_path, {"request": "RITM4", "approval": "e-mail of Zoë Müller, 24 November"})
    assert (over["used"], over["approval"]) == (2, "e-mail of Zoë Müller, 24 November")
    step(tmp_path, {"request": "RITM5", "service": "change_retention", "time": "2026-11-01T00:00:00Z"})
    assert "1 a month of change_retention, and 1 in 2026-11" in failure(tmp_path, {"request": "RITM6", "service": "change_retention"})
    # One that is refused does not count; what is as required is not counted.
    step(tmp_path, {"request": "RITM5", "service": "change_retention", "state": "refused"})
    assert step(tmp_path, {"request": "RITM6", "service": "change_retention"})["period"] == "2026-11"
    for number in range(3):
        assert step(tmp_path, {"request": f"RESTORE{number}", "service": "restore"})["period"] is None


def test_the_weeks_of_the_turn_of_the_year(tmp_path):
    new_year = {"request": "RITM1", "time": "2026-12-31T12:00:00Z"}
    assert step(tmp_path, new_year)["period"] == "2026-W53"
    assert "1 in 2026-W53" in failure(tmp_path, {"request": "RITM2", "time": "2027-01-03T12:00:00Z"})
    assert step(tmp_path, {"request": "RITM3", "time": "2027-01-04T12:00:00Z"})["period"] == "2027-W01"


def test_another_catalogue(tmp_path):
    catalogue = [{"services": ["add_system"], "hours": 4, "included": 2, "per": "month"}]
    assert step(tmp_path, {"catalogue": catalogue})["due"] == "2026-11-24T13:00:00Z"
    step(tmp_path, {"catalogue": catalogue, "request": "RITM2"})
    assert "2 a month of add_system, and 2 in 2026-11" in failure(tmp_path, {"catalogue": catalogue, "request": "RITM3"})
    assert "no service 'restore'" in failure(tmp_path, {"catalogue": catalogue, "request": "RITM3", "service": "restore"})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"request": "../x"}, "tenant and request are of letters"),
        ({"request": "a" * 65}, "tenant and request are of letters"),
        ({"tenant": "acme\n"}, "tenant and request are of letters"),
        ({"approval": "a\u202eb"}, "approval is a line of text"),
        ({"time": "today"}, "'today' is no time in UTC such as 2026-11-24T09:30:00Z."),
        ({"calendar": {**CALENDAR, "zone": "Europe/Atlantis"}}, "zone 'Europe/Atlantis' is no IANA time zone"),
        ({"calendar": {**CALENDAR, "holidays": {"country": "LU", "subdivision": "Q"}}}, "with the subdivision 'Q'"),
        ({"service": "{{ 1 }}"}, "There is no service '{{ 1 }}' in the catalogue."),
        ({"directory": "/nowhere/at/all"}, "The directory of service requests /nowhere/at/all is not there."),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, options, message):
    if "directory" in options:
        result = run_module(MODULE, {**ADD, **options})
        assert result["failed"] and message in result["msg"]
    else:
        assert message in failure(tmp_path, options)


@pytest.mark.parametrize(
    "text", ["", "{", "[]\n", '{"kind": "service_request", "state": "done", "time": "2026-11-24T09:00:00Z"}\n', "{}\n", "\x00"]
)
def test_a_record_that_cannot_be_read_is_an_error_that_names_it_for_others_too(tmp_path, text):
    step(tmp_path, {})
    path = tmp_path / "RITM1.jsonl"
    path.write_text(text, encoding="utf-8")
    for request in ("RITM1", "RITM2"):
        assert failure(tmp_path, {"request": request}).startswith(f"{path}, one of the service requests, cannot be read: ")


def test_of_requests_at_the_same_moment_one_is_included(tmp_path):
    text = """
import json, sys
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import Inline, run_inline
from ansible_collections.calligo.baas.plugins.modules import service_request_record as module
print("ready", flush=True)
for line in sys.stdin:
    print(json.dumps(run_inline(module.main, Inline("module", json.loads(line), False, False, print))), flush=True)
"""
    env = {**os.environ, "PYTHONPATH": str(ROOT / ".build" / "collections"), "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
    pipe = subprocess.PIPE
    running = [
        subprocess.Popen([sys.executable, "-c", text], cwd=ROOT, env=env, stdin=pipe, stdout=pipe, text=True) for _number in range(2)
    ]
    for process in running:
        assert process.stdout.readline() == "ready\n"
    for tenant in (f"tenant{number}" for number in range(20)):
        for number, process in enumerate(running):
            options = {**ADD, "directory": str(tmp_path), "tenant": tenant, "request": f"{tenant}-{number}"}
            process.stdin.write(json.dumps(options) + "\n")
            process.stdin.flush()
        results = [json.loads(process.stdout.readline()) for process in running]
        assert sorted(result.get("failed", False) for result in results) == [False, True], results
        assert next("over what is included" in result["msg"] for result in results if result.get("failed"))
    for process in running:
        process.communicate(timeout=60)
    assert len(logs(tmp_path)) == 20
