# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.modules import Modules
from ansible_collections.calligo.baas.tests.support.walk import recorded, step, walk
from commvaultsim.sandbox import Sandbox

MODULE = "commvault_agent"
PASSWORD = "correct horse battery"
ACCOUNT = {"host_username": "ACME\\svc-install", "host_password": PASSWORD}
NEW = {"client": "acme-fs02", "host": "acme-fs02.example.com", "types": ["file_system"], **ACCOUNT}
SQL = {"client": "acme-sql02", "types": ["sql_server"], **ACCOUNT}
OLD = {"client": "acme-fs01", "types": ["file_system"]}


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    with Sandbox(tmp_path_factory.mktemp("agent"), job_seconds=0.5) as sandbox:
        running = Modules(sandbox)
        running("commvault_company", tenant.COMPANY)
        running("commvault_plan", tenant.inside(tenant.PLAN))
        yield running


def agents(*elements):
    return tenant.inside({"agents": list(elements)})


def removal(element, state="absent"):
    return {"client": element["client"], "types": element["types"], "state": state, "allow_removal": True}


def writes(modules):
    return [row for row in modules.sandbox.control("GET", "/journal")["requests"] if row["writes"]]


def test_walk(modules):
    both = {**NEW, "types": ["file_system", "sql_server"]}
    results = walk(modules, MODULE, agents(NEW), agents(both), agents(removal(both, "retired")))
    assert results["create check"]["agents"][0]["types"] == ["file_system"]
    (made,) = results["create"]["agents"]
    assert (made["client"], made["types"], made["ready"], made["company"]) == ("acme-fs02", ["file_system"], True, "Acme Sàrl")
    assert [job["outcome"] for job in made["jobs"]] == ["success"] and made["version"]
    assert results["create again"]["agents"][0]["jobs"] == []
    assert results["change"]["agents"][0]["types"] == ["file_system", "sql_server"]
    assert results["delete"]["agents"][0]["kept"] == {"backups": 0, "bytes": 0, "newest": None}


def test_the_host_is_not_restarted_and_the_password_is_nowhere(modules):
    result, requests = recorded(modules, MODULE, agents({**NEW, "plan": tenant.PLAN["name"]}))
    (sent,) = [row["body"] for row in requests if row["path"].endswith("/CreateTask")]
    options = sent["taskInfo"]["subTasks"][0]["options"]["adminOpts"]
    assert options["updateOption"]["rebootClient"] is False and options["updateOption"]["plan"]["planId"]
    assert "password" in options["clientInstallOption"]["clientAuthForJob"]
    assert PASSWORD not in json.dumps([result["agents"], result["diff"], requests])
    result = modules(
        "commvault_subclient", tenant.inside({"subclients": [{"client": "acme-fs02", "name": "default", "plan": "acme-gold"}]})
    )
    assert result["changed"] is False
    modules(MODULE, agents(removal(NEW, "retired")))


def test_a_client_is_known_by_its_host_name_too(modules):
    element = {**OLD, "client": "fs01", "host": "ACME-FS01.example.com"}
    assert step(modules, MODULE, agents(element), check=False, changed=False)["agents"][0]["client"] == "acme-fs01"


def test_many_hosts_are_read_with_one_request_and_installed_side_by_side(modules):
    elements = [OLD, NEW, SQL]
    result, requests = recorded(modules, MODULE, agents(*elements))
    assert [entry["changed"] for entry in result["agents"]] == [False, True, True]
    lines = [f"{row['method']} {row['path'].partition('/api')[2]}" for row in requests]
    assert lines.count("POST /CreateTask") == 2 and lines.count("GET /V4/Servers") == 3
    lines = [row["path"] for row in recorded(modules, MODULE, agents(*elements))[1]]
    assert len([line for line in lines if not line.endswith(("Login", "Logout", "Organization"))]) == 1
    modules(MODULE, agents(removal(NEW, "retired"), removal(SQL, "retired")))


def test_without_waiting_there_is_the_job_alone(modules):
    (entry,) = modules(MODULE, {**agents(NEW), "wait": False})["agents"]
    job = entry["jobs"][0]["id"]
    assert modules("commvault_job", tenant.inside({"job_ids": [job]}))["jobs"][0]["outcome"] == "success"
    modules(MODULE, agents(removal(NEW, "retired")))


def test_why_an_install_failed_is_said(modules):
    wrong = {**SQL, "host_username": "ACME\\nobody"}
    for element, words in (
        (wrong, "denied"),
        ({**NEW, "client": "acme-unreachable", "host": None}, "reachable"),
        ({**NEW, "client": "none", "host": "none.example.com"}, "resolution"),
    ):
        failure = modules.failure(MODULE, agents(element))
        assert failure["error"]["kind"] == "JobFailed" and words in failure["msg"] and PASSWORD not in json.dumps(failure["error"])
        (entry,) = failure["agents"]
        assert entry["types"] == [] and [job["outcome"] for job in entry["jobs"]] == ["failed"], "what was started, and what became of it"


def test_a_failure_tells_how_far_it_came(modules):
    modules.sandbox.control("POST", "/faults", {"name": "http", "path": "/Retire", "status": 500})
    failure = modules.failure(MODULE, agents(NEW, SQL, removal(OLD), {**NEW, "client": "none"}))
    modules.sandbox.control("DELETE", "/faults")
    assert failure["progress"] == {"done": ["acme-fs02", "acme-sql02"], "failed": ["acme-fs01"], "not_tried": ["none"]}
    assert failure["changed"] and failure["msg"].startswith("acme-fs01: ")
    started = [job["id"] for entry in failure["agents"] for job in entry["jobs"]]
    ended = modules("commvault_job", tenant.inside({"job_ids": started}))["jobs"]
    assert len(failure["agents"]) == 2 and [job["outcome"] for job in ended] == ["success", "success"]
    modules(MODULE, agents(removal(NEW, "retired"), removal(SQL, "retired")))


def test_removing_needs_its_option_and_says_what_would_be_lost(modules):
    modules("commvault_subclient", tenant.inside({"subclients": [tenant.SUBCLIENT]}))
    target = {"subclients": [{"client": "acme-fs01", "name": "data"}], "level": "full"}
    (job,) = modules("commvault_backup", tenant.inside(target))["jobs"]
    for state in ("absent", "retired"):
        for check in (True, False):
            modules.sandbox.control("DELETE", "/journal")
            failure = modules.failure(MODULE, agents({**OLD, "state": state}), check=check)
            assert failure["error"]["kind"] == "Refused" and writes(modules) == []
            assert f"1 backups of {job['application_bytes']} bytes" in failure["msg"] and "allow_removal" in failure["msg"]
    for state, left in (("absent", []), ("retired", [])):
        if state == "retired":
            modules(MODULE, agents({**NEW, "client": "acme-fs01", "host": None}))
        step(modules, MODULE, agents(removal(OLD, state)), check=True, changed=True)
        (entry,) = step(modules, MODULE, agents(removal(OLD, state)), check=False, changed=True)["agents"]
        assert (entry["types"], entry["kept"]["backups"], entry["ready"]) == (left, 1, state == "absent")
        step(modules, MODULE, agents(removal(OLD, state)), check=False, changed=False)
    # What was backed up is still to be had, and the client can come back.
    files = {"client": "acme-fs01", "subclient": "data", "path": "D:\\Data"}
    assert modules("commvault_browse_info", tenant.inside(files))["entries"]
    assert modules(MODULE, agents({**NEW, "client": "acme-fs01", "host": None}))["agents"][0]["ready"] is True


def test_what_makes_no_sense_is_refused_before_anything_is_asked(modules):
    modules.sandbox.control("DELETE", "/journal")
    assert "host_username" in modules.failure(MODULE, agents({"client": "acme-fs02", "types": ["file_system"]}))["msg"]
    assert "twice" in modules.failure(MODULE, agents(NEW, {**NEW, "client": "ACME-FS02"}))["msg"]
    assert "no agent" in modules.failure(MODULE, agents({**NEW, "types": []}))["msg"]
    assert "types" in modules.failure(MODULE, agents({"client": "acme-fs02"}))["msg"]
    assert writes(modules) == []


def test_another_company_s_client_is_left_alone(modules):
    modules("commvault_company", {"name": "Café Müller & Söhne", "alias": "cafe", "servers": ["cafe-fs01"]})
    modules.sandbox.control("DELETE", "/journal")
    # By its own name, and by another with its host name.
    for client in ({"client": "cafe-fs01"}, {"client": "mine", "host": "cafe-fs01.example.com"}):
        for check in (True, False):
            failed = modules.failure(MODULE, agents({**client, "types": ["file_system"], **ACCOUNT}), check=check)
            assert 'The client "cafe-fs01" belongs to the company' in failed["msg"] and failed["error"]["kind"] == "Refused"
    assert not modules(MODULE, agents({"client": "cafe-fs01", "state": "retired", "allow_removal": True}))["changed"]
    assert writes(modules) == []
