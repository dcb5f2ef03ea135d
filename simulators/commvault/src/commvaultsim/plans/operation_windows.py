# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operation windows: the older view of blackout windows, which alone can be of one client or subclient. api-filesystem-sql-reports 8.2.

A list shows the windows of higher levels too. The numbers of the levels are a guess.
"""

from __future__ import annotations

import re
import typing as t

from commvaultsim.plans import blackout_windows as v5
from commvaultsim.plans import policy
from commvaultsim.plans.policy import BlackoutWindow
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire.replies import generic
from commvaultsim.wire.routing import Refusal, Reply, Request, route
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]
OPERATIONS = {"FULL": 1, "INCREMENTAL_AND_DIFFERENTIAL": 2, "SYNTHETIC_FULL": 4, "ALL_OPERATIONS": 1048576}
WEEKS = {"FIRST": 1, "SECOND": 2, "THIRD": 4, "FOURTH": 8, "LAST": 16, "EVERY": 32}
DAYS = ("SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY")
#: What a window can be of, the innermost last.
SCOPES = ("clientId", "applicationId", "instanceId", "backupsetId", "subclientId")
COMMCELL, COMPANY, CLIENT = 0, 1, 2
RULE = re.compile(r"<Api_GetOperationWindowReq>\s*<ruleId>(\d+)</ruleId>")


def _shown(row: BlackoutWindow) -> Json:
    weeks = [WEEKS[week] for week in row.weeks]
    level = (CLIENT + len([key for key in SCOPES[1:] if row.scope.get(key)])) if row.scope else COMPANY if row.company_id else COMMCELL
    return {
        "ruleId": row.id,
        "name": row.name,
        "ruleEnabled": True,
        "level": level,
        "startDate": row.start,
        "endDate": row.end,
        # The backup of transaction logs has no number here.
        "operations": [OPERATIONS[name] for name in row.operations if name in OPERATIONS],
        "doNotSubmitJob": row.do_not_submit,
        "dayTime": [
            {
                "startTime": period["time"]["start"],
                "endTime": period["time"]["end"],
                "dayOfWeek": sorted(DAYS.index(day) for day in period["days"]),
                "weekOfTheMonth": weeks,
            }
            for period in row.periods
        ],
    }


def _refused(code: int, text: str) -> Refusal:
    return Refusal(Reply({"error": {"errorCode": code, "errorMessage": text}}))


def _find(sim: Simulator, request: Request, number: int) -> BlackoutWindow:
    row = policy.side(sim).blackouts.get(number)
    if row is None or not sim.visible(request, row.company_id):
        raise _refused(2, f"Operation window [{number}] does not exist.")
    return row


@route("GET", "/OperationWindow/OpWindowList")
def list_windows(sim: Simulator, request: Request) -> Json:
    """Those of the entity that the query names, of its company and of the CommCell."""
    asked = {key: to_int(request.q(key)) for key in SCOPES}
    subclient = sim.subclients.get(asked["subclientId"])
    client = sim.clients.get(asked["clientId"] or (subclient.client_id if subclient else 0))
    companies = {0, client.company_id if client else request.company_id}
    rows = [
        row
        for row in policy.side(sim).blackouts.values()
        if row.company_id in companies and sim.visible(request, row.company_id, shared=True) and _covers(row, client, asked)
    ]
    return {"error": {"errorCode": 0}, "operationWindow": [_shown(row) for row in rows]}


def _covers(row: BlackoutWindow, client: t.Any, asked: Json) -> bool:
    if not row.scope:
        return True
    return client is not None and all(
        value == (client.id if key == "clientId" else asked[key] or value) for key, value in row.scope.items() if value
    )


@route("GET", "/OperationWindow/{id:int}")
def get_window(sim: Simulator, request: Request) -> Json:
    return {"error": {"errorCode": 0}, "operationWindow": [_shown(_find(sim, request, request.number("id")))]}


@route("POST", "/Qcommand/qoperation execute", writes=False)
def execute(sim: Simulator, request: Request) -> Reply | Json:
    """The XML door; of all that goes through it only the read of one operation window is known, which is how the SDK reads it."""
    found = RULE.match(str(request.body.get("_text") or ""))
    if not found:
        return generic(2, "The request is not simulated.", 400)
    return {"error": {"errorCode": 0}, "operationWindow": [_shown(_find(sim, request, int(found.group(1))))]}


@route("POST", "/OperationWindow")
def create_window(sim: Simulator, request: Request) -> Json:
    """Names are not unique: a POST that is repeated makes a second window."""
    entity = {key: to_int((request.body.get("entity") or {}).get(key)) for key in SCOPES}
    client = sim.clients.get(entity["clientId"])
    if entity["clientId"] and (client is None or not sim.visible(request, client.company_id)):
        raise _refused(2, f"Client [{entity['clientId']}] does not exist.")
    row = BlackoutWindow(0, "", client.company_id if client else request.company_id)
    row.scope = {key: value for key, value in entity.items() if value} if client else {}
    _set(row, request)
    row.id = sim.new_id()
    policy.side(sim).blackouts[row.id] = row
    return {"error": {"errorCode": 0}, "operationWindow": _shown(row)}


@route("PUT", "/OperationWindow")
def update_window(sim: Simulator, request: Request) -> Json:
    row = _find(sim, request, to_int((request.body.get("operationWindow") or {}).get("ruleId")))
    _set(row, request)
    return {"error": {"errorCode": 0}, "operationWindow": _shown(row)}


@route("DELETE", "/OperationWindow/{id:int}")
def delete_window(sim: Simulator, request: Request) -> Json:
    del policy.side(sim).blackouts[_find(sim, request, request.number("id")).id]
    return {"error": {"errorCode": 0, "errorMessage": ""}}


def _set(row: BlackoutWindow, request: Request) -> None:
    given = request.body.get("operationWindow") or {}
    names, weeks = {value: key for key, value in OPERATIONS.items()}, {value: key for key, value in WEEKS.items()}
    unknown = [number for number in given.get("operations") or [] if to_int(number) not in names]
    if not given.get("name") or unknown:
        raise _refused(3, f"The operation window has no name, or operations not simulated: {unknown}.")
    times = given.get("dayTime") or []
    periods = [
        {
            "days": [DAYS[number] for number in time.get("dayOfWeek") or range(len(DAYS))],
            "time": {"start": to_int(time.get("startTime")), "end": to_int(time.get("endTime"))},
        }
        for time in times
    ]
    v5.check(periods, {})
    row.name, row.periods = str(given["name"]), periods
    row.operations = [names[to_int(number)] for number in given.get("operations") or []]
    # No week at all is every week.
    row.weeks = sorted({weeks[to_int(number)] for time in times for number in time.get("weekOfTheMonth") or []}) or ["EVERY"]
    row.start, row.end = to_int(given.get("startDate")), to_int(given.get("endDate"))
    row.do_not_submit = bool(given.get("doNotSubmitJob"))
