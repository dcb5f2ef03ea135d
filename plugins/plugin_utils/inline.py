# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Modules that only talk to an API run in Ansible's worker process, where that is the same as running them on the host.

A module that is sent to its host costs the start of a Python interpreter with all imports: for a short look at an API nearly all of its
time. The worker is a process of its own for each task too, and has the imports from the process that it was forked from.
"""

from __future__ import annotations

import datetime
import json
import sys
import types
import typing as t

from ansible import constants
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
            return t.cast(Json, t.cast(t.Any, super()).run(tmp, task_vars))
        # Plain JSON, as between Ansible and a module that runs elsewhere.
        arguments = _plain(dict(self._task.args))
        host = known.get("inventory_hostname")

        def say(text: str) -> None:
            # Beside the output proper, which a callback may have made a document.
            Display().display(f"[{host}] {text}", stderr=True)

        inline = Inline(self._task.action, arguments, bool(self._task.check_mode), bool(self._task.diff), Display().warning, say)
        return t.cast(Json, _plain(run_inline(self.module.main, inline)))

    def _is_here(self, task_vars: Json) -> bool:
        """Whether a module would be run by this interpreter, as this user, in this environment, and waited for."""
        elsewhere = self._connection.transport != "local" or self._connection.become is not None
        if elsewhere or self._task.async_val or any(self._task.environment or []) or t.cast(t.Any, constants).DEFAULT_KEEP_REMOTE_FILES:
            return False
        return bool(self._templar.template(task_vars.get("ansible_python_interpreter")) == sys.executable)


def _plain(value: t.Any) -> t.Any:
    return json.loads(json.dumps(value, default=_text))


def _text(value: t.Any) -> str:
    """Times as Ansible sends them to modules; what is encrypted in a variable is decrypted by being made a text."""
    return value.isoformat() if isinstance(value, (datetime.date, datetime.time)) else str(value)
