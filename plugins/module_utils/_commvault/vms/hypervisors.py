# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import typing as t

from ..._core.errors import InputError
from ..servers import lookup as server_lookup
from ..wire import lookup
from ..wire.replies import listed
from . import lookup as vm_lookup

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Row = dict[str, t.Any]

COMPUTER = 3
"""type of an access node that is one computer; 28 is a group, which cannot be named as the destination of a restore."""


@dataclasses.dataclass(frozen=True)
class Hypervisor:
    """A vCenter as Commvault knows it, in the parts that a restore to it needs."""

    id: int
    name: str
    instance_id: int
    instance: str
    vcenter_host: str
    vcenter_user: str
    access_nodes: tuple[str, ...]
    owner: lookup.Owner


def destination(client: Commvault, name: str | None, default_id: int) -> Hypervisor | None:
    """The hypervisor of this name, or of this id where no name is given. Missing: NotFound; in check mode a warning and None.

    Refused where it belongs to another company than the one acted in; one of the provider serves every company.
    """
    if name is None:
        detail = client.get(f"/V4/Hypervisor/{default_id}", absent=(404,))
        if detail is None:
            client.missing("hypervisor", str(default_id), "The VM's own hypervisor is gone: name another in destination.hypervisor.")
            return None
        return _hypervisor(client, detail, str(detail.get("name")))
    found = vm_lookup.require_hypervisor(client, name)
    return _hypervisor(client, client.require(f"/V4/Hypervisor/{found.id}"), found.name) if found else None


def owner_of(detail: Row) -> lookup.Owner:
    """Whose a hypervisor is, from OpenAPI GetHypervisorDetails; the list does not always tell."""
    company = (detail.get("hypervisorCommonProperties") or {}).get("company") or {}
    return lookup.Owner(int(company["id"]) if "id" in company else None, company.get("name"))


def _hypervisor(client: Commvault, detail: Row, name: str) -> Hypervisor:
    """From OpenAPI GetHypervisorDetails; the login name is in the older view of the instance only."""
    owner = owner_of(detail)
    lookup.require_reach(client, "hypervisor", name, owner)
    instance = detail.get("instance") or {}
    older = client.get(f"/Instance/{instance['id']}", absent=(404,)) if instance.get("id") else None
    vendor: Row = {}
    for row in listed((older or {}).get("instanceProperties")):
        vendor = ((row.get("virtualServerInstance") or {}).get("vmwareVendor") or {}).get("virtualCenter") or {}
    nodes = [
        node for node in listed((detail.get("accessNodeList") or {}).get("accessNode")) if int(node.get("type") or COMPUTER) == COMPUTER
    ]
    return Hypervisor(
        id=int(detail["id"]),
        name=name,
        instance_id=int(instance.get("id") or 0),
        instance=str(instance.get("name") or "VMware"),
        vcenter_host=str((detail.get("accountDetails") or {}).get("hostName") or ""),
        vcenter_user=str(vendor.get("userName") or ""),
        access_nodes=tuple(str(node["name"]) for node in nodes),
        owner=owner,
    )


def access_node(client: Commvault, hypervisor: Hypervisor, name: str | None, option: str = "destination.access_node") -> str:
    """The access node to restore through: the one named, which must be one, or the first of the hypervisor's own.

    option: where a task names it.
    """
    if name:
        found = server_lookup.access_nodes(client, [name])
        return found[0].name if found else name
    if not hypervisor.access_nodes:
        raise InputError(
            f'The hypervisor "{hypervisor.name}" has no access node of its own: name one in {option}.',
            object=hypervisor.name,
        )
    return hypervisor.access_nodes[0]
