# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import functools
import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.compare import changes
from ..._core.engine import Record, Seen, Work
from ..._core.errors import InputError, Refused
from ..servers import lookup as server_lookup
from ..servers import subclients as file_subclients
from ..servers.subclient_resource import SubclientLists, SubclientResource, Subclients, common_body
from ..servers.subclients import APPLICATIONS, LINUX, WINDOWS
from ..wire.lookup import require_once
from ..wire.replies import flag, listed, part, text
from ..wire.replies import number as numeric
from . import paths
from .live import LiveFiles

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
OPTIONS = ArgumentSpec(
    {
        "subclients": {"type": "list", "elements": "dict", "required": True, "options": _SUBCLIENT},
        "missing_content": {"type": "str", "choices": ["refuse", "warn"], "default": "refuse"},
    }
)


def bind(client: Commvault, params: Record) -> Work:
    """The subclients of one call. Raises InputError for a list that makes no sense, before anything is asked of the server."""
    elements = params["subclients"]
    lists = FileSubclientLists(client, elements)
    resources = [Subclient(client, lists, {**element, "missing_content": params["missing_content"]}) for element in elements]
    require_once("subclient", [one.label for one in resources])
    for one in resources:
        _check(one.label, one.params)
    return Subclients(resources)


def _check(label: str, element: Record) -> None:
    if element["content"] == [] and element["state"] == "present":
        raise InputError(
            f'The content of the subclient "{label}" cannot be empty: Commvault refuses that. '
            "Give content, or set backup_enabled to false.",
            object=label,
        )
    for kind in KINDS:
        if any(not path.strip() for path in element[kind] or []):
            raise InputError(f'The subclient "{label}" has an empty path in {kind}: remove it.', object=label)


class FileSubclientLists(SubclientLists):
    """The subclients of the clients that one call is about."""

    def __init__(self, client: Commvault, elements: list[Record]) -> None:
        super().__init__(client, elements, IDENTITY, "backupsetName", tuple(APPLICATIONS))
        self._explain = functools.cache(self._explain_client)
        self.live = LiveFiles(client)

    def rows(self, element: Record) -> list[Row]:
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


class Subclient(SubclientResource):
    """One file system subclient (cvpysdk subclient.py and fssubclient.py; GET and POST /Subclient/{id}).

    params: client, backupset, name, content, filters, exceptions, plan, vss, description, backup_enabled, state, missing_content.
    Raises NotFound for an unknown client, backup set or plan, Refused for another company's client, for deleting a default, and for new
    content that is not on the client.
    """

    lists: FileSubclientLists
    identity = IDENTITY
    entity_keys = ("clientName", "backupsetName", "subclientName")
    parent = "backup set"

    def desired(self, seen: Seen) -> Record:
        if seen.raw.rows:
            self._check_content(_on_windows(seen))
        lists = {kind: paths.unique(self.params[kind], _on_windows(seen)) for kind in KINDS if self.params[kind] is not None}
        return {**super().desired(seen), "vss": self.params["vss"], **lists}

    def _check_content(self, windows: bool) -> None:
        for path in self.params["content"] or []:
            wrong = paths.malformed(path, windows)
            if wrong and self.params["state"] == "present":
                raise InputError(f'The content of the subclient "{self.label}" cannot be "{path}", which {wrong}.', object=self.label)

    def differences(self, desired: Record, seen: Seen) -> Record:
        same_paths = functools.partial(paths.same_paths, windows=_on_windows(seen))
        return changes(desired, seen.known, {**self.comparers, **dict.fromkeys(KINDS, same_paths)})

    def prepare_create(self, seen: Seen, desired: Record) -> Found | None:
        if not desired.get("content"):
            raise InputError(f'The subclient "{self.label}" does not exist yet: give its content.', object=self.label)
        return self.prepare_update(seen, desired)

    def prepare_update(self, seen: Seen, changed: Record) -> Found | None:
        """The plan to give."""
        if changed.get("vss") and not _on_windows(seen):
            raise InputError(
                f'The subclient "{self.label}" is on Linux, which has no volume shadow copies: leave vss out.', object=self.label
            )
        self._look_for_content(seen, changed.get("content") or [])
        return self.plan(changed)

    def _look_for_content(self, seen: Seen, content: list[str]) -> None:
        """Commvault takes any path, and backs up nothing where no file has it. What is backed up already is not looked for again."""
        windows, number = _on_windows(seen), numeric(seen.raw.above, "clientId")
        known = {paths.normal(path, windows) for path in seen.known.get("content") or []}
        new = [path for path in content if paths.normal(path, windows) not in known]
        absent, unknown = self.lists.live.look_for(number, new, windows) if number else ([], {})
        for path, reason in unknown.items():
            self.client.warn(
                f'It is not known whether the content {path} of the subclient "{self.label}" is there to be backed up. {reason}'
            )
        told = f'The content {", ".join(absent)} of the subclient "{self.label}" is not there, so that nothing of it would be backed up.'
        if absent and self.params["missing_content"] == "refuse":
            raise Refused(f"{told} Correct it; or say missing_content: warn, where it comes later.", object=self.label)
        if absent:
            self.client.warn(told)

    def create(self, seen: Seen, desired: Record, means: Found | None) -> Record:
        entity = {key: seen.raw.above.get(key) for key in ("clientName", "applicationId", "instanceName", "backupsetName")}
        entity |= {"appName": APPLICATIONS[WINDOWS if _on_windows(seen) else LINUX], "subclientName": desired["name"]}
        body = {"subClientEntity": entity, "contentOperationType": ADD, "content": _entries(desired), "useLocalContent": True}
        return self.created(self.add({**body, **_body(desired, means)}), desired)

    def update(self, seen: Seen, changed: Record, means: Found | None) -> Record:
        """Send only what changes; the rest stays as somebody else may have set it meanwhile."""
        lists = {kind: changed[kind] for kind in KINDS if kind in changed}
        body = _body(changed, means)
        if lists and _inherits(seen.raw.own):
            lists = {kind: changed.get(kind, seen.known[kind]) for kind in KINDS}
            body["useLocalContent"] = True
        for kind, listing in lists.items():
            body[KINDS[kind][1]] = OVERWRITE if listing else CLEAR
        if any(lists.values()):
            body["content"] = _entries(lists)
        self.change(seen.known["id"], body)
        return self.updated(seen, changed)

    def record(self, properties: Row) -> Record:
        entries = listed(properties.get("content"))
        windows = file_subclients.application(properties) == WINDOWS
        return {
            **{kind: [entry[key] for entry in entries if entry.get(key)] for kind, (key, _operation) in KINDS.items()},
            "vss": _vss(part(properties, "fsSubClientProp")) if windows else None,
        }


def _on_windows(seen: Seen) -> bool:
    """Whether paths are those of Windows, which is taken for granted where there is nothing to tell."""
    entity = seen.raw.own.get("subClientEntity") or seen.raw.above
    return not entity or numeric(entity, "applicationId") == WINDOWS


def _inherits(properties: Row) -> bool:
    """The content shown is the plan's: what is written must say all three kinds. A subclient without a plan has nothing to inherit."""
    return not flag(properties, "useLocalContent") and text(properties, "planEntity", "planName") is not None


def _body(wanted: Record, plan: Found | None) -> Row:
    """What creation and update write alike."""
    return common_body(wanted, plan) | ({"fsSubClientProp": dict(VSS[wanted["vss"]])} if "vss" in wanted else {})


def _entries(lists: Record) -> list[Row]:
    return [{key: path} for kind, (key, _operation) in KINDS.items() for path in lists.get(kind) or []]


def _vss(properties: Row) -> str:
    if not properties.get("useVSS"):
        return "off"
    return "all_files" if numeric(properties, "vssOptions") == 1 else "locked_files"
