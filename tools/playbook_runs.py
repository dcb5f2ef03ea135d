# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped playbooks as commands that people can copy, and what the end of such a run says."""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path

from console import CommandError, colour_env, run_shown, say, shell_line
from paths import BIN, ROOT, child_env

DEMO_INVENTORY = "inventories/demo"
DEFAULT_SANDBOX = ROOT / ".sandbox"
# Read by the demo inventory: the state directory of the sandbox that its addresses and passwords are taken from.
SANDBOX_VARIABLE = "BAAS_SANDBOX_DIR"
RECAP = re.compile(r"^(?P<host>\S+)\s+: (?P<counts>ok=\d+ .*)$", re.MULTILINE)


def shown(path: Path) -> str:
    """A path as people in the checkout would type it."""
    return os.path.relpath(path, ROOT) if path.is_relative_to(ROOT) else str(path)


@dataclasses.dataclass(frozen=True)
class PlaybookRun:
    """One run of a shipped playbook against a sandbox."""

    playbook: str
    options: tuple[str, ...] = ()
    sandbox: Path = DEFAULT_SANDBOX

    @property
    def command(self) -> list[str]:
        """The arguments, with paths relative to the checkout."""
        return [shown(BIN / "ansible-playbook"), "-i", DEMO_INVENTORY, f"playbooks/{self.playbook}.yml", *self.options]

    @property
    def line(self) -> str:
        """What to type in the checkout to get the same."""
        place = "" if self.sandbox == DEFAULT_SANDBOX else f"{SANDBOX_VARIABLE}={shell_line([shown(self.sandbox)])} "
        return place + shell_line(self.command)


@dataclasses.dataclass(frozen=True)
class Recap:
    """What a run did to each host, as the lines at its end say."""

    hosts: dict[str, dict[str, int]]

    @classmethod
    def read(cls, output: str) -> Recap:
        """Find the recap in the output of ansible-playbook (without colours)."""
        return cls(
            {
                found["host"]: {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", found["counts"])}
                for found in RECAP.finditer(output)
            }
        )

    def total(self, name: str) -> int:
        """The sum over all hosts of one count, for instance ``changed``."""
        return sum(counts.get(name, 0) for counts in self.hosts.values())


def run_playbook(run: PlaybookRun, log: Path) -> Recap:
    """Run a playbook with its output shown and logged.

    :raises CommandError: when it fails, with the command and the log.
    """
    say(f"\n$ {run.line}\n")
    status = run_shown(run.command, log, env=child_env(**{SANDBOX_VARIABLE: str(run.sandbox)}, **colour_env()), cwd=ROOT)
    if status:
        raise CommandError(f"The playbook {run.playbook} ended with status {status}.\n    command: {run.line}\n    log: {shown(log)}")
    return Recap.read(log.read_text(encoding="utf-8"))
