# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""How well systems are protected: figures of their jobs, each of which is looked at once and then forgotten, but for those of the period.

SLA, met, missed, excluded and strike are Commvault's (its documentation, "SLA (Service Level Agreement) and Strikes", "SLA Report"):

- A client meets SLA when each of its subclients has at least one successful full, incremental, differential or log backup in the window;
  a VM with an agent inside when either that of the VM or all those of the agent do.
- A backup of files or of a VM is unsuccessful if it failed or was killed, one of databases also if it completed with errors. A synthetic
  full counts for nothing.
- Excluded is what has its backups disabled, is deconfigured, gone from the vCenter, flagged, or too new. SLA % is met of met and missed.
- Strikes are the latest backups of a subclient in a row that failed or were killed.

Beside these stands a state that is stricter: a system whose last backup was partial is not protected, as far as its errors go.
"""

from __future__ import annotations

import collections
import dataclasses
import typing as t

from .exceptions import over
from .protection_scope import System
from .report_period import Period

Row = dict[str, t.Any]

SQL_SERVER, VIRTUAL_SERVER = 81, 106
"""Application ids; whatever is neither is a file system."""
OUTCOMES = ("success", "partial", "failed")
STATES = ("failed", "never_ran", "partly", "missed", "not_in_group", "vm_gone", "disabled", "unknown", "excepted", "protected")
"""Those that call for something to be done first."""
WRONG = ("failed", "never_ran", "partly", "missed", "not_in_group", "disabled", "unknown")
FINE_FOR_DATABASES = ("completed", "completed w/ one or more warnings")
SLA = ("met", "missed", "excluded", "unknown")
RED = 3
"""Strikes that Commvault shows as three red dots."""


class Job(t.NamedTuple):
    """A backup job, in plain values. start, end: epoch seconds, end 0 while it runs. company_id: 0 the provider, None where not told.

    code: of the reason, as lists of jobs tell it, such as 19:1131.
    """

    id: int
    parent: int
    synthetic: bool
    level: str
    status: str
    outcome: str
    start: int
    end: int
    client_id: int
    client: str
    application: int
    instance: str
    subclient: str
    subclient_id: int
    company_id: int | None
    application_bytes: int
    media_bytes: int
    objects: int
    failed_objects: int
    reason: str
    code: str = ""


@dataclasses.dataclass
class Vm:
    """A VM as Commvault knows it. client_id: of its own jobs. sla: Commvault's word, such as met_sla. last_success: epoch seconds."""

    uuid: str
    name: str
    client_id: int
    company_id: int | None
    group: str
    sla: str = ""
    last_success: int = 0


@dataclasses.dataclass
class Platform:
    """What Commvault says beside its jobs. None for what could not be read.

    companies: company id by tenant, None for a company that is not there. clients: (name, company id, whether it answers, whether it is
    configured) by client id. groups: (company id, name) of VM groups, by subclient id. problems: sentences on what could not be read.
    """

    companies: dict[str, int | None] = dataclasses.field(default_factory=dict)
    clients: dict[int, tuple[str, int | None, bool | None, bool]] | None = None
    vms: list[Vm] | None = None
    groups: dict[int, tuple[int | None, str]] | None = None
    jobs_read: bool = True
    problems: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Found:
    """What a look at a system itself said: whether it exists and its backups are on; None where nobody looked or it was not told.

    last_backup: epoch seconds of the last of all backups, 0 for never.
    """

    exists: bool | None = None
    enabled: bool | None = None
    excluded: bool = False
    last_backup: int | None = None


@dataclasses.dataclass
class History:
    """What is kept of a system's jobs. Times are the end of jobs, in epoch seconds; 0 for none."""

    last: Job | None = None
    last_good: int = 0
    sla_good: int = 0
    last_partial: int = 0
    strikes: int = 0
    strikes_open: bool = True
    running: int = 0
    full_bytes: int = 0
    days: dict[int, list[int]] = dataclasses.field(default_factory=dict)
    counts: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    jobs: list[Row] = dataclasses.field(default_factory=list)


def sla_success(kind: str, status: str, outcome: str) -> bool:
    """Whether Commvault counts a backup with this ending as a successful one."""
    return status.strip().casefold() in FINE_FOR_DATABASES if kind == "database" else outcome in ("success", "partial")


class Figures:
    """Takes jobs, newest first, and gives what they say of systems.

    accept_unknown: whether a job whose owner nobody tells counts for the system of its name.
    """

    def __init__(self, systems: t.Iterable[System], period: Period, platform: Platform, accept_unknown: bool = False) -> None:
        self.period = period
        self.platform = platform
        self.systems = {system.id: system for system in systems}
        self.histories = {identifier: History() for identifier in self.systems}
        self.found: dict[str, Found] = collections.defaultdict(Found)
        self.not_attributed = 0
        self.whole_groups: list[Job] = []
        self.traffic: dict[str, dict[int, list[int]]] = {}
        self._accept_unknown = accept_unknown
        self._sla_from = {days: period.before(days) for days in {system.sla_days for system in self.systems.values()}}
        self._parents: set[int] = set()
        self._index()

    def _index(self) -> None:
        self._by_part: dict[tuple[str, str, str, str], str] = {}
        self._by_uuid: dict[tuple[int | None, str], str] = {}
        self._by_group: dict[tuple[int | None, str], list[str]] = collections.defaultdict(list)
        for system in self.systems.values():
            company = self.platform.companies.get(system.tenant)
            if system.kind == "vm":
                self._by_uuid[(company, system.uuid.casefold())] = system.id
                self._by_group[(company, system.group.casefold())].append(system.id)
            else:
                part = system.name.rpartition(", ")[2]
                self._by_part[(system.kind, system.client.casefold(), system.group.casefold(), part.casefold())] = system.id
        self._by_client = {
            vm.client_id: self._by_uuid.get((vm.company_id, vm.uuid.casefold()))
            for vm in self.platform.vms or ()
            if vm.company_id is not None
        }
        self._ready: dict[tuple[int | None, str], list[bool | None]] = collections.defaultdict(list)
        for name, company, ready, _configured in (self.platform.clients or {}).values():
            self._ready[(company, name.casefold())].append(ready)
        self.vms = {(vm.company_id, vm.uuid.casefold()): vm for vm in self.platform.vms or ()}

    # Jobs

    def add(self, job: Job) -> None:
        """Count a job. One that began after the period is none of it, and one that ended after it was still running."""
        if job.start > self.period.end:
            return
        if job.end > self.period.end:
            job = job._replace(end=0, outcome="active", status="Running")
        if job.parent:
            self._parents.add(job.parent)
            self._count(self._of_vm(job), job)
        elif job.application == VIRTUAL_SERVER:
            self._add_group(job)
        else:
            self._count(self._of_part(job), job)

    def _add_group(self, job: Job) -> None:
        """A job of a VM group. What it came to is in the jobs of its VMs; without any, it failed before it knew them."""
        if job.id in self._parents:
            self._parents.discard(job.id)
        elif job.client_id in self._by_client:
            # The job of a single VM that no group started.
            self._count(self._by_client[job.client_id], job)
        elif job.outcome == "failed":
            for identifier in self._by_group.get((self._owner(job), job.subclient.casefold()), ()):
                self._count(identifier, job)
        elif job.outcome in ("success", "partial") and not job.synthetic:
            self.whole_groups.append(job)

    def add_vm_results(self, job: Job, results: t.Iterable[t.Mapping[str, t.Any]]) -> None:
        """What became of each VM of a job in whole_groups: uuid, reason. Servers that give VMs no job of their own tell it in details."""
        company, told = self._owner(job), list(results)
        # An error of the job is not about a VM if it is explained by others.
        explained = job.outcome == "success" or any(result.get("reason") for result in told)
        for result in told:
            reason = str(result.get("reason") or "")
            outcome, status = ("failed", "Failed") if reason else ("success", "Completed") if explained else (job.outcome, job.status)
            identifier = self._by_uuid.get((company, str(result.get("uuid")).casefold()))
            self._count(identifier, job._replace(outcome=outcome, status=status, reason=reason, application_bytes=0, media_bytes=0))

    def _of_vm(self, job: Job) -> str | None:
        identifier = self._by_client.get(job.client_id)
        return identifier if self._is_own(identifier, job) else None

    def _of_part(self, job: Job) -> str | None:
        kind = "database" if job.application == SQL_SERVER else "file"
        instance = job.instance.casefold() if kind == "database" else ""
        identifier = self._by_part.get((kind, job.client.casefold(), instance, job.subclient.casefold()))
        return identifier if self._is_own(identifier, job) else None

    def _is_own(self, identifier: str | None, job: Job) -> bool:
        """Whether a job is the tenant's, by its owner or that of its client: the server's own filter is not relied on."""
        if identifier is None:
            return False
        owner = self._owner(job)
        if owner is None:
            self.not_attributed += not self._accept_unknown
            return self._accept_unknown
        return owner == self.platform.companies.get(self.systems[identifier].tenant)

    def _owner(self, job: Job) -> int | None:
        if job.company_id is not None:
            return job.company_id
        known = (self.platform.clients or {}).get(job.client_id)
        return known[1] if known else None

    def _count(self, identifier: str | None, job: Job) -> None:
        if identifier is None:
            return
        system, history = self.systems[identifier], self.histories[identifier]
        moment = job.end or job.start
        if job.end == 0 or moment >= self.period.start:
            history.jobs.append(_shown(job))
        if job.outcome not in OUTCOMES:
            history.running += 1
            return
        day = self.period.day_of(job.start)
        if day is not None:
            _add_traffic(self.traffic.setdefault(system.tenant, {}), day, job)
        if job.synthetic:
            return
        if day is not None:
            history.days.setdefault(day, [0, 0, 0])[OUTCOMES.index(job.outcome)] += 1
        history.counts[job.outcome] += 1
        self._judge(system, history, job)

    def _judge(self, system: System, history: History, job: Job) -> None:
        if history.last is None:
            history.last = job
        if job.outcome == "success":
            history.last_good = max(history.last_good, job.end)
            if job.level.casefold() == "full" and not history.full_bytes:
                history.full_bytes = job.application_bytes
        elif job.outcome == "partial":
            history.last_partial = max(history.last_partial, job.end)
        if job.outcome != "failed":
            history.strikes_open = False
        elif history.strikes_open:
            history.strikes += 1
        if sla_success(system.kind, job.status, job.outcome) and job.end > self._sla_from[system.sla_days]:
            history.sla_good = max(history.sla_good, job.end)

    def earliest(self) -> int:
        """From when on jobs are needed, in epoch seconds."""
        return min([self.period.history_start, self.period.start, *self._sla_from.values()])

    # What a second look says

    def look(self, identifier: str, rows: t.Iterable[t.Mapping[str, t.Any]]) -> None:
        """Note whether a subclient exists and is on. rows: the subclients of its client, see Found for their keys."""
        system = self.systems[identifier]
        name = system.name.rpartition(", ")[2].casefold()
        same = [
            row
            for row in rows
            if row["database"] == (system.kind == "database")
            and row["name"].casefold() == name
            and (system.kind != "database" or row["instance"].casefold() == system.group.casefold())
        ]
        told = [Found(True, row["enabled"], row["excluded"], row["last_backup"]) for row in same]
        self.found[identifier] = told[0] if told else Found(exists=False)

    def owns_client(self, system: System) -> bool | None:
        """Whether the client of a subclient belongs to the system's tenant; None where nobody tells whose it is.

        What another tenant has under the same name says nothing of the system.
        """
        name = system.client.casefold()
        if (self.platform.companies.get(system.tenant), name) in self._ready:
            return True
        return (True if self._accept_unknown else None) if (None, name) in self._ready else False

    def groups_of(self, systems: t.Iterable[System]) -> dict[str, int | None]:
        """The VM group of each VM, by its number; None for one that does not exist. Empty where groups could not be read."""
        if self.platform.groups is None:
            return {}
        known = {(company, name.casefold()): number for number, (company, name) in self.platform.groups.items()}
        return {system.id: known.get((self.platform.companies.get(system.tenant), system.group.casefold())) for system in systems}

    def unexplained(self) -> list[int]:
        """Jobs that did not succeed and do not say why, the latest of each system before the others of the period."""
        latest = [history.last.id for history in self.histories.values() if history.last and _silent(history.last._asdict())]
        others = [job["id"] for history in self.histories.values() for job in history.jobs if _silent(job)]
        return list(dict.fromkeys([*sorted(latest, reverse=True), *sorted(others, reverse=True)]))

    def explain(self, reasons: t.Mapping[int, str]) -> None:
        """Note why jobs did not succeed, by their numbers."""
        for history in self.histories.values():
            if history.last and history.last.id in reasons:
                history.last = history.last._replace(reason=reasons[history.last.id])
            for job in history.jobs:
                job["reason"] = reasons.get(job["id"], "") or job["reason"]

    # Judgement

    def state(self, identifier: str) -> str:
        """One of STATES."""
        return "excepted" if self._excepted(self.systems[identifier]) else self.otherwise(identifier)

    def _excepted(self, system: System) -> bool:
        """Whether the specification wants no backup on the day on which the period ends."""
        return bool(system.exception) and not over(system.exception_until, self.period.days[-1])

    def otherwise(self, identifier: str) -> str:
        """The state, were there no exception in the specification."""
        system, history, found = self.systems[identifier], self.histories[identifier], self.found[identifier]
        if system.in_vcenter is False:
            return "vm_gone"
        if not self._readable(system):
            return "unknown"
        if not system.enabled or found.enabled is False:
            return "disabled"
        if found.exists is False or self.platform.companies.get(system.tenant) is None:
            return "not_in_group"
        return self._by_jobs(system, history)

    def _readable(self, system: System) -> bool:
        """Whether enough could be read to tell anything of a system."""
        needed = self.platform.vms if system.kind == "vm" else self.platform.clients
        return self.platform.jobs_read and needed is not None and system.tenant in self.platform.companies

    def _by_jobs(self, system: System, history: History) -> str:
        if history.last is None:
            return "never_ran" if self._never_ran(system) else "missed"
        if history.last.outcome != "success":
            return "failed" if history.last.outcome == "failed" else "partly"
        return "protected" if self.rpo_met(system.id) else "missed"

    def _never_ran(self, system: System) -> bool:
        """Whether it is known that a system without jobs in the history had none before either."""
        if system.kind == "vm":
            known = self.known_vm(system.id)
            return known is None or not known.last_success
        return self.found[system.id].last_backup == 0

    def last_good(self, identifier: str) -> int:
        """When the last backup without errors ended, in epoch seconds; 0 for never. Of VMs Commvault tells it beyond the history, too."""
        known = self.known_vm(identifier)
        told = known.last_success if known and not self.histories[identifier].last else 0
        return self.histories[identifier].last_good or (told if told <= self.period.end else 0)

    def known_vm(self, identifier: str) -> Vm | None:
        """The VM as Commvault knows it."""
        system = self.systems[identifier]
        return self.vms.get((self.platform.companies.get(system.tenant), system.uuid.casefold())) if system.kind == "vm" else None

    def rpo_met(self, identifier: str) -> bool:
        """Whether the last good backup is no older than the plan's recovery point objective; without one, than its SLA days."""
        system, good = self.systems[identifier], self.last_good(identifier)
        limit = self.period.end - system.rpo_seconds if system.rpo_seconds else self._sla_from[system.sla_days]
        return bool(good) and good >= limit

    def sla(self, identifier: str) -> str:
        """One of SLA, for one subclient or VM."""
        system, history, found = self.systems[identifier], self.histories[identifier], self.found[identifier]
        known = self.known_vm(identifier)
        if system.in_vcenter is False or not system.enabled or found.enabled is False or found.excluded:
            return "excluded"
        if known and known.sla in ("excluded_sla", "yet_to_be_protected") and not history.sla_good:
            return "excluded"
        if not self._readable(system):
            return "unknown"
        return "met" if history.sla_good else "missed"

    def sla_by_client(self) -> dict[tuple[str, str], str]:
        """One of SLA for each client, by tenant and the client's name in lower case."""
        vms: dict[tuple[str, str], list[str]] = collections.defaultdict(list)
        agents: dict[tuple[str, str], list[str]] = collections.defaultdict(list)
        for system in self.systems.values():
            kind = vms if system.kind == "vm" else agents
            kind[(system.tenant, system.client.casefold())].append(self.sla(system.id))
        return {key: _either(_all(vms[key]), _all(agents[key])) for key in sorted({*vms, *agents})}

    def agent_ready(self, system: System) -> bool | None:
        """Whether Commvault reaches the agent of a system; None where it does not say, and for VMs, which have none."""
        if system.kind == "vm":
            return None
        answers = self._ready.get((self.platform.companies.get(system.tenant), system.client.casefold()), [])
        return answers[0] if len(answers) == 1 else None


def _all(parts: list[str]) -> str | None:
    """What the parts of a client come to; None where there are none. What is excluded has no say."""
    counted = {part for part in parts if part != "excluded"}
    if not counted:
        return "excluded" if parts else None
    return next(answer for answer in ("missed", "unknown", "met") if answer in counted)


def _either(vm: str | None, agent: str | None) -> str:
    answers = {vm, agent} - {None}
    return str(next(answer for answer in ("met", "unknown", "missed", "excluded") if answer in answers))


def percent(met: int, missed: int) -> float | None:
    """The share in percent, rounded down to a tenth, so that 100 means all; None where nothing counts."""
    return (1000 * met // (met + missed)) / 10 if met + missed else None


def _silent(job: t.Mapping[str, t.Any]) -> bool:
    return job["outcome"] in ("partial", "failed") and not job["reason"]


def _add_traffic(days: dict[int, list[int]], day: int, job: Job) -> None:
    """Bytes read and bytes written on a day."""
    sums = days.setdefault(day, [0, 0])
    sums[0] += job.application_bytes
    sums[1] += job.media_bytes


def _shown(job: Job) -> Row:
    return {
        "id": job.id,
        "level": job.level,
        "status": job.status,
        "outcome": job.outcome,
        "synthetic": job.synthetic,
        "start": job.start,
        "end": job.end,
        "application_bytes": job.application_bytes,
        "media_bytes": job.media_bytes,
        "objects": job.objects,
        "failed_objects": job.failed_objects,
        "reason": job.reason,
    }
