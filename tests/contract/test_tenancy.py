# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tenancy and the vendor's SDK, both ways: it reads what our modules wrote, and what it wrote is no change to our modules."""

from __future__ import annotations

import pytest
from cvpysdk.commcell import Commcell
from cvpysdk.security.security_association import SecurityAssociation

from ansible_collections.calligo.baas.tests.contract import sdk
from ansible_collections.calligo.baas.tests.support.modules import Modules, run_module
from ansible_collections.calligo.baas.tests.support.tenant import PLAN
from ansible_collections.calligo.baas.tests.support.walk import unchanged
from commvaultsim.sandbox import Sandbox

COMPANY, ALIAS = "Tenancy é & ß", "tenancy"
OPERATOR = {"user_group": "msp-ops", "role": "Tenant Operator"}
CITY = {"city": "Esch", "state": "", "country": "Luxembourg", "latitude": 49.49, "longitude": 5.98}


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    """A sandbox of this file's own with one tenant, made by the modules."""
    with Sandbox(tmp_path_factory.mktemp("tenancy"), job_seconds=0.5) as sandbox:
        running = Modules(sandbox)
        running("commvault_user_group", {"name": "msp-ops"})
        contact = {"name": "Ada Admin", "email": "ada@tenancy.example.com"}
        lists = {"operators": [OPERATOR], "tags": {"contract": "4711", "Größe": "L"}, "servers": ["cafe-fs01"]}
        running("commvault_company", {"name": COMPANY, "alias": ALIAS, "contact": contact, **lists})
        running("commvault_plan", {**PLAN, "name": "tenancy-gold"})
        running("commvault_company", {"name": COMPANY, "plans": ["tenancy-gold"]})
        yield running


def login(modules, user, password):
    address = modules.sandbox.endpoints["commvault"]["url"].removeprefix("https://")
    return Commcell(address, user, password, certificate_path=str(modules.sandbox.ca_path))


@pytest.fixture
def commcell(modules):
    """A session of the SDK as the provider; it keeps what it has read, so each test has its own."""
    session = sdk.login(modules.sandbox)
    modules.sandbox.control("DELETE", "/journal")
    yield session
    assert not sdk.unmodelled(modules.sandbox)
    session.logout()


def inside(**options):
    return {"company": COMPANY, **options}


# Companies


@pytest.mark.contract(operation="company", module="commvault_company", direction="reads")
def test_a_company_is_read(commcell):
    company = commcell.organizations.get(COMPANY)
    assert (company.domain_name, company.contacts, company.contacts_fullname) == (ALIAS, [f"{ALIAS}\\ada"], ["Ada Admin"])
    assert company.operators == [("msp-ops", "Tenant Operator")]
    assert company.tags == {"contract": "4711", "Größe": "L"}
    assert company.plans == ["tenancy-gold"]
    assert company.server_count == 1
    assert f"{ALIAS}\\Tenant Admin" in company.user_groups


@pytest.mark.contract(operation="company", module="commvault_company", direction="writes")
def test_a_company_that_the_sdk_made_is_no_change(modules, commcell):
    commcell.organizations.add("SDK é & Co", "eve@sdk.example.com", "Eve", "sdkco", email_domain=["sdk.example.com"])
    company = commcell.organizations.get("SDK é & Co")
    company.operators = [("msp-ops", "tenant operator")]
    company.tags = {"tier": "gold"}
    company.plans = ["tenancy-gold"]
    commcell.users.add("fred", "fred@sdk.example.com", "Fred", "sdkco", "pw")
    company.contacts = ["sdkco\\fred"]
    wish = {
        "name": "SDK é & Co",
        "alias": "sdkco",
        "email_suffix": "sdk.example.com",
        "operators": [OPERATOR],
        "tags": {"tier": "gold"},
        "plans": ["tenancy-gold"],
        "contacts": ["fred"],
        "exact": ["contacts", "operators", "plans", "tags"],
    }
    unchanged(modules, "commvault_company", wish)
    company.deactivate(disable_backup=True, disable_restore=False, disable_login=True)
    unchanged(modules, "commvault_company", {"name": "SDK é & Co", "state": "deactivated", "disable": ["backup", "login"]})
    company.activate()
    unchanged(modules, "commvault_company", {"name": "SDK é & Co", "state": "active"})
    commcell.organizations.delete("SDK é & Co")
    unchanged(modules, "commvault_company", {"name": "SDK é & Co", "state": "absent"})


@pytest.mark.contract(operation="company, deactivated", module="commvault_company", direction="reads")
def test_what_a_deactivated_company_cannot_do_is_read(modules, commcell):
    modules("commvault_company", {"name": "Asleep", "alias": "asleep", "state": "deactivated", "disable": ["backup", "login"]})
    company = commcell.organizations.get("Asleep")
    assert (company.is_backup_disabled, company.is_restore_disabled, company.is_login_disabled) == (True, False, True)
    modules("commvault_company", {"name": "Asleep", "state": "absent"})
    commcell.organizations.refresh()
    assert not commcell.organizations.has_organization("Asleep")


# Users and user groups


@pytest.mark.contract(operation="user", module="commvault_user", direction="reads")
def test_a_user_is_read_and_logs_in(modules, commcell):
    made = inside(
        name="Ödön O'Neill", email="odon@tenancy.example.com", full_name="Ödön", user_groups=["Tenant Admin"], user_password="pw é"
    )
    modules("commvault_user", made)
    user = commcell.users.get(f"{ALIAS}\\Ödön O'Neill")
    assert (user.email, user.full_name, user.status, user.user_company_name) == ("odon@tenancy.example.com", "Ödön", True, COMPANY.lower())
    assert user.associated_usergroups == [f"{ALIAS}\\Tenant Admin"]
    own = login(modules, f"{ALIAS}\\Ödön O'Neill", "pw é")
    assert list(own.organizations.all_organizations) == [COMPANY.lower()]
    own.logout()


@pytest.mark.contract(operation="user", module="commvault_user", direction="writes")
def test_a_user_that_the_sdk_made_is_no_change(modules, commcell):
    commcell.users.v4_add("grace", "grace@tenancy.example.com", "Grace", ALIAS, local_usergroups=[f"{ALIAS}\\Tenant User"])
    wish = inside(name="grace", email="grace@tenancy.example.com", full_name="Grace", enabled=True, user_groups=["Tenant User"])
    unchanged(modules, "commvault_user", {**wish, "user_groups_mode": "exact"})
    user = commcell.users.get(f"{ALIAS}\\grace")
    user.overwrite_usergroups([f"{ALIAS}\\Tenant Admin"])
    user.status = False
    unchanged(modules, "commvault_user", {**wish, "enabled": False, "user_groups": ["Tenant Admin"], "user_groups_mode": "exact"})
    user.update_v4_user_password("new pw", modules.sandbox.password("commvault"))
    user.status = True
    own = {**modules.connection("commvault_"), "username": f"{ALIAS}\\grace", "password": "new pw"}
    assert [company["name"] for company in run_module("commvault_company_info", own)["companies"]] == [COMPANY]
    commcell.users.delete(f"{ALIAS}\\grace", new_user="admin")
    unchanged(modules, "commvault_user", inside(name="grace", state="absent"))


@pytest.mark.contract(operation="user group", module="commvault_user_group", direction="reads")
def test_a_user_group_is_read(modules, commcell):
    modules("commvault_user", inside(name="hank", email="hank@tenancy.example.com"))
    modules("commvault_user_group", inside(name="Ops é", description="Operators", members=["hank"], enabled=False))
    group = commcell.user_groups.get(f"{ALIAS}\\Ops é")
    assert (group.description, group.status, group.users, group.company_name) == ("Operators", False, [f"{ALIAS}\\hank"], COMPANY)


@pytest.mark.contract(operation="user group", module="commvault_user_group", direction="writes")
def test_a_user_group_that_the_sdk_made_is_no_change(modules, commcell):
    modules("commvault_user", inside(name="ivy", email="ivy@tenancy.example.com"))
    group = commcell.user_groups.v4_add("sdk-group", ALIAS, [f"{ALIAS}\\ivy"])
    unchanged(modules, "commvault_user_group", inside(name="sdk-group", members=["ivy"], members_mode="exact", enabled=True))
    group.update_usergroup_members("DELETE", [f"{ALIAS}\\ivy"])
    group.status = False
    unchanged(modules, "commvault_user_group", inside(name="sdk-group", members=[], members_mode="exact", enabled=False))
    commcell.user_groups.v4_delete(f"{ALIAS}\\sdk-group", new_user="admin")
    unchanged(modules, "commvault_user_group", inside(name="sdk-group", state="absent"))


# Roles and who has them


@pytest.mark.contract(operation="role", module="commvault_role", direction="reads")
def test_a_role_is_read(modules, commcell):
    modules("commvault_role", {"name": "Contract é", "categories": ["Client"], "permissions": ["Use Plan"], "enabled": False})
    role = commcell.roles.get("Contract é")
    assert role.permissions == {"permission_list": ["Use Plan"], "category_list": ["Client"]}
    assert role.status == "DISABLED"


@pytest.mark.contract(operation="role", module="commvault_role", direction="writes")
def test_a_role_that_the_sdk_made_is_no_change(modules, commcell):
    commcell.roles.v4_add("sdk role", ["Use Plan", "View"], ["Alert"])
    wish = {"name": "SDK Role", "permissions": ["View", "Use Plan"], "categories": ["Alert"], "enabled": True}
    unchanged(modules, "commvault_role", wish)
    commcell.roles.v4_delete("sdk role")
    unchanged(modules, "commvault_role", {"name": "sdk role", "state": "absent"})


@pytest.mark.contract(operation="role on a company", module="commvault_role_assignment", direction="reads")
def test_a_role_on_a_company_is_read(modules, commcell):
    row = {"user_group": "msp-ops", "role": "View", "entity": COMPANY}
    modules("commvault_role_assignment", {"assignments": [row]})
    found = commcell.organizations.get(COMPANY).get_security_associations()
    assert found["msp-ops"] == ["View"] and found[f"{ALIAS}\\Tenant Admin"] == ["Tenant Admin"]
    group = commcell.user_groups.get("msp-ops")
    assert ["providerDomainName", ALIAS, "view"] in group.associations.values()


@pytest.mark.contract(operation="role on a company", module="commvault_role_assignment", direction="writes")
def test_a_role_on_a_company_that_the_sdk_gave_is_no_change(modules, commcell):
    company = commcell.organizations.get(COMPANY)
    company.update_security_associations("admin", "Tenant Operator", "UPDATE")
    row = {"user": "admin", "role": "tenant operator", "entity": COMPANY}
    unchanged(modules, "commvault_role_assignment", {"assignments": [row]})
    company.update_security_associations("admin", "Tenant Operator", "DELETE")
    unchanged(modules, "commvault_role_assignment", {"assignments": [{**row, "state": "absent"}]})


@pytest.mark.contract(operation="role on a plan or client", module="commvault_role_assignment", direction="writes")
@pytest.mark.parametrize("kind", ["plan", "client", "commcell"])
def test_a_role_on_another_thing_that_the_sdk_gave_is_no_change(modules, commcell, kind):
    things = {"plan": ("plans", "tenancy-gold"), "client": ("clients", "cafe-fs01")}
    entity = getattr(commcell, things[kind][0]).get(things[kind][1]) if kind in things else commcell
    # The class itself, since clients and plans offer only parts of it.
    security = SecurityAssociation(commcell, entity)
    security._add_security_association([{"user_name": "msp-ops", "role_name": "View"}], user=False, request_type="UPDATE")
    row = {"user_group": "msp-ops", "role": "View", "entity_type": kind, "entity": things.get(kind, (None, None))[1]}
    unchanged(modules, "commvault_role_assignment", {"assignments": [row]})
    modules("commvault_role_assignment", {"assignments": [{**row, "state": "absent"}]})


@pytest.mark.contract(operation="role on a plan or client", module="commvault_role_assignment", direction="reads")
def test_roles_on_other_things_are_read(modules, commcell):
    rows = [
        {"user_group": "msp-ops", "role": "View", "entity_type": "plan", "entity": "tenancy-gold"},
        {"user_group": "msp-ops", "role": "View", "entity_type": "client", "entity": "cafe-fs01"},
    ]
    modules("commvault_role_assignment", {"assignments": rows})
    found = list(commcell.user_groups.get("msp-ops").associations.values())
    assert ["planName", "tenancy-gold", "view"] in found and ["clientName", "cafe-fs01", "view"] in found


# Regions


@pytest.mark.contract(operation="region", module="commvault_region", direction="reads")
def test_a_region_and_what_is_in_it_are_read(modules, commcell):
    clients = [{"names": ["lux-restore-01"], "purpose": "workload"}]
    modules("commvault_region", {"name": "contract é", "locations": [CITY], "entities": clients, "allow_move": True})
    region = commcell.regions.get("contract é")
    assert (region.region_type, region.locations) == ("USER_CREATED", [CITY])
    number = commcell.clients.get("lux-restore-01").client_id
    assert commcell.regions.get_region("CLIENT", number, "WORKLOAD") == int(region.region_id)


@pytest.mark.contract(operation="region", module="commvault_region", direction="writes")
def test_a_region_that_the_sdk_made_and_filled_is_no_change(modules, commcell):
    region = commcell.regions.add("sdk-region", "USER_CREATED", [CITY])
    number = commcell.clients.get("jer-restore-01").client_id
    commcell.regions.set_region("CLIENT", number, "WORKLOAD", region.region_id)
    wish = {"name": "SDK-Region", "locations": [CITY], "entities": [{"names": ["jer-restore-01"], "purpose": "workload"}]}
    unchanged(modules, "commvault_region", wish)
    commcell.regions.delete("sdk-region")
    unchanged(modules, "commvault_region", {"name": "sdk-region", "state": "absent"})


# Credentials


@pytest.mark.contract(operation="credential", module="commvault_credential", direction="reads")
def test_a_credential_is_read(modules, commcell):
    given = {"account_type": "linux", "account": "root é", "account_password": "pw", "description": "Größe"}
    modules("commvault_credential", {"name": "Contract é", **given})
    credential = commcell.credentials.get("Contract é")
    assert (credential.credential_user_name, credential.credential_record_type) == ("root é", "Linux")
    assert credential.credential_description == "Größe"


@pytest.mark.contract(operation="credential", module="commvault_credential", direction="writes")
def test_a_credential_that_the_sdk_made_is_no_change(modules, commcell):
    commcell.credentials.add("windows", "SDK é", "ACME\\svc", "pw", "made by the SDK")
    wish = {"name": "sdk é", "account_type": "windows", "account": "ACME\\svc", "description": "made by the SDK"}
    unchanged(modules, "commvault_credential", wish)
    commcell.credentials.get("SDK é").update_user_credential("ACME\\other", "pw2")
    unchanged(modules, "commvault_credential", {**wish, "account": "ACME\\other"})
    commcell.credentials.delete("SDK é")
    unchanged(modules, "commvault_credential", {"name": "sdk é", "state": "absent"})


@pytest.mark.contract(operation="companies, listed", module="commvault_company_info", direction="writes")
def test_the_list_agrees_with_the_sdks(modules, commcell):
    ours = {company["name"].lower(): company["id"] for company in modules("commvault_company_info", {"gather": []})["companies"]}
    assert ours == commcell.organizations.all_organizations
