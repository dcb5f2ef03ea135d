# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that do not know paging, lists that leave things out, and texts that are not to be trusted."""

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._commvault.jobs import alert_info
from ansible_collections.calligo.baas.plugins.module_utils._commvault.vms import info as vm_info
from ansible_collections.calligo.baas.tests.support.scripted_http import ScriptedHttp

VMS = "/V4/VirtualMachines"


@pytest.fixture
def http(monkeypatch):
    return ScriptedHttp(monkeypatch)


def vms(*numbers, total):
    return {"virtualMachines": [{"name": f"vm{number}", "UUID": str(number)} for number in numbers], "virtualMachinesCount": total}


def names(http):
    return [row["name"] for row in http.run("commvault_vm_info", {})["vms"]]


def test_pages_are_read_until_all_are_there(http, monkeypatch):
    monkeypatch.setattr(vm_info, "PAGE", 2)
    http.on("GET", VMS, vms(1, 2, total=3), vms(3, total=3))
    assert names(http) == ["vm1", "vm2", "vm3"]
    assert [call.headers["PagingInfo"] for call in http.calls if call.path == VMS] == ["0,2", "1,2"]


def test_a_server_that_ignores_paging_is_asked_once(http, monkeypatch):
    monkeypatch.setattr(vm_info, "PAGE", 2)
    http.on("GET", VMS, vms(1, 2, 3, total=3))
    assert names(http) == ["vm1", "vm2", "vm3"] and http.asked().count(f"GET {VMS}") == 1


@pytest.mark.parametrize("reply", [{"virtualMachines": {"name": "vm1", "UUID": "1"}}, (404, {"errorMessage": "none"})])
def test_a_list_without_a_count_does_not_go_on_for_ever(http, reply):
    http.on("POST", "/WhoAmI", {})
    http.on("GET", VMS, reply)
    assert len(names(http)) <= 1 and http.asked().count(f"GET {VMS}") <= 2


def test_a_list_that_is_cut_without_a_word_is_an_error(http):
    http.on("GET", VMS, vms(1, total=9))
    failed = http.run("commvault_vm_info", {})
    assert failed["failed"] and "gives 1 of 9" in failed["msg"]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("<p>One<br>two &amp; three</p>", "One\ntwo & three"),
        ("<head><title>x</title></head><script>alert(1)</script>said", "said"),
        ("a < b", "a < b"),
        ("<td>Client</td><td>fs01</td>", "Client fs01"),
        ("<style>never closed", ""),
        ("x" * 5000, "x" * alert_info.LONGEST),
        ("", ""),
    ],
)
def test_html_becomes_words(text, plain):
    assert alert_info.plain(text) == plain


def test_an_alert_that_is_gone_meanwhile_has_no_description(http):
    http.on("GET", "/V4/TriggeredAlerts", {"alertsTriggered": [{"id": 5, "severity": "MAJOR", "detectedTime": 1735689600}]})
    http.on("GET", "/V4/TriggeredAlerts/5", (500, {"errorCode": 500, "errorMessage": "not found"}))
    (alert,) = http.run("commvault_alert_info", {"descriptions": True})["alerts"]
    assert (alert["severity"], alert["time"], alert["description"], alert["client"]) == ("major", "2025-01-01T00:00:00Z", "", None)
