# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing is without its rows in the matrices, or without the reason why."""

from __future__ import annotations

import re

from ansible_collections.calligo.baas.tests.faults import test_files_on_a_bad_day, test_jobs_on_a_bad_day, test_replies, test_vcenter_calls
from ansible_collections.calligo.baas.tests.support.collection import Module, module_names
from ansible_collections.calligo.baas.tests.support.interruptions import CASES
from ansible_collections.calligo.baas.tests.support.playbooks import CHECKOUT

#: Playbooks that send no request that writes, so that there is none to be killed in: what else but reading and files they do not call.
READING = {
    "check_specification": "roles/tenant_specification/tasks",
    "daily_report": "roles/daily_report/tasks",
    "monthly_report": "roles/monthly_report/tasks",
    "residency_report": "roles/residency_report/tasks",
    "verify_evidence": "playbooks/verify_evidence.yml",
}
#: Playbooks that are killed where what they keep beside the platform is there: tickets, records, and a specification in a checkout.
ELSEWHERE = {"change_retention": "tests/integration/test_service_requests.py"}
#: Modules that ask no server.
FILES = {
    "backup_check_record",
    "daily_report_files",
    "evidence_files",
    "monthly_report_files",
    "residency_report_files",
    "service_request_journal",
    "service_request_record",
    "specification_edit",
}
#: It talks to a mail server, and keeps a record of each mail: tests/integration/test_report_mail.py breaks off there.
MAIL = {"report_mail"}
#: Modules that ask neither Commvault nor a vCenter. Their provider is a directory: test_files_on_a_bad_day.py.
TICKETS = {"itsm_ticket", "itsm_ticket_info"}


def test_every_playbook_is_interrupted() -> None:
    known = {case.playbook for case in CASES.values()} | READING.keys() | ELSEWHERE.keys()
    assert known == {file.stem for file in (CHECKOUT / "playbooks").rglob("*.yml")}
    for name, tests in ELSEWHERE.items():
        assert re.search(r"kill_playbook\([^\n]*\bPLAYBOOK\b", (CHECKOUT / tests).read_text(encoding="utf-8")), name


def test_a_playbook_that_is_not_interrupted_writes_to_no_system() -> None:
    for place in READING.values():
        path = CHECKOUT / place
        text = "".join(file.read_text(encoding="utf-8") for file in (path.rglob("*.yml") if path.is_dir() else [path]))
        called = {name for name in module_names() if re.search(rf"calligo\.baas\.{name}:", text)}
        assert {name for name in called if not name.endswith(("_info", "_facts"))} <= FILES | MAIL, place


def test_every_module_meets_bad_replies() -> None:
    assert {*test_replies.ANSWERING, *test_vcenter_calls.ASKING, *FILES, *MAIL, *TICKETS} == set(module_names())


def test_every_module_that_waits_for_jobs_has_a_bad_day() -> None:
    waiting = {name for name in module_names() if "wait_timeout" in Module(name).arguments()["argument_spec"]}
    assert {*test_jobs_on_a_bad_day.WAITING, "commvault_job"} == waiting


def test_every_module_that_shares_files_has_a_bad_day() -> None:
    assert set(test_files_on_a_bad_day.TASKS) == {*FILES, *TICKETS} - test_files_on_a_bad_day.WHOLE
