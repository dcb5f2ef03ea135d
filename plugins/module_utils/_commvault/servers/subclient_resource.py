# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import functools
import typing as t

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

    wanted: client, level above and name of each subclient of the call. level: the API's key for the name of that level, which is
    backupsetName or instanceName. applications: of the agents.
    """

    def __init__(
        self, client: Commvault, wanted: t.Sequence[tuple[str, str, str]], level: str, applications: t.Container[int] = (33, 29)
    ) -> None:
        self._client = client
        self._wanted = wanted
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
            self.read_ahead([found for found in (self._row(*names) for names in self._wanted) if found])
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
        names = {name.casefold(): name for name, _above, _subclient in self._wanted}
        return self._client.pool.read(lambda key: subclients.of_client(self._client, names[key], self._applications), names)

    def _row(self, name: str, above: str, subclient: str) -> Row | None:
        try:
            rows = self._lists[name.casefold()]
        except BaasError:
            # Raised where this client's own turn comes.
            return None
        return subclients.named(self.within(rows, above), subclient)

    def _require_own_client(self, key: str) -> None:
        name = next(name for name, _above, _subclient in self._wanted if name.casefold() == key)
        entity = self._lists[key][0]["subClientEntity"]
        owner = lookup.company_of(entity.get("entityInfo"))
        lookup.require_own(self._client, "client", Found(int(entity["clientId"]), name, *owner))


class Subclients(Many):
    """The subclients of one call."""

    def __init__(self, items: t.Sequence[Item]) -> None:
        super().__init__(items, "subclients")

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


class SubclientResource(Resource):
    """A subclient. label: what errors call it. What is prepared for a write has the plan that it is to get."""

    parent: t.ClassVar[str]
    """Whose default subclient cannot be deleted."""

    def __init__(self, client: Commvault, params: Record, label: str) -> None:
        self._client = client
        self._params = params
        self._label = label

    def prepare_delete(self, seen: Seen) -> None:
        if self.is_default(seen):
            raise Refused(
                f'The subclient "{self._label}" is the default one of its {self.parent} and cannot be deleted. '
                "Set backup_enabled to false instead.",
                object=self._label,
            )

    def is_default(self, seen: Seen) -> bool:
        raise NotImplementedError

    def delete(self, seen: Seen, _means: None) -> None:
        path = f"/Subclient/{seen.known['id']}"
        self._client.delete(path)
        require_gone("subclient", self._label, bool(self._client.rows(path, "subClientProperties")))

    def _create(self, body: Row, look: t.Callable[[], Found | None]) -> int:
        return create_numbered(
            self._client,
            f'subclient "{self._label}"',
            "/Subclient",
            {"subClientProperties": body},
            look,
            lambda reply: replies.number(next(iter(replies.listed(reply.get("response"))), None), "entity", "subclientId"),
        )

    def _change(self, number: int, body: Row) -> None:
        self._client.post(f"/Subclient/{number}", {"subClientProperties": body})


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
