# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.calligo.baas.plugins.modules import commvault_vm_group_info
from ansible_collections.calligo.baas.plugins.plugin_utils.inline import InlineAction


class ActionModule(InlineAction):
    """Runs the module of the same name."""

    module = commvault_vm_group_info
