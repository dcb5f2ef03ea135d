# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.compare import Comparer, same_names
from ..._core.engine import Record, Seen, Work
from ..._core.errors import InputError, Refused
from ..servers import lookup as server_lookup
from ..servers import subclients as file_subclients
from ..servers.subclient_resource import SubclientLists, SubclientResource, Subclients, common_body
from ..wire.lookup import Found, require_once, same_name
from . import lookup as sql

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Row = dict[str, t.Any]
OVERWRITE, ADD, DELETE = 1, 2, 3
"""contentOperationType (cvpysdk sqlsubclient.py update_content)."""
BY_DATABASE = 1
"""sqlSubclientType of a subclient whose content is databases, not file groups."""
IDENTITY = ("client", "instance", "name")

_SUBCLIENT = {
    "client": {"type": "str", "required": True},
    "instance": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "databases": {"type": "list", "elements": "str"},
    "allow_move": {"type": "bool", "default": False},
    "plan": {"type": "str"},
    "description": {"type": "str"},
    "backup_enabled": {"type": "bool"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
OPTIONS = ArgumentSpec({"subclients": {"type": "list", "elements": "dict", "required": True, "options": _SUBCLIENT}})


def bind(client: Commvault, params: Record) -> Work:
    """The subclients of one call. Raises InputError for a list that makes no sense, before anything is asked of the server."""
    elements = params["subclients"]
    lists = SqlSubclientLists(client, elements)
    resources = [SqlSubclient(client, lists, element) for element in elements]
    require_once("subclient", [one.label for one in resources])
    homes: dict[tuple[str, ...], str] = {}
    for one in resources:
        _check(one.label, one.params, homes)
    return Subclients(resources)


def _check(label: str, element: Record, homes: dict[tuple[str, ...], str]) -> None:
    """homes: by client, instance and database the subclient that lists it in this call."""
    if element["state"] == "absent":
        return
    if element["databases"] == []:
        raise InputError(
            f'The subclient "{label}" cannot be without databases. Name some; or delete it, and the default subclient of the '
            "instance covers what it had; or set backup_enabled to false.",
            object=label,
        )
    for database in element["databases"] or []:
        if not database.strip():
            raise InputError(f'The subclient "{label}" has a database without a name: remove it.', object=label)
        key = tuple(str(part).casefold() for part in (element["client"], element["instance"], database))
        other = homes.setdefault(key, label)
        if other != label:
            raise InputError(f'The database "{database}" is listed by "{other}" and by "{label}": it can be in one only.', object=database)


class SqlSubclientLists(SubclientLists):
    """The subclients of the clients that one call is about, and the databases of their instances, each read once."""

    def __init__(self, client: Commvault, elements: list[Record]) -> None:
        super().__init__(client, elements, IDENTITY, sql.INSTANCE, (sql.SQL_SERVER,))
        self._elements = elements
        self._explain = functools.cache(self._explain_instance)
        self.databases = functools.cache(self._databases)

    def rows(self, element: Record) -> list[Row]:
        name, instance = element["client"], element["instance"]
        rows = [] if self._client.company_missing else self.within(self.of_client(name), instance)
        if not rows:
            self._explain(name, instance, element["state"] == "present")
        return rows

    def holder(self, element: Record, rows: list[Row], database: str) -> Found | None:
        """The other subclient that lists a database and, as far as this call says, is to keep it. The default one just covers the rest.

        rows: the subclients of the element's instance.
        """
        self.read_ahead(rows)
        for row in rows:
            name, detail = str(row["subClientEntity"]["subclientName"]), self.detail(row)
            if detail is None or same_name(name, element["name"]) or sql.covers_the_rest(detail):
                continue
            if any(map(functools.partial(same_name, database), sql.databases_of(detail))) and not self._gives_up(
                {**element, "name": name}, database
            ):
                return Found(file_subclients.number(row), name)
        return None

    def _databases(self, instance_id: int) -> dict[str, str]:
        """The databases that Commvault has discovered on an instance, system ones too, by name in lower case."""
        names = [str(row["dbName"]) for row in sql.rows_of_databases(self._client, instance_id, system=True)]
        return {name.casefold(): name for name in names}

    def _gives_up(self, other: Record, database: str) -> bool:
        """Whether this call takes a database from the subclient that has it."""
        for element in self._elements:
            if all(same_name(element[key], other[key]) for key in IDENTITY):
                kept = element["databases"]
                return element["state"] == "absent" or (kept is not None and not any(same_name(database, name) for name in kept))
        return False

    def _explain_instance(self, name: str, instance: str, needed: bool) -> None:
        """No subclients, although each instance has one: say whether it is the client or the instance that is missing."""
        if not needed:
            text = f'The client "{name}" has no SQL Server instance "{instance}" that this user can see: there is nothing to delete.'
            self._client.warn(text)
        elif self._client.company_missing or server_lookup.server(self._client, name):
            way_out = "Create it with calligo.baas.commvault_sql_instance, or correct the name."
            self._client.missing("SQL Server instance", sql.label(name, instance), way_out)


@dataclasses.dataclass(frozen=True)
class Preparation:
    """What a write needs. moved: the databases that other subclients give up, by the id of those."""

    plan: Found | None
    moved: dict[int, list[str]]


class SqlSubclient(SubclientResource):
    """One SQL Server subclient (cvpysdk sqlsubclient.py; GET and POST /Subclient/{id}).

    params: client, instance, name, databases, allow_move, plan, description, backup_enabled, state.
    Raises NotFound for an unknown client, instance, database or plan; Refused for another company's client, for deleting a default
    subclient, and for taking a database from another subclient without allow_move.
    """

    identity = IDENTITY
    entity_keys = ("clientName", sql.INSTANCE, "subclientName")
    parent = "instance"
    comparers: t.Mapping[str, Comparer] = {**SubclientResource.comparers, "databases": same_names}
    lists: SqlSubclientLists

    def desired(self, seen: Seen) -> Record:
        if seen.known.get("covers_rest") and self.params["databases"] is not None:
            raise InputError(
                f'The subclient "{self.label}" covers every database that no other subclient of the instance lists, new ones too: '
                "leave databases out, or name them in a subclient of their own.",
                object=self.label,
            )
        names = {name.casefold(): name for name in self.params["databases"] or []}
        return {**super().desired(seen), "databases": list(names.values()) or None}

    def prepare_create(self, seen: Seen, desired: Record) -> Preparation:
        # An instance that an earlier task of a check run would register brings its default subclient along.
        coming = not seen.raw.rows and same_name("default", self.params["name"])
        if not desired.get("databases") and not coming:
            raise InputError(f'The subclient "{self.label}" does not exist yet: give its databases.', object=self.label)
        return self._prepare(seen, desired, [] if coming else desired["databases"])

    def prepare_update(self, seen: Seen, changed: Record) -> Preparation:
        have = {name.casefold() for name in seen.known["databases"]}
        return self._prepare(seen, changed, [name for name in changed.get("databases") or [] if name.casefold() not in have])

    def create(self, seen: Seen, desired: Record, means: Preparation) -> Record:
        # The server's spelling of the names above.
        above = {key: seen.raw.above.get(key) or desired[option] for option, key in (("client", "clientName"), ("instance", sql.INSTANCE))}
        body = {
            "subClientEntity": {**above, "subclientName": desired["name"], "appName": sql.AGENT, "backupsetName": sql.BACKUPSET},
            "contentOperationType": ADD,
            "content": _content(desired["databases"]),
            "mssqlSubClientProp": {"sqlSubclientType": BY_DATABASE},
            **common_body(desired, means.plan),
        }
        made = self.add(body)
        self._take_out(means.moved)
        return self.created(made, desired)

    def update(self, seen: Seen, changed: Record, means: Preparation) -> Record:
        """Send only what changes; the rest stays as somebody else may have set it meanwhile."""
        body = common_body(changed, means.plan)
        if "databases" in changed:
            body |= {"contentOperationType": OVERWRITE, "content": _content(changed["databases"])}
        self.change(seen.known["id"], body)
        self._take_out(means.moved)
        return self.updated(seen, changed)

    def record(self, properties: Row) -> Record:
        return {"databases": sql.databases_of(properties), "covers_rest": sql.covers_the_rest(properties)}

    def _prepare(self, seen: Seen, wanted: Record, added: list[str]) -> Preparation:
        """added: databases that the subclient does not have yet."""
        plan = self.plan(wanted)
        if added and seen.raw.rows:
            self._require_discovered(seen.raw.above, added)
        return Preparation(plan, self._moved(seen.raw.rows, added))

    def _require_discovered(self, entity: Row, added: list[str]) -> None:
        known = self.lists.databases(int(entity["instanceId"]))
        unknown = [name for name in added if name.casefold() not in known]
        if unknown:
            self.client.not_there(
                f'The instance "{self.params["instance"]}" has no database called {", ".join(unknown)}, or Commvault has not '
                "discovered it yet.",
                f"It has {', '.join(sorted(known.values()))}.",
                self.label,
            )

    def _moved(self, rows: list[Row], added: list[str]) -> dict[int, list[str]]:
        """A database is in one subclient at a time: listing it here takes it from another, with that one's plan."""
        moved: dict[int, list[str]] = {}
        for name in added:
            other = self.lists.holder(self.params, rows, name)
            if other and not self.params["allow_move"]:
                raise Refused(
                    f'The database "{name}" is in the subclient "{other.name}", which would lose it, and its plan would no longer protect '
                    "it. Take it out there in the same list, or give allow_move.",
                    object=name,
                )
            if other:
                moved.setdefault(other.id, []).append(name)
        return moved

    def _take_out(self, moved: dict[int, list[str]]) -> None:
        """Take what moved here out of where it was. Whether the server has done that is told nowhere: so one looks.

        In two subclients a database would have two series of log backups, neither of them whole.
        """
        for number, names in moved.items():
            held = {name.casefold() for name in sql.databases_of(file_subclients.read(self.client, number) or {})}
            left = [name for name in names if name.casefold() in held]
            if left:
                self.change(number, {"contentOperationType": DELETE, "content": _content(left)})


def _content(databases: list[str]) -> list[Row]:
    return [{"mssqlDbContent": {"databaseName": name}} for name in databases]
