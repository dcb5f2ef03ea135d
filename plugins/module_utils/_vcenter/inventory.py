# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import re
import typing as t

from .._core.errors import InputError, NotFound
from .collector import Collector, Found, Reference, moid

if t.TYPE_CHECKING:
    from .session import VCenter

# vCenter keeps these three characters of a name encoded, since a slash divides the names of a path.
_ENCODED = {"%2f": "/", "%5c": "\\", "%25": "%"}


def plain_name(name: str) -> str:
    """A name as people write it, from a name as vCenter keeps it."""
    return re.sub("%(2f|5c|25)", lambda match: _ENCODED[match.group().lower()], name, flags=re.IGNORECASE)


def stored_segment(segment: str) -> str:
    """One part of a path as vCenter keeps it, from what a user wrote: a slash in a name is written %2f already."""
    return re.sub("%(?!2f)", "%25", segment, flags=re.IGNORECASE).replace("\\", "%5c")


@dataclasses.dataclass(frozen=True)
class Entity:
    """What is known of a host, folder, vApp, datacenter, cluster, datastore or network. parent: managed object id; that of a vApp is
    what it lies in beside folders, an outer vApp or a folder.
    """

    kind: str
    name: str
    parent: str | None


class Inventory:
    """Names and places of inventory objects by managed object id. Knows what it was given and asks no server."""

    def __init__(self, entities: dict[str, Entity]) -> None:
        self._entities = entities

    def name(self, reference: Reference | None) -> str | None:
        """The plain name of the object that a reference points to; None for no reference or an object that may not be seen."""
        entity = self._entities.get(moid(reference)) if reference is not None else None
        return plain_name(entity.name) if entity else None

    def above(self, reference: Reference | None) -> list[Entity]:
        """The object itself and all above it, nearest first."""
        chain: list[Entity] = []
        key = moid(reference) if reference is not None else None
        while key is not None and key in self._entities:
            chain.append(self._entities[key])
            key = chain[-1].parent
        return chain

    def cluster(self, host: Reference | None) -> str | None:
        """The cluster of a host; None for a host that stands alone."""
        return next((plain_name(entity.name) for entity in self.above(host) if entity.kind == "ClusterComputeResource"), None)

    def datacenter(self, reference: Reference | None) -> str | None:
        return next((plain_name(entity.name) for entity in self.above(reference) if entity.kind == "Datacenter"), None)

    def folder_path(self, folder: Reference | None) -> str | None:
        """The path of a VM folder below its datacenter's vm folder, empty for the vm folder itself, None when unknown.

        folder: may be a vApp, which stands for the folder that it, or the outermost one around it, lies in.
        A slash in a name stays %2f, so that the path can be given to the option folder as it is.
        """
        chain = self.above(folder)
        depth = next((index for index, entity in enumerate(chain) if entity.kind == "Datacenter"), 0)
        names = [entity.name for entity in chain[:depth] if entity.kind == "Folder"]
        if not names:
            return None
        below = reversed(names[:-1])
        return "/".join(plain_name(re.sub("%2f", "%252f", name, flags=re.IGNORECASE)) for name in below)


def read_inventory(collector: Collector, references: t.Iterable[Reference]) -> Inventory:
    """Names of these objects and of all above them, in one query."""
    once = {moid(reference): reference for reference in references}
    return to_inventory(collector.with_ancestors(once.values(), ("name", "parent")))


def to_inventory(found: t.Iterable[Found]) -> Inventory:
    """From objects read with the properties name and parent; one whose name is withheld stays unknown."""
    return Inventory({item.moid: _entity(item) for item in found if "name" in item.properties})


def _entity(item: Found) -> Entity:
    kind = type(item.reference).__name__.rsplit(".", 1)[-1]
    get = item.properties.get
    parent = get("parentVApp") or get("parentFolder") if kind == "VirtualApp" else get("parent")
    return Entity(kind, item.properties["name"], moid(parent) if parent is not None else None)


def find_folder(vcenter: VCenter, collector: Collector, path: str) -> Reference:
    """The VM folder at a path: below the vm folder of the one datacenter that has it, or from the root when it begins with a slash.

    Calls: one for a path from the root; otherwise one, and one for each datacenter.
    """
    segments = [stored_segment(segment) for segment in path.strip("/").split("/")]
    if not all(segments):
        raise InputError(f'folder is "{path}": give names of folders divided by single slashes; a slash in a name is written %2f.')
    search = vcenter.content.searchIndex
    if path.startswith("/"):
        folders = [search.FindByInventoryPath("/".join(segments))]
        places = "the inventory"
    else:
        found = collector.datacenters(("name", "parent"))
        inventory = to_inventory(found)
        tops = [
            "/".join(entity.name for entity in reversed(inventory.above(item.reference)))
            for item in found
            if isinstance(item.reference, vcenter.vim.Datacenter)
        ]
        folders = [search.FindByInventoryPath("/".join([top, "vm", *segments])) for top in tops]
        places = "the vm folder of the datacenter " + " or ".join(sorted(plain_name(top) for top in tops)) if tops else "any datacenter"
    matches = [folder for folder in folders if isinstance(folder, vcenter.vim.Folder)]
    if not matches:
        raise NotFound(
            f'No VM folder "{path}" in {places} of vCenter {vcenter.address}. Check the spelling, and that the user may see the folder; '
            "a path is written below the vm folder, or from the root as /Datacenter/vm/Folder.",
            object=path,
        )
    if len(matches) > 1:
        raise _ambiguous(collector, "VM folder", path, matches)
    return matches[0]


def _ambiguous(collector: Collector, kind: str, name: str, matches: list[Reference]) -> InputError:
    """One call, for the paths."""
    inventory = read_inventory(collector, matches)
    paths = ", ".join(sorted(full_path(inventory, match) for match in matches))
    return InputError(f'More than one {kind} is "{name}": {paths}. Give the path of the one that is meant.', object=name)


def full_path(inventory: Inventory, reference: Reference) -> str:
    """The path of an object from the root folder, which is the last above it and which no path names."""
    return "/" + "/".join(plain_name(entity.name) for entity in reversed(inventory.above(reference)[:-1]))


def find_cluster(vcenter: VCenter, collector: Collector, name: str) -> Found:
    """The cluster of a name, or at a path from the root (/Datacenter/host/Cluster), with its hosts (property host).

    Two calls more than pages of clusters, and one where there are several. Raises InputError where more than one has the name.
    """
    if name.startswith("/"):
        segments = [stored_segment(segment) for segment in name.strip("/").split("/")]
        reference = vcenter.content.searchIndex.FindByInventoryPath("/".join(segments))
        if isinstance(reference, vcenter.vim.ClusterComputeResource):
            return collector.of([reference], vcenter.vim.ClusterComputeResource, ("name", "host"))[0]
    clusters = collector.below(vcenter.content.rootFolder, vcenter.vim.ClusterComputeResource, ("name", "host"))
    matches = [cluster for cluster in clusters if plain_name(cluster.properties.get("name", "")) == name]
    if len(matches) > 1:
        raise _ambiguous(collector, "cluster", name, [match.reference for match in matches])
    if matches:
        return matches[0]
    known = ", ".join(sorted(plain_name(item.properties.get("name", "?")) for item in clusters)) or "none"
    raise NotFound(f'No cluster is named "{name}" in vCenter {vcenter.address}. Clusters that this user sees: {known}.', object=name)


def cluster_hosts(vcenter: VCenter, collector: Collector, name: str) -> set[str]:
    """Managed object ids of the hosts of a cluster."""
    return {moid(host) for host in find_cluster(vcenter, collector, name).properties.get("host", [])}
