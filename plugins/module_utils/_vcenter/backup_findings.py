# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from .devices import Device, is_disk, kinds, label, raw_device

Properties = dict[str, t.Any]

MAX_DEPTH = 32  # snapshots on top of each other; vSphere takes no more


def findings(properties: Properties, unknown: t.Collection[str] = ()) -> list[str]:
    """What makes a VM's backup fail, leave something out or take longer, one sentence each, the gravest first.

    properties: of the sets summary and backup, by path. unknown: those whose values vCenter did not tell. Where the facts come from:
    vSphere snapshots exclude independent disks, raw devices in physical mode and persistent memory, and are refused with a shared SCSI
    bus, a multi-writer disk or a passthrough device; changed block tracking needs a VM without snapshots.
    """
    devices = properties.get("config.hardware.device", [])
    return [
        *_connection(properties),
        *_unknown(unknown),
        *_question(properties),
        *_chain(properties),
        *(finding for device in devices for finding in _never_snapshotted(device)),
        *(finding for device in devices if is_disk(device) for finding in _disk(device)),
        *(finding for device in devices for finding in _kept_elsewhere(device)),
        *_linked(properties, devices),
        *_encryption(properties),
        *_tools(properties),
        *_snapshots(properties),
        *_tracking(properties),
        *_template(properties),
    ]


def count_snapshots(snapshot: t.Any) -> int:
    """Number of snapshots in the tree of a VM's property snapshot, which is not set without any."""
    waiting = list(snapshot.rootSnapshotList) if snapshot is not None else []
    count = 0
    while waiting:
        count += 1
        waiting += waiting.pop().childSnapshotList or []
    return count


def snapshot_depth(snapshot: t.Any) -> int:
    """How many snapshots lie on top of each other where most do."""
    level, depth = list(snapshot.rootSnapshotList) if snapshot is not None else [], 0
    while level:
        depth += 1
        level = [child for entry in level for child in entry.childSnapshotList or []]
    return depth


def _connection(properties: Properties) -> t.Iterator[str]:
    state = properties.get("runtime.connectionState")
    if state is not None and state != "connected":
        yield f"The VM is {state} in vCenter: it cannot be snapshotted, so a backup fails."


def _unknown(unknown: t.Collection[str]) -> t.Iterator[str]:
    if unknown:
        yield f"vCenter does not tell all of the VM ({', '.join(sorted(unknown))}): there may be more that stands in the way of a backup."


def _question(properties: Properties) -> t.Iterator[str]:
    question = properties.get("runtime.question")
    if question is not None:
        text = " ".join(str(question.text).split())
        yield f'The VM waits for an answer in vCenter ("{text}"): until it has one, no snapshot is taken, so a backup fails.'


def _chain(properties: Properties) -> t.Iterator[str]:
    if snapshot_depth(properties.get("snapshot")) >= MAX_DEPTH:
        yield f"{MAX_DEPTH} snapshots lie on top of each other: vSphere takes no more, so a backup fails."


def _never_snapshotted(device: Device) -> t.Iterator[str]:
    names = kinds(device)
    if "VirtualSCSIController" in names and device.sharedBus != "noSharing":
        yield f"{label(device)} shares its bus ({device.sharedBus}): the VM cannot be snapshotted, so a backup fails."
    elif "VirtualDisk" in names and getattr(device.backing, "sharing", None) == "sharingMultiWriter":
        yield f"{label(device)} is shared for several writers: the VM cannot be snapshotted, so a backup fails."
    elif "VirtualPCIPassthrough" in names and "VmiopBackingInfo" not in kinds(device.backing):
        yield f"{label(device)} is a device of the host passed through: a running VM cannot be snapshotted, so a backup fails."


def _disk(device: Device) -> t.Iterator[str]:
    mode = str(getattr(device.backing, "diskMode", None) or "")
    raw = raw_device(device)
    if raw == "physicalMode":
        yield f"{label(device)} is a raw device in physical mode: snapshots leave it out, so it is not backed up."
    elif mode.startswith("independent"):
        yield f"{label(device)} is independent ({mode}): snapshots leave it out, so it is not backed up."
    elif raw is not None:
        yield f"{label(device)} is a raw device in virtual mode: it is restored as a disk file."


def _kept_elsewhere(device: Device) -> t.Iterator[str]:
    names = kinds(device)
    if "VirtualNVDIMM" in names:
        yield f"{label(device)} is persistent memory of the host: snapshots leave it out, so it is not backed up."
    elif "VirtualPCIPassthrough" in names and "VmiopBackingInfo" in kinds(device.backing):
        yield f"{label(device)} is a shared graphics device (vGPU): a restored VM starts only on a host that has one."


def _linked(properties: Properties, devices: t.Iterable[Device]) -> t.Iterator[str]:
    """Without snapshots, a disk that has a parent shares it with the VM that it was cloned from."""
    if properties.get("snapshot") is None:
        for device in devices:
            if is_disk(device) and getattr(device.backing, "parent", None) is not None:
                yield f"{label(device)} is that of a linked clone: it is restored as a disk of its own, in full size."


def _encryption(properties: Properties) -> t.Iterator[str]:
    if properties.get("config.keyId") is not None:
        yield "The VM is encrypted: its access node needs the rights to read it, and what is backed up is no longer encrypted by vSphere."


def _tools(properties: Properties) -> t.Iterator[str]:
    if properties.get("guest.toolsStatus") == "toolsNotInstalled":
        yield "VMware Tools are not installed: the guest is not quiesced, and a restore test cannot see it boot."
    elif properties.get("runtime.powerState") == "poweredOn" and properties.get("guest.toolsRunningStatus") != "guestToolsRunning":
        yield "VMware Tools do not run: the guest is not quiesced."


def _snapshots(properties: Properties) -> t.Iterator[str]:
    count = count_snapshots(properties.get("snapshot"))
    if count:
        present = "1 snapshot is" if count == 1 else f"{count} snapshots are"
        yield f"{present} present: a backup is slower, and changed block tracking cannot start."
    if properties.get("runtime.consolidationNeeded"):
        yield "The disks need consolidation: each backup adds to the chain until snapshots fail."


def _tracking(properties: Properties) -> t.Iterator[str]:
    tracked = properties.get("config.changeTrackingEnabled")
    if not tracked and not properties.get("config.template"):
        yield f"Changed block tracking is {'off' if tracked is False else 'not known to be on'}: an incremental backup reads whole disks."


def _template(properties: Properties) -> t.Iterator[str]:
    if properties.get("config.template"):
        yield "The VM is a template: it is never switched on, and VM groups by power state or guest leave it out."
