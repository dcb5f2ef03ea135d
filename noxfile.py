# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sanity and unit tests with each ansible-core that the collection supports, on the Pythons that are there; vCenter's with each pyVmomi.

`make lint` and `make test` use one Python and one ansible-core; this is for the others: `nox`, or `nox -s "core(2.20, python='3.12')"`.
Run `make setup` before.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import nox

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False

# The Pythons that can be a control node of each release; a missing interpreter is skipped.
CORES = {"2.19": ("3.11", "3.12", "3.13"), "2.20": ("3.12", "3.13"), "2.21": ("3.12", "3.13")}
MATRIX = [nox.param(python, core, id=f"{core}, python='{python}'") for core, pythons in CORES.items() for python in pythons]


# The oldest and the newest whose internals are as _vcenter/plain_pages.py expects them.
PYVMOMI = ("8.0.3.0.1", "9.1.1.0")


def install(session: nox.Session, library: str, version: str) -> None:
    """Everything as it is pinned, but one library, which is what varies."""
    lines = Path("constraints.txt").read_text(encoding="utf-8").splitlines()
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as constraints:
        constraints.write("\n".join(line for line in lines if not re.match(f"{library}=", line)))
        constraints.flush()
        session.install("-r", "requirements.txt", "-r", "requirements-dev.txt", f"{library}=={version}", "-c", constraints.name)


def simulator() -> dict[str, str]:
    return {"BAAS_VCSIM": str(Path(".build/venv/bin/vcsim").resolve())}


@nox.session
@nox.parametrize(("python", "core"), MATRIX)
def core(session: nox.Session, core: str) -> None:
    """ansible-test sanity, and the tests of pure code and of the collection, with one release of ansible-core."""
    install(session, "ansible-core", f"{core}.*")
    session.run("pytest", "tests/unit", "tests/collection", env=simulator())
    session.run("python", "tools/sanity.py")


@nox.session
@nox.parametrize("version", PYVMOMI)
def pyvmomi(session: nox.Session, version: str) -> None:
    """What goes by pyVmomi's internals, with one release of it."""
    install(session, "pyvmomi", version)
    session.run("pytest", "tests/unit/plugins/module_utils/_vcenter", "tests/integration/test_vcenter_unwell.py", env=simulator())
