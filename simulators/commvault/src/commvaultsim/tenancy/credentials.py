# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Saved credentials. OpenAPI GetCredentials, CreateCredential, GetCredentailDetails, UpdateCredential; cvpysdk credential_manager.py."""

from __future__ import annotations

import typing as t

from commvaultsim.state.simulator import Simulator
from commvaultsim.tenancy.users import decoded
from commvaultsim.wire.replies import generic, nested
from commvaultsim.wire.routing import Refusal, Reply, Request, route
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]
#: Account types that are a user name and a password, with the numbers and words of the older API.
TYPES = {"WINDOWSACCOUNT": 1, "LINUXACCOUNT": 2, "STORAGE_ARRAY_ACCOUNT": 12}


def _seen(sim: Simulator, request: Request) -> list[Json]:
    return [row for row in sim.credentials.values() if sim.visible(request, row["company_id"])]


def _get(sim: Simulator, request: Request, ref: Json) -> Json:
    return find(sim, request, to_int(ref.get("credentialId")), str(ref.get("credentialName") or ""))


def find(sim: Simulator, request: Request, number: int, name: str = "") -> Json:
    """The credential of an id, or without one of a name; 404 where the caller sees none."""
    for row in _seen(sim, request):
        if row["id"] == number or (not number and row["name"].lower() == name.lower()):
            return row
    raise Refusal(generic(404, f"Credential [{name or number}] not found.", status=404))


def _kind(value: t.Any) -> str:
    words = {str(number): word for word, number in TYPES.items()} | {word: word for word in TYPES}
    found = words.get(str(value).upper())
    if found is None:
        raise Refusal(generic(2, f"Credentials of the type [{value}] are not simulated.", status=400))
    return found


def _free(sim: Simulator, name: str, company_id: int, but: int = 0) -> None:
    if not name:
        raise Refusal(generic(2, "A credential needs a name.", status=400))
    if any(c["name"].lower() == name.lower() and c["company_id"] == company_id and c["id"] != but for c in sim.credentials.values()):
        raise Refusal(generic(3, f"Credential [{name}] already exists.", status=400))


def _make(sim: Simulator, request: Request, name: str, kind: t.Any, account: t.Any, password: t.Any, description: t.Any) -> Json:
    _free(sim, name, request.company_id)
    if not account:
        raise Refusal(generic(2, "A credential needs a user account.", status=400))
    row: Json = {
        "id": sim.new_id(),
        "name": name,
        "accountType": _kind(kind),
        "userAccount": str(account),
        "password": decoded(password),
        "description": str(description or ""),
        "company_id": request.company_id,
        "owner": request.user_id,
    }
    sim.credentials[row["id"]] = row
    return row


def users_of(sim: Simulator, row: Json) -> list[str]:
    """Names of what logs in with a credential."""
    hypervisors = [c.name for c in sim.clients.values() if not c.deleted and c.props.get("credential_id") == row["id"]]
    logins = ((s.name, s.props.get("settings", {}).get("guestCredentials") or {}) for s in sim.subclients.values())
    return [*hypervisors, *(name for name, login in logins if login.get("saved") == row["id"])]


def _remove(sim: Simulator, row: Json) -> None:
    used = users_of(sim, row)
    if used:
        raise Refusal(generic(6, f"Credential [{row['name']}] is used by: {', '.join(used)}.", status=500))
    del sim.credentials[row["id"]]


@route("GET", "/V4/Credential")
def list_credentials(sim: Simulator, request: Request) -> Json:
    """Neither accounts nor passwords; ?recordType=1000 asks for vaults, of which there are none."""
    rows = [] if request.q("recordType") == "1000" else _seen(sim, request)
    return {
        "credentialManager": [
            {**{key: c[key] for key in ("id", "name", "accountType", "description")}, "company": sim.company_ref(c["company_id"])}
            for c in rows
        ]
    }


@route("POST", "/V4/Credential")
def create_credential(sim: Simulator, request: Request) -> Json:
    """The password is base64; the credential belongs to the company acted in."""
    body = request.body
    account = body.get("userAccount", body.get("username"))
    row = _make(sim, request, str(body.get("name") or ""), body.get("accountType"), account, body.get("password"), body.get("description"))
    return {"id": row["id"], "name": row["name"]}


@route("GET", "/V5/Credential/{id:int}")
def get_credential(sim: Simulator, request: Request) -> Json:
    """Everything but the password, which the document calls required and no server should send."""
    row = _get(sim, request, {"credentialId": request.number("id")})
    owner = sim.users.get(row["owner"])
    security = {"owner": {"user": {"id": row["owner"], "name": owner.name if owner else ""}}, "associations": []}
    shown = {key: row[key] for key in ("id", "name", "accountType", "userAccount", "description")}
    return {**shown, "password": "", "security": security}


@route("PUT", "/V5/Credential/{id:int}")
def update_credential(sim: Simulator, request: Request) -> Reply:
    """Only the keys sent are changed."""
    row, body = _get(sim, request, {"credentialId": request.number("id")}), request.body
    if body.get("newName"):
        _free(sim, body["newName"], row["company_id"], row["id"])
        row["name"] = body["newName"]
    row["userAccount"] = body.get("userAccount") or row["userAccount"]
    row["description"] = body.get("description", row["description"])
    if body.get("newPassword"):
        row["password"] = decoded(body["newPassword"])
    return generic()


@route("DELETE", "/V5/Credential/{id:int}")
def delete_credential(sim: Simulator, request: Request) -> Reply:
    """Refused while something logs in with it."""
    _remove(sim, _get(sim, request, {"credentialId": request.number("id")}))
    return generic()


def _older(row: Json) -> Json:
    return {
        "credentialRecord": {"credentialId": row["id"], "credentialName": row["name"]},
        "recordType": row["accountType"],
        "record": {"userName": row["userAccount"]},
        "description": row["description"],
    }


@route("GET", "/CommCell/Credentials")
def list_older(sim: Simulator, request: Request) -> Json:
    """cvpysdk's list."""
    return {"credentialRecordInfo": [_older(row) for row in _seen(sim, request)]}


@route("POST", "/CommCell/Credentials")
def create_older(sim: Simulator, request: Request) -> Reply:
    """cvpysdk's Credentials.add; refusals are 200 with a code."""
    info = (request.body.get("credentialRecordInfo") or [{}])[0]
    record, name = info.get("record") or {}, str((info.get("credentialRecord") or {}).get("credentialName") or "")
    try:
        _make(sim, request, name, info.get("recordType"), record.get("userName"), record.get("password"), info.get("description"))
    except Refusal as refusal:
        return nested(refusal.reply.body["errorCode"], refusal.reply.body["errorMessage"])
    return nested()


@route("PUT", "/CommCell/Credentials")
def update_older(sim: Simulator, request: Request) -> Reply:
    """cvpysdk's setters name the credential by its id."""
    info = (request.body.get("credentialRecordInfo") or [{}])[0]
    record = info.get("record") or {}
    row = _get(sim, request, info.get("credentialRecord") or {})
    row["name"] = (info.get("credentialRecord") or {}).get("credentialName") or row["name"]
    row["userAccount"] = record.get("userName") or row["userAccount"]
    row["description"] = info.get("description", row["description"])
    if record.get("password"):
        row["password"] = decoded(record["password"])
    return nested()


@route("POST", "/CommCell/Credentials/action/delete")
def delete_older(sim: Simulator, request: Request) -> Reply:
    """By name."""
    try:
        for info in request.body.get("credentialRecordInfo") or []:
            _remove(sim, _get(sim, request, info.get("credentialRecord") or {}))
    except Refusal as refusal:
        return nested(refusal.reply.body["errorCode"], refusal.reply.body["errorMessage"])
    return nested()
