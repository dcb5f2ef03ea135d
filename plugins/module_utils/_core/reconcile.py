# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import copy
import dataclasses
import typing as t

from . import engine
from .compare import Comparer, changes

Record = dict[str, t.Any]


class Resource:
    """One object on the other side, spoken of in the module's own words.

    find() and desired() use the same keys, so that they can be compared; the mapping to and from the API stays
    inside the subclass. The guards run before the first write, in check mode too: a guard that raises leaves
    nothing half-written.
    """

    comparers: t.Mapping[str, Comparer] = {}
    """How a key is compared, where 'every wanted key is there' is not the answer."""

    secrets: t.AbstractSet[str] = frozenset()
    """Keys that are written but never shown in a result or a diff."""

    def find(self) -> Record | None:
        """The object as it is, or None. Only reads. A fresh dict at every call."""
        raise NotImplementedError

    def desired(self) -> Record:
        """What the task asks for; a key that it does not speak of is left out or None."""
        raise NotImplementedError

    def create(self, desired: Record) -> Record:
        raise NotImplementedError

    def update(self, current: Record, changed: Record) -> Record:
        raise NotImplementedError

    def delete(self, current: Record) -> None:
        raise NotImplementedError

    def guard_create(self, desired: Record) -> None:
        """Raise where the object must not come into being like this."""

    def guard_update(self, current: Record, changed: Record) -> None:
        """Raise where the change must not be made."""

    def guard_delete(self, current: Record) -> None:
        """Raise where the object must not be deleted."""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What reconciling did, or in check mode would do."""

    changed: bool
    before: Record | None
    after: Record | None

    def diff(self) -> dict[str, Record]:
        return {"before": self.before or {}, "after": self.after or {}}


@dataclasses.dataclass(frozen=True)
class Step:
    """What has to happen to one resource, found out by reading alone and allowed by its guards."""

    resource: Resource
    found: Record | None
    wanted: Record | None
    """Create: the whole record. Update: the changed keys. None: delete, or nothing to do."""
    verb: t.Literal["create", "update", "delete", "keep"]

    def predict(self) -> Outcome:
        """The outcome that taking the step would have. Sends nothing."""
        after = {"create": self.wanted, "update": {**(self.found or {}), **(self.wanted or {})}, "delete": None, "keep": self.found}
        return self._outcome(self.found, after[self.verb])

    def take(self) -> Outcome:
        """Do it."""
        before = copy.deepcopy(self.found)
        if self.verb == "create":
            return self._outcome(None, self.resource.create(self.wanted or {}))
        if self.verb == "update":
            return self._outcome(before, self.resource.update(self.found or {}, self.wanted or {}))
        if self.verb == "delete":
            self.resource.delete(self.found or {})
        return self.predict()

    def _outcome(self, before: Record | None, after: Record | None) -> Outcome:
        return Outcome(self.verb != "keep", self._shown(before), self._shown(after))

    def _shown(self, record: Record | None) -> Record | None:
        return None if record is None else {key: value for key, value in record.items() if key not in self.resource.secrets}


def plan(resource: Resource, state: str) -> Step:
    """Read the resource, compare, and ask its guards: everything that can be known before the first write."""
    found = resource.find()
    if state == "absent":
        if found is None:
            return Step(resource, None, None, "keep")
        resource.guard_delete(found)
        return Step(resource, found, None, "delete")
    desired = {key: value for key, value in resource.desired().items() if value is not None}
    if found is None:
        resource.guard_create(desired)
        return Step(resource, None, desired, "create")
    changed = changes(desired, found, resource.comparers)
    if not changed:
        return Step(resource, found, None, "keep")
    resource.guard_update(found, changed)
    return Step(resource, found, changed, "update")


def reconcile(resource: Resource, state: str, check_mode: bool) -> Outcome:
    """Bring the resource to the wanted state; in check mode say what that would do and send no writing request."""
    step = plan(resource, state)
    return step.predict() if check_mode else step.take()


class Adapted(engine.Resource):
    """A resource of the old kind in the new engine, until the last one has changed."""

    def __init__(self, old: Resource) -> None:
        self._old = old
        self.secrets = old.secrets

    def observe(self) -> engine.Seen:
        return engine.Seen(self._old.find())

    def desired(self, _seen: engine.Seen) -> Record:
        return self._old.desired()

    def differences(self, desired: Record, seen: engine.Seen) -> Record:
        return changes(desired, seen.known, self._old.comparers)

    def prepare_create(self, _seen: engine.Seen, desired: Record) -> None:
        self._old.guard_create(desired)

    def prepare_update(self, seen: engine.Seen, changed: Record) -> None:
        self._old.guard_update(seen.known, changed)

    def prepare_delete(self, seen: engine.Seen) -> None:
        self._old.guard_delete(seen.known)

    def create(self, _seen: engine.Seen, desired: Record, _means: t.Any) -> Record:
        return self._old.create(desired)

    def update(self, seen: engine.Seen, changed: Record, _means: t.Any) -> Record:
        return self._old.update(seen.known, changed)

    def delete(self, seen: engine.Seen, _means: t.Any) -> Record | None:
        self._old.delete(seen.known)
        return None


def adapt(resource: t.Any) -> engine.Resource:
    return Adapted(resource) if isinstance(resource, Resource) else t.cast(engine.Resource, resource)
