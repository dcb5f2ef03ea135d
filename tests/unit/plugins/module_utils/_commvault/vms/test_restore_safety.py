# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._core.errors import InputError, JobFailed, NotFound, Refused
from ansible_collections.calligo.baas.tests.support.scripted_http import ScriptedHttp
from ansible_collections.calligo.baas.tests.support.scripted_vm import (
    DISKS,
    GROUP_ENTITY,
    OTHER,
    UUID,
    VM_ENTITY,
    browsed,
    job,
    listing,
    looks,
    machine,
    nothing_started,
    run,
    script,
    vm_row,
)


@pytest.fixture
def http(monkeypatch):
    scripted = ScriptedHttp(monkeypatch)
    script(scripted)
    return scripted


def test_a_name_that_two_vms_have_is_never_guessed(http):
    http.on("GET", "/V4/Hypervisor", {"Hypervisors": [{"id": 10, "name": "vc01"}]})
    # One VM can have a row for each group that holds it.
    http.on("GET", "/VM", {"vmStatusInfoList": [vm_row(), vm_row(subclientId=41)]})
    by_name = {"uuid": None, "name": "WEB01", "hypervisor": "vc01"}
    assert run(http, check=True, vm=by_name)["restore"]["source"]["uuid"] == UUID
    http.on("GET", "/VM", {"vmStatusInfoList": [vm_row(), vm_row(OTHER)]})
    with pytest.raises(InputError, match=f"{UUID}, {OTHER}"):
        run(http, vm=by_name)


def test_a_namesake_from_before_is_not_taken_for_the_restored_vm(http):
    with pytest.raises(JobFailed, match="vCenter shows 0 new VMs"):
        run(http, looks((("vm-3", True),), (("vm-3", True),)), overwrite=True)


def test_a_new_namesake_elsewhere_is_not_taken_either(http):
    http.on("POST", "/Jobs", listing(job(601, VM_ENTITY)), listing())
    with pytest.raises(JobFailed, match=r'vm-9 in "Restore"'):
        run(http, looks((), (("vm-9", False),)))


@pytest.mark.parametrize(
    ("inside", "overwrite", "allowed"), [(True, False, False), (False, False, False), (False, True, False), (True, True, True)]
)
def test_a_name_that_is_taken(http, inside, overwrite, allowed):
    look = looks((("vm-3", inside),), (("vm-9", True),))
    if allowed:
        assert run(http, look, overwrite=overwrite)["restore"]["vm"]["moid"] == "vm-9"
        return
    with pytest.raises(Refused, match="vm-3"):
        run(http, look, overwrite=overwrite)
    assert nothing_started(http)


def test_a_backup_that_shows_no_disk_is_not_restored(http):
    http.on("POST", "/DoBrowse", {"browseResponses": [{"respType": 5}]})
    with pytest.raises(NotFound, match="shows no disk"):
        run(http)
    assert nothing_started(http)


def test_network_cards_with_a_declaration_are_not_read(http):
    http.on("POST", "/DoBrowse", DISKS, browsed(machine(nics='<!DOCTYPE x [<!ENTITY a "b">]><nics/>')))
    with pytest.raises(Exception, match="cannot be read"):
        run(http)
    assert nothing_started(http)


@pytest.mark.parametrize("whose", ["vm", "hypervisor"])
def test_inside_a_company_anothers_are_refused(http, whose):
    stranger = {"id": 143, "name": "Boréal"}
    if whose == "vm":
        http.on("GET", f"/V4/VirtualMachines/{UUID}", {"vmDetails": {"summary": {"company": stranger}}})
    else:
        http.on("GET", "/V4/Hypervisor/10", {"id": 10, "name": "vc01", "hypervisorCommonProperties": {"company": stranger}})
    with pytest.raises(Refused, match="Boréal"):
        run(http, company_id=142)
    assert nothing_started(http)


def test_the_provider_does_not_put_one_companys_vm_on_anothers_hypervisor(http):
    http.on(
        "GET", "/V4/Hypervisor/10", {"id": 10, "name": "vc01", "hypervisorCommonProperties": {"company": {"id": 143, "name": "Boréal"}}}
    )
    with pytest.raises(Refused, match=r"Acme.*Boréal"):
        run(http)
    assert nothing_started(http)


@pytest.mark.parametrize("other", [700, 702])
def test_of_two_new_jobs_after_a_lost_answer_the_one_with_our_tag_is_ours(http, other):
    first = listing(job(601, VM_ENTITY))
    mine, others = job(701, {**GROUP_ENTITY, "subclientId": 0}), job(other, {**GROUP_ENTITY, "subclientId": 0})
    http.on("POST", "/Jobs", first, listing(), listing(*((others, mine) if other > 701 else (mine, others))))
    http.on("POST", "/CreateTask", (504, "<html></html>"))
    tags = []

    def details(description):
        return {"taskInfo": {"subTasks": [{"options": {"commonOpts": {"jobDescription": description}}}]}}

    http.on("GET", f"/Job/{other}/TaskDetails", details("calligo.baas of somebody else"))
    http.on("GET", "/Job/701", listing(mine))
    original = http.send

    def send(method, url, params, headers, body):
        if url.endswith("/CreateTask"):
            tags.append(body["taskInfo"]["subTasks"][0]["options"]["commonOpts"]["jobDescription"])
            http.on("GET", "/Job/701/TaskDetails", details(tags[0]))
        return original(method, url, params, headers, body)

    http.send = send
    assert run(http)["restore"]["job"]["id"] == 701 and len(tags) == 1
