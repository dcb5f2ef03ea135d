# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sandbox for programs and tests: ``with Sandbox(folder) as sandbox: ...``."""

from __future__ import annotations

from commvaultsim.sandbox.processes import SandboxError
from commvaultsim.sandbox.sandbox import COMMVAULT_USER, DEFAULT_SCENARIO, VCENTER_USER, Sandbox, vcsim_program

__all__ = ["COMMVAULT_USER", "DEFAULT_SCENARIO", "VCENTER_USER", "Sandbox", "SandboxError", "vcsim_program"]
