# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The records of VMs: which backup jobs need one, and what the configuration was that each of them took.

A backup does not tell what the VM was like, and vCenter tells what it is like now. So a configuration that was read at some time is
proven to be the one that a backup took if nothing that is compared (CPUs, memory, disks, network cards, settings) was changed between the
reading and the backup, whichever came first. Readings are the one of this run, and those in earlier records. Three things prove it:

- vCenter's config.modified is before the backup: nothing at all was changed since.
- vCenter's events of the VM are known for all of that time, and none of them may have changed anything that is compared. This is the
  usual case: the snapshot that a backup takes, and removes again, is itself a modification.
- The job is a synthetic full, which reads no VM: it holds what the backup before it held.

All times are put on the clock of the machine that runs this; how far the servers' clocks are ahead of it is measured. Before and after
a backup there is a margin, in which a change counts as one during the backup: then nobody knows which state it took.
"""

from __future__ import annotations

import dataclasses
import datetime
import math
import typing as t

from .names import safe_file_name

Row = t.Mapping[str, t.Any]
Record = dict[str, t.Any]
Known = t.Mapping[int, Row]
"""Records of VMs by the number of their backup job."""

USABLE = ("success", "partial")
SYNTHETIC = "synth"
"""What type and level of a synthetic full have in common, in Commvault's words."""
NEEDED = ("config.hardware.device", "config.hardware.numCPU", "config.hardware.memoryMB")
"""How M(calligo.baas.vcenter_vm_facts) names, in unreadable, what a backup is compared by."""


@dataclasses.dataclass(frozen=True)
class Clocks:
    """By how many seconds the servers' clocks are ahead of this machine's; that of Commvault may not be known. margin: seconds."""

    commvault: float | None
    vcenter: float
    margin: float


def work(jobs: Row, known: Known, margin: float) -> Record:
    """What has to be read for the records that are missing: jobs (numbers, the newest first), and since when vCenter's events matter.

    jobs: the result of M(calligo.baas.commvault_job_info) for the hypervisor, newest first, with its clock. known: the records.
    A job without a record needs one; one whose record leaves a VM unproven that no newer record has is looked at again.
    """
    ended = [job for job in _groups(jobs) if job["outcome"] in USABLE]
    due: list[Row] = []
    newer: set[str] = set()
    for job in ended:
        record = known.get(int(job["id"]))
        if record is None or any(_unproven(vm) and _uuid(vm) not in newer for vm in record["vms"]):
            due.append(job)
        newer |= {_uuid(vm) for vm in (record or {}).get("vms") or []}
    ahead = _ahead(jobs.get("clock")) or 0
    since = min((_from(job, ahead, known) for job in due), default=0.0) - margin - 1
    return {"jobs": [int(job["id"]) for job in due], "since": _iso(since) if due else None}


def _from(job: Row, ahead: float, known: Known) -> float:
    """When the VMs of a job's group were last read before it: that covers the job, too, if nothing was changed in between."""
    begin = _seconds(job["start_time"]) - ahead
    group = [record for record in known.values() if record["vm_group"] == job["subclient"]]
    return max((time for record in group for vm in record["vms"] if (time := _read_at(vm, record)) <= begin), default=begin)


def records(read: Row, about: Row, known: Known, margin: float) -> list[Record]:
    """The records to write, as M(calligo.baas.evidence_files) takes them: those of jobs without one, and those that got better.

    read: listed, due and vms, results of M(calligo.baas.commvault_job_info), that of work() and with virtual_machines, and of
    M(calligo.baas.vcenter_vm_facts). about: tenant, hypervisor and recorded_at.
    """
    facts = read["vms"]["ansible_facts"]
    clocks = Clocks(_ahead(read["due"].get("clock")), facts["vcenter_clock"]["ahead_seconds"], margin)
    listed = {int(job["id"]) for job in read["listed"]["jobs"]}
    judge = _Judge(clocks, facts, listed, dict(known), _readings(known), {_uuid(vm): vm for vm in facts["vcenter_vms"] if _uuid(vm)})
    written = []
    for job in sorted(read["due"]["jobs"], key=lambda row: int(row["id"])):
        number, group = int(job["id"]), str(job["subclient"])
        before = known.get(number)
        vms = judge.vms(job, {_uuid(vm): vm for vm in (before or {}).get("vms") or []})
        content = {
            "kind": "vms",
            "tenant": about["tenant"],
            "hypervisor": about["hypervisor"],
            "vm_group": group,
            "backup_job": number,
            "recorded_at": about["recorded_at"],
            "vms": vms,
        }
        judge.known[number] = content
        if before is None or vms != _sorted(before["vms"]):
            written.append({"name": f"vms-{safe_file_name(group)}-job-{number}.json", "content": content})
    return written


def open_points(jobs: Row, known: Known) -> list[Record]:
    """What no record covers, each with name and reason: backups that run, VMs whose newest backup is unproven, jobs not looked at."""
    running = [job for job in _groups(jobs) if job["outcome"] in ("active", "standing")]
    found = [_open(str(job["subclient"]), f"job {job['id']} has not ended; it is recorded when it has") for job in running]
    newest: dict[str, tuple[int, Row]] = {}
    for job in _groups(jobs):
        for vm in (known.get(int(job["id"])) or {}).get("vms") or []:
            newest.setdefault(_uuid(vm), (int(job["id"]), vm))
    for number, vm in sorted(newest.values(), key=lambda pair: str(pair[1].get("name"))):
        if _unproven(vm):
            found.append(_open(str(vm.get("name")), f"job {number} is unproven: {vm['proof']['reason']}"))
    more = int(jobs.get("total") or 0) - len(jobs["jobs"])
    return [*found, _open("VMs", f"{more} older jobs were not looked at")] if more > 0 else found


@dataclasses.dataclass
class _Judge:
    """Tells what VMs were when they were backed up.

    facts: of M(calligo.baas.vcenter_vm_facts), with the set changes. listed: the numbers of all jobs of the time that is looked at.
    known: grows with each record that is made, since a synthetic full needs those of the backups before it.
    readings: of earlier runs, see _readings(). seen: the VMs of facts by their UUID.
    """

    clocks: Clocks
    facts: Row
    listed: set[int]
    known: dict[int, Row]
    readings: dict[str, list[tuple[float, Row]]]
    seen: dict[str, Row]

    def vms(self, job: Row, before: dict[str, Row]) -> list[Row]:
        """The VMs of a job's record. before: those that its record has, of which only an unproven one is judged again."""
        made = dict(before)
        for row in job["virtual_machines"]:
            kept = before.get(_uuid(row))
            if row["outcome"] != "failed" and (kept is None or _unproven(kept)):
                found = self._vm(row, job)
                if kept is None or not _unproven(found):
                    made[_uuid(row)] = found
        return _sorted(made.values())

    def _vm(self, row: Row, job: Row) -> Record:
        if SYNTHETIC in str(job.get("type")).casefold() or SYNTHETIC in str(job.get("level")).casefold():
            return self._as_before(row, job)
        present = self._present(row)
        if self.clocks.commvault is None:
            return _unproved(present or _named(row), "Commvault's answers have no date: its clock cannot be compared with vCenter's")
        begin = _seconds(row.get("start_time") or job["start_time"]) - self.clocks.commvault - self.clocks.margin
        # Times of jobs are in whole seconds, cut off.
        end = _seconds(row.get("end_time") or job["end_time"]) - self.clocks.commvault + self.clocks.margin + 1
        if present is None:
            earlier = next((vm for time, vm in self.readings.get(_uuid(row), []) if time <= begin), None)
            return _unproved(earlier or _named(row), self._absence(row))
        return self._compared(present, begin, end)

    def _compared(self, present: Record, begin: float, end: float) -> Record:
        if present["modified"] is not None and _seconds(present["modified"]) - self.clocks.vcenter <= begin:
            return _proved(present, f"vCenter: the configuration was last modified at {present['modified']}, before the backup")
        history = _History(self.seen[_uuid(present)]["changes"], self.clocks.vcenter)
        trouble = history.trouble(begin, math.inf, end)
        if trouble is None:
            return _proved(present, f"vCenter's events since {_iso(begin)}: no change of CPUs, memory, disks, network cards or settings")
        for time, vm in self.readings.get(_uuid(present), []):
            span = min(time - self.clocks.margin, begin), max(time + self.clocks.margin, end)
            if vm["moid"] == present["moid"] and history.trouble(*span, end) is None:
                return _proved(vm, f"read at {_iso(time)}, and vCenter's events have no change between then and the backup")
        return _unproved(present, trouble)

    def _as_before(self, row: Row, job: Row) -> Record:
        """A synthetic full is put together from earlier backups, and reads no VM. One that is not listed may not be the last before it."""
        for number in sorted((known for known in self.known if known < int(job["id"]) and known in self.listed), reverse=True):
            vm = next((vm for vm in self.known[number]["vms"] if _uuid(vm) == _uuid(row)), None)
            if vm is not None and _unproven(vm):
                return _unproved(vm, f"a synthetic full of the backup of job {number}, of which {vm['proof']['reason']}")
            if vm is not None:
                how = (vm.get("proof") or {}).get("how") or "recorded when it was started"
                return _proved(vm, f"a synthetic full of the backup of job {number}: {how}")
        return _unproved(_named(row), "a synthetic full, and none of the backups that it was made from is recorded")

    def _present(self, row: Row) -> Record | None:
        """The VM as it is now, with when that was read, and the version of its configuration; None if that cannot be seen."""
        vm = self.seen.get(_uuid(row))
        if vm is None or set(NEEDED) & set(vm.get("unreadable") or ()):
            return None
        clock = self.facts["vcenter_clock"]
        facts = {key: value for key, value in vm.items() if key != "changes"}
        facts["read_at"] = _iso(_seconds(clock["time"]) - clock["ahead_seconds"])
        return {**facts, "modified": vm["changes"]["modified"], "change_version": vm["changes"]["version"]}

    def _absence(self, row: Row) -> str:
        if _uuid(row) in self.seen:
            return "vCenter withholds the VM's configuration from this user"
        if any(vm.get("name") == row["name"] and not vm.get("instance_uuid") for vm in self.facts["vcenter_vms"]):
            return "vCenter cannot read the VM's configuration now: it is not accessible"
        if self.facts.get("vcenter_vms_problems"):
            return f"vCenter told only a part of the VMs: {' '.join(self.facts['vcenter_vms_problems'])}"
        return "vCenter does not show the VM in the tenant's folder any more"


@dataclasses.dataclass(frozen=True)
class _History:
    """The fact changes of a VM, and by how many seconds the clock that its times are of is ahead of this machine's."""

    changes: Row
    ahead: float

    def trouble(self, begin: float, end: float, ended: float) -> str | None:
        """Why it is not certain that nothing was changed in a span of time; None if it is. ended: when the backup had ended."""
        if self.changes.get("problem"):
            return f"vCenter's events of the VM cannot be read ({self.changes['problem']})"
        if self.changes["since"] is None:
            return "the configuration was modified, and vCenter shows no event that tells what was changed"
        since = _seconds(self.changes["since"]) - self.ahead
        if since > begin:
            return f"vCenter's events go back to {_iso(since)} only, and are needed from {_iso(begin)} on"
        for event in self.changes["events"]:
            time = _seconds(event["time"]) - self.ahead
            if begin <= time <= end:
                when = "after the backup" if time > ended else "while it was backed up, or just before or after"
                return f"{event['event']} by {event['user']} at {_iso(time)}, {when}, may have changed {', '.join(event['touches'])}"
        return None


def _groups(jobs: Row) -> list[Row]:
    """The jobs of VM groups: those of single VMs belong to one of them."""
    return [job for job in jobs["jobs"] if not job.get("parent")]


def _readings(known: Known) -> dict[str, list[tuple[float, Row]]]:
    """When VMs were read for records, and what they were, by UUID, the newest first."""
    found: dict[str, list[tuple[float, Row]]] = {}
    for record in known.values():
        for vm in record["vms"]:
            if vm.get("moid"):
                found.setdefault(_uuid(vm), []).append((_read_at(vm, record), vm))
    return {uuid: sorted(pairs, key=lambda pair: -pair[0]) for uuid, pairs in found.items()}


def _read_at(vm: Row, record: Row) -> float:
    """Records of old have only the time of the whole record, which was made at once after the reading."""
    return _seconds(vm.get("read_at") or record["recorded_at"])


def _proved(vm: Row, how: str) -> Record:
    return {**vm, "proof": {"state": "proven", "how": how}}


def _unproved(vm: Row, reason: str) -> Record:
    return {**vm, "proof": {"state": "unproven", "reason": reason}}


def _unproven(vm: Row) -> bool:
    return (vm.get("proof") or {}).get("state") == "unproven"


def _named(row: Row) -> Record:
    """What a job tells of a VM that nothing else is known of."""
    return {"name": row["name"], "instance_uuid": row["uuid"]}


def _uuid(vm: Row) -> str:
    return str(vm.get("instance_uuid") or vm.get("uuid") or "").casefold()


def _sorted(vms: t.Iterable[Row]) -> list[Row]:
    return sorted(vms, key=lambda vm: (str(vm.get("name")), _uuid(vm)))


def _open(name: str, reason: str) -> Record:
    return {"name": name, "reason": reason}


def _ahead(clock: Row | None) -> float | None:
    return (clock or {}).get("ahead_seconds")


def _seconds(text: t.Any) -> float:
    """Seconds since 1970 from ISO 8601."""
    return datetime.datetime.fromisoformat(str(text)).timestamp()


def _iso(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(math.floor(seconds), datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
