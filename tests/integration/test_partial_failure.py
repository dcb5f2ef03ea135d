# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A call about four objects whose third fails: the result tells what was done, what failed and what was not tried."""

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support.protected import SUBCLIENT, protected

CLIENT = SUBCLIENT["client"]
NAMES = ["one", "two", "three", "four"]
REFUSED = {"status": 500, "body": {"errorCode": 5, "errorMessage": "The database is down"}}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with protected(tmp_path_factory.mktemp("partial-failure")) as world:
        wanted = [{"client": CLIENT, "name": name, "content": ["D:\\Data"], "plan": "Gold"} for name in NAMES]
        world.run("commvault_subclient", {"subclients": wanted})
        world.run("commvault_backup", {"subclients": [{"client": CLIENT, "name": name} for name in NAMES], "level": "full"})
        yield world


@pytest.fixture
def world(running):
    running.sandbox.control("DELETE", "/journal")
    yield running
    running.sandbox.control("DELETE", "/faults")


def failing(world, method, path, module, options):
    """The result of a call, one write of which the server refuses; and that nothing was written after that."""
    world.fault("http", method=method, path=f"{path}$", **REFUSED)
    result = world.failure(module, options)
    assert result["changed"] is True and "The database is down" in result["msg"]
    assert len(world.writes()) == 3, "the third was tried last"
    return result


def in_parts(labels):
    return {"done": labels[:2], "failed": [labels[2]], "not_tried": [labels[3]]}


def subclients(world):
    found = world.run("commvault_subclient_info", {"clients": [CLIENT], "names": NAMES})["subclients"]
    return {row["name"]: row for row in found}


def test_subclients_of_files(world):
    number = subclients(world)["three"]["id"]
    elements = [{"client": CLIENT, "name": name, "description": "changed"} for name in NAMES]
    result = failing(world, "POST", f"/Subclient/{number}", "commvault_subclient", {"subclients": elements})
    assert result["progress"] == in_parts([f"{CLIENT} / defaultBackupSet / {name}" for name in NAMES])
    assert [(row["name"], row["description"], row["changed"]) for row in result["subclients"]] == [
        ("one", "changed", True),
        ("two", "changed", True),
    ]
    world.sandbox.control("DELETE", "/faults")
    assert [subclients(world)[name]["description"] for name in NAMES] == ["changed", "changed", "", ""]
    again = world.run("commvault_subclient", {"subclients": elements})
    assert [row["changed"] for row in again["subclients"]] == [False, False, True, True], "the next run ends it"


def test_activities(world):
    number = subclients(world)["three"]["id"]
    elements = [{"client": CLIENT, "subclient": name, "backup": False} for name in NAMES]
    result = failing(world, "PUT", f"/V4/Subclient/{number}/Backup/Action/Disable", "commvault_activity", {"activities": elements})
    assert result["progress"] == in_parts([f"{CLIENT} / defaultBackupSet / {name}" for name in NAMES])
    assert [(row["subclient"], row["backup"]) for row in result["activities"]] == [("one", False), ("two", False)]
    world.sandbox.control("DELETE", "/faults")
    world.run("commvault_activity", {"activities": [{**element, "backup": True} for element in elements]})


def test_backups_tell_the_jobs_that_were_started(world):
    number = subclients(world)["three"]["id"]
    targets = {"subclients": [{"client": CLIENT, "name": name} for name in NAMES], "level": "full"}
    result = failing(world, "POST", f"/Subclient/{number}/action/backup", "commvault_backup", targets)
    assert result["progress"] == in_parts([f"{CLIENT}/defaultBackupSet/{name}" for name in NAMES])
    assert result["started"] is True and [row["name"] for row in result["targets"]] == ["one", "two"]
    jobs = [job["id"] for job in result["jobs"]]
    assert jobs == [job for row in result["targets"] for job in row["jobs"]] and len(jobs) == 2
    world.sandbox.control("DELETE", "/faults")
    assert [job["outcome"] for job in world.run("commvault_job", {"job_ids": jobs})["jobs"]] == ["success", "success"]


def test_a_backup_that_fails_in_the_end_tells_its_jobs_too(world):
    world.fault("job_fail", match="two", reason="The disk library is full", times=1)
    result = world.failure("commvault_backup", {"subclients": [{"client": CLIENT, "name": name} for name in NAMES], "level": "full"})
    assert [job["outcome"] for job in result["jobs"]] == ["success", "failed", "success", "success"] and result["changed"] is True
    assert result["progress"] == {"done": [f"{CLIENT}/defaultBackupSet/{name}" for name in NAMES], "failed": [], "not_tried": []}


def test_jobs(world):
    world.fault("job_waiting", reason="The disk library is busy")
    started = world.run("commvault_backup", {"subclients": [{"client": CLIENT, "name": name} for name in NAMES], "wait": False})
    jobs = [job["id"] for job in started["jobs"]]
    while not all("busy" in job["reason"] for job in world.run("commvault_job_info", {"job_ids": jobs})["jobs"]):
        pass
    world.sandbox.control("DELETE", "/journal")
    kill = {"job_ids": jobs, "state": "killed"}
    result = failing(world, "POST", f"/Job/{jobs[2]}/action/kill", "commvault_job", kill)
    assert result["progress"] == in_parts([f"job {job}" for job in jobs])
    assert [(job["id"], job["status"], job["changed"]) for job in result["jobs"]] == [(job, "Killed", True) for job in jobs[:2]]
    world.sandbox.control("DELETE", "/faults")
    world.run("commvault_job", kill)


def test_sql_server_instances(world):
    homes = {"acme-sql01": "ACME-SQL01\\PROD", "cafe-sql01": "CAFE-SQL01", "boreal-sql01": "BOREAL-SQL01"}
    elements = [{"client": client, "instance": instance} for client, instance in homes.items()]
    number = world.run("commvault_sql_instance", {"instances": elements})["instances"][2]["id"]
    elements = [{**element, "description": "changed"} for element in elements]
    elements.append({"client": "lux-sql-restore-01", "instance": "LUX-SQL-RESTORE-01", "description": "changed"})
    result = failing(world, "POST", f"/Instance/{number}", "commvault_sql_instance", {"instances": elements})
    assert result["progress"] == in_parts([f"{element['client']} / {element['instance']}" for element in elements])
    assert [(row["description"], row["changed"]) for row in result["instances"]] == [("changed", True), ("changed", True)]


def test_subclients_of_databases(world):
    home = {"client": "acme-sql01", "instance": "ACME-SQL01\\PROD"}
    databases = dict(zip(NAMES, ["Sales", "Übersicht Köln 2026", "Warehouse", "Test copy"], strict=True))
    elements = [{**home, "name": name, "databases": [database]} for name, database in databases.items()]
    number = world.run("commvault_sql_subclient", {"subclients": elements})["subclients"][2]["id"]
    world.sandbox.control("DELETE", "/journal")
    changed = [{**home, "name": name, "description": "changed"} for name in NAMES]
    result = failing(world, "POST", f"/Subclient/{number}", "commvault_sql_subclient", {"subclients": changed})
    assert result["progress"] == in_parts([f"acme-sql01 / ACME-SQL01\\PROD / {name}" for name in NAMES])
    assert [(row["name"], row["description"]) for row in result["subclients"]] == [("one", "changed"), ("two", "changed")]
