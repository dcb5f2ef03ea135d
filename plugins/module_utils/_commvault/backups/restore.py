# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import time
import typing as t
import uuid

from ..._core.argspec import ArgumentSpec
from ..wire import replies
from . import jobs

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

# What restores of files, of VMs and of databases have in common: the frame of POST /CreateTask, and starting exactly one job.

Row = dict[str, t.Any]

RESTORE_TASK, RESTORE_OPERATION = 3, 1001
WHAT = ("vm", "vm_disk", "guest_files", "files", "sql")
OPTIONS = ArgumentSpec(
    {
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": 7200},
        "fail_on_partial": {"type": "bool", "default": True},
    },
    {"mutually_exclusive": [WHAT], "required_one_of": [WHAT]},
)
COMMCELL = 2
"""The id of the installation itself, the same in every source (cvpysdk hard-codes it)."""


def run_job(client: Commvault, association: Row, options: Row, client_ids: t.Collection[int], params: Row) -> Row:
    """Start one restore, and give the record of its job, after waiting for it where that is asked for; else its number alone.

    association: the source. options: restoreOptions. client_ids: of the source; restore jobs name it, but no subclient. Waiting only reads.
    """
    tag = f"calligo.baas restore {uuid.uuid4()}"
    job_id = _submit(client, _frame(association, options, tag), tag, client_ids)
    if not params["wait"]:
        return jobs.to_record({"jobId": job_id})
    records = jobs.wait(client, [job_id], params["wait_timeout"])
    jobs.require_success(client, records, params["fail_on_partial"])
    return records[0]


def _frame(association: Row, options: Row, tag: str) -> Row:
    """The body of POST /CreateTask for a restore that starts at once. tag: goes into the job's description, to know the job again."""
    return {
        "taskInfo": {
            "associations": [association],
            "task": {"taskType": 1, "initiatedFrom": 2, "policyType": 0, "taskFlags": {"disabled": False}},
            "subTasks": [
                {
                    "subTaskOperation": 1,
                    "subTask": {"subTaskType": RESTORE_TASK, "operationType": RESTORE_OPERATION},
                    "options": {"commonOpts": {"jobDescription": tag}, "restoreOptions": options},
                }
            ],
        }
    }


def browse_option(source: Row, until: int) -> Row:
    """Which backup to read: the latest before a moment. source: how the backup set is named.

    A restore takes the moment as text in the time zone beside it, where a browse takes epoch seconds (cvpysdk instance.py).
    """
    return {
        "listMedia": False,
        "useExactIndex": False,
        "noImage": False,
        "commCellId": COMMCELL,
        "liveBrowse": False,
        "backupset": source,
        "timeZone": {"TimeZoneName": "(UTC) Coordinated Universal Time"},
        "timeRange": {"toTimeValue": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(until))},
        "mediaOption": {
            "mediaAgent": {"mediaAgentName": ""},
            "proxyForSnapClients": {"clientName": ""},
            "library": {},
            "drivePool": {},
            "copyPrecedence": {"copyPrecedenceApplicable": False, "copyPrecedence": 0},
        },
    }


def _submit(client: Commvault, body: Row, tag: str, client_ids: t.Collection[int]) -> int:
    """Start the restore once, and give its job.

    After a broken connection the job is looked for by its source, and told from others of the same source by its tag.
    """

    def of_source() -> set[int]:
        return {row["id"] for row in jobs.recent(client, {}, [jobs.RESTORE]) if row["client_id"] in client_ids}

    known = of_source()

    def look() -> set[int]:
        return known | {job_id for job_id in of_source() - known if _is_tagged(client, job_id, tag)}

    return jobs.start(lambda: client.post("/CreateTask", body), look, client.clock, known)[0]


def _is_tagged(client: Commvault, job_id: int, tag: str) -> bool:
    """Whether a job was made by our request. Where the server does not show a job's description, the doubt counts for it."""
    reply = client.get(f"/Job/{job_id}/TaskDetails", absent=(404,)) or {}
    for task in replies.listed((reply.get("taskInfo") or {}).get("subTasks")):
        description = ((task.get("options") or {}).get("commonOpts") or {}).get("jobDescription")
        if description is not None:
            return bool(description == tag)
    return True
