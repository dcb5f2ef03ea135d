# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security associations: who has which role on what. api-platform 5.4; cvpysdk security/security_association.py, organization.py."""

from __future__ import annotations

import typing as t

from commvaultsim.servers import clients
from commvaultsim.state import model as m
from commvaultsim.state.simulator import Simulator
from commvaultsim.tenancy import identity
from commvaultsim.wire.replies import generic, response_list
from commvaultsim.wire.routing import Refusal, Reply, Request, route
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]
OPERATIONS = {"1": 1, "OVERWRITE": 1, "2": 2, "UPDATE": 2, "ADD": 2, "3": 3, "DELETE": 3}
#: The key that names an entity in each kind of association.
KEYS = {
    "commCellId": identity.COMMCELL,
    "clientId": identity.CLIENT,
    "providerId": identity.COMPANY,
    "planId": identity.PLAN,
    "storagePolicyId": identity.STORAGE_POLICY,
    "roleId": identity.ROLE,
}
NAMES = {
    "clientName": identity.CLIENT,
    "providerDomainName": identity.COMPANY,
    "planName": identity.PLAN,
    "storagePolicyName": identity.STORAGE_POLICY,
    "roleName": identity.ROLE,
}


def operation(value: t.Any) -> int:
    """An operation type as number or word; OVERWRITE when it is left out, which drops everyone else."""
    return OPERATIONS.get(str(value or "OVERWRITE").upper(), 1)


def _tables(sim: Simulator) -> dict[int, dict[int, t.Any]]:
    rows: list[tuple[int, t.Any]] = [
        (identity.CLIENT, sim.clients),
        (identity.COMPANY, sim.companies),
        (identity.PLAN, sim.plans),
        (identity.STORAGE_POLICY, sim.pools),
        (identity.STORAGE_POOL, sim.pools),
        (identity.ROLE, sim.roles),
    ]
    return dict(rows)


def _find(sim: Simulator, request: Request, kind: int, number: int) -> t.Any:
    """The row of an entity that the caller may give roles on, or None."""
    row = _tables(sim).get(kind, {}).get(number)
    owner = row.id if isinstance(row, m.Company) else row.company_id if row else 0
    return row if row is not None and sim.visible(request, owner) else None


def _entity(sim: Simulator, request: Request, entity: Json) -> tuple[int, int]:
    """Kind and id of an element of entityAssociated."""
    for key, kind in KEYS.items():
        if key in entity:
            if kind == identity.COMMCELL:
                return (kind, 0) if not request.company_id else _unknown(entity)
            number = to_int(entity[key])
            return (kind, number) if _find(sim, request, kind, number) else _unknown(entity)
    kind, number = to_int(entity.get("entityType")), to_int(entity.get("entityId"))
    for key, known in NAMES.items():
        if key in entity:
            kind, number = known, _by_name(sim, request, known, str(entity[key]))
    return (kind, number) if _find(sim, request, kind, number) else _unknown(entity)


def _by_name(sim: Simulator, request: Request, kind: int, name: str) -> int:
    for row in _tables(sim).get(kind, {}).values():
        label = row.alias if isinstance(row, m.Company) else row.name
        if label.lower() == name.lower() and _find(sim, request, kind, row.id):
            return int(row.id)
    return 0


def _unknown(entity: Json) -> t.NoReturn:
    raise Refusal(response_list(4, f"Entity {entity} not found."))


def _grant(sim: Simulator, request: Request, who: Json, properties: Json) -> Json:
    if not properties.get("role"):
        raise Refusal(response_list(2, "Only associations with a role are simulated."))
    user = {"id": who.get("userId"), "name": who.get("userName")} if who.get("userId") or who.get("userName") else None
    group = {"id": who.get("userGroupId"), "name": who.get("userGroupName")}
    try:
        return identity.parsed(sim, request, {"user": user, "userGroup": group, "role": properties["role"]})
    except Refusal as refusal:
        raise Refusal(response_list(refusal.reply.body["errorCode"], refusal.reply.body["errorMessage"])) from None


def apply(rows: list[Json], given: list[Json], how: int) -> None:
    """Overwrite, add or take away; a grant that is there already is not made twice."""
    if how == 1:
        rows.clear()
    for row in given:
        if how == 3:
            rows[:] = [other for other in rows if other != row]
        elif row not in rows:
            rows.append(row)


@route("POST", "/Security")
def change(sim: Simulator, request: Request) -> Reply:
    """associationsOperationType decides whether others keep their roles."""
    wanted = request.body.get("securityAssociations") or {}
    entities = [_entity(sim, request, row) for row in (request.body.get("entityAssociated") or {}).get("entity") or []]
    if not entities:
        return response_list(2, "No entity was named.")
    given = [
        _grant(sim, request, who, row.get("properties") or {})
        for row in wanted.get("associations") or []
        for who in row.get("userOrGroup") or []
    ]
    for kind, number in entities:
        apply(identity.grants(sim, kind, number), given, operation(wanted.get("associationsOperationType")))
    return response_list()


def _who(sim: Simulator, row: Json) -> Json:
    full = identity.shown(sim, row)
    if "user" in full:
        return {"userId": full["user"]["id"], "userName": full["user"]["name"], "_type_": 13}
    return {"userGroupId": full["userGroup"]["id"], "userGroupName": full["userGroup"]["name"], "_type_": 15}


def _role(sim: Simulator, row: Json) -> Json:
    role = identity.shown(sim, row).get("role") or {"id": 0, "name": ""}
    return {"role": {"roleId": role["id"], "roleName": role["name"], "_type_": identity.ROLE}, "isCreatorAssociation": False}


@route("GET", "/Security/{kind:int}/{id:int}")
def read(sim: Simulator, request: Request) -> Reply | Json:
    """Nested twice, as cvpysdk reads it; the single_element_objects dialect sends one association as an object."""
    kind, number = request.number("kind"), request.number("id")
    if kind in (1, 2):
        if request.company_id:
            return generic(5, "You do not have permission on the CommCell.", status=403)
    elif _find(sim, request, kind, number) is None and not (
        kind == identity.CLIENT and number in sim.clients and clients.seen(sim, request, sim.clients[number])
    ):
        return generic(404, f"Entity [{number}] of type [{kind}] not found.", status=404)
    rows: t.Any = [{"userOrGroup": [_who(sim, row)], "properties": _role(sim, row)} for row in identity.grants(sim, kind, number)]
    if len(rows) == 1 and sim.faults.peek("single_element_objects"):
        rows = rows[0]
    return {"securityAssociations": [{"securityAssociations": {"associations": rows}}]}


def _entity_of(sim: Simulator, kind: int, number: int) -> Json:
    if kind == identity.COMMCELL:
        return {"commCellName": m.COMMSERVE, "commCellId": 2, "_type_": 1}
    table: dict[int, tuple[str, str, t.Any]] = {
        identity.CLIENT: ("clientName", "clientId", sim.clients),
        identity.PLAN: ("planName", "planId", sim.plans),
        identity.STORAGE_POLICY: ("storagePolicyName", "storagePolicyId", sim.pools),
        identity.ROLE: ("roleName", "roleId", sim.roles),
    }
    if kind == identity.COMPANY:
        return {"providerDomainName": sim.companies[number].alias, "providerId": number, "_type_": kind}
    name, key, rows = table[kind]
    return {name: rows[number].name if number in rows else "", key: number, "_type_": kind}


def _held(sim: Simulator, key: str, number: int) -> Json:
    """Every grant of a user or a group, by entity."""
    tables: list[tuple[tuple[int, int], list[Json]]] = [*sim.security.items()]
    tables += [((identity.COMPANY, company.id), company.security) for company in sim.companies.values() if company.status != "DELETED"]
    return {
        "associations": [
            {"entities": {"entity": [_entity_of(sim, *entity)]}, "properties": _role(sim, row)}
            for entity, rows in tables
            for row in rows
            if (row.get(key) or {}).get("id") == number
        ]
    }


@route("GET", "/User/{id:int}/Security")
def of_user(sim: Simulator, request: Request) -> Json:
    """What a user may do itself; what it may do through groups is told by the groups."""
    return _held(sim, "user", identity.user_of(sim, request, {"id": request.number("id")}).id)


@route("GET", "/UserGroup/{id:int}/Security")
def of_group(sim: Simulator, request: Request) -> Json:
    """What the members of a group may do."""
    return _held(sim, "userGroup", identity.group_of(sim, request, {"id": request.number("id")}).id)
