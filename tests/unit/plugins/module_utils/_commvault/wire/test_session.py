# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.session import root_url
from ansible_collections.calligo.baas.plugins.module_utils._core.errors import InputError
from ansible_collections.calligo.baas.tests.support.modules import run_module


@pytest.mark.parametrize(
    ("host", "base", "expected"),
    [
        ("cv.example.com", "/commandcenter/api", "https://cv.example.com/commandcenter/api"),
        ("https://cv.example.com:8443/", "webconsole/api/", "https://cv.example.com:8443/webconsole/api"),
        ("https://[2001:db8::1]:81", "/x", "https://[2001:db8::1]:81/x"),
        ("cv.example.com", "/", "https://cv.example.com"),
        # Only because the user wrote it.
        ("http://127.0.0.1:81", "/commandcenter/api", "http://127.0.0.1:81/commandcenter/api"),
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
