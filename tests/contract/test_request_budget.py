# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How few requests the everyday acts take on one keep-alive connection, counted by the simulator.

The login counts. The logout, with which a session of user name and password ends, is counted apart: it comes after the work, and the
figures for the vendor's SDK have none either. With a ready token there is neither. docs/contract.md has the figures.
"""

from __future__ import annotations

import base64
import json
import ssl
import urllib.request

import pytest

from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.modules import Modules
from commvaultsim.sandbox import Sandbox

MANY = 12
NAMES = [f"Share {number}" for number in range(MANY)]
TARGETS = {
    "a file subclient": {"subclients": [{"client": "acme-fs01", "name": "data"}]},
    "a VM group": {"vm_groups": [{"name": "acme-vms", "hypervisor": "acme-vcenter"}]},
}


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    with Sandbox(tmp_path_factory.mktemp("budget"), job_seconds=0.1) as sandbox:
        running = Modules(sandbox)
        tenant.onboard(running)
        running("commvault_subclient", {"subclients": [share(name) for name in NAMES]})
        yield running


def share(name):
    return {"client": "acme-fs01", "name": name, "content": ["E:\\Shares"], "plan": "acme-gold"}


def requests(modules, module, options, changed):
    """The requests of one run without its logout, and that there was one logout, at the end, and one connection."""
    modules.sandbox.control("DELETE", "/journal")
    assert modules(module, options)["changed"] is changed
    rows = modules.sandbox.control("GET", "/journal")["requests"]
    assert len({row["connection"] for row in rows}) == 1
    lines = [f"{row['method']} {row['path'].partition('/api')[2]}" for row in rows]
    assert [number for number, line in enumerate(lines) if line == "POST /Logout"] == [len(lines) - 1]
    assert lines[0] == "POST /Login"
    return lines[:-1]


def test_a_plan_is_read_by_name(modules, figure):
    sent = requests(modules, "commvault_plan_info", {"names": ["acme-gold"]}, False)
    figure("plan", len(sent))
    assert len(sent) <= 3


def test_content_filters_and_plan_of_a_subclient_are_set(modules, figure):
    wish = {**tenant.SUBCLIENT, "content": ["D:\\Data", "E:\\Shares"], "filters": ["*.tmp"], "plan": "acme-spare"}
    sent = requests(modules, "commvault_subclient", {"subclients": [wish]}, True)
    figure("subclient", len(sent))
    assert len(sent) <= 5
    assert len([line for line in sent if line.endswith("/browsefs")]) == 1, "what is new is looked for in one listing"
    assert [line for line in sent if line.startswith("POST /Subclient/")], "in one request"


@pytest.mark.parametrize("what", TARGETS)
def test_a_backup_is_started(modules, what, figure):
    sent = requests(modules, "commvault_backup", {**TARGETS[what], "wait": False}, True)
    figure(f"backup of {what}", len(sent))
    assert len(sent) <= 4


@pytest.mark.parametrize("brief", [False, True], ids=["whole lists", "brief lists"])
def test_many_unchanged_subclients(modules, brief, figure):
    # Where the server lists identities only, each subclient is read; a pool of connections would hide the count of one.
    if brief:
        modules.sandbox.control("POST", "/faults", {"name": "subclient_list_brief"})
    options = {"subclients": [share(name) for name in NAMES], "parallel": 1}
    sent = requests(modules, "commvault_subclient", options, False)
    modules.sandbox.control("DELETE", "/faults")
    figure(f"{MANY} unchanged subclients, {'brief' if brief else 'whole'} lists", len(sent))
    assert len(sent) <= MANY + 3
    assert brief or len(sent) == 2


def test_a_ready_token_saves_login_and_logout(modules):
    endpoint, password = modules.sandbox.endpoints["commvault"], modules.sandbox.password("commvault")
    body = {"mode": 4, "username": endpoint["username"], "password": base64.b64encode(password.encode()).decode()}
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    call = urllib.request.Request(f"{endpoint['url']}/commandcenter/api/Login", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(call, context=ssl.create_default_context(cafile=str(modules.sandbox.ca_path))) as answer:
        token = json.load(answer)["token"]
    modules.sandbox.control("DELETE", "/journal")
    login = {"token": token, "username": None, "password": None}
    assert modules("commvault_subclient", {"subclients": [share("Share 1")], **login})["changed"] is False
    assert modules.sandbox.control("GET", "/counters")["requests"] == 1
