# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Activity control: backup, restore and data aging on or off, at once or until a time. api-filesystem 2.9, api-platform 9.4.

The V4 calls (OpenAPI DisableBackupServer, DisableBackupAgent, DisableBackupInstance and their siblings) never tell whether something
changed. ``enableAfterADelay`` is a time in epoch seconds, as the paper has it.
"""

from __future__ import annotations

import dataclasses as dc
import datetime as dt
import functools
import typing as t

from commvaultsim.jobs import lifecycle
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire import timezones
from commvaultsim.wire.replies import generic
from commvaultsim.wire.routing import Refusal, Reply, Request, route
from commvaultsim.wire.values import flag, to_int

Json = dict[str, t.Any]
BACKUP, RESTORE, AGING, ALL = 1, 2, 16, 128
NUMBERS = {"backup": BACKUP, "restore": RESTORE, "dataaging": AGING}
KINDS = {3: "server", 5: "instance", 7: "subclient"}


class Level(t.NamedTuple):
    """What is switched: a server, agent (``id`` of the server), instance or subclient."""

    kind: str
    id: int
    application: int = 0


@dc.dataclass
class Board:
    """``later``: when what is off comes on again. ``not_aging``: servers whose data does not age."""

    later: dict[tuple[Level, int], float] = dc.field(default_factory=dict)
    not_aging: set[int] = dc.field(default_factory=set)


class Rows(t.NamedTuple):
    """Where what can be switched is: ``get`` its row by id, ``need`` refuses what the caller does not have."""

    get: t.Callable[[Simulator, int], t.Any]
    need: t.Callable[[Simulator, Request, int], t.Any]


#: By the kind of a level; the rooms above enter theirs.
ROWS: dict[str, Rows] = {}


def board(sim: Simulator) -> Board:
    """The switches of a simulator that no row has a place for; made on first use."""
    return sim.side(Board, Board)


def switch(sim: Simulator, level: Level, activity: int, on: bool, after: float = 0.0) -> None:
    """Switch one activity, or with 128 backup and restore. ``after``: what goes off comes on again at this time; 0 never."""
    for kind in (BACKUP, RESTORE) if activity == ALL else (activity,):
        _set(sim, level, kind, on)
        board(sim).later.pop((level, kind), None)
        if after and not on:
            board(sim).later[level, kind] = after


def _set(sim: Simulator, level: Level, activity: int, on: bool) -> None:
    if level.kind == "agent":
        client = sim.clients[level.id]
        off = set(client.props.setdefault("agents_off", {}).get(level.application, []))
        client.props["agents_off"][level.application] = sorted(off - {activity} if on else off | {activity})
        return
    if activity == AGING:
        aging = board(sim).not_aging
        aging.discard(level.id) if on else aging.add(level.id)
        return
    setattr(ROWS[level.kind].get(sim, level.id), "enable_backup" if activity == BACKUP else "enable_restore", on)


def written(sim: Simulator, level: Level, options: t.Iterable[Json]) -> None:
    """Take activityControlOptions[] as the older calls and the SDK write them."""
    for option in options:
        time = option.get("dateTime") or {}
        after = timezones.epoch(time["timeValue"], str(time.get("TimeZoneName") or "")) if time.get("timeValue") else 0
        delayed = flag(option.get("enableAfterADelay"))
        switch(sim, level, to_int(option.get("activityType")), flag(option.get("enableActivityType")), after if delayed else 0)


def options(sim: Simulator, level: Level, states: dict[int, bool]) -> list[Json]:
    """activityControlOptions[] as the older calls show them."""
    rows: list[Json] = []
    for activity, on in states.items():
        after = board(sim).later.get((level, activity), 0)
        rows.append({"activityType": activity, "enableActivityType": on, "enableAfterADelay": bool(after)})
        if after:
            value = dt.datetime.fromtimestamp(after, dt.UTC).strftime("%Y-%m-%d %H:%M:%S")
            rows[-1]["dateTime"] = {"TimeZoneName": "(UTC) Coordinated Universal Time", "timeValue": value, "time": int(after)}
    return rows


def common(sim: Simulator, subclient_id: int) -> Json:
    """The same of a subclient, in its commonProperties."""
    after = board(sim).later.get((Level("subclient", subclient_id), BACKUP), 0)
    return {"enableBackupAfterDelay": bool(after), "enableBackupAtDateTime": {"TimeZoneID": 0, "time": int(after)}}


def wake(sim: Simulator) -> None:
    """Switch on again what was off until now."""
    for (level, activity), after in list(board(sim).later.items()):
        if after <= sim.clock.now():
            switch(sim, level, activity, True)


lifecycle.TICKS.append(wake)


def _act(sim: Simulator, request: Request, level: Level, activity: int | None) -> Reply:
    if activity is None:
        return generic(404, f"Activity [{request.params['what']}] is not known.", 404)
    on = request.params["action"].lower() == "enable"
    after = request.number("enableAfterADelay") or request.number("enableAfterDelayTime")
    switch(sim, level, activity, on, float(after))
    return generic()


def _known(request: Request, *activities: int) -> int | None:
    number = NUMBERS.get(request.params["what"].lower())
    return number if number in activities else None


def _own(sim: Simulator, request: Request, kind: str, number: int) -> Level:
    """What is somebody else's cannot be switched; what does not exist is a 404."""
    if kind not in ROWS:
        raise _not_found(kind, number)
    ROWS[kind].need(sim, request, number)
    return Level(kind, number)


def _not_found(kind: str, number: int) -> Refusal:
    return Refusal(generic(404, f"Entity [{number}] of type [{kind}] not found.", status=404))


def _need(kind: str, sim: Simulator, request: Request, number: int) -> None:
    row = ROWS[kind].get(sim, number)
    if row is None or getattr(row, "deleted", False) or not sim.visible(request, row.company_id):
        raise _not_found(kind, number)


ROWS["server"] = Rows(lambda sim, number: sim.clients.get(number), functools.partial(_need, "server"))
ROWS["subclient"] = Rows(lambda sim, number: sim.subclients.get(number), functools.partial(_need, "subclient"))


@route("PUT", "/V4/Entity/{type:int}/{id:int}/ActivityControl/{activity:int}/Action/{action}")
def entity(sim: Simulator, request: Request) -> Reply:
    """entityType 3 server, 5 instance, 7 subclient; activityType 1 backup, 2 restore, 16 data aging, 128 all."""
    level = _own(sim, request, KINDS.get(request.number("type"), ""), request.number("id"))
    return _act(sim, request, level, request.number("activity"))


@route("PUT", "/V4/Subclient/{id:int}/{what}/Action/{action}")
def subclient(sim: Simulator, request: Request) -> Reply:
    """Backup of a subclient or VM group."""
    return _act(sim, request, _own(sim, request, "subclient", request.number("id")), _known(request, BACKUP))


@route("PUT", "/V4/Server/{id:int}/{what}/Action/{action}")
def server(sim: Simulator, request: Request) -> Reply:
    """Backup, Restore or DataAging of a whole server or hypervisor."""
    return _act(sim, request, _own(sim, request, "server", request.number("id")), _known(request, BACKUP, RESTORE, AGING))


@route("PUT", "/V4/Server/{id:int}/Agent/{agent:int}/{what}/Action/{action}")
def agent(sim: Simulator, request: Request) -> Reply:
    """Backup or Restore of one agent."""
    number, application = _own(sim, request, "server", request.number("id")).id, request.number("agent")
    if application not in sim.clients[number].agents:
        return generic(404, f"Agent [{application}] is not installed on client [{sim.clients[number].name}].", 404)
    return _act(sim, request, Level("agent", number, application), _known(request, BACKUP, RESTORE))


@route("PUT", "/V4/Instance/{id:int}/{what}/Action/{action}")
def instance(sim: Simulator, request: Request) -> Reply:
    """Backup or Restore of one SQL Server instance."""
    return _act(sim, request, _own(sim, request, "instance", request.number("id")), _known(request, BACKUP, RESTORE))
