# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.errors import ApiError, Refused
from ..._core.reconcile import Record, Resource
from ..backups import jobs
from ..plans import lookup as plan_lookup
from ..wire import lookup, paging
from . import agent_install
from . import lookup as server_lookup

if t.TYPE_CHECKING:
    from ..wire.client import Commvault
    from ..wire.lookup import Found

HISTORY = 10 * 366 * 86400
"""Seconds back to look for backups that are kept."""


class Shelf:
    """What the agents of one call share, each read once."""

    def __init__(self, client: Commvault) -> None:
        self.client = client
        self._servers: list[Found] | None = None
        self._commserve: str | None = None
        self._known: set[int] | None = None
        self._plans: dict[str, int] = {}

    def server(self, element: Record) -> Found | None:
        """The client of an element, by its name or its host name, if it is there and configured. Refused where it is another company's."""
        if self._servers is None:
            self._servers = server_lookup.servers(self.client)
        named = lookup.choose(self.client, "client", element["client"], self._servers)
        hosts = [row for row in self._servers if element["host"] and _same(row.row.get("hostName"), element["host"])]
        found = named or (hosts[0] if len(hosts) == 1 else None)
        if found is None or not found.row.get("configured", True):
            return None
        return lookup.require_own(self.client, "client", found)

    def refresh(self) -> None:
        """Read the servers again at the next need."""
        self._servers = None

    def commserve(self) -> str:
        """The name under which hosts reach the server that manages them."""
        if self._commserve is None:
            self._commserve = lookup.commcell(self.client).name
        return self._commserve

    def plan_id(self, name: str | None) -> int:
        """0 for none, and in check mode for one that is missing."""
        if not name:
            return 0
        if name not in self._plans:
            found = plan_lookup.plan(self.client, name)
            self._plans[name] = found.id if found else 0
        return self._plans[name]

    def start(self, body: Record) -> list[int]:
        """Start an install once; after a break its job is looked for among those that were not there before."""

        def look() -> set[int]:
            return {row["id"] for row in jobs.recent(self.client, {}, [])}

        if self._known is None:
            self._known = look()
        ids = jobs.start(lambda: self.client.post("/CreateTask", body), look, self.client.clock, self._known)
        self._known |= set(ids)
        return ids


class Agents(Resource):
    """The agents on one host that an element names. jobs: of what was started; it is not waited for here."""

    def __init__(self, shelf: Shelf, element: Record) -> None:
        self.shelf = shelf
        self._client = shelf.client
        self._element = element
        self.jobs: list[int] = []
        # The client may be known by its host name instead of its own.
        self.comparers = {"client": lambda _want, _have: True, "types": lambda want, have: set(want) <= set(have)}

    def find(self) -> Record | None:
        found = self.shelf.server(self._element)
        if found is None:
            return None
        record = described(self._element, found)
        here = set(record["types"]) & set(self._element["types"] or ())
        return None if self._element["state"] == "absent" and not here else record

    def desired(self) -> Record:
        return {"client": self._element["client"], "types": self._element["types"]}

    def guard_create(self, desired: Record) -> None:
        self.guard_update({}, desired)

    def guard_update(self, current: Record, changed: Record) -> None:  # noqa: ARG002
        agent_install.credentials(self._element["client"], self._element["host_username"], self._element["host_password"])
        self.shelf.plan_id(self._element["plan"])

    def create(self, desired: Record) -> Record:
        return self._install({}, desired)

    def update(self, current: Record, changed: Record) -> Record:
        return self._install(current, changed)

    def _install(self, current: Record, changed: Record) -> Record:
        element = self._element
        username, password = agent_install.credentials(element["client"], element["host_username"], element["host_password"])
        missing = tuple(name for name in changed["types"] if name not in current.get("types", ()))
        wish = agent_install.Install(
            host=element["host"] or element["client"],
            system=element["system"],
            types=missing,
            username=username,
            password=password,
            commserve=self.shelf.commserve(),
            plan_id=self.shelf.plan_id(element["plan"]),
            reboot=element["reboot"],
        )
        self.jobs = self.shelf.start(wish.body())
        return {"client": element["client"], **current, "types": [*current.get("types", ()), *missing]}

    def guard_delete(self, current: Record) -> None:
        if self._element["allow_removal"]:
            return
        whole = self._element["state"] == "retired"
        what = "its software is taken off and the client is retired" if whole else f"{self._named()} is taken off"
        kept = self.kept(current)
        raise Refused(
            f"{current['client']}: {what}, which cannot be undone. No backup is made of it any more. {kept['backups']} backups of "
            f"{kept['bytes']} bytes{_newest(kept)} can be restored until they age out, and then nothing is left. "
            "If that is meant, give allow_removal.",
            object=current["client"],
            kept=kept,
        )

    def _named(self) -> str:
        return " and ".join(self._element["types"])

    def kept(self, current: Record) -> Record:
        """The backups that there are of what is removed: how many, their application size, and the end of the newest."""
        wanted: set[int] = set()
        if self._element["state"] == "absent":
            wanted = {number for name in self._element["types"] for number in agent_install.AGENTS[name]}
        job_filter = {
            "completedJobLookupTime": HISTORY,
            "jobTypeList": [jobs.BACKUP, jobs.SYNTHETIC_FULL],
            "showAgedJobs": False,
            "entity": {"clientId": current["id"]},
        }
        rows = [
            jobs.to_record(row)
            for row in paging.jobs(self._client, job_filter, category=2)
            if not wanted or int((row.get("subclient") or {}).get("applicationId") or 0) in wanted
        ]
        good = [row for row in rows if row["outcome"] in ("success", "partial")]
        ends = sorted(row["end_time"] for row in good if row["end_time"])
        size = sum(int(row["application_bytes"] or 0) for row in good)
        return {"backups": len(good), "bytes": size, "newest": ends[-1] if ends else None}

    def delete(self, current: Record) -> None:
        """OpenAPI RetireClientPackages; where a server lacks it, the call of cvpysdk client.py. There may be nothing to uninstall."""
        whole = self._element["state"] == "retired"
        packages = [
            agent_install.package(self._element["system"], name) for name in self._element["types"] or () if name in current["types"]
        ]
        body = {"retireClient": True, "packages": []} if whole else {"retireClient": False, "packages": packages}
        try:
            reply = self._client.put(f"/V4/Client/{current['id']}/Retire", body, repeat=False)
        except ApiError as error:
            if not whole or error.details.get("status") not in (404, 405):
                raise
            entity = {"client": {"clientId": current["id"], "clientName": current["client"]}}
            reply = self._client.delete(f"/Client/{current['id']}/Retire", body=entity) or {}
        self.jobs = [int(reply["jobId"])] if reply.get("jobId") else []


def described(element: Record, found: Found) -> Record:
    """A client in the words of the module, from a row of GET /V4/Servers."""
    return {
        "client": found.name,
        "id": found.id,
        "host": found.row.get("hostName") or element["host"],
        "types": agent_install.installed(found.row),
        "ready": str(found.row.get("networkReadiness")) == "ONLINE",
        "version": found.row.get("version"),
        "company": found.company if found.company_id else None,
    }


def _newest(kept: Record) -> str:
    return f", the newest of {kept['newest']}," if kept["newest"] else ""


def _same(name: t.Any, other: str) -> bool:
    return str(name or "").casefold() == other.casefold()
