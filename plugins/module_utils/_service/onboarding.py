# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What an onboarding came to: its result, what is still to be proven by a restore, and its record."""

from __future__ import annotations

import typing as t

from . import file_protection, population, records, sql_protection

Row = t.Mapping[str, t.Any]
PROTECTED = (("vm", "vms", "vms"), ("file", "files", "subclients"), ("database", "databases", "instances"))
"""A kind of system, the part of the result that tells of it, and what is listed there if there is any."""

UNKNOWN = dict.fromkeys(("jobs", "bytes", "media_bytes", "kept_until"))


def onboarding(seen: Row, acceptance: Row | None = None) -> dict[str, t.Any]:
    """What an onboarding comes to, from what was seen of it.

    seen: tenant and specification (plans, vm_backup, file_backup, sql_backup) as they were given; region (its name); preflight, what
    M(calligo.baas.commvault_infrastructure_info) found; company and plans, what the tasks that made them registered; vms, files and
    databases, the results of the roles that protect them, empty where there are none; estate, what M(calligo.baas.commvault_estate_info)
    found, None where it was not asked, and planned, names as planned() gives them; earlier, the texts of the records of earlier runs by
    their paths; recorded_at (ISO 8601, UTC) and recorded_by.
    acceptance: the record of the acceptance restores of this run; None if none were made.
    Gives result (of the role; its unspecified is what the tenant has beside the specification, None where it was not looked at), drift
    (the same in lines for people), unproven (the protected kinds for which no
    acceptance restore has passed in an earlier run), record, and due: whether the record is to be written, because something was done or
    there is none yet.
    """
    result = _result(seen)
    earlier = records.parsed(seen["earlier"], "onboarding")
    passed = [record["acceptance"] for record in earlier if (record.get("acceptance") or {}).get("result") == "passed"]
    proven = {sample["kind"] for known in passed for sample in known["samples"]}
    return {
        "result": result,
        "drift": None if result["unspecified"] is None else [in_words(row) for row in result["unspecified"]],
        "unproven": [kind for kind, part, systems in PROTECTED if result[part].get(systems) and kind not in proven],
        "record": {
            "kind": "onboarding",
            **{key: seen[key] for key in ("recorded_at", "recorded_by", "tenant", "region", "preflight", "specification")},
            "result": result,
            "systems": _systems(seen),
            "acceptance": acceptance,
            "accepted_before": sorted(known["ended_at"] for known in passed),
        },
        "due": result["changed"] or acceptance is not None or not earlier,
    }


def unspecified(estate: Row, planned: t.Collection[str]) -> list[dict[str, t.Any]]:
    """What belongs to a tenant's company and is not in its specification, which takes nothing away, with what is kept of it.

    Each with kind, name, and jobs, bytes, media_bytes and kept_until, None where Commvault does not tell. planned: as planned() names it.
    estate: what M(calligo.baas.commvault_estate_info) found. What comes with something else and what is retired is not among it.
    """
    known = {name.casefold() for name in planned}
    made = [*_machines(estate), *_subclients(estate), *(("Plan", row["name"], row.get("kept")) for row in estate["plans"])]
    return [{"kind": kind, "name": label, **(kept or UNKNOWN)} for kind, label, kept in made if label.casefold() not in known]


def in_words(row: Row) -> str:
    """A line for people about something that the specification does not name."""
    if row["jobs"] is None:
        return f"{row['kind']} {row['name']}: what is kept of it is unknown"
    until = f", until {row['kept_until']}" if row["kept_until"] else ""
    return f"{row['kind']} {row['name']}: {row['jobs']} jobs kept, {row['bytes']} bytes, {row['media_bytes']} of them on media{until}"


def _machines(estate: Row) -> t.Iterator[tuple[str, str, Row | None]]:
    for kind, part in (("Server", "servers"), ("Hypervisor", "hypervisors")):
        yield from ((kind, row["name"], _kept(estate, row["name"])) for row in estate[part] if not row["retired"])
    for row in estate["vm_groups"]:
        if not row["default"]:
            yield "VM group", f"{row['hypervisor']}/{row['name']}", _kept(estate, row["hypervisor"], row["name"])


def _subclients(estate: Row) -> t.Iterator[tuple[str, str, Row | None]]:
    for row in estate["subclients"]:
        # What was backed up is told by client and subclient: of two that are called so nobody knows whose it is.
        like = [one for one in estate["subclients"] if (one["client"], one["name"]) == (row["client"], row["name"])]
        kept = _kept(estate, row["client"], row["name"]) if len(like) == 1 else None
        if row["default"]:
            continue
        if row["sql_server"]:
            yield "Subclient of databases", f"{row['client']} / {row['instance']} / {row['name']}", kept
        else:
            yield "Subclient", f"{row['client']}/{row['backupset']}/{row['name']}", kept


def _kept(estate: Row, client: str, subclient: str | None = None) -> dict[str, t.Any] | None:
    """What is kept of a client, or of one of its subclients; None where Commvault cannot list the jobs."""
    if estate.get("backups") is None:
        return None
    rows = [row for row in estate["backups"] if row["client"] == client and subclient in (None, row["subclient"])]
    ends = [row["kept_until"] for row in rows if row["kept_until"]]
    sums = {key: sum(row[key] for row in rows) for key in ("jobs", "bytes", "media_bytes")}
    return {**sums, "kept_until": "infinite" if "infinite" in ends else max(ends, default=None)}


def planned(specification: Row) -> dict[str, list[t.Any]]:
    """What a specification makes and what for: names, of all that is made in Commvault, as the errors of modules call it, and places, see
    file_protection.places().

    specification: company (its name), plans, hypervisor (its name), vm_groups, file_servers and sql_servers; any may be missing.
    """
    hypervisor = specification.get("hypervisor") or ""
    files, sql = (specification.get(f"{kind}_servers") or [] for kind in ("file", "sql"))
    names = [
        *(specification.get("company") or "", hypervisor, *(server["client"] for server in (*files, *sql))),
        *(plan["name"] for plan in specification.get("plans") or []),
        *(f"{hypervisor}/{group['name']}" for group in specification.get("vm_groups") or []),
        *(f"{server['client']}/defaultBackupSet/{subclient['name']}" for server in files for subclient in server["subclients"]),
        *_of_databases(sql),
    ]
    return {"names": [name for name in dict.fromkeys(names) if name], "places": file_protection.places(files)}


def _of_databases(servers: t.Sequence[Row]) -> list[str]:
    """Instances, and the subclients of their databases."""
    found = sql_protection.protection(servers)
    instances = [f"{row['client']} / {row['instance']}" for row in found["instances"]]
    return [*instances, *(f"{row['client']} / {row['instance']} / {row['name']}" for row in found["subclients"])]


def _systems(seen: Row) -> list[dict[str, t.Any]]:
    """Each system with whether it has a usable backup (yes, no, not looked at, excepted), and why, where that is not yes.

    unprotected of a part names what has none; it is None where nobody looked.
    """
    excepted = population.excepted(seen["specification"])
    names = {(row["kind"], row["name"].casefold()) for row in excepted}
    found = [{**row, "backup": "excepted"} for row in excepted]
    for kind, part, _listed in PROTECTED:
        told = seen[part].get("unprotected")
        reasons = {_named(row, kind).casefold(): str(row["reason"]) for row in told or []}
        rows = [{"name": name} for name in seen[part].get("vms") or []] if kind == "vm" else seen[part].get("subclients") or []
        for name in [_named(row, kind) for row in rows]:
            if (kind, name.casefold()) not in names:
                reason = reasons.get(name.casefold(), "")
                backup = "not looked at" if told is None else "no" if reason else "yes"
                found.append({"kind": kind, "name": name, "backup": backup, "reason": reason})
    return found


def _named(row: Row, kind: str) -> str:
    """What a system is called, in the specification's exceptions too."""
    keys = {"vm": ("name",), "file": ("client", "name"), "database": ("client", "instance", "name")}
    return ", ".join(str(row[key]) for key in keys[kind])


def _result(seen: Row) -> dict[str, t.Any]:
    parts = {key: seen[key] for key in ("vms", "files", "databases")}
    return {
        "changed": any(bool(step.get("changed")) for step in (seen["company"], seen["plans"], *parts.values())),
        "company": seen["company"]["company"],
        "plans": [made["plan"] for made in seen["plans"]["results"]],
        **parts,
        "unspecified": unspecified(seen["estate"], seen["planned"]) if seen.get("estate") else None,
    }
