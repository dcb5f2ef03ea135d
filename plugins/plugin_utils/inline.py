# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Modules that only talk to an API run in Ansible's worker process, where that is the same as running them on the host.

A module that is sent to its host costs the start of a Python interpreter with all imports, which for a short look at an API is nearly all of
the time. The worker is a process of its own for each task, too, with the imports done already.
"""

from __future__ import annotations

import datetime
import json
import os
import sys
import types
import typing as t

from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible.utils.display import Display
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import Inline, run_inline

Json = dict[str, t.Any]


class InlineAction(NormalAction):
    """Runs its module in this process if the host is this machine and the interpreter this one; otherwise as any module is run.

    module: the module, imported, so that Ansible's main process has imported it once for all workers.
    """

    module: types.ModuleType

    def run(self, tmp: t.Any = None, task_vars: Json | None = None) -> Json:
        """Run the task."""
        known = task_vars or {}
        if not self._is_here(known):
            return t.cast(Json, super().run(tmp, task_vars))
        # Plain JSON, as between Ansible and a module that runs elsewhere.
        arguments = _plain(dict(self._task.args))
        environment: Json = {}
        self._compute_environment_string(environment)
        os.environ.update({name: str(value) for name, value in environment.items()})
        inline = Inline(arguments, bool(self._task.check_mode), bool(self._task.diff), Display().warning)
        return t.cast(Json, _plain(run_inline(self.module.main, inline)))

    def _is_here(self, task_vars: Json) -> bool:
        """Whether a module would be run by this interpreter, as this user, and waited for."""
        if self._connection.transport != "local" or self._task.async_val or self._connection.become is not None:
            return False
        interpreter = self._templar.template(task_vars.get("ansible_python_interpreter"))
        return interpreter == sys.executable


def _plain(value: t.Any) -> t.Any:
    return json.loads(json.dumps(value, default=_text))


def _text(value: t.Any) -> str:
    """Times as Ansible sends them to modules; what is encrypted in a variable is decrypted by being made a text."""
    return value.isoformat() if isinstance(value, (datetime.date, datetime.time)) else str(value)
