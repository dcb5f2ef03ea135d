# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make bench``: measures how fast the collection is, beside its peers, and writes build/bench.json.

Everything runs on this machine against the simulators. A figure is the median of several runs; peers that take minutes run once,
and the table says so. ``--quick`` measures small sizes, to see that the benchmarks work, and writes build/bench-quick.json.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import fcntl
import json
import os
import platform
import shutil
import sys
import time
import typing as t
from pathlib import Path

import bench_report
import prepare_bench
from ansible_collections.calligo.baas.tests.bench.figures import Figure, table
from ansible_collections.calligo.baas.tests.bench.harness import Bench, BenchError
from ansible_collections.calligo.baas.tests.bench.registry import Benchmark, benchmarks, chosen
from console import ToolError, duration, main_guard, say
from paths import BUILD, COLLECTIONS, ROOT, child_env
from playbook_runs import shown

RESULTS = ROOT / "build"
WORK = BUILD / "bench"
PEER_COLLECTIONS = ("community.vmware", "vmware.vmware")


def machine() -> dict[str, t.Any]:
    """What the figures depend on: processor, memory, system, versions."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [line.partition(":")[2].strip() for line in info.read_text(encoding="utf-8").splitlines() if line.startswith("model name")]
        model = lines[0] if lines else model
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    versions = {"python": platform.python_version(), **prepare_bench.versions()}
    for name in PEER_COLLECTIONS:
        manifest = COLLECTIONS / "ansible_collections" / name.replace(".", "/") / "MANIFEST.json"
        versions[name] = json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]["version"]
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(memory / 2**30),
        "system": f"{platform.system()} {platform.release()}",
        "versions": versions,
    }


def save(path: Path, figures: dict[str, dict[str, t.Any]]) -> None:
    """Write the figures in one step, those of earlier runs that were not measured now included."""
    new = path.with_suffix(".new")
    new.write_text(json.dumps(list(figures.values()), indent=2) + "\n", encoding="utf-8")
    new.replace(path)


def read(path: Path) -> dict[str, dict[str, t.Any]]:
    """The figures of earlier runs by name."""
    if not path.exists():
        return {}
    return {entry["name"]: entry for entry in json.loads(path.read_text(encoding="utf-8"))}


def measure(entries: list[Benchmark], bench: Bench, path: Path) -> tuple[list[Figure], list[str]]:
    """Run the benchmarks one after the other; returns their figures, and what could not be measured."""
    saved, figures, failures = read(path), [], []
    for entry in entries:
        say(f"==> {entry.name}: {entry.about}")
        started = time.monotonic()
        try:
            for figure in entry.run(bench):
                at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
                saved[figure.name] = {**figure.to_json(), "at": at, "load": round(os.getloadavg()[0], 1)}
                save(path, saved)
                figures.append(figure)
                say(f"    {figure.name}: {figure.value:.4g} {figure.unit}")
        except BenchError as error:
            failures.append(entry.name)
            say(f"    FAILED: {error}")
        say(f"    done in {duration(time.monotonic() - started)}")
    return figures, failures


@contextlib.contextmanager
def alone() -> t.Iterator[None]:
    """See to it that no other benchmark runs: they would slow each other down and share files."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "bench.lock").open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ToolError("Another make bench is running in this checkout.") from error
        yield


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="this benchmark or figure (may be given again)")
    parser.add_argument("--quick", action="store_true", help="small sizes and few runs")
    parser.add_argument("--list", action="store_true", help="show the benchmarks and end")
    parser.add_argument("--report", action="store_true", help="only render the documentation from build/bench.json")
    return parser.parse_args()


def main() -> int:
    """Measure, show the table, write the results."""
    options = parse()
    if options.report:
        bench_report.render(RESULTS)
        return 0
    if options.list:
        for entry in benchmarks().values():
            say(f"{entry.name}: {entry.about}\n    {', '.join(entry.figures)}")
        return 0
    try:
        entries = chosen(options.only)
    except KeyError as error:
        raise ToolError(f"No benchmark or figure is called {error}. See: make bench ARGS=--list") from error
    with alone():
        return run(entries, options.quick)


def run(entries: list[Benchmark], quick: bool) -> int:
    """Measure the benchmarks and show what was found."""
    prepare_bench.prepare()
    shutil.rmtree(WORK, ignore_errors=True)
    RESULTS.mkdir(exist_ok=True)
    env = child_env(PYTHONPATH=str(COLLECTIONS), ANSIBLE_NOCOLOR="1")
    bench = Bench(WORK, prepare_bench.BENCH_PYTHON, env, quick, say)
    suffix = "-quick" if quick else ""
    results = RESULTS / f"bench{suffix}.json"
    figures, failures = measure(entries, bench, results)
    facts = machine()
    (RESULTS / f"bench-machine{suffix}.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    say(f"\n{facts['processor']}, {facts['cores']} cores, {facts['memory_gb']} GB, {facts['system']}")
    say(", ".join(f"{name} {version}" for name, version in facts["versions"].items()) + "\n")
    say("\n".join(table(figures)))
    missed = [figure.name for figure in figures if figure.reached is False]
    say(f"\nWritten: {shown(results)}" + (f"; missed: {', '.join(missed)}" if missed else ""))
    if failures:
        raise ToolError(f"Not measured: {', '.join(failures)}. Logs: {shown(WORK / 'logs')}")
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(COLLECTIONS))
    main_guard(main)
