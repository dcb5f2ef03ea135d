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
from ..._core.engine import Outcome, Step, Work
from ..._core.errors import InputError, JobFailed
from ..backups import jobs, recovery_points
from ..backups import reasons as job_reasons
from ..servers import subclient_history as file_history
from ..servers import subclients as file_subclients
from ..servers.subclients import FileSource
from ..sql import backup as sql_backup
from ..sql import lookup as sql_lookup
from ..vms import lookup as vm_lookup
from ..vms.lookup import VmSource
from ..wire.lookup import same_uuid

if t.TYPE_CHECKING:
    from ..vms.lookup import VmGroupSource
    from ..wire.client import Commvault

Row = dict[str, t.Any]
Source = t.Union["VmGroupSource", VmSource, FileSource]
Action = t.Literal["started", "attached", "kept"]

OPTIONS = ArgumentSpec(
    {
        "vm_groups": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "name": {"type": "str", "required": True},
                "hypervisor": {"type": "str", "required": True},
                "members": {
                    "type": "list",
                    "elements": "dict",
                    "options": {"name": {"type": "str", "required": True}, "uuid": {"type": "str", "required": True}},
                },
            },
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
        "sql_options": sql_backup.OPTIONS,
        "level": {
            "type": "str",
            "choices": ["full", "incremental", "differential", "synthetic_full", "transaction_log"],
            "default": "incremental",
        },
        "start": {"type": "str", "choices": ["always", "if_never_backed_up"], "default": "always"},
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": 7200},
        "fail_on_failure": {"type": "bool", "default": True},
        "fail_on_partial": {"type": "bool", "default": False},
    }
)


@dataclasses.dataclass(frozen=True)
class Target:
    """Something to back up. source: None where check mode could not find it yet. client: or the hypervisor of a VM or VM group.

    members: the VMs of a VM group that must have a backup, name and uuid; None if a task does not say.
    """

    kind: t.Literal["vm_group", "vm", "subclient", "sql_subclient"]
    name: str
    client: str | None
    source: Source | None
    backupset: str | None = None
    instance: str | None = None
    members: tuple[Row, ...] | None = None

    @property
    def label(self) -> str:
        return "/".join(filter(None, (self.client, self.instance, self.backupset, self.name)))

    @property
    def is_vms(self) -> bool:
        """Whether its jobs have an outcome for each VM."""
        return self.kind in ("vm_group", "vm")

    @property
    def subclient_id(self) -> int:
        """The id under which Commvault lists the backup jobs of the target: for a VM that of its group."""
        if isinstance(self.source, FileSource):
            return int(self.source.entity["subclientId"])
        return self.source.group_id if self.source else 0

    def start(self, client: Commvault, level: str) -> Row:
        """The level goes into the query: in a body it may be ignored, and an incremental backup be made (OpenAPI; cvpysdk subclient.py)."""
        if isinstance(self.source, FileSource):
            path, spelled = f"/Subclient/{self.subclient_id}/action/backup", level.title()
        elif isinstance(self.source, VmSource):
            path, spelled = f"/V4/VirtualMachines/{urllib.parse.quote(self.source.uuid, safe='')}/backup", level.upper()
        else:
            path, spelled = f"/V4/VmGroup/{self.subclient_id}/backup", level.upper()
        return client.post(path, {}, {"backupLevel": spelled})

    def recent_jobs(self, client: Commvault) -> set[int]:
        """Its backup jobs that still run or have ended within the last hour, but for those of single VMs."""
        return {row["id"] for row in jobs.recent(client, {"subclientId": self.subclient_id}, recovery_points.BACKUPS) if not row["parent"]}


NEVER = "It was never backed up."


@dataclasses.dataclass(frozen=True)
class Protection:
    """What the backups of a target hold. A backup is whole if its job ended without an error about what it is of.

    last: the job of the last backup that something can be restored from. missing: what has no whole backup, see _system().
    held: UUIDs, in lower case, of the VMs of a group that have one.
    """

    last: Row | None
    missing: tuple[Row, ...]
    held: frozenset[str] = frozenset()


@dataclasses.dataclass(frozen=True)
class BackupStep:
    """One target and what is to be done about it.

    level: of the backup. job: the one that is attached to, or kept. protection: of what is in the target, before; None if nobody asks.
    known: jobs of the subclient that were there before, and those that this call has started of it; targets of one subclient share it.
    """

    client: Commvault
    target: Target
    params: Row
    action: Action
    level: str
    job: Row | None = None
    protection: Protection | None = None
    known: set[int] = dataclasses.field(default_factory=set)
    open: bool = False

    @property
    def label(self) -> str:
        return self.target.label

    def predict(self) -> Outcome:
        if self.job and self.target.is_vms:
            return self._outcome([{**self.job, "virtual_machines": vm_lookup.vm_results(self.client, self.job["id"])}])
        return self._outcome([self.job] if self.job else [])

    def take(self) -> Outcome:
        if self.action != "started":
            return self._outcome([self.job] if self.job else [])
        started = self._start()
        self.known.update(started)
        virtual_machines: Row = {"virtual_machines": []} if self.target.is_vms else {}
        return self._outcome([{**jobs.to_record({"jobId": job_id}), **virtual_machines} for job_id in started])

    def _start(self) -> list[int]:
        options, source = self.params["sql_options"] or {}, self.target.source
        if isinstance(source, sql_lookup.SqlSource) and sql_backup.wanted(options):
            body = sql_backup.task(source, self.level, options)
            return jobs.start_task(self.client, body, lambda: self.target.recent_jobs(self.client), self.known)
        return jobs.start(lambda: self.target.start(self.client, self.level), self._look, self.client.clock, self.known)

    def _look(self) -> set[int]:
        """The jobs that there are, but of the new ones those alone that back up this target, as far as that is told."""
        new = self.target.recent_jobs(self.client) - self.known
        ours = {job_id for job_id in new if _is_of(self.client, self.target, job_id)}
        return self.known | (ours or {job_id for job_id in new if _tells_nothing(self.client, job_id)})

    def _outcome(self, records: list[Row]) -> Outcome:
        target, source = self.target, self.target.source
        shown = {
            "kind": target.kind,
            "name": target.name,
            "client": target.client,
            "backupset": target.backupset,
            "instance": target.instance,
            "uuid": source.uuid if isinstance(source, VmSource) else None,
            "subclient_id": target.subclient_id or None,
            "action": self.action,
            "jobs": [record["id"] for record in records],
        }
        unprotected = list(self.protection.missing) if self.protection else []
        after = {"target": shown, "jobs": records, "unprotected": unprotected}
        return Outcome(self.label, self.action == "started", after=after, means=self)


class Backup(Work):
    """Backups of the targets that a task names. All are looked up and judged before the first job is started."""

    def __init__(self, client: Commvault, params: Row) -> None:
        self._client = client
        self._params = params

    def steps(self) -> t.Sequence[Step]:
        targets = _targets(self._client, self._params)
        recent = _recent(self._client, targets)
        known = {number: {row["id"] for row in rows} for number, rows in recent.items()}
        running = [_running(self._client, target, recent[target.subclient_id]) for target in targets]
        asked = self._params["start"] == "if_never_backed_up"
        protections = _protections(self._client, targets) if asked else [None] * len(targets)
        return [
            self._step(target, attached, protection, known[target.subclient_id])
            for target, attached, protection in zip(targets, running, protections, strict=True)
        ]

    def _step(self, target: Target, attached: Row | None, protection: Protection | None, known: set[int]) -> BackupStep:
        last = protection.last if protection else None
        action: Action = "attached" if attached else "kept" if last and protection and not protection.missing else "started"
        # Where some of it is backed up, the rest goes without reading all again: Commvault makes the first backup of a VM a full one.
        rest = last is not None and target.kind != "sql_subclient" and self._params["level"] == "full"
        level = "incremental" if rest else self._params["level"]
        return BackupStep(self._client, target, self._params, action, level, attached or last, protection, known)

    def settle(self, outcomes: list[Outcome]) -> list[Outcome]:
        """Wait for the jobs where that is asked for. What was seen of them stays in a failed result, too."""
        live = _job_ids([outcome for outcome in outcomes if outcome.means.action != "kept"])
        waiting = bool(self._params["wait"] and live)
        ended = jobs.wait(self._client, live, self._params["wait_timeout"]) if waiting else []
        outcomes[:] = self._seen(outcomes, ended, waiting)
        if self._params["fail_on_failure"]:
            jobs.require_success(self._client, ended, self._params["fail_on_partial"])
            for outcome in outcomes if waiting else ():
                _require_protection(self._client, outcome)
        return outcomes

    def _seen(self, outcomes: list[Outcome], ended: list[Row], waiting: bool) -> list[Outcome]:
        """The outcomes with what the jobs came to. Of one that was just started and is not waited for, its number is all that is known."""
        told = [one for one in outcomes if one.means.target.is_vms and (waiting or one.means.action != "started")]
        vms = {job_id: vm_lookup.vm_results(self._client, job_id) for job_id in _job_ids(told)}
        seen = [_with_records(outcome, {record["id"]: record for record in ended}, vms) for outcome in outcomes]
        return [_with(outcome, unprotected=_unprotected(self._client, outcome)) for outcome in seen] if waiting else seen

    def result(self, outcomes: list[Outcome]) -> Row:
        actions = {outcome.means.action for outcome in outcomes}
        asked = self._params["start"] == "if_never_backed_up"
        return {
            "changed": "started" in actions,
            "started": "started" in actions,
            "attached": "attached" in actions,
            "targets": [(outcome.after or {})["target"] for outcome in outcomes],
            "jobs": list({record["id"]: record for outcome in outcomes for record in _records(outcome)}.values()),
            **({"unprotected": [row for outcome in outcomes for row in (outcome.after or {})["unprotected"]]} if asked else {}),
        }


def bind(client: Commvault, params: Row) -> Work:
    """What the task asks for. Raises InputError for a list that makes no sense, before anything is asked of the server."""
    _check(params)
    return Backup(client, params)


def _records(outcome: Outcome) -> list[Row]:
    records: list[Row] = (outcome.after or {})["jobs"]
    return records


def _job_ids(outcomes: list[Outcome]) -> list[int]:
    return list(dict.fromkeys(record["id"] for outcome in outcomes for record in _records(outcome)))


def _with_records(outcome: Outcome, ended: dict[int, Row], vms: dict[int, list[Row]]) -> Outcome:
    """The outcome with its jobs as they are now, and for those of VMs what became of each VM."""
    records = [ended.get(record["id"], record) for record in _records(outcome)]
    told = [{**record, "virtual_machines": vms[record["id"]]} if record["id"] in vms else record for record in records]
    return _with(outcome, jobs=told)


def _with(outcome: Outcome, **told: t.Any) -> Outcome:
    return dataclasses.replace(outcome, after={**(outcome.after or {}), **told})


def _targets(client: Commvault, params: Row) -> list[Target]:
    groups = vm_lookup.vm_groups(client) if params["vm_groups"] and not client.company_missing else []
    found = [
        Target(
            "vm_group",
            wanted["name"],
            wanted["hypervisor"],
            vm_lookup.find_vm_group(client, wanted["name"], wanted["hypervisor"], groups),
            members=None if wanted["members"] is None else tuple(wanted["members"]),
        )
        for wanted in params["vm_groups"]
    ]
    for uuid in params["vm_uuids"]:
        vm = vm_lookup.vm_by_uuid(client, uuid)
        found.append(Target("vm", vm.name, vm.hypervisor, vm) if vm else Target("vm", uuid, None, None))
    files = [(wanted["client"], wanted["backupset"], wanted["name"]) for wanted in params["subclients"]]
    for (name, backupset, subclient), source in zip(files, file_subclients.find_sources(client, files), strict=True):
        found.append(Target("subclient", subclient, name, source, backupset))
    databases = [(wanted["client"], wanted["instance"], wanted["name"]) for wanted in params["sql_subclients"]]
    for (name, instance, subclient), source in zip(databases, sql_lookup.find_sources(client, databases), strict=True):
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
    sql_backup.check(params["level"], params["sql_options"], bool(databases), len(databases) == len(given))
    twice = sorted({"/".join(label[1:]) for label, count in collections.Counter(given).items() if count > 1})
    if twice:
        raise InputError(f"Given twice: {', '.join(twice)}.")


def _recent(client: Commvault, targets: list[Target]) -> dict[int, list[Row]]:
    """The jobs of each target's subclient that still run or have ended within the last hour; those of all files and databases in one go."""
    found: dict[int, list[Row]] = {0: []}
    found |= file_history.recent(client, [target.source for target in targets if isinstance(target.source, FileSource)])
    for target in targets:
        if target.is_vms and target.subclient_id not in found:
            found[target.subclient_id] = jobs.recent(client, {"subclientId": target.subclient_id}, recovery_points.BACKUPS)
    return found


def _running(client: Commvault, target: Target, recent: list[Row]) -> Row | None:
    """A backup of the target that runs already, which is joined."""
    # Jobs of single VMs of the group carry the group's id, so that they have to be told apart from those of the whole group.
    running = [
        row for row in recent if row["outcome"] in ("active", "standing") and not row["parent"] and _is_of(client, target, row["id"])
    ]
    return running[-1] if running else None


def _is_of(client: Commvault, target: Target, job_id: int) -> bool:
    """Whether a running job of the subclient backs up this target."""
    if not target.is_vms:
        return True
    chosen = vm_lookup.chosen_vms(client, job_id)
    if not isinstance(target.source, VmSource):
        return not chosen
    held = chosen or {str(vm["uuid"]) for vm in job_reasons.vm_results(client, job_id)}
    return any(same_uuid(one, target.source.uuid) for one in held)


def _tells_nothing(client: Commvault, job_id: int) -> bool:
    """Whether it is not told, or not yet, which VMs a job backs up."""
    return not vm_lookup.chosen_vms(client, job_id) and not job_reasons.vm_results(client, job_id)


def _protections(client: Commvault, targets: list[Target]) -> list[Protection]:
    """What the backups of each target hold, and what has none that is whole."""
    of_files = file_history.last(client, [target.source for target in targets if isinstance(target.source, FileSource)])
    found = [_protection(client, target, of_files.get(target.subclient_id)) for target in targets]
    # What is kept of one VM is the whole job.
    parents = list(dict.fromkeys(one.last["parent"] for one in found if one.last and one.last["parent"]))
    whole = {record["id"]: record for record in jobs.current(client, parents)}
    return [dataclasses.replace(one, last=whole.get(one.last["parent"], one.last)) if one.last else one for one in found]


def _protection(client: Commvault, target: Target, point: recovery_points.RecoveryPoint | None) -> Protection:
    """point: the best backup of a subclient. That of a VM is asked for here, and the VMs of a group are looked at one by one."""
    if target.kind == "vm_group":
        return _group_protection(client, target)
    if isinstance(target.source, VmSource):
        point = recovery_points.best(target.source.recovery_points(client))
    if point is None:
        return Protection(None, (_system(target, NEVER),))
    return Protection(point.record, () if point.whole else (_system(target, _why(client, [point.record])),))


def _group_protection(client: Commvault, target: Target) -> Protection:
    """The last job of the whole group tells of most VMs. Of the others, the history of their own does."""
    point = next(target.source.recovery_points(client), None) if target.source else None
    if point is None:
        return Protection(None, tuple(_system(target, NEVER, vm) for vm in target.members or ()))
    told = vm_lookup.vm_results(client, point.record["id"])
    held = vm_lookup.whole_vms(point.record, told)
    wanted = told if target.members is None else target.members
    left = [vm for vm in wanted if str(vm["uuid"]).casefold() not in held]
    alone = _whole_alone(client, [str(vm["uuid"]) for vm in left])
    missing = [_system(target, _of_vm(vm, told) or NEVER, vm) for vm in left if str(vm["uuid"]).casefold() not in alone]
    return Protection(point.record, tuple(missing), held | alone)


def _whole_alone(client: Commvault, uuids: list[str]) -> frozenset[str]:
    """Of some VMs those whose own history has a whole backup, in lower case."""
    best = client.pool.read(lambda uuid: _best_of_vm(client, uuid), uuids)
    return frozenset(uuid.casefold() for uuid in uuids if (point := best[uuid]) and point.whole)


def _best_of_vm(client: Commvault, uuid: str) -> recovery_points.RecoveryPoint | None:
    source = vm_lookup.known_vm(client, uuid)
    return recovery_points.best(source.recovery_points(client)) if source else None


def _of_vm(vm: Row, told: list[Row]) -> str:
    """What jobs say of a VM that they did not back up in full; empty if they say nothing of it."""
    rows = [row for row in told if same_uuid(row["uuid"], vm["uuid"])]
    return "; ".join(dict.fromkeys(str(row["reason"] or f"Its job is {row['status'] or 'not known'}.") for row in rows))


def _system(target: Target, reason: str, vm: Row | None = None) -> Row:
    """Something without a whole backup: the target, or a VM of it."""
    source = target.source
    named = {"name": vm["name"], "uuid": vm["uuid"]} if vm else {"name": target.name, "uuid": None}
    if isinstance(source, VmSource):
        named["uuid"] = source.uuid
    kind = "vm" if target.is_vms else target.kind
    return {"kind": kind, "client": target.client, "instance": target.instance, **named, "reason": reason}


def _why(client: Commvault, records: list[Row]) -> str:
    """Why jobs are no whole backup."""
    told = [(record, job_reasons.failure(client, record) if record["outcome"] in jobs.ENDED else record["reason"]) for record in records]
    return " ".join(f"Job {record['id']} is {record['status'] or 'under way'}{': ' + why if why else '.'}" for record, why in told)


def _unprotected(client: Commvault, outcome: Outcome) -> list[Row]:
    """What of a target has no whole backup after its jobs."""
    step, records = outcome.means, _records(outcome)
    if step.protection is None or step.action == "kept":
        return []
    if step.target.is_vms:
        return _unprotected_vms(step.target, step.protection, records)
    whole = any(record["outcome"] == "success" for record in records)
    return [] if whole else [{**row, "reason": _why(client, records)} for row in step.protection.missing]


def _unprotected_vms(target: Target, protection: Protection, records: list[Row]) -> list[Row]:
    told = [vm for record in records for vm in record["virtual_machines"]]
    held = {uuid for record in records for uuid in vm_lookup.whole_vms(record, record["virtual_machines"])}
    missing = list(protection.missing)
    if target.kind == "vm_group" and target.members is None:
        # All that the group holds counts, whether it was there before or not.
        known = protection.held.union(str(row["uuid"]).casefold() for row in missing)
        missing += [_system(target, NEVER, vm) for vm in told if str(vm["uuid"]).casefold() not in known]
    absent = f"Job {', '.join(str(record['id']) for record in records)} does not tell of it."
    left = [row for row in missing if str(row["uuid"]).casefold() not in held]
    return [{**row, "reason": _of_vm(row, told) or absent} for row in left]


def _require_protection(client: Commvault, outcome: Outcome) -> None:
    """A job of VMs can say Completed having protected none: the vCenter did not answer, or the filters left nothing."""
    target: Target = outcome.means.target
    if outcome.means.action == "kept":
        return
    for record in _records(outcome):
        if not target.is_vms:
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
