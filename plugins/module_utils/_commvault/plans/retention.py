# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""How long a plan's backup destinations keep what they hold, as a whole and job by job (OpenAPI ModifyBackupDestinationDetails,
GetJobsOnBackupDestination, RunJobOperationOnPlanBackupDestination)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.compare import Comparer
from ..._core.engine import One, Outcome, Record, Resource, Seen
from ..._core.errors import ApiError, InputError, NotFound, Refused
from ..wire.lookup import same_name
from ..wire.replies import text
from . import data_loss, destinations, lookup, retention_rules

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Json = dict[str, t.Any]
COMMCELL = 2
"""The id of an installation as it sees itself (cvpysdk storage_policies.py sends the same number)."""
RULES, FOREVER = "rules", "infinite"

OPTIONS = ArgumentSpec(
    {
        "plan": {"type": "str", "required": True},
        "destination": {"type": "str"},
        "region": {"type": "str"},
        "retention_days": {"type": "str"},
        "follow_pool": {"type": "bool"},
        "extended_retention": retention_rules.EXTENDED_OPTION,
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
UNKNOWN: data_loss.Loss = {"jobs": None, "bytes": None, "media_bytes": None, "job_ids": []}


class RetentionOfPlan(One):
    """Bring the retention to what the task says; the result tells what it costs, in check mode too."""

    def __init__(self, client: Commvault, params: Json) -> None:
        super().__init__(Retention(client, params), "present", "retention")

    def result(self, outcomes: list[Outcome]) -> Record:
        loss = outcomes[0].means if outcomes else None
        return {**super().result(outcomes), **({"aging_out": loss or data_loss.everything([])} if outcomes else {})}


@dataclasses.dataclass(frozen=True)
class _Raw:
    """What is read beside the record: the destinations as the server sent them, by id, and the jobs on the one that the task names."""

    plan_id: int = 0
    rows: dict[int, Json] = dataclasses.field(default_factory=dict)
    jobs: dict[int, Json] = dataclasses.field(default_factory=dict)

    def retained(self, job_id: int) -> float | None:
        """Until when a user retained a job; see data_loss.retained_until()."""
        return data_loss.retained_until(self.jobs[job_id])


class Retention(Resource):
    """The destinations of one plan that the task means, and single jobs on one of them that are kept until a time of their own.

    What is prepared for an update is what ages out because of it.
    """

    comparers: t.Mapping[str, Comparer] = {"plan": same_name}

    def __init__(self, client: Commvault, params: Json) -> None:
        self._client = client
        self._params = params
        self._wanted = _wanted(params)
        self._job_ids = list(dict.fromkeys(params["job_ids"] or []))
        self._until = _checked(params["retain_until"]) if params["retain_until"] is not None else RULES

    def observe(self) -> Seen:
        found = lookup.plan(self._client, self._params["plan"])
        if found is None:
            return Seen(None, _Raw())
        detail = self._client.require(f"/V4/ServerPlan/{found.id}")
        rows = {number: row for number, row in destinations.rows_by_id(detail).items() if self._meant(row)}
        if not rows:
            wish, place = self._params["destination"], self._params["region"]
            which = f'destination "{wish}"' if wish else "destination that is no snapshot copy"
            where = self._params["plan"] + (f' in the region "{place}"' if place else "")
            self._client.missing(which, where, "Correct the names, or make it with calligo.baas.commvault_plan.")
            return Seen(None, _Raw())
        raw = _Raw(found.id, rows, self._jobs_on(list(rows)) if self._job_ids else {})
        jobs = [{"id": job_id, "retain_until": _moment_in_words(raw.retained(job_id))} for job_id in self._job_ids]
        return Seen({"plan": found.name, "destinations": [_described(row) for row in rows.values()], "jobs": jobs}, raw)

    def desired(self, seen: Seen) -> Record:
        wanted = [{**record, **_applied(self._wanted, record)} for record in map(_described, seen.raw.rows.values())]
        for record in wanted:
            retention_rules.check_rules(record)
        jobs = [{"id": job_id, "retain_until": self._until} for job_id in self._job_ids]
        return {"plan": self._params["plan"], "destinations": wanted, "jobs": jobs}

    def prepare_update(self, seen: Seen, changed: Record) -> data_loss.Loss:
        for have, want in _pairs(seen, changed):
            self._refuse_locked(have, want)
        released = self._released(seen, changed)
        loss = self._loss(seen, changed, released)
        shorter = self._shorter(seen, changed, released, nothing=loss is not None and not loss["jobs"])
        if shorter and not self._params["allow_decrease"]:
            raise data_loss.refusal(seen.known["plan"], shorter, loss, loss or UNKNOWN, "allow_decrease")
        return loss or UNKNOWN

    def update(self, seen: Seen, changed: Record, _means: data_loss.Loss) -> Record:
        plan_id, rows = seen.raw.plan_id, seen.raw.rows
        for _have, want in _pairs(seen, changed):
            own = None if want["follows_pool"] else want["retention_days"]
            rules = retention_rules.retention_rules(rows[want["id"]], own, want["extended_retention"], aging=want["data_aging"])
            destinations.change(self._client, plan_id, want["id"], {"retentionRules": rules})
        if "jobs" in changed:
            self._retain(seen, next(iter(rows)))
        after = self.observe().record
        if after is None or any(after[key] != changed[key] for key in ("destinations", "jobs") if key in changed):
            raise ApiError(
                f'Commvault accepted the change of the retention of the plan "{seen.known["plan"]}", but not all took effect. '
                "Look at the plan in the Command Center: its storage pool may decide the retention.",
                object=seen.known["plan"],
            )
        return after

    # What is meant

    def _meant(self, row: Json) -> bool:
        names = (
            (self._params["destination"], text(row, "planBackupDestination", "name")),
            (self._params["region"], text(row, "region", "name")),
        )
        return not row.get("isSnapCopy") and all(wish is None or wish.casefold() == (name or "").casefold() for wish, name in names)

    def _jobs_on(self, places: list[int]) -> dict[int, Json]:
        """All jobs on the destination, by number. Raises NotFound for one of the task that it does not hold."""
        if len(places) > 1:
            raise InputError("job_ids: the plan has a destination of this name in several regions; give region.")
        rows = {int(row["jobId"]): row for row in data_loss.jobs(self._client, places[0]) or []}
        for job_id in self._job_ids:
            if job_id not in rows:
                raise NotFound(
                    f"The destination holds no job {job_id}, or the job has aged, or this user cannot see it.", object=str(job_id)
                )
        return rows

    # What must not be, and what it costs

    def _refuse_locked(self, have: Record, want: Record) -> None:
        what = f'The destination "{have["name"]}" of the plan "{self._params["plan"]}"'
        if have["lock"] == "worm":
            raise Refused(
                f'{what} lies on the WORM storage pool "{have["storage_pool"]}", which alone decides the retention: '
                f"{retention_rules.in_words(have['retention_days'])}. Change it there, or leave this destination out.",
                object=self._params["plan"],
            )
        shorter = retention_rules.decreases(have, want)
        if have["lock"] == "compliance" and shorter:
            raise Refused(
                f"{what} has a compliance lock: its retention may grow, and nobody can make it shorter ({'; '.join(shorter)}).",
                object=self._params["plan"],
                decreases=shorter,
            )

    def _released(self, seen: Seen, changed: Record) -> dict[int, float | None]:
        """Jobs that would be kept for a shorter time than a user has wanted before, and until when."""
        until = _moment(self._until)
        retained = {job["id"]: seen.raw.retained(job["id"]) for job in changed.get("jobs", [])}
        return {job_id: until for job_id, have in retained.items() if have is not None and (until or 0.0) < have}

    def _loss(self, seen: Seen, changed: Record, released: dict[int, float | None]) -> data_loss.Loss | None:
        """What ages out; None where the server does not tell."""
        shortened = [want for have, want in _pairs(seen, changed) if _resumes(have, want) or retention_rules.decreases(have, want)]
        in_effect = (changed.get("destinations") or seen.known["destinations"])[0]
        freed = _freed(list(seen.raw.jobs.values()), released, in_effect)
        return data_loss.total([*(data_loss.aging_under(self._client, want) for want in shortened), freed])

    def _shorter(self, seen: Seen, changed: Record, released: t.Iterable[int], nothing: bool) -> list[str]:
        """In words, what would be kept for a shorter time. nothing: nothing ages out because of it."""
        pairs = _pairs(seen, changed)
        shorter = [words for have, want in pairs for words in retention_rules.decreases(have, want)]
        if not nothing:
            shorter += [f'data aging goes on again on "{want["name"]}"' for have, want in pairs if _resumes(have, want)]
        if nothing and self._until == RULES:
            return shorter
        return shorter + [f"job {job_id} from {_moment_in_words(seen.raw.retained(job_id))} to {self._until}" for job_id in released]

    # Writing

    def _retain(self, seen: Seen, destination_id: int) -> None:
        """One request for all jobs that get another time (OpenAPI RunJobOperationOnPlanBackupDestination)."""
        body: Json = {
            "storagePolicyId": self._storage_policy(seen.raw.plan_id),
            "copyId": destination_id,
            "jobIds": [job["id"] for job in seen.known["jobs"] if job["retain_until"] != self._until],
            "commcellId": COMMCELL,
            "opType": "DO_NOT_RETAIN" if self._until == RULES else "RETAIN",
        }
        if self._until != RULES:
            body["retainUntilTime"] = _wire(_moment(self._until))
        self._client.post("/V4/Plan/BackupDestination/JobOperations", body)

    def _storage_policy(self, plan_id: int) -> int:
        """The storage policy behind a plan, which V4 does not show (cvpysdk plan.py storage_policy)."""
        plan = self._client.require(f"/V2/Plan/{plan_id}", {"propertyLevel": 30}).get("plan") or {}
        return int(plan["storage"]["storagePolicy"]["storagePolicyId"])


def _wanted(params: Json) -> Record:
    """What the task says about the rules, checked. Raises InputError."""
    label = f'retention: "{params["destination"] or params["plan"]}"'
    record: Record = {}
    if params["retention_days"] is not None:
        record["retention_days"] = retention_rules.days(params["retention_days"], label)
    if params["follow_pool"] is not None:
        record["follows_pool"] = params["follow_pool"]
    if params["extended_retention"] is not None:
        record["extended_retention"] = retention_rules.extended(params["extended_retention"], label)
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


def _described(row: Json) -> Record:
    record = destinations.describe(row)
    return {key: record[key] for key in ("id", "name", "region", "storage_pool", "pool_retention_days", "lock", *RULE_KEYS)}


def _pairs(seen: Seen, changed: Record) -> list[tuple[Record, Record]]:
    """Each destination that changes, as it is and as it is to be."""
    have = {record["id"]: record for record in seen.known["destinations"]}
    return [(have[record["id"]], record) for record in changed.get("destinations", []) if record != have[record["id"]]]


def _resumes(have: Record, want: Record) -> bool:
    """Whether data aging goes on again, which is a shortening where something has waited for it."""
    return want["data_aging"] and not have["data_aging"]


def _freed(rows: list[Json], released: dict[int, float | None], destination: Record) -> data_loss.Loss:
    """What ages out because jobs are released. rows: all jobs on their destination, whose record is given."""
    if not released:
        return data_loss.everything([])

    def after_release(row: Json) -> Json:
        if row["jobId"] not in released:
            return row
        until = released[row["jobId"]]
        return {**row, "strRetainedBy": "User" if until else "", "retainUntil": _wire(until)}

    days, extended, at = destination["retention_days"], destination["extended_retention"], data_loss.now(rows)
    before = data_loss.forecast(rows, days, extended, at)
    after = data_loss.forecast([after_release(row) for row in rows], days, extended, at)
    new = set(after["job_ids"]) - set(before["job_ids"])
    return data_loss.everything([row for row in rows if row["jobId"] in new])


# Times until which a job is retained: a moment, for ever, or as the rules say


def _checked(said: str) -> str:
    """A time in the one form that results have too. Raises InputError."""
    if said.strip().casefold() in (RULES, FOREVER):
        return said.strip().casefold()
    try:
        moment = dt.datetime.fromisoformat(said.strip())
    except ValueError:
        raise InputError(
            f'retain_until is "{said}": give a date such as "2027-12-31", a time such as "2027-12-31T18:00:00Z", infinite, or rules.'
        ) from None
    if len(said.strip()) == len("2027-12-31"):
        moment = moment.replace(hour=23, minute=59, second=59)
    return _moment_in_words((moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp())


def _moment(said: str) -> float | None:
    """Epoch seconds; infinity for ever; None for what the rules say."""
    if said == RULES:
        return None
    return math.inf if said == FOREVER else dt.datetime.fromisoformat(said).timestamp()


def _moment_in_words(moment: float | None) -> str:
    if moment is None:
        return RULES
    return FOREVER if math.isinf(moment) else dt.datetime.fromtimestamp(moment, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _wire(moment: float | None) -> int:
    return retention_rules.INFINITE if moment is None or math.isinf(moment) else int(moment)
