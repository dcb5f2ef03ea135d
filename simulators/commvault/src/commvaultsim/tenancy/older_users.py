# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users and user groups in the older form, as cvpysdk writes them. cvpysdk security/user.py, security/usergroup.py."""

from __future__ import annotations

import typing as t

from commvaultsim.state.simulator import Simulator
from commvaultsim.tenancy import identity, user_groups, users
from commvaultsim.wire.filtering import select
from commvaultsim.wire.replies import response_list
from commvaultsim.wire.routing import Refusal, Reply, Request, route
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]
OVERWRITE, ADD, DELETE = 1, 2, 3


def _said(refusal: Refusal) -> Reply:
    body = refusal.reply.body
    return response_list(body["errorCode"], body["errorMessage"])


@route("GET", "/User")
def list_users(sim: Simulator, request: Request) -> Json:
    """For lookups by name."""
    page, total = select(request, [u for u in sim.users.values() if sim.visible(request, u.company_id)], users.COLUMNS)
    return {
        "users": [
            {
                "userEntity": {"userId": u.id, "userName": u.name, "userGUID": u.guid, "_type_": 13},
                "fullName": u.full_name,
                "email": u.email,
                "enableUser": u.enabled,
            }
            for u in page
        ],
        "filterQueryCount": total,
    }


@route("POST", "/User")
def create_user(sim: Simulator, request: Request) -> Reply:
    """cvpysdk's Users.add; its groups may hold one empty object."""
    row = (request.body.get("users") or [{}])[0]
    given = {
        "name": (row.get("userEntity") or {}).get("userName"),
        "email": row.get("email"),
        "fullName": row.get("fullName"),
        "password": row.get("password"),
        "useSystemGeneratePassword": row.get("systemGeneratePassword"),
        "userGroups": row.get("associatedUserGroups"),
    }
    try:
        user = users.make(sim, request, given)
    except Refusal as refusal:
        return _said(refusal)
    return response_list(entity={"userId": user.id, "userName": user.name, "_type_": 13})


@route("POST", "/User/{id:int}")
def update_user(sim: Simulator, request: Request) -> Reply:
    """Password and groups."""
    user = users.get(sim, request)
    row = (request.body.get("users") or [{}])[0]
    try:
        if row.get("password"):
            users.change_password(sim, request, user, row["password"], (row.get("validationParameters") or {}).get("password"))
        if "associatedUserGroups" in row:
            groups = [identity.group_of(sim, request, ref).id for ref in row["associatedUserGroups"] if ref]
            users.regroup(user, groups, row.get("associatedUserGroupsOperationType"))
    except Refusal as refusal:
        return _said(refusal)
    return response_list(entity={"userId": user.id, "userName": user.name, "_type_": 13})


@route("DELETE", "/User/{id:int}")
def delete_user(sim: Simulator, request: Request) -> Reply:
    """newUserId or newUserGroupId names the heir."""
    user = users.get(sim, request)
    try:
        users.transfer(sim, request, f"user [{user.name}]")
    except Refusal as refusal:
        return _said(refusal)
    users.remove(sim, user)
    return response_list()


@route("GET", "/UserGroup")
def list_groups(sim: Simulator, request: Request) -> Json:
    """?parentProvider/providerId= narrows it to a company."""
    company = request.q("parentProvider/providerId")
    rows = [g for g in sim.groups.values() if sim.visible(request, g.company_id) and (company is None or g.company_id == to_int(company))]
    page, _total = select(request, rows, user_groups.COLUMNS)
    return {
        "userGroups": [
            {
                "userGroupEntity": {"userGroupId": g.id, "userGroupName": g.name, "userGroupGUID": g.guid, "_type_": 15},
                "description": g.description,
                "enabled": g.enabled,
                "company": sim.entity_info(g.company_id),
            }
            for g in page
        ]
    }


def _members(sim: Simulator, request: Request, row: Json) -> list[int]:
    return [identity.user_of(sim, request, ref).id for ref in row.get("users") or [] if ref]


@route("POST", "/UserGroup")
def create_group(sim: Simulator, request: Request) -> Reply:
    """cvpysdk's UserGroups.add, with its members."""
    row = (request.body.get("groups") or [{}])[0]
    try:
        members = _members(sim, request, row)
        group = user_groups.make(sim, request, str((row.get("userGroupEntity") or {}).get("userGroupName") or ""), "")
    except Refusal as refusal:
        return _said(refusal)
    user_groups.enrol(sim, group, members, ADD)
    return response_list(entity={"userGroupId": group.id, "userGroupName": group.name, "_type_": 15})


@route("POST", "/UserGroup/{id:int}")
def update_group(sim: Simulator, request: Request) -> Reply:
    """Members, by usersOperationType: 1 overwrite, 2 add, 3 delete."""
    group = user_groups.get(sim, request)
    row = (request.body.get("groups") or [{}])[0]
    try:
        user_groups.enrol(sim, group, _members(sim, request, row), to_int(row.get("usersOperationType"), ADD))
    except Refusal as refusal:
        return _said(refusal)
    return response_list(entity={"userGroupId": group.id, "userGroupName": group.name, "_type_": 15})


@route("DELETE", "/UserGroup/{id:int}")
def delete_group(sim: Simulator, request: Request) -> Reply:
    """newUserId or newUserGroupId names the heir."""
    group = user_groups.get(sim, request)
    try:
        users.transfer(sim, request, f"user group [{group.name}]")
    except Refusal as refusal:
        return _said(refusal)
    user_groups.remove(sim, group)
    return response_list()
