# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one action plugin of all modules. Each of plugins/action/ is a link to this file, by whose name Ansible imports it."""

from __future__ import annotations

import importlib

from ansible_collections.calligo.baas.plugins.filter import service
from ansible_collections.calligo.baas.plugins.module_utils._service import options
from ansible_collections.calligo.baas.plugins.plugin_utils.inline import InlineAction

_COLLECTION, _FOLDER, _NAME = __name__.rpartition(".plugins.action.")

# Ansible compiles a collection's Python files whenever it imports them, and imports filters in the worker of each task. What its main
# process has imported, and read, is there in all workers: a quarter of the time of a run.
INHERITED = (service.RULES, {role: options.options(role) for role in options.roles()})


class ActionModule(InlineAction):
    """Runs the module of the name that this plugin was imported by."""

    if _FOLDER:
        module = importlib.import_module(f"{_COLLECTION}.plugins.modules.{_NAME}")
