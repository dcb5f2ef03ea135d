# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import json
import typing as t

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._service import database_check, restore_check

ROWS = [{"id": 1, "name": "Köln"}, {"id": 2, "name": "O'Brien"}]
WRITTEN = hashlib.sha256(json.dumps(ROWS, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
SOURCE = {"recovery_model": "FULL", "files": [{"logical": "Sales", "path": "D:\\a.mdf"}, {"logical": "Sales_log", "path": "L:\\a.ldf"}]}


def database(**more: t.Any) -> str:
    """The file of a restored database."""
    files = [{"logical": "Sales_log", "physical": "E:\\SQL\\rt_log.ldf"}, {"logical": "Sales", "physical": "e:\\sql\\rt.mdf"}]
    return json.dumps({"state": "ONLINE", "recovery_model": "FULL", "files": files, "rows": ROWS, "checksum": WRITTEN, **more})


def failures(text: str) -> list[str]:
    return restore_check.failures(database_check.checks(SOURCE, database_check.stand_in(text), "E:\\SQL\\"))


def test_a_good_one_passes_wherever_its_log_lies_on_the_list() -> None:
    assert failures(database()) == []
    assert database_check.stand_in(database())["tables"] == [{"name": "rows", "rows": 2}]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"state": "RESTORING"}, "State: expected online, found restoring"),
        ({"recovery_model": "SIMPLE"}, "Recovery model: expected full, found simple"),
        ({"rows": ROWS[:1]}, "DBCC CHECKDB: expected no errors, found the checksum of the rows"),
        ({"files": [{"logical": "Sales", "physical": "E:\\SQL\\rt.mdf"}]}, "Files: expected Sales, Sales_log, found Sales"),
        (
            {"files": [{"logical": "Sales", "physical": "C:\\rt.mdf"}, {"logical": "Sales_log", "physical": "E:\\SQL\\rt.ldf"}]},
            "Sales: folder: expected e:\\sql, found c:",
        ),
    ],
)
def test_each_difference_is_named(more: dict[str, t.Any], words: str) -> None:
    (failure,) = failures(database(**more))
    assert failure.startswith(words)


def test_what_is_not_there_or_not_readable_is_no_good_one() -> None:
    assert restore_check.failures(database_check.checks(SOURCE, None, "E:\\SQL")) == ["Database: expected restored, found not there"]
    assert any("cannot be read" in text for text in failures("{"))
