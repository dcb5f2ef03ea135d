# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tools show: steps with their time, commands run with a log file, failures that name the log. Standard library only."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import typing as t
from pathlib import Path

LOG_LINES_SHOWN = 40
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class ToolError(Exception):
    """A failure to be shown to the user as it is, without a traceback."""


class CommandError(ToolError):
    """A command ended with another exit status than 0."""


def say(text: str = "") -> None:
    """Print one line at once, so that progress is seen through a pipe too."""
    print(text, flush=True)


def duration(seconds: float) -> str:
    """Seconds in the form people read: ``4.2 s`` or ``3 min 05 s``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def shell_line(command: t.Sequence[str | Path]) -> str:
    """The command as one line that a shell would accept."""
    return shlex.join(str(part) for part in command)


@contextlib.contextmanager
def step(title: str) -> t.Iterator[None]:
    """Announce a step and print the time it took, or that it failed."""
    say(f"==> {title}")
    started = time.monotonic()
    try:
        yield
    except BaseException:
        say(f"    failed after {duration(time.monotonic() - started)}: {title}")
        raise
    say(f"    done in {duration(time.monotonic() - started)}")


def _tail(log: Path, lines: int = LOG_LINES_SHOWN) -> str:
    text = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(f"    | {line}" for line in text[-lines:])


def run_logged(command: t.Sequence[str | Path], log: Path, *, env: t.Mapping[str, str] | None = None, cwd: Path | None = None) -> None:
    """Run a command with its output in ``log``.

    :raises CommandError: with the command, the end of the log and its path, when the command fails or cannot be started.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as stream:
        print(f"$ {shell_line(command)}", file=stream, flush=True)
        try:
            arguments = [str(part) for part in command]
            status = subprocess.run(
                arguments, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT, check=False
            ).returncode
        except OSError as error:
            raise CommandError(f"Cannot run {command[0]}: {error.strerror}.") from error
    if status:
        raise CommandError(f"This command failed with status {status}:\n    {shell_line(command)}\n{_tail(log)}\n    log: {log}")


def run_shown(
    command: t.Sequence[str | Path],
    log: Path,
    *,
    env: t.Mapping[str, str] | None = None,
    cwd: Path | None = None,
    only: str = "",
) -> int:
    """Run a command with its output both on the terminal and in ``log``; return its exit status.

    :param only: a regular expression; lines that do not begin with it are left to the log.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(
            [str(part) for part in command],
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            # Out of reach of the terminal's Ctrl-C: it ends when we end it, after our own clean-up has been prepared.
            start_new_session=True,
        )
        with ended(process):
            for line in t.cast(t.IO[str], process.stdout):
                if re.match(only, line):
                    sys.stdout.write(line)
                    sys.stdout.flush()
                stream.write(COLOUR.sub("", line))
                stream.flush()
            return process.wait()


@contextlib.contextmanager
def run_beside(
    command: t.Sequence[str | Path], log: Path, *, env: t.Mapping[str, str] | None = None, cwd: Path | None = None
) -> t.Iterator[subprocess.Popen[str]]:
    """Run a command beside the block, with its output in ``log`` alone. It is gone when the block is left, so wait for it there."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(
            [str(part) for part in command],
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        with ended(process):
            yield process


def show_end(log: Path) -> None:
    """Print the last lines of a command that nobody has watched."""
    say(_tail(log))


def descendants(pid: int) -> list[int]:
    """The processes below one, children before grandchildren."""
    table = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=False).stdout
    parents = {int(child): int(parent) for child, parent in (line.split() for line in table.splitlines())}
    found = [pid]
    for above in found:
        found += [child for child, parent in parents.items() if parent == above]
    return found[1:]


@contextlib.contextmanager
def ended(process: subprocess.Popen[str]) -> t.Iterator[None]:
    """See to it that a child is gone when its block is left, however it is left, with whatever it started."""
    try:
        yield
    finally:
        if process.poll() is None:
            # Listed before the end: ansible-playbook's workers lead sessions of their own, and some outlive a sudden end of it.
            below = descendants(process.pid)
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for pid in below:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def raise_on_signals() -> None:
    """Turn a polite end (TERM, HUP) into an exception, so that ``finally`` and ``with`` blocks stop what was started."""

    def leave(number: int, _frame: t.Any) -> t.NoReturn:
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)


@contextlib.contextmanager
def undisturbed() -> t.Iterator[None]:
    """Let a clean-up that ends by itself run to its end, also when somebody presses Ctrl-C again."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def main_guard(main: t.Callable[[], int]) -> t.NoReturn:
    """Run a tool's main function: failures meant for people are printed without a traceback, Ctrl-C ends with status 130."""
    raise_on_signals()
    try:
        status = main()
    except ToolError as error:
        say(f"\nFAILED: {error}")
        status = 1
    except BrokenPipeError:
        # Whoever read the output has gone, as `| head` does: there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    except KeyboardInterrupt:
        say("\nInterrupted.")
        status = 130
    sys.exit(status)


def colour_env() -> dict[str, str]:
    """Ask child processes for colours only where a terminal shows them."""
    if os.environ.get("NO_COLOR") or not sys.stdout.isatty():
        return {"ANSIBLE_NOCOLOR": "1", "NO_COLOR": "1"}
    return {"ANSIBLE_FORCE_COLOR": "1"}
