# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import collections
import dataclasses
import typing as t
import urllib.parse

from ..._core.argspec import ArgumentSpec
from ..._core.errors import InputError, JobFailed
from ..backups import jobs, points
from ..backups import reasons as job_reasons
from ..servers import subclient_history as file_history
from ..servers import subclients as file_subclients
from ..servers.subclients import FileSource
from ..sql import backup as backup_sql
from ..sql import subclients as sql_subclients
from ..vms import lookup as vm_lookup
from ..vms.lookup import VmSource
from ..wire.lookup import same_uuid

if t.TYPE_CHECKING:
    from ..vms.lookup import VmGroupSource
    from ..wire.client import Commvault

Row = dict[str, t.Any]
Source = t.Union["VmGroupSource", VmSource, FileSource]

OPTIONS = ArgumentSpec(
    {
        "vm_groups": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {"name": {"type": "str", "required": True}, "hypervisor": {"type": "str", "required": True}},
        },
        "vm_uuids": {"type": "list", "elements": "str", "default": []},
        "subclients": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "client": {"type": "str", "required": True},
                "backupset": {"type": "str", "default": "defaultBackupSet"},
                "name": {"type": "str", "required": True},
            },
        },
        "sql_subclients": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "client": {"type": "str", "required": True},
                "instance": {"type": "str", "required": True},
                "name": {"type": "str", "required": True},
            },
        },
        "sql_options": backup_sql.OPTIONS,
        "level": {
            "type": "str",
            "choices": ["full", "incremental", "differential", "synthetic_full", "transaction_log"],
            "default": "incremental",
        },
        "start": {"type": "str", "choices": ["always", "if_never_backed_up"], "default": "always"},
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": 7200},
        "fail_on_partial": {"type": "bool", "default": False},
    }
)


@dataclasses.dataclass
class Target:
    """Something to back up and what is to be done about it. source: None where check mode could not find it yet.

    client: the client, or the hypervisor of a VM or VM group. known: jobs that existed before. read: records of jobs, as far as read.
    """

    kind: t.Literal["vm_group", "vm", "subclient", "sql_subclient"]
    name: str
    client: str | None
    source: Source | None
    backupset: str | None = None
    instance: str | None = None
    action: t.Literal["started", "attached", "kept"] = "started"
    jobs: list[int] = dataclasses.field(default_factory=list)
    known: set[int] = dataclasses.field(default_factory=set)
    read: dict[int, Row] = dataclasses.field(default_factory=dict)

    @property
    def label(self) -> str:
        return "/".join(part for part in (self.client, self.instance, self.backupset, self.name) if part)

    @property
    def subclient_id(self) -> int:
        """The id under which Commvault lists the backup jobs of the target: for a VM that of its group."""
        if isinstance(self.source, FileSource):
            return int(self.source.entity["subclientId"])
        return self.source.group_id if self.source else 0

    def to_record(self) -> Row:
        return {
            "kind": self.kind,
            "name": self.name,
            "client": self.client,
            "backupset": self.backupset,
            "instance": self.instance,
            "uuid": self.source.uuid if isinstance(self.source, VmSource) else None,
            "subclient_id": self.subclient_id or None,
            "action": self.action,
            "jobs": list(self.jobs),
        }


def run(client: Commvault, params: Row) -> Row:
    """Back up, or in check mode say what would be started. All targets are looked up and judged before the first job is started."""
    targets = _targets(client, params)
    _judge_all(client, targets, params["start"])
    started = any(target.action == "started" for target in targets)
    if not client.check_mode:
        for target in targets:
            if target.action == "started":
                target.jobs = _start(client, target, params["level"], params["sql_options"])
    return {
        "changed": started,
        "started": started,
        "attached": any(target.action == "attached" for target in targets),
        "targets": [target.to_record() for target in targets],
        "jobs": _jobs(client, targets, params),
    }


def _targets(client: Commvault, params: Row) -> list[Target]:
    _check(params)
    groups = vm_lookup.vm_groups(client) if params["vm_groups"] and not client.company_missing else []
    found = [
        Target("vm_group", wanted["name"], wanted["hypervisor"], vm_lookup.find_vm_group(client, **wanted, known=groups))
        for wanted in params["vm_groups"]
    ]
    for uuid in params["vm_uuids"]:
        vm = vm_lookup.vm_by_uuid(client, uuid)
        found.append(Target("vm", vm.name, vm.hypervisor, vm) if vm else Target("vm", uuid, None, None))
    files = [(wanted["client"], wanted["backupset"], wanted["name"]) for wanted in params["subclients"]]
    for (name, backupset, subclient), source in zip(files, file_subclients.find_sources(client, files), strict=True):
        found.append(Target("subclient", subclient, name, source, backupset))
    databases = [(wanted["client"], wanted["instance"], wanted["name"]) for wanted in params["sql_subclients"]]
    for (name, instance, subclient), source in zip(databases, sql_subclients.many(client, databases), strict=True):
        found.append(Target("sql_subclient", subclient, name, source, instance=instance))
    return found


def _check(params: Row) -> None:
    """Refuse a list that makes no sense before anything is asked of the server."""
    groups = [("vm_group", wanted["hypervisor"], wanted["name"]) for wanted in params["vm_groups"]]
    files = [("subclient", wanted["client"], wanted["backupset"], wanted["name"]) for wanted in params["subclients"]]
    databases = [("sql_subclient", wanted["client"], wanted["instance"], wanted["name"]) for wanted in params["sql_subclients"]]
    vms = [("vm", uuid) for uuid in params["vm_uuids"]]
    given = [tuple(part.casefold() for part in label) for label in (*groups, *vms, *files, *databases)]
    if not given:
        raise InputError("There is nothing to back up: give vm_groups, vm_uuids, subclients or sql_subclients.")
    backup_sql.check(params["level"], params["sql_options"], bool(databases), len(databases) == len(given))
    twice = sorted({"/".join(label[1:]) for label, count in collections.Counter(given).items() if count > 1})
    if twice:
        raise InputError(f"Given twice: {', '.join(twice)}.")


def _judge_all(client: Commvault, targets: list[Target], start: str) -> None:
    """Judge each target; the history of all file targets is read together."""
    files = [target.source for target in targets if isinstance(target.source, FileSource)]
    recent = file_history.recent(client, files)
    for target in targets:
        if isinstance(target.source, FileSource):
            _judge(client, target, recent[target.subclient_id])
        elif target.source:
            _judge(client, target, jobs.recent(client, {"subclientId": target.subclient_id}, points.BACKUPS))
    if start != "if_never_backed_up":
        return
    idle = [target for target in targets if target.source and target.action == "started"]
    last = file_history.last(client, [target.source for target in idle if isinstance(target.source, FileSource)])
    for target in idle:
        source = t.cast(Source, target.source)
        point = last.get(target.subclient_id) if isinstance(source, FileSource) else next(iter(source.points(client)), None)
        if point:
            target.action, target.jobs = "kept", [point.record["parent"] or point.record["id"]]
            target.read = {point.record["id"]: point.record}


def _judge(client: Commvault, target: Target, recent: list[Row]) -> None:
    """Join a backup that runs already. recent: the jobs of the subclient."""
    target.known = {row["id"] for row in recent}
    # Jobs of single VMs of the group carry the group's id, so that they have to be told apart from those of the whole group.
    running = [
        row["id"] for row in recent if row["outcome"] in ("active", "standing") and not row["parent"] and _is_of(client, target, row["id"])
    ]
    if running:
        target.action, target.jobs = "attached", running[-1:]


def _is_of(client: Commvault, target: Target, job_id: int) -> bool:
    """Whether a running job of the subclient backs up this target."""
    if isinstance(target.source, FileSource):
        return True
    chosen = vm_lookup.chosen_vms(client, job_id)
    if target.kind == "vm_group":
        return not chosen
    held = chosen or {str(vm["uuid"]) for vm in job_reasons.vm_results(client, job_id)}
    uuid = t.cast(VmSource, target.source).uuid
    return any(same_uuid(one, uuid) for one in held)


def _start(client: Commvault, target: Target, level: str, sql_options: Row | None) -> list[int]:
    """The level goes into the query: in a body it may be ignored, and an incremental backup be made (OpenAPI; cvpysdk subclient.py)."""
    if isinstance(target.source, FileSource):
        path, spelled = f"/Subclient/{target.subclient_id}/action/backup", level.title()
    elif isinstance(target.source, VmSource):
        path, spelled = f"/V4/VirtualMachines/{urllib.parse.quote(target.source.uuid, safe='')}/backup", level.upper()
    else:
        path, spelled = f"/V4/VmGroup/{target.subclient_id}/backup", level.upper()

    def look() -> set[int]:
        return {row["id"] for row in jobs.recent(client, {"subclientId": target.subclient_id}, points.BACKUPS) if not row["parent"]}

    def send() -> Row:
        if isinstance(target.source, sql_subclients.SqlSource) and backup_sql.wanted(sql_options):
            return client.post("/CreateTask", backup_sql.task(target.source, level, sql_options or {}))
        return client.post(path, {}, {"backupLevel": spelled})

    return jobs.start(send, look, client.clock, target.known)


def _jobs(client: Commvault, targets: list[Target], params: Row) -> list[Row]:
    """The records of all jobs, after waiting for them where that is asked for; those of VMs with the outcome for each VM.

    Of a job that was just started and is not waited for nothing but its number is known, which is not worth a request.
    """
    ids = list(dict.fromkeys(job_id for target in targets for job_id in target.jobs))
    fresh = {job_id for target in targets if target.action == "started" for job_id in target.jobs}
    live = [job_id for job_id in ids if any(target.action != "kept" and job_id in target.jobs for target in targets)]
    waiting = params["wait"] and not client.check_mode and bool(live)
    records = {record["id"]: record for record in (jobs.wait(client, live, params["wait_timeout"]) if waiting else [])}
    if not waiting:
        records = {job_id: jobs.to_record({"jobId": job_id}) for job_id in fresh}
    records |= {number: record for target in targets for number, record in target.read.items() if number in target.jobs}
    records |= {record["id"]: record for record in jobs.current(client, [job_id for job_id in ids if job_id not in records])}
    of_vms = {job_id for target in targets if not isinstance(target.source, FileSource) for job_id in target.jobs}
    for job_id in of_vms:
        records[job_id]["virtual_machines"] = vm_lookup.vm_results(client, job_id) if waiting or job_id not in fresh else []
    if waiting:
        jobs.require_success(client, [records[job_id] for job_id in live], params["fail_on_partial"])
        for target in targets:
            _require_protection(client, target, [records[job_id] for job_id in target.jobs])
    return [records[job_id] for job_id in ids]


def _require_protection(client: Commvault, target: Target, records: list[Row]) -> None:
    """A job of VMs can say Completed having protected none: the vCenter did not answer, or the filters left nothing."""
    if target.action == "kept":
        return
    for record in records:
        if isinstance(target.source, FileSource):
            # An incremental backup without a change is right to be empty.
            if record["level"] == "Full" and record["objects"] == 0:
                what = "file" if target.kind == "subclient" else "database"
                client.warn(
                    f"The full backup of {target.label} (job {record['id']}) holds no {what}: look at the content of the subclient."
                )
        elif not _held(target, record):
            reasons = "; ".join(f"{vm['name']}: {vm['reason']}" for vm in record["virtual_machines"] if vm["reason"])
            raise JobFailed(
                f"Job {record['id']} of {target.label} says {record['status']} but protected nothing{': ' + reasons if reasons else ''}. "
                "Check the content and the filters of the VM group, and that Commvault reaches the vCenter.",
                jobs=[record],
            )


def _held(target: Target, record: Row) -> list[Row]:
    """The VMs that an ended job protected; of a target that is one VM, that one. No outcome: the parent job is all there is to tell."""
    held = [vm for vm in record["virtual_machines"] if vm["outcome"] in ("success", "partial", None)]
    return [vm for vm in held if not isinstance(target.source, VmSource) or same_uuid(vm["uuid"], target.source.uuid)]
