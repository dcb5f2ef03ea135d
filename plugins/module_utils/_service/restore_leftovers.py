# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What restores of tests make, and whether it is gone: of this run, and of earlier ones that were killed.

Each restore of a test carries a mark in its job's description: the region, the run, what comes into being, and who runs it. Only what has
such a mark is ever removed, and only where the region's restores go. A run that may still go on is left alone.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import multiprocessing
import ntpath
import os
import posixpath
import re
import socket
import typing as t

from . import manifest

Row = t.Mapping[str, t.Any]
Found = dict[str, t.Any]

MARK = "restore test"
GOING_ON = ("active", "standing")
"""Outcomes of jobs that have none yet."""
KINDS = ("vm", "file", "database")
MAY_APPEAR = "What it restores may still appear, since the restore was not seen to end."
STEPS = {
    "vm": ("Look at the VMs", "Remove the VM from the vCenter and its files from the datastore"),
    "local": ("Look at the directories of this host", "Remove it from this host"),
    "windows": ("Look at the directory of the Windows host", "Remove the directory of the Windows host"),
    "sql": ("Ask SQL Server for the databases of restore tests", "Drop the database"),
}
"""How what a restore makes is looked at and removed, by the way that leads to it, in words for people."""


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


def lives(its: t.Mapping[str, t.Any]) -> bool | None:
    """Whether the process that owner() told of is there still; None where only another host could tell."""
    if {key: its.get(key) for key in ("host", "space")} != _here():
        return None
    began = _began(int(its["process"])) if str(its.get("process")).isdigit() else None
    return began is not None and began == its.get("began")


def mark(run: Row) -> dict[str, t.Any]:
    """The mark of a run's restores, to which each adds kind and name."""
    return {"calligo.baas": MARK, **{key: run[key] for key in ("region", "period", "id")}, "owner": owner()}


def leftovers(plan: Row, listed: Row, longest: int, own: t.Mapping[str, str] | None = None) -> Found:
    """What the restores of a region's tests make: of earlier runs that have ended, or of this one (own).

    plan: of restore_plan.plan(). listed: the region's restore jobs with their descriptions, as M(calligo.baas.commvault_job_info) gives
    them. longest: seconds that a run takes at most from its first restore. own: of this run the names of what it restores, by kind, which
    are looked for whatever Commvault lists; None for earlier runs.

    Gives jobs (those that go on and have to end), made (run, kind, name, job, whether it was started, and the way to it, with its path if
    there is one), alone (runs that may still go on, and where), and unknown, why the jobs are not known; empty if they are.
    """
    run, unknown = plan["run"], _unlisted(listed)
    marked = [] if unknown else _marked(run, listed, own is not None)
    alive = {found["id"]: found for job, found in marked if own is None and _may_go_on(job, found, run, longest)}
    ended = [(job, found) for job, found in marked if found["id"] not in alive]
    made = [{"run": found["id"], "kind": found["kind"], "name": found["name"], "job": job["id"], "started": True} for job, found in ended]
    made += _unmarked(plan, own or {}, {one["name"] for one in made}, bool(unknown))
    return {
        "jobs": [job["id"] for job, _found in ended if job["outcome"] in GOING_ON],
        "made": _placed(plan, made),
        "alone": [{"run": number, "host": found["owner"].get("host")} for number, found in sorted(alive.items())],
        "unknown": unknown,
    }


def _unmarked(plan: Row, names: t.Mapping[str, str], marked: t.Collection[str], started: bool) -> list[Found]:
    """What this run restores, if it does, of which no job has the mark."""
    mine = {kind: name for kind, name in names.items() if plan.get(kind) and name not in marked}
    return [{"run": plan["run"]["id"], "kind": kind, "name": name, "job": None, "started": started} for kind, name in mine.items()]


def _marked(run: Row, listed: Row, own: bool) -> list[tuple[Row, Found]]:
    """The jobs of the region, of this run or of others, each with its mark."""
    read = [(job, found) for job in listed["jobs"] if (found := _read(job))]
    return [(job, found) for job, found in read if found["region"] == run["region"] and (found["id"] == run["id"]) == own]


def earlier(cleanup: Row) -> tuple[Found, list[str]]:
    """What the record says of what earlier runs have left, and the reasons against this run. cleanup: see removal()."""
    left = cleanup["left"]
    made = left.get("made") or []
    unended = _unended(cleanup)
    problems = [*cleanup["errors"], *unended, *removal(cleanup, made)["problems"]]
    removed = [(one, removal(cleanup, [one])) for one in made]
    found = [
        {**{key: one[key] for key in ("run", "kind", "name", "job")}, "gone": its["gone"] and not unended}
        for one, its in removed
        if its["found"]
    ]
    reasons = [f"What the restore test {one['run']} left is not proven gone: {one['name']}" for one in found if not one["gone"]]
    if problems:
        reasons.insert(0, f"What earlier restore tests left could not be looked for or removed: {'; '.join(problems)}")
    return {"found": found, "ended_jobs": left.get("jobs") or [], "left_alone": left.get("alone") or []}, reasons


def of_run(cleanup: Row, kind: str, restored: Row) -> Found:
    """The removal of what this run restored of one kind, see removal(), and jobs, those that were ended for it.

    restored: the step that restored it; one that failed may have left a restore that goes on.
    """
    left, ended = cleanup["left"], bool(done(restored))
    made = [{**one, "started": one["started"] or ended} for one in left.get("made") or [] if one["kind"] == kind]
    marked = {one["job"] for one in made}
    late = [] if ended else _unended(cleanup) + [f"The job {job} shows no mark" for job in _going_on(restored) if job not in marked]
    found = removal(cleanup, made)
    problems = [*(f"{MAY_APPEAR} {problem}" for problem in late), *cleanup["errors"], *found["problems"]]
    return {
        **found,
        "gone": found["gone"] and not problems,
        "problems": problems,
        "jobs": [job for job in left.get("jobs") or [] if job in marked],
    }


def _going_on(restored: Row) -> list[int]:
    """The jobs that a restore which failed has not seen end, which it names by their records or numbers."""
    jobs = [job if isinstance(job, t.Mapping) else {"id": job, "outcome": "active"} for job in restored.get("jobs") or []]
    return [int(job["id"]) for job in jobs if job["outcome"] in GOING_ON]


def removal(cleanup: Row, made: t.Collection[Row]) -> Found:
    """Whether what was made is gone, as seen after its removal.

    cleanup: left (of leftovers(); empty where that was not reached), errors (why steps ended early), and looks, one before and one
    after the removal: each the time (at), ended (the step that ended what went on), and by the way the steps seen and removed (before it).

    Gives at, found (what was seen, by managed object id, path or name), gone, and problems: what was not done, and why it cannot be told. A
    look that failed says nothing, and what it says nothing of is not gone.
    """
    first, last = [*cleanup["looks"], {}, {}][:2]
    sights = [(one["way"], _there(one, first), _there(one, last)) for one in made]
    names, unseen = {one["name"] for one in made}, {way for way, _before, after in sights if after is None}
    problems = [problem for way in sorted({way for way, *_sights in sights}) for problem in _undone(way, last, names, way in unseen)]
    return {
        "at": last.get("at"),
        "found": [place for _way, before, after in sights for place in before or after or []],
        "gone": bool(made) and not problems and all(after == [] for _way, _before, after in sights),
        "problems": problems,
    }


def _undone(way: str, look: Row, names: t.Collection[str], unseen: bool) -> t.Iterator[str]:
    """Why something was not removed, or is not seen."""
    looking, removing = STEPS[way]
    for problem in _problems(_step(look, "removed", way), names):
        yield f"{removing}: {problem}"
    if unseen:
        seen = _step(look, "seen", way)
        yield f"{looking}: {'; '.join(_problems(seen) or _unclear(seen)) or 'that was not done'}"


def _step(look: Row, part: str, way: str) -> Row:
    return (look.get(part) or {}).get(way) or {}


def _unlisted(listed: Row) -> str:
    if "jobs" not in done(listed):
        return "; ".join(_problems(listed)) or "the restore jobs were not listed"
    if int(listed.get("total") or 0) > len(listed["jobs"]):
        return f"only {len(listed['jobs'])} of {listed['total']} restore jobs were read, so that it is not known what was left"
    return ""


def _unended(cleanup: Row) -> list[str]:
    """Why restores may go on."""
    unknown, ended = cleanup["left"].get("unknown"), [look["ended"] for look in cleanup["looks"][:1]]
    listed = [f"List the restores, with the marks that they carry: {unknown}"] if unknown else []
    return listed + [f"End what is still restored: {problem}" for step in ended for problem in _problems(step)]


def _there(one: Row, look: Row) -> list[str] | None:
    """What a look sees of what was made; None where it does not tell.

    A directory that is not there cannot be looked into: it holds nothing that no restore was started for, and of what one was, who knows.
    """
    seen = done(_step(look, "seen", str(one["way"])))
    return {"vm": _vms, "local": _local, "windows": _windows, "sql": _databases}[str(one["way"])](one, seen)


def _vms(one: Row, seen: Row) -> list[str] | None:
    facts = seen.get("ansible_facts") or {}
    found = [str(vm["moid"]) for vm in facts.get("vcenter_vms") or [] if vm["name"] == one["name"]]
    # A list that was cut short names nothing as not found, so it proves nothing.
    return found if found or one["name"] in (facts.get("vcenter_vms_not_found") or []) else None


def _local(one: Row, seen: Row) -> list[str] | None:
    if "files" not in seen or (one["started"] and posixpath.dirname(one["path"]) in (seen.get("skipped_paths") or {})):
        return None
    return [str(file["path"]) for file in seen["files"] if file["path"] == one["path"]]


def _windows(one: Row, seen: Row) -> list[str] | None:
    # Where it cannot look, it warns.
    if "files" not in seen or (one["started"] and seen.get("warnings")):
        return None
    return [str(file["path"]) for file in seen["files"] if ntpath.basename(str(file["path"])) == one["name"]]


def _databases(one: Row, seen: Row) -> list[str] | None:
    names = (seen.get("result") or {}).get("names")
    return None if names is None else [str(name) for name in names if name == one["name"]]


def _placed(plan: Row, made: t.Iterable[Row]) -> list[Found]:
    """What restores make, where the region has a way to it."""
    return [{**one, **place} for one in made if (place := _place(plan, one["kind"], one["name"]))]


def _place(plan: Row, kind: str, name: str) -> Found:
    """The way to what a restore makes; nothing where the region has none."""
    target = plan["run"]["target"]
    if kind == "vm":
        return {"way": "vm"}
    if kind == "file":
        if target["file_access"]["kind"] == "windows":
            return {"way": "windows", "path": manifest.windows_path(str(target["file_path"]), name)}
        return {"way": "local", "path": posixpath.join(posixpath.dirname(posixpath.normpath(plan["place"]["local"])), name)}
    access = target.get("sql_access") or {}
    if access.get("kind") == "local":
        return {"way": "local", "path": posixpath.join(posixpath.normpath(access["databases"]), f"{name}.json")}
    return {"way": "sql"} if access else {}


# --- What the steps gave


def done(step: Row) -> Row:
    """The result of a step that ended well; nothing of one that failed, was skipped, was not reached or did not reach its host."""
    return {} if step.get("failed") or step.get("skipped") or step.get("unreachable") else step


def _problems(step: Row, names: t.Collection[str] = ()) -> list[str]:
    """Why a step did not do what it was to; of the items of its loop only those that have one of names."""
    if step.get("results"):
        return [problem for item in step["results"] if _name(item) in names for problem in _problems(item)]
    return [str(step.get("msg") or "failed")] if step.get("failed") or step.get("unreachable") else []


def _unclear(step: Row) -> list[str]:
    """Why a look that did not fail does not tell of everything."""
    facts = step.get("ansible_facts") or {}
    return [*(step.get("skipped_paths") or {}).values(), *(step.get("warnings") or []), *(facts.get("vcenter_vms_problems") or [])]


def _name(item: Row) -> str:
    """What an item of a loop is about."""
    return str(item[item["ansible_loop_var"]]["name"])


# --- The mark


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


def _may_go_on(job: Row, found: Found, run: Row, longest: int) -> bool:
    """Whether a run may still go on: its process lives; or it is another host's, and has not had all the time that it may take."""
    known = lives(found["owner"])
    if known is not None:
        return known
    start = job.get("start_time")
    now = datetime.datetime.fromisoformat(run["started_at"])
    return start is None or (now - datetime.datetime.fromisoformat(start)).total_seconds() < longest
