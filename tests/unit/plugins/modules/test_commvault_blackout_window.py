# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support.scripted_http import ScriptedHttp

MODULE = "commvault_blackout_window"
ROW = {"id": 7, "name": "hours", "allDays": [{"days": ["MONDAY"], "time": {"start": 28800, "end": 64800}}]}
DETAIL = {**ROW, "backupOperations": ["FULL", "DATA_RECOVERY"], "weeks": ["EVERY"], "doNotSubmitJob": False}
PERIODS = [{"days": ["friday", "monday"], "start": "8:00", "end": "18:00"}]


@pytest.fixture
def http(monkeypatch):
    scripted = ScriptedHttp(monkeypatch)
    scripted.on("GET", "/V5/BlackoutWindow", {"blackoutWindows": []})
    scripted.on("GET", "/V5/BlackoutWindow/7", DETAIL)
    scripted.on("POST", "/V5/BlackoutWindow", {"id": 7, "name": "hours"})
    scripted.on("PUT", "/V5/BlackoutWindow/7", {"errorCode": 0})
    return scripted


def test_a_new_window_is_sent_in_the_servers_words(http):
    dates = {"start": "2026-12-24", "end": "2026-12-24"}
    options = {"periods": PERIODS, "operations": ["all"], "weeks": ["last"], "between_dates": dates, "do_not_submit_job": True}
    result = http.run(MODULE, {"name": "hours", "company_id": 9, **options})
    assert result["changed"] and result["blackout_window"]["id"] == 7
    assert http.writes[0].body == {
        "name": "hours",
        "company": {"id": 9},
        "backupOperations": ["ALL_OPERATIONS"],
        "allDays": [{"days": ["MONDAY", "FRIDAY"], "time": {"start": 28800, "end": 64800}}],
        "weeks": ["LAST"],
        "betweenDates": {"start": 1798070400, "end": 1798156799},
        "doNotSubmitJob": True,
    }
    assert http.calls[1].params == {"companyId": 9}


def test_a_change_sends_what_changes_and_nothing_else(http):
    http.on("GET", "/V5/BlackoutWindow", {"blackoutWindows": ROW})
    http.run(MODULE, {"name": "HOURS", "periods": [{**PERIODS[0], "days": ["monday"]}], "weeks": ["first", "second"]})
    assert [call.body for call in http.writes] == [{"weeks": ["FIRST", "SECOND"]}]
    assert http.calls[1].params == {"showOnlyCommcellLevel": "true"}


def test_operations_that_only_the_server_knows_are_shown(http):
    http.on("GET", "/V5/BlackoutWindow", {"blackoutWindows": [ROW]})
    found = http.run(MODULE, {"name": "hours"})
    assert found["changed"] is False and found["blackout_window"]["operations"] == ["full", "data_recovery"]


def test_a_window_that_was_not_made_is_an_error(http):
    http.on("POST", "/V5/BlackoutWindow", {})
    assert "without an id" in http.run(MODULE, {"name": "hours", "periods": PERIODS})["msg"]


def test_a_gateways_error_after_the_creation_is_looked_behind(http):
    http.on("GET", "/V5/BlackoutWindow", {"blackoutWindows": []}, {"blackoutWindows": [ROW]})
    http.on("POST", "/V5/BlackoutWindow", (502, "<html><title>502 Bad Gateway</title></html>"))
    assert http.run(MODULE, {"name": "hours", "periods": PERIODS})["blackout_window"]["id"] == 7 and len(http.writes) == 1
