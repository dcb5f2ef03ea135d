# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The daily report of a large region: from the first request to the last file, each of the two modules in a process of its own."""

from __future__ import annotations

import datetime
import typing as t
from pathlib import Path

from ansible_collections.calligo.baas.tests.support.modules import commvault_options

from .bench_commvault import commvault
from .figures import Figure, Timing
from .harness import BenchError
from .registry import benchmark

if t.TYPE_CHECKING:
    from commvaultsim.sandbox import Sandbox

    from .harness import Bench

Json = dict[str, t.Any]
SERVERS, SUBCLIENTS = 4, 5
"""Of a tenant: 20 systems."""
MB = 1 << 20


def scope(tenants: int) -> list[Json]:
    """What the specifications of seeded tenants name."""
    part: Json = {"kind": "file", "instance": "", "plan": "gold", "exception": "", "enabled": True}
    found = []
    for alias in (f"t{number + 1:04}" for number in range(tenants)):
        names = [(f"{alias}-fs{server + 1:04}", f"data-{one + 1:02}") for server in range(SERVERS) for one in range(SUBCLIENTS)]
        parts = [{**part, "client": client, "name": name} for client, name in names]
        plan = {"name": "gold", "sla_days": 7, "rpo_seconds": 7 * 86400}
        found.append({"host": alias, "name": f"Tenant {alias[1:]}", "alias": alias, "region": "lux", "plans": [plan], "parts": parts})
    return found


class Reporting:
    """Makes the reports, and keeps what that took."""

    def __init__(self, bench: Bench, sandbox: Sandbox, folder: Path, tenants: int) -> None:
        self._bench, self._folder, self._tenants = bench, folder, tenants
        end = datetime.datetime.fromtimestamp(int(sandbox.control("GET", "/clock")["now"]), datetime.UTC)
        place: Json = {"region": "lux", "time_zone": "Europe/Luxembourg", "end": end.isoformat()}
        self._document = str(folder / "protection.json")
        self._read: Json = {**commvault_options(sandbox), **place, "tenants": scope(tenants), "output_file": self._document}
        self.seconds: list[float] = []
        self.processor: list[float] = []
        self.megabytes: list[float] = []

    def once(self, number: int) -> Path:
        """The directory of a whole run: everything is read and every file is written."""
        directory = self._folder / f"reports-{number}"
        write: Json = {"document": self._document, "directory": str(directory), "made_at": "2026-11-24T06:00:00Z"}
        done = [self._bench.module("commvault_protection_info", self._read), self._bench.module("daily_report_files", write)]
        self._bench.say(
            f"    reading {done[0].seconds:.1f} s, {done[0].peak_mb:.0f} MB; writing {done[1].seconds:.1f} s, {done[1].peak_mb:.0f} MB"
        )
        self.seconds.append(sum(one.seconds for one in done))
        self.processor.append(sum(one.cpu_seconds for one in done))
        self.megabytes.append(max(one.peak_mb for one in done))
        pages = list(directory.rglob("report.html"))
        if len(pages) != self._tenants + 1:
            raise BenchError(f"{directory} holds {len(pages)} pages, not {self._tenants + 1}")
        return directory


@benchmark(
    "daily_report",
    "the daily report of 100 tenants with 2,000 systems and 100,000 jobs",
    figures=("daily_report_seconds", "daily_report_cpu_seconds", "daily_report_mb", "daily_report_page_mb"),
)
def daily_report(bench: Bench) -> t.Iterator[Figure]:
    tenants, jobs = bench.size(100, 5), bench.size(100_000, 2_000)
    systems = tenants * SERVERS * SUBCLIENTS
    note = f"{tenants} tenants, {systems} systems, {jobs} jobs; both modules one after the other, simulator included"
    with commvault(bench, "daily-report", companies=tenants, servers=SERVERS, subclients=SUBCLIENTS, jobs=jobs, days=30) as sandbox:
        reporting = Reporting(bench, sandbox, bench.folder("daily-report"), tenants)
        directories = [reporting.once(number) for number in range(bench.runs(3))]
    page = max(file.stat().st_size for file in directories[-1].rglob("report.html")) / MB
    seconds, megabytes = Timing.of(reporting.seconds), Timing.of(reporting.megabytes)
    spread: Json = {"runs": seconds.runs, "low": seconds.low, "high": seconds.high}
    yield Figure("daily_report_seconds", seconds.median, "s", systems, must=("<=", 60), note=note, **spread)
    processor = Timing.of(reporting.processor)
    spread = {"runs": processor.runs, "low": processor.low, "high": processor.high}
    yield Figure(
        "daily_report_cpu_seconds",
        processor.median,
        "s",
        systems,
        note="processor time of the two modules, without the simulator",
        **spread,
    )
    spread = {"runs": megabytes.runs, "low": megabytes.low, "high": megabytes.high}
    yield Figure("daily_report_mb", megabytes.median, "MB", systems, must=("<=", 400), note="the larger of the two modules", **spread)
    yield Figure("daily_report_page_mb", page, "MB", systems, must=("<=", 5), note="the provider's page")
