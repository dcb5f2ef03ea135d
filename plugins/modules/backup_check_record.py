#!/usr/bin/python
# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_check_record
version_added: 0.1.0
short_description: Record what is wrong with backups on a day, what was tried, and how it ended
description:
  - Takes what M(calligo.baas.commvault_protection_info) found, tells the cause of each problem by a table, and keeps a record of the day, in
    which each problem is resolved, escalated, accepted, or still open.
  - Says which backups to start again, which jobs to wait for, and what has to become of tickets; it does none of that. What became of it is
    given to it by the next call.
  - A retry is written down before it is started. A run that was killed, or is repeated, finds it there, and none is made twice.
  - A record that holds the same already is left alone. Its schema is C(backup_check.schema.json) in the files of the role
    P(calligo.baas.backup_check#role).
author:
  - Calligo (@calligo)
options:
  directory:
    description:
      - Where the records go, with its whole path, as C(<date>.json). It has to be there.
      - No part of it may be a symbolic link.
    type: path
    required: true
  document:
    description: The file that M(calligo.baas.commvault_protection_info) has written.
    type: path
    required: true
  day:
    description: The day of the record, in ISO 8601. That on which the period of O(document) ends if this is not given.
    type: str
  causes:
    description: The table that is shipped, a line for each cause. The first line that fits is the cause.
    type: list
    elements: dict
    required: true
    suboptions: &cause
      cause:
        description: Its name, of small letters, digits and underscores.
        type: str
        required: true
      words:
        description: What it means, in words that a tenant may read.
        type: str
      advice:
        description: What to do.
        type: str
      states:
        description:
          - Of which states it is the cause; those of the daily report, C(offline) for an agent that is not reached, C(unnamed) and C(absent) for
            VMs that only the vCenter or only a specification has.
        type: list
        elements: str
      statuses:
        description: Of which states of the last job, in Commvault's words.
        type: list
        elements: str
      kinds:
        description: Of which kinds of system, V(vm), V(file) or V(database).
        type: list
        elements: str
      codes:
        description: Commvault's reason codes, such as V("19:1131"), as lists of jobs and reasons in square brackets have them.
        type: list
        elements: str
      reasons:
        description: Words of the reason, whatever their case. One of these, of O(causes.codes), or O(causes.agent_ready) is enough.
        type: list
        elements: str
      agent_ready:
        description: Whether Commvault reaches the agent.
        type: bool
      retry:
        description: Whether a backup is started again. It is not if this is not given.
        type: dict
        suboptions:
          attempts:
            description: How often a day, for a system.
            type: int
          pause_minutes:
            description: How long after the end of the last attempt.
            type: int
          windows:
            description: When, as spans of the clocks of the region such as V(20:00-06:00). Always if this is not given.
            type: list
            elements: str
      team:
        description: Who looks into it.
        type: str
      priority:
        description: How urgent it is.
        type: str
        choices: [critical, high, moderate, low]
  own_causes:
    description:
      - What is different here. A line of the name of a shipped one changes what it gives of it, such as its team or O(own_causes.retry).
      - A line of another name is tried before all that are shipped.
    type: list
    elements: dict
    default: []
    suboptions: *cause
  teams:
    description: What the teams of the table are called here, by their names there.
    type: dict
    default: {}
  may_retry:
    description: Whether backups may be started again after this call.
    type: bool
    default: false
  most_retries:
    description: The most backups that are started again at once. What is over is escalated, the least urgent of them.
    type: int
    default: 25
  started:
    description: What became of the backups that the call before has named, as the results of a loop of M(calligo.baas.commvault_backup).
    type: list
    elements: dict
    default: []
  open_tickets:
    description: Tickets of this check that are open, of M(calligo.baas.itsm_ticket_info). Without it nobody knows.
    type: list
    elements: dict
  written:
    description: What became of the tickets that the call before has named, as the results of a loop of M(calligo.baas.itsm_ticket).
    type: list
    elements: dict
    default: []
  reopen_days:
    description: For how many days after its end a ticket is opened again if its trouble comes back.
    type: int
    default: 7
extends_documentation_fragment:
  - calligo.baas.attributes
  - calligo.baas.attributes.declarative
seealso:
  - module: calligo.baas.commvault_protection_info
  - module: calligo.baas.itsm_ticket
"""

EXAMPLES = r"""
- name: Tell what is wrong, and what is to be done
  calligo.baas.backup_check_record:
    directory: /var/lib/baas/evidence/backup_checks/luxembourg
    document: /var/lib/baas/protection.json
    causes:
      - cause: network
        words: Commvault did not reach the system
        reasons: [network connection, not reachable]
        retry: {attempts: 1}
        team: Network
        priority: high
      - cause: other
        words: The last backup did not succeed
        team: Backup
        priority: moderate
    may_retry: true
  register: check
"""

RETURN = r"""
check:
  description: What it comes to.
  returned: success
  type: dict
  contains:
    day: {description: The day of the record., type: str, returned: always, sample: "2026-11-24"}
    complete: {description: Whether everything could be read., type: bool, returned: always, sample: true}
    unread: {description: What could not be read., type: list, elements: str, returned: always, sample: []}
    problems: {description: How many problems there are., type: int, returned: always, sample: 2}
    resolved: {description: How many of them are well again., type: int, returned: always, sample: 1}
    escalated: {description: How many a ticket holds., type: int, returned: always, sample: 1}
    accepted: {description: How many the specification accepts., type: int, returned: always, sample: 0}
    open: {description: How many have not ended., type: int, returned: always, sample: 0}
    retried: {description: How many backups were started again on the day., type: int, returned: always, sample: 1}
    unsettled: {description: Problems without an end or whose ticket could not be written., type: list, elements: str, returned: always, sample: []}
    lines:
      description: Each problem in a line.
      type: list
      elements: str
      returned: always
      sample: ["acme: acme-fs01, data: failed (network): resolved, by retry, Retry 1, job 1207, succeeded"]
    retries:
      description:
        - The backups to start, each with C(identity), C(name), C(company), and the options C(vm_uuids), C(subclients), C(sql_subclients) and
          C(level) of M(calligo.baas.commvault_backup).
      type: list
      elements: dict
      returned: always
    jobs: {description: The jobs to wait for., type: list, elements: int, returned: always, sample: []}
    tickets:
      description: Options of M(calligo.baas.itsm_ticket) for each ticket that has to be as they say.
      type: list
      elements: dict
      returned: always
"""

import contextlib
import typing as t

from ansible_collections.calligo.baas.plugins.module_utils._core.argspec import ArgumentSpec
from ansible_collections.calligo.baas.plugins.module_utils._core.errors import as_input
from ansible_collections.calligo.baas.plugins.module_utils._core.output import read_json
from ansible_collections.calligo.baas.plugins.module_utils._core.records import RecordFiles, RecordWork
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import Context, run_work
from ansible_collections.calligo.baas.plugins.module_utils._service import (
    check_acts,
    check_causes,
    check_day,
    protection_document,
    restore_leftovers,
)
from ansible_collections.calligo.baas.plugins.module_utils._service.check_problems import Looked

Json = dict[str, t.Any]
_TEXTS: Json = {"type": "list", "elements": "str"}
_RETRY: Json = {"attempts": {"type": "int"}, "pause_minutes": {"type": "int"}, "windows": _TEXTS}
_CAUSE: Json = {
    "cause": {"type": "str", "required": True},
    **{name: {"type": "str"} for name in ("words", "advice", "team")},
    **dict.fromkeys(("states", "statuses", "kinds", "codes", "reasons"), _TEXTS),
    "agent_ready": {"type": "bool"},
    "retry": {"type": "dict", "options": _RETRY},
    "priority": {"type": "str", "choices": list(check_causes.PRIORITIES)},
}
SPEC = ArgumentSpec(
    {
        "directory": {"type": "path", "required": True},
        "document": {"type": "path", "required": True},
        "day": {"type": "str"},
        "causes": {"type": "list", "elements": "dict", "required": True, "options": _CAUSE},
        "own_causes": {"type": "list", "elements": "dict", "default": [], "options": _CAUSE},
        "teams": {"type": "dict", "default": {}},
        "may_retry": {"type": "bool", "default": False},
        "most_retries": {"type": "int", "default": 25},
        "started": {"type": "list", "elements": "dict", "default": []},
        "open_tickets": {"type": "list", "elements": "dict"},
        "written": {"type": "list", "elements": "dict", "default": []},
        "reopen_days": {"type": "int", "default": 7},
    }
)
DAYS = r"\d{4}-\d{2}-\d{2}\.json"


def bind(_session: None, context: Context) -> RecordWork[Json]:
    params = context.params
    document = read_json(params["document"], protection_document.FORMAT)
    with as_input():
        causes = check_causes.table(params["causes"], params["own_causes"], params["teams"])
        day = check_causes.day(params["day"] or document["period"]["days"][-1])
    now = check_day.Now(
        Looked(document, causes),
        params["open_tickets"],
        params["may_retry"],
        params["most_retries"],
        check_acts.started(params["started"]),
        check_acts.kept(params["written"]),
        restore_leftovers.owner(),
        restore_leftovers.lives,
    )
    every = RecordFiles(params["directory"], "records of backup checks", DAYS, context).names()
    earlier = [name for name in every if name < f"{day}.json"][-1:]
    # A year of records need not be read to know the day before.
    files = RecordFiles(params["directory"], "records of backup checks", "|".join([*earlier, f"{day}.json"]).replace(".", r"\."), context)

    def decide(record: Json | None, records: t.Iterable[Json]) -> Json:
        with as_input():
            return check_day.settled(now, day, record, next((one for one in records if one["day"] < day), None))

    def tell(record: Json) -> Json:
        return check_acts.told(record, now, params["reopen_days"])

    return RecordWork(files, f"{day}.json", check_day.parsed, check_day.written, decide, tell, "check")


def main() -> None:
    run_work(SPEC, lambda context: contextlib.nullcontext(), bind)


if __name__ == "__main__":
    main()
