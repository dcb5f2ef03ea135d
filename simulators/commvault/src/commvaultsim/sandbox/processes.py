# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Background processes that outlive the program which started them, and can be stopped by another one.

A pid file holds the process id *and* when that process started, because ids are used again: without the check, ending
a sandbox after a restart of the machine could end somebody else's process.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
import typing as t
from pathlib import Path

POLL_SECONDS = 0.05
STOP_SECONDS = 10.0
LOG_LINES_SHOWN = 20


class SandboxError(Exception):
    """The sandbox could not be started or reached; the text is meant for people."""


def identity(pid: int) -> str | None:
    """When the process started, as text that is the same each time it is asked; None if there is no such process (or a dead one)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        if Path("/proc/self/stat").exists():
            return None
    else:
        # Fields 3 (state) and 22 (start time) of proc(5); the name in field 2 may hold spaces, so counting begins after it.
        return None if fields[0] in "ZX" else f"{boot}/{fields[19]}"
    answer = subprocess.run(["ps", "-o", "lstart=,stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout.strip()
    started, _space, state = answer.rpartition(" ")
    return started.strip() if started and not state.startswith("Z") else None


class Service:
    """One background process, known by its name: ``pids/<name>.pid`` and ``logs/<name>.log`` below the state directory."""

    def __init__(self, state_dir: Path, name: str) -> None:
        self.name = name
        self.log = state_dir / "logs" / f"{name}.log"
        self.pid_file = state_dir / "pids" / f"{name}.pid"
        self._child: subprocess.Popen[bytes] | None = None

    def pid(self) -> int | None:
        """The process id if the process that was started is still running."""
        if self._child is not None and self._child.poll() is None:
            return self._child.pid
        try:
            saved = json.loads(self.pid_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return saved["pid"] if identity(saved["pid"]) == saved["identity"] else None

    def start(self, command: t.Sequence[str | Path], env: t.Mapping[str, str]) -> None:
        """Start the process in a session of its own, so that Ctrl-C in the terminal does not reach it."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.pid_file.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as stream:
            try:
                self._child = subprocess.Popen(
                    [str(part) for part in command], env=env, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, start_new_session=True
                )
            except OSError as error:
                raise SandboxError(f"Cannot start {self.name}: {command[0]}: {error.strerror}. Run `make setup` first.") from error
        self.pid_file.write_text(json.dumps({"pid": self._child.pid, "identity": identity(self._child.pid)}), encoding="utf-8")

    def wait_for(self, ready_file: Path, deadline: float) -> dict[str, t.Any]:
        """Wait until the process has written its ready file, and return the file's content.

        :param deadline: on the clock of ``time.monotonic``, in seconds.
        """
        while time.monotonic() < deadline:
            # Half a file is possible where a program does not rename it into place: read it again then.
            with contextlib.suppress(OSError, ValueError):
                content: dict[str, t.Any] = json.loads(ready_file.read_text(encoding="utf-8"))
                return content
            if self.pid() is None:
                raise SandboxError(f"{self.name} ended while it was starting.\n{self._log_end()}")
            time.sleep(POLL_SECONDS)
        raise SandboxError(f"{self.name} did not become ready in time.\n{self._log_end()}")

    def stop(self) -> bool:
        """End the process: politely, then by force; True if it was running."""
        pid = self.pid()
        running = pid is not None
        if pid is not None:
            for number, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
                if self._gone_within(seconds):
                    break
            else:
                raise SandboxError(f"{self.name} (process {pid}) does not end.")
        self.pid_file.unlink(missing_ok=True)
        return running

    def _gone_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.pid() is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def _log_end(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES_SHOWN:]
        return "\n".join([*(f"    | {line}" for line in lines), f"    log: {self.log}"])
