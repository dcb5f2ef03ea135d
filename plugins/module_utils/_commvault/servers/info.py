# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.argspec import ArgumentSpec
from ..plans import lookup as plan_lookup
from ..wire.lookup import named, own
from ..wire.replies import listed, word
from . import agent_install
from . import lookup as server_lookup

if t.TYPE_CHECKING:
    from ..wire.client import Commvault
    from ..wire.lookup import Found

Row = dict[str, t.Any]
OPTIONS = ArgumentSpec(
    {
        "names": {"type": "list", "elements": "str"},
        "types": {"type": "list", "elements": "str", "choices": list(agent_install.AGENTS)},
        "shared": {"type": "bool", "default": False},
        "readiness": {"type": "bool", "default": False},
    }
)


def servers(client: Commvault, params: Row) -> Row:
    """Servers with their agents in one request, their regions in another, and where wanted one for each that asks the server itself."""
    found, missing = named(client, "client", own(client, "client", server_lookup.servers(client), params["shared"]), params["names"])
    wanted = set(params["types"] or ())
    found = [row for row in found if not wanted or wanted & set(agent_install.installed(row.row))]
    regions = plan_lookup.regions_of(client, "CLIENT", found)
    records = [_server(row, regions.get(row.id)) for row in found]
    if params["readiness"]:
        # One that is down takes minutes to give up on: all are asked at once.
        answers = client.pool.read(lambda number: server_lookup.readiness(client, number), [row.id for row in found])
        for record in records:
            status, reason = answers[record["id"]]
            record["ready"] = status == server_lookup.READY
            record["reason"] = "" if record["ready"] else reason or status
    return {"changed": False, "servers": records, "missing": missing}


def _server(found: Found, region: str | None) -> Row:
    row = found.row
    return {
        "id": found.id,
        "name": found.name,
        "display_name": row.get("displayName") or found.name,
        "host": row.get("hostName"),
        "company": found.company if found.company_id else None,
        "region": region,
        "agents": [str(agent.get("name")) for agent in listed(row.get("agents"))],
        "types": agent_install.installed(row),
        "os": row.get("OS"),
        "version": row.get("version"),
        "update_state": word(row.get("updateState")),
        "connection": word(row.get("networkReadiness")),
        "configured": bool(row.get("configured", True)),
        "infrastructure": bool(row.get("isInfrastructure")),
        "media_agent": bool(row.get("isMARoleSet")),
        "tags": {str(tag.get("name")): tag.get("value") for tag in listed(row.get("tags"))},
    }
