# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Where what many tenants use is, and whose, as plain rows: a list of each kind of thing, and a detail for some of theirs."""

from __future__ import annotations

import typing as t

from ..plans import lookup as plan_lookup
from ..servers import agent_install
from ..servers import lookup as server_lookup
from ..servers import subclients as subclients_of
from ..vms import lookup as vm_lookup
from ..wire.replies import listed, number, text
from .protection_info import companies_of
from .reading import Reading

if t.TYPE_CHECKING:
    from ..wire.client import Commvault
    from ..wire.lookup import Found

Row = dict[str, t.Any]
PURPOSES = ("BACKUP", "WORKLOAD")
"""A region is where the backups of a client go, and where it lives."""
EVERY_AGENT = range(1, 1 << 16)
AGENTS = {"file_system": "file_server", "sql_server": "sql_server"}
WHOSE = "Commvault does not tell whose the {} {} is: it may be a tenant's."


class Source(Reading):
    """The platform as a proof of residency needs it."""

    def __init__(self, client: Commvault, names: t.Mapping[str, str]) -> None:
        """names: of the tenants' companies, by inventory host."""
        super().__init__(client)
        self.accept_unknown = client.accept_unknown_owners
        self.companies = self.ask("Commvault's list of companies", lambda: companies_of(client, names)) or {}
        self._ids = {number for number in self.companies.values() if number}
        self._servers = self.ask("Commvault's list of servers", lambda: server_lookup.servers(client))
        self._plans = self.ask("Commvault's list of plans", lambda: plan_lookup.plans(client))
        self._groups = self.ask("Commvault's list of VM groups", lambda: vm_lookup.vm_groups(client))

    def read(self) -> Row:
        """All of it by kind; a kind that could not be read is None, and so is a region or an owner that nobody tells.

        servers, pools: by id. plans: by id, with copies. hypervisors: with address and access_nodes. groups: of VMs, with access_nodes.
        uses: which plans serve a company's VM groups and subclients.
        """
        uses = self.uses()
        wanted = {use["plan_id"] for use in uses or ()}
        return {
            "companies": self.companies,
            "servers": self.servers(),
            "pools": self.pools(),
            "plans": self.plans(wanted),
            "hypervisors": self.hypervisors(),
            "groups": self.groups(),
            "uses": uses,
        }

    def servers(self) -> dict[int, Row] | None:
        """All servers: a tenant's, and those of the provider that serve it."""
        if self._servers is None:
            return None
        self._tell_strangers("server", self._servers)
        regions = self._regions("CLIENT", [row.id for row in self._servers])
        return {
            row.id: {**_thing(row, regions), "kinds": _kinds(row), "retired": row.row.get("configured") is False} for row in self._servers
        }

    def pools(self) -> dict[int, Row] | None:
        """All storage pools."""
        known = self.ask("Commvault's list of storage pools", lambda: plan_lookup.storage_pools(self._client))
        if known is None:
            return None
        regions = self._regions("STORAGE_POOL", [row.id for row in known])
        return {row.id: _thing(row, regions) for row in known}

    def plans(self, wanted: t.Container[int]) -> dict[int, Row] | None:
        """The tenants' own plans, and wanted ones of others, each with its copies; copies are None where they could not be read."""
        if self._plans is None:
            return None
        self._tell_strangers("plan", self._plans)
        chosen = {row.id: row for row in self._plans if row.company_id in self._ids or row.id in wanted}
        read = self._each("The copies of a plan", lambda key: self._client.require(f"/V4/ServerPlan/{key}"), chosen)
        return {key: {**_thing(row, {}), "copies": None if read[key] is None else _copies(read[key])} for key, row in chosen.items()}

    def hypervisors(self) -> list[Row] | None:
        """The tenants' own hypervisors that are in service."""
        rows = self.ask("Commvault's list of hypervisors", lambda: vm_lookup.told(self._client, vm_lookup.hypervisors(self._client)))
        if rows is None:
            return None
        self._tell_strangers("hypervisor", rows)
        own = {row.id: row for row in rows if row.company_id in self._ids and not vm_lookup.retired(row)}
        read = self._each("A hypervisor", lambda key: vm_lookup.hypervisor_detail(self._client, key), own)
        regions = self._regions("CLIENT", list(own))
        return [_hypervisor(row, read[row.id], regions) for row in own.values()]

    def groups(self) -> list[Row] | None:
        """The tenants' VM groups, which may name access nodes of their own."""
        if self._groups is None:
            return None
        own = {row.id: row for row in self._groups if row.company_id in self._ids}
        read = self._each("A VM group", lambda key: self._client.get(f"/V4/VmGroup/{key}", absent=(404,)), own)
        return [{**_thing(row, {}), "access_nodes": None if read[row.id] is None else _nodes(read[row.id])} for row in own.values()]

    def uses(self) -> list[Row] | None:
        """Which plan serves what of a company: company_id, plan_id, plan, by. The plan of a subclient is with its client alone."""
        if self._groups is None or self._servers is None:
            return None
        found = [
            {"company_id": row.company_id, "plan_id": number(row.row, "plan", "id"), "plan": text(row.row, "plan", "name"), "by": row.name}
            for row in self._groups
            if row.company_id in self._ids and text(row.row, "plan", "name")
        ]
        clients = {row.id: row for row in self._servers if row.company_id in self._ids and _kinds(row)}
        read = self._each(
            "The subclients of a server", lambda key: subclients_of.of_client(self._client, clients[key].name, EVERY_AGENT), clients
        )
        for key, row in clients.items():
            found += [_use(row, one) for one in read[key] or () if text(one, "planEntity", "planName")]
        return found

    def _regions(self, kind: str, numbers: t.Sequence[int]) -> dict[int, list[str]]:
        """The regions of entities, as far as they are told."""
        found: dict[int, list[str]] = {}
        for purpose in PURPOSES if kind == "CLIENT" else PURPOSES[:1]:
            what = f"Regions of {kind.lower().replace('_', ' ')}s"
            read = self.ask(what, lambda purpose=purpose: plan_lookup.regions_by_entity(self._client, kind, numbers, purpose)) or {}  # type: ignore[misc]
            for key, (_region, name) in read.items():
                found[key] = sorted({*found.get(key, ()), name})
        return found

    def _each(self, what: str, read: t.Callable[[int], t.Any], keys: t.Collection[int]) -> dict[int, t.Any]:
        """A detail for each; None where it could not be read."""

        def one(key: int) -> tuple[t.Any, str]:
            known = Reading(self._client)
            return known.ask(what, lambda: read(key)), "".join(known.problems)

        if self._gone:
            return dict.fromkeys(keys)
        asked = list(keys)
        answers = self._client.pool.read(one, asked)
        self.problems += sorted({answers[key][1] for key in asked} - {""})
        return {key: answers[key][0] for key in asked}

    def _tell_strangers(self, kind: str, rows: t.Iterable[Found]) -> None:
        """What nobody tells the owner of may be a tenant's, and would be overlooked."""
        if not self.accept_unknown:
            self.problems += [WHOSE.format(kind, row.name) for row in rows if row.company_id is None]


def _thing(row: Found, regions: t.Mapping[int, list[str]]) -> Row:
    return {"id": row.id, "name": row.name, "company_id": row.company_id, "company": row.company or "", "regions": regions.get(row.id, [])}


def _kinds(row: Found) -> list[str]:
    return [AGENTS[kind] for kind in agent_install.installed(row.row) if kind in AGENTS]


def _copies(detail: Row) -> list[Row]:
    return [
        {
            "name": text(row, "planBackupDestination", "name") or "",
            "region": text(row, "region", "name"),
            "pool_id": number(row, "storagePool", "id"),
            "pool": text(row, "storagePool", "name") or "",
        }
        for row in listed(detail.get("backupDestinations"))
    ]


def _nodes(detail: Row) -> list[Row]:
    return [
        {"id": number(node, "id"), "name": str(node.get("name")), "group": number(node, "type") not in (0, vm_lookup.COMPUTER)}
        for node in vm_lookup.access_nodes_of(detail)
    ]


def _hypervisor(row: Found, detail: Row | None, regions: t.Mapping[int, list[str]]) -> Row:
    told = text(detail, "settings", "regionInfo", "name")
    return {
        **_thing(row, regions),
        "regions": sorted({*regions.get(row.id, []), *([told] if told else [])}),
        "address": text(detail, "accountDetails", "hostName") or "",
        "access_nodes": None if detail is None else _nodes(detail),
    }


def _use(row: Found, subclient: Row) -> Row:
    by = f"{row.name}, {subclient['subClientEntity'].get('subclientName')}"
    plan = {"plan_id": number(subclient, "planEntity", "planId"), "plan": text(subclient, "planEntity", "planName")}
    return {"company_id": row.company_id, **plan, "by": by}
