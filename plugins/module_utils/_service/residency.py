# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Where the data of tenants is: each thing that holds or moves it, its region, whose it is, and whether that is as it must be.

What is not known is never taken for what it should be: a region that nobody tells is a failure, which says so.
"""

from __future__ import annotations

import typing as t
import urllib.parse

from .protection_document import PARTLY_READ

Row = dict[str, t.Any]
Given = t.Mapping[str, t.Any]

FORMAT = "calligo.baas/residency/1"
REPORT = "calligo.baas/residency_report/1"
KINDS = ("copy", "storage_pool", "vcenter", "access_node", "file_server", "sql_server", "restore_destination")
SHARED = ("storage_pool", "access_node", "restore_destination")
"""What may be the provider's, and serve many tenants; anything else must be the tenant's own."""
VERDICTS = ("not_own", "elsewhere", "missing", "unknown", "in_region")
"""The first that holds is told; the reasons tell all."""
CSV_COLUMNS = ("tenant", "kind", "name", "of", "region", "told_by", "company", "verdict", "reason")
HIDDEN = "(of another company)"


def document(
    facts: Given, problems: t.Sequence[str], tenants: t.Sequence[Given], region: str, place: Given, accept_unknown: bool = False
) -> Row:
    """Everything that was found, for the provider.

    facts: of the platform, by kind; None for a kind that could not be read. tenants: of protection_scope.scope(). place: what the region is
    made of, vcenter (name, region, address) and restore_test. accept_unknown: take what nobody tells the owner of for what it should be.
    """
    told = [{"tenant": None, "text": text} for text in problems]
    things: list[Row] = []
    for tenant in tenants:
        if facts["companies"].get(tenant["host"], 0) is None:
            told.append({"tenant": str(tenant["host"]), "text": f"Commvault has no company {tenant['name']}."})
        found = _Tenant(facts, tenant, place, accept_unknown).things()
        things += sorted(found, key=lambda row: (KINDS.index(row["kind"]), row["name"].casefold(), row["of"].casefold()))
    rows = [{key: str(tenant[key]) for key in ("host", "name", "alias", "region")} for tenant in tenants]
    complete = not told
    return {
        "format": FORMAT,
        "region": region,
        "complete": complete,
        "problems": told,
        "tenants": [{**row, **_sums([one for one in things if one["tenant"] == row["host"]])} for row in rows],
        "things": things,
        "proven": complete and bool(things) and all(row["verdict"] == "in_region" for row in things),
    }


def _sums(things: t.Sequence[Given]) -> Row:
    counts = {verdict: sum(row["verdict"] == verdict for row in things) for verdict in VERDICTS}
    return {"things": len(things), "verdicts": {verdict: count for verdict, count in counts.items() if count}}


class _Tenant:
    """What one tenant has and uses."""

    def __init__(self, facts: Given, tenant: Given, place: Given, accept_unknown: bool) -> None:
        self._facts, self._tenant, self._place, self._accept = facts, tenant, place, accept_unknown
        self._home = str(tenant["region"])
        self._company = facts["companies"].get(tenant["host"])

    def things(self) -> list[Row]:
        """Each thing once for each that it is of."""
        found = [*self._copies(), *self._vcenters(), *self._servers(), *self._restores()]
        return list({(row["kind"], row["name"], row["of"]): row for row in found}.values())

    def _copies(self) -> t.Iterator[Row]:
        """The copies of the tenant's plans, and of those of others that serve it, with the storage pools that they lie on."""
        plans, uses = self._facts["plans"], self._facts["uses"]
        if plans is None or uses is None:
            yield self._unread("copy")
            return
        mine = [use for use in uses if self._is_mine(use)]
        used = {use["plan_id"] for use in mine}
        own = [plan for plan in plans.values() if self._is_mine(plan) or plan["id"] in used]
        for plan in own:
            yield from self._copies_of(plan)
        known = {plan["name"].casefold() for plan in own}
        named = {str(use["plan"]) for use in mine} | {str(plan["name"]) for plan in self._tenant["plans"]}
        yield from (self._missing("copy", "", name) for name in sorted(named) if name.casefold() not in known)

    def _is_mine(self, thing: Given) -> bool:
        return self._company is not None and thing["company_id"] == self._company

    def _copies_of(self, plan: Given) -> t.Iterator[Row]:
        if not plan["copies"]:
            yield self._row("copy", "", plan["name"], plan, [], "", ["Commvault does not tell where its copies are."])
        for copy in plan["copies"] or ():
            pool = (self._facts["pools"] or {}).get(copy["pool_id"])
            regions = [copy["region"]] if copy["region"] else list(pool["regions"]) if pool else []
            yield self._row("copy", copy["name"], plan["name"], plan, regions, "plan" if copy["region"] else "storage pool")
            of = f"{plan['name']}, {copy['name']}"
            if pool is None:
                yield self._missing("storage_pool", copy["pool"], of, "Commvault does not show it.")
            else:
                yield self._row("storage_pool", pool["name"], of, pool, pool["regions"], "Commvault")

    def _vcenters(self) -> t.Iterator[Row]:
        known, groups = self._facts["hypervisors"], self._facts["groups"]
        if known is None or groups is None:
            yield self._unread("vcenter")
            return
        mine = [one for one in known if self._is_mine(one)]
        if self._tenant["vms"] and not mine:
            yield self._missing("vcenter", "", "", "The tenant has VMs, and no vCenter in Commvault.")
        for one in mine:
            yield self._vcenter(one)
            yield from self._nodes(one)
        for group in groups:
            if self._is_mine(group):
                yield from self._nodes(group)

    def _vcenter(self, one: Given) -> Row:
        """A vCenter's region is the inventory's, where it is the region's vCenter by its address; what Commvault says must be the same."""
        declared = self._place.get("vcenter") or {}
        here = declared.get("region") and same_address(one["address"], declared.get("address"))
        regions = sorted({*one["regions"], *([str(declared["region"])] if here else [])})
        told_by = "Commvault" if one["regions"] else "inventory"
        return self._row("vcenter", one["name"], one["address"], one, regions, told_by)

    def _nodes(self, holder: Given) -> t.Iterator[Row]:
        if holder["access_nodes"] is None:
            yield self._missing("access_node", "", holder["name"], "Commvault does not tell which access nodes it has.")
        for node in holder["access_nodes"] or ():
            if node["group"]:
                yield self._missing("access_node", node["name"], holder["name"], "It is a group of access nodes, which has no region.")
            else:
                yield self._client("access_node", node["name"], holder["name"], node["id"])

    def _servers(self) -> t.Iterator[Row]:
        """All of the tenant's that hold data, and those that the specification names, whosever they are."""
        servers = self._facts["servers"]
        if servers is None:
            yield self._unread("file_server")
            return
        named = {
            (part["client"].casefold(), "sql_server" if part["kind"] == "database" else "file_server") for part in self._tenant["parts"]
        }
        for one in servers.values():
            for kind in ("file_server", "sql_server"):
                own = self._is_mine(one) and kind in one["kinds"] and not one["retired"]
                if own or (one["name"].casefold(), kind) in named:
                    yield self._row(kind, one["name"], "", one, one["regions"], "Commvault")
        there = {one["name"].casefold() for one in servers.values()}
        for part in self._tenant["parts"]:
            if part["client"].casefold() not in there:
                yield self._missing("sql_server" if part["kind"] == "database" else "file_server", part["client"], "")

    def _restores(self) -> t.Iterator[Row]:
        """Where restores of the region go: its vCenter, and the clients for files and databases."""
        target, vcenter = self._place.get("restore_test") or {}, self._place.get("vcenter") or {}
        if not target:
            return
        regions = [str(vcenter["region"])] if vcenter.get("region") else []
        where = " ".join(str(target[key]) for key in ("esx_host", "datastore") if target.get(key))
        provider = {"company_id": 0, "company": ""}
        yield self._row("restore_destination", str(vcenter.get("name") or ""), where, provider, regions, "inventory")
        for key in ("access_node", "file_client", "sql_client"):
            if target.get(key):
                yield self._client("restore_destination", str(target[key]), key.replace("_", " "))

    def _client(self, kind: str, name: str, of: str, number: int = 0) -> Row:
        servers = self._facts["servers"]
        if servers is None:
            return self._missing(kind, name, of, "Commvault's servers could not be read.")
        found = servers.get(number) or next((one for one in servers.values() if one["name"].casefold() == name.casefold()), None)
        return self._row(kind, found["name"], of, found, found["regions"], "Commvault") if found else self._missing(kind, name, of)

    def _row(self, kind: str, name: str, of: str, thing: Given, regions: t.Sequence[str], told_by: str, more: t.Sequence[str] = ()) -> Row:
        verdicts = [*self._of_owner(kind, thing), *self._of_regions(regions, more)]
        first = min((verdict for verdict, _reason in verdicts), key=VERDICTS.index, default="in_region")
        return {
            "tenant": str(self._tenant["host"]),
            "kind": kind,
            "name": name,
            "of": of,
            "region": ", ".join(regions) or None,
            "told_by": told_by if regions else "",
            "owner": self._owner(thing),
            "company": thing["company"],
            "verdict": first,
            "reason": " ".join(reason for _verdict, reason in verdicts),
        }

    def _owner(self, thing: Given) -> str:
        owner = thing["company_id"]
        if owner is None:
            return "unknown"
        return "own" if self._is_mine(thing) else "another" if owner else "provider"

    def _of_owner(self, kind: str, thing: Given) -> t.Iterator[tuple[str, str]]:
        owner = self._owner(thing)
        if owner == "another":
            yield "not_own", "It belongs to another company."
        elif owner == "provider" and kind not in SHARED:
            yield "not_own", "It is the provider's, and not the tenant's own."
        elif owner == "unknown" and not self._accept:
            yield "unknown", "Commvault does not tell whose it is."

    def _of_regions(self, regions: t.Sequence[str], more: t.Sequence[str]) -> t.Iterator[tuple[str, str]]:
        for region in regions:
            if region.casefold() != self._home.casefold():
                yield "elsewhere", f"It is in {region}; the tenant's data must stay in {self._home}."
        if not regions:
            yield "unknown", " ".join(more) or "Nobody tells its region."

    def _missing(self, kind: str, name: str, of: str, reason: str = "Commvault does not have it, or does not show it.") -> Row:
        row = {"tenant": str(self._tenant["host"]), "kind": kind, "name": name, "of": of, "region": None, "told_by": "", "owner": "unknown"}
        return {**row, "company": "", "verdict": "missing", "reason": reason}

    def _unread(self, kind: str) -> Row:
        return {**self._missing(kind, "", "", "It could not be read."), "verdict": "unknown"}


def same_address(one: str, other: str | None) -> bool:
    """Whether two addresses, HOST or HOST:PORT, are the same; a short name is not the full one."""
    try:
        parts = [urllib.parse.urlsplit(f"//{address or ''}") for address in (one, other)]
        hosts, ports = {part.hostname for part in parts}, {part.port or 443 for part in parts}
    except ValueError:
        return False
    return len(hosts) == 1 and None not in hosts and len(ports) == 1


def of_tenant(whole: Given, host: str) -> Row:
    """The part of a document that is one tenant's, made anew from what is the tenant's: of what belongs to another no name is told."""
    own = [row for row in whole["problems"] if row["tenant"] == host]
    general = [{"tenant": host, "text": PARTLY_READ}] if any(row["tenant"] is None for row in whole["problems"]) else []
    things = [_shown(row) for row in whole["things"] if row["tenant"] == host]
    complete = not own and not general
    return {
        "format": whole["format"],
        "region": whole["region"],
        "complete": complete,
        "problems": [*general, *own],
        "tenants": [row for row in whole["tenants"] if row["host"] == host],
        "things": things,
        "proven": complete and bool(things) and all(row["verdict"] == "in_region" for row in things),
    }


def _shown(row: Given) -> Row:
    if row["owner"] != "another":
        return dict(row)
    return {**row, "name": row["name"] and HIDDEN, "of": row["of"] and HIDDEN, "company": ""}


def report(whole: Given, tenant: Given | None, made_at: str) -> Row:
    """The report of a document, the whole region's or already one tenant's. tenant: whose it is; None for the provider."""
    audience = {"kind": "provider" if tenant is None else "tenant", "name": "" if tenant is None else tenant["name"]}
    return {**whole, "format": REPORT, "made_at": made_at, "audience": audience, "wrong": wrong(whole)}


def wrong(whole: Given) -> list[Row]:
    """What is not proven to be where it must be, the worst first."""
    found = [dict(row) for row in whole["things"] if row["verdict"] != "in_region"]
    return sorted(found, key=lambda row: VERDICTS.index(row["verdict"]))


def sentences(whole: Given) -> list[str]:
    """What is wrong, for the log of a run."""
    names = {row["host"]: row["name"] for row in whole["tenants"]}
    told = [f"{names[row['tenant']]}: {' '.join(filter(None, (row['kind'].replace('_', ' '), row['name'])))}" for row in wrong(whole)]
    ofs = [f" of {row['of']}" if row["of"] else "" for row in wrong(whole)]
    return [f"{one}{of}: {row['reason']}" for one, of, row in zip(told, ofs, wrong(whole), strict=True)]


def csv_rows(report_: Given) -> list[list[t.Any]]:
    """Every thing as a row of a table, the names of the columns first."""
    return [list(CSV_COLUMNS), *([row[column] for column in CSV_COLUMNS] for row in report_["things"])]
