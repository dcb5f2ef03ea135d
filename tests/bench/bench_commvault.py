# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commvault read in bulk: file subclients beside the vendor's SDK, and a long job history, against a simulated server.

For subclients the server answers each request 10 ms late, as one in the same data center would.
"""

from __future__ import annotations

import contextlib
import json
import typing as t

from ansible_collections.calligo.baas.tests.support.modules import commvault_options
from commvaultsim.sandbox import Sandbox

from .figures import Figure, Timing
from .harness import BenchError
from .registry import benchmark

if t.TYPE_CHECKING:
    from .harness import Bench

Json = dict[str, t.Any]
SDK = "cvpysdk"
DELAY = 0.01
EACH = 10
"""Subclients of a server."""
BRIEF = "subclient_list_brief"
"""The dialect of servers that list identities only, so that each subclient has to be read by itself."""
OPTIONS = ("host", "username", "password", "ca_path")
MONTH = 32 * 86400


@contextlib.contextmanager
def commvault(bench: Bench, name: str, **seed: int) -> t.Iterator[Sandbox]:
    """A Commvault server without vCenters. seed: what it is filled with."""
    folder = bench.folder(name)
    scenario = folder / "scenario.yml"
    scenario.write_text(json.dumps({"regions": [{"name": "luxembourg"}]}), encoding="utf-8")
    with Sandbox(folder / "sandbox", scenario, job_seconds=1) as sandbox:
        sandbox.control("POST", "/seed", seed)
        yield sandbox


class Estate:
    """Unchanged file subclients on a server, and what compares them with what they should be."""

    def __init__(self, bench: Bench, sandbox: Sandbox, size: int) -> None:
        self.bench = bench
        self.sandbox = sandbox
        self.options = commvault_options(sandbox)
        self.wanted = [
            {
                "client": f"seed-fs{number // EACH + 1:04}",
                "name": f"data-{number % EACH + 1:02}",
                "content": [f"D:\\data-{number % EACH + 1:02}"],
                "filters": ["**\\Pagefile.sys"],
            }
            for number in range(size)
        ]
        sandbox.control("POST", "/faults", {"name": "http", "path": "/api/", "delay": DELAY})

    def playbook(self) -> float:
        """Seconds of a playbook with one task for all of them."""
        connection = {name: "{{ " + name + " }}" for name in OPTIONS}
        task = {"name": "Subclients", "calligo.baas.commvault_subclient": {**connection, "subclients": "{{ wanted }}"}, "register": "done"}
        same = {"name": "Nothing changed", "ansible.builtin.assert": {"that": "done is not changed", "quiet": True}}
        return self.bench.playbook([task, same], {**self.options, "wanted": self.wanted}).seconds

    def module(self, **more: t.Any) -> float:
        """Seconds of the module's process alone, Python's start included, as the peer's is."""
        return self.bench.module("commvault_subclient", {**self.options, "subclients": self.wanted, **more}).seconds

    def sdk(self) -> float:
        """Seconds of a program that reads and compares the same with the vendor's SDK."""
        return self.bench.program("cvpysdk_subclients", given={**self.options, "subclients": self.wanted}).seconds

    def requests(self, act: t.Callable[[], t.Any]) -> int:
        """How many requests something sends."""
        self.sandbox.control("DELETE", "/journal")
        act()
        return int(self.sandbox.control("GET", "/counters")["requests"])


@contextlib.contextmanager
def estate(bench: Bench, size: int) -> t.Iterator[Estate]:
    """So many subclients, ten on each server."""
    with commvault(bench, f"subclients-{size}", servers=size // EACH, subclients=EACH) as sandbox:
        yield Estate(bench, sandbox, size)


def measured(timing: Timing) -> Json:
    """How often it was measured, and between which values."""
    return {"runs": timing.runs, "low": timing.low, "high": timing.high}


@benchmark(
    "subclients",
    "1,000 unchanged file subclients over 100 servers in one task, 10 ms of latency",
    figures=("subclients_1000_seconds", "subclients_1000_speedup", "subclients_1000_module_seconds", "subclients_1000_brief_seconds"),
)
def subclients(bench: Bench) -> t.Iterator[Figure]:
    size = bench.size(1000, 50)
    with estate(bench, size) as known:
        playbook = bench.median(known.playbook, 5)
        module = bench.median(known.module, 5)
        took: list[float] = []
        asked = known.requests(lambda: took.append(known.sdk()))
        peer = Timing.of(took)
        counts = f"{known.requests(known.module)} requests, the SDK {asked}"
        yield Figure(
            "subclients_1000_seconds", playbook.median, "s", size, must=("<=", 20), **measured(playbook), note="whole playbook run"
        )
        named: Json = {"peer": SDK, "peer_value": peer.median}
        yield Figure(
            "subclients_1000_module_seconds",
            module.median,
            "s",
            size,
            **named,
            ratio=peer.median / module.median,
            **measured(module),
            note=counts,
        )
        note = "process against process; the SDK once; the server lists all properties"
        ratio = peer.median / module.median
        yield Figure("subclients_1000_speedup", ratio, "x", size, **named, ratio=ratio, must=(">=", 50), runs=module.runs, note=note)
        known.sandbox.control("POST", "/faults", {"name": BRIEF})
        brief = bench.median(known.module, 5)
        note = "where the server lists identities only, each subclient is read by itself"
        yield Figure(
            "subclients_1000_brief_seconds",
            brief.median,
            "s",
            size,
            **named,
            ratio=peer.median / brief.median,
            **measured(brief),
            note=note,
        )


@benchmark(
    "subclients_parallel",
    "the same, each subclient read by itself, by the number of reads at a time",
    figures=tuple(f"subclients_parallel_{number}" for number in (1, 2, 4, 8, 16, 32)),
)
def parallel(bench: Bench) -> t.Iterator[Figure]:
    size = bench.size(1000, 50)
    with estate(bench, size) as known:
        known.sandbox.control("POST", "/faults", {"name": BRIEF})
        for number in (1, 2, 4, 8, 16, 32):
            timing = bench.median(lambda: known.module(parallel=number), 3)  # noqa: B023 - called at once
            yield Figure(f"subclients_parallel_{number}", timing.median, "s", number, **measured(timing))


@benchmark(
    "subclients_growth", "how the cost grows with subclients", figures=tuple(f"subclients_{size}_growth" for size in (10, 100, 1000))
)
def growth(bench: Bench) -> t.Iterator[Figure]:
    for full, quick in ((10, 10), (100, 20), (1000, 40)):
        size = bench.size(full, quick)
        with estate(bench, size) as known:
            ours = bench.median(known.playbook, 3)
            theirs = bench.median(known.sdk, 1)
            more: Json = {**measured(ours), "peer": SDK, "peer_value": theirs.median, "ratio": theirs.median / ours.median}
            yield Figure(f"subclients_{full}_growth", ours.median, "s", size, plot="subclients", note="whole playbook run", **more)


def history(bench: Bench, size: int, runs: int) -> tuple[Timing, Timing]:
    """Seconds and megabytes of the module for so many jobs into figures and a file."""
    with commvault(bench, f"jobs-{size}", companies=20, servers=5, subclients=3, jobs=size, days=30) as sandbox:
        file = bench.folder(f"jobs-{size}") / "jobs.csv"
        options = {**commvault_options(sandbox), "since_seconds": MONTH, "output_file": str(file)}
        options["figures"] = ["company", "client", "status", "level", "reason"]
        found = [bench.module("commvault_job_info", options) for _run in range(bench.runs(runs))]
        with file.open(encoding="utf-8") as stream:
            rows = sum(1 for _line in stream) - 1
        if rows != size:
            raise BenchError(f"{file} holds {rows} jobs, not {size}")
    return Timing.of([one.seconds for one in found]), Timing.of([one.peak_mb for one in found])


@benchmark("jobs", "100,000 jobs into figures and a file", figures=("jobs_100k_seconds", "jobs_100k_mb"))
def jobs(bench: Bench) -> t.Iterator[Figure]:
    size = bench.size(100_000, 2_000)
    seconds, megabytes = history(bench, size, 3)
    yield Figure("jobs_100k_seconds", seconds.median, "s", size, must=("<=", 30), **measured(seconds), plot="jobs")
    yield Figure("jobs_100k_mb", megabytes.median, "MB", size, must=("<=", 300), **measured(megabytes))


@benchmark("jobs_growth", "how the cost grows with jobs", figures=("jobs_1k_seconds", "jobs_10k_seconds", "jobs_1k_mb", "jobs_10k_mb"))
def jobs_growth(bench: Bench) -> t.Iterator[Figure]:
    for name, full, quick in (("1k", 1_000, 500), ("10k", 10_000, 1_000)):
        size = bench.size(full, quick)
        seconds, megabytes = history(bench, size, 3)
        yield Figure(f"jobs_{name}_seconds", seconds.median, "s", size, **measured(seconds), plot="jobs")
        yield Figure(f"jobs_{name}_mb", megabytes.median, "MB", size, **measured(megabytes))
