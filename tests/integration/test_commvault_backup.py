# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support.protected import GROUP, SUBCLIENT, protected

MODULE = "commvault_backup"
BOTH = {"vm_groups": [GROUP], "subclients": [SUBCLIENT], "level": "full", "start": "if_never_backed_up"}
VMS = ["acme-app-01", "acme-db-01", "acme-web-01"]


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with protected(tmp_path_factory.mktemp("backup")) as world:
        yield world


@pytest.fixture
def world(running):
    yield running
    running.sandbox.control("DELETE", "/faults")


@pytest.fixture
def backed_up(world):
    """There is a backup of everything."""
    world.run(MODULE, BOTH)
    return world


def test_a_first_backup_is_told_made_and_not_made_again(tmp_path):
    with protected(tmp_path) as world:
        told, _asked, writes = world.requests(MODULE, BOTH, check=True)
        assert told["started"] and told["jobs"] == [] and writes == []
        assert [target["action"] for target in told["targets"]] == ["started", "started"]
        made, _asked, writes = world.requests(MODULE, BOTH)
        assert made["changed"] and len(writes) == 2
        of_vms, of_files = made["jobs"]
        assert [(vm["name"], vm["status"]) for vm in of_vms["virtual_machines"]] == [(name, "Completed") for name in VMS]
        assert (of_files["outcome"], of_files["level"], of_files["objects"]) == ("success", "Full", 9)
        for check in (True, False):
            again, _asked, writes = world.requests(MODULE, BOTH, check=check)
            assert not again["changed"] and writes == []
            assert [target["action"] for target in again["targets"]] == ["kept", "kept"]
            assert [job["id"] for job in again["jobs"]] == [of_vms["id"], of_files["id"]]


def test_what_a_partial_first_backup_is_about_has_no_backup_until_one_succeeds(tmp_path):
    with protected(tmp_path) as world:
        vms = [{"name": name, "uuid": vm["instance_uuid"]} for name, vm in world.vms().items()]
        options = {**BOTH, "vm_groups": [{**GROUP, "members": vms}], "fail_on_failure": False}
        world.fault("vm_fail", vm="acme-db-01", reason="The snapshot could not be taken", times=2)
        world.fault("file_unreadable", path="Übersicht\\.docx", times=2)
        for level in ("Full", "Incremental"):
            result = world.run(MODULE, options)
            assert [job["outcome"] for job in result["jobs"]] == ["partial", "partial"]
            assert [job["level"] for job in result["jobs"]] == [level, level], "what is backed up already is not read as a whole again"
            assert [row["name"] for row in result["unprotected"]] == ["acme-db-01", SUBCLIENT["name"]]
            assert "The snapshot could not be taken" in result["unprotected"][0]["reason"]
            told = world.run(MODULE, options, check=True)
            assert told["started"] and [row["name"] for row in told["unprotected"]] == ["acme-db-01", SUBCLIENT["name"]]
        made = world.run(MODULE, options)
        assert made["started"] and made["unprotected"] == []
        again = world.run(MODULE, options)
        assert not again["changed"] and again["unprotected"] == []
        # What Commvault has never seen is said to be without a backup, and gets one.
        stranger = {"name": "boreal-web-01", "uuid": "503b1d0a-0000-0000-0000-000000000000"}
        result = world.run(MODULE, {**options, "vm_groups": [{**GROUP, "members": [*vms, stranger]}]})
        assert result["started"] and [row["name"] for row in result["unprotected"]] == ["boreal-web-01"]


def test_starting_costs_four_requests_and_the_logout(backed_up):
    for options in ({"vm_groups": [GROUP]}, {"subclients": [SUBCLIENT]}):
        result, asked, writes = backed_up.requests(MODULE, {**options, "wait": False})
        assert len(asked) == 5 and asked[-1] == "POST /Logout" and len(writes) == 1
        # So that the next test finds nothing running.
        backed_up.run(MODULE, options)
        assert backed_up.run("commvault_job_info", {"job_ids": result["targets"][0]["jobs"]})["jobs"][0]["outcome"] == "success"


@pytest.mark.parametrize(
    ("level", "shown"), [("incremental", "Incremental"), ("differential", "Differential"), ("synthetic_full", "Synthetic Full")]
)
def test_the_level_arrives(backed_up, level, shown):
    # A synthetic full consolidates what incremental backups made since the last full one.
    backed_up.run(MODULE, {**BOTH, "start": "always", "level": "incremental"})
    result = backed_up.run(MODULE, {**BOTH, "start": "always", "level": level})
    assert [job["level"] for job in result["jobs"]] == [shown, shown]


def test_a_running_backup_is_attached_to(backed_up):
    backed_up.fault("job_waiting", match=SUBCLIENT["name"], reason="No stream is free", for_seconds=1)
    first = backed_up.run(MODULE, {"subclients": [SUBCLIENT], "wait": False})
    result, _asked, writes = backed_up.requests(MODULE, {"subclients": [SUBCLIENT]})
    assert (result["changed"], result["attached"], writes) == (False, True, [])
    assert [job["id"] for job in result["jobs"]] == first["targets"][0]["jobs"] and result["jobs"][0]["outcome"] == "success"


def test_a_backup_of_one_vm_holds_that_vm_alone_and_is_none_of_its_group(backed_up):
    uuid = backed_up.vms()["acme-web-01"]["instance_uuid"]
    backed_up.fault("job_waiting", reason="No stream is free", for_seconds=1)
    started = backed_up.run(MODULE, {"vm_uuids": [uuid], "wait": False})
    group = backed_up.run(MODULE, {"vm_groups": [GROUP]}, check=True)
    assert group["started"] is True, "the running job backs up one VM only"
    result = backed_up.run(MODULE, {"vm_uuids": [uuid]})
    assert result["attached"] and [job["id"] for job in result["jobs"]] == started["targets"][0]["jobs"]
    assert [vm["name"] for vm in result["jobs"][0]["virtual_machines"]] == ["acme-web-01"]


def test_a_pending_job_is_left_alone_at_the_deadline(backed_up):
    backed_up.fault("job_pending", match=SUBCLIENT["name"], reason="The media agent does not answer")
    backed_up.sandbox.control("DELETE", "/journal")
    failed = backed_up.failure(MODULE, {"subclients": [SUBCLIENT], "wait_timeout": 3})
    assert "Pending" in failed["msg"] and "The media agent does not answer" in failed["msg"] and "left alone" in failed["msg"]
    assert backed_up.writes() == ["POST /Subclient/" + str(failed["error"]["jobs"][0]["subclient_id"]) + "/action/backup"]
    backed_up.sandbox.control("DELETE", "/faults")
    (job_id,) = (job["id"] for job in failed["error"]["jobs"])
    result = backed_up.run(MODULE, {"subclients": [SUBCLIENT]})
    assert [job["id"] for job in result["jobs"]] == [job_id] and result["jobs"][0]["outcome"] == "success"


def test_a_failed_job_gives_its_reason(backed_up):
    backed_up.fault("job_fail", match=SUBCLIENT["name"], reason="The disk library is full", times=1)
    failed = backed_up.failure(MODULE, {"subclients": [SUBCLIENT]})
    assert "The disk library is full" in failed["msg"] and failed["error"]["jobs"][0]["status"] == "Failed"


def test_one_vm_that_fails_is_named(backed_up):
    for partial_is_failure in (False, True):
        backed_up.fault("vm_fail", vm="acme-db-01", reason="The snapshot could not be taken", times=1)
        run = backed_up.failure if partial_is_failure else backed_up.run
        result = run(MODULE, {"vm_groups": [GROUP], "fail_on_partial": partial_is_failure})
        assert "acme-db-01: The snapshot could not be taken" in str(result.get("warnings", result["msg"] if partial_is_failure else ""))
    states = {vm["name"]: vm["outcome"] for job in backed_up.run(MODULE, {"vm_groups": [GROUP]})["jobs"] for vm in job["virtual_machines"]}
    assert states == dict.fromkeys(VMS, "success")


def test_a_job_that_protects_nothing_is_a_failure(backed_up):
    empty = {"name": "Nobody", "hypervisor": GROUP["hypervisor"]}
    pattern = {"condition": "equals", "value": "no such VM"}
    backed_up.run("commvault_vm_group", {**empty, "plan": "Gold", "content": {"name_patterns": [pattern]}})
    failed = backed_up.failure(MODULE, {"vm_groups": [empty]})
    assert "Nobody" in failed["msg"] and "protected nothing" in failed["msg"]
    assert backed_up.run(MODULE, {"vm_groups": [empty], "start": "if_never_backed_up"}, check=True)["started"] is True


def test_a_job_that_cannot_be_seen_at_once_is_waited_for(backed_up):
    backed_up.fault("job_invisible", polls=2)
    assert backed_up.run(MODULE, {"subclients": [SUBCLIENT]})["jobs"][0]["outcome"] == "success"


def test_a_start_whose_answer_is_lost_is_found_and_not_repeated(backed_up):
    backed_up.fault("http", method="POST", path="action/backup", reset=True, after=True, times=1)
    backed_up.sandbox.control("DELETE", "/journal")
    result = backed_up.run(MODULE, {"subclients": [SUBCLIENT]})
    assert result["started"] and result["jobs"][0]["outcome"] == "success"
    assert len(backed_up.writes()) == 1


def test_a_lost_answer_is_not_taken_for_that_of_another_vm_of_the_group(backed_up):
    first, second = (backed_up.vms()[name]["instance_uuid"] for name in VMS[:2])
    backed_up.fault("http", method="POST", path=f"VirtualMachines/{second}/backup", reset=True, after=True, times=1)
    result = backed_up.run(MODULE, {"vm_uuids": [first, second]})
    one, other = (row["jobs"] for row in result["targets"])
    assert len(one) == len(other) == 1 and one != other
    held = [[vm["uuid"] for vm in job["virtual_machines"]] for job in result["jobs"]]
    assert held == [[first], [second]]


def test_unknown_targets_are_named(backed_up):
    assert "vCenter X/Acme VMs" in backed_up.failure(MODULE, {"vm_groups": [{**GROUP, "hypervisor": "vCenter X"}]})["msg"]
    assert "acme-fs01/defaultBackupSet/Nichts" in backed_up.failure(MODULE, {"subclients": [{**SUBCLIENT, "name": "Nichts"}]})["msg"]
    assert "first backup" in backed_up.failure(MODULE, {"vm_uuids": ["503b1d0a-0000-0000-0000-000000000000"]})["msg"]
