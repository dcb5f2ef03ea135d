# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.compare import Comparer, changes
from ..._core.engine import Item, Record, Seen, Work
from ..._core.errors import InputError
from ..servers import lookup as server_lookup
from ..servers import subclients as file_subclients
from ..servers.subclient_resource import SubclientLists, SubclientResource, Subclients, common_body, common_record, is_default
from ..servers.subclients import APPLICATIONS, LINUX, WINDOWS
from ..wire.lookup import require_once
from ..wire.replies import flag, listed, number, part, text
from . import paths

if t.TYPE_CHECKING:
    from ..wire.client import Commvault
    from ..wire.lookup import Found

Row = dict[str, t.Any]
IDENTITY = ("client", "backupset", "name")
KINDS = {
    "content": ("path", "fsContentOperationType"),
    "filters": ("excludePath", "fsExcludeFilterOperationType"),
    "exceptions": ("includePath", "fsIncludeFilterOperationType"),
}
"""Three lists in one array of the API, told apart by a key, and the key that says what an update does to each."""
OVERWRITE, ADD, CLEAR = 1, 2, 4
"""OVERWRITE with nothing listed changes nothing; an empty list is CLEAR."""
VSS: dict[str, Row] = {
    "off": {"useVSS": False},
    "locked_files": {"useVSS": True, "vssOptions": 2},
    "all_files": {"useVSS": True, "vssOptions": 1},
}

_SUBCLIENT = {
    "client": {"type": "str", "required": True},
    "backupset": {"type": "str", "default": "defaultBackupSet"},
    "name": {"type": "str", "required": True},
    "content": {"type": "list", "elements": "str"},
    "filters": {"type": "list", "elements": "str"},
    "exceptions": {"type": "list", "elements": "str"},
    "plan": {"type": "str"},
    "vss": {"type": "str", "choices": ["off", "locked_files", "all_files"]},
    "description": {"type": "str"},
    "backup_enabled": {"type": "bool"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
OPTIONS = ArgumentSpec({"subclients": {"type": "list", "elements": "dict", "required": True, "options": _SUBCLIENT}})


def bind(client: Commvault, params: Record) -> Work:
    """The subclients of one call. Raises InputError for a list that makes no sense, before anything is asked of the server."""
    elements = params["subclients"]
    require_once("subclient", map(label, elements))
    for element in elements:
        _check(element)
    lists = FileSubclientLists(client, elements)
    return Subclients([Item(label(element), Subclient(client, lists, element), element["state"]) for element in elements])


def label(element: Record) -> str:
    """What errors and diffs call a subclient, whose name alone says little."""
    return f"{element['client']} / {element['backupset']} / {element['name']}"


def _check(element: Record) -> None:
    if element["content"] == [] and element["state"] == "present":
        raise InputError(
            f'The content of the subclient "{label(element)}" cannot be empty: Commvault refuses that. '
            "Give content, or set backup_enabled to false.",
            object=label(element),
        )
    for kind in KINDS:
        if any(not path.strip() for path in element[kind] or []):
            raise InputError(f'The subclient "{label(element)}" has an empty path in {kind}: remove it.', object=label(element))


class FileSubclientLists(SubclientLists):
    """The subclients of the clients that one call is about."""

    def __init__(self, client: Commvault, elements: list[Record]) -> None:
        super().__init__(client, [(element["client"], element["backupset"], element["name"]) for element in elements], "backupsetName")
        self._explain = functools.cache(self._explain_client)

    def rows(self, element: Record) -> list[Row]:
        """The subclients of an element's backup set. For one that is to be present, a missing client or backup set is an error."""
        name, needed = element["client"], element["state"] == "present"
        rows = self.of_client(name)
        here = self.within(rows, element["backupset"])
        if not rows:
            self._explain(name, needed)
        elif needed and not here:
            kind = f'backup set of the client "{name}"'
            self._client.missing(kind, element["backupset"], "Create it in Commvault, or correct the name.")
        return here

    def _explain_client(self, name: str, needed: bool) -> None:
        """No subclients: say whether it is the client or its agent that is missing."""
        if not needed:
            self._client.warn(f'The client "{name}" has no file system subclient that this user can see: there is nothing to delete.')
        elif server_lookup.server(self._client, name):
            self._client.missing("file system agent of the client", name, "Install the File System package on it.")


@dataclasses.dataclass(frozen=True)
class Properties:
    """What is read beside the record. sibling: the entity of a subclient in the same backup set, which knows the names and ids above it.

    own: the properties of the subclient as the server sent them.
    """

    sibling: Row
    own: Row

    @property
    def windows(self) -> bool:
        """Whether paths are those of Windows, which is taken for granted where there is nothing to tell."""
        entity = self.own.get("subClientEntity") or self.sibling
        return not entity or number(entity, "applicationId") == WINDOWS

    @property
    def inherits(self) -> bool:
        """The content shown is the plan's: what is written must say all three kinds. A subclient without a plan has nothing to inherit."""
        return not flag(self.own, "useLocalContent") and text(self.own, "planEntity", "planName") is not None


class Subclient(SubclientResource):
    """One file system subclient (cvpysdk subclient.py and fssubclient.py; GET and POST /Subclient/{id}).

    params: client, backupset, name, content, filters, exceptions, plan, vss, description, backup_enabled, state.
    Raises NotFound for an unknown client, backup set or plan, Refused for another company's client and for deleting a default.
    """

    parent = "backup set"
    comparers: t.Mapping[str, Comparer] = {
        **dict.fromkeys(IDENTITY, lambda want, have: True),
        "plan": lambda want, have: bool(have) and want.casefold() == have.casefold(),
    }

    def __init__(self, client: Commvault, lists: FileSubclientLists, params: Record) -> None:
        super().__init__(client, params, label(params))
        self._lists = lists

    def observe(self) -> Seen:
        rows = self._lists.rows(self._params)
        row = file_subclients.named(rows, self._params["name"])
        return self._seen(rows[0]["subClientEntity"] if rows else {}, self._lists.detail(row) if row else None)

    def desired(self, seen: Seen) -> Record:
        lists = {kind: paths.unique(self._params[kind], seen.raw.windows) for kind in KINDS if self._params[kind] is not None}
        return {**{key: self._params[key] for key in (*IDENTITY, "plan", "vss", "description", "backup_enabled")}, **lists}

    def differences(self, desired: Record, seen: Seen) -> Record:
        same_paths = functools.partial(paths.same_paths, windows=seen.raw.windows)
        return changes(desired, seen.known, {**self.comparers, **dict.fromkeys(KINDS, same_paths)})

    def prepare_create(self, seen: Seen, desired: Record) -> Found | None:
        if not desired.get("content"):
            raise InputError(f'The subclient "{self._label}" does not exist yet: give its content.', object=self._label)
        return self.prepare_update(seen, desired)

    def prepare_update(self, seen: Seen, changed: Record) -> Found | None:
        """The plan to give."""
        if changed.get("vss") and not seen.raw.windows:
            raise InputError(
                f'The subclient "{self._label}" is on Linux, which has no volume shadow copies: leave vss out.', object=self._label
            )
        return self._lists.plan(changed["plan"]) if changed.get("plan") else None

    def create(self, seen: Seen, desired: Record, means: Found | None) -> Record:
        entity = {key: seen.raw.sibling.get(key) for key in ("clientName", "applicationId", "instanceName", "backupsetName")}
        entity |= {"appName": APPLICATIONS[WINDOWS if seen.raw.windows else LINUX], "subclientName": desired["name"]}
        body = {"subClientEntity": entity, "contentOperationType": ADD, "content": _entries(desired), "useLocalContent": True}
        made = self._create({**body, **_body(desired, means)}, lambda: self._lists.find_again(*(self._params[key] for key in IDENTITY)))
        return self._seen(seen.raw.sibling, file_subclients.read(self._client, made)).record or {**desired, "id": made}

    def update(self, seen: Seen, changed: Record, means: Found | None) -> Record:
        """Send only what changes; the rest stays as somebody else may have set it meanwhile."""
        lists = {kind: changed[kind] for kind in KINDS if kind in changed}
        body = _body(changed, means)
        if lists and seen.raw.inherits:
            lists = {kind: changed.get(kind, seen.known[kind]) for kind in KINDS}
            body["useLocalContent"] = True
        for kind, listing in lists.items():
            body[KINDS[kind][1]] = OVERWRITE if listing else CLEAR
        if any(lists.values()):
            body["content"] = _entries(lists)
        self._change(seen.known["id"], body)
        return {**seen.known, **{key: value for key, value in changed.items() if key not in IDENTITY}}

    def is_default(self, seen: Seen) -> bool:
        return is_default(seen.raw.own)

    def _seen(self, sibling: Row, properties: Row | None) -> Seen:
        raw = Properties(sibling, properties or {})
        if properties is None:
            return Seen(None, raw)
        entity, entries = properties["subClientEntity"], listed(properties.get("content"))
        record = {
            "id": file_subclients.number(properties),
            "client": entity.get("clientName") or self._params["client"],
            "backupset": entity.get("backupsetName") or self._params["backupset"],
            "name": entity.get("subclientName") or self._params["name"],
            **{kind: [entry[key] for entry in entries if entry.get(key)] for kind, (key, _operation) in KINDS.items()},
            "vss": _vss(part(properties, "fsSubClientProp")) if raw.windows else None,
            **common_record(properties),
        }
        return Seen(record, raw)


def _body(wanted: Record, plan: Found | None) -> Row:
    """What creation and update write alike."""
    return common_body(wanted, plan) | ({"fsSubClientProp": dict(VSS[wanted["vss"]])} if "vss" in wanted else {})


def _entries(lists: Record) -> list[Row]:
    return [{key: path} for kind, (key, _operation) in KINDS.items() for path in lists.get(kind) or []]


def _vss(properties: Row) -> str:
    if not properties.get("useVSS"):
        return "off"
    return "all_files" if number(properties, "vssOptions") == 1 else "locked_files"
