# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What must be true before a tenant is configured, as far as Commvault and vCenter know it; specification.py has what the inventory tells.

Each problem is a sentence that names the thing and what to do.
"""

from __future__ import annotations

import typing as t

from . import tenants
from .options import misspelt

Row = t.Mapping[str, t.Any]


def problems(
    tenant: Row,
    region: Row | None = None,
    infrastructure: Row | None = None,
    vcenter_error: str = "",
    sql_servers: t.Collection[str] = (),
    variables: t.Iterable[str] = (),
    databases: t.Iterable[Row] = (),
    claims: t.Iterable[Row] = (),
    covering: t.Iterable[Row] = (),
    roles: t.Iterable[str] = (),
) -> list[str]:
    """All that stands in the way of a tenant's onboarding, at once.

    tenant: name and region, and what is compared with claims, which is what others have (tenants.py).
    region: name and vcenter (name, region), where these are not checked with the specification.
    infrastructure: what M(calligo.baas.commvault_infrastructure_info) found. vcenter_error: why the tenant's folder in
    the vCenter could not be read, empty if it could. sql_servers: names of the servers that need the agent of SQL Server; the others need
    that of the file system.
    variables: the names of the tenant's variables. roles: those whose options may be among them.
    databases: results of a loop of M(calligo.baas.commvault_sql_database_info) over the subclients that name some; an instance that
    Commvault does not know yet has none.
    covering: the VM groups, of whatever company, whose content reaches into the tenant's folder.
    """
    return [
        *misspelt(variables, *roles),
        *([f"vCenter: {vcenter_error}"] if vcenter_error else []),
        *tenants.conflicts(tenant, claims),
        *(text for group in covering for text in _covered(group, tenant)),
        *(_residency(tenant, region) if region else []),
        *(_infrastructure(infrastructure, tenant, sql_servers) if infrastructure else []),
        *(text for result in databases for text in _databases(result)),
    ]


def _infrastructure(found: Row, tenant: Row, sql_servers: t.Collection[str]) -> t.Iterator[str]:
    for pool in found["storage_pools"]:
        yield from _pool(pool, tenant)
    for node in found["access_nodes"]:
        yield from _access_node(node, tenant)
    for server in found["servers"]:
        yield from _server(server, tenant, server["name"] in sql_servers)


def _covered(group: Row, tenant: Row) -> t.Iterator[str]:
    """What the provider backs up for itself says nothing of whose a folder is."""
    if group["company_id"] != 0 and str(group["company"]).casefold() != str(tenant["name"]).casefold():
        advice = "Correct the specification, or take it out of that group first."
        yield f"The tenant's folder, or a VM in it, is backed up by the VM group {group['name']} of another company. {advice}"


def _residency(tenant: Row, region: Row) -> t.Iterator[str]:
    home = tenant["region"]
    if region["name"] != home:
        yield f"The tenant's data must stay in {home}, but its host is in the inventory group of the region {region['name']}."
    vcenter = region.get("vcenter") or {}
    if vcenter.get("region") not in (None, home):
        yield f"The vCenter {vcenter.get('name')} is in {vcenter['region']}, the tenant's data must stay in {home}."


def _databases(result: Row) -> t.Iterator[str]:
    known = {str(row["name"]).casefold() for row in result["databases"] if row["exists"]}
    share = result["__tenant_onboarding_share"]
    for name in share["databases"] if known else []:
        if str(name).casefold() not in known:
            where = f"the instance {share['instance']} of {share['client']}"
            yield f"Commvault knows no database {name} in {where}. Correct the specification, or let Commvault discover it."


def _pool(pool: Row, tenant: Row) -> t.Iterator[str]:
    name = pool["name"]
    if not pool["exists"]:
        yield f"The storage pool {name} does not exist, or this user cannot see it. Create it in Commvault, or correct the plan."
        return
    if pool["encrypted"] is None:
        yield f"Commvault does not tell whether the storage pool {name} stores encrypted. Use one for which it does."
    elif not pool["encrypted"]:
        yield f"The storage pool {name} does not store encrypted. Turn on its encryption, or use another pool."
    yield from _place("storage pool", pool, tenant)


def _access_node(node: Row, tenant: Row) -> t.Iterator[str]:
    if not node["exists"]:
        advice = "Install the Virtual Server package on it, or correct the region."
        yield f"The access node {node['name']} does not exist, or this user cannot see it. {advice}"
        return
    yield from _place("access node", node, tenant)


def _server(server: Row, tenant: Row, sql: bool) -> t.Iterator[str]:
    name, agent = server["name"], "SQL Server" if sql else "File System"
    kind = "SQL Server" if sql else "file server"
    if not server["exists"]:
        yield f"The {kind} {name} does not exist in Commvault. Install the {agent} agent on it, or correct the specification."
        return
    if server["company"] not in (None, tenant["name"]):
        yield f"The {kind} {name} belongs to another company. Correct the specification, or take the server out of that company first."
    if not any(agent in known for known in server["agents"]):
        yield f"The {kind} {name} has no {agent} agent. Install it."
    if not server["ready"]:
        reason = (server["reason"] or "it does not answer").rstrip(".")
        yield f"The {kind} {name} is not ready: {reason}. Check its network, and that the agent's services run."
    yield from _place(kind, server, tenant)


def _place(kind: str, thing: Row, tenant: Row) -> t.Iterator[str]:
    """Residency as far as Commvault knows regions: a thing without a region passes."""
    if thing["region"] not in (None, tenant["region"]):
        yield f"The {kind} {thing['name']} is in {thing['region']}, the tenant's data must stay in {tenant['region']}."
