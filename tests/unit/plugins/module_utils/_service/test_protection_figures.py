# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the histories of tests/integration/test_commvault_protection_info.py do not reach: other servers, and rules about clients."""

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._service.protection_figures import Figures, Job, Platform, Vm, percent
from ansible_collections.calligo.baas.plugins.module_utils._service.protection_scope import System
from ansible_collections.calligo.baas.plugins.module_utils._service.report_period import last_day

END = 1_800_000_000
HOUR = 3600
ACME, BOREAL = 7, 8
VM = System("vm/acme/u1", "acme", "vm", "srv", "srv", group="web", uuid="u1", rpo_seconds=86400, sla_days=1, in_vcenter=True)
FILES = System("files/acme/srv/data", "acme", "file", "srv, data", "srv", rpo_seconds=86400, sla_days=1)
DATABASE = System("sql/acme/sql/I/default", "acme", "database", "sql, I, default", "sql", group="I", rpo_seconds=86400, sla_days=1)


def job(number, application=33, client=20, **more):
    given = {
        "id": number,
        "parent": 0,
        "synthetic": False,
        "level": "Incremental",
        "status": "Completed",
        "outcome": "success",
        "start": END - 3 * HOUR,
        "end": END - 2 * HOUR,
        "client_id": client,
        "client": {20: "srv", 30: "sql", 40: "vc", 41: "srv"}[client],
        "application": application,
        "instance": "I",
        "subclient": {106: "web", 81: "default"}.get(application, "data"),
        "subclient_id": 1,
        "company_id": ACME,
        "application_bytes": 10,
        "media_bytes": 5,
        "objects": 1,
        "failed_objects": 0,
        "reason": "",
    }
    return Job(**{**given, **more})


FAILED = {"status": "Failed", "outcome": "failed"}
PARTIAL = {"status": "Completed w/ one or more errors", "outcome": "partial"}


def figures(*jobs, systems=(VM, FILES, DATABASE), accept_unknown=False):
    platform = Platform(
        {"acme": ACME},
        {20: ("srv", ACME, True, True), 30: ("sql", None, True, True), 40: ("vc", ACME, None, True)},
        [Vm("U1", "srv", 41, ACME, "web")],
        {1: (ACME, "web")},
    )
    made = Figures(systems, last_day("UTC", END, 5), platform, accept_unknown)
    for one in sorted(jobs, reverse=True):
        made.add(one)
    return made


def test_a_backup_with_errors_is_successful_for_sla_but_not_of_databases_and_never_protects():
    made = figures(job(1, **PARTIAL), job(2, 81, 30, **PARTIAL))
    assert [made.sla(one.id) for one in (FILES, DATABASE)] == ["met", "missed"]
    assert [made.state(one.id) for one in (FILES, DATABASE)] == ["partly", "partly"]
    assert made.histories[DATABASE.id].strikes == 0


def test_a_vm_with_an_agent_meets_its_sla_if_either_does():
    good_vm, bad_files = job(2, 106, 41, parent=1), job(3, **FAILED)
    assert figures(good_vm, bad_files).sla_by_client()[("acme", "srv")] == "met"
    assert figures(bad_files).sla_by_client()[("acme", "srv")] == "missed"


def test_a_synthetic_full_counts_for_nothing():
    made = figures(job(1, **FAILED), job(2, synthetic=True))
    assert (made.state(FILES.id), made.sla(FILES.id), made.histories[FILES.id].strikes) == ("failed", "missed", 1)
    assert [one["id"] for one in made.histories[FILES.id].jobs] == [2, 1]


def test_a_group_that_failed_before_it_knew_its_vms_failed_for_all_of_them():
    assert figures(job(1, 106, 40, **FAILED)).state(VM.id) == "failed"
    assert figures(job(1, 106, 40, **FAILED), job(2, 106, 41, parent=1)).state(VM.id) == "protected"


@pytest.mark.parametrize(
    ("parent", "reasons", "state"),
    [
        ({}, {"u1": ""}, "protected"),
        (PARTIAL, {"u1": "", "u2": "No snapshot"}, "protected"),
        (PARTIAL, {"u1": "No snapshot", "u2": ""}, "failed"),
        # An error that no VM explains may be about each.
        (PARTIAL, {"u1": "", "u2": ""}, "partly"),
        ({}, {}, "never_ran"),
    ],
)
def test_vms_without_jobs_of_their_own_are_told_by_the_details_of_the_groups(parent, reasons, state):
    made = figures(job(1, 106, 40, **parent))
    (asked,) = made.whole_groups
    made.add_vm_results(asked, [{"uuid": uuid, "reason": reason} for uuid, reason in reasons.items()])
    assert made.state(VM.id) == state


def test_a_job_of_another_company_or_of_nobody_counts_for_nobody():
    foreign, of_client = job(1, company_id=BOREAL), job(2, company_id=None)
    assert figures(foreign).state(FILES.id) != "protected"
    assert figures(of_client).state(FILES.id) == "protected"
    nobody = job(1, 81, 30, company_id=None)
    assert figures(nobody).not_attributed == 1 and figures(nobody).state(DATABASE.id) != "protected"
    assert figures(nobody, accept_unknown=True).state(DATABASE.id) == "protected"


def test_what_ends_after_the_period_was_running_and_what_begins_after_it_is_not_there():
    made = figures(job(1, end=END + 5), job(2, start=END + 1, end=END + 2))
    assert made.histories[FILES.id].running == 1 and made.last_good(FILES.id) == 0
    assert [one["id"] for one in made.histories[FILES.id].jobs] == [1]


@pytest.mark.parametrize(("met", "missed", "share"), [(0, 0, None), (1999, 1, 99.9), (2, 1, 66.6), (3, 0, 100.0)])
def test_a_hundred_percent_means_all(met, missed, share):
    assert percent(met, missed) == share
