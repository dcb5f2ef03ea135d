# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""How long a plan's backup destinations keep what they hold, as a whole and job by job (OpenAPI ModifyBackupDestinationDetails,
GetJobsOnBackupDestination, RunJobOperationOnPlanBackupDestination)."""

from __future__ import annotations

import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.compare import Comparer
from ..._core.errors import ApiError, InputError, NotFound, Refused
from ..._core.reconcile import Record, Resource
from ..._core.reconcile import plan as planned
from ..wire.replies import listed
from . import destination_writes as plan_destination_writes
from . import destinations as plan_destinations
from . import lookup as plan_lookup
from . import retention_forecast as forecast
from . import retention_jobs
from . import retention_rules as plan_retention

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Json = dict[str, t.Any]

OPTIONS = ArgumentSpec(
    {
        "plan": {"type": "str", "required": True},
        "destination": {"type": "str"},
        "region": {"type": "str"},
        "retention_days": {"type": "str"},
        "follow_pool": {"type": "bool"},
        "extended_retention": plan_retention.EXTENDED_OPTION,
        "data_aging": {"type": "bool"},
        "job_ids": {"type": "list", "elements": "int"},
        "retain_until": {"type": "str"},
        "allow_decrease": {"type": "bool", "default": False},
    },
    {
        "required_together": [("job_ids", "retain_until")],
        "required_by": {"job_ids": ["destination"]},
        "required_one_of": [("retention_days", "follow_pool", "extended_retention", "data_aging", "job_ids")],
    },
)
RULE_KEYS = ("retention_days", "follows_pool", "extended_retention", "data_aging")


def run(client: Commvault, params: Json) -> Json:
    """Bring the retention to what the task says; the result tells what it costs, in check mode too."""
    retention = Retention(client, params)
    step = planned(retention, "present")
    outcome = step.predict() if client.check_mode else step.take()
    return {"changed": outcome.changed, "retention": outcome.after, "aging_out": retention.loss, "diff": outcome.diff()}


class Retention(Resource):
    """The destinations of one plan that the task means. loss: what ages out because of the change; jobs is None where nobody can tell."""

    comparers: t.Mapping[str, Comparer] = {"plan": lambda want, have: want.casefold() == have.casefold()}

    def __init__(self, client: Commvault, params: Json) -> None:
        self._client = client
        self._params = params
        self._wanted = _wanted(params)
        self._pins = retention_jobs.Pins(client, params["job_ids"] or [], params["retain_until"])
        self._plan_id = 0
        self._rows: dict[int, Json] = {}
        self.loss: forecast.Loss = forecast.everything([])

    def find(self) -> Record | None:
        found = plan_lookup.plan(self._client, self._params["plan"])
        if found is None:
            return None
        self._plan_id = found.id
        detail = self._client.require(f"/V4/ServerPlan/{found.id}")
        rows = [row for row in listed(detail.get("backupDestinations")) if self._meant(row)]
        if not rows:
            where = f' in the region "{self._params["region"]}"' if self._params["region"] else ""
            which = (
                f'destination "{self._params["destination"]}"' if self._params["destination"] else "destination that is no snapshot copy"
            )
            self._client.missing(which, f"{self._params['plan']}{where}", "Correct the names, or make it with calligo.baas.commvault_plan.")
            return None
        self._rows = {int(row["planBackupDestination"]["id"]): row for row in rows}
        return {"plan": found.name, "destinations": [self._described(row) for row in rows], "jobs": self._pins.read(list(self._rows))}

    def desired(self) -> Record:
        have = [self._described(row) for row in self._rows.values()]
        wanted = [{**record, **_applied(self._wanted, record)} for record in have]
        for record in wanted:
            plan_retention.check_rules(record)
        return {"plan": self._params["plan"], "destinations": wanted, "jobs": self._pins.wanted()}

    def guard_update(self, current: Record, changed: Record) -> None:
        have = {record["id"]: record for record in current["destinations"]}
        pairs = [(have[record["id"]], record) for record in changed.get("destinations", []) if record != have[record["id"]]]
        shorter: list[str] = []
        for found, record in pairs:
            self._refuse_locked(found, record)
            shorter += plan_retention.decreases(found, record)
        # Data aging that goes on again is a shortening where something has waited for it.
        resumed = [record for found, record in pairs if record["data_aging"] and not found["data_aging"]]
        losses = [self._loss_of(record) for found, record in pairs if record in resumed or plan_retention.decreases(found, record)]
        losses.append(self._pins.loss(changed.get("jobs"), self._rows_on, self._in_effect(current, changed)))
        self.loss = _joined(losses)
        if self.loss["jobs"] != 0:
            shorter += [f'data aging goes on again on "{record["name"]}"' for record in resumed]
        shorter += self._pins.decreases(changed.get("jobs"), self.loss)
        if shorter and not self._params["allow_decrease"]:
            told = forecast.spoken(self.loss if self.loss["jobs"] is not None else None)
            raise Refused(
                f'The plan "{current["plan"]}" would keep backups for a shorter time: {"; ".join(shorter)}. {told} at the next data aging, '
                "and nothing brings them back. Set allow_decrease if this is meant.",
                object=current["plan"],
                decreases=shorter,
                aging_out=self.loss,
            )

    def create(self, desired: Record) -> Record:
        """Only reached where the plan is missing, which a real run has reported by now."""
        raise NotFound(f'The plan "{desired["plan"]}" or its destination does not exist.', object=desired["plan"])

    def update(self, current: Record, changed: Record) -> Record:
        have = {record["id"]: record for record in current["destinations"]}
        for record in changed.get("destinations", []):
            if record != have[record["id"]]:
                own = None if record["follows_pool"] else record["retention_days"]
                rules = plan_retention.retention_rules(
                    self._rows[record["id"]], own, record["extended_retention"], aging=record["data_aging"]
                )
                plan_destination_writes.change(self._client, self._plan_id, record["id"], {"retentionRules": rules})
        if "jobs" in changed:
            self._pins.write(self._plan_id, next(iter(self._rows)), changed["jobs"])
        after = self.find()
        if after is None or any(after[key] != changed[key] for key in ("destinations", "jobs") if key in changed):
            raise ApiError(
                f'Commvault accepted the change of the retention of the plan "{current["plan"]}", but not all took effect. '
                "Look at the plan in the Command Center: its storage pool may decide the retention.",
                object=current["plan"],
            )
        return after

    # What is meant, and what it costs

    def _meant(self, row: Json) -> bool:
        name = str((row.get("planBackupDestination") or {}).get("name"))
        region = (row.get("region") or {}).get("name") or ""
        wish, place = self._params["destination"], self._params["region"]
        return (
            not row.get("isSnapCopy")
            and (wish is None or wish.casefold() == name.casefold())
            and (place is None or place.casefold() == region.casefold())
        )

    @staticmethod
    def _described(row: Json) -> Record:
        record = plan_destinations.describe(row)
        shown = ("id", "name", "region", "storage_pool", "pool_retention_days", "lock")
        return {key: record[key] for key in (*shown, *RULE_KEYS)}

    def _refuse_locked(self, have: Record, want: Record) -> None:
        what = f'The destination "{have["name"]}" of the plan "{self._params["plan"]}"'
        if have["lock"] == "worm":
            raise Refused(
                f'{what} lies on the WORM storage pool "{have["storage_pool"]}", which alone decides the retention: '
                f"{plan_retention.spoken(have['retention_days'])}. Change it there, or leave this destination out.",
                object=self._params["plan"],
            )
        shorter = plan_retention.decreases(have, want)
        if have["lock"] == "compliance" and shorter:
            raise Refused(
                f"{what} has a compliance lock: its retention may grow, and nobody can make it shorter ({'; '.join(shorter)}).",
                object=self._params["plan"],
                decreases=shorter,
            )

    def _rows_on(self, destination_id: int) -> list[Json] | None:
        return forecast.jobs(self._client, destination_id)

    def _loss_of(self, record: Record) -> forecast.Loss | None:
        rows = self._rows_on(record["id"])
        if rows is None:
            return None
        return forecast.forecast(rows, record["retention_days"], record["extended_retention"], forecast.now(rows))

    @staticmethod
    def _in_effect(current: Record, changed: Record) -> Record:
        first: Record = (changed.get("destinations") or current["destinations"])[0]
        return first


def _wanted(params: Json) -> Record:
    """What the task says about the rules, checked. Raises InputError."""
    label = f'retention: "{params["destination"] or params["plan"]}"'
    record: Record = {}
    if params["retention_days"] is not None:
        record["retention_days"] = plan_retention.days(params["retention_days"], label)
    if params["follow_pool"] is not None:
        record["follows_pool"] = params["follow_pool"]
    if params["extended_retention"] is not None:
        record["extended_retention"] = plan_retention.extended(params["extended_retention"], label)
    if params["data_aging"] is not None:
        record["data_aging"] = params["data_aging"]
    if record.get("follows_pool") and "retention_days" in record:
        raise InputError("Give either retention_days, or follow_pool: true, which takes those of the storage pool.")
    if record.get("follows_pool") is False and "retention_days" not in record:
        raise InputError("follow_pool: false needs retention_days.")
    return record


def _applied(wanted: Record, have: Record) -> Record:
    """What a destination becomes. One that follows its pool goes on doing so while the pool keeps for as long as is wanted."""
    record = dict(wanted)
    if record.get("follows_pool"):
        record["retention_days"] = have["pool_retention_days"]
    elif "retention_days" in record and "follows_pool" not in record and record["retention_days"] != have["retention_days"]:
        record["follows_pool"] = False
    return record


def _joined(losses: list[forecast.Loss | None]) -> forecast.Loss:
    """All losses in one; where one of them is not known, the sum is not either."""
    if any(loss is None for loss in losses):
        return {"jobs": None, "bytes": None, "media_bytes": None, "job_ids": []}
    return forecast.total(filter(None, losses))
