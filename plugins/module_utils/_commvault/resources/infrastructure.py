# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What must be there before anything is configured: storage pools, access nodes and servers, with where they are."""

from __future__ import annotations

import typing as t

from .. import lookups
from ..entities import regions
from ..paging import listed

if t.TYPE_CHECKING:
    from ..client import Commvault
    from ..lookups import Found

Record = dict[str, t.Any]
READY = "Ready."
"""The exact text of a client that answers (cvpysdk client.py, _Readiness)."""


def describe(client: Commvault, pools: t.Sequence[str], nodes: t.Sequence[str], servers: t.Sequence[str]) -> Record:
    """One record for each name, in the order of the names, also for what does not exist. Only reads."""
    return {
        "storage_pools": _storage_pools(client, pools),
        "access_nodes": _access_nodes(client, nodes),
        "servers": _servers(client, servers),
    }


def _storage_pools(client: Commvault, names: t.Sequence[str]) -> list[Record]:
    found = _choose(client, "storage pool", names, lookups.storage_pools)
    regions = regions_of(client, "STORAGE_POOL", found.values())
    encrypted = client.pool.read(lambda name: lookups.pool_encrypted(client, found[name]), found)
    return [
        {
            "name": name,
            "exists": name in found,
            "encrypted": encrypted[name] if name in found else None,
            "region": regions.get(found[name].id) if name in found else None,
        }
        for name in names
    ]


def _access_nodes(client: Commvault, names: t.Sequence[str]) -> list[Record]:
    found = _choose(client, "access node", names, lookups.list_access_nodes)
    regions = regions_of(client, "CLIENT", found.values())
    return [{"name": name, "exists": name in found, "region": regions.get(found[name].id) if name in found else None} for name in names]


def _servers(client: Commvault, names: t.Sequence[str]) -> list[Record]:
    found = _choose(client, "server", names, lookups.servers)
    regions = regions_of(client, "CLIENT", found.values())
    # An agent that is down takes its server minutes to give up on: all are asked at once.
    answers = client.pool.read(lambda name: readiness(client, found[name].id), found)
    return [_server(name, found[name], regions, *answers[name]) if name in found else _absent(name) for name in names]


def _absent(name: str) -> Record:
    return {"name": name, "exists": False, "company": None, "region": None, "agents": [], "ready": None, "reason": ""}


def _server(name: str, found: Found, regions: t.Mapping[int, str], status: str, reason: str) -> Record:
    return {
        "name": name,
        "exists": True,
        "company": found.company if found.company_id else None,
        "region": regions.get(found.id),
        "agents": [str(agent.get("name")) for agent in listed(found.row.get("agents"))],
        "ready": status == READY,
        "reason": "" if status == READY else reason or status,
    }


def readiness(client: Commvault, client_id: int) -> tuple[str, str]:
    """Ask the agent itself, which can take minutes where it is down: raise read_timeout then (cvpysdk services CHECK_READINESS)."""
    params = {"network": "True", "resourceCapacity": "False", "NeedXmlResp": "true", "includeDisabledClients": "False"}
    reply = client.get(f"/Client/{client_id}/CheckReadiness", params, absent=(404,)) or {}
    summary = (listed(reply.get("summary")) or [{}])[0]
    return str(summary.get("status") or "no answer"), str(summary.get("reason") or "")


def regions_of(client: Commvault, entity_type: str, owners: t.Iterable[Found]) -> dict[int, str]:
    """Names of the regions where the backups of entities go, by entity id; an entity without a region is left out."""
    found = regions(client, entity_type, sorted({one.id for one in owners}))
    return {number: name for number, (_region, name) in found.items()}


def _choose(client: Commvault, kind: str, names: t.Sequence[str], read: t.Callable[[Commvault], list[Found]]) -> dict[str, Found]:
    known = read(client) if names else []
    chosen = {name: lookups.choose(client, kind, name, known) for name in names}
    return {name: found for name, found in chosen.items() if found is not None}
