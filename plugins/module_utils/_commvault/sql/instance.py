# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import base64
import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.compare import Comparer
from ..._core.errors import ApiError, InputError
from ..._core.reconcile import Record, Resource
from ..wire import writes as effects
from ..wire.replies import flag, listed
from . import lookup as sql
from .instance_shelf import Shelf, label

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Row = dict[str, t.Any]
ON_CREATE = "on_create"
INHERITED, LOCAL_SYSTEM, ACCOUNT, CREDENTIAL = "inherited", "local_system", "account", "credential"
IDENTITY = ("client", "instance")
SETTINGS = (
    *("plan", "authentication", "account", "credential", "use_vss", "vdi_timeout"),
    *("description", "backup_enabled", "restore_enabled"),
)
BACKUP, RESTORE = 1, 2
"""Types of activity (GET /Instance)."""

_INSTANCE = {
    "client": {"type": "str", "required": True},
    "instance": {"type": "str", "required": True},
    "plan": {"type": "str"},
    "authentication": {"type": "str", "choices": [INHERITED, LOCAL_SYSTEM, ACCOUNT, CREDENTIAL]},
    "account": {"type": "str"},
    "account_password": {"type": "str", "no_log": True},
    "credential": {"type": "str"},
    # It says when a password is sent, and holds none.
    "update_password": {"type": "str", "choices": [ON_CREATE, "always"], "default": ON_CREATE, "no_log": False},
    "use_vss": {"type": "bool"},
    "vdi_timeout": {"type": "int"},
    "description": {"type": "str"},
    "backup_enabled": {"type": "bool"},
    "restore_enabled": {"type": "bool"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "force": {"type": "bool", "default": False},
}
SPEC = ArgumentSpec(
    {
        "instances": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": _INSTANCE,
            "required_if": [
                ("authentication", ACCOUNT, ["account"]),
                ("authentication", CREDENTIAL, ["credential"]),
                ("update_password", "always", ["account_password"]),
            ],
            "mutually_exclusive": [("account", "credential")],
            "required_by": {"account": ("authentication",), "credential": ("authentication",), "account_password": ("account",)},
        }
    }
)


def bind(client: Commvault, params: Record) -> list[tuple[str, str, Resource]]:
    """The resources of one call. Raises InputError for a list that makes no sense, before anything is asked of the server."""
    elements = params["instances"]
    seen: set[tuple[str, ...]] = set()
    for element in elements:
        key = tuple(element[part].casefold() for part in IDENTITY)
        if key in seen:
            raise InputError(f'The instance "{label(element)}" is listed twice: join the two.', object=label(element))
        seen.add(key)
        _check(element)
    shelf = Shelf(client, elements)
    return [(label(element), element["state"], SqlInstance(client, shelf, element)) for element in elements]


def _check(element: Record) -> None:
    kind = element["authentication"]
    for option, needed in (("account", ACCOUNT), ("credential", CREDENTIAL)):
        if element[option] is not None and kind != needed:
            raise InputError(f'The instance "{label(element)}" has {option}, which needs authentication={needed}.', object=label(element))
    if (element["vdi_timeout"] or 1) < 1:
        raise InputError(f'The vdi_timeout of the instance "{label(element)}" must be 1 second or more.', object=label(element))


class SqlInstance(Resource):
    """One SQL Server instance (cvpysdk sqlinstance.py; GET and POST /Instance; OpenAPI EnableBackupInstance and its siblings).

    params: those of an element of instances. Raises NotFound for an unknown client, plan or credential; Refused for another company's
    client, and for deleting an instance that is protected without force.
    """

    comparers: t.Mapping[str, Comparer] = {
        **dict.fromkeys(IDENTITY, lambda want, have: True),
        **dict.fromkeys(("plan", "account", "credential"), lambda want, have: bool(have) and want.casefold() == have.casefold()),
    }
    secrets = frozenset({"account_password"})

    def __init__(self, client: Commvault, shelf: Shelf, params: Record) -> None:
        self._client = client
        self._shelf = shelf
        self._params = params
        self._exists = False

    def find(self) -> Record | None:
        record = self._record(self._shelf.row(self._params))
        self._exists = record is not None
        return record

    def desired(self) -> Record:
        record = {key: self._params[key] for key in (*IDENTITY, *SETTINGS)}
        # Commvault tells no password, so that it can only be sent, not compared.
        if not self._exists or self._params["update_password"] != ON_CREATE:
            record["account_password"] = self._params["account_password"]
        return record

    def guard_create(self, desired: Record) -> None:
        if desired.get("authentication") == ACCOUNT and not desired.get("account_password"):
            raise InputError(f'The instance "{label(self._params)}" does not exist yet: give account_password.', object=label(self._params))
        self._resolve(desired)

    def guard_update(self, current: Record, changed: Record) -> None:
        if "account" in changed and not self._params["account_password"]:
            raise InputError(
                f'The account of the instance "{label(self._params)}" would change from "{current["account"]}" to "{changed["account"]}": '
                "give account_password.",
                object=label(self._params),
            )
        self._resolve(changed)

    def guard_delete(self, current: Record) -> None:
        self._shelf.require_nothing_lost(self._params, current)

    def create(self, desired: Record) -> Record:
        """The server must have the instance: Commvault learns of it here, and does not install it."""
        entity = {"clientName": desired["client"], "instanceName": desired["instance"]}
        entity |= {"appName": sql.AGENT, "applicationId": sql.SQL_SERVER}
        body = {"instance": entity, **self._body(desired)}
        made = effects.create_once(lambda: self._post(body), self._made)
        row = sql.read(self._client, *made) or {"instance": {**entity, "instanceId": made[0], "clientId": made[1]}}
        record = self._record(row) or {}
        self._switch(made[0], {key: value for key, value in desired.items() if key in record and record[key] != value})
        return self._record(row, desired) or {}

    def update(self, current: Record, changed: Record) -> Record:
        """Send only what changes; the rest stays as somebody else may have set it meanwhile."""
        body = self._body(changed)
        if body:
            self._client.post(f"/Instance/{current['id']}", {"instanceProperties": body})
        self._switch(current["id"], changed)
        return {**current, **_unlike(changed), **{key: value for key, value in changed.items() if key not in IDENTITY}}

    def delete(self, current: Record) -> None:
        self._client.delete(f"/Instance/{current['id']}")
        effects.require_gone("SQL Server instance", label(self._params), self._shelf.row(self._params, fresh=True) is not None)

    def _post(self, body: Row) -> tuple[int, int]:
        reply = self._client.post("/Instance", {"instanceProperties": body})
        entity = (listed(reply.get("response")) or [{}])[0].get("entity") or {}
        number = int(entity.get("instanceId") or 0)
        if not number:
            text = f'Commvault answered the creation of the instance "{label(self._params)}" without an id.'
            raise ApiError(text, call="POST /Instance")
        return number, int(entity.get("clientId") or 0) or self._shelf.client_id(self._params["client"])

    def _made(self) -> tuple[int, int] | None:
        row = self._shelf.row(self._params, fresh=True)
        return (int(row["instance"]["instanceId"]), int(row["instance"]["clientId"])) if row else None

    def _switch(self, number: int, wanted: Record) -> None:
        for key, what in (("backup_enabled", "Backup"), ("restore_enabled", "Restore")):
            if key in wanted:
                self._client.put(f"/V4/Instance/{number}/{what}/Action/{'Enable' if wanted[key] else 'Disable'}", {})

    def _record(self, row: Row | None, written: Record | None = None) -> Record | None:
        """written: what was sent and so need not be read again."""
        if row is None:
            return None
        entity, properties = row["instance"], row.get("mssqlInstance") or {}
        options = listed((row.get("instanceActivityControl") or {}).get("activityControlOptions"))
        activity = {int(option.get("activityType") or 0): flag(option, "enableActivityType") for option in options}
        record = {
            "id": int(entity["instanceId"]),
            "client_id": int(entity.get("clientId") or 0),
            "client": entity.get("clientName") or self._params["client"],
            "instance": entity.get("instanceName") or self._params["instance"],
            "plan": (row.get("planEntity") or {}).get("planName") or None,
            **_authentication(properties),
            "use_vss": bool(properties.get("useVss")),
            "vdi_timeout": int(properties.get("vDITimeOut") or 0),
            "description": (row.get("commonInstanceProperties") or {}).get("description") or "",
            "backup_enabled": activity.get(BACKUP, True),
            "restore_enabled": activity.get(RESTORE, True),
        }
        return record | {key: value for key, value in (written or {}).items() if key not in IDENTITY}

    def _resolve(self, wanted: Record) -> None:
        if wanted.get("plan"):
            self._shelf.plan(wanted["plan"])
        if wanted.get("credential"):
            self._shelf.credential(wanted["credential"])

    def _body(self, wanted: Record) -> Row:
        """What creation and update write alike."""
        body: Row = {}
        plan = self._shelf.plan(wanted["plan"]) if wanted.get("plan") else None
        if plan:
            body["planEntity"] = {"planId": plan.id, "planName": plan.name}
        if "description" in wanted:
            body["commonInstanceProperties"] = {"description": wanted["description"]}
        properties = {api: wanted[key] for key, api in (("use_vss", "useVss"), ("vdi_timeout", "vDITimeOut")) if key in wanted}
        if {"authentication", "account", "account_password", "credential"} & wanted.keys():
            properties |= self._login()
        return body | ({"mssqlInstance": properties} if properties else {})

    def _login(self) -> Row:
        """How Commvault logs in, whole: parts of two ways at the same time would say nothing (cvpysdk sqlinstance.py impersonation)."""
        kind = self._params["authentication"]
        override: Row = {"overrideGlobalAuthentication": kind != INHERITED, "useLocalSystemAccount": kind == LOCAL_SYSTEM}
        if kind == ACCOUNT:
            password = self._params["account_password"]
            encoded = {"password": base64.b64encode(password.encode()).decode()} if password else {}
            override["userAccount"] = {"userName": self._params["account"], **encoded}
        credential = self._shelf.credential(self._params["credential"]) if kind == CREDENTIAL else None
        named = (credential.id, credential.name) if credential else (0, "")
        return {
            "overrideHigherLevelSettings": override,
            "MSSQLCredentialinfo": dict(zip(("credentialId", "credentialName"), named, strict=True)),
        }


def _authentication(properties: Row) -> Row:
    """A credential goes before an account that may still be noted beside it."""
    override = properties.get("overrideHigherLevelSettings") or {}
    credential = (properties.get("MSSQLCredentialinfo") or {}).get("credentialName") or None
    account = (override.get("userAccount") or {}).get("userName") or None
    kind = INHERITED
    if override.get("overrideGlobalAuthentication"):
        kind = LOCAL_SYSTEM if override.get("useLocalSystemAccount") else CREDENTIAL if credential else ACCOUNT if account else INHERITED
    return {
        "authentication": kind,
        "account": account if kind == ACCOUNT else None,
        "credential": credential if kind == CREDENTIAL else None,
    }


def _unlike(changed: Record) -> Record:
    """What another way to log in leaves empty."""
    return {"account": None, "credential": None} if "authentication" in changed else {}
