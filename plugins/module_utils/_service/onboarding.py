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


def onboarding(seen: Row, acceptance: Row | None = None) -> dict[str, t.Any]:
    """What an onboarding comes to, from what was seen of it.

    seen: tenant and specification (plans, vm_backup, file_backup, sql_backup) as they were given; region (its name); preflight, what
    M(calligo.baas.commvault_infrastructure_info) found; company and plans, what the tasks that made them registered; vms, files and
    databases, the results of the roles that protect them, empty where there are none; estate, what M(calligo.baas.commvault_estate_info)
    found, None where it was not asked, and planned, names as planned() gives them; earlier, the texts of the records of earlier runs by
    their paths; recorded_at (ISO 8601, UTC) and recorded_by.
    acceptance: the record of the acceptance restores of this run; None if none were made.
    Gives result (of the role), unspecified (what the tenant has beside the specification), unproven (the protected kinds for which no
    acceptance restore has passed in an earlier run), record, and due: whether the record is to be written, because something was done or
    there is none yet.
    """
    result = _result(seen)
    earlier = records.parsed(seen["earlier"], "onboarding")
    passed = [record["acceptance"] for record in earlier if (record.get("acceptance") or {}).get("result") == "passed"]
    proven = {sample["kind"] for known in passed for sample in known["samples"]}
    return {
        "result": result,
        "unspecified": unspecified(seen["estate"], seen["planned"]) if seen.get("estate") else [],
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


def unspecified(estate: Row, planned: t.Collection[str]) -> list[str]:
    """What belongs to a tenant's company and is not in its specification, which takes nothing away. planned: names as planned() gives them.

    estate: what M(calligo.baas.commvault_estate_info) found. What comes with something else and what is retired is not among it.
    """
    known = {name.casefold() for name in planned}
    made = [*_machines(estate), *_subclients(estate), *(("Plan", row["name"]) for row in estate["plans"])]
    return [f"{kind} {label}" for kind, label in made if label.casefold() not in known]


def _machines(estate: Row) -> t.Iterator[tuple[str, str]]:
    for kind, part in (("Server", "servers"), ("Hypervisor", "hypervisors")):
        yield from ((kind, row["name"]) for row in estate[part] if not row["retired"])
    yield from (("VM group", f"{row['hypervisor']}/{row['name']}") for row in estate["vm_groups"] if not row["default"])


def _subclients(estate: Row) -> t.Iterator[tuple[str, str]]:
    own = [row for row in estate["subclients"] if not row["default"]]
    yield from (("Subclient", f"{row['client']}/{row['backupset']}/{row['name']}") for row in own if not row["sql_server"])
    yield from (("Subclient of databases", f"{row['client']} / {row['instance']} / {row['name']}") for row in own if row["sql_server"])


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
    }
