# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of the problems of a day: causes, retries, tickets and ends, from documents alone."""

from __future__ import annotations

import copy
import json

import pytest
import yaml

from ansible_collections.calligo.baas.plugins.module_utils._service import check_acts, check_causes, check_day
from ansible_collections.calligo.baas.plugins.module_utils._service.check_problems import Looked, begins, identity
from ansible_collections.calligo.baas.tests.support.collection import ROOT

SHIPPED = yaml.safe_load((ROOT / "roles/backup_check/vars/main.yml").read_text(encoding="utf-8"))["__backup_check_shipped_causes"]
CAUSES = check_causes.table(SHIPPED, [], {})
DAY, NEXT = "2026-11-24", "2026-11-25"
MORNING, LATER, TOMORROW = "2026-11-24T06:00:00Z", "2026-11-24T06:30:00Z", "2026-11-25T06:00:00Z"
NETWORK = "The network connection to the client was lost."
FILES = "files/acme/acme-fs01/data"


def job(number, outcome="failed", start="2026-11-24T01:00:00Z", end="2026-11-24T02:00:00Z", reason=NETWORK, status="Failed"):
    named = {"id": number, "level": "Incremental", "status": status, "outcome": outcome, "synthetic": False}
    sizes = {"application_bytes": 0, "media_bytes": 0, "objects": 0, "failed_objects": 0}
    return {**named, **sizes, "start": start, "end": end, "reason": reason if outcome != "success" else ""}


def system(state="failed", identifier=FILES, tenant="acme", kind="file", jobs=None, **more):
    given = [job(1)] if jobs is None and state == "failed" else jobs or []
    last = given[0] if given else None
    bad = last and last["outcome"] != "success"
    row = {
        "id": identifier,
        "tenant": tenant,
        "kind": kind,
        "name": ", ".join(identifier.split("/")[2:]),
        "client": identifier.split("/")[2],
        "group": "",
        "plan": "gold",
        "exception": "",
        "exception_until": None,
        "state": state,
        "otherwise": state,
        "agent_ready": True,
        "last_good": "2026-11-23T02:00:00Z",
        "strikes": 1 if state == "failed" else 0,
        "running": 0,
        "reason": last["reason"] if bad else "",
        "code": "",
        "last_job": last["id"] if last else None,
        "last_status": last["status"] if last else None,
        "last_level": last["level"] if last else None,
        "jobs": given,
    }
    return {**row, **more}


def document(*systems, to=MORNING, problems=(), unnamed=(), absent=(), tenants=("acme", "boreal")):
    return {
        "format": "calligo.baas/protection/1",
        "region": "lux",
        "period": {"from": "2026-11-23T06:00:00Z", "to": to, "hours": 24.0, "time_zone": "Europe/Luxembourg", "days": [to[:10]]},
        "complete": not problems,
        "problems": [{"tenant": None, "text": text} for text in problems],
        "tenants": [{"host": host, "name": f"{host.title()} Ltd", "alias": host} for host in tenants],
        "systems": list(systems),
        "unnamed": list(unnamed),
        "absent": list(absent),
    }


class Desk:
    """Tickets as the modules keep them, in as much as the rules see of them."""

    def __init__(self):
        self.tickets = {}
        self.down = False
        self.calls = []

    def listed(self):
        return None if self.down else [dict(one) for one in self.tickets.values() if one["state"] not in ("resolved", "closed")]

    def write(self, wanted):
        """Write all, and give the results of the loop."""
        results = []
        for item in wanted:
            if self.down:
                results.append({"ansible_loop_var": "item", "item": item, "msg": "No room.", "error": {"kind": "InputError"}})
                continue
            self.calls.append(item)
            known = self.tickets.get(item["identity"])
            if known is None and item["state"] == "present":
                self.tickets[item["identity"]] = known = {
                    **item,
                    "number": f"T{len(self.tickets) + 1}",
                    "state": "new",
                    "opened": item["time"],
                }
            elif known:
                over = known["state"] in ("resolved", "closed")
                known["state"] = "resolved" if item["state"] == "resolved" else "new" if over else known["state"]
            results.append({"ansible_loop_var": "item", "item": item, "ticket": known and dict(known)})
        return results


class Check:
    """Runs of the check, as the role makes them. kill: where a run ends at once."""

    def __init__(self, causes=CAUSES):
        self.causes = causes
        self.desk = Desk()
        self.records = {}
        self.started = []
        self.process, self.living = 0, set()

    def call(self, found, day, **more):
        earlier = max((one for one in self.records if one < day), default=None)
        now = check_day.Now(
            Looked(found, self.causes), **more, me={"process": self.process}, lives=lambda run: run["process"] in self.living
        )
        before = self.records.get(day)
        record = check_day.settled(now, day, copy.deepcopy(before), copy.deepcopy(self.records.get(earlier)))
        self.records[day] = check_day.parsed(f"{day}.json", check_day.written(record))
        return check_acts.told(record, now, 7)

    def run(self, first, second=None, day=DAY, kill="", fail=(), most=25):
        """first, second: what is read before and after retries. fail: names of systems whose backup cannot be started."""
        self.process += 1
        open_ = self.desk.listed()
        told = self.call(first, day, desk=open_, may_retry=True, most=most)
        if kill == "claimed":
            return told
        found = first
        if told["retries"] or told["jobs"]:
            results = []
            for one in told["retries"]:
                failed = one["name"] in fail
                self.started += [] if failed else [one["identity"]]
                answer = (
                    {"msg": "No such client.", "error": {"kind": "NotFound"}}
                    if failed
                    else {"targets": [{"jobs": [100], "action": "started"}]}
                )
                results.append({"ansible_loop_var": "item", "item": one, "started": not failed, **answer})
            if kill == "started":
                return told
            found = second or first
            told = self.call(found, day, desk=open_, started=check_acts.started(results))
        results = self.desk.write(told["tickets"])
        if kill == "ticketed":
            return told
        return self.call(found, day, desk=open_, written=check_acts.kept(results))

    def problems(self, day=DAY):
        return {row["system"]: row for row in self.records[day]["problems"]}


GOOD = [job(100, "success", "2026-11-24T06:01:00Z", "2026-11-24T06:10:00Z", status="Completed"), job(1)]
HELPED = document(system("protected", jobs=GOOD, last_good="2026-11-24T06:10:00Z"), to=LATER)
AGAIN = [job(100, "failed", "2026-11-24T06:01:00Z", "2026-11-24T06:10:00Z"), job(1)]
NOT_HELPED = document(system("failed", jobs=AGAIN, strikes=2), to=LATER)


@pytest.mark.parametrize(
    ("more", "cause"),
    [
        ({"reason": NETWORK}, "network"),
        ({"agent_ready": False}, "agent_not_ready"),
        ({"reason": "The client's services did not answer within 10 minutes."}, "agent_not_ready"),
        ({"reason": "The disk library has no space left."}, "storage_full"),
        ({"reason": "Failed to take a snapshot of the virtual machine.", "kind": "vm"}, "snapshot"),
        ({"reason": "Access to a folder of the content was denied.", "state": "partly"}, "access_denied"),
        ({"reason": "", "status": "Killed"}, "killed"),
        ({"reason": "???"}, "other"),
        ({"reason": "", "state": "never_ran", "status": None}, "never_ran"),
        ({"reason": "", "state": "missed", "status": None}, "missed"),
        ({"reason": "", "state": "partly"}, "partly"),
        ({"reason": "", "state": "disabled"}, "disabled"),
        ({"reason": "", "state": "not_in_group"}, "not_in_group"),
        ({"reason": "", "state": "absent"}, "vm_gone"),
        ({"reason": "", "state": "unnamed"}, "unnamed"),
        ({"reason": NETWORK, "state": "unknown"}, "platform_unreadable"),
    ],
)
def test_the_cause_is_what_commvault_says(more, cause):
    given = {"state": "failed", "status": "Failed", "kind": "file", "code": "", "reason": "", "agent_ready": True, **more}
    assert check_causes.cause_of(given, CAUSES).name == cause


def test_the_operator_changes_and_adds_causes():
    own = [
        {"cause": "network", "team": "wan", "retry": {"attempts": 0}},
        {"cause": "raw_disk", "words": "A raw disk", "team": "storage", "codes": ["91:30"]},
    ]
    causes = check_causes.table(SHIPPED, own, {"wan": "WAN team", "storage": "Disks"})
    given = {"state": "failed", "status": "Failed", "kind": "vm", "code": "", "agent_ready": None}
    network = check_causes.cause_of({**given, "reason": NETWORK}, causes)
    assert (network.team, network.retry.attempts, network.words) == ("WAN team", 0, check_causes.named("network", CAUSES).words)
    for reason, code in (("Failed [91:30] to open the network connection", ""), ("x", "91:30")):
        assert check_causes.cause_of({**given, "reason": reason, "code": code}, causes).team == "Disks"
    assert check_causes.cause_of({**given, "reason": "at 91:30", "code": ""}, causes).name == "other"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"cause": "New one", "words": "x", "team": "y"}, "'New one'"),
        ({"cause": "new"}, "new has no words and no team"),
        ({"cause": "network", "reasons": [" "]}, "network has an empty text in reasons"),
        ({"cause": "network", "retry": {"attempts": -1}}, "network have a number below 0"),
        ({"cause": "network", "retry": {"attempts": 1, "windows": ["8-9"]}}, "network, '8-9', is no span"),
        ({"cause": "network", "priority": "urgent"}, "network has the priority 'urgent'"),
    ],
)
def test_a_line_that_makes_no_sense_is_named(line, said):
    with pytest.raises(ValueError, match=said):
        check_causes.table(SHIPPED, [line], {})


def test_a_retry_that_helps_resolves_and_needs_no_ticket():
    check = Check()
    told = check.run(document(system()), HELPED)
    (row,) = check.records[DAY]["problems"]
    assert (row["end"], row["by"], row["found_at"], row["acted_at"], row["solved_at"]) == (
        "resolved",
        "retry",
        MORNING,
        MORNING,
        "2026-11-24T06:10:00Z",
    )
    assert [(one["state"], one["outcome"], one["jobs"]) for one in row["attempts"]] == [("started", "success", [100])]
    assert (check.desk.tickets, told["unsettled"]) == ({}, [])
    before = copy.deepcopy(check.records)
    assert check.run(HELPED)["retries"] == [] and check.records == before


def test_a_retry_that_does_not_help_is_escalated_once_and_updated_daily_and_closed():
    check = Check()
    told = check.run(document(system()), NOT_HELPED)
    name, ticket = next(iter(check.desk.tickets.items()))
    assert (name, ticket["tenant"]) == (identity("lux", "network", FILES), "acme")
    assert (told["escalated"], told["unsettled"], len(check.started)) == (1, [], 1)
    assert (ticket["team"], ticket["priority"]) == ("network", "high")
    assert "Retry 1, job 100, failed." in ticket["note"] and NETWORK not in ticket["note"] and NETWORK in ticket["internal_note"]
    before = copy.deepcopy(check.records)
    again = check.run(NOT_HELPED)
    assert (check.records, len(check.started), again["retries"]) == (before, 1, [])
    assert check.desk.calls[-1]["note"] == ticket["note"], "a second run of the day has nothing else to say"
    # What people have changed in the ticket is theirs.
    assert [check.desk.calls[-1][field] for field in ("team", "priority", "description")] == [None] * 3
    check.desk.tickets[name]["title"] = "Ours now"
    failed = document(system("failed", jobs=AGAIN, strikes=3), to=TOMORROW)
    check.run(failed, failed, day=NEXT)
    assert "strikes is 3 and was 2" in check.desk.calls[-1]["note"] and check.desk.calls[-1]["title"] == "Ours now"
    assert check.problems(NEXT)[FILES]["found_at"] == MORNING and len(check.started) == 2, "each day has its own retries"
    check.run(document(system("protected", last_good="2026-11-25T08:00:00Z"), to="2026-11-25T09:00:00Z"), day=NEXT)
    row = check.problems(NEXT)[FILES]
    assert (row["end"], row["solved_at"], check.desk.tickets[name]["state"]) == ("resolved", "2026-11-25T08:00:00Z", "resolved")
    check.run(document(system(to="x"), to="2026-11-26T06:00:00Z"), day="2026-11-26", most=0)
    assert list(check.desk.tickets) == [name] and check.desk.tickets[name]["state"] == "new", "it comes back, and so does its ticket"


@pytest.mark.parametrize("kill", ["claimed", "started", "ticketed"])
@pytest.mark.parametrize("second", [HELPED, NOT_HELPED], ids=["helped", "not helped"])
def test_a_run_that_was_killed_is_ended_by_the_next_with_no_second_retry(kill, second):
    clean, check = Check(), Check()
    clean.run(document(system()), second)
    check.run(document(system()), second, kill=kill)
    # Killed before the start, nothing has begun; after it the platform shows the job.
    check.run(document(system()) if kill == "claimed" else second, second)
    assert len(check.started) == 1
    assert {one["end"] for one in check.records[DAY]["problems"]} == {one["end"] for one in clean.records[DAY]["problems"]}
    assert check.desk.tickets.keys() == clean.desk.tickets.keys()
    assert [len(one["attempts"]) for one in check.records[DAY]["problems"]] == [1]
    before = copy.deepcopy(check.records)
    check.run(second)
    assert check.records == before


def test_of_two_runs_at_once_one_starts_the_backup():
    check = Check()
    check.run(document(system()), kill="claimed")
    check.living = {1}
    told = check.run(document(system()), document(system()))
    assert (told["escalated"], check.started) == (1, []), "the other has it in hand"
    check.living = set()
    check.run(document(system()), NOT_HELPED)
    assert len(check.started) <= 1


def test_a_job_that_still_runs_is_waited_for_and_not_started_again():
    running = job(7, "active", "2026-11-24T05:59:00Z", None, status="Running")
    check = Check()
    told = check.run(document(system(jobs=[running, job(1)], running=1)), HELPED, kill="claimed")
    assert (told["retries"], told["jobs"], told["tickets"]) == ([], [7], [])
    check.run(document(system(jobs=[running, job(1)], running=1)), document(system(jobs=[running, job(1)], running=1), to=LATER))
    assert check.started == [] and check.problems()[FILES]["end"] == "escalated", "what has not ended is no good news"


def test_windows_pauses_attempts_and_the_most_are_kept():
    def check_of(retry, most=25, at=MORNING, systems=(FILES,)):
        check = Check(check_causes.table(SHIPPED, [{"cause": "network", "retry": retry}], {}))
        found = document(*(system(identifier=one) for one in systems), to=at)
        return check, check.run(found, kill="claimed", most=most)

    assert len(check_of({"attempts": 1, "windows": ["06:59-07:01"]})[1]["retries"]) == 1, "it is seven in Luxembourg"
    assert check_of({"attempts": 1, "windows": ["07:01-06:59"]})[1]["retries"] == []
    assert len(check_of({"attempts": 1, "windows": ["22:00-07:01"]})[1]["retries"]) == 1
    assert check_of({"attempts": 0})[1]["retries"] == []
    assert len(check_of({"attempts": 1}, most=2, systems=[f"files/acme/s{n}/data" for n in range(5)])[1]["retries"]) == 2
    check, _told = check_of({"attempts": 2, "pause_minutes": 60})
    check.run(NOT_HELPED)
    assert check.problems()[FILES]["end"] == "escalated"
    for time, tried in (("2026-11-24T07:09:00Z", 1), ("2026-11-24T07:11:00Z", 2), ("2026-11-24T09:00:00Z", 2)):
        check.run(document(system("failed", jobs=AGAIN, strikes=2), to=time))
        assert len(check.problems()[FILES]["attempts"]) == tried, time


def test_what_cannot_be_started_is_escalated_with_its_reason():
    check = Check()
    check.run(document(system()), document(system(), to=LATER), fail=["acme-fs01, data"])
    (attempt,) = check.problems()[FILES]["attempts"]
    assert (attempt["state"], attempt["outcome"], attempt["reason"]) == ("refused", "failed", "No such client.")
    assert check.problems()[FILES]["end"] == "escalated"


def test_exceptions_are_accepted_until_their_end():
    excepted = {"state": "excepted", "otherwise": "failed", "exception": "Raw disk", "jobs": [job(1)]}
    check = Check()
    check.run(document(system(**excepted, exception_until="2026-12-31")))
    row = check.problems()[FILES]
    assert (row["end"], row["accepted"], check.started) == ("accepted", {"reason": "Raw disk", "until": "2026-12-31"}, [])
    before = copy.deepcopy(check.records)
    check.run(document(system(**excepted, exception_until="2026-12-31"), to=LATER))
    assert check.records == before
    check.run(document(system(**excepted), to=TOMORROW), day=NEXT)
    assert (check.problems(NEXT)[FILES]["cause"], check.problems(NEXT)[FILES]["end"]) == ("exception_without_end", "escalated")
    check.run(document(system(**{**excepted, "otherwise": "protected"}), to="2026-11-25T07:00:00Z"), day=NEXT)
    assert check.problems(NEXT)[FILES]["end"] == "resolved"


def test_an_accepted_problem_closes_its_ticket():
    check = Check()
    check.run(document(system()), NOT_HELPED)
    accepted = {"state": "excepted", "otherwise": "failed", "exception": "Raw disk", "exception_until": "2026-12-31", "jobs": [job(1)]}
    check.run(document(system(**accepted), to="2026-11-24T09:00:00Z"))
    assert check.problems()[FILES]["end"] == "accepted"
    assert [one["state"] for one in check.desk.tickets.values()] == ["resolved"]
    assert "until 2026-12-31: Raw disk" in check.desk.calls[-1]["note"]


def test_a_platform_that_cannot_be_read_is_one_ticket_of_the_provider_and_closes_none():
    check = Check()
    check.run(document(system()), NOT_HELPED)
    unknown = [system("unknown"), system("unknown", "files/boreal/boreal-fs01/data", "boreal")]
    down = document(*unknown, problems=["Commvault could not be read: boreal-fs01"], to="2026-11-24T08:00:00Z")
    told = check.run(down)
    assert not told["complete"] and told["unsettled"] == []
    tickets = {name: one for name, one in check.desk.tickets.items() if one["state"] == "new"}
    assert set(tickets) == {identity("lux", "network", FILES), identity("lux", "platform_unreadable", "lux")}
    region = tickets[identity("lux", "platform_unreadable", "lux")]
    assert region["tenant"] == "" and "2 systems are not known" in region["internal_note"] and "boreal-fs01" not in region["note"]
    network = next(one for one in reversed(check.desk.calls) if one["identity"] == identity("lux", "network", FILES))
    assert network["state"] == "present" and network["note"] == f"{DAY}: It is not known to be well again."
    partly = document(unknown[1], system("protected"), problems=["Not all"], to="2026-11-24T08:30:00Z")
    check.run(partly)
    ends = {row["system"]: row["end"] for row in check.records[DAY]["problems"] if row["cause"] == "platform_unreadable"}
    assert ends == {"lux": "escalated", FILES: "resolved", "files/boreal/boreal-fs01/data": "escalated"}
    assert region["state"] == "new", "what is left of it is still in it"
    well = [system("protected"), system("protected", "files/boreal/boreal-fs01/data", "boreal")]
    check.run(document(*well, to="2026-11-24T09:00:00Z"))
    assert {one["state"] for one in check.desk.tickets.values()} == {"resolved"}
    assert {row["end"] for row in check.records[DAY]["problems"]} == {"resolved"}


def test_a_desk_that_is_down_leaves_problems_open_and_the_next_run_doubles_nothing():
    check = Check()
    check.desk.down = True
    told = check.run(document(system()), NOT_HELPED)
    assert told["open"] == 1 and "No room." in told["unsettled"][0] and len(check.started) == 1
    check.desk.down = False
    told = check.run(NOT_HELPED)
    assert (told["unsettled"], told["escalated"], len(check.started), len(check.desk.tickets)) == ([], 1, 1, 1)
    check.desk.down = True
    told = check.run(document(system("failed", jobs=AGAIN, strikes=3), to="2026-11-24T08:00:00Z"))
    assert (told["open"], told["escalated"]) == (1, 0), "its ticket does not say how it is today"
    told = check.run(document(system("protected"), to="2026-11-24T09:00:00Z"))
    assert told["unsettled"] and told["resolved"] == 1, "it is well, and its ticket does not say so"
    check.desk.down = False
    assert check.run(document(system("protected"), to="2026-11-24T09:10:00Z"))["unsettled"] == []
    assert [one["state"] for one in check.desk.tickets.values()] == ["resolved"]


def test_a_record_that_was_lost_is_made_again_from_the_tickets():
    check = Check()
    check.run(document(system()), NOT_HELPED)
    check.records = {}
    check.run(document(system("protected"), to="2026-11-24T09:00:00Z"))
    row = check.problems()[FILES]
    assert (row["end"], row["cause"], row["found_at"]) == ("resolved", "network", LATER)
    assert [one["state"] for one in check.desk.tickets.values()] == ["resolved"]


def test_another_reason_is_another_ticket_and_both_are_closed_when_it_is_well():
    check = Check()
    full = job(100, "failed", "2026-11-24T06:01:00Z", "2026-11-24T06:10:00Z", "The disk library has no space left.")
    check.run(document(system()), document(system(jobs=[full, job(1)], strikes=2), to=LATER))
    (row,) = check.records[DAY]["problems"]
    assert (row["cause"], row["found_at"], len(row["attempts"])) == ("storage_full", MORNING, 1), "one problem until there is a ticket"
    check.run(document(system(jobs=[job(101), full], strikes=3), to="2026-11-24T08:00:00Z"))
    assert len(check.started) == 1, "another cause is no way to more retries"
    assert len(check.desk.tickets) == 2 and {one["state"] for one in check.desk.tickets.values()} == {"new"}
    check.run(document(system("protected"), to="2026-11-24T09:00:00Z"))
    assert {one["state"] for one in check.desk.tickets.values()} == {"resolved"}


def test_what_failed_and_succeeded_later_is_resolved_by_itself():
    later = [job(2, "success", "2026-11-24T03:00:00Z", "2026-11-24T04:00:00Z", status="Completed"), job(1)]
    check = Check()
    check.run(document(system("protected", jobs=later, last_good="2026-11-24T04:00:00Z")))
    (row,) = check.records[DAY]["problems"]
    assert (row["end"], row["by"], row["cause"], row["solved_at"]) == ("resolved", "itself", "network", "2026-11-24T04:00:00Z")
    assert check.desk.calls == [] and check.started == []


def test_vms_that_only_one_side_knows_have_tickets_and_lose_them():
    check = Check()
    vms = {"unnamed": [{"tenant": "acme", "name": "stray", "folder": "Tenants/Acme", "uuid": "u9"}]}
    vms["absent"] = [{"tenant": "acme", "name": "ghost", "vm_group": "web"}]
    check.run(document(**vms))
    assert {row["cause"]: (row["end"], row["ticket_tenant"]) for row in check.records[DAY]["problems"]} == {
        "unnamed": ("escalated", "acme"),
        "vm_gone": ("escalated", "acme"),
    }
    check.run(document(problems=["no vCenter"], to="2026-11-24T07:00:00Z"))
    assert sum(one["state"] == "new" for one in check.desk.tickets.values()) == 3
    check.run(document(to="2026-11-24T08:00:00Z"))
    assert {one["state"] for one in check.desk.tickets.values()} == {"resolved"}


def test_a_run_for_some_tenants_leaves_the_others_as_they_are():
    check = Check()
    other = system(identifier="files/boreal/boreal-fs01/data", tenant="boreal")
    check.run(document(system(), other), document(system(jobs=AGAIN), {**other, "jobs": AGAIN}, to=LATER))
    check.run(document(system("protected"), to="2026-11-24T09:00:00Z", tenants=("acme",)))
    ends = {row["tenant"]: row["end"] for row in check.records[DAY]["problems"]}
    assert ends == {"acme": "resolved", "boreal": "escalated"}
    assert sorted(one["state"] for one in check.desk.tickets.values()) == ["new", "resolved"]


def test_a_tenants_ticket_holds_nothing_of_another():
    check = Check()
    systems = [
        system(identifier=f"files/{host}/{host}-fs01/data", tenant=host, jobs=[job(1, reason=f"Lost {host}-fs01")])
        for host in ("acme", "boreal")
    ]
    check.run(document(*systems), document(*systems, to=LATER))
    for host, other in (("acme", "boreal"), ("boreal", "acme")):
        mine = [one for one in check.desk.tickets.values() if one["tenant"] == host]
        assert len(mine) == 1 and other not in json.dumps(mine)


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("Another job of BOREAL-FS01 runs", False),
        ("It waits for Boreal Ltd.", False),
        ("The share of boreal-files is gone", False),
        ("acme-fs01 is away, arboreal or not", True),
    ],
)
def test_a_reason_that_names_another_tenant_is_not_in_the_ticket(reason, told):
    check = Check()
    other = system("protected", "files/boreal/boreal-fs01/data", "boreal")
    check.run(
        document(system(jobs=[job(1, reason=reason)]), other), document(system(jobs=[job(1, reason=reason)]), other, to=LATER), most=0
    )
    (ticket,) = list(check.desk.tickets.values())
    assert (reason in ticket["internal_note"]) is told
    assert check.problems()[FILES]["reason"] == reason, "the record is the provider's"


@pytest.mark.parametrize("hostile", ["a  b", "a\nb", "x" * 400, "\u202e", ""])
def test_hostile_names_make_identities_that_are_lines(hostile):
    name = identity("lux", "network", f"files/acme/{hostile}")
    assert name.startswith(begins("lux")) and name.isprintable() and len(name) <= 400 and " ".join(name.split()) == name
    assert name != identity("lux", "network", "files/acme/") or hostile == ""


def test_a_retry_is_of_the_level_that_did_not_succeed():
    server = "sql/acme/acme-sql01/PROD/default"
    rows = [
        system(identifier=server, kind="database", group="PROD", last_level=level) for level in ("Transaction Log", "Differential", "Full")
    ]
    levels = [Check().run(document(row), kill="claimed")["retries"][0] for row in rows]
    assert [one["level"] for one in levels] == ["transaction_log", "differential", "full"]
    assert levels[0]["sql_subclients"] == [{"client": "acme-sql01", "instance": "PROD", "name": "default"}]
    vm = system(identifier="vm/acme/u1", kind="vm")
    assert Check().run(document(vm), kill="claimed")["retries"][0]["vm_uuids"] == ["u1"]
