# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import copy
import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.compare import Comparer, changes
from ..._core.errors import ApiError, InputError, Refused
from ..._core.reconcile import Record, Resource
from ..wire import lookup
from ..wire.errors import faults
from ..wire.replies import listed
from ..wire.writes import create_once, require_gone
from . import destination_writes as plan_destination_writes
from . import destinations as plan_destinations
from . import lookup as plan_lookup
from . import losses as plan_losses
from . import schedules as plan_schedules
from . import settings as plan_settings
from . import windows as plan_windows
from .references import References

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Json = dict[str, t.Any]
WINDOWS = {"backup_window": "backupWindow", "full_backup_window": "fullBackupWindow"}

OPTIONS = ArgumentSpec(
    {
        "name": {"type": "str", "required": True},
        "destinations": {"type": "list", "elements": "dict", "options": plan_destinations.DESTINATION_OPTIONS},
        "schedules": {"type": "list", "elements": "dict", "options": plan_schedules.SCHEDULE_OPTIONS},
        "purge_destinations": {"type": "bool", "default": False},
        "purge_schedules": {"type": "bool", "default": False},
        "backup_window": {"type": "list", "elements": "dict", "options": plan_windows.WINDOW_OPTIONS},
        "full_backup_window": {"type": "list", "elements": "dict", "options": plan_windows.WINDOW_OPTIONS},
        "sla_days": {"type": "int"},
        "require_encryption": {"type": "bool", "default": True},
        "allow_retention_decrease": {"type": "bool", "default": False},
        "allow_backup_loss": {"type": "bool", "default": False},
        **plan_settings.SETTING_OPTIONS,
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    },
    {"required_by": {"inherit": ["base_plan"]}},
)


class ServerPlan(Resource):
    """A server plan: OpenAPI CreateServerPlan, GetPlanById, ModifyPlan, DeletePlan; for its destinations see plan_destinations.py."""

    comparers: t.Mapping[str, Comparer] = {
        "name": lambda want, have: want.casefold() == have.casefold(),
        "destinations": plan_destinations.same_lists,
        **plan_settings.COMPARERS,
    }

    def __init__(self, client: Commvault, params: Json) -> None:
        self._client = client
        self._params = params
        self._destinations = plan_destinations.wanted(params["destinations"])
        self._schedules = plan_schedules.wanted(params["schedules"])
        self._windows = {name: plan_windows.windows(params[name]) for name in WINDOWS}
        self._settings = plan_settings.wanted(params)
        self._base: lookup.Found | None = None
        self._references = References(client)
        self._found: Record | None = None
        self._detail: Json = {}

    def find(self) -> Record | None:
        summary = None if self._client.company_missing else plan_lookup.find_plan(self._client, self._params["name"], "own")
        self._found = self._read(summary) if summary else None
        return copy.deepcopy(self._found)

    def desired(self) -> Record:
        record = self._merged(self._found)
        untold = plan_settings.untold(self._settings, self._found) if self._found else []
        if untold:
            self._client.warn(f'Commvault does not tell {", ".join(untold)} of the plan "{self._params["name"]}": it is not compared.')
        if self._params["require_encryption"]:
            self._references.require_encrypted(self._params["name"], self._named(record["destinations"]))
        return record

    def guard_create(self, desired: Record) -> None:
        if desired.get("base_plan"):
            self._base = self._find_base(desired["base_plan"])
        elif not desired.get("destinations"):
            raise InputError(f'The plan "{desired["name"]}" does not exist yet: give destinations, at least one with storage_pool.')
        self._references.resolve(desired.get("destinations", []))

    def _find_base(self, name: str) -> lookup.Found | None:
        base = plan_lookup.plan(self._client, name)
        if base and base.row.get("derivable") is False:
            raise Refused(f'No plan can be derived from "{name}". Set its allow_override first.', object=name)
        return base

    def guard_update(self, current: Record, changed: Record) -> None:
        name = current["name"]
        plan_settings.refuse_one_way(name, current, changed, self._params["confirm_allow_override"])
        if "destinations" not in changed:
            return
        have = {record["id"]: record for record in current["destinations"]}
        pairs = [(have[record["id"]], record) for record in changed["destinations"] if "id" in record]
        for found, record in pairs:
            self._refuse_impossible(found, record)
        plan_losses.shortened(self._client, name, pairs, self._params["allow_retention_decrease"])
        kept = {record.get("id") for record in changed["destinations"]}
        gone = [record for record in current["destinations"] if record["id"] not in kept]
        plan_losses.removed(self._client, name, gone, changed["destinations"], self._params["allow_backup_loss"])
        self._references.resolve(changed["destinations"])

    def _refuse_impossible(self, have: Record, want: Record) -> None:
        what = f'The destination "{have["name"]}" of the plan "{self._params["name"]}"'
        if want["storage_pool"] != have["storage_pool"]:
            raise Refused(
                f'{what} is on the storage pool "{have["storage_pool"]}" and cannot move to "{want["storage_pool"]}". '
                "Commvault has no such change: add a destination under another name.",
                object=self._params["name"],
            )
        kept = [key for key in ("retention_days", "extended_retention") if want[key] != have[key]]
        if kept and plan_destinations.follows_worm_pool(self._rows()[have["id"]]):
            raise Refused(
                f'{what} follows its WORM storage pool "{have["storage_pool"]}", which alone decides the retention. '
                f"Leave out {' and '.join(kept)}.",
                object=self._params["name"],
            )

    def guard_delete(self, current: Record) -> None:
        if current["associated_entities"]:
            raise Refused(
                f'The plan "{current["name"]}" is not deleted: entities that it protects: {current["associated_entities"]}. '
                "Give them another plan first.",
                object=current["name"],
                associated_entities=current["associated_entities"],
            )

    def create(self, desired: Record) -> Record:
        """One POST with everything. What a server ignored, or could not do while it made the plan all the same, is repaired."""
        rpo: Json = {"backupFrequency": {"schedules": [plan_schedules.to_add(schedule) for schedule in desired.get("schedules", [])]}}
        rpo |= {key: plan_windows.windows_to_api(desired[name]) for name, key in WINDOWS.items() if name in desired}
        destinations = [self._references.new_destination(record) for record in desired.get("destinations", [])]
        body: Json = {"planName": desired["name"], "backupDestinations": destinations, "rpo": rpo, **plan_settings.to_api(desired)}
        if self._base:
            body["parentPlan"] = {"id": self._base.id}
        reply = create_once(lambda: self._client.post_unchecked("/V4/ServerPlan", body), lambda: {} if self.find() else None)
        said = "; ".join(map(str, faults(reply)))
        number = int((reply.get("plan") or {}).get("id") or 0)
        if reply and number <= 0:
            raise ApiError(f'Commvault did not make the plan "{desired["name"]}": {said or "no reason given"}.', call="POST /V4/ServerPlan")
        if said:
            self._client.warn(f'Commvault made the plan "{desired["name"]}", but says: {said}. What is missing is added now.')
        found = self._read(lookup.Found(number, desired["name"], company=self._client.company)) if number else self._found or {}
        left = self._left(found)
        return self.update(found, left) if left else found

    def update(self, current: Record, changed: Record) -> Record:
        """One PUT for what belongs to the plan, one POST a region for new destinations, one PUT for each changed destination."""
        rpo = self._changed_rpo(current, changed)
        body = {**({"rpo": rpo} if rpo else {}), **plan_settings.to_api(self._written(current, changed))}
        override = plan_settings.overrides(current, changed)
        if override:
            body["overrideInheritSettings"] = override
        if body:
            schedules = (rpo.get("backupFrequency") or {}).get("schedules", [])
            # A repeated ADD would add twice, a repeated DELETE finds nothing any more.
            repeat = all(row["scheduleOperation"] == "MODIFY" for row in schedules)
            self._client.put(f"/V4/ServerPlan/{current['id']}", body, repeat=repeat)
        if "destinations" in changed:
            plan_destination_writes.write(self._client, self._references, current, changed["destinations"], self._rows())
        after = self._read(
            lookup.Found(current["id"], current["name"], None, current["company"], {"associatedEntities": current["associated_entities"]})
        )
        ignored = self._left(after)
        if ignored:
            raise ApiError(
                f'Commvault accepted the change of the plan "{current["name"]}", but not all took effect: {", ".join(sorted(ignored))}. '
                "Look at the plan in the Command Center.",
                object=current["name"],
            )
        return after

    def delete(self, current: Record) -> None:
        path = f"/V4/ServerPlan/{current['id']}"
        self._client.delete(path)
        require_gone("plan", current["name"], self._client.get(path, absent=(404,)) is not None)

    # Reading and comparing

    def _read(self, summary: lookup.Found) -> Record:
        self._detail = self._client.require(f"/V4/ServerPlan/{summary.id}")
        rpo = self._detail.get("rpo") or {}
        sla = rpo.get("SLA") or {}
        return {
            "id": summary.id,
            "name": (self._detail.get("plan") or {}).get("name") or summary.name,
            "company": summary.company,
            "destinations": plan_destinations.read(self._detail.get("backupDestinations")),
            "schedules": plan_schedules.read((rpo.get("backupFrequency") or {}).get("schedules")),
            **{name: plan_windows.read_windows(rpo.get(key)) for name, key in WINDOWS.items()},
            "sla_days": sla.get("SLAPeriod"),
            "associated_entities": int(summary.row.get("associatedEntities") or 0),
            **plan_settings.read(self._detail),
        }

    def _rows(self) -> dict[int, Json]:
        """The destinations as they were read, by id."""
        return {int(row["planBackupDestination"]["id"]): row for row in listed(self._detail.get("backupDestinations"))}

    def _merged(self, found: Record | None) -> Record:
        """What the plan will be: what it has and the task leaves alone, and what the task says."""
        params = self._params
        # A server that does not tell the SLA must not look as if it drifted for ever.
        silent = found is not None and found["sla_days"] is None
        return {
            "name": params["name"],
            "destinations": None if self._destinations is None else self._merged_destinations(found, self._destinations),
            "schedules": None if self._schedules is None else self._merged_schedules(found, self._schedules),
            **self._windows,
            "sla_days": None if silent else params["sla_days"],
            **(self._settings if found is None else plan_settings.told(self._settings, found)),
        }

    def _merged_destinations(self, found: Record | None, wished: list[Record]) -> list[Record]:
        have = found["destinations"] if found else []
        merged = plan_destinations.merge(have, wished)
        if not self._params["purge_destinations"]:
            return merged
        rows = self._rows()
        # The default destination and the snap primary belong to the plan itself and are never purged.
        return [
            record
            for record in merged
            if "id" not in record
            or any(plan_destinations.same(wish, record) for wish in wished)
            or rows[record["id"]].get("isDefault")
            or rows[record["id"]].get("isSnapCopy")
        ]

    def _merged_schedules(self, found: Record | None, wished: list[Record]) -> list[Record]:
        have = found["schedules"] if found else []
        gone = plan_schedules.surplus(have, wished) if self._params["purge_schedules"] else []
        return [schedule for schedule in plan_schedules.merge(have, wished) if schedule not in gone]

    def _written(self, current: Record, changed: Record) -> Record:
        """The settings that change, each as the task has it, and those that the server does not tell, which can only be written."""
        silent = {name.partition(".")[0] for name in plan_settings.untold(self._settings, current)}
        return {key: value for key, value in self._settings.items() if key in changed or key in silent}

    def _left(self, found: Record) -> Record:
        return changes({key: value for key, value in self._merged(found).items() if value is not None}, found, self.comparers)

    def _named(self, destinations: list[Record] | None) -> list[Record]:
        """Of the destinations that there will be, those that the task names."""
        names = {record["name"].casefold() for record in self._destinations or []}
        return [record for record in destinations or [] if record["name"].casefold() in names]

    # Writing

    def _changed_rpo(self, current: Record, changed: Record) -> Json:
        rows = {
            row.get("scheduleId"): row for row in listed(((self._detail.get("rpo") or {}).get("backupFrequency") or {}).get("schedules"))
        }
        rpo: Json = {}
        if "schedules" in changed:
            known = {schedule["id"]: schedule for schedule in current["schedules"]}
            kept = {schedule.get("id") for schedule in changed["schedules"]}
            items = [
                plan_schedules.to_modify(schedule, rows[schedule["id"]]) if "id" in schedule else plan_schedules.to_add(schedule)
                for schedule in changed["schedules"]
                if known.get(schedule.get("id")) != schedule
            ]
            items += [plan_schedules.to_delete(rows[number]) for number in known if number not in kept]
            rpo["backupFrequency"] = {"schedules": items}
        rpo |= {key: plan_windows.windows_to_api(changed[name]) for name, key in WINDOWS.items() if name in changed}
        if "sla_days" in changed:
            rpo["SLA"] = {"useSystemDefaultSLA": False, "SLAPeriod": changed["sla_days"]}
        return rpo
