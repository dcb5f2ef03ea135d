# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The effect of a VM backup: the content is resolved and the configurations are read from vCenter when the job does its work, and kept.

Independent disks and raw devices in physical mode can not be caught by a snapshot: they are left out of what is kept, and the VM's
child job says so and ends as "Completed w/ one or more errors", as does the parent.
"""

from __future__ import annotations

import dataclasses as dc
import typing as t

from commvaultsim.jobs.lifecycle import add_child, note, start_job
from commvaultsim.state import model as m
from commvaultsim.state.job import BACKUP, SYNTHETIC, Job, JobFailure, Outcome
from commvaultsim.state.registry import KEPT, Kept, loader
from commvaultsim.state.simulator import Simulator
from commvaultsim.vms import config as vmconfig
from commvaultsim.vms import disk_filters, guests
from commvaultsim.vms.content import Resolver, empty
from commvaultsim.vms.vcenter import VCenterError, connect
from commvaultsim.wire.faults import matches
from commvaultsim.wire.routing import Request

Json = dict[str, t.Any]
DO_NOT_BACKUP = "Do Not Backup"
PARTIAL = "Completed w/ one or more errors"
#: Characters that a VM client's name can not have; the server writes an underscore instead.
ODD = "[\\|`~!@#$%^&*+=<>?,{}():;'\" /]"
USED_SHARE = 0.4
#: Ends of jobs as V4 calls them.
ENUMS = {
    "Completed": "COMPLETED",
    "Completed w/ one or more errors": "COMPLETED_WITH_ERRORS",
    "Completed w/ one or more warnings": "COMPLETED_WITH_WARNINGS",
    "Failed": "FAILED",
    "Killed": "KILLED",
    "Failed to Start": "FAILED_TO_START",
    "Committed": "COMMITTED",
}


def begin(sim: Simulator, request: Request, group: m.Subclient, level: str, only: list[str] | None = None) -> Job:
    """Start the parent job of a VM group; ``only`` limits it to some VMs by instance UUID."""
    kept = [b for b in sim.vm_backups if b.subclient_id == group.id]
    kind = SYNTHETIC if level == "SYNTHETIC_FULL" else BACKUP
    return start_job(
        sim,
        op_type=kind,
        operation="VM Admin Job(Backup)",
        effect=_effect(only),
        level=level if kept else "FULL",
        client_id=group.client_id,
        application_id=m.VIRTUAL_SERVER,
        instance_id=group.instance_id,
        backupset_id=group.backupset_id,
        subclient_id=group.id,
        company_id=group.company_id,
        user=request.user,
        user_id=request.user_id,
        task=request.body,
    )


def _effect(only: list[str] | None) -> t.Callable[[Simulator, Job], Outcome]:
    def effect(sim: Simulator, job: Job) -> Outcome:
        group, hypervisor = sim.subclients.get(job.subclient_id), sim.clients.get(job.client_id)
        if group is None or hypervisor is None:
            raise JobFailure("The VM group was deleted.")
        if job.level == "SYNTHETIC_FULL":
            return _synthetic(sim, job, group)
        rules = (group.props.get("diskFilters") or {}).get("rules") or []
        outcome = Outcome()
        for config in _read(sim, hypervisor, group, only):
            _keep(sim, job, group, config, rules, outcome)
        if not job.vms and only:
            raise JobFailure("No virtual machine of the request was found in the VM group's content.")
        if not job.vms:
            note(sim, job, "No virtual machine matches the content of the VM group.", 3)
        failed = [vm for vm in job.vms if vm.status == 2]
        if job.vms and len(failed) == len(job.vms):
            return Outcome("Failed", "; ".join(f"{vm.name}: {vm.reason}" for vm in failed))
        outcome.status = PARTIAL if any(vm.status != 1 for vm in job.vms) else "Completed"
        return outcome

    return effect


def _read(sim: Simulator, hypervisor: m.Client, group: m.Subclient, only: list[str] | None) -> list[Json]:
    props = hypervisor.props
    try:
        with connect(sim, props.get("vcenter_host", ""), props.get("username", ""), props.get("password", "")) as vcenter:
            inventory = vcenter.inventory()
            resolver = Resolver(inventory, vcenter)
            nodes = resolver.resolve(group.content or empty(), group.props.get("filters"))
            excluded = resolver.members(_do_not_backup(sim, group))
            nodes = [n for n in nodes if n.id not in excluded]
            if only is not None:
                wanted = {guid.lower() for guid in only}
                nodes = [n for n in nodes if str(n.props.get("config.instanceUuid")).lower() in wanted]
            return sorted(vmconfig.read(vcenter, inventory, nodes), key=lambda config: (config["name"], config["moid"]))
    except VCenterError as error:
        raise JobFailure(str(error)) from error


def _do_not_backup(sim: Simulator, group: m.Subclient) -> Json:
    row = next((s for s in sim.subclients.values() if s.client_id == group.client_id and s.name == DO_NOT_BACKUP), None)
    return row.content if row and row.content else empty()


def _keep(sim: Simulator, job: Job, group: m.Subclient, config: Json, rules: list[Json], outcome: Outcome) -> None:
    for disk in config["disks"]:
        disk["skipped"] = disk["skipped"] or disk_filters.left_out(disk, config, rules)
    kept = [disk for disk in config["disks"] if not disk["skipped"]]
    child, vm = _child(sim, job, group, config, sum(disk["size_bytes"] for disk in kept))
    fault = sim.faults.take("vm_fail", lambda p: matches(p.get("vm"), config["name"], vm.guid))
    if fault:
        vm.status, vm.reason = 2, str(fault.params.get("reason", "Failed to take a snapshot of the virtual machine."))
        child.result = {"status": "Failed", "reason": vm.reason}
        return
    missed = [
        f"{disk['label']} ({disk['skipped']})"
        for disk in config["disks"]
        if disk["skipped"] and not disk["skipped"].startswith("disk filter")
    ]
    if missed:
        vm.status, vm.reason = 3, f"Disks that were not backed up: {', '.join(missed)}."
        child.result = {"status": PARTIAL, "reason": vm.reason}
        note(sim, job, f"{config['name']}: {vm.reason}", 3)
    child.size, child.files, child.media_size = vm.used, len(kept), vm.used // 4
    outcome.files += len(kept)
    outcome.size += vm.used
    outcome.media_size += vm.used // 4
    backup = m.VmBackup(child.id, job.id, vm.guid, vm.name, job.client_id, group.id, vm.start, child.level, config)
    sim.vm_backups.append(backup)
    guests.keep(sim, child.id, sim.clients[vm.client_id], child.level, vm.start)
    size = sum(disk["size_bytes"] for disk in config["disks"])
    sim.clients[vm.client_id].props |= {"size": size, "used": vm.used, "host": vm.host, "os": vm.os}


def _child(sim: Simulator, job: Job, group: m.Subclient, config: Json, size: int) -> tuple[Job, m.JobVm]:
    """The child job of a VM and its row, in the parent and in the child. The first backup of a VM is a full one, whatever was asked for."""
    guid, now = config["instance_uuid"], sim.clock.epoch()
    client = vm_client(sim, group, guid, config)
    ids = {key: client.props[key] for key in ("instance_id", "backupset_id", "subclient_id")}
    child = add_child(sim, job, client_id=client.id, application_id=m.VIRTUAL_SERVER, **ids)
    child.level = job.level if any(b.guid == guid for b in sim.vm_backups) else "FULL"
    used = int(size * USED_SHARE)
    vm = m.JobVm(guid, config["name"], child.id, 1, size=size, used=used, host=config["host"], agent=_agent(sim, group))
    vm.os, vm.client_id, vm.start, vm.end = config["guest_full_name"], client.id, now, now
    job.vms.append(vm)
    child.vms.append(vm)
    return child, vm


def record_end(sim: Simulator, job: Job) -> None:
    """Keep at the VM's client how its newest backup ended; a hook of every job's end."""
    client = sim.clients.get(job.client_id)
    if job.parent_id and client and client.kind == "vm":
        guests.ended(sim, job.id, job.status.startswith("Completed"))
        client.props |= {
            "last_status": ENUMS.get(job.status, "FAILED"),
            "last_reason": job.reason,
            "last_job": job.id,
            "last_parent_job": job.parent_id,
        }
        if job.status.startswith("Completed"):
            client.props["last_time"] = int(job.ended)


@loader
def watch_jobs(sim: Simulator, _scenario: Json) -> None:
    """Take part in the end of jobs."""
    sim.job_hooks.append(record_end)


def _agent(sim: Simulator, group: m.Subclient) -> str:
    nodes = group.props.get("access_nodes") or sim.clients[group.client_id].props.get("access_nodes") or []
    return next((sim.clients[number].name for number in nodes if number in sim.clients), "")


def _synthetic(sim: Simulator, job: Job, group: m.Subclient) -> Outcome:
    """A synthetic full reads nothing: the newest kept configuration of each VM is consolidated under the new job."""
    newest: dict[str, m.VmBackup] = {}
    for backup in sim.vm_backups:
        if backup.subclient_id == group.id:
            newest[backup.guid] = backup
    outcome = Outcome()
    for backup in newest.values():
        _consolidate(sim, job, group, backup, outcome)
    return outcome


def _consolidate(sim: Simulator, job: Job, group: m.Subclient, backup: m.VmBackup, outcome: Outcome) -> None:
    size = sum(disk["size_bytes"] for disk in backup.config["disks"] if not disk["skipped"])
    child, vm = _child(sim, job, group, backup.config, size)
    child.size, child.files = vm.used, 1
    guests.consolidate(sim, child.id, sim.clients[vm.client_id], vm.start)
    outcome.size += vm.used
    outcome.files += 1
    sim.vm_backups.append(dc.replace(backup, job_id=child.id, parent_job_id=job.id, level="SYNTHETIC_FULL"))


def vm_client(sim: Simulator, group: m.Subclient, guid: str, config: Json) -> m.Client:
    """The VM's own pseudo client (indexing version 2) with its instance, backup set and subclient, made at its first backup."""
    for client in sim.clients.values():
        if client.kind == "vm" and client.props.get("guid") == guid and client.props.get("hypervisor_id") == group.client_id:
            client.props["group_id"], client.company_id = group.id, group.company_id
            client.props["vm_name"] = config["name"]
            return client
    base = "".join("_" if letter in ODD else letter for letter in config["name"])
    name, number = base, 1
    while sim.client_by_name(name):
        name, number = f"{base}_{number}", number + 1
    client = m.Client(
        sim.new_id(), name, "vm", config["name"], config["guest_hostname"] or name, company_id=group.company_id, agents=[m.VIRTUAL_SERVER]
    )
    client.guid = sim.guid("client", client.id)
    instance = m.Instance(sim.new_id(), client.id, m.VIRTUAL_SERVER, "VMInstance", sim.guid("instance", client.id))
    backupset = m.Backupset(sim.new_id(), client.id, m.VIRTUAL_SERVER, instance.id, guid=sim.guid("backupset", client.id))
    subclient = m.Subclient(
        sim.new_id(),
        "default",
        client.id,
        m.VIRTUAL_SERVER,
        instance.id,
        backupset.id,
        sim.guid("subclient", client.id),
        group.company_id,
        is_default=True,
        content=empty(),
        created=sim.clock.epoch(),
    )
    sim.clients[client.id], sim.instances[instance.id] = client, instance
    sim.backupsets[backupset.id], sim.subclients[subclient.id] = backupset, subclient
    client.props = {
        "guid": guid,
        "vm_name": config["name"],
        "hypervisor_id": group.client_id,
        "group_id": group.id,
        "instance_id": instance.id,
        "backupset_id": backupset.id,
        "subclient_id": subclient.id,
        "last_status": "NEVER_BACKED_UP",
    }
    return client


def groups(sim: Simulator, hypervisor_id: int = 0) -> list[m.Subclient]:
    """VM groups, of one hypervisor or of all; not the subclients of VM clients nor the hidden one."""
    return [
        s
        for s in sim.subclients.values()
        if s.application_id == m.VIRTUAL_SERVER
        and s.client_id in sim.clients
        and sim.clients[s.client_id].kind == "hypervisor"
        and s.name != DO_NOT_BACKUP
        and hypervisor_id in (0, s.client_id)
    ]


def ended(sim: Simulator, backup: m.VmBackup) -> int:
    """When the VM's job ended well; 0 for one that has not, or that was killed or failed after the configuration was read."""
    job = sim.jobs.get(backup.job_id)
    return int(job.ended) if job and job.status.startswith("Completed") else 0


def points(sim: Simulator, guid: str, *, job_id: int = 0, to_time: int = 0, from_time: int = 0) -> list[m.VmBackup]:
    """Recovery points of a VM, newest first, of one job (child or parent) or in a span of time; to_time must be later than the end."""
    rows = [
        b
        for b in sim.vm_backups
        if b.guid.lower() == guid.lower()
        and job_id in (0, b.job_id, b.parent_job_id)
        and ended(sim, b)
        and (not to_time or ended(sim, b) < to_time)
        and ended(sim, b) >= from_time
    ]
    return sorted(rows, key=lambda b: b.job_id, reverse=True)


def _drop(sim: Simulator, jobs: set[int]) -> None:
    sim.vm_backups = [row for row in sim.vm_backups if not {row.job_id, row.parent_job_id} & jobs]


KEPT.append(Kept(_drop, lambda sim: {row.hypervisor_id for row in sim.vm_backups}))
