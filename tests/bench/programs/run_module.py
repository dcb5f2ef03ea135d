# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one module of the collection in a process of its own: name as argument, options as JSON on standard input."""

from __future__ import annotations

import importlib
import json
import sys

from ansible.module_utils.testing import patch_module_args

if __name__ == "__main__":
    main = importlib.import_module(f"ansible_collections.calligo.baas.plugins.modules.{sys.argv[1]}").main
    with patch_module_args(json.load(sys.stdin)):
        main()
