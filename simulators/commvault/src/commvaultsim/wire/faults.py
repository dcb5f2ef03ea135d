# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that tests and curious users switch on through POST /_sim/faults. README.md lists the names."""

from __future__ import annotations

import dataclasses as dc
import re
import typing as t

Json = dict[str, t.Any]

#: Names that the simulator looks for, and what they do.
KNOWN: dict[str, str] = {
    "http": "answer matching requests with a status, body, html page, text, headers, stream (endless or drip), delay (seconds) or reset"
    " (with after: carry the request out first)",
    "hold": "the writing request with a number (from 1) stops, not carried out; with after: carried out, and its answer is withheld",
    "unauthorized_once": "the next authenticated request finds its token expired (401)",
    "api_error": "answer matching writing requests with HTTP 200 and a non-zero errorCode",
    "pending_approval": "a delete is answered 202 and queued for a second person: nothing is deleted",
    "company_ignored": "the company acted in is not heeded: lists and objects of all companies are answered",
    "owners_hidden": "no reply tells to which company a thing belongs",
    "owners_wrong": "replies say of everything that it belongs to a company that nobody knows",
    "sql_login_refused": "an instance is not ready until it is given a password {instance, password}",
    "stale_lists": "lists leave out what was created after the fault was set, unless hardRefresh=true",
    "plan_partial": "plan creation answers 587207454 beside the plan",
    "barred_jobs_queue": "jobs of a company whose activity is off are queued until it is on again, and not refused",
    "job_pending": "a job that would run goes to Pending {match, reason, for_seconds}",
    "job_waiting": "a job that would run goes to Waiting {match, reason, for_seconds}",
    "job_fail": "a job fails before its effect {match, reason}",
    "job_word": "a job is shown in another state than it is in {match, word}",
    "job_act": "somebody else kills or suspends a job as soon as it runs {match, action: kill or pause}",
    "job_end": "a job whose work succeeded ends in another state {match, status, reason}",
    "job_gone": "a job is known no more as soon as it runs, with unseen: never was {match}; with status: 404 instead of a total of 0",
    "job_invisible": "GET /Job/{id} finds nothing for the first polls {polls}",
    "vm_fail": "one VM of a backup fails {vm, reason}",
    "restore_drop_disk": "a restored VM comes up without its last disk {vm}",
    "restore_drop_settings": "a restored VM comes up without some of annotation, firmware, secure_boot, tpm, cpu, memory {vm, settings}",
    "restore_fail": "a restore fails after it began {match, reason}",
    "corrupt_restore": "restored files have flipped bytes, their size kept {path}",
    "empty_browse": "DoBrowse answers {}",
    "single_element_objects": "dialect: lists with one element in browse replies collapse to the element",
    "hypervisor_type_number": "dialect: HypervisorType and status are numbers in the hypervisor list",
    "user_group_names_bare": "dialect: a company's new user groups are kept without the alias prefix",
    "role_permissions_add": "dialect: permissionList in PUT V4/Role only adds",
    "created_201": "dialect: a plan that was made is answered 201",
    "error_code_names": "dialect: the answer to a changed backup destination has the error code NO_ERROR",
    "jobs_ascending": "dialect: sortDirection 1 of POST /Jobs lists the oldest job first, 0 the newest",
    "plan_infinite_absent": "dialect: infinite retention of a destination is read as a key that is missing",
    "plan_options_unread": "dialect: a plan's databaseOptions, path lists and excludeFromSLA are not given back",
    "plan_region_inside": "dialect: a new destination's region is taken from the destination, not from beside it",
    "plan_rpo_ignored": "dialect: plan creation ignores rpo and databaseOptions",
    "plan_snap_primary": "dialect: a new plan gets a snap primary copy too",
    "plan_task_operation": "dialect: schedules are read with taskOperationType instead of scheduleOperation",
    "plan_v4_only": "dialect: there is no V5 call that changes a destination",
    "retention_cycles": "dialect: data aging keeps the last full cycle of a subclient, however old",
    "retention_lock_status": "dialect: lowering locked retention is answered 400, not 200 with a code",
    "sql_databases_stay": "dialect: a database that is added to a subclient stays in the other one that lists it, too",
    "vmgroup_identity_nested": "dialect: the VM group list has its identity below vmGroup only",
}


@dc.dataclass
class Fault:
    """One fault. ``times`` is how often it still strikes; None means until it is deleted."""

    id: int
    name: str
    params: Json = dc.field(default_factory=dict)
    times: int | None = None
    hits: int = 0
    set_at: float = 0.0


class FaultList:
    """The faults in force."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._next = 1

    def add(self, name: str, params: Json, times: int | None, now: float) -> Fault:
        """Set a fault; an unknown name is refused, since a fault that never strikes makes a test lie."""
        if name not in KNOWN:
            raise ValueError(f"unknown fault {name!r}; known: {', '.join(sorted(KNOWN))}")
        fault = Fault(self._next, name, params, times, 0, now)
        self._next += 1
        self._faults.append(fault)
        return fault

    def clear(self, name: str | None = None) -> int:
        """Drop all faults, or all of one name; answers how many."""
        before = len(self._faults)
        self._faults = [f for f in self._faults if name is not None and f.name != name]
        return before - len(self._faults)

    def all(self) -> list[Fault]:
        """Every fault set, spent ones too."""
        return list(self._faults)

    def peek(self, name: str, test: t.Callable[[Json], bool] | None = None) -> Fault | None:
        """The first fault of that name that has strikes left and whose parameters pass the test; not used up."""
        for fault in self._faults:
            if fault.name == name and fault.times != 0 and (test is None or test(fault.params)):
                return fault
        return None

    def take(self, name: str, test: t.Callable[[Json], bool] | None = None) -> Fault | None:
        """Like peek, and one strike of the fault is used up."""
        fault = self.peek(name, test)
        if fault is not None:
            fault.hits += 1
            if fault.times is not None:
                fault.times -= 1
        return fault


def matches(pattern: t.Any, *texts: str) -> bool:
    """Whether a fault's regular expression (absent: anything) is found in one of the texts, without regard to case."""
    if pattern in (None, ""):
        return True
    return any(re.search(str(pattern), text, re.IGNORECASE) for text in texts)
