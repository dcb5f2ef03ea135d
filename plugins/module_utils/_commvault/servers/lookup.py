# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import functools
import typing as t
import urllib.parse

from ..wire.lookup import Found, Owner, choose, company_of, known_names, needed, require_own, same_name, to_found, trusted
from ..wire.replies import listed, part, text

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

# From a name to an id. Lists may come from a cache, filters may be ignored by an older server, and the same name may
# live in several companies: so every answer is compared again here, by name and by company.

READY = "Ready."
"""The exact text of a client that answers (cvpysdk client.py, _Readiness)."""


def credential(client: Commvault, name: str) -> Found | None:
    """The saved credential of this name, the company's own before the provider's. Missing: as in plan()."""
    found = choose(client, "credential", name, credentials(client))
    return needed(client, "credential", name, found, "Create it with calligo.baas.commvault_credential, or correct the name.")


def credentials(client: Commvault) -> list[Found]:
    """All saved credentials that can be seen, in one request (OpenAPI GetCredentials)."""
    return [to_found(row, row, row.get("company")) for row in client.rows("/V4/Credential", "credentialManager")]


def server(client: Commvault, name: str, way_out: str = "Install Commvault's software on it, or correct the name.") -> Found | None:
    """The client computer of this name. Missing: as in plan().

    One of another company is an error; one of the provider is, inside a company, counted as missing.
    """
    found = find_server(client, name)
    return require_own(client, "client", found) if found else needed(client, "client", name, None, way_out)


def find_server(client: Commvault, name: str, inside: bool = True) -> Found | None:
    """Like server(), but None where there is none, whoever owns it. row: of clientProperties[] (GET /Client/byName; cvpysdk client.py).

    inside: False to look past the company acted in, too: whoever asks has to judge whose the client is.
    """
    quoted = urllib.parse.quote(name, safe="")
    reply = client.get(f"/Client/byName(clientName='{quoted}')", absent=(400, 404), inside=inside) or {}
    for row in listed(reply.get("clientProperties")):
        entity = part(row, "client", "clientEntity")
        if same_name(name, entity.get("clientName")) or same_name(name, entity.get("displayName")):
            return Found(int(entity["clientId"]), str(entity["clientName"]), *company_of(entity.get("entityInfo")), row)
    return None


def servers(client: Commvault, inside: bool = True) -> list[Found]:
    """All servers with their companies and agents, in one request (OpenAPI GetServers, whose default would be infrastructure only).

    inside: as in find_server().
    """
    rows = client.rows("/V4/Servers", "servers", {"showOnlyInfrastructureMachines": 0}, inside=inside)
    return [to_found(row, row, row.get("company")) for row in rows]


def access_nodes(client: Commvault, names: t.Iterable[str], vendor: str = "VMW") -> list[Found] | None:
    """The access nodes (or groups of them: row type 28) of these names, in one request (OpenAPI getAccessNodes).

    None, with a warning for each, where some are missing in check mode; otherwise NotFound for the first.
    """
    known = list_access_nodes(client, vendor)
    way_out = f"{known_names('Known are', known)} Install the Virtual Server package on it, or correct the name."
    owner = functools.partial(_owner, client)
    found = [needed(client, "access node", name, choose(client, "access node", name, known, owner=owner), way_out) for name in names]
    there = [node for node in found if node]
    return there if len(there) == len(found) else None


def list_access_nodes(client: Commvault, vendor: str = "VMW") -> list[Found]:
    """All access nodes, and groups of them, that can be seen, in one request."""
    reply = client.get("/V4/AccessNodes", {"vendor": vendor}, absent=(404,)) or {}
    # The key is misspelled in the vendor's schema; a later release may mend it.
    return [to_found(row, row, row.get("company")) for row in listed(reply.get("accesNodes") or reply.get("accessNodes"))]


def told(client: Commvault, named: Found) -> Found:
    """A client with its owner; Refused where nobody tells it, since not told is not the provider's."""
    found = named if named.company_id is not None else named.of(_owner(client, named))
    if found.company_id is None:
        trusted(client, "client", named.name)
    return found


def _owner(client: Commvault, named: Found) -> Owner:
    """Whose a client is that a list names without its owner; also one of the provider, which is not seen from inside a company."""
    found = find_server(client, named.name, inside=False)
    return found.owner if found and found.id == named.id else Owner()


def readiness(client: Commvault, client_id: int) -> tuple[str, str]:
    """Ask the agent itself, which can take minutes where it is down: raise read_timeout then (cvpysdk services CHECK_READINESS)."""
    params = {"network": "True", "resourceCapacity": "False", "NeedXmlResp": "true", "includeDisabledClients": "False"}
    reply = client.get(f"/Client/{client_id}/CheckReadiness", params, absent=(404,)) or {}
    summary = (listed(reply.get("summary")) or [{}])[0]
    return text(summary, "status") or "no answer", text(summary, "reason") or ""
