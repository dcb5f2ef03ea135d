# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collections path .build/collections: the collections that galaxy.yml depends on, and this checkout as calligo.baas.

The others are taken from the ``ansible`` wheel, so that a machine which reaches a Python package index needs no Galaxy server.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

import yaml

from console import ToolError, run_logged, step
from paths import BUILD, COLLECTION, COLLECTIONS, LOGS, ROOT, child_env

BUNDLE_VERSION = "14.5.0"
BUNDLE = f"ansible=={BUNDLE_VERSION}"
# The wheel names the oldest Python it is meant for; we only unpack files from it, whatever runs this.
BUNDLE_PYTHON = "3.12"
STAMP = COLLECTIONS / "installed.json"


def dependencies() -> dict[str, str]:
    """The collections that galaxy.yml depends on, with their version ranges."""
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    found: dict[str, str] = galaxy.get("dependencies") or {}
    return found


def link_checkout() -> None:
    """Make the checkout importable as ansible_collections.calligo.baas, whatever its folder is called."""
    COLLECTION.parent.mkdir(parents=True, exist_ok=True)
    target = os.path.relpath(ROOT, COLLECTION.parent)
    if COLLECTION.is_symlink() and os.readlink(COLLECTION) == target:
        return
    COLLECTION.unlink(missing_ok=True)
    COLLECTION.symlink_to(target)


def unpack(wheel: Path, names: list[str]) -> None:
    """Unpack the named collections from the wheel, each in place of the one that is there."""
    with zipfile.ZipFile(wheel) as archive:
        members = archive.namelist()
        for name in names:
            inside = f"ansible_collections/{name.replace('.', '/')}/"
            chosen = [member for member in members if member.startswith(inside)]
            if not chosen:
                raise ToolError(f"The collection {name}, on which galaxy.yml depends, is not in {BUNDLE}.")
            shutil.rmtree(COLLECTIONS / inside, ignore_errors=True)
            archive.extractall(COLLECTIONS, chosen)


def prepare() -> None:
    """Bring the collections path up to date."""
    link_checkout()
    names = sorted(dependencies())
    wanted = {"bundle": BUNDLE, "collections": names}
    if STAMP.exists() and json.loads(STAMP.read_text(encoding="utf-8")) == wanted:
        return
    with step(f"Collections {', '.join(names)} from the package {BUNDLE}"), tempfile.TemporaryDirectory(dir=BUILD) as folder:
        choice = ["--no-deps", "--python-version", BUNDLE_PYTHON, "--only-binary=:all:", "--no-cache-dir", "--disable-pip-version-check"]
        command = [sys.executable, "-m", "pip", "download", "--no-input", *choice, "--dest", folder, BUNDLE]
        run_logged(command, LOGS / "collections.log", env=child_env())
        unpack(next(Path(folder).glob("*.whl")), names)
        STAMP.write_text(json.dumps(wanted), encoding="utf-8")
