# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.compare import Comparer
from ..._core.engine import Record, Resource, Seen
from ..._core.errors import InputError, Refused
from ..servers import lookup as server_lookup
from ..vms import lookup as vm_lookup
from ..wire.lookup import Found, choose, same_name
from ..wire.replies import number, part
from ..wire.writes import create_numbered, encoded, require_gone

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Json = dict[str, t.Any]
ON_CREATE = "on_create"
TYPES = {"windows": "WINDOWSACCOUNT", "linux": "LINUXACCOUNT", "storage_array": "STORAGE_ARRAY_ACCOUNT"}
"""Kinds of account that are a user name and a password (OpenAPI CredentialInfo)."""

OPTIONS = ArgumentSpec(
    {
        "name": {"type": "str", "required": True},
        "account_type": {"type": "str", "choices": list(TYPES)},
        # "username" and "password" are the connection's.
        "account": {"type": "str"},
        "account_password": {"type": "str", "no_log": True},
        # It says when a password is sent, and holds none.
        "update_password": {"type": "str", "choices": [ON_CREATE, "always"], "default": ON_CREATE, "no_log": False},
        "description": {"type": "str"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    },
    {"required_if": [("update_password", "always", ["account_password"])]},
)


class Credential(Resource):
    """A saved credential: OpenAPI GetCredentials, CreateCredential, GetCredentailDetails, UpdateCredential, DeleteCredential;
    cvpysdk credential_manager.py. The password is sent in Base64, as the document says.
    """

    comparers: t.Mapping[str, Comparer] = {"name": same_name}
    secrets = frozenset({"account_password"})

    def __init__(self, client: Commvault, params: Json) -> None:
        self._client = client
        self._params = params

    def observe(self) -> Seen:
        found = None if self._client.company_missing else self._look_up()
        return Seen(self._read(found) if found else None)

    def desired(self, seen: Seen) -> Record:
        params = self._params
        record = {key: params[key] for key in ("name", "account_type", "account", "description")}
        # Commvault tells no password, so that it can only be sent, not compared.
        if seen.record is None or params["update_password"] != ON_CREATE:
            record["account_password"] = params["account_password"]
        return record

    def prepare_create(self, _seen: Seen, desired: Record) -> None:
        absent = [key for key in ("account_type", "account", "account_password") if not desired.get(key)]
        if absent:
            raise InputError(f'The credential "{desired["name"]}" does not exist yet: give {", ".join(absent)}.', object=desired["name"])

    def prepare_update(self, seen: Seen, changed: Record) -> None:
        current = seen.known
        if "account_type" in changed:
            raise Refused(
                f'The credential "{current["name"]}" is of the type {current["account_type"]}, which Commvault cannot change. '
                "Make one under another name, or delete this one first.",
                object=current["name"],
            )
        if "account" in changed and not self._params["account_password"]:
            raise InputError(
                f'The account of the credential "{current["name"]}" would change from "{current["account"]}" to "{changed["account"]}": '
                "give account_password, since the old one belongs to the old account.",
                object=current["name"],
            )

    def prepare_delete(self, seen: Seen) -> None:
        current = seen.known
        used = self._users(current["id"])
        if used:
            raise Refused(
                f'The credential "{current["name"]}" is in use by {", ".join(used)}, which could not log in any more. '
                "Give them another one first.",
                object=current["name"],
                used_by=used,
            )

    def create(self, _seen: Seen, desired: Record, _means: None) -> Record:
        body = {"accountType": TYPES[desired["account_type"]], "name": desired["name"], "userAccount": desired["account"]}
        body["password"] = encoded(desired["account_password"])
        if desired.get("description"):
            body["description"] = desired["description"]
        made = create_numbered(self._client, f'credential "{desired["name"]}"', "/V4/Credential", body, self._look_up)
        found = Found(made, desired["name"], company=self._client.company, row={"accountType": body["accountType"]})
        return self._read(found) or {**desired, "id": made}

    def update(self, seen: Seen, changed: Record, _means: None) -> Record:
        current = seen.known
        body: Json = {api: changed[key] for key, api in (("account", "userAccount"), ("description", "description")) if key in changed}
        if "account_password" in changed or "account" in changed:
            body["newPassword"] = encoded(self._params["account_password"])
        self._client.put(f"/V5/Credential/{current['id']}", body)
        return self._read(Found(current["id"], current["name"], company=current["company"])) or {**current, **changed}

    def delete(self, seen: Seen, _means: None) -> None:
        self._client.delete(f"/V5/Credential/{seen.known['id']}")
        require_gone("credential", seen.known["name"], self._look_up() is not None)

    def _look_up(self) -> Found | None:
        return choose(self._client, "credential", self._params["name"], server_lookup.credentials(self._client), "own")

    def _read(self, found: Found) -> Record | None:
        detail = self._client.get(f"/V5/Credential/{found.id}", absent=(404,))
        if detail is None:
            return None
        words = {api: word for word, api in TYPES.items()}
        kind = str(detail.get("accountType") or found.row.get("accountType") or "")
        return {
            "id": found.id,
            "name": detail.get("name") or found.name,
            "company": found.company,
            "account_type": words.get(kind, kind.lower()),
            "account": detail.get("userAccount") or "",
            "description": detail.get("description") or "",
        }

    def _users(self, credential_id: int) -> list[str]:
        """Hypervisors and VM groups that log in with the credential: Commvault tells nothing from the credential's side, and of others
        nothing at all.
        """
        homes = {f"/V4/Hypervisor/{one.id}": f'the hypervisor "{one.name}"' for one in vm_lookup.hypervisors(self._client)}
        homes |= {f"/V4/VmGroup/{one.id}": f'the VM group "{one.name}"' for one in vm_lookup.vm_groups(self._client)}
        details = self._client.pool.read(lambda path: self._client.get(path, absent=(404,)) or {}, list(homes))
        return [name for path, name in homes.items() if _logs_in_with(details[path], credential_id)]


def _logs_in_with(detail: Json, credential_id: int) -> bool:
    logins = (
        part(detail, "credentials"),
        part(detail, "accountDetails", "credentials"),
        part(detail, "settings", "guestCredentials", "savedCredentials"),
    )
    return any((number(saved, "credentialId") or number(saved, "id")) == credential_id for saved in logins)
