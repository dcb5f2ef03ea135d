# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Activity control: backup, restore and data aging on or off, at once or until a time. api-filesystem 2.9, api-platform 9.4."""

from __future__ import annotations

import dataclasses as dc
import datetime as dt
import typing as t
import weakref

from commvaultsim import jobs, timezones
from commvaultsim import sql_model as sql
from commvaultsim.simulator import Simulator, to_int
from commvaultsim.sql_content import flag

Json = dict[str, t.Any]
BACKUP, RESTORE, AGING, ALL = 1, 2, 16, 128


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


_BOARDS: weakref.WeakKeyDictionary[Simulator, Board] = weakref.WeakKeyDictionary()


def board(sim: Simulator) -> Board:
    """The switches of a simulator that no row has a place for; made on first use."""
    return _BOARDS.setdefault(sim, Board())


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
    tables: dict[str, t.Callable[[], t.Any]] = {
        "server": lambda: sim.clients.get(level.id),
        "instance": lambda: sql.side(sim).instance(level.id),
        "subclient": lambda: sim.subclients.get(level.id),
    }
    setattr(tables[level.kind](), "enable_backup" if activity == BACKUP else "enable_restore", on)


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


jobs.TICKS.append(wake)
