# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Triggered alerts: a job that fails, or completes with errors, triggers one. OpenAPI GetAlertsTriggered and its siblings.

The older calls tell the same: /Alert what was triggered, a page of 200 at a time, and /AlertRule what triggers (cvpysdk alert.py).
"""

from __future__ import annotations

import dataclasses as dc
import html
import typing as t

from commvaultsim.state.job import BACKUP, RESTORE, SYNTHETIC, Job
from commvaultsim.state.registry import loader
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire.replies import generic
from commvaultsim.wire.routing import Refusal, Reply, Request, route
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]
CRITERIA = {
    "Failed": ("CRITICAL", "Job Failed"),
    "Failed to Start": ("CRITICAL", "Job Failed"),
    "Completed w/ one or more errors": ("MAJOR", "Job Succeeded with Errors"),
}
TYPES = {RESTORE: ("Job Management - Data Recovery", "Restore"), BACKUP: ("Job Management - Data Protection", "Backup")}
MAIL = (
    "<html><head><title>Alert</title><style>td {{color: #333}}</style></head><body><h2>{name}</h2>"
    "<table><tr><td>Client</td><td>{client}</td></tr><tr><td>Job</td><td>{job}</td></tr>"
    "<tr><td>Reason</td><td>{reason}</td></tr></table></body></html>"
)
FEED_PAGE = 200
READ, UNREAD = 4, 8
# The rules that every installation has, as far as jobs here break them.
RULES = ("Backup failed", "Backup completed with errors", "Restore failed", "Restore completed with errors")
CONSOLE = 8192


@dc.dataclass
class Alert:
    """One triggered alert."""

    id: int
    severity: str
    criterion: str
    type: str
    name: str
    time: int
    client_id: int
    client: str
    company_id: int = 0
    job_id: int = 0
    reason: str = ""
    read: bool = False
    pinned: bool = False
    notes: str = ""


class Alerts(dict[int, Alert]):
    """Alerts by id."""


def alerts(sim: Simulator) -> dict[int, Alert]:
    """The alerts of a simulator by id."""
    return sim.side(Alerts, Alerts)


@loader
def watch(sim: Simulator, _scenario: Json) -> None:
    """Look at each job's end."""
    sim.job_hooks.append(_ended)


def _ended(sim: Simulator, job: Job) -> None:
    if job.status not in CRITERIA or job.parent_id:
        return
    severity, criterion = CRITERIA[job.status]
    kind, what = TYPES.get(BACKUP if job.op_type == SYNTHETIC else job.op_type, ("Operation - Event Viewer Events", job.operation))
    client = sim.clients.get(job.client_id)
    name = f"{what} {'failed' if severity == 'CRITICAL' else 'completed with errors'}"
    row = Alert(sim.new_id(), severity, criterion, kind, name, sim.clock.epoch(), job.client_id, client.name if client else "")
    row.company_id, row.job_id, row.reason = job.company_id, job.id, job.reason
    alerts(sim)[row.id] = row


@route("GET", "/V4/TriggeredAlerts")
def list_alerts(sim: Simulator, request: Request) -> Json:
    """Everything, unfiltered and unpaged."""
    rows = [row for row in alerts(sim).values() if sim.visible(request, row.company_id)]
    return {
        "totalCount": len(rows),
        "unreadCount": sum(not row.read for row in rows),
        "alertsTriggered": [
            {
                "id": row.id,
                "severity": row.severity,
                "detectedCriterion": row.criterion,
                "info": row.name,
                "notes": row.notes,
                "type": row.type,
                "detectedTime": row.time,
                "client": {"id": row.client_id, "name": row.client},
                "readStatus": row.read,
                "jobId": row.job_id,
                "company": sim.company_ref(row.company_id),
            }
            for row in rows
        ],
    }


def _find(sim: Simulator, request: Request, number: int) -> Alert:
    row = alerts(sim).get(number)
    if row is None or not sim.visible(request, row.company_id):
        raise Refusal(generic(500, f"Alert [{number}] not found.", status=500))
    return row


@route("GET", "/V4/TriggeredAlerts/{id:int}")
def get_alert(sim: Simulator, request: Request) -> Json:
    """The description is the HTML of a mail; other names than in the list."""
    row = _find(sim, request, request.number("id"))
    return {"id": row.id, "severity": row.severity, "alertType": row.type, "description": _mail(row), "detectedCriteria": row.criterion}


def _mail(row: Alert) -> str:
    return MAIL.format(name=html.escape(row.name), client=html.escape(row.client), job=row.job_id, reason=html.escape(row.reason))


@route("PUT", "/V4/TriggeredAlerts/{id:int}/{action}")
def mark(sim: Simulator, request: Request) -> Reply:
    """Read, Unread, Pin, Unpin and Notes."""
    row, action = _find(sim, request, request.number("id")), request.params["action"].lower()
    if action == "notes":
        row.notes = str(request.body.get("notes") or "")
    elif action in ("read", "unread"):
        row.read = action == "read"
    elif action in ("pin", "unpin"):
        row.pinned = action == "pin"
    else:
        return generic(404, f"Action [{action}] is not known.", 404)
    return generic()


@route("DELETE", "/V4/TriggeredAlerts/{id:int}")
def delete(sim: Simulator, request: Request) -> Reply:
    """One."""
    del alerts(sim)[_find(sim, request, request.number("id")).id]
    return generic()


@route("PUT", "/V4/TriggeredAlerts/Action/Delete")
def delete_many(sim: Simulator, request: Request) -> Reply:
    """Several."""
    for row in [_find(sim, request, to_int(number)) for number in request.body.get("alertId") or []]:
        alerts(sim).pop(row.id, None)
    return generic()


def _feed(row: Alert) -> Json:
    """An element of feedsList, in the keys that the vendor's page "GET Console Alert" names."""
    return {
        "liveFeedId": row.id,
        "alertName": row.name,
        "alertType": row.type,
        "alertcriteria": row.criterion,
        "escalationLevel": 0,
        "jobId": row.job_id,
        "status": READ if row.read else UNREAD,
    }


@route("GET", "/Alert")
def list_feeds(sim: Simulator, request: Request) -> Json:
    """?pageNo= from 1 on and ?pageCount=, how many pages of 200; newest first."""
    rows = [row for row in reversed(alerts(sim).values()) if sim.visible(request, row.company_id)]
    first = (max(request.number("pageNo", 1), 1) - 1) * FEED_PAGE
    shown = rows[first : first + FEED_PAGE * max(request.number("pageCount", 1), 1)]
    unread = sum(not row.read for row in rows)
    return {"totalNoOfAlerts": len(rows), "numberOfNewAlert": unread, "feedsList": [_feed(row) for row in shown]}


@route("GET", "/Alert/{id:int}")
def get_feed(sim: Simulator, request: Request) -> Json:
    """One of them with its text."""
    row = _find(sim, request, request.number("id"))
    return {**_feed(row), "description": _mail(row)}


@route("GET", "/AlertRule")
def list_rules(_sim: Simulator, _request: Request) -> Json:
    """The rules; they cannot be changed here."""
    rows = [
        {
            "alert": {"id": number, "name": name},
            "alertType": {"id": number, "name": name.partition(" ")[0]},
            "alertCategory": {"id": 1, "name": "Job Management"},
            "creator": {"id": 1, "name": "admin"},
            "notifType": CONSOLE,
            "status": 2048,
            "description": "",
            "createdTime": 0,
        }
        for number, name in enumerate(RULES, 1)
    ]
    return {"alertList": rows, "myCreatedTotal": 0, "myReceiveTotal": len(rows)}
