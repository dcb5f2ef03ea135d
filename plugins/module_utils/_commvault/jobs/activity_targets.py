# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What can be switched on and off, and what is on now: no switching call tells whether it changed anything, so that one reads first."""

from __future__ import annotations

import dataclasses
import typing as t

from ..backups import jobs
from ..plans import lookup as plan_lookup
from ..servers import lookup as server_lookup
from ..servers import subclients as file_subclients
from ..vms import lookup as vm_lookup
from ..wire import lookup
from ..wire.replies import flag, listed

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Row = dict[str, t.Any]
AGENTS = {"file_system": (33, 29), "sql_server": (81,), "virtual_server": (106,)}
"""Application ids."""
NUMBERS = {"backup": 1, "restore": 2, "data_aging": 16}
"""activityType of activityControlOptions[]."""
ACTIVITIES = {
    "client": ("backup", "restore", "data_aging"),
    "agent": ("backup", "restore"),
    "instance": ("backup", "restore"),
    "subclient": ("backup",),
    "VM group": ("backup",),
    "plan": ("backup",),
}
UNTOLD = "untold"
BACKUP_OFF = "BACKUP_DISABLED"
"""The status of a plan whose backups are off (OpenAPI PlanStatus)."""


@dataclasses.dataclass(frozen=True)
class Target:
    """stem: the path before the activity. state: see Activity."""

    stem: str
    state: Row
    is_plan: bool = False

    def path(self, activity: str, on: bool) -> str:
        """The path of the call that switches an activity."""
        return f"{self.stem}/{activity}/{'' if self.is_plan else 'Action/'}{'Enable' if on else 'Disable'}"


def level(element: Row) -> str:
    """What an element is about."""
    if element["plan"]:
        return "plan"
    if element["vm_group"]:
        return "VM group"
    return next((name for name in ("subclient", "instance", "agent") if element[name]), "client")


def label(element: Row) -> str:
    """What errors and diffs call it."""
    if element["vm_group"]:
        return f"{element['hypervisor']} / {element['vm_group']}"
    if element["plan"]:
        return f"plan {element['plan']}"
    parts = [element["client"], element["agent"], element["instance"]]
    return " / ".join(filter(None, [*parts, *([element["backupset"], element["subclient"]] if element["subclient"] else [])]))


class Shelf:
    """From names to ids and states, each list being read once a call: of each client its properties, agents, instances and subclients."""

    def __init__(self, client: Commvault) -> None:
        self._client = client
        self._kept: dict[tuple[str, str], t.Any] = {}

    def target(self, element: Row) -> Target | None:
        """What an element names. Missing: NotFound; in check mode a warning and None."""
        kind = level(element)
        if kind == "plan":
            return self._plan(element["plan"])
        if kind == "VM group":
            return self._vm_group(element)
        server = self._once("client", element["client"], lambda name: server_lookup.server(self._client, name))
        if server is None:
            return None
        reads: dict[str, t.Callable[[Row, lookup.Found], Target | None]] = {
            "client": self._server,
            "agent": self._agent,
            "instance": self._instance,
            "subclient": self._subclient,
        }
        return reads[kind](element, server)

    def _server(self, _element: Row, server: lookup.Found) -> Target:
        control = (server.row.get("clientProps") or {}).get("clientActivityControl") or {}
        return Target(f"/V4/Server/{server.id}", _state(control, ACTIVITIES["client"]))

    def _agent(self, element: Row, server: lookup.Found) -> Target | None:
        """GET /Agent (cvpysdk agent.py)."""
        rows = self._once("agents", server.name, lambda _name: self._list("/Agent", "agentProperties", server))
        for row in rows:
            number = int((row.get("idaEntity") or {}).get("applicationId") or 0)
            if number in AGENTS[element["agent"]]:
                state = _state(row.get("idaActivityControl") or {}, ACTIVITIES["agent"])
                return Target(f"/V4/Server/{server.id}/Agent/{number}", state)
        self._client.missing("agent", f"{server.name} / {element['agent']}", "Install it with calligo.baas.commvault_agent.")
        return None

    def _instance(self, element: Row, server: lookup.Found) -> Target | None:
        """GET /Instance (cvpysdk instance.py)."""
        rows = self._once("instances", server.name, lambda _name: self._list("/Instance", "instanceProperties", server))
        for row in rows:
            entity = row.get("instance") or {}
            named = str(entity.get("instanceName")).casefold() == element["instance"].casefold()
            if named and int(entity.get("applicationId") or 0) in AGENTS[element["agent"]]:
                state = _state(row.get("instanceActivityControl") or {}, ACTIVITIES["instance"])
                return Target(f"/V4/Instance/{int(entity['instanceId'])}", state)
        self._client.missing("instance", label(element), "Correct the name.")
        return None

    def _subclient(self, element: Row, server: lookup.Found) -> Target | None:
        wanted = tuple(number for numbers in AGENTS.values() for number in numbers)
        rows = self._once("subclients", server.name, lambda name: file_subclients.of_client(self._client, name, wanted))
        if element["agent"]:
            rows = [row for row in rows if file_subclients.application(row) in AGENTS[element["agent"]]]
        if element["instance"]:
            rows = [row for row in rows if str(row["subClientEntity"].get("instanceName")).casefold() == element["instance"].casefold()]
        row = file_subclients.named(file_subclients.within(rows, element["backupset"]), element["subclient"])
        return self._backed_up(file_subclients.number(row) if row else 0, row, "subclient", element)

    def _vm_group(self, element: Row) -> Target | None:
        groups = self._once("groups", "", lambda _name: [] if self._client.company_missing else vm_lookup.vm_groups(self._client))
        group = vm_lookup.find_vm_group(self._client, element["vm_group"], element["hypervisor"], groups)
        return self._backed_up(group.group_id, None, "VM group", element) if group else None

    def _backed_up(self, number: int, row: Row | None, kind: str, element: Row) -> Target | None:
        """A subclient; its own properties tell what a list may leave out."""
        if number and "enableBackup" not in ((row or {}).get("commonProperties") or {}):
            row = file_subclients.read(self._client, number)
        if row is None:
            self._client.missing(kind, label(element), "Correct the name, or create it first.")
            return None
        common = row.get("commonProperties") or {}
        after = jobs.iso((common.get("enableBackupAtDateTime") or {}).get("time")) or UNTOLD
        state: Row = {"backup": flag(row.get("commonProperties"), "enableBackup")}
        state["backup_enabled_after"] = after if common.get("enableBackupAfterDelay") and not state["backup"] else None
        return Target(f"/V4/Subclient/{number}", state)

    def _plan(self, name: str) -> Target | None:
        """A company may use a plan of the provider, which is not to be switched off for everybody."""
        plans = self._once("plans", "", lambda _name: plan_lookup.plans(self._client))
        found = lookup.choose(self._client, "plan", name, plans, "own")
        if found is None:
            self._client.missing("plan", name, "Correct the name. A plan of the provider cannot be switched from inside a company.")
            return None
        return Target(f"/V4/ServerPlan/{found.id}", {"backup": str(found.row.get("status")) != BACKUP_OFF}, is_plan=True)

    def _list(self, path: str, key: str, server: lookup.Found) -> list[Row]:
        return listed((self._client.get(path, {"clientId": server.id}, absent=(404,)) or {}).get(key))

    def _once(self, kind: str, name: str, read: t.Callable[[str], t.Any]) -> t.Any:
        key = kind, name.casefold()
        if key not in self._kept:
            self._kept[key] = read(name)
        return self._kept[key]


def _state(control: Row, activities: t.Iterable[str]) -> Row:
    """From activityControlOptions[]; what is not told is on, as it is after an installation."""
    options = {int(option.get("activityType") or 0): option for option in listed(control.get("activityControlOptions"))}
    state: Row = {}
    for name in activities:
        option = options.get(NUMBERS[name])
        state[name] = flag(option, "enableActivityType")
        after = _time(option.get("dateTime") or {}) if option and option.get("enableAfterADelay") else None
        state[f"{name}_enabled_after"] = None if state[name] else after
    return state


def _time(moment: Row) -> str:
    """When: epoch seconds where the server gives them; the local time of a named zone is not worked out here."""
    return jobs.iso(moment.get("time")) or UNTOLD
