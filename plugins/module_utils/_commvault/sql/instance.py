# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.compare import Comparer
from ..._core.engine import Item, Record, Resource, Seen
from ..._core.errors import ApiError, InputError, Refused
from ..plans import lookup as plan_lookup
from ..servers import lookup as server_lookup
from ..servers.subclient_resource import is_default
from ..wire import lookup
from ..wire.replies import flag, listed, number, part, text
from ..wire.writes import create_numbered, encoded, require_gone
from . import lookup as sql

if t.TYPE_CHECKING:
    from ..wire.client import Commvault
    from ..wire.lookup import Found
    from ..wire.pool import Answers

Row = dict[str, t.Any]
ON_CREATE, IF_REFUSED, ALWAYS = "on_create", "if_refused", "always"
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
    "update_password": {"type": "str", "choices": [ON_CREATE, IF_REFUSED, ALWAYS], "default": ON_CREATE, "no_log": False},
    "use_vss": {"type": "bool"},
    "vdi_timeout": {"type": "int"},
    "description": {"type": "str"},
    "backup_enabled": {"type": "bool"},
    "restore_enabled": {"type": "bool"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "force": {"type": "bool", "default": False},
}
OPTIONS = ArgumentSpec(
    {
        "instances": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": _INSTANCE,
            "required_if": [
                ("authentication", ACCOUNT, ["account"]),
                ("authentication", CREDENTIAL, ["credential"]),
                ("update_password", ALWAYS, ["account_password"]),
            ],
            "mutually_exclusive": [("account", "credential")],
            "required_by": {"account": ("authentication",), "credential": ("authentication",), "account_password": ("account",)},
        }
    }
)


def read_unready(client: Commvault) -> dict[int, str]:
    """Why Commvault cannot use instances now, by their ids (OpenAPI GetInstances)."""
    rows = client.rows("/V4/Instances", "instances")
    return {int(row["id"]): str(row.get("notReadyReason") or row["status"]) for row in rows if row.get("status") == "NOT_READY"}


def bind(client: Commvault, params: Record) -> list[Item]:
    """The instances of one call. Raises InputError for a list that makes no sense, before anything is asked of the server."""
    elements = params["instances"]
    lookup.require_once("instance", map(label, elements))
    for element in elements:
        _check(element)
    lists = InstanceLists(client, elements)
    return [Item(label(element), SqlInstance(client, lists, element), element["state"]) for element in elements]


def label(element: Record) -> str:
    """What errors and diffs call an instance."""
    return sql.label(element["client"], element["instance"])


def _check(element: Record) -> None:
    kind = element["authentication"]
    for option, needed in (("account", ACCOUNT), ("credential", CREDENTIAL)):
        if element[option] is not None and kind != needed:
            raise InputError(f'The instance "{label(element)}" has {option}, which needs authentication={needed}.', object=label(element))
    if (element["vdi_timeout"] or 1) < 1:
        raise InputError(f'The vdi_timeout of the instance "{label(element)}" must be 1 second or more.', object=label(element))


class InstanceLists:
    """What the instances of one call look into, each read once: the clients and the lists of their instances, each side by side; plans
    and credentials.
    """

    def __init__(self, client: Commvault, elements: list[Record]) -> None:
        self._client = client
        self._names = {element["client"].casefold(): element["client"] for element in elements}
        self._home = functools.cache(self._own_client)
        self.plan = functools.cache(functools.partial(plan_lookup.plan, client))
        self.credential = functools.cache(self._credential)

    def home(self, name: str, needed: bool) -> Found | None:
        """The client, which must be the company's own. needed: a missing one is an error."""
        return None if self._client.company_missing else self._home(name.casefold(), needed)

    def row(self, element: Record, home: Found) -> Row | None:
        """An instance with its settings, or None."""
        found = sql.named(self._lists[element["client"].casefold()], element["instance"])
        if found is None or sql.is_whole(found):
            return found
        return sql.read_instance(self._client, int(found["instance"]["instanceId"]), home.id) or found

    def unready(self, instance_id: int) -> str | None:
        """Why Commvault cannot use an instance now; None where it can, or where an older server has no list that says so."""
        return self._unready.get(instance_id)

    @functools.cached_property
    def _unready(self) -> dict[int, str]:
        return read_unready(self._client)

    @functools.cached_property
    def _servers(self) -> Answers[str, Found | None]:
        return self._client.pool.read(lambda key: server_lookup.find_server(self._client, self._names[key]), self._names)

    @functools.cached_property
    def _lists(self) -> Answers[str, list[Row]]:
        return self._client.pool.read(lambda key: sql.instances_of(self._client, self._names[key]), self._names)

    @functools.cached_property
    def _credentials(self) -> list[Found]:
        return server_lookup.credentials(self._client)

    def _own_client(self, key: str, needed: bool) -> Found | None:
        found, name = self._servers[key], self._names[key]
        if found is None and needed:
            self._client.missing("client", name, "Install Commvault's SQL Server agent on it, or correct the name.")
        elif found is None:
            self._client.warn(f'The client "{name}" does not exist, or this user cannot see it: there is nothing to delete.')
        return lookup.require_own(self._client, "client", found) if found else None

    def _credential(self, name: str) -> Found | None:
        """The saved credential of this name, the company's own before the provider's. Missing: as a plan."""
        found = lookup.choose(self._client, "credential", name, self._credentials)
        return lookup.needed(
            self._client, "credential", name, found, "Create it with calligo.baas.commvault_credential, or correct the name."
        )


@dataclasses.dataclass(frozen=True)
class References:
    """What the names in the options stand for."""

    plan: Found | None
    credential: Found | None


class SqlInstance(Resource):
    """One SQL Server instance (cvpysdk sqlinstance.py; GET and POST /Instance; OpenAPI EnableBackupInstance and its siblings).

    params: those of an element of instances. Raises NotFound for an unknown client, plan or credential; Refused for another company's
    client, and for deleting an instance that is protected without force. What is read beside the record is its client.
    """

    comparers: t.Mapping[str, Comparer] = {
        **dict.fromkeys(IDENTITY, lambda want, have: True),
        **dict.fromkeys(("plan", "account", "credential"), lambda want, have: bool(have) and want.casefold() == have.casefold()),
    }
    secrets = frozenset({"account_password"})

    def __init__(self, client: Commvault, lists: InstanceLists, params: Record) -> None:
        self._client = client
        self._lists = lists
        self._params = params

    def observe(self) -> Seen:
        home = self._lists.home(self._params["client"], self._params["state"] == "present")
        row = self._lists.row(self._params, home) if home else None
        return Seen(self._record(row) if row else None, home)

    def desired(self, seen: Seen) -> Record:
        record = {key: self._params[key] for key in (*IDENTITY, *SETTINGS)}
        # Commvault tells no password, so that it can only be sent, not compared.
        if seen.record is None or self._params["update_password"] == ALWAYS or self._refusal(seen):
            record["account_password"] = self._params["account_password"]
        return record

    def _refusal(self, seen: Seen) -> str | None:
        """Why Commvault cannot use the instance with the login that it has, if the task wants that to be asked.

        Refused where this task has no password to mend it with.
        """
        reason = self._lists.unready(seen.known["id"]) if self._params["update_password"] == IF_REFUSED else None
        if reason and not self._params["account_password"]:
            raise Refused(
                f'Commvault cannot use the instance "{label(self._params)}": {reason.rstrip(".")}. Mend the cause. Where a password was '
                "changed, give the new one, to a saved credential with calligo.baas.commvault_credential and update_password always.",
                object=label(self._params),
            )
        return reason

    def prepare_create(self, _seen: Seen, desired: Record) -> References:
        if desired.get("authentication") == ACCOUNT and not desired.get("account_password"):
            raise InputError(f'The instance "{label(self._params)}" does not exist yet: give account_password.', object=label(self._params))
        return self._references(desired)

    def prepare_update(self, seen: Seen, changed: Record) -> References:
        if "account" in changed and not self._params["account_password"]:
            raise InputError(
                f'The account of the instance "{label(self._params)}" would change from "{seen.known["account"]}" to '
                f'"{changed["account"]}": give account_password.',
                object=label(self._params),
            )
        return self._references(changed)

    def prepare_delete(self, seen: Seen) -> None:
        """Without force, an instance that is protected is not deleted: say what would be lost."""
        if self._params["force"]:
            return
        current = seen.known
        rows = sql.rows_of_databases(self._client, current["id"])
        names = sorted(str(row["dbName"]) for row in rows)
        backed_up = sorted(str(row["dbName"]) for row in rows if number(row, "bkpTime"))
        subclients = sql.subclients_of(self._client, current["client"], current["instance"])
        own = sorted(str(row["subClientEntity"]["subclientName"]) for row in subclients if not is_default(row))
        if not (own or backed_up or current["plan"]):
            return
        losses = (
            (names, f"its {len(names)} databases ({', '.join(names)}) would not be backed up any more"),
            (own, f"its subclients {', '.join(own)} would be deleted"),
            (backed_up, f"the backups of {', '.join(backed_up)} could not be found by this instance any more"),
        )
        told = "; ".join(words for lost, words in losses if lost) or "its plan would be taken off"
        raise Refused(
            f'The SQL Server instance "{label(self._params)}" is not deleted: {told}. '
            "To pause it, set backup_enabled to false. To delete it all the same, give force.",
            object=label(self._params),
            databases=names,
            subclients=own,
            backed_up=backed_up,
        )

    def create(self, seen: Seen, desired: Record, means: References) -> Record:
        """The server must have the instance: Commvault learns of it here, and does not install it."""
        home: Found = seen.raw
        entity = {"clientName": desired["client"], "instanceName": desired["instance"]}
        entity |= {"appName": sql.AGENT, "applicationId": sql.SQL_SERVER}
        made = create_numbered(
            self._client,
            f'instance "{label(self._params)}"',
            "/Instance",
            {"instanceProperties": {"instance": entity, **self._body(desired, means)}},
            lambda: self._look(home),
            lambda reply: number(next(iter(listed(reply.get("response"))), None), "entity", "instanceId"),
        )
        row = sql.read_instance(self._client, made, home.id) or {"instance": {**entity, "instanceId": made, "clientId": home.id}}
        record = self._record(row)
        self._switch(made, {key: value for key, value in desired.items() if key in record and record[key] != value})
        return record | {key: value for key, value in desired.items() if key not in IDENTITY}

    def update(self, seen: Seen, changed: Record, means: References) -> Record:
        """Send only what changes; the rest stays as somebody else may have set it meanwhile."""
        body = self._body(changed, means)
        if body:
            self._client.post(f"/Instance/{seen.known['id']}", {"instanceProperties": body})
        self._switch(seen.known["id"], changed)
        reason = read_unready(self._client).get(seen.known["id"]) if self._refusal(seen) else None
        if reason:
            raise ApiError(f'Commvault took the login of the instance "{label(self._params)}", and still cannot use it: {reason}')
        return {**seen.known, **_unlike(changed), **{key: value for key, value in changed.items() if key not in IDENTITY}}

    def delete(self, seen: Seen, _means: None) -> None:
        self._client.delete(f"/Instance/{seen.known['id']}")
        require_gone("SQL Server instance", label(self._params), self._look(seen.raw) is not None)

    def _look(self, home: Found) -> Found | None:
        """The instance as it is now."""
        row = sql.named(sql.instances_of(self._client, home.name), self._params["instance"])
        return lookup.Found(int(row["instance"]["instanceId"]), self._params["instance"]) if row else None

    def _switch(self, instance_id: int, wanted: Record) -> None:
        for key, what in (("backup_enabled", "Backup"), ("restore_enabled", "Restore")):
            if key in wanted:
                self._client.put(f"/V4/Instance/{instance_id}/{what}/Action/{'Enable' if wanted[key] else 'Disable'}", {})

    def _record(self, row: Row) -> Record:
        entity, properties = row["instance"], part(row, "mssqlInstance")
        options = listed(part(row, "instanceActivityControl").get("activityControlOptions"))
        activity = {number(option, "activityType"): flag(option, "enableActivityType") for option in options}
        return {
            "id": int(entity["instanceId"]),
            "client_id": number(entity, "clientId"),
            "client": entity.get("clientName") or self._params["client"],
            "instance": entity.get("instanceName") or self._params["instance"],
            "plan": text(row, "planEntity", "planName"),
            **_authentication(properties),
            "use_vss": bool(properties.get("useVss")),
            "vdi_timeout": number(properties, "vDITimeOut"),
            "description": text(row, "commonInstanceProperties", "description") or "",
            "backup_enabled": activity.get(BACKUP, True),
            "restore_enabled": activity.get(RESTORE, True),
        }

    def _references(self, wanted: Record) -> References:
        return References(
            self._lists.plan(wanted["plan"]) if wanted.get("plan") else None,
            self._lists.credential(wanted["credential"]) if wanted.get("credential") else None,
        )

    def _body(self, wanted: Record, references: References) -> Row:
        """What creation and update write alike."""
        body: Row = {}
        if references.plan:
            body["planEntity"] = {"planId": references.plan.id, "planName": references.plan.name}
        if "description" in wanted:
            body["commonInstanceProperties"] = {"description": wanted["description"]}
        properties = {api: wanted[key] for key, api in (("use_vss", "useVss"), ("vdi_timeout", "vDITimeOut")) if key in wanted}
        if {"authentication", "account", "account_password", "credential"} & wanted.keys():
            properties |= self._login(references.credential)
        return body | ({"mssqlInstance": properties} if properties else {})

    def _login(self, credential: Found | None) -> Row:
        """How Commvault logs in, whole: parts of two ways at the same time would say nothing (cvpysdk sqlinstance.py impersonation)."""
        kind, password = self._params["authentication"], self._params["account_password"]
        override: Row = {"overrideGlobalAuthentication": kind != INHERITED, "useLocalSystemAccount": kind == LOCAL_SYSTEM}
        if kind == ACCOUNT:
            override["userAccount"] = {"userName": self._params["account"], **({"password": encoded(password)} if password else {})}
        named = (
            {"credentialId": credential.id, "credentialName": credential.name} if credential else {"credentialId": 0, "credentialName": ""}
        )
        return {"overrideHigherLevelSettings": override, "MSSQLCredentialinfo": named}


def _authentication(properties: Row) -> Row:
    """A credential goes before an account that may still be noted beside it."""
    override = part(properties, "overrideHigherLevelSettings")
    credential = text(properties, "MSSQLCredentialinfo", "credentialName")
    account = text(override, "userAccount", "userName")
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
