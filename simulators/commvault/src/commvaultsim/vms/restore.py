# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Full VM restores: CreateTask 1001 and v2/vsa/vm/{guid}/recover, mapped to the same job. api-virtualization-jobs 5.1, 5.2, 5.7.

A VM is created in vCenter from what a backup kept, not from the live VM."""

from __future__ import annotations

import calendar
import dataclasses as dc
import time
import typing as t

from commvaultsim.jobs.lifecycle import note, start_job, task_reply
from commvaultsim.servers.clients import seen
from commvaultsim.state import model as m
from commvaultsim.state.job import RESTORE, Job, JobFailure, Outcome
from commvaultsim.state.registry import TASKS
from commvaultsim.state.simulator import Simulator
from commvaultsim.vms import backup as vmbackup
from commvaultsim.vms import config as vmconfig
from commvaultsim.vms import guests, hypervisors, machines
from commvaultsim.vms.vcenter import Inventory, Node, VCenter, VCenterError, connect
from commvaultsim.wire.faults import matches
from commvaultsim.wire.replies import generic
from commvaultsim.wire.routing import Refusal, Reply, Request, route
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]
Effect = t.Callable[[Simulator, Job], Outcome]
FULL_VM = 1
LEVELS = {"VIRTUAL_MACHINE": FULL_VM}
#: What restores a part of a VM, by volumeLevelRestoreType.
PARTS: dict[int, t.Callable[[Simulator, Request, Json], Reply | Json]] = {}
THIN = {0: None, 1: False, 2: True, 3: False}
NO_DATA = "No data found to restore for virtual machine [{}]."


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
    drop = sim.faults.take("restore_drop_disk", lambda p: matches(p.get("vm"), wish.backup.name, wish.new_name, wish.backup.guid))
    config["disks"] = disks[:-1] if drop else disks
    plain = sim.faults.take("restore_drop_settings", lambda p: matches(p.get("vm"), wish.backup.name, wish.new_name, wish.backup.guid))
    return config | {setting: vmconfig.PLAIN[setting] for setting in (plain.params["settings"] if plain else ())}


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
    found = next((n for n in inventory.of_kind("ResourcePool", "VirtualApp") if n.name == name and root in inventory.pools(n)), None)
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


def _moment(span: Json) -> int:
    """The upper end of a time range: epoch seconds, or the text that restores use, taken as UTC; 0 for none."""
    raw = span.get("toTimeValue") or span.get("toTime") or 0
    if isinstance(raw, str) and not raw.isdigit():
        try:
            return calendar.timegm(time.strptime(raw, "%Y-%m-%d %H:%M:%S"))
        except ValueError:
            return 0
    return to_int(raw)


def _one(value: t.Any) -> Json:
    """The first element of a list, or the object itself: sources disagree on which it is."""
    return (value[0] if value else {}) if isinstance(value, list) else value or {}


def _target(sim: Simulator, request: Request, ref: Json, default: int) -> m.Client | None:
    client = sim.client_of(ref) if ref.get("clientId") or ref.get("clientName") else sim.clients.get(default)
    return client if client in hypervisors.visible(sim, request) else None


def restore_task(sim: Simulator, request: Request, task: Json) -> Reply | Json:
    """CreateTask: what can be told at once is refused in the reply; everything else happens in the job."""
    options = ((task.get("subTasks") or [{}])[0].get("options") or {}).get("restoreOptions") or {}
    server = options.get("virtualServerRstOption") or {}
    part = _part(options)
    if not items(options):
        return generic(21, "fileOption.sourceItem names no virtual machine.")
    if part:
        return part(sim, request, options)
    _check(sim, request, options)
    level = server.get("diskLevelVMRestoreOption") or {}
    advanced = {str(row.get("guid")).lower(): row for row in level.get("advancedRestoreOptions") or []}
    in_place = bool((options.get("destination") or {}).get("inPlace"))
    overwrite = bool(level.get("passUnconditionalOverride") or (options.get("commonOptions") or {}).get("unconditionalOverwrite"))
    wishes = []
    for item in items(options):
        guid = item.strip("\\").partition("\\")[0]
        backup = backup_of(sim, request, options, guid)
        wishes.append(_wish(backup, advanced.get(guid.lower(), {}), level, in_place, overwrite))
    target = _target(sim, request, server.get("vCenterInstance") or {}, wishes[0].backup.hypervisor_id)
    if target is None:
        return generic(25, "The destination hypervisor was not found.")
    if not target.enable_restore:
        return generic(26, f"Restore activity is disabled for client [{target.name}].")
    return task_reply(begin(sim, request, target, wishes))


def items(options: Json) -> list[str]:
    """What is to be restored: \\<GUID>, or a part of a VM below it."""
    return [str(item) for item in (options.get("fileOption") or {}).get("sourceItem") or []]


def backup_of(sim: Simulator, request: Request, options: Json, guid: str) -> m.VmBackup:
    """The newest backup of a VM in the time range or of the job that the options name; a refusal where there is none."""
    moment = _moment((options.get("browseOption") or {}).get("timeRange") or {})
    found = _points(sim, request, guid, job_id=to_int((options.get("jobIds") or [0])[0]), to_time=moment)
    if not found:
        raise Refusal(generic(24, NO_DATA.format(guid)))
    return found[0]


def access_node(sim: Simulator, request: Request, options: Json) -> m.Client | None:
    """The access node that is to do it, by name; None where none is named, and a refusal where it is none."""
    name = str(((options.get("destination") or {}).get("destClient") or {}).get("clientName") or "")
    found = sim.client_by_name(name) if name else None
    if name and (found is None or not found.access_node or not seen(sim, request, found)):
        raise Refusal(generic(23, f"Access node [{name}] not found."))
    return found


def _part(options: Json) -> t.Callable[[Simulator, Request, Json], Reply | Json] | None:
    kind = (options.get("volumeRstOption") or {}).get("volumeLevelRestoreType", FULL_VM)
    level = LEVELS.get(str(kind).upper(), to_int(kind, -1))
    if level == FULL_VM:
        return None
    if level not in PARTS:
        raise Refusal(generic(20, f"Restores of volumeLevelRestoreType [{kind}] are not simulated."))
    return PARTS[level]


def _check(sim: Simulator, request: Request, options: Json) -> None:
    destination = options.get("destination") or {}
    if destination.get("inPlace") and destination.get("destPath"):
        raise Refusal(generic(22, "destPath can not be given for a restore in place."))
    access_node(sim, request, options)


def _points(sim: Simulator, request: Request, guid: str, **narrow: int) -> list[m.VmBackup]:
    rows = vmbackup.points(sim, guid, **narrow)
    clients = {c.props["guid"].lower() for c in machines.visible(sim, request)}
    return rows if guid.lower() in clients else []


def _wish(backup: m.VmBackup, row: Json, level: Json, in_place: bool, overwrite: bool) -> Wish:
    networks: dict[str, str] = {}
    for nic in row.get("nics") or []:
        wanted = nic.get("networkName") or nic.get("destinationNetwork") or ""
        for key in (nic.get("name") or nic.get("label"), nic.get("sourceNetwork")):
            if key and wanted:
                networks.setdefault(str(key), str(wanted))
    return Wish(
        backup,
        str(row.get("newName") or (backup.name if in_place else f"del{backup.name}")),
        host=str(row.get("esxHost") or ""),
        datastore=str(row.get("Datastore") or ""),
        folder=str(row.get("FolderPath") or ""),
        resource_pool=str(row.get("resourcePoolPath") or ""),
        disk_datastores={
            str(disk["name"]): str(disk["Datastore"]) for disk in row.get("disks") or [] if disk.get("name") and disk.get("Datastore")
        },
        networks=networks,
        power_on=bool(level.get("powerOnVmAfterRestore")),
        overwrite=overwrite,
        in_place=in_place,
        thin=THIN.get(to_int(level.get("diskOption"))),
    )


TASKS[(1001, m.VIRTUAL_SERVER)] = restore_task
TASKS[(1005, m.VIRTUAL_SERVER)] = restore_task


@route("POST", "/v2/vsa/vm/{guid}/recover")
def recover(sim: Simulator, request: Request) -> Reply | Json:
    """The short form; jobId is any backup job of the VM, 0 or absent the latest."""
    body, guid = request.body, machines.find(sim, request, request.params["guid"]).props["guid"]
    found = _points(sim, request, guid, job_id=to_int(body.get("jobId")))
    if not found:
        return generic(24, NO_DATA.format(guid))
    info = _one(body.get("destinationInfo")).get("vmware") or {}
    in_place = bool(body.get("inPlaceRestore"))
    networks = {
        str(nic.get("name") or nic.get("sourceNetwork") or ""): str(nic["destinationNetwork"])
        for nic in info.get("nics") or []
        if nic.get("destinationNetwork")
    }
    wish = Wish(
        found[0],
        str(info.get("newName") or found[0].name),
        host=str(info.get("esxHost") or ""),
        datastore=str(info.get("dataStore") or ""),
        folder=str(info.get("vmfolder") or info.get("vmFolder") or ""),
        resource_pool=str(info.get("resourcePool") or ""),
        networks=networks,
        power_on=bool(body.get("powerOnVmAfterRestore")),
        overwrite=bool(body.get("passUnconditionalOverride")),
        in_place=in_place,
    )
    target = _target(sim, request, body.get("destinationClient") or {}, found[0].hypervisor_id)
    if target is None:
        return generic(25, "The destination hypervisor was not found.")
    return task_reply(begin(sim, request, target, [wish]))
