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


class Collector:
    """Reads properties of many objects in as few calls as there are pages (PropertyCollector.RetrievePropertiesEx).

    Objects that vanish in between are left out of the result; a property that may not be read is reported with its object.
    """

    def __init__(self, vcenter: VCenter, page: int = PAGE) -> None:
        self._content = vcenter.content
        self._vim = vcenter.vim
        self._query = vcenter.query
        self._page = page

    def below(self, container: Reference, kind: t.Any, paths: t.Iterable[str]) -> list[Found]:
        """All objects of a kind (pyVmomi type) below a folder, datacenter or cluster. Two calls more than pages."""
        with self._view(container, kind) as view:
            down = self._query.TraversalSpec(type=self._vim.view.ContainerView, path="view", skip=False)
            start = self._query.ObjectSpec(obj=view, skip=True, selectSet=[down])
            return self._retrieve([start], kind, paths)

    def of(self, references: t.Iterable[Reference], kind: t.Any, paths: t.Iterable[str]) -> list[Found]:
        """These objects, all of one kind or of kinds derived from it. As many calls as pages; none when there are none."""
        starts = [self._query.ObjectSpec(obj=reference) for reference in references]
        return self._retrieve(starts, kind, paths) if starts else []

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
        collector = self._content.propertyCollector
        answer = collector.RetrievePropertiesEx(specSet=[wanted], options=self._query.RetrieveOptions(maxObjects=self._page))
        found: dict[str, Found] = {}
        while answer is not None:
            for item in answer.objects:
                _add(found, item)
            if not answer.token:
                break
            answer = collector.ContinueRetrievePropertiesEx(token=answer.token)
        return list(found.values())


def _add(found: dict[str, Found], item: t.Any) -> None:
    properties = {entry.name: entry.val for entry in item.propSet}
    missing = {entry.path: _reason(entry.fault) for entry in item.missingSet}
    if missing and all(reason == "ManagedObjectNotFound" for reason in missing.values()):
        return  # deleted since it was listed
    found[moid(item.obj)] = Found(item.obj, properties, missing)


def _reason(fault: t.Any) -> str:
    # The server may send the fault itself or a localized wrapper around it.
    return type(getattr(fault, "fault", None) or fault).__name__.rsplit(".", 1)[-1]
