# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules whose server is a directory, on the bad days of one: gone, elsewhere, full, read-only, held by another, its records damaged.

Refused is one error that names the path, the reason and the way out, with every file as it was before; on a good day after it the same task
ends as it should. What a bad day is none for is done whole.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import resource
import types
import typing as t
from pathlib import Path

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._core import output
from ansible_collections.calligo.baas.tests.faults.conftest import Cells
from ansible_collections.calligo.baas.tests.support import bad_replies
from ansible_collections.calligo.baas.tests.support.modules import run_module
from ansible_collections.calligo.baas.tests.support.tasks import REQUEST

Json = dict[str, t.Any]
TICKETS: Json = {"provider": "file"}
TROUBLE: Json = {**TICKETS, "tenant": "acme", "identity": "acme-fs01", "title": "no backup", "by": "noc", "note": "x" * 3000}
CHECK: Json = {"causes": [{"cause": "other", "words": "It is not there", "team": "noc", "priority": "low"}], "document": "document.json"}
#: What a check reads: a VM that a specification names and the vCenter does not have.
DOCUMENT: Json = {
    "format": "calligo.baas/protection/1",
    "region": "luxembourg",
    "period": {"to": "2026-11-24T06:00:00Z", "time_zone": "UTC", "days": ["2026-11-24"]},
    "complete": True,
    **{key: [] for key in ("problems", "systems", "unnamed")},
    "tenants": [{"host": "acme", "name": "Acme", "alias": "acme"}],
    "absent": [{"tenant": "acme", "name": "ghost", "vm_group": "web"}],
}
#: By module what there is before, and the task.
TASKS: dict[str, tuple[Json, Json]] = {
    "itsm_ticket": ({**TROUBLE, "identity": "acme-fs02"}, TROUBLE),
    "itsm_ticket_info": (TROUBLE, TICKETS),
    "service_request_record": ({**REQUEST, "request": "RITM1", "tenant": "boreal"}, REQUEST),
    "service_request_journal": (
        {"tenant": "boreal", "request": {"number": "RITM1"}},
        {"tenant": "acme", "request": {"number": "RITM2", "approval": "x" * 200}},
    ),
    "backup_check_record": ({**CHECK, "day": "2026-11-23"}, CHECK),
    "evidence_files": (
        {"files": [{"name": "a.json", "content": {"a": "x" * 3000}}], "seal": "1.sha256"},
        {"files": [{"name": "b.json", "content": {"b": "x" * 3000}}], "seal": "2.sha256"},
    ),
}
#: Which module makes the first record of another.
MAKES = {"itsm_ticket_info": "itsm_ticket"}


#: Reports: each file is written anew as a whole by write_file(), as evidence is, and no other run reads it as a record.
#: A specification lies in a checkout of people's own, whose bad days are others (tests/integration/test_specification_edit.py).
WHOLE = {"daily_report_files", "monthly_report_files", "residency_report_files", "specification_edit"}


class Day(t.NamedTuple):
    """What a bad day does to a directory while a task runs, and for which modules it is none."""

    come: t.Callable[[Path], t.ContextManager[None]]
    good_for: tuple[str, ...] = ()


@contextlib.contextmanager
def gone(directory: Path) -> t.Iterator[None]:
    moved = directory.rename(directory.with_name("moved"))
    yield
    with contextlib.suppress(FileNotFoundError):
        for file in directory.iterdir():  # of who makes it
            file.rename(moved / file.name)
        directory.rmdir()
    moved.rename(directory)


@contextlib.contextmanager
def a_file(directory: Path) -> t.Iterator[None]:
    moved = directory.rename(directory.with_name("moved"))
    directory.write_text("no directory", encoding="utf-8")
    yield
    assert directory.read_text(encoding="utf-8") == "no directory"
    directory.unlink()
    moved.rename(directory)


@contextlib.contextmanager
def a_link(directory: Path) -> t.Iterator[None]:
    moved = directory.rename(directory.with_name("moved"))
    directory.symlink_to(moved)
    yield
    directory.unlink()
    moved.rename(directory)


@contextlib.contextmanager
def full(_directory: Path) -> t.Iterator[None]:
    """As far as files can be told, a disk with room for some bytes more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def with_patched(name: str, instead: t.Callable[..., t.Any]) -> t.Callable[[Path], t.ContextManager[None]]:
    """A day on which the system answers one question otherwise."""

    @contextlib.contextmanager
    def patched(_directory: Path) -> t.Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, name, instead)
            yield

    return patched


@contextlib.contextmanager
def held(directory: Path) -> t.Iterator[None]:
    with (directory / output.LOCK).open("a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def damaged(directory: Path) -> t.Iterator[None]:
    """Records of which only the beginning is left."""
    before = {file: file.read_bytes() for file in directory.iterdir() if not file.name.startswith(".") and file.suffix != ".sha256"}
    for file, text in before.items():
        file.write_bytes(text[:60])
    yield
    for file, text in before.items():
        file.write_bytes(text)


def no_room(_path: str) -> types.SimpleNamespace:
    return types.SimpleNamespace(f_bavail=1, f_frsize=4096, f_files=0, f_favail=0)


READING = ("itsm_ticket_info",)
DAYS: dict[str, Day] = {
    "is gone": Day(gone, ("evidence_files",)),
    "is a file": Day(a_file),
    "is a link": Day(a_link),
    "is full": Day(full, READING),
    "has no room": Day(with_patched("statvfs", no_room), READING),
    "is read-only": Day(with_patched("access", lambda path, mode: False), READING),
    "is held by another run": Day(held, READING),
    # What a sealed file says is the business of who verifies, and another tenant's journal, or a ticket about something else, is not read.
    "has damaged records": Day(damaged, ("evidence_files", "itsm_ticket", "service_request_journal")),
}


def files(directory: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(directory)): file.read_bytes() for file in directory.rglob("*") if file.is_file() and file.name != output.LOCK
    }


@pytest.mark.usefixtures("waiting_is_short")
@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("module", TASKS)
def test_a_directory_that(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, cells: Cells, module: str, day: str) -> None:
    directory = tmp_path / "records"
    directory.mkdir()
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "document.json").write_text(json.dumps(DOCUMENT), encoding="utf-8")
    places = {"directory": str(directory), **({"document": str(elsewhere / "document.json")} if module == "backup_check_record" else {})}
    first, task = ({**options, **places} for options in TASKS[module])
    assert not run_module(MAKES.get(module, module), first).get("failed")
    before = files(directory)
    with DAYS[day].come(directory):
        result = run_module(module, task)
    if module in DAYS[day].good_for:
        assert not result.get("failed"), result
        cells.note("files", module, f"a directory that {day}", bad_replies.SURVIVED)
        return
    text = result["msg"]
    assert result.get("failed") and not result["changed"] and "exception" not in result, result
    assert "\n" not in text and str(directory) in text and len(text) > 60, text
    assert files(directory) == before, "nothing is left of it, nor half of something"
    again = run_module(module, task)
    assert not again.get("failed") and again["changed"] is (module not in READING), again
    assert all(b"x" * 3000 in text or not name.startswith("b.") for name, text in files(directory).items())
    assert os.listdir(tmp_path) == ["records"]
    cells.note("files", module, f"a directory that {day}", bad_replies.REFUSED)
