# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which databases a SQL subclient protects.

The default subclient of an instance covers every database that no other one lists, new ones too, unless ``disableAutoDiscovery`` is set
on it; then it has a list of its own like the others. A database belongs to one subclient: whoever lists it last has it.
"""

from __future__ import annotations

import typing as t

from commvaultsim.sql import disk
from commvaultsim.sql import model as sql
from commvaultsim.state import model as m
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire.values import flag

Json = dict[str, t.Any]
OPERATIONS = {"1": "OVERWRITE", "2": "ADD", "3": "DELETE"}


class ContentError(ValueError):
    """Content that is refused; the text goes into the reply."""


def properties(request_body: t.Any) -> Json:
    """``subClientProperties`` of a request; one element may come as a list."""
    found = request_body.get("subClientProperties") if isinstance(request_body, dict) else None
    found = found[0] if isinstance(found, list) and found else found
    return t.cast(Json, found) if isinstance(found, dict) else {}


def instance_of(sim: Simulator, subclient: m.Subclient) -> sql.SqlInstance:
    """The instance of a subclient, its databases as they are at this moment."""
    found = sql.side(sim).instance(subclient.instance_id)
    if found is None:
        raise ContentError(f"The instance of subclient [{subclient.name}] does not exist any more.")
    return disk.sync(sim, found)


def discovers(subclient: m.Subclient) -> bool:
    """Whether a subclient takes what nobody else lists."""
    return subclient.is_default and not flag(subclient.props["mssqlSubClientProp"].get("disableAutoDiscovery"))


def names(sim: Simulator, subclient: m.Subclient) -> list[str]:
    """The databases of a subclient by name, also listed ones that were dropped since."""
    if not discovers(subclient):
        return list(subclient.content)
    taken = {
        name.casefold() for other in sql.subclients_of(sim, subclient.instance_id) if other.id != subclient.id for name in other.content
    }
    return [row.name for row in instance_of(sim, subclient).live() if row.name.casefold() not in taken]


def databases(sim: Simulator, subclient: m.Subclient) -> list[sql.Database]:
    """The live databases of a subclient."""
    instance = instance_of(sim, subclient)
    found = (instance.database(name) for name in names(sim, subclient))
    return [row for row in found if row is not None]


def subclient_of(sim: Simulator, instance: sql.SqlInstance, name: str) -> m.Subclient | None:
    """The subclient that a database belongs to."""
    rows = sql.subclients_of(sim, instance.id)
    listed = next((row for row in rows if not discovers(row) and name.casefold() in {n.casefold() for n in row.content}), None)
    return listed or next((row for row in rows if discovers(row)), None)


def entries(sim: Simulator, subclient: m.Subclient) -> list[Json]:
    """The content as the API writes it."""
    return [{"mssqlDbContent": {"databaseName": name}} for name in names(sim, subclient)]


def apply(sim: Simulator, subclient: m.Subclient, wish: Json) -> None:
    """Change the content as ``content`` and ``contentOperationType`` say; without an operation the list does nothing.

    :raises ContentError: a database is not there, or an entry is not understood.
    """
    raw = str(wish.get("contentOperationType") or "").upper()
    operation = OPERATIONS.get(raw, raw)
    if "content" not in wish or operation not in OPERATIONS.values():
        return
    given = _names(wish["content"])
    before = {name.casefold(): name for name in names(sim, subclient)}
    known = {row.name.casefold(): row.name for row in instance_of(sim, subclient).live()}
    missing = [name for name in given if name.casefold() not in known | before]
    if missing and operation != "DELETE":
        raise ContentError(f"Database [{missing[0]}] does not exist on the instance.")
    chosen = {name.casefold(): known.get(name.casefold(), name) for name in given}
    if operation != "DELETE" and not sim.faults.peek("sql_databases_stay"):
        _take_from_others(sim, subclient, set(chosen))
    if discovers(subclient):
        return
    if operation == "ADD":
        chosen = before | chosen
    elif operation == "DELETE":
        chosen = {key: name for key, name in before.items() if key not in chosen}
    subclient.content = list(chosen.values())


def _names(content: t.Any) -> list[str]:
    found = []
    for entry in content if isinstance(content, list) else [content]:
        name = (entry.get("mssqlDbContent") or {}).get("databaseName") if isinstance(entry, dict) else None
        if not name:
            raise ContentError(f"Content [{entry}] is not supported for a database subclient.")
        found.append(str(name))
    return found


def _take_from_others(sim: Simulator, subclient: m.Subclient, chosen: set[str]) -> None:
    for other in sql.subclients_of(sim, subclient.instance_id):
        if other.id != subclient.id:
            other.content = [name for name in other.content if name.casefold() not in chosen]
