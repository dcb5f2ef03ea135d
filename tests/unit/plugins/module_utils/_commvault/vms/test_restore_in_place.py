# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._core.errors import InputError, JobFailed, Refused
from ansible_collections.calligo.baas.tests.support.scripted_http import ScriptedHttp
from ansible_collections.calligo.baas.tests.support.scripted_vm import (
    DISKS,
    NICS,
    UUID,
    browsed,
    machine,
    nothing_started,
    run,
    script,
    sent,
)

IN_PLACE = {"overwrite": True, "power_on": False, "access_node": None}
ITSELF = {"name": "web01", "moid": "vm-5", "instance_uuid": UUID.upper(), "folder": "prod", "in_folder": True}
STRANGER = {**ITSELF, "moid": "vm-6", "instance_uuid": "another"}


@pytest.fixture
def http(monkeypatch):
    scripted = ScriptedHttp(monkeypatch)
    script(scripted)
    return scripted


def shows(*answers):
    """What vCenter shows, look after look, and what it was asked."""
    queue, asked = list(answers), []

    def look(name, folder, uuid=None, place=None):
        asked.append((name, folder, uuid))
        return {"folder": "/DC1/vm/prod", "vms": queue.pop(0), "networks": {}}

    look.asked = asked
    return look


def test_the_request_puts_everything_where_the_backup_says(http):
    look = shows([ITSELF], [{**ITSELF, "moid": "vm-9"}])
    result = run(http, look, in_place=IN_PLACE)
    _association, options = sent(http)
    level = options["virtualServerRstOption"]["diskLevelVMRestoreOption"]
    (advanced,) = level["advancedRestoreOptions"]
    # With destPath the server refuses it; dataStore is what the SDK sends.
    assert options["destination"] == {"isLegalHold": False, "inPlace": True, "destClient": {"clientName": "proxy1"}}
    assert level["dataStore"] == {} and level["passUnconditionalOverride"] is True and level["powerOnVmAfterRestore"] is False
    assert (advanced["newName"], advanced["esxHost"], advanced["FolderPath"], advanced["Datastore"]) == (
        "web01",
        "esx1",
        "/DC1/vm/prod",
        "ds1",
    )
    assert [disk["Datastore"] for disk in advanced["disks"]] == ["ds1", "ds2"] and advanced["restoreVMTags"] is True
    assert [nic["networkName"] for nic in advanced["nics"]] == ["VM Network", "R&D Köln"]
    assert result["restore"]["vm"] == {"name": "web01", "moid": "vm-9", "instance_uuid": UUID.upper(), "folder": "prod"}
    assert look.asked == [("web01", "/DC1/vm/prod", UUID)] * 2


def test_a_vm_that_keeps_its_moid_is_recognised(http):
    assert run(http, shows([ITSELF], [ITSELF]), in_place=IN_PLACE)["restore"]["vm"]["moid"] == "vm-5"


def test_a_vm_with_a_new_identity_is_recognised_by_its_name_in_its_place(http):
    new = {**ITSELF, "moid": "vm-9", "instance_uuid": "new"}
    assert run(http, shows([], [new]), in_place=IN_PLACE)["restore"]["vm"]["instance_uuid"] == "new"


def test_a_job_that_says_well_and_left_no_vm_is_an_error(http):
    with pytest.raises(JobFailed, match="shows 0 new VMs"):
        run(http, shows([ITSELF], []), in_place=IN_PLACE)


@pytest.mark.parametrize(
    ("there", "overwrite", "said"),
    [
        ([ITSELF], False, "is lost"),
        ([STRANGER], True, "another VM of its name"),
        ([STRANGER, {**ITSELF, "in_folder": False}], True, "another VM"),
    ],
)
def test_what_would_be_lost_is_told_and_nothing_started(http, there, overwrite, said):
    with pytest.raises(Refused, match=said):
        run(http, shows(there), in_place={**IN_PLACE, "overwrite": overwrite})
    assert nothing_started(http)


def test_a_backup_that_does_not_tell_the_place_cannot_be_restored_in_place(http):
    http.on("POST", "/DoBrowse", DISKS, browsed(machine(nics=NICS, esxHost="", inventoryPath="")))
    with pytest.raises(InputError, match="does not tell where the VM was: esx_host, folder"):
        run(http, shows([]), in_place=IN_PLACE)
    assert nothing_started(http)
