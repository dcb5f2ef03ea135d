# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a simulator holds at the start: ``scenario.load(sim, scenario.read(path), password)``."""

from __future__ import annotations

from commvaultsim.scenario.filling import load, read

__all__ = ["load", "read"]
