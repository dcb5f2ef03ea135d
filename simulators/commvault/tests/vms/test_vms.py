# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hypervisors, VM groups and VM backups with a real vCenter simulator behind them."""

from __future__ import annotations

import pytest


def test_a_wrong_password_is_found_out_unless_validation_is_skipped(world):
    refused = world.add_hypervisor("other", password="wrong")
    assert "incorrect user name or password" in refused["response"]["errorMessage"]
    assert world.api.last.status_code == 200
    made = world.add_hypervisor("other", password="wrong", skipCredentialValidation=True)["response"]
    assert made["errorCode"] == 0
    body = {
        "name": "g",
        "Hypervisor": {"id": made["hypervisorId"]},
        "plan": {"id": world.plan},
        "content": {"virtualMachines": [{"type": "ROOT"}]},
    }
    job = world.backup(world.api.post("/V4/VMGroup", body)["subclientId"])
    assert job["status"] == "Failed"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"accessNodes": [{"name": "no-such-node"}]}, "Access node [no-such-node]"),
        ({"accessNodes": [{"name": "acme-fs01"}]}, "Access node [acme-fs01]"),
        ({"name": "BOREAL-VC"}, "already exists"),
        ({"vcenterHostName": "127.0.0.1:9"}, "Failed to connect"),
    ],
)
def test_what_a_hypervisor_is_refused_for(world, change, words):
    assert words in world.add_hypervisor("other", **change)["response"]["errorMessage"]


def test_a_hypervisor_is_read_without_its_secrets_and_belongs_to_its_company(world):
    detail = world.api.get(f"/V4/Hypervisor/{world.hypervisor}")
    assert world.password not in world.api.last.text
    assert detail["accountDetails"] == {"hostName": world.address}
    assert detail["hypervisorCommonProperties"]["company"]["name"] == "Boréal Îles Ltd"
    instance = world.api.get(f"/Instance/{detail['instance']['id']}")["instanceProperties"][0]
    assert instance["virtualServerInstance"]["vmwareVendor"]["virtualCenter"]["userName"] == world.username
    other = world.api.post("/V4/company", {"name": "Other", "alias": "other"}, headers={"operatorCompanyId": "0"})["id"]
    assert world.api.get("/V4/Hypervisor", headers={"operatorCompanyId": str(other)})["HypervisorCount"] == 0


def test_a_vm_group_wants_a_capital_h_and_a_plan(world):
    world.api.post("/V4/VMGroup", {"name": "g", "hypervisor": {"id": world.hypervisor}})
    assert world.api.last.status_code == 400
    assert (
        "Plan [nonsense]"
        in world.api.post("/V4/VMGroup", {"name": "g", "Hypervisor": {"id": world.hypervisor}, "plan": {"name": "nonsense"}})[
            "errorMessage"
        ]
    )
    bare = world.api.post("/V4/VMGroup", {"name": "g", "Hypervisor": {"name": "boreal-vc"}})["subclientId"]
    assert "no plan" in world.api.post(f"/V4/VmGroup/{bare}/backup")["errorMessage"]


def test_content_is_an_array_when_read_and_filters_come_by_put(world):
    group = world.add_group("g", "boreal-web-01")
    filters = {"overwrite": True, "virtualMachines": [{"type": "VM", "name": "boreal-web-01"}]}
    world.api.put(f"/V4/VmGroup/{group}", {"filters": filters, "settings": {"noOfReaders": 7}, "activityControl": {"enableBackup": False}})
    detail = world.api.get(f"/V4/VmGroup/{group}")
    assert detail["content"][0]["virtualMachines"][0]["name"] == "boreal-web-01"
    assert (detail["settings"]["noOfReaders"], detail["activityControl"]["enableBackup"]) == (7, False)
    world.api.put(f"/V4/VmGroup/{group}", {"activityControl": {"enableBackup": True}})
    job = world.backup(group)
    assert (job["status"], job["totalNumOfFiles"]) == ("Completed", 0)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"diskFilters": {"rules": [{"filterType": "DISK_COLOUR", "name": "x"}]}}, "[DISK_COLOUR] is not known"),
        ({"settings": {"guestCredentials": {"savedCredentials": {"id": 4711}}}}, "Credential [4711] not found"),
    ],
)
def test_what_a_vm_group_is_not_given_leaves_it_as_it_was(world, body, words):
    group = world.add_group("g", "boreal-web-01")
    before = world.api.get(f"/V4/VmGroup/{group}")
    assert words in world.api.put(f"/V4/VmGroup/{group}", {"newName": "h", **body})["errorMessage"]
    assert world.api.last.status_code in (400, 404) and world.api.get(f"/V4/VmGroup/{group}") == before


def test_the_login_to_guests_is_shown_without_its_password_and_holds_its_credential(world):
    group = world.add_group("g", "boreal-web-01")

    def guests(**login):
        world.api.put(f"/V4/VmGroup/{group}", {"settings": {"guestCredentials": login}} if login else {})
        shown = world.api.get(f"/V4/VmGroup/{group}")["settings"]["guestCredentials"]
        assert "c2VjcmV0" not in world.api.last.text
        return shown

    assert guests() == {} and guests(credentials={"name": "root", "password": "c2VjcmV0"}) == {"credentials": {"name": "root"}}
    credential = {"name": "guests", "accountType": "LINUXACCOUNT", "userAccount": "root", "password": "c2VjcmV0"}
    number = world.api.post("/V4/Credential", credential)["id"]
    assert guests(savedCredentials={"name": "GUESTS"}) == {"savedCredentials": {"id": number, "name": "guests"}} == guests()
    assert "used by: g." in world.api.delete(f"/V5/Credential/{number}")["errorMessage"]


def test_preview_tells_what_a_content_matches_now(world):
    body = {"content": {"ruleGroups": [{"matchRule": "ANY", "rules": [{"type": "TAG", "condition": "EQUALS", "name": "Backup/Gold"}]}]}}
    found = world.api.post(f"/V4/VmGroup/Preview?hypervisorId={world.hypervisor}", body)
    assert [row["name"] for row in found["vmList"]] == ["boreal-db-01", "boreal-erp-01"]


def test_a_backup_has_a_parent_and_a_child_for_each_vm_and_independent_disks_are_told(world):
    group = world.add_group("all", virtualMachines=[{"type": "FOLDER", "name": "Tenants/Boréal Îles Ltd"}])
    job = world.backup(group, "INCREMENTAL")
    assert (job["status"], job["localizedOperationName"]) == ("Completed w/ one or more errors", "VM Admin Job(Backup)")
    rows = {row["vmName"]: row for row in world.results(job["jobId"])}
    assert len(rows) == 5
    assert "independent" in rows["boreal-db-01"]["FailureReason"]
    children = {name: world.api.get(f"/Job/{row['jobID']}")["jobs"][0]["jobSummary"] for name, row in rows.items()}
    assert children["boreal-db-01"]["status"] == "Completed w/ one or more errors"
    assert children["boreal-web-01"]["status"] == "Completed"
    assert {child["vsaParentJobID"] for child in children.values()} == {job["jobId"]}
    assert {child["backupLevelName"] for child in children.values()} == {"Full"}
    listed = world.api.get("/V4/VirtualMachines")
    assert {row["name"]: row["status"] for row in listed["virtualMachines"]}["boreal-db-01"] == "BACKED_UP_WITH_ERROR"


def test_one_vm_can_fail_alone(world):
    world.api.control("POST", "faults", {"name": "vm_fail", "vm": "boreal-web-01", "reason": "snapshot failed", "times": 1})
    job = world.backup(world.add_group("two", "boreal-web-01", "boreal-erp-01"))
    assert job["status"] == "Completed w/ one or more errors"
    rows = {row["vmName"]: row["FailureReason"] for row in world.results(job["jobId"])}
    assert rows == {"boreal-web-01": "snapshot failed", "boreal-erp-01": ""}


def test_browse_shows_vms_and_their_disks_as_kept(world):
    guid = world.backed_up("boreal-erp-01")["boreal-erp-01"]["GUID"]
    entity = {"applicationId": 106, "clientId": world.hypervisor}
    root = world.api.post("/DoBrowse", {"mode": {"mode": 4}, "paths": [{"path": "\\"}], "entity": entity})["browseResponses"][0]
    row = root["browseResult"]["dataResultSet"][0]
    assert "messages" not in root
    meta = row["advancedData"]["browseMetaData"]["virtualServerMetaData"]
    assert (row["name"], meta["esxHost"], meta["dataCenter"]) == (guid, "jer-esx-02.example.com", "Jersey")
    assert '<nic name="JER-Tenants" label="Network adapter 1"' in meta["nics"]
    body = {"mode": {"mode": 4}, "paths": [{"path": f"\\{guid}"}], "entity": entity, "options": {"vsDiskBrowse": True}}
    disks = world.api.post("/DoBrowse", body)["browseResponses"][0]["browseResult"]["dataResultSet"]
    assert [disk["size"] >> 30 for disk in disks] == [60, 120]
    past = world.api.post("/DoBrowse", body | {"timeRange": {"toTime": 1000}})["browseResponses"][0]
    assert past["messages"][0]["errorMessage"]


def test_a_retired_hypervisor_with_data_stays_listed_and_a_deleted_one_is_gone(world):
    world.backed_up("boreal-web-01")
    assert world.api.delete(f"/Client/{world.hypervisor}")["response"][0]["errorCode"]
    body = {"client": {"clientId": world.hypervisor, "clientName": "boreal-vc"}}
    reply = world.api.call("DELETE", f"/Client/{world.hypervisor}/Retire", body)
    assert reply["response"]["errorCode"] == 0
    assert world.api.get("/V4/Hypervisor")["Hypervisors"][0]["status"] == "DECONFIGURED"
    assert world.api.delete(f"/V4/Hypervisor/{world.hypervisor}")["errorCode"] == 0
    assert world.api.get("/V4/Hypervisor")["HypervisorCount"] == 0
    assert world.api.get("/V4/VirtualMachines")["virtualMachinesCount"] == 0


def test_a_plan_in_use_can_not_be_deleted(world):
    group = world.add_group("g", "boreal-web-01")
    assert "boreal-vc/g" in world.api.delete(f"/V4/ServerPlan/{world.plan}")["errorMessage"]
    assert world.api.delete(f"/V4/VmGroup/{group}")["errorCode"] == 0
    assert world.api.delete(f"/V4/ServerPlan/{world.plan}")["errorCode"] == 0


def test_one_vm_of_a_group_is_backed_up_alone_and_a_synthetic_full_reads_nothing(world):
    group = world.add_group("two", "boreal-web-01", "boreal-erp-01")
    rows = {row["vmName"]: row for row in world.results(world.backup(group)["jobId"])}
    guid = rows["boreal-erp-01"]["GUID"]
    job = world.run(world.api.post(f"/V4/VirtualMachines/{guid}/backup?backupLevel=INCREMENTAL"))
    assert [row["vmName"] for row in world.results(job["jobId"])] == ["boreal-erp-01"]
    world.api.put(f"/V4/Hypervisor/{world.hypervisor}", {"vcenterHostName": "127.0.0.1:9"})
    synthetic = world.backup(group, "SYNTHETIC_FULL")
    assert (synthetic["status"], synthetic["opType"], len(world.results(synthetic["jobId"]))) == ("Completed", 14, 2)
    assert world.backup(group, "FULL")["status"] == "Failed"


def test_the_dialects_of_other_servers(world):
    world.api.control("POST", "faults", {"name": "hypervisor_type_number"})
    world.api.control("POST", "faults", {"name": "vmgroup_identity_nested"})
    row = world.api.get("/V4/Hypervisor")["Hypervisors"][0]
    assert (row["HypervisorType"], row["status"], type(row["clientActivityControl"])) == (1, 0, list)
    assert "id" not in world.api.get("/V4/VMGroups")["vmGroups"][0]
    world.backed_up("boreal-web-01")
    world.api.control("POST", "faults", {"name": "empty_browse", "times": 1})
    body = {"mode": {"mode": 4}, "paths": [{"path": "\\"}], "entity": {"applicationId": 106, "clientId": world.hypervisor}}
    assert world.api.post("/DoBrowse", body) == {}
    world.api.control("POST", "faults", {"name": "single_element_objects"})
    assert isinstance(world.api.post("/DoBrowse", body)["browseResponses"][0]["browseResult"]["dataResultSet"], dict)
