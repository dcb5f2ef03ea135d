# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What can be switched on and off: no switching call tells whether it changed anything, so that one reads first."""

from __future__ import annotations

import dataclasses
import time
import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.compare import Comparer
from ..._core.engine import Item, Record, Resource, Seen
from ..._core.errors import InputError
from ..backups import jobs
from ..plans import lookup as plan_lookup
from ..servers import lookup as server_lookup
from ..servers import subclients as file_subclients
from ..vms import lookup as vm_lookup
from ..wire import lookup
from ..wire.lookup import same_name
from ..wire.replies import flag, listed, number, part

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
                "agent": {"type": "str", "choices": list(AGENTS)},
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


@dataclasses.dataclass(frozen=True)
class Target:
    """What an element names. stem: the path before the activity. state: see Activity."""

    stem: str
    state: Row
    is_plan: bool = False

    def path(self, activity: str, on: bool) -> str:
        """The path of the call that switches an activity."""
        return f"{self.stem}/{activity}/{'' if self.is_plan else 'Action/'}{'Enable' if on else 'Disable'}"


class Activity(Resource):
    """What one client, agent, instance, subclient, VM group or plan may do. Nothing is created or deleted by it.

    Records hold backup, restore and data_aging, as far as the level has them, and for each the time at which it comes on again:
    None for never, UNTOLD where the server says that there is one, but not which. What is read beside the record is the target.
    """

    comparers: t.Mapping[str, Comparer] = {
        f"{name}_enabled_after": lambda want, have: have == UNTOLD or jobs.seconds(want) == jobs.seconds(have) for name in PATHS
    }

    def __init__(self, client: Commvault, lists: EntityLists, element: Record) -> None:
        self._client = client
        self._lists = lists
        self._element = element

    def observe(self) -> Seen:
        target = self._lists.target(self._element)
        return Seen({**_named(self._element), **target.state} if target else None, target)

    def desired(self, _seen: Seen) -> Record:
        wanted = {name: self._element[name] for name in PATHS if self._element[name] is not None}
        after = jobs.iso(jobs.seconds(self._element["enable_after"]))
        if after:
            wanted |= {f"{name}_enabled_after": after for name, on in list(wanted.items()) if not on}
        return {**_named(self._element), **wanted}

    def update(self, seen: Seen, changed: Record, _means: None) -> Record:
        record = {**seen.known, **changed}
        for name, path in PATHS.items():
            key = f"{name}_enabled_after"
            if name not in changed and key not in changed:
                continue
            after = changed.get(key) if not record[name] else None
            # Naturally idempotent, so that it may be repeated after a break (OpenAPI DisableBackupServer and its siblings).
            self._client.put(seen.raw.path(path, record[name]), {}, {"enableAfterADelay": jobs.seconds(after)} if after else None)
            if key in record:
                record[key] = after
        return record


def bind(client: Commvault, params: Record) -> list[Item]:
    """One resource for each element."""
    elements: list[Record] = params["activities"]
    seen: set[str] = set()
    for element in elements:
        _check(element)
        name = label(element)
        if name.casefold() in seen:
            raise InputError(f"{name} is given twice: say in one element what it may do.", object=name)
        seen.add(name.casefold())
    lists = EntityLists(client)
    return [Item(label(element), Activity(client, lists, element)) for element in elements]


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


def _check(element: Record) -> None:
    name, kind = label(element), level(element)
    if element["instance"] and element["subclient"] is None and not element["agent"]:
        raise InputError(f"{name}: give agent too, of which instance is one.", object=name)
    cannot = [activity for activity in PATHS if element[activity] is not None and activity not in ACTIVITIES[kind]]
    if cannot:
        able = " and ".join(ACTIVITIES[kind])
        raise InputError(f"{name}: {', '.join(cannot)} cannot be switched for a {kind}, only {able}.", object=name)
    if not element["enable_after"]:
        return
    if jobs.seconds(element["enable_after"]) <= time.time():
        raise InputError(f"{name}: enable_after is {element['enable_after']}, which has passed.", object=name)
    if kind == "plan":
        raise InputError(f"{name}: a plan cannot be enabled after a time.", object=name)
    if all(element[activity] is not False for activity in PATHS):
        raise InputError(f"{name}: enable_after is for what is switched off.", object=name)


def _named(element: Record) -> Record:
    keys = ("client", "agent", "instance", "subclient", "vm_group", "hypervisor", "plan")
    named = {key: element[key] for key in keys if element[key] is not None}
    return named | ({"backupset": element["backupset"]} if element["subclient"] else {})


class EntityLists:
    """From names to ids and states. Each list is read once a call: of each client its properties, agents, instances and subclients."""

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
        control = part(server.row, "clientProps", "clientActivityControl")
        return Target(f"/V4/Server/{server.id}", _state(control, ACTIVITIES["client"]))

    def _agent(self, element: Row, server: lookup.Found) -> Target | None:
        """GET /Agent (cvpysdk agent.py)."""
        rows = self._once("agents", server.name, lambda _name: self._list("/Agent", "agentProperties", server))
        for row in rows:
            application = number(row, "idaEntity", "applicationId")
            if application in AGENTS[element["agent"]]:
                state = _state(part(row, "idaActivityControl"), ACTIVITIES["agent"])
                return Target(f"/V4/Server/{server.id}/Agent/{application}", state)
        self._client.missing("agent", f"{server.name} / {element['agent']}", "Install it with calligo.baas.commvault_agent.")
        return None

    def _instance(self, element: Row, server: lookup.Found) -> Target | None:
        """GET /Instance (cvpysdk instance.py)."""
        rows = self._once("instances", server.name, lambda _name: self._list("/Instance", "instanceProperties", server))
        for row in rows:
            entity = part(row, "instance")
            named = same_name(element["instance"], entity.get("instanceName"))
            if named and number(entity, "applicationId") in AGENTS[element["agent"]]:
                state = _state(part(row, "instanceActivityControl"), ACTIVITIES["instance"])
                return Target(f"/V4/Instance/{int(entity['instanceId'])}", state)
        self._client.missing("instance", label(element), "Correct the name.")
        return None

    def _subclient(self, element: Row, server: lookup.Found) -> Target | None:
        applications = tuple(application for numbers in AGENTS.values() for application in numbers)
        rows = self._once("subclients", server.name, lambda name: file_subclients.of_client(self._client, name, applications))
        if element["agent"]:
            rows = [row for row in rows if file_subclients.application(row) in AGENTS[element["agent"]]]
        if element["instance"]:
            rows = [row for row in rows if same_name(element["instance"], row["subClientEntity"].get("instanceName"))]
        row = file_subclients.named(file_subclients.within(rows, element["backupset"]), element["subclient"])
        return self._backed_up(file_subclients.number(row) if row else 0, row, "subclient", element)

    def _vm_group(self, element: Row) -> Target | None:
        groups = self._once("groups", "", lambda _name: [] if self._client.company_missing else vm_lookup.vm_groups(self._client))
        group = vm_lookup.find_vm_group(self._client, element["vm_group"], element["hypervisor"], groups)
        return self._backed_up(group.group_id, None, "VM group", element) if group else None

    def _backed_up(self, subclient_id: int, row: Row | None, kind: str, element: Row) -> Target | None:
        """A subclient; its own properties tell what a list may leave out."""
        if subclient_id and "enableBackup" not in part(row, "commonProperties"):
            row = file_subclients.read(self._client, subclient_id)
        if row is None:
            self._client.missing(kind, label(element), "Correct the name, or create it first.")
            return None
        common, on = part(row, "commonProperties"), flag(row.get("commonProperties"), "enableBackup")
        after = _time(part(common, "enableBackupAtDateTime")) if common.get("enableBackupAfterDelay") and not on else None
        return Target(f"/V4/Subclient/{subclient_id}", {"backup": on, "backup_enabled_after": after})

    def _plan(self, name: str) -> Target | None:
        """A company may use a plan of the provider, which is not to be switched off for everybody."""
        plans = self._once("plans", "", lambda _name: plan_lookup.plans(self._client))
        found = lookup.choose(self._client, "plan", name, plans, "own")
        if found is None:
            self._client.missing("plan", name, "Correct the name. A plan of the provider cannot be switched from inside a company.")
            return None
        return Target(f"/V4/ServerPlan/{found.id}", {"backup": str(found.row.get("status")) != BACKUP_OFF}, is_plan=True)

    def _list(self, path: str, key: str, server: lookup.Found) -> list[Row]:
        return self._client.rows(path, key, {"clientId": server.id})

    def _once(self, kind: str, name: str, read: t.Callable[[str], t.Any]) -> t.Any:
        key = kind, name.casefold()
        if key not in self._kept:
            self._kept[key] = read(name)
        return self._kept[key]


def _state(control: Row, activities: t.Iterable[str]) -> Row:
    """From activityControlOptions[]; what is not told is on, as it is after an installation."""
    options = {number(option, "activityType"): option for option in listed(control.get("activityControlOptions"))}
    state: Row = {}
    for name in activities:
        option = options.get(NUMBERS[name])
        state[name] = flag(option, "enableActivityType")
        after = _time(part(option, "dateTime")) if option and option.get("enableAfterADelay") else None
        state[f"{name}_enabled_after"] = None if state[name] else after
    return state


def _time(moment: Row) -> str:
    """When: epoch seconds where the server gives them; the local time of a named zone is not worked out here."""
    return jobs.iso(moment.get("time")) or UNTOLD
