# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What a restore test that was killed has left: a VM, files, a database, or a restore that still runs.

Each restore of a test carries a mark in its job's description: the region, the run, what comes into being, and who runs it. Something
counts as left only if a job with the mark of this region made it, it is where the region's restores go, and its run has ended. A run that
may still go on is left alone, and so is everything without such a mark.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import multiprocessing
import os
import re
import socket
import typing as t

Row = t.Mapping[str, t.Any]
Found = dict[str, t.Any]

MARK = "restore test"
KINDS = ("vm", "file", "database")
GRACE = 3600
"""Seconds that a run may need for what has no limit of its own."""


def owner() -> dict[str, t.Any]:
    """The process of ansible-playbook that asks: its host, the host's name space of processes, its number, and when it began there."""
    parent = multiprocessing.parent_process()
    process = os.getpid() if parent is None or parent.pid is None else parent.pid
    return {**_here(), "process": process, "began": _began(process)}


def _here() -> dict[str, t.Any]:
    space = ""
    with contextlib.suppress(OSError):
        space = os.readlink("/proc/self/ns/pid")
    return {"host": socket.gethostname(), "space": space}


def _began(process: int) -> str | None:
    """When a process began, in ticks since the host did; empty where that is not told; None if there is no such process."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return None
    except OSError:
        pass
    with contextlib.suppress(OSError, IndexError):
        with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:
            # The name of the program, in brackets, may hold anything.
            told = file.read().rpartition(")")[2].split()
        # What was killed and not waited for is still listed.
        return None if told[0] in "ZX" else told[19]
    return ""


def mark(run: Row) -> dict[str, t.Any]:
    """The mark of a run's restores, to which each adds kind and name."""
    return {"calligo.baas": MARK, **{key: run[key] for key in ("region", "period", "id")}, "owner": owner()}


def leftovers(run: Row, listed: Row, seen: Row | None = None) -> dict[str, t.Any]:
    """What earlier runs of a region have left.

    run: id, region and target as the plan has them, started_at, and longest (seconds that a run can last). listed: restore jobs with their
    descriptions, as M(calligo.baas.commvault_job_info) gives them. seen: what there is where restores go: vms (of
    M(calligo.baas.vcenter_vm_facts)), local and windows (directories and files, of ansible.builtin.find and ansible.windows.win_find) and
    databases (of database_list.ps1); None before somebody looked.

    Gives jobs (those that go on and have to end), marked (whether there is anything to look for), found (what is there: run, kind, name,
    job, and moid or path), and alone (runs that may still go on, and where). Raises ValueError if jobs were left out of listed.
    """
    marked = _marked(run, listed)
    alive = {found["id"]: found for job, found in marked if _may_go_on(job, found, run)}
    ended = [(job, found) for job, found in marked if found["id"] not in alive]
    return {
        "jobs": [job["id"] for job, _found in ended if job["outcome"] in ("active", "standing")],
        "marked": bool(ended),
        "found": [one for job, found in ended for one in _present(job, found, seen or {})],
        "alone": [{"run": number, "host": found["owner"].get("host")} for number, found in sorted(alive.items())],
    }


def _marked(run: Row, listed: Row) -> list[tuple[Row, Found]]:
    """The jobs of other runs of the region, each with its mark."""
    if int(listed.get("total") or 0) > len(listed["jobs"]):
        raise ValueError(f"only {len(listed['jobs'])} of {listed['total']} restore jobs were read, so that it is not known what was left")
    read = [(job, found) for job in listed["jobs"] if (found := _read(job))]
    return [(job, found) for job, found in read if found["region"] == run["region"] and found["id"] != run["id"]]


def evidence(left: Row, after: Row | None, error: str) -> tuple[dict[str, t.Any], list[str]]:
    """What the record says of leftovers, and the reasons against the run. left and after: of leftovers(), before and after the removal."""
    there = None if after is None or error else {(one["job"], one["name"]) for one in after["found"]}
    found = [
        {**{key: one[key] for key in ("run", "kind", "name", "job")}, "gone": there is not None and (one["job"], one["name"]) not in there}
        for one in left.get("found") or []
    ]
    reasons = [f"What the restore test {one['run']} left is not proven gone: {one['name']}" for one in found if not one["gone"]]
    if error:
        reasons.insert(0, f"What earlier restore tests left could not be looked for or removed: {error}")
    return {"found": found, "ended_jobs": left.get("jobs") or [], "left_alone": left.get("alone") or []}, reasons


def _read(job: Row) -> Found | None:
    """The mark in a job's description; None if it has none, or one that does not fit what a run makes."""
    text = str(job.get("description") or "")
    try:
        found = json.loads(text[text.index("{") :])
        name, prefix = str(found["name"]), f"rt-{found['period']}-"
        fits = found["calligo.baas"] == MARK and found["kind"] in KINDS and re.fullmatch(r"[0-9a-f]{8}", found["id"])
        fits = fits and re.fullmatch(r"[^/\\\x00]+", name) and name.startswith(prefix) and name.endswith(f"-{found['id']}")
        return {**found, "owner": dict(found["owner"])} if fits else None
    except (ValueError, KeyError, TypeError):
        return None


def _may_go_on(job: Row, found: Found, run: Row) -> bool:
    """Whether a run may still go on: its process lives; or it is another host's, and has not had all the time that it may take."""
    its = found["owner"]
    if {key: its.get(key) for key in ("host", "space")} == _here():
        began = _began(int(its["process"])) if str(its.get("process")).isdigit() else None
        return began is not None and began == its.get("began")
    start = job.get("start_time")
    now = datetime.datetime.fromisoformat(run["started_at"])
    return start is None or (now - datetime.datetime.fromisoformat(start)).total_seconds() < int(run["longest"]) + GRACE


def _present(job: Row, found: Found, seen: Row) -> list[Found]:
    """What a restore made and is there."""
    places = {"vm": _vms, "file": _files, "database": _databases}[found["kind"]](found["name"], seen)
    return [{"run": found["id"], "kind": found["kind"], "name": found["name"], "job": job["id"], **place} for place in places]


def _vms(name: str, seen: Row) -> list[Found]:
    vms = ((seen.get("vms") or {}).get("ansible_facts") or {}).get("vcenter_vms") or []
    return [{"moid": vm["moid"], "power_state": vm["power_state"]} for vm in vms if vm["name"] == name]


def _files(name: str, seen: Row) -> list[Found]:
    paths = [(way, str(file["path"])) for way in ("local", "windows") for file in (seen.get(way) or {}).get("files") or []]
    return [{"path": path, "way": way} for way, path in paths if re.split(r"[/\\]", path)[-1] == name]


def _databases(name: str, seen: Row) -> list[Found]:
    names = ((seen.get("databases") or {}).get("result") or {}).get("names") or []
    return [*_files(f"{name}.json", seen), *([{"path": "", "way": "sql"}] if name in names else [])]
