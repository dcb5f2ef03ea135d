# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs whole modules in this process: from the options a task gives to the JSON that Ansible gets."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import typing as t
from unittest import mock

from ansible.module_utils import _internal
from ansible.module_utils.common import warnings as ansible_warnings
from ansible.module_utils.testing import patch_module_args

if t.TYPE_CHECKING:
    from pathlib import Path

    from commvaultsim.sandbox import Sandbox

Json = dict[str, t.Any]
PACKAGE = "ansible_collections.calligo.baas.plugins.modules"


def run_module(name: str, options: Json, *, check: bool = False, diff: bool = True) -> Json:
    """Run a module and return its result as Ansible would see it, a failed one too (then ``failed`` is true).

    :param name: the module's short name, for instance ``commvault_plan``.
    :param options: what a task would give it.
    :param check: run in check mode.
    :param diff: ask for the diff.
    """
    main = importlib.import_module(f"{PACKAGE}.{name}").main
    # Kept by Ansible for the life of a process, which for a real module is one run.
    ansible_warnings._global_warnings.clear()
    ansible_warnings._global_deprecations.clear()
    output = io.StringIO()
    arguments = {**options, "_ansible_check_mode": check, "_ansible_diff": diff}
    # A test that imports a part of Ansible's controller makes warnings of modules go to its display; here a module is a module.
    target = mock.patch.object(_internal, "is_controller", False)
    with target, patch_module_args(arguments), contextlib.redirect_stdout(output), contextlib.suppress(SystemExit):
        main()
        raise AssertionError(f"{name} returned without a result.")
    result: Json = json.loads(output.getvalue().strip().splitlines()[-1])
    return result


class Modules:
    """Runs modules against one sandbox, with the connection options filled in.

    ``modules("commvault_plan", {"name": "Gold"}, check=True)`` returns the result and fails the test when the module fails;
    ``modules.failure(...)`` returns the failed result and fails the test when the module does not.
    """

    def __init__(self, sandbox: Sandbox, vcenter: str = "vc-lux") -> None:
        self.sandbox = sandbox
        self.vcenter = vcenter

    def connection(self, module: str) -> Json:
        """The connection options of a module, told from its name."""
        if module.startswith("vcenter_"):
            return vcenter_options(self.sandbox, self.vcenter)
        if module.startswith("itsm_"):
            return ticket_options(self.sandbox.state_dir / "tickets")
        return commvault_options(self.sandbox) if module.startswith("commvault_") else {}

    def __call__(self, name: str, options: Json, *, check: bool = False, diff: bool = True) -> Json:
        """Run a module that has to succeed."""
        result = run_module(name, {**self.connection(name), **options}, check=check, diff=diff)
        if result.get("failed"):
            raise AssertionError(f"{name} failed: {json.dumps(result, indent=2, ensure_ascii=False)}")
        return result

    def failure(self, name: str, options: Json, *, check: bool = False) -> Json:
        """Run a module that has to fail."""
        result = run_module(name, {**self.connection(name), **options}, check=check)
        if not result.get("failed"):
            raise AssertionError(f"{name} did not fail: {json.dumps(result, indent=2, ensure_ascii=False)}")
        return result


def ticket_options(directory: Path) -> Json:
    """Options of the doc fragment ``itsm`` for tickets in files; the directory is made."""
    directory.mkdir(exist_ok=True)
    return {"provider": "file", "directory": str(directory)}


def commvault_options(sandbox: Sandbox) -> Json:
    """Options of the doc fragment ``commvault`` for a sandbox."""
    endpoint = sandbox.endpoints["commvault"]
    return {
        "host": endpoint["url"],
        "username": endpoint["username"],
        "password": sandbox.password("commvault"),
        "ca_path": str(sandbox.ca_path),
    }


def vcenter_options(sandbox: Sandbox, name: str) -> Json:
    """Options of the doc fragment ``vcenter`` for one vCenter of a sandbox."""
    return {**sandbox.endpoints["vcenters"][name], "password": sandbox.password("vcenter"), "ca_path": str(sandbox.ca_path)}
