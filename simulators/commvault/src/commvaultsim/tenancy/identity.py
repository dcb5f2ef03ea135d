# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles, who has which on what, and who may do what. api-platform 5.5.

A grant is a row ``{"user" | "userGroup": {"id"}, "role": {"id"}}``, as V4 replies carry it. Rights are kept simple: a tenant's user reads
its company and changes it only with a role that manages; a provider's user without a role on the CommCell is confined to the companies on
which it has one.
"""

from __future__ import annotations

import typing as t

from commvaultsim.state import model as m
from commvaultsim.state.model import Role
from commvaultsim.state.registry import loader
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire.replies import generic
from commvaultsim.wire.routing import Refusal, Reply, Request
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]

COMMCELL, CLIENT, COMPANY, PLAN, STORAGE_POLICY, STORAGE_POOL, ROLE = 1, 3, 61, 158, 17, 160, 120
MASTER, VIEW, TENANT_OPERATOR, TENANT_ADMIN, TENANT_USER = 1, 3, 5, 8, 9
MASTER_GROUP = 1

#: Permissions by category, a part of what a real installation has; a role may hold categories or single permissions.
CATALOGUE: dict[str, tuple[str, ...]] = {
    "Global": ("Administrative Management", "Agent Management", "View", "User Management", "License Management"),
    "Client": ("Create Client", "Delete Client", "Install Package/Update", "Change security settings"),
    "Subclient": ("Data Protection/Management Operations", "In Place Recover", "Out-of-Place Recover", "Browse", "Edit Subclient"),
    "Plan": ("Create Plan", "Edit Plan", "Delete Plan", "Use Plan"),
    "Alert": ("Create Alert", "Edit Alert", "Delete Alert"),
    "Job Management": ("Job Management", "View Job"),
    "Credential": ("Create Credential", "Edit Credential", "Delete Credential", "User Credential"),
    "User Group": ("Create User Group", "Edit User Group", "Delete User Group"),
}


@loader
def load(sim: Simulator, _scenario: Json) -> None:
    """The roles that every installation has, and the group of the provider's administrators."""
    everything = list(CATALOGUE)
    built_in = {
        MASTER: Role(MASTER, "Master", everything),
        VIEW: Role(VIEW, "View", [], ["View", "View Job"]),
        TENANT_OPERATOR: Role(TENANT_OPERATOR, "Tenant Operator", everything),
        TENANT_ADMIN: Role(TENANT_ADMIN, "Tenant Admin", everything),
        TENANT_USER: Role(TENANT_USER, "Tenant User", [], ["View", "View Job", "Browse"]),
    }
    for role in built_in.values():
        role.visible_to_all = True
    sim.roles.update(built_in)
    sim.groups[MASTER_GROUP] = m.UserGroup(MASTER_GROUP, "master", sim.guid("group", MASTER_GROUP), "The provider's administrators")
    for user in sim.users.values():
        user.groups.append(MASTER_GROUP)
    grants(sim, COMMCELL, 0).append({"userGroup": {"id": MASTER_GROUP}, "role": {"id": MASTER}})


def grants(sim: Simulator, kind: int, number: int) -> list[Json]:
    """The grants on one entity, to be changed in place; a storage pool is the storage policy of the same id."""
    if kind == COMPANY:
        return sim.companies[number].security if number in sim.companies else []
    if kind in (1, 2):
        kind, number = COMMCELL, 0
    return sim.security.setdefault((STORAGE_POLICY if kind == STORAGE_POOL else kind, number), [])


def shown(sim: Simulator, row: Json) -> Json:
    """A grant with the names of now."""
    out: Json = {}
    if "user" in row:
        user = sim.users.get(row["user"]["id"])
        out["user"] = {"id": row["user"]["id"], "name": user.name if user else ""}
    else:
        group = sim.groups.get(row["userGroup"]["id"])
        out["userGroup"] = {"id": row["userGroup"]["id"], "name": group.name if group else ""}
    if row.get("role"):
        role = sim.roles.get(row["role"]["id"])
        out["role"] = {"id": row["role"]["id"], "name": role.name if role else ""}
    return out


def parsed(sim: Simulator, request: Request, row: Json, default_role: int = 0) -> Json:
    """A grant out of V4 names ({id, name}) or the older ones ({userId, userName}); who or what is not known is refused."""
    out: Json = {}
    if row.get("user"):
        out["user"] = {"id": user_of(sim, request, row["user"]).id}
    elif row.get("userGroup"):
        out["userGroup"] = {"id": group_of(sim, request, row["userGroup"]).id}
    else:
        raise Refusal(generic(2, "A user or a user group is required.", status=400))
    role = role_of(sim, request, row["role"]).id if row.get("role") else default_role
    return {**out, "role": {"id": role}} if role else out


def user_of(sim: Simulator, request: Request, ref: Json) -> m.User:
    """The user that is meant, if it may be seen; a company's own comes first."""
    rows = [u for u in sim.users.values() if sim.visible(request, u.company_id)]
    return _chosen(sim, request, rows, ref, "user", "User")


def group_of(sim: Simulator, request: Request, ref: Json) -> m.UserGroup:
    """The user group that is meant, if it may be seen."""
    rows = [g for g in sim.groups.values() if sim.visible(request, g.company_id)]
    return _chosen(sim, request, rows, ref, "userGroup", "User group")


def role_of(sim: Simulator, request: Request, ref: Json) -> Role:
    """The role that is meant, if it may be seen: one's own, and the provider's that are visible to all."""
    return _chosen(sim, request, roles_seen(sim, request), ref, "role", "Role")


def roles_seen(sim: Simulator, request: Request) -> list[Role]:
    """The roles that the caller sees."""
    return [r for r in sim.roles.values() if sim.visible(request, r.company_id) or (r.visible_to_all and not r.company_id)]


class _Row(t.Protocol):
    id: int
    name: str
    company_id: int


R = t.TypeVar("R", bound=_Row)


def _chosen(sim: Simulator, request: Request, rows: list[R], ref: Json, key: str, what: str) -> R:
    number = to_int(ref.get("id") or ref.get(f"{key}Id"))
    name = str(ref.get("name") or ref.get(f"{key}Name") or "").lower()
    company = sim.companies.get(request.company_id)
    full = {name, f"{company.alias}\\{name}".lower()} if company else {name}
    found = [row for row in rows if (row.id == number if number else row.name.lower() in full)]
    if not found:
        raise Refusal(generic(4, f"{what} [{name or number}] not found.", status=400))
    return min(found, key=lambda row: row.company_id != request.company_id)


def roles_on(sim: Simulator, user: m.User, kind: int, number: int) -> list[Role]:
    """The roles that a user has on an entity, by itself or through its groups; operators of a company count too."""
    rows = list(grants(sim, kind, number))
    if kind == COMPANY and number in sim.companies:
        rows += sim.companies[number].operators
    groups = {group for group in user.groups if group in sim.groups and sim.groups[group].enabled}
    held = [
        row for row in rows if (row["user"]["id"] == user.id if "user" in row else row["userGroup"]["id"] in groups) and row.get("role")
    ]
    return [sim.roles[row["role"]["id"]] for row in held if row["role"]["id"] in sim.roles]


def forget(sim: Simulator, key: str, number: int) -> None:
    """Take a deleted user ("user") or group ("userGroup") out of every grant, and a deleted role ("role") with its grants."""
    tables = [*sim.security.values(), *(c.security for c in sim.companies.values()), *(c.operators for c in sim.companies.values())]
    for rows in tables:
        rows[:] = [row for row in rows if (row.get(key) or {}).get("id") != number]
    if key == "userGroup":
        for user in sim.users.values():
            user.groups = [group for group in user.groups if group != number]
    if key == "user":
        for company in sim.companies.values():
            company.contacts = [contact for contact in company.contacts if contact != number]


def may_log_in(sim: Simulator, user: m.User) -> bool:
    """False for a disabled user, and for those of a company whose logins are off; sessions that they have end too."""
    company = sim.companies.get(user.company_id)
    closed = company is not None and (company.status == "DELETED" or bool(company.options.get("disableLogin")))
    return user.enabled and not closed


def refused(sim: Simulator, request: Request, writes: bool) -> Reply | None:
    """Settle the company that the request acts in, and refuse what the user's roles do not allow; None lets it pass."""
    user = sim.users[request.user_id]
    if user.company_id:
        if writes and not _manages(sim, user, user.company_id):
            return _denied(user)
        return None
    roles = roles_on(sim, user, COMMCELL, 0)
    if roles:
        return None if not writes or any(role.manages for role in roles) else _denied(user)
    own = [c.id for c in sim.companies.values() if c.status != "DELETED" and roles_on(sim, user, COMPANY, c.id)]
    if not request.company_id and len(own) == 1:
        request.company_id = own[0]
    if request.company_id not in own or (writes and not _manages(sim, user, request.company_id)):
        return _denied(user)
    return None


def _manages(sim: Simulator, user: m.User, company_id: int) -> bool:
    return any(role.manages for role in roles_on(sim, user, COMPANY, company_id))


def _denied(user: m.User) -> Reply:
    return generic(5, f"User [{user.name}] does not have permission for this operation.", status=403)
