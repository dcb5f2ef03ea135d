# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Companies in the older form, /Organization, with the queries of its cached list, and what cvpysdk reads. api-platform 4.6-4.7."""

from __future__ import annotations

import typing as t

from commvaultsim import identity
from commvaultsim import model as m
from commvaultsim.filtering import select
from commvaultsim.handlers import companies
from commvaultsim.handlers.security import apply, operation
from commvaultsim.replies import generic, nested, response_object
from commvaultsim.routing import Refusal, Reply, Request, route
from commvaultsim.simulator import Simulator, to_int

Json = dict[str, t.Any]
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
        "associatedEntitiesCount": len(companies.owned(sim, company)),
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
        plans = companies.plan_ids(sim, request, [row.get("plan") or {} for row in info.get("planDetails") or []])
        company = companies.create(
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
    company = companies.get(sim, request)
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
        companies.provider_only(sim, request)
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
    company = companies.get(sim, request)
    info = request.body.get("organizationInfo") or {}
    core = info.get("organization") or {}
    info = {**info, **{key: request.body[key] for key in ("newCompanyName", "newAliasName") if key in request.body}}
    if {"newCompanyName", "newAliasName", "planDetails"} & set(info):
        companies.provider_only(sim, request)
    company.name = info.get("newCompanyName") or company.name
    company.alias = info.get("newAliasName") or company.alias
    if core.get("emailDomainNames"):
        company.email_suffix = ",".join(core["emailDomainNames"])
    try:
        _set_properties(sim, request, company, info.get("organizationProperties") or {})
    except Refusal as refusal:
        return nested(refusal.reply.body["errorCode"], refusal.reply.body["errorMessage"])
    if "planDetails" in info:
        given = companies.plan_ids(sim, request, [row.get("plan") or {} for row in info["planDetails"]])
        how = to_int(info.get("planDetailsOperationType"))
        kept = [] if how == 1 else [number for number in company.plans if number not in given]
        company.plans = kept if how == 3 else kept + given
    return nested()


@route("POST", "/Organization/{id:int}/action/{action}")
def organization_action(sim: Simulator, request: Request) -> Reply:
    """activate and deactivate; deactivate takes all three options at once."""
    companies.provider_only(sim, request)
    company, action = companies.get(sim, request), request.params["action"].lower()
    if action not in ("activate", "deactivate"):
        return response_object(2, f"Unknown action [{action}].")
    companies.set_status(company, action == "deactivate", request.body.get("deactivateOptions"))
    return response_object(entity={"_type_": 61, "providerId": company.id, "providerDomainName": company.alias})


@route("DELETE", "/Organization/{id:int}")
def delete_organization(sim: Simulator, request: Request) -> Reply:
    """The refusal is a 200 with a code here."""
    companies.provider_only(sim, request)
    company = companies.get(sim, request)
    try:
        companies.remove(sim, company)
    except Refusal as refusal:
        return Reply(refusal.reply.body, 200)
    return generic()


@route("GET", "/Organization/{id:int}/TwoFactorAuth", "/Commcell/Properties/TwoFactorAuth")
def two_factor(_sim: Simulator, _request: Request) -> Json:
    """Off."""
    return {"twoFactorAuthenticationInfo": {"mode": 0, "userGroups": []}, "error": {"errorCode": 0}}
