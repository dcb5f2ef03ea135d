# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import json
import urllib.parse

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.session import root_url
from ansible_collections.calligo.baas.plugins.module_utils._core.errors import InputError
from ansible_collections.calligo.baas.tests.support.modules import run_module
from ansible_collections.calligo.baas.tests.support.scripted_http import ScriptedHttp


@pytest.mark.parametrize(
    ("host", "base", "expected"),
    [
        ("cv.example.com", "/commandcenter/api", "https://cv.example.com/commandcenter/api"),
        ("https://cv.example.com:8443/", "webconsole/api/", "https://cv.example.com:8443/webconsole/api"),
        ("https://[2001:db8::1]:81", "/x", "https://[2001:db8::1]:81/x"),
        ("cv.example.com", "/", "https://cv.example.com"),
    ],
)
def test_https_is_what_is_not_said(host, base, expected):
    assert root_url(host, base) == expected


@pytest.mark.parametrize(
    "host",
    ["https://cv.example.com/webconsole/api", "ftp://cv.example.com", "https://", "https://user:word@cv.example.com", "https://cv?x=1"],
)
def test_a_host_that_is_more_than_a_host_is_refused(host):
    with pytest.raises(InputError, match="give a host name"):
        root_url(host, "/commandcenter/api")


def test_a_password_in_the_host_is_not_shown():
    with pytest.raises(InputError) as error:
        root_url("https://user:s3cret@cv.example.com", "/commandcenter/api")
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize(("host", "allowed"), [("http://cv.example.com", True), ("http://127.0.0.1:81", False), ("http://10.0.0.1", True)])
def test_a_login_is_never_sent_in_clear(host, allowed):
    """http is for a simulator on this machine, and only if that is said."""
    with pytest.raises(InputError, match=r"sent in clear. Give https://"):
        root_url(host, "/commandcenter/api", allow_http=allowed)
    assert root_url("http://127.0.0.1:81", "/x", allow_http=True) == "http://127.0.0.1:81/x"


def test_the_line_end_of_a_file_is_no_part_of_a_secret(monkeypatch):
    http = ScriptedHttp(monkeypatch)
    http.on("GET", "/V4/Regions", {"regions": []})
    http.on("GET", "/V4/company", {"companies": []})
    assert "failed" not in http.run("commvault_company_info", {"password": "correct horse\n"})
    sent = next(call for call in http.calls if call.path == "/Login")
    assert base64.b64decode(sent.body["password"]) == b"correct horse"


@pytest.mark.parametrize("option", ["token", "password"])
def test_a_secret_of_several_lines_is_refused_and_not_shown(option):
    secret = {"token": "QSDK first\r\nX-Other: 1", "password": "first\x00second"}[option]
    result = run_module("commvault_company_info", {"host": "cv.example.com", "username": "u", "password": "x", option: secret})
    assert result["failed"] and f"{option} holds a line end" in result["msg"] and "first" not in str(result)


@pytest.mark.parametrize(
    "spelling", [lambda text: base64.b64encode(text.encode()).decode(), urllib.parse.quote, lambda text: json.dumps(text)[1:-1]]
)
def test_a_secret_that_the_server_sends_back_is_masked_however_it_spells_it(monkeypatch, spelling):
    secret = 'p"ss wörd/+'
    http = ScriptedHttp(monkeypatch)
    http.on("GET", "/V4/company", (400, {"errorCode": 7, "errorMessage": f"refused {spelling(secret)}"}))
    result = http.run("commvault_company_info", {"password": secret})
    assert result["failed"] and spelling(secret) not in str(result) and "refused" in result["msg"]


@pytest.mark.parametrize("odd", [{"odd": 1}, float("inf"), [], None, "x"])
def test_a_reply_whose_parts_are_of_another_kind_is_one_sentence(monkeypatch, odd):
    http = ScriptedHttp(monkeypatch)
    http.on("GET", "/V4/company", {"companies": [{"id": odd, "name": ["x"]}]})
    result = http.run("commvault_company_info", {})
    assert result["failed"] and "GET /V4/company, cannot be read" in result["msg"] and result["error"]["kind"] == "UnexpectedReply"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "one of the following is required: token, password"),
        ({"password": "x"}, "parameters are required together: username, password"),
        ({"token": "QSDK token", "company": "a", "company_id": 1}, "mutually exclusive: company|company_id"),
    ],
)
def test_rules_between_the_options_hold_in_every_module(options, said):
    result = run_module("commvault_company", {"host": "cv.example.com", "name": "Acme", **options})
    assert result["failed"] and said in result["msg"]
