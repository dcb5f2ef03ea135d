# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

import pytest

from ansible_collections.calligo.baas.tests.support.modules import Modules
from ansible_collections.calligo.baas.tests.support.walk import recorded, step, walk

MODULE = "commvault_subclient"
CLIENT = "cafe-fs02"
GOLD, SILVER = 'Gold "Übersicht" 50 % + 1/2 \\ é', "Silver for subclients"
SERVICE_FILTERS = ["**\\Winsxs\\", "**\\Pagefile.sys", "**\\SoftwareDistribution*"]
ODD_NAMES = [
    "two  spaces",
    "a/b\\c",
    'it\'s "quoted"',
    "100 % + 50%20",
    "Écréhous & Köln ß",
    "name?fq=x&y=z#1",
    "(byName='x')",
]


def plan(modules, name):
    destination = {"name": "Primary", "storage_pool": "lux-pool-01", "retention_days": "30"}
    modules("commvault_plan", {"name": name, "destinations": [destination]})


@pytest.fixture(scope="module", autouse=True)
def plans(sandbox):
    plan(Modules(sandbox), GOLD)
    plan(Modules(sandbox), SILVER)


def one(name="data", **options):
    return {"subclients": [{"client": CLIENT, "name": name, **options}]}


def test_the_twelve_steps(modules):
    present = one(content=["D:\\Kasse"], filters=SERVICE_FILTERS, plan=GOLD, vss="locked_files", description="Die Kasse")
    changed = one(content=["D:\\Kasse\\Tag 1\\", "D:"], filters=[], exceptions=["D:\\Kasse\\Tag 1\\*.txt"], plan=SILVER, vss="all_files")
    changed["subclients"][0] |= {"description": "", "backup_enabled": False}
    results = walk(modules, MODULE, present, changed, one(state="absent"))
    made = results["create"]["subclients"][0]
    assert made["content"] == ["D:\\Kasse"] and made["filters"] == SERVICE_FILTERS and made["plan"] == GOLD
    predicted = results["create check"]["subclients"][0]
    assert predicted == {key: made[key] for key in predicted}, "what check mode says is what happens"
    after = results["change again"]["subclients"][0]
    assert after == {
        "changed": False,
        "id": made["id"],
        "client": CLIENT,
        "backupset": "defaultBackupSet",
        "name": "data",
        "content": ["D:\\Kasse\\Tag 1\\", "D:"],
        "filters": [],
        "exceptions": ["D:\\Kasse\\Tag 1\\*.txt"],
        "plan": SILVER,
        "vss": "all_files",
        "description": "",
        "backup_enabled": False,
    }
    assert {**after, "changed": True} == results["change"]["subclients"][0] == results["change check"]["subclients"][0]
    before, changed_to = results["change"]["diff"][0]["before"], results["change"]["diff"][0]["after"]
    assert before["content"] == ["D:\\Kasse"] and changed_to["content"] == ["D:\\Kasse\\Tag 1\\", "D:"]


def test_another_spelling_is_no_change(modules):
    modules(MODULE, one("spelling", content=["D:\\Kasse\\"], filters=["**\\Winsxs\\"]))
    step(modules, MODULE, one("SPELLING", content=["d:\\kasse"], filters=["**\\WINSXS"]), check=False, changed=False)
    modules(MODULE, one("spelling", state="absent"))


@pytest.mark.parametrize("path", ["/srv/data", "D:/Data", "D:\\\\Data", "Data"])
def test_content_that_can_be_no_path_is_refused_for_what_is_there_too(modules, path):
    modules(MODULE, one("form", content=["D:\\Kasse"]))
    failed = modules.failure(MODULE, one("form", content=[path]))
    assert f'cannot be "{path}"' in failed["msg"]
    step(modules, MODULE, one("form", content=["D:\\Kasse"]), check=False, changed=False)
    modules(MODULE, one("form", state="absent"))


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_and_paths(modules, name):
    path = f"D:\\{name.replace('/', '').replace(chr(34), '')}\\**\\*.tmp"
    wanted = {**one(name, content=[path], filters=[f"**\\{name}*"], description=name), "missing_content": "warn"}
    made = step(modules, MODULE, wanted, check=False, changed=True)["subclients"][0]
    assert (made["name"], made["content"], made["description"]) == (name, [path], name)
    step(modules, MODULE, wanted, check=False, changed=False)
    step(modules, MODULE, one(name, state="absent"), check=False, changed=True)
    step(modules, MODULE, one(name, state="absent"), check=False, changed=False)


def test_requests_are_few(modules):
    count = 12
    content = ["D:\\Kasse"]
    wanted = {"subclients": [{"client": CLIENT, "name": f"few {n}", "content": content, "plan": GOLD} for n in range(count)]}
    modules(MODULE, wanted)
    _result, requests = recorded(modules, MODULE, wanted)
    assert len(requests) == 3, "login, one list with everything, logout"
    first = {"subclients": [{**wanted["subclients"][0], "content": ["D:\\"], "filters": ["*.tmp"], "plan": SILVER}]}
    _result, requests = recorded(modules, MODULE, first)
    assert [f"{row['method']} {re.sub('[0-9]+', '<id>', row['path'].split('/api')[1].replace('V4', 'V?'))}" for row in requests[1:-1]] == [
        "GET /Subclient",
        "GET /Client/<id>/browsefs",
        "GET /V?/Plan/Summary",
        "POST /Subclient/<id>",
    ]
    modules(MODULE, {"subclients": [{"client": CLIENT, "name": f"few {n}", "state": "absent"} for n in range(count)]})


def test_the_default_subclient(modules):
    name = one("default", backup_enabled=False, filters=SERVICE_FILTERS)
    made = step(modules, MODULE, name, check=False, changed=True)["subclients"][0]
    assert made["content"] == ["\\"] and made["backup_enabled"] is False
    step(modules, MODULE, name, check=False, changed=False)
    refused = modules.failure(MODULE, one("default", state="absent"))
    assert refused["error"]["kind"] == "Refused" and "cannot be deleted" in refused["msg"]
    modules(MODULE, one("default", backup_enabled=True, filters=[]))


def test_nothing_is_half_written(modules):
    first = {"client": CLIENT, "name": "half", "content": ["D:\\Kasse"]}
    for second, text in (
        ({"client": "no-such-server", "name": "x", "content": ["D:\\"]}, 'client "no-such-server" does not exist'),
        ({"client": CLIENT, "name": "x", "content": ["D:\\"], "plan": "no such plan"}, 'plan "no such plan" does not exist'),
        ({"client": CLIENT, "backupset": "no set", "name": "x", "content": ["D:\\"]}, '"no set" does not exist'),
        ({"client": CLIENT, "name": "x"}, "give its content"),
        ({"client": "lux-an-01", "name": "x", "content": ["D:\\"]}, "file system agent"),
    ):
        modules.sandbox.control("DELETE", "/journal")
        failed = modules.failure(MODULE, {"subclients": [first, second]})
        assert text in failed["msg"]
        assert not [row for row in modules.sandbox.control("GET", "/journal")["requests"] if row["writes"]]


def test_what_is_missing_is_a_warning_in_check_mode(modules):
    wanted = {"client": "no-such-server", "name": "x", "content": ["D:\\"], "plan": "no such plan"}
    result = step(modules, MODULE, {"company": "No such company", "subclients": [wanted]}, check=True, changed=True)
    for name in ("No such company", "no-such-server", "no such plan"):
        assert any(name in str(warning) for warning in result["warnings"]), name


def test_a_deletion_that_waits_for_approval_is_not_called_done(modules):
    modules(MODULE, one("approve", content=["D:\\Kasse"]))
    modules.sandbox.control("POST", "/faults", {"name": "pending_approval", "times": 1})
    failed = modules.failure(MODULE, one("approve", state="absent"))
    assert "approval" in failed["msg"]
    step(modules, MODULE, one("approve", state="absent"), check=False, changed=True)


def test_a_company_manages_only_its_own_servers(fresh_sandbox):
    modules = Modules(fresh_sandbox)
    for name, server in (("Café Müller & Söhne", "cafe-fs01"), ("Boréal Îles Ltd", "boreal-fs01")):
        modules("commvault_company", {"name": name, "alias": name[:4].lower().replace("é", "e"), "servers": [server]})
    wanted = {"company": "Café Müller & Söhne", "subclients": [{"client": "cafe-fs01", "name": "data", "content": ["D:\\Rezepte"]}]}
    walked = walk(modules, MODULE, wanted, one_of(wanted, content=["D:\\Bilder"]), one_of(wanted, state="absent"))
    assert walked["create"]["subclients"][0]["client"] == "cafe-fs01"
    for server in ("boreal-fs01", "acme-fs01"):
        fresh_sandbox.control("DELETE", "/journal")
        failed = modules.failure(MODULE, one_of(wanted, client=server))
        assert server in failed["msg"]
        assert not [row for row in fresh_sandbox.control("GET", "/journal")["requests"] if row["writes"]]


def one_of(options, **changed):
    return {**options, "subclients": [{**options["subclients"][0], **changed}]}


@pytest.mark.parametrize(
    "path", ["D:\\Kase", "Q:\\Kasse", "D:\\Kasse\\Tag 9\\*.txt", "D:\\Kasse\\*.docx", "D:\\Nowhere\\deep\\**", "D:\\Kasse\\none\\"]
)
def test_content_that_matches_nothing_on_the_client_is_refused(modules, path):
    modules(MODULE, one("there", content=["D:\\Kasse"]))
    modules.sandbox.control("DELETE", "/journal")
    for name in ("there", "not there yet"):
        failed = modules.failure(MODULE, one(name, content=["D:\\Kasse", path]))
        assert failed["error"]["kind"] == "Refused" and f"The content {path} of" in failed["msg"]
        assert "is not there" in modules.failure(MODULE, one(name, content=["D:\\Kasse", path]), check=True)["msg"]
    assert not [row for row in modules.sandbox.control("GET", "/journal")["requests"] if row["writes"]]
    made = modules(MODULE, {**one("there", content=["D:\\Kasse", path]), "missing_content": "warn"})
    assert "is not there" in str(made["warnings"])
    _result, requests = recorded(modules, MODULE, one("there", content=["d:\\kasse\\", path], description="x"))
    assert not [row for row in requests if "browsefs" in row["path"]], "what was taken already is not looked for"
    modules(MODULE, one("there", state="absent"))


@pytest.mark.parametrize(
    "path", ["\\", "D:", "d:\\KASSE\\Tag 1", "D:\\Kasse\\*.zip", "D:\\Kasse\\Tag ?\\*", "D:\\**\\*.tmp", "D:\\Kasse\\Export 2026.zip"]
)
def test_content_that_matches_something_is_taken(modules, path):
    made = modules(MODULE, one("matching", content=[path]))
    assert made["changed"] and not made.get("warnings")
    modules(MODULE, one("matching", state="absent"))


@pytest.mark.parametrize("path", ["\\\\nas\\share", "%Documents%"])
def test_content_that_is_nowhere_on_the_client_is_said_to_be_unknown(modules, path):
    made = modules(MODULE, one("elsewhere", content=[path]))
    assert made["changed"] and "It is not known" in str(made["warnings"])
    modules(MODULE, one("elsewhere", state="absent"))


@pytest.mark.parametrize(
    "answer", [{"status": 404, "body": {}}, {"status": 200, "body": {"entries": []}}, {"status": 200, "body": {"nodes": []}}]
)
def test_a_client_that_cannot_be_looked_into_is_said_to_be_unknown(modules, answer):
    modules.sandbox.control("POST", "/faults", {"name": "http", "path": "browsefs", **answer})
    made = modules(MODULE, one("unknown", content=["D:"]))
    modules.sandbox.control("DELETE", "/faults")
    assert made["changed"] and "It is not known" in str(made["warnings"])
    modules(MODULE, one("unknown", state="absent"))


def test_the_folders_above_are_each_listed_once(modules):
    wanted = [{"client": CLIENT, "name": name, "content": [f"D:\\Kasse\\{name}", "D:\\Kasse"]} for name in ("Tag 1", "Export 2026.zip")]
    _result, requests = recorded(modules, MODULE, {"subclients": wanted})
    assert len([row for row in requests if "browsefs" in row["path"]]) == 2
    _result, requests = recorded(modules, MODULE, {"subclients": wanted})
    assert not [row for row in requests if "browsefs" in row["path"]]
    modules(MODULE, {"subclients": [{"client": CLIENT, "name": one["name"], "state": "absent"} for one in wanted]})
