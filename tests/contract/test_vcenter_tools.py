# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox's vCenter is one for the tools of others, too: govc, and modules of community.vmware and vmware.vmware, unmodified.

What they list, tag, power and snapshot is what our module then reads. Tags are left to govc: the modules' library for them speaks vAPI's
JSON-RPC, which vcsim does not.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from ansible_collections.calligo.baas.tests.support.modules import run_module
from ansible_collections.calligo.baas.tests.support.vcsim import Vcsim

BIN = Path(sys.executable).parent
TENANT = "/Luxembourg/vm/Tenants/Acme Sàrl"
WEB, DATABASE, APPLICATION = "acme-web-01", "acme-db-01", "acme-app-01"
SECONDS = 120

Json = dict[str, t.Any]


@pytest.fixture(scope="module")
def vcsim(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Vcsim]:
    with Vcsim(tmp_path_factory.mktemp("tools"), "vc-lux", "-boot-time", "10ms") as running:
        yield running


def facts(vcsim: Vcsim, name: str) -> Json:
    """What our module tells of a VM."""
    wanted = {"names": [name], "fields": ["power_state", "tags", "backup"]}
    (vm,) = run_module("vcenter_vm_facts", {**vcsim.options, **wanted})["ansible_facts"]["vcenter_vms"]
    return t.cast("Json", vm)


def govc(vcsim: Vcsim, *arguments: str) -> str:
    """What a command of govc prints."""
    options = vcsim.options
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(vcsim.folder),
        "GOVC_URL": f"https://{options['hostname']}:{options['port']}",
        "GOVC_USERNAME": options["username"],
        "GOVC_PASSWORD": options["password"],
        "GOVC_TLS_CA_CERTS": options["ca_path"],
        "GOVC_PERSIST_SESSION": "false",
    }
    done = subprocess.run([BIN / "govc", *arguments], env=env, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_govc_lists(vcsim: Vcsim) -> None:
    found = govc(vcsim, "find", TENANT, "-type", "m").splitlines()
    assert {f"{TENANT}/{name}" for name in (WEB, DATABASE, APPLICATION)} == set(found)
    about = json.loads(govc(vcsim, "vm.info", "-json", f"{TENANT}/{DATABASE}"))["virtualMachines"][0]
    assert (about["config"]["firmware"], about["config"]["hardware"]["memoryMB"]) == ("efi", 16384)


def test_govc_knows_the_devices_and_what_they_are_attached_to(vcsim: Vcsim) -> None:
    devices = json.loads(govc(vcsim, "device.info", "-json", "-vm", f"{TENANT}/{DATABASE}"))["devices"]
    assert [device["deviceInfo"]["label"] for device in devices if device["type"] == "VirtualDisk"] == [
        "Hard disk 1",
        "Hard disk 2",
        "Hard disk 3",
    ]
    # As text it looks for the controller of each.
    assert "Hard disk 3" in govc(vcsim, "device.info", "-vm", f"{TENANT}/{DATABASE}", "disk-*")


def test_govc_tags(vcsim: Vcsim) -> None:
    assert facts(vcsim, APPLICATION)["tags"][0]["name"] == "Gold"
    govc(vcsim, "tags.detach", "-c", "Backup", "Gold", f"{TENANT}/{APPLICATION}")
    govc(vcsim, "tags.attach", "-c", "Backup", "Silver", f"{TENANT}/{APPLICATION}")
    assert [tag["name"] for tag in facts(vcsim, APPLICATION)["tags"]] == ["Silver"]
    assert govc(vcsim, "tags.attached.ls", "-r", f"{TENANT}/{APPLICATION}").split() == ["Silver"]


def test_govc_powers_and_takes_snapshots(vcsim: Vcsim) -> None:
    govc(vcsim, "vm.power", "-off", f"{TENANT}/{WEB}")
    govc(vcsim, "snapshot.create", "-vm", f"{TENANT}/{WEB}", "before")
    seen = facts(vcsim, WEB)
    assert (seen["power_state"], seen["backup"]["snapshots"]) == ("poweredOff", 1)
    assert "before" in govc(vcsim, "snapshot.tree", "-vm", f"{TENANT}/{WEB}")
    govc(vcsim, "snapshot.remove", "-vm", f"{TENANT}/{WEB}", "before")
    govc(vcsim, "vm.power", "-on", f"{TENANT}/{WEB}")
    seen = facts(vcsim, WEB)
    assert (seen["power_state"], seen["backup"]["snapshots"]) == ("poweredOn", 0)


def test_modules_of_others_list_power_and_take_snapshots(vcsim: Vcsim) -> None:
    vm = {"folder": TENANT, "name": APPLICATION}
    tasks: list[Json] = [
        {"community.vmware.vmware_vm_info": {"folder": TENANT}, "register": "listed"},
        {"ansible.builtin.assert": {"that": f"'{WEB}' in listed.virtual_machines | map(attribute='guest_name')"}},
        {"vmware.vmware.vm_powerstate": {"datacenter": "Luxembourg", "name": APPLICATION, "state": "powered-off", "force": True}},
        {"community.vmware.vmware_guest_snapshot": {**vm, "datacenter": "Luxembourg", "state": "present", "snapshot_name": "one"}},
        {"vmware.vmware.vm_snapshot": {**vm, "datacenter": "Luxembourg", "state": "present", "snapshot_name": "two"}},
        {"vmware.vmware.vm_snapshot": {**vm, "datacenter": "Luxembourg", "state": "absent", "snapshot_name": "one"}},
    ]
    login = {key: vcsim.options[key] for key in ("hostname", "port", "username", "password")}
    defaults = {f"group/{name}": login for name in ("community.vmware.vmware", "vmware.vmware.vmware")}
    file = vcsim.folder / "play.json"
    file.write_text(
        json.dumps([{"hosts": "localhost", "gather_facts": False, "module_defaults": defaults, "tasks": tasks}]), encoding="utf-8"
    )
    env = {**os.environ, "SSL_CERT_FILE": vcsim.options["ca_path"], "ANSIBLE_NOCOLOR": "1", "ANSIBLE_HOME": str(vcsim.folder / "home")}
    env.pop("PYTHONPATH", None)
    done = subprocess.run([BIN / "ansible-playbook", file], env=env, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    seen = facts(vcsim, APPLICATION)
    assert (seen["power_state"], seen["backup"]["snapshots"]) == ("poweredOff", 1)
    assert "two" in govc(vcsim, "snapshot.tree", "-vm", f"{TENANT}/{APPLICATION}")
