# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Full VM restores: CreateTask 1001 and v2/vsa/vm/{guid}/recover, mapped to the same job. api-virtualization-jobs 5.1, 5.2, 5.7."""

from __future__ import annotations

import calendar
import time
import typing as t

from commvaultsim import model as m
from commvaultsim import vmbackup
from commvaultsim.handlers import hypervisors, virtual_machines
from commvaultsim.handlers.clients import seen
from commvaultsim.jobs import task_reply
from commvaultsim.registry import TASKS
from commvaultsim.replies import generic
from commvaultsim.routing import Refusal, Reply, Request, route
from commvaultsim.simulator import Simulator, to_int
from commvaultsim.vmrestore import Wish, begin

Json = dict[str, t.Any]
FULL_VM = 1
LEVELS = {"VIRTUAL_MACHINE": FULL_VM}
#: What restores a part of a VM, by volumeLevelRestoreType.
PARTS: dict[int, t.Callable[[Simulator, Request, Json], Reply | Json]] = {}
THIN = {0: None, 1: False, 2: True, 3: False}
NO_DATA = "No data found to restore for virtual machine [{}]."


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
    clients = {c.props["guid"].lower() for c in virtual_machines.visible(sim, request)}
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
    body, guid = request.body, virtual_machines.find(sim, request, request.params["guid"]).props["guid"]
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
