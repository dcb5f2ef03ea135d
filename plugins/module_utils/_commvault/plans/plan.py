# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.compare import Comparer
from ..._core.engine import Record, Resource, Seen
from ..._core.errors import ApiError, InputError, Refused
from ..wire.errors import faults
from ..wire.lookup import Found, same_name
from ..wire.replies import listed, number, part, text
from ..wire.writes import create_once, require_gone
from . import data_loss, destinations, lookup, schedules, settings, windows

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Json = dict[str, t.Any]
WINDOWS = {"backup_window": "backupWindow", "full_backup_window": "fullBackupWindow"}

OPTIONS = ArgumentSpec(
    {
        "name": {"type": "str", "required": True},
        "destinations": {"type": "list", "elements": "dict", "options": destinations.DESTINATION_OPTIONS},
        "schedules": {"type": "list", "elements": "dict", "options": schedules.SCHEDULE_OPTIONS},
        "purge_destinations": {"type": "bool", "default": False},
        "purge_schedules": {"type": "bool", "default": False},
        "backup_window": {"type": "list", "elements": "dict", "options": windows.WINDOW_OPTIONS},
        "full_backup_window": {"type": "list", "elements": "dict", "options": windows.WINDOW_OPTIONS},
        "sla_days": {"type": "int"},
        "require_encryption": {"type": "bool", "default": True},
        "allow_retention_decrease": {"type": "bool", "default": False},
        "allow_backup_loss": {"type": "bool", "default": False},
        **settings.SETTING_OPTIONS,
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    },
    {"required_by": {"inherit": ["base_plan"]}},
)


class ServerPlan(Resource):
    """A server plan: OpenAPI CreateServerPlan, GetPlanById, ModifyPlan, DeletePlan. Seen.raw is its detail as the server sent it."""

    comparers: t.Mapping[str, Comparer] = {
        "name": same_name,
        "destinations": destinations.same_lists,
        **settings.COMPARERS,
    }

    def __init__(self, client: Commvault, params: Json) -> None:
        self._client = client
        self._params = params
        self._destinations = destinations.wanted(params["destinations"])
        self._schedules = schedules.wanted(params["schedules"])
        self._windows = {name: windows.windows(params[name]) for name in WINDOWS}
        self._settings = settings.wanted(params)
        self._places = destinations.PoolsAndRegions(client)

    def observe(self) -> Seen:
        found = self._look_up()
        return self._read(found) if found else Seen(None, {})

    def desired(self, seen: Seen) -> Record:
        """What the plan is to be. Raises Refused for a destination that would keep its backups in clear, be it there already."""
        record = self._merged(seen)
        untold = settings.untold(self._settings, seen.known) if seen.record else []
        if untold:
            self._client.warn(f'Commvault does not tell {", ".join(untold)} of the plan "{self._params["name"]}": it is not compared.')
        if self._params["require_encryption"]:
            named = {wish["name"].casefold() for wish in self._destinations or []}
            told = [one for one in record["destinations"] or [] if one["name"].casefold() in named]
            self._places.require_encrypted(self._params["name"], told)
        return record

    def prepare_create(self, _seen: Seen, desired: Record) -> Found | None:
        """The plan that it is derived from."""
        base = None
        if desired.get("base_plan"):
            base = lookup.plan(self._client, desired["base_plan"])
            if base and base.row.get("derivable") is False:
                raise Refused(
                    f'No plan can be derived from "{desired["base_plan"]}". Set its allow_override first.', object=desired["base_plan"]
                )
        elif not desired.get("destinations"):
            raise InputError(f'The plan "{desired["name"]}" does not exist yet: give destinations, at least one with storage_pool.')
        self._places.require_for_new(desired.get("destinations", []))
        return base

    def prepare_update(self, seen: Seen, changed: Record) -> None:
        current = seen.known
        settings.refuse_one_way(current["name"], current, changed, self._params["confirm_allow_override"])
        if "destinations" not in changed:
            return
        have = {record["id"]: record for record in current["destinations"]}
        rows = destinations.rows_by_id(seen.raw)
        pairs = [(have[record["id"]], record) for record in changed["destinations"] if "id" in record]
        for found, record in pairs:
            self._refuse_impossible(found, record, rows[found["id"]])
        data_loss.allow_shorter(self._client, current["name"], pairs, self._params["allow_retention_decrease"])
        kept = {record.get("id") for record in changed["destinations"]}
        gone = [record for record in current["destinations"] if record["id"] not in kept]
        data_loss.allow_removal(self._client, current["name"], gone, changed["destinations"], self._params["allow_backup_loss"])
        self._places.require_for_new(changed["destinations"])

    def prepare_delete(self, seen: Seen) -> None:
        name, used = seen.known["name"], seen.known["associated_entities"]
        if used:
            raise Refused(
                f'The plan "{name}" is not deleted: entities that it protects: {used}. Give them another plan first.',
                object=name,
                associated_entities=used,
            )

    def create(self, _seen: Seen, desired: Record, means: Found | None) -> Record:
        """One POST with everything. What a server ignored, or could not do while it made the plan all the same, is repaired."""
        rpo: Json = {"backupFrequency": {"schedules": [schedules.to_add(schedule) for schedule in desired.get("schedules", [])]}}
        body: Json = {
            "planName": desired["name"],
            "backupDestinations": [self._places.to_create(record) for record in desired.get("destinations", [])],
            "rpo": rpo | _windows_to_api(desired),
            **settings.to_api(desired),
            **({"parentPlan": {"id": means.id}} if means else {}),
        }

        def look() -> Json | None:
            found = self._look_up()
            return {"plan": {"id": found.id}} if found else None

        reply = create_once(lambda: self._client.post_unchecked("/V4/ServerPlan", body), look)
        said = "; ".join(map(str, faults(reply)))
        made = number(reply, "plan", "id")
        if made <= 0:
            raise ApiError(f'Commvault did not make the plan "{desired["name"]}": {said or "no reason given"}.', call="POST /V4/ServerPlan")
        if said:
            self._client.warn(f'Commvault made the plan "{desired["name"]}", but says: {said}. What is missing is added now.')
        seen = self._read(Found(made, desired["name"], company=self._client.company))
        left = self._left(seen)
        return self.update(seen, left, None) if left else seen.known

    def update(self, seen: Seen, changed: Record, _means: None) -> Record:
        """One PUT for what belongs to the plan, one POST a region for new destinations, one PUT for each changed destination."""
        current = seen.known
        items = self._changed_schedules(seen, changed["schedules"]) if "schedules" in changed else []
        rpo: Json = {
            **({"backupFrequency": {"schedules": items}} if items else {}),
            **_windows_to_api(changed),
            **({"SLA": {"useSystemDefaultSLA": False, "SLAPeriod": changed["sla_days"]}} if "sla_days" in changed else {}),
        }
        override = settings.overrides(current, changed)
        body: Json = {
            **({"rpo": rpo} if rpo else {}),
            **settings.to_api(self._written(current, changed)),
            **({"overrideInheritSettings": override} if override else {}),
        }
        if body:
            # A repeated ADD would add twice, a repeated DELETE finds nothing any more.
            repeat = all(item["scheduleOperation"] == "MODIFY" for item in items)
            self._client.put(f"/V4/ServerPlan/{current['id']}", body, repeat=repeat)
        if "destinations" in changed:
            destinations.write(self._client, self._places, current, changed["destinations"], destinations.rows_by_id(seen.raw))
        row = {"associatedEntities": current["associated_entities"]}
        after = self._read(Found(current["id"], current["name"], None, current["company"], row))
        ignored = self._left(after)
        if ignored:
            raise ApiError(
                f'Commvault accepted the change of the plan "{current["name"]}", but not all took effect: {", ".join(sorted(ignored))}. '
                "Look at the plan in the Command Center.",
                object=current["name"],
            )
        return after.known

    def delete(self, seen: Seen, _means: None) -> None:
        path = f"/V4/ServerPlan/{seen.known['id']}"
        self._client.delete(path)
        require_gone("plan", seen.known["name"], self._client.get(path, absent=(404,)) is not None)

    # Reading

    def _look_up(self) -> Found | None:
        return None if self._client.company_missing else lookup.find_plan(self._client, self._params["name"], "own")

    def _read(self, found: Found) -> Seen:
        detail = self._client.require(f"/V4/ServerPlan/{found.id}")
        record = {
            "id": found.id,
            "name": text(detail, "plan", "name") or found.name,
            "company": found.company,
            "destinations": destinations.read(detail.get("backupDestinations")),
            **read_rpo(detail),
            "associated_entities": number(found.row, "associatedEntities"),
            **settings.read(detail),
        }
        return Seen(record, detail)

    # Comparing

    def _merged(self, seen: Seen) -> Record:
        """What the plan will be: what it has and the task leaves alone, and what the task says."""
        params, found = self._params, seen.known
        # A server that does not tell the SLA must not look as if it drifted for ever.
        silent = seen.record is not None and found["sla_days"] is None
        return {
            "name": params["name"],
            "destinations": None if self._destinations is None else self._merged_destinations(seen, self._destinations),
            "schedules": None if self._schedules is None else self._merged_schedules(found.get("schedules", []), self._schedules),
            **self._windows,
            "sla_days": None if silent else params["sla_days"],
            **(settings.told(self._settings, found) if found else self._settings),
        }

    def _merged_destinations(self, seen: Seen, wished: list[Record]) -> list[Record]:
        merged = destinations.merge(seen.known.get("destinations", []), wished)
        if not self._params["purge_destinations"]:
            return merged
        # The default destination and the snap primary belong to the plan itself and are never purged.
        rows = destinations.rows_by_id(seen.raw)
        fixed = {place for place, row in rows.items() if row.get("isDefault") or row.get("isSnapCopy")}
        return [
            record
            for record in merged
            if "id" not in record or record["id"] in fixed or any(destinations.same(wish, record) for wish in wished)
        ]

    def _merged_schedules(self, have: list[Record], wished: list[Record]) -> list[Record]:
        gone = schedules.surplus(have, wished) if self._params["purge_schedules"] else []
        return [schedule for schedule in schedules.merge(have, wished) if schedule not in gone]

    def _left(self, seen: Seen) -> Record:
        """What is not as it is to be, after a write."""
        return self.differences(self._merged(seen), seen)

    def _refuse_impossible(self, have: Record, want: Record, row: Json) -> None:
        name = self._params["name"]
        what = f'The destination "{have["name"]}" of the plan "{name}"'
        if want["storage_pool"] != have["storage_pool"]:
            raise Refused(
                f'{what} is on the storage pool "{have["storage_pool"]}" and cannot move to "{want["storage_pool"]}". '
                "Commvault has no such change: add a destination under another name.",
                object=name,
            )
        kept = [key for key in ("retention_days", "extended_retention") if want[key] != have[key]]
        if kept and destinations.follows_worm_pool(row):
            raise Refused(
                f'{what} follows its WORM storage pool "{have["storage_pool"]}", which alone decides the retention. '
                f"Leave out {' and '.join(kept)}.",
                object=name,
            )

    # Writing

    def _written(self, current: Record, changed: Record) -> Record:
        """The settings that change, each as the task has it, and those that the server does not tell, which can only be written."""
        silent = {name.partition(".")[0] for name in settings.untold(self._settings, current)}
        return {key: value for key, value in self._settings.items() if key in changed or key in silent}

    @staticmethod
    def _changed_schedules(seen: Seen, wanted: list[Record]) -> list[Json]:
        """The schedules that change, each with its operation."""
        rows = {row.get("scheduleId"): row for row in listed(part(seen.raw, "rpo", "backupFrequency").get("schedules"))}
        known = {schedule["id"]: schedule for schedule in seen.known["schedules"]}
        kept = {schedule.get("id") for schedule in wanted}
        items = [
            schedules.to_modify(schedule, rows[schedule["id"]]) if "id" in schedule else schedules.to_add(schedule)
            for schedule in wanted
            if known.get(schedule.get("id")) != schedule
        ]
        return items + [schedules.to_delete(rows[gone]) for gone in known if gone not in kept]


def read_rpo(detail: Json) -> Record:
    """When a plan runs backups, out of its detail (OpenAPI GetPlanById)."""
    rpo = part(detail, "rpo")
    return {
        "schedules": schedules.read(part(rpo, "backupFrequency").get("schedules")),
        **{name: windows.read_windows(rpo.get(key)) for name, key in WINDOWS.items()},
        "sla_days": part(rpo, "SLA").get("SLAPeriod"),
    }


def _windows_to_api(record: Record) -> Json:
    return {key: windows.windows_to_api(record[name]) for name, key in WINDOWS.items() if name in record}
