# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The V4 calls of activity control. OpenAPI DisableBackupServer, DisableBackupAgent, DisableBackupInstance and their siblings.

They never tell whether something changed. ``enableAfterADelay`` is a time in epoch seconds, as the paper has it.
"""

from __future__ import annotations

import typing as t

from commvaultsim import activity as a
from commvaultsim import sql_views
from commvaultsim.replies import generic
from commvaultsim.routing import Refusal, Reply, Request, route
from commvaultsim.simulator import Simulator

NUMBERS = {"backup": a.BACKUP, "restore": a.RESTORE, "dataaging": a.AGING}
KINDS = {3: "server", 5: "instance", 7: "subclient"}


def _act(sim: Simulator, request: Request, level: a.Level, activity: int | None) -> Reply:
    if activity is None:
        return generic(404, f"Activity [{request.params['what']}] is not known.", 404)
    on = request.params["action"].lower() == "enable"
    after = request.number("enableAfterADelay") or request.number("enableAfterDelayTime")
    a.switch(sim, level, activity, on, float(after))
    return generic()


def _known(request: Request, *activities: int) -> int | None:
    number = NUMBERS.get(request.params["what"].lower())
    return number if number in activities else None


def _own(sim: Simulator, request: Request, kind: str, number: int) -> a.Level:
    """What is somebody else's cannot be switched; what does not exist is a 404."""
    row: t.Any = sim.clients.get(number) if kind == "server" else sim.subclients.get(number)
    if row is None or getattr(row, "deleted", False) or not sim.visible(request, row.company_id):
        raise Refusal(generic(404, f"Entity [{number}] of type [{kind}] not found.", status=404))
    return a.Level(kind, number)


@route("PUT", "/V4/Entity/{type:int}/{id:int}/ActivityControl/{activity:int}/Action/{action}")
def entity(sim: Simulator, request: Request) -> Reply:
    """entityType 3 server, 5 instance, 7 subclient; activityType 1 backup, 2 restore, 16 data aging, 128 all."""
    kind, number = KINDS.get(request.number("type"), ""), request.number("id")
    if kind == "instance":
        sql_views.need(sim, request, number)
    level = a.Level(kind, number) if kind == "instance" else _own(sim, request, kind, number)
    return _act(sim, request, level, request.number("activity"))


@route("PUT", "/V4/Subclient/{id:int}/{what}/Action/{action}")
def subclient(sim: Simulator, request: Request) -> Reply:
    """Backup of a subclient or VM group."""
    return _act(sim, request, _own(sim, request, "subclient", request.number("id")), _known(request, a.BACKUP))


@route("PUT", "/V4/Server/{id:int}/{what}/Action/{action}")
def server(sim: Simulator, request: Request) -> Reply:
    """Backup, Restore or DataAging of a whole server or hypervisor."""
    return _act(sim, request, _own(sim, request, "server", request.number("id")), _known(request, a.BACKUP, a.RESTORE, a.AGING))


@route("PUT", "/V4/Server/{id:int}/Agent/{agent:int}/{what}/Action/{action}")
def agent(sim: Simulator, request: Request) -> Reply:
    """Backup or Restore of one agent."""
    number, application = _own(sim, request, "server", request.number("id")).id, request.number("agent")
    if application not in sim.clients[number].agents:
        return generic(404, f"Agent [{application}] is not installed on client [{sim.clients[number].name}].", 404)
    return _act(sim, request, a.Level("agent", number, application), _known(request, a.BACKUP, a.RESTORE))


@route("PUT", "/V4/Instance/{id:int}/{what}/Action/{action}")
def instance(sim: Simulator, request: Request) -> Reply:
    """Backup or Restore of one SQL Server instance."""
    found = sql_views.need(sim, request, request.number("id"))
    return _act(sim, request, a.Level("instance", found.id), _known(request, a.BACKUP, a.RESTORE))
