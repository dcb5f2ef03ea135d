# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""User groups, V4. api-platform 5.2; OpenAPI GetUserGroups, CreateUserGroup, GetUserGroupDetails, ModifyUserGroup, DeleteUserGroup."""

from __future__ import annotations

import typing as t

from commvaultsim.state import model as m
from commvaultsim.state.simulator import Simulator
from commvaultsim.tenancy import identity, users
from commvaultsim.wire.replies import generic
from commvaultsim.wire.routing import Refusal, Reply, Request, route

Json = dict[str, t.Any]
CONSOLES = ("COMMANDCENTER", "WEBCONSOLE", "COMMCELLCONSOLE", "API", "MOBILE")
OVERWRITE, ADD, DELETE = 1, 2, 3
COLUMNS: dict[str, t.Callable[[m.UserGroup], t.Any]] = {"name": lambda g: g.name, "userGroupName": lambda g: g.name}


def get(sim: Simulator, request: Request) -> m.UserGroup:
    """The group of the path, or a 404."""
    group = sim.groups.get(request.number("id"))
    if group is None or not sim.visible(request, group.company_id):
        raise Refusal(generic(404, f"User group [{request.params['id']}] not found.", status=404))
    return group


def make(sim: Simulator, request: Request, given: str, description: str) -> m.UserGroup:
    """Belongs to the company of its prefix or the one acted in; user_group_names_bare keeps its name without the prefix."""
    if not given:
        raise Refusal(generic(2, "A user group needs a name.", status=400))
    company = users.company_of(sim, request, given)
    name = given if sim.faults.peek("user_group_names_bare") else users.prefixed(company, given)
    number = company.id if company else 0
    if any(g.name.lower() == name.lower() and g.company_id == number for g in sim.groups.values()):
        raise Refusal(generic(3, f"User group [{name}] already exists.", status=400))
    group = m.UserGroup(sim.new_id(), name, description=description, company_id=number)
    group.guid = sim.guid("group", group.id)
    sim.groups[group.id] = group
    return group


def enrol(sim: Simulator, group: m.UserGroup, members: list[int], operation: int) -> None:
    """Add, take away or replace the members of a group."""
    for user in sim.users.values():
        inside = user.id in members
        if operation in (OVERWRITE, ADD) and inside and group.id not in user.groups:
            user.groups.append(group.id)
        elif (operation == DELETE and inside) or (operation == OVERWRITE and not inside):
            user.groups = [number for number in user.groups if number != group.id]


def remove(sim: Simulator, group: m.UserGroup) -> None:
    """Members stay, without what the group let them do."""
    identity.forget(sim, "userGroup", group.id)
    del sim.groups[group.id]


def _members(sim: Simulator, group: m.UserGroup) -> list[Json]:
    return [{"id": u.id, "name": u.name} for u in sim.users.values() if group.id in u.groups]


def _row(sim: Simulator, group: m.UserGroup) -> Json:
    return {
        "name": group.name,
        "GUID": group.guid,
        "serviceType": "ORGANIZATIONS" if group.company_id else "COMMSERVE",
        "description": group.description,
        "enabled": group.enabled,
        "allowMultipleCompanyMembers": False,
        "company": sim.company_ref(group.company_id),
        "users": _members(sim, group),
    }


@route("GET", "/V4/UserGroup")
def list_groups(sim: Simulator, request: Request) -> Json:
    """Groups that may be seen, with their members."""
    seen = [g for g in sim.groups.values() if sim.visible(request, g.company_id) and sim.listed(request, g.id)]
    return {"userGroups": [{"id": g.id, **_row(sim, g), "commcell": {"name": m.COMMSERVE}} for g in seen]}


@route("POST", "/V4/UserGroup")
def create_group(sim: Simulator, request: Request) -> Json:
    """The body has no company: the header or the prefix tells it."""
    group = make(sim, request, str(request.body.get("name") or ""), str(request.body.get("description") or ""))
    return {"id": group.id, "name": group.name, "GUID": group.guid}


@route("GET", "/V4/UserGroup/{id:int}")
def get_group(sim: Simulator, request: Request) -> Json:
    """The id is a string here."""
    group = get(sim, request)
    consoles = [{"consoleType": name} for name in group.consoles]
    return {
        "id": str(group.id),
        **_row(sim, group),
        "enforceFSQuota": False,
        "enableTwoFactorAuthentication": "OFF",
        "associatedExternalGroups": [],
        "associatedLocalGroups": [],
        "restrictedConsoleTypes": consoles,
    }


@route("PUT", "/V4/UserGroup/{id:int}")
def update_group(sim: Simulator, request: Request) -> Reply:
    """userOperationType knows ADD and DELETE only."""
    group, body = get(sim, request), request.body
    members = [identity.user_of(sim, request, ref).id for ref in body.get("users") or []]
    how = str(body.get("userOperationType") or "ADD").upper()
    if members and how not in ("ADD", "DELETE"):
        return generic(2, f"userOperationType [{how}] is not supported.", status=400)
    consoles = [str(name).upper() for name in (body.get("restrictConsoleTypes") or {}).get("consoleType") or []]
    if set(consoles) - set(CONSOLES):
        return generic(2, f"Unknown console types in [{', '.join(consoles)}].", status=400)
    enrol(sim, group, members, ADD if how == "ADD" else DELETE)
    if "restrictConsoleTypes" in body:
        kept = [name for name in group.consoles if name not in consoles]
        operation = str(body.get("consoleTypeOperationType") or "ADD").upper()
        group.consoles = {"OVERWRITE": consoles, "DELETE": kept}.get(operation, kept + consoles)
    if body.get("newName"):
        group.name = users.prefixed(sim.companies.get(group.company_id), str(body["newName"]))
    group.description = body.get("newDescription", group.description)
    group.enabled = bool(body.get("enabled", group.enabled))
    return generic()


@route("DELETE", "/V4/UserGroup/{id:int}")
def delete_group(sim: Simulator, request: Request) -> Reply:
    """The groups that came with a company stay as long as it does."""
    group = get(sim, request)
    if group.id == identity.MASTER_GROUP or group.system:
        return generic(6, f"User group [{group.name}] is a system group.", status=500)
    users.transfer(sim, request, f"user group [{group.name}]")
    remove(sim, group)
    return generic()
