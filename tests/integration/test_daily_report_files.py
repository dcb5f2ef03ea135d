# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the daily reports, made from what was read; what names and reasons hold may be meant badly."""

from __future__ import annotations

import csv
import html.parser
import json
import typing as t
from pathlib import Path

import jsonschema
import pytest

from ansible_collections.calligo.baas.plugins.module_utils._service.protection_document import document
from ansible_collections.calligo.baas.plugins.module_utils._service.protection_figures import Figures, Job, Platform
from ansible_collections.calligo.baas.plugins.module_utils._service.protection_scope import Seen, System
from ansible_collections.calligo.baas.plugins.module_utils._service.report_period import last_day
from ansible_collections.calligo.baas.tests.support.collection import ROOT
from ansible_collections.calligo.baas.tests.support.modules import Json, run_module

SCHEMA = ROOT / "roles" / "daily_report" / "files" / "daily_report.schema.json"
END = 1_800_000_000
HOSTILE = "=cmd|' /C calc'!A0 </td></script><script>alert(1)</script>{{ 7*7 }}\x00\u202e"
TENANTS = [{"host": f"t{number}", "name": f"Tenant <{number}> & Söhne", "alias": f"alias-{number}", "region": "lux"} for number in range(3)]
FILES = ("mail.html", "report.html", "report.json", "systems.csv")


def whole(problems: t.Sequence[Json] = ()) -> Json:
    """Three tenants, each with a system that is well and one that is not; their names are in no other's."""
    systems: list[System] = []
    jobs: list[Job] = []
    for number, tenant in enumerate(TENANTS):
        for part in ("fine", "bad"):
            name = f"srv-{tenant['host']}, {part} {HOSTILE}"
            client, _comma, subclient = name.partition(", ")
            good = part == "fine"
            systems.append(
                System(f"files/{tenant['alias']}/{client}/{part}", tenant["host"], "file", name, client, plan=f"plan-{tenant['host']}")
            )
            good = part == "fine"
            times: Json = {"start": END - 7200, "end": END - 3600}
            place: Json = {"client_id": 20 + number, "client": client, "application": 33, "instance": "", "subclient": subclient}
            size: Json = {"application_bytes": 10, "media_bytes": 5, "objects": 1, "failed_objects": 0}
            ending: Json = {"status": "Completed", "outcome": "success", "reason": ""}
            if not good:
                ending = {"status": "Failed", "outcome": "failed", "reason": f"Reason of {tenant['host']} {HOSTILE}"}
            owner: Json = {
                "id": len(jobs) + 1,
                "parent": 0,
                "synthetic": False,
                "level": "Full",
                "subclient_id": 1,
                "company_id": number + 1,
            }
            jobs.append(Job(**owner, **place, **times, **size, **ending))
    companies: dict[str, int | None] = {tenant["host"]: number + 1 for number, tenant in enumerate(TENANTS)}
    figures = Figures(systems, last_day("Europe/Luxembourg", END, 30), Platform(companies, clients={}, vms=[]))
    for job in jobs:
        figures.add(job)
    seen = Seen(
        unnamed=[{"tenant": one, "name": f"vm-{one} {HOSTILE}", "folder": f"Tenants/{one}", "uuid": None} for one in ("t0", "t1", None)],
        absent=[{"tenant": "t2", "name": "vm-t2-absent", "vm_group": "group-t2"}],
    )
    return document(figures, seen, TENANTS, "lux", problems)


def evidence(folder: Path) -> None:
    """Two restore tests: one drew systems of the first two tenants, and failed for the second."""
    folder.mkdir()
    samples = [
        {"host": "t0", "tenant": TENANTS[0]["name"], "kind": "vm", "id": "vm/alias-0/u", "name": "vm-t0-drawn", "failures": []},
        {"host": "t1", "tenant": TENANTS[1]["name"], "kind": "file", "id": "files/alias-1/x", "failures": ["It is not the same."]},
    ]
    for period in ("2026-12", "2027-01"):
        record = {"period": period, "ended_at": f"{period}-15T00:00:00Z", "result": "failed", "samples": samples}
        (folder / f"restore-test-lux-{period}-a.json").write_text(json.dumps(record), encoding="utf-8")


def prepared(folder: Path) -> Json:
    """The task of the module, and what it reads."""
    evidence(folder / "tests")
    (folder / "protection.json").write_text(json.dumps(whole()), encoding="utf-8")
    return {
        "document": str(folder / "protection.json"),
        "directory": str(folder / "reports"),
        "restore_tests": str(folder / "tests"),
        "made_at": "2027-01-16T06:00:00Z",
    }


@pytest.fixture
def task(tmp_path: Path) -> Json:
    return prepared(tmp_path)


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Json]:
    """The reports that tests only read."""
    return write(prepared(tmp_path_factory.mktemp("daily")))


def write(task: Json, **more: t.Any) -> dict[str, Json]:
    """The reports by host, the provider's under an empty name."""
    result = run_module("daily_report_files", {**task, **more})
    assert not result.get("failed"), result
    return {report["host"]: report for report in result["reports"]}


def texts(report: Json) -> dict[str, str]:
    return {name: (Path(report["directory"]) / name).read_text(encoding="utf-8") for name in FILES}


class Page(html.parser.HTMLParser):
    """What a browser would make of a page: its elements, addresses, ids and visible text. Elements must be closed in order."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.shown: list[str] = []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "input", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.shown.append(data)

    @property
    def text(self) -> str:
        return "".join(self.shown)


def test_the_provider_has_everything_and_each_tenant_nothing_of_another(reports: dict[str, Json]) -> None:
    assert list(reports) == ["", "t0", "t1", "t2"]
    assert len({report["directory"] for report in reports.values()}) == 4
    marks = {tenant["host"]: (tenant["host"], tenant["alias"], tenant["name"], tenant["name"][7:10]) for tenant in TENANTS}
    for host, report in reports.items():
        assert sorted(path.name for path in Path(report["directory"]).iterdir()) == sorted(FILES)
        for name, text in texts(report).items():
            said = Page(text).text if name.endswith("html") else text
            assert host == "" or marks[host][0] in said
            for other in (other for other in marks if host not in ("", other)):
                assert not any(mark in text or mark in said for mark in marks[other]), (host, name, other)
    provider = Page(texts(reports[""])["report.html"]).text
    assert all(f"srv-{tenant['host']}, bad" in provider and tenant["name"] in provider for tenant in TENANTS)


def test_what_names_hold_is_text_everywhere(reports: dict[str, Json]) -> None:
    said = texts(reports[""])
    for name in ("report.html", "mail.html"):
        page = Page(said[name])
        scripts = [tag for tag, _attributes in page.tags if tag == "script"]
        assert len(scripts) == (name == "report.html")
        assert "<script>alert(1)</script>{{ 7*7 }}\ufffd" in page.text and "\x00" not in said[name]
    rows = list(csv.reader(said["systems.csv"].splitlines()))
    assert len(rows) == 7 and len({len(row) for row in rows}) == 1
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_the_page_needs_no_network_and_is_told_to_all_readers(reports: dict[str, Json]) -> None:
    page = Page(texts(reports[""])["report.html"])
    addresses = [value for _tag, given in page.tags for key, value in given.items() if key in ("src", "href", "action") and value]
    assert addresses == ["#todo"]
    ids = [given["id"] for _tag, given in page.tags if given.get("id")]
    assert len(ids) == len(set(ids))
    policy = next(given["content"] for tag, given in page.tags if tag == "meta" and given.get("http-equiv"))
    assert policy and policy.startswith("default-src 'none'")
    heads = [given for tag, given in page.tags if tag == "th"]
    assert heads and all(given.get("scope") in ("col", "row") for given in heads)
    assert sum(tag == "svg" for tag, _given in page.tags) == 3
    first = page.text.index("To do today")
    assert first < page.text.index("Backups that did not succeed") < page.text.index("All systems") < page.text.index("Day by day")


def test_the_mail_has_tables_alone(reports: dict[str, Json]) -> None:
    page = Page(texts(reports["t1"])["mail.html"])
    assert {tag for tag, _given in page.tags} <= {"html", "head", "meta", "title", "body", "table", "tr", "td", "th", "b", "p", "bdi"}


def test_the_json_is_what_its_schema_says(reports: dict[str, Json]) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    for report in reports.values():
        jsonschema.validate(json.loads(texts(report)["report.json"]), schema)
    known = {host: json.loads(texts(report)["report.json"]) for host, report in reports.items()}
    assert [row["state"] for row in known["t0"]["todo"]] == ["failed", "unnamed"]
    assert [row["state"] for row in known["t2"]["todo"]] == ["failed", "absent"]
    assert [test["result"] for test in known["t0"]["restore_tests"]] == ["passed", "passed"]
    assert [test["result"] for test in known["t1"]["restore_tests"]] == ["failed", "failed"]
    assert known["t2"]["restore_tests"] == [] and [test["period"] for test in known[""]["restore_tests"]] == ["2027-01", "2026-12"]


def test_what_a_backup_check_has_done_is_told_to_each_for_itself(task: Json, tmp_path: Path) -> None:
    systems = {
        host: next(row["id"] for row in whole()["systems"] if row["tenant"] == host and row["state"] == "failed") for host in ("t0", "t1")
    }
    problems = [
        {"tenant": host, "system": system, "end": "escalated", "ticket_tenant": host, "ticket": {"number": f"T-{host} {HOSTILE}"}}
        for host, system in systems.items()
    ]
    problems.append({"tenant": "t0", "system": "gone", "end": "resolved", "ticket_tenant": "alias-0", "ticket": None})
    record = {"format": "calligo.baas/backup_check/1", "problems": problems}
    (tmp_path / "2027-01-15.json").write_text(json.dumps(record), encoding="utf-8")
    told = {host: texts(report) for host, report in write(task, checks=str(tmp_path)).items()}
    reports = {host: json.loads(files["report.json"]) for host, files in told.items()}
    jsonschema.validate(reports["t0"], json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert [row["handled"].split(" <")[0][:11] for row in reports["t0"]["todo"]] == ["ticket T-t0", ""]
    assert {host: (one["check"]["resolved"], one["check"]["escalated"]) for host, one in reports.items()} == {
        "": (1, 2),
        "t0": (1, 1),
        "t1": (0, 1),
        "t2": (0, 0),
    }
    assert "Backup check: 1 resolved, 1 escalated, 0 accepted, 0 open." in Page(told["t0"]["report.html"]).text
    assert not [host for host in ("t0", "t2") for text in told[host].values() if "T-t1" in text]
    (tmp_path / "2027-01-15.json").write_text("{}", encoding="utf-8")
    assert any("backup check" in text for text in write(task, checks=str(tmp_path))[""]["problems"])


def test_the_same_again_is_the_same_but_for_the_time_of_making(task: Json) -> None:
    before = {host: texts(report) for host, report in write(task).items()}
    assert not any(report["changed"] for report in write(task).values())
    later = {host: texts(report) for host, report in write(task, made_at="2027-01-16T07:00:00Z").items()}
    assert {
        host: {name: text.replace("2027-01-16T07:00:00Z", "2027-01-16T06:00:00Z") for name, text in files.items()}
        for host, files in later.items()
    } == before


def test_what_could_not_be_read_is_said_and_a_tenant_reads_no_names_of_the_platform(task: Json) -> None:
    problems: list[Json] = [
        {"tenant": None, "text": "vc-lux.provider.example does not answer"},
        {"tenant": "t1", "text": "Commvault has no company"},
    ]
    Path(task["document"]).write_text(json.dumps(whole(problems)), encoding="utf-8")
    (Path(task["restore_tests"]) / "restore-test-lux-2027-02-b.json").write_text("{", encoding="utf-8")
    reports = write(task)
    assert not any(report["complete"] for report in reports.values())
    assert len(reports[""]["problems"]) == 3 and len(reports["t0"]["problems"]) == 1
    said = {host: texts(report) for host, report in reports.items()}
    for name in ("report.html", "mail.html", "report.json"):
        assert "vc-lux.provider.example" in said[""][name] and "2027-02-b.json" in said[""][name]
        assert not any("vc-lux" in said[host][name] or "2027-02" in said[host][name] for host in ("t0", "t1", "t2"))
        assert "has no company" in said["t1"][name] and "has no company" not in said["t0"][name]
    assert "Nothing has to be done" not in said["t2"]["report.html"]


def test_check_mode_writes_nothing(task: Json) -> None:
    result = run_module("daily_report_files", task, check=True)
    assert result["changed"] and not Path(task["directory"]).exists()


@pytest.mark.parametrize("content", ["", "[]", '{"format": "calligo.baas/protection/2"}'])
def test_a_file_that_is_no_document_is_named(task: Json, content: str) -> None:
    Path(task["document"]).write_text(content, encoding="utf-8")
    assert task["document"] in run_module("daily_report_files", task)["msg"]


def test_without_the_library_of_charts_the_error_says_so(task: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pygal", None)
    assert "pygal" in run_module("daily_report_files", task)["msg"] and not list(Path(task["directory"]).rglob("*"))
