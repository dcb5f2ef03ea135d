# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import fnmatch
import typing as t

from .collector import Collector, Found, moid
from .inventory import cluster_hosts, find_folder, plain_name, read_inventory
from .vm_facts import Facts, paths, references, vm_facts

if t.TYPE_CHECKING:
    from .session import VCenter


@dataclasses.dataclass(frozen=True)
class Selection:
    """Which VMs are wanted; every condition that is given must hold.

    names, instance_uuids: any one of them, UUIDs without regard to case. name_pattern: for fnmatch. None: no condition.
    """

    folder: str | None = None
    names: frozenset[str] | None = None
    name_pattern: str | None = None
    instance_uuids: frozenset[str] | None = None
    cluster: str | None = None

    @classmethod
    def of(cls, params: dict[str, t.Any]) -> Selection:
        names, uuids = params["names"], params["instance_uuids"]
        return cls(
            folder=params["folder"],
            names=None if names is None else frozenset(names),
            name_pattern=params["name_pattern"],
            instance_uuids=None if uuids is None else frozenset(uuids),
            cluster=params["cluster"],
        )

    @property
    def by_property(self) -> bool:
        """Whether VMs are told apart by more than where they are."""
        return any(condition is not None for condition in (self.names, self.name_pattern, self.instance_uuids, self.cluster))

    def accepts(self, vm: Found, hosts: t.Collection[str]) -> bool:
        """hosts: managed object ids of the hosts of the cluster, if one is given."""
        name = plain_name(vm.properties.get("name", ""))
        host = vm.properties.get("runtime.host")
        uuid = _uuid(vm.properties.get("config.instanceUuid"))
        return (
            (self.names is None or name in self.names)
            and (self.name_pattern is None or fnmatch.fnmatchcase(name.lower(), self.name_pattern.lower()))
            and (self.instance_uuids is None or uuid in map(_uuid, self.instance_uuids))
            and (self.cluster is None or (host is not None and moid(host) in hosts))
        )

    def not_found(self, vms: t.Iterable[Facts]) -> list[str]:
        """Names and UUIDs that were asked for and that no VM has, as they were written."""
        seen = list(vms)
        names = {vm["name"] for vm in seen}
        uuids = {_uuid(vm["instance_uuid"]) for vm in seen}
        return [
            *sorted(name for name in self.names or () if name not in names),
            *sorted(uuid for uuid in self.instance_uuids or () if _uuid(uuid) not in uuids),
        ]


def _uuid(text: str | None) -> str:
    return (text or "").strip().lower()


def read_vms(vcenter: VCenter, selection: Selection, sets: t.Collection[str]) -> list[Facts]:
    """Facts of the selected VMs, by name.

    Calls: a constant number, and pages of PAGE objects. With a condition on properties, names are read of all VMs below the folder and
    the property sets of those that are selected; without one, the property sets are read at once.
    """
    collector = Collector(vcenter)
    machine = vcenter.vim.VirtualMachine
    container = find_folder(vcenter, collector, selection.folder) if selection.folder is not None else vcenter.content.rootFolder
    if selection.by_property:
        hosts = cluster_hosts(vcenter, collector, selection.cluster) if selection.cluster is not None else set()
        known = collector.below(container, machine, ("name", "config.instanceUuid", "runtime.host"))
        chosen = [vm.reference for vm in known if selection.accepts(vm, hosts)]
        found = collector.of(chosen, machine, paths(sets))
    else:
        found = collector.below(container, machine, paths(sets))
    inventory = read_inventory(collector, (reference for vm in found for reference in references(vm)))
    facts = [vm_facts(vm, inventory, sets) for vm in found]
    return sorted(facts, key=lambda vm: (vm["name"] or "", vm["moid"]))
