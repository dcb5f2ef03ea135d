# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

if t.TYPE_CHECKING:
    from .session import VCenter

Reference = t.Any
"""A managed object of pyVmomi. Only its id and type are looked at: reading any other attribute would be a call to the server."""

PAGE = 500  # objects; the server may send fewer at a time
UNSET = "unset"
"""The reason for a property that the server does not give although every VM that it can read has it."""
DEFINITE = frozenset(
    {
        "name",
        "runtime.connectionState",
        "runtime.powerState",
        "config.changeVersion",
        "config.guestId",
        "config.hardware.device",
        "config.hardware.memoryMB",
        "config.hardware.numCPU",
        "config.instanceUuid",
        "config.modified",
        "config.template",
        "config.uuid",
        "config.version",
    }
)
"""Properties of VirtualMachine that every VM has. Of one that is inaccessible, invalid, orphaned or disconnected vCenter has no config
(vSphere API, VirtualMachine.config: "not guaranteed to be available"), and leaves it unset without naming it in missingSet."""


@dataclasses.dataclass
class Found:
    """One object with the properties that were asked for.

    properties: by path, as pyVmomi objects. An optional property that is not set is absent.
    missing: paths whose values are not known, with the reason: that of the server (most often NoPermission), or UNSET.
    """

    reference: Reference
    properties: dict[str, t.Any]
    missing: dict[str, str]

    @property
    def moid(self) -> str:
        return moid(self.reference)

    @property
    def place(self) -> Reference | None:
        """What a VM lies in: a folder, or a vApp, whose VMs have no parent. Needs the properties of PLACE."""
        return self.properties.get("parent") or self.properties.get("parentVApp")


PLACE = ("parent", "parentVApp")


def moid(reference: Reference) -> str:
    """The managed object id, such as vm-42."""
    return str(reference._GetMoId())  # noqa: SLF001 - pyVmomi has no other name for it


@dataclasses.dataclass
class Report:
    """What a reading of VMs had to leave out, in words. complete: whether everything was at least listed.

    partial: whether the first pages will do where the server fails on a later one.
    """

    problems: list[str] = dataclasses.field(default_factory=list)
    complete: bool = True
    partial: bool = False

    def lose(self, problem: str) -> None:
        """Note that there may be more than was read."""
        self.problems.append(problem)
        self.complete = False


class Collector:
    """Reads properties of many objects in as few calls as there are pages (PropertyCollector.RetrievePropertiesEx).

    Objects that vanish in between are left out of the result; a property that may not be read is reported with its object.
    report: told of VMs that vanish, and where a part will do, of a server that fails after the first page of VMs; else that is an error.
    """

    def __init__(self, vcenter: VCenter, page: int = PAGE, report: Report | None = None) -> None:
        self._content = vcenter.content
        self._vim = vcenter.vim
        self._query = vcenter.query
        self._fault = vcenter.fault
        self._page = page
        self._report = report

    def below(self, container: Reference, kind: t.Any, paths: t.Iterable[str]) -> list[Found]:
        """All objects of a kind (pyVmomi type) below a folder, datacenter or cluster. Two calls more than pages.

        VMs are looked for in vApps, too, with the pages of another query where there are any: a folder has the outermost vApp alone.
        """
        machines = kind is self._vim.VirtualMachine
        with self._view(container, [kind, self._vim.VirtualApp] if machines else [kind]) as view:
            down = self._query.TraversalSpec(type=self._vim.view.ContainerView, path="view", skip=False)
            start = self._query.ObjectSpec(obj=view, skip=True, selectSet=[down])
            if not machines:
                return self._retrieve([start], kind, paths)
            apps = self._query.PropertySpec(type=self._vim.VirtualApp, pathSet=["name"], all=False)
            found = self._retrieve([start], kind, paths, [apps])
        outside = {item.moid: item for item in found if not isinstance(item.reference, self._vim.VirtualApp)}
        starts = [
            self._query.ObjectSpec(obj=item.reference, skip=True, selectSet=self._into_pools())
            for item in found
            if item.moid not in outside
        ]
        inside = self._retrieve(starts, kind, paths) if starts else []
        return list((outside | {item.moid: item for item in inside}).values())

    def of(self, references: t.Iterable[Reference], kind: t.Any, paths: t.Iterable[str]) -> list[Found]:
        """These objects, all of one kind or of kinds derived from it. As many calls as pages; none when there are none."""
        starts = {moid(reference): self._query.ObjectSpec(obj=reference) for reference in references}
        if not starts:
            return []
        found = self._retrieve(list(starts.values()), kind, paths)
        # The server leaves out what is gone, or lists it with every property missing: so it does with the other queries.
        self._tell_vanished(starts.keys() - {item.moid for item in found}, kind)
        return found

    def on_hosts(self, cluster: Reference, paths: t.Iterable[str]) -> list[Found]:
        """The VMs on the hosts of a cluster. As many calls as pages."""
        vms = self._query.TraversalSpec(type=self._vim.HostSystem, path="vm", skip=False)
        hosts = self._query.TraversalSpec(type=self._vim.ClusterComputeResource, path="host", skip=True, selectSet=[vms])
        start = self._query.ObjectSpec(obj=cluster, skip=True, selectSet=[hosts])
        return self._retrieve([start], self._vim.VirtualMachine, paths)

    def with_ancestors(self, references: t.Iterable[Reference], paths: t.Iterable[str]) -> list[Found]:
        """These inventory objects and everything above them up to the root folder, each once; above a vApp is its folder, too."""
        ways = [("up", self._vim.ManagedEntity, "parent"), ("out", self._vim.VirtualApp, "parentVApp")]
        ways.append(("aside", self._vim.VirtualApp, "parentFolder"))
        selected = [self._query.SelectionSpec(name=name) for name, _kind, _path in ways]
        steps = [self._query.TraversalSpec(name=name, type=kind, path=path, skip=False, selectSet=selected) for name, kind, path in ways]
        starts = [self._query.ObjectSpec(obj=reference, skip=False, selectSet=steps) for reference in references]
        out = self._query.PropertySpec(type=self._vim.VirtualApp, pathSet=[*paths, "parentFolder", "parentVApp"], all=False)
        return self._retrieve(starts, self._vim.ManagedEntity, paths, [out]) if starts else []

    def datacenters(self, paths: t.Iterable[str]) -> list[Found]:
        """The datacenters, and the folders that hold them, below the root folder."""
        down = self._query.TraversalSpec(name="down", type=self._vim.Folder, path="childEntity", skip=False)
        down.selectSet = [self._query.SelectionSpec(name="down")]
        start = self._query.ObjectSpec(obj=self._content.rootFolder, skip=True, selectSet=[down])
        return self._retrieve([start], self._vim.ManagedEntity, paths)

    def _into_pools(self) -> list[t.Any]:
        """From a vApp to its VMs, and to those of the vApps and resource pools in it."""
        pool = self._vim.ResourcePool  # a vApp is one
        again = [self._query.SelectionSpec(name=name) for name in ("vm", "pool")]
        return [
            self._query.TraversalSpec(name="vm", type=pool, path="vm", skip=False),
            self._query.TraversalSpec(name="pool", type=pool, path="resourcePool", skip=True, selectSet=again),
        ]

    @contextlib.contextmanager
    def _view(self, container: Reference, kinds: list[t.Any]) -> t.Iterator[Reference]:
        view = self._content.viewManager.CreateContainerView(container=container, type=kinds, recursive=True)
        try:
            yield view
        finally:
            view.DestroyView()

    def _retrieve(self, starts: list[t.Any], kind: t.Any, paths: t.Iterable[str], more: t.Sequence[t.Any] = ()) -> list[Found]:
        asked = sorted(set(paths))
        wanted = self._query.FilterSpec(
            objectSet=starts,
            propSet=[self._query.PropertySpec(type=kind, pathSet=asked, all=False), *more],
            reportMissingObjectsInResults=True,
        )
        found: dict[str, Found] = {}
        for item in self._pages(wanted, kind):
            _add(found, item)
        if kind is self._vim.VirtualMachine:
            machines = [item for item in found.values() if isinstance(item.reference, kind)]
            if set(PLACE) <= set(asked):
                self._place([machine for machine in machines if machine.place is None])
            for machine in machines:
                machine.missing |= dict.fromkeys(_unset(machine, asked), UNSET)
        return list(found.values())

    def _place(self, machines: list[Found]) -> None:
        """Give VMs in a resource pool below a vApp that vApp, since they are a part of it. Two calls, if any VM has no place."""
        starts = [self._query.ObjectSpec(obj=machine.reference) for machine in machines]
        pooled = self._retrieve(starts, self._vim.VirtualMachine, ("resourcePool",)) if starts else []
        pools = {machine.moid: machine.properties["resourcePool"] for machine in pooled if "resourcePool" in machine.properties}
        above = {item.moid: item for item in self.with_ancestors(pools.values(), ("parent",))}
        for machine in machines:
            reference = pools.get(machine.moid)
            while reference is not None and not isinstance(reference, self._vim.VirtualApp):
                item = above.get(moid(reference))
                reference = item.properties.get("parent") if item is not None else None
            if reference is not None:
                machine.properties["parentVApp"] = reference

    def _pages(self, wanted: t.Any, kind: t.Any) -> t.Iterator[t.Any]:
        collector = self._content.propertyCollector
        answer = collector.RetrievePropertiesEx(specSet=[wanted], options=self._query.RetrieveOptions(maxObjects=self._page))
        count = 0
        while answer is not None:
            yield from answer.objects
            count += len(answer.objects)
            if not answer.token:
                break
            try:
                answer = collector.ContinueRetrievePropertiesEx(token=answer.token)
            except self._fault as error:
                # Names of other objects are not facts by themselves; half of them would make wrong ones.
                if self._report is None or not self._report.partial or kind is not self._vim.VirtualMachine:
                    raise
                self._report.lose(f"vCenter stopped after {count} VMs ({_reason(error)}): there are more that were not read.")
                break

    def _tell_vanished(self, moids: t.Collection[str], kind: t.Any) -> None:
        if moids and self._report is not None and self._report.complete and kind is self._vim.VirtualMachine:
            self._report.problems.append(f"Removed from vCenter while it was read, and left out: {', '.join(sorted(moids))}.")


def _add(found: dict[str, Found], item: t.Any) -> None:
    properties = {entry.name: entry.val for entry in item.propSet}
    missing = {entry.path: _reason(entry.fault) for entry in item.missingSet}
    if missing and all(reason == "ManagedObjectNotFound" for reason in missing.values()):
        return  # deleted since it was listed
    # An object may come twice, once for each specification that fits its type.
    known = found.setdefault(moid(item.obj), Found(item.obj, {}, {}))
    known.properties |= properties
    known.missing |= missing


def _unset(machine: Found, asked: t.Iterable[str]) -> list[str]:
    """What the server should have given and did not. A VM lies in a folder or in a vApp, if both were asked for."""
    known = machine.properties.keys() | machine.missing.keys()
    unplaced = ["parent"] if set(PLACE) <= set(asked) and not known.intersection(PLACE) else []
    return [*(path for path in asked if path in DEFINITE and path not in known), *unplaced]


def _reason(fault: t.Any) -> str:
    # The server may send the fault itself or a localized wrapper around it.
    return type(getattr(fault, "fault", None) or fault).__name__.rsplit(".", 1)[-1]
