# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles and permissions, V4 and the older form. api-platform 5.3; OpenAPI CreateNewRole and neighbours; cvpysdk security/role.py."""

from __future__ import annotations

import typing as t

from commvaultsim.state import model as m
from commvaultsim.state.model import Role
from commvaultsim.state.simulator import Simulator
from commvaultsim.tenancy import identity
from commvaultsim.tenancy.identity import CATALOGUE
from commvaultsim.wire.replies import generic, response_list
from commvaultsim.wire.routing import Refusal, Reply, Request, route

Json = dict[str, t.Any]
_CATEGORY = {name.lower(): name for name in CATALOGUE}
_PERMISSION = {name.lower(): name for names in CATALOGUE.values() for name in names}
_NUMBERS = {name: 100 + index for index, name in enumerate([*CATALOGUE, *_PERMISSION.values()])}


def _named(name: str) -> Json:
    return {"id": _NUMBERS[name], "name": name}


def _rows(role: Role) -> list[Json]:
    """A permission comes with its category, as in the detail of a real server; type tells which of the two is granted."""
    home = {name: category for category, names in CATALOGUE.items() for name in names}
    rows = [{"permission": _named(name), "category": _named(home[name]), "type": "PERMISSION_ENTITY"} for name in role.permissions]
    return rows + [{"category": _named(name), "type": "CATEGORY_ENTITY"} for name in role.categories]


def _parse(rows: list[Json]) -> tuple[list[str], list[str]]:
    """Categories and permissions of a permissionList; an item with a category alone gives the whole category."""
    categories: list[str] = []
    permissions: list[str] = []
    for row in rows:
        known, ref, found = (
            (_PERMISSION, row["permission"], permissions) if row.get("permission") else (_CATEGORY, row.get("category") or {}, categories)
        )
        name = known.get(str(ref.get("name") or "").lower()) or next((n for n in known.values() if _NUMBERS[n] == ref.get("id")), None)
        if name is None:
            raise Refusal(generic(4, f"Permission or category [{ref.get('name') or ref.get('id')}] not found.", status=400))
        if name not in found:
            found.append(name)
    return categories, permissions


def _get(sim: Simulator, request: Request, own: bool = False) -> Role:
    role = sim.roles.get(request.number("id"))
    if role is None or role not in identity.roles_seen(sim, request):
        raise Refusal(generic(404, f"Role [{request.params['id']}] not found.", status=404))
    if own and not sim.visible(request, role.company_id):
        raise Refusal(generic(5, f"You do not have permission on role [{role.name}].", status=403))
    return role


def _create(sim: Simulator, request: Request, name: str, rows: list[Json]) -> Role:
    if not name or not rows:
        raise Refusal(generic(2, "A role needs a name and permissions.", status=400))
    _free(sim, name, request.company_id)
    role = Role(sim.new_id(), name, *_parse(rows), company_id=request.company_id)
    sim.roles[role.id] = role
    return role


def _free(sim: Simulator, name: str, company_id: int, but: Role | None = None) -> None:
    if any(r is not but and r.name.lower() == name.lower() and r.company_id == company_id for r in sim.roles.values()):
        raise Refusal(generic(3, f"Role [{name}] already exists.", status=400))


@route("GET", "/V4/Role")
def list_roles(sim: Simulator, request: Request) -> Json:
    """Ids, names and owners."""
    return {
        "roles": [
            {
                "id": r.id,
                "name": r.name,
                "status": "ENABLED" if r.enabled else "DISABLED",
                "company": sim.company_ref(r.company_id),
                "commcell": {"name": m.COMMSERVE},
            }
            for r in identity.roles_seen(sim, request)
        ]
    }


@route("POST", "/V4/Role")
def create_role(sim: Simulator, request: Request) -> Json:
    """Belongs to the company acted in."""
    body = request.body
    role = _create(sim, request, str(body.get("name") or ""), body.get("permissionList") or [])
    role.enabled, role.visible_to_all = bool(body.get("enabled", True)), bool(body.get("visibleToAll", False))
    return {"id": role.id, "name": role.name}


@route("GET", "/V4/Role/{id:int}")
def get_role(sim: Simulator, request: Request) -> Json:
    """Written as permissionList and enabled, read as permissions and status."""
    role = _get(sim, request)
    return {
        "id": role.id,
        "name": role.name,
        "description": role.description,
        "permissions": _rows(role),
        "visibleToAll": role.visible_to_all,
        "status": "ENABLED" if role.enabled else "DISABLED",
        "security": [identity.shown(sim, row) for row in identity.grants(sim, identity.ROLE, role.id)],
    }


@route("PUT", "/V4/Role/{id:int}")
def update_role(sim: Simulator, request: Request) -> Reply:
    """permissionList replaces what is there; with the fault role_permissions_add it only adds."""
    role, body = _get(sim, request, own=True), request.body
    if body.get("newName"):
        _free(sim, body["newName"], role.company_id, role)
        role.name = body["newName"]
    if "permissionList" in body:
        categories, permissions = _parse(body["permissionList"] or [])
        if sim.faults.peek("role_permissions_add"):
            categories = role.categories + [name for name in categories if name not in role.categories]
            permissions = role.permissions + [name for name in permissions if name not in role.permissions]
        role.categories, role.permissions = categories, permissions
    role.enabled = bool(body.get("enabled", role.enabled))
    role.visible_to_all = bool(body.get("visibleToAll", role.visible_to_all))
    role.description = body.get("description", role.description)
    return generic()


@route("DELETE", "/V4/Role/{id:int}")
def delete_role(sim: Simulator, request: Request) -> Reply:
    """Its grants go with it; the built-in ones stay."""
    return _delete(sim, request)


def _delete(sim: Simulator, request: Request) -> Reply:
    role = _get(sim, request, own=True)
    if role.id <= identity.TENANT_USER:
        return generic(6, f"Role [{role.name}] is a system role.", status=500)
    identity.forget(sim, "role", role.id)
    del sim.roles[role.id]
    return generic()


@route("POST", "/Role")
def create_role_v2(sim: Simulator, request: Request) -> Reply:
    """cvpysdk's Roles.add."""
    row = (request.body.get("roles") or [{}])[0]
    given = (row.get("categoryPermission") or {}).get("categoriesPermissionList") or []
    items = [
        {"permission": {"name": item["permissionName"]}} if item.get("permissionName") else {"category": {"name": item.get("categoryName")}}
        for item in given
    ]
    try:
        role = _create(sim, request, str((row.get("role") or {}).get("roleName") or ""), items)
    except Refusal as refusal:
        return response_list(refusal.reply.body["errorCode"], refusal.reply.body["errorMessage"])
    return response_list(entity={"roleId": role.id, "roleName": role.name, "_type_": identity.ROLE})


@route("DELETE", "/Role/{id:int}")
def delete_role_v2(sim: Simulator, request: Request) -> Reply:
    """The older form's envelope."""
    said = _delete(sim, request)
    return response_list(said.body["errorCode"], said.body["errorMessage"])


@route("GET", "/Security/Roles")
def security_roles(sim: Simulator, request: Request) -> Json:
    """Names to ids, in the older form."""
    return {
        "roleProperties": [
            {
                "role": {
                    "roleId": r.id,
                    "roleName": r.name,
                    "flags": {} if r.enabled else {"disabled": True},
                    "entityInfo": sim.entity_info(r.company_id),
                },
                "description": r.description,
            }
            for r in identity.roles_seen(sim, request)
        ]
    }


@route("GET", "/V4/Permissions")
def permissions(_sim: Simulator, _request: Request) -> Json:
    """The catalogue, in the shape that clients parse: a list."""
    return {"permissions": [{"category": _named(name), "permissions": [_named(p) for p in names]} for name, names in CATALOGUE.items()]}
