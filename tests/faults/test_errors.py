# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong at a real site: one clear error each, which names the thing, the reason and the way out, and nothing half-written."""

from __future__ import annotations

import datetime
import http.server
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
import typing as t
from pathlib import Path

import pytest
import trustme

from ansible_collections.calligo.baas.tests.support.modules import Modules, commvault_options, run_module, vcenter_options
from ansible_collections.calligo.baas.tests.support.playbooks import CHECKOUT
from commvaultsim.sandbox import Sandbox

Json = dict[str, t.Any]
PLAN: Json = {
    "name": "faults-plan",
    "destinations": [{"name": "Primary", "storage_pool": "lux-pool-01", "retention_days": 30}],
}
CHECKED_BY = ["commvault_company", "commvault_plan", "commvault_hypervisor"]


def company(name: str = "Faults Ltd") -> Json:
    return {"name": name, "alias": "faults"}


def fail(name: str, options: Json) -> str:
    """Run a module that has to fail with one line of text; give the line."""
    result = run_module(name, options)
    assert result.get("failed"), result
    assert "Traceback" not in result["msg"] and "exception" not in result
    assert "\n" not in result["msg"]
    return str(result["msg"])


def writes(sandbox: Sandbox) -> list[Json]:
    return [row for row in sandbox.control("GET", "/journal")["requests"] if row["writes"]]


@pytest.fixture
def quiet(sandbox: Sandbox) -> t.Iterator[Sandbox]:
    """The shared sandbox, of which the test says at its end that nothing was written."""
    sandbox.control("DELETE", "/faults")
    sandbox.control("DELETE", "/journal")
    yield sandbox
    sandbox.control("DELETE", "/faults")
    assert writes(sandbox) == []


def test_a_wrong_password_is_said_once_and_not_tried_again(quiet: Sandbox) -> None:
    text = fail("commvault_company", {**commvault_options(quiet), "password": "wr0ng-pass", **company()})
    assert "refused the login" in text and "Check username and password" in text and "wr0ng-pass" not in text
    logins = [row for row in quiet.control("GET", "/journal")["requests"] if row["path"].lower().endswith("/login")]
    assert len(logins) == 1


def test_a_certificate_of_an_unknown_authority_is_refused_and_the_way_out_named(quiet: Sandbox, tmp_path: Path) -> None:
    other = tmp_path / "other-ca.pem"
    trustme.CA().cert_pem.write_to_path(other)
    text = fail("commvault_company", {**commvault_options(quiet), "ca_path": str(other), **company()})
    assert "certificate" in text and "ca_path" in text
    text = fail("vcenter_vm_facts", {**vcenter_options(quiet, "vc-lux"), "ca_path": str(other)})
    assert "certificate" in text and "ca_path" in text


def test_a_host_that_is_down_is_named(quiet: Sandbox) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"https://127.0.0.1:{free.getsockname()[1]}"
    text = fail("commvault_company", {**commvault_options(quiet), "host": address, **company()})
    assert address in text and "Check that host is right" in text
    options = {**vcenter_options(quiet, "vc-lux"), "port": int(address.rsplit(":", 1)[1])}
    assert "127.0.0.1" in fail("vcenter_vm_facts", options)


def test_https_never_turns_into_http(tmp_path: Path) -> None:
    """A server that speaks plain http where https is expected sees no request, so no password."""
    seen: list[str] = []

    class Plain(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append(self.path)

        do_GET = do_POST  # noqa: N815 - the name that http.server calls

    server = http.server.HTTPServer(("127.0.0.1", 0), Plain)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        host = f"127.0.0.1:{server.server_port}"
        fail("commvault_company", {"host": host, "username": "u", "password": "p", **company()})
    finally:
        server.shutdown()
        server.server_close()
    assert seen == []


def test_an_unknown_plan_is_named(quiet: Sandbox, modules: Modules) -> None:
    failed = modules.failure(
        "commvault_subclient",
        {"subclients": [{"client": "acme-fs01", "name": "faults", "content": ["D:\\Data"], "plan": "no such plan"}]},
    )
    assert '"no such plan" does not exist' in failed["msg"] and "commvault_plan" in failed["msg"]


def test_a_missing_access_node_is_named_before_anything_is_written(quiet: Sandbox, modules: Modules) -> None:
    failed = modules.failure("commvault_hypervisor", hypervisor(quiet, ["no-such-node"]))
    assert '"no-such-node" does not exist' in failed["msg"] and "lux-an-01" in failed["msg"]


def test_a_storage_pool_that_is_not_encrypted_is_refused_before_anything_is_written(quiet: Sandbox, modules: Modules) -> None:
    plan = {**PLAN, "destinations": [{"name": "Primary", "storage_pool": "lux-pool-plain", "retention_days": 30}]}
    failed = modules.failure("commvault_plan", plan)
    assert "lux-pool-plain" in failed["msg"] and "encrypt" in failed["msg"] and "require_encryption" in failed["msg"]


def hypervisor(sandbox: Sandbox, nodes: list[str]) -> Json:
    vcenter = sandbox.endpoints["vcenters"]["vc-lux"]
    return {
        "name": "faults-vcenter",
        "vcenter_host": f"{vcenter['hostname']}:{vcenter['port']}",
        "vcenter_username": vcenter["username"],
        "vcenter_password": sandbox.password("vcenter"),
        "access_nodes": nodes,
    }


@pytest.mark.parametrize("module", CHECKED_BY)
def test_an_html_page_of_a_proxy_becomes_one_sentence(quiet: Sandbox, modules: Modules, module: str) -> None:
    options = {"commvault_company": company(), "commvault_plan": PLAN, "commvault_hypervisor": hypervisor(quiet, ["lux-an-01"])}
    page = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
    quiet.control("POST", "/faults", {"name": "http", "method": "GET", "path": ".*", "status": 502, "html": page})
    failed = modules.failure(module, options[module])
    assert "502" in failed["msg"] and "Bad Gateway" in failed["msg"] and "<" not in failed["msg"]
    assert "try again later" in failed["msg"]


GONE: dict[str, Json] = {
    "commvault_company": {"name": "ACME Sàrl", "state": "absent"},
    "commvault_plan": {"name": "acme-gold", "state": "absent"},
    "commvault_subclient": {"subclients": [{"client": "acme-fs01", "name": "data", "state": "absent"}]},
    "commvault_backup": {"subclients": [{"client": "acme-fs01", "name": "default"}], "start": "if_never_backed_up", "wait": False},
    "commvault_estate_info": {"company_id": 7},
}
STRANGE: dict[str, Json] = {
    "page": {"html": "<html><head><title>Sign in</title></head></html>"},
    "nothing": {"body": {}},
    "row": {"body": {key: [7] for key in ("providers", "plans", "subClientProperties", "clientProperties", "jobs", "Hypervisors")}},
}


@pytest.mark.parametrize("module", GONE)
@pytest.mark.parametrize("answer", STRANGE)
def test_success_that_is_not_the_servers_is_never_taken_for_none(
    quiet: Sandbox, modules: Modules, monkeypatch: pytest.MonkeyPatch, module: str, answer: str
) -> None:
    """HTTP 200 with a proxy's page, an empty object, rows that are none: not "it is gone", not "never backed up"."""
    monkeypatch.setattr("ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.client.LONGEST_PAUSE", 0.01)
    quiet.control("POST", "/faults", {"name": "http", "path": "^(?!.*/Log(in|out)).*$", "status": 200, **STRANGE[answer]})
    failed = modules.failure(module, GONE[module])
    assert "HTTP 200) answered with" in failed["msg"] and failed["error"]["kind"] == "UnexpectedReply", failed


ENDED = """
import json, sys
from ansible_collections.calligo.baas.tests.support.modules import run_module
run_module("commvault_company_info", json.loads(sys.argv[1]))
"""


def test_a_module_that_is_told_to_end_closes_its_session(quiet: Sandbox) -> None:
    quiet.control("POST", "/faults", {"name": "http", "method": "GET", "path": "/V4/company", "delay": 20})
    options = json.dumps(commvault_options(quiet))
    env = {**os.environ, "PYTHONPATH": str(CHECKOUT / ".build" / "collections")}
    module = subprocess.Popen([sys.executable, "-c", ENDED, options], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: was_asked(quiet, "/Login"))
        time.sleep(0.3)
        module.terminate()
        assert module.wait(10) != 0
    finally:
        module.kill()
        module.communicate()
    wait_until(lambda: was_asked(quiet, "/Logout"))


def was_asked(sandbox: Sandbox, call: str) -> bool:
    return any(call in row["path"] for row in sandbox.control("GET", "/journal")["requests"])


def wait_until(met: t.Callable[[], bool]) -> None:
    for _look in range(100):
        if met():
            return
        time.sleep(0.1)
    raise AssertionError("it never came to that")


def test_a_502_at_the_login_is_said_as_such(quiet: Sandbox, modules: Modules) -> None:
    page = "<html><title>502 Bad Gateway</title></html>"
    quiet.control("POST", "/faults", {"name": "http", "method": "POST", "path": "/Login", "status": 502, "html": page})
    failed = modules.failure("commvault_company", company())
    assert "502 Bad Gateway" in failed["msg"] and "login" in failed["msg"]


@pytest.mark.parametrize("after", [False, True])
def test_a_plan_that_fails_on_the_way_leaves_no_second_one(sandbox: Sandbox, modules: Modules, after: bool) -> None:
    """The connection breaks after the POST has left: the plan exists or not, but is never made twice."""
    sandbox.control("DELETE", "/faults")
    sandbox.control(
        "POST", "/faults", {"name": "http", "method": "POST", "path": "/V4/ServerPlan$", "reset": True, "after": True, "times": 1}
    )
    name = f"faults-broken-post-{after}"
    first = run_module("commvault_plan", {**commvault_options(sandbox), **PLAN, "name": name})
    sandbox.control("DELETE", "/faults")
    modules("commvault_plan", {**PLAN, "name": name})
    plans = [plan for plan in sandbox.control("GET", "/state")["plans"] if plan["name"] == name]
    assert len(plans) == 1, first
    modules("commvault_plan", {"name": name, "state": "absent"})


PAST = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)


@pytest.mark.parametrize("wrong", ["authority", "date", "name"])
def test_an_untrusted_server_gets_no_password(tmp_path: Path, wrong: str) -> None:
    """The TLS handshake fails before the login is sent: the certificate is of an unknown authority, expired, or of another server."""
    authority, trusted = trustme.CA(), tmp_path / "ca.pem"
    (trustme.CA() if wrong == "authority" else authority).cert_pem.write_to_path(trusted)
    certificate = authority.issue_cert("127.0.0.2" if wrong == "name" else "127.0.0.1", not_after=PAST if wrong == "date" else None)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def serve() -> None:
            connection, _address = listener.accept()
            with connection:
                connection.settimeout(5)
                try:
                    with context.wrap_socket(connection, server_side=True) as wrapped:
                        received.append(wrapped.recv(4096))
                except OSError:
                    pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        login = {"host": f"https://127.0.0.1:{port}", "username": "u", "password": "p", "ca_path": str(trusted)}
        text = fail("commvault_company", {**login, **company()})
        thread.join(timeout=10)
    assert "certificate" in text
    assert b"".join(received) == b""
