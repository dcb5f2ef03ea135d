# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment of the benchmarks, .build/bench-venv: what the collection needs, and the peers that it is compared with."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys

from console import run_logged, step
from paths import BUILD, LOGS, ROOT, child_env

BENCH_VENV = BUILD / "bench-venv"
BENCH_PYTHON = BENCH_VENV / "bin" / "python"
REQUIREMENT_FILES = (ROOT / "requirements.txt", ROOT / "requirements-bench.txt")
CONSTRAINTS = ROOT / "constraints.txt"
STAMP = BENCH_VENV / "installed.json"
DISTRIBUTIONS = ("ansible-core", "pyvmomi", "requests", "cvpysdk", "vcf-sdk")


def wanted() -> dict[str, str]:
    """What the environment has to be made from."""
    digest = hashlib.sha256()
    for file in (*REQUIREMENT_FILES, CONSTRAINTS):
        digest.update(file.read_bytes())
    return {"python": sys.version.split()[0], "place": str(BENCH_VENV), "requirements": digest.hexdigest()}


def prepare() -> None:
    """Make the environment if it is not there or its requirements changed."""
    target = wanted()
    if STAMP.exists() and json.loads(STAMP.read_text(encoding="utf-8")) == target:
        return
    with step("Environment of the benchmarks .build/bench-venv (log: .build/logs/bench-pip.log)"):
        base: str = getattr(sys, "_base_executable", None) or sys.executable
        run_logged([base, "-m", "venv", "--clear", BENCH_VENV], LOGS / "bench-pip.log")
        files = [part for file in REQUIREMENT_FILES for part in ("-r", str(file))]
        options = ["--disable-pip-version-check", "--no-input", "-c", str(CONSTRAINTS)]
        run_logged([BENCH_PYTHON, "-m", "pip", "install", *options, *files], LOGS / "bench-pip.log", env=child_env())
        STAMP.write_text(json.dumps(target), encoding="utf-8")


def versions() -> dict[str, str]:
    """The versions of the packages that matter for the figures."""
    code = f"import importlib.metadata as m, json; print(json.dumps({{n: m.version(n) for n in {DISTRIBUTIONS!r}}}))"
    found: dict[str, str] = json.loads(subprocess.run([BENCH_PYTHON, "-c", code], check=True, capture_output=True, text=True).stdout)
    return found
