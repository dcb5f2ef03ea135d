# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support.scripted_http import ScriptedHttp
from ansible_collections.calligo.baas.tests.support.scripted_vm import (
    DISKS,
    END,
    GROUP_ENTITY,
    NICS,
    OTHER,
    UUID,
    VM_ENTITY,
    browsed,
    job,
    listing,
    machine,
    nothing_started,
    run,
    script,
    sent,
)


@pytest.fixture
def http(monkeypatch):
    scripted = ScriptedHttp(monkeypatch)
    script(scripted)
    return scripted


def test_the_request_names_everything_as_the_backup_does(http):
    run(http)
    (association,), options = sent(http)
    assert association == {
        "appName": "Virtual Server",
        "applicationId": 106,
        **{key: value for key, value in VM_ENTITY.items() if key != "subclientGUID"},
    }
    server = options["virtualServerRstOption"]
    level = server["diskLevelVMRestoreOption"]
    (advanced,) = level["advancedRestoreOptions"]
    # The vCenter, whatever the names say; the host is esxHost.
    assert server["esxServer"] == level["esxServerName"] == "vcenter.example.com" and advanced["esxHost"] == "esx2"
    assert level["userPassword"] == {"userName": "svc"} and "password" not in str(options["virtualServerRstOption"]).casefold().replace(
        "userpassword", ""
    )
    assert server["vCenterInstance"] == {
        "clientName": "vc01",
        "clientId": 10,
        "instanceName": "VMware",
        "instanceId": 20,
        "appName": "Virtual Server",
    }


def test_the_destination_is_what_the_task_says(http):
    run(http)
    _association, options = sent(http)
    (advanced,) = options["virtualServerRstOption"]["diskLevelVMRestoreOption"]["advancedRestoreOptions"]
    # By name only, and not the group of nodes that comes first.
    assert options["destination"]["destClient"] == {"clientName": "proxy1"} and options["destination"]["inPlace"] is False
    assert options["fileOption"]["sourceItem"] == [f"\\{UUID}"]
    assert options["volumeRstOption"]["volumeLevelRestoreType"] == 1
    assert (advanced["newName"], advanced["FolderPath"], advanced["Datastore"]) == ("restored", "/DC1/vm/Restore", "ds9")
    # Two disks of the same file name meet on one datastore.
    assert advanced["disks"] == [
        {"name": "scsi0-0-web01.vmdk", "Datastore": "ds9", "newName": "web01.vmdk"},
        {"name": "scsi0-1-web01.vmdk", "Datastore": "ds9", "newName": "web01-2.vmdk"},
    ]
    assert [(nic["name"], nic["sourceNetwork"], nic["destinationNetwork"]) for nic in advanced["nics"]] == [
        ("Network adapter 1", "VM Network", "Isolated"),
        ("Network adapter 2", "R&D Köln", "Isolated"),
    ]


def test_the_point_and_the_new_vm_are_told(http):
    result = run(http)
    _association, options = sent(http)
    assert options["browseOption"]["timeRange"] == {"toTimeValue": "2026-05-28 20:36:41"}
    assert options["browseOption"]["backupset"]["clientName"] == "web01_1"
    assert result["restore"]["vm"] == {"name": "restored", "moid": "vm-9", "instance_uuid": "uuid of vm-9", "folder": "Restore"}
    assert (result["restore"]["backup_job"]["id"], result["restore"]["backup_job"]["parent"]) == (601, 600)


@pytest.mark.parametrize("wish", [False, True])
def test_what_could_do_harm_is_off_unless_asked_for(http, wish):
    run(http, power_on=wish, overwrite=wish)
    _association, options = sent(http)
    level = options["virtualServerRstOption"]["diskLevelVMRestoreOption"]
    assert (level["powerOnVmAfterRestore"], level["passUnconditionalOverride"]) == (wish, wish)
    assert options["commonOptions"]["unconditionalOverwrite"] is wish
    assert level["advancedRestoreOptions"][0]["restoreVMTags"] is False


def test_the_disks_are_browsed_at_the_point_that_is_restored(http):
    run(http, check=True)
    for call in (call for call in http.calls if call.path == "/DoBrowse"):
        assert call.body["timeRange"] == {"fromTime": 0, "toTime": END + 1}
        assert call.body["entity"] == {
            "applicationId": 106,
            **{key: VM_ENTITY[key] for key in call.body["entity"] if key != "applicationId"},
        }
    assert nothing_started(http)


def test_cards_that_the_plain_browse_leaves_out_are_searched_for(http):
    http.on("POST", "/DoBrowse", DISKS, browsed(machine()), browsed(machine(nics=NICS)))
    result = run(http, check=True)
    assert [call.body["opType"] for call in http.calls if call.path == "/DoBrowse"] == [0, 0, 1]
    assert [nic["network"] for nic in result["restore"]["configuration"]["nics"]] == ["VM Network", "R&D Köln"]


def test_a_vm_without_jobs_of_its_own_is_found_in_its_groups_jobs(http):
    """Indexing version 1: the parent job is all there is."""
    status = [{"vmName": "web01", "GUID": UUID.upper(), "jobID": 0, "FailureReason": ""}]
    without = {"job": {"jobDetail": {"clientStatusInfo": {"vmStatus": [{"vmName": "db01", "GUID": OTHER}]}}}}
    http.on("POST", "/JobDetails", without, {"job": {"jobDetail": {"clientStatusInfo": {"vmStatus": status}}}})
    http.on("POST", "/Jobs", listing(), listing(job(610, GROUP_ENTITY, END + 60), job(600, GROUP_ENTITY)), listing())
    assert run(http)["restore"]["backup_job"]["id"] == 600
    (association,), _options = sent(http)
    assert (association["clientId"], association["subclientId"]) == (10, 40)
