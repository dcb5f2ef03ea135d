# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``ansible-test sanity`` on a copy of the checkout.

ansible-test accepts a collection only where its real path ends in ansible_collections/calligo/baas, so the files that git knows or
would take are copied there. It gets a home directory of its own, where it keeps its virtual environments from run to run.
"""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pip_bootstrap
from console import ToolError, main_guard, run_shown
from paths import BUILD, CACHE, LOGS, ROOT, child_env

SANITY = BUILD / "sanity"
HOME = SANITY / "home"
LOG = LOGS / "sanity.log"
SHOWN = "Running|ERROR|FATAL|WARNING|See "
COPY = SANITY / "ansible_collections" / "calligo" / "baas"


def checkout_files() -> list[Path]:
    """The files of the checkout that are tracked, or would be: new ones count, ignored ones don't."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    answer = subprocess.run(command, capture_output=True, check=False)
    if answer.returncode:
        raise ToolError(f"The list of files comes from git, which says: {answer.stderr.decode(errors='replace').strip()}")
    names = (Path(os.fsdecode(name)) for name in answer.stdout.split(b"\0") if name)
    return sorted({name for name in names if (ROOT / name).is_file()})


def copy_checkout() -> None:
    """Make the copy anew; a file that is gone from the checkout must not be judged."""
    shutil.rmtree(COPY, ignore_errors=True)
    for name in checkout_files():
        if name.parts[0] == "simulators":
            continue  # a product of its own, that is no part of the collection
        target = COPY / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    # ansible-test asks git for the files. Without a repository of its own the copy would belong to the checkout's, which ignores it.
    subprocess.run(["git", "-c", "init.templateDir=", "-c", "init.defaultBranch=copy", "init", "--quiet", COPY], check=True)


def write_pip_configuration() -> None:
    """Give the home directory of our own the user's pip configuration: ansible-test passes no PIP_* variable on to its environments."""
    settings = configparser.RawConfigParser()
    user = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "pip" / "pip.conf"
    settings.read([Path.home() / ".pip" / "pip.conf", user, os.environ.get("PIP_CONFIG_FILE") or os.devnull])
    if not settings.has_section("global"):
        settings.add_section("global")
    for name, value in {"PIP_CACHE_DIR": str(CACHE / "pip"), **os.environ}.items():
        if name.startswith("PIP_") and name not in ("PIP_CONFIG_FILE", "PIP_REQUIRE_VIRTUALENV"):
            settings.set("global", name.removeprefix("PIP_").lower().replace("_", "-"), value)
    place = HOME / ".config" / "pip" / "pip.conf"
    place.parent.mkdir(parents=True, exist_ok=True)
    # An index URL may hold a password.
    with open(place, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as stream:
        settings.write(stream)


def prepared(arguments: list[str]) -> tuple[list[str], dict[str, str], Path]:
    """Make the copy; return the command with further arguments (``["--test", "validate-modules"]``), its environment and directory."""
    copy_checkout()
    pip_bootstrap.install(HOME)
    write_pip_configuration()
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    command = [str(Path(sys.executable).with_name("ansible-test")), "sanity", "--venv", "--python", version, "--color", "no", *arguments]
    env = child_env(HOME=str(HOME))
    # Its own view of the world: with the checkout's settings it would find a second calligo.baas.
    for name in ("ANSIBLE_CONFIG", "ANSIBLE_HOME", "ANSIBLE_REMOTE_TMP"):
        env.pop(name)
    return command, env, COPY


def run(arguments: list[str]) -> int:
    """Run ansible-test sanity; return its exit status."""
    command, env, place = prepared(arguments)
    # The rest is pip, which fills a virtual environment for each test.
    return run_shown(command, LOG, env=env, cwd=place, only=SHOWN)


if __name__ == "__main__":
    main_guard(lambda: run(sys.argv[1:]))
