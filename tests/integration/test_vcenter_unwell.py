# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A vCenter that is not well, or has more than plain VMs: what vcenter_vm_facts does not know is never told as if it were known."""

from __future__ import annotations

import base64
import collections
import http.server
import json
import socket
import ssl
import threading
import time
import urllib.error

import pytest
import yaml
from pyVmomi import vim

from ansible_collections.calligo.baas.plugins.module_utils._vcenter import plain_pages, session
from ansible_collections.calligo.baas.plugins.module_utils._vcenter.collector import Collector
from ansible_collections.calligo.baas.tests.support.modules import run_module
from ansible_collections.calligo.baas.tests.support.vcsim import Vcsim, content_of, request
from commvaultsim.sandbox.tls import make_certificates
from commvaultsim.state.clock import SimClock
from commvaultsim.state.simulator import Simulator
from commvaultsim.vms import config, vcenter
from commvaultsim.vms.content import Resolver

MODULE = "vcenter_vm_facts"
TENANT, HOST = "Tenants/Acme", "host-1.example.com"
CONFIGURED = ("instance_uuid", "bios_uuid", "template", "kind", "cpus", "memory_mb", "disks", "nics", "removable", "settings")
MORE = 501
"""So many VMs beside those of the scenario that there is a second page."""


def machine(name, folder=TENANT, **more):
    shape = {"cpus": 1, "memory_mb": 1024, "guest_id": "ubuntu64Guest", "host": HOST, "power": "on", "disks": [{"size_gb": 1}]}
    return {"name": name, "folder": folder, **shape, "nics": [{"network": "Tenants"}], **more}


SITE = {
    "name": "vc",
    "datacenter": "One",
    "cluster": "CL1",
    "hosts": [HOST],
    "datastores": ["ds-1"],
    "networks": ["Tenants"],
    "folders": [TENANT, "Tenants/Other"],
    "tags": {"categories": {"Backup": ["Gold"]}},
    "vms": [
        machine("plain", tags=["Backup/Gold"]),
        machine("in-vapp", vapp="shop"),
        machine("in-inner-vapp", vapp="shop/web"),
        machine("in-pool-of-vapp", vapp="shop/web", pool="db"),
        machine("elsewhere", "Tenants/Other"),
        machine("lost", "Tenants/Other", state="orphaned"),
    ],
}


@pytest.fixture(scope="module")
def vcsim(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unwell")
    (folder / "site.yml").write_text(yaml.safe_dump({"vcenters": [SITE]}), encoding="utf-8")
    with Vcsim(folder, "vc", "-generate", str(MORE), scenario=folder / "site.yml") as running:
        yield running


@pytest.fixture(autouse=True)
def well(vcsim):
    yield
    vcsim.tell()
    vcsim.refuse()


@pytest.fixture
def content(vcsim):
    """A session of pyVmomi's own, to change what the module reads."""
    with content_of(vcsim.options) as content:
        yield content


def run(vcsim, **options):
    return run_module(MODULE, {**vcsim.options, **options})


def facts(vcsim, **options):
    result = run(vcsim, **options)
    assert not result.get("failed"), result
    return result["ansible_facts"]


def read(vcsim, **options):
    """The VMs by name, and the problems."""
    found = facts(vcsim, **options)
    return {vm["name"]: vm for vm in found["vcenter_vms"]}, found["vcenter_vms_problems"]


def failure(vcsim, **options):
    result = run(vcsim, **options)
    assert result.get("failed"), result
    assert "Traceback" not in str(result) and vcsim.options["password"] not in str(result)
    return result["msg"]


@pytest.mark.parametrize("state", ["inaccessible", "invalid", "orphaned", "disconnected"])
def test_of_a_vm_that_cannot_be_read_nothing_is_known(vcsim, state):
    (before,) = facts(vcsim, names=["plain"])["vcenter_vms"]
    vcsim.tell(plain={"state": state})
    everything = ["summary", "hardware", "guest", "backup", "custom_attributes", "changes"]
    vms, problems = read(vcsim, folder=TENANT, properties=everything)
    vm = vms["plain"]
    assert (vm["connection_state"], vm["folder"]) == (state, TENANT)
    assert {key: vm[key] for key in CONFIGURED} == dict.fromkeys(CONFIGURED)
    assert (vm["guest"]["tools_running"], vm["backup"]["change_tracking"], vm["backup"]["snapshots"]) == (None, None, None)
    assert {"config.instanceUuid", "config.hardware.device", "config.template"} <= set(vm["unreadable"])
    assert [f"plain ({state})" in problem for problem in problems] == [True]
    # The server's index still knows it: that it cannot be read does not mean that it is gone.
    found = facts(vcsim, instance_uuids=[before["instance_uuid"]])
    assert ([vm["instance_uuid"] for vm in found["vcenter_vms"]], found["vcenter_vms_not_found"]) == ([before["instance_uuid"]], [])
    # It may be any of those that are asked for without the index.
    several = [f"00000000-0000-0000-0000-{number:012}" for number in range(9)]
    assert facts(vcsim, instance_uuids=several)["vcenter_vms_not_found"] == []


def test_vms_of_a_vapp_are_in_the_folder_of_the_vapp(vcsim):
    vms, problems = read(vcsim, folder=TENANT, fields=["folder", "datacenter"])
    assert {name: (vm["folder"], vm["datacenter"], vm["unreadable"]) for name, vm in vms.items()} == {
        name: (TENANT, "One", []) for name in ("plain", "in-vapp", "in-inner-vapp", "in-pool-of-vapp")
    }
    assert problems == []


def test_a_backup_of_a_folder_takes_the_vms_of_its_vapps(vcsim):
    sim = Simulator(SimClock("manual"), state_dir=vcsim.folder)
    sim.vcenters = {"vc": {key: vcsim.options[key] for key in ("hostname", "port", "ca_path")}}
    address = f"{vcsim.options['hostname']}:{vcsim.options['port']}"
    with vcenter.connect(sim, address, vcsim.options["username"], vcsim.options["password"]) as connected:
        inventory = connected.inventory()
        resolver = Resolver(inventory)
        found = resolver.resolve({"virtualMachines": [{"type": "FOLDER", "name": TENANT}]})
        assert [vm.name for vm in found] == ["in-inner-vapp", "in-pool-of-vapp", "in-vapp", "plain"]
        assert {kept["folder"] for kept in config.read(connected, inventory, found)} == {f"/One/vm/{TENANT}"}
    for kind, name, names in (("VAPP", "web", 2), ("VAPP", "shop", 3), ("RES_POOL", "db", 1), ("RES_POOL", "Resources", 6 + MORE)):
        assert len(resolver.resolve({"virtualMachines": [{"type": kind, "name": name}]})) == names, (kind, name)


def test_a_vm_without_a_place_is_not_said_to_have_none(vcsim):
    vcsim.tell(plain={"unset": ["parent"]})
    vms, problems = read(vcsim, names=["plain"], fields=["folder"])
    assert (vms["plain"]["folder"], vms["plain"]["unreadable"], len(problems)) == (None, ["parent"], 1)


def test_what_vsphere_makes_for_itself_is_told_apart(vcsim):
    vcsim.tell(
        plain={"set": {"config.managedBy.extensionKey": "com.vmware.vim.eam"}},
        elsewhere={"set": {"config.ftInfo.role": 2}},
        **{"in-vapp": {"set": {"config.ftInfo.role": 1}}, "gen-vm-00000": {"set": {"config.template": True}}},
    )
    vms, _problems = read(vcsim, names=["plain", "elsewhere", "in-vapp", "gen-vm-00000", "lost"], fields=["kind"])
    kinds = {"plain": "agent", "elsewhere": "secondary", "in-vapp": "vm", "gen-vm-00000": "template", "lost": None}
    assert {name: vm["kind"] for name, vm in vms.items()} == kinds


def test_what_is_withheld_is_null_and_named(vcsim):
    vcsim.tell(
        plain={"withheld": ["config.hardware.device", "config.template", "config.changeTrackingEnabled", "customValue", "snapshot"]},
        **{HOST: {"withheld": ["name"]}, "ds-1": {"withheld": ["name"]}, "Tenants": {"withheld": ["name"]}},
    )
    vms, problems = read(vcsim, folder=TENANT, properties=["hardware", "backup", "custom_attributes"])
    plain, other = vms["plain"], vms["in-vapp"]
    assert {plain[key] for key in ("disks", "nics", "removable", "settings", "template", "kind", "custom_attributes")} == {None}
    assert (plain["backup"]["change_tracking"], plain["backup"]["snapshots"]) == (None, None)
    assert any("config.hardware.device" in finding for finding in plain["backup"]["findings"])
    # "Tenants" is the name of a folder, too: with it, the places of all VMs below it are unknown.
    assert (other["host"], other["folder"], other["disks"][0]["datastore"]) == (None, None, None)
    named = {"runtime.host.name", "parent.name", "config.hardware.device.backing.datastore.name"}
    assert named <= set(other["unreadable"])
    assert [problem.startswith("vCenter withheld properties of 4 VMs") for problem in problems] == [True]
    # Only what was asked for counts.
    assert read(vcsim, folder=TENANT, fields=["power_state"])[1] == []


def test_two_clusters_of_one_name_are_an_error_that_lists_them(vcsim, content):
    other = content.rootFolder.CreateDatacenter(name="Two")
    other.hostFolder.CreateClusterEx(name="CL1", spec=vim.cluster.ConfigSpecEx())
    try:
        message = failure(vcsim, cluster="CL1", names=["plain"])
        assert 'More than one cluster is "CL1": /One/host/CL1, /Two/host/CL1.' in message
        found = facts(vcsim, cluster="/One/host/CL1", names=["plain", "nobody"])
        assert ([vm["name"] for vm in found["vcenter_vms"]], found["vcenter_vms_not_found"]) == (["plain"], ["nobody"])
        other.vmFolder.CreateFolder(name="Tenants")
        assert "/One/vm/Tenants, /Two/vm/Tenants" in failure(vcsim, folder="Tenants")
    finally:
        other.Destroy()


def test_a_fault_on_a_later_page_is_an_error_unless_a_part_will_do(vcsim):
    vcsim.refuse("ContinueRetrievePropertiesEx")
    assert "answered NoPermission" in failure(vcsim)
    found = facts(vcsim, allow_partial=True, names=["nobody"])
    assert found["vcenter_vms_not_found"] == [] and "vCenter stopped after 500 VMs" in found["vcenter_vms_problems"][0]


def test_a_session_that_has_ended_is_begun_again_once(vcsim, content, monkeypatch):
    retrieve, ended = Collector._retrieve, []

    def end_first(self, *arguments):
        if not ended:
            manager = content.sessionManager
            own = manager.currentSession.key
            ended.extend(entry.key for entry in manager.sessionList if entry.key != own)
            manager.TerminateSession(sessionId=ended)
        return retrieve(self, *arguments)

    monkeypatch.setattr(Collector, "_retrieve", end_first)
    vcsim.calls()
    assert sorted(read(vcsim, folder=TENANT, fields=["folder"])[0]) == ["in-inner-vapp", "in-pool-of-vapp", "in-vapp", "plain"]
    assert ended and vcsim.calls()["Login"] == 2


def test_tags_are_read_by_the_newer_api(vcsim):
    vcsim.calls()
    assert [tag["name"] for tag in read(vcsim, names=["plain"], fields=["tags"])[0]["plain"]["tags"]] == ["Gold"]
    assert list(read(vcsim, tags=["Backup/Gold"], fields=["tags"])[0]) == ["plain"]
    assert vcsim.calls()["POST session"] == 2


def test_the_newer_api_takes_nothing_that_a_vcenter_does_not(vcsim):
    """Paths, actions and the keys of bodies are those of the vSphere Automation API 7.0 U2 and later (Cis Tagging APIs)."""
    login = base64.b64encode(f"{vcsim.options['username']}:{vcsim.options['password']}".encode()).decode()
    token = json.loads(request(vcsim.options, "POST", "api/session", b"", {"Authorization": f"Basic {login}"}))
    (tag,) = (one["id"] for one in read(vcsim, names=["plain"], fields=["tags"])[0]["plain"]["tags"])

    def ask(method, path, body=None):
        headers = {"vmware-api-session-id": token, "Content-Type": "application/json"}
        try:
            answer = request(vcsim.options, method, f"api/cis/tagging/{path}", None if body is None else json.dumps(body).encode(), headers)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        return json.loads(answer)

    about = {"type": "VirtualMachine", "id": "vm-0"}
    (category,) = ask("GET", "category")
    assert ask("POST", "tag-association?action=list-attached-tags-on-objects", {"object_ids": [about]})[0]["object_id"] == about
    assert ask("POST", "tag?action=list-tags-for-category", {"category_id": category}) == [tag] == ask("GET", "tag")
    wrong = [
        ("POST", "tag-association?action=list-attached-tags-on-objects", {"ids": [about]}, 400),
        ("POST", "tag-association?action=list-attached-tags-on-objects", {"object_ids": [about], "spec": {}}, 400),
        ("POST", "tag-association?action=list-attached-objects-on-tags", {"object_ids": []}, 400),
        ("POST", "tag-association?action=list-attached-objects-on-tags", None, 400),
        ("POST", "tag?action=list-tags-for-category", {}, 400),
        ("POST", "tag-association?~action=list-attached-tags-on-objects", {"object_ids": [about]}, 404),
        ("POST", f"tag/{category}?action=list-tags-for-category", {}, 404),
        ("GET", f"tag/id:{tag}", None, 404),
    ]
    assert [ask(*call) for *call, _status in wrong] == [status for *_call, status in wrong]


def test_waiting_for_tools_is_one_session(vcsim, content):
    index = content.searchIndex
    vm = index.FindByInventoryPath("One/vm/Tenants/Other/elsewhere")
    vm.PowerOff()
    time.sleep(0.2)
    vcsim.calls()
    vms, _problems = read(vcsim, names=["elsewhere"], wait_for_tools=0.3, poll_seconds=0.1)
    assert vms["elsewhere"]["guest"]["tools_running"] is False
    vm.PowerOn()
    vms, _problems = read(vcsim, names=["elsewhere"], wait_for_tools=30, poll_seconds=0.1)
    assert vms["elsewhere"]["guest"]["tools_running"] is True
    counted = vcsim.calls()
    assert counted["Login"] == 2 and counted["RetrievePropertiesEx"] > 6


class Between(http.server.BaseHTTPRequestHandler):
    """A proxy that spoils one call."""

    spoiled = "Logout"
    answer = (500, "text/html", b"<html><head><meta charset=utf-8></head><body>Bad gateway</body></html>")
    target: tuple[str, int, ssl.SSLContext]

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if f"<{self.spoiled} ".encode() in body:
            status, kind, text = self.answer
            headers = {"Content-Type": kind}
        else:
            host, port, trust = self.target
            connection = http.client.HTTPSConnection(host, port, context=trust)
            connection.request("POST", self.path, body, {**self.headers, "Accept-Encoding": "identity"})
            reply = connection.getresponse()
            status, text = reply.status, reply.read()
            headers = {key: value for key, value in reply.getheaders() if key in ("Content-Type", "Set-Cookie")}
            connection.close()
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def between(vcsim, tmp_path):
    make_certificates(tmp_path)
    trust = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trust.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    Between.target = (vcsim.options["hostname"], vcsim.options["port"], ssl.create_default_context(cafile=vcsim.options["ca_path"]))
    with http.server.HTTPServer(("127.0.0.1", 0), Between) as server:
        server.socket = trust.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=[0.02], daemon=True)
        thread.start()
        yield {**vcsim.options, "port": server.server_address[1], "ca_path": str(tmp_path / "ca.pem")}
        server.shutdown()


HTML = (500, "text/html", b"<html><head><meta charset=utf-8></head><body>Bad gateway</body></html>")
LOGIN_PAGE = (200, "text/html; charset=utf-8", b"<html><body>Please log in</body></html>")
DISGUISED = (200, "text/xml", b"<html><body>Please log in</body></html>")


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.parametrize("answer", [HTML, LOGIN_PAGE, DISGUISED], ids=["500", "200", "disguised"])
@pytest.mark.parametrize("spoiled", ["RetrieveServiceContent", "Login", "CreateContainerView", "RetrievePropertiesEx", "FindAllByUuid"])
def test_an_answer_of_something_between_is_an_error_and_not_nothing(vcsim, between, monkeypatch, spoiled, answer):
    monkeypatch.setattr(Between, "spoiled", spoiled)
    monkeypatch.setattr(Between, "answer", answer)
    chosen = {"instance_uuids": ["5032f7a4-1b1c-4d0c-8d1e-0c8f6f6e2a11"]} if spoiled == "FindAllByUuid" else {"folder": "/One/vm/Tenants"}
    result = run_module(MODULE, {**between, **chosen, "fields": ["name"]})
    assert result.get("failed") and "does not answer as a vCenter does" in result["msg"], result


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_what_was_read_is_not_lost_at_the_logout(vcsim, between, monkeypatch):
    monkeypatch.setattr(Between, "spoiled", "Logout")
    monkeypatch.setattr(Between, "answer", HTML)
    result = run_module(MODULE, {**between, "names": ["plain"], "fields": ["name"]})
    assert [vm["name"] for vm in result["ansible_facts"]["vcenter_vms"]] == ["plain"]


def test_a_connection_is_waited_for_as_long_as_the_option_says(vcsim):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        begun = time.monotonic()
        # It takes the connection, and never speaks TLS.
        assert "timed out" in failure(vcsim, port=listener.getsockname()[1], connect_timeout=0.3)
    assert time.monotonic() - begun < 10


def test_an_old_pyvmomi_is_named_with_the_one_that_is_needed(vcsim, monkeypatch):
    monkeypatch.setattr(session.pyVmomi, "version_info", (7, 0, 3))
    assert "pyvmomi is older than 8.0.3 (7.0.3)" in failure(vcsim, names=["plain"])


def test_another_pyvmomi_inside_is_noticed_and_read_without_the_fast_pages(vcsim, monkeypatch):
    fast = facts(vcsim, folder=TENANT)
    monkeypatch.setitem(plain_pages.INTERNALS, "SerializeRequest", ("self", "request"))
    used = collections.Counter()
    monkeypatch.setattr(plain_pages, "read_plainly", lambda *_arguments: used.update(["fast"]))
    result = run(vcsim, folder=TENANT)
    assert result["ansible_facts"] == fast and not used
    assert ["SerializeRequest" in warning["event"]["msg"] for warning in result["warnings"]] == [True]


def test_tools_of_others_find_what_the_simulator_names(vcsim, content):
    """Controllers name the devices that are on them, and an attribute for all kinds of objects has a type."""
    vm = content.searchIndex.FindByInventoryPath("One/vm/Tenants/Acme/plain")
    devices = vm.config.hardware.device
    named = {key for device in devices for key in getattr(device, "device", [])}
    assert named == {device.key for device in devices if device.controllerKey is not None}
    field = content.customFieldsManager.AddCustomFieldDef(name="owner")
    content.customFieldsManager.SetField(entity=vm, key=field.key, value="Ada")
    assert read(vcsim, names=["plain"], fields=["custom_attributes"])[0]["plain"]["custom_attributes"] == {"owner": "Ada"}
