# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""First step of ``make setup``: the virtual environment .build/venv with the pinned packages, and this checkout's Commvault simulator.

Runs with the machine's Python, so with the standard library only. What is up to date is left alone: the environment is made
anew when the Python or the checkout's place changed, the packages are installed again when the requirement files changed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import subprocess
import sys

from console import main_guard, run_logged, say, step
from paths import BUILD, LOGS, PYTHON, ROOT, SIMULATOR, VENV, child_env

REQUIREMENT_FILES = (ROOT / "requirements.txt", ROOT / "requirements-dev.txt", ROOT / "constraints.txt")
# The simulator is installed as it lies in the checkout, so that only what it needs and how it is called have a say here.
PACKAGE_FILE = SIMULATOR / "pyproject.toml"
STAMP = VENV / "installed.json"


def wanted() -> dict[str, str]:
    """What the environment has to be made from; scripts in it name its path, so a moved checkout needs a new one."""
    digest = hashlib.sha256()
    for file in (*REQUIREMENT_FILES, PACKAGE_FILE):
        digest.update(file.read_bytes())
    return {"python": f"{sys.version_info[0]}.{sys.version_info[1]}", "place": str(VENV), "requirements": digest.hexdigest()}


def installed() -> dict[str, str]:
    """What the environment was made from; empty if there is none, or none that runs."""
    try:
        stamp: dict[str, str] = json.loads(STAMP.read_text(encoding="utf-8"))
        subprocess.run([PYTHON, "-c", ""], check=True, capture_output=True)
    except (OSError, ValueError, subprocess.SubprocessError):
        return {}
    return stamp


def make_environment() -> None:
    """Make an empty environment with pip, in place of the one that is there."""
    # Started from an active environment, the base Python is taken: the active one may be the one to be replaced.
    base: str = getattr(sys, "_base_executable", None) or sys.executable
    shutil.rmtree(VENV, ignore_errors=True)
    with step(f"Virtual environment .build/venv (Python {sys.version.split()[0]})"):
        run_logged([base, "-m", "venv", VENV], LOGS / "venv.log")


def install_packages() -> None:
    """Install the pinned packages; the index, proxies and certificates are those of the machine's pip configuration."""
    requirements = [part for file in REQUIREMENT_FILES[:2] for part in ("-r", str(file))]
    with step("Python packages (log: .build/logs/pip.log)"):
        run_logged(
            [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", *requirements, "-c", REQUIREMENT_FILES[2]],
            LOGS / "pip.log",
            env=child_env(),
            cwd=ROOT,  # requirements-dev.txt names the simulator from there
        )


def main() -> int:
    """Bring the environment up to date, one process at a time."""
    LOGS.mkdir(parents=True, exist_ok=True)
    with (BUILD / "setup.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        target, present = wanted(), installed()
        if present == target:
            return 0
        say(f"Setting up in {BUILD}")
        STAMP.unlink(missing_ok=True)
        if {**present, "requirements": ""} != {**target, "requirements": ""}:
            make_environment()
        install_packages()
        STAMP.write_text(json.dumps(target), encoding="utf-8")
    return 0


if __name__ == "__main__":
    main_guard(main)
