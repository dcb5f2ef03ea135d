# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access nodes, in both forms. api-virtualization-jobs 1.7."""

from __future__ import annotations

import typing as t

from commvaultsim.handlers import clients
from commvaultsim.routing import Request, route
from commvaultsim.simulator import Simulator

Json = dict[str, t.Any]


@route("GET", "/V4/AccessNodes")
def list_accessnodes_of(sim: Simulator, request: Request) -> Json:
    """The key has one s less than it should."""
    rows = [c for c in sim.clients.values() if c.access_node and clients.seen(sim, request, c)]
    return {
        "accesNodes": [
            {
                "id": c.id,
                "name": c.name,
                "displayName": c.display_name,
                "hostName": c.host_name,
                "GUID": c.guid,
                "type": 3,
                "company": sim.company_ref(c.company_id),
            }
            for c in rows
        ]
    }


@route("GET", "/VSAClientAndClientGroupList")
def access_nodes_v2(sim: Simulator, request: Request) -> Json:
    """Access nodes, older shape."""
    rows = [c for c in sim.clients.values() if c.access_node and clients.seen(sim, request, c)]
    entries = [
        {"clientId": c.id, "clientName": c.name, "displayName": c.display_name or c.name, "hostName": c.host_name, "_type_": 3}
        for c in rows
    ]
    return {"clients": entries, "clientGroups": []}
