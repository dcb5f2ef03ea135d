# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restores of parts of a VM by CreateTask 1001: disks to a folder of an access node (volumeLevelRestoreType 3), and files of its guest to
a client or into a running VM (0). api-virtualization-jobs 5.4, 5.5."""

from __future__ import annotations

import dataclasses
import typing as t

from pyVmomi import vim

from commvaultsim.files import filesystem, restore
from commvaultsim.files.browse import Item, View
from commvaultsim.files.drives import Drives
from commvaultsim.files.restore import Plan, Tally, effect
from commvaultsim.files.wildcards import split
from commvaultsim.jobs.lifecycle import task_reply
from commvaultsim.state import model as m
from commvaultsim.state.job import Job, JobFailure, JobPending, Outcome
from commvaultsim.state.simulator import Simulator
from commvaultsim.vms import guests
from commvaultsim.vms import restore as vmrestore
from commvaultsim.vms.restore import start
from commvaultsim.vms.vcenter import VCenterError, connect
from commvaultsim.wire.replies import generic
from commvaultsim.wire.routing import Refusal, Reply, Request
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]
SECTOR = 512
NO_ITEM = "The item [{}] was not found in the index of the backup."


@dataclasses.dataclass(frozen=True)
class Guest:
    """A running VM that files are written into without an agent."""

    hypervisor: m.Client
    guid: str
    user: str
    password: str = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True)
class GuestPlan(Plan):
    """A restore of a guest's files; into ``guest``, or to the client of the plan."""

    backup: m.VmBackup | None = None
    guest: Guest | None = None

    def items(self, sim: Simulator) -> dict[str, Item]:
        return guests.image(sim, self.backup) if self.backup else {}

    def place(self, sim: Simulator) -> tuple[Drives, str]:
        if self.guest is None:
            return super().place(sim)
        _check_guest(sim, self.guest)
        return guests.drives(sim), self.guest.guid


def _check_guest(sim: Simulator, guest: Guest) -> None:
    props = guest.hypervisor.props
    try:
        with connect(sim, props.get("vcenter_host", ""), props.get("username", ""), props.get("password", "")) as vcenter:
            rows = vcenter.inventory().of_kind("VirtualMachine")
            found = next((vm for vm in rows if str(vm.props.get("config.instanceUuid")).lower() == guest.guid.lower()), None)
    except VCenterError as error:
        raise JobFailure(str(error)) from error
    if found is None:
        raise JobFailure(f"The destination virtual machine [{guest.guid}] was not found in vCenter.")
    if found.props.get("runtime.powerState") != vim.VirtualMachine.PowerState.poweredOn:
        raise JobFailure(f"The destination virtual machine [{found.name}] is not powered on.")
    if (guest.user.lower(), guest.password) != (guests.USER.lower(), props.get("password")):
        raise JobFailure(f"Failed to authenticate with the guest operating system of [{found.name}] as [{guest.user}].")


def disks_effect(
    node: m.Client, folder: str, disks: list[tuple[m.VmBackup, Json]], overwrite: str
) -> t.Callable[[Simulator, Job], Outcome]:
    """The effect of a restore of disks: each becomes a file, called as in the index, in a folder of the access node."""

    def effect(sim: Simulator, job: Job) -> Outcome:
        if not node.ready:
            raise JobPending(node.ready_reason or f"The access node [{node.name}] is not reachable.")
        tally, drives = Tally(), filesystem.side(sim).drives
        for backup, disk in disks:
            place = f"{folder.rstrip(chr(92))}\\{disk['name']}"
            try:
                if drives.locate(node.name, place).exists() and overwrite != restore.ALWAYS:
                    tally.skipped.append(place)
                    continue
                drives.write(node.name, place, [descriptor(backup, disk)], backup.time * 10**9)
                tally.written.append(place)
                tally.size += disk["size_bytes"]
            except OSError as error:
                tally.failed.append((place, error.strerror or str(error)))
        return restore.outcome(sim, job, tally)

    return effect


def descriptor(backup: m.VmBackup, disk: Json) -> bytes:
    """The descriptor of a VMDK as VMware writes it, with the capacity in sectors."""
    extent = disk["file"].removesuffix(".vmdk")
    lines = [
        "# Disk DescriptorFile",
        "version=1",
        f"CID={backup.job_id:08x}",
        "parentCID=ffffffff",
        'createType="vmfs"',
        "",
        "# Extent description",
        f'RW {disk["size_bytes"] // SECTOR} VMFS "{extent}-flat.vmdk"',
        "",
    ]
    return "\n".join(lines).encode()


def disks(sim: Simulator, request: Request, options: Json) -> Reply | Json:
    """Items are \\<GUID>\\<name of the disk in the index>; the destination is an access node."""
    wanted = []
    for item in vmrestore.items(options):
        guid, *levels = split(item)
        backup = vmrestore.backup_of(sim, request, options, guid)
        disk = next((d for d in backup.config["disks"] if not d["skipped"] and levels == [d["name"]]), None)
        if disk is None:
            return generic(27, NO_ITEM.format(item))
        wanted.append((backup, disk))
    node, folder = vmrestore.access_node(sim, request, options), _folder(options)
    if node is None:
        return generic(23, "destination.destClient names no access node.")
    overwrite = restore.overwrite(options.get("commonOptions") or {})
    run = disks_effect(node, folder, wanted, overwrite)
    names = [name for backup, disk in wanted for name in (disk["name"], backup.name)]
    return task_reply(start(sim, request, wanted[0][0], node, run, names))


def guest_files(sim: Simulator, request: Request, options: Json) -> Reply | Json:
    """Items are \\<GUID>\\<path>; the destination is a client with the file system agent, or a running VM through an access node."""
    items = vmrestore.items(options)
    backup = vmrestore.backup_of(sim, request, options, split(items[0])[0])
    sources = []
    for item in items:
        path = guests.find(sim, backup, item)
        if path is None:
            return generic(27, NO_ITEM.format(item))
        sources.append(path)
    guest, folder = _guest(sim, options, backup), _folder(options)
    target = vmrestore.access_node(sim, request, options) if guest else _client(sim, request, options)
    if target is None:
        return generic(23, "destination.destClient names no client with the file system agent, and no virtual machine was given.")
    common = options.get("commonOptions") or {}
    plan = GuestPlan(
        View(0),
        tuple(sources),
        target.id,
        guests.location(folder) if guest else folder,
        restore.overwrite(common),
        to_int(common.get("preserveLevel"), 1),
        backup=backup,
        guest=guest,
    )
    return task_reply(start(sim, request, backup, target, effect(plan), [*sources, backup.name]))


def _folder(options: Json) -> str:
    paths = [str(path) for path in (options.get("destination") or {}).get("destPath") or [] if path]
    if not paths or (options.get("destination") or {}).get("inPlace"):
        raise Refusal(generic(22, "destPath is required for a restore of disks or guest files."))
    return paths[0]


def _client(sim: Simulator, request: Request, options: Json) -> m.Client | None:
    client = sim.client_of((options.get("destination") or {}).get("destClient") or {})
    if client is None or not restore.may_restore_to(sim, request, client):
        return None
    return client if set(client.agents) & set(filesystem.APPLICATIONS) else None


def _guest(sim: Simulator, options: Json, backup: m.VmBackup) -> Guest | None:
    given = (options.get("virtualServerRstOption") or {}).get("fileLevelVMRestoreOption") or {}
    if not given:
        return None
    hypervisor = sim.clients[backup.hypervisor_id]
    login = given.get("guestUserPassword") or {}
    if str(given.get("serverName")).partition(":")[0] != str(hypervisor.props.get("vcenter_host")).partition(":")[0]:
        raise Refusal(generic(25, f"The vCenter [{given.get('serverName')}] was not found."))
    return Guest(hypervisor, str(given.get("vmGuid")), str(login.get("userName") or ""), str(login.get("password") or ""))


vmrestore.PARTS[3] = disks
vmrestore.PARTS[0] = guest_files
