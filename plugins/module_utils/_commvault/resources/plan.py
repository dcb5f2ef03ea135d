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
from .. import lookups
from ..effects import create_once, require_gone
from ..errors import faults
from ..paging import listed
from . import plan_destinations, plan_schedules
from .plan_references import References

if t.TYPE_CHECKING:
    from ..client import Commvault

Json = dict[str, t.Any]

OPTIONS = ArgumentSpec(
    {
        "name": {"type": "str", "required": True},
        "destinations": {"type": "list", "elements": "dict", "options": plan_destinations.DESTINATION_OPTIONS},
        "schedules": {"type": "list", "elements": "dict", "options": plan_schedules.SCHEDULE_OPTIONS},
        "backup_window": {"type": "list", "elements": "dict", "options": plan_schedules.WINDOW_OPTIONS},
        "sla_days": {"type": "int"},
        "require_encryption": {"type": "bool", "default": True},
        "allow_retention_decrease": {"type": "bool", "default": False},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }
)


class ServerPlan(Resource):
    """A server plan: OpenAPI CreateServerPlan, GetPlanById, ModifyPlan, DeletePlan; for its destinations see plan_destinations.py."""

    comparers: t.Mapping[str, Comparer] = {"name": lambda want, have: want.casefold() == have.casefold()}

    def __init__(self, client: Commvault, params: Json) -> None:
        self._client = client
        self._params = params
        self._destinations = plan_destinations.wanted(params["destinations"])
        self._schedules = plan_schedules.wanted(params["schedules"])
        self._windows = plan_schedules.windows(params["backup_window"])
        self._references = References(client)
        self._found: Record | None = None
        self._detail: Json = {}

    def find(self) -> Record | None:
        summary = None if self._client.company_missing else lookups.find_plan(self._client, self._params["name"], "own")
        self._found = self._read(summary) if summary else None
        return copy.deepcopy(self._found)

    def desired(self) -> Record:
        record = self._merged(self._found)
        if self._params["require_encryption"]:
            self._references.require_encrypted(self._params["name"], self._named(record["destinations"]))
        return record

    def guard_create(self, desired: Record) -> None:
        if not desired.get("destinations"):
            raise InputError(f'The plan "{desired["name"]}" does not exist yet: give destinations, at least one with storage_pool.')
        self._references.resolve(desired["destinations"])

    def guard_update(self, current: Record, changed: Record) -> None:
        have = {record["id"]: record for record in current["destinations"]}
        shorter: list[str] = []
        for record in changed.get("destinations", []):
            if "id" in record:
                self._refuse_impossible(have[record["id"]], record)
                shorter += plan_destinations.decreases(have[record["id"]], record)
        if shorter and not self._params["allow_retention_decrease"]:
            raise Refused(
                f'The plan "{current["name"]}" would keep backups for a shorter time: {"; ".join(shorter)}. '
                "What is older is lost at the next data aging and cannot be brought back. Set allow_retention_decrease if this is meant.",
                object=current["name"],
                decreases=shorter,
            )
        self._references.resolve(changed.get("destinations", []))

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
        if "backup_window" in desired:
            rpo["backupWindow"] = plan_schedules.windows_to_api(desired["backup_window"])
        destinations = [self._references.new_destination(record, with_region=True) for record in desired["destinations"]]
        body = {"planName": desired["name"], "backupDestinations": destinations, "rpo": rpo}
        reply = create_once(lambda: self._client.post_unchecked("/V4/ServerPlan", body), lambda: {} if self.find() else None)
        said = "; ".join(map(str, faults(reply)))
        number = int((reply.get("plan") or {}).get("id") or 0)
        if reply and number <= 0:
            raise ApiError(f'Commvault did not make the plan "{desired["name"]}": {said or "no reason given"}.', call="POST /V4/ServerPlan")
        if said:
            self._client.warn(f'Commvault made the plan "{desired["name"]}", but says: {said}. What is missing is added now.')
        found = self._read(lookups.Found(number, desired["name"], company=self._client.company)) if number else self._found or {}
        left = self._left(found)
        return self.update(found, left) if left else found

    def update(self, current: Record, changed: Record) -> Record:
        """One PUT for what belongs to the plan, one POST a region for new destinations, one PUT for each changed destination."""
        rpo = self._changed_rpo(current, changed)
        if rpo:
            schedules = (rpo.get("backupFrequency") or {}).get("schedules", [])
            # A repeated ADD would add twice.
            repeat = all(row["scheduleOperation"] != "ADD" for row in schedules)
            self._client.put(f"/V4/ServerPlan/{current['id']}", {"rpo": rpo}, repeat=repeat)
        self._update_destinations(current, changed.get("destinations", []))
        after = self._read(
            lookups.Found(current["id"], current["name"], None, current["company"], {"associatedEntities": current["associated_entities"]})
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

    def _read(self, summary: lookups.Found) -> Record:
        self._detail = self._client.require(f"/V4/ServerPlan/{summary.id}")
        rpo = self._detail.get("rpo") or {}
        sla = rpo.get("SLA") or {}
        return {
            "id": summary.id,
            "name": (self._detail.get("plan") or {}).get("name") or summary.name,
            "company": summary.company,
            "destinations": plan_destinations.read(self._detail.get("backupDestinations")),
            "schedules": plan_schedules.read((rpo.get("backupFrequency") or {}).get("schedules")),
            "backup_window": plan_schedules.read_windows(rpo.get("backupWindow")),
            "sla_days": sla.get("SLAPeriod"),
            "associated_entities": int(summary.row.get("associatedEntities") or 0),
        }

    def _rows(self) -> dict[int, Json]:
        """The destinations as they were read, by id."""
        return {int(row["planBackupDestination"]["id"]): row for row in listed(self._detail.get("backupDestinations"))}

    def _merged(self, found: Record | None) -> Record:
        """What the plan will be: what it has and the task leaves alone, and what the task says."""
        have = found or {"destinations": [], "schedules": []}
        params = self._params
        # A server that does not tell the SLA must not look as if it drifted for ever.
        silent = found is not None and found["sla_days"] is None
        return {
            "name": params["name"],
            "destinations": None if self._destinations is None else plan_destinations.merge(have["destinations"], self._destinations),
            "schedules": None if self._schedules is None else plan_schedules.merge(have["schedules"], self._schedules),
            "backup_window": self._windows,
            "sla_days": None if silent else params["sla_days"],
        }

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
            rpo["backupFrequency"] = {
                "schedules": [
                    plan_schedules.to_modify(schedule, rows[schedule["id"]]) if "id" in schedule else plan_schedules.to_add(schedule)
                    for schedule in changed["schedules"]
                    if known.get(schedule.get("id")) != schedule
                ]
            }
        if "backup_window" in changed:
            rpo["backupWindow"] = plan_schedules.windows_to_api(changed["backup_window"])
        if "sla_days" in changed:
            rpo["SLA"] = {"useSystemDefaultSLA": False, "SLAPeriod": changed["sla_days"]}
        return rpo

    def _update_destinations(self, current: Record, destinations: list[Record]) -> None:
        path = f"/V4/ServerPlan/{current['id']}/BackupDestination"
        ids = {_place(record): record["id"] for record in current["destinations"]}
        new: dict[str | None, list[Record]] = {}
        for record in destinations:
            if "id" not in record:
                new.setdefault(record.get("region"), []).append(record)
        for region, records in new.items():
            body: Json = {"destinations": [self._references.new_destination(record, with_region=False) for record in records]}
            if region:
                body["region"] = {"id": self._references.region_id(region)}
            made = self._client.post(path, body)
            ids.update({_place({**row, "region": region}): int(row["id"]) for row in listed(made.get("planBackupDestination"))})
        have = {record["id"]: record for record in current["destinations"]}
        for record in destinations:
            if "id" in record and record != have[record["id"]]:
                moved = record["source"] != have[record["id"]]["source"]
                source = ids[_place({"name": record["source"], "region": record["region"]})] if moved else None
                self._change_destination(
                    current, plan_destinations.to_change(record, have[record["id"]], self._rows()[record["id"]], source), record["id"]
                )

    def _change_destination(self, current: Record, body: Json, number: int) -> None:
        try:
            self._client.put(f"/V5/ServerPlan/{current['id']}/BackupDestination/{number}", body)
        except ApiError as error:
            if error.details.get("status") != 404:
                raise
            # An older server, which has only the flat call.
            self._client.put(f"/V4/ServerPlan/{current['id']}/BackupDestination/{number}", plan_destinations.to_change_v4(body))


def _place(record: Json) -> tuple[str, str]:
    return record["name"].casefold(), (record["region"] or "").casefold()
