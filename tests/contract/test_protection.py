# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hypervisors, VM groups, file subclients and the vendor's SDK, both ways: each side finds what the other wrote as it was meant."""

from __future__ import annotations

import pytest
from cvpysdk.subclients.virtualserver.vmware import VMWareVirtualServerSubclient

from ansible_collections.calligo.baas.tests.contract import sdk
from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.modules import Modules
from ansible_collections.calligo.baas.tests.support.walk import unchanged
from commvaultsim.sandbox import Sandbox

PLAN, SPARE = tenant.PLAN["name"], tenant.SPARE_PLAN["name"]
SERVER, HYPERVISOR = tenant.SUBCLIENT["client"], tenant.VM_GROUP["hypervisor"]
VM_NAME, FOLDER, TAG = 10, 5, 34
GROUP = {"name": "Größe & more", "hypervisor": HYPERVISOR, "plan": PLAN}
FILES = {"client": SERVER, "name": "Köln's 100 %", "plan": PLAN}


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    """A sandbox of this file's own with one tenant."""
    with Sandbox(tmp_path_factory.mktemp("protection"), job_seconds=0.5) as sandbox:
        running = Modules(sandbox)
        tenant.onboard(running)
        yield running


@pytest.fixture(scope="module")
def commcell(modules):
    session = sdk.login(modules.sandbox)
    yield session
    session.logout()


@pytest.fixture(autouse=True)
def nothing_unmodelled(modules):
    modules.sandbox.control("DELETE", "/journal")
    yield
    assert not sdk.unmodelled(modules.sandbox)


# Hypervisors


@pytest.mark.contract(operation="hypervisor", module="commvault_hypervisor", direction="reads")
def test_a_changed_hypervisor_is_read(modules, commcell):
    options = {**tenant.hypervisor(modules), "name": "changed-vcenter"}
    modules("commvault_hypervisor", options)
    modules("commvault_hypervisor", {"name": "changed-vcenter", "access_nodes": ["lux-an-02"]})
    commcell.refresh()
    instance = commcell.clients.get("changed-vcenter").agents.get("Virtual Server").instances.get("VMware")
    assert (instance.co_ordinator.lower(), instance._user_name) == ("lux-an-02", options["vcenter_username"])


@pytest.mark.contract(operation="hypervisor", module="commvault_hypervisor", direction="writes")
def test_a_hypervisor_of_the_sdk_is_no_change(modules, commcell):
    wish = {**tenant.hypervisor(modules), "name": "sdk-vcenter"}
    login = (wish["vcenter_host"], wish["vcenter_username"], wish["vcenter_password"])
    commcell.clients.add_vmware_client(wish["name"], *login, wish["access_nodes"])
    unchanged(modules, "commvault_hypervisor", wish)


# VM groups


def rules(group):
    return sorted((rule["type"], rule["display_name"]) for part in group.content for rule in part.get("content", [part]))


@pytest.mark.contract(operation="VM group content", module="commvault_vm_group", direction="reads")
def test_content_of_each_kind_is_read(modules, commcell):
    found = modules("vcenter_vm_facts", {"folder": "Tenants/Acme Sàrl"})["ansible_facts"]["vcenter_vms"]
    vm = next(vm for vm in found if vm["name"] == "acme-web-01")
    content = {
        "vms": [{"name": vm["name"], "uuid": vm["instance_uuid"]}],
        "tags": [{"name": "Backup/Gold"}],
        "name_patterns": [{"condition": "starts_with", "value": "acme-web"}, {"condition": "equals", "value": "acme-db-01"}],
    }
    modules("commvault_vm_group", tenant.inside({**GROUP, "content": content}))
    group = sdk.vm_groups(commcell, HYPERVISOR).get(GROUP["name"])
    assert isinstance(group, VMWareVirtualServerSubclient)
    assert rules(group) == [("Tag", "Backup/Gold"), ("VM", "acme-web-01"), ("VMName", "acme-db-01"), ("VMName", "acme-web*")]
    assert group.plan == PLAN


@pytest.mark.contract(operation="VM group content", module="commvault_vm_group", direction="writes")
def test_a_vm_group_of_the_sdk_is_no_change(modules, commcell):
    groups = sdk.vm_groups(commcell, HYPERVISOR)
    entry = {"equal_value": True, "allOrAnyChildren": True, "display_name": "acme-db*", "id": "acme-db*", "type": VM_NAME}
    groups.add_virtual_server_subclient("sdk-group", [entry], plan_name=PLAN)
    pattern = {"name_patterns": [{"condition": "starts_with", "value": "acme-db"}]}
    unchanged(modules, "commvault_vm_group", tenant.inside({**GROUP, "name": "sdk-group", "content": pattern}))


@pytest.mark.contract(operation="VM group content", module="commvault_vm_group", direction="writes")
def test_content_that_the_sdk_changed_is_no_change(modules, commcell):
    options = tenant.inside(
        {**GROUP, "name": "Rewritten", "content": {"name_patterns": [{"condition": "starts_with", "value": "acme-web"}]}}
    )
    modules("commvault_vm_group", options)
    group = sdk.vm_groups(commcell, HYPERVISOR).get("Rewritten")
    group.content = [
        {"allOrAnyChildren": True, "content": [{"equal_value": True, "allOrAnyChildren": True, "display_name": "*db*", "type": "VMName"}]}
    ]
    unchanged(modules, "commvault_vm_group", {**options, "content": {"name_patterns": [{"condition": "contains", "value": "db"}]}})


DISK_RULES = [
    {"type": "datastore", "condition": "starts_with", "value": "scratch é"},
    {"type": "pattern", "value": "*_swap.vmdk"},
    {"type": "device_node", "value": "SCSI (1:0)"},
    {"type": "label", "value": "Hard disk 2", "vm": {"uuid": "503b1d0a-1111-2222-3333-444455556666"}},
    {"type": "disk_type", "value": "independent_persistent"},
]


@pytest.mark.contract(operation="disk filters of a VM group", module="commvault_vm_group", direction="reads")
def test_disk_filters_of_each_type_are_read(modules, commcell):
    options = tenant.inside({**GROUP, "name": "Disks", "content": {"name_patterns": [{"value": "acme-web"}]}})
    modules("commvault_vm_group", {**options, "disk_filters": DISK_RULES})
    group = sdk.vm_groups(commcell, HYPERVISOR).get("Disks")
    assert [(rule["filterType"], rule["filter"], rule["vmGuid"]) for rule in group.vm_diskfilter] == [
        ("Datastore", "scratch é*", ""),
        ("Virtual Disk Name/Pattern", "*_swap.vmdk", ""),
        ("Virtual Device Node", "SCSI (1:0)", ""),
        ("Disk Label", "Hard disk 2", "503b1d0a-1111-2222-3333-444455556666"),
        ("Disk Type", "independent_persistent", ""),
    ]
    # The SDK writes everything that it has read when it changes anything.
    group.cbtvalue = False
    unchanged(modules, "commvault_vm_group", {**options, "disk_filters": DISK_RULES})
    modules("commvault_vm_group", {**options, "disk_filters": []})
    group.refresh()
    assert group.vm_diskfilter is None


@pytest.mark.contract(operation="disk filters of a VM group", module="commvault_vm_group", direction="writes")
def test_disk_filters_of_the_sdk_are_no_change(modules, commcell):
    options = tenant.inside({**GROUP, "name": "SDK disks", "content": {"name_patterns": [{"value": "acme-web"}]}})
    modules("commvault_vm_group", {**options, "disk_filters": [{"type": "label", "value": "Hard disk 9"}]})
    group = sdk.vm_groups(commcell, HYPERVISOR).get("SDK disks")
    numbers = {"1": "scratch é*", "2": "*_swap.vmdk", "3": "SCSI (1:0)", "5": "Hard disk 2", "6": "independent_persistent"}
    guids = {"5": "503b1d0a-1111-2222-3333-444455556666"}
    group.vm_diskfilter = [{"filterTypeId": number, "filter": text, "vmGuid": guids.get(number)} for number, text in numbers.items()]
    unchanged(modules, "commvault_vm_group", {**options, "disk_filters": DISK_RULES})
    group.vm_diskfilter = [{"filtertype": "Virtual Disk Name/Pattern", "filter": "[scratch é] vms/a/a_1.vmdk"}]
    unchanged(modules, "commvault_vm_group", {**options, "disk_filters": [{"type": "path", "value": "[scratch é] vms/a/a_1.vmdk"}]})
    group.vm_diskfilter = [{"filterTypeId": "9", "filter": "backup"}]
    tagged = modules("commvault_vm_group", {**options, "disk_filters": []}, check=True)
    assert tagged["diff"]["before"]["disk_filters"][0]["type"] == "other", "a type that we do not offer is seen"


# Files


@pytest.mark.contract(operation="file subclient content and filters", module="commvault_subclient", direction="reads")
def test_content_filters_and_exceptions_are_read(modules, commcell):
    lists = {"content": ["D:\\Data", "D:\\Data\\Köln"], "filters": ["*.tmp", "D:\\Data\\cache"], "exceptions": ["D:\\Data\\cache\\keep"]}
    modules("commvault_subclient", tenant.inside({"subclients": [{**FILES, **lists, "description": "by hand"}]}))
    subclient = sdk.file_subclients(commcell, SERVER).get(FILES["name"])
    assert (subclient.content, subclient.filter_content, subclient.exception_content) == tuple(lists.values())
    assert (subclient.plan, subclient.description, subclient.is_backup_enabled) == (PLAN, "by hand", True)
    assert subclient._fs_subclient_prop["useVSS"] is True
    later = {**FILES, "plan": SPARE, "content": ["D:\\Data"], "filters": [], "exceptions": [], "backup_enabled": False}
    modules("commvault_subclient", tenant.inside({"subclients": [later]}))
    subclient.refresh()
    assert (subclient.content, subclient.filter_content, subclient.exception_content) == (["D:\\Data"], [], [])
    assert (subclient.plan, subclient.is_backup_enabled) == (SPARE, False)


@pytest.mark.contract(operation="file subclient content and filters", module="commvault_subclient", direction="writes")
def test_a_subclient_of_the_sdk_is_no_change(modules, commcell):
    subclients = sdk.file_subclients(commcell, SERVER)
    # Setting the plan comes first: the SDK then has the plan's content take the place of the subclient's own.
    lists = {"content": ["D:\\Data\\Köln"], "filters": ["*.tmp", "~$*"], "exceptions": ["D:\\Data\\keep.tmp"]}
    modules("commvault_subclient", tenant.inside({"subclients": [{**FILES, "name": "sdk data", "content": ["E:\\Shares"]}]}))
    subclients.refresh()
    subclient = subclients.get("sdk data")
    subclient.plan = SPARE
    subclient.content, subclient.filter_content, subclient.exception_content = lists.values()
    subclient.description = "from the SDK"
    unchanged(
        modules,
        "commvault_subclient",
        tenant.inside({"subclients": [{**FILES, "name": "sdk data", "plan": SPARE, "description": "from the SDK", **lists}]}),
    )
    subclient.disable_backup()
    subclient.filter_content = []
    emptied = {**FILES, "name": "sdk data", "plan": SPARE, "filters": [], "backup_enabled": False}
    unchanged(modules, "commvault_subclient", tenant.inside({"subclients": [emptied]}))
