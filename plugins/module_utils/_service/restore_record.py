# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The record of a restore test, made at its end from what its steps gave: samples, comparisons, every reason against them, the verdict.

What failed is bad: the restore, the restored thing, or its removal. What is unproven is not known: nobody recorded, or recorded so that it
can be relied on, what the thing was when it was backed up. Such a test does not pass, and says nothing against the backup.
"""

from __future__ import annotations

import base64
import datetime
import typing as t

from . import database_check, manifest, restore_check, sampling
from .restore_leftovers import done, earlier, of_run

Row = t.Mapping[str, t.Any]
Test = dict[str, t.Any]

ACCESS = ("file_access", "sql_access")
"""Of the target what is not evidence: how this host reaches it."""
VM_PLACE = ("esx_host", "datastore", "folder", "network")


def record(raw: Row) -> dict[str, t.Any]:
    """The evidence, from the results of the steps as Ansible registers them; a step that was not reached is empty.

    raw: plan (see restore_plan.plan(); its run has started_at, too), ended_at, launched_by, code (revision, ansible, and about: the
    collection's galaxy.yml or MANIFEST.json), and manifests, the directory in which they are.
    errors, left and looks: of this run (own) and of the removal of what earlier ones have left (earlier): why a step ended early, by its
    name, which of a test is its kind; and see restore_leftovers.removal().
    vm, file, database: the steps of each kind, see _vm(), _file() and _database().

    The result is passed, failed, or unproven, where nothing failed. unproven is in the record, and in a sample, only where something is.
    """
    plan, run = raw["plan"], raw["plan"]["run"]
    samples = [_sample(kind, raw) for kind in TESTS if plan.get(kind)]
    left, left_reasons = earlier(_cleanup(raw, "earlier"))
    failed, unproven = [*left_reasons, *_reasons(samples, "failures")], _reasons(samples, "unproven")
    return {
        "kind": "restore_test",
        "region": run["region"],
        "period": run["period"],
        "run": run["id"],
        "started_at": run["started_at"],
        "ended_at": raw["ended_at"],
        "launched_by": raw["launched_by"],
        "code": {
            "collection": "calligo.baas",
            "version": _version(raw["code"]["about"]),
            "revision": raw["code"]["revision"],
            "ansible": raw["code"]["ansible"],
        },
        "population": plan["population"],
        "draw": plan["draw"],
        "target": {key: value for key, value in run["target"].items() if key not in ACCESS},
        "leftovers": left,
        "samples": samples,
        "failures": failed,
        **({"unproven": unproven} if unproven else {}),
        "result": "failed" if failed else "unproven" if unproven else "passed",
    }


def sample_failures(test: Row, kind: str) -> list[str]:
    """One sentence for each reason; none for a test that passed. A step that is missing from the test is a reason too.

    test: error, checks, cleanup and cleanup_error; of a VM also isolation (before_power_on, after_boot) and boot.
    kind: vm, file or database.
    """
    found = [str(test["error"])] if test.get("error") else []
    found += restore_check.failures(test.get("checks") or [])
    if kind == "vm":
        found += _isolation_failures(test) + _boot_failures(test)
    if not test.get("checks") and not test.get("error"):
        found.append("Nothing was compared")
    if test.get("cleanup_error"):
        found.append(str(test["cleanup_error"]))
    if not test["cleanup"]["gone"]:
        found.append(f"What was restored is not proven gone: {test['cleanup']['name']}")
    return found


def seconds_between(start: str | None, end: str | None) -> int | None:
    """Whole seconds between two times in ISO 8601; None if one is missing."""
    if not start or not end:
        return None
    first, last = (datetime.datetime.fromisoformat(text) for text in (start, end))
    return int((last - first).total_seconds())


def _sample(kind: str, raw: Row) -> dict[str, t.Any]:
    """One system with its test. What cannot be compared is a reason against it, never the end of the record."""
    system = raw["plan"][kind]
    steps = raw[kind]
    removed = of_run(_cleanup(raw, "own"), kind, steps["restored"])
    test: Test = {
        "cleanup": {
            "name": raw["plan"]["place"]["path"] if kind == "file" else steps["name"],
            "looked_at": removed["at"],
            "gone": removed["gone"],
            **({"ended_jobs": removed["jobs"]} if removed["jobs"] else {}),
            **({"removed": removed["found"]} if kind == "vm" else {}),
        }
    }
    early = (raw["errors"].get("own") or {}).get(kind)
    errors = [str(early)] if early else []
    errors += [str(step["msg"]) for step in steps.values() if isinstance(step, dict) and step.get("unreachable")]
    unproven: list[str] = []
    try:
        unproven = TESTS[kind](raw, test)
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        errors.append(f"A manifest or what a step gave does not have the form known ({type(problem).__name__}: {problem})")
    errors += [test.pop("error")] if "error" in test else []
    if any(errors):
        test["error"] = "; ".join(filter(None, errors))
    if removed["problems"]:
        test["cleanup_error"] = "; ".join(removed["problems"])
    return {**system, "test": test, "failures": sample_failures(test, kind), **({"unproven": unproven} if unproven else {})}


def _cleanup(raw: Row, whose: str) -> dict[str, t.Any]:
    errors = raw["errors"].get(whose) or {}
    return {
        "left": raw["left"].get(whose) or {},
        "looks": raw["looks"].get(whose) or [],
        "errors": [errors[step] for step in ("end", "look", "remove") if step in errors],
    }


def _reasons(samples: t.Iterable[Row], key: str) -> list[str]:
    """The reasons of all samples, each with what was tested and whose it is, for people."""
    return [f"{_subject(sample)} ({sample['tenant']}): {reason}" for sample in samples for reason in sample.get(key) or []]


def _subject(sample: Row) -> str:
    if sample["kind"] == "vm":
        return f"VM {sample['name']}"
    if sample["kind"] == "database":
        return f"Database {sample['test'].get('database') or 'of ' + sample['instance']}"
    return f"File {sample['test'].get('path') or 'of ' + sample['client']}"


# --- The VM


def _vm(raw: Row, test: Test) -> list[str]:
    """Fill in the test of the VM; returns what is unproven.

    Steps: name; restored of M(calligo.baas.commvault_restore); read, isolated and booted of M(calligo.baas.vcenter_vm_facts);
    isolated_at and booted_at, when those were read (the VM was started at once when it was seen isolated); manifests, the files in which it
    may have been recorded, and recorded, what they hold.
    """
    steps, target = raw["vm"], raw["plan"]["run"]["target"]
    restore = done(steps["restored"]).get("restore")
    if not restore:
        return []
    test |= {
        "backup_job": restore["backup_job"],
        "restore_job": restore["job"],
        "restored": restore["vm"],
        "backed_up": restore["configuration"],
        "destination": {key: value for key, value in target.items() if key in VM_PLACE},
    }
    isolated, booted = _vms(steps["isolated"]), _vms(steps["booted"])
    if isolated:
        test["isolation"] = {"before_power_on": _isolation(isolated[0], restore, target["network"], steps["isolated_at"])}
    if isolated and booted:
        test["isolation"]["after_boot"] = _isolation(booted[0], restore, target["network"], steps["booted_at"])
        test["boot"] = _boot(booted[0], seconds_between(steps["isolated_at"], steps["booted_at"]))
    seen = _vms(steps["read"])
    return [] if seen is None else _compare_vm(raw, test, seen[0] if seen else None)


def _compare_vm(raw: Row, test: Test, actual: Row | None) -> list[str]:
    """Compare the restored VM with the record of what was backed up; where none proves that, with the backup's index."""
    if actual is None:
        test["checks"] = [restore_check.check("VM", "restored", "not there")]
        return []
    system, job = raw["plan"]["vm"], test["backup_job"]
    sizes = [disk["size_bytes"] for disk in test["backed_up"]["disks"]]
    jobs = [int(number) for number in (job["id"], job.get("parent")) if number]
    manifests, unread = _manifests(raw["vm"])
    expected = manifest.vm_record(manifests, str(system["uuid"]), jobs, str(job["end_time"]))
    if expected is None:
        test["checks"] = restore_check.index_checks(actual, sizes)
        missing = (
            f"There is no manifest of {system['name']} for the backup job {job['id']} or an earlier one in {raw['manifests']}, "
            "so that the restored VM cannot be compared with what was backed up."
        )
        return [*unread, missing]
    checks = [
        *restore_check.vm_checks(expected, actual, raw["plan"]["run"]["target"]["network"]),
        *restore_check.backup_checks(expected, sizes),
    ]
    doubt = _doubt(expected, jobs)
    if not doubt:
        test |= {"expected": expected, "checks": checks}
        return []
    if "cpus" not in expected:
        # A record may know no more than that the VM was backed up.
        checks = []
    test |= {"expected": expected, "checks": restore_check.index_checks(actual, sizes), "unproven_checks": checks}
    return [
        *unread,
        f"The record of {system['name']} does not prove what the backup job {job['id']} holds: {doubt.rstrip('.')}.",
        *(f"Unlike that record: {failure}" for failure in restore_check.failures(checks)),
    ]


def _doubt(expected: Row, jobs: t.Collection[int]) -> str:
    """Why a VM's record does not tell what is in a backup; empty if it does.

    It has to be the record of that backup. proof (state, and the reason where that is not "proven") tells whether the VM that was read is
    the one that was backed up; old records have none and count.
    """
    proof = expected.get("proof") or {"state": "proven"}
    if proof.get("state") != "proven":
        return str(proof.get("reason") or "it does not say why.")
    job = expected.get("backup_job")
    if int(job or 0) not in jobs:
        return f"it is that of the backup job {job}, and the VM may have been changed since {expected.get('recorded_at')}."
    return ""


def _isolation(vm: Row, restore: Row, network: str, read_at: str) -> dict[str, t.Any]:
    moid = next((card["network_moid"] for card in restore["destination"]["nics"]), None)
    return {"read_at": read_at, "power_state": vm.get("power_state"), "checks": restore_check.isolation_checks(vm, network, moid)}


def _boot(vm: Row, seconds: int | None) -> dict[str, t.Any]:
    guest = vm.get("guest") or {}
    return {
        "power_state": vm.get("power_state"),
        "tools_running": guest.get("tools_running"),
        "heartbeat": guest.get("heartbeat"),
        "guest": guest.get("full_name"),
        "seconds": seconds,
    }


def _isolation_failures(test: Row) -> list[str]:
    isolation = test.get("isolation") or {}
    steps = [
        (when, isolation[key]) for key, when in (("before_power_on", "Before power-on"), ("after_boot", "After boot")) if key in isolation
    ]
    return [f"{when}: {text}" for when, step in steps for text in restore_check.failures(step.get("checks") or [])]


def _boot_failures(test: Row) -> list[str]:
    boot = test.get("boot")
    if boot is None:
        return [] if test.get("error") else ["The VM was not started"]
    if boot.get("tools_running"):
        return []
    return [f"VMware Tools did not run {boot.get('seconds')} seconds after power-on ({boot.get('power_state')})"]


# --- The file


def _file(raw: Row, test: Test) -> list[str]:
    """Fill in the test of the file; returns what is unproven.

    Steps: browsed of M(calligo.baas.commvault_browse_info), and limit, its option; restored of M(calligo.baas.commvault_restore);
    local of ansible.builtin.find and windows of ansible.windows.win_find, one of which is skipped; manifests and recorded as in _vm().
    """
    steps, system, target = raw["file"], raw["plan"]["file"], raw["plan"]["run"]["target"]
    versions = {str(entry["path"]): entry for entry in done(steps["browsed"]).get("entries") or [] if entry["type"] == "file"}
    if not versions:
        test["error"] = f"The backup of {system['subclient']} on {system['client']} holds no file." if done(steps["browsed"]) else ""
        return []
    version = versions[sampling.draw(raw["plan"]["draw"]["seed"], versions)[0]]
    test["files"] = {
        "population_hash": sampling.population_hash(versions),
        "population_size": len(versions),
        "paths": sorted(versions),
        "listed_at_most": steps["limit"],
    }
    restore = done(steps["restored"]).get("restore")
    if not restore:
        return []
    test |= {
        "path": version["path"],
        "backup_job": restore["backup_job"],
        "restore_job": restore["job"],
        "restored": restore["paths"][0],
        "destination": {"client": target["file_client"], "path": raw["plan"]["place"]["path"]},
    }
    read = done(steps["local"]) or done(steps["windows"])
    if "files" not in read:
        return []
    entries = manifest.entries(read["files"], target["file_access"].get("drives") or {})
    return _compare_file(raw, test, version, next((entry for entry in entries if entry["path"] == test["restored"]["path"]), None))


def _compare_file(raw: Row, test: Test, version: Row, found: Row | None) -> list[str]:
    """Compare the restored file with its entry in a manifest; without one, with the size that the backup's index tells."""
    manifests, unread = _manifests(raw["file"])
    expected = manifest.entry_for(manifests, version)
    if expected is not None:
        test |= {"expected": expected, "checks": restore_check.file_checks(expected, found)}
        return []
    test["checks"] = restore_check.index_file_checks(version, found)
    missing = (
        f"No manifest has an entry for {version['path']} with {version['size']} bytes as of {version['modification_time']}, "
        "so that the restored file cannot be compared with what was backed up."
    )
    return [*unread, missing]


# --- The database


def _database(raw: Row, test: Test) -> list[str]:
    """Fill in the test of the database. Nothing is unproven: the backup itself describes it.

    Steps: name; listed of M(calligo.baas.commvault_sql_database_info); restored of M(calligo.baas.commvault_restore); local of
    ansible.builtin.slurp; windows of database_look.ps1 by ansible.windows.win_powershell.
    """
    steps, system, target = raw["database"], raw["plan"]["database"], raw["plan"]["run"]["target"]
    known = {str(row["name"]): row for row in done(steps["listed"]).get("databases") or [] if row["exists"]}
    if not known:
        test["error"] = f"Commvault knows no database of {system['instance']} on {system['client']}." if done(steps["listed"]) else ""
        return []
    source = known[sampling.draw(raw["plan"]["draw"]["seed"], known)[0]]
    test["database"] = source["name"]
    test["databases"] = {
        "population_hash": sampling.population_hash(known),
        "population_size": len(known),
        "names": sorted(known),
    }
    restore = done(steps["restored"]).get("restore")
    if not restore:
        return []
    test |= {
        "backup_job": restore["backup_job"],
        "restore_job": restore["job"],
        "restored_to": restore["restored_to"],
        "restored": restore["databases"][0],
        "destination": {"client": target["sql_client"], "instance": target["sql_instance"], "path": target["sql_path"]},
    }
    look = done(steps["local"]) or done(steps["windows"])
    if look:
        found = _found(look)
        test |= {"found": found, "checks": database_check.checks(source, found, str(target["sql_path"]))}
    return []


def _found(look: Row) -> Row | None:
    """What SQL Server, or the file that stands for it in the sandbox, told of the database; None if it knows none of this name."""
    if "content" in look:
        return database_check.stand_in(base64.b64decode(look["content"]).decode("utf-8", "replace"))
    result: Row = look.get("result") or {}
    return result if result.get("exists") else None


TESTS: t.Mapping[str, t.Callable[[Row, Test], list[str]]] = {"vm": _vm, "file": _file, "database": _database}


# --- What the steps gave


def _vms(step: Row) -> list[Row] | None:
    """The VMs that a step has seen; None if it has not looked."""
    return (done(step).get("ansible_facts") or {}).get("vcenter_vms")


def _manifests(steps: Row) -> tuple[list[dict[str, t.Any]], list[str]]:
    """The manifests in which something may have been recorded, and a sentence for each that cannot be read."""
    paths, texts = [str(path) for path in steps["manifests"]], [str(text) for text in steps["recorded"]]
    if len(paths) != len(texts):
        return [], [f"The manifests in {paths[0].rpartition('/')[0]} cannot all be read; Ansible's warning names the one and the reason."]
    return manifest.readable(dict(zip(paths, texts, strict=True)))


def _version(about: t.Any) -> str:
    """A checkout has galaxy.yml, an installed collection MANIFEST.json, which has the same in collection_info."""
    known = about if isinstance(about, t.Mapping) else {}
    return str((known.get("collection_info") or known).get("version") or "unknown")
