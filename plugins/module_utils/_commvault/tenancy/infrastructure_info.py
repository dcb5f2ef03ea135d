# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What must be there before anything is configured: storage pools, access nodes and servers, with where they are."""

from __future__ import annotations

import typing as t

from ..._core.argspec import ArgumentSpec
from ..plans import lookup as plan_lookup
from ..plans.lookup import regions_of
from ..servers import lookup as server_lookup
from ..wire import lookup
from ..wire.replies import listed

if t.TYPE_CHECKING:
    from ..wire.client import Commvault
    from ..wire.lookup import Found

Record = dict[str, t.Any]


_NAMES = {"type": "list", "elements": "str", "default": []}
OPTIONS = ArgumentSpec({"storage_pools": _NAMES, "access_nodes": _NAMES, "servers": _NAMES})


def read(client: Commvault, options: Record) -> Record:
    """One record for each name, in the order of the names, also for what does not exist. Only reads."""
    kinds = {"storage_pools": _storage_pools, "access_nodes": _access_nodes, "servers": _servers}
    return {"changed": False, "infrastructure": {kind: describe(client, options[kind]) for kind, describe in kinds.items()}}


def _storage_pools(client: Commvault, names: t.Sequence[str]) -> list[Record]:
    found = _choose(client, "storage pool", names, plan_lookup.storage_pools)
    regions = regions_of(client, "STORAGE_POOL", found.values())
    encrypted = client.pool.read(lambda name: plan_lookup.pool_encrypted(client, found[name]), found)
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
    found = _choose(client, "access node", names, server_lookup.list_access_nodes)
    regions = regions_of(client, "CLIENT", found.values())
    return [{"name": name, "exists": name in found, "region": regions.get(found[name].id) if name in found else None} for name in names]


def _servers(client: Commvault, names: t.Sequence[str]) -> list[Record]:
    found = {name: server_lookup.told(client, server) for name, server in _choose(client, "server", names, server_lookup.servers).items()}
    regions = regions_of(client, "CLIENT", found.values())
    # An agent that is down takes its server minutes to give up on: all are asked at once.
    answers = client.pool.read(lambda name: server_lookup.readiness(client, found[name].id), found)
    absent: Record = {"exists": False, "company": None, "region": None, "agents": [], "ready": None, "reason": ""}
    return [_server(found[name], name, regions, *answers[name]) if name in found else {"name": name, **absent} for name in names]


def _server(found: Found, name: str, regions: t.Mapping[int, str], status: str, reason: str) -> Record:
    return {
        "name": name,
        "exists": True,
        "company": found.company if found.company_id else None,
        "region": regions.get(found.id),
        "agents": [str(agent.get("name")) for agent in listed(found.row.get("agents"))],
        "ready": status == server_lookup.READY,
        "reason": "" if status == server_lookup.READY else reason or status,
    }


def _choose(client: Commvault, kind: str, names: t.Sequence[str], read: t.Callable[[Commvault], list[Found]]) -> dict[str, Found]:
    known = read(client) if names else []
    chosen = {name: lookup.choose(client, kind, name, known) for name in names}
    return {name: found for name, found in chosen.items() if found is not None}
