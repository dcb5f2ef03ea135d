# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.errors import BaasError, InputError
from ..._core.reconcile import Outcome, Record, Step, plan
from ..backups import jobs
from . import agent_install
from .agent import Agents, Shelf, described

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

OPTIONS = ArgumentSpec(
    {
        "agents": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "client": {"type": "str", "required": True},
                "host": {"type": "str"},
                "types": {"type": "list", "elements": "str", "choices": list(agent_install.AGENTS)},
                "system": {"type": "str", "choices": list(agent_install.PACKAGES), "default": "windows"},
                "host_username": {"type": "str"},
                "host_password": {"type": "str", "no_log": True},
                "plan": {"type": "str"},
                "reboot": {"type": "bool", "default": False},
                "allow_removal": {"type": "bool", "default": False},
                "state": {"type": "str", "choices": ["present", "absent", "retired"], "default": "present"},
            },
            "required_if": [("state", "present", ["types"]), ("state", "absent", ["types"])],
            "required_together": [("host_username", "host_password")],
        },
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": 7200},
    }
)


def run(client: Commvault, params: Record) -> Record:
    """Install and remove agents. All are read and allowed before the first job is started, and all jobs are waited for together."""
    elements: list[Record] = params["agents"]
    _check(elements)
    shelf = Shelf(client)
    bound = [(element, Agents(shelf, element)) for element in elements]
    steps = [_plan(element, agents) for element, agents in bound]
    removed = [
        agents.kept(step.found) if step.verb == "delete" and step.found else None for step, (_e, agents) in zip(steps, bound, strict=True)
    ]
    outcomes = [step.predict() if client.check_mode else _take(element, step) for step, (element, _a) in zip(steps, bound, strict=True)]
    records = _finish(client, params, [agents for _element, agents in bound])
    entries = [
        _entry(shelf, element, outcome, kept, [records[number] for number in agents.jobs], params["wait"])
        for (element, agents), outcome, kept in zip(bound, outcomes, removed, strict=True)
    ]
    return {
        "changed": any(outcome.changed for outcome in outcomes),
        "agents": entries,
        "diff": [
            {**outcome.diff(), "before_header": element["client"], "after_header": element["client"]}
            for element, outcome in zip(elements, outcomes, strict=True)
            if outcome.changed
        ],
    }


def _check(elements: list[Record]) -> None:
    seen: set[str] = set()
    for element in elements:
        key = element["client"].casefold()
        if key in seen:
            raise InputError(f"{element['client']} is given twice: name all of its agents in one element.", object=element["client"])
        if element["types"] is not None and not element["types"]:
            raise InputError(f"{element['client']}: types names no agent.", object=element["client"])
        seen.add(key)


def _plan(element: Record, agents: Agents) -> Step:
    try:
        return plan(agents, "present" if element["state"] == "present" else "absent")
    except BaasError as error:
        raise error.about(element["client"]) from None


def _take(element: Record, step: Step) -> Outcome:
    try:
        return step.take()
    except BaasError as error:
        raise error.about(element["client"]) from None


def _finish(client: Commvault, params: Record, bound: list[Agents]) -> dict[int, Record]:
    """The records of the jobs that were started, after their end where that is asked for."""
    ids = [number for agents in bound for number in agents.jobs]
    if not ids or not params["wait"]:
        return {number: jobs.to_record({"jobId": number}) for number in ids}
    records = jobs.wait(client, ids, params["wait_timeout"])
    jobs.require_success(client, records, fail_on_partial=True)
    for agents in bound:
        agents.shelf.refresh()
    return {record["id"]: record for record in records}


def _entry(shelf: Shelf, element: Record, outcome: Outcome, kept: Record | None, records: list[Record], wait: bool) -> Record:
    """One element of the result: the client as it is now, once its job has ended."""
    entry = dict(outcome.after or outcome.before or {"client": element["client"], "types": []})
    if records and wait:
        found = shelf.server(element)
        entry = described(element, found) if found else {**entry, "types": [], "ready": False}
    if kept is not None:
        entry["kept"] = kept
    return {**entry, "state": element["state"], "jobs": records, "changed": outcome.changed}
