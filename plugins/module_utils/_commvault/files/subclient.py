# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.errors import ApiError, InputError, Refused
from ..._core.reconcile import Record, Resource
from ..servers.subclients import APPLICATIONS, LINUX, WINDOWS, application, named, within
from ..wire import writes as effects
from ..wire.replies import flag, listed
from . import windows_paths
from .subclient_shelf import Shelf, label

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Row = dict[str, t.Any]
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
SPEC = ArgumentSpec({"subclients": {"type": "list", "elements": "dict", "required": True, "options": _SUBCLIENT}})


def bind(client: Commvault, params: Record) -> list[tuple[str, str, Resource]]:
    """The resources of one call. Raises InputError for a list that makes no sense, before anything is asked of the server."""
    elements = params["subclients"]
    seen: set[tuple[str, ...]] = set()
    for element in elements:
        key = tuple(str(element[part]).casefold() for part in ("client", "backupset", "name"))
        if key in seen:
            raise InputError(f'The subclient "{label(element)}" is listed twice: join the two.', object=label(element))
        seen.add(key)
        _check(element)
    shelf = Shelf(client, elements)
    return [(label(element), element["state"], Subclient(client, shelf, element)) for element in elements]


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


class Subclient(Resource):
    """One file system subclient (cvpysdk subclient.py and fssubclient.py; GET and POST /Subclient/{id}).

    params: client, backupset, name, content, filters, exceptions, plan, vss, description, backup_enabled, state.
    Raises NotFound for an unknown client, backup set or plan, Refused for another company's client and for deleting a default.
    """

    def __init__(self, client: Commvault, shelf: Shelf, params: Record) -> None:
        self._client = client
        self._shelf = shelf
        self._params = params
        self._windows = True
        self._is_default = False
        self._inherits = False
        """The content shown is the plan's: what is written must say all three kinds."""
        self._sibling: Row = {}
        """Entity of a subclient in the same backup set, which knows the names and ids above it."""
        self.comparers = {
            **dict.fromkeys(("client", "backupset", "name"), lambda want, have: True),
            **dict.fromkeys(KINDS, self._same_paths),
            "plan": lambda want, have: bool(have) and want.casefold() == have.casefold(),
        }

    def find(self) -> Record | None:
        needed = self._params["state"] == "present"
        rows = self._shelf.entities(self._params["client"], needed)
        rows_here = within(rows, self._params["backupset"])
        if rows_here:
            self._sibling = rows_here[0]["subClientEntity"]
            self._windows = application(rows_here[0]) == WINDOWS
        elif rows and needed:
            kind = f'backup set of the client "{self._params["client"]}"'
            self._client.missing(kind, self._params["backupset"], "Create it in Commvault, or correct the name.")
        row = named(rows_here, self._params["name"])
        if row is None:
            return None
        found = int(row["subClientEntity"]["subclientId"])
        self._shelf.claim(found, label(self._params))
        return self._record(found, self._shelf.detail(row))

    def desired(self) -> Record:
        keys = ("client", "backupset", "name", "plan", "vss", "description", "backup_enabled")
        lists = {kind: windows_paths.unique(self._params[kind], self._windows) for kind in KINDS if self._params[kind] is not None}
        return {**{key: self._params[key] for key in keys}, **lists}

    def guard_create(self, desired: Record) -> None:
        if not desired.get("content"):
            raise InputError(f'The subclient "{label(self._params)}" does not exist yet: give its content.', object=label(self._params))
        self._guard(desired)

    def guard_update(self, _current: Record, changed: Record) -> None:
        self._guard(changed)

    def guard_delete(self, _current: Record) -> None:
        if self._is_default:
            raise Refused(
                f'The subclient "{label(self._params)}" is the default one of its backup set and cannot be deleted. '
                "Set backup_enabled to false instead.",
                object=label(self._params),
            )

    def create(self, desired: Record) -> Record:
        entity = {key: self._sibling.get(key) for key in ("clientName", "applicationId", "instanceName", "backupsetName")}
        entity |= {"appName": APPLICATIONS[WINDOWS if self._windows else LINUX], "subclientName": desired["name"]}
        body = {"subClientEntity": entity, "contentOperationType": ADD, "content": _entries(desired), "useLocalContent": True}
        body |= self._common(desired)
        made = effects.create_once(lambda: self._post(body), self._made)
        return self._record(made, self._shelf.read(made)) or {**desired, "id": made}

    def update(self, current: Record, changed: Record) -> Record:
        """Send only what changes; the rest stays as somebody else may have set it meanwhile."""
        lists = {kind: changed[kind] for kind in KINDS if kind in changed}
        body = self._common(changed)
        if lists and self._inherits:
            lists = {kind: changed.get(kind, current[kind]) for kind in KINDS}
            body["useLocalContent"] = True
        for kind, paths in lists.items():
            body[KINDS[kind][1]] = OVERWRITE if paths else CLEAR
        if any(lists.values()):
            body["content"] = _entries(lists)
        self._client.post(f"/Subclient/{current['id']}", {"subClientProperties": body})
        return {**current, **{key: value for key, value in changed.items() if key not in ("client", "backupset", "name")}}

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
        rows = within(self._shelf.entities(self._params["client"], needed=True, fresh=True), self._params["backupset"])
        row = named(rows, self._params["name"])
        return int(row["subClientEntity"]["subclientId"]) if row else None

    def _record(self, subclient_id: int, properties: Row | None) -> Record | None:
        if properties is None:
            return None
        entity, common = properties["subClientEntity"], properties.get("commonProperties") or {}
        self._windows = application(properties) == WINDOWS
        self._is_default = bool(common.get("isDefaultSubclient"))
        # A subclient without a plan has nothing to inherit.
        self._inherits = not flag(properties, "useLocalContent") and bool((properties.get("planEntity") or {}).get("planName"))
        entries = listed(properties.get("content"))
        return {
            "id": subclient_id,
            "client": entity.get("clientName") or self._params["client"],
            "backupset": entity.get("backupsetName") or self._params["backupset"],
            "name": entity.get("subclientName") or self._params["name"],
            **{kind: [entry[key] for entry in entries if entry.get(key)] for kind, (key, _operation) in KINDS.items()},
            "plan": (properties.get("planEntity") or {}).get("planName") or None,
            "vss": _vss(properties.get("fsSubClientProp") or {}) if self._windows else None,
            "description": common.get("description") or "",
            "backup_enabled": flag(properties.get("commonProperties"), "enableBackup"),
        }

    def _same_paths(self, want: list[str], have: list[str] | None) -> bool:
        return windows_paths.same_paths(want, have, self._windows)

    def _guard(self, wanted: Record) -> None:
        if wanted.get("vss") and not self._windows:
            raise InputError(
                f'The subclient "{label(self._params)}" is on Linux, which has no volume shadow copies: leave vss out.',
                object=label(self._params),
            )
        if wanted.get("plan"):
            self._shelf.plan(wanted["plan"])

    def _common(self, wanted: Record) -> Row:
        """What creation and update write alike. useContentFromPlan, which replaces the content, is never sent."""
        body: Row = {}
        plan = self._shelf.plan(wanted["plan"]) if wanted.get("plan") else None
        if plan:
            body["planEntity"] = {"planId": plan.id, "planName": plan.name}
        if "vss" in wanted:
            body["fsSubClientProp"] = dict(VSS[wanted["vss"]])
        common = {api: wanted[key] for key, api in (("description", "description"), ("backup_enabled", "enableBackup")) if key in wanted}
        return body | ({"commonProperties": common} if common else {})


def _entries(lists: Record) -> list[Row]:
    return [{key: path} for kind, (key, _operation) in KINDS.items() for path in lists.get(kind) or []]


def _vss(properties: Row) -> str:
    if not properties.get("useVSS"):
        return "off"
    return "all_files" if int(properties.get("vssOptions") or 2) == 1 else "locked_files"
