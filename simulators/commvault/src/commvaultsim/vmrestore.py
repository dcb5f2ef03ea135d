# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The effect of a VM restore: a VM is created in vCenter from what a backup kept, not from the live VM. api-virtualization-jobs 5."""

from __future__ import annotations

import dataclasses as dc
import typing as t

from commvaultsim import guests, vmconfig
from commvaultsim import model as m
from commvaultsim.faults import matches
from commvaultsim.jobs import RESTORE, Job, JobFailure, Outcome, note, start_job
from commvaultsim.routing import Request
from commvaultsim.simulator import Simulator
from commvaultsim.vcenter import Inventory, Node, VCenter, VCenterError, connect

Json = dict[str, t.Any]
Effect = t.Callable[[Simulator, Job], Outcome]


@dc.dataclass
class Wish:
    """One VM to restore. Empty texts mean what the backup kept; ``networks`` maps a card's label or its kept network to a network."""

    backup: m.VmBackup
    new_name: str
    host: str = ""
    datastore: str = ""
    disk_datastores: dict[str, str] = dc.field(default_factory=dict)
    folder: str = ""
    resource_pool: str = ""
    networks: dict[str, str] = dc.field(default_factory=dict)
    power_on: bool = False
    overwrite: bool = False
    in_place: bool = False
    thin: bool | None = None


def begin(sim: Simulator, request: Request, target: m.Client, wishes: list[Wish]) -> Job:
    """Start one restore job for all the VMs; ``target`` is the destination hypervisor."""
    names = [wish.new_name for wish in wishes] + [wish.backup.name for wish in wishes]
    return start(sim, request, wishes[0].backup, target, _effect(target, wishes), names)


def start(sim: Simulator, request: Request, backup: m.VmBackup, target: m.Client, effect: Effect, names: list[str]) -> Job:
    """Start a job that restores from a backup of a VM, the VM or parts of it; ``names`` are what faults can be set for."""
    group = sim.subclients.get(backup.subclient_id)
    job = start_job(
        sim,
        op_type=RESTORE,
        operation="Restore",
        effect=effect,
        client_id=backup.hypervisor_id if backup.hypervisor_id in sim.clients else target.id,
        application_id=m.VIRTUAL_SERVER,
        instance_id=group.instance_id if group else 0,
        backupset_id=group.backupset_id if group else 0,
        destination_client_id=target.id,
        company_id=group.company_id if group else target.company_id,
        user=request.user,
        user_id=request.user_id,
        task=request.body,
    )
    job.result["names"] = names
    return job


def _effect(target: m.Client, wishes: list[Wish]) -> Effect:
    def effect(sim: Simulator, job: Job) -> Outcome:
        props, done, outcome = target.props, 0, Outcome()
        for wish in wishes:
            size = sum(disk["size_bytes"] for disk in wish.backup.config["disks"] if not disk["skipped"])
            job.vms.append(
                m.JobVm(wish.backup.guid, wish.backup.name, 0, 0, size=size, start=sim.clock.epoch(), destination_name=wish.new_name)
            )
        try:
            with connect(sim, props.get("vcenter_host", ""), props.get("username", ""), props.get("password", "")) as vcenter:
                for wish, vm in zip(wishes, job.vms, strict=True):
                    try:
                        vm.destination_guid = _restore(sim, job, vcenter, wish)
                    except JobFailure as failure:
                        vm.status, vm.reason = 2, str(failure)
                        note(sim, job, f"{wish.backup.name}: {failure}", 9)
                        continue
                    vm.status, vm.end, done = 1, sim.clock.epoch(), done + 1
                    outcome.size += vm.size
                    outcome.files += 1
        except VCenterError as error:
            raise JobFailure(str(error)) from error
        if not done:
            raise JobFailure("; ".join(vm.reason for vm in job.vms))
        outcome.status = "Completed" if done == len(wishes) else "Completed w/ one or more errors"
        return outcome

    return effect


def _restore(sim: Simulator, job: Job, vcenter: VCenter, wish: Wish) -> str:
    """Create the VM; answers its instance UUID. Raises JobFailure before anything is created when the destination does not fit."""
    config = _kept(sim, wish)
    inventory = vcenter.inventory()
    host = _host(inventory, wish, config)
    center = inventory.datacenter(host)
    if center is None:
        raise JobFailure(f"ESX host [{host.name}] is in no data center.")
    folder = _folder(inventory, wish, config, center)
    stores = {d["name"]: wish.disk_datastores.get(d["name"]) or wish.datastore or d["datastore"] for d in config["disks"]}
    home = wish.datastore or next(iter(stores.values()), "")
    for name in {home, *stores.values()}:
        if inventory.named(name, "Datastore", datacenter=center) is None:
            raise JobFailure(f"Datastore [{name}] was not found in data center [{center.name}].")
    networks = [_network(inventory, wish, nic, center) for nic in config["nics"]]
    fault = sim.faults.take("restore_fail", lambda p: matches(p.get("match"), *job.names(sim)))
    if fault:
        raise JobFailure(str(fault.params.get("reason", "The restore failed on request of the simulator.")))
    _clear(sim, vcenter, inventory, wish, folder, job)
    spec = vmconfig.spec(
        config, name=wish.new_name, home=home, stores=stores, networks=networks, thin=wish.thin, keep_identity=wish.in_place
    )
    ref = vcenter.wait(
        folder.ref.CreateVM_Task(config=spec, pool=_pool(inventory, host, wish).ref, host=host.ref), f"Creating VM [{wish.new_name}]"
    )
    note(sim, job, f"VM [{wish.new_name}] was created as [{ref._moId}] from job {wish.backup.job_id}.")
    if wish.power_on:
        vcenter.wait(ref.PowerOnVM_Task(), f"Powering on VM [{wish.new_name}]")
    guid = str(vcenter.read([ref], ["config.instanceUuid"])[0][1].get("config.instanceUuid") or "")
    guests.put_back(sim, wish.backup, guid)
    return guid


def _kept(sim: Simulator, wish: Wish) -> Json:
    config = dict(wish.backup.config)
    disks = [disk for disk in config["disks"] if not disk["skipped"]]
    if not disks and config["disks"]:
        raise JobFailure(f"The backup of [{wish.backup.name}] by job {wish.backup.job_id} holds no disk.")
    fault = sim.faults.take("restore_drop_disk", lambda p: matches(p.get("vm"), wish.backup.name, wish.new_name, wish.backup.guid))
    config["disks"] = disks[:-1] if fault else disks
    return config


def _host(inventory: Inventory, wish: Wish, config: Json) -> Node:
    name = wish.host or config["host"]
    found = inventory.named(name, "HostSystem")
    if found is None:
        raise JobFailure(f"ESX host [{name}] was not found in the destination vCenter.")
    return found


def _folder(inventory: Inventory, wish: Wish, config: Json, center: Node) -> Node:
    path = wish.folder or config["folder"]
    found = inventory.folder(path, center)
    if found is None and not wish.folder:
        found = inventory.folder("", center)
    if found is None:
        raise JobFailure(f"VM folder [{path}] was not found in data center [{center.name}].")
    return found


def _network(inventory: Inventory, wish: Wish, nic: Json, center: Node) -> Node:
    name = wish.networks.get(nic["label"]) or wish.networks.get(nic["network"]) or wish.networks.get("") or nic["network"]
    found = inventory.named(name, "Network", "DistributedVirtualPortgroup", "OpaqueNetwork", datacenter=center)
    if found is None:
        raise JobFailure(f"Network [{name}] for [{nic['label']}] was not found in data center [{center.name}].")
    return found


def _pool(inventory: Inventory, host: Node, wish: Wish) -> Node:
    cluster = inventory.nodes[host.parent]
    root = inventory.nodes[cluster.props["resourcePool"]._moId]
    name = wish.resource_pool.strip("/").rpartition("/")[2]
    if not name or name == "Resources":
        return root
    found = next((n for n in inventory.of_kind("ResourcePool", "VirtualApp") if n.name == name and root in inventory.ancestors(n)), None)
    if found is None:
        raise JobFailure(f"Resource pool [{wish.resource_pool}] was not found below [{cluster.name}].")
    return found


def _clear(sim: Simulator, vcenter: VCenter, inventory: Inventory, wish: Wish, folder: Node, job: Job) -> None:
    """Make room: what has the same name in the folder, or in place is the same VM, goes; without overwrite it is a collision."""
    guid = wish.backup.guid.lower()
    for vm in inventory.of_kind("VirtualMachine"):
        same = str(vm.props.get("config.instanceUuid")).lower() == guid if wish.in_place else False
        if not same and not (vm.parent == folder.id and vm.name.lower() == wish.new_name.lower()):
            continue
        if not wish.overwrite:
            raise JobFailure(
                f"A virtual machine named [{vm.name}] already exists in [{inventory.path(folder)}], and overwriting was not asked for."
            )
        if vm.props.get("runtime.powerState") == "poweredOn":
            vcenter.wait(vm.ref.PowerOffVM_Task(), f"Powering off VM [{vm.name}]")
        vcenter.wait(vm.ref.Destroy_Task(), f"Deleting VM [{vm.name}]")
        note(sim, job, f"VM [{vm.name}] was replaced.", 3)
