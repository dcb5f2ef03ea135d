# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.compare import same_names
from ..._core.errors import ApiError, InputError, NotFound, Refused
from ..._core.reconcile import Record, Resource
from ..servers import subclients as file_subclients
from ..wire import writes as effects
from ..wire.replies import flag, listed
from . import lookup as sql
from . import subclients as sql_subclients
from .subclient_shelf import Shelf, label

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
SPEC = ArgumentSpec({"subclients": {"type": "list", "elements": "dict", "required": True, "options": _SUBCLIENT}})


def bind(client: Commvault, params: Record) -> list[tuple[str, str, Resource]]:
    """The resources of one call. Raises InputError for a list that makes no sense, before anything is asked of the server."""
    elements = params["subclients"]
    seen: set[tuple[str, ...]] = set()
    homes: dict[tuple[str, ...], str] = {}
    for element in elements:
        key = tuple(str(element[part]).casefold() for part in IDENTITY)
        if key in seen:
            raise InputError(f'The subclient "{label(element)}" is listed twice: join the two.', object=label(element))
        seen.add(key)
        _check(element, homes)
    shelf = Shelf(client, elements)
    return [(label(element), element["state"], SqlSubclient(client, shelf, element)) for element in elements]


def _check(element: Record, homes: dict[tuple[str, ...], str]) -> None:
    """homes: by client, instance and database the subclient that lists it in this call."""
    if element["state"] == "absent":
        return
    if element["databases"] == []:
        raise InputError(
            f'The subclient "{label(element)}" cannot be without databases. Name some; or delete it, and the default subclient of the '
            "instance covers what it had; or set backup_enabled to false.",
            object=label(element),
        )
    for database in element["databases"] or []:
        if not database.strip():
            raise InputError(f'The subclient "{label(element)}" has a database without a name: remove it.', object=label(element))
        key = tuple(str(part).casefold() for part in (element["client"], element["instance"], database))
        other = homes.setdefault(key, label(element))
        if other != label(element):
            raise InputError(
                f'The database "{database}" is listed by "{other}" and by "{label(element)}": it can be in one only.', object=database
            )


class SqlSubclient(Resource):
    """One SQL Server subclient (cvpysdk sqlsubclient.py; GET and POST /Subclient/{id}).

    params: client, instance, name, databases, allow_move, plan, description, backup_enabled, state.
    Raises NotFound for an unknown client, instance, database or plan; Refused for another company's client, for deleting a default
    subclient, and for taking a database from another subclient without allow_move.
    """

    def __init__(self, client: Commvault, shelf: Shelf, params: Record) -> None:
        self._client = client
        self._shelf = shelf
        self._params = params
        self._is_default = False
        self._covers_rest = False
        self._losing: dict[int, list[str]] = {}
        self.comparers = {
            **dict.fromkeys(IDENTITY, lambda want, have: True),
            "databases": same_names,
            "plan": lambda want, have: bool(have) and want.casefold() == have.casefold(),
        }

    def find(self) -> Record | None:
        rows = self._shelf.of_instance(self._params["client"], self._params["instance"], self._params["state"] == "present")
        row = file_subclients.named(rows, self._params["name"])
        if row is None:
            return None
        self._shelf.claim(file_subclients.number(row), label(self._params))
        return self._record(self._shelf.detail(row))

    def desired(self) -> Record:
        if self._covers_rest and self._params["databases"] is not None:
            raise InputError(
                f'The subclient "{label(self._params)}" covers every database that no other subclient of the instance lists, new ones too: '
                "leave databases out, or name them in a subclient of their own.",
                object=label(self._params),
            )
        names = {name.casefold(): name for name in self._params["databases"] or []}
        record = {key: self._params[key] for key in (*IDENTITY, "plan", "description", "backup_enabled")}
        return {**record, **({"databases": list(names.values())} if names else {})}

    def guard_create(self, desired: Record) -> None:
        if self._client.check_mode and self._params["name"].casefold() == "default":
            # An instance that an earlier task would register brings its default subclient along.
            self._guard(desired, [])
            return
        if not desired.get("databases"):
            raise InputError(f'The subclient "{label(self._params)}" does not exist yet: give its databases.', object=label(self._params))
        self._guard(desired, desired["databases"])

    def guard_update(self, current: Record, changed: Record) -> None:
        have = {name.casefold() for name in current["databases"]}
        self._guard(changed, [name for name in changed.get("databases") or [] if name.casefold() not in have])

    def guard_delete(self, _current: Record) -> None:
        if self._is_default:
            raise Refused(
                f'The subclient "{label(self._params)}" is the default one of its instance and cannot be deleted. '
                "Set backup_enabled to false instead.",
                object=label(self._params),
            )

    def create(self, desired: Record) -> Record:
        entity = {"clientName": desired["client"], "instanceName": desired["instance"], "subclientName": desired["name"]}
        body = {
            "subClientEntity": {**self._shelf.spelled(entity), "appName": sql.AGENT, "backupsetName": sql.BACKUPSET},
            "contentOperationType": ADD,
            "content": _content(desired["databases"]),
            "mssqlSubClientProp": {"sqlSubclientType": BY_DATABASE},
            **self._common(desired),
        }
        made = effects.create_once(lambda: self._post(body), self._made)
        self._take_out()
        return self._record(file_subclients.read(self._client, made)) or {**desired, "id": made}

    def update(self, current: Record, changed: Record) -> Record:
        """Send only what changes; the rest stays as somebody else may have set it meanwhile."""
        body = self._common(changed)
        if "databases" in changed:
            body |= {"contentOperationType": OVERWRITE, "content": _content(changed["databases"])}
        self._client.post(f"/Subclient/{current['id']}", {"subClientProperties": body})
        self._take_out()
        return {**current, **{key: value for key, value in changed.items() if key not in IDENTITY}}

    def delete(self, current: Record) -> None:
        path = f"/Subclient/{current['id']}"
        self._client.delete(path)
        left = listed((self._client.get(path, absent=(404,)) or {}).get("subClientProperties"))
        effects.require_gone("subclient", label(self._params), bool(left))

    def _post(self, body: Row) -> int:
        reply = self._client.post("/Subclient", {"subClientProperties": body})
        made = int(((listed(reply.get("response")) or [{}])[0].get("entity") or {}).get("subclientId") or 0)
        if not made:
            text = f'Commvault answered the creation of the subclient "{label(self._params)}" without an id.'
            raise ApiError(text, call="POST /Subclient")
        return made

    def _made(self) -> int | None:
        """Look again, past what the shelf keeps."""
        rows = sql_subclients.within(sql_subclients.of_client(self._client, self._params["client"]), self._params["instance"])
        row = file_subclients.named(rows, self._params["name"])
        return file_subclients.number(row) if row else None

    def _record(self, properties: Row | None) -> Record | None:
        if properties is None:
            return None
        entity, common = properties["subClientEntity"], properties.get("commonProperties") or {}
        self._is_default = bool(common.get("isDefaultSubclient"))
        self._covers_rest = sql_subclients.covers_the_rest(properties)
        return {
            "id": int(entity["subclientId"]),
            "client": entity.get("clientName") or self._params["client"],
            "instance": entity.get("instanceName") or self._params["instance"],
            "name": entity.get("subclientName") or self._params["name"],
            "databases": sql_subclients.databases(properties),
            "covers_rest": self._covers_rest,
            "plan": (properties.get("planEntity") or {}).get("planName") or None,
            "description": common.get("description") or "",
            "backup_enabled": flag(properties.get("commonProperties"), "enableBackup"),
        }

    def _guard(self, wanted: Record, added: list[str]) -> None:
        """added: databases that the subclient does not have yet."""
        if wanted.get("plan"):
            self._shelf.plan(wanted["plan"])
        if not added:
            return
        known = self._shelf.databases(self._params["client"], self._params["instance"])
        unknown = [name for name in added if known is not None and name.casefold() not in known]
        if unknown and not self._client.check_mode:
            raise NotFound(
                f'The instance "{self._params["instance"]}" has no database called {", ".join(unknown)}, or Commvault has not '
                f"discovered it yet. It has {', '.join(sorted((known or {}).values()))}.",
                object=label(self._params),
            )
        for name in unknown:
            self._client.missing("database", f"{self._params['instance']} / {name}", "")
        self._guard_moves(added)

    def _guard_moves(self, added: list[str]) -> None:
        """A database is in one subclient at a time: listing it here takes it from another, with that one's plan."""
        for name in added:
            other = self._shelf.holder(self._params, name)
            if other and not self._params["allow_move"]:
                raise Refused(
                    f'The database "{name}" is in the subclient "{other.name}", which would lose it, and its plan would no longer protect '
                    "it. Take it out there in the same list, or give allow_move.",
                    object=name,
                )
            if other:
                self._losing.setdefault(other.id, []).append(name)

    def _take_out(self) -> None:
        """Take what moved here out of where it was. Whether the server has done that is told nowhere: so one looks.

        In two subclients a database would have two series of log backups, neither of them whole.
        """
        for number, names in self._losing.items():
            held = {name.casefold() for name in sql_subclients.databases(file_subclients.read(self._client, number) or {})}
            left = [name for name in names if name.casefold() in held]
            if left:
                body = {"contentOperationType": DELETE, "content": _content(left)}
                self._client.post(f"/Subclient/{number}", {"subClientProperties": body})

    def _common(self, wanted: Record) -> Row:
        """What creation and update write alike."""
        body: Row = {}
        plan = self._shelf.plan(wanted["plan"]) if wanted.get("plan") else None
        if plan:
            body["planEntity"] = {"planId": plan.id, "planName": plan.name}
        common = {api: wanted[key] for key, api in (("description", "description"), ("backup_enabled", "enableBackup")) if key in wanted}
        return body | ({"commonProperties": common} if common else {})


def _content(databases: list[str]) -> list[Row]:
    return [{"mssqlDbContent": {"databaseName": name}} for name in databases]
