# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import typing as t
import urllib.parse

from .._core.errors import InputError, Refused
from .paging import listed

if t.TYPE_CHECKING:
    from .client import Commvault

# From a name to an id. Lists may come from a cache, filters may be ignored by an older server, and the same name may
# live in several companies: so every answer is compared again here, by name and by company.

Row = dict[str, t.Any]
Reach = t.Literal["own", "visible"]
"""own: only what belongs to the company acted in (without one: to the provider).
visible: that first, then what the provider shares; without a company, then anything that this user sees."""

RETIRED = {"RETIRE_IN_PROGRESS", "DECONFIGURED", "1", "2"}
"""Phases in which a hypervisor is as good as gone; some servers send the enum's number (OpenAPI ListHypervisors)."""
POOL_KINDS = {1: "Disk", 2: "Cloud", 3: "HyperScale"}
"""storageType of GET /StoragePool, as the path of the V4 detail spells it (cvpysdk storage_pool.py)."""


@dataclasses.dataclass(frozen=True)
class Found:
    """What a look-up found. company_id: 0 is the provider, None where the server does not tell. row: as the server sent it."""

    id: int
    name: str
    company_id: int | None = None
    company: str | None = None
    row: Row = dataclasses.field(default_factory=dict, compare=False)


def plan(client: Commvault, name: str, way_out: str = "Create it with calligo.baas.commvault_plan, or correct the name.") -> Found | None:
    """The server plan of this name, the company's own before the provider's. Missing: NotFound; in check mode a warning and None."""
    return _needed(client, "plan", name, find_plan(client, name), way_out)


def find_plan(client: Commvault, name: str, reach: Reach = "visible") -> Found | None:
    """Like plan(), but None where there is none. row: a row of plans[] with associatedEntities, a number (OpenAPI GetPlanSummary)."""
    return choose(client, "plan", name, plans(client), reach)


def plans(client: Commvault) -> list[Found]:
    """All server plans that can be seen, in one request, past the server's cache (cvpysdk plan.py, service PLAN_SUMMARY)."""
    reply = client.get("/V4/Plan/Summary", {"fq": "plans.subtype:in:Server", "hardRefresh": "true"}, absent=(404,)) or {}
    return [_found(row["plan"], row, row.get("company")) for row in listed(reply.get("plans"))]


def storage_pool(client: Commvault, name: str, known: t.Iterable[Found] | None = None) -> Found | None:
    """The storage pool of this name. row: of storagePoolList[]. Missing: as in plan(). See also pool_encrypted().

    known: what storage_pools() gave, where it has been read already.
    """
    found = choose(client, "storage pool", name, storage_pools(client) if known is None else known)
    return _needed(client, "storage pool", name, found, "Create it in Commvault, let the company see it, or correct the name.")


def storage_pools(client: Commvault) -> list[Found]:
    """All storage pools of every type, in one request (GET /StoragePool; cvpysdk storage_pool.py)."""
    reply = client.get("/StoragePool", absent=(404,)) or {}
    return [
        Found(int(entity["storagePoolId"]), str(entity["storagePoolName"]), *_company(entity.get("entityInfo")), row)
        for row in listed(reply.get("storagePoolList"))
        for entity in [row["storagePoolEntity"]]
    ]


def pool_encrypted(client: Commvault, pool: Found) -> bool | None:
    """Whether what the pool stores is encrypted; None where the API does not tell (OpenAPI GetDiskStorageDetails and siblings)."""
    kind = POOL_KINDS.get(int(pool.row.get("storageType") or 0))
    detail = client.get(f"/V4/Storage/{kind}/{pool.id}", absent=(404,)) if kind else None
    encryption = (detail or {}).get("encryption")
    # A flag that is false may be left out of a reply, the object around it is not.
    return None if encryption is None else bool(encryption.get("encrypt", False))


def region(client: Commvault, name: str) -> Found | None:
    """The region of this name (OpenAPI GetRegions). Missing: as in plan()."""
    reply = client.get("/V4/Regions", absent=(404,)) or {}
    known = [_found(row, row, row.get("company")) for row in listed(reply.get("regions"))]
    return _needed(client, "region", name, choose(client, "region", name, known), "Create it in Commvault, or correct the name.")


def credential(client: Commvault, name: str) -> Found | None:
    """The saved credential of this name, the company's own before the provider's. Missing: as in plan()."""
    found = choose(client, "credential", name, credentials(client))
    return _needed(client, "credential", name, found, "Create it with calligo.baas.commvault_credential, or correct the name.")


def credentials(client: Commvault) -> list[Found]:
    """All saved credentials that can be seen, in one request (OpenAPI GetCredentials)."""
    reply = client.get("/V4/Credential", absent=(404,)) or {}
    return [_found(row, row, row.get("company")) for row in listed(reply.get("credentialManager"))]


def server(client: Commvault, name: str, way_out: str = "Install Commvault's software on it, or correct the name.") -> Found | None:
    """The client computer of this name. Missing: as in plan().

    One of another company is an error; one of the provider is, inside a company, counted as missing.
    """
    found = find_server(client, name)
    return require_own(client, "client", found) if found else _needed(client, "client", name, None, way_out)


def find_server(client: Commvault, name: str, inside: bool = True) -> Found | None:
    """Like server(), but None where there is none, whoever owns it. row: of clientProperties[] (GET /Client/byName; cvpysdk client.py).

    inside: False to look past the company acted in, too: whoever asks has to judge whose the client is.
    """
    quoted = urllib.parse.quote(name, safe="")
    reply = client.get(f"/Client/byName(clientName='{quoted}')", absent=(400, 404), inside=inside) or {}
    for row in listed(reply.get("clientProperties")):
        entity = (row.get("client") or {}).get("clientEntity") or {}
        if _same(name, entity.get("clientName")) or _same(name, entity.get("displayName")):
            return Found(int(entity["clientId"]), str(entity["clientName"]), *_company(entity.get("entityInfo")), row)
    return None


def servers(client: Commvault) -> list[Found]:
    """All servers with their companies and agents, in one request (OpenAPI GetServers, whose default would be infrastructure only)."""
    reply = client.get("/V4/Servers", {"showOnlyInfrastructureMachines": 0}, absent=(404,)) or {}
    return [_found(row, row, row.get("company")) for row in listed(reply.get("servers"))]


def require_own(client: Commvault, kind: str, found: Found) -> Found | None:
    """Found, if it belongs to the company acted in; Refused if to another. In check mode None, where an earlier task may yet give it."""
    if client.company is None and client.company_id is None:
        return found
    if found.company_id in (None, client.company_id):
        return found
    if found.company_id:
        raise Refused(
            f'The {kind} "{found.name}" belongs to the company "{found.company or found.company_id}", not to the one acted in. '
            "Take it out of that company first, or correct the name.",
            object=found.name,
        )
    way_out = "It belongs to the provider: give it to the company with the option servers of calligo.baas.commvault_company."
    return _needed(client, f"{kind} of this company", found.name, None, way_out)


def access_nodes(client: Commvault, names: t.Iterable[str], vendor: str = "VMW") -> list[Found] | None:
    """The access nodes (or groups of them: row type 28) of these names, in one request (OpenAPI getAccessNodes).

    None, with a warning for each, where some are missing in check mode; otherwise NotFound for the first.
    """
    known = list_access_nodes(client, vendor)
    result = []
    complete = True
    for name in names:
        found = choose(client, "access node", name, known)
        if found:
            result.append(found)
        else:
            client.missing(
                "access node", name, f"{_names('Known are', known)} Install the Virtual Server package on it, or correct the name."
            )
            complete = False
    return result if complete else None


def list_access_nodes(client: Commvault, vendor: str = "VMW") -> list[Found]:
    """All access nodes, and groups of them, that can be seen, in one request."""
    reply = client.get("/V4/AccessNodes", {"vendor": vendor}, absent=(404,)) or {}
    # The key is misspelled in the vendor's schema; a later release may mend it.
    return [_found(row, row, row.get("company")) for row in listed(reply.get("accesNodes") or reply.get("accessNodes"))]


def hypervisor(
    client: Commvault, name: str, way_out: str = "Create it with calligo.baas.commvault_hypervisor, or correct the name."
) -> Found | None:
    """The hypervisor of this name; a retired one does not count. Missing: as in plan()."""
    return _needed(client, "hypervisor", name, find_hypervisor(client, name), way_out)


def find_hypervisor(client: Commvault, name: str, reach: Reach = "visible") -> Found | None:
    """Like hypervisor(), but None where there is none. row: of Hypervisors[] (OpenAPI ListHypervisors)."""
    return choose(client, "hypervisor", name, [row for row in hypervisors(client) if not retired(row)], reach)


def hypervisors(client: Commvault) -> list[Found]:
    """All hypervisors, retired ones too, in one request."""
    reply = client.get("/V4/Hypervisor", absent=(404,)) or {}
    return [_found(row, row, row.get("company")) for row in listed(reply.get("Hypervisors"))]


def retired(hypervisor: Found) -> bool:
    """Whether a row of hypervisors() is one that was retired, or is being retired."""
    return str(hypervisor.row.get("status")) in RETIRED


def choose(client: Commvault, kind: str, name: str, known: t.Iterable[Found], reach: Reach = "visible") -> Found | None:
    """The one of this name, or None. A name in the exact case wins; a name that stays ambiguous is an InputError, never a guess."""
    named = [found for found in known if _same(name, found.name) or _same(name, found.row.get("displayName"))]
    exact = [found for found in named if found.name == name] or named
    for tier in _tiers(client, exact, reach):
        if len(tier) > 1:
            owners = ", ".join(f"id {found.id} ({found.company or 'the provider'})" for found in tier)
            raise InputError(f'The {kind} name "{name}" exists {len(tier)} times: {owners}. Rename one, or give company.', object=name)
        if tier:
            return tier[0]
    return None


def _tiers(client: Commvault, found: list[Found], reach: Reach) -> list[list[Found]]:
    """Rows by how near they are to the company acted in. Where the server does not name the owner, it is taken at its word."""
    shared = [row for row in found if row.company_id == 0]
    if client.company_missing:
        # In check mode a company that does not exist yet owns nothing, but would see what the provider shares.
        return [] if reach == "own" else [shared + [row for row in found if row.company_id is None]]
    home = client.company_id or 0
    own = [row for row in found if row.company_id in (None, home)]
    if reach == "own":
        return [own]
    return [own, shared] if home else [own, found]


def _needed(client: Commvault, kind: str, name: str, found: Found | None, way_out: str) -> Found | None:
    if found is None:
        client.missing(kind, name, way_out)
    return found


def _found(entity: Row, row: Row, company: Row | None) -> Found:
    return Found(int(entity["id"]), str(entity.get("name") or row.get("displayName") or ""), *_company(company), row)


def _company(company: Row | None) -> tuple[int | None, str | None]:
    """Id and name of a company, which the V4 calls and the older ones spell differently."""
    values = company or {}
    key = "id" if "id" in values else "companyId"
    return (int(values[key]), values.get("name") or values.get("companyName")) if key in values else (None, None)


def _same(wanted: str, name: t.Any) -> bool:
    return isinstance(name, str) and name.casefold() == wanted.casefold()


def _names(lead: str, known: list[Found]) -> str:
    return f"{lead} {', '.join(sorted(found.name for found in known))}." if known else "None is known."
