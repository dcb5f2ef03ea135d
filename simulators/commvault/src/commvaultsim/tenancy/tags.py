# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of companies and other entities. api-platform 4.7; cvpysdk organization.py tags."""

from __future__ import annotations

import typing as t

from commvaultsim.state.simulator import Simulator
from commvaultsim.tenancy import identity
from commvaultsim.wire.replies import generic, nested
from commvaultsim.wire.routing import Reply, Request, route
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]


def _owned(sim: Simulator, request: Request, kind: int, number: int) -> bool:
    tables: dict[int, t.Any] = {identity.CLIENT: sim.clients, identity.PLAN: sim.plans}
    if kind == identity.COMPANY:
        return number in sim.companies and sim.companies[number].status != "DELETED" and sim.visible(request, number)
    row = tables.get(kind, {}).get(number)
    return row is not None and sim.visible(request, row.company_id)


@route("GET", "/Tags/{kind}/{id:int}")
def get_tags(sim: Simulator, request: Request) -> Reply | Json:
    """Tags of an entity; PROVIDER_ENTITY is 61."""
    kind = identity.COMPANY if request.params["kind"].upper() == "PROVIDER_ENTITY" else to_int(request.params["kind"])
    number = request.number("id")
    if not _owned(sim, request, kind, number):
        return generic(404, f"Entity [{number}] of type [{kind}] not found.", status=404)
    return {"tags": [{"entityId": number, "entityType": kind, "tag": sim.tags.get((kind, number), [])}]}


@route("PUT", "/Tags")
def put_tags(sim: Simulator, request: Request) -> Reply:
    """Replaces the tags of each entity named; a tag keeps its id."""
    rows = [
        (to_int(row.get("entityType")), to_int(row.get("entityId")), row.get("tag") or []) for row in request.body.get("entityTag") or []
    ]
    unknown = [number for kind, number, _tags in rows if not _owned(sim, request, kind, number)]
    if unknown:
        return nested(4, f"Entities {unknown} not found.")
    for kind, number, tags in rows:
        known = {tag["name"]: tag["id"] for tag in sim.tags.get((kind, number), [])}
        sim.tags[(kind, number)] = [
            {"id": known.get(tag.get("name")) or sim.new_id(), "name": str(tag.get("name")), "value": str(tag.get("value") or "")}
            for tag in tags
        ]
    return nested()
