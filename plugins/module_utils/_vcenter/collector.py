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


@dataclasses.dataclass
class Found:
    """One object with the properties that were asked for.

    properties: by path, as pyVmomi objects. An optional property that is not set is absent.
    missing: paths that the server withheld, with its reason (most often NoPermission).
    """

    reference: Reference
    properties: dict[str, t.Any]
    missing: dict[str, str]

    @property
    def moid(self) -> str:
        return moid(self.reference)


def moid(reference: Reference) -> str:
    """The managed object id, such as vm-42."""
    return str(reference._GetMoId())  # noqa: SLF001 - pyVmomi has no other name for it


@dataclasses.dataclass
class Report:
    """What a reading of VMs had to leave out, in words. complete: whether everything was at least listed."""

    problems: list[str] = dataclasses.field(default_factory=list)
    complete: bool = True

    def lose(self, problem: str) -> None:
        """Note that there may be more than was read."""
        self.problems.append(problem)
        self.complete = False


class Collector:
    """Reads properties of many objects in as few calls as there are pages (PropertyCollector.RetrievePropertiesEx).

    Objects that vanish in between are left out of the result; a property that may not be read is reported with its object.
    report: told of VMs that vanish, and of a server that fails after the first page of VMs; without it, that is an error.
    """

    def __init__(self, vcenter: VCenter, page: int = PAGE, report: Report | None = None) -> None:
        self._content = vcenter.content
        self._vim = vcenter.vim
        self._query = vcenter.query
        self._fault = vcenter.fault
        self._page = page
        self._report = report

    def below(self, container: Reference, kind: t.Any, paths: t.Iterable[str]) -> list[Found]:
        """All objects of a kind (pyVmomi type) below a folder, datacenter or cluster. Two calls more than pages."""
        with self._view(container, kind) as view:
            down = self._query.TraversalSpec(type=self._vim.view.ContainerView, path="view", skip=False)
            start = self._query.ObjectSpec(obj=view, skip=True, selectSet=[down])
            return self._retrieve([start], kind, paths)

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
        """These inventory objects and everything above them up to the root folder, each once."""
        up = self._query.TraversalSpec(name="up", type=self._vim.ManagedEntity, path="parent", skip=False)
        up.selectSet = [self._query.SelectionSpec(name="up")]
        starts = [self._query.ObjectSpec(obj=reference, skip=False, selectSet=[up]) for reference in references]
        return self._retrieve(starts, self._vim.ManagedEntity, paths) if starts else []

    def datacenters(self, paths: t.Iterable[str]) -> list[Found]:
        """The datacenters, and the folders that hold them, below the root folder."""
        down = self._query.TraversalSpec(name="down", type=self._vim.Folder, path="childEntity", skip=False)
        down.selectSet = [self._query.SelectionSpec(name="down")]
        start = self._query.ObjectSpec(obj=self._content.rootFolder, skip=True, selectSet=[down])
        return self._retrieve([start], self._vim.ManagedEntity, paths)

    @contextlib.contextmanager
    def _view(self, container: Reference, kind: t.Any) -> t.Iterator[Reference]:
        view = self._content.viewManager.CreateContainerView(container=container, type=[kind], recursive=True)
        try:
            yield view
        finally:
            view.DestroyView()

    def _retrieve(self, starts: list[t.Any], kind: t.Any, paths: t.Iterable[str]) -> list[Found]:
        wanted = self._query.FilterSpec(
            objectSet=starts,
            propSet=[self._query.PropertySpec(type=kind, pathSet=sorted(set(paths)), all=False)],
            reportMissingObjectsInResults=True,
        )
        found: dict[str, Found] = {}
        for item in self._pages(wanted, kind):
            _add(found, item)
        return list(found.values())

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
                if self._report is None or kind is not self._vim.VirtualMachine:
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
    found[moid(item.obj)] = Found(item.obj, properties, missing)


def _reason(fault: t.Any) -> str:
    # The server may send the fault itself or a localized wrapper around it.
    return type(getattr(fault, "fault", None) or fault).__name__.rsplit(".", 1)[-1]
