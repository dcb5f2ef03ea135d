# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of playbooks that are killed in the middle of a writing request, and what there is after them."""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import hashlib
import json
import re
import shutil
import typing as t
from pathlib import Path

from pyVim.task import WaitForTask
from pyVmomi import vim

from ansible_collections.calligo.baas.plugins.module_utils._core.output import LOCK
from ansible_collections.calligo.baas.tests.support import small_world
from ansible_collections.calligo.baas.tests.support.modules import Modules, vcenter_options
from ansible_collections.calligo.baas.tests.support.playbooks import Run, evidence_dir, kill_playbook, run_playbook, vcenter_control
from ansible_collections.calligo.baas.tests.support.vcsim import content_of
from commvaultsim.sandbox import Sandbox

Json = dict[str, t.Any]
JOB_SECONDS = 0.2
SYSTEMS = ("commvault", "vcenter")
#: What our playbooks ask of a vCenter that writes. The others that write come from Commvault, when it restores.
VCENTER_WRITES = ("AddCustomFieldDef", "SetField", "PowerOnVM_Task", "PowerOffVM_Task", "ReconfigVM_Task", "Destroy_Task")
#: A draw of a file and a database that are not empty, every month the same.
SEED = ("-e", f"restore_test_seed={'d' * 64}", "-e", "restore_test_period=2026-01")

BACKUP = 4
ID = re.compile(r"(.*_)?ids?|.*Ids?|plans|contacts|groups|policies")
#: What differs from run to run and says nothing about what there is: history, times, names that are made of ids.
PASSING = re.compile(
    r"guid|.*[gG][uU][iI][dD]|created|times?|.*_at|.*Date|.*[tT]ime|start|end|jobs|last(_parent)?_job|policies|task_id|failed_logins|password|mtime.*"
)


@dataclasses.dataclass(frozen=True)
class Interruption:
    """Where a run is killed: in the writing request with a number (from 1) to a system, before it is carried out or after."""

    system: str
    number: int
    carried_out: bool

    def __str__(self) -> str:
        return f"{self.system} {self.number} {'unanswered' if self.carried_out else 'unprocessed'}"


@dataclasses.dataclass(frozen=True)
class Case:
    """A playbook as it is run, from a state of the platform that was kept.

    prepare: what happens before it, and again before each cell. again: False where a run does its work anew each time, as a restore test.
    """

    playbook: str
    options: tuple[str, ...]
    start: str = "onboarded"
    again: bool = False
    prepare: t.Callable[[Platform], None] = lambda platform: None


def change_a_file(platform: Platform) -> None:
    """Something that the next backup of files has to take."""
    file = next((platform.sandbox.state_dir / "drives" / small_world.CLIENT / "D" / "Data").rglob("*.docx"))
    file.write_text("changed\n", encoding="utf-8")


def fail_a_backup(platform: Platform) -> None:
    """Something that the next check has to start again, which then succeeds."""
    lost = "The network connection to the client was lost."
    platform.sandbox.control("POST", "/faults", {"name": "job_fail", "match": small_world.CLIENT, "times": 1, "reason": lost})
    backup = {"subclients": [{"client": small_world.CLIENT, "name": "data"}], "fail_on_failure": False}
    Modules(platform.sandbox)("commvault_backup", {"company": small_world.TENANT, **backup})


TENANT_ALONE = ("--limit", small_world.ALIAS)
STAGE = "tenant_offboarding_stage="
#: A playbook has at least one, which tests/faults/test_rows.py sees to.
CASES = {
    "tenant_onboard": Case("tenant_onboard", TENANT_ALONE, start="empty", again=True),
    "restore_test": Case("restore_test", ("--limit", small_world.REGION)),
    "backup_check": Case(
        "backup_check",
        ("--limit", small_world.REGION, "-e", f"backup_check_tenants={small_world.ALIAS}"),
        again=True,
        prepare=fail_a_backup,
    ),
    "manifest": Case("manifest", TENANT_ALONE, again=True),
    "file_manifest": Case("file_manifest", TENANT_ALONE, again=True, prepare=change_a_file),
    "tenant_offboard, backups stopped": Case("tenant_offboard", TENANT_ALONE, again=True),
    "tenant_offboard, deactivated": Case("tenant_offboard", (*TENANT_ALONE, "-e", f"{STAGE}deactivate"), again=True),
    "tenant_offboard, removed": Case(
        "tenant_offboard", (*TENANT_ALONE, "-e", f"{STAGE}remove", "-e", f"tenant_offboarding_confirm={small_world.ALIAS}"), again=True
    ),
}


@dataclasses.dataclass(frozen=True)
class Clean:
    """A run that nobody interrupted: the writing requests that it sent to each system, what was there then, the restores that it made."""

    writes: dict[str, int]
    facts: Json
    restores: int

    def cells(self) -> list[Interruption]:
        """Every writing request, stopped before it is carried out and before its answer arrives."""
        return [
            Interruption(system, number, carried_out)
            for system in SYSTEMS
            for number in range(1, self.writes[system] + 1)
            for carried_out in (False, True)
        ]


class Platform:
    """The small world (small_world.py), and a name for each state of it that tests go back to."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._vms = self._machines()
        self.keep("empty")

    # States

    def keep(self, name: str) -> None:
        """Keep how everything is now, the mark of the folder in the vCenter and the evidence too."""
        self.sandbox.control("POST", "/save", {"name": name})
        folder = self.sandbox.state_dir / "saved" / name
        shutil.rmtree(folder / "evidence", ignore_errors=True)
        if evidence_dir(self.sandbox).is_dir():
            shutil.copytree(evidence_dir(self.sandbox), folder / "evidence")
        (folder / "marks.json").write_text(json.dumps(self._marks()), encoding="utf-8")

    def bring_back(self, name: str) -> None:
        """Make everything as it was kept."""
        folder = self.sandbox.state_dir / "saved" / name
        vcenter_control(self.sandbox, "DELETE", "holds")
        self.sandbox.control("POST", "/load", {"name": name})
        shutil.rmtree(evidence_dir(self.sandbox), ignore_errors=True)
        if (folder / "evidence").is_dir():
            shutil.copytree(folder / "evidence", evidence_dir(self.sandbox))
        self._set_marks(json.loads((folder / "marks.json").read_text(encoding="utf-8")))
        self._remove_machines()

    # Runs

    def run(self, playbook: str, *options: str) -> tuple[Run, dict[str, int]]:
        """A run, and how many writing requests it sent to each system."""
        self._begin()
        return run_playbook(self.sandbox, playbook, *small_world.OPTIONS, *SEED, *options), self.writes()

    def interrupted(self, where: Interruption, playbook: str, *options: str) -> None:
        """A run that is killed there."""
        self._begin(where)
        held = self._held_commvault if where.system == "commvault" else self._held_vcenter
        try:
            kill_playbook(self.sandbox, playbook, *small_world.OPTIONS, *SEED, *options, when=held)
        finally:
            self.sandbox.control("DELETE", "/faults")
            vcenter_control(self.sandbox, "DELETE", "holds")

    def writes(self) -> dict[str, int]:
        """Writing requests by system, since the last run began."""
        rows = self.sandbox.control("GET", "/journal")["requests"]
        return {"commvault": sum(row["writes"] for row in rows), "vcenter": vcenter_control(self.sandbox, "GET", "holds")["count"]}

    def _begin(self, where: Interruption | None = None) -> None:
        self.sandbox.control("DELETE", "/journal")
        hold = {"calls": VCENTER_WRITES, "number": 0, "carried_out": False}
        if where and where.system == "vcenter":
            hold |= {"number": where.number, "carried_out": where.carried_out}
        elif where:
            self.sandbox.control("POST", "/faults", {"name": "hold", "number": where.number, "after": where.carried_out})
        vcenter_control(self.sandbox, "PUT", "holds", hold)

    def _held_commvault(self) -> bool:
        return any(fault["name"] == "hold" and fault["times"] == 0 for fault in self.sandbox.control("GET", "/faults")["faults"])

    def _held_vcenter(self) -> bool:
        return bool(vcenter_control(self.sandbox, "GET", "holds")["held"])

    def clean(self, case: Case) -> Clean:
        """A case as it goes when nobody interrupts it."""
        self.bring_back(case.start)
        case.prepare(self)
        before = self.restores()
        run, writes = self.run(case.playbook, *case.options)
        if run.status:
            raise AssertionError(run.output)
        return Clean(writes, self.facts(), self.restores() - before)

    def problems(self, case: Case, clean: Clean, where: Interruption) -> list[str]:
        """What is wrong after a run that was killed there, another one that has to end its work, and a third."""
        self.bring_back(case.start)
        case.prepare(self)
        self.interrupted(where, case.playbook, *case.options)
        before = self.restores()
        second, _writes = self.run(case.playbook, *case.options)
        if second.status:
            return [f"the second run fails: {second.output[-2000:]}"]
        found = [f"second run: {text}" for text in self.differences(clean.facts)]
        if self.restores() - before > clean.restores:
            found.append(f"the second run made {self.restores() - before} restores instead of {clean.restores}")
        third, writes = self.run(case.playbook, *case.options)
        found += [f"third run: {text}" for text in self.differences(clean.facts)]
        if third.status:
            found.append(f"the third run fails: {third.output[-2000:]}")
        if case.again and (any(writes.values()) or any(third.counts("changed").values())):
            found.append(f"the third run changes something: {writes}, {third.counts('changed')}")
        return found

    def differences(self, wanted: Json) -> list[str]:
        """Where what there is differs from what there should be."""
        before, after = (json.dumps(one, indent=1, sort_keys=True, ensure_ascii=False).splitlines() for one in (wanted, self.facts()))
        return list(difflib.unified_diff(before, after, "wanted", "found", lineterm="", n=3))[:40]

    # What there is

    def facts(self) -> Json:
        """Both systems, the drives, the databases and the evidence, without what differs from run to run."""
        state = self.sandbox.control("GET", "/state")
        places = {name: self.sandbox.state_dir / name for name in ("drives", "sql")}
        return {
            "commvault": _plain(state),
            "backups": sorted(_backup(job, _names(state)) for job in state["jobs"] if job["op_type"] == BACKUP and not job["parent_id"]),
            "running": [job["id"] for job in state["jobs"] if not job["ended"]],
            "vcenter": {"vms": self._machines(), "marks": self._marks()},
            **{name: sorted(str(file.relative_to(place)) for file in place.rglob("*")) for name, place in places.items()},
            "evidence": _records(evidence_dir(self.sandbox)),
        }

    def restores(self) -> int:
        """Restores that were ever started."""
        return sum(job["operation"].startswith("Restore") for job in self.sandbox.control("GET", "/state")["jobs"])

    @contextlib.contextmanager
    def _vcenter(self) -> t.Iterator[t.Any]:
        with content_of(vcenter_options(self.sandbox, "vc-lux")) as content:
            yield content

    def _machines(self) -> list[str]:
        with self._vcenter() as content:
            view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
            return sorted(f"{vm.parent.name}/{vm.name} {vm.runtime.powerState}" for vm in view.view)

    def _remove_machines(self) -> None:
        """Those that a test has left behind."""
        with self._vcenter() as content:
            view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
            for vm in view.view:
                if f"{vm.parent.name}/{vm.name} {vm.runtime.powerState}" not in self._vms:
                    if vm.runtime.powerState == "poweredOn":
                        WaitForTask(vm.PowerOffVM_Task())
                    WaitForTask(vm.Destroy_Task())

    def _marks(self) -> dict[str, str] | None:
        """The attributes of the tenant's folder; None where the vCenter knows no attribute."""
        with self._vcenter() as content:
            known = {field.key: field.name for field in content.customFieldsManager.field}
            folder = content.searchIndex.FindByInventoryPath(f"Luxembourg/vm/{small_world.FOLDER}")
            return {known[one.key]: one.value for one in folder.customValue} if known else None

    def _set_marks(self, marks: dict[str, str] | None) -> None:
        if self._marks() == marks:
            return
        with self._vcenter() as content:
            manager = content.customFieldsManager
            if marks is None:
                for field in manager.field:
                    manager.RemoveCustomFieldDef(field.key)
                return
            folder = content.searchIndex.FindByInventoryPath(f"Luxembourg/vm/{small_world.FOLDER}")
            keys = {field.name: field.key for field in manager.field}
            for name, value in marks.items():
                key = keys[name] if name in keys else manager.AddCustomFieldDef(name=name, moType=vim.Folder).key
                manager.SetField(entity=folder, key=key, value=value)


def _names(state: Json) -> dict[int, str]:
    """The names of everything by id; there is one counter for all tables but that of jobs."""
    rows = [row for table in state.values() for row in table if isinstance(row, dict) and row.get("name")]
    parts = [one for plan in state["plans"] for one in plan["destinations"]]
    return {row["id"]: row["name"] for row in (*rows, *parts) if "id" in row}


def _plain(state: Json) -> Json:
    """The tables with names in the place of ids, without history, each in an order of its own."""
    names = _names(state)
    tables = {name: rows for name, rows in state.items() if name not in ("jobs", "vm_backups", "file_backups")}
    return {name: sorted((_without_ids(row, names) for row in rows), key=_text) for name, rows in tables.items()}


def _text(row: Json) -> str:
    return json.dumps(row, sort_keys=True)


def _without_ids(value: t.Any, names: dict[int, str], key: str = "") -> t.Any:
    if isinstance(value, dict):
        return {name: _without_ids(one, names, name) for name, one in value.items() if not PASSING.fullmatch(name)}
    if isinstance(value, list):
        return [_without_ids(one, names, key) for one in value]
    if isinstance(value, (int, str)) and not isinstance(value, bool) and str(value).isdigit() and ID.fullmatch(key):
        return names.get(int(value), f"<{key}>" if int(value) > 99 else value)
    return value


def _backup(job: Json, names: dict[int, str]) -> str:
    return f"{job['level']} {names.get(job['client_id'])} {names.get(job['subclient_id'])} {job['status']}"


def _records(folder: Path) -> Json:
    """Which kinds of records there are, each whole, and whether the tenant is accepted; nothing else is there."""
    # A lock file stays, and says nothing.
    files = [file for file in sorted(folder.rglob("*")) if file.is_file() and file.name != LOCK]
    for file in files:
        whole(file)
    onboarding = [json.loads(file.read_text(encoding="utf-8")) for file in files if file.match("onboarding/*/*.json")]
    return {
        "kinds": sorted({f"{file.parent.relative_to(folder)} {file.suffix}" for file in files}),
        "accepted": any((one.get("acceptance") or {}).get("result") == "passed" for one in onboarding),
    }


def whole(file: Path) -> None:
    """Fail for a file of evidence that is none, or cut."""
    if file.suffix not in (".json", ".html", ".jsonl", ".sha256") or file.name.startswith("."):
        raise AssertionError(f"{file} is left behind")
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".json":
        json.loads(text)
    elif file.suffix == ".sha256":
        for digest, name in (line.split(maxsplit=1) for line in text.splitlines()):
            if hashlib.sha256((file.parent / name.lstrip("*")).read_bytes()).hexdigest() != digest:
                raise AssertionError(f"{file} is not the seal of {name}")
    elif file.suffix == ".html" and not text.rstrip().endswith("</html>"):
        raise AssertionError(f"{file} is cut")
