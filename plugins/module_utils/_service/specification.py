# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Whether the specifications of an inventory can be trusted, as far as the inventory alone tells: everything that is wrong, at once.

specification_shape.py says whether a variable is what the onboarding's argument specification wants; here is how the parts go together,
within a tenant and among all. What only Commvault and vCenter know is looked at by preflight.py.
"""

from __future__ import annotations

import collections
import dataclasses
import typing as t

from . import options, tenants
from .specification_shape import Block, Finding, Given, Path, block, missing, spelt

Row = t.Mapping[str, t.Any]
Trouble = tuple[str, Path, str, str]
"""A block, the path in it, what is wrong with it, and what to do about it."""

BLOCKS = ("region", "tenant", "plans", "vm_backup", "file_backup", "sql_backup")
"""What a specification consists of, in the inventory baas_<block>, or tenant_onboarding_<block>, which goes before."""
REQUIRED = ("region", "tenant", "plans")


@dataclasses.dataclass(frozen=True)
class Host:
    """A host: its blocks, those that the inventory has, whatever was given to the run, and where all its variables stand."""

    blocks: t.Mapping[str, Block]
    inventory: t.Mapping[str, Block]
    variables: t.Mapping[str, Given]

    def plain(self, name: str) -> t.Any:
        """What is known of a block, without what is wrong; {} for none."""
        return self.blocks[name].plain or {} if name in self.blocks else {}


def wanted(name: str) -> options.Specification:
    """What is wanted of a block."""
    known = options.options("tenant_onboarding")[f"tenant_onboarding_{name}"]
    if name != "region":
        return t.cast(options.Specification, known)
    target = {**options.options("restore_test")["restore_test_target"], "required": False}
    return {**known, "options": {**known["options"], "restore_test": target}}


def variable(name: str, variables: t.Container[str]) -> str:
    """The variable in which a host has a block."""
    own = f"tenant_onboarding_{name}"
    return own if own in variables else f"baas_{name}"


def host(variables: t.Mapping[str, Given], given_to_run: t.Collection[str] = ()) -> Host:
    """A host, from its variables; those that hold blocks with their values. given_to_run: those that are not the inventory's."""
    blocks = _blocks(variables)
    theirs = {name: given for name, given in variables.items() if name not in given_to_run}
    return Host(blocks, _blocks(theirs) if len(theirs) < len(variables) else blocks, variables)


def _blocks(variables: t.Mapping[str, Given]) -> dict[str, Block]:
    names = {name: variable(name, variables) for name in BLOCKS}
    return {name: block(variables[known], wanted(name), known) for name, known in names.items() if known in variables}


def findings(
    known: t.Mapping[str, Host], tenant_hosts: t.Collection[str], regions: t.Collection[str], asked: t.Iterable[str]
) -> list[Finding]:
    """What is wrong with the specifications of the hosts that are asked for, in the order of the files.

    known: all hosts of the inventory by their names, those that are neither tenants nor regions without variables.
    """
    blocks = {name: {f"baas_{key}": part.plain or {} for key, part in found.inventory.items()} for name, found in known.items()}
    claims = tenants.claims(blocks, tenant_hosts, regions)
    found = [
        finding
        for name in dict.fromkeys(asked)
        if name in tenant_hosts or name in regions
        for finding in (_of_tenant(name, known, claims) if name in tenant_hosts else _of_region(name, known))
    ]
    return sorted(dict.fromkeys(found), key=lambda finding: (finding.tenant, finding.file or "", finding.line or 0))


def _of_tenant(name: str, known: t.Mapping[str, Host], claims: t.Iterable[Row]) -> t.Iterator[Finding]:
    mine = known[name]
    yield from _of_variables(name, mine)
    for part in REQUIRED:
        if part not in mine.blocks or mine.blocks[part].is_empty():
            yield _absent(name, part, mine)
    yield from _placed(name, mine, _within_tenant(mine, known))
    yield from _placed(name, mine, _among_all(name, mine, claims))


def _of_region(name: str, known: t.Mapping[str, Host]) -> t.Iterator[Finding]:
    mine = known[name]
    yield from _of_variables(name, mine)
    if "region" not in mine.blocks:
        yield _absent(name, "region", mine)
    yield from _placed(name, mine, _accesses(mine, known))


def _of_variables(name: str, mine: Host) -> t.Iterator[Finding]:
    for unread, advice in options.unread(mine.variables, *options.roles()).items():
        given = mine.variables[unread]
        yield Finding(name, unread, f"{unread} is no variable of this collection.", advice, given.file, given.line)
    for part in mine.blocks.values():
        yield from (dataclasses.replace(finding, tenant=name) for finding in part.findings)


def _absent(name: str, part: str, mine: Host) -> Finding:
    """A block that is not there at all, which has no place: that of the tenant tells whose it is."""
    advice = {
        "region": "Put the host into the group of its region, whose group_vars have baas_region.",
        "tenant": "Say in it who the tenant is: name, alias, region and contact.",
        "plans": "Name in it the plans that protect the tenant's systems.",
    }[part]
    place = mine.variables.get(variable("tenant", mine.variables), missing())
    return Finding(name, f"baas_{part}", f"{name} has no baas_{part}.", advice, place.file, place.line)


def _placed(name: str, mine: Host, troubles: t.Iterable[Trouble]) -> t.Iterator[Finding]:
    for part, path, what, way_out in troubles:
        found = mine.blocks[part]
        yield Finding(name, spelt(found.variable, path), what, way_out, *found.place(path))


def _within_tenant(mine: Host, known: t.Mapping[str, Host]) -> t.Iterator[Trouble]:
    yield from _named_plans(mine)
    yield from _twice(mine)
    yield from _sources(mine)
    yield from _pools(mine)
    yield from _residency(mine)
    yield from _accesses(mine, known)
    yield from _machines(mine)
    yield from _logins(mine)
    yield from _restores(mine)


def _servers(mine: Host, kind: str) -> list[tuple[Path, Row]]:
    return [(("servers", number), server) for number, server in _listed(mine.plain(f"{kind}_backup"), "servers")]


def _listed(row: Row, key: str) -> list[tuple[int, Row]]:
    """The parts of a list that are dictionaries, as far as they are right, with their numbers."""
    return [(number, part) for number, part in enumerate(row.get(key) or []) if isinstance(part, dict)]


def protected(mine: Host) -> t.Iterator[tuple[str, Path, Row]]:
    """All that is protected by a plan: block, path, and what is said of it."""
    for number, group in _listed(mine.plain("vm_backup"), "groups"):
        yield "vm_backup", ("groups", number), group
    for path, server in _servers(mine, "file"):
        for number, subclient in _listed(server, "subclients"):
            yield "file_backup", (*path, "subclients", number), subclient
    for path, server in _servers(mine, "sql"):
        for number, instance in _listed(server, "instances"):
            yield "sql_backup", (*path, "instances", number), instance
            for place, subclient in _listed(instance, "subclients"):
                yield "sql_backup", (*path, "instances", number, "subclients", place), subclient


def _plans(mine: Host) -> list[tuple[int, Row]]:
    return _listed({"plans": mine.plain("plans") or []}, "plans")


def _named_plans(mine: Host) -> t.Iterator[Trouble]:
    plans = _plans(mine)
    names = {str(plan["name"]) for _number, plan in plans if plan.get("name")}
    if not names or any(mine.blocks["plans"].is_untold((number, "name")) for number in range(len(mine.plain("plans")))):
        return  # what there is besides is not known
    folded = {name.casefold() for name in names}
    for part, path, row in protected(mine):
        plan = row.get("plan")
        if plan and str(plan).casefold() not in folded:
            advice = options.advice(str(plan), names, f"The plans are {', '.join(sorted(names))}.")
            yield part, (*path, "plan"), f"The plan {plan} of {row.get('name', 'it')} is not among the tenant's plans.", advice


class _Named(t.NamedTuple):
    """What has its name once among its like: where it stands, its kind, the names around it and its own, what tells it apart."""

    block: str
    path: Path
    kind: str
    names: tuple[t.Any, ...]
    apart: str = ""


def _twice(mine: Host) -> t.Iterator[Trouble]:
    """What one specification has twice: the second would take the place of the first, or share it."""
    seen: collections.Counter[tuple[str, ...]] = collections.Counter()
    for row in (*_named(mine), *_of_instances(mine)):
        if None in row.names:
            continue
        folded = (row.block, row.kind, row.apart, *(str(name).casefold() for name in row.names))
        seen[folded] += 1
        if seen[folded] == 2:
            label = " of ".join(str(name) for name in reversed(row.names))
            what = f"The {row.kind} {label} is in the specification twice."
            yield row.block, row.path, what, "Leave one of them, or give one another name."


def _named(mine: Host) -> t.Iterator[_Named]:
    for number, plan in _plans(mine):
        yield _Named("plans", (number, "name"), "plan", (plan.get("name"),))
        for place, copy in _listed(plan, "destinations"):
            names = (plan.get("name"), copy.get("name"))
            yield _Named("plans", (number, "destinations", place, "name"), "destination", names, str(copy.get("region")))
    for number, group in _listed(mine.plain("vm_backup"), "groups"):
        yield _Named("vm_backup", ("groups", number, "name"), "VM group", (group.get("name"),))
    for path, server in _servers(mine, "file"):
        for number, subclient in _listed(server, "subclients"):
            yield _Named("file_backup", (*path, "subclients", number, "name"), "subclient", (server.get("client"), subclient.get("name")))


def _of_instances(mine: Host) -> t.Iterator[_Named]:
    for path, server in _servers(mine, "sql"):
        for number, instance in _listed(server, "instances"):
            home, label = (*path, "instances", number), (server.get("client"), instance.get("name"))
            yield _Named("sql_backup", (*home, "name"), "instance", label)
            for place, subclient in _listed(instance, "subclients"):
                yield _Named("sql_backup", (*home, "subclients", place, "name"), "subclient", (*label, subclient.get("name")))
                for index, database in enumerate(subclient.get("databases") or []):
                    yield _Named("sql_backup", (*home, "subclients", place, "databases", index), "database", (*label, database))


def _sources(mine: Host) -> t.Iterator[Trouble]:
    for number, plan in _plans(mine):
        copies = _listed(plan, "destinations")
        names = {str(copy["name"]) for _place, copy in copies if copy.get("name")}
        for place, copy in copies:
            source, path = copy.get("source"), (number, "destinations", place, "source")
            if source and str(source) == str(copy.get("name")):
                yield (
                    "plans",
                    path,
                    f"The destination {source} is its own source.",
                    "Name the copy from which it is made, or leave source out.",
                )
            elif source and str(source) not in names and len(names) == len(copies):
                advice = options.advice(str(source), names, f"The destinations of the plan are {', '.join(sorted(names))}.")
                yield "plans", path, f"The source {source} is no destination of the plan {plan.get('name', '')}.", advice


def _pools(mine: Host) -> t.Iterator[Trouble]:
    """A region that says which storage pools are its own says it of all."""
    pools = [str(pool) for pool in mine.plain("region").get("storage_pools") or [] if pool]
    folded = {pool.casefold() for pool in pools}
    for number, plan in _plans(mine) if pools else []:
        for place, copy in _listed(plan, "destinations"):
            pool = copy.get("storage_pool")
            if pool and str(pool).casefold() not in folded:
                advice = options.advice(str(pool), pools, f"Those of baas_region.storage_pools are {', '.join(sorted(pools))}.")
                region = mine.plain("region").get("name", "")
                yield "plans", (number, "destinations", place, "storage_pool"), f"{pool} is no storage pool of the region {region}.", advice


def _residency(mine: Host) -> t.Iterator[Trouble]:
    home, region = mine.plain("tenant").get("region"), mine.plain("region")
    if not home:
        return
    stays = f"the tenant's data must stay in {home}"
    if region.get("name") not in (None, home):
        what = f"{stays[0].upper()}{stays[1:]}, but its host is in the inventory group of the region {region['name']}."
        yield "tenant", ("region",), what, "Correct the region, or put the host into the group of its own."
    vcenter = region.get("vcenter") or {}
    if vcenter.get("region") not in (None, home):
        what = f"The vCenter {vcenter.get('name')} is in {vcenter['region']}, {stays}."
        yield "region", ("vcenter", "region"), what, "A tenant needs a vCenter in its own region."
    for number, plan in _plans(mine):
        for place, copy in _listed(plan, "destinations"):
            if copy.get("region") not in (None, home):
                what = f"The plan {plan.get('name')} has a copy {copy.get('name')} in {copy['region']}, {stays}."
                yield "plans", (number, "destinations", place, "region"), what, "Name a storage pool of the tenant's region."


def _accesses(mine: Host, known: t.Container[str]) -> t.Iterator[Trouble]:
    """How files and databases are read beside Commvault."""
    place = mine.plain("region").get("restore_test") or {}
    rows: list[tuple[str, Path, Row, str]] = [
        ("file_backup", (*path, "access"), server.get("access") or {}, "drives") for path, server in _servers(mine, "file")
    ]
    rows += [
        ("region", ("restore_test", key), place.get(key) or {}, need)
        for key, need in (("file_access", "drives"), ("sql_access", "databases"))
    ]
    for part, path, access, local in rows:
        need = {"windows": "host", "local": local}.get(access.get("kind", ""), "")
        if need and not access.get(need) and not mine.blocks[part].is_untold((*path, need)):
            yield part, path, f"An access of the kind {access['kind']} needs {need}.", "Add it."
        elif need == "host" and access.get("host") and str(access["host"]) not in known:
            advice = "Correct the name, or add the host to the group windows of the inventory."
            yield part, (*path, "host"), f"{access['host']} is no host of the inventory.", advice


def _machines(mine: Host) -> t.Iterator[Trouble]:
    specified = mine.plain("vm_backup")
    if specified.get("groups") and specified.get("vcenter_folder") is None and not mine.blocks["vm_backup"].is_untold(("vcenter_folder",)):
        yield "vm_backup", ("groups",), "VM groups need vcenter_folder, the tenant's own folder.", "Add it."
    for number, group in _listed(specified, "groups"):
        path, name = ("groups", number), group.get("name", "")
        rule = group.get("tags") or group.get("name_patterns")
        if rule and group.get("vms"):
            what = f"The VM group {name} names VMs, and a rule of tags or name patterns as well."
            yield "vm_backup", (*path, "vms"), what, "Make two groups of it."
        elif not rule and not group.get("vms") and not group.get("folders") and not mine.blocks["vm_backup"].any_untold(path):
            yield "vm_backup", path, f"The VM group {name} has no VMs, folders, tags or name patterns.", "Say what is in it."
        yield from _consistency(mine, path, group)


def _consistency(mine: Host, path: Path, group: Row) -> t.Iterator[Trouble]:
    aware = group.get("consistency") == "application_aware"
    if aware and not group.get("guest_credential") and not mine.blocks["vm_backup"].is_untold((*path, "guest_credential")):
        yield "vm_backup", (*path, "consistency"), "application_aware needs guest_credential.", "Name the saved credential."
    elif group.get("guest_credential") and not aware:
        yield (
            "vm_backup",
            (*path, "guest_credential"),
            "guest_credential is for application_aware alone.",
            "Leave it out, or set consistency.",
        )


def _logins(mine: Host) -> t.Iterator[Trouble]:
    for path, server in _servers(mine, "sql"):
        for number, instance in _listed(server, "instances"):
            home = (*path, "instances", number)
            need = {"account": "account", "credential": "credential"}.get(str(instance.get("authentication")), "")
            if need and not instance.get(need) and not mine.blocks["sql_backup"].is_untold((*home, need)):
                yield "sql_backup", (*home, "authentication"), f"The authentication {instance['authentication']} needs {need}.", "Add it."
            for place, subclient in _listed(instance, "subclients"):
                if str(subclient.get("name")).casefold() == "default":
                    what = "The default subclient covers what no other lists, by the instance's plan."
                    yield "sql_backup", (*home, "subclients", place, "name"), what, "Leave it out, or give it another name."


def _restores(mine: Host) -> t.Iterator[Trouble]:
    """Acceptance restores go somewhere."""
    asked = [mine.variables.get(f"tenant_onboarding_{name}", missing()).value for name in ("acceptance", "first_backup")]
    region = mine.plain("region")
    if not region or region.get("restore_test") or mine.blocks["region"].is_untold(("restore_test",)):
        return
    if not any(_is_off(value) for value in asked):
        what = f"The region {region.get('name', '')} has no restore_test, where the acceptance restores go."
        yield "region", (), what, "Say there where to, or set tenant_onboarding_acceptance to false."


def _is_off(value: t.Any) -> bool:
    return value is not None and options.converted(value, {"type": "bool"}) is False


def _among_all(name: str, mine: Host, claims: t.Iterable[Row]) -> t.Iterator[Trouble]:
    own = tenants.claims({name: {f"baas_{key}": mine.plain(key) for key in BLOCKS}}, [name])
    for other in claims if own else ():
        if other["host"] == name:
            continue
        for conflict in tenants.between(own[0], other):
            yield from ((part, path, conflict.what, conflict.way_out) for part, path in _claimed(mine, conflict))


def _claimed(mine: Host, conflict: tenants.Conflict) -> t.Iterator[tuple[str, Path]]:
    """Where a tenant claims what is another's."""
    if conflict.about in ("alias", "name"):
        yield "tenant", (conflict.about,)
    elif conflict.about == "folder":
        yield "vm_backup", ("vcenter_folder",)
    else:
        for kind in ("file", "sql"):
            for path, server in _servers(mine, kind):
                if str(server.get("client")) == conflict.value:
                    yield f"{kind}_backup", (*path, "client")
