# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What makes a restore a good one: comparisons, each with what was expected, what was found, and whether that passes.

VMs are dicts as M(calligo.baas.vcenter_vm_facts) describes them: cpus, memory_mb (MiB), disks with size_bytes
and mode, nics with network, type, connected and start_connected.
"""

from __future__ import annotations

import typing as t

Vm = t.Mapping[str, t.Any]
Check = dict[str, t.Any]

GIB = 1024**3
DEVICES = "config.hardware.device"
"""How M(calligo.baas.vcenter_vm_facts) names, in unreadable, what disks and network cards are told from."""


def protected_disks(vm: Vm) -> list[dict[str, t.Any]]:
    """The disks that a VM backup holds, in the order of the VM: independent disks are left out, since snapshots leave them out."""
    disks = [disk for disk in vm.get("disks") or [] if not str(disk.get("mode") or "").startswith("independent")]
    return sorted(disks, key=lambda disk: int(disk.get("key") or 0))


def vm_checks(expected: Vm, actual: Vm, network: str) -> list[Check]:
    """Compare a restored VM with what was backed up.

    expected: the VM at the time of the backup. actual: the restored one.
    network: the isolated network, to which every card of the restored VM must be mapped.
    """
    return [
        check("CPU count", expected.get("cpus"), actual.get("cpus")),
        check("Memory (MiB)", expected.get("memory_mb"), actual.get("memory_mb")),
        *_disk_checks(protected_disks(expected), sorted(actual.get("disks") or [], key=lambda disk: int(disk.get("key") or 0))),
        *_card_checks(expected.get("nics") or [], actual.get("nics") or [], network),
    ]


def backup_checks(expected: Vm, disk_sizes: t.Sequence[int]) -> list[Check]:
    """Compare the disks that the backup's index names (sizes in bytes, any order) with the VM's protected disks."""
    wanted = sorted(_size(disk) for disk in protected_disks(expected))
    return [check("Disks in the backup", _sizes(wanted), _sizes(sorted(int(size) for size in disk_sizes)))]


def index_checks(actual: Vm, disk_sizes: t.Sequence[int]) -> list[Check]:
    """Compare a restored VM with the disks that the backup's index names (sizes in bytes): all there is where no record proves more."""
    found = sorted(_size(disk) for disk in actual.get("disks") or [])
    return [check("Disks in the backup", _sizes(sorted(int(size) for size in disk_sizes)), _sizes(found))]


def isolation_checks(vm: Vm, network: str) -> list[Check]:
    """Whether no card of the VM reaches a network: on the isolated network, not connected, and not connected by a power-on.

    A VM whose devices vCenter withheld is not isolated: that no cards are told does not mean that there are none.
    """
    if DEVICES in (vm.get("unreadable") or ()):
        return [check("Network cards", "told by vCenter", "withheld from this user")]
    checks: list[Check] = []
    for card in vm.get("nics") or []:
        label = str(card.get("label") or "Network card")
        checks += [
            check(f"{label}: network", network, card.get("network")),
            check(f"{label}: connected", False, card.get("connected")),
            check(f"{label}: connected at power-on", False, card.get("start_connected")),
        ]
    return checks or [check("Network cards", "none", "none")]


def file_checks(expected: t.Mapping[str, t.Any], actual: t.Mapping[str, t.Any] | None) -> list[Check]:
    """Compare a restored file with its entry in the manifest: size in bytes, and SHA-256."""
    if actual is None:
        return [check("File", "restored", "not there")]
    return [
        check("Size (bytes)", _number(expected.get("size")), _number(actual.get("size"))),
        check("SHA-256", str(expected.get("sha256") or "unknown").lower(), str(actual.get("sha256") or "none").lower()),
    ]


def index_file_checks(version: t.Mapping[str, t.Any], actual: t.Mapping[str, t.Any] | None) -> list[Check]:
    """Compare a restored file with the size (bytes) of its version in the backup's index: all there is where no manifest has an entry."""
    if actual is None:
        return [check("File", "restored", "not there")]
    return [check("Size (bytes)", _number(version.get("size")), _number(actual.get("size")))]


def check(name: str, expected: t.Any, actual: t.Any) -> Check:
    """One line of the table of checks."""
    return {"check": name, "expected": expected, "actual": actual, "passed": bool(expected == actual)}


def failures(checks: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    """The checks that did not pass, one sentence each."""
    return [f"{line['check']}: expected {line['expected']}, found {line['actual']}" for line in checks if not line["passed"]]


def _disk_checks(wanted: list[dict[str, t.Any]], found: list[dict[str, t.Any]]) -> list[Check]:
    """With equal counts disk by disk in order; otherwise by size, so that the missing disk is named and not its successors."""
    checks = [check("Disk count", len(wanted), len(found))]
    if len(wanted) == len(found):
        return checks + [_disk_check(disk, _shown(_size(other))) for disk, other in zip(wanted, found, strict=True)]
    left = [_size(disk) for disk in found]
    for disk in wanted:
        size = _size(disk)
        if size in left:
            left.remove(size)
            checks.append(_disk_check(disk, _shown(size)))
        else:
            checks.append(_disk_check(disk, "missing"))
    return checks + [check("Disk that the backed-up VM did not have", "none", _shown(size)) for size in left]


def _disk_check(disk: t.Mapping[str, t.Any], found: str) -> Check:
    return check(str(disk.get("label") or "Disk"), _shown(_size(disk)), found)


def _card_checks(wanted: t.Sequence[Vm], found: t.Sequence[Vm], network: str) -> list[Check]:
    checks = [check("Network card count", len(wanted), len(found))]
    for card, other in zip(wanted, found, strict=False):
        label = str(card.get("label") or "Network card")
        checks.append(check(f"{label}: type", card.get("type"), other.get("type")))
        checks.append(check(f"{label}: network (was {card.get('network')})", network, other.get("network")))
    return checks


def _size(disk: t.Mapping[str, t.Any]) -> int:
    return int(disk.get("size_bytes") or 0)


def _shown(size: int) -> str:
    """A size for people that is still exact."""
    return f"{size // GIB} GiB" if size % GIB == 0 else f"{size} bytes"


def _sizes(sizes: t.Iterable[int]) -> str:
    return ", ".join(_shown(size) for size in sizes) or "none"


def _number(value: t.Any) -> int | None:
    return None if value is None else int(value)
