# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users, V4. api-platform 5.1; OpenAPI GetUsers, CreateUser, GetUserDetails, ModifyUser, DeleteUser; cvpysdk security/user.py."""

from __future__ import annotations

import base64
import binascii
import typing as t

from commvaultsim.state import model as m
from commvaultsim.state.simulator import Simulator
from commvaultsim.tenancy import identity
from commvaultsim.wire.filtering import select
from commvaultsim.wire.replies import generic
from commvaultsim.wire.routing import Refusal, Reply, Request, route
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]
#: Operations on a list of groups; cvpysdk sends the numbers of the older API here.
OPERATIONS = {"1": "OVERWRITE", "2": "ADD", "3": "DELETE", "UPDATE": "ADD"}
COLUMNS: dict[str, t.Callable[[m.User], t.Any]] = {"name": lambda u: u.name, "userName": lambda u: u.name, "email": lambda u: u.email}


def decoded(text: t.Any) -> str:
    """A password as it travels; one that is not base64 is refused."""
    try:
        return base64.b64decode(str(text or ""), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise Refusal(generic(2, "The password must be base64 encoded.", status=400)) from None


def get(sim: Simulator, request: Request) -> m.User:
    """The user of the path, or a 404."""
    user = sim.users.get(request.number("id"))
    if user is None or not sim.visible(request, user.company_id):
        raise Refusal(generic(404, f"User [{request.params['id']}] not found.", status=404))
    return user


def company_of(sim: Simulator, request: Request, name: str, ref: Json | None = None) -> m.Company | None:
    """The company that a new user or group belongs to: named in the body, by the prefix of its name, or the one acted in."""
    company = sim.by_ref(sim.companies, ref) if ref else None
    if ref and company is None:
        raise Refusal(generic(4, f"Company [{ref.get('name') or ref.get('id')}] not found.", status=400))
    alias = name.partition("\\")[0].lower() if "\\" in name else ""
    by_alias = next((c for c in sim.companies.values() if alias and c.alias.lower() == alias and c.status != "DELETED"), None)
    company = company or by_alias or sim.companies.get(request.company_id)
    if company and not sim.visible(request, company.id):
        raise Refusal(generic(5, f"You do not have permission on company [{company.name}].", status=403))
    return company


def prefixed(company: m.Company | None, name: str) -> str:
    """The name as it is kept: a company's users and groups carry its alias."""
    return name if company is None or name.lower().startswith(f"{company.alias.lower()}\\") else f"{company.alias}\\{name}"


def make(sim: Simulator, request: Request, row: Json) -> m.User:
    """A new user out of a V4 row."""
    if not row.get("email"):
        raise Refusal(generic(2, "A user needs an email.", status=400))
    given = str(row.get("name") or str(row["email"]).partition("@")[0])
    company = company_of(sim, request, given, row.get("company"))
    name = prefixed(company, given)
    if any(u.name.lower() == name.lower() for u in sim.users.values()):
        raise Refusal(generic(3, f"User [{name}] already exists.", status=400))
    groups = [identity.group_of(sim, request, ref).id for ref in row.get("userGroups") or [] if ref]
    password = "" if row.get("useSystemGeneratePassword") else decoded(row.get("password"))
    user = m.User(sim.new_id(), name, password, email=str(row["email"]), full_name=str(row.get("fullName") or ""), groups=groups)
    user.company_id = company.id if company else 0
    user.guid = sim.guid("user", user.id)
    user.password = user.password or user.guid
    sim.users[user.id] = user
    return user


def regroup(user: m.User, given: list[int], operation: t.Any) -> None:
    """Add to (the default), take from or replace the groups of a user."""
    word = str(operation or "ADD").upper()
    word = OPERATIONS.get(word, word)
    kept = [] if word == "OVERWRITE" else [number for number in user.groups if number not in given]
    user.groups = kept if word == "DELETE" else kept + given


def change_password(sim: Simulator, request: Request, user: m.User, new: t.Any, validation: t.Any) -> None:
    """Taken with the caller's own password or the user's old one, since the sources disagree which it is."""
    if decoded(validation) not in (user.password, sim.users[request.user_id].password):
        raise Refusal(generic(7, "The validation password is wrong.", status=400))
    user.password = decoded(new)


def transfer(sim: Simulator, request: Request, what: str) -> None:
    """Settle who inherits what a deleted user or group owns; without an heir the caller must say that none is wanted."""
    heir = to_int(request.q("transferToUser") or request.q("newUserId"))
    group = to_int(request.q("transfertoUserGroup") or request.q("newUserGroupId"))
    skip = (request.q("skipOwnerShipTransfer") or "").lower() == "true"
    if heir:
        identity.user_of(sim, request, {"id": heir})
    elif group:
        identity.group_of(sim, request, {"id": group})
    elif not skip:
        raise Refusal(generic(8, f"Ownership of what {what} owns must be transferred to a user or a user group.", status=500))


def remove(sim: Simulator, user: m.User) -> None:
    """Sessions of the user end with it."""
    identity.forget(sim, "user", user.id)
    del sim.users[user.id]
    for token in [s.token for s in sim.sessions.values() if s.user_id == user.id]:
        del sim.sessions[token]


def _row(sim: Simulator, user: m.User) -> Json:
    return {
        "id": user.id,
        "name": user.name,
        "GUID": user.guid,
        "email": user.email,
        "fullName": user.full_name,
        "enabled": user.enabled,
        "lockInfo": {"isLocked": False},
        "company": sim.company_ref(user.company_id),
        "userPrincipalName": user.email,
    }


@route("GET", "/V4/user")
def list_users(sim: Simulator, request: Request) -> Json:
    """All users that may be seen, or those of one group."""
    group = to_int(request.q("userGroupId"))
    seen = [
        u
        for u in sim.users.values()
        if sim.visible(request, u.company_id) and (not group or group in u.groups) and sim.listed(request, u.id)
    ]
    page, total = select(request, seen, COLUMNS)
    return {"numberOfUsers": total, "users": [{**_row(sim, u), "commcell": {"name": m.COMMSERVE}} for u in page]}


@route("POST", "/V4/user")
def create_users(sim: Simulator, request: Request) -> Json:
    """A company's user is stored as alias\\name; the password is base64."""
    made = [make(sim, request, row) for row in request.body.get("users") or []]
    return {"users": [{"id": user.id, "GUID": user.guid, "name": user.name} for user in made]}


@route("GET", "/V4/user/{id:int}")
def get_user(sim: Simulator, request: Request) -> Json:
    """Detail with the groups."""
    user = get(sim, request)
    groups = [{"id": number, "name": sim.groups[number].name} for number in user.groups if number in sim.groups]
    kind = "ORGANIZATIONS" if user.company_id else "COMMSERVE"
    return {**_row(sim, user), "description": user.description, "serviceType": kind, "associatedUserGroups": groups}


@route("PUT", "/V4/user/{id:int}")
def update_user(sim: Simulator, request: Request) -> Reply:
    """userGroupOperation defaults to ADD."""
    user, body = get(sim, request), request.body
    groups = [identity.group_of(sim, request, ref).id for ref in body.get("userGroups") or []]
    if body.get("newPassword"):
        change_password(sim, request, user, body["newPassword"], body.get("validationPassword"))
    if "userGroups" in body:
        regroup(user, groups, body.get("userGroupOperation"))
    user.full_name = body.get("fullName", user.full_name)
    user.name = prefixed(sim.companies.get(user.company_id), body.get("newName") or user.name)
    user.email = body.get("email") or user.email
    user.description = body.get("description", user.description)
    user.enabled = bool(body.get("enabled", user.enabled))
    return generic()


@route("DELETE", "/V4/user/{id:int}")
def delete_user(sim: Simulator, request: Request) -> Reply:
    """Ownership goes to an heir, or is dropped when the caller says so."""
    user = get(sim, request)
    transfer(sim, request, f"user [{user.name}]")
    remove(sim, user)
    return generic()
