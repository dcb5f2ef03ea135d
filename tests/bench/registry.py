# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of benchmarks. A file ``bench_<area>.py`` beside this one is found by its name; its functions register themselves:

    @benchmark("vcenter", "VMs read from vCenter", figures=("vcenter_1000_speedup", ...))
    def run(bench: Bench) -> Iterator[Figure]:
        ...
        yield Figure(...)

Figures are shown as they are yielded, so a long benchmark yields early.
"""

from __future__ import annotations

import dataclasses
import importlib
import typing as t
from pathlib import Path

if t.TYPE_CHECKING:
    from .figures import Figure
    from .harness import Bench

PACKAGE = "ansible_collections.calligo.baas.tests.bench"
Run = t.Callable[["Bench"], t.Iterator["Figure"]]


@dataclasses.dataclass(frozen=True)
class Benchmark:
    """One benchmark. figures: the names of what it measures, by which it can be chosen, too."""

    name: str
    about: str
    figures: tuple[str, ...]
    run: Run


_registered: dict[str, Benchmark] = {}


def benchmark(name: str, about: str, figures: t.Iterable[str] = ()) -> t.Callable[[Run], Run]:
    """Register the function as a benchmark. about: what it measures, in a few words."""

    def register(run: Run) -> Run:
        if name in _registered:
            raise ValueError(f"benchmark registered twice: {name}")
        _registered[name] = Benchmark(name, about, tuple(figures), run)
        return run

    return register


def benchmarks() -> dict[str, Benchmark]:
    """All benchmarks by name, in the order of their files' names."""
    for file in sorted(Path(__file__).parent.glob("bench_*.py")):
        importlib.import_module(f"{PACKAGE}.{file.stem}")
    return dict(_registered)


def chosen(names: t.Sequence[str]) -> list[Benchmark]:
    """The benchmarks that have one of these names or measure a figure of that name; all of them for no name.

    :raises KeyError: for a name that nothing has.
    """
    every = benchmarks()
    if not names:
        return list(every.values())
    found = {}
    for name in names:
        matches = [entry for entry in every.values() if name == entry.name or name in entry.figures]
        if not matches:
            raise KeyError(name)
        found.update({entry.name: entry for entry in matches})
    return list(found.values())
