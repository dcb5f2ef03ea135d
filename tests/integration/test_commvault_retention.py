# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.aging import DAY, advance, age
from ansible_collections.calligo.baas.tests.support.modules import Modules
from ansible_collections.calligo.baas.tests.support.walk import recorded, step
from commvaultsim.sandbox import Sandbox

MODULE = "commvault_retention"
PLAN = 'keep "50 %" a+b\\c / é'
FILES = {"client": "acme-fs01", "subclient": "data"}
MONTHLY = [{"type": "monthly_fulls", "retention_days": 365}]


@pytest.fixture(scope="module")
def aging(tmp_path_factory):
    """A sandbox of this file's own, because it moves the clock; a company with a plan and a subclient."""
    with Sandbox(tmp_path_factory.mktemp("aging"), job_seconds=0.2) as sandbox:
        modules = Modules(sandbox)
        modules("commvault_company", tenant.COMPANY)
        yield modules


@pytest.fixture
def modules(aging):
    yield aging
    aging.sandbox.control("DELETE", "/faults")


def destination(name="Primary", **more):
    return {"name": name, "storage_pool": "lux-pool-01", "region": "luxembourg", "retention_days": 30, **more}


def make(modules, name, *destinations):
    """A plan, and a subclient of its name that it protects."""
    modules("commvault_plan", tenant.inside({"name": name, "destinations": list(destinations) or [destination()]}))
    subclient = {"client": "acme-fs01", "name": "data", "plan": name, "content": ["D:\\Data"]}
    modules("commvault_subclient", tenant.inside({"subclients": [subclient]}))
    return name


def backup(modules, level="full"):
    wish = {"subclients": [{"client": "acme-fs01", "name": "data"}], "level": level, "wait": False}
    job = modules("commvault_backup", tenant.inside(wish))["jobs"][0]["id"]
    # Faster than to wait for it.
    modules.sandbox.control("POST", "/clock", {"advance": 2})
    return job


def wish_for(plan, **options):
    return tenant.inside({"plan": plan, **options})


def kept(modules):
    """The entries that a restore could take now, and the jobs that they come from."""
    entries = modules("commvault_browse_info", tenant.inside({**FILES, "path": "D:\\Data", "recursive": True}))["entries"]
    return {entry["backup_job"] for entry in entries if entry["type"] == "file"}


def test_walk(modules):
    plan = make(modules, PLAN, destination(), destination("Secondary", source="Primary", retention_days=90))
    for options, days in (
        ({"destination": "primary", "retention_days": 45}, [45]),
        ({"retention_days": 120, "extended_retention": MONTHLY}, [120, 120]),
        ({"destination": "Secondary", "region": "Luxembourg", "retention_days": "infinite", "extended_retention": []}, [-1]),
        ({"data_aging": False}, [120, -1]),
        ({"data_aging": True}, [120, -1]),
        ({"retention_days": 10, "allow_decrease": True, "extended_retention": []}, [10, 10]),
    ):
        wish = wish_for(plan, **options)
        predicted = step(modules, MODULE, wish, check=True, changed=True)
        done = step(modules, MODULE, wish, check=False, changed=True)
        assert predicted["retention"] == done["retention"] and predicted["aging_out"] == done["aging_out"]
        assert [row["retention_days"] for row in done["retention"]["destinations"]] == days
        step(modules, MODULE, wish, check=True, changed=False)
        step(modules, MODULE, wish, check=False, changed=False)


def test_a_plan_destination_or_region_that_is_missing_is_named(modules):
    plan = make(modules, "missing parts")
    for options, said in (
        (wish_for("none", retention_days=1), 'The plan "none" does not exist'),
        (wish_for(plan, destination="Third", retention_days=1), '"Third"'),
        (wish_for(plan, region="jersey", retention_days=1), 'in the region "jersey"'),
    ):
        assert said in modules.failure(MODULE, options)["msg"]
        assert said in str(step(modules, MODULE, options, check=True, changed=True)["warnings"])


@pytest.mark.parametrize("check", [True, False])
def test_a_shorter_retention_is_refused_with_what_it_would_cost(modules, check):
    plan = make(modules, f"cost {check}")
    old = backup(modules)
    advance(modules, 20)
    new = backup(modules)
    wish = wish_for(plan, destination="Primary", retention_days=14)
    result = modules.failure(MODULE, wish, check=check)
    loss = result["error"]["aging_out"]
    assert loss["job_ids"] == [old] and loss["jobs"] == 1 and loss["bytes"] > loss["media_bytes"] > 0
    assert '"Primary" from 30 days to 14 days' in result["msg"] and "allow_decrease" in result["msg"]
    assert f"1 jobs with {loss['bytes']} bytes" in result["msg"] and result["error"]["kind"] == "Refused"
    allowed = step(modules, MODULE, {**wish, "allow_decrease": True}, check=check, changed=True)
    assert allowed["aging_out"] == loss
    if not check:
        age(modules)
        assert kept(modules) == {new}
        files = {**FILES, "paths": ["D:\\Data\\Budget 2026.xlsx"], "in_place": True, "job_id": old}
        assert "aged" in modules.failure("commvault_restore", tenant.inside({"files": files}))["msg"]


@pytest.mark.parametrize("extended", [[], MONTHLY, [{"type": "weekly_fulls", "retention_days": 60}]])
def test_what_is_said_to_age_out_is_what_ages_out(modules, extended):
    plan = make(modules, f"exact {extended[0]['type'] if extended else 'days'}")
    jobs = []
    for level in ("full", "incremental", "full", "incremental", "incremental", "full"):
        jobs.append(backup(modules, level))
        advance(modules, 8)
    jobs.append(backup(modules, "incremental"))
    wish = wish_for(plan, retention_days=20, extended_retention=extended, allow_decrease=True)
    loss = step(modules, MODULE, wish, check=False, changed=True)["aging_out"]
    before = {row["id"] for row in modules("commvault_job_info", tenant.inside({**FILES, "since_seconds": 90 * DAY}))["jobs"]}
    age(modules)
    after = {row["id"] for row in modules("commvault_job_info", tenant.inside({**FILES, "since_seconds": 90 * DAY}))["jobs"]}
    assert set(loss["job_ids"]) == (before - after) & set(jobs) and loss["jobs"] >= 1
    assert step(modules, MODULE, {**wish, "retention_days": 19}, check=True, changed=True)["aging_out"]["jobs"] == 0


def test_a_server_that_keeps_cycles_loses_no_more_than_was_said(modules):
    plan = make(modules, "cycles")
    job = backup(modules)
    advance(modules, 40)
    modules.sandbox.control("POST", "/faults", {"name": "retention_cycles"})
    wish = wish_for(plan, retention_days=5, allow_decrease=True)
    step(modules, MODULE, wish, check=False, changed=True)
    age(modules)
    assert kept(modules) == {job}


def test_a_job_is_kept_for_an_audit(modules):
    plan = make(modules, "audit")
    job, other = backup(modules), backup(modules)
    pin = wish_for(plan, destination="Primary", job_ids=[job], retain_until="2099-12-31")
    for check, changed in ((True, True), (False, True), (True, False), (False, False)):
        result = step(modules, MODULE, pin, check=check, changed=changed)
        assert result["retention"]["jobs"] == [{"id": job, "retain_until": "2099-12-31T23:59:59Z"}]
    advance(modules, 31)
    last = backup(modules)
    age(modules)
    assert kept(modules) == {last} and other != last
    files = {
        **FILES,
        "paths": ["D:\\Data\\Budget 2026.xlsx"],
        "destination_client": "lux-restore-01",
        "destination_path": "E:\\RestoreTest",
    }
    assert modules("commvault_restore", {"files": {**files, "job_id": job}, "company": tenant.COMPANY["name"]})["changed"]
    release = wish_for(plan, destination="Primary", job_ids=[job], retain_until="rules")
    for wish in (release, {**pin, "retain_until": "2098-01-01"}):
        failed = modules.failure(MODULE, wish)
        assert f"job {job} from 2099-12-31T23:59:59Z" in failed["msg"] and "allow_decrease" in failed["msg"]
    assert modules.failure(MODULE, release)["error"]["aging_out"]["job_ids"] == [job]
    result = step(modules, MODULE, {**release, "allow_decrease": True}, check=False, changed=True)
    assert result["aging_out"]["job_ids"] == [job] and result["retention"]["jobs"] == [{"id": job, "retain_until": "rules"}]
    age(modules)
    assert "holds no job" in modules.failure(MODULE, pin)["msg"]


def test_jobs_are_kept_for_ever_in_one_request(modules):
    plan = make(modules, "for ever")
    jobs = [backup(modules), backup(modules)]
    wish = wish_for(plan, destination="Primary", job_ids=jobs, retain_until="infinite")
    result, requests = recorded(modules, MODULE, wish)
    assert result["changed"] and [row["path"].rsplit("/", 1)[1] for row in requests if row["writes"]] == ["JobOperations"]
    step(modules, MODULE, wish, check=False, changed=False)
    # No job would be lost by that, since the rules keep them too.
    step(modules, MODULE, {**wish, "retain_until": "rules"}, check=False, changed=True)


def test_data_aging_that_goes_on_again_is_a_decrease_where_something_waits_for_it(modules):
    plan = make(modules, "suspended")
    job = backup(modules)
    step(modules, MODULE, wish_for(plan, data_aging=False), check=False, changed=True)
    advance(modules, 40)
    age(modules)
    assert kept(modules) == {job}
    resume = wish_for(plan, data_aging=True)
    backup(modules)
    failed = modules.failure(MODULE, resume)
    assert "goes on again" in failed["msg"] and failed["error"]["aging_out"]["job_ids"] == [job]
    step(modules, MODULE, {**resume, "allow_decrease": True}, check=False, changed=True)


def pool(modules, name, **changes):
    """Change a storage pool behind the API, as its administrators would."""
    modules.sandbox.control("POST", "/pool", {"name": name, **changes})


@pytest.fixture
def jersey(modules):
    """A plan on a pool whose locks and retention a test changes."""
    name = "on its own pool"
    where = {"name": "Primary", "storage_pool": "jer-pool-01", "region": "jersey"}
    modules("commvault_plan", tenant.inside({"name": name, "destinations": [where], "require_encryption": False}))
    yield name
    pool(modules, "jer-pool-01", worm=0, retention_days=-1)


def test_a_destination_that_follows_its_pool_is_told_and_left_alone(modules, jersey):
    pool(modules, "jer-pool-01", retention_days=60)
    found = step(modules, MODULE, wish_for(jersey, retention_days=60), check=False, changed=False)["retention"]["destinations"][0]
    assert found["follows_pool"] and found["retention_days"] == found["pool_retention_days"] == 60
    own = step(modules, MODULE, wish_for(jersey, retention_days=60, follow_pool=False), check=False, changed=True)
    assert own["retention"]["destinations"][0]["follows_pool"] is False
    step(modules, MODULE, wish_for(jersey, retention_days=90), check=False, changed=True)
    assert '"Primary" from 90 days to 60 days' in modules.failure(MODULE, wish_for(jersey, follow_pool=True))["msg"]
    back = step(modules, MODULE, wish_for(jersey, follow_pool=True, allow_decrease=True), check=False, changed=True)
    assert back["retention"]["destinations"][0]["follows_pool"]


def test_a_worm_pool_decides_alone(modules, jersey):
    pool(modules, "jer-pool-01", worm=2 | 8, retention_days=30)
    assert modules(MODULE, wish_for(jersey, retention_days=30))["retention"]["destinations"][0]["lock"] == "worm"
    for days in (10, 60):
        failed = modules.failure(MODULE, wish_for(jersey, retention_days=days, allow_decrease=True))
        assert "WORM" in failed["msg"] and "jer-pool-01" in failed["msg"]


@pytest.mark.parametrize("status", ["200", "400"])
def test_locked_retention_grows_and_never_shrinks(modules, jersey, status):
    pool(modules, "jer-pool-01", worm=1, retention_days=30)
    if status == "400":
        modules.sandbox.control("POST", "/faults", {"name": "retention_lock_status"})
    step(modules, MODULE, wish_for(jersey, retention_days=60 + int(status)), check=False, changed=True)
    modules.sandbox.control("DELETE", "/journal")
    failed = modules.failure(MODULE, wish_for(jersey, retention_days=30, allow_decrease=True))
    assert "compliance lock" in failed["msg"]
    assert not [row for row in modules.sandbox.control("GET", "/journal")["requests"] if row["writes"]]


@pytest.mark.parametrize("dialect", ["plan_infinite_absent", "plan_v4_only", "error_code_names", "plan_options_unread"])
def test_every_dialect_gives_the_same(modules, dialect):
    plan = make(modules, f"dialect {dialect}")
    modules.sandbox.control("POST", "/faults", {"name": dialect})
    for options in ({"retention_days": "infinite"}, {"retention_days": 50, "extended_retention": MONTHLY, "allow_decrease": True}):
        step(modules, MODULE, wish_for(plan, **options), check=False, changed=True)
        step(modules, MODULE, wish_for(plan, **options), check=False, changed=False)


def test_a_server_that_does_not_list_jobs_is_said_to_be_silent(modules):
    plan = make(modules, "silent")
    modules.sandbox.control("POST", "/faults", {"name": "http", "method": "GET", "path": "BackupDestination/[0-9]+/Jobs", "status": 404})
    failed = modules.failure(MODULE, wish_for(plan, retention_days=1))
    assert "does not tell how many jobs" in failed["msg"] and failed["error"]["aging_out"]["jobs"] is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"retention_days": "soon"}, "give days from 1 to 9999, or infinite"),
        ({"retention_days": 30, "follow_pool": True}, "Give either retention_days"),
        ({"follow_pool": False}, "needs retention_days"),
        ({"retention_days": 30, "extended_retention": [{"type": "yearly_fulls", "retention_days": 30}]}, "not longer than"),
        ({"destination": "Primary", "job_ids": [1], "retain_until": "next year"}, 'retain_until is "next year"'),
        ({"job_ids": [1], "retain_until": "infinite"}, "destination"),
        ({}, "one of the following is required"),
    ],
)
def test_what_makes_no_sense_is_said(modules, options, said):
    make(modules, "nonsense")
    assert said in modules.failure(MODULE, wish_for("nonsense", **options))["msg"]
