# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restores of parts of a VM by CreateTask 1001: a disk (volumeLevelRestoreType 3), guest files (0). api-virtualization-jobs 5.4, 5.5.

The last level of each item is rebuilt below destPath (preserveLevel 1), as it is for files of a client: what the sources show agrees
with that, but none says it of VMs.
"""

from __future__ import annotations

import typing as t

from commvaultsim import filesystem, guests, vmitems
from commvaultsim import model as m
from commvaultsim.browse import View
from commvaultsim.filerestore import effect
from commvaultsim.handlers import filesystem_restore, vm_restore
from commvaultsim.jobs import task_reply
from commvaultsim.replies import generic
from commvaultsim.routing import Refusal, Reply, Request
from commvaultsim.simulator import Simulator, to_int
from commvaultsim.vmrestore import start
from commvaultsim.wildcards import split

Json = dict[str, t.Any]
NO_ITEM = "The item [{}] was not found in the index of the backup."


def disks(sim: Simulator, request: Request, options: Json) -> Reply | Json:
    """Items are \\<GUID>\\<name of the disk in the index>; the destination is an access node."""
    wanted = []
    for item in vm_restore.items(options):
        guid, *levels = split(item)
        backup = vm_restore.backup_of(sim, request, options, guid)
        disk = next((d for d in backup.config["disks"] if not d["skipped"] and levels == [d["name"]]), None)
        if disk is None:
            return generic(27, NO_ITEM.format(item))
        wanted.append((backup, disk))
    node, folder = vm_restore.access_node(sim, request, options), _folder(options)
    if node is None:
        return generic(23, "destination.destClient names no access node.")
    overwrite = filesystem_restore.overwrite(options.get("commonOptions") or {})
    run = vmitems.disks_effect(node, folder, wanted, overwrite)
    names = [name for backup, disk in wanted for name in (disk["name"], backup.name)]
    return task_reply(start(sim, request, wanted[0][0], node, run, names))


def guest_files(sim: Simulator, request: Request, options: Json) -> Reply | Json:
    """Items are \\<GUID>\\<path>; the destination is a client with the file system agent, or a running VM through an access node."""
    items = vm_restore.items(options)
    backup = vm_restore.backup_of(sim, request, options, split(items[0])[0])
    sources = []
    for item in items:
        path = guests.find(sim, backup, item)
        if path is None:
            return generic(27, NO_ITEM.format(item))
        sources.append(path)
    guest, folder = _guest(sim, options, backup), _folder(options)
    target = vm_restore.access_node(sim, request, options) if guest else _client(sim, request, options)
    if target is None:
        return generic(23, "destination.destClient names no client with the file system agent, and no virtual machine was given.")
    common = options.get("commonOptions") or {}
    plan = vmitems.GuestPlan(
        View(0),
        tuple(sources),
        target.id,
        guests.location(folder) if guest else folder,
        filesystem_restore.overwrite(common),
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
    if client is None or not filesystem_restore.may_restore_to(sim, request, client):
        return None
    return client if set(client.agents) & set(filesystem.APPLICATIONS) else None


def _guest(sim: Simulator, options: Json, backup: m.VmBackup) -> vmitems.Guest | None:
    given = (options.get("virtualServerRstOption") or {}).get("fileLevelVMRestoreOption") or {}
    if not given:
        return None
    hypervisor = sim.clients[backup.hypervisor_id]
    login = given.get("guestUserPassword") or {}
    if str(given.get("serverName")).partition(":")[0] != str(hypervisor.props.get("vcenter_host")).partition(":")[0]:
        raise Refusal(generic(25, f"The vCenter [{given.get('serverName')}] was not found."))
    return vmitems.Guest(hypervisor, str(given.get("vmGuid")), str(login.get("userName") or ""), str(login.get("password") or ""))


vm_restore.PARTS[3] = disks
vm_restore.PARTS[0] = guest_files
