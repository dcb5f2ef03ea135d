# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""With a ready token nothing has proven the base path yet: a 404 must not be taken for "there is none"."""

from __future__ import annotations

import base64
import json
import ssl
import urllib.request

import pytest

from ansible_collections.calligo.baas.tests.support.modules import commvault_options, run_module


@pytest.mark.parametrize(("base_path", "failed"), [("/wrong/api", True), ("/webconsole/api", False)])
def test_absent_with_a_token_is_only_true_below_the_right_base_path(sandbox, base_path, failed):
    options = commvault_options(sandbox)
    token = sandbox_token(sandbox)
    task = {"host": options["host"], "ca_path": options["ca_path"], "token": token, "api_base_path": base_path}
    result = run_module("commvault_hypervisor", {**task, "name": "nobody", "state": "absent"})
    assert bool(result.get("failed")) is failed
    if failed:
        assert "api_base_path" in result["msg"]


def sandbox_token(sandbox):
    options = commvault_options(sandbox)
    password = base64.b64encode(options["password"].encode()).decode()
    request = urllib.request.Request(
        f"{options['host']}/commandcenter/api/Login",
        json.dumps({"username": options["username"], "password": password}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, context=ssl.create_default_context(cafile=options["ca_path"])) as answer:
        return json.load(answer)["token"]
