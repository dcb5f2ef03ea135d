# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs read from a vCenter: the whole ``ansible-playbook`` run beside its peers', and the module beside the bare collector.

Both sides read all VMs with their default options, verify the server's certificate and run in the same environment.
"""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from ansible_collections.calligo.baas.plugins.module_utils._vcenter.collector import PAGE
from ansible_collections.calligo.baas.plugins.module_utils._vcenter.vm_fields import SETS, paths
from ansible_collections.calligo.baas.tests.support.vcsim import Vcsim

from .figures import Figure, Timing
from .registry import benchmark

if t.TYPE_CHECKING:
    from .harness import Bench

OURS = "calligo.baas.vcenter_vm_facts"
# The peers' modules that list all VMs. Both are given their own defaults.
VM_INFO = "community.vmware.vmware_vm_info"
SUCCESSOR = "vmware.vmware.vm_info"
BARE = "bare collector"
DELAY_MS = 5
# The peers take minutes: measured once, but not forever.
LIMIT = 3600.0
MANY, FAST, SLOW = 15, 6, 3


@dataclasses.dataclass(frozen=True)
class Site:
    """A simulated vCenter with a number of VMs, and what is run against it."""

    bench: Bench
    vcsim: Vcsim

    def playbook(self, module: str, limit: float = LIMIT) -> float:
        """Seconds of a playbook that lists all VMs with a module."""
        connection = {name: self.vcsim.options[name] for name in ("hostname", "port", "username", "password")}
        task = {"name": "List all VMs", module: {name: "{{ " + name + " }}" for name in connection}}
        trusted = {"SSL_CERT_FILE": self.vcsim.options["ca_path"], "REQUESTS_CA_BUNDLE": self.vcsim.options["ca_path"]}
        return self.bench.playbook([task], connection, limit=limit, **trusted).seconds

    def beside(self, peer: str, runs: int) -> tuple[Timing, Timing, Timing]:
        """Our playbook, a peer's and the floor, in turns: several of ours for each run of the peer, which takes minutes."""

        def ours() -> float:
            return self.playbook(OURS)

        acts = {"floor": (self.floor, FAST), "ours": (ours, FAST), "theirs": (lambda: self.playbook(peer), runs)}
        found = self.bench.compare(acts)
        return found["ours"], found["theirs"], found["floor"]

    def module(self) -> float:
        """Seconds of our module's process alone."""
        return self.bench.module("vcenter_vm_facts", self.vcsim.options).seconds

    def floor(self) -> float:
        """Seconds of a process that reads the same properties and does nothing with them."""
        given = {**self.vcsim.options, "paths": sorted(paths(SETS["summary"])), "page": PAGE}
        return self.bench.program("bare_collector", given=given).seconds


@contextlib.contextmanager
def site(bench: Bench, vms: int, delay_ms: int = 0) -> t.Iterator[Site]:
    """A running vCenter. vms: how many are made beside those of the scenario."""
    folder = bench.folder(f"vcenter-{vms}-{delay_ms}")
    with Vcsim(folder, "vc-lux", "-generate", str(vms), "-delay", str(delay_ms)) as vcsim:
        yield Site(bench, vcsim)


def once(bench: Bench, timing: Timing) -> str:
    """A note where a peer was measured once only."""
    return "peer measured once" if timing.runs == 1 and not bench.quick else ""


def compared(name: str, size: int, ours: Timing, peer: str, theirs: Timing, **more: t.Any) -> Figure:
    """Seconds of ours beside a peer's."""
    measured: dict[str, t.Any] = {"runs": ours.runs, "low": ours.low, "high": ours.high}
    return Figure(name, ours.median, "s", size, peer, theirs.median, theirs.median / ours.median, **measured, **more)


@benchmark(
    "vcenter",
    "all VMs of a vCenter with the default properties, a whole ansible-playbook run",
    figures=(
        "vcenter_1000_seconds",
        "vcenter_1000_speedup",
        "vcenter_1000_overhead",
        "vcenter_1000_module_seconds",
        "vcenter_1000_successor",
    ),
)
def thousand(bench: Bench) -> t.Iterator[Figure]:
    size = bench.size(1000, 50)
    with site(bench, size) as vcenter:
        alone = bench.compare({"floor": (vcenter.floor, MANY), "module": (vcenter.module, MANY)})
        floor, module = alone["floor"], alone["module"]
        named: dict[str, t.Any] = {"peer": BARE, "peer_value": floor.median, "ratio": module.median / floor.median, "floor": floor.median}
        yield Figure("vcenter_1000_module_seconds", module.median, "s", size, **named, runs=module.runs, low=module.low, high=module.high)
        yield Figure("vcenter_1000_overhead", module.median / floor.median, "x", size, **named, must=("<=", 1.4), runs=module.runs)
        ours, theirs, floor = vcenter.beside(VM_INFO, SLOW)
        yield compared("vcenter_1000_seconds", size, ours, VM_INFO, theirs, floor=floor.median, plot="vcenter")
        ratio = theirs.median / ours.median
        measured: dict[str, t.Any] = {
            "peer": VM_INFO,
            "peer_value": theirs.median,
            "ratio": ratio,
            "floor": floor.median,
            "runs": theirs.runs,
        }
        yield Figure("vcenter_1000_speedup", ratio, "x", size, must=(">=", 20), **measured)
        again, successor, floor = vcenter.beside(SUCCESSOR, 1)
        yield compared("vcenter_1000_successor", size, again, SUCCESSOR, successor, floor=floor.median, note=once(bench, successor))


@benchmark(
    "vcenter_latency",
    f"the same with {DELAY_MS} ms of latency a call",
    figures=("vcenter_latency_seconds", "vcenter_latency_speedup"),
)
def latency(bench: Bench) -> t.Iterator[Figure]:
    size = bench.size(1000, 50)
    with site(bench, size, DELAY_MS) as vcenter:
        ours, theirs, floor = vcenter.beside(VM_INFO, 1)
        note = once(bench, theirs)
        yield compared("vcenter_latency_seconds", size, ours, VM_INFO, theirs, floor=floor.median, note=note)
        ratio = theirs.median / ours.median
        measured: dict[str, t.Any] = {
            "peer": VM_INFO,
            "peer_value": theirs.median,
            "ratio": ratio,
            "floor": floor.median,
            "runs": theirs.runs,
        }
        yield Figure("vcenter_latency_speedup", ratio, "x", size, must=(">=", 100), note=note, **measured)


@benchmark("vcenter_growth", "how the cost grows with VMs", figures=("vcenter_250_seconds", "vcenter_4000_seconds"))
def growth(bench: Bench) -> t.Iterator[Figure]:
    for full, quick in ((250, 20), (4000, 100)):
        size = bench.size(full, quick)
        with site(bench, size) as vcenter:
            ours, theirs, floor = vcenter.beside(VM_INFO, 1)
            more: dict[str, t.Any] = {"floor": floor.median, "note": once(bench, theirs), "plot": "vcenter"}
            yield compared(f"vcenter_{full}_seconds", size, ours, VM_INFO, theirs, **more)
