# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What a restore test is to do, before it does anything: what it draws from, what it has drawn, and why it must not begin."""

from __future__ import annotations

import re
import typing as t

from . import manifest, population, restore_leftovers, sampling

Row = t.Mapping[str, t.Any]
Tenants = t.Sequence[Row]

SQL_PLACE = ("sql_client", "sql_instance", "sql_path", "sql_access")
"""What a target says about databases."""
_PERIOD = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_SEED = re.compile(r"([0-9a-f]{64})?")


def plan(
    specifications: Tenants,
    run: Row,
    variables: t.Mapping[str, Row] | None = None,
    hosts: t.Iterable[str] = (),
    read: t.Iterable[Row] | None = None,
) -> dict[str, t.Any]:
    """The plan of a restore test, first of what has to be read of the vCenter (reads), then with what was drawn.

    specifications: the tenants to draw from; without any, those whose inventory names are hosts, by the variables of all hosts.
    run: id, region, period, salt and target, and seed, which is empty unless a draw is repeated; beacon, if
    there is one. The plan has it as it is.
    read: results of a loop of M(calligo.baas.vcenter_vm_facts) over reads; None before it.

    problems are the sentences of what stands in the way, for people; with any of them nothing may be restored. sql tells whether there are
    databases. mark is what the restore jobs carry, see restore_leftovers. place is where the file goes: path on the restore client, and
    local, its directory on this host, empty if it is read elsewhere. Once the VMs were read, there are population, draw, and vm, file and
    database, the systems that were drawn, None where there is nothing of a kind.
    """
    # Taken out at once: in a template each look may give a random value anew.
    run = dict(run)
    tenants = list(specifications) or population.specifications(variables or {}, hosts)
    instances = population.sql_systems(tenants)
    place, unplaced = _place(run)
    wanted = population.reads(tenants)
    begun = {"run": run, "reads": wanted, "tenants": [_recorded(tenant) for tenant in tenants], "sql": bool(instances), "place": place}
    begun["mark"] = restore_leftovers.mark(run)
    if read is None:
        return {**begun, "problems": [*_misspelt(run), *_misplaced(tenants, run, bool(instances)), *unplaced]}
    results = list(read)
    unseen = _unseen(wanted, results)
    if unseen:
        return {**begun, "problems": unseen}
    kinds = {
        "vm": population.vm_systems(population.with_vms(tenants, results)),
        "file": population.file_systems(tenants),
        "database": instances,
    }
    return {**begun, **_drawn(kinds, tenants, run)}


def _recorded(tenant: Row) -> dict[str, t.Any]:
    return {
        "name": tenant["name"],
        "alias": tenant["alias"],
        "vm_folder": (tenant.get("vm_backup") or {}).get("vcenter_folder") or "",
        "file_servers": (tenant.get("file_backup") or {}).get("servers") or [],
    }


def _drawn(kinds: t.Mapping[str, list[population.System]], tenants: Tenants, run: Row) -> dict[str, t.Any]:
    identifiers = [str(system["id"]) for systems in kinds.values() for system in systems]
    beacon = str(run.get("beacon") or "")
    seed = str(run["seed"]) or sampling.seed_of(run["region"], run["period"], identifiers, run["salt"], beacon)
    excepted = population.exceptions(tenants)
    nothing = [
        f"No tenant of the region {run['region']} has a VM, a file server or a database to draw from. Check the groups of the inventory."
    ]
    return {
        "problems": [] if identifiers else nothing,
        "population": {
            "size": len(set(identifiers)),
            "hash": sampling.population_hash(identifiers),
            "systems": sorted(identifiers),
            "tenants": sorted(str(tenant["name"]) for tenant in tenants),
            **({"exceptions": excepted} if excepted else {}),
        },
        "draw": {
            "selector": sampling.selector(beacon),
            "seed": seed,
            "seed_given": bool(run["seed"]),
            "salt": run["salt"],
            **({"beacon": beacon} if beacon else {}),
        },
        **{kind: _one(seed, systems) for kind, systems in kinds.items()},
    }


def _one(seed: str, systems: t.Iterable[population.System]) -> population.System | None:
    by_id = {str(system["id"]): system for system in systems}
    drawn = sampling.draw(seed, by_id)
    return by_id[drawn[0]] if drawn else None


def _misspelt(run: Row) -> t.Iterator[str]:
    if not _PERIOD.fullmatch(str(run["period"])):
        yield "restore_test_period must be YYYY-MM."
    if not _SEED.fullmatch(str(run["seed"])):
        yield "restore_test_seed must be 64 hexadecimal digits or empty."
    if not sampling.BEACON.fullmatch(str(run.get("beacon") or "")):
        yield "restore_test_beacon must be one line of at most 200 characters without |."


def _misplaced(tenants: Tenants, run: Row, sql: bool) -> t.Iterator[str]:
    region = run["region"]
    strangers = [str(tenant["name"]) for tenant in tenants if tenant["region"] != region]
    if strangers:
        yield f"The data of {', '.join(strangers)} must stay in another region than {region}. Correct the groups of the inventory."
    if sql and not all(run["target"].get(key) for key in SQL_PLACE):
        yield (
            f"There are databases to test, but the region {region} has no SQL Server instance for restores: "
            f"say it with {', '.join(SQL_PLACE[:-1])} and {SQL_PLACE[-1]} in baas_region.restore_test."
        )


def _place(run: Row) -> tuple[dict[str, str], list[str]]:
    """Where the file goes, and why it cannot go there."""
    target = run["target"]
    access = target["file_access"]
    path = manifest.windows_path(str(target["file_path"]), f"rt-{run['period']}-{run['id']}")
    if access["kind"] != "local":
        return {"path": path, "local": ""}, []
    try:
        if not access.get("drives"):
            raise ValueError(f"{path!r} is to be read on this host, and the access says no drives")
        (local,) = manifest.roots([path], access["drives"])
    except ValueError as error:
        return {"path": path, "local": ""}, [f"{error}. Correct file_path or file_access in baas_region.restore_test."]
    return {"path": path, "local": local}, []


def _unseen(wanted: t.Iterable[Row], results: t.Iterable[Row]) -> list[str]:
    problems = [
        f"{tenant['name']}: {problem}"
        for tenant, result in zip(wanted, results, strict=True)
        for problem in (result.get("ansible_facts") or {}).get("vcenter_vms_problems") or []
    ]
    if not problems:
        return []
    return [
        "The VMs of the tenants could not be read in full, and a draw from a part of them says nothing of the others.",
        *problems,
        "Let the account that reads the vCenter read the tenants' folders and the tags of their VMs; if vCenter was busy, run this again.",
    ]
