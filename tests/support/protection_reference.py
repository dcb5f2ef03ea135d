# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How well systems are protected, computed a second time: from the definitions alone, over the simulator's own records.

Slow and plain on purpose: all jobs of a system are put in order, and each figure is a sentence of the documentation.
"""

from __future__ import annotations

import datetime
import typing as t
import zoneinfo

Json = dict[str, t.Any]
FAILED = ("Failed", "Failed to Start", "Killed")
ERRORS, WARNINGS = "Completed w/ one or more errors", "Completed w/ one or more warnings"


class Reference:
    """Figures of systems at a moment.

    :param state: all tables of the simulator (GET /_sim/state).
    :param zone: the region's time zone.
    :param end: when the period ends, epoch seconds.
    """

    def __init__(self, state: Json, zone: str, end: int) -> None:
        self.state = state
        self.end = end
        self.zone = zoneinfo.ZoneInfo(zone)
        self.now = datetime.datetime.fromtimestamp(end, self.zone)

    def ago(self, days: int) -> float:
        """The same time of day so many days before."""
        return (self.now - datetime.timedelta(days=days)).timestamp()

    def company(self, name: str) -> int:
        return int(next(row["id"] for row in self.state["companies"] if row["name"] == name))

    def jobs_of_subclient(self, company: str, client: str, subclient: str) -> list[Json]:
        machines = [row["id"] for row in self.state["clients"] if row["name"] == client and row["company_id"] == self.company(company)]
        (wanted,) = [row["id"] for row in self.state["subclients"] if row["client_id"] in machines and row["name"] == subclient]
        return self.counted([job for job in self.state["jobs"] if job["subclient_id"] == wanted])

    def jobs_of_vm(self, company: str, uuid: str, group: str) -> list[Json]:
        """The VM's own jobs, and those of its group that failed before there were any of VMs."""
        owner = self.company(company)
        clients = [row["id"] for row in self.state["clients"] if row["props"].get("guid") == uuid and row["company_id"] == owner]
        groups = [
            row["id"]
            for row in self.state["subclients"]
            if row["name"] == group and row["company_id"] == owner and row["application_id"] == 106
        ]
        with_children = {job["parent_id"] for job in self.state["jobs"]}
        return self.counted(
            [
                job
                for job in self.state["jobs"]
                if (job["client_id"] in clients and job["parent_id"])
                or (job["subclient_id"] in groups and job["id"] not in with_children and job["status"] in FAILED)
            ]
        )

    def counted(self, jobs: list[Json]) -> list[Json]:
        """Backups that had ended at the end of the period, oldest first, without synthetic fulls."""
        ended = [job for job in jobs if job["op_type"] == 4 and 0 < int(job["ended"]) <= self.end]
        return sorted(ended, key=lambda job: job["id"])

    def figures(self, jobs: list[Json], kind: str, sla_days: int, days: int) -> Json:
        """What the module says of a system, from its jobs."""
        good = [int(job["ended"]) for job in jobs if job["status"] == "Completed"]
        fine = ("Completed", WARNINGS) if kind == "database" else ("Completed", WARNINGS, ERRORS)
        in_window = [job for job in jobs if job["status"] in fine and int(job["ended"]) > self.ago(sla_days)]
        strikes = 0
        for job in reversed(jobs):
            if job["status"] not in FAILED:
                break
            strikes += 1
        first = (self.now.date() - datetime.timedelta(days=days - 1)).isoformat()
        by_day: dict[str, list[str]] = {}
        for job in jobs:
            day = datetime.datetime.fromtimestamp(int(job["started"]), self.zone).date().isoformat()
            if day >= first:
                by_day.setdefault(day, []).append(job["status"])
        return {
            "last_good": max(good, default=0),
            "sla": "met" if in_window else "missed",
            "strikes": strikes,
            "outcomes": {day: sorted(statuses) for day, statuses in by_day.items()},
            "last_status": jobs[-1]["status"] if jobs else None,
            "period": sorted(job["id"] for job in jobs if int(job["ended"]) >= self.ago(1)),
        }

    def client_sla(self, parts: t.Iterable[str]) -> str:
        """A client meets its SLA if all of its subclients do."""
        return "met" if set(parts) == {"met"} else "missed"
