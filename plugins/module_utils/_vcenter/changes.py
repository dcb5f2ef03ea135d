# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What vCenter's events tell of changes to a VM's configuration: when, by whom, and which facts of the VM they may have changed.

Sources: VmReconfiguredEvent (configSpec, and since vSphere API 6.5 configChanges), EventManager.QueryEvents and EventFilterSpec of the
vSphere API. Every doubt is told as a change: an event that does not say what it changed may have changed everything.
"""

from __future__ import annotations

import datetime
import re
import typing as t

from .._core.errors import InputError
from .devices import kinds

if t.TYPE_CHECKING:
    from .collector import Found
    from .session import VCenter

Facts = dict[str, t.Any]

COMPARED = ("cpus", "memory_mb", "disks", "nics", "settings")
"""The facts of a VM that a backup is compared by."""
MODIFIED, VERSION = "config.modified", "config.changeVersion"
MOST = 1000
"""Events of one VM that are asked for; QueryEvents gives no more (EventFilterSpec.maxCount)."""

WHOLE = (
    "VmCreatedEvent",
    "VmRegisteredEvent",
    "VmClonedEvent",
    "VmDeployedEvent",
    "VmDiscoveredEvent",
    "VmReloadFromPathEvent",
    "VmUpgradeCompleteEvent",
    "com.vmware.vc.vm.VmStateRevertedToSnapshot",
)
"""Events after which the VM may be another one: it came into being, its file was read anew, its hardware was upgraded, or went back."""
RECONFIGURED, TASK = "VmReconfiguredEvent", "TaskEvent"
TASKS = re.compile(r"revert|reloadFromPath", re.IGNORECASE)
"""Tasks (TaskInfo.descriptionId) that do the same, for servers that write no event of their own."""

# What configChanges says of a device that no backup is compared by. A snapshot moves each disk to another file, and back when it is
# removed, so that every backup does the first of these.
_HARMLESS = re.compile(
    r"\.(backing\.(fileName|parent|changeId|contentId|datastore|backingObjectId|uuid|port)|connectable|device|deviceInfo|shares)\b"
)
_LINE = re.compile(r"config\.(?:hardware\.device\((\d+)\)(\.[\w.]+)?|(?:hardware\.)?([a-zA-Z]+)\b)")
_SETTINGS = ("annotation", "bootOptions", "cpuAllocation", "firmware", "memoryAllocation", "version")
_ADDRESSED = {"numCPU": "cpus", "memoryMB": "memory_mb", **dict.fromkeys(_SETTINGS, "settings")}
_ATTACHED = {"VirtualDisk": "disks", "VirtualEthernetCard": "nics", "VirtualController": "settings", "VirtualTPM": "settings"}


def moment(text: str) -> datetime.datetime:
    """ISO 8601; without a zone the time is UTC. Raises InputError for anything else."""
    try:
        read = datetime.datetime.fromisoformat(text.strip())
    except ValueError:
        raise InputError(f'"{text}" is not a time. Write it in ISO 8601, in UTC, as in 2026-11-24T03:00:00Z.') from None
    return read if read.tzinfo else read.replace(tzinfo=datetime.UTC)


def iso(time: datetime.datetime) -> str:
    """ISO 8601 in UTC, to the millisecond."""
    return time.astimezone(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_changes(vcenter: VCenter, found: t.Iterable[Found], since: datetime.datetime | None) -> dict[str, Facts]:
    """The fact "changes" of VMs that were read with MODIFIED and VERSION, by managed object id.

    since: by vCenter's clock; without it, no events are asked for. Calls: at most two for each VM that was changed since, and one.
    """
    changed = [vm for vm in found if since is not None and (MODIFIED not in vm.properties or vm.properties[MODIFIED] >= since)]
    reaches = bool(changed) and since is not None and _reaches(vcenter, since)
    known = {vm.moid: _history(vcenter, vm, since, reaches) for vm in changed if since is not None}
    quiet: Facts = {"since": iso(since) if since is not None else None, "events": [], "problem": None}
    return {vm.moid: {**_state(vm), **known.get(vm.moid, quiet)} for vm in found}


def _state(vm: Found) -> Facts:
    modified = vm.properties.get(MODIFIED)
    return {"version": vm.properties.get(VERSION), "modified": iso(modified) if modified is not None else None}


def _history(vcenter: VCenter, vm: Found, since: datetime.datetime, reaches: bool) -> Facts:
    """The events of one VM; since: from when on all of them are known, None where none can be seen although something was changed."""
    entity = vcenter.vim.event.EventFilterSpec.ByEntity(entity=vm.reference, recursion="self")
    try:
        events = _query(vcenter, since, entity=entity, eventTypeId=[RECONFIGURED, TASK, *WHOLE], maxCount=MOST)
        seen = bool(events) or bool(_query(vcenter, since, entity=entity, maxCount=1))
    except vcenter.fault as error:
        return {"since": None, "events": [], "problem": type(error).__name__.rsplit(".", 1)[-1]}
    events.sort(key=lambda event: event.createdTime)
    known: datetime.datetime | None = since
    if not reaches or len(events) >= MOST:
        known = events[0].createdTime if events else None
    elif not seen:
        known = None
    told = [{"time": iso(event.createdTime), "user": event.userName, "event": _kind(event), "touches": touches(event)} for event in events]
    return {"since": iso(known) if known is not None else None, "events": [row for row in told if row["touches"]], "problem": None}


def _reaches(vcenter: VCenter, since: datetime.datetime) -> bool:
    """Whether vCenter's events go back that far: it deletes the oldest ones first. One older event, about whatever, proves it."""
    try:
        return bool(_query(vcenter, None, since, maxCount=1))
    except vcenter.fault:
        return False


def _query(vcenter: VCenter, begin: datetime.datetime | None, end: datetime.datetime | None = None, **conditions: t.Any) -> list[t.Any]:
    spec = vcenter.vim.event.EventFilterSpec
    wanted = spec(time=spec.ByTime(beginTime=begin, endTime=end), disableFullMessage=True, **conditions)
    return list(vcenter.content.eventManager.QueryEvents(wanted) or [])


def _kind(event: t.Any) -> str:
    return str(getattr(event, "eventTypeId", None) or type(event).__name__.rsplit(".", 1)[-1])


def touches(event: t.Any) -> list[str]:
    """Which of the facts in COMPARED an event may have changed."""
    kind = _kind(event)
    if kind == RECONFIGURED:
        return _reconfigured(event)
    if kind == TASK:
        return list(COMPARED) if TASKS.search(str(event.info.descriptionId or "")) else []
    return list(COMPARED)


def _reconfigured(event: t.Any) -> list[str]:
    """By what the server found changed, where it tells that; else by what it was asked to change; where neither tells, everything."""
    changes = getattr(event, "configChanges", None)
    said = [str(getattr(changes, name, None) or "") for name in ("modified", "added", "deleted")] if changes is not None else []
    if any(said):
        found = {fact for text in said for fact in _of_text(text)}
    else:
        found = set(_of_spec(event.configSpec))
        if not found and changes is None and not _says_anything(event.configSpec):
            found = set(COMPARED)
    return [fact for fact in COMPARED if fact in found]


def _of_text(text: str) -> t.Iterator[str]:
    """configChanges: "config.hardware.memoryMB: 4096 -> 8192; config.hardware.device(2000).capacityInKB: 1 -> 2;" and so on."""
    for line in _LINE.finditer(text):
        key, path, plain = line.groups()
        if plain in _ADDRESSED:
            yield _ADDRESSED[plain]
        elif key and not (path and _HARMLESS.search(path)):
            yield from _of_key(int(key))


def _of_key(key: int) -> t.Iterator[str]:
    """What a device may be by its key: from 4000 on network cards, from 1000 on controllers, below what every VM has, else perhaps a disk,
    or from 11000 on a TPM or a controller.
    """
    if 4000 <= key < 5000:
        yield "nics"
    elif key >= 2000:
        yield "disks"
    if 1000 <= key < 2000 or key >= 11000:
        yield "settings"


def _of_spec(spec: t.Any) -> t.Iterator[str]:
    if spec is None:
        return
    if spec.numCPUs:
        yield "cpus"
    if spec.memoryMB:
        yield "memory_mb"
    if any(getattr(spec, name, None) is not None for name in _SETTINGS):
        yield "settings"
    for change in spec.deviceChange or []:
        yield from (_ATTACHED[name] for name in kinds(change.device) & _ATTACHED.keys())


def _says_anything(spec: t.Any) -> bool:
    """Whether a ConfigSpec asks for anything at all, as one of a backup does that switches change tracking on."""
    if spec is None:
        return False
    return any(value not in (None, [], "", 0) for value in vars(spec).values())
