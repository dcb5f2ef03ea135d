# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hypervisors in the older form, POST /Client with clientType 12. cvpysdk client.py add_vmware_client."""

from __future__ import annotations

import typing as t

from commvaultsim.handlers.hypervisors import create, nodes_of
from commvaultsim.replies import response_object
from commvaultsim.routing import Refusal, Reply, Request, route
from commvaultsim.simulator import Simulator, to_int

Json = dict[str, t.Any]


@route("POST", "/Client")
def create_legacy(sim: Simulator, request: Request) -> Reply:
    """cvpysdk's add_vmware_client; only clientType 12 (virtual server) is modelled."""
    info = request.body.get("clientInfo") or {}
    vendor = (info.get("virtualServerClientProperties") or {}).get("virtualServerInstanceInfo") or {}
    if to_int(info.get("clientType")) != 12 or not vendor.get("vmwareVendor"):
        return response_object(2, "Only VMware pseudo clients can be created in the simulator.")
    members = (vendor.get("associatedClients") or {}).get("memberServers") or []
    host, login = vendor["vmwareVendor"].get("vcenterHostName", ""), vendor["vmwareVendor"].get("virtualCenter") or {}
    try:
        nodes = nodes_of(sim, request, [{"id": row["client"].get("clientId"), "name": row["client"].get("clientName")} for row in members])
        name = str((request.body.get("entity") or {}).get("clientName") or "")
        props = {"vcenter_host": host, "username": login.get("userName", ""), "password": login.get("password", "")}
        client = create(sim, request, name, props, nodes)
    except Refusal as refusal:
        error = refusal.reply.body["response"]
        return response_object(error["errorCode"], error["errorMessage"])
    return response_object(entity={"clientId": client.id, "clientName": client.name, "_type_": 3})
