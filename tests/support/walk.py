# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The twelve steps that every module with a state must walk, judged by what reached the server."""

from __future__ import annotations

import typing as t

from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.pool import PARALLEL

if t.TYPE_CHECKING:
    from ansible_collections.calligo.baas.tests.support.modules import Modules

Json = dict[str, t.Any]


def recorded(modules: Modules, module: str, options: Json, *, check: bool = False) -> tuple[Json, list[Json]]:
    """Run a module that has to succeed; its result, and the requests that it sent as the simulator's journal has them."""
    modules.sandbox.control("DELETE", "/journal")
    result = modules(module, options, check=check)
    requests: list[Json] = modules.sandbox.control("GET", "/journal")["requests"]
    unmodelled = [f"{row['method']} {row['path']}" for row in requests if not row["modelled"]]
    if unmodelled:
        raise AssertionError(f"{module} calls what the simulator does not know: {unmodelled}")
    allowed = int(options.get("parallel", PARALLEL))
    if len({row["connection"] for row in requests}) > allowed:
        raise AssertionError(f"{module} used more than {allowed} connections.")
    if len({row["connection"] for row in requests if row["writes"]}) > 1:
        raise AssertionError(f"{module} wrote over more than one connection.")
    return result, requests


def step(modules: Modules, module: str, options: Json, *, check: bool, changed: bool) -> Json:
    """One step: what it says about a change, and that only a real change sends requests that write."""
    result, requests = recorded(modules, module, options, check=check)
    where = f"{module} {'in check mode' if check else 'for real'} with {options}"
    if result["changed"] is not changed:
        raise AssertionError(f"{where}: changed is {result['changed']}: {result}")
    writes = [f"{row['method']} {row['path']}" for row in requests if row["writes"]]
    if bool(writes) is not (changed and not check):
        raise AssertionError(f"{where}: wrote {writes}")
    return result


def unchanged(modules: Modules, module: str, options: Json) -> Json:
    """The module has nothing to change, and sends nothing that writes."""
    return step(modules, module, options, check=False, changed=False)


def walk(modules: Modules, module: str, present: Json, changed: Json, absent: Json) -> dict[str, Json]:
    """Create, change and delete, each in check mode, for real, in check mode again and for real again.

    :param present: the options that create the object.
    :param changed: the options that change it.
    :param absent: the options that delete it.
    :returns: the results by step: ``create check``, ``create``, ``create check again``, ``create again``, and so on.
    """
    results = {}
    for name, options in (("create", present), ("change", changed), ("delete", absent)):
        results[f"{name} check"] = step(modules, module, options, check=True, changed=True)
        results[name] = step(modules, module, options, check=False, changed=True)
        results[f"{name} check again"] = step(modules, module, options, check=True, changed=False)
        results[f"{name} again"] = step(modules, module, options, check=False, changed=False)
    return results
