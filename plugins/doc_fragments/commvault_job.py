# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Waiting for jobs: options that modules which start jobs share."""

    DOCUMENTATION = r"""
options:
  wait:
    description:
      - Whether to wait until the jobs have ended. Waiting only reads; no job is ever killed, suspended or restarted.
      - A job that stands suspended ends the wait with an error at once, since somebody has to resume it.
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds to wait. After them the task fails with the state of the jobs and the server's reason, and the jobs go on.
    type: int
    default: 7200
"""
