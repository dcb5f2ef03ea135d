# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.errors import BaasError
from ..wire.replies import listed, number, part, text

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

# Why jobs failed, or do not go on: lists of jobs do not tell.

Row = dict[str, t.Any]
MINOR = 3
"""Severity of events: 0 information, 3 minor, 6 major, 9 critical."""


def failure(client: Commvault, record: Row) -> str:
    """The server's words for a failure: the pending reason, else the VMs' reasons, else the job's events.

    A reason that cannot be had is left out: that the job failed is more important, and it may have aged out meanwhile.
    """
    try:
        return str(record["reason"] or _asked(client, record))
    except BaasError:
        return ""


def _asked(client: Commvault, record: Row) -> str:
    reasons = [f"{vm['name']}: {vm['reason']}" for vm in vm_results(client, record["id"]) if vm["reason"]]
    if reasons:
        return "; ".join(reasons)
    events = [event for event in client.rows("/Events", "commservEvents", {"jobId": record["id"]}) if event.get("description")]
    telling = [event for event in events if number(event, "severity") >= MINOR] or events
    return "; ".join(str(event["description"]) for event in telling)


def vm_results(client: Commvault, job_id: int) -> list[Row]:
    """Per VM of a virtual server job: its child job, when it was its turn (epoch seconds, 0 for unknown), and why it failed.

    The integer Status is not published and not used.
    """
    status = part(_detail(client, job_id), "clientStatusInfo").get("vmStatus")
    return [
        {
            "name": vm.get("vmName"),
            "uuid": vm.get("GUID"),
            "job_id": number(vm, "jobID") or None,
            "reason": text(vm, "FailureReason") or "",
            "restored_name": text(vm, "destinationVMName"),
            "start_time": number(vm, "BackupStartTime"),
            "end_time": number(vm, "BackupEndTime"),
        }
        for vm in listed(status)
    ]


def add_delays(client: Commvault, records: list[Row]) -> None:
    """Note in records of jobs that wait what they wait for, as a queued one does for its activity to be enabled again.

    A reason that cannot be had is left out: what is being told already is more important.
    """

    def delay(job_id: int) -> str:
        try:
            return text(_detail(client, job_id), "progressInfo", "reasonForJobDelay") or ""
        except BaasError:
            return ""

    silent = {int(record["id"]): record for record in records if not record["reason"]}
    answers = client.pool.read(delay, silent)
    for job_id, record in silent.items():
        record["reason"] = answers[job_id]


def _detail(client: Commvault, job_id: int) -> Row:
    """The rest of a job (POST /JobDetails; cvpysdk job.py)."""
    return part(client.query("/JobDetails", {"jobId": job_id, "showAttempt": True}), "job", "jobDetail")
