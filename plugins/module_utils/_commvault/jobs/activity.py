# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import time
import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.errors import InputError
from ..._core.reconcile import Record, Resource
from ..backups import jobs
from . import activity_targets as targets

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

PATHS = {"backup": "Backup", "restore": "Restore", "data_aging": "DataAging"}
"""How the V4 paths call them."""

OPTIONS = ArgumentSpec(
    {
        "activities": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "client": {"type": "str"},
                "agent": {"type": "str", "choices": list(targets.AGENTS)},
                "instance": {"type": "str"},
                "backupset": {"type": "str", "default": "defaultBackupSet"},
                "subclient": {"type": "str"},
                "vm_group": {"type": "str"},
                "hypervisor": {"type": "str"},
                "plan": {"type": "str"},
                "backup": {"type": "bool"},
                "restore": {"type": "bool"},
                "data_aging": {"type": "bool"},
                "enable_after": {"type": "str"},
            },
            "required_one_of": [("client", "vm_group", "plan"), ("backup", "restore", "data_aging")],
            "mutually_exclusive": [("client", "vm_group", "plan")],
            "required_together": [("vm_group", "hypervisor")],
            "required_by": {"agent": ["client"], "instance": ["client"], "subclient": ["client"]},
        }
    }
)


class Activity(Resource):
    """What one client, agent, instance, subclient, VM group or plan may do. Nothing is created or deleted by it.

    Records hold backup, restore and data_aging, as far as the level has them, and for each the time at which it comes on again:
    None for never, UNTOLD where the server says that there is one, but not which.
    """

    def __init__(self, client: Commvault, target: targets.Target | None, element: Record) -> None:
        self._client = client
        self._target = target
        self._element = element
        self.comparers = {f"{name}_enabled_after": _same_time for name in PATHS}

    def find(self) -> Record | None:
        return {**_named(self._element), **self._target.state} if self._target else None

    def desired(self) -> Record:
        wanted = {name: self._element[name] for name in PATHS if self._element[name] is not None}
        after = self._element["enable_after"]
        if after:
            wanted |= {f"{name}_enabled_after": jobs.iso(jobs.seconds(after)) for name, on in list(wanted.items()) if not on}
        return {**_named(self._element), **wanted}

    def create(self, desired: Record) -> Record:
        return desired

    def update(self, current: Record, changed: Record) -> Record:
        target = t.cast(targets.Target, self._target)
        for name, path in PATHS.items():
            if name in changed or f"{name}_enabled_after" in changed:
                on = bool(changed.get(name, current[name]))
                after = None if on else changed.get(f"{name}_enabled_after")
                # Naturally idempotent, so that it may be repeated after a break (OpenAPI DisableBackupServer and its siblings).
                self._client.put(target.path(path, on), {}, {"enableAfterADelay": jobs.seconds(after)} if after else None)
                if f"{name}_enabled_after" in current:
                    changed.setdefault(f"{name}_enabled_after", None)
        return {**current, **changed}


def bind(client: Commvault, params: Record) -> list[tuple[str, str, Resource]]:
    """One resource for each element. What they name is looked up together; a name that does not exist is an error before any write."""
    elements: list[Record] = params["activities"]
    for element in elements:
        _check(element)
    found = targets.Shelf(client)
    seen: dict[str, str] = {}
    bound: list[tuple[str, str, Resource]] = []
    for element in elements:
        label = targets.label(element)
        if label.casefold() in seen:
            raise InputError(f"{label} is given twice: say in one element what it may do.", object=label)
        seen[label.casefold()] = label
        bound.append((label, "present", Activity(client, found.target(element), element)))
    return bound


def _check(element: Record) -> None:
    label = targets.label(element)
    if element["instance"] and element["subclient"] is None and not element["agent"]:
        raise InputError(f"{label}: give agent too, of which instance is one.", object=label)
    level = targets.level(element)
    cannot = [name for name in PATHS if element[name] is not None and name not in targets.ACTIVITIES[level]]
    if cannot:
        able = " and ".join(targets.ACTIVITIES[level])
        raise InputError(f"{label}: {', '.join(cannot)} cannot be switched for a {level}, only {able}.", object=label)
    if element["enable_after"] and jobs.seconds(element["enable_after"]) <= time.time():
        raise InputError(f"{label}: enable_after is {element['enable_after']}, which has passed.", object=label)
    if element["enable_after"] and level == "plan":
        raise InputError(f"{label}: a plan cannot be enabled after a time.", object=label)
    if element["enable_after"] and all(element[name] is not False for name in PATHS):
        raise InputError(f"{label}: enable_after is for what is switched off.", object=label)


def _named(element: Record) -> Record:
    keys = ("client", "agent", "instance", "subclient", "vm_group", "hypervisor", "plan")
    named = {key: element[key] for key in keys if element[key] is not None}
    return named | ({"backupset": element["backupset"]} if element["subclient"] else {})


def _same_time(want: t.Any, have: t.Any) -> bool:
    return have == targets.UNTOLD or jobs.seconds(want) == jobs.seconds(have)
