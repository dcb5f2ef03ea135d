# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole tenants: the playbook tenant_onboard against simulated vCenter and Commvault, everything on this machine.

One large tenant from an empty platform to its first backups and again when nothing has changed, and fleets of tenants of 20 systems.
"""

from __future__ import annotations

import contextlib
import functools
import re
import typing as t
from pathlib import Path

from commvaultsim.sandbox import Sandbox

from .figures import Figure, Json, Timing
from .harness import BenchError, Measured
from .registry import benchmark
from .scenario import World

if t.TYPE_CHECKING:
    from .harness import Bench

ROOT = Path(__file__).resolve().parents[2]
CHANGED = re.compile(r"changed=(\d+)")
JOB_SECONDS = 1
# Acceptance restores wait for machines to boot, one for each tenant; a fleet is made without, since it is measured unchanged.
NO_ACCEPTANCE = ("-e", '{"tenant_onboarding_acceptance": false}')
LIMIT = 7200.0


class Fleet:
    """A world that runs, and the playbook against it."""

    def __init__(self, bench: Bench, folder: Path, inventory: Path) -> None:
        self._bench = bench
        self._inventory = inventory
        self._env = {"BAAS_SANDBOX_DIR": str(folder / "sandbox"), "BAAS_EVIDENCE_DIR": str(folder / "evidence")}
        self._env["ANSIBLE_CONFIG"] = str(ROOT / "ansible.cfg")

    def converge(self, *arguments: str, changes: bool = False, **env: str) -> Measured:
        """Run the playbook. changes: whether it has to change something; otherwise it must not."""
        program = self._bench.python.with_name("ansible-playbook")
        command: list[str | Path] = [program, "-i", self._inventory, ROOT / "playbooks" / "tenant_onboard.yml", *arguments]
        run = self._bench.command(command, limit=LIMIT, **{**self._env, **env})
        if any(map(int, CHANGED.findall(run.output))) is not changes:
            raise BenchError("the playbook " + ("changed nothing" if changes else "changed what was as it should be"))
        return run


@contextlib.contextmanager
def world(bench: Bench, size: World) -> t.Iterator[Fleet]:
    """The simulators of a world, empty of tenants."""
    folder = bench.folder(f"world-{size.tenants}-{size.vms}-{size.servers}")
    scenario, inventory = size.write(folder)
    with Sandbox(folder / "sandbox", scenario, job_seconds=JOB_SECONDS):
        yield Fleet(bench, folder, inventory)


@benchmark(
    "tenant",
    "one tenant with 200 VMs, 20 file servers with 3 subclients each and 5 SQL instances",
    figures=("tenant_first_seconds", "tenant_unchanged_seconds"),
)
def tenant(bench: Bench) -> t.Iterator[Figure]:
    size = World(1, bench.size(200, 10), bench.size(20, 3), 3, sql=bench.size(5, 1))
    note = "simulators included"
    with world(bench, size) as fleet:
        first = fleet.converge(changes=True).seconds
        yield Figure(
            "tenant_first_seconds",
            first,
            "s",
            size.systems,
            must=("<=", 60),
            note=f"first backups and acceptance restores included; {note}",
        )
        again = bench.median(lambda: fleet.converge().seconds, 5)
        measured: Json = {"runs": again.runs, "low": again.low, "high": again.high}
        yield Figure("tenant_unchanged_seconds", again.median, "s", size.systems, must=("<=", 25), note=note, **measured)


def fleet_of(bench: Bench, tenants: int, runs: int) -> tuple[Timing, World]:
    """Seconds of an unchanged converge of so many tenants of 20 systems."""
    size = World(tenants, 14, 6, 3)
    with world(bench, size) as fleet:
        fleet.converge(*NO_ACCEPTANCE, changes=True)
        return bench.median(lambda: fleet.converge(*NO_ACCEPTANCE).seconds, runs), size


@benchmark(
    "fleet",
    "tenants of 20 systems each, unchanged",
    figures=("fleet_10_seconds", "fleet_30_seconds", "fleet_100_seconds", "fleet_100_per_tenant"),
)
def fleet(bench: Bench) -> t.Iterator[Figure]:
    per_tenant = []
    for full, quick in ((10, 2), (30, 3), (100, 4)):
        tenants = bench.size(full, quick)
        timing, size = fleet_of(bench, tenants, 3 if full < 100 else 2)
        per_tenant.append(timing.median / tenants)
        measured: Json = {"runs": timing.runs, "low": timing.low, "high": timing.high, "plot": "fleet"}
        note = f"{size.systems} systems; 14 VMs and 6 file servers with 3 subclients each; simulators included; without acceptance restores"
        must: Json = {"must": ("<=", 300)} if full == 100 else {}
        yield Figure(f"fleet_{full}_seconds", timing.median, "s", tenants, note=note, **measured, **must)
    note = f"with fewer tenants: {', '.join(f'{seconds:.2f}' for seconds in per_tenant[:-1])} s each"
    yield Figure("fleet_100_per_tenant", per_tenant[-1], "s", tenants, floor=per_tenant[0], note=note)


def _seconds(fleet: Fleet, forks: int, strategy: str) -> float:
    return fleet.converge(*NO_ACCEPTANCE, "-f", str(forks), ANSIBLE_STRATEGY=strategy).seconds


@benchmark(
    "fleet_strategies",
    "the same by strategy and forks",
    figures=tuple(f"fleet_{name}_{forks}" for name in ("linear", "free", "host_pinned") for forks in (2, 5, 10, 25)),
)
def strategies(bench: Bench) -> t.Iterator[Figure]:
    size = World(bench.size(10, 3), 14, 6, 3)
    with world(bench, size) as fleet:
        fleet.converge(*NO_ACCEPTANCE, changes=True)
        for name in ("linear", "free", "host_pinned"):
            for forks in (2, 5, 10, 25):
                timing = bench.median(functools.partial(_seconds, fleet, forks, name), 3)
                measured: Json = {"runs": timing.runs, "low": timing.low, "high": timing.high}
                yield Figure(f"fleet_{name}_{forks}", timing.median, "s", forks, note=f"{size.tenants} tenants", **measured)
