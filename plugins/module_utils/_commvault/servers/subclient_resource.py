# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ..._core.compare import Comparer
from ..._core.engine import Item, Many, Record, Resource, ResourceStep, Seen, Step
from ..._core.errors import BaasError, InputError, Refused
from ..plans import lookup as plan_lookup
from ..wire import lookup, replies
from ..wire.lookup import Found
from ..wire.replies import flag, part, text
from ..wire.writes import create_numbered, require_gone
from . import subclients

if t.TYPE_CHECKING:
    from ..wire.client import Commvault
    from ..wire.pool import Answers

# What subclients of files and of databases have in common as objects that are made present or absent.

Row = dict[str, t.Any]


class SubclientLists:
    """What the subclients of one call look into, each read once: the lists of their clients and the details of those that are on them,
    each side by side, and plans.

    identity: the options that name a subclient: its client, the level above (backup set or instance), and its own name. level: the
    API's key for the name of that level. applications: of the agents.
    """

    def __init__(
        self, client: Commvault, elements: list[Record], identity: t.Sequence[str], level: str, applications: t.Container[int]
    ) -> None:
        self._client = client
        self._names = [tuple(element[key] for key in identity) for element in elements]
        self._level = level
        self._applications = applications
        self._details: dict[int, Answers[int, Row | None]] = {}
        self.plan = functools.cache(functools.partial(plan_lookup.plan, client))
        self._require_own = functools.cache(self._require_own_client)

    def of_client(self, name: str) -> list[Row]:
        """The subclients of a client, which must be the company's own."""
        rows = self._lists[name.casefold()]
        if rows:
            self._require_own(name.casefold())
        return rows

    def rows(self, element: Record) -> list[Row]:
        """The subclients beside an element's. For one that is to be present, a missing client or level above is an error."""
        raise NotImplementedError

    def within(self, rows: list[Row], above: str) -> list[Row]:
        """Of a client's subclients those below the level above."""
        return [row for row in rows if lookup.same_name(above, row["subClientEntity"].get(self._level))]

    def find_again(self, name: str, above: str, subclient: str) -> Found | None:
        """A subclient that may have come into being since its list was read."""
        rows = subclients.of_client(self._client, name, self._applications)
        row = subclients.named(self.within(rows, above), subclient)
        return Found(subclients.number(row), subclient) if row else None

    def detail(self, row: Row) -> Row | None:
        """A row of a list with its content, which not every server lists; None where it is gone meanwhile."""
        if subclients.is_whole(row):
            return row
        if not self._details:
            self.read_ahead([found for found in (self._row(*names) for names in self._names) if found])
        self.read_ahead([row])
        number = subclients.number(row)
        return self._details[number][number]

    def read_ahead(self, rows: list[Row]) -> None:
        """Read the details of these subclients side by side, but for those that are known."""
        numbers = [subclients.number(row) for row in rows if not subclients.is_whole(row) and subclients.number(row) not in self._details]
        answers = self._client.pool.read(lambda number: subclients.read(self._client, number), numbers)
        self._details |= dict.fromkeys(numbers, answers)

    @functools.cached_property
    def _lists(self) -> Answers[str, list[Row]]:
        names = {name.casefold(): name for name, _above, _subclient in self._names}
        return self._client.pool.read(lambda key: subclients.of_client(self._client, names[key], self._applications), names)

    def _row(self, name: str, above: str, subclient: str) -> Row | None:
        try:
            rows = self._lists[name.casefold()]
        except BaasError:
            # Raised where this client's own turn comes.
            return None
        return subclients.named(self.within(rows, above), subclient)

    def _require_own_client(self, key: str) -> None:
        name = next(name for name, _above, _subclient in self._names if name.casefold() == key)
        rows = self._lists[key]
        number = int(rows[0]["subClientEntity"]["clientId"])
        lookup.require_own(self._client, "client", Found(number, name).of(subclients.owner_of(self._client, name, rows)))


class Subclients(Many):
    """The subclients of one call."""

    def __init__(self, resources: t.Sequence[SubclientResource]) -> None:
        super().__init__([Item(one.label, one, one.params["state"]) for one in resources], "subclients")

    def steps(self) -> t.Sequence[Step]:
        """The default subclient may be called "default" and by its own name: twice in one call it would be set to two things."""
        steps = super().steps()
        labels: dict[int, str] = {}
        for step in t.cast(t.Sequence[ResourceStep], steps):
            number = step.seen.known.get("id")
            other = labels.setdefault(number, step.label) if number else step.label
            if other != step.label:
                raise InputError(f"{other} and {step.label} are the same subclient (id {number}): join the two.", object=step.label)
        return steps


@dataclasses.dataclass(frozen=True)
class Surroundings:
    """What is read beside the record. rows: the subclients of the same backup set or instance, which know the names and ids above them;
    none in check mode, where that may yet come into being. own: the properties of the subclient as the server sent them.
    """

    rows: list[Row]
    own: Row

    @property
    def above(self) -> Row:
        """The entity of a subclient beside it."""
        return t.cast(Row, self.rows[0]["subClientEntity"]) if self.rows else {}


class SubclientResource(Resource):
    """A subclient. params: of which identity names it, among other options. label: what errors call it."""

    identity: t.ClassVar[tuple[str, str, str]]
    entity_keys: t.ClassVar[tuple[str, str, str]]
    """The API's keys for these."""
    parent: t.ClassVar[str]
    """Whose default subclient cannot be deleted."""
    comparers: t.Mapping[str, Comparer] = {
        **dict.fromkeys(("client", "backupset", "instance", "name"), lambda want, have: True),
        "plan": lambda want, have: bool(have) and want.casefold() == have.casefold(),
    }

    def __init__(self, client: Commvault, lists: SubclientLists, params: Record) -> None:
        self.client = client
        self.lists = lists
        self.params = params
        self.label = " / ".join(params[key] for key in self.identity)

    def observe(self) -> Seen:
        rows = self.lists.rows(self.params)
        row = subclients.named(rows, self.params["name"])
        properties = self.lists.detail(row) if row else None
        return Seen(self._whole_record(properties) if properties else None, Surroundings(rows, properties or {}))

    def desired(self, _seen: Seen) -> Record:
        return {key: self.params[key] for key in (*self.identity, "plan", "description", "backup_enabled")}

    def record(self, properties: Row) -> Record:
        """What is particular to subclients of this kind."""
        raise NotImplementedError

    def prepare_delete(self, seen: Seen) -> None:
        if is_default(seen.raw.own):
            raise Refused(
                f'The subclient "{self.label}" is the default one of its {self.parent} and cannot be deleted. '
                "Set backup_enabled to false instead.",
                object=self.label,
            )

    def delete(self, seen: Seen, _means: None) -> None:
        path = f"/Subclient/{seen.known['id']}"
        self.client.delete(path)
        require_gone("subclient", self.label, bool(self.client.rows(path, "subClientProperties")))

    def plan(self, wanted: Record) -> Found | None:
        """The plan that it is to get."""
        return self.lists.plan(wanted["plan"]) if wanted.get("plan") else None

    def add(self, body: Row) -> int:
        """Create it, and give its id."""
        return create_numbered(
            self.client,
            f'subclient "{self.label}"',
            "/Subclient",
            {"subClientProperties": body},
            lambda: self.lists.find_again(*(self.params[key] for key in self.identity)),
            lambda reply: replies.number(next(iter(replies.listed(reply.get("response"))), None), "entity", "subclientId"),
        )

    def change(self, number: int, body: Row) -> None:
        self.client.post(f"/Subclient/{number}", {"subClientProperties": body})

    def created(self, number: int, desired: Record) -> Record:
        """The record of a subclient that was just made."""
        properties = subclients.read(self.client, number)
        return self._whole_record(properties) if properties else {**desired, "id": number}

    def updated(self, seen: Seen, changed: Record) -> Record:
        """The record of one that was just changed."""
        return {**seen.known, **{key: value for key, value in changed.items() if key not in self.identity}}

    def _whole_record(self, properties: Row) -> Record:
        entity = properties["subClientEntity"]
        named = zip(self.identity, self.entity_keys, strict=True)
        return {
            "id": subclients.number(properties),
            **{key: entity.get(api) or self.params[key] for key, api in named},
            **self.record(properties),
            **common_record(properties),
        }


def is_default(properties: Row) -> bool:
    """Whether a subclient is the one that its backup set or instance always has."""
    return bool(part(properties, "commonProperties").get("isDefaultSubclient"))


def common_record(properties: Row) -> Record:
    """What every subclient has, in the words of the modules."""
    return {
        "plan": text(properties, "planEntity", "planName"),
        "description": text(properties, "commonProperties", "description") or "",
        "backup_enabled": flag(properties.get("commonProperties"), "enableBackup"),
    }


def common_body(wanted: Record, plan: Found | None) -> Row:
    """What creation and update write alike. useContentFromPlan, which replaces the content, is never sent."""
    body: Row = {"planEntity": {"planId": plan.id, "planName": plan.name}} if plan else {}
    common = {api: wanted[key] for key, api in (("description", "description"), ("backup_enabled", "enableBackup")) if key in wanted}
    return body | ({"commonProperties": common} if common else {})
