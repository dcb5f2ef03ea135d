# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control surface below /_sim: faults, clock, journal, counters, state. No authentication: the server listens on loopback."""

from __future__ import annotations

import dataclasses as dc
import typing as t

from commvaultsim.wire.faults import KNOWN
from commvaultsim.wire.journal import masked
from commvaultsim.wire.routing import Reply

if t.TYPE_CHECKING:
    from commvaultsim.state.simulator import Simulator

Json = dict[str, t.Any]
Action = t.Callable[["Simulator", Json, t.Any], "Reply | Json"]
#: (method, path below /_sim) -> function(sim, query, body); other files add to it, such as the store's /_sim/corrupt.
ACTIONS: dict[tuple[str, str], Action] = {}


def action(method: str, path: str) -> t.Callable[[Action], Action]:
    """Register a function of the control surface."""

    def register(function: Action) -> Action:
        ACTIONS[(method, path)] = function
        return function

    return register


def serve(sim: Simulator, method: str, path: str, query: Json, body: t.Any) -> Reply:
    """Run one control call; the caller holds the lock."""
    found = ACTIONS.get((method, path.strip("/")))
    if found is None:
        known = sorted(f"{m} /_sim/{p}" for m, p in ACTIONS)
        return Reply({"error": f"no control call {method} /_sim/{path}", "known": known}, 404)
    try:
        reply = found(sim, query, body)
    except (KeyError, ValueError, TypeError) as error:
        return Reply({"error": f"{type(error).__name__}: {error}"}, 400)
    return reply if isinstance(reply, Reply) else Reply(reply)


@action("GET", "health")
def health(sim: Simulator, _query: Json, _body: t.Any) -> Json:
    """Up, what time it is, and how many sessions are open."""
    rest = {"now": sim.clock.now(), "clock": sim.clock.mode, "job_seconds": sim.job_seconds, "sessions": len(sim.sessions)}
    return {"status": "ok", **rest}


@action("GET", "journal")
def journal(sim: Simulator, query: Json, _body: t.Any) -> Json:
    """Every API request; ?since=N gives those after number N."""
    return {"requests": sim.journal.rows(int(query.get("since", 0)))}


@action("DELETE", "journal")
def clear_journal(sim: Simulator, _query: Json, _body: t.Any) -> Json:
    """Start the journal and the counters afresh."""
    sim.journal.clear()
    return {"requests": []}


@action("GET", "counters")
def counters(sim: Simulator, _query: Json, _body: t.Any) -> Json:
    """Requests by method, route and status; connections."""
    return sim.journal.counters()


@action("GET", "clock")
def clock(sim: Simulator, _query: Json, _body: t.Any) -> Json:
    """The simulated time."""
    return {"now": sim.clock.now(), "mode": sim.clock.mode}


@action("POST", "clock")
def move_clock(sim: Simulator, _query: Json, body: t.Any) -> Json:
    """Move the clock: {"advance": seconds}."""
    sim.clock.advance(float(body["advance"]))
    return {"now": sim.clock.now(), "mode": sim.clock.mode}


@action("GET", "faults")
def faults(sim: Simulator, _query: Json, _body: t.Any) -> Json:
    """The faults that were set, and the names that are known."""
    return {"faults": [dc.asdict(fault) for fault in sim.faults.all()], "known": KNOWN}


@action("POST", "faults")
def set_fault(sim: Simulator, _query: Json, body: t.Any) -> Json:
    """Set a fault: {"name": ..., "times": n or absent, and its parameters, flat or under "params"}."""
    params = {key: value for key, value in body.items() if key not in ("name", "times", "params")} | dict(body.get("params") or {})
    times = body.get("times", 1 if body.get("name") == "unauthorized_once" else None)
    return dc.asdict(sim.faults.add(str(body["name"]), params, int(times) if times is not None else None, sim.clock.now()))


@action("DELETE", "faults")
def clear_faults(sim: Simulator, query: Json, _body: t.Any) -> Json:
    """Take back all faults, or those of ?name=."""
    return {"cleared": sim.faults.clear(query.get("name"))}


@action("GET", "state")
def state(sim: Simulator, _query: Json, _body: t.Any) -> Json:
    """All tables without secrets."""
    tables = ("companies", "users", "groups", "regions", "pools", "clients", "instances", "backupsets", "subclients", "plans")
    out: Json = {name: [masked(dc.asdict(row)) for row in getattr(sim, name).values()] for name in tables}
    out["jobs"] = [_job(job) for job in sim.jobs.values()]
    out["vm_backups"] = [dc.asdict(row) for row in sim.vm_backups]
    out["file_backups"] = [{**dc.asdict(row), "entries": len(row.entries)} for row in sim.file_backups]
    out["entity_regions"] = [{"type": kind, "id": number, **regions} for (kind, number), regions in sim.entity_regions.items()]
    return out


def _job(job: t.Any) -> Json:
    skip = ("effect", "outcome", "hold", "events", "task", "hold_until")
    return {f.name: masked(getattr(job, f.name), f.name) for f in dc.fields(job) if f.name not in skip and f.name != "vms"} | {
        "vms": [dc.asdict(vm) for vm in job.vms]
    }
