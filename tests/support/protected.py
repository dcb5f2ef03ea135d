# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sandbox in which Acme's VMs and files are set up for backup, for tests of backup and restore. The modules themselves set it up."""

from __future__ import annotations

import contextlib
import ssl
import typing as t
from pathlib import Path

from pyVim.connect import Disconnect, SmartConnect
from pyVim.task import WaitForTask
from pyVmomi import vim

from ansible_collections.calligo.baas.tests.support.modules import Modules, vcenter_options
from ansible_collections.calligo.baas.tests.support.walk import recorded
from commvaultsim.sandbox import Sandbox

Json = dict[str, t.Any]
FOLDER = "Tenants/Acme Sàrl"
HYPERVISOR = "acme-vcenter"
GROUP: Json = {"name": "Acme VMs", "hypervisor": HYPERVISOR}
SUBCLIENT: Json = {"client": "acme-fs01", "name": "Data"}
RESTORE_CLIENT = "lux-restore-01"
RESTORE_FOLDER = "Restore tests"
RESTORE_NETWORK = "LUX-Restore-Isolated"
JOB_SECONDS = 1.0


class Protected:
    """Runs modules in that sandbox, and looks at what they did from outside."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        #: What a test module wants to keep of what it set up: VMs' UUIDs, jobs and the like.
        self.kept: Json = {}
        self.modules = Modules(sandbox)
        self.vcenter = vcenter_options(sandbox, "vc-lux")

    def run(self, module: str, options: Json, *, check: bool = False) -> Json:
        """A module that has to succeed."""
        return self.modules(module, options, check=check)

    def failure(self, module: str, options: Json, *, check: bool = False) -> Json:
        """A module that has to fail."""
        return self.modules.failure(module, options, check=check)

    def requests(self, module: str, options: Json, *, check: bool = False) -> tuple[Json, list[str], list[str]]:
        """A module that has to succeed, what it asked Commvault, and what of that writes."""
        result, rows = recorded(self.modules, module, options, check=check)
        lines = [f"{row['method']} {row['path'].partition('/api')[2]}" for row in rows]
        return result, lines, [line for line, row in zip(lines, rows, strict=True) if row["writes"]]

    def writes(self) -> list[str]:
        """What the last run, failed or not, asked Commvault that writes. The journal has to be cleared before it."""
        rows = self.sandbox.control("GET", "/journal")["requests"]
        return [f"{row['method']} {row['path'].partition('/api')[2]}" for row in rows if row["writes"]]

    def fault(self, name: str, **params: t.Any) -> None:
        """Switch a fault of the Commvault simulator on."""
        self.sandbox.control("POST", "/faults", {"name": name, **params})

    def drive(self, client: str, path: str) -> Path:
        """The real file or directory behind a path such as D:\\Data on a client."""
        letter, _colon, rest = path.partition(":")
        return Path(self.sandbox.endpoints["drives"]) / client / letter / rest.strip("\\").replace("\\", "/")

    def vms(self, folder: str = FOLDER) -> dict[str, Json]:
        """The VMs of a folder as vCenter shows them, by name."""
        found = self.modules("vcenter_vm_facts", {"folder": folder, "properties": ["summary", "hardware"]})["ansible_facts"]["vcenter_vms"]
        return {vm["name"]: vm for vm in found}

    @contextlib.contextmanager
    def content(self) -> t.Iterator[t.Any]:
        """A session of pyVmomi's own, to change what was backed up."""
        trust = ssl.create_default_context(cafile=self.vcenter["ca_path"])
        login = {"user": self.vcenter["username"], "pwd": self.vcenter["password"], "sslContext": trust}
        instance = SmartConnect(host=self.vcenter["hostname"], port=self.vcenter["port"], **login)
        try:
            yield instance.content
        finally:
            Disconnect(instance)

    def change_vm(self, name: str, act: t.Callable[[t.Any], t.Any]) -> None:
        """Do something to a VM, such as reconfiguring or destroying it, and wait for its task."""
        with self.content() as content:
            view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
            WaitForTask(act(next(vm for vm in view.view if vm.name == name)))

    def destroy(self, name: str) -> None:
        """Remove a VM, running or not."""
        if next((vm for vm in self.everything().values() if vm["name"] == name), {}).get("power_state") == "poweredOn":
            self.change_vm(name, lambda vm: vm.PowerOffVM_Task())
        self.change_vm(name, lambda vm: vm.Destroy_Task())

    def everything(self) -> dict[str, Json]:
        """All VMs of the vCenter by managed object id."""
        found = self.modules("vcenter_vm_facts", {})["ansible_facts"]["vcenter_vms"]
        return {vm["moid"]: vm for vm in found}


@contextlib.contextmanager
def protected(folder: Path) -> t.Iterator[Protected]:
    """Start a sandbox and set Acme up: plan, hypervisor, VM group, subclient. Nothing is backed up yet."""
    with Sandbox(folder, job_seconds=JOB_SECONDS) as sandbox:
        world = Protected(sandbox)
        world.run(
            "commvault_plan", {"name": "Gold", "destinations": [{"name": "Primary", "storage_pool": "lux-pool-01", "retention_days": "30"}]}
        )
        vcenter = {"vcenter_username": world.vcenter["username"], "vcenter_password": world.vcenter["password"]}
        address = f"{world.vcenter['hostname']}:{world.vcenter['port']}"
        world.run("commvault_hypervisor", {"name": HYPERVISOR, "vcenter_host": address, "access_nodes": ["lux-an-01"], **vcenter})
        content = {"vms": [{"name": vm["name"], "uuid": vm["instance_uuid"]} for vm in world.vms().values()]}
        world.run("commvault_vm_group", {**GROUP, "plan": "Gold", "content": content})
        world.run("commvault_subclient", {"subclients": [{**SUBCLIENT, "plan": "Gold", "content": ["D:\\Data"]}]})
        yield world
