# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where things lie in a checkout, and the environment for child processes. Everything made lies in .build/. Standard library only."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build"
VENV = BUILD / "venv"
BIN = VENV / "bin"
PYTHON = BIN / "python"
COLLECTIONS = BUILD / "collections"
COLLECTION = COLLECTIONS / "ansible_collections" / "calligo" / "baas"
# Where the simulators' package looks for it: beside the Python that runs it.
VCSIM = BIN / "vcsim"
GOVC = BIN / "govc"
SIMULATOR = ROOT / "simulators" / "commvault"
LOGS = BUILD / "logs"
CACHE = BUILD / "cache"


def child_env(**extra: str) -> dict[str, str]:
    """The caller's environment with the checkout's own tools first, and without what would lead Python or Ansible elsewhere."""
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "MAKEFLAGS", "MFLAGS", "MAKELEVEL")
    }
    # pip's settings (PIP_*) pass through untouched: the machine knows where its packages come from. Only the cache is ours.
    env.setdefault("PIP_CACHE_DIR", str(CACHE / "pip"))
    env.update(
        PATH=os.pathsep.join([str(BIN), env.get("PATH", os.defpath)]),
        PYTHONUNBUFFERED="1",
        XDG_CACHE_HOME=str(CACHE),
        ANSIBLE_CONFIG=str(ROOT / "ansible.cfg"),
        ANSIBLE_HOME=str(BUILD / "ansible-home"),
        # Modules run on this machine, and would be put into the home directory that the user database names, whatever HOME says.
        ANSIBLE_REMOTE_TMP=str(BUILD / "ansible-home" / "remote-tmp"),
    )
    # The simulators listen on loopback; a proxy that the machine uses for the world must not get their requests.
    for name in ("no_proxy", "NO_PROXY"):
        env[name] = ",".join(filter(None, [env.get(name), "127.0.0.1", "localhost"]))
    # Ansible wants a UTF-8 locale; a bare machine or a container often has none set.
    if "UTF-8" not in (env.get("LC_ALL") or env.get("LC_CTYPE") or env.get("LANG") or "").upper().replace("UTF8", "UTF-8"):
        env["LC_ALL"] = "C.UTF-8"
    env.update(extra)
    return env
