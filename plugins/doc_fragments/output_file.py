# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Rows in a file: the options of module_utils/_core/output.py."""

    DOCUMENTATION = r"""
options:
  output_file:
    description:
      - Write the rows to this file, on the host that runs the module, and return only counts and the path. A result with thousands of
        rows slows down every task that follows.
      - The file is replaced in one step, and left alone if it is the same already. Its folder must exist.
      - In check mode nothing is written.
      - Not together with O(query), since all rows go to the file, and none are left to ask.
    type: path
  output_mode:
    description: Permissions of O(output_file).
    type: str
    choices: ["0600", "0640"]
    default: "0600"
"""
