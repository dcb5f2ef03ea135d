# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gc
import http.server
import ssl
import threading
import time

import pytest
import yaml
from pyVim.task import WaitForTask
from pyVmomi import vim

from ansible_collections.calligo.baas.tests.support.modules import run_module
from ansible_collections.calligo.baas.tests.support.vcsim import Vcsim, content_of
from commvaultsim.sandbox import DEFAULT_SCENARIO
from commvaultsim.sandbox.tls import make_certificates

GIB = 1 << 30
SCENARIO = yaml.safe_load(DEFAULT_SCENARIO.read_text(encoding="utf-8"))
JERSEY = next(vcenter for vcenter in SCENARIO["vcenters"] if vcenter["name"] == "vc-jer")
ODD = "Tenants/Boréal Îles Ltd/Hors norme"


@pytest.fixture(scope="module")
def vcsim(tmp_path_factory):
    with Vcsim(tmp_path_factory.mktemp("vcsim"), "vc-jer") as running:
        yield running


@pytest.fixture
def session(vcsim):
    """A session of pyVmomi's own, to change what the module reads."""
    with content_of(vcsim.options) as content:
        yield content


@pytest.fixture
def proxy(tmp_path):
    """Options that reach a server which answers every request with an error page, as a proxy may."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            body = b"<html><head><meta charset=utf-8></head><body>Bad gateway</body></html>"
            self.send_response(502)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments):
            pass

    make_certificates(tmp_path)
    trust = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trust.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    with http.server.HTTPServer(("127.0.0.1", 0), Page) as server:
        server.socket = trust.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield {"hostname": "127.0.0.1", "port": server.server_address[1], "ca_path": str(tmp_path / "ca.pem")}
        server.shutdown()
        thread.join()


def gather(vcsim, check=False, **options):
    result = run_module("vcenter_vm_facts", {**vcsim.options, **options}, check=check)
    assert not result.get("failed"), result
    return result


def vms(vcsim, **options):
    return gather(vcsim, **options)["ansible_facts"]["vcenter_vms"]


def names(vcsim, **options):
    return [vm["name"] for vm in vms(vcsim, **options)]


def failure(vcsim, **options):
    result = run_module("vcenter_vm_facts", {**vcsim.options, **options})
    assert result.get("failed"), result
    return result["msg"]


def test_every_vm_of_the_scenario_is_found_with_its_hardware(vcsim):
    found = {vm["name"]: vm for vm in vms(vcsim, properties=["hardware"])}
    assert sorted(found) == sorted(vm["name"] for vm in JERSEY["vms"])
    for spec in JERSEY["vms"]:
        vm = found[spec["name"]]
        assert (vm["folder"], vm["host"], vm["cluster"], vm["datacenter"]) == (spec["folder"], spec["host"], "JER-CL1", "Jersey")
        assert (vm["cpus"], vm["memory_mb"], vm["guest_id"]) == (spec["cpus"], spec["memory_mb"], spec["guest_id"])
        disks = [(disk["size_bytes"], disk["datastore"], disk["mode"], disk["raw_device"]) for disk in vm["disks"]]
        assert disks == [(disk["size_gb"] * GIB, disk["datastore"], disk["mode"], None) for disk in spec["disks"]]
        assert [nic["network"] for nic in vm["nics"]] == [nic["network"] for nic in spec["nics"]]
        assert [device["kind"] for device in vm["removable"]] == ["cdrom"] * spec["cdrom"]
        assert vm["unreadable"] == []
    assert len({nic["mac"] for vm in found.values() for nic in vm["nics"]}) == sum(len(vm["nics"]) for vm in found.values())


def test_only_facts_are_returned_and_check_mode_reads_the_same(vcsim):
    result = gather(vcsim)
    assert set(result) - {"invocation"} == {"changed", "ansible_facts"}
    assert result["changed"] is False
    assert gather(vcsim, check=True)["ansible_facts"] == result["ansible_facts"]


def test_the_default_set_has_no_devices(vcsim):
    assert all("disks" not in vm and "guest" not in vm and "backup" not in vm for vm in vms(vcsim))


def test_a_folder_includes_the_folders_below_it(vcsim):
    assert names(vcsim, folder="Tenants/Boréal Îles Ltd") == sorted(vm["name"] for vm in JERSEY["vms"])
    assert names(vcsim, folder=ODD) == ["boreal-appliance-01", "boreal-archive-01", "boreal-db-01"]
    assert names(vcsim, folder=f"/Jersey/vm/{ODD}") == names(vcsim, folder=ODD)
    assert names(vcsim, folder="Restore tests") == []


def test_conditions_on_properties_are_combined(vcsim):
    assert names(vcsim, name_pattern="BOREAL-[de]*") == ["boreal-db-01", "boreal-erp-01"]
    assert names(vcsim, name_pattern="*-01", folder=ODD, names=["boreal-db-01", "boreal-web-01"]) == ["boreal-db-01"]
    assert names(vcsim, cluster="JER-CL1", names=["boreal-web-01"]) == ["boreal-web-01"]
    assert names(vcsim, names=[]) == []
    (web,) = vms(vcsim, names=["boreal-web-01"])
    assert names(vcsim, instance_uuids=[web["instance_uuid"].upper()]) == ["boreal-web-01"]


def test_what_no_vm_has_is_named_as_it_was_written(vcsim):
    facts = gather(vcsim, names=["boreal-web-01", "nobody"])["ansible_facts"]
    assert facts["vcenter_vms_not_found"] == ["nobody"]
    facts = gather(vcsim, instance_uuids=["ABCD"])["ansible_facts"]
    assert facts == {"vcenter_vms": [], "vcenter_vms_not_found": ["ABCD"], "vcenter_vms_problems": []}


def test_guest_and_tools(vcsim):
    found = {vm["name"]: vm for vm in vms(vcsim, properties=["guest"])}
    db, archive, appliance = (found[f"boreal-{name}-01"] for name in ("db", "archive", "appliance"))
    assert (db["power_state"], db["tools_status"], db["guest"]["hostname"], db["guest"]["heartbeat"]) == (
        "poweredOn",
        "toolsOk",
        "boreal-db-01",
        "green",
    )
    assert db["guest"]["ip_addresses"] == [db["guest"]["ip_address"]]
    assert (archive["power_state"], archive["tools_status"], archive["guest"]["tools_running"]) == ("poweredOff", "toolsNotRunning", False)
    assert (appliance["power_state"], appliance["tools_status"]) == ("poweredOn", "toolsNotInstalled")


def test_findings_name_what_backups_leave_out(vcsim, session):
    found = {vm["name"]: vm["backup"] for vm in vms(vcsim, properties=["backup"])}
    assert found["boreal-web-01"] == {"change_tracking": True, "snapshots": 0, "findings": []}
    assert ["Hard disk 3 is independent" in text for text in found["boreal-db-01"]["findings"]] == [True]
    assert ["not installed" in text for text in found["boreal-appliance-01"]["findings"]] == [True]
    web = machine(session, "boreal-web-01")
    for name in ("before", "after"):
        WaitForTask(web.CreateSnapshot(name, "", memory=False, quiesce=False))
    (changed,) = vms(vcsim, names=["boreal-web-01"], properties=["backup"])
    WaitForTask(web.RemoveAllSnapshots())
    assert changed["backup"]["snapshots"] == 2
    assert changed["backup"]["findings"][0].startswith("2 snapshots are present")


def test_a_vm_that_is_created_boots_disconnected_and_is_gone_after_its_removal(vcsim, session):
    made = create(session, "restore tëst 1", "JER-Restore-Isolated")
    (before,) = vms(vcsim, folder="Restore tests", properties=["hardware", "guest"])
    assert (before["power_state"], before["tools_status"]) == ("poweredOff", "toolsNotRunning")
    WaitForTask(made.PowerOn())
    wait_until(lambda: vms(vcsim, names=["restore tëst 1"])[0]["tools_status"] == "toolsOk")
    (up,) = vms(vcsim, instance_uuids=[before["instance_uuid"]], properties=["hardware", "guest"])
    assert [(nic["network"], nic["connected"], nic["start_connected"]) for nic in up["nics"]] == [("JER-Restore-Isolated", False, False)]
    assert (up["guest"]["heartbeat"], up["guest"]["ip_address"], up["folder"]) == ("green", None, "Restore tests")
    WaitForTask(made.PowerOff())
    assert vms(vcsim, names=["restore tëst 1"])[0]["tools_status"] == "toolsNotRunning"
    WaitForTask(made.Destroy())
    facts = gather(vcsim, instance_uuids=[before["instance_uuid"]])["ansible_facts"]
    assert facts == {"vcenter_vms": [], "vcenter_vms_not_found": [before["instance_uuid"]], "vcenter_vms_problems": []}


def test_a_fault_of_the_simulator_for_an_unknown_network_or_datastore(session):
    with pytest.raises(vim.fault.InvalidDeviceBacking):
        create(session, "nowhere", "no such network")
    with pytest.raises(vim.fault.InvalidDatastorePath):
        create(session, "nowhere", "JER-Tenants", store="no-such-store")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"password": "wrong"}, ["refused the user", "svc-baas@vsphere.local"]),
        ({"username": "nobody"}, ["refused the user", '"nobody"']),
        ({"ca_path": None}, ["not trusted", "ca_path"]),
        ({"ca_path": "/nonexistent/ca.pem"}, ["ca_path", "/nonexistent/ca.pem", "cannot be read"]),
        ({"port": 1}, ["127.0.0.1:1", "cannot be reached", "Check hostname and port"]),
        ({"hostname": "vcenter.invalid"}, ["vcenter.invalid", "cannot be reached"]),
        ({"folder": "Tenants/Boreal"}, ['No VM folder "Tenants/Boreal"', "Jersey"]),
        ({"folder": "/Nowhere/vm/Tenants"}, ["No VM folder", "/Datacenter/vm/Folder"]),
        ({"folder": ""}, ["folder is", "names of folders"]),
        ({"cluster": "JER-CL2"}, ['No cluster is named "JER-CL2"', "JER-CL1"]),
    ],
)
def test_each_mistake_gets_one_clear_error(vcsim, options, words):
    message = failure(vcsim, **options)
    assert all(word in message for word in words), message
    assert "Traceback" not in message
    assert vcsim.options["password"] not in message


def test_without_verification_a_user_gets_in_only_when_asked_for(vcsim):
    assert names(vcsim, ca_path=None, validate_certs=False, names=["boreal-web-01"]) == ["boreal-web-01"]


# pyVmomi leaves the answer's socket to the garbage collector, which is made to come for it before the next test.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_server_that_is_no_vcenter(vcsim, proxy):
    assert "does not answer as a vCenter does: 502 Bad Gateway" in failure(vcsim, **proxy)
    gc.collect()


def machine(content, name):
    view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
    try:
        return next(vm for vm in view.view if vm.name == name)
    finally:
        view.DestroyView()


def create(content, name, network, store="jer-ds-01"):
    datacenter = content.rootFolder.childEntity[0]
    folder = next(folder for folder in datacenter.vmFolder.childEntity if folder.name == "Restore tests")
    card = vim.vm.device.VirtualVmxnet3(
        key=-1,
        backing=vim.vm.device.VirtualEthernetCard.NetworkBackingInfo(deviceName=network),
        connectable=vim.vm.device.VirtualDevice.ConnectInfo(startConnected=False, connected=False, allowGuestControl=True),
    )
    spec = vim.vm.ConfigSpec(
        name=name,
        numCPUs=1,
        memoryMB=1024,
        guestId="ubuntu64Guest",
        files=vim.vm.FileInfo(vmPathName=f"[{store}]"),
        deviceChange=[vim.vm.device.VirtualDeviceSpec(operation="add", device=card)],
    )
    task = folder.CreateVM_Task(config=spec, pool=datacenter.hostFolder.childEntity[0].resourcePool)
    WaitForTask(task)
    return task.info.result


def wait_until(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_changes_are_told_with_their_events(vcsim, session):
    since = "2026-01-01T00:00:00+00:00"
    machine = session.searchIndex.FindByInventoryPath("Jersey/vm/Tenants/Boréal Îles Ltd/boreal-web-01")
    asked = {"names": ["boreal-web-01", "boreal-erp-01"], "fields": ["changes"]}
    before = {vm["name"]: vm["changes"] for vm in vms(vcsim, **asked)}
    assert before["boreal-web-01"]["events"] == [] and before["boreal-web-01"]["since"] is None
    started = gather(vcsim, **asked)["ansible_facts"]["vcenter_clock"]
    assert abs(started["ahead_seconds"]) < 1

    WaitForTask(machine.ReconfigVM_Task(vim.vm.ConfigSpec(memoryMB=machine.config.hardware.memoryMB)))
    vcsim.calls()
    after = {vm["name"]: vm["changes"] for vm in vms(vcsim, **asked, changes_since=started["time"])}
    assert after["boreal-erp-01"] == {**before["boreal-erp-01"], "since": after["boreal-erp-01"]["since"]}
    web = after["boreal-web-01"]
    assert web["version"] != before["boreal-web-01"]["version"] and web["modified"] > before["boreal-web-01"]["modified"]
    assert web["problem"] is None and web["since"]
    ((kind, user, touched),) = [(event["event"], event["user"], event["touches"]) for event in web["events"]]
    assert (kind, user, touched) == ("VmReconfiguredEvent", vcsim.options["username"], ["memory_mb"])
    # One call for the log as a whole, and one for each VM that was changed since.
    assert vcsim.calls()["QueryEvents"] == 2
    # The log does not go back to before the vCenter was there: what it has begins with the first event of the VM.
    old = {vm["name"]: vm["changes"] for vm in vms(vcsim, **asked, changes_since=since)}
    assert old["boreal-web-01"]["since"] > since
    vcsim.refuse("QueryEvents")
    refused = {vm["name"]: vm["changes"] for vm in vms(vcsim, **asked, changes_since=started["time"])}
    vcsim.refuse()
    assert (refused["boreal-web-01"]["since"], refused["boreal-web-01"]["problem"]) == (None, "NoPermission")


def test_a_time_that_is_none_is_named(vcsim):
    result = run_module("vcenter_vm_facts", {**vcsim.options, "fields": ["changes"], "changes_since": "yesterday"})
    assert result["failed"] and '"yesterday" is not a time' in result["msg"]
