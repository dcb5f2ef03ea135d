# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What makes a restore a good one: comparisons, each with what was expected, what was found, and whether that passes.

VMs are dicts as M(calligo.baas.vcenter_vm_facts) describes them: cpus, memory_mb (MiB), disks with size_bytes
and mode, nics with network, type, connected and start_connected, and settings. What is None, or not there, is not known, and never good:
a check passes only where both sides are known. Only settings may be missing of what was backed up, since records of old have none.
"""

from __future__ import annotations

import typing as t

Vm = t.Mapping[str, t.Any]
Check = dict[str, t.Any]

GIB = 1024**3
DEVICES = "config.hardware.device"
"""How M(calligo.baas.vcenter_vm_facts) names, in unreadable, what disks and network cards are told from."""
UNKNOWN = "unknown"
SETTINGS = {
    "firmware": "Firmware",
    "secure_boot": "Secure boot",
    "hardware_version": "Hardware version",
    "controllers": "Disk controllers",
    "tpm": "Virtual TPM",
    "annotation": "Notes",
    "cpu": "CPU resources",
    "memory": "Memory resources",
}
"""What is compared of the settings of a VM, and how it is called."""


def protected_disks(vm: Vm) -> list[dict[str, t.Any]] | None:
    """The disks that a VM backup holds, in the order of the VM: independent disks are left out, since snapshots leave them out."""
    disks = _disks(vm)
    return None if disks is None else [disk for disk in disks if not str(disk.get("mode") or "").startswith("independent")]


def vm_checks(expected: Vm, actual: Vm, network: str) -> list[Check]:
    """Compare a restored VM with what was backed up.

    expected: the VM at the time of the backup. actual: the restored one.
    network: the isolated network, to which every card of the restored VM must be mapped.
    """
    return [
        check("CPU count", expected.get("cpus"), actual.get("cpus")),
        check("Memory (MiB)", expected.get("memory_mb"), actual.get("memory_mb")),
        *_disk_checks(protected_disks(expected), _disks(actual)),
        *_card_checks(expected.get("nics"), actual.get("nics"), network),
        *_settings_checks(expected.get("settings"), actual.get("settings") or {}),
    ]


def backup_checks(expected: Vm, disk_sizes: t.Sequence[int]) -> list[Check]:
    """Compare the disks that the backup's index names (sizes in bytes, any order) with the VM's protected disks."""
    return [check("Disks in the backup", _sizes_of(protected_disks(expected)), _sizes(disk_sizes))]


def index_checks(actual: Vm, disk_sizes: t.Sequence[int]) -> list[Check]:
    """Compare a restored VM with the disks that the backup's index names (sizes in bytes): all there is where no record proves more."""
    return [check("Disks in the backup", _sizes(disk_sizes), _sizes_of(_disks(actual)))]


def isolation_checks(vm: Vm, network: str, moid: str | None) -> list[Check]:
    """Whether no card of the VM reaches a network: on the isolated network, not connected, and not connected by a power-on.

    moid: the managed object id of the isolated network; other networks may have the same name.
    A VM whose cards are not known is not isolated: vCenter withheld them, or cannot read the VM.
    """
    if vm.get("nics") is None or DEVICES in (vm.get("unreadable") or ()):
        return [check("Network cards", "told by vCenter", UNKNOWN)]
    checks: list[Check] = []
    for card in vm["nics"]:
        label = str(card.get("label") or "Network card")
        checks += [
            check(f"{label}: network", network, card.get("network")),
            check(f"{label}: network id", moid or UNKNOWN, card.get("network_moid")),
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
    """One line of the table of checks. What is not known passes no check, on whichever side."""
    return {"check": name, "expected": expected, "actual": actual, "passed": bool(expected == actual) and expected not in (None, UNKNOWN)}


def failures(checks: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    """The checks that did not pass, one sentence each."""
    return [f"{line['check']}: expected {line['expected']}, found {line['actual']}" for line in checks if not line["passed"]]


def _disk_checks(wanted: list[dict[str, t.Any]] | None, found: list[dict[str, t.Any]] | None) -> list[Check]:
    """With equal counts disk by disk in order; otherwise by size, so that the missing disk is named and not its successors."""
    if wanted is None or found is None:
        return [check("Disk count", _count(wanted), _count(found))]
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


def _card_checks(wanted: t.Sequence[Vm] | None, found: t.Sequence[Vm] | None, network: str) -> list[Check]:
    if wanted is None or found is None:
        return [check("Network card count", _count(wanted), _count(found))]
    checks = [check("Network card count", len(wanted), len(found))]
    for card, other in zip(wanted, found, strict=False):
        label = str(card.get("label") or "Network card")
        checks.append(check(f"{label}: type", card.get("type"), other.get("type")))
        checks.append(check(f"{label}: network (was {card.get('network')})", network, other.get("network")))
    return checks


def _settings_checks(wanted: Vm | None, found: Vm) -> list[Check]:
    """Those that the record has: one of old has none, which is said, and is no reason to fail a restore."""
    if wanted is None:
        return [check("Firmware, controllers and other settings", "not recorded", "not recorded")]
    return [check(name, _text(wanted[key]), _text(found.get(key))) for key, name in SETTINGS.items() if key in wanted]


def _text(value: t.Any) -> str | None:
    """A setting for people: true and false in words, lists and the parts of an allocation in one line."""
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} {'none' if part is None else part}" for key, part in sorted(value.items()))
    if isinstance(value, bool):
        return "on" if value else "off"
    return None if value is None else str(value)


def _disks(vm: Vm) -> list[dict[str, t.Any]] | None:
    disks = vm.get("disks")
    return None if disks is None else sorted(disks, key=lambda disk: int(disk.get("key") or 0))


def _count(devices: t.Sequence[t.Any] | None) -> int | str:
    return UNKNOWN if devices is None else len(devices)


def _size(disk: t.Mapping[str, t.Any]) -> int:
    return int(disk.get("size_bytes") or 0)


def _shown(size: int) -> str:
    """A size for people that is still exact."""
    return f"{size // GIB} GiB" if size % GIB == 0 else f"{size} bytes"


def _sizes(sizes: t.Iterable[int]) -> str:
    return ", ".join(_shown(size) for size in sorted(map(int, sizes))) or "none"


def _sizes_of(disks: t.Iterable[Vm] | None) -> str:
    return UNKNOWN if disks is None else _sizes(_size(disk) for disk in disks)


def _number(value: t.Any) -> int | None:
    return None if value is None else int(value)
