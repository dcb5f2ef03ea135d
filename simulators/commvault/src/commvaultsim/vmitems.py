# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restores of parts of a VM: disks to a folder of an access node, and files of its guest to a client or into a running VM.

No contents of disks are kept here: what is written for a disk is the descriptor of a VMDK, a text that tells its capacity.
"""

from __future__ import annotations

import dataclasses
import typing as t

from pyVmomi import vim

from commvaultsim import filerestore, filesystem, guests
from commvaultsim import model as m
from commvaultsim.browse import Item
from commvaultsim.drives import Drives
from commvaultsim.filerestore import Plan, Tally
from commvaultsim.jobs import Job, JobFailure, JobPending, Outcome
from commvaultsim.simulator import Simulator
from commvaultsim.vcenter import VCenterError, connect

Json = dict[str, t.Any]
SECTOR = 512


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
                if drives.locate(node.name, place).exists() and overwrite != filerestore.ALWAYS:
                    tally.skipped.append(place)
                    continue
                drives.write(node.name, place, [descriptor(backup, disk)], backup.time * 10**9)
                tally.written.append(place)
                tally.size += disk["size_bytes"]
            except OSError as error:
                tally.failed.append((place, error.strerror or str(error)))
        return filerestore.outcome(sim, job, tally)

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
