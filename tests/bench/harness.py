# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What benchmarks run with: playbooks and programs in an environment of their own, timed from outside."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import threading
import time
import typing as t
from pathlib import Path

from .figures import Json, Timing

PROGRAMS = "ansible_collections.calligo.baas.tests.bench.programs"
LOG_LINES_SHOWN = 20
MB = 1 << 20


class BenchError(Exception):
    """A benchmark could not be measured; the text is meant for people."""


@dataclasses.dataclass(frozen=True)
class Measured:
    """One run of a command: wall clock and processor time in seconds, the largest resident size of one of its processes, its output."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    output: str


class Bench:
    """Runs what a benchmark measures.

    work: a directory for its files. python: the interpreter of the environment that has the peers' packages, too: both run in it.
    env: the environment for children. quick: whether small sizes and few runs will do, to see that a benchmark works.
    """

    def __init__(self, work: Path, python: Path, env: t.Mapping[str, str], quick: bool, say: t.Callable[[str], None]) -> None:
        self.work = work
        self.python = python
        self.quick = quick
        self.say = say
        self._env = {**env, "ANSIBLE_PYTHON_INTERPRETER": str(python), "ANSIBLE_LOCALHOST_WARNING": "0"}
        self._env["ANSIBLE_INVENTORY_UNPARSED_WARNING"] = "0"
        self._count = 0

    def folder(self, name: str) -> Path:
        """A directory of this name for a benchmark's files."""
        made = self.work / name
        made.mkdir(parents=True, exist_ok=True)
        return made

    def size(self, full: int, quick: int) -> int:
        """How many things to measure with."""
        return quick if self.quick else full

    def runs(self, full: int) -> int:
        """How often to measure."""
        return min(full, 2) if self.quick else full

    def median(self, act: t.Callable[[], float], runs: int = 5) -> Timing:
        """Time something several times (fewer when quick). act: does it once and returns seconds or another amount."""
        return Timing.of([act() for _run in range(self.runs(runs))])

    def compare(self, acts: t.Mapping[str, tuple[t.Callable[[], float], int]]) -> dict[str, Timing]:
        """Time several things in turns, so that all of them meet the same moods of the machine.

        acts: by name what to do once, and how often; those with fewer runs are spread over the whole time.
        """
        planned = {name: self.runs(runs) for name, (_act, runs) in acts.items()}
        rounds = max(planned.values())
        values: dict[str, list[float]] = {name: [] for name in acts}
        for number in range(rounds):
            for name, (act, _runs) in acts.items():
                if (number * planned[name]) // rounds != ((number - 1) * planned[name]) // rounds:
                    values[name].append(act())
        return {name: Timing.of(seconds) for name, seconds in values.items()}

    def command(self, command: t.Sequence[str | Path], *, stdin: str = "", limit: float = 1800.0, **env: str) -> Measured:
        """Run a command to its end and measure it. limit: seconds after which it is ended and counts as failed.

        :raises BenchError: when it fails or takes longer, with the end of its output.
        """
        self._count += 1
        log = self.folder("logs") / f"{self._count:03d}.log"
        with log.open("w", encoding="utf-8") as stream:
            started = time.perf_counter()
            process = subprocess.Popen(
                [str(part) for part in command],
                env={**self._env, **env},
                stdin=subprocess.PIPE,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            with _ended(process, limit):
                pipe = t.cast(t.IO[bytes], process.stdin)
                with contextlib.suppress(BrokenPipeError), pipe:
                    pipe.write(stdin.encode())
                _pid, status, usage = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started
        output = log.read_text(encoding="utf-8", errors="replace")
        if process.returncode:
            end = "\n".join(f"    | {line[:500]}" for line in output.splitlines()[-LOG_LINES_SHOWN:])
            raise BenchError(f"{command[0]} ended with status {process.returncode} after {seconds:.0f} s\n{end}\n    log: {log}")
        return Measured(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / MB, output)

    def playbook(self, tasks: list[Json], variables: Json, *arguments: str, limit: float = 1800.0, **env: str) -> Measured:
        """Run tasks on localhost with ``ansible-playbook``, measured as a whole, start-up included."""
        folder = self.folder("playbooks")
        play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
        (folder / "play.json").write_text(json.dumps([play]), encoding="utf-8")
        with open(folder / "variables.json", "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as stream:
            json.dump(variables, stream)
        program = self.python.with_name("ansible-playbook")
        return self.command([program, folder / "play.json", "-e", f"@{folder / 'variables.json'}", *arguments], limit=limit, **env)

    def program(self, name: str, *arguments: str, given: Json | None = None, limit: float = 1800.0, **env: str) -> Measured:
        """Run one of the programs in ``programs/`` in a process of its own. given: JSON for its standard input."""
        return self.command([self.python, "-m", f"{PROGRAMS}.{name}", *arguments], stdin=json.dumps(given or {}), limit=limit, **env)

    def module(self, name: str, options: Json, limit: float = 1800.0, **env: str) -> Measured:
        """Run one of the collection's modules in a process of its own, as Ansible would, without Ansible's controller around it."""
        measured = self.program("run_module", name, given=options, limit=limit, **env)
        result: Json = json.loads(measured.output.strip().splitlines()[-1])
        if result.get("failed"):
            raise BenchError(f"{name} failed: {result.get('msg')}")
        return measured


@contextlib.contextmanager
def _ended(process: subprocess.Popen[bytes], limit: float) -> t.Iterator[None]:
    """End a process with all it started when its time is over, or when its block is left early."""

    def end() -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)

    clock = threading.Timer(limit, end)
    clock.daemon = True
    clock.start()
    try:
        yield
    finally:
        clock.cancel()
        if process.returncode is None:
            end()
            process.wait()
