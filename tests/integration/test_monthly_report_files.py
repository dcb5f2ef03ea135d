# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The monthly reports, made from daily reports, evidence and records of requests that are on file; what is not there is said."""

from __future__ import annotations

import csv
import json
import typing as t
from pathlib import Path

import jsonschema
import pytest

from ansible_collections.calligo.baas.tests.support.collection import ROOT
from ansible_collections.calligo.baas.tests.support.modules import Json, run_module

SCHEMA = ROOT / "roles" / "monthly_report" / "files" / "monthly_report.schema.json"
HOSTILE = "<script>alert(1)</script>{{ 7*7 }}\x00"
MADE = "2026-12-01T06:00:00Z"
# Names that no other has.
TENANTS = (
    {"host": "acme-host", "name": f"Acme Sàrl {HOSTILE}", "alias": "acme"},
    {"host": "boreal-host", "name": "Boréal", "alias": "boreal"},
)
MARKS = {"acme-host": ("acme", "Acme"), "boreal-host": ("boreal", "Boréal")}


def system(host: str, number: int, size: int | None, plan: str = "gold") -> Json:
    alias = host.partition("-")[0]
    name = f"{alias}-fs{number}"
    return {"id": f"files/{alias}/{number}", "tenant": host, "kind": "file", "name": name, "plan": f"{alias}-{plan}", "full_bytes": size}


def daily(day: str, *, complete: bool = True, met: int = 3, missed: int = 1, systems: t.Sequence[Json] = ()) -> Json:
    """A daily report, as far as a month looks into it: each day had two good backups and a failed one of each tenant."""
    span = {"day": day, "success": 2, "partial": 0, "failed": 1}
    row: Json = {"sla": {"met": met, "missed": missed, "excluded": 1, "unknown": 0, "percent": 75.0}, "outcomes": [span]}
    row["traffic"] = [{"day": day, "application_bytes": 20, "media_bytes": 10}]
    return {
        "format": "calligo.baas/daily_report/1",
        "region": "lux",
        "audience": {"kind": "provider", "name": ""},
        "complete": complete,
        "tenants": [{**tenant, **row} for tenant in TENANTS],
        "systems": list(systems) or [system(tenant["host"], 1, 100) for tenant in TENANTS],
    }


def keep(folder: Path, name: str, content: t.Any) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")


def request(alias: str, number: int, service: str, received: str, done: str | None, **more: t.Any) -> str:
    receipt: Json = {"kind": "service_request", "state": "received", "tenant": alias, "request": f"{alias}-{number}", "service": service}
    receipt |= {"time": received, "due": received.replace("T09", "T18"), "approval": None, **more}
    entries = [receipt, *([{"kind": "service_request", "state": "done", "time": done}] if done else [])]
    return "".join(json.dumps(entry) + "\n" for entry in entries)


@pytest.fixture
def task(tmp_path: Path) -> Json:
    """A month with a day missing, one that is not whole, and a system that came; of the months before two are known."""
    for month, size in (("2026-08", 100), ("2026-09", 200)):
        for day in ("01", "30"):
            systems = [system(tenant["host"], 1, size) for tenant in TENANTS]
            keep(tmp_path / "daily", f"{month}-{day}/report.json", daily(f"{month}-{day}", systems=systems))
    grown = [*(system(tenant["host"], 1, 400) for tenant in TENANTS), system("acme-host", 2, 0)]
    for number in range(1, 31):
        day = f"2026-11-{number:02}"
        if number == 15:
            continue
        more: Json = {"systems": grown} if number >= 20 else {}
        # What could not be read looks as if it were gone.
        more |= {"complete": False, "systems": [system("boreal-host", 1, 400)]} if number == 25 else {}
        keep(tmp_path / "daily", f"{day}/report.json", daily(day, **more))
    samples = [{"host": "acme-host", "tenant": "Acme", "kind": "vm", "id": "vm/acme/u", "name": "acme-drawn", "failures": []}]
    keep(tmp_path / "tests", "a.json", {"period": "2026-11", "ended_at": "2026-11-15T00:00:00Z", "result": "passed", "samples": samples})
    week: Json = {"included": 1, "period": "2026-W48"}
    keep(tmp_path / "requests", "1.jsonl", request("acme", 1, "add_system", "2026-11-24T09:00:00Z", "2026-11-24T12:00:00Z", **week, used=1))
    keep(
        tmp_path / "requests", "2.jsonl", request("acme", 2, "remove_system", "2026-11-25T09:00:00Z", None, **week, used=2, approval="CHG1")
    )
    keep(tmp_path / "requests", "3.jsonl", request("boreal", 3, "restore", "2026-11-25T09:00:00Z", "2026-11-26T12:00:00Z"))
    keep(tmp_path / "requests", "4.jsonl", request("boreal", 4, "restore", "2026-10-25T09:00:00Z", "2026-10-25T12:00:00Z"))
    return {
        "region": "lux",
        "month": "2026-11",
        "time_zone": "Europe/Luxembourg",
        "daily_reports": str(tmp_path / "daily"),
        "restore_tests": str(tmp_path / "tests"),
        "requests": str(tmp_path / "requests"),
        "directory": str(tmp_path / "reports"),
        "made_at": MADE,
    }


def write(task: Json, **more: t.Any) -> dict[str, Json]:
    result = run_module("monthly_report_files", {**task, **more})
    assert not result.get("failed"), result
    return {report["host"]: report for report in result["reports"]}


def read(report: Json) -> Json:
    return json.loads((Path(report["directory"]) / "report.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def texts(report: Json) -> str:
    return "".join(path.read_text(encoding="utf-8") for path in sorted(Path(report["directory"]).iterdir()))


def test_the_figures_of_a_month(task: Json) -> None:
    reports = write(task)
    provider, acme = read(reports[""]), read(reports["acme-host"])
    assert acme["trend"][-1]["sla"] == {"met": 87, "missed": 29, "excluded": 29, "unknown": 0, "percent": 75.0}
    assert provider["trend"][-1]["sla"]["met"] == 174 and reports[""]["sla_percent"] == 75.0
    # Each day once; the day without a report is not counted, and said.
    assert acme["trend"][-1]["outcomes"] == {"success": 58, "partial": 0, "failed": 29}
    assert acme["days_missing"] == ["2026-11-15"] and acme["days_incomplete"] == ["2026-11-25"] and acme["trend"][-1]["days"] == 29
    assert [(row["day"], row["what"], row["name"]) for row in acme["changes"]] == [("2026-11-20", "added", "acme-fs2")]
    assert read(reports["boreal-host"])["changes"] == []
    assert acme["complete"] and "There is no daily report of 2026-11-15." in texts(reports["acme-host"])


def test_months_that_are_not_known_are_said_and_never_zero(task: Json) -> None:
    acme = read(write(task)["acme-host"])
    known = {row["month"]: row["size_bytes"] for row in acme["trend"] if row["sla"]}
    assert known == {"2026-08": 100, "2026-09": 200, "2026-11": 400} and len(acme["trend"]) == 12
    assert set(acme["months_missing"]) == {row["month"] for row in acme["trend"]} - known.keys()
    # A straight line: 100 a month.
    assert [(row["month"], row["size_bytes"]) for row in acme["growth"]["forecast"]] == [
        ("2026-12", 500),
        ("2027-01", 600),
        ("2027-02", 700),
    ]
    with (Path(write(task)["acme-host"]["directory"]) / "trend.csv").open(encoding="utf-8") as stream:
        rows = {row["month"]: row for row in csv.DictReader(stream)}
    assert rows["2026-10"]["sla_percent"] == rows["2026-10"]["failed"] == rows["2026-10"]["size_bytes"] == ""


def test_a_size_that_is_not_known_makes_no_forecast(task: Json) -> None:
    systems = [system("acme-host", 1, None), system("boreal-host", 1, 5)]
    keep(Path(task["daily_reports"]), "2026-11-30/report.json", daily("2026-11-30", systems=systems))
    acme = read(write(task)["acme-host"])
    assert acme["trend"][-1]["size_bytes"] is None and acme["growth"]["forecast"] == []


def test_the_trend_comes_from_what_was_kept(task: Json) -> None:
    write(task, month="2026-09")
    for path in Path(task["daily_reports"]).glob("2026-09-*/report.json"):
        path.unlink()
    acme = read(write(task)["acme-host"])
    assert [row["month"] for row in acme["trend"] if row["sla"]] == ["2026-08", "2026-09", "2026-11"]


def test_requests_are_counted_against_what_is_included(task: Json) -> None:
    reports = write(task)
    acme, boreal = read(reports["acme-host"]), read(reports["boreal-host"])
    assert [(row["request"], row["promise"]) for row in acme["requests"]] == [("acme-1", "met"), ("acme-2", "missed")]
    (used,) = acme["entitlements"]
    assert (used["used"], used["included"], used["over"], used["services"]) == (2, 1, 1, ["add_system", "remove_system"])
    assert [(row["request"], row["promise"]) for row in boreal["requests"]] == [("boreal-3", "missed")]
    assert [(row["period"], row["included"]) for row in boreal["entitlements"]] == [("2026-11", None)]
    assert read(write(task, requests=None)[""])["requests"] is None


def test_tenants_are_apart_and_the_json_is_as_its_schema_says(task: Json) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    reports = write(task)
    assert list(reports) == ["", "acme-host", "boreal-host"]
    for host, report in reports.items():
        jsonschema.validate(read(report), schema)
        assert sorted(path.name for path in Path(report["directory"]).iterdir()) == ["report.html", "report.json", "trend.csv"]
        others = [mark for other, marks in MARKS.items() if host not in ("", other) for mark in marks]
        assert not [mark for mark in others if mark in texts(report)], host
        page = (Path(report["directory"]) / "report.html").read_text(encoding="utf-8")
        assert page.count("<script>") == 1 and "\x00" not in page
    assert "acme-drawn" in texts(reports["acme-host"]) and "acme-drawn" in texts(reports[""])


def test_the_same_again_is_the_same_but_for_the_time_of_making(task: Json) -> None:
    before = {host: texts(report) for host, report in write(task).items()}
    assert not any(report["changed"] for report in write(task).values())
    later = {host: texts(report) for host, report in write(task, made_at="2026-12-02T06:00:00Z").items()}
    assert {host: text.replace("2026-12-02T06:00:00Z", MADE) for host, text in later.items()} == before


def test_of_a_month_that_is_not_over_no_day_to_come_is_missing(task: Json) -> None:
    assert read(write(task, made_at="2026-11-20T06:00:00Z")[""])["days_missing"] == ["2026-11-15"]


@pytest.mark.parametrize(
    ("place", "name"), [("daily_reports", "2026-11-03/report.json"), ("requests", "2.jsonl"), ("restore_tests", "a.json")]
)
def test_what_cannot_be_read_is_named_to_the_provider_alone(task: Json, place: str, name: str) -> None:
    keep(Path(task[place]), name, "{")
    reports = write(task)
    assert not any(report["complete"] for report in reports.values())
    assert any(name in problem for problem in reports[""]["problems"]) and name in texts(reports[""])
    assert not any(name in texts(reports[host]) or task[place] in texts(reports[host]) for host in MARKS)


def test_requests_that_are_not_mounted_are_no_empty_list(task: Json) -> None:
    reports = write(task, requests=f"{task['requests']}-gone")
    assert not reports[""]["complete"] and read(reports[""])["requests"] is None


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"month": "2026-13"}, "no month"),
        ({"month": "2026-10"}, "No daily report of 2026-10"),
        ({"time_zone": "Mars/Olympus"}, "no time zone"),
    ],
)
def test_what_makes_no_sense_is_one_clear_error(task: Json, more: Json, said: str) -> None:
    result = run_module("monthly_report_files", {**task, **more})
    assert result["failed"] and said in result["msg"] and not Path(task["directory"]).exists()


def test_check_mode_writes_nothing(task: Json) -> None:
    assert run_module("monthly_report_files", task, check=True)["changed"] and not Path(task["directory"]).exists()
