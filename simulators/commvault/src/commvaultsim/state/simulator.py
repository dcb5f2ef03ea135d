# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole state of one simulated CommCell and the questions that endpoints ask of it."""

from __future__ import annotations

import pathlib
import threading
import typing as t
import uuid

from commvaultsim.state import model as m
from commvaultsim.state.clock import SimClock
from commvaultsim.state.job import Job, JobTable
from commvaultsim.wire.faults import FaultList
from commvaultsim.wire.journal import Journal
from commvaultsim.wire.replies import generic
from commvaultsim.wire.routing import Refusal, Request
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]
_NAMESPACE = uuid.UUID("8b1c8c7e-6f0e-4b57-9a3e-0c0a5d1f7a11")


class Named(t.Protocol):
    """A row that can be looked up by name."""

    name: str


Row = t.TypeVar("Row", bound=Named)
Side = t.TypeVar("Side")


class Simulator:
    """Tables are dicts by id. Handlers run one at a time under ``lock``; nothing here locks by itself."""

    def __init__(self, clock: SimClock | None = None, job_seconds: float = 2.0, state_dir: pathlib.Path | None = None) -> None:
        self.lock = threading.RLock()
        self.clock = clock or SimClock()
        self.job_seconds = job_seconds
        self.state_dir = state_dir or pathlib.Path(".sandbox")
        self.faults = FaultList()
        self.journal = Journal()
        self._next_id = 99
        self._next_job = 1000
        self.companies: dict[int, m.Company] = {}
        self.users: dict[int, m.User] = {}
        self.groups: dict[int, m.UserGroup] = {}
        self.roles: dict[int, m.Role] = {}
        self.security: dict[tuple[int, int], list[Json]] = {}  # grants by (entity type, id); see tenancy/identity.py
        self.sessions: dict[str, m.Session] = {}
        self.regions: dict[int, m.Region] = {}
        self.entity_regions: dict[tuple[str, int], dict[str, int]] = {}
        self.pools: dict[int, m.StoragePool] = {}
        self.clients: dict[int, m.Client] = {}
        self.instances: dict[int, m.Instance] = {}
        self.backupsets: dict[int, m.Backupset] = {}
        self.subclients: dict[int, m.Subclient] = {}
        self.plans: dict[int, m.Plan] = {}
        self.jobs = JobTable()
        self.vm_backups: list[m.VmBackup] = []
        self.file_backups: list[m.FileBackup] = []
        self.credentials: dict[int, Json] = {}
        self.tags: dict[tuple[int, int], list[Json]] = {}
        self.created_at: dict[int, float] = {}
        self.vcenters: dict[str, Json] = {}  # name -> how to reach it; read from vcenters_file when that is set
        self.vcenters_file: pathlib.Path | None = None
        self.scenario: Json = {}
        self.store: t.Any = None  # the store of contents of the room files, set by their loader
        self.sides: dict[type, t.Any] = {}
        """What rooms keep that has no table here, by its class."""
        self.job_hooks: list[t.Callable[[Simulator, Job], None]] = []
        self.base_url = ""

    def side(self, kind: type[Side], make: t.Callable[[], Side]) -> Side:
        """What a room keeps of this simulator; made on first use."""
        if kind not in self.sides:
            self.sides[kind] = make()
        return t.cast("Side", self.sides[kind])

    @property
    def drives(self) -> pathlib.Path:
        """The directory below which ``<client>/<letter>/`` stand for the drives of file servers."""
        return self.state_dir / "drives"

    def new_id(self) -> int:
        """The next id; one counter for every table, so ids never collide."""
        self._next_id += 1
        self.created_at[self._next_id] = self.clock.now()
        return self._next_id

    def new_job_id(self) -> int:
        """Job ids have a range of their own."""
        self._next_job += 1
        return self._next_job

    def guid(self, *seed: t.Any) -> str:
        """A GUID that is the same in every run for the same seed."""
        return str(uuid.uuid5(_NAMESPACE, ":".join(str(part) for part in seed))).upper()

    # --- tenants -----------------------------------------------------------------------------------------------

    def visible(self, request: Request, company_id: int, shared: bool = False) -> bool:
        """Whether a row of that company may be seen: everything from the CommCell, one's own from a company.

        ``shared`` rows of the provider (pools, access nodes) are seen by companies too.
        """
        scope = 0 if self.faults.peek("company_ignored") else request.company_id
        return scope in (0, company_id) or (shared and company_id == 0)

    def listed(self, request: Request, row_id: int) -> bool:
        """False for a row younger than a stale_lists fault, unless the caller asked for hardRefresh."""
        fault = self.faults.peek("stale_lists")
        if fault is None or (request.q("hardRefresh") or "").lower() == "true":
            return True
        return self.created_at.get(row_id, 0.0) < fault.set_at

    def company_ref(self, company_id: int) -> Json:
        """The ``{"id", "name"}`` of a company as rows carry it."""
        company = self.companies.get(company_id)
        return {"id": company_id, "name": company.name if company else m.COMMCELL_NAME}

    def entity_info(self, company_id: int) -> Json:
        """The same in the shape of the older API."""
        return {"companyId": company_id, "companyName": self.company_ref(company_id)["name"], "multiCommcellId": 0}

    # --- lookups -----------------------------------------------------------------------------------------------

    def client_by_name(self, name: str | None, company_id: int | None = None) -> m.Client | None:
        """A client by its (unique) name or its display name, without regard to case."""
        wanted = (name or "").lower()
        rows = [c for c in self.clients.values() if not c.deleted and (company_id in (None, 0) or c.company_id in (0, company_id))]
        return next((c for c in rows if c.name.lower() == wanted), None) or next(
            (c for c in rows if c.display_name.lower() == wanted), None
        )

    def client_of(self, entity: Json) -> m.Client | None:
        """The client that an entity object names by clientId (which wins) or clientName."""
        client = self.clients.get(to_int(entity.get("clientId")))
        return client if client and not client.deleted else self.client_by_name(entity.get("clientName"))

    def subclient_of(self, entity: Json) -> m.Subclient | None:
        """The subclient that an entity object names by id, or by client, backup set and subclient names.

        Without a backup set the default one is meant; without a subclient name there is no answer.
        """
        found = self.subclients.get(to_int(entity.get("subclientId")))
        if found:
            return found
        client, name = self.client_of(entity), str(entity.get("subclientName") or "").lower()
        if client is None or not name:
            return None
        backupset = self.backupset_of(entity)
        if backupset is None and is_sql(entity):
            return None
        for row in self.subclients.values():
            if row.client_id == client.id and row.name.lower() == name and (backupset is None or row.backupset_id == backupset.id):
                return row
        return None

    def backupset_of(self, entity: Json) -> m.Backupset | None:
        """The backup set that an entity object names, or the client's default one for its application."""
        found = self.backupsets.get(to_int(entity.get("backupsetId")))
        if found:
            return found
        client = self.client_of(entity)
        agents, name = agents_of(entity), str(entity.get("backupsetName") or "").lower()
        rows = [b for b in self.backupsets.values() if client and b.client_id == client.id and (not agents or b.application_id in agents)]
        rows.sort(key=lambda b: b.application_id == m.SQL_SERVER)  # of a file server with SQL Server, its files are meant
        if is_sql(entity):  # the only agent with several instances on a client
            number, instance = to_int(entity.get("instanceId")), str(entity.get("instanceName") or "").lower()
            same = {i.id for i in self.instances.values() if number in (0, i.id) and instance in ("", i.name.lower())}
            rows = [b for b in rows if b.instance_id in same]
        if name:
            return next((b for b in rows if b.name.lower() == name), None)
        return next((b for b in rows if b.is_default), rows[0] if rows else None)

    def plan_ref(self, request: Request, ref: Json | None) -> m.Plan | None:
        """A plan named as {"id", "name"} or {"planId", "planName"}; the id wins; names resolve in the tenant first."""
        ref = ref or {}
        plan = self.plans.get(to_int(ref.get("id") or ref.get("planId")))
        if plan:
            return plan if self.plan_visible(request, plan) else None
        name = str(ref.get("name") or ref.get("planName") or "").lower()
        rows = [p for p in self.plans.values() if p.name.lower() == name and self.plan_visible(request, p)]
        return next((p for p in rows if p.company_id == request.company_id), rows[0] if rows else None)

    def plan_visible(self, request: Request, plan: m.Plan) -> bool:
        """A company sees its own plans and those of the provider that were assigned to it."""
        company = self.companies.get(request.company_id)
        return self.visible(request, plan.company_id) or bool(company and plan.id in company.plans)

    def by_ref(self, table: dict[int, Row], ref: Json | None) -> Row | None:
        """A row named as {"id", "name"}; the id wins when both are given, as the API documents."""
        ref = ref or {}
        found = table.get(to_int(ref.get("id")))
        if found is not None:
            return found
        name = str(ref.get("name") or "").lower()
        return next((row for row in table.values() if name and row.name.lower() == name), None)

    def need(self, table: dict[int, Row], key: int, what: str) -> Row:
        """The row, or a 404 in the flat V4 envelope."""
        row = table.get(key)
        if row is None:
            raise Refusal(generic(404, f"{what} [{key}] not found.", status=404))
        return row

    def region_of(self, kind: str, entity_id: int, region_type: str = "BACKUP") -> int:
        """The region id of an entity (STORAGE_POOL, CLIENT, COMPANY ...); 0 when it has none."""
        return self.entity_regions.get((kind, entity_id), {}).get(region_type, 0)

    def entity(self, subclient: m.Subclient) -> Json:
        """The flat entity object of a subclient, from client to subclient, as the older API repeats it everywhere."""
        client = self.clients[subclient.client_id]
        backupset = self.backupsets.get(subclient.backupset_id)
        return {
            "clientId": client.id,
            "clientName": client.name,
            "displayName": client.display_name or client.name,
            "hostName": client.host_name,
            "applicationId": subclient.application_id,
            "appName": app_name(subclient.application_id),
            "instanceId": subclient.instance_id,
            "instanceName": self.instance_name(subclient.instance_id, subclient.application_id),
            "backupsetId": subclient.backupset_id,
            "backupsetName": backupset.name if backupset else "",
            "subclientId": subclient.id,
            "subclientName": subclient.name,
            "subclientGUID": subclient.guid,
            "_type_": 7,
            "entityInfo": self.entity_info(subclient.company_id),
        }

    def instance_name(self, instance_id: int, application_id: int) -> str:
        """The name of an instance; the file system agent's only one is DefaultInstanceName."""
        row = self.instances.get(instance_id)
        return row.name if row else ("VMware" if application_id == m.VIRTUAL_SERVER else "DefaultInstanceName")


def app_name(application_id: int, in_list: bool = False) -> str:
    """The display name of an application id; 33 is spelled differently in lists."""
    if application_id == m.FILE_SYSTEM_WINDOWS:
        return "Windows File System" if in_list else "File System"
    return {m.FILE_SYSTEM_LINUX: "Linux File System", m.VIRTUAL_SERVER: "Virtual Server", m.SQL_SERVER: "SQL Server"}.get(
        application_id, ""
    )


def agents_of(entity: Json) -> tuple[int, ...]:
    """The application ids that an entity object may mean by applicationId or appName; none when it says neither."""
    given, name = to_int(entity.get("applicationId")), str(entity.get("appName") or "").lower()
    if given:
        return (given,)
    if name.endswith("file system"):
        return (m.FILE_SYSTEM_WINDOWS, m.FILE_SYSTEM_LINUX)
    return {"sql server": (m.SQL_SERVER,), "virtual server": (m.VIRTUAL_SERVER,)}.get(name, ())


def is_sql(entity: Json) -> bool:
    """Whether an entity object names the SQL Server agent."""
    return agents_of(entity) == (m.SQL_SERVER,)
