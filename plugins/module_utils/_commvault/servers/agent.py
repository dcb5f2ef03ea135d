# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.compare import Comparer
from ..._core.engine import Item, Many, Outcome, Record, Resource, Seen
from ..._core.errors import ApiError, InputError, Refused
from ..backups import jobs
from ..plans import lookup as plan_lookup
from ..wire import lookup, paging, replies
from . import agent_install
from . import lookup as server_lookup
from .agent_install import Install

if t.TYPE_CHECKING:
    from ..wire.client import Commvault
    from ..wire.lookup import Found

OPTIONS = ArgumentSpec(
    {
        "agents": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "client": {"type": "str", "required": True},
                "host": {"type": "str"},
                "types": {"type": "list", "elements": "str", "choices": list(agent_install.AGENTS)},
                "system": {"type": "str", "choices": list(agent_install.PACKAGES), "default": "windows"},
                "host_username": {"type": "str"},
                "host_password": {"type": "str", "no_log": True},
                "plan": {"type": "str"},
                "reboot": {"type": "bool", "default": False},
                "allow_removal": {"type": "bool", "default": False},
                "state": {"type": "str", "choices": ["present", "absent", "retired"], "default": "present"},
            },
            "required_if": [("state", "present", ["types"]), ("state", "absent", ["types"])],
            "required_together": [("host_username", "host_password")],
        },
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": 7200},
    }
)
HISTORY = 10 * 366 * 86400
"""Seconds back to look for backups that are kept."""


class Readings:
    """What all agents of a call look into, each read once."""

    def __init__(self, client: Commvault) -> None:
        self.client = client
        self.plan_id = functools.cache(self._plan_id)

    @functools.cached_property
    def servers(self) -> list[Found]:
        return server_lookup.servers(self.client)

    @functools.cached_property
    def everybodys(self) -> list[Found]:
        """The servers that this user sees outside the company acted in."""
        return server_lookup.servers(self.client, inside=False) if lookup.inside(self.client) else []

    @functools.cached_property
    def commserve(self) -> str:
        """The name under which hosts reach the server that manages them."""
        return lookup.commcell(self.client).name

    def server(self, element: Record) -> Found | None:
        """The client of an element, by its name or its host name, if it is there and configured. Refused where it is another company's."""
        named = lookup.choose(self.client, "client", element["client"], self.servers)
        hosts = [row for row in self.servers if element["host"] and lookup.same_name(element["host"], row.row.get("hostName"))]
        found = named or (hosts[0] if len(hosts) == 1 else None)
        if found is None or not found.row.get("configured", True):
            return None
        return lookup.require_own(self.client, "client", found)

    def require_nobodys(self, element: Record) -> None:
        """Refuse a host of which the company acted in has no client, and another has: its backups would become this company's."""
        names = {element["client"], element["host"] or element["client"]}
        for row in self.everybodys:
            known = (row.name, row.row.get("displayName"), row.row.get("hostName"))
            if any(lookup.same_name(name, other) for name in names for other in known):
                lookup.require_own(self.client, "client", row)

    def _plan_id(self, name: str | None) -> int:
        """0 for none, and in check mode for one that is missing."""
        found = plan_lookup.plan(self.client, name) if name else None
        return found.id if found else 0


class Installer:
    """Starts installs, each once. After a break its job is looked for among those that were neither there before nor started here.

    What is restored or backed up meanwhile is told from it by the tag of its task.
    """

    def __init__(self, readings: Readings) -> None:
        self._readings = readings
        self._client = readings.client
        self._known: set[int] | None = None

    def start(self, install: Install) -> list[int]:
        body = install.body(self._readings.commserve)
        self._known = self._look() if self._known is None else self._known
        ids = jobs.start_task(self._client, body, self._look, self._known)
        self._known |= set(ids)
        return ids

    def _look(self) -> set[int]:
        return {row["id"] for row in jobs.recent(self._client, {}, [])}


class Agents(Resource):
    """The agents on one host that an element names. A record has the jobs that were started; they are not waited for here."""

    comparers: t.Mapping[str, Comparer] = {
        # The client may be known by its host name instead of its own.
        "client": lambda _want, _have: True,
        "types": lambda want, have: set(want) <= set(have),
    }

    def __init__(self, readings: Readings, installer: Installer, element: Record) -> None:
        self._readings = readings
        self._client = readings.client
        self._installer = installer
        self._element = element

    def observe(self) -> Seen:
        found = self._readings.server(self._element)
        if found is None:
            return Seen()
        record = described(self._element, found)
        here = set(record["types"]) & set(self._element["types"] or ())
        return Seen(None if self._element["state"] == "absent" and not here else record)

    def desired(self, _seen: Seen) -> Record:
        return {"client": self._element["client"], "types": self._element["types"]}

    def prepare_create(self, seen: Seen, desired: Record) -> Install:
        self._readings.require_nobodys(self._element)
        return self.prepare_update(seen, desired)

    def prepare_update(self, seen: Seen, changed: Record) -> Install:
        element = self._element
        username, password = agent_install.credentials(element["client"], element["host_username"], element["host_password"])
        return Install(
            host=element["host"] or element["client"],
            system=element["system"],
            types=tuple(name for name in changed["types"] if name not in seen.known.get("types", ())),
            username=username,
            password=password,
            plan_id=self._readings.plan_id(element["plan"]),
            reboot=element["reboot"],
        )

    def prepare_delete(self, seen: Seen) -> Record:
        """The backups that there are of what is removed."""
        current = seen.known
        kept = self._kept(current["id"])
        if not self._element["allow_removal"]:
            what = "its software is taken off and the client is retired"
            if self._element["state"] == "absent":
                what = f"{' and '.join(self._element['types'])} is taken off"
            newest = f", the newest of {kept['newest']}," if kept["newest"] else ""
            raise Refused(
                f"{current['client']}: {what}, which cannot be undone. No backup is made of it any more. {kept['backups']} backups of "
                f"{kept['bytes']} bytes{newest} can be restored until they age out, and then nothing is left. "
                "If that is meant, give allow_removal.",
                object=current["client"],
                kept=kept,
            )
        return kept

    def create(self, seen: Seen, desired: Record, means: Install) -> Record:
        return self.update(seen, desired, means)

    def update(self, seen: Seen, _changed: Record, means: Install) -> Record:
        record = {"client": self._element["client"], "types": [], **seen.known}
        return {**record, "types": [*record["types"], *means.types], **_started(self._installer.start(means))}

    def delete(self, seen: Seen, _means: Record) -> Record:
        """OpenAPI RetireClientPackages; where a server lacks it, the call of cvpysdk client.py. There may be nothing to uninstall."""
        current, whole = seen.known, self._element["state"] == "retired"
        types = [name for name in self._element["types"] or () if name in current["types"]]
        packages = [] if whole else [agent_install.package(self._element["system"], name) for name in types]
        try:
            body = {"retireClient": whole, "packages": packages}
            reply = self._client.put(f"/V4/Client/{current['id']}/Retire", body, repeat=False)
        except ApiError as error:
            if not whole or error.details.get("status") not in (404, 405):
                raise
            entity = {"client": {"clientId": current["id"], "clientName": current["client"]}}
            reply = self._client.delete(f"/Client/{current['id']}/Retire", body=entity) or {}
        return _started([int(reply["jobId"])] if reply.get("jobId") else [])

    def _kept(self, client_id: int) -> Record:
        """How many backups, their application size, and the end of the newest."""
        names = self._element["types"] if self._element["state"] == "absent" else ()
        wanted = {number for name in names for number in agent_install.AGENTS[name]}
        job_filter = {
            "completedJobLookupTime": HISTORY,
            "jobTypeList": [jobs.BACKUP, jobs.SYNTHETIC_FULL],
            "showAgedJobs": False,
            "entity": {"clientId": client_id},
        }
        rows = [
            jobs.to_record(row)
            for row in paging.jobs(self._client, job_filter, category=2)
            if not wanted or replies.number(row, "subclient", "applicationId") in wanted
        ]
        good = [row for row in rows if row["outcome"] in ("success", "partial")]
        return {
            "backups": len(good),
            "bytes": sum(int(row["application_bytes"] or 0) for row in good),
            "newest": max((row["end_time"] for row in good if row["end_time"]), default=None),
        }


class AgentWork(Many):
    """The agents of many hosts. All are read and allowed before the first job is started, and all jobs are waited for together."""

    def __init__(self, client: Commvault, params: Record) -> None:
        self._client = client
        self._params = params
        self._elements: list[Record] = params["agents"]
        _check(self._elements)
        readings = Readings(client)
        installer = Installer(readings)
        states = {"present": "present", "absent": "absent", "retired": "absent"}
        items = [Item(one["client"], Agents(readings, installer, one), states[one["state"]]) for one in self._elements]
        super().__init__(items, "agents")

    def settle(self, outcomes: list[Outcome]) -> list[Outcome]:
        """Wait for all jobs together, where that is asked for, and read the clients again. A failed result tells what was seen of a job."""
        ids = [job["id"] for outcome in outcomes for job in _jobs(outcome)]
        if not ids or not self._params["wait"]:
            return outcomes
        records = jobs.wait(self._client, ids, self._params["wait_timeout"])
        by_id = {record["id"]: record for record in records}
        outcomes[:] = [_completed(outcome, jobs=[by_id[job["id"]] for job in _jobs(outcome)]) for outcome in outcomes]
        jobs.require_success(self._client, records, fail_on_partial=True)
        readings = Readings(self._client)
        return [
            _completed(outcome, now=_now(readings, element, outcome)) if _jobs(outcome) else outcome
            for element, outcome in zip(self._elements, outcomes, strict=True)
        ]

    def result(self, outcomes: list[Outcome]) -> Record:
        entries = [self._entry(element, outcome) for element, outcome in zip(self._elements, outcomes, strict=False)]
        return {**super().result([dataclasses.replace(one, after=_client(one)) for one in outcomes]), self.returned: entries}

    def _entry(self, element: Record, outcome: Outcome) -> Record:
        """One element of the result: the client as it is now, once its jobs have ended. Until they have, as it was before."""
        started = _jobs(outcome)
        client = (outcome.after or {}).get("now") if started and self._params["wait"] else _client(outcome)
        return {
            **(client or outcome.before or {"client": element["client"], "types": []}),
            **({"kept": outcome.means} if isinstance(outcome.means, dict) else {}),
            "state": element["state"],
            "jobs": started,
            "changed": outcome.changed,
        }


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


def _check(elements: list[Record]) -> None:
    seen: set[str] = set()
    for element in elements:
        key = element["client"].casefold()
        if key in seen:
            raise InputError(f"{element['client']} is given twice: name all of its agents in one element.", object=element["client"])
        if element["types"] is not None and not element["types"]:
            raise InputError(f"{element['client']}: types names no agent.", object=element["client"])
        seen.add(key)


def _started(ids: list[int]) -> Record:
    return {"jobs": [jobs.to_record({"jobId": number}) for number in ids]}


# A record has beside the client the jobs that were started for it, and once they have ended how the client is now.


def _jobs(outcome: Outcome) -> list[Record]:
    return list((outcome.after or {}).get("jobs", ()))


def _client(outcome: Outcome) -> Record | None:
    return {key: value for key, value in (outcome.after or {}).items() if key not in ("jobs", "now")} or None


def _completed(outcome: Outcome, **more: t.Any) -> Outcome:
    return dataclasses.replace(outcome, after={**(outcome.after or {}), **more})


def _now(readings: Readings, element: Record, outcome: Outcome) -> Record:
    """The client as it is now; without any agent where it is gone."""
    found = readings.server(element)
    return described(element, found) if found else {**(_client(outcome) or outcome.before or {}), "types": [], "ready": False}
