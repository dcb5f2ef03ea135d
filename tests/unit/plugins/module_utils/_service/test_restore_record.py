# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import copy
import hashlib
import json
import typing as t

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._service import restore_record

Json = dict[str, t.Any]
GIB = 1024**3
PLACE = "E:\\Restore\\rt-2026-11-0badcafe"
VM_NAME = "rt-2026-11-web-0badcafe"
BACKUP = {"id": 12, "parent": 11, "end_time": "2026-11-24T03:00:00Z"}
RESTORE = {"id": 20, "start_time": "2026-11-24T04:00:00Z", "end_time": "2026-11-24T04:01:00Z"}
DISK = {"label": "Hard disk 1", "key": 2000, "size_bytes": 40 * GIB, "mode": "persistent"}
CARD = {"label": "Network adapter 1", "type": "vmxnet3", "network": "Tenants", "network_moid": "network-7"}
VM: Json = {"instance_uuid": "AA", "cpus": 2, "memory_mb": 4096, "disks": [DISK], "nics": [CARD]}
VERSION = {"path": "D:\\a.txt", "type": "file", "size": 3, "modification_time": "2026-11-01T00:00:00Z"}
ENTRY = {**{key: VERSION[key] for key in ("path", "size", "modification_time")}, "sha256": "ab"}
ROWS: list[Json] = [{"id": 1}]
CHECKSUM = hashlib.sha256(json.dumps(ROWS, separators=(",", ":")).encode()).hexdigest()
DATABASE = {
    "state": "ONLINE",
    "recovery_model": "FULL",
    "files": [{"logical": "S", "physical": "E:\\SQL\\s.mdf"}],
    "rows": ROWS,
    "checksum": CHECKSUM,
}


def manifest(job: int = 11, recorded_at: str = "2026-11-24T02:00:00Z", **vm: t.Any) -> str:
    return json.dumps({"kind": "vms", "backup_job": job, "recorded_at": recorded_at, "vms": [{**VM, **vm}]})


def seen(**values: t.Any) -> Json:
    """A step that saw the restored VM, isolated."""
    cards = [{**CARD, "network": "Isolated", "connected": False, "start_connected": False}]
    return {"ansible_facts": {"vcenter_vms": [{**VM, "nics": cards, "power_state": "poweredOff", **values}]}}


NOTHING: Json = {"made": [], "jobs": [], "alone": [], "unknown": ""}
MADE: list[Json] = [
    {"run": "0badcafe", "kind": "vm", "name": VM_NAME, "job": 20, "started": True, "way": "vm"},
    {
        "run": "0badcafe",
        "kind": "file",
        "name": "rt-2026-11-0badcafe",
        "job": 21,
        "started": True,
        "way": "local",
        "path": "/e/Restore/rt-f",
    },
    {"run": "0badcafe", "kind": "database", "name": "rt-d", "job": 22, "started": True, "way": "local", "path": "/sql/rt-d.json"},
]


def looked(*moids: str) -> Json:
    """A look at where restores go, at which nothing is there but VMs of this run."""
    vms = {"vcenter_vms": [{"moid": moid, "name": VM_NAME} for moid in moids], "vcenter_vms_not_found": [] if moids else [VM_NAME]}
    return {"at": "2026-11-24T04:20:00Z", "ended": {}, "seen": {"vm": {"ansible_facts": vms}, "local": {"files": []}}, "removed": {}}


RAW: Json = {
    "plan": {
        "run": {
            "id": "0badcafe",
            "region": "luxembourg",
            "period": "2026-11",
            "started_at": "2026-11-24T03:59:00Z",
            "target": {
                "datastore": "ds",
                "network": "Isolated",
                "file_client": "restore01",
                "file_access": {"kind": "local", "drives": {"E": "/e"}},
                "sql_client": "sql01",
                "sql_instance": "RESTORE",
                "sql_path": "E:\\SQL",
                "sql_access": {"kind": "local", "databases": "/sql"},
            },
        },
        "place": {"path": PLACE, "local": "/e/Restore/rt-2026-11-0badcafe"},
        "population": {"size": 3},
        "draw": {"seed": "a" * 64},
        "vm": {"id": "vm/acme/aa", "kind": "vm", "tenant": "Acme", "name": "web", "uuid": "aa"},
        "file": {"id": "files/acme/fs01/data", "kind": "file", "tenant": "Acme", "client": "fs01", "subclient": "data"},
        "database": {"id": "sql/acme/sql01/PROD", "kind": "database", "tenant": "Acme", "client": "sql01", "instance": "PROD"},
    },
    "ended_at": "2026-11-24T04:30:00Z",
    "launched_by": {"user": "ada", "job": ""},
    "code": {"about": {"version": "1.2.3"}, "revision": "", "ansible": "2.19.0"},
    "manifests": "/evidence/manifests",
    "errors": {},
    "left": {
        "own": {"made": MADE, "jobs": [], "alone": [], "unknown": ""},
        "earlier": {"made": [], "jobs": [], "alone": [], "unknown": ""},
    },
    "looks": {"own": [looked("vm-1"), looked()], "earlier": [looked(), looked()]},
    "vm": {
        "name": VM_NAME,
        "restored": {
            "restore": {
                "backup_job": BACKUP,
                "job": RESTORE,
                "vm": {"moid": "vm-1"},
                "configuration": {"disks": [DISK]},
                "destination": {"nics": [{"network_moid": "network-7"}]},
            }
        },
        "read": seen(),
        "isolated": seen(),
        "isolated_at": "2026-11-24T04:02:00Z",
        "booted": seen(power_state="poweredOn", guest={"tools_running": True, "heartbeat": "green", "full_name": "Linux"}),
        "booted_at": "2026-11-24T04:02:42Z",
        "manifests": ["/evidence/manifests/Acme/vms-all-job-11.json"],
        "recorded": [manifest()],
    },
    "file": {
        "browsed": {"entries": [VERSION, {"path": "D:\\", "type": "folder"}]},
        "limit": 100,
        "restored": {"restore": {"backup_job": BACKUP, "job": RESTORE, "paths": [{"path": f"{PLACE}\\a.txt"}]}},
        "local": {"files": [{"path": "/e/Restore/rt-2026-11-0badcafe/a.txt", "size": 3, "mtime": 1, "checksum": "AB"}]},
        "windows": {"skipped": True},
        "manifests": ["/evidence/manifests/Acme/files-fs01-data-job-11.json"],
        "recorded": [json.dumps({"kind": "files", "backup_job": 11, "recorded_at": "2026-11-24T02:00:00Z", "entries": [ENTRY]})],
    },
    "database": {
        "name": "rt-2026-11-Sales-0badcafe",
        "listed": {
            "databases": [
                {"name": "Sales", "exists": True, "recovery_model": "FULL", "files": [{"logical": "S"}]},
                {"name": "Old", "exists": False},
            ]
        },
        "restored": {
            "restore": {"backup_job": BACKUP, "job": RESTORE, "restored_to": "2026-11-24T03:00:00Z", "databases": [{"name": "rt"}]}
        },
        "local": {"content": base64.b64encode(json.dumps(DATABASE).encode()).decode()},
        "windows": {"skipped": True},
    },
}


def only(kind: str) -> Json:
    """The steps of a test in which one kind was drawn, and everything is well."""
    raw = copy.deepcopy(RAW)
    raw["plan"].update({other: None for other in ("vm", "file", "database") if other != kind})
    return raw


def sample(raw: Json) -> Json:
    (found,) = restore_record.record(raw)["samples"]
    result: Json = found
    return result


def reset(raw: Json, kind: str, *steps: str) -> Json:
    """The steps of one kind that were not reached."""
    raw[kind].update({step: {} for step in steps})
    return raw


def test_what_is_well_passes_with_everything_that_was_seen() -> None:
    record = restore_record.record(RAW)
    assert record["result"] == "passed" and record["failures"] == [] and "unproven" not in record
    vm, file, database = record["samples"]
    assert set(vm) == {"id", "kind", "tenant", "name", "uuid", "test", "failures"}
    assert vm["test"]["isolation"]["before_power_on"]["read_at"] == "2026-11-24T04:02:00Z"
    assert vm["test"]["isolation"]["after_boot"]["power_state"] == "poweredOn"
    assert vm["test"]["boot"] == {"power_state": "poweredOn", "tools_running": True, "heartbeat": "green", "guest": "Linux", "seconds": 42}
    assert vm["test"]["cleanup"] == {"name": VM_NAME, "looked_at": "2026-11-24T04:20:00Z", "gone": True, "removed": ["vm-1"]}
    assert vm["test"]["destination"] == {"datastore": "ds", "network": "Isolated"}
    assert (vm["test"]["expected"]["backup_job"], vm["test"]["backed_up"]) == (11, {"disks": [DISK]})
    assert file["test"]["expected"] == ENTRY and file["test"]["files"]["paths"] == ["D:\\a.txt"]
    assert file["test"]["cleanup"] == {"name": PLACE, "looked_at": "2026-11-24T04:20:00Z", "gone": True}
    assert database["test"]["databases"]["names"] == ["Sales"] and database["test"]["found"]["tables"] == [{"name": "rows", "rows": 1}]
    assert record["target"] == {
        key: RAW["plan"]["run"]["target"][key] for key in ("datastore", "network", "file_client", "sql_client", "sql_instance", "sql_path")
    }
    json.dumps(record)


def test_what_was_not_drawn_is_not_in_the_record() -> None:
    raw = only("file")
    raw["plan"]["file"] = None
    record = restore_record.record(raw)
    assert (record["samples"], record["failures"]) == ([], [])


@pytest.mark.parametrize(
    ("about", "version"),
    [({"version": "1.2.3"}, "1.2.3"), ({"collection_info": {"version": "1.2.3"}, "format": 1}, "1.2.3"), ({}, "unknown"), ("x", "unknown")],
)
def test_checkout_and_installed_collection_tell_their_version(about: t.Any, version: str) -> None:
    code = restore_record.record({**RAW, "code": {**RAW["code"], "about": about}})["code"]
    assert code == {"collection": "calligo.baas", "version": version, "revision": "", "ansible": "2.19.0"}


@pytest.mark.parametrize(
    ("kind", "steps", "keys"),
    [
        ("vm", ["restored", "read", "isolated", "booted"], set()),
        ("vm", ["read", "isolated", "booted"], {"backup_job", "restore_job", "restored", "backed_up", "destination"}),
        ("file", ["browsed", "restored", "local"], set()),
        ("file", ["restored", "local"], {"files"}),
        ("file", ["local"], {"files", "path", "backup_job", "restore_job", "restored", "destination"}),
        ("database", ["listed", "restored", "local"], set()),
        ("database", ["restored", "local"], {"database", "databases"}),
    ],
)
def test_a_test_that_ended_early_says_why_and_how_far_it_came(kind: str, steps: list[str], keys: set[str]) -> None:
    raw = reset(only(kind), kind, *steps)
    raw["errors"] = {"own": {kind: "Restore it: no"}}
    found = sample(raw)
    assert set(found["test"]) == keys | {"cleanup", "error"}
    assert found["failures"] == ["Restore it: no"]


def test_a_step_that_failed_gives_nothing() -> None:
    raw = reset(only("vm"), "vm", "read", "isolated", "booted")
    raw["vm"]["restored"]["failed"] = True
    raw["errors"] = {"own": {"vm": "no"}}
    assert set(sample(raw)["test"]) == {"cleanup", "error"}


def test_a_step_that_is_missing_is_a_reason_without_any_error() -> None:
    assert sample(reset(only("vm"), "vm", "read", "booted"))["failures"] == ["The VM was not started", "Nothing was compared"]
    assert sample(reset(only("file"), "file", "local"))["failures"] == ["Nothing was compared"]


@pytest.mark.parametrize(
    ("kind", "path", "value", "failure"),
    [
        ("vm", "vm read", seen(cpus=1), "CPU count: expected 2, found 1"),
        ("vm", "vm read", {"ansible_facts": {"vcenter_vms": []}}, "VM: expected restored, found not there"),
        ("vm", "vm restored restore configuration disks", [], "Disks in the backup: expected 40 GiB, found none"),
        ("vm", "vm isolated", seen(nics=[]), None),
        ("vm", "vm restored restore destination nics", [], "After boot: Network adapter 1: network id: expected unknown, found network-7"),
        ("vm", "vm isolated", seen(nics=[CARD]), "Before power-on: Network adapter 1: network: expected Isolated, found Tenants"),
        ("file", "file local files", [], "File: expected restored, found not there"),
        ("database", "database local", {"msg": "file not found", "failed": False}, "Database: expected restored, found not there"),
    ],
)
def test_each_difference_fails_and_says_whose_it_is(kind: str, path: str, value: t.Any, failure: str | None) -> None:
    raw = only(kind)
    *parents, last = path.split()
    place = raw
    for name in parents:
        place = place[name]
    place[last] = value
    record = restore_record.record(raw)
    subject = {"vm": "VM web", "file": "File D:\\a.txt", "database": "Database Sales"}[kind]
    assert (f"{subject} (Acme): {failure}" in record["failures"]) if failure else (record["failures"] == [])
    assert record["result"] == ("failed" if failure else "passed") and "unproven" not in record


def test_a_vm_that_does_not_come_up_or_leaks_fails() -> None:
    raw = only("vm")
    raw["vm"]["booted"] = seen(
        power_state="poweredOn", nics=[{**CARD, "network": "Isolated", "connected": True, "start_connected": False}], guest={}
    )
    assert sample(raw)["failures"] == [
        "After boot: Network adapter 1: connected: expected False, found True",
        "VMware Tools did not run 42 seconds after power-on (poweredOn)",
    ]


def test_a_vm_whose_cards_vcenter_withholds_was_not_started_and_fails() -> None:
    raw = reset(only("vm"), "vm", "booted")
    raw["vm"]["isolated"] = seen(nics=[], unreadable=["config.hardware.device"])
    raw["errors"] = {"own": {"vm": "Refuse to start a VM that is not isolated: it is not"}}
    found = sample(raw)
    assert found["failures"][1:] == ["Before power-on: Network cards: expected told by vCenter, found unknown"]
    assert "boot" not in found["test"] and found["test"]["checks"]


@pytest.mark.parametrize("kind", ["vm", "file", "database"])
def test_what_is_not_proven_gone_or_may_appear_is_a_failure(kind: str) -> None:
    raw = only(kind)
    raw["errors"] = {"own": {"remove": "Remove it: no"}}
    name = sample(raw)["test"]["cleanup"]["name"]
    assert sample(raw)["failures"] == ["Remove it: no", f"What was restored is not proven gone: {name}"]
    raw["errors"] = {}
    assert sample(raw)["failures"] == []
    raw["looks"]["own"].pop()
    assert sample(raw)["failures"][1:] == [f"What was restored is not proven gone: {name}"]


def test_what_was_ended_is_said() -> None:
    raw = only("vm")
    raw["left"]["own"] = {**raw["left"]["own"], "jobs": [20]}
    assert sample(raw)["test"]["cleanup"]["ended_jobs"] == [20]


@pytest.mark.parametrize("gone", [True, False])
def test_what_earlier_runs_left_is_in_the_record_and_a_failure_where_it_stays(gone: bool) -> None:
    found = {"run": "deadbeef", "kind": "vm", "name": VM_NAME, "job": 7}
    left = {"jobs": [7], "made": [{**found, "started": True, "way": "vm"}], "alone": [{"run": "0badcafe", "host": "other"}], "unknown": ""}
    raw = {**RAW, "left": {**RAW["left"], "earlier": left}}
    raw["looks"] = {**RAW["looks"], "earlier": [looked("vm-7"), looked() if gone else looked("vm-7")]}
    record = restore_record.record(raw)
    assert record["leftovers"] == {"found": [{**found, "gone": gone}], "ended_jobs": [7], "left_alone": left["alone"]}
    assert (record["result"], bool(record["failures"])) == ("passed" if gone else "failed", not gone)


def test_a_step_that_did_not_reach_its_host_is_a_reason() -> None:
    raw = only("file")
    raw["file"]["local"], raw["file"]["windows"] = {"skipped": True}, {"unreachable": True, "msg": "no route"}
    assert sample(raw)["failures"] == ["no route"]


def test_a_backup_without_files_and_an_instance_without_databases_fail() -> None:
    raw = reset(reset(copy.deepcopy(RAW), "file", "restored", "local"), "database", "restored", "local")
    raw["plan"]["vm"] = None
    raw["file"]["browsed"], raw["database"]["listed"] = {"entries": []}, {"databases": []}
    assert restore_record.record(raw)["failures"] == [
        "File of fs01 (Acme): The backup of data on fs01 holds no file.",
        "Database of PROD (Acme): Commvault knows no database of PROD on sql01.",
    ]


def test_what_windows_hosts_tell_counts_where_they_are_asked() -> None:
    raw = copy.deepcopy(RAW)
    raw["plan"]["vm"] = None
    for access in ("file_access", "sql_access"):
        raw["plan"]["run"]["target"][access] = {"kind": "windows", "host": "restore01"}
    file, database = raw["file"], raw["database"]
    file["local"] = database["local"] = {"skipped": True}
    file["windows"] = {"files": [{"path": f"{PLACE}\\a.txt", "size": 3, "lastwritetime": 1, "checksum": "ab", "isdir": False}]}
    known = {
        "exists": True,
        "state": "online",
        "recovery_model": "full",
        "files": [{"logical": "S", "path": "E:\\SQL\\s.mdf"}],
        "errors": [],
    }
    database["windows"] = {"result": known}
    assert restore_record.record(raw)["result"] == "passed"
    database["windows"] = {"result": {"exists": False}}
    assert sample({**raw, "plan": {**raw["plan"], "file": None}})["failures"] == ["Database: expected restored, found not there"]


# --- What is not proven


def unproven(**values: t.Any) -> Json:
    return {"proof": {"state": "unproven", "reason": "reconfigured at 02:30."}, **values}


def test_a_record_that_proves_nothing_is_unproven_and_no_failure() -> None:
    raw = only("vm")
    raw["vm"]["recorded"] = [manifest(**unproven())]
    record = restore_record.record(raw)
    reason = "The record of web does not prove what the backup job 12 holds: reconfigured at 02:30."
    assert (record["result"], record["failures"], record["unproven"]) == ("unproven", [], [f"VM web (Acme): {reason}"])
    (found,) = record["samples"]
    assert found["unproven"] == [reason]
    assert found["test"]["expected"]["proof"]["state"] == "unproven"
    assert [line["check"] for line in found["test"]["checks"]] == ["Disks in the backup"]
    assert all(line["passed"] for line in found["test"]["unproven_checks"])


def test_a_difference_to_such_a_record_is_shown_and_no_failure() -> None:
    raw = only("vm")
    raw["vm"]["recorded"] = [manifest(**unproven(cpus=1))]
    record = restore_record.record(raw)
    assert record["failures"] == [] and record["unproven"][1:] == ["VM web (Acme): Unlike that record: CPU count: expected 1, found 2"]


def test_a_record_that_only_names_the_vm_is_compared_with_nothing() -> None:
    raw = only("vm")
    named = {"name": "web", "instance_uuid": "AA", "proof": {"state": "unproven", "reason": "gone"}}
    raw["vm"]["recorded"] = [json.dumps({"kind": "vms", "backup_job": 12, "recorded_at": "2026-11-24T05:00:00Z", "vms": [named]})]
    found = sample(raw)
    assert found["unproven"] == ["The record of web does not prove what the backup job 12 holds: gone."]
    assert found["test"]["unproven_checks"] == [] and found["failures"] == []


def test_a_restore_that_lacks_a_disk_of_the_backup_fails_without_any_proof() -> None:
    for recorded in ([manifest(**unproven())], [manifest(instance_uuid="BB")]):
        raw = only("vm")
        raw["vm"]["recorded"] = recorded
        raw["vm"]["read"] = seen(disks=[])
        record = restore_record.record(raw)
        assert record["result"] == "failed" and record["unproven"]
        assert record["failures"] == ["VM web (Acme): Disks in the backup: expected 40 GiB, found none"]


@pytest.mark.parametrize(
    ("recorded", "result"),
    [
        (manifest(11), "passed"),
        (manifest(12), "passed"),
        (manifest(12, proof={"state": "proven"}), "passed"),
        (manifest(10), "unproven"),
        (manifest(10, proof={"state": "proven"}), "unproven"),
        (manifest(11, proof={"state": "guessed"}), "unproven"),
        (manifest(10, "2026-11-24T05:00:00Z"), "unproven"),
    ],
)
def test_only_the_record_of_the_backup_itself_proves_what_is_in_it(recorded: str, result: str) -> None:
    raw = only("vm")
    raw["vm"]["recorded"] = [recorded]
    assert restore_record.record(raw)["result"] == result


def test_without_any_record_the_index_is_all_that_is_compared() -> None:
    raw = copy.deepcopy(RAW)
    for kind in ("vm", "file"):
        raw[kind]["manifests"] = raw[kind]["recorded"] = []
    record = restore_record.record(raw)
    assert record["result"] == "unproven" and record["failures"] == []
    vm, file = record["unproven"]
    assert vm.startswith("VM web (Acme): There is no manifest of web for the backup job 12 or an earlier one in /evidence/manifests, so")
    assert file.startswith("File D:\\a.txt (Acme): No manifest has an entry for D:\\a.txt with 3 bytes as of 2026-11-01T00:00:00Z, so")
    raw["file"]["local"]["files"][0]["size"] = 2
    assert restore_record.record(raw)["failures"] == ["File D:\\a.txt (Acme): Size (bytes): expected 3, found 2"]


def test_manifests_that_cannot_be_read_are_named_and_no_failure() -> None:
    raw = only("vm")
    raw["vm"]["recorded"] = []
    assert "The manifests in /evidence/manifests/Acme cannot all be read" in restore_record.record(raw)["unproven"][0]
    raw["vm"]["recorded"] = ["{"]
    assert "vms-all-job-11.json is not a manifest" in restore_record.record(raw)["unproven"][0]
    raw["vm"]["manifests"], raw["vm"]["recorded"] = ["/a.json", "/b.json"], ["[]", manifest()]
    assert restore_record.record(raw)["result"] == "passed"


@pytest.mark.parametrize("text", ["{", "[]", '{"entries": [{"size": 3}]}', '{"kind": "files", "backup_job": 1, "entries": [{"size": 3}]}'])
def test_a_manifest_of_another_form_is_named_and_the_others_count(text: str) -> None:
    raw = only("file")
    raw["file"]["manifests"].append("/evidence/manifests/Acme/broken.json")
    raw["file"]["recorded"].append(text)
    assert restore_record.record(raw)["result"] == "passed"
    raw["file"]["manifests"], raw["file"]["recorded"] = raw["file"]["manifests"][1:], raw["file"]["recorded"][1:]
    record = restore_record.record(raw)
    assert record["failures"] == [] and "/evidence/manifests/Acme/broken.json is not a manifest" in record["unproven"][0]


def test_seconds_between_two_times() -> None:
    assert restore_record.seconds_between("2026-11-24T04:00:00Z", "2026-11-24T04:01:05Z") == 65
    assert restore_record.seconds_between("2026-11-24T04:00:00Z", None) is None
