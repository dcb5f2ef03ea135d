# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Companies (tenants), V4 and the older form /Organization: create, list, detail, update, delete, what they own.

api-platform 4; OpenAPI CreateCompany and neighbours; cvpysdk organization.py."""

from __future__ import annotations

import typing as t

from commvaultsim.jobs import lifecycle as j
from commvaultsim.state import model as m
from commvaultsim.state.job import BACKUP, RESTORE, SYNTHETIC, Job
from commvaultsim.state.simulator import Simulator
from commvaultsim.tenancy import identity
from commvaultsim.tenancy.security import apply, operation
from commvaultsim.wire.filtering import select
from commvaultsim.wire.replies import generic, nested, response_object
from commvaultsim.wire.routing import Refusal, Reply, Request, route
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]
GROUPS = {
    "Tenant Admin": identity.TENANT_ADMIN,
    "Tenant User": identity.TENANT_USER,
    "Tenant Operator": identity.TENANT_OPERATOR,
}
#: Bits of supportedSolutions in the older form, in the order of the V4 enum (inferred: no source tells the bits).
SOLUTIONS = (
    "FILE_SERVER",
    "VIRTUALIZATION",
    "LAPTOP",
    "DATABASES",
    "EXCHANGE",
    "ARCHIVING",
    "CLOUD_APPS",
    "SHAREPOINT",
    "ACTIVATE",
    "ACTIVE_DIRECTORY",
    "OFFICE_365",
    "BIGDATA_APPS",
    "G_SUITE",
    "SALESFORCE",
    "REPLICATION",
    "KUBERNETES",
)
STATUS = {"ACTIVE": 0, "DEACTIVATED": 1, "DELETED": 2}
COLUMNS: dict[str, t.Callable[[Json], t.Any]] = {
    "name": lambda row: row["connectName"],
    "connectName": lambda row: row["connectName"],
    "providers.shortname.id": lambda row: row["shortName"]["id"],
    "domainName": lambda row: row["shortName"]["domainName"],
    "status": lambda row: row["status"],
    "providerGUID": lambda row: row["providerGUID"],
    "associatedEntitiesCount": lambda row: row["associatedEntitiesCount"],
    "fullName": lambda row: " ".join(contact["fullName"] for contact in row["primaryContacts"]),
    "providers.provider.tags.name": lambda row: " ".join(str(tag.get("name")) for tag in row["provider"]["tags"]),
    "ownerCompanyName": lambda row: row["ownerCompanyName"],
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


def barred(sim: Simulator, job: Job) -> str:
    """Why a deactivated company's job may not run: it is the company whose data it is about that counts, not that of the destination."""
    company = sim.companies.get(job.company_id)
    for flag, what, kinds in (("disableBackup", "Backup", (BACKUP, SYNTHETIC)), ("disableRestore", "Restore", (RESTORE,))):
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


def _contacts(sim: Simulator, company: m.Company) -> list[Json]:
    users = [sim.users[number] for number in company.contacts if number in sim.users]
    return [{"fullName": u.full_name, "email": u.email, "user": {"userId": u.id, "userName": u.name}} for u in users]


def _provider(sim: Simulator, company: m.Company) -> Json:
    return {
        "connectName": company.name,
        "shortName": {"id": company.id, "domainName": company.alias},
        "providerGUID": company.guid,
        "status": STATUS[company.status],
        "enabled": company.status == "ACTIVE",
        "serviceType": 5,
        "associatedEntitiesCount": len(owned(sim, company)),
        "canCreateCompanies": bool(company.general.get("resellerMode")),
        "flags": 0,
        "ownerCompanyName": m.COMMCELL_NAME,
        "primaryContacts": _contacts(sim, company),
        "provider": {"tags": sim.tags.get((61, company.id), [])},
    }


@route("GET", "/Organization")
def list_organizations(sim: Simulator, request: Request) -> Json:
    """fq, search, sort, start and limit are honoured; no company at all is an empty list, not an absent key."""
    deleted = (request.q("includeDeletedCompanies") or "").lower() == "true"
    rows = [
        _provider(sim, c)
        for c in sim.companies.values()
        if sim.visible(request, c.id) and sim.listed(request, c.id) and (deleted or c.status != "DELETED")
    ]
    page, total = select(request, rows, COLUMNS)
    return {"providers": page, "filterQueryCount": total}


@route("POST", "/Organization")
def create_organization(sim: Simulator, request: Request) -> Reply:
    """Refusals come as 200 with a code in response (E3)."""
    info = request.body.get("organizationInfo") or {}
    core, props = info.get("organization") or {}, info.get("organizationProperties") or {}
    try:
        plans = plan_ids(sim, request, [row.get("plan") or {} for row in info.get("planDetails") or []])
        company = create(
            sim,
            str(core.get("connectName") or ""),
            str((core.get("shortName") or {}).get("domainName") or ""),
            ",".join(core.get("emailDomainNames") or []),
            props.get("primaryContacts") or [],
        )
    except Refusal as refusal:
        return response_object(refusal.reply.body["errorCode"], refusal.reply.body["errorMessage"])
    company.plans = plans
    return response_object(entity={"GUID": company.guid, "_type_": 61, "providerId": company.id, "providerDomainName": company.alias})


@route("GET", "/Organization/{id:int}")
def get_organization(sim: Simulator, request: Request) -> Json:
    """Name, status, properties and plans in one reply."""
    company = get(sim, request)
    plans = [{"plan": {"planId": number, "planName": sim.plans[number].name}} for number in company.plans if number in sim.plans]
    suffixes = [part for part in company.email_suffix.split(",") if part]
    servers = [c for c in sim.clients.values() if c.company_id == company.id and not c.deleted and c.kind == "server"]
    properties = {
        "enableAuthCodeGen": False,
        "authCode": "",
        "useUPNForEmail": False,
        "canCreateCompanies": bool(company.general.get("resellerMode")),
        "showDLP": bool(company.general.get("enableDataEncryption")),
        "infrastructureType": 0,
        "supportedSolutions": sum(1 << SOLUTIONS.index(word) for word in company.general["supportedSolutions"] if word in SOLUTIONS),
        "primaryDomain": "",
        "additionalDomains": [],
        "advancedPrivacySettings": {"authType": 0},
        "totalMachineCount": len(servers),
        "serverCount": len(servers),
        "userCount": sum(u.company_id == company.id for u in sim.users.values()),
        "primaryContacts": _contacts(sim, company),
        "defaultPlans": company.default_plans,
        "operatorRole": {"roleId": 5, "roleName": "Tenant Operator"},
        "operators": [_operator(sim, row) for row in company.operators],
        "orgCreationDateTime": company.created,
        "agePasswordDays": 0,
        "loginSessionTimeoutInMinutes": 30,
        "companyGeoInfo": [],
        "globalFiltersInfo": {"globalFiltersInfoList": []},
    }
    core = {
        "description": "",
        "emailDomainNames": suffixes,
        "connectName": company.name,
        "providerGUID": company.guid,
        "shortName": {"id": company.id, "domainName": company.alias},
        "deactivateOptions": company.options,
        "enabled": company.status == "ACTIVE",
        "status": STATUS[company.status],
    }
    return {"organizationInfo": {"organization": core, "organizationProperties": properties, "planDetails": plans}}


def _operator(sim: Simulator, row: Json) -> Json:
    full = identity.shown(sim, row)
    out: Json = {"role": {"roleId": full["role"]["id"], "roleName": full["role"]["name"]}} if "role" in full else {}
    if "user" in full:
        return {**out, "user": {"userId": full["user"]["id"], "userName": full["user"]["name"]}}
    return {**out, "userGroup": {"userGroupId": full["userGroup"]["id"], "userGroupName": full["userGroup"]["name"]}}


def _set_properties(sim: Simulator, request: Request, company: m.Company, given: Json) -> None:
    """Contacts, operators and solutions; an operator without a role gets the company's operator role."""
    if "primaryContacts" in given:
        users = [identity.user_of(sim, request, row.get("user") or {}) for row in given["primaryContacts"] or []]
        if any(user.company_id != company.id for user in users):
            raise Refusal(generic(9, f"A contact of company [{company.name}] must be its user."))
        how = operation(given.get("primaryContactsOperationType"))
        numbers = [user.id for user in users]
        kept = [] if how == 1 else [number for number in company.contacts if number not in numbers]
        company.contacts = kept if how == 3 else kept + numbers
    if "operators" in given:
        provider_only(sim, request)
        rows = [identity.parsed(sim, request, row, identity.TENANT_OPERATOR) for row in given["operators"] or []]
        apply(company.operators, rows, operation(given.get("operatorsOperationType")))
    if "supportedSolutions" in given:
        mask = to_int(given["supportedSolutions"])
        company.general["supportedSolutions"] = [word for bit, word in enumerate(SOLUTIONS) if mask & (1 << bit)]


@route("PUT", "/V4/Company/Operator")
def put_operators(sim: Simulator, request: Request) -> Reply:
    """cvpysdk's manage_operators: the company is named in the body."""
    core = (request.body.get("organizationInfo") or {}).get("organization") or {}
    request.query["organizationId"] = [str((core.get("shortName") or {}).get("id") or "")]
    return _update(sim, request)


@route("PUT", "/Organization")
def update_organization(sim: Simulator, request: Request) -> Reply:
    """newCompanyName, newAliasName and planDetails (operation 1 overwrite, 3 delete, else add)."""
    return _update(sim, request)


def _update(sim: Simulator, request: Request) -> Reply:
    request.params["id"] = request.q("organizationId") or ""
    company = get(sim, request)
    info = request.body.get("organizationInfo") or {}
    core = info.get("organization") or {}
    info = {**info, **{key: request.body[key] for key in ("newCompanyName", "newAliasName") if key in request.body}}
    if {"newCompanyName", "newAliasName", "planDetails"} & set(info):
        provider_only(sim, request)
    company.name = info.get("newCompanyName") or company.name
    company.alias = info.get("newAliasName") or company.alias
    if core.get("emailDomainNames"):
        company.email_suffix = ",".join(core["emailDomainNames"])
    try:
        _set_properties(sim, request, company, info.get("organizationProperties") or {})
    except Refusal as refusal:
        return nested(refusal.reply.body["errorCode"], refusal.reply.body["errorMessage"])
    if "planDetails" in info:
        given = plan_ids(sim, request, [row.get("plan") or {} for row in info["planDetails"]])
        how = to_int(info.get("planDetailsOperationType"))
        kept = [] if how == 1 else [number for number in company.plans if number not in given]
        company.plans = kept if how == 3 else kept + given
    return nested()


@route("POST", "/Organization/{id:int}/action/{action}")
def organization_action(sim: Simulator, request: Request) -> Reply:
    """activate and deactivate; deactivate takes all three options at once."""
    provider_only(sim, request)
    company, action = get(sim, request), request.params["action"].lower()
    if action not in ("activate", "deactivate"):
        return response_object(2, f"Unknown action [{action}].")
    set_status(company, action == "deactivate", request.body.get("deactivateOptions"))
    return response_object(entity={"_type_": 61, "providerId": company.id, "providerDomainName": company.alias})


@route("DELETE", "/Organization/{id:int}")
def delete_organization(sim: Simulator, request: Request) -> Reply:
    """The refusal is a 200 with a code here."""
    provider_only(sim, request)
    company = get(sim, request)
    try:
        remove(sim, company)
    except Refusal as refusal:
        return Reply(refusal.reply.body, 200)
    return generic()


@route("GET", "/Organization/{id:int}/TwoFactorAuth", "/Commcell/Properties/TwoFactorAuth")
def two_factor(_sim: Simulator, _request: Request) -> Json:
    """Off."""
    return {"twoFactorAuthenticationInfo": {"mode": 0, "userGroups": []}, "error": {"errorCode": 0}}
