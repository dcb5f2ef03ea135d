# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who sees and changes what: users, groups, roles, operators, and what else belongs to a company."""

from __future__ import annotations

import base64

import pytest

from ..conftest import PASSWORD, Api


def company(api, name, alias):
    return api.post("/V4/company", {"name": name, "alias": alias, "email": f"ada@{alias}.example.com", "contactName": "Ada"})["id"]


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def user(api, name, company_id=None, groups=(), password="pw"):
    row = {
        "name": name,
        "email": f"{name}@x.example.com",
        "password": encoded(password),
        "userGroups": [{"name": group} for group in groups],
    }
    return api.post("/V4/user", {"users": [row | ({"company": {"id": company_id}} if company_id else {})]})["users"][0]


def session(api, name, password="pw"):
    other = Api(api.url)
    other.login(name, password)
    return other


@pytest.fixture
def acme(api):
    return company(api, "Acme", "acme")


@pytest.fixture
def boreal(api):
    return company(api, "Boreal", "boreal")


@pytest.fixture
def tenant(api, acme, boreal):
    user(api, "svc", acme, ["acme\\Tenant Admin"])
    return session(api, "acme\\svc")


def test_a_tenant_sees_its_own_company_users_groups_and_roles_alone(tenant, acme, boreal):
    assert [row["id"] for row in tenant.get("/V4/company")["companies"]] == [acme]
    assert {row["company"]["id"] for row in tenant.get("/V4/user")["users"]} == {acme}
    assert {row["company"]["id"] for row in tenant.get("/V4/UserGroup")["userGroups"]} == {acme}
    assert "Tenant Admin" in [row["name"] for row in tenant.get("/V4/Role")["roles"]]
    assert tenant.get(f"/V4/company/{boreal}")["errorCode"] == 404
    for path in (f"/Tags/PROVIDER_ENTITY/{boreal}", f"/Security/61/{boreal}", "/V4/user/1", "/V4/UserGroup/1"):
        tenant.get(path)
        assert tenant.last.status_code == 404, path


def test_a_tenants_administrator_changes_its_own_but_not_what_is_the_providers(tenant, acme, boreal):
    assert tenant.put(f"/V4/company/{acme}", {"general": {"emailSuffix": "acme.example.com"}})["errorCode"] == 0
    for body in (
        {"newName": "x"},
        {"status": {"deactivate": False}},
        {"plans": []},
        {"tenantOperators": []},
        {"general": {"newAlias": "x"}},
    ):
        assert tenant.put(f"/V4/company/{acme}", body)["errorCode"] == 5
    for method, path in (
        ("POST", f"/Organization/{acme}/action/activate"),
        ("DELETE", f"/V4/company/{acme}"),
        ("DELETE", f"/Organization/{acme}"),
    ):
        assert tenant.call(method, path, {})["errorCode"] == 5
    refused = tenant.post(
        "/V4/user", {"users": [{"name": "x", "email": "x@x", "company": {"id": boreal}, "useSystemGeneratePassword": True}]}
    )
    assert refused["errorCode"] == 5
    tags = tenant.put("/Tags", {"entityTag": [{"entityId": boreal, "entityType": 61, "tag": [{"name": "a", "value": "b"}]}]})
    assert tags["error"]["errorCode"] == 4


def test_a_tenants_user_without_a_managing_role_only_reads(api, acme):
    user(api, "reader", acme, ["acme\\Tenant User"])
    reader = session(api, "acme\\reader")
    assert reader.get("/V4/user")["numberOfUsers"] == 2
    assert reader.post("/V4/UserGroup", {"name": "x"})["errorCode"] == 5 and reader.last.status_code == 403


def test_a_disabled_user_loses_its_sessions(api, acme, tenant):
    number = next(row["id"] for row in api.get("/V4/user")["users"] if row["name"] == "acme\\svc")
    api.put(f"/V4/user/{number}", {"enabled": False})
    tenant.get("/V4/user")
    assert tenant.last.status_code == 401 and "token" not in session(api, "acme\\svc").login("acme\\svc", "pw")


def test_logins_of_a_company_are_switched_off_and_on(api, acme, tenant):
    options = {"disableBackup": False, "disableRestore": False, "disableLogin": True}
    api.post(f"/Organization/{acme}/action/deactivate", {"deactivateOptions": options})
    tenant.get("/V4/user")
    assert tenant.last.status_code == 401 and "token" not in tenant.login("acme\\svc", "pw")
    api.post(f"/Organization/{acme}/action/activate")
    assert "token" in tenant.login("acme\\svc", "pw")


def test_a_user_of_the_provider_without_a_role_is_confined_to_where_it_has_one(api, acme, boreal):
    user(api, "ops")
    ops = session(api, "ops")
    assert ops.get("/V4/company")["errorCode"] == 5
    api.put(f"/V4/company/{acme}", {"tenantOperators": [{"user": {"name": "ops"}, "role": {"name": "Tenant Operator"}}]})
    assert [row["id"] for row in ops.get("/V4/company")["companies"]] == [acme]
    assert ops.post("/V4/UserGroup", {"name": "made-by-ops"})["name"] == "acme\\made-by-ops"
    ops.session.headers["operatorCompanyId"] = str(boreal)
    assert ops.get("/V4/company")["errorCode"] == 5


def test_a_role_on_the_commcell_reaches_everywhere(api, acme, boreal):
    user(api, "auditor")
    association = {"userOrGroup": [{"userName": "auditor"}], "properties": {"role": {"roleName": "View"}}}
    body = {"entityAssociated": {"entity": [{"commCellId": 2, "_type_": 1}]}}
    api.post("/Security", {**body, "securityAssociations": {"associationsOperationType": 2, "associations": [association]}})
    auditor = session(api, "auditor")
    assert len(auditor.get("/V4/company")["companies"]) == 2
    assert auditor.post("/V4/company", {"name": "x", "alias": "x"})["errorCode"] == 5


@pytest.mark.parametrize(("operation", "left"), [(None, ["new"]), (1, ["new"]), ("ADD", ["old", "new"]), (2, ["old", "new"]), (3, ["old"])])
def test_what_an_association_does_to_others_is_said_by_its_operation(api, acme, operation, left):
    for name in ("old", "new"):
        user(api, name)

    def send(name, operation):
        row = {"userOrGroup": [{"userName": name}], "properties": {"role": {"roleName": "View"}}}
        wanted = {"associations": [row]} | ({} if operation is None else {"associationsOperationType": operation})
        reply = api.post("/Security", {"entityAssociated": {"entity": [{"providerId": acme}]}, "securityAssociations": wanted})
        assert reply["response"][0]["errorCode"] == 0

    send("old", 1)
    send("new", operation)
    rows = api.get(f"/Security/61/{acme}")["securityAssociations"][0]["securityAssociations"]["associations"]
    assert [row["userOrGroup"][0]["userName"] for row in rows] == left


@pytest.mark.parametrize(
    "change",
    [{"userOrGroup": [{"userName": "nobody"}]}, {"properties": {"role": {"roleName": "nothing"}}}, {"properties": {}}],
)
def test_an_association_that_names_what_is_not_known_is_refused_inside_a_200(api, acme, change):
    row = {"userOrGroup": [{"userName": "admin"}], "properties": {"role": {"roleName": "View"}}, **change}
    body = {"entityAssociated": {"entity": [{"providerId": acme}]}, "securityAssociations": {"associations": [row]}}
    assert api.post("/Security", body)["response"][0]["errorCode"] != 0 and api.last.status_code == 200


def test_a_deletion_wants_an_heir_or_a_word_that_there_is_none(api, acme):
    number = user(api, "leaver", acme)["id"]
    assert "must be transferred" in api.delete(f"/V4/user/{number}")["errorMessage"]
    assert api.delete(f"/V4/user/{number}?transferToUser=1")["errorCode"] == 0
    number = user(api, "leaver", acme)["id"]
    assert api.delete(f"/V4/user/{number}?skipOwnerShipTransfer=true")["errorCode"] == 0


def test_a_password_is_changed_with_the_callers_or_the_old_one(api, acme):
    number = user(api, "svc", acme)["id"]
    for validation, code in ((PASSWORD, 0), ("new", 0), ("wrong", 7)):
        body = {"newPassword": encoded("new"), "validationPassword": encoded(validation)}
        assert api.put(f"/V4/user/{number}", body)["errorCode"] == code
    assert "base64" in api.put(f"/V4/user/{number}", {"newPassword": "not base64!", "validationPassword": encoded("new")})["errorMessage"]


def test_a_deleted_group_or_user_leaves_nothing_behind(api, acme, sim):
    group = api.post("/V4/UserGroup", {"name": "acme\\gone"})["id"]
    number = user(api, "svc", acme, ["acme\\gone"])["id"]
    rows = [{"userGroup": {"id": group}, "role": {"name": "View"}}, {"user": {"id": number}, "role": {"name": "View"}}]
    api.put(f"/V4/company/{acme}", {"security": rows})
    api.delete(f"/V4/UserGroup/{group}?skipOwnerShipTransfer=true")
    assert sim.users[number].groups == []
    api.delete(f"/V4/user/{number}?skipOwnerShipTransfer=true")
    assert sim.companies[acme].security == []


def test_a_company_takes_its_users_credentials_and_regions_along(api, acme, sim, tenant):
    tenant.post("/V4/Credential", {"name": "c", "accountType": "WINDOWSACCOUNT", "userAccount": "u", "password": encoded("p")})
    tenant.post("/V4/Regions", {"name": "r", "locations": [{"country": "X", "latitude": 1, "longitude": 2}]})
    options = {"disableBackup": True, "disableRestore": True, "disableLogin": True}
    api.post(f"/Organization/{acme}/action/deactivate", {"deactivateOptions": options})
    assert api.delete(f"/V4/company/{acme}")["errorCode"] == 0
    assert not [row for row in sim.users.values() if row.company_id == acme]
    assert not sim.credentials and not [row for row in sim.regions.values() if row.company_id == acme]


def test_credentials_are_the_companys_own_and_never_told(api, tenant, boreal):
    made = tenant.post("/V4/Credential", {"name": "c", "accountType": "LINUXACCOUNT", "userAccount": "u", "password": encoded("p")})
    assert tenant.get(f"/V5/Credential/{made['id']}")["password"] == ""
    user(api, "svc", boreal, ["boreal\\Tenant Admin"])
    other = session(api, "boreal\\svc")
    assert other.get("/V4/Credential")["credentialManager"] == []
    other.get(f"/V5/Credential/{made['id']}")
    assert other.last.status_code == 404
    assert (
        tenant.post("/V4/Credential", {"name": "d", "accountType": "LINUXACCOUNT", "userAccount": "u", "password": "§"})["errorCode"] == 2
    )


def test_a_tenant_uses_the_providers_regions_and_keeps_out_of_its_servers(api, tenant, acme, sim):
    region = next(row for row in tenant.get("/V4/Regions")["regions"] if row["name"] == "luxembourg")
    assert tenant.put(f"/V4/Regions/{region['id']}", {"newName": "mine"})["errorCode"] == 5
    server = next(client.id for client in sim.clients.values() if client.name == "acme-fs01")
    body = {"entityRegionType": "BACKUP", "region": {"id": region["id"]}}
    assert tenant.put(f"/V4/entity/CLIENT/{server}/region", body)["errorCode"] == 4
    api.put(f"/company/{acme}/company-association", {"entities": [{"clientId": server, "_type_": 3}]})
    assert tenant.put(f"/V4/entity/CLIENT/{server}/region", body)["errorCode"] == 0
    assert tenant.get(f"/V4/entity/region?entityType=CLIENT&entities={server},2&regionType=BACKUP")["regions"][0]["entityId"] == server
    assert "in use" in api.delete(f"/V4/Regions/{region['id']}")["errorMessage"]
