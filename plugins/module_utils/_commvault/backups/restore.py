# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import time
import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.engine import Outcome, Step, Work
from ..._core.errors import NotFound
from . import jobs

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

# What restores of files, of VMs and of databases have in common: exactly one job is started, waited for, and judged by what it brought.

Row = dict[str, t.Any]

RESTORE_TASK, RESTORE_OPERATION = 3, 1001
WHAT = ("vm", "vm_disk", "guest_files", "files", "sql")
OPTIONS = ArgumentSpec(
    {
        "description": {"type": "str"},
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": 7200},
        "fail_on_partial": {"type": "bool", "default": True},
    },
    {"mutually_exclusive": [WHAT], "required_one_of": [WHAT]},
)
COMMCELL = 2
"""The id of the installation itself, the same in every source (cvpysdk hard-codes it)."""
COMMON_OPTIONS: Row = {
    # The last level of each path is rebuilt below the destination: D:\Data\x becomes <folder>\x.
    "preserveLevel": 1,
    "stripLevelType": 0,
    "stripLevel": 0,
    "wildCard": False,
    "allVersion": False,
    "includeAgedData": False,
    "validateOnly": False,
    "restoreToDisk": False,
    "indexFreeRestore": False,
    "systemStateBackup": False,
    "clusterDBBackedup": False,
    "onePassRestore": False,
    "powerRestore": False,
}
"""commonOptions, as far as they are the same for VMs, disks and files."""


@dataclasses.dataclass(frozen=True)
class Task:
    """What starts a restore. association: the source. options: restoreOptions.

    client_ids: of the source; restore jobs name it, but no subclient.
    """

    association: Row
    options: Row = dataclasses.field(repr=False)
    client_ids: frozenset[int]


def _nothing_more(_job: Row) -> tuple[bool, Row]:
    return True, {}


@dataclasses.dataclass(frozen=True)
class Planned:
    """A restore that was looked up and found possible.

    record: what the result says of it, beside its job. task: None in check mode, where something is still missing.
    verify: called with the record of the job that ended well: whether it changed anything, and what there is to say more of what came
    into being. Only reads; raises JobFailed where the job brought nothing.
    """

    record: Row
    task: Task | None = None
    verify: t.Callable[[Row], tuple[bool, Row]] = _nothing_more


@dataclasses.dataclass(frozen=True)
class RestoreStep:
    """The start of one restore."""

    client: Commvault
    planned: Planned
    description: str = ""
    label: str = ""
    open: bool = False

    def predict(self) -> Outcome:
        return self._outcome(None)

    def take(self) -> Outcome:
        if self.planned.task is None:
            raise NotFound("Something that the restore needs does not exist. Nothing was started.")
        return self._outcome(jobs.to_record({"jobId": _start(self.client, self.planned.task, self.description)}))

    def _outcome(self, job: Row | None) -> Outcome:
        return Outcome(self.label, True, after={"job": job, **self.planned.record}, means=self.planned)


class Restore(Work):
    """One restore. Its job is in the result from its start on, whatever becomes of it.

    plan: looks everything up and checks it, so that nothing impossible is started. params: with wait, wait_timeout and fail_on_partial.
    """

    def __init__(self, client: Commvault, params: Row, plan: t.Callable[[], Planned]) -> None:
        self._client = client
        self._params = params
        self._plan = plan

    def steps(self) -> t.Sequence[Step]:
        return [RestoreStep(self._client, self._plan(), self._params["description"] or "")]

    def settle(self, outcomes: list[Outcome]) -> list[Outcome]:
        """Wait for the job where that is asked for, and look at what it brought. What was seen of it stays in a failed result, too."""
        if not self._params["wait"]:
            return outcomes
        started = outcomes[0].after or {}
        records = jobs.wait(self._client, [started["job"]["id"]], self._params["wait_timeout"])
        outcomes[0] = dataclasses.replace(outcomes[0], after={**started, "job": records[0]})
        jobs.require_success(self._client, records, self._params["fail_on_partial"])
        changed, more = outcomes[0].means.verify(records[0])
        return [dataclasses.replace(outcomes[0], changed=changed, after={**started, "job": records[0], **more})]

    def result(self, outcomes: list[Outcome]) -> Row:
        return {"changed": outcomes[0].changed, "restore": outcomes[0].after} if outcomes else {"changed": False}


def _frame(task: Task) -> Row:
    """The body of POST /CreateTask for a restore that starts at once."""
    return {
        "taskInfo": {
            "associations": [task.association],
            "task": {"taskType": 1, "initiatedFrom": 2, "policyType": 0, "taskFlags": {"disabled": False}},
            "subTasks": [
                {
                    "subTaskOperation": 1,
                    "subTask": {"subTaskType": RESTORE_TASK, "operationType": RESTORE_OPERATION},
                    "options": {"restoreOptions": task.options},
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


def _start(client: Commvault, task: Task, description: str) -> int:
    """Start the restore once, and give its job. After a broken connection the job is looked for by its source."""

    def of_source() -> set[int]:
        return {row["id"] for row in jobs.recent(client, {}, [jobs.RESTORE]) if row["client_id"] in task.client_ids}

    return jobs.start_task(client, _frame(task), of_source, description=description)[0]
