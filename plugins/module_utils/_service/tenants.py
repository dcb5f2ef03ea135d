# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Which folder and which servers are whose, as the inventory has it: what one tenant or the provider claims is no other tenant's."""

from __future__ import annotations

import typing as t

from .options import option

Row = t.Mapping[str, t.Any]
VARIABLES = ("baas_tenant", "baas_vm_backup", "baas_file_backup", "baas_sql_backup", "baas_region")


def given(known: Row, name: str) -> dict[str, t.Any]:
    """One of the blocks of a host, in the types of the onboarding's argument specification, in whatever form it was given; {} for none.

    Raises ValueError for what cannot be converted.
    """
    return dict(option(known[name], name.replace("baas_", "tenant_onboarding_", 1))) if known.get(name) else {}


def claims(variables: t.Mapping[str, Row], tenants: t.Iterable[str], regions: t.Iterable[str] = ()) -> list[dict[str, t.Any]]:
    """What the tenants of the inventory and the provider in its regions claim: host, name, alias, vcenter, folder, servers.

    variables: of all hosts, by inventory name, as given() takes them. tenants, regions: inventory names. folder is None for none;
    the provider has no alias, and claims the access nodes, the restore clients and the folder for restores of a region. A claim holds
    nothing secret, so that it may be a fact, made once for all hosts of a play.
    Where a tenant's name or alias is missing it is None.
    """
    return [
        *(_of_tenant(host, variables[host]) for host in tenants if variables[host].get("baas_tenant")),
        *(of_region(given(variables[host], "baas_region"), host) for host in regions if variables[host].get("baas_region")),
    ]


def _of_tenant(host: str, known: Row) -> dict[str, t.Any]:
    tenant, servers = (
        given(known, "baas_tenant"),
        [given(known, key).get("servers") or [] for key in ("baas_file_backup", "baas_sql_backup")],
    )
    return {
        "host": str(host),
        "name": _text(tenant.get("name")),
        "alias": _text(tenant.get("alias")) or "",
        "vcenter": _vcenter(given(known, "baas_region")),
        "folder": given(known, "baas_vm_backup").get("vcenter_folder"),
        "servers": sorted({str(server["client"]) for rows in servers for server in rows if server and server.get("client")}),
    }


def of_region(region: Row, host: str = "") -> dict[str, t.Any]:
    """What the provider claims in a region."""
    place = region.get("restore_test") or {}
    nodes = [
        *filter(None, region.get("access_nodes") or []),
        *(place[key] for key in ("access_node", "file_client", "sql_client") if place.get(key)),
    ]
    names = {"host": str(host), "name": f"the provider in {region.get('name') or host}", "alias": None, "vcenter": _vcenter(region)}
    return {**names, "folder": place.get("folder"), "servers": sorted({str(node) for node in nodes})}


def _vcenter(region: Row) -> str | None:
    return (region.get("vcenter") or {}).get("name")


class Conflict(t.NamedTuple):
    """What a tenant would have of another's, in sentences. They say of another tenant no more than its host in the inventory."""

    about: str
    """alias, name, folder, or server."""
    value: str
    what: str
    way_out: str


def conflicts(tenant: Row, known: t.Iterable[Row]) -> t.Iterator[str]:
    """What a tenant would have of another's, in sentences.

    tenant: name, and as far as they are to be judged alias, vcenter, folder (None for none) and servers. known: claims().
    """
    return (f"{found.what} {found.way_out}" for other in known if not _is(tenant, other) for found in between(tenant, other))


def between(tenant: Row, other: Row) -> t.Iterator[Conflict]:
    """What a tenant would have of one other's, see conflicts()."""
    who = other["name"] if other["alias"] is None else f"the tenant {other['host']}"
    apart = "Each tenant has a name and an alias of its own."
    alias, name = tenant.get("alias"), tenant.get("name")
    if tenant.get("alias") and _same(tenant["alias"], other["alias"]):
        yield Conflict("alias", str(alias), f"The alias {alias} is that of {who}, too.", apart)
    if name and _same(name, other["name"]):
        by = "" if alias and _same(alias, other["alias"]) else ", by another alias"
        yield Conflict("name", str(name), f"The company {name} is that of {who}, too{by}.", apart)
    for server in tenant.get("servers") or []:
        if any(_same(server, claimed) for claimed in other["servers"]):
            what = f"The server {server} belongs to {who}, and its backups would be {name}'s."
            yield Conflict("server", str(server), what, "Correct the specification.")
    yield from _of_folders(tenant, other, who)


def _of_folders(tenant: Row, other: Row, who: str) -> t.Iterator[Conflict]:
    mine, theirs = tenant.get("folder"), other["folder"]
    apart = None not in (tenant.get("vcenter"), other["vcenter"]) and tenant["vcenter"] != other["vcenter"]
    if mine is None or theirs is None or apart:
        return
    what, shown = "", mine or "/"
    if _within(mine, theirs):
        what = f"The folder {shown} {'belongs to' if _within(theirs, mine) else 'lies in that of'} {who}."
    elif _within(theirs, mine):
        what = f"In the folder {shown} lies that of {who}."
    if what:
        advice = f"VMs of {who} would be in the company of {tenant.get('name')}. Give each tenant a folder of its own."
        yield Conflict("folder", str(mine), what, advice)


def _is(tenant: Row, other: Row) -> bool:
    """Whether a claim is the tenant's own: of the same name, and of the same alias if that is known."""
    alias = tenant.get("alias")
    return other["alias"] is not None and _same(tenant["name"], other["name"]) and (alias is None or _same(alias, other["alias"]))


def _text(value: t.Any) -> str | None:
    return None if value is None else str(value)


def _same(one: t.Any, other: t.Any) -> bool:
    return str(one).casefold() == str(other).casefold()


def _within(folder: str, above: str) -> bool:
    place, top = _parts(folder), _parts(above)
    return place[: len(top)] == top


def _parts(folder: str) -> list[str]:
    """The names on the way to a folder from the datacenter's vm folder; a path from the root has datacenter and vm before them."""
    parts = [part for part in str(folder).casefold().split("/") if part]
    return parts[parts.index("vm") + 1 :] if str(folder).startswith("/") and "vm" in parts else parts
