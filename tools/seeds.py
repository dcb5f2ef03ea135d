# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make seeds``: plant each defect of tests/seeds/seeds.yml in a copy of the checkout and see that its tests turn red."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import hashlib
import json
import os
import queue
import shutil
import subprocess
import threading
import time
import typing as t
import xml.etree.ElementTree as ET
from pathlib import Path

import yaml

import prepare_vcsim
from console import ToolError, duration, main_guard, say
from paths import BIN, BUILD, COLLECTIONS, LOGS, ROOT, child_env

SEEDS = ROOT / "tests" / "seeds" / "seeds.yml"
RESULTS = ROOT / "build" / "seeds.json"
PAGE = ROOT / "docs" / "seeds.md"
SCRATCH = BUILD / "seeds"
TIMEOUT = 900.0  # seconds for the tests of one seed
LEFT_OUT = shutil.ignore_patterns(".git", ".build", ".sandbox", "build", ".nox", "__pycache__", "output")
NO_JUDGEMENT = ("ImportError", "ModuleNotFoundError", "SyntaxError", "NameError", "fixture")
"""What a test that turned red says where the seed broke the code, and nothing judged what it does."""


@dataclasses.dataclass(frozen=True)
class Seed:
    """One defect: file below the checkout, the old text, which stands there once, the new one, and the tests that must turn red."""

    finding: str
    defect: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    @property
    def key(self) -> str:
        """What tells it from others, and from what it was before it was changed."""
        text = "\n".join((self.file, self.old, self.new, *self.tests))
        return f"{self.finding}: {self.defect} ({hashlib.sha256(text.encode()).hexdigest()[:8]})"

    def problem(self, root: Path) -> str | None:
        """Why it cannot be planted below a directory; None if it can."""
        path = root / self.file
        if not path.is_file():
            return f"there is no {self.file}"
        count = path.read_text(encoding="utf-8").count(self.old)
        return None if count == 1 else f"its old text stands {count} times in {self.file}"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What became of a seed: red (the tests that noticed), or the problem."""

    seed: Seed
    red: tuple[str, ...]
    problem: str
    seconds: float


def read_seeds() -> list[Seed]:
    """All seeds, in their order."""
    rows = yaml.safe_load(SEEDS.read_text(encoding="utf-8"))
    return [Seed(str(row["finding"]), row["defect"], row["file"], row["old"], row["new"], tuple(row["tests"])) for row in rows]


def scratch(name: str) -> Path:
    """A copy of the checkout as it is now, with a link to what make setup made."""
    root = SCRATCH / name
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(ROOT, root, symlinks=True, ignore=LEFT_OUT)
    collections = root / COLLECTIONS.relative_to(ROOT) / "ansible_collections"
    (collections / "calligo").mkdir(parents=True)
    (collections / "calligo" / "baas").symlink_to(root)
    for entry in (COLLECTIONS / "ansible_collections").iterdir():
        if entry.name != "calligo":
            (collections / entry.name).symlink_to(entry)
    (root / ".build" / "venv").symlink_to(BUILD / "venv")
    # Tests about the repository's files ask git for them.
    for command in (["git", "init", "--quiet"], ["git", "add", "--all"]):
        subprocess.run(command, cwd=root, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return root


@contextlib.contextmanager
def planted(seed: Seed, root: Path) -> t.Iterator[None]:
    """A seed in a copy of the checkout, for a while."""
    path = root / seed.file
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(seed.old, seed.new), encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(text, encoding="utf-8")


def judge(seed: Seed, root: Path, log: Path) -> Verdict:
    """Run the tests of a seed with it planted."""
    started = time.monotonic()
    problem = seed.problem(root)
    if problem:
        return Verdict(seed, (), problem, 0.0)
    report = root / "seed.xml"
    report.unlink(missing_ok=True)
    env = child_env(ANSIBLE_CONFIG=str(root / "ansible.cfg"), PYTHONDONTWRITEBYTECODE="1")
    with planted(seed, root):
        if seed.file.endswith(".go"):
            env["BAAS_VCSIM"] = str(vcsim(root, log))
        command = [str(BIN / "pytest"), "-q", "--no-header", f"--junitxml={report}", *seed.tests]
        with log.open("a", encoding="utf-8") as stream:
            print(f"\n=== {seed.finding}: {seed.defect}", file=stream, flush=True)
            try:
                subprocess.run(command, cwd=root, env=env, stdout=stream, stderr=subprocess.STDOUT, timeout=TIMEOUT, check=False)
            except subprocess.TimeoutExpired:
                return Verdict(seed, (), f"its tests did not end within {TIMEOUT:.0f} seconds", time.monotonic() - started)
    red, problem = _red(report)
    return Verdict(seed, red, "" if red else problem, time.monotonic() - started)


def vcsim(root: Path, log: Path) -> Path:
    """The simulated vCenter, built from a copy of the checkout."""
    program = root / ".build" / "vcsim"
    go = prepare_vcsim.machine_go() or prepare_vcsim.packaged_go()
    with log.open("a", encoding="utf-8") as stream:
        command = [str(go), "build", "-trimpath", "-o", str(program), "."]
        subprocess.run(
            command, cwd=root / "simulators" / "vcenter", env=prepare_vcsim.go_env(), stdout=stream, stderr=subprocess.STDOUT, check=True
        )
    return program


def _red(report: Path) -> tuple[tuple[str, ...], str]:
    """The tests that noticed; without any, what happened instead."""
    if not report.exists():
        return (), "pytest could not begin: see the log"
    cases = list(ET.parse(report).getroot().iter("testcase"))  # noqa: S314 - written by pytest
    failed = {str(case.get("name")): str(found.get("message")) for case in cases if (found := case.find("failure")) is not None}
    red = tuple(sorted(name for name, said in failed.items() if not any(sign in said.split(":")[0] for sign in NO_JUDGEMENT)))
    if red:
        return red, ""
    errors = [str(found.get("message")) for case in cases if (found := case.find("error")) is not None]
    return (), "; ".join([*failed.values(), *errors])[:200] or "no test noticed it"


def run(seeds: list[Seed], processes: int) -> list[Verdict]:
    """Judge all, some side by side, each in a copy of its own."""
    waiting: queue.Queue[tuple[int, Seed]] = queue.Queue()
    for numbered in enumerate(seeds):
        waiting.put(numbered)
    verdicts: dict[int, Verdict] = {}

    def work(name: str) -> None:
        root, log = scratch(name), LOGS / f"seeds-{name}.log"
        log.unlink(missing_ok=True)
        with contextlib.suppress(queue.Empty):
            while True:
                number, seed = waiting.get_nowait()
                try:
                    verdicts[number] = judge(seed, root, log)
                except (OSError, subprocess.SubprocessError) as error:
                    verdicts[number] = Verdict(seed, (), f"{type(error).__name__}: {error}", 0.0)
                say(line(verdicts[number]))
        shutil.rmtree(root, ignore_errors=True)

    LOGS.mkdir(parents=True, exist_ok=True)
    workers = [threading.Thread(target=work, args=(f"{os.getpid()}-{number}",)) for number in range(processes)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return [verdicts[number] for number in sorted(verdicts)]


def line(verdict: Verdict) -> str:
    """A verdict for people."""
    mark = "noticed   " if verdict.red else "NOT SEEN  "
    tail = f"{len(verdict.red)} red" if verdict.red else verdict.problem
    return f"  {mark} {verdict.seed.finding:>2}  {verdict.seed.defect}  ({tail}, {duration(verdict.seconds)})"


def keep(verdicts: list[Verdict], known: list[Seed]) -> None:
    """Add the verdicts to those of earlier runs, and make the page from all: a seed that was changed has none until it was run again."""
    kept: dict[str, t.Any] = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    kept |= {one.seed.key: {"red": len(one.red), "problem": one.problem, "seconds": round(one.seconds, 1)} for one in verdicts}
    kept = {seed.key: kept[seed.key] for seed in known if seed.key in kept}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    PAGE.write_text(page(known, kept), encoding="utf-8")


HEAD = """# Seeds

Defects that were met once, and what notices them. Each is kept as a small change that puts it back into the code of today
(`tests/seeds/seeds.yml`); `make seeds` plants one after the other in a copy of the checkout, and the tests that are named beside it have
to turn red. `make seeds ARGS="3 J"` plants those of two findings. In `make test` each seed is seen to apply still.

This page is made by `make seeds`.
"""


def page(known: list[Seed], kept: t.Mapping[str, t.Any]) -> str:
    """The page of all seeds with what became of each."""
    noticed = [seed for seed in known if kept.get(seed.key, {}).get("red")]
    run = [seed for seed in known if seed.key in kept]
    counts = f"{len(noticed)} noticed, {len(run) - len(noticed)} not noticed, {len(known) - len(run)} not run"
    lines = [
        HEAD,
        f"{len(known)} seeds of {len({seed.finding for seed in known})} findings: {counts}.\n",
        "| Finding | Defect | Red tests | First of the tests that must notice |",
        "|---|---|---|---|",
    ]
    for seed in known:
        found = kept.get(seed.key)
        red = "not run" if found is None else str(found["red"]) if found["red"] else "**none**"
        lines.append(f"| {seed.finding} | {seed.defect.replace('|', '/')} | {red} | `{seed.tests[0]}` |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Plant all seeds, or those of the findings named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("findings", nargs="*", help="only the seeds of these findings, such as 3 or J, or N/2 for the second of N")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    options = parser.parse_args()
    known = read_seeds()
    places = [f"{seed.finding}/{sum(one.finding == seed.finding for one in known[: index + 1])}" for index, seed in enumerate(known)]
    seeds = [
        seed for seed, place in zip(known, places, strict=True) if not options.findings or {seed.finding, place} & set(options.findings)
    ]
    if not seeds:
        raise ToolError("No such finding.")
    started = time.monotonic()
    verdicts = run(seeds, options.processes)
    missed = [verdict for verdict in verdicts if not verdict.red]
    say(
        f"\n{len(verdicts)} seeds of {len({seed.finding for seed in seeds})} findings, {len(missed)} not noticed, in "
        f"{duration(time.monotonic() - started)}"
    )
    for verdict in missed:
        say(line(verdict))
    keep(verdicts, known)
    return 1 if missed else 0


if __name__ == "__main__":
    main_guard(main)
