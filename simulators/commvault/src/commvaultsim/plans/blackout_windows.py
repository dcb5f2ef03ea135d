# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blackout windows: V5 for reading and writing, V4 for deleting and in its older shape. OpenAPI CreateBlackoutWindow and neighbours."""

from __future__ import annotations

import datetime as dt
import typing as t

from commvaultsim.jobs import lifecycle as j
from commvaultsim.plans import policy
from commvaultsim.plans.policy import BlackoutWindow
from commvaultsim.state.job import Job
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire.control import action
from commvaultsim.wire.replies import generic
from commvaultsim.wire.routing import Refusal, Reply, Request, route
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]
DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
WEEKS = ("FIRST", "SECOND", "THIRD", "FOURTH", "LAST", "EVERY")
OPERATIONS = ("FULL", "INCREMENTAL_AND_DIFFERENTIAL", "SYNTHETIC_FULL", "TRANSACTION_LOG", "ALL_OPERATIONS")
LEVELS = {"FULL": "FULL", "SYNTHETIC_FULL": "SYNTHETIC_FULL", "INCREMENTAL": OPERATIONS[1], "DIFFERENTIAL": OPERATIONS[1]}


def _get(sim: Simulator, request: Request) -> BlackoutWindow:
    row = policy.side(sim).blackouts.get(request.number("id"))
    if row is None or not sim.visible(request, row.company_id):
        raise Refusal(generic(404, f"Blackout window [{request.params['id']}] not found.", status=404))
    return row


def _older(request: Request) -> bool:
    return request.path.lower().startswith("/v4")


def _periods(row: BlackoutWindow, older: bool) -> Json:
    if not older:
        return {"allDays": row.periods}
    return {"days": row.periods[0]["days"] if row.periods else [], "time": [period["time"] for period in row.periods]}


def _listed(sim: Simulator, row: BlackoutWindow, older: bool) -> Json:
    between = {"start": row.start, "end": row.end}
    return {
        "id": row.id,
        "name": row.name,
        "company": sim.company_ref(row.company_id),
        **_periods(row, older),
        "betweenDates": between,
    }


@route("GET", "/V5/BlackoutWindow", "/V4/BlackoutWindow")
def list_windows(sim: Simulator, request: Request) -> Json:
    """Neither operations nor weeks: those are in the detail. Windows of single clients are known to the older calls alone."""
    company = to_int(request.q("companyId"), -1)
    if (request.q("showOnlyCommcellLevel") or "").lower() == "true":
        company = 0
    known = [row for row in policy.side(sim).blackouts.values() if not row.scope and sim.visible(request, row.company_id)]
    rows = [row for row in known if company in (-1, row.company_id)]
    return {"blackoutWindows": [_listed(sim, row, _older(request)) for row in rows if sim.listed(request, row.id)]}


@route("GET", "/V5/BlackoutWindow/{id:int}", "/V4/BlackoutWindow/{id:int}")
def get_window(sim: Simulator, request: Request) -> Json:
    row = _get(sim, request)
    more = {"backupOperations": row.operations, "weeks": row.weeks, "doNotSubmitJob": row.do_not_submit}
    return {**_listed(sim, row, _older(request)), **more}


@route("POST", "/V5/BlackoutWindow", "/V4/BlackoutWindow")
def create_window(sim: Simulator, request: Request) -> Reply | Json:
    """Of the company named, or of the one acted in. Names are not unique in the product; nor are they here."""
    name = str(request.body.get("name") or "")
    if not name:
        return generic(2, "The name of the blackout window is required.", status=400)
    company = sim.by_ref(sim.companies, request.body.get("company"))
    row = BlackoutWindow(0, name, company.id if company else request.company_id)
    _set(row, request)
    row.id = sim.new_id()
    policy.side(sim).blackouts[row.id] = row
    return {"id": row.id, "name": row.name}


@route("PUT", "/V5/BlackoutWindow/{id:int}", "/V4/BlackoutWindow/{id:int}")
def update_window(sim: Simulator, request: Request) -> Reply:
    """Absent keys are kept."""
    row = _get(sim, request)
    _set(row, request)
    row.name = request.body.get("newName") or row.name
    return generic()


@route("DELETE", "/V4/BlackoutWindow/{id:int}")
def delete_window(sim: Simulator, request: Request) -> Reply:
    del policy.side(sim).blackouts[_get(sim, request).id]
    return generic()


def _set(row: BlackoutWindow, request: Request) -> None:
    body = request.body
    periods = body.get("allDays")
    if _older(request) and ("days" in body or "time" in body):
        periods = [{"days": body.get("days") or list(DAYS), "time": time} for time in body.get("time") or []]
    check(periods or [], body)
    if periods is not None:
        row.periods = periods
    row.operations = body.get("backupOperations", row.operations)
    row.weeks = body.get("weeks", row.weeks)
    between = body.get("betweenDates") or {"start": row.start, "end": row.end}
    row.start, row.end = to_int(between.get("start")), to_int(between.get("end"))
    row.do_not_submit = bool(body.get("doNotSubmitJob", row.do_not_submit))


def check(periods: list[Json], body: Json) -> None:
    """Refuse times, operations or weeks that are none."""
    for period in periods:
        time = period.get("time") or {}
        if not 0 <= to_int(time.get("start"), -1) < to_int(time.get("end"), -1) <= 86400 or not set(period.get("days") or []) <= set(DAYS):
            raise Refusal(generic(3, f"Days or time of the blackout window are not valid: {period}.", status=400))
    if not set(body.get("backupOperations") or []) <= set(OPERATIONS) or not set(body.get("weeks") or []) <= set(WEEKS):
        raise Refusal(generic(3, "Operations or weeks of the blackout window are not valid.", status=400))


def closed(sim: Simulator, job: Job) -> str:
    """Why a backup has to wait: a window of its company, or of the CommCell, is in force now. Times are UTC."""
    now = dt.datetime.fromtimestamp(sim.clock.now(), dt.UTC)
    operation = LEVELS.get(job.level, "TRANSACTION_LOG")
    for row in policy.side(sim).blackouts.values():
        if not _is_of(row, job):
            continue
        if row.company_id in (0, job.company_id) and {operation, "ALL_OPERATIONS"} & set(row.operations) and _in_force(row, now):
            return f"The operation window [{row.name}] does not allow the job to run now."
    return ""


def _is_of(row: BlackoutWindow, job: Job) -> bool:
    ids = {"clientId": job.client_id, "backupsetId": job.backupset_id, "subclientId": job.subclient_id}
    return all(row.scope.get(key) in (None, value) for key, value in ids.items())


def _in_force(row: BlackoutWindow, now: dt.datetime) -> bool:
    epoch, second = now.timestamp(), now.hour * 3600 + now.minute * 60 + now.second
    if (row.start and epoch < row.start) or (row.end and epoch > row.end):
        return False
    week = WEEKS[(now.day - 1) // 7] if now.day <= 28 else "LAST"
    last = (now + dt.timedelta(days=7)).month != now.month
    if not ({"EVERY", week} | ({"LAST"} if last else set())) & set(row.weeks):
        return False
    return any(
        DAYS[now.weekday()] in period["days"] and period["time"]["start"] <= second < period["time"]["end"] for period in row.periods
    )


j.GATES.append(closed)


@action("POST", "blackout")
def rename(sim: Simulator, _query: Json, body: t.Any) -> Json:
    """Rename a window behind the API, to a name that exists already for instance: {"name", "new_name"}."""
    row = next(row for row in policy.side(sim).blackouts.values() if row.name == body["name"])
    row.name = str(body["new_name"])
    return {"id": row.id, "name": row.name}
