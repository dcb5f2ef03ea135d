# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.calligo.baas.plugins.module_utils._service import restore_check as check

GIB = check.GIB


def disk(number: int, gib: int, mode: str = "persistent") -> dict[str, t.Any]:
    return {"label": f"Hard disk {number}", "key": 2000 + number, "size_bytes": gib * GIB, "mode": mode}


def card(number: int, network: str = "Tenants", **values: t.Any) -> dict[str, t.Any]:
    return {"label": f"Network adapter {number}", "network": network, "type": "vmxnet3", **values}


def vm(**values: t.Any) -> dict[str, t.Any]:
    return {"cpus": 2, "memory_mb": 4096, "disks": [disk(1, 40), disk(2, 10)], "nics": [card(1)], **values}


def restored(**values: t.Any) -> dict[str, t.Any]:
    return vm(nics=[card(1, "Isolated")], **values)


def failed(expected: dict[str, t.Any], actual: dict[str, t.Any]) -> list[str]:
    return check.failures(check.vm_checks(expected, actual, "Isolated"))


def test_an_equal_vm_passes() -> None:
    assert failed(vm(), restored()) == []


def test_cpu_and_memory_are_compared() -> None:
    assert failed(vm(), restored(cpus=4, memory_mb=8192)) == ["CPU count: expected 2, found 4", "Memory (MiB): expected 4096, found 8192"]


def test_the_missing_disk_is_named_and_not_its_successor() -> None:
    expected = vm(disks=[disk(1, 40), disk(2, 10), disk(3, 80)])
    # The restored VM numbers its disks anew.
    actual = restored(disks=[disk(1, 40), disk(2, 80)])
    assert failed(expected, actual) == ["Disk count: expected 3, found 2", "Hard disk 2: expected 10 GiB, found missing"]


def test_a_disk_of_another_size_is_named() -> None:
    assert failed(vm(), restored(disks=[disk(1, 40), disk(2, 11)])) == ["Hard disk 2: expected 10 GiB, found 11 GiB"]


def test_disks_in_another_order_do_not_pass() -> None:
    assert len(failed(vm(), restored(disks=[disk(1, 10), disk(2, 40)]))) == 2


def test_a_disk_too_many_does_not_pass() -> None:
    found = failed(vm(), restored(disks=[disk(1, 40), disk(2, 10), disk(3, 5)]))
    assert found == ["Disk count: expected 2, found 3", "Disk that the backed-up VM did not have: expected none, found 5 GiB"]


def test_an_independent_disk_is_not_expected() -> None:
    expected = vm(disks=[disk(1, 40), disk(2, 99, "independent_persistent"), disk(3, 10)])
    assert failed(expected, restored()) == []


def test_network_cards_are_compared_by_count_type_and_network() -> None:
    expected = vm(nics=[card(1), card(2)])
    assert failed(expected, restored()) == ["Network card count: expected 2, found 1"]
    assert failed(vm(), vm()) == ["Network adapter 1: network (was Tenants): expected Isolated, found Tenants"]
    assert failed(vm(), vm(nics=[card(1, "Isolated", type="e1000")])) == ["Network adapter 1: type: expected vmxnet3, found e1000"]


SETTINGS = {
    "firmware": "efi",
    "secure_boot": True,
    "hardware_version": "vmx-19",
    "controllers": ["paravirtualscsi", "nvme"],
    "tpm": True,
    "annotation": "Owner: Ada",
    "cpu": {"reservation": 500, "limit": None, "shares": "high"},
    "memory": {"reservation": 0, "limit": None, "shares": "normal"},
}


def test_settings_are_compared_one_by_one() -> None:
    assert failed(vm(settings=SETTINGS), restored(settings=SETTINGS)) == []
    other = {**SETTINGS, "firmware": "bios", "secure_boot": False, "controllers": ["lsilogic"], "tpm": False}
    other["cpu"] = {**SETTINGS["cpu"], "reservation": 0}  # type: ignore[dict-item]
    assert failed(vm(settings=SETTINGS), restored(settings=other)) == [
        "Firmware: expected efi, found bios",
        "Secure boot: expected on, found off",
        "Disk controllers: expected paravirtualscsi, nvme, found lsilogic",
        "Virtual TPM: expected on, found off",
        "CPU resources: expected limit none, reservation 500, shares high, found limit none, reservation 0, shares high",
    ]
    assert len(failed(vm(settings=SETTINGS), restored())) == len(SETTINGS)


def test_a_record_of_old_has_no_settings_and_that_is_said() -> None:
    (line,) = [line for line in check.vm_checks(vm(), restored(settings=SETTINGS), "Isolated") if "settings" in line["check"]]
    assert (line["expected"], line["passed"]) == ("not recorded", True)


def test_what_is_not_known_passes_no_check() -> None:
    for key in ("cpus", "memory_mb", "disks", "nics"):
        assert failed(vm(**{key: None}), restored()) and failed(vm(), {**restored(), key: None})
        assert failed(vm(**{key: None}), {**restored(), key: None})
    assert check.failures(check.backup_checks(vm(disks=None), [])) == ["Disks in the backup: expected unknown, found none"]
    assert check.failures(check.index_checks(vm(disks=None), [])) == ["Disks in the backup: expected none, found unknown"]


def isolation(vm: dict[str, t.Any], moid: str | None = "network-7") -> list[str]:
    return check.failures(check.isolation_checks(vm, "Isolated", moid))


def test_isolation_needs_all_four() -> None:
    isolated = card(1, "Isolated", network_moid="network-7", connected=False, start_connected=False)
    assert isolation({"nics": [isolated]}) == []
    for key, value in (("connected", True), ("start_connected", True), ("network", "Tenants"), ("connected", None)):
        assert len(isolation({"nics": [{**isolated, key: value}]})) == 1


def test_another_network_of_the_same_name_is_not_the_isolated_one() -> None:
    namesake = card(1, "Isolated", network_moid="dvportgroup-9", connected=False, start_connected=False)
    assert isolation({"nics": [namesake]}) == ["Network adapter 1: network id: expected network-7, found dvportgroup-9"]
    for unknown in (None, "network-7"):
        assert len(isolation({"nics": [{**namesake, "network_moid": None}]}, unknown)) == 1


def test_a_vm_without_cards_is_isolated() -> None:
    assert isolation({"nics": []}) == isolation({"nics": []}, None) == []


def test_a_vm_whose_cards_are_withheld_is_not_isolated() -> None:
    unknown: list[dict[str, t.Any]] = [{"nics": [], "unreadable": ["config.hardware.device"]}, {"nics": None, "unreadable": []}, {}]
    for found in unknown:
        assert isolation(found) == ["Network cards: expected told by vCenter, found unknown"]


def test_the_disks_of_the_backup_are_those_of_the_vm() -> None:
    assert check.failures(check.backup_checks(vm(), [10 * GIB, 40 * GIB])) == []
    assert check.failures(check.backup_checks(vm(), [40 * GIB])) == ["Disks in the backup: expected 10 GiB, 40 GiB, found 40 GiB"]


def test_a_file_is_compared_by_size_and_hash() -> None:
    entry = {"size": 5, "sha256": "ab"}
    assert check.failures(check.file_checks(entry, {"size": 5, "sha256": "AB"})) == []
    assert check.failures(check.file_checks(entry, {"size": 5, "sha256": "cd"})) == ["SHA-256: expected ab, found cd"]
    assert check.failures(check.file_checks(entry, None)) == ["File: expected restored, found not there"]
    assert len(check.failures(check.file_checks({}, {"size": 5, "sha256": "ab"}))) == 2


def test_without_a_record_the_index_of_the_backup_tells_disks_and_size() -> None:
    assert check.failures(check.index_checks(vm(), [10 * GIB, 40 * GIB])) == []
    found = check.failures(check.index_checks(vm(disks=[disk(1, 40)]), [40 * GIB, 10 * GIB]))
    assert found == ["Disks in the backup: expected 10 GiB, 40 GiB, found 40 GiB"]
    assert check.failures(check.index_file_checks({"size": 5}, {"size": 5})) == []
    assert check.failures(check.index_file_checks({"size": 5}, {"size": 4})) == ["Size (bytes): expected 5, found 4"]
    assert check.failures(check.index_file_checks({"size": 5}, None)) == ["File: expected restored, found not there"]


def test_sizes_that_are_no_whole_gib_are_shown_in_bytes() -> None:
    lines = check.backup_checks({"disks": [{"size_bytes": 1000, "mode": "persistent"}]}, [1001])
    assert check.failures(lines) == ["Disks in the backup: expected 1000 bytes, found 1001 bytes"]
