# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The end of a tenant's service: in stages, each said before it is done, and nothing that still holds backups is taken away."""

from __future__ import annotations

import itertools
import typing as t

from . import records
from .options import misspelt

Row = t.Mapping[str, t.Any]
STAGES = ("stop_backups", "deactivate", "remove")
"""Each stage includes the ones before it."""
ABSENT = {"state": "absent"}


def offboarding(seen: Row) -> dict[str, t.Any]:
    """What the end of a tenant's service comes to, from what was seen of it so far.

    seen: tenant (as the specification has it, with name and alias), variables (the names of all that its host has), stage, confirm (the
    alias of the tenant whose things may be removed); before and now, what M(calligo.baas.commvault_estate_info) found first and last;
    earlier, the texts of the records of earlier runs by their paths; log, path and text of the log, which is empty if there is none;
    changed, whether this run changed anything; recorded_at (ISO 8601, UTC) and recorded_by.
    Gives problems (why nothing may be done at all), announcement (what there is, and what the stage takes away), activities and removals
    (what the modules are given), log (all its entries, once this run has begun) and begins (whether the last of them is new), result (of
    the role), record, and due: whether the record is to be written, because something was done or the stage was never run before.

    The log is written before anything is done, and the record is made from all of it, so that a run that is interrupted loses nothing of
    what there was.
    """
    before, now, stage = seen["before"], seen["now"], seen["stage"]
    earlier = records.parsed(seen["earlier"], "offboarding")
    log = records.lines(seen["log"]["path"], seen["log"]["text"], "offboarding_run")
    announced = announcement(before, stage)
    begins = _begins(before, stage, log, earlier)
    if begins:
        log.append(
            {"kind": "offboarding_run", "stage": stage, "before": before, **{key: seen[key] for key in ("recorded_at", "recorded_by")}}
        )
    result = {"changed": seen["changed"], "stage": stage, "before": before, "after": now, "remaining": remaining(now)}
    whole = [entry for entry in log if (entry["before"]["company"] or {}).get("id") == _company(before, log)]
    record = {
        "kind": "offboarding",
        **{key: seen[key] for key in ("recorded_at", "recorded_by", "tenant")},
        "announced": announced,
        **{key: result[key] for key in ("stage", "after", "remaining")},
        "before": whole[0]["before"] if whole else before,
    }
    return {
        "problems": [
            *misspelt(seen.get("variables") or [], "tenant_offboarding"),
            *problems(seen["tenant"], before, stage, seen["confirm"], known=bool(earlier or log)),
        ],
        "announcement": announced,
        "activities": activities(before),
        "removals": removals(before, now),
        "log": log,
        "begins": begins,
        "result": result,
        "record": {**record, "runs": _runs(whole, [*earlier, record])},
        "due": bool(seen["changed"]) or stage not in [one.get("stage") for one in earlier],
    }


def _company(before: Row, log: t.Sequence[Row]) -> t.Any:
    """The company that it is about: one of the name may have been made again after the last one's end. Once it is gone, the last one."""
    known = [entry["before"]["company"]["id"] for entry in log if entry["before"]["company"]]
    return before["company"]["id"] if before["company"] else known[-1] if known else None


def _begins(before: Row, stage: str, log: t.Sequence[Row], earlier: t.Sequence[Row]) -> bool:
    """Whether the run has something to do that no entry of the log tells of."""
    company, gone = before["company"], removals(before, before)
    if company is None:
        return False
    deactivates = stage != "stop_backups" and company["status"] != "DEACTIVATED"
    removes = stage == "remove" and (any(gone.values()) or not before["owned"])
    if not (activities(before) or deactivates or removes):
        return False
    known = [(entry["stage"], entry["before"]) for entry in log[-1:]] + [
        (record.get("stage"), record.get("after")) for record in earlier[-1:]
    ]
    return (stage, before) not in known


def _runs(log: t.Sequence[Row], done: t.Sequence[Row]) -> list[dict[str, t.Any]]:
    """When each run began, and when it was recorded; None for one that was interrupted. done: the records, oldest first."""
    found = []
    for entry, following in itertools.zip_longest(log, log[1:]):
        begun, end = str(entry["recorded_at"]), str(following["recorded_at"]) if following else "~"
        own = [at for one in done if begun <= (at := str(one.get("recorded_at") or "")) < end]
        found.append({**{key: entry[key] for key in ("stage", "recorded_at", "recorded_by")}, "ended_at": own[0] if own else None})
    return found


def problems(tenant: Row, estate: Row, stage: str, confirm: str, known: bool) -> list[str]:
    """Why nothing may be done at all.

    tenant: name and alias of the specification. estate: what M(calligo.baas.commvault_estate_info) found. known: whether an earlier run has
    ended this tenant's service, so that there may be no company any more.
    """
    company = estate["company"]
    found = []
    if company is None and not known:
        found.append(f"There is no company {tenant['name']}, or this user cannot see it. Correct baas_tenant.name.")
    if company is not None and str(company["alias"]).casefold() != str(tenant["alias"]).casefold():
        found.append(
            f"The company {company['name']} has the alias {company['alias']}, but the specification says {tenant['alias']}: "
            "this is another tenant's, or the specification is wrong."
        )
    if tenant.get("state") == "active":
        found.append(
            f"The specification says that {tenant['name']} is active, and the next onboarding would take it on again. "
            "Set baas_tenant.state to ending."
        )
    if stage == "remove" and confirm != tenant["alias"]:
        found.append(
            f"To remove what {tenant['name']} has, say so with tenant_offboarding_confirm: {tenant['alias']} "
            + (f"(it is {confirm!r})." if confirm else "(it is not set).")
        )
    return found


def announcement(estate: Row, stage: str) -> list[str]:
    """What there is, until when backups are kept, and what each of the stages takes away."""
    if estate["company"] is None:
        return ["There is no such company: nothing is left to do"]
    company = estate["company"]
    lines = [f"{company['name']} (alias {company['alias']}, {company['status']}), stage {stage}"]
    lines += [*_systems(estate), *_kept(estate)]
    running = _running(estate)
    lines.append(f"Backups stop of {_listing(running)}" if running else "All backups are off already")
    lines.append("What is kept can be restored for as long as it is kept")
    if stage != "stop_backups":
        lines.append(f"The company is deactivated, so that these users cannot log in: {_listing(estate['users'])}")
    if stage == "remove":
        lines += _removed(estate)
    return lines


def activities(estate: Row) -> list[dict[str, t.Any]]:
    """What M(calligo.baas.commvault_activity) is given so that nothing of the tenant is backed up any more.

    VM groups and subclients are switched off one by one, so that whoever takes the tenant on again finds servers that can be backed up. A
    subclient of another agent than those that are told from each other stops with its server. What is retired has stopped.
    """
    systems = [*estate["servers"], *estate["hypervisors"]]
    retired = {row["name"] for row in systems} - set(_in_use(systems))
    groups = [
        {"vm_group": group["name"], "hypervisor": group["hypervisor"], "backup": False}
        for group in estate["vm_groups"]
        if group["backup_enabled"] and group["hypervisor"] not in retired
    ]
    rows = [row for row in estate["subclients"] if row["backup_enabled"] and row["client"] not in retired]
    known = [_subclient(row) for row in rows if row["file_system"] or row["sql_server"]]
    servers = dict.fromkeys(row["client"] for row in rows if not (row["file_system"] or row["sql_server"]))
    return [*groups, *known, *({"client": server, "backup": False} for server in servers)]


def _subclient(row: Row) -> dict[str, t.Any]:
    place = {"agent": "sql_server", "instance": row["instance"]} if row["sql_server"] else {"agent": "file_system"}
    return {"client": row["client"], **place, "backupset": row["backupset"], "subclient": row["name"], "backup": False}


def remaining(estate: Row) -> list[str]:
    """What is still there after a run, and why."""
    if estate["company"] is None:
        return []
    lines = [f"{server['name']}: retired, and there for its backups" for server in estate["servers"] if server["retired"]]
    lines += [f"{server['name']}: Commvault's software is still on it" for server in estate["servers"] if not server["retired"]]
    lines += [
        f"{row['name']}: " + ("retired, and there for its backups" if row["retired"] else "a hypervisor in use")
        for row in estate["hypervisors"]
    ]
    lines += [f"{plan['name']}: {_why_kept(plan)}" for plan in estate["plans"]]
    status = "deactivated" if estate["company"]["status"] == "DEACTIVATED" else "active"
    return [*lines, f"{estate['company']['name']}: the company, {status}"]


def removals(before: Row, now: Row) -> dict[str, t.Any]:
    """What the last stage takes away, as modules are given it: all that there was before, and the plans that nothing needs now."""
    named = [row for row in before["subclients"] if not row["default"]]
    return {
        "vm_groups": [_part(group, "name", "hypervisor") for group in before["vm_groups"] if not group["default"]],
        "subclients": [{**_part(row, "client", "backupset", "name"), **ABSENT} for row in named if row["file_system"]],
        "sql_subclients": [{**_part(row, "client", "instance", "name"), **ABSENT} for row in named if row["sql_server"]],
        "hypervisors": _in_use(before["hypervisors"]),
        "agents": [{"client": name, "state": "retired", "allow_removal": True} for name in _in_use(before["servers"])],
        "users": list(before["users"]),
        "plans": removable_plans(now),
    }


def removable_plans(estate: Row) -> list[str]:
    """Plans that protect nothing and on which nothing is kept. A plan of which Commvault does not tell is not among them."""
    return [plan["name"] for plan in estate["plans"] if not plan["associated_entities"] and plan["kept"] and not plan["kept"]["jobs"]]


def _in_use(systems: t.Iterable[Row]) -> list[str]:
    """The names of servers or hypervisors that are not retired yet."""
    return [row["name"] for row in systems if not row["retired"]]


def _part(row: Row, *keys: str) -> dict[str, t.Any]:
    return {key: row[key] for key in keys}


def _systems(estate: Row) -> list[str]:
    groups = [f"{group['name']} ({group['hypervisor']})" for group in estate["vm_groups"] if not group["default"]]
    names = {
        "VM groups": groups,
        "Subclients": [_label(row) for row in estate["subclients"] if not row["default"]],
        "Servers": [server["name"] for server in estate["servers"]],
    }
    return [f"{kind} ({len(rows)}): {_listing(rows)}" for kind, rows in names.items() if rows]


def _kept(estate: Row) -> list[str]:
    if estate["backups"] is None:
        return ["Commvault does not tell how many backups are kept, and until when"]
    each = [f"Kept of {row['client']} {row['subclient']}".rstrip() + f": {_amount(row)}" for row in estate["backups"]]
    return [f"Kept in all: {_amount(estate['kept'])}", *each]


def _running(estate: Row) -> list[str]:
    groups = [group["name"] for group in estate["vm_groups"] if group["backup_enabled"]]
    return groups + [_label(row) for row in estate["subclients"] if row["backup_enabled"]]


def _removed(estate: Row) -> list[str]:
    """In words, what the last stage takes away, and what it has to leave for now."""
    full = [plan["name"] for plan in estate["plans"] if plan["kept"] is None or plan["kept"]["jobs"]]
    lost = {
        "VM groups": [group["name"] for group in estate["vm_groups"] if not group["default"]],
        "subclients": [_label(row) for row in estate["subclients"] if not row["default"]],
        "users": estate["users"],
        "plans": [plan["name"] for plan in estate["plans"] if plan["name"] not in full],
    }
    retired = _in_use([*estate["hypervisors"], *estate["servers"]])
    lines = [f"Removed for good, {kind}: {_listing(rows)}" for kind, rows in lost.items() if rows]
    lines += [f"Retired, so that they are there for their backups alone: {_listing(retired)}"] if retired else []
    if full:
        return [*lines, f"Left for as long as backups are kept on them: {_listing(full)}. The company stays with them: run this again then"]
    return [*lines, "The company is removed if nothing of it is left"]


def _why_kept(plan: Row) -> str:
    if plan["associated_entities"]:
        return f"a plan that protects {plan['associated_entities']} things"
    return "a plan on which Commvault does not tell what is kept" if plan["kept"] is None else f"a plan with {_amount(plan['kept'])}"


def _label(subclient: Row) -> str:
    return f"{subclient['client']}/{subclient['name']}"


def _amount(kept: Row) -> str:
    until = {"infinite": "for ever", None: "until Commvault ages them"}.get(kept["kept_until"], f"the last until {kept['kept_until']}")
    return f"{kept['jobs']} backups with {kept['bytes']} bytes, {until}" if kept["jobs"] else "nothing"


def _listing(names: t.Sequence[str]) -> str:
    return ", ".join(names) or "none"
