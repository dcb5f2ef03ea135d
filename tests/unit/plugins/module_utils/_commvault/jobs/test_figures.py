# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import csv
import io
import json

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._commvault.jobs import figures as job_figures
from ansible_collections.calligo.baas.plugins.module_utils._commvault.jobs.figures import Figures, lines
from ansible_collections.calligo.baas.plugins.module_utils._core.table import cell


def job(number=1, outcome="success", **more):
    row = {
        "id": number,
        "outcome": outcome,
        "status": outcome.title(),
        "company": "Acme",
        "client": "fs01",
        "subclient": "data",
        "type": "Backup",
    }
    row |= {"operation": "Backup", "level": "Full", "reason": "", "parent": None, "start_time": "2026-11-24T03:00:00Z", "end_time": None}
    return {**row, "application_bytes": 100, "media_bytes": 30, "objects": 5, "failed_objects": None, **more}


def figures(by, *records):
    made = Figures(by)
    for record in records:
        made.add(record)
    return made.to_record()


def test_totals_and_groups():
    rows = [
        job(1),
        job(2, "failed", reason="No space", application_bytes=0),
        job(3, "partial", company="Café", failed_objects=2),
        job(4, "active"),
    ]
    found = figures(["company", "reason"], *rows)
    assert found["total"] == {
        "jobs": 4,
        "success": 1,
        "partial": 1,
        "failed": 1,
        "standing": 0,
        "active": 1,
        "application_bytes": 300,
        "media_bytes": 120,
        "objects": 20,
        "failed_objects": 2,
    }
    assert [(row["company"], row["jobs"], row["failed"]) for row in found["by_company"]] == [("Acme", 3, 1), ("Café", 1, 0)]
    assert [(row["reason"], row["jobs"]) for row in found["by_reason"]] == [("", 1), ("No space", 1)], "of what did not succeed only"
    assert set(found) == {"total", "jobs_of_single_vms", "by_company", "by_reason"}


def test_a_reason_is_the_same_whichever_job_it_names():
    rows = [job(number, "failed", reason=f"Job {number} ended: no space [19:1327]") for number in (1207, 1208)]
    assert [(row["reason"], row["jobs"]) for row in figures(["reason"], *rows)["by_reason"]] == [("Job # ended: no space [19:1327]", 2)]


def test_a_job_of_one_vm_is_not_added_to_that_of_its_group():
    found = figures([], job(1), job(2, parent=1), job(3, parent=1))
    assert found["total"]["application_bytes"] == 100 and found["jobs_of_single_vms"] == 2


def test_only_the_largest_groups_are_told_apart(monkeypatch):
    monkeypatch.setattr(job_figures, "SHOWN", 2)
    monkeypatch.setattr(job_figures, "KEPT", 3)
    rows = [job(client=name) for name in "aaabbcdeef"]
    found = figures(["client"], *rows)["by_client"]
    assert [(row["client"], row["jobs"]) for row in found] == [("a", 3), ("b", 2), (None, 5)]
    assert sum(row["application_bytes"] for row in found) == 1000


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "  =1", "＝1", '=HYPERLINK("x")'])
def test_text_that_would_be_a_formula_is_escaped(text):
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["acme", "a=b", "", 0, -5, None, "2026-11-24T03:00:00Z", "D:\\=x"])
def test_everything_else_is_left_alone(value):
    assert cell(value) == value


def test_lines_of_csv_can_be_read_back():
    odd = 'Über "Nacht";\n, \\ é'
    text = "".join(lines([job(1, client=odd), job(2, reason="=cmd|' /C calc'!A0")], "csv"))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert tuple(rows[0]) == job_figures.COLUMNS and rows[0]["client"] == odd and rows[0]["failed_objects"] == ""
    assert rows[1]["reason"].startswith("'=cmd") and rows[1]["application_bytes"] == "100"


def test_lines_of_json():
    rows = [json.loads(line) for line in lines([job(1, client="=Ü"), job(2)], "jsonl")]
    assert [row["client"] for row in rows] == ["=Ü", "fs01"] and set(rows[0]) == set(job_figures.COLUMNS)


def test_no_job_still_has_the_names_of_the_columns():
    assert "".join(lines([], "csv")) == ",".join(job_figures.COLUMNS) + "\n" and list(lines([], "jsonl")) == []
