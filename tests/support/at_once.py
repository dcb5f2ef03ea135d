# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that run at once, each in a process of its own, as they do where several runs share a control node."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import typing as t

from ansible_collections.calligo.baas.tests.support.playbooks import CHECKOUT

Json = dict[str, t.Any]
Call = tuple[str, Json]

PROGRAM = """
import importlib, json, sys
from ansible_collections.calligo.baas.tests.support import modules
calls = json.loads(sys.stdin.readline())
for name, _options in calls:
    importlib.import_module(f"{modules.PACKAGE}.{name}")
print("ready", flush=True)
sys.stdin.readline()
print(json.dumps([modules.run_module(name, options) for name, options in calls]), flush=True)
"""


def run_at_once(processes: t.Sequence[t.Sequence[Call]]) -> list[list[Json]]:
    """Let each process call its modules one after the other, all processes from the same moment on. The results of each."""
    env = {**os.environ, "PYTHONPATH": str(CHECKOUT / ".build" / "collections")}
    pipes: t.Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": env}
    with contextlib.ExitStack() as stack:
        running: list[t.Any] = [stack.enter_context(subprocess.Popen([sys.executable, "-c", PROGRAM], **pipes)) for _calls in processes]
        for process in running:
            stack.callback(process.kill)
        for process, calls in zip(running, processes, strict=True):
            _say(process, json.dumps(calls))
        for process in running:
            assert process.stdout.readline() == "ready\n"
        for process in running:
            _say(process, "go")
        return [json.loads(process.communicate(timeout=300)[0]) for process in running]


def _say(process: t.Any, line: str) -> None:
    process.stdin.write(line + "\n")
    process.stdin.flush()
