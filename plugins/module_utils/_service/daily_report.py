# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The daily report as data: what has to be done first, then everything else; of the provider or of one tenant."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

from .protection_figures import RED
from .protection_scope import DAY

Row = dict[str, t.Any]
Given = t.Mapping[str, t.Any]

FORMAT = "calligo.baas/daily_report/1"
ORDER = ("failed", "never_ran", "partly", "missed", "not_in_group", "disabled", "unknown")
WORDS = {
    "failed": "The last backup failed",
    "never_ran": "There has never been a backup",
    "partly": "The last backup had errors: a part is not protected",
    "missed": "No backup within the time that the plan promises",
    "not_in_group": "Commvault does not know it in the place that the specification names",
    "disabled": "Backups are switched off",
    "unknown": "Not known: the platform could not be read",
    "unnamed": "In the vCenter, but no specification names it",
    "absent": "The specification names it, but the vCenter does not have it",
    "offline": "Commvault does not reach its agent",
    "vm_gone": "Gone from the vCenter; its backups are kept as the plan says",
    "excepted": "Needs no backup, as the specification says",
    "protected": "Protected",
}
TESTS = 36
"""The most restore tests that a report names."""
CSV_COLUMNS = (
    *("tenant", "kind", "name", "group", "plan", "state", "reason", "last_good", "age_seconds", "rpo_seconds", "rpo_met"),
    *("sla", "sla_days", "strikes", "running", "agent_ready", "full_bytes", "exception", "id"),
)


CHECK_FORMAT = "calligo.baas/backup_check/1"
ENDS = ("resolved", "escalated", "accepted", "open")


def report(document: Given, tenant: Given | None, tests: t.Sequence[Given], made_at: str, check: Given | None = None) -> Row:
    """The report of a document of protection, which is the whole region's or already one tenant's.

    tenant: whose it is (name, alias, host), None for the provider. tests: of restore_tests(). check: the record of the day's backup check.
    """
    names = {row["host"]: row["name"] for row in document["tenants"]}
    problems = [row for row in (check or {"problems": []})["problems"] if tenant is None or row["tenant"] == tenant["host"]]
    known = {row["system"]: _handled(row) for row in problems if row["end"] in ("escalated", "open")}
    return {
        **document,
        "format": FORMAT,
        "made_at": made_at,
        "audience": {"kind": "provider" if tenant is None else "tenant", "name": "" if tenant is None else tenant["name"]},
        "todo": [{**row, "handled": known.get(row["system"], "")} for row in todo(document, names)],
        "check": {end: sum(row["end"] == end for row in problems) for end in ENDS} if check else None,
        "restore_tests": list(tests),
    }


def _handled(problem: Given) -> str:
    """Where a problem is seen to; the provider's own tickets are nobody else's to look for."""
    ticket = problem["ticket"]
    return f"ticket {ticket['number']}" if ticket and ticket["number"] and problem["ticket_tenant"] else str(problem["end"])


def check_of(directory: str, day: str) -> tuple[Row | None, list[str]]:
    """The record of a day's backup check, and a sentence if it could not be read. None where there was no check yet."""
    path = Path(directory) / f"{day}.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["format"] != CHECK_FORMAT:
            raise ValueError(f"its format is {found['format']!r}")
    except FileNotFoundError:
        return None, []
    except (OSError, ValueError, KeyError, TypeError) as error:
        return None, [f"The record of the backup check {path} could not be read: {error}"]
    return found, []


def todo(document: Given, names: t.Mapping[str, str]) -> list[Row]:
    """What has to be done, the most urgent first: tenant, name, kind, state, what, reason, last_good, strikes, system."""
    found = []
    for system in document["systems"]:
        if system["state"] in ORDER:
            what = WORDS[system["state"]] + (f", {system['strikes']} times in a row" if system["strikes"] >= RED else "")
            found.append(_entry(system, names, system["state"], what, system["reason"]))
        elif system["agent_ready"] is False and system["state"] not in ("excepted", "vm_gone"):
            found.append(_entry(system, names, "offline", WORDS["offline"], ""))
    rank = {state: number for number, state in enumerate((*ORDER, "offline"))}
    found.sort(key=lambda row: (row["strikes"] < RED, rank[row["state"]], row["tenant"].casefold(), row["name"].casefold()))
    for state in ("unnamed", "absent"):
        found += [_of_vm(vm, names, state) for vm in document[state]]
    return found


def _entry(system: Given, names: t.Mapping[str, str], state: str, what: str, reason: str) -> Row:
    return {
        "tenant": names.get(system["tenant"], ""),
        "name": system["name"],
        "kind": system["kind"],
        "state": state,
        "what": what,
        "reason": reason,
        "last_good": system["last_good"],
        "strikes": system["strikes"],
        "system": system["id"],
    }


def _of_vm(vm: Given, names: t.Mapping[str, str], state: str) -> Row:
    place = vm.get("folder") or vm.get("vm_group") or ""
    row = {"tenant": names.get(vm["tenant"] or "", ""), "name": vm["name"], "kind": "vm", "state": state, "what": WORDS[state]}
    return {**row, "reason": place, "last_good": None, "strikes": 0, "system": ""}


def restore_tests(records: t.Iterable[Given], host: str | None = None) -> list[Row]:
    """The restore tests of a region, newest first: period, result, ended_at, and what was drawn of whom.

    records: evidence of restore tests. host: the tenant whose samples alone are shown; a test without any is left out then, and its result
    is that of these samples.
    """
    found = []
    for record in records:
        samples = [_sample(one) for one in record.get("samples") or [] if host in (None, one.get("host"))]
        if host is not None and not samples:
            continue
        results = [one["result"] for one in samples]
        own = next((result for result in ("failed", "unproven") if result in results), "passed")
        whole = str(record.get("result")) if host is None else own
        found.append({"period": str(record.get("period")), "ended_at": str(record.get("ended_at")), "result": whole, "samples": samples})
    return sorted(found, key=lambda row: (row["period"], row["ended_at"]), reverse=True)


def evidence(directory: str) -> tuple[list[Row], list[str]]:
    """The evidence of restore tests in a directory, and a sentence for each file that could not be read. No directory: no test yet."""
    records, problems = [], []
    for path in sorted(Path(directory).glob("*.json"), reverse=True)[:TESTS]:
        try:
            records.append(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            problems.append(f"The evidence {path} could not be read: {error}")
    return [record for record in records if isinstance(record, dict)], problems


def _sample(sample: Given) -> Row:
    result = "failed" if sample.get("failures") else "unproven" if sample.get("unproven") else "passed"
    return {**{key: str(sample.get(key) or "") for key in ("kind", "tenant", "name", "id")}, "result": result}


def csv_rows(report_: Given) -> list[list[t.Any]]:
    """The systems as rows of a table, the names of the columns first."""
    return [list(CSV_COLUMNS), *([system[column] for column in CSV_COLUMNS] for system in report_["systems"])]


def age(seconds: int | None) -> str:
    """How long ago, in words."""
    if seconds is None:
        return "never"
    if seconds < 2 * 3600:
        return f"{max(0, seconds) // 60} min"
    return f"{seconds // 3600} h" if seconds < 2 * DAY else f"{seconds // DAY} days"
