# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Observe, compare, apply: for one object and for many. Knows no product, and whether a run may write only by its Permit."""

from __future__ import annotations

import copy
import dataclasses
import functools
import typing as t

from .compare import Comparer, changes
from .errors import UNREADABLE, BaasError, UnexpectedReply, unreadable

if t.TYPE_CHECKING:
    from .permit import Permit

Record = dict[str, t.Any]
Verb = t.Literal["create", "update", "delete", "keep"]
R = t.TypeVar("R")


@dataclasses.dataclass(frozen=True)
class Seen:
    """What was read of one object. record: in the module's own words, None if there is no such object.

    raw: whatever else was read that comparing or writing needs; only the resource that made it looks into it.
    """

    record: Record | None = None
    raw: t.Any = None

    @property
    def known(self) -> Record:
        """The record of an object that is there."""
        return self.record or {}


class Resource:
    """One object on the other side, spoken of in the module's own words.

    Its fields are what it was made from (a connection, the options) and never change: what was read goes from step to step as an
    argument. observe() and desired() use the same keys, so that they can be compared; the mapping to and from the API stays inside
    the subclass.
    """

    comparers: t.Mapping[str, Comparer] = {}
    """How a key is compared, where 'every wanted key is there' is not the answer."""

    secrets: t.AbstractSet[str] = frozenset()
    """Keys that are written but never shown in a result or a diff."""

    def observe(self) -> Seen:
        """Read the object as it is. A fresh record at every call."""
        raise NotImplementedError

    def desired(self, seen: Seen) -> Record:
        """What the task asks for; a key that it does not speak of is left out or None."""
        raise NotImplementedError

    def differences(self, desired: Record, seen: Seen) -> Record:
        """The part of what is desired that is not so yet. Pure."""
        return changes(desired, seen.known, self.comparers)

    def prepare_create(self, seen: Seen, desired: Record) -> t.Any:
        """Read what create() needs, and raise where the object must not come into being like this. Sends nothing that writes."""

    def prepare_update(self, seen: Seen, changed: Record) -> t.Any:
        """Read what update() needs, and raise where the change must not be made. Sends nothing that writes."""

    def prepare_delete(self, seen: Seen) -> t.Any:
        """Read what delete() needs, and raise where the object must not be deleted. Sends nothing that writes."""

    def create(self, seen: Seen, desired: Record, means: t.Any) -> Record:
        """Make the object; returns its record. means: what prepare_create() gave."""
        raise NotImplementedError

    def update(self, seen: Seen, changed: Record, means: t.Any) -> Record:
        """Change these keys; returns the record as it is then. means: what prepare_update() gave."""
        raise NotImplementedError

    def delete(self, seen: Seen, means: t.Any) -> Record | None:
        """Delete the object; returns what is left to be said of it, usually nothing. means: what prepare_delete() gave."""
        raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a step did, or would do. means: what was prepared for it, for those who have more to say of it than the records tell."""

    label: str
    changed: bool
    before: Record | None = None
    after: Record | None = None
    means: t.Any = None

    def diff(self) -> dict[str, t.Any]:
        return {"before": self.before or {}, "after": self.after or {}}

    def labelled_diff(self) -> dict[str, t.Any]:
        """The diff of one of many."""
        return {**self.diff(), "before_header": self.label, "after_header": self.label}

    def entry(self) -> Record:
        """The object among the many of a result."""
        return {**(self.after or self.before or {}), "changed": self.changed}


class Step(t.Protocol):
    """Something that is to be done, found out by reading alone and allowed. label: what a person calls it."""

    @property
    def label(self) -> str: ...

    @property
    def open(self) -> bool:
        """Whether what was read shows that it is still to be done. Never so of what is started, which answers with a number."""

    def predict(self) -> Outcome:
        """The outcome that taking it would have. Sends nothing."""

    def take(self) -> Outcome:
        """Do it."""


@dataclasses.dataclass(frozen=True)
class ResourceStep:
    """What has to happen to one resource. wanted: the whole record to create, or the keys to change."""

    label: str
    resource: Resource
    verb: Verb
    seen: Seen
    wanted: Record = dataclasses.field(default_factory=dict)
    means: t.Any = None

    @property
    def open(self) -> bool:
        return self.verb in ("create", "delete") or bool(self.wanted.keys() - self.resource.secrets if self.verb == "update" else ())

    def predict(self) -> Outcome:
        after = {"create": self.wanted, "update": {**self.seen.known, **self.wanted}, "delete": None, "keep": self.seen.record}
        return self._outcome(self.seen.record, after[self.verb])

    def take(self) -> Outcome:
        before = copy.deepcopy(self.seen.record)
        if self.verb == "create":
            return self._outcome(None, self.resource.create(self.seen, self.wanted, self.means))
        if self.verb == "update":
            return self._outcome(before, self.resource.update(self.seen, self.wanted, self.means))
        if self.verb == "delete":
            return self._outcome(before, self.resource.delete(self.seen, self.means))
        return self.predict()

    def _outcome(self, before: Record | None, after: Record | None) -> Outcome:
        return Outcome(self.label, self.verb != "keep", self._shown(before), self._shown(after), self.means)

    def _shown(self, record: Record | None) -> Record | None:
        return None if record is None else {key: value for key, value in record.items() if key not in self.resource.secrets}


def plan(resource: Resource, state: str = "present", label: str = "") -> ResourceStep:
    """Read the resource, compare, and prepare the write: everything that can be known before the first write."""
    seen = resource.observe()
    if state == "absent":
        if seen.record is None:
            return ResourceStep(label, resource, "keep", seen)
        return ResourceStep(label, resource, "delete", seen, means=resource.prepare_delete(seen))
    desired = {key: value for key, value in resource.desired(seen).items() if value is not None}
    if seen.record is None:
        return ResourceStep(label, resource, "create", seen, desired, resource.prepare_create(seen, desired))
    changed = resource.differences(desired, seen)
    if not changed:
        return ResourceStep(label, resource, "keep", seen)
    return ResourceStep(label, resource, "update", seen, changed, resource.prepare_update(seen, changed))


@dataclasses.dataclass(frozen=True)
class Item:
    """One of the many objects of a call, and the state that it is wanted in."""

    label: str
    resource: Resource
    state: str = "present"


class Work:
    """What one call of a module has to do, in steps that are all known before the first is taken.

    Where a step fails, those after it are not tried, and the result tells what became of each.
    """

    def steps(self) -> t.Sequence[Step]:
        """All steps, by reading alone. Raises where one of them must not be taken, so that then none is."""
        raise NotImplementedError

    def settle(self, outcomes: list[Outcome]) -> list[Outcome]:
        """After the last step: wait for what was started. Only reads; raises where it did not end well. Left out in check mode."""
        return outcomes

    def result(self, outcomes: list[Outcome]) -> Record:
        """The result of the module from the outcomes so far: of all steps, or in a failed result of those that were taken."""
        raise NotImplementedError


class Many(Work):
    """Objects that are made present or absent in one call. returned: the name of their list in the result."""

    def __init__(self, items: t.Sequence[Item], returned: str) -> None:
        self.items = items
        self.returned = returned

    def steps(self) -> t.Sequence[Step]:
        return [named(item.label, functools.partial(plan, item.resource, item.state, item.label)) for item in self.items]

    def result(self, outcomes: list[Outcome]) -> Record:
        return {
            "changed": any(outcome.changed for outcome in outcomes),
            self.returned: [outcome.entry() for outcome in outcomes],
            "diff": [outcome.labelled_diff() for outcome in outcomes if outcome.changed],
        }


class One(Work):
    """One object that is made present or absent. returned: its name in the result."""

    def __init__(self, resource: Resource, state: str, returned: str) -> None:
        self.resource = resource
        self.state = state
        self.returned = returned

    def steps(self) -> t.Sequence[Step]:
        return [plan(self.resource, self.state)]

    def result(self, outcomes: list[Outcome]) -> Record:
        if not outcomes:
            return {"changed": False}
        return {"changed": outcomes[0].changed, self.returned: outcomes[0].after, "diff": outcomes[0].diff()}


class Failed(BaasError):
    """A step, or the waiting after the last one, failed. result: what there is to tell all the same. cause: the error itself."""

    def __init__(self, cause: BaasError, result: Record) -> None:
        super().__init__(str(cause), **cause.details)
        self.cause = cause
        self.result = result


def predict(work: Work) -> Record:
    """What doing the work would give. Only reads."""
    return work.result([step.predict() for step in work.steps()])


def perform(work: Work, permit: Permit | None = None, anew: t.Callable[[], Work] | None = None) -> Record:
    """Do the work, step by step. Raises Failed with what was done, what failed and what was not tried, each by its label.

    permit: knows of writes that were answered with nothing. anew: the same work as if just asked for, which then tells what is not done.
    """
    steps = list(work.steps())
    outcomes: list[Outcome] = []
    for number, step in enumerate(steps):
        try:
            outcomes.append(named(step.label, step.take))
        except (BaasError, *UNREADABLE) as error:
            raise Failed(_told(error), _partial(work, outcomes, [step.label], [left.label for left in steps[number + 1 :]])) from error
    try:
        outcomes = work.settle(outcomes)
        if permit and anew and permit.unconfirmed:
            _require_done(anew(), permit.unconfirmed)
    except (BaasError, *UNREADABLE) as error:
        raise Failed(_told(error), _partial(work, outcomes, [], [])) from error
    return work.result(outcomes)


def _told(error: Exception) -> BaasError:
    """An error as the result tells it, which also then holds what was done and started before."""
    return error if isinstance(error, BaasError) else unreadable(error)


def _require_done(work: Work, call: str) -> None:
    """Raise where reading again shows that something is still to be done. What is written but never shown can't be read again."""
    for step in work.steps():
        if step.open:
            raise UnexpectedReply(
                f"{step.label + ': ' if step.label else ''}{call} was answered with success and nothing else, but what it was to change is "
                "as before. Look at the server, then run this again.",
                call=call,
            )


def _partial(work: Work, outcomes: list[Outcome], failed: list[str], left: list[str]) -> Record:
    """The part of a failed result that tells how far it came. A call about one thing has no labels, and nothing to tell apart."""
    done = [outcome.label for outcome in outcomes]
    progress = {"done": done, "failed": failed, "not_tried": left}
    return {**work.result(outcomes), **({"progress": progress} if any(done + failed) else {})}


def named(label: str, act: t.Callable[[], R]) -> R:
    """Do one thing of many, and let its error say which. No label: the error says enough."""
    try:
        return act()
    except BaasError as error:
        raise (error.about(label) if label else error) from None
