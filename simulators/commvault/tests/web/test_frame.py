# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The frame of the simulator: paths, login, envelopes, tenants' view, control surface."""

from __future__ import annotations

import pytest
import requests

from commvaultsim.wire.journal import masked
from commvaultsim.wire.routing import BASES, load_handlers, match, relative_path


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("/commandcenter/api//v4/FileServers", ("/commandcenter/api", "/v4/FileServers")),
        ("/webconsole/api/Client", ("/webconsole/api", "/Client")),
        ("/WebConsole/API/Client", ("/webconsole/api", "/Client")),
        ("/commandcenter/api", ("/commandcenter/api", "/")),
        ("/elsewhere/Client", None),
    ],
)
def test_both_roots_any_case_double_slashes(raw, expected):
    assert relative_path(raw) == expected


def test_the_most_literal_template_wins_and_an_encoded_slash_stays_in_its_name():
    load_handlers()
    assert match("POST", "/v4/vmgroup/preview")[0].template == "/V4/VmGroup/Preview"
    path = relative_path(f"{BASES[0]}/Client/byName(clientName=%27a%2Fb%27)")[1]
    assert match("GET", path)[1] == {"name": "a/b"}


def test_a_wrong_password_is_a_200_without_token(anonymous):
    reply = anonymous.login("admin", "wrong")
    assert anonymous.last.status_code == 200
    assert "token" not in reply
    assert reply["errList"][0]["errorCode"]
    assert reply["loginAttempts"] == 1


def test_both_roots_serve_the_same_session(api):
    api.base = "/webconsole/api"
    assert api.get("/v4/COMPANY")["companyCount"] == 0


def test_a_token_expires_when_idle_can_be_renewed_and_dies_by_logout(api):
    api.advance(1799)
    assert api.post("/WhoAmI")["user"]["userName"] == "admin"
    token = api.session.headers["Authtoken"]
    assert api.call("POST", "/RenewLoginToken", {"sessionId": "QSDK unknown", "deviceId": ""})["error"]["errLogMessage"]
    renewed = api.call("POST", "/RenewLoginToken", {"sessionId": token, "deviceId": None})
    api.session.headers["Authtoken"] = renewed.get("token", token)
    api.advance(1801)
    assert api.post("/WhoAmI") == {"errorMessage": "Access denied", "errorCode": 5}
    assert api.last.status_code == 401
    api.login()
    assert api.call("POST", "/Logout") == "User logged out"
    assert api.last.headers["content-type"].startswith("text/plain")
    assert api.call("POST", "/Logout")["errorCode"] == 5


def test_unknown_routes_answer_404_and_are_journalled(api):
    api.control("DELETE", "journal")
    assert "Message" in api.get("/V4/Nonsense")
    assert api.last.status_code == 404
    assert [row["modelled"] for row in api.control("GET", "journal")["requests"]] == [False]


def test_the_journal_masks_secrets_and_tells_writes_from_reads(api):
    api.control("DELETE", "journal")
    api.login()
    api.post("/Jobs", {"category": 0})
    api.post("/V4/Regions", {"name": "x"})
    rows = api.control("GET", "journal")["requests"]
    assert [row["writes"] for row in rows] == [False, False, True]
    assert rows[0]["body"]["password"] == "********"
    counters = api.control("GET", "counters")
    assert (counters["requests"], counters["writes"], counters["connections"]) == (3, 1, 1)


def test_masking_reaches_into_lists_and_keeps_what_is_no_secret():
    body = {"users": [{"name": "a", "password": "x"}], "encryption": {"keyLength": 256}, "savedToken": "y", "flag": True}
    assert masked(body) == {
        "users": [{"name": "a", "password": "********"}],
        "encryption": {"keyLength": 256},
        "savedToken": "********",
        "flag": True,
    }


def test_http_faults_status_html_times_and_path(api):
    api.control("POST", "faults", {"name": "http", "path": "/V4/company", "status": 502, "html": "502 Bad Gateway", "times": 1})
    assert "<title>502 Bad Gateway</title>" in api.get("/V4/company")
    assert api.last.status_code == 502
    assert api.get("/V4/company")["companyCount"] == 0


def test_a_reset_ends_the_connection_without_an_answer(api):
    api.control("POST", "faults", {"name": "http", "reset": True, "times": 1})
    with pytest.raises(requests.exceptions.ConnectionError):
        api.get("/V4/company")
    assert api.get("/V4/company")["companyCount"] == 0


def test_unauthorized_once_strikes_once(api):
    api.control("POST", "faults", {"name": "unauthorized_once"})
    api.get("/V4/company")
    assert api.last.status_code == 401
    api.login()
    assert api.get("/V4/company")["companyCount"] == 0


def test_an_unknown_fault_is_refused(api):
    assert "known" in api.control("POST", "faults", {"name": "nonsense"})["error"]


def test_writes_can_fail_with_http_200_and_deletes_can_wait_for_approval(api):
    api.control("POST", "faults", {"name": "api_error", "path": "Regions", "code": 7, "message": "no", "times": 1})
    assert api.post("/V4/Regions", {}) == {"errorCode": 7, "errorMessage": "no"}
    region = api.get("/V4/Regions")["regions"][0]["id"]
    api.control("POST", "faults", {"name": "pending_approval", "times": 1})
    api.delete(f"/V4/Regions/{region}")
    assert api.last.status_code == 202
    assert region in [row["id"] for row in api.get("/V4/Regions")["regions"]]


def test_the_state_holds_no_password(api):
    assert "not-a-secret-in-a-test" not in str(api.control("GET", "state"))


def test_the_clock_moves_by_hand_only(api):
    before = api.control("GET", "clock")["now"]
    assert api.control("POST", "clock", {"advance": 60})["now"] == before + 60
    assert "forward" in api.control("POST", "clock", {"advance": -1})["error"]
