# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Regions and the region of an entity: what data residency is checked against. api-platform 6; OpenAPI GetRegions and neighbours."""

from __future__ import annotations

import typing as t

from commvaultsim.state import model as m
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire.replies import generic, nested
from commvaultsim.wire.routing import Refusal, Reply, Request, route
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]
ENTITY_TYPES = (
    "COMMCELL",
    "CLIENT",
    "INSTANCE",
    "BACKUPSET",
    "SUBCLIENT",
    "CLIENT_GROUP",
    "USER",
    "USER_GROUP",
    "LIBRARY",
    "MEDIAAGENT",
    "RESOURCEPOOL",
    "STORAGE_POOL",
    "STORAGE_POLICY",
    "SCHEDULE_POLICY",
    "SUBCLIENT_POLICY",
    "ALERT",
    "PLAN",
    "VIRTUAL_MACHINE",
    "ROLE",
    "DEVICE",
    "REGION",
    "NETWORK_TOPOLOGY",
    "COMPANY",
)


def _servers(sim: Simulator, region: m.Region) -> list[m.Client]:
    return [c for c in sim.clients.values() if not c.deleted and sim.region_of("CLIENT", c.id) == region.id]


def _plans(sim: Simulator, region: m.Region) -> list[m.Plan]:
    return [p for p in sim.plans.values() if any(d.region_id == region.id for d in p.destinations)]


@route("GET", "/V4/Regions")
def list_regions(sim: Simulator, request: Request) -> Json:
    """Counts under the names that are objects in the detail."""
    wanted = request.q("type")
    rows = [r for r in sim.regions.values() if sim.visible(request, r.company_id, shared=True) and wanted in (None, "", r.type)]
    return {
        "regions": [
            {
                "id": r.id,
                "name": r.name,
                "displayName": r.name,
                "regionType": r.type,
                "locations": [{key: place.get(key, "") for key in ("city", "state", "country")} for place in r.locations],
                "associatedServers": len(_servers(sim, r)),
                "associatedRegionBasedPlans": len(_plans(sim, r)),
                "company": sim.company_ref(r.company_id),
            }
            for r in rows
        ]
    }


@route("POST", "/V4/Regions")
def create_region(sim: Simulator, request: Request) -> Reply | Json:
    """409 when the company already has a region of that name."""
    name, locations = str(request.body.get("name") or ""), request.body.get("locations") or []
    if not name or not locations or any(not {"country", "latitude", "longitude"} <= set(place) for place in locations):
        return generic(2, "A region needs a name and locations with country, latitude and longitude.", status=400)
    if any(r.name.lower() == name.lower() and r.company_id == request.company_id for r in sim.regions.values()):
        return generic(3, f"Region [{name}] already exists.", status=409)
    region = m.Region(sim.new_id(), name, locations, str(request.body.get("type") or "USER_CREATED"), request.company_id)
    sim.regions[region.id] = region
    return {"id": region.id, "name": region.name}


def _find(sim: Simulator, request: Request, own: bool = True) -> m.Region:
    region = sim.regions.get(request.number("id"))
    if region is None or not sim.visible(request, region.company_id, shared=True):
        raise Refusal(generic(4, f"Region [{request.params['id']}] not found.", status=400 if request.method == "DELETE" else 404))
    if own and not sim.visible(request, region.company_id):
        raise Refusal(generic(5, f"You do not have permission on region [{region.name}].", status=403))
    return region


@route("GET", "/V4/Regions/{id:int}", "/Regions/{id:int}")
def get_region(sim: Simulator, request: Request) -> Json:
    """Detail with coordinates and what is associated."""
    region = _find(sim, request, own=False)
    servers, plans = _servers(sim, region), _plans(sim, region)
    return {
        "id": region.id,
        "name": region.name,
        "displayName": region.name,
        "regionType": region.type,
        "locations": region.locations,
        "associatedServers": {"serversCount": len(servers), "servers": [{"server": {"id": c.id, "name": c.name}} for c in servers]},
        "associatedRegionBasedPlans": {"plansCount": len(plans), "plans": [{"plan": {"id": p.id, "name": p.name}} for p in plans]},
    }


@route("PUT", "/V4/Regions/{id:int}")
def update_region(sim: Simulator, request: Request) -> Reply:
    """locationsOperationType defaults to ADD."""
    region = _find(sim, request)
    region.name = request.body.get("newName") or region.name
    operation, given = str(request.body.get("locationsOperationType") or "ADD").upper(), request.body.get("locations") or []
    if operation in ("OVERWRITE", "CLEAR"):
        region.locations = given if operation == "OVERWRITE" else []
    elif operation == "ADD":
        region.locations = region.locations + given
    elif operation == "DELETE":
        region.locations = [place for place in region.locations if place.get("city") not in [row.get("city") for row in given]]
    return generic()


@route("DELETE", "/V4/Regions/{id:int}")
def delete_region(sim: Simulator, request: Request) -> Reply:
    """400 when it is not there."""
    region = _find(sim, request)
    if _servers(sim, region) or _plans(sim, region):
        return generic(6, f"Region [{region.name}] is in use.", status=400)
    del sim.regions[region.id]
    for regions in sim.entity_regions.values():
        for kind in [kind for kind, number in regions.items() if number == region.id]:
            del regions[kind]
    return generic()


@route("GET", "/regions")
def list_regions_v2(sim: Simulator, request: Request) -> Json:
    """The older list."""
    seen = [r for r in sim.regions.values() if sim.visible(request, r.company_id, shared=True)]
    return {"regions": [{"regionEntity": {"regionId": r.id, "regionName": r.name}} for r in seen]}


def _entity_seen(sim: Simulator, request: Request, kind: str, number: int, shared: bool) -> bool:
    """Whether the caller sees (or with shared false: owns) an entity; kinds that are not modelled have no owner."""
    tables: dict[str, t.Any] = {
        "CLIENT": sim.clients,
        "MEDIAAGENT": sim.clients,
        "STORAGE_POOL": sim.pools,
        "PLAN": sim.plans,
        "SUBCLIENT": sim.subclients,
        "COMPANY": sim.companies,
    }
    if kind not in tables:
        return not request.company_id
    row = tables[kind].get(number)
    owner = row.id if isinstance(row, m.Company) else row.company_id if row else 0
    return row is not None and sim.visible(request, owner, shared)


def _answer(sim: Simulator, region_id: int) -> Json:
    region = sim.regions.get(region_id)
    if region is None:
        return {}
    return {"id": region.id, "name": region.name, "displayName": region.name, "regionId": region.id, "regionName": region.name}


@route("GET", "/V4/entity/{type}/{id:int}/region", "/entity/{type}/{id:int}/region")
def entity_region(sim: Simulator, request: Request) -> Reply | Json:
    """The region of one entity; an entity without one answers {}. Both spellings of id and name, since clients read either."""
    kind = request.params["type"].upper()
    if kind not in ENTITY_TYPES:
        return generic(50000, f"Entity type [{kind}] is not supported.", status=400)
    if not _entity_seen(sim, request, kind, request.number("id"), shared=True):
        return {}
    return _answer(sim, sim.region_of(kind, request.number("id"), (request.q("entityRegionType") or "BACKUP").upper()))


@route("PUT", "/V4/entity/{type}/{id:int}/region", "/entity/{type}/{id:int}/region")
def set_entity_region(sim: Simulator, request: Request) -> Reply:
    """Codes 50000 (entity type) and 547 (region id) leak from the database."""
    kind = request.params["type"].upper()
    if kind not in ENTITY_TYPES:
        return generic(50000, f"Entity type [{kind}] is not supported.", status=400)
    ref = request.body.get("region") or {}
    if not _entity_seen(sim, request, kind, request.number("id"), shared=False):
        return generic(4, f"Entity [{request.number('id')}] of type [{kind}] not found.", status=500)
    seen = {number: r for number, r in sim.regions.items() if sim.visible(request, r.company_id, shared=True)}
    region = sim.by_ref(seen, {"id": ref.get("id") or ref.get("regionId"), "name": ref.get("name")})
    if region is None:
        return generic(547, "The statement conflicted with a FOREIGN KEY constraint.", status=500)
    region_type = str(request.body.get("entityRegionType") or "BACKUP").upper()
    sim.entity_regions.setdefault((kind, request.number("id")), {})[region_type] = region.id
    return generic()


@route("GET", "/V4/entity/region")
def entity_regions(sim: Simulator, request: Request) -> Reply | Json:
    """Bulk: ?entityType=CLIENT&entities=1,2,3&regionType=BACKUP; entities without a region are left out."""
    kind = str(request.q("entityType") or "").upper()
    region_type = (request.q("regionType") or request.q("entityRegionType") or "BACKUP").upper()
    if kind not in ENTITY_TYPES:
        return nested(50000, f"Entity type [{kind}] is not supported.", status=400)
    rows = []
    for number in [to_int(part) for part in str(request.q("entities") or "").split(",") if part.strip()]:
        region = sim.regions.get(sim.region_of(kind, number, region_type))
        if region and _entity_seen(sim, request, kind, number, shared=True):
            rows.append({"id": region.id, "name": region.name, "displayName": region.name, "entityId": number})
    return {"regions": rows, "entityType": kind, "regionType": region_type, "error": {"errorCode": 0, "errorMessage": ""}}
