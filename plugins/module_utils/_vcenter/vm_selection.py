# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import fnmatch
import re
import typing as t

from .collector import Collector, Found, Reference, moid
from .inventory import cluster_hosts, find_cluster, find_folder, plain_name
from .tags import tagged_vms

if t.TYPE_CHECKING:
    from .session import VCenter

# Up to this many UUIDs are looked up in the server's index, a call each; reading a large vCenter's VMs takes more calls than that.
LOOKED_UP = 8
_UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")


def is_uuid(text: str) -> bool:
    return _UUID.fullmatch(_uuid(text)) is not None


@dataclasses.dataclass(frozen=True)
class Selection:
    """Which VMs are wanted; every condition that is given must hold.

    names, instance_uuids, tags: any one of them, UUIDs without regard to case, tags as Category/Tag. name_pattern: for fnmatch.
    None: no condition.
    """

    folder: str | None = None
    names: frozenset[str] | None = None
    name_pattern: str | None = None
    instance_uuids: frozenset[str] | None = None
    cluster: str | None = None
    tags: frozenset[str] | None = None

    @classmethod
    def of(cls, params: dict[str, t.Any]) -> Selection:
        lists = {name: params[name] for name in ("names", "instance_uuids", "tags")}
        return cls(
            folder=params["folder"],
            name_pattern=params["name_pattern"],
            cluster=params["cluster"],
            **{name: None if given is None else frozenset(given) for name, given in lists.items()},
        )

    def not_found(self, vms: t.Collection[Found]) -> list[str]:
        """Names and UUIDs that were asked for and that none of these VMs has, as they were written."""
        names = {_name(vm) for vm in vms}
        uuids = {_uuid(vm.properties.get("config.instanceUuid")) for vm in vms}
        return [
            *sorted(name for name in self.names or () if name not in names),
            *sorted(uuid for uuid in self.instance_uuids or () if _uuid(uuid) not in uuids),
        ]


def _name(vm: Found) -> str:
    return plain_name(vm.properties.get("name", ""))


def _uuid(text: str | None) -> str:
    return (text or "").strip().lower()


Condition = t.Callable[[Found], bool]


@dataclasses.dataclass
class Source:
    """Where VMs are read from: what the server itself can select, and the conditions that are left to judge by properties.

    read: reads these properties of the VMs. judged_by: the properties that the conditions look at.
    """

    read: t.Callable[[t.Iterable[str]], list[Found]]
    conditions: list[Condition] = dataclasses.field(default_factory=list)
    judged_by: set[str] = dataclasses.field(default_factory=set)

    def demand(self, condition: Condition, *paths: str) -> None:
        self.conditions.append(condition)
        self.judged_by.update(paths)

    def accepts(self, vm: Found) -> bool:
        return all(condition(vm) for condition in self.conditions)


def find_source(vcenter: VCenter, collector: Collector, selection: Selection) -> Source:
    """Let the server select as far as its API can: by folder, else by UUID, tag or cluster; the other conditions are judged here.

    Calls: a constant number; those of find_folder, find_cluster and tagged_vms, and one for each of a few UUIDs.
    """
    machine = vcenter.vim.VirtualMachine
    tagged = tagged_vms(vcenter.rest, selection.tags) if selection.tags is not None else None
    left = dataclasses.replace(selection, tags=None)
    if selection.folder is not None:
        container = find_folder(vcenter, collector, selection.folder)
        source = Source(lambda paths: collector.below(container, machine, paths))
    elif selection.instance_uuids is not None and len(selection.instance_uuids) <= LOOKED_UP:
        found = _look_up(vcenter, selection.instance_uuids)
        source = Source(lambda paths: [_recognised(vm, found) for vm in collector.of([item for item, _uuid in found], machine, paths)])
        left = dataclasses.replace(left, instance_uuids=None)
    elif tagged is not None:
        marked = [vcenter.machine(key) for key in sorted(tagged)]
        source, tagged = Source(lambda paths: collector.of(marked, machine, paths)), None
    elif selection.cluster is not None:
        cluster = find_cluster(vcenter, collector, selection.cluster).reference
        source = Source(lambda paths: collector.on_hosts(cluster, paths))
        left = dataclasses.replace(left, cluster=None)
    else:
        source = Source(lambda paths: collector.below(vcenter.content.rootFolder, machine, paths))
    if tagged is not None:
        source.demand(lambda vm: vm.moid in tagged)
    _demand(source, left, cluster_hosts(vcenter, collector, left.cluster) if left.cluster is not None else set())
    return source


def _demand(source: Source, left: Selection, hosts: set[str]) -> None:
    """Add the conditions that the server cannot judge. hosts: managed object ids of the cluster's hosts, if one is left."""
    if left.names is not None:
        names = left.names
        source.demand(lambda vm: _name(vm) in names, "name")
    if left.name_pattern is not None:
        pattern = left.name_pattern.lower()
        source.demand(lambda vm: fnmatch.fnmatchcase(_name(vm).lower(), pattern), "name")
    if left.instance_uuids is not None:
        uuids = {_uuid(uuid) for uuid in left.instance_uuids}
        source.demand(lambda vm: _uuid(vm.properties.get("config.instanceUuid")) in uuids, "config.instanceUuid")
    if left.cluster is not None:
        source.demand(lambda vm: _on(vm, hosts), "runtime.host")


def _on(vm: Found, hosts: set[str]) -> bool:
    host = vm.properties.get("runtime.host")
    return host is not None and moid(host) in hosts


def _look_up(vcenter: VCenter, uuids: t.Iterable[str]) -> list[tuple[Reference, str]]:
    """The VMs with these instance UUIDs, each with it. What is no UUID is not asked for: no VM has it, and a server may refuse it."""
    index = vcenter.content.searchIndex
    wanted = sorted({uuid for uuid in map(_uuid, uuids) if is_uuid(uuid)})
    answers = [(index.FindAllByUuid(uuid=uuid, vmSearch=True, instanceUuid=True), uuid) for uuid in wanted]
    return [(reference, uuid) for answer, uuid in answers for reference in answer or []]


def _recognised(vm: Found, looked_up: list[tuple[Reference, str]]) -> Found:
    """A VM with the UUID that the index found it by, where its configuration, which has it, is not known."""
    if vm.missing.pop("config.instanceUuid", None) is not None:
        vm.properties["config.instanceUuid"] = next(uuid for reference, uuid in looked_up if moid(reference) == vm.moid)
    return vm
