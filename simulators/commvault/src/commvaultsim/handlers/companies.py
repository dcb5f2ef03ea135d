# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Companies (tenants), V4: create, list, detail, update, delete, what they own. api-platform 4; OpenAPI CreateCompany and neighbours."""

from __future__ import annotations

import typing as t

from commvaultsim import identity
from commvaultsim import jobs as j
from commvaultsim import model as m
from commvaultsim.replies import generic
from commvaultsim.routing import Refusal, Reply, Request, route
from commvaultsim.simulator import Simulator, to_int

Json = dict[str, t.Any]
GROUPS = {
    "Tenant Admin": identity.TENANT_ADMIN,
    "Tenant User": identity.TENANT_USER,
    "Tenant Operator": identity.TENANT_OPERATOR,
}


def get(sim: Simulator, request: Request) -> m.Company:
    """The company of the path, or a 404; a tenant sees only its own."""
    company = sim.companies.get(request.number("id"))
    if company is None or company.status == "DELETED" or not sim.visible(request, company.id):
        raise Refusal(generic(404, f"Company [{request.params.get('id')}] not found.", status=404))
    return company


def create(sim: Simulator, name: str, alias: str, email_suffix: str, contacts: list[Json]) -> m.Company:
    """A new company with its three automatic groups; each contact becomes a tenant administrator.

    Raises Refusal when the name or the alias is taken (compared without case) or missing.
    """
    if not name or not alias:
        raise Refusal(generic(2, "A company needs a name and an alias.", status=400))
    for other in sim.companies.values():
        if other.status != "DELETED" and (other.name.lower() == name.lower() or other.alias.lower() == alias.lower()):
            raise Refusal(generic(3, f"A company with the name [{name}] or the alias [{alias}] already exists.", status=400))
    company = m.Company(sim.new_id(), name, alias, email_suffix=email_suffix, created=sim.clock.epoch())
    company.guid = sim.guid("company", company.id)
    company.general = {
        "infrastructureType": "RENTED_STORAGE",
        "supportedSolutions": ["FILE_SERVER", "VIRTUALIZATION", "DATABASES"],
        "enableDataEncryption": False,
        "autoDiscoverApp": False,
        "authcodeForInstallation": False,
        "resellerMode": False,
        "upnInsteadOfEmail": False,
        "twoFactorAuth": {"enable": False, "all": False, "userGroups": []},
        "assignLaptopOwners": "DO_NOT_ASSIGN",
        "serviceCommcells": [],
    }
    sim.companies[company.id] = company
    for title, role in GROUPS.items():
        group = m.UserGroup(sim.new_id(), f"{alias}\\{title}", company_id=company.id, system=True)
        group.guid = sim.guid("group", group.id)
        sim.groups[group.id] = group
        company.security.append({"userGroup": {"id": group.id}, "role": {"id": role}})
    for contact in contacts:
        company.contacts.append(_contact(sim, company, contact, company.security[0]["userGroup"]["id"]).id)
    return company


def _contact(sim: Simulator, company: m.Company, contact: Json, group_id: int) -> m.User:
    email = str(contact.get("email", ""))
    name = f"{company.alias}\\{email.partition('@')[0] or contact.get('fullName', 'contact')}"
    user = m.User(
        sim.new_id(),
        name,
        sim.guid("password", name),
        email=email,
        full_name=str(contact.get("fullName", "")),
        company_id=company.id,
        groups=[group_id],
    )
    user.guid = sim.guid("user", user.id)
    sim.users[user.id] = user
    return user


def owned(sim: Simulator, company: m.Company) -> list[Json]:
    """What belongs to a company: clients and plans, as {"id", "name"}."""
    rows: list[t.Any] = [c for c in sim.clients.values() if c.company_id == company.id and not c.deleted]
    rows += [p for p in sim.plans.values() if p.company_id == company.id]
    return [{"id": row.id, "name": row.name} for row in rows]


def plan_ids(sim: Simulator, request: Request, refs: list[Json]) -> list[int]:
    """Plans named by id or name; one that is not known is refused."""
    found = []
    for ref in refs:
        plan = sim.plan_ref(request, ref)
        if plan is None:
            raise Refusal(generic(4, f"Plan [{ref.get('name') or ref.get('id') or ref.get('planName')}] not found.", status=400))
        found.append(plan.id)
    return found


def set_status(company: m.Company, deactivate: bool, options: Json | None) -> None:
    """Deactivate or activate; the options count only on a deactivated company."""
    if deactivate:
        company.status = "DEACTIVATED"
        company.options.update({key: bool(value) for key, value in (options or {}).items()})
    else:
        company.status = "ACTIVE"
        company.options = {"disableBackup": False, "disableRestore": False, "disableLogin": False}


def barred(sim: Simulator, job: j.Job) -> str:
    """Why a deactivated company's job may not run: it is the company whose data it is about that counts, not that of the destination."""
    company = sim.companies.get(job.company_id)
    for flag, what, kinds in (("disableBackup", "Backup", (j.BACKUP, j.SYNTHETIC)), ("disableRestore", "Restore", (j.RESTORE,))):
        if company and job.op_type in kinds and company.options.get(flag):
            return f"{what} activity is disabled for company [{company.name}]."
    return ""


j.BARS.append(barred)


def remove(sim: Simulator, company: m.Company) -> None:
    """Delete a deactivated company that owns nothing any more; the row stays with status DELETED."""
    if company.status == "ACTIVE":
        raise Refusal(generic(5, f"Company [{company.name}] must be deactivated before it can be deleted.", status=500))
    if owned(sim, company):
        names = ", ".join(sorted(row["name"] for row in owned(sim, company)))
        raise Refusal(generic(6, f"Company [{company.name}] still owns: {names}.", status=500))
    company.status = "DELETED"
    for key, table in (("user", sim.users), ("userGroup", sim.groups), ("role", sim.roles)):
        rows: dict[int, t.Any] = t.cast(t.Any, table)
        for number in [row.id for row in rows.values() if row.company_id == company.id]:
            identity.forget(sim, key, number)
            del rows[number]
    sim.regions = {number: row for number, row in sim.regions.items() if row.company_id != company.id}
    sim.credentials = {number: row for number, row in sim.credentials.items() if row["company_id"] != company.id}


def provider_only(sim: Simulator, request: Request) -> None:
    """What a tenant's own administrator may not change."""
    user = sim.users[request.user_id]
    if user.company_id:
        raise Refusal(generic(5, f"User [{user.name}] does not have permission for this operation.", status=403))


def _row(sim: Simulator, company: m.Company) -> Json:
    contacts = [{"id": number, "name": sim.users[number].name} for number in company.contacts if number in sim.users]
    return {
        "id": company.id,
        "name": company.name,
        "GUID": company.guid,
        "alias": company.alias,
        "isReseller": bool(company.general.get("resellerMode")),
        "primaryContacts": contacts,
        "associatedEntitiesCount": len(owned(sim, company)),
        "status": company.status,
        "tags": sim.tags.get((61, company.id), []),
        "commcell": {"name": m.COMMSERVE, "displayName": m.COMMSERVE},
        "operators": [identity.shown(sim, row) for row in company.operators],
    }


@route("GET", "/V4/company")
def list_companies(sim: Simulator, request: Request) -> Json:
    """Name, alias and status together are only here; includeDeletedCompanies=true adds the deleted ones."""
    deleted = (request.q("includeDeletedCompanies") or "").lower() == "true"
    rows = [
        _row(sim, c)
        for c in sim.companies.values()
        if sim.visible(request, c.id) and sim.listed(request, c.id) and (deleted or c.status != "DELETED")
    ]
    return {"companies": rows, "companyCount": len(rows)}


@route("POST", "/V4/company")
def create_company(sim: Simulator, request: Request) -> Json:
    """Answers {"id", "name"}; e-mail and contact name belong together."""
    body = request.body
    if request.company_id:
        raise Refusal(generic(7, "A company may not create companies.", status=400))
    email, contact = body.get("email"), body.get("contactName")
    if bool(email) != bool(contact):
        raise Refusal(generic(2, "email and contactName must be given together.", status=400))
    plans = plan_ids(sim, request, body.get("plans") or [])
    contacts = [{"email": email, "fullName": contact}] if email else []
    company = create(sim, str(body.get("name") or ""), str(body.get("alias") or ""), str(body.get("emailSuffix") or ""), contacts)
    company.plans = plans
    return {"id": company.id, "name": company.name}


@route("GET", "/V4/company/{id:int}")
def get_company(sim: Simulator, request: Request) -> Json:
    """The detail has neither name nor status; the alias is general.newAlias; contact ids are strings."""
    company = get(sim, request)
    users = [sim.users[number] for number in company.contacts if number in sim.users]
    contacts = [{"id": str(u.id), "name": u.name, "email": u.email, "fullname": u.full_name} for u in users]
    plans = [{"id": number, "name": sim.plans[number].name} for number in company.plans if number in sim.plans]
    return {
        "id": company.id,
        "creationTime": company.created,
        "general": {"newAlias": company.alias, "emailSuffix": company.email_suffix, **company.general},
        "security": [identity.shown(sim, row) for row in company.security],
        "contacts": contacts,
        "emailSettings": company.extra.get("emailSettings", {}),
        "sites": company.extra.get("sites", {"primarySiteName": "", "secondarySiteNames": []}),
        "plans": plans,
        "tenantOperators": [identity.shown(sim, row) for row in company.operators],
        "fileExceptions": company.extra.get("fileExceptions", {"windows": "", "unix": "", "useCompanyGlobalFilter": False}),
    }


@route("PUT", "/V4/company/{id:int}")
def update_company(sim: Simulator, request: Request) -> Reply:
    """Only the keys sent are changed; lists replace what was there."""
    company, body = get(sim, request), request.body
    if {"newName", "status", "plans", "tenantOperators"} & set(body) or "newAlias" in (body.get("general") or {}):
        provider_only(sim, request)
    general = dict(body.get("general") or {})
    if "resellerMode" in general and company.general.get("resellerMode") and not general["resellerMode"]:
        return generic(8, "Reseller mode cannot be switched off.", status=400)
    status = body.get("status") or {}
    if status.get("options") and company.status == "ACTIVE" and not status.get("deactivate"):
        return generic(9, "Options can be set only on a deactivated company.", status=400)
    name, alias = body.get("newName") or company.name, general.pop("newAlias", None) or company.alias
    for other in sim.companies.values():
        if (
            other is not company
            and other.status != "DELETED"
            and (other.name.lower() == name.lower() or other.alias.lower() == alias.lower())
        ):
            return generic(3, f"A company with the name [{name}] or the alias [{alias}] already exists.", status=400)
    lists = {key: [identity.parsed(sim, request, row) for row in body.get(key) or []] for key in ("security", "tenantOperators")}
    if "plans" in body:
        company.plans = plan_ids(sim, request, body["plans"] or [])
    company.name, company.alias = name, alias
    company.email_suffix = general.pop("emailSuffix", company.email_suffix)
    company.general.update(general)
    company.security = lists["security"] if "security" in body else company.security
    company.operators = lists["tenantOperators"] if "tenantOperators" in body else company.operators
    company.default_plans = body.get("defaultPlans", company.default_plans)
    company.extra.update({key: body[key] for key in ("emailSettings", "sites", "fileExceptions") if key in body})
    if "deactivate" in status:
        set_status(company, bool(status["deactivate"]), status.get("options"))
    return generic()


@route("DELETE", "/V4/company/{id:int}")
def delete_company(sim: Simulator, request: Request) -> Reply:
    """Deactivated first, and empty; otherwise refused with a 500."""
    provider_only(sim, request)
    remove(sim, get(sim, request))
    return generic()


@route("GET", "/V4/Company/{id:int}/Servers", "/V4/Company/{id:int}/associations")
def company_servers(sim: Simulator, request: Request) -> Json:
    """What the company owns."""
    return {"associatedEntities": owned(sim, get(sim, request))}


@route("PUT", "/company/{id:int}/company-association")
def associate(sim: Simulator, request: Request) -> Reply:
    """Move clients (and plans) into a company; company 0 takes them out again."""
    target = request.number("id")
    if target and (target not in sim.companies or sim.companies[target].status == "DELETED"):
        return generic(404, f"Company [{target}] not found.", status=404)
    if request.company_id and (request.company_id != target or sim.users[request.user_id].company_id):
        return generic(10, "You do not have permission to move entities to this company.", status=403)
    rows: list[t.Any] = []
    for entity in request.body.get("entities") or []:
        row = (
            sim.clients.get(to_int(entity.get("clientId"))) or sim.client_by_name(entity.get("clientName"))
            if ("clientId" in entity or "clientName" in entity)
            else sim.plans.get(to_int(entity.get("planId") or entity.get("entityId")))
        )
        if row is None:
            return generic(11, f"Entity {entity} not found.")
        if row.company_id and target and row.company_id != target:
            return generic(12, f"[{row.name}] belongs to another company.")
        rows.append(row)
    for row in rows:
        row.company_id = target
        for subclient in sim.subclients.values():
            if isinstance(row, m.Client) and subclient.client_id == row.id:
                subclient.company_id = target
    return generic()
