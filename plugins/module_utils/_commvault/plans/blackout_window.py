# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import datetime as dt
import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.compare import Comparer, same_names
from ..._core.engine import Record, Resource, Seen
from ..._core.errors import InputError
from ..wire import lookup
from ..wire.replies import listed, part
from ..wire.writes import create_numbered, require_gone
from .windows import WINDOW_OPTIONS, read_blackouts, seconds, windows

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Json = dict[str, t.Any]
OPERATIONS = {
    "full": "FULL",
    "incremental_and_differential": "INCREMENTAL_AND_DIFFERENTIAL",
    "synthetic_full": "SYNTHETIC_FULL",
    "transaction_log": "TRANSACTION_LOG",
    "all": "ALL_OPERATIONS",
}
WEEKS = ["first", "second", "third", "fourth", "last", "every"]
OPTIONS = ArgumentSpec(
    {
        "name": {"type": "str", "required": True},
        "operations": {"type": "list", "elements": "str", "choices": list(OPERATIONS)},
        "periods": {"type": "list", "elements": "dict", "options": WINDOW_OPTIONS},
        "weeks": {"type": "list", "elements": "str", "choices": WEEKS},
        "between_dates": {"type": "dict", "options": {"start": {"type": "str"}, "end": {"type": "str"}}},
        "do_not_submit_job": {"type": "bool"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }
)


class BlackoutWindow(Resource):
    """A time in which backups do not run (OpenAPI V5 CreateBlackoutWindow and neighbours; DeleteBlackoutWindow exists in V4 only).

    A window belongs to one company or to the provider; its name may exist elsewhere too.
    """

    comparers: t.Mapping[str, Comparer] = {"name": lookup.same_name, **dict.fromkeys(("operations", "weeks"), same_names)}

    def __init__(self, client: Commvault, params: Json) -> None:
        self._client = client
        self._wanted = _wanted(params)

    def observe(self) -> Seen:
        """The list tells neither operations nor weeks, so that the detail is read too."""
        found = None if self._client.company_missing else self._look()
        return Seen(self._read(found) if found else None)

    def desired(self, _seen: Seen) -> Record:
        return self._wanted

    def prepare_create(self, _seen: Seen, desired: Record) -> None:
        if not desired.get("periods"):
            raise InputError(f'The blackout window "{desired["name"]}" does not exist yet: give periods.')

    def create(self, _seen: Seen, desired: Record, _means: None) -> Record:
        body = {"name": desired["name"], **_to_api(desired)}
        if self._client.company_id is not None:
            body["company"] = {"id": self._client.company_id}

        made = create_numbered(self._client, f'blackout window "{desired["name"]}"', "/V5/BlackoutWindow", body, self._look)
        return self._read(lookup.Found(made, desired["name"], company=self._client.company))

    def update(self, seen: Seen, changed: Record, _means: None) -> Record:
        current = seen.known
        self._client.put(f"/V5/BlackoutWindow/{current['id']}", _to_api(changed))
        return self._read(lookup.Found(current["id"], current["name"], company=current["company"]))

    def delete(self, seen: Seen, _means: None) -> None:
        current = seen.known
        self._client.delete(f"/V4/BlackoutWindow/{current['id']}")
        require_gone("blackout window", current["name"], self._client.get(f"/V5/BlackoutWindow/{current['id']}", absent=(404,)) is not None)

    def _look(self) -> lookup.Found | None:
        """By name and company. Two of one name in one company are an error, never a guess."""
        params = {"companyId": self._client.company_id} if self._client.company_id is not None else {"showOnlyCommcellLevel": "true"}
        rows = self._client.rows("/V5/BlackoutWindow", "blackoutWindows", params)
        known = [lookup.to_found(row, row, row.get("company")) for row in rows]
        return lookup.choose(self._client, "blackout window", self._wanted["name"], known, "own")

    def _read(self, found: lookup.Found) -> Record:
        row = self._client.require(f"/V5/BlackoutWindow/{found.id}")
        between = part(row, "betweenDates")
        spelled = {value: key for key, value in OPERATIONS.items()}
        return {
            "id": found.id,
            "name": row.get("name") or found.name,
            "company": found.company,
            "operations": [spelled.get(str(name), str(name).lower()) for name in listed(row.get("backupOperations"))],
            "periods": read_blackouts(row.get("allDays")),
            "weeks": [str(week).lower() for week in listed(row.get("weeks"))],
            "between_dates": {"start": _date(between.get("start")), "end": _date(between.get("end"))},
            "do_not_submit_job": bool(row.get("doNotSubmitJob", False)),
        }


def _wanted(params: Json) -> Record:
    """What the task says, checked. Raises InputError."""
    record: Record = {key: params[key] for key in ("name", "operations", "weeks", "do_not_submit_job")}
    record["periods"] = windows(params["periods"], "blackout")
    if params["between_dates"] is not None:
        between = params["between_dates"]
        record["between_dates"] = {edge: _checked(edge, between[edge]) for edge in ("start", "end")}
        if all(record["between_dates"].values()) and record["between_dates"]["end"] < record["between_dates"]["start"]:
            raise InputError("between_dates: the end is before the start.")
    return record


def _to_api(record: Record) -> Json:
    body: Json = {}
    if record.get("operations") is not None:
        body["backupOperations"] = [OPERATIONS[name] for name in record["operations"]]
    if record.get("periods") is not None:
        body["allDays"] = [
            {
                "days": [day.upper() for day in period["days"]],
                "time": {"start": seconds(period["start"], "start"), "end": seconds(period["end"], "end")},
            }
            for period in record["periods"]
        ]
    if record.get("weeks") is not None:
        body["weeks"] = [week.upper() for week in record["weeks"]]
    if record.get("between_dates") is not None:
        between = record["between_dates"]
        body["betweenDates"] = {"start": _epoch(between["start"], "00:00:00"), "end": _epoch(between["end"], "23:59:59")}
    if record.get("do_not_submit_job") is not None:
        body["doNotSubmitJob"] = record["do_not_submit_job"]
    return body


def _checked(edge: str, text: str | None) -> str:
    """A date as results have it; empty for no limit. Raises InputError."""
    if not text:
        return ""
    try:
        return dt.date.fromisoformat(text).isoformat()
    except ValueError:
        raise InputError(f'between_dates.{edge} is "{text}": give a date such as "2026-12-24".') from None


def _epoch(date: str, time: str) -> int:
    return int(dt.datetime.fromisoformat(f"{date}T{time}+00:00").timestamp()) if date else 0


def _date(epoch: t.Any) -> str:
    return dt.datetime.fromtimestamp(int(epoch), dt.UTC).date().isoformat() if epoch else ""
